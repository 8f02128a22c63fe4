/* SPDX-License-Identifier: Apache-2.0 */
/* mho evaluate --sweep: one table of error, times, energy and area over fields of the hardware. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate_sweep.h"

typedef struct sweep_point {
    mho_status status;
    mho_summary sum;
    mho_error_estimate error;
    char technology[MHO_COST_NAME];
    char message[512]; /* why it failed; "" */
} sweep_point;

typedef struct evaluate_run {
    const cli_args *args;
    mho_study *study;
    const mho_grid *grid;
    mho_result head; /* what all points have in common */
    sweep_point *point;
    size_t points, done;
    bool relative; /* a technology that is good for comparisons alone */
    double seconds;
} evaluate_run;

static void take(evaluate_run *r, sweep_point *p, const mho_result *result)
{
    p->sum = mho_summary_of(result);
    p->error = result->error;
    snprintf(p->technology, sizeof p->technology, "%s", result->notes.technology);
    if (p->status)
        snprintf(p->message, sizeof p->message, "%s", mho_error_message());
    r->relative = r->relative || result->notes.relative;
}

/* A point that the hardware refuses does not keep the others. */
static mho_status run_points(evaluate_run *r)
{
    for (; r->done < r->points; r->done++) {
        sweep_point *p = &r->point[r->done];
        mho_result result;
        p->status = mho_study_run(r->study, r->done, &result);
        if (p->status != MHO_EINTERRUPTED)
            take(r, p, &result);
        mho_result_free(&result);
        if (p->status == MHO_EINTERRUPTED || p->status == MHO_ENOMEM || p->status == MHO_EFILE)
            return p->status;
    }
    return MHO_OK;
}

/* The worst of the points' own; with its message. */
static mho_status worst(const evaluate_run *r)
{
    const sweep_point *found = NULL;
    size_t failed = 0;
    for (size_t i = 0; i < r->done; i++) {
        const sweep_point *p = &r->point[i];
        failed += p->status != MHO_OK;
        if (p->status &&
            (!found || mho_status_exit_code(p->status) > mho_status_exit_code(found->status)))
            found = p;
    }
    return found ? mho_error(found->status, "%zu of %zu points failed: %s", failed, r->points,
                             found->message)
                 : MHO_OK;
}

static bool is_swept(const evaluate_run *r, const char *key)
{
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++)
        if (!strcmp(mho_grid_key(r->grid, a), key))
            return true;
    return false;
}

static mho_json *point_json(const evaluate_run *r, size_t i)
{
    const sweep_point *p = &r->point[i];
    mho_json *row = mho_json_object(), *set = mho_json_object(), *interval = mho_json_array();
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++)
        mho_json_put(set, mho_grid_key(r->grid, a), cli_value_json(mho_grid_value(r->grid, i, a)));
    mho_json_put(row, "set", set);
    for (size_t f = 0; f < mho_summary_fields(); f++)
        mho_json_put(row, mho_summary_at(f)->key, mho_json_number(mho_summary_get(&p->sum, f)));
    mho_json_add(interval, mho_json_number(p->sum.images_low));
    mho_json_add(interval, mho_json_number(p->sum.images_high));
    mho_json_put(row, "images_interval", interval);
    mho_json_put(row, "trials", mho_json_integer((int64_t)p->error.spread.trials));
    mho_json_put(row, "technology", mho_json_text(p->technology));
    if (p->status) {
        mho_json_put(row, "message", mho_json_text(p->message));
        mho_json_put(row, "exit_code", mho_json_integer(mho_status_exit_code(p->status)));
    }
    return row;
}

static mho_status print_json(const evaluate_run *r)
{
    mho_json *root = cli_result_json(r->args), *rows = mho_json_array();
    mho_json_put(root, "network", mho_json_text(is_swept(r, "network") ? NULL : r->head.network));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(r->head.hw)));
    mho_json_put(root, "data", mho_json_text(is_swept(r, "data") ? NULL : r->head.data));
    mho_json_put(root, "images", mho_json_integer((int64_t)r->head.options.images));
    mho_json_put(root, "seed", mho_json_unsigned(r->args->seed));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    mho_json_put(root, "complete", mho_json_bool(r->done == r->points));
    for (size_t i = 0; i < r->done; i++)
        mho_json_add(rows, point_json(r, i));
    mho_json_put(root, "rows", rows);
    mho_json_put(root, "seconds", mho_json_number(r->seconds));
    mho_json_put(root, "peak_bytes", mho_json_integer((int64_t)mho_peak_bytes()));
    mho_json_put(root, "config", mho_hw_json(r->head.hw));
    return cli_print_json(r->args, root);
}

static void add_axes(cli_table *t, const evaluate_run *r, size_t i)
{
    for (size_t a = 0; a < mho_grid_axes(r->grid); a++)
        cli_table_text(t, "%s", mho_grid_value(r->grid, i, a));
}

/* Columns are the keys of JSON, in SI units. */
static void add_csv(cli_table *t, const evaluate_run *r, size_t i)
{
    const sweep_point *p = &r->point[i];
    add_axes(t, r, i);
    for (size_t f = 0; f < mho_summary_fields(); f++)
        cli_table_number(t, mho_summary_get(&p->sum, f));
    cli_table_text(t, "%zu", p->error.spread.trials);
    cli_table_text(t, "%s", p->technology);
    cli_table_text(t, "%s", p->message);
}

