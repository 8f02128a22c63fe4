/* SPDX-License-Identifier: Apache-2.0 */
/* mho simulate --sweep: a table of the error over fields of the hardware.  Everything that can be refused
 * is refused before the first point is computed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulate_sweep.h"

enum { MODES = 2 }; /* crossbar.mode: each has its own trained network */

typedef struct sweep_run {
    const cli_args *args;
    mho_grid *sweep;
    mho_hw *base;
    mho_net *net[MODES];
    double software_error[MODES];
    bool mode[MODES]; /* occurs */
    mho_data *data;
    mho_images calibration;
    size_t images, points, first, done; /* first: points before it were read from the file */
    size_t point;                       /* under way */
    sweep_row *row;
    char run[512]; /* what the rows depend on */
    double seconds;
} sweep_run;

static mho_status point_config(const sweep_run *r, size_t point, mho_hw **hw)
{
    mho_status s = mho_hw_clone(r->base, hw);
    return s ? s : mho_grid_apply(r->sweep, point, *hw);
}

/* Every point, so that a bad combination costs no time. */
static mho_status check_points(sweep_run *r, size_t *calibration)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < r->points; i++) {
        mho_hw *hw = NULL;
        s = point_config(r, i, &hw);
        if (!s) {
            const size_t wanted = (size_t)mho_hw_number(hw, "output.calibration_images");
            *calibration = wanted > *calibration ? wanted : *calibration;
            r->mode[mho_hw_is(hw, "crossbar.mode", "full")] = true;
        }
        mho_hw_destroy(hw);
    }
    return s;
}

static mho_status open_networks(sweep_run *r)
{
    static const mho_style style[MODES] = {MHO_STYLE_BINARY, MHO_STYLE_FLOAT};
    mho_status s = mho_data_open(r->args->data, false, false, &r->data);
    for (int m = 0; !s && m < MODES; m++)
        if (r->mode[m]) {
            s = mho_model_open(r->args->file[0], style[m], r->data->name, &r->net[m]);
            s = cli_hint_model(s, r->args->file[0]);
        }
    mho_data_destroy(r->data);
    r->data = NULL;
    return s;
}

static mho_status open_images(sweep_run *r, size_t calibration)
{
    mho_status s = mho_data_open(r->args->data, false, true, &r->data);
    if (s)
        return s;
    r->images = r->args->has_images ? r->args->images : r->data->test.count;
    if (!r->images || r->images > r->data->test.count)
        return mho_error(MHO_EUSAGE, "--images = %zu, want 1..%zu: %s has no more", r->images,
                         r->data->test.count, r->data->name);
    return r->args->calibration && strcmp(r->args->calibration, "test") == 0
               ? mho_data_head_of_test(r->data, calibration, &r->calibration)
               : mho_data_head(r->data, calibration, &r->calibration);
}

/* FNV-1a. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* A line that is the same if and only if the rows would be. */
static void tell_run(sweep_run *r)
{
    const cli_args *args = r->args;
    const mho_images *test = &r->data->test;
    const uint64_t identity = mho_hw_identity(r->base);
    uint64_t h = hash(UINT64_C(0xcbf29ce484222325), &identity, sizeof identity);
    for (int m = 0; m < MODES; m++)
        if (r->net[m])
            h = mho_net_fingerprint(r->net[m], h);
    for (size_t a = 0; args->sweep[a]; a++)
        h = hash(h, args->sweep[a], strlen(args->sweep[a]) + 1);
    h = hash(h, test->pixel, r->images * test->shape.c * test->shape.h * test->shape.w);
    h = hash(h, test->label, r->images * sizeof *test->label);
    h = hash(h, r->calibration.pixel,
             r->calibration.count * test->shape.c * test->shape.h * test->shape.w);
    snprintf(r->run, sizeof r->run,
             "mho %s simulate %.48s --hw %s: %s, %zu images, seed %zu, trials %zu, ci %g, run "
             "%016llx",
             mho_version(), mho_net_name(r->net[0] ? r->net[0] : r->net[1]), mho_hw_name(r->base),
             r->data->name, r->images, args->seed, args->trials, args->ci, (unsigned long long)h);
}

