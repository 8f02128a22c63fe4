/* SPDX-License-Identifier: Apache-2.0 */
/* mho simulate --sweep: a table of the error over fields of the hardware. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulate_sweep.h"

typedef struct sweep_run {
    const cli_args *args;
    mho_study *study;
    const mho_grid *sweep;
    size_t points, first, done; /* first: points before it were read from the file */
    mho_row *row;
    mho_rows *rows;
    mho_result head; /* what all points have in common */
    double seconds;
    bool opened;        /* there may be something to print */
    size_t *idle;       /* [fields of the hardware] points of this run at which it had no effect */
    mho_hw *at_end;     /* the description of the last point */
    size_t held_points; /* of this run, with cells held at an end of the range, */
    double held_most;   /* and the largest share of them */
} sweep_run;

/* A field that the user sets or sweeps and that no point heeds is told once, at the end. */
static mho_status note_idle(sweep_run *r, const mho_hw *hw)
{
    const size_t fields = mho_hw_field_count(hw);
    const char *why;
    if (!r->idle) {
        r->idle = cli_alloc(fields * sizeof *r->idle);
        memset(r->idle, 0, fields * sizeof *r->idle);
    }
    for (size_t i = mho_hw_idle(hw, 0, &why); i < fields; i = mho_hw_idle(hw, i + 1, &why))
        r->idle[i]++;
    mho_hw_destroy(r->at_end);
    return mho_hw_clone(hw, &r->at_end);
}

static void tell_idle(const sweep_run *r)
{
    const size_t fields = r->at_end ? mho_hw_field_count(r->at_end) : 0;
    const char *why = NULL;
    for (size_t i = 0; i < fields && !r->args->quiet; i++)
        if (r->idle[i] == r->done - r->first && mho_hw_idle(r->at_end, i, &why) == i)
            fprintf(stderr, "mho: note: %s has no effect at any point: %s\n",
                    mho_hw_field(r->at_end, i)->key, why);
    if (r->at_end)
        cli_tell_g_off(r->at_end, "at the last point", r->args);
}

static void note_held(sweep_run *r, const mho_write_count *p)
{
    const double share = p->cells ? (double)p->held / (double)p->cells : 0;
    r->held_points += p->held > 0;
    r->held_most = share > r->held_most ? share : r->held_most;
}

static void tell_held(const sweep_run *r)
{
    if (r->held_points && !r->args->quiet)
        fprintf(
            stderr,
            "mho: note: cells were held at an end of the range a conductance can take at %zu of "
            "%zu points, %.3g %% of the cells at most\n",
            r->held_points, r->done - r->first, 100 * r->held_most);
}

static mho_status keep(void *user, size_t point, const mho_result *result)
{
    sweep_run *r = user;
    r->row[point] = (mho_row){result->software_error, result->error};
    note_held(r, &result->programming);
    mho_status s = mho_rows_add(r->rows, point, &r->row[point]);
    r->done = s ? r->done : point + 1;
    return s ? s : note_idle(r, result->hw);
}

static mho_status open_all(sweep_run *r)
{
    const cli_args *args = r->args;
    const mho_subject subject = cli_subject(args);
    const mho_study_options options = cli_study_options(args);
    if (args->resume && !args->output)
        return mho_error(MHO_EUSAGE, "--resume: of which file? -o FILE");
    if (cli_ends_with(args->output, ".json"))
        return mho_error(MHO_EUSAGE,
                         "-o %s: the rows of a sweep are CSV; --json prints JSON besides",
                         args->output);
    mho_status s = mho_study_open(&subject, &options, args->sweep, NULL, &r->study);
    if (s)
        return cli_hint_model(s, args->files ? args->file[0] : "NET");
    r->sweep = mho_study_grid(r->study);
    r->points = mho_study_points(r->study);
    r->row = cli_alloc(r->points * sizeof *r->row);
    s = mho_study_describe(r->study, &r->head);
    cli_tell_numbers(&r->head, args);
    if (s)
        return s;
    s = mho_rows_open(args->output, args->resume, r->study, r->row, &r->done, &r->rows);
    if (s == MHO_EUSAGE)
        s = mho_error(s, "%s exists: --resume goes on with it, or remove it", args->output);
    r->first = r->done;
    r->opened = !s;
    return s;
}

static mho_json *row_json(const sweep_run *r, size_t point)
{
    const mho_row *row = &r->row[point];
    mho_json *root = mho_json_object(), *set = mho_json_object(), *error = mho_json_object();
    for (size_t a = 0; a < mho_grid_axes(r->sweep); a++)
        mho_json_put(set, mho_grid_key(r->sweep, a),
                     cli_value_json(mho_grid_value(r->sweep, point, a)));
    mho_json_put(error, "mean", mho_json_number(row->error.spread.mean));
    mho_json_put(error, "ci95", mho_json_number(row->error.half));
    mho_json_put(error, "images_ci95", mho_json_number(row->error.images_half));
    mho_json *interval = mho_json_array();
    mho_json_add(interval, mho_json_number(row->error.images.low));
    mho_json_add(interval, mho_json_number(row->error.images.high));
    mho_json_put(error, "images_interval", interval);
    mho_json_put(error, "std", mho_json_number(row->error.spread.std));
    mho_json_put(error, "min", mho_json_number(row->error.spread.min));
    mho_json_put(error, "max", mho_json_number(row->error.spread.max));
    mho_json_put(error, "trials", mho_json_integer((int64_t)row->error.spread.trials));
    mho_json_put(root, "set", set);
    mho_json_put(root, "software_error", mho_json_number(row->software_error));
    mho_json_put(root, "hardware_error", error);
    return root;
}

