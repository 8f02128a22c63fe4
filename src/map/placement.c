/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: a layer's weights are R rows by C column pairs per group, cut into crossbars of N word lines and M bit
 * lines.  docs/models/map.md eq. (1) to (6). */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cost/technology_chain.h"
#include "hw/sections.h"
#include "map/placement.h"
#include "net/block.h"
#include "net/op_table.h"

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

typedef struct placer {
    const mho_net *net;
    mhoi_machine hw;
    mhoi_readers readers;
    mhoi_plan *plan;
    const mhoi_build *build; /* [layers], or NULL: copies of all */
    size_t copies;
} placer;

/* In mixed mode from the weights; from the graph where there are none yet. */
static mho_alphabet alphabet_of(const placer *p, const mho_node *node)
{
    switch (p->hw.crossbar.mode) {
    case MHO_MODE_BINARY:
        return MHO_ALPHABET_BINARY;
    case MHO_MODE_TERNARY:
        return MHO_ALPHABET_TERNARY;
    case MHO_MODE_MIXED:
        return node->weight ? mhoi_node_find_alphabet(node) : node->alphabet;
    default:
        return MHO_ALPHABET_REAL;
    }
}

static mho_status set_matrix(const mho_node *node, mho_placement_layer *l)
{
    const bool conv = node->op == MHO_OP_CONV;
    l->packed = 1;
    memcpy(l->name, node->name, sizeof l->name);
    l->groups = conv ? node->groups : 1;
    if (!l->groups || node->in.c % l->groups || node->out.c % l->groups)
        return mho_error(MHO_EDOMAIN,
                         "layer '%s': groups = %zu does not divide %zu and %zu channels",
                         node->name, l->groups, node->in.c, node->out.c);
    const size_t window = conv ? node->kh * node->kw : node->in.h * node->in.w;
    l->rows = window * (node->in.c / l->groups);
    l->columns = node->out.c / l->groups;
    l->positions = conv ? node->out.h * node->out.w : 1;
    return MHO_OK;
}

/* A block of so many groups along a diagonal. */
static void set_block(const mho_node *node, size_t packed, mho_placement_layer *l)
{
    l->packed = packed;
    l->groups = node->groups / packed;
    l->rows = node->kh * node->kw * (node->in.c / l->groups);
    l->columns = node->out.c / l->groups;
}

/* A line buffer holds the rows above a window and the window's part of its own; a fully connected layer all its input.
 * A step of the window to the right brings as many columns of it as the stride, at most its own. */
static void set_buffer(const mho_node *node, mhoi_place *place)
{
    const size_t all = node->in.h * node->in.w * node->in.c;
    place->held = place->fed = place->fresh = all;
    if (node->op != MHO_OP_CONV)
        return;
    const size_t row = node->in.w + node->pad_left + node->pad_right;
    const size_t step = node->stride_w < node->kw ? node->stride_w : node->kw;
    place->held =
        ((node->kh - 1) * node->dilation_h * row + (node->kw - 1) * node->dilation_w + 1) *
        node->in.c;
    place->fresh = node->kh * step * node->in.c;
}

/* As chosen; or those of the description; while ways to build are tried, at most so many, in powers of two. */
static size_t copies_of(const placer *p, const mhoi_block *b, size_t layer)
{
    size_t copies = p->copies;
    if (p->build)
        return p->build[layer].copies;
    if (p->hw.crossbar.copies)
        return p->hw.crossbar.copies;
    while (b->k % copies)
        copies /= 2;
    return copies;
}

