/* SPDX-License-Identifier: Apache-2.0 */
/* The error of a chip over programmings, with confidence intervals; docs/models/explore.md. */
#include <math.h>

#include "base/alloc.h"
#include "mho/study.h"
#include "mho/run.h"
#include "study/bench.h"

#define Z 1.959963985 /* 97.5 % of the normal distribution lie below it */

double mho_student_95(size_t n)
{
    static const double first[] = {12.706205, 4.302653, 3.182446, 2.776445, 2.570582,
                                   2.446912,  2.364624, 2.306004, 2.262157, 2.228139};
    if (n == 0)
        return INFINITY;
    if (n <= sizeof first / sizeof *first)
        return first[n - 1];
    /* Abramowitz and Stegun 26.7.5: off by less than 2e-4 from 11 on. */
    const double z = Z, z2 = Z * Z, v = (double)n;
    const double g1 = z * (z2 + 1) / 4, g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
    const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    return z + g1 / v + g2 / (v * v) + g3 / (v * v * v);
}

mho_interval mho_images_interval(double error, size_t images)
{
    const double z2 = Z * Z, n = (double)images;
    const double middle = (error + z2 / (2 * n)) / (1 + z2 / n);
    const double half = Z / (1 + z2 / n) * sqrt(error * (1 - error) / n + z2 / (4 * n * n));
    return (mho_interval){.low = error > 0 ? fmax(0, middle - half) : 0,
                          .high = error < 1 ? fmin(1, middle + half) : 1};
}

/* Counted in images, so that equal programmings have no deviation. */
void mhoi_error_estimate(const size_t *wrong, size_t trials, size_t count, mho_error_estimate *out)
{
    const double images = (double)count, n = (double)trials;
    size_t low = wrong[0], high = wrong[0];
    double sum = 0, squares = 0;
    for (size_t t = 0; t < trials; t++) {
        low = wrong[t] < low ? wrong[t] : low;
        high = wrong[t] > high ? wrong[t] : high;
        sum += (double)wrong[t];
        squares += (double)wrong[t] * (double)wrong[t];
    }
    const double variance = low < high ? (squares - sum * sum / n) / (n - 1) : 0;
    const double p = sum / n / images;
    out->spread = (mho_spread){.mean = p,
                               .std = sqrt(variance) / images,
                               .min = (double)low / images,
                               .max = (double)high / images,
                               .trials = trials};
    out->half = trials > 1 ? mho_student_95(trials - 1) * out->spread.std / sqrt(n) : NAN;
    out->images_half = Z * sqrt(p * (1 - p) / images);
    out->images = mho_images_interval(p, count);
}

static mho_status one_trial(mho_chip *chip, const mho_images *images, size_t count, uint64_t seed,
                            size_t trial, uint16_t *label, size_t *wrong, double *seconds)
{
    mho_status s = mho_chip_program(chip, seed, (uint32_t)trial);
    const double start_s = mho_seconds();
    if (!s)
        s = mho_chip_run(chip, images, 0, count, NULL, label);
    *seconds += mho_seconds() - start_s;
    for (size_t i = 0; !s && i < count; i++)
        *wrong += label[i] != images->label[i];
    return s;
}

mho_status mho_error_of(mho_chip *chip, const mho_images *images, size_t count, uint64_t seed,
                        size_t trials, double wanted_half, double *error, mho_trial_fn *each,
                        void *user, mho_error_estimate *out)
{
    uint16_t *label = NULL;
    size_t *wrong = NULL;
    *out = (mho_error_estimate){.half = NAN};
    if (!count || !trials || trials > UINT32_MAX)
        return mho_error(MHO_EDOMAIN, "images = %zu, trials = %zu, want 1 or more", count, trials);
    mho_status s = mhoi_alloc(&label, count, sizeof *label, "labels");
    if (!s)
        s = mhoi_alloc(&wrong, trials, sizeof *wrong, "errors");
    for (size_t t = 0; !s && t < trials; t++) {
        if (each)
            each(user, t);
        s = one_trial(chip, images, count, seed, t, label, &wrong[t], &out->inference_s);
        if (s)
            break;
        mhoi_error_estimate(wrong, t + 1, count, out);
        if (error)
            error[t] = (double)wrong[t] / (double)count;
        if (t + 1 >= MHO_TRIALS_LEAST && wanted_half > 0 && out->half <= wanted_half)
            break;
    }
    mhoi_free(&label);
    mhoi_free(&wrong);
    return s;
}