static bool is_swept(const sweep_run *r, const char *key)
{
    for (size_t a = 0; a < mho_grid_axes(r->sweep); a++)
        if (!strcmp(mho_grid_key(r->sweep, a), key))
            return true;
    return false;
}

static mho_status print_json(const sweep_run *r)
{
    const cli_args *args = r->args;
    mho_json *root = cli_result_json(args), *rows = mho_json_array();
    mho_json_put(root, "network", mho_json_text(is_swept(r, "network") ? NULL : r->head.network));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(r->head.hw)));
    mho_json_put(root, "data", mho_json_text(is_swept(r, "data") ? NULL : r->head.data));
    mho_json_put(root, "images", mho_json_integer((int64_t)r->head.options.images));
    mho_json_put(root, "seed", mho_json_unsigned(args->seed));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    mho_json_put(root, "complete", mho_json_bool(r->done == r->points));
    mho_json_put(root, "resumed", mho_json_integer((int64_t)r->first));
    for (size_t i = 0; i < r->done; i++)
        mho_json_add(rows, row_json(r, i));
    mho_json_put(root, "rows", rows);
    mho_json_put(root, "seconds", mho_json_number(r->seconds));
    mho_json_put(root, "peak_bytes", mho_json_integer((int64_t)mho_peak_bytes()));
    mho_json_put(root, "config", mho_hw_json(r->head.hw));
    return cli_print_json(args, root);
}

static void add_row(cli_table *t, const sweep_run *r, size_t point)
{
    const mho_row *row = &r->row[point];
    const mho_interval *images = &row->error.images;
    for (size_t a = 0; a < mho_grid_axes(r->sweep); a++)
        cli_table_text(t, "%s", mho_grid_value(r->sweep, point, a));
    cli_table_percent(t, row->error.spread.mean, 3);
    if (r->args->csv ? isfinite(row->error.half) : cli_has_interval(&row->error))
        cli_table_percent(t, row->error.half, 3);
    else
        cli_table_text(t, "-");
    if (r->args->csv)
        cli_table_percent(t, row->error.images_half, 3);
    else
        cli_table_text(t, "%.2f..%.2f %%", 100 * images->low, 100 * images->high);
    cli_table_percent(t, row->error.spread.std, 3);
    if (r->args->csv) {
        cli_table_percent(t, row->error.spread.min, 3);
        cli_table_percent(t, row->error.spread.max, 3);
    }
    cli_table_text(t, "%zu", row->error.spread.trials);
    cli_table_percent(t, row->software_error, 2);
    if (r->args->csv) {
        cli_table_percent(t, images->low, 3);
        cli_table_percent(t, images->high, 3);
    }
}

/* What is swept stands in the rows, and not in the title as that of the first. */
static void print_title(const sweep_run *r, char *title, size_t size)
{
    const char *place = r->head.data_place;
    const bool data = is_swept(r, "data");
    char images[64];
    snprintf(title, size, "%s on %s, %s%s%s%s, %s, seed %zu",
             is_swept(r, "network") ? "Networks" : r->head.network, mho_hw_name(r->head.hw),
             data ? "several data sets" : r->head.data, data ? "" : " (", data ? "" : place,
             data ? "" : ")", cli_count(r->head.options.images, "image", images), r->args->seed);
}

static void print_table(const sweep_run *r)
{
    char title[512], columns[2048];
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(r->sweep) && n < sizeof columns; a++)
        n += (size_t)snprintf(columns + n, sizeof columns - n, "%s>|", mho_grid_key(r->sweep, a));
    if (n < sizeof columns)
        snprintf(columns + n, sizeof columns - n, "%s",
                 r->args->csv
                     ? "error>|ci95>|images_ci95>|std>|min>|max>|programmings>|software_error>|"
                       "images_low>|"
                       "images_high>"
                     : "error>|+- 95 %>|other images, 95 %>|deviation>|programmings>|software>");
    print_title(r, title, sizeof title);
    cli_table *t = cli_table_create(title, columns);
    for (size_t i = 0; i < r->done; i++)
        add_row(t, r, i);
    cli_table_print(t, r->args);
    cli_table_destroy(t);
    if (!r->args->csv)
        fprintf(r->args->out,
                "\n+- 95 %%: of the mean over programmings, for these images; " CLI_NO_INTERVAL
                "; other images: where it would lie on others\n");
}

mho_status simulate_sweep(const cli_args *args)
{
    sweep_run r = {.args = args};
    const double start_s = mho_seconds();
    mho_status s = open_all(&r);
    if (!s)
        s = mho_study_sweep(r.study, r.done, keep, &r);
    mho_rows_close(r.rows);
    r.seconds = mho_seconds() - start_s;
    if (r.opened && (!s || s == MHO_EINTERRUPTED)) {
        mho_status printed = MHO_OK;
        if (args->json)
            printed = print_json(&r);
        else
            print_table(&r);
        s = s ? s : printed;
    }
    cli_progress_clear();
    tell_idle(&r);
    tell_held(&r);
    mho_hw_destroy(r.at_end);
    free(r.idle);
    mho_study_destroy(r.study);
    mho_result_free(&r.head);
    free(r.row);
    return s;
}
