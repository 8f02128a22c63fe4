/* SPDX-License-Identifier: Apache-2.0 */
/* Full mode with ideal devices and converters equals a plain forward pass with quantized weights and
 * feature maps, bit for bit, over random networks.  The forward pass below is written for clearness, in
 * double, and finds scales by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "plain_forward.h"

enum { IMAGES = 21, NETS = 40, CODING_NETS = 2 };

/* Chains, and residual blocks, of float layers. */
static mho_net *random_full(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out =
        (mho_shape){1 + roll(d, 3), 7 + roll(d, 6), 7 + roll(d, 6)};
    size_t c = b.node[0].out.c;
    const size_t convs = 1 + roll(d, 3);
    for (size_t i = 0; i < convs; i++) {
        const size_t k = 1 + 2 * roll(d, 2), groups = c % 2 == 0 && roll(d, 2) ? 2 : 1;
        c = 2 * (1 + roll(d, 5));
        add_conv(&b, c, k, 1 + roll(d, 2) * (i == 0), k / 2, groups, false, roll(d, 2));
        if (roll(d, 2))
            add_plain(&b, MHO_OP_BATCHNORM, "bn");
        const uint32_t kind = roll(d, 4);
        if (kind)
            add_plain(&b,
                      kind == 1   ? MHO_OP_RELU
                      : kind == 2 ? MHO_OP_LEAKY_RELU
                                  : MHO_OP_SIGN,
                      "act");
        if (i == 0 && roll(d, 2))
            add_pool_node(&b, roll(d, 2) ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, 2, 2, 0);
        if (i > 0 && roll(d, 2)) { /* x + conv(x) */
            const size_t from = b.nodes - 1;
            add_conv(&b, c, 3, 1, 1, 1, false, false);
            mho_node *add = add_node(&b, MHO_OP_ADD, "add", b.nodes - 1);
            add->inputs = 2;
            add->input[1] = from;
            if (roll(d, 2))
                add_plain(&b, MHO_OP_RELU, "act");
        }
    }
    if (roll(d, 2))
        add_pool_node(&b, MHO_OP_AVGPOOL, 3, 2, 1);
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 3 + roll(d, 8), false, true);
    if (roll(d, 2))
        add_plain(&b, MHO_OP_SOFTMAX, "softmax");
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

/* A value is stored, and so quantized, at the end of a run of element-wise layers. */
static bool is_stored(const mho_net *net, size_t i)
{
    const mho_op op = net->node[i].op;
    size_t readers = 0, reader = 0;
    for (size_t j = 0; j < net->nodes; j++)
        for (size_t k = 0; k < net->node[j].inputs; k++)
            if (net->node[j].input[k] == i) {
                readers++;
                reader = j;
            }
    if (!readers || net->node[reader].op == MHO_OP_SOFTMAX)
        return false;
    const bool makes = mho_node_is_weighted(&net->node[i]) || pointwise(op) || op == MHO_OP_ADD;
    return makes && !(readers == 1 && pointwise(net->node[reader].op));
}

static float *reference(const mho_net *net, const mho_images *images, double weight_low,
                        double weight_top, size_t map_bits)
{
    float *value[64];
    double scale[64];
    float *scores = NULL;
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        const size_t n = elements(node->out), in = node->inputs ? node->input[0] : 0;
        value[i] = i ? calloc(IMAGES * n, sizeof(float)) : pixels_as_input(net, images);
        float *w = calloc(mho_node_weight_count(node) + 1, sizeof *w);
        memcpy(w, node->weight ? node->weight : w, mho_node_weight_count(node) * sizeof *w);
        cover(w, mho_node_weight_count(node), weight_low, weight_top);
        scale[i] = i ? scale[in] : (double)net->input_scale;
        for (size_t k = 0; i && k < IMAGES; k++)
            forward(node, w, value[in] + k * elements(node->in),
                    node->inputs > 1 ? value[node->input[1]] + k * n : NULL, scale[i],
                    value[i] + k * n);
        const double half = ldexp(1, (int)map_bits - 1);
        if (is_stored(net, i) && node->op == MHO_OP_RELU)
            scale[i] = cover(value[i], IMAGES * n, 0, 2 * half - 1);
        else if (is_stored(net, i))
            scale[i] = cover(value[i], IMAGES * n, -half, half - 1);
        free(w);
        if (node->op != MHO_OP_SOFTMAX)
            scores = value[i];
    }
    for (size_t i = 0; i < net->nodes; i++)
        if (value[i] != scores)
            free(value[i]);
    return scores;
}

