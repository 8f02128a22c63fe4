/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix splitting: a layer's weights are R rows by C column pairs per group, cut into crossbars of
 * N word lines and M bit lines.  docs/models/map.md eq. (1) to (6). */
#include <string.h>

#include "base/alloc.h"
#include "map/machine.h"
#include "net/graph.h"

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* *product *= factor, MHO_EDOMAIN beyond 64 bits: a count that wraps would be a wrong result. */
static mho_status multiply(uint64_t *product, uint64_t factor, const char *layer)
{
    if (__builtin_mul_overflow(*product, factor, product))
        return mho_error(MHO_EDOMAIN, "layer '%s': its counts leave 64 bits", layer);
    return MHO_OK;
}

static mho_status fill_counts(mho_map_layer *l)
{
    uint64_t cells = l->groups, positions = l->positions;
    mho_status s = multiply(&cells, l->rows, l->name);
    if (!s)
        s = multiply(&cells, l->columns, l->name);
    uint64_t operations = cells;
    if (!s)
        s = multiply(&operations, positions, l->name);
    if (s)
        return s;
    l->cells = cells;
    l->inputs_shared = (uint64_t)l->groups * l->rows;
    l->inputs_copied = l->inputs_shared * l->x_out;
    l->outputs = (uint64_t)l->groups * l->columns * l->x_in;
    return MHO_OK;
}

/* Converters of a layer: docs/models/map.md, table "converters". */
static void fill_converters(mho_map_layer *l, const mhoi_machine *hw)
{
    l->input_bits = l->first ? hw->input.first_bits : hw->input.bits;
    if (l->x_in > 1)
        l->output_bits = l->first ? hw->output.first_bits : hw->output.split_bits;
    else
        l->output_bits = l->last ? hw->output.last_bits : hw->output.bits;
}

mho_status mhoi_map_layout(const mhoi_machine *hw, mho_cell_layout *out)
{
    const bool single = hw->crossbar.weights == MHO_WEIGHTS_SINGLE;
    const size_t bits = hw->crossbar.weight_bits;
    const size_t held = bits && !single ? bits - 1 : bits; /* a pair tells the sign besides */
    *out = (mho_cell_layout){.slices = bits ? ceil_div(held, hw->device.bits) : 1};
    out->planes = hw->crossbar.slicing == MHO_SLICES_CROSSBARS ? out->slices : 1;
    out->reference = single && hw->crossbar.offset == MHO_OFFSET_COLUMN;
    const size_t together = out->slices / out->planes, want = together << out->reference;
    if (hw->crossbar.columns < want)
        return mho_error(
            MHO_ECONFIG,
            "crossbar.columns = %zu, want %zu or more for the %zu slices of a weight%s",
            hw->crossbar.columns, want, together, out->reference ? " and their references" : "");
    out->weights_per_crossbar = hw->crossbar.columns / together - out->reference;
    return MHO_OK;
}

/* Do the layer's inputs have a sign?  Pixels do not, nor do those behind ReLU; binary maps are +-1. */
static bool has_signed_input(const mho_net *net, const mho_node *node, bool binary)
{
    const mho_node *from = &net->node[node->input[0]];
    while (from->op == MHO_OP_MAXPOOL || from->op == MHO_OP_AVGPOOL || from->op == MHO_OP_FLATTEN)
        from = &net->node[from->input[0]];
    return from->op != MHO_OP_INPUT && (binary || from->op != MHO_OP_RELU);
}

/* Crossbars of a layer, or pairs of them. */
static mho_status fill_crossbars(mho_map_layer *l, const mhoi_machine *hw, bool signed_input)
{
    mho_cell_layout layout;
    mho_status s = mhoi_map_layout(hw, &layout);
    if (s)
        return s;
    const bool two_rows = signed_input && hw->input.coding == MHO_CODING_TWO_ROWS;
    l->slices = layout.slices;
    l->word_lines = l->rows << two_rows;
    l->x_in = ceil_div(l->word_lines, hw->crossbar.rows);
    l->x_out = ceil_div(l->columns, layout.weights_per_crossbar);
    l->crossbar_pairs = l->groups * l->x_in * l->x_out * layout.planes;
    return MHO_OK;
}

