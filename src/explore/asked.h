/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep asked for, read again from the text that a store keeps of it: constraints and objectives, without
 * networks, data or descriptions. */
#ifndef MHO_EXPLORE_ASKED_H
#define MHO_EXPLORE_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/study.h"

typedef struct mhoi_asked mhoi_asked;

typedef struct mhoi_asked_objective {
    const char *text;  /* "min energy" */
    const char *field; /* of mho_summary, "energy_J"; "error" of a loss; NULL: of an axis */
    const char *axis;  /* in place of a result */
    bool most;
} mhoi_asked_objective;

/* *out NULL: the text is no sweep that this program reads. */
MHO_MUST_CHECK mho_status mhoi_asked_read(const char *sweep, mhoi_asked **out);
void mhoi_asked_destroy(mhoi_asked *asked);
/* Has it that axis?  Networks and data of several names are axes, too; they do not count. */
bool mhoi_asked_has_axis(const mhoi_asked *asked, const char *key);
size_t mhoi_asked_axes(const mhoi_asked *asked);
size_t mhoi_asked_constraints(const mhoi_asked *asked);
const char *mhoi_asked_constraint(const mhoi_asked *asked, size_t i);
/* The first constraint that does not hold; their number: all do. */
size_t mhoi_asked_broken(const mhoi_asked *asked, const mho_summary *sum);
size_t mhoi_asked_objectives(const mhoi_asked *asked);
mhoi_asked_objective mhoi_asked_objective_at(const mhoi_asked *asked, size_t i);
/* Of a result; NaN of an axis. */
double mhoi_asked_value(const mhoi_asked *asked, size_t objective, const mho_summary *sum);

#endif
