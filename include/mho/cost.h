/* SPDX-License-Identifier: Apache-2.0 */
/* Prices: activity counts x a technology table = energy and area.  Knows no network. */
#ifndef MHO_COST_H
#define MHO_COST_H

#include <stddef.h>
#include <stdint.h>

#include "mho/json.h"
#include "mho/status.h"

#define MHO_COST_NAME 48
#define MHO_COST_SOURCE 160

/* One kind of component ("dac8", "adc4", "cell_1t1r"): price of one, and where each number comes from. */
typedef struct mho_component {
    char name[MHO_COST_NAME];
    double area_m2, e_op_J;
    char area_source[MHO_COST_SOURCE], energy_source[MHO_COST_SOURCE]; /* table and formula */
} mho_component;

typedef struct mho_technology {
    char name[MHO_COST_NAME];
    mho_component *component;
    size_t components;
} mho_technology;

/* name: built in, or a path.  MHO_ECONFIG: a value without unit or source, negative, twice the same. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_open(const char *name, mho_technology **out);
MHO_API void mho_technology_destroy(mho_technology *tech);
MHO_API const mho_component *mho_technology_find(const mho_technology *tech, const char *component);

/* `amount` of a component stand in `layer`; together they do `operations` an image. */
typedef struct mho_activity {
    char layer[MHO_COST_NAME];
    char component[MHO_COST_NAME];
    char group[MHO_COST_NAME]; /* "DAC", "ADC", "cells": the heading it is summed under */
    double amount, operations;
    char formula[MHO_COST_SOURCE]; /* "2 A P = 2 x 100 x 576" */
} mho_activity;

typedef struct mho_cost_entry { /* one activity, priced */
    const mho_activity *activity;
    const mho_component *component;
    double energy_J, area_m2;
} mho_cost_entry;

typedef struct mho_cost {
    mho_cost_entry *entry;
    size_t entries;
    double energy_J, area_m2; /* totals, of one image */
} mho_cost;

/* MHO_ENOTMODELED: the technology has no price for a component that is used.  The activities and the
 * technology must outlive the result. */
MHO_API MHO_MUST_CHECK mho_status mho_cost_create(const mho_technology *tech, const mho_activity *activity,
                                                  size_t activities, mho_cost **out);
MHO_API void mho_cost_destroy(mho_cost *cost);
/* Sums of one group ("ADC"), of one layer, of both; NULL matches all. */
MHO_API double mho_cost_energy_J(const mho_cost *cost, const char *group, const char *layer);
MHO_API double mho_cost_area_m2(const mho_cost *cost, const char *group, const char *layer);

#endif
