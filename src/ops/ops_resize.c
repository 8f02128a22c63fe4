/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample: one axis after the other, each output position a weighted sum of few input positions. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

typedef enum method { NEAREST, LINEAR, CUBIC } method;

typedef struct resizing {
    method method;
    const char *coordinates, *nearest;
    double cubic, extrapolated;
    bool exclude_outside, antialias;
    size_t rank, size[MHOI_RANK_MAX];
    double scale[MHOI_RANK_MAX], roi_start[MHOI_RANK_MAX], roi_end[MHOI_RANK_MAX];
    bool resized[MHOI_RANK_MAX];
} resizing;

/* The inputs of both operators through their sets: scales, sizes, region of interest. */
typedef struct sources {
    size_t scales, sizes, roi;
} sources;

static sources sources_of(const mhoi_operation *op)
{
    if (strcmp(op->op, "Upsample") == 0 || op->set < 11)
        return (sources){1, SIZE_MAX, SIZE_MAX};
    return (sources){2, 3, 1};
}

static mho_status axes_of(const mhoi_call *c, size_t *axis, size_t *count)
{
    const int64_t *ints;
    *count = mhoi_attr_ints(c->op, "axes", &ints);
    mho_status s = MHO_OK;
    if (*count > c->in[0]->rank)
        return mho_error(MHO_EFORMAT, "axes of %zu numbers", *count);
    for (size_t k = 0; !s && k < *count; k++)
        s = mhoi_axis(ints[k], c->in[0]->rank, &axis[k]);
    if (*count == 0) {
        *count = c->in[0]->rank;
        for (size_t k = 0; k < *count; k++)
            axis[k] = k;
    }
    return s;
}

static mho_status scale_values(const mhoi_call *c, size_t k, double *out, size_t count)
{
    const mho_array *a = k == SIZE_MAX ? NULL : mhoi_in(c, k);
    const mhoi_attr *attr = mhoi_attr_find(c->op, "scales");
    mho_status s = a ? mhoi_need_known(c, k) : MHO_OK;
    if (s)
        return s;
    if (a ? a->count != count : !attr || attr->kind != MHOI_ATTR_FLOATS || attr->count != count)
        return mho_error(MHO_EFORMAT, "scales are not %zu", count);
    for (size_t i = 0; i < count; i++) {
        out[i] = a ? mho_array_number(a, i) : (double)attr->floats[i];
        if (!(out[i] > 0 && out[i] < 0x1p31))
            return mho_error(MHO_EFORMAT, "scale %g", out[i]);
    }
    return MHO_OK;
}

/* Sizes may keep the image's proportions: the smallest or the largest of the scales is that of all axes. */
static void keep_proportions(resizing *r, const mho_array *x, const size_t *axis, size_t count,
                             bool larger)
{
    double scale = r->scale[axis[0]];
    for (size_t k = 1; k < count; k++)
        scale = (r->scale[axis[k]] > scale) == larger ? r->scale[axis[k]] : scale;
    for (size_t k = 0; k < count; k++) {
        r->scale[axis[k]] = scale;
        r->size[axis[k]] = (size_t)floor(scale * (double)x->size[axis[k]] + 0.5);
    }
}

static mho_status sizes_of(const mhoi_call *c, resizing *r)
{
    const mho_array *x = c->in[0];
    const sources from = sources_of(c->op);
    size_t axis[MHOI_RANK_MAX] = {0}, count, sizes = SIZE_MAX;
    int64_t want[MHOI_RANK_MAX];
    double scale[MHOI_RANK_MAX];
    mho_status s = axes_of(c, axis, &count);
    if (!s && from.sizes != SIZE_MAX)
        s = mhoi_numbers(c, from.sizes, NULL, MHOI_RANK_MAX, want, &sizes);
    const bool by_size = !s && sizes != SIZE_MAX && sizes > 0;
    if (!s && by_size && sizes != count)
        s = mho_error(MHO_EFORMAT, "sizes of %zu numbers, want %zu", sizes, count);
    if (!s && !by_size)
        s = scale_values(c, from.scales, scale, count);
    for (size_t k = 0; !s && k < count; k++) {
        const double n = (double)x->size[axis[k]];
        const double span = strcmp(r->coordinates, "tf_crop_and_resize") == 0
                                ? r->roi_end[axis[k]] - r->roi_start[axis[k]]
                                : 1;
        if (by_size && want[k] < 0)
            return mho_error(MHO_EFORMAT, "size %lld", (long long)want[k]);
        r->size[axis[k]] = by_size ? (size_t)want[k] : (size_t)floor(n * span * scale[k]);
        r->scale[axis[k]] = by_size ? (double)want[k] / n : scale[k];
        r->resized[axis[k]] = true;
    }
    const char *policy = mhoi_attr_text(c->op, "keep_aspect_ratio_policy", "stretch");
    if (!s && by_size && strcmp(policy, "stretch") != 0)
        keep_proportions(r, x, axis, count, strcmp(policy, "not_larger") != 0);
    return s;
}

