/* SPDX-License-Identifier: Apache-2.0 */
/* Maps put together from patches and pools, cut or padded around their middle; convolution at places of its own. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/conv.h"

/* --- CenterCropPad */

static mho_status middle_sizes(const mhoi_call *c, size_t *size)
{
    const mho_array *x = c->in[0];
    const int64_t *axes;
    int64_t want[MHOI_RANK_MAX];
    size_t count = 0, axis = 0;
    const size_t told = mhoi_attr_ints(c->op, "axes", &axes);
    mho_status s = mhoi_numbers(c, 1, NULL, MHOI_RANK_MAX, want, &count);
    memcpy(size, x->size, x->rank * sizeof *size);
    if (!s && count != (told ? told : x->rank))
        s = mho_error(MHO_EFORMAT, "%zu sizes", count);
    for (size_t k = 0; !s && k < count; k++) {
        s = mhoi_axis(told ? axes[k] : (int64_t)k, x->rank, &axis);
        if (!s && want[k] < 0)
            s = mho_error(MHO_EFORMAT, "size %lld", (long long)want[k]);
        if (!s)
            size[axis] = (size_t)want[k];
    }
    return s;
}

static mho_status middle_shape(mhoi_call *c)
{
    size_t size[MHOI_RANK_MAX];
    mho_status s = middle_sizes(c, size);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

static mho_status middle_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    size_t index[MHOI_RANK_MAX] = {0}, stride[MHOI_RANK_MAX];
    const size_t bytes = mho_type_bytes(x->type);
    mhoi_array_strides(x, stride);
    for (size_t i = 0; i < c->out->count; i++) {
        size_t from = 0;
        bool inside = true;
        for (size_t k = 0; k < x->rank; k++) {
            const size_t n = x->size[k], m = c->out->size[k];
            const size_t cut = n > m ? (n - m) / 2 : 0, pad = m > n ? (m - n) / 2 : 0;
            inside = inside && index[k] >= pad && index[k] - pad < n;
            from += inside ? (index[k] - pad + cut) * stride[k] : 0;
        }
        if (inside)
            memcpy((char *)c->out->data + i * bytes, (const char *)x->data + from * bytes, bytes);
        (void)mhoi_next(x->rank, c->out->size, index);
    }
    return MHO_OK;
}

/* --- Col2Im: patches added up where they lie */

typedef struct patches {
    mhoi_window window; /* that cuts the image into them */
    size_t batch, channels, kernel, places;
} patches;

static mho_status list_of(const mhoi_call *c, size_t k, size_t want, int64_t *out)
{
    size_t count = 0;
    mho_status s = mhoi_numbers(c, k, NULL, MHOI_SPACE, out, &count);
    for (size_t i = 0; !s && i < count; i++)
        if (out[i] < 1)
            return mho_error(MHO_EFORMAT, "size %lld", (long long)out[i]);
    return s || count == want ? s : mho_error(MHO_EFORMAT, "%zu sizes, want %zu", count, want);
}

static size_t told_at(const mhoi_call *c, const char *name, size_t i, size_t otherwise)
{
    const int64_t *list;
    const size_t count = mhoi_attr_ints(c->op, name, &list);
    return i < count && list[i] >= 0 && list[i] < (int64_t)1 << 31 ? (size_t)list[i] : otherwise;
}

