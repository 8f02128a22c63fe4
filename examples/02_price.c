/* SPDX-License-Identifier: Apache-2.0 */
/* Third step: energy and area.
 *
 * The map tells what every component does for one image, the technology what that costs.  Prints the dearest
 * entries of a binary LeNet with the sources of their prices. */
#include <stdio.h>

#include "mho/mho.h"

static void print_dearest(const mho_cost *cost)
{
    double below_J = 1e99; /* entries from the dearest down */
    for (int place = 0; place < 5; place++) {
        const mho_cost_entry *best = NULL;
        for (size_t i = 0; i < cost->entries; i++)
            if (cost->entry[i].energy_J < below_J &&
                (!best || cost->entry[i].energy_J > best->energy_J))
                best = &cost->entry[i];
        if (!best)
            return;
        below_J = best->energy_J;
        printf("%9.1f nJ  %-6s %-12s %s\n%32s%s (%s)\n", 1e9 * best->energy_J,
               best->activity->layer, best->activity->component, best->activity->formula, "",
               best->component->energy[best->activity->operation].formula,
               best->component->energy[best->activity->operation].source);
    }
}

int main(void)
{
    mho_hw *hw = NULL;
    mho_net *net = NULL;
    mho_estimate *estimate = NULL;
    mho_status s = mho_hw_open("bcnn", NULL, &hw);
    if (!s)
        s = mho_net_zoo("lenet", &net);
    if (!s)
        s = mho_estimate_create(net, hw, &estimate);
    if (!s) {
        printf("lenet on bcnn: %.2f uJ an image, %.4f mm2; the dearest parts:\n",
               1e6 * estimate->cost->energy_J, 1e6 * estimate->cost->area_m2);
        print_dearest(estimate->cost);
    } else {
        fprintf(stderr, "%s\n", mho_error_message());
    }
    mho_estimate_destroy(estimate);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
    return mho_status_exit_code(s);
}
