/* SPDX-License-Identifier: Apache-2.0 */
#include "bcnn_lenet.h"

#include <math.h>
#include <string.h>

enum { CALIBRATION = 1000, TEST = 10000 };

/* A quick look at few images calibrates on as few. */
static size_t calibration_of(size_t images)
{
    return images && images < CALIBRATION ? images : CALIBRATION;
}

mho_status bcnn_lenet_open(const paper_args *args, bcnn_lenet *out)
{
    char few[64];
    const char *const sets[] = {few, NULL};
    const mho_subject subject = {.net = "lenet", .hw = "bcnn", .set = sets, .data = args->data};
    mho_study_options options = mho_study_options_default();
    mho_result what = {.command = NULL};
    options.seed = args->seed;
    options.images = args->images;
    *out = (bcnn_lenet){.trials = args->trials, .seed = args->seed};
    snprintf(few, sizeof few, "output.calibration_images=%zu", calibration_of(args->images));
    mho_status s = mho_study_open(&subject, &options, NULL, NULL, &out->study);
    if (!s)
        s = mho_study_describe(out->study, &what);
    if (s) {
        bcnn_lenet_close(out);
        return s;
    }
    out->images = what.options.images;
    snprintf(out->data, sizeof out->data, "%s", what.data);
    mho_result_free(&what);
    out->comparable = !strcmp(out->data, "mnist") && out->images == TEST;
    snprintf(out->setting, sizeof out->setting,
             "%zu test images of %s, %zu programming%s, seed %llu", out->images, out->data,
             out->trials, out->trials == 1 ? "" : "s", (unsigned long long)out->seed);
    return MHO_OK;
}

void bcnn_lenet_close(bcnn_lenet *lenet)
{
    mho_run_set_part(NULL, "", 0, 0);
    mho_study_destroy(lenet->study);
    *lenet = (bcnn_lenet){.study = NULL};
}

void bcnn_lenet_judge(const bcnn_lenet *lenet, paper_result *result)
{
    char reason[160];
    if (lenet->comparable)
        return;
    if (!strcmp(lenet->data, "mnist"))
        snprintf(reason, sizeof reason, "needs all %d test images, this run took %zu", TEST,
                 lenet->images);
    else
        snprintf(reason, sizeof reason,
                 "needs MNIST (--data DIR, or `mho data fetch mnist`), this run took %s images",
                 lenet->data);
    paper_incomparable(result, reason);
}

typedef struct turn {
    const bcnn_lenet *lenet;
    size_t trials;
} turn;

/* Parts of equal length whatever the number of programmings. */
static void show(void *user, size_t trial)
{
    const turn *t = user;
    const bcnn_lenet *l = t->lenet;
    if (l->parts)
        mho_run_set_part(NULL, l->what, l->part * l->trials + trial * l->trials / t->trials,
                         l->parts * l->trials);
}

mho_status bcnn_lenet_error(bcnn_lenet *lenet, const char *name, const char *const *sets,
                            size_t trials, mho_spread *percent)
{
    char few[64];
    mho_hw *hw = NULL;
    mho_error_estimate e;
    turn t = {lenet, trials};
    snprintf(few, sizeof few, "output.calibration_images=%zu", calibration_of(lenet->images));
    mho_status s = mho_hw_open(name, sets, &hw);
    if (!s)
        s = mho_hw_set(hw, few);
    if (!s)
        s = mho_study_error(lenet->study, hw, trials, show, &t, &e);
    mho_hw_destroy(hw);
    if (lenet->parts && ++lenet->part == lenet->parts)
        mho_run_set_part(NULL, "", 0, 0);
    if (s)
        return s;
    *percent = e.spread;
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
