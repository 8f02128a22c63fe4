/* SPDX-License-Identifier: Apache-2.0 */
/* Networks and images of a study.  The network before the images: its model goes by the name of the data,
 * which is cheap to find out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/load.h"
#include "net/graph.h"
#include "study/study_impl.h"

/* Names of an axis, else the one that the subject names. */
typedef struct names {
    const mho_grid *grid;
    size_t axis, count;
    const char *only; /* NULL: of the axis */
} names;

static mho_status find_names(const mho_study *y, const char *key, const char *only, names *out)
{
    *out = (names){
        .grid = y->grid, .axis = mhoi_study_grid_find(y->grid, key), .count = 1, .only = only};
    if (out->axis == SIZE_MAX)
        return MHO_OK;
    if (only)
        return mho_error(MHO_ECONFIG, "%s is given (%s) and swept: want one of the two", key, only);
    out->count = mho_grid_values(y->grid, out->axis);
    return MHO_OK;
}

static const char *name_of(const names *n, size_t i)
{
    return n->axis == SIZE_MAX ? n->only : mhoi_study_grid_choice(n->grid, n->axis, i);
}

static size_t index_of(const mho_study *y, const char *key, size_t point)
{
    const size_t axis = mhoi_study_grid_find(y->grid, key);
    return axis == SIZE_MAX ? 0 : mhoi_study_grid_at(y->grid, point, axis);
}

study_net *mhoi_study_net_of(const mho_study *y, size_t point)
{
    return &y->net[index_of(y, "network", point) * y->sets + index_of(y, "data", point)];
}

study_set *mhoi_study_set_of(const mho_study *y, size_t point)
{
    return &y->set[index_of(y, "data", point)];
}

static mho_status set_input(const mho_study *y, mho_net *net)
{
    mho_input in;
    mho_status s = MHO_OK;
    mho_net_get_input(net, &in);
    for (size_t i = 0; !s && i < y->settings; i++)
        s = mho_input_set(&in, y->setting[i]);
    return s ? s : mho_net_set_input(net, &in);
}

mho_status mhoi_study_take_model(const mho_study *y, const study_net *n, mho_style style,
                                 const char *data, mho_net **out)
{
    mho_status s =
        n->given ? mho_net_clone(n->given, out) : mho_model_open(n->name, style, data, out);
    if (!s && y->settings)
        s = set_input(y, *out);
    if (s) {
        mho_net_destroy(*out);
        *out = NULL;
    }
    return s;
}

mho_status mhoi_study_cover(mho_net *net, const study_set *set)
{
    const mho_images *test = &set->data->test,
                     *seen = set->calibration.count ? &set->calibration : test;
    return mhoi_input_cover(net, seen, seen == test ? set->images : seen->count);
}

mho_status mhoi_study_cover_model(study_model *model, const study_set *set)
{
    const mho_images *test = &set->data->test;
    if (!*model->note)
        (void)mho_images_note(model->net, test, set->images, model->note);
    mho_input before, after;
    mho_net_get_input(model->net, &before);
    mho_status s = mhoi_study_cover(model->net, set);
    mho_net_get_input(model->net, &after);
    if (!model->covered && (before.low != after.low || before.high != after.high)) {
        model->covered = true;
        model->own = before;
    }
    return s;
}

mho_status mhoi_study_open_model(const mho_study *y, study_net *n, mho_style style,
                                 const char *data)
{
    study_model *m = &n->model[style];
    if (m->net)
        return MHO_OK;
    mho_status s = MHO_OK;
    if (n->read) {
        m->net = n->read;
        n->read = NULL;
        s = y->settings ? set_input(y, m->net) : MHO_OK;
    } else {
        s = mhoi_study_take_model(y, n, style, data, &m->net);
    }
    if (s) {
        mho_net_destroy(m->net);
        m->net = NULL;
    }
    m->software_error = (double)NAN;
    if (n->from_file)
        snprintf(m->origin, sizeof m->origin, "%s", n->name);
    else
        snprintf(m->origin, sizeof m->origin, "%s, built in, trained on %s",
                 style == MHO_STYLE_BINARY ? "binary" : "float", data);
    return s;
}

static bool has_steps(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++)
        if (net->node[i].op == MHO_OP_STEP)
            return true;
    return false;
}

/* The 8-bit CNN with ideal devices and its own converters.  For a network of the zoo its float
 * training is built in; a file in binary mode has no counterpart, nor has one whose maps thresholds make; others in
 * full mode are their own. */
