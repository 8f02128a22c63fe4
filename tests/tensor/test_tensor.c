/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays from .npy and .pb files: good ones, every truncation, damaged bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "mho/run.h"
#include "tensor/tensor_impl.h"

static const float values[6] = {1, -2, 3.5f, 0, 1e-20f, 6e7f};

static size_t npy(const char *header, char *out)
{
    const size_t length = strlen(header);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (char)length;
    out[9] = 0;
    memcpy(out + 10, header, length);
    memcpy(out + 10 + length, values, sizeof values);
    return 10 + length + sizeof values;
}

/* dims 2 x 3 (one by one or packed), type float, data raw or packed floats. */
static size_t pb(int packed, char *out)
{
    static const char single[] = {0x08, 2, 0x08, 3, 0x10, 1}, joint[] = {0x0a, 2, 2, 3, 0x10, 1};
    static const char name[] = {0x42, 1, 'x'};
    memcpy(out, packed ? joint : single, 6);
    memcpy(out + 6, name, 3);
    out[9] = packed ? 0x22 : 0x4a;
    out[10] = sizeof values;
    memcpy(out + 11, values, sizeof values);
    return 11 + sizeof values;
}

static void check_good(const mho_tensor *t)
{
    assert_int_equal(t->dims, 2);
    assert_int_equal(t->size[0], 2);
    assert_int_equal(t->size[1], 3);
    assert_int_equal(t->count, 6);
    assert_memory_equal(t->data, values, sizeof values);
}

static const char good_header[] =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n";

static void good_files(void **state)
{
    (void)state;
    char bytes[256];
    mho_tensor t;
    assert_int_equal(mhoi_tensor_npy(bytes, npy(good_header, bytes), "x", &t), MHO_OK);
    check_good(&t);
    mho_tensor_free(&t);
    for (int packed = 0; packed < 2; ++packed) {
        assert_int_equal(mhoi_tensor_pb(bytes, pb(packed, bytes), "x", &t), MHO_OK);
        check_good(&t);
        mho_tensor_free(&t);
    }
}

/* What a header promises is held against the size of the file before any memory is asked for. */
static void promises(void **state)
{
    (void)state;
    char bytes[256];
    mho_tensor t;
    const size_t size =
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (268435456,), }\n", bytes);
    const uint64_t made = mhoi_alloc_count(), peak = mho_peak_bytes();
    assert_int_equal(mhoi_tensor_npy(bytes, size, "x", &t), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "x: 24 bytes of data, want 1073741824");
    assert_int_equal(mhoi_alloc_count() - made, 1); /* the header's text */
    static const char head[] = {0x08, (char)0x80, (char)0x80, (char)0x80, (char)0x80, 1, 0x10, 1};
    assert_int_equal(mhoi_tensor_pb(head, sizeof head, "x", &t), MHO_EFORMAT);
    assert_string_equal(mho_error_message(),
                        "x: 0 bytes of data, want 1073741824 (packed or raw floats)");
    assert_int_equal(mhoi_alloc_count() - made, 1);
    assert_in_range(mho_peak_bytes() - peak, 0, 100000000);
}

typedef mho_status reader(const char *bytes, size_t size, const char *place, mho_tensor *out);

static void damage(reader *read, const char *bytes, size_t size)
{
    char copy[256];
    mho_tensor t;
    for (size_t cut = 0; cut < size; ++cut) {
        memcpy(copy, bytes, cut);
        assert_int_not_equal(read(copy, cut, "x", &t), MHO_OK);
        assert_null(t.data);
    }
    for (size_t at = 0; at < size; ++at)
        for (int bit = 0; bit < 8; ++bit) {
            memcpy(copy, bytes, size);
            copy[at] = (char)(copy[at] ^ (1 << bit));
            if (read(copy, size, "x", &t) == MHO_OK)
                mho_tensor_free(&t);
            else
                assert_null(t.data);
        }
}

static void damaged_files(void **state)
{
    (void)state;
    char bytes[256];
    const uint64_t live = mhoi_alloc_live();
    damage(mhoi_tensor_npy, bytes, npy(good_header, bytes));
    for (int packed = 0; packed < 2; ++packed)
        damage(mhoi_tensor_pb, bytes, pb(packed, bytes));
    assert_int_equal(mhoi_alloc_live(), live);
}

/* The 24 bytes of data as other types: 1, -2, 3.5, 0, ... as floats. */
static void other_types(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t count;
        float first, last;
    } cases[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (24,), }", 24, 0, 0x4c},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (4, 6), }", 24, 0, 0x4c},
        {"{'descr': '<u2', 'fortran_order': False, 'shape': (12,), }", 12, 0, 0x4c64},
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (6,), }", 6, 0x3f800000,
         (float)0x4c64e1c0},
        {"{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", 3, (float)-0x3fffffffc0800000,
         (float)0x4c64e1c01e3ce508},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char bytes[256];
        mho_tensor t;
        assert_int_equal(mhoi_tensor_npy(bytes, npy(cases[i].header, bytes), "x", &t), MHO_OK);
        assert_int_equal(t.count, cases[i].count);
        if (t.data[0] != cases[i].first || t.data[t.count - 1] != cases[i].last)
            fail_msg("%s: %g .. %g, want %g .. %g", cases[i].header, (double)t.data[0],
                     (double)t.data[t.count - 1], (double)cases[i].first, (double)cases[i].last);
        mho_tensor_free(&t);
    }
    char bytes[256], doubles[512];
    static const double values_8[3] = {1, -2.5, 1e-20};
    mho_tensor t;
    const size_t size = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", bytes);
    memcpy(doubles, bytes, size);
    memcpy(doubles + size - sizeof values_8, values_8, sizeof values_8);
    assert_int_equal(mhoi_tensor_npy(doubles, size, "x", &t), MHO_OK);
    for (size_t i = 0; i < 3; ++i)
        assert_true(t.data[i] == (float)values_8[i]);
    mho_tensor_free(&t);
}

static void foreign_files(void **state)
{
    (void)state;
    char bytes[256];
    mho_tensor t;
    const char *complex = "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 3), }\n";
    const char *swapped = "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    const char *columns = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n";
    const char *huge =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999), }\n";
    assert_int_equal(mhoi_tensor_npy(bytes, npy(complex, bytes), "x", &t), MHO_ENOTMODELED);
    assert_int_equal(mhoi_tensor_npy(bytes, npy(swapped, bytes), "x", &t), MHO_ENOTMODELED);
    assert_int_equal(mhoi_tensor_npy(bytes, npy(columns, bytes), "x", &t), MHO_ENOTMODELED);
    assert_int_equal(mhoi_tensor_npy(bytes, npy(huge, bytes), "x", &t), MHO_EFORMAT);
    const size_t size = pb(0, bytes);
    bytes[5] = 6; /* int32 */
    assert_int_equal(mhoi_tensor_pb(bytes, size, "x", &t), MHO_ENOTMODELED);
    assert_int_equal(mho_tensor_read("x.txt", &t), MHO_EUSAGE);
    assert_int_equal(mho_tensor_read("missing.npy", &t), MHO_EFILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),    cmocka_unit_test(other_types),
        cmocka_unit_test(promises),      cmocka_unit_test(damaged_files),
        cmocka_unit_test(foreign_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
