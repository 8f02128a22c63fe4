/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a refusal: the library tells what is wrong, the program which of its commands helps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

mho_status cli_hint_model(mho_status s, const char *net)
{
    char reason[512];
    snprintf(reason, sizeof reason, "%s", mho_error_message());
    if (s == MHO_EDOMAIN && strncmp(reason, "output.calibration_images = ", 28) == 0)
        return mho_error(s, "%s; ask for fewer (`--set output.calibration_images=N`)%s", reason,
                         strstr(reason, " train images") ? ", or calibrate on `--calibration test`"
                                                         : "");
    if (s == MHO_ENODATA && strstr(reason, "no training images to calibrate on"))
        return mho_error(s, "%s (`--calibration test`, or another data set: `--calibration DATA`)",
                         reason);
    if (s == MHO_EDOMAIN && strstr(reason, " values, not with classes"))
        return mho_error(s,
                         "%s: there is no error to count; `mho simulate --input X.npy` tells how "
                         "far its values on hardware are from software's, `mho cost` its prices",
                         reason);
    if (s != MHO_ENOMODEL)
        return s;
    return mho_error(s,
                     "%s; train one (`mho train %s --style %s --data DIR -o model.onnx`) and name "
                     "the file; `mho map` and `mho cost` need none",
                     reason, net, strstr(reason, " trained binary ") ? "binary" : "float");
}

void cli_tell_classes(const cli_args *args, size_t images, size_t network)
{
    if (!args->quiet && images && images < network)
        fprintf(
            stderr,
            "mho: note: the images are of %zu class%s, the network tells %zu apart: classes 0..%zu "
            "are taken for its first outputs\n",
            images, images == 1 ? "" : "es", network, images - 1);
}

/* Which option, where the note asks for one. */
static const char *option_of(const char *note)
{
    return strstr(note, "give bytes, or the scale") ? " (--scale)" : "";
}

bool cli_tell_images(const cli_args *args, const mho_net *net, const mho_images *images,
                     size_t count, char *note)
{
    if (!mho_images_note(net, images, count, note))
        return false;
    if (!args->quiet)
        fprintf(stderr, "mho: note: %s%s\n", note, option_of(note));
    return true;
}

bool cli_tell_array(const cli_args *args, const mho_net *net, const mho_array *x, char *note)
{
    *note = '\0';
    if (x->type != MHO_TYPE_FLOAT && x->type != MHO_TYPE_DOUBLE)
        return false;
    float *value = cli_alloc((x->count + 1) * sizeof *value);
    for (size_t i = 0; i < x->count; i++)
        value[i] = (float)mho_array_number(x, i);
    const bool told = mho_input_note(net, value, x->count, note);
    free(value);
    if (told && !args->quiet)
        fprintf(stderr, "mho: note: %s (--input feeds arrays as they are)\n", note);
    return told;
}

void cli_tell_numbers(const mho_result *result, const cli_args *args)
{
    if (!args->quiet && *result->input_note)
        fprintf(stderr, "mho: note: %s%s\n", result->input_note, option_of(result->input_note));
}

mho_status cli_check_model_output(const char *command, const char *path)
{
    struct stat at;
    mho_output *probe = NULL;
    if (!path)
        return mho_error(MHO_EUSAGE, "%s writes a model: name it with -o model.onnx", command);
    const bool is_device = stat(path, &at) == 0 && !S_ISREG(at.st_mode);
    if (!cli_ends_with(path, ".onnx") && !is_device)
        return mho_error(MHO_EUSAGE,
                         "%s: -o %s: a model is written, want a name that ends in .onnx", command,
                         path);
    mho_status s = mho_output_open(path, &probe);
    return s ? s : mho_output_close(probe, false);
}

