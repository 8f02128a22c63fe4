/* SPDX-License-Identifier: Apache-2.0 */
/* Names in constraints, objectives and conditions, and what they stand for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "explore/explore_impl.h"

/* Plain names are SI and fractions, as in the store; those with a unit are in it. */
static const struct {
    const char *name, *of; /* of: of mho_summary; "loss" apart */
    double scale;          /* value = summary x scale */
    const char *unit;
} results[] = {
    {"error", "error", 1, "%"},
    {"loss", "loss", 1, "%"},
    {"ci95", "ci95", 1, "%"},
    {"software_error", "software_error", 1, "%"},
    {"latency", "latency_s", 1, "s"},
    {"latency_s", "latency_s", 1, "s"},
    {"latency_ms", "latency_s", 1e3, "ms"},
    {"latency_us", "latency_s", 1e6, "us"},
    {"latency_ns", "latency_s", 1e9, "ns"},
    {"throughput", "throughput_per_s", 1, "/s"},
    {"throughput_per_s", "throughput_per_s", 1, "/s"},
    {"power", "power_W", 1, "W"},
    {"power_W", "power_W", 1, "W"},
    {"power_mW", "power_W", 1e3, "mW"},
    {"energy", "energy_J", 1, "J"},
    {"energy_J", "energy_J", 1, "J"},
    {"energy_mJ", "energy_J", 1e3, "mJ"},
    {"energy_uJ", "energy_J", 1e6, "uJ"},
    {"energy_nJ", "energy_J", 1e9, "nJ"},
    {"area", "area_m2", 1, "m2"},
    {"area_m2", "area_m2", 1, "m2"},
    {"area_mm2", "area_m2", 1e6, "mm2"},
    {"area_um2", "area_m2", 1e12, "um2"},
    {"ops_per_s", "ops_per_s", 1, "/s"},
    {"ops_per_J", "ops_per_J", 1, "/J"},
    {"tops_per_W", "ops_per_J", 1e-12, "TOPS/W"},
    {"tops", "ops_per_s", 1e-12, "TOPS"},
    {"ops_per_s_per_m2", "ops_per_s_per_m2", 1, "/s/m2"},
    {"gops_per_s_per_mm2", "ops_per_s_per_m2", 1e-15, "GOPS/mm2"},
    {"cycles", "cycles", 1, ""},
    {"crossbars", "crossbars", 1, ""},
};

enum { RESULTS = sizeof results / sizeof *results };

size_t mhoi_explore_result(const char *name)
{
    for (size_t i = 0; i < RESULTS; i++)
        if (!strcmp(results[i].name, name))
            return i;
    return SIZE_MAX;
}

const char *mhoi_explore_result_name(size_t i)
{
    return i < RESULTS ? results[i].name : NULL;
}

bool mhoi_explore_result_is_error(size_t result)
{
    const char *of = results[result].of;
    return !strcmp(of, "error") || !strcmp(of, "loss") || !strcmp(of, "ci95") ||
           !strcmp(of, "software_error");
}

size_t mhoi_explore_result_field(size_t result)
{
    for (size_t i = 0; i < mho_summary_fields(); i++)
        if (!strcmp(mho_summary_at(i)->key, results[result].of))
            return i;
    return SIZE_MAX;
}

static double result_in(const mho_summary *sum, size_t result, size_t field)
{
    return field == SIZE_MAX ? sum->error - sum->software_error
                             : mho_summary_get(sum, field) * results[result].scale;
}

double mhoi_explore_result_of(const mho_summary *sum, size_t result)
{
    return result_in(sum, result, mhoi_explore_result_field(result));
}

const char *mhoi_explore_result_unit(size_t i)
{
    return results[i].unit;
}

/* Of a value as a file has it, "0.8 V" or "4"; *unit: what stands behind the number. */
static bool read_number(const char *text, double *number, const char **unit)
{
    char *end = NULL;
    *number = mhoi_decimal_read(text, &end);
    while (end > text && *end == ' ')
        end++;
    *unit = end;
    return end > text;
}

bool mhoi_explore_axis_counts(const mho_explore *x, size_t axis)
{
    double number;
    const char *first = NULL, *unit = NULL;
    for (size_t v = 0; v < mho_grid_values(x->grid, axis); v++) {
        if (!read_number(mhoi_study_grid_choice(x->grid, axis, v), &number, &unit))
            return false;
        first = first ? first : unit;
        if (strcmp(first, unit) != 0)
            return false;
    }
    return true;
}

