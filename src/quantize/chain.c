/* SPDX-License-Identifier: Apache-2.0 */
/* Making a chain of a network: what belongs to each weighted layer, weights in the order of the kernels, weights as
 * whole numbers. */
#include "quantize/chain.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "mho/infer.h"
#include "net/op_table.h"

#define SUM_BITS 30

static mho_status check_chain(const mho_net *net)
{
    size_t weighted = 0;
    for (size_t i = 1; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        weighted += mho_node_is_weighted(n);
        if (n->inputs != 1 || n->input[0] != i - 1)
            return mho_error(MHO_ENOTMODELED, "layer '%s': 1-bit maps of branches, only of chains",
                             n->name);
        if (n->op == MHO_OP_SIGN || n->op == MHO_OP_STEP)
            return mho_error(MHO_ENOTMODELED, "layer '%s': %s: this map is of 1 bit already",
                             n->name, mho_op_name(n->op));
        if (mho_node_is_weighted(n) && n->groups > 1)
            return mho_error(MHO_ENOTMODELED, "layer '%s': 1-bit maps of %zu groups", n->name,
                             n->groups);
        if (mho_node_block(n) > 1)
            return mho_error(MHO_ENOTMODELED,
                             "layer '%s': 1-bit maps of block-circulant layers are not modelled",
                             n->name);
        if (!weighted && n->op != MHO_OP_FLATTEN)
            return mho_error(MHO_ENOTMODELED, "layer '%s': %s before the first weighted layer",
                             n->name, mho_op_name(n->op));
        if (n->op == MHO_OP_SOFTMAX && i + 1 < net->nodes)
            return mho_error(MHO_ENOTMODELED, "layer '%s': softmax inside the network", n->name);
    }
    return weighted > 1
               ? MHO_OK
               : mho_error(MHO_ENOTMODELED,
                           "network %s: 1-bit maps want two weighted layers or more", net->name);
}

/* --- weights --------------------------------------------------------------------------------------------- */

/* [C_out][C_in][kh][kw] to [kh][kw][C_in][C_out]; a fully connected layer's kernel is the map it reads. */
static void order_weights(chain_layer *l)
{
    const size_t area = l->rows.kh * l->rows.kw, c_in = l->in.c, c_out = l->raw.c;
    for (size_t o = 0; o < c_out; o++)
        for (size_t i = 0; i < c_in; i++)
            for (size_t k = 0; k < area; k++)
                l->weight[(k * c_in + i) * c_out + o] = l->node->weight[(o * c_in + i) * area + k];
    for (size_t o = 0; l->node->bias && o < c_out; o++)
        l->bias[o] = l->node->bias[o];
}

static void make_codes(chain_layer *l)
{
    const size_t c_out = l->raw.c, aligned = mhoi_rows_aligned(c_out);
    double most = 0;
    for (size_t o = 0; o < c_out; o++) {
        double sum = 0;
        for (size_t t = 0; t < l->taps; t++)
            sum += fabs((double)l->weight[t * c_out + o]);
        most = sum > most ? sum : most;
    }
    int exponent = 0;
    (void)frexp(most + (most == 0), &exponent); /* most < 2^exponent */
    /* Rounding may add a half to each code. */
    while (ldexp(most, SUM_BITS - exponent) + (double)l->taps > ldexp(1, SUM_BITS))
        exponent++;
    l->unit = (float)ldexp(1, exponent - SUM_BITS);
    for (size_t t = 0; t < l->taps; t++)
        for (size_t o = 0; o < c_out; o++)
            l->code[t * aligned + o] =
                (int32_t)nearbyint(ldexp((double)l->weight[t * c_out + o], SUM_BITS - exponent));
}

void mhoi_chain_pack(chain *c, size_t l)
{
    mhoi_rows_pack(&c->layer[l].rows, c->layer[l].weight, c->layer[l].packed);
    make_codes(&c->layer[l]);
}

static void scale_outputs(chain_layer *l, const float *a, bool inverse)
{
    for (size_t o = 0; o < l->raw.c; o++) {
        for (size_t t = 0; t < l->taps; t++) {
            float *w = &l->weight[t * l->raw.c + o];
            *w = inverse ? *w / a[o] : *w * a[o];
        }
        l->bias[o] = inverse ? l->bias[o] / a[o] : l->bias[o] * a[o];
    }
}

void mhoi_chain_shrink(chain *c, size_t at, const float *size)
{
    chain_layer *l = &c->layer[at];
    chain_step *norm = NULL;
    for (size_t i = 0; i < l->after; i++)
        if (l->step[i].op == MHO_OP_BATCHNORM)
            norm = &l->step[i];
    for (size_t k = 0; norm && k < norm->tile; k++) {
        norm->a[k] /= size[k % l->site.c];
        norm->b[k] /= size[k % l->site.c];
    }
    if (norm)
        return;
    scale_outputs(l, size, true);
    mhoi_chain_pack(c, at);
}

