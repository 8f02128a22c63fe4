/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration: images flow through in blocks, of each map a histogram stays and of what layers read the means, so memory
 * does not grow with images; a map's counts are one thread's, so they do not depend on how many there are. */
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "data/load.h"
#include "infer/nodes.h"
#include "quantize/fixed_impl.h"

enum { BLOCK_MAX = 64 };
#define BLOCK_BYTES ((size_t)64 << 20) /* of the values that are looked at */

static size_t elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

/* Images of a block, and the values of the nodes that are looked at. */
typedef struct flow {
    const mho_net *net;
    mho_infer *infer;
    size_t block, n;
    float *input, **value; /* [block][c][h][w] of the image, of each node; NULL: not looked at */
} flow;

static void flow_free(flow *f)
{
    for (size_t i = 0; f->value && i < f->net->nodes; i++)
        mhoi_free(&f->value[i]);
    mhoi_free(&f->value);
    mhoi_free(&f->input);
    mho_infer_destroy(f->infer);
}

/* A part of what memory is left: values are there twice, and in a comparison of two networks. */
static size_t block_bytes(void)
{
    const uint64_t part = mhoi_memory_left() / 8;
    return part < BLOCK_BYTES ? (size_t)part : BLOCK_BYTES;
}

static mho_status flow_create(const mho_net *net, const bool *wanted, flow *f)
{
    size_t each = elements(net->node[0].out);
    *f = (flow){.net = net};
    for (size_t i = 0; i < net->nodes; i++)
        each += wanted[i] ? elements(net->node[i].out) : 0;
    f->block = block_bytes() / sizeof(float) / each;
    f->block = f->block > BLOCK_MAX ? BLOCK_MAX : f->block ? f->block : 1;
    mho_status s = mhoi_infer_create_ordered(net, f->block, &f->infer);
    if (!s)
        s = mhoi_alloc(&f->input, f->block * elements(net->node[0].out), sizeof(float), "images");
    if (!s)
        s = mhoi_alloc(&f->value, net->nodes, sizeof *f->value, "values of maps");
    for (size_t i = 0; !s && i < net->nodes; i++)
        if (wanted[i])
            s = mhoi_alloc(&f->value[i], f->block * elements(net->node[i].out), sizeof(float),
                           net->node[i].name);
    return s;
}

/* Of another rank than that of a map: as elements in a row, unless they are that map. */
static mho_shape image_shape(const mho_net *net, const mho_images *images)
{
    const mho_shape map = net->node[0].out;
    const size_t rank = net->declared.rank;
    return mhoi_net_is_mixed(net) && rank != 1 && rank != 3 && !mhoi_images_are(images, map)
               ? (mho_shape){elements(map), 1, 1}
               : map;
}

static mho_status flow_run(flow *f, const mho_images *images, size_t first, size_t count)
{
    mhoi_loader loader;
    mho_input in;
    mho_net_get_input(f->net, &in);
    mho_status s =
        mhoi_loader_open(images, image_shape(f->net, images), &in, f->net->name, &loader);
    if (s)
        return s;
    f->n = count - first < f->block ? count - first : f->block;
    mhoi_loader_read(&loader, first, f->n, false, f->input);
    return mho_infer_run_nodes(f->infer, f->n, f->input, f->value);
}

/* --- histograms and means ------------------------------------------------------------------------------------ */

typedef struct gathering {
    const flow *f;
    fixed_seen *seen;
    bool fail;
} gathering;

/* Inputs of a layer that its weights tell apart: elements of a fully connected one, channels of a convolution. */
static size_t inputs_of(const mho_node *layer)
{
    return layer->op == MHO_OP_FC ? elements(layer->in) : layer->in.c;
}

static mho_status gather_node(void *context, size_t i, size_t thread)
{
    const gathering *g = context;
    const flow *f = g->f;
    const size_t all = elements(f->net->node[i].out);
    (void)thread;
    if (g->seen->map[i].bin)
        mhoi_histogram_add(&g->seen->map[i], f->value[i], f->n * all);
    if (!g->seen->sum[i])
        return MHO_OK;
    const mho_node *layer = &f->net->node[i];
    const float *x = f->value[layer->input[0]];
    const size_t inputs = inputs_of(layer), each = elements(layer->in) / inputs;
    for (size_t n = 0; n < f->n; n++)
        for (size_t k = 0; k < inputs; k++)
            for (size_t p = 0; p < each; p++)
                g->seen->sum[i][k] += (double)*x++;
    return MHO_OK;
}

static mho_status seen_create(const mho_net *net, const bool *coded, fixed_seen *seen)
{
    *seen = (fixed_seen){.nodes = net->nodes};
    mho_status s = mhoi_alloc(&seen->map, net->nodes, sizeof *seen->map, "calibration");
    if (!s)
        s = mhoi_alloc(&seen->sum, net->nodes, sizeof *seen->sum, "calibration");
    for (size_t i = 1; !s && i < net->nodes; i++) {
        if (coded[i])
            s = mhoi_histogram_create(&seen->map[i]);
        if (!s && mho_node_is_weighted(&net->node[i]))
            s = mhoi_alloc(&seen->sum[i], inputs_of(&net->node[i]), sizeof(double), "calibration");
    }
    return s;
}

