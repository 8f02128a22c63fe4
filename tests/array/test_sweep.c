/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps: the digits of single runs, of any number of threads, and a front that is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "mho/array.h"
#include "mho/run.h"

typedef struct setup {
    mho_workload *work;
    mho_array_options options;
    mho_technology *macros;
} setup;

static void set_up(setup *t, const char *name, const char *const *sets)
{
    mho_net *net;
    assert_int_equal(mho_array_open(NULL, sets, &t->options, NULL), MHO_OK);
    assert_int_equal(mho_net_zoo(name, &net), MHO_OK);
    assert_int_equal(mho_workload_create(net, t->options.all_layers, t->options.batch, &t->work),
                     MHO_OK);
    assert_int_equal(mho_technology_open("buffer-22nm", &t->macros), MHO_OK);
    mho_net_destroy(net);
}

static void tear_down(setup *t)
{
    mho_workload_destroy(t->work);
    mho_technology_destroy(t->macros);
}

static mho_point *price(const setup *t, const mho_sweep_axes *axes, uint64_t *points)
{
    mho_technology *library[2] = {t->macros, t->macros};
    mho_sweep *sweep;
    assert_int_equal(mho_sweep_create(t->work, &t->options, axes, library, &sweep), MHO_OK);
    *points = mho_sweep_points(sweep);
    mho_point *p = calloc(*points, sizeof *p);
    assert_non_null(p);
    assert_int_equal(mho_sweep_price(sweep, 0, *points, p), MHO_OK);
    assert_int_equal(mho_sweep_price(sweep, *points, 1, p), MHO_EDOMAIN);
    mho_sweep_destroy(sweep);
    return p;
}

static const char mixed[] =
    "io: [16K, 128K]\nweight: [rram:128K, sram:64K, rram:2M]\nacc: [0, 64]\n"
    "banks: [2, 8]\nclock_GHz: [0.5, 3]\norder: [pixel, kernel]\n"
    "level: [1, 2, 3]\nmacros: [buffer-22nm, same]\n";

static void single(const setup *t, const mho_sweep_axes *a, const mho_point *p,
                   mho_array_result *result)
{
    mho_array_options o = t->options;
    mho_design design;
    mho_schedule_options capacity;
    mho_schedule *schedule;
    o.level = a->level[p->level];
    o.order = a->order[p->order];
    o.array.clock_Hz = a->clock_Hz[p->clock];
    o.banks = a->banks[p->banks];
    strcpy(o.weight.kind, a->weight[p->weight].kind);
    o.weight.size_B = a->weight[p->weight].size_B;
    strcpy(o.io.kind, a->io[p->io].kind);
    o.io.size_B = a->io[p->io].size_B;
    o.acc_depth = a->acc_depth[p->acc];
    assert_int_equal(mho_design_open(&o, t->macros, &design, &capacity), MHO_OK);
    assert_int_equal(mho_schedule_search(t->work, &capacity, &schedule), MHO_OK);
    mho_step_time *step = calloc(schedule->steps, sizeof *step);
    assert_non_null(step);
    mho_activity activity[MHO_ARRAY_ACTIVITIES];
    mho_cost *cost;
    mho_array_run(t->work, schedule, &o, &design, result, step);
    size_t count = mho_array_activities(t->work, schedule, &o, &design, result, activity);
    assert_int_equal(mho_array_price(t->macros, activity, count, result, &cost), MHO_OK);
    mho_cost_destroy(cost);
    double time_s = 0.0, sum_J = 0.0;
    for (size_t i = 0; i < schedule->steps; i++) {
        time_s += step[i].total_s;
        assert_true(step[i].total_s == step[i].part_s[step[i].bound]);
    }
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        sum_J += result->energy_J[row];
    if (!o.first_image)
        assert_true(time_s / (double)t->work->batch == result->time_s);
    assert_true(sum_J == result->total_J);
    assert_int_equal(schedule->optimal, p->optimal);
    free(step);
    mho_schedule_destroy(schedule);
}

static void same(const mho_array_result *a, const mho_array_result *b, uint64_t index)
{
    bool equal = a->cycles == b->cycles && a->time_s == b->time_s &&
                 a->memory_bound == b->memory_bound && a->weight_read_B == b->weight_read_B &&
                 a->weight_write_B == b->weight_write_B && a->io_read_B == b->io_read_B &&
                 a->io_write_B == b->io_write_B && a->ddr_read_B == b->ddr_read_B &&
                 a->ddr_write_B == b->ddr_write_B && a->total_J == b->total_J &&
                 a->area_m2 == b->area_m2 &&
                 memcmp(a->energy_J, b->energy_J, sizeof a->energy_J) == 0;
    if (!equal)
        fail_msg("point %llu: %.17g J in %.17g s, single run %.17g J in %.17g s",
                 (unsigned long long)index, a->total_J, a->time_s, b->total_J, b->time_s);
}

