/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over all images to a layer's outputs: their range, their distribution, and their bits once the threshold
 * is known.  Largest values and counts do not depend on who adds them up when. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "quantize/threshold_search.h"

size_t mhoi_search_blocks(const search *s)
{
    return (s->count + SEARCH_BLOCK - 1) / SEARCH_BLOCK;
}

static void add_kept(const search *s, size_t i, chain_work *w)
{
    const uint64_t *bits = s->bits + i * s->words;
    mhoi_chain_clear(&s->c, s->base, w);
    for (size_t k = 0; k < s->words; k++)
        for (uint64_t left = bits[k]; left; left &= left - 1)
            mhoi_chain_add(&s->c, s->base, 64 * k + (size_t)__builtin_ctzll(left), w);
    mhoi_chain_sums(&s->c, s->base, w);
}

void mhoi_search_site(const search *s, size_t l, size_t i, float *x, chain_work *w)
{
    if (s->base) {
        add_kept(s, i, w);
    } else {
        mhoi_chain_load(&s->c, s->images, i, x);
        mhoi_chain_layer(&s->c, 0, 1, x, w);
    }
    for (size_t k = s->base; k < l; k++) {
        mhoi_chain_to_site(&s->c, k, 1, w);
        mhoi_chain_to_out(&s->c, k, 1, w);
        mhoi_chain_layer(&s->c, k + 1, 1, w->a, w);
    }
    mhoi_chain_to_site(&s->c, l, 1, w);
}

/* --- one walk over all images ------------------------------------------------------------------------------ */

typedef struct walk walk;
struct walk {
    const search *s;
    size_t layer;
    void (*each)(walk *v, size_t i, size_t thread); /* site values in work[thread].a */
    chain_work *work;
    float **x;
    size_t threads;
    /* range, histogram */
    site_range *range;
    float **largest;
    uint64_t **bin;
    /* bits */
    uint64_t *bits;
    size_t words;
    uint64_t *ones; /* of each thread */
    const char *what;
    atomic_size_t done;
};

static mho_status walk_block(void *context, size_t item, size_t thread)
{
    walk *v = context;
    const size_t first = item * SEARCH_BLOCK, left = v->s->count - first;
    const size_t n = left < SEARCH_BLOCK ? left : SEARCH_BLOCK;
    for (size_t i = first; i < first + n; i++) {
        mhoi_search_site(v->s, v->layer, i, v->x[thread], &v->work[thread]);
        v->each(v, i, thread);
    }
    mhoi_progress(v->what, atomic_fetch_add(&v->done, n) + n, v->s->count, "images");
    return MHO_OK;
}

static mho_status walk_create(walk *v)
{
    v->threads = mhoi_threads_for(mhoi_search_blocks(v->s));
    mho_status s = mhoi_alloc(&v->work, v->threads, sizeof *v->work, "memory of threads");
    if (!s)
        s = mhoi_alloc(&v->x, v->threads, sizeof *v->x, "memory of threads");
    if (!s)
        s = mhoi_alloc(&v->ones, v->threads, sizeof *v->ones, "memory of threads");
    const size_t input = chain_elements(v->s->c.net->node[0].out);
    for (size_t t = 0; !s && t < v->threads; t++) {
        s = mhoi_chain_work_create(&v->s->c, 0, &v->work[t]);
        if (!s)
            s = mhoi_alloc(&v->x[t], input, sizeof **v->x, "input");
    }
    return s;
}

static void walk_free(walk *v)
{
    for (size_t t = 0; v->work && t < v->threads; t++)
        mhoi_chain_work_free(&v->work[t]);
    for (size_t t = 0; v->x && t < v->threads; t++)
        mhoi_free(&v->x[t]);
    mhoi_free(&v->work);
    mhoi_free(&v->x);
    mhoi_free(&v->ones);
}

static mho_status walk_images(walk *v, const char *what, void (*each)(walk *, size_t, size_t))
{
    v->what = what;
    v->each = each;
    atomic_store(&v->done, 0);
    return mhoi_parallel(mhoi_search_blocks(v->s), walk_block, v);
}