void mhoi_fixed_seen_free(fixed_seen *seen)
{
    for (size_t i = 0; i < seen->nodes; i++) {
        if (seen->map)
            mhoi_histogram_free(&seen->map[i]);
        if (seen->sum)
            mhoi_free(&seen->sum[i]);
    }
    mhoi_free(&seen->map);
    mhoi_free(&seen->sum);
}

double mhoi_fixed_mean(const mho_net *net, const fixed_seen *seen, size_t i, size_t k)
{
    const mho_node *layer = &net->node[i];
    const size_t each = elements(layer->in) / inputs_of(layer);
    return seen->sum[i][k] / ((double)seen->images * (double)each);
}

void mhoi_fixed_tell(const fixed_part *part, const char *what, size_t done, size_t total,
                     const char *unit)
{
    if (part->parts)
        mhoi_progress("quantizing", 100 * (part->index * total + done) / (part->parts * total), 100,
                      "%");
    else
        mhoi_progress(what, done, total, unit);
}

mho_status mhoi_fixed_calibrate(const mho_net *net, const bool *coded, const mho_images *images,
                                size_t count, const fixed_part *part, fixed_seen *seen)
{
    flow f = {.net = net};
    bool *wanted = NULL;
    mho_status s = seen_create(net, coded, seen);
    if (!s)
        s = mhoi_alloc(&wanted, net->nodes, sizeof *wanted, "calibration");
    for (size_t i = 1; !s && i < net->nodes; i++) {
        wanted[i] = wanted[i] || coded[i];
        if (seen->sum[i])
            wanted[net->node[i].input[0]] = true;
    }
    if (!s)
        s = flow_create(net, wanted, &f);
    for (size_t first = 0; !s && first < count; first += f.block) {
        gathering g = {.f = &f, .seen = seen};
        s = flow_run(&f, images, first, count);
        if (!s)
            s = mhoi_parallel(net->nodes, gather_node, &g);
        if (!s)
            s = mhoi_interruption();
        mhoi_fixed_tell(part, "calibrating", first + f.n, count, "images");
    }
    seen->images = count;
    flow_free(&f);
    mhoi_free(&wanted);
    return s;
}

/* --- what codes cost ------------------------------------------------------------------------------------------- */

typedef struct comparison {
    const flow *a, *b;
    double *signal, *noise;
} comparison;

static mho_status compare_node(void *context, size_t i, size_t thread)
{
    const comparison *c = context;
    const float *a = c->a->value[i], *b = c->b->value[i];
    const size_t n = a ? c->a->n * elements(c->a->net->node[i].out) : 0;
    (void)thread;
    for (size_t k = 0; k < n; k++) {
        const double miss = (double)a[k] - (double)b[k];
        c->signal[i] += (double)a[k] * (double)a[k];
        c->noise[i] += miss * miss;
    }
    return MHO_OK;
}

mho_status mhoi_fixed_compare(const mho_net *a, const mho_net *b, const mho_images *images,
                              size_t count, const fixed_part *part, double *signal, double *noise)
{
    flow fa = {.net = a}, fb = {.net = b};
    bool *wanted = NULL;
    mho_status s = mhoi_alloc(&wanted, b->nodes, sizeof *wanted, "comparison");
    for (size_t i = 1; !s && i < b->nodes; i++)
        wanted[i] = mhoi_node_rounds(&b->node[i]) || i == mhoi_fixed_scores(b);
    if (!s)
        s = flow_create(a, wanted, &fa);
    if (!s)
        s = flow_create(b, wanted, &fb);
    /* The second had less memory left to choose by. */
    fa.block = fb.block = fa.block < fb.block ? fa.block : fb.block;
    for (size_t first = 0; !s && first < count; first += fa.block) {
        comparison c = {&fa, &fb, signal, noise};
        s = flow_run(&fa, images, first, count);
        if (!s)
            s = flow_run(&fb, images, first, count);
        if (!s)
            s = mhoi_parallel(b->nodes, compare_node, &c);
        if (!s)
            s = mhoi_interruption();
        mhoi_fixed_tell(part, "comparing", first + fa.n, count, "images");
    }
    flow_free(&fa);
    flow_free(&fb);
    mhoi_free(&wanted);
    return s;
}

mho_status mhoi_fixed_values_of(const mho_net *net, size_t node, const mho_images *images,
                                size_t count, float *values)
{
    const size_t each = elements(net->node[node].out);
    flow f = {.net = net};
    bool *wanted = NULL;
    mho_status s = mhoi_alloc(&wanted, net->nodes, sizeof *wanted, "comparison");
    if (!s) {
        wanted[node] = true;
        s = flow_create(net, wanted, &f);
    }
    for (size_t first = 0; !s && first < count; first += f.block) {
        s = flow_run(&f, images, first, count);
        if (!s)
            memcpy(values + first * each, f.value[node], f.n * each * sizeof *values);
        if (!s)
            s = mhoi_interruption();
    }
    flow_free(&f);
    mhoi_free(&wanted);
    return s;
}
