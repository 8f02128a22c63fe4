/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with small data sets of every kind. */
#ifndef MHO_TEST_DATA_FOLDER_H
#define MHO_TEST_DATA_FOLDER_H

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

static inline void make(const char *folder)
{
    assert_int_equal(mkdir(at(folder), 0777), 0);
}

static inline void save(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", root, folder, name);
    assert_int_equal(mhoi_file_write(path, bytes, size), MHO_OK);
}

static inline void save_idx(const char *folder, const char *images, const char *labels,
                            uint8_t count, uint8_t side)
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

static inline void save_mnist(const char *folder)
{
    save_idx(folder, "train-images-idx3-ubyte", "train-labels.idx1-ubyte", TRAIN, 3);
    save_idx(folder, "t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte", TEST, 3);
}

static inline void save_cifar(const char *folder, const char *name, size_t records, uint8_t label)
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

static inline void save_all_cifar(const char *folder)
{
    for (uint8_t i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i + 1);
        save_cifar(folder, name, 2, i);
    }
    save_cifar(folder, "test_batch.bin", 3, 7);
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
    (void)state;
    char command[300];
    setenv("MHO_DATA", old_data, 1);
    setenv("HOME", old_home, 1);
    snprintf(command, sizeof command, "rm -rf './%s'", root);
    return system(command);
}

static inline void expect_failure(const char *where, bool train, bool test, mho_status want,
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

static inline void expect_found(const char *where, const char *name, const char *place)
{
    mho_data *data = NULL;
    if (mho_data_open(where, false, false, &data) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_string_equal(data->name, name);
    assert_string_equal(data->place, place);
    assert_int_equal(data->train.count + data->test.count, 0);
    mho_data_destroy(data);
}

static inline void save_picture(const char *name, const char *text)
{
    save("p", name, text, strlen(text));
}

static inline void make_pictures(void)
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

#endif
