/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where counts meet prices: plain numbers of a component, for mho_cost_create and for sweeps
 * that price millions of designs. */
#ifndef MHO_COST_PRICE_H
#define MHO_COST_PRICE_H

#include "mho/cost.h"

typedef struct mhoi_price { /* of one */
    double area_m2, energy_J[MHO_OPERATIONS], leakage_W;
} mhoi_price;

/* Adds a part to those that are told as not counted. */
/* What entries of a group, or of a layer, sum up to (NULL: of any). */
void mhoi_cost_sums(const mho_cost *cost, const char *group, const char *layer, double *energy_J,
                    double *area_m2);
MHO_MUST_CHECK mho_status mhoi_cost_neglect(mho_cost *cost, const char *part);

mhoi_price mhoi_price_of(const mho_component *component);

static inline double mhoi_price_energy_J(const mhoi_price *one, mho_operation operation,
                                         double operations)
{
    return operations * one->energy_J[operation];
}

static inline double mhoi_price_standby_J(const mhoi_price *one, double amount, double seconds)
{
    return amount * one->leakage_W * seconds;
}

static inline double mhoi_price_area_m2(const mhoi_price *one, double amount)
{
    return amount * one->area_m2;
}

#endif
