/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of convolutions that wait for their inputs and for a free set of crossbars, and for nothing else: buffers hold all that
 * comes.  A chain of layers up to the last convolution. */
#include <stdlib.h>

#include "reboc_design.h"

enum { STAGES = 32 };

/* What a convolution or pool makes, and when, in any unit. */
typedef struct stage {
    size_t node;
    mho_geometry g;
    mho_shape shape;
    reboc_service service;
    double *at; /* [h][w] */
} stage;

typedef struct chain {
    stage stage[STAGES]; /* the image first */
    size_t stages;
} chain;

/* Element (i, j) of the window at (y, x): its place in the map before, SIZE_MAX: padding. */
static size_t element_of(const stage *in, const mho_geometry *g, size_t y, size_t x, size_t i,
                         size_t j)
{
    const size_t row = y * g->stride_h + i, column = x * g->stride_w + j;
    if (row < g->pad_top || row - g->pad_top >= in->shape.h || column < g->pad_left ||
        column - g->pad_left >= in->shape.w)
        return SIZE_MAX;
    return (row - g->pad_top) * in->shape.w + column - g->pad_left;
}

/* The element of window w that comes last. */
static size_t last_element(const stage *in, const stage *out, size_t w)
{
    size_t last = SIZE_MAX;
    for (size_t k = 0; k < out->g.kh * out->g.kw; k++) {
        const size_t e = element_of(in, &out->g, w / out->shape.w, w % out->shape.w, k / out->g.kw,
                                    k % out->g.kw);
        if (e != SIZE_MAX && (last == SIZE_MAX || in->at[e] >= in->at[last]))
            last = e;
    }
    return last;
}

/* The set of window w is free; sets take windows in turn. */
static double free_at(const stage *out, size_t w)
{
    return out->service.sets && w >= out->service.sets ? out->at[w - out->service.sets] : 0;
}

/* A window begins when it is complete, or reads each of its slices as soon as that has come. */
static double done_at(const stage *in, const stage *out, size_t w, bool slices)
{
    const size_t taps = out->g.kh * out->g.kw;
    double at = free_at(out, w);
    if (!slices) {
        const size_t last = last_element(in, out, w);
        const double ready = last == SIZE_MAX ? 0 : in->at[last];
        return (ready > at ? ready : at) + out->service.window;
    }
    for (size_t k = 0; k < taps; k++) {
        const size_t e = element_of(in, &out->g, w / out->shape.w, w % out->shape.w, k / out->g.kw,
                                    k % out->g.kw);
        at =
            (e != SIZE_MAX && in->at[e] > at ? in->at[e] : at) + out->service.window / (double)taps;
    }
    return at;
}

static mho_status add_stage(chain *c, size_t node, const mho_node *of, const reboc_service *service,
                            bool slices)
{
    const stage *in = &c->stage[c->stages - 1];
    stage *out = &c->stage[c->stages];
    if (c->stages == STAGES)
        return mho_error(MHO_ENOTMODELED, "more than %d layers in a chain", STAGES);
    *out = (stage){.node = node,
                   .g = mho_node_geometry(of),
                   .shape = mho_node_output_shape(of),
                   .service = *service};
    const size_t windows = out->shape.h * out->shape.w;
    out->at = calloc(windows, sizeof *out->at);
    if (!out->at)
        return mho_error(MHO_ENOMEM, "times of a map");
    c->stages++;
    for (size_t w = 0; w < windows; w++)
        out->at[w] = done_at(in, out, w, slices);
    return MHO_OK;
}

static mho_status run(const mho_net *net, const reboc_service *service, bool slices, chain *c)
{
    mho_status s = MHO_OK;
    *c = (chain){.stages = 1};
    c->stage[0].shape = mho_net_input_shape(net);
    const size_t pixels = c->stage[0].shape.h * c->stage[0].shape.w;
    c->stage[0].at = calloc(pixels ? pixels : 1, sizeof(double));
    if (!c->stage[0].at)
        return mho_error(MHO_ENOMEM, "times of a map");
    for (size_t i = 0; !s && i < mho_net_nodes(net); i++) {
        const mho_node *node = mho_net_node(net, i);
        const mho_op op = mho_node_op(node);
        if (op == MHO_OP_FLATTEN || op == MHO_OP_FC)
            break;
        if (op == MHO_OP_CONV || op == MHO_OP_MAXPOOL || op == MHO_OP_AVGPOOL)
            s = add_stage(c, i, node, &service[i], slices);
    }
    while (c->stages > 1 && !c->stage[c->stages - 1].service.sets) /* pools behind the last one */
        free(c->stage[--c->stages].at);
    return s;
}

static size_t windows_of(const stage *s)
{
    return s->shape.h * s->shape.w;
}

/* Back from the last window: whom each one waited for, its set or its last element. */
static void follow(const chain *c, reboc_layer_times *times)
{
    size_t i = c->stages - 1, w = windows_of(&c->stage[i]) - 1;
    while (i > 0) {
        const stage *out = &c->stage[i], *in = out - 1;
        const size_t last = last_element(in, out, w);
        times[out->node].chain += out->service.sets > 0;
        if (out->service.sets && w >= out->service.sets &&
            (last == SIZE_MAX || free_at(out, w) >= in->at[last])) {
            w -= out->service.sets;
            continue;
        }
        if (last == SIZE_MAX)
            return;
        w = last;
        i--;
    }
}

mho_status reboc_unlimited(const mho_net *net, const reboc_service *service, bool slices,
                           double *latency, reboc_layer_times *times)
{
    chain c;
    mho_status s = run(net, service, slices, &c);
    const stage *end = &c.stage[c.stages - 1];
    *latency = s ? 0 : end->at[windows_of(end) - 1];
    for (size_t i = 1; !s && times && i < c.stages; i++)
        times[c.stage[i].node] =
            (reboc_layer_times){.first = c.stage[i].at[0] - c.stage[i].service.window,
                                .last = c.stage[i].at[windows_of(&c.stage[i]) - 1]};
    if (!s && times)
        follow(&c, times);
    for (size_t i = 0; i < c.stages; i++)
        free(c.stage[i].at);
    return s;
}
