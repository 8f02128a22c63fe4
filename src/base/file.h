/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read at once, written so that a reader sees the old or the new one, never half. */
#ifndef MHO_BASE_FILE_H
#define MHO_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

/* *bytes gets size bytes and a zero byte after them; mhoi_free it.  Gzip files come out unpacked.
 * MHO_EFILE: cannot open or read (with the reason); MHO_EFORMAT: damaged gzip; MHO_ENOMEM. */
MHO_MUST_CHECK mho_status mhoi_file_read(const char *path, char **bytes, size_t *size);
/* Writes all of it by mho_output_open (mho/file.h): on failure the old file is untouched. */
MHO_MUST_CHECK mho_status mhoi_file_write(const char *path, const void *bytes, size_t size);
bool mhoi_file_exists(const char *path);

#endif
