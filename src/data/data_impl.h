/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this module tell each other. */
#ifndef MHO_DATA_IMPL_H
#define MHO_DATA_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "mho/data.h"
#include "tensor/npy.h"

#define MHOI_PATH 1024
#define MHOI_SHA256_TEXT 65
#define MHOI_MNIST_FILES 4

/* One of the four files of MNIST as it is published, gzipped. */
typedef struct mhoi_mnist_file {
    const char *stem; /* "train-images" */
    const char *rank; /* "idx3" */
    size_t bytes;     /* of the .gz */
    const char *sha256;
} mhoi_mnist_file;

extern const mhoi_mnist_file
    mhoi_mnist_files[MHOI_MNIST_FILES]; /* train images, labels, test ... */

/* *path = the printed text; MHO_EDOMAIN if it is longer than MHOI_PATH - 1 bytes. */
MHO_MUST_CHECK mho_status mhoi_path(char path[MHOI_PATH], const char *format, ...) MHO_PRINTF(2, 3);

/* How many files of the data set's train or test part (of any accepted name) the folder has. */
size_t mhoi_mnist_present(const char *folder, bool train);
size_t mhoi_cifar10_present(const char *folder, bool train);
size_t mhoi_cifar100_present(const char *folder, bool train);
size_t mhoi_arrays_present(const char *folder, bool train);

/* Read the train or the test part.  MHO_ENODATA: a file is missing; else as mho_data_open. */
MHO_MUST_CHECK mho_status mhoi_mnist_read(const char *folder, bool train, size_t most,
                                          mho_images *out);
MHO_MUST_CHECK mho_status mhoi_cifar10_read(const char *folder, bool train, mho_images *out);
MHO_MUST_CHECK mho_status mhoi_cifar100_read(const char *folder, bool train, mho_images *out);
MHO_MUST_CHECK mho_status mhoi_arrays_read(const char *folder, bool train, mho_images *out);
/* Of pictures the first `most`, in turn of each class. */
size_t mhoi_pictures_present(const char *folder, bool train);
MHO_MUST_CHECK mho_status mhoi_pictures_read(const char *folder, bool train, size_t most,
                                             mho_images *out);
/* Whether the images there are 28 x 28, or cannot be looked at. */
bool mhoi_mnist_is_mnist(const char *folder);

/* Files of the other formats in memory. */
MHO_MUST_CHECK mho_status mhoi_cifar_parse(bool hundred, const char *path, const char *bytes,
                                           size_t size, mho_images *out);
/* Checks that both parts are of one kind, and gives both the classes of either. */
MHO_MUST_CHECK mho_status mhoi_data_join(mho_data *data);
/* "x.npy,y.npy": files, where a folder may stand. */
bool mhoi_arrays_is_list(const char *where);
MHO_MUST_CHECK mho_status mhoi_arrays_check_list(const char *where);
/* One file of all arrays (npz.c). */
bool mhoi_npz_is(const char *where);
size_t mhoi_npz_present(const char *path, bool train);
MHO_MUST_CHECK mho_status mhoi_npz_read(const char *path, bool train, mho_images *out);
MHO_MUST_CHECK mho_status mhoi_npz_parse(const char *path, const char *bytes, size_t size,
                                         bool train, mho_images *out);
/* Images of an array that lies in memory; borrow: its elements are kept where they are, if they are in order. */
MHO_MUST_CHECK mho_status mhoi_images_of(const mhoi_npy *x, const char *place, bool borrow,
                                         mho_images *out);
MHO_MUST_CHECK mho_status mhoi_labels_of(const mhoi_npy *y, const char *place, mho_images *into);
MHO_MUST_CHECK mho_status mhoi_arrays_parse_x(const char *path, const char *bytes, size_t size,
                                              mho_images *out);
/* Labels of the images there are; into keeps what it has on an error. */
MHO_MUST_CHECK mho_status mhoi_arrays_parse_y(const char *path, const char *bytes, size_t size,
                                              mho_images *into);

/* images->label[i] = value, and classes above it.  MHO_EFORMAT "path: label i is -1, want 0..65534" */
MHO_MUST_CHECK mho_status mhoi_label_set(const char *path, size_t i, int64_t value,
                                         mho_images *images);
/* The first `most` images of an IDX file, which has `all`. */
MHO_MUST_CHECK mho_status mhoi_idx_read_first(const char *path, size_t most, mho_images *out,
                                              size_t *all);
/* IDX files in memory.  Images: shape and count, and *at, where the pixels begin; labels: of `count` images. */
MHO_MUST_CHECK mho_status mhoi_idx_parse_images(const char *path, const char *bytes, size_t size,
                                                size_t *at, mho_images *out);
MHO_MUST_CHECK mho_status mhoi_idx_parse_labels(const char *path, const char *bytes, size_t size,
                                                size_t count, mho_images *out);

/* The place that is remembered under that name; *place empty: none. */
MHO_MUST_CHECK mho_status mhoi_remembered(const char *name, char place[256]);
/* Makes a folder and those above it. */
MHO_MUST_CHECK mho_status mhoi_make_folders(const char *path);

/* ~/.cache/mho/NAME; MHO_EFILE where $HOME is not set. */
MHO_MUST_CHECK mho_status mhoi_cache_folder(char path[MHOI_PATH], const char *name);

/* Fetches a URL (http, https, file) of at most `most` bytes into memory; mhoi_free *bytes.
 * done, total: for the progress callback, bytes of the whole job.
 * MHO_EFILE: "URL: reason"; MHO_EINTERRUPTED. */
MHO_MUST_CHECK mho_status mhoi_download(const char *url, size_t most, size_t done, size_t total,
                                        char **bytes, size_t *size);
/* SHA-256 in lower-case hexadecimal. */
void mhoi_sha256(const void *bytes, size_t size, char text[MHOI_SHA256_TEXT]);
bool mhoi_sha256_file(const char *path, char text[MHOI_SHA256_TEXT]); /* false: cannot read it */

#endif