mho_status mhoi_study_open_base(const mho_study *y, const study_net *n, const study_set *set,
                                const mho_hw *hw, mho_net **net, mho_hw **ideal)
{
    mho_hw *base = NULL;
    *net = NULL;
    *ideal = NULL;
    if (n->from_file && mhoi_study_style(hw) == MHO_STYLE_BINARY)
        return MHO_OK;
    const mho_net *own = n->model[MHO_STYLE_FLOAT].net; /* the same weights */
    mho_status s = own ? mhoi_net_clone_lent(own, net)
                       : mhoi_study_take_model(y, n, MHO_STYLE_FLOAT, set->data->name, net);
    if (s == MHO_ENOMODEL)
        return MHO_OK;
    if (!s && has_steps(*net)) {
        mho_net_destroy(*net);
        *net = NULL;
        return MHO_OK;
    }
    if (!s)
        s = mhoi_study_cover(*net, set);
    if (!s)
        s = mhoi_study_base_hw(hw, &base);
    if (!s)
        s = mho_hw_clone_ideal(base, ideal);
    mho_hw_destroy(base);
    return s;
}

static mho_status take_given(study_net *n, const mho_net *given)
{
    n->from_file = true;
    if (!mho_net_has_parameters(given))
        return mho_error(MHO_ENOMODEL, "%s: the network has no parameters: train it first",
                         mho_net_name(given));
    return mho_net_clone(given, &n->given);
}

static mho_status look_at(study_net *n)
{
    mho_net *plain = NULL;
    mho_status s = mho_net_open(n->name, &plain);
    n->from_file = !s && mho_net_has_parameters(plain);
    if (n->from_file)
        n->read = plain;
    else
        mho_net_destroy(plain);
    return s;
}

/* tolerant: there may be none of a style. */
static mho_status open_network(const mho_study *y, study_net *n, const char *name,
                               const mho_net *given, const char *data,
                               const bool style[STUDY_STYLES], bool tolerant)
{
    const size_t length = strlen(name) + 1;
    mho_status s = mhoi_alloc(&n->name, length, 1, "name of the network");
    if (s)
        return s;
    memcpy(n->name, name, length);
    s = given ? take_given(n, given) : look_at(n);
    for (int k = 0; !s && k < STUDY_STYLES; k++) {
        if (style[k])
            s = mhoi_study_open_model(y, n, (mho_style)k, data);
        if (s == MHO_ENOMODEL && tolerant)
            s = MHO_OK;
    }
    return s;
}

/* The data set of that name, or the one that the subject has: its name alone, or the first test images. */
static mho_status open_data(const mho_study *y, const char *name, bool images, mho_data **out)
{
    if (y->given)
        return mho_data_borrow(y->given, out);
    return images ? mho_data_open_test(name, y->options.images, out)
                  : mho_data_open(name, false, false, out);
}

/* Without the images. */
static mho_status open_networks(mho_study *y, const names *nets, const names *sets,
                                const mho_net *given, const bool style[STUDY_STYLES])
{
    mho_status s = MHO_OK;
    for (size_t d = 0; !s && d < sets->count; d++) {
        mho_data *data = NULL;
        s = open_data(y, name_of(sets, d), false, &data);
        for (size_t n = 0; !s && n < nets->count; n++)
            s = open_network(y, &y->net[n * sets->count + d], name_of(nets, n), given, data->name,
                             style, y->tolerant);
        mho_data_destroy(data);
    }
    return s;
}

/* Prices of the first point of each network: those of the others are found when their turn comes. */
static mho_status check_prices(mho_study *y)
{
    mho_hw *hw = NULL;
    mho_result scratch = {.layers = 0};
    mho_status s = mhoi_study_hw(y, 0, &hw);
    for (size_t n = 0; !s && n < y->nets; n++) {
        s = mhoi_study_price(y->net[n * y->sets].model[mhoi_study_style(hw)].net, hw, &scratch);
        mho_result_free(&scratch);
    }
    mho_hw_destroy(hw);
    return s;
}

static mho_status check_shapes(const mho_net *net, const mho_data *data)
{
    mhoi_loader loader;
    mho_input in;
    mho_net_get_input(net, &in);
    mho_status s =
        mhoi_loader_open(&data->test, mho_net_input_shape(net), &in, mho_net_name(net), &loader);
    return s ? mho_error_prefix(s, "%s", data->name) : MHO_OK;
}

