/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept is found by its whole key, once, up to the limit of its name, and freed with the shelf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/shelf.h"

static int released;

static void release(void *object)
{
    mhoi_free(&object);
    released++;
}

static int *number(int value)
{
    int *v = NULL;
    assert_int_equal(mhoi_alloc(&v, 1, sizeof *v, "number"), MHO_OK);
    *v = value;
    return v;
}

static void kept_until_it_goes(void **state)
{
    (void)state;
    mhoi_shelf *shelf = NULL;
    int *first = number(1), *second = number(2), *third = number(3);
    const uint64_t live = mhoi_alloc_live();
    released = 0;
    assert_false(mhoi_shelf_keep("a", 2, "k", 1, first, release)); /* there is none */
    assert_int_equal(mhoi_shelf_create(&shelf), MHO_OK);
    assert_null(mhoi_shelf_use(shelf));
    assert_true(mhoi_shelf_keep("a", 2, "k", 1, first, release));
    assert_false(mhoi_shelf_keep("a", 2, "k", 1, second, release)); /* the key is there */
    assert_true(mhoi_shelf_keep("a", 2, "k2", 2, second, release));
    assert_false(mhoi_shelf_keep("a", 2, "k3", 2, third, release)); /* full */
    assert_true(mhoi_shelf_keep("b", 1, "k", 1, third, release));
    assert_int_equal(*(const int *)mhoi_shelf_find("a", "k", 1), 1);
    assert_int_equal(*(const int *)mhoi_shelf_find("a", "k2", 2), 2);
    assert_int_equal(*(const int *)mhoi_shelf_find("b", "k", 1), 3);
    assert_null(mhoi_shelf_find("a", "k3", 2));
    assert_null(mhoi_shelf_find("c", "k", 1));
    assert_ptr_equal(mhoi_shelf_use(NULL), shelf);
    assert_null(mhoi_shelf_find("a", "k", 1));
    mhoi_shelf_destroy(shelf);
    assert_int_equal(released, 3);
    assert_int_equal(mhoi_alloc_live(), live - 3);
}

static mho_status look(void *context, size_t item, size_t thread)
{
    (void)context;
    (void)thread;
    const size_t key = item % 10;
    size_t *mine = NULL;
    const size_t *found = mhoi_shelf_find("key", &key, sizeof key);
    if (found)
        return *found == key ? MHO_OK : MHO_EINTERNAL;
    mho_status s = mhoi_alloc(&mine, 1, sizeof *mine, "key");
    if (s)
        return s;
    *mine = key;
    if (!mhoi_shelf_keep("key", 100, &key, sizeof key, mine, release))
        mhoi_free(&mine);
    return MHO_OK;
}

static void threads_share_it(void **state)
{
    (void)state;
    mhoi_shelf *shelf = NULL;
    released = 0;
    assert_int_equal(mhoi_shelf_create(&shelf), MHO_OK);
    mhoi_shelf_use(shelf);
    assert_int_equal(mho_run_set_threads(NULL, 4), MHO_OK);
    assert_int_equal(mhoi_parallel(1000, look, NULL), MHO_OK);
    mhoi_shelf_use(NULL);
    mhoi_shelf_destroy(shelf);
    assert_int_equal(released, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_until_it_goes),
        cmocka_unit_test(threads_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
