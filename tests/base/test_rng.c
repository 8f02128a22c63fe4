/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: published vectors, chunking, limits of the counter, moments and distribution. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng_impl.h"

#define DRAWS ((size_t)1 << 20)

/* Known answers of Random123 (kat_vectors, philox4x32 10), told in terms of streams. */
static void test_known_answers(void **state)
{
    (void)state;
    static const struct {
        mhoi_stream stream;
        uint64_t block;
        uint32_t want[4];
    } cases[] = {
        {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0x299f31d0a4093822, 0x03707344, 0x8a2e, 0x85a308d3},
         0x1319243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t got[4];
        mhoi_rng_u32(&cases[i].stream, 4 * cases[i].block, 4, got);
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(got[j], cases[i].want[j]);
    }
}

/* Every part of a long fill equals a short fill of its own, whatever its start and length. */
static void test_chunks(void **state)
{
    (void)state;
    enum { N = 1500 };
    static uint32_t whole[N], part[N];
    static float uniform[N], normal[N], some[N];
    const mhoi_stream s = {7, 1, 2, 3};
    const uint64_t start = (UINT64_C(1) << 34) - 700; /* crosses the low word of the block number */
    mhoi_rng_u32(&s, start, N, whole);
    mhoi_rng_uniform(&s, start, N, uniform);
    mhoi_rng_normal(&s, start, N, normal);
    for (size_t first = 0; first < 600; first += 7) {
        size_t n = 1 + (first * 13) % 900;
        mhoi_rng_u32(&s, start + first, n, part);
        assert_memory_equal(part, whole + first, n * sizeof *part);
        mhoi_rng_uniform(&s, start + first, n, some);
        assert_memory_equal(some, uniform + first, n * sizeof *some);
        mhoi_rng_normal(&s, start + first, n, some);
        assert_memory_equal(some, normal + first, n * sizeof *some);
    }
    mhoi_rng_u32(&s, start, 0, NULL);
}

static int compare_blocks(const void *a, const void *b)
{
    return memcmp(a, b, 4 * sizeof(uint32_t));
}

/* Neighbours in every coordinate, and their carries, give different blocks. */
static void test_streams_differ(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {0, 1, UINT64_C(1) << 32, UINT64_MAX};
    static const uint32_t words[] = {0, 1, 0x10000, UINT32_MAX}, layers[] = {0, 1, 0xffff};
    static const uint64_t blocks[] = {0, 1, UINT64_C(1) << 32, (UINT64_C(1) << 48) - 1};
    static uint32_t block[4 * 4 * 4 * 3 * 4][4];
    size_t n = 0;
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++)
            for (size_t c = 0; c < 4; c++)
                for (size_t d = 0; d < 3; d++)
                    for (size_t e = 0; e < 4; e++) {
                        mhoi_stream s = {seeds[a], words[b], layers[d], words[c]};
                        mhoi_rng_u32(&s, 4 * blocks[e], 4, block[n++]);
                    }
    qsort(block, n, sizeof *block, compare_blocks);
    for (size_t i = 1; i < n; i++)
        assert_memory_not_equal(block[i - 1], block[i], sizeof *block);
}

static void check_moment(const char *what, double got, double want, double deviation)
{
    if (fabs(got - want) > 5 * deviation)
        fail_msg("%s = %.6f, want %.6f +- %.6f", what, got, want, 5 * deviation);
}

