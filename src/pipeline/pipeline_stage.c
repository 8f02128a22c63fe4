/* SPDX-License-Identifier: Apache-2.0 */
/* One cycle of the pipe: docs/models/pipeline.md, rules 1 to 9.
 *
 * Results travel within the cycle (rule 3), so a stage may only put one out if all its readers take it in
 * the same cycle.  Hence two passes: from the last stage to the first, who is ready; from the first to the
 * last, who moves. */
#include "pipeline_impl.h"

bool mhoi_stream_is_pad(const mhoi_stream_state *s)
{
    return s->x < s->gap || s->y < s->rows_above || s->y >= s->rows_above + s->in_h;
}

void mhoi_stream_shift(mhoi_stream_state *s, int32_t element)
{
    s->head = s->head + 1 == s->length ? 0 : s->head + 1;
    s->line[s->head] = element;
    s->index++;
    if (++s->x == s->row) {
        s->x = 0;
        s->y++;
    }
}

void mhoi_stream_begin(mhoi_stream_state *s)
{
    s->index = s->gap;
    s->x = s->gap % s->row;
    s->y = s->gap / s->row;
    s->oy = s->ox = 0;
    s->next_window = (uint64_t)(s->span_h - 1) * s->row + (s->gap - s->left) + s->span_w - 1;
}

static bool exhausted(const mhoi_stream_state *s)
{
    return s->index == s->total;
}

/* Would the next element complete a window? */
static bool completes(const mhoi_stream_state *s)
{
    return s->oy < s->out_h && s->index == s->next_window;
}

static void next_window(mhoi_stream_state *s)
{
    if (++s->ox == s->out_w) {
        s->ox = 0;
        s->oy++;
    }
    s->next_window = ((uint64_t)s->oy * s->stride_h + s->span_h - 1) * s->row + (s->gap - s->left) +
                     (uint64_t)s->ox * s->stride_w + s->span_w - 1;
}

static int32_t map_element(const mhoi_stream_state *s, size_t i, size_t j)
{
    /* padded coordinates */
    size_t y = s->oy * s->stride_h + i * s->dilation_h, x = s->ox * s->stride_w + j * s->dilation_w;
    if (y < s->rows_above || y >= s->rows_above + s->in_h || x < s->left || x >= s->left + s->in_w)
        return MHO_BEAT_PAD;
    return (int32_t)((y - s->rows_above) * s->in_w + (x - s->left));
}

mho_status mhoi_window_check(const mhoi_stream_state *s)
{
    for (size_t i = 0; i < s->kh; i++)
        for (size_t j = 0; j < s->kw; j++) {
            size_t back =
                (s->kh - 1 - i) * s->dilation_h * s->row + (s->kw - 1 - j) * s->dilation_w;
            int32_t got = s->line[(s->head + s->length - back) % s->length];
            int32_t want = map_element(s, i, j);
            if (got != want)
                return mho_error(
                    MHO_EINTERNAL,
                    "window of output (%zu, %zu) holds element %d at (%zu, %zu), want %d",
                    s->oy + 1, s->ox + 1, got, i, j, want);
        }
    return MHO_OK;
}

/* --- who is ready --------------------------------------------------------------------------------- */

/* May a result be delivered this cycle: to the readers, or into the register? */
static bool sink_free(const mhoi_stage *t)
{
    return t->registered ? t->held == MHO_BEAT_NONE || t->down : t->down;
}

/* Does another port have nothing to be joined with? */
static bool others_wait(const mhoi_stage *t, size_t port)
{
    for (size_t p = 0; p < t->producers; p++)
        if (p != port && t->arrived[p] == t->joined)
            return true;
    return false;
}

static void find_ready(const mhoi_pipe *pipe, mhoi_stage *t)
{
    t->down = true;
    for (size_t i = 0; i < t->readers; i++)
        t->down = t->down && pipe->stage[t->reader[i].stage].ready[t->reader[i].port];
    switch (t->kind) {
    case MHOI_STAGE_INPUT:
        break;
    case MHOI_STAGE_WINDOW:
        t->ready[0] = t->flights < t->copies && !exhausted(&t->s) && !mhoi_stream_is_pad(&t->s) &&
                      (t->service > 1 || !completes(&t->s) || sink_free(t));
        break;
    case MHOI_STAGE_FC:
        t->ready[0] = t->arrived[0] < t->expected;
        break;
    case MHOI_STAGE_ADD:
        for (size_t p = 0; p < t->producers; p++)
            t->ready[p] = t->down || others_wait(t, p);
        break;
    case MHOI_STAGE_WHOLE:
        for (size_t p = 0; p < t->producers; p++)
            t->ready[p] = t->arrived[p] < t->wanted[p];
        break;
    }
}

