/* SPDX-License-Identifier: Apache-2.0 */
/* The main job: a network, data and a hardware description come in; error, cycles, energy and area come
 * out.  Cheap steps that can fail come first, so that a typo costs no time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"

/* The 8-bit CNN on crossbars of the same size and cell, priced by the same reading. */
static mho_status open_hardware(const cli_args *args, evaluation *e)
{
    if (!args->hw)
        return mho_error(MHO_EUSAGE, "--hw is missing: name a hardware description, as --hw bcnn");
    mho_status s = mho_hw_open(args->hw, args->set, &e->hw);
    if (!s)
        s = mho_hw_open("cnn8", NULL, &e->base_hw);
    if (s)
        return s;
    e->base_hw.hw.crossbar.rows = e->hw.hw.crossbar.rows;
    e->base_hw.hw.crossbar.columns = e->hw.hw.crossbar.columns;
    e->base_hw.hw.crossbar.cell = e->hw.hw.crossbar.cell;
    e->base_hw.hw.cost = e->hw.hw.cost;
    memcpy(e->base_hw.hw.technology, e->hw.hw.technology, sizeof e->hw.hw.technology);
    return mho_hw_check(&e->base_hw.hw);
}

static mho_status check_shapes(const mho_net *net, const mho_images *images, const char *data_name)
{
    mho_shape in = mho_net_input_shape(net), s = images->shape;
    if (in.c == s.c && in.h == s.h && in.w == s.w)
        return MHO_OK;
    return mho_error(MHO_EDOMAIN, "%s reads images of %zux%zux%zu, %s has %zux%zux%zu",
                     mho_net_name(net), in.c, in.h, in.w, data_name, s.c, s.h, s.w);
}

static mho_status open_data(const cli_args *args, evaluation *e)
{
    mho_data_destroy(e->data);
    mho_status s = mho_data_open(args->data, false, true, &e->data);
    if (!s)
        s = mho_data_head(e->data, e->hw.hw.output.calibration_images, &e->calibration);
    return s;
}

static mho_status count_errors(mho_chip *chip, const mho_images *test, size_t images,
                               uint16_t *label, size_t *wrong)
{
    mho_status s = mho_chip_run(chip, test, 0, images, NULL, label);
    if (s)
        return s;
    *wrong = 0;
    for (size_t i = 0; i < images; i++)
        *wrong += label[i] != test->label[i];
    return MHO_OK;
}

static mho_status run_ideal(evaluation *e, uint16_t *label)
{
    mho_hw ideal = e->hw.hw;
    mho_chip *chip = NULL;
    size_t wrong = 0;
    ideal.device = mho_device_ideal(&e->hw.hw.device);
    mho_status s = mho_chip_create(e->net, &ideal, &e->calibration, &chip);
    if (!s)
        s = mho_chip_program(chip, e->seed, 0);
    if (!s)
        s = count_errors(chip, &e->data->test, e->images, label, &wrong);
    e->ideal_error = (double)wrong / (double)e->images;
    mho_chip_destroy(chip);
    return s;
}

static mho_status run_trials(evaluation *e)
{
    mho_chip *chip = NULL;
    mho_status s = mho_chip_create(e->net, &e->hw.hw, &e->calibration, &chip);
    if (!s)
        s = mho_chip_errors(chip, &e->data->test, e->images, e->seed, e->trials, e->error,
                            &e->spread, &e->inference_s);
    mho_chip_destroy(chip);
    return s;
}

/* The 8-bit CNN with ideal devices and its own converters.  For a network of the zoo its float
 * training is built in; a file in binary mode has no counterpart, one in full mode is its own. */
static mho_status run_base(const cli_args *args, evaluation *e, uint16_t *label)
{
    const bool binary = mho_hw_is_binary(&e->hw.hw);
    mho_hw ideal = e->base_hw.hw;
    mho_net *net = NULL;
    mho_chip *chip = NULL;
    size_t wrong = 0;
    e->base_error = (double)NAN;
    mho_status s = mho_model_open(args->file[0], MHO_STYLE_FLOAT, e->data->name, &net);
    if (s == MHO_ENOMODEL || (!s && binary && e->from_file)) {
        mho_net_destroy(net);
        return MHO_OK;
    }
    ideal.device.variation = 0;
    ideal.device.variation_sigma = 0;
    if (!s)
        s = mho_chip_create(net, &ideal, &e->calibration, &chip);
    if (!s)
        s = mho_chip_program(chip, e->seed, 0);
    if (!s)
        s = count_errors(chip, &e->data->test, e->images, label, &wrong);
    if (!s)
        e->base_error = (double)wrong / (double)e->images;
    mho_chip_destroy(chip);
    mho_net_destroy(net);
    return s;
}

