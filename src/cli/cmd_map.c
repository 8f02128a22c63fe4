/* SPDX-License-Identifier: Apache-2.0 */
/* mho map: where each layer goes, and the amounts of bcnn Table II. */
#include <inttypes.h>

#include "digital_report.h"
#include "reuse_report.h"
#include "times_report.h"

/* Of an image. */
typedef struct cycles {
    uint64_t eq6, eq7; /* which know of no service time */
    mho_pipeline
        *served; /* NULL: every window takes one cycle, or these layers cannot be simulated */
} cycles;

static const char *bits_text(size_t bits, bool input, char text[32])
{
    if (!bits)
        return "ideal";
    if (bits == 1)
        return input ? "bit" : "sense amp";
    snprintf(text, 32, "%zu bit", bits);
    return text;
}

/* Cells that stand for no weight. */
static void print_packing(const cli_args *args, const mho_placement *map)
{
    char number[32];
    for (size_t i = 0; i < map->layers && !args->csv; i++) {
        const mho_placement_layer *l = &map->layer[i];
        if (l->packed > 1)
            fprintf(args->out,
                    "  %s: %zu groups of %zu x %zu share a block of %zu x %zu; %s zeros stand "
                    "beside the "
                    "weights (%.1f %% of the block)\n",
                    l->name, l->packed, l->rows / l->packed, l->columns / l->packed, l->rows,
                    l->columns,
                    cli_grouped((uint64_t)l->groups * l->rows * l->columns - l->cells, number),
                    100 * (1 - 1 / (double)l->packed));
    }
}

/* Circulant blocks that lie as rotated copies of a vector. */
static bool has_vectors(const mho_placement *map)
{
    bool some = false;
    for (size_t i = 0; i < map->layers; i++)
        some = some || map->layer[i].block > 1;
    return some;
}

static void print_layers(const cli_args *args, const mho_placement *map)
{
    const bool vectors = has_vectors(map);
    char text[256];
    snprintf(text, sizeof text,
             "layer|groups>|rows R>|columns C>|positions P>|X_in>|X_out>|%s>|utilization>|inputs|"
             "outputs|word lines>|slices>|%sreads>|codings",
             map->single ? "crossbars" : "pairs", vectors ? "block k>|copies g>|" : "");
    cli_table *t = cli_table_create("Crossbars of a layer that stands once", text);
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        cli_table_text(t, "%s", l->name);
        if (l->packed > 1)
            cli_table_text(t, "%zu x %zu", l->groups, l->packed);
        else
            cli_table_text(t, "%zu", l->groups);
        cli_table_text(t, "%zu", l->rows);
        cli_table_text(t, "%zu", l->columns);
        cli_table_text(t, "%zu", l->positions);
        cli_table_text(t, "%zu", l->x_in);
        cli_table_text(t, "%zu", l->x_out);
        cli_table_text(t, "%zu", l->crossbar_pairs);
        cli_table_percent(t, l->utilization, 1);
        cli_table_text(t, "%s", bits_text(l->input_bits, true, text));
        cli_table_text(t, "%s", bits_text(l->output_bits, false, text));
        cli_table_text(t, "%zu", l->word_lines);
        cli_table_text(t, "%zu", l->slices);
        if (vectors) {
            cli_table_text(t, "%zu", l->block);
            cli_table_text(t, "%zu", l->copies);
        }
        if (l->turns > 1)
            cli_table_text(t, "%zu x %zu", l->turns, l->reads);
        else
            cli_table_text(t, "%zu", l->reads);
        cli_table_text(t, "%s weights, %s; %s", mho_alphabet_name(l->alphabet), l->weights,
                       l->inputs);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    print_packing(args, map);
}

static void amount(cli_table *t, const cli_args *args, uint64_t value)
{
    char text[32];
    if (args->csv)
        cli_table_text(t, "%" PRIu64, value);
    else
        cli_table_text(t, "%s", cli_grouped(value, text));
}

