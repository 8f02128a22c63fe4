/* SPDX-License-Identifier: Apache-2.0 */
/* Floats of .npy files, and the choice of a reader by the file's ending. */
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/finite.h"
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
