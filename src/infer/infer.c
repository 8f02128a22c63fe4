/* SPDX-License-Identifier: Apache-2.0 */
/* Software inference: blocks of images are independent items of a parallel loop; a block always has the
 * same size (the last one is filled up), so scores do not depend on threads, and at most in the last digit
 * of float networks on an image's place in the batch. */
#include "mho/infer.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/finite.h"
#include "base/parallel.h"
#include "data/load.h"
#include "infer/infer_coded.h"
#include "infer/infer_dense.h"
#include "infer/infer_general.h"
#include "infer/nodes.h"
#include "net/op_table.h"

#define BLOCK_MAX 32
#define BLOCK_BYTES ((size_t)4 << 20) /* of one block's values */
#define PARTS 3 /* of the rows of a layer, for sums of codes, usually at most */
#define SLICE_BYTES ((size_t)640 << 10) /* of one slice's, to stay in the second-level cache */

struct mho_infer {
    const mho_net *net;
    mho_net view; /* a program's graph in codes; net is it then */
    size_t batch, block, slice;
    size_t threads, wanted; /* that have memory; that would, if there were enough of it */
    infer_plan plan, every; /* every: all nodes' values; made when asked for */
    float **memory;         /* one block's values for each thread */
    bool ordered;           /* of every: sums in one order */
    bool all;               /* scores are of all outputs */
    mhoi_general *general;  /* instead of all this: the network is a program */
};

/* Images of a slice and of a block: the slice divides the block. */
static void sizes(const mho_net *net, size_t batch, size_t *slice, size_t *block)
{
    size_t floats = 0;
    for (size_t i = 0; i < net->nodes; ++i)
        floats += infer_elements(net->node[i].out);
    *slice = SLICE_BYTES / sizeof(float) / floats;
    *slice = *slice > batch ? batch : *slice;
    *slice = *slice > BLOCK_MAX ? BLOCK_MAX : *slice ? *slice : 1;
    if (batch >= MHOI_LANES && mhoi_infer_lanes_fit(net))
        *slice = MHOI_LANES;
    const size_t slices = (BLOCK_BYTES / sizeof(float) / floats + *slice - 1) / *slice;
    const size_t enough = (batch < BLOCK_MAX ? batch : BLOCK_MAX) / *slice;
    *block = *slice * (slices < enough ? slices : enough);
    *block = *block ? *block : *slice;
}

static size_t blocks_of(const mho_infer *infer, size_t images)
{
    return (images + infer->block - 1) / infer->block;
}

static void free_memory(mho_infer *infer)
{
    for (size_t t = 0; infer->memory && t < infer->threads; ++t)
        mhoi_free(&infer->memory[t]);
    mhoi_free(&infer->memory);
    infer->threads = infer->wanted = 0;
}

static size_t floats_of(const mho_infer *infer)
{
    return infer->every.floats > infer->plan.floats ? infer->every.floats : infer->plan.floats;
}

/* Room for as many threads as work on so many blocks, or as many as there is memory for, for the larger of the plans. */
static mho_status need_memory(mho_infer *infer, size_t blocks, bool grown)
{
    size_t threads = mhoi_threads_for(blocks);
    if (threads <= infer->wanted && !grown)
        return MHO_OK;
    free_memory(infer);
    const uint64_t bytes = floats_of(infer) * sizeof(float), fit = mhoi_memory_left() / (bytes + 1);
    mho_status s =
        mhoi_memory_want(bytes, "network %s: a block of images in software", infer->net->name);
    infer->wanted = threads;
    threads = threads < fit ? threads : (size_t)fit;
    if (s == MHO_OK)
        s = mhoi_alloc(&infer->memory, threads, sizeof *infer->memory, "inference memory");
    if (s == MHO_OK)
        infer->threads = threads;
    for (size_t t = 0; s == MHO_OK && t < threads; ++t)
        s = mhoi_alloc(&infer->memory[t], floats_of(infer), sizeof(float), "inference memory");
    return s;
}

/* Loops over blocks: items of one each, or as many items as there are threads with memory, which take blocks in turn. */
static size_t items_of(const mho_infer *infer, size_t blocks)
{
    return infer->threads < mhoi_threads_for(blocks) ? infer->threads : blocks;
}

