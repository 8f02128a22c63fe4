/* SPDX-License-Identifier: Apache-2.0 */
/* Read noise on a chip: mean and variance of scores against the sum over cells, in every coding and with
 * wires; what a result may not depend on; that calibration and ideal devices know no noise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip_nets.h"
#include "mho/circuit.h"
#include "mho/run.h"
#include "mho/study.h"

enum { SIDE = 6, ROWS = SIDE * SIDE, CLASSES = 10, READS = 4000, SETS = 16 };

typedef struct setting {
    const char *set[SETS];
} setting;

/* Cells at their centres, ideal converters. */
#define IDEAL                                                                                      \
    "device.variation=0", "output.first_bits=0", "output.bits=0", "output.split_bits=0",           \
        "output.last_bits=0"

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

/* The same image, again and again. */
static mho_images one_image(dice *d, size_t count)
{
    mho_images images = random_images(d, (mho_shape){1, SIDE, SIDE}, count);
    for (size_t i = ROWS; i < count * ROWS; i++)
        images.pixel[i] = images.pixel[i - ROWS];
    return images;
}

static void run(const mho_net *net, const mho_images *images, const setting *s, float *scores)
{
    const opened hw = open_hw("bcnn", s->set);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, images, &chip));
    must(mho_chip_program(chip, 5, 0));
    must(mho_chip_run(chip, images, 0, images->count, scores, NULL));
    mho_chip_destroy(chip);
}

/* Conductance of the cell of a weight, of its partner (side 1), or of the reference, in units. */
static double cell_of(const mhoi_machine *hw, bool plus, int side)
{
    const mho_device *d = &hw->device;
    const size_t top = ((size_t)1 << d->bits) - 1;
    const double off =
        d->off_leak ? 0 : d->g_off_S / (d->g_on_S - d->g_off_S) * ldexp(1, (int)d->resolution_bits);
    if (side && hw->crossbar.weights == MHO_WEIGHTS_SINGLE)
        return mho_device_level(d, (top + 1) / 2) - mho_device_delta(d) + off;
    return mho_device_level(d, plus == !side ? top : 0) + off;
}

/* What the cells of one side conduct in effect, T[CLASSES][ROWS]: one crossbar. */
static void effective(const mhoi_machine *hw, const double *g, double *T)
{
    const mho_circuit_options o = {hw->wires.r_row_ohm,    hw->wires.r_col_ohm,
                                   hw->wires.r_driver_ohm, hw->wires.r_sense_ohm,
                                   hw->wires.both_sides,   false,
                                   MHO_CIRCUIT_DOUBLE};
    const double q =
        (hw->device.g_on_S - hw->device.g_off_S) / ldexp(1, (int)hw->device.resolution_bits);
    double siemens[ROWS * CLASSES];
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        siemens[i] = g[i] * q;
    must(mho_circuit_transfer(&o, ROWS, CLASSES, siemens, NULL, T));
    for (size_t i = 0; i < ROWS * CLASSES; i++)
        T[i] /= q;
}

/* sum of x^2, over reads of so many bits weighed by the squares of their weights. */
static double square_of(uint32_t x, size_t bits)
{
    double sum = 0;
    for (size_t shift = 0; shift < 8; shift += bits) {
        const double part = x >> shift & ((1u << bits) - 1);
        sum += ldexp(part * part, 2 * (int)shift);
    }
    return sum;
}

