/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out a training run: parameters in flat arrays, values and gradients of every layer, initial
 * weights. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/parallel.h"
#include "net/op_table.h"
#include "quant/codes.h"
#include "train/train_impl.h"

#define STREAM_WEIGHTS 0x77u /* mhoi_stream.layer of initial weights; array = node */

static mho_status check(const mho_net *net, const mho_images *images, const mho_train_options *o)
{
    const mho_shape is = net->node[0].out, out = net->node[net->nodes - 1].out;
    mho_status s = mho_images_fit(images, is, 0, net->name);
    if (s != MHO_OK)
        return s;
    if (out.h != 1 || out.w != 1 || out.c < images->classes)
        return mho_error(MHO_EDOMAIN, "network %s has %zu x %zu x %zu outputs, want %zu classes",
                         net->name, out.c, out.h, out.w, images->classes);
    if (!images->count)
        return mho_error(MHO_EDOMAIN, "no images to train on");
    if (o->frozen && !o->fine_tune)
        return mho_error(
            MHO_EDOMAIN,
            "frozen = %zu, want 0 unless fine_tune = true: layers would stay at random", o->frozen);
    if ((is.h > 1 && o->shift >= is.h) || (is.w > 1 && o->shift >= is.w) || o->shift > 100)
        return mho_error(MHO_EDOMAIN, "shift = %zu, want less than the image and at most 100",
                         o->shift);
    for (size_t i = 0; i + 1 < net->nodes; ++i)
        if (net->node[i].op == MHO_OP_SOFTMAX)
            return mho_error(MHO_ENOTMODELED, "%s: training through a softmax inside the network",
                             net->node[i].name);
    return mhoi_net_check_walk(net, MHOI_WALK_TRAIN);
}

/* Counts parameters and statistics and gives each its place. */
static mho_status lay_out(trainer *t)
{
    const mho_net *net = t->net;
    size_t weighted = 0;
    mho_status s = mhoi_alloc(&t->segment, 2 * net->nodes, sizeof *t->segment, "parameters");
    for (size_t i = 0; s == MHO_OK && i < net->nodes; ++i) {
        const mho_node *node = &net->node[i];
        train_layer *l = &t->layer[i];
        l->node = node;
        if (mho_node_is_weighted(node)) {
            l->weight = t->parameters;
            l->segment = &t->segment[t->segments++];
            l->numbers = mho_node_stored_weights(node);
            *l->segment = (train_segment){.first = t->parameters,
                                          .count = l->numbers,
                                          .latent = node->alphabet == MHO_ALPHABET_BINARY,
                                          .decays = node->alphabet != MHO_ALPHABET_BINARY,
                                          .frozen = weighted++ < t->options.frozen};
            t->parameters += (l->numbers + 15) / 16 * 16;
            l->bias = t->parameters;
        } else if (node->op == MHO_OP_BATCHNORM) {
            l->gamma = t->parameters;
            l->beta = l->gamma + node->out.c;
            t->statistics += 2 * node->out.c;
        }
        if (node->weight_bits || node->value_bits)
            t->statistics += 2;
        if (!mho_node_is_weighted(node) && node->op != MHO_OP_BATCHNORM)
            continue;
        const size_t plain = node->op == MHO_OP_BATCHNORM ? 2 * node->out.c
                             : node->has_bias             ? node->out.c
                                                          : 0;
        if (plain)
            t->segment[t->segments++] =
                (train_segment){.first = t->parameters,
                                .count = plain,
                                .frozen = weighted && weighted <= t->options.frozen};
        t->parameters += (plain + 15) / 16 * 16;
    }
    return s;
}

static mho_status alloc_flat(trainer *t)
{
    mho_status s = mhoi_alloc(&t->w, t->parameters, sizeof *t->w, "parameters");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->m, t->parameters, sizeof *t->m, "optimizer state");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->v, t->parameters, sizeof *t->v, "optimizer state");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->g, t->parameters, sizeof *t->g, "gradients");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->moving, t->statistics, sizeof *t->moving, "moving averages");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->order, t->images->count, sizeof *t->order, "order of the images");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->shift, t->images->count, sizeof *t->shift, "shifts of the images");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->loss, t->chunks, sizeof *t->loss, "losses");
    if (s == MHO_OK)
        s = mhoi_alloc(&t->wrong, t->chunks, sizeof *t->wrong, "errors");
    return s;
}

