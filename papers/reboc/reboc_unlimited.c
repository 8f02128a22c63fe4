/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of convolutions that wait for their inputs and for a free set of crossbars, and for nothing else: buffers hold all that
 * comes.  A chain of layers up to the last convolution. */
#include <stdlib.h>

#include "reboc_design.h"

/* When the elements of a map are there, in any unit. */
typedef struct arrivals {
    mho_shape shape;
    double *at;
} arrivals;

/* The last element of the window that ends at or before row y, column x of its place, inside the map. */
static double ready_at(const arrivals *in, const mho_geometry *g, size_t y, size_t x)
{
    double last = 0;
    for (size_t i = 0; i < g->kh; i++)
        for (size_t j = 0; j < g->kw; j++) {
            const size_t row = y * g->stride_h + i, column = x * g->stride_w + j;
            if (row < g->pad_top || row - g->pad_top >= in->shape.h || column < g->pad_left ||
                column - g->pad_left >= in->shape.w)
                continue;
            const double at = in->at[(row - g->pad_top) * in->shape.w + column - g->pad_left];
            last = at > last ? at : last;
        }
    return last;
}

/* Windows in their order, each by the set that was first free; without service (a pool) as soon as it is complete. */
static mho_status pass(const mho_node *node, const reboc_service *service, arrivals *map)
{
    const mho_geometry g = mho_node_geometry(node);
    arrivals out = {.shape = mho_node_output_shape(node)};
    const size_t windows = out.shape.h * out.shape.w;
    out.at = calloc(windows, sizeof *out.at);
    if (!out.at)
        return mho_error(MHO_ENOMEM, "times of a map");
    for (size_t i = 0; i < windows; i++) {
        const double ready = ready_at(map, &g, i / out.shape.w, i % out.shape.w);
        const double idle = service->sets && i >= service->sets ? out.at[i - service->sets] : 0;
        out.at[i] = (ready > idle ? ready : idle) + service->window;
    }
    free(map->at);
    *map = out;
    return MHO_OK;
}

mho_status reboc_unlimited(const mho_net *net, const reboc_service *service, double *latency)
{
    arrivals map = {.shape = mho_net_input_shape(net)};
    mho_status s = MHO_OK;
    map.at = calloc(map.shape.h * map.shape.w, sizeof *map.at);
    *latency = 0;
    if (!map.at)
        return mho_error(MHO_ENOMEM, "times of a map");
    for (size_t i = 0; !s && i < mho_net_nodes(net); i++) {
        const mho_node *node = mho_net_node(net, i);
        const mho_op op = mho_node_op(node);
        if (op == MHO_OP_FLATTEN || op == MHO_OP_FC)
            break;
        if (op == MHO_OP_CONV || op == MHO_OP_MAXPOOL || op == MHO_OP_AVGPOOL)
            s = pass(node, &service[i], &map);
        if (!s && op == MHO_OP_CONV)
            *latency = map.at[map.shape.h * map.shape.w - 1];
    }
    free(map.at);
    return s;
}
