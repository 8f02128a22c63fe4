/* SPDX-License-Identifier: Apache-2.0 */
/* Merged columns: the cells of a weight, on lines that one input drives with voltages of sign and significance, are to
 * the engine a pair of conductances, each the sum of its side's cells times what their lines are worth.
 * docs/models/coding.md eq. (11). */
#include "base/alloc.h"
#include "chip/chip_impl.h"

enum { CHUNK = 1024 };

/* What line j of a weight is worth. */
static int64_t worth(const mhoi_cells *k, size_t j)
{
    return (int64_t)1 << (k->slice_bits * (j / 2));
}

void mhoi_chip_merge_levels(const chip_layer *layer, const int16_t *m, size_t first, size_t n,
                            uint8_t *level)
{
    const mhoi_cells *k = layer->cells;
    for (size_t i = 0; i < n; i++) {
        const size_t j = (first + i) % k->fold;
        k->coding->levels(k, j / 2, j % 2 ? MHOI_CELL_MINUS : MHOI_CELL_PLUS,
                          &m[(first + i) / k->fold], 1, &level[i]);
    }
}

mho_status mhoi_chip_merge(const chip_layer *layer, const int16_t *cells, int16_t *g_plus,
                           int16_t *g_minus)
{
    const mhoi_cells *k = layer->cells;
    for (size_t i = 0; i < k->columns * layer->lines; i++, cells += k->fold) {
        int64_t sum[2] = {0, 0};
        for (size_t j = 0; j < k->fold; j++)
            sum[j % 2] += worth(k, j) * cells[j];
        for (size_t side = 0; side < 2; side++)
            if (sum[side] < INT16_MIN || sum[side] > INT16_MAX)
                return mho_error(
                    MHO_EDOMAIN,
                    "merged cells of a weight conduct %lld units, want at most %d: fewer "
                    "units (device.resolution_bits) or fewer crossbar.weight_bits",
                    (long long)sum[side], INT16_MAX);
        g_plus[i] = (int16_t)sum[0];
        g_minus[i] = (int16_t)sum[1];
    }
    return MHO_OK;
}

/* A change of a cell's conductance counts as much as its line is worth; independent ones add up in squares. */
void mhoi_chip_merge_variance(const chip_layer *layer, const mho_device *device,
                              const int16_t *cells, float *plus, float *minus)
{
    const mhoi_cells *k = layer->cells;
    const size_t all = k->columns * layer->lines, step = CHUNK / k->fold;
    float variance[CHUNK];
    for (size_t first = 0; first < all; first += step) {
        const size_t n = all - first < step ? all - first : step;
        mho_device_read_variance(device, n * k->fold, cells + first * k->fold, variance);
        for (size_t i = 0; i < n; i++) {
            double sum[2] = {0, 0};
            for (size_t j = 0; j < k->fold; j++)
                sum[j % 2] +=
                    (double)(worth(k, j) * worth(k, j)) * (double)variance[i * k->fold + j];
            plus[first + i] = (float)sum[0];
            minus[first + i] = (float)sum[1];
        }
    }
}
