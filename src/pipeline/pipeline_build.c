/* SPDX-License-Identifier: Apache-2.0 */
/* From a network to stages: element-wise layers cost no cycle and belong to the stage before them. */
#include <string.h>

#include "base/alloc.h"
#include "map/digital.h"
#include "net/op_table.h"
#include "pipeline_impl.h"

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Does a general node, or a flattened map, have as many positions as what it reads, and one input? */
static bool passes(const mho_node *n)
{
    const bool flow = n->op == MHO_OP_FLATTEN || mhoi_flow_of(n) != MHOI_FLOW_WHOLE;
    return n->inputs == 1 && flow && n->in.h * n->in.w == n->out.h * n->out.w;
}

bool mhoi_is_layer(const mho_node *n)
{
    if (n->op == MHO_OP_GENERAL)
        return !passes(n);
    return mhoi_op_is(n->op, MHOI_OP_WINDOW) || n->op == MHO_OP_FC || n->op == MHO_OP_ADD;
}

/* Streams of several nodes, position by position. */
static bool joins(const mho_net *net, const mho_node *n)
{
    if (n->op == MHO_OP_ADD)
        return true;
    if (n->op != MHO_OP_GENERAL || n->inputs < 2 || mhoi_flow_of(n) == MHOI_FLOW_WHOLE)
        return false;
    for (size_t k = 0; k < n->inputs; k++) {
        const mho_shape in = net->node[n->input[k]].out;
        if (in.h * in.w != n->out.h * n->out.w)
            return false;
    }
    return true;
}

/* Those that are no layer of their own work in the cycle of the stage before them. */
MHOI_WALKER_HANDLES(MHOI_WALK_PIPELINE,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(SIGN) | MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                        MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | MHOI_OP_BIT(GENERAL));

/* Zeros after the data that the windows reach: the given padding, or more where the last window is
 * partial (ceil_mode). */
static size_t pad_after(size_t given, size_t out, size_t stride, size_t kernel, size_t before,
                        size_t in)
{
    size_t reach = (out - 1) * stride + kernel;
    return reach > before + in + given ? reach - before - in : given;
}

static mho_status window_stage(mhoi_stage *t, const mho_node *n)
{
    mhoi_stream_state *s = &t->s;
    size_t high = (n->kh - 1) * n->dilation_h + 1, wide = (n->kw - 1) * n->dilation_w + 1;
    if (n->pad_left >= wide || n->pad_top >= high)
        return mho_error(MHO_ENOTMODELED, "layer '%s': padding %zu is not below the kernel %zu",
                         n->name, max_size(n->pad_left, n->pad_top), wide < high ? wide : high);
    size_t right = pad_after(n->pad_right, n->out.w, n->stride_w, wide, n->pad_left, n->in.w);
    size_t below = pad_after(n->pad_bottom, n->out.h, n->stride_h, high, n->pad_top, n->in.h);
    *s = (mhoi_stream_state){.in_w = n->in.w,
                             .in_h = n->in.h,
                             .gap = max_size(n->pad_left, right),
                             .rows_above = n->pad_top,
                             .rows = n->pad_top + n->in.h + below,
                             .kh = n->kh,
                             .kw = n->kw,
                             .stride_h = n->stride_h,
                             .stride_w = n->stride_w,
                             .dilation_h = n->dilation_h,
                             .dilation_w = n->dilation_w,
                             .span_h = high,
                             .span_w = wide,
                             .left = n->pad_left,
                             .out_w = n->out.w,
                             .out_h = n->out.h};
    s->row = s->in_w + s->gap;
    s->total = (uint64_t)s->rows * s->row + s->gap;
    s->length = (high - 1) * s->row + wide;
    mho_status status = mhoi_alloc(&s->line, s->length, sizeof *s->line, "line buffer");
    if (status)
        return status;
    for (size_t i = 0; i < s->gap; i++) /* rule 1: the reset gives the first zeros */
        mhoi_stream_shift(s, MHO_BEAT_PAD);
    mhoi_stream_begin(s);
    t->layer->registers = s->length;
    return MHO_OK;
}

static mho_status fill_layer(mho_pipeline_layer *l, size_t index, const mho_node *n)
{
    *l = (mho_pipeline_layer){.node = index, .op = n->op, .in = n->in, .out = n->out};
    memcpy(l->name, n->name, sizeof l->name);
    l->channels = n->in.c;
    l->feature_map = n->in.h * n->in.w;
    if (n->in.h > INT32_MAX / n->in.w || n->out.h > INT32_MAX / n->out.w)
        return mho_error(MHO_EDOMAIN, "layer '%s': a feature map beyond 2^31 elements", n->name);
    if (n->op == MHO_OP_FC)
        l->registers = l->feature_map;
    return MHO_OK;
}

/* More copies than a window has cycles have nothing to do; a fully connected layer has one window. */
static mho_status set_pace(mhoi_stage *t, const mho_node *n, const mho_pipeline_options *options,
                           const mhoi_pace *pace, size_t node)
{
    const size_t service =
        pace->service && pace->service[node] ? pace->service[node] : options->service;
    const size_t copies = pace->copies && pace->copies[node] ? pace->copies[node] : 1;
    t->service = mho_node_is_weighted(n) || n->op == MHO_OP_GENERAL ? service : 1;
    t->copies = n->op != MHO_OP_CONV ? 1 : copies < t->service ? copies : t->service;
    return mhoi_alloc(&t->flight, t->copies, sizeof *t->flight, "windows under way");
}

