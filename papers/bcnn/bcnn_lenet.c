/* SPDX-License-Identifier: Apache-2.0 */
#include "bcnn_lenet.h"

#include <math.h>
#include <string.h>

enum { CALIBRATION = 1000, TEST = 10000 };

/* A quick look at few images calibrates on as few. */
static mho_status open_images(const paper_args *args, bcnn_lenet *lenet)
{
    mho_status s = mho_data_open(args->data, false, true, &lenet->data);
    if (s)
        return s;
    const size_t there = lenet->data->test.count;
    lenet->images = args->images ? args->images : there;
    if (lenet->images < 1 || lenet->images > there)
        return mho_error(MHO_EUSAGE, "images = %zu, want 1..%zu: %s has no more", lenet->images,
                         there, lenet->data->name);
    return mho_data_head(lenet->data, lenet->images < CALIBRATION ? lenet->images : CALIBRATION,
                         &lenet->calibration);
}

mho_status bcnn_lenet_open(const paper_args *args, bool with_full, bcnn_lenet *out)
{
    *out = (bcnn_lenet){.trials = args->trials, .seed = args->seed};
    mho_status s = open_images(args, out);
    if (!s)
        s = mho_model_open("lenet", MHO_STYLE_BINARY, out->data->name, &out->binary);
    if (!s && with_full)
        s = mho_model_open("lenet", MHO_STYLE_FLOAT, out->data->name, &out->full);
    if (s) {
        bcnn_lenet_close(out);
        return s;
    }
    out->comparable = !strcmp(out->data->name, "mnist") && out->images == TEST;
    snprintf(out->setting, sizeof out->setting,
             "%zu test images of %s, %zu programming%s, seed %llu", out->images, out->data->name,
             out->trials, out->trials == 1 ? "" : "s", (unsigned long long)out->seed);
    return MHO_OK;
}

void bcnn_lenet_close(bcnn_lenet *lenet)
{
    mho_images_free(&lenet->calibration);
    mho_data_destroy(lenet->data);
    mho_net_destroy(lenet->binary);
    mho_net_destroy(lenet->full);
    *lenet = (bcnn_lenet){0};
}

void bcnn_lenet_judge(const bcnn_lenet *lenet, paper_result *result)
{
    char reason[160];
    if (lenet->comparable)
        return;
    if (!strcmp(lenet->data->name, "mnist"))
        snprintf(reason, sizeof reason, "needs all %d test images, this run took %zu", TEST,
                 lenet->images);
    else
        snprintf(reason, sizeof reason,
                 "needs MNIST (--data DIR, or `mho data fetch mnist`), this run took %s images",
                 lenet->data->name);
    paper_incomparable(result, reason);
}

mho_status bcnn_lenet_error(const bcnn_lenet *lenet, const mho_net *net, const char *hw,
                            const char *const *sets, size_t trials, mho_spread *percent)
{
    mho_hw *config = NULL;
    mho_chip *chip = NULL;
    mho_status s = mho_hw_open(hw, sets, &config);
    if (!s)
        s = mho_chip_open(net, config, &lenet->calibration, &chip);
    if (!s)
        s = mho_chip_errors(chip, &lenet->data->test, lenet->images, lenet->seed, trials, NULL,
                            percent, NULL);
    mho_chip_destroy(chip);
    mho_hw_destroy(config);
    if (s)
        return s;
    percent->mean *= 100;
    percent->std *= 100;
    percent->min *= 100;
    percent->max *= 100;
    return MHO_OK;
}

double bcnn_lenet_binomial(const bcnn_lenet *lenet, double percent)
{
    return sqrt(percent * (100 - percent) / (double)lenet->images);
}
