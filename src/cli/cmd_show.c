/* SPDX-License-Identifier: Apache-2.0 */
/* mho show and mho diff: one stored result in full, or two beside each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_report.h"

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
static mho_status open_point(const char *path, int64_t id, mho_json **out)
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
static mho_status open_any(const char *name, mho_json **out)
{
    char path[4096];
    const char *colon = strrchr(name, ':');
    if (!mho_store_is_point(name))
        return mho_json_open(name, out);
    snprintf(path, sizeof path, "%.*s", (int)(colon - name), name);
    return open_point(path, strtoll(colon + 1, NULL, 10), out);
}

/* --- every value with its path ------------------------------------------------------------------------------- */

typedef struct leaf {
    char path[256], text[256];
    double number;
    bool is_number;
} leaf;

typedef struct leaves {
    leaf *at;
    size_t count, room;
} leaves;

static void add_leaf(leaves *l, const char *path, const mho_json *v)
{
    if (l->count == l->room) {
        const size_t room = l->room ? 2 * l->room : 256;
        leaf *more = cli_alloc(room * sizeof *more);
        if (l->count)
            memcpy(more, l->at, l->count * sizeof *more);
        free(l->at);
        l->at = more;
        l->room = room;
    }
    leaf *new = &l->at[l->count++];
    const char *text = NULL;
    bool yes = false;
    *new = (leaf){.number = (double)NAN};
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

static void flatten(leaves *l, const char *path, const mho_json *v)
{
    const mho_json_kind kind = mho_json_kind_of(v);
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
        else
            snprintf(below, sizeof below, "%.200s[%zu]", path, i + 1);
        flatten(l, below, mho_json_at(v, i));
    }
}

static const leaf *find(const leaves *l, const char *path, size_t hint)
{
    for (size_t i = 0; i < l->count; i++) {
        const leaf *at = &l->at[(i + hint) % l->count];
        if (!strcmp(at->path, path))
            return at;
    }
    return NULL;
}

static bool same(const leaf *a, const leaf *b)
{
    if (!a || !b)
        return false;
    if (a->is_number && b->is_number)
        return !(a->number < b->number || a->number > b->number);
    return !strcmp(a->text, b->text);
}

static void add_difference(cli_table *t, const char *path, const leaf *a, const leaf *b)
{
    cli_table_text(t, "%s", path);
    cli_table_text(t, "%s", a ? a->text : "(not there)");
    cli_table_text(t, "%s", b ? b->text : "(not there)");
    const bool numbers = a && b && a->is_number && b->is_number;
    if (numbers && a->number != 0)
        cli_table_text(t, "%+.4g %%", 100 * (b->number - a->number) / fabs(a->number));
    else
        cli_table_text(t, "%s", "");
}

static mho_json *difference_json(const char *path, const leaf *a, const leaf *b)
{
    mho_json *row = mho_json_object();
    mho_json_put(row, "path", mho_json_text(path));
    const leaf *const side[] = {a, b};
    for (int i = 0; i < 2; i++)
        mho_json_put(row, i ? "b" : "a",
                     !side[i]             ? mho_json_text(NULL)
                     : side[i]->is_number ? mho_json_number(side[i]->number)
                                          : mho_json_text(side[i]->text));
    return row;
}

static mho_status print_difference(const cli_args *args, const leaves *a, const leaves *b)
{
    cli_table *t = cli_table_create("", "value|A>|B>|B - A>");
    mho_json *rows = mho_json_array();
    size_t differ = 0, equal = 0;
    for (int pass = 0; pass < 2; pass++) {
        const leaves *of = pass ? b : a, *other = pass ? a : b;
        for (size_t i = 0; i < of->count; i++) {
            const leaf *one = &of->at[i], *two = find(other, one->path, i);
            const bool told = pass && two; /* in the first pass */
            if (told || same(one, two)) {
                equal += !told;
                continue;
            }
            differ++;
            add_difference(t, one->path, pass ? two : one, pass ? one : two);
            mho_json_add(rows, difference_json(one->path, pass ? two : one, pass ? one : two));
        }
    }
    mho_status s = MHO_OK;
    if (args->json) {
        mho_json *root = cli_result_json(args);
        mho_json_put(root, "a", mho_json_text(args->file[0]));
        mho_json_put(root, "b", mho_json_text(args->file[1]));
        mho_json_put(root, "equal", mho_json_unsigned(equal));
        mho_json_put(root, "differences", rows);
        s = cli_print_json(args, root);
    } else {
        mho_json_destroy(rows);
        if (differ || args->csv)
            cli_table_print(t, args);
        if (!args->csv)
            fprintf(args->out, "%s%zu values differ, %zu are equal\n", differ ? "\n" : "", differ,
                    equal);
    }
    cli_table_destroy(t);
    return s;
}

