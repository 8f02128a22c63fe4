/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "mho/quant.h"

static const mho_codes seven = {-127, 127};

static void test_cover(void **state)
{
    (void)state;
    assert_int_equal(mho_quant_cover(-1, 0.5f, seven), -6); /* 1 = 64 / 64: 128 would not do */
    assert_int_equal(mho_quant_cover(0, 127.0f / 128, seven), -7);
    assert_int_equal(mho_quant_cover(0, 127.49f, seven), 0); /* rounds to 127 */
    assert_int_equal(mho_quant_cover(0, 127.51f, seven), 1);
    assert_int_equal(mho_quant_cover(0, 0, seven), 0);
    assert_int_equal(mho_quant_cover(-128, 127, (mho_codes){-128, 127}), 0);
    assert_int_equal(mho_quant_cover(0, 1e-30f, (mho_codes){0, 1}), -100);
}

static void test_codes(void **state)
{
    (void)state;
    const float x[] = {0.5f, 1.5f, -0.5f, 2.49f, 300, -300, -3};
    const int16_t want[] = {0, 2, 0, 2, 127, -127, -3};
    int16_t code[7];
    uint8_t byte[7];
    mho_quant_codes(x, 7, 0, seven, code);
    mho_quant_bytes(x, 7, 0, seven, byte);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(code[i], want[i]);
        assert_int_equal((int8_t)byte[i], want[i]);
    }
    mho_quant_bytes(x, 7, 1, (mho_codes){0, 255}, byte);
    assert_int_equal(byte[4], 150);
    assert_int_equal(byte[5], 0);
}

/* One outlier: the covering scale loses the rest, the least-error scales give it up. */
static void test_rules(void **state)
{
    (void)state;
    enum { N = 4000 };
    static float x[N];
    for (int i = 0; i < N; i++)
        x[i] = sinf((float)i) * 0.1f;
    x[7] = 3;
    const mho_codes codes = {-3, 3};
    const int cover = mho_quant_exponent(x, N, codes, MHO_RULE_COVER);
    const int squares = mho_quant_exponent(x, N, codes, MHO_RULE_LEAST_SQUARES);
    const int absolute = mho_quant_exponent(x, N, codes, MHO_RULE_LEAST_ABSOLUTE);
    assert_int_equal(cover, 0);
    assert_true(squares < cover && absolute <= squares);
    for (int e = cover; e > cover - MHO_QUANT_CANDIDATES; e--) {
        assert_true(mho_quant_error(x, N, squares, codes, MHO_RULE_LEAST_SQUARES) <=
                    mho_quant_error(x, N, e, codes, MHO_RULE_LEAST_SQUARES));
        assert_true(mho_quant_error(x, N, absolute, codes, MHO_RULE_LEAST_ABSOLUTE) <=
                    mho_quant_error(x, N, e, codes, MHO_RULE_LEAST_ABSOLUTE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
