/* SPDX-License-Identifier: Apache-2.0 */
/* A pool that reads the image hands on codes, scale and exponent of the image: a network behind it computes, bit for
 * bit, what it computes on images that were pooled before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"

enum { IMAGES = 24, SIDE = 8, CHANNELS = 2, CLASSES = 5 };

typedef enum body { MLP, CONVOLUTION, BODIES } body;

typedef struct front {
    mho_op pool; /* MHO_OP_INPUT: none */
    size_t kernel;
} front;

/* The same weights whatever stands in front. */
static mho_net *network(front f, size_t side, body kind, bool binary)
{
    builder b = {.nodes = 0};
    dice d = {97};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){CHANNELS, side, side};
    if (f.pool != MHO_OP_INPUT)
        add_pool_node(&b, f.pool, f.kernel, f.kernel, 0);
    if (kind == CONVOLUTION) {
        add_conv(&b, 6, 3, 1, 1, 1, binary, !binary);
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    }
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 17, binary, !binary);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    add_fc(&b, CLASSES, binary, !binary);
    mho_net *net = finish(&b);
    randomize(&d, net);
    return net;
}

static void run(const mho_net *net, const mho_hw *hw, const mho_images *images, float *scores)
{
    mho_chip *chip;
    must(mho_chip_open(net, hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, images->count, scores, NULL));
    mho_chip_destroy(chip);
}

static uint8_t pooled_pixel(const uint8_t *plane, front f, size_t y, size_t x)
{
    size_t largest = 0, sum = 0;
    for (size_t i = 0; i < f.kernel * f.kernel; i++) {
        const size_t v = plane[(y * f.kernel + i / f.kernel) * SIDE + x * f.kernel + i % f.kernel];
        largest = v > largest ? v : largest;
        sum += v;
    }
    const size_t n = f.kernel * f.kernel;
    return (uint8_t)(f.pool == MHO_OP_MAXPOOL ? largest : (2 * sum + n) / (2 * n));
}

/* Means are rounded with halves away from zero. */
static mho_images pool_images(const mho_images *from, front f)
{
    dice d = {1};
    const size_t side = SIDE / f.kernel;
    mho_images to = random_images(&d, (mho_shape){CHANNELS, side, side}, IMAGES);
    for (size_t p = 0; p < IMAGES * CHANNELS; p++)
        for (size_t i = 0; i < side * side; i++)
            to.pixel[p * side * side + i] =
                pooled_pixel(from->pixel + p * SIDE * SIDE, f, i / side, i % side);
    return to;
}

static void check(const mho_hw *hw, front f, body kind, bool binary)
{
    dice d = {5};
    float want[IMAGES * CLASSES], got[IMAGES * CLASSES];
    mho_images images = random_images(&d, (mho_shape){CHANNELS, SIDE, SIDE}, IMAGES);
    mho_images small = pool_images(&images, f);
    mho_net *with = network(f, SIDE, kind, binary);
    mho_net *without = network((front){MHO_OP_INPUT, 1}, SIDE / f.kernel, kind, binary);
    run(with, hw, &images, got);
    run(without, hw, &small, want);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        if (got[i] != want[i])
            fail_msg("%s %zu, body %d, image %zu, class %zu: %.9g behind the pool, %.9g of pooled "
                     "images",
                     mho_op_name(f.pool), f.kernel, (int)kind, i / CLASSES, i % CLASSES,
                     (double)got[i], (double)want[i]);
    mho_net_destroy(with);
    mho_net_destroy(without);
    free_images(&images);
    free_images(&small);
}

static void check_all(const char *name, const char *const *sets, bool binary)
{
    static const front fronts[] = {
        {MHO_OP_MAXPOOL, 1}, {MHO_OP_AVGPOOL, 1}, {MHO_OP_MAXPOOL, 2}, {MHO_OP_AVGPOOL, 2}};
    const opened hw = open_hw(name, sets);
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
        for (int kind = 0; kind < BODIES; kind++)
            check(hw.hw, fronts[i], (body)kind, binary);
}

static void test_full(void **state)
{
    (void)state;
    check_all("cnn8", (const char *[]){"device.variation=0", NULL}, false);
}

static void test_exact_maps(void **state)
{
    (void)state;
    check_all("cnn8",
              (const char *[]){"device.variation=0", "quant.map_rule=cover", "output.first_bits=0",
                               "output.bits=0", "output.split_bits=0", "output.last_bits=0", NULL},
              false);
}

static void test_binary(void **state)
{
    (void)state;
    check_all("bcnn", (const char *[]){"device.variation=0", NULL}, true);
}

static void test_mixed(void **state)
{
    (void)state;
    check_all("cnn8", (const char *[]){"device.variation=0", "crossbar.mode=mixed", NULL}, false);
    check_all("cnn8", (const char *[]){"device.variation=0", "crossbar.mode=mixed", NULL}, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_exact_maps),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
