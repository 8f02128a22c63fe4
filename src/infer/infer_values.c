/* SPDX-License-Identifier: Apache-2.0 */
/* What steps of several kinds are prepared with. */
#include <math.h>
#include <string.h>

#include "base/finite.h"
#include "infer/infer_impl.h"

void mho_batchnorm_coefficients(const mho_node *bn, size_t channel, float *a, float *b)
{
    const double scale =
        (double)bn->gamma[channel] / sqrt((double)bn->variance[channel] + (double)bn->epsilon);
    *a = (float)scale;
    *b = (float)((double)bn->beta[channel] - (double)bn->mean[channel] * scale);
}

void mhoi_transpose(size_t n, size_t c, size_t hw, const float *from, float *to)
{
    if (c == 1 || hw == 1) {
        memcpy(to, from, n * c * hw * sizeof *to);
        return;
    }
    for (size_t i = 0; i < n; ++i, from += c * hw, to += c * hw)
        for (size_t p = 0; p < hw; ++p)
            for (size_t k = 0; k < c; ++k)
                to[p * c + k] = from[k * hw + p];
}

mho_status mhoi_infer_finite(const mho_node *node, const float *v, size_t n, const char *what)
{
    const size_t i = mhoi_all_finite(v, n) ? n : mhoi_first_not_finite(v, n);
    return i == n ? MHO_OK
                  : mho_error(MHO_EDOMAIN, "layer %s: %s %zu is %g, want a finite number",
                              node->name, what, i, (double)v[i]);
}
