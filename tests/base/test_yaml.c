/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML tree: what is taken, what is refused and where, and texts damaged at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/yaml.h"
#include "mho/run.h"

static const char sample[] = "name: lenet\n"
                             "input: {c: 1, h: 28, w: 28}\n"
                             "layers:\n"
                             "  - conv: {channels: 20, kernel: 5}\n"
                             "  - pool: 2\n"
                             "  - [a, \"b c\", 'd']\n"
                             "note: |\n"
                             "  two\n"
                             "  lines\n"
                             "empty:\n";

static void test_tree(void **state)
{
    (void)state;
    mhoi_yaml *root;
    assert_int_equal(mhoi_yaml_parse(sample, "s", &root), MHO_OK);
    assert_int_equal(root->kind, MHOI_YAML_MAP);
    assert_int_equal(root->children, 5);
    assert_string_equal(mhoi_yaml_get(root, "name")->text, "lenet");
    const mhoi_yaml *input = mhoi_yaml_get(root, "input"), *layers = mhoi_yaml_get(root, "layers");
    assert_int_equal(input->line, 2);
    size_t h;
    double c;
    assert_int_equal(mhoi_yaml_size(mhoi_yaml_get(input, "h"), "s", &h), MHO_OK);
    assert_int_equal(h, 28);
    assert_int_equal(mhoi_yaml_double(mhoi_yaml_get(input, "c"), "s", &c), MHO_OK);
    assert_true(c == 1);
    assert_int_equal(layers->kind, MHOI_YAML_LIST);
    assert_int_equal(layers->children, 3);
    assert_int_equal(layers->child[1].line, 5);
    assert_null(layers->child[1].key);
    assert_string_equal(layers->child[1].child[0].key, "pool");
    assert_string_equal(layers->child[2].child[1].text, "b c");
    assert_string_equal(mhoi_yaml_get(root, "note")->text, "two\nlines\n");
    assert_string_equal(mhoi_yaml_get(root, "empty")->text, "");
    assert_null(mhoi_yaml_get(root, "absent"));
    assert_null(mhoi_yaml_get(layers, "pool"));
    mhoi_yaml_destroy(root);
    mhoi_yaml_destroy(NULL);
}

