/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever can be placed has a price by component models: codings, converters of any width and readout, any share. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mho/map.h"

static const char text[] = "name: small\n"
                           "input: {shape: [2, 7, 7], bits: 8, scale: 0.00390625}\n"
                           "layers:\n"
                           "  - conv: {out: 5, kernel: 3, pad: 1}\n"
                           "  - conv: {out: 6, kernel: 3}\n"
                           "  - fc: 4\n";

static void want_sums(const mho_cost *cost, const char *what)
{
    double energy = 0, area = 0, by_layer = 0;
    const char *name;
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        if (!(e->energy_J >= 0 && isfinite(e->energy_J) && e->area_m2 >= 0 && isfinite(e->area_m2)))
            fail_msg("%s: %s takes %g J and %g m2", what, e->component->name, e->energy_J,
                     e->area_m2);
    }
    for (size_t i = 0; (name = mho_cost_group(cost, i)); i++) {
        energy += mho_cost_energy_J(cost, name, NULL);
        area += mho_cost_area_m2(cost, name, NULL);
    }
    for (size_t i = 0; (name = mho_cost_layer(cost, i)); i++)
        by_layer += mho_cost_energy_J(cost, NULL, name);
    if (!(cost->energy_J > 0 && cost->area_m2 > 0))
        fail_msg("%s: %g J, %g m2", what, cost->energy_J, cost->area_m2);
    if (fabs(energy / cost->energy_J - 1) > 1e-12 || fabs(area / cost->area_m2 - 1) > 1e-12 ||
        fabs(by_layer / cost->energy_J - 1) > 1e-12)
        fail_msg("%s: parts %g and %g J, %g m2; total %g J, %g m2", what, energy, by_layer, area,
                 cost->energy_J, cost->area_m2);
}

/* 1: priced; 0: the description or the placement refuses it. */
static int price(const mho_net *net, mho_hw *hw, const char *const *sets,
                 const mho_technology *tech, const char *what)
{
    mho_placement *placement = NULL;
    mho_activity *activity = NULL;
    mho_cost *cost = NULL;
    size_t count;
    mho_hw *own = NULL;
    assert_int_equal(mho_hw_clone(hw, &own), MHO_OK);
    int priced =
        mho_hw_set_all(own, sets) == MHO_OK && mho_placement_create(net, own, &placement) == MHO_OK;
    if (priced) {
        if (mho_placement_activities_for(placement, tech, &activity, &count) ||
            mho_cost_create(tech, activity, count, &cost))
            fail_msg("%s: %s", what, mho_error_message());
        want_sums(cost, what);
        for (size_t i = 0; mho_cost_neglected(cost, i); i++)
            fail_msg("%s: %s is not counted", what, mho_cost_neglected(cost, i));
    }
    mho_cost_destroy(cost);
    mho_activities_destroy(activity);
    mho_placement_destroy(placement);
    mho_hw_destroy(own);
    return priced;
}

static const char *const weights[] = {"crossbar.weights=differential", "crossbar.weights=single"};
static const char *const offsets[] = {"crossbar.offset=column", "crossbar.offset=digital"};
static const char *const modes[] = {"crossbar.mode=binary", "crossbar.mode=ternary",
                                    "crossbar.mode=full", "crossbar.mode=mixed"};
static const char *const inputs[] = {"input.coding=direct", "input.coding=two_reads",
                                     "input.coding=two_rows"};
static const char *const serial[] = {"input.bits_per_read=0", "input.bits_per_read=1"};
static const char *const readouts[] = {"output.readout=sense_amplifier", "output.readout=flash",
                                       "output.readout=sar", "output.readout=ramp"};
static const char *const pers[] = {"output.per=crossbar", "output.per=pair"};
static const char *const slices[] = {"crossbar.weight_bits=0", "crossbar.weight_bits=8"};

enum { CODINGS = 2 * 2 * 4 * 3 * 2 * 2 * 2, WIDTHS = 16, SHARES = 8 };

