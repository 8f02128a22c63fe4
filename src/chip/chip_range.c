/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a layer in bins, and the range of a converter that they ask for: docs/models/chip.md eq. (7), (7a). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_range.h"
#include "crossbar/converter.h"

enum {
    BINS = 1 << 16,
    ENOUGH = 1 << 25 /* sums of a layer: beyond, they are counted of some positions */
};

__extension__ typedef unsigned __int128 unsigned_wide;

/* Bounds of the sums of ideal devices.  With wire resistance the inputs share what a column of cells
 * conducts in another way: an effective conductance is at least 0 S, and those of a column add up to no more
 * than its cells. */
static mhoi_range bounds_of(const mho_chip *chip, const chip_layer *layer)
{
    const mho_device *d = &chip->plan->device;
    if (mhoi_wires_ideal(&chip->plan->wires))
        return mhoi_range_full(chip->plan, layer->place);
    mhoi_place whole = *layer->place; /* of rows that are on or not: wires join them */
    whole.group_rows = whole.crossbar_rows;
    const mhoi_range range = mhoi_range_full(chip->plan, &whole);
    const mhoi_cells *k = layer->cells;
    const size_t rows = layer->lines < whole.group_rows ? layer->lines : whole.group_rows;
    /* Merged: what the lines of a weight are worth together. */
    const int64_t worth = k->fold > 1 ? 2 * ((int64_t)k->codes.hi + 1) : 1;
    const int64_t x =
        layer->inputs->hi > -layer->inputs->lo ? layer->inputs->hi : -(int64_t)layer->inputs->lo;
    const double off = d->off_leak ? 0 : d->g_off_S / mho_device_unit_S(d);
    const int64_t more =
        (int64_t)rows * x * worth * (llabs(mho_device_level(d, 0)) + (int64_t)(2 * off) + 2);
    return (mhoi_range){range.lo - more, range.hi + more};
}

/* Sums of a layer that its converters see of an image. */
static double sums_of(const chip_layer *layer)
{
    const mhoi_place *place = layer->place;
    return (double)layer->positions * (double)layer->cells->converted * (double)layer->groups *
           (double)place->row_groups * (double)layer->inputs->reads * (place->per_pair ? 1 : 2);
}

/* Odd, so that positions side by side and one below the other take turns.  What a run calls positions are pixels of several
 * images where inputs turn: all are counted. */
static size_t every_of(const chip_layer *layer, size_t images)
{
    const double times = sums_of(layer) * (double)images / ENOUGH;
    return layer->place->turned || times <= 1 ? 1 : (size_t)ceil(times) | 1;
}

/* Two to this power divides all cells of ideal devices, and so their sums. */
static unsigned shift_of(const mho_chip *chip)
{
    const mho_device *d = &chip->plan->device;
    const bool known = mhoi_wires_ideal(&chip->plan->wires) && !d->table_levels && !d->off_leak;
    return known ? (unsigned)__builtin_ctz((unsigned)mho_device_delta(d)) : 0;
}

/* As far as bins reach. */
static void set_places(unsigned shift, chip_histogram *h)
{
    const int64_t high = h->low + h->width * BINS - 1;
    const int64_t first = h->low >> shift; /* rounded down */
    const int64_t places = (high >> shift) - first + 1;
    h->units = places <= BINS;
    h->shift = h->units ? shift : 0;
    h->first = h->units ? first * ((int64_t)1 << shift) : h->low;
    h->places = h->units ? (size_t)places : BINS;
    h->inverse = h->width > 1 ? UINT64_MAX / (uint64_t)h->width + 1 : 0;
    h->lowest = h->low < INT32_MIN ? INT32_MIN : (int32_t)h->low;
    h->highest = high > INT32_MAX ? INT32_MAX : (int32_t)high;
}

static chip_histogram without_memory(const mho_chip *chip, const chip_layer *layer, size_t images)
{
    const mhoi_range range = bounds_of(chip, layer);
    chip_histogram h = {.low = range.lo,
                        .width = (range.hi - range.lo) / BINS + 1,
                        .every = every_of(layer, images)};
    set_places(shift_of(chip), &h);
    return h;
}

size_t mhoi_chip_histogram_places(const mho_chip *chip, const chip_layer *layer)
{
    return without_memory(chip, layer, 0).places;
}

size_t mhoi_chip_histogram_bytes(const mho_chip *chip, const chip_layer *layer)
{
    return mhoi_chip_histogram_places(chip, layer) * (2 * sizeof(uint32_t) + sizeof(uint64_t));
}

mho_status mhoi_chip_histogram_create(const mho_chip *chip, const chip_layer *layer, size_t images,
                                      chip_histogram *histogram)
{
    *histogram = without_memory(chip, layer, images);
    mho_status s = mhoi_alloc(&histogram->recent, 2 * histogram->places, sizeof *histogram->recent,
                              "calibration");
    return s ? s
             : mhoi_alloc(&histogram->count, histogram->places, sizeof *histogram->count,
                          "calibration");
}

void mhoi_chip_histogram_free(chip_histogram *histogram)
{
    mhoi_free(&histogram->recent);
    mhoi_free(&histogram->count);
}

/* The multiplication divides exactly: sums less the lowest have at most 33 bits, widths 17.  Of bins of one unit 64 bits do
 * not hold the inverse. */
static inline size_t bin_of(const chip_histogram *h, int64_t sum)
{
    const uint64_t from = (uint64_t)(sum - h->low);
    return (size_t)(h->width > 1 ? (unsigned_wide)from * h->inverse >> 64 : from);
}

/* Whatever lies beyond what can occur counts as the last. */
static inline int32_t within(const chip_histogram *h, int32_t sum)
{
    const int32_t low = sum < h->lowest ? h->lowest : sum;
    return low > h->highest ? h->highest : low;
}

