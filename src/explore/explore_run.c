/* SPDX-License-Identifier: Apache-2.0 */
/* A search from start to end: alone, with other ranks, or as one of them; and what came out, the best first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "explore/explore_impl.h"
#include "explore/ranks.h"
#include "mho/run.h"

mho_status mho_explore_serve(mho_explore *x)
{
    char token[33];
    int socket = -1;
    mho_status s = mhoi_rendezvous_find(x->options.store, x->options.job, &socket, token);
    return s ? s : mhoi_serve(x, socket, token);
}

/* --- ranking ---------------------------------------------------------------------------------------------------- */

static bool is_front(const mho_explore *x, size_t point)
{
    if (x->apart && x->point[point].relative)
        return false;
    for (size_t i = 0; x->objectives && i < x->rows; i++)
        if (x->order[i] != point && mhoi_explore_beats(x, &x->point[x->order[i]], &x->point[point]))
            return false;
    return x->objectives > 0;
}

/* Relative prices beside absolute ones: rows of them come last, and are neither on the front nor the best. */
static void find_apart(mho_explore *x)
{
    x->apart = 0;
    for (size_t i = 0; i < x->rows && mhoi_explore_compares_prices(x); i++)
        x->apart += x->point[x->order[i]].relative;
    if (x->apart == x->rows)
        x->apart = 0;
}

typedef struct ranked {
    bool front, apart;
    double value;
    size_t point;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->apart != y->apart)
        return x->apart ? 1 : -1;
    if (x->front != y->front)
        return x->front ? -1 : 1;
    if (x->value < y->value || x->value > y->value)
        return x->value < y->value ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

/* All points against all: for a table that people read, not for a million. */
enum { FRONT_MAX = 20000 };

static mho_status rank_points(mho_explore *x)
{
    ranked *list = NULL;
    mho_status s = mhoi_alloc(&x->order, x->points, sizeof *x->order, "table");
    if (!s)
        s = mhoi_alloc(&list, x->points, sizeof *list, "table");
    x->rows = 0;
    for (size_t i = 0; !s && i < x->points; i++)
        if (x->point[i].state == EXPLORE_DONE &&
            mhoi_explore_keeps(x, &x->point[i].sum, x->accuracy))
            x->order[x->rows++] = i;
    if (!s)
        find_apart(x);
    for (size_t i = 0; !s && i < x->rows; i++) {
        const size_t p = x->order[i];
        list[i] = (ranked){x->rows <= FRONT_MAX && is_front(x, p), x->apart && x->point[p].relative,
                           mhoi_explore_rank(x, &x->point[p]), p};
    }
    if (!s)
        qsort(list, x->rows, sizeof *list, by_rank);
    for (size_t i = 0; !s && i < x->rows; i++)
        x->order[i] = list[i].point;
    mhoi_free(&list);
    return s;
}

/* Numbers of rows that are new. */
static mho_status find_rows(mho_explore *x, mho_store *store)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < x->rows; i++) {
        explore_point *p = &x->point[x->order[i]];
        if (!p->row)
            s = mho_store_find(store, p->key, &p->row);
    }
    return s;
}

static void put_axes(const mho_explore *x, const explore_point *p, char *text, size_t size)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t a = 0; a < x->axes && n < size; a++)
        n +=
            (size_t)snprintf(text + n, size - n, "%s%s=%s", a ? ", " : "", mho_grid_key(x->grid, a),
                             mhoi_study_grid_choice(x->grid, a, p->choice[a]));
}

