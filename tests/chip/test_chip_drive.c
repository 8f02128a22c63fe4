/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that stand for the current of nonlinear cells; that calibration knows none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "chip/chip_impl.h"
#include "chip_nets.h"
#include "mho/run.h"

static void codes_follow_the_sinh(void **state)
{
    (void)state;
    static const mho_codes codes[] = {{0, 255}, {0, 15}, {0, 3}, {-128, 127}, {-8, 7}};
    static const double b[] = {1e-4, 0.5, 2, 20};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (size_t j = 0; j < sizeof b / sizeof *b; j++) {
            uint8_t table[256];
            const mho_codes c = codes[i];
            const double top = c.lo < 0 ? -c.lo : c.hi;
            mhoi_chip_drive(c, b[j], table);
            int32_t before = INT32_MIN;
            for (int32_t q = c.lo; q <= c.hi; q++) {
                const int32_t got = c.lo < 0 ? (int8_t)table[(uint8_t)q] : table[(uint8_t)q];
                const double x = q / top;
                const double want = (exp(b[j] * x) - exp(-b[j] * x)) / (exp(b[j]) - exp(-b[j]));
                assert_true(fabs(got - top * want) <= 0.5 + 1e-6);
                assert_true(got >= before && got >= c.lo && got <= c.hi);
                if (b[j] < 1e-3)
                    assert_int_equal(got, q);
                before = got;
            }
        }
}

static mho_chip *chip_of(const mho_net *net, const mho_images *images, const char *nonlinearity)
{
    const char *const set[] = {nonlinearity, "device.variation=0", NULL};
    mho_chip *chip;
    must(mho_chip_open(net, open_hw("cnn8", set).hw, images, &chip));
    return chip;
}

/* Ranges of converters and scales of maps are those of linear cells; what they say afterwards is not. */
static void calibration_is_linear(void **state)
{
    (void)state;
    dice d = {5};
    builder b = {.nodes = 0};
    add_node(&b, MHO_OP_INPUT, "input", 0)->out = (mho_shape){1, 12, 12};
    add_conv(&b, 6, 3, 1, 0, 1, false, true);
    add_plain(&b, MHO_OP_RELU, "relu");
    add_plain(&b, MHO_OP_FLATTEN, "flatten");
    add_fc(&b, 20, false, true);
    add_plain(&b, MHO_OP_RELU, "relu");
    add_fc(&b, 10, false, true);
    mho_net *net = finish(&b);
    randomize(&d, net);
    mho_images images = random_images(&d, net->node[0].out, 20);
    mho_chip *linear = chip_of(net, &images, "device.nonlinearity=0");
    mho_chip *bent = chip_of(net, &images, "device.nonlinearity=3");
    assert_int_equal(linear->layers, 3);
    for (size_t l = 0; l < linear->layers; l++) {
        const chip_layer *x = &linear->layer[l], *y = &bent->layer[l];
        assert_true(x->calibrated.codes > 0);
        assert_int_equal(x->calibrated.codes, y->calibrated.codes);
        assert_int_equal(x->calibrated.edge, y->calibrated.edge);
        assert_int_equal(x->calibrated.step, y->calibrated.step);
        assert_true(x->weight_scale[0] == y->weight_scale[0]);
        assert_true(x->x_scale == y->x_scale);
    }
    for (size_t m = 0; m < linear->maps; m++) {
        assert_true(linear->map[m].scale == bent->map[m].scale);
    }
    mho_chip_destroy(linear);
    mho_chip_destroy(bent);
    free_images(&images);
    mho_net_destroy(net);
}

int main(void)
{
    must(mho_cpu_init());
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes_follow_the_sinh),
                                       cmocka_unit_test(calibration_is_linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
