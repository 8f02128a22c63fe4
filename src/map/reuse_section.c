/* SPDX-License-Identifier: Apache-2.0 */
/* What windows share of their inputs, and the buffers on the way: section `reuse` of a hardware description. */
#include <string.h>

#include "base/fields.h"
#include "map/map_sections.h"

#define COUNT(...) MHOI_COUNT(mhoi_reuse_options, __VA_ARGS__)
#define REAL(...) MHOI_REAL(mhoi_reuse_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mhoi_reuse_options, __VA_ARGS__)

static const char *const shares[] = {"none", "windows", "slices", "tiles", "both", NULL};
static const char *const maps[] = {"once", "windows", NULL};

static const char *idle(const void *options, const char *key)
{
    const mhoi_reuse_options *o = options;
    if (!o->share && strcmp(key, "reuse.share") != 0)
        return "reuse.share is none";
    if (!strcmp(key, "reuse.sum_bits") && o->share != MHO_REUSE_TILES && o->share != MHO_REUSE_BOTH)
        return "reuse.share is neither tiles nor both: no partial sums wait";
    return NULL;
}

static const mho_field rows[] = {
    CHOICE(
        "reuse.share", share, "none", shares,
        "what windows share of their input slices (the channels of a pixel): none = not modelled, "
        "line buffers; windows = nothing, each fetches all of its slices; slices = slices go on "
        "from buffer to buffer; tiles = all rows of a kernel take a row of slices at once; both"),
    COUNT("reuse.input_buffer", input_buffer_B, "256", 1, 65536,
          "bytes of a crossbar's input buffers"),
    COUNT("reuse.shift_register", shift_register_B, "128", 1, 65536,
          "bytes of a crossbar's shift registers"),
    COUNT("reuse.pe_buffer", pe_buffer_B, "4096", 2048, 524288,
          "bytes of the buffer of a processing element"),
    COUNT("reuse.pe_crossbars", pe_crossbars, "32", 1, 65536, "crossbars of a processing element"),
    COUNT("reuse.global_buffer", global_buffer_B, "131072", 2048, 524288,
          "bytes of the buffer of the chip"),
    COUNT("reuse.sum_bits", sum_bits, "16", 0, 64,
          "of a partial sum that waits; 0 = they are not counted"),
    CHOICE("reuse.maps", maps, "once", maps,
           "layer by layer, a map is kept once, or each window with all of its slices"),
    REAL("reuse.bus", bus_Bps, "0", 0, 1e6, "GB/s", 1e9,
         "from the buffer of a processing element to the input buffers of its crossbars, shared by "
         "the "
         "sets of a layer in it: windows wait for it; 0 = they do not"),
};
static const mho_fields fields = {"reuse", rows, sizeof rows / sizeof *rows,
                                  sizeof(mhoi_reuse_options)};

const mhoi_section mhoi_reuse_section = {.name = "reuse", .fields = &fields, .idle = idle};
