/* SPDX-License-Identifier: Apache-2.0 */
/* A search: opened and checked, and its end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/named.h"
#include "base/hash.h"
#include "explore/explore_impl.h"
#include "mho/run.h"

/* The most images that converters are calibrated on at any value of the axis. */
static mho_status calibration_of(const mho_explore *x, size_t *out)
{
    mho_status s = MHO_OK;
    const double base = mho_hw_number(x->hw, "output.calibration_images");
    *out = base > 0 ? (size_t)base : 0;
    for (size_t a = 0; a < x->axes; a++) {
        if (strcmp(mho_grid_key(x->grid, a), "output.calibration_images") != 0)
            continue;
        for (size_t v = 0; v < mho_grid_values(x->grid, a); v++) {
            const size_t n = strtoul(mhoi_study_grid_choice(x->grid, a, v), NULL, 10);
            *out = n > *out ? n : *out;
        }
    }
    return s;
}

static mho_status open_bench(mho_explore *x, const char *network)
{
    size_t calibration = 0;
    mho_status s = calibration_of(x, &calibration);
    const mhoi_bench_options o = {.nets = (const char *const *)x->net,
                                  .sets = (const char *const *)x->set,
                                  .seed = x->seed,
                                  .images = x->images,
                                  .calibration = calibration,
                                  .calibrate_on_test = x->calibrate_on_test,
                                  .calibrate_on = x->calibrate_on,
                                  .accuracy = x->accuracy};
    s = s ? s : mhoi_bench_open(&o, &x->bench);
    return s == MHO_EUSAGE && !network ? mho_error_prefix(s, "%s", x->place) : s;
}

/* The last rung is everything; those before that are as large are left away. */
static void end_rungs(mho_explore *x)
{
    if (!x->accuracy)
        x->rungs = 0;
    x->rung[x->rungs] = (explore_rung){SIZE_MAX, x->trials};
    x->rungs++;
}

static mho_status open_all(mho_explore *x, const char *name, const mho_explore_options *o)
{
    mhoi_named file;
    mho_status s =
        mhoi_named_open((const char *const[]){"configs/sweep/", NULL}, "sweep", name, NULL, &file);
    if (s)
        return s;
    snprintf(x->place, sizeof x->place, "%s", file.place);
    mhoi_stem(file.place, x->name, sizeof x->name);
    s = mhoi_explore_read(x, file.text, o);
    mhoi_named_close(&file);
    x->options = *o;
    x->shard = o->shard;
    x->shards = o->shards;
    if (!s && x->shards && x->method == EXPLORE_NSGA2)
        s = mho_error(MHO_EUSAGE, "%s: nsga2 goes by all results, which a shard does not have",
                      x->place);
    if (!s)
        s = mhoi_explore_copy(o->command, &x->command);
    if (!s)
        s = mhoi_explore_copy(name, &x->opened);
    if (!s)
        s = mhoi_hw_texts_create(x->hw, &x->texts);
    if (!s)
        s = open_bench(x, o->network);
    if (s)
        return s;
    end_rungs(x);
    s = mhoi_explore_choose(x);
    if (!s && x->method != EXPLORE_NSGA2 && !x->points && !x->shards)
        s = mho_error(MHO_ECONFIG, "%s: no point fulfils the conditions of `where`", x->place);
    return s;
}

mho_status mho_explore_open(const char *name, const mho_explore_options *options, mho_explore **out)
{
    mho_explore *x = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&x, 1, sizeof *x, "search");
    if (s)
        return s;
    s = open_all(x, name, options);
    if (s)
        mho_explore_destroy(x);
    else
        *out = x;
    return s;
}

static void free_names(char ***names)
{
    for (size_t i = 0; *names && (*names)[i]; i++)
        mhoi_free(&(*names)[i]);
    mhoi_free(names);
}

void mho_explore_destroy(mho_explore *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->points; i++)
        mhoi_explore_point_free(&x->point[i]);
    for (size_t i = 0; i < EXPLORE_TERMS; i++) {
        mhoi_expression_destroy(x->where[i]);
        mhoi_expression_destroy(x->constraint[i]);
    }
    mhoi_explore_lookup_free(x->lookup);
    mhoi_bench_destroy(x->bench);
    mho_grid_destroy(x->grid);
    mhoi_hw_texts_destroy(x->texts);
    mho_hw_destroy(x->hw);
    free_names(&x->net);
    free_names(&x->set);
    mhoi_free(&x->point);
    mhoi_free(&x->order);
    mhoi_free(&x->text);
    mhoi_free(&x->command);
    mhoi_free(&x->opened);
    mhoi_free(&x->calibrate_on);
    mhoi_free(&x);
}

mho_status mhoi_explore_twin(const mho_explore *x, mho_explore **out)
{
    return mho_explore_open(x->opened, &x->options, out);
}

uint64_t mhoi_explore_digest(const mho_explore *x)
{
    const uint64_t words[] = {mho_hw_identity(x->hw), x->seed, x->images, x->trials, x->rungs};
    uint64_t h = mhoi_fnv1a_text(MHOI_HASH_START, mho_version());
    h = mhoi_fnv1a_text(h, x->text);
    return mhoi_fnv1a(h, words, sizeof words);
}

const char *mho_explore_name(const mho_explore *explore)
{
    return explore->name;
}

size_t mho_explore_points(const mho_explore *explore)
{
    return explore->method == EXPLORE_NSGA2 ? explore->samples : explore->points;
}
