/* SPDX-License-Identifier: Apache-2.0 */
/* Points as rows of a store, and back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "explore/explore_impl.h"
#include "mho/run.h"

/* --- putting ------------------------------------------------------------------------------------------------ */

static const char *status_of(const explore_point *p)
{
    static const char *const names[] = {[EXPLORE_NEW] = "partial",
                                        [EXPLORE_PRICED] = "partial",
                                        [EXPLORE_DONE] = "done",
                                        [EXPLORE_DROPPED] = "dropped",
                                        [EXPLORE_INFEASIBLE] = "infeasible",
                                        [EXPLORE_FAILED] = "failed"};
    return names[p->state];
}

static void describe(const mho_explore *x, const explore_point *p, mho_store_point *row)
{
    const explore_evidence *e = &x->point[p->twin].evidence;
    snprintf(row->key, sizeof row->key, "%016" PRIx64, p->key);
    row->status = status_of(p);
    row->message = p->message;
    row->network = mhoi_bench_net_name(x->bench, mhoi_explore_net(x, p));
    row->hw = mho_hw_name(x->hw);
    row->arch = mho_hw_arch(x->hw);
    row->data = mhoi_bench_set_name(x->bench, mhoi_explore_set(x, p));
    row->technology = p->technology;
    row->sum = p->sum;
    row->seconds = p->seconds;
    row->threads = mho_run_threads(NULL);
    if (!x->accuracy)
        return;
    row->seed = x->seed;
    row->trials = x->trials;
    row->images = mhoi_bench_images(x->bench, mhoi_explore_set(x, p));
    row->trials_done = p->error.spread.trials;
    for (size_t k = 0; k < e->blocks; k++)
        if (e->trials[k])
            row->images_done = e->end[k];
}

mho_status mhoi_explore_put(mho_explore *x, mho_store *store, explore_point *p)
{
    /* The same number whoever computes it, and when. */
    mho_store_point row = {.id = (int64_t)p->place + 1};
    char *set = NULL, *evidence = NULL;
    mho_status s = MHO_OK;
    if (!p->changes && p->state != EXPLORE_FAILED) /* known from the store, and now told anew */
        s = mhoi_explore_price(x, p);
    describe(x, p, &row);
    if (!s)
        s = mhoi_explore_settings_text(x, p, &set);
    if (!s && x->accuracy && x->point[p->twin].evidence.blocks)
        s = mhoi_explore_evidence_text(&x->point[p->twin].evidence, &evidence);
    row.settings = set;
    row.changes = p->changes ? p->changes : "{}";
    row.result = p->result;
    row.evidence = evidence;
    if (!s)
        s = mho_store_put(store, &row);
    mhoi_free(&set);
    mhoi_free(&evidence);
    p->stored = !s;
    if (!s && mho_store_made(store))
        p->row = mho_store_made(store);
    if (!s && !x->accuracy) { /* told once and for all */
        mhoi_free(&p->changes);
        mhoi_free(&p->result);
    }
    return s;
}

mho_status mhoi_explore_begin(mho_explore *x, mho_store *store)
{
    const char *swept[MHO_GRID_AXES_MAX + 1] = {NULL};
    char shard[64] = "";
    char *config = NULL;
    mho_json *json = mho_hw_json(x->hw);
    for (size_t a = 0; a < x->axes; a++)
        swept[a] = mho_grid_key(x->grid, a);
    if (x->shards)
        snprintf(shard, sizeof shard, "%zu/%zu", x->shard, x->shards);
    mho_status s = mho_json_print(json, &config);
    const mho_store_run run = {.name = x->name,
                               .command = x->command ? x->command : "",
                               .sweep = x->text,
                               .shard = shard,
                               .config = config,
                               .swept = swept};
    if (!s)
        s = mho_store_begin(store, &run);
    mho_json_text_free(config);
    mho_json_destroy(json);
    return s;
}

/* --- what the store has -------------------------------------------------------------------------------------- */

typedef struct stored {
    uint64_t key;
    int64_t id;
    explore_state state;
    size_t trials;
    mho_summary sum;
    char technology[MHO_COST_NAME];
    bool relative;
    char *evidence, *message;
} stored;

struct explore_lookup {
    stored *row;
    size_t rows, room;
    uint32_t *slot; /* [slots] 1 + row, by key */
    size_t slots;
};

static explore_state state_named(const char *status)
{
    return !strcmp(status, "failed")       ? EXPLORE_FAILED
           : !strcmp(status, "done")       ? EXPLORE_DONE
           : !strcmp(status, "dropped")    ? EXPLORE_DROPPED
           : !strcmp(status, "infeasible") ? EXPLORE_INFEASIBLE
                                           : EXPLORE_PRICED;
}

static mho_status copy(const char *text, char **out)
{
    if (!*text)
        return MHO_OK;
    mho_status s = mhoi_alloc(out, strlen(text) + 1, 1, "stored text");
    if (!s)
        memcpy(*out, text, strlen(text));
    return s;
}

static mho_status keep_row(void *user, const mho_store_point *point)
{
    struct explore_lookup *l = user;
    mho_status s = mhoi_grow(&l->row, &l->room, l->rows, sizeof *l->row, "stored points");
    if (s)
        return s;
    stored *r = &l->row[l->rows++];
    *r = (stored){.key = strtoull(point->key, NULL, 16),
                  .id = point->id,
                  .state = state_named(point->status),
                  .trials = point->trials_done,
                  .sum = point->sum,
                  .relative = mhoi_explore_tells_relative(point->result)};
    snprintf(r->technology, sizeof r->technology, "%s", point->technology);
    s = copy(point->evidence, &r->evidence);
    return s ? s : copy(point->message, &r->message);
}

