/* SPDX-License-Identifier: Apache-2.0 */
/* Files, JSON and embedded files: damage, full disks, refused allocations. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parallel.h"
#include "mho/asset.h"
#include "mho/json.h"
#include "mho/run.h"

static char folder[] = "mho-test-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("..") || rmdir(folder);
}

/* Unpacked size bytes that compress badly. */
static char *noise(size_t size)
{
    char *bytes = malloc(size);
    uint32_t x = 1;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    return bytes;
}

static void write_gzip(const char *path, const char *bytes, size_t size)
{
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, (unsigned)size), size);
    assert_int_equal(gzclose(f), Z_OK);
}

static void check_read(const char *path, const char *want, size_t want_size)
{
    char *bytes;
    size_t size;
    if (mhoi_file_read(path, MHOI_TEXT_MAX, &bytes, &size) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_int_equal(size, want_size);
    assert_memory_equal(bytes, want, want_size);
    assert_int_equal(bytes[size], 0);
    mhoi_free(&bytes);
}

static void test_read(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 300000};
    char *bytes = noise(300000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(mhoi_file_write("plain", bytes, sizes[i]), MHO_OK);
        check_read("plain", bytes, sizes[i]);
        write_gzip("packed", bytes, sizes[i]);
        check_read("packed", bytes, sizes[i]);
    }
    assert_true(mhoi_file_exists("plain"));
    assert_int_equal(unlink("plain") | unlink("packed"), 0);
    assert_false(mhoi_file_exists("plain"));
    free(bytes);
}

static void check_refused(const char *path, mho_status want, const char *message)
{
    char *bytes = (char *)1;
    size_t size = 1;
    uint64_t live = mhoi_alloc_live();
    assert_int_equal(mhoi_file_read(path, MHOI_TEXT_MAX, &bytes, &size), want);
    assert_null(bytes);
    assert_int_equal(size, 0);
    assert_int_equal(mhoi_alloc_live(), live);
    assert_memory_equal(mho_error_message(), message, strlen(message));
}

/* A gzip cut at every length, and with each of its bytes turned over. */
static void test_damaged_gzip(void **state)
{
    (void)state;
    char *bytes = noise(300), *packed;
    size_t size, refused = 0;
    write_gzip("packed", bytes, 300);
    FILE *f = fopen("packed", "rb");
    assert_non_null(f);
    packed = malloc(1000);
    assert_non_null(packed);
    size = fread(packed, 1, 1000, f);
    (void)fclose(f);
    for (size_t n = 3; n < size; n++) {
        assert_int_equal(mhoi_file_write("damaged", packed, n), MHO_OK);
        check_refused("damaged", MHO_EFORMAT, "damaged: damaged gzip: ");
    }
    for (size_t n = 0; n < size; n++) {
        char *got;
        size_t got_size;
        packed[n] = (char)~packed[n];
        assert_int_equal(mhoi_file_write("damaged", packed, size), MHO_OK);
        mho_status s = mhoi_file_read("damaged", MHOI_TEXT_MAX, &got, &got_size);
        assert_true(s == MHO_OK || s == MHO_EFORMAT);
        refused += s != MHO_OK;
        mhoi_free(&got);
        packed[n] = (char)~packed[n];
    }
    assert_true(refused + 20 > size); /* a few header bytes carry no meaning */
    assert_int_equal(unlink("packed") | unlink("damaged"), 0);
    free(bytes);
    free(packed);
}

#ifdef __SANITIZE_ADDRESS__ /* keeps what was freed for a while */
enum { TIMES = 8 };
#else
enum { TIMES = 3 };
#endif

