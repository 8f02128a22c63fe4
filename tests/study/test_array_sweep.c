/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps: the digits of single runs, of any number of threads, and a front that is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "mho/asset.h"
#include "mho/run.h"
#include "mho/study.h"

typedef struct setup {
    mho_net *net;
    mho_hw *hw;
    mho_grid *grid;
} setup;

static void set_up(setup *t, const char *name, const char *const *sets, const char *sweep)
{
    assert_int_equal(mho_hw_default("array", &t->hw), MHO_OK);
    if (sets)
        assert_int_equal(mho_hw_set_all(t->hw, sets), MHO_OK);
    assert_int_equal(mho_net_zoo(name, &t->net), MHO_OK);
    assert_int_equal(mho_grid_read(sweep, "sweep", t->hw, &t->grid), MHO_OK);
}

static void tear_down(setup *t)
{
    mho_grid_destroy(t->grid);
    mho_net_destroy(t->net);
    mho_hw_destroy(t->hw);
}

static mho_array_point *price(const setup *t, uint64_t *points)
{
    mho_array_sweep *sweep;
    assert_int_equal(mho_array_sweep_create(t->net, t->hw, t->grid, NULL, 0, &sweep), MHO_OK);
    *points = mho_array_sweep_points(sweep);
    assert_int_equal(*points, mho_grid_points(t->grid));
    mho_array_point *p = calloc(*points, sizeof *p);
    assert_non_null(p);
    assert_int_equal(mho_array_sweep_price(sweep, 0, *points, p), MHO_OK);
    assert_int_equal(mho_array_sweep_price(sweep, *points, 1, p), MHO_EDOMAIN);
    mho_array_sweep_destroy(sweep);
    return p;
}

/* Every way a field can enter: schedule, counts, memories, prices, rates; axes in no special order. */
/* %d: a file that holds the technology under another name. */
static const char mixed_form[] = "name: mixed\naxes:\n"
                                 "  technology: [buffer-22nm, /proc/self/fd/%d]\n"
                                 "  array.level: [1, 2, 3]\n"
                                 "  array.clock: [0.5, 3]\n"
                                 "  buffers.weight: [rram:128K, sram:64K, rram:2M]\n"
                                 "  array.order: [pixel, kernel]\n"
                                 "  buffers.banks: [2, 8]\n"
                                 "  buffers.io: [sram:16K, sram:128K]\n"
                                 "  buffers.acc.depth: [0, 64]\n";
static char mixed[sizeof mixed_form + 16];

static int write_technology(void **state)
{
    (void)state;
    const mho_asset *asset = mho_asset_find("configs/tech/buffer-22nm.yaml");
    int file = memfd_create("technology", 0);
    if (!asset || file < 0 || write(file, asset->data, asset->size) != (ssize_t)asset->size)
        return -1;
    return snprintf(mixed, sizeof mixed, mixed_form, file) < 0 ? -1 : 0;
}

static const char rest[] = "axes:\n"
                           "  array.p: [4, 8]\n"
                           "  array.m: [8, 16]\n"
                           "  array.n: [8, 16]\n"
                           "  prices.ddr_read: [80.3, 100]\n"
                           "  prices.mac: [0.1, 0.07]\n"
                           "  array.batch: [1, 3]\n"
                           "  array.layers: [true, false]\n"
                           "  buffers.ddr_chips: [1, 2]\n"
                           "  array.first_image: [true, false]\n";
static const char more[] = "axes:\n"
                           "  prices.ddr_write: [10, 82]\n"
                           "  buffers.io_read: [paper, physical, once]\n"
                           "  buffers.interpolate: [true]\n"
                           "  buffers.io: sram:16K\n"
                           "  array.halo: [true, false]\n"
                           "  buffers.weight: [rram:768K, rram:1M]\n"
                           "  buffers.double_buffer: [true, false]\n"
                           "  buffers.io_read_factor: [0.1, 1]\n"
                           "  buffers.acc.groups: [half, depth]\n"
                           "  buffers.acc.depth: [64, 96]\n"
                           "  array.level: [1, 3]\n";

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

