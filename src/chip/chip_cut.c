/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that are cut off: those further than half a step beyond the outer codes' values. */
#include "chip/chip_cut.h"

static void *watch_sums(void *user, size_t step, size_t *every)
{
    chip_cutter *cutter = user;
    const chip_step *of = &cutter->chip->step[step];
    const mho_converter *c = &cutter->chip->layer[of->layer].converter;
    *every = 1;
    if (!c->codes)
        return NULL;
    cutter->from = (int64_t)c->edge - c->step;
    cutter->end = (int64_t)c->edge + (int64_t)(c->codes - 1) * c->step;
    return cutter;
}

/* In 32 bits, which fill registers better; sums have no more. */
static uint64_t beyond(const chip_cutter *cutter, const int32_t *sum, size_t n)
{
    const int32_t from = cutter->from < INT32_MIN ? INT32_MIN : (int32_t)cutter->from;
    const int32_t last = cutter->end > INT32_MAX ? INT32_MAX : (int32_t)(cutter->end - 1);
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += (uint32_t)((sum[i] < from) | (sum[i] > last));
    return count;
}

/* Where both of a pair are 0 and have converters of their own, their difference is right whatever these make of them. */
static uint64_t nothing(const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += (uint32_t)((s_plus[i] | s_minus[i]) == 0);
    return 2 * (uint64_t)count;
}

static void count(void *user, const int32_t *s_plus, const int32_t *s_minus, size_t n)
{
    chip_cutter *cutter = user;
    const uint64_t idle = s_minus ? nothing(s_plus, s_minus, n) : 0;
    cutter->cut.sums += (s_minus ? 2 * n : n) - idle;
    cutter->cut.beyond += beyond(cutter, s_plus, n);
    if (s_minus)
        cutter->cut.beyond += beyond(cutter, s_minus, n);
    if (idle && (cutter->from > 0 || cutter->end <= 0))
        cutter->cut.beyond -= idle;
}

chip_watch mhoi_chip_cutter_watch(chip_cutter *cutter)
{
    return (chip_watch){.sums = watch_sums, .each = count, .user = cutter};
}
