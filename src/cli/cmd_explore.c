/* SPDX-License-Identifier: Apache-2.0 */
/* mho explore: a search from a file into a store; the best points as a table. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_report.h"

enum { ROWS = 20 };

/* The technology that prices a point may be another one than the axis says: its fallback. */
static const char *priced_column(const mho_explore *x)
{
    for (size_t a = 0; a < mho_explore_axes(x); a++)
        if (!strcmp(mho_explore_axis(x, a), "technology"))
            return "priced_by";
    return "technology";
}

static mho_status parse_shard(const char *text, size_t *shard, size_t *shards)
{
    unsigned long long i = 0, n = 0;
    char end = 0;
    const bool digits = text && !text[strspn(text, "0123456789/")];
    if (!text)
        return MHO_OK;
    if (!digits || sscanf(text, "%llu/%llu%c", &i, &n, &end) != 2 || !i || i > n || n > 1000000)
        return mho_error(MHO_EUSAGE, "--shard = %s, want I/N with 1 <= I <= N, as 2/4", text);
    *shard = (size_t)i;
    *shards = (size_t)n;
    return MHO_OK;
}

/* technologies: there are several, so each row tells its own. */
static void add_numbers(cli_table *t, const cli_args *args, bool technologies,
                        const mho_explore_row *row)
{
    const mho_summary *v = row->sum;
    if (args->csv) {
        for (size_t f = 0; f < mho_summary_fields(); f++)
            cli_table_number(t, mho_summary_get(v, f));
        cli_table_text(t, "%zu", row->trials);
        cli_table_text(t, "%zu", row->images);
        cli_table_text(t, "%d", row->front);
        cli_table_text(t, "%s", row->technology);
        cli_table_text(t, "%lld", (long long)row->row);
        return;
    }
    if (isfinite(v->error))
        cli_table_percent(t, v->error, 2);
    else
        cli_table_text(t, "-");
    if (cli_tells_half(v->error, v->ci95, row->trials))
        cli_table_percent(t, v->ci95, 2);
    else
        cli_table_text(t, "-");
    if (isfinite(v->images_low))
        cli_table_text(t, "%.2f..%.2f %%", 100 * v->images_low, 100 * v->images_high);
    else
        cli_table_text(t, "-");
    cli_table_si(t, v->latency_s, "s");
    cli_table_si(t, v->energy_J, "J");
    cli_table_si(t, v->area_m2, "m2");
    cli_table_text(t, isfinite(v->ops_per_J) ? "%.4g" : "-", v->ops_per_J * 1e-12);
    cli_table_text(t, "%s", row->front ? "*" : "");
    if (technologies)
        cli_table_text(t, "%s", row->technology);
}

static void print_columns(const mho_explore *x, const cli_args *args, bool technologies, char *text,
                          size_t size)
{
    size_t n = args->csv ? 0 : (size_t)snprintf(text, size, "point>|");
    for (size_t a = 0; a < mho_explore_axes(x) && n < size; a++)
        n += (size_t)snprintf(text + n, size - n, "%s>|", mho_explore_axis(x, a));
    if (!args->csv && n < size)
        n += (size_t)snprintf(
            text + n, size - n, "%s",
            "error>|+- 95 %>|other images, 95 %>|latency=>|energy=>|area=>|TOPS/W>|front");
    if (!args->csv && technologies && n < size)
        n += (size_t)snprintf(text + n, size - n, "|%s", priced_column(x));
    for (size_t f = 0; args->csv && f < mho_summary_fields() && n < size; f++)
        n += (size_t)snprintf(text + n, size - n, "%s>|", mho_summary_at(f)->key);
    if (args->csv && n < size)
        (void)snprintf(text + n, size - n, "trials>|images>|front>|%s|point>", priced_column(x));
}

