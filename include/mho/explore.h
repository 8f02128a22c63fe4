/* SPDX-License-Identifier: Apache-2.0 */
/* Many designs over accuracy, time, energy and area: chosen as a file says, computed once each, kept in a store.
 * docs/explore.md tells the file.  Nothing here prints. */
#ifndef MHO_EXPLORE_H
#define MHO_EXPLORE_H

#include "mho/store.h"

MHO_C_BEGIN

typedef struct mho_explore mho_explore;

/* What stands on the command line in place of what the file says; zero or NULL: nothing. */
typedef struct mho_explore_options {
    const char *network, *hw, *data;
    const char *const *set; /* NULL-terminated, on top of the file's */
    size_t images, trials;
    bool has_seed, calibrate_on_test;
    uint64_t seed;
    size_t shard, shards; /* 1..shards; 0: all points */
    const char *command;  /* for the store */
    /* Several processes of one job, as mpirun and srun start them: this one is `rank` of `ranks` (0: alone).  Rank 0 has the
     * store; `store` is its path, beside which they find each other; `job` tells one job from another. */
    size_t rank, ranks;
    const char *job, *store;
    const char *
        calibrate_on; /* in place of what the file says: "train", "test", or a data set (mho/study.h); NULL: as it says */
} mho_explore_options;

/* Texts of options are not copied, and are to stay until mho_explore_destroy.  Reads and checks everything before anything is computed.  name: a built-in sweep, or a YAML file.
 * MHO_ECONFIG with place:line; MHO_EUSAGE. */
MHO_API MHO_MUST_CHECK mho_status mho_explore_open(const char *name,
                                                   const mho_explore_options *options,
                                                   mho_explore **out);
MHO_API void mho_explore_destroy(mho_explore *explore);
MHO_API const char *mho_explore_name(const mho_explore *explore);
MHO_API size_t mho_explore_points(const mho_explore *explore); /* of a search: at most */

/* What has been done so far, and what it saved. */
typedef struct mho_explore_report {
    size_t points, known; /* that there are; of them found in the store */
    size_t priced, done, dropped, infeasible, failed;
    size_t waiting; /* interrupted before they were finished */
    uint64_t image_runs,
        image_runs_full; /* an image on a programmed chip; without halving and sharing */
    /* Programmings of chips, and those whose cells were drawn: the others had those of a design that differs in
     * converters and prices alone. */
    uint64_t programmings, drawn;
    /* Seconds of computing on chips, of all threads and ranks together; and what all points with all images would
     * have taken, by the means of these. */
    double compute_s, compute_full_s;
    size_t steps;  /* of `refine`, the last one included: 1: there is none */
    size_t drops;  /* comparisons of intervals by which points were dropped */
    size_t beaten; /* dropped without any risk: another one, run in full, beats them by prices */
    double confidence; /* of each interval */
    double seconds;
    double best;         /* the first objective of the best point that keeps all constraints; NaN */
    char best_unit[16];  /* "J"; "%": best is a fraction; "": a number, as the axis has it */
    int64_t best_row;    /* in the store; 0: none */
    char best_text[256]; /* its axes */
    char objective[64];
    bool
        objective_given; /* false: the space has none, and the best is the one of least error, or energy */
    char failure[512];  /* axes and message of the first point that failed; "" */
    char tightest[160]; /* where no point keeps all constraints: the one that the fewest keep; "" */
    /* By which points are priced, "bcnn-45nm (2), generic-45nm (4)".  Prices of several are not to be compared. */
    size_t technology_count;
    size_t alike;    /* points of the same contents as another one, whose row they share */
    size_t repeated; /* of a Latin hypercube, not counted among points: there already */
    size_t
        apart; /* rows of relative prices beside absolute ones: the last, on no front, never the best */
    char technologies[256];
} mho_explore_report;

/* Computes all points that the store does not have, and stores them as they come.
 * MHO_EINTERRUPTED: what was under way is stored.  Threads: those of the run. */
MHO_API MHO_MUST_CHECK mho_status mho_explore_run(mho_explore *explore, mho_store *store,
                                                  mho_explore_report *report);

/* What ranks other than 0 do in place of mho_explore_run: they compute what rank 0 hands them, until it has all.
 * MHO_EFILE: rank 0 is not to be found. */
MHO_API MHO_MUST_CHECK mho_status mho_explore_serve(mho_explore *explore);

/* The best rows of the last run, by the first objective, as a table would show them. */
typedef struct mho_explore_row {
    const char *const *value; /* [axes] as given */
    const char *status;
    const mho_summary *sum;
    size_t trials, images;
    bool front; /* no other beats it in all objectives */
    const char *technology;
    int64_t row; /* in the store: mho_store_get */
} mho_explore_row;
MHO_API size_t mho_explore_axes(const mho_explore *explore);
MHO_API const char *mho_explore_axis(const mho_explore *explore, size_t axis);
MHO_API size_t mho_explore_rows(const mho_explore *explore);
/* value has room for the axes; i from 0, the best first: those on the front, then the others that keep the
 * constraints. */
MHO_API void mho_explore_row_at(const mho_explore *explore, size_t i, const char **value,
                                mho_explore_row *out);

MHO_C_END

#endif
