/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that stand for the current of nonlinear cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "chip/chip_impl.h"

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
            chip_drive(c, b[j], table);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes_follow_the_sinh)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