/* Some points wait for a memory. */
static void points_equal_single_runs(const char *net, const char *const *sets)
{
    setup t;
    mho_sweep_axes axes;
    uint64_t points, bound = 0;
    set_up(&t, net, sets);
    assert_int_equal(mho_sweep_axes_read(mixed, "mixed", &t.options, &axes), MHO_OK);
    mho_point *p = price(&t, &axes, &points);
    assert_int_equal(points, 2 * 3 * 2 * 2 * 2 * 2 * 3 * 2);
    for (uint64_t i = 0; i < points; i++) {
        mho_array_result one;
        assert_int_equal(p[i].index, i);
        single(&t, &axes, &p[i], &one);
        same(&p[i].result, &one, i);
        bound += one.memory_bound;
    }
    assert_true(bound > 0);
    free(p);
    tear_down(&t);
}

static void vgg11_equals_single_runs(void **unused)
{
    (void)unused;
    points_equal_single_runs("vgg11", NULL);
}

static void options_equal_single_runs(void **unused)
{
    (void)unused;
    const char *sets[] = {"batch=3",          "layers=true",      "double_buffer=true", "halo=true",
                          "io_read=physical", "first_image=true", "acc.groups=half",    NULL};
    points_equal_single_runs("alexnet", sets);
}

static void threads_do_not_matter(void **unused)
{
    (void)unused;
    setup t;
    mho_sweep_axes axes;
    uint64_t points;
    set_up(&t, "vgg11", NULL);
    assert_int_equal(mho_sweep_axes_open("buffer-paper", &t.options, &axes), MHO_OK);
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    mho_point *one = price(&t, &axes, &points);
    assert_int_equal(points, 1500);
    for (size_t threads = 2; threads <= 7; threads += 5) {
        assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
        mho_point *many = price(&t, &axes, &points);
        assert_memory_equal(one, many, points * sizeof *one);
        free(many);
    }
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
    free(one);
    tear_down(&t);
}

/* Against the definition, point by point; coarse values make equals. */
static void front_is_pareto(void **unused)
{
    (void)unused;
    enum { POINTS = 400 };
    static mho_point p[POINTS];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        mhoi_stream stream = {.seed = seed};
        mho_front front = {0};
        for (size_t i = 0; i < POINTS; i++) {
            uint32_t draw[2];
            mhoi_rng_u32(&stream, 2 * i, 2, draw);
            p[i] = (mho_point){.index = i};
            p[i].result.area_m2 = (double)(draw[0] % (10 * seed));
            p[i].result.total_J = (double)(draw[1] % (10 * seed));
            assert_int_equal(mho_front_add(&front, &p[i]), MHO_OK);
        }
        size_t found = 0;
        for (size_t i = 0; i < POINTS; i++) {
            bool beaten = false;
            for (size_t k = 0; k < POINTS; k++) {
                bool no_worse = p[k].result.area_m2 <= p[i].result.area_m2 &&
                                p[k].result.total_J <= p[i].result.total_J;
                bool equal = p[k].result.area_m2 == p[i].result.area_m2 &&
                             p[k].result.total_J == p[i].result.total_J;
                beaten |= no_worse && (!equal || k < i);
            }
            bool there = false;
            for (size_t k = 0; k < front.points; k++)
                there |= front.point[k].index == i;
            assert_int_equal(there, !beaten);
            found += there;
        }
        assert_int_equal(found, front.points);
        for (size_t k = 1; k < front.points; k++)
            assert_true(front.point[k - 1].result.area_m2 < front.point[k].result.area_m2);
        mho_front_free(&front);
    }
}

