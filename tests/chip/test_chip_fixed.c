/* SPDX-License-Identifier: Apache-2.0 */
/* A network quantized to fixed point gives on ideal hardware what it gives in software, bit for bit: power-of-two and free
 * scales, one a layer and one a channel, branches, depthwise layers, averages, every order of pool and ReLU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"
#include "mho/infer.h"
#include "mho/quantize.h"

enum { IMAGES = 24, NETS = 36 };

static void add_some_pool(dice *d, builder *b, size_t *h, size_t *w)
{
    if (*h < 4 || *w < 4)
        return;
    add_pool_node(b, roll(d, 2) ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, 2, 2, 0);
    *h /= 2;
    *w /= 2;
}

/* 3 x 3 with padding 1; maybe depthwise, with batch normalization, a ReLU behind or in front of a pool. */
static void add_block(dice *d, builder *b, size_t *c, size_t *h, size_t *w)
{
    const bool depthwise = roll(d, 3) == 0, first = roll(d, 2);
    *c = depthwise ? *c : 3 + roll(d, 6);
    add_conv(b, *c, 3, 1, 1, depthwise ? *c : 1, false, roll(d, 2));
    if (roll(d, 2))
        add_plain(b, MHO_OP_BATCHNORM, "bn");
    if (first)
        add_plain(b, roll(d, 3) ? MHO_OP_RELU : MHO_OP_LEAKY_RELU, "relu");
    if (roll(d, 2))
        add_some_pool(d, b, h, w);
    if (!first)
        add_plain(b, roll(d, 3) ? MHO_OP_RELU : MHO_OP_LEAKY_RELU, "relu");
}

static void add_branch(dice *d, builder *b, size_t c)
{
    const size_t from = b->nodes - 1;
    add_conv(b, c, 3, 1, 1, 1, false, true);
    if (roll(d, 2))
        add_plain(b, MHO_OP_RELU, "relu");
    mho_node *sum = add_node(b, MHO_OP_ADD, "sum", b->nodes - 1);
    sum->inputs = 2;
    sum->input[1] = from;
    if (roll(d, 2))
        add_plain(b, MHO_OP_RELU, "relu");
}

/* x = (pixel scale - mean) / deviation, of every channel its own: drivers have signed codes of it. */
static void normalize(dice *d, mho_net *net)
{
    mho_input in;
    mho_net_get_input(net, &in);
    in.channels = net->node[0].out.c;
    for (size_t k = 0; k < in.channels; k++) {
        in.mean[k] = 0.5f + 0.1f * real(d);
        in.deviation[k] = 0.3f + 0.1f * real(d);
    }
    must(mho_net_set_input(net, &in));
}

static mho_net *random_net(dice *d)
{
    builder b = {.nodes = 0};
    size_t c = 1 + roll(d, 3), h = 6 + roll(d, 7), w = 6 + roll(d, 7);
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){c, h, w};
    if (roll(d, 4) == 0)
        add_some_pool(d, &b, &h, &w);
    for (size_t i = 0; i < 1 + roll(d, 3); i++)
        add_block(d, &b, &c, &h, &w);
    if (roll(d, 2))
        add_branch(d, &b, c);
    if (roll(d, 2))
        add_some_pool(d, &b, &h, &w);
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    if (roll(d, 2)) {
        add_fc(&b, 12, false, true);
        add_plain(&b, MHO_OP_RELU, "relu");
    }
    add_fc(&b, 5, false, roll(d, 2));
    mho_net *net = finish(&b);
    randomize(d, net);
    net->input_scale = roll(d, 2) ? 1.0f / 256 : 1.0f / 255;
    if (roll(d, 3) == 0)
        normalize(d, net);
    return net;
}

static mho_net *quantized(dice *d, const mho_net *net, const mho_images *images)
{
    mho_fixed_options o;
    mho_net *out = NULL;
    must(mho_fields_preset(&mho_fixed_fields, &o, NULL));
    o.bits = 3 + roll(d, 6);
    o.scales = (int)roll(d, 3);
    o.weights_rule = (int)roll(d, 4);
    o.maps_rule = (int)roll(d, 4);
    o.equalize = (int)roll(d, 3);
    must(mho_fixed_quantize(net, images, &o, &out, NULL));
    return out;
}

