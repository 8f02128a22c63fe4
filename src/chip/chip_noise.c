/* SPDX-License-Identifier: Apache-2.0 */
/* Noise of reads: variances of the programmed cells of a group, and of what wires make of them
 * (docs/models/chip.md eq. (13)). */
#include "base/alloc.h"
#include "chip/chip_impl.h"

enum { CHUNK = 512, ARRAYS = 1 << 16 };

/* Squared conductances, g_off included. */
static void squares(const mho_device *device, size_t n, const int16_t *g, float *square)
{
    mho_device relative = *device;
    relative.read_noise = 1;
    relative.read_noise_fixed = 0;
    mho_device_read_variance(&relative, n, g, square);
}

/* v holds the squared conductances without wires, and becomes variances: a relative change of a cell is one of
 * what it conducts in effect. */
static void with_wires(const mho_device *device, size_t n, const int16_t *g, float *v)
{
    mho_device fixed = *device;
    float square[CHUNK], own[CHUNK], same[CHUNK];
    fixed.read_noise = 0;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t m = n - first < CHUNK ? n - first : CHUNK;
        float *at = v + first;
        squares(device, m, g + first, square);
        mho_device_read_variance(device, m, g + first, own);
        mho_device_read_variance(&fixed, m, g + first, same);
        for (size_t i = 0; i < m; i++)
            at[i] = own[i] - same[i] + same[i] * (at[i] >= 1 ? square[i] / at[i] : 1);
    }
}

bool mhoi_chip_noise_needs_bare(const mhoi_plan *plan)
{
    return plan->device.read_noise_fixed > 0 && !mhoi_wires_ideal(&plan->wires);
}

void mhoi_chip_noise_bare(const mho_chip *chip, const chip_layer *layer)
{
    const size_t cells = layer->cells->converted * layer->lines;
    squares(&chip->plan->device, cells, chip->g_plus, chip->variance[0]);
    squares(&chip->plan->device, cells, chip->g_minus, chip->variance[1]);
}

mho_status mhoi_chip_noise_set(const mho_chip *chip, const chip_layer *layer, size_t g)
{
    const mho_device *device = &chip->plan->device;
    const size_t cells = layer->cells->converted * layer->lines;
    const int16_t *const conductance[2] = {chip->g_plus, chip->g_minus};
    const size_t turns = layer->place->told->turns;
    if (layer->groups * layer->inputs->reads * turns > ARRAYS)
        return mho_error(MHO_ENOTMODELED,
                         "read noise in %zu groups of %zu reads and %zu turns, want at most %d",
                         layer->groups, layer->inputs->reads, turns, ARRAYS);
    if (layer->cells->fold > 1 && mhoi_chip_noise_needs_bare(chip->plan))
        return mho_error(MHO_ENOTMODELED,
                         "read noise that does not follow the conductance "
                         "(device.read_noise_fixed) of merged columns behind wires");
    if (layer->cells->fold > 1)
        mhoi_chip_merge_variance(layer, device, chip->plane, chip->variance[0], chip->variance[1]);
    for (int side = 0; layer->cells->fold == 1 && side < 2; side++)
        if (mhoi_chip_noise_needs_bare(chip->plan))
            with_wires(device, cells, conductance[side], chip->variance[side]);
        else
            mho_device_read_variance(device, cells, conductance[side], chip->variance[side]);
    return mho_crossbar_set_noise(layer->xb[g], chip->variance[0],
                                  layer->cells->coding->counted ? NULL : chip->variance[1]);
}