mho_status cmd_diff(const cli_args *args)
{
    mho_json *root[2] = {NULL};
    leaves list[2] = {{.at = NULL}};
    mho_status s = MHO_OK;
    for (int i = 0; !s && i < 2; i++) {
        s = open_any(args->file[i], &root[i]);
        if (!s)
            flatten(&list[i], "", root[i]);
    }
    if (!s)
        s = print_difference(args, &list[0], &list[1]);
    for (int i = 0; i < 2; i++) {
        free(list[i].at);
        mho_json_destroy(root[i]);
    }
    return s;
}

/* --- show ------------------------------------------------------------------------------------------------------ */

static void print_leaves(const cli_args *args, const leaves *l)
{
    cli_table *t = cli_table_create("", "value|is>");
    for (size_t i = 0; i < l->count; i++) {
        cli_table_text(t, "%s", l->at[i].path);
        char digits[32];
        mho_number_text(l->at[i].number, digits);
        cli_table_text(t, "%s", l->at[i].is_number ? digits : l->at[i].text);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static mho_status show_result(const cli_args *args, mho_json *root)
{
    leaves l = {.at = NULL};
    if (args->json)
        return cli_print_json(args, root);
    flatten(&l, "", root);
    print_leaves(args, &l);
    free(l.at);
    mho_json_destroy(root);
    return MHO_OK;
}

typedef struct shown {
    cli_table *table;
    mho_json *list;
} shown;

static mho_status take_row(void *user, const mho_store_row *row)
{
    shown *v = user;
    if (row->titles)
        return MHO_OK;
    mho_json *object = mho_json_object();
    static const char *const keys[] = {"network", "hw", "data", "status", "points"};
    for (size_t i = 0; i < row->columns; i++) {
        const char *value = row->value[i] ? row->value[i] : "";
        cli_table_text(v->table, "%s", value);
        mho_json_put(object, keys[i], cli_value_json(value));
    }
    mho_json_add(v->list, object);
    return MHO_OK;
}

static mho_status show_store(const cli_args *args)
{
    mho_store *store = NULL;
    uint64_t points = 0;
    mho_status s = mho_store_open(args->file[0], MHO_STORE_READ, &store);
    if (s)
        return s;
    shown v = {cli_table_create(args->file[0], "network|hw|data|status|points>"), mho_json_array()};
    s = mho_store_query(store,
                        "SELECT network, hw, coalesce(data, ''), status, count(*) FROM points"
                        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
                        take_row, &v);
    if (!s)
        s = mho_store_count(store, &points);
    if (!s && args->json) {
        mho_json *root = cli_result_json(args);
        mho_json_put(root, "points", mho_json_unsigned(points));
        mho_json_put(root, "groups", v.list);
        s = cli_print_json(args, root);
    } else {
        if (!s)
            cli_table_print(v.table, args);
        if (!s && !args->csv)
            fprintf(args->out,
                    "\nOne point in full: mho show %s POINT; all of them: mho query %s "
                    "\"SELECT * FROM designs\"\n",
                    args->file[0], args->file[0]);
        mho_json_destroy(v.list);
    }
    cli_table_destroy(v.table);
    mho_store_close(store);
    return s;
}

mho_status cmd_show(const cli_args *args)
{
    const char *id = args->files > 1 ? args->file[1] : NULL;
    mho_json *root = NULL;
    mho_status s = MHO_OK;
    if (!id && !mho_store_is_point(args->file[0]) && !cli_ends_with(args->file[0], ".json"))
        return show_store(args);
    if (id && (!*id || id[strspn(id, "0123456789")] || strlen(id) > 18))
        return mho_error(MHO_EUSAGE, "%s: want the number of a point", id);
    s = id ? open_point(args->file[0], strtoll(id, NULL, 10), &root)
           : open_any(args->file[0], &root);
    if (s) {
        mho_json_destroy(root);
        return s;
    }
    return show_result(args, root);
}
