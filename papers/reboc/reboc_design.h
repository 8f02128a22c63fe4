/* SPDX-License-Identifier: Apache-2.0 */
/* The four networks of Table II on the accelerator of Table III, in the bars of Figs. 9 and 10. */
#ifndef MHO_PAPERS_REBOC_DESIGN_H
#define MHO_PAPERS_REBOC_DESIGN_H

#include "papers.h"

enum { REBOC_NETWORKS = 4, REBOC_SCHEMES = 4 };

typedef struct reboc_network {
    const char *name, *net,
        *first; /* "lenet", with its blocks and bits, and the bits of the image */
} reboc_network;
extern const reboc_network reboc_networks[REBOC_NETWORKS];

/* ILP, with ISR, with ITS, with both; of sets each the field that says so. */
extern const char *const reboc_schemes[REBOC_SCHEMES], *const reboc_scheme_sets[REBOC_SCHEMES];

/* sets: of more fields, NULL-terminated, 6 at most. */
MHO_MUST_CHECK mho_status reboc_open(const reboc_network *network, const char *const *sets,
                                     mho_net **net, mho_hw **hw);
/* Fig. 10, executed: how much faster the convolutions of an image are done than layer by layer; reboc_bars.c. */
MHO_MUST_CHECK mho_status reboc_put_bars(paper_result *result);
/* Of a node: how long each of its sets of crossbars is busy with a window; 0 sets: no convolution. */
typedef struct reboc_service {
    double window;
    size_t sets;
} reboc_service;
/* The last convolution's last window, with buffers without limit; service[mho_net_nodes]. */
MHO_MUST_CHECK mho_status reboc_unlimited(const mho_net *net, const reboc_service *service,
                                          double *latency);
/* Elements of its feeding convolution that a convolution, behind pools or not, waits for before its first window, as a share of
 * all; 0 for the first one. */
double reboc_start_share(const mho_net *net, size_t node);
bool reboc_is_conv(const mho_net *net, const mho_placement_layer *layer);

#endif
