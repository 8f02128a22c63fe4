/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on other word lines: every kernel against the definition, over random windows, with votes of crossbars and with
 * what else is set for cells by the window's order. */
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

enum { ROWS = 200, COLUMNS = 19, IMAGES = 5, SIDE = 9 };

static int16_t g_plus[ROWS * COLUMNS], g_minus[ROWS * COLUMNS];
static float variance[ROWS * COLUMNS];
static uint8_t map[1100 * ROWS];
static mho_converter_error error[2 * ROWS * COLUMNS];
static uint32_t order[ROWS];
static int32_t sums[3][1100 * COLUMNS * SIDE * SIDE];
static uint32_t state_of_random = 11;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state_of_random * below) >> 32);
}

static mho_crossbar_shape random_shape(bool flat)
{
    const size_t k = 1 + draw(3);
    const mho_window window = {.c = flat ? 1 + draw(ROWS) : 2 + draw(ROWS / 9 - 2),
                               .h = flat ? 1 : SIDE,
                               .w = flat ? 1 : SIDE,
                               .kh = flat ? 1 : k,
                               .kw = flat ? 1 : 1 + draw(3),
                               .stride_h = 1 + draw(2),
                               .stride_w = 1 + draw(2),
                               .dilation_h = 1,
                               .dilation_w = 1,
                               .pad_top = flat ? 0 : draw(2),
                               .pad_left = flat ? 0 : draw(2)};
    const size_t bits = draw(2) ? 1 : 2 + draw(7);
    return (mho_crossbar_shape){.window = window,
                                .columns = 1 + draw(COLUMNS),
                                .crossbar_rows = 1 + draw(40),
                                .input_bits = bits,
                                .input_signed = bits > 1 && draw(2)};
}

static void fill(const mho_crossbar_shape *s, size_t rows, bool two)
{
    const size_t cells = rows * s->columns;
    for (size_t i = 0; i < cells; ++i) {
        g_plus[i] = (int16_t)(two ? (draw(2) ? 40 : 3) : draw(900));
        g_minus[i] = (int16_t)(two ? 43 - g_plus[i] : (int32_t)draw(900));
        variance[i] = (float)draw(50);
    }
    for (size_t i = 0; i < sizeof map; ++i)
        map[i] = (uint8_t)draw(1u << s->input_bits);
    for (size_t i = 0; i < sizeof error / sizeof *error; ++i)
        error[i] = (mho_converter_error){(float)draw(4000) - 2000.5f, 0, 0};
    for (uint32_t l = 0; l < rows; ++l) {
        const uint32_t j = draw(l + 1);
        order[l] = order[j];
        order[j] = l;
    }
}

/* What row r reads of pixel p of an image. */
static int32_t read_row(const mho_crossbar_shape *s, const mho_crossbar *xb, size_t image, size_t r,
                        size_t p)
{
    const mho_window *w = &s->window;
    const size_t y = p / xb->w_out * w->stride_h + r / w->kw % w->kh - w->pad_top;
    const size_t x = p % xb->w_out * w->stride_w + r % w->kw - w->pad_left;
    if (y >= w->h || x >= w->w)
        return 0;
    const uint8_t v = map[((image * w->c + r / (w->kh * w->kw)) * w->h + y) * w->w + x];
    const int32_t top = 1 << s->input_bits;
    return s->input_signed ? (int8_t)v : v % top;
}

/* Votes: crossbar k has word lines k crossbar_rows and on. */
static int32_t votes(const mho_crossbar_shape *s, const mho_crossbar *xb, size_t image, size_t c,
                     size_t p)
{
    int32_t sum = 0;
    for (size_t k = 0, l = 0; k < xb->groups; ++k) {
        int64_t part = 0;
        for (; l < xb->rows && l < (k + 1) * s->crossbar_rows; ++l) {
            const size_t at = c * xb->rows + order[l];
            part += (int64_t)(g_plus[at] - g_minus[at]) * read_row(s, xb, image, order[l], p);
        }
        sum += part + llrint((double)error[k * s->columns + c].offset) >= 7;
    }
    return sum;
}

static void run(mho_crossbar *xb, size_t images, const mho_reading *reading, int32_t *sum)
{
    static const mho_converter one = {2, 7, 1};
    mho_crossbar_work *work;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, &one, true, images, map, sum, reading);
    mho_crossbar_work_destroy(work);
}

static void check(const mho_crossbar_shape *s, bool two, bool noise)
{
    const size_t rows = s->window.c * s->window.kh * s->window.kw;
    const size_t images = s->window.h > 1 ? IMAGES : 1030;
    const mho_reading reading = {.seed = 3, .trial = 1, .layer = 2};
    fill(s, rows, two);
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
        mho_crossbar *xb;
        assert_int_equal(mhoi_crossbar_create_level(s, level, &xb), MHO_OK);
        assert_int_equal(mho_crossbar_set_order(xb, order), MHO_OK);
        assert_int_equal(mho_crossbar_set_errors(xb, error), MHO_OK);
        assert_int_equal(mho_crossbar_program(xb, g_plus, g_minus), MHO_OK);
        if (noise)
            assert_int_equal(mho_crossbar_set_noise(xb, variance, NULL), MHO_OK);
        run(xb, images, noise ? &reading : NULL, sums[level == MHO_CPU_REF ? 0 : 1]);
        const size_t P = xb->positions, count = images * s->columns * P;
        for (size_t i = 0; level != MHO_CPU_REF && i < count; ++i)
            if (sums[1][i] != sums[0][i])
                fail_msg("level %d, sum %zu: %d, want %d", (int)level, i, sums[1][i], sums[0][i]);
        for (size_t i = 0; !noise && level == MHO_CPU_REF && i < count; i += 1 + count / 97)
            assert_int_equal(sums[0][i],
                             votes(s, xb, i / P / s->columns, i / P % s->columns, i % P));
        mho_crossbar_destroy(xb);
    }
}

static void rows_are_where_they_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < 24; ++i) {
        const mho_crossbar_shape s = random_shape(i % 3 == 0);
        check(&s, i % 4 == 1, i % 5 == 2);
    }
}

/* Not whole permutations; and the order goes again. */
static void what_is_no_order_is_refused(void **state)
{
    (void)state;
    const mho_crossbar_shape s = flat_shape(4, 1, 2, 1);
    static const uint32_t twice[] = {0, 1, 1, 3}, beyond[] = {0, 1, 2, 4}, well[] = {3, 1, 2, 0};
    mho_crossbar *xb;
    assert_int_equal(mho_crossbar_create(&s, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_set_order(xb, twice), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "order[2] = 1"));
    assert_int_equal(mho_crossbar_set_order(xb, beyond), MHO_EDOMAIN);
    assert_int_equal(mho_crossbar_set_order(xb, well), MHO_OK);
    assert_int_equal(mho_crossbar_set_order(xb, NULL), MHO_OK);
    mho_crossbar_destroy(xb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_where_they_are_told),
        cmocka_unit_test(what_is_no_order_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
