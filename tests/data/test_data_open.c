/* SPDX-License-Identifier: Apache-2.0 */
/* Finding data sets: order of places, names of files, and the errors; on small files made here. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/data.h"

#define TRAIN 6
#define TEST 4
#define CIFAR_PIXELS 3072

static char root[256], old_data[1024], old_home[1024];

static const char *at(const char *name)
{
    static char path[4][512];
    static size_t next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof *path, "%s/%s", root, name);
    return path[next];
}

static void make(const char *folder)
{
    assert_int_equal(mkdir(at(folder), 0777), 0);
}

static void save(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", root, folder, name);
    assert_int_equal(mhoi_file_write(path, bytes, size), MHO_OK);
}

static void save_idx(const char *folder, const char *images, const char *labels, uint8_t count,
                     uint8_t side)
{
    uint8_t bytes[16 + 256 * 9] = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side};
    for (size_t i = 0; i < count; i++)
        bytes[16 + i * side * side] = (uint8_t)(i + 1);
    save(folder, images, bytes, 16 + (size_t)count * side * side);
    bytes[3] = 1;
    for (size_t i = 0; i < count; i++)
        bytes[8 + i] = (uint8_t)(i % 10);
    save(folder, labels, bytes, 8 + (size_t)count);
}

static void save_mnist(const char *folder)
{
    save_idx(folder, "train-images-idx3-ubyte", "train-labels.idx1-ubyte", TRAIN, 3);
    save_idx(folder, "t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte", TEST, 3);
}

static void save_cifar(const char *folder, const char *name, size_t records, uint8_t label)
{
    uint8_t *bytes = calloc(records, CIFAR_PIXELS + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < records; i++) {
        bytes[i * (CIFAR_PIXELS + 1)] = (uint8_t)(label + i);
        bytes[i * (CIFAR_PIXELS + 1) + 1] = 77;
    }
    save(folder, name, bytes, records * (CIFAR_PIXELS + 1));
    free(bytes);
}

static void save_all_cifar(const char *folder)
{
    for (uint8_t i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i + 1);
        save_cifar(folder, name, 2, i);
    }
    save_cifar(folder, "test_batch.bin", 3, 7);
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "test_data_open-XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(old_data, sizeof old_data, "%s", getenv("MHO_DATA") ? getenv("MHO_DATA") : "");
    snprintf(old_home, sizeof old_home, "%s", getenv("HOME") ? getenv("HOME") : "");
    unsetenv("MHO_DATA");
    setenv("HOME", root, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[300];
    setenv("MHO_DATA", old_data, 1);
    setenv("HOME", old_home, 1);
    snprintf(command, sizeof command, "rm -rf './%s'", root);
    return system(command);
}

static void expect_failure(const char *where, bool train, bool test, mho_status want,
                           const char *text)
{
    uint64_t live = mhoi_alloc_live();
    mho_data *data = (mho_data *)&live;
    mho_status got = mho_data_open(where, train, test, &data);
    if (got != want || !strstr(mho_error_message(), text))
        fail_msg("got %s '%s', want %s '%s'", mho_status_name(got), mho_error_message(),
                 mho_status_name(want), text);
    assert_null(data);
    assert_int_equal(mhoi_alloc_live(), live);
}

static void expect_found(const char *where, const char *name, const char *place)
{
    mho_data *data = NULL;
    if (mho_data_open(where, false, false, &data) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_string_equal(data->name, name);
    assert_string_equal(data->place, place);
    assert_int_equal(data->train.count + data->test.count, 0);
    mho_data_destroy(data);
}

static void looks_in_order(void **state)
{
    (void)state;
    expect_found(NULL, "synthetic", "generated from seed 1");
    make(".cache");
    make(".cache/mho");
    make(".cache/mho/mnist");
    save_idx(".cache/mho/mnist", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", 3, 3);
    expect_found(NULL, "synthetic", "generated from seed 1"); /* two files of four do not count */
    save_mnist(".cache/mho/mnist");
    expect_found(NULL, "idx", at(".cache/mho/mnist"));
    make("sets");
    setenv("MHO_DATA", at("sets"), 1); /* named, so nothing else is taken silently */
    expect_failure(NULL, false, false, MHO_ENODATA, "MHO_DATA: ");
    setenv("MHO_DATA", at("none"), 1);
    expect_failure(NULL, false, false, MHO_ENODATA, "none: no such folder");
    setenv("MHO_DATA", at("sets"), 1);
    make("sets/mnist");
    save_mnist("sets/mnist");
    expect_found(NULL, "idx", at("sets/mnist"));
    expect_found("synthetic", "synthetic", "generated from seed 1");
    expect_found(at("sets"), "idx", at("sets/mnist"));
    expect_found(at("sets/mnist"), "idx", at("sets/mnist"));
    unsetenv("HOME");
    unsetenv("MHO_DATA");
    expect_found(NULL, "synthetic", "generated from seed 1");
}

