/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "mho/run.h"
#include "quant/quant_encode.h"

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
    /* ties to even, as the codes themselves: -128.5 is -128 and covered, 127.5 is 128 and not */
    assert_int_equal(mho_quant_cover(-128.5f, 1, (mho_codes){-128, 127}), 0);
    assert_int_equal(mho_quant_cover(-1, 127.5f, (mho_codes){-128, 127}), 1);
    assert_int_equal(mho_quant_cover(0, 2.5f, (mho_codes){0, 2}), 0);
    assert_int_equal(mho_quant_cover(0, 1.5f, (mho_codes){0, 1}), 1);
    /* at the ends of float, and beyond */
    assert_int_equal(mho_quant_cover(0, 1e-40f, seven), MHO_QUANT_EXPONENT_MIN);
    assert_int_equal(mho_quant_cover(0, 3e38f, seven), 121);
    assert_true(mho_quant_cover(0, 3e38f, (mho_codes){0, 1}) > MHO_QUANT_EXPONENT_MAX);
    assert_true(mho_quant_cover(0, INFINITY, seven) > MHO_QUANT_EXPONENT_MAX);
    assert_true(mho_quant_cover(-INFINITY, 1, seven) > MHO_QUANT_EXPONENT_MAX);
    assert_true(mho_quant_cover(0, NAN, seven) > MHO_QUANT_EXPONENT_MAX);
}

static void test_codes(void **state)
{
    (void)state;
    enum { N = 12 }; /* ties go to the even code, on both sides of 0 */
    const float x[N] = {0.5f, 1.5f,  -0.5f, 2.49f, 300,    -300,
                        -3,   -1.5f, 2.5f,  -2.5f, 125.5f, -126.5f};
    const int16_t want[N] = {0, 2, 0, 2, 127, -127, -3, -2, 2, -2, 126, -126};
    int16_t code[N];
    uint8_t byte[N];
    mho_quant_codes(x, N, 1, seven, code);
    mho_quant_bytes(x, N, 1, seven, byte);
    for (int i = 0; i < N; i++) {
        assert_int_equal(code[i], want[i]);
        assert_int_equal((int8_t)byte[i], want[i]);
    }
    mho_quant_bytes(x, N, 2, (mho_codes){0, 255}, byte);
    assert_int_equal(byte[4], 150);
    assert_int_equal(byte[5], 0);
}

/* Values below every scale become code 0, by the rules as well. */
static void test_tiny(void **state)
{
    (void)state;
    const float x[] = {1e-40f, 0, -1e-42f, 1e-45f};
    for (int rule = MHO_RULE_COVER; rule <= MHO_RULE_LEAST_ABSOLUTE; rule++) {
        int16_t code[4];
        const int e = mho_quant_exponent(x, 4, seven, (mho_scale_rule)rule);
        assert_true(isfinite(mho_quant_error(x, 4, ldexpf(1, e), seven, (mho_scale_rule)rule)));
        mho_quant_codes(x, 4, ldexpf(1, e), seven, code);
        for (int i = 0; i < 4; i++)
            assert_int_equal(code[i], 0);
    }
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
        assert_true(mho_quant_error(x, N, ldexpf(1, squares), codes, MHO_RULE_LEAST_SQUARES) <=
                    mho_quant_error(x, N, ldexpf(1, e), codes, MHO_RULE_LEAST_SQUARES));
        assert_true(mho_quant_error(x, N, ldexpf(1, absolute), codes, MHO_RULE_LEAST_ABSOLUTE) <=
                    mho_quant_error(x, N, ldexpf(1, e), codes, MHO_RULE_LEAST_ABSOLUTE));
    }
}

/* Two codes of scale 1/4, by hand: 0.3 is 1, off by 0.05; 0.9 is held at 2, off by 0.4. */
static void test_error(void **state)
{
    (void)state;
    const float x[] = {0.3f, 0.9f};
    const mho_codes codes = {-2, 2};
    assert_true(fabs(mho_quant_error(x, 2, 0.25f, codes, MHO_RULE_LEAST_ABSOLUTE) - 0.45) < 1e-6);
    assert_true(fabs(mho_quant_error(x, 2, 0.25f, codes, MHO_RULE_LEAST_SQUARES) - 0.1625) < 1e-6);
}

/* One number by the definition. */
static uint8_t drive_of(float x, float by, float top, mho_encoded *e)
{
    const float v = x * by;
    e->beyond += !(fabsf(v) < top + 0.5f);
    e->below += v <= -0.5f;
    return (uint8_t)floorf(fminf(fmaxf(v, 0), top) + 0.5f);
}

/* Every variant; ends of every length, numbers that are none, both signs. */
static void test_encode(void **state)
{
    (void)state;
    enum { N = 1000 };
    mhoi_encode_fn *const variant[] = {mhoi_encode_ref, mhoi_encode_avx2, mhoi_encode_avx512};
    float x[N];
    uint8_t code[N + 1], want[N];
    for (int i = 0; i < N; i++)
        x[i] = 1.2f * sinf((float)i) + (i % 50 == 7 ? 3 : 0);
    x[1] = NAN, x[20] = INFINITY, x[333] = -INFINITY, x[334] = 15.5f / 15, x[335] = -0.0f;
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); level++)
        for (size_t n = 0; n <= N; n += n < 70 ? 1 : 155) {
            const float by = n % 2 ? 15 : -255, top = n % 2 ? 15 : 255;
            mho_encoded e = {0};
            for (size_t i = 0; i < n; i++)
                want[i] = drive_of(x[i], by, top, &e);
            code[n] = 77;
            const mho_encoded got = variant[level](x, n, by, top, code);
            assert_memory_equal(code, want, n);
            assert_int_equal(code[n], 77);
            assert_int_equal(got.beyond, e.beyond);
            assert_int_equal(got.below, e.below);
        }
    assert_int_equal(mho_quant_encode(x + 2, 10, 1.0 / 255, 255, true, code).below, 5);
    assert_int_equal(code[2], 232);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover), cmocka_unit_test(test_codes), cmocka_unit_test(test_error),
        cmocka_unit_test(test_tiny),  cmocka_unit_test(test_rules), cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
