/* SPDX-License-Identifier: Apache-2.0 */
/* What the cells did while images ran, and the energy of it beside the one assumed. */
#include <string.h>

#include "study_report.h"

static double energy_of(const mho_result_cost *cost, const char *layer)
{
    for (size_t i = 0; i < cost->layers; i++)
        if (!strcmp(cost->layer[i].name, layer))
            return cost->layer[i].energy_J;
    return 0;
}

static void add_layer(cli_table *t, const mho_result *r, const mho_result_activity *layer,
                      const cli_args *args)
{
    const mho_chip_activity *a = &layer->sum;
    const double images = (double)a->images, drives = (double)a->counts.row_drives;
    const double cells =
        (double)a->cells_on_row * a->square; /* each counts as much as it is driven */
    char rows[32];
    cli_table_text(t, "%s", layer->name);
    if (args->csv)
        cli_table_text(t, "%.0f", drives / images);
    else
        cli_table_text(t, "%s", cli_grouped((uint64_t)(drives / images), rows));
    cli_table_percent(t, (double)a->driven / drives, 1);
    if (args->csv) {
        cli_table_number(t, a->square / drives);
        cli_table_number(t, cells > 0 ? 1e6 * a->square_S / cells : 0);
    } else {
        cli_table_text(t, "%.3f", a->square / drives);
        cli_table_text(t, "%.2f", cells > 0 ? 1e6 * a->square_S / cells : 0);
    }
    if (!r->has_measured)
        return;
    cli_table_si(t, energy_of(&r->cost, layer->name), "J");
    cli_table_si(t, energy_of(&r->measured, layer->name), "J");
}

static void add_total(cli_table *t, const char *what, double assumed_J, double measured_J)
{
    cli_table_text(t, "%s", what);
    for (int i = 0; i < 4; i++)
        cli_table_text(t, "%s", "");
    cli_table_si(t, assumed_J, "J");
    cli_table_si(t, measured_J, "J");
}

void cli_print_activity(const mho_result *r, const cli_args *args)
{
    if (!r->activities || !r->activity[0].sum.images)
        return;
    cli_table *t = cli_table_create(
        args->csv
            ? ""
            : "What the rows and cells did, an image, and its energy as assumed and as measured",
        r->has_measured
            ? "layer|row drives>|driven>|mean x^2>|conductance (uS)>|assumed=>|measured=>"
            : "layer|row drives>|driven>|mean x^2>|conductance (uS)>");
    for (size_t i = 0; i < r->activities; i++)
        add_layer(t, r, &r->activity[i], args);
    if (r->has_measured) {
        cli_table_rule(t);
        add_total(t, "total", r->cost.energy_J, r->measured.energy_J);
        if (*r->notes.generic) { /* CSV: as it was */
            char what[MHO_COST_NAME + 16];
            snprintf(what, sizeof what, args->csv ? "%s" : "total by %s", r->notes.generic);
            add_total(t, what, r->generic.energy_J, r->measured_generic_J);
        }
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    fputc('\n', args->out);
}
