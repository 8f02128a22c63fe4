/* SPDX-License-Identifier: Apache-2.0 */
/* Circulant weights as representative vectors whose inputs turn: bit for bit the dense product where devices and
 * converters are ideal, over block sizes, blocks, copies, bits and signs; the same programmed cells in every turn;
 * counts as the placement says; the same digits with any threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "any_hardware.h"
#include "mho/run.h"
#include "net/block.h"

enum { IMAGES = 7, SETS = 24 };

/* --- hardware ---------------------------------------------------------------------------------------- */

typedef struct sets {
    char text[SETS][64];
    const char *set[SETS + 1];
    size_t count;
} sets;

static void add_set(sets *s, const char *key, size_t value)
{
    assert_true(s->count < SETS);
    snprintf(s->text[s->count], sizeof s->text[0], "%s=%zu", key, value);
    s->set[s->count] = s->text[s->count];
    s->count++;
}

static void add_text(sets *s, const char *set)
{
    assert_true(s->count < SETS);
    s->set[s->count++] = set;
}

/* Anything that is exact: ideal cells and converters. */
static void ideal_sets(dice *d, size_t copies, sets *s)
{
    static const char *const each[][4] = {
        {"crossbar.weights=differential", "crossbar.weights=single"},
        {"crossbar.offset=column", "crossbar.offset=digital"},
        {"crossbar.slicing=columns", "crossbar.slicing=crossbars"},
        {"crossbar.copy_order=near", "crossbar.copy_order=spread"},
        {"input.coding=direct", "input.coding=two_reads", "input.coding=two_rows"},
        {"device.levels=intervals", "device.levels=ends"},
        {"output.per=crossbar", "output.per=pair"},
    };
    *s = (sets){.count = 0};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        add_text(s, each[i][roll(d, each[i][2] ? 3 : 2)]);
    for (size_t i = 0; i < 4; i++) {
        static const char *const key[] = {"output.first_bits", "output.bits", "output.split_bits",
                                          "output.last_bits"};
        add_set(s, key[i], 0);
    }
    add_text(s, "crossbar.mode=full");
    add_text(s, "device.variation=0");
    add_set(s, "device.bits", 1 + roll(d, 4));
    add_set(s, "crossbar.weight_bits", 4 + roll(d, 5));
    add_set(s, "crossbar.rows", 5 + roll(d, 200));
    add_set(s, "crossbar.columns", 16 + roll(d, 200));
    add_set(s, "input.bits", 2 + roll(d, 7));
    add_set(s, "input.bits_per_read", roll(d, 4));
    add_set(s, "crossbar.copies", copies);
}

static mho_hw *hardware_of(sets *s, const char *circulant)
{
    mho_hw *hw = NULL;
    const char *set[SETS + 2];
    memcpy(set, s->set, s->count * sizeof *set);
    set[s->count] = circulant;
    set[s->count + 1] = NULL;
    must(mho_hw_open("cnn8", set, &hw));
    return hw;
}

/* --- networks ---------------------------------------------------------------------------------------- */

/* The last layer that has weights may be the first. */
static mho_net *small_net(dice *d, size_t k, bool deep)
{
    builder b = {.nodes = 0};
    const size_t groups = 1 + roll(d, 2);
    add_node(&b, MHO_OP_INPUT, "input", 0)->out =
        (mho_shape){groups * (1 + roll(d, 5)), 3 + roll(d, 6), 3 + roll(d, 6)};
    size_t h = b.node[0].out.h, w = b.node[0].out.w;
    if (deep) {
        add_conv(&b, groups * (1 + roll(d, 20)), 1 + roll(d, 3), 1 + roll(d, 2), roll(d, 2), groups,
                 false, roll(d, 2));
        vary(d, &b.node[b.nodes - 1], &h, &w);
        if (roll(d, 2))
            add_plain(&b, MHO_OP_RELU, "relu");
        if (h >= 2 && w >= 2 && roll(d, 2))
            add_pool_node(&b, MHO_OP_MAXPOOL, 2, 1, 0);
    }
    add_fc(&b, 1 + roll(d, 40), false, deep && roll(d, 2));
    mho_net *net = finish(&b);
    randomize(d, net);
    char blocks[64];
    snprintf(blocks, sizeof blocks, "conv:%zu%s,fc:%zu%s", k, roll(d, 2) ? "c" : "", k,
             roll(d, 2) ? "c" : "");
    must(mho_net_set_blocks(net, blocks));
    return net;
}

