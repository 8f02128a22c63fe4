/* SPDX-License-Identifier: Apache-2.0 */
/* Accuracy on MNIST of a network of NeuRRAM's kind on its description, beside what the chip has. */
#include <string.h>

#include "papers.h"

paper_run_fn silicon_accuracy;

enum { CALIBRATION = 1000, TEST = 10000 };

/* Cells of the description, or as measured on the chip. */
typedef struct cells {
    const char *row, *set[2];
    bool varied;
} cells;

static const cells kinds[] = {
    {"MNIST, cells a second after writing", {"device=neurram"}, true},
    {"MNIST, cells a day after writing", {"device=neurram-day"}, true},
    {"MNIST, ideal cells", {NULL}, false},
};

/* Accuracy in %. */
static mho_status accuracy(mho_study *study, const char *const *sets, const char *few,
                           size_t trials, double *percent)
{
    mho_hw *hw = NULL;
    mho_error_estimate e = {.spread = {.mean = 1}};
    mho_status s = mho_hw_open("wan2022", sets, &hw);
    if (!s)
        s = mho_hw_set(hw, few);
    if (!s)
        s = mho_study_error(study, hw, trials, NULL, NULL, &e);
    mho_hw_destroy(hw);
    *percent = 100 * (1 - e.spread.mean);
    return s;
}

static mho_status put(mho_study *study, const char *few, size_t trials, paper_result *result)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof kinds / sizeof *kinds; i++) {
        double percent;
        s = accuracy(study, kinds[i].set, few, kinds[i].varied ? trials : 1, &percent);
        if (!s)
            s = paper_value(result, percent, "%s", kinds[i].row);
    }
    return s;
}

static mho_status judge(mho_study *study, paper_result *result)
{
    mho_result what = {.command = NULL};
    mho_status s = mho_study_describe(study, &what);
    if (!s && (strcmp(what.data, "mnist") != 0 || what.options.images != TEST))
        paper_incomparable(result, "needs all 10000 test images of MNIST (--data DIR, or `mho data "
                                   "fetch mnist`)");
    mho_result_free(&what);
    return s;
}

mho_status silicon_accuracy(const paper_args *args, paper_result *result)
{
    char few[64];
    const char *const sets[] = {few, NULL};
    const mho_subject subject = {
        .net = "lenet-relu", .hw = "wan2022", .set = sets, .data = args->data};
    mho_study_options options = mho_study_options_default();
    mho_study *study = NULL;
    const size_t images = args->images && args->images < CALIBRATION ? args->images : CALIBRATION;
    options.seed = args->seed;
    options.images = args->images;
    snprintf(few, sizeof few, "output.calibration_images=%zu", images);
    mho_status s = mho_study_open(&subject, &options, NULL, NULL, &study);
    if (!s)
        s = put(study, few, args->trials, result);
    if (!s)
        s = judge(study, result);
    mho_study_destroy(study);
    return s;
}
