/* SPDX-License-Identifier: Apache-2.0 */
/* Labelled images: IDX files (MNIST and others), CIFAR binary files, NumPy arrays, and synthetic digits. */
#ifndef MHO_DATA_H
#define MHO_DATA_H

#include "mho/net.h"
#include "mho/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

MHO_C_BEGIN

#define MHO_CLASSES_MAX 65535 /* labels are 0..65534 */

typedef struct mho_images {
    mho_shape shape; /* of one image */
    size_t count;
    uint8_t *pixel;  /* [count][c][h][w], 0..255 */
    uint16_t *label; /* [count], 0..classes-1 */
    size_t classes;
} mho_images;

typedef struct mho_data {
    char name[MHO_NAME];      /* "mnist", "synthetic", "cifar10", "cifar100", "idx", "arrays" */
    char place[256];          /* folder, or "generated from seed 1" */
    bool has_train, has_test; /* parts whose files are all there, read or not */
    mho_images train, test;
} mho_data;

/* What `where` tells: a folder that holds data files or mnist/: IDX (MNIST, or other images under its files' names), CIFAR-10
 * or -100, or NumPy arrays (x_train.npy, y_train.npy, x_test.npy, y_test.npy: features as bytes, or 0..1).  NULL takes
 * what $MHO_DATA names in the same way if it is set, else ~/.cache/mho/mnist if it is complete, else generates synthetic
 * digits; "synthetic" generates them at once.  Gzip is read in place.
 * train and test say which parts are wanted; the other stays empty (neither: only name, place and what there is).
 * MHO_ENODATA: no such folder or file; MHO_EFORMAT: wrong magic, truncated, counts that differ; MHO_EDOMAIN: a feature
 * that is no number 0..1. */
MHO_API MHO_MUST_CHECK mho_status mho_data_open(const char *where, bool train, bool test,
                                                mho_data **out);
/* The same with the test part alone, for one who wants its first `most` images (0: all): of synthetic digits no
 * more are generated. */
MHO_API MHO_MUST_CHECK mho_status mho_data_open_test(const char *where, size_t most,
                                                     mho_data **out);
MHO_API void mho_data_destroy(mho_data *data);

/* Whether a network of that input and so many classes (0: any) can be given the images: the same shape, or as many
 * elements where one of the two is flat (features).  network: its name for the message, or NULL.
 * MHO_EDOMAIN. */
MHO_API MHO_MUST_CHECK mho_status mho_images_fit(const mho_images *images, mho_shape want,
                                                 size_t classes, const char *network);

/* The first `count` train images (for calibration), read or generated now if train was not wanted.
 * MHO_EDOMAIN: there are fewer; MHO_ENODATA: a set of test images alone. */
MHO_API MHO_MUST_CHECK mho_status mho_data_head(const mho_data *data, size_t count,
                                                mho_images *out);

/* The first `count` test images: calibration on what is tested afterwards, where there is nothing else. */
MHO_API MHO_MUST_CHECK mho_status mho_data_head_of_test(const mho_data *data, size_t count,
                                                        mho_images *out);

/* One IDX file each.  Images: bytes [n][h][w], or [n][features] (shape features x 1 x 1), or [n][c][h][w].
 * Labels: bytes or whole numbers of 16 or 32 bits, as many as `into` has images; they replace those it has, and
 * classes becomes one more than the largest.
 * MHO_EFILE: cannot open; MHO_EFORMAT; on an error *out is empty, *into untouched. */
MHO_API MHO_MUST_CHECK mho_status mho_idx_read_images(const char *path, mho_images *out);
MHO_API MHO_MUST_CHECK mho_status mho_idx_read_labels(const char *path, mho_images *into);

/* Renders `count` 28x28 handwritten-like digits; image i depends on (seed, first + i) only. */
MHO_API MHO_MUST_CHECK mho_status mho_digits_generate(uint64_t seed, uint64_t first, size_t count,
                                                      mho_images *out);
#define MHO_DIGITS_SEED 1
#define MHO_DIGITS_TRAIN 60000 /* train images are 0.., test images follow */
#define MHO_DIGITS_TEST 10000

MHO_API void mho_images_free(mho_images *images); /* frees the arrays, zeroes the struct */

/* Downloads MNIST into ~/.cache/mho/mnist (from `mirror`, a URL prefix, or NULL for the default) and
 * checks SHA-256 sums.  MHO_EFILE: no network, wrong sum; nothing half-written stays behind. */
MHO_API MHO_MUST_CHECK mho_status mho_data_fetch(const char *name, const char *mirror);

MHO_C_END

#endif
