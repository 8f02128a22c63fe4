/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against the definition in mho/crossbar.h, over random shapes. */
#include "problem.h"

static void random_shapes_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 150 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        fill(&p, 0, 4096);
        compare(&p, i);
        clear(&p);
    }
}

/* More columns than a kernel works out at once, and more rows than it looks up in one go. */
static void large_shapes_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40 / MHO_TEST_SHARE; ++i) {
        problem p = connected(100 + draw(900), 1 + draw(90), 1 + draw(700), 1 + draw(90));
        p.per_pair = draw(2);
        if (i % 3 == 0) { /* positions in whole tiles */
            p.shape.window.h = p.shape.window.w = 8;
            p.shape.window.c = 20 + draw(100);
            p.shape.crossbar_rows = 1 + draw(60);
            p.n = 1 + draw(3);
        }
        p.shape.input_bits = draw(4) ? 1 : 8;
        p.converter = (mho_converter){.codes = (int32_t)(draw(4) ? 2U << draw(8) : 0),
                                      .edge = (int32_t)draw(60000) - 20000,
                                      .step = (int32_t)(1 + draw(4000))};
        fill(&p, i % 4 == 3 ? -1000 : 0, i % 4 == 1 ? 16384 : 4096);
        compare(&p, i);
        clear(&p);
    }
}

/* More columns and more row groups than a block works on at once: flat, in windows, in whole tiles of positions. */
static void large_blocks_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; ++i) {
        problem p = connected(115, 70, 16, i ? 1030 : 700);
        p.per_pair = i % 2;
        if (i > 1) {
            const size_t side = i == 2 ? 6 : 8;
            p.shape.window = (mho_window){13, side, side, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
            p.n = i == 2 ? 20 : 12;
        }
        p.converter = (mho_converter){.codes = 16, .edge = -10000, .step = 1500};
        fill(&p, 0, 4096);
        compare(&p, i);
        clear(&p);
    }
}

static void columns_in_parts_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 60 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        p.shape.columns = 1 + draw(150);
        p.at_once = MHOI_COLUMNS * (1 + draw(3));
        fill(&p, 0, 4096);
        if (i % 3 == 0)
            make_ideal(&p);
        compare(&p, i);
        clear(&p);
    }
}

/* Tables that no cache holds are folded. */
static void folded_tables_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; ++i) {
        problem p = connected(3400, 200, 128, i == 1 ? 3 : 1);
        p.per_pair = i % 2;
        if (i == 2) { /* windows, of a tile and more */
            p.shape.window = (mho_window){3, 6, 11, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
            p.shape.columns = 26000;
            p.shape.crossbar_rows = 27;
            p.n = 1;
        }
        p.converter = (mho_converter){.codes = 16, .edge = -20000, .step = 3000};
        fill(&p, 0, i == 1 ? 16384 : 4096);
        compare(&p, i);
        clear(&p);
    }
}

/* Conductances from the narrow to the widest that 16 bits hold, also below g_off: bundles get shorter. */
static void any_conductances_match_the_definition(void **state)
{
    (void)state;
    const int32_t low[] = {0, -2000, 0, -16384, -32767, 4000, 0, 1},
                  high[] = {1, 6553, 13107, 16384, 32767, 4096, 26214, 1};
    for (size_t i = 0; i < 120 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        if (p.shape.input_bits > 1)
            p.shape.crossbar_rows = 1 + draw(60);
        p.shape.conversion = (int)draw(3);
        p.converter.edge *= 5;
        p.converter.step *= 5;
        fill(&p, low[i % 8], high[i % 8]);
        compare(&p, i);
        clear(&p);
    }
}

/* Sums are counted then, and the same. */
static void ideal_cells_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 150 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        p.shape.input_bits = 1;
        p.shape.input_signed = false;
        p.shape.conversion = (int)draw(3);
        fill(&p, 0, 4096);
        make_ideal(&p);
        compare(&p, i);
        clear(&p);
    }
}