static void run_chip(const mho_net *net, const mho_hw *hw, const mho_images *images, float *scores)
{
    mho_chip *chip = NULL;
    must(mho_chip_open(net, hw, images, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, images, 0, IMAGES, scores, NULL));
    mho_chip_destroy(chip);
}

static size_t divisor(dice *d, size_t k)
{
    size_t g = 1 + roll(d, (uint32_t)k);
    while (k % g)
        g--;
    return g;
}

static void expect_equal(uint64_t seed, const sets *s, const float *got, const float *want,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (got[i] == want[i])
            continue;
        for (size_t k = 0; k < s->count; k++)
            print_error("--set %s\n", s->set[k]);
        fail_msg("case %llu: score %zu is %.9g, want %.9g", (unsigned long long)seed, i,
                 (double)got[i], (double)want[i]);
    }
}

/* --- exact ------------------------------------------------------------------------------------------- */

/* One layer of weights that are codes already: W x in whole numbers. */
static void products_are_exact(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        dice d = {seed * 7919 + 3};
        const size_t k = 2 + roll(&d, 20);
        sets s;
        ideal_sets(&d, divisor(&d, k), &s);
        mho_net *net = small_net(&d, k, false);
        mho_node *fc = &net->node[1];
        const size_t rows = fc->in.c * fc->in.h * fc->in.w, columns = fc->out.c;
        fc->weight_bits = 2 + roll(&d, 7);
        const int32_t most = (1 << (fc->weight_bits - 1)) - 1;
        for (size_t i = 0; i < rows * columns; i++)
            fc->weight[i] = (float)(most == 1 ? (fc->weight[i] > 0.2f) - (fc->weight[i] < -0.2f)
                                              : (int32_t)(fc->weight[i] * (float)most * 2.0f));
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        float *got = calloc(IMAGES * columns, sizeof *got);
        float *want = calloc(IMAGES * columns, sizeof *want);
        for (size_t i = 0; i < IMAGES * columns; i++) {
            int64_t sum = 0;
            for (size_t r = 0; r < rows; r++) {
                int32_t m = (int32_t)fc->weight[i % columns * rows + r];
                m = m > most ? most : m < -most ? -most : m;
                sum += (int64_t)m * images.pixel[i / columns * rows + r];
            }
            want[i] = (float)((double)sum / 256);
        }
        for (size_t i = 0; i < rows * columns; i++) { /* within the codes, the largest among them */
            const float w = fc->weight[i], top = (float)most;
            fc->weight[i] = w > top ? top : w < -top ? -top : w;
        }
        bool full = false;
        for (size_t i = 0; i < rows * columns; i++)
            full = full || fabsf(fc->weight[i]) == (float)most;
        mho_hw *hw = hardware_of(&s, "crossbar.circulant=turned");
        if (full)
            run_chip(net, hw, &images, got);
        if (full)
            expect_equal(seed, &s, got, want, IMAGES * columns);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
        free_images(&images);
        free(got);
        free(want);
    }
}

/* Convolutions, pools, groups, padding: what the ordinary layers give that they stand for. */
static void deep_networks_are_those_they_stand_for(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 80; seed++) {
        dice d = {seed * 104729 + 11};
        const size_t k = 2 + roll(&d, 20);
        sets s;
        ideal_sets(&d, divisor(&d, k), &s);
        mho_net *net = small_net(&d, k, true);
        if (roll(&d, 2))
            must(mho_net_set_bits(net, roll(&d, 2) ? "conv:4,fc:2/4" : "conv:6/3,fc:3"));
        for (size_t i = 0; i < net->nodes; i++)
            if (net->node[i].value_bits && roll(&d, 2))
                net->node[i].value_scale = ldexpf(1, -(int)roll(&d, 4));
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        const size_t n = IMAGES * net->node[net->nodes - 1].out.c;
        float *got = calloc(n, sizeof *got), *want = calloc(n, sizeof *want);
        mho_hw *turned = hardware_of(&s, "crossbar.circulant=turned");
        mho_hw *expanded = hardware_of(&s, "crossbar.circulant=expanded");
        run_chip(net, turned, &images, got);
        run_chip(net, expanded, &images, want);
        expect_equal(seed, &s, got, want, n);
        mho_hw_destroy(turned);
        mho_hw_destroy(expanded);
        mho_net_destroy(net);
        free_images(&images);
        free(got);
        free(want);
    }
}

