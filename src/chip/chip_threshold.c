/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalization and sign merged into one comparison.
 *
 * The decision of software, "chain(z) > 0" in float, is monotone in z, and z is a whole number (of
 * pixel steps in the first layer).  So the edge is found by bisection over whole numbers with the very
 * same float formula, and the merge is exact; where gamma < 0 the comparison comes out flipped. */
#include "base/alloc.h"
#include "chip/chip_impl.h"

#define ALWAYS INT64_MIN /* an edge below every sum */

static int64_t ceil_div(int64_t a, int64_t b) /* b > 0 */
{
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

static int32_t hold_int32(int64_t v)
{
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

static bool fires(const chip_chain *chain, size_t channel, double z_scale, int64_t z)
{
    return mhoi_chip_chain_value(chain, channel, (float)((double)z * z_scale)) > 0;
}

/* Twice what z can reach with ideal devices: programmed ones may go beyond. */
static int64_t bound(const chip_layer *layer)
{
    const mhoi_cells *k = layer->cells;
    const int64_t hi = layer->x_hi - layer->zero, lo = layer->x_lo - layer->zero;
    const int64_t x = hi > -lo ? hi : -lo;
    const int64_t m = (k->codes.hi > -k->codes.lo ? k->codes.hi : -k->codes.lo) / k->one;
    return 2 * x * m * (int64_t)layer->rows + 2;
}

mho_status mhoi_chip_threshold_create(chip_layer *layer)
{
    const size_t channels = layer->groups * layer->columns;
    mho_status s = mhoi_alloc(&layer->z_edge, channels, sizeof *layer->z_edge, layer->name);
    return s ? s : mhoi_alloc(&layer->flip, channels, sizeof *layer->flip, layer->name);
}

mho_status mhoi_chip_threshold_room(chip_layer *layer)
{
    const size_t channels = layer->groups * layer->columns;
    const size_t n = channels * (layer->per_position ? layer->positions : 1);
    if (!layer->place->to_bits)
        return MHO_OK;
    if (chip_is_plain(layer))
        return layer->threshold
                   ? MHO_OK
                   : mhoi_alloc(&layer->threshold, n, sizeof *layer->threshold, layer->name);
    return layer->wide_threshold
               ? MHO_OK
               : mhoi_alloc(&layer->wide_threshold, n, sizeof *layer->wide_threshold, layer->name);
}

void mhoi_chip_threshold_merge(chip_layer *layer, const chip_chain *chain)
{
    const size_t channels = layer->groups * layer->columns;
    for (size_t c = 0; c < channels; c++) {
        const double z_scale = layer->x_scale * layer->weight_scale[c];
        int64_t low = -bound(layer), high = bound(layer); /* decisions differ between the two */
        const bool at_low = fires(chain, c, z_scale, low);
        const bool constant = at_low == fires(chain, c, z_scale, high);
        while (high - low > 1) {
            int64_t middle = low + (high - low) / 2;
            if (fires(chain, c, z_scale, middle) == at_low)
                low = middle;
            else
                high = middle;
        }
        layer->z_edge[c] = constant ? ALWAYS : high;
        layer->flip[c] = constant ? !at_low : at_low;
    }
}

/* The decision edge in conductances: halfway between the two neighbouring sums that can occur.  Of bits
 * those are every other z, of the parity of sum w. */
static int64_t analog_edge(const chip_layer *layer, int64_t z_edge, int64_t w_sum)
{
    if (layer->coding != MHOI_MAP_BITS)
        return (z_edge + layer->zero * w_sum) * layer->cells->unit - layer->cells->unit / 2;
    const int64_t v = ceil_div(z_edge + w_sum, 2);
    if (mhoi_is_zero_one(layer->place))
        return v * layer->cells->unit - layer->cells->unit / 2;
    return (2 * v - w_sum - 1) * layer->cells->unit;
}

/* What the rows on word lines [first, end) of a channel sum up to on average. */
static double mean_sum(const chip_layer *layer, size_t channel, size_t first, size_t end)
{
    const size_t group = channel / layer->columns;
    const uint32_t *order = layer->order ? layer->order + group * layer->lines : NULL;
    double sum = 0;
    for (size_t l = first; l < end; l++)
        sum += chip_mean_of(layer, channel, order ? order[l] : l);
    return sum * layer->cells->unit / layer->cells->one;
}

/* Codes with a zero: the weights of a window that meets no padding. */
static int64_t inner_sum(const chip_layer *layer, size_t channel)
{
    int64_t sum = 0;
    for (size_t r = 0; layer->zero && r < layer->rows; r++)
        sum += chip_weight(&layer->m, channel * layer->rows + r);
    return sum / layer->cells->one;
}

double mhoi_chip_threshold_share(const chip_layer *layer, size_t channel, size_t group)
{
    const size_t first = group * layer->place->group_rows, left = layer->lines - first;
    const size_t rows = left < layer->place->group_rows ? left : layer->place->group_rows;
    const int64_t z_edge = layer->z_edge[channel] == ALWAYS ? 0 : layer->z_edge[channel];
    const double beyond = (double)analog_edge(layer, z_edge, inner_sum(layer, channel)) -
                          mean_sum(layer, channel, 0, layer->lines);
    return mean_sum(layer, channel, first, first + rows) +
           beyond * (double)rows / (double)layer->lines;
}

void mhoi_chip_threshold_set(chip_layer *layer)
{
    const size_t channels = layer->groups * layer->columns;
    const size_t positions = layer->per_position ? layer->positions : 1;
    const int64_t step =
        layer->converter.codes && !layer->cells->coding->counted ? layer->converter.step : 1;
    double gain, offset;
    mhoi_chip_converter_value(layer, &gain, &offset);
    const int64_t twice_offset = (int64_t)(2 * offset);
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < positions; p++) {
            const size_t i = c * positions + p;
            const int64_t z_edge = layer->z_edge[c] == ALWAYS ? 0 : layer->z_edge[c];
            const int64_t edge = analog_edge(layer, z_edge, layer->w_sum ? layer->w_sum[i] : 0);
            const int64_t twice_edge = 2 * edge + (layer->excess ? layer->excess[i] : 0);
            int64_t threshold =
                layer->z_edge[c] == ALWAYS ? ALWAYS : ceil_div(twice_edge - twice_offset, 2 * step);
            if (layer->place->vote && layer->converter.codes && threshold != ALWAYS)
                threshold = (int64_t)(layer->place->row_groups + 1) / 2;
            if (layer->wide_threshold)
                layer->wide_threshold[i] = threshold;
            if (layer->threshold)
                layer->threshold[i] = hold_int32(threshold);
        }
}
