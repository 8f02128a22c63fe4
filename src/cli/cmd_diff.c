/* SPDX-License-Identifier: Apache-2.0 */
/* mho diff: two results beside each other, value by value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

static const cli_leaf *find(const cli_leaves *l, const char *path, size_t hint)
{
    for (size_t i = 0; i < l->count; i++) {
        const cli_leaf *at = &l->at[(i + hint) % l->count];
        if (!strcmp(at->path, path))
            return at;
    }
    return NULL;
}

static bool same(const cli_leaf *a, const cli_leaf *b)
{
    if (!a || !b)
        return false;
    if (a->is_number && b->is_number)
        return !(a->number < b->number || a->number > b->number);
    return !strcmp(a->text, b->text);
}

static void add_difference(cli_table *t, bool csv, const char *path, const cli_leaf *a,
                           const cli_leaf *b)
{
    cli_table_text(t, "%s", path);
    cli_table_text(t, "%s", a ? a->text : "(not there)");
    cli_table_text(t, "%s", b ? b->text : "(not there)");
    const bool numbers = a && b && a->is_number && b->is_number;
    if (numbers && a->number != 0 && csv)
        cli_table_number(t, (b->number - a->number) / fabs(a->number));
    else if (numbers && a->number != 0)
        cli_table_text(t, "%+.4g %%", 100 * (b->number - a->number) / fabs(a->number));
    else
        cli_table_text(t, "%s", "");
}

static mho_json *difference_json(const char *path, const cli_leaf *a, const cli_leaf *b)
{
    mho_json *row = mho_json_object();
    mho_json_put(row, "path", mho_json_text(path));
    const cli_leaf *const side[] = {a, b};
    for (int i = 0; i < 2; i++)
        mho_json_put(row, i ? "b" : "a",
                     !side[i]             ? mho_json_text(NULL)
                     : side[i]->is_number ? mho_json_number(side[i]->number)
                                          : mho_json_text(side[i]->text));
    return row;
}

/* Values that one of the two tells alone. */
typedef struct alone {
    size_t count;
    char part[64];   /* the last one's */
    char parts[160]; /* where they stand: "model, layers, ..." */
    bool full;
} alone;

static void add_alone(alone *a, const char *path)
{
    const size_t used = strlen(a->parts);
    char part[64];
    snprintf(part, sizeof part, "%.*s", (int)strcspn(path, ".["), path);
    a->count++;
    if (a->full || !strcmp(part, a->part))
        return;
    snprintf(a->part, sizeof a->part, "%s", part);
    a->full = used + strlen(part) + 8 > sizeof a->parts;
    snprintf(a->parts + used, sizeof a->parts - used, "%s%s", used ? ", " : "",
             a->full ? "..." : part);
}

/* A component, a layer, a field: both have such, and one that the other lacks makes a difference. */
static bool is_of_both(const char *path)
{
    return strstr(path, ".by_component.") || strstr(path, ".by_layer.") ||
           !strncmp(path, "config.", 7);
}

/* Has it any value beside that one? */
static bool has_such(const cli_leaves *l, const char *path)
{
    const char *end = strncmp(path, "config.", 7) ? strrchr(path, '.') : path + 6;
    for (size_t i = 0; end && i < l->count; i++)
        if (!strncmp(l->at[i].path, path, (size_t)(end - path) + 1))
            return true;
    return false;
}

typedef struct comparison {
    const cli_args *args;
    bool mixed; /* a stored point and a file, which tells more: what one tells alone is counted */
    cli_table *table;
    mho_json *rows;
    size_t differ, equal;
    alone alone[2];
} comparison;

static void compare(comparison *c, const cli_leaves *a, const cli_leaves *b)
{
    for (int pass = 0; pass < 2; pass++) {
        const cli_leaves *of = pass ? b : a, *other = pass ? a : b;
        for (size_t i = 0; i < of->count; i++) {
            const cli_leaf *one = &of->at[i], *two = find(other, one->path, i);
            const bool told = pass && two; /* in the first pass */
            if (told || same(one, two)) {
                c->equal += !told;
                continue;
            }
            if (c->mixed && !two && (!is_of_both(one->path) || !has_such(other, one->path))) {
                add_alone(&c->alone[pass], one->path);
                continue;
            }
            c->differ++;
            add_difference(c->table, c->args->csv, one->path, pass ? two : one, pass ? one : two);
            mho_json_add(c->rows, difference_json(one->path, pass ? two : one, pass ? one : two));
        }
    }
}

static mho_status print_json(const comparison *c)
{
    const cli_args *args = c->args;
    mho_json *root = cli_result_json(args);
    mho_json_put(root, "a", mho_json_text(args->file[0]));
    mho_json_put(root, "b", mho_json_text(args->file[1]));
    mho_json_put(root, "equal", mho_json_unsigned(c->equal));
    for (int i = 0; c->mixed && i < 2; i++)
        mho_json_put(root, i ? "only_b" : "only_a", mho_json_unsigned(c->alone[i].count));
    mho_json_put(root, "differences", c->rows);
    return cli_print_json(args, root);
}

static mho_status print(const comparison *c)
{
    const cli_args *args = c->args;
    if (args->json)
        return print_json(c);
    mho_json_destroy(c->rows);
    if (c->differ || args->csv)
        cli_table_print(c->table, args);
    if (args->csv)
        return MHO_OK;
    fprintf(args->out, "%s%zu values differ, %zu are equal\n", c->differ ? "\n" : "", c->differ,
            c->equal);
    for (int i = 0; i < 2; i++)
        if (c->alone[i].count)
            fprintf(args->out, "%zu are told by %s alone: %s\n", c->alone[i].count, args->file[i],
                    c->alone[i].parts);
    return MHO_OK;
}

static mho_status check_common(const comparison *c)
{
    if (!c->mixed || c->equal + c->differ > 0)
        return MHO_OK;
    return mho_error(MHO_EUSAGE, "%s and %s have no value in common: want a result of mho evaluate",
                     c->args->file[0], c->args->file[1]);
}

mho_status cmd_diff(const cli_args *args)
{
    comparison c = {.args = args,
                    .mixed =
                        mho_store_is_point(args->file[0]) != mho_store_is_point(args->file[1])};
    mho_json *root[2] = {NULL};
    cli_leaves list[2] = {{.at = NULL}};
    mho_status s = MHO_OK;
    for (int i = 0; !s && i < 2; i++) {
        s = cli_stored_open(args->file[i], &root[i]);
        if (!s && mho_store_is_point(args->file[i]))
            cli_leaves_add_point(&list[i], root[i]);
        else if (!s)
            cli_leaves_add(&list[i], "", root[i]);
    }
    if (!s) {
        c.table = cli_table_create("", args->csv ? "value|A>|B>|relative_change>"
                                                 : "value|A>|B>|change>");
        c.rows = mho_json_array();
        compare(&c, &list[0], &list[1]);
        s = check_common(&c);
        if (s)
            mho_json_destroy(c.rows);
        else
            s = print(&c);
        cli_table_destroy(c.table);
    }
    for (int i = 0; i < 2; i++) {
        cli_leaves_free(&list[i]);
        mho_json_destroy(root[i]);
    }
    return s;
}