void cli_tell_result(const mho_result *result, const cli_args *args)
{
    cli_tell_idle(result->hw, args);
    cli_tell_g_off(result->hw, "", args);
    cli_tell_blocks(result->hw, args);
    cli_tell_zero_signs(args);
    cli_tell_input(args, NULL);
    cli_tell_numbers(result, args);
    cli_tell_classes(args, result->classes, result->outputs);
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

enum { TOLD = 4 };

bool cli_padding_of(const mho_node *node, cli_padding *out)
{
    const size_t k = mho_node_is_weighted(node) ? mho_node_block(node) : 1;
    if (k < 2)
        return false;
    const size_t groups = mho_node_op(node) == MHO_OP_CONV ? mho_node_geometry(node).groups : 1;
    const size_t filters = mho_node_output_shape(node).c, blocks = (filters / groups + k - 1) / k;
    *out = (cli_padding){.block = k,
                         .groups = groups,
                         .rows = mho_node_weight_count(node) / filters,
                         .filters = filters / groups,
                         .padded_rows = mho_node_stored_weights(node) / (groups * blocks),
                         .padded_filters = blocks * k};
    return out->padded_rows != out->rows || out->padded_filters != out->filters;
}

void cli_tell_padding(const mho_net *net)
{
    size_t padded = 0;
    cli_padding p;
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        if (!cli_padding_of(mho_net_node(net, i), &p))
            continue;
        if (padded++ < TOLD)
            fprintf(stderr, "%s%s (%zu rows, %zu filters%s, in blocks of %zu: %zu x %zu)",
                    padded == 1 ? "mho: note: blocks do not divide and are padded with zeros: "
                                : ", ",
                    mho_node_name(mho_net_node(net, i)), p.rows, p.filters,
                    p.groups > 1 ? " a group" : "", p.block, p.padded_rows, p.padded_filters);
    }
    if (padded > TOLD)
        fprintf(stderr, " and %zu layer%s more", padded - TOLD, padded - TOLD == 1 ? "" : "s");
    if (padded)
        fputc('\n', stderr);
}

static bool has_blocks(const mho_net *net)
{
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        if (mho_node_is_weighted(mho_net_node(net, i)) && mho_node_block(mho_net_node(net, i)) > 1)
            return true;
    return false;
}

/* Maps between layers that bits are to drive rows with, where the network makes none. */
static void tell_bits(const mho_hw *hw, const char *name)
{
    mho_net *net = NULL;
    size_t weighted = 0, bits = 0;
    const bool signs = /* the network is meant as trained in binary style */
        mho_hw_is(hw, "crossbar.mode", "binary") || mho_hw_is(hw, "crossbar.mode", "ternary");
    if (signs || mho_hw_number(hw, "input.bits") != 1 || mho_net_open(name, &net) != MHO_OK)
        return;
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_op op = mho_node_op(mho_net_node(net, i));
        weighted += mho_node_is_weighted(mho_net_node(net, i));
        bits += op == MHO_OP_SIGN || op == MHO_OP_STEP;
    }
    if (weighted > 1 && !bits)
        fprintf(
            stderr,
            "mho: note: maps of %s have several bits, and %s drives rows with one (input.bits): "
            "they are cut; `mho quantize %s --method threshold -o out.onnx` finds thresholds\n",
            name, mho_hw_name(hw), name);
    mho_net_destroy(net);
}

bool cli_is_narrow(const mho_hw *hw, const cli_args *args)
{
    mho_net *net = NULL;
    size_t steps = 0;
    if (!args->files || !mho_hw_is(hw, "crossbar.mode", "full") ||
        mho_hw_number(hw, "input.bits") <= 1 || mho_net_open(args->file[0], &net) != MHO_OK)
        return false;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        steps += mho_node_op(mho_net_node(net, i)) == MHO_OP_STEP;
    mho_net_destroy(net);
    return steps > 0;
}