uint64_t mhoi_infer_weight_bytes(const mho_net *net, bool coded)
{
    uint64_t all = 0, most = 0;
    for (size_t i = 1; i < net->nodes; ++i) {
        const mho_node *node = &net->node[i];
        if (!mho_node_is_weighted(node) || mhoi_infer_is_dense(node))
            continue;
        const uint64_t bytes = mho_node_weight_count(node) * sizeof(float);
        all += coded || mhoi_infer_is_coded(net, node) ? PARTS * bytes : bytes;
        most = bytes > most ? bytes : most;
    }
    return all + 2 * most;
}

/* Does a node behind i read j? */
static bool read_behind(const mho_net *net, size_t j, size_t i)
{
    for (++i; i < net->nodes; ++i)
        for (size_t k = 0; k < net->node[i].inputs; ++k)
            if (net->node[i].input[k] == j)
                return true;
    return false;
}

/* Floats of values of an image that live at once: those of all that is still to be read, a quarter more as places do not fit
 * exactly; and a layer's own twice. */
static uint64_t floats_at_once(const mho_net *net)
{
    uint64_t most = 0, live = 0;
    for (size_t i = 0; i < net->nodes; ++i) {
        const mho_node *node = &net->node[i];
        const uint64_t out = infer_elements(node->out),
                       own = i ? 2 * (infer_elements(node->in) + out) : out;
        live += out;
        most = live / 4 * 5 > most ? live / 4 * 5 : most;
        most = own > most ? own : most;
        for (size_t k = 0; k < node->inputs; ++k) {
            bool again = read_behind(net, node->input[k], i);
            for (size_t r = 0; r < k; ++r)
                again = again || node->input[r] == node->input[k];
            live -= again ? 0 : infer_elements(net->node[node->input[k]].out);
        }
    }
    return most;
}

void mhoi_infer_need(const mho_net *net, size_t images, mhoi_need *need)
{
    size_t block, slice;
    const mho_net *coded = mhoi_net_in_codes(net);
    if (net->program && !coded)
        return;
    const mho_net view = coded ? mhoi_net_view(net, coded) : *net;
    sizes(&view, images < BLOCK_MAX && images ? images : BLOCK_MAX, &slice, &block);
    const uint64_t at_once = block < 2 * slice ? block : 2 * slice;
    mhoi_memory_need(need,
                     mhoi_infer_weight_bytes(&view, false) +
                         at_once * floats_at_once(&view) * sizeof(float),
                     "network %.100s: inference in software", net->name);
}

/* Before any of it is there. */
static mho_status want_room(const mho_net *net, size_t images)
{
    mhoi_need need = {.bytes = 0};
    mhoi_infer_need(net, images, &need);
    return mhoi_memory_grant(&need, NULL);
}

static mho_status create(const mho_net *net, size_t batch, bool ordered, mho_infer **out)
{
    *out = NULL;
    if (!mho_net_has_parameters(net))
        return mho_error(MHO_EDOMAIN, "network %s has no parameters: train it, or read a model",
                         net->name);
    if (!batch)
        return mho_error(MHO_EDOMAIN, "batch = 0, want 1 or more");
    const mho_net *coded = mhoi_net_in_codes(net);
    const bool program = net->program && !coded;
    mho_status s = program ? MHO_OK : mhoi_net_check_walk(coded ? coded : net, MHOI_WALK_INFER);
    if (s != MHO_OK)
        return s;
    mho_infer *infer = NULL;
    s = mhoi_alloc(&infer, 1, sizeof *infer, "inference");
    if (s != MHO_OK)
        return s;
    infer->net = net;
    infer->batch = batch;
    infer->ordered = ordered;
    if (program) {
        s = mhoi_general_create(net, &infer->general);
        if (s != MHO_OK)
            mhoi_free(&infer);
        *out = infer;
        return s;
    }
    if (coded) {
        infer->view = mhoi_net_view(net, coded);
        net = infer->net = &infer->view;
    }
    sizes(net, batch, &infer->slice, &infer->block);
    s = want_room(infer->net, batch);
    if (s == MHO_OK && !ordered)
        s = mhoi_infer_plan_create(net, infer->block, infer->slice, true, false, &infer->plan);
    if (s == MHO_OK && !ordered)
        s = need_memory(infer, blocks_of(infer, batch), false);
    if (s != MHO_OK) {
        mho_infer_destroy(infer);
        return s;
    }
    *out = infer;
    return MHO_OK;
}

