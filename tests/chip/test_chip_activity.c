/* SPDX-License-Identifier: Apache-2.0 */
/* What happened in the cells while images ran: against every cell, window, read and image by itself, over random
 * networks and hardware; the same for any threads and parts of the images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "mho/run.h"
#include "mixed_nets.h"
#include "slow_activity.h"

enum { IMAGES = 6, CASES = 40 };

static void watch_input(void *user, size_t step, size_t n, const uint8_t *in)
{
    slow_activity *a = user;
    const chip_step *s = &a->chip->step[step];
    for (size_t i = 0; i < n; i++)
        slow_image(a, s->layer, in + i * a->chip->map[s->in].size);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b));
}

static void compare(uint64_t seed, const mho_placement_layer *told, const mho_chip_activity *got,
                    const mho_chip_activity *want)
{
    const bool same = got->images == want->images && got->driven == want->driven &&
                      got->largest == want->largest && near(got->drive, want->drive) &&
                      near(got->square, want->square) && near(got->drive_S, want->drive_S) &&
                      near(got->square_S, want->square_S);
    if (!same)
        fail_msg(
            "case %llu, layer %s: %llu images, driven %llu, drive %.15g (%.15g S), square %.15g "
            "(%.15g S); want %llu, %llu, %.15g (%.15g S), %.15g (%.15g S)",
            (unsigned long long)seed, told->name, (unsigned long long)got->images,
            (unsigned long long)got->driven, got->drive, got->drive_S, got->square, got->square_S,
            (unsigned long long)want->images, (unsigned long long)want->driven, want->drive,
            want->drive_S, want->square, want->square_S);
    assert_int_equal(got->cells_on_row * told->groups * told->word_lines, told->counts.cells);
    assert_int_equal(got->counts.row_drives, told->counts.row_drives * got->images);
    assert_int_equal(got->counts.dac_conversions, told->counts.dac_conversions * got->images);
    assert_int_equal(got->counts.conversions, told->counts.conversions * got->images);
    assert_int_equal(got->counts.additions, told->counts.additions * got->images);
    assert_int_equal(got->counts.cells, told->counts.cells);
}

/* false: refused. */
static bool check(uint64_t seed, const mho_net *net, const char *name, const char *const *sets,
                  dice *d)
{
    static slow_activity slow;
    mho_hw *hw = NULL;
    mho_placement *placement = NULL;
    mho_chip *chip = NULL;
    chip_work *work = NULL;
    mho_images images = random_images(d, net->node[0].out, IMAGES);
    mho_status s = mho_hw_open(name, sets, &hw);
    if (!s)
        s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mho_chip_create(net, placement, &images, &chip);
    if (!s)
        s = mho_chip_program(chip, seed, 0);
    if (!s) {
        const chip_watch watch = {.input = watch_input, .user = &slow};
        must(mho_chip_run(chip, &images, 0, IMAGES, NULL, NULL));
        slow_activity_start(&slow, chip);
        must(mhoi_chip_work_create(chip, IMAGES, &work));
        mhoi_chip_work_load(chip, work, &images, 0, IMAGES, 0);
        must(mhoi_chip_work_run(chip, work, chip->steps, IMAGES, &watch));
        for (size_t l = 0; l < placement->layers; l++) {
            const mho_chip_activity got = mho_chip_layer_activity(chip, l);
            compare(seed, &placement->layer[l], &got, &slow.layer[l].seen);
        }
        slow_activity_end(&slow);
    }
    mhoi_chip_work_destroy(work);
    mho_chip_destroy(chip);
    mho_placement_destroy(placement);
    mho_hw_destroy(hw);
    free_images(&images);
    return !s;
}

/* All fields at once, but for wires: they change what cells conduct. */
static void random_hardware(void **state)
{
    (void)state;
    size_t refused = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d = {seed * 7919 + 3};
        hardware h;
        any_hardware(&d, &h);
        force(&h, "wires.r_row=0");
        force(&h, "wires.r_col=0");
        mho_net *net = random_binary(&d);
        if (h.full)
            make_float(&d, net);
        refused += !check(seed, net, h.full ? "cnn8" : "bcnn", h.set, &d);
        mho_net_destroy(net);
    }
    assert_true(refused < CASES / 2);
}