/* --- the same cells ---------------------------------------------------------------------------------- */

/* One block: inputs that are rotated give outputs that are, whatever the cells, wires and converters do, because each
 * output is a read of the same column.  Of dense cells each output has its own. */
static float rotated_outputs(const char *circulant, const char *effect)
{
    enum { K = 8 };
    builder b = {.nodes = 0};
    dice d = {12};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){K, 1, 1};
    add_fc(&b, K, false, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    must(mho_net_set_blocks(net, "fc:8"));
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    for (size_t i = 1; i < IMAGES; i++)
        for (size_t c = 0; c < K; c++)
            images.pixel[i * K + c] = images.pixel[(i - 1) * K + (c + 1) % K];
    const char *set[] = {circulant, effect, "crossbar.mode=full", "input.bits_per_read=1", NULL};
    mho_hw *hw = NULL;
    must(mho_hw_open("cnn8", set, &hw));
    float score[IMAGES * K], worst = 0;
    run_chip(net, hw, &images, score);
    for (size_t i = 1; i < IMAGES; i++)
        for (size_t c = 0; c < K; c++)
            worst = fmaxf(worst, fabsf(score[i * K + c] - score[(i - 1) * K + (c + 1) % K]));
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    free_images(&images);
    return worst;
}

static void turns_read_the_same_cells(void **state)
{
    (void)state;
    static const char *const effects[] = {"device.variation=1", "wires.r_col=200",
                                          "output.offset=0.4", "device.stuck_on=0.1"};
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        if (rotated_outputs("crossbar.circulant=turned", effects[i]) != 0)
            fail_msg("%s: turns differ", effects[i]);
        if (rotated_outputs("crossbar.circulant=expanded", effects[i]) == 0)
            fail_msg("%s has no effect", effects[i]);
    }
    /* each turn is a read of its own */
    assert_true(rotated_outputs("crossbar.circulant=turned", "device.read_noise=0.1") > 0);
}

/* --- counts, threads --------------------------------------------------------------------------------- */

static void same(uint64_t seed, const char *what, uint64_t counted, uint64_t told)
{
    if (counted != told)
        fail_msg("case %llu, %s: the chip counted %llu, the placement says %llu",
                 (unsigned long long)seed, what, (unsigned long long)counted,
                 (unsigned long long)told);
}

static void counts_are_those_of_the_placement(void **state)
{
    (void)state;
    size_t ran = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        dice d = {seed * 6007 + 29};
        hardware h;
        do
            any_hardware(&d, &h);
        while (!h.full);
        const size_t k = 2 + roll(&d, 12), g = divisor(&d, k);
        size_t n = 0;
        while (h.set[n])
            n++;
        char copies[32];
        snprintf(copies, sizeof copies, "crossbar.copies=%zu", g);
        h.set[n++] = "crossbar.circulant=turned";
        h.set[n++] = copies;
        mho_net *net = small_net(&d, k, true);
        mho_images images = random_images(&d, net->node[0].out, IMAGES);
        mho_hw *hw = NULL;
        mho_placement *p = NULL;
        mho_chip *chip = NULL;
        mho_status s = mho_hw_open("cnn8", h.set, &hw);
        if (!s)
            s = mho_placement_create(net, hw, &p);
        if (!s)
            s = mho_chip_create(net, p, &images, &chip);
        if (!s)
            s = mho_chip_program(chip, seed, 0);
        if (!s) {
            ran++;
            must(mho_chip_run(chip, &images, 0, IMAGES, NULL, NULL));
            const mho_counts c = mho_chip_counts(chip), t = p->counts;
            same(seed, "cells", c.cells, t.cells);
            same(seed, "row drives", c.row_drives, t.row_drives * IMAGES);
            same(seed, "DAC conversions", c.dac_conversions, t.dac_conversions * IMAGES);
            same(seed, "conversions", c.conversions, t.conversions * IMAGES);
            same(seed, "additions", c.additions, t.additions * IMAGES);
        }
        mho_chip_destroy(chip);
        mho_placement_destroy(p);
        mho_hw_destroy(hw);
        mho_net_destroy(net);
        free_images(&images);
    }
    assert_true(ran > 30);
}