/* Are points priced by several technologies? */
static bool technologies_differ(const evaluate_run *r)
{
    const char *first = NULL;
    bool differ = false;
    for (size_t i = 0; i < r->done; i++) {
        const char *name = r->point[i].technology;
        if (!*name)
            continue;
        first = first ? first : name;
        differ = differ || strcmp(first, name) != 0;
    }
    return differ;
}

static void add_row(cli_table *t, const evaluate_run *r, size_t i)
{
    const sweep_point *p = &r->point[i];
    add_axes(t, r, i);
    if (p->error.spread.trials)
        cli_table_percent(t, p->sum.error, 3);
    else
        cli_table_text(t, "failed");
    if (p->error.spread.trials && cli_has_interval(&p->error))
        cli_table_percent(t, p->sum.ci95, 3);
    else
        cli_table_text(t, "-");
    cli_table_si(t, p->sum.latency_s, "s");
    cli_table_si(t, p->sum.throughput_per_s, "/s");
    cli_table_si(t, p->sum.energy_J, "J");
    cli_table_si(t, p->sum.area_m2, "m2");
    cli_table_text(t, isfinite(p->sum.ops_per_J) ? "%.4g" : "-", p->sum.ops_per_J * 1e-12);
    if (technologies_differ(r))
        cli_table_text(t, "%s", p->technology);
}

static void print_title(const evaluate_run *r, char *title, size_t size)
{
    char images[64];
    snprintf(title, size, "%s on %s, %s, %s, %zu programmings, seed %zu",
             is_swept(r, "network") ? "Networks" : r->head.network, mho_hw_name(r->head.hw),
             is_swept(r, "data") ? "several data sets" : r->head.data,
             cli_count(r->head.options.images, "image", images), r->args->trials, r->args->seed);
}

static void print_columns(const evaluate_run *r, char *text, size_t size)
{
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(r->grid) && n < size; a++)
        n += (size_t)snprintf(text + n, size - n, "%s>|", mho_grid_key(r->grid, a));
    if (!r->args->csv && n < size)
        n += (size_t)snprintf(text + n, size - n, "%s",
                              "error>|+- 95 %>|latency=>|images=>|energy=>|area=>|TOPS/W>");
    if (!r->args->csv && technologies_differ(r) && n < size)
        n += (size_t)snprintf(text + n, size - n, "|technology");
    for (size_t f = 0; r->args->csv && f < mho_summary_fields() && n < size; f++)
        n += (size_t)snprintf(text + n, size - n, "%s>|", mho_summary_at(f)->key);
    if (r->args->csv && n < size)
        (void)snprintf(text + n, size - n, "trials>|technology|message");
}

static void print_notes(const evaluate_run *r)
{
    fprintf(r->args->out,
            "\n+- 95 %%: of the mean over programmings, for these images; " CLI_NO_INTERVAL
            ".  An operation is a multiply or an add.\n");
    if (r->relative)
        fprintf(r->args->out, "Energy and area by a technology that is good for comparisons alone "
                              "(--set technology=generic-45nm prices in absolute terms).\n");
    if (technologies_differ(r))
        fprintf(r->args->out,
                "Prices are of several technologies: energy, area and times of points "
                "that differ in it are not to be compared (--set technology=NAME "
                "prices all by one).\n");
    for (size_t i = 0; i < r->done; i++)
        if (r->point[i].status)
            fprintf(r->args->out, "point %zu: %s\n", i + 1, r->point[i].message);
}

static void print_table(const evaluate_run *r)
{
    char title[512], columns[4096];
    print_title(r, title, sizeof title);
    print_columns(r, columns, sizeof columns);
    cli_table *t = cli_table_create(title, columns);
    for (size_t i = 0; i < r->done; i++)
        (r->args->csv ? add_csv : add_row)(t, r, i);
    cli_table_print(t, r->args);
    cli_table_destroy(t);
    if (!r->args->csv)
        print_notes(r);
}

static mho_status open_all(evaluate_run *r)
{
    const cli_args *args = r->args;
    const mho_subject subject = cli_subject(args);
    mho_study_options options = cli_study_options(args);
    options.prices = true;
    mho_status s = mho_study_open(&subject, &options, args->sweep, NULL, &r->study);
    if (s)
        return cli_hint_model(s, args->files ? args->file[0] : "NET");
    r->grid = mho_study_grid(r->study);
    r->points = mho_study_points(r->study);
    r->point = cli_alloc(r->points * sizeof *r->point);
    memset(r->point, 0, r->points * sizeof *r->point);
    s = mho_study_describe(r->study, &r->head);
    cli_tell_numbers(&r->head, args);
    return s;
}

mho_status evaluate_sweep(const cli_args *args)
{
    evaluate_run r = {.args = args};
    const double start_s = mho_seconds();
    mho_status s = open_all(&r);
    const bool opened = !s;
    if (!s)
        s = run_points(&r);
    r.seconds = mho_seconds() - start_s;
    cli_progress_clear();
    if (opened && (!s || (s == MHO_EINTERRUPTED && r.done))) {
        mho_status printed = MHO_OK;
        if (args->json)
            printed = print_json(&r);
        else
            print_table(&r);
        s = s ? s : printed ? printed : worst(&r);
    }
    mho_study_destroy(r.study);
    mho_result_free(&r.head);
    free(r.point);
    return s;
}
