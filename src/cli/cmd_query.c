/* SPDX-License-Identifier: Apache-2.0 */
/* mho query and mho merge: stored results as SQL rows, and joined. */
#include <string.h>
#include <unistd.h>

#include "study_report.h"

typedef struct printed {
    const cli_args *args;
    cli_table *table;
    mho_json *columns, *rows;
} printed;

/* Marks of cli_table_create are no part of a title. */
static void add_title(char *text, size_t size, const char *title, bool first)
{
    size_t n = strlen(text);
    if (!first && n + 1 < size)
        text[n++] = '|';
    for (; *title && n + 1 < size; title++)
        text[n++] = strchr("|=>", *title) ? ' ' : *title;
    text[n < size ? n : size - 1] = 0;
}

static void take_titles(printed *p, const mho_store_row *row)
{
    char text[8192] = "";
    for (size_t i = 0; i < row->columns; i++) {
        add_title(text, sizeof text, row->value[i], i == 0);
        mho_json_add(p->columns, mho_json_text(row->value[i]));
    }
    p->table = cli_table_create("", text);
}

static mho_status take_row(void *user, const mho_store_row *row)
{
    printed *p = user;
    if (row->titles) {
        take_titles(p, row);
        return MHO_OK;
    }
    mho_json *list = p->args->json ? mho_json_array() : NULL;
    for (size_t i = 0; i < row->columns; i++) {
        const char *value = row->value[i];
        if (p->args->json)
            mho_json_add(list, value ? cli_value_json(value) : mho_json_text(NULL));
        else
            cli_table_text(p->table, "%s", value ? value : "");
    }
    if (p->args->json)
        mho_json_add(p->rows, list);
    return MHO_OK;
}

mho_status cmd_query(const cli_args *args)
{
    mho_store *store = NULL;
    printed p = {.args = args, .columns = mho_json_array(), .rows = mho_json_array()};
    mho_status s = mho_store_open(args->file[0], MHO_STORE_READ, &store);
    if (!s)
        s = mho_store_query(store, args->file[1], take_row, &p);
    if (!s && args->json) {
        mho_json *root = cli_result_json(args);
        mho_json_put(root, "columns", p.columns);
        mho_json_put(root, "rows", p.rows);
        s = cli_print_json(args, root);
    } else {
        if (!s)
            cli_table_print(p.table, args);
        mho_json_destroy(p.columns);
        mho_json_destroy(p.rows);
    }
    if (p.table)
        cli_table_destroy(p.table);
    mho_store_close(store);
    return s;
}

mho_status cmd_merge(const cli_args *args)
{
    mho_store *store = NULL;
    uint64_t points = 0;
    if (!args->output)
        return mho_error(MHO_EUSAGE, "-o is missing: where do the results go? -o all.db");
    for (size_t i = 0; i < args->files; i++)
        if (!strcmp(args->file[i], args->output))
            return mho_error(MHO_EUSAGE, "%s: would be merged into itself", args->output);
    const bool made = access(args->output, F_OK) != 0;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < args->files; i++) { /* before anything is written */
        s = mho_store_open(args->file[i], MHO_STORE_READ, &store);
        mho_store_close(store);
        store = NULL;
    }
    if (!s)
        s = mho_store_open(args->output, MHO_STORE_GO_ON, &store);
    const bool ready = !s;
    for (size_t i = 0; !s && i < args->files; i++)
        s = mho_store_merge(store, args->file[i]);
    if (!s)
        s = mho_store_count(store, &points);
    if (!s && !args->quiet) {
        char text[64];
        fprintf(stderr, "mho: %s in %s\n", cli_count(points, "point", text), args->output);
    }
    mho_store_close(store);
    if (s && ready && made) /* no half of it */
        (void)unlink(args->output);
    return s;
}
