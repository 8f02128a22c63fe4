/* SPDX-License-Identifier: Apache-2.0 */
/* The alphabet of a layer's weights. */
#include "map/placement.h"
#include "net/graph.h"

mho_alphabet mhoi_alphabet_of(const mho_node *node)
{
    const size_t n = mho_node_weight_count(node);
    bool zero = false;
    if (!node->weight)
        return node->binary ? MHO_ALPHABET_BINARY : MHO_ALPHABET_REAL;
    for (size_t i = 0; i < n; i++) {
        const float w = node->weight[i];
        if (w != 1 && w != -1 && w != 0)
            return MHO_ALPHABET_REAL;
        zero = zero || w == 0;
    }
    return zero ? MHO_ALPHABET_TERNARY : MHO_ALPHABET_BINARY;
}