static void test_uniform(void **state)
{
    (void)state;
    static float x[DRAWS];
    const mhoi_stream s = {1, 0, 0, 0};
    double mean = 0, square = 0;
    size_t bin[64] = {0};
    mhoi_rng_uniform(&s, 0, DRAWS, x);
    for (size_t i = 0; i < DRAWS; i++) {
        assert_true(x[i] > 0 && x[i] < 1);
        mean += x[i] / (double)DRAWS;
        square += x[i] * x[i] / (double)DRAWS;
        bin[(size_t)(x[i] * 64)]++;
    }
    check_moment("mean", mean, 0.5, sqrt(1 / 12.0 / (double)DRAWS));
    check_moment("mean square", square, 1 / 3.0, sqrt(4 / 45.0 / (double)DRAWS));
    double chi2 = 0, want = (double)DRAWS / 64;
    for (size_t i = 0; i < 64; i++)
        chi2 += ((double)bin[i] - want) * ((double)bin[i] - want) / want;
    check_moment("chi squared", chi2, 63, sqrt(126.0));
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Moments, correlation of neighbours, and the largest distance to the normal distribution. */
static void test_normal(void **state)
{
    (void)state;
    static float x[DRAWS];
    const mhoi_stream s = {2, 5, 6, 7};
    double n = (double)DRAWS, m[5] = {0}, lag1 = 0, lag2 = 0, distance = 0;
    mhoi_rng_normal(&s, 0, DRAWS, x);
    for (size_t i = 0; i < DRAWS; i++) {
        double p = 1;
        for (int k = 1; k <= 4; k++)
            m[k] += (p *= x[i]) / n;
        lag1 += i >= 1 ? x[i] * x[i - 1] / n : 0;
        lag2 += i >= 2 ? x[i] * x[i - 2] / n : 0;
    }
    check_moment("mean", m[1], 0, sqrt(1 / n));
    check_moment("variance", m[2], 1, sqrt(2 / n));
    check_moment("third moment", m[3], 0, sqrt(15 / n));
    check_moment("fourth moment", m[4], 3, sqrt(96 / n));
    check_moment("correlation of neighbours", lag1, 0, sqrt(1 / n));
    check_moment("correlation over two", lag2, 0, sqrt(1 / n));
    qsort(x, DRAWS, sizeof *x, compare_floats);
    for (size_t i = 0; i < DRAWS; i++)
        distance = fmax(distance, fabs(0.5 * erfc(-x[i] / sqrt(2)) - ((double)i + 0.5) / n));
    check_moment("Kolmogorov distance", distance, 0, 0.4 / sqrt(n));
}

/* The single-precision polynomials against libm in double precision, from the same draws. */
static void test_normal_digits(void **state)
{
    (void)state;
    enum { N = 1 << 16 };
    static uint32_t draw[N];
    static float x[N];
    const mhoi_stream s = {3, 0, 0, 0};
    mhoi_rng_u32(&s, 0, N, draw);
    mhoi_rng_normal(&s, 0, N, x);
    for (size_t i = 0; i < N; i += 2) {
        double radius = sqrt(-2 * log((draw[i] + 0.5) * 0x1p-32));
        double turn = ((int32_t)(draw[i + 1] << 2) >> 8) + 0.5;
        double angle = turn * 0x1p-23 * M_PI / 4 + (draw[i + 1] >> 31) * M_PI;
        bool swapped = (draw[i + 1] >> 30 & 1) != 0;
        double even = radius * (swapped ? sin(angle) : cos(angle));
        double odd = radius * (swapped ? cos(angle) : sin(angle));
        double bound = 4e-7 * radius + 1.2e-7 / radius; /* u is rounded to 24 bits */
        if (fabs(x[i] - even) > bound || fabs(x[i + 1] - odd) > bound)
            fail_msg("draws %zu: %.9g %.9g, want %.9g %.9g", i, x[i], x[i + 1], even, odd);
    }
}

/* Every variant gives the digits of the plain one: odd starts and lengths, either side of the low word of
 * the block number, and not a byte behind. */
static void check_variant(const mhoi_rng_kernels *k, uint64_t start)
{
    enum { N = 700 };
    static uint32_t want[N + 1], got[N + 1];
    const mhoi_rng_kernels *plain = mhoi_rng_kernels_of(MHO_CPU_REF);
    mhoi_rng_fill *const fill[] = {k->u32, k->uniform, k->normal};
    mhoi_rng_fill *const right[] = {plain->u32, plain->uniform, plain->normal};
    for (uint32_t i = 0; i < 150; i++) {
        const mhoi_stream s = {UINT64_C(0x9E3779B97F4A7C15) * i, ~i, i * 0x1B5 & 0xffff, i << 25};
        const size_t n = i < 100 ? i : 7 * i % N;
        for (size_t what = 0; what < 3; what++) {
            memset(want, 0xA5, sizeof want);
            memset(got, 0xA5, sizeof got);
            mhoi_rng_draw(plain, right[what], &s, start + i % 9, n, want);
            mhoi_rng_draw(k, fill[what], &s, start + i % 9, n, got);
            for (size_t j = 0; j <= n; j++)
                if (got[j] != want[j])
                    fail_msg("fill %zu, draw %llu + %zu of %zu: %08x, want %08x", what,
                             (unsigned long long)start + i % 9, j, n, got[j], want[j]);
        }
    }
}

static void test_variants(void **state)
{
    (void)state;
    assert_int_equal(mho_cpu_init(), MHO_OK);
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); level++) {
        check_variant(mhoi_rng_kernels_of(level), 0);
        check_variant(mhoi_rng_kernels_of(level), (UINT64_C(1) << 34) - 31);
        check_variant(mhoi_rng_kernels_of(level), (UINT64_C(1) << 50) - 720);
    }
}

/* Many draws of the logarithm, the angle and their quadrants, too. */
static void test_variants_long(void **state)
{
    (void)state;
    static float want[DRAWS], got[DRAWS];
    const mhoi_stream s = {11, 1, 2, 3};
    const mhoi_rng_kernels *plain = mhoi_rng_kernels_of(MHO_CPU_REF);
    mhoi_rng_draw(plain, plain->normal, &s, 5, DRAWS, want);
    for (mho_cpu level = MHO_CPU_AVX2; level <= mho_cpu_level(); level++) {
        const mhoi_rng_kernels *k = mhoi_rng_kernels_of(level);
        mhoi_rng_draw(k, k->normal, &s, 5, DRAWS, got);
        assert_memory_equal(got, want, sizeof want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),  cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_streams_differ), cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_normal),         cmocka_unit_test(test_normal_digits),
        cmocka_unit_test(test_variants),       cmocka_unit_test(test_variants_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
