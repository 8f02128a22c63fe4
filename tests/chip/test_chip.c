/* SPDX-License-Identifier: Apache-2.0 */
/* The chip apart from exactness: converters, variation, threads, and everything that can go wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "chip/chip_impl.h"
#include "crossbar/cells.h"
#include "crossbar/converter.h"
#include "chip_nets.h"
#include "mho/infer.h"
#include "mho/run.h"
#include "mho/study.h"

static void assert_error(mho_status got, mho_status want, const char *part)
{
    if (got != want || !strstr(mho_error_message(), part))
        fail_msg("%s: %s; want %s with '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), part);
}

/* conv 8@3x3 - bn - pool - sign - fc 40 - bn - sign - fc 10 - bn on 1 x 12 x 12. */
static mho_net *small_binary(dice *d)
{
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 12, 12};
    add_conv(&b, 8, 3, 1, 0, 1, true, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_pool_node(&b, MHO_OP_MAXPOOL, 2, 2, 0);
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 40, true, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    add_plain(&b, MHO_OP_SIGN, "sign");
    add_fc(&b, 10, true, false);
    add_plain(&b, MHO_OP_BATCHNORM, "bn");
    mho_net *net = finish(&b);
    randomize(d, net);
    return net;
}

static int64_t code_of(mho_converter c, int64_t s)
{
    const int64_t t = s - c.edge;
    const int64_t code = (t >= 0 ? t / c.step : -((-t + c.step - 1) / c.step)) + 1;
    return code < 0 ? 0 : code > c.codes - 1 ? c.codes - 1 : code;
}

/* Aligned edges never fall on a possible sum; a lossless converter tells every one apart; the value of a
 * code is within half a step of every sum in the range. */
static void test_converters(void **state)
{
    (void)state;
    for (size_t bits = 1; bits <= 9; bits++)
        for (int per = 0; per < 2; per++)
            for (int aligned = 0; aligned < 2; aligned++) {
                const int32_t unit = 4064;
                const mhoi_converter_wish wish = {.bits = bits,
                                                  .lo = per ? -100 * unit : 0,
                                                  .hi = 100 * unit,
                                                  .unit = unit,
                                                  .between = unit,
                                                  .aligned = aligned};
                const mho_converter c = mhoi_converter_make(&wish);
                const bool lossless = (1u << bits) >= (per ? 201u : 101u);
                const double gain = c.step, offset = mhoi_converter_lo(&c);
                for (int64_t k = wish.lo / unit; k <= 100; k++) {
                    const int64_t s = k * unit, t = s - c.edge;
                    assert_true(!(aligned || lossless) || t % unit != 0);
                    const double error = gain * (double)code_of(c, s) + offset - (double)s;
                    if (fabs(error) > (lossless ? 0 : 0.5 * gain + 0.5 * unit))
                        fail_msg("bits %zu per %d aligned %d sum %lld: off by %g, step %g", bits,
                                 per, aligned, (long long)k, error / unit, gain / unit);
                }
            }
}

/* Half the rest is cut off at either end, and the range is centred. */
static void test_calibrated_converter(void **state)
{
    (void)state;
    mhoi_converter_wish wish = {.bits = 4,
                                .lo = 1000,
                                .hi = 4900,
                                .unit = 100,
                                .between = 100,
                                .aligned = true,
                                .centred = true};
    mho_converter c = mhoi_converter_make(&wish);
    assert_int_equal(c.codes, 16);
    assert_int_equal(c.step, 300); /* 39 levels / 15 steps = 2.6 */
    assert_int_equal(c.edge,
                     850); /* 14 steps around 2950, from 850 to 5050: halfway between levels */
    wish.hi = 2000;
    c = mhoi_converter_make(&wish);
    assert_int_equal(c.step, 100);
    wish.hi = 4900;
    wish.aligned = false;
    c = mhoi_converter_make(&wish);
    assert_int_equal(c.step, 260);
    assert_int_equal(c.edge, 1130);
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

enum { CAL_N = 6, CAL_SIDE = 10, CAL_SUMS = CAL_N * 8 * CAL_SIDE * CAL_SIDE * 2 };

/* S+ and S- of the first layer of small_binary, by the definition. */
static void first_sums(const mho_net *net, const mhoi_machine *hw, const mho_images *images,
                       int64_t *sum)
{
    const int64_t top = mho_device_level(&hw->device, 127),
                  bottom = mho_device_level(&hw->device, 0);
    for (size_t i = 0; i < CAL_SUMS / 2; i++) {
        const size_t image = i / (8 * CAL_SIDE * CAL_SIDE), c = i / (CAL_SIDE * CAL_SIDE) % 8;
        const size_t y = i / CAL_SIDE % CAL_SIDE, x = i % CAL_SIDE;
        int64_t plus = 0, minus = 0;
        for (size_t k = 0; k < 9; k++) {
            const int64_t v = images->pixel[image * 144 + (y + k / 3) * 12 + x + k % 3];
            const bool positive = net->node[1].weight[c * 9 + k] > 0;
            plus += v * (positive ? top : bottom);
            minus += v * (positive ? bottom : top);
        }
        *sum++ = plus;
        *sum++ = minus;
    }
}

/* The first layer's range is the middle of its sorted sums, S+ and S- together. */
static void test_calibration(void **state)
{
    (void)state;
    static int64_t sum[CAL_SUMS];
    const size_t n = CAL_SUMS;
    dice d = {21};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, CAL_N);
    const char *sets[] = {"output.range=calibrated", "output.percentile=90", "output.bits=6", NULL};
    const opened hw = open_hw("bcnn", sets);
    first_sums(net, &hw.m, &images, sum);
    qsort(sum, n, sizeof *sum, by_value);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, &images, &chip));
    const chip_layer *layer = &chip->layer[0];
    const mhoi_range range = {sum[n / 20], sum[n - 1 - n / 20]};
    const mho_converter want = mhoi_chip_converter_of(chip, layer, range, true),
                        got = layer->converter;
    assert_int_equal(got.codes, 64);
    assert_int_equal(got.step, want.step);
    if (llabs((long long)got.edge - want.edge) > layer->cells->unit)
        fail_msg("edge %d, want %d, unit %d", got.edge, want.edge, layer->cells->unit);
    mho_chip_destroy(chip);
    free_images(&images);
    mho_net_destroy(net);
}

