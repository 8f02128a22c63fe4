/* SPDX-License-Identifier: Apache-2.0 */
/* A list of activities under construction: by the readings of a paper (activity.c), or by component models
 * (activity_model.c). */
#ifndef MHO_MAP_ACTIVITY_H
#define MHO_MAP_ACTIVITY_H

#include "map/placement.h"

typedef struct mhoi_activities {
    mho_activity *activity;
    size_t count;
    const mhoi_plan *plan;
    const mhoi_place *place; /* of the layer that is at work, */
    const mho_placement_layer *layer;
    bool bare;      /* nobody asks for formulas */
    double image_s; /* how long an image keeps the hardware standing: what leakage is counted for */
} mhoi_activities;

/* What ran on the layer at work; NULL: assume. */
static inline const mho_cell_activity *mhoi_activity_measured(const mhoi_activities *b)
{
    return b->plan->measured ? &b->plan->measured[b->layer - b->plan->layer] : NULL;
}

mho_activity *mhoi_activity_next(mhoi_activities *b, const char *group, const char *component);
/* Likewise of a component model, standing as long as an image takes; and a value of one of the model's parameters. */
mho_activity *mhoi_activity_start(mhoi_activities *b, const char *group, const char *component,
                                  const char *model);
void mhoi_activity_argue(mho_activity *a, const char *name, double value);
/* The formula of an activity; those of a bare list stay empty. */
void mhoi_activity_explain(mho_activity *a, const char *format, ...) MHO_PRINTF(2, 3);
void mhoi_activity_append(mho_activity *a, const char *format, ...) MHO_PRINTF(2, 3);

/* activity_model.c: most activities that a layer has, and those of one. */
enum { MHOI_MODEL_KINDS = 16 };
MHO_MUST_CHECK mho_status mhoi_activities_by_model(mhoi_activities *b, const mho_technology *tech);

/* activity_reuse.c: likewise, of the buffers of slices. */
enum { MHOI_REUSE_KINDS = 7 };
void mhoi_activities_of_reuse(mhoi_activities *b);

/* activity_chip.c: likewise, of what is around the crossbars. */
enum { MHOI_CHIP_KINDS = 6 };
void mhoi_activities_of_chip(mhoi_activities *b);

/* digital_units.c: most activities of a digital unit, and those of one. */
enum { MHOI_DIGITAL_KINDS = 8 };
void mhoi_activities_of_digital(mhoi_activities *b, const mho_placement_digital *d);

/* As mho_placement_activities_for; bare: without formulas. */
MHO_MUST_CHECK mho_status mhoi_placement_activities(const mho_placement *placement,
                                                    const mho_technology *tech, bool bare,
                                                    mho_activity **out, size_t *count);

#endif