static void tell_best(const mho_explore *x, mho_explore_report *r)
{
    size_t best = x->order[0];
    for (size_t i = 1; i < x->rows - x->apart; i++)
        if (mhoi_explore_rank(x, &x->point[x->order[i]]) < mhoi_explore_rank(x, &x->point[best]))
            best = x->order[i];
    const explore_objective *o = x->objectives ? &x->objective[0] : NULL;
    r->best = o && o->most ? -mhoi_explore_rank(x, &x->point[best])
                           : mhoi_explore_rank(x, &x->point[best]);
    r->best_row = x->point[best].row;
    snprintf(r->best_unit, sizeof r->best_unit, "%s",
             !o                    ? (x->accuracy ? "%" : "J")
             : o->axis == SIZE_MAX ? mhoi_explore_result_unit(o->result)
                                   : "");
    snprintf(r->objective, sizeof r->objective, "%s",
             x->objectives ? x->objective[0].text
             : x->accuracy ? "min error"
                           : "min energy");
    r->objective_given = x->objectives > 0;
    put_axes(x, &x->point[best], r->best_text, sizeof r->best_text);
}

static void tell_failure(const mho_explore *x, mho_explore_report *r)
{
    char axes[200];
    for (size_t i = 0; i < x->points && !*r->failure; i++) {
        const explore_point *p = &x->point[i];
        if (p->state != EXPLORE_FAILED)
            continue;
        put_axes(x, p, axes, sizeof axes);
        snprintf(r->failure, sizeof r->failure, "%s: %.300s", axes, p->message ? p->message : "");
    }
}

/* "bcnn-45nm (2), generic-45nm (4)": by which points are priced, those beyond constraints as well. */
static void tell_technologies(const mho_explore *x, mho_explore_report *r)
{
    size_t used = 0;
    for (size_t i = 0; i < x->points && used < sizeof r->technologies; i++) {
        const char *name = x->point[i].technology;
        size_t points = 0;
        bool first = *name;
        for (size_t k = 0; k < x->points && first; k++) {
            const bool same = !strcmp(x->point[k].technology, name);
            first = !same || k >= i;
            points += same;
        }
        if (!first)
            continue;
        used += (size_t)snprintf(r->technologies + used, sizeof r->technologies - used,
                                 "%s%s (%zu)", r->technology_count ? ", " : "", name, points);
        r->technology_count++;
    }
}

/* "'area <= 5 mm2' is kept by 0 of 10": the constraint that the fewest points keep, of those whose result is known. */
static void tell_constraint(const mho_explore *x, mho_explore_report *r)
{
    double least = 2;
    for (size_t c = 0; c < x->constraints; c++) {
        size_t known = 0, kept = 0;
        for (size_t i = 0; i < x->points; i++) {
            const explore_point *p = &x->point[i];
            const bool told = mhoi_explore_constrains_error(x, c) ? isfinite(p->sum.error)
                                                                  : isfinite(p->sum.area_m2);
            known += told;
            kept += told && mhoi_explore_holds(x, c, &p->sum);
        }
        if (!known || (double)kept / (double)known >= least)
            continue;
        least = (double)kept / (double)known;
        snprintf(r->tightest, sizeof r->tightest, "'%.80s' is kept by %zu of %zu",
                 mhoi_expression_text(x->constraint[c]), kept, known);
    }
}