static void points_equal_single_runs(const char *net, const char *const *sets, const char *sweep,
                                     bool bound)
{
    setup t;
    uint64_t points, waits = 0;
    mho_hw *hw;
    set_up(&t, net, sets, sweep);
    mho_array_point *p = price(&t, &points);
    assert_int_equal(mho_hw_clone(t.hw, &hw), MHO_OK);
    for (uint64_t i = 0; i < points; i++) {
        mho_array_estimate *e;
        assert_int_equal(p[i].index, i);
        assert_int_equal(mho_grid_apply(t.grid, i, hw), MHO_OK);
        assert_int_equal(mho_array_estimate_create(t.net, hw, NULL, 0, &e), MHO_OK);
        same(&p[i].result, &e->result, i);
        assert_int_equal(e->schedule->optimal, p[i].optimal);
        waits += e->result.memory_bound;
        mho_array_estimate_destroy(e);
    }
    assert_true(waits > 0 || !bound);
    mho_hw_destroy(hw);
    free(p);
    tear_down(&t);
}

static void vgg11_equals_single_runs(void **unused)
{
    (void)unused;
    points_equal_single_runs("vgg11", NULL, mixed, true);
}

static void options_equal_single_runs(void **unused)
{
    (void)unused;
    const char *sets[] = {"array.batch=3",
                          "array.layers=true",
                          "buffers.double_buffer=true",
                          "array.halo=true",
                          "buffers.io_read=physical",
                          "array.first_image=true",
                          "buffers.acc.groups=half",
                          NULL};
    points_equal_single_runs("alexnet", sets, mixed, true);
}

/* Every field of the description can be an axis. */
static void any_field_equals_single_runs(void **unused)
{
    (void)unused;
    points_equal_single_runs("lenet", NULL, rest, false);
    points_equal_single_runs("vgg11", NULL, more, false);
    mho_hw *hw;
    assert_int_equal(mho_hw_default("array", &hw), MHO_OK);
    for (size_t i = 0; i < mho_hw_field_count(hw); i++) {
        const char *key = mho_hw_field(hw, i)->key;
        if (!strstr(mixed, key) && !strstr(rest, key) && !strstr(more, key))
            fail_msg("no sweep over %s is tried", key);
    }
    mho_hw_destroy(hw);
}

/* A single run on the steps' times and on cost's entries. */
static void parts_add_up(void **unused)
{
    (void)unused;
    mho_hw *hw;
    mho_net *net;
    mho_array_estimate *e;
    assert_int_equal(mho_hw_open("vgg-rram", NULL, &hw), MHO_OK);
    assert_int_equal(mho_net_zoo("vgg16", &net), MHO_OK);
    assert_int_equal(mho_array_estimate_create(net, hw, NULL, 0, &e), MHO_OK);
    double time_s = 0.0, sum_J = 0.0, standby_J = 0.0, area_m2 = 0.0;
    for (size_t i = 0; i < e->schedule->steps; i++) {
        time_s += e->step[i].total_s;
        assert_true(e->step[i].total_s == e->step[i].part_s[e->step[i].bound]);
    }
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        sum_J += e->result.energy_J[row];
    assert_true(time_s == e->result.time_s && sum_J == e->result.total_J);
    for (size_t i = 0; i < e->activities; i++) {
        const mho_component *c = e->cost->entry[i].component;
        standby_J += e->activity[i].amount * c->leakage.value * e->activity[i].seconds;
        area_m2 += e->activity[i].amount * c->area.value;
        assert_true(e->activity[i].amount == 0 || e->activity[i].operations == 0);
    }
    assert_true(standby_J == e->result.energy_J[MHO_ROW_STANDBY]);
    assert_true(area_m2 == e->result.area_m2);
    mho_array_estimate_destroy(e);
    mho_net_destroy(net);
    mho_hw_destroy(hw);
}

