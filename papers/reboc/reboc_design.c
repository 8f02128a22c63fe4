/* SPDX-License-Identifier: Apache-2.0 */
#include "reboc_design.h"

const reboc_network reboc_networks[REBOC_NETWORKS] = {
    {"lenet", "lenet?block=conv:16,fc:128&bits=conv:4,fc:2", "input.first_bits=4"},
    {"alexnet", "alexnet?block=conv:16,fc:128&bits=conv:4,fc:4", "input.first_bits=4"},
    {"tinyyolo", "tinyyolo?block=conv:32&bits=conv:6", "input.first_bits=6"},
    {"cifarnet", "cifarnet?block=conv:16,fc:128&bits=conv:4,fc:2", "input.first_bits=4"},
};

const char *const reboc_schemes[REBOC_SCHEMES] = {"ILP", "ILP+ISR", "ILP+ITS", "ILP+ISR+ITS"};
const char *const reboc_scheme_sets[REBOC_SCHEMES] = {"reuse.share=windows", "reuse.share=slices",
                                                      "reuse.share=tiles", "reuse.share=both"};

mho_status reboc_open(const reboc_network *network, const char *const *sets, mho_net **net,
                      mho_hw **hw)
{
    const char *all[8] = {network->first};
    *net = NULL;
    *hw = NULL;
    for (size_t n = 1; *sets && n < 7; sets++)
        all[n++] = *sets;
    mho_status s = mho_net_open(network->net, net);
    return s ? s : mho_hw_open("reboc", all, hw);
}

bool reboc_is_conv(const mho_net *net, const mho_placement_layer *layer)
{
    return mho_node_op(mho_net_node(net, layer->node)) == MHO_OP_CONV;
}

static bool is_pool(mho_op op)
{
    return op == MHO_OP_MAXPOOL || op == MHO_OP_AVGPOOL;
}

/* Elements of the input map up to the last one of window (y, x). */
static size_t reach(const mho_node *node, size_t y, size_t x)
{
    const mho_geometry g = mho_node_geometry(node);
    const mho_shape in = mho_node_input_shape(node);
    const size_t row = y * g.stride_h + g.kh - 1 - g.pad_top,
                 column = x * g.stride_w + g.kw - 1 - g.pad_left;
    return (row < in.h ? row : in.h - 1) * in.w + (column < in.w ? column : in.w - 1) + 1;
}

double reboc_start_share(const mho_net *net, size_t node)
{
    const mho_node *n = mho_net_node(net, node);
    size_t wanted = reach(n, 0, 0);
    for (;;) {
        n = mho_net_node(net, mho_node_input(n, 0));
        const mho_shape out = mho_node_output_shape(n);
        if (mho_node_op(n) == MHO_OP_CONV)
            return (double)wanted / (double)(out.h * out.w);
        if (!mho_node_inputs(n))
            return 0;
        if (is_pool(mho_node_op(n)))
            wanted = reach(n, (wanted - 1) / out.w, (wanted - 1) % out.w);
    }
}
