/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a pipe: two moments of the same state go on alike.  Line buffers hold what the place in the stream tells; what
 * is ready is found anew in each cycle. */
#include "pipeline_impl.h"

enum { STREAM = 6, STAGE = STREAM + MHOI_NODE_INPUTS + 4, FLIGHT = 2 };

size_t mhoi_pipe_state_words(const mhoi_pipe *pipe)
{
    size_t words = 0;
    for (size_t i = 0; i < pipe->stages; i++)
        words += STAGE + FLIGHT * pipe->stage[i].copies;
    return words;
}

static uint64_t *put_stage(const mhoi_stage *t, uint64_t cycle, uint64_t *w)
{
    const mhoi_stream_state *s = &t->s;
    const uint64_t stream[STREAM] = {s->index, s->x, s->y, s->ox, s->oy, s->next_window};
    const bool adds = t->kind == MHOI_STAGE_ADD; /* its counts go on over images */
    for (size_t i = 0; i < STREAM; i++)
        *w++ = t->kind == MHOI_STAGE_WINDOW ? stream[i] : 0;
    for (size_t p = 0; p < MHOI_NODE_INPUTS; p++)
        *w++ = adds && p < t->producers ? t->arrived[p] - t->joined : adds ? 0 : t->arrived[p];
    *w++ = adds ? t->joined % t->results : t->joined;
    *w++ = t->flights;
    *w++ = (uint64_t)(int64_t)t->held;
    *w++ = t->results ? t->results_done % t->results : 0;
    for (size_t i = 0; i < t->copies; i++) {
        const mhoi_flight *f = &t->flight[(t->oldest + i) % t->copies];
        const bool under_way = i < t->flights;
        *w++ = under_way ? (uint64_t)(int64_t)f->result : 0;
        *w++ = under_way ? f->last - cycle : 0;
    }
    return w;
}

bool mhoi_pipe_state(const mhoi_pipe *pipe, uint64_t cycle, uint64_t *words)
{
    for (size_t i = 0; i < pipe->stages; i++)
        words = put_stage(&pipe->stage[i], cycle, words);
    return pipe->stage[0].images_left > 0;
}
