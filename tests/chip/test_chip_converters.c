/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of converters as they are drawn at programming (docs/models/chip.md eq. (10)): mean, deviation and
 * shape over many converters and programmings; that no two converters go together; what a draw depends on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rng.h"
#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "crossbar/crossbar_impl.h"
#include "mho/run.h"

enum {
    SIDE = 20,
    ROWS = SIDE * SIDE,
    COLUMNS = 240,
    LAYERS = 2, /* of COLUMNS each, before the classifier */
    CLASSES = 10,
    TRIALS = 12,
    MOST = 2 * 4 * COLUMNS /* converters of a layer: pairs of crossbars, row groups, columns */
};

#define OFFSET 0.25
#define GAIN 0.03
#define INL 0.5
#define ALL "output.offset=0.25", "output.gain_error=0.03", "output.inl=0.5"

/* 400 rows and 240: four row groups of 128 and two, behind converters of 8 and 4 bits. */
static mho_net *two_layers(void)
{
    dice d = {1};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, SIDE, SIDE};
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    for (int i = 0; i < LAYERS; i++) {
        add_fc(&b, COLUMNS, true, false);
        add_plain(&b, MHO_OP_BATCHNORM, "bn");
        add_plain(&b, MHO_OP_SIGN, "sign");
    }
    add_fc(&b, CLASSES, true, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    return net;
}

static mho_chip *chip_of(const char *const *set)
{
    dice d = {2};
    mho_net *net = two_layers();
    mho_images images = random_images(&d, (mho_shape){1, SIDE, SIDE}, 50);
    const opened hw = open_hw("bcnn", set);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    free_images(&images);
    mho_net_destroy(net);
    return chip;
}

/* Standard normals of a layer's converters, if the deviations are those asked for: [kind][converter];
 * returns the converters. */
static size_t errors_of(mho_chip *chip, size_t l, uint64_t seed, uint32_t trial, double n[3][MOST])
{
    must(mho_chip_program(chip, seed, trial));
    const chip_layer *layer = &chip->layer[l];
    const size_t count = 2 * layer->place->row_groups * layer->cells->converted;
    const double step = layer->calibrated.step;
    assert_true(count <= MOST && layer->xb[0]->error && layer->calibrated.codes > 0);
    for (size_t i = 0; i < count; i++) {
        const mho_converter_error e = layer->xb[0]->error[i];
        n[0][i] = (double)e.offset / (OFFSET * step);
        n[1][i] = (double)e.gain / GAIN;
        n[2][i] = (double)e.bow / (INL * step);
    }
    return count;
}

static void near(const char *what, double got, double want, double deviation)
{
    if (!(fabs(got - want) <= 5 * deviation))
        fail_msg("%s = %.5f, want %.5f +- %.5f", what, got, want, 5 * deviation);
}

/* The first four moments of n normals, and the share beyond two deviations. */
static void check_normal(const double *x, size_t count)
{
    const double n = (double)count;
    double m[5] = {0}, beyond = 0;
    for (size_t i = 0; i < count; i++) {
        double p = 1;
        for (int k = 1; k <= 4; k++)
            m[k] += (p *= x[i]) / n;
        beyond += fabs(x[i]) > 2;
    }
    near("mean", m[1], 0, sqrt(1 / n));
    near("deviation", sqrt(m[2]), 1, sqrt(0.5 / n));
    near("third moment", m[3], 0, sqrt(15 / n));
    near("fourth moment", m[4], 3, sqrt(96 / n));
    near("share beyond two deviations", beyond / n, 0.0455, sqrt(0.0455 * 0.9545 / n));
}

static void test_distribution(void **state)
{
    (void)state;
    const char *const set[] = {ALL, NULL};
    static double n[3][MOST], all[3][LAYERS * TRIALS * MOST];
    mho_chip *chip = chip_of(set);
    size_t total = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++)
        for (size_t l = 0; l < LAYERS; l++) {
            const size_t count = errors_of(chip, l, 3, trial, n);
            for (size_t kind = 0; kind < 3; kind++)
                memcpy(all[kind] + total, n[kind], count * sizeof *n[kind]);
            total += count;
        }
    assert_int_equal(total, TRIALS * 2 * (4 + 2) * COLUMNS);
    for (size_t kind = 0; kind < 3; kind++)
        check_normal(all[kind], total);
    mho_chip_destroy(chip);
}