const char *mhoi_explore_objective(const char *text, explore_objective *o)
{
    const bool min = !strncmp(text, "min ", 4), max = !strncmp(text, "max ", 4);
    const char *name = text + (min || max ? 4 : 0);
    *o = (explore_objective){.result = mhoi_explore_result(name), .field = SIZE_MAX};
    o->axis = SIZE_MAX;
    if (o->result != SIZE_MAX)
        o->field = mhoi_explore_result_field(o->result);
    o->most =
        max ||
        (!min && (strstr(name, "per_") || strstr(name, "throughput") || !strcmp(name, "tops")));
    snprintf(o->text, sizeof o->text, "%s %s", o->most ? "max" : "min", name);
    return name;
}

double mhoi_explore_value(const mho_explore *x, const explore_objective *o, const mho_summary *sum,
                          const uint32_t *choice)
{
    double number = (double)NAN;
    const char *unit;
    if (o->axis == SIZE_MAX)
        return result_in(sum, o->result, o->field);
    (void)read_number(mhoi_study_grid_choice(x->grid, o->axis, choice[o->axis]), &number, &unit);
    return number;
}

static size_t find_result(void *user, const char *name)
{
    (void)user;
    return mhoi_explore_result(name);
}

static const char *name_result(void *user, size_t i)
{
    (void)user;
    return mhoi_explore_result_name(i);
}

mho_status mhoi_explore_constraint(const char *text, mhoi_expression **out)
{
    return mhoi_expression_read(text, find_result, name_result, NULL, out);
}

static void look_result(void *user, size_t name, mhoi_value *out)
{
    out->is_text = false;
    out->number = mhoi_explore_result_of(user, name);
}

static bool asks_error(const mhoi_expression *e)
{
    for (size_t i = 0; i < RESULTS; i++)
        if (mhoi_explore_result_is_error(i) && mhoi_expression_uses(e, i))
            return true;
    return false;
}

bool mhoi_explore_keeps(const mho_explore *x, const mho_summary *sum, bool accuracy)
{
    mho_summary copy = *sum;
    for (size_t i = 0; i < x->constraints; i++)
        if ((accuracy || !asks_error(x->constraint[i])) &&
            !mhoi_expression_holds(x->constraint[i], look_result, &copy))
            return false;
    return true;
}

bool mhoi_explore_holds(const mho_explore *x, size_t constraint, const mho_summary *sum)
{
    mho_summary copy = *sum;
    return mhoi_expression_holds(x->constraint[constraint], look_result, &copy);
}

bool mhoi_explore_constrains_error(const mho_explore *x, size_t constraint)
{
    return asks_error(x->constraint[constraint]);
}

/* Axes first, then fields: number axes + field. */
static size_t find_field(void *user, const char *name)
{
    const mho_explore *x = user;
    for (size_t a = 0; a < x->axes; a++)
        if (!strcmp(mho_grid_key(x->grid, a), name))
            return a;
    for (size_t i = 0; i < mho_hw_field_count(x->hw); i++)
        if (!strcmp(mho_hw_field(x->hw, i)->key, name))
            return x->axes + i;
    return SIZE_MAX;
}

static const char *name_field(void *user, size_t i)
{
    const mho_explore *x = user;
    if (i < x->axes)
        return mho_grid_key(x->grid, i);
    i -= x->axes;
    return i < mho_hw_field_count(x->hw) ? mho_hw_field(x->hw, i)->key : NULL;
}

mho_status mhoi_explore_condition(mho_explore *x, const char *text, mhoi_expression **out)
{
    return mhoi_expression_read(text, find_field, name_field, x, out);
}

typedef struct choices {
    const mho_explore *x;
    const uint32_t *choice;
} choices;

static void look_field(void *user, size_t name, mhoi_value *out)
{
    const choices *c = user;
    if (name < c->x->axes)
        snprintf(out->text, sizeof out->text, "%s",
                 mhoi_study_grid_choice(c->x->grid, name, c->choice[name]));
    else
        mho_hw_print(c->x->hw, name - c->x->axes, out->text, sizeof out->text);
    char *end = NULL;
    out->number = mhoi_decimal_read(out->text, &end);
    out->is_text = end == out->text || *end;
}

bool mhoi_explore_allows(const mho_explore *x, const uint32_t *choice)
{
    choices c = {x, choice};
    for (size_t i = 0; i < x->wheres; i++)
        if (!mhoi_expression_holds(x->where[i], look_field, &c))
            return false;
    return true;
}
