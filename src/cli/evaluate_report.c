/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `mho evaluate` for the eye and as CSV; mho_result_json is the JSON. */
#include <math.h>
#include <string.h>

#include "price_report.h"
#include "study_report.h"

/* "0.65..1.01 %" */
static const char *range_text(mho_interval v, char text[48])
{
    snprintf(text, 48, "%.2f..%.2f %%", 100 * v.low, 100 * v.high);
    return text;
}

static uint64_t latency_cycles(const mho_result *e)
{
    return e->in_turn ? e->layer_by_layer : e->pipelined;
}

static void print_headline(const mho_result *e, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    char energy[32], area[32], cycles[32], images[48], half[32] = "", time[48] = "";
    if (cli_has_interval(&e->error))
        snprintf(half, sizeof half, " +- %.2f", 100 * e->error.half);
    if (isfinite(e->speed.latency_s)) {
        memcpy(time, " = ", 4);
        cli_si(e->speed.latency_s, "s", time + 3);
    }
    fprintf(args->out,
            "%s%s on %s: %.2f %% error%s (software %.2f %%; other images, 95 %%: %s), %s an "
            "image, %s, %s cycles%s%s\n\n",
            m->bold, e->network, mho_hw_name(e->hw), 100 * e->error.spread.mean, half,
            100 * e->software_error, range_text(e->error.images, images),
            cli_si(e->cost.energy_J, "J", energy), cli_si(e->cost.area_m2, "m2", area),
            cli_grouped(latency_cycles(e), cycles), time, m->end);
}

/* Measured levels take the place of all that is told of the distribution. */
static void print_variation(const mho_hw *hw, FILE *out)
{
    char table[512], kind[32];
    const bool lognormal = mho_hw_is(hw, "device.distribution", "lognormal");
    const double size =
        mho_hw_number(hw, lognormal ? "device.variation_sigma" : "device.variation");
    const double rise = mho_hw_number(hw, "device.variation_rise");
    mho_hw_text(hw, "device.table", table, sizeof table);
    mho_hw_text(hw, "device.distribution", kind, sizeof kind);
    if (*table)
        fprintf(out, "levels of %s", table);
    else if (size > 0 || rise != 0)
        fprintf(out, "%s variation %g", strcmp(kind, "gaussian") ? kind : "Gaussian", size);
    else
        fputs("no variation", out);
    if (!*table && rise != 0)
        fprintf(out, " (%+g at the highest level)", rise);
}

static bool is_any(const mho_hw *hw, const char *const *key)
{
    bool any = false;
    for (; *key; key++)
        any = any || mho_hw_number(hw, *key) != 0;
    return any;
}

static bool has_wires(const mho_hw *hw)
{
    static const char *const keys[] = {"wires.r_row", "wires.r_col", "wires.r_driver",
                                       "wires.r_sense", NULL};
    return is_any(hw, keys);
}

static void print_wires(const mho_hw *hw, FILE *out)
{
    fprintf(out, "            wires: %g ohm a cell along rows, %g along columns",
            mho_hw_number(hw, "wires.r_row"), mho_hw_number(hw, "wires.r_col"));
    if (mho_hw_number(hw, "wires.r_driver") > 0)
        fprintf(out, ", drivers %g ohm", mho_hw_number(hw, "wires.r_driver"));
    if (mho_hw_number(hw, "wires.r_sense") > 0)
        fprintf(out, ", sense amplifiers %g ohm", mho_hw_number(hw, "wires.r_sense"));
    fprintf(out, "%s\n", mho_hw_number(hw, "wires.both_sides") > 0 ? ", driven at both ends" : "");
}

/* What the devices are besides varied, a line each where it is set. */
static void print_effects(const mho_hw *hw, FILE *out)
{
    static const char *const noise[] = {"device.read_noise", "device.read_noise_fixed", NULL};
    static const char *const stuck[] = {"device.stuck_on", "device.stuck_off", NULL};
    static const char *const drift[] = {"device.drift_nu", "device.drift_nu_spread", NULL};
    if (has_wires(hw))
        print_wires(hw, out);
    if (is_any(hw, noise))
        fprintf(out, "            read noise: %g of a cell's conductance, %g of the range\n",
                mho_hw_number(hw, noise[0]), mho_hw_number(hw, noise[1]));
    if (is_any(hw, stuck))
        fprintf(out, "            stuck cells: %g %% on, %g %% off\n",
                100 * mho_hw_number(hw, stuck[0]), 100 * mho_hw_number(hw, stuck[1]));
    if (is_any(hw, drift))
        fprintf(out, "            drift: exponent %g, deviation %g, from %g s to %g s\n",
                mho_hw_number(hw, drift[0]), mho_hw_number(hw, drift[1]),
                mho_hw_number(hw, "device.drift_start"), mho_hw_number(hw, "device.drift_time"));
}

