/* SPDX-License-Identifier: Apache-2.0 */
/* What crossbars were said to take, beside what they take: hardly less, and not far more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "crossbar/cells.h"
#include "mho/run.h"

enum { SLACK = 200000 }; /* bytes: small arrays, rounding */

static int16_t g[2][1 << 20];
static float variance[1 << 20];

static void check(const mho_crossbar_shape *shape, bool noisy)
{
    const uint64_t before = mhoi_alloc_bytes();
    mho_crossbar *xb;
    mho_crossbar_work *work;
    size_t want_work;
    const size_t want = mhoi_crossbar_bytes(shape, noisy, &want_work);
    assert_int_equal(mho_crossbar_create(shape, &xb), MHO_OK);
    assert_int_equal(mho_crossbar_program(xb, g[0], g[1]), MHO_OK);
    if (noisy)
        assert_int_equal(mho_crossbar_set_noise(xb, variance, variance), MHO_OK);
    const uint64_t cells = mhoi_alloc_bytes() - before;
    assert_int_equal(mho_crossbar_work_create(xb, &work), MHO_OK);
    const uint64_t thread = mhoi_alloc_bytes() - before - cells;
    if (cells > want + want / 16 + SLACK || want > 2 * cells + SLACK)
        fail_msg("%zu columns, %zu bits: %zu bytes told, %llu taken", shape->columns,
                 shape->input_bits, want, (unsigned long long)cells);
    if (thread > want_work + SLACK ||
        (mho_cpu_level() != MHO_CPU_REF && want_work > 4 * thread + SLACK))
        fail_msg("%zu columns, %zu bits: a thread's %zu bytes told, %llu taken", shape->columns,
                 shape->input_bits, want_work, (unsigned long long)thread);
    mho_crossbar_work_destroy(work);
    mho_crossbar_destroy(xb);
    assert_int_equal(mhoi_alloc_bytes(), before);
}

static void tells_what_it_takes(void **state)
{
    static const mho_window windows[] = {
        {64, 14, 14, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  {64, 28, 28, 5, 5, 2, 2, 1, 1, 2, 2, 2, 2},
        {512, 16, 16, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, {2048, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
        {63, 7, 7, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0},
    };
    uint32_t random = 1;
    (void)state;
    for (size_t i = 0; i < sizeof g[0] / sizeof *g[0]; i++) {
        random = random * 1664525u + 1013904223u;
        g[0][i] = (int16_t)(random >> 22);
        g[1][i] = (int16_t)(random >> 12 & 1023);
        variance[i] = (float)(random >> 28);
    }
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        for (int way = 0; way < 8; way++) {
            const mho_crossbar_shape shape = {.window = windows[i],
                                              .columns = i == 3 ? 500 : 200,
                                              .crossbar_rows = 128,
                                              .input_bits = way & 1 ? 8 : 1,
                                              .conversion = way & 2 ? MHO_CONVERSION_PER_PAIR
                                                                    : MHO_CONVERSION_PER_CROSSBAR};
            check(&shape, way & 4);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_it_takes)};
    assert_int_equal(mho_cpu_init(), MHO_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
