/* SPDX-License-Identifier: Apache-2.0 */
/* Geometry of windows, as convolution and pooling tell it. */
#include "ops/window.h"

#include <string.h>

#define EDGE_MAX ((int64_t)1 << 31)

static mho_status sizes_of(const mhoi_call *c, const char *name, size_t space, int64_t low,
                           size_t *out)
{
    const int64_t *ints;
    const size_t count = mhoi_attr_ints(c->op, name, &ints);
    if (!ints || !count)
        return MHO_OK;
    if (count != space)
        return mho_error(MHO_EFORMAT, "%s of %zu numbers, want %zu", name, count, space);
    for (size_t k = 0; k < space; k++) {
        if (ints[k] < low || ints[k] > EDGE_MAX)
            return mho_error(MHO_EFORMAT, "%s = %lld", name, (long long)ints[k]);
        out[k] = (size_t)ints[k];
    }
    return MHO_OK;
}

static mho_status read_pads(const mhoi_call *c, mhoi_window *w)
{
    size_t pads[2 * MHOI_SPACE] = {0};
    mho_status s = sizes_of(c, "pads", 2 * w->space, 0, pads);
    memcpy(w->before, pads, w->space * sizeof *pads);
    memcpy(w->after, pads + w->space, w->space * sizeof *pads);
    return s;
}

/* As many positions as the strides make of the input. */
static void pad_same(mhoi_window *w, bool upper)
{
    for (size_t k = 0; k < w->space; k++) {
        const size_t span = (w->kernel[k] - 1) * w->dilation[k] + 1;
        const size_t out = (w->in[k] + w->stride[k] - 1) / w->stride[k];
        const size_t reach = out ? (out - 1) * w->stride[k] + span : 0;
        const size_t total = reach > w->in[k] ? reach - w->in[k] : 0;
        w->before[k] = upper ? total / 2 : total - total / 2;
        w->after[k] = total - w->before[k];
    }
}

static mho_status count(mhoi_window *w, size_t k, bool ceil)
{
    const size_t span = (w->kernel[k] - 1) * w->dilation[k] + 1;
    const size_t padded = w->in[k] + w->before[k] + w->after[k];
    if (padded < span)
        return mho_error(MHO_EFORMAT, "a kernel of %zu in a padded input of %zu", span, padded);
    const size_t travel = padded - span;
    w->out[k] = travel / w->stride[k] + 1;
    if (ceil && travel % w->stride[k] && w->out[k] * w->stride[k] < w->in[k] + w->before[k])
        w->out[k]++;
    return MHO_OK;
}

mho_status mhoi_window_of(const mhoi_call *c, const mho_array *x, const size_t *kernel, bool ceil,
                          mhoi_window *w)
{
    const char *mode = mhoi_attr_text(c->op, "auto_pad", "NOTSET");
    *w = (mhoi_window){.space = x->rank - 2};
    if (x->rank < 3)
        return mho_error(MHO_EFORMAT, "%zu dimensions, want 3 or more", x->rank);
    for (size_t k = 0; k < w->space; k++) {
        w->in[k] = x->size[2 + k];
        w->kernel[k] = kernel ? kernel[k] : 0;
        w->stride[k] = w->dilation[k] = 1;
    }
    mho_status s = sizes_of(c, "kernel_shape", w->space, 1, w->kernel);
    if (!s)
        s = sizes_of(c, "strides", w->space, 1, w->stride);
    if (!s)
        s = sizes_of(c, "dilations", w->space, 1, w->dilation);
    for (size_t k = 0; !s && k < w->space; k++)
        if (w->kernel[k] == 0 || (kernel && kernel[k] != w->kernel[k]) ||
            w->kernel[k] > (size_t)EDGE_MAX / w->dilation[k])
            s = mho_error(MHO_EFORMAT, "kernel_shape is missing, or not the weight's");
    if (!s && strncmp(mode, "SAME_", 5) == 0)
        pad_same(w, strcmp(mode, "SAME_UPPER") == 0);
    else if (!s && strcmp(mode, "NOTSET") == 0)
        s = read_pads(c, w);
    else if (!s && strcmp(mode, "VALID") != 0)
        s = mho_error(MHO_ENOTMODELED, "auto_pad = %s", mode);
    for (size_t k = 0; !s && k < w->space; k++)
        s = count(w, k, ceil);
    return s;
}
