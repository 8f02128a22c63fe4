/* SPDX-License-Identifier: Apache-2.0 */
/* Between points: what is finished goes to the store, and the caller is told. */
#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/parallel.h"
#include "explore/explore_impl.h"

#define COMMIT_EVERY_S 0.05
#define COMMIT_LATEST_S 0.5
#define COMMIT_SHARE 9 /* of the time, one part in ten goes to the disk */

double mhoi_explore_rank(const mho_explore *x, const explore_point *p)
{
    const double v = x->objectives ? mhoi_explore_value(x, &x->objective[0], &p->sum, p->choice)
                     : x->accuracy ? p->sum.error
                                   : p->sum.energy_J;
    return x->objectives && x->objective[0].most ? -v : v;
}

/* "explore\tbest min error 0.0123 at output.bits=4" */
void mhoi_explore_tell(const mho_explore *x, const char *what, uint64_t done, uint64_t total)
{
    char text[192];
    const explore_point *best = NULL;
    for (size_t i = 0; total < 20000 && i < x->points; i++) {
        const explore_point *p = &x->point[i];
        const bool counts = p->state == EXPLORE_DONE && mhoi_explore_keeps(x, &p->sum, x->accuracy);
        if (counts && (!best || mhoi_explore_rank(x, p) < mhoi_explore_rank(x, best)))
            best = p;
    }
    snprintf(text, sizeof text, "%s", what);
    if (best)
        mhoi_decimal_print(text, sizeof text, "%s\tbest %s %.4g", what,
                           x->objectives ? x->objective[0].text
                           : x->accuracy ? "error"
                                         : "energy (J)",
                           fabs(mhoi_explore_rank(x, best)));
    mho_run *inner = mho_run_bind(x->outer);
    mhoi_progress(text, done, total, "points");
    mho_run_bind(inner);
}

/* What is committed is finished.  A point of long work is at once; cheap ones wait for each other, for no longer than
 * COMMIT_LATEST_S. */
mho_status mhoi_explore_commit(mho_explore *x, mho_store *store, bool now)
{
    const double t = mho_seconds();
    double wait = COMMIT_SHARE * x->commit_s;
    wait = wait < COMMIT_EVERY_S ? COMMIT_EVERY_S : wait > COMMIT_LATEST_S ? COMMIT_LATEST_S : wait;
    if (!now && t - x->last_commit_s < wait)
        return MHO_OK;
    mho_status s = mho_store_commit(store);
    x->last_commit_s = mho_seconds();
    x->commit_s = x->last_commit_s - t;
    return s;
}

mho_status mhoi_explore_store(mho_explore *x, mho_store *store, explore_point *p)
{
    return p->stored ? MHO_OK : mhoi_explore_put(x, store, p);
}
