/* SPDX-License-Identifier: Apache-2.0 */
/* mho nets: the networks that are built in; mho nets NET: the layers of one. */
#include <string.h>

#include "cli.h"

#define FOLDER "configs/net/"

static void shape_text(mho_shape s, char text[64])
{
    if (s.h * s.w == 1)
        snprintf(text, 64, "%zu", s.c);
    else
        snprintf(text, 64, "%zux%zux%zu", s.c, s.h, s.w);
}

static size_t weighted_layers(const mho_net *net)
{
    size_t count = 0;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        count += mho_node_is_weighted(mho_net_node(net, i));
    return count;
}

static mho_json *shape_json(mho_shape s)
{
    mho_json *v = mho_json_array();
    mho_json_add(v, mho_json_integer((int64_t)s.c));
    mho_json_add(v, mho_json_integer((int64_t)s.h));
    mho_json_add(v, mho_json_integer((int64_t)s.w));
    return v;
}

static mho_json *put_net(mho_json *v, const mho_net *net)
{
    mho_json_put(v, "network", mho_json_text(mho_net_name(net)));
    mho_json_put(v, "source", mho_json_text(mho_net_source(net)));
    mho_json_put(v, "input", shape_json(mho_net_input_shape(net)));
    mho_json_put(v, "output", shape_json(mho_net_output_shape(net)));
    mho_json_put(v, "input_bits", mho_json_integer((int64_t)mho_net_input_bits(net)));
    mho_json_put(v, "input_scale", mho_json_number((double)mho_net_input_scale(net)));
    mho_json_put(v, "weighted_layers", mho_json_integer((int64_t)weighted_layers(net)));
    mho_json_put(v, "macs", mho_json_integer((int64_t)mho_net_macs(net)));
    mho_json_put(v, "parameters", mho_json_integer((int64_t)mho_net_parameters(net)));
    return v;
}

static void net_row(cli_table *t, const mho_net *net, bool csv)
{
    char shape[64], number[32];
    cli_table_text(t, "%s", mho_net_name(net));
    shape_text(mho_net_input_shape(net), shape);
    cli_table_text(t, "%s", shape);
    cli_table_text(t, "%zu", weighted_layers(net));
    if (csv) {
        cli_table_text(t, "%llu", (unsigned long long)mho_net_macs(net));
        cli_table_text(t, "%llu", (unsigned long long)mho_net_parameters(net));
    } else {
        cli_table_text(t, "%s", cli_grouped(mho_net_macs(net), number));
        cli_table_text(t, "%s", cli_grouped(mho_net_parameters(net), number));
    }
    cli_table_text(t, "%s", mho_net_source(net));
}

static mho_status list(const cli_args *args)
{
    size_t count;
    const mho_asset *asset = mho_assets(&count);
    mho_json *root = mho_json_array();
    cli_table *t = cli_table_create("Networks", "name|input>|layers>|MACs>|parameters>|after");
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < count; i++) {
        if (strncmp(asset[i].path, FOLDER, strlen(FOLDER)) != 0)
            continue;
        mho_net *net = NULL;
        s = mho_net_read(asset[i].data, asset[i].path, &net);
        if (s)
            break;
        net_row(t, net, args->csv);
        mho_json_add(root, put_net(mho_json_object(), net));
        mho_net_destroy(net);
    }
    if (!s && args->json) {
        s = cli_print_json(args, root);
        root = NULL;
    } else if (!s) {
        cli_table_print(t, args);
    }
    mho_json_destroy(root);
    cli_table_destroy(t);
    return s;
}

/* " s2" or " s2,1"; nothing for 1. */
static int pair_text(char *text, char what, size_t height, size_t width)
{
    if (height != width)
        return sprintf(text, " %c%zu,%zu", what, height, width);
    return height != 1 ? sprintf(text, " %c%zu", what, height) : 0;
}