static mho_status patches_of(const mhoi_call *c, patches *p)
{
    const mho_array *x = c->in[0];
    int64_t image[MHOI_SPACE] = {0}, block[MHOI_SPACE] = {0};
    mhoi_window *w = &p->window;
    *p = (patches){.kernel = 1, .places = 1};
    w->space = c->in[1]->count;
    if (x->rank != 3 || w->space < 1 || w->space > MHOI_SPACE)
        return mho_error(MHO_EFORMAT, "patches of %zu dimensions", x->rank);
    mho_status s = list_of(c, 1, w->space, image);
    if (!s)
        s = list_of(c, 2, w->space, block);
    for (size_t a = 0; !s && a < w->space; a++) {
        w->in[a] = (size_t)image[a];
        w->kernel[a] = (size_t)block[a];
        w->stride[a] = told_at(c, "strides", a, 1);
        w->dilation[a] = told_at(c, "dilations", a, 1);
        w->before[a] = told_at(c, "pads", a, 0);
        w->after[a] = told_at(c, "pads", a + w->space, 0);
        const size_t reach = (w->kernel[a] - 1) * w->dilation[a] + 1,
                     all = w->in[a] + w->before[a] + w->after[a];
        if (!w->stride[a] || !w->dilation[a] || w->kernel[a] > MHOI_ARRAY_MAX || reach > all)
            return mho_error(MHO_EFORMAT, "blocks that are larger than the image");
        w->out[a] = (all - reach) / w->stride[a] + 1;
        p->kernel *= w->kernel[a];
        p->places *= w->out[a];
        if (p->kernel > MHOI_ARRAY_MAX || p->places > MHOI_ARRAY_MAX)
            return mho_error(MHO_EFORMAT, "more than 2^31 elements");
    }
    if (s)
        return s;
    if (x->size[1] % p->kernel || x->size[2] != p->places)
        return mho_error(MHO_EFORMAT, "%zu x %zu are no %zu places of blocks of %zu", x->size[1],
                         x->size[2], p->places, p->kernel);
    p->batch = x->size[0];
    p->channels = x->size[1] / p->kernel;
    return MHO_OK;
}

static mho_status patches_shape(mhoi_call *c)
{
    patches p;
    mho_status s = patches_of(c, &p);
    if (s)
        return s;
    size_t size[MHOI_RANK_MAX] = {p.batch, p.channels};
    memcpy(size + 2, p.window.in, p.window.space * sizeof *size);
    return mhoi_out(c, 0, c->in[0]->type, p.window.space + 2, size);
}

static mho_status patches_run(mhoi_call *c)
{
    patches p;
    double *x = NULL, *y = NULL;
    mho_status s = patches_of(c, &p);
    const mhoi_window *w = &p.window;
    const size_t area = s ? 0 : mhoi_product(w->in, 0, w->space);
    if (!s)
        s = mhoi_doubles(c->in[0], &x);
    if (!s)
        s = mhoi_alloc(&y, c->out->count, sizeof *y, c->op->name);
    for (size_t m = 0; !s && m < p.batch * p.channels; m++) {
        size_t k[MHOI_SPACE] = {0};
        const double *from = x + m * p.kernel * p.places;
        do {
            size_t at[MHOI_SPACE] = {0};
            do {
                int64_t to = 0;
                for (size_t a = 0; a < w->space && to >= 0; a++) {
                    const int64_t i = mhoi_window_at(w, a, at[a], k[a]);
                    to = i < 0 ? -1 : to * (int64_t)w->in[a] + i;
                }
                if (to >= 0)
                    y[m * area + (size_t)to] += *from;
                from++;
            } while (mhoi_next(w->space, w->out, at));
        } while (mhoi_next(w->space, w->kernel, k));
    }
    if (!s)
        mhoi_put_doubles(c, 0, y);
    mhoi_free(&y);
    mhoi_free(&x);
    return s;
}

/* --- MaxUnpool: values back to where they were the largest */

/* Sizes before the pooling, as the window tells them; output_shape may be larger. */
static mho_status unpooled(const mhoi_call *c, size_t *size)
{
    const mho_array *x = c->in[0];
    const int64_t *kernel;
    const size_t space = mhoi_attr_ints(c->op, "kernel_shape", &kernel);
    if (x->rank < 3 || space != x->rank - 2 || !mhoi_array_same_shape(x, c->in[1]))
        return mho_error(MHO_EFORMAT, "values, places and kernel_shape do not fit");
    size[0] = x->size[0];
    size[1] = x->size[1];
    for (size_t a = 0; a < space; a++) {
        const size_t k = told_at(c, "kernel_shape", a, 0), stride = told_at(c, "strides", a, 1);
        const size_t pads = told_at(c, "pads", a, 0) + told_at(c, "pads", a + space, 0);
        const size_t n = x->size[a + 2];
        if (!n || !k || (n - 1) * stride + k < pads)
            return mho_error(MHO_EFORMAT, "pads are more than there is");
        size[a + 2] = (n - 1) * stride + k - pads;
    }
    return MHO_OK;
}

