/* SPDX-License-Identifier: Apache-2.0 */
/* What results depend on, as a line of text that is the same for the same contents and tells what differs:
 * "seed=1; images=100; data_id=0f3c...".  Kept with what may be gone on with later (checkpoints, sweeps). */
#ifndef MHO_BASE_IDENTITY_H
#define MHO_BASE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/api.h"

/* FNV-1a over eight bytes at a time, then the rest. */
#define MHOI_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t mhoi_hash(uint64_t hash, const void *bytes, size_t size);

/* Appends an item to text[size], which starts empty; bytes that would end an item or a line become '_'.
 * A key that ends in _id has a hash as its value; one that begins with @ is a remark and not compared.
 * "data<images_id": a hash that differs with `images`, and is not told besides where these differ.
 * false: no room, text is unchanged. */
MHO_MUST_CHECK bool mhoi_identity_add(char *text, size_t size, const char *key, const char *format,
                                      ...) MHO_PRINTF(4, 5);
MHO_MUST_CHECK bool mhoi_identity_add_id(char *text, size_t size, const char *key, uint64_t hash);
/* Whether all items are the same; if not, up to three that differ, for a message: "seed is 1 there, 2 here;
 * data differs". */
bool mhoi_identity_same(const char *there, const char *here, char *difference, size_t size);

#endif
