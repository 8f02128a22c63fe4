/* SPDX-License-Identifier: Apache-2.0 */
/* What a search holds: sweep_file.c reads it, space.c chooses points, unit.c computes one, driver.c all of them. */
#ifndef MHO_EXPLORE_IMPL_H
#define MHO_EXPLORE_IMPL_H

#include "base/yaml.h"
#include "explore/expression.h"
#include "hw/sections.h"
#include "mho/explore.h"
#include "mho/run.h"
#include "study/bench.h"

enum { EXPLORE_TERMS = 32, EXPLORE_NAMES = 64, EXPLORE_RUNGS = 8, EXPLORE_POINTS_MAX = 10000000 };

typedef enum explore_method {
    EXPLORE_ALL,
    EXPLORE_RANDOM,
    EXPLORE_LATIN, /* McKay, Beckman, Conover 1979 */
    EXPLORE_NSGA2, /* Deb, Pratap, Agarwal, Meyarivan 2002 */
} explore_method;

typedef struct explore_objective {
    size_t result; /* of explore_results */
    size_t field;  /* of mho_summary; SIZE_MAX: loss */
    size_t axis;   /* in place of a result; SIZE_MAX: none */
    bool most;
    char text[64];
} explore_objective;

typedef struct explore_rung {
    size_t images, trials;
} explore_rung;

/* Wrong images by block of images and programming: what a rung tells is a sum of it, whatever was computed after. */
typedef struct explore_evidence {
    size_t blocks;
    size_t end[EXPLORE_RUNGS]; /* block k: images [end[k - 1], end[k]) */
    size_t trials[EXPLORE_RUNGS];
    uint32_t *wrong[EXPLORE_RUNGS]; /* [trials] */
    size_t room;                    /* for so many at least, where they come from elsewhere */
} explore_evidence;

/* What was computed on chips, and how long it took. */
typedef struct explore_work {
    uint64_t images, chips, programmings;
    uint64_t drawn; /* programmings whose cells were not there already */
    double make_s, program_s, run_s;
    uint64_t first_chips; /* of points that had none before */
    double first_make_s;
} explore_work;

typedef enum explore_state {
    EXPLORE_NEW,
    EXPLORE_PRICED, /* and to be run */
    EXPLORE_DONE,
    EXPLORE_DROPPED,
    EXPLORE_INFEASIBLE,
    EXPLORE_FAILED,
} explore_state;

typedef struct explore_point {
    uint32_t *choice;       /* [axes] */
    uint64_t key, cell_key; /* of the design; of all that its error depends on */
    uint64_t group_key;     /* of that but for converters */
    explore_state state;
    bool stored; /* as it is now */
    bool recalled_done;
    double recalled_error; /* of the row that the store had */
    size_t recalled_trials;
    size_t place; /* in the whole search, of which this may be a shard */
    size_t twin;  /* the point whose evidence is this one's; itself */
    mho_summary sum;
    mho_error_estimate error;
    explore_evidence evidence;
    char technology[MHO_COST_NAME];
    bool relative; /* its prices are good for comparing designs by, no more */
    char *changes, *result, *message;
    double seconds;
    int64_t row;
} explore_point;

struct mho_explore {
    char name[MHO_NAME], place[512];
    char *text;        /* of the file, for the store */
    char **net, **set; /* names, NULL-terminated */
    char hw_name[512];
    mho_hw *hw;           /* without the axes */
    mhoi_hw_texts *texts; /* of it */
    mho_grid *grid;
    size_t axes;
    size_t net_axis, set_axis; /* SIZE_MAX: one */
    size_t zip_of
        [MHO_GRID_AXES_MAX]; /* axes that go along with an earlier one: that one; else itself */
    mhoi_expression *where[EXPLORE_TERMS], *constraint[EXPLORE_TERMS];
    size_t wheres, constraints;
    explore_objective objective[EXPLORE_TERMS];
    size_t objectives;
    explore_method method;
    size_t samples, population;
    uint64_t sample_seed;
    bool accuracy, calibrate_on_test;
    char *calibrate_on; /* another data set; NULL: none */
    uint64_t seed;
    size_t images, trials;
    explore_rung rung[EXPLORE_RUNGS]; /* the last is all images and trials */
    size_t rungs;
    double confidence;
    size_t shard, shards;
    char *command;
    mho_run *outer; /* the caller's, NULL: the default one; what is computed runs in another */
    mhoi_bench *bench;
    explore_point *point;
    size_t points, room;
    size_t *order; /* [rows] of the table, the best first */
    size_t rows;
    size_t apart; /* rows of relative prices, where others have absolute ones: on no front */
    explore_work work;
    uint64_t images_full, points_full; /* image runs and points, were nothing dropped or shared */
    size_t repeated;                   /* points of a Latin hypercube that were there already */
    size_t drops, beaten, known; /* drops: by intervals; beaten: by points that were run in full */
    struct explore_lookup *lookup;  /* what the store has */
    double last_commit_s, commit_s; /* when, and how long it took */
    char *opened;                   /* as it was named, and with these options: for ranks */
    mho_explore_options options;
    mho_store *store;            /* of the run */
    struct explore_ranks *ranks; /* NULL: this process alone */
};