static void test_empty(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n"};
    for (size_t i = 0; i < 3; i++) {
        mhoi_yaml *root;
        assert_int_equal(mhoi_yaml_parse(texts[i], "s", &root), MHO_OK);
        assert_int_equal(root->kind, MHOI_YAML_MAP);
        assert_int_equal(root->children, 0);
        mhoi_yaml_destroy(root);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message; /* how the message starts */
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "s:3: a stands twice, first in line 1"},
        {"a: &x 1\n", "s:1: anchors are not taken"},
        {"&x a: 1\n", "s:1: anchors are not taken"},
        {"\na: *x\n", "s:2: anchors are not taken"},
        {"a: !!int 1\n", "s:1: tags are not taken"},
        {"a: &x {b: 1}\n", "s:1: anchors are not taken"},
        {"? [a, b]\n: 1\n", "s:1: a key must be plain text"},
        {"a: 1\n---\nb: 2\n", "s:2: more than one document"},
        {"a: [1, 2\nb: 3\n", "s:2: not YAML: "},
        {"a: \"open\n", "s:2: not YAML: "},
        {"\tb: 1", "s:1: not YAML: "},
        {"a: \"\\0\"\n", "s:1: a zero byte in a text"},
        {"a: \xff\xfe", "s:1: not YAML: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mhoi_yaml *root = (mhoi_yaml *)1;
        const bool twice = strstr(cases[i].message, "stands twice"); /* YAML, but of a wrong use */
        assert_int_equal(mhoi_yaml_parse(cases[i].text, "s", &root),
                         twice ? MHO_ECONFIG : MHO_EFORMAT);
        assert_null(root);
        if (strncmp(mho_error_message(), cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("\"%s\", want \"%s\"", mho_error_message(), cases[i].message);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A map of so many keys, each looked up, then with one that stands twice; returns the seconds it takes. */
static double read_keys(uint32_t keys)
{
    enum { EACH = 16 };
    char *text = malloc(keys * EACH + 64), *end = text, key[16], message[64];
    mhoi_yaml *root;
    assert_non_null(text);
    for (uint32_t i = 0; i < keys; i++) /* 7919 is prime: every key once, in no order */
        end += sprintf(end, "k%06u: %u\n", i * UINT32_C(7919) % keys, i % 10);
    const double start = cpu_seconds();
    assert_int_equal(mhoi_yaml_parse(text, "s", &root), MHO_OK);
    assert_int_equal(root->children, keys);
    for (uint32_t i = 0; i < keys; i++) {
        (void)snprintf(key, sizeof key, "k%06u", i * UINT32_C(7919) % keys);
        assert_ptr_equal(mhoi_yaml_get(root, key), &root->child[i]);
    }
    assert_null(mhoi_yaml_get(root, "k"));
    assert_null(mhoi_yaml_get(root, "k2000000"));
    mhoi_yaml_destroy(root);
    (void)sprintf(end, "k000000: 5\n");
    assert_int_equal(mhoi_yaml_parse(text, "s", &root), MHO_ECONFIG);
    (void)snprintf(message, sizeof message, "s:%u: k000000 stands twice, first in line 1",
                   keys + 1);
    assert_string_equal(mho_error_message(), message);
    const double seconds = cpu_seconds() - start;
    free(text);
    return seconds;
}

/* Twenty times the keys take twenty times the time, not four hundred times. */
static void test_many_keys(void **state)
{
    (void)state;
    const double few = read_keys(5000), many = read_keys(100000);
    if (many > 100 * few)
        fail_msg("5,000 keys take %g s, 100,000 take %g s", few, many);
}

static void test_many_nodes(void **state)
{
    (void)state;
    enum { NODES = 1 << 20 };
    char *text = malloc(2 * NODES + 8);
    mhoi_yaml *root;
    assert_non_null(text);
    for (size_t more = 0; more < 2; more++) {
        text[0] = '[';
        for (size_t i = 0; i < NODES + more; i++)
            memcpy(text + 1 + 2 * i, "1,", 2);
        memcpy(text + 1 + 2 * (NODES + more), "]", 2);
        assert_int_equal(mhoi_yaml_parse(text, "s", &root), more ? MHO_EFORMAT : MHO_OK);
        mhoi_yaml_destroy(root);
    }
    assert_string_equal(mho_error_message(), "s: more than 1048576 keys and values");
    mho_run_interrupt(NULL);
    assert_int_equal(mhoi_yaml_parse(text, "s", &root), MHO_EINTERRUPTED);
    mho_run_resume(NULL);
    assert_null(root);
    free(text);
}

static void test_depth(void **state)
{
    (void)state;
    char text[20000];
    mhoi_yaml *root;
    for (size_t depth = 31; depth <= 33; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        mho_status s = mhoi_yaml_parse(text, "s", &root);
        assert_int_equal(s, depth <= 32 ? MHO_OK : MHO_EFORMAT);
        mhoi_yaml_destroy(root);
    }
    assert_string_equal(mho_error_message(), "s:1: nested deeper than 32");
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(mhoi_yaml_parse(text, "s", &root), MHO_EFORMAT);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"a: x",   "a: ",      "a: 1 2", "a: nan", "a: inf",
                                      "a: 0x1", "a: 1e999", "a: [1]", "a: --1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mhoi_yaml *root;
        double v = 5;
        size_t n = 5;
        assert_int_equal(mhoi_yaml_parse(bad[i], "s", &root), MHO_OK);
        assert_int_equal(mhoi_yaml_double(&root->child[0], "s", &v), MHO_ECONFIG);
        assert_int_equal(mhoi_yaml_size(&root->child[0], "s", &n), MHO_ECONFIG);
        assert_true(v == 5 && n == 5);
        mhoi_yaml_destroy(root);
    }
    assert_string_equal(mho_error_message(), "s:1: a = --1, want a whole number, 0 or above");
    size_t n;
    double v;
    assert_true(mhoi_parse_size("18446744073709551615", &n) && n == SIZE_MAX);
    assert_false(mhoi_parse_size("18446744073709551616", &n));
    assert_false(mhoi_parse_size("-1", &n));
    assert_false(mhoi_parse_size("1e3", &n));
    assert_true(mhoi_parse_double("-1.5e-3", &v) && v == -1.5e-3);
}

/* Bytes changed, cut and doubled at random: a tree or a message, never a crash or a leak. */
static void test_mutated(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    size_t good = 0, length = sizeof sample - 1;
    for (uint32_t trial = 0; trial < 4000; trial++) {
        const mhoi_stream s = {11, trial, 0, 0};
        uint32_t r[12];
        char text[sizeof sample];
        mhoi_yaml *root;
        memcpy(text, sample, sizeof sample);
        mhoi_rng_u32(&s, 0, 12, r);
        for (size_t i = 0; i < r[0] % 5; i++)
            text[r[2 * i + 1] % length] =
                (char)(r[2 * i + 2] % 3 ? "{}[]:-&*!|>'\"#\n\t ,?"[r[2 * i + 2] % 19]
                                        : (char)(r[2 * i + 2] >> 24));
        if (r[11] % 2)
            text[r[10] % length] = '\0';
        mho_status status = mhoi_yaml_parse(text, "s", &root);
        assert_true(status == MHO_OK || status == MHO_EFORMAT);
        assert_true((status == MHO_OK) == (root != NULL));
        good += status == MHO_OK;
        mhoi_yaml_destroy(root);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_true(good > 100 && good < 3900);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    size_t k = 0;
    for (; s == MHO_ENOMEM; k++) {
        mhoi_yaml *root;
        mhoi_alloc_fail_at(k + 1);
        s = mhoi_yaml_parse(sample, "s", &root);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || root == NULL);
        mhoi_yaml_destroy(root);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_int_equal(s, MHO_OK);
    assert_true(k > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),          cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_many_nodes),    cmocka_unit_test(test_depth),
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
