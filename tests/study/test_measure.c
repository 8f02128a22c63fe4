/* SPDX-License-Identifier: Apache-2.0 */
/* The energy of what the cells did: V^2 g t of the activity that a result tells, for each supply and way to conduct; the
 * other parts are those of the estimate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "mho/study.h"

enum { IMAGES = 20, TRIALS = 2 };

static void must(mho_status s)
{
    if (s)
        fail_msg("%s", mho_error_message());
}

static void evaluate(const char *hw, const char *const *sets, mho_result *r)
{
    const mho_subject subject = {.net = "lenet", .hw = hw, .set = sets, .data = "synthetic"};
    mho_study_options o = mho_study_options_default();
    o.images = IMAGES;
    o.trials = TRIALS;
    must(mho_study_evaluate(&subject, &o, r));
    assert_true(r->has_measured);
    assert_int_equal(r->activities, 4);
    for (size_t l = 0; l < r->activities; l++)
        assert_int_equal(r->activity[l].sum.images, IMAGES * TRIALS);
}

static double part(const mho_result_cost *cost, const char *name)
{
    for (size_t i = 0; i < cost->components; i++)
        if (!strcmp(cost->component[i].name, name))
            return cost->component[i].energy_J;
    return 0;
}

static void near(const char *what, double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fabs(want)))
        fail_msg("%s: %.12g, want %.12g", what, got, want);
}

/* All parts but cells and word lines are assumed either way. */
static void check_rest(const mho_result *r)
{
    double sum = 0;
    assert_int_equal(r->measured.components, r->cost.components);
    for (size_t i = 0; i < r->cost.components; i++) {
        const char *name = r->cost.component[i].name;
        sum += r->measured.component[i].energy_J;
        if (strcmp(name, "cells") != 0 && strcmp(name, "word lines") != 0)
            near(name, r->measured.component[i].energy_J, r->cost.component[i].energy_J);
    }
    near("total", r->measured.energy_J, sum);
}

/* 20 ns a read at 0.3 V. */
static void by_component_models(void **state)
{
    (void)state;
    static const struct {
        const char *supply, *conduct;
        double volt_squared, t_s;
        bool linear, units;
    } c[] = {{"read.supply=own", "read.conduct=read", 0.09, 20e-9, false, false},
             {"read.supply=clamped", "read.conduct=read", 0.3 * 1.0, 20e-9, true, false},
             {"read.supply=own", "read.conduct=pulse", 0.09, 0.03e-9, true, true}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        const char *const sets[] = {"output.calibration_images=20",
                                    "technology=generic-45nm",
                                    "timing.t_read=20",
                                    "read.voltage=0.3",
                                    "read.pulse=0.03",
                                    c[i].supply,
                                    c[i].conduct,
                                    NULL};
        mho_result r = {.command = NULL};
        double cells = 0, driven = 0, assumed = 0;
        evaluate("bcnn", sets, &r);
        for (size_t l = 0; l < r.activities; l++) {
            const mho_chip_activity *a = &r.activity[l].sum;
            const double g_S = c[i].linear ? a->drive_S : a->square_S;
            cells += g_S / (IMAGES * TRIALS) * c[i].volt_squared * c[i].t_s *
                     (c[i].units ? a->largest : 1);
            driven += (double)a->driven;
            assumed += (double)a->counts.row_drives;
        }
        near(c[i].supply, part(&r.measured, "cells"), cells);
        check_rest(&r);
        assert_true(driven < 0.6 * assumed && driven > 0.3 * assumed);
        assert_true(part(&r.measured, "word lines") > 0);
        assert_true(part(&r.measured, "word lines") != part(&r.cost, "word lines"));
        mho_result_free(&r);
    }
}

