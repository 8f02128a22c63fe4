/* SPDX-License-Identifier: Apache-2.0 */
/* Crossbars that are told the bits or the weights of their pairs, beside the same ones that are told their cells. */
#include "problem.h"

/* Pairs (high, low) where a bit is 1, from bit `at` on; words are as long as the engine may read. */
static uint64_t *draw_bits(problem *p, size_t at, int16_t low, int16_t high)
{
    const size_t cells = p->rows * p->shape.columns;
    uint64_t *bit = calloc((at + cells) / 64 + 2, sizeof *bit);
    for (size_t i = 0; i < at; ++i)
        bit[i / 64] |= (uint64_t)draw(2) << i % 64;
    for (size_t i = 0; i < cells; ++i) {
        const uint64_t one = draw(2);
        bit[(at + i) / 64] |= one << (at + i) % 64;
        p->g_plus[i] = one ? high : low;
        p->g_minus[i] = one ? low : high;
    }
    return bit;
}

/* Without cells: bit, or m. */
typedef struct told {
    const uint64_t *bit;
    size_t at;
    const int8_t *m;
    int32_t base, each, most; /* bit: high is base + each most */
} told;

static mho_status tell(mho_crossbar *xb, const told *t, bool *done)
{
    if (t->bit)
        return mhoi_crossbar_program_signs(xb, t->bit, t->at, (int16_t)t->base,
                                           (int16_t)(t->base + t->each * t->most), done);
    return mhoi_crossbar_program_bytes(xb, t->m, t->base, t->each, t->most, done);
}

static void run_told(problem *p, mho_cpu level, const told *t, bool *done)
{
    const mho_converter ideal = {.codes = 0};
    mho_crossbar *xb, *cells;
    mho_crossbar_work *work;
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &xb), MHO_OK);
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &cells), MHO_OK);
    assert_int_equal(tell(xb, t, done), MHO_OK);
    assert_int_equal(mho_crossbar_program(cells, p->g_plus, p->g_minus), MHO_OK);
    if (*done) {
        assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
        mho_crossbar_run(xb, work, &p->converter, p->per_pair, p->n, p->map, p->sum, NULL);
        assert_int_equal(mho_crossbar_fitting_groups(xb, &ideal, p->per_pair),
                         mho_crossbar_fitting_groups(cells, &ideal, p->per_pair));
        assert_int_equal(xb->largest_sum, cells->largest_sum);
        mho_crossbar_work_destroy(work);
        assert_int_equal(mho_crossbar_program(xb, p->g_plus, p->g_minus), MHO_OK); /* goes on */
        assert_false(xb->bare);
    }
    mho_crossbar_destroy(cells);
    mho_crossbar_destroy(xb);
}

static void bits_are_cells(void **state)
{
    size_t told_ones = 0;
    (void)state;
    for (size_t number = 0; number < 200; ++number) {
        problem p = random_problem();
        p.shape.input_bits = 1;
        p.shape.input_signed = false;
        fill(&p, 0, 1);
        const size_t at = draw(200);
        const int16_t low = (int16_t)(draw(200) - 100), high = (int16_t)(low + 1 + (int)draw(4000));
        uint64_t *bit = draw_bits(&p, at, low, high);
        expect_all(&p);
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
            bool done;
            const told t = {.bit = bit, .at = at, .base = low, .each = high - low, .most = 1};
            run_told(&p, level, &t, &done);
            const mhoi_kernels *kernels = mhoi_crossbar_kernels(level);
            assert_int_equal(done, kernels && kernels->count);
            if (done)
                expect_same(&p, number, level);
            told_ones += done;
        }
        free(bit);
        clear(&p);
    }
    if (mhoi_crossbar_kernels(mho_cpu_level()) && mhoi_crossbar_kernels(mho_cpu_level())->count)
        assert_true(told_ones);
}

/* A problem of bytes, whose largest weight may not occur. */
static told draw_bytes(problem *p, int8_t *m)
{
    const size_t cells = p->rows * p->shape.columns;
    told t = {.m = m, .each = 1 << draw(6), .most = 1 + (int32_t)draw(127)};
    t.base = draw(2) ? 0 : t.each * (int32_t)draw(3);
    if (draw(4) == 0)
        t.each *= 2;
    for (size_t i = 0; i < cells; ++i) {
        m[i] = (int8_t)((int32_t)draw((uint32_t)(2 * t.most + 1)) - t.most);
        p->g_plus[i] = (int16_t)(t.base + t.each * (m[i] > 0 ? m[i] : 0));
        p->g_minus[i] = (int16_t)(t.base + t.each * (m[i] < 0 ? -m[i] : 0));
    }
    return t;
}

static void bytes_are_cells(void **state)
{
    size_t pairs = 0, differences = 0;
    (void)state;
    for (size_t number = 0; number < 300; ++number) {
        problem p = random_problem();
        p.shape.input_bits = p.shape.input_bits == 1 ? 8 : p.shape.input_bits;
        p.shape.conversion = p.per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR;
        fill(&p, 0, 1);
        int8_t *m = malloc(p.rows * p.shape.columns);
        const told t = draw_bytes(&p, m);
        expect_all(&p);
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
            const mhoi_kernels *kernels = mhoi_crossbar_kernels(level);
            bool done;
            run_told(&p, level, &t, &done);
            assert_false(done && !(kernels && kernels->dot_quads));
            if (done)
                expect_same(&p, number, level);
            pairs += done && !p.per_pair;
            differences += done && p.per_pair;
        }
        free(m);
        clear(&p);
    }
    if (mhoi_crossbar_kernels(mho_cpu_level()) &&
        mhoi_crossbar_kernels(mho_cpu_level())->dot_quads && MHO_TEST_SHARE == 1)
        assert_true(pairs > 20 && differences > 20);
}

/* Several bits, rows in another order, and sums beyond 32 bits want cells, or their error. */
static void others_want_cells(void **state)
{
    const mho_crossbar_shape flat = flat_shape(70000, 1, 70000, 1);
    static const uint64_t bit[70000 / 64 + 2];
    mho_crossbar_shape bytes = flat;
    mho_crossbar *xb;
    bool done;
    (void)state;
    bytes.input_bits = 8;
    assert_int_equal(mho_crossbar_create(&bytes, &xb), MHO_OK);
    assert_int_equal(mhoi_crossbar_program_signs(xb, bit, 0, 1, 2, &done), MHO_OK);
    assert_false(done);
    mho_crossbar_destroy(xb);
    assert_int_equal(mho_crossbar_create(&flat, &xb), MHO_OK);
    assert_int_equal(mhoi_crossbar_program_signs(xb, bit, 0, 32000, 32001, &done), MHO_OK);
    assert_false(done);
    assert_int_equal(mhoi_crossbar_program_signs(xb, bit, 0, 2, 2, &done), MHO_OK);
    assert_false(done);
    mho_crossbar_destroy(xb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_cells),
        cmocka_unit_test(bytes_are_cells),
        cmocka_unit_test(others_want_cells),
    };
    assert_int_equal(mho_cpu_init(), MHO_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