static mho_status unpool_shape(mhoi_call *c)
{
    size_t size[MHOI_RANK_MAX], count = 0;
    int64_t want[MHOI_RANK_MAX];
    mho_status s = unpooled(c, size);
    if (!s && mhoi_in(c, 2)) {
        s = mhoi_numbers(c, 2, NULL, MHOI_RANK_MAX, want, &count);
        if (!s && count != c->in[0]->rank)
            s = mho_error(MHO_EFORMAT, "an output_shape of %zu sizes", count);
        for (size_t k = 0; !s && k < count; k++) {
            if (want[k] < (int64_t)size[k])
                return mho_error(MHO_EFORMAT, "output_shape is less than the window's");
            size[k] = (size_t)want[k];
        }
    }
    return s ? s : mhoi_out(c, 0, c->in[0]->type, c->in[0]->rank, size);
}

static mho_status unpool_run(mhoi_call *c)
{
    const mho_array *x = c->in[0];
    const size_t bytes = mho_type_bytes(x->type);
    size_t size[MHOI_RANK_MAX], stride[MHOI_RANK_MAX];
    mho_status s = unpooled(c, size);
    const size_t all = s ? 0 : mhoi_product(size, 0, x->rank);
    mhoi_array_strides(c->out, stride);
    for (size_t i = 0; !s && i < x->count; i++) {
        const int64_t told = mhoi_array_whole(c->in[1], i);
        size_t left = (size_t)told, to = 0;
        if (told < 0 || left >= all)
            return mho_error(MHO_EFORMAT, "place %lld of %zu", (long long)told, all);
        for (size_t k = x->rank; k-- > 0; left /= size[k])
            to += left % size[k] * stride[k];
        memcpy((char *)c->out->data + to * bytes, (const char *)x->data + i * bytes, bytes);
    }
    return s;
}

/* --- DeformConv: a convolution that reads beside the window's places, as far as its offsets tell */

typedef struct deformed {
    mhoi_conv_shape g;
    size_t h, w, kernel, parts; /* parts: groups of input channels with offsets of their own */
    const double *x, *weight, *offset, *mask;
} deformed;

static mho_status deformed_of(const mhoi_call *c, deformed *d)
{
    const mho_array *x = c->in[0], *offset = c->in[2], *mask = mhoi_in(c, 4);
    const int64_t parts = mhoi_attr_int(c->op, "offset_group", 1);
    *d = (deformed){.parts = (size_t)parts};
    if (x->rank != 4)
        return mho_error(MHO_ENOTMODELED, "maps of %zu dimensions, want 4", x->rank);
    mho_status s = mhoi_conv_geometry(c, x, c->in[1], &d->g);
    if (s)
        return s;
    d->h = d->g.window.in[0];
    d->w = d->g.window.in[1];
    d->kernel = d->g.window.kernel[0] * d->g.window.kernel[1];
    const size_t want[4] = {x->size[0], 2 * d->parts * d->kernel, d->g.window.out[0],
                            d->g.window.out[1]};
    if (parts < 1 || x->size[1] % d->parts || offset->rank != 4 ||
        memcmp(offset->size, want, sizeof want) != 0)
        return mho_error(MHO_EFORMAT, "offsets do not fit");
    if (mask && (mask->count * 2 != offset->count || mask->rank != 4))
        return mho_error(MHO_EFORMAT, "the mask does not fit");
    const mho_array *bias = mhoi_in(c, 3);
    return bias && bias->count != d->g.out ? mho_error(MHO_EFORMAT, "the bias does not fit")
                                           : MHO_OK;
}

static mho_status deformed_shape(mhoi_call *c)
{
    deformed d;
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = deformed_of(c, &d);
    return s ? s : mhoi_conv_out(c, c->in[0]->type, c->in[0], &d.g);
}