static mho_status prepare_conv(trainer *t, train_layer *l)
{
    const mho_node *node = l->node;
    mho_status s =
        mhoi_conv_create(node, MHOI_CONV_FORWARD, t->chunk, node->has_bias, false, 0, &l->forward);
    if (s == MHO_OK)
        s = mhoi_alloc(&l->packed, mhoi_conv_packed_bytes(l->forward), 1, "weights");
    if (s == MHO_OK && l->wanted[0])
        s = mhoi_conv_create(node, MHOI_CONV_BACK_DATA, t->chunk, false, false, 0, &l->back_data);
    if (s == MHO_OK && l->wanted[0])
        s = mhoi_alloc(&l->packed_back, mhoi_conv_packed_bytes(l->back_data), 1, "weights");
    if (s == MHO_OK)
        s = mhoi_conv_create(node, MHOI_CONV_BACK_WEIGHT, t->chunk, false, false, 0,
                             &l->back_weight);
    if (s == MHO_OK) {
        l->partial_floats = (mhoi_conv_packed_bytes(l->back_weight) / sizeof(float) + 15) / 16 * 16;
        s = mhoi_alloc(&l->partial, t->chunks * (l->partial_floats + node->out.c), sizeof(float),
                       "gradients of chunks");
    }
    return s;
}

static mho_status prepare_batchnorm(trainer *t, train_layer *l)
{
    const size_t c = l->node->out.c;
    l->tile = mhoi_loops_tile(c);
    mho_status s = mhoi_alloc(&l->sums, 2 * t->chunks * c, sizeof *l->sums, "sums");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->now, 2 * c, sizeof *l->now, "moments");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->a, l->tile, sizeof *l->a, "batch normalization");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->b, l->tile, sizeof *l->b, "batch normalization");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->c, l->tile, sizeof *l->c, "batch normalization");
    return s;
}

/* Weights that are not the parameters themselves. */
static mho_status prepare_weights(train_layer *l)
{
    const mho_node *node = l->node;
    const size_t count = mho_node_weight_count(node);
    const bool circulant = node->block > 1;
    mho_status s = mhoi_block_check(node);
    if (s != MHO_OK || !(circulant || node->weight_bits || node->alphabet == MHO_ALPHABET_BINARY))
        return s;
    l->weight_codes = node->weight_bits ? mhoi_codes_of_weights(node->weight_bits) : (mho_codes){0};
    s = mhoi_alloc(&l->used, count, sizeof *l->used, "weights in use");
    if (s != MHO_OK || !circulant)
        return s;
    s = mhoi_alloc(&l->index, count, sizeof *l->index, "blocks");
    if (s == MHO_OK)
        s = mhoi_alloc(&l->dense, count, sizeof *l->dense, "gradients of a layer");
    if (s == MHO_OK && node->weight_bits)
        s = mhoi_alloc(&l->rounded, l->numbers, sizeof *l->rounded, "weights in use");
    if (s == MHO_OK) {
        const mhoi_block block = mhoi_block_of(node);
        mhoi_block_indices(&block, node->op == MHO_OP_FC, l->index);
    }
    return s;
}

static mho_status prepare_rounding(trainer *t, size_t i)
{
    train_layer *l = &t->layer[i];
    l->value_bits = l->node->value_bits;
    if (!l->value_bits)
        return MHO_OK;
    l->codes = mhoi_codes_of_map(l->value_bits, mhoi_net_values(t->net, i).is_signed);
    return mhoi_alloc(&l->outside, t->batch * train_elements(l->node->out), 1, "values of a layer");
}

