/* SPDX-License-Identifier: Apache-2.0 */
/* mho show: one stored result in full, or what a store holds. */
#include <stdlib.h>
#include <string.h>

#include "stored.h"
#include "study_report.h"

static void print_leaves(const cli_args *args, const cli_leaves *l)
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
    cli_leaves l = {.at = NULL};
    if (args->json)
        return cli_print_json(args, root);
    cli_leaves_add(&l, "", root);
    print_leaves(args, &l);
    cli_leaves_free(&l);
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
    s = id ? cli_stored_open_point(args->file[0], strtoll(id, NULL, 10), &root)
           : cli_stored_open(args->file[0], &root);
    if (s) {
        mho_json_destroy(root);
        return s;
    }
    return show_result(args, root);
}
