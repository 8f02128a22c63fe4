/* SPDX-License-Identifier: Apache-2.0 */
/* Networks whose layers differ, on ideal devices and converters, equal a plain forward pass bit for bit: every
 * alphabet before and after every coding of feature maps, thresholds and sense amplifiers among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mixed_nets.h"
#include "plain_forward.h"

enum { IMAGES = 9, NETS = 60 };

static size_t readers_of(const mho_net *net, size_t i, size_t *reader)
{
    size_t n = 0;
    for (size_t j = 0; j < net->nodes; j++)
        for (size_t k = 0; k < net->node[j].inputs; k++)
            if (net->node[j].input[k] == i) {
                *reader = j;
                n++;
            }
    return n;
}

/* Nodes between a weighted layer and the sign or step that a threshold takes the place of. */
static void find_compared(const mho_net *net, bool *compared)
{
    for (size_t i = 0; i < net->nodes; i++) {
        size_t j = i, next = 0;
        if (!mho_node_is_weighted(&net->node[i]) && net->node[i].op != MHO_OP_ADD)
            continue;
        while (readers_of(net, j, &next) == 1 &&
               (pointwise(net->node[next].op) || net->node[next].op == MHO_OP_MAXPOOL) &&
               net->node[j].op != MHO_OP_SIGN && net->node[j].op != MHO_OP_STEP)
            j = next;
        const bool found = net->node[j].op == MHO_OP_SIGN || net->node[j].op == MHO_OP_STEP;
        for (size_t k = i; found && k < j; k = next) {
            compared[k] = true;
            assert_int_equal(readers_of(net, k, &next), 1);
        }
    }
}

/* Is the value held in codes of 8 bits? */
static bool is_coded(const mho_net *net, const bool *compared, size_t i)
{
    const mho_node *node = &net->node[i];
    size_t next = 0;
    const size_t readers = readers_of(net, i, &next);
    const bool makes = mho_node_is_weighted(node) || pointwise(node->op) || node->op == MHO_OP_ADD;
    return readers && makes && !compared[i] && node->op != MHO_OP_SIGN && node->op != MHO_OP_STEP &&
           !(readers == 1 && pointwise(net->node[next].op));
}

static float *reference(const mho_net *net, const mho_images *images, double low, double top)
{
    float *value[64];
    double scale[64];
    bool compared[64] = {false};
    find_compared(net, compared);
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *node = &net->node[i];
        const size_t n = elements(node->out), in = node->inputs ? node->input[0] : 0;
        const size_t weights = mho_node_weight_count(node);
        value[i] = i ? calloc(IMAGES * n, sizeof(float)) : pixels_as_input(net, images);
        float *w = calloc(weights + 1, sizeof *w);
        memcpy(w, node->weight ? node->weight : w, weights * sizeof *w);
        if (node->alphabet == MHO_ALPHABET_REAL)
            cover(w, weights, low, top);
        scale[i] = i ? scale[in] : (double)net->input_scale;
        for (size_t k = 0; i && k < IMAGES; k++)
            forward(node, w, value[in] + k * elements(node->in),
                    node->inputs > 1 ? value[node->input[1]] + k * n : NULL, scale[i],
                    value[i] + k * n);
        const bool positive = node->op == MHO_OP_RELU;
        if (is_coded(net, compared, i))
            scale[i] = cover(value[i], IMAGES * n, positive ? 0 : -128, positive ? 255 : 127);
        free(w);
    }
    for (size_t i = 0; i + 1 < net->nodes; i++)
        free(value[i]);
    return value[net->nodes - 1];
}

typedef struct tally {
    size_t sensed, alphabet[MHO_ALPHABET_COUNT], bits, wide;
} tally;

static void count(const mho_net *net, const mho_hw *hw, tally *t)
{
    mho_placement *p;
    must(mho_placement_create(net, hw, &p));
    for (size_t i = 0; i < p->layers; i++) {
        t->sensed += p->layer[i].sense;
        t->alphabet[p->layer[i].alphabet]++;
        t->bits += p->layer[i].input_bits == 1;
        t->wide += p->layer[i].slices > 1 || p->layer[i].reads > 1;
    }
    mho_placement_destroy(p);
}

