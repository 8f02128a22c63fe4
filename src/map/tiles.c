/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of crossbars in a mesh, and what moves between them: docs/models/timing.md eq. (12) to (15).  Crossbars fill the tiles in
 * the order of the layers, and tiles lie row after row, every other row backwards, so that neighbours in order are neighbours
 * in place.  Hops are counted of this placement; contention is a bound, not a simulation. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "map/placement.h"
#include "net/op_table.h"

enum { LINKS = 4, PACKET_BITS = 128 };

typedef struct place_of {
    size_t first, last; /* tiles of a layer; results gather in the last */
} place_of;

typedef struct mesh {
    mho_tiles *tiles;
    double *load; /* [tiles][LINKS]: bits an image */
    size_t *flow; /* likewise: streams that share the link */
    place_of *at; /* [layers] */
    double *wait; /* [layers]: other streams' packets that one of the layer may wait for */
    bool waits;   /* second round: loads are known */
} mesh;

static size_t column_of(const mho_tiles *t, size_t tile)
{
    const size_t x = tile % t->side;
    return tile / t->side % 2 ? t->side - 1 - x : x;
}

/* One step along x, then y: the link, and the tile behind it. */
static size_t step(const mho_tiles *t, size_t x, size_t y, size_t to, size_t *next_x,
                   size_t *next_y)
{
    const size_t to_x = column_of(t, to), to_y = to / t->side;
    *next_x = x;
    *next_y = y;
    if (x != to_x) {
        *next_x = x < to_x ? x + 1 : x - 1;
        return x < to_x ? 0 : 1;
    }
    *next_y = y < to_y ? y + 1 : y - 1;
    return y < to_y ? 2 : 3;
}

/* A stream of the layer: on its way it loads links, and may wait for what else is on them. */
static void stream(mesh *m, mho_placement_layer *l, size_t k, size_t from, size_t to, double bits)
{
    const mho_tiles *t = m->tiles;
    size_t x = column_of(t, from), y = from / t->side, others = 0;
    while (x != column_of(t, to) || y != to / t->side) {
        size_t next_x, next_y;
        const size_t at = (y * t->side + x) * LINKS + step(t, x, y, to, &next_x, &next_y);
        if (m->waits) {
            others += m->flow[at] - 1;
        } else {
            m->load[at] += bits;
            m->flow[at]++;
            l->bit_hops += bits;
        }
        x = next_x;
        y = next_y;
    }
    if (m->waits && (double)others > m->wait[k])
        m->wait[k] = (double)others;
}

/* Bits of a sum of a layer's row groups, slices and reads. */
static double sum_bits(const mhoi_place *place)
{
    const mho_placement_layer *l = place->told;
    const double code = l->output_bits ? (double)l->output_bits : 16;
    const double slices = (double)((place->cells.slices - 1) * place->cells.slice_bits);
    return code + ceil(log2((double)l->row_groups)) + slices +
           (l->reads > 1 ? (double)l->input_bits : 0);
}

/* Partial sums, and results, go to the layer's last tile: of each block of columns one sum a tile that has rows of it. */
static void gather(mesh *m, const mhoi_place *place, mho_placement_layer *l, size_t k,
                   size_t tile_crossbars)
{
    const place_of at = m->at[k];
    const size_t block = l->x_in * l->sides;
    const size_t blocks = l->duplication * l->groups * l->planes * l->x_out;
    const double columns = (double)l->columns * (double)l->slices / (double)(l->planes * l->x_out);
    const double bits = columns * sum_bits(place) * (double)l->positions / (double)l->duplication;
    const size_t start = at.first * tile_crossbars; /* as if it began with its tile */
    for (size_t tile = at.first; tile < at.last; tile++) {
        const size_t low = (tile * tile_crossbars - start) / block;
        size_t high = ((tile + 1) * tile_crossbars - start + block - 1) / block;
        high = high < blocks ? high : blocks;
        if (high > low)
            stream(m, l, k, tile, at.last, bits * (double)(high - low));
    }
}

/* What several nodes give comes together where the last of them is formed. */
static void join(mesh *m, const mhoi_plan *plan, const mho_net *net, size_t i, long *home)
{
    const mho_node *n = &net->node[i];
    for (size_t k = 0; k < n->inputs; k++)
        home[i] = home[n->input[k]] > home[i] ? home[n->input[k]] : home[i];
    for (size_t k = 0; home[i] >= 0 && k < n->inputs; k++) {
        const long from = home[n->input[k]];
        const mho_shape shape = n->op == MHO_OP_ADD ? n->out : net->node[n->input[k]].out;
        const size_t bits = plan->map[i].bits ? plan->map[i].bits : 8;
        if (from != home[i])
            stream(m, &plan->layer[home[i]], (size_t)home[i], from < 0 ? 0 : m->at[from].last,
                   m->at[home[i]].last, (double)(shape.c * shape.h * shape.w * bits));
    }
}

/* Where the map of a node is: the layer in whose last tile it is formed, -1: it is the image's.  Sums of branches go to
 * the later one. */
