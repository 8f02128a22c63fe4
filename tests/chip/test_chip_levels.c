/* SPDX-License-Identifier: Apache-2.0 */
/* Levels at the ends of the range and of measured tables on a chip: exact where they are equally spaced; else
 * against the sums over what the nearest levels conduct, in siemens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "own_folder.h"
#include "plain_forward.h"

enum { IMAGES = 13, NETS = 4, INPUTS = 30, CLASSES = 5 };

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
    must(mho_chip_open(net, hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, images->count, scores, NULL));
    mho_chip_destroy(chip);
    return scores;
}

static void check_exact(const char *const *sets)
{
    const opened hw = open_hw("bcnn", sets);
    for (uint64_t seed = 0; seed < NETS; seed++) {
        dice d = {seed * 7919 + 11};
        mho_net *net = random_binary(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float *want = software(net, &images, classes),
              *got = hardware(net, hw.hw, &images, classes);
        for (size_t i = 0; i < IMAGES * classes; i++)
            if (got[i] != want[i])
                fail_msg("%s %s %s, network %llu: hardware %.9g, software %.9g", sets[0], sets[1],
                         sets[2], (unsigned long long)seed, (double)got[i], (double)want[i]);
        free(want);
        free(got);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void write_table(const double *mean_uS, size_t levels)
{
    char text[1024] = "level, mean, deviation\n";
    size_t n = strlen(text);
    for (size_t k = 0; k < levels; k++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%zu, %.9g, 0\n", k, mean_uS[k] * 1e-6);
    must(mhoi_file_write("levels_of_chip.csv", text, n));
}

/* All codings; ideal, lossless and 1-bit converters. */
static void equally_spaced_levels_are_exact(void **state)
{
    (void)state;
    static const double ends[] = {1, 100}, inside[] = {20, 37, 54, 71};
    static const char *const levels[][2] = {{"device.levels=ends", "device.bits=1"},
                                            {"device.levels=ends", "device.bits=3"},
                                            {"device.table=levels_of_chip.csv", "device.bits=1"},
                                            {"device.table=levels_of_chip.csv", "device.bits=2"}};
    static const char *const weights[] = {"crossbar.weights=differential",
                                          "crossbar.weights=single"};
    static const char *const inputs[] = {"input.coding=direct", "input.coding=two_rows"};
    static const char *const outputs[][5] = {
        {"output.first_bits=0", "output.bits=0", "output.split_bits=0", "output.last_bits=0",
         "output.range=full"},
        {"output.first_bits=16", "output.bits=1", "output.split_bits=16", "output.last_bits=16",
         "output.range=full"}};
    for (size_t l = 0; l < 4; l++)
        for (size_t w = 0; w < 2; w++)
            for (size_t i = 0; i < 2; i++)
                for (size_t o = 0; o < 2; o++) {
                    write_table(l == 2 ? ends : inside, l == 2 ? 2 : 4);
                    const char *sets[] = {levels[l][0],  weights[w],           inputs[i],
                                          levels[l][1],  "device.variation=0", outputs[o][0],
                                          outputs[o][1], outputs[o][2],        outputs[o][3],
                                          outputs[o][4], "crossbar.rows=40",   NULL};
                    check_exact(sets);
                }
}

static mho_net *one_layer(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){INPUTS, 1, 1};
    add_fc(&b, CLASSES, false, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static double nearest(const double *mean, size_t levels, double want)
{
    double best = mean[0];
    for (size_t k = 1; k < levels; k++)
        if (fabs(mean[k] - want) < fabs(best - want))
            best = mean[k];
    return best;
}

/* Real weights on levels that are not equally spaced: each of a pair conducts what its nearest level does. */
static void other_levels_are_the_nearest(void **state)
{
    (void)state;
    static const double mean[] = {4, 6, 13, 24, 52, 55, 80, 99};
    static const char *const sets[] = {"device.bits=3",
                                       "device.table=levels_of_chip.csv",
                                       "output.first_bits=0",
                                       "output.bits=0",
                                       "output.split_bits=0",
                                       "output.last_bits=0",
                                       NULL};
    write_table(mean, 8);
    const opened hw = open_hw("cnn8", sets);
    dice d = {5};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    float *got = hardware(net, hw.hw, &images, CLASSES);
    float w[CLASSES * INPUTS];
    memcpy(w, net->node[1].weight, sizeof w);
    const double scale = cover(w, CLASSES * INPUTS, -7, 7);
    const double step = (mean[7] - mean[0]) / 7;
    bool changed = false;
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t c = 0; c < CLASSES; c++) {
            double want = 0, equal = 0, rows = 0;
            for (size_t r = 0; r < INPUTS; r++) {
                const double m = (double)w[c * INPUTS + r] / scale;
                const double g = nearest(mean, 8, mean[0] + fabs(m) * step) - mean[0];
                const double x = images.pixel[i * INPUTS + r] / 256.0;
                want += (m < 0 ? -g : g) / step * scale * x;
                equal += m * scale * x;
                rows += x;
            }
            changed = changed || fabs(want - equal) > 0.05;
            const double near = rows * scale / 150; /* a whole number of 1/584 of a level a cell */
            if (fabs((double)got[i * CLASSES + c] - want) > near)
                fail_msg("image %zu, class %zu: %.9g, want %.9g +- %g", i, c,
                         (double)got[i * CLASSES + c], want, near);
        }
    assert_true(changed);
    free(got);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equally_spaced_levels_are_exact),
        cmocka_unit_test(other_levels_are_the_nearest),
    };
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
