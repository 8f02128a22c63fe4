/* SPDX-License-Identifier: Apache-2.0 */
/* Table I: elements of intermediate results that each accelerator keeps for a layer's successor, worked out for
 * layers of real networks. */
#include <string.h>

#include "papers.h"

paper_run_fn reboc_table1;

enum { SCHEMES = 7 };

static const char *const scheme_names[SCHEMES] = {"AtomLayer", "ISAAC",   "PipeLayer",  "ILP",
                                                  "ILP+ISR",   "ILP+ITS", "ILP+ISR+ITS"};

/* A convolution's output, and the side of the windows over it. */
typedef struct layer_shape {
    uint64_t h, w, c, r;
} layer_shape;

static uint64_t stored(size_t scheme, const layer_shape *l)
{
    switch (scheme) {
    case 0:
        return l->h * l->w * l->c;
    case 1:
        return (l->h * (l->r - 1) + l->r) * l->c;
    case 2:
        return l->h * l->w * l->c * l->r * l->r;
    case 3:
        return l->h * l->c * l->r * l->r;
    case 4:
        return l->h * (l->r - 1) * l->c + l->r * l->c;
    case 5:
        return l->r * l->c;
    default:
        return l->c;
    }
}

static mho_status put_shapes(paper_result *result)
{
    static const layer_shape shapes[] = {{3, 3, 128, 3}, {56, 56, 256, 3}, {13, 13, 384, 3}};
    mho_status s = MHO_OK;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t k = 0; !s && k < SCHEMES; k++)
            s = paper_value(result, (double)stored(k, &shapes[i]),
                            "%llu x %llu x %llu, r = %llu: %s", (unsigned long long)shapes[i].h,
                            (unsigned long long)shapes[i].w, (unsigned long long)shapes[i].c,
                            (unsigned long long)shapes[i].r, scheme_names[k]);
    return s;
}

/* Every convolution of a network; r is that of its own windows. */
static mho_status print_network(FILE *out, const char *name)
{
    mho_net *net = NULL;
    mho_status s = mho_net_zoo(name, &net);
    if (s)
        return s;
    fprintf(out, "\n  %-18s", name);
    for (size_t k = 0; k < SCHEMES; k++)
        fprintf(out, " %12s", scheme_names[k]);
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_node *node = mho_net_node(net, i);
        const mho_shape o = mho_node_output_shape(node);
        if (mho_node_op(node) != MHO_OP_CONV)
            continue;
        const layer_shape l = {o.h, o.w, o.c, mho_node_geometry(node).kh};
        fprintf(out, "\n  %-18s", mho_node_name(node));
        for (size_t k = 0; k < SCHEMES; k++)
            fprintf(out, " %12llu", (unsigned long long)stored(k, &l));
    }
    fputc('\n', out);
    mho_net_destroy(net);
    return MHO_OK;
}

mho_status reboc_table1(const paper_args *args, paper_result *result)
{
    static const char *const nets[] = {"lenet", "alexnet", "tinyyolo", "cifarnet"};
    (void)args;
    mho_status s = put_shapes(result);
    fputs("  Elements stored behind each convolution\n", result->text);
    for (size_t i = 0; !s && i < sizeof nets / sizeof *nets; i++)
        s = print_network(result->text, nets[i]);
    return s;
}
