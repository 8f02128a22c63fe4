/* SPDX-License-Identifier: Apache-2.0 */
/* The graph inside a network: for the modules that walk it, and for tests.
 *
 * Nodes are in topological order: node i reads nodes of a lower index only.  Node 0 is the input. */
#ifndef MHO_NET_GRAPH_H
#define MHO_NET_GRAPH_H

#include "mho/net.h"

#define MHOI_NODE_INPUTS ((size_t)64) /* most nodes that one node reads */

struct mho_node {
    mho_op op;
    char name[MHO_NAME];
    size_t input[MHOI_NODE_INPUTS]; /* indices of the nodes read */
    size_t inputs;
    mho_shape in, out; /* of input[0] and of this node; readers set out.c of conv and fc */

    /* conv, pool: mhoi_node_set_window gives those of a plain 1 x 1 window */
    size_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    size_t groups;  /* conv */
    bool ceil_mode; /* pool: a last partial window counts (Caffe) */
    bool binary;    /* conv, fc: every weight is +1 or -1 */
    float slope;    /* leaky ReLU */
    float epsilon;  /* batch normalization */

    /* parameters; NULL while the network has none */
    float *weight;
    float *bias; /* conv, fc: [C_out], NULL if there is no bias */
    bool has_bias;
    float *gamma, *beta, *mean, *variance; /* batch normalization: [c] */
};

struct mho_net {
    char name[MHO_NAME];
    char source[MHO_SOURCE];
    mho_node *node;
    size_t nodes;
    float input_scale;
    size_t input_bits;
};

/* A net of `nodes` zeroed nodes, to be filled in, then inferred. */
MHO_MUST_CHECK mho_status mhoi_net_create(const char *name, size_t nodes, mho_net **out);
/* A window of kh x kw at every position: strides, dilations and groups 1, no padding. */
void mhoi_node_set_window(mho_node *node, size_t kh, size_t kw);
/* Fills in the shapes of all nodes from node[0].out and the out.c of conv and fc, and checks the graph:
 * order, kernels, groups, names given and different, nothing unread but the last node.
 * MHO_ECONFIG "place: layer 'conv1': ..."; MHO_EDOMAIN. */
MHO_MUST_CHECK mho_status mhoi_net_infer_shapes(mho_net *net, const char *place);
/* Allocates the parameters of every layer, zeroed (variance and gamma 1); those there are go.
 * MHO_ENOMEM names the size: more than this machine has, or the allocation failed; none are left then. */
MHO_MUST_CHECK mho_status mhoi_net_alloc_parameters(mho_net *net);

#endif
