/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables: defaults, YAML, key=value, and the exact message of every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/config.h"

typedef struct options {
    char name[8];
    bool on;
    size_t rows, columns;
    double energy_J, ratio;
    int kind;
} options;

static const char *const kinds[] = {"uniform", "gaussian", NULL};

#define AT(member) offsetof(options, member), sizeof(((options *)0)->member)
static const mho_field rows[] = {
    {"name", MHO_FIELD_STRING, AT(name), "none", 0, 0, "", 1, NULL, "a name"},
    {"on", MHO_FIELD_BOOL, AT(on), "true", 0, 0, "", 1, NULL, "a flag"},
    {"crossbar.rows", MHO_FIELD_UINT, AT(rows), "128", 1, 4096, "", 1, NULL, "word lines"},
    {"crossbar.columns", MHO_FIELD_UINT, AT(columns), "0", 0, 4096, "", 1, NULL, "bit lines"},
    {"energy", MHO_FIELD_DOUBLE, AT(energy_J), "0.3", 0, 1e6, "pJ", 1e-12, NULL, "an energy"},
    {"ratio", MHO_FIELD_DOUBLE, AT(ratio), "-0.5", -1, 1, "", 1, NULL, "a ratio"},
    {"device.kind", MHO_FIELD_ENUM, AT(kind), "uniform", 0, 0, "", 1, kinds, "a distribution"},
};
#define FIELDS (sizeof rows / sizeof *rows)
static const mho_fields table = {"hardware", rows, FIELDS, sizeof(options)};

static const char *const skipped[] = {"layers", NULL};

static void test_presets(void **state)
{
    (void)state;
    options o;
    mho_origin origin[FIELDS];
    memset(&o, 0xff, sizeof o);
    assert_int_equal(mho_fields_preset(&table, &o, origin), MHO_OK);
    assert_string_equal(o.name, "none");
    assert_true(o.on);
    assert_int_equal(o.rows, 128);
    assert_int_equal(o.columns, 0);
    assert_true(o.energy_J == 0.3 * 1e-12);
    assert_true(o.ratio == -0.5);
    assert_int_equal(o.kind, 0);
    for (size_t i = 0; i < FIELDS; i++) {
        assert_string_equal(origin[i].place, "default");
        assert_string_equal(origin[i].source, "");
    }
    assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
}