static inline size_t unit_place(const chip_histogram *h, int32_t sum)
{
    return ((uint32_t)sum - (uint32_t)h->first) >> h->shift;
}

static void settle(chip_histogram *h)
{
    const size_t places = h->fresh ? h->places : 0;
    const uint32_t *even = h->recent, *odd = h->recent + h->places;
    uint64_t *sum = h->count;
    for (size_t i = 0; i < places; i++)
        sum[i] += (uint64_t)even[i] + odd[i];
    if (places)
        memset(h->recent, 0, 2 * places * sizeof *h->recent);
    h->fresh = 0;
}

static void count(const chip_histogram *h, const int32_t *sum, size_t n)
{
    uint32_t *even = h->recent, *odd = h->recent + h->places;
    const chip_histogram copy = *h;
    const size_t pairs = n / 2 * 2;
    for (size_t i = 0; copy.units && i < pairs; i += 2) {
        even[unit_place(&copy, within(&copy, sum[i]))]++;
        odd[unit_place(&copy, within(&copy, sum[i + 1]))]++;
    }
    for (size_t i = 0; !copy.units && i < pairs; i += 2) {
        even[bin_of(&copy, within(&copy, sum[i]))]++;
        odd[bin_of(&copy, within(&copy, sum[i + 1]))]++;
    }
    if (pairs < n)
        even[copy.units ? unit_place(&copy, within(&copy, sum[pairs]))
                        : bin_of(&copy, within(&copy, sum[pairs]))]++;
}

void mhoi_chip_histogram_count(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    chip_histogram *h = user;
    if (h->fresh > UINT32_MAX - 2 * n)
        settle(h);
    h->fresh += 2 * n;
    count(h, s_plus, n);
    if (s_minus)
        count(h, s_minus, n);
}

void mhoi_chip_histogram_add(chip_histogram *histogram, chip_histogram *other)
{
    settle(other);
    for (size_t i = 0; i < histogram->places; i++)
        histogram->count[i] += other->count[i];
}

/* The bins that sums are in: few, often. */
typedef struct extent {
    size_t first, last;
    uint64_t total;
} extent;

static extent extent_of(const mhoi_sums *h)
{
    extent e = {.last = BINS - 1};
    while (e.first < e.last && !h->bin[e.first])
        e.first++;
    while (e.last > e.first && !h->bin[e.last])
        e.last--;
    for (size_t b = e.first; b <= e.last; b++)
        e.total += h->bin[b];
    return e;
}

/* The middle `percentile` of the sums: what is left when half the rest is cut off at either end. */
static mhoi_range middle(const mhoi_sums *h, const extent *e, double percentile)
{
    const uint64_t cut = (uint64_t)((double)e->total * (100 - percentile) / 200);
    size_t first = e->first, last = e->last;
    for (uint64_t below = h->bin[first]; below <= cut && first < last; below += h->bin[first])
        first++;
    for (uint64_t above = h->bin[last]; above <= cut && last > first; above += h->bin[last])
        last--;
    return (mhoi_range){h->low + (int64_t)first * h->width,
                        h->low + (int64_t)last * h->width + h->width - 1};
}

/* Squares of what the codes' values miss the sums by, added up. */
static double squared_error(const mhoi_sums *h, const extent *e, const mho_converter *c)
{
    double sum = 0;
    for (size_t b = e->first; b <= e->last; b++) {
        if (!h->bin[b])
            continue;
        const double miss = mhoi_converter_miss(c, h->low + (int64_t)b * h->width + h->width / 2);
        sum += (double)h->bin[b] * miss * miss;
    }
    return sum;
}

/* A narrow range clips sums, a wide one has coarse codes: eq. (7a). */
static mho_converter least_squares(const mho_chip *chip, const chip_layer *layer,
                                   const mhoi_sums *h, const extent *e)
{
    static const double percentiles[] = {100,  99.99, 99.9, 99.8, 99.5, 99,
                                         98.5, 98,    97,   96,   95,   90};
    mho_converter best = {0};
    double least = 0;
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        const mho_converter c =
            mhoi_chip_converter_of(chip, layer, middle(h, e, percentiles[i]), true);
        const double error = squared_error(h, e, &c);
        if (i == 0 || error < least) {
            least = error;
            best = c;
        }
    }
    return best;
}

/* Of calibration's sums; a full range is known without. */
static void set_range(const mho_chip *chip, chip_layer *layer, const mhoi_sums *sums)
{
    const mhoi_output_options *output = &chip->plan->output;
    const extent e = extent_of(sums);
    if (output->range == MHO_RANGE_LEAST_SQUARES)
        layer->calibrated = least_squares(chip, layer, sums, &e);
    else if (output->range == MHO_RANGE_CALIBRATED)
        layer->calibrated =
            mhoi_chip_converter_of(chip, layer, middle(sums, &e, output->percentile), true);
}

mho_status mhoi_chip_range_set(const mho_chip *chip, chip_layer *layer, chip_histogram *h)
{
    uint64_t *bin = NULL;
    mho_status s = mhoi_alloc(&bin, BINS, sizeof *bin, "calibration");
    if (s)
        return s;
    settle(h);
    for (size_t i = 0; i < h->places; i++) {
        const int64_t sum = h->first + ((int64_t)i << h->shift);
        if (h->count[i])
            bin[h->units ? bin_of(h, sum < h->low ? h->low : sum) : i] += h->count[i];
    }
    const mhoi_sums sums = {h->low, h->width, BINS, bin};
    set_range(chip, layer, &sums);
    s = mhoi_chip_edges_set(chip, layer, &sums);
    mhoi_free(&bin);
    return s;
}
