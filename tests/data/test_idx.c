/* SPDX-License-Identifier: Apache-2.0 */
/* IDX files: what is read, and what each kind of damage is answered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "data/data_impl.h"

#define COUNT 3
#define H 2
#define W 5
#define IMAGES_SIZE (16 + COUNT * H * W)
#define LABELS_SIZE (8 + COUNT)

static char images_path[64], labels_path[64];

static void make_images(uint8_t bytes[IMAGES_SIZE])
{
    const uint8_t header[16] = {0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, H, 0, 0, 0, W};
    memcpy(bytes, header, 16);
    for (size_t i = 16; i < IMAGES_SIZE; i++)
        bytes[i] = (uint8_t)(7 * i);
}

static void make_labels(uint8_t bytes[LABELS_SIZE])
{
    const uint8_t all[LABELS_SIZE] = {0, 0, 8, 1, 0, 0, 0, COUNT, 9, 0, 4};
    memcpy(bytes, all, LABELS_SIZE);
}

static void save(const char *path, const void *bytes, size_t size)
{
    assert_int_equal(mhoi_file_write(path, bytes, size), MHO_OK);
}

static void save_packed(const char *path, const void *bytes, unsigned size)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void expect_failure(mho_status got, mho_status want, const char *path, const char *text)
{
    if (got != want || !strstr(mho_error_message(), path) || !strstr(mho_error_message(), text))
        fail_msg("got %s '%s', want %s with '%s' and '%s'", mho_status_name(got),
                 mho_error_message(), mho_status_name(want), path, text);
}

static int setup(void **state)
{
    (void)state;
    uint8_t images[IMAGES_SIZE], labels[LABELS_SIZE];
    snprintf(images_path, sizeof images_path, "test_idx-%d-images", (int)getpid());
    snprintf(labels_path, sizeof labels_path, "test_idx-%d-labels", (int)getpid());
    make_images(images);
    make_labels(labels);
    save(images_path, images, sizeof images);
    save(labels_path, labels, sizeof labels);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(images_path);
    unlink(labels_path);
    return 0;
}

static void check_good(void)
{
    uint8_t want[IMAGES_SIZE];
    make_images(want);
    mho_images images;
    assert_int_equal(mho_idx_read_images(images_path, &images), MHO_OK);
    assert_int_equal(mho_idx_read_labels(labels_path, &images), MHO_OK);
    assert_int_equal(images.shape.c, 1);
    assert_int_equal(images.shape.h, H);
    assert_int_equal(images.shape.w, W);
    assert_int_equal(images.count, COUNT);
    assert_int_equal(images.classes, 10);
    assert_memory_equal(images.pixel, want + 16, COUNT * H * W);
    assert_memory_equal(images.label, ((uint16_t[]){9, 0, 4}), COUNT * sizeof(uint16_t));
    mho_images_free(&images);
    assert_null(images.pixel);
}

static void reads_plain(void **state)
{
    (void)state;
    check_good();
}

static void reads_packed(void **state)
{
    (void)state;
    uint8_t images[IMAGES_SIZE], labels[LABELS_SIZE];
    make_images(images);
    make_labels(labels);
    save_packed(images_path, images, sizeof images);
    save_packed(labels_path, labels, sizeof labels);
    check_good();
}

static void refuse_images(const void *bytes, size_t size, const char *text)
{
    mho_images images;
    save(images_path, bytes, size);
    expect_failure(mho_idx_read_images(images_path, &images), MHO_EFORMAT, images_path, text);
    assert_null(images.pixel);
    assert_int_equal(images.count, 0);
}

static void refuses_bad_images(void **state)
{
    (void)state;
    uint8_t bytes[IMAGES_SIZE + 2] = {0};
    make_images(bytes);
    refuse_images(bytes, 0, "0 bytes, too short");
    refuse_images(bytes, 9, "9 bytes, the header of IDX images has 16");
    refuse_images(bytes, IMAGES_SIZE - 1, "truncated: 29 bytes of pixels, the header promises 30");
    refuse_images(bytes, IMAGES_SIZE + 2, "32 bytes of pixels, the header promises 30: 2 trailing");
    bytes[3] = 1;
    refuse_images(bytes, IMAGES_SIZE, "magic 0x00000801, want 0x00000803");
    make_images(bytes);
    bytes[7] = 0;
    refuse_images(bytes, IMAGES_SIZE, "0 images");
    make_images(bytes);
    bytes[11] = 0;
    refuse_images(bytes, IMAGES_SIZE, "a side of 0 pixels, want 1..1048576");
    memset(bytes + 4, 0xff, 12);
    refuse_images(bytes, IMAGES_SIZE, "a side of 4294967295 pixels");
    bytes[8] = bytes[9] = bytes[12] = bytes[13] = 0;
    bytes[10] = bytes[14] = 0x10;
    bytes[11] = bytes[15] = 0;
    refuse_images(bytes, IMAGES_SIZE, "promises 72057594021150720");
}

static void refuse_labels(const void *bytes, size_t size, const char *text)
{
    mho_images images = {.count = COUNT};
    save(labels_path, bytes, size);
    expect_failure(mho_idx_read_labels(labels_path, &images), MHO_EFORMAT, labels_path, text);
    assert_null(images.label);
}

static void refuses_bad_labels(void **state)
{
    (void)state;
    uint8_t bytes[LABELS_SIZE + 1] = {0};
    make_labels(bytes);
    bytes[7] = COUNT - 1;
    refuse_labels(bytes, LABELS_SIZE - 1, "2 labels for 3 images");
    refuse_labels(bytes, LABELS_SIZE, "1 trailing");
    bytes[3] = 3;
    refuse_labels(bytes, LABELS_SIZE, "magic 0x00000803, want 0x00000801");
}

/* Labels of any width, as many classes as there are up to 65,535. */
static void reads_many_classes(void **state)
{
    (void)state;
    const uint8_t one[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT, 255, 0, 10};
    const uint8_t two[8 + 2 * COUNT] = {0, 0, 0x0b, 1, 0, 0, 0, COUNT, 3, 0xe7, 0, 0, 0x7f, 0xff};
    const uint8_t four[8 + 4 * COUNT] = {0, 0, 0x0c, 1, 0, 0, 0, COUNT, 0, 0, 0xff, 0xfe};
    mho_images images = {.count = COUNT};
    save(labels_path, one, sizeof one);
    assert_int_equal(mho_idx_read_labels(labels_path, &images), MHO_OK);
    assert_int_equal(images.classes, 256);
    save(labels_path, two, sizeof two);
    assert_int_equal(mho_idx_read_labels(labels_path, &images), MHO_OK);
    assert_memory_equal(images.label, ((uint16_t[]){999, 0, 32767}), COUNT * sizeof(uint16_t));
    assert_int_equal(images.classes, 32768);
    save(labels_path, four, sizeof four);
    assert_int_equal(mho_idx_read_labels(labels_path, &images), MHO_OK);
    assert_int_equal(images.label[0], 65534);
    assert_int_equal(images.classes, 65535);
    mho_images_free(&images);
    uint8_t bad[sizeof four];
    memcpy(bad, four, sizeof bad);
    bad[11] = 0xff;
    refuse_labels(bad, sizeof bad, "label 0 is 65535, want 0..65534");
    memcpy(bad, two, sizeof two);
    bad[8] = 0xff;
    refuse_labels(bad, sizeof two, "label 0 is -25, want 0..65534");
}

