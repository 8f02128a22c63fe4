/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware inference with ideal devices and lossless converters equals software inference bit for bit,
 * over random networks, in every coding of weights and inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip_nets.h"
#include "mho/infer.h"

enum { IMAGES = 37, NETS = 40, CODING_NETS = 5, SETS_MAX = 16 };

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

/* Some weights of every layer become 0. */
static void make_ternary(dice *d, mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        for (size_t k = 0; k < mho_node_weight_count(node); k++)
            if (roll(d, 3) == 0)
                node->weight[k] = 0;
        node->alphabet = MHO_ALPHABET_REAL; /* software works with the weights as they are */
    }
}

/* Blocks whose signs are added up, some with a projection, as training makes them. */
static mho_net *random_residual(dice *d)
{
    char text[4096];
    mho_net *plain = NULL, *net = NULL;
    unsigned c = 2 + roll(d, 6);
    int n = snprintf(text, sizeof text,
                     "input: {shape: [%u, %u, %u]}\nlayers:\n"
                     "  - conv: {out: %u, kernel: 3, pad: 1}\n  - relu\n",
                     1 + roll(d, 3), 6 + roll(d, 4), 6 + roll(d, 4), c);
    for (unsigned blocks = 1 + roll(d, 4); blocks; blocks--) {
        const unsigned stride = 1 + roll(d, 2);
        c = stride > 1 ? 2 + roll(d, 6) : c;
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "  - residual:\n    - conv: {out: %u, kernel: 3, pad: 1, stride: %u}\n"
                      "    - relu\n    - conv: {out: %u, kernel: %u, pad: %u}\n  - relu\n%s",
                      c, stride, c, 1 + 2 * (blocks % 2), blocks % 2,
                      roll(d, 3) ? "" : "  - maxpool: {kernel: 3, stride: 1, pad: 1}\n");
    }
    (void)snprintf(text + n, sizeof text - (size_t)n, "  - avgpool: global\n  - fc: %u\n",
                   2 + roll(d, 9));
    must(mho_net_read(text, "residual.yaml", &plain));
    must(mho_net_style(plain, MHO_STYLE_BINARY, &net));
    must(mhoi_net_alloc_parameters(net));
    randomize(d, net);
    mho_net_destroy(plain);
    return net;
}