static void check(const char *const *sets, double low, double top, uint64_t seed, tally *t)
{
    const opened hw = open_hw("bcnn", sets);
    dice d = {seed * 15485863 + 11};
    mho_net *net = random_mixed(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const size_t classes = net->node[net->nodes - 1].out.c;
    float *want = reference(net, &images, low, top);
    float *got = calloc(IMAGES * classes, sizeof *got);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
    mho_chip_destroy(chip);
    for (size_t i = 0; i < IMAGES * classes; i++)
        if (got[i] != want[i])
            fail_msg("%s %s %s, network %llu, image %zu, class %zu: hardware %.9g, reference %.9g",
                     sets[0], sets[1], sets[2], (unsigned long long)seed, i / classes, i % classes,
                     (double)got[i], (double)want[i]);
    count(net, hw.hw, t);
    free(want);
    free(got);
    free_images(&images);
    mho_net_destroy(net);
}

#define IDEAL                                                                                      \
    "crossbar.mode=mixed", "input.bits=8", "device.variation=0", "output.first_bits=0",            \
        "output.split_bits=0", "output.last_bits=0", "output.code_bits=0"

/* Pairs of cells; where rows fit, sense amplifiers tell 1-bit maps of real weights, too. */
static void test_sense(void **state)
{
    (void)state;
    const char *sets[] = {"output.bits=1", "input.coding=direct", "crossbar.rows=40", IDEAL, NULL};
    tally t = {0};
    for (uint64_t seed = 0; seed < NETS; seed++)
        check(sets, -127, 127, seed, &t);
    assert_true(t.sensed > 20 && t.bits > 20);
    for (size_t a = 0; a < MHO_ALPHABET_COUNT; a++)
        assert_true(t.alphabet[a] > 10);
}

static void test_codings(void **state)
{
    (void)state;
    static const char *const weights[] = {"crossbar.weights=differential",
                                          "crossbar.weights=single"};
    static const char *const offsets[] = {"crossbar.offset=column", "crossbar.offset=digital"};
    static const char *const inputs[] = {"input.coding=direct", "input.coding=two_reads",
                                         "input.coding=two_rows"};
    static const char *const sums[] = {"output.column_sum=weights", "output.column_sum=read_back"};
    tally t = {0};
    for (size_t i = 0; i < 2 * 2 * 3 * 4; i++) {
        const size_t weight = i % 2, input = i / 4 % 3;
        const char *sets[] = {weights[weight],
                              inputs[input],
                              offsets[i / 2 % 2],
                              sums[i / 3 % 2],
                              "output.bits=0",
                              "crossbar.weight_bits=5",
                              i % 5 ? "device.bits=2" : "device.bits=3",
                              i / 12 % 2 ? "input.bits_per_read=3" : "input.bits_per_read=0",
                              i % 7 > 2 ? "crossbar.slicing=columns" : "crossbar.slicing=crossbars",
                              "crossbar.rows=23",
                              "crossbar.columns=11",
                              IDEAL,
                              NULL};
        check(sets, weight && input < 2 ? -16 : -15, 15, NETS + i, &t);
    }
    assert_true(t.wide > 40);
}

/* Real converters with a code for every sum tell the same. */
static void test_lossless(void **state)
{
    (void)state;
    const char *sets[] = {"crossbar.mode=mixed", "input.bits=4",         "device.variation=0",
                          "device.bits=3",       "output.first_bits=16", "output.split_bits=16",
                          "output.last_bits=16", "output.code_bits=16",  "output.range=full",
                          "output.bits=1",       "crossbar.rows=30",     NULL};
    const char *ideal[] = {"crossbar.mode=mixed", "input.bits=4",        "device.variation=0",
                           "device.bits=3",       "output.first_bits=0", "output.split_bits=0",
                           "output.last_bits=0",  "output.code_bits=0",  "output.range=full",
                           "output.bits=0",       "crossbar.rows=30",    NULL};
    for (uint64_t seed = 0; seed < 20; seed++) {
        dice d = {seed * 32452843 + 3};
        mho_net *net = random_mixed(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float *score[2];
        for (int k = 0; k < 2; k++) {
            const opened hw = open_hw("bcnn", k ? ideal : sets);
            mho_chip *chip;
            score[k] = calloc(IMAGES * classes, sizeof(float));
            must(mho_chip_open(net, hw.hw, &images, &chip));
            must(mho_chip_program(chip, 1, 0));
            must(mho_chip_run(chip, &images, 0, IMAGES, score[k], NULL));
            mho_chip_destroy(chip);
        }
        assert_memory_equal(score[0], score[1], IMAGES * classes * sizeof(float));
        free(score[0]);
        free(score[1]);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void refused(mho_net *net, const char *const *sets, mho_status want, const char *part)
{
    const opened hw = open_hw("bcnn", sets);
    mho_chip *chip;
    const mho_status s = mho_chip_open(net, hw.hw, NULL, &chip);
    if (s != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want '%s'", mho_status_name(s), mho_error_message(), part);
    mho_net_destroy(net);
}

static void test_refusals(void **state)
{
    (void)state;
    const char *one[] = {"crossbar.mode=mixed", NULL}, *eight[] = {one[0], "input.bits=8", NULL};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 8, 8};
    add_conv(&b, 4, 3, 1, 0, 1, false, false);
    add_conv(&b, 4, 3, 1, 0, 1, false, false);
    refused(finish(&b), one, MHO_ENOTMODELED, "input.bits = 1 leaves no bit for a sign");
    b.nodes = 2;
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_pool_node(&b, MHO_OP_AVGPOOL, 2, 2, 0);
    add_conv(&b, 4, 3, 1, 0, 1, false, false);
    refused(finish(&b), eight, MHO_ENOTMODELED, "the average of bits is no bit");
    b.nodes = 2;
    add_plain(&b, MHO_OP_SIGN, "sign");
    refused(finish(&b), eight, MHO_ENOTMODELED, "not bits");
}

/* Steps of the image, of pools of it, of a sum, and merged into thresholds: whole numbers throughout, so hardware
 * equals software inference bit for bit. */
static mho_net *stepped(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){2, 8, 8};
    if (roll(d, 2))
        add_pool_node(&b, roll(d, 2) ? MHO_OP_MAXPOOL : MHO_OP_AVGPOOL, 2, 2, 0);
    add_plain(&b, MHO_OP_STEP, "step");
    for (int i = 0; i < 2; i++) {
        add_conv(&b, 6, 3, 1, 1, 1, true, false);
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, MHO_OP_STEP, "step");
    }
    const size_t from = b.nodes - 1;
    add_conv(&b, 6, 3, 1, 1, 1, true, false);
    add_plain(&b, MHO_OP_STEP, "step");
    mho_node *add = add_node(&b, MHO_OP_ADD, "add", b.nodes - 1);
    add->inputs = 2;
    add->input[1] = from;
    add_plain(&b, MHO_OP_STEP, "step");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 5, true, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static void test_steps(void **state)
{
    (void)state;
    static const char *const modes[] = {"crossbar.mode=mixed", "crossbar.mode=full"};
    for (uint64_t seed = 0; seed < 16; seed++) {
        const char *sets[] = {IDEAL, "output.bits=0", modes[seed % 2], NULL};
        float want[IMAGES * 5], got[IMAGES * 5];
        dice d = {seed * 49979687 + 7};
        mho_net *net = stepped(&d);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        float *input = pixels_as_input(net, &images);
        mho_infer *infer;
        mho_chip *chip;
        must(mho_infer_create(net, IMAGES, &infer));
        must(mho_infer_run(infer, IMAGES, input, want));
        must(mho_chip_open(net, open_hw("bcnn", sets).hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, got, NULL));
        for (size_t i = 0; i < IMAGES * 5; i++)
            if (got[i] != want[i])
                fail_msg("%s, network %llu, image %zu, class %zu: hardware %.9g, software %.9g",
                         modes[seed % 2], (unsigned long long)seed, i / 5, i % 5, (double)got[i],
                         (double)want[i]);
        mho_chip_destroy(chip);
        mho_infer_destroy(infer);
        free(input);
        free_images(&images);
        mho_net_destroy(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sense),    cmocka_unit_test(test_steps),
        cmocka_unit_test(test_codings),  cmocka_unit_test(test_lossless),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