static double squares(const int64_t *sum, const mho_converter *c)
{
    double all = 0;
    for (size_t i = 0; i < CAL_SUMS; i++) {
        const double code = floor((double)(sum[i] - c->edge) / c->step) + 1;
        const double k = code < 0 ? 0 : code > c->codes - 1 ? c->codes - 1 : code;
        const double miss = (double)(sum[i] - c->edge) - (k - 0.5) * c->step;
        all += miss * miss;
    }
    return all;
}

/* The codes of a least-squares range miss the sums by no more than those of any percentile. */
static void test_least_squares(void **state)
{
    (void)state;
    static int64_t sum[CAL_SUMS];
    static const char *const ranges[] = {"output.percentile=100", "output.percentile=99.9",
                                         "output.percentile=98", "output.percentile=95"};
    double least = 0;
    for (size_t i = 0; i < 5; i++) {
        dice d = {21};
        mho_net *net = small_binary(&d);
        mho_images images = random_images(&d, net->node[0].out, CAL_N);
        const char *sets[] = {"output.bits=3",
                              i ? "output.range=calibrated" : "output.range=least_squares",
                              i ? ranges[i - 1] : NULL, NULL};
        const opened hw = open_hw("bcnn", sets);
        first_sums(net, &hw.m, &images, sum);
        mho_chip *chip;
        must(mho_chip_open(net, hw.hw, &images, &chip));
        const double error = squares(sum, &chip->layer[0].converter);
        if (i == 0)
            least = error;
        else if (least > error * 1.001)
            fail_msg("least squares %g, %s %g", least, ranges[i - 1], error);
        mho_chip_destroy(chip);
        free_images(&images);
        mho_net_destroy(net);
    }
}

/* A 4-bit DAC: as software on pixels rounded to 4 bits. */
static void test_coarse_input(void **state)
{
    (void)state;
    enum { N = 40 };
    dice d = {22};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, N),
               coarse = random_images(&d, images.shape, N);
    const char *sets[] = {
        "device.variation=0", "output.first_bits=0", "output.bits=0",      "output.split_bits=0",
        "output.last_bits=0", "input.first_bits=4",  "crossbar.rows=4096", NULL};
    const opened hw = open_hw("bcnn", sets);
    for (size_t i = 0; i < (size_t)N * 144; i++) {
        const unsigned code = (images.pixel[i] + 8u) / 16;
        coarse.pixel[i] = (uint8_t)(16 * (code > 15 ? 15 : code));
    }
    float *input = pixels_as_input(net, &coarse), want[N * 10], got[N * 10];
    mho_infer *infer;
    must(mho_infer_create(net, N, &infer));
    must(mho_infer_run(infer, N, input, want));
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, NULL, &chip));
    must(mho_chip_program(chip, 1, 0));
    must(mho_chip_run(chip, &images, 0, N, got, NULL));
    assert_memory_equal(want, got, sizeof want);
    mho_chip_destroy(chip);
    mho_infer_destroy(infer);
    free(input);
    free_images(&images);
    free_images(&coarse);
    mho_net_destroy(net);
}

