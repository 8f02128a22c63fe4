/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, the schema, and transactions.  Write-ahead logging with full synchronization: a commit that returned is on the
 * disk, and a process that dies in the middle of one leaves what was committed before. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/store_impl.h"

enum { APPLICATION = 0x6d686f31, WAIT_MS = 60000 }; /* "mho1" */

static const char schema[] =
    "CREATE TABLE runs(id INTEGER PRIMARY KEY, name TEXT, command TEXT, sweep TEXT, shard TEXT,"
    " version TEXT, kernel TEXT, started TEXT);"
    "CREATE TABLE configs(id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE);"
    "CREATE TABLE points(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " run INTEGER NOT NULL REFERENCES runs(id), config INTEGER NOT NULL REFERENCES configs(id),"
    " status TEXT NOT NULL, message TEXT, network TEXT, hw TEXT, arch TEXT, data TEXT,"
    " technology TEXT, seed INTEGER, images INTEGER, trials INTEGER, images_done INTEGER,"
    " trials_done INTEGER, settings TEXT NOT NULL, changes TEXT NOT NULL,"
    " error REAL, ci95 REAL, images_low REAL, images_high REAL, software_error REAL,"
    " latency_s REAL, throughput_per_s REAL, power_W REAL, energy_J REAL, area_m2 REAL,"
    " ops_per_s REAL, ops_per_J REAL, ops_per_s_per_m2 REAL, cycles REAL, crossbars REAL,"
    " version TEXT, kernel TEXT, threads INTEGER, seconds REAL, finished TEXT,"
    " evidence TEXT, result TEXT);"
    "CREATE VIEW configurations AS SELECT points.id AS id,"
    " json_patch(configs.json, points.changes) AS config"
    " FROM points JOIN configs ON configs.id = points.config;"
    "CREATE VIEW designs AS SELECT * FROM points;"
    "PRAGMA application_id = 1835560753; PRAGMA user_version = 1;";
_Static_assert(APPLICATION == 1835560753 && MHO_STORE_SCHEMA == 1, "numbers in the schema");

mho_status mhoi_store_error(const mho_store *store, int code, const char *doing)
{
    const int kind = code & 0xff;
    const char *why = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    if (kind == SQLITE_NOTADB)
        return mho_error(MHO_EFORMAT, "%s: not a store of results (no SQLite file)", store->path);
    if (kind == SQLITE_CORRUPT)
        return mho_error(MHO_EFORMAT, "%s: damaged: %s", store->path, why);
    if (kind == SQLITE_FULL || kind == SQLITE_IOERR)
        return mho_error(MHO_EFILE, "%s: cannot %s: %s; what was stored before is there",
                         store->path, doing, why);
    if (kind == SQLITE_READONLY)
        return mho_error(MHO_EFILE, "%s: cannot be written to (read-only)", store->path);
    if (kind == SQLITE_NOMEM)
        return mho_error(MHO_ENOMEM, "%s: out of memory", store->path);
    return mho_error(MHO_EFILE, "%s: cannot %s: %s", store->path, doing, why);
}

mho_status mhoi_store_exec(mho_store *store, const char *sql, const char *doing)
{
    const int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code ? mhoi_store_error(store, code, doing) : MHO_OK;
}

mho_status mhoi_store_prepare(mho_store *store, const char *sql, sqlite3_stmt **out)
{
    const int code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    return code ? mhoi_store_error(store, code, "read") : MHO_OK;
}

static mho_status pragma(mho_store *store, const char *sql, int64_t *value)
{
    sqlite3_stmt *q = NULL;
    mho_status s = mhoi_store_prepare(store, sql, &q);
    *value = 0;
    const int code = s ? SQLITE_DONE : sqlite3_step(q);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(q, 0);
    else if (code != SQLITE_DONE)
        s = mhoi_store_error(store, code, "read");
    sqlite3_finalize(q);
    return s;
}

/* Whose file is it, and does this program know its schema? */
static mho_status check_schema(mho_store *store, bool *empty)
{
    int64_t application = 0, version = 0, tables = 0;
    mho_status s = pragma(store, "PRAGMA application_id", &application);
    if (!s)
        s = pragma(store, "PRAGMA user_version", &version);
    if (!s)
        s = pragma(store, "SELECT count(*) FROM sqlite_master", &tables);
    *empty = !s && !application && !version && !tables;
    if (s || *empty)
        return s;
    if (application != APPLICATION)
        return mho_error(MHO_EFORMAT, "%s: not a store of mho (an SQLite file of something else)",
                         store->path);
    if (version > MHO_STORE_SCHEMA || version < 1)
        return mho_error(MHO_EFORMAT,
                         "%s: schema %lld, want 1..%d: a newer mho wrote it, and is needed to read "
                         "it",
                         store->path, (long long)version, MHO_STORE_SCHEMA);
    return MHO_OK;
}

