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
} results[] = {
    {"error", "error", 1},
    {"loss", "loss", 1},
    {"ci95", "ci95", 1},
    {"software_error", "software_error", 1},
    {"latency", "latency_s", 1},
    {"latency_s", "latency_s", 1},
    {"latency_ms", "latency_s", 1e3},
    {"latency_us", "latency_s", 1e6},
    {"latency_ns", "latency_s", 1e9},
    {"throughput", "throughput_per_s", 1},
    {"throughput_per_s", "throughput_per_s", 1},
    {"power", "power_W", 1},
    {"power_W", "power_W", 1},
    {"power_mW", "power_W", 1e3},
    {"energy", "energy_J", 1},
    {"energy_J", "energy_J", 1},
    {"energy_mJ", "energy_J", 1e3},
    {"energy_uJ", "energy_J", 1e6},
    {"energy_nJ", "energy_J", 1e9},
    {"area", "area_m2", 1},
    {"area_m2", "area_m2", 1},
    {"area_mm2", "area_m2", 1e6},
    {"area_um2", "area_m2", 1e12},
    {"ops_per_s", "ops_per_s", 1},
    {"ops_per_J", "ops_per_J", 1},
    {"tops_per_W", "ops_per_J", 1e-12},
    {"tops", "ops_per_s", 1e-12},
    {"ops_per_s_per_m2", "ops_per_s_per_m2", 1},
    {"gops_per_s_per_mm2", "ops_per_s_per_m2", 1e-15},
    {"cycles", "cycles", 1},
    {"crossbars", "crossbars", 1},
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

double mhoi_explore_result_of(const mho_summary *sum, size_t result)
{
    const char *of = results[result].of;
    if (!strcmp(of, "loss"))
        return sum->error - sum->software_error;
    for (size_t i = 0; i < mho_summary_fields(); i++)
        if (!strcmp(mho_summary_at(i)->key, of))
            return mho_summary_get(sum, i) * results[result].scale;
    return (double)NAN;
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