/* [n][features] and [n][c][h][w] besides [n][h][w]. */
static void reads_any_shape(void **state)
{
    (void)state;
    uint8_t flat[12 + COUNT * 7] = {0, 0, 8, 2, 0, 0, 0, COUNT, 0, 0, 0, 7, 41};
    uint8_t deep[20 + COUNT * 12] = {0, 0, 8, 4, 0, 0, 0, COUNT, 0, 0, 0,
                                     2, 0, 0, 0, 3, 0, 0, 0,     2, 42};
    mho_images images;
    save(images_path, flat, sizeof flat);
    assert_int_equal(mho_idx_read_images(images_path, &images), MHO_OK);
    assert_true(images.shape.c == 7 && images.shape.h == 1 && images.shape.w == 1);
    assert_int_equal(images.pixel[0], 41);
    mho_images_free(&images);
    save(images_path, deep, sizeof deep);
    assert_int_equal(mho_idx_read_images(images_path, &images), MHO_OK);
    assert_true(images.shape.c == 2 && images.shape.h == 3 && images.shape.w == 2);
    assert_int_equal(images.pixel[0], 42);
    mho_images_free(&images);
}

static void refuses_missing_file(void **state)
{
    (void)state;
    mho_images images;
    unlink(images_path);
    expect_failure(mho_idx_read_images(images_path, &images), MHO_EFILE, images_path,
                   "No such file");
}

enum { MANY = 100, SIDE = 32 }; /* more than zlib unpacks at once */

static void check_first(const uint8_t *bytes, size_t most, size_t want_count)
{
    mho_images images;
    size_t all = 0;
    assert_int_equal(mhoi_idx_read_first(images_path, most, &images, &all), MHO_OK);
    assert_int_equal(all, MANY);
    assert_int_equal(images.count, want_count);
    assert_int_equal(images.shape.h, SIDE);
    assert_memory_equal(images.pixel, bytes + 16, want_count * SIDE * SIDE);
    mho_images_free(&images);
}