void mhoi_chain_amplify(chain *c, size_t at, const float *size)
{
    chain_layer *l = &c->layer[at];
    for (size_t t = 0; t < l->taps; t++)
        for (size_t o = 0; o < l->raw.c; o++)
            l->weight[t * l->raw.c + o] *= size[t % l->in.c];
    mhoi_chain_pack(c, at);
}

/* --- where each input pixel's weights go ------------------------------------------------------------------ */

/* Kernel rows (or columns) that input row x meets: the output row and the kernel row of each; returns how many. */
static size_t meet(size_t x, size_t pad, size_t kernel, size_t dilation, size_t stride,
                   size_t outputs, uint32_t (*pair)[2])
{
    size_t n = 0;
    for (size_t k = 0; k < kernel; k++) {
        const size_t from = k * dilation;
        if (x + pad < from || (x + pad - from) % stride || (x + pad - from) / stride >= outputs)
            continue;
        pair[n][0] = (uint32_t)((x + pad - from) / stride);
        pair[n++][1] = (uint32_t)k;
    }
    return n;
}

static mho_status make_at(chain_layer *l)
{
    const mhoi_rows_shape *r = &l->rows;
    const size_t aligned = mhoi_rows_aligned(l->raw.c), pixels = l->in.h * l->in.w;
    uint32_t(*rows)[2] = NULL, (*columns)[2] = NULL;
    mho_status s = mhoi_alloc(&l->first, pixels + 1, sizeof *l->first, "places of weights");
    if (!s)
        s = mhoi_alloc(&l->at, pixels * r->kh * r->kw, sizeof *l->at, "places of weights");
    if (!s)
        s = mhoi_alloc(&rows, r->kh, sizeof *rows, "kernel rows");
    if (!s)
        s = mhoi_alloc(&columns, r->kw, sizeof *columns, "kernel columns");
    uint32_t n = 0;
    for (size_t p = 0; !s && p < pixels; p++) {
        const size_t h =
            meet(p / l->in.w, l->pad[0], r->kh, r->dilation_h, r->stride_h, r->out_h, rows);
        const size_t w =
            meet(p % l->in.w, l->pad[1], r->kw, r->dilation_w, r->stride_w, r->out_w, columns);
        for (size_t i = 0; i < h; i++)
            for (size_t j = 0; j < w; j++, n++) {
                l->at[n][0] = (uint32_t)((rows[i][0] * r->out_w + columns[j][0]) * aligned);
                l->at[n][1] = (uint32_t)((rows[i][1] * r->kw + columns[j][1]) * l->in.c * aligned);
            }
        l->first[p + 1] = n;
    }
    mhoi_free(&rows);
    mhoi_free(&columns);
    return s;
}

/* --- layers ------------------------------------------------------------------------------------------------ */

/* The map that weighted layer `node` reads: before a flatten, the map that it flattens. */
static mho_shape map_before(const mho_net *net, size_t i)
{
    while (net->node[i].op == MHO_OP_FLATTEN)
        i = net->node[i].input[0];
    return net->node[i].out;
}

static mho_status fit_in_32_bits(const chain_layer *l)
{
    const size_t aligned = mhoi_rows_aligned(l->raw.c), pixels = l->in.h * l->in.w;
    if (l->taps * aligned <= UINT32_MAX && l->raw.h * l->raw.w * aligned <= UINT32_MAX &&
        pixels * l->rows.kh * l->rows.kw <= UINT32_MAX && l->taps < (size_t)1 << (SUM_BITS - 1))
        return MHO_OK;
    return mho_error(MHO_ENOTMODELED, "layer '%s': a search over layers of this size",
                     l->node->name);
}

static mho_status begin_layer(const mho_net *net, const mho_node *node, chain_layer *l)
{
    const bool fc = node->op == MHO_OP_FC;
    l->node = node;
    l->in = map_before(net, node->input[0]);
    l->raw = l->site = l->out = node->out;
    const size_t pad[4] = {node->pad_top, node->pad_left, node->pad_bottom, node->pad_right};
    if (!fc)
        memcpy(l->pad, pad, sizeof pad);
    l->rows = (mhoi_rows_shape){.c = l->in.c,
                                .w = l->in.w + l->pad[1] + l->pad[3],
                                .kh = fc ? l->in.h : node->kh,
                                .kw = fc ? l->in.w : node->kw,
                                .stride_h = fc ? 1 : node->stride_h,
                                .stride_w = fc ? 1 : node->stride_w,
                                .dilation_h = fc ? 1 : node->dilation_h,
                                .dilation_w = fc ? 1 : node->dilation_w,
                                .out_c = node->out.c,
                                .out_h = node->out.h,
                                .out_w = node->out.w};
    l->taps = l->rows.kh * l->rows.kw * l->in.c;
    mho_status s = fit_in_32_bits(l);
    const size_t aligned = mhoi_rows_aligned(l->raw.c);
    if (!s)
        s = mhoi_alloc(&l->weight, l->taps * l->raw.c, sizeof *l->weight, "weights");
    if (!s)
        s = mhoi_alloc(&l->bias, aligned, sizeof *l->bias, "bias");
    if (!s)
        s = mhoi_alloc(&l->packed, mhoi_rows_packed(&l->rows), sizeof *l->packed, "weights");
    if (!s)
        s = mhoi_alloc(&l->code, l->taps * aligned, sizeof *l->code, "weights");
    if (!s)
        s = mhoi_alloc(&l->step, net->nodes, sizeof *l->step, "steps behind a layer");
    if (!s)
        s = make_at(l);
    if (!s)
        order_weights(l);
    return s;
}

