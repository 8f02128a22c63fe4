/* SPDX-License-Identifier: Apache-2.0 */
/* Wire resistance on a chip: scores against the circuit's own transfer matrix, tile by tile; the ideal
 * limit; any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip_nets.h"
#include "mho/circuit.h"
#include "mho/run.h"

enum { SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 10, IMAGES = 12 };

/* One fully connected layer: 36 x 10, so tiles of 16 x 4 are full, cut at one side, and at both. */
static mho_net *one_layer(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, SIDE, SIDE};
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, CLASSES, true, false);
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

enum { SETS = 16 };

typedef struct setting {
    const char *set[SETS];
} setting;

/* Cells at their centres, ideal converters. */
static setting with(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    return (setting){{"device.variation=0", "output.first_bits=0", "output.bits=0",
                      "output.split_bits=0", "output.last_bits=0", a, b, c, d, e, NULL}};
}

/* Scores, or the status of what failed first. */
static mho_status run_on(const mho_net *net, const mho_images *images, const mho_hw *hw,
                         float *scores)
{
    mho_chip *chip;
    mho_status status = mho_chip_open(net, hw, images, &chip);
    if (!status)
        status = mho_chip_program(chip, 5, 0);
    if (!status)
        status = mho_chip_run(chip, images, 0, images->count, scores, NULL);
    mho_chip_destroy(chip);
    return status;
}

static mho_status run(const mho_net *net, const mho_images *images, const setting *s, float *scores)
{
    const opened hw = open_hw("bcnn", s->set);
    return run_on(net, images, hw.hw, scores);
}

/* Adds what the tile at (row, column) puts into scores: sum x (T+ - T-) in units of weight.  Word line
 * rows - 1 and bit line 0 of the tile are next to amplifiers and drivers. */
static void add_tile(const mhoi_machine *hw, const mho_circuit_options *o, const float *w,
                     size_t row, size_t column, size_t rows, size_t columns,
                     const mho_images *images, double *scores)
{
    const double q = (hw->device.g_on_S - hw->device.g_off_S) /
                     (double)((size_t)1 << hw->device.resolution_bits);
    const size_t top = ((size_t)1 << hw->device.bits) - 1;
    const double high = mho_device_level(&hw->device, top), low = mho_device_level(&hw->device, 0);
    double g[PIXELS * CLASSES], T[PIXELS * CLASSES];
    for (int side = 0; side < 2; side++) {
        const double base = hw->device.off_leak ? 0 : hw->device.g_off_S;
        for (size_t m = 0; m < rows; m++)
            for (size_t n = 0; n < columns; n++) {
                const bool plus = w[(column + n) * PIXELS + row + m] > 0;
                g[m * columns + n] = base + q * (plus == !side ? high : low);
            }
        must(mho_circuit_transfer(o, rows, columns, g, NULL, T));
        for (size_t i = 0; i < images->count; i++)
            for (size_t n = 0; n < columns; n++)
                for (size_t m = 0; m < rows; m++)
                    scores[i * CLASSES + column + n] += (side ? -1 : 1) * T[n * rows + m] / q *
                                                        images->pixel[i * PIXELS + row + m] /
                                                        (high - low) / 256;
    }
}

static void check_tiles(const mho_net *net, const mho_images *images, const setting *s)
{
    const opened hw = open_hw("bcnn", s->set);
    const mho_circuit_options o = {hw.m.wires.r_row_ohm,    hw.m.wires.r_col_ohm,
                                   hw.m.wires.r_driver_ohm, hw.m.wires.r_sense_ohm,
                                   hw.m.wires.both_sides,   false,
                                   MHO_CIRCUIT_DOUBLE};
    double want[IMAGES * CLASSES] = {0}, lost = 0;
    float scores[IMAGES * CLASSES], ideal[IMAGES * CLASSES];
    const setting none = with("crossbar.rows=128", "wires.both_sides=true", NULL, NULL, NULL);
    must(run(net, images, &none, ideal));
    must(run(net, images, s, scores));
    const size_t M = hw.m.crossbar.rows, N = hw.m.crossbar.columns;
    for (size_t row = 0; row < PIXELS; row += M)
        for (size_t column = 0; column < CLASSES; column += N)
            add_tile(&hw.m, &o, net->node[2].weight, row, column,
                     PIXELS - row < M ? PIXELS - row : M,
                     CLASSES - column < N ? CLASSES - column : N, images, want);
    const double unit = 2 * 127 * mho_device_delta(&hw.m.device);
    for (size_t k = 0; k < images->count * CLASSES; k++) {
        double x = 0; /* half a unit of rounding a cell, two cells a weight */
        for (size_t r = 0; r < PIXELS; r++)
            x += images->pixel[k / CLASSES * PIXELS + r];
        if (fabs((double)scores[k] - want[k]) > x / unit / 256 + 1e-5)
            fail_msg("%s: score %zu = %.9g, by hand %.9g, ideal %.9g", s->set[6], k,
                     (double)scores[k], want[k], (double)ideal[k]);
        lost = fmax(lost, fabs((double)ideal[k] - (double)scores[k]) / (2 * x / unit / 256 + 1e-5));
    }
    if (lost < 5)
        fail_msg("%s: wires change no score by more than %g roundings", s->set[6], lost);
}