/* sweep_file.c */
/* A text that is kept; NULL stays. */
MHO_MUST_CHECK mho_status mhoi_explore_copy(const char *text, char **out);
MHO_MUST_CHECK mho_status mhoi_explore_read(mho_explore *x, const char *text,
                                            const mho_explore_options *options);

/* result_names.c: names of results that constraints and objectives use; the value of one. */
size_t mhoi_explore_result(const char *name);
const char *mhoi_explore_result_name(size_t i); /* NULL from their number on */
double mhoi_explore_result_of(const mho_summary *sum, size_t result);
size_t mhoi_explore_result_field(size_t result);
const char *mhoi_explore_result_unit(size_t i);
/* Are the values of the axis numbers, of one unit? */
bool mhoi_explore_axis_counts(const mho_explore *x, size_t axis);
/* "min energy", "max tops_per_W"; the sense of a bare name is its usual one.  Returns the name, of a result or (result ==
 * SIZE_MAX) perhaps of an axis. */
const char *mhoi_explore_objective(const char *text, explore_objective *o);
double mhoi_explore_value(const mho_explore *x, const explore_objective *o, const mho_summary *sum,
                          const uint32_t *choice);
bool mhoi_explore_result_is_error(size_t result); /* of accuracy, which prices do not tell */
/* Do the constraints hold that prices alone, or all results, tell? */
bool mhoi_explore_keeps(const mho_explore *x, const mho_summary *sum, bool accuracy);
bool mhoi_explore_holds(const mho_explore *x, size_t constraint, const mho_summary *sum);
bool mhoi_explore_constrains_error(const mho_explore *x, size_t constraint);
/* Names of conditions: axes and fields of the description. */
MHO_MUST_CHECK mho_status mhoi_explore_condition(mho_explore *x, const char *text,
                                                 mhoi_expression **out);
bool mhoi_explore_allows(const mho_explore *x, const uint32_t *choice);
MHO_MUST_CHECK mho_status mhoi_explore_constraint(const char *text, mhoi_expression **out);

/* space.c: the points of all, random and latin-hypercube. */
MHO_MUST_CHECK mho_status mhoi_explore_choose(mho_explore *x);
/* A new point of these choices; *index of it, or of the one that has them. */
MHO_MUST_CHECK mho_status mhoi_explore_add(mho_explore *x, const uint32_t *choice, size_t *index,
                                           bool *is_new);
void mhoi_explore_tie(const mho_explore *x, uint32_t *choice); /* zipped axes go along */
/* A number in [0, n) by counter: of the sample's seed, a stream and an index. */
uint32_t mhoi_explore_random(const mho_explore *x, uint32_t stream, uint64_t index, uint32_t n);
double mhoi_explore_uniform(const mho_explore *x, uint32_t stream, uint64_t index);

/* unit.c */
size_t mhoi_explore_net(const mho_explore *x, const explore_point *p);
size_t mhoi_explore_set(const mho_explore *x, const explore_point *p);
/* Its description: a new one where *out is NULL, else made of that, which was of another point. */
MHO_MUST_CHECK mho_status mhoi_explore_hw(const mho_explore *x, const explore_point *p,
                                          mho_hw **out);
/* Keys of the design; before anything else is asked of a point.  A design that the hardware refuses is FAILED.
 * *hw: as of mhoi_explore_hw, NULL where it is refused. */
MHO_MUST_CHECK mho_status mhoi_explore_identify(const mho_explore *x, explore_point *p,
                                                mho_hw **hw);
MHO_MUST_CHECK mho_status mhoi_explore_price(const mho_explore *x, explore_point *p);
/* The same of a description that is there already. */
MHO_MUST_CHECK mho_status mhoi_explore_price_of(const mho_explore *x, explore_point *p,
                                                const mho_hw *hw);
