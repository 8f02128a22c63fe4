/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators: their attributes, and what can be asked of a row. */
#include "net/op_table.h"

#include "net/program.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(mho_node, member)
/* A pair and the pads are read as neighbours. */
_Static_assert(AT(kw) == AT(kh) + sizeof(size_t) && AT(stride_w) == AT(stride_h) + sizeof(size_t) &&
                   AT(dilation_w) == AT(dilation_h) + sizeof(size_t) &&
                   AT(pad_right) == AT(pad_top) + 3 * sizeof(size_t),
               "fields of mho_node stand together");

static const mhoi_attribute attributes_none[] = {{0}};
static const mhoi_attribute attributes_conv[] = {
    {"out", NULL, MHOI_ATTRIBUTE_SIZE, AT(out.c), true, 0},
    {"kernel", "kernel_shape", MHOI_ATTRIBUTE_PAIR, AT(kh), true, 0},
    {"stride", "strides", MHOI_ATTRIBUTE_PAIR, AT(stride_h), false, 0},
    {"dilation", "dilations", MHOI_ATTRIBUTE_PAIR, AT(dilation_h), false, 0},
    {"pad", "pads", MHOI_ATTRIBUTE_PADS, AT(pad_top), false, 0},
    {"groups", "group", MHOI_ATTRIBUTE_SIZE, AT(groups), false, 0},
    {"bias", NULL, MHOI_ATTRIBUTE_BOOL, AT(has_bias), false, 0},
    {0}};
static const mhoi_attribute attributes_fc[] = {
    {"out", NULL, MHOI_ATTRIBUTE_SIZE, AT(out.c), true, 0},
    {"bias", NULL, MHOI_ATTRIBUTE_BOOL, AT(has_bias), false, 0},
    {0}};
static const mhoi_attribute attributes_pool[] = {
    {"kernel", "kernel_shape", MHOI_ATTRIBUTE_PAIR, AT(kh), true, 0},
    {"stride", "strides", MHOI_ATTRIBUTE_PAIR, AT(stride_h), false, 0},
    {"dilation", "dilations", MHOI_ATTRIBUTE_PAIR, AT(dilation_h), false, 0},
    {"pad", "pads", MHOI_ATTRIBUTE_PADS, AT(pad_top), false, 0},
    {"ceil", "ceil_mode", MHOI_ATTRIBUTE_BOOL, AT(ceil_mode), false, 0},
    {0}};
static const mhoi_attribute attributes_batchnorm[] = {
    {"epsilon", "epsilon", MHOI_ATTRIBUTE_FLOAT, AT(epsilon), false, 1e-5F}, {0}};
static const mhoi_attribute attributes_leaky_relu[] = {
    {"slope", "alpha", MHOI_ATTRIBUTE_FLOAT, AT(slope), false, 0.01F}, {0}};
static const mhoi_attribute attributes_sign[] = {
    {"zero", NULL, MHOI_ATTRIBUTE_FLOAT, AT(sign_zero), false, -1}, {0}};

#define ROW(W, op, name, stem, onnx, low, high, shape, attributes, flags, walkers)                 \
    [MHO_OP_##op] = {name,                                                                         \
                     stem,                                                                         \
                     onnx,                                                                         \
                     low,                                                                          \
                     high,                                                                         \
                     mhoi_shape_##shape,                                                           \
                     attributes_##attributes,                                                      \
                     (unsigned)(flags),                                                            \
                     (unsigned)(walkers)},
static const mhoi_op_info ops[MHO_OP_COUNT] = {MHOI_OPS(ROW, 0)};

const mhoi_op_info *mhoi_op_info_of(mho_op op)
{
    return (unsigned)op < MHO_OP_COUNT ? &ops[op] : NULL;
}

const char *mho_op_name(mho_op op)
{
    return (unsigned)op < MHO_OP_COUNT ? ops[op].name : "?";
}

bool mhoi_op_is(mho_op op, mhoi_op_flag flag)
{
    return (unsigned)op < MHO_OP_COUNT && (ops[op].flags & (unsigned)flag);
}

mho_node mhoi_node_initial(mho_op op)
{
    mho_node node = {.op = op};
    if (mhoi_op_is(op, MHOI_OP_WINDOW))
        mhoi_node_set_window(&node, 0, 0);
    node.has_bias = mhoi_op_is(op, MHOI_OP_WEIGHTED);
    if (op == MHO_OP_BATCHNORM)
        node.epsilon = 1e-5F;
    if (op == MHO_OP_LEAKY_RELU)
        node.slope = 0.1F;
    if (op == MHO_OP_SIGN)
        node.sign_zero = -1;
    return node;
}

static const char *walker_name(mhoi_walker walker)
{
    static const struct {
        mhoi_walker walker;
        const char *name;
    } names[] = {{MHOI_WALK_INFER, "software inference"},
                 {MHOI_WALK_TRAIN, "training"},
                 {MHOI_WALK_STYLE, "the binary style"},
                 {MHOI_WALK_ONNX, "the ONNX writer"},
                 {MHOI_WALK_MAP, "the mapping"},
                 {MHOI_WALK_CYCLES, "the cycle count"},
                 {MHOI_WALK_CHIP, "the chip"},
                 {MHOI_WALK_PIPELINE, "the pipeline"},
                 {MHOI_WALK_ARRAY, "the MAC array"}};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (names[k].walker == walker)
            return names[k].name;
    return "this";
}

mho_status mhoi_node_refuse(const mho_node *node, mhoi_walker walker)
{
    const mhoi_op_info *info = mhoi_op_info_of(node->op);
    if (node->general)
        return mho_error(MHO_ENOTMODELED, "layer '%s': %s does not know operator %s", node->name,
                         walker_name(walker), node->general);
    if (!info)
        return mho_error(MHO_ENOTMODELED, "layer '%s': %s does not know operator number %d",
                         node->name, walker_name(walker), (int)node->op);
    return mho_error(MHO_ENOTMODELED, "layer '%s': %s does not know operator %s", node->name,
                     walker_name(walker), info->name);
}

mho_status mhoi_net_check_walk(const mho_net *net, mhoi_walker walker)
{
    if (net->program && net->program->unmapped)
        return mho_error(MHO_ENOTMODELED, "network %s: %s does not know: %s", net->name,
                         walker_name(walker), net->program->unmapped);
    for (size_t i = 0; i < net->nodes; i++) {
        const mhoi_op_info *info = mhoi_op_info_of(net->node[i].op);
        if (!info || !(info->walkers & (unsigned)walker))
            return mhoi_node_refuse(&net->node[i], walker);
    }
    return MHO_OK;
}

mho_status mhoi_net_find_placed(const mho_net *net, mhoi_walker walker, const mho_net **out)
{
    *out = mhoi_net_placed(net);
    if (*out)
        return mhoi_net_check_walk(*out, walker);
    const char *why = net->program->unplaced ? net->program->unplaced : net->program->unmapped;
    return mho_error(MHO_ENOTMODELED, "network %s: %s does not know: %s", net->name,
                     walker_name(walker), why ? why : "what it is made of");
}
