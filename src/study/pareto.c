/* SPDX-License-Identifier: Apache-2.0 */
/* Points that no other beats in two costs. */
#include <string.h>

#include "base/alloc.h"
#include "mho/study.h"

static bool beats(const mho_front_point *a, const mho_front_point *b)
{
    return a->x <= b->x && a->y <= b->y;
}

/* x rises and y falls along the front: the points that a new one may meet lie together. */
mho_status mho_front_add(mho_front *front, uint64_t index, double x, double y)
{
    const mho_front_point point = {index, x, y};
    size_t low = 0, high = front->points;
    while (low < high) { /* first point of larger x */
        size_t mid = low + (high - low) / 2;
        if (front->point[mid].x <= x)
            low = mid + 1;
        else
            high = mid;
    }
    if (low > 0 && beats(&front->point[low - 1], &point))
        return MHO_OK;
    size_t from = low, to = low;
    while (from > 0 && beats(&point, &front->point[from - 1]))
        from--;
    while (to < front->points && beats(&point, &front->point[to]))
        to++;
    mho_status s = from != to ? MHO_OK
                              : mhoi_grow(&front->point, &front->room, front->points,
                                          sizeof *front->point, "Pareto front");
    if (s)
        return s;
    memmove(&front->point[from + 1], &front->point[to],
            (front->points - to) * sizeof *front->point);
    front->point[from] = point;
    front->points = front->points - (to - from) + 1;
    return MHO_OK;
}

void mho_front_free(mho_front *front)
{
    mhoi_free(&front->point);
    *front = (mho_front){0};
}
