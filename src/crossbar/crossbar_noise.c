/* SPDX-License-Identifier: Apache-2.0 */
/* Noise of reads: variances of cells as integers that the same kernels sum, and the draws of outputs
 * (docs/models/crossbar.md eq. (8) to (10)). */
#include <math.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "base/rng.h"
#include "crossbar/crossbar_impl.h"

enum {
    LARGEST = 4095, /* of a pair: bundles keep their rows, and as many add up in 16 bits */
    LARGEST_COUNTED = 1 << 24,   /* where no tables are needed */
    TOTAL_BITS = 1 << 30,        /* of a column, 1-bit inputs */
    TOTAL_BYTES = (1 << 23) - 9, /* multi-bit inputs: times 255 it fits 32 bits */
    NOISE_LAYER = 0x8000,
};
#define NORMAL_MAX 7.0 /* no draw is larger: sqrt(-2 ln 2^-33) = 6.8 */

typedef struct extent {
    double largest, total; /* of a pair; of the pairs of a column and row group */
    double noise;          /* of a sum at most */
} extent;

static mho_status check_variance(const char *side, size_t i, const float *variance)
{
    if (!variance || (variance[i] >= 0 && isfinite(variance[i])))
        return MHO_OK;
    return mho_error(MHO_EDOMAIN, "crossbar: variance_%s[%zu] = %g, want 0 or more", side, i,
                     (double)variance[i]);
}

static double pair_at(const float *plus, const float *minus, size_t i)
{
    return (plus ? (double)plus[i] : 0) + (minus ? (double)minus[i] : 0);
}

static mho_status measure(const mho_crossbar *xb, const float *plus, const float *minus, extent *e)
{
    mho_status s = MHO_OK;
    double total = 0;
    *e = (extent){0};
    for (size_t i = 0; !s && i < xb->rows * xb->shape.columns; ++i) {
        s = check_variance("plus", i, plus);
        if (!s)
            s = check_variance("minus", i, minus);
        const double v = pair_at(plus, minus, i);
        total = i % xb->rows % xb->shape.crossbar_rows ? total + v : v;
        e->largest = fmax(e->largest, v);
        e->total = fmax(e->total, total);
    }
    const double top = xb->shape.input_bits == 1 ? 1 : ldexp(1, (int)xb->shape.input_bits) - 1;
    const double sum = (double)mhoi_largest_sum(xb, xb->g_plus, xb->g_minus);
    const double noise = e->noise = NORMAL_MAX * top * sqrt(e->total);
    if (!s && sum + noise > INT32_MAX - 2)
        s = mho_error(MHO_EDOMAIN, "crossbar: a sum may reach %g with noise of %g, want at most %d",
                      sum, noise, INT32_MAX);
    return s;
}

/* One conductance, one variance: those of low and of high cells, where inputs are bits. */
static bool two_variances(mho_crossbar *xb, const float *plus, const float *minus, float *low,
                          float *high)
{
    if (xb->shape.input_bits != 1 || !plus || !minus || !mhoi_two_valued(xb, &xb->low, &xb->high))
        return false;
    const bool first_low = xb->g_plus[0] == xb->low;
    *low = first_low ? plus[0] : minus[0];
    *high = first_low ? minus[0] : plus[0];
    for (size_t i = 0; i < xb->rows * xb->shape.columns; ++i) {
        const bool is_low = xb->g_plus[i] == xb->low;
        if (plus[i] != (is_low ? *low : *high) || minus[i] != (is_low ? *high : *low))
            return false;
    }
    return true;
}

/* The smallest power of two that keeps the integers within their bounds. */
static double unit_of(const mho_crossbar *xb, extent e, double largest)
{
    const double total = xb->shape.input_bits == 1 ? TOTAL_BITS : TOTAL_BYTES;
    const double least = fmax(fmax(e.largest / largest, e.total / total), 0x1p-100);
    int exponent;
    const double mantissa = frexp(least, &exponent);
    return ldexp(1, mantissa == 0.5 ? exponent - 1 : exponent);
}

/* Rounded, and what is left goes to the next cell of the column's row group. */
static void round_side(const mho_crossbar *xb, const float *variance, double unit, int16_t *out)
{
    double left = 0;
    for (size_t i = 0; i < xb->rows * xb->shape.columns; ++i) {
        if (i % xb->rows % xb->shape.crossbar_rows == 0)
            left = 0;
        const double v = (variance ? (double)variance[i] / unit : 0) + left;
        out[i] = (int16_t)floor(v + 0.5);
        left = v - out[i];
    }
}

