/* SPDX-License-Identifier: Apache-2.0 */
/* A product on crossbars, and what it is by definition. */
#ifndef MHO_TEST_PROBLEM_H
#define MHO_TEST_PROBLEM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "crossbar/cells.h"
#include "crossbar/crossbar_impl.h"
#include "flat_shape.h"

#ifndef MHO_TEST_SHARE
#define MHO_TEST_SHARE 1 /* of the random cases, where a kernel is emulated */
#endif

static uint64_t random_state = 20240607;

static inline uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(((random_state >> 32) * below) >> 32);
}

typedef struct problem {
    mho_crossbar_shape shape;
    mho_converter converter;
    bool per_pair;
    size_t n, rows, h_out, w_out, turn, pixels; /* by which rows turn; that are worked on, 0: all */
    size_t at_once;                             /* columns of a run; 0: all */
    int16_t *g_plus, *g_minus;
    uint8_t *map;
    int32_t *sum, *want;
} problem;

static inline size_t inputs(const problem *p)
{
    return p->n * p->shape.window.c * p->shape.window.h * p->shape.window.w;
}

static inline size_t outputs(const problem *p)
{
    return p->n * p->shape.columns * p->h_out * p->w_out;
}

static inline void fill(problem *p, int32_t low, int32_t high)
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

static inline void clear(problem *p)
{
    free(p->g_plus);
    free(p->g_minus);
    free(p->map);
    free(p->sum);
    free(p->want);
}

static inline int64_t code_of(const mho_converter *converter, int64_t s)
{
    if (converter->codes == 0)
        return s;
    int64_t code = 0;
    while (code < converter->codes - 1 && s >= converter->edge + code * (int64_t)converter->step)
        ++code;
    return code;
}

static inline int64_t input_at(const problem *p, size_t image, size_t r, size_t y, size_t x)
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

static inline int64_t expected(const problem *p, size_t image, size_t c, size_t y, size_t x)
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

static inline void expect_all(problem *p)
{
    size_t i = 0;
    for (size_t image = 0; image < p->n; ++image)
        for (size_t c = 0; c < p->shape.columns; ++c)
            for (size_t y = 0; y < p->h_out; ++y)
                for (size_t x = 0; x < p->w_out; ++x)
                    p->want[i++] = (int32_t)expected(p, image, c, y, x);
}

static inline void run(problem *p, mho_cpu level)
{
    mho_crossbar *xb;
    mho_crossbar_work *work;
    assert_int_equal(mhoi_crossbar_create_level(&p->shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, p->g_plus, p->g_minus), MHO_OK);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    if (p->shape.turn)
        mho_crossbar_work_turn(xb, work, p->turn, p->pixels);
    const size_t columns = p->shape.columns, step = p->at_once ? p->at_once : columns;
    for (size_t c = 0; c < columns; c += step) {
        if (p->at_once)
            mhoi_crossbar_work_columns(xb, work, c, columns - c < step ? columns - c : step);
        mho_crossbar_run(xb, work, &p->converter, p->per_pair, p->n, p->map, p->sum, NULL);
    }
    const size_t pixels = p->pixels ? p->pixels : p->n * p->h_out * p->w_out;
    assert_int_equal(mho_crossbar_work_counts(work).row_drives, pixels * p->rows);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

static inline void expect_same(const problem *p, size_t number, mho_cpu level)
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

static inline problem random_problem(void)
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
static inline void compare(problem *p, size_t number)
{
    expect_all(p);
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); ++level) {
        memset(p->sum, 0x55, outputs(p) * sizeof *p->sum);
        run(p, level);
        expect_same(p, number, level);
    }
}

static inline problem connected(size_t rows, size_t columns, size_t crossbar_rows, size_t n)
{
    return (problem){.n = n, .shape = flat_shape(rows, columns, crossbar_rows, 1)};
}

/* Every pair (low, high) or (high, low). */
static inline void make_ideal(problem *p)
{
    const int16_t low = (int16_t)(7 * draw(3)), high = (int16_t)(low + 1 + (int16_t)draw(4000));
    for (size_t i = 0; i < p->rows * p->shape.columns; ++i) {
        const bool up = draw(2);
        p->g_plus[i] = up ? high : low;
        p->g_minus[i] = up ? low : high;
    }
}

#endif
