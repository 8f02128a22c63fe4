/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a study.  Cheap steps that can fail come first: hardware and all its points, network, prices, and
 * then the images. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "hw/sections.h"
#include "map/map_sections.h"
#include "study/study_impl.h"

mho_study_options mho_study_options_default(void)
{
    return (mho_study_options){.seed = 1, .trials = 10};
}

mho_style study_style(const mho_hw *hw)
{
    return mhoi_is_binary(mhoi_hw_section(hw, &mhoi_crossbar_section)) ? MHO_STYLE_BINARY
                                                                       : MHO_STYLE_FLOAT;
}

mho_status study_hw(const mho_study *study, size_t point, mho_hw **out)
{
    mho_status s = mho_hw_clone(study->hw, out);
    if (!s && study->grid)
        s = mho_grid_apply(study->grid, point, *out);
    if (s) {
        mho_hw_destroy(*out);
        *out = NULL;
    }
    return s;
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
    if (!subject->hw)
        return mho_error(MHO_EUSAGE, "no hardware description is named");
    mho_status s = mho_hw_open(subject->hw, subject->set, &y->hw);
    if (!s)
        s = mho_hw_want(y->hw, "crossbar");
    if (!s && axes)
        s = mho_grid_create(y->hw, axes, &y->grid);
    if (!s && y->grid)
        s = check_sets(y->grid, subject->set);
    return s;
}

/* Every point, so that a bad combination costs no time. */
static mho_status check_points(mho_study *y, bool style[STUDY_STYLES], size_t *calibration)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_clone(y->hw, &hw);
    for (size_t i = 0; !s && i < mho_study_points(y); i++) {
        if (y->grid)
            s = mho_grid_apply(y->grid, i, hw);
        if (s)
            break;
        const mhoi_output_options *output = mhoi_hw_section(hw, &mhoi_output_section);
        const size_t wanted = output->calibration_images;
        *calibration = wanted > *calibration ? wanted : *calibration;
        style[study_style(hw)] = true;
    }
    mho_hw_destroy(hw);
    return s;
}

static mho_status open_model(mho_study *y, mho_style style)
{
    study_model *m = &y->model[style];
    mho_status s = mho_model_open(y->name, style, y->data->name, &m->net);
    m->software_error = (double)NAN;
    if (y->from_file)
        snprintf(m->origin, sizeof m->origin, "%s", y->name);
    else
        snprintf(m->origin, sizeof m->origin, "%s, built in, trained on %s",
                 style == MHO_STYLE_BINARY ? "binary" : "float", y->data->name);
    return s;
}

/* The network before the images: its model goes by the name of the data, which is cheap to find out. */
static mho_status open_networks(mho_study *y, const mho_subject *subject,
                                const bool style[STUDY_STYLES])
{
    const size_t length = strlen(subject->net) + 1;
    mho_net *plain = NULL;
    mho_status s = mhoi_alloc(&y->name, length, 1, "name of the network");
    if (s)
        return s;
    memcpy(y->name, subject->net, length);
    s = mho_net_open(y->name, &plain);
    y->from_file = !s && mho_net_has_parameters(plain);
    mho_net_destroy(plain);
    if (!s)
        s = mho_data_open(subject->data, false, false, &y->data);
    for (int k = 0; !s && k < STUDY_STYLES; k++)
        if (style[k])
            s = open_model(y, (mho_style)k);
    return s;
}

/* Prices of the first point: those of the others are found when their turn comes. */
static mho_status check_prices(mho_study *y)
{
    mho_hw *hw = NULL;
    mho_result scratch = {.layers = 0};
    mho_status s = study_hw(y, 0, &hw);
    if (!s)
        s = study_price(y->model[study_style(hw)].net, hw, &scratch);
    mho_result_free(&scratch);
    mho_hw_destroy(hw);
    return s;
}

static mho_status check_shapes(const mho_net *net, const mho_data *data)
{
    mho_status s = mho_images_fit(&data->test, mho_net_input_shape(net), 0, mho_net_name(net));
    return s ? mho_error_prefix(s, "%s", data->name) : MHO_OK;
}

static mho_status open_images(mho_study *y, const mho_subject *subject, size_t calibration)
{
    mho_data_destroy(y->data);
    y->data = NULL;
    mho_status s = mho_data_open(subject->data, false, true, &y->data);
    if (s)
        return s;
    const size_t there = y->data->test.count;
    y->options.images = y->options.images ? y->options.images : there;
    if (y->options.images > there)
        return mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu: %s has no more", y->options.images,
                         there, y->data->name);
    for (int k = 0; !s && k < STUDY_STYLES; k++)
        if (y->model[k].net)
            s = check_shapes(y->model[k].net, y->data);
    if (s)
        return s;
    s = subject->calibrate_on_test ? mho_data_head_of_test(y->data, calibration, &y->calibration)
                                   : mho_data_head(y->data, calibration, &y->calibration);
    return s == MHO_EDOMAIN ? mho_error_prefix(s, "output.calibration_images = %zu", calibration)
                            : s;
}

static mho_status open_all(mho_study *y, const mho_subject *subject, const char *const *axes,
                           mho_stage *stage)
{
    bool style[STUDY_STYLES] = {false};
    size_t calibration = 0;
    mho_status s = open_hardware(y, subject, axes);
    if (!s)
        s = check_points(y, style, &calibration);
    if (!s)
        s = open_networks(y, subject, style);
    if (!s && y->options.prices) {
        *stage = MHO_STAGE_PRICE;
        s = check_prices(y);
        *stage = s ? MHO_STAGE_PRICE : MHO_STAGE_OPEN;
    }
    return s ? s : open_images(y, subject, calibration);
}

mho_status mho_study_open(const mho_subject *subject, const mho_study_options *options,
                          const char *const *axes, mho_stage *stage, mho_study **out)
{
    mho_study *y = NULL;
    mho_stage at = MHO_STAGE_OPEN;
    *out = NULL;
    mho_status s = mhoi_alloc(&y, 1, sizeof *y, "study");
    if (s)
        return s;
    y->options = *options;
    s = open_all(y, subject, axes, &at);
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

void mho_study_destroy(mho_study *study)
{
    if (!study)
        return;
    for (int k = 0; k < STUDY_STYLES; k++)
        mho_net_destroy(study->model[k].net);
    mho_images_free(&study->calibration);
    mho_data_destroy(study->data);
    mho_grid_destroy(study->grid);
    mho_hw_destroy(study->hw);
    mhoi_free(&study->name);
    mhoi_free(&study);
}

size_t mho_study_points(const mho_study *study)
{
    return study->grid ? mho_grid_points(study->grid) : 1;
}

const mho_grid *mho_study_grid(const mho_study *study)
{
    return study->grid;
}