/* A few kilobytes that unpack to many megabytes are read up to the limit of their kind, and no further. */
static void test_limit(void **state)
{
    (void)state;
    enum { MOST = 1000, LARGE = 1 << 27 };
    char *bytes = noise(MOST + 1), *got;
    size_t size;
    write_gzip("packed", bytes, MOST + 1);
    assert_int_equal(mhoi_file_write("plain", bytes, MOST + 1), MHO_OK);
    static const char *const names[] = {"plain", "packed"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mhoi_file_read(names[i], MOST + 1, &got, &size), MHO_OK);
        assert_memory_equal(got, bytes, MOST + 1);
        mhoi_free(&got);
        assert_int_equal(mhoi_file_read(names[i], MOST, &got, &size), MHO_EFORMAT);
        assert_null(got);
        assert_non_null(strstr(mho_error_message(), i ? "packed: longer than 1000 bytes unpacked"
                                                      : "plain: longer than 1000 bytes, "));
    }
    gzFile f = gzopen("packed", "wb9");
    static char zeros[1 << 20];
    for (size_t n = 0; n < LARGE; n += sizeof zeros)
        assert_int_equal(gzwrite(f, zeros, sizeof zeros), sizeof zeros);
    assert_int_equal(gzclose(f), Z_OK);
    const uint64_t before = mho_peak_bytes();
    check_refused("packed", MHO_EFORMAT, "packed: longer than 16777216 bytes unpacked");
    if (mho_peak_bytes() - before > TIMES * MHOI_TEXT_MAX)
        fail_msg("reading takes %g MB", 1e-6 * (double)(mho_peak_bytes() - before));
    char *none;
    assert_int_equal(mhoi_file_read("packed", MHOI_MODEL_MAX, &none, &size), MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "packed: unpacks to more than 67108864 bytes"));
    if (mho_peak_bytes() - before > TIMES * ((uint64_t)1 << 26))
        fail_msg("reading takes %g MB", 1e-6 * (double)(mho_peak_bytes() - before));
    check_refused("/dev/zero", MHO_EFORMAT, "/dev/zero: longer than 16777216 bytes");
    assert_int_equal(unlink("plain") | unlink("packed"), 0);
    free(bytes);
}

static void test_interrupted(void **state)
{
    (void)state;
    assert_int_equal(mhoi_file_write("plain", "x", 1), MHO_OK);
    mho_run_interrupt(NULL);
    check_refused("plain", MHO_EINTERRUPTED, "plain: interrupted");
    mho_run_resume(NULL);
    assert_int_equal(unlink("plain"), 0);
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("absent", MHO_EFILE, "absent: cannot open: No such file or directory");
    assert_int_equal(mkdir("dir", 0777), 0);
    check_refused("dir", MHO_EFILE, "dir: cannot read: Is a directory");
    assert_int_equal(mhoi_file_write("dir", "x", 1), MHO_EFILE);
    assert_int_equal(rmdir("dir"), 0);
    assert_int_equal(mhoi_file_write("no/such/folder", "x", 1), MHO_EFILE);
    assert_string_equal(mho_error_message(),
                        "no/such/folder: cannot write: No such file or directory");
    assert_int_equal(mhoi_file_write("/dev/full", "x", 1), MHO_EFILE);
    assert_string_equal(mho_error_message(), "/dev/full: cannot write: No space left on device");
    assert_int_equal(mhoi_file_write("/dev/null", "x", 1), MHO_OK);
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[4999] = '\0';
    assert_int_equal(mhoi_file_write(name, "x", 1), MHO_EFILE);
}

static void test_file_out_of_memory(void **state)
{
    (void)state;
    char *bytes = noise(300000);
    mho_status s = MHO_ENOMEM;
    uint64_t live = mhoi_alloc_live();
    assert_int_equal(mhoi_file_write("plain", bytes, 300000), MHO_OK);
    size_t k = 0;
    for (; s == MHO_ENOMEM; k++) {
        char *got;
        size_t size;
        mhoi_alloc_fail_at(k + 1);
        s = mhoi_file_read("plain", MHOI_TEXT_MAX, &got, &size);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || got == NULL);
        mhoi_free(&got);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_int_equal(s, MHO_OK);
    assert_int_equal(k, 2); /* room for all of it, then none fails */
    assert_int_equal(unlink("plain"), 0);
    free(bytes);
}

