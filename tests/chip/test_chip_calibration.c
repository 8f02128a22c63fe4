/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration takes all images from step to step: what it finds does not depend on their order, on threads, or on where maps
 * are kept meanwhile.  The last image is far brighter than the others, so that scales guessed before it are wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/shelf.h"
#include "chip_nets.h"
#include "mho/run.h"

enum { IMAGES = 37, SIDE = 8, CLASSES = 5, SCORES = IMAGES * CLASSES };

static mho_net *network(void)
{
    builder b = {.nodes = 0};
    dice d = {11};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){2, SIDE, SIDE};
    add_conv(&b, 6, 3, 1, 1, 1, false, true);
    add_plain(&b, MHO_OP_RELU, "relu");
    const size_t from = b.nodes - 1;
    add_conv(&b, 6, 3, 1, 1, 2, false, true);
    mho_node *add = add_node(&b, MHO_OP_ADD, "add", b.nodes - 1);
    add->inputs = 2;
    add->input[1] = from;
    add_pool_node(&b, MHO_OP_MAXPOOL, 2, 2, 0);
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, CLASSES, false, true);
    mho_net *net = finish(&b);
    randomize(&d, net);
    return net;
}

static mho_images dim_images(bool reversed)
{
    dice d = {3};
    mho_images images = random_images(&d, (mho_shape){2, SIDE, SIDE}, IMAGES);
    const size_t size = (size_t)2 * SIDE * SIDE;
    for (size_t i = 0; i < (IMAGES - 1) * size; i++)
        images.pixel[i] /= 16;
    for (size_t i = 0; reversed && i < IMAGES / 2; i++)
        for (size_t k = 0; k < size; k++) {
            uint8_t *a = &images.pixel[i * size + k];
            uint8_t *z = &images.pixel[(IMAGES - 1 - i) * size + k];
            const uint8_t was = *a;
            *a = *z;
            *z = was;
        }
    return images;
}

/* short_of_memory: with the least that does, which leaves none for maps. */
static mho_status open_chip(const mho_net *net, const mho_hw *hw, const mho_images *images,
                            bool short_of_memory, mho_chip **chip)
{
    mho_status s = short_of_memory ? MHO_ENOMEM : mho_chip_open(net, hw, images, chip);
    for (uint64_t room = 4096; s == MHO_ENOMEM && room < UINT64_C(1) << 40; room += room / 64) {
        mho_run_set_memory(NULL, MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes() + room);
        s = mho_chip_open(net, hw, images, chip);
    }
    return s;
}

/* Scores of the images in their first order, of a chip that was calibrated in this way. */
static void scores_with(const char *const *sets, bool reversed, size_t threads,
                        bool short_of_memory, float *scores)
{
    mho_images order = dim_images(reversed), images = dim_images(false);
    mho_net *net = network();
    mho_hw *hw;
    mho_chip *chip;
    must(mho_hw_open("cnn8", sets, &hw));
    must(mho_run_set_threads(NULL, threads));
    must(open_chip(net, hw, &order, short_of_memory, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, scores, NULL));
    mho_run_set_memory(NULL, 0);
    must(mho_run_set_threads(NULL, 0));
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    mho_images_free(&order);
    mho_images_free(&images);
}

static void scores_of(const char *rule, bool reversed, size_t threads, bool short_of_memory,
                      float *scores)
{
    char set[64];
    snprintf(set, sizeof set, "quant.map_rule=%s", rule);
    scores_with((const char *[]){set, "device.variation=1", NULL}, reversed, threads,
                short_of_memory, scores);
}

static void check(const char *rule)
{
    float want[SCORES], got[SCORES];
    const struct {
        bool reversed;
        size_t threads;
        bool short_of_memory;
    } ways[] = {
        {true, 1, false}, {false, 3, false}, {true, 2, false}, {false, 1, true}, {true, 3, true}};
    scores_of(rule, false, 1, false, want);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        scores_of(rule, ways[w].reversed, ways[w].threads, ways[w].short_of_memory, got);
        for (size_t i = 0; i < SCORES; i++)
            if (got[i] != want[i])
                fail_msg("%s, way %zu, score %zu: %.9g, want %.9g", rule, w, i, (double)got[i],
                         (double)want[i]);
    }
}

static void test_cover(void **state)
{
    (void)state;
    check("cover");
}

static void test_least_squares(void **state)
{
    (void)state;
    check("least_squares");
}

static bool count_calibrations(void *user, const char *what, uint64_t done, uint64_t total,
                               const char *unit)
{
    size_t *count = user;
    (void)unit;
    *count += !strcmp(what, "calibrating") && done == total;
    return true;
}

