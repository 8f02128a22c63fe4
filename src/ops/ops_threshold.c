/* SPDX-License-Identifier: Apache-2.0 */
/* FINN's MultiThreshold: how many thresholds of its channel a value reaches, times a scale, plus a bias. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

/* Elements between neighbours of the channel axis, and channels. */
static mho_status channels_of(const mhoi_call *c, size_t *inner, size_t *channels)
{
    const mho_array *x = c->in[0], *t = c->in[1];
    const char *layout = mhoi_attr_text(c->op, "data_layout", "NCHW");
    const bool last = layout[0] && layout[strlen(layout) - 1] == 'C';
    if (x->rank < 2 || t->rank != 2)
        return mho_error(MHO_EFORMAT, "%zu and %zu dimensions, want 2 or more, and 2", x->rank,
                         t->rank);
    const size_t axis = last ? x->rank - 1 : 1;
    *channels = x->size[axis];
    *inner = mhoi_product(x->size, axis + 1, x->rank);
    return t->size[0] == 1 || t->size[0] == *channels
               ? MHO_OK
               : mho_error(MHO_EFORMAT, "thresholds of %zu channels, want 1 or %zu", t->size[0],
                           *channels);
}

static mho_status threshold_shape(mhoi_call *c)
{
    size_t inner, channels;
    mho_status s = channels_of(c, &inner, &channels);
    return s ? s : mhoi_out_like(c, 0, MHO_TYPE_FLOAT, c->in[0]);
}

static mho_status threshold_run(mhoi_call *c)
{
    size_t inner = 1, channels = 1;
    double *t = NULL;
    const float scale = mhoi_attr_float(c->op, "out_scale", 1),
                bias = mhoi_attr_float(c->op, "out_bias", 0);
    const size_t steps = c->in[1]->size[1];
    mho_status s = channels_of(c, &inner, &channels);
    if (!s)
        s = mhoi_doubles(c->in[1], &t);
    for (size_t i = 0; !s && i < c->out->count; i++) {
        const double x = mho_array_number(c->in[0], i);
        const double *own = t + (c->in[1]->size[0] == 1 ? 0 : i / inner % channels) * steps;
        size_t reached = 0;
        for (size_t k = 0; k < steps; k++)
            reached += x >= own[k];
        ((float *)c->out->data)[i] = scale * (float)reached + bias;
    }
    mhoi_free(&t);
    return s;
}

#define ROW(domain)                                                                                \
    {                                                                                              \
        "MultiThreshold", domain, 2, 2, 1, "out_dtype out_scale out_bias data_layout ",            \
            threshold_shape, threshold_run                                                         \
    }
const mhoi_operator mhoi_ops_threshold[] = {
    ROW("qonnx.custom_op.general"), ROW("finn.custom_op.general"), ROW("finn"), {0}};
