/* SPDX-License-Identifier: Apache-2.0 */
/* max(x, 0) in one read, max(-x, 0) in another whose sum is taken off. */
#include "map/coding.h"

static void add(const mhoi_read_wish *wish, size_t all)
{
    mhoi_reads_add(wish, all, 1);
    mhoi_reads_add(wish, all, -1);
}

extern const mhoi_input_coding mhoi_inputs_two_reads;
const mhoi_input_coding mhoi_inputs_two_reads = {
    .name = "two reads", .lines = 1, .one_of_two = true, .add = add};
