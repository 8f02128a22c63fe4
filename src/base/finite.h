/* SPDX-License-Identifier: Apache-2.0 */
/* Infinities and NaN, told by the exponent of each float: quick on any number of them. */
#ifndef MHO_BASE_FINITE_H
#define MHO_BASE_FINITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool mhoi_all_finite(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & UINT32_C(0x7f800000)) == UINT32_C(0x7f800000);
    }
    return bad == 0;
}

/* The first one that is not; n if all are. */
static inline size_t mhoi_first_not_finite(const float *x, size_t n)
{
    size_t i = 0;
    while (i < n && mhoi_all_finite(x + i, 1))
        i++;
    return i;
}

#endif
