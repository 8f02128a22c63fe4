/* SPDX-License-Identifier: Apache-2.0 */
/* Transfer matrices of crossbars with wire resistance, seconds of one core (user time), beside the rates of
 * OpenBLAS measured in the same run: as multiples of one dgemm of that size, and against inverting a dense
 * matrix of one row a bit line once for every word line (dpotrf, dpotri), which is what elimination word
 * line by word line costs at least. */
#include <cblas.h>
#include <lapacke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench_record.h"
#include "mho/circuit.h"

enum { ROUNDS = 3, GEMM = 512 };
#define MULTIPLICATIONS 16.0 /* of an n x n array, in n^3 (docs/models/circuit.md) */

static double user_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec +
           (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec;
}

static void must(mho_status s)
{
    if (s) {
        fprintf(stderr, "%s: %s\n", mho_status_name(s), mho_error_message());
        exit(mho_status_exit_code(s));
    }
}

static double *matrix(size_t n)
{
    double *a = malloc(n * n * sizeof *a);
    if (!a)
        exit(4);
    for (size_t i = 0; i < n * n; i++)
        a[i] = 1e-6 + 1e-4 * (double)(i * 2654435761U % 1000) / 1000;
    return a;
}

static double gemm_flops(void)
{
    double *a = matrix(GEMM), *b = matrix(GEMM), *c = matrix(GEMM);
    const double start = user_seconds();
    for (int i = 0; i < 10; i++)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM, GEMM, GEMM, 1, a, GEMM, b,
                    GEMM, 0, c, GEMM);
    const double seconds = user_seconds() - start;
    free(a);
    free(b);
    free(c);
    return 10 * 2.0 * GEMM * GEMM * GEMM / seconds;
}

static double inverse_seconds(size_t n)
{
    double *a = matrix(n), *b = matrix(n);
    for (size_t i = 0; i < n; i++)
        a[i * n + i] += 1;
    double seconds = 0;
    const int rounds = n < 300 ? 40 : 8;
    for (int i = 0; i < rounds; i++) {
        memcpy(b, a, n * n * sizeof *b);
        const double start = user_seconds();
        if (LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', (int)n, b, (int)n) ||
            LAPACKE_dpotri(LAPACK_COL_MAJOR, 'L', (int)n, b, (int)n))
            exit(4);
        seconds += user_seconds() - start;
    }
    free(a);
    free(b);
    return seconds / rounds;
}

/* The approximation for screening, in seconds. */
static double approximate_seconds(size_t n, const mho_circuit_options *options, const double *g,
                                  double *T)
{
    double *bound = matrix(n), best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        const double start = user_seconds();
        const int repeat = n < 300 ? 20 : 4;
        for (int k = 0; k < repeat; k++)
            must(mho_circuit_approximate(options, n, n, g, NULL, T, bound));
        const double seconds = (user_seconds() - start) / repeat;
        best = seconds < best ? seconds : best;
    }
    free(bound);
    return best;
}

/* Currents of one input vector, in seconds. */
static double vector_seconds(size_t n, const double *g)
{
    const mho_circuit_options options = {.r_row_ohm = 1, .r_col_ohm = 1};
    double *v = matrix(n), *current = matrix(n), best = 1e9, residual;
    for (int i = 0; i < ROUNDS; i++) {
        const double start = user_seconds();
        const int repeat = n < 300 ? 20 : 4;
        for (int k = 0; k < repeat; k++)
            must(mho_circuit_vector(&options, n, n, g, NULL, v, current, &residual));
        const double seconds = (user_seconds() - start) / repeat;
        best = seconds < best ? seconds : best;
    }
    free(v);
    free(current);
    return best;
}

/* Seconds of the transfer matrix, in double and in single precision in turns. */
static void transfer_seconds(size_t n, const double *g, double *T, double best[2])
{
    mho_circuit_options options = {.r_row_ohm = 2, .r_col_ohm = 3};
    best[0] = best[1] = 1e9;
    for (int i = 0; i < 2 * ROUNDS; i++) {
        const int repeat = n < 300 ? 4 : 1;
        options.precision = i % 2 ? MHO_CIRCUIT_SINGLE : MHO_CIRCUIT_DOUBLE;
        const double start = user_seconds();
        for (int k = 0; k < repeat; k++)
            must(mho_circuit_transfer(&options, n, n, g, NULL, T));
        const double seconds = (user_seconds() - start) / repeat;
        best[i % 2] = seconds < best[i % 2] ? seconds : best[i % 2];
    }
}

static void bench(size_t n, double flops)
{
    const mho_circuit_options options = {.r_row_ohm = 2, .r_col_ohm = 3};
    double *g = matrix(n), *T = matrix(n), of[2];
    transfer_seconds(n, g, T, of);
    const double best = of[0];
    const double vector = vector_seconds(n, g);
    const double cube = (double)n * (double)n * (double)n;
    printf(
        "%4zu x %4zu  %8.2f ms = %5.1f dgemm of that size (its multiplications alone %4.1f), %5.1f "
        "times faster than line by line; "
        "single precision %7.2f ms, %.2f times faster; approximate %6.2f ms, one vector (1 ohm) "
        "%6.2f ms\n",
        n, n, 1e3 * best, best * flops / (2 * cube), MULTIPLICATIONS,
        (double)n * inverse_seconds(n) / best, 1e3 * of[1], best / of[1],
        1e3 * approximate_seconds(n, &options, g, T), 1e3 * vector);
    char name[32];
    snprintf(name, sizeof name, "%zu x %zu", n, n);
    record("circuit", name, "ms", 1e3 * best, false, false);
    record("circuit", name, "ms single", 1e3 * of[1], false, false);
    record("circuit", name, "ms a vector", 1e3 * vector, false, false);
    record("circuit", name, "in dgemms", best * flops / (2 * cube), true, false);
    free(g);
    free(T);
}

int main(void)
{
    openblas_set_num_threads(1);
    const double flops = gemm_flops();
    printf("OpenBLAS %s, dgemm %.1f GFLOP/s\n", openblas_get_corename(), 1e-9 * flops);
    bench(64, flops);
    bench(128, flops);
    bench(256, flops);
    bench(512, flops);
    return 0;
}