static mho_status prepare_layer(trainer *t, size_t i)
{
    train_layer *l = &t->layer[i];
    const mho_node *node = l->node;
    const size_t count = t->batch * train_elements(node->out);
    for (size_t k = 0; k < node->inputs; ++k)
        l->wanted[k] = node->input[k] != 0;
    mho_status s = mhoi_alloc(&l->value, count, sizeof *l->value, "values of a layer");
    if (s == MHO_OK && i)
        s = mhoi_alloc(&l->grad, count, sizeof *l->grad, "gradients of a layer");
    if (s == MHO_OK && mho_node_is_weighted(node))
        s = prepare_weights(l);
    if (s == MHO_OK)
        s = prepare_rounding(t, i);
    if (s != MHO_OK)
        return s;
    switch (node->op) {
    case MHO_OP_CONV:
        return prepare_conv(t, l);
    case MHO_OP_BATCHNORM:
        return prepare_batchnorm(t, l);
    case MHO_OP_MAXPOOL:
        return mhoi_alloc(&l->which, count, sizeof *l->which, "positions of maxima");
    default: /* nothing to keep besides values and gradients */
        return MHO_OK;
    }
}

/* Who writes the gradient of a node first (going backward), and who adds to it. */
static mho_status share_gradients(trainer *t)
{
    bool *written = NULL, shared = false;
    size_t largest = 0;
    mho_status s = mhoi_alloc(&written, t->net->nodes, sizeof *written, "gradients");
    for (size_t i = t->last + 1; s == MHO_OK && i-- > 1;) {
        train_layer *l = &t->layer[i];
        for (size_t k = 0; k < l->node->inputs; ++k) {
            const size_t from = l->node->input[k], size = train_elements(t->net->node[from].out);
            l->accumulate[k] = written[from];
            shared = shared || written[from];
            written[from] = true;
            largest = size > largest ? size : largest;
        }
    }
    t->temp_floats = shared ? t->chunk * largest : 0;
    if (s == MHO_OK)
        s = mhoi_alloc(&t->temp, t->chunks * t->temp_floats, sizeof *t->temp,
                       "gradients of a layer");
    mhoi_free(&written);
    return s;
}

static mho_status alloc_scratch(trainer *t)
{
    size_t bytes = 64;
    for (size_t i = 0; i < t->net->nodes; ++i) {
        const mhoi_conv *const conv[] = {t->layer[i].forward, t->layer[i].back_data,
                                         t->layer[i].back_weight};
        for (size_t k = 0; k < 3; ++k)
            if (conv[k] && mhoi_conv_scratch_bytes(conv[k]) > bytes)
                bytes = mhoi_conv_scratch_bytes(conv[k]);
        const size_t tiles = 2 * t->layer[i].tile * sizeof(float);
        bytes = tiles > bytes ? tiles : bytes;
    }
    const size_t threads = mhoi_threads_for(t->chunks);
    mho_status s = mhoi_alloc(&t->scratch, threads + 1, sizeof *t->scratch, "scratch");
    for (size_t k = 0; s == MHO_OK && k < threads; ++k)
        s = mhoi_alloc(&t->scratch[k], bytes, 1, "scratch");
    return s;
}

/* Uniform within sqrt(6 / (fan in + fan out)) for latent weights, sqrt(6 / fan in) for float ones. */
static void initialize(trainer *t)
{
    for (size_t i = 0; i < t->net->nodes; ++i) {
        const train_layer *l = &t->layer[i];
        const mho_node *node = l->node;
        if (node->op == MHO_OP_BATCHNORM) {
            for (size_t k = 0; k < node->out.c; ++k)
                t->w[l->gamma + k] = l->variance[k] = 1.0f;
        } else if (mho_node_is_weighted(node)) {
            const size_t count = l->numbers, fan_in = mho_node_weight_count(node) / node->out.c;
            const size_t fan = node->alphabet == MHO_ALPHABET_BINARY
                                   ? fan_in + node->out.c * node->kh * node->kw
                                   : fan_in;
            const float limit = (float)sqrt(6.0 / (double)fan);
            float *w = t->w + l->weight;
            mhoi_rng_uniform(&(mhoi_stream){t->options.seed, 0, STREAM_WEIGHTS, (uint32_t)i}, 0,
                             count, w);
            for (size_t k = 0; k < count; ++k)
                w[k] = limit * (2.0f * w[k] - 1.0f);
        }
    }
}

