/* SPDX-License-Identifier: Apache-2.0 */
/* Files compiled into the program, so that it runs from anywhere: configs/ and models/. */
#ifndef MHO_ASSET_H
#define MHO_ASSET_H

#include <stddef.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef struct mho_asset {
    const char *path; /* "configs/hw/bcnn.yaml" */
    const char *data; /* size bytes, then a zero byte */
    size_t size;
} mho_asset;

/* All of them, sorted by path. */
MHO_API const mho_asset *mho_assets(size_t *count);
/* NULL if there is none of that path. */
MHO_API const mho_asset *mho_asset_find(const char *path);

MHO_C_END

#endif
