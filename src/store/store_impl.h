/* SPDX-License-Identifier: Apache-2.0 */
/* An open store.  Only files of this folder include this one. */
#ifndef MHO_STORE_IMPL_H
#define MHO_STORE_IMPL_H

#include <sqlite3.h>

#include "mho/store.h"

struct mho_store {
    sqlite3 *db;
    sqlite3_stmt *put, *find;
    char *path;
    bool writes, open; /* open: in a transaction */
    int64_t run, config;
    int64_t made; /* by the last put */
};

/* An error of SQLite, with the file. */
mho_status mhoi_store_error(const mho_store *store, int code, const char *doing);
MHO_MUST_CHECK mho_status mhoi_store_exec(mho_store *store, const char *sql, const char *doing);
MHO_MUST_CHECK mho_status mhoi_store_prepare(mho_store *store, const char *sql, sqlite3_stmt **out);
/* Begins a transaction unless there is one. */
MHO_MUST_CHECK mho_status mhoi_store_work(mho_store *store);

#endif