/* Of all cells of the crossbars (of one of a pair). */
static double utilization(const mho_map_layer *l, const mhoi_machine *hw)
{
    const bool reference =
        hw->crossbar.weights == MHO_WEIGHTS_SINGLE && hw->crossbar.offset == MHO_OFFSET_COLUMN;
    const double columns = (double)(l->columns + (reference ? l->x_out : 0)) * (double)l->slices;
    return (double)l->groups * (double)l->word_lines * columns /
           ((double)l->crossbar_pairs * (double)hw->crossbar.rows * (double)hw->crossbar.columns);
}

static mho_status fill_layer(mho_map_layer *l, const mho_net *net, const mho_node *node,
                             const mhoi_machine *hw)
{
    bool conv = node->op == MHO_OP_CONV;
    l->groups = conv ? node->groups : 1;
    if (!l->groups || node->in.c % l->groups || node->out.c % l->groups)
        return mho_error(MHO_EDOMAIN,
                         "layer '%s': groups = %zu does not divide %zu and %zu channels",
                         node->name, l->groups, node->in.c, node->out.c);
    size_t window = conv ? node->kh * node->kw : node->in.h * node->in.w;
    l->rows = window * (node->in.c / l->groups);
    l->columns = node->out.c / l->groups;
    l->positions = conv ? node->out.h * node->out.w : 1;
    mho_status s =
        fill_crossbars(l, hw, has_signed_input(net, node, mhoi_is_binary(&hw->crossbar)));
    if (!s)
        s = fill_counts(l);
    if (s)
        return s;
    l->utilization = utilization(l, hw);
    fill_converters(l, hw);
    return MHO_OK;
}

static size_t count_weighted(const mho_net *net)
{
    size_t count = 0;
    for (size_t i = 0; i < net->nodes; i++)
        count += mho_node_is_weighted(&net->node[i]);
    return count;
}

static mho_status fill(mho_map *map, const mho_net *net, const mhoi_machine *hw)
{
    size_t k = 0;
    map->single = hw->crossbar.weights == MHO_WEIGHTS_SINGLE;
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        if (!mho_node_is_weighted(node))
            continue;
        mho_map_layer *l = &map->layer[k];
        l->node = i;
        memcpy(l->name, node->name, sizeof l->name);
        l->first = k == 0;
        l->last = ++k == map->layers;
        mho_status s = fill_layer(l, net, node, hw);
        if (s)
            return s;
        map->crossbar_pairs += l->crossbar_pairs;
        map->cells += l->cells;
    }
    return MHO_OK;
}

mho_status mho_map_create(const mho_net *net, const mho_hw *of, mho_map **out)
{
    mho_map *map = NULL;
    mhoi_machine machine, *hw = &machine;
    *out = NULL;
    mho_status s = mhoi_machine_of(of, hw);
    if (s)
        return s;
    if (!hw->crossbar.rows || !hw->crossbar.columns)
        return mho_error(MHO_EDOMAIN, "crossbar of %zu x %zu, want at least 1 x 1",
                         hw->crossbar.rows, hw->crossbar.columns);
    size_t layers = count_weighted(net);
    if (!layers)
        return mho_error(MHO_ENOTMODELED,
                         "network '%s' has no convolution and no fully connected layer to map",
                         net->name);
    s = mhoi_alloc(&map, 1, sizeof *map, "map");
    if (s)
        return s;
    s = mhoi_alloc(&map->layer, layers, sizeof *map->layer, "layers of the map");
    if (s)
        goto fail;
    map->layers = layers;
    s = fill(map, net, hw);
    if (s)
        goto fail;
    *out = map;
    return MHO_OK;
fail:
    mho_map_destroy(map);
    return s;
}

void mho_map_destroy(mho_map *map)
{
    if (!map)
        return;
    mhoi_free(&map->layer);
    mhoi_free(&map);
}