static mho_status roi_of(const mhoi_call *c, resizing *r)
{
    const size_t k = sources_of(c->op).roi;
    const mho_array *roi = k == SIZE_MAX ? NULL : mhoi_in(c, k);
    size_t axis[MHOI_RANK_MAX] = {0}, count;
    mho_status s = axes_of(c, axis, &count);
    for (size_t i = 0; i < r->rank; i++)
        r->roi_end[i] = 1;
    if (s || !roi || strcmp(r->coordinates, "tf_crop_and_resize") != 0)
        return s;
    s = mhoi_need_known(c, k);
    if (!s && roi->count != 2 * count)
        s = mho_error(MHO_EFORMAT, "a region of %zu numbers, want %zu", roi->count, 2 * count);
    for (size_t i = 0; !s && i < count; i++) {
        r->roi_start[axis[i]] = mho_array_number(roi, i);
        r->roi_end[axis[i]] = mho_array_number(roi, i + count);
    }
    return s;
}

static mho_status resizing_of(const mhoi_call *c, resizing *r)
{
    const mho_array *x = c->in[0];
    const char *mode = mhoi_attr_text(c->op, "mode", "nearest");
    const bool old = strcmp(c->op->op, "Upsample") == 0 || c->op->set < 11;
    *r = (resizing){.coordinates = mhoi_attr_text(c->op, "coordinate_transformation_mode",
                                                  old ? "asymmetric" : "half_pixel"),
                    .nearest =
                        mhoi_attr_text(c->op, "nearest_mode", old ? "floor" : "round_prefer_floor"),
                    .cubic = (double)mhoi_attr_float(c->op, "cubic_coeff_a", -0.75F),
                    .extrapolated = (double)mhoi_attr_float(c->op, "extrapolation_value", 0),
                    .exclude_outside = mhoi_attr_int(c->op, "exclude_outside", 0) != 0,
                    .antialias = mhoi_attr_int(c->op, "antialias", 0) != 0,
                    .rank = x->rank};
    r->method = mode[0] == 'n' ? NEAREST : mode[0] == 'c' ? CUBIC : LINEAR;
    memcpy(r->size, x->size, x->rank * sizeof *r->size);
    for (size_t k = 0; k < x->rank; k++)
        r->scale[k] = 1;
    if (!strchr("nlcb", mode[0]))
        return mho_error(MHO_ENOTMODELED, "mode = %s", mode);
    mho_status s = roi_of(c, r);
    return s ? s : sizes_of(c, r);
}

static mho_status resize_shape(mhoi_call *c)
{
    resizing r;
    mho_status s = resizing_of(c, &r);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, r.rank, r.size);
}

/* --- positions */

/* Where position i of the output lies in the input; *known false: the mode is not. */
static double source_of(const resizing *r, size_t k, size_t i, size_t in, bool *known)
{
    const double at = (double)i, n = (double)in, m = (double)r->size[k], scale = r->scale[k];
    const char *mode = r->coordinates;
    *known = true;
    if (strcmp(mode, "asymmetric") == 0)
        return at / scale;
    if (strcmp(mode, "half_pixel") == 0)
        return (at + 0.5) / scale - 0.5;
    if (strcmp(mode, "pytorch_half_pixel") == 0)
        return r->size[k] > 1 ? (at + 0.5) / scale - 0.5 : 0;
    if (strcmp(mode, "align_corners") == 0)
        return r->size[k] > 1 ? at * (n - 1) / (scale * n - 1) : 0; /* not rounded */
    if (strcmp(mode, "tf_half_pixel_for_nn") == 0)                  /* of set 11 alone */
        return (at + 0.5) / scale;
    if (strcmp(mode, "half_pixel_symmetric") == 0)
        return n / 2 * (1 - m / (scale * n)) + (at + 0.5) / scale - 0.5;
    if (strcmp(mode, "tf_crop_and_resize") == 0)
        return r->size[k] > 1 ? r->roi_start[k] * (n - 1) +
                                    at * (r->roi_end[k] - r->roi_start[k]) * (n - 1) / (m - 1)
                              : 0.5 * (r->roi_start[k] + r->roi_end[k]) * (n - 1);
    *known = false;
    return 0;
}

static double nearest_of(double at, const char *mode)
{
    if (strcmp(mode, "round_prefer_floor") == 0)
        return ceil(at - 0.5);
    if (strcmp(mode, "round_prefer_ceil") == 0)
        return floor(at + 0.5);
    return mode[0] == 'f' ? floor(at) : ceil(at);
}

