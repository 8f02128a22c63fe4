/* SPDX-License-Identifier: Apache-2.0 */
/* One search on several processes: rank 0 hands out points and stores, all of them compute.  docs/explore.md. */
#ifndef MHO_EXPLORE_RANKS_H
#define MHO_EXPLORE_RANKS_H

#include "explore/wire.h"

typedef struct explore_ranks explore_ranks;

/* rendezvous.c: rank 0 tells in a file beside the store where it listens; others find it there, and prove that they are of
 * the same job and search.  A socket, or -1 with a message. */
MHO_MUST_CHECK mho_status mhoi_rendezvous_offer(const char *store, const char *job, int *listener,
                                                char token[33]);
void mhoi_rendezvous_end(const char *store);
MHO_MUST_CHECK mho_status mhoi_rendezvous_find(const char *store, const char *job, int *socket,
                                               char token[33]);
void mhoi_rendezvous_set_up(int socket); /* no delays; a machine that went dark is noticed */
MHO_MUST_CHECK mho_status mhoi_rendezvous_local(int listener, int *socket);

MHO_MUST_CHECK mho_status mhoi_ranks_open(mho_explore *x);
void mhoi_ranks_close(mho_explore *x);

/* Does the task with points of this search; each is told when it is done, in any order. */
typedef mho_status mhoi_done_fn(mho_explore *x, void *user, size_t point);
MHO_MUST_CHECK mho_status mhoi_ranks_do(mho_explore *x, wire_task task, size_t rung,
                                        const size_t *point, size_t points, mhoi_done_fn *done,
                                        void *user);

/* serve.c: what another rank does until rank 0 ends it. */
MHO_MUST_CHECK mho_status mhoi_serve(mho_explore *x, int socket, const char token[33]);

#endif
