/* SPDX-License-Identifier: Apache-2.0 */
/* Points of a group go to one taker as long as another group is not begun; all of them go once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "explore/queue.h"

enum { POINTS = 9 };

static explore_queue *open_queue(bool grouped)
{
    static const uint64_t key[POINTS] = {7, 1, 7, 1, 7, 4, 1, 4, 7};
    static explore_point point[POINTS];
    static const size_t all[POINTS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    const mho_explore x = {.point = point, .points = POINTS};
    explore_queue *q = NULL;
    for (size_t i = 0; i < POINTS; i++)
        point[i].group_key = key[i];
    assert_int_equal(mhoi_queue_create(&x, all, POINTS, grouped, &q), MHO_OK);
    return q;
}

/* who[i] takes point want[i]. */
static void take_all(explore_queue *q, const size_t *who, const size_t *want)
{
    long group[2] = {EXPLORE_NO_GROUP, EXPLORE_NO_GROUP};
    for (size_t i = 0; i < POINTS; i++) {
        assert_int_equal(mhoi_queue_waiting(q), POINTS - i);
        const size_t got = mhoi_queue_take(q, &group[who[i]]);
        if (got != want[i])
            fail_msg("take %zu: point %zu, want %zu", i, got, want[i]);
    }
    assert_int_equal(mhoi_queue_waiting(q), 0);
    mhoi_queue_destroy(q);
}

static void takers_stay_with_a_group(void **state)
{
    (void)state;
    take_all(open_queue(true), (const size_t[POINTS]){0, 1, 0, 1, 1, 1, 1, 0, 0},
             (const size_t[POINTS]){0, 1, 2, 3, 6, 5, 7, 4, 8});
}

static void those_without_a_group_help(void **state)
{
    (void)state;
    take_all(open_queue(true), (const size_t[POINTS]){0, 1, 1, 1, 1, 1, 1, 0, 1},
             (const size_t[POINTS]){0, 1, 3, 6, 5, 7, 2, 4, 8});
}

static void ungrouped_points_go_in_order(void **state)
{
    (void)state;
    take_all(open_queue(false), (const size_t[POINTS]){0, 1, 0, 0, 1, 0, 1, 1, 0},
             (const size_t[POINTS]){0, 1, 2, 3, 4, 5, 6, 7, 8});
}

static void points_come_back(void **state)
{
    explore_queue *q = open_queue(true);
    long group = EXPLORE_NO_GROUP;
    bool seen[POINTS] = {false};
    (void)state;
    const size_t first = mhoi_queue_take(q, &group);
    mhoi_queue_give_back(q, first);
    assert_int_equal(mhoi_queue_waiting(q), POINTS);
    for (size_t i = 0; i < POINTS; i++)
        seen[mhoi_queue_take(q, &group)] = true;
    for (size_t i = 0; i < POINTS; i++)
        assert_true(seen[i]);
    mhoi_queue_destroy(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takers_stay_with_a_group),
        cmocka_unit_test(those_without_a_group_help),
        cmocka_unit_test(ungrouped_points_go_in_order),
        cmocka_unit_test(points_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
