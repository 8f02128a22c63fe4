/* SPDX-License-Identifier: Apache-2.0 */
/* mho compare NET --hw A,B,...: measures down, descriptions across; as CSV a line a description. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "price_report.h"
#include "study_report.h"

/* --- descriptions ---------------------------------------------------------------------------------------- */

typedef struct names {
    char *text; /* of --hw, its commas zero bytes */
    const char *hw[CLI_SETS_MAX + 1];
} names;

static mho_status split(const char *list, names *out)
{
    size_t n = 0;
    const size_t length = strlen(list) + 1;
    out->text = memcpy(cli_alloc(length), list, length);
    for (char *p = out->text, *end; p; p = end) {
        end = strchr(p, ',');
        if (end)
            *end++ = 0;
        if (!*p)
            return mho_error(MHO_EUSAGE, "--hw %s: a name is missing beside a comma", list);
        if (n == CLI_SETS_MAX)
            return mho_error(MHO_EUSAGE, "--hw: more than %d descriptions", CLI_SETS_MAX);
        out->hw[n++] = p;
    }
    return MHO_OK;
}

/* --- measures -------------------------------------------------------------------------------------------- */

/* One cell, of a column that has a result. */
typedef void cell_fn(cli_table *t, const mho_compared *c);

static void si(cli_table *t, double value, const char *unit)
{
    if (isfinite(value))
        cli_table_si(t, value, unit);
    else
        cli_table_text(t, "-");
}

static void add_rate(cli_table *t, double value)
{
    char text[32];
    if (!isfinite(value))
        cli_table_text(t, "-");
    else if (value >= 1000 && value < 1e15)
        cli_table_text(t, "%s", cli_grouped((uint64_t)(value + 0.5), text));
    else
        cli_table_text(t, "%.4g", value);
}

/* "binary", "float"; a network of one's own is the same for all. */
static void add_model(cli_table *t, const mho_compared *c)
{
    const char *built_in = strstr(c->result.model, ", built in");
    const int length = built_in ? (int)(built_in - c->result.model) : 0;
    if (built_in)
        cli_table_text(t, "%.*s", length, c->result.model);
    else
        cli_table_text(t, "as given");
}

static void add_software(cli_table *t, const mho_compared *c)
{
    cli_table_percent(t, c->result.software_error, 2);
}

static void add_mean(cli_table *t, const mho_compared *c)
{
    cli_table_percent(t, c->result.error.spread.mean, 2);
}

static void add_half(cli_table *t, const mho_compared *c)
{
    if (cli_has_interval(&c->result.error))
        cli_table_text(t, "%.2f", 100 * c->result.error.half);
    else
        cli_table_text(t, "-");
}

static void add_images(cli_table *t, const mho_compared *c)
{
    const mho_interval v = c->result.error.images;
    cli_table_text(t, "%.2f..%.2f %%", 100 * v.low, 100 * v.high);
}

static void add_latency(cli_table *t, const mho_compared *c)
{
    si(t, c->result.speed.latency_s, "s");
}

static void add_throughput(cli_table *t, const mho_compared *c)
{
    add_rate(t, c->result.speed.throughput_per_s);
}

static void add_power(cli_table *t, const mho_compared *c)
{
    si(t, c->result.speed.power_W, "W");
}

static void add_energy(cli_table *t, const mho_compared *c)
{
    si(t, c->result.cost.energy_J, "J");
}

static void add_area(cli_table *t, const mho_compared *c)
{
    si(t, c->result.cost.area_m2, "m2");
}

static void add_tops(cli_table *t, const mho_compared *c)
{
    add_rate(t, 1e-12 * c->result.speed.ops_per_s);
}

static void add_tops_per_W(cli_table *t, const mho_compared *c)
{
    add_rate(t, 1e-12 * c->result.speed.ops_per_J);
}

static void add_tops_per_mm2(cli_table *t, const mho_compared *c)
{
    add_rate(t, 1e-18 * c->result.speed.ops_per_s_per_m2);
}

