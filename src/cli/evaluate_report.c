/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `mho evaluate` for the eye and as CSV; evaluate_json.c has the JSON. */
#include <math.h>
#include <string.h>

#include "evaluate.h"

static void print_headline(const evaluation *e, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    char energy[32], area[32], cycles[32];
    fprintf(args->out,
            "%s%s on %s: %.2f %% error (software %.2f %%), %s an image, %s, %s cycles%s\n\n",
            m->bold, mho_net_name(e->net), e->hw.hw.name, 100 * e->spread.mean,
            100 * e->software_error, cli_si(e->own->cost->energy_J, "J", energy),
            cli_si(e->own->cost->area_m2, "m2", area), cli_grouped(e->pipelined, cycles), m->end);
}

static const char *variation(const mho_device *d, char text[64])
{
    static const char *const name[] = {"uniform", "Gaussian", "lognormal"};
    bool lognormal = d->distribution == MHO_DIST_LOGNORMAL;
    double size = lognormal ? d->variation_sigma : d->variation;
    if (size > 0)
        snprintf(text, 64, "%s variation %g", name[d->distribution], size);
    else
        snprintf(text, 64, "no variation");
    return text;
}

static void print_setting(const evaluation *e, const cli_args *args)
{
    FILE *out = args->out;
    const mho_hw *hw = &e->hw.hw;
    char weights[32], macs[32], images[32], varied[64];
    fprintf(out, "  network   %zu weighted layers, %s weights, %s MACs; %s\n", e->own->map->layers,
            cli_grouped(e->own->map->cells, weights), cli_grouped(mho_net_macs(e->net), macs),
            e->model);
    fprintf(out, "  data      %s: %s test images, %s\n", e->data->name,
            cli_grouped(e->images, images), e->data->place);
    fprintf(out, "  hardware  %zu x %zu crossbars of %zu-bit %s cells, %s weights, %s\n",
            hw->crossbar.rows, hw->crossbar.columns, hw->device.bits,
            hw->crossbar.cell == MHO_CELL_1T1R ? "1T1R" : "0T1R",
            hw->crossbar.mode == MHO_MODE_BINARY ? "binary" : "multi-bit",
            variation(&hw->device, varied));
    fprintf(out,
            "            inputs %zu bit (first layer %zu), outputs %zu bit (first layer %zu, split "
            "rows %zu)\n\n",
            hw->input.bits, hw->input.first_bits, hw->output.bits, hw->output.first_bits,
            hw->output.split_bits);
}

static void add_error(cli_table *t, const evaluation *e, const char *what, double error)
{
    double points = 100 * (error - e->software_error);
    cli_table_text(t, "%s", what);
    cli_table_percent(t, error, 2);
    cli_table_text(t, "%+.2f", fabs(points) < 0.005 ? 0.0 : points);
}