/* Variances of the scores. */
static void expected(const mhoi_machine *hw, const float *w, const uint8_t *x, double *variance)
{
    const mho_device *d = &hw->device;
    const bool single = hw->crossbar.weights == MHO_WEIGHTS_SINGLE;
    const bool wires = hw->wires.r_row_ohm > 0 || hw->wires.r_col_ohm > 0;
    const double full = ldexp(1, (int)d->resolution_bits);
    const double unit = (single ? 1 : 2) * ((1 << d->bits) - 1) * mho_device_delta(d);
    memset(variance, 0, CLASSES * sizeof *variance);
    for (int side = 0; side < (single && hw->crossbar.offset == MHO_OFFSET_DIGITAL ? 1 : 2);
         side++) {
        double g[ROWS * CLASSES], T[ROWS * CLASSES];
        for (size_t r = 0; r < ROWS; r++)
            for (size_t c = 0; c < CLASSES; c++)
                g[r * CLASSES + c] = cell_of(hw, w[c * ROWS + r] > 0, side);
        if (wires)
            effective(hw, g, T);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t c = 0; c < CLASSES; c++) {
                const double own = g[r * CLASSES + c], in = wires ? T[c * ROWS + r] : own;
                const double relative = d->read_noise * in;
                const double fixed = d->read_noise_fixed * full * in / own;
                const double bits = hw->input.bits_per_read ? (double)hw->input.bits_per_read : 8;
                variance[c] += square_of(x[r], (size_t)bits) *
                               (relative * relative + fixed * fixed) / (unit * 256 * unit * 256);
            }
    }
}

/* Means within 4.5 standard errors of the scores without noise (and a rounding), variances within 6 of theirs: over
 * 100 of each, missed by chance once in 1000 choices of the seed. */
static void check_moments(const mho_net *net, const mho_images *images, const setting *s)
{
    const opened hw = open_hw("bcnn", s->set);
    setting quiet = *s;
    size_t sets = 0;
    static float scores[READS * CLASSES], none[READS * CLASSES];
    double want[CLASSES];
    while (quiet.set[sets])
        sets++;
    quiet.set[sets] = "device.read_noise=0";
    quiet.set[sets + 1] = "device.read_noise_fixed=0";
    run(net, images, s, scores);
    run(net, images, &quiet, none);
    expected(&hw.m, net->node[2].weight, images->pixel, want);
    for (size_t c = 0; c < CLASSES; c++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < READS; i++)
            mean += ((double)scores[i * CLASSES + c] - (double)none[c]) / READS;
        for (size_t i = 0; i < READS; i++) {
            const double miss = (double)scores[i * CLASSES + c] - (double)none[c] - mean;
            square += miss * miss / READS;
        }
        if (fabs(mean) > 4.5 * sqrt(want[c] / READS) + 1e-4 ||
            fabs(square / want[c] - 1) > 6 * sqrt(2.0 / READS))
            fail_msg("%s, class %zu: mean off by %g, variance %g, by hand %g", s->set[5], c, mean,
                     square, want[c]);
    }
}

static void test_moments(void **state)
{
    (void)state;
    static const setting settings[] = {
        {{IDEAL, "device.read_noise=0.1"}},
        {{IDEAL, "device.read_noise_fixed=0.03"}},
        {{IDEAL, "device.read_noise=0.2", "device.bits=1", "device.read_noise_fixed=0.01",
          "device.off_leak=true", "device.g_off=20"}},
        {{IDEAL, "device.read_noise=0.1", "input.bits_per_read=1"}},
        {{IDEAL, "device.read_noise=0.1", "input.bits_per_read=3", "crossbar.rows=16"}},
        {{IDEAL, "device.read_noise=0.1", "output.per=pair", "crossbar.rows=7"}},
        {{IDEAL, "device.read_noise=0.1", "crossbar.weights=single", "device.bits=3"}},
        {{IDEAL, "device.read_noise=0.1", "crossbar.weights=single", "crossbar.offset=digital"}},
        {{IDEAL, "device.read_noise=0.1", "wires.r_row=20", "wires.r_col=30"}},
        {{IDEAL, "device.read_noise_fixed=0.03", "wires.r_row=20", "wires.r_col=30"}},
    };
    dice d = {31};
    mho_net *net = one_layer(&d);
    mho_images images = one_image(&d, READS);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        check_moments(net, &images, &settings[i]);
    free_images(&images);
    mho_net_destroy(net);
}

/* A reference column is read once: its noise is the same in all sums of its crossbar, and no other's.  Covariances
 * within 6 standard errors. */
