/* SPDX-License-Identifier: Apache-2.0 */
/* One point of a study: the error in software, with ideal devices, of the 8-bit CNN, and over programmings.
 * Where one programming tells all there is one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_create.h"
#include "chip/drawn_cells.h"
#include "hw/sections.h"
#include "map/map_sections.h"
#include "mho/infer.h"
#include "net/graph.h"
#include "study/study_impl.h"

/* Software reads x as it is, whatever the drivers' codes cover. */
static mho_status count_errors(const study_set *set, study_model *model, size_t *wrong)
{
    mho_input in;
    mho_net_get_input(model->net, &in);
    mho_status s = model->covered ? mho_net_set_input(model->net, &model->own) : MHO_OK;
    if (!s)
        s = mho_infer_errors(model->net, &set->data->test, set->images, wrong);
    const mho_status back = mho_net_set_input(model->net, &in);
    return s ? s : back;
}

/* Once for all points that share the network. */
static mho_status software_error(const study_set *set, study_model *model)
{
    size_t wrong = 0;
    if (!isnan(model->software_error))
        return MHO_OK;
    mho_status s = count_errors(set, model, &wrong);
    if (!s)
        model->software_error = (double)wrong / (double)set->images;
    return s;
}

/* One programming of a chip that has nothing to vary. */
static mho_status single_error(const study_set *set, uint64_t seed, const mho_net *net,
                               const mho_hw *hw, mhoi_taken_fn *taken, void *user, double *error)
{
    mho_chip *chip = NULL;
    mho_placement *placement = NULL;
    mho_error_estimate one;
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mhoi_chip_create_taking(net, placement, &set->calibration, taken, user, &chip);
    if (!s)
        s = mho_error_of(chip, &set->data->test, set->images, seed, 1, 0, NULL, NULL, NULL, &one);
    mho_chip_destroy(chip);
    mho_placement_destroy(placement);
    *error = s ? (double)NAN : one.spread.mean;
    return s;
}

static mho_status ideal_error(const mho_study *y, const study_set *set, mho_net *net, mho_result *r)
{
    mho_hw *ideal = NULL;
    study_waiting w = {.net = net};
    mho_status s = mho_hw_clone_ideal(r->hw, &ideal);
    if (!s)
        s = single_error(set, r->options.seed, net, ideal, y->once ? mhoi_study_let_wait : NULL, &w,
                         &r->ideal_error);
    const mho_status back = mhoi_study_end_wait(&w);
    s = s ? s : back;
    mho_hw_destroy(ideal);
    if (!s)
        r->ideal = mho_images_interval(r->ideal_error, set->images);
    return s;
}

static mho_status base_error(const mho_study *y, const study_net *n, const study_set *set,
                             mho_result *r)
{
    mho_hw *ideal = NULL;
    mho_net *net = NULL;
    mho_status s = mhoi_study_open_base(y, n, set, r->hw, &net, &ideal);
    if (!s && net)
        s = single_error(set, r->options.seed, net, ideal, NULL, NULL, &r->base_error);
    mho_hw_destroy(ideal);
    mho_net_destroy(net);
    return s;
}

typedef struct progress {
    char what[64];
    size_t trials;
    const mho_chip *chip;
    mho_result *result;
} progress;

/* The chip is about to forget what the programming before this did. */
static void next_trial(void *user, size_t trial)
{
    const progress *p = user;
    if (trial)
        mhoi_study_measure_add(p->chip, p->result);
    mho_run_set_part(NULL, p->what, trial, p->trials);
}

/* Networks that nobody needs once the chip has their weights. */
typedef struct done_with {
    study_net *n;
    study_model *model;
} done_with;

static void free_parameters(void *user)
{
    const done_with *d = user;
    mho_net *all[] = {d->n->given, d->model->net, d->model->coded};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            mhoi_net_free_parameters(all[i]);
}

