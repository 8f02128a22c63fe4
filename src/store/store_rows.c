/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: put, read, queried, merged. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "mho/json.h"
#include "mho/run.h"
#include "store/store_impl.h"

enum { PLAIN = 18, SUMS = 15, COLUMNS = PLAIN + SUMS + 7 };

/* In the order of bind_all and read_point. */
#define NAMES                                                                                      \
    "key, run, config, status, message, network, hw, arch, data, technology, seed, images, "       \
    "trials, images_done, trials_done, settings, changes, finished, error, ci95, images_low, "     \
    "images_high, software_error, latency_s, throughput_per_s, power_W, energy_J, area_m2, "       \
    "ops_per_s, ops_per_J, ops_per_s_per_m2, cycles, crossbars, version, kernel, threads, "        \
    "seconds, evidence, result"

/* Of two rows of one key the one that tells more: done before anything else, then more programmings. */
#define BETTER                                                                                     \
    " WHERE (excluded.status = 'done', excluded.trials_done, excluded.images_done) >="             \
    " (points.status = 'done', points.trials_done, points.images_done)"

static void now(char text[32])
{
    struct tm tm;
    const time_t t = time(NULL);
    gmtime_r(&t, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A text that stays until the row is written. */
static void bind_text(sqlite3_stmt *q, int i, const char *text)
{
    if (text && *text)
        sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(q, i);
}

static void bind_real(sqlite3_stmt *q, int i, double v)
{
    if (isfinite(v))
        sqlite3_bind_double(q, i, v);
    else
        sqlite3_bind_null(q, i);
}

static mho_status step(mho_store *store, sqlite3_stmt *q, const char *doing)
{
    const int code = sqlite3_step(q);
    mho_status s =
        code == SQLITE_DONE || code == SQLITE_ROW ? MHO_OK : mhoi_store_error(store, code, doing);
    sqlite3_reset(q);
    return s;
}

static mho_status insert(mho_store *store, const char *sql, const char *const *text, int texts)
{
    sqlite3_stmt *q = NULL;
    mho_status s = mhoi_store_prepare(store, sql, &q);
    for (int i = 0; !s && i < texts; i++)
        sqlite3_bind_text(q, i + 1, text[i], -1, SQLITE_TRANSIENT);
    if (!s)
        s = step(store, q, "write");
    sqlite3_finalize(q);
    return s;
}

static mho_status number_of(mho_store *store, const char *sql, const char *text, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    *out = -1;
    mho_status s = mhoi_store_prepare(store, sql, &q);
    if (!s && text)
        sqlite3_bind_text(q, 1, text, -1, SQLITE_TRANSIENT);
    if (!s && sqlite3_step(q) == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return s;
}

static void view_column(sqlite3_str *sql, const char *key)
{
    sqlite3_str_appendf(sql, ", json_extract(settings, '$.\"%q\"') AS \"%w\"", key, key);
}

static bool is_among(const char *key, const char *const *list)
{
    while (list && *list && strcmp(*list, key) != 0)
        list++;
    return list && *list;
}

/* Columns of the axes of runs before: those between `id` and `status`, once there has been a run. */
static mho_status old_columns(mho_store *store, sqlite3_str *sql, const char *const *swept)
{
    sqlite3_stmt *q = NULL;
    mho_status s = mhoi_store_prepare(store, "SELECT * FROM designs LIMIT 0", &q);
    if (!s) /* a step looks whether another process has changed the view since */
        s = step(store, q, "read");
    const int columns = s ? 0 : sqlite3_column_count(q);
    for (int i = 1; i < columns; i++) {
        const char *key = sqlite3_column_name(q, i);
        if (!strcmp(key, "status") || !strcmp(key, "key"))
            break;
        if (!is_among(key, swept))
            view_column(sql, key);
    }
    sqlite3_finalize(q);
    return s;
}

/* What files held that a description names, "device.table 1f3a9c02, technology 77e0b1d4": designs may differ in nothing else. */
#define DIGEST(json) "substr(json_extract(" json ", '$.content'), 1, 8)"
static const char of_files[] =
    ", (SELECT group_concat(file || ' ' || digest, ', ') FROM"
    " (SELECT key AS file, " DIGEST(
        "value") " AS digest FROM json_each(changes)"
                 " UNION ALL SELECT file, digest FROM held WHERE held.config = points.config"
                 " AND json_extract(changes, '$.\"' || file || '\"') IS NULL) WHERE digest IS NOT "
                 "NULL) AS files";
static const char held[] =
    "WITH held AS MATERIALIZED (SELECT configs.id AS config, j.key AS file, " DIGEST(
        "j.value") " AS digest FROM configs, json_each(configs.json) AS j WHERE j.type = 'object'"
                   " AND json_extract(j.value, '$.content') IS NOT NULL)";

/* `designs`: points with a column for each key that any run swept. */
static mho_status make_view(mho_store *store, const char *const *swept)
{
    sqlite3_str *sql = sqlite3_str_new(store->db), *old = sqlite3_str_new(store->db);
    mho_status s = old_columns(store, old, swept);
    char *before = sqlite3_str_finish(old);
    sqlite3_str_appendall(sql, "DROP VIEW IF EXISTS designs; CREATE VIEW designs AS ");
    sqlite3_str_appendf(sql, "%s SELECT id", held);
    for (size_t i = 0; swept && swept[i]; i++)
        view_column(sql, swept[i]);
    sqlite3_str_appendall(sql, before ? before : "");
    sqlite3_str_appendall(
        sql, ", status, error, ci95, images_low, images_high, software_error, latency_s,"
             " throughput_per_s, power_W, energy_J, area_m2, ops_per_s, ops_per_J,"
             " ops_per_s_per_m2, cycles, crossbars, trials_done, images_done, network, hw, arch,"
             " data, ");
    /* An axis of that name says what was asked for; a fallback may price the point. */
    const bool swept_technology =
        is_among("technology", swept) || (before && strstr(before, " AS \"technology\""));
    sqlite3_str_appendall(sql, swept_technology ? "technology AS priced_by, message"
                                                : "technology, message");
    sqlite3_str_appendf(sql, "%s FROM points", of_files);
    char *text = sqlite3_str_finish(sql);
    if (!s)
        s = text ? mhoi_store_exec(store, text, "write")
                 : mho_error(MHO_ENOMEM, "%s: out of memory", store->path);
    sqlite3_free(before);
    sqlite3_free(text);
    return s;
}

mho_status mho_store_begin(mho_store *store, const mho_store_run *run)
{
    char started[32];
    now(started);
    const char *const told[] = {run->name,  run->command,  run->sweep,
                                run->shard, mho_version(), mho_cpu_name(mho_cpu_level()),
                                started};
    mho_status s = mhoi_store_work(store);
    if (!s)
        s = insert(store,
                   "INSERT INTO runs(name, command, sweep, shard, version, kernel, started)"
                   " VALUES(?, ?, ?, ?, ?, ?, ?)",
                   told, sizeof told / sizeof *told);
    store->run = sqlite3_last_insert_rowid(store->db);
    if (!s)
        s = insert(store, "INSERT OR IGNORE INTO configs(json) VALUES(?)", &run->config, 1);
    if (!s)
        s = number_of(store, "SELECT id FROM configs WHERE json = ?", run->config, &store->config);
    if (!s)
        s = make_view(store, run->swept);
    return s ? s : mho_store_commit(store);
}

static mho_status prepare_put(mho_store *store)
{
    char sql[4096];
    size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT INTO points(" NAMES ", id) VALUES(?");
    for (int i = 1; i < PLAIN + SUMS + 6; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, ", ?");
    n += (size_t)snprintf(sql + n, sizeof sql - n,
                          ", CASE WHEN EXISTS(SELECT 1 FROM points WHERE id = ?%d) THEN NULL ELSE "
                          "?%d END) ON CONFLICT(key) DO UPDATE SET (" NAMES ") = (excluded.key",
                          PLAIN + SUMS + 7, PLAIN + SUMS + 7);
    const char *name = strchr(NAMES, ',');
    for (; name; name = strchr(name + 1, ','))
        n += (size_t)snprintf(sql + n, sizeof sql - n, ", excluded.%.*s",
                              (int)strcspn(name + 2, ","), name + 2);
    (void)snprintf(sql + n, sizeof sql - n, ")" BETTER);
    return mhoi_store_prepare(store, sql, &store->put);
}

static void bind_all(const mho_store *store, const mho_store_point *p, const char *finished)
{
    sqlite3_stmt *q = store->put;
    int i = 1;
    sqlite3_bind_text(q, i++, p->key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(q, i++, store->run);
    sqlite3_bind_int64(q, i++, store->config);
    const char *const names[] = {p->status, p->message, p->network,   p->hw,
                                 p->arch,   p->data,    p->technology};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        bind_text(q, i++, names[k]);
    const uint64_t whole[] = {p->seed, p->images, p->trials, p->images_done, p->trials_done};
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++)
        sqlite3_bind_int64(q, i++, (int64_t)whole[k]);
    bind_text(q, i++, p->settings);
    bind_text(q, i++, p->changes);
    bind_text(q, i++, finished);
    for (size_t k = 0; k < SUMS; k++)
        bind_real(q, i++, mho_summary_get(&p->sum, k));
    bind_text(q, i++, mho_version());
    bind_text(q, i++, mho_cpu_name(mho_cpu_level()));
    sqlite3_bind_int64(q, i++, (int64_t)p->threads);
    bind_real(q, i++, p->seconds);
    bind_text(q, i++, p->evidence);
    bind_text(q, i++, p->result);
}

mho_status mho_store_put(mho_store *store, const mho_store_point *point)
{
    char finished[32];
    mho_status s = store->put ? MHO_OK : prepare_put(store);
    if (!s)
        s = mhoi_store_work(store);
    if (s)
        return s;
    now(finished);
    bind_all(store, point, finished);
    if (point->id)
        sqlite3_bind_int64(store->put, PLAIN + SUMS + 7, point->id);
    else
        sqlite3_bind_null(store->put, PLAIN + SUMS + 7);
    sqlite3_set_last_insert_rowid(store->db, 0);
    s = step(store, store->put, "write");
    store->made = s ? 0 : sqlite3_last_insert_rowid(store->db);
    sqlite3_clear_bindings(store->put);
    return s;
}

int64_t mho_store_made(const mho_store *store)
{
    return store->made;
}

/* --- reading ------------------------------------------------------------------------------------------- */

mho_status mho_store_find(mho_store *store, uint64_t key, int64_t *id)
{
    char text[17];
    *id = 0;
    snprintf(text, sizeof text, "%016" PRIx64, key);
    mho_status s = store->find ? MHO_OK
                               : mhoi_store_prepare(store, "SELECT id FROM points WHERE key = ?",
                                                    &store->find);
    if (s)
        return s;
    sqlite3_bind_text(store->find, 1, text, -1, SQLITE_TRANSIENT);
    const int code = sqlite3_step(store->find);
    if (code == SQLITE_ROW)
        *id = sqlite3_column_int64(store->find, 0);
    sqlite3_reset(store->find);
    return code == SQLITE_ROW || code == SQLITE_DONE ? MHO_OK
                                                     : mhoi_store_error(store, code, "read");
}

static const char *text_at(sqlite3_stmt *q, int i)
{
    const unsigned char *text = sqlite3_column_text(q, i);
    return text ? (const char *)text : "";
}

static double real_at(sqlite3_stmt *q, int i)
{
    return sqlite3_column_type(q, i) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(q, i);
}

#define READ                                                                                       \
    "SELECT points.id, key, status, message, network, hw, arch, data, technology, seed, images, "  \
    "trials, images_done, trials_done, settings, changes, finished, version, kernel, threads, "    \
    "seconds, evidence, result, configs.json, error, ci95, images_low, images_high, "              \
    "software_error, latency_s, throughput_per_s, power_W, energy_J, area_m2, ops_per_s, "         \
    "ops_per_J, ops_per_s_per_m2, cycles, crossbars FROM points JOIN configs "                     \
    "ON configs.id = points.config"

static void read_point(sqlite3_stmt *q, mho_store_point *p)
{
    *p = (mho_store_point){.id = sqlite3_column_int64(q, 0)};
    snprintf(p->key, sizeof p->key, "%s", text_at(q, 1));
    const char **const names[] = {&p->status, &p->message, &p->network,   &p->hw,
                                  &p->arch,   &p->data,    &p->technology};
    for (int i = 0; i < 7; i++)
        *names[i] = text_at(q, 2 + i);
    p->seed = (uint64_t)sqlite3_column_int64(q, 9);
    size_t *const whole[] = {&p->images, &p->trials, &p->images_done, &p->trials_done};
    for (int i = 0; i < 4; i++)
        *whole[i] = (size_t)sqlite3_column_int64(q, 10 + i);
    const char **const texts[] = {&p->settings, &p->changes, &p->finished, &p->version, &p->kernel};
    for (int i = 0; i < 5; i++)
        *texts[i] = text_at(q, 14 + i);
    p->threads = (size_t)sqlite3_column_int64(q, 19);
    p->seconds = real_at(q, 20);
    p->evidence = text_at(q, 21);
    p->result = text_at(q, 22);
    p->config = text_at(q, 23);
    for (size_t i = 0; i < SUMS; i++) {
        const double v = real_at(q, 24 + (int)i);
        memcpy((unsigned char *)&p->sum + mho_summary_at(i)->offset, &v, sizeof v);
    }
}

static mho_status read_rows(mho_store *store, const char *sql, const int64_t *id,
                            mho_store_each_fn *each, void *user, size_t *rows)
{
    sqlite3_stmt *q = NULL;
    mho_status s = mhoi_store_prepare(store, sql, &q);
    int code = SQLITE_DONE;
    *rows = 0;
    if (!s && id)
        sqlite3_bind_int64(q, 1, *id);
    while (!s && (code = sqlite3_step(q)) == SQLITE_ROW) {
        mho_store_point point;
        read_point(q, &point);
        s = each(user, &point);
        ++*rows;
    }
    if (!s && code != SQLITE_DONE)
        s = mhoi_store_error(store, code, "read");
    sqlite3_finalize(q);
    return s;
}

mho_status mho_store_each(mho_store *store, mho_store_each_fn *each, void *user)
{
    size_t rows;
    return read_rows(store, READ " ORDER BY points.id", NULL, each, user, &rows);
}

mho_status mho_store_count(mho_store *store, uint64_t *points)
{
    int64_t n = 0;
    mho_status s = number_of(store, "SELECT count(*) FROM points", NULL, &n);
    *points = (uint64_t)n;
    return s;
}

mho_status mho_store_get(mho_store *store, int64_t id, mho_store_each_fn *each, void *user)
{
    size_t rows;
    uint64_t points = 0;
    mho_status s = read_rows(store, READ " WHERE points.id = ?", &id, each, user, &rows);
    if (!s && !rows)
        s = mho_store_count(store, &points);
    return s || rows ? s
                     : mho_error(MHO_EUSAGE, "%s: there is no point %lld (it has %llu points)",
                                 store->path, (long long)id, (unsigned long long)points);
}

/* --- queries and merging ----------------------------------------------------------------------------------- */

/* Numbers with as few digits as read back to the same, a real one recognizable as such (SQLite gives 15 digits). */
static const char *cell(sqlite3_stmt *q, int i, char digits[40])
{
    const double v = sqlite3_column_double(q, i);
    if (sqlite3_column_type(q, i) != SQLITE_FLOAT || !isfinite(v))
        return (const char *)sqlite3_column_text(q, i);
    mho_number_text(v, digits);
    if (!digits[strspn(digits, "-0123456789")])
        memcpy(digits + strlen(digits), ".0", 3);
    return digits;
}

static mho_status tell_rows(mho_store *store, sqlite3_stmt *q, mho_store_row_fn *each, void *user)
{
    const int columns = sqlite3_column_count(q);
    const char **value = NULL;
    char(*digits)[40] = NULL;
    mho_status s = mhoi_alloc(&value, (size_t)columns, sizeof *value, "columns");
    int code = SQLITE_DONE;
    if (!s)
        s = mhoi_alloc(&digits, (size_t)columns, sizeof *digits, "columns");
    for (int i = 0; !s && i < columns; i++)
        value[i] = sqlite3_column_name(q, i);
    mho_store_row row = {(size_t)columns, value, true};
    if (!s)
        s = each(user, &row);
    row.titles = false;
    while (!s && (code = sqlite3_step(q)) == SQLITE_ROW) {
        for (int i = 0; i < columns; i++)
            value[i] = cell(q, i, digits[i]);
        s = each(user, &row);
    }
    if (!s && code != SQLITE_DONE)
        s = mhoi_store_error(store, code, "read");
    mhoi_free(&value);
    mhoi_free(&digits);
    return s;
}

mho_status mho_store_query(mho_store *store, const char *sql, mho_store_row_fn *each, void *user)
{
    sqlite3_stmt *q = NULL;
    const char *rest = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &q, &rest))
        return mho_error(MHO_EUSAGE, "SQL: %s", sqlite3_errmsg(store->db));
    mho_status s = MHO_OK;
    if (!q)
        s = mho_error(MHO_EUSAGE, "SQL: the query is empty");
    else if (!sqlite3_stmt_readonly(q))
        s = mho_error(MHO_EUSAGE, "SQL: the query would write; results are only read");
    else if (rest[strspn(rest, " \t\n;")])
        s = mho_error(MHO_EUSAGE, "SQL: more than one statement: %.60s", rest);
    else
        s = tell_rows(store, q, each, user);
    sqlite3_finalize(q);
    return s;
}

/* Rows of the attached store `other`, whose runs and configurations get numbers of this one. */
static const char merge_runs[] =
    "INSERT INTO runs(name, command, sweep, shard, version, kernel, started)"
    " SELECT name, command, sweep, shard, version, kernel, started FROM other.runs ORDER BY id;"
    "INSERT OR IGNORE INTO configs(json) SELECT json FROM other.configs ORDER BY id;";
static const char merge_points[] =
    "INSERT INTO points(id, " NAMES
    ") SELECT %s, key, run + (SELECT coalesce(max(id), 0) FROM runs) -"
    " (SELECT coalesce(max(id), 0) FROM other.runs),"
    " (SELECT id FROM configs WHERE json ="
    " (SELECT json FROM other.configs WHERE other.configs.id = o.config)), status, message,"
    " network, hw, arch, data, technology, seed, images, trials, images_done, trials_done,"
    " settings, changes, finished, error, ci95, images_low, images_high, software_error,"
    " latency_s, throughput_per_s, power_W, energy_J, area_m2, ops_per_s, ops_per_J,"
    " ops_per_s_per_m2, cycles, crossbars, version, kernel, threads, seconds, evidence, result"
    " FROM other.points AS o WHERE %s ORDER BY o.id ON CONFLICT(key) DO UPDATE SET ";

/* Rows of which `where` holds, under the number that is `id`. */
static mho_status merge_some(mho_store *into, const char *id, const char *where)
{
    sqlite3_str *sql = sqlite3_str_new(into->db);
    sqlite3_str_appendf(sql, merge_points, id, where);
    sqlite3_str_appendall(sql, "(" NAMES ") = (excluded.key");
    for (const char *name = strchr(NAMES, ','); name; name = strchr(name + 1, ','))
        sqlite3_str_appendf(sql, ", excluded.%.*s", (int)strcspn(name + 2, ","), name + 2);
    sqlite3_str_appendall(sql, ")" BETTER);
    char *text = sqlite3_str_finish(sql);
    mho_status s = text ? mhoi_store_exec(into, text, "merge")
                        : mho_error(MHO_ENOMEM, "%s: out of memory", into->path);
    sqlite3_free(text);
    return s;
}

#define NEW_KEY "o.key NOT IN (SELECT key FROM main.points)"

/* Designs that are known stay under their number; others keep theirs where it is free, the rest get the next ones. */
static mho_status merge_attached(mho_store *into)
{
    mho_status s = mhoi_store_work(into);
    if (!s)
        s = mhoi_store_exec(into, merge_runs, "merge");
    if (!s)
        s = merge_some(into, "NULL", "o.key IN (SELECT key FROM main.points)");
    if (!s)
        s = merge_some(into, "o.id", NEW_KEY " AND o.id NOT IN (SELECT id FROM main.points)");
    if (!s)
        s = merge_some(into, "NULL", NEW_KEY);
    return s ? s : mho_store_commit(into);
}

/* The columns of `designs` are those of any of the stores. */
static mho_status merge_view(mho_store *into)
{
    sqlite3_stmt *q = NULL;
    const char *swept[257];
    size_t n = 0;
    mho_status s = mhoi_store_prepare(
        into, "SELECT DISTINCT j.key FROM points, json_each(settings) AS j LIMIT 256", &q);
    while (!s && sqlite3_step(q) == SQLITE_ROW && n < 256) {
        char *copy = NULL;
        const char *key = text_at(q, 0);
        const size_t bytes = strlen(key) + 1;
        s = mhoi_alloc(&copy, bytes, 1, "key");
        if (!s)
            swept[n++] = memcpy(copy, key, bytes);
    }
    sqlite3_finalize(q);
    swept[n] = NULL;
    if (!s)
        s = mhoi_store_work(into);
    if (!s)
        s = make_view(into, swept);
    if (!s)
        s = mho_store_commit(into);
    for (size_t i = 0; i < n; i++)
        mhoi_free(&swept[i]);
    return s;
}

/* An error while both are open names the one that is written; it is the other one's. */
static mho_status name_other(const mho_store *into, const char *from, mho_status s)
{
    char text[512];
    const size_t n = strlen(into->path);
    const char *message = mho_error_message();
    const bool named = !strncmp(message, into->path, n) && !strncmp(message + n, ": ", 2);
    snprintf(text, sizeof text, "%s", named ? message + n + 2 : message);
    return mho_error(s, "%s: cannot be merged: %s", from, text);
}

mho_status mho_store_merge(mho_store *into, const char *from)
{
    mho_store *check = NULL;
    mho_status s = mho_store_open(from, MHO_STORE_READ, &check);
    mho_store_close(check);
    if (!s)
        s = insert(into, "ATTACH ? AS other", &from, 1);
    if (s)
        return s;
    s = merge_attached(into);
    if (into->open)
        sqlite3_exec(into->db, "ROLLBACK", NULL, NULL, NULL);
    into->open = false;
    sqlite3_exec(into->db, "DETACH other", NULL, NULL, NULL);
    return s ? name_other(into, from, s) : merge_view(into);
}

/* --- descriptions ---------------------------------------------------------------------------------------- */

bool mho_store_is_point(const char *reference)
{
    const char *colon = reference ? strrchr(reference, ':') : NULL;
    return colon && colon - reference > 3 && !strncmp(colon - 3, ".db", 3) && colon[1] &&
           !colon[1 + strspn(colon + 1, "0123456789")];
}

static mho_status copy_config(mho_store *store, int64_t id, char **json)
{
    sqlite3_stmt *q = NULL;
    mho_status s = mhoi_store_prepare(store, "SELECT config FROM configurations WHERE id = ?", &q);
    if (!s)
        sqlite3_bind_int64(q, 1, id);
    const int code = s ? SQLITE_DONE : sqlite3_step(q);
    if (code == SQLITE_ROW) {
        const char *text = text_at(q, 0);
        s = mhoi_alloc(json, strlen(text) + 1, 1, "description");
        if (!s)
            memcpy(*json, text, strlen(text));
    } else if (code != SQLITE_DONE) {
        s = mhoi_store_error(store, code, "read");
    }
    sqlite3_finalize(q);
    return s;
}

static mho_status nothing(void *user, const mho_store_point *point)
{
    (void)user;
    (void)point;
    return MHO_OK;
}

mho_status mho_store_hw(const char *reference, char **json)
{
    char path[4096];
    mho_store *store = NULL;
    const char *colon = strrchr(reference, ':');
    *json = NULL;
    if (!mho_store_is_point(reference) || (size_t)(colon - reference) >= sizeof path)
        return mho_error(MHO_EUSAGE, "%s: want FILE.db:POINT", reference);
    snprintf(path, sizeof path, "%.*s", (int)(colon - reference), reference);
    mho_status s = mho_store_open(path, MHO_STORE_READ, &store);
    const int64_t id = strtoll(colon + 1, NULL, 10);
    if (!s)
        s = mho_store_get(store, id, nothing, NULL);
    if (!s)
        s = copy_config(store, id, json);
    mho_store_close(store);
    return s;
}

void mho_store_text_free(char *text)
{
    mhoi_free(&text);
}