static mho_status run_accuracy(const cli_args *args, evaluation *e)
{
    size_t wrong = 0;
    uint16_t *label = cli_alloc(e->images * sizeof *label);
    mho_status s = mho_infer_errors(e->net, &e->data->test, e->images, &wrong);
    if (!s) {
        e->software_error = (double)wrong / (double)e->images;
        s = run_ideal(e, label);
    }
    if (!s)
        s = run_base(args, e, label);
    if (!s)
        s = run_trials(e);
    free(label);
    e->interrupted = s == MHO_EINTERRUPTED && e->spread.trials > 0;
    return s;
}

/* The network before the data: its model goes by the name of the data, which is cheap to find out. */
static mho_status open_network(const cli_args *args, evaluation *e)
{
    bool binary = mho_hw_is_binary(&e->hw.hw);
    mho_net *plain = NULL;
    mho_status s = mho_net_open(args->file[0], &plain);
    bool trained = !s && mho_net_has_parameters(plain);
    e->from_file = trained;
    mho_net_destroy(plain);
    if (!s)
        s = mho_data_open(args->data, false, false, &e->data);
    if (!s)
        s = mho_model_open(args->file[0], binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT,
                           e->data->name, &e->net);
    if (s)
        return cli_hint_model(s, args->file[0], binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT);
    if (trained)
        snprintf(e->model, sizeof e->model, "%s", args->file[0]);
    else
        snprintf(e->model, sizeof e->model, "%s, built in, trained on %s",
                 binary ? "binary" : "float", e->data->name);
    return MHO_OK;
}

static mho_status run_costs(evaluation *e)
{
    mho_status s = mho_estimate_create(e->net, &e->hw.hw, &e->own);
    if (s == MHO_ENOTMODELED) {
        char reason[400];
        snprintf(reason, sizeof reason, "%s", mho_error_message());
        return mho_error(s, "%s; `mho simulate` tells the accuracy, which needs no prices", reason);
    }
    if (!s)
        s = mho_estimate_create(e->net, &e->base_hw.hw, &e->base);
    if (!s)
        s = mho_cycles_pipelined(e->net, &e->pipelined);
    if (!s)
        s = mho_cycles_layer_by_layer(e->net, &e->layer_by_layer);
    return s;
}

static mho_status prepare(const cli_args *args, evaluation *e)
{
    mho_status s = open_hardware(args, e);
    if (!s)
        s = open_network(args, e);
    if (!s)
        s = run_costs(e);
    if (!s)
        s = open_data(args, e);
    if (!s)
        s = check_shapes(e->net, &e->data->test, e->data->name);
    if (s)
        return s;
    e->images = args->has_images ? args->images : e->data->test.count;
    if (e->images > e->data->test.count)
        return mho_error(MHO_EUSAGE, "--images = %zu, want 1..%zu: %s has no more", e->images,
                         e->data->test.count, e->data->name);
    e->error = cli_alloc(e->trials * sizeof *e->error);
    return MHO_OK;
}

mho_status evaluation_run(const cli_args *args, evaluation *e)
{
    double start_s = mho_seconds();
    *e = (evaluation){.seed = args->seed, .trials = args->trials};
    mho_status s = prepare(args, e);
    if (!s)
        s = run_accuracy(args, e);
    e->seconds = mho_seconds() - start_s;
    return s;
}

void evaluation_free(evaluation *e)
{
    mho_estimate_destroy(e->own);
    mho_estimate_destroy(e->base);
    mho_net_destroy(e->net);
    mho_images_free(&e->calibration);
    mho_data_destroy(e->data);
    free(e->error);
    *e = (evaluation){0};
}
