/* SPDX-License-Identifier: Apache-2.0 */
/* The graph inside a network: for the modules that walk it, and for tests.
 *
 * Nodes are in topological order: node i reads nodes of a lower index only.  Node 0 is the input. */
#ifndef MHO_NET_GRAPH_H
#define MHO_NET_GRAPH_H

#include "mho/net.h"
#include "mho/tensor.h"

#define MHOI_NODE_INPUTS ((size_t)64) /* most nodes that one node reads */
#define MHOI_RANK ((size_t)6)

/* The shape of a tensor of one image (the axis of the images is not among them). */
typedef struct mhoi_dims {
    size_t rank, size[MHOI_RANK];
} mhoi_dims;

/* What a general node among layers computes: one output of an operation on the arrays of one image.  Its memory is
 * that of the program it is from. */
typedef struct mhoi_work {
    const struct mhoi_operation *op; /* NULL: the values of its input, in another shape */
    size_t output;                   /* which of the operation's */
    size_t inputs;
    mho_array *in; /* [inputs] constants; of the others type and sizes */
    size_t
        *from; /* [inputs] which input of the node it is; MHOI_NO_NODE: a constant, or left out */
    mho_array out;     /* type and sizes */
    const char *why;   /* crossbars do not hold it; NULL: that is not told */
    const char **name; /* [inputs] of the network's outputs, where it lists them; else NULL */
} mhoi_work;

struct mho_node {
    mho_op op;
    char name[MHO_NAME];
    size_t input[MHOI_NODE_INPUTS]; /* indices of the nodes read */
    size_t inputs;
    /* Shapes of input[0] and of this node; readers of files set out.c of conv and fc.  A tensor of rank 3 is
     * a feature map of c x h x w, kept [h][w][c] in memory; one of any other rank is c = all its elements,
     * kept in order, and no layer takes it for a map unless its rank is 1. */
    mho_shape in, out;
    mhoi_dims dims; /* of this node's output */

    /* conv, pool: mhoi_node_set_window gives those of a plain 1 x 1 window */
    size_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups; /* conv */
    size_t phases,
        idle; /* conv of a transposed one: phases of an output channel, weights that no phase has; else 0 */
    bool ceil_mode;        /* pool: a last partial window counts (Caffe) */
    mho_alphabet alphabet; /* conv, fc */
    float slope;           /* leaky ReLU */
    float epsilon;         /* batch normalization */
    float sign_zero;       /* sign: what it is of 0: -1, 0 or +1 */

    size_t block;        /* conv, fc: size k of circulant blocks (net/block.h); 0, 1: none */
    bool block_channels; /* the channels of every tap are padded to a multiple of k */
    /* Numbers in codes of few bits, each worth a scale: docs/models/quantization.md, "Codes and scales".
     * weight_bits: of the weights (conv, fc), sign included; 0: real.  Their scales are weight_scale where there is
     * one, else one power of two that follows from them (training).
     * value_bits: of the values of this node, which are rounded; 0: not.  Unsigned behind ReLU and softmax
     * (mhoi_net_values).  value_scale 0: not found yet, values are not rounded. */
    size_t weight_bits, value_bits;
    size_t
        value_below; /* codes below 0; 0: those of two's complement where values have a sign, else none */
    float value_scale;
    bool has_weight_scale;

    /* parameters; NULL while the network has none */
    float *weight;
    float *bias;         /* conv, fc: [C_out], NULL if there is no bias */
    float *weight_scale; /* conv, fc: [C_out] weights are whole multiples; has_weight_scale */
    bool has_bias;
    float *gamma, *beta, *mean, *variance; /* batch normalization: [c] */
    const char *general;                   /* the name of a general operator; else NULL */
    const mhoi_work *work; /* general, in a graph of layers: what it computes; else NULL */
    bool
        lent; /* the weights are another's: a program's, or those of the network this is a view of */
};

enum { MHOI_ASSUMED = 400 };

struct mho_net {
    char name[MHO_NAME];
    char source[MHO_SOURCE];
    mho_node *node;
    size_t nodes;
    float input_scale;
    size_t input_bits;
    char assumed[MHOI_ASSUMED]; /* what the reader of its file took for granted; "" */
    bool foreign;    /* from a file that mho has not written: its scales are to be found */
    mho_input input; /* the rest of it: scale and bits stand above */
    mhoi_dims
        declared; /* the shape that its file gives an image, where it is not that of node 0; rank 0 */
    struct mho_net
        *placed; /* of the program, with the input of this network; NULL: as the program has it */
    struct mhoi_program *program; /* of general operators, which the nodes name; NULL: layers */
};

/* The graph of layers that hardware works by: the network itself, or that of its program; NULL: it has none. */
const mho_net *mhoi_net_placed(const mho_net *net);
/* The same with all else that a network tells, its input above all; it lives as long as both. */
mho_net mhoi_net_view(const mho_net *net, const mho_net *placed);

/* The same of a network that mho has quantized: software runs it too, in place of the program.  NULL: none. */
const mho_net *mhoi_net_in_codes(const mho_net *net);

/* The map that an array of one image is. */
mho_shape mhoi_map_shape(const mho_array *a);

#define MHOI_NO_NODE SIZE_MAX