static void test_tiles(void **state)
{
    (void)state;
    dice d = {21};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const setting settings[] = {
        with("crossbar.rows=128", "wires.r_row=3", "wires.r_col=5", NULL, NULL),
        with("crossbar.rows=16", "crossbar.columns=4", "wires.r_row=40", "wires.r_col=25", NULL),
        with("crossbar.rows=16", "wires.r_driver=200", "wires.r_sense=90", "wires.both_sides=true",
             "wires.r_row=10"),
        with("crossbar.rows=35", "wires.r_col=90", NULL, NULL, NULL), /* a last tile of one row */
        with("crossbar.rows=36", "crossbar.columns=3", "wires.r_col=30", "output.per=pair", NULL),
        with("crossbar.rows=20", "wires.r_col=3000", "wires.r_row=3000", "device.g_off=20",
             NULL), /* cells below g_off */
        with("crossbar.rows=20", "wires.r_col=300", "wires.r_row=3", "device.off_leak=true",
             "device.g_off=20"),
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        check_tiles(net, &images, &settings[i]);
    free_images(&images);
    mho_net_destroy(net);
}

/* Scores of approximate wires lie within the bound that the chip tells, and a rounding, of those of exact ones. */
static void test_approximate(void **state)
{
    (void)state;
    dice d = {22};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const char *const resistance[] = {"0.5", "5"};
    for (size_t i = 0; i < 2; i++) {
        char row[32], column[32];
        snprintf(row, sizeof row, "wires.r_row=%s", resistance[i]);
        snprintf(column, sizeof column, "wires.r_col=%s", resistance[i]);
        const setting exact = with("crossbar.rows=64", row, column, NULL, NULL);
        const setting quick = with("crossbar.rows=64", row, column, "wires.approximate=true", NULL);
        float a[IMAGES * CLASSES], b[IMAGES * CLASSES];
        const opened hw = open_hw("bcnn", quick.set), hw_exact = open_hw("bcnn", exact.set);
        mho_chip *chip;
        must(run(net, &images, &exact, a));
        must(mho_chip_open(net, hw.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, images.count, b, NULL));
        const double bound = mho_chip_wires_bound(chip);
        mho_chip_destroy(chip);
        must(mho_chip_open(net, hw_exact.hw, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        assert_true(mho_chip_wires_bound(chip) == 0);
        mho_chip_destroy(chip);
        assert_true(bound > (i ? 1e-3 : 1e-6) && bound < (i ? 0.5 : 0.05));
        const double unit = 2 * 127 * mho_device_delta(&hw.m.device);
        double far = 0;
        for (size_t k = 0; k < images.count * CLASSES; k++) {
            /* A cell conducts as many units as the resolution has, at most, with g_off; of it the bound, and two roundings. */
            const double most = 2.2 * ldexp(1, (int)hw.m.device.resolution_bits);
            const double range = PIXELS * (bound * most + 2) / unit;
            assert_true(fabs((double)a[k] - (double)b[k]) <= range);
            far = fmax(far, fabs((double)a[k] - (double)b[k]));
        }
        assert_true(i == 0 || far > 0);
    }
    free_images(&images);
    mho_net_destroy(net);
}

/* Largest |score - ideal score| of a random network's images. */
static double distance(const mho_net *net, const mho_images *images, const char *r_row,
                       const char *r_col)
{
    const setting ideal = with("crossbar.rows=32", "wires.both_sides=true", NULL, NULL, NULL);
    const setting wires = with("crossbar.rows=32", "crossbar.columns=8", r_row, r_col, NULL);
    float a[IMAGES * CLASSES], b[IMAGES * CLASSES];
    double largest = 0;
    must(run(net, images, &ideal, a));
    must(run(net, images, &wires, b));
    for (size_t k = 0; k < images->count * CLASSES; k++)
        largest = fmax(largest, fabs((double)a[k] - (double)b[k]));
    return largest;
}

static void test_limit(void **state)
{
    (void)state;
    dice d = {22};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, IMAGES);
    const double far = distance(net, &images, "wires.r_row=10", "wires.r_col=10");
    const double near = distance(net, &images, "wires.r_row=1", "wires.r_col=1");
    const double same = distance(net, &images, "wires.r_row=1e-9", "wires.r_col=1e-9");
    if (!(far > 5 * near && near > 0) || same != 0)
        fail_msg("scores are off by %g at 10 ohm, %g at 1 ohm, %g at 1 nanoohm", far, near, same);
    free_images(&images);
    mho_net_destroy(net);
}

/* Programmed cells, real converters, calibration: any number of threads gives the same digits, of deep
 * networks with strides, groups and pools, and with cells that miss by so much that some conduct 0 S. */
static void test_threads(void **state)
{
    (void)state;
    static const char *const effects[] = {"device.variation=60", "output.per=pair",
                                          "device.off_leak=true", "output.column_sum=read_back"};
    dice d = {23};
    for (size_t i = 0; i < 12; i++) {
        mho_net *net = random_binary(&d);
        mho_images images = random_images(&d, net->node[0].out, 8);
        const size_t n = 8 * net->node[net->nodes - 1].out.c;
        const setting s = {{"crossbar.rows=32", "crossbar.columns=8", "wires.r_row=20",
                            "wires.r_col=700", "wires.r_sense=100", effects[i % 4], NULL}};
        float score[2][8 * 16];
        for (unsigned t = 0; t < 2; t++) {
            must(mho_run_set_threads(NULL, 1 + 2 * t));
            must(run(net, &images, &s, score[t]));
        }
        must(mho_run_set_threads(NULL, 0));
        for (size_t k = 0; k < n; k++)
            if (score[0][k] != score[1][k])
                fail_msg("network %zu: score %g with 1 thread, %g with 3", i, (double)score[0][k],
                         (double)score[1][k]);
        free_images(&images);
        mho_net_destroy(net);
    }
}

/* Solved in single precision: a few cells are off by a unit; the same digits with any number of threads. */
static void test_single_precision(void **state)
{
    (void)state;
    enum { EDGE = 14, ROWS = EDGE * EDGE, COLUMNS = 70, MANY = 4 };
    dice d = {26};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, EDGE, EDGE};
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, COLUMNS, true, false);
    mho_net *net = finish(&b);
    randomize(&d, net);
    mho_images images = random_images(&d, net->node[0].out, MANY);
    const setting settings[] = {
        with("wires.r_row=0.3", "wires.r_col=0.5", NULL, NULL, NULL),
        with("wires.r_row=0.3", "wires.r_col=0.5", "wires.precision=single", NULL, NULL)};
    const opened hw = open_hw("bcnn", settings[1].set);
    const double unit = 2 * 127 * mho_device_delta(&hw.m.device);
    float score[3][MANY * COLUMNS];
    for (unsigned k = 0; k < 3; k++) {
        must(mho_run_set_threads(NULL, k == 2 ? 2 : 1));
        must(run(net, &images, &settings[k > 0], score[k]));
    }
    must(mho_run_set_threads(NULL, 0));
    assert_memory_equal(score[1], score[2], sizeof score[1]);
    size_t differ = 0;
    for (size_t k = 0; k < MANY * COLUMNS; k++) {
        double x = 0; /* 5 % of the cells, by a unit each */
        for (size_t r = 0; r < ROWS; r++)
            x += 2 * images.pixel[k / COLUMNS * ROWS + r] / unit / 256;
        if (fabs((double)score[1][k] - (double)score[0][k]) > 0.05 * x)
            fail_msg("score %zu: %.9g, in double precision %.9g", k, (double)score[1][k],
                     (double)score[0][k]);
        differ += score[1][k] != score[0][k];
    }
    assert_true(differ > 0);
    free_images(&images);
    mho_net_destroy(net);
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"wires.r_row=-1",      "wires.r_col=nan",
                                      "wires.r_driver=1e10", "wires.r_sense=x",
                                      "wires.both_sides=2",  "wires.precision=half"};
    mho_hw *config;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const sets[] = {bad[i], NULL};
        assert_int_equal(mho_hw_open("bcnn", sets, &config), MHO_ECONFIG);
        assert_non_null(strstr(mho_error_message(), "wires."));
    }
    const char *const nonlinear[] = {"wires.r_col=1", "device.nonlinearity=1", NULL};
    assert_int_equal(mho_hw_open("bcnn", nonlinear, &config), MHO_ENOTMODELED);
    dice d = {24};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, 2);
    float scores[2 * CLASSES];
    const setting tiny = with("wires.r_row=1e-20", NULL, NULL, NULL, NULL);
    assert_int_equal(run(net, &images, &tiny, scores), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "layer fc2"));
    free_images(&images);
    mho_net_destroy(net);
}

static void test_memory(void **state)
{
    (void)state;
    dice d = {25};
    mho_net *net = one_layer(&d);
    mho_images images = random_images(&d, net->node[0].out, 2);
    const setting s = with("crossbar.rows=16", "wires.r_row=2", "wires.r_col=2", NULL, NULL);
    const opened hw = open_hw("bcnn", s.set);
    float scores[2 * CLASSES];
    must(mho_run_set_threads(NULL, 1));
    const uint64_t live = mhoi_alloc_live();
    mho_status status = MHO_ENOMEM;
    for (uint64_t k = 1; status; k++) {
        assert_int_equal(status, MHO_ENOMEM);
        mhoi_alloc_fail_at(k);
        status = run_on(net, &images, hw.hw, scores);
        mhoi_alloc_fail_at(0);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_approximate),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_single_precision),
    };
    must(mho_cpu_init());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
