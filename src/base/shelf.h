/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept between calls, so that many points compute nothing twice: parsed tables, counted cycles.  A study has
 * one, and lends it to the run that is bound as long as a call of its own lasts. */
#ifndef MHO_BASE_SHELF_H
#define MHO_BASE_SHELF_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/status.h"

typedef struct mhoi_shelf mhoi_shelf;

MHO_MUST_CHECK mho_status mhoi_shelf_create(mhoi_shelf **out);
/* Frees all that was kept: nobody may use it any more. */
void mhoi_shelf_destroy(mhoi_shelf *shelf);
/* The bound run, with all its workers, has this one from now on (NULL: none); returns the one that it had. */
mhoi_shelf *mhoi_shelf_use(mhoi_shelf *shelf);

/* What was kept under that name and key; NULL: nothing, or there is no shelf.  Threads: any. */
const void *mhoi_shelf_find(const char *name, const void *key, size_t size);
/* true: the object is the shelf's now; false: there is no shelf, it is full (`most` of that name), or it has one
 * of that key: the object remains the caller's. */
typedef void mhoi_shelf_free_fn(void *object);
bool mhoi_shelf_keep(const char *name, size_t most, const void *key, size_t size, void *object,
                     mhoi_shelf_free_fn *release);

#endif