/* --- who moves ------------------------------------------------------------------------------------- */

static void deliver(mhoi_stage *t, int32_t result)
{
    if (t->registered)
        t->held = result;
    else
        t->out = result;
}

/* The next image, if there is one. */
static bool begins_anew(mhoi_stage *t)
{
    if (!t->images_left)
        return false;
    t->images_left--;
    return true;
}

static void step_input(mhoi_stage *t)
{
    if (t->arrived[0] == t->expected)
        return;
    t->waiting = !t->down;
    if (t->down)
        t->out = (int32_t)t->arrived[0]++;
    if (t->arrived[0] == t->expected && begins_anew(t))
        t->arrived[0] = 0;
}

static void take_off(mhoi_stage *t, int32_t result, uint64_t last)
{
    t->flight[(t->oldest + t->flights++) % t->copies] = (mhoi_flight){result, last};
}

static const mhoi_flight *newest(const mhoi_stage *t)
{
    return &t->flight[(t->oldest + t->flights - 1) % t->copies];
}

/* Windows that take several cycles: the oldest is delivered as soon as it is done and the way is free. */
static void serve(const mhoi_pipe *pipe, mhoi_stage *t)
{
    t->beat.awake = t->beat.awake || (t->flights && newest(t)->last >= pipe->cycle);
    t->moved = t->moved || t->beat.awake;
    if (!t->flights || t->flight[t->oldest].last > pipe->cycle)
        return;
    t->waiting = !sink_free(t);
    if (t->waiting)
        return;
    deliver(t, t->flight[t->oldest].result);
    t->oldest = (t->oldest + 1) % t->copies;
    t->flights--;
    t->moved = t->changed = true;
}

static mho_status shift_window(const mhoi_pipe *pipe, mhoi_stage *t, int32_t element)
{
    mhoi_stream_state *s = &t->s;
    bool awake = completes(s);
    mhoi_stream_shift(s, element);
    t->beat.in = element;
    t->moved = t->changed = true;
    t->layer->shifts++;
    t->layer->pads += element == MHO_BEAT_PAD;
    if (!awake)
        return MHO_OK;
    const mho_status status = pipe->trusted ? MHO_OK : mhoi_window_check(s);
    if (status)
        return status;
    int32_t result = (int32_t)(s->oy * s->out_w + s->ox);
    t->beat.awake = true;
    next_window(s);
    if (t->service == 1)
        deliver(t, result);
    else
        take_off(t, result, pipe->cycle + t->service - 1);
    return MHO_OK;
}

static mho_status shift(const mhoi_pipe *pipe, mhoi_stage *t, int32_t element)
{
    const mho_status status = shift_window(pipe, t, element);
    if (exhausted(&t->s) && begins_anew(t))
        mhoi_stream_begin(&t->s);
    return status;
}

static mho_status step_window(const mhoi_pipe *pipe, mhoi_stage *t)
{
    if (t->registered && t->held != MHO_BEAT_NONE) {
        t->waiting = !t->down;
        if (t->down) {
            t->out = t->held;
            t->held = MHO_BEAT_NONE;
            t->moved = t->changed = true;
        }
    }
    const bool full = t->flights == t->copies;
    serve(pipe, t);
    if (full)
        return MHO_OK;
    int32_t element = pipe->stage[t->producer[0]].out;
    if (element != MHO_BEAT_NONE)
        return shift(pipe, t, element);
    if (exhausted(&t->s) || !mhoi_stream_is_pad(&t->s))
        return MHO_OK;
    if (t->service == 1 && completes(&t->s) &&
        !(t->registered ? t->held == MHO_BEAT_NONE : t->down)) {
        t->waiting = true;
        return MHO_OK;
    }
    return shift(pipe, t, MHO_BEAT_PAD);
}