static mho_status fill_stage(mhoi_stage *t, const mho_net *net, const mho_node *n,
                             const mho_pipeline_options *options)
{
    const bool pool = mhoi_op_is(n->op, MHOI_OP_POOL);
    t->held = MHO_BEAT_NONE;
    t->registered = pool && options->registered_pool;
    t->expected = n->op == MHO_OP_INPUT ? n->out.h * n->out.w : n->in.h * n->in.w;
    t->results = n->out.h * n->out.w;
    if (n->op == MHO_OP_INPUT)
        t->kind = MHOI_STAGE_INPUT;
    else if (n->op == MHO_OP_FC)
        t->kind = MHOI_STAGE_FC;
    else if (joins(net, n))
        t->kind = MHOI_STAGE_ADD;
    else if (n->op == MHO_OP_GENERAL)
        t->kind = MHOI_STAGE_WHOLE;
    else
        t->kind = MHOI_STAGE_WINDOW;
    return t->kind == MHOI_STAGE_WINDOW ? window_stage(t, n) : MHO_OK;
}

/* Readers of all stages in one array: count, then fill. */
static mho_status link_stages(mhoi_pipe *pipe)
{
    size_t links = 0;
    for (size_t i = 0; i < pipe->stages; i++)
        for (size_t p = 0; p < pipe->stage[i].producers; p++, links++)
            pipe->stage[pipe->stage[i].producer[p]].readers++;
    if (!links) /* a single stage */
        return MHO_OK;
    mho_status s = mhoi_alloc(&pipe->link, links, sizeof *pipe->link, "links of the pipeline");
    if (s)
        return s;
    mhoi_link *at = pipe->link;
    for (size_t i = 0; i < pipe->stages; i++) {
        pipe->stage[i].reader = at;
        at += pipe->stage[i].readers;
        pipe->stage[i].readers = 0;
    }
    for (size_t i = 0; i < pipe->stages; i++)
        for (size_t p = 0; p < pipe->stage[i].producers; p++) {
            mhoi_stage *from = &pipe->stage[pipe->stage[i].producer[p]];
            pipe->link[(size_t)(from->reader - pipe->link) + from->readers++] = (mhoi_link){i, p};
        }
    return MHO_OK;
}

/* stage_of[node]: the stage whose results are that node's. */
static mho_status fill_stages(mhoi_pipe *pipe, const mho_net *net,
                              const mho_pipeline_options *options, const mhoi_pace *pace,
                              size_t images, mho_pipeline_layer *layer, size_t *stage_of)
{
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        if (n->op != MHO_OP_INPUT && !mhoi_is_layer(n)) {
            stage_of[i] = stage_of[n->input[0]];
            continue;
        }
        stage_of[i] = pipe->stages;
        mhoi_stage *t = &pipe->stage[pipe->stages];
        for (size_t p = 0; p < n->inputs; p++)
            t->producer[p] = stage_of[n->input[p]];
        for (size_t p = 0; p < n->inputs; p++)
            t->wanted[p] = pipe->stage[t->producer[p]].results;
        t->producers = n->inputs;
        mho_status s = MHO_OK;
        if (n->op != MHO_OP_INPUT) {
            t->layer = &layer[pipe->stages - 1];
            s = fill_layer(t->layer, i, n);
        }
        pipe->stages++;
        t->images_left = images - 1;
        if (!s)
            s = set_pace(t, n, options, pace, i);
        if (!s)
            s = fill_stage(t, net, n, options);
        if (n->op == MHO_OP_FC)
            t->expected = t->wanted[0];
        if (s)
            return s;
    }
    pipe->final = stage_of[net->nodes - 1];
    return MHO_OK;
}

mho_status mhoi_pipe_create(const mho_net *net, const mho_pipeline_options *options,
                            const mhoi_pace *pace, size_t images, mho_pipeline_layer *layer,
                            mhoi_pipe *pipe)
{
    size_t *stage_of = NULL;
    *pipe = (mhoi_pipe){0};
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_PIPELINE, &net);
    if (!s)
        s = mhoi_alloc(&stage_of, net->nodes, sizeof *stage_of, "stages of the nodes");
    if (!s)
        s = mhoi_alloc(&pipe->stage, net->nodes, sizeof *pipe->stage, "pipeline stages");
    if (!s)
        s = mhoi_alloc(&pipe->beat, net->nodes, sizeof *pipe->beat, "trace of a cycle");
    if (!s)
        s = fill_stages(pipe, net, options, pace, images, layer, stage_of);
    if (!s)
        s = link_stages(pipe);
    mhoi_free(&stage_of);
    if (s)
        mhoi_pipe_free(pipe);
    return s;
}

void mhoi_pipe_free(mhoi_pipe *pipe)
{
    for (size_t i = 0; i < pipe->stages; i++) {
        mhoi_free(&pipe->stage[i].s.line);
        mhoi_free(&pipe->stage[i].flight);
    }
    mhoi_free(&pipe->stage);
    mhoi_free(&pipe->link);
    mhoi_free(&pipe->beat);
    pipe->stages = 0;
}
