/* SPDX-License-Identifier: Apache-2.0 */
/* Beyond the paper, whose devices are ideal: does a weight that k positions share make faults worse?  LeNet in blocks of 16 and 128 as
 * representative vectors; the same weights each in cells of its own; and the uncompressed network at 6 bits. */
#include <math.h>
#include <string.h>

#include "papers.h"

paper_run_fn reboc_variation;

enum {
    IMAGES = 300,
    PROGRAMMINGS = 5
}; /* unless fewer are asked for: each takes a tenth of a second */

typedef struct subject {
    const char *name, *net, *set[4];
} subject;

static const subject subjects[] = {
    {"shared", "lenet-circulant-mnist", {NULL}},
    {"not shared", "lenet-circulant-mnist", {"crossbar.circulant=expanded", NULL}},
    {"uncompressed",
     "lenet-float-mnist",
     {"crossbar.weight_bits=6", "input.bits=6", "input.first_bits=6", NULL}},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects, SHARED = 0, UNSHARED = 1 };

typedef struct setting {
    const char *name, *set[2];
} setting;

static const setting settings[] = {
    {"cells within 1/4 of a level", {"device.variation=0.25", NULL}},
    {"cells within 1/2 of a level", {"device.variation=0.5", NULL}},
    {"cells within a level", {"device.variation=1", NULL}},
    {"0.3 % of the cells stuck", {"device.stuck_on=0.0015", "device.stuck_off=0.0015"}},
    {"1 % of the cells stuck", {"device.stuck_on=0.005", "device.stuck_off=0.005"}},
    {"3 % of the cells stuck", {"device.stuck_on=0.015", "device.stuck_off=0.015"}},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

typedef struct run {
    const paper_args *args;
    mho_data *data;
    mho_images calibration;
    size_t images, trials;
} run;

static mho_status measure(const run *r, const subject *who, const setting *w, size_t trials,
                          mho_error_estimate *out)
{
    const char *sets[8] = {NULL};
    size_t n = 0;
    mho_net *net = NULL;
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    for (size_t i = 0; w && i < 2 && w->set[i]; i++)
        sets[n++] = w->set[i];
    for (size_t i = 0; who->set[i]; i++)
        sets[n++] = who->set[i];
    mho_status s = mho_net_open(who->net, &net);
    if (!s)
        s = mho_hw_open("reboc", sets, &hw);
    if (!s)
        s = mho_chip_open(net, hw, &r->calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &r->data->test, r->images, r->args->seed, trials, 0, NULL, NULL,
                         NULL, out);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    mho_net_destroy(net);
    return s;
}

static double half_of(const mho_error_estimate *e)
{
    return isfinite(e->half) ? 100 * e->half : 0;
}

/* The difference of two means of programmings, and the half of its 95 % interval. */
static mho_status put_difference(paper_result *result, const setting *w,
                                 const mho_error_estimate *e)
{
    char row[96];
    const double difference = 100 * (e[SHARED].spread.mean - e[UNSHARED].spread.mean);
    const double half = hypot(half_of(&e[SHARED]), half_of(&e[UNSHARED]));
    snprintf(row, sizeof row, "%s: what sharing adds", w->name);
    mho_status s = paper_value(result, difference, "%s", row);
    if (s)
        return s;
    if (half == 0)
        return paper_note(result, row, "one programming: no interval");
    return paper_note(result, row, "+- %.2f points (95 %%, programmings): %s", half,
                      fabs(difference) > half ? "told from none" : "not told from none");
}

static mho_status put_setting(paper_result *result, const run *r, size_t i, const double *ideal)
{
    const setting *w = &settings[i];
    mho_error_estimate e[SUBJECTS];
    mho_status s = MHO_OK;
    for (size_t k = 0; !s && k < SUBJECTS; k++) {
        mho_run_set_part(NULL, "hardware", i * SUBJECTS + k, SETTINGS * SUBJECTS);
        s = measure(r, &subjects[k], w, r->trials, &e[k]);
        if (!s)
            s = paper_value(result, 100 * e[k].spread.mean - ideal[k], "%s: %s", w->name,
                            subjects[k].name);
    }
    if (s)
        return s;
    fprintf(result->text, "  %-30s", w->name);
    for (size_t k = 0; k < SUBJECTS; k++)
        fprintf(result->text, " %10.2f +- %-6.2f", 100 * e[k].spread.mean, half_of(&e[k]));
    fputc('\n', result->text);
    return put_difference(result, w, e);
}

static mho_status open_run(run *r)
{
    mho_status s = mho_data_open(r->args->data, false, true, &r->data);
    if (!s)
        s = mho_data_head(r->data, 1000, &r->calibration);
    if (s)
        return s;
    const size_t wanted = r->args->images ? r->args->images : IMAGES;
    r->images = wanted < r->data->test.count ? wanted : r->data->test.count;
    r->trials = r->args->trials < PROGRAMMINGS ? r->args->trials : PROGRAMMINGS;
    return MHO_OK;
}

mho_status reboc_variation(const paper_args *args, paper_result *result)
{
    run r = {.args = args};
    double ideal[SUBJECTS];
    mho_status s = open_run(&r);
    for (size_t k = 0; !s && k < SUBJECTS; k++) {
        mho_error_estimate e;
        s = measure(&r, &subjects[k], NULL, 1, &e);
        ideal[k] = s ? 0 : 100 * e.spread.mean;
    }
    if (!s) {
        fprintf(
            result->text,
            "  error in %%, mean of %zu programmings and 95 %% of them; %zu test images of %s\n  "
            "%-30s",
            r.trials, r.images, r.data->name, "");
        for (size_t k = 0; k < SUBJECTS; k++)
            fprintf(result->text, " %20s", subjects[k].name);
        fprintf(result->text, "\n  %-30s", "ideal devices");
        for (size_t k = 0; k < SUBJECTS; k++)
            fprintf(result->text, " %10.2f %9s", ideal[k], "");
        fputc('\n', result->text);
    }
    for (size_t i = 0; !s && i < SETTINGS; i++)
        s = put_setting(result, &r, i, ideal);
    mho_run_set_part(NULL, "", 0, 0);
    mho_images_free(&r.calibration);
    mho_data_destroy(r.data);
    return s;
}