/* Runs what the rung wants and the evidence lacks; what that took is added to *work. */
MHO_MUST_CHECK mho_status mhoi_explore_extend(const mho_explore *x, explore_point *p, size_t rung,
                                              explore_work *work);
void mhoi_explore_work_add(explore_work *sum, const explore_work *more);
/* What the evidence tells of the rung. */
MHO_MUST_CHECK mho_status mhoi_explore_estimate(const mho_explore *x,
                                                const explore_evidence *evidence, size_t rung,
                                                mho_error_estimate *out);
/* Would chips of all threads at once be too much for this machine? */
bool mhoi_explore_is_large(const mho_explore *x, const explore_point *p);
bool mhoi_explore_has(const explore_evidence *evidence, const mho_explore *x, size_t rung);
void mhoi_explore_point_free(explore_point *p);

/* row_texts.c: JSON in rows. */
MHO_MUST_CHECK mho_status mhoi_explore_changes(const mho_explore *x, const mho_hw *hw, char **out);
MHO_MUST_CHECK mho_status mhoi_explore_result_text(const mho_result *result, char **out);
MHO_MUST_CHECK mho_status mhoi_explore_settings_text(const mho_explore *x, const explore_point *p,
                                                     char **out);
/* Does the text of mhoi_explore_result_text tell so? */
bool mhoi_explore_tells_relative(const char *result);
MHO_MUST_CHECK mho_status mhoi_explore_evidence_text(const explore_evidence *e, char **out);

/* point_rows.c: rows put and found. */
MHO_MUST_CHECK mho_status mhoi_explore_put(mho_explore *x, mho_store *store, explore_point *p);
MHO_MUST_CHECK mho_status mhoi_explore_begin(mho_explore *x, mho_store *store);
MHO_MUST_CHECK mho_status mhoi_explore_load(mho_explore *x, mho_store *store);
/* Takes over what the store knows of the point. */
MHO_MUST_CHECK mho_status mhoi_explore_recall(mho_explore *x, explore_point *p);
void mhoi_explore_lookup_free(struct explore_lookup *lookup);

/* halving.c: drops points [first, points) that others beat for certain; after a rung. */
void mhoi_explore_halve(mho_explore *x, size_t first, size_t rung);
/* Are there objectives, and none that is the error?  Then a point that another one beats which was run in full and keeps the
 * constraints is not worth running. */
bool mhoi_explore_goes_by_prices(const mho_explore *x);
bool mhoi_explore_is_beaten_by(const mho_explore *x, size_t first, size_t point,
                               explore_state state);
void mhoi_explore_drop_beaten(mho_explore *x, size_t first);
/* Do prices of a technology, relative ones or joules, tell which of two points is the better one? */
bool mhoi_explore_compares_prices(const mho_explore *x);
/* Does a beat b in all objectives, where prices of both are of one kind (as good in all, better in one)? */
bool mhoi_explore_beats(const mho_explore *x, const explore_point *a, const explore_point *b);

/* explore.c: the same search once more; what all processes of one search have in common. */
MHO_MUST_CHECK mho_status mhoi_explore_twin(const mho_explore *x, mho_explore **out);
uint64_t mhoi_explore_digest(const mho_explore *x);
/* driver.c: of the caller's run. */
MHO_MUST_CHECK mho_status mhoi_explore_interruption(const mho_explore *x);
/* rung.c: takes the points [first, points) that are left a rung further. */
MHO_MUST_CHECK mho_status mhoi_explore_rung(mho_explore *x, mho_store *store, size_t first,
                                            size_t rung);
/* between.c: the first objective, less is better; rows; the caller. */
double mhoi_explore_rank(const mho_explore *x, const explore_point *p);
MHO_MUST_CHECK mho_status mhoi_explore_store(mho_explore *x, mho_store *store, explore_point *p);
MHO_MUST_CHECK mho_status mhoi_explore_commit(mho_explore *x, mho_store *store, bool now);
void mhoi_explore_tell(const mho_explore *x, const char *what, uint64_t done, uint64_t total);
/* driver.c: computes points [first, points). */
MHO_MUST_CHECK mho_status mhoi_explore_batch(mho_explore *x, mho_store *store, size_t first);
/* nsga2.c: the whole search. */
MHO_MUST_CHECK mho_status mhoi_explore_evolve(mho_explore *x, mho_store *store);

#endif