static void print_accuracy(const evaluation *e, const cli_args *args)
{
    const mho_spread *d = &e->spread;
    char what[64];
    cli_table *t = cli_table_create("Test error", "|error>|change>|std>|min>|max>");
    cli_table_text(t, "software");
    cli_table_percent(t, e->software_error, 2);
    for (int i = 0; i < 4; i++)
        cli_table_text(t, "%s", "");
    add_error(t, e, "crossbars, ideal devices", e->ideal_error);
    for (int i = 0; i < 3; i++)
        cli_table_text(t, "%s", "");
    snprintf(what, sizeof what, "crossbars, %zu programming%s", d->trials,
             d->trials == 1 ? "" : "s");
    add_error(t, e, what, d->mean);
    cli_table_text(t, "%.2f", 100 * d->std);
    cli_table_percent(t, d->min, 2);
    cli_table_percent(t, d->max, 2);
    if (!isnan(e->base_error)) {
        cli_table_text(t, "8-bit CNN, ideal devices"); /* another network: no change to tell */
        cli_table_percent(t, e->base_error, 2);
        for (int i = 0; i < 4; i++)
            cli_table_text(t, "%s", "");
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    if (e->interrupted)
        fprintf(args->out, "  incomplete: interrupted after %zu of %zu programmings\n",
                e->spread.trials, e->trials);
    fputc('\n', args->out);
}

static cli_table *layer_table(const evaluation *e, const char *title)
{
    cli_table *t =
        cli_table_create(title, "layer|rows>|columns>|positions>|row splits>|column splits>|"
                                "crossbar pairs>|utilization>");
    const mho_map *map = e->own->map;
    for (size_t i = 0; i < map->layers; i++) {
        const mho_map_layer *l = &map->layer[i];
        cli_table_text(t, "%s", l->name);
        cli_table_text(t, "%zu", l->groups * l->rows);
        cli_table_text(t, "%zu", l->groups * l->columns);
        cli_table_text(t, "%zu", l->positions);
        cli_table_text(t, "%zu", l->x_in);
        cli_table_text(t, "%zu", l->x_out);
        cli_table_text(t, "%zu", l->crossbar_pairs);
        cli_table_percent(t, l->utilization, 1);
    }
    return t;
}

static void add_saving(cli_table *t, double own, double base)
{
    if (base > 0)
        cli_table_percent(t, 1 - own / base, 1);
    else
        cli_table_text(t, "-");
}

static void add_row(cli_table *t, const evaluation *e, const char *name, const char *group,
                    const char *layer)
{
    double own_J = mho_cost_energy_J(e->own->cost, group, layer);
    double base_J = mho_cost_energy_J(e->base->cost, group, layer);
    double own_m2 = mho_cost_area_m2(e->own->cost, group, layer);
    double base_m2 = mho_cost_area_m2(e->base->cost, group, layer);
    cli_table_text(t, "%s", name);
    cli_table_si(t, own_J, "J");
    cli_table_si(t, base_J, "J");
    add_saving(t, own_J, base_J);
    cli_table_si(t, own_m2, "m2");
    cli_table_si(t, base_m2, "m2");
    add_saving(t, own_m2, base_m2);
}

#define COST_COLUMNS "|energy=>|8-bit CNN=>|saved>|area=>|8-bit CNN=>|saved>"

static bool has_group(const mho_cost *cost, const char *group)
{
    const char *g;
    for (size_t i = 0; (g = mho_cost_group(cost, i)); i++)
        if (strcmp(g, group) == 0)
            return true;
    return false;
}

static cli_table *component_table(const evaluation *e, const char *title)
{
    cli_table *t = cli_table_create(title, "component" COST_COLUMNS);
    const char *group;
    for (size_t i = 0; (group = mho_cost_group(e->own->cost, i)); i++)
        add_row(t, e, group, group, NULL);
    for (size_t i = 0; (group = mho_cost_group(e->base->cost, i)); i++)
        if (!has_group(e->own->cost, group))
            add_row(t, e, group, group, NULL);
    cli_table_rule(t);
    add_row(t, e, "total", NULL, NULL);
    return t;
}

static cli_table *layer_cost_table(const evaluation *e, const char *title)
{
    cli_table *t = cli_table_create(title, "layer" COST_COLUMNS);
    for (size_t i = 0; i < e->own->map->layers; i++)
        add_row(t, e, e->own->map->layer[i].name, NULL, e->own->map->layer[i].name);
    cli_table_rule(t);
    add_row(t, e, "total", NULL, NULL);
    return t;
}

static void print_and_destroy(cli_table *t, const cli_args *args)
{
    cli_table_print(t, args);
    fputc('\n', args->out);
    cli_table_destroy(t);
}

void evaluation_print(const evaluation *e, const cli_args *args)
{
    FILE *out = args->out;
    const cli_marks *m = cli_marks_of(args->color);
    char pipelined[32], sequential[32], pairs[32], rate[32], peak[32], title[96];
    print_headline(e, args);
    print_setting(e, args);
    print_accuracy(e, args);
    snprintf(title, sizeof title, "Mapping: %s pairs of %zu x %zu crossbars",
             cli_grouped(e->own->map->crossbar_pairs, pairs), e->hw.hw.crossbar.rows,
             e->hw.hw.crossbar.columns);
    print_and_destroy(layer_table(e, title), args);
    fprintf(
        out,
        "%sCycles an image%s\n  %s pipelined (Eq. 6), %s layer by layer (Eq. 7): %.2f times\n\n",
        m->bold, m->end, cli_grouped(e->pipelined, pipelined),
        cli_grouped(e->layer_by_layer, sequential),
        (double)e->layer_by_layer / (double)e->pipelined);
    print_and_destroy(
        component_table(e, "Energy an image and area, by component, beside the 8-bit CNN"), args);
    print_and_destroy(layer_cost_table(e, "By layer"), args);
    fprintf(
        out,
        "%s%s images/s on crossbars, %.1f s in all, %s of memory, %zu thread%s, %s, seed %llu%s\n",
        m->dim,
        cli_grouped((uint64_t)((double)(e->spread.trials * e->images) / e->inference_s), rate),
        e->seconds, cli_si((double)mho_peak_bytes(), "B", peak), mho_threads(),
        mho_threads() == 1 ? "" : "s", mho_cpu_name(mho_cpu_level()), (unsigned long long)e->seed,
        m->end);
}

static void add_measure(cli_table *t, const char *name, double value)
{
    cli_table_text(t, "%s", name);
    cli_table_text(t, "%.9g", value);
}

void evaluation_print_csv(const evaluation *e, const cli_args *args)
{
    cli_table *t = cli_table_create("", "measure|value");
    add_measure(t, "software_error", e->software_error);
    add_measure(t, "ideal_device_error", e->ideal_error);
    add_measure(t, "hardware_error_mean", e->spread.mean);
    add_measure(t, "hardware_error_std", e->spread.std);
    add_measure(t, "hardware_error_min", e->spread.min);
    add_measure(t, "hardware_error_max", e->spread.max);
    add_measure(t, "baseline_error", e->base_error);
    add_measure(t, "trials", (double)e->spread.trials);
    add_measure(t, "images", (double)e->images);
    add_measure(t, "cycles_pipelined", (double)e->pipelined);
    add_measure(t, "cycles_layer_by_layer", (double)e->layer_by_layer);
    print_and_destroy(t, args);
    print_and_destroy(layer_table(e, ""), args);
    print_and_destroy(component_table(e, ""), args);
    t = layer_cost_table(e, "");
    cli_table_print(t, args);
    cli_table_destroy(t);
}
