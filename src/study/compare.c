/* SPDX-License-Identifier: Apache-2.0 */
/* One network on several descriptions: a study with a point each, and what can be said of them together. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "study/study_impl.h"

static mho_status check_names(const char *const *hw)
{
    if (!hw[0])
        return mho_error(MHO_EUSAGE, "no hardware description is named");
    for (size_t i = 1; hw[i]; i++)
        for (size_t k = 0; k < i; k++)
            if (!strcmp(hw[i], hw[k]))
                return mho_error(MHO_EUSAGE, "hardware %s is named twice", hw[i]);
    return MHO_OK;
}

/* Two files may hold descriptions of the same name. */
static bool is_single(const mho_study *study, const char *name)
{
    size_t same = 0;
    for (size_t i = 0; i <= study->others; i++)
        same += !strcmp(mho_hw_name(i ? study->other[i - 1] : study->hw), name);
    return same == 1;
}

static void name_columns(mho_comparison *c, const mho_study *study, const mho_subject *subject,
                         const char *const *hw)
{
    for (size_t i = 0; i < c->columns; i++) {
        const char *name = mho_hw_name(i ? study->other[i - 1] : study->hw);
        const bool given = subject->descriptions && subject->descriptions[i];
        snprintf(c->column[i].name, sizeof c->column[i].name, "%s",
                 is_single(study, name) && !given ? name : hw[i]);
    }
}

static void run_column(mho_study *study, size_t point, mho_compared *c)
{
    mho_result *r = &c->result;
    c->status = mho_study_run(study, point, r);
    c->has_result = !c->status || (c->status == MHO_EINTERRUPTED && r->error.spread.trials);
    if (c->status)
        snprintf(c->message, sizeof c->message, "%s", mho_error_message());
    c->crossbars = r->rewriting.cells ? r->rewriting.budget : r->rewriting.needed;
}

/* After an interruption no further point begins. */
static void run_columns(mho_comparison *c, mho_study *study)
{
    bool interrupted = false;
    for (size_t i = 0; i < c->columns; i++) {
        mho_compared *column = &c->column[i];
        if (!interrupted) {
            run_column(study, i, column);
            interrupted = column->status == MHO_EINTERRUPTED;
        } else {
            column->status = MHO_EINTERRUPTED;
            snprintf(column->message, sizeof column->message, "interrupted before it began");
        }
    }
}

static void sum_up(mho_comparison *c)
{
    const char *technology = NULL;
    c->worst = c->columns;
    c->comparable = true;
    for (size_t i = 0; i < c->columns; i++) {
        const mho_compared *column = &c->column[i];
        const mho_compared *worst = c->worst < c->columns ? &c->column[c->worst] : NULL;
        if (column->has_result) {
            const char *own = column->result.notes.technology;
            c->comparable = c->comparable && (!technology || !strcmp(own, technology));
            technology = own;
        }
        if (!column->status)
            continue;
        c->failed++;
        if (!worst || mho_status_exit_code(column->status) > mho_status_exit_code(worst->status))
            c->worst = i;
    }
}

mho_status mho_study_compare(const mho_subject *subject, const char *const *hw,
                             const mho_study_options *options, mho_comparison **out)
{
    mho_study_options o = *options;
    mho_study *study = NULL;
    mho_comparison *c = NULL;
    *out = NULL;
    o.prices = true;
    mho_status s = check_names(hw);
    if (!s)
        s = mho_study_open_each(subject, hw, &o, &study);
    if (!s)
        s = mhoi_alloc(&c, 1, sizeof *c, "comparison");
    if (!s)
        s = mhoi_alloc(&c->column, mho_study_points(study), sizeof *c->column, "comparison");
    if (s)
        goto fail;
    c->columns = mho_study_points(study);
    name_columns(c, study, subject, hw);
    run_columns(c, study);
    sum_up(c);
    mho_study_destroy(study);
    *out = c;
    return MHO_OK;
fail:
    mho_study_destroy(study);
    mho_comparison_destroy(c);
    return s;
}

void mho_comparison_destroy(mho_comparison *comparison)
{
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->columns; i++)
        mho_result_free(&comparison->column[i].result);
    mhoi_free(&comparison->column);
    mhoi_free(&comparison);
}

const mho_result *mho_comparison_any(const mho_comparison *comparison)
{
    for (size_t i = 0; i < comparison->columns; i++)
        if (comparison->column[i].has_result)
            return &comparison->column[i].result;
    return NULL;
}

