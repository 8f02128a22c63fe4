/* SPDX-License-Identifier: Apache-2.0 */
/* A code drives its row as it is, with a voltage of either sign; +-1 as 1 and 0.  In parts, two's complement: the sign
 * bit counts against the rest, and codes that reach further above 0 than below take a bit more. */
#include "map/coding.h"

static void add(const mhoi_read_wish *wish, size_t all)
{
    if (wish->map->codes.lo >= 0 || wish->bits == all) {
        mhoi_reads_add(wish, all, 1);
        return;
    }
    while (wish->map->codes.hi >> (all - 1))
        all++;
    mhoi_reads_add(wish, all - 1, 1);
    mhoi_read_add(wish, -((int32_t)1 << (all - 1)), 1, all - 1, 1);
}

extern const mhoi_input_coding mhoi_inputs_direct;
const mhoi_input_coding mhoi_inputs_direct = {.name = "direct", .lines = 1, .add = add};
