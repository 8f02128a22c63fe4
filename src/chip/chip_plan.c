/* SPDX-License-Identifier: Apache-2.0 */
/* From the graph to maps and steps.
 *
 * A weighted layer takes the element-wise layers that follow it into its own step.  In binary mode it
 * takes everything up to the sign, max pools included: they move behind the sign, where a pool of bits
 * is an OR (an AND for channels whose later batch normalization has gamma < 0). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_impl.h"
#include "net/op_table.h"

typedef struct planner {
    mho_chip *chip;
    const mho_net *net;
    size_t *map_of; /* [nodes] CHIP_NONE where there is none */
    size_t *
        codes_of; /* [maps] the codes of a map of values, once someone wanted them; else CHIP_NONE */
    bool *done;   /* [nodes] taken into an earlier step */
    mhoi_readers readers;
    size_t output; /* node whose values are the scores */
    bool several;  /* the network has other outputs besides, which are of no use here */
} planner;

static mho_status not_modelled(const mho_node *node, const char *why)
{
    return mho_error(MHO_ENOTMODELED, "layer %s (%s): %s", node->name, mho_op_name(node->op), why);
}

static size_t add_map(planner *p, size_t node, const mhoi_map_coding *coding)
{
    mho_chip *chip = p->chip;
    chip_map *map = &chip->map[chip->maps];
    const mho_node *from = &p->net->node[node];
    snprintf(map->name, sizeof map->name, "%s", from->name);
    map->shape = from->out;
    map->size = from->out.c * from->out.h * from->out.w;
    map->values = coding->values;
    map->bytes = map->size * (map->values ? sizeof(float) : 1);
    map->coding = coding->kind;
    map->bits = coding->bits;
    map->codes = coding->codes;
    map->zero = coding->zero;
    map->scaled = coding->scale > 0;
    map->scale = map->scaled ? coding->scale : 1;
    p->map_of[node] = chip->maps;
    return chip->maps++;
}

static bool is_elementwise(mho_op op)
{
    return op == MHO_OP_BATCHNORM || op == MHO_OP_RELU || op == MHO_OP_LEAKY_RELU ||
           op == MHO_OP_SIGN || op == MHO_OP_STEP;
}

/* The map of values that end with node `end`. */
static mho_status add_codes(planner *p, size_t end, chip_step *step)
{
    const mhoi_map_coding *coding = &p->chip->plan->map[end];
    if (coding->bits == 1 && coding->codes.lo < 0)
        return not_modelled(&p->net->node[end],
                            "input.bits = 1 leaves no bit for a sign (quantizing by the method "
                            "`threshold` makes maps of 0 and 1)");
    step->out = add_map(p, end, coding);
    return MHO_OK;
}

/* The map of node i in codes: a step of its own makes them of values. */
static mho_status codes_map(planner *p, size_t i, size_t *out)
{
    mho_chip *chip = p->chip;
    const size_t held = p->map_of[i];
    *out = held;
    if (held == CHIP_NONE || !chip->map[held].values)
        return MHO_OK;
    if (p->codes_of[held] == CHIP_NONE) {
        mhoi_map_coding coding = chip->plan->map[i];
        chip_step *step = &chip->step[chip->steps++];
        coding.values = false;
        if (coding.bits == 1 && coding.codes.lo < 0)
            return not_modelled(&p->net->node[i],
                                "input.bits = 1 leaves no bit for a sign (quantizing by the method "
                                "`threshold` makes maps of 0 and 1)");
        *step = (chip_step){
            .kind = CHIP_POINTWISE, .in = held, .in2 = CHIP_NONE, .chain = {.channels = 1}};
        p->codes_of[held] = step->out = add_map(p, i, &coding);
        p->map_of[i] = held;
    }
    *out = p->codes_of[held];
    return MHO_OK;
}

/* The only reader of node i, CHIP_NONE if there is none or more. */
static size_t sole_reader(const planner *p, size_t i)
{
    return i == p->output ? CHIP_NONE : mhoi_readers_sole(&p->readers, i);
}

/* Takes the element-wise layers behind node *end into the chain. */
static mho_status take_elementwise(planner *p, size_t *end, chip_chain *chain)
{
    for (size_t j; (j = sole_reader(p, *end)) != CHIP_NONE && is_elementwise(p->net->node[j].op);
         *end = j) {
        const mho_node *node = &p->net->node[j];
        mho_status s = mhoi_chip_chain_add(chain, node, node->out.c);
        if (s)
            return s;
        p->done[j] = true;
    }
    return MHO_OK;
}

/* The direction of the chain from point `from` on: -1 where it falls. */
static int direction(const chip_chain *chain, size_t from, size_t channel)
{
    int sign = 1;
    for (size_t i = from; i < chain->points; i++)
        if (chain->point[i].op == MHO_OP_BATCHNORM && chain->point[i].a[channel] < 0)
            sign = -sign;
    return sign;
}

