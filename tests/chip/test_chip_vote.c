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

static const char text[] = "input: {shape: [45, 1, 1]}\n"
                           "layers:\n"
                           "  - fc: 7\n"
                           "  - step\n"
                           "  - fc: 4\n";

static void ok(mho_status s)
{
    if (s)
        fail_msg("%s", mho_error_message());
}

/* The row on word line l. */
static size_t row_on(const chip_layer *layer, size_t l)
{
    return layer->order ? layer->order[l] : l;
}

/* The bit of hidden element c, part by part: rows of a part are word lines of one crossbar. */
static bool vote(const chip_layer *layer, size_t c, const double *mean, const uint8_t *pixel,
                 size_t part)
{
    double whole = 0;
    for (size_t i = 0; i < INPUTS; i++)
        whole += layer->m[c * INPUTS + i] * mean[i];
    size_t votes = 0, parts = 0;
    const double edge = (double)layer->z_edge[c] - 0.5;
    for (size_t first = 0; first < INPUTS; first += part, parts++) {
        const size_t end = first + part < INPUTS ? first + part : INPUTS;
        double sum = 0, usual = 0;
        for (size_t l = first; l < end; l++) {
            const size_t i = row_on(layer, l);
            sum += (double)layer->m[c * INPUTS + i] * pixel[i];
            usual += layer->m[c * INPUTS + i] * mean[i];
        }
        votes += sum >= usual + (edge - whole) * (double)(end - first) / INPUTS;
    }
    return (2 * votes >= parts) != (layer->flip[c] != 0);
}

static void check(const char *const *sets, size_t part)
{
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    uint8_t pixel[IMAGES * INPUTS];
    uint16_t label[IMAGES] = {0};
    float score[IMAGES * CLASSES];
    double mean[INPUTS] = {0};
    size_t ones = 0;
    const mho_images images = {.shape = {INPUTS, 1, 1},
                               .count = IMAGES,
                               .pixel = pixel,
                               .label = label,
                               .classes = CLASSES};
    srand(5);
    for (size_t i = 0; i < sizeof pixel; i++)
        pixel[i] = (uint8_t)((size_t)((rand() >> 7) % 256) * (i % INPUTS + 5) / 50);
    for (size_t i = 0; i < sizeof pixel; i++)
        mean[i % INPUTS] += (double)pixel[i] / IMAGES;
    ok(mho_net_read(text, "test", &net));
    ok(mhoi_net_alloc_parameters(net));
    slow_random_parameters(net, 11);
    ok(mho_hw_open("switched", sets, &hw));
    ok(mho_chip_open(net, hw, &images, &chip));
    ok(mho_chip_program(chip, 1, 0));
    ok(mho_chip_run(chip, &images, 0, IMAGES, score, NULL));
    const chip_layer *first = &chip->layer[0], *last = &chip->layer[1];
    assert_true(first->place->vote && first->place->row_groups == (INPUTS + part - 1) / part);
    const mho_node *node = &net->node[net->nodes - 1];
    for (size_t i = 0; i < IMAGES; i++)
        for (size_t k = 0; k < CLASSES; k++) {
            double z = 0;
            for (size_t c = 0; c < HIDDEN; c++) {
                const bool one = vote(first, c, mean, pixel + i * INPUTS, part);
                z += one ? last->m[k * HIDDEN + c] : 0;
                ones += one;
            }
            const double want = z * last->weight_scale[k] + (double)node->bias[k];
            if (!(fabs((double)score[i * CLASSES + k] - want) < 1e-5))
                fail_msg("image %zu, class %zu: %g, want %g", i, k, (double)score[i * CLASSES + k],
                         want);
        }
    assert_true(ones > 0 && ones < IMAGES * HIDDEN * CLASSES);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
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
                                       cmocka_unit_test(what_has_no_shares_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