static mho_status trials(const mho_study *y, study_net *n, study_model *model, const mho_net *net,
                         size_t point, mho_result *r)
{
    const mho_study_options *o = &y->options;
    const study_set *set = mhoi_study_set_of(y, point);
    progress p = {.what = "crossbars", .trials = o->trials, .result = r};
    done_with done = {n, model};
    mho_placement *placement = NULL;
    mho_chip *chip = NULL;
    if (mho_study_points(y) > 1)
        snprintf(p.what, sizeof p.what, "point %zu of %zu", point + 1, mho_study_points(y));
    next_trial(&p, 0);
    mho_status s = mhoi_alloc(&r->by_trial, o->trials, sizeof *r->by_trial, "errors");
    if (!s)
        s = mho_placement_create(net, r->hw, &placement);
    if (!s)
        s = mhoi_study_measure_start(placement, r);
    if (!s)
        s = mhoi_chip_create_taking(net, placement, &set->calibration,
                                    y->once ? free_parameters : NULL, &done, &chip);
    p.chip = chip;
    if (!s)
        s = mho_error_of(chip, &set->data->test, set->images, o->seed, o->trials, o->wanted_half,
                         r->by_trial, next_trial, &p, &r->error);
    mho_run_set_part(NULL, "", 0, 0);
    if (chip) {
        r->programming = mho_chip_writes(chip);
        r->wires_bound = mho_chip_wires_bound(chip);
        mhoi_study_measure_add(chip, r);
    }
    mho_chip_destroy(chip);
    mho_placement_destroy(placement);
    return s;
}

/* What is fed: of bytes what the network makes of them, of other numbers these. */
static void describe_input(const study_model *model, const mho_images *images, mho_result *r)
{
    mho_input in;
    mho_net_get_input(model->net, &in);
    const bool bare = images->value && !in.values;
    (void)mho_input_text(&in, r->input);
    r->input_assumed = !in.stated && !bare;
    (void)snprintf(r->input_note, sizeof r->input_note, "%s", model->note);
    if (bare) {
        (void)snprintf(r->input, sizeof r->input, "x = value, the images' own numbers");
    } else if (images->value) {
        in.scale = in.scale_set ? in.scale : 1;
        (void)mhoi_input_text(&in, "value", r->input);
    }
}

static void describe(const mho_study *y, const study_model *model, const study_set *set,
                     mho_result *r)
{
    snprintf(r->network, sizeof r->network, "%s", mho_net_name(model->net));
    describe_input(model, &set->data->test, r);
    snprintf(r->model, sizeof r->model, "%s", model->origin);
    snprintf(r->data, sizeof r->data, "%s", set->data->name);
    snprintf(r->data_place, sizeof r->data_place, "%s", set->data->place);
    r->classes = set->data->test.classes;
    r->outputs = mho_net_output_shape(model->net).c;
    r->options = y->options;
    r->options.images = set->images;
    r->threads = mhoi_threads();
    r->kernel = mho_cpu_name(mho_cpu_level());
    r->software_error = r->ideal_error = r->base_error = (double)NAN;
}

static mho_status run_all(mho_study *y, size_t point, mho_result *r)
{
    study_net *n = mhoi_study_net_of(y, point);
    const study_set *set = mhoi_study_set_of(y, point);
    study_model *model = &n->model[mhoi_study_style(r->hw)];
    mho_status s = mhoi_study_open_model(y, n, mhoi_study_style(r->hw), set->data->name);
    if (!s)
        s = mhoi_study_cover_model(model, set);
    if (s)
        return s;
    describe(y, model, set, r);
    if (y->options.prices) {
        r->stage = MHO_STAGE_PRICE;
        s = mhoi_study_price(model->net, r->hw, r);
    }
    r->stage = s ? r->stage : MHO_STAGE_RUN;
    if (!s)
        s = mhoi_study_grant(y, point);
    if (!s)
        s = software_error(set, model);
    r->software_error = model->software_error;
    r->software = mho_images_interval(r->software_error, set->images);
    if (!s)
        s = mhoi_study_quantize(model->net, r->hw, &set->calibration, model);
    mho_net *mapped = model->coded ? model->coded : model->net;
    r->quantized = model->coded != NULL;
    if (!s && y->options.ideal)
        s = ideal_error(y, set, mapped, r);
    if (!s && y->options.prices && y->options.baseline)
        s = base_error(y, n, set, r);
    if (!s)
        s = trials(y, n, model, mapped, point, r);
    const bool ran = !s || (s == MHO_EINTERRUPTED && r->error.spread.trials);
    if (ran && y->options.prices) {
        const mho_status priced = mhoi_study_measure_price(model->net, r);
        s = priced ? priced : s;
    }
    return s;
}

