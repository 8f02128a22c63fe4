/* SPDX-License-Identifier: Apache-2.0 */
/* One design: its description, the keys by which it is known, its price, and the evidence of its error. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "explore/explore_impl.h"
#include "hw/sections.h"
#include "mho/run.h"

enum {
    FORM = 1,              /* of the keys */
    BYTES_PER_WEIGHT = 16, /* of a chip */
    BYTES_OF_MAPS = 64 << 20,
};

size_t mhoi_explore_net(const mho_explore *x, const explore_point *p)
{
    return x->net_axis == SIZE_MAX ? 0 : p->choice[x->net_axis];
}

size_t mhoi_explore_set(const mho_explore *x, const explore_point *p)
{
    return x->set_axis == SIZE_MAX ? 0 : p->choice[x->set_axis];
}

mho_status mhoi_explore_hw(const mho_explore *x, const explore_point *p, mho_hw **out)
{
    size_t choice[MHO_GRID_AXES_MAX];
    mho_status s = MHO_OK;
    if (!*out)
        s = mho_hw_clone(x->hw, out);
    else if (mhoi_study_grid_assigns(x->grid))
        mhoi_hw_take(*out, x->hw);
    else /* fields that the axes set, and set again: their origins are the same */
        mhoi_hw_take_values(*out, x->hw);
    for (size_t a = 0; a < x->axes; a++)
        choice[a] = p->choice[a];
    if (!s)
        s = mhoi_grid_choose(x->grid, choice, *out);
    if (s) {
        mho_hw_destroy(*out);
        *out = NULL;
    }
    return s;
}

/* What one design refuses is its own affair; what the machine refuses ends the run. */
static bool is_own(mho_status s)
{
    return s == MHO_ECONFIG || s == MHO_EDOMAIN || s == MHO_ENOTMODELED || s == MHO_EUSAGE ||
           s == MHO_ENOMODEL;
}

static mho_status fail(explore_point *p, mho_status s)
{
    const char *message = mho_error_message();
    if (!is_own(s))
        return s;
    p->state = EXPLORE_FAILED;
    mhoi_free(&p->message);
    s = mhoi_alloc(&p->message, strlen(message) + 1, 1, "message");
    if (!s)
        memcpy(p->message, message, strlen(message));
    return s;
}

static void set_keys(const mho_explore *x, const mho_hw *hw, explore_point *p)
{
    /* Sections that the cells and their sums know nothing of. */
    static const char *const of_prices[] = {"technology", "timing", "chip", "readings", NULL};
    static const char *const of_converters[] = {"technology", "timing", "chip",
                                                "readings",   "output", NULL};
    const uint64_t bench =
        mhoi_bench_identity(x->bench, mhoi_explore_net(x, p), mhoi_explore_set(x, p), x->accuracy);
    const uint64_t words[] = {FORM, bench, x->accuracy ? x->seed : 0,
                              x->accuracy ? mhoi_bench_images(x->bench, mhoi_explore_set(x, p)) : 0,
                              x->accuracy};
    uint64_t h = mhoi_fnv1a_text(MHOI_HASH_START, mho_version());
    h = mhoi_fnv1a(h, words, sizeof words);
    const uint64_t all = mhoi_hw_identity_like(hw, x->texts, NULL);
    const uint64_t cells = x->accuracy ? mhoi_hw_identity_like(hw, x->texts, of_prices) : 0;
    const uint64_t group = x->accuracy ? mhoi_hw_identity_like(hw, x->texts, of_converters) : 0;
    p->key = mhoi_fnv1a(h, &all, sizeof all);
    p->group_key = mhoi_fnv1a(h, &group, sizeof group);
    p->cell_key = mhoi_fnv1a(h, &cells, sizeof cells);
}