static mho_status in_order(const mhoi_stage *t, size_t port, int32_t element)
{
    const size_t want = t->arrived[port] % t->expected;
    if ((size_t)element != want)
        return mho_error(MHO_EINTERNAL, "element %d arrived, want %zu", element, want);
    return MHO_OK;
}

static mho_status step_fc(const mhoi_pipe *pipe, mhoi_stage *t)
{
    int32_t element = pipe->stage[t->producer[0]].out;
    if (element != MHO_BEAT_NONE) {
        mho_status s = in_order(t, 0, element);
        if (s)
            return s;
        t->beat.in = element;
        t->moved = t->changed = true;
        t->layer->shifts++;
        if (++t->arrived[0] == t->expected) /* awake from the next cycle on */
            take_off(t, 0, pipe->cycle + t->service);
        return MHO_OK;
    }
    const bool works = t->flights;
    serve(pipe, t);
    if (works && !t->flights && begins_anew(t))
        t->arrived[0] = 0;
    return MHO_OK;
}

static mho_status step_add(const mhoi_pipe *pipe, mhoi_stage *t)
{
    for (size_t p = 0; p < t->producers; p++) {
        int32_t element = pipe->stage[t->producer[p]].out;
        if (element == MHO_BEAT_NONE)
            continue;
        mho_status s = in_order(t, p, element);
        if (s)
            return s;
        t->arrived[p]++;
        t->beat.in = element;
        t->moved = t->changed = true;
        t->layer->shifts++;
    }
    size_t both = t->arrived[0];
    for (size_t p = 1; p < t->producers; p++)
        both = t->arrived[p] < both ? t->arrived[p] : both;
    if (both > t->joined) {
        t->waiting = !t->down;
        if (t->down) {
            t->out = (int32_t)(t->joined++ % t->results);
            t->beat.awake = true;
            t->moved = t->changed = true;
        }
    }
    for (size_t p = 0; p < t->producers; p++)
        if (t->arrived[p] - t->joined > t->layer->registers)
            t->layer->registers = t->arrived[p] - t->joined;
    return MHO_OK;
}

/* All inputs complete, results leave one after the other, `service` cycles each. */
static mho_status step_whole(const mhoi_pipe *pipe, mhoi_stage *t)
{
    bool complete = true;
    for (size_t p = 0; p < t->producers; p++)
        complete = complete && t->arrived[p] == t->wanted[p];
    if (complete) {
        if (!t->flights && t->joined < t->results) {
            take_off(t, (int32_t)t->joined++, pipe->cycle + t->service - 1);
            t->moved = t->changed = true;
        }
        serve(pipe, t);
        if (!t->flights && t->joined == t->results && begins_anew(t)) {
            t->joined = 0;
            for (size_t p = 0; p < t->producers; p++)
                t->arrived[p] = 0;
        }
        return MHO_OK;
    }
    for (size_t p = 0; p < t->producers; p++) {
        const int32_t element = pipe->stage[t->producer[p]].out;
        if (element == MHO_BEAT_NONE)
            continue;
        if ((size_t)element != t->arrived[p])
            return mho_error(MHO_EINTERNAL, "element %d arrived, want %zu", element, t->arrived[p]);
        t->arrived[p]++;
        t->beat.in = element;
        t->moved = t->changed = true;
        t->layer->shifts++;
        if (t->arrived[p] > t->layer->registers)
            t->layer->registers = t->arrived[p];
    }
    return MHO_OK;
}

static mho_status step(const mhoi_pipe *pipe, mhoi_stage *t)
{
    t->out = MHO_BEAT_NONE;
    t->beat = (mho_beat){MHO_BEAT_NONE, MHO_BEAT_NONE, false};
    t->moved = t->waiting = t->changed = false;
    switch (t->kind) {
    case MHOI_STAGE_INPUT:
        step_input(t);
        return MHO_OK;
    case MHOI_STAGE_WINDOW:
        return step_window(pipe, t);
    case MHOI_STAGE_FC:
        return step_fc(pipe, t);
    case MHOI_STAGE_ADD:
        return step_add(pipe, t);
    case MHOI_STAGE_WHOLE:
        return step_whole(pipe, t);
    }
    return mho_error(MHO_EINTERNAL, "stage of kind %d", (int)t->kind);
}

