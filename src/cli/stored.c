/* SPDX-License-Identifier: Apache-2.0 */
/* Points of stores and files of results as JSON, and their values. */
#include "stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Everything of a stored point as one object; *user: where it goes. */
static mho_status point_json(void *user, const mho_store_point *p)
{
    mho_json **out = user, *root = mho_json_object(), *part = NULL;
    const struct {
        const char *key, *text;
    } texts[] = {{"status", p->status},
                 {"message", p->message},
                 {"network", p->network},
                 {"hw", p->hw},
                 {"arch", p->arch},
                 {"data", p->data},
                 {"technology", p->technology},
                 {"version", p->version},
                 {"kernel", p->kernel},
                 {"finished", p->finished}};
    mho_json_put(root, "point", mho_json_integer(p->id));
    mho_json_put(root, "key", mho_json_text(p->key));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i].text)
            mho_json_put(root, texts[i].key, mho_json_text(texts[i].text));
    mho_json_put(root, "seed", mho_json_unsigned(p->seed));
    if (p->trials_done) { /* no images ran where prices broke a constraint, or are all that is asked for */
        mho_json_put(root, "images", mho_json_unsigned(p->images_done));
        mho_json_put(root, "trials", mho_json_unsigned(p->trials_done));
    }
    mho_json_put(root, "threads", mho_json_unsigned(p->threads));
    mho_json_put(root, "seconds", mho_json_number(p->seconds));
    for (size_t f = 0; f < mho_summary_fields(); f++)
        mho_json_put(root, mho_summary_at(f)->key, mho_json_number(mho_summary_get(&p->sum, f)));
    const struct {
        const char *key, *json;
    } parts[] = {{"set", p->settings}, {"evidence", p->evidence}, {"result", p->result}};
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof parts / sizeof *parts; i++)
        if (*parts[i].json) {
            s = mho_json_parse(parts[i].json, strlen(parts[i].json), parts[i].key, &part);
            mho_json_put(root, parts[i].key, part);
            part = NULL;
        }
    *out = root;
    return s;
}

/* "results.db", 3; with the description. */
mho_status cli_stored_open_point(const char *path, int64_t id, mho_json **out)
{
    char reference[4200], *text = NULL;
    mho_store *store = NULL;
    mho_json *config = NULL;
    snprintf(reference, sizeof reference, "%s:%lld", path, (long long)id);
    mho_status s = mho_store_open(path, MHO_STORE_READ, &store);
    if (!s)
        s = mho_store_get(store, id, point_json, out);
    mho_store_close(store);
    if (!s)
        s = mho_store_hw(reference, &text);
    if (!s)
        s = mho_json_parse(text, strlen(text), reference, &config);
    if (!s)
        mho_json_put(*out, "config", config);
    mho_store_text_free(text);
    return s;
}

/* "results.db:3", or a file. */
mho_status cli_stored_open(const char *name, mho_json **out)
{
    char path[4096];
    const char *colon = strrchr(name, ':');
    if (cli_ends_with(name, ".db"))
        return mho_error(MHO_EUSAGE, "%s: which point of it? as %s:1", name, name);
    if (!mho_store_is_point(name))
        return mho_json_open(name, out);
    snprintf(path, sizeof path, "%.*s", (int)(colon - name), name);
    return cli_stored_open_point(path, strtoll(colon + 1, NULL, 10), out);
}

/* --- every value with its path ------------------------------------------------------------------------------- */

static void add_leaf(cli_leaves *l, const char *path, const mho_json *v)
{
    if (l->count == l->room) {
        const size_t room = l->room ? 2 * l->room : 256;
        cli_leaf *more = cli_alloc(room * sizeof *more);
        if (l->count)
            memcpy(more, l->at, l->count * sizeof *more);
        free(l->at);
        l->at = more;
        l->room = room;
    }
    cli_leaf *new = &l->at[l->count++];
    const char *text = NULL;
    bool yes = false;
    *new = (cli_leaf){.number = (double)NAN};
    snprintf(new->path, sizeof new->path, "%s", path);
    new->is_number = mho_json_to_number(v, &new->number) == MHO_OK;
    if (new->is_number)
        snprintf(new->text, sizeof new->text, "%.9g", new->number);
    else if (mho_json_to_text(v, &text) == MHO_OK)
        snprintf(new->text, sizeof new->text, "%s", text);
    else if (mho_json_to_bool(v, &yes) == MHO_OK)
        snprintf(new->text, sizeof new->text, "%s", yes ? "true" : "false");
    else
        snprintf(new->text, sizeof new->text, "-");
}

/* Of the run, not of the result; and where a value comes from. */
static bool is_left_out(const char *key)
{
    static const char *const keys[] = {"seconds",    "threads",
                                       "peak_bytes", "images_per_second",
                                       "command",    "place",
                                       "source",     "unit",
                                       "point",      "finished",
                                       "key",        "format",
                                       "kernel",     "simulated_images_per_second"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(keys[i], key))
            return true;
    return false;
}

/* Has each entry a name of its own? */
static bool have_names(const mho_json *list)
{
    bool have = mho_json_count(list) > 0;
    for (size_t i = 0; have && i < mho_json_count(list); i++) {
        const char *name = NULL, *other = NULL;
        have = mho_json_to_text(mho_json_get(mho_json_at(list, i), "name"), &name) == MHO_OK;
        for (size_t k = 0; have && k < i; k++)
            have = mho_json_to_text(mho_json_get(mho_json_at(list, k), "name"), &other) ||
                   strcmp(name, other) != 0;
    }
    return have;
}