/* Representative vectors of circulant weights: p k rows, and q columns times their copies. */
static mho_status set_turns(const placer *p, const mho_node *node, mhoi_place *place,
                            mho_placement_layer *l)
{
    const mhoi_crossbar_options *o = &p->hw.crossbar;
    l->block = l->copies = l->turns = 1;
    place->turned = node->block > 1 && o->circulant == MHO_CIRCULANT_TURNED;
    if (!place->turned)
        return MHO_OK;
    const mhoi_block b = mhoi_block_of(node);
    const size_t copies = copies_of(p, &b, (size_t)(l - p->plan->layer));
    if (b.k % copies)
        return mho_error(MHO_ECONFIG, "crossbar.copies = %zu, want a divisor of its block size %zu",
                         copies, b.k);
    if (place->in.zero)
        return mho_error(MHO_ENOTMODELED,
                         "circulant weights behind codes whose zero is code %d "
                         "with crossbar.circulant turned, want expanded",
                         (int)place->in.zero);
    if (place->to_bits || place->in.kind == MHOI_MAP_BITS)
        return mho_error(MHO_ENOTMODELED,
                         "circulant weights between maps of 1 bit with crossbar.circulant turned, "
                         "want expanded");
    l->block = b.k;
    l->copies = copies;
    l->turns = b.k / copies;
    l->rows = b.p * b.k;
    l->columns = b.q * copies;
    place->turn_step = o->copy_order == MHO_COPIES_NEAR ? copies : 1;
    return MHO_OK;
}

/* Of all cells of the crossbars (of one of a pair). */
static double utilization(const placer *p, const mho_placement_layer *l)
{
    const size_t references = l->reference ? l->x_out * l->slices
                              : l->level0  ? l->x_out * l->planes
                                           : 0;
    const double columns =
        (double)l->columns * (double)l->slices / (double)l->packed + (double)references;
    return (double)l->groups * (double)l->word_lines * columns /
           ((double)l->crossbar_pairs * (double)p->hw.crossbar.rows *
            (double)p->hw.crossbar.columns);
}

/* Tells what was decided about cells and reads. */
static void tell_coding(const placer *p, const mhoi_place *place, mho_placement_layer *l)
{
    const mhoi_cells *k = &place->cells;
    l->alphabet = k->alphabet;
    l->weights = k->coding->name;
    l->inputs = place->inputs.coding->name;
    l->sides = k->coding->sides;
    l->reference = k->coding->reference;
    l->level0 = k->level0;
    l->slices = k->slices;
    l->sums = k->slices / k->joined;
    l->planes = k->planes;
    l->word_lines = place->lines * k->fold;
    l->x_in = ceil_div(place->lines, place->crossbar_rows);
    l->row_groups = place->row_groups;
    l->passes = l->x_in > 1 ? place->crossbar_rows / place->group_rows : place->row_groups;
    l->x_out = k->tiles;
    l->crossbar_pairs = l->groups * l->x_in * l->x_out * l->planes;
    l->utilization = utilization(p, l);
    l->input_bits = place->in.bits;
    l->reads = place->inputs.reads;
    l->read_bits = place->inputs.bits;
}

static void tell_converters(const placer *p, const mhoi_place *place, mho_placement_layer *l)
{
    l->output_bits = place->output_bits;
    l->per_pair = place->per_pair || place->sense;
    l->converter = mhoi_converter_name(place);
    l->sense = place->sense;
    l->columns_per_converter = place->share;
    l->duplication = 1;
    l->service = l->reads * l->turns * l->passes;
    if (p->plan->clock == MHOI_CLOCK_OPERATION || p->plan->clock == MHOI_CLOCK_NONE)
        l->service *= l->columns_per_converter; /* a cycle is a conversion */
}

/* Only whole groups of active rows are in use. */
static mho_status set_row_groups(const placer *p, const mho_node *node, mhoi_place *place)
{
    const mhoi_crossbar_options *crossbar = &p->hw.crossbar;
    const size_t fold =
        mhoi_coding_fold(&p->hw, &p->plan->device, alphabet_of(p, node), node->weight_bits);
    const size_t active = crossbar->active_rows ? crossbar->active_rows : crossbar->rows;
    if (active < fold || (fold > 1 && place->inputs.lines > 1))
        return mho_error(MHO_ECONFIG,
                         "merged weights take %zu word lines that one input selects; want "
                         "as many active rows, and input.coding of one row",
                         fold);
    place->group_rows = active / fold;
    place->crossbar_rows = crossbar->rows / fold / place->group_rows * place->group_rows;
    place->row_groups = ceil_div(place->lines, place->group_rows);
    return MHO_OK;
}

