/* SPDX-License-Identifier: Apache-2.0 */
/* Layers so long that sums over their row groups pass 32 bits: the scores of software, in every coding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "mho/infer.h"

enum { IMAGES = 3, OUTPUTS = 4, MORE = 16 };

/* Weights at the top: up, down, up and then down, and up with one code less here and there. */
static void set_weights(mho_node *node)
{
    const size_t rows = mho_node_weight_count(node) / node->out.c;
    const float less = node->alphabet == MHO_ALPHABET_BINARY ? 1 : 14.0F / 16,
                top = less == 1 ? 1 : 15.0F / 16;
    for (size_t c = 0; c < node->out.c; c++)
        for (size_t r = 0; r < rows; r++) {
            const float sign = c % 4 == 1 || (c % 4 == 2 && r > rows / 2) ? -1 : 1;
            node->weight[c * rows + r] = sign * (c % 4 == 3 && r % 3 == 0 ? less : top);
        }
}

static mho_net *long_net(bool binary, const char *blocks)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){64, 10, 10};
    add_fc(&b, binary ? 40 : OUTPUTS, binary, false);
    if (binary) {
        add_plain(&b, MHO_OP_BATCHNORM, "norm");
        add_plain(&b, MHO_OP_SIGN, "sign");
        add_fc(&b, OUTPUTS, true, false);
    }
    mho_net *net = finish(&b);
    set_weights(&net->node[1]);
    if (binary) {
        mho_node *norm = &net->node[2];
        dice d = {7};
        randomize(&d, net);
        set_weights(&net->node[1]);
        for (size_t c = 0; c < norm->out.c; c++) {
            norm->gamma[c] = roll(&d, 2) ? 1 : -1;
            norm->beta[c] = 0;
            norm->variance[c] = 1;
            norm->mean[c] = (c % 4 == 1   ? -1
                             : c % 4 == 2 ? 0
                                          : 1) *
                            (6340.0F + (float)roll(&d, 30));
        }
    }
    if (blocks)
        must(mho_net_set_blocks(net, blocks));
    return net;
}

static mho_images bright_images(dice *d)
{
    mho_images images = random_images(d, (mho_shape){64, 10, 10}, IMAGES);
    for (size_t i = 0; i < (size_t)IMAGES * 6400; i++)
        images.pixel[i] = (uint8_t)(255 - roll(d, 3));
    return images;
}

static void software(const mho_net *net, const mho_images *images, double *scores)
{
    const size_t rows = mho_node_weight_count(&net->node[1]) / net->node[1].out.c;
    mho_infer *infer;
    if (net->nodes == 2) { /* float loses digits of such sums */
        for (size_t i = 0; i < IMAGES * OUTPUTS; i++) {
            scores[i] = 0;
            for (size_t r = 0; r < rows; r++)
                scores[i] += (double)net->node[1].weight[i % OUTPUTS * rows + r] *
                             images->pixel[i / OUTPUTS * rows + r] * net->input_scale;
        }
        return;
    }
    float *input = pixels_as_input(net, images), y[IMAGES * OUTPUTS];
    must(mho_infer_create(net, IMAGES, &infer));
    must(mho_infer_run(infer, IMAGES, input, y));
    mho_infer_destroy(infer);
    free(input);
    for (size_t i = 0; i < IMAGES * OUTPUTS; i++)
        scores[i] = (double)y[i];
}

/* The scores of software, but for a part `miss` of them. */
static void check(const char *name, const char *blocks, double miss, const char *const *more)
{
    const char *sets[MORE] = {"output.first_bits=0", "output.bits=0", "output.split_bits=0",
                              "output.last_bits=0"};
    for (size_t i = 0; more[i]; i++)
        sets[4 + i] = more[i];
    const opened hw = open_hw(name, sets);
    dice d = {3};
    mho_net *net = long_net(!strcmp(name, "bcnn"), blocks);
    const mho_images images = bright_images(&d);
    double want[IMAGES * OUTPUTS];
    float got[IMAGES * OUTPUTS];
    mho_chip *chip;
    software(net, &images, want);
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
    mho_chip_destroy(chip);
    for (size_t i = 0; i < IMAGES * OUTPUTS; i++)
        if (!(fabs((double)got[i] - want[i]) <= miss * 6000 + fabs(want[i]) * 1e-7))
            fail_msg("%s %s %s %s, score %zu: %.9g, want %.9g", name, more[0], more[1], more[2], i,
                     (double)got[i], want[i]);
    mho_net_destroy(net);
    free(images.pixel);
    free(images.label);
}

