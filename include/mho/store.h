/* SPDX-License-Identifier: Apache-2.0 */
/* Results in one SQLite file, a row a point: docs/store.md has the schema.  A row is there as a whole or not at all, whatever
 * happens to the process; several processes may write into one file. */
#ifndef MHO_STORE_H
#define MHO_STORE_H

#include "mho/study.h"

MHO_C_BEGIN

#define MHO_STORE_SCHEMA 1

typedef struct mho_store mho_store;

typedef enum mho_store_mode {
    MHO_STORE_READ,   /* there is one; nothing is written */
    MHO_STORE_CREATE, /* there is none yet */
    MHO_STORE_GO_ON,  /* one that is there, or a new one */
} mho_store_mode;

/* MHO_EUSAGE: CREATE, and the file exists; MHO_EFILE: cannot be opened, or made; MHO_EFORMAT: no store of mho, a damaged
 * one, or one of a newer schema. */
MHO_API MHO_MUST_CHECK mho_status mho_store_open(const char *path, mho_store_mode mode,
                                                 mho_store **out);
/* What was put and not committed is given up. */
MHO_API void mho_store_close(mho_store *store);

/* What made rows: told once a run. */
typedef struct mho_store_run {
    const char *name, *command, *sweep; /* sweep: the text of its file, or "" */
    const char *shard;                  /* "2/4", or "" */
    const char *config;                 /* JSON: the description that points differ from */
    const char *const *swept;           /* keys, NULL-terminated: columns of the view `designs` */
} mho_store_run;
MHO_API MHO_MUST_CHECK mho_status mho_store_begin(mho_store *store, const mho_store_run *run);

/* A row.  Texts are the caller's until mho_store_put returns, the store's within a mho_store_each_fn. */
typedef struct mho_store_point {
    int64_t id; /* of a row that is read; of a new one, if no other has it (0: any) */
    char key[17];
    const char *status;  /* "done", "dropped", "infeasible", "failed", "partial" */
    const char *message; /* why; "" */
    const char *network, *hw, *arch, *data, *technology;
    uint64_t seed;
    size_t images, trials;           /* as asked for; 0: prices alone */
    size_t images_done, trials_done; /* as done */
    const char *settings,
        *changes; /* JSON: axes as given; fields that differ from the run's config */
    const char *evidence, *result;           /* JSON, or "" */
    const char *config;                      /* JSON, of a row that is read */
    const char *version, *kernel, *finished; /* of a row that is read; put tells its own */
    size_t threads;
    double seconds;
    mho_summary sum;
} mho_store_point;

/* A new row, or in place of the one of that key, unless that one tells more (is done, of more programmings). */
MHO_API MHO_MUST_CHECK mho_status mho_store_put(mho_store *store, const mho_store_point *point);
/* The number of the row that the last mho_store_put made; 0: there was one of that key. */
MHO_API int64_t mho_store_made(const mho_store *store);
/* The number of the row of that key; 0: there is none. */
MHO_API MHO_MUST_CHECK mho_status mho_store_find(mho_store *store, uint64_t key, int64_t *id);
/* On the disk when this returns.  MHO_EFILE: it is full, say; what was committed before is there. */
MHO_API MHO_MUST_CHECK mho_status mho_store_commit(mho_store *store);

typedef mho_status mho_store_each_fn(void *user, const mho_store_point *point);
/* All rows in the order of their numbers; or the one of a number.  MHO_EUSAGE: there is none of that number. */
MHO_API MHO_MUST_CHECK mho_status mho_store_each(mho_store *store, mho_store_each_fn *each,
                                                 void *user);
MHO_API MHO_MUST_CHECK mho_status mho_store_get(mho_store *store, int64_t id,
                                                mho_store_each_fn *each, void *user);
MHO_API MHO_MUST_CHECK mho_status mho_store_count(mho_store *store, uint64_t *points);

/* The description of the point "results.db:3" as JSON, as mho_hw_read takes it under a name that ends in .json; to be
 * freed with mho_store_text_free. */
MHO_API MHO_MUST_CHECK mho_status mho_store_hw(const char *reference, char **json);
MHO_API void mho_store_text_free(char *text);
/* Is it "FILE.db:NUMBER"? */
MHO_API bool mho_store_is_point(const char *reference);

/* Rows of an SQL query that only reads: titles first, then values; NULL for NULL.
 * MHO_EUSAGE: not SQL, or it would write. */
typedef struct mho_store_row {
    size_t columns;
    const char *const *value; /* texts; numbers as they read back */
    bool titles;
} mho_store_row;
typedef mho_status mho_store_row_fn(void *user, const mho_store_row *row);
MHO_API MHO_MUST_CHECK mho_status mho_store_query(mho_store *store, const char *sql,
                                                  mho_store_row_fn *each, void *user);

/* All rows of `from` into `into`; of two of one key the one that tells more. */
MHO_API MHO_MUST_CHECK mho_status mho_store_merge(mho_store *into, const char *from);

MHO_C_END

#endif
