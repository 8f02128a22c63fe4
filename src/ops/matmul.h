/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products, shared with their quantized forms. */
#ifndef MHO_OPS_MATMUL_H
#define MHO_OPS_MATMUL_H

#include "ops/ops_impl.h"

typedef struct mhoi_product_sizes {
    size_t m, k, n, batch_rank, batch[MHOI_RANK_MAX];
    size_t stride_a[MHOI_RANK_MAX], stride_b[MHOI_RANK_MAX]; /* matrices between neighbours */
    bool vector_a, vector_b;
} mhoi_product_sizes;

MHO_MUST_CHECK mho_status mhoi_product_shape(const mho_array *a, const mho_array *b,
                                             mhoi_product_sizes *p);
MHO_MUST_CHECK mho_status mhoi_product_out(mhoi_call *c, mho_type type,
                                           const mhoi_product_sizes *p);
/* y += a b for every pair of matrices; y begins as zeros. */
void mhoi_product_reals(const mhoi_product_sizes *p, const double *a, const double *b, double *y);
void mhoi_product_wholes(const mhoi_product_sizes *p, const int64_t *a, const int64_t *b,
                         int64_t *y);

#endif
