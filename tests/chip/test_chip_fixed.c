/* SPDX-License-Identifier: Apache-2.0 */
/* A network quantized to fixed point gives on ideal hardware what it gives in software, bit for bit: power-of-two and free
 * scales, one a layer and one a channel, branches, depthwise layers, averages, every order of pool and ReLU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip_nets.h"
#include "mho/infer.h"
#include "mho/onnx.h"
#include "mho/quantize.h"
#include "net/program.h"
#include "onnx/onnx_pack.h"
#include "ops/ops.h"

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

static const char *const exact[] = {"device.variation=0",
                                    "output.first_bits=0",
                                    "output.bits=0",
                                    "output.split_bits=0",
                                    "output.last_bits=0",
                                    "crossbar.rows=16",
                                    NULL};

static void hardware_equals(const mho_hw *hw, uint64_t seed, const mho_net *fixed,
                            const mho_images *images, const float *want)
{
    const size_t classes = mho_net_output_shape(fixed).c;
    float *got = calloc(IMAGES * classes, sizeof *got);
    mho_chip *chip;
    must(mho_chip_open(fixed, hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, IMAGES, got, NULL));
    for (size_t i = 0; i < IMAGES * classes; i++)
        if (got[i] != want[i])
            fail_msg("network %llu, image %zu, class %zu: hardware %.9g, software %.9g",
                     (unsigned long long)seed, i / classes, i % classes, (double)got[i],
                     (double)want[i]);
    mho_chip_destroy(chip);
    free(got);
}

/* The file tells the same network: read, it gives the same scores, and (of general operators, whose file has been read
 * before) is written as the same bytes. */
static void file_says_the_same(const mho_net *fixed, const mho_images *images, const float *want)
{
    uint8_t *bytes = NULL, *again = NULL;
    size_t size = 0, size_again = 0;
    mho_net *read = NULL, *twice = NULL;
    must(mhoi_onnx_pack(fixed, "test", &bytes, &size));
    must(mho_onnx_parse(bytes, size, "test", &read));
    float *got = software(read, images, 5);
    assert_memory_equal(got, want, IMAGES * 5 * sizeof *got);
    must(mhoi_onnx_pack(read, "test", &again, &size_again));
    must(mho_onnx_parse(again, size_again, "test", &twice));
    if (mho_net_is_general(fixed)) {
        assert_int_equal(size, size_again);
        assert_memory_equal(bytes, again, size);
    }
    mhoi_free(&bytes);
    mhoi_free(&again);
    free(got);
    mho_net_destroy(read);
    mho_net_destroy(twice);
}

static void ideal_hardware_says_what_software_says(void **state)
{
    (void)state;
    const opened hw = open_hw("cnn8", exact);
    for (uint64_t seed = 0; seed < NETS; seed++) {
        dice d = {seed * 7919 + 3};
        mho_net *net = random_net(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        mho_net *fixed = quantized(&d, net, &images);
        float *want = software(fixed, &images, mho_net_output_shape(fixed).c);
        hardware_equals(hw.hw, seed, fixed, &images, want);
        file_says_the_same(fixed, &images, want);
        free(want);
        free_images(&images);
        mho_net_destroy(fixed);
        mho_net_destroy(net);
    }
}

/* --- general operators among the layers */

/* What a general node among layers has from its program. */
typedef struct general {
    mhoi_operation op;
    mhoi_work work;
    mhoi_attr attr;
    mho_array in[2];
    size_t from[2];
    float bound[2];
} general;

static mho_array array_of(size_t c, size_t h, size_t w)
{
    return (mho_array){.type = MHO_TYPE_FLOAT, .rank = 4, .size = {1, c, h, w}, .count = c * h * w};
}

/* An operator of one output on nodes a and, if there are two, b. */
static mho_node *add_general(builder *b, general *g, const char *op, size_t inputs, mho_array in,
                             mho_array out)
{
    mho_node *node = add_node(b, MHO_OP_GENERAL, op, b->nodes - 1);
    *g = (general){
        .op = {.name = op,
               .op = op,
               .domain = "",
               .set = 13,
               .inputs = inputs,
               .outputs = 1,
               .attrs = 1,
               .attr = &g->attr,
               .row = mhoi_operator_find("", op)},
        .work = {.op = &g->op, .inputs = inputs, .in = g->in, .from = g->from, .out = out},
        .in = {in, in},
        .from = {0, 1}};
    g->attr = (mhoi_attr){.name = "axis", .kind = MHOI_ATTR_INT, .whole = 1};
    node->general = op;
    node->work = &g->work;
    node->inputs = inputs;
    return node;
}

static void add_unary(dice *d, builder *b, general *g, mho_array a)
{
    static const char *const names[] = {"Sigmoid", "Tanh", "HardSwish", "Elu", "Clip", "Clip"};
    const size_t k = roll(d, 6);
    (void)add_general(b, g, names[k], 1, a, a);
    g->op.attrs = 0;
    if (k < 4)
        return;
    /* Clip of an older operator set: bounds are attributes, and become inputs in a file */
    g->op.set = 6;
    g->op.attrs = 1;
    g->attr = (mhoi_attr){.name = "min", .kind = MHOI_ATTR_FLOAT, .real = k == 4 ? 0 : -0.5f};
}

static mho_net *general_net(dice *d, general *g)
{
    static int64_t perm[] = {0, 2, 3, 1};
    builder b = {.nodes = 0};
    size_t c = 1 + roll(d, 3), h = 6 + roll(d, 3), w = 6 + roll(d, 3);
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){c, h, w};
    if (roll(d, 4) == 0) /* of the image itself */
        add_unary(d, &b, g++, array_of(c, h, w));
    add_block(d, &b, &c, &h, &w);
    add_unary(d, &b, g++, array_of(c, h, w));
    if (roll(d, 2)) { /* a sum that is read as it is and by a layer */
        add_branch(d, &b, c);
        add_unary(d, &b, g++, array_of(c, h, w));
    }
    if (roll(d, 2)) {
        const size_t from = b.nodes - 1;
        add_conv(&b, c, 3, 1, 1, 1, false, true);
        mho_node *join = add_general(&b, g, "Concat", 2, array_of(c, h, w), array_of(2 * c, h, w));
        join->input[1] = from;
        g++;
        c *= 2;
    }
    if (roll(d, 2))
        add_some_pool(d, &b, &h, &w);
    if (roll(d, 2)) {
        (void)add_general(&b, g, "Transpose", 1, array_of(c, h, w), array_of(h, w, c));
        g->attr = (mhoi_attr){.name = "perm", .kind = MHOI_ATTR_INTS, .count = 4, .ints = perm};
        g++;
    }
    add_fc(&b, 12, false, true);
    add_unary(d, &b, g++,
              (mho_array){.type = MHO_TYPE_FLOAT, .rank = 2, .size = {1, 12}, .count = 12});
    add_fc(&b, 5, false, true);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static void general_operators_too(void **state)
{
    (void)state;
    const opened hw = open_hw("cnn8", exact);
    for (uint64_t seed = 0; seed < NETS; seed++) {
        dice d = {seed * 104729 + 11};
        general g[8];
        mho_net *net = general_net(&d, g);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        mho_net *fixed = quantized(&d, net, &images);
        assert_true(mho_net_is_general(fixed));
        float *want = software(fixed, &images, 5);
        hardware_equals(hw.hw, seed, fixed, &images, want);
        file_says_the_same(fixed, &images, want);
        free(want);
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
        cmocka_unit_test(general_operators_too),
        cmocka_unit_test(many_rows_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
