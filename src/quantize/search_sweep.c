/* SPDX-License-Identifier: Apache-2.0 */
/* One layer's threshold over the whole grid: images right for every point.
 *
 * From the highest threshold down a bit only ever becomes 1, once: the sums of the next layer are those of the point
 * before plus the weights of the new ones.  So that layer costs one pass for all points, exactly (whole numbers).  The
 * layers behind it run on many points and images at once. */
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "quantize/threshold_search.h"

#define SLOTS_MAX ((size_t)256)

/* Of one thread. */
typedef struct lane {
    chain_work work;
    float *x;
    uint32_t *element; /* of the map, those that become 1 first in front */
    uint32_t *start;   /* [points + 2]: where those of a point begin */
    uint16_t *point;   /* [elements]: how many points the element is 1 at */
    float *slot;       /* [slots][map of the next layer's outputs] */
    uint16_t *slot_point, *slot_image;
    size_t used;
    uint16_t *class;   /* [SEARCH_BLOCK][points] */
    uint32_t *correct; /* [points] */
} lane;

typedef struct sweep {
    const search *s;
    size_t layer, channel, slots, threads;
    lane *lane;
    atomic_size_t done;
} sweep;

/* --- which bits become 1 at which point ------------------------------------------------------------------- */

/* Levels below value: levels rise, so those form a run from the first on. */
static size_t levels_below(const search *s, float value)
{
    size_t low = 0, high = s->points;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (value > s->level[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void sort_elements(const sweep *v, lane *t)
{
    const search *s = v->s;
    const chain_layer *l = &s->c.layer[v->layer];
    const size_t count = chain_elements(l->out);
    memset(t->start, 0, (s->points + 2) * sizeof *t->start);
    for (size_t e = 0, k = 0; e < count; e++, k = k + 1 < l->out.c ? k + 1 : 0) {
        const float value = t->work.a[e];
        const bool fixed = v->channel != SIZE_MAX && k != v->channel;
        const size_t n = fixed                 ? (value > l->threshold[k] ? s->points : 0)
                         : value > s->level[0] ? levels_below(s, value)
                                               : 0;
        t->point[e] = (uint16_t)n;
        t->start[s->points + 1 -
                 n]++; /* the most lasting in front; those that are never 1 at the end */
    }
    uint32_t sum = 0;
    for (size_t j = 0; j <= s->points + 1; j++) {
        const uint32_t here = t->start[j];
        t->start[j] = sum;
        sum += here;
    }
    for (size_t e = 0; e < count; e++)
        if (t->point[e])
            t->element[t->start[s->points + 1 - t->point[e]]++] = (uint32_t)e;
}

/* --- the layers behind -------------------------------------------------------------------------------------- */

static size_t largest(size_t classes, const float *score)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (score[k] > score[best])
            best = k;
    return best;
}

static void classify(const sweep *v, lane *t)
{
    const chain *c = &v->s->c;
    const size_t classes = chain_elements(c->layer[c->layers - 1].out);
    const float *score = t->slot;
    if (v->layer + 2 < c->layers) {
        mhoi_chain_run(c, v->layer + 2, c->layers, t->used, t->slot, &t->work);
        score = t->work.a;
    }
    for (size_t i = 0; i < t->used; i++)
        t->class[t->slot_image[i] * v->s->points + t->slot_point[i]] =
            (uint16_t)largest(classes, score + i * classes);
    t->used = 0;
}

#define AS_BEFORE UINT16_MAX /* class: that of the point above */

static void sweep_image(const sweep *v, lane *t, size_t i)
{
    const search *s = v->s;
    const size_t next = v->layer + 1, map = chain_elements(s->c.layer[next].out);
    mhoi_search_site(s, v->layer, i, t->x, &t->work);
    mhoi_chain_to_out(&s->c, v->layer, 1, &t->work);
    sort_elements(v, t);
    mhoi_chain_clear(&s->c, next, &t->work);
    uint32_t at = 0;
    for (size_t j = s->points; j-- > 0;) {
        const uint32_t end = t->start[s->points - j]; /* behind those that are 1 at j + 1 points */
        if (at == end && j + 1 < s->points) {
            t->class[i % SEARCH_BLOCK * s->points + j] = AS_BEFORE;
            continue;
        }
        for (; at < end; at++)
            mhoi_chain_add(&s->c, next, t->element[at], &t->work);
        mhoi_chain_sums(&s->c, next, &t->work);
        mhoi_chain_to_site(&s->c, next, 1, &t->work);
        mhoi_chain_to_out(&s->c, next, 1, &t->work);
        memcpy(t->slot + t->used * map, t->work.a, map * sizeof *t->slot);
        t->slot_point[t->used] = (uint16_t)j;
        t->slot_image[t->used] = (uint16_t)(i % SEARCH_BLOCK);
        if (++t->used == v->slots)
            classify(v, t);
    }
}

static mho_status sweep_block(void *context, size_t item, size_t thread)
{
    sweep *v = context;
    const search *s = v->s;
    lane *t = &v->lane[thread];
    const size_t first = item * SEARCH_BLOCK, left = s->count - first;
    const size_t n = left < SEARCH_BLOCK ? left : SEARCH_BLOCK;
    for (size_t i = first; i < first + n; i++)
        sweep_image(v, t, i);
    classify(v, t);
    for (size_t i = 0; i < n; i++) {
        const uint16_t *class = t->class + i * s->points;
        uint16_t found = 0;
        for (size_t j = s->points; j-- > 0;) {
            found = class[j] == AS_BEFORE ? found : class[j];
            t->correct[j] += found == s->images->label[first + i];
        }
    }
    mhoi_progress("thresholds", atomic_fetch_add(&v->done, n) + n, s->count, "images");
    return MHO_OK;
}

/* --- memory --------------------------------------------------------------------------------------------------- */

static mho_status lane_create(const sweep *v, lane *t)
{
    const search *s = v->s;
    const chain *c = &s->c;
    const size_t elements = chain_elements(c->layer[v->layer].out),
                 map = chain_elements(c->layer[v->layer + 1].out);
    mho_status st =
        mhoi_chain_work_create(c, v->slots * mhoi_chain_floats(c, v->layer + 2), &t->work);
    const struct {
        void *to;
        size_t count, size;
    } parts[] = {{&t->x, chain_elements(c->net->node[0].out), sizeof *t->x},
                 {&t->element, elements, sizeof *t->element},
                 {&t->start, s->points + 2, sizeof *t->start},
                 {&t->point, elements, sizeof *t->point},
                 {&t->slot, v->slots * map, sizeof *t->slot},
                 {&t->slot_point, v->slots, sizeof *t->slot_point},
                 {&t->slot_image, v->slots, sizeof *t->slot_image},
                 {&t->class, SEARCH_BLOCK * s->points, sizeof *t->class},
                 {&t->correct, s->points, sizeof *t->correct}};
    for (size_t k = 0; !st && k < sizeof parts / sizeof *parts; k++)
        st = mhoi_alloc(parts[k].to, parts[k].count, parts[k].size, "memory of a search");
    return st;
}

static void lane_free(lane *t)
{
    void *all[] = {&t->x,          &t->element,    &t->start, &t->point,  &t->slot,
                   &t->slot_point, &t->slot_image, &t->class, &t->correct};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        mhoi_free(all[k]);
    mhoi_chain_work_free(&t->work);
}

static size_t slots_of(const chain *c, size_t layer)
{
    size_t most = mhoi_chain_floats(c, layer + 2);
    const size_t map = chain_elements(c->layer[layer + 1].out);
    most = most > map ? most : map;
    const size_t fit = SEARCH_SLOTS_BYTES / sizeof(float) / most;
    return fit < 1 ? 1 : fit > SLOTS_MAX ? SLOTS_MAX : fit;
}

mho_status mhoi_search_sweep(const search *s, size_t l, size_t channel, uint32_t *correct)
{
    sweep v = {.s = s, .layer = l, .channel = channel, .slots = slots_of(&s->c, l)};
    v.threads = mhoi_threads_for(mhoi_search_blocks(s));
    mho_status st = mhoi_alloc(&v.lane, v.threads, sizeof *v.lane, "memory of a search");
    for (size_t t = 0; !st && t < v.threads; t++)
        st = lane_create(&v, &v.lane[t]);
    if (!st)
        st = mhoi_parallel(mhoi_search_blocks(s), sweep_block, &v);
    memset(correct, 0, s->points * sizeof *correct);
    for (size_t t = 0; v.lane && t < v.threads; t++) {
        for (size_t j = 0; !st && j < s->points; j++)
            correct[j] += v.lane[t].correct[j];
        lane_free(&v.lane[t]);
    }
    mhoi_free(&v.lane);
    return st;
}