static float *input_of(const mho_net *net, const mho_images *images)
{
    const mho_shape s = images->shape;
    const size_t n = images->count * s.c * s.h * s.w;
    float *x = calloc(n, sizeof *x);
    mho_input in;
    mho_net_get_input(net, &in);
    for (size_t i = 0; i < n; i++)
        x[i] = mho_input_value(&in, i / (s.h * s.w) % s.c, images->pixel[i]);
    return x;
}

static float *software(const mho_net *net, const mho_images *images, size_t classes)
{
    float *input = input_of(net, images), *scores = calloc(IMAGES * classes, sizeof *scores);
    mho_infer *infer;
    must(mho_infer_create(net, IMAGES, &infer));
    must(mho_infer_run(infer, IMAGES, input, scores));
    mho_infer_destroy(infer);
    free(input);
    return scores;
}

static void ideal_hardware_says_what_software_says(void **state)
{
    (void)state;
    const char *const sets[] = {"device.variation=0",
                                "output.first_bits=0",
                                "output.bits=0",
                                "output.split_bits=0",
                                "output.last_bits=0",
                                "crossbar.rows=16",
                                NULL};
    const opened hw = open_hw("cnn8", sets);
    for (uint64_t seed = 0; seed < NETS; seed++) {
        dice d = {seed * 7919 + 3};
        mho_net *net = random_net(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        mho_net *fixed = quantized(&d, net, &images);
        const size_t classes = fixed->node[fixed->nodes - 1].out.c;
        float *want = software(fixed, &images, classes);
        float *got = calloc(IMAGES * classes, sizeof *got);
        mho_chip *chip;
        must(mho_chip_open(fixed, hw.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
        for (size_t i = 0; i < IMAGES * classes; i++)
            if (got[i] != want[i])
                fail_msg("network %llu, image %zu, class %zu: hardware %.9g, software %.9g",
                         (unsigned long long)seed, i / classes, i % classes, (double)got[i],
                         (double)want[i]);
        mho_chip_destroy(chip);
        free(want);
        free(got);
        free_images(&images);
        mho_net_destroy(fixed);
        mho_net_destroy(net);
    }
}

/* More rows than sums of 24 bits hold: software adds them in parts. */
static void many_rows_are_exact(void **state)
{
    (void)state;
    const char *const sets[] = {"device.variation=0",  "output.first_bits=0", "output.bits=0",
                                "output.split_bits=0", "output.last_bits=0",  NULL};
    const opened hw = open_hw("cnn8", sets);
    builder b = {.nodes = 0};
    dice d = {17};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){7, 30, 30};
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 6, false, true);
    mho_net *net = finish(&b), *fixed = NULL;
    for (size_t k = 0; k < mho_node_weight_count(&net->node[2]); k++)
        net->node[2].weight[k] = (roll(&d, 20) < 11 ? 1 : -1) * (1 - 0.01f * (float)roll(&d, 3));
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    memset(images.pixel, 255, IMAGES * 6300 / 2);
    mho_fixed_options o;
    must(mho_fields_preset(&mho_fixed_fields, &o, NULL));
    must(mho_fixed_quantize(net, &images, &o, &fixed, NULL));
    float *want = software(fixed, &images, 6), *got = calloc(IMAGES * 6, sizeof *got);
    mho_chip *chip;
    must(mho_chip_open(fixed, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
    for (size_t i = 0; i < IMAGES * 6; i++)
        if (got[i] != want[i])
            fail_msg("score %zu: hardware %.9g, software %.9g", i, (double)got[i], (double)want[i]);
    mho_chip_destroy(chip);
    free(want);
    free(got);
    free_images(&images);
    mho_net_destroy(fixed);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ideal_hardware_says_what_software_says),
        cmocka_unit_test(many_rows_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