/* Bytes with a sign or without, times a power of two: four rows are multiplied at a time, where there are kernels for it. */
static void cells_of_bytes_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 120 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        const int16_t unit = (int16_t)(1 << draw(8));
        if (p.shape.input_bits == 1)
            p.shape.input_bits = 8;
        p.shape.conversion = (int)draw(3);
        const bool whole = p.shape.conversion == MHO_CONVERSION_PER_CROSSBAR;
        fill(&p, i % 2 ? 0 : -63, i % 2 ? (whole ? 255 : 127) : 64);
        for (size_t k = 0; k < p.rows * p.shape.columns; ++k) {
            p.g_plus[k] = (int16_t)(p.g_plus[k] * unit);
            p.g_minus[k] = (int16_t)(p.g_minus[k] * unit);
        }
        mho_crossbar *xb;
        assert_int_equal(mhoi_crossbar_create_level(&p.shape, mho_cpu_level(), &xb), MHO_OK);
        assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
        assert_int_equal(xb->quads, mho_cpu_level() == MHO_CPU_AVX512);
        mho_crossbar_destroy(xb);
        compare(&p, i);
        clear(&p);
    }
}

static void sums_of(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t count)
{
    int64_t *sum = user;
    for (size_t i = 0; i < count; ++i) {
        sum[0] += s_plus[i];
        sum[1] += s_minus[i];
        sum[2]++;
    }
}

/* S+ and S- of all columns, row groups and pixels, as calibration is told them. */
static void expect_sums(const problem *p, mho_cpu level)
{
    mho_crossbar *xb;
    mho_crossbar_work *work;
    int64_t sum[3] = {0, 0, 0}, plus = 0, minus = 0;
    const size_t all = p->n * p->w_out, pixels = p->pixels ? p->pixels : all;
    for (size_t q = 0; q < pixels; ++q)
        for (size_t i = 0; i < p->rows * p->shape.columns; ++i) {
            const int64_t v = input_at(p, q / p->w_out, i % p->rows, 0, q % p->w_out);
            plus += v * p->g_plus[i];
            minus += v * p->g_minus[i];
        }
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p->g_plus, p->g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_work_turn(xb, work, p->turn, p->pixels);
    mho_crossbar_sums_of(xb, work, p->n, p->map, sums_of, sum);
    const size_t groups = (p->rows + p->shape.crossbar_rows - 1) / p->shape.crossbar_rows;
    assert_int_equal(sum[2], pixels * p->shape.columns * groups);
    assert_int_equal(sum[0], plus);
    assert_int_equal(sum[1], minus);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

/* Rows that turn within blocks are other reads of the same cells, of the first pixels alone if wanted. */
static void turned_rows_match_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 60 / MHO_TEST_SHARE; ++i) {
        const size_t k = 2 + draw(20), w = i % 3 ? 64 : 1 + draw(100);
        problem p = connected(k * (1 + draw(8)), 1 + draw(9), 1 + draw(60), 1 + draw(20));
        p.shape.window.w = w;
        p.shape.turn = k;
        p.turn = draw((uint32_t)k);
        p.per_pair = draw(2);
        p.shape.input_bits = i % 4 ? 1 : 2 + draw(7);
        p.shape.conversion = MHO_CONVERSION_ANY;
        p.pixels = draw(2) ? 1 + draw((uint32_t)(p.n * w)) : 0;
        p.converter.codes = (int32_t)(draw(4) ? 2U << draw(8) : 0);
        p.converter.step = (int32_t)(1 + draw(4000));
        p.converter.edge = (int32_t)draw(60000) - 20000;
        fill(&p, 0, 4096);
        if (i % 5 == 1 && p.shape.input_bits == 1)
            make_ideal(&p);
        expect_all(&p);
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
            memcpy(p.sum, p.want, outputs(&p) * sizeof *p.sum);
            for (size_t image = 0; image < p.n; ++image) /* what is left out is not looked at */
                for (size_t q = 0; q < w; ++q)
                    for (size_t c = 0; c < p.shape.columns; ++c)
                        if (!p.pixels || image * w + q < p.pixels)
                            p.sum[(image * p.shape.columns + c) * w + q] = -1;
            run(&p, level);
            for (size_t o = 0; o < outputs(&p); ++o)
                if (p.pixels && o / (p.shape.columns * w) * w + o % w >= p.pixels)
                    p.sum[o] = p.want[o];
            expect_same(&p, i, level);
            expect_sums(&p, level);
        }
        clear(&p);
    }
}

