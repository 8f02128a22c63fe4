/* SPDX-License-Identifier: Apache-2.0 */
/* Quantization: q = saturate(round(x / scale) + zero), x = (q - zero) scale; and sums of quantized numbers, exactly.
 * Rounding is to the nearest, to even between two. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/conv.h"
#include "ops/matmul.h"

/* Scale and zero of each element: one for all, one a slice of an axis, or one a block along it. */
typedef struct coding {
    const mho_array *scale, *zero;
    size_t inner, size, block, blocks; /* block 0: a slice */
} coding;

static mho_status coding_of(const mho_array *x, const mho_array *scale, const mho_array *zero,
                            int64_t axis_told, int64_t block, coding *out)
{
    size_t axis = 0;
    *out = (coding){.scale = scale, .zero = zero, .inner = 1, .size = 1};
    if (zero && zero->count != scale->count)
        return mho_error(MHO_EFORMAT, "%zu zeros of %zu scales", zero->count, scale->count);
    if (scale->count == 1)
        return MHO_OK;
    mho_status s = mhoi_axis(axis_told, x->rank, &axis);
    if (s)
        return s;
    out->inner = mhoi_product(x->size, axis + 1, x->rank);
    out->size = x->size[axis];
    if (scale->rank == 1 && block == 0)
        return scale->count == out->size
                   ? MHO_OK
                   : mho_error(MHO_EFORMAT, "%zu scales of %zu slices", scale->count, out->size);
    if (block < 1 || scale->rank != x->rank)
        return mho_error(MHO_EFORMAT, "scales of %zu dimensions in blocks of %lld", scale->rank,
                         (long long)block);
    out->block = (size_t)block;
    out->blocks = (out->size + out->block - 1) / out->block;
    for (size_t k = 0; k < x->rank; k++)
        if (scale->size[k] != (k == axis ? out->blocks : x->size[k]))
            return mho_error(MHO_EFORMAT, "%zu scales along axis %zu", scale->size[k], k);
    return MHO_OK;
}

static size_t place_of(const coding *d, size_t i)
{
    if (d->scale->count == 1)
        return 0;
    const size_t at = i / d->inner % d->size;
    if (!d->block)
        return at;
    return (i / (d->inner * d->size) * d->blocks + at / d->block) * d->inner + i % d->inner;
}

static double zero_at(const coding *d, size_t i)
{
    return d->zero ? mho_array_number(d->zero, place_of(d, i)) : 0;
}

static double saturate(double value, mho_type type)
{
    int64_t low, high;
    mhoi_type_range(type, &low, &high);
    value = value < (double)low ? (double)low : value;
    return value > (double)high ? (double)high : value;
}

/* The quotient is one of floats, as runtimes form it. */
static double quantize(double x, double scale, double zero, mho_type type)
{
    return saturate((double)nearbyintf((float)x / (float)scale) + zero, type);
}

static mho_status want_code(mho_type type)
{
    if (mhoi_type_kind(type) == MHOI_KIND_WHOLE && mho_type_bytes(type) && type != MHO_TYPE_BOOL)
        return MHO_OK;
    if (mhoi_type_is_small_float(type))
        return MHO_OK;
    return mho_error(MHO_ENOTMODELED, "codes of type %s", mho_type_name(type));
}

/* --- QuantizeLinear, DequantizeLinear */

static mho_type code_type(const mhoi_call *c)
{
    const int64_t told = mhoi_attr_int(c->op, "output_dtype", 0);
    if (mhoi_in(c, 2))
        return c->in[2]->type;
    return told ? (mho_type)told : MHO_TYPE_UINT8;
}

static mho_status quantize_shape(mhoi_call *c)
{
    coding d;
    mho_status s = want_code(code_type(c));
    if (!s)
        s = coding_of(c->in[0], c->in[1], mhoi_in(c, 2), mhoi_attr_int(c->op, "axis", 1),
                      mhoi_attr_int(c->op, "block_size", 0), &d);
    return s ? s : mhoi_out_like(c, 0, code_type(c), c->in[0]);
}

/* Codes that are floats themselves: those round, and there is no zero but 0. */
static void quantize_small(mhoi_call *c, const coding *d)
{
    const bool saturates = mhoi_attr_int(c->op, "saturate", 1) != 0;
    for (size_t i = 0; i < c->out->count; i++) {
        const float x = (float)mho_array_number(c->in[0], i),
                    scale = (float)mho_array_number(d->scale, place_of(d, i));
        ((uint8_t *)c->out->data)[i] =
            mhoi_small_from(c->out->type, (double)(x / scale) + zero_at(d, i), saturates);
    }
}

