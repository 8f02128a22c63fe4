/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text: what differs is named, remarks are not compared, no room changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/identity.h"

static void differences_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *there, *here, *told;
    } row[] = {
        {"seed=1; images=100", "seed=1; images=100", ""},
        {"seed=1; images=100", "images=100; seed=1", ""},
        {"seed=1; @hw=a", "seed=1; @hw=b", ""},
        {"seed=1; images=100", "seed=2; images=100", "seed is 1 there, 2 here"},
        {"seed=1", "seed=12", "seed is 1 there, 12 here"},
        {"data_id=00ff", "data_id=00fe", "data differs"},
        {"hardware files_id=00ff", "hardware files_id=00fe", "hardware files differ"},
        {"images=1; data<images_id=0f", "images=1; data<images_id=0e", "data differs"},
        {"images=1; data<images_id=0f", "images=2; data<images_id=0e", "images is 1 there, 2 here"},
        {"seed=1", "seed=1; ci=2", "ci is not told there, 2 here"},
        {"seed=1; ci=2", "seed=1", "ci is 2 there, not told here"},
        {"a=1; b=1; c=1; d=1", "a=2; b=2; c=2; d=2",
         "a is 1 there, 2 here; b is 1 there, 2 here; c is 1 there, 2 here; ..."},
        {"", "seed=1", "seed is not told there, 1 here"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char told[200];
        const bool same = mhoi_identity_same(row[i].there, row[i].here, told, sizeof told);
        assert_string_equal(told, row[i].told);
        assert_int_equal(same, !*row[i].told);
    }
}

static void items_stay_items(void **state)
{
    (void)state;
    char text[48] = "";
    assert_true(mhoi_identity_add(text, sizeof text, "path", "%s", "a;b\nc"));
    assert_string_equal(text, "path=a_b_c");
    assert_true(mhoi_identity_add_id(text, sizeof text, "data_id", 0xab));
    assert_string_equal(text, "path=a_b_c; data_id=00000000000000ab");
    assert_false(mhoi_identity_add(text, sizeof text, "long", "%s", "0123456789"));
    assert_string_equal(text, "path=a_b_c; data_id=00000000000000ab");
    assert_true(mhoi_identity_add(text, sizeof text, "n", "%d", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(differences_are_named),
                                       cmocka_unit_test(items_stay_items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
