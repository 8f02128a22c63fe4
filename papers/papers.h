/* SPDX-License-Identifier: Apache-2.0 */
/* Published tables and figures, one program each: what the paper prints beside what mho gets.
 *
 * A paper's run function computes values and hands each to paper_value under its row's name.  What the
 * paper prints, the tolerance and the place are data: papers/PAPER/expected.csv with the columns
 *     id,name,printed,unit,tolerance,status,note,variant,known
 * printed `ref:NUMBER` is a number that the paper does not print: worked out from what it does by hand or apart from mho, or an
 * independent prototype's; reports have it in a column of its own, `reference`.
 * printed and the value are in `unit`; deviation and tolerance are relative to printed; where that is 0, or
 * the unit is `points` (of error, in %), they are differences; a tolerance `x3` is a factor: up to 3 times or a third.  status is empty
 * (the tolerance decides), `fitted`, or `not-reproducible`, and then note gives the reason.  A difference in points
 * that is no larger than its tolerance cannot be told from none: it misses or is not reproducible, "within noise",
 * but never holds.  known (may be left out): what a row that is not reproducible is known to be of what is printed, so that a
 * change is noticed.  variant (may be left out): which of several readings of the paper judges what is printed.  Every row of
 * the file must get its value, and every value must have its row: nothing is left out silently. */
#ifndef MHO_PAPERS_H
#define MHO_PAPERS_H

#include "mho/mho.h"

/* How a run is asked for; what no paper needs is left out. */
typedef struct paper_args {
    const char *data; /* as of mho_data_open */
    const char *const *set;
    uint64_t seed;
    size_t trials;
    size_t images;          /* 0: all there are */
    size_t epochs;          /* networks are trained for, where that is asked for; 0: none is */
    const char *checkpoint; /* folder that trainings are kept in, or NULL */
    bool resume;            /* those that it holds are gone on with */
} paper_args;

typedef enum paper_status {
    PAPER_HOLDS,
    PAPER_MISSES,
    PAPER_FITTED, /* agrees because a named constant was fitted */
    PAPER_NOT_REPRODUCIBLE,
} paper_status;

typedef struct paper_row {
    char name[96], unit[16], note[400], variant[32];
    double printed, tolerance; /* NaN: none; printed: or the reference */
    bool reference;            /* what printed tells is not printed */
    double known;              /* value / printed where it is not reproducible; NaN: not told */
    double value, deviation;
    bool factor; /* tolerance f - 1: f times what is printed, or the f-th part of it */
    bool has_value, within_noise;
    paper_status status;
} paper_row;

typedef struct paper_result {
    paper_row *row;
    size_t rows;
    FILE *text; /* figures and remarks, shown below the rows of a text report */
    FILE *svg;  /* the figure as a picture; stays empty where there is none */
    mho_json
        *trained; /* array that JSON reports get: what was trained for the study; NULL: nothing */
} paper_result;

/* Prints nothing but on result->text and result->svg. */
typedef mho_status paper_run_fn(const paper_args *args, paper_result *result);

typedef struct paper {
    const char *id;       /* "bcnn-table4" */
    const char *source;   /* "Tang et al., ASP-DAC 2017, Table IV" */
    const char *title;    /* "Energy and area of CNN and BCNN" */
    const char *expected; /* "papers/bcnn/expected.csv" */
    paper_run_fn *run;
} paper;

/* The registry: papers/common/registry.c. */
extern const paper papers[];
extern const size_t paper_count;
/* Does the run keep its trainings in paper_args.checkpoint? */
bool paper_keeps_trainings(const paper *p);
/* Does paper_args.epochs ask the run for anything? */
bool paper_trains(const paper *p);

/* The value of a row; format and what follows make its name. */
MHO_MUST_CHECK mho_status paper_value(paper_result *result, double value, const char *format, ...)
    MHO_PRINTF(3, 4);
/* A remark that only the run knows, put before the note of expected.csv. */
MHO_MUST_CHECK mho_status paper_note(paper_result *result, const char *row, const char *format, ...)
    MHO_PRINTF(3, 4);

/* For a run that the printed values do not speak of, as on other data: no row is judged, all are
 * not-reproducible for this reason. */
void paper_incomparable(paper_result *result, const char *reason);

/* --- what `mho reproduce` calls ----------------------------------------------------------------------- */

/* Reads the rows, runs, judges. MHO_EINTERNAL: a row without value, a value without row. */
MHO_MUST_CHECK mho_status paper_reproduce(const paper *p, const paper_args *args,
                                          paper_result *result);
/* The deviation is a difference, not a fraction of what is printed. */
bool paper_row_absolute(const paper_row *row);
/* Outside its tolerance: also of a row whose status is told beforehand.  false without a tolerance. */
bool paper_row_outside(const paper_row *row);
/* Another value than is known of it, by more than 1 %. */
bool paper_row_changed(const paper_row *row);
const char *paper_status_name(paper_status s);
size_t paper_misses(const paper_result *result);

#endif
