/* SPDX-License-Identifier: Apache-2.0 */
/* Converters with offset, gain error and nonlinearity: the sum is moved before an ideal conversion, by a
 * whole number, so that every kernel and the reference agree (docs/models/crossbar.md eq. (7)). */
#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

mho_status mho_crossbar_set_errors(mho_crossbar *xb, const mho_converter_error *error)
{
    const size_t count = 2 * xb->groups * xb->shape.columns;
    if (!error) {
        mhoi_free(&xb->error);
        return MHO_OK;
    }
    mho_status s = MHO_OK;
    if (!xb->error)
        s = mhoi_alloc(&xb->error, count, sizeof *xb->error, "converter errors");
    if (s == MHO_OK)
        memcpy(xb->error, error, count * sizeof *error);
    return s;
}

int32_t mhoi_convert_real(const mho_crossbar *xb, const mho_converter *converter, size_t side,
                          size_t k, size_t c, int64_t s)
{
    const bool book = xb->codes && converter->codes;
    if (!xb->error)
        return book ? mhoi_codes_value(xb, NULL, s) : mhoi_convert(converter, s);
    const mho_converter_error *e = &xb->error[(side * xb->groups + k) * xb->shape.columns + c];
    return book ? mhoi_codes_value(xb, e, s) : mhoi_convert_wrong(converter, e, s);
}
