/* SPDX-License-Identifier: Apache-2.0 */
/* A network: a graph of layers with their shapes and, once trained, their parameters.
 *
 * Nodes are in topological order: node i reads nodes of a lower index only.  Node 0 is the input.
 * One image at a time: shapes are [c][h][w] (fully connected outputs are [c][1][1]). */
#ifndef MHO_NET_H
#define MHO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

typedef enum mho_op {
    MHO_OP_INPUT,
    MHO_OP_CONV,      /* weight [C_out][C_in / groups][kh][kw] */
    MHO_OP_FC,        /* weight [C_out][C_in h w] */
    MHO_OP_MAXPOOL,   /* padding never wins */
    MHO_OP_AVGPOOL,   /* padding is not counted */
    MHO_OP_BATCHNORM, /* y = gamma (x - mean) / sqrt(variance + epsilon) + beta */
    MHO_OP_SIGN,      /* +1 if x > 0, else -1 (bcnn Eq. 2) */
    MHO_OP_RELU,
    MHO_OP_LEAKY_RELU,
    MHO_OP_ADD,
    MHO_OP_FLATTEN,
    MHO_OP_SOFTMAX,
    MHO_OP_COUNT
} mho_op;

typedef struct mho_shape {
    size_t c, h, w;
} mho_shape;

#define MHO_NAME 48
#define MHO_SOURCE 160

typedef struct mho_node {
    mho_op op;
    char name[MHO_NAME];
    size_t input[2]; /* indices of the nodes read; ADD reads two */
    size_t inputs;
    mho_shape in, out; /* of input[0] and of this node; readers set out.c of conv and fc */

    /* conv, pool */
    size_t kh, kw, stride;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups;
    bool ceil_mode; /* pool: a last partial window counts (Caffe) */
    bool binary;    /* conv, fc: every weight is +1 or -1 */
    float slope;    /* leaky ReLU */
    float epsilon;  /* batch normalization */

    /* parameters; NULL while the network has none */
    float *weight;
    float *bias; /* conv, fc: [C_out], NULL if there is no bias */
    bool has_bias;
    float *gamma, *beta, *mean, *variance; /* batch normalization: [c] */
} mho_node;

typedef struct mho_net {
    char name[MHO_NAME];
    char source[MHO_SOURCE]; /* paper or file it follows, and what differs; "" if unknown */
    mho_node *node;
    size_t nodes; /* the last one is the output */
    /* Input element = pixel code x input_scale; codes are integers of input_bits bits, so a network
     * of 8-bit images has input_scale 2^-8 and its first sums are exact. */
    float input_scale;
    size_t input_bits;
} mho_net;

MHO_API const char *mho_op_name(mho_op op);

/* How a network of the zoo is turned into one to train and map. */
typedef enum mho_style {
    MHO_STYLE_FLOAT, /* as written */
    MHO_STYLE_BINARY, /* every convolution and fully connected layer binary, each but the last followed
                         by batch normalization, its pooling, and sign; the last by batch normalization.
                         (Max pooling before sign equals OR pooling after it, exactly.) */
} mho_style;

/* Zoo name ("lenet") or YAML text (docs/models/net.md). Shapes are inferred; no parameters.
 * MHO_EUSAGE: unknown zoo name (and the nearest); MHO_ECONFIG with place:line: unknown key or layer, shapes
 * that do not fit; MHO_EDOMAIN: sizes beyond 2^40 elements a layer. */
MHO_API MHO_MUST_CHECK mho_status mho_net_zoo(const char *name, mho_net **out);
MHO_API MHO_MUST_CHECK mho_status mho_net_read(const char *text, const char *place, mho_net **out);
/* The result has no parameters in binary style, copies of net's in float style.
 * MHO_ENOTMODELED: the binary style of a network that is no chain. */
MHO_API MHO_MUST_CHECK mho_status mho_net_style(const mho_net *net, mho_style style, mho_net **out);
/* For readers of other formats: a net of `nodes` zeroed nodes, to be filled in, then inferred. */
MHO_API MHO_MUST_CHECK mho_status mho_net_create(const char *name, size_t nodes, mho_net **out);
/* Fills in the shapes of all nodes from node[0].out and the out.c of conv and fc, and checks the graph:
 * order, kernels, groups, names given and different, nothing unread but the last node.
 * MHO_ECONFIG "place: layer 'conv1': ..."; MHO_EDOMAIN. */
MHO_API MHO_MUST_CHECK mho_status mho_net_infer_shapes(mho_net *net, const char *place);
/* Allocates the parameters of every layer, zeroed (variance and gamma 1); those there are go.
 * MHO_ENOMEM names the size: more than this machine has, or the allocation failed; none are left then. */
MHO_API MHO_MUST_CHECK mho_status mho_net_alloc_parameters(mho_net *net);
MHO_API MHO_MUST_CHECK mho_status mho_net_clone(const mho_net *net, mho_net **out);
MHO_API void mho_net_destroy(mho_net *net);

MHO_API bool mho_node_is_weighted(const mho_node *node); /* conv or fc */
MHO_API bool mho_net_has_parameters(const mho_net *net);
MHO_API size_t mho_node_weight_count(const mho_node *node); /* weights without bias */
MHO_API uint64_t mho_node_macs(const mho_node *node);       /* multiply-accumulates an image */
MHO_API uint64_t mho_net_macs(const mho_net *net);
MHO_API uint64_t
mho_net_parameters(const mho_net *net); /* weights and biases, batch normalization apart */

#endif