static mho_status quantize_run(mhoi_call *c)
{
    coding d;
    mho_status s = coding_of(c->in[0], c->in[1], mhoi_in(c, 2), mhoi_attr_int(c->op, "axis", 1),
                             mhoi_attr_int(c->op, "block_size", 0), &d);
    if (!s && mhoi_type_is_small_float(c->out->type)) {
        quantize_small(c, &d);
        return MHO_OK;
    }
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double q =
            quantize(mho_array_number(c->in[0], i), mho_array_number(d.scale, place_of(&d, i)),
                     zero_at(&d, i), c->out->type);
        mhoi_array_set_reals(c->out, i, 1, &q);
    }
    return s;
}

static mho_status dequantize_shape(mhoi_call *c)
{
    coding d;
    mho_status s = want_code(c->in[0]->type);
    if (!s)
        s = coding_of(c->in[0], c->in[1], mhoi_in(c, 2), mhoi_attr_int(c->op, "axis", 1),
                      mhoi_attr_int(c->op, "block_size", 0), &d);
    return s ? s : mhoi_out_like(c, 0, c->in[1]->type, c->in[0]);
}

static mho_status dequantize_run(mhoi_call *c)
{
    coding d;
    mho_status s = coding_of(c->in[0], c->in[1], mhoi_in(c, 2), mhoi_attr_int(c->op, "axis", 1),
                             mhoi_attr_int(c->op, "block_size", 0), &d);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double x = (mho_array_number(c->in[0], i) - zero_at(&d, i)) *
                         mho_array_number(d.scale, place_of(&d, i));
        mhoi_array_set_reals(c->out, i, 1, &x);
    }
    return s;
}

static mho_status dynamic_shape(mhoi_call *c)
{
    mho_status s = mhoi_out_like(c, 0, MHO_TYPE_UINT8, c->in[0]);
    if (!s)
        s = mhoi_out(c, 1, MHO_TYPE_FLOAT, 0, NULL);
    return s ? s : mhoi_out(c, 2, MHO_TYPE_UINT8, 0, NULL);
}

/* The range of the values, with 0 in it, to 0..255. */
static mho_status dynamic_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    float low = 0, high = 0;
    for (size_t i = 0; i < x->count; i++) {
        const float v = (float)mho_array_number(x, i);
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    const float scale = (high - low) / 255.0F;
    const double zero = scale > 0 ? saturate((double)nearbyintf(-low / scale), MHO_TYPE_UINT8) : 0;
    for (size_t i = 0; i < x->count; i++) {
        const double q =
            scale > 0 ? quantize(mho_array_number(x, i), (double)scale, zero, MHO_TYPE_UINT8) : 0;
        mhoi_array_set_reals(&c->out[0], i, 1, &q);
    }
    if (c->outputs > 1)
        mhoi_array_set_reals(&c->out[1], 0, 1, &(double){(double)scale});
    if (c->outputs > 2)
        mhoi_array_set_reals(&c->out[2], 0, 1, &zero);
    return MHO_OK;
}

/* --- sums of codes less their zero */

/* Input k as doubles, less its zero, which is input z (or none), one for all or one a slice of `axis`. */
static mho_status centered(const mhoi_call *c, size_t k, size_t z, int64_t axis, double **out)
{
    static float one = 1;
    const mho_array *x = c->in[k], *zero = mhoi_in(c, z);
    mho_array unit = {.type = MHO_TYPE_FLOAT, .count = 1, .data = &one};
    coding d = {.scale = &unit};
    mho_status s = zero ? coding_of(x, zero, zero, axis, 0, &d) : MHO_OK;
    if (!s)
        s = mhoi_doubles(x, out);
    for (size_t i = 0; !s && zero && i < x->count; i++)
        (*out)[i] -= zero_at(&d, i);
    return s;
}

static mho_status conv_sums(mhoi_call *c, const mhoi_conv_shape *g, size_t w, size_t xz, size_t wz,
                            double **y)
{
    double *a = NULL, *b = NULL;
    mho_status s = centered(c, 0, xz, 0, &a);
    if (!s)
        s = centered(c, w, wz, 0, &b);
    if (!s)
        s = mhoi_alloc(y, c->out->count, sizeof **y, c->op->name);
    if (!s)
        s = mhoi_conv_wholes(c, g, a, b, *y);
    mhoi_free(&b);
    mhoi_free(&a);
    return s;
}

static mho_status conv_integer_shape(mhoi_call *c)
{
    mhoi_conv_shape g;
    mho_status s = want_code(c->in[0]->type);
    if (!s)
        s = mhoi_conv_geometry(c, c->in[0], c->in[1], &g);
    return s ? s : mhoi_conv_out(c, MHO_TYPE_INT32, c->in[0], &g);
}

