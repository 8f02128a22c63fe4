/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries that few commands need are loaded when they are: starting takes a few milliseconds, and no
 * memory goes to what is not used. */
#ifndef MHO_BASE_LIBRARY_H
#define MHO_BASE_LIBRARY_H

#include <stddef.h>

#include "mho/status.h"

/* A function of the library and where its address goes (a pointer to a function pointer). */
typedef struct mhoi_symbol {
    const char *name;
    void *to;
} mhoi_symbol;

/* Loads `file` ("libdnnl.so.2") for good and finds its functions.
 * MHO_ENOMEM: it does not fit; MHO_EINTERNAL: it is not there, or lacks one of them. */
MHO_MUST_CHECK mho_status mhoi_library_open(const char *file, const mhoi_symbol *symbol,
                                            size_t count);

#endif
