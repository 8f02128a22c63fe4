/* SPDX-License-Identifier: Apache-2.0 */
/* Files written whole: whoever reads the path sees the old file or the new one, never half of it. */
#ifndef MHO_FILE_H
#define MHO_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef struct mho_output mho_output;

/* Opens path.tmp-PID-N beside the file that path names (links are followed) for writing; a device or pipe is written in
 * place.  Nothing has changed at path until mho_output_close.
 * MHO_EFILE "path: cannot write: reason"; MHO_ENOMEM. */
MHO_API MHO_MUST_CHECK mho_status mho_output_open(const char *path, mho_output **out);
MHO_API FILE *mho_output_stream(const mho_output *output);
/* With keep: flushes, syncs, and renames, with the old file's permissions; without, or on an error, path stays as it
 * was.  Destroys output in any case; NULL is fine.
 * MHO_EFILE "path: cannot write: reason", also of an earlier write to the stream. */
MHO_API MHO_MUST_CHECK mho_status mho_output_close(mho_output *output, bool keep);

/* Closes after work that ended with s: keeps the file if s is MHO_OK, and returns the first trouble (of a write that
 * failed, with its reason). */
MHO_API MHO_MUST_CHECK mho_status mho_output_finish(mho_output *output, mho_status s);

MHO_C_END

#endif