/* Who reads whom, found once: count and reader of node i are reader[first[i]] .. reader[first[i + 1]],
 * ascending, a node that reads i twice standing there twice.  The network's output counts as read after
 * every node: last_use of it is net->nodes; of a node i, no value is needed any more once last_use[i] has run. */
typedef struct mhoi_readers {
    size_t *first;    /* [nodes + 1] */
    size_t *reader;   /* [sum of inputs] */
    size_t *last_use; /* [nodes] */
} mhoi_readers;

/* mhoi_readers_free it, also after an error. */
MHO_MUST_CHECK mho_status mhoi_readers_create(const mho_net *net, mhoi_readers *out);
void mhoi_readers_free(mhoi_readers *r);
size_t mhoi_readers_count(const mhoi_readers *r, size_t i);
/* The only node that reads node i, and reads it once; MHOI_NO_NODE if there is none or more. */
size_t mhoi_readers_sole(const mhoi_readers *r, size_t i);

/* Drivers' codes of the input: the image's own (a DAC of fewer bits drops the low ones) where x is a multiple of e, and else
 * the nearest of codes that cover all x. */
typedef struct mhoi_input_codes {
    bool own, is_signed;
    float largest; /* |x| of what is covered; own: of the largest e */
} mhoi_input_codes;
mhoi_input_codes mhoi_net_input_codes(const mho_net *net);
/* As mho_input_text, of what the images are made of: "pixel", "value". */
const char *mhoi_input_text(const mho_input *input, const char *what, char *text);
/* The layers of a program that hardware works by get the input of the network. */
MHO_MUST_CHECK mho_status mhoi_net_place_input(mho_net *net);
/* x of one code, of as many bits as the image has. */
float mhoi_net_input_step(const mho_net *net);

/* What the values of a feature map are, as far as the graph tells. */
typedef enum mhoi_values_kind {
    MHOI_VALUES_CODES,      /* integers times a scale */
    MHOI_VALUES_ZERO_ONE,   /* 0 and 1: the input is driven or not */
    MHOI_VALUES_PLUS_MINUS, /* -1 and +1 */
} mhoi_values_kind;

typedef struct mhoi_values {
    mhoi_values_kind kind;
    size_t bits;    /* of codes; 0: as many as the hardware has */
    bool is_signed; /* codes below 0 occur */
} mhoi_values;

/* The coding of node i's output.  Pooling (but not the average of 1-bit maps) and flattening keep that of
 * their input; codes behind ReLU and softmax have no sign. */
mhoi_values mhoi_net_values(const mho_net *net, size_t i);

/* net_work.c, of general nodes among layers: the same values in another shape; values that are moved, none changed; no
 * value below 0; are there any such nodes? */
bool mhoi_node_is_view(const mho_node *node);
/* All outputs of a network of several, one after the other. */
bool mhoi_node_lists(const mho_node *node);
bool mhoi_node_moves(const mho_node *node);
bool mhoi_net_work_is_positive(const mho_net *net, size_t i);
bool mhoi_net_is_mixed(const mho_net *net);

static inline bool mhoi_node_rounds(const mho_node *node)
{
    return node->value_bits && node->value_scale > 0;
}

/* The alphabet that a layer's weights are of, from their values: BINARY before TERNARY before SCALED (at
 * least two weights a channel); REAL otherwise, or without weights. */
mho_alphabet mhoi_node_find_alphabet(const mho_node *node);

/* A net of `nodes` zeroed nodes, to be filled in, then inferred. */
MHO_MUST_CHECK mho_status mhoi_net_create(const char *name, size_t nodes, mho_net **out);
/* A network that is a program: its nodes name the operations.  Takes over one owner's share of the program, also on an
 * error.  shape [operands]: what is known of one image; type NONE: nothing. */
MHO_MUST_CHECK mho_status mhoi_net_of_program(struct mhoi_program *program, const mho_array *shape,
                                              const char *name, mho_net **out);
/* A window of kh x kw at every position: strides, dilations and groups 1, no padding. */
void mhoi_node_set_window(mho_node *node, size_t kh, size_t kw);
/* Fills in the shapes of all nodes from node[0].out and the out.c of conv and fc, and checks the graph:
 * order, kernels, groups, names given and different, nothing unread but the last node.
 * MHO_ECONFIG "place: layer 'conv1': ..."; MHO_EDOMAIN. */
MHO_MUST_CHECK mho_status mhoi_net_infer_shapes(mho_net *net, const char *place);
/* Allocates the parameters of every layer, zeroed (variance and gamma 1); those there are go.
 * MHO_ENOMEM names the size: more than this machine has, or the allocation failed; none are left then. */
MHO_MUST_CHECK mho_status mhoi_net_alloc_parameters(mho_net *net);
/* Weights and what else a layer was trained to; its shape stays. */
void mhoi_net_free_parameters(mho_net *net);
/* A copy whose weights are those of `net`, which must outlive it, until they are to be changed: mhoi_node_own_weights. */
MHO_MUST_CHECK mho_status mhoi_net_clone_lent(const mho_net *net, mho_net **out);
MHO_MUST_CHECK mho_status mhoi_node_own_weights(mho_node *node);

#endif
