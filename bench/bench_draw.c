/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: nanoseconds and cycles for one draw, of each variant that this CPU has, and how many times
 * faster it is than the plain one in the same run.  A cycle is measured, as a third of a multiplication
 * that waits for the one before.
 *
 *     bench_draw */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/rng_impl.h"
#include "bench_record.h"

enum { DRAWS = 1 << 14 /* stay in a cache */, REPEATS = 40, ROUNDS = 15 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cycle_ns(void)
{
    enum { LENGTH = 1000000 };
    double least = 1e9;
    for (size_t round = 0; round < ROUNDS; round++) {
        uint64_t x = 3;
        const double start = seconds();
        for (size_t i = 0; i < LENGTH; i++)
            __asm__ volatile("imul %0, %0" : "+r"(x));
        const double ns = 1e9 * (seconds() - start) / (3.0 * LENGTH);
        least = ns < least ? ns : least;
    }
    return least;
}

/* Nanoseconds a draw. */
static double measure(const mhoi_rng_kernels *k, mhoi_rng_fill *fill)
{
    static float out[DRAWS];
    const mhoi_stream s = {.seed = 1};
    const double start = seconds();
    for (size_t i = 0; i < REPEATS; i++)
        mhoi_rng_draw(k, fill, &s, i * DRAWS, DRAWS, out);
    return 1e9 * (seconds() - start) / ((double)REPEATS * DRAWS);
}

/* The least of several rounds: a shared machine only ever adds to it. */
static void compare(const char *name, size_t which, double cycle)
{
    double least[MHO_CPU_AVX512 + 1] = {1e9, 1e9, 1e9};
    for (size_t round = 0; round < ROUNDS; round++)
        for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); level++) {
            const mhoi_rng_kernels *k = mhoi_rng_kernels_of(level);
            mhoi_rng_fill *const fill[] = {k->u32, k->uniform, k->normal};
            const double ns = measure(k, fill[which]);
            least[level] = ns < least[level] ? ns : least[level];
        }
    for (mho_cpu level = MHO_CPU_REF; level <= mho_cpu_level(); level++)
        printf("%-10s %-8s %8.3f %8.2f %8.2f\n", name, mho_cpu_name(level), least[level],
               least[level] / cycle, least[MHO_CPU_REF] / least[level]);
    record("draw", name, "cycles", least[mho_cpu_level()] / cycle, false, false);
}

int main(void)
{
    if (mho_cpu_init() != MHO_OK) {
        fprintf(stderr, "%s\n", mho_error_message());
        return 2;
    }
    printf("%-10s %-8s %8s %8s %8s\n", "draw", "variant", "ns", "cycles", "/plain");
    const double cycle = cycle_ns();
    compare("32 bits", 0, cycle);
    compare("uniform", 1, cycle);
    compare("normal", 2, cycle);
    return 0;
}
