/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of a sweep depend on: contents and values, not names, paths, and how a value is written. */
#include "base/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/load.h"
#include "hw/sections.h"
#include "mho/run.h"
#include "study/study_impl.h"

enum { FORM = 3 }; /* of the line itself */

#define CALIBRATION "calibration data<output.calibration_images_id"

static uint64_t test_id(const mho_study *y)
{
    uint64_t h = MHOI_HASH_START;
    for (size_t d = 0; d < y->sets; d++) {
        const mho_images *test = &y->set[d].data->test;
        h = mhoi_images_hash(h, test, y->set[d].images);
        h = mhoi_hash(h, test->label, y->set[d].images * sizeof *test->label);
    }
    return h;
}

static uint64_t calibration_id(const mho_study *y)
{
    uint64_t h = MHOI_HASH_START;
    for (size_t d = 0; d < y->sets; d++)
        h = mhoi_images_hash(h, &y->set[d].calibration, y->set[d].calibration.count);
    return h;
}

/* Networks, data and files that are swept count here; their contents stand elsewhere. */
static void axis_values(const mho_study *y, size_t axis, char *text, size_t size)
{
    const size_t values = mho_grid_values(y->grid, axis);
    uint64_t h = MHOI_HASH_START;
    size_t used = 0;
    if (mhoi_study_grid_names(y->grid, axis)) {
        (void)snprintf(text, size, "%zu values", values);
        return;
    }
    for (size_t v = 0; v < values; v++) {
        char value[512];
        mhoi_study_grid_print(y->grid, axis, v, value, sizeof value);
        h = mhoi_hash(h, value, strlen(value) + 1);
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", v ? "," : "", value);
    }
    if (used >= size)
        (void)snprintf(text, size, "%zu values (%016" PRIx64 ")", values, h);
}

static bool add_axes(const mho_study *y, char *text, size_t size)
{
    bool fits = true;
    for (size_t a = 0; fits && y->grid && a < mho_grid_axes(y->grid); a++) {
        char key[64], values[256];
        snprintf(key, sizeof key, "sweep of %s", mho_grid_key(y->grid, a));
        axis_values(y, a, values, sizeof values);
        fits = mhoi_identity_add(text, size, key, "%s", values);
    }
    return fits;
}

static bool is_file(const mho_field *field)
{
    return field->kind == MHO_FIELD_PATH || field->kind == MHO_FIELD_NAMED;
}

static bool is_swept(const mho_study *y, const char *key)
{
    for (size_t a = 0; y->grid && a < mho_grid_axes(y->grid); a++)
        if (!strcmp(mho_grid_key(y->grid, a), key))
            return true;
    return false;
}

/* Fields by value, so that the one that differs can be named; files that they name by their contents. */
static bool add_hardware(const mho_study *y, char *text, size_t size)
{
    bool fits = true;
    for (size_t i = 0; fits && i < mho_hw_field_count(y->hw); i++) {
        const mho_field *field = mho_hw_field(y->hw, i);
        char value[512];
        if (is_file(field) || is_swept(y, field->key))
            continue;
        mho_hw_print(y->hw, i, value, sizeof value);
        fits = mhoi_identity_add(text, size, field->key, "%s", value);
    }
    return fits;
}

static bool sweeps_files(const mho_study *y)
{
    for (size_t i = 0; i < mho_hw_field_count(y->hw); i++)
        if (is_file(mho_hw_field(y->hw, i)) && is_swept(y, mho_hw_field(y->hw, i)->key))
            return true;
    return false;
}

/* Contents of the files that the description names: of its first point, whose values of swept fields are those
 * of any run of this sweep, and of all points where files are swept. */
static mho_status hash_files(const mho_study *y, uint64_t *out)
{
    const bool assigns = mhoi_study_grid_assigns(y->grid);
    const size_t points = assigns || sweeps_files(y) ? mho_study_points(y) : 1;
    mho_status s = MHO_OK;
    *out = MHOI_HASH_START;
    for (size_t i = 0; !s && i < points; i++) {
        mho_hw *hw = NULL;
        s = mhoi_study_hw(y, i, &hw);
        if (!s)
            *out = mhoi_hw_contents(hw, *out);
        if (!s && assigns) { /* presets are files as well */
            const uint64_t all = mho_hw_identity(hw);
            *out = mhoi_hash(*out, &all, sizeof all);
        }
        mho_hw_destroy(hw);
    }
    return s;
}

/* One network is known by itself, several by all of them. */
static uint64_t models_id(const mho_study *y, int style)
{
    const size_t count = y->nets * y->sets;
    uint64_t h = mho_net_identity(y->net[0].model[style].net, true);
    for (size_t i = 1; i < count; i++) {
        const uint64_t one = mho_net_identity(y->net[i].model[style].net, true);
        h = mhoi_hash(h, &one, sizeof one);
    }
    return h;
}

static bool add_models(const mho_study *y, char *text, size_t size)
{
    static const char *const key[STUDY_STYLES] = {
        [MHO_STYLE_FLOAT] = "float_model_id", [MHO_STYLE_BINARY] = "binary_model_id"};
    bool fits = true;
    for (int k = 0; fits && k < STUDY_STYLES; k++)
        if (y->net[0].model[k].net)
            fits = mhoi_identity_add_id(text, size, key[k], models_id(y, k));
    return fits;
}

static const char *network_name(const mho_study *y)
{
    const study_model *model = y->net[0].model;
    const mho_net *net = model[0].net ? model[0].net : model[1].net;
    return mho_net_name(net);
}

mho_status mhoi_study_identity(const mho_study *y, char *text, size_t size)
{
    const mho_study_options *o = &y->options;
    uint64_t files = 0;
    mho_status s = hash_files(y, &files);
    if (s)
        return s;
    memset(text, 0, size);
    const bool fits = mhoi_identity_add(text, size, "version", "%s", mho_version()) &&
                      mhoi_identity_add(text, size, "form", "%d", FORM) &&
                      mhoi_identity_add(text, size, "@network", "%s", network_name(y)) &&
                      mhoi_identity_add(text, size, "@hw", "%s", mho_hw_name(y->hw)) &&
                      mhoi_identity_add(text, size, "@data", "%s", y->set[0].data->name) &&
                      mhoi_identity_add(text, size, "images", "%zu", y->set[0].images) &&
                      mhoi_identity_add(text, size, "seed", "%llu", (unsigned long long)o->seed) &&
                      mhoi_identity_add(text, size, "trials", "%zu", o->trials) &&
                      mhoi_identity_add(text, size, "ci", "%g", 100 * o->wanted_half) &&
                      add_axes(y, text, size) && add_models(y, text, size) &&
                      mhoi_identity_add_id(text, size, "data<images_id", test_id(y)) &&
                      mhoi_identity_add_id(text, size, CALIBRATION, calibration_id(y)) &&
                      add_hardware(y, text, size) &&
                      mhoi_identity_add_id(text, size, "hardware files_id", files);
    return fits ? MHO_OK
                : mho_error(MHO_EDOMAIN, "a sweep whose description takes more than %zu bytes",
                            size);
}
