/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of a layer as bits, bytes and whole numbers: what they are, and what they sum up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "chip/chip_weights.h"

enum { COUNT = 9001 };

static uint32_t random_state = 7;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

static void check_sums(const chip_weights *weights, const int16_t *want)
{
    for (int turn = 0; turn < 300; turn++) {
        const size_t first = draw(COUNT), n = draw((uint32_t)(COUNT - first) + 1);
        int64_t sum = 0;
        for (size_t i = first; i < first + n; i++)
            sum += want[i];
        assert_int_equal(mhoi_chip_weights_sum(weights, first, n), sum);
    }
}

static void signs_are_bits(void **state)
{
    static float w[COUNT];
    static int16_t want[COUNT], got[COUNT];
    const size_t counts[] = {1, 15, 16, 64, 65, 4096, COUNT};
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        w[i] = draw(2) ? 1 : -1;
        want[i] = (int16_t)(3 * (int)w[i]);
    }
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        chip_weights weights;
        bool are;
        assert_int_equal(mhoi_chip_weights_signs(w, counts[k], 3, &weights, &are), MHO_OK);
        assert_true(are);
        mhoi_chip_weights_get(&weights, 0, counts[k], got);
        assert_memory_equal(got, want, counts[k] * sizeof *got);
        if (counts[k] == COUNT)
            check_sums(&weights, want);
        mhoi_chip_weights_free(&weights);
    }
}

/* Wherever it stands, and whatever it is. */
static void one_other_weight_shows(void **state)
{
    static float w[COUNT];
    const float others[] = {0, -0.0F, 0.5F, -2, INFINITY, NAN, 1.0000001F};
    const size_t places[] = {0, 1, 63, 64, 4095, 4096, 4200, COUNT - 26, COUNT - 10, COUNT - 1};
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        w[i] = draw(2) ? 1 : -1;
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
            chip_weights weights;
            bool are = true;
            const float before = w[places[k]];
            w[places[k]] = others[o];
            assert_int_equal(mhoi_chip_weights_signs(w, COUNT, 3, &weights, &are), MHO_OK);
            assert_false(are);
            assert_null(weights.bit);
            w[places[k]] = before;
        }
}

static void others_sum_up(void **state)
{
    (void)state;
    for (int most = 100; most <= 1000; most *= 10) {
        int16_t *m, want[COUNT];
        chip_weights weights;
        assert_int_equal(mhoi_alloc(&m, COUNT, sizeof *m, "weights"), MHO_OK);
        for (size_t i = 0; i < COUNT; i++)
            m[i] = want[i] = (int16_t)((int)draw((uint32_t)(2 * most)) - most);
        assert_int_equal(mhoi_chip_weights_take(&m, COUNT, &weights), MHO_OK);
        assert_true(most == 100 ? weights.byte != NULL : weights.whole != NULL);
        check_sums(&weights, want);
        mhoi_chip_weights_free(&weights);
    }
}

/* Two opposites become bits; other bytes stay. */
static void bytes_of_two_values_are_bits(void **state)
{
    static int16_t want[COUNT], got[COUNT];
    (void)state;
    for (int other = 0; other < 2; other++) {
        int8_t *m;
        chip_weights weights;
        assert_int_equal(mhoi_alloc(&m, COUNT, 1, "weights"), MHO_OK);
        for (size_t i = 0; i < COUNT; i++)
            m[i] = draw(2) ? 127 : -127;
        if (other)
            m[COUNT - 1] = 126;
        for (size_t i = 0; i < COUNT; i++)
            want[i] = m[i];
        assert_int_equal(mhoi_chip_weights_take_bytes(&m, COUNT, &weights), MHO_OK);
        assert_null(m);
        assert_true(other ? weights.byte != NULL : weights.bit != NULL);
        mhoi_chip_weights_get(&weights, 0, COUNT, got);
        assert_memory_equal(got, want, sizeof got);
        check_sums(&weights, want);
        mhoi_chip_weights_free(&weights);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_are_bits),
        cmocka_unit_test(one_other_weight_shows),
        cmocka_unit_test(others_sum_up),
        cmocka_unit_test(bytes_of_two_values_are_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
