/* SPDX-License-Identifier: Apache-2.0 */
/* Files of what was computed before, in the folder of the bound run (mho_run_set_cache).  Whoever reads one checks all of it: it
 * may be of another version, or damaged.  Several programs may read and write at once.  Nothing here fails: what cannot
 * be read is computed, what cannot be written is not kept. */
#ifndef MHO_BASE_CACHE_H
#define MHO_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/* All files begin with this; others are left alone. */
#define MHOI_CACHE_PREFIX "calibration-"
enum { MHOI_CACHE_FILES = 1024, MHOI_CACHE_NAME = 80 };
#define MHOI_CACHE_BYTES ((size_t)256 << 20) /* of all files together */

bool mhoi_cache_on(void);
/* A hash of the library's sources, which all keys contain: what other code made is not found (build/generated/build_identity.c). */
const char *mhoi_build_identity(void);
/* What the file of that name holds, at most `most` bytes (mhoi_free it); it is then the one that was used last.  false: there is none. */
bool mhoi_cache_read(const char *name, size_t most, char **bytes, size_t *size);
/* Others see the old file or this one, never half.  Where there are too many or too large ones then, those go that were not used for
 * the longest time. */
void mhoi_cache_write(const char *name, const void *bytes, size_t size);
/* What is wrong with that file, for mho_run_cache_note. */
void mhoi_cache_note(const char *name, const char *what);

#endif