/* A price for sqrt(g_on g_off) = 10 uS in 10 ns. */
static void by_the_paper_s_table(void **state)
{
    (void)state;
    static const char *const sets[] = {"output.calibration_images=20", NULL};
    mho_result r = {.command = NULL};
    evaluate("bcnn", sets, &r);
    double cells = 0;
    for (size_t l = 0; l < r.activities; l++)
        cells += r.activity[l].sum.square_S / (IMAGES * TRIALS) / 10e-6 * 0.052e-3 * 10e-9;
    near("cells", part(&r.measured, "cells"), cells);
    check_rest(&r);
    assert_true(r.measured_generic_J > 0);
    mho_result_free(&r);
}

/* That price is of no use where g_off is 0: no energy is told as measured, and the rest is as before. */
static void without_a_price(void **state)
{
    (void)state;
    static const char *const sets[] = {"output.calibration_images=20", "device.g_off=0", NULL};
    const mho_subject subject = {.net = "lenet", .hw = "bcnn", .set = sets, .data = "synthetic"};
    mho_study_options o = mho_study_options_default();
    mho_result r = {.command = NULL};
    o.images = IMAGES;
    o.trials = 1;
    must(mho_study_evaluate(&subject, &o, &r));
    assert_false(r.has_measured);
    assert_true(r.cost.energy_J > 0 && r.activity[0].sum.square_S > 0);
    mho_json *json = mho_result_json(&r);
    assert_null(mho_json_get(json, "energy_measured_J"));
    assert_non_null(mho_json_get(json, "activity"));
    mho_json_destroy(json);
    mho_result_free(&r);
}

/* What stands leaks as long as the report says that an image keeps it: as simulated, where layers wait for each other.  The
 * totals beside a table, with what was measured, are those of a run that names the other one. */
static void leaks_for_the_interval(void **state)
{
    (void)state;
    static const char *const sets[] = {"technology=generic-45nm", "crossbar.active_rows=16",
                                       "output.calibration_images=20", NULL};
    mho_result own = {.command = NULL}, beside = {.command = NULL};
    mho_net *net;
    mho_estimate *e;
    evaluate("cnn8", sets, &own);
    evaluate("cnn8", sets + 1, &beside);
    must(mho_net_zoo("lenet", &net));
    must(mho_estimate_create(net, own.hw, &e));
    assert_true(own.simulated && own.speed.interval > own.speed.at_best);
    assert_true(own.speed.at_best == e->placement->interval);
    near("leakage", own.notes.leakage_J / (double)own.speed.interval,
         e->cost->leakage_J / (double)e->placement->interval);
    near("use of a converter", own.layer[0].converter_utilization * (double)own.speed.interval,
         e->placement->layer[0].converter_utilization * (double)e->placement->interval);
    check_rest(&own);
    near("beside", beside.generic.energy_J, own.cost.energy_J);
    near("told beside", beside.notes.generic_energy_J, own.cost.energy_J);
    near("measured beside", beside.measured_generic_J, own.measured.energy_J);
    near("the CNN beside", beside.base_generic.energy_J, own.base.energy_J);
    mho_estimate_destroy(e);
    mho_net_destroy(net);
    mho_result_free(&own);
    mho_result_free(&beside);
}

/* One estimator for one read and for two. */
static void more_reads_take_longer(void **state)
{
    (void)state;
    static const char *const sets[] = {"input.coding=two_reads", "technology=generic-45nm",
                                       "output.calibration_images=20", NULL};
    mho_result one = {.command = NULL}, two = {.command = NULL};
    evaluate("bcnn", sets + 1, &one);
    evaluate("bcnn", sets, &two);
    assert_true(one.simulated && two.simulated && one.service == 1 && two.service == 2);
    assert_true(two.pipelined > one.pipelined && two.speed.latency_s > one.speed.latency_s);
    mho_result_free(&one);
    mho_result_free(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_component_models),    cmocka_unit_test(by_the_paper_s_table),
        cmocka_unit_test(without_a_price),        cmocka_unit_test(leaks_for_the_interval),
        cmocka_unit_test(more_reads_take_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
