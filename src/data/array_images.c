/* SPDX-License-Identifier: Apache-2.0 */
/* Images of arrays, from files and from memory.
 *
 * Bytes are pixels, and so are other whole numbers that are all 0..255, and truths (0 and 255); all else is a number that
 * networks read as it is.  Truths and whole numbers are looked at element by element; bytes and floats in order are copied
 * at once, or left where they are. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/finite.h"
#include "base/parallel.h"
#include "data/data_impl.h"

#define POLL ((size_t)1 << 20)
#define CHANNELS_LAST                                                                              \
    4 /* [n][h][w][c] has at most so many channels, which no [n][c][h][w] has for its width */

static bool channels_last(const mhoi_npy *x)
{
    return x->dims == 4 && x->size[3] >= 1 && x->size[3] <= CHANNELS_LAST &&
           x->size[1] > CHANNELS_LAST;
}

static mho_status shape_of(const mhoi_npy *x, const char *place, mho_images *out)
{
    if (x->dims < 1 || !x->count)
        return mho_error(MHO_EFORMAT,
                         "%s: %zu elements in %zu dimensions, want [n], [n][features], [n][h][w], "
                         "[n][c][h][w] or [n][h][w][c]",
                         place, x->count, x->dims);
    out->count = x->size[0];
    if (x->dims == 4 && channels_last(x))
        out->shape = (mho_shape){x->size[3], x->size[1], x->size[2]};
    else if (x->dims == 3 || x->dims == 4)
        out->shape =
            (mho_shape){x->dims == 4 ? x->size[1] : 1, x->size[x->dims - 2], x->size[x->dims - 1]};
    else
        out->shape = (mho_shape){x->count / x->size[0], 1, 1};
    return MHO_OK;
}

/* Are all elements 0..255? */
static mho_status are_pixels(const mhoi_npy *x, const char *place, bool *pixels)
{
    const bool bytes = x->width == 1 && x->kind != 'i';
    *pixels = x->kind != 'f';
    for (size_t i = 0; *pixels && !bytes && i < x->count; i++) {
        const double v = mhoi_npy_value(x, i);
        *pixels = v >= 0 && v <= 255;
        if (i % POLL == 0 && mhoi_interrupted())
            return mho_error(MHO_EINTERRUPTED, "%s: interrupted", place);
    }
    return MHO_OK;
}

/* Where element i of [n][c][h][w] lies. */
static size_t from_index(const mho_images *images, bool last, size_t i)
{
    const size_t c = images->shape.c, plane = images->shape.h * images->shape.w;
    if (!last)
        return i;
    const size_t image = i / (c * plane), k = i / plane % c, p = i % plane;
    return (image * plane + p) * c + k;
}

static mho_status copy_elements(const mhoi_npy *x, const char *place, mho_images *out)
{
    const bool last = channels_last(x);
    for (size_t i = 0; i < x->count; i++) {
        const double v = mhoi_npy_value(x, from_index(out, last, i));
        if (out->pixel)
            out->pixel[i] = (uint8_t)(x->kind == 'b' ? 255 * (v > 0) : v);
        else
            out->value[i] = (float)v;
        if (i % POLL == 0 && mhoi_interrupted())
            return mho_error(MHO_EINTERRUPTED, "%s: interrupted", place);
    }
    return MHO_OK;
}

/* Elements that lie there as they are wanted. */
static bool in_order(const mhoi_npy *x, bool pixels)
{
    return !channels_last(x) &&
           (pixels ? x->kind == 'u' && x->width == 1 : x->kind == 'f' && x->width == sizeof(float));
}

static mho_status take_elements(const mhoi_npy *x, const char *place, bool pixels, bool borrow,
                                mho_images *out)
{
    const bool as_is = in_order(x, pixels);
    const size_t width = pixels ? 1 : sizeof(float);
    if (borrow && as_is && (uintptr_t)x->data % width == 0) {
        out->borrowed = true;
        if (pixels)
            out->pixel = (uint8_t *)(uintptr_t)x->data;
        else
            out->value = (float *)(uintptr_t)x->data;
        return MHO_OK;
    }
    mho_status s = pixels ? mhoi_alloc(&out->pixel, x->count, width, "images")
                          : mhoi_alloc(&out->value, x->count, width, "images");
    if (s == MHO_OK && as_is)
        memcpy(pixels ? (void *)out->pixel : (void *)out->value, x->data, x->count * width);
    else if (s == MHO_OK)
        s = copy_elements(x, place, out);
    return s;
}

mho_status mhoi_images_of(const mhoi_npy *x, const char *place, bool borrow, mho_images *out)
{
    bool pixels = false;
    *out = (mho_images){.count = 0};
    mho_status s = shape_of(x, place, out);
    if (s == MHO_OK)
        s = are_pixels(x, place, &pixels);
    if (s == MHO_OK)
        s = take_elements(x, place, pixels, borrow, out);
    if (s == MHO_OK && out->value && !mhoi_all_finite(out->value, x->count)) {
        const size_t i = mhoi_first_not_finite(out->value, x->count);
        s = mho_error(MHO_EDOMAIN, "%s: element %zu is %g, want a finite number", place, i,
                      (double)out->value[i]);
    }
    if (s != MHO_OK)
        mho_images_free(out);
    return s;
}