static void record(mhoi_stage *t, uint64_t cycle)
{
    mho_pipeline_layer *l = t->layer;
    t->beat.out = t->out;
    if (!l)
        return;
    if (t->beat.awake && !l->awake++)
        l->first_awake = cycle;
    if (t->out != MHO_BEAT_NONE) {
        t->results_done++;
        l->last_out = cycle;
    }
}

/* The reader that kept `t` from moving on; NULL if there is none. */
static mhoi_stage *unready_reader(const mhoi_pipe *pipe, const mhoi_stage *t)
{
    for (size_t i = 0; i < t->readers; i++)
        if (!pipe->stage[t->reader[i].stage].ready[t->reader[i].port])
            return &pipe->stage[t->reader[i].stage];
    return NULL;
}

/* Not ready of its own accord: at work, or at padding; else for the sake of one of its readers. */
static bool holds_by_itself(const mhoi_stage *t)
{
    return t->down || t->kind == MHOI_STAGE_FC || t->kind == MHOI_STAGE_WHOLE ||
           (t->kind == MHOI_STAGE_WINDOW &&
            (t->flights == t->copies || t->beat.in == MHO_BEAT_PAD));
}

/* Finds the stage for whose sake `t` waits.  The image stands in a memory and is fetched when its only
 * reader wants it, so that reader's own padding and work are no stall. */
static bool blame(mhoi_pipe *pipe, const mhoi_stage *t)
{
    mhoi_stage *culprit = unready_reader(pipe, t);
    if (culprit && t->kind == MHOI_STAGE_INPUT && t->readers == 1 && holds_by_itself(culprit))
        return false;
    while (culprit && !holds_by_itself(culprit))
        culprit = unready_reader(pipe, culprit);
    pipe->culprit = culprit ? culprit->layer : NULL;
    return true;
}

mho_status mhoi_pipe_step(mhoi_pipe *pipe, uint64_t cycle, bool *moved)
{
    *moved = pipe->waited = false;
    pipe->culprit = NULL;
    pipe->cycle = cycle;
    for (size_t i = pipe->stages; i-- > 0;)
        find_ready(pipe, &pipe->stage[i]);
    for (size_t i = 0; i < pipe->stages; i++) {
        mhoi_stage *t = &pipe->stage[i];
        mho_status s = step(pipe, t);
        if (s)
            return mho_error_prefix(s, "cycle %llu, layer '%s'", (unsigned long long)cycle,
                                    t->layer ? t->layer->name : "input");
        record(t, cycle);
        *moved = *moved || t->moved || t->out != MHO_BEAT_NONE;
    }
    for (size_t i = 0; i < pipe->stages && !pipe->waited; i++)
        pipe->waited = pipe->stage[i].waiting && blame(pipe, &pipe->stage[i]);
    if (pipe->culprit)
        pipe->culprit->blocked++;
    return MHO_OK;
}

/* The next cycle in which a stage does other than now: its oldest result is there, or its newest was. */
static uint64_t next_event(const mhoi_pipe *pipe)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < pipe->stages; i++) {
        const mhoi_stage *t = &pipe->stage[i];
        if (t->changed || t->out != MHO_BEAT_NONE)
            return pipe->cycle + 1;
        if (!t->flights)
            continue;
        const uint64_t there = t->flight[t->oldest].last, done = newest(t)->last + 1;
        if (there > pipe->cycle && there < next)
            next = there;
        if (done > pipe->cycle && done < next)
            next = done;
    }
    return next;
}

uint64_t mhoi_pipe_repeat(mhoi_pipe *pipe)
{
    const uint64_t next = next_event(pipe);
    const uint64_t cycles = next == UINT64_MAX ? 0 : next - pipe->cycle - 1;
    for (size_t i = 0; cycles && i < pipe->stages; i++)
        if (pipe->stage[i].layer && pipe->stage[i].beat.awake)
            pipe->stage[i].layer->awake += cycles;
    if (pipe->culprit)
        pipe->culprit->blocked += cycles;
    return cycles;
}
