/* SPDX-License-Identifier: Apache-2.0 */
/* Votes of crossbars that a layer's rows are split over (output.split vote), against plain sums of each part. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chip/chip_impl.h"
#include "mho/hw.h"
#include "net/graph.h"
#include "slow_forward.h"

enum { INPUTS = 45, HIDDEN = 7, CLASSES = 4, IMAGES = 40 };

#define LAYERS                                                                                     \
    "layers:\n"                                                                                    \
    "  - fc: 7\n"                                                                                  \
    "  - step\n"                                                                                   \
    "  - fc: 4\n"
static const char text[] = "input: {shape: [45, 1, 1]}\n" LAYERS;
/* x = pixel - 128, in codes of 128 / 127. */
static const char signed_text[] =
    "input: {shape: [45, 1, 1], bits: 8, scale: 1, mean: 128, std: 1}\n" LAYERS;

static void ok(mho_status s)
{
    if (s)
        fail_msg("%s", mho_error_message());
}

typedef struct inputs {
    size_t lines; /* of an input */
    int zero;     /* the pixel of 0 */
} inputs;

/* What line l of the window's order is driven with, and holds of column c. */
static double driven(const inputs *in, size_t l, const uint8_t *pixel)
{
    const double e = pixel[l / in->lines] - in->zero, x = in->zero ? nearbyint(e * 127 / 128) : e;
    return in->lines == 1 ? x : fmax(l % 2 ? -x : x, 0);
}

static double held(const chip_layer *layer, const inputs *in, size_t c, size_t l)
{
    const double m = chip_weight(&layer->m, c * INPUTS + l / in->lines);
    return l % in->lines ? -m : m;
}

/* The bit of hidden element c, part by part: rows of a part are word lines of one crossbar. */
static bool vote(const chip_layer *layer, const inputs *in, size_t c, const double *mean,
                 const uint8_t *pixel, size_t part)
{
    const size_t lines = INPUTS * in->lines;
    double whole = 0;
    for (size_t l = 0; l < lines; l++)
        whole += held(layer, in, c, l) * mean[l];
    size_t votes = 0, parts = 0;
    const double edge = (double)layer->z_edge[c] - 0.5;
    for (size_t first = 0; first < lines; first += part, parts++) {
        const size_t end = first + part < lines ? first + part : lines;
        double sum = 0, usual = 0;
        for (size_t i = first; i < end; i++) {
            const size_t l = layer->order ? layer->order[i] : i;
            sum += held(layer, in, c, l) * driven(in, l, pixel);
            usual += held(layer, in, c, l) * mean[l];
        }
        votes += sum >= usual + (edge - whole) * (double)(end - first) / (double)lines;
    }
    return (2 * votes >= parts) != (layer->flip[c] != 0);
}

static void check_inputs(const char *network, inputs in, const char *const *sets, size_t part)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    uint8_t pixel[IMAGES * INPUTS];
    uint16_t label[IMAGES] = {0};
    float score[IMAGES * CLASSES];
    double mean[2 * INPUTS] = {0};
    size_t ones = 0;
    const size_t lines = INPUTS * in.lines;
    const mho_images images = {.shape = {INPUTS, 1, 1},
                               .count = IMAGES,
                               .pixel = pixel,
                               .label = label,
                               .classes = CLASSES};
    srand(5);
    for (size_t i = 0; i < sizeof pixel; i++)
        pixel[i] = (uint8_t)((size_t)((rand() >> 7) % 256) * (i % INPUTS + 5) / 50);
    for (size_t i = 0; i < sizeof pixel; i++) /* no x halfway between two codes */
        pixel[i] = (uint8_t)(pixel[i] + (in.zero && pixel[i] % 128 == 64));
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t l = 0; l < lines; l++)
            mean[l] += driven(&in, l, pixel + i * INPUTS) / IMAGES;
    ok(mho_net_read(network, "test", &net));
    ok(mhoi_net_alloc_parameters(net));
    slow_random_parameters(net, 11);
    ok(mho_hw_open("switched", sets, &hw));
    ok(mho_chip_open(net, hw, &images, &chip));
    ok(mho_chip_program(chip, 1, 0));
    ok(mho_chip_run(chip, &images, 0, IMAGES, score, NULL));
    const chip_layer *first = &chip->layer[0], *last = &chip->layer[1];
    assert_int_equal(first->lines, lines);
    assert_true(first->place->vote && first->place->row_groups == (lines + part - 1) / part);
    const mho_node *node = &net->node[net->nodes - 1];
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t k = 0; k < CLASSES; k++) {
            double z = 0;
            for (size_t c = 0; c < HIDDEN; c++) {
                const bool one = vote(first, &in, c, mean, pixel + i * INPUTS, part);
                z += one ? chip_weight(&last->m, k * HIDDEN + c) : 0;
                ones += one;
            }
            const double want = z * last->weight_scale[k] + (double)node->bias[k];
            if (!(fabs((double)score[i * CLASSES + k] - want) < 1e-5))
                fail_msg("%s %s, image %zu, class %zu: %g, want %g", sets[1], sets[2], i, k,
                         (double)score[i * CLASSES + k], want);
        }
    assert_true(ones > 0 && ones < IMAGES * HIDDEN * CLASSES);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

static void check(const char *const *sets, size_t part)
{
    check_inputs(text, (inputs){1, 0}, sets, part);
}

static void the_majority_decides(void **state)
{
    (void)state;
    static const char *const merged[] = {"output.split=vote", "crossbar.rows=18",
                                         "device.variation=0", "output.last_bits=0", NULL};
    static const char *const pairs[] = {"output.split=vote",
                                        "crossbar.rows=12",
                                        "device.variation=0",
                                        "output.last_bits=0",
                                        "crossbar.weights=differential",
                                        NULL};
    check(merged, 9);
    check(pairs, 12);
}