/* Chips that share a shelf are as those that do not, and calibrate once for what is the same. */
static void test_shelf(void **state)
{
    static const char *const rules[] = {"cover", "least_squares", "cover", "least_squares"};
    float want[2][SCORES], got[SCORES];
    size_t calibrations = 0;
    mhoi_shelf *shelf;
    (void)state;
    for (size_t i = 0; i < 2; i++)
        scores_of(rules[i], false, 1, 0, want[i]);
    must(mhoi_shelf_create(&shelf));
    mhoi_shelf *before = mhoi_shelf_use(shelf);
    mho_run_set_progress(NULL, count_calibrations, &calibrations);
    for (size_t i = 0; i < 4; i++) {
        scores_of(rules[i], false, 1, 0, got);
        for (size_t k = 0; k < SCORES; k++)
            if (got[k] != want[i % 2][k])
                fail_msg("%s, time %zu, score %zu: %.9g, want %.9g", rules[i], i, k, (double)got[k],
                         (double)want[i % 2][k]);
        assert_int_equal(calibrations, i < 2 ? i + 1 : 2);
    }
    scores_of(rules[0], true, 1, 0, got); /* other images */
    assert_int_equal(calibrations, 3);
    mho_run_set_progress(NULL, NULL, NULL);
    mhoi_shelf_use(before);
    mhoi_shelf_destroy(shelf);
}

/* Converters, of whatever bits, range and edges, are found in sums that were gathered once. */
static void test_shelf_of_converters(void **state)
{
    static const char *const of[][3] = {
        {"output.bits=8", NULL, NULL},
        {"output.bits=5", NULL, NULL},
        {"output.bits=5", "output.range=calibrated", "output.percentile=90"},
        {"output.bits=3", "output.edges=lloyd", NULL},
        {"output.bits=3", "output.aligned=false", "output.edges=quantile"}};
    enum { KINDS = sizeof of / sizeof *of };
    float want[KINDS][SCORES], got[SCORES];
    size_t calibrations = 0;
    mhoi_shelf *shelf;
    (void)state;
    for (size_t k = 0; k < KINDS; k++)
        scores_with((const char *[]){"device.variation=1", of[k][0], of[k][1], of[k][2], NULL},
                    false, 1, 0, want[k]);
    must(mhoi_shelf_create(&shelf));
    mhoi_shelf *before = mhoi_shelf_use(shelf);
    mho_run_set_progress(NULL, count_calibrations, &calibrations);
    for (size_t k = 0; k < KINDS; k++) {
        scores_with((const char *[]){"device.variation=1", of[k][0], of[k][1], of[k][2], NULL},
                    false, 1, 0, got);
        for (size_t i = 0; i < SCORES; i++)
            if (got[i] != want[k][i])
                fail_msg("%s, score %zu: %.9g, want %.9g", of[k][0], i, (double)got[i],
                         (double)want[k][i]);
    }
    assert_int_equal(calibrations, 1);
    mho_run_set_progress(NULL, NULL, NULL);
    mhoi_shelf_use(before);
    mhoi_shelf_destroy(shelf);
}

static void test_folder(void **state)
{
    mho_images images = dim_images(false);
    mho_net *net = network();
    mho_hw *hw;
    mho_chip *chip;
    (void)state;
    must(mho_hw_open("cnn8", NULL, &hw));
    assert_int_equal(setenv("TMPDIR", "/no such folder", 1), 0);
    const mho_status s = open_chip(net, hw, &images, true, &chip);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    mho_run_set_memory(NULL, 0);
    assert_int_equal(s, MHO_EFILE);
    assert_non_null(strstr(mho_error_message(), "/no such folder"));
    assert_null(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    mho_images_free(&images);
}

static void few_rows_with(const char *range, float *scores)
{
    const char *const sets[] = {"device.variation=0",
                                "crossbar.rows=4",
                                "output.per=pair",
                                "input.bits_per_read=1",
                                "output.bits=12",
                                "output.split_bits=12",
                                "output.percentile=100",
                                range,
                                NULL};
    scores_with(sets, false, 1, false, scores);
}

/* Sums of so few rows that calibration counts each one: to fine converters one range is as good as another. */
static void test_few_rows(void **state)
{
    float want[SCORES], got[SCORES];
    double miss = 0, all = 0;
    (void)state;
    few_rows_with("output.range=full", want);
    few_rows_with("output.range=calibrated", got);
    for (size_t i = 0; i < SCORES; i++) {
        miss += fabs((double)got[i] - (double)want[i]);
        all += fabs((double)want[i]);
    }
    assert_true(all > 0);
    if (!(miss < 0.15 * all)) /* dim images have few codes */
        fail_msg("differ by %g of %g", miss, all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover),    cmocka_unit_test(test_least_squares),
        cmocka_unit_test(test_shelf),    cmocka_unit_test(test_shelf_of_converters),
        cmocka_unit_test(test_few_rows), cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