mho_status mho_infer_create(const mho_net *net, size_t batch, mho_infer **out)
{
    return create(net, batch, false, out);
}

mho_status mhoi_infer_create_ordered(const mho_net *net, size_t batch, mho_infer **out)
{
    return create(net, batch, true, out);
}

void mhoi_infer_want_all(mho_infer *infer)
{
    infer->all = true;
}

void mho_infer_destroy(mho_infer *infer)
{
    if (!infer)
        return;
    free_memory(infer);
    mhoi_general_destroy(infer->general);
    mhoi_infer_plan_free(&infer->plan);
    mhoi_infer_plan_free(&infer->every);
    mhoi_free(&infer);
}

typedef struct run_context {
    mho_infer *infer;
    const infer_plan *plan;
    size_t n, blocks, items;
    const float *input;
    float *scores;
    float *const *node_out;
} run_context;

static void put(const infer_plan *plan, const float *memory, size_t node, size_t first, size_t n,
                float *out)
{
    const mho_shape shape = plan->net->node[node].out;
    mhoi_transpose(n, shape.h * shape.w, shape.c, memory + plan->offset[node],
                   out + first * infer_elements(shape));
}

/* The scores; those of the first output, where there are several and not all are wanted. */
static void put_scores(const run_context *c, const float *memory, size_t first, size_t n)
{
    const mho_net *net = c->infer->net;
    const mho_node *last = &net->node[net->nodes - 1];
    const size_t each = infer_elements(last->out);
    if (!mhoi_node_lists(last) || c->infer->all) {
        put(c->plan, memory, net->nodes - 1, first, n, c->scores);
        return;
    }
    const size_t scores = last->work->in[0].count;
    for (size_t k = 0; k < n; k++)
        memcpy(c->scores + (first + k) * scores,
               memory + c->plan->offset[net->nodes - 1] + k * each, scores * sizeof *c->scores);
}

/* A block is always full: images that are not there are its first, whose values are numbers in every layer. */
static void fill_up(float *input, size_t n, size_t block, size_t elements)
{
    for (size_t i = n; i < block; ++i)
        memcpy(input + i * elements, input, elements * sizeof *input);
}

static mho_status run_block(const run_context *c, size_t item, size_t thread)
{
    const mho_net *net = c->infer->net;
    float *memory = c->infer->memory[thread];
    const size_t block = c->plan->block, first = item * block, left = c->n - first;
    const size_t n = left < block ? left : block, elements = infer_elements(net->node[0].out);
    mhoi_transpose(n, net->node[0].out.c, net->node[0].out.h * net->node[0].out.w,
                   c->input + first * elements, memory + c->plan->offset[0]);
    fill_up(memory + c->plan->offset[0], n, block, elements);
    mho_status s = mhoi_infer_plan_run(c->plan, memory);
    if (s == MHO_OK && c->scores)
        put_scores(c, memory, first, n);
    for (size_t i = 0; s == MHO_OK && c->node_out && i < net->nodes; ++i)
        if (c->node_out[i])
            put(c->plan, memory, i, first, n, c->node_out[i]);
    return s;
}

static mho_status run_blocks(void *context, size_t item, size_t thread)
{
    const run_context *c = context;
    mho_status s = MHO_OK;
    for (; s == MHO_OK && item < c->blocks; item += c->items)
        s = run_block(c, item, thread);
    return s;
}