/* The two cells of a weight miss their levels independently, within half a level. */
static void test_cells(void **state)
{
    (void)state;
    dice d = {23};
    mho_net *net = small_binary(&d);
    const char *sets[] = {"output.range=full", NULL};
    const opened hw = open_hw("bcnn", sets);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, NULL, &chip));
    must(mho_chip_program(chip, 1, 0));
    const chip_layer *last = &chip->layer[chip->layers - 1];
    const int32_t delta = mho_device_delta(&hw.m.device);
    const size_t n = last->columns * last->rows;
    int16_t *g_plus, *g_minus;
    mhoi_crossbar_cells(last->xb[0], &g_plus, &g_minus);
    assert_non_null(g_plus);
    double plus = 0, minus = 0, both = 0;
    for (size_t i = 0; i < n; i++) {
        const int16_t m = chip_weight(&last->m, i);
        const size_t level = m > 0 ? (size_t)m : 0, other = m < 0 ? (size_t)-m : 0;
        const double a = g_plus[i] - mho_device_level(&hw.m.device, level);
        const double b = g_minus[i] - mho_device_level(&hw.m.device, other);
        assert_true(fabs(a) <= delta && fabs(b) <= delta);
        plus += a * a;
        minus += b * b;
        both += a * b;
    }
    const double correlation = both / sqrt(plus * minus), sigma = sqrt(plus / (double)n) / delta;
    if (fabs(correlation) > 0.2 || fabs(sigma - 0.577) > 0.06)
        fail_msg("correlation %g, deviation %g half levels", correlation, sigma);
    assert_int_equal(mho_chip_held(chip), 0);
    mho_chip_destroy(chip);
    mho_net_destroy(net);
}

static mho_spread errors_of(const mho_net *net, const mho_images *images, const char *const *sets,
                            uint64_t seed, size_t trials)
{
    const opened hw = open_hw("bcnn", sets);
    mho_chip *chip;
    mho_error_estimate e;
    must(mho_chip_open(net, hw.hw, images, &chip));
    must(mho_error_of(chip, images, images->count, seed, trials, 0, NULL, NULL, NULL, &e));
    mho_chip_destroy(chip);
    return e.spread;
}

/* Labels of ideal hardware as truth: variation makes errors, more of it more; the same seed the same. */
static void test_variation(void **state)
{
    (void)state;
    dice d = {11};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, 300);
    const char *sets[] = {"device.variation=0",
                          "output.first_bits=0",
                          "output.bits=0",
                          "device.bits=3",
                          "output.split_bits=0",
                          "output.last_bits=0",
                          NULL};
    const opened hw = open_hw("bcnn", sets);
    mho_chip *chip;
    must(mho_chip_open(net, hw.hw, NULL, &chip));
    must(mho_chip_program(chip, 5, 0));
    must(mho_chip_run(chip, &images, 0, images.count, NULL, images.label));
    mho_chip_destroy(chip);
    assert_true(errors_of(net, &images, sets, 5, 2).max == 0);
    sets[0] = "device.variation=0.5";
    const mho_spread little = errors_of(net, &images, sets, 5, 6);
    sets[0] = "device.variation=3";
    const mho_spread much = errors_of(net, &images, sets, 5, 6),
                     again = errors_of(net, &images, sets, 5, 6);
    const mho_spread other = errors_of(net, &images, sets, 6, 6);
    if (!(much.mean > little.mean && much.std > 0 && much.min <= much.mean &&
          much.mean <= much.max))
        fail_msg("errors %g +- %g at variation 0.5, %g +- %g at 3", little.mean, little.std,
                 much.mean, much.std);
    assert_memory_equal(&much, &again, sizeof much);
    assert_true(other.mean != much.mean || other.std != much.std);
    free_images(&images);
    mho_net_destroy(net);
}

/* Same scores with 1, 2 and 5 threads, and whatever part of the images is run. */
static void test_threads_and_parts(void **state)
{
    (void)state;
    enum { N = 700, PART = 123, FROM = 301 };
    dice d = {12};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, N);
    const char *const names[] = {"bcnn", "cnn8"};
    for (size_t k = 0; k < 2; k++) {
        const opened hw = open_hw(names[k], NULL);
        static float first[N * 10], other[N * 10];
        for (size_t threads = 1; threads <= 5; threads += threads) {
            mho_chip *chip;
            must(mho_run_set_threads(NULL, threads));
            must(mho_chip_open(net, hw.hw, &images, &chip));
            must(mho_chip_program(chip, 3, 1));
            must(mho_chip_run(chip, &images, 0, N, threads == 1 ? first : other, NULL));
            if (threads > 1)
                assert_memory_equal(first, other, sizeof first);
            must(mho_chip_run(chip, &images, FROM, PART, other, NULL));
            assert_memory_equal(first + FROM * 10, other, PART * 10 * sizeof *first);
            mho_chip_destroy(chip);
        }
    }
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

