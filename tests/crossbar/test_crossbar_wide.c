/* SPDX-License-Identifier: Apache-2.0 */
/* A flat map of 1-bit inputs whose look-up tables would be too large is multiplied: the same sums as the reference's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crossbar/crossbar_impl.h"
#include "flat_shape.h"

enum { ROWS = 2050, COLUMNS = 2100, IMAGES = 3, SUMS = IMAGES * COLUMNS };

static void run(mho_cpu level, size_t crossbar_rows, bool per_pair, const int16_t *g,
                const uint8_t *map, int32_t *sum)
{
    mho_crossbar_shape shape = flat_shape(ROWS, COLUMNS, crossbar_rows, 1);
    shape.conversion = per_pair ? MHO_CONVERSION_PER_PAIR : MHO_CONVERSION_PER_CROSSBAR;
    const mho_converter converter = {.codes = 16, .edge = 1000, .step = 3000};
    mho_crossbar *xb;
    mho_crossbar_work *work;
    assert_int_equal(mhoi_crossbar_create_level(&shape, level, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g, g + (size_t)ROWS * COLUMNS), MHO_OK);
    assert_true(level == MHO_CPU_REF || xb->dots);
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    mho_crossbar_run(xb, work, &converter, per_pair, IMAGES, map, sum, NULL);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
}

static void test_wide(void **state)
{
    const size_t cells = (size_t)2 * ROWS * COLUMNS, rows[] = {128, 129};
    int16_t *g = malloc(cells * sizeof *g);
    uint8_t *map = malloc((size_t)IMAGES * ROWS);
    int32_t *want = malloc(SUMS * sizeof *want), *got = malloc(SUMS * sizeof *got);
    (void)state;
    assert_true(g && map && want && got);
    srand(1);
    for (size_t i = 0; i < cells; i++)
        g[i] = (int16_t)(rand() % 1000);
    for (size_t i = 0; i < (size_t)IMAGES * ROWS; i++)
        map[i] = (uint8_t)(rand() & 1);
    for (size_t k = 0; k < 4 && mho_cpu_level() != MHO_CPU_REF; k++) {
        run(MHO_CPU_REF, rows[k / 2], k % 2, g, map, want);
        run(mho_cpu_level(), rows[k / 2], k % 2, g, map, got);
        for (size_t i = 0; i < SUMS; i++)
            if (got[i] != want[i])
                fail_msg("%zu rows, way %zu, sum %zu: %d, want %d", rows[k / 2], k % 2, i, got[i],
                         want[i]);
    }
    free(g);
    free(map);
    free(want);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