static void print_table(const mho_explore *x, const mho_explore_report *r, const cli_args *args)
{
    char title[300], columns[8192];
    const char **value = cli_alloc(mho_explore_axes(x) * sizeof *value);
    const size_t all = mho_explore_rows(x), shown = args->csv || all < ROWS ? all : ROWS;
    const bool technologies = r->technology_count > 1;
    snprintf(title, sizeof title, "%s%s: %zu points%s keep all constraints%s", mho_explore_name(x),
             r->waiting ? ", interrupted" : "", all, r->waiting ? " so far" : "",
             shown < all ? "; the best of them" : "");
    print_columns(x, args, technologies, columns, sizeof columns);
    cli_table *t = cli_table_create(title, columns);
    for (size_t i = 0; i < shown; i++) {
        mho_explore_row row;
        mho_explore_row_at(x, i, value, &row);
        if (!args->csv)
            cli_table_text(t, "%lld", (long long)row.row);
        for (size_t a = 0; a < mho_explore_axes(x); a++)
            cli_table_text(t, "%s", value[a]);
        add_numbers(t, args, technologies, &row);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
    free(value);
}

/* "212.6 nJ", "1.06 %", "4" */
static const char *best_text(const mho_explore_report *r, char text[64])
{
    static const char *const base[] = {"s", "J", "m2", "W", "/s"};
    char si[32];
    for (size_t i = 0; i < sizeof base / sizeof *base; i++)
        if (!strcmp(base[i], r->best_unit)) {
            (void)snprintf(text, 64, "%s", cli_si(r->best, r->best_unit, si));
            return text;
        }
    if (!strcmp(r->best_unit, "%"))
        (void)snprintf(text, 64, "%.4g %%", 100 * r->best);
    else
        (void)snprintf(text, 64, "%.6g%s%s", r->best, *r->best_unit ? " " : "", r->best_unit);
    return text;
}

/* What was computed in place of everything, and whether that was worth it. */
static void print_work(const mho_explore_report *r, FILE *out)
{
    const bool fewer = r->image_runs < r->image_runs_full;
    const double more_s = r->compute_s - r->compute_full_s;
    if (fewer)
        fprintf(out, "%" PRIu64 " of %" PRIu64 " image runs: %.1f times less; ", r->image_runs,
                r->image_runs_full, (double)r->image_runs_full / (double)r->image_runs);
    if (fewer || r->steps > 1)
        fprintf(out, "%.2f s of computing in place of about %.2f s\n", r->compute_s,
                r->compute_full_s);
    if (r->steps > 1 && more_s > 0)
        fprintf(out,
                "refine took %.2f s more than it saved: chips are made and programmed anew "
                "for each step; leave it away for so few images\n",
                more_s);
    if (r->drawn < r->programmings)
        fprintf(out,
                "cells were drawn for %" PRIu64 " of %" PRIu64 " programmings: those that "
                "differ in converters or prices alone share them\n",
                r->drawn, r->programmings);
}

static void print_report(const mho_explore_report *r, const cli_args *args)
{
    FILE *out = args->out;
    char best[64];
    fprintf(out, "\n%zu points: %zu done, %zu dropped, %zu beyond constraints, %zu failed",
            r->points, r->done, r->dropped, r->infeasible, r->failed);
    if (r->waiting)
        fprintf(out, ", %zu not finished", r->waiting);
    if (r->known)
        fprintf(out, "; %zu were stored before", r->known);
    fprintf(out, "; %.2f s\n", r->seconds);
    if (!r->waiting && r->image_runs)
        print_work(r, out);
    if (r->alike)
        fprintf(out,
                "%zu of the points are of the same contents as another one (an axis has a value "
                "twice, under two names), and share its row\n",
                r->alike);
    if (r->repeated)
        fprintf(out, "%zu more points of the Latin hypercube were there already\n", r->repeated);
    if (*r->failure)
        fprintf(out, "the first that failed, %s\n", r->failure);
    if (r->drops)
        fprintf(out,
                "dropped by intervals of %.4g %%: a point that was dropped would have been worth "
                "keeping with a chance of at most %.2g %%, %.2g of the %zu on average\n",
                100 * r->confidence, 100 * (1 - r->confidence),
                (1 - r->confidence) * (double)r->drops, r->drops);
    if (r->beaten)
        fprintf(out,
                "%zu dropped without risk: another point, run in full, keeps all constraints and "
                "beats them in all objectives\n",
                r->beaten);
    if (isfinite(r->best))
        fprintf(out, "%s%s, %s: %s at %s (mho show %s %lld)\n",
                r->objective_given ? "best" : "no objectives are given; the first",
                r->waiting ? " so far" : "", r->objective, best_text(r, best), r->best_text,
                args->output, (long long)r->best_row);
    else if (r->done || r->infeasible)
        fprintf(out, "no point keeps all constraints%s%s%s\n", r->waiting ? " so far" : "",
                *r->tightest ? "; " : "", r->tightest);
    if (r->technology_count > 1)
        fprintf(
            out,
            "prices are of several technologies, %s: energy, area and times of points that differ "
            "in it are not to be compared (--set technology=NAME prices all by one)\n",
            r->technologies);
    if (r->apart)
        fprintf(out,
                "%zu of these points have relative prices: they come last, are not on the front, "
                "and none of them is the best\n",
                r->apart);
}

static mho_json *row_json(const mho_explore *x, size_t i)
{
    const char **value = cli_alloc(mho_explore_axes(x) * sizeof *value);
    mho_json *root = mho_json_object(), *set = mho_json_object();
    mho_explore_row row;
    mho_explore_row_at(x, i, value, &row);
    for (size_t a = 0; a < mho_explore_axes(x); a++)
        mho_json_put(set, mho_explore_axis(x, a), cli_value_json(value[a]));
    mho_json_put(root, "set", set);
    for (size_t f = 0; f < mho_summary_fields(); f++)
        mho_json_put(root, mho_summary_at(f)->key, mho_json_number(mho_summary_get(row.sum, f)));
    mho_json_put(root, "trials", mho_json_integer((int64_t)row.trials));
    mho_json_put(root, "images", mho_json_integer((int64_t)row.images));
    mho_json_put(root, "front", mho_json_bool(row.front));
    mho_json_put(root, "technology", mho_json_text(row.technology));
    mho_json_put(root, "point", mho_json_integer(row.row));
    free(value);
    return root;
}

static mho_status print_json(const mho_explore *x, const mho_explore_report *r,
                             const cli_args *args, bool complete)
{
    mho_json *root = cli_result_json(args), *rows = mho_json_array(), *best = mho_json_object();
    mho_json_put(root, "sweep", mho_json_text(mho_explore_name(x)));
    mho_json_put(root, "complete", mho_json_bool(complete));
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"points", r->points},
                  {"known", r->known},
                  {"done", r->done},
                  {"dropped", r->dropped},
                  {"infeasible", r->infeasible},
                  {"failed", r->failed},
                  {"waiting", r->waiting},
                  {"relative", r->apart},
                  {"alike", r->alike},
                  {"repeated", r->repeated},
                  {"image_runs", r->image_runs},
                  {"image_runs_full", r->image_runs_full},
                  {"programmings", r->programmings},
                  {"drawn", r->drawn}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        mho_json_put(root, counts[i].key, mho_json_unsigned(counts[i].value));
    mho_json_put(root, "compute_seconds", mho_json_number(r->compute_s));
    mho_json_put(root, "compute_seconds_full", mho_json_number(r->compute_full_s));
    mho_json_put(root, "risk", mho_json_number(r->drops ? 1 - r->confidence : 0));
    mho_json_put(best, "objective", mho_json_text(r->objective));
    mho_json_put(best, "value", mho_json_number(r->best));
    mho_json_put(best, "unit", mho_json_text(strcmp(r->best_unit, "%") != 0 ? r->best_unit : ""));
    mho_json_put(best, "at", mho_json_text(r->best_text));
    mho_json_put(best, "point", mho_json_integer(r->best_row));
    mho_json_put(root, "best", isfinite(r->best) ? best : mho_json_text(NULL));
    if (!isfinite(r->best))
        mho_json_destroy(best);
    for (size_t i = 0; i < mho_explore_rows(x); i++)
        mho_json_add(rows, row_json(x, i));
    mho_json_put(root, "rows", rows);
    mho_json_put(root, "technologies", mho_json_text(r->technologies));
    mho_json_put(root, "seconds", mho_json_number(r->seconds));
    return cli_print_json(args, root);
}