static mho_status open_all(sweep_run *r)
{
    const cli_args *args = r->args;
    size_t calibration = 0;
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    if (args->resume && !args->output)
        return mho_error(MHO_EUSAGE, "--resume: of which file? -o FILE");
    mho_status s = mho_hw_open(args->hw, args->set, &r->base);
    if (!s)
        s = mho_hw_want(r->base, "crossbar");
    if (!s)
        s = mho_grid_create(r->base, args->sweep, &r->sweep);
    if (s)
        return s;
    r->points = mho_grid_points(r->sweep);
    s = check_points(r, &calibration);
    if (!s)
        s = open_networks(r);
    if (!s)
        s = open_images(r, calibration);
    if (!s)
        tell_run(r);
    return s;
}

static void show_progress(void *user, size_t trial)
{
    const sweep_run *r = user;
    char what[64];
    snprintf(what, sizeof what, "point %zu of %zu", r->point + 1, r->points);
    mho_run_set_part(NULL, what, trial, r->args->trials);
}

static mho_status software_errors(sweep_run *r)
{
    mho_status s = MHO_OK;
    for (int m = 0; !s && m < MODES; m++) {
        size_t wrong = 0;
        if (r->net[m])
            s = mho_infer_errors(r->net[m], &r->data->test, r->images, &wrong);
        r->software_error[m] = (double)wrong / (double)r->images;
    }
    return s;
}

static mho_status run_point(sweep_run *r)
{
    const cli_args *args = r->args;
    sweep_row *row = &r->row[r->point];
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    mho_status s = point_config(r, r->point, &hw);
    if (s) {
        mho_hw_destroy(hw);
        return s;
    }
    const int mode = mho_hw_is(hw, "crossbar.mode", "full");
    row->software_error = r->software_error[mode];
    show_progress(r, 0);
    s = mho_chip_open(r->net[mode], hw, &r->calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &r->data->test, r->images, args->seed, args->trials, args->ci / 100,
                         NULL, show_progress, r, &row->error);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_run_set_part(NULL, "", 0, 0);
    return s;
}

static mho_status run_points(sweep_run *r)
{
    sweep_rows rows;
    r->row = cli_alloc(r->points * sizeof *r->row);
    mho_status s = sweep_rows_open(r->args->output, r->args->resume, r->run, r->sweep, r->row,
                                   &r->done, &rows);
    if (s)
        return s;
    r->first = r->done;
    if (r->done < r->points)
        s = software_errors(r);
    for (r->point = r->done; !s && r->point < r->points; r->point++) {
        s = run_point(r);
        if (!s)
            s = sweep_rows_add(&rows, r->sweep, r->point, &r->row[r->point]);
        if (!s)
            r->done = r->point + 1;
    }
    sweep_rows_close(&rows);
    return s;
}

static mho_json *value_json(const char *text)
{
    char *end = NULL;
    const double v = strtod(text, &end);
    return *end || !*text || !isfinite(v) ? mho_json_text(text) : mho_json_number(v);
}

static mho_json *row_json(const sweep_run *r, size_t point)
{
    const sweep_row *row = &r->row[point];
    mho_json *root = mho_json_object(), *set = mho_json_object(), *error = mho_json_object();
    for (size_t a = 0; a < mho_grid_axes(r->sweep); a++)
        mho_json_put(set, mho_grid_key(r->sweep, a),
                     value_json(mho_grid_value(r->sweep, point, a)));
    mho_json_put(error, "mean", mho_json_number(row->error.spread.mean));
    mho_json_put(error, "ci95", mho_json_number(row->error.half));
    mho_json_put(error, "images_ci95", mho_json_number(row->error.images_half));
    mho_json_put(error, "std", mho_json_number(row->error.spread.std));
    mho_json_put(error, "min", mho_json_number(row->error.spread.min));
    mho_json_put(error, "max", mho_json_number(row->error.spread.max));
    mho_json_put(error, "trials", mho_json_integer((int64_t)row->error.spread.trials));
    mho_json_put(root, "set", set);
    mho_json_put(root, "software_error", mho_json_number(row->software_error));
    mho_json_put(root, "hardware_error", error);
    return root;
}

