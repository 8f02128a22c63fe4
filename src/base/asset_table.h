/* SPDX-License-Identifier: Apache-2.0 */
/* The table that cmake/assets.cmake generates, sorted by path. */
#ifndef MHO_BASE_ASSET_TABLE_H
#define MHO_BASE_ASSET_TABLE_H

#include "mho/asset.h"

extern const mho_asset mhoi_asset_table[];
extern const size_t mhoi_asset_count;

#endif
