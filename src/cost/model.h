/* SPDX-License-Identifier: Apache-2.0 */
/* Component models of a technology table: reading their parameters, and what they are with arguments. */
#ifndef MHO_COST_MODEL_H
#define MHO_COST_MODEL_H

#include "base/yaml.h"
#include "mho/cost.h"

/* `parameters: {bits: {range: [1, 12], valid: [1, 5]}}` */
MHO_MUST_CHECK mho_status mhoi_parameters_read(const mhoi_yaml *map, const char *place,
                                               mho_model *model);
/* `[LEAST, MOST]` */
MHO_MUST_CHECK mho_status mhoi_range_read(const mhoi_yaml *node, const char *place, double *min,
                                          double *max);
/* Has the quantity a price, 0 or more, at all ends of the ranges? */
MHO_MUST_CHECK mho_status mhoi_model_try(const mho_technology *tech, const mho_model *model,
                                         const mho_quantity *quantity);
/* As mho_technology_price, of a model. */
MHO_MUST_CHECK mho_status mhoi_model_price(const mho_technology *tech, const mho_model *model,
                                           const mho_argument *argument, size_t arguments,
                                           mho_component *out);
/* The first parameter whose argument is beyond where the source holds; NULL: none. */
const mho_parameter *mhoi_model_beyond(const mho_model *model, const mho_argument *argument,
                                       size_t arguments, double *value);

#endif