static void turns_that_cannot_be_are_refused(void **state)
{
    (void)state;
    mho_crossbar *xb;
    problem p = connected(20, 1, 10, 1);
    p.shape.turn = 3;
    assert_int_equal(mho_crossbar_create(&p.shape, &xb), MHO_EDOMAIN);
    p.shape.turn = 4;
    p.shape.window.h = p.shape.window.kh = 2;
    assert_int_equal(mho_crossbar_create(&p.shape, &xb), MHO_EDOMAIN);
}

/* Windows of one element in whole tiles: the map is read where it is, and nothing beyond it. */
static void windows_of_one_element_match_the_definition(void **state)
{
    (void)state;
    const size_t h[] = {8, 16, 4, 64, 24, 40}, w[] = {8, 4, 32, 3, 24, 40};
    for (size_t i = 0; i < 72; ++i) {
        problem p = {.n = 1 + draw(5), .per_pair = draw(2)};
        p.shape.window = (mho_window){.c = 1 + draw(90),
                                      .h = h[i % 6],
                                      .w = w[i % 6],
                                      .kh = 1,
                                      .kw = 1,
                                      .stride_h = 1,
                                      .stride_w = 1,
                                      .dilation_h = 1,
                                      .dilation_w = 1};
        p.shape.columns = 1 + draw(9);
        p.shape.crossbar_rows = 1 + draw(60);
        p.shape.input_bits = i % 3 ? 1 : 2 + draw(7);
        p.shape.conversion = (int)draw(3);
        p.converter = (mho_converter){.codes = 16, .edge = -5000, .step = 3000};
        fill(&p, 0, 4096);
        if (i % 3 == 2)
            make_ideal(&p);
        compare(&p, i);
        clear(&p);
    }
}

/* Sums on an edge take the upper code: all cells and steps are small, so that ties are common. */
static void ties_take_the_upper_code(void **state)
{
    (void)state;
    for (int32_t step = 1; step <= 7; ++step)
        for (int per_pair = 0; per_pair < 2; ++per_pair) {
            problem p = connected(60, 7, 30, 200);
            p.per_pair = per_pair;
            p.converter =
                (mho_converter){.codes = 16, .edge = per_pair ? -7 * step : 5, .step = step};
            fill(&p, 0, step > 4 ? 1 : 7);
            compare(&p, (size_t)step);
            clear(&p);
        }
}

/* Converters on which single precision would stumble: the engine must notice. */
static void converters_are_exact_in_any_range(void **state)
{
    (void)state;
    const mho_converter hard[] = {{65536, -1, 3},
                                  {4096, 100000, 1},
                                  {256, -2000000000, 16777259},
                                  {2, 16777217, 1},
                                  {16, 33554433, 7},
                                  {200000, 0, 11},
                                  {2, 2147483647, 1},
                                  {3, -2147483647, 2147483647},
                                  {256, 500000001, 300007},
                                  {256, -30000001, 300007},
                                  {4096, 400000001, 70001},
                                  {1, 5, 3}};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; ++i)
        for (int way = 0; way < 4; ++way) {
            const bool codes = way / 2;
            problem p = connected(codes ? 120 : 2300, 5, codes ? 120 : 2300, 70);
            p.shape.input_bits = codes ? 8 : 1;
            p.per_pair = way % 2;
            p.converter = hard[i];
            fill(&p, 0, 32767);
            compare(&p, i);
            clear(&p);
        }
}

static void code_is_exact_at_every_sum(void **state)
{
    (void)state;
    for (size_t i = 0; i < 300 / MHO_TEST_SHARE; ++i) {
        const mho_converter converter = {.codes = (int32_t)(2U << draw(8)),
                                         .edge = (int32_t)draw(400000) - 200000,
                                         .step = (int32_t)(1 + draw(9000))};
        for (int32_t j = 0; j < converter.codes - 1; ++j)
            for (int32_t d = -1; d <= 1; ++d) {
                const int64_t s = converter.edge + (int64_t)j * converter.step + d;
                assert_int_equal(mhoi_convert(&converter, s), code_of(&converter, s));
            }
        mhoi_code code;
        assert_true(mhoi_code_prepare(&converter, &code)); /* the usual ranges take the fast way, */
        assert_false(code.wide);
        const mho_converter far = {converter.codes, converter.edge * 5000 + 1,
                                   converter.step * 100 + 1};
        assert_true(mhoi_code_prepare(&far, &code)); /* others the next best */
    }
}

