/* SPDX-License-Identifier: Apache-2.0 */
/* Nested elimination: parts of an array, the networks between their ports, and how they are joined.  The functions are in
 * nested_join_body.h, nested_patch_body.h and nested_tree_body.h, which are compiled once for doubles and once for floats. */
#ifndef MHO_NESTED_PARTS_H
#define MHO_NESTED_PARTS_H

#include "circuit/circuit_impl.h"
#include "circuit/nested_kernel.h"

/* Cells [n0, n1) x [m0, m1).  The ports of a side follow each other, the sides in `order`: those that are eliminated
 * next come first, those of the rim that stay to the end (drivers, then sense amplifiers) last.  A side begins at a multiple of
 * block; what is missing to the next are ports without any connection. */
typedef struct area {
    size_t n0, n1, m0, m1;
    size_t count[SIDES], at[SIDES], size;
    int order[SIDES];
} area;

static inline size_t up(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Networks are kept in strips of LANES columns, of each the blocks [LANES][LANES] on and above the diagonal, from the top down.  Below
 * the diagonal itself are any finite numbers.  Reals before strip s; of a network of so many strips. */
static inline size_t net_strip(size_t s)
{
    return BLOCK / 2 * s * (s + 1);
}

/* The block of rows from `row` on and columns from `column` on, multiples of LANES. */
static inline real *net_block(real *net, size_t row, size_t column)
{
    return net + net_strip(column / LANES) + LANES * row;
}

static inline size_t area_net(const area *p) /* reals */
{
    return net_strip(p->size / LANES);
}

/* A network that becomes part of a larger one, and is used up.  Its first ports are the nodes to be eliminated. */
typedef struct source {
    real *net;
    size_t at[SIDES], count[SIDES],
        to[SIDES]; /* of a side: from here, so many, to there in the whole */
} source;

/* net of `p` = the sources together, their first `seam` nodes (a multiple of block; the same nodes) eliminated.  Node `tie` on is
 * connected to port k of side RIGHT by right_S[k].  work: join_work(...) reals. */
typedef struct joint {
    const circuit *c;
    const area *p;
    const source *of;
    size_t sources, seam, tie;
    const real *right_S; /* NULL: none */
    real *net, *work;
} joint;
static void join(const joint *j);
static size_t join_work(size_t seam, size_t ports, size_t right); /* right: ports with right_S */

/* Patches of an area, at most PATCHES, as networks of all four sides. */
enum { PATCHES = 64 };
typedef struct patch {
    area p;    /* with the ports that it has */
    source of; /* of all four sides; those without ports come first, eliminated when it is taken */
} patch;
static size_t patches_net(void);
static size_t patches_work(void); /* reals */
static void patches_solve(const circuit *c, double scale, size_t count, patch *of, real *work);

#endif
