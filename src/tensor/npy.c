/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a .npy file is a Python dictionary, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }; the
 * data follow in row-major order. */
#include "tensor/npy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tensor/array.h"

#define COUNT_MAX ((size_t)1 << 31)

/* The text after 'key': */
static const char *after(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    if (!p)
        return NULL;
    p += strlen(key);
    p += strspn(p, "\"' ");
    return *p == ':' ? p + 1 + strspn(p + 1, " ") : NULL;
}

static mho_status read_type(const char *text, const char *place, mhoi_npy *out)
{
    const char order = *text ? text[1] : 0, kind = order ? text[2] : 0, width = kind ? text[3] : 0;
    const char end = width ? text[4] : 0;
    const bool sized = kind == 'f' ? width == '2' || width == '4' || width == '8'
                       : kind == 'b'
                           ? width == '1'
                           : (kind == 'i' || kind == 'u') &&
                                 (width == '1' || width == '2' || width == '4' || width == '8');
    const size_t quoted = *text ? 2 + strcspn(text + 1, "'\"") : 0;
    if ((end != '\'' && end != '"') || !sized || (order != '<' && !(order == '|' && width == '1')))
        return mho_error(MHO_ENOTMODELED,
                         "%s: elements of type %.*s, want little-endian numbers: '<f4', '<f8', "
                         "'|u1', '<i4' or the like",
                         place, (int)(quoted < 16 ? quoted : 16), text);
    out->kind = kind;
    out->width = (size_t)(width - '0');
    return MHO_OK;
}

static mho_status read_shape(const char *p, const char *place, mhoi_npy *out)
{
    for (p += strspn(p, "( "); *p >= '0' && *p <= '9'; p += strspn(p, ", ")) {
        char *end;
        const unsigned long long size = strtoull(p, &end, 10);
        if (out->dims == MHO_TENSOR_DIMS || size > COUNT_MAX)
            return mho_error(MHO_EFORMAT, "%s: shape %.40s, want up to %d sizes", place, p,
                             MHO_TENSOR_DIMS);
        out->size[out->dims++] = (size_t)size;
        p = end;
    }
    if (*p != ')')
        return mho_error(MHO_EFORMAT, "%s: shape ends with '%.10s', want ')'", place, p);
    out->count = 1;
    for (size_t k = 0; k < out->dims; k++) {
        if (out->size[k] && out->count > COUNT_MAX / out->size[k])
            return mho_error(MHO_EFORMAT, "%s: more than 2^31 elements", place);
        out->count *= out->size[k];
    }
    return MHO_OK;
}

static mho_status read_header(const char *header, const char *place, mhoi_npy *out)
{
    const char *type = after(header, "descr"), *order = after(header, "fortran_order"),
               *shape = after(header, "shape");
    if (!type || !order || !shape || *shape != '(')
        return mho_error(MHO_EFORMAT, "%s: header without descr, fortran_order and shape", place);
    mho_status s = read_type(type, place, out);
    if (s != MHO_OK)
        return s;
    if (strncmp(order, "False", 5) != 0)
        return mho_error(
            MHO_ENOTMODELED,
            "%s: elements in column-major order, want row-major (numpy.ascontiguousarray)", place);
    return read_shape(shape, place, out);
}

mho_status mhoi_npy_parse(const char *bytes, size_t size, const char *place, mhoi_npy *out)
{
    *out = (mhoi_npy){0};
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
    if (s == MHO_OK && out->count * out->width != size - at - length)
        s = mho_error(MHO_EFORMAT, "%s: %zu bytes of data, want %zu", place, size - at - length,
                      out->count * out->width);
    out->data = b + at + length;
    return s;
}

static double floating(const unsigned char *b, size_t width)
{
    float single;
    double twice;
    uint16_t half;
    if (width == 2) {
        memcpy(&half, b, 2);
        return (double)mhoi_half_to_float(half);
    }
    if (width == 8) {
        memcpy(&twice, b, 8);
        return twice;
    }
    memcpy(&single, b, 4);
    return (double)single;
}

double mhoi_npy_value(const mhoi_npy *npy, size_t i)
{
    const unsigned char *b = npy->data + i * npy->width;
    uint64_t bits = 0;
    if (npy->kind == 'f')
        return floating(b, npy->width);
    for (size_t k = 0; k < npy->width; k++)
        bits |= (uint64_t)b[k] << (8 * k);
    const unsigned unused = 64 - 8 * (unsigned)npy->width;
    return npy->kind == 'i' ? (double)((int64_t)(bits << unused) >> unused) : (double)bits;
}