/* Between the four elements around a place; nothing is outside. */
static double element_at(const deformed *d, const double *map, double y, double x)
{
    if (!(y > -1 && x > -1 && y < (double)d->h && x < (double)d->w))
        return 0;
    const double y0 = floor(y), x0 = floor(x);
    double sum = 0;
    for (size_t k = 0; k < 4; k++) {
        const size_t down = k / 2, along = k % 2;
        const double i = y0 + (double)down, j = x0 + (double)along;
        if (i >= 0 && j >= 0 && i < (double)d->h && j < (double)d->w)
            sum += (1 - fabs(y - i)) * (1 - fabs(x - j)) * map[(size_t)i * d->w + (size_t)j];
    }
    return sum;
}

/* All values that one output position of an image reads: [in][kernel]. */
static void gather(const deformed *d, size_t n, size_t row, size_t column, double *out)
{
    const mhoi_window *w = &d->g.window;
    const size_t area = w->out[0] * w->out[1], at = row * w->out[1] + column;
    for (size_t c = 0; c < d->g.in; c++) {
        const size_t part = n * d->parts + c / (d->g.in / d->parts);
        for (size_t k = 0; k < d->kernel; k++) {
            const double *offset = d->offset + (part * d->kernel + k) * 2 * area + at;
            const size_t tap_y = k / w->kernel[1], tap_x = k % w->kernel[1];
            const double y = (double)(row * w->stride[0] + tap_y * w->dilation[0]) -
                             (double)w->before[0] + offset[0];
            const double x = (double)(column * w->stride[1] + tap_x * w->dilation[1]) -
                             (double)w->before[1] + offset[area];
            const double seen = d->mask ? d->mask[(part * d->kernel + k) * area + at] : 1;
            out[c * d->kernel + k] =
                seen * element_at(d, d->x + (n * d->g.in + c) * d->h * d->w, y, x);
        }
    }
}

static void convolve(const deformed *d, mhoi_call *c, double *value)
{
    const mhoi_window *w = &d->g.window;
    const size_t area = w->out[0] * w->out[1], each = d->g.in / d->g.groups * d->kernel;
    for (size_t i = 0; i < d->g.n * area; i++) {
        gather(d, i / area, i % area / w->out[1], i % w->out[1], value);
        for (size_t o = 0; o < d->g.out; o++) {
            double sum = mhoi_in(c, 3) ? mho_array_number(c->in[3], o) : 0;
            const double *x = value + o / (d->g.out / d->g.groups) * each;
            for (size_t k = 0; k < each; k++)
                sum += x[k] * d->weight[o * each + k];
            mhoi_array_set_reals(c->out, (i / area * d->g.out + o) * area + i % area, 1, &sum);
        }
    }
}

static mho_status deformed_run(mhoi_call *c)
{
    deformed d;
    double *numbers[4] = {NULL}, *value = NULL;
    static const size_t from[4] = {0, 1, 2, 4};
    mho_status s = deformed_of(c, &d);
    for (size_t k = 0; !s && k < 4; k++)
        if (mhoi_in(c, from[k]))
            s = mhoi_doubles(c->in[from[k]], &numbers[k]);
    if (!s)
        s = mhoi_alloc(&value, d.g.in * d.kernel, sizeof *value, c->op->name);
    d.x = numbers[0];
    d.weight = numbers[1];
    d.offset = numbers[2];
    d.mask = numbers[3];
    if (!s)
        convolve(&d, c, value);
    mhoi_free(&value);
    for (size_t k = 0; k < 4; k++)
        mhoi_free(&numbers[k]);
    return s;
}

const mhoi_operator mhoi_ops_patches[] = {
    {"CenterCropPad", "", 2, 2, 1, "axes ", middle_shape, middle_run},
    {"Col2Im", "", 3, 3, 1, "dilations pads strides ", patches_shape, patches_run},
    {"MaxUnpool", "", 2, 3, 1, "kernel_shape pads strides ", unpool_shape, unpool_run},
    {"DeformConv", "", 3, 5, 1, MHOI_WINDOW_ATTRIBUTES "group offset_group ", deformed_shape,
     deformed_run},
    {0}};