static void threads_do_not_matter(void **unused)
{
    (void)unused;
    setup t;
    uint64_t points;
    assert_int_equal(mho_hw_default("array", &t.hw), MHO_OK);
    assert_int_equal(mho_net_zoo("vgg11", &t.net), MHO_OK);
    assert_int_equal(mho_grid_open("buffer-paper", t.hw, &t.grid), MHO_OK);
    assert_string_equal(mho_grid_name(t.grid), "buffer-paper");
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    mho_array_point *one = price(&t, &points);
    assert_int_equal(points, 1500);
    for (size_t threads = 2; threads <= 7; threads += 5) {
        assert_int_equal(mho_run_set_threads(NULL, threads), MHO_OK);
        mho_array_point *many = price(&t, &points);
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
    static mho_front_point p[POINTS];
    for (uint64_t seed = 1; seed <= 20; seed++) {
        mhoi_stream stream = {.seed = seed};
        mho_front front = {0};
        for (size_t i = 0; i < POINTS; i++) {
            uint32_t draw[2];
            mhoi_rng_u32(&stream, 2 * i, 2, draw);
            p[i] = (mho_front_point){i, (double)(draw[0] % (10 * seed)),
                                     (double)(draw[1] % (10 * seed))};
            assert_int_equal(mho_front_add(&front, i, p[i].x, p[i].y), MHO_OK);
        }
        size_t found = 0;
        for (size_t i = 0; i < POINTS; i++) {
            bool beaten = false;
            for (size_t k = 0; k < POINTS; k++) {
                bool no_worse = p[k].x <= p[i].x && p[k].y <= p[i].y;
                bool equal = p[k].x == p[i].x && p[k].y == p[i].y;
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
            assert_true(front.point[k - 1].x < front.point[k].x);
        mho_front_free(&front);
    }
}

static void bad_axes_name_the_place(void **unused)
{
    (void)unused;
#define AXES "axes:\n  "
    static const struct {
        const char *text, *want[3];
    } bad[] = {
        {AXES "buffers.io: []\n", {"a:2:", "buffers.io has 0 values"}},
        {AXES "buffers.io: {a: 1}\n", {"a:2:", "buffers.io has 0 values"}},
        {AXES "buffers.io: [[sram:16K]]\n", {"a:2:", "plain values"}},
        {AXES "buffers.io: [sram:16K, sram:16K]\n", {"a:2:", "sram:16K is given twice"}},
        {AXES "array.clock: [1, 1.0]\n", {"a:2:", "is given twice"}},
        {"name: x\n" AXES "buffers.io: [sram:16X]\n", {"a:3:", "16X"}},
        {AXES "buffers.io: [16K]\n", {"a:2:", "KIND:SIZE"}},
        {AXES "buffers.acc.depth: [-1]\n", {"a:2:", "-1"}},
        {AXES "buffers.acc.depth: [70000]\n", {"a:2:", "70000", "65536"}},
        {AXES "array.level: [4]\n", {"a:2:", "level = 4", "1..3"}},
        {AXES "array.order: [column]\n", {"a:2:", "column", "kernel"}},
        {AXES "array.clock: [nan]\n", {"a:2:", "nan"}},
        {AXES "array.clock: \"1:2\"\n", {"a:2:", "FROM:TO:STEP"}},
        {AXES "buffers.banks: [0]\n", {"a:2:", "banks = 0"}},
        {AXES "buffers.weights: [rram:1M]\n", {"a:2:", "did you mean buffers.weight?"}},
        {AXES "io.size: [16K]\n", {"a:2:", "io.size is now buffers.io"}},
        {AXES "order: [kernel]\n", {"a:2:", "order is now array.order"}},
        {"level: [1, 2]\n", {"a:1:", "unknown key level", "axes stand under"}},
        {"axis: 3\n", {"a:1:", "unknown key axis", "did you mean axes?"}},
        {"axes: 3\n", {"a:1:", "want key: [values]"}},
        {"axes: {}\n", {"a:1:", "want key: [values]"}},
        {"name: x\n", {"without axes"}},
        {"name: [x]\naxes: {array.level: 1}\n", {"a:1:", "want a text"}},
        {"- 3\n", {"a: ", "want name and axes"}},
        {"axes: [1\n", {"a:"}},
    };
    mho_hw *hw;
    mho_grid *grid;
    assert_int_equal(mho_hw_default("array", &hw), MHO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mho_status s = mho_grid_read(bad[i].text, "a", hw, &grid);
        if (s != MHO_ECONFIG && s != MHO_EFORMAT)
            fail_msg("%s: %s", bad[i].text, mho_status_name(s));
        assert_null(grid);
        for (size_t k = 0; k < 3 && bad[i].want[k]; k++)
            if (!strstr(mho_error_message(), bad[i].want[k]))
                fail_msg("%s: message '%s' lacks '%s'", bad[i].text, mho_error_message(),
                         bad[i].want[k]);
    }
    for (size_t n = 0; n < strlen(mixed); n++) { /* every beginning: an error or a sweep */
        char text[sizeof mixed];
        memcpy(text, mixed, n);
        text[n] = 0;
        mho_status s = mho_grid_read(text, "a", hw, &grid);
        assert_true(s == MHO_OK || s == MHO_ECONFIG || s == MHO_EFORMAT || s == MHO_EUSAGE ||
                    s == MHO_EFILE);
        mho_grid_destroy(grid);
    }
    mho_hw_destroy(hw);
}

static void missing_memories_are_named(void **unused)
{
    (void)unused;
    setup t;
    mho_array_sweep *sweep;
    set_up(&t, "vgg11", NULL, AXES "buffers.weight: [rram:1M, rram:3M]\n");
    assert_int_equal(mho_array_sweep_create(t.net, t.hw, t.grid, NULL, 0, &sweep), MHO_ECONFIG);
    assert_null(sweep);
    assert_non_null(strstr(mho_error_message(), "buffers.weight: no rram macro of 3145728"));
    tear_down(&t);
    mho_hw *crossbars;
    set_up(&t, "vgg11", NULL, AXES "buffers.banks: [1, 2]\n");
    assert_int_equal(mho_hw_open("bcnn", NULL, &crossbars), MHO_OK);
    assert_int_equal(mho_array_sweep_create(t.net, crossbars, t.grid, NULL, 0, &sweep),
                     MHO_ECONFIG);
    mho_hw_destroy(crossbars);
    tear_down(&t);
    set_up(&t, "vgg11", NULL, AXES "network: [vgg11, vgg16]\n"); /* not left out in silence */
    assert_int_equal(mho_array_sweep_create(t.net, t.hw, t.grid, NULL, 0, &sweep), MHO_ECONFIG);
    assert_null(sweep);
    assert_non_null(strstr(mho_error_message(), "takes one network"));
    tear_down(&t);
}

/* Memories of the user beside those of the technology; a price that overflows. */
static void own_memories_are_priced(void **unused)
{
    (void)unused;
    setup t;
    mho_array_sweep *sweep;
    mho_array_point p[2];
    mho_macro own;
    mho_technology *tech;
    set_up(&t, "vgg11", NULL, AXES "buffers.weight: [rram:1M, mram:1M]\n");
    assert_int_equal(mho_technology_open("buffer-22nm", &tech), MHO_OK);
    assert_int_equal(mho_technology_memory(tech, "rram", 1 << 20, false, &own), MHO_OK);
    strcpy(own.kind, "mram");
    own.component.energy[MHO_OPERATION_READ].value *= 2;
    assert_int_equal(mho_array_sweep_create(t.net, t.hw, t.grid, &own, 1, &sweep), MHO_OK);
    assert_int_equal(mho_array_sweep_price(sweep, 0, 2, p), MHO_OK);
    assert_true(p[1].result.energy_J[MHO_ROW_READ_WEIGHT] ==
                2 * p[0].result.energy_J[MHO_ROW_READ_WEIGHT]);
    mho_array_sweep_destroy(sweep);
    own.component.leakage.value = 1e308;
    assert_int_equal(mho_array_sweep_create(t.net, t.hw, t.grid, &own, 1, &sweep), MHO_OK);
    assert_int_equal(mho_array_sweep_price(sweep, 0, 1, p), MHO_OK);
    own.component.area.value = 1e308;
    mho_array_sweep_destroy(sweep);
    assert_int_equal(mho_array_sweep_create(t.net, t.hw, t.grid, &own, 1, &sweep), MHO_OK);
    assert_int_equal(mho_array_sweep_price(sweep, 0, 2, p), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "design 1: its energy or area is not finite"));
    mho_array_sweep_destroy(sweep);
    mho_technology_destroy(tech);
    tear_down(&t);
}

static void descriptions_open(void **unused)
{
    (void)unused;
    static const struct {
        const char *set, *want;
    } old[] = {{"io.kind=sram", "io.kind is now buffers.io"},
               {"weight.size=128K", "weight.size is now buffers.weight"},
               {"acc.depth=3", "acc.depth is now buffers.acc.depth"},
               {"ddr.e_rd=80.3", "ddr.e_rd is now prices.ddr_read"},
               {"ddr.chips=1", "ddr.chips is now buffers.ddr_chips"},
               {"e_mac=1", "e_mac is now prices.mac"},
               {"io_read_factor=1", "io_read_factor is now buffers.io_read_factor"},
               {"macros=x", "macros is now technology"},
               {"level=1", "level is now array.level"}};
    char text[64];
    mho_hw *hw;
    assert_int_equal(mho_hw_open("vgg-rram", NULL, &hw), MHO_OK);
    assert_string_equal(mho_hw_arch(hw), "array");
    mho_hw_text(hw, "buffers.weight", text, sizeof text);
    assert_string_equal(text, "rram:2M");
    mho_hw_text(hw, "technology", text, sizeof text);
    assert_string_equal(text, "buffer-22nm");
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        assert_int_equal(mho_hw_set(hw, old[i].set), MHO_ECONFIG);
        if (!strstr(mho_error_message(), old[i].want))
            fail_msg("%s: %s, want '%s'", old[i].set, mho_error_message(), old[i].want);
    }
    mho_hw_destroy(hw);
    assert_int_equal(mho_hw_read("arch: array\nio: {size: 3}\n", "mine.yaml", NULL, &hw),
                     MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "mine.yaml:2: io is now buffers.io"));
    assert_int_equal(mho_hw_open("vgg-rrm", NULL, &hw), MHO_EUSAGE);
    assert_non_null(strstr(mho_error_message(), "did you mean vgg-rram?"));
}

