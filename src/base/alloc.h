/* SPDX-License-Identifier: Apache-2.0 */
/* All allocation of the library goes through here, so that a test can fail the k-th one. */
#ifndef MHO_BASE_ALLOC_H
#define MHO_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

/* *out = count zeroed elements of `size` bytes, aligned to 64 bytes; count 0 gives NULL and MHO_OK.
 * MHO_ENOMEM: "what: 12.3 GB (count x size)" ; *out is NULL then.  out is a pointer to any pointer. */
MHO_MUST_CHECK mho_status mhoi_alloc(void *out, size_t count, size_t size, const char *what);
/* Room for one more of `used` elements of `size` bytes: where *room of them are used, *array goes on with twice the room
 * and zeros behind the old ones.  array is a pointer to any pointer, to NULL with *room 0 at first. */
MHO_MUST_CHECK mho_status mhoi_grow(void *array, size_t *room, size_t used, size_t size,
                                    const char *what);
/* Frees and sets *pointer to NULL; pointer is a pointer to any pointer. */
void mhoi_free(void *pointer);

/* Tests: the k-th allocation from now fails (1 = the next); 0 = none. */
void mhoi_alloc_fail_at(uint64_t k);
/* Allocations made so far by this process, and those not yet freed. */
uint64_t mhoi_alloc_count(void);
uint64_t mhoi_alloc_live(void);
/* Bytes that are allocated. */
uint64_t mhoi_alloc_bytes(void);
/* The most at once since the last watch, of all threads. */
void mhoi_alloc_watch(void);
uint64_t mhoi_alloc_most(void);

#endif
