/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of 8 bits and fewer: every code there and back, what lies between two codes, what is too large, and bytes that
 * hold several. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tensor/array.h"

static const struct kind {
    mho_type type;
    unsigned codes;
    double largest, least; /* the smallest above 0 */
    bool infinite;
} kinds[] = {{MHO_TYPE_FLOAT8E4M3FN, 256, 448, 0x1p-9, false},
             {MHO_TYPE_FLOAT8E4M3FNUZ, 256, 240, 0x1p-10, false},
             {MHO_TYPE_FLOAT8E5M2, 256, 57344, 0x1p-16, true},
             {MHO_TYPE_FLOAT8E5M2FNUZ, 256, 57344, 0x1p-17, false},
             {MHO_TYPE_FLOAT4E2M1, 16, 6, 0.5, false}};

static void there_and_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (unsigned code = 0; code < kinds[k].codes; code++) {
            const double x = mhoi_small_to_real(kinds[k].type, (uint8_t)code);
            const uint8_t back = mhoi_small_from(kinds[k].type, x, false);
            if (isnan(x))
                assert_true(isnan(mhoi_small_to_real(kinds[k].type, back)));
            else
                assert_int_equal(back, code);
        }
}

static void neighbours(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const mho_type type = kinds[k].type;
        for (unsigned code = 0; mhoi_small_to_real(type, (uint8_t)(code + 1)) <= kinds[k].largest;
             code++) {
            const double low = mhoi_small_to_real(type, (uint8_t)code),
                         high = mhoi_small_to_real(type, (uint8_t)(code + 1));
            assert_true(low < high);
            const unsigned even = code + (code & 1);
            assert_int_equal(mhoi_small_from(type, (low + high) / 2, true), even);
            assert_int_equal(mhoi_small_from(type, low + (high - low) * 0.49, true), code);
            assert_int_equal(mhoi_small_from(type, low + (high - low) * 0.51, true), code + 1);
            if (high == kinds[k].largest)
                break;
        }
    }
}

static void ends(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const struct kind *f = &kinds[k];
        const uint8_t top = mhoi_small_from(f->type, 1e9, true);
        assert_float_equal(mhoi_small_to_real(f->type, top), f->largest, 0);
        assert_float_equal(mhoi_small_to_real(f->type, 1), f->least, 0);
        assert_int_equal(mhoi_small_from(f->type, -INFINITY, true),
                         f->type == MHO_TYPE_FLOAT4E2M1 ? top | 8 : top | 0x80);
        const double beyond =
            mhoi_small_to_real(f->type, mhoi_small_from(f->type, INFINITY, false));
        if (f->type == MHO_TYPE_FLOAT4E2M1)
            assert_float_equal(beyond, 6, 0);
        else
            assert_true(f->infinite ? isinf(beyond) : isnan(beyond));
    }
}

static void bytes(void **state)
{
    (void)state;
    static const struct {
        mho_type type;
        int want[5];
    } cases[] = {{MHO_TYPE_INT4, {-8, 7, -1, 1, 2}},
                 {MHO_TYPE_UINT4, {8, 7, 15, 1, 2}},
                 {MHO_TYPE_INT2, {0, -2, -1, 1, -1}},
                 {MHO_TYPE_UINT2, {0, 2, 3, 1, 3}}};
    for (size_t k = 0; k < 4; k++) {
        uint8_t data[5];
        mho_array a = {.type = cases[k].type, .rank = 1, .size = {5}, .count = 5, .data = data};
        assert_int_equal(mhoi_packed_bytes(a.type, 5), k < 2 ? 3 : 2);
        mhoi_unpack_bytes((const uint8_t[]){0x78, 0x1f, 0x02}, &a);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(mhoi_array_whole(&a, i), cases[k].want[i]);
        mhoi_array_set_reals(&a, 0, 2, (const double[]){100, -100});
        int64_t low, high;
        mhoi_type_range(a.type, &low, &high);
        assert_int_equal(mhoi_array_whole(&a, 0), high);
        assert_int_equal(mhoi_array_whole(&a, 1), low);
        mhoi_array_set_wholes(&a, 0, 1, &(const int64_t){low - 1});
        assert_int_equal(mhoi_array_whole(&a, 0), high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(neighbours), cmocka_unit_test(ends),
                                       cmocka_unit_test(bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