static void test_read(void **state)
{
    (void)state;
    const char *text = "# a comment\n"
                       "name: ab cd\n"
                       "crossbar:\n"
                       "  rows: 4096\n"
                       "  columns: {value: 1, source: \"Table III\"}\n"
                       "energy: {value: 1.5e3, source: assumed}\n"
                       "layers: [1, 2]\n"
                       "device:\n"
                       "  kind: gaussian\n"
                       "on: false\n";
    options o;
    mho_origin origin[FIELDS];
    assert_int_equal(mho_fields_preset(&table, &o, origin), MHO_OK);
    if (mho_fields_read(&table, text, "a.yaml", skipped, &o, origin) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_string_equal(o.name, "ab cd");
    assert_false(o.on);
    assert_int_equal(o.rows, 4096);
    assert_int_equal(o.columns, 1);
    assert_true(o.energy_J == 1.5e3 * 1e-12);
    assert_int_equal(o.kind, 1);
    assert_string_equal(origin[2].place, "a.yaml:4");
    assert_string_equal(origin[2].source, "");
    assert_string_equal(origin[3].place, "a.yaml:5");
    assert_string_equal(origin[3].source, "Table III");
    assert_string_equal(origin[4].source, "assumed");
    assert_string_equal(origin[5].place, "default");
    assert_int_equal(mho_fields_read(&table, "", "a.yaml", NULL, &o, NULL), MHO_OK);
    assert_int_equal(mho_fields_read(&table, "crossbar.rows: 7", "a.yaml", NULL, &o, NULL), MHO_OK);
    assert_int_equal(o.rows, 7);
}

#define ENERGIES "pJ, J, fJ, nJ, uJ, mJ, kJ, MJ, GJ, TJ"

static void test_read_messages(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"crossbar: {rows: 0}", "x.yaml:1: crossbar.rows = 0, want 1..4096"},
        {"\ncrossbar:\n  rows: 4097", "x.yaml:3: crossbar.rows = 4097, want 1..4096"},
        {"crossbar: {rows: -1}", "x.yaml:1: crossbar.rows = -1, want 1..4096"},
        {"crossbar: {rows: 12x}",
         "x.yaml:1: crossbar.rows = 12x: unit x, want 1..4096 without unit"},
        {"crossbar: {rows: 1.5}",
         "x.yaml:1: crossbar.rows = 1.5, want a whole number 1..4096 in digits alone"},
        {"crossbar: {rows: 0x40}",
         "x.yaml:1: crossbar.rows = 0x40, want a whole number 1..4096 in digits alone"},
        {"crossbar: {rows: 1e-1}",
         "x.yaml:1: crossbar.rows = 1e-1, want a whole number 1..4096 in digits alone"},
        {"crossbar: {rows: 1e2}",
         "x.yaml:1: crossbar.rows = 1e2, want a whole number 1..4096 in digits alone"},
        {"crossbar: {rows: 64.0}",
         "x.yaml:1: crossbar.rows = 64.0, want a whole number 1..4096 in digits alone"},
        {"energy: 3 PJ", "x.yaml:1: energy = 3 PJ: unit PJ, want one of " ENERGIES},
        {"crossbar: {rows: 99999999999999999999999}",
         "x.yaml:1: crossbar.rows = 99999999999999999999999, want 1..4096"},
        {"crossbar: {rows: }",
         "x.yaml:1: crossbar.rows = , want a whole number 1..4096 in digits alone"},
        {"energy: -1", "x.yaml:1: energy = -1, want 0..1e+06 pJ"},
        {"energy: 2e6", "x.yaml:1: energy = 2e6, want 0..1e+06 pJ"},
        {"energy: nan", "x.yaml:1: energy = nan, want 0..1e+06 pJ"},
        {"energy: .inf", "x.yaml:1: energy = .inf, want 0..1e+06 pJ"},
        {"energy: 1e999", "x.yaml:1: energy = 1e999, want 0..1e+06 pJ"},
        {"energy: 0x10", "x.yaml:1: energy = 0x10, want 0..1e+06 pJ"},
        {"energy: 3 W", "x.yaml:1: energy = 3 W: unit W, want one of " ENERGIES},
        {"energy: 3 xJ", "x.yaml:1: energy = 3 xJ: unit xJ, want one of " ENERGIES},
        {"energy: 3 J/B", "x.yaml:1: energy = 3 J/B: unit J/B, want one of " ENERGIES},
        {"energy: 2 uJ", "x.yaml:1: energy = 2 uJ, want 0..1e+06 pJ"},
        {"energy: {value: 3 pJ, unit: pJ}",
         "x.yaml:1: energy = 3 pJ pJ: unit pJ pJ, want one of " ENERGIES},
        {"energy: {value: 3, unit: [pJ]}", "x.yaml:1: energy.unit is not a text"},
        {"energy: pJ", "x.yaml:1: energy = pJ, want 0..1e+06 pJ"},
        {"ratio: 0.1 pJ", "x.yaml:1: ratio = 0.1 pJ: unit pJ, want -1..1 without unit"},
        {"crossbar: {rows: 2 pJ}",
         "x.yaml:1: crossbar.rows = 2 pJ: unit pJ, want 1..4096 without unit"},
        {"on: yes", "x.yaml:1: on = yes, want true or false"},
        {"name: eightlet", "x.yaml:1: name = eightlet, want a text of at most 7 bytes"},
        {"device: {kind: gausian}",
         "x.yaml:1: device.kind = gausian, want one of uniform, gaussian; did you mean gaussian?"},
        {"device: {kind: 1}", "x.yaml:1: device.kind = 1, want one of uniform, gaussian"},
        {"crossbar: {row: 1}",
         "x.yaml:1: unknown key crossbar.row of hardware; did you mean crossbar.rows?"},
        {"rows: 1", "x.yaml:1: unknown key rows of hardware; did you mean crossbar.rows?"},
        {"qqqqqq: 1", "x.yaml:1: unknown key qqqqqq of hardware"},
        {"qqqqqq: {zzz: 1}", "x.yaml:1: unknown key qqqqqq of hardware"},
        {"layers: 1", "x.yaml:1: unknown key layers of hardware"},
        {"crossbar: {rows: 2}\ncrossbar.rows: 3",
         "x.yaml:2: crossbar.rows stands twice, first in line 1"},
        {"energy: [1]", "x.yaml:1: energy has no single value"},
        {"energy: {source: here}", "x.yaml:1: energy has no single value"},
        {"energy: {value: 1, sorce: here}",
         "x.yaml:1: unknown key energy.sorce, want value, unit and source"},
        {"energy: {value: 1, source: [a]}", "x.yaml:1: energy.source is not a text"},
        {"crossbar: 5",
         "x.yaml:1: crossbar is a group of fields, want one of them, such as crossbar.rows"},
        {"- 1", "x.yaml:1: want `key: value` lines"},
        {"just text", "x.yaml:1: want `key: value` lines"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options o, before;
        assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
        before = o;
        mho_status s = mho_fields_read(&table, cases[i].text, "x.yaml", NULL, &o, NULL);
        assert_string_equal(mho_error_message(), cases[i].message);
        assert_int_equal(s, MHO_ECONFIG);
        if (!strstr(cases[i].text, "\ncrossbar.rows")) /* a refused value changes nothing */
            assert_memory_equal(&o, &before, sizeof o);
    }
    options o;
    assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
    assert_int_equal(mho_fields_read(&table, "energy: 1\nenergy: 2", "x.yaml", NULL, &o, NULL),
                     MHO_ECONFIG);
    assert_string_equal(mho_error_message(), "x.yaml:2: energy stands twice, first in line 1");
}

