/* SPDX-License-Identifier: Apache-2.0 */
/* What general nodes among layers do to values, as far as codes are concerned: they move them, or never give any below 0. */
#include <math.h>
#include <string.h>

#include "net/graph.h"
#include "net/program.h"

typedef enum effect { MOVES = 1, POSITIVE, SELECTS } effect;

/* SELECTS: what it gives is of its inputs, or between them: below 0 only if one of them is. */
static const struct {
    const char *name;
    effect effect;
} effects[] = {
    {"Transpose", MOVES},
    {"Slice", MOVES},
    {"Split", MOVES},
    {"Pad", MOVES},
    {"Gather", MOVES},
    {"Expand", MOVES},
    {"Tile", MOVES},
    {"DepthToSpace", MOVES},
    {"SpaceToDepth", MOVES},
    {"Reshape", MOVES},
    {"Flatten", MOVES},
    {"Squeeze", MOVES},
    {"Unsqueeze", MOVES},
    {"Identity", MOVES},
    {"Dropout", MOVES},
    {"Abs", POSITIVE},
    {"Relu", POSITIVE},
    {"HardSigmoid", POSITIVE},
    {"Greater", POSITIVE},
    {"GreaterOrEqual", POSITIVE},
    {"Less", POSITIVE},
    {"LessOrEqual", POSITIVE},
    {"Equal", POSITIVE},
    {"Not", POSITIVE},
    {"And", POSITIVE},
    {"Or", POSITIVE},
    {"Sigmoid", POSITIVE},
    {"Exp", POSITIVE},
    {"Softplus", POSITIVE},
    {"Sqrt", POSITIVE},
    {"Softmax", POSITIVE},
    {"ReduceL1", POSITIVE},
    {"ReduceL2", POSITIVE},
    {"ReduceSumSquare", POSITIVE},
    {"ArgMax", POSITIVE},
    {"ArgMin", POSITIVE},
    {"Concat", SELECTS},
    {"Max", SELECTS},
    {"Min", SELECTS},
    {"Add", SELECTS},
    {"Sum", SELECTS},
    {"Mul", SELECTS},
    {"MaxPool", SELECTS},
    {"AveragePool", SELECTS},
    {"GlobalMaxPool", SELECTS},
    {"GlobalAveragePool", SELECTS},
    {"ReduceMean", SELECTS},
    {"ReduceMax", SELECTS},
    {"ReduceSum", SELECTS},
};

static effect effect_of(const mho_node *node)
{
    const mhoi_work *work = node->work;
    for (size_t k = 0; work && work->op && !work->op->domain[0] && node->general &&
                       k < sizeof effects / sizeof *effects;
         k++)
        if (strcmp(effects[k].name, node->general) == 0)
            return effects[k].effect;
    return 0;
}

bool mhoi_node_is_view(const mho_node *node)
{
    return node->work && !node->work->op && node->inputs == 1;
}

bool mhoi_node_lists(const mho_node *node)
{
    return node->work && !node->work->op && node->inputs > 1;
}

bool mhoi_node_moves(const mho_node *node)
{
    return node->inputs == 1 && (mhoi_node_is_view(node) || effect_of(node) == MOVES);
}

bool mhoi_net_is_mixed(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].work)
            return true;
    return false;
}

/* A constant input that has no number below 0. */
static bool is_positive(const mho_array *a)
{
    for (size_t k = 0; k < a->count; k++)
        if (!(mho_array_number(a, k) >= 0))
            return false;
    return true;
}

static bool clips_below(const mhoi_work *work)
{
    if (work->op->set < 11)
        return mhoi_attr_float(work->op, "min", -1) >= 0;
    const mho_array *low = work->inputs > 1 ? &work->in[1] : NULL;
    return low && low->data && low->count == 1 && work->from[1] == MHOI_NO_NODE && is_positive(low);
}

/* Whole numbers of a type less a zero point. */
static bool dequantizes_above(const mhoi_work *work)
{
    const mho_array *zero = work->inputs > 2 && work->in[2].data ? &work->in[2] : NULL;
    const mho_type type = work->in[0].type;
    const double low = type == MHO_TYPE_UINT8 || type == MHO_TYPE_UINT4 ? 0
                       : type == MHO_TYPE_INT8                          ? -128
                       : type == MHO_TYPE_INT4                          ? -8
                                                                        : (double)-INFINITY;
    if (work->inputs < 2 || !work->in[1].data || !is_positive(&work->in[1]) ||
        (work->inputs > 2 && work->from[2] != MHOI_NO_NODE))
        return false;
    for (size_t k = 0; zero && k < zero->count; k++)
        if (mho_array_number(zero, k) > low)
            return false;
    return zero ? true : low >= 0;
}

bool mhoi_net_work_is_positive(const mho_net *net, size_t i)
{
    const mho_node *node = &net->node[i];
    const mhoi_work *work = node->work;
    const effect e = effect_of(node);
    if (!work || !work->op || !node->general)
        return false;
    if (strcmp(node->general, "Clip") == 0 && !work->op->domain[0])
        return clips_below(work);
    if (strcmp(node->general, "DequantizeLinear") == 0 && !work->op->domain[0])
        return dequantizes_above(work);
    if (e != SELECTS)
        return e == POSITIVE;
    for (size_t k = 0; k < work->inputs; k++) {
        if (work->from[k] != MHOI_NO_NODE
                ? mhoi_net_values(net, node->input[work->from[k]]).is_signed
                : work->in[k].data && !is_positive(&work->in[k]))
            return false;
    }
    return true;
}