static void test_references_share_noise(void **state)
{
    (void)state;
    enum { TILE = 5 };
    static const setting shared = {
        {IDEAL, "device.read_noise=0.1", "crossbar.weights=single", "crossbar.columns=6"}};
    static const setting own = {
        {IDEAL, "device.read_noise=0.1", "crossbar.weights=single", "crossbar.offset=digital"}};
    static float scores[READS * CLASSES];
    dice d = {37};
    mho_net *net = one_layer(&d);
    mho_images images = one_image(&d, READS);
    const opened with = open_hw("bcnn", shared.set), without = open_hw("bcnn", own.set);
    double all[CLASSES], cells[CLASSES], mean[CLASSES] = {0};
    expected(&with.m, net->node[2].weight, images.pixel, all);
    expected(&without.m, net->node[2].weight, images.pixel, cells);
    run(net, &images, &shared, scores);
    for (size_t i = 0; i < READS * CLASSES; i++)
        mean[i % CLASSES] += (double)scores[i] / READS;
    for (size_t a = 0; a < CLASSES; a++)
        for (size_t b = 0; b < a; b++) {
            const double want = a / TILE == b / TILE ? all[a] - cells[a] : 0;
            double is = 0;
            for (size_t i = 0; i < READS; i++)
                is += ((double)scores[i * CLASSES + a] - mean[a]) *
                      ((double)scores[i * CLASSES + b] - mean[b]) / READS;
            if (fabs(is - want) > 6 * sqrt((all[a] * all[b] + want * want) / READS))
                fail_msg("classes %zu and %zu: covariance %g, by hand %g", a, b, is, want);
        }
    free_images(&images);
    mho_net_destroy(net);
}

/* Deep networks, real converters: any number of threads and any part of the images give the same digits; another
 * programming reads with other noise. */
static void test_only_the_reading_decides(void **state)
{
    (void)state;
    static const char *const effects[] = {"device.variation=0", "output.per=pair",
                                          "crossbar.weights=single", "wires.r_col=3"};
    dice d = {33};
    size_t same = 0; /* where no row of the last layer is driven, there is nothing to be noisy */
    for (size_t i = 0; i < 12; i++) {
        mho_net *net = random_binary(&d);
        enum { COUNT = 40 };
        mho_images images = random_images(&d, net->node[0].out, COUNT);
        const size_t classes = net->node[net->nodes - 1].out.c;
        const setting s = {{"crossbar.rows=32", "device.read_noise=0.5", "output.bits=2",
                            "device.read_noise_fixed=0.1", effects[i % 4], NULL}};
        const opened hw = open_hw("bcnn", s.set);
        float score[4][COUNT * 16];
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        for (unsigned t = 0; t < 2; t++) {
            must(mho_run_set_threads(NULL, 1 + 2 * t));
            must(mho_chip_program(chip, 5, 0));
            must(mho_chip_run(chip, &images, 0, COUNT, score[t], NULL));
        }
        must(mho_chip_run(chip, &images, 0, 13, score[2], NULL));
        must(mho_chip_run(chip, &images, 13, COUNT - 13, score[2] + 13 * classes, NULL));
        must(mho_chip_program(chip, 5, 1));
        must(mho_chip_run(chip, &images, 0, COUNT, score[3], NULL));
        must(mho_run_set_threads(NULL, 0));
        const size_t bytes = COUNT * classes * sizeof(float);
        assert_memory_equal(score[0], score[1], bytes);
        assert_memory_equal(score[0], score[2], bytes);
        same += !memcmp(score[0], score[3], bytes);
        mho_chip_destroy(chip);
        free_images(&images);
        mho_net_destroy(net);
    }
    assert_true(same <= 1);
}

/* Hardly any noise and none are the same where converters are ideal; the ideal device has none; ranges are calibrated
 * without it, so converters that see a noise of 1e-9 round as those without, but for sums on an edge: there are none
 * with ideal cells and aligned converters. */