/* Networks first..last - 1 on hw give the scores of software. */
static void check_made(const char *const *sets, uint64_t first, uint64_t last,
                       mho_net *(*make)(dice *d))
{
    const opened hw = open_hw("bcnn", sets);
    for (uint64_t seed = first; seed < last; seed++) {
        dice d = {seed * 7919 + 1};
        mho_net *net = make(&d);
        if (hw.m.crossbar.mode == MHO_MODE_TERNARY)
            make_ternary(&d, net);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t classes = net->node[net->nodes - 1].out.c;
        float *want = software(net, &images, classes),
              *got = hardware(net, hw.hw, &images, classes);
        for (size_t i = 0; i < IMAGES * classes; i++)
            if (got[i] != want[i])
                fail_msg(
                    "%s %s %s, network %llu, image %zu, class %zu: hardware %.9g, software %.9g",
                    sets[0], sets[1], sets[2], (unsigned long long)seed, i / classes, i % classes,
                    (double)got[i], (double)want[i]);
        free(want);
        free(got);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void check_nets(const char *const *sets, uint64_t first, uint64_t last)
{
    check_made(sets, first, last, random_binary);
}

static void check_binary(const char *const *sets)
{
    check_nets(sets, 0, NETS);
}

/* Every mode, weight coding and input coding, with the sets in `more`. */
static void check_codings(const char *const *weights, const char *const *inputs,
                          const char *const *more)
{
    static const char *const modes[] = {"crossbar.mode=binary", "crossbar.mode=ternary", NULL};
    uint64_t seed = 0;
    for (const char *const *mode = modes; *mode; mode++)
        for (const char *const *weight = weights; *weight; weight += 2)
            for (const char *const *input = inputs; *input; input++) {
                const char *sets[SETS_MAX] = {
                    *input, weight[0], weight[1], *mode, "device.variation=0", "device.bits=2"};
                for (size_t i = 0; more[i]; i++)
                    sets[6 + i] = more[i];
                check_nets(sets, seed % NETS, seed % NETS + CODING_NETS);
                seed += CODING_NETS;
            }
}

static const char *const all_weights[] = {"crossbar.weights=differential",
                                          "crossbar.offset=column",
                                          "crossbar.weights=single",
                                          "crossbar.offset=column",
                                          "crossbar.weights=single",
                                          "crossbar.offset=digital",
                                          NULL};
static const char *const all_inputs[] = {"input.coding=direct", "input.coding=two_reads",
                                         "input.coding=two_rows", NULL};

static void test_codings_ideal_converters(void **state)
{
    (void)state;
    const char *const more[] = {"output.first_bits=0",
                                "output.bits=0",
                                "output.split_bits=0",
                                "output.last_bits=0",
                                "crossbar.rows=15",
                                "crossbar.columns=7",
                                NULL};
    const char *const serial[] = {"output.first_bits=0",
                                  "output.bits=0",
                                  "output.split_bits=0",
                                  "output.last_bits=0",
                                  "crossbar.rows=30",
                                  "input.bits_per_read=1",
                                  NULL};
    check_codings(all_weights, all_inputs, more);
    check_codings(all_weights, all_inputs, serial);
}

/* One comparison at the threshold: whatever is known before the read. */
static void test_codings_sense_amplifiers(void **state)
{
    (void)state;
    const char *const more[] = {"output.first_bits=0", "output.bits=1",   "output.last_bits=0",
                                "crossbar.rows=4096",  "output.per=pair", NULL};
    const char *const one_read[] = {"input.coding=direct", "input.coding=two_rows", NULL};
    const char *const analog[] = {"crossbar.weights=differential", "crossbar.offset=column",
                                  "crossbar.weights=single", "crossbar.offset=column", NULL};
    check_codings(analog, one_read, more);
}

/* A code for every sum, of a pair or of each crossbar. */
static void test_codings_lossless(void **state)
{
    (void)state;
    const char *const analog[] = {"crossbar.weights=differential", "crossbar.offset=column",
                                  "crossbar.weights=single", "crossbar.offset=column", NULL};
    const char *const pair[] = {
        "output.first_bits=16", "output.bits=16",  "output.split_bits=16", "output.last_bits=16",
        "output.range=full",    "output.per=pair", "crossbar.rows=21",     NULL};
    const char *const each[] = {
        "output.first_bits=16", "output.bits=16",        "output.split_bits=16",
        "output.last_bits=16",  "output.range=full",     "output.per=crossbar",
        "crossbar.rows=21",     "input.bits_per_read=3", NULL};
    const char *const free_of_level0[] = {
        "output.first_bits=16", "output.bits=16",          "output.split_bits=16",
        "output.last_bits=16",  "output.reference=level0", "crossbar.columns=9",
        "crossbar.rows=21",     "output.range=full",       NULL};
    const char *const pairs[] = {"crossbar.weights=differential", "crossbar.offset=column", NULL};
    check_codings(analog, all_inputs, pair);
    check_codings(analog, all_inputs, each);
    check_codings(pairs, all_inputs, free_of_level0);
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

static void test_sums_of_signs(void **state)
{
    (void)state;
    const char *ideal[] = {"device.variation=0",
                           "output.first_bits=0",
                           "output.bits=0",
                           "output.split_bits=0",
                           "output.last_bits=0",
                           "crossbar.rows=16",
                           NULL};
    const char *sense[] = {"device.variation=0",
                           "output.first_bits=0",
                           "output.bits=1",
                           "output.last_bits=0",
                           "crossbar.rows=4096",
                           "device.bits=3",
                           NULL};
    const char *mixed[] = {
        "device.variation=0", "output.first_bits=0", "output.bits=0",       "output.split_bits=0",
        "output.last_bits=0", "output.code_bits=0",  "crossbar.mode=mixed", NULL};
    check_made(ideal, 0, 8, random_residual);
    check_made(sense, 0, 6, random_residual);
    check_made(mixed, 0, 4, random_residual);
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
        cmocka_unit_test(test_sums_of_signs),
        cmocka_unit_test(test_lossless_full),
        cmocka_unit_test(test_lossless_calibrated),
        cmocka_unit_test(test_codings_ideal_converters),
        cmocka_unit_test(test_codings_sense_amplifiers),
        cmocka_unit_test(test_codings_lossless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
