/* SPDX-License-Identifier: Apache-2.0 */
/* The table that cmake/assets.cmake generates. */
#ifndef MHO_BASE_ASSET_TABLE_H
#define MHO_BASE_ASSET_TABLE_H

typedef struct mhoi_asset_entry {
    const char *path, *begin, *end;
} mhoi_asset_entry;

extern const mhoi_asset_entry mhoi_asset_table[];
extern const unsigned mhoi_asset_count;

#endif