typedef struct pools {
    size_t node[CHIP_POINTS_MAX], from[CHIP_POINTS_MAX],
        count; /* from: points of the chain before it */
} pools;

/* Everything from a binary layer to its sign: element-wise layers, max pools, flatten.  *sign: found. */
static mho_status take_to_sign(planner *p, size_t *end, chip_chain *chain, pools *pool, bool *sign)
{
    *sign = false;
    for (size_t j; !*sign && (j = sole_reader(p, *end)) != CHIP_NONE; *end = j) {
        const mho_node *node = &p->net->node[j];
        mho_status s = MHO_OK;
        if (node->op == MHO_OP_MAXPOOL && pool->count < CHIP_POINTS_MAX) {
            pool->node[pool->count] = j;
            pool->from[pool->count++] = chain->points;
        } else if (node->op == MHO_OP_LEAKY_RELU && node->slope < 0) {
            return not_modelled(node, "a negative slope before sign");
        } else if (is_elementwise(node->op)) {
            if (node->op == MHO_OP_BATCHNORM && node->out.c != chain->channels)
                return not_modelled(node, "batch normalization of a flattened map before sign");
            s = mhoi_chip_chain_add(chain, node, chain->channels);
        } else if (node->op != MHO_OP_FLATTEN) {
            return MHO_OK;
        }
        if (s)
            return s;
        p->done[j] = true;
        *sign = node->op == MHO_OP_SIGN || node->op == MHO_OP_STEP;
    }
    return MHO_OK;
}

static mho_status add_pool(planner *p, size_t node, size_t in, chip_step **out)
{
    chip_step *step = &p->chip->step[p->chip->steps++];
    *out = step;
    step->kind = CHIP_POOL;
    step->in = in;
    step->in2 = CHIP_NONE;
    step->pool = p->net->node[node];
    const chip_map *from = &p->chip->map[in];
    step->out = add_map(p, node,
                        &(mhoi_map_coding){.kind = from->coding,
                                           .bits = from->bits,
                                           .codes = from->codes,
                                           .zero = from->zero,
                                           .scale = from->scaled ? from->scale : 0});
    return mhoi_alloc(&step->all, step->pool.out.c, 1, step->pool.name);
}

/* The bits that a step's chain from `node` to the sign `end` makes, and its pools behind them. */
static mho_status add_bits(planner *p, size_t node, size_t end, chip_step *step, const pools *pool)
{
    size_t map = step->out = add_map(p, node, &p->chip->plan->map[end]);
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < pool->count; i++) {
        chip_step *behind;
        s = add_pool(p, pool->node[i], map, &behind);
        for (size_t c = 0; !s && c < step->chain.channels; c++)
            behind->all[c] = direction(&step->chain, pool->from[i], c) < 0;
        map = behind->out;
    }
    p->map_of[end] = map;
    return s;
}

static mho_status binary_tail(planner *p, size_t node, chip_step *step, chip_layer *layer)
{
    size_t end = node;
    pools pool = {.count = 0};
    bool sign;
    mho_status s = take_to_sign(p, &end, &step->chain, &pool, &sign);
    if (!s && !sign && end == p->output) {
        if (pool.count || layer->positions > 1)
            return not_modelled(&p->net->node[end],
                                "scores of more than one position, want one a class");
        step->out = CHIP_NONE;
        return MHO_OK;
    }
    if (!s && !sign)
        return not_modelled(&p->net->node[end], "no sign follows, and a binary layer needs one");
    if (!s)
        s = mhoi_chip_threshold_create(layer);
    if (s)
        return s;
    return add_bits(p, node, end, step, &pool);
}

static mho_status full_tail(planner *p, size_t node, chip_step *step)
{
    size_t end = node;
    mho_status s = take_elementwise(p, &end, &step->chain);
    step->out = CHIP_NONE;
    return s || (end == p->output && !p->several) ? s : add_codes(p, end, step);
}

/* A sum that a sign follows: the sign is of the sum, not of its code, and pools between the two come behind it. */
static mho_status sign_tail(planner *p, size_t node, chip_step *step)
{
    size_t end = node;
    pools pool = {.count = 0};
    bool sign;
    mho_status s = take_to_sign(p, &end, &step->chain, &pool, &sign);
    return s ? s : add_bits(p, node, end, step, &pool);
}