static size_t chunk_of(size_t batch)
{
    size_t chunk = batch < TRAIN_CHUNK_MAX ? batch : TRAIN_CHUNK_MAX;
    while (batch % chunk)
        --chunk;
    return chunk;
}

static mho_status build(trainer *t)
{
    t->batch = t->options.batch < t->images->count ? t->options.batch : t->images->count;
    t->chunk = chunk_of(t->batch);
    t->chunks = t->batch / t->chunk;
    t->steps = t->images->count / t->batch * t->options.epochs;
    t->last = t->net->nodes - 1;
    if (t->net->node[t->last].op == MHO_OP_SOFTMAX)
        t->last = t->net->node[t->last].input[0];
    t->classes = t->net->node[t->last].out.c;
    mho_status s = mhoi_alloc(&t->layer, t->net->nodes, sizeof *t->layer, "layers");
    if (s == MHO_OK)
        s = lay_out(t);
    if (s == MHO_OK)
        s = alloc_flat(t);
    float *moving = t->moving;
    for (size_t i = 0; s == MHO_OK && i <= t->last; ++i) {
        s = prepare_layer(t, i);
        if (t->net->node[i].op == MHO_OP_BATCHNORM) {
            t->layer[i].mean = moving;
            t->layer[i].variance = moving + t->net->node[i].out.c;
            moving += 2 * t->net->node[i].out.c;
        }
        if (t->net->node[i].weight_bits || t->net->node[i].value_bits) {
            t->layer[i].exponent = moving;
            moving += 2;
        }
    }
    if (s == MHO_OK)
        s = share_gradients(t);
    return s == MHO_OK ? alloc_scratch(t) : s;
}

mho_status mhoi_train_create(const mho_net *net, const mho_images *images,
                             const mho_train_options *options, trainer **out)
{
    *out = NULL;
    trainer *t = NULL;
    mho_status s = check(net, images, options);
    if (s == MHO_OK)
        s = mhoi_alloc(&t, 1, sizeof *t, "training");
    if (s != MHO_OK)
        return s;
    t->net = net;
    t->images = images;
    t->options = *options;
    t->loops = mhoi_loops_best();
    mho_input in;
    mho_net_get_input(net, &in);
    s = mhoi_loader_open(images, net->node[0].out, &in, net->name, &t->loader);
    if (s == MHO_OK)
        s = build(t);
    if (s == MHO_OK && options->fine_tune && !mho_net_has_parameters(net))
        s = mho_error(MHO_EUSAGE, "fine_tune: network %s has no parameters to go on from",
                      net->name);
    if (s == MHO_OK) {
        initialize(t);
        if (options->fine_tune)
            s = mhoi_train_import(t);
    }
    if (s == MHO_OK)
        s = mhoi_train_prepare(t);
    if (s != MHO_OK) {
        mhoi_train_destroy(t);
        return s;
    }
    *out = t;
    return MHO_OK;
}

static void free_layer(train_layer *l)
{
    mhoi_conv_destroy(l->forward);
    mhoi_conv_destroy(l->back_data);
    mhoi_conv_destroy(l->back_weight);
    void *all[] = {&l->value,   &l->grad,   &l->used,        &l->index,   &l->rounded, &l->dense,
                   &l->outside, &l->packed, &l->packed_back, &l->partial, &l->sums,    &l->now,
                   &l->a,       &l->b,      &l->c,           &l->which};
    for (size_t k = 0; k < sizeof all / sizeof *all; ++k)
        mhoi_free(all[k]);
}

void mhoi_train_destroy(trainer *t)
{
    if (!t)
        return;
    for (size_t i = 0; t->layer && i < t->net->nodes; ++i)
        free_layer(&t->layer[i]);
    for (size_t k = 0; t->scratch && t->scratch[k]; ++k)
        mhoi_free(&t->scratch[k]);
    void *all[] = {&t->layer, &t->w,    &t->m,     &t->v,    &t->g,       &t->moving, &t->segment,
                   &t->order, &t->temp, &t->shift, &t->loss, &t->scratch, &t->wrong};
    for (size_t k = 0; k < sizeof all / sizeof *all; ++k)
        mhoi_free(all[k]);
    mhoi_free(&t);
}
