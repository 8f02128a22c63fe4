/* SPDX-License-Identifier: Apache-2.0 */
/* What drives rows and joins columns, against closed forms: units of integration of pulses, word lines that rise, slices
 * that are converted as one, columns that are cut off while they wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <math.h>

#include <cmocka.h>

#include "mho/mho.h"

static void want(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%.9g, want %.9g within %g", value, wanted, within);
}

static mho_estimate *estimate(size_t bits, const char *const *sets)
{
    char text[128];
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_estimate *e = NULL;
    snprintf(text, sizeof text, "input: {shape: [64, 1, 1], bits: %zu}\nlayers:\n  - fc: 16\n",
             bits);
    if (mho_net_read(text, "pulses.yaml", &net) || mho_hw_open("cnn8", sets, &hw) ||
        mho_hw_set(hw, "technology=generic-45nm") || mho_hw_set(hw, "leakage=lstp") ||
        mho_estimate_create(net, hw, &e))
        fail_msg("%s", mho_error_message());
    mho_net_destroy(net);
    mho_hw_destroy(hw);
    return e;
}

static double read_s(size_t bits, const char *const *sets)
{
    mho_estimate *e = estimate(bits, sets);
    const double t = e->placement->layer[0].t_read_s;
    mho_estimate_destroy(e);
    return t;
}

static double energy(size_t bits, const char *group, const char *const *sets)
{
    mho_estimate *e = estimate(bits, sets);
    const double joules = mho_cost_energy_J(e->cost, group, NULL);
    mho_estimate_destroy(e);
    return joules;
}

/* 8 bits as 3, 3 and 2: 7 + 7 + 3 = 17 units; 4 bits as 3 and 1: 8 units. */
static void units_are_those_of_groups(void **state)
{
    (void)state;
    const char *const eight[] = {"input.drive=pulses", "input.first_bits=8", NULL};
    const char *const four[] = {"input.drive=pulses", "input.first_bits=4", NULL};
    const char *const one[] = {"input.drive=pulses", "input.first_bits=1", NULL};
    const char *const repeats[] = {"input.drive=repeats", "input.first_bits=4", NULL};
    const double t1 = read_s(1, one), step = (read_s(4, four) - t1) / 7;
    assert_true(step > 0);
    want((read_s(8, eight) - t1) / step, 16, 1e-9);
    want((read_s(4, repeats) - t1) / step, 14, 1e-9);
}

/* 7 bits in reads of 4: 15 and 7 units, not twice 15. */
static void the_last_read_has_the_rest(void **state)
{
    (void)state;
    const char *const parted[] = {"input.drive=repeats", "input.first_bits=7",
                                  "input.bits_per_read=4", NULL};
    const char *const four[] = {"input.drive=repeats", "input.first_bits=4", NULL};
    const char *const one[] = {"input.drive=repeats", "input.first_bits=1", NULL};
    const double t1 = read_s(1, one), step = (read_s(4, four) - t1) / 14;
    want((read_s(7, parted) - t1) / step, 10, 1e-9); /* 11 of a read on average */
}

static void a_pulse_a_group_on_every_word_line(void **state)
{
    (void)state;
    const char *const pulses[] = {"input.drive=pulses", NULL};
    const char *const repeats[] = {"input.drive=repeats", NULL};
    const char *const voltage[] = {"input.drive=voltage", NULL};
    const char *const all[] = {"input.drive=voltage", "read.gates=all", "read.activity=0.25", NULL};
    const char *const some[] = {"input.drive=voltage", "read.activity=0.25", NULL};
    const char *const anew[] = {"output.share=4", "output.sampled=false", NULL};
    const double once = energy(8, "word lines", voltage);
    want(energy(8, "word lines", pulses) / once, 3, 1e-3); /* leakage: of the time */
    want(energy(8, "word lines", repeats) / once, 8, 1e-2);
    want(energy(8, "word lines", all) / energy(8, "word lines", some), 4, 1e-2);
    want(energy(8, "word lines", anew) / once, 4, 1e-2);
}