static mho_status run(run_context *c)
{
    const size_t each = infer_elements(c->infer->net->node[0].out);
    if (c->n > c->infer->batch)
        return mho_error(MHO_EDOMAIN, "inference of %zu images, want 0..%zu", c->n,
                         c->infer->batch);
    if (!mhoi_all_finite(c->input, c->n * each)) {
        const size_t i = mhoi_first_not_finite(c->input, c->n * each);
        return mho_error(MHO_EDOMAIN, "element %zu of input %zu is %g, want a finite number",
                         i % each, i / each, (double)c->input[i]);
    }
    if (c->infer->general)
        return mhoi_general_run(c->infer->general, c->n, c->input, c->scores);
    c->blocks = blocks_of(c->infer, c->n);
    mho_status s = need_memory(c->infer, c->blocks, false);
    if (s != MHO_OK)
        return s;
    c->items = items_of(c->infer, c->blocks);
    return mhoi_parallel(c->items, run_blocks, c);
}

mho_status mho_infer_run(mho_infer *infer, size_t n, const float *input, float *scores)
{
    run_context c = {
        .infer = infer, .plan = &infer->plan, .n = n, .input = input, .scores = scores};
    return run(&c);
}

mho_status mho_infer_run_nodes(mho_infer *infer, size_t n, const float *input,
                               float *const *node_out)
{
    if (infer->general)
        return mho_error(MHO_ENOTMODELED, "network %s: values of nodes of general operators",
                         infer->net->name);
    if (!infer->every.step) {
        mho_status s = mhoi_infer_plan_create(infer->net, infer->block, infer->slice, false,
                                              infer->ordered, &infer->every);
        if (s == MHO_OK)
            s = need_memory(infer, blocks_of(infer, infer->batch), true);
        if (s != MHO_OK)
            return s;
    }
    run_context c = {
        .infer = infer, .plan = &infer->every, .n = n, .input = input, .node_out = node_out};
    return run(&c);
}

/* --- classification -------------------------------------------------------------------------------- */

#define TOP 5

typedef struct errors_context {
    mho_infer *infer;
    const mho_images *images;
    mhoi_loader loader;
    size_t count, blocks, items;
    uint32_t *wrong, *beyond; /* of each block; beyond: five classes are before the image's */
    bool *each;               /* of each image; NULL: not wanted */
    atomic_size_t done;       /* images */
} errors_context;

static size_t largest(size_t classes, const float *score)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; ++k)
        if (score[k] > score[best])
            best = k;
    return best;
}

/* Do five classes have larger scores than that one, or the same and stand before it? */
static bool is_beyond(size_t classes, const float *score, size_t label)
{
    size_t before = 0;
    for (size_t k = 0; k < classes && before < TOP; k++)
        before +=
            k != label && (!(score[k] <= score[label]) || (score[k] == score[label] && k < label));
    return before >= TOP;
}

static mho_status errors_block(errors_context *c, size_t item, size_t thread)
{
    const infer_plan *plan = &c->infer->plan;
    const mho_net *net = plan->net;
    float *memory = c->infer->memory[thread];
    const size_t first = item * plan->block, left = c->count - first;
    const size_t n = left < plan->block ? left : plan->block,
                 elements = infer_elements(net->node[0].out);
    const size_t classes = infer_elements(net->node[net->nodes - 1].out);
    float *input = memory + plan->offset[0];
    mhoi_loader_read(&c->loader, first, n, true, input);
    fill_up(input, n, plan->block, elements);
    mho_status s = mhoi_infer_plan_run(plan, memory);
    const float *score = memory + plan->offset[net->nodes - 1];
    for (size_t i = 0; i < n; ++i) {
        const bool wrong = largest(classes, score + i * classes) != c->images->label[first + i];
        c->wrong[item] += wrong;
        c->beyond[item] += is_beyond(classes, score + i * classes, c->images->label[first + i]);
        if (c->each)
            c->each[first + i] = wrong;
    }
    mhoi_progress("software", atomic_fetch_add(&c->done, n) + n, c->count, "images");
    return s;
}

static mho_status errors_blocks(void *context, size_t item, size_t thread)
{
    errors_context *c = context;
    mho_status s = MHO_OK;
    for (; s == MHO_OK && !mhoi_interrupted() && item < c->blocks; item += c->items)
        s = errors_block(c, item, thread);
    return s;
}

