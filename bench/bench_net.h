/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of the zoo with random weights: neither speed nor memory depends on them. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "mho/mho.h"
#include "net/graph.h"

static inline void must(mho_status s)
{
    if (s) {
        fprintf(stderr, "%s: %s\n", mho_status_name(s), mho_error_message());
        exit(mho_status_exit_code(s));
    }
}

/* A count of images on the command line, of at most a million; ends the program where it is none. */
static inline size_t count_of(const char *text)
{
    char *end;
    const long count = strtol(text, &end, 10);
    if (*end == 0 && end != text && count >= 1 && count <= 1000000)
        return (size_t)count;
    fprintf(stderr, "%s is no count of images (1 to 1000000)\n", text);
    exit(2);
}

/* Binary weights +-1; others so that sums keep their size from layer to layer. */
static inline void randomize(mho_net *net, mho_style style)
{
    mhoi_stream stream = {.seed = 1};
    float u[4];
    uint64_t i = 0;
    for (size_t k = 0; k < net->nodes; k++) {
        mho_node *node = &net->node[k];
        const size_t n = mho_node_weight_count(node);
        const float spread = n ? sqrtf(6.0f * (float)node->out.c / (float)n) : 0;
        for (size_t j = 0; j < n; j++) {
            if (j % 4 == 0) {
                mhoi_rng_uniform(&stream, i, 4, u);
                i += 4;
            }
            node->weight[j] = style == MHO_STYLE_FLOAT ? spread * (2 * u[j % 4] - 1)
                              : u[j % 4] < 0.5f        ? -1.0f
                                                       : 1.0f;
        }
        for (size_t j = 0; node->op == MHO_OP_BATCHNORM && j < node->out.c; j++)
            node->variance[j] = style == MHO_STYLE_FLOAT ? 1 : 100;
    }
}

static inline mho_net *random_net(const char *name, mho_style style)
{
    mho_net *plain, *net;
    must(mho_net_zoo(name, &plain));
    must(mho_net_style(plain, style, &net));
    must(mhoi_net_alloc_parameters(net));
    randomize(net, style);
    mho_net_destroy(plain);
    return net;
}

#endif
