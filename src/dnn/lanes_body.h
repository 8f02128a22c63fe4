/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of lanes.h; included once for each instruction set, with MHOI_LANES_TABLE naming the table,
 * WIDTH the floats of a register and COLUMNS the output channels whose four pixels fill the registers. */
#include <string.h>

#include "dnn/lanes.h"

enum { PIXELS = 4 };

typedef float vec __attribute__((vector_size(WIDTH * sizeof(float))));
typedef int32_t mask __attribute__((vector_size(WIDTH * sizeof(float))));
#define INLINE __attribute__((always_inline)) static inline
#define UNROLL _Pragma("GCC unroll 8")

INLINE vec load(const float *from)
{
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE vec larger(vec a, vec b)
{
    const mask m = a > b;
    return (vec)((m & (mask)a) | (~m & (mask)b));
}

/* Four output pixels of COLUMNS channels, WIDTH images: x + at[p] is where pixel p's window starts. */
INLINE void tile(const mho_node *n, const float *x, const size_t *at, const float *w,
                 const float *bias, vec (*sum)[PIXELS])
{
    const size_t run = n->kw * n->in.c, row = n->in.w * n->in.c * MHOI_LANES;
    vec s[COLUMNS][PIXELS];
    UNROLL for (size_t c = 0; c < COLUMNS; ++c) UNROLL for (size_t p = 0; p < PIXELS; ++p) s[c][p] =
        (vec){0} + bias[c];
    for (size_t ky = 0; ky < n->kh; ++ky) {
        const float *x0 = x + ky * row + at[0], *x1 = x + ky * row + at[1];
        const float *x2 = x + ky * row + at[2], *x3 = x + ky * row + at[3];
        for (size_t i = 0; i < run * MHOI_LANES; i += MHOI_LANES, w += COLUMNS) {
            const vec v0 = load(x0 + i), v1 = load(x1 + i), v2 = load(x2 + i), v3 = load(x3 + i);
            UNROLL for (size_t c = 0; c < COLUMNS; ++c)
            {
                s[c][0] += v0 * w[c];
                s[c][1] += v1 * w[c];
                s[c][2] += v2 * w[c];
                s[c][3] += v3 * w[c];
            }
        }
    }
    memcpy(sum, s, sizeof s);
}

typedef struct finish {
    bool pool, relu;
    float slope;
} finish;

INLINE void put(const finish *f, vec v, float *to)
{
    if (f->relu) {
        const mask m = v > (vec){0};
        v = (vec)((m & (mask)v) | (~m & (mask)(v * f->slope)));
    }
    memcpy(to, &v, sizeof v);
}

/* Four pixels of one group of channels; y + to[p] is where pixel p (pooled: the only one) goes. */
INLINE void pixels(const mho_node *n, const finish *f, const size_t *at, const size_t *to,
                   size_t first, const float *w, const float *bias, const float *x, float *y)
{
    const size_t left = n->out.c - first, columns = left < COLUMNS ? left : COLUMNS;
    for (size_t lane = 0; lane < MHOI_LANES; lane += WIDTH) {
        vec s[COLUMNS][PIXELS];
        tile(n, x + lane, at, w, bias, s);
        for (size_t c = 0; c < columns; ++c) {
            float *out = y + (first + c) * MHOI_LANES + lane;
            if (f->pool)
                put(f, larger(larger(s[c][0], s[c][1]), larger(s[c][2], s[c][3])), out + to[0]);
            for (size_t p = 0; !f->pool && p < PIXELS; ++p)
                put(f, s[c][p], out + to[p]);
        }
    }
}

/* Pixels q .. q + 3 of the output (the last one again beyond its end), or window q of the pooled output. */
static void place(const mho_node *n, bool pool, size_t q, size_t *at, size_t *to)
{
    const size_t width = pool ? n->out.w / 2 : n->out.w, count = n->out.h * n->out.w;
    for (size_t p = 0; p < PIXELS; ++p) {
        const size_t pixel = pool ? q : q + p < count ? q + p : count - 1;
        const size_t h = pool ? pixel / width * 2 + p / 2 : pixel / width;
        const size_t v = pool ? pixel % width * 2 + p % 2 : pixel % width;
        at[p] = (h * n->stride_h * n->in.w + v * n->stride_w) * n->in.c * MHOI_LANES;
        to[p] = pixel * n->out.c * MHOI_LANES;
    }
}

static void conv(const mho_node *n, bool pool, bool relu, float slope, const float *packed,
                 const float *bias, const float *x, float *y)
{
    const finish f = {.pool = pool, .relu = relu, .slope = slope};
    const size_t taps = n->kh * n->kw * n->in.c, count = n->out.h * n->out.w;
    for (size_t q = 0; q < (pool ? count / 4 : count); q += pool ? 1 : PIXELS) {
        size_t at[PIXELS], to[PIXELS];
        place(n, pool, q, at, to);
        for (size_t first = 0; first < n->out.c; first += COLUMNS) {
            float b[COLUMNS] = {0};
            for (size_t c = 0; bias && c < COLUMNS && first + c < n->out.c; ++c)
                b[c] = bias[first + c];
            pixels(n, &f, at, to, first, packed + first * taps, b, x, y);
        }
    }
}

const mhoi_lanes MHOI_LANES_TABLE = {.columns = COLUMNS, .conv = conv};