static void follow(mesh *m, const mho_net *net, const mhoi_plan *plan, long *home)
{
    for (size_t i = 0, k = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        home[i] = n->inputs ? home[n->input[0]] : -1;
        if (mho_node_is_weighted(n)) {
            mho_placement_layer *l = &plan->layer[k];
            const size_t from = home[i] < 0 ? 0 : m->at[home[i]].last;
            const double bits =
                (double)(n->in.c * n->in.h * n->in.w) * (double)plan->place[k].in.bits;
            stream(m, l, k, from, m->at[k].first, bits);
            for (size_t t = m->at[k].first; t < m->at[k].last; t++)
                stream(m, l, k, t, t + 1, bits);
            l->input_bits_moved = bits;
            home[i] = (long)k++;
        } else if (n->inputs > 1) {
            join(m, plan, net, i, home);
        }
    }
}

/* Tiles in the order of crossbars; where layers take turns, each begins with the first tile. */
static void lay(const mho_placement *out, size_t tile_crossbars, mesh *m)
{
    uint64_t start = 0;
    size_t counted = 0;
    for (size_t k = 0; k < out->layers; k++) {
        mho_placement_layer *l = &out->layer[k];
        uint64_t crossbars = (uint64_t)l->crossbar_pairs * l->sides * l->duplication;
        if (out->rewritten_cells) {
            start = 0;
            crossbars = crossbars < out->crossbars ? crossbars : out->crossbars;
        }
        m->at[k].first = (size_t)(start / tile_crossbars);
        m->at[k].last = (size_t)((start + crossbars - 1) / tile_crossbars);
        start += crossbars;
        l->tiles = m->at[k].last + 1 > counted ? m->at[k].last + 1 - counted : 0;
        counted += l->tiles;
    }
    m->tiles->tiles = counted;
    while (m->tiles->side * m->tiles->side < counted)
        m->tiles->side++;
}

static void move(mesh *m, const mho_net *net, mhoi_plan *plan, long *home)
{
    follow(m, net, plan, home);
    for (size_t k = 0; k < plan->layers; k++)
        gather(m, &plan->place[k], &plan->layer[k], k, plan->chip.tile_crossbars);
}

static void sum_up(mesh *m, const mhoi_plan *plan)
{
    mho_tiles *t = m->tiles;
    double busiest = 0, waits = 0;
    for (size_t i = 0; i < t->side * t->side * LINKS; i++)
        busiest = m->load[i] > busiest ? m->load[i] : busiest;
    for (size_t k = 0; k < plan->layers; k++) {
        t->bit_hops += plan->layer[k].bit_hops;
        waits += m->wait[k];
    }
    t->busiest_link_s = busiest / plan->chip.link_bps;
    t->wait_s = waits * PACKET_BITS / plan->chip.link_bps;
}

static mho_status connect(const mho_net *net, mho_placement *out)
{
    mhoi_plan *plan = out->plan;
    mesh m = {.tiles = &out->tiles};
    long *home = NULL;
    mho_status s = mhoi_alloc(&m.at, out->layers, sizeof *m.at, "tiles");
    if (!s)
        s = mhoi_alloc(&m.wait, out->layers, sizeof *m.wait, "tiles");
    if (!s)
        s = mhoi_alloc(&home, net->nodes, sizeof *home, "tiles");
    if (!s)
        lay(out, plan->chip.tile_crossbars, &m);
    const size_t links = m.tiles->side * m.tiles->side * LINKS;
    if (!s)
        s = mhoi_alloc(&m.load, links, sizeof *m.load, "links");
    if (!s)
        s = mhoi_alloc(&m.flow, links, sizeof *m.flow, "links");
    if (!s) {
        move(&m, net, plan, home);
        m.waits = true;
        move(&m, net, plan, home);
        sum_up(&m, plan);
    }
    mhoi_free(&m.at);
    mhoi_free(&m.wait);
    mhoi_free(&home);
    mhoi_free(&m.load);
    mhoi_free(&m.flow);
    return s;
}

/* Images, rewritten weights, and where one layer works after the other, what the buffers cannot hold of its maps. */
static void count_dram(const mho_net *net, mho_placement *out)
{
    const mhoi_plan *plan = out->plan;
    const double room = (double)out->tiles.tiles * (double)plan->chip.buffer_KiB * 8192;
    for (size_t k = 0; k < out->layers; k++) {
        mho_placement_layer *l = &out->layer[k];
        const mho_node *n = &net->node[l->node];
        const double in = (double)(n->in.c * n->in.h * n->in.w) * (double)l->input_bits;
        const double held = in + (double)(n->out.c * n->out.h * n->out.w) * (double)l->input_bits;
        l->dram_bits = k == 0 ? in : 0;
        l->dram_bits += l->reuse.dram_bits;
        l->dram_bits += (double)l->rewritten_cells * (double)plan->device.bits;
        if (out->layer_by_layer && out->tiles.tiles && held > room)
            l->dram_bits += 2 * (held - room);
    }
}

mho_status mhoi_tiles_set(const mho_net *net, mho_placement *out)
{
    const mhoi_chip_options *chip = &out->plan->chip;
    const mho_status s = chip->tile_crossbars ? connect(net, out) : MHO_OK;
    if (!s && chip->dram)
        count_dram(net, out);
    return s;
}
