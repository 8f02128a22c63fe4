/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer_paper.h"

mho_status buffer_run_one(const char *name, const char *hw, const char *const *sets,
                          mho_array_estimate **out)
{
    mho_net *net = NULL;
    mho_technology *tech = NULL;
    mho_array_options options;
    *out = NULL;
    mho_status s = mho_array_open(hw, sets, &options, NULL);
    if (!s)
        s = mho_net_zoo(name, &net);
    if (!s)
        s = mho_technology_open(options.macros, &tech);
    if (!s)
        s = mho_array_estimate_create(net, &options, tech, out);
    mho_technology_destroy(tech);
    mho_net_destroy(net);
    return s;
}