/* A design that the hardware refuses is known by its choices. */
static void set_key_of_failure(const mho_explore *x, explore_point *p)
{
    uint64_t h = mhoi_fnv1a_text(MHOI_HASH_START, mho_hw_name(x->hw));
    const uint64_t base = mho_hw_identity(x->hw);
    h = mhoi_fnv1a(h, &base, sizeof base);
    for (size_t a = 0; a < x->axes; a++) {
        h = mhoi_fnv1a_text(h, mho_grid_key(x->grid, a));
        h = mhoi_fnv1a_text(h, mhoi_study_grid_choice(x->grid, a, p->choice[a]));
    }
    p->key = p->cell_key = h;
}

mho_status mhoi_explore_identify(const mho_explore *x, explore_point *p, mho_hw **hw)
{
    mho_status s = mhoi_explore_hw(x, p, hw);
    if (s) {
        set_key_of_failure(x, p);
        return fail(p, s);
    }
    set_keys(x, *hw, p);
    return MHO_OK;
}

mho_status mhoi_explore_price_of(const mho_explore *x, explore_point *p, const mho_hw *hw)
{
    const mho_summary before = p->sum;
    const double start_s = mho_seconds();
    mho_result result = {.layers = 0};
    mho_status s = mhoi_bench_price(x->bench, mhoi_explore_net(x, p), hw, &result, &p->sum);
    mhoi_free(&p->changes);
    mhoi_free(&p->result);
    if (!s)
        s = mhoi_explore_changes(x, hw, &p->changes);
    if (!s)
        s = mhoi_explore_result_text(&result, &p->result);
    if (!s)
        snprintf(p->technology, sizeof p->technology, "%s", result.notes.technology);
    p->relative = result.notes.relative;
    p->sum.error = before.error;
    p->sum.ci95 = before.ci95;
    p->sum.images_low = before.images_low;
    p->sum.images_high = before.images_high;
    p->sum.software_error = before.software_error;
    mho_result_free(&result);
    p->seconds += mho_seconds() - start_s;
    return s ? fail(p, s) : MHO_OK;
}

mho_status mhoi_explore_price(const mho_explore *x, explore_point *p)
{
    mho_hw *hw = NULL;
    mho_status s = mhoi_explore_hw(x, p, &hw);
    s = s ? fail(p, s) : mhoi_explore_price_of(x, p, hw);
    mho_hw_destroy(hw);
    return s;
}

/* --- evidence -------------------------------------------------------------------------------------------- */

static size_t rung_images(const mho_explore *x, const explore_point *p, size_t rung)
{
    const size_t all = mhoi_bench_images(x->bench, mhoi_explore_set(x, p));
    const size_t n = rung + 1 == x->rungs ? all : x->rung[rung].images;
    return n < all ? n : all;
}

static mho_status lay_out(const mho_explore *x, explore_point *p)
{
    explore_evidence *e = &p->evidence;
    mho_status s = MHO_OK;
    if (e->blocks)
        return MHO_OK;
    e->blocks = x->rungs;
    for (size_t k = 0; !s && k < x->rungs; k++) {
        e->end[k] = rung_images(x, p, k);
        s = mhoi_alloc(&e->wrong[k], x->trials, sizeof *e->wrong[k], "evidence");
    }
    return s;
}

bool mhoi_explore_has(const explore_evidence *evidence, const mho_explore *x, size_t rung)
{
    bool has = evidence->blocks > rung;
    for (size_t k = 0; has && k <= rung; k++)
        has = evidence->trials[k] >= x->rung[rung].trials;
    return has;
}

/* The blocks of a programming that have not run; neighbours run together, but are counted apart. */
static mho_status run_trial(mhoi_bench_chip *chip, explore_evidence *e, size_t rung, size_t trial,
                            explore_work *work)
{
    const double start_s = mho_seconds();
    bool drawn = false;
    mho_status s = mhoi_bench_program(chip, trial, &drawn);
    const double programmed_s = mho_seconds();
    work->programmings++;
    work->drawn += drawn;
    work->program_s += programmed_s - start_s;
    for (size_t k = 0; !s && k <= rung; k++) {
        const size_t first = k ? e->end[k - 1] : 0;
        if (e->trials[k] > trial)
            continue;
        e->wrong[k][trial] = 0;
        if (e->end[k] > first)
            s = mhoi_bench_wrong(chip, first, e->end[k] - first, &e->wrong[k][trial]);
        if (!s) {
            e->trials[k] = trial + 1;
            work->images += e->end[k] - first;
        }
    }
    work->run_s += mho_seconds() - programmed_s;
    return s;
}