static void tell_narrow(const mho_hw *hw, const cli_args *args)
{
    const double bits = mho_hw_number(hw, "input.bits");
    if (cli_is_narrow(hw, args))
        fprintf(stderr,
                "mho: note: thresholds make maps of 1 bit in %s: on %s (input.bits = %.0f) this is "
                "the 1-bit network on %.0f-bit hardware, not the multi-bit network it came from\n",
                args->file[0], mho_hw_name(hw), bits, bits);
}

bool cli_lacks_blocks(const mho_hw *hw, const cli_args *args)
{
    mho_net *net = NULL;
    if (!args->files || !mho_hw_is(hw, "crossbar.circulant", "turned") ||
        mho_net_open(args->file[0], &net) != MHO_OK)
        return false;
    const bool lacks = !has_blocks(net);
    mho_net_destroy(net);
    return lacks;
}

void cli_tell_blocks(const mho_hw *hw, const cli_args *args)
{
    mho_net *net = NULL;
    const char *name = args->files ? args->file[0] : "";
    const bool turned = mho_hw_is(hw, "crossbar.circulant", "turned");
    const bool copies = turned && mho_hw_number(hw, "crossbar.copies") > 1;
    const bool asked = strstr(name, "?block=") || strstr(name, "&block=");
    if (!args->quiet && strcmp(mho_hw_arch(hw), "crossbar") == 0)
        tell_bits(hw, name);
    if (!args->quiet && strcmp(mho_hw_arch(hw), "crossbar") == 0)
        tell_narrow(hw, args);
    if (args->quiet || (!asked && !turned) || mho_net_open(name, &net) != MHO_OK)
        return;
    const bool blocks = has_blocks(net);
    if (asked)
        cli_tell_padding(net);
    if (asked && blocks && !turned)
        fprintf(stderr,
                "mho: note: blocks save no crossbars on %s: crossbar.circulant is expanded, "
                "they lie as the ordinary weights they stand for\n",
                mho_hw_name(hw));
    if (copies && !blocks)
        fprintf(stderr,
                "mho: note: crossbar.copies = %.0f has no effect: no layer of %s has circulant "
                "blocks\n",
                mho_hw_number(hw, "crossbar.copies"), name);
    else if (turned && !blocks)
        fprintf(stderr,
                "mho: note: no layer of %s has circulant blocks, so %s holds ordinary weights "
                "(--block fc:128,conv:16 gives it some)\n",
                name, mho_hw_name(hw));
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

/* Fields by which g_off comes into sums. */
static bool g_off_acts(const mho_hw *hw)
{
    static const char *const above[] = {"device.read_noise", "wires.r_row", "wires.r_col",
                                        "wires.r_driver", "wires.r_sense"};
    bool acts = mho_hw_is(hw, "device.distribution", "lognormal") ||
                mho_hw_is(hw, "device.off_leak", "true") || !mho_hw_is(hw, "device.table", "") ||
                mho_hw_number(hw, "device.drift_time") > mho_hw_number(hw, "device.drift_start");
    for (size_t i = 0; i < sizeof above / sizeof *above; i++)
        acts = acts || mho_hw_number(hw, above[i]) > 0;
    return acts;
}

void cli_tell_g_off(const mho_hw *hw, const char *name, const cli_args *args)
{
    if (args->quiet || strcmp(mho_hw_arch(hw), "crossbar") != 0 || g_off_acts(hw))
        return;
    for (size_t i = 0; i < mho_hw_field_count(hw); i++) {
        const char *place = mho_hw_origin(hw, i)->place;
        if (strcmp(mho_hw_field(hw, i)->key, "device.g_off") == 0 &&
            strcmp(place, "default") != 0 && strncmp(place, "configs/", 8) != 0)
            fprintf(
                stderr,
                "mho: note: %s%sdevice.g_off has no effect on errors, only on prices: all cells "
                "of a row have it, and it is taken out of sums; it acts by read_noise, lognormal "
                "variation, drift, off_leak and wires\n",
                name, *name ? ": " : "");
    }
}
