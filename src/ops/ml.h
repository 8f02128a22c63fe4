/* SPDX-License-Identifier: Apache-2.0 */
/* What classical models share: rows of features, functions of scores, labels. */
#ifndef MHO_OPS_ML_H
#define MHO_OPS_ML_H

#include "ops/ops_impl.h"

#define MHOI_ML "ai.onnx.ml"
#define MHOI_ML_LABELS "classlabels_ints classlabels_int64s classlabels_strings post_transform "

typedef enum mhoi_post { POST_NONE, POST_LOGISTIC, POST_SOFTMAX, POST_SOFTMAX_ZERO } mhoi_post;

/* Labels of the classes: whole numbers, or texts. */
typedef struct mhoi_labels {
    const int64_t *whole;
    size_t count;
    bool texts;
} mhoi_labels;

/* Rows and features: [N, C], or [C] as one row. */
MHO_MUST_CHECK mho_status mhoi_ml_rows(const mhoi_call *c, size_t *rows, size_t *features);
/* The numbers of an attribute, 0: there are none. */
size_t mhoi_ml_floats(const mhoi_operation *op, const char *name, const float **out);
MHO_MUST_CHECK mho_status mhoi_ml_post(const mhoi_operation *op, mhoi_post *out);
void mhoi_ml_transform(mhoi_post p, size_t n, double *score);
double mhoi_ml_logistic(double x);
mhoi_labels mhoi_ml_labels(const mhoi_operation *op);
/* Labels and scores of a classifier.  Texts are not given; the scores beside them are. */
MHO_MUST_CHECK mho_status mhoi_ml_shape(mhoi_call *c, size_t rows, size_t classes);
/* One row of them. */
void mhoi_ml_give(mhoi_call *c, size_t row, const mhoi_labels *l, size_t chosen, size_t n,
                  const double *score);
size_t mhoi_ml_largest(size_t n, const double *score);

#endif
