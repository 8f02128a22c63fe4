/* SPDX-License-Identifier: Apache-2.0 */
/* Scales from counts: the largest number, a percentile, the least squared error, the least divergence. */
#include "quantize/histogram.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum {
    BINS = HISTOGRAM_BINS,
    FINEST = -100,    /* exponent of the first width */
    CANDIDATES = 128, /* ends of range that a search tries: parts of the largest number */
    SOME = 64         /* points between two looks at whether there is enough noise */
};

mho_status mhoi_histogram_create(histogram *h)
{
    *h = (histogram){.exponent = FINEST};
    return mhoi_alloc(&h->bin, 2 * BINS, sizeof *h->bin, "histogram");
}

void mhoi_histogram_free(histogram *h)
{
    mhoi_free(&h->bin);
}

void mhoi_histogram_clear(histogram *h)
{
    memset(h->bin, 0, 2 * BINS * sizeof *h->bin);
    *h = (histogram){.bin = h->bin, .exponent = FINEST};
}

/* Two bins become one: bin b goes to floor(b / 2), counted from the middle. */
static void widen(histogram *h)
{
    uint64_t *middle = h->bin + BINS;
    h->exponent++;
    if (!h->count)
        return;
    for (ptrdiff_t b = 0; b < BINS; b++)
        middle[b] = b < BINS / 2 ? middle[2 * b] + middle[2 * b + 1] : 0;
    for (ptrdiff_t b = -1; b >= -BINS; b--)
        middle[b] = b >= -BINS / 2 ? middle[2 * b] + middle[2 * b + 1] : 0;
}

void mhoi_histogram_add(histogram *h, const float *v, size_t n)
{
    float smallest = h->smallest, largest = h->largest;
    for (size_t i = 0; i < n; i++) {
        smallest = v[i] < smallest ? v[i] : smallest;
        largest = v[i] > largest ? v[i] : largest;
    }
    h->smallest = smallest;
    h->largest = largest;
    while (largest >= ldexpf(BINS, h->exponent) || smallest < -ldexpf(BINS, h->exponent))
        widen(h);
    const float inverse = ldexpf(1, -h->exponent);
    for (size_t i = 0; i < n; i++)
        h->bin[BINS + (ptrdiff_t)floorf(v[i] * inverse)]++;
    h->count += n;
}

/* The bins that are not empty: what their numbers are taken for, and how many.  Exact zeros are the most of bin 0
 * behind a ReLU. */
typedef struct points {
    size_t n;
    double value[2 * BINS], count[2 * BINS];
} points;

static void points_of(const histogram *h, points *p)
{
    p->n = 0;
    for (size_t b = 0; b < 2 * BINS; b++)
        if (h->bin[b]) {
            p->value[p->n] = b == BINS ? 0 : ldexp((double)b - BINS + 0.5, h->exponent);
            p->count[p->n++] = (double)h->bin[b];
        }
}

static double code_of(double v, double inverse, mho_codes codes)
{
    const double magic = 6755399441055744.0; /* 1.5 x 2^52: the nearest whole number stays */
    double t = v * inverse;
    t = t < codes.lo ? codes.lo : t;
    t = t > codes.hi ? codes.hi : t;
    return (t + magic) - magic;
}

/* Or, once that comes to `enough`, as much. */
static double noise_up_to(double enough, const points *p, double scale, mho_codes codes)
{
    const double inverse = 1 / scale;
    double noise = 0;
    for (size_t first = 0; first < p->n && noise < enough; first += SOME) {
        const size_t end = first + SOME < p->n ? first + SOME : p->n;
        for (size_t k = first; k < end; k++) {
            const double miss = p->value[k] - code_of(p->value[k], inverse, codes) * scale;
            noise += p->count[k] * miss * miss;
        }
    }
    return noise;
}

quantization_loss mhoi_histogram_loss(const histogram *h, float scale, mho_codes codes)
{
    quantization_loss loss = {0, 0, 0};
    const double low = (codes.lo - 0.5) * (double)scale, high = (codes.hi + 0.5) * (double)scale;
    points p;
    points_of(h, &p);
    for (size_t k = 0; k < p.n; k++) {
        loss.signal += p.count[k] * p.value[k] * p.value[k];
        if (p.value[k] < low || p.value[k] > high)
            loss.clipped += (uint64_t)p.count[k];
    }
    loss.noise = noise_up_to(INFINITY, &p, (double)scale, codes);
    return loss;
}

/* --- the end of the range: the largest size that codes hold ------------------------------------------------- */

/* Size of what lies at an end of the range, as large as the larger side: codes have hi on one and -lo on the other. */
static double largest_size(const histogram *h, mho_codes codes)
{
    const double above = (double)h->largest / codes.hi;
    const double below = codes.lo ? (double)h->smallest / codes.lo : 0;
    return (above > below ? above : below) * codes.hi;
}

/* Counts of sizes, in units of hi: where fewer codes are below 0 than above, 0 counted above, a number below counts as so much
 * larger; codes of weights are as many on either side.  Numbers that codes have no sign for are left out. */
