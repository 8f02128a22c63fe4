/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a layer in bins, and the range of a converter that they ask for: docs/models/chip.md eq. (7), (7a). */
#include <stdlib.h>

#include "base/alloc.h"
#include "chip/chip_range.h"
#include "crossbar/converter.h"

enum { BINS = 1 << 16 };

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

mho_status mhoi_chip_histogram_create(const mho_chip *chip, const chip_layer *layer,
                                      chip_histogram *histogram)
{
    const mhoi_range range = bounds_of(chip, layer);
    histogram->low = range.lo;
    histogram->width = (range.hi - range.lo) / BINS + 1;
    histogram->inverse = UINT64_MAX / (uint64_t)histogram->width + 1;
    return mhoi_alloc(&histogram->bin, 2 * BINS, sizeof *histogram->bin, "calibration");
}

size_t mhoi_chip_histogram_bins(void)
{
    return BINS;
}

void mhoi_chip_histogram_free(chip_histogram *histogram)
{
    mhoi_free(&histogram->bin);
}

/* The multiplication divides exactly: sums less the lowest have at most 33 bits, widths 17. */
static inline size_t bin_of(const chip_histogram *h, int32_t sum)
{
    return (size_t)((unsigned_wide)(uint64_t)(sum - h->low) * h->inverse >> 64);
}

/* Equal sums often follow each other, and to count in one place again and again is slow: there are two of each bin. */
static void count(const chip_histogram *h, const int32_t *sum, size_t n)
{
    uint64_t *even = h->bin, *odd = h->bin + BINS;
    const chip_histogram copy = *h;
    const size_t pairs = n / 2 * 2;
    for (size_t i = 0; h->width == 1 && i < pairs; i += 2) {
        even[sum[i] - copy.low]++;
        odd[sum[i + 1] - copy.low]++;
    }
    for (size_t i = 0; h->width > 1 && i < pairs; i += 2) {
        even[bin_of(&copy, sum[i])]++;
        odd[bin_of(&copy, sum[i + 1])]++;
    }
    if (pairs < n)
        even[h->width == 1 ? (size_t)(sum[pairs] - copy.low) : bin_of(&copy, sum[pairs])]++;
}

void mhoi_chip_histogram_count(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    const chip_histogram *h = user;
    count(h, s_plus, n);
    if (s_minus)
        count(h, s_minus, n);
}

void mhoi_chip_histogram_add(chip_histogram *histogram, const chip_histogram *other)
{
    for (size_t b = 0; b < 2 * BINS; b++)
        histogram->bin[b] += other->bin[b];
}

/* The middle `percentile` of the sums: what is left when half the rest is cut off at either end. */
static mhoi_range middle(const chip_histogram *h, double percentile)
{
    uint64_t total = 0;
    for (size_t b = 0; b < BINS; b++)
        total += h->bin[b];
    const uint64_t cut = (uint64_t)((double)total * (100 - percentile) / 200);
    size_t first = 0, last = BINS - 1;
    for (uint64_t below = h->bin[0]; below <= cut && first < last; below += h->bin[first])
        first++;
    for (uint64_t above = h->bin[last]; above <= cut && last > first; above += h->bin[last])
        last--;
    return (mhoi_range){h->low + (int64_t)first * h->width,
                        h->low + (int64_t)last * h->width + h->width - 1};
}

/* Squares of what the codes' values miss the sums by, added up. */
static double squared_error(const chip_histogram *h, const mho_converter *c)
{
    double sum = 0;
    for (size_t b = 0; b < BINS; b++) {
        if (!h->bin[b])
            continue;
        const double miss = mhoi_converter_miss(c, h->low + (int64_t)b * h->width + h->width / 2);
        sum += (double)h->bin[b] * miss * miss;
    }
    return sum;
}

/* A narrow range clips sums, a wide one has coarse codes: eq. (7a). */
static mho_converter least_squares(const mho_chip *chip, const chip_layer *layer,
                                   const chip_histogram *h)
{
    static const double percentiles[] = {100,  99.99, 99.9, 99.8, 99.5, 99,
                                         98.5, 98,    97,   96,   95,   90};
    mho_converter best = {0};
    double least = 0;
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        const mho_converter c =
            mhoi_chip_converter_of(chip, layer, middle(h, percentiles[i]), true);
        const double error = squared_error(h, &c);
        if (i == 0 || error < least) {
            least = error;
            best = c;
        }
    }
    return best;
}

/* Of calibration's sums; a full range is known without. */
static void set_range(const mho_chip *chip, chip_layer *layer, const chip_histogram *sums)
{
    const mhoi_output_options *output = &chip->plan->output;
    if (output->range == MHO_RANGE_LEAST_SQUARES)
        layer->calibrated = least_squares(chip, layer, sums);
    else if (output->range == MHO_RANGE_CALIBRATED)
        layer->calibrated =
            mhoi_chip_converter_of(chip, layer, middle(sums, output->percentile), true);
}

mho_status mhoi_chip_range_set(const mho_chip *chip, chip_layer *layer, const chip_histogram *sums)
{
    for (size_t b = 0; b < BINS; b++) {
        sums->bin[b] += sums->bin[BINS + b];
        sums->bin[BINS + b] = 0;
    }
    set_range(chip, layer, sums);
    return mhoi_chip_edges_set(chip, layer, &(mhoi_sums){sums->low, sums->width, BINS, sums->bin});
}