/* Rows and cells of the block that is set. */
static mho_status set_cells(const placer *p, const mho_node *node, bool level0, mhoi_place *place,
                            const mho_placement_layer *l)
{
    place->lines = l->rows * place->inputs.lines;
    place->apart = node->op == MHO_OP_CONV && !place->turned ? node->kh * node->kw : 1;
    mho_status s = set_row_groups(p, node, place);
    return s ? s
             : mhoi_cells_set(&p->hw, &p->plan->device, alphabet_of(p, node), node->weight_bits,
                              level0, l->columns, &place->cells);
}

/* Weights that can be 0 beside the blocks. */
static bool may_pack(const placer *p, const mho_node *node, const mhoi_place *place)
{
    const mho_alphabet alphabet = alphabet_of(p, node);
    return p->hw.crossbar.packing == MHO_PACKING_DIAGONAL && node->op == MHO_OP_CONV &&
           node->groups > 1 && !place->turned && p->hw.reuse.share == 0 &&
           (alphabet == MHO_ALPHABET_REAL || alphabet == MHO_ALPHABET_TERNARY);
}

/* As many groups a block as take the fewest crossbars: of those that divide their number, and whose rows are on at
 * once; of equals the fewest. */
static mho_status pack(const placer *p, const mho_node *node, bool level0, mhoi_place *place,
                       mho_placement_layer *l)
{
    size_t best = 1, least = SIZE_MAX;
    mho_status s = MHO_OK;
    for (size_t packed = 1; !s && may_pack(p, node, place) && packed <= node->groups; packed++) {
        if (node->groups % packed)
            continue;
        set_block(node, packed, l);
        s = set_cells(p, node, level0, place, l);
        if (s || (packed > 1 && (place->lines > place->group_rows || place->cells.tiles > 1)))
            break;
        const size_t crossbars = l->groups * ceil_div(place->lines, place->crossbar_rows) *
                                 place->cells.tiles * place->cells.planes;
        best = crossbars < least ? packed : best;
        least = crossbars < least ? crossbars : least;
    }
    if (may_pack(p, node, place))
        set_block(node, best, l);
    return set_cells(p, node, level0, place, l);
}

static mho_status place_layer(placer *p, const mho_node *node, mhoi_place *place,
                              mho_placement_layer *l)
{
    const mhoi_plan *plan = p->plan;
    place->told = l;
    place->in = plan->map[node->input[0]];
    place->to_bits = plan->mixed ? mhoi_reaches_sign(p->net, &p->readers, l->node)
                                 : plan->one_bit_maps && !l->last;
    set_buffer(node, place);
    mho_status s = set_matrix(node, l);
    if (!s)
        s = set_turns(p, node, place, l);
    if (!s)
        s = mhoi_elements_of(node, &place->elements);
    if (!s)
        s = mhoi_inputs_set(&p->hw, &place->in, node->name, &place->inputs);
    if (s)
        return mho_error_prefix(s, "layer %s", node->name);
    const bool reference = plan->output.reference == MHO_REFERENCE_LEVEL0;
    s = pack(p, node, reference, place, l);
    if (s)
        return mho_error_prefix(s, "layer %s", node->name);
    mhoi_converters_choose(plan, place);
    /* A sense amplifier compares the two crossbars, which takes level 0 off. */
    if (reference && place->sense)
        s = set_cells(p, node, false, place, l);
    if (s)
        return mho_error_prefix(s, "layer %s", node->name);
    tell_coding(p, place, l);
    s = mhoi_converters_set(plan, place);
    if (s)
        return s;
    tell_converters(p, place, l);
    return mhoi_counts_set(place, l);
}

static mho_status add(uint64_t *sum, uint64_t term, const char *net)
{
    if (__builtin_add_overflow(*sum, term, sum))
        return mho_error(MHO_EDOMAIN, "network '%s': its counts leave 64 bits", net);
    return MHO_OK;
}

static mho_status add_layer(mho_placement *out, const mho_placement_layer *l, const char *net)
{
    const struct {
        uint64_t *sum, term;
    } part[] = {{&out->cells, l->cells},
                {&out->counts.cells, l->counts.cells},
                {&out->counts.row_drives, l->counts.row_drives},
                {&out->counts.dac_conversions, l->counts.dac_conversions},
                {&out->counts.conversions, l->counts.conversions},
                {&out->counts.additions, l->counts.additions}};
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof part / sizeof *part; i++)
        s = add(part[i].sum, part[i].term, net);
    return s;
}