static mho_status set_cells(mho_crossbar *xb, const float *const variance[2], double unit)
{
    const size_t cells = xb->rows * xb->shape.columns;
    mho_status s = MHO_OK;
    for (int side = 0; !s && side < 2; ++side) {
        if (!xb->variance[side])
            s = mhoi_alloc(&xb->variance[side], cells + MHOI_BUNDLE_ROWS, sizeof **xb->variance,
                           "variances");
        if (!s)
            round_side(xb, variance[side], unit, xb->variance[side]);
    }
    return s;
}

static void drop_cells(mho_crossbar *xb)
{
    mhoi_free(&xb->variance[0]);
    mhoi_free(&xb->variance[1]);
}

/* In the order of the word lines. */
static mho_status set_noise(mho_crossbar *xb, const float *variance_plus,
                            const float *variance_minus)
{
    const float *const variance[2] = {variance_plus, variance_minus};
    float low, high;
    extent e;
    MHO_ASSERT(!xb->bare);
    mho_status s = measure(xb, variance_plus, variance_minus, &e);
    if (s)
        return s;
    const bool two = two_variances(xb, variance_plus, variance_minus, &low, &high);
    const double unit = unit_of(xb, e, two ? LARGEST_COUNTED : LARGEST);
    xb->noisy = e.largest > 0;
    xb->noise_most = e.noise;
    xb->noise_unit = (float)unit;
    if (two || !xb->noisy)
        drop_cells(xb);
    else
        s = set_cells(xb, variance, unit);
    if (two) {
        xb->variance_low = (int32_t)lrint((double)low / unit);
        xb->variance_high = (int32_t)lrint((double)high / unit);
    }
    if (!s)
        s = mhoi_crossbar_build(xb, MHOI_VAR_PLUS);
    if (s)
        xb->noisy = false;
    return s;
}

mho_status mho_crossbar_set_noise(mho_crossbar *xb, const float *variance_plus,
                                  const float *variance_minus)
{
    const size_t cells = xb->rows * xb->shape.columns;
    const float *const in[2] = {variance_plus, variance_minus};
    float *out[2] = {NULL, NULL};
    mho_status s = MHO_OK;
    if (!xb->order)
        return set_noise(xb, variance_plus, variance_minus);
    for (int side = 0; !s && side < 2; ++side) {
        if (!in[side])
            continue;
        s = mhoi_alloc(&out[side], cells, sizeof **out, "variances");
        if (!s)
            mhoi_order_variances(xb, in[side], out[side]);
    }
    if (!s)
        s = set_noise(xb, out[0], out[1]);
    mhoi_free(&out[0]);
    mhoi_free(&out[1]);
    return s;
}

mho_status mho_crossbar_set_references(mho_crossbar *xb, const uint32_t *column)
{
    const size_t columns = xb->shape.columns;
    for (size_t c = 0; column && c < columns; ++c)
        if (column[c] >= columns)
            return mho_error(MHO_EDOMAIN, "crossbar: reference of column %zu = %u, want 0..%zu", c,
                             column[c], columns - 1);
    mhoi_free(&xb->reference);
    if (!column)
        return MHO_OK;
    mho_status s = mhoi_alloc(&xb->reference, columns, sizeof *xb->reference, "references");
    for (size_t c = 0; !s && c < columns; ++c)
        xb->reference[c] = column[c];
    return s;
}

void mhoi_noise_draw(const mho_crossbar *xb, const mho_reading *reading, size_t k, size_t c,
                     size_t side, uint64_t pixel, size_t n, float *normal)
{
    const size_t column = side && xb->reference ? xb->reference[c] : c;
    const uint64_t output = 2 * ((uint64_t)k * xb->shape.columns + column) + side;
    MHO_ASSERT(reading->layer < NOISE_LAYER && reading->array < 1 << 16);
    MHO_ASSERT(output <= UINT32_MAX && pixel + n <= UINT64_C(1) << MHO_READING_PIXEL_BITS);
    const mhoi_stream stream = {.seed = reading->seed,
                                .trial = reading->trial,
                                .layer = reading->layer | NOISE_LAYER,
                                .array = (uint32_t)output};
    mhoi_rng_normal(&stream, (uint64_t)reading->array << MHO_READING_PIXEL_BITS | pixel, n, normal);
}
