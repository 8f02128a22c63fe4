/* SPDX-License-Identifier: Apache-2.0 */
/* Section III-A: crossbars that representative vectors take, how full they are with and without horizontal slices, and
 * what rotated copies cost and save. */
#include <string.h>

#include "papers.h"

paper_run_fn reboc_mapping;

enum { CELL_BITS = 2, ROWS = 128 };

/* All layers stand once, and vectors too unless one of the sets (two at most, or NULL) tells copies. */
static mho_status place(const mho_net *net, const char *const *sets, mho_placement **out)
{
    const char *all[6] = {"crossbar.duplication=none", "crossbar.budget=0", "crossbar.copies=1"};
    mho_hw *hw = NULL;
    *out = NULL;
    for (size_t n = 3; sets && *sets && n < 5; sets++)
        if (!strncmp(*sets, "crossbar.copies", sizeof "crossbar.copies" - 1))
            all[2] = *sets;
        else
            all[n++] = *sets;
    mho_status s = mho_hw_open("reboc", all, &hw);
    if (!s)
        s = mho_placement_create(net, hw, out);
    mho_hw_destroy(hw);
    return s;
}

/* The example of the section: 128 input channels, 256 filters of 1 x 1, blocks of 16. */
static mho_status example(mho_net **out)
{
    static const char text[] = "input: {shape: [128, 1, 1]}\n"
                               "layers:\n"
                               "  - conv: {out: 256, kernel: 1}\n";
    mho_status s = mho_net_read(text, "the example of Section III-A", out);
    return s ? s : mho_net_set_blocks(*out, "conv:16");
}

static mho_status put_utilization(paper_result *result, const mho_net *net)
{
    static const size_t bits[] = {2, 4, 6, 8, 16};
    mho_status s = MHO_OK;
    for (int sliced = 0; !s && sliced < 2; sliced++)
        for (size_t i = 0; !s && i < sizeof bits / sizeof *bits; i++) {
            char set[64];
            const char *const sets[] = {
                set, sliced ? "crossbar.slicing=columns" : "crossbar.slicing=crossbars", NULL};
            mho_placement *p;
            snprintf(set, sizeof set, "crossbar.weight_bits=%zu", bits[i]);
            s = place(net, sets, &p);
            if (!s)
                s = paper_value(result, 100 * p->layer[0].utilization,
                                "utilization, %zu-bit weights, %s", bits[i],
                                sliced ? "horizontal slices" : "a crossbar a slice");
            mho_placement_destroy(p);
        }
    return s;
}

/* What the section quotes as the state before horizontal slices. */
static mho_status put_quoted(paper_result *result, const mho_net *net)
{
    const char *const sets[] = {"crossbar.slicing=crossbars", NULL};
    mho_placement *p;
    mho_status s = place(net, sets, &p);
    if (!s)
        s = paper_value(result, 100 * p->layer[0].utilization,
                        "utilization before slicing, as printed");
    mho_placement_destroy(p);
    return s;
}

static mho_status put_copies(paper_result *result, const mho_net *net)
{
    mho_status s = MHO_OK;
    for (size_t g = 1; !s && g <= 4; g *= 2) {
        char set[64];
        const char *const sets[] = {set, NULL};
        mho_placement *p;
        snprintf(set, sizeof set, "crossbar.copies=%zu", g);
        s = place(net, sets, &p);
        if (!s)
            s = paper_value(result, (double)p->layer[0].turns, "turns of the input, %zu cop%s", g,
                            g > 1 ? "ies" : "y");
        if (!s)
            s = paper_value(result, (double)(p->layer[0].columns * p->layer[0].slices),
                            "columns of cells, %zu cop%s", g, g > 1 ? "ies" : "y");
        mho_placement_destroy(p);
    }
    return s;
}

