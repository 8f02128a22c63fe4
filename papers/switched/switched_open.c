/* SPDX-License-Identifier: Apache-2.0 */
#include "switched.h"

#include <string.h>

enum { CALIBRATION = 1000, TRAIN = 60000, TEST = 10000 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

mho_status switched_check_images(const paper_args *args, const switched_data *d)
{
    const size_t there = d->data->train.count;
    return args->images <= there
               ? MHO_OK
               : mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu training images", args->images,
                           there);
}

mho_status switched_open(const paper_args *args, switched_data *out)
{
    *out = (switched_data){.data = NULL};
    mho_status s = mho_data_open(args->data, false, false, &out->data);
    const bool mnist = !s && strcmp(out->data->name, "mnist") == 0;
    out->cifar = !s && strcmp(out->data->name, "cifar10") == 0;
    if (s || !(mnist || out->cifar))
        return s;
    switched_close(out);
    s = mho_data_open(args->data, true, true, &out->data);
    if (!s)
        s = switched_check_images(args, out);
    if (s)
        return s;
    const size_t most = args->images ? args->images : SIZE_MAX;
    out->train = smaller(most, out->data->train.count);
    out->test = smaller(most, out->data->test.count);
    out->mnist = mnist;
    out->comparable = out->mnist && out->train == TRAIN && out->test == TEST;
    return MHO_OK;
}

void switched_close(switched_data *d)
{
    mho_data_destroy(d->data);
    d->data = NULL;
}

void switched_judge(const switched_data *d, paper_result *result)
{
    if (!d->mnist)
        paper_incomparable(result, "needs MNIST (--data DIR, or `mho data fetch mnist`)");
    else if (!d->comparable)
        paper_incomparable(result, "needs all images: this run took the first few");
}

mho_status switched_model(const char *name, const char *kind, mho_net **out)
{
    char path[128];
    *out = NULL;
    snprintf(path, sizeof path, "models/%s-%s-mnist.onnx", name, kind);
    const mho_asset *model = mho_asset_find(path);
    if (!model)
        return mho_error(MHO_EINTERNAL, "%s is not part of the program", path);
    return mho_onnx_parse(model->data, model->size, path, out);
}

mho_status switched_software(const switched_data *d, const mho_net *net, double *percent)
{
    size_t wrong = 0;
    mho_status s = mho_infer_errors(net, &d->data->test, d->test, &wrong);
    *percent = 100 * (double)wrong / (double)d->test;
    return s;
}

mho_status switched_hardware(const switched_data *d, const mho_net *net, const char *name,
                             const char *const *sets, size_t trials, uint64_t seed,
                             mho_spread *percent)
{
    char few[64];
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    mho_images calibration = {.count = 0};
    mho_error_estimate e = {.spread = {0}};
    const size_t count = smaller(CALIBRATION, d->train);
    snprintf(few, sizeof few, "output.calibration_images=%zu", count);
    mho_status s = mho_hw_open(name, sets, &hw);
    if (!s)
        s = mho_hw_set(hw, few);
    if (!s)
        s = mho_data_head(d->data, count, &calibration);
    if (!s)
        s = mho_chip_open(net, hw, &calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &d->data->test, d->test, seed, trials, 0, NULL, NULL, NULL, &e);
    mho_chip_destroy(chip);
    mho_images_free(&calibration);
    mho_hw_destroy(hw);
    *percent = e.spread;
    percent->mean *= 100;
    percent->std *= 100;
    percent->min *= 100;
    percent->max *= 100;
    return s;
}
