/* SPDX-License-Identifier: Apache-2.0 */
/* Digests by which configurations, data and networks are told apart (FNV-1a, 64 bits).  They guard against
 * mistakes, not against intent. */
#ifndef MHO_BASE_HASH_H
#define MHO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MHOI_HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t mhoi_fnv1a(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* With the zero byte, so that "a", "bc" is not "ab", "c". */
static inline uint64_t mhoi_fnv1a_text(uint64_t hash, const char *text)
{
    return mhoi_fnv1a(hash, text, strlen(text) + 1);
}

#endif