static void joined_slices_are_converted_once(void **state)
{
    (void)state;
    const char *const each[] = {"device.bits=2", "crossbar.weight_bits=8", NULL};
    const char *const joined[] = {"device.bits=2", "crossbar.weight_bits=8", "output.merge=slices",
                                  NULL};
    mho_estimate *a = estimate(8, each), *b = estimate(8, joined);
    const mho_placement_layer *l = &a->placement->layer[0], *m = &b->placement->layer[0];
    assert_int_equal(l->slices, 4);
    assert_int_equal(m->slices, 4);
    assert_int_equal(m->counts.cells, l->counts.cells);
    assert_int_equal(l->counts.conversions, 4 * m->counts.conversions);
    assert_int_equal(l->converters, 4 * m->converters);
    assert_true(mho_cost_energy_J(a->cost, "shift-add", NULL) > 0);
    want(mho_cost_energy_J(b->cost, "shift-add", NULL), 0, 0);
    mho_estimate_destroy(a);
    mho_estimate_destroy(b);
}

static void columns_cut_off_conduct_once(void **state)
{
    (void)state;
    const char *const conduct[] = {"output.share=4", "output.sampled=false",
                                   "read.conduct=settling", NULL};
    const char *const off[] = {"output.share=4", "output.sampled=false", "read.conduct=settling",
                               "output.waiting=off", NULL};
    want(energy(8, "cells", conduct) / energy(8, "cells", off), 4, 1e-9);
    want(energy(8, "bit lines", conduct) / energy(8, "bit lines", off), 4, 1e-9);
}

/* 255 units of 10 ns, and k times as many where columns wait and are not sampled: within the read, whatever drives it. */
static void a_read_lasts_as_long_as_its_pulses(void **state)
{
    (void)state;
    const char *const settling[] = {"read.conduct=settling", NULL};
    const char *const pulse[] = {"read.conduct=pulse", NULL};
    const char *const brief[] = {"read.conduct=pulse", "read.pulse=0.001", NULL};
    const char *const groups[] = {"read.conduct=pulse", "input.drive=pulses", NULL};
    const char *const anew[] = {"read.conduct=pulse", "output.share=4", "output.sampled=false",
                                NULL};
    const double short_s = read_s(8, settling), long_s = read_s(8, pulse);
    assert_true(long_s > 255 * 10e-9 && long_s < 255 * 10e-9 + short_s);
    want(read_s(8, brief), short_s, 0); /* a step at least */
    assert_true(read_s(8, groups) > 17 * 10e-9 && read_s(8, groups) < 17 * 10e-9 + short_s);
    assert_true(read_s(8, anew) > 4 * 255 * 10e-9);
}

static void a_given_read_holds_its_pulses(void **state)
{
    (void)state;
    static const char *const sets[] = {"technology=generic-45nm", "read.conduct=pulse", NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_placement *p = NULL;
    assert_int_equal(mho_net_open("lenet", &net), MHO_OK);
    assert_int_equal(mho_hw_open("cnn8", sets, &hw), MHO_OK);
    assert_int_equal(mho_hw_set(hw, "timing.t_read=2550"), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_OK);
    mho_placement_destroy(p);
    assert_int_equal(mho_hw_set(hw, "timing.t_read=2549"), MHO_OK);
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "timing.t_read = 2549 ns"));
    assert_non_null(strstr(mho_error_message(), "read.pulse = 10 ns"));
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_those_of_groups),
        cmocka_unit_test(the_last_read_has_the_rest),
        cmocka_unit_test(a_pulse_a_group_on_every_word_line),
        cmocka_unit_test(joined_slices_are_converted_once),
        cmocka_unit_test(columns_cut_off_conduct_once),
        cmocka_unit_test(a_read_lasts_as_long_as_its_pulses),
        cmocka_unit_test(a_given_read_holds_its_pulses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