static void add_crossbars(cli_table *t, const mho_compared *c)
{
    char text[32];
    cli_table_text(t, "%s", cli_grouped(c->crossbars, text));
}

static void add_technology(cli_table *t, const mho_compared *c)
{
    cli_table_text(t, "%s", c->result.notes.technology);
}

/* Prices that stand for themselves: the generic ones beside a table that is good for comparisons alone, else the own. */
static void add_absolute(cli_table *t, const mho_compared *c)
{
    const mho_price_notes *n = &c->result.notes;
    cli_table_text(t, "%s", *n->generic ? n->generic : n->relative ? "-" : n->technology);
}

static void add_absolute_energy(cli_table *t, const mho_compared *c)
{
    const mho_price_notes *n = &c->result.notes;
    const double own = n->relative ? (double)NAN : c->result.cost.energy_J;
    si(t, *n->generic ? n->generic_energy_J : own, "J");
}

static void add_absolute_area(cli_table *t, const mho_compared *c)
{
    const mho_price_notes *n = &c->result.notes;
    const double own = n->relative ? (double)NAN : c->result.cost.area_m2;
    si(t, *n->generic ? n->generic_area_m2 : own, "m2");
}

typedef struct measure {
    const char *name;
    cell_fn *add;
    bool absolute; /* only beside a table that is good for comparisons alone */
} measure;

static const measure measures[] = {
    {"network trained as", add_model, false},
    {"error in software", add_software, false},
    {"error on crossbars", add_mean, false},
    {"+- 95 %, programmings", add_half, false},
    {"other images, 95 %", add_images, false},
    {"latency of an image", add_latency, false},
    {"images a second", add_throughput, false},
    {"energy an image", add_energy, false},
    {"power", add_power, false},
    {"area", add_area, false},
    {"TOPS", add_tops, false},
    {"TOPS/W", add_tops_per_W, false},
    {"TOPS/mm2", add_tops_per_mm2, false},
    {"crossbars", add_crossbars, false},
    {"technology", add_technology, false},
    {"absolute prices", add_absolute, true},
    {"energy by these", add_absolute_energy, true},
    {"area by these", add_absolute_area, true},
};

/* --- report ---------------------------------------------------------------------------------------------- */

static bool has_generic(const mho_comparison *c)
{
    bool any = false;
    for (size_t i = 0; i < c->columns; i++)
        any = any || (c->column[i].has_result && *c->column[i].result.notes.generic);
    return any;
}

/* "|bcnn>|cnn8>": names without the signs that the table reads. */
static char *column_titles(const mho_comparison *c)
{
    size_t length = 1;
    for (size_t i = 0; i < c->columns; i++)
        length += strlen(c->column[i].name) + 2;
    char *text = cli_alloc(length), *end = text;
    *text = 0;
    for (size_t i = 0; i < c->columns; i++) {
        *end++ = '|';
        for (const char *p = c->column[i].name; *p; p++)
            *end++ = (char)(strchr("|=>", *p) ? '_' : *p);
        *end++ = '>';
    }
    *end = 0;
    return text;
}

static const char *nothing_of(const mho_compared *c)
{
    return c->status == MHO_EINTERRUPTED ? "interrupted" : "refused";
}

