/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of nested elimination: the same digits from each, and patches against elimination node by node; for doubles, or
 * floats (nested_real.h).  CLOSE: how far a conductance may be off. */
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
#include "mho/run.h"

static uint64_t random_state = 7;

static double draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(random_state >> 11) * 0x1p-53;
}

static real *reals(size_t n)
{
    real *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (real)(1e-3 + draw());
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
static void obvious_patch(size_t rows, size_t columns, const real *cells, size_t lane, double *o)
{
    const size_t cell_nodes = 2 * rows * columns, size = cell_nodes + rows + columns;
    const size_t left = cell_nodes, low = left + rows;
    memset(o, 0, size * size * sizeof *o);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const real *cell = cells + (i * columns + j) * CELL_PARTS * LANES + lane;
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

static void check_patch(size_t rows, size_t columns, const real *cells, const real *pairs)
{
    const size_t ports = 2 * (rows + columns), size = 2 * rows * columns + rows + columns;
    double *o = malloc(size * size * sizeof *o);
    assert_non_null(o);
    obvious_patch(rows, columns, cells, 3, o);
    for (size_t i = 0; i < ports; i++)
        for (size_t j = i + 1; j < ports; j++) {
            const double got = (double)pairs[mhoi_pair(ports, i, j) * LANES + 3];
            const double want = o[node_of(rows, columns, i) * size + node_of(rows, columns, j)];
            if (!(fabs(got - want) <= CLOSE * want))
                print_error("%zu x %zu, ports %zu and %zu: %.17g, want %.17g\n", rows, columns, i,
                            j, got, want);
            assert_true(fabs(got - want) <= CLOSE * want);
        }
    free(o);
}

static void test_patches(void **state)
{
    (void)state;
    const mhoi_nested_kernel *kernel[3];
    const size_t n = kernels(kernel);
    real *cells = reals(PATCH_EDGE * PATCH_EDGE * CELL_PARTS * LANES);
    real *scratch = reals(mhoi_patch_scratch());
    real *want = reals(mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE));
    real *got = reals(mhoi_patch_pairs(PATCH_EDGE, PATCH_EDGE));
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
                                 columns, k, i, (double)got[i], (double)want[i]);
            }
        }
    free(cells);
    free(scratch);
    free(want);
    free(got);
}

enum { ROWS = 50, STRIP = LANES * ROWS };

/* Sums and triangles of strips, beside element by element. */
static void test_strips(void **state)
{
    (void)state;
    const mhoi_nested_kernel *kernel[3];
    const size_t n = kernels(kernel), bytes = STRIPS_MAX * STRIP * sizeof(real);
    real *a = reals(STRIP), *b = reals(STRIPS_MAX * STRIP), *c = reals(STRIPS_MAX * STRIP);
    real *got = reals(STRIPS_MAX * STRIP), *want = reals(STRIPS_MAX * STRIP),
         *inverse = reals(LANES);
    const real *of_b[STRIPS_MAX], *of_got[STRIPS_MAX];
    real *to[STRIPS_MAX];
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
                    for (size_t i = 0; i < BLOCK; i++) {
                        real sum = 0;
                        for (size_t d = 0; d < depth; d++)
                            sum = REAL_FUSED(a[LANES * d + i / LANES],
                                             b[s * STRIP + LANES * d + i % LANES], sum);
                        want[s * STRIP + i] += sum;
                    }
                kernel[k]->tile(strips, depth, a, of_b, of_got, to);
                assert_memory_equal(got, want, bytes);
                for (size_t s = 0; s < strips; s++)
                    for (size_t i = 0; i < BLOCK; i++) {
                        real *x = want + s * STRIP + i;
                        for (size_t r = 0; r < i / LANES; r++)
                            *x = REAL_FUSED(a[LANES * r + i / LANES],
                                            want[s * STRIP + LANES * r + i % LANES], *x);
                        *x *= inverse[i / LANES];
                    }
                kernel[k]->triangle(strips, a, inverse, to);
                assert_memory_equal(got, want, bytes);
                for (size_t i = 0; i < LANES * depth; i++)
                    want[i] += b[i];
                kernel[k]->add_to(LANES * depth, b, got);
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
    real *x = reals(BLOCK), *y = reals(BLOCK), *to[LANES];
    const real *from[LANES];
    for (size_t i = 0; i < LANES; i++) {
        from[i] = x + LANES * i;
        to[i] = y + LANES * (LANES - 1 - i); /* wherever */
    }
    for (size_t k = 0; k < n; k++) {
        memset(y, 0, BLOCK * sizeof *y);
        kernel[k]->turn(from, to);
        for (size_t i = 0; i < BLOCK; i++)
            assert_true(to[i % LANES][i / LANES] == x[i]);
    }
    free(x);
    free(y);
}

static int run_kernels(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patches),
                                       cmocka_unit_test(test_strips), cmocka_unit_test(test_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