static void reads_parts_of_mnist(void **state)
{
    (void)state;
    mho_data *data;
    mho_images head;
    make("m");
    save_mnist("m");
    assert_int_equal(mho_data_open(at("m"), false, true, &data), MHO_OK);
    assert_int_equal(data->train.count, 0);
    assert_null(data->train.pixel);
    assert_int_equal(data->test.count, TEST);
    assert_int_equal(data->test.label[3], 3);
    assert_int_equal(data->test.pixel[3 * 9], 4);
    assert_int_equal(mho_data_head(data, 2, &head), MHO_OK);
    assert_int_equal(head.count, 2);
    assert_int_equal(head.classes, TRAIN);
    assert_int_equal(head.shape.w, 3);
    assert_int_equal(head.pixel[9], 2);
    assert_int_equal(head.label[1], 1);
    mho_images_free(&head);
    assert_int_equal(mho_data_head(data, TRAIN + 1, &head), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "the first 7 of 6"));
    mho_data_destroy(data);
    assert_int_equal(mho_data_open(at("m"), true, true, &data), MHO_OK);
    assert_int_equal(data->train.count, TRAIN);
    assert_int_equal(mho_data_head(data, TRAIN, &head), MHO_OK);
    assert_memory_equal(head.pixel, data->train.pixel, TRAIN * 9);
    mho_images_free(&head);
    mho_data_destroy(data);
}

static void tells_what_is_wrong_with_mnist(void **state)
{
    (void)state;
    expect_failure(at("none"), true, true, MHO_ENODATA, "none: no such folder");
    make("m");
    expect_failure(at("m"), true, true, MHO_ENODATA, "m: no data set here; looked for MNIST");
    save_idx("m", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", TRAIN, 3);
    expect_failure(at("m"), true, true, MHO_ENODATA, "m: no t10k-images-idx3-ubyte[.gz]");
    save_idx("m", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", TEST, 2);
    expect_failure(at("m"), true, true, MHO_EFORMAT,
                   "train images of 1 x 3 x 3, test images of 1 x 2 x 2");
    save_idx("m", "spare", "t10k-labels-idx1-ubyte", TEST + 1, 3);
    expect_failure(at("m"), false, true, MHO_EFORMAT, "5 labels for 4 images");
    expect_failure(at("m/spare"), false, true, MHO_ENODATA, "not a folder");
    char longer[600];
    memset(longer, '/', sizeof longer);
    memcpy(longer, "./", 2);
    snprintf(longer + 400, 100, "%s", at("m"));
    expect_failure(longer, false, true, MHO_EDOMAIN, "want at most 255");
}

static void reads_cifar(void **state)
{
    (void)state;
    mho_data *data;
    make("c");
    save_all_cifar("c");
    expect_found(at("c"), "cifar10", at("c"));
    assert_int_equal(mho_data_open(at("c"), true, true, &data), MHO_OK);
    assert_int_equal(data->train.count, 10);
    assert_int_equal(data->test.count, 3);
    assert_int_equal(data->train.shape.c, 3);
    assert_int_equal(data->train.shape.h, 32);
    assert_int_equal(data->train.label[9], 5);
    assert_int_equal(data->train.pixel[9 * CIFAR_PIXELS], 77);
    assert_int_equal(data->train.pixel[9 * CIFAR_PIXELS + 1], 0);
    mho_data_destroy(data);
}

static void tells_what_is_wrong_with_cifar(void **state)
{
    (void)state;
    make("c");
    save_all_cifar("c");
    save("c", "data_batch_3.bin", "x", 1);
    expect_failure(at("c"), true, false, MHO_EFORMAT,
                   "data_batch_3.bin: 1 bytes, want a multiple of 3073");
    save_cifar("c", "data_batch_3.bin", 3, 0);
    expect_failure(at("c"), true, false, MHO_EFORMAT,
                   "data_batch_3.bin: 3 records, the first file has 2");
    save_cifar("c", "data_batch_3.bin", 2, 9);
    expect_failure(at("c"), true, false, MHO_EFORMAT, "data_batch_3.bin: label 1 is 10, want 0..9");
    save("c", "test_batch.bin", "", 0);
    expect_failure(at("c"), false, true, MHO_EFORMAT, "test_batch.bin: 0 bytes");
    unlink(at("c/data_batch_5.bin"));
    save_cifar("c", "data_batch_3.bin", 2, 0);
    expect_failure(at("c"), true, false, MHO_ENODATA, "c: no data_batch_5.bin[.gz]");
}

/* Names, sides and the name of the folder do not make a set MNIST (Fashion-MNIST has them too): its first images and labels do. */
static void tells_mnist_from_others(void **state)
{
    (void)state;
    uint8_t bytes[16 + 2 * 784] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28};
    make("m");
    save("m", "t10k-images-idx3-ubyte", bytes, sizeof bytes);
    expect_found(at("m"), "idx", at("m"));
    save("m", "t10k-images-idx3-ubyte", bytes,
         17); /* no whole image: reading tells what is wrong */
    expect_found(at("m"), "mnist", at("m"));
    const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1},
                  others[] = {0, 0, 8, 1, 0, 0, 0, 3, 9, 2, 1};
    save("m", "t10k-labels-idx1-ubyte", labels, sizeof labels);
    expect_found(at("m"), "mnist", at("m"));
    save("m", "t10k-labels-idx1-ubyte", others, sizeof others);
    expect_found(at("m"), "idx", at("m"));
    save("m", "t10k-labels-idx1-ubyte", labels, sizeof labels);
    make("mnist");
    save("mnist", "train-images-idx3-ubyte", bytes, sizeof bytes);
    expect_found(at("mnist"), "idx", at("mnist"));
    bytes[11] = 27;
    save("m", "t10k-images-idx3-ubyte", bytes, sizeof bytes);
    expect_found(at("m"), "idx", at("m"));
}

