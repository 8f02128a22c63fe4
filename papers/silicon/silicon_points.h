/* SPDX-License-Identifier: Apache-2.0 */
/* Measured macros, each a description of configs/silicon (ISAAC: configs/hw) at one or several precisions. */
#ifndef PAPERS_SILICON_POINTS_H
#define PAPERS_SILICON_POINTS_H

#include "papers.h"

typedef struct silicon_point {
    const char *name; /* of its rows */
    const char *hw, *sets[6];
    size_t
        factor; /* operations of a multiply-accumulate: 2, or 2 x bits x bits where the source counts bits */
    size_t input_bits; /* of the layer's input */
    bool sign;         /* inputs are +-1 */
    bool slow_clock;   /* the chip runs at a clock that its readout does not need */
} silicon_point;

extern const silicon_point silicon_points[];
extern const size_t silicon_point_count;

/* Its description filled with one layer, placed and priced, without the buffer of a system around it. */
typedef struct silicon_prediction {
    mho_estimate *estimate;
    double macs;              /* of the layer */
    double energy_J;          /* of the layer */
    double ops_per_J, read_s; /* in the source's operations; a conversion of all converters */
    double area_m2, cells;    /* of one macro */
} silicon_prediction;

/* To be freed with mho_estimate_destroy(out->estimate). */
MHO_MUST_CHECK mho_status silicon_predict(const silicon_point *point, silicon_prediction *out);

#endif
