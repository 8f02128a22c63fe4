/* SPDX-License-Identifier: Apache-2.0 */
/* Random networks, images and hardware for tests of the chip. */
#ifndef CHIP_NETS_H
#define CHIP_NETS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map/machine.h"
#include "mho/chip.h"
#include "net/graph.h"

typedef struct dice {
    uint64_t state;
} dice;

static inline uint32_t roll(dice *d, uint32_t n) /* 0..n-1 */
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((d->state >> 33) % n);
}

static inline float real(dice *d) /* -1..1 */
{
    return (float)((int)roll(d, 20001) - 10000) / 10000.0f;
}

static inline void must(mho_status s)
{
    if (s) {
        fprintf(stderr, "%s: %s\n", mho_status_name(s), mho_error_message());
        abort();
    }
}

typedef struct builder {
    mho_node node[64];
    size_t nodes;
} builder;

static inline mho_node *add_node(builder *b, mho_op op, const char *name, size_t input)
{
    mho_node *node = &b->node[b->nodes];
    memset(node, 0, sizeof *node);
    node->op = op;
    snprintf(node->name, sizeof node->name, "%s%zu", name, b->nodes);
    node->inputs = op == MHO_OP_INPUT ? 0 : 1;
    node->input[0] = input;
    node->epsilon = 1e-5f;
    mhoi_node_set_window(node, 1, 1);
    b->nodes++;
    return node;
}

static inline void add_conv(builder *b, size_t out, size_t k, size_t stride, size_t pad,
                            size_t groups, bool binary, bool bias)
{
    mho_node *node = add_node(b, MHO_OP_CONV, "conv", b->nodes - 1);
    node->kh = node->kw = k;
    node->stride_h = node->stride_w = stride;
    node->pad_top = node->pad_left = node->pad_bottom = node->pad_right = pad;
    node->groups = groups;
    node->out.c = out;
    node->alphabet = binary ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL;
    node->has_bias = bias;
}

static inline void add_fc(builder *b, size_t out, bool binary, bool bias)
{
    mho_node *node = add_node(b, MHO_OP_FC, "fc", b->nodes - 1);
    node->out.c = out;
    node->alphabet = binary ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL;
    node->has_bias = bias;
}

static inline void add_pool_node(builder *b, mho_op op, size_t k, size_t stride, size_t pad)
{
    mho_node *node = add_node(b, op, "pool", b->nodes - 1);
    node->kh = node->kw = k;
    node->stride_h = node->stride_w = stride;
    node->pad_top = node->pad_left = node->pad_bottom = node->pad_right = pad;
}

static inline void add_plain(builder *b, mho_op op, const char *name)
{
    add_node(b, op, name, b->nodes - 1)->slope = 0.25f;
}

static inline mho_net *finish(builder *b)
{
    mho_net *net;
    must(mhoi_net_create("random", b->nodes, &net));
    memcpy(net->node, b->node, b->nodes * sizeof *b->node);
    net->input_scale = 1.0f / 256;
    net->input_bits = 8;
    must(mhoi_net_infer_shapes(net, "random"));
    must(mhoi_net_alloc_parameters(net));
    return net;
}

/* Batch normalization in the range of the sums it gets: spread sqrt(rows). */
static inline void randomize(dice *d, mho_net *net)
{
    float spread = 1;
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        const size_t n = mho_node_weight_count(node);
        for (size_t k = 0; k < n; k++)
            node->weight[k] =
                node->alphabet == MHO_ALPHABET_BINARY ? (roll(d, 2) ? 1.0f : -1.0f) : real(d);
        for (size_t k = 0; node->has_bias && k < node->out.c; k++)
            node->bias[k] = real(d);
        if (mho_node_is_weighted(node))
            spread = sqrtf((float)(n / node->out.c));
        for (size_t k = 0; node->op == MHO_OP_BATCHNORM && k < node->out.c; k++) {
            node->gamma[k] = roll(d, 12) ? real(d) : 0;
            node->beta[k] = real(d);
            node->mean[k] = spread * real(d);
            node->variance[k] = spread * spread * (1.1f + real(d));
        }
    }
}

static inline size_t results(size_t in, size_t span, size_t stride, size_t pads)
{
    return (in + pads - span) / stride + 1;
}