static void print_table(const mho_comparison *c, const cli_args *args)
{
    char *titles = column_titles(c);
    cli_table *t = cli_table_create("", titles);
    const bool generic = has_generic(c);
    for (size_t m = 0; m < sizeof measures / sizeof *measures; m++) {
        if (measures[m].absolute && !generic)
            continue;
        if (measures[m].absolute && !measures[m - 1].absolute)
            cli_table_rule(t);
        cli_table_text(t, "%s", measures[m].name);
        for (size_t i = 0; i < c->columns; i++)
            if (c->column[i].has_result)
                measures[m].add(t, &c->column[i]);
            else
                cli_table_text(t, "%s", m ? "-" : nothing_of(&c->column[i]));
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    free(titles);
}

static void print_head(const mho_comparison *c, const cli_args *args)
{
    const mho_result *r = mho_comparison_any(c);
    const cli_marks *m = cli_marks_of(args->color);
    char images[64], macs[32];
    if (!r)
        return;
    fprintf(args->out, "%s%s on %zu hardware descriptions%s: %s MACs; %s: %s, %s\n\n", m->bold,
            r->network, c->columns, m->end, cli_grouped(r->macs, macs), r->data,
            cli_count(r->options.images, "test image", images), r->data_place);
}

/* Whether figures that hang on prices may be set side by side. */
static void print_comparable(const mho_comparison *c, const cli_args *args)
{
    bool relative = false;
    for (size_t i = 0; i < c->columns; i++)
        relative = relative || (c->column[i].has_result && c->column[i].result.notes.relative);
    if (!c->comparable)
        fputs("  not comparable: energy, power, area, TOPS/W and TOPS/mm2 are of different "
              "technologies, where columns name\n"
              "  different ones; --set technology=generic-45nm prices all by one\n",
              args->out);
    else if (relative)
        fputs("  prices of this technology are good for comparisons among its columns alone\n",
              args->out);
}

static void print_remarks(const mho_comparison *c, const cli_args *args)
{
    for (size_t i = 0; i < c->columns; i++) {
        const mho_compared *column = &c->column[i];
        const mho_result *r = &column->result;
        if (column->status && !column->has_result)
            fprintf(args->out, "  %s: %s\n", column->name, column->message);
        else if (column->status)
            fprintf(args->out, "  %s: interrupted after %zu of %zu programmings\n", column->name,
                    r->error.spread.trials, r->options.trials);
        if (column->has_result && cli_lacks_blocks(r->hw, args))
            fprintf(
                args->out,
                "  %s: %s has no circulant blocks and lies there as ordinary weights (--block)\n",
                column->name, r->network);
        if (column->has_result && cli_is_narrow(r->hw, args))
            fprintf(args->out,
                    "  %s: the network with maps of 1 bit on %g-bit hardware, not the 8-bit CNN; "
                    "that is priced at %.4g uJ (crossbars of this size)\n",
                    column->name, mho_hw_number(r->hw, "input.bits"), 1e6 * r->base.energy_J);
        if (column->has_result && *r->notes.instead)
            fprintf(args->out, "  %s: %s\n", column->name, r->notes.instead);
        if (column->has_result && r->notes.error_energy > 0)
            fprintf(args->out, "  %s: absolute energy within a factor of about %g\n", column->name,
                    r->notes.error_energy);
    }
}

static void print_report(const mho_comparison *c, const cli_args *args)
{
    print_head(c, args);
    print_table(c, args);
    print_comparable(c, args);
    print_remarks(c, args);
}

/* --- CSV ------------------------------------------------------------------------------------------------- */

enum { VALUES = 17 };

static void values_of(const mho_compared *c, double value[VALUES])
{
    const mho_result *r = &c->result;
    const mho_result_speed *v = &r->speed;
    const bool generic = *r->notes.generic;
    const double all[VALUES] = {r->software_error,
                                r->error.spread.mean,
                                r->error.half,
                                r->error.images.low,
                                r->error.images.high,
                                (double)r->error.spread.trials,
                                v->latency_s,
                                v->throughput_per_s,
                                v->power_W,
                                r->cost.energy_J,
                                r->cost.area_m2,
                                v->ops_per_s,
                                v->ops_per_J,
                                v->ops_per_s_per_m2,
                                (double)c->crossbars,
                                generic ? r->notes.generic_energy_J : (double)NAN,
                                generic ? r->notes.generic_area_m2 : (double)NAN};
    memcpy(value, all, sizeof all);
}

#define CSV_COLUMNS                                                                                \
    "hw|software_error|hardware_error_mean|hardware_error_ci95|hardware_error_images_low|"         \
    "hardware_error_images_high|trials|latency_s|throughput_per_s|power_W|energy_J|area_m2|"       \
    "ops_per_s|ops_per_J|ops_per_s_per_m2|crossbars|generic_energy_J|generic_area_m2|technology|"  \
    "relative|generic|model|message"

static void print_csv(const mho_comparison *c, const cli_args *args)
{
    cli_table *t = cli_table_create("", CSV_COLUMNS);
    for (size_t i = 0; i < c->columns; i++) {
        const mho_compared *column = &c->column[i];
        const mho_price_notes *n = &column->result.notes;
        double value[VALUES];
        values_of(column, value);
        cli_table_text(t, "%s", column->name);
        for (size_t k = 0; k < VALUES; k++)
            if (column->has_result && isfinite(value[k]))
                cli_table_number(t, value[k]);
            else
                cli_table_text(t, "%s", "");
        cli_table_text(t, "%s", column->has_result ? n->technology : "");
        cli_table_text(t, "%s", !column->has_result ? "" : n->relative ? "true" : "false");
        cli_table_text(t, "%s", column->has_result ? n->generic : "");
        cli_table_text(t, "%s", column->has_result ? column->result.model : "");
        cli_table_text(t, "%s", column->message);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

/* --- command --------------------------------------------------------------------------------------------- */

static mho_status print(mho_comparison *c, const cli_args *args)
{
    const mho_result *told = NULL;
    for (size_t i = 0; i < c->columns; i++) {
        if (!c->column[i].has_result)
            continue;
        if (!told)
            cli_tell_numbers(told = &c->column[i].result, args);
        cli_tell_idle_of(c->column[i].result.hw, c->column[i].name, args);
        cli_tell_g_off(c->column[i].result.hw, c->column[i].name, args);
        cli_tell_blocks(c->column[i].result.hw, args);
        cli_tell_instead(&c->column[i].result.notes, args);
    }
    if (mho_comparison_any(c))
        cli_tell_zero_signs(args);
    cli_tell_input(args, NULL);
    c->command = args->command;
    if (args->json)
        return cli_print_json(args, mho_comparison_json(c));
    if (args->csv)
        print_csv(c, args);
    else
        print_report(c, args);
    return MHO_OK;
}

/* The report is whole also where columns failed: so -o keeps it, with an exit code beside. */
static mho_status print_to(mho_comparison *c, const cli_args *args, mho_output *output)
{
    cli_args to = *args;
    if (output) {
        to.out = mho_output_stream(output);
        to.color = false;
    }
    return mho_output_finish(output, print(c, &to));
}

/* The status of the worst column, told with its name. */
static mho_status outcome(const mho_comparison *c, const char *net)
{
    if (c->worst == c->columns)
        return MHO_OK;
    const mho_compared *worst = &c->column[c->worst];
    const mho_status s = mho_error(worst->status, "%s", worst->message);
    return mho_error_prefix(cli_hint_model(s, net), "%zu of %zu descriptions failed: %s", c->failed,
                            c->columns, worst->name);
}

static mho_status compare(const cli_args *args, const names *list)
{
    const mho_subject subject = cli_subject(args);
    const mho_study_options options = cli_study_options(args);
    mho_comparison *c = NULL;
    mho_output *output = NULL;
    mho_status s = args->output ? mho_output_open(args->output, &output) : MHO_OK;
    if (!s)
        s = mho_study_compare(&subject, list->hw, &options, &c);
    cli_progress_clear();
    s = s ? mho_output_finish(output, s) : print_to(c, args, output);
    if (!s)
        s = outcome(c, args->file[0]);
    mho_comparison_destroy(c);
    return s;
}

mho_status cmd_compare(const cli_args *args)
{
    names list = {.text = NULL};
    if (!args->hw)
        return mho_error(MHO_EUSAGE,
                         "--hw is missing: name hardware descriptions, as --hw bcnn,cnn8");
    mho_status s = split(args->hw, &list);
    if (!s)
        s = compare(args, &list);
    free(list.text);
    return s;
}
