/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `mho evaluate` for the eye and as CSV; mho_result_json is the JSON. */
#include <math.h>
#include <string.h>

#include "digital_report.h"
#include "price_report.h"
#include "study_report.h"

static void skip(cli_table *t, int cells)
{
    while (cells-- > 0)
        cli_table_text(t, "%s", "");
}

static void add_error(cli_table *t, const mho_result *e, const char *what, double error,
                      mho_interval images)
{
    char text[48];
    const double points = 100 * (error - e->software_error);
    cli_table_text(t, "%s", what);
    cli_table_percent(t, error, 2);
    cli_table_text(t, "%+.2f", fabs(points) < 0.005 ? 0.0 : points);
    cli_table_text(t, "%s", cli_range(images, text));
}

static void add_software(cli_table *t, const mho_result *e)
{
    char text[48];
    cli_table_text(t, "software");
    cli_table_percent(t, e->software_error, 2);
    skip(t, 1);
    cli_table_text(t, "%s", cli_range(e->software, text));
    skip(t, 4);
}

static void add_programmings(cli_table *t, const mho_result *e)
{
    const mho_spread *d = &e->error.spread;
    char what[64];
    snprintf(what, sizeof what, "crossbars, %zu programming%s", d->trials,
             d->trials == 1 ? "" : "s");
    add_error(t, e, what, d->mean, e->error.images);
    if (cli_has_interval(&e->error))
        cli_table_text(t, "%.2f", 100 * e->error.half);
    else
        cli_table_text(t, "-");
    cli_table_text(t, "%.2f", 100 * d->std);
    cli_table_percent(t, d->min, 2);
    cli_table_percent(t, d->max, 2);
}