void cli_leaves_add(cli_leaves *l, const char *path, const mho_json *v)
{
    const mho_json_kind kind = mho_json_kind_of(v);
    const bool named = kind == MHO_JSON_ARRAY && have_names(v);
    char below[256];
    if (kind != MHO_JSON_OBJECT && kind != MHO_JSON_ARRAY) {
        add_leaf(l, path, v);
        return;
    }
    for (size_t i = 0; i < mho_json_count(v); i++) {
        const char *key = kind == MHO_JSON_OBJECT ? mho_json_key(v, i) : NULL;
        if (key && is_left_out(key))
            continue;
        if (key && !strcmp(key, "value"))
            snprintf(below, sizeof below, "%s", path);
        else if (key)
            snprintf(below, sizeof below, "%.120s%s%.120s", path, *path ? "." : "", key);
        else if (named && mho_json_to_text(mho_json_get(mho_json_at(v, i), "name"), &key) == MHO_OK)
            snprintf(below, sizeof below, "%.120s.%.120s", path, key);
        else
            snprintf(below, sizeof below, "%.200s[%zu]", path, i + 1);
        cli_leaves_add(l, below, mho_json_at(v, i));
    }
}

void cli_leaves_free(cli_leaves *l)
{
    free(l->at);
    *l = (cli_leaves){.at = NULL};
}

/* --- a point as a result ------------------------------------------------------------------------------------------ */

/* What a point calls otherwise than a result does. */
static const struct {
    const char *point, *result;
} names[] = {
    {"error", "hardware_error.mean"},
    {"ci95", "hardware_error.ci95"},
    {"images_low", "hardware_error.images_interval[1]"},
    {"images_high", "hardware_error.images_interval[2]"},
    {"trials", "hardware_error.trials"},
    {"energy_J", "energy_J.total"},
    {"area_m2", "area_m2.total"},
};

static void add_below(cli_leaves *l, const char *path, const char *key, const mho_json *v)
{
    char below[256];
    snprintf(below, sizeof below, "%.100s.%.120s", path, key);
    cli_leaves_add(l, below, v);
}

/* {"conv1": [first, last, awake]} */
static void add_pipeline(cli_leaves *l, const mho_json *v)
{
    static const char *const keys[] = {"first_awake", "last_result", "awake"};
    for (size_t i = 0; i < mho_json_count(v); i++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char path[200];
            snprintf(path, sizeof path, "pipeline.%.180s", mho_json_key(v, i));
            add_below(l, path, keys[k], mho_json_at(mho_json_at(v, i), k));
        }
}

/* Totals stand alone. */
static void add_generic(cli_leaves *l, const mho_json *v)
{
    for (size_t i = 0; i < mho_json_count(v); i++) {
        const mho_json *one = mho_json_at(v, i);
        const bool total = mho_json_kind_of(one) == MHO_JSON_NUMBER;
        char key[80];
        snprintf(key, sizeof key, "%.60s%s", mho_json_key(v, i), total ? ".total" : "");
        add_below(l, "generic", key, one);
    }
}

static void add_result(cli_leaves *l, const mho_json *result)
{
    for (size_t i = 0; i < mho_json_count(result); i++) {
        const char *key = mho_json_key(result, i);
        const mho_json *v = mho_json_at(result, i);
        if (!strcmp(key, "pipeline"))
            add_pipeline(l, v);
        else if (!strcmp(key, "generic"))
            add_generic(l, v);
        else
            cli_leaves_add(l, key, v);
    }
}

/* Wrong images of a programming, of all blocks of images. */
static double wrong_of(const mho_json *wrong, size_t trial)
{
    double sum = 0, v = 0;
    for (size_t k = 0; k < mho_json_count(wrong); k++)
        if (mho_json_to_number(mho_json_at(mho_json_at(wrong, k), trial), &v) == MHO_OK)
            sum += v;
    return sum;
}

/* The error of each programming. */
static void add_evidence(cli_leaves *l, const mho_json *point)
{
    const mho_json *wrong = mho_json_get(mho_json_get(point, "evidence"), "wrong");
    double images = 0, trials = 0;
    if (mho_json_to_number(mho_json_get(point, "images"), &images) ||
        mho_json_to_number(mho_json_get(point, "trials"), &trials))
        return;
    for (size_t t = 0; t < (size_t)trials; t++) {
        char path[64];
        mho_json *v = mho_json_number(wrong_of(wrong, t) / images);
        snprintf(path, sizeof path, "hardware_error.by_trial[%zu]", t + 1);
        cli_leaves_add(l, path, v);
        mho_json_destroy(v);
    }
}

static const char *result_name(const char *key)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].point, key))
            return names[i].result;
    return key;
}

void cli_leaves_add_point(cli_leaves *l, const mho_json *point)
{
    const mho_json *result = mho_json_get(point, "result");
    for (size_t i = 0; i < mho_json_count(point); i++) {
        const char *key = mho_json_key(point, i);
        const mho_json *v = mho_json_at(point, i);
        if (is_left_out(key) || mho_json_get(result, key)) /* the result tells it, and its parts */
            continue;
        if (!strcmp(key, "result"))
            add_result(l, v);
        else if (!strcmp(key, "evidence"))
            add_evidence(l, point);
        else
            cli_leaves_add(l, result_name(key), v);
    }
}
