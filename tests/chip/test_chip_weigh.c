/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of what images drive rows with, of every variant that this CPU has, against sums in 128 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/x86.h"
#include "chip/chip_lanes.h"
#include "mho/run.h"

enum { MOST = 300 };

static uint64_t words[MOST];
static uint32_t windows[MOST];
static int64_t draws[MOST];

static uint64_t random_bits(unsigned bits)
{
    static uint64_t state = 7;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return bits ? state >> (64 - bits) : 0;
}

static void fill(size_t n, unsigned draw_bits, unsigned square_bits)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t drive =
            random_bits(square_bits < CHIP_DRIVE_BITS ? square_bits : CHIP_DRIVE_BITS);
        const uint64_t draw = random_bits(draw_bits);
        words[i] = random_bits(16) << (CHIP_DRIVE_BITS + CHIP_SQUARE_BITS) |
                   drive << CHIP_SQUARE_BITS | random_bits(square_bits);
        windows[i] = (uint32_t)random_bits(20);
        draws[i] = random_bits(1) ? (int64_t)draw : -(int64_t)draw;
    }
}

static void same(const mhoi_chip_lanes *lanes, size_t n, bool fits)
{
    chip_weighed got = {0};
    uint64_t driven = 0, drives = 0, squares = 0;
    chip_wide g_drive = 0, g_square = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t square = words[i] % (UINT64_C(1) << CHIP_SQUARE_BITS);
        const uint64_t drive =
            words[i] / (UINT64_C(1) << CHIP_SQUARE_BITS) % (1 << CHIP_DRIVE_BITS);
        driven += words[i] / (UINT64_C(1) << (CHIP_SQUARE_BITS + CHIP_DRIVE_BITS)) * windows[i];
        drives += drive * windows[i];
        squares += square * windows[i];
        g_drive += (chip_wide)draws[i] * (int64_t)drive;
        g_square += (chip_wide)draws[i] * (int64_t)square;
    }
    assert_int_equal(lanes->weigh(words, windows, draws, n, &got), fits);
    if (!fits)
        return;
    assert_int_equal(got.driven, driven);
    assert_int_equal(got.drive, drives);
    assert_int_equal(got.square, squares);
    assert_true(got.g_drive == g_drive);
    assert_true(got.g_square == g_square);
}

static void sums_are_those_of_128_bits(void **state)
{
    (void)state;
    static const mhoi_chip_lanes *const variants[] = {
        &mhoi_chip_lanes_ref,
#if MHOI_X86
        &mhoi_chip_lanes_avx2,
        &mhoi_chip_lanes_avx512,
#endif
    };
    const size_t levels = (size_t)mho_cpu_level() + 1;
    for (size_t n = 0; n <= MOST; n += n < 40 ? 1 : 37)
        for (unsigned draw_bits = 0; draw_bits <= 25; draw_bits += 5) {
            fill(n, draw_bits, CHIP_SQUARE_BITS);
            for (size_t v = 0; v < levels && v < sizeof variants / sizeof *variants; v++)
                same(variants[v], n, true);
        }
    for (size_t v = 0; v < levels && v < sizeof variants / sizeof *variants; v++) {
        fill(MOST, 40, CHIP_SQUARE_BITS); /* 40 + 28 + 9 bits */
        same(variants[v], MOST, false);
        fill(MOST, 40, 12); /* 40 + 12 + 9 */
        same(variants[v], MOST, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_are_those_of_128_bits)};
    assert_int_equal(mho_cpu_init(), MHO_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