static void rows_are_dealt_out(void **state)
{
    (void)state;
    static const char *const deals[] = {"output.deal=random", "output.deal=snake",
                                        "output.deal=exchange"};
    for (size_t i = 0; i < sizeof deals / sizeof *deals; i++) {
        const char *const sets[] = {"output.split=vote",  "crossbar.rows=18",   deals[i],
                                    "device.variation=0", "output.last_bits=0", NULL};
        check(sets, 9);
    }
}

/* Positive and negative parts of a signed input drive lines of their own, which have means of their own. */
static void inputs_on_two_rows(void **state)
{
    (void)state;
    static const char *const deals[] = {"output.deal=none", "output.deal=random",
                                        "output.deal=snake", "output.deal=exchange"};
    for (size_t i = 0; i < sizeof deals / sizeof *deals; i++) {
        const char *const single[] = {"output.split=vote",
                                      "crossbar.rows=18",
                                      deals[i],
                                      "device.variation=0",
                                      "output.last_bits=0",
                                      "input.coding=two_rows",
                                      "crossbar.weights=single",
                                      "crossbar.offset=column",
                                      "crossbar.weight_bits=7",
                                      NULL};
        const char *const pairs[] = {"output.split=vote",
                                     "crossbar.rows=17",
                                     deals[i],
                                     "device.variation=0",
                                     "output.last_bits=0",
                                     "input.coding=two_rows",
                                     "crossbar.weights=differential",
                                     NULL};
        check_inputs(signed_text, (inputs){2, 128}, single, 18);
        check_inputs(signed_text, (inputs){2, 128}, pairs, 17);
    }
}

/* Behind wires cells conduct by their place on the word lines, in the order of the deal; wires of hardly any resistance
 * change nothing. */
static void wires_meet_the_rows_as_dealt(void **state)
{
    (void)state;
    static const char *const weights[] = {
        "crossbar.weights=merged", "crossbar.weights=differential", "crossbar.weights=single"};
    for (size_t i = 0; i < 3; i++) {
        const char *const none[] = {"output.split=vote",
                                    "crossbar.rows=18",
                                    "output.deal=random",
                                    "device.variation=0",
                                    "output.last_bits=0",
                                    "wires.r_col=1e-6",
                                    "crossbar.offset=column",
                                    "crossbar.weight_bits=7",
                                    weights[i],
                                    NULL};
        check(none, i ? 18 : 9);
    }
}

enum { LINES = 45, CELLS = 7 };

static void effective(const mho_chip *chip, const chip_layer *layer, const uint32_t *order,
                      const int16_t *g, int16_t *out)
{
    chip_layer as = *layer;
    as.order = (uint32_t *)(uintptr_t)order;
    memcpy(out, g, (size_t)LINES * CELLS * sizeof *out);
    double bound = 0;
    ok(mhoi_chip_wires_apply(&as, chip->plan, 0, out, NULL, &bound));
    assert_true(bound == 0);
}

static void wires_are_those_of_the_order(void **state)
{
    const char *const sets[] = {
        "output.split=vote", "crossbar.rows=18", "crossbar.weights=differential",
        "wires.r_col=20",    "wires.r_row=20",   NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    uint8_t pixel[INPUTS] = {9};
    uint16_t label = 0;
    uint32_t order[LINES];
    int16_t g[LINES * CELLS], turned[LINES * CELLS], want[LINES * CELLS], got[LINES * CELLS],
        plain[LINES * CELLS];
    const mho_images images = {
        .shape = {INPUTS, 1, 1}, .count = 1, .pixel = pixel, .label = &label, .classes = CLASSES};
    (void)state;
    ok(mho_net_read(text, "test", &net));
    ok(mhoi_net_alloc_parameters(net));
    slow_random_parameters(net, 11);
    ok(mho_hw_open("switched", sets, &hw));
    ok(mho_chip_open(net, hw, &images, &chip));
    const chip_layer *layer = &chip->layer[0];
    assert_true(layer->lines == LINES && layer->cells->plane_columns == CELLS);
    for (size_t l = 0; l < LINES; l++)
        order[l] = (uint32_t)(l * 7 % LINES);
    for (size_t i = 0; i < LINES * CELLS; i++)
        g[i] = (int16_t)(rand() % 4000);
    for (size_t c = 0; c < CELLS; c++)
        for (size_t l = 0; l < LINES; l++)
            turned[c * LINES + l] = g[c * LINES + order[l]];
    effective(chip, layer, NULL, turned, want);
    effective(chip, layer, NULL, g, plain);
    effective(chip, layer, order, g, got);
    for (size_t c = 0; c < CELLS; c++)
        for (size_t l = 0; l < LINES; l++)
            assert_int_equal(got[c * LINES + order[l]], want[c * LINES + l]);
    assert_memory_not_equal(got, plain, sizeof got);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

static void what_has_no_shares_is_refused(void **state)
{
    (void)state;
    static const char *const serial[] = {"output.split=vote", "crossbar.rows=18",
                                         "input.bits_per_read=1", NULL};
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_placement *placement = NULL;
    ok(mho_net_read(text, "test", &net));
    ok(mho_hw_open("switched", serial, &hw));
    assert_int_equal(mho_placement_create(net, hw, &placement), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "output.split = vote"));
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_majority_decides),
                                       cmocka_unit_test(rows_are_dealt_out),
                                       cmocka_unit_test(inputs_on_two_rows),
                                       cmocka_unit_test(wires_meet_the_rows_as_dealt),
                                       cmocka_unit_test(wires_are_those_of_the_order),
                                       cmocka_unit_test(what_has_no_shares_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
