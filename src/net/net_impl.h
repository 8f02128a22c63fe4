/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of net share. */
#ifndef MHO_NET_IMPL_H
#define MHO_NET_IMPL_H

#include "net/graph.h"

#define MHOI_NET_NODES_MAX ((size_t)10000)
/* Largest number of elements of a map or a weight: products of two of them fit 64 bits with room. */
#define MHOI_NET_ELEMENTS_MAX ((size_t)1 << 40)

/* Checks node i against the nodes before it and sets its shapes.  The message starts with "layer 'x':". */
MHO_MUST_CHECK mho_status mhoi_net_infer_node(mho_net *net, size_t i);

/* Names node i "stem" or "stem" followed by b, c, ...: the first that no node before it has. */
void mhoi_net_set_unique_name(mho_net *net, size_t i, const char *stem);

/* The usual name of a node: its kind and the number of the last weighted layer up to it ("conv1",
 * "bn1", "pool1"), made unique. */
void mhoi_net_set_usual_name(mho_net *net, size_t i);

#endif
