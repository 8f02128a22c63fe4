/* SPDX-License-Identifier: Apache-2.0 */
/* The operators: one row each, with what every walker over a network needs to know of it.
 *
 * A walker is code that goes over the nodes of a network and does something for each operator.  The last
 * column of a row says which walkers know the operator; the others refuse a network that has it, by the name
 * of layer and operator (mhoi_net_check_walk).  Each walker states beside its code which operators it
 * handles (MHOI_WALKER_HANDLES), and does not compile unless the table says the same; nothing here compiles
 * unless every operator of mho_op has its row. */
#ifndef MHO_NET_OP_TABLE_H
#define MHO_NET_OP_TABLE_H

#include "net/graph.h"

typedef enum mhoi_walker {
    MHOI_WALK_INFER = 1 << 0,
    MHOI_WALK_TRAIN = 1 << 1,
    MHOI_WALK_STYLE = 1 << 2, /* the binary style */
    MHOI_WALK_ONNX = 1 << 3,  /* the writer */
    MHOI_WALK_MAP = 1 << 4,
    MHOI_WALK_CYCLES = 1 << 5, /* in closed form */
    MHOI_WALK_CHIP = 1 << 6,
    MHOI_WALK_PIPELINE = 1 << 7,
    MHOI_WALK_ARRAY = 1 << 8,
    MHOI_WALK_ALL = (1 << 9) - 1,
    MHOI_WALK_SOFTWARE = MHOI_WALK_INFER | MHOI_WALK_ONNX /* what is only computed */
} mhoi_walker;

typedef enum mhoi_op_flag {
    MHOI_OP_WEIGHTED = 1 << 0, /* has weights: lies on crossbars */
    MHOI_OP_WINDOW = 1 << 1,   /* kernel, strides, dilations, padding */
    MHOI_OP_POOL = 1 << 2,
    MHOI_OP_ELEMENT = 1 << 3, /* one output element of one input element, given its channel */
    MHOI_OP_PLAIN =
        1 << 4, /* ONNX: the operator of that name with its attributes, and nothing else */
} mhoi_op_flag;

/* op, name in reports and YAML, stem of the usual names of its nodes, ONNX, least and most inputs, shape rule of
 * net_shape.c, attributes of op_table.c (yaml and ONNX), flags, walkers that know it.  W is passed through. */
#define MHOI_OPS(X, W)                                                                             \
    X(W, INPUT, "input", "input", NULL, 0, 0, input, none, 0, MHOI_WALK_ALL)                       \
    X(W, CONV, "conv", "conv", "Conv", 1, 1, conv, conv, MHOI_OP_WEIGHTED | MHOI_OP_WINDOW,        \
      MHOI_WALK_ALL)                                                                               \
    X(W, FC, "fc", "fc", "Gemm", 1, 1, fc, fc, MHOI_OP_WEIGHTED, MHOI_WALK_ALL)                    \
    X(W, MAXPOOL, "maxpool", "pool", "MaxPool", 1, 1, pool, pool, MHOI_OP_WINDOW | MHOI_OP_POOL,   \
      MHOI_WALK_ALL)                                                                               \
    X(W, AVGPOOL, "avgpool", "pool", "AveragePool", 1, 1, pool, pool,                              \
      MHOI_OP_WINDOW | MHOI_OP_POOL, MHOI_WALK_ALL)                                                \
    X(W, BATCHNORM, "batchnorm", "bn", "BatchNormalization", 1, 1, batchnorm, batchnorm,           \
      MHOI_OP_ELEMENT, MHOI_WALK_ALL)                                                              \
    X(W, SIGN, "sign", "sign", "Sign", 1, 1, sign, sign, MHOI_OP_ELEMENT | MHOI_OP_PLAIN,          \
      MHOI_WALK_ALL)                                                                               \
    X(W, STEP, "step", "step", NULL, 1, 1, same, none, MHOI_OP_ELEMENT, MHOI_WALK_ALL)             \
    X(W, RELU, "relu", "relu", "Relu", 1, 1, same, none, MHOI_OP_ELEMENT | MHOI_OP_PLAIN,          \
      MHOI_WALK_ALL)                                                                               \
    X(W, LEAKY_RELU, "leaky_relu", "relu", "LeakyRelu", 1, 1, leaky_relu, leaky_relu,              \
      MHOI_OP_ELEMENT | MHOI_OP_PLAIN, MHOI_WALK_ALL)                                              \
    X(W, ADD, "add", "add", "Add", 2, 2, add, none, 0, MHOI_WALK_ALL)                              \
    X(W, FLATTEN, "flatten", "flatten", "Flatten", 1, 1, flatten, none, 0, MHOI_WALK_ALL)          \
    X(W, SOFTMAX, "softmax", "softmax", "Softmax", 1, 1, softmax, none, 0, MHOI_WALK_ALL)          \
    X(W, GENERAL, "tensor operator", "tensor", NULL, 0, MHOI_NODE_INPUTS, general, none, 0,        \
      MHOI_WALK_MAP | MHOI_WALK_CYCLES | MHOI_WALK_CHIP | MHOI_WALK_PIPELINE | MHOI_WALK_INFER)

