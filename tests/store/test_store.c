/* SPDX-License-Identifier: Apache-2.0 */
/* Which row a put made: the one that was asked for, another where that is taken, none where the key is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mho/store.h"
#include "own_folder.h"

static void put(mho_store *store, int64_t id, const char *key)
{
    mho_store_point p = {
        .id = id, .status = "done", .settings = "{}", .changes = "{}", .sum = mho_summary_none()};
    snprintf(p.key, sizeof p.key, "%s", key);
    assert_int_equal(mho_store_put(store, &p), MHO_OK);
}

static void rows(void **state)
{
    const mho_store_run run = {
        .name = "test", .command = "", .sweep = "", .shard = "", .config = "{}"};
    mho_store *store;
    int64_t id = 0;
    (void)state;
    assert_int_equal(mho_store_open("r.db", MHO_STORE_CREATE, &store), MHO_OK);
    assert_int_equal(mho_store_begin(store, &run), MHO_OK);
    put(store, 5, "00000000000000aa");
    assert_int_equal(mho_store_made(store), 5);
    put(store, 5, "00000000000000bb");
    assert_int_equal(mho_store_made(store), 6);
    put(store, 9, "00000000000000aa");
    assert_int_equal(mho_store_made(store), 0);
    put(store, 0, "00000000000000cc");
    assert_int_equal(mho_store_made(store), 7);
    assert_int_equal(mho_store_commit(store), MHO_OK);
    assert_int_equal(mho_store_find(store, 0xaa, &id), MHO_OK);
    assert_int_equal(id, 5);
    assert_int_equal(mho_store_find(store, 0xcc, &id), MHO_OK);
    assert_int_equal(id, 7);
    mho_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, enter_own_folder, leave_own_folder);
}
