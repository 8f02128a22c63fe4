/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a chip around its crossbars do for one image: routers and links, tile buffers, DRAM, and cells that
 * are written anew; docs/models/timing.md eq. (10), (12) to (15). */
#include <stdio.h>

#include "map/activity.h"

enum { ACCESS_BITS = 256 }; /* of a tile buffer */
#define TOGGLE 0.25         /* of the bits on a link: ISAAC's bus at 1 V */

static mho_activity *start(mhoi_activities *b, const char *group, const char *name)
{
    mho_activity *a = mhoi_activity_start(b, group, name, name);
    a->neglectable = true;
    return a;
}

static void interconnect(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    mho_activity *router = start(b, "interconnect", "router");
    router->amount = (double)l->tiles;
    router->operations = l->bit_hops;
    mhoi_activity_explain(router, "one a tile, %zu begin here; bits x hops = %.4g", l->tiles,
                          l->bit_hops);
    mho_activity *wire = start(b, "interconnect", "wire");
    mhoi_activity_argue(wire, "length", b->plan->chip.hop_m);
    mhoi_activity_argue(wire, "toggle", TOGGLE);
    wire->operations = l->bit_hops;
    mhoi_activity_explain(wire, "bits x hops = %.4g, a quarter of the bits toggle", l->bit_hops);
}

/* A map is held in every tile of the layer that reads it, and where it was formed. */
static void buffers(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    const double tiles =
        (double)(l->tiles + 2); /* its own, the one that it begins in, the source's */
    const double accesses = tiles * l->input_bits_moved / ACCESS_BITS;
    for (int o = MHO_OPERATION_READ; o <= MHO_OPERATION_WRITE; o++) {
        mho_activity *a = start(b, "tile buffers", "sram");
        mhoi_activity_argue(a, "bytes", (double)b->plan->chip.buffer_KiB * 1024);
        mhoi_activity_argue(a, "width", ACCESS_BITS);
        a->operation = (mho_operation)o;
        a->amount = o == MHO_OPERATION_READ ? (double)l->tiles : 0;
        a->operations = accesses;
        mhoi_activity_explain(a,
                              "%.4g bits of the map once in each of at most %.0f tiles, %d a word",
                              l->input_bits_moved, tiles, ACCESS_BITS);
    }
}

static void dram(mhoi_activities *b)
{
    static const char *const kind[] = {"", "dram_ddr3", "dram_ddr4", "dram_lpddr4", "dram_hbm2"};
    const mho_placement_layer *l = b->layer;
    if (l->dram_bits == 0)
        return;
    mho_activity *a = start(b, "DRAM", kind[b->plan->chip.dram]);
    a->model[0] = 0;
    a->operations = l->dram_bits;
    mhoi_activity_explain(a, "bits of the image, of weights written anew, of maps beyond buffers");
}

static void rewriting(mhoi_activities *b)
{
    const mho_placement_layer *l = b->layer;
    const bool multilevel = b->place->cells.levels > 2;
    if (!l->rewritten_cells)
        return;
    mho_activity *a =
        mhoi_activity_next(b, "rewriting", multilevel ? "cell_write_multilevel" : "cell_write");
    a->operations = (double)l->rewritten_cells;
    mhoi_activity_explain(a, "all cells of the layer, once an image");
}

void mhoi_activities_of_chip(mhoi_activities *b)
{
    rewriting(b);
    if (b->plan->chip.dram)
        dram(b);
    if (!b->plan->chip.tile_crossbars)
        return;
    interconnect(b);
    buffers(b);
}
