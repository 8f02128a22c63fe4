/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer_paper.h"

mho_status buffer_run_one(const char *name, const char *hw_name, const char *const *sets,
                          mho_array_estimate **out)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    *out = NULL;
    mho_status s = mho_hw_open(hw_name, sets, &hw);
    if (!s)
        s = mho_net_zoo(name, &net);
    if (!s)
        s = mho_array_estimate_create(net, hw, NULL, 0, out);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}