static void print_accuracy(const mho_result *e, const cli_args *args)
{
    cli_table *t = cli_table_create("Test error",
                                    "|error>|change>|other images, 95 %>|+- 95 %>|std>|min>|max>");
    add_software(t, e);
    add_error(t, e, "crossbars, ideal devices", e->ideal_error, e->ideal);
    skip(t, 4);
    add_programmings(t, e);
    if (!isnan(e->base_error) && !cli_is_base(e)) {
        cli_table_text(t, cli_has_wires(e->hw) ? "8-bit CNN, ideal devices, no wires"
                                               : "8-bit CNN, ideal devices");
        cli_table_percent(t, e->base_error, 2);
        skip(t, 6); /* another network: no change to tell */
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    cli_print_remarks(e, args);
    fputc('\n', args->out);
}

static bool has_copies(const mho_result *e)
{
    bool any = false;
    for (size_t i = 0; i < e->layers; i++)
        any = any || e->layer[i].duplication > 1;
    return any;
}

/* Single cells lie in crossbars, not in pairs of them. */
static bool is_single(const mho_result *e)
{
    return mho_hw_is(e->hw, "crossbar.weights", "single");
}

static cli_table *layer_table(const mho_result *e, const char *title)
{
    const bool copies = has_copies(e);
    char columns[128];
    snprintf(columns, sizeof columns,
             "layer|rows>|columns>|positions>|row splits>|column splits>|%s>|utilization>%s",
             is_single(e) ? "crossbars" : "crossbar pairs", copies ? "|copies>" : "");
    cli_table *t = cli_table_create(title, columns);
    for (size_t i = 0; i < e->layers; i++) {
        const mho_result_layer *l = &e->layer[i];
        cli_table_text(t, "%s", l->name);
        cli_table_text(t, "%zu", l->groups * l->rows);
        cli_table_text(t, "%zu", l->groups * l->columns);
        cli_table_text(t, "%zu", l->positions);
        cli_table_text(t, "%zu", l->row_splits);
        cli_table_text(t, "%zu", l->column_splits);
        cli_table_text(t, "%zu", l->crossbar_pairs);
        cli_table_percent(t, l->utilization, 1);
        if (copies)
            cli_table_text(t, "%zu", l->duplication);
    }
    return t;
}

static void add_saving(cli_table *t, double own, double base)
{
    if (base > 0)
        cli_table_percent(t, mho_result_saved(own, base), 1);
    else
        cli_table_text(t, "-");
}

/* base NULL: it would repeat own. */
static void add_row(cli_table *t, const char *name, const mho_result_part *own,
                    const mho_result_part *base)
{
    cli_table_text(t, "%s", name);
    if (!base) {
        cli_table_si(t, own->energy_J, "J");
        cli_table_si(t, own->area_m2, "m2");
        return;
    }
    cli_table_si(t, own->energy_J, "J");
    cli_table_si(t, base->energy_J, "J");
    add_saving(t, own->energy_J, base->energy_J);
    cli_table_si(t, own->area_m2, "m2");
    cli_table_si(t, base->area_m2, "m2");
    add_saving(t, own->area_m2, base->area_m2);
}

static void add_total(cli_table *t, const mho_result *e, bool alone)
{
    const mho_result_part own = {"", e->cost.energy_J, e->cost.area_m2};
    const mho_result_part base = {"", e->base.energy_J, e->base.area_m2};
    cli_table_rule(t);
    add_row(t, "total", &own, alone ? NULL : &base);
}

#define COST_COLUMNS "|energy=>|8-bit CNN=>|energy saved>|area=>|8-bit CNN=>|area saved>"
#define OWN_COLUMNS "|energy=>|area=>"

static const mho_result_part nothing;

static const mho_result_part *find(const mho_result_part *part, size_t parts, const char *name)
{
    for (size_t i = 0; i < parts; i++)
        if (strcmp(part[i].name, name) == 0)
            return &part[i];
    return &nothing;
}

/* alone: without the 8-bit CNN. */
static cli_table *component_table(const mho_result *e, const char *title, bool alone)
{
    cli_table *t =
        cli_table_create(title, alone ? "component" OWN_COLUMNS : "component" COST_COLUMNS);
    const mho_result_cost *own = &e->cost, *base = &e->base;
    for (size_t i = 0; i < own->components; i++) {
        const char *name = own->component[i].name;
        add_row(t, name, &own->component[i],
                alone ? NULL : find(base->component, base->components, name));
    }
    for (size_t i = 0; !alone && i < base->components; i++) {
        const char *name = base->component[i].name;
        if (find(own->component, own->components, name) == &nothing)
            add_row(t, name, &nothing, &base->component[i]);
    }
    add_total(t, e, alone);
    return t;
}

static cli_table *layer_cost_table(const mho_result *e, const char *title, bool alone)
{
    cli_table *t = cli_table_create(title, alone ? "layer" OWN_COLUMNS : "layer" COST_COLUMNS);
    for (size_t i = 0; i < e->layers; i++) {
        const char *name = e->layer[i].name;
        add_row(t, name, find(e->cost.layer, e->cost.layers, name),
                alone ? NULL : find(e->base.layer, e->base.layers, name));
    }
    add_total(t, e, alone);
    return t;
}

static void print_and_destroy(cli_table *t, const cli_args *args)
{
    cli_table_print(t, args);
    fputc('\n', args->out);
    cli_table_destroy(t);
}

static void print_costs(const mho_result *e, const cli_args *args)
{
    const bool alone = cli_is_base(e);
    char title[128], assumed[48];
    snprintf(title, sizeof title, "Energy an image %s and area, by component%s",
             cli_assumed(e, assumed), alone ? "" : ", beside the 8-bit CNN");
    print_and_destroy(component_table(e, title, alone), args);
    print_and_destroy(layer_cost_table(e, "By layer", alone), args);
}

static void print_cycles(const mho_result *e, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    const double gain = (double)e->layer_by_layer / (double)e->pipelined;
    char pipelined[32], sequential[32];
    cli_grouped(e->pipelined, pipelined);
    cli_grouped(e->layer_by_layer, sequential);
    fprintf(args->out, "%sCycles an image%s\n", m->bold, m->end);
    if (e->service > 1)
        fprintf(args->out,
                "  %s pipelined (simulated), %s layer by layer, with service times of up to %zu "
                "cycles: %.2f times\n\n",
                pipelined, sequential, e->service, gain);
    else
        fprintf(args->out, "  %s pipelined (%s), %s layer by layer (bcnn Eq. 7): %.2f times\n\n",
                pipelined, e->simulated ? "simulated" : "bcnn Eq. 6", sequential, gain);
}

static void add_speed(cli_table *t, const char *what, double own, double base, double scale,
                      const char *unit, int columns)
{
    const double value[] = {own, base};
    cli_table_text(t, "%s", what);
    for (int i = 0; i < columns; i++) {
        char text[48];
        if (scale == 0)
            cli_si(value[i], unit, text);
        else if (value[i] * scale >= 1000)
            snprintf(text, sizeof text, "%s %s",
                     cli_grouped((uint64_t)(value[i] * scale + 0.5), (char[32]){0}), unit);
        else
            snprintf(text, sizeof text, "%.4g %s", value[i] * scale, unit);
        cli_table_text(t, "%s", text);
    }
}

/* Area in the tables is that of the components that the technology prices. */
static cli_table *speed_table(const mho_result *e, const char *title)
{
    const mho_result_speed *own = &e->speed, *base = &e->base_speed;
    const int n = cli_is_base(e) ? 1 : 2;
    cli_table *t =
        cli_table_create(title, n == 1 ? "|this hardware>" : "|this hardware>|8-bit CNN>");
    add_speed(t, "latency of an image", own->latency_s, base->latency_s, 0, "s", n);
    add_speed(t, "an image every", own->interval_s, base->interval_s, 0, "s", n);
    add_speed(t, "throughput", own->throughput_per_s, base->throughput_per_s, 1, "images/s", n);
    add_speed(t, "power", own->power_W, base->power_W, 0, "W", n);
    add_speed(t, "operations a second", own->ops_per_s, base->ops_per_s, 1e-12, "TOPS", n);
    add_speed(t, "operations a joule", own->ops_per_J, base->ops_per_J, 1e-12, "TOPS/W", n);
    add_speed(t, "a second and mm2", own->ops_per_s_per_m2, base->ops_per_s_per_m2, 1e-18,
              "TOPS/mm2", n);
    return t;
}

/* Nothing where all layers have crossbars of their own. */
static void print_rewriting(const mho_result *e, const cli_args *args)
{
    const mho_result_rewriting *r = &e->rewriting;
    char budget[32], needed[32], crossbars[32], room[32], energy[32], time[32];
    if (!r->cells)
        return;
    fprintf(args->out,
            "The chip has %s crossbars, the network takes %s: an image has %s written anew, on %s "
            "in turn, for\n  %s and %s",
            cli_grouped(r->budget, budget), cli_grouped(r->needed, needed),
            cli_grouped(r->crossbars, crossbars), cli_grouped(r->room, room),
            cli_si(r->energy_J, "J", energy), cli_si(r->seconds, "s", time));
    if (isfinite(r->images_until_worn))
        fprintf(args->out, "; cells last %.3g images", r->images_until_worn);
    fputs("\n\n", args->out);
}

static void print_tiles(const mho_result *e, const cli_args *args)
{
    const mho_tiles *t = &e->tiles;
    char tiles[32], busiest[32], wait[32], moved[32];
    if (t->tiles)
        fprintf(args->out,
                "%s tiles in a mesh of %zu x %zu: %s over one hop, %s of an image on the busiest "
                "link; packets wait\n  no longer than %s in all (analytic: hops of the placement, "
                "a bound of contention)\n\n",
                cli_grouped(t->tiles, tiles), t->side, t->side, cli_si(t->bit_hops, "bit", moved),
                cli_si(t->busiest_link_s, "s", busiest), cli_si(t->wait_s, "s", wait));
}

/* The same images a second, with the energy that was measured. */
static void print_measured_power(const mho_result *e, const cli_args *args)
{
    char power[32];
    if (!e->has_measured)
        return;
    const double times = e->measured.energy_J / e->cost.energy_J;
    fprintf(args->out, "  with the measured energy: %s, %.4g TOPS/W\n",
            cli_si(e->speed.power_W * times, "W", power), e->speed.ops_per_J / times * 1e-12);
}

/* Where layers wait for each other, images come less often than the slowest one allows. */
static void print_bottleneck(const mho_result_speed *v, const cli_args *args)
{
    char number[32];
    if (!*v->bottleneck)
        fputs(", layer by layer\n\n", args->out);
    else if (v->interval > v->at_best)
        fprintf(args->out, " (at best %s, as long as %s is busy)\n\n",
                cli_grouped(v->at_best, number), v->bottleneck);
    else if (v->interval < v->at_best)
        fprintf(args->out, " (images share rounds of copies: %s has %s an image in whole ones)\n\n",
                v->bottleneck, cli_grouped(v->at_best, number));
    else
        fprintf(args->out, ", as long as %s is busy\n\n", v->bottleneck);
}

static void print_speed(const mho_result *e, const cli_args *args)
{
    const mho_result_speed *v = &e->speed;
    char title[160], number[32], time[32], assumed[48];
    if (!isfinite(v->clock_s)) {
        fputs("Speed: not told, the technology has no clock; timing.t_read would tell it\n\n",
              args->out);
        return;
    }
    snprintf(title, sizeof title,
             "Speed and efficiency %s; an operation is a multiply or an add, %s an image",
             cli_assumed(e, assumed), cli_grouped(2 * e->macs, number));
    cli_table *t = speed_table(e, title);
    cli_table_print(t, args);
    cli_table_destroy(t);
    print_measured_power(e, args);
    fprintf(args->out, "  a cycle takes %s (%s); an image every %s cycles",
            cli_si(v->clock_s, "s", time), v->clock, cli_grouped(v->interval, number));
    print_bottleneck(v, args);
}

void cli_evaluate_print(const mho_result *e, const cli_args *args)
{
    FILE *out = args->out;
    const cli_marks *m = cli_marks_of(args->color);
    char pairs[32], rate[32], peak[32], title[96];
    cli_evaluate_print_head(e, args);
    print_accuracy(e, args);
    snprintf(title, sizeof title,
             is_single(e) ? "Mapping: %s crossbars of %g x %g"
                          : "Mapping: %s pairs of %g x %g crossbars",
             cli_grouped(e->crossbar_pairs, pairs), mho_hw_number(e->hw, "crossbar.rows"),
             mho_hw_number(e->hw, "crossbar.columns"));
    print_and_destroy(layer_table(e, title), args);
    cli_digital_print_result(e, args);
    print_cycles(e, args);
    print_rewriting(e, args);
    print_tiles(e, args);
    print_speed(e, args);
    print_costs(e, args);
    cli_print_activity(e, args);
    cli_print_price_notes(&e->notes, cli_is_base(e) ? NULL : &e->base_generic, e->hw, args);
    fputc('\n', out);
    fprintf(out,
            "%ssimulator: %s images/s on crossbars, %.1f s in all, %s of memory, %zu thread%s, %s, "
            "seed %llu%s\n",
            m->dim, cli_grouped((uint64_t)e->images_per_second, rate), e->seconds,
            cli_si((double)e->peak_bytes, "B", peak), e->threads, e->threads == 1 ? "" : "s",
            e->kernel, (unsigned long long)e->options.seed, m->end);
}

static void add_measure(cli_table *t, const char *name, double value)
{
    cli_table_text(t, "%s", name);
    cli_table_number(t, value);
}

void cli_evaluate_print_csv(const mho_result *e, const cli_args *args)
{
    cli_table *t = cli_table_create("", "measure|value");
    add_measure(t, "software_error", e->software_error);
    add_measure(t, "ideal_device_error", e->ideal_error);
    add_measure(t, "hardware_error_mean", e->error.spread.mean);
    add_measure(t, "hardware_error_ci95", e->error.half);
    add_measure(t, "hardware_error_images_low", e->error.images.low);
    add_measure(t, "hardware_error_images_high", e->error.images.high);
    add_measure(t, "hardware_error_std", e->error.spread.std);
    add_measure(t, "hardware_error_min", e->error.spread.min);
    add_measure(t, "hardware_error_max", e->error.spread.max);
    add_measure(t, "baseline_error", e->base_error);
    add_measure(t, "trials", (double)e->error.spread.trials);
    add_measure(t, "images", (double)e->options.images);
    add_measure(t, "cycles_pipelined", (double)e->pipelined);
    add_measure(t, "cycles_layer_by_layer", (double)e->layer_by_layer);
    add_measure(t, "latency_s", e->speed.latency_s);
    add_measure(t, "throughput_per_s", e->speed.throughput_per_s);
    add_measure(t, "power_W", e->speed.power_W);
    add_measure(t, "ops_per_s", e->speed.ops_per_s);
    add_measure(t, "ops_per_J", e->speed.ops_per_J);
    add_measure(t, "ops_per_s_per_m2", e->speed.ops_per_s_per_m2);
    print_and_destroy(t, args);
    print_and_destroy(layer_table(e, ""), args);
    print_and_destroy(component_table(e, "", false), args); /* the same columns for all */
    print_and_destroy(layer_cost_table(e, "", false), args);
    cli_print_activity(e, args);
}
