/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays from .npy files, and the choice by the file's ending. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/finite.h"
#include "tensor/tensor_impl.h"

#define ELEMENTS_MAX ((size_t)1 << 28) /* 1 GB: more is a damaged file */

mho_status mhoi_tensor_alloc(mho_tensor *t, size_t have, const char *want, const char *place)
{
    t->count = 1;
    for (size_t k = 0; k < t->dims; ++k) {
        if (t->size[k] && t->count > ELEMENTS_MAX / t->size[k])
            return mho_error(MHO_EFORMAT, "%s: more than 2^28 elements", place);
        t->count *= t->size[k];
    }
    if (have != t->count * sizeof(float))
        return mho_error(MHO_EFORMAT, "%s: %zu bytes of data, want %zu%s", place, have,
                         t->count * sizeof(float), want);
    return mhoi_alloc(&t->data, t->count, sizeof *t->data, place);
}

void mho_tensor_free(mho_tensor *tensor)
{
    mhoi_free(&tensor->data);
    *tensor = (mho_tensor){0};
}

/* The text after 'key': in a header like {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } */
static const char *after(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    if (!p)
        return NULL;
    p += strlen(key);
    p += strspn(p, "\"' ");
    return *p == ':' ? p + 1 + strspn(p + 1, " ") : NULL;
}

static mho_status read_shape(const char *p, const char *place, mho_tensor *out)
{
    for (p += strspn(p, "( "); *p >= '0' && *p <= '9'; p += strspn(p, ", ")) {
        char *end;
        const unsigned long long size = strtoull(p, &end, 10);
        if (out->dims == MHO_TENSOR_DIMS || size > ELEMENTS_MAX)
            return mho_error(MHO_EFORMAT, "%s: shape %.40s, want up to %d sizes", place, p,
                             MHO_TENSOR_DIMS);
        out->size[out->dims++] = (size_t)size;
        p = end;
    }
    return *p == ')' ? MHO_OK
                     : mho_error(MHO_EFORMAT, "%s: shape ends with '%.10s', want ')'", place, p);
}

static mho_status read_header(const char *header, const char *place, mho_tensor *out)
{
    const char *type = after(header, "descr"), *order = after(header, "fortran_order"),
               *shape = after(header, "shape");
    if (!type || !order || !shape || *shape != '(')
        return mho_error(MHO_EFORMAT, "%s: header without descr, fortran_order and shape", place);
    if (strncmp(type + 1, "<f4", 3) != 0 || (type[4] != '\'' && type[4] != '"'))
        return mho_error(MHO_ENOTMODELED, "%s: elements of type %.8s, want '<f4'", place, type);
    if (strncmp(order, "False", 5) != 0)
        return mho_error(MHO_ENOTMODELED, "%s: column-major order", place);
    return read_shape(shape, place, out);
}

mho_status mhoi_tensor_npy(const char *bytes, size_t size, const char *place, mho_tensor *out)
{
    *out = (mho_tensor){0};
    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return mho_error(MHO_EFORMAT, "%s: not a .npy file", place);
    const unsigned char *b = (const unsigned char *)bytes;
    const size_t at = b[6] == 1 ? 10 : 12;
    size_t length = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] != 1)
        length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (length > size - at)
        return mho_error(MHO_EFORMAT, "%s: header of %zu bytes in a file of %zu", place, length,
                         size);
    char *header = NULL;
    mho_status s = mhoi_alloc(&header, length + 8, 1, place);
    if (s != MHO_OK)
        return s;
    memcpy(header, bytes + at, length);
    s = read_header(header, place, out);
    mhoi_free(&header);
    if (s == MHO_OK)
        s = mhoi_tensor_alloc(out, size - at - length, "", place);
    if (s == MHO_OK && out->count)
        memcpy(out->data, bytes + at + length, out->count * sizeof(float));
    if (s != MHO_OK)
        mho_tensor_free(out);
    return s;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

mho_status mho_tensor_read(const char *path, mho_tensor *out)
{
    *out = (mho_tensor){0};
    const bool npy = ends_with(path, ".npy");
    if (!npy && !ends_with(path, ".pb"))
        return mho_error(MHO_EUSAGE, "%s: neither .npy nor .pb", path);
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_file_read(path, MHOI_TENSOR_MAX, &bytes, &size);
    if (s == MHO_OK)
        s = npy ? mhoi_tensor_npy(bytes, size, path, out) : mhoi_tensor_pb(bytes, size, path, out);
    mhoi_free(&bytes);
    const size_t i = s == MHO_OK ? mhoi_first_not_finite(out->data, out->count) : 0;
    if (s == MHO_OK && i < out->count) {
        s = mho_error(MHO_EDOMAIN, "%s: element %zu is %g, want a finite number", path, i,
                      (double)out->data[i]);
        mho_tensor_free(out);
    }
    return s;
}
