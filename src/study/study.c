/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a study.  Cheap steps that can fail come first: hardware and all its points, then networks, prices
 * and images (study_open.c). */
#include <string.h>

#include "base/alloc.h"
#include "hw/sections.h"
#include "map/map_sections.h"
#include "study/study_impl.h"

mho_study_options mho_study_options_default(void)
{
    return (mho_study_options){.seed = 1, .trials = 10};
}

/* A field that the user sets and sweeps: one of the two was not meant. */
static mho_status check_sets(const mho_grid *grid, const char *const *set)
{
    for (size_t a = 0; set && a < mho_grid_axes(grid); a++) {
        const char *key = mho_grid_key(grid, a);
        const size_t n = strlen(key);
        for (size_t i = 0; set[i]; i++)
            if (!strncmp(set[i], key, n) && set[i][n] == '=')
                return mho_error(MHO_ECONFIG, "%s is set (%s) and swept: want one of the two", key,
                                 set[i]);
    }
    return MHO_OK;
}

static mho_status open_hardware(mho_study *y, const mho_subject *subject, const char *const *axes)
{
    if (!subject->hw && !subject->hardware)
        return mho_error(MHO_EUSAGE, "no hardware description is named");
    mho_status s = subject->hardware ? mho_hw_clone(subject->hardware, &y->hw)
                                     : mho_hw_open(subject->hw, subject->set, &y->hw);
    if (!s && subject->hardware && subject->set)
        s = mho_hw_set_all(y->hw, subject->set);
    if (!s)
        s = mho_hw_want(y->hw, "crossbar");
    if (!s && axes)
        s = mho_grid_create(y->hw, axes, &y->grid);
    if (!s && y->grid && mho_grid_points(y->grid) > MHO_STUDY_POINTS_MAX)
        s = mho_error(MHO_ECONFIG, "a sweep of %zu points, want at most %d",
                      mho_grid_points(y->grid), MHO_STUDY_POINTS_MAX);
    if (!s && y->grid)
        s = check_sets(y->grid, subject->set);
    return s;
}

static void add_needs(const mho_hw *hw, bool style[STUDY_STYLES], size_t *calibration)
{
    const mhoi_output_options *output = mhoi_hw_section(hw, &mhoi_output_section);
    const size_t wanted = output->calibration_images;
    *calibration = wanted > *calibration ? wanted : *calibration;
    style[mhoi_study_style(hw)] = true;
}

/* Every point, so that a bad combination costs no time. */
static mho_status check_points(mho_study *y, bool style[STUDY_STYLES], size_t *calibration)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_clone(y->hw, &hw);
    for (size_t i = 0; !s && i < (y->grid ? mho_grid_points(y->grid) : 1); i++) {
        if (y->grid)
            s = mho_grid_apply(y->grid, i, hw);
        if (!s)
            add_needs(hw, style, calibration);
    }
    for (size_t i = 0; i < y->others; i++)
        add_needs(y->other[i], style, calibration);
    mho_hw_destroy(hw);
    return s;
}

/* Those of the points from 1 on. */
static mho_status open_others(mho_study *y, const mho_subject *subject, const char *const *hw)
{
    size_t n = 0;
    while (hw[n])
        n++;
    mho_status s = mhoi_alloc(&y->other, n, sizeof *y->other, "descriptions");
    y->others = s ? 0 : n;
    for (size_t i = 0; !s && i < n; i++) {
        const mho_hw *given = subject->descriptions ? subject->descriptions[i + 1] : NULL;
        s = given ? mho_hw_clone(given, &y->other[i])
                  : mho_hw_open(hw[i], subject->set, &y->other[i]);
        if (!s && given)
            s = mho_hw_set_all(y->other[i], subject->set);
        if (!s)
            s = mho_hw_want(y->other[i], "crossbar");
    }
    return s;
}

static mho_status open_all(mho_study *y, const mho_subject *subject, const char *const *axes,
                           const char *const *others, mho_stage *stage)
{
    bool style[STUDY_STYLES] = {false};
    size_t calibration = 0;
    mho_status s = open_hardware(y, subject, axes);
    if (!s && others)
        s = open_others(y, subject, others);
    if (!s)
        s = check_points(y, style, &calibration);
    return s ? s : mhoi_study_open_subjects(y, subject, style, calibration, stage);
}

/* others: NULL, or the descriptions of the points from 1 on. */
static mho_status open_study(const mho_subject *subject, const mho_study_options *options,
                             const char *const *axes, const char *const *others, mho_stage *stage,
                             mho_study **out)
{
    mho_study *y = NULL;
    mho_stage at = MHO_STAGE_OPEN;
    *out = NULL;
    mho_status s = mhoi_alloc(&y, 1, sizeof *y, "study");
    if (s)
        return s;
    y->options = *options;
    y->tolerant = others;
    s = mhoi_shelf_create(&y->shelf);
    mhoi_shelf *before = mhoi_shelf_use(y->shelf);
    if (!s)
        s = open_all(y, subject, axes, others, &at);
    mhoi_shelf_use(before);
    if (stage)
        *stage = at;
    if (s)
        goto fail;
    *out = y;
    return MHO_OK;
fail:
    mho_study_destroy(y);
    return s;
}

mho_status mho_study_open(const mho_subject *subject, const mho_study_options *options,
                          const char *const *axes, mho_stage *stage, mho_study **out)
{
    return open_study(subject, options, axes, NULL, stage, out);
}

mho_status mho_study_open_each(const mho_subject *subject, const char *const *hw,
                               const mho_study_options *options, mho_study **out)
{
    mho_subject first = *subject;
    first.hw = hw[0];
    if (subject->descriptions)
        first.hardware = subject->descriptions[0];
    return open_study(&first, options, NULL, hw[0] ? hw + 1 : hw, NULL, out);
}

void mho_study_destroy(mho_study *study)
{
    if (!study)
        return;
    mhoi_shelf_destroy(study->shelf);
    for (size_t i = 0; study->net && i < study->nets * study->sets; i++) {
        for (int k = 0; k < STUDY_STYLES; k++) {
            mho_net_destroy(study->net[i].model[k].net);
            mho_net_destroy(study->net[i].model[k].coded);
        }
        mho_net_destroy(study->net[i].given);
        mho_net_destroy(study->net[i].read);
        mhoi_free(&study->net[i].name);
    }
    for (size_t d = 0; study->set && d < study->sets; d++) {
        mho_images_free(&study->set[d].calibration);
        mho_data_destroy(study->set[d].data);
    }
    mhoi_free(&study->net);
    mhoi_free(&study->set);
    for (size_t i = 0; i < study->others; i++)
        mho_hw_destroy(study->other[i]);
    mhoi_free(&study->other);
    mho_grid_destroy(study->grid);
    mho_hw_destroy(study->hw);
    mhoi_free(&study);
}

size_t mho_study_points(const mho_study *study)
{
    return study->grid ? mho_grid_points(study->grid) : 1 + study->others;
}

const mho_grid *mho_study_grid(const mho_study *study)
{
    return study->grid;
}