/* --- range and distribution --------------------------------------------------------------------------------- */

enum { BINS = MHO_QUANTIZE_BINS * SEARCH_FINE };

static void each_largest(walk *v, size_t i, size_t thread)
{
    (void)i;
    const mho_shape site = v->s->c.layer[v->layer].site;
    const float *value = v->work[thread].a;
    float *largest = v->largest[thread];
    for (size_t p = 0; p < site.h * site.w; p++, value += site.c)
        for (size_t k = 0; k < site.c; k++)
            largest[k] = value[k] > largest[k] ? value[k] : largest[k];
}

static void each_bin(walk *v, size_t i, size_t thread)
{
    (void)i;
    const mho_shape site = v->s->c.layer[v->layer].site;
    const float *value = v->work[thread].a;
    const bool apart = v->range->channels > 1;
    for (size_t p = 0; p < site.h * site.w; p++, value += site.c)
        for (size_t k = 0; k < site.c; k++) {
            const size_t group = apart ? k : 0;
            const float top = v->range->largest[group];
            size_t bin = 0;
            if (value[k] > 0) {
                const size_t at = (size_t)(value[k] / top * (float)BINS);
                bin = 1 + (at < BINS ? at : BINS - 1);
            }
            v->bin[thread][group * (BINS + 1) + bin]++;
        }
}

/* The value below or at which that share of all outputs lies: the upper end of its bin; 0: not above 0. */
static float percentile(const site_range *r, size_t group, double share)
{
    const uint64_t *bin = r->bin + group * (BINS + 1);
    uint64_t total = 0, seen = 0;
    for (size_t b = 0; b <= BINS; b++)
        total += bin[b];
    for (size_t b = 0; b < BINS; b++) {
        seen += bin[b];
        if ((double)seen >= share * (double)total)
            return r->largest[group] * (float)b / (float)BINS;
    }
    return r->largest[group];
}

static mho_status range_create(const search *s, size_t l, walk *v, site_range *r)
{
    const size_t c = s->c.layer[l].site.c;
    r->channels = s->options->channels ? c : 1;
    mho_status st = mhoi_alloc(&r->size, r->channels, sizeof *r->size, "range of a layer");
    if (!st)
        st = mhoi_alloc(&r->largest, r->channels, sizeof *r->largest, "range of a layer");
    if (!st)
        st = mhoi_alloc(&r->bin, r->channels * (BINS + 1), sizeof *r->bin, "histogram");
    if (!st)
        st = mhoi_alloc(&v->largest, v->threads, sizeof *v->largest, "range of a layer");
    if (!st)
        st = mhoi_alloc(&v->bin, v->threads, sizeof *v->bin, "histogram");
    for (size_t t = 0; !st && t < v->threads; t++) {
        st = mhoi_alloc(&v->largest[t], c, sizeof **v->largest, "range of a layer");
        if (!st)
            st = mhoi_alloc(&v->bin[t], r->channels * (BINS + 1), sizeof **v->bin, "histogram");
    }
    return st;
}

static void gather_largest(const walk *v, site_range *r)
{
    const size_t c = v->s->c.layer[v->layer].site.c;
    for (size_t t = 0; t < v->threads; t++)
        for (size_t k = 0; k < c; k++) {
            float *to = &r->largest[r->channels > 1 ? k : 0];
            *to = v->largest[t][k] > *to ? v->largest[t][k] : *to;
        }
}

/* In %: of a layer's outputs. */
static double at_or_below_zero(const site_range *r)
{
    uint64_t zero = 0, total = 0;
    for (size_t k = 0; k < r->channels; k++) {
        zero += r->bin[k * (BINS + 1)];
        for (size_t b = 0; b <= BINS; b++)
            total += r->bin[k * (BINS + 1) + b];
    }
    return 100 * (double)zero / (double)total;
}

#define LEAST_SHARE 0.1F /* of a layer's largest size, that of a channel */

