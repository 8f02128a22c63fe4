/* SPDX-License-Identifier: Apache-2.0 */
/* Two word lines a weight: max(x, 0) drives the first, max(-x, 0) the second, which holds -m.  With one cell a weight
 * these are XNOR pairs. */
#include "map/coding.h"

static void add(const mhoi_read_wish *wish, size_t all)
{
    mhoi_reads_add(wish, all, 1);
}

extern const mhoi_input_coding mhoi_inputs_two_rows;
const mhoi_input_coding mhoi_inputs_two_rows = {
    .name = "two rows", .lines = 2, .one_of_two = true, .add = add};