/* Reference columns of either kind, parts of signed codes on two rows. */
static void special_hardware(void **state)
{
    (void)state;
    static const char *const sets[][5] = {
        {"output.reference=level0", "crossbar.columns=9"},
        {"crossbar.weights=single", "crossbar.columns=9", "device.variation=1"},
        {"input.coding=two_rows", "input.bits_per_read=1", "output.bits=5"},
        {"crossbar.weights=merged", "device.bits=2", "device.variation=1",
         "device.resolution_bits=10"},
        {"device.nonlinearity=2", "device.levels=ends"},
        {"device.nonlinearity=1", "input.bits_per_read=3", "input.coding=two_reads",
         "output.bits=5"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        dice d = {i + 77};
        mho_net *net = random_binary(&d);
        for (int full = 0; full < 2; full++) {
            if (!check(i, net, full ? "cnn8" : "bcnn", sets[i], &d))
                fail_msg("%s: %s", sets[i][0], mho_error_message());
            make_float(&d, net);
        }
        mho_net_destroy(net);
    }
}

static void activity_of(const mho_net *net, const mho_images *images, size_t threads, size_t part,
                        mho_chip_activity *out, size_t layers)
{
    const opened hw = open_hw("bcnn", NULL);
    mho_chip *chip;
    must(mho_run_set_threads(NULL, threads));
    must(mho_chip_open(net, hw.hw, images, &chip));
    must(mho_chip_program(chip, 3, 1));
    for (size_t first = 0; first < images->count; first += part)
        must(mho_chip_run(chip, images, first,
                          images->count - first < part ? images->count - first : part, NULL, NULL));
    for (size_t l = 0; l < layers; l++)
        out[l] = mho_chip_layer_activity(chip, l);
    must(mho_chip_program(chip, 3, 2));
    assert_int_equal(mho_chip_layer_activity(chip, 0).images, 0);
    assert_true(mho_chip_layer_activity(chip, 0).square_S == 0);
    mho_chip_destroy(chip);
}

/* More images than a byte counts; digits do not depend on how they are taken. */
static void threads_and_parts_change_nothing(void **state)
{
    (void)state;
    enum { MANY = 600, LAYERS = 2 };
    builder b = {.nodes = 0};
    dice d = {9};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){2, 6, 6};
    add_conv(&b, 4, 3, 1, 1, 1, true, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 3, true, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    mho_images images = random_images(&d, net->node[0].out, MANY);
    mho_chip_activity want[LAYERS], got[LAYERS];
    activity_of(net, &images, 1, MANY, want, LAYERS);
    assert_int_equal(want[0].images, MANY);
    for (size_t threads = 1; threads <= 3; threads++) {
        activity_of(net, &images, threads, 37 * threads, got, LAYERS);
        assert_memory_equal(got, want, sizeof want);
    }
    free_images(&images);
    mho_net_destroy(net);
}

/* Wires: what cells conduct in effect is less than without. */
static void wires_take_a_part(void **state)
{
    (void)state;
    dice d = {21};
    mho_net *net = random_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    double sum[2] = {0, 0};
    for (int wired = 0; wired < 2; wired++) {
        const char *const sets[] = {wired ? "wires.r_row=1" : "wires.r_row=0", "device.variation=0",
                                    NULL};
        const opened hw = open_hw("bcnn", sets);
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, NULL, NULL));
        sum[wired] = mho_chip_layer_activity(chip, 0).square_S;
        mho_chip_destroy(chip);
    }
    assert_true(sum[1] > 0.5 * sum[0] && sum[1] < 0.9999 * sum[0]);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_hardware),
        cmocka_unit_test(special_hardware),
        cmocka_unit_test(threads_and_parts_change_nothing),
        cmocka_unit_test(wires_take_a_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
