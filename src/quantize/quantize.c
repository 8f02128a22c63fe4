/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of quantization: a row each, and the call by name. */
#include "mho/quantize.h"

#include <string.h>

#include "base/alloc.h"
#include "net/graph.h"

static mho_status threshold(const mho_net *net, const mho_data *data, const void *options,
                            mho_net **out, mho_quantize_report **report)
{
    if (mho_net_is_general(net))
        return mho_error(
            MHO_ENOTMODELED,
            "network %s: thresholds of general operators, only of layers (method fixed "
            "does them)",
            net->name);
    return mho_threshold_search(net, &data->train, options, out, report);
}

static mho_status fixed(const mho_net *net, const mho_data *data, const void *options,
                        mho_net **out, mho_quantize_report **report)
{
    return mho_fixed_quantize(net, &data->train, options, out, report);
}

const mho_quantize_method mho_quantize_methods[] = {
    {"fixed", "weights and maps of B bits with scales from a few images, no training",
     &mho_fixed_fields, fixed},
    {"threshold", "1-bit maps by a search for thresholds, weights as they are",
     &mho_threshold_fields, threshold},
};
const size_t mho_quantize_method_count = sizeof mho_quantize_methods / sizeof *mho_quantize_methods;

static mho_status find(const char *name, const mho_quantize_method **out)
{
    const char *names[sizeof mho_quantize_methods / sizeof *mho_quantize_methods];
    for (size_t i = 0; i < mho_quantize_method_count; i++) {
        *out = &mho_quantize_methods[i];
        names[i] = (*out)->name;
        if (!strcmp(name, (*out)->name))
            return MHO_OK;
    }
    return mho_error_near(MHO_EUSAGE, name, names, mho_quantize_method_count,
                          "no method of quantization %s (there are: fixed, threshold)", name);
}

/* Codes of codes would go by the scales of the first; a network keeps those it has. */
static mho_status refuse_codes(const mho_net *net)
{
    net = mhoi_net_placed(net) ? mhoi_net_placed(net) : net;
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].weight_bits && net->node[i].weight_scale)
            return mho_error(MHO_EUSAGE,
                             "layer '%s' has weights in codes of %zu bits already: quantize the "
                             "network that it was made of",
                             net->node[i].name, net->node[i].weight_bits);
    return MHO_OK;
}

/* Options for bytes say nothing of other numbers, which stay x itself, unless it was calibrated with such. */
static mho_status keep_input(const mho_net *net, const mho_data *data, mho_net *out)
{
    mho_input was, in;
    mho_net_get_input(net, &was);
    mho_net_get_input(out, &in);
    in.values = was.values && (was.values_kept || data->train.value);
    return mho_net_set_input(out, &in);
}

mho_status mho_quantize(const mho_net *net, const mho_data *data, const char *name,
                        const char *const *set, mho_net **out, mho_quantize_report **report)
{
    const mho_quantize_method *method = NULL;
    void *options = NULL;
    *out = NULL;
    if (report)
        *report = NULL;
    mho_status s = find(name, &method);
    if (!s)
        s = refuse_codes(net);
    if (!s)
        s = mhoi_alloc(&options, 1, method->fields->struct_size, "options");
    if (!s)
        s = mho_fields_preset(method->fields, options, NULL);
    for (size_t i = 0; !s && set && set[i]; i++)
        s = mho_fields_set(method->fields, set[i], options, NULL);
    if (!s)
        s = method->run(net, data, options, out, report);
    if (!s)
        s = keep_input(net, data, *out);
    mhoi_free(&options);
    return s;
}