static mho_status put_storage(paper_result *result, const mho_net *net)
{
    const char *const sets[] = {"crossbar.circulant=expanded", NULL};
    mho_placement *turned = NULL, *expanded = NULL;
    mho_status s = place(net, NULL, &turned);
    if (!s)
        s = place(net, sets, &expanded);
    if (!s)
        s = paper_value(result, (double)expanded->counts.cells / (double)turned->counts.cells,
                        "cells saved, k = 16");
    mho_placement_destroy(turned);
    mho_placement_destroy(expanded);
    return s;
}

typedef struct network {
    const char *name, *blocks, *bits, *first; /* Table II; the image has the bits of convolutions */
} network;

static const network networks[] = {
    {"lenet", "conv:16,fc:128", "conv:4,fc:2", "input.first_bits=4"},
    {"alexnet", "conv:16,fc:128", "conv:4,fc:4", "input.first_bits=4"},
    {"tinyyolo", "conv:32", "conv:6", "input.first_bits=6"},
    {"cifarnet", "conv:16,fc:128", "conv:4,fc:2", "input.first_bits=4"},
};

static void print_layers(FILE *out, const network *n, const mho_placement *p)
{
    fprintf(out, "\n  %s, blocks %s, bits %s\n  %-10s %9s %9s %9s %6s %6s %10s %12s\n", n->name,
            n->blocks, n->bits, "layer", "rows p k", "columns q", "slices", "turns", "reads",
            "crossbars", "utilization");
    for (size_t i = 0; i < p->layers; i++) {
        const mho_placement_layer *l = &p->layer[i];
        fprintf(out, "  %-10s %9zu %9zu %9zu %6zu %6zu %10zu %10.1f %%\n", l->name, l->rows,
                l->columns, l->slices, l->turns, l->reads, l->crossbar_pairs, 100 * l->utilization);
    }
}

static mho_status put_network(paper_result *result, const network *n)
{
    mho_net *net = NULL;
    mho_placement *p = NULL;
    const char *const sets[] = {n->first, NULL};
    size_t crossbars = 0;
    mho_status s = mho_net_zoo(n->name, &net);
    if (!s)
        s = mho_net_set_blocks(net, n->blocks);
    if (!s)
        s = mho_net_set_bits(net, n->bits);
    if (!s)
        s = place(net, sets, &p);
    for (size_t i = 0; !s && i < p->layers; i++)
        if (mho_node_op(mho_net_node(net, p->layer[i].node)) == MHO_OP_CONV)
            crossbars += p->layer[i].crossbar_pairs;
    if (!s)
        s = paper_value(result, (double)crossbars, "%s: crossbars of convolutions", n->name);
    if (!s)
        print_layers(result->text, n, p);
    mho_placement_destroy(p);
    mho_net_destroy(net);
    return s;
}

/* A column of n rows has n (2^cell bits - 1) + 1 sums. */
static mho_status put_converters(paper_result *result)
{
    static const size_t bits[] = {8, 6};
    const size_t top = (1 << CELL_BITS) - 1;
    size_t need = 0;
    while (((size_t)1 << need) < ROWS * top + 1)
        need++;
    mho_status s = paper_value(result, (double)need, "bits that tell all sums of 128 rows");
    for (size_t i = 0; !s && i < 2; i++) {
        const size_t rows = (((size_t)1 << bits[i]) - 1) / top;
        s = paper_value(result, (double)rows, "rows whose sums %zu bits tell", bits[i]);
    }
    return s;
}

mho_status reboc_mapping(const paper_args *args, paper_result *result)
{
    mho_net *net = NULL;
    (void)args;
    mho_status s = example(&net);
    if (!s)
        s = put_utilization(result, net);
    if (!s)
        s = put_quoted(result, net);
    if (!s)
        s = put_copies(result, net);
    if (!s)
        s = put_storage(result, net);
    if (!s)
        s = put_converters(result);
    for (size_t i = 0; !s && i < sizeof networks / sizeof *networks; i++)
        s = put_network(result, &networks[i]);
    mho_net_destroy(net);
    return s;
}
