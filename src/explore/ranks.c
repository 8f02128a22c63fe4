/* SPDX-License-Identifier: Apache-2.0 */
/* Rank 0: waits for the others, hands out points in batches as they ask, takes results, and hands out again what a rank
 * that went had.  It computes as well, in a thread that is a rank like any other. */
#include "explore/ranks.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "explore/queue.h"

enum { RANKS_MOST = 4096, BATCH_MOST = 64 };

typedef struct rank {
    int socket;
    bool greeted, busy;
    size_t *point; /* [BATCH_MOST] under way */
    size_t points;
    long group; /* of the queue */
} rank;

struct explore_ranks {
    int listener;
    char token[33];
    rank *rank;
    struct pollfd *poll; /* [1 + RANKS_MOST] */
    size_t ranks;
    pthread_t local;
    bool has_local;
    mho_explore *own; /* of the local thread */
    int own_socket;
    size_t threads;
    wire in, out;
};

static void *serve_locally(void *user)
{
    explore_ranks *r = user;
    mho_run *run = NULL;
    if (mho_run_create(&run) || mho_run_set_threads(run, r->threads))
        return NULL;
    mho_run_bind(run);
    (void)!mhoi_serve(r->own, r->own_socket, r->token);
    mho_run_bind(NULL);
    mho_run_destroy(run);
    return NULL;
}

static mho_status start_local(mho_explore *x, explore_ranks *r)
{
    mho_status s = mhoi_explore_twin(x, &r->own);
    r->threads = mho_run_threads(NULL);
    if (!s)
        s = mhoi_rendezvous_local(r->listener, &r->own_socket);
    if (!s && pthread_create(&r->local, NULL, serve_locally, r))
        s = mho_error(MHO_ENOMEM, "no thread for the points of rank 0");
    r->has_local = !s;
    return s;
}

mho_status mhoi_ranks_open(mho_explore *x)
{
    explore_ranks *r = NULL;
    mho_status s = mhoi_alloc(&r, 1, sizeof *r, "ranks");
    if (s)
        return s;
    x->ranks = r;
    r->listener = -1;
    s = mhoi_alloc(&r->rank, RANKS_MOST, sizeof *r->rank, "ranks");
    if (!s)
        s = mhoi_alloc(&r->poll, RANKS_MOST + 1, sizeof *r->poll, "ranks");
    if (!s)
        s = mhoi_rendezvous_offer(x->options.store, x->options.job, &r->listener, r->token);
    return s ? s : start_local(x, r);
}

static void drop(explore_ranks *r, size_t i)
{
    close(r->rank[i].socket);
    mhoi_free(&r->rank[i].point);
    r->rank[i] = r->rank[--r->ranks];
    r->rank[r->ranks] = (rank){.socket = -1};
}

void mhoi_ranks_close(mho_explore *x)
{
    explore_ranks *r = x->ranks;
    if (!r)
        return;
    mhoi_rendezvous_end(x->options.store);
    if (r->listener >= 0)
        close(r->listener);
    mhoi_wire_clear(&r->out);
    for (int i = 0; i < 3; i++)
        mhoi_wire_put_u64(&r->out, WIRE_END);
    while (r->ranks) {
        (void)!mhoi_wire_send(r->rank[0].socket, &r->out);
        drop(r, 0);
    }
    if (r->has_local)
        pthread_join(r->local, NULL);
    mho_explore_destroy(r->own);
    mhoi_wire_free(&r->in);
    mhoi_wire_free(&r->out);
    mhoi_free(&r->rank);
    mhoi_free(&r->poll);
    mhoi_free(&r);
    x->ranks = NULL;
}

/* --- one piece of work ------------------------------------------------------------------------------------------ */

typedef struct work {
    mho_explore *x;
    explore_ranks *r;
    wire_task task;
    size_t rung;
    explore_queue *queue; /* points that wait */
    size_t under_way;
    mhoi_done_fn *done;
    void *user;
    mho_status s;
    bool stopping; /* nothing more is handed out */
} work;

static void accept_rank(explore_ranks *r)
{
    const int socket = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0)
        return;
    if (r->ranks == RANKS_MOST) {
        close(socket);
        return;
    }
    mhoi_rendezvous_set_up(socket);
    r->rank[r->ranks++] = (rank){.socket = socket, .group = EXPLORE_NO_GROUP};
}

/* Of this job, and with the same search. */
static bool greet(const mho_explore *x, explore_ranks *r, rank *of)
{
    char token[33] = "";
    mhoi_wire_get(&r->in, token, 32);
    const bool same =
        !strcmp(token, r->token) && mhoi_wire_get_u64(&r->in) == mhoi_explore_digest(x);
    of->greeted =
        same && !r->in.bad && !mhoi_alloc(&of->point, BATCH_MOST, sizeof *of->point, "ranks");
    return of->greeted;
}

