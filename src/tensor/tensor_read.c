/* SPDX-License-Identifier: Apache-2.0 */
/* Floats of .npy files, and the choice of a reader by the file's ending. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/finite.h"
#include "tensor/array.h"
#include "tensor/npy.h"
#include "tensor/tensor_impl.h"

mho_status mhoi_tensor_npy(const char *bytes, size_t size, const char *place, mho_tensor *out)
{
    mhoi_npy npy;
    *out = (mho_tensor){0};
    mho_status s = mhoi_npy_parse(bytes, size, place, &npy);
    if (s != MHO_OK)
        return s;
    out->dims = npy.dims;
    memcpy(out->size, npy.size, sizeof out->size);
    s = mhoi_tensor_alloc(out, npy.count * sizeof(float), "", place);
    for (size_t i = 0; s == MHO_OK && i < npy.count; i++)
        out->data[i] = (float)mhoi_npy_value(&npy, i);
    if (s != MHO_OK)
        mho_tensor_free(out);
    return s;
}

static mho_type type_of(const mhoi_npy *npy)
{
    static const mho_type whole
        [] =
            {[1] = MHO_TYPE_INT8, [2] = MHO_TYPE_INT16, [4] = MHO_TYPE_INT32, [8] = MHO_TYPE_INT64},
   natural[] = {
       [1] = MHO_TYPE_UINT8, [2] = MHO_TYPE_UINT16, [4] = MHO_TYPE_UINT32, [8] = MHO_TYPE_UINT64};
    if (npy->kind == 'f')
        return npy->width == 2   ? MHO_TYPE_FLOAT16
               : npy->width == 4 ? MHO_TYPE_FLOAT
                                 : MHO_TYPE_DOUBLE;
    if (npy->kind == 'b')
        return MHO_TYPE_BOOL;
    return npy->kind == 'i' ? whole[npy->width] : natural[npy->width];
}

mho_status mhoi_array_npy(const char *bytes, size_t size, const char *place, mho_array *out)
{
    mhoi_npy npy;
    *out = (mho_array){0};
    mho_status s = mhoi_npy_parse(bytes, size, place, &npy);
    if (s == MHO_OK)
        s = mhoi_array_shape(type_of(&npy), npy.dims, npy.size, out);
    if (s == MHO_OK)
        s = mhoi_array_alloc(out, place);
    if (s == MHO_OK && out->count)
        memcpy(out->data, npy.data, out->count * npy.width);
    if (s != MHO_OK)
        mho_array_free(out);
    return s;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcasecmp(text + n - k, end) == 0;
}

/* Networks that decode pictures themselves read the bytes as they are. */
static bool is_bytes(const char *path)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".pnm"};
    bool is = false;
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        is = is || ends_with(path, endings[k]);
    return is;
}

static mho_status array_of_bytes(const char *bytes, size_t size, const char *place, mho_array *out)
{
    mho_status s = mhoi_array_shape(MHO_TYPE_UINT8, 1, &size, out);
    if (s == MHO_OK)
        s = mhoi_array_alloc(out, place);
    if (s == MHO_OK && size)
        memcpy(out->data, bytes, size);
    return s;
}

/* The bytes of a file, and which kind its ending says that they are. */
static mho_status read_bytes(const char *path, bool any, bool *npy, char **bytes, size_t *size)
{
    *npy = ends_with(path, ".npy");
    if (!*npy && !ends_with(path, ".pb") && !(any && is_bytes(path)))
        return mho_error(MHO_EUSAGE, "%s: neither .npy nor .pb", path);
    return mhoi_file_read(path, MHOI_TENSOR_MAX, bytes, size);
}

mho_status mho_array_read(const char *path, mho_array *out)
{
    *out = (mho_array){0};
    bool npy;
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = read_bytes(path, true, &npy, &bytes, &size);
    if (s == MHO_OK && is_bytes(path))
        s = array_of_bytes(bytes, size, path, out);
    else if (s == MHO_OK)
        s = npy ? mhoi_array_npy(bytes, size, path, out) : mhoi_array_pb(bytes, size, path, out);
    mhoi_free(&bytes);
    return s;
}

mho_status mho_tensor_read(const char *path, mho_tensor *out)
{
    *out = (mho_tensor){0};
    bool npy;
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = read_bytes(path, false, &npy, &bytes, &size);
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
