/* SPDX-License-Identifier: Apache-2.0 */
/* Groups in the order of their first points.  A taker whose group is done takes one that nobody has begun, and helps where
 * most is left when there is none. */
#include "explore/queue.h"

#include <stdlib.h>

#include "base/alloc.h"

typedef struct waiting {
    uint64_t key;
    size_t order, point;
} waiting;

typedef struct group {
    size_t next, end; /* of list */
    size_t order;     /* of its first point */
} group;

struct explore_queue {
    waiting *list;
    group *group;
    size_t groups, begun; /* groups [0, begun) are begun */
    size_t *back, backs;  /* given back */
    size_t left;
};

static int by_key(const void *a, const void *b)
{
    const waiting *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
    const group *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void find_groups(explore_queue *q)
{
    for (size_t i = 0; i < q->left; i++) {
        if (i == 0 || q->list[i].key != q->list[i - 1].key)
            q->group[q->groups++] = (group){.next = i, .order = q->list[i].order};
        q->group[q->groups - 1].end = i + 1;
    }
    if (q->groups)
        qsort(q->group, q->groups, sizeof *q->group, by_order);
}

mho_status mhoi_queue_create(const mho_explore *x, const size_t *point, size_t n, bool grouped,
                             explore_queue **out)
{
    explore_queue *q = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&q, 1, sizeof *q, "points that wait");
    if (s)
        return s;
    s = mhoi_alloc(&q->list, n, sizeof *q->list, "points that wait");
    if (!s)
        s = mhoi_alloc(&q->group, n, sizeof *q->group, "points that wait");
    if (!s)
        s = mhoi_alloc(&q->back, n, sizeof *q->back, "points that wait");
    if (s) {
        mhoi_queue_destroy(q);
        return s;
    }
    for (size_t i = 0; i < n; i++)
        q->list[i] = (waiting){grouped ? x->point[point[i]].group_key : 0, i, point[i]};
    q->left = n;
    if (n)
        qsort(q->list, n, sizeof *q->list, by_key);
    find_groups(q);
    *out = q;
    return MHO_OK;
}

void mhoi_queue_destroy(explore_queue *q)
{
    if (!q)
        return;
    mhoi_free(&q->list);
    mhoi_free(&q->group);
    mhoi_free(&q->back);
    mhoi_free(&q);
}

size_t mhoi_queue_waiting(const explore_queue *q)
{
    return q->left;
}

static size_t fullest(const explore_queue *q)
{
    size_t best = 0;
    for (size_t g = 1; g < q->groups; g++)
        if (q->group[g].end - q->group[g].next > q->group[best].end - q->group[best].next)
            best = g;
    return best;
}

size_t mhoi_queue_take(explore_queue *q, long *mine)
{
    q->left--;
    if (q->backs)
        return q->back[--q->backs];
    if (*mine == EXPLORE_NO_GROUP || q->group[*mine].next == q->group[*mine].end)
        *mine = (long)(q->begun < q->groups ? q->begun++ : fullest(q));
    return q->list[q->group[*mine].next++].point;
}

void mhoi_queue_give_back(explore_queue *q, size_t point)
{
    q->left++;
    q->back[q->backs++] = point;
}
