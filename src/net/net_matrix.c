/* SPDX-License-Identifier: Apache-2.0 */
/* The network of one layer that a matrix is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net/graph.h"

static mho_status check(size_t rows, size_t columns, const float *weight, size_t input_bits,
                        float scale)
{
    if (!rows || !columns || rows > SIZE_MAX / columns)
        return mho_error(MHO_EDOMAIN, "a matrix of %zu rows and %zu columns", rows, columns);
    if (input_bits < 1 || input_bits > 8)
        return mho_error(MHO_EDOMAIN, "inputs of %zu bits, want 1..8", input_bits);
    if (!(scale > 0) || !isfinite(scale))
        return mho_error(MHO_EDOMAIN, "the scale of inputs: want a finite number above 0");
    for (size_t i = 0; i < rows * columns; i++)
        if (!isfinite(weight[i]))
            return mho_error(MHO_EDOMAIN, "the weight of row %zu, column %zu is not finite",
                             i % rows, i / rows);
    return MHO_OK;
}

mho_status mho_net_of_matrix(size_t rows, size_t columns, const float *weight, size_t input_bits,
                             float scale, mho_net **out)
{
    mho_net *net = NULL;
    *out = NULL;
    mho_status s = check(rows, columns, weight, input_bits, scale);
    if (!s)
        s = mhoi_net_create("matrix", 2, &net);
    if (s)
        return s;
    net->input_bits = input_bits;
    net->input_scale = scale;
    net->node[0].op = MHO_OP_INPUT;
    net->node[0].out = (mho_shape){rows, 1, 1};
    snprintf(net->node[0].name, sizeof net->node[0].name, "input");
    net->node[1].op = MHO_OP_FC;
    net->node[1].inputs = 1;
    net->node[1].out.c = columns;
    mhoi_node_set_window(&net->node[1], 1, 1);
    snprintf(net->node[1].name, sizeof net->node[1].name, "matrix");
    s = mhoi_net_infer_shapes(net, "matrix");
    if (!s)
        s = mhoi_net_alloc_parameters(net);
    if (s) {
        mho_net_destroy(net);
        return s;
    }
    memcpy(net->node[1].weight, weight, rows * columns * sizeof *weight);
    net->node[1].alphabet = mhoi_node_find_alphabet(&net->node[1]);
    *out = net;
    return MHO_OK;
}
