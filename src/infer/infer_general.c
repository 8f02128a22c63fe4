/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of images are items of a parallel loop, with a runner for each thread. */
#include "infer/infer_general.h"

#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "infer/infer_impl.h"
#include "infer/infer_program.h"

#define BLOCK ((size_t)16) /* images, where the file leaves their number open */

struct mhoi_general {
    const mho_net *net;
    size_t block, in, out; /* images of a run; elements of one */
    mhoi_runner **runner;  /* [threads] */
    size_t threads;
    uint64_t bytes; /* that a block took; 0: not known yet */
};

typedef struct job {
    mhoi_general *general;
    size_t n;
    const float *input;
    float *scores;
    size_t from, blocks,
        items; /* blocks [from, blocks) by so many items, which take them in turn */
} job;

mho_status mhoi_general_create(const mho_net *net, mhoi_general **out)
{
    const mhoi_program *p = net->program;
    mhoi_general *g = NULL;
    *out = NULL;
    const mho_shape in = net->node[0].out, give = mho_net_output_shape(net);
    if (p->inputs != 1 || !infer_elements(in) || !infer_elements(give))
        return mho_error(MHO_ENOTMODELED,
                         "network %s has %zu inputs, or shapes that are known only when it runs: "
                         "it takes arrays alone",
                         net->name, p->inputs);
    const mhoi_operand *o = &p->operand[p->input[0]];
    mho_status s = mhoi_alloc(&g, 1, sizeof *g, "inference");
    if (s)
        return s;
    *g = (mhoi_general){.net = net,
                        .block = o->symbol[0] ? BLOCK : o->array.size[0],
                        .in = infer_elements(in),
                        .out = infer_elements(give)};
    *out = g;
    return MHO_OK;
}

void mhoi_general_destroy(mhoi_general *g)
{
    for (size_t t = 0; g && t < g->threads; t++)
        mhoi_runner_destroy(g->runner[t]);
    if (g)
        mhoi_free(&g->runner);
    mhoi_free(&g);
}

static mho_status need_runners(mhoi_general *g, size_t threads)
{
    if (threads <= g->threads)
        return MHO_OK;
    mhoi_runner **more = NULL;
    mho_status s = mhoi_alloc(&more, threads, sizeof(void *), "inference");
    if (s)
        return s;
    for (size_t t = 0; t < g->threads; t++)
        more[t] = g->runner[t];
    mhoi_free(&g->runner);
    g->runner = more;
    while (!s && g->threads < threads) {
        s = mhoi_runner_create(g->net->program, &g->runner[g->threads]);
        g->threads += !s;
    }
    return s;
}

/* The block as the file wants it; images that are not there are zeros where the file tells how many they are. */
static mho_status make_input(const job *j, size_t first, size_t n, mho_array *out)
{
    const mhoi_general *g = j->general;
    const mhoi_operand *o = &g->net->program->operand[g->net->program->input[0]];
    size_t size[MHO_TENSOR_DIMS];
    mho_array floats;
    memcpy(size, o->array.size, sizeof size);
    size[0] = o->symbol[0] ? n : g->block;
    mho_status s = mhoi_array_shape(MHO_TYPE_FLOAT, o->array.rank, size, &floats);
    if (!s)
        s = mhoi_array_alloc(&floats, "inference");
    if (s)
        return s;
    memcpy(floats.data, j->input + first * g->in, n * g->in * sizeof(float));
    if (o->array.type == MHO_TYPE_FLOAT) {
        *out = floats;
        return MHO_OK;
    }
    s = mhoi_array_convert(&floats, o->array.type, out);
    mho_array_free(&floats);
    return s;
}

static mho_status run_block(void *context, size_t item, size_t thread)
{
    const job *j = context;
    const mhoi_general *g = j->general;
    const mhoi_program *p = g->net->program;
    const size_t first = item * g->block, left = j->n - first,
                 n = left < g->block ? left : g->block;
    mho_array in = {0}, *out = NULL;
    mho_status s = make_input(j, first, n, &in);
    if (!s)
        s = mhoi_alloc(&out, p->outputs, sizeof *out, "inference");
    if (!s)
        s = mhoi_runner_run(g->runner[thread], &in, out);
    if (!s && (out[0].count < n * g->out || out[0].rank == 0 || out[0].size[0] < n))
        s = mho_error(MHO_ENOTMODELED, "output '%s' has no axis of images",
                      p->operand[p->output[0]].name);
    double value;
    for (size_t i = 0; !s && i < n * g->out; i++) {
        mhoi_array_reals(&out[0], i, 1, &value);
        j->scores[first * g->out + i] = (float)value;
    }
    for (size_t k = 0; out && k < p->outputs; k++)
        mho_array_free(&out[k]);
    mhoi_free(&out);
    mho_array_free(&in);
    return s;
}

static mho_status run_blocks(void *context, size_t item, size_t thread)
{
    const job *j = context;
    mho_status s = MHO_OK;
    for (size_t b = j->from + item; !s && b < j->blocks; b += j->items)
        s = run_block(context, b, thread);
    return s;
}

/* What a block takes is known once it ran: within a budget the first runs alone, and the others on as many threads as have
 * memory. */
static mho_status run_first(job *j, size_t *threads)
{
    mhoi_general *g = j->general;
    mho_status s = MHO_OK;
    if (!g->bytes) {
        const uint64_t before = mhoi_alloc_bytes();
        mhoi_alloc_watch();
        s = need_runners(g, 1);
        if (!s)
            s = run_block(j, j->from++, 0);
        g->bytes = mhoi_alloc_most() - before + 1;
    }
    const uint64_t fit = mhoi_memory_left() / g->bytes;
    *threads = fit < 1 ? 1 : fit < *threads ? (size_t)fit : *threads;
    return s;
}

mho_status mhoi_general_run(mhoi_general *g, size_t n, const float *input, float *scores)
{
    job j = {g, n, input, scores, 0, (n + g->block - 1) / g->block, 0};
    size_t threads = mhoi_threads_for(j.blocks);
    mho_status s = mhoi_memory_told() && threads > 1 ? run_first(&j, &threads) : MHO_OK;
    if (!s)
        s = need_runners(g, threads);
    j.items = threads < mhoi_threads_for(j.blocks) ? threads : j.blocks - j.from;
    return s || !j.items ? s : mhoi_parallel(j.items, run_blocks, &j);
}
