/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a refusal: the library tells what is wrong, the program which of its commands helps. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

mho_status cli_hint_model(mho_status s, const char *net)
{
    char reason[512];
    if (s != MHO_ENOMODEL)
        return s;
    snprintf(reason, sizeof reason, "%s", mho_error_message());
    return mho_error(s,
                     "%s; train one (`mho train %s --style %s --data DIR -o model.onnx`) and name "
                     "the file; `mho map` and `mho cost` need none",
                     reason, net, strstr(reason, " trained binary ") ? "binary" : "float");
}

void cli_tell_zero_signs(const cli_args *args)
{
    mho_net *net = NULL;
    const char *name = args->files ? args->file[0] : "";
    if (args->quiet || !strstr(name, ".onnx") || mho_net_open(name, &net) != MHO_OK)
        return;
    const size_t signs = mho_net_zero_signs(net);
    if (signs)
        fprintf(stderr,
                "mho: note: %zu layer%s of %s %s Sign(0) = 0 where sums of 0 may occur; crossbars "
                "compare, and give -1 there\n",
                signs, signs == 1 ? "" : "s", name, signs == 1 ? "has" : "have");
    mho_net_destroy(net);
}

/* A description of 8-bit weights with a device of 1 bit is a network of weights -1, 0 and 1. */
static void tell_coarse(const mho_hw *hw, const char *name)
{
    const bool pair = mho_hw_is(hw, "crossbar.weights", "differential");
    if (mho_hw_is(hw, "crossbar.mode", "full") && pair && mho_hw_number(hw, "device.bits") == 1 &&
        mho_hw_number(hw, "crossbar.weight_bits") == 0)
        fprintf(stderr,
                "mho: note: %s%sdevice.bits = 1: a weight is -1, 0 or 1; crossbar.weight_bits = 8 "
                "lays it in several cells\n",
                name, *name ? ": " : "");
}

void cli_tell_idle(const mho_hw *hw, const cli_args *args)
{
    cli_tell_idle_of(hw, "", args);
}

void cli_tell_idle_of(const mho_hw *hw, const char *name, const cli_args *args)
{
    const char *why = NULL;
    const size_t count = mho_hw_field_count(hw);
    if (!args->quiet)
        tell_coarse(hw, name);
    for (size_t i = mho_hw_idle(hw, 0, &why); i < count && !args->quiet;
         i = mho_hw_idle(hw, i + 1, &why)) {
        char value[256];
        mho_hw_print(hw, i, value, sizeof value);
        fprintf(stderr, "mho: note: %s%s%s = %s has no effect: %s (%s)\n", name, *name ? ": " : "",
                mho_hw_field(hw, i)->key, value, why, mho_hw_origin(hw, i)->place);
    }
}
