/* SPDX-License-Identifier: Apache-2.0 */
/* Finding data sets: order of places, names of files, and the errors; on small files made here. */
#include "data_folder.h"

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
        cmocka_unit_test_setup_teardown(remembers_names, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_cifar_100, setup, teardown),
        cmocka_unit_test(fits),
        cmocka_unit_test_setup_teardown(survives_lack_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(reads_real_mnist, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
