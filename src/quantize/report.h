/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a report. */
#ifndef MHO_QUANTIZE_REPORT_H
#define MHO_QUANTIZE_REPORT_H

#include "mho/quantize.h"

/* Room for so many layers and curves; curves counts those filled. */
MHO_MUST_CHECK mho_status mhoi_report_create(size_t layers, size_t curves,
                                             mho_quantize_report **out);
MHO_MUST_CHECK mho_status mhoi_report_layer(mho_quantize_layer *layer, const char *name,
                                            size_t channels);
MHO_MUST_CHECK mho_status mhoi_report_curve(mho_quantize_curve *curve, const char *layer,
                                            size_t channel, const double *threshold, size_t points);
/* From histograms bin[groups][bins]: bin 0 is of values at or below 0, the others are equal parts of
 * 0..largest[group]; shares are of values divided by size[group]. */
void mhoi_report_distribution(mho_quantize_layer *layer, const uint64_t *bin, size_t groups,
                              size_t bins, const float *largest, const float *size);

#endif
