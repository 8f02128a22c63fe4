/* SPDX-License-Identifier: Apache-2.0 */
/* Reference columns at level 0 (output.reference): no sum on a decision edge, whatever the bits of the cells; cells
 * that are drawn as without; wires; amounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "crossbar/crossbar_impl.h"

enum { INPUTS = 40, COLUMNS = 11, IMAGES = 30, ROWS = 16, SETS = 8 };

/* 40 x 11 behind 1-bit maps or codes, and a classifier. */
static mho_net *two_layers(bool binary)
{
    builder b = {.nodes = 0};
    dice d = {3};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){INPUTS, 1, 1};
    for (int i = 0; i < 2; i++) {
        add_fc(&b, i ? COLUMNS : INPUTS, binary, false);
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, binary ? MHO_OP_SIGN : MHO_OP_RELU, "act");
    }
    add_fc(&b, 3, binary, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    return net;
}

static mho_chip *chip_of(const char *name, const char *const *sets, bool binary)
{
    dice d = {4};
    const opened hw = open_hw(name, sets);
    mho_net *net = two_layers(binary);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_program(chip, 9, 0));
    free_images(&images);
    mho_net_destroy(net);
    return chip;
}

/* From a sum to the nearest decision edge of a converter without end. */
static int64_t distance(const mho_converter *c, int64_t s)
{
    const int64_t r = ((s - c->edge) % c->step + c->step) % c->step;
    return r < c->step - r ? r : c->step - r;
}

typedef struct seen {
    const mho_converter *converter;
    int64_t unit;
    size_t sums;
} seen;

static void look(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    seen *s = user;
    for (size_t i = 0; i < n; i++)
        if (s_plus[i] % s->unit || s_minus[i] % s->unit)
            fail_msg("sums of %d and %d, want multiples of %lld", s_plus[i], s_minus[i],
                     (long long)s->unit);
    s->sums += n;
}

/* What cells of all levels conduct behind any input, less a cell at level 0, is k (g_1 - g_0): each such sum. */
static void check_edges(const mho_chip *chip, size_t bits)
{
    const mho_device *device = &chip->plan->device;
    for (size_t l = 1; l < chip->layers; l++) {
        const chip_layer *layer = &chip->layer[l];
        const bool ends = layer->cells->one > 1;
        const int64_t unit = mho_device_level(device, ends ? ((size_t)1 << bits) - 1 : 1) -
                             mho_device_level(device, 0);
        assert_true(layer->cells->level0 && layer->calibrated.codes > 0);
        for (int64_t k = 0; k < INPUTS << bits; k++)
            if (distance(&layer->calibrated, k * unit) < unit / 2)
                fail_msg("%zu bits, layer %zu: sum of %lld units of %lld at %lld from an edge",
                         bits, l, (long long)k, (long long)unit,
                         (long long)distance(&layer->calibrated, k * unit));
        seen s = {&layer->calibrated, unit, 0};
        mho_crossbar_work *work;
        uint8_t in[INPUTS];
        for (size_t i = 0; i < INPUTS; i++)
            in[i] = i % 3 != 1;
        must(mho_crossbar_work_create(layer->xb[0], &work));
        mho_crossbar_sums(layer->xb[0], work, in, look, &s);
        mho_crossbar_work_destroy(work);
        assert_true(s.sums > 0);
    }
}

static void test_no_sum_on_an_edge(void **state)
{
    (void)state;
    static const char *const ranges[] = {"output.range=full", "output.range=calibrated",
                                         "output.range=least_squares"};
    for (size_t bits = 1; bits <= 7; bits++)
        for (size_t i = 0; i < 6; i++) {
            char cell[32];
            snprintf(cell, sizeof cell, "device.bits=%zu", bits);
            const char *sets[] = {cell,
                                  ranges[i / 2],
                                  "output.reference=level0",
                                  "device.variation=0",
                                  "output.split_bits=4",
                                  "output.last_bits=4",
                                  i % 2 ? "crossbar.rows=16" : "crossbar.rows=13",
                                  i % 2 ? "output.bits=3" : NULL,
                                  NULL};
            mho_chip *chip = chip_of(i % 2 ? "cnn8" : "bcnn", sets, i % 2 == 0);
            check_edges(chip, bits);
            mho_chip_destroy(chip);
        }
}

/* Without, binary weights: v driven rows, of which a meet the top level, lie on the lattice of edges where
 * v = 2^N - 1 mod 2 (2^N - 1). */
static void test_lattice_of_today(void **state)
{
    (void)state;
    for (size_t bits = 1; bits <= 7; bits++) {
        char cell[32];
        snprintf(cell, sizeof cell, "device.bits=%zu", bits);
        const char *sets[] = {cell, "device.variation=0", "crossbar.rows=16", NULL};
        mho_chip *chip = chip_of("bcnn", sets, true);
        const chip_layer *layer = &chip->layer[1];
        const int64_t top = ((int64_t)1 << bits) - 1, unit = layer->cells->unit;
        const int64_t high = mho_device_level(&chip->plan->device, (size_t)top);
        const int64_t low = mho_device_level(&chip->plan->device, 0);
        for (int64_t v = 0; v < 3 * 2 * top; v++)
            for (int64_t a = 0; a <= v; a += 1 + v / 4) {
                const int64_t at = a * high + (v - a) * low - layer->calibrated.edge;
                assert_int_equal(at % unit == 0, v % (2 * top) == top);
            }
        mho_chip_destroy(chip);
    }
}

