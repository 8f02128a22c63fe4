/* SPDX-License-Identifier: Apache-2.0 */
/* Labelled images: IDX files (MNIST and others), CIFAR binary files, NumPy arrays, folders of pictures, arrays in memory,
 * and synthetic digits. */
#ifndef MHO_DATA_H
#define MHO_DATA_H

#include "mho/net.h"
#include "mho/status.h"
#include "mho/tensor.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

MHO_C_BEGIN

#define MHO_CLASSES_MAX 65535 /* labels are 0..65534 */

typedef struct mho_images {
    mho_shape shape; /* of one image */
    size_t count;
    uint8_t *pixel;  /* [count][c][h][w], 0..255; NULL: value */
    uint16_t *label; /* [count], 0..classes-1 */
    size_t classes;
    float
        *value; /* [count][c][h][w], finite numbers, which networks read as they are; NULL: pixel */
    bool borrowed,
        borrowed_label; /* pixel and value, label belong to another: mho_images_free leaves them */
} mho_images;

typedef struct mho_data {
    char name
        [MHO_NAME];  /* "mnist", "synthetic", "cifar10", "cifar100", "idx", "arrays", "pictures" */
    char place[256]; /* folder, or files, or "generated from seed 1" */
    bool in_memory;  /* of mho_data_of_arrays: there is nothing to read */
    bool has_train, has_test; /* parts whose files are all there, read or not */
    mho_images train, test;
} mho_data;

/* What `where` tells: a name that mho_data_remember keeps; or a folder that holds data files or mnist/: IDX (MNIST, or other
 * images under its files' names), CIFAR-10 or -100, NumPy arrays (x_train.npy, y_train.npy, x_test.npy, y_test.npy), or
 * pictures (train/CLASS/FILE.png, test/CLASS/FILE.png: docs/models/data.md); or "x.npy,y.npy", test images and labels
 * ("x.npy,y.npy,x.npy,y.npy": train, then test).  NULL takes
 * what $MHO_DATA names in the same way if it is set, else ~/.cache/mho/mnist if it is complete, else generates synthetic
 * digits; "synthetic" generates them at once.  Gzip is read in place.
 * train and test say which parts are wanted; the other stays empty (neither: only name, place and what there is).
 * MHO_ENODATA: no such folder or file; MHO_EFORMAT: damaged, truncated, counts or sizes that differ; MHO_EDOMAIN: a
 * feature that is no finite number, a name that is also a folder's. */
MHO_API MHO_MUST_CHECK mho_status mho_data_open(const char *where, bool train, bool test,
                                                mho_data **out);
/* The same with the test part alone, for one who wants its first `most` images (0: all): of synthetic digits, of
 * pictures and of IDX files no more are made or unpacked. */
MHO_API MHO_MUST_CHECK mho_status mho_data_open_test(const char *where, size_t most,
                                                     mho_data **out);
/* A data set of arrays in memory, named `name` ("arrays" if NULL).  x: [n][features], [n][h][w], [n][c][h][w], or [n][h][w][c]
 * where the last size is 1 to 4 and the second is larger; any other rank is features.  Bytes are pixels; other whole
 * numbers are, too, if all are 0..255; all else is what a network reads.  y: [n] whole numbers 0..65534.  A part is NULL twice
 * where there is none.
 * Bytes and floats that lie in the order [n][c][h][w] are borrowed, not copied: the memory must stay as it is until the
 * data set, and what mho_data_borrow made of it, are destroyed.
 * MHO_EFORMAT: other shapes, counts that differ; MHO_EDOMAIN: an element that is not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_data_of_arrays(const char *name, const mho_array *x_train,
                                                     const mho_array *y_train,
                                                     const mho_array *x_test,
                                                     const mho_array *y_test, mho_data **out);
/* Another data set of the same images, which stay those of `data`: it must outlive this one. */
MHO_API MHO_MUST_CHECK mho_status mho_data_borrow(const mho_data *data, mho_data **out);
MHO_API void mho_data_destroy(mho_data *data);

/* Names for places of one's own, kept in $XDG_CONFIG_HOME/mho/data.yaml (~/.config/mho/data.yaml), where mho_data_open finds
 * them.  The place is a folder, or files as of mho_data_open; it is kept as an absolute path, and must hold a data set.
 * A name that is there gets the new place.  MHO_EUSAGE: no name (letters, digits, . _ -); MHO_ENODATA; MHO_EFILE. */
MHO_API MHO_MUST_CHECK mho_status mho_data_remember(const char *name, const char *place);
/* MHO_EUSAGE: there is no such name. */
MHO_API MHO_MUST_CHECK mho_status mho_data_forget(const char *name);

typedef struct mho_data_name {
    char name[MHO_NAME], place[256];
} mho_data_name;
/* In alphabetical order; mho_data_names_free the list. */
MHO_API MHO_MUST_CHECK mho_status mho_data_names(mho_data_name **list, size_t *count);
MHO_API void mho_data_names_free(mho_data_name *list);
/* The file they are kept in; MHO_EFILE: neither $XDG_CONFIG_HOME nor $HOME is set. */
#define MHO_DATA_NAMES_PATH 1024
MHO_API MHO_MUST_CHECK mho_status mho_data_names_file(char path[MHO_DATA_NAMES_PATH]);

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

/* What of images that are no bytes is to be told: that (1) of docs/models/data.md is applied to them, by options or by what the
 * network's file says; or that numbers fed as they are look like bytes (mho_input_note).  note[MHO_INPUT_NOTE]; "": nothing. */
MHO_API bool mho_images_note(const mho_net *net, const mho_images *images, size_t count,
                             char *note);
/* Whether numbers that a network is fed as they are look like bytes: all of 0..255, beyond what its rule for bytes would make
 * of these.  note[MHO_INPUT_NOTE] says so, else it is "".  value NULL: there are none. */
#define MHO_INPUT_NOTE (MHO_INPUT_TEXT + 200)
MHO_API bool mho_input_note(const mho_net *net, const float *value, size_t n, char *note);

MHO_C_END

#endif
