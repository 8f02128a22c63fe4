/* SPDX-License-Identifier: Apache-2.0 */
/* Table 2: operations (two a multiply-accumulate) and weights of four networks. */
#include "papers.h"

paper_run_fn buffer_table2;

typedef struct sums {
    double gop[2], weights_M[2]; /* convolution, fully connected */
} sums;

/* The paper counts no projections: the 1 x 1 convolutions of ResNet-34 are left out. */
static sums add_up(const mho_net *net, bool projections)
{
    sums s = {{0}, {0}};
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_node *n = mho_net_node(net, i);
        bool fc = mho_node_op(n) == MHO_OP_FC;
        if (!mho_node_is_weighted(n) || (!fc && !projections && mho_node_geometry(n).kh == 1))
            continue;
        s.gop[fc] += 2e-9 * (double)mho_node_macs(n);
        s.weights_M[fc] += 1e-6 * (double)mho_node_weight_count(n);
    }
    return s;
}

static mho_status put_network(paper_result *result, const char *title, const sums *s)
{
    const struct {
        const char *what;
        double value;
    } rows[] = {{"convolution, operations", s->gop[0]},
                {"fully connected, operations", s->gop[1]},
                {"total operations", s->gop[0] + s->gop[1]},
                {"convolution, parameters", s->weights_M[0]},
                {"fully connected, parameters", s->weights_M[1]},
                {"total parameters", s->weights_M[0] + s->weights_M[1]}};
    mho_status status = MHO_OK;
    for (size_t i = 0; !status && i < sizeof rows / sizeof *rows; i++)
        status = paper_value(result, rows[i].value, "%s: %s", title, rows[i].what);
    return status;
}

mho_status buffer_table2(const paper_args *args, paper_result *result)
{
    static const struct {
        const char *net, *title;
    } nets[] = {{"alexnet", "AlexNet"},
                {"vgg11", "VGG-11"},
                {"vgg16", "VGG-16"},
                {"resnet34", "ResNet-34"}};
    mho_status s = MHO_OK;
    (void)args;
    for (size_t i = 0; !s && i < sizeof nets / sizeof *nets; i++) {
        mho_net *net;
        s = mho_net_zoo(nets[i].net, &net);
        if (s)
            return s;
        sums total = add_up(net, false);
        s = put_network(result, nets[i].title, &total);
        if (!s && i == 3) {
            total = add_up(net, true);
            fprintf(result->text,
                    "  ResNet-34 with its three projections: %.3f GOP and %.3f M weights in "
                    "convolutions.\n",
                    total.gop[0], total.weights_M[0]);
        }
        mho_net_destroy(net);
    }
    return s;
}