static mho_status place_layers(placer *p, mho_placement *out)
{
    mhoi_plan *plan = p->plan;
    size_t k = 0;
    for (size_t i = 0; i < p->net->nodes; i++) {
        const mho_node *node = &p->net->node[i];
        if (!mho_node_is_weighted(node))
            continue;
        mho_placement_layer *l = &plan->layer[k];
        l->node = i;
        l->first = k == 0;
        l->last = k + 1 == plan->layers;
        mho_status s = place_layer(p, node, &plan->place[k++], l);
        if (!s)
            s = add_layer(out, l, p->net->name);
        if (s)
            return s;
    }
    return MHO_OK;
}

/* Weighted layers lie on crossbars; the others are digital and have no place there. */
MHOI_WALKER_HANDLES(MHOI_WALK_MAP,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(SIGN) | MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                        MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | MHOI_OP_BIT(GENERAL));

static size_t count_weighted(const mho_net *net)
{
    size_t count = 0;
    for (size_t i = 0; i < net->nodes; i++)
        count += mho_node_is_weighted(&net->node[i]);
    return count;
}

static mho_status create_plan(placer *p, mhoi_plan **out)
{
    mhoi_plan *plan = NULL;
    mho_status s = mhoi_alloc(&plan, 1, sizeof *plan, "placement");
    if (s)
        return s;
    *out = p->plan = plan;
    atomic_init(&plan->users, 1);
    plan->nodes = p->net->nodes;
    plan->layers = count_weighted(p->net);
    if (!plan->layers)
        return mho_error(MHO_ENOTMODELED,
                         "network '%s' has no convolution and no fully connected layer to map",
                         p->net->name);
    memcpy(plan->net, p->net->name, sizeof plan->net);
    s = mhoi_alloc(&plan->map, plan->nodes, sizeof *plan->map, "placement");
    if (!s)
        s = mhoi_alloc(&plan->place, plan->layers, sizeof *plan->place, "placement");
    return s ? s : mhoi_alloc(&plan->layer, plan->layers, sizeof *plan->layer, "placement");
}

/* Copies what others will need of the description. */
static void keep_hardware(placer *p)
{
    mhoi_plan *plan = p->plan;
    memcpy(plan->hw, p->hw.name, sizeof plan->hw);
    plan->device = p->hw.device;
    plan->wires = p->hw.wires;
    plan->input = p->hw.input;
    plan->output = p->hw.output;
    plan->read = p->hw.read;
    plan->quant = p->hw.quant;
    plan->timing = p->hw.timing;
    plan->chip = p->hw.chip;
    plan->reuse = p->hw.reuse;
    plan->digital = p->hw.digital;
    plan->readings = p->hw.readings;
    plan->technology = p->hw.technology;
    plan->crossbar_columns = p->hw.crossbar.columns;
    plan->build = p->build;
    plan->transistor = p->hw.crossbar.cell == MHO_CELL_1T1R;
    plan->mixed = p->hw.crossbar.mode == MHO_MODE_MIXED;
    plan->one_bit_maps = mhoi_is_binary(&p->hw.crossbar);
}

/* What a placement is made of. */
typedef struct wanted {
    const mho_net *net;
    const mho_hw *hw;
    const mho_technology *tech;
} wanted;

