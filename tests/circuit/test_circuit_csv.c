/* SPDX-License-Identifier: Apache-2.0 */
/* CSV files of conductances and voltages: what is read, the exact refusals, and mutated files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/circuit.h"

static char path[64];

static void put(const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "circuit-%ld.csv", (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static mho_status read_text(const char *text, size_t M, mho_circuit_table *t)
{
    put(text, strlen(text));
    return M ? mho_circuit_read_voltages(path, M, t) : mho_circuit_read_conductances(path, t);
}

static void accept(const char *text, size_t M, size_t rows, size_t columns, const double *want)
{
    mho_circuit_table t;
    const mho_status s = read_text(text, M, &t);
    if (s)
        fail_msg("%s: %s", text, mho_error_message());
    assert_int_equal(t.rows, rows);
    assert_int_equal(t.columns, columns);
    for (size_t i = 0; i < rows * columns; i++)
        if (t.value[i] != want[i] && !(isnan(t.value[i]) && isnan(want[i])))
            fail_msg("value %zu of %s: %g, want %g", i, text, t.value[i], want[i]);
    mho_circuit_table_clear(&t);
}

static void refuse(const char *text, size_t M, mho_status status, const char *message)
{
    mho_circuit_table t;
    const mho_status s = read_text(text, M, &t);
    if (s != status || !strstr(mho_error_message(), message))
        fail_msg("%s: %s \"%s\", want %s \"%s\"", text, mho_status_name(s),
                 s ? mho_error_message() : "", mho_status_name(status), message);
    assert_null(t.value);
}

static void test_accepted(void **state)
{
    (void)state;
    const double six[] = {1e-6, 2e-6, 3e-6, 0, 5e-6, 6e-6};
    accept("1e-6,2e-6,3e-6\n0,5e-6,6e-6\n", 0, 2, 3, six);
    accept("1e-6,2e-6,3e-6\r\n0,5e-6,6e-6\r\n", 0, 2, 3, six);
    accept("\xef\xbb\xbf# cells\n\n \t1e-6 ,\t2e-6, 3e-6 # first\n\n0,5e-6,6e-6", 0, 2, 3, six);
    const double v[] = {0.5, NAN, -1};
    accept("0.5\nfloat\n-1\n", 3, 1, 3, v);
    accept("0.5,float,-1\n", 3, 1, 3, v);
    const double two[] = {1, 2, 3, 4};
    accept("1,2\n3,4\n", 2, 2, 2, two);
    accept("1\n2\n3\n4\n", 1, 4, 1, two);
}

static void test_refused(void **state)
{
    (void)state;
    refuse("", 0, MHO_EFORMAT, ": no values in it");
    refuse("# nothing\n\n", 0, MHO_EFORMAT, ": no values in it");
    refuse("1,2\n3,x\n", 0, MHO_EFORMAT, ":2:3: conductance = x, want a number");
    refuse("1,nan\n", 0, MHO_EFORMAT, ":1:3: conductance = nan");
    refuse("1,float\n", 0, MHO_EFORMAT, ":1:3: conductance = float");
    refuse("1,0x10\n", 0, MHO_EFORMAT, ":1:3: conductance = 0x10");
    refuse("1,inf\n", 0, MHO_EFORMAT, ":1:3: conductance = inf");
    refuse("1,1e999\n", 0, MHO_EFORMAT, ":1:3: conductance = 1e999");
    refuse("1, -2e-6\n", 0, MHO_EDOMAIN, ":1:4: conductance = -2e-6, want 0 or");
    refuse("1,1e30\n", 0, MHO_EDOMAIN, ":1:3: conductance = 1e30");
    refuse("1,2,\n", 0, MHO_EFORMAT, ":1:5: conductance is missing");
    refuse(",1\n", 0, MHO_EFORMAT, ":1:1: conductance is missing");
    refuse("1 2\n", 0, MHO_EFORMAT, ":1:1: conductance = 1");
    refuse("1,2\n\n3\n", 0, MHO_EFORMAT, ":3:2: 1 values, but line 1 has 2");
    refuse("# x\n1,2\n3,4,5\n", 0, MHO_EFORMAT, ":3:5: more than 2 values, as many as line 2");
    refuse("1,2\r3,4\r", 0, MHO_EFORMAT, ":1:4: a carriage return within a line");
    refuse("1\n2\n", 3, MHO_EFORMAT, ": 2 lines of 1 values; the crossbar has 3 word lines");
    refuse("1,2\n", 3, MHO_EFORMAT, ": 1 lines of 2 values; the crossbar has 3 word lines");
    refuse("1,1e20\n", 2, MHO_EDOMAIN, ":1:3: voltage = 1e20");
    put("1,2\0,3\n", 8);
    mho_circuit_table t;
    assert_int_equal(mho_circuit_read_conductances(path, &t), MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), ":1:4: a zero byte"));
    assert_int_equal(mho_circuit_read_conductances("no/such/file.csv", &t), MHO_EFILE);
}

static uint32_t random_state = 12345;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

/* Mutated files are read or refused; nothing else happens. */
static void test_mutations(void **state)
{
    (void)state;
    static const char good[] =
        "# cells\n1e-6,2e-6,3e-6\r\n4e-6,float,6e-6\n\n7e-6,8e-6,-9e-6 # end\n";
    static const char interesting[] = "\0\n\r,#-+eE.0123456789 \tfloatnax\xff";
    const uint64_t live = mhoi_alloc_live();
    for (size_t round = 0; round < 800; round++) {
        char text[sizeof good];
        size_t size = sizeof good - 1;
        memcpy(text, good, sizeof good);
        for (uint32_t k = draw(6); k > 0; k--)
            text[draw((uint32_t)size)] = interesting[draw(sizeof interesting - 1)];
        if (draw(3) == 0)
            size = draw((uint32_t)size);
        put(text, size);
        mho_circuit_table t;
        const bool voltages = draw(2);
        const mho_status s = voltages ? mho_circuit_read_voltages(path, 3, &t)
                                      : mho_circuit_read_conductances(path, &t);
        assert_true(s == MHO_OK || s == MHO_EFORMAT || s == MHO_EDOMAIN);
        for (size_t i = 0; !s && i < t.rows * t.columns; i++)
            assert_true(voltages ? isnan(t.value[i]) || fabs(t.value[i]) <= MHO_CIRCUIT_MAX
                                 : t.value[i] >= 0 && t.value[i] <= MHO_CIRCUIT_MAX);
        mho_circuit_table_clear(&t);
    }
    assert_int_equal(mhoi_alloc_live(), live);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    put("1,2\n3,4\n", 8);
    const uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    for (uint64_t k = 1; s; k++) {
        mho_circuit_table t;
        mhoi_alloc_fail_at(k);
        s = mho_circuit_read_conductances(path, &t);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mho_circuit_table_clear(&t);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    mhoi_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
