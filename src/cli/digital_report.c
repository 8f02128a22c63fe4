/* SPDX-License-Identifier: Apache-2.0 */
#include "digital_report.h"

/* energy_J NULL: without. */
static void print_row(cli_table *t, const mho_placement_digital *d, const double *energy_J,
                      const cli_args *args)
{
    char number[32];
    const double counts[] = {d->macs, d->operations};
    cli_table_text(t, "%s", d->name);
    cli_table_text(t, "%s", d->op);
    for (size_t k = 0; k < 2; k++)
        if (args->csv)
            cli_table_text(t, "%.0f", counts[k]);
        else
            cli_table_text(t, "%s", cli_grouped((uint64_t)counts[k], number));
    cli_table_si(t, d->seconds, "s");
    if (energy_J && d->priced)
        cli_table_si(t, *energy_J, "J");
    else if (energy_J)
        cli_table_text(t, "not counted");
}

static cli_table *begin(const cli_args *args, bool energy)
{
    fputc('\n', args->out);
    return cli_table_create("Digital units",
                            energy ? "layer|operator|MACs>|operations>|time=>|energy=>"
                                   : "layer|operator|MACs>|operations>|time=>");
}

static void end(cli_table *t, double crossbars, double digital, const cli_args *args)
{
    char on[32], off[32];
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (!args->csv)
        fprintf(args->out, "  MACs an image: %s on crossbars, %s in digital units\n",
                cli_grouped((uint64_t)crossbars, on), cli_grouped((uint64_t)digital, off));
}

void cli_digital_print(const mho_placement *placement, const mho_cost *cost, const cli_args *args)
{
    if (!placement->digitals)
        return;
    cli_table *t = begin(args, cost != NULL);
    for (size_t i = 0; i < placement->digitals; i++) {
        const mho_placement_digital *d = &placement->digital[i];
        const double energy_J = cost ? mho_cost_energy_J(cost, "digital", d->name) : 0;
        print_row(t, d, cost ? &energy_J : NULL, args);
    }
    end(t, placement->macs, placement->digital_macs, args);
}

void cli_digital_print_result(const mho_result *r, const cli_args *args)
{
    if (!r->digitals)
        return;
    cli_table *t = begin(args, true);
    for (size_t i = 0; i < r->digitals; i++)
        print_row(t, &r->digital[i].unit, &r->digital[i].energy_J, args);
    end(t, r->crossbar_macs, r->digital_macs, args);
}