static void no_memory(void **unused)
{
    (void)unused;
    mho_hw *hw;
    mho_net *net;
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    assert_int_equal(mho_hw_default("array", &hw), MHO_OK);
    assert_int_equal(mho_net_zoo("vgg11", &net), MHO_OK);
    uint64_t live = mhoi_alloc_live();
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        mho_grid *grid = NULL;
        mho_array_sweep *sweep = NULL;
        mho_front front = {0};
        mho_array_point point;
        mhoi_alloc_fail_at(k);
        mho_status s = mho_grid_read(
            AXES "buffers.io: [sram:16K, sram:32K]\n  buffers.banks: [4, 8]\n", "a", hw, &grid);
        if (s == MHO_OK)
            s = mho_array_sweep_create(net, hw, grid, NULL, 0, &sweep);
        if (s == MHO_OK)
            s = mho_array_sweep_price(sweep, 3, 1, &point);
        if (s == MHO_OK)
            s = mho_front_add(&front, 3, 1.0, 1.0);
        failed = s != MHO_OK;
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mhoi_alloc_fail_at(0);
        mho_array_sweep_destroy(sweep);
        mho_grid_destroy(grid);
        mho_front_free(&front);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mho_net_destroy(net);
    mho_hw_destroy(hw);
    assert_int_equal(mho_run_set_threads(NULL, 0), MHO_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vgg11_equals_single_runs),
        cmocka_unit_test(options_equal_single_runs),
        cmocka_unit_test(any_field_equals_single_runs),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(front_is_pareto),
        cmocka_unit_test(bad_axes_name_the_place),
        cmocka_unit_test(missing_memories_are_named),
        cmocka_unit_test(own_memories_are_priced),
        cmocka_unit_test(descriptions_open),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, write_technology, NULL);
}