static mho_status plan_weighted(planner *p, size_t i)
{
    mho_chip *chip = p->chip;
    const mho_node *node = &p->net->node[i];
    size_t in;
    mho_status s = codes_map(p, node->input[0], &in);
    if (s)
        return s;
    chip_step *step = &chip->step[chip->steps++];
    *step = (chip_step){.kind = CHIP_CROSSBAR, .in = in, .in2 = CHIP_NONE, .layer = chip->layers};
    const mhoi_place *place = &chip->plan->place[chip->layers];
    if (place->cells.joined > 1)
        return not_modelled(node, "slices that output.merge joins before they are converted: they "
                                  "are priced and timed only");
    chip_layer *layer = &chip->layer[chip->layers++];
    s = mhoi_chip_layer_create(chip, node, place, &chip->map[in], layer);
    step->chain.channels = node->out.c;
    if (!s && layer->cells->alphabet == MHO_ALPHABET_SCALED)
        s = mhoi_chip_chain_scale(&step->chain, node);
    if (!s && node->has_bias)
        s = mhoi_chip_chain_add(&step->chain, node, node->out.c);
    if (s)
        return s;
    return chip->plan->one_bit_maps || place->to_bits ? binary_tail(p, i, step, layer)
                                                      : full_tail(p, i, step);
}

static mho_status plan_pool(planner *p, size_t i)
{
    const mho_node *node = &p->net->node[i];
    size_t in;
    mho_status s = codes_map(p, node->input[0], &in);
    if (s)
        return s;
    if (p->chip->map[in].bits == 1 && node->op == MHO_OP_AVGPOOL)
        return not_modelled(node, "the average of bits is no bit");
    chip_step *step;
    return add_pool(p, i, in, &step);
}

/* Additions and element-wise layers that follow no weighted layer: digital. */
static mho_status plan_pointwise(planner *p, size_t i)
{
    const mho_node *node = &p->net->node[i];
    const mhoi_plan *plan = p->chip->plan;
    const bool to_sign =
        (plan->mixed || plan->one_bit_maps) && mhoi_reaches_sign(p->net, &p->readers, i);
    if (plan->one_bit_maps && !to_sign && !plan->map[i].whole)
        return not_modelled(node, "in crossbar.mode binary only a layer's own sums, and sums of "
                                  "signs, reach a sign");
    chip_step *step = &p->chip->step[p->chip->steps++];
    *step = (chip_step){.kind = CHIP_POINTWISE, .in = p->map_of[node->input[0]], .in2 = CHIP_NONE};
    step->chain.channels = node->out.c;
    if (node->op == MHO_OP_ADD)
        step->in2 = p->map_of[node->input[1]];
    mho_status s =
        node->op == MHO_OP_ADD ? MHO_OK : mhoi_chip_chain_add(&step->chain, node, node->out.c);
    if (s)
        return s;
    return to_sign ? sign_tail(p, i, step) : full_tail(p, i, step);
}

static bool is_view(const mho_node *node)
{
    return node->work && !node->work->op && node->inputs == 1;
}

/* Of nothing but moved codes; else of values. */
static mho_status plan_general(planner *p, size_t i)
{
    const mho_node *node = &p->net->node[i];
    const mhoi_map_coding *coding = &p->chip->plan->map[i];
    const size_t in = p->map_of[node->input[0]];
    if (mhoi_node_lists(node)) /* the scores are those of the first */
        return MHO_OK;
    if (is_view(node)) { /* the same in another shape */
        p->map_of[i] = in;
        return MHO_OK;
    }
    chip_step *step = &p->chip->step[p->chip->steps++];
    *step = (chip_step){.kind = CHIP_GENERAL,
                        .in = in,
                        .in2 = CHIP_NONE,
                        .work = node->work,
                        .reads = node->inputs,
                        .moves = !coding->values};
    mho_status s = mhoi_alloc(&step->from, node->inputs, sizeof *step->from, node->name);
    for (size_t k = 0; !s && k < node->inputs; k++)
        step->from[k] = p->map_of[node->input[k]];
    if (!s)
        step->out = add_map(p, i, coding);
    return s;
}

static mho_status plan_input(planner *p)
{
    const mho_net *net = p->net;
    mho_chip *chip = p->chip;
    if (net->input_bits < 1 || net->input_bits > 8)
        return mho_error(MHO_ENOTMODELED, "network %s: input of %zu bits, want 1..8", net->name,
                         net->input_bits);
    chip_map *map = &chip->map[add_map(p, 0, &chip->plan->map[0])];
    const mhoi_input_codes codes = mhoi_net_input_codes(net);
    mho_net_get_input(net, &chip->image);
    chip->input_shift = net->input_bits - map->bits;
    chip->input_own = codes.own;
    chip->input = net->node[0].out;
    map->scale = codes.own ? ldexpf(mho_input_value(&chip->image, 0, 1), (int)chip->input_shift)
                           : codes.largest / (float)map->codes.hi;
    if (!(map->scale > 0) || map->codes.hi < 1)
        return mho_error(MHO_ENOTMODELED,
                         "network %s: an input of %g at most in codes %d..%d: input.first_bits",
                         net->name, (double)codes.largest, (int)map->codes.lo, (int)map->codes.hi);
    return MHO_OK;
}