static void test_errors(void **state)
{
    (void)state;
    dice d = {13};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, 20);
    mho_images other = random_images(&d, (mho_shape){3, 12, 12}, 20);
    const opened hw = open_hw("bcnn", NULL);
    mho_chip *chip;
    assert_error(mho_chip_open(net, hw.hw, NULL, &chip), MHO_EUSAGE, "calibration images");
    assert_null(chip);
    assert_error(mho_chip_open(net, hw.hw, &other, &chip), MHO_EDOMAIN, "images of 3 x 12 x 12");
    must(mho_chip_open(net, hw.hw, &images, &chip));
    assert_error(mho_chip_run(chip, &images, 0, 20, NULL, images.label), MHO_EUSAGE,
                 "not programmed");
    must(mho_chip_program(chip, 1, 0));
    assert_error(mho_chip_run(chip, &images, 10, 11, NULL, images.label), MHO_EDOMAIN,
                 "10..21 of 20");
    assert_error(mho_chip_run(chip, &other, 0, 1, NULL, images.label), MHO_EDOMAIN,
                 "wants 1 x 12 x 12");
    mho_chip_destroy(chip);

    net->node[1].weight[5] = NAN;
    assert_error(mho_chip_open(net, hw.hw, &images, &chip), MHO_EDOMAIN, "weight[5] = nan");
    net->node[1].weight[5] = 0.5f;
    assert_error(mho_chip_open(net, hw.hw, &images, &chip), MHO_EDOMAIN, "want +1 or -1");
    net->node[1].weight[5] = 1;
    net->node[2].variance[3] = -1;
    assert_error(mho_chip_open(net, hw.hw, &images, &chip), MHO_EDOMAIN, "[3]");
    net->node[2].variance[3] = 1;
    net->node[8].op = MHO_OP_RELU;
    assert_error(mho_chip_open(net, hw.hw, &images, &chip), MHO_ENOTMODELED, "sign");
    net->node[8].op = MHO_OP_SIGN;
    mho_net *plain;
    must(mho_net_zoo("lenet", &plain));
    assert_error(mho_chip_open(plain, hw.hw, &images, &chip), MHO_EDOMAIN, "no parameters");
    mho_net_destroy(plain);
    free_images(&images);
    free_images(&other);
    mho_net_destroy(net);
}

/* A layer wider than any memory is refused by name and size before anything is asked for. */
static void test_larger_than_memory(void **state)
{
    (void)state;
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 4, 4};
    add_fc(&b, 3, true, false);
    mho_net *net = finish(&b);
    net->node[1].out.c = (size_t)1 << 40;
    const opened hw = open_hw("bcnn", NULL);
    mho_chip *chip;
    assert_error(mho_chip_open(net, hw.hw, NULL, &chip), MHO_ENOMEM, "GB");
    net->node[1].out.c = 3;
    mho_net_destroy(net);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    dice d = {14};
    mho_net *net = small_binary(&d);
    mho_images images = random_images(&d, net->node[0].out, 20);
    must(mho_run_set_threads(NULL, 1));
    const char *const names[] = {"bcnn", "cnn8"};
    for (size_t i = 0; i < 2; i++) {
        const opened hw = open_hw(names[i], NULL);
        const uint64_t live = mhoi_alloc_live();
        uint64_t k = 1;
        for (mho_status s = MHO_ENOMEM; s; k++) {
            mho_chip *chip;
            mho_error_estimate e;
            mhoi_alloc_fail_at(k);
            s = mho_chip_open(net, hw.hw, &images, &chip);
            if (!s)
                s = mho_error_of(chip, &images, 20, 1, 1, 0, NULL, NULL, NULL, &e);
            mhoi_alloc_fail_at(0);
            mho_chip_destroy(chip);
            assert_true(s == MHO_OK || s == MHO_ENOMEM);
            assert_int_equal(mhoi_alloc_live(), live);
        }
        assert_true(k > 20);
    }
    must(mho_run_set_threads(NULL, 0));
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converters),    cmocka_unit_test(test_calibrated_converter),
        cmocka_unit_test(test_calibration),   cmocka_unit_test(test_least_squares),
        cmocka_unit_test(test_coarse_input),  cmocka_unit_test(test_cells),
        cmocka_unit_test(test_variation),     cmocka_unit_test(test_threads_and_parts),
        cmocka_unit_test(test_errors),        cmocka_unit_test(test_larger_than_memory),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
