/* SPDX-License-Identifier: Apache-2.0 */
/* One machine: what a chip counts while it is programmed and runs is what its placement says, over random networks and
 * random values of all fields of the hardware: codings, slices, reads, splits, groups, paddings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "mho/run.h"
#include "mixed_nets.h"

enum { IMAGES = 5, CASES = 150 };

static void same(uint64_t seed, const char *what, uint64_t counted, uint64_t told,
                 const hardware *h)
{
    if (counted == told)
        return;
    for (size_t i = 0; h && h->set[i]; i++)
        print_error("--set %s\n", h->set[i]);
    fail_msg("case %llu, %s: the chip counted %llu, the placement says %llu",
             (unsigned long long)seed, what, (unsigned long long)counted, (unsigned long long)told);
}

/* false: refused. */
static bool check(uint64_t seed, const mho_net *net, const mho_hw *hw, const hardware *h, dice *d)
{
    mho_placement *placement = NULL;
    mho_chip *chip = NULL;
    mho_images images = random_images(d, net->node[0].out, IMAGES);
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mho_chip_create(net, placement, &images, &chip);
    if (!s)
        s = mho_chip_program(chip, seed, 0);
    if (!s) {
        must(mho_chip_run(chip, &images, 0, IMAGES, NULL, NULL));
        const mho_counts counted = mho_chip_counts(chip), told = placement->counts;
        same(seed, "cells", counted.cells, told.cells, h);
        same(seed, "row drives", counted.row_drives, told.row_drives * IMAGES, h);
        same(seed, "DAC conversions", counted.dac_conversions, told.dac_conversions * IMAGES, h);
        same(seed, "conversions", counted.conversions, told.conversions * IMAGES, h);
        same(seed, "additions", counted.additions, told.additions * IMAGES, h);
    }
    mho_chip_destroy(chip);
    mho_placement_destroy(placement);
    free_images(&images);
    return !s;
}

static void test_random(void **state)
{
    (void)state;
    size_t refused = 0, digital = 0, referenced = 0, sensed = 0, passed = 0, shared = 0;
    must(mho_run_set_threads(NULL, 2));
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d = {seed * 7919 + 5};
        hardware h;
        any_hardware(&d, &h);
        mho_net *net = random_binary(&d);
        if (h.full)
            make_float(&d, net);
        mho_hw *hw = NULL;
        mho_placement *p = NULL;
        mho_status s = mho_hw_open(h.full ? "cnn8" : "bcnn", h.set, &hw);
        const bool ran = !s && check(seed, net, hw, &h, &d);
        refused += !ran;
        if (ran)
            must(mho_placement_create(net, hw, &p));
        for (size_t l = 0; ran && l < p->layers; l++) {
            referenced += p->layer[l].reference;
            digital += p->layer[l].sides == 1 && !p->layer[l].reference;
            sensed += p->layer[l].sense;
            passed += p->layer[l].passes > 1;
            shared += p->layer[l].columns_per_converter > 1;
        }
        mho_placement_destroy(p);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
    }
    assert_true(refused < CASES / 2);
    assert_true(digital > 10 && referenced > 10 && sensed > 5 && passed > 10 && shared > 10);
}

/* Pairs whose crossbars have reference columns at level 0. */
static void test_level0(void **state)
{
    (void)state;
    size_t refused = 0, referenced = 0;
    for (uint64_t seed = 0; seed < CASES / 3; seed++) {
        dice d = {seed * 5003 + 17};
        hardware h;
        any_hardware(&d, &h);
        add_level0(&h);
        mho_net *net = random_binary(&d);
        if (h.full)
            make_float(&d, net);
        mho_hw *hw = NULL;
        mho_placement *p = NULL;
        const mho_status s = mho_hw_open(h.full ? "cnn8" : "bcnn", h.set, &hw);
        refused += s || !check(seed, net, hw, &h, &d);
        if (!s && !mho_placement_create(net, hw, &p))
            for (size_t l = 0; l < p->layers; l++)
                referenced += p->layer[l].level0;
        mho_placement_destroy(p);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
    }
    assert_true(refused < CASES / 6 && referenced > CASES / 3);
}

/* Layers of different alphabets, residual sums, 1-bit maps and codes side by side. */
static void test_mixed(void **state)
{
    (void)state;
    size_t refused = 0;
    for (uint64_t seed = 0; seed < CASES / 3; seed++) {
        dice d = {seed * 6007 + 29};
        hardware h;
        do
            any_hardware(&d, &h);
        while (!h.full);
        size_t n = 0;
        while (h.set[n])
            n++;
        h.set[n - 1] = "crossbar.mode=mixed";
        mho_net *net = random_mixed(&d);
        mho_hw *hw = NULL;
        const mho_status s = mho_hw_open("cnn8", h.set, &hw);
        refused += s || !check(seed, net, hw, &h, &d);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
    }
    assert_true(refused < CASES / 6);
}

/* A new programming starts counting anew; runs add up. */
static void test_adding_up(void **state)
{
    (void)state;
    dice d = {5};
    mho_net *net = random_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const opened hw = open_hw("bcnn", NULL);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    assert_int_equal(mho_chip_counts(chip).conversions, 0);
    must(mho_chip_run(chip, &images, 0, 2, NULL, NULL));
    const uint64_t two = mho_chip_counts(chip).conversions;
    must(mho_chip_run(chip, &images, 2, 2, NULL, NULL));
    assert_true(two > 0);
    assert_int_equal(mho_chip_counts(chip).conversions, 2 * two);
    must(mho_chip_program(chip, 1, 1));
    assert_int_equal(mho_chip_counts(chip).conversions, 0);
    mho_chip_destroy(chip);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_level0),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_adding_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
