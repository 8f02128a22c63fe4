/* SPDX-License-Identifier: Apache-2.0 */
/* Input slices that windows share: how often a slice (the channels of a pixel) is fetched, and what waits meanwhile.
 * docs/models/reuse.md; REBOC, Section III-B and Table I. */
#ifndef MHO_REUSE_H
#define MHO_REUSE_H

#include <stddef.h>
#include <stdint.h>

#include "mho/net.h"
#include "mho/status.h"

MHO_C_BEGIN

/* What windows share.  A tile is a row of slices. */
typedef enum mho_reuse {
    MHO_REUSE_NONE,    /* not modelled: line buffers */
    MHO_REUSE_WINDOWS, /* nothing: a window fetches all of its slices */
    MHO_REUSE_SLICES,  /* input slice reusing: slices go on to the input buffer of the next tap */
    MHO_REUSE_TILES,   /* input tile sharing: all rows of the kernel take a tile at once */
    MHO_REUSE_BOTH
} mho_reuse;

/* A layer's windows on its input, in slices. */
typedef struct mho_windows {
    size_t in_h, in_w;        /* of the map, without padding */
    size_t pad_top, pad_left; /* slices of zeros before it; after it as many as windows reach */
    size_t kh, kw, stride_h, stride_w;
    size_t out_h, out_w;
} mho_windows;

typedef struct mho_reuse_counts {
    uint64_t fetches; /* from the PE buffer to an input buffer, zeros among them */
    uint64_t zeros;   /* of these, padding: nothing is read */
    uint64_t loads;   /* from an input buffer to a shift register */
    uint64_t moves;   /* from an input buffer to the next one */
    uint64_t
        stored; /* most slices that the PE buffer holds for the layer: Table I, times channels */
    uint64_t parked;   /* most windows whose partial sums wait for the next tile */
    uint64_t parkings; /* times that a window's partial sums are put aside, and fetched again */
    uint64_t steps;    /* windows, or windows of a tile, one after the other */
} mho_reuse_counts;

/* The windows of a convolution; of a fully connected layer one, of 1 x 1 on one slice.  MHO_ENOTMODELED: dilated ones. */
MHO_API MHO_MUST_CHECK mho_status mho_windows_of(const mho_node *node, mho_windows *out);
/* In closed form, docs/models/reuse.md eq. (1) to (6).  MHO_EDOMAIN: a size of 0, or counts beyond 64 bits. */
MHO_API MHO_MUST_CHECK mho_status mho_reuse_count(const mho_windows *windows, mho_reuse reuse,
                                                  mho_reuse_counts *out);
/* By taking every slice from the PE buffer through input buffers into shift registers, step by step, which turn `turns` times
 * in a step; every register is compared with the part of the map that its window wants, every window with the tiles that it
 * was made of.  MHO_EINTERNAL: a wrong slice (never expected). */
MHO_API MHO_MUST_CHECK mho_status mho_reuse_walk(const mho_windows *windows, mho_reuse reuse,
                                                 size_t turns, mho_reuse_counts *out);

MHO_C_END

#endif