static mho_status fill(mho_placement *out, const wanted *of, const mhoi_build *build, size_t copies)
{
    const mho_net *net = of->net;
    const mho_hw *hw = of->hw;
    const mho_technology *tech = of->tech;
    placer p = {.net = net, .build = build, .copies = copies};
    const mho_net *placed = NULL;
    mho_status s = mhoi_machine_of(hw, &p.hw);
    if (!s)
        s = mhoi_net_find_placed(net, MHOI_WALK_MAP, &placed);
    if (s)
        return s;
    const mho_net view = mhoi_net_view(net, placed);
    p.net = net = &view;
    if (!s)
        s = create_plan(&p, &out->plan);
    if (s)
        return s;
    keep_hardware(&p);
    mhoi_clock_choose(p.plan, tech);
    out->layer = p.plan->layer;
    out->layers = p.plan->layers;
    out->crossbar_rows = p.hw.crossbar.rows;
    out->crossbar_columns = p.hw.crossbar.columns;
    out->budget = p.hw.crossbar.budget;
    out->layer_by_layer = p.hw.timing.schedule == MHO_FLOW_LAYER_BY_LAYER;
    out->single = p.hw.crossbar.weights == MHO_WEIGHTS_SINGLE;
    s = mhoi_readers_create(net, &p.readers);
    if (!s)
        s = mhoi_maps_set(p.plan, net, &p.readers, &p.hw);
    if (!s)
        s = place_layers(&p, out);
    if (!s)
        s = mhoi_digital_set(net, out);
    mhoi_readers_free(&p.readers);
    if (!s)
        s = mhoi_timing_set(net, tech, out);
    p.plan->build = NULL;
    return s;
}

static mho_status create(const wanted *of, const mhoi_build *build, size_t copies,
                         mho_placement **out)
{
    mho_placement *placement = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&placement, 1, sizeof *placement, "placement");
    if (!s)
        s = fill(placement, of, build, copies);
    if (s)
        mho_placement_destroy(placement);
    else
        *out = placement;
    return s;
}

static mho_status place_once(void *user, size_t copies, mho_placement **out)
{
    return create(user, NULL, copies, out);
}

/* The technology that the description names: of it the clock. */
static mho_status load_technology(const mho_hw *hw, mho_technology **tech)
{
    const mho_status s = mho_hw_want(hw, "crossbar");
    return s ? s : mhoi_technology_load(mhoi_hw_section(hw, &mhoi_technology_section), tech);
}

mho_status mho_placement_create(const mho_net *net, const mho_hw *hw, mho_placement **out)
{
    wanted of = {net, hw, NULL};
    mho_technology *tech = NULL;
    mhoi_build *build = NULL;
    bool found = false;
    *out = NULL;
    mho_status s = load_technology(hw, &tech);
    of.tech = tech;
    const mhoi_crossbar_options *o = s ? NULL : mhoi_hw_section(hw, &mhoi_crossbar_section);
    if (!s && o->duplication == MHO_DUPLICATION_BALANCED)
        s = mhoi_builds_choose(net, o->budget, !o->copies, place_once, &of, &build, &found);
    if (!s)
        s = create(&of, found ? build : NULL, 1, out);
    mhoi_free(&build);
    mho_technology_destroy(tech);
    return s;
}

void mho_placement_destroy(mho_placement *placement)
{
    if (!placement)
        return;
    mhoi_plan_release(placement->plan);
    mhoi_free(&placement);
}

mhoi_plan *mhoi_plan_hold(const mho_placement *placement)
{
    atomic_fetch_add(&placement->plan->users, 1);
    return placement->plan;
}

void mhoi_plan_release(mhoi_plan *plan)
{
    if (!plan || atomic_fetch_sub(&plan->users, 1) > 1)
        return;
    for (size_t i = 0; plan->place && i < plan->layers; i++)
        mhoi_free(&plan->place[i].inputs.read);
    mhoi_free(&plan->map);
    mhoi_free(&plan->place);
    mhoi_free(&plan->layer);
    mhoi_free(&plan->unit);
    mhoi_free(&plan->measured);
    mhoi_free(&plan);
}

bool mho_placement_is_slow(const mho_placement *placement)
{
    for (size_t i = 0; i < placement->layers; i++)
        if (placement->layer[i].service > 1)
            return true;
    return false;
}

void mho_placement_service(const mho_placement *placement, size_t *service)
{
    memset(service, 0, placement->plan->nodes * sizeof *service);
    for (size_t i = 0; i < placement->layers; i++)
        service[placement->layer[i].node] = placement->layer[i].service;
    for (size_t i = 0; i < placement->digitals; i++)
        service[placement->digital[i].node] = placement->digital[i].service;
}

void mho_placement_copies(const mho_placement *placement, size_t *copies)
{
    memset(copies, 0, placement->plan->nodes * sizeof *copies);
    for (size_t i = 0; i < placement->layers; i++)
        copies[placement->layer[i].node] = placement->layer[i].duplication;
}