bool mhoi_explore_is_large(const mho_explore *x, const explore_point *p)
{
    const double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    const double weights = (double)mhoi_bench_weights(x->bench, mhoi_explore_net(x, p));
    return (double)mhoi_threads() * (weights * BYTES_PER_WEIGHT + BYTES_OF_MAPS) > have / 2;
}

static bool lacks(const explore_evidence *e, size_t rung, size_t trial)
{
    for (size_t k = 0; k <= rung; k++)
        if (e->trials[k] <= trial)
            return true;
    return false;
}

void mhoi_explore_work_add(explore_work *sum, const explore_work *more)
{
    sum->images += more->images;
    sum->chips += more->chips;
    sum->programmings += more->programmings;
    sum->drawn += more->drawn;
    sum->make_s += more->make_s;
    sum->program_s += more->program_s;
    sum->run_s += more->run_s;
    sum->first_chips += more->first_chips;
    sum->first_make_s += more->first_make_s;
}

mho_status mhoi_explore_extend(const mho_explore *x, explore_point *p, size_t rung,
                               explore_work *work)
{
    const double start_s = mho_seconds();
    mhoi_bench_chip *chip = NULL;
    mho_hw *hw = NULL;
    mho_status s = lay_out(x, p);
    const bool first = !p->evidence.trials[0];
    if (s || mhoi_explore_has(&p->evidence, x, rung))
        return s;
    s = mhoi_explore_hw(x, p, &hw);
    if (!s)
        s = mhoi_bench_chip_create(x->bench, mhoi_explore_net(x, p), mhoi_explore_set(x, p), hw,
                                   &chip);
    const double made_s = mho_seconds() - start_s;
    work->chips++;
    work->make_s += made_s;
    work->first_chips += first;
    work->first_make_s += first ? made_s : 0;
    for (size_t t = 0; !s && t < x->rung[rung].trials; t++)
        if (lacks(&p->evidence, rung, t))
            s = run_trial(chip, &p->evidence, rung, t, work);
    mhoi_bench_chip_destroy(chip);
    mho_hw_destroy(hw);
    p->seconds += mho_seconds() - start_s;
    return s ? fail(p, s) : MHO_OK;
}

mho_status mhoi_explore_estimate(const mho_explore *x, const explore_evidence *e, size_t rung,
                                 mho_error_estimate *out)
{
    const size_t trials = x->rung[rung].trials;
    size_t *wrong = NULL;
    mho_status s = mhoi_alloc(&wrong, trials, sizeof *wrong, "errors");
    if (s)
        return s;
    for (size_t t = 0; t < trials; t++)
        for (size_t k = 0; k <= rung; k++)
            wrong[t] += e->wrong[k][t];
    mhoi_error_estimate(wrong, trials, e->end[rung], out);
    mhoi_free(&wrong);
    return MHO_OK;
}

/* Points under way are computed in a run of their own, which nobody interrupts: the caller's is asked between them. */
mho_status mhoi_explore_interruption(const mho_explore *x)
{
    mho_run *inner = mho_run_bind(x->outer);
    const mho_status s = mhoi_interruption();
    mho_run_bind(inner);
    return s;
}

void mhoi_explore_point_free(explore_point *p)
{
    mhoi_free(&p->choice);
    mhoi_free(&p->changes);
    mhoi_free(&p->result);
    mhoi_free(&p->message);
    for (size_t k = 0; k < EXPLORE_RUNGS; k++)
        mhoi_free(&p->evidence.wrong[k]);
}