/* Whatever a cell lost is the same in all columns of a tile, and no two crossbars have the same reference. */
static void test_draws(void **state)
{
    (void)state;
    const char *sets[] = {"device.bits=1",      "crossbar.columns=7",    "crossbar.rows=16",
                          "device.variation=1", "output.reference=none", NULL};
    mho_chip *without = chip_of("bcnn", sets, true);
    sets[4] = "output.reference=level0";
    mho_chip *with = chip_of("bcnn", sets, true);
    const mho_crossbar *a = without->layer[1].xb[0], *b = with->layer[1].xb[0];
    const int16_t *had[2] = {a->g_plus, a->g_minus}, *have[2] = {b->g_plus, b->g_minus};
    int32_t reference[2][2][INPUTS];
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < COLUMNS * INPUTS; i++) {
            const size_t tile = i / INPUTS / 6, row = i % INPUTS;
            const int32_t lost = had[side][i] - have[side][i];
            if (i / INPUTS % 6 == 0)
                reference[side][tile][row] = lost;
            assert_int_equal(lost, reference[side][tile][row]);
        }
    size_t same = 0;
    for (size_t row = 0; row < INPUTS; row++) {
        same += reference[0][0][row] == reference[1][0][row];
        same += reference[0][0][row] == reference[0][1][row];
        same += reference[0][0][row] == reference[0][0][(row + 1) % INPUTS];
        assert_true(reference[0][0][row] > 0);
    }
    assert_true(same < INPUTS / 4);
    mho_chip_destroy(without);
    mho_chip_destroy(with);
}

/* The reference is the last column of its crossbar: the circuit of all of them, solved by itself. */
static void test_wires(void **state)
{
    (void)state;
    enum { HELD = 7, TILE = HELD + 1 };
    const char *sets[] = {
        "device.variation=0", "output.reference=level0", "crossbar.columns=8", "crossbar.rows=64",
        "output.bits=4",      "wires.r_row=30",          "wires.r_col=40",     NULL};
    mho_chip *chip = chip_of("bcnn", sets, true);
    const chip_layer *layer = &chip->layer[1];
    const mho_device *device = &chip->plan->device;
    const int16_t low = (int16_t)mho_device_level(device, 0);
    for (size_t first = 0; first < COLUMNS; first += HELD) {
        const size_t columns = COLUMNS - first < HELD ? COLUMNS - first : HELD;
        int16_t g[TILE * INPUTS], G[TILE * INPUTS];
        for (size_t i = 0; i < columns * INPUTS; i++)
            g[i] =
                (int16_t)(chip_weight(&layer->m, first * INPUTS + i) > 0 ? low + layer->cells->unit
                                                                         : low);
        for (size_t i = 0; i < INPUTS; i++)
            g[columns * INPUTS + i] = low;
        must(mho_circuit_effective(&chip->plan->wires, device, INPUTS, columns + 1, INPUTS, g, G));
        for (size_t i = 0; i < columns * INPUTS; i++)
            assert_int_equal(layer->xb[0]->g_plus[first * INPUTS + i],
                             G[i] - G[columns * INPUTS + i % INPUTS]);
    }
    mho_chip_destroy(chip);
}

/* 40 x 40, 40 x 11 and 11 x 3 on crossbars of 16 x 8: seven weights and a reference side by side; the last layer but
 * one fits 64 rows, where a sense amplifier needs no reference. */
static void test_amounts(void **state)
{
    (void)state;
    mho_net *net = two_layers(true);
    const char *sets[] = {"output.reference=level0", "crossbar.rows=16", "crossbar.columns=8",
                          NULL};
    mho_placement *p;
    must(mho_placement_create(net, open_hw("bcnn", sets).hw, &p));
    assert_int_equal(p->layer[1].x_out, 2);
    assert_int_equal(p->layer[1].counts.cells, 2 * 40 * (11 + 2));
    assert_int_equal(p->layer[1].counts.conversions, 3 * 2 * 11);
    assert_true(fabs(p->layer[1].utilization - 40.0 * 13 / (3 * 2 * 16 * 8)) < 1e-12);
    assert_int_equal(p->layer[2].counts.cells, 2 * 11 * (3 + 1));
    mho_programming_load load;
    mho_placement_programming(p, &load);
    assert_true(load.cells == 2 * (40 * (40 + 6) + 40 * (11 + 2) + 11 * (3 + 1)));
    mho_placement_destroy(p);
    sets[1] = "crossbar.rows=64";
    must(mho_placement_create(net, open_hw("bcnn", sets).hw, &p));
    assert_true(p->layer[1].sense && !p->layer[1].level0);
    assert_int_equal(p->layer[1].counts.cells, 2 * 40 * 11);
    mho_placement_destroy(p);
    mho_net_destroy(net);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {"output.per=pair", "crossbar.weights=single"};
    for (size_t i = 0; i < 2; i++) {
        mho_hw *hw;
        const char *sets[] = {"output.reference=level0", bad[i], NULL};
        assert_int_equal(mho_hw_open("bcnn", sets, &hw), MHO_ECONFIG);
        assert_non_null(strstr(mho_error_message(), "output.reference = level0"));
        assert_non_null(strstr(mho_error_message(), i ? "crossbar.weights" : "output.per"));
    }
    mho_net *net = two_layers(true);
    mho_placement *p;
    const char *noisy[] = {"output.reference=level0", "crossbar.rows=16", "device.read_noise=0.1",
                           NULL};
    assert_int_equal(mho_placement_create(net, open_hw("bcnn", noisy).hw, &p), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "output.reference level0"));
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_sum_on_an_edge),
        cmocka_unit_test(test_lattice_of_today),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_wires),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
