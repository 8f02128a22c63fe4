/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against the definition in mho/crossbar.h, over random shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

#ifndef MHO_TEST_SHARE
#define MHO_TEST_SHARE 1 /* of the random cases, where a kernel is emulated */
#endif

static uint64_t random_state = 20240607;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(((random_state >> 32) * below) >> 32);
}

typedef struct problem {
    mho_crossbar_shape shape;
    mho_converter converter;
    bool per_pair;
    size_t n, rows, h_out, w_out, turn, pixels; /* by which rows turn; that are worked on, 0: all */
    int16_t *g_plus, *g_minus;
    uint8_t *map;
    int32_t *sum, *want;
} problem;

static size_t inputs(const problem *p)
{
    return p->n * p->shape.window.c * p->shape.window.h * p->shape.window.w;
}

static size_t outputs(const problem *p)
{
    return p->n * p->shape.columns * p->h_out * p->w_out;
}

static void fill(problem *p, int32_t low, int32_t high)
{
    const mho_window *w = &p->shape.window;
    p->rows = w->c * w->kh * w->kw;
    p->h_out =
        (w->h + w->pad_top + w->pad_bottom - (w->kh - 1) * w->dilation_h - 1) / w->stride_h + 1;
    p->w_out =
        (w->w + w->pad_left + w->pad_right - (w->kw - 1) * w->dilation_w - 1) / w->stride_w + 1;
    const size_t cells = p->rows * p->shape.columns;
    p->g_plus = malloc(cells * sizeof *p->g_plus);
    p->g_minus = malloc(cells * sizeof *p->g_minus);
    p->map = malloc(inputs(p));
    p->sum = malloc(outputs(p) * sizeof *p->sum);
    p->want = malloc(outputs(p) * sizeof *p->want);
    for (size_t i = 0; i < cells; ++i) {
        p->g_plus[i] = (int16_t)(low + (int32_t)draw((uint32_t)(high - low + 1)));
        p->g_minus[i] = (int16_t)(low + (int32_t)draw((uint32_t)(high - low + 1)));
    }
    for (size_t i = 0; i < inputs(p); ++i)
        p->map[i] = (uint8_t)draw(1U << p->shape.input_bits);
    if (p->shape.input_signed)
        for (size_t i = 0; i < inputs(p); ++i)
            p->map[i] = (uint8_t)(p->map[i] - (1U << (p->shape.input_bits - 1)));
}

static void clear(problem *p)
{
    free(p->g_plus);
    free(p->g_minus);
    free(p->map);
    free(p->sum);
    free(p->want);
}

static int64_t code_of(const mho_converter *converter, int64_t s)
{
    if (converter->codes == 0)
        return s;
    int64_t code = 0;
    while (code < converter->codes - 1 && s >= converter->edge + code * (int64_t)converter->step)
        ++code;
    return code;
}

static int64_t input_at(const problem *p, size_t image, size_t r, size_t y, size_t x)
{
    const mho_window *w = &p->shape.window;
    const int64_t row =
        (int64_t)(y * w->stride_h + r / w->kw % w->kh * w->dilation_h) - (int64_t)w->pad_top;
    const int64_t column =
        (int64_t)(x * w->stride_w + r % w->kw * w->dilation_w) - (int64_t)w->pad_left;
    if (row < 0 || column < 0 || row >= (int64_t)w->h || column >= (int64_t)w->w)
        return 0;
    const size_t k = p->shape.turn ? p->shape.turn : 1, i = r / (w->kh * w->kw);
    const size_t channel = image * w->c + i / k * k + (i % k + p->turn) % k;
    const uint8_t v = p->map[(channel * w->h + (size_t)row) * w->w + (size_t)column];
    return p->shape.input_signed ? (int8_t)v : v;
}

static int64_t expected(const problem *p, size_t image, size_t c, size_t y, size_t x)
{
    int64_t sum = 0, plus = 0, minus = 0;
    for (size_t r = 0; r < p->rows; ++r) {
        const int64_t v = input_at(p, image, r, y, x);
        plus += v * p->g_plus[c * p->rows + r];
        minus += v * p->g_minus[c * p->rows + r];
        if ((r + 1) % p->shape.crossbar_rows == 0 || r + 1 == p->rows) {
            sum += p->per_pair ? code_of(&p->converter, plus - minus)
                               : code_of(&p->converter, plus) - code_of(&p->converter, minus);
            plus = minus = 0;
        }
    }
    return sum;
}

static void expect_all(problem *p)
{
    size_t i = 0;
    for (size_t image = 0; image < p->n; ++image)
        for (size_t c = 0; c < p->shape.columns; ++c)
            for (size_t y = 0; y < p->h_out; ++y)
                for (size_t x = 0; x < p->w_out; ++x)
                    p->want[i++] = (int32_t)expected(p, image, c, y, x);
}