/* The first `count` images of another data set, which the networks must be able to read as well. */
static mho_status head_of_other(const mho_images *test, const char *place, size_t count,
                                mho_images *out)
{
    mho_data *data = NULL;
    mho_status s = mho_data_open(place, false, false, &data);
    if (!s)
        s = data->has_train ? mho_data_head(data, count, out)
                            : mho_data_head_of_test(data, count, out);
    mho_data_destroy(data);
    if (!s && (out->shape.c != test->shape.c || out->shape.h != test->shape.h ||
               out->shape.w != test->shape.w || !out->pixel != !test->pixel))
        s = mho_error(
            MHO_EUSAGE,
            "%s: to calibrate on, images of %zu x %zu x %zu %s, those to be classified are "
            "%zu x %zu x %zu %s",
            place, out->shape.c, out->shape.h, out->shape.w, out->pixel ? "bytes" : "numbers",
            test->shape.c, test->shape.h, test->shape.w, test->pixel ? "bytes" : "numbers");
    if (s)
        mho_images_free(out);
    return s;
}

static mho_status open_images(mho_study *y, size_t d, const char *name, const mho_subject *subject,
                              size_t calibration)
{
    study_set *set = &y->set[d];
    mho_status s = open_data(y, name, true, &set->data);
    if (!s && !set->data->test.count)
        s = mho_error(MHO_ENODATA, "%s: no test images", set->data->name);
    if (s)
        return s;
    const size_t there = set->data->test.count;
    set->images = y->options.images ? y->options.images : there;
    if (set->images > there)
        return mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu: %s has no more", set->images,
                         there, set->data->name);
    for (size_t n = 0; !s && n < y->nets; n++)
        for (int k = 0; !s && k < STUDY_STYLES; k++)
            if (y->net[n * y->sets + d].model[k].net)
                s = check_shapes(y->net[n * y->sets + d].model[k].net, set->data);
    if (s)
        return s;
    s = subject->calibrate_on
            ? head_of_other(&set->data->test, subject->calibrate_on, calibration, &set->calibration)
        : subject->calibrate_on_test
            ? mho_data_head_of_test(set->data, calibration, &set->calibration)
            : mho_data_head(set->data, calibration, &set->calibration);
    if (s)
        return s == MHO_EDOMAIN
                   ? mho_error_prefix(s, "output.calibration_images = %zu", calibration)
                   : s;
    for (size_t n = 0; !s && n < y->nets; n++)
        for (int k = 0; !s && k < STUDY_STYLES; k++)
            if (y->net[n * y->sets + d].model[k].net)
                s = mhoi_study_cover_model(&y->net[n * y->sets + d].model[k], set);
    return s;
}

static mho_status keep_settings(mho_study *y, const char *const *input)
{
    for (size_t i = 0; input && input[i]; i++) {
        if (i == STUDY_SETTINGS || strlen(input[i]) >= sizeof y->setting[i])
            return mho_error(MHO_EUSAGE,
                             "%.60s: more than %d settings of the input, or a longer one "
                             "than %zu bytes",
                             input[i], STUDY_SETTINGS, sizeof y->setting[i] - 1);
        memcpy(y->setting[y->settings++], input[i], strlen(input[i]) + 1);
    }
    return MHO_OK;
}

mho_status mhoi_study_open_subjects(mho_study *y, const mho_subject *subject,
                                    const bool style[STUDY_STYLES], size_t calibration,
                                    mho_stage *stage)
{
    const char *net = subject->network ? mho_net_name(subject->network) : subject->net;
    names nets, sets;
    mho_status s = find_names(y, "network", net, &nets);
    if (!s)
        s = find_names(y, "data", subject->images ? subject->images->name : subject->data, &sets);
    if (s)
        return s;
    y->given = subject->images;
    s = keep_settings(y, subject->input);
    if (s)
        return s;
    if (!net && nets.axis == SIZE_MAX)
        return mho_error(MHO_EUSAGE, "no network is named");
    y->nets = nets.count;
    y->sets = sets.count;
    s = mhoi_alloc(&y->net, y->nets * y->sets, sizeof *y->net, "networks of a study");
    if (!s)
        s = mhoi_alloc(&y->set, y->sets, sizeof *y->set, "images of a study");
    if (!s)
        s = open_networks(y, &nets, &sets, subject->network, style);
    if (!s && y->options.prices && !y->tolerant) {
        *stage = MHO_STAGE_PRICE;
        s = check_prices(y);
        *stage = s ? MHO_STAGE_PRICE : MHO_STAGE_OPEN;
    }
    for (size_t d = 0; !s && d < y->sets; d++)
        s = open_images(y, d, name_of(&sets, d), subject, calibration);
    return s;
}