#define MHOI_OP_BIT(op) (UINT64_C(1) << MHO_OP_##op)

#define MHOI_OPS_COUNT_ROW(W, ...) +1
_Static_assert(0 MHOI_OPS(MHOI_OPS_COUNT_ROW, 0) == MHO_OP_COUNT && MHO_OP_COUNT <= 64,
               "every operator of mho_op has a row in MHOI_OPS");

/* The operators that a walker knows, as bits. */
#define MHOI_OPS_KNOWN_ROW(W, op, name, stem, onnx, low, high, shape, attributes, flags, walkers)  \
    | ((((unsigned)(walkers)) & ((unsigned)(W))) ? MHOI_OP_BIT(op) : 0)
#define MHOI_OPS_KNOWN(walker) (UINT64_C(0) MHOI_OPS(MHOI_OPS_KNOWN_ROW, walker))

/* Beside the code of a walker: the operators that it handles. */
#define MHOI_WALKER_HANDLES(walker, ops)                                                           \
    _Static_assert(MHOI_OPS_KNOWN(walker) == (ops),                                                \
                   "the code handles other operators than MHOI_OPS says that " #walker " knows")

typedef enum mhoi_attribute_kind {
    MHOI_ATTRIBUTE_SIZE,
    MHOI_ATTRIBUTE_BOOL,
    MHOI_ATTRIBUTE_FLOAT,
    MHOI_ATTRIBUTE_PAIR, /* two sizes in a row: one number for both, or [height, width] */
    MHOI_ATTRIBUTE_PADS, /* pad_top, ...: one number, [top, left, bottom, right], or same */
} mhoi_attribute_kind;

/* A field of mho_node that files give. */
typedef struct mhoi_attribute {
    const char *key;  /* in YAML; NULL ends the list */
    const char *onnx; /* NULL: not an attribute there */
    mhoi_attribute_kind kind;
    size_t offset; /* in mho_node */
    bool required;
    float absent; /* FLOAT: what ONNX means where it is not told */
} mhoi_attribute;

typedef struct mhoi_op_info {
    const char *name, *stem, *onnx;
    size_t inputs_min, inputs_max;
    /* Checks the attributes and sets out and dims of a node whose inputs are known and in is set. */
    mho_status (*shape)(const mho_net *net, mho_node *node);
    const mhoi_attribute
        *attribute; /* ends with one without a key; the first may stand alone in YAML */
    unsigned flags, walkers;
} mhoi_op_info;

/* The row of an operator; NULL if there is none of that number. */
const mhoi_op_info *mhoi_op_info_of(mho_op op);
/* Has the operator that flag?  No: also if there is none of that number. */
bool mhoi_op_is(mho_op op, mhoi_op_flag flag);
/* A node of that operator with its attributes as they are where a file does not tell them. */
mho_node mhoi_node_initial(mho_op op);

/* MHO_ENOTMODELED "layer 'x': the pipeline does not know operator y" for the first node that the walker
 * does not know. */
MHO_MUST_CHECK mho_status mhoi_net_check_walk(const mho_net *net, mhoi_walker walker);
/* The graph that hardware works by, or a refusal: of a network that is a program, that of its layers and general nodes. */
MHO_MUST_CHECK mho_status mhoi_net_find_placed(const mho_net *net, mhoi_walker walker,
                                               const mho_net **out);
MHO_MUST_CHECK mho_status mhoi_node_refuse(const mho_node *node, mhoi_walker walker);

/* Shape rules (net_shape.c). */
mho_status mhoi_shape_input(const mho_net *net, mho_node *node);
mho_status mhoi_shape_conv(const mho_net *net, mho_node *node);
mho_status mhoi_shape_fc(const mho_net *net, mho_node *node);
mho_status mhoi_shape_pool(const mho_net *net, mho_node *node);
mho_status mhoi_shape_batchnorm(const mho_net *net, mho_node *node);
mho_status mhoi_shape_same(const mho_net *net, mho_node *node);
mho_status mhoi_shape_leaky_relu(const mho_net *net, mho_node *node);
mho_status mhoi_shape_add(const mho_net *net, mho_node *node);
mho_status mhoi_shape_flatten(const mho_net *net, mho_node *node);
mho_status mhoi_shape_sign(const mho_net *net, mho_node *node);
mho_status mhoi_shape_softmax(const mho_net *net, mho_node *node);
mho_status mhoi_shape_general(const mho_net *net, mho_node *node);

#endif