static mho_status conv_integer_run(mhoi_call *c)
{
    mhoi_conv_shape g;
    double *y = NULL;
    mho_status s = mhoi_conv_geometry(c, c->in[0], c->in[1], &g);
    if (!s)
        s = conv_sums(c, &g, 1, 2, 3, &y);
    if (!s)
        mhoi_put_doubles(c, 0, y);
    mhoi_free(&y);
    return s;
}

/* x, scale, zero, w, scale, zero, scale and zero of y, bias */
static mho_status qconv_shape(mhoi_call *c)
{
    mhoi_conv_shape g;
    mho_status s = want_code(c->in[7]->type);
    if (!s)
        s = mhoi_conv_geometry(c, c->in[0], c->in[3], &g);
    if (!s && ((c->in[4]->count != 1 && c->in[4]->count != g.out) || c->in[1]->count != 1 ||
               c->in[6]->count != 1 || c->in[7]->count != 1 ||
               (mhoi_in(c, 8) && c->in[8]->count != g.out)))
        s = mho_error(MHO_EFORMAT, "scales, zeros or biases do not fit");
    return s ? s : mhoi_conv_out(c, c->in[7]->type, c->in[0], &g);
}

static mho_status qconv_run(mhoi_call *c)
{
    mhoi_conv_shape g;
    double *y = NULL;
    mho_status s = mhoi_conv_geometry(c, c->in[0], c->in[3], &g);
    if (!s)
        s = conv_sums(c, &g, 3, 2, 5, &y);
    const size_t area = mhoi_product(g.window.out, 0, g.window.space);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const size_t o = i / area % g.out;
        const double scale = mho_array_number(c->in[1], 0) *
                             mho_array_number(c->in[4], c->in[4]->count == 1 ? 0 : o) /
                             mho_array_number(c->in[6], 0);
        const double sum = y[i] + (mhoi_in(c, 8) ? mho_array_number(c->in[8], o) : 0);
        y[i] = saturate(nearbyint(sum * scale) + mho_array_number(c->in[7], 0), c->out->type);
    }
    if (!s)
        mhoi_put_doubles(c, 0, y);
    mhoi_free(&y);
    return s;
}

/* Zeros of the left matrix are one for all or one a row, of the right one a column. */
static mho_status product_sums(mhoi_call *c, size_t b, size_t az, size_t bz, double **y)
{
    mhoi_product_sizes p;
    double *left = NULL, *right = NULL;
    mho_status s = mhoi_product_shape(c->in[0], c->in[b], &p);
    if (!s)
        s = centered(c, 0, az, c->in[0]->rank > 1 ? -2 : -1, &left);
    if (!s)
        s = centered(c, b, bz, -1, &right);
    if (!s)
        s = mhoi_alloc(y, c->out->count, sizeof **y, c->op->name);
    if (!s)
        mhoi_product_reals(&p, left, right, *y);
    mhoi_free(&right);
    mhoi_free(&left);
    return s;
}

static mho_status matmul_integer_shape(mhoi_call *c)
{
    mhoi_product_sizes p;
    mho_status s = want_code(c->in[0]->type);
    if (!s)
        s = mhoi_product_shape(c->in[0], c->in[1], &p);
    return s ? s : mhoi_product_out(c, MHO_TYPE_INT32, &p);
}

static mho_status matmul_integer_run(mhoi_call *c)
{
    double *y = NULL;
    mho_status s = product_sums(c, 1, 2, 3, &y);
    if (!s)
        mhoi_put_doubles(c, 0, y);
    mhoi_free(&y);
    return s;
}

/* a, scale, zero, b, scale, zero, scale and zero of y */
static mho_status qmatmul_shape(mhoi_call *c)
{
    mhoi_product_sizes p;
    mho_status s = want_code(c->in[7]->type);
    if (!s)
        s = mhoi_product_shape(c->in[0], c->in[3], &p);
    if (!s && (c->in[6]->count != 1 || c->in[7]->count != 1 ||
               (c->in[1]->count != 1 && c->in[1]->count != p.m) ||
               (c->in[4]->count != 1 && c->in[4]->count != p.n)))
        s = mho_error(MHO_ENOTMODELED,
                      "scales that are neither one for all nor one a row or column");
    return s ? s : mhoi_product_out(c, c->in[7]->type, &p);
}