static void sizes_of(const histogram *h, mho_codes codes, uint64_t size[BINS])
{
    const size_t below = (size_t)-codes.lo, above = (size_t)codes.hi + (codes.hi != -codes.lo);
    for (size_t k = 0; k < BINS; k++)
        size[k] = h->bin[BINS + k];
    for (size_t k = 0; k < BINS && below; k++) {
        const size_t at = k * above / below;
        size[at < BINS ? at : BINS - 1] += h->bin[BINS - 1 - k];
    }
}

static double percentile_size(const histogram *h, mho_codes codes, double percentile)
{
    uint64_t size[BINS], total = 0, below = 0;
    sizes_of(h, codes, size);
    for (size_t k = 0; k < BINS; k++)
        total += size[k];
    size_t k = 0;
    for (; k < BINS; k++) {
        below += size[k];
        if ((double)below >= percentile / 100 * (double)total)
            break;
    }
    const double end = ldexp((double)k + 1, h->exponent), most = largest_size(h, codes);
    return end < most ? end : most;
}

/* Divergence of the sizes from what codes tell of them, sizes from bin `end` on held at the last code (Migacz 2017): of a level what lies
 * inside, shared out evenly over its bins that the sizes have something in, so that both distributions add up to 1. */
static double divergence(const uint64_t *size, size_t end, size_t levels)
{
    double total = 0, outside = 0, sum = 0;
    for (size_t k = 0; k < BINS; k++) {
        total += (double)size[k];
        outside += k >= end ? (double)size[k] : 0;
    }
    for (size_t level = 0; level < levels; level++) {
        const size_t from = level * end / levels, to = (level + 1) * end / levels;
        double inside = 0, used = 0;
        for (size_t k = from; k < to; k++) {
            inside += (double)size[k];
            used += size[k] > 0 || (k + 1 == end && outside > 0);
        }
        for (size_t k = from; k < to; k++) {
            if (!size[k] && !(k + 1 == end && outside > 0))
                continue;
            const double p = ((double)size[k] + (k + 1 == end ? outside : 0)) / total;
            const double q = used > 0 && inside > 0 ? inside / used / (total - outside) : 1e-12;
            sum += p * log(p / q);
        }
    }
    return sum;
}

/* Fewer numbers than codes are told whatever the range, the least when but one is inside: the largest is held then. */
static double divergence_size(const histogram *h, mho_codes codes)
{
    uint64_t size[BINS];
    const size_t levels = (size_t)codes.hi + 1;
    const double most = largest_size(h, codes), width = ldexp(1, h->exponent);
    size_t best = BINS, last = (size_t)ceil(most / width);
    double least = 0;
    sizes_of(h, codes, size);
    last = last > BINS ? BINS : last;
    for (size_t k = h->count < levels ? CANDIDATES + 1 : CANDIDATES / 8; k <= CANDIDATES; k++) {
        const size_t end = last * k / CANDIDATES;
        const double d = end > levels ? divergence(size, end, levels) : INFINITY;
        if (isfinite(d) && (best == BINS || d < least)) {
            least = d;
            best = end;
        }
    }
    return best == BINS ? most : fmin((double)best * width, most);
}

static double least_squares_size(const histogram *h, mho_codes codes)
{
    const double most = largest_size(h, codes);
    double best = most, least = INFINITY;
    points p;
    points_of(h, &p);
    for (int k = CANDIDATES; k >= CANDIDATES / 16; k--) {
        const double end = most * k / CANDIDATES;
        const double noise = noise_up_to(least, &p, end / codes.hi, codes);
        if (noise < least) {
            least = noise;
            best = end;
        }
    }
    return best;
}

static double size_of(const histogram *h, const scale_wish *wish)
{
    switch (wish->rule) {
    case MHO_RANGE_RULE_PERCENTILE:
        return percentile_size(h, wish->codes, wish->percentile);
    case MHO_RANGE_RULE_MSE:
        return least_squares_size(h, wish->codes);
    case MHO_RANGE_RULE_KL:
        return divergence_size(h, wish->codes);
    default:
        return largest_size(h, wish->codes);
    }
}

/* Of powers of two the one with the least squared error, or the smallest that holds what is to be held. */
static int exponent_of(const histogram *h, const scale_wish *wish)
{
    const int cover = mho_quant_cover(h->smallest, h->largest, wish->codes);
    if (wish->rule == MHO_RANGE_RULE_MAX || cover > MHO_QUANT_EXPONENT_MAX)
        return cover;
    if (wish->rule != MHO_RANGE_RULE_MSE) {
        const float end = (float)size_of(h, wish);
        return mho_quant_cover(0, end, wish->codes);
    }
    int best = cover;
    double least = INFINITY;
    points p;
    points_of(h, &p);
    for (int e = cover; e > cover - MHO_QUANT_CANDIDATES && e >= MHO_QUANT_EXPONENT_MIN; e--) {
        const double noise = noise_up_to(least, &p, ldexp(1, e), wish->codes);
        if (noise < least) {
            least = noise;
            best = e;
        }
    }
    return best;
}

float mhoi_histogram_scale(const histogram *h, const scale_wish *wish)
{
    const double most = largest_size(h, wish->codes), small = ldexp(1, MHO_QUANT_EXPONENT_MIN);
    if (!(most > small))
        return 0;
    if (wish->power_of_two)
        return ldexpf(1, exponent_of(h, wish));
    const double scale = size_of(h, wish) / wish->codes.hi;
    return (float)(scale > small ? scale : small);
}
