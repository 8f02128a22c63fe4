/* SPDX-License-Identifier: Apache-2.0 */
/* What is around the crossbars: section `chip` of a hardware description. */
#include "base/fields.h"
#include "map/map_sections.h"

#define COUNT(...) MHOI_COUNT(mhoi_chip_options, __VA_ARGS__)
#define REAL(...) MHOI_REAL(mhoi_chip_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_chip_options, __VA_ARGS__)

static const char *const drams[] = {"none", "ddr3", "ddr4", "lpddr4", "hbm2", NULL};

static const char *idle(const void *options, const char *key)
{
    const mhoi_chip_options *o = options;
    if (key[sizeof "chip." - 1] != 'd' && key[sizeof "chip." - 1] != 't' && !o->tile_crossbars)
        return "chip.tile_crossbars is 0";
    return NULL;
}

static const mho_field rows[] = {
    COUNT("chip.tile_crossbars", tile_crossbars, "0", 0, 1e6,
          "crossbars of a tile, both of a pair counted, with buffers and a router; 0 = no tiles: "
          "neither buffers of maps nor an interconnect are counted"),
    COUNT("chip.buffer", buffer_KiB, "64", 2, 512, "KiB of SRAM in a tile, for inputs and outputs"),
    REAL("chip.hop", hop_m, "0.6", 0, 100, "mm", 1e-3, "wire from one tile to the next"),
    REAL("chip.link", link_bps, "32", 1e-3, 1e6, "Gbit/s", 1e9, "of a link between two tiles"),
    CHOICE("chip.dram", dram, "none", drams,
           "memory that images, rewritten weights and maps beyond the buffers come from"),
};
static const mho_fields fields = {"chip", rows, sizeof rows / sizeof *rows,
                                  sizeof(mhoi_chip_options)};

const mhoi_section mhoi_chip_section = {.name = "chip", .fields = &fields, .idle = idle};
