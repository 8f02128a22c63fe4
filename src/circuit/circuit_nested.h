/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination: parts of an array, the networks between their ports, and how they are joined. */
#ifndef MHO_CIRCUIT_NESTED_H
#define MHO_CIRCUIT_NESTED_H

#include "circuit/circuit_impl.h"
#include "circuit/nested_kernel.h"

/* Cells [n0, n1) x [m0, m1).  The ports of a side follow each other, the sides in `order`: those that are eliminated
 * next come first, those of the rim that stay to the end (drivers, then sense amplifiers) last. */
typedef struct area {
    size_t n0, n1, m0, m1;
    size_t count[SIDES], at[SIDES], size;
    int order[SIDES];
} area;

static inline size_t mhoi_up8(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* Rows of a network of so many nodes are so far apart: an odd number of cache lines, which spreads them over the cache. */
static inline size_t mhoi_net_row(size_t size)
{
    return ((size + 7) / 8 | 1) * 8;
}

static inline size_t mhoi_area_net(const area *p) /* doubles */
{
    return mhoi_up8(p->size) * mhoi_net_row(p->size);
}

/* A network that becomes part of a larger one.  Its first rows are the nodes to be eliminated. */
typedef struct source {
    const double *net;
    size_t ld;
    size_t at[SIDES], count[SIDES],
        to[SIDES]; /* of a side: from here, so many, to there in the whole */
} source;

/* net of `p` = the sources together, their first `seam` nodes (the same nodes) eliminated.  Bit line `tie` on: that node is
 * connected to port k of side RIGHT by right_S[k].  work: mhoi_join_work(...) doubles. */
typedef struct joint {
    const circuit *c;
    const area *p;
    const source *of;
    size_t sources, seam, tie;
    const double *right_S; /* NULL: none */
    double *net, *work;
} joint;
void mhoi_join(const joint *j);
size_t mhoi_join_work(size_t seam, size_t ports);

/* Patches of an area, at most PATCHES, as networks of all four sides. */
enum { PATCHES = 64 };
typedef struct patch {
    area p;    /* with the ports that it has */
    source of; /* of all four sides; those without ports come first, eliminated when it is taken */
    double *net; /* of `of`, mhoi_patches_net() doubles */
} patch;
size_t mhoi_patches_net(void);
size_t mhoi_patches_work(void); /* doubles */
void mhoi_patches_solve(const circuit *c, size_t count, patch *of, double *work);

#endif
