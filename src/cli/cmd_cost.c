/* SPDX-License-Identifier: Apache-2.0 */
/* mho cost: energy and area of one image by component and by layer, what writing the cells takes, and with
 * --explain the formula and the source of every number. */
#include <math.h>
#include <string.h>

#include "digital_report.h"
#include "price_report.h"
#include "times_report.h"

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static bool first_of_component(const mho_cost *cost, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (cost->entry[k].component == cost->entry[i].component)
            return false;
    return true;
}

/* A row each: components of one group keep apart (ADC of 8 bits and of 4), and groups of one component (an adder that
 * subtracts and one that adds slices). */
static bool same_row(const mho_cost_entry *a, const mho_cost_entry *b)
{
    return a->component == b->component && !strcmp(a->activity->group, b->activity->group);
}

static bool first_of_row(const mho_cost *cost, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (same_row(&cost->entry[k], &cost->entry[i]))
            return false;
    return true;
}

static void print_components(const cli_args *args, const mho_cost *cost)
{
    cli_table *t = cli_table_create(
        "By component", "component|group|number>|operations>|energy=>|share>|area=>|share>");
    for (size_t i = 0; i < cost->entries; i++) {
        double amount = 0, operations = 0, energy = 0, area = 0;
        if (!first_of_row(cost, i))
            continue;
        for (size_t k = i; k < cost->entries; k++) {
            if (!same_row(&cost->entry[k], &cost->entry[i]))
                continue;
            amount += cost->entry[k].activity->amount;
            operations += cost->entry[k].activity->operations;
            energy += cost->entry[k].energy_J;
            area += cost->entry[k].area_m2;
        }
        cli_table_text(t, "%s", cost->entry[i].component->name);
        cli_table_text(t, "%s", cost->entry[i].activity->group);
        cli_table_text(t, "%.0f", amount);
        cli_table_text(t, "%.0f", operations);
        cli_table_si(t, energy, "J");
        cli_table_percent(t, share(energy, cost->energy_J), 1);
        cli_table_si(t, area, "m2");
        cli_table_percent(t, share(area, cost->area_m2), 1);
    }
    cli_table_rule(t);
    cli_table_text(t, "total");
    for (size_t k = 0; k < 3; k++)
        cli_table_text(t, "%s", "");
    cli_table_si(t, cost->energy_J, "J");
    cli_table_text(t, "%s", "");
    cli_table_si(t, cost->area_m2, "m2");
    cli_table_text(t, "%s", "");
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_layers(const cli_args *args, const mho_estimate *e)
{
    const mho_cost *cost = e->cost;
    cli_table *t = cli_table_create(
        "By layer", e->placement->single ? "layer|crossbars>|energy=>|share>|area=>|share>"
                                         : "layer|pairs>|energy=>|share>|area=>|share>");
    for (size_t i = 0; i < e->placement->layers; i++) {
        const mho_placement_layer *l = &e->placement->layer[i];
        double energy = mho_cost_energy_J(cost, NULL, l->name);
        double area = mho_cost_area_m2(cost, NULL, l->name);
        cli_table_text(t, "%s", l->name);
        cli_table_text(t, "%zu", l->crossbar_pairs);
        cli_table_si(t, energy, "J");
        cli_table_percent(t, share(energy, cost->energy_J), 1);
        cli_table_si(t, area, "m2");
        cli_table_percent(t, share(area, cost->area_m2), 1);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_programming(const cli_args *args, const mho_estimate *e)
{
    const mho_programming *p = &e->programming;
    char a[32], b[32], c[32];
    if (!e->has_programming) {
        fprintf(args->out, "\nProgramming: not modelled, %s has no figures of a write\n",
                e->tech->name);
        return;
    }
    fprintf(args->out, "\n%sProgramming%s\n", cli_marks_of(args->color)->bold,
            cli_marks_of(args->color)->end);
    fprintf(args->out, "  one write            %s, %s a cell\n", cli_si(p->write_J, "J", a),
            cli_si(p->write_s, "s", b));
    fprintf(args->out,
            "  the network, once    %s; %s cell by cell, %s all crossbars at once row by row\n",
            cli_si(p->energy_J, "J", a), cli_si(p->serial_s, "s", b),
            cli_si(p->parallel_s, "s", c));
    fprintf(args->out,
            "  rewriting instead    on the %.0f crossbars of the largest layer: %.1f writes a cell "
            "and %s "
            "at every image\n",
            p->reuse_crossbars, p->writes_per_cell, cli_si(p->reuse_energy_J, "J", a));
    fprintf(args->out,
            "                       (%.3g x the energy of an image); %.0e writes last %.3g images, "
            "%.3g days at 30 a second\n",
            share(p->reuse_energy_J, e->cost->energy_J), p->endurance, p->frames,
            p->frames / 30 / 86400);
}

static void print_entries(const cli_args *args, const mho_cost *cost)
{
    cli_table *t = cli_table_create(
        "Every number",
        args->csv ? "layer|group|component|amount>|operations>|energy>|area>|formula"
                  : "layer|component|amount>|operations>|energy>|area>|amount; operations");
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        cli_table_text(t, "%s", e->activity->layer);
        if (args->csv)
            cli_table_text(t, "%s", e->activity->group);
        cli_table_text(t, "%s", e->component->name);
        cli_table_text(t, "%.0f", e->activity->amount);
        cli_table_text(t, "%.0f", e->activity->operations);
        cli_table_si(t, e->energy_J, "J");
        cli_table_si(t, e->area_m2, "m2");
        cli_table_text(t, "%s", e->activity->formula);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void price_row(cli_table *t, const char *name, const mho_quantity *q, const char *unit)
{
    cli_table_text(t, "%s", name);
    if (!q->counted)
        cli_table_text(t, "not counted");
    else if (!strcmp(unit, "1"))
        cli_table_text(t, "%g", q->value);
    else
        cli_table_si(t, q->value, unit);
    cli_table_text(t, "%s", q->formula);
    if (q->uncertainty > 0)
        cli_table_text(t, "x %g", q->uncertainty);
    else
        cli_table_text(t, "%s", "");
    cli_table_text(t, "%s", q->source);
}

/* What the table tells: the energy of each operation, and leakage. */
static void print_energies(cli_table *t, const mho_component *c)
{
    char name[MHO_COST_PRINTED + 16];
    for (int o = 0; o < MHO_OPERATIONS; o++) {
        if (!c->energy[o].formula[0])
            continue;
        snprintf(name, sizeof name, "%s %s", c->name,
                 o == MHO_OPERATION_USE ? "energy" : mho_operation_name((mho_operation)o));
        price_row(t, name, &c->energy[o], "J");
    }
    if (!c->leakage.formula[0])
        return;
    snprintf(name, sizeof name, "%s leakage", c->name);
    price_row(t, name, &c->leakage, "W");
}

/* "bits 1 to 12, its source 1 to 5; rate ..." */
static void range_text(const mho_model *m, char *text, size_t size)
{
    size_t n = 0;
    *text = 0;
    for (size_t i = 0; i < m->parameters && n < size; i++) {
        const mho_parameter *p = &m->parameter[i];
        const bool all = p->valid_min <= p->min && p->valid_max >= p->max;
        int k =
            snprintf(text + n, size - n, "%s%s %g to %g", i ? "; " : "", p->name, p->min, p->max);
        n += k > 0 ? (size_t)k : 0;
        if (all || n >= size)
            continue;
        k = snprintf(text + n, size - n, ", its source %g to %g", p->valid_min, p->valid_max);
        n += k > 0 ? (size_t)k : 0;
    }
}

static bool first_of_model(const mho_cost *cost, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (cost->entry[k].model == cost->entry[i].model)
            return false;
    return cost->entry[i].model;
}

static void print_ranges(const cli_args *args, const mho_cost *cost)
{
    bool any = false;
    for (size_t i = 0; i < cost->entries; i++)
        any = any || cost->entry[i].model;
    if (!any)
        return;
    cli_table *t = cli_table_create("Ranges of the models", "model|parameters");
    for (size_t i = 0; i < cost->entries; i++) {
        char text[256];
        if (!first_of_model(cost, i))
            continue;
        range_text(cost->entry[i].model, text, sizeof text);
        cli_table_text(t, "%s", cost->entry[i].model->component.name);
        cli_table_text(t, "%s", text);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    fputc('\n', args->out);
}

static void print_prices(const cli_args *args, const mho_estimate *e)
{
    char title[96], name[MHO_COST_PRINTED + 16];
    snprintf(title, sizeof title, "Prices of one (technology %s)", e->tech->name);
    cli_table *t = cli_table_create(title, "price|value>|formula|within|source");
    for (size_t i = 0; i < e->cost->entries; i++) {
        const mho_component *c = e->cost->entry[i].component;
        if (!first_of_component(e->cost, i))
            continue;
        snprintf(name, sizeof name, "%s area", c->name);
        price_row(t, name, &c->area, "m2");
        print_energies(t, c);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static const char *si_unit(const char *unit)
{
    static const char *const bases[] = {"m2", "m", "J", "W", "s", "Hz", "V", "S"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        size_t n = strlen(unit), k = strlen(bases[i]);
        if (n >= k && n <= k + 1 && !strcmp(unit + n - k, bases[i]))
            return bases[i];
    }
    return "1";
}

static void print_constants(const cli_args *args, const mho_technology *tech)
{
    cli_table *t =
        cli_table_create("Constants and device figures", "name|value>|formula|within|source");
    for (size_t i = 0; i < tech->constants; i++) {
        const mho_constant *c = &tech->constant[i];
        price_row(t, c->name, &c->quantity, si_unit(c->unit));
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static bool is_reading(const char *key)
{
    return !strncmp(key, "readings.", 9) || !strncmp(key, "output.", 7) ||
           !strncmp(key, "input.", 6) || !strncmp(key, "crossbar.", 9) ||
           !strcmp(key, "technology");
}

static void print_readings(const cli_args *args, const mho_hw *hw)
{
    cli_table *t = cli_table_create("Readings (fields of the hardware description)",
                                    "field|value|set in|source");
    for (size_t i = 0; i < mho_hw_field_count(hw); i++) {
        char value[256];
        if (!is_reading(mho_hw_field(hw, i)->key))
            continue;
        mho_hw_print(hw, i, value, sizeof value);
        cli_table_text(t, "%s", mho_hw_field(hw, i)->key);
        cli_table_text(t, "%s", value);
        cli_table_text(t, "%s", mho_hw_origin(hw, i)->place);
        cli_table_text(t, "%s", mho_hw_origin(hw, i)->source);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static mho_status print_json(const cli_args *args, const mho_net *net, const mho_hw *hw,
                             const mho_estimate *e)
{
    mho_json *root = cli_result_json(args);
    mho_estimate_json(e, net, hw, args->explain, root);
    return cli_print_json(args, root);
}

static void print_text(const cli_args *args, const mho_net *net, const mho_hw *hw,
                       const mho_estimate *e)
{
    char a[32], b[32];
    fprintf(args->out, "%s on %s: %s an image, %s\n\n", mho_net_name(net), mho_hw_name(hw),
            cli_si(e->cost->energy_J, "J", a), cli_si(e->cost->area_m2, "m2", b));
    print_components(args, e->cost);
    fputc('\n', args->out);
    print_layers(args, e);
    cli_digital_print(e->placement, e->cost, args);
    fputc('\n', args->out);
    cli_times_print(e->placement, args);
    print_programming(args, e);
    mho_price_notes notes;
    mho_estimate_notes(e, &notes);
    fputc('\n', args->out);
    cli_print_price_notes(&notes, NULL, hw, args);
    if (!args->explain) {
        fprintf(args->out, "\nWhere each number comes from: mho cost %s --hw %s --explain\n",
                args->file[0], args->hw ? args->hw : "bcnn");
        return;
    }
    fputc('\n', args->out);
    print_entries(args, e->cost);
    fputc('\n', args->out);
    print_prices(args, e);
    fputc('\n', args->out);
    print_ranges(args, e->cost);
    print_constants(args, e->tech);
    fputc('\n', args->out);
    print_readings(args, hw);
    fputs("\nEquations: docs/models/cost.md; references: docs/references.bib\n", args->out);
}

static void tell_instead(const mho_estimate *e, const cli_args *args)
{
    mho_price_notes notes;
    mho_estimate_notes(e, &notes);
    cli_tell_instead(&notes, args);
}

mho_status cmd_cost(const cli_args *args)
{
    mho_net *net = NULL;
    mho_estimate *e = NULL;
    mho_hw *hw = NULL;
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
        s = mho_estimate_create(net, hw, &e);
    if (!s && (args->json || args->csv)) /* the report says it itself */
        tell_instead(e, args);
    if (!s && args->json)
        s = print_json(args, net, hw, e);
    else if (!s && args->csv)
        print_entries(args, e->cost);
    else if (!s)
        print_text(args, net, hw, e);
    mho_estimate_destroy(e);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}
