/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h for any CPU, the choice among the tables, and packing. */
#define MHOI_LANES_TABLE mhoi_lanes_ref
#define WIDTH 4
#define COLUMNS 3
#include "base/x86.h"
#include "dnn/lanes_body.h"

#include "mho/run.h"

const mhoi_lanes *mhoi_lanes_best(void)
{
    switch (mho_cpu_level()) {
#if MHOI_X86
    case MHO_CPU_AVX512:
        return &mhoi_lanes_avx512;
    case MHO_CPU_AVX2:
        return &mhoi_lanes_avx2;
#endif
    default:
        return &mhoi_lanes_ref;
    }
}

size_t mhoi_lanes_packed(const mhoi_lanes *lanes, const mho_node *n)
{
    return (n->out.c + lanes->columns - 1) / lanes->columns * lanes->columns * n->kh * n->kw *
           n->in.c;
}

void mhoi_lanes_pack(const mhoi_lanes *lanes, const mho_node *n, const float *weight, float *packed)
{
    const size_t kernel = n->kh * n->kw, padded = mhoi_lanes_packed(lanes, n) / (kernel * n->in.c);
    for (size_t first = 0; first < padded; first += lanes->columns)
        for (size_t k = 0; k < kernel; ++k)
            for (size_t i = 0; i < n->in.c; ++i)
                for (size_t o = first; o < first + lanes->columns; ++o)
                    *packed++ = o < n->out.c ? weight[(o * n->in.c + i) * kernel + k] : 0.0f;
}

void mhoi_lanes_enter(size_t n, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < n; ++i)
        for (size_t lane = 0; lane < MHOI_LANES; ++lane)
            to[i * MHOI_LANES + lane] = from[lane * n + i];
}

void mhoi_lanes_leave(size_t n, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < n; ++i)
        for (size_t lane = 0; lane < MHOI_LANES; ++lane)
            to[lane * n + i] = from[i * MHOI_LANES + lane];
}