static void bad_axes_name_the_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *want[3];
    } bad[] = {
        {"io: []\n", {"a:1:", "io has 0 values"}},
        {"io: {a: 1}\n", {"a:1:", "io has 0 values"}},
        {"io: [[16K]]\n", {"a:1:", "plain values"}},
        {"io: [16K, 16K]\n", {"a:1:", "16K stands twice"}},
        {"name: x\nio: [16X]\n", {"a:2:", "16X"}},
        {"acc: [-1]\n", {"a:1:", "-1"}},
        {"acc: [70000]\n", {"a:1:", "70000", "65536"}},
        {"level: [4]\n", {"a:1:", "level = 4", "1..3"}},
        {"level: [1, 2, 3, 1]\n", {"a:1:", "level has 4 values", "1..3"}},
        {"order: [column]\n", {"a:1:", "column", "kernel"}},
        {"clock_GHz: [nan]\n", {"a:1:", "nan"}},
        {"banks: [0]\n", {"a:1:", "banks = 0"}},
        {"weights: [rram:1M]\n", {"a:1:", "unknown key weights", "did you mean weight?"}},
        {"weight: [\":1M\"]\n", {"a:1:", "KIND:SIZE"}},
        {"- 3\n", {"a: ", "want axes"}},
        {"io: [1\n", {"a:"}},
    };
    mho_array_options o;
    mho_sweep_axes axes;
    assert_int_equal(mho_array_open(NULL, NULL, &o, NULL), MHO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mho_status s = mho_sweep_axes_read(bad[i].text, "a", &o, &axes);
        if (s != MHO_ECONFIG && s != MHO_EFORMAT)
            fail_msg("%s: %s", bad[i].text, mho_status_name(s));
        for (size_t k = 0; k < 3 && bad[i].want[k]; k++)
            if (!strstr(mho_error_message(), bad[i].want[k]))
                fail_msg("%s: message '%s' lacks '%s'", bad[i].text, mho_error_message(),
                         bad[i].want[k]);
    }
    for (size_t n = 0; n < sizeof mixed; n++) { /* every beginning: an error or a sweep */
        char text[sizeof mixed];
        memcpy(text, mixed, n);
        text[n] = 0;
        mho_status s = mho_sweep_axes_read(text, "a", &o, &axes);
        assert_true(s == MHO_OK || s == MHO_ECONFIG || s == MHO_EFORMAT);
        if (s == MHO_OK)
            assert_true(axes.ios && axes.weights && axes.depths && axes.levels && axes.libraries);
    }
}

static void missing_macros_are_named(void **unused)
{
    (void)unused;
    setup t;
    mho_sweep_axes axes;
    mho_sweep *sweep;
    set_up(&t, "vgg11", NULL);
    mho_technology *library[] = {t.macros};
    assert_int_equal(mho_sweep_axes_read("weight: [rram:1M, rram:3M]\n", "a", &t.options, &axes),
                     MHO_OK);
    assert_int_equal(mho_sweep_create(t.work, &t.options, &axes, library, &sweep), MHO_ECONFIG);
    assert_null(sweep);
    assert_non_null(strstr(mho_error_message(), "buffer-22nm: weight: no rram macro of 3145728"));
    tear_down(&t);
}

static void descriptions_open(void **unused)
{
    (void)unused;
    mho_array_options o;
    mho_origin origin[MHO_ARRAY_FIELDS_MAX];
    assert_true(mho_array_fields.count <= MHO_ARRAY_FIELDS_MAX);
    assert_int_equal(mho_array_open("vgg-rram", NULL, &o, origin), MHO_OK);
    assert_int_equal(o.weight.size_B, 2097152);
    assert_int_equal(o.io.size_B, 16384);
    const char *sets[] = {"weight.size=131072", NULL};
    assert_int_equal(mho_array_open("vgg-sram", sets, &o, NULL), MHO_OK);
    assert_string_equal(o.weight.kind, "sram");
    assert_int_equal(o.weight.size_B, 131072);
    assert_int_equal(mho_array_open("vgg-rrm", NULL, &o, NULL), MHO_EUSAGE);
    assert_non_null(strstr(mho_error_message(), "did you mean vgg-rram?"));
}

static void no_memory(void **unused)
{
    (void)unused;
    setup t;
    set_up(&t, "vgg11", NULL);
    mho_technology *library[] = {t.macros};
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    uint64_t live = mhoi_alloc_live();
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        mho_array_options o;
        mho_sweep_axes axes;
        mho_sweep *sweep = NULL;
        mho_front front = {0};
        mho_point point;
        mhoi_alloc_fail_at(k);
        mho_status s = mho_array_open("vgg-rram", NULL, &o, NULL);
        if (s == MHO_OK)
            s = mho_sweep_axes_read("io: [16K, 32K]\nbanks: [4, 8]\n", "a", &o, &axes);
        if (s == MHO_OK)
            s = mho_sweep_create(t.work, &o, &axes, library, &sweep);
        if (s == MHO_OK)
            s = mho_sweep_price(sweep, 3, 1, &point);
        if (s == MHO_OK)
            s = mho_front_add(&front, &point);
        failed = s != MHO_OK;
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mhoi_alloc_fail_at(0);
        mho_sweep_destroy(sweep);
        mho_front_free(&front);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
    tear_down(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vgg11_equals_single_runs), cmocka_unit_test(options_equal_single_runs),
        cmocka_unit_test(threads_do_not_matter),    cmocka_unit_test(front_is_pareto),
        cmocka_unit_test(bad_axes_name_the_place),  cmocka_unit_test(missing_macros_are_named),
        cmocka_unit_test(descriptions_open),        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
