/* SPDX-License-Identifier: Apache-2.0 */
/* Column sums read back: with them z = sum w^ x for x = +-1, an odd function of the bits, however far the
 * programmed cells are from the ideal ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"
#include "mho/run.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10 };

/* fc 41 - sign - fc 31 - sign - fc 10; odd numbers of bits, so no sum is 0.  The first layer tells an
 * image of the checkerboard from its complement with a margin that no cell's error bridges. */
static mho_net *odd_net(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, SIDE, SIDE};
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 41, true, false);
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_fc(&b, 31, true, false);
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_fc(&b, CLASSES, true, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    float *w = net->node[2].weight;
    for (size_t c = 0; c < 41; c++) {
        const float sign = roll(d, 2) ? 1.0f : -1.0f;
        for (size_t i = 0; i < PIXELS; i++)
            w[c * PIXELS + i] = i % 2 ? sign : -sign;
    }
    return net;
}

/* Largest |score of the image + score of its complement|. */
static double asymmetry(const mho_net *net, const char *column_sum, const char *rows,
                        uint32_t trial)
{
    const char *const sets[] = {"device.bits=1",
                                "output.first_bits=0",
                                "output.bits=0",
                                "output.split_bits=0",
                                "output.last_bits=0",
                                column_sum,
                                rows,
                                NULL};
    uint8_t pixel[2 * PIXELS];
    uint16_t label[2] = {0};
    const mho_images images = {
        .shape = {1, SIDE, SIDE}, .count = 2, .pixel = pixel, .label = label, .classes = CLASSES};
    const opened hw = open_hw("bcnn", sets);
    float scores[2 * CLASSES];
    double largest = 0;
    mho_chip *chip;
    for (size_t i = 0; i < PIXELS; i++)
        pixel[PIXELS + i] = (uint8_t)(255 - (pixel[i] = i % 2 ? 255 : 0));
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 5, trial));
    must(mho_chip_run(chip, &images, 0, 2, scores, NULL));
    mho_chip_destroy(chip);
    for (size_t k = 0; k < CLASSES; k++)
        largest = fmax(largest, fabs((double)scores[k] + (double)scores[CLASSES + k]));
    return largest;
}

static void test_odd(void **state)
{
    (void)state;
    dice d = {11};
    double least = INFINITY;
    for (uint32_t t = 0; t < 8; t++) {
        mho_net *net = odd_net(&d);
        const char *rows = t % 2 ? "crossbar.rows=16" : "crossbar.rows=128";
        const double read = asymmetry(net, "output.column_sum=read_back", rows, t);
        const double ideal = asymmetry(net, "output.column_sum=weights", rows, t);
        if (read > 1e-5)
            fail_msg("programming %u, %s: scores of an image and its complement add up to %g", t,
                     rows, read);
        least = ideal < least ? ideal : least;
        mho_net_destroy(net);
    }
    if (least < 0.1) /* the errors of 1-bit cells must show without reading back */
        fail_msg("sums of the ideal weights: asymmetry %g, want above 0.1", least);
}

/* Ideal devices have nothing to read back: strides, padding, groups, converters. */
static void test_ideal(void **state)
{
    (void)state;
    static const char *const bits[] = {"output.split_bits=0", "output.split_bits=6"};
    dice d = {12};
    for (size_t i = 0; i < 30; i++) {
        mho_net *net = random_binary(&d);
        mho_images images = random_images(&d, net->node[0].out, 8);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float score[2][8 * 16];
        for (int read = 0; read < 2; read++) {
            const char *const sets[] = {
                "device.variation=0", "crossbar.rows=32", bits[i % 2],
                read ? "output.column_sum=read_back" : "output.column_sum=weights", NULL};
            const opened hw = open_hw("bcnn", sets);
            mho_chip *chip;
            must(mho_chip_open(net, hw.hw, &images, &chip));
            must(mho_chip_program(chip, 1, 0));
            must(mho_chip_run(chip, &images, 0, 8, score[read], NULL));
            mho_chip_destroy(chip);
        }
        for (size_t k = 0; k < 8 * classes; k++)
            if (score[0][k] != score[1][k])
                fail_msg("network %zu: score %g, read back %g", i, (double)score[0][k],
                         (double)score[1][k]);
        free_images(&images);
        mho_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_odd), cmocka_unit_test(test_ideal)};
    must(mho_cpu_init());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
