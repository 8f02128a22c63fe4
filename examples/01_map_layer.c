/* SPDX-License-Identifier: Apache-2.0 */
/* Second step: a network on crossbars, before anything is trained.
 *
 * Maps LeNet onto crossbars of several sizes and prints how many are needed and how full they are. */
#include <stdio.h>

#include "mho/mho.h"

static void print_map(const mho_hw *hw, const mho_placement *map)
{
    printf("%g x %g crossbars: %llu pairs\n", mho_hw_number(hw, "crossbar.rows"),
           mho_hw_number(hw, "crossbar.columns"), (unsigned long long)map->crossbar_pairs);
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        printf("  %-6s %4zu rows x %3zu columns: %2zu pairs, %5.1f %% in use\n", l->name, l->rows,
               l->columns, l->crossbar_pairs, 100 * l->utilization);
    }
}

static mho_status show(const mho_net *net, const char *rows, const char *columns)
{
    const char *sets[] = {rows, columns, NULL};
    mho_hw *hw = NULL;
    mho_placement *map = NULL;
    mho_status s = mho_hw_open("bcnn", sets, &hw);
    if (!s)
        s = mho_placement_create(net, hw, &map);
    if (!s)
        print_map(hw, map);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
    return s;
}

int main(void)
{
    mho_net *net = NULL;
    mho_status s = mho_net_zoo("lenet", &net);
    if (!s)
        s = show(net, "crossbar.rows=128", "crossbar.columns=128");
    if (!s)
        s = show(net, "crossbar.rows=512", "crossbar.columns=128");
    if (s)
        fprintf(stderr, "%s\n", mho_error_message());
    mho_net_destroy(net);
    return mho_status_exit_code(s);
}