static void test_no_noise(void **state)
{
    (void)state;
    dice d = {35};
    for (size_t i = 0; i < 8; i++) {
        mho_net *net = random_binary(&d);
        enum { COUNT = 20 };
        mho_images images = random_images(&d, net->node[0].out, COUNT);
        const size_t bytes = COUNT * net->node[net->nodes - 1].out.c * sizeof(float);
        const char *const bits = i % 2 ? "output.split_bits=4" : "output.split_bits=0";
        const setting none = {{"crossbar.rows=32", "device.variation=0", bits, NULL}};
        const setting least = {
            {"crossbar.rows=32", "device.variation=0", bits, "device.read_noise=1e-9", NULL}};
        const setting much = {
            {"crossbar.rows=32", "device.variation=0", bits, "device.read_noise=1", NULL}};
        float score[4][COUNT * 16];
        run(net, &images, &none, score[0]);
        run(net, &images, &least, score[1]);
        run(net, &images, &much, score[2]);
        assert_memory_equal(score[0], score[1], bytes);
        assert_memory_not_equal(score[0], score[2], bytes);
        const opened hw = open_hw("bcnn", much.set);
        mho_hw *ideal;
        must(mho_hw_clone_ideal(hw.hw, &ideal));
        mho_chip *chip;
        must(mho_chip_open(net, ideal, &images, &chip));
        must(mho_chip_program(chip, 1, 0));
        must(mho_chip_run(chip, &images, 0, COUNT, score[3], NULL));
        mho_chip_destroy(chip);
        mho_hw_destroy(ideal);
        assert_memory_equal(score[0], score[3], bytes);
        free_images(&images);
        mho_net_destroy(net);
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"device.read_noise=-1", "device.read_noise=nan",
                                      "device.read_noise_fixed=-0.1", "device.read_noise=11",
                                      "device.read_noise_fixed=x"};
    mho_hw *config;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const sets[] = {bad[i], NULL};
        assert_int_equal(mho_hw_open("bcnn", sets, &config), MHO_ECONFIG);
        assert_non_null(strstr(mho_error_message(), "device.read_noise"));
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    dice d = {36};
    mho_net *net = one_layer(&d);
    mho_images images = one_image(&d, 20);
    static const setting s = {{"device.read_noise=0.1", "wires.r_col=1", "crossbar.rows=20"}};
    const opened hw = open_hw("bcnn", s.set);
    must(mho_run_set_threads(NULL, 1));
    const uint64_t live = mhoi_alloc_live();
    mho_status status = MHO_ENOMEM;
    for (uint64_t k = 1; status; k++) {
        mho_chip *chip;
        mho_error_estimate e;
        mhoi_alloc_fail_at(k);
        status = mho_chip_open(net, hw.hw, &images, &chip);
        if (!status)
            status = mho_error_of(chip, &images, 20, 1, 1, 0, NULL, NULL, NULL, &e);
        mhoi_alloc_fail_at(0);
        mho_chip_destroy(chip);
        assert_true(status == MHO_OK || status == MHO_ENOMEM);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

/* Memory of a run is kept for the one after the next programming, of other cells; and allocations are few then. */
static void test_programmed_again(void **state)
{
    (void)state;
    dice d = {9};
    mho_net *net = one_layer(&d);
    mho_images images = one_image(&d, 40);
    const setting noisy = {{"device.variation=1", "device.read_noise=0.1", "output.first_bits=4"}};
    const opened hw = open_hw("bcnn", noisy.set);
    float again[40 * CLASSES], fresh[40 * CLASSES];
    mho_chip *chip, *other;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    must(mho_chip_open(net, hw.hw, &images, &other));
    for (uint32_t trial = 0; trial < 3; trial++) {
        must(mho_chip_program(chip, 5, trial));
        const uint64_t before = mhoi_alloc_count();
        must(mho_chip_run(chip, &images, 0, trial ? 40 : 20, again, NULL));
        if (trial == 2)
            assert_true(mhoi_alloc_count() - before < 10);
    }
    must(mho_chip_program(other, 5, 2));
    must(mho_chip_run(other, &images, 0, 40, fresh, NULL));
    assert_memory_equal(again, fresh, sizeof fresh);
    mho_chip_destroy(chip);
    mho_chip_destroy(other);
    mho_images_free(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_references_share_noise),
        cmocka_unit_test(test_only_the_reading_decides),
        cmocka_unit_test(test_no_noise),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_programmed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