mho_status mhoi_store_work(mho_store *store)
{
    if (store->open)
        return MHO_OK;
    mho_status s = mhoi_store_exec(store, "BEGIN IMMEDIATE", "write");
    store->open = !s;
    return s;
}

mho_status mho_store_commit(mho_store *store)
{
    if (!store->open)
        return MHO_OK;
    mho_status s = mhoi_store_exec(store, "COMMIT", "write");
    if (s)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->open = false;
    return s;
}

/* Of two processes that make the same file, the second finds the tables of the first. */
static mho_status make_schema(mho_store *store)
{
    bool empty = false;
    mho_status s = mhoi_store_work(store);
    if (!s)
        s = check_schema(store, &empty);
    if (!s && empty)
        s = mhoi_store_exec(store, schema, "write");
    return s ? s : mho_store_commit(store);
}

/* Another process may be making the same file: a change of the journal does not wait by itself. */
static mho_status write_ahead(mho_store *store)
{
    int code = SQLITE_BUSY;
    for (int ms = 0; (code & 0xff) == SQLITE_BUSY && ms < WAIT_MS; ms += 5) {
        code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((code & 0xff) == SQLITE_BUSY)
            sqlite3_sleep(5);
    }
    return code ? mhoi_store_error(store, code, "write") : MHO_OK;
}

/* All of it as of one moment. */
static mho_status look(mho_store *store, bool *empty)
{
    mho_status s = mhoi_store_exec(store, "BEGIN", "read");
    if (s)
        return s;
    s = check_schema(store, empty);
    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return s;
}

static mho_status set_up(mho_store *store)
{
    bool empty = false;
    sqlite3_busy_timeout(store->db, WAIT_MS);
    sqlite3_extended_result_codes(store->db, 1);
    /* A name in double quotes that is none is an error, not a text. */
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, (void *)NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, (void *)NULL);
    mho_status s = look(store, &empty);
    if (!s && !store->writes && empty)
        return mho_error(MHO_EFORMAT, "%s: not a store of results (it is empty)", store->path);
    if (!s && !store->writes)
        return mhoi_store_exec(store, "PRAGMA query_only = 1", "read");
    if (!s) /* of a file that is made; several rows fit into a page, and a chunk of them into the cache */
        s = mhoi_store_exec(store, "PRAGMA page_size = 8192; PRAGMA cache_size = -32768", "write");
    if (!s)
        s = write_ahead(store);
    if (!s)
        s = mhoi_store_exec(store,
                            "PRAGMA synchronous = FULL;"
                            " PRAGMA wal_autocheckpoint = 4000",
                            "write");
    return s ? s : make_schema(store);
}

static mho_status check_path(const char *path, mho_store_mode mode)
{
    struct stat about;
    const bool there = access(path, F_OK) == 0;
    if (there && !stat(path, &about) && S_ISDIR(about.st_mode))
        return mho_error(MHO_EFILE, "%s: a folder, want a file of results", path);
    if (mode == MHO_STORE_CREATE && there)
        return mho_error(MHO_EUSAGE, "%s exists, and is not to be gone on with", path);
    if (mode == MHO_STORE_READ && access(path, R_OK) != 0)
        return mho_error(MHO_EFILE, "%s: cannot read: %s", path, strerror(errno));
    return MHO_OK;
}

/* A folder that cannot be written to has no room for the log's index: the file alone is read, then. */
static int open_read_only(const char *path, sqlite3 **db)
{
    char uri[4200];
    /* Nothing is written (query_only), but whoever closes last takes the log and its index away. */
    int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);
    if (!code)
        code = sqlite3_exec(*db, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL);
    if ((code & 0xff) != SQLITE_CANTOPEN && (code & 0xff) != SQLITE_READONLY)
        return SQLITE_OK; /* what it is is told later */
    sqlite3_close(*db);
    *db = NULL;
    snprintf(uri, sizeof uri, "file:%s?immutable=1", path);
    return sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

mho_status mho_store_open(const char *path, mho_store_mode mode, mho_store **out)
{
    mho_store *store = NULL;
    *out = NULL;
    mho_status s = check_path(path, mode);
    if (!s)
        s = mhoi_alloc(&store, 1, sizeof *store, "store");
    if (!s)
        s = mhoi_alloc(&store->path, strlen(path) + 1, 1, "store");
    if (s)
        goto fail;
    memcpy(store->path, path, strlen(path));
    store->writes = mode != MHO_STORE_READ;
    const int code =
        store->writes
            ? sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL)
            : open_read_only(path, &store->db);
    s = code ? mhoi_store_error(store, code, store->writes ? "write" : "read") : set_up(store);
    if (s)
        goto fail;
    *out = store;
    return MHO_OK;
fail:
    mho_store_close(store);
    return s;
}

void mho_store_close(mho_store *store)
{
    if (!store)
        return;
    if (store->open)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->find);
    sqlite3_close(store->db);
    mhoi_free(&store->path);
    mhoi_free(&store);
}