static void print_setting(const mho_result *e, const cli_args *args)
{
    FILE *out = args->out;
    const mho_hw *hw = e->hw;
    char weights[32], macs[32], images[32];
    fprintf(out, "  network   %zu weighted layers, %s weights, %s MACs; %s\n", e->layers,
            cli_grouped(e->weights, weights), cli_grouped(e->macs, macs), e->model);
    fprintf(out, "  data      %s: %s test images, %s\n", e->data,
            cli_grouped(e->options.images, images), e->data_place);
    fprintf(out, "  hardware  %g x %g crossbars of %g-bit %s cells, %s weights, ",
            mho_hw_number(hw, "crossbar.rows"), mho_hw_number(hw, "crossbar.columns"),
            mho_hw_number(hw, "device.bits"),
            mho_hw_is(hw, "crossbar.cell", "1t1r") ? "1T1R" : "0T1R",
            mho_hw_is(hw, "crossbar.mode", "binary") ? "binary" : "multi-bit");
    print_variation(hw, out);
    fprintf(out,
            "\n            inputs %g bit (first layer %g), outputs %g bit (first layer %g, split "
            "rows %g)\n",
            mho_hw_number(hw, "input.bits"), mho_hw_number(hw, "input.first_bits"),
            mho_hw_number(hw, "output.bits"), mho_hw_number(hw, "output.first_bits"),
            mho_hw_number(hw, "output.split_bits"));
    print_effects(hw, out);
    fputc('\n', out);
}

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
    cli_table_text(t, "%s", range_text(images, text));
}

