/* SPDX-License-Identifier: Apache-2.0 */
/* The least squared error of a classifier's sums asks for a range that holds all of them, the low scores of all classes but one too,
 * and the highest scores of many images may lie within one of its steps: decisions ask for finer steps where those are. */
#include "chip/chip_decide.h"

#include <math.h>

#include "base/alloc.h"
#include "crossbar/converter.h"

enum {
    BLOCK = 64,
    PARTS = 9,  /* of the range: 10/10 .. 2/10 of it, */
    PLACES = 3, /* low, in the middle, high, */
    SHIFTS = 4, /* moved by parts of a step */
    TRIED = PARTS * PLACES * SHIFTS
};
#define CLEARLY 3.0 /* standard deviations of chance */

bool mhoi_chip_decides(const mho_chip *chip, size_t step, const mho_images *images)
{
    const chip_step *of = &chip->step[step];
    if (of->kind != CHIP_CROSSBAR || of->out != CHIP_NONE || images->classes < 2 ||
        images->classes > chip->classes)
        return false;
    const chip_layer *layer = &chip->layer[of->layer];
    return layer->needs_range && !layer->place->vote && layer->positions == 1 &&
           chip->plan->output.range == MHO_RANGE_LEAST_SQUARES &&
           chip->plan->output.edges == MHO_EDGES_UNIFORM &&
           chip->map[of->in].coding == MHOI_MAP_CODES;
}

static size_t largest_of(const float *score, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        best = score[k] > score[best] ? k : best;
    return best;
}

/* What the layer decides with the converter that is in use. */
static mho_status decisions(const mho_chip *chip, chip_work *work, size_t step, const uint8_t *in,
                            size_t count, size_t *decision)
{
    const size_t bytes = chip->map[chip->step[step].in].bytes;
    mho_status s = MHO_OK;
    for (size_t first = 0; !s && first < count; first += BLOCK) {
        const size_t n = count - first < BLOCK ? count - first : BLOCK;
        s = mhoi_chip_work_step(chip, work, step, n, in + first * bytes, NULL, NULL, NULL, NULL);
        const float *score = mhoi_chip_work_scores(work);
        for (size_t k = 0; !s && k < n; k++)
            decision[first + k] = largest_of(score + k * chip->classes, chip->classes);
    }
    return s;
}

/* Decisions of ideal converters, and room for others. */
typedef struct judge {
    const mho_chip *chip;
    chip_layer *layer;
    chip_work *work;
    size_t step, count, *want, *got;
    const uint8_t *in;
} judge;

/* Images that a converter decides in another way. */
static mho_status changed_by(judge *j, const mho_converter *c, size_t *changed)
{
    const mho_converter ideal = j->layer->converter;
    j->layer->converter = *c;
    const mho_status s = decisions(j->chip, j->work, j->step, j->in, j->count, j->got);
    j->layer->converter = ideal;
    *changed = 0;
    for (size_t i = 0; !s && i < j->count; i++)
        *changed += j->got[i] != j->want[i];
    return s;
}

/* Chance alone makes so many more of one than of the other rarely. */
static bool is_clearly_less(size_t a, size_t b)
{
    return (double)b > (double)a + CLEARLY * sqrt((double)a + (double)b);
}

/* Try k: a part of the range of c. */
static mho_converter part_of(const judge *j, const mho_converter *c, int k)
{
    const int size = k / (PLACES * SHIFTS), place = k / SHIFTS % PLACES, shift = k % SHIFTS;
    const double part = 1 - size / (PARTS + 1.0);
    const double all = (double)c->step * (c->codes - 1), step = (double)c->step * part;
    const double lo =
        mhoi_converter_lo(c) + all * (1 - part) * place / (PLACES - 1) + step * shift / SHIFTS;
    return mhoi_chip_converter_of(j->chip, j->layer,
                                  (mhoi_range){llround(lo), llround(lo + all * part)}, true);
}

static mho_status choose(judge *j)
{
    const mho_converter first = j->layer->calibrated;
    size_t of_first = 0, least;
    mho_status s = decisions(j->chip, j->work, j->step, j->in, j->count, j->want);
    if (!s)
        s = changed_by(j, &first, &of_first);
    least = of_first;
    for (int k = 0; !s && is_clearly_less(0, of_first) && k < TRIED; k++) {
        const mho_converter c = part_of(j, &first, k);
        size_t changed;
        s = changed_by(j, &c, &changed);
        if (s || changed >= least || !is_clearly_less(changed, of_first))
            continue;
        least = changed;
        j->layer->calibrated = c;
    }
    return s;
}

mho_status mhoi_chip_decide(mho_chip *chip, size_t step, const uint8_t *in, size_t count)
{
    judge j = {.chip = chip,
               .layer = &chip->layer[chip->step[step].layer],
               .step = step,
               .count = count,
               .in = in};
    if (!j.layer->calibrated.codes)
        return MHO_OK;
    mho_status s = mhoi_chip_work_create_step(chip, step, BLOCK, &j.work);
    if (!s)
        s = mhoi_alloc(&j.want, count, sizeof *j.want, "calibration");
    if (!s)
        s = mhoi_alloc(&j.got, count, sizeof *j.got, "calibration");
    if (!s)
        s = choose(&j);
    mhoi_chip_work_destroy(j.work);
    mhoi_free(&j.want);
    mhoi_free(&j.got);
    return s;
}