static mho_status report(const mho_explore *x, const mho_explore_report *r, const cli_args *args,
                         bool complete)
{
    if (args->json)
        return print_json(x, r, args, complete);
    print_table(x, r, args);
    if (!args->csv)
        print_report(r, args);
    return MHO_OK;
}

/* What mpirun (Open MPI, MPICH) and srun tell their processes, or someone by hand; ranks 0: this is none of several. */
static void find_ranks(mho_explore_options *o, char job[256])
{
    static const char *const names[][2] = {{"MHO_RANK", "MHO_RANKS"},
                                           {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                           {"PMI_RANK", "PMI_SIZE"},
                                           {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};
    static const char *const jobs[] = {"MHO_JOB",   "PMIX_NAMESPACE", "OMPI_MCA_orte_ess_jobid",
                                       "PMI_JOBID", "SLURM_JOB_ID",   "SLURM_STEP_ID"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && !o->ranks; i++) {
        const char *rank = getenv(names[i][0]), *ranks = getenv(names[i][1]);
        if (!rank || !ranks)
            continue;
        o->rank = strtoul(rank, NULL, 10);
        o->ranks = strtoul(ranks, NULL, 10);
    }
    job[0] = 0;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs && n < 200; i++) {
        const char *value = getenv(jobs[i]);
        if (value)
            n += (size_t)snprintf(job + n, 256 - n, "%.40s/", value);
    }
    o->job = job;
}

mho_status cmd_explore(const cli_args *args)
{
    char job[256];
    mho_explore *x = NULL;
    mho_store *store = NULL;
    mho_explore_report r = {.points = 0};
    mho_explore_options o = {.hw = args->hw,
                             .data = args->data,
                             .set = args->set,
                             .images = args->images,
                             .trials = args->has_trials ? args->trials : 0,
                             .has_seed = args->has_seed,
                             .seed = args->seed,
                             .calibrate_on = args->calibration,
                             .command = args->command};
    if (!args->output)
        return mho_error(MHO_EUSAGE, "-o is missing: where are results kept? -o results.db");
    if (cli_ends_with(args->output, ".json") || cli_ends_with(args->output, ".csv") ||
        cli_ends_with(args->output, ".html"))
        return mho_error(
            MHO_EUSAGE,
            "-o %s: results are kept in an SQLite file, as results.db; --json, --csv and "
            "--html FILE give the table",
            args->output);
    o.store = args->output;
    find_ranks(&o, job);
    mho_status s = parse_shard(args->shard, &o.shard, &o.shards);
    if (!s)
        s = cli_hint_model(mho_explore_open(args->file[0], &o, &x), "NET");
    if (!s && o.ranks > 1 && o.rank) {
        s = mho_explore_serve(x);
        mho_explore_destroy(x);
        return s;
    }
    if (!s)
        s = mho_store_open(args->output, args->resume ? MHO_STORE_GO_ON : MHO_STORE_CREATE, &store);
    const bool ready = !s;
    if (s == MHO_EUSAGE && x)
        s = mho_error(s, "%s exists: --resume goes on with it, or remove it", args->output);
    if (!s)
        s = mho_explore_run(x, store, &r);
    cli_progress_clear();
    if (ready && (!s || s == MHO_EINTERRUPTED)) {
        const mho_status told = report(x, &r, args, !s);
        s = s ? mho_error(s, "interrupted: what was finished is stored, --resume goes on") : told;
    }
    if (r.technology_count > 1 && (args->csv || args->json) && !args->quiet)
        fprintf(stderr, "mho: prices are of several technologies, %s: not to be compared\n",
                r.technologies);
    if (s == MHO_EFILE && ready)
        s = mho_error(s, "%s; --resume goes on", mho_error_message());
    if (!s && r.failed && r.failed == r.points)
        s = mho_error(MHO_ECONFIG, "no point could be computed; the first, %s", r.failure);
    mho_store_close(store);
    mho_explore_destroy(x);
    return s;
}
