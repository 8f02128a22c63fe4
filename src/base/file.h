/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read at once, written so that a reader sees the old or the new one, never half. */
#ifndef MHO_BASE_FILE_H
#define MHO_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

/* The most bytes of a file of each kind, unpacked. */
#define MHOI_TEXT_MAX ((size_t)16 << 20)       /* descriptions, texts of other tools */
#define MHOI_TABLE_MAX ((size_t)512 << 20)     /* CSV of a crossbar: 4096 x 4096 numbers */
#define MHOI_TENSOR_MAX ((size_t)1025 << 20)   /* 2^28 floats, and a header */
#define MHOI_MODEL_MAX (((size_t)1 << 31) - 1) /* of protobuf */
#define MHOI_DATA_MAX ((size_t)1 << 32)

/* *bytes gets size bytes, at most `most`, and a zero byte after them; mhoi_free it.  Gzip files come out unpacked.
 * MHO_EFILE: cannot open or read (with the reason); MHO_EFORMAT: damaged gzip, longer than `most`, or, beyond 64 MiB,
 * packed more than 200 to 1; MHO_ENOMEM;
 * MHO_EINTERRUPTED. */
MHO_MUST_CHECK mho_status mhoi_file_read(const char *path, size_t most, char **bytes, size_t *size);
/* Writes all of it by mho_output_open (mho/file.h): on failure the old file is untouched. */
MHO_MUST_CHECK mho_status mhoi_file_write(const char *path, const void *bytes, size_t size);
/* How many bytes it holds unpacked, as it tells itself (a packed one modulo 2^32); 0: unknown. */
size_t mhoi_file_told_size(const char *path);
/* The first bytes, unpacked, at most n < 2^31; returns how many there are: 0 also where it cannot be read. */
size_t mhoi_file_head(const char *path, void *bytes, size_t n);
/* Unpacks a deflated run of bytes, of which exactly `room` come.  MHO_EFORMAT: damaged, or not so many. */
MHO_MUST_CHECK mho_status mhoi_inflate(const char *path, const char *bytes, size_t size, char *out,
                                       size_t room);
bool mhoi_file_exists(const char *path);

#endif