static mho_status add_norm(const mho_node *node, chain_layer *l)
{
    chain_step *step = &l->step[l->steps];
    step->tile = mhoi_loops_tile(node->out.c);
    mho_status s = mhoi_alloc(&step->a, step->tile, sizeof *step->a, "batch normalization");
    if (!s)
        s = mhoi_alloc(&step->b, step->tile, sizeof *step->b, "batch normalization");
    for (size_t k = 0; !s && k < step->tile; k++)
        mho_batchnorm_coefficients(node, k % node->out.c, &step->a[k], &step->b[k]);
    if (s || l->steps) {
        l->steps += !s;
        return s;
    }
    scale_outputs(l, step->a, false); /* the first of all goes into the weights */
    for (size_t o = 0; o < l->raw.c; o++)
        l->bias[o] += step->b[o];
    mhoi_free(&step->a);
    mhoi_free(&step->b);
    return MHO_OK;
}

static mho_status add_step(const mho_node *node, chain_layer *l)
{
    chain_step *step = &l->step[l->steps];
    switch (node->op) {
    case MHO_OP_FLATTEN:
    case MHO_OP_SOFTMAX:
        return MHO_OK;
    case MHO_OP_BATCHNORM:
        *step = (chain_step){.op = node->op, .node = node};
        return node->out.c == l->out.c
                   ? add_norm(node, l)
                   : mho_error(MHO_ENOTMODELED, "layer '%s': batch normalization behind a flatten",
                               node->name);
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
        *step = (chain_step){
            .op = MHO_OP_RELU, .node = node, .slope = node->op == MHO_OP_RELU ? 0 : node->slope};
        l->steps++;
        return MHO_OK;
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
        *step = (chain_step){.op = node->op, .node = node};
        l->out = node->out;
        l->steps++;
        return MHO_OK;
    default:
        return mho_error(MHO_ENOTMODELED, "layer '%s': %s in a network whose maps become 1 bit",
                         node->name, mho_op_name(node->op));
    }
}

/* ReLU and maximum poolings at the end: the poolings first, which changes no value, then ReLU. */
static void order_tail(chain_layer *l)
{
    size_t end = l->steps, relu = SIZE_MAX;
    while (end > 0 && (l->step[end - 1].op == MHO_OP_MAXPOOL ||
                       (l->step[end - 1].op == MHO_OP_RELU && relu == SIZE_MAX &&
                        l->step[end - 1].slope >= 0))) {
        end--;
        relu = l->step[end].op == MHO_OP_RELU ? end : relu;
    }
    l->after = end;
    if (relu != SIZE_MAX) {
        l->relu = true;
        l->slope = l->step[relu].slope;
        memmove(&l->step[relu], &l->step[relu + 1], (--l->steps - relu) * sizeof *l->step);
    }
    for (size_t i = 0; i < l->after; i++)
        if (l->step[i].op == MHO_OP_MAXPOOL || l->step[i].op == MHO_OP_AVGPOOL)
            l->site = l->step[i].node->out;
}

static mho_status fill(const mho_net *net, chain *c)
{
    mho_status s = MHO_OK;
    for (size_t i = 1; !s && i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        if (mho_node_is_weighted(node))
            s = begin_layer(net, node, &c->layer[c->layers++]);
        else if (c->layers)
            s = add_step(node, &c->layer[c->layers - 1]);
    }
    for (size_t k = 0; !s && k < c->layers; k++) {
        chain_layer *l = &c->layer[k];
        order_tail(l);
        mhoi_chain_pack(c, k);
    }
    return s;
}

mho_status mhoi_chain_create(const mho_net *net, chain *c)
{
    *c = (chain){.net = net, .loops = mhoi_loops_best(), .rows = mhoi_rows_best()};
    if (!mho_net_has_parameters(net))
        return mho_error(MHO_EDOMAIN, "network %s has no parameters: train it, or read a model",
                         net->name);
    mho_status s = check_chain(net);
    if (!s)
        s = mhoi_alloc(&c->layer, net->nodes, sizeof *c->layer, "layers");
    return s ? s : fill(net, c);
}

void mhoi_chain_free(chain *c)
{
    for (size_t i = 0; i < c->layers; i++) {
        chain_layer *l = &c->layer[i];
        for (size_t k = 0; k < l->steps; k++) {
            mhoi_free(&l->step[k].a);
            mhoi_free(&l->step[k].b);
        }
        void *all[] = {&l->weight, &l->bias, &l->packed, &l->code,
                       &l->first,  &l->at,   &l->step,   &l->threshold};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            mhoi_free(all[k]);
    }
    mhoi_free(&c->layer);
}