/* Networks first..last - 1 on hw, whose weights are codes low..top. */
static void check_weights(const char *const *sets, double low, double top, uint64_t first,
                          uint64_t last)
{
    const opened hw = open_hw("cnn8", sets);
    for (uint64_t seed = first; seed < last; seed++) {
        dice d = {seed * 104729 + 5};
        mho_net *net = random_full(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float *want = reference(net, &images, low, top, hw.m.input.bits);
        float *got = calloc(IMAGES * classes, sizeof *got);
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
        mho_chip_destroy(chip);
        for (size_t i = 0; i < IMAGES * classes; i++)
            if (got[i] != want[i])
                fail_msg(
                    "%s %s %s, network %llu, image %zu, class %zu: hardware %.9g, reference %.9g",
                    sets[0], sets[1], sets[2], (unsigned long long)seed, i / classes, i % classes,
                    (double)got[i], (double)want[i]);
        free(want);
        free(got);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void check_full(const char *const *sets)
{
    const opened hw = open_hw("cnn8", sets);
    const double top = ldexp(1, (int)hw.m.device.bits) - 1;
    check_weights(sets, -top, top, 0, NETS);
}

/* Weights of 5 bits in slices of 1 to 3 bits, every coding of weights and inputs, bits at once or in parts:
 * the same integers. */
static void test_codings(void **state)
{
    (void)state;
    static const char *const weights[] = {"crossbar.weights=differential",
                                          "crossbar.weights=single"};
    static const char *const inputs[] = {"input.coding=direct", "input.coding=two_reads",
                                         "input.coding=two_rows"};
    static const char *const places[] = {"crossbar.slicing=columns", "crossbar.slicing=crossbars"};
    static const char *const cells[] = {"device.bits=1", "device.bits=2", "device.bits=3"};
    static const char *const parts[] = {"input.bits_per_read=0", "input.bits_per_read=1",
                                        "input.bits_per_read=3"};
    static const char *const offsets[] = {"crossbar.offset=column", "crossbar.offset=digital"};
    for (size_t i = 0; i < 2 * 3 * 2 * 3 * 3; i++) {
        const size_t weight = i % 2, input = i / 2 % 3, place = i / 6 % 2, cell = i / 12 % 3;
        const char *sets[] = {weights[weight],
                              inputs[input],
                              parts[i / 36],
                              places[place],
                              cells[cell],
                              offsets[i / 5 % 2],
                              "crossbar.weight_bits=5",
                              "device.variation=0",
                              "output.first_bits=0",
                              "output.bits=0",
                              "output.split_bits=0",
                              "output.last_bits=0",
                              "crossbar.rows=21",
                              "crossbar.columns=11",
                              i % 7 ? "input.bits=4" : "input.bits=8",
                              weight || i % 4 ? "output.reference=none" : "output.reference=level0",
                              NULL};
        check_weights(sets, weight && input < 2 ? -16 : -15, 15, i % NETS, i % NETS + CODING_NETS);
    }
}

/* All cells of a weight in one column: the same integers. */
static void test_merged(void **state)
{
    (void)state;
    static const char *const cells[] = {"device.bits=1", "device.bits=2", "device.bits=4"};
    static const char *const parts[] = {"input.bits_per_read=0", "input.bits_per_read=1"};
    static const char *const inputs[] = {"input.coding=direct", "input.coding=two_reads"};
    static const char *const rows[] = {"crossbar.rows=21", "crossbar.rows=128"};
    for (size_t i = 0; i < 3 * 2 * 2 * 2; i++) {
        const char *sets[] = {
            "crossbar.weights=merged",   cells[i % 3],          parts[i / 3 % 2],
            inputs[i / 6 % 2],           rows[i / 12],          "crossbar.weight_bits=5",
            "device.variation=0",        "output.first_bits=0", "output.bits=0",
            "output.split_bits=0",       "output.last_bits=0",  "crossbar.columns=11",
            "device.resolution_bits=10", "input.bits=4",        NULL};
        check_weights(sets, -15, 15, i % NETS, i % NETS + CODING_NETS);
    }
}

static void scores_of(const mho_net *net, const mho_images *images, const char *const *sets,
                      float *score)
{
    const opened hw = open_hw("cnn8", sets);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, IMAGES, score, NULL));
    mho_chip_destroy(chip);
}

/* Edges lie between the sums that can occur, so a code for every sum stands cells that miss their level a little. */
static void test_little_variation(void **state)
{
    (void)state;
    static const char *const weights[] = {"crossbar.weights=differential",
                                          "crossbar.weights=single"};
    static const char *const pers[] = {"output.per=crossbar", "output.per=pair"};
    for (size_t i = 0; i < 12; i++) {
        const char *sets[] = {weights[i % 2],
                              pers[i / 2 % 2],
                              "device.variation=0",
                              "device.bits=2",
                              "crossbar.weight_bits=5",
                              "input.bits_per_read=1",
                              "output.range=full",
                              "output.first_bits=8",
                              "output.bits=8",
                              "output.split_bits=8",
                              "output.last_bits=8",
                              "crossbar.rows=21",
                              NULL};
        dice d = {i * 7907 + 3};
        mho_net *net = random_full(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t n = IMAGES * net->node[net->nodes - 1].out.c;
        float *ideal = calloc(n, sizeof *ideal), *varied = calloc(n, sizeof *varied);
        scores_of(net, &images, sets, ideal);
        sets[2] = "device.variation=0.02";
        scores_of(net, &images, sets, varied);
        assert_memory_equal(ideal, varied, n * sizeof *ideal);
        free(ideal);
        free(varied);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void test_eight_bits(void **state)
{
    (void)state;
    const char *sets[] = {"device.variation=0",
                          "output.first_bits=0",
                          "output.bits=0",
                          "output.split_bits=0",
                          "output.last_bits=0",
                          "crossbar.rows=30",
                          NULL};
    check_full(sets);
}

static void test_few_bits(void **state)
{
    (void)state;
    const char *sets[] = {
        "device.variation=0", "output.first_bits=0", "output.bits=0", "output.split_bits=0",
        "output.last_bits=0", "device.bits=2",       "input.bits=3",  NULL};
    check_full(sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_bits),       cmocka_unit_test(test_few_bits),
        cmocka_unit_test(test_codings),          cmocka_unit_test(test_merged),
        cmocka_unit_test(test_little_variation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