/* Without padding every input meets, in all turns together, the cells that it meets at once in the ordinary layer, and
 * is driven as many times as there are turns. */
static void cells_take_what_those_they_stand_for_take(void **state)
{
    (void)state;
    builder b = {.nodes = 0};
    dice d = {31};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){6, 5, 4};
    add_conv(&b, 12, 2, 1, 1, 1, false, true);
    add_fc(&b, 6, false, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    must(mho_net_set_blocks(net, "conv:6,fc:3"));
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    mho_chip_activity a[2][2];
    for (size_t i = 0; i < 2; i++) {
        const char *set[] = {i ? "crossbar.circulant=turned" : "crossbar.circulant=expanded",
                             "crossbar.mode=full",
                             "crossbar.weights=single",
                             "crossbar.offset=digital",
                             "input.bits_per_read=1",
                             "device.variation=0",
                             "crossbar.copies=3",
                             NULL};
        mho_hw *hw = NULL;
        mho_chip *chip = NULL;
        must(mho_hw_open("cnn8", set, &hw));
        must(mho_chip_open(net, hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, IMAGES, NULL, NULL));
        for (size_t l = 0; l < 2; l++)
            a[i][l] = mho_chip_layer_activity(chip, l);
        mho_chip_destroy(chip);
        mho_hw_destroy(hw);
    }
    for (size_t l = 0; l < 2; l++) {
        const uint64_t turns = l ? 1 : 2;
        assert_int_equal(a[1][l].driven, turns * a[0][l].driven);
        assert_true(fabs(a[1][l].drive - (double)turns * a[0][l].drive) < 1e-9 * a[1][l].drive);
        assert_true(a[0][l].drive_S > 0);
        assert_true(fabs(a[1][l].drive_S - a[0][l].drive_S) < 1e-9 * a[0][l].drive_S);
        assert_true(fabs(a[1][l].square_S - a[0][l].square_S) < 1e-9 * a[0][l].square_S);
    }
    mho_net_destroy(net);
    free_images(&images);
}

/* Noise, too, belongs to a pixel and a turn, not to a thread or a run. */
static void threads_and_parts_change_no_digit(void **state)
{
    (void)state;
    dice d = {77};
    mho_net *net = small_net(&d, 4, true);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const size_t classes = net->node[net->nodes - 1].out.c;
    const char *set[] = {"crossbar.circulant=turned", "crossbar.mode=full", "device.read_noise=0.2",
                         "input.bits_per_read=1",     "crossbar.copies=2",  NULL};
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    float *score[2] = {calloc(IMAGES * classes, sizeof(float)),
                       calloc(IMAGES * classes, sizeof(float))};
    must(mho_hw_open("cnn8", set, &hw));
    must(mho_chip_open(net, hw, &images, &chip));
    must(mho_chip_program(chip, 3, 1));
    must(mho_run_set_threads(NULL, 1));
    must(mho_chip_run(chip, &images, 0, IMAGES, score[0], NULL));
    must(mho_run_set_threads(NULL, 3));
    must(mho_chip_run(chip, &images, 0, 2, score[1], NULL));
    must(mho_chip_run(chip, &images, 2, IMAGES - 2, score[1] + 2 * classes, NULL));
    assert_memory_equal(score[0], score[1], IMAGES * classes * sizeof(float));
    for (size_t k = 0; k < 2; k++)
        free(score[k]);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    free_images(&images);
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    dice d = {5};
    mho_net *net = small_net(&d, 6, true);
    const char *set[] = {"crossbar.circulant=turned", "crossbar.copies=4", "crossbar.mode=full",
                         NULL};
    mho_hw *hw = NULL;
    mho_placement *p = NULL;
    must(mho_hw_open("cnn8", set, &hw));
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "want a divisor of its block size 6"));
    mho_hw_destroy(hw);
    set[1] = "crossbar.mode=binary";
    set[2] = NULL;
    must(mho_hw_open("bcnn", set, &hw));
    assert_int_equal(mho_placement_create(net, hw, &p), MHO_ENOTMODELED);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_exact),
        cmocka_unit_test(deep_networks_are_those_they_stand_for),
        cmocka_unit_test(turns_read_the_same_cells),
        cmocka_unit_test(counts_are_those_of_the_placement),
        cmocka_unit_test(cells_take_what_those_they_stand_for_take),
        cmocka_unit_test(threads_and_parts_change_no_digit),
        cmocka_unit_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