/* The test part alone: it is read, and calibration takes it only where it is asked for. */
static void reads_test_images_alone(void **state)
{
    (void)state;
    mho_data *data;
    mho_images head;
    make("m");
    save_idx("m", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", TEST, 3);
    assert_int_equal(mho_data_open(at("m"), false, true, &data), MHO_OK);
    assert_false(data->has_train);
    assert_true(data->has_test);
    assert_int_equal(mho_data_head(data, 2, &head), MHO_ENODATA);
    assert_non_null(strstr(mho_error_message(), "no training images to calibrate on"));
    assert_null(head.pixel);
    assert_int_equal(mho_data_head_of_test(data, 2, &head), MHO_OK);
    assert_int_equal(head.count, 2);
    assert_memory_equal(head.pixel, data->test.pixel, 2 * 9);
    mho_images_free(&head);
    assert_int_equal(mho_data_head_of_test(data, TEST + 1, &head), MHO_EDOMAIN);
    mho_data_destroy(data);
    expect_failure(at("m"), true, false, MHO_ENODATA, "m: no train-images-idx3-ubyte[.gz]");
}

/* Both parts tell the classes of either. */
static void joins_classes(void **state)
{
    (void)state;
    mho_data *data;
    make("m");
    save_idx("m", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", 7, 3);
    save_idx("m", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 3, 3);
    assert_int_equal(mho_data_open(at("m"), true, true, &data), MHO_OK);
    assert_int_equal(data->train.classes, 7);
    assert_int_equal(data->test.classes, 7);
    mho_data_destroy(data);
}

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

static void save_picture(const char *name, const char *text)
{
    save("p", name, text, strlen(text));
}

static void make_pictures(void)
{
    make("p");
    make("p/train");
    make("p/test");
    make("p/train/10");
    make("p/train/9");
    make("p/test/9");
    make("p/test/10");
    save_picture("train/9/a.pgm", "P2 2 1 255\n1 2");
    save_picture("train/9/b.pgm", "P2 2 1 255\n3 4");
    save_picture("train/10/a.PGM", "P5\n# a comment\n2 1\n255\nxy");
    save_picture("train/10/notes.txt", "no picture");
    save_picture("test/10/a.pgm", "P2 2 1 255 5 6");
    save_picture("test/9/a.pgm", "P2 2 1 255 7 8");
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
               {"GIF89a", "a.pgm: not a picture, want PNG, JPEG, PGM or PPM"},
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

/* Names of one's own; a name that is also a folder's is not guessed at. */
static void remembers_names(void **state)
{
    (void)state;
    mho_data_name *list;
    size_t count;
    char path[1024];
    make_pictures();
    expect_failure("zoo", false, true, MHO_ENODATA, "zoo: no such folder, nor a name that is");
    assert_int_equal(mho_data_remember("zoo", at("p")), MHO_OK);
    assert_int_equal(mho_data_remember("ark", at("p/train")), MHO_OK);
    assert_int_equal(mho_data_remember("no/name", at("p")), MHO_EUSAGE);
    assert_int_equal(mho_data_remember("synthetic", at("p")), MHO_EUSAGE);
    assert_int_equal(mho_data_remember("it", at("none")), MHO_ENODATA);
    assert_int_equal(mho_data_remember("it", at("p/train/9")), MHO_ENODATA);
    assert_int_equal(mho_data_names(&list, &count), MHO_OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "ark");
    assert_true(realpath(at("p"), path) != NULL);
    assert_string_equal(list[1].place, path);
    mho_data_names_free(list);
    expect_found("zoo", "pictures", path);
    assert_int_equal(mkdir("zoo", 0777), 0);
    expect_failure("zoo", false, true, MHO_EDOMAIN,
                   "zoo: a folder here, and the name remembered for /");
    assert_int_equal(rmdir("zoo"), 0);
    assert_int_equal(mho_data_forget("ark"), MHO_OK);
    assert_int_equal(mho_data_forget("ark"), MHO_EUSAGE);
    assert_int_equal(mho_data_remember("zoo", at("p/train")), MHO_OK);
    assert_int_equal(mho_data_names(&list, &count), MHO_OK);
    assert_int_equal(count, 1);
    mho_data_names_free(list);
    save(".config/mho", "data.yaml", "zoo: relative\n", 14);
    expect_failure("zoo", false, true, MHO_EFORMAT, "data.yaml:1: want NAME: /absolute/place");
}

static void reads_cifar_100(void **state)
{
    (void)state;
    enum { RECORD = CIFAR_PIXELS + 2 };
    static uint8_t bytes[2 * RECORD];
    mho_data *data;
    bytes[0] = 19; /* coarse */
    bytes[1] = 99;
    bytes[2] = 7;
    bytes[RECORD + 1] = 4;
    make("c");
    save("c", "test.bin", bytes, sizeof bytes);
    assert_int_equal(mho_data_open(at("c"), false, true, &data), MHO_OK);
    assert_string_equal(data->name, "cifar100");
    assert_int_equal(data->test.count, 2);
    assert_int_equal(data->test.classes, 100);
    assert_int_equal(data->test.label[0], 99);
    assert_int_equal(data->test.label[1], 4);
    assert_int_equal(data->test.pixel[0], 7);
    mho_data_destroy(data);
    bytes[1] = 100;
    save("c", "test.bin", bytes, sizeof bytes);
    expect_failure(at("c"), false, true, MHO_EFORMAT, "test.bin: label 0 is 100, want 0..99");
}

/* A flat side fits any network of as many elements, and the other way round; classes must not be more. */
static void fits(void **state)
{
    (void)state;
    uint16_t label = 0;
    mho_images images = {.shape = {1, 28, 28}, .count = 1, .label = &label, .classes = 6};
    assert_int_equal(mho_images_fit(&images, (mho_shape){1, 28, 28}, 6, "n"), MHO_OK);
    assert_int_equal(mho_images_fit(&images, (mho_shape){784, 1, 1}, 0, "n"), MHO_OK);
    assert_int_equal(mho_images_fit(&images, (mho_shape){4, 14, 14}, 0, "n"), MHO_EDOMAIN);
    assert_int_equal(mho_images_fit(&images, (mho_shape){783, 1, 1}, 0, "n"), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "images of 1 x 28 x 28, network n wants 783 x 1 x 1");
    assert_int_equal(mho_images_fit(&images, (mho_shape){784, 1, 1}, 5, NULL), MHO_EDOMAIN);
    assert_string_equal(mho_error_message(), "images of 6 classes, the network tells 5 apart");
    images.shape = (mho_shape){1, 1, 784};
    assert_int_equal(mho_images_fit(&images, (mho_shape){4, 14, 14}, 7, "n"), MHO_OK);
}

/* The first test images alone: those of the whole part, and more of them when they are asked for. */
static void reads_first_test_images(void **state)
{
    (void)state;
    enum { FIRST = 70, LATER = 200 };
    mho_data *whole, *first;
    mho_images head;
    assert_int_equal(mho_data_open_test("synthetic", 10001, &whole), MHO_OK);
    assert_int_equal(whole->test.count, 10000);
    assert_int_equal(mho_data_open_test("synthetic", FIRST, &first), MHO_OK);
    assert_int_equal(first->test.count, FIRST);
    assert_int_equal(first->test.classes, 10);
    assert_int_equal(first->train.count, 0);
    assert_memory_equal(first->test.pixel, whole->test.pixel, FIRST * 784);
    assert_memory_equal(first->test.label, whole->test.label, FIRST * sizeof(uint16_t));
    assert_int_equal(mho_data_head_of_test(first, LATER, &head), MHO_OK);
    assert_int_equal(head.count, LATER);
    assert_memory_equal(head.pixel, whole->test.pixel, LATER * 784);
    mho_images_free(&head);
    assert_int_equal(mho_data_head_of_test(first, 10001, &head), MHO_EDOMAIN);
    assert_non_null(strstr(mho_error_message(), "the first 10001 of 10000 test images"));
    mho_data_destroy(first);
    mho_data_destroy(whole);
    make("m");
    save_mnist("m");
    assert_int_equal(mho_data_open_test(at("m"), 1, &first), MHO_OK);
    assert_int_equal(first->test.count, 1);
    assert_int_equal(mho_data_head_of_test(first, TEST, &head), MHO_OK);
    assert_int_equal(head.count, TEST);
    mho_images_free(&head);
    mho_data_destroy(first);
}

static void survive_lack_of_memory(const char *where)
{
    uint64_t live = mhoi_alloc_live();
    mho_status s = MHO_ENOMEM;
    size_t k = 1;
    for (; s != MHO_OK; k++) {
        mho_data *data = NULL;
        mho_images head = {.count = 0};
        assert_in_range(k, 1, 100);
        mhoi_alloc_fail_at(k);
        s = mho_data_open_test(where, 5, &data);
        if (s == MHO_OK)
            s = mho_data_head(data, 2, &head);
        mhoi_alloc_fail_at(0);
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mho_images_free(&head);
        mho_data_destroy(data);
        assert_int_equal(mhoi_alloc_live(), live);
    }
    assert_in_range(k, 5, 100);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    make("m");
    make("c");
    save_mnist("m");
    save_all_cifar("c");
    survive_lack_of_memory(at("m"));
    survive_lack_of_memory(at("c"));
    survive_lack_of_memory("synthetic");
}

/* The real files, where there are any. */
static void reads_real_mnist(void **state)
{
    (void)state;
    char folder[1100];
    mho_data *data;
    snprintf(folder, sizeof folder, "%s/mnist/t10k-images-idx3-ubyte.gz", old_data);
    if (old_data[0] == 0 || !mhoi_file_exists(folder))
        skip();
    setenv("MHO_DATA", old_data, 1);
    assert_int_equal(mho_data_open(NULL, false, true, &data), MHO_OK);
    assert_string_equal(data->name, "mnist");
    assert_int_equal(data->test.count, 10000);
    assert_memory_equal(data->test.label, ((uint16_t[]){7, 2, 1, 0, 4, 1, 4, 9}),
                        8 * sizeof(uint16_t));
    double sum = 0;
    for (size_t i = 0; i < 10000 * 784; i++)
        sum += data->test.pixel[i];
    assert_in_range((uint64_t)sum, 264000000, 266000000); /* mean 33.79 */
    mho_data_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(looks_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_parts_of_mnist, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_mnist, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_first_test_images, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_cifar, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_cifar, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_mnist_from_others, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_test_images_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_classes, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_arrays, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_arrays, setup, teardown),
        cmocka_unit_test(takes_arrays_of_memory),
        cmocka_unit_test_setup_teardown(reads_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_is_wrong_with_pictures, setup, teardown),
        cmocka_unit_test_setup_teardown(remembers_names, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_cifar_100, setup, teardown),
        cmocka_unit_test(fits),
        cmocka_unit_test_setup_teardown(survives_lack_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_real_mnist, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
