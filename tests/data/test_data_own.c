/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays and pictures of one's own. */
#include "data_folder.h"

static void save_npy(const char *name, const char *type, const char *shape, const void *bytes,
                     size_t size)
{
    char file[1024] = "\x93NUMPY\1";
    const int length = snprintf(
        file + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", type, shape);
    file[8] = (char)length;
    memcpy(file + 10 + length, bytes, size);
    save("a", name, file, 10 + (size_t)length + size);
}

static void reads_arrays(void **state)
{
    (void)state;
    const float x[8] = {0, 1, 0.5f, 0.25f, 0.001f, 1.0f / 256, 0.999f, 0.1f};
    const uint8_t byte[8] = {0, 255, 128, 64, 0, 1, 255, 26};
    const int64_t y[2] = {5, 65534};
    const float labels[2] = {3, 0};
    mho_data *data;
    make("a");
    save_npy("x_train.npy", "<f4", "2, 4", x, sizeof x);
    save_npy("y_train.npy", "<i8", "2,", y, sizeof y);
    save_npy("x_test.npy", "|u1", "2, 1, 2, 2", byte, sizeof byte);
    save_npy("y_test.npy", "<f4", "2,", labels, sizeof labels);
    expect_found(at("a"), "arrays", at("a"));
    assert_int_equal(mho_data_open(at("a"), true, false, &data), MHO_OK);
    assert_int_equal(data->train.shape.c, 4);
    assert_int_equal(data->train.shape.h * data->train.shape.w, 1);
    assert_null(data->train.pixel);
    assert_memory_equal(data->train.value, x, sizeof x);
    assert_memory_equal(data->train.label, ((uint16_t[]){5, 65534}), 4);
    assert_int_equal(data->train.classes, 65535);
    mho_data_destroy(data);
    assert_int_equal(mho_data_open(at("a"), false, true, &data), MHO_OK);
    assert_int_equal(data->test.shape.h * data->test.shape.w, 4);
    assert_memory_equal(data->test.pixel, byte, sizeof byte);
    assert_memory_equal(data->test.label, ((uint16_t[]){3, 0}), 4);
    mho_data_destroy(data);
    expect_failure(at("a"), true, true, MHO_EFORMAT,
                   "train images of 4 x 1 x 1, test images of 1 x 2 x 2");
}

static void tells_what_is_wrong_with_arrays(void **state)
{
    (void)state;
    float x[4] = {0, 1, 2, 0.5f};
    const int16_t wide[4] = {0, 1, 256, -4};
    mho_data *data;
    const double y[2] = {0, 1.5};
    make("a");
    save_npy("x_test.npy", "<f4", "2, 2", x, sizeof x);
    save_npy("y_test.npy", "<f8", "2,", y, sizeof y);
    x[2] = (float)NAN;
    save_npy("x_test.npy", "<f4", "2, 2", x, sizeof x);
    expect_failure(at("a"), false, true, MHO_EDOMAIN, "x_test.npy: element 2 is nan");
    save_npy("x_test.npy", "<f4", "1, 2", x, 8);
    expect_failure(at("a"), false, true, MHO_EFORMAT, "y_test.npy: 2 labels for 1 images");
    save_npy("x_test.npy", "<f4", "2,", x, 8);
    expect_failure(at("a"), false, true, MHO_EFORMAT, "y_test.npy: label 1 is 1.5");
    expect_failure(at("a"), true, false, MHO_ENODATA, "a: no x_train.npy");
    save_npy("y_test.npy", "|u1", "2,", "\0\1", 2);
    save_npy("x_test.npy", "<i2", "2, 2", wide, sizeof wide);
    assert_int_equal(mho_data_open(at("a"), false, true, &data), MHO_OK);
    assert_null(data->test.pixel); /* whole numbers beyond 0..255 are no pixels */
    assert_true(data->test.value[2] == 256 && data->test.value[3] == -4);
    mho_data_destroy(data);
    save_npy("x_train.npy", "|u1", "2, 2", wide, 4);
    save_npy("y_train.npy", "|u1", "2,", "\0\1", 2);
    expect_failure(at("a"), true, true, MHO_EFORMAT,
                   "train images are bytes 0..255, test images other numbers");
    assert_int_equal(mho_data_open(at("a"), false, true, &data), MHO_OK);
    mho_images head;
    assert_int_equal(mho_data_head(data, 1, &head), MHO_EFORMAT);
    mho_data_destroy(data);
}

/* Other names, channels last, and files that are listed. */
static void finds_arrays(void **state)
{
    (void)state;
    mho_data *data;
    uint8_t x[2 * 5 * 2 * 3];
    char list[1200];
    for (size_t i = 0; i < sizeof x; i++)
        x[i] = (uint8_t)i;
    make("a");
    save_npy("test-x.npy", "|u1", "2, 5, 2, 3", x, sizeof x);
    save_npy("test_y.npy", "|u1", "2,", "\1\2", 2);
    assert_int_equal(mho_data_open(at("a"), false, true, &data), MHO_OK);
    assert_int_equal(data->test.shape.c * 100 + data->test.shape.h * 10 + data->test.shape.w, 352);
    for (size_t i = 0; i < sizeof x; i++) /* element c, p of image n */
        assert_int_equal(data->test.pixel[i], i / 30 * 30 + i % 10 * 3 + i / 10 % 3);
    mho_data_destroy(data);
    snprintf(list, sizeof list, "%s/test-x.npy,%s/test_y.npy", at("a"), at("a"));
    assert_int_equal(mho_data_open(list, false, true, &data), MHO_OK);
    assert_false(data->has_train);
    assert_int_equal(data->test.label[1], 2);
    mho_data_destroy(data);
    expect_failure(list, true, false, MHO_ENODATA, "no training images");
    expect_failure("a.npy,b.npy", false, true, MHO_ENODATA, "a.npy: no such file");
    expect_failure("a.npy,b.npy,c.npy", false, true, MHO_EUSAGE, "3 files, want x.npy,y.npy");
}

/* Memory of the caller, which is not copied where it is in order. */
static void takes_arrays_of_memory(void **state)
{
    (void)state;
    uint64_t live = mhoi_alloc_live();
    float value[4] = {-3, 0.25f, 7, 1e6f};
    uint8_t byte[4] = {1, 2, 3, 4};
    int32_t label[2] = {70, 2}, many[3] = {0};
    const mho_array x = {MHO_TYPE_FLOAT, 2, {2, 2}, 4, value},
                    b = {MHO_TYPE_UINT8, 3, {2, 1, 2}, 4, byte},
                    y = {MHO_TYPE_INT32, 1, {2}, 2, label}, z = {MHO_TYPE_INT32, 1, {3}, 3, many};
    mho_data *data, *again;
    mho_images head;
    assert_int_equal(mho_data_of_arrays("mine", NULL, NULL, &x, &y, &data), MHO_OK);
    assert_string_equal(data->name, "mine");
    assert_ptr_equal(data->test.value, value);
    assert_int_equal(data->test.classes, 71);
    assert_int_equal(mho_data_borrow(data, &again), MHO_OK);
    assert_ptr_equal(again->test.label, data->test.label);
    assert_int_equal(mho_data_head_of_test(again, 1, &head), MHO_OK);
    assert_true(head.value != value && head.value[1] == 0.25f);
    mho_images_free(&head);
    assert_int_equal(mho_data_head_of_test(again, 3, &head), MHO_EDOMAIN);
    assert_int_equal(mho_data_head(again, 1, &head), MHO_ENODATA);
    mho_data_destroy(again);
    mho_data_destroy(data);
    assert_int_equal(mho_data_of_arrays(NULL, &b, &y, NULL, NULL, &data), MHO_OK);
    assert_ptr_equal(data->train.pixel, byte);
    assert_int_equal(data->train.shape.w, 2);
    mho_data_destroy(data);
    assert_int_equal(mho_data_of_arrays(NULL, &b, &y, &x, &y, &data), MHO_EFORMAT);
    assert_int_equal(mho_data_of_arrays(NULL, &x, &z, NULL, NULL, &data), MHO_EFORMAT);
    assert_string_equal(mho_error_message(), "arrays: y_train: 3 labels for 2 images");
    assert_int_equal(mho_data_of_arrays(NULL, &x, NULL, NULL, NULL, &data), MHO_EUSAGE);
    value[1] = INFINITY;
    assert_int_equal(mho_data_of_arrays(NULL, &x, &y, NULL, NULL, &data), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(),
                        "arrays: x_train: element 1 is inf, want a finite number");
    assert_null(data);
    assert_int_equal(mhoi_alloc_live(), live);
}

static void reads_pictures(void **state)
{
    (void)state;
    mho_data *data;
    mho_images head;
    make_pictures();
    expect_found(at("p"), "pictures", at("p"));
    assert_int_equal(mho_data_open(at("p"), true, true, &data), MHO_OK);
    assert_int_equal(data->train.count, 3);
    assert_int_equal(data->train.classes, 11);
    assert_memory_equal(data->train.pixel, ((uint8_t[]){1, 2, 'x', 'y', 3, 4}), 6);
    assert_memory_equal(data->train.label, ((uint16_t[]){9, 10, 9}), 6); /* in turn */
    assert_memory_equal(data->test.pixel, ((uint8_t[]){7, 8, 5, 6}), 4);
    mho_data_destroy(data);
    assert_int_equal(mho_data_open_test(at("p"), 1, &data), MHO_OK); /* no more are read */
    assert_int_equal(data->test.count, 1);
    assert_int_equal(mho_data_head(data, 2, &head), MHO_OK);
    assert_int_equal(head.label[1], 10);
    mho_images_free(&head);
    mho_data_destroy(data);
    make("p/train/cat"); /* names that are no numbers are counted, those of both parts */
    save_picture("train/cat/a.pgm", "P2 2 1 255\n1 2");
    assert_int_equal(mho_data_open(at("p"), false, true, &data), MHO_OK);
    assert_int_equal(data->test.classes, 3);
    assert_memory_equal(data->test.label, ((uint16_t[]){0, 1}), 4);
    mho_data_destroy(data);
    expect_found(at("p/train"), "pictures", at("p/train")); /* classes alone are a test part */
    expect_failure(at("p/train"), true, false, MHO_ENODATA, "no train/CLASS/FILE.png");
}

static void tells_what_is_wrong_with_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } bad[] = {{"P2 2 1 255\n1 2", NULL},
               {"", "a.pgm: an empty file"},
               {"GIF89a", "a.pgm: a GIF picture, want PNG, JPEG, PGM, PPM or BMP"},
               {"P2 2 1 255\n1", "a.pgm: truncated: a number is missing"},
               {"P2 2 1 255\n1 x", "a.pgm: not a number at byte 13"},
               {"P2 2 1 255\n1 256", "a.pgm: sample 1 is 256, want 0..255"},
               {"P5 2 1 255\n1", "a.pgm: truncated: 1 bytes of pixels, want 2"},
               {"P5 2 1 65535\n1234", "a.pgm: samples of 0..65535, want 0..255"},
               {"P5 99999 1 255\n1234", "want sides of 1..32768"},
               {"P5 30000 30000 255\n1234", "bytes are too few for 1 x 30000 x 30000"},
               {"P2 1 2 255\n1 2", "the first picture is 1 x 2 x 1"},
               {"P3 2 1 255\n1 2 3 4 5 6", "the first picture is 3 x 1 x 2"},
               {"\x89PNG\r\n\x1a\n", "a.pgm: "},
               {"\xff\xd8\xff\xe0", "a.pgm: "}};
    make_pictures();
    for (size_t i = 1; i < sizeof bad / sizeof *bad; i++) {
        save_picture("test/9/a.pgm", bad[i].text);
        expect_failure(at("p"), false, true,
                       strstr(bad[i].text, "65535") ? MHO_ENOTMODELED : MHO_EFORMAT, bad[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_arrays, setup, teardown),
        cmocka_unit_test(takes_arrays_of_memory),
        cmocka_unit_test_setup_teardown(reads_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_pictures, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