/* A few rounds for everyone: long enough to be worth a message, short enough to end together. */
static size_t batch_of(const work *w)
{
    const size_t ranks = w->r->ranks ? w->r->ranks : 1,
                 n = mhoi_queue_waiting(w->queue) / (4 * ranks);
    return w->task == WIRE_EXTEND || n < 1 ? 1 : n < BATCH_MOST ? n : BATCH_MOST;
}

static bool hand_out(work *w, rank *of)
{
    const size_t n = batch_of(w);
    wire *out = &w->r->out;
    mhoi_wire_clear(out);
    mhoi_wire_put_u64(out, w->task);
    mhoi_wire_put_u64(out, w->rung);
    mhoi_wire_put_u64(out, n);
    of->points = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t point = mhoi_queue_take(w->queue, &of->group);
        of->point[of->points++] = point;
        mhoi_wire_put_u64(out, point);
        mhoi_wire_put_point(out, &w->x->point[point], w->x->axes);
    }
    of->busy = true;
    w->under_way += n;
    return mhoi_wire_send(of->socket, out);
}

static void give_back(work *w, rank *of)
{
    for (size_t i = of->points; i-- > 0;)
        mhoi_queue_give_back(w->queue, of->point[i]);
    w->under_way -= of->points;
    of->points = 0;
}

static void take_results(work *w, rank *of)
{
    wire *in = &w->r->in;
    const mho_status status = (mho_status)mhoi_wire_get_u64(in);
    if (status) {
        char *message = mhoi_wire_get_text(in);
        w->s = w->s ? w->s : mho_error(status, "%s", message ? message : "a rank failed");
        mhoi_free(&message);
    }
    for (size_t i = 0; !status && !in->bad && i < of->points; i++) {
        const size_t point = mhoi_wire_get_u64(in);
        if (point != of->point[i])
            in->bad = true;
        if (in->bad)
            break;
        explore_point *p = &w->x->point[point];
        explore_work did;
        mhoi_wire_get(in, &did, sizeof did);
        if (!in->bad)
            mhoi_explore_work_add(&w->x->work, &did);
        p->evidence.room = w->x->trials;
        mhoi_wire_get_point(in, p, w->x->axes);
        if (!in->bad && !w->s)
            w->s = w->done(w->x, w->user, point);
    }
    if (in->bad && !w->s)
        w->s = mho_error(MHO_EFORMAT, "a message of a rank that ends too early");
    w->under_way -= of->points;
    of->points = 0;
    of->busy = false;
}

/* Returns whether the rank is still there. */
static bool hear(work *w, rank *of)
{
    if (!mhoi_wire_receive(of->socket, &w->r->in)) {
        if (of->busy)
            give_back(w, of);
        return false;
    }
    if (!of->greeted)
        return greet(w->x, w->r, of);
    take_results(w, of);
    return true;
}

static void hand_out_all(work *w)
{
    explore_ranks *r = w->r;
    for (size_t i = 0; i < r->ranks; i++) {
        if (!r->rank[i].greeted || r->rank[i].busy || !mhoi_queue_waiting(w->queue) || w->s ||
            w->stopping)
            continue;
        if (hand_out(w, &r->rank[i]))
            continue;
        give_back(w, &r->rank[i]);
        drop(r, i--);
    }
}

static void wait_for_some(work *w)
{
    explore_ranks *r = w->r;
    r->poll[0] = (struct pollfd){.fd = r->listener, .events = POLLIN};
    for (size_t i = 0; i < r->ranks; i++)
        r->poll[i + 1] = (struct pollfd){.fd = r->rank[i].socket, .events = POLLIN};
    const size_t ranks = r->ranks;
    if (poll(r->poll, ranks + 1, 200) <= 0)
        return;
    for (size_t i = ranks; i-- > 0;) /* from the last: drop moves the last here */
        if (r->poll[i + 1].revents && !hear(w, &r->rank[i]))
            drop(r, i);
    if (r->poll[0].revents)
        accept_rank(r);
}

mho_status mhoi_ranks_do(mho_explore *x, wire_task task, size_t rung, const size_t *point,
                         size_t points, mhoi_done_fn *done, void *user)
{
    work w = {.x = x, .r = x->ranks, .task = task, .rung = rung, .done = done, .user = user};
    w.s = mhoi_queue_create(x, point, points, task == WIRE_EXTEND, &w.queue);
    for (size_t i = 0; i < w.r->ranks; i++)
        w.r->rank[i].group = EXPLORE_NO_GROUP;
    while ((!w.s && !w.stopping && mhoi_queue_waiting(w.queue)) || w.under_way) {
        hand_out_all(&w);
        wait_for_some(&w);
        w.stopping = w.stopping || mhoi_explore_interruption(x) != MHO_OK;
    }
    mhoi_queue_destroy(w.queue);
    return w.s ? w.s : mhoi_explore_interruption(x);
}
