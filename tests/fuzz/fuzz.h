/* SPDX-License-Identifier: Apache-2.0 */
/* What the harnesses share.  Each fuzz_NAME.c gives one reader any bytes there are; it must return, with whatever status,
 * free what it allocated, and leave nothing for the sanitizers to find. */
#ifndef MHO_TEST_FUZZ_H
#define MHO_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes and a zero byte after them, in a block of exactly that size; free() it. */
char *fuzz_text(const uint8_t *data, size_t size);
/* A file of these bytes, for readers that want a path; valid until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);
/* Ends the process if the reader left memory behind, or failed without a message. */
void fuzz_done(mho_status s);
/* The same where `live` blocks were there before. */
void fuzz_done_from(mho_status s, uint64_t live);

#endif