static void run(problem *p, mho_cpu level)
{
    mho_crossbar *xb;
    mho_crossbar_work *work;
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p->g_plus, p->g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    if (p->shape.turn)
        mho_crossbar_work_turn(xb, work, p->turn, p->pixels);
    mho_crossbar_run(xb, work, &p->converter, p->per_pair, p->n, p->map, p->sum, NULL);
    if (p->shape.turn) {
        const size_t pixels = p->pixels ? p->pixels : p->n * p->h_out * p->w_out;
        assert_int_equal(mho_crossbar_work_counts(work).row_drives, pixels * p->rows);
    }
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

static void expect_same(const problem *p, size_t number, mho_cpu level)
{
    const mho_window *w = &p->shape.window;
    for (size_t i = 0; i < outputs(p); ++i)
        if (p->sum[i] != p->want[i])
            fail_msg(
                "problem %zu, %s, sum[%zu] = %d, want %d (%zu x %zu x %zu x %zu, window %zu x %zu, "
                "strides %zu %zu, dilations %zu %zu, %zu columns, %zu rows, %zu bits, codes %d, "
                "edge %d, step %d, per_pair "
                "%d)",
                number, mho_cpu_name(level), i, p->sum[i], p->want[i], p->n, w->c, w->h, w->w,
                w->kh, w->kw, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w,
                p->shape.columns, p->shape.crossbar_rows, p->shape.input_bits, p->converter.codes,
                p->converter.edge, p->converter.step, p->per_pair);
}

static problem random_problem(void)
{
    problem p = {.n = 1 + draw(5), .per_pair = draw(2)};
    mho_window *w = &p.shape.window;
    *w = (mho_window){.c = 1 + draw(9), .kh = 1 + draw(5), .kw = 1 + draw(5)};
    w->stride_h = w->stride_w = 1 + draw(3);
    w->dilation_h = w->dilation_w = 1;
    if (draw(2)) {
        w->stride_w = 1 + draw(3);
        w->dilation_h = 1 + draw(3);
        w->dilation_w = 1 + draw(3);
    }
    if (draw(8) == 0) /* windows of more than a byte */
        w->kw = 6 + draw(15);
    w->h = (w->kh - 1) * w->dilation_h + 1 + draw(14);
    w->w = (w->kw - 1) * w->dilation_w + 1 + draw(14);
    w->pad_top = draw(3);
    w->pad_left = draw(3);
    w->pad_bottom = draw(3);
    w->pad_right = draw(3);
    if (draw(4) == 0) { /* fully connected */
        *w = (mho_window){.c = 1 + draw(300),
                          .h = 1,
                          .w = 1,
                          .kh = 1,
                          .kw = 1,
                          .stride_h = 1,
                          .stride_w = 1,
                          .dilation_h = 1,
                          .dilation_w = 1};
        p.n = 1 + draw(600);
    }
    p.shape.columns = 1 + draw(w->h == 1 ? 20 : 9);
    p.shape.crossbar_rows = 1 + draw(140);
    p.shape.input_bits = draw(2) ? 1 : 2 + draw(7);
    p.shape.input_signed = p.shape.input_bits > 1 && draw(2);
    p.converter.codes = (int32_t)(draw(4) ? 2U << draw(8) : 0);
    p.converter.step = (int32_t)(1 + draw(4000));
    p.converter.edge = (int32_t)draw(60000) - 20000;
    return p;
}

/* Every variant of the kernels against the definition. */
static void compare(problem *p, size_t number)
{
    expect_all(p);
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
        memset(p->sum, 0x55, outputs(p) * sizeof *p->sum);
        run(p, level);
        expect_same(p, number, level);
    }
}

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

