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
/* Of a node, in the unit of service: when its first window begins and its last one ends; and how many of its windows are in the
 * chain that the last window of all waited for, one after the other: windows x service of all layers are the latency. */
typedef struct reboc_layer_times {
    double first, last;
    size_t chain;
} reboc_layer_times;
/* The last convolution's last window, with buffers without limit; service, times [mho_net_nodes], times may be NULL.
 * slices: a window reads each of its kh kw slices as soon as that has come, else all of them once the last has; the chain is of
 * the latter. */
MHO_MUST_CHECK mho_status reboc_unlimited(const mho_net *net, const reboc_service *service,
                                          bool slices, double *latency, reboc_layer_times *times);
/* Elements of its feeding convolution that a convolution, behind pools or not, waits for before its first window, as a share of
 * all; 0 for the first one. */
double reboc_start_share(const mho_net *net, size_t node);
bool reboc_is_conv(const mho_net *net, const mho_placement_layer *layer);

#endif
