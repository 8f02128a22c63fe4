/* SPDX-License-Identifier: Apache-2.0 */
/* Converters with errors: the reference against the equation, every kernel against the reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"
#include "flat_shape.h"

enum { ROWS = 50, GROUP = 20, GROUPS = 3, COLUMNS = 7, IMAGES = 70, CELLS = ROWS * COLUMNS };

static int16_t g_plus[CELLS], g_minus[CELLS];
static uint8_t map[IMAGES * 4096];
static mho_converter_error error[2 * GROUPS * COLUMNS];
static uint32_t state_of_random = 7;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state_of_random * below) >> 32);
}

static void fill(uint32_t x_below)
{
    for (size_t i = 0; i < CELLS; ++i) {
        g_plus[i] = (int16_t)draw(4096);
        g_minus[i] = (int16_t)draw(4096);
    }
    for (size_t i = 0; i < sizeof map; ++i)
        map[i] = (uint8_t)draw(x_below);
    for (size_t i = 0; i < sizeof error / sizeof *error; ++i)
        error[i] =
            (mho_converter_error){(float)draw(9000) - 4500.5f, (float)draw(100) * 0.002f - 0.1f,
                                  (float)draw(6000) - 3000};
}

static mho_crossbar *create(const mho_crossbar_shape *shape, mho_cpu level)
{
    mho_crossbar *xb;
    assert_int_equal(mhoi_crossbar_create_level(shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g_plus, g_minus), MHO_OK);
    return xb;
}

static void run(mho_crossbar *xb, const mho_converter *converter, bool per_pair, int32_t *sum)
{
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, converter, per_pair, IMAGES, map, sum, NULL);
    mho_crossbar_work_destroy(work);
}

static int64_t code_of(const mho_converter *v, const mho_converter_error *e, int64_t s)
{
    double miss;
    if (!v->codes)
        return s + llrint((double)e->offset + (double)e->gain * (double)s);
    const double first = v->edge - 0.5 * v->step, last = first + (double)(v->codes - 1) * v->step;
    const double middle = (first + last) / 2, half = 0.5 * v->step * v->codes;
    const double t = ((double)s - middle) / half;
    miss = (double)e->offset + (double)e->gain * ((double)s - middle);
    if (fabs(t) < 1)
        miss += (double)e->bow * (1 - t * t);
    const int64_t real = s + llrint(miss), over = real - v->edge;
    const int64_t code = over < 0 ? 0 : over / v->step + 1;
    return code < v->codes ? code : v->codes - 1;
}

static int64_t want(const mho_converter *v, bool per_pair, size_t image, size_t c)
{
    int64_t sum = 0;
    for (size_t k = 0; k < GROUPS; ++k) {
        int64_t plus = 0, minus = 0;
        for (size_t r = k * GROUP; r < (k + 1) * GROUP && r < ROWS; ++r) {
            plus += map[image * ROWS + r] * g_plus[c * ROWS + r];
            minus += map[image * ROWS + r] * g_minus[c * ROWS + r];
        }
        const mho_converter_error *e = &error[k * COLUMNS + c], *e2 = e + GROUPS * COLUMNS;
        sum += per_pair ? code_of(v, e, plus - minus) : code_of(v, e, plus) - code_of(v, e2, minus);
    }
    return sum;
}

static const mho_converter converters[] = {
    {16, -9000, 3001}, {256, 50, 300}, {2, 20000, 1}, {0, 0, 1}};

static void reference_is_the_equation(void **state)
{
    (void)state;
    static int32_t sum[IMAGES * COLUMNS], ideal[IMAGES * COLUMNS];
    for (size_t bits = 1; bits <= 8; bits += 7) {
        const mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, GROUP, bits);
        fill(1u << bits);
        mho_crossbar *xb = create(&shape, MHO_CPU_REF);
        for (size_t v = 0; v < 8; ++v) {
            const int32_t top = (1 << bits) - 1;
            mho_converter scaled = converters[v / 2];
            const mho_converter *converter = &scaled;
            scaled.edge *= top;
            scaled.step *= scaled.codes ? top : 1;
            assert_int_equal(mho_crossbar_set_errors(xb, NULL), MHO_OK);
            run(xb, converter, v % 2, ideal);
            assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
            run(xb, converter, v % 2, sum);
            for (size_t i = 0; i < IMAGES * COLUMNS; ++i)
                assert_int_equal(sum[i], want(converter, v % 2, i / COLUMNS, i % COLUMNS));
            if (v < 2 || v >= 6)
                assert_memory_not_equal(sum, ideal, sizeof sum);
            assert_int_equal(mho_crossbar_set_errors(xb, NULL), MHO_OK);
            run(xb, converter, v % 2, sum);
            assert_memory_equal(sum, ideal, sizeof sum);
        }
        mho_crossbar_destroy(xb);
    }
}

/* A convolution whose positions come in whole tiles, and a padded one whose do not. */
static void kernels_agree(void **state)
{
    (void)state;
    static const mho_window window[] = {{2, 12, 12, 5, 5, 1, 1, 1, 1, 0, 0, 0, 0},
                                        {2, 9, 10, 5, 5, 2, 2, 1, 1, 2, 2, 1, 1}};
    for (size_t trial = 0; trial < 16; ++trial) {
        const mho_crossbar_shape shape = {.window = window[trial % 2],
                                          .columns = COLUMNS,
                                          .crossbar_rows = GROUP,
                                          .input_bits = trial & 2 ? 8 : 1};
        const bool per_pair = trial & 4;
        int32_t *sum = calloc((size_t)IMAGES * COLUMNS * 64, sizeof *sum);
        int32_t *ref = calloc((size_t)IMAGES * COLUMNS * 64, sizeof *ref);
        fill(1u << shape.input_bits);
        for (size_t i = 0; trial & 8 && i < CELLS;
             ++i) { /* ideal cells have kernels of their own */
            g_plus[i] = g_plus[i] & 1 ? 3840 : 256;
            g_minus[i] = (int16_t)(4096 - g_plus[i]);
        }
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
            mho_crossbar *xb = create(&shape, level);
            assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
            run(xb, &converters[trial % 2], per_pair, level == MHO_CPU_REF ? ref : sum);
            if (level != MHO_CPU_REF)
                assert_memory_equal(sum, ref, (size_t)IMAGES * COLUMNS * 64 * sizeof *sum);
            mho_crossbar_destroy(xb);
        }
        free(sum);
        free(ref);
    }
}

static void out_of_memory(void **state)
{
    (void)state;
    const mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, GROUP, 1);
    const uint64_t live = mhoi_alloc_live();
    mho_crossbar *xb = create(&shape, MHO_CPU_REF);
    mhoi_alloc_fail_at(1);
    assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_ENOMEM);
    mhoi_alloc_fail_at(0);
    assert_null(xb->error);
    assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
    mho_crossbar_destroy(xb);
    assert_int_equal(mhoi_alloc_live(), live);
}

int main(void)
{
    if (mho_cpu_init())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_is_the_equation),
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
