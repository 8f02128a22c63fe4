/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of floats. */
#include "base/alloc.h"
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