static mho_json *sample(void)
{
    mho_json *root = mho_json_object(), *list = mho_json_array();
    mho_json_add(list, mho_json_number(0.1));
    mho_json_add(list, mho_json_number(NAN));
    mho_json_add(list, mho_json_number(-INFINITY));
    mho_json_add(list, mho_json_number(DBL_MAX));
    mho_json_add(list, mho_json_number(1.0 / 3));
    mho_json_put(root, "list", list);
    mho_json_put(root, "n", mho_json_integer(INT64_MIN));
    mho_json_put(root, "text", mho_json_text("a \"b\"\n\xc2\xb5"));
    mho_json_put(root, "odd", mho_json_text("\xff"));
    mho_json_put(root, "none", mho_json_text(NULL));
    mho_json_put(root, "yes", mho_json_bool(true));
    mho_json_put(root, "empty", mho_json_object());
    mho_json_put(root, "nothing", mho_json_array());
    return root;
}

static const char sample_text[] = "{\n"
                                  "  \"list\": [\n"
                                  "    0.1,\n"
                                  "    null,\n"
                                  "    null,\n"
                                  "    1.7976931348623157e+308,\n"
                                  "    0.3333333333333333\n"
                                  "  ],\n"
                                  "  \"n\": -9223372036854775808,\n"
                                  "  \"text\": \"a \\\"b\\\"\\n\xc2\xb5\",\n"
                                  "  \"odd\": \"(not UTF-8)\",\n"
                                  "  \"none\": null,\n"
                                  "  \"yes\": true,\n"
                                  "  \"empty\": {},\n"
                                  "  \"nothing\": []\n"
                                  "}\n";

static mho_status print(const mho_json *v, char **text)
{
    size_t size;
    FILE *f = open_memstream(text, &size);
    assert_non_null(f);
    mho_status s = mho_json_write(v, f);
    (void)fclose(f);
    return s;
}

static void test_json(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    char *text;
    mho_json *v = sample();
    assert_int_equal(print(v, &text), MHO_OK);
    assert_string_equal(text, sample_text);
    free(text);
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(mho_json_write(v, full), MHO_EFILE);
    (void)fclose(full);
    mho_json_put(v, "\xff", mho_json_bool(true));
    assert_int_equal(print(v, &text), MHO_EDOMAIN);
    free(text);
    mho_json_destroy(v);
    mho_json_destroy(NULL);
    assert_int_equal(mhoi_alloc_live(), live);
}

/* Whichever allocation fails, the text is complete or the status tells. */
static void test_json_out_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    size_t k = 0;
    for (; s == MHO_ENOMEM; k++) {
        char *text;
        mhoi_alloc_fail_at(k + 1);
        mho_json *v = sample();
        s = print(v, &text);
        mhoi_alloc_fail_at(0);
        if (s == MHO_OK)
            assert_string_equal(text, sample_text);
        free(text);
        mho_json_destroy(v);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_int_equal(s, MHO_OK);
    assert_true(k > 30);
}

static void test_assets(void **state)
{
    (void)state;
    size_t count;
    const mho_asset *a = mho_assets(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(a[i - 1].path, a[i].path) < 0);
        assert_ptr_equal(mho_asset_find(a[i].path), &a[i]);
        assert_int_equal(a[i].data[a[i].size], 0);
        if (strcmp(a[i].path, "page/report.html") == 0)
            continue; /* made when the program is built */
        char path[4096], *bytes;
        size_t size;
        (void)snprintf(path, sizeof path, "%s/%s", MHO_SOURCE_DIR, a[i].path);
        assert_int_equal(mhoi_file_read(path, MHOI_TEXT_MAX, &bytes, &size), MHO_OK);
        assert_int_equal(size, a[i].size);
        assert_memory_equal(bytes, a[i].data, size);
        mhoi_free(&bytes);
    }
    assert_null(mho_asset_find(""));
    assert_null(mho_asset_find("configs/hw/absent.yaml"));
    assert_null(mho_asset_find("zzz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),        cmocka_unit_test(test_damaged_gzip),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_limit),
        cmocka_unit_test(test_interrupted), cmocka_unit_test(test_file_out_of_memory),
        cmocka_unit_test(test_json),        cmocka_unit_test(test_json_out_of_memory),
        cmocka_unit_test(test_assets),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