mho_status mhoi_explore_load(mho_explore *x, mho_store *store)
{
    struct explore_lookup *l = NULL;
    mho_status s = mhoi_alloc(&l, 1, sizeof *l, "stored points");
    x->lookup = l;
    if (!s)
        s = mho_store_each(store, keep_row, l);
    if (s)
        return s;
    for (l->slots = 1024; l->slots < 2 * l->rows;)
        l->slots *= 2;
    s = mhoi_alloc(&l->slot, l->slots, sizeof *l->slot, "stored points");
    for (size_t i = 0; !s && i < l->rows; i++) {
        size_t at = l->row[i].key & (l->slots - 1);
        while (l->slot[at])
            at = (at + 1) & (l->slots - 1);
        l->slot[at] = (uint32_t)i + 1;
    }
    return s;
}

static const stored *find(const struct explore_lookup *l, uint64_t key)
{
    if (!l || !l->slots)
        return NULL;
    for (size_t at = key & (l->slots - 1); l->slot[at]; at = (at + 1) & (l->slots - 1))
        if (l->row[l->slot[at] - 1].key == key)
            return &l->row[l->slot[at] - 1];
    return NULL;
}

/* Blocks that this run has as well; others are of no use. */
static mho_status read_evidence(const mho_explore *x, const char *text, explore_evidence *e)
{
    mho_json *root = NULL;
    mho_status s = mho_json_parse(text, strlen(text), "stored evidence", &root);
    const mho_json *ends = mho_json_get(root, "images"), *wrong = mho_json_get(root, "wrong");
    e->blocks = s ? 0 : mho_json_count(ends);
    if (!s && (!e->blocks || e->blocks > EXPLORE_RUNGS || mho_json_count(wrong) != e->blocks))
        s = mho_error(MHO_EFORMAT, "stored evidence: want as many blocks of counts as of images");
    for (size_t k = 0; !s && k < e->blocks; k++) {
        const mho_json *list = mho_json_at(wrong, k);
        uint64_t v = 0;
        s = mho_json_to_unsigned(mho_json_at(ends, k), &v);
        e->end[k] = (size_t)v;
        e->trials[k] = mho_json_count(list);
        const size_t room = e->trials[k] > x->trials ? e->trials[k] : x->trials;
        if (!s)
            s = mhoi_alloc(&e->wrong[k], room, sizeof *e->wrong[k], "evidence");
        for (size_t t = 0; !s && t < e->trials[k]; t++) {
            s = mho_json_to_unsigned(mho_json_at(list, t), &v);
            e->wrong[k][t] = (uint32_t)v;
        }
    }
    mho_json_destroy(root);
    return s;
}

static void forget(explore_evidence *e)
{
    for (size_t k = 0; k < EXPLORE_RUNGS; k++)
        mhoi_free(&e->wrong[k]);
    *e = (explore_evidence){.blocks = 0};
}

/* Blocks of one run as those of another: where they end alike, or all of them as one. */
static mho_status fit(const mho_explore *x, const explore_point *p, explore_evidence *e)
{
    const size_t all = mhoi_bench_images(x->bench, mhoi_explore_set(x, p));
    bool same = e->blocks == x->rungs && e->end[e->blocks - 1] == all;
    for (size_t k = 0; same && k + 1 < x->rungs; k++)
        same = e->end[k] == (x->rung[k].images < all ? x->rung[k].images : all);
    if (same)
        return MHO_OK;
    size_t complete = SIZE_MAX;
    for (size_t k = 0; k < e->blocks; k++)
        complete = e->trials[k] < complete ? e->trials[k] : complete;
    if (x->rungs != 1 || !complete || e->end[e->blocks - 1] != all) {
        forget(e);
        return MHO_OK;
    }
    for (size_t k = 1; k < e->blocks; k++)
        for (size_t t = 0; t < complete; t++)
            e->wrong[0][t] += e->wrong[k][t];
    e->blocks = 1;
    e->end[0] = all;
    e->trials[0] = complete;
    return MHO_OK;
}

mho_status mhoi_explore_recall(mho_explore *x, explore_point *p)
{
    const stored *r = find(x->lookup, p->key);
    mho_status s = MHO_OK;
    if (!r)
        return MHO_OK;
    p->stored = true;
    p->row = r->id;
    p->sum = r->sum;
    p->state = r->state;
    p->relative = r->relative;
    p->recalled_error = r->sum.error;
    p->recalled_trials = r->trials;
    p->recalled_done = r->state == EXPLORE_DONE;
    memcpy(p->technology, r->technology, sizeof p->technology);
    if (r->message && !p->message)
        s = copy(r->message, &p->message);
    if (!s && r->evidence && x->accuracy) {
        s = read_evidence(x, r->evidence, &p->evidence);
        if (!s)
            s = fit(x, p, &p->evidence);
        if (s)
            forget(&p->evidence);
    }
    return s == MHO_EFORMAT ? MHO_OK : s; /* to be computed anew */
}

void mhoi_explore_lookup_free(struct explore_lookup *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->rows; i++) {
        mhoi_free(&l->row[i].evidence);
        mhoi_free(&l->row[i].message);
    }
    mhoi_free(&l->row);
    mhoi_free(&l->slot);
    mhoi_free(&l);
}
