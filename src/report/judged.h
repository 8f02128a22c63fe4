/* SPDX-License-Identifier: Apache-2.0 */
/* The points of a store as its last search asked for them: which keep its constraints, which no other beats in all its
 * objectives, the best by the first. */
#ifndef MHO_REPORT_JUDGED_H
#define MHO_REPORT_JUDGED_H

#include "explore/asked.h"
#include "mho/json.h"
#include "mho/store.h"

enum { REPORT_GOALS = 8 }; /* objectives that a front of the page goes by */

typedef struct report_judged {
    double value[REPORT_GOALS]; /* less is better; NaN */
    int broken;                 /* the constraint that does not hold; -1: all do; -2: not told */
    int prices;                 /* 0: absolute; else of the relative technology of that number */
    bool asked;                 /* done, and of the search's axes */
    bool front, best;
} report_judged;

typedef struct report_search {
    char *name;        /* of all sweeps; NULL */
    mhoi_asked *asked; /* NULL: the store does not tell */
    report_judged *point;
    size_t points, room;
    mho_json *relative; /* technologies whose prices are good for comparisons alone: keys */
    bool absolute;      /* there are others */
    size_t kept, judged, front;
} report_search;

/* What the last run asked for. */
MHO_MUST_CHECK mho_status mhoi_report_search_open(mho_store *store, report_search *search);
void mhoi_report_search_close(report_search *search);
/* Rows in their order, settings parsed. */
MHO_MUST_CHECK mho_status mhoi_report_search_add(report_search *search, const mho_store_point *row,
                                                 const mho_json *settings);
/* After the last row: fronts and the best, apart for prices that are not comparable. */
MHO_MUST_CHECK mho_status mhoi_report_search_end(report_search *search);
size_t mhoi_report_search_goals(const report_search *search);

#endif
