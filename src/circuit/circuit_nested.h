/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination: parts of an array, the networks between their ports, and how they are joined. */
#ifndef MHO_CIRCUIT_NESTED_H
#define MHO_CIRCUIT_NESTED_H

#include "circuit/circuit_impl.h"
#include "circuit/nested_kernel.h"

/* Cells [n0, n1) x [m0, m1).  The ports of a side follow each other, the sides in `order`: those that are eliminated
 * next come first, those of the rim that stay to the end (drivers, then sense amplifiers) last.  A side begins at a multiple of
 * eight; what is missing to the next are ports without any connection. */
typedef struct area {
    size_t n0, n1, m0, m1;
    size_t count[SIDES], at[SIDES], size;
    int order[SIDES];
} area;

static inline size_t mhoi_up8(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* Networks are kept in strips of eight columns, of each the blocks [8][8] on and above the diagonal, from the top down.  Below
 * the diagonal itself are any finite numbers.  Doubles before strip s; of a network of so many strips. */
static inline size_t mhoi_net_strip(size_t s)
{
    return 32 * s * (s + 1);
}

/* The block of rows from `row` on and columns from `column` on, multiples of eight. */
static inline double *mhoi_net_block(double *net, size_t row, size_t column)
{
    return net + mhoi_net_strip(column / 8) + 8 * row;
}

static inline size_t mhoi_area_net(const area *p) /* doubles */
{
    return mhoi_net_strip(p->size / 8);
}

/* A network that becomes part of a larger one, and is used up.  Its first ports are the nodes to be eliminated. */
typedef struct source {
    double *net;
    size_t at[SIDES], count[SIDES],
        to[SIDES]; /* of a side: from here, so many, to there in the whole */
} source;

/* net of `p` = the sources together, their first `seam` nodes (a multiple of eight; the same nodes) eliminated.  Node `tie` on is
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
size_t mhoi_join_work(size_t seam, size_t ports, size_t right); /* right: ports with right_S */

/* Patches of an area, at most PATCHES, as networks of all four sides. */
enum { PATCHES = 64 };
typedef struct patch {
    area p;    /* with the ports that it has */
    source of; /* of all four sides; those without ports come first, eliminated when it is taken */
} patch;
size_t mhoi_patches_net(void);
size_t mhoi_patches_work(void); /* doubles */
void mhoi_patches_solve(const circuit *c, size_t count, patch *of, double *work);

#endif
