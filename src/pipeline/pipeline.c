/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the pipe until the network's last result, then tells what each layer contributed. */
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "mho/map.h"
#include "net/op_table.h"
#include "pipeline_impl.h"

enum { LOOK_UP_EVERY = 4096 }; /* steps between looks at interruption and progress */

mho_pipeline_options mho_pipeline_options_default(void)
{
    return (mho_pipeline_options){.registered_pool = false, .service = 1};
}

static mho_status stands_still(const mhoi_pipe *pipe, uint64_t cycle)
{
    const mhoi_stage *t = &pipe->stage[pipe->final];
    return mho_error(MHO_EINTERNAL,
                     "the pipeline stands still at cycle %llu: layer '%s' has put out %zu of %zu",
                     (unsigned long long)cycle, t->layer ? t->layer->name : "input",
                     t->results_done, t->results);
}

/* Of a pipe that is as it was when the image before ended (state[2][words]) all images go on alike. */
static bool is_steady(const mhoi_pipe *pipe, size_t image, uint64_t cycle, uint64_t *state)
{
    const size_t words = mhoi_pipe_state_words(pipe);
    uint64_t *now = state + image % 2 * words, *before = state + (image + 1) % 2 * words;
    const bool more = mhoi_pipe_state(pipe, cycle, now);
    return more && image && !memcmp(now, before, words * sizeof *now);
}

/* Until the last result of `images` images; done[images]: cycles until that of each.  state: NULL, or memory for two of
 * them: the end is told as soon as it is known. */
static mho_status run(mhoi_pipe *pipe, mho_pipeline *p, mho_pipeline_trace_fn *trace, void *user,
                      size_t images, uint64_t *done, uint64_t *state)
{
    const mhoi_stage *final = &pipe->stage[pipe->final];
    uint64_t cycle = 0, step = 0;
    for (size_t image = 0; image < images;) {
        bool moved;
        mho_status s = mhoi_pipe_step(pipe, cycle, &moved);
        if (s)
            return s;
        if (!moved)
            return stands_still(pipe, cycle);
        const uint64_t alike = 1 + mhoi_pipe_repeat(pipe);
        p->stalls += pipe->waited ? alike : 0;
        for (size_t i = 1; trace && i < pipe->stages; i++)
            pipe->beat[i - 1] = pipe->stage[i].beat;
        for (uint64_t i = 0; trace && i < alike; i++)
            trace(user, cycle + i, pipe->beat, pipe->stages - 1);
        if (final->results_done == (image + 1) * final->results) {
            done[image] = cycle + 1;
            const bool steady = state && is_steady(pipe, image, cycle + 1, state);
            for (image++; steady && image < images; image++)
                done[image] = 2 * done[image - 1] - done[image - 2];
        }
        cycle += alike;
        if (++step % LOOK_UP_EVERY)
            continue;
        mhoi_progress("pipeline", cycle < p->eq6 ? cycle : p->eq6, p->eq6, "cycles");
        if (mhoi_interrupted())
            return mho_error(MHO_EINTERRUPTED, "interrupted at cycle %llu",
                             (unsigned long long)cycle);
    }
    p->cycles = done[0];
    return MHO_OK;
}

/* Walks back from the last layer along the producers that finished last. */
static void find_critical_path(const mhoi_pipe *pipe)
{
    const mhoi_stage *t = &pipe->stage[pipe->final];
    while (t->layer) {
        const mhoi_stage *from = &pipe->stage[t->producer[0]];
        for (size_t p = 1; p < t->producers; p++) {
            const mhoi_stage *other = &pipe->stage[t->producer[p]];
            if (!from->layer || (other->layer && other->layer->last_out > from->layer->last_out))
                from = other;
        }
        t->layer->critical = true;
        t->layer->latency = t->layer->last_out + 1 - (from->layer ? from->layer->last_out + 1 : 0);
        t = from;
    }
}

static mho_status count_closed_forms(const mho_net *net, mho_pipeline *p)
{
    bool first = true;
    mho_status s = mho_cycles_pipelined(net, &p->eq6);
    if (!s)
        s = mho_cycles_layer_by_layer(net, &p->eq7);
    for (size_t i = 0; !s && i < p->layers; i++) {
        s = mho_cycles_pipelined_term(&net->node[p->layer[i].node], first, &p->layer[i].eq6);
        if (p->layer[i].op == MHO_OP_CONV)
            first = false;
    }
    return s;
}

/* After the stages know their service times. */
static mho_status add_service(const mhoi_pipe *pipe, const mho_net *net, mho_pipeline *p)
{
    p->layer_by_layer = p->eq7;
    p->service = 1;
    for (size_t i = 1; i < pipe->stages; i++) {
        const mhoi_stage *t = &pipe->stage[i];
        const uint64_t waves = t->results / t->copies + (t->results % t->copies != 0);
        const uint64_t more = waves * (t->service - t->copies); /* no more copies than that */
        if (t->service > p->service)
            p->service = t->service;
        if (__builtin_add_overflow(p->layer_by_layer, more, &p->layer_by_layer))
            return mho_error(MHO_EDOMAIN, "network '%s': its cycles leave 64 bits", net->name);
    }
    return MHO_OK;
}