/* A channel that is hardly ever above 0 would have weights so large that codes of one scale a layer are lost on it. */
static mho_status bound_sizes(const walk *v, site_range *r)
{
    float most = 0;
    for (size_t k = 0; k < r->channels; k++)
        most = fmaxf(most, r->size[k]);
    if (most <= 0 && v->s->options->percentile < 100)
        return mho_error(MHO_EDOMAIN,
                         "layer '%s': %.1f %% of its outputs are at or below 0, so percentile = %g "
                         "leaves nothing to re-scale by; take a larger one",
                         v->s->c.layer[v->layer].node->name, at_or_below_zero(r),
                         v->s->options->percentile);
    for (size_t k = 0; k < r->channels; k++) /* outputs that are never above 0 stay as they are */
        r->size[k] = most > 0 ? fmaxf(r->size[k], LEAST_SHARE * most) : 1;
    return MHO_OK;
}

static mho_status gather_bins(const walk *v, site_range *r)
{
    const double share = v->s->options->percentile / 100;
    for (size_t t = 0; t < v->threads; t++)
        for (size_t b = 0; b < r->channels * (BINS + 1); b++)
            r->bin[b] += v->bin[t][b];
    for (size_t k = 0; k < r->channels; k++)
        r->size[k] = share < 1 ? percentile(r, k, share) : r->largest[k];
    return bound_sizes(v, r);
}

mho_status mhoi_search_range(const search *s, size_t l, site_range *r)
{
    walk v = {.s = s, .layer = l, .range = r};
    *r = (site_range){0};
    mho_status st = walk_create(&v);
    if (!st)
        st = range_create(s, l, &v, r);
    if (!st)
        st = walk_images(&v, "range of outputs", each_largest);
    if (!st) {
        gather_largest(&v, r);
        st = walk_images(&v, "distribution of outputs", each_bin);
    }
    if (!st)
        st = gather_bins(&v, r);
    for (size_t t = 0; v.largest && t < v.threads; t++)
        mhoi_free(&v.largest[t]);
    for (size_t t = 0; v.bin && t < v.threads; t++)
        mhoi_free(&v.bin[t]);
    mhoi_free(&v.largest);
    mhoi_free(&v.bin);
    walk_free(&v);
    if (st)
        mhoi_search_range_free(r);
    return st;
}

void mhoi_search_range_free(site_range *r)
{
    mhoi_free(&r->size);
    mhoi_free(&r->largest);
    mhoi_free(&r->bin);
}

/* --- bits ---------------------------------------------------------------------------------------------------- */

static void each_bits(walk *v, size_t i, size_t thread)
{
    const chain_layer *l = &v->s->c.layer[v->layer];
    chain_work *w = &v->work[thread];
    mhoi_chain_to_out(&v->s->c, v->layer, 1, w);
    uint64_t *to = v->bits ? v->bits + i * v->words : NULL;
    const size_t count = chain_elements(l->out);
    for (size_t e = 0, k = 0; e < count; e++, k = k + 1 < l->out.c ? k + 1 : 0) {
        const uint64_t one = w->a[e] > l->threshold[k];
        v->ones[thread] += one;
        if (to)
            to[e / 64] |= one << e % 64;
    }
}

mho_status mhoi_search_keep(search *s, size_t l, uint64_t *ones)
{
    walk v = {.s = s, .layer = l, .words = (chain_elements(s->c.layer[l].out) + 63) / 64};
    mho_status st = walk_create(&v);
    *ones = 0;
    const uint64_t bytes = s->count * v.words * sizeof *v.bits;
    if (!st && bytes <= s->options->memory_bytes && bytes <= mhoi_memory_left())
        st = mhoi_alloc(&v.bits, s->count * v.words, sizeof *v.bits, "1-bit maps of all images");
    if (!st)
        st = walk_images(&v, "1-bit maps", each_bits);
    for (size_t t = 0; !st && t < v.threads; t++)
        *ones += v.ones[t];
    if (!st && v.bits) {
        mhoi_free(&s->bits);
        s->bits = v.bits;
        s->words = v.words;
        s->base = l + 1;
    } else {
        mhoi_free(&v.bits);
    }
    walk_free(&v);
    return st;
}