static void test_set(void **state)
{
    (void)state;
    static const struct {
        const char *assignment, *message;
    } cases[] = {
        {"crossbar.rows", "command line: crossbar.rows is not key=value"},
        {"crossbar.rows=",
         "command line: crossbar.rows = , want a whole number 1..4096 in digits alone"},
        {"crossbar.rwos=3",
         "command line: unknown key crossbar.rwos of hardware; did you mean crossbar.rows?"},
        {"=3", "command line: a value without a key, want KEY=VALUE"},
        {"device=3",
         "command line: device is a group of fields, want one of them, such as device.kind"},
    };
    options o;
    mho_origin origin[FIELDS];
    assert_int_equal(mho_fields_preset(&table, &o, origin), MHO_OK);
    assert_int_equal(mho_fields_set(&table, "energy=0", &o, origin), MHO_OK);
    assert_true(o.energy_J == 0);
    assert_string_equal(origin[4].place, "command line");
    assert_int_equal(mho_fields_set(&table, "name=a=b", &o, NULL), MHO_OK);
    assert_string_equal(o.name, "a=b");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mho_fields_set(&table, cases[i].assignment, &o, origin), MHO_ECONFIG);
        assert_string_equal(mho_error_message(), cases[i].message);
    }
    char long_key[400];
    memset(long_key, 'k', sizeof long_key);
    long_key[398] = '=';
    long_key[399] = '\0';
    assert_int_equal(mho_fields_set(&table, long_key, &o, origin), MHO_ECONFIG);
}