mho_status mhoi_labels_of(const mhoi_npy *y, const char *place, mho_images *into)
{
    mho_status s = MHO_OK;
    if (y->dims < 1 || y->size[0] != y->count)
        return mho_error(MHO_EFORMAT,
                         "%s: %zu labels in %zu dimensions, want [n], the number of the class",
                         place, y->count, y->dims);
    if (y->count != into->count)
        return mho_error(MHO_EFORMAT, "%s: %zu labels for %zu images", place, y->count,
                         into->count);
    s = mhoi_alloc(&into->label, y->count, sizeof *into->label, "labels");
    for (size_t i = 0; s == MHO_OK && i < y->count; i++) {
        const double v = mhoi_npy_value(y, i);
        s = v >= 0 && v < MHO_CLASSES_MAX && v == floor(v)
                ? mhoi_label_set(place, i, (int64_t)v, into)
                : mho_error(MHO_EFORMAT, "%s: label %zu is %g, want a whole number 0..%d", place, i,
                            v, MHO_CLASSES_MAX - 1);
    }
    return s;
}

/* --- arrays in memory -------------------------------------------------------------------------------- */

static mho_status view_of(const mho_array *a, const char *place, mhoi_npy *out)
{
    static const struct {
        mho_type type;
        char kind;
    } kinds[] = {{MHO_TYPE_FLOAT, 'f'},  {MHO_TYPE_DOUBLE, 'f'}, {MHO_TYPE_FLOAT16, 'f'},
                 {MHO_TYPE_UINT8, 'u'},  {MHO_TYPE_UINT16, 'u'}, {MHO_TYPE_UINT32, 'u'},
                 {MHO_TYPE_UINT64, 'u'}, {MHO_TYPE_INT8, 'i'},   {MHO_TYPE_INT16, 'i'},
                 {MHO_TYPE_INT32, 'i'},  {MHO_TYPE_INT64, 'i'},  {MHO_TYPE_BOOL, 'b'}};
    *out = (mhoi_npy){.dims = a->rank, .count = a->count, .width = mho_type_bytes(a->type)};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        out->kind = kinds[i].type == a->type ? kinds[i].kind : out->kind;
    if (!out->kind)
        return mho_error(MHO_ENOTMODELED, "%s: elements of type %s", place, mho_type_name(a->type));
    memcpy(out->size, a->size, a->rank * sizeof *a->size);
    out->data = a->data;
    return MHO_OK;
}

/* Labels are always copied. */
static mho_status part_of(const mho_array *x, const mho_array *y, const char *part, mho_data *data,
                          mho_images *out)
{
    char place[MHO_NAME + 16];
    mhoi_npy view;
    (void)snprintf(place, sizeof place, "%s: x_%s", data->name, part);
    mho_status s = view_of(x, place, &view);
    if (s == MHO_OK)
        s = mhoi_images_of(&view, place, true, out);
    if (s != MHO_OK)
        return s;
    (void)snprintf(place, sizeof place, "%s: y_%s", data->name, part);
    s = view_of(y, place, &view);
    return s == MHO_OK ? mhoi_labels_of(&view, place, out) : s;
}

static mho_status check_pair(const char *name, const char *part, const mho_array *x,
                             const mho_array *y)
{
    if (!x == !y)
        return MHO_OK;
    return mho_error(MHO_EUSAGE, "%s: x_%s and y_%s: want both or neither", name, part, part);
}

mho_status mho_data_of_arrays(const char *name, const mho_array *x_train, const mho_array *y_train,
                              const mho_array *x_test, const mho_array *y_test, mho_data **out)
{
    mho_data *data;
    *out = NULL;
    mho_status s = mhoi_alloc(&data, 1, sizeof *data, "data set");
    if (s != MHO_OK)
        return s;
    (void)snprintf(data->name, sizeof data->name, "%s", name ? name : "arrays");
    (void)snprintf(data->place, sizeof data->place, "memory");
    data->in_memory = true;
    s = check_pair(data->name, "train", x_train, y_train);
    if (s == MHO_OK)
        s = check_pair(data->name, "test", x_test, y_test);
    if (s == MHO_OK && !x_train && !x_test)
        s = mho_error(MHO_EUSAGE, "%s: no arrays", data->name);
    data->has_train = x_train != NULL;
    data->has_test = x_test != NULL;
    if (s == MHO_OK && x_train)
        s = part_of(x_train, y_train, "train", data, &data->train);
    if (s == MHO_OK && x_test)
        s = part_of(x_test, y_test, "test", data, &data->test);
    if (s == MHO_OK)
        s = mhoi_data_join(data);
    if (s != MHO_OK)
        mho_data_destroy(data);
    else
        *out = data;
    return s;
}

mho_status mho_data_borrow(const mho_data *data, mho_data **out)
{
    *out = NULL;
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "data set");
    if (s != MHO_OK)
        return s;
    **out = *data;
    (*out)->train.borrowed = (*out)->test.borrowed = true;
    (*out)->train.borrowed_label = (*out)->test.borrowed_label = true;
    return MHO_OK;
}
