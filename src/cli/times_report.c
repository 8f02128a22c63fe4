/* SPDX-License-Identifier: Apache-2.0 */
/* What a window takes in each layer of a placement, as a table and as keys of a layer. */
#include <inttypes.h>

#include "times_report.h"

static void add_layer(cli_table *t, const cli_args *args, const mho_placement_layer *l)
{
    char number[32];
    cli_table_text(t, "%s", l->name);
    cli_table_text(t, "%zu", l->reads);
    cli_table_text(t, "%zu", l->passes);
    cli_table_text(t, "%zu", l->columns_per_converter);
    if (args->csv)
        cli_table_text(t, "%" PRIu64, l->converters);
    else
        cli_table_text(t, "%s", cli_grouped(l->converters, number));
    cli_table_percent(t, l->converter_utilization, 1);
    cli_table_text(t, "%zu", l->duplication);
    cli_table_si(t, l->t_read_s, "s");
    cli_table_text(t, "%zu", l->service);
    if (args->csv)
        cli_table_text(t, "%" PRIu64, l->occupied);
    else
        cli_table_text(t, "%s", cli_grouped(l->occupied, number));
}

static uint64_t needed_of(const mho_placement *p)
{
    uint64_t all = 0;
    for (size_t i = 0; i < p->layers; i++)
        all += (uint64_t)p->layer[i].sides * p->layer[i].crossbar_pairs * p->layer[i].duplication;
    return all;
}

/* Where the chip has fewer crossbars than the network takes. */
static void print_rewriting(const mho_placement *p, const cli_args *args)
{
    char budget[32], needed[32], crossbars[32], room[32], time[32];
    if (p->rewritten_cells)
        fprintf(
            args->out,
            "  The chip has %s crossbars, the network takes %s: layer by layer, and every image "
            "has %s written anew, on %s in turn, for %s more\n",
            cli_grouped(p->budget, budget), cli_grouped(needed_of(p), needed),
            cli_grouped(p->rewritten_crossbars, crossbars), cli_grouped(p->room, room),
            cli_si(p->rewrite_s, "s", time));
}

void cli_times_print(const mho_placement *placement, const cli_args *args)
{
    cli_table *t = cli_table_create(
        "Time", "layer|reads>|passes>|columns a converter>|converters>|in use>|stands>|a read=>|"
                "cycles a window>|cycles an image>");
    char interval[32], clock[32];
    for (size_t i = 0; i < placement->layers; i++)
        add_layer(t, args, &placement->layer[i]);
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (args->csv)
        return;
    fprintf(args->out, "  estimated, %s: an image every %s cycles",
            placement->layer_by_layer ? "layer by layer"
                                      : "in whole rounds of what stands several times",
            cli_grouped(placement->interval, interval));
    if (*placement->bottleneck)
        fprintf(args->out, ", as long as %s is busy", placement->bottleneck);
    if (placement->clock_s > 0)
        fprintf(args->out, "; a cycle takes %s (%s)", cli_si(placement->clock_s, "s", clock),
                placement->clock);
    fputc('\n', args->out);
    print_rewriting(placement, args);
}