/* Ideal converters: crossbars may be cut anywhere, and sums are linear in the conductances. */
static void splits_add_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        p.converter.codes = 0;
        fill(&p, 0, 4096);
        p.shape.crossbar_rows = p.rows;
        run(&p, mho_cpu_level());
        memcpy(p.want, p.sum, outputs(&p) * sizeof *p.sum);
        p.shape.crossbar_rows = 1 + draw((uint32_t)p.rows);
        p.per_pair = !p.per_pair;
        run(&p, mho_cpu_level());
        expect_same(&p, i, mho_cpu_level());
        clear(&p);
    }
}

static void sums_are_linear(void **state)
{
    (void)state;
    problem p = connected(333, 9, 128, 77);
    fill(&p, 0, 2000);
    run(&p, mho_cpu_level());
    memcpy(p.want, p.sum, outputs(&p) * sizeof *p.sum);
    for (size_t i = 0; i < p.rows * p.shape.columns; ++i) {
        p.g_plus[i] = (int16_t)(3 * p.g_plus[i]);
        p.g_minus[i] = (int16_t)(3 * p.g_minus[i]);
    }
    for (size_t i = 0; i < outputs(&p); ++i)
        p.want[i] *= 3;
    run(&p, mho_cpu_level());
    expect_same(&p, 0, mho_cpu_level());
    clear(&p);
}

typedef struct tally {
    int64_t plus, minus;
    size_t count;
} tally;

static void count_sums(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t count)
{
    tally *t = user;
    t->count += count;
    for (size_t i = 0; i < count; ++i) {
        t->plus += s_plus[i] * (int64_t)(s_plus[i] % 1000);
        t->minus += s_minus[i] * (int64_t)(s_minus[i] % 1000);
    }
}

static void every_sum_is_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 60 / MHO_TEST_SHARE; ++i) {
        problem p = random_problem();
        tally first = {0};
        fill(&p, 0, 4096);
        if (i % 3 == 0)
            make_ideal(&p);
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
            mho_crossbar *xb;
            mho_crossbar_work *work;
            tally t = {0};
            assert_int_equal(mhoi_crossbar_create_level(&p.shape, level, &xb), MHO_OK);
            assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
            assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
            mho_crossbar_sums_of(xb, work, p.n, p.map, count_sums, &t);
            mho_crossbar_work_destroy(work);
            mho_crossbar_destroy(xb);
            if (level == MHO_CPU_REF)
                first = t;
            assert_int_equal(t.count, first.count);
            assert_int_equal(t.plus, first.plus);
            assert_int_equal(t.minus, first.minus);
        }
        const size_t groups = (p.rows + p.shape.crossbar_rows - 1) / p.shape.crossbar_rows;
        assert_int_equal(first.count, outputs(&p) * groups);
        clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes_match_the_definition),
        cmocka_unit_test(large_shapes_match_the_definition),
        cmocka_unit_test(large_blocks_match_the_definition),
        cmocka_unit_test(folded_tables_match_the_definition),
        cmocka_unit_test(columns_in_parts_match_the_definition),
        cmocka_unit_test(any_conductances_match_the_definition),
        cmocka_unit_test(ideal_cells_match_the_definition),
        cmocka_unit_test(cells_of_bytes_match_the_definition),
        cmocka_unit_test(windows_of_one_element_match_the_definition),
        cmocka_unit_test(turned_rows_match_the_definition),
        cmocka_unit_test(turns_that_cannot_be_are_refused),
        cmocka_unit_test(ties_take_the_upper_code),
        cmocka_unit_test(converters_are_exact_in_any_range),
        cmocka_unit_test(code_is_exact_at_every_sum),
        cmocka_unit_test(splits_add_up),
        cmocka_unit_test(sums_are_linear),
        cmocka_unit_test(every_sum_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