static void uncorrelated(const char *what, const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    near(what, sum / (double)count, 0, sqrt(1 / (double)count));
}

/* Two programmings, or two layers, of `count` converters each. */
static void apart(const char *what, double a[3][MOST], double b[3][MOST], size_t count)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            uncorrelated(what, a[i], b[j], count);
}

static void test_independence(void **state)
{
    (void)state;
    const char *const set[] = {ALL, NULL};
    static double a[3][MOST], b[3][MOST];
    mho_chip *chip = chip_of(set);
    const size_t count = errors_of(chip, 0, 3, 0, a), half = count / 2;
    assert_int_equal(count, MOST);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            if (i < j)
                uncorrelated("kinds of one converter", a[i], a[j], count);
            uncorrelated("neighbouring columns", a[i], a[j] + 1, count - 1);
            uncorrelated("row groups", a[i], a[j] + COLUMNS, count - COLUMNS);
            uncorrelated("crossbars of a pair", a[i], a[j] + half, half);
        }
    (void)errors_of(chip, 0, 3, 1, b);
    apart("programmings", a, b, count);
    (void)errors_of(chip, 0, 4, 0, b);
    apart("seeds", a, b, count);
    apart("layers", a, b, errors_of(chip, 1, 3, 0, b));
    mho_chip_destroy(chip);
}

/* Those of n draws of a stream that are also a converter's: chance gives a handful. */
static size_t shared_with(const double *x, size_t count, const float *draw, size_t n)
{
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            same += fabs(x[i] - (double)draw[k]) < 1e-6;
    return same;
}

/* Converters have random numbers of their own: none of a layer's arrays of cells, of their faults or drift. */
static void test_apart_from_cells(void **state)
{
    (void)state;
    enum { DRAWS = 4 * MOST / 2, FAULTS = 1 << 28, DRIFT = 2 << 28 };
    static const uint32_t arrays[] = {0, 1, FAULTS, FAULTS + 1, DRIFT, DRIFT + 1};
    const char *const set[] = {ALL, NULL};
    static double n[3][MOST];
    static float draw[DRAWS];
    mho_chip *chip = chip_of(set);
    const size_t count = errors_of(chip, 1, 3, 2, n);
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
        const mhoi_stream cells = {.seed = 3, .trial = 2, .layer = 1, .array = arrays[a]};
        mhoi_rng_normal(&cells, 0, DRAWS, draw);
        for (size_t kind = 0; kind < 3; kind++) {
            const size_t same = shared_with(n[kind], count, draw, DRAWS);
            if (same > count / 20)
                fail_msg("array %u: %zu of %zu errors are draws of its cells", arrays[a], same,
                         count);
        }
    }
    mho_chip_destroy(chip);
}

/* What one draw is of: seed and programming, not the threads, the cells or the other errors; and it grows
 * with the deviation asked for. */
static void test_dependence(void **state)
{
    (void)state;
    static const char *const set[][6] = {{ALL},
                                         {ALL, "device.variation=0.3", "device.stuck_on=0.1"},
                                         {"output.offset=0.5"},
                                         {"output.gain_error=0.06"},
                                         {"output.inl=1"}};
    static const double times[][3] = {{1, 1, 1}, {1, 1, 1}, {2, 0, 0}, {0, 2, 0}, {0, 0, 2}};
    static double want[3][MOST], got[3][MOST];
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t s = 0; s < sizeof set / sizeof *set; s++) {
            mho_chip *chip = chip_of(set[s]);
            (void)errors_of(chip, l, 3, 7, got); /* another one before it */
            must(mho_run_set_threads(NULL, 1 + s % 3));
            const size_t count = errors_of(chip, l, 9, 2, s ? got : want);
            for (size_t kind = 0; s && kind < 3; kind++)
                for (size_t i = 0; i < count; i++)
                    assert_true(got[kind][i] == times[s][kind] * want[kind][i]);
            mho_chip_destroy(chip);
        }
    must(mho_run_set_threads(NULL, 0));
}