enum { PACE_MAX = 1000000, IMAGES = 4 };

static mho_status check_counts(const char *what, const size_t *count, size_t nodes)
{
    for (size_t i = 0; count && i < nodes; i++)
        if (count[i] > PACE_MAX)
            return mho_error(MHO_EDOMAIN, "%s = %zu, want 1..%d", what, count[i], PACE_MAX);
    return MHO_OK;
}

static mho_status check_options(const mho_pipeline_options *options, const mhoi_pace *pace,
                                size_t nodes)
{
    if (options->service < 1 || options->service > PACE_MAX)
        return mho_error(MHO_EDOMAIN, "service = %zu cycles, want 1..%d", options->service,
                         PACE_MAX);
    const mho_status s = check_counts("cycles of service", pace->service, nodes);
    return s ? s : check_counts("copies", pace->copies, nodes);
}

static mho_status simulate(const mho_net *net, const mho_pipeline_options *options,
                           const mhoi_pace *pace, mho_pipeline_trace_fn *trace, void *user,
                           mho_pipeline *p)
{
    mhoi_pipe pipe;
    uint64_t done[1];
    mho_status s = mhoi_alloc(&p->layer, net->nodes, sizeof *p->layer, "layers of the pipeline");
    if (!s)
        s = mhoi_pipe_create(net, options, pace, 1, p->layer, &pipe);
    if (s)
        return s;
    p->layers = pipe.stages - 1;
    s = count_closed_forms(net, p);
    if (!s)
        s = add_service(&pipe, net, p);
    if (!s)
        s = run(&pipe, p, trace, user, 1, done, NULL);
    if (!s)
        find_critical_path(&pipe);
    mhoi_pipe_free(&pipe);
    return s;
}

/* Several images, one after the other: how far apart the last two end. */
static mho_status find_interval(const mho_net *net, const mho_pipeline_options *options,
                                const mhoi_pace *pace, mho_pipeline *out)
{
    mhoi_pipe pipe;
    mho_pipeline several = {.eq6 = IMAGES * out->eq6};
    uint64_t done[IMAGES], *state = NULL;
    mho_status s =
        mhoi_alloc(&several.layer, net->nodes, sizeof *several.layer, "layers of the pipeline");
    if (!s)
        s = mhoi_pipe_create(net, options, pace, IMAGES, several.layer, &pipe);
    if (!s) {
        pipe.trusted = true; /* the first image was looked at */
        s = mhoi_alloc(&state, 2 * mhoi_pipe_state_words(&pipe), sizeof *state, "states");
        if (!s)
            s = run(&pipe, &several, NULL, NULL, IMAGES, done, state);
        mhoi_pipe_free(&pipe);
        mhoi_free(&state);
    }
    mhoi_free(&several.layer);
    out->interval = s ? 0 : done[IMAGES - 1] - done[IMAGES - 2];
    return s;
}

mho_status mho_pipeline_create(const mho_net *net, const mho_pipeline_options *options,
                               const size_t *service, const size_t *copies,
                               mho_pipeline_trace_fn *trace, void *user, mho_pipeline **out)
{
    const mhoi_pace pace = {service, copies};
    mho_pipeline *p = NULL;
    *out = NULL;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_PIPELINE, &net);
    if (!s)
        s = check_options(options, &pace, net->nodes);
    if (!s)
        s = mhoi_alloc(&p, 1, sizeof *p, "pipeline");
    if (!s)
        s = simulate(net, options, &pace, trace, user, p);
    if (!s)
        s = find_interval(net, options, &pace, p);
    if (s)
        mho_pipeline_destroy(p);
    else
        *out = p;
    return s;
}

mho_status mho_pipeline_create_placed(const mho_net *net, const mho_placement *placement,
                                      mho_pipeline **out)
{
    const mho_pipeline_options options = mho_pipeline_options_default();
    size_t *service = NULL;
    *out = NULL;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_PIPELINE, &net);
    if (!s)
        s = mhoi_alloc(&service, 2 * net->nodes, sizeof *service, "service times");
    if (s)
        return s;
    mho_placement_service(placement, service);
    mho_placement_copies(placement, service + net->nodes);
    s = mho_pipeline_create(net, &options, service, service + net->nodes, NULL, NULL, out);
    mhoi_free(&service);
    return s;
}

void mho_pipeline_destroy(mho_pipeline *pipeline)
{
    if (!pipeline)
        return;
    mhoi_free(&pipeline->layer);
    mhoi_free(&pipeline);
}