static void add_software(cli_table *t, const mho_result *e)
{
    char text[48];
    cli_table_text(t, "software");
    cli_table_percent(t, e->software_error, 2);
    skip(t, 1);
    cli_table_text(t, "%s", range_text(e->software, text));
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
    if (!isnan(e->base_error)) {
        cli_table_text(t, has_wires(e->hw) ? "8-bit CNN, ideal devices, no wires"
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

#define LAYER_COLUMNS                                                                              \
    "layer|rows>|columns>|positions>|row splits>|column splits>|crossbar pairs>|utilization>"

static cli_table *layer_table(const mho_result *e, const char *title)
{
    const bool copies = has_copies(e);
    cli_table *t = cli_table_create(title, copies ? LAYER_COLUMNS "|copies>" : LAYER_COLUMNS);
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

static void add_row(cli_table *t, const char *name, const mho_result_part *own,
                    const mho_result_part *base)
{
    cli_table_text(t, "%s", name);
    cli_table_si(t, own->energy_J, "J");
    cli_table_si(t, base->energy_J, "J");
    add_saving(t, own->energy_J, base->energy_J);
    cli_table_si(t, own->area_m2, "m2");
    cli_table_si(t, base->area_m2, "m2");
    add_saving(t, own->area_m2, base->area_m2);
}

static void add_total(cli_table *t, const mho_result *e)
{
    const mho_result_part own = {"", e->cost.energy_J, e->cost.area_m2};
    const mho_result_part base = {"", e->base.energy_J, e->base.area_m2};
    cli_table_rule(t);
    add_row(t, "total", &own, &base);
}

#define COST_COLUMNS "|energy=>|8-bit CNN=>|saved>|area=>|8-bit CNN=>|saved>"

static const mho_result_part nothing;

static const mho_result_part *find(const mho_result_part *part, size_t parts, const char *name)
{
    for (size_t i = 0; i < parts; i++)
        if (strcmp(part[i].name, name) == 0)
            return &part[i];
    return &nothing;
}

static cli_table *component_table(const mho_result *e, const char *title)
{
    cli_table *t = cli_table_create(title, "component" COST_COLUMNS);
    const mho_result_cost *own = &e->cost, *base = &e->base;
    for (size_t i = 0; i < own->components; i++) {
        const char *name = own->component[i].name;
        add_row(t, name, &own->component[i], find(base->component, base->components, name));
    }
    for (size_t i = 0; i < base->components; i++) {
        const char *name = base->component[i].name;
        if (find(own->component, own->components, name) == &nothing)
            add_row(t, name, &nothing, &base->component[i]);
    }
    add_total(t, e);
    return t;
}

static cli_table *layer_cost_table(const mho_result *e, const char *title)
{
    cli_table *t = cli_table_create(title, "layer" COST_COLUMNS);
    for (size_t i = 0; i < e->layers; i++) {
        const char *name = e->layer[i].name;
        add_row(t, name, find(e->cost.layer, e->cost.layers, name),
                find(e->base.layer, e->base.layers, name));
    }
    add_total(t, e);
    return t;
}

static void print_and_destroy(cli_table *t, const cli_args *args)
{
    cli_table_print(t, args);
    fputc('\n', args->out);
    cli_table_destroy(t);
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
        fprintf(args->out, "  %s pipelined (Eq. 6), %s layer by layer (Eq. 7): %.2f times\n\n",
                pipelined, sequential, gain);
}

static void add_speed(cli_table *t, const char *what, double own, double base, double scale,
                      const char *unit)
{
    const double value[] = {own, base};
    cli_table_text(t, "%s", what);
    for (int i = 0; i < 2; i++) {
        char text[48];
        if (!scale)
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
    cli_table *t = cli_table_create(title, "|this hardware>|8-bit CNN>");
    add_speed(t, "latency of an image", own->latency_s, base->latency_s, 0, "s");
    add_speed(t, "an image every", own->interval_s, base->interval_s, 0, "s");
    add_speed(t, "throughput", own->throughput_per_s, base->throughput_per_s, 1, "images/s");
    add_speed(t, "power", own->power_W, base->power_W, 0, "W");
    add_speed(t, "operations a second", own->ops_per_s, base->ops_per_s, 1e-12, "TOPS");
    add_speed(t, "operations a joule", own->ops_per_J, base->ops_per_J, 1e-12, "TOPS/W");
    add_speed(t, "a second and mm2", own->ops_per_s_per_m2, base->ops_per_s_per_m2, 1e-18,
              "TOPS/mm2");
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

static void print_speed(const mho_result *e, const cli_args *args)
{
    const mho_result_speed *v = &e->speed;
    char title[128], number[32], time[32];
    if (!isfinite(v->clock_s)) {
        fputs("Speed: not told, the technology has no clock; timing.t_read would tell it\n\n",
              args->out);
        return;
    }
    snprintf(title, sizeof title,
             "Speed and efficiency; an operation is a multiply or an add, %s an image",
             cli_grouped(2 * e->macs, number));
    cli_table *t = speed_table(e, title);
    cli_table_print(t, args);
    cli_table_destroy(t);
    fprintf(args->out, "  a cycle takes %s (%s); an image every %s cycles",
            cli_si(v->clock_s, "s", time), v->clock, cli_grouped(v->interval, number));
    fprintf(args->out, *v->bottleneck ? ", as long as %s is busy\n\n" : "%s, layer by layer\n\n",
            v->bottleneck);
}

void cli_evaluate_print(const mho_result *e, const cli_args *args)
{
    FILE *out = args->out;
    const cli_marks *m = cli_marks_of(args->color);
    char pairs[32], rate[32], peak[32], title[96];
    print_headline(e, args);
    print_setting(e, args);
    print_accuracy(e, args);
    snprintf(title, sizeof title, "Mapping: %s pairs of %g x %g crossbars",
             cli_grouped(e->crossbar_pairs, pairs), mho_hw_number(e->hw, "crossbar.rows"),
             mho_hw_number(e->hw, "crossbar.columns"));
    print_and_destroy(layer_table(e, title), args);
    print_cycles(e, args);
    print_rewriting(e, args);
    print_tiles(e, args);
    print_speed(e, args);
    print_and_destroy(
        component_table(e, "Energy an image and area, by component, beside the 8-bit CNN"), args);
    print_and_destroy(layer_cost_table(e, "By layer"), args);
    cli_print_activity(e, args);
    cli_print_price_notes(&e->notes, &e->base_generic, e->hw, args);
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
    cli_table_text(t, "%.9g", value);
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
    print_and_destroy(component_table(e, ""), args);
    print_and_destroy(layer_cost_table(e, ""), args);
    cli_print_activity(e, args);
}