/* "5x5 s2 p1": what the shapes do not tell. */
static void window_text(const mho_geometry *n, char text[96])
{
    text[0] = 0;
    if (n->kh == 0)
        return;
    int k = snprintf(text, 96, "%zux%zu", n->kh, n->kw);
    k += pair_text(text + k, 's', n->stride_h, n->stride_w);
    k += pair_text(text + k, 'd', n->dilation_h, n->dilation_w);
    const bool even =
        n->pad_top == n->pad_left && n->pad_top == n->pad_bottom && n->pad_top == n->pad_right;
    if (!even)
        k += snprintf(text + k, 96 - (size_t)k, " p%zu,%zu,%zu,%zu", n->pad_top, n->pad_left,
                      n->pad_bottom, n->pad_right);
    else if (n->pad_top)
        k += snprintf(text + k, 96 - (size_t)k, " p%zu", n->pad_top);
    if (n->groups > 1)
        snprintf(text + k, 96 - (size_t)k, " g%zu", n->groups);
}

/* "relu3 + bn4"; of more than two layers the first, and how many more. */
static void reads_text(const mho_net *net, const mho_node *n, char text[96])
{
    const size_t inputs = mho_node_inputs(n);
    const char *name[2] = {"", ""};
    for (size_t k = 0; k < inputs && k < 2; k++)
        name[k] = mho_node_name(mho_net_node(net, mho_node_input(n, k)));
    if (inputs > 2)
        snprintf(text, 96, "%.40s + %zu others", name[0], inputs - 1);
    else
        snprintf(text, 96, "%.44s%s%.44s", name[0], inputs > 1 ? " + " : "", name[1]);
}

/* " (binary)"; nothing for real weights. */
static void alphabet_text(const mho_node *n, char text[96])
{
    const mho_alphabet a = mho_node_alphabet(n);
    text[0] = '\0';
    if (a != MHO_ALPHABET_REAL)
        snprintf(text, 96, " (%s)", mho_alphabet_name(a));
}

/* Blocks and bits of a layer; empty where there are none. */
static void code_cells(cli_table *t, const mho_node *n)
{
    const bool weighted = mho_node_is_weighted(n), blocks = weighted && mho_node_block(n) > 1;
    const size_t numbers[] = {blocks ? mho_node_block(n) : 0,
                              blocks ? mho_node_stored_weights(n) : 0, mho_node_weight_bits(n),
                              mho_node_value_bits(n)};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        if (numbers[k])
            cli_table_text(t, "%zu", numbers[k]);
        else
            cli_table_text(t, "%s", "");
}

/* Does any layer have blocks, or few bits? */
static bool is_coded(const mho_net *net)
{
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_node *n = mho_net_node(net, i);
        if (mho_node_weight_bits(n) || mho_node_value_bits(n) ||
            (mho_node_is_weighted(n) && mho_node_block(n) > 1))
            return true;
    }
    return false;
}

static void layer_row(cli_table *t, const mho_net *net, const mho_node *n, bool csv)
{
    char text[96], number[32];
    cli_table_text(t, "%s", mho_node_name(n));
    alphabet_text(n, text);
    cli_table_text(t, "%s%s", mho_node_op_name(n), text);
    const mho_geometry window = mho_node_geometry(n);
    window_text(&window, text);
    cli_table_text(t, "%s", text);
    reads_text(net, n, text);
    cli_table_text(t, "%s", text);
    shape_text(mho_node_output_shape(n), text);
    cli_table_text(t, "%s", text);
    const uint64_t amounts[] = {mho_node_macs(n),
                                mho_node_weight_count(n) + mho_node_bias_count(n)};
    for (size_t k = 0; k < 2; k++) {
        if (csv)
            cli_table_text(t, "%llu", (unsigned long long)amounts[k]);
        else
            cli_table_text(t, "%s", amounts[k] ? cli_grouped(amounts[k], number) : "");
    }
}