static mho_status print_json(const sweep_run *r)
{
    const cli_args *args = r->args;
    mho_json *root = mho_json_object(), *rows = mho_json_array();
    mho_json_put(root, "network", mho_json_text(mho_net_name(r->net[0] ? r->net[0] : r->net[1])));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(r->base)));
    mho_json_put(root, "data", mho_json_text(r->data->name));
    mho_json_put(root, "images", mho_json_integer((int64_t)r->images));
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
    mho_json_put(root, "config", mho_hw_json(r->base));
    return cli_print_json(args, root);
}

static void add_row(cli_table *t, const sweep_run *r, size_t point)
{
    const sweep_row *row = &r->row[point];
    for (size_t a = 0; a < mho_grid_axes(r->sweep); a++)
        cli_table_text(t, "%s", mho_grid_value(r->sweep, point, a));
    cli_table_percent(t, row->error.spread.mean, 3);
    if (isfinite(row->error.half))
        cli_table_percent(t, row->error.half, 3);
    else
        cli_table_text(t, "-");
    cli_table_percent(t, row->error.images_half, 3);
    cli_table_percent(t, row->error.spread.std, 3);
    cli_table_text(t, "%zu", row->error.spread.trials);
    cli_table_percent(t, row->software_error, 2);
}

static void print_table(const sweep_run *r)
{
    char title[512], columns[2048];
    size_t n = 0;
    for (size_t a = 0; a < mho_grid_axes(r->sweep) && n < sizeof columns; a++)
        n += (size_t)snprintf(columns + n, sizeof columns - n, "%s>|", mho_grid_key(r->sweep, a));
    if (n < sizeof columns)
        snprintf(columns + n, sizeof columns - n, "%s",
                 r->args->csv ? "error>|ci95>|images_ci95>|std>|programmings>|software_error>"
                              : "error>|+- 95 %>|images +->|deviation>|programmings>|software>");
    snprintf(title, sizeof title, "%s on %s, %s (%s), %zu images, seed %zu",
             mho_net_name(r->net[0] ? r->net[0] : r->net[1]), mho_hw_name(r->base), r->data->name,
             r->data->place, r->images, r->args->seed);
    cli_table *t = cli_table_create(title, columns);
    for (size_t i = 0; i < r->done; i++)
        add_row(t, r, i);
    cli_table_print(t, r->args);
    cli_table_destroy(t);
    if (!r->args->csv)
        fprintf(r->args->out,
                "\n+- 95 %%: of the mean over programmings, for these images; images +-: what %zu "
                "other images would add\n",
                r->images);
}

mho_status simulate_sweep(const cli_args *args)
{
    sweep_run r = {.args = args};
    const double start_s = mho_seconds();
    mho_status s = open_all(&r);
    if (!s)
        s = run_points(&r);
    r.seconds = mho_seconds() - start_s;
    if (!s || s == MHO_EINTERRUPTED) {
        mho_status printed = MHO_OK;
        if (args->json)
            printed = print_json(&r);
        else
            print_table(&r);
        s = s ? s : printed;
    }
    mho_grid_destroy(r.sweep);
    mho_hw_destroy(r.base);
    mho_images_free(&r.calibration);
    for (int m = 0; m < MODES; m++)
        mho_net_destroy(r.net[m]);
    mho_data_destroy(r.data);
    free(r.row);
    return s;
}
