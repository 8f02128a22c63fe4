/* SPDX-License-Identifier: Apache-2.0 */
#include "bcnn.h"

mho_status bcnn_price(const char *name, const char *hw, const char *const *sets, mho_estimate **out)
{
    mho_net *net;
    mho_hw_config config;
    *out = NULL;
    mho_status s = mho_hw_open(hw, sets, &config);
    if (!s)
        s = mho_net_zoo(name, &net);
    if (s)
        return s;
    s = mho_estimate_create(net, &config.hw, out);
    mho_net_destroy(net);
    return s;
}