static void show_table(const cli_args *args, const mho_net *net)
{
    char number[32], title[256];
    snprintf(title, sizeof title, "%s: %s", mho_net_name(net), mho_net_source(net));
    const bool coded = is_coded(net);
    cli_table *t = cli_table_create(
        mho_net_source(net)[0] ? title : mho_net_name(net),
        coded ? "layer|kind|window|reads|output>|MACs>|parameters>|block>|stored weights>|weight "
                "bits>|map bits>"
              : "layer|kind|window|reads|output>|MACs>|parameters>");
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        layer_row(t, net, mho_net_node(net, i), args->csv);
        if (coded)
            code_cells(t, mho_net_node(net, i));
    }
    if (!args->csv) {
        cli_table_rule(t);
        cli_table_text(t, "total");
        for (size_t k = 0; k < 4; k++)
            cli_table_text(t, "%s", "");
        cli_table_text(t, "%s", cli_grouped(mho_net_macs(net), number));
        cli_table_text(t, "%s", cli_grouped(mho_net_parameters(net), number));
        for (size_t k = 0; k < 4 && coded; k++)
            cli_table_text(t, "%s", "");
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static mho_json *layer_json(const mho_net *net, const mho_node *n)
{
    mho_json *v = mho_json_object(), *reads = mho_json_array();
    mho_json_put(v, "name", mho_json_text(mho_node_name(n)));
    mho_json_put(v, "kind", mho_json_text(mho_node_op_name(n)));
    for (size_t k = 0; k < mho_node_inputs(n); k++)
        mho_json_add(reads, mho_json_text(mho_node_name(mho_net_node(net, mho_node_input(n, k)))));
    mho_json_put(v, "reads", reads);
    mho_json_put(v, "output", shape_json(mho_node_output_shape(n)));
    const mho_geometry g = mho_node_geometry(n);
    if (g.kh) {
        mho_json_put(v, "kernel_height", mho_json_integer((int64_t)g.kh));
        mho_json_put(v, "kernel_width", mho_json_integer((int64_t)g.kw));
        mho_json_put(v, "stride", mho_json_integer((int64_t)g.stride_h));
        mho_json_put(v, "stride_width", mho_json_integer((int64_t)g.stride_w));
        mho_json_put(v, "dilation_height", mho_json_integer((int64_t)g.dilation_h));
        mho_json_put(v, "dilation_width", mho_json_integer((int64_t)g.dilation_w));
    }
    if (mho_node_is_weighted(n)) {
        mho_json_put(v, "binary", mho_json_bool(mho_node_alphabet(n) == MHO_ALPHABET_BINARY));
        mho_json_put(v, "alphabet", mho_json_text(mho_alphabet_name(mho_node_alphabet(n))));
        mho_json_put(v, "macs", mho_json_integer((int64_t)mho_node_macs(n)));
        mho_json_put(v, "weights", mho_json_integer((int64_t)mho_node_weight_count(n)));
        mho_json_put(v, "biases", mho_json_integer((int64_t)mho_node_bias_count(n)));
        mho_json_put(v, "block", mho_json_integer((int64_t)mho_node_block(n)));
        mho_json_put(v, "stored_weights", mho_json_integer((int64_t)mho_node_stored_weights(n)));
    }
    if (mho_node_weight_bits(n))
        mho_json_put(v, "weight_bits", mho_json_integer((int64_t)mho_node_weight_bits(n)));
    if (mho_node_value_bits(n))
        mho_json_put(v, "map_bits", mho_json_integer((int64_t)mho_node_value_bits(n)));
    return v;
}

mho_status cmd_nets(const cli_args *args)
{
    if (args->files == 0)
        return list(args);
    mho_net *net = NULL;
    mho_status s = mho_net_open(args->file[0], &net);
    if (s == MHO_OK)
        cli_tell_assumed(args, net);
    if (s)
        return s;
    if (args->json) {
        mho_json *root = put_net(cli_result_json(args), net), *layers = mho_json_array();
        for (size_t i = 0; i < mho_net_nodes(net); i++)
            mho_json_add(layers, layer_json(net, mho_net_node(net, i)));
        mho_json_put(root, "layers", layers);
        s = cli_print_json(args, root);
    } else {
        show_table(args, net);
    }
    mho_net_destroy(net);
    return s;
}
