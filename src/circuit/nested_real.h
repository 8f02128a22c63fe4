/* SPDX-License-Identifier: Apache-2.0 */
/* What nested elimination computes with: doubles, or floats where MHOI_SINGLE is defined before everything else of nested_*.h.
 * A vector is 64 bytes either way. */
#ifndef MHO_NESTED_REAL_H
#define MHO_NESTED_REAL_H

#ifdef MHOI_SINGLE
typedef float real;
enum {
    LANES = 16,      /* patches at a time; columns of a strip */
    PATCH_EDGE = 16, /* most word and bit lines of a patch */
};
#define MHOI_OF_REAL(name) name##_single
#define REAL_ROOT sqrtf
#define REAL_FUSED fmaf
#else
typedef double real;
enum { LANES = 8, PATCH_EDGE = 8 };
#define MHOI_OF_REAL(name) name##_double
#define REAL_ROOT sqrt
#define REAL_FUSED fma
#endif

#endif