/* A sense amplifier has an offset alone, in units of weight; where rows fit one crossbar. */
static void test_sense_amplifiers(void **state)
{
    (void)state;
    const char *const set[] = {ALL, "crossbar.rows=512", "crossbar.columns=512", NULL};
    static double offset[LAYERS * TRIALS * COLUMNS];
    mho_chip *chip = chip_of(set);
    size_t total = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        must(mho_chip_program(chip, 3, trial));
        for (size_t l = 0; l < LAYERS; l++) {
            const chip_layer *layer = &chip->layer[l];
            assert_true(layer->place->sense);
            for (size_t c = 0; c < 2 * COLUMNS; c++) {
                const mho_converter_error e = layer->xb[0]->error[c];
                assert_true(e.gain == 0 && e.bow == 0 && (c < COLUMNS || e.offset == 0));
                if (c < COLUMNS)
                    offset[total++] = (double)e.offset / (OFFSET * layer->cells->unit);
            }
        }
    }
    check_normal(offset, total);
    mho_chip_destroy(chip);
}

/* Rows that are on one after the other go to one converter, and so do the columns that share it; no two converters have the
 * same error. */
static void test_shared(void **state)
{
    (void)state;
    enum { K = 7, GROUPS = 2, PASSES = 8 }; /* 400 rows on crossbars of 256, 32 of them on */
    const char *const set[] = {ALL,
                               "crossbar.rows=256",
                               "crossbar.active_rows=32",
                               "output.share=7",
                               "crossbar.columns=50",
                               NULL};
    mho_chip *chip = chip_of(set);
    must(mho_chip_program(chip, 3, 1));
    const chip_layer *layer = &chip->layer[0];
    const mho_placement_layer *told = layer->place->told;
    assert_int_equal(layer->place->row_groups, 13);
    assert_true(told->passes == PASSES && told->x_in == GROUPS);
    assert_int_equal(told->converters, 2 * 2 * (4 * 8 + 6)); /* 50 columns in turns of 7; 40 */
    const mho_converter_error *e = layer->xb[0]->error;
    size_t different = 0;
    for (size_t g = 0; g < 13; g++)
        for (size_t c = 0; c < COLUMNS; c++) {
            const size_t first = c - c % 50 % K;
            assert_true(e[g * COLUMNS + c].gain == e[g / PASSES * PASSES * COLUMNS + first].gain);
            different += c > 0 && c == first && e[c].gain != e[c - 1].gain;
        }
    assert_int_equal(different, 13 * (4 * 8 + 6 - 1));
    mho_chip_destroy(chip);
}

/* Of crossbars of 64 rows, 16 of them on, the sums are those of crossbars of 16 rows. */
static void test_active_rows(void **state)
{
    (void)state;
    static const char *const set[][5] = {
        {"crossbar.rows=16", "output.share=4", "device.bits=3"},
        {"crossbar.rows=75", "crossbar.active_rows=16", "device.bits=3"}};
    static const char *const codings[] = {"crossbar.weights=differential",
                                          "crossbar.weights=single"};
    enum { IMAGES = 20 };
    float scores[2][IMAGES * CLASSES];
    dice d = {2};
    mho_images images = random_images(&d, (mho_shape){1, SIDE, SIDE}, 50);
    for (size_t coding = 0; coding < 2; coding++) {
        for (size_t i = 0; i < 2; i++) {
            const char *all[] = {set[i][0], set[i][1], set[i][2], codings[coding], NULL};
            mho_chip *chip = chip_of(all);
            must(mho_chip_program(chip, 3, 1));
            must(mho_chip_run(chip, &images, 0, IMAGES, scores[i], NULL));
            mho_chip_destroy(chip);
        }
        assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    }
    free_images(&images);
}

int main(void)
{
    must(mho_cpu_init());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution),     cmocka_unit_test(test_independence),
        cmocka_unit_test(test_apart_from_cells), cmocka_unit_test(test_dependence),
        cmocka_unit_test(test_sense_amplifiers), cmocka_unit_test(test_shared),
        cmocka_unit_test(test_active_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
