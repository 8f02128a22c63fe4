/* SPDX-License-Identifier: Apache-2.0 */
/* What a sign is of 0: software says what the layer says; a crossbar compares, and 0 falls on the side of -1 unless the
 * layer says +1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"
#include "mho/infer.h"

/* s = sign((x0 - x1, x0 + x1)), scores (s0 + s1, s1 - s0). */
static mho_net *network(float of_zero)
{
    static const float first[] = {1, -1, 1, 1}, second[] = {1, 1, -1, 1};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){2, 1, 1};
    add_fc(&b, 2, true, false);
    add_plain(&b, MHO_OP_SIGN, "sign");
    b.node[b.nodes - 1].sign_zero = of_zero;
    add_fc(&b, 2, true, false);
    mho_net *net = finish(&b);
    memcpy(net->node[1].weight, first, sizeof first);
    memcpy(net->node[3].weight, second, sizeof second);
    return net;
}

static void check(float of_zero, const float *software, const float *hardware)
{
    dice d = {1};
    mho_images images = random_images(&d, (mho_shape){2, 1, 1}, 4);
    memset(images.pixel, 7, 8); /* x0 = x1: the first sum is 0 */
    mho_net *net = network(of_zero);
    const opened hw = open_hw("bcnn", (const char *[]){"device.variation=0", NULL});
    const float x[2] = {7.0f / 256, 7.0f / 256};
    float soft[2], hard[8];
    mho_infer *infer;
    mho_chip *chip;
    must(mho_infer_create(net, 1, &infer));
    must(mho_infer_run(infer, 1, x, soft));
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, 4, hard, NULL));
    for (size_t k = 0; k < 2; k++)
        if (soft[k] != software[k] || hard[k] != hardware[k])
            fail_msg("sign(0) = %g, score %zu: software %g, want %g; hardware %g, want %g",
                     (double)of_zero, k, (double)soft[k], (double)software[k], (double)hard[k],
                     (double)hardware[k]);
    mho_chip_destroy(chip);
    mho_infer_destroy(infer);
    mho_net_destroy(net);
    free_images(&images);
}

static void zero_falls_where_the_layer_says(void **state)
{
    (void)state;
    check(-1, (const float[]){0, 2}, (const float[]){0, 2});
    check(0, (const float[]){1, 1}, (const float[]){0, 2});
    check(1, (const float[]){2, 0}, (const float[]){2, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zero_falls_where_the_layer_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
