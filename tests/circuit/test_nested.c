/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of nested elimination: the same digits from each, and patches against elimination node by node. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "circuit/nested_kernel.h"
#include "mho/circuit.h"
#include "mho/run.h"

static uint64_t random_state = 7;

static double draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) * 0x1p-53;
}

static double *doubles(size_t n)
{
    double *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = 1e-3 + draw();
    return x;
}

/* The kernels that this machine runs, the reference first. */
static size_t kernels(const mhoi_nested_kernel *out[3])
{
    static const char *const cpu[] = {"ref", "avx2", "avx512"};
    const char *before = getenv("MHO_CPU");
    char *kept = before ? strdup(before) : NULL;
    size_t n = 0;
    for (size_t c = 0; c < 3; c++) {
        assert_int_equal(setenv("MHO_CPU", cpu[c], 1), 0);
        if (mho_cpu_init() == MHO_OK)
            out[n++] = mhoi_nested_best();
    }
    assert_int_equal(kept ? setenv("MHO_CPU", kept, 1) : unsetenv("MHO_CPU"), 0);
    assert_int_equal(mho_cpu_init(), MHO_OK);
    free(kept);
    return n;
}

/* Node by node (docs/models/circuit.md eq. (4)): the inner nodes of one lane's patch come first. */
static void obvious_patch(size_t rows, size_t columns, const double *cells, size_t lane, double *o)
{
    const size_t cell_nodes = 2 * rows * columns, size = cell_nodes + rows + columns;
    const size_t left = cell_nodes, low = left + rows;
    memset(o, 0, size * size * sizeof *o);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const double *cell = cells + (i * columns + j) * CELL_PARTS * LANES + lane;
            const size_t word = 2 * (i * columns + j), bit = word + 1;
            const size_t before = j ? word - 2 : left + i;
            const size_t below = i + 1 < rows ? bit + 2 * columns : low + j;
            const struct {
                size_t a, b, part;
            } wire[] = {{word, before, CELL_LEFT}, {bit, below, CELL_BELOW}, {word, bit, CELL_OWN}};
            for (size_t k = 0; k < 3; k++) {
                o[wire[k].a * size + wire[k].b] += cell[wire[k].part * LANES];
                o[wire[k].b * size + wire[k].a] += cell[wire[k].part * LANES];
            }
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            for (size_t node = 0; node < 2; node++) {
                const size_t k = 2 * (i * columns + j) + node;
                double sum = 0;
                if (node ? i == 0 : j + 1 == columns)
                    continue; /* a port */
                for (size_t a = 0; a < size; a++)
                    sum += o[k * size + a];
                for (size_t a = 0; a < size; a++)
                    for (size_t b = 0; b < size; b++)
                        if (a != b && a != k && b != k)
                            o[a * size + b] += o[a * size + k] * o[k * size + b] / sum;
                for (size_t a = 0; a < size; a++)
                    o[a * size + k] = o[k * size + a] = 0;
            }
}

static size_t node_of(size_t rows, size_t columns, size_t port)
{
    if (port < rows)
        return 2 * rows * columns + port;
    port -= rows;
    if (port < rows)
        return 2 * (port * columns + columns - 1);
    port -= rows;
    return port < columns ? 2 * port + 1 : 2 * rows * columns + rows + port - columns;
}

static void check_patch(size_t rows, size_t columns, const double *cells, const double *pairs)
{
    const size_t ports = 2 * (rows + columns), size = 2 * rows * columns + rows + columns;
    double *o = doubles(size * size);
    obvious_patch(rows, columns, cells, 3, o);
    for (size_t i = 0; i < ports; i++)
        for (size_t j = i + 1; j < ports; j++) {
            const double got = pairs[mhoi_pair(ports, i, j) * LANES + 3];
            const double want = o[node_of(rows, columns, i) * size + node_of(rows, columns, j)];
            if (!(fabs(got - want) <= 1e-12 * want))
                print_error("%zu x %zu, ports %zu and %zu: %.17g, want %.17g\n", rows, columns, i,
                            j, got, want);
            assert_true(fabs(got - want) <= 1e-12 * want);
        }
    free(o);
}

static void test_patches(void **state)
{
    (void)state;
    const mhoi_nested_kernel *kernel[3];
    const size_t n = kernels(kernel);
    double *cells = doubles(PATCH_EDGE * PATCH_EDGE * CELL_PARTS * LANES);
    double *scratch = doubles(mhoi_patch_scratch());
    double *want = doubles(mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE));
    double *got = doubles(mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE));
    for (size_t rows = 1; rows <= PATCH_EDGE; rows++)
        for (size_t columns = 1; columns <= PATCH_EDGE; columns++) {
            kernel[0]->patch(rows, columns, cells, scratch, want);
            if (rows * columns <= 40)
                check_patch(rows, columns, cells, want);
            for (size_t k = 1; k < n; k++) {
                kernel[k]->patch(rows, columns, cells, scratch, got);
                for (size_t i = 0; i < mhoi_patch_pairs(rows, columns); i++)
                    if (memcmp(&got[i], &want[i], sizeof *got) != 0)
                        fail_msg("%zu x %zu, kernel %zu, element %zu: %.17g, want %.17g", rows,
                                 columns, k, i, got[i], want[i]);
            }
        }
    free(cells);
    free(scratch);
    free(want);
    free(got);
}