static int price_coding(const mho_net *net, mho_hw *hw, const mho_technology *tech, size_t coding,
                        size_t width, size_t share)
{
    char bits[5][32], turns[32], what[512] = "";
    static const char *const keys[] = {"first_bits", "bits", "split_bits", "last_bits",
                                       "code_bits"};
    const char *sets[20];
    size_t n = 0, c = coding;
    const bool full = c / 4 % 4 > 1;
    sets[n++] = weights[c % 2], c /= 2;
    sets[n++] = offsets[c % 2], c /= 2;
    sets[n++] = modes[c % 4], c /= 4;
    sets[n++] = inputs[c % 3], c /= 3;
    sets[n++] = serial[c % 2], c /= 2;
    sets[n++] = pers[c % 2], c /= 2;
    sets[n++] = slices[c % 2];
    sets[n++] = readouts[(coding + width) % 4];
    sets[n++] = full ? "input.bits=8" : "input.bits=1";
    for (size_t i = 0; i < 5; i++) {
        snprintf(bits[i], sizeof bits[i], "output.%s=%zu", keys[i], width);
        sets[n++] = bits[i];
    }
    snprintf(turns, sizeof turns, "output.share=%zu", share);
    sets[n++] = turns;
    sets[n] = NULL;
    for (size_t i = 0; i < n; i++)
        snprintf(what + strlen(what), sizeof what - strlen(what), "%s ", sets[i]);
    return price(net, hw, sets, tech, what);
}

static void test_every_coding(void **state)
{
    (void)state;
    static const size_t shares[SHARES] = {1, 2, 3, 8, 16, 31, 64, 128};
    mho_net *net;
    mho_hw *hw;
    mho_technology *tech;
    size_t priced = 0, by_width[WIDTHS + 1] = {0};
    assert_int_equal(mho_net_read(text, "small.yaml", &net), MHO_OK);
    assert_int_equal(mho_hw_open("bcnn",
                                 (const char *const[]){"crossbar.rows=16", "crossbar.columns=128",
                                                       "device.bits=3", NULL},
                                 &hw),
                     MHO_OK);
    assert_int_equal(mho_technology_open("generic-45nm", &tech), MHO_OK);
    for (size_t coding = 0; coding < CODINGS; coding++)
        for (size_t width = 1 + coding % 4; width <= WIDTHS; width += 4) {
            const int one =
                price_coding(net, hw, tech, coding, width, shares[(coding * 5 + width) % SHARES]);
            priced += (size_t)one;
            by_width[width] += (size_t)one;
        }
    if (priced < 400)
        fail_msg("%zu of %d were priced", priced, CODINGS * WIDTHS / 4);
    for (size_t width = 1; width <= WIDTHS; width++)
        assert_true(by_width[width] > 0);
    for (size_t share = 1; share <= 128; share++)
        assert_int_equal(price_coding(net, hw, tech, 0, 4, share), 1);
    mho_technology_destroy(tech);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

static mho_estimate *estimate(const mho_net *net, const char *hw_name, const char *const *sets)
{
    mho_hw *hw;
    mho_estimate *e;
    assert_int_equal(mho_hw_open(hw_name, sets, &hw), MHO_OK);
    assert_int_equal(mho_estimate_create(net, hw, &e), MHO_OK);
    mho_hw_destroy(hw);
    return e;
}

/* A table that prices in place of another one, or beside it, tells the clock as well: as if it had been named. */
static void test_other_table(void **state)
{
    (void)state;
    static const char named[] = "technology=generic-45nm";
    mho_net *net;
    assert_int_equal(mho_net_read(text, "small.yaml", &net), MHO_OK);
    for (size_t share = 1; share <= 8; share += 7) {
        char turns[32];
        snprintf(turns, sizeof turns, "output.share=%zu", share);
        mho_estimate *own = estimate(net, "bcnn", (const char *const[]){turns, NULL});
        mho_estimate *other = estimate(net, "bcnn", (const char *const[]){turns, named, NULL});
        assert_true(own->generic->energy_J == other->cost->energy_J);
        assert_true(own->generic->leakage_J == other->cost->leakage_J &&
                    other->cost->leakage_J > 0);
        assert_true(own->placement->clock_s == 10e-9);
        mho_estimate_destroy(own);
        mho_estimate_destroy(other);

        static const char no_price[] = "output.split_bits=5";
        own = estimate(net, "bcnn", (const char *const[]){turns, no_price, NULL});
        other = estimate(net, "bcnn", (const char *const[]){turns, no_price, named, NULL});
        assert_string_equal(own->fallback, "generic-45nm");
        assert_true(own->cost->energy_J == other->cost->energy_J);
        assert_true(own->placement->clock_s == other->placement->clock_s);
        assert_true(own->placement->interval == other->placement->interval);
        mho_estimate_destroy(own);
        mho_estimate_destroy(other);
    }
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_coding),
                                       cmocka_unit_test(test_other_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
