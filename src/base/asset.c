/* SPDX-License-Identifier: Apache-2.0 */
/* The generated table of embedded files (cmake/assets.cmake), in the public form. */
#include <string.h>

#include "base/asset_table.h"
#include "mho/asset.h"

const mho_asset *mho_assets(size_t *count)
{
    *count = mhoi_asset_count;
    return mhoi_asset_table;
}

const mho_asset *mho_asset_find(const char *path)
{
    size_t low = 0, high = mhoi_asset_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, mhoi_asset_table[middle].path);
        if (order == 0)
            return &mhoi_asset_table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
