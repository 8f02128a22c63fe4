/* SPDX-License-Identifier: Apache-2.0 */
/* The range of a classifier's converters goes by decisions where these ask for finer steps than its sums do: two classes close
 * together, and a third far below; the same whatever the way of calibration, and with what was found before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/shelf.h"
#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "mho/run.h"

enum { IMAGES = 300, FEATURES = 4, CLASSES = 3, SCORES = IMAGES * CLASSES };

static const float last[CLASSES][FEATURES] = {
    {.5f, .4f, .3f, 0}, {.4f, .5f, .3f, 0}, {-1, -1, -1, -1}};

/* The features as they are, then that. */
static mho_net *network(void)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){FEATURES, 1, 1};
    add_fc(&b, FEATURES, false, false);
    add_plain(&b, MHO_OP_RELU, "relu");
    add_fc(&b, CLASSES, false, false);
    mho_net *net = finish(&b);
    for (size_t i = 0; i < FEATURES; i++)
        net->node[1].weight[i * FEATURES + i] = 1;
    memcpy(net->node[3].weight, last, sizeof last);
    return net;
}

static mho_images some_images(size_t classes)
{
    dice d = {5};
    mho_images images = random_images(&d, (mho_shape){FEATURES, 1, 1}, IMAGES);
    images.classes = classes;
    return images;
}

typedef struct way {
    size_t threads, classes;
    const char *set[3];
    bool short_of_memory; /* with the least that does: layer by layer */
} way;

static mho_status open_chip(const mho_net *net, const mho_hw *hw, const mho_images *images,
                            bool short_of_memory, mho_chip **chip)
{
    mho_status s = short_of_memory ? MHO_ENOMEM : mho_chip_open(net, hw, images, chip);
    for (uint64_t room = 4096; s == MHO_ENOMEM && room < UINT64_C(1) << 40; room += room / 8) {
        mho_run_set_memory(NULL, MHOI_MEMORY_PROGRAM + mhoi_alloc_bytes() + room);
        s = mho_chip_open(net, hw, images, chip);
    }
    return s;
}

static void scores_of(const way *how, float *scores)
{
    const char *const sets[] = {"device.variation=0", how->set[0], how->set[1], how->set[2], NULL};
    mho_images images = some_images(how->classes);
    mho_net *net = network();
    mho_chip *chip;
    mho_hw *hw;
    must(mho_hw_open("cnn8", sets, &hw));
    must(mho_run_set_threads(NULL, how->threads));
    must(open_chip(net, hw, &images, how->short_of_memory, &chip));
    assert_true(chip->streamed == how->short_of_memory);
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, scores, NULL));
    must(mho_run_set_threads(NULL, 0));
    mho_run_set_memory(NULL, 0);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    free_images(&images);
}

static size_t decision(const float *score)
{
    size_t best = 0;
    for (size_t k = 1; k < CLASSES; k++)
        best = score[k] > score[best] ? k : best;
    return best;
}

/* Images that are decided in another way than the real numbers ask for. */
static size_t changed(const float *scores)
{
    mho_images images = some_images(CLASSES);
    size_t count = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        float want[CLASSES] = {0};
        for (size_t k = 0; k < CLASSES; k++)
            for (size_t f = 0; f < FEATURES; f++)
                want[k] += last[k][f] * (float)images.pixel[i * FEATURES + f];
        count += decision(scores + i * CLASSES) != decision(want);
    }
    free_images(&images);
    return count;
}

/* A block of images after the other (free scales of the network), and step after step. */
static void finer_where_decisions_are(void **state)
{
    static const char *const scales[] = {"quant.scales=layer", "quant.scales=power_of_two"};
    float scores[SCORES];
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        scores_of(
            &(way){1, CLASSES, {"output.last_bits=4", scales[k], "output.range=calibrated"}, false},
            scores);
        const size_t all = changed(scores);
        scores_of(&(way){1, CLASSES, {"output.last_bits=4", scales[k], NULL}, false}, scores);
        const size_t fine = changed(scores);
        float layers[SCORES];
        scores_of(&(way){2, CLASSES, {"output.last_bits=4", scales[k], NULL}, true}, layers);
        assert_memory_equal(scores, layers, sizeof layers);
        scores_of(&(way){1, 0, {"output.last_bits=4", scales[k], NULL}, false}, scores);
        const size_t unlabelled = changed(scores);
        if (all < IMAGES / 10 || 2 * fine > all || 2 * fine > unlabelled)
            fail_msg("%s: %zu, %zu, %zu of %d decisions changed", scales[k], all, fine, unlabelled,
                     IMAGES);
    }
}

static bool count_calibrations(void *user, const char *what, uint64_t done, uint64_t total,
                               const char *unit)
{
    size_t *count = user;
    (void)unit;
    *count += !strcmp(what, "calibrating") && done == total;
    return true;
}

/* With a shelf as without, with other threads, and calibrated once for converters of whatever bits. */
static void the_same_with_a_shelf(void **state)
{
    static const way ways[] = {
        {1, CLASSES, {"output.last_bits=4"}, false},
        {3, CLASSES, {"output.last_bits=5"}, false},
        {1, 0, {"output.last_bits=4"}, false},
        {2, CLASSES, {"output.last_bits=4"}, false},
        {1, CLASSES, {"output.last_bits=4", "output.range=calibrated"}, false}};
    enum { WAYS = sizeof ways / sizeof *ways };
    static const size_t calibrated[WAYS] = {1, 1, 2, 2, 2};
    static float want[WAYS][SCORES];
    float got[SCORES];
    size_t calibrations = 0;
    mhoi_shelf *shelf;
    (void)state;
    for (size_t k = 0; k < WAYS; k++)
        scores_of(&ways[k], want[k]);
    assert_memory_equal(want[0], want[3], sizeof want[0]);
    must(mhoi_shelf_create(&shelf));
    mhoi_shelf *before = mhoi_shelf_use(shelf);
    mho_run_set_progress(NULL, count_calibrations, &calibrations);
    for (size_t k = 0; k < WAYS; k++) {
        scores_of(&ways[k], got);
        assert_memory_equal(got, want[k], sizeof got);
        assert_int_equal(calibrations, calibrated[k]);
    }
    mho_run_set_progress(NULL, NULL, NULL);
    mhoi_shelf_use(before);
    mhoi_shelf_destroy(shelf);
}

/* A chip that finds its calibration in a file, as the one that made it; with other converters, too, which go by the same inputs. */
static void same_from_files(void **state)
{
    static const char *const bits[] = {"output.last_bits=4", "output.last_bits=5"};
    char folder[64], command[96];
    float want[SCORES], scores[SCORES];
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/mho-decide-%ld", (long)getpid());
    for (size_t k = 0; k < 4; k++) {
        const way how = {.threads = 1, .classes = CLASSES, .set = {bits[k / 2], NULL}};
        must(mho_run_set_cache(NULL, NULL));
        scores_of(&how, want);
        must(mho_run_set_cache(NULL, folder));
        scores_of(&how, scores);
        assert_memory_equal(scores, want, sizeof want);
        assert_string_equal(mho_run_cache_note(NULL), "");
    }
    must(mho_run_set_cache(NULL, NULL));
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0); /* there is one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finer_where_decisions_are),
                                       cmocka_unit_test(the_same_with_a_shelf),
                                       cmocka_unit_test(same_from_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