/* Units: the field's own, with another prefix, without one; in YAML apart as well. */
static void test_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double energy_J;
    } cases[] = {
        {"energy: 3 pJ", 3 * 1e-12},
        {"energy: 3pJ", 3 * 1e-12},
        {"energy: 1.5e1 pJ", 15 * 1e-12},
        {"energy: 0.5 nJ", 500 * 1e-12},
        {"energy: 7 fJ", 0.007 * 1e-12},
        {"energy: 1e-9 J", 1000 * 1e-12},
        {"energy: 0.5 \xc2\xb5J", 500000 * 1e-12}, /* the sign of micro, and its letter */
        {"energy: 0.5 \xce\xbcJ", 500000 * 1e-12},
        {"energy: {value: 0.1, unit: nJ, source: here}", 100 * 1e-12},
        {"energy: {value: 4, unit: \"\"}", 4 * 1e-12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options o;
        assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
        if (mho_fields_read(&table, cases[i].text, "a.yaml", NULL, &o, NULL))
            fail_msg("%s: %s", cases[i].text, mho_error_message());
        if (o.energy_J != cases[i].energy_J)
            fail_msg("%s: %.17g, want %.17g", cases[i].text, o.energy_J, cases[i].energy_J);
    }
    static const mho_field bytes = {"size", MHO_FIELD_UINT, 0, sizeof(size_t), "1", 1, 1e12, "B", 1,
                                    NULL,   "a size"};
    static const mho_fields sizes = {"memory", &bytes, 1, sizeof(size_t)};
    static const struct {
        const char *set;
        size_t size;
    } good[] = {{"size=16", 16},
                {"size=16 B", 16},
                {"size=16K", 16384},
                {"size=2 MB", 2097152},
                {"size=1GiB", 1 << 30}};
    static const char *const bad[] = {"size=16X",
                                      "size=16 KX",
                                      "size=1.5K",
                                      "size=2e0 K",
                                      "size=1e2",
                                      "size=16.0",
                                      "size=99999999999999999G"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size = 0;
        assert_int_equal(mho_fields_set(&sizes, good[i].set, &size, NULL), MHO_OK);
        assert_int_equal(size, good[i].size);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t size = 0;
        assert_int_equal(mho_fields_set(&sizes, bad[i], &size, NULL), MHO_ECONFIG);
    }
}

/* What is printed reads back to the same value. */
static void test_print(void **state)
{
    (void)state;
    static const char *const energies[] = {"energy=0.1", "energy=0.3", "energy=123456.789",
                                           "energy=3e-7", "energy=0.333333333333333314"};
    for (size_t e = 0; e < 5; e++) {
        options o, back;
        char line[128], text[64];
        assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
        assert_int_equal(mho_fields_preset(&table, &back, NULL), MHO_OK);
        assert_int_equal(mho_fields_set(&table, energies[e], &o, NULL), MHO_OK);
        assert_int_equal(mho_fields_set(&table, "device.kind=gaussian", &o, NULL), MHO_OK);
        assert_int_equal(mho_fields_set(&table, "on=false", &o, NULL), MHO_OK);
        for (size_t i = 0; i < FIELDS; i++) {
            int length = mho_field_print(&table, i, &o, text, sizeof text);
            assert_int_equal(length, strlen(text));
            (void)snprintf(line, sizeof line, "%s=%s", rows[i].key, text);
            assert_int_equal(mho_fields_set(&table, line, &back, NULL), MHO_OK);
        }
        assert_memory_equal(&o, &back, sizeof o);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"lenet", "alexnet", "vgg11", "vgg16", "crossbar.rows"};
    assert_string_equal(mho_nearest("lenett", names, 5), "lenet");
    assert_string_equal(mho_nearest("alxenet", names, 5), "alexnet");
    assert_string_equal(mho_nearest("vgg12", names, 5), "vgg11");
    assert_string_equal(mho_nearest("rows", names, 5), "crossbar.rows");
    assert_null(mho_nearest("resnet152", names, 5));
    assert_null(mho_nearest("", names, 5));
    assert_null(mho_nearest("q", names, 5));
    assert_null(mho_nearest("q", (const char *const[]){"o"}, 1));
    assert_null(mho_nearest("lenet", names, 0));
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[199] = '\0';
    assert_null(mho_nearest(longer, names, 5));
}

/* Each allocation of a reading fails once: the status says so and nothing is left behind. */
static void test_out_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    options o;
    mho_status s = MHO_ENOMEM;
    size_t k = 0;
    assert_int_equal(mho_fields_preset(&table, &o, NULL), MHO_OK);
    for (; s == MHO_ENOMEM; k++) {
        mhoi_alloc_fail_at(k + 1);
        s = mho_fields_read(&table, "crossbar: {rows: 1, columns: 2}\nzzz: 1", "x", NULL, &o, NULL);
        mhoi_alloc_fail_at(0);
        assert_int_equal(mhoi_alloc_live(), live);
        assert_true(s == MHO_ENOMEM || s == MHO_ECONFIG);
    }
    assert_true(k > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),       cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_messages), cmocka_unit_test(test_set),
        cmocka_unit_test(test_print),         cmocka_unit_test(test_units),
        cmocka_unit_test(test_nearest),       cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
