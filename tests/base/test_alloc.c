/* SPDX-License-Identifier: Apache-2.0 */
/* Memory is zero, whatever was where it lies now, and counted as long as it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"

#define MB ((size_t)1 << 20)

static void expect_zeros(const unsigned char *memory, size_t bytes)
{
    assert_int_equal(memory[0], 0);
    if (memcmp(memory, memory + 1, bytes - 1) != 0)
        fail_msg("%zu bytes: not all are 0", bytes);
}

static void memory_is_zero(void **state)
{
    const size_t sizes[] = {1, 4097, 2 * MB, 8 * MB - 1, 8 * MB, 10 * MB + 12345, 40 * MB + 1};
    const uint64_t before = mhoi_alloc_bytes();
    (void)state;
    for (int turn = 0; turn < 3; turn++) /* from the second one on in memory that was in use */
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            unsigned char *memory;
            assert_int_equal(mhoi_alloc(&memory, sizes[i], 1, "test"), MHO_OK);
            expect_zeros(memory, sizes[i]);
            assert_int_equal((uintptr_t)memory % 64, 0);
            assert_true(mhoi_alloc_bytes() >= before + sizes[i]);
            memset(memory, 0xa5, sizes[i]);
            mhoi_free(&memory);
            assert_null(memory);
        }
    assert_int_equal(mhoi_alloc_bytes(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_zero)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