/* Computing all points with all images and programmings, one by one: by the means of what was computed. */
static double full_seconds(const mho_explore *x)
{
    const explore_work *w = &x->work;
    const double points = (double)x->points_full, trials = (double)x->trials;
    if (!w->chips || !w->programmings || !w->images)
        return 0;
    /* A second chip of a point finds its calibration. */
    const double make_s =
        w->first_chips ? w->first_make_s / (double)w->first_chips : w->make_s / (double)w->chips;
    return points * make_s + points * trials * w->program_s / (double)w->programmings +
           (double)x->images_full * w->run_s / (double)w->images;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* A renamed copy of a file makes the same design, and the same row. */
static size_t count_alike(const mho_explore *x)
{
    uint64_t *key = NULL;
    size_t n = 0, alike = 0;
    if (mhoi_alloc(&key, x->points, sizeof *key, "keys"))
        return 0;
    for (size_t i = 0; i < x->points; i++)
        if (x->point[i].state != EXPLORE_NEW)
            key[n++] = x->point[i].key;
    if (n)
        qsort(key, n, sizeof *key, by_value);
    for (size_t i = 1; i < n; i++)
        alike += key[i] == key[i - 1];
    mhoi_free(&key);
    return alike;
}

static void sum_up(const mho_explore *x, mho_explore_report *r)
{
    *r = (mho_explore_report){.points = x->points,
                              .known = x->known,
                              .image_runs = x->work.images,
                              .image_runs_full = x->images_full,
                              .programmings = x->work.programmings,
                              .drawn = x->work.drawn,
                              .compute_s = x->work.make_s + x->work.program_s + x->work.run_s,
                              .compute_full_s = full_seconds(x),
                              .steps = x->rungs,
                              .drops = x->drops,
                              .beaten = x->beaten,
                              .apart = x->apart,
                              .alike = count_alike(x),
                              .repeated = x->repeated,
                              .confidence = x->confidence,
                              .best = (double)NAN};
    for (size_t i = 0; i < x->points; i++) {
        const explore_state state = x->point[i].state;
        r->priced += state != EXPLORE_NEW && state != EXPLORE_FAILED;
        r->done += state == EXPLORE_DONE;
        r->dropped += state == EXPLORE_DROPPED;
        r->infeasible += state == EXPLORE_INFEASIBLE;
        r->failed += state == EXPLORE_FAILED;
    }
    tell_failure(x, r);
    r->waiting = r->points - r->done - r->dropped - r->infeasible - r->failed;
    tell_technologies(x, r);
    if (!x->rows)
        tell_constraint(x, r);
    if (x->rows)
        tell_best(x, r);
}

mho_status mho_explore_run(mho_explore *x, mho_store *store, mho_explore_report *report)
{
    const double start_s = mho_seconds();
    const size_t threads = mho_run_threads(NULL);
    mho_run *inner = NULL;
    mho_status s = mho_run_create(&inner);
    if (!s)
        s = mho_run_set_threads(inner, threads);
    if (s) {
        mho_run_destroy(inner);
        return s;
    }
    x->outer = mho_run_bind(inner);
    mhoi_bench_enter(x->bench);
    x->last_commit_s = start_s;
    s = mhoi_explore_load(x, store);
    if (!s)
        s = mhoi_explore_begin(x, store);
    if (!s && x->options.ranks > 1)
        s = mhoi_ranks_open(x);
    if (!s)
        s = x->method == EXPLORE_NSGA2 ? mhoi_explore_evolve(x, store)
                                       : mhoi_explore_batch(x, store, 0);
    mhoi_ranks_close(x);
    mhoi_bench_leave(x->bench);
    mho_run_bind(x->outer);
    mho_run_destroy(inner);
    mho_status order = s && s != MHO_EINTERRUPTED ? MHO_OK : rank_points(x);
    if (!order)
        order = find_rows(x, store);
    sum_up(x, report);
    report->seconds = mho_seconds() - start_s;
    return s ? s : order;
}

size_t mho_explore_axes(const mho_explore *explore)
{
    return explore->axes;
}

const char *mho_explore_axis(const mho_explore *explore, size_t axis)
{
    return mho_grid_key(explore->grid, axis);
}

size_t mho_explore_rows(const mho_explore *explore)
{
    return explore->rows;
}

void mho_explore_row_at(const mho_explore *x, size_t i, const char **value, mho_explore_row *out)
{
    const explore_point *p = &x->point[x->order[i]];
    for (size_t a = 0; a < x->axes; a++)
        value[a] = mhoi_study_grid_choice(x->grid, a, p->choice[a]);
    *out = (mho_explore_row){.value = value,
                             .status = "done",
                             .sum = &p->sum,
                             .trials = p->error.spread.trials,
                             .technology = p->technology,
                             .row = p->row,
                             .front = x->rows <= FRONT_MAX && is_front(x, x->order[i])};
    for (size_t k = 0; k < x->point[p->twin].evidence.blocks; k++)
        out->images = x->point[p->twin].evidence.end[k];
}
