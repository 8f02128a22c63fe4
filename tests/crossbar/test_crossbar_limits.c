/* SPDX-License-Identifier: Apache-2.0 */
/* Crossbars programmed anew, out of memory, and refused. */
#include "problem.h"

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
        cmocka_unit_test(a_second_programming_replaces_the_first),
        cmocka_unit_test(out_of_memory_is_told_and_leaks_nothing),
        cmocka_unit_test(bad_shapes_are_refused),
        cmocka_unit_test(sums_beyond_32_bits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
