/* SPDX-License-Identifier: Apache-2.0 */
/* Converters whose edges are not equally spaced: a code is found among them, and stands for a value of its own
 * (docs/models/crossbar.md eq. (11)).  Whole-number arithmetic on raw sums, so every kernel gives the same. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "crossbar/crossbar_impl.h"

enum { FEW = 32 };

void mhoi_codes_free(mho_crossbar *xb)
{
    mhoi_free(&xb->code_edge);
    mhoi_free(&xb->code_value);
    xb->codes = 0;
}

static mho_status check(const mho_codebook *book)
{
    if (book->codes < 2 || book->codes > (size_t)1 << 16)
        return mho_error(MHO_EDOMAIN, "converter: %zu codes, want 2..65536", book->codes);
    for (size_t k = 1; k + 1 < book->codes; ++k)
        if (book->edge[k] < book->edge[k - 1])
            return mho_error(MHO_EDOMAIN, "converter: edge %zu = %d, want %d or more", k,
                             book->edge[k], book->edge[k - 1]);
    return MHO_OK;
}

mho_status mho_crossbar_set_codes(mho_crossbar *xb, const mho_codebook *book)
{
    mhoi_codes_free(xb);
    if (!book)
        return MHO_OK;
    mho_status s = check(book);
    if (!s)
        s = mhoi_alloc(&xb->code_edge, book->codes - 1, sizeof *xb->code_edge, "converter edges");
    if (!s)
        s = mhoi_alloc(&xb->code_value, book->codes, sizeof *xb->code_value, "converter edges");
    if (s) {
        mhoi_codes_free(xb);
        return s;
    }
    memcpy(xb->code_edge, book->edge, (book->codes - 1) * sizeof *book->edge);
    memcpy(xb->code_value, book->value, book->codes * sizeof *book->value);
    xb->codes = book->codes;
    return MHO_OK;
}

/* As mhoi_convert_wrong, about the middle of the edges. */
static int64_t moved(const mho_crossbar *xb, const mho_converter_error *e, int64_t s)
{
    const double first = xb->code_edge[0], last = xb->code_edge[xb->codes - 2];
    const double step = xb->codes > 2 ? (last - first) / (double)(xb->codes - 2) : 1;
    const double x = (double)s - (first + last) / 2;
    const double t = x / fmax(0.5, (last - first + 2 * step) / 2);
    const double miss =
        (double)e->offset + (double)e->gain * x + (double)e->bow * fmax(0, 1 - t * t);
    return s + llrint(fmin(fmax(miss, -1e9), 1e9));
}

/* Edges that s reaches; no branch depends on it. */
static size_t code_of(const mho_crossbar *xb, int64_t s)
{
    const int32_t *first = xb->code_edge;
    size_t left = xb->codes - 1;
    for (; left > 1; left -= left / 2)
        first += s >= first[left / 2 - 1] ? left / 2 : 0;
    return (size_t)(first - xb->code_edge) + (s >= *first);
}

int32_t mhoi_codes_value(const mho_crossbar *xb, const mho_converter_error *e, int64_t s)
{
    return xb->code_value[code_of(xb, e ? moved(xb, e, s) : s)];
}

/* Few edges are compared with many sums each. */
void mhoi_codes_values(const mho_crossbar *xb, size_t n, const int32_t *s, int32_t *value)
{
    if (xb->codes > FEW) {
        for (size_t i = 0; i < n; ++i)
            value[i] = xb->code_value[code_of(xb, s[i])];
        return;
    }
    for (size_t i = 0; i < n; ++i)
        value[i] = xb->code_value[0];
    for (size_t k = 0; k + 1 < xb->codes; ++k) {
        const int32_t edge = xb->code_edge[k];
        const int32_t more =
            (int32_t)((uint32_t)xb->code_value[k + 1] - (uint32_t)xb->code_value[k]);
        for (size_t i = 0; i < n; ++i)
            value[i] += s[i] >= edge ? more : 0;
    }
}
