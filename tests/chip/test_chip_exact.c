/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference with ideal devices and lossless converters equals software inference bit for bit,
 * over random networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"
#include "mho/infer.h"

enum { IMAGES = 37, NETS = 40 };

static float *software(const mho_net *net, const mho_images *images, size_t classes)
{
    float *input = pixels_as_input(net, images),
          *scores = calloc(images->count * classes, sizeof *scores);
    mho_infer *infer;
    must(mho_infer_create(net, images->count, &infer));
    must(mho_infer_run(infer, images->count, input, scores));
    mho_infer_destroy(infer);
    free(input);
    return scores;
}

static float *hardware(const mho_net *net, const mho_hw *hw, const mho_images *images,
                       size_t classes)
{
    float *scores = calloc(images->count * classes, sizeof *scores);
    mho_chip *chip;
    must(mho_chip_create(net, hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, images->count, scores, NULL));
    mho_chip_destroy(chip);
    return scores;
}

/* Networks 0..NETS-1 on hw give the scores of software. */
static void check_binary(const char *const *sets)
{
    const mho_hw hw = open_hw("bcnn", sets);
    for (uint64_t seed = 0; seed < NETS; seed++) {
        dice d = {seed * 7919 + 1};
        mho_net *net = random_binary(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float *want = software(net, &images, classes), *got = hardware(net, &hw, &images, classes);
        for (size_t i = 0; i < IMAGES * classes; i++)
            if (got[i] != want[i])
                fail_msg("network %llu, image %zu, class %zu: hardware %.9g, software %.9g",
                         (unsigned long long)seed, i / classes, i % classes, (double)got[i],
                         (double)want[i]);
        free(want);
        free(got);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void test_ideal_converters(void **state)
{
    (void)state;
    const char *sets[] = {"device.variation=0",
                          "output.first_bits=0",
                          "output.bits=0",
                          "output.split_bits=0",
                          "output.last_bits=0",
                          "crossbar.rows=16",
                          NULL};
    check_binary(sets);
}

static void test_sense_amplifiers(void **state)
{
    (void)state;
    const char *sets[] = {"device.variation=0",
                          "output.first_bits=0",
                          "output.bits=1",
                          "output.last_bits=0",
                          "crossbar.rows=4096",
                          "device.bits=3",
                          NULL};
    check_binary(sets);
}

/* Enough codes for every sum: over the full range, one converter per crossbar or per pair. */
static void test_lossless_full(void **state)
{
    (void)state;
    const char *per_crossbar[] = {"device.variation=0",  "output.first_bits=16",
                                  "output.bits=16",      "output.split_bits=16",
                                  "output.last_bits=16", "output.range=full",
                                  "output.per=crossbar", "crossbar.rows=20",
                                  "device.bits=1",       NULL};
    check_binary(per_crossbar);
    const char *per_pair[] = {"device.variation=0",   "output.first_bits=16",
                              "output.bits=16",       "output.split_bits=16",
                              "output.last_bits=16",  "output.range=full",
                              "output.per=pair",      "crossbar.rows=20",
                              "output.aligned=false", NULL};
    check_binary(per_pair);
}

/* The range calibrated on the very images that are run holds every sum. */
static void test_lossless_calibrated(void **state)
{
    (void)state;
    const char *sets[] = {"device.variation=0",  "output.first_bits=16",
                          "output.bits=12",      "output.split_bits=12",
                          "output.last_bits=12", "output.range=calibrated",
                          "output.per=pair",     "output.percentile=100",
                          "crossbar.rows=24",    NULL};
    check_binary(sets);
    sets[6] = "output.per=crossbar";
    check_binary(sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ideal_converters),
        cmocka_unit_test(test_sense_amplifiers),
        cmocka_unit_test(test_lossless_full),
        cmocka_unit_test(test_lossless_calibrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