/* Half of the windows get strides, dilations, kernel sizes and paddings of their own along each axis. */
static inline void vary(dice *d, mho_node *n, size_t *h, size_t *w)
{
    mho_node odd = *n;
    odd.kw = 1 + roll(d, 3);
    odd.stride_w = 1 + roll(d, 2);
    odd.dilation_h = 1 + roll(d, 2);
    odd.dilation_w = 1 + roll(d, 2);
    size_t high = (odd.kh - 1) * odd.dilation_h + 1, wide = (odd.kw - 1) * odd.dilation_w + 1;
    odd.pad_top = roll(d, (uint32_t)high);
    odd.pad_left = roll(d, (uint32_t)wide);
    odd.pad_bottom = roll(d, (uint32_t)high);
    odd.pad_right = roll(d, (uint32_t)wide);
    if (roll(d, 2) && high <= *h && wide <= *w)
        *n = odd;
    high = (n->kh - 1) * n->dilation_h + 1;
    wide = (n->kw - 1) * n->dilation_w + 1;
    *h = results(*h, high, n->stride_h, n->pad_top + n->pad_bottom);
    *w = results(*w, wide, n->stride_w, n->pad_left + n->pad_right);
}

/* Chains of binary layers as training makes them, and with pools, batch normalization and ReLU in other
 * orders. */
static inline mho_net *random_binary(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out =
        (mho_shape){1 + roll(d, 3), 6 + roll(d, 7), 6 + roll(d, 7)};
    size_t h = b.node[0].out.h, w = b.node[0].out.w;
    const size_t convs = roll(d, 4);
    size_t c = b.node[0].out.c;
    for (size_t i = 0; i < convs && h >= 4 && w >= 4; i++) {
        const size_t k = 1 + roll(d, 3), stride = 1 + roll(d, 2), pad = roll(d, (uint32_t)k);
        const size_t groups = c % 2 == 0 && roll(d, 2) ? 2 : 1;
        c = 2 * (1 + roll(d, 9));
        add_conv(&b, c, k, stride, pad, groups, true, !roll(d, 4));
        vary(d, &b.node[b.nodes - 1], &h, &w);
        const bool pool = h >= 4 && w >= 4 && roll(d, 2), before = roll(d, 2), odd = roll(d, 2);
        if (before && roll(d, 2))
            add_plain(&b, roll(d, 2) ? MHO_OP_RELU : MHO_OP_LEAKY_RELU, "relu");
        if (!before)
            add_plain(&b, MHO_OP_BATCHNORM, "bn");
        if (pool) {
            add_pool_node(&b, MHO_OP_MAXPOOL, odd ? 3 : 2, 2, odd && roll(d, 2));
            vary(d, &b.node[b.nodes - 1], &h, &w);
        }
        if (before)
            add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, MHO_OP_SIGN, "sign");
    }
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    if (b.nodes <= 2 || roll(d, 2)) { /* software merges layers of a network without sign */
        add_fc(&b, 8 + roll(d, 60), true, false);
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, MHO_OP_SIGN, "sign");
    }
    add_fc(&b, 2 + roll(d, 9), true, false);
    if (roll(d, 2))
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static inline mho_images random_images(dice *d, mho_shape shape, size_t count)
{
    mho_images images = {.shape = shape, .count = count, .classes = 10};
    images.pixel = calloc(count, shape.c * shape.h * shape.w);
    images.label = calloc(count, sizeof *images.label);
    for (size_t i = 0; i < count * shape.c * shape.h * shape.w; i++)
        images.pixel[i] = (uint8_t)(roll(d, 2) ? roll(d, 256) : 0);
    for (size_t i = 0; i < count; i++)
        images.label[i] = (uint16_t)roll(d, 10);
    return images;
}

static inline void free_images(mho_images *images)
{
    free(images->pixel);
    free(images->label);
}

static inline float *pixels_as_input(const mho_net *net, const mho_images *images)
{
    const size_t n = images->count * images->shape.c * images->shape.h * images->shape.w;
    float *input = calloc(n, sizeof *input);
    for (size_t i = 0; i < n; i++)
        input[i] = (float)images->pixel[i] * net->input_scale;
    return input;
}

/* A description, and copies of its sections to look at. */
typedef struct opened {
    mho_hw *hw;
    mhoi_machine m;
} opened;

/* They stay open until the test program ends. */
enum { OPENED_MAX = 4096 };
static mho_hw *all_opened[OPENED_MAX];
static size_t opened_count;

static void close_all(void)
{
    while (opened_count)
        mho_hw_destroy(all_opened[--opened_count]);
}

static inline opened open_hw(const char *name, const char *const *sets)
{
    opened o;
    must(opened_count < OPENED_MAX ? MHO_OK : MHO_EDOMAIN);
    must(mho_hw_open(name, sets, &o.hw));
    if (!opened_count)
        (void)atexit(close_all);
    all_opened[opened_count++] = o.hw;
    must(mhoi_machine_of(o.hw, &o.m));
    return o;
}

#endif