/* What is packed behind the images that are wanted stays packed: damage there is not seen. */
static void reads_first(void **state)
{
    static uint8_t bytes[16 + MANY * SIDE * SIDE] = {0, 0, 8, 3,    0, 0, 0, MANY,
                                                     0, 0, 0, SIDE, 0, 0, 0, SIDE};
    static char packed[2 * sizeof bytes];
    (void)state;
    for (size_t i = 16; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 5);
    save(images_path, bytes, sizeof bytes);
    check_first(bytes, 2, 2);
    check_first(bytes, SIZE_MAX, MANY);
    save_packed(images_path, bytes, sizeof bytes);
    check_first(bytes, 0, 0);
    check_first(bytes, 1, 1);
    check_first(bytes, MANY, MANY);
    FILE *f = fopen(images_path, "rb");
    assert_non_null(f);
    const size_t size = fread(packed, 1, sizeof packed, f);
    assert_int_equal(fclose(f), 0);
    packed[size - 8] ^= 1; /* of the check sum */
    save(images_path, packed, size);
    check_first(bytes, 1, 1);
    mho_images images;
    expect_failure(mho_idx_read_images(images_path, &images), MHO_EFORMAT, images_path, "gzip");
}

/* Too few bytes are noticed all the same. */
static void refuses_first_of_a_truncated_file(void **state)
{
    uint8_t bytes[IMAGES_SIZE];
    mho_images images;
    size_t all;
    (void)state;
    make_images(bytes);
    save(images_path, bytes, sizeof bytes - 1);
    expect_failure(mhoi_idx_read_first(images_path, 1, &images, &all), MHO_EFORMAT, images_path,
                   "truncated");
    save_packed(images_path, bytes, sizeof bytes - 1);
    expect_failure(mhoi_idx_read_first(images_path, 1, &images, &all), MHO_EFORMAT, images_path,
                   "truncated");
}

/* Cut or changed anywhere, a gzip file is refused, or read as what it was (its header has idle bytes). */
static void survives_damaged_gzip(void **state)
{
    (void)state;
    uint8_t bytes[IMAGES_SIZE], packed[1024];
    mho_images images;
    make_images(bytes);
    save_packed(images_path, bytes, sizeof bytes);
    FILE *file = fopen(images_path, "rb"); /* as it is: mhoi_file_read would unpack it */
    assert_non_null(file);
    size_t size = fread(packed, 1, sizeof packed, file);
    fclose(file);
    assert_in_range(size, 30, sizeof packed - 1);
    for (size_t n = 0; n < size; n++) {
        save(images_path, packed, n);
        expect_failure(mho_idx_read_images(images_path, &images), MHO_EFORMAT, images_path, "");
    }
    for (size_t i = 0; i < size; i++) {
        packed[i] ^= 0x41;
        save(images_path, packed, size);
        mho_status s = mho_idx_read_images(images_path, &images);
        assert_true(s == MHO_EFORMAT ||
                    (s == MHO_OK && memcmp(images.pixel, bytes + 16, COUNT * H * W) == 0));
        mho_images_free(&images);
        packed[i] ^= 0x41;
    }
}

/* Every prefix and every changed byte of the header is read or refused, never a crash or a leak. */
static void survives_any_damage(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    uint8_t bytes[IMAGES_SIZE];
    mho_images images;
    make_images(bytes);
    for (size_t size = 0; size < IMAGES_SIZE; size++) {
        save(images_path, bytes, size);
        assert_int_equal(mho_idx_read_images(images_path, &images), MHO_EFORMAT);
    }
    for (size_t i = 0; i < 16; i++) {
        for (unsigned value = 0; value < 256; value += 5) {
            make_images(bytes);
            bool same = bytes[i] == value;
            bytes[i] = (uint8_t)value;
            save(images_path, bytes, sizeof bytes);
            mho_status s = mho_idx_read_images(images_path, &images);
            assert_int_equal(s, same ? MHO_OK : MHO_EFORMAT);
            mho_images_free(&images);
        }
    }
    assert_int_equal(mhoi_alloc_live(), live);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    mho_images images;
    mho_status s = MHO_ENOMEM;
    size_t k = 1;
    for (; s != MHO_OK; k++) {
        assert_in_range(k, 1, 20);
        mhoi_alloc_fail_at(k);
        s = mho_idx_read_images(images_path, &images);
        if (s == MHO_OK)
            s = mho_idx_read_labels(labels_path, &images);
        mhoi_alloc_fail_at(0);
        if (s != MHO_OK)
            assert_int_equal(s, MHO_ENOMEM);
        mho_images_free(&images);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_in_range(k, 3, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_packed, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_images, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_many_classes, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_any_shape, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_missing_file, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_first, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_first_of_a_truncated_file, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_damaged_gzip, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_any_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(survives_lack_of_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
