/* SPDX-License-Identifier: Apache-2.0 */
/* Who computes which point next.  Points of one group share what was made for one of them (calibrations, cells), so each
 * taker stays with a group as long as it has points. */
#ifndef MHO_EXPLORE_QUEUE_H
#define MHO_EXPLORE_QUEUE_H

#include "explore/explore_impl.h"

typedef struct explore_queue explore_queue;

enum { EXPLORE_NO_GROUP = -1 };

/* grouped: by group_key; else as they stand. */
MHO_MUST_CHECK mho_status mhoi_queue_create(const mho_explore *x, const size_t *point, size_t n,
                                            bool grouped, explore_queue **out);
void mhoi_queue_destroy(explore_queue *queue);
size_t mhoi_queue_waiting(const explore_queue *queue);
/* One of those that wait, which there are; *group is the taker's, EXPLORE_NO_GROUP at first. */
size_t mhoi_queue_take(explore_queue *queue, long *group);
/* Whoever took it did not do it. */
void mhoi_queue_give_back(explore_queue *queue, size_t point);

#endif
