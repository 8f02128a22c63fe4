/* SPDX-License-Identifier: Apache-2.0 */
#include "bcnn.h"

mho_status bcnn_price(const char *name, const char *hw, const char *const *sets, mho_estimate **out)
{
    mho_net *net = NULL;
    mho_hw *config = NULL;
    *out = NULL;
    mho_status s = mho_hw_open(hw, sets, &config);
    if (!s)
        s = mho_net_zoo(name, &net);
    if (!s)
        s = mho_estimate_create(net, config, out);
    mho_net_destroy(net);
    mho_hw_destroy(config);
    return s;
}