static mho_status open_images(const mho_net *net, const mho_images *images, size_t count,
                              mhoi_loader *loader)
{
    const mho_shape out = mho_net_output_shape(net);
    mho_input in;
    mho_net_get_input(net, &in);
    const mho_shape shape = mhoi_image_shape(net, images);
    mho_status s = mho_images_fit(images, shape, out.c, net->name);
    if (s == MHO_OK)
        s = mhoi_loader_open(images, shape, &in, net->name, loader);
    if (s != MHO_OK)
        return s;
    if (out.h != 1 || out.w != 1)
        return mho_error(MHO_EDOMAIN,
                         "network %s ends with %zu x %zu x %zu values, not with classes", net->name,
                         out.c, out.h, out.w);
    if (count > images->count)
        return mho_error(MHO_EDOMAIN, "images = %zu, want 0..%zu", count, images->count);
    return MHO_OK;
}

/* Images as arrays: [c][h][w] floats. */
static mho_status errors_general(const mho_net *net, const mhoi_loader *loader, size_t count,
                                 bool *wrong, mho_tally *tally)
{
    const size_t each = infer_elements(net->node[0].out);
    const size_t classes = infer_elements(mho_net_output_shape(net));
    const size_t block = 64;
    mho_infer *infer = NULL;
    float *input = NULL, *score = NULL;
    mho_status s = mho_infer_create(net, block, &infer);
    if (s == MHO_OK)
        s = mhoi_alloc(&input, block * each, sizeof *input, "images");
    if (s == MHO_OK)
        s = mhoi_alloc(&score, block * classes, sizeof *score, "scores");
    for (size_t i = 0; s == MHO_OK && i < count; i += block) {
        const size_t n = count - i < block ? count - i : block;
        mhoi_loader_read(loader, i, n, false, input);
        s = mho_infer_run(infer, n, input, score);
        for (size_t k = 0; s == MHO_OK && k < n; ++k) {
            const size_t label = loader->images->label[i + k];
            const bool bad = largest(classes, score + k * classes) != label;
            tally->errors += bad;
            tally->top5_errors += is_beyond(classes, score + k * classes, label);
            if (wrong)
                wrong[i + k] = bad;
        }
        mhoi_progress("software", i + n, count, "images");
    }
    mhoi_free(&score);
    mhoi_free(&input);
    mho_infer_destroy(infer);
    return s;
}

static mho_status tally_images(const mho_net *net, const mho_images *images, size_t count,
                               bool *wrong, mho_tally *out)
{
    *out = (mho_tally){0};
    errors_context c = {.images = images, .count = count, .each = wrong};
    mho_status s = open_images(net, images, count, &c.loader);
    if (s == MHO_OK && net->program)
        return errors_general(net, &c.loader, count, wrong, out);
    if (s == MHO_OK)
        s = mho_infer_create(net, BLOCK_MAX, &c.infer);
    if (s != MHO_OK)
        return s;
    const size_t blocks = c.blocks = blocks_of(c.infer, count);
    s = need_memory(c.infer, blocks, false);
    if (s == MHO_OK)
        s = mhoi_alloc(&c.wrong, blocks, sizeof *c.wrong, "errors of each block");
    if (s == MHO_OK)
        s = mhoi_alloc(&c.beyond, blocks, sizeof *c.beyond, "errors of each block");
    if (s == MHO_OK)
        s = mhoi_parallel(c.items = items_of(c.infer, blocks), errors_blocks, &c);
    for (size_t i = 0; s == MHO_OK && i < blocks; ++i) {
        out->errors += c.wrong[i];
        out->top5_errors += c.beyond[i];
    }
    mhoi_free(&c.beyond);
    mhoi_free(&c.wrong);
    mho_infer_destroy(c.infer);
    return s;
}

mho_status mho_infer_tally(const mho_net *net, const mho_images *images, size_t count,
                           mho_tally *out)
{
    return tally_images(net, images, count, NULL, out);
}

mho_status mho_infer_errors(const mho_net *net, const mho_images *images, size_t count,
                            size_t *errors)
{
    return mho_infer_wrong(net, images, count, NULL, errors);
}

mho_status mho_infer_wrong(const mho_net *net, const mho_images *images, size_t count, bool *wrong,
                           size_t *errors)
{
    mho_tally tally;
    mho_status s = tally_images(net, images, count, wrong, &tally);
    *errors = tally.errors;
    return s;
}