static mho_status qmatmul_run(mhoi_call *c)
{
    mhoi_product_sizes p;
    double *y = NULL;
    mho_status s = mhoi_product_shape(c->in[0], c->in[3], &p);
    if (!s)
        s = product_sums(c, 3, 2, 5, &y);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double scale = mho_array_number(c->in[1], c->in[1]->count == 1 ? 0 : i / p.n % p.m) *
                             mho_array_number(c->in[4], c->in[4]->count == 1 ? 0 : i % p.n) /
                             mho_array_number(c->in[6], 0);
        y[i] = saturate(nearbyint(y[i] * scale) + mho_array_number(c->in[7], 0), c->out->type);
    }
    if (!s)
        mhoi_put_doubles(c, 0, y);
    mhoi_free(&y);
    return s;
}

/* --- QONNX: numbers rounded to codes and back, codes of any number of bits */

static double rounded(double x, const char *mode)
{
    switch (mode[0]) {
    case 'F':
        return floor(x);
    case 'C':
        return ceil(x);
    case 'R':
        return strcmp(mode, "ROUND_TO_ZERO") == 0 ? trunc(x) : nearbyint(x);
    default: /* HALF_EVEN */
        return nearbyint(x);
    }
}

static mho_status qonnx_shape(mhoi_call *c)
{
    static const char *const modes[] = {"ROUND", "ROUND_TO_ZERO", "FLOOR", "CEIL", "HALF_EVEN"};
    const char *mode = mhoi_attr_text(c->op, "rounding_mode", "ROUND");
    bool known = false;
    size_t rank, size[MHOI_RANK_MAX];
    for (size_t k = 0; k < sizeof modes / sizeof *modes; k++)
        known = known || strcmp(mode, modes[k]) == 0;
    if (!known)
        return mho_error(MHO_ENOTMODELED, "rounding_mode = %s", mode);
    mho_status s = mhoi_want_real(c, 0);
    for (size_t k = 1; !s && k < 4; k++) {
        s = mhoi_broadcast(c->in[0], c->in[k], &rank, size);
        if (!s && (rank != c->in[0]->rank || memcmp(size, c->in[0]->size, rank * sizeof *size)))
            s = mho_error(MHO_EFORMAT, "input %zu is larger than input 0", k);
    }
    return s ? s : mhoi_same_shape(c);
}

static mho_status qonnx_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const char *mode = mhoi_attr_text(c->op, "rounding_mode", "ROUND");
    const bool is_signed = mhoi_attr_int(c->op, "signed", 1) != 0;
    const double narrow = mhoi_attr_int(c->op, "narrow", 0) ? 1 : 0;
    size_t index[MHOI_RANK_MAX] = {0}, stride[4][MHOI_RANK_MAX];
    double v[4];
    for (size_t k = 1; k < 4; k++)
        mhoi_broadcast_strides(c->in[k], x->rank, stride[k]);
    for (size_t i = 0; i < x->count; i++) {
        v[0] = mho_array_number(x, i);
        for (size_t k = 1; k < 4; k++)
            v[k] = mho_array_number(c->in[k], mhoi_offset(x->rank, index, stride[k]));
        const double half = exp2(v[3] - 1), low = is_signed ? -half + narrow : 0;
        const double high = is_signed ? half - 1 : 2 * half - 1 - narrow;
        double q = v[0] / v[1] + v[2];
        q = q < low ? low : q > high ? high : q;
        const double y = (rounded(q, mode) - v[2]) * v[1];
        mhoi_array_set_reals(c->out, i, 1, &y);
        (void)mhoi_next(x->rank, x->size, index);
    }
    return MHO_OK;
}

#define QONNX(domain)                                                                              \
    {                                                                                              \
        "Quant", domain, 4, 4, 1, "signed narrow rounding_mode ", qonnx_shape, qonnx_run           \
    }
const mhoi_operator mhoi_ops_quant[] = {
    {"QuantizeLinear", "", 2, 3, 1, "axis block_size output_dtype saturate precision ",
     quantize_shape, quantize_run},
    {"DequantizeLinear", "", 2, 3, 1, "axis block_size output_dtype ", dequantize_shape,
     dequantize_run},
    {"DynamicQuantizeLinear", "", 1, 1, 3, "", dynamic_shape, dynamic_run},
    {"ConvInteger", "", 2, 4, 1, MHOI_WINDOW_ATTRIBUTES "group ", conv_integer_shape,
     conv_integer_run},
    {"QLinearConv", "", 8, 9, 1, MHOI_WINDOW_ATTRIBUTES "group ", qconv_shape, qconv_run},
    {"MatMulInteger", "", 2, 4, 1, "", matmul_integer_shape, matmul_integer_run},
    {"QLinearMatMul", "", 8, 8, 1, "", qmatmul_shape, qmatmul_run},
    QONNX("qonnx.custom_op.general"),
    QONNX("onnx.brevitas"),
    QONNX("finn.custom_op.general"),
    {0}};