static mho_status plan_node(planner *p, size_t i)
{
    const mho_node *node = &p->net->node[i];
    switch (node->op) {
    case MHO_OP_INPUT:
        return plan_input(p);
    case MHO_OP_CONV:
    case MHO_OP_FC:
        return plan_weighted(p, i);
    case MHO_OP_MAXPOOL:
    case MHO_OP_AVGPOOL:
        return plan_pool(p, i);
    case MHO_OP_FLATTEN:
        p->map_of[i] = p->map_of[node->input[0]];
        return MHO_OK;
    case MHO_OP_GENERAL:
        return plan_general(p, i);
    case MHO_OP_SOFTMAX:
        return i == p->net->nodes - 1 ? MHO_OK : not_modelled(node, "not the last layer");
    case MHO_OP_BATCHNORM:
    case MHO_OP_SIGN:
    case MHO_OP_STEP:
    case MHO_OP_RELU:
    case MHO_OP_LEAKY_RELU:
    case MHO_OP_ADD:
        return plan_pointwise(p, i);
    default:
        break;
    }
    return mhoi_node_refuse(node, MHOI_WALK_CHIP);
}

MHOI_WALKER_HANDLES(MHOI_WALK_CHIP,
                    MHOI_OP_BIT(INPUT) | MHOI_OP_BIT(CONV) | MHOI_OP_BIT(FC) |
                        MHOI_OP_BIT(MAXPOOL) | MHOI_OP_BIT(AVGPOOL) | MHOI_OP_BIT(BATCHNORM) |
                        MHOI_OP_BIT(SIGN) | MHOI_OP_BIT(STEP) | MHOI_OP_BIT(RELU) |
                        MHOI_OP_BIT(LEAKY_RELU) | MHOI_OP_BIT(ADD) | MHOI_OP_BIT(FLATTEN) |
                        MHOI_OP_BIT(SOFTMAX) | MHOI_OP_BIT(GENERAL));

static void look_around(planner *p)
{
    const mho_net *net = p->net;
    for (size_t i = 0; i < net->nodes; i++)
        p->map_of[i] = CHIP_NONE;
    for (size_t i = 0; i < 2 * net->nodes + 1; i++)
        p->codes_of[i] = CHIP_NONE;
    p->output = net->nodes - 1;
    p->several = mhoi_node_lists(&net->node[p->output]);
    if (p->several)
        p->output = net->node[p->output].input[0];
    while (net->node[p->output].op == MHO_OP_SOFTMAX || net->node[p->output].op == MHO_OP_FLATTEN ||
           is_view(&net->node[p->output]))
        p->output = net->node[p->output].input[0];
}

static mho_status plan(planner *p)
{
    mho_chip *chip = p->chip;
    const mho_net *net = p->net;
    mho_status known = mhoi_net_check_walk(net, MHOI_WALK_CHIP);
    if (known)
        return known;
    look_around(p);
    for (size_t i = 0; i < net->nodes; i++) {
        mho_status s = p->done[i] ? MHO_OK : plan_node(p, i);
        if (s)
            return s;
    }
    chip->scores_map = !p->several && chip->step[chip->steps - 1].out == CHIP_NONE
                           ? CHIP_NONE
                           : p->map_of[p->output];
    if (chip->scores_map != CHIP_NONE && chip->map[chip->scores_map].coding == MHOI_MAP_BITS)
        return not_modelled(&net->node[p->output],
                            "the scores must be the last layer's sums, not bits");
    const mho_shape out = net->node[p->output].out;
    chip->classes = out.c * out.h * out.w;
    return MHO_OK;
}

mho_status mhoi_chip_plan(mho_chip *chip, const mho_net *net)
{
    planner p = {.chip = chip, .net = net};
    mho_status s = mhoi_alloc(&p.map_of, net->nodes, sizeof *p.map_of, "plan");
    if (!s)
        s = mhoi_readers_create(net, &p.readers);
    if (!s)
        s = mhoi_alloc(&p.done, net->nodes, sizeof *p.done, "plan");
    if (!s) /* of each map its codes besides */
        s = mhoi_alloc(&chip->map, 2 * net->nodes + 1, sizeof *chip->map, "maps");
    if (!s)
        s = mhoi_alloc(&p.codes_of, 2 * net->nodes + 1, sizeof *p.codes_of, "plan");
    if (!s)
        s = mhoi_alloc(&chip->step, 2 * net->nodes + 1, sizeof *chip->step, "steps");
    if (!s)
        s = mhoi_alloc(&chip->layer, net->nodes, sizeof *chip->layer, "layers");
    if (!s)
        s = plan(&p);
    mhoi_free(&p.map_of);
    mhoi_free(&p.codes_of);
    mhoi_readers_free(&p.readers);
    mhoi_free(&p.done);
    return s;
}
