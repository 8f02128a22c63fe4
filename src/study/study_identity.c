/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of a sweep depend on: contents, not names and paths. */
#include "base/identity.h"

#include <stdio.h>
#include <string.h>

#include "mho/run.h"
#include "study/study_impl.h"

static size_t pixels(const mho_images *images)
{
    return images->count * images->shape.c * images->shape.h * images->shape.w;
}

static uint64_t data_id(const mho_study *y)
{
    uint64_t h = MHOI_HASH_START;
    for (size_t d = 0; d < y->sets; d++) {
        const study_set *set = &y->set[d];
        mho_images test = set->data->test;
        test.count = set->images;
        h = mhoi_hash(h, test.pixel, pixels(&test));
        h = mhoi_hash(h, test.label, test.count * sizeof *test.label);
        h = mhoi_hash(h, set->calibration.pixel, pixels(&set->calibration));
    }
    return h;
}

static bool add_axes(const mho_study *y, char *text, size_t size)
{
    bool fits = true;
    for (size_t a = 0; fits && y->grid && a < mho_grid_axes(y->grid); a++) {
        char key[64];
        snprintf(key, sizeof key, "sweep of %s", mho_grid_key(y->grid, a));
        fits = mhoi_identity_add(text, size, key, "%s", strchr(mho_grid_text(y->grid, a), '=') + 1);
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
    const size_t points = sweeps_files(y) ? mho_study_points(y) : 1;
    mho_status s = MHO_OK;
    *out = MHOI_HASH_START;
    for (size_t i = 0; !s && i < points; i++) {
        mho_hw *hw = NULL;
        s = mhoi_study_hw(y, i, &hw);
        const uint64_t one = s ? 0 : mho_hw_identity(hw);
        *out = mhoi_hash(*out, &one, sizeof one);
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
                      mhoi_identity_add(text, size, "@network", "%s", network_name(y)) &&
                      mhoi_identity_add(text, size, "@hw", "%s", mho_hw_name(y->hw)) &&
                      mhoi_identity_add(text, size, "@data", "%s", y->set[0].data->name) &&
                      mhoi_identity_add(text, size, "images", "%zu", y->set[0].images) &&
                      mhoi_identity_add(text, size, "seed", "%llu", (unsigned long long)o->seed) &&
                      mhoi_identity_add(text, size, "trials", "%zu", o->trials) &&
                      mhoi_identity_add(text, size, "ci", "%g", 100 * o->wanted_half) &&
                      add_axes(y, text, size) && add_models(y, text, size) &&
                      mhoi_identity_add_id(text, size, "data_id", data_id(y)) &&
                      add_hardware(y, text, size) &&
                      mhoi_identity_add_id(text, size, "hardware files_id", files);
    return fits ? MHO_OK
                : mho_error(MHO_EDOMAIN, "a sweep whose description takes more than %zu bytes",
                            size);
}