/* --- JSON ---------------------------------------------------------------------------------------------- */

static mho_json *interval_json(mho_interval v)
{
    mho_json *list = mho_json_array();
    mho_json_add(list, mho_json_number(v.low));
    mho_json_add(list, mho_json_number(v.high));
    return list;
}

static void put_errors(mho_json *row, const mho_result *r)
{
    mho_json_put(row, "model", mho_json_text(r->model));
    mho_json_put(row, "software_error", mho_json_number(r->software_error));
    mho_json_put(row, "hardware_error", mho_json_number(r->error.spread.mean));
    mho_json_put(row, "ci95", mho_json_number(r->error.half));
    mho_json_put(row, "images_interval", interval_json(r->error.images));
    mho_json_put(row, "trials", mho_json_integer((int64_t)r->error.spread.trials));
}

static void put_prices(mho_json *row, const mho_compared *c)
{
    const mho_result *r = &c->result;
    const mho_price_notes *n = &r->notes;
    mho_json_put(row, "latency_s", mho_json_number(r->speed.latency_s));
    mho_json_put(row, "throughput_per_s", mho_json_number(r->speed.throughput_per_s));
    mho_json_put(row, "power_W", mho_json_number(r->speed.power_W));
    mho_json_put(row, "energy_J", mho_json_number(r->cost.energy_J));
    mho_json_put(row, "area_m2", mho_json_number(r->cost.area_m2));
    mho_json_put(row, "ops_per_s", mho_json_number(r->speed.ops_per_s));
    mho_json_put(row, "ops_per_J", mho_json_number(r->speed.ops_per_J));
    mho_json_put(row, "ops_per_s_per_m2", mho_json_number(r->speed.ops_per_s_per_m2));
    mho_json_put(row, "crossbars", mho_json_unsigned(c->crossbars));
    mho_json_put(row, "technology", mho_json_text(n->technology));
    mho_json_put(row, "relative", mho_json_bool(n->relative));
    if (*n->generic) {
        mho_json *generic = mho_json_object();
        mho_json_put(generic, "technology", mho_json_text(n->generic));
        mho_json_put(generic, "energy_J", mho_json_number(n->generic_energy_J));
        mho_json_put(generic, "area_m2", mho_json_number(n->generic_area_m2));
        mho_json_put(row, "generic", generic);
    }
}

/* The description, and why it has nothing to tell. */
static mho_json *head_json(const mho_compared *c)
{
    mho_json *row = mho_json_object();
    mho_json_put(row, "hw", mho_json_text(c->name));
    if (c->status) {
        mho_json_put(row, "message", mho_json_text(c->message));
        mho_json_put(row, "exit_code", mho_json_integer(mho_status_exit_code(c->status)));
    }
    return row;
}

/* What all columns have in common. */
static void put_subject(mho_json *root, const mho_comparison *c)
{
    const mho_result *r = mho_comparison_any(c);
    if (!r)
        return;
    mho_json_put(root, "network", mho_json_text(r->network));
    mho_json_put(root, "data", mho_json_text(r->data));
    mho_json_put(root, "data_place", mho_json_text(r->data_place));
    mho_json_put(root, "images", mho_json_integer((int64_t)r->options.images));
    mho_json_put(root, "seed", mho_json_unsigned(r->options.seed));
    mho_json_put(root, "macs", mho_json_unsigned(r->macs));
}

mho_json *mho_comparison_json(const mho_comparison *c)
{
    mho_json *root = mho_json_object(), *table = mho_json_array(), *results = mho_json_array();
    mho_json_put(root, "format", mho_json_integer(MHO_RESULT_FORMAT));
    if (c->command)
        mho_json_put(root, "command", mho_json_text(c->command));
    put_subject(root, c);
    mho_json_put(root, "comparable", mho_json_bool(c->comparable));
    for (size_t i = 0; i < c->columns; i++) {
        const mho_compared *column = &c->column[i];
        mho_json *row = head_json(column);
        if (column->has_result) {
            put_errors(row, &column->result);
            put_prices(row, column);
        }
        mho_json_add(table, row);
        mho_json_add(results,
                     column->has_result ? mho_result_json(&column->result) : head_json(column));
    }
    mho_json_put(root, "table", table);
    mho_json_put(root, "results", results);
    return root;
}
