/* SPDX-License-Identifier: Apache-2.0 */
/* JSON read back: what is printed comes out the same, whole 64 bits, and what is no JSON is refused with its
 * place.  Building and printing are in test_output.c. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/json.h"

static mho_status parse(const char *text, mho_json **out)
{
    return mho_json_parse(text, strlen(text), "a.json", out);
}

static void test_round_trip(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_json *v = mho_json_object(), *list = mho_json_array(), *read = NULL;
    const double number[] = {0.1, -0.0, DBL_MAX, DBL_MIN / 8, 1e22, 800, -1.0 / 3};
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        mho_json_add(list, mho_json_number(number[i]));
    mho_json_put(v, "list", list);
    mho_json_put(v, "seed", mho_json_unsigned(UINT64_MAX));
    mho_json_put(v, "least", mho_json_integer(INT64_MIN));
    mho_json_put(v, "text \"\x01\"",
                 mho_json_text("a\\\"/\b\f\n\r\t\x7f \xc2\xb5\xf0\x9f\x98\x80"));
    mho_json_put(v, "none", mho_json_number(NAN));
    mho_json_put(v, "yes", mho_json_bool(true));
    char *text, *again;
    assert_int_equal(mho_json_print(v, &text), MHO_OK);
    assert_non_null(strstr(text, "\"seed\": 18446744073709551615,"));
    assert_int_equal(parse(text, &read), MHO_OK);
    assert_int_equal(mho_json_print(read, &again), MHO_OK);
    assert_string_equal(text, again);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
        double d;
        assert_int_equal(mho_json_to_number(mho_json_at(mho_json_get(read, "list"), i), &d),
                         MHO_OK);
        assert_memory_equal(&d, &number[i], sizeof d);
    }
    mho_json_text_free(text);
    mho_json_text_free(again);
    mho_json_text_free(NULL);
    mho_json_destroy(v);
    mho_json_destroy(read);
    assert_int_equal(mhoi_alloc_live(), live);
}

static void test_asking(void **state)
{
    (void)state;
    mho_json *v;
    char place[256];
    const char *text;
    const mho_json *at;
    uint64_t u;
    int64_t i;
    double d;
    bool b;
    assert_int_equal(
        parse("{\"a\": {\"b\": [1,\n 2.5, \"x\", null]}, \"c\": true,\n"
              "\"big\": 9223372036854775808, \"less\": -3, \"huge\": 18446744073709551616}",
              &v),
        MHO_OK);
    assert_int_equal(mho_json_count(v), 5);
    assert_string_equal(mho_json_key(v, 1), "c");
    assert_null(mho_json_key(v, 5));
    assert_null(mho_json_at(v, 5));
    at = mho_json_get(mho_json_get(v, "a"), "b");
    assert_int_equal(mho_json_kind_of(at), MHO_JSON_ARRAY);
    assert_int_equal(mho_json_count(at), 4);
    assert_null(mho_json_key(at, 0));
    assert_int_equal(mho_json_to_integer(mho_json_at(at, 0), &i), MHO_OK);
    assert_int_equal(i, 1);
    assert_int_equal(mho_json_to_integer(mho_json_at(at, 1), &i), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "a.json:2: a number, want a whole number");
    assert_int_equal(mho_json_to_text(mho_json_at(at, 2), &text), MHO_OK);
    assert_string_equal(text, "x");
    assert_int_equal(mho_json_to_number(mho_json_at(at, 3), &d), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "a.json:2: null, want a number");
    assert_int_equal(mho_json_to_bool(mho_json_get(v, "c"), &b), MHO_OK);
    assert_true(b);
    assert_int_equal(mho_json_to_unsigned(mho_json_get(v, "big"), &u), MHO_OK);
    assert_true(u == (uint64_t)1 << 63);
    assert_int_equal(mho_json_to_integer(mho_json_get(v, "big"), &i), MHO_EFORMAT);
    assert_int_equal(mho_json_to_number(mho_json_get(v, "big"), &d), MHO_OK);
    assert_true(d == 0x1p63);
    assert_int_equal(mho_json_to_unsigned(mho_json_get(v, "less"), &u), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "a.json:3: the number is negative, want 0 or more");
    assert_int_equal(mho_json_kind_of(mho_json_get(v, "huge")), MHO_JSON_NUMBER);
    assert_int_equal(mho_json_need(v, "d", &at), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "a.json:1: no \"d\"");
    assert_int_equal(mho_json_need(v, "c", &at), MHO_OK);
    assert_string_equal(mho_json_place(at, place), "a.json:2");
    assert_int_equal(mho_json_to_bool(mho_json_get(at, "none of this"), &b), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "nothing, want true or false");
    mho_json_destroy(v);
}

static void test_texts(void **state)
{
    (void)state;
    mho_json *v;
    const char *text;
    assert_int_equal(parse("\"\\u00b5 \\uD83D\\ude00 \\\" \\/ \\u0041 \xe2\x82\xac\"", &v), MHO_OK);
    assert_int_equal(mho_json_to_text(v, &text), MHO_OK);
    assert_string_equal(text, "\xc2\xb5 \xf0\x9f\x98\x80 \" / A \xe2\x82\xac");
    mho_json_destroy(v);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } row[] = {
        {"", "a.json:1:1: the text ends where a value is wanted"},
        {"{\"a\": 1,\n \"b\" 2}", "a.json:2:6: want : after a key"},
        {"{\"a\": 1 \"b\"}", "a.json:1:9: want , or } after a member"},
        {"{a: 1}", "a.json:1:2: want a key in quotes"},
        {"[1, 2", "a.json:1:6: want , or ] after an item"},
        {"[1, ]", "a.json:1:5: want a value"},
        {"[1] 2", "a.json:1:5: more than one value"},
        {"nul", "a.json:1:1: want a value"},
        {"01", "a.json:1:1: want a value"},
        {"1.", "a.json:1:1: want a value"},
        {"1e", "a.json:1:1: want a value"},
        {"-", "a.json:1:1: want a value"},
        {"+1", "a.json:1:1: want a value"},
        {"1e999", "a.json:1:1: a number beyond double precision"},
        {"\"a", "a.json:1:1: a text without its closing quote"},
        {"\"a\\\"", "a.json:1:1: a text without its closing quote"},
        {"\"a\\", "a.json:1:1: a text without its closing quote"},
        {"\"a\nb\"", "a.json:1:3: a control character within a text"},
        {"\"\\x\"", "a.json:1:3: want one of \" \\ / b f n r t u after a backslash"},
        {"\"\\u12\"", "a.json:1:6: want four hexadecimal digits"},
        {"\"\\u00g0\"", "a.json:1:6: want four hexadecimal digits"},
        {"\"\\u0000\"", "a.json:1:8: no character has this code"},
        {"\"\\ud800\"", "a.json:1:8: no character has this code"},
        {"\"\\ude00\"", "a.json:1:8: no character has this code"},
        {"\"\xc0\x80\"", "a.json:1:4: a text that is not UTF-8"},
        {"\"\xed\xa0\x80\"", "a.json:1:5: a text that is not UTF-8"},
        {"{\"a\": 1,\n\"b\": 2, \"a\": 3}", "a.json:1: \"a\" stands twice in one object"},
    };
    uint64_t live = mhoi_alloc_live();
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        mho_json *v = (mho_json *)1;
        assert_int_equal(parse(row[i].text, &v), MHO_EFORMAT);
        assert_null(v);
        assert_string_equal(mho_error_message(), row[i].message);
    }
    char deep[1200];
    mho_json *v;
    memset(deep, '[', sizeof deep);
    memset(deep + 512, ']', 512);
    assert_int_equal(mho_json_parse(deep, 1024, "a.json", &v), MHO_OK);
    mho_json_destroy(v);
    memset(deep + 512, '[', 512);
    assert_int_equal(mho_json_parse(deep, 1024, "a.json", &v), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "a.json:1:513: more than 512 levels");
    assert_int_equal(mhoi_alloc_live(), live);
}

static const char sample[] = "{\"a\": [1, 2.5, \"text\", {\"b\": null, \"c\": false}], \"d\": {}}";

/* Cut anywhere, a text is refused and nothing leaks; so it is with any allocation refused. */
static void test_cut_and_out_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_json *v;
    for (size_t n = 0; n + 1 < sizeof sample; n++) {
        char *exact = malloc(n + 1); /* so that a checker sees a read past the end */
        assert_non_null(exact);
        memcpy(exact, sample, n);
        assert_int_equal(mho_json_parse(exact, n, "a.json", &v), MHO_EFORMAT);
        free(exact);
    }
    mho_status s = MHO_ENOMEM;
    uint64_t k = 1;
    for (; s == MHO_ENOMEM; k++) {
        mhoi_alloc_fail_at(k);
        s = parse(sample, &v);
        mhoi_alloc_fail_at(0);
        if (s)
            assert_null(v);
    }
    assert_int_equal(s, MHO_OK);
    assert_true(k > 15);
    mho_json_destroy(v);
    assert_int_equal(mhoi_alloc_live(), live);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/mho_json_XXXXXX";
    int fd = mkstemp(path);
    mho_json *v;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\": 1}\n", 9), 9);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mho_json_open(path, &v), MHO_OK);
    assert_int_equal(mho_json_count(v), 1);
    mho_json_destroy(v);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mho_json_open(path, &v), MHO_EFILE);
    assert_null(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_asking),
        cmocka_unit_test(test_texts),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_file),       cmocka_unit_test(test_cut_and_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
