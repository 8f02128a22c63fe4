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
    for (size_t i = 0; i < net->nodes; i++)
        count += mho_node_is_weighted(&net->node[i]);
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

static mho_json *net_json(const mho_net *net)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "network", mho_json_text(net->name));
    mho_json_put(v, "source", mho_json_text(net->source));
    mho_json_put(v, "input", shape_json(net->node[0].out));
    mho_json_put(v, "output", shape_json(net->node[net->nodes - 1].out));
    mho_json_put(v, "input_bits", mho_json_integer((int64_t)net->input_bits));
    mho_json_put(v, "input_scale", mho_json_number((double)net->input_scale));
    mho_json_put(v, "weighted_layers", mho_json_integer((int64_t)weighted_layers(net)));
    mho_json_put(v, "macs", mho_json_integer((int64_t)mho_net_macs(net)));
    mho_json_put(v, "parameters", mho_json_integer((int64_t)mho_net_parameters(net)));
    return v;
}

static void net_row(cli_table *t, const mho_net *net, bool csv)
{
    char shape[64], number[32];
    cli_table_text(t, "%s", net->name);
    shape_text(net->node[0].out, shape);
    cli_table_text(t, "%s", shape);
    cli_table_text(t, "%zu", weighted_layers(net));
    if (csv) {
        cli_table_text(t, "%llu", (unsigned long long)mho_net_macs(net));
        cli_table_text(t, "%llu", (unsigned long long)mho_net_parameters(net));
    } else {
        cli_table_text(t, "%s", cli_grouped(mho_net_macs(net), number));
        cli_table_text(t, "%s", cli_grouped(mho_net_parameters(net), number));
    }
    cli_table_text(t, "%s", net->source);
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
        mho_json_add(root, net_json(net));
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

/* "5x5, stride 2, pad 1": what the shapes do not tell. */
static void window_text(const mho_node *n, char text[96])
{
    text[0] = 0;
    if (n->kh == 0)
        return;
    int k = snprintf(text, 96, "%zux%zu", n->kh, n->kw);
    if (n->stride != 1)
        k += snprintf(text + k, 96 - (size_t)k, " s%zu", n->stride);
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

static void layer_row(cli_table *t, const mho_net *net, const mho_node *n, bool csv)
{
    char text[96], number[32];
    cli_table_text(t, "%s", n->name);
    cli_table_text(t, "%s%s", mho_op_name(n->op), n->binary ? " (binary)" : "");
    window_text(n, text);
    cli_table_text(t, "%s", text);
    const char *first = n->inputs ? net->node[n->input[0]].name : "";
    cli_table_text(t, "%s%s%s", first, n->inputs > 1 ? " + " : "",
                   n->inputs > 1 ? net->node[n->input[1]].name : "");
    shape_text(n->out, text);
    cli_table_text(t, "%s", text);
    const uint64_t amounts[] = {mho_node_macs(n),
                                mho_node_weight_count(n) + (n->has_bias ? n->out.c : 0)};
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
    snprintf(title, sizeof title, "%s: %s", net->name, net->source);
    cli_table *t = cli_table_create(net->source[0] ? title : net->name,
                                    "layer|kind|window|reads|output>|MACs>|parameters>");
    for (size_t i = 0; i < net->nodes; i++)
        layer_row(t, net, &net->node[i], args->csv);
    if (!args->csv) {
        cli_table_rule(t);
        cli_table_text(t, "total");
        for (size_t k = 0; k < 4; k++)
            cli_table_text(t, "%s", "");
        cli_table_text(t, "%s", cli_grouped(mho_net_macs(net), number));
        cli_table_text(t, "%s", cli_grouped(mho_net_parameters(net), number));
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static mho_json *layer_json(const mho_net *net, const mho_node *n)
{
    mho_json *v = mho_json_object(), *reads = mho_json_array();
    mho_json_put(v, "name", mho_json_text(n->name));
    mho_json_put(v, "kind", mho_json_text(mho_op_name(n->op)));
    for (size_t k = 0; k < n->inputs; k++)
        mho_json_add(reads, mho_json_text(net->node[n->input[k]].name));
    mho_json_put(v, "reads", reads);
    mho_json_put(v, "output", shape_json(n->out));
    if (n->kh) {
        mho_json_put(v, "kernel_height", mho_json_integer((int64_t)n->kh));
        mho_json_put(v, "kernel_width", mho_json_integer((int64_t)n->kw));
        mho_json_put(v, "stride", mho_json_integer((int64_t)n->stride));
    }
    if (mho_node_is_weighted(n)) {
        mho_json_put(v, "binary", mho_json_bool(n->binary));
        mho_json_put(v, "macs", mho_json_integer((int64_t)mho_node_macs(n)));
        mho_json_put(v, "weights", mho_json_integer((int64_t)mho_node_weight_count(n)));
        mho_json_put(v, "biases", mho_json_integer(n->has_bias ? (int64_t)n->out.c : 0));
    }
    return v;
}

mho_status cmd_nets(const cli_args *args)
{
    if (args->files == 0)
        return list(args);
    mho_net *net = NULL;
    mho_status s = mho_net_open(args->file[0], &net);
    if (s)
        return s;
    if (args->json) {
        mho_json *root = net_json(net), *layers = mho_json_array();
        for (size_t i = 0; i < net->nodes; i++)
            mho_json_add(layers, layer_json(net, &net->node[i]));
        mho_json_put(root, "layers", layers);
        s = cli_print_json(args, root);
    } else {
        show_table(args, net);
    }
    mho_net_destroy(net);
    return s;
}