static double kernel(const resizing *r, double d)
{
    const double a = r->cubic;
    d = fabs(d);
    if (r->method == LINEAR)
        return d < 1 ? 1 - d : 0;
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

/* The input positions first..first+count-1, which may lie outside, and their weights. */
typedef struct taps {
    int64_t first;
    size_t count;
    double *weight; /* room for all that a scale needs */
} taps;

static void find_taps(const resizing *r, size_t k, double at, size_t in, taps *t)
{
    if (r->method == NEAREST) {
        const double near = nearest_of(at, r->nearest), last = (double)in - 1;
        t->first = (int64_t)(near < 0 ? 0 : near > last ? last : near);
        t->count = 1;
        t->weight[0] = 1;
        return;
    }
    const double shrink = r->antialias && r->scale[k] < 1 ? r->scale[k] : 1;
    const double reach = (r->method == LINEAR ? 1 : 2) / shrink;
    double sum = 0;
    t->first = (int64_t)floor(at - reach) + 1;
    t->count = (size_t)((int64_t)ceil(at + reach) - t->first);
    if (shrink == 1) {
        t->first = (int64_t)floor(at) - (r->method == LINEAR ? 0 : 1);
        t->count = r->method == LINEAR ? 2 : 4;
    }
    for (size_t i = 0; i < t->count; i++) {
        const int64_t p = t->first + (int64_t)i;
        const bool outside = p < 0 || p >= (int64_t)in;
        t->weight[i] = outside && r->exclude_outside ? 0 : kernel(r, ((double)p - at) * shrink);
        sum += t->weight[i];
    }
    for (size_t i = 0; i < t->count; i++)
        t->weight[i] /= sum != 0 ? sum : 1;
}

/* Position p of a line with `in` elements, `step` apart; the ends go on. */
static double element(const double *line, int64_t p, size_t in, size_t step)
{
    const int64_t last = (int64_t)in - 1;
    return line[(size_t)(p < 0 ? 0 : p > last ? last : p) * step];
}

/* One axis: x [outer][in][inner] to y [outer][out][inner]. */
static mho_status resize_axis(const resizing *r, size_t k, size_t outer, size_t in, size_t inner,
                              const double *x, double *y)
{
    const size_t out = r->size[k];
    const bool crop = strcmp(r->coordinates, "tf_crop_and_resize") == 0;
    taps t = {.weight = NULL};
    bool known = true;
    mho_status s =
        mhoi_alloc(&t.weight, (size_t)(4 / fmin(1, r->scale[k])) + 8, sizeof *t.weight, "Resize");
    for (size_t i = 0; !s && i < out; i++) {
        const double at = source_of(r, k, i, in, &known);
        if (!known)
            s = mho_error(MHO_ENOTMODELED, "coordinate_transformation_mode = %s", r->coordinates);
        if (s)
            break;
        const bool outside = crop && (at < 0 || at > (double)in - 1);
        find_taps(r, k, at, in, &t);
        for (size_t o = 0; o < outer; o++)
            for (size_t j = 0; j < inner; j++) {
                double sum = outside ? r->extrapolated : 0;
                for (size_t p = 0; !outside && p < t.count; p++)
                    if (t.weight[p] != 0)
                        sum += t.weight[p] *
                               element(x + o * in * inner + j, t.first + (int64_t)p, in, inner);
                y[(o * out + i) * inner + j] = sum;
            }
    }
    mhoi_free(&t.weight);
    return s;
}

/* Antialiased pixels of 8 bits are rounded behind each axis, the last one first, as libraries of pictures and onnxruntime do
 * it; the standard does not say.  Other whole numbers lose their fraction at the end. */
static void round_pixels(const mho_array *like, size_t count, double *x)
{
    int64_t low, high;
    mhoi_type_range(like->type, &low, &high);
    for (size_t i = 0; i < count; i++)
        x[i] = fmin((double)high, fmax((double)low, floor(x[i] + 0.5)));
}

static mho_status resize_run(mhoi_call *c)
{
    resizing r;
    double *x = NULL, *y = NULL;
    size_t size[MHOI_RANK_MAX];
    mho_status s = resizing_of(c, &r);
    const bool pixels =
        r.antialias && (c->in[0]->type == MHO_TYPE_UINT8 || c->in[0]->type == MHO_TYPE_INT8);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    memcpy(size, c->in[0]->size, r.rank * sizeof *size);
    for (size_t i = 0; !s && c->out->count && i < r.rank; i++) {
        const size_t k = pixels ? r.rank - 1 - i : i;
        const bool crop = strcmp(r.coordinates, "tf_crop_and_resize") == 0 && r.resized[k];
        if (r.size[k] == size[k] && r.scale[k] == 1 && !crop)
            continue;
        const size_t outer = mhoi_product(size, 0, k), inner = mhoi_product(size, k + 1, r.rank);
        s = mhoi_alloc(&y, outer * r.size[k] * inner, sizeof *y, "Resize");
        if (!s)
            s = resize_axis(&r, k, outer, size[k], inner, x, y);
        if (!s && pixels)
            round_pixels(c->in[0], outer * r.size[k] * inner, y);
        mhoi_free(&x);
        x = y;
        y = NULL;
        size[k] = r.size[k];
    }
    if (!s)
        mhoi_put_doubles(c, 0, x);
    mhoi_free(&x);
    return s;
}

const mhoi_operator mhoi_ops_resize[] = {
    {"Resize", "", 1, 4, 1,
     "mode coordinate_transformation_mode nearest_mode cubic_coeff_a extrapolation_value "
     "exclude_outside antialias axes keep_aspect_ratio_policy ",
     resize_shape, resize_run},
    {"Upsample", "", 1, 2, 1, "mode scales ", resize_shape, resize_run},
    {0}};
