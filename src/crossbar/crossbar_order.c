/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on other word lines than in the window's order: which crossbar a row is in decides what is converted together. */
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "crossbar/crossbar_impl.h"

mho_status mho_crossbar_set_order(mho_crossbar *xb, const uint32_t *order)
{
    uint8_t *seen = NULL;
    MHO_ASSERT(!xb->shape.turn);
    mhoi_free(&xb->order);
    if (!order)
        return MHO_OK;
    mho_status s = mhoi_alloc(&seen, xb->rows, 1, "order of rows");
    for (size_t l = 0; !s && l < xb->rows; ++l) {
        if (order[l] >= xb->rows || seen[order[l]])
            s = mho_error(MHO_EDOMAIN, "crossbar: order[%zu] = %u, want every row of %zu once", l,
                          order[l], xb->rows);
        else
            seen[order[l]] = 1;
    }
    mhoi_free(&seen);
    if (!s)
        s = mhoi_alloc(&xb->order, xb->rows, sizeof *xb->order, "order of rows");
    if (!s)
        memcpy(xb->order, order, xb->rows * sizeof *order);
    return s;
}

void mhoi_order_cells(const mho_crossbar *xb, const int16_t *in, int16_t *out)
{
    for (size_t c = 0; c < xb->shape.columns; ++c, in += xb->rows, out += xb->rows)
        for (size_t l = 0; l < xb->rows; ++l)
            out[l] = in[xb->order[l]];
}

void mhoi_order_variances(const mho_crossbar *xb, const float *in, float *out)
{
    for (size_t c = 0; c < xb->shape.columns; ++c, in += xb->rows, out += xb->rows)
        for (size_t l = 0; l < xb->rows; ++l)
            out[l] = in[xb->order[l]];
}

const uint8_t *mhoi_order_maps(const mho_crossbar *xb, mho_crossbar_work *work, size_t images,
                               const uint8_t *map)
{
    uint8_t *out = work->dealt;
    if (!xb->order || !xb->flat)
        return map;
    for (size_t i = 0; i < images; ++i, map += xb->rows, out += xb->rows)
        for (size_t l = 0; l < xb->rows; ++l)
            out[l] = map[xb->order[l]];
    return work->dealt;
}