static void test_codings(void **state)
{
    static const char *const weights[][2] = {
        {"crossbar.weights=differential", "output.per=crossbar"},
        {"crossbar.weights=differential", "output.per=pair"},
        {"crossbar.weights=single", "crossbar.offset=column"},
        {"crossbar.weights=single", "crossbar.offset=digital"},
    };
    static const char *const slices[][2] = {{"device.bits=5", "crossbar.weight_bits=0"},
                                            {"device.bits=3", "crossbar.weight_bits=7"}};
    static const char *const inputs[] = {"input.coding=direct", "input.coding=two_rows"};
    (void)state;
    for (size_t w = 0; w < 4; w++)
        for (size_t s = 0; s < 2; s++)
            for (size_t i = 0; i < 2; i++) {
                const char *more[] = {weights[w][0], weights[w][1], slices[s][0],
                                      slices[s][1],  inputs[i],     "device.variation=0",
                                      NULL};
                check("cnn8", NULL, 0, more);
            }
}

static void test_merged(void **state)
{
    const char *more[] = {"crossbar.weights=merged", "device.bits=3",
                          "crossbar.weight_bits=6",  "device.resolution_bits=10",
                          "device.variation=0",      NULL};
    (void)state;
    check("cnn8", NULL, 0, more);
}

static void test_turned(void **state)
{
    const char *more[] = {"crossbar.circulant=turned", "crossbar.weight_bits=6", "device.bits=5",
                          "device.variation=0", NULL};
    (void)state;
    check("cnn8", "fc:2", 0, more);
}

static void test_wires_and_noise(void **state)
{
    const char *wires[] = {"wires.r_col=0.001", "device.variation=0", "device.bits=5", NULL};
    const char *noise[] = {"device.read_noise=0.01", "device.variation=0.05", "device.bits=5",
                           NULL};
    (void)state;
    check("cnn8", NULL, 0.02, wires);
    check("cnn8", NULL, 0.02, noise);
}

static void test_bits(void **state)
{
    const char *more[] = {"device.variation=0", "crossbar.rows=128", "device.bits=1", NULL};
    const char *read_back[] = {"device.variation=0", "output.column_sum=read_back", "device.bits=1",
                               NULL};
    (void)state;
    check("bcnn", NULL, 0, more);
    check("bcnn", NULL, 0, read_back);
}

static void run_trial(mho_chip *chip, const mho_images *images, uint32_t trial, float *scores)
{
    must(mho_chip_program(chip, 1, trial));
    must(mho_chip_run(chip, images, 0, IMAGES, scores, NULL));
}

/* At the boundary some programmings of a chip pass 32 bits and some do not: what runs before them leave behind is none of
 * their business. */
static void test_one_programming_after_the_other(void **state)
{
    enum { TRIALS = 8, ROWS = 2193 }; /* x 30 x 128 x 255 is just below 2^31 */
    const char *sets[] = {"output.first_bits=0",
                          "output.bits=0",
                          "output.split_bits=0",
                          "output.last_bits=0",
                          "device.bits=5",
                          "output.per=pair",
                          NULL};
    const opened hw = open_hw("cnn8", sets);
    builder b = {.nodes = 0};
    dice d = {3};
    size_t wide = 0;
    (void)state;
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){ROWS, 1, 1};
    add_fc(&b, 1, false, false);
    mho_net *net = finish(&b);
    set_weights(&net->node[1]);
    mho_images images = random_images(&d, (mho_shape){ROWS, 1, 1}, IMAGES);
    memset(images.pixel, 255, (size_t)IMAGES * ROWS);
    mho_chip *kept;
    must(mho_chip_open(net, hw.hw, &images, &kept));
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        float got[IMAGES], want[IMAGES];
        mho_chip *fresh;
        run_trial(kept, &images, trial, got);
        must(mho_chip_open(net, hw.hw, &images, &fresh));
        run_trial(fresh, &images, trial, want);
        assert_memory_equal(got, want, sizeof got);
        wide += kept->layer[0].part < kept->layer[0].place->row_groups;
        mho_chip_destroy(fresh);
    }
    assert_in_range(wide, 1, TRIALS - 1);
    mho_chip_destroy(kept);
    mho_net_destroy(net);
    free(images.pixel);
    free(images.label);
}

/* A code for every sum that could be: beyond 32 bits there is none. */
static void test_full_range(void **state)
{
    const char *sets[] = {"output.range=full", "crossbar.rows=4096", "device.resolution_bits=14",
                          NULL};
    const char *fewer[] = {"output.range=full", "crossbar.rows=4096", "device.resolution_bits=14",
                           "crossbar.active_rows=512", NULL};
    mho_net *net = long_net(false, NULL);
    dice d = {3};
    const mho_images images = bright_images(&d);
    mho_chip *chip;
    (void)state;
    assert_int_equal(mho_chip_open(net, open_hw("cnn8", sets).hw, &images, &chip), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "layer fc1: output.range full would cover"));
    must(mho_chip_open(net, open_hw("cnn8", fewer).hw, &images, &chip));
    mho_chip_destroy(chip);
    mho_net_destroy(net);
    free(images.pixel);
    free(images.label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_turned),
        cmocka_unit_test(test_wires_and_noise),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_full_range),
        cmocka_unit_test(test_one_programming_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