static void print_amounts(const cli_args *args, const mho_placement *map)
{
    char columns[128];
    snprintf(columns, sizeof columns,
             "layer|%s g R C>|inputs D0 = g R>|copied Dx = D0 X_out>|outputs A = g C X_in>|P>",
             has_vectors(map) ? "places" : "weights");
    cli_table *t =
        cli_table_create("Amounts (bcnn Table II; each works P times an image)", columns);
    uint64_t sum[4] = {0};
    for (size_t i = 0; i < map->layers; i++) {
        const mho_placement_layer *l = &map->layer[i];
        const uint64_t value[] = {l->cells, l->inputs_shared, l->inputs_copied, l->outputs};
        cli_table_text(t, "%s", l->name);
        for (size_t k = 0; k < 4; k++) {
            amount(t, args, value[k]);
            sum[k] += value[k];
        }
        amount(t, args, l->positions);
    }
    cli_table_rule(t);
    cli_table_text(t, "sum");
    for (size_t k = 0; k < 4; k++)
        amount(t, args, sum[k]);
    cli_table_text(t, "%s", "");
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static mho_status print_json(const cli_args *args, const mho_net *net, const mho_hw *hw,
                             const mho_placement *map)
{
    mho_json *root = cli_result_json(args);
    const mho_status s = mho_placement_json(net, hw, map, root);
    if (!s)
        return cli_print_json(args, root);
    mho_json_destroy(root);
    return s;
}

static void print_cycles(const cli_args *args, const cycles *n)
{
    char a[32], b[32];
    fprintf(args->out, "\nCycles an image: %s pipelined (bcnn Eq. 6), %s layer by layer (Eq. 7)\n",
            cli_grouped(n->eq6, a), cli_grouped(n->eq7, b));
    if (n->served)
        fprintf(args->out,
                "  with service times of up to %zu cycles: %s pipelined (simulated), %s layer by "
                "layer\n",
                n->served->service, cli_grouped(n->served->cycles, a),
                cli_grouped(n->served->layer_by_layer, b));
}

/* The weights that the network has, and the places that they take: padding and rotated copies of vectors are places, too. */
static void print_head(const cli_args *args, const mho_net *net, const mho_hw *hw,
                       const mho_placement *map)
{
    char number[32];
    uint64_t weights = 0, once = 0;
    for (size_t i = 0; i < mho_net_nodes(net); i++)
        if (mho_node_is_weighted(mho_net_node(net, i)))
            weights += mho_node_weight_count(mho_net_node(net, i));
    for (size_t i = 0; i < map->layers; i++)
        once += map->layer[i].crossbar_pairs;
    fprintf(args->out, "%s on %s: %s weights", mho_net_name(net), mho_hw_name(hw),
            cli_grouped(weights ? weights : map->cells, number));
    if (weights && weights != map->cells)
        fprintf(args->out, " in %s places%s", cli_grouped(map->cells, number),
                has_vectors(map) ? " (vectors of circulant blocks, padded, in g rotated copies)"
                                 : "");
    fprintf(args->out,
            map->single ? " on %s crossbars of %.0f x %.0f\n"
                        : " on %s pairs of %.0f x %.0f crossbars\n",
            cli_grouped(map->crossbar_pairs, number), mho_hw_number(hw, "crossbar.rows"),
            mho_hw_number(hw, "crossbar.columns"));
    if (once < map->crossbar_pairs)
        fprintf(args->out, "  %s if every layer stood once (crossbar.duplication: balanced)\n",
                cli_grouped(once, number));
    fputc('\n', args->out);
}

static mho_status print_text(const cli_args *args, const mho_net *net, const mho_hw *hw,
                             const mho_placement *map, const cycles *n)
{
    if (!args->csv)
        print_head(args, net, hw, map);
    print_layers(args, map);
    fputc('\n', args->out);
    print_amounts(args, map);
    fputc('\n', args->out);
    cli_times_print(map, args);
    cli_digital_print(map, NULL, args);
    const mho_status s = cli_reuse_print(map, args);
    if (!s && !args->csv)
        print_cycles(args, n);
    return s;
}

static mho_status count_cycles(const mho_net *net, const mho_placement *map, cycles *n)
{
    mho_status s = mho_cycles_pipelined(net, &n->eq6);
    if (!s)
        s = mho_cycles_layer_by_layer(net, &n->eq7);
    if (!s && mho_placement_is_slow(map))
        s = mho_pipeline_create_placed(net, map, &n->served);
    return s == MHO_ENOTMODELED ? MHO_OK : s;
}

mho_status cmd_map(const cli_args *args)
{
    mho_net *net = NULL;
    mho_placement *map = NULL;
    mho_hw *hw = NULL;
    cycles n = {0};
    mho_status s = mho_hw_open(args->hw ? args->hw : "bcnn", args->set, &hw);
    if (!s)
        cli_tell_idle(hw, args);
    if (!s)
        cli_tell_blocks(hw, args);
    if (!s)
        s = mho_net_open(args->file[0], &net);
    if (s == MHO_OK)
        cli_tell_assumed(args, net);
    if (!s)
        s = mho_placement_create(net, hw, &map);
    if (!s && !args->json)
        s = count_cycles(net, map, &n);
    if (!s && args->json)
        s = print_json(args, net, hw, map);
    else if (!s)
        s = print_text(args, net, hw, map, &n);
    mho_pipeline_destroy(n.served);
    mho_placement_destroy(map);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}