enum { ROWS = 50, STRIP = 8 * ROWS };

/* Sums and triangles of strips, beside element by element. */
static void test_strips(void **state)
{
    (void)state;
    const mhoi_nested_kernel *kernel[3];
    const size_t n = kernels(kernel), bytes = STRIPS_MAX * STRIP * sizeof(double);
    double *a = doubles(STRIP), *b = doubles(STRIPS_MAX * STRIP), *c = doubles(STRIPS_MAX * STRIP);
    double *got = doubles(STRIPS_MAX * STRIP), *want = doubles(STRIPS_MAX * STRIP),
           *inverse = doubles(8);
    const double *of_b[STRIPS_MAX], *of_got[STRIPS_MAX];
    double *to[STRIPS_MAX];
    for (size_t s = 0; s < STRIPS_MAX; s++) {
        of_b[s] = b + s * STRIP;
        of_got[s] = to[s] = got + s * STRIP;
    }
    for (size_t k = 0; k < n; k++)
        for (size_t strips = 1; strips <= STRIPS_MAX; strips++)
            for (size_t depth = 1; depth <= ROWS; depth += 7) {
                memcpy(want, c, bytes);
                memcpy(got, c, bytes);
                for (size_t s = 0; s < strips; s++)
                    for (size_t i = 0; i < 64; i++) {
                        double sum = 0;
                        for (size_t d = 0; d < depth; d++)
                            sum = fma(a[8 * d + i / 8], b[s * STRIP + 8 * d + i % 8], sum);
                        want[s * STRIP + i] += sum;
                    }
                kernel[k]->tile(strips, depth, a, of_b, of_got, to);
                assert_memory_equal(got, want, bytes);
                for (size_t s = 0; s < strips; s++)
                    for (size_t i = 0; i < 64; i++) {
                        double *x = want + s * STRIP + i;
                        for (size_t r = 0; r < i / 8; r++)
                            *x = fma(a[8 * r + i / 8], want[s * STRIP + 8 * r + i % 8], *x);
                        *x *= inverse[i / 8];
                    }
                kernel[k]->triangle(strips, a, inverse, to);
                assert_memory_equal(got, want, bytes);
                for (size_t i = 0; i < 8 * depth; i++)
                    want[i] += b[i];
                kernel[k]->add_to(8 * depth, b, got);
                assert_memory_equal(got, want, bytes);
            }
    free(a);
    free(b);
    free(c);
    free(got);
    free(want);
    free(inverse);
}

static void test_turns(void **state)
{
    (void)state;
    const mhoi_nested_kernel *kernel[3];
    const size_t n = kernels(kernel);
    double *x = doubles(64), *y = doubles(64), *to[8];
    const double *from[8];
    for (size_t i = 0; i < 8; i++) {
        from[i] = x + 8 * i;
        to[i] = y + 8 * (7 - i); /* wherever */
    }
    for (size_t k = 0; k < n; k++) {
        memset(y, 0, 64 * sizeof *y);
        kernel[k]->turn(from, to);
        for (size_t i = 0; i < 64; i++)
            assert_true(to[i % 8][i / 8] == x[i]);
    }
    free(x);
    free(y);
}

/* Arrays of many patches against the voltages of all nodes, which are found by another elimination. */
static void test_large_arrays(void **state)
{
    (void)state;
    static const size_t size[][2] = {{150, 140}, {3, 300}, {129, 17}, {33, 64}};
    for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
        const size_t N = size[k][0], M = size[k][1];
        const mho_circuit_options o = {.r_row_ohm = 2,
                                       .r_col_ohm = 3,
                                       .r_driver_ohm = k == 2 ? 0 : 40,
                                       .r_sense_ohm = 50,
                                       .both_sides = k % 2 == 1};
        double *g = doubles(N * M), *T = doubles(N * M), *v = doubles(N), *i = doubles(M), residual;
        double *want = doubles(M);
        bool *floating = calloc(N, sizeof *floating);
        assert_non_null(floating);
        for (size_t c = 0; c < N * M; c++)
            g[c] *= 1e-4;
        for (size_t n = 0; n < N; n++)
            floating[n] = draw() < 0.2;
        assert_int_equal(mho_circuit_transfer(&o, N, M, g, floating, T), MHO_OK);
        assert_int_equal(mho_circuit_vector(&o, N, M, g, floating, v, want, &residual), MHO_OK);
        mho_circuit_currents(N, M, T, v, i);
        for (size_t m = 0; m < M; m++)
            if (!(fabs(i[m] - want[m]) <= 1e-12 * want[m]))
                fail_msg("%zu x %zu, bit line %zu: %.17g A, want %.17g A", N, M, m, i[m], want[m]);
        free(g);
        free(T);
        free(v);
        free(i);
        free(want);
        free(floating);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patches),
                                       cmocka_unit_test(test_large_arrays),
                                       cmocka_unit_test(test_strips), cmocka_unit_test(test_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