mho_status mho_study_describe(const mho_study *study, mho_result *result)
{
    *result = (mho_result){.stage = MHO_STAGE_OPEN};
    const study_model *model = study->net[0].model;
    describe(study, &model[model[0].net ? 0 : 1], &study->set[0], result);
    return mho_hw_clone(study->hw, &result->hw);
}

mho_status mho_study_run(mho_study *study, size_t point, mho_result *result)
{
    const double start_s = mho_seconds();
    *result = (mho_result){.stage = MHO_STAGE_OPEN};
    mhoi_shelf *before = mhoi_shelf_use(study->shelf);
    if (mho_study_points(study) > 1 &&
        !mhoi_memory_told()) /* they would take what the next point needs */
        mhoi_drawn_cells_open(0);
    mho_status s = mhoi_study_hw(study, point, &result->hw);
    if (!s)
        s = run_all(study, point, result);
    mhoi_shelf_use(before);
    const size_t done = result->error.spread.trials;
    result->complete = !s;
    result->seconds = mho_seconds() - start_s;
    result->peak_bytes = mho_peak_bytes();
    if (done)
        result->images_per_second =
            (double)(done * result->options.images) / result->error.inference_s;
    return s;
}

mho_status mho_study_sweep(mho_study *study, size_t first, mho_result_fn *each, void *user)
{
    mho_status s = MHO_OK;
    for (size_t i = first; !s && i < mho_study_points(study); i++) {
        mho_result result;
        s = mho_study_run(study, i, &result);
        if (!s)
            s = each(user, i, &result);
        mho_result_free(&result);
    }
    return s;
}

mho_status mho_study_error(mho_study *study, const mho_hw *hw, size_t trials, mho_trial_fn *each,
                           void *user, mho_error_estimate *out)
{
    const mhoi_output_options *output = mhoi_hw_section(hw, &mhoi_output_section);
    const mho_style style = mhoi_study_style(hw);
    const study_set *set = &study->set[0];
    study_net *n = &study->net[0];
    mho_chip *chip = NULL;
    *out = (mho_error_estimate){.half = (double)NAN};
    if (output->calibration_images > set->calibration.count)
        return mho_error(MHO_EUSAGE, "output.calibration_images = %zu, the study has %zu",
                         output->calibration_images, set->calibration.count);
    mho_status s = mhoi_study_open_model(study, n, style, set->data->name);
    if (!s)
        s = mhoi_study_cover(n->model[style].net, set);
    if (!s)
        s = mho_chip_open(n->model[style].net, hw, &set->calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &set->data->test, set->images, study->options.seed, trials, 0, NULL,
                         each, user, out);
    mho_chip_destroy(chip);
    return s;
}

static mho_status open_and_run(const mho_subject *subject, const mho_study_options *options,
                               mho_result *result)
{
    const double start_s = mho_seconds();
    mho_study *study = NULL;
    mho_stage stage = MHO_STAGE_OPEN;
    *result = (mho_result){.stage = MHO_STAGE_OPEN};
    mho_status s = mho_study_open(subject, options, NULL, &stage, &study);
    result->stage = stage;
    if (!s) {
        study->once = true;
        s = mho_study_run(study, 0, result);
    }
    mho_study_destroy(study);
    result->seconds = mho_seconds() - start_s;
    return s;
}

mho_status mho_study_simulate(const mho_subject *subject, const mho_study_options *options,
                              mho_result *result)
{
    mho_study_options o = *options;
    o.ideal = true;
    o.prices = false;
    return open_and_run(subject, &o, result);
}

mho_status mho_study_evaluate(const mho_subject *subject, const mho_study_options *options,
                              mho_result *result)
{
    mho_study_options o = *options;
    o.ideal = o.prices = o.baseline = true;
    return open_and_run(subject, &o, result);
}
