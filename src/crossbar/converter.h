/* SPDX-License-Identifier: Apache-2.0 */
/* The formula of output converters: from the sums to be told to the decision edges, from sums to codes, and from
 * codes to values.  docs/models/chip.md eq. (5) to (7), docs/models/crossbar.md eq. (4), (7). */
#ifndef MHO_CROSSBAR_CONVERTER_H
#define MHO_CROSSBAR_CONVERTER_H

#include "mho/crossbar.h"

/* A converter of 2^bits codes for the sums lo..hi. */
typedef struct mhoi_converter_wish {
    size_t bits;
    int64_t lo, hi;
    int64_t unit;    /* sums that can occur are multiples of it, */
    int64_t between; /* or this far from each other */
    bool aligned;    /* edges halfway between sums that can occur */
    bool centred;    /* lo..hi are where most sums are, not all: edges around their middle */
} mhoi_converter_wish;

/* A converter with a code for every sum is aligned in any case. */
mho_converter mhoi_converter_make(const mhoi_converter_wish *wish);

/* The code of sum s, exact for every s. */
int32_t mhoi_convert(const mho_converter *converter, int64_t s);
/* What a converter with errors makes of it. */
int32_t mhoi_convert_wrong(const mho_converter *converter, const mho_converter_error *error,
                           int64_t s);
/* Of two codes, with an offset alone: the sum from which on it gives 1. */
int64_t mhoi_converter_moved_edge(const mho_converter *converter, const mho_converter_error *error);
/* The sum that code k stands for, in the middle of its interval, is mhoi_converter_lo + k step. */
double mhoi_converter_lo(const mho_converter *converter);
/* s less the value of its code. */
double mhoi_converter_miss(const mho_converter *converter, int64_t s);

/* A converter as clamp(trunc(S scale + shift), 0, top) in single precision, or, wide, in double; exact where prepared. */
typedef struct mhoi_code {
    bool ideal, wide;
    float scale, shift, top;
    double wide_scale, wide_shift;
} mhoi_code;

/* False if double precision would miss an edge, too: then convert with mhoi_convert. */
bool mhoi_code_prepare(const mho_converter *converter, mhoi_code *code);

#endif
