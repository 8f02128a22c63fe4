/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments: what a user names is opened, and the error of a network on hardware found over programmings,
 * for one description or the points of a sweep (docs/models/explore.md).  Nothing here prints. */
#ifndef MHO_STUDY_H
#define MHO_STUDY_H

#include "mho/chip.h"
#include "mho/hw.h"

/* --- opening what the user names ---------------------------------------------------------------------- */

/* A network of the zoo ("lenet"), a YAML file (.yaml, .yml) or an ONNX file (.onnx).
 * MHO_EUSAGE: no such network, the nearest named; else as mho_net_read and mho_onnx_read. */
MHO_API MHO_MUST_CHECK mho_status mho_net_open(const char *name, mho_net **out);
/* A network with trained parameters: a file that has them as it is; for another the one of the library
 * of trained models, "NAME-STYLE-DATA" (models/lenet-binary-mnist.onnx).
 * MHO_ENOMODEL: there is none of that style for that data. */
MHO_API MHO_MUST_CHECK mho_status mho_model_open(const char *name, mho_style style,
                                                 const char *data_name, mho_net **out);

/* --- points of a sweep -------------------------------------------------------------------------------- */

#define MHO_GRID_POINTS_MAX 100000

typedef struct mho_grid mho_grid;

/* axes: NULL-terminated, each "key=a,b,c" or, for a number, "key=FROM:TO:STEP" (TO is a point if a whole
 * number of steps leads there).  Points are the product; the last axis turns fastest.
 * MHO_ECONFIG: unknown key (the nearest is named), a value out of its field's bounds, a field twice, no
 * axis; a range that is not three finite numbers, has step 0 or one that leads away from TO; more than
 * MHO_GRID_POINTS_MAX points. */
MHO_API MHO_MUST_CHECK mho_status mho_grid_create(const char *const *axes, mho_grid **out);
MHO_API void mho_grid_destroy(mho_grid *sweep);
MHO_API size_t mho_grid_axes(const mho_grid *sweep);
MHO_API size_t mho_grid_points(const mho_grid *sweep);
MHO_API const char *mho_grid_key(const mho_grid *sweep, size_t axis);
/* As written in YAML. */
MHO_API const char *mho_grid_value(const mho_grid *sweep, size_t point, size_t axis);
/* Sets the fields of the point.  MHO_ECONFIG: fields that exclude each other; names the point. */
MHO_API MHO_MUST_CHECK mho_status mho_grid_apply(const mho_grid *sweep, size_t point,
                                                 mho_hw_config *config);

/* --- the error over programmings ---------------------------------------------------------------------- */

/* Half-widths of 95 % confidence intervals, fractions like the error. */
typedef struct mho_error_estimate {
    mho_spread spread;
    double half;        /* of the mean over programmings, for these images; eq. (1) */
    double images_half; /* what other images of the same kind would add; eq. (2) */
    double inference_s;
} mho_error_estimate;

/* Student's t: 97.5 % of the distribution lie below it. */
MHO_API double mho_student_95(size_t degrees_of_freedom);

/* Called before programming `trial`, for progress. */
typedef void mho_trial_fn(void *user, size_t trial);

/* Error of the chip over programmings 0, 1, ... of `seed` on the first `count` images: ends once `half`
 * is at most `wanted_half` (0: never) and MHO_TRIALS_LEAST programmings are done, at the latest after
 * `trials`.  error[trials] and each may be NULL.  MHO_EINTERRUPTED, or as mho_chip_run. */
#define MHO_TRIALS_LEAST 4
MHO_API MHO_MUST_CHECK mho_status mho_error_of(mho_chip *chip, const mho_images *images,
                                               size_t count, uint64_t seed, size_t trials,
                                               double wanted_half, double *error,
                                               mho_trial_fn *each, void *user,
                                               mho_error_estimate *out);

#endif