static problem connected(size_t rows, size_t columns, size_t crossbar_rows, size_t n)
{
    return (problem){.n = n,
                     .shape = {.window = {.c = rows,
                                          .h = 1,
                                          .w = 1,
                                          .kh = 1,
                                          .kw = 1,
                                          .stride_h = 1,
                                          .stride_w = 1,
                                          .dilation_h = 1,
                                          .dilation_w = 1},
                               .columns = columns,
                               .crossbar_rows = crossbar_rows,
                               .input_bits = 1}};
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

/* Every pair (low, high) or (high, low). */
static void make_ideal(problem *p)
{
    const int16_t low = (int16_t)(7 * draw(3)), high = (int16_t)(low + 1 + (int16_t)draw(4000));
    for (size_t i = 0; i < p->rows * p->shape.columns; ++i) {
        const bool up = draw(2);
        p->g_plus[i] = up ? high : low;
        p->g_minus[i] = up ? low : high;
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
                                  {1, 5, 3}};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; ++i)
        for (int per_pair = 0; per_pair < 2; ++per_pair) {
            problem p = connected(2300, 5, 2300, 70);
            p.per_pair = per_pair;
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
        assert_true(mhoi_code_prepare(&converter, &code)); /* the usual ranges take the fast way */
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

/* Programmed twice: nothing of the first programming is left. */
static void a_second_programming_replaces_the_first(void **state)
{
    (void)state;
    problem p = connected(100, 6, 40, 50);
    fill(&p, 0, 30000);
    mho_crossbar *xb;
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_create(&p.shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    for (size_t i = 0; i < p.rows * p.shape.columns; ++i) {
        p.g_plus[i] = (int16_t)(p.g_plus[i] % 4096);
        p.g_minus[i] = (int16_t)(p.g_minus[i] % 4096);
    }
    assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
    mho_crossbar_run(xb, work, &p.converter, p.per_pair, p.n, p.map, p.sum, NULL);
    expect_all(&p);
    expect_same(&p, 0, mho_cpu_level());
    make_ideal(&p);
    assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_OK);
    mho_crossbar_run(xb, work, &p.converter, p.per_pair, p.n, p.map, p.sum, NULL);
    expect_all(&p);
    expect_same(&p, 1, mho_cpu_level());
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
    clear(&p);
}

static mho_status create_all(const problem *p, mho_crossbar **xb, mho_crossbar_work **work)
{
    *work = NULL;
    mho_status s = mho_crossbar_create(&p->shape, xb);
    if (s == MHO_OK)
        s = mho_crossbar_program(*xb, p->g_plus, p->g_minus);
    if (s == MHO_OK)
        s = mho_crossbar_work_create(*xb, work);
    return s;
}

static void out_of_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    problem p = random_problem();
    fill(&p, 0, 4096);
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    for (uint64_t k = 1; s != MHO_OK; ++k) {
        mho_crossbar *xb;
        mho_crossbar_work *work;
        assert_true(k < 100);
        mhoi_alloc_fail_at(k);
        s = create_all(&p, &xb, &work);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        assert_true(s == MHO_OK || !work);
        mho_crossbar_work_destroy(work);
        mho_crossbar_destroy(xb);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    clear(&p);
}

static void expect_refusal(const mho_crossbar_shape *shape, mho_status status, const char *message)
{
    mho_crossbar *xb;
    assert_int_equal(mho_crossbar_create(shape, &xb), status);
    assert_null(xb);
    assert_string_equal(mho_error_message(), message);
}

static void bad_shapes_are_refused(void **state)
{
    (void)state;
    problem p = connected(10, 4, 8, 1);
    p.shape.input_bits = 9;
    expect_refusal(&p.shape, MHO_EDOMAIN, "crossbar: input_bits = 9, want 1..8");
    p = connected(10, 4, 8, 1);
    p.shape.crossbar_rows = 0;
    expect_refusal(&p.shape, MHO_EDOMAIN, "crossbar: crossbar_rows = 0, want 1..16777216");
    p.shape.crossbar_rows = 8;
    p.shape.window.kh = 3;
    expect_refusal(&p.shape, MHO_EDOMAIN, "crossbar: a window of 3 x 1 does not fit 1 x 1");
    p.shape.window = (mho_window){.c = 1 << 24,
                                  .h = 1 << 20,
                                  .w = 1 << 20,
                                  .kh = 1,
                                  .kw = 1,
                                  .stride_h = 1,
                                  .stride_w = 1,
                                  .dilation_h = 1,
                                  .dilation_w = 1};
    expect_refusal(&p.shape, MHO_ENOMEM,
                   "crossbar: a map of 16777216 x 1048576 x 1048576 under a window of 1 x 1");
}

static void sums_beyond_32_bits_are_refused(void **state)
{
    (void)state;
    problem p = connected(600, 1, 600, 1);
    mho_crossbar *xb;
    p.shape.input_bits = 8;
    fill(&p, 32000, 32000);
    assert_int_equal(mho_crossbar_create(&p.shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p.g_plus, p.g_minus), MHO_EDOMAIN);
    assert_string_equal(
        mho_error_message(),
        "crossbar: a sum over 600 rows may reach 9830400000, want at most 2147483647");
    mho_crossbar_destroy(xb);
    clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes_match_the_definition),
        cmocka_unit_test(large_shapes_match_the_definition),
        cmocka_unit_test(any_conductances_match_the_definition),
        cmocka_unit_test(ideal_cells_match_the_definition),
        cmocka_unit_test(windows_of_one_element_match_the_definition),
        cmocka_unit_test(turned_rows_match_the_definition),
        cmocka_unit_test(turns_that_cannot_be_are_refused),
        cmocka_unit_test(ties_take_the_upper_code),
        cmocka_unit_test(converters_are_exact_in_any_range),
        cmocka_unit_test(code_is_exact_at_every_sum),
        cmocka_unit_test(splits_add_up),
        cmocka_unit_test(sums_are_linear),
        cmocka_unit_test(every_sum_is_told_once),
        cmocka_unit_test(a_second_programming_replaces_the_first),
        cmocka_unit_test(out_of_memory_is_told_and_leaks_nothing),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(sums_beyond_32_bits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
