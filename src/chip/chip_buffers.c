/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of feature maps: a map takes a buffer when its step runs and leaves it to others after its last reader, so
 * a deep network needs what its widest cut holds. */
#include "base/alloc.h"
#include "chip/chip_impl.h"

typedef struct buffers {
    chip_map **holder; /* [buffers] NULL: free */
    mho_chip *chip;
} buffers;

/* Of those that are free the smallest that holds the map, else the largest. */
static size_t best_free(const buffers *b, size_t size)
{
    size_t best = CHIP_NONE;
    for (size_t i = 0; i < b->chip->buffers; i++) {
        if (b->holder[i])
            continue;
        const size_t is = b->chip->buffer[i];
        const size_t was = best == CHIP_NONE ? 0 : b->chip->buffer[best];
        const bool nearer = was < size ? is > was : is >= size && is < was;
        best = best == CHIP_NONE || nearer ? i : best;
    }
    return best;
}

static void take(buffers *b, chip_map *map)
{
    size_t i = best_free(b, map->bytes);
    if (i == CHIP_NONE)
        i = b->chip->buffers++;
    map->buffer = i;
    b->holder[i] = map;
    b->chip->buffer[i] = map->bytes > b->chip->buffer[i] ? map->bytes : b->chip->buffer[i];
}

void mhoi_chip_last_uses(const mho_chip *chip, size_t *last)
{
    for (size_t s = 0; s < chip->steps; s++) {
        last[chip->step[s].in] = s;
        if (chip->step[s].in2 != CHIP_NONE)
            last[chip->step[s].in2] = s;
        for (size_t k = 0; k < chip->step[s].reads; k++)
            last[chip->step[s].from[k]] = s;
        if (chip->step[s].out != CHIP_NONE)
            last[chip->step[s].out] = s; /* until someone reads it */
    }
    if (chip->scores_map != CHIP_NONE)
        last[chip->scores_map] = chip->steps;
}

mho_status mhoi_chip_buffers_set(mho_chip *chip)
{
    buffers b = {.chip = chip};
    size_t *last = NULL;
    mho_status s = mhoi_alloc(&chip->buffer, chip->maps, sizeof *chip->buffer, "buffers of maps");
    if (!s)
        s = mhoi_alloc(&b.holder, chip->maps, sizeof(chip_map *), "buffers of maps");
    if (!s)
        s = mhoi_alloc(&last, chip->maps, sizeof *last, "buffers of maps");
    if (!s) {
        mhoi_chip_last_uses(chip, last);
        take(&b, &chip->map[0]);
    }
    for (size_t i = 0; !s && i < chip->steps; i++) {
        if (chip->step[i].out != CHIP_NONE)
            take(&b, &chip->map[chip->step[i].out]);
        for (size_t k = 0; k < chip->buffers; k++)
            if (b.holder[k] && last[b.holder[k] - chip->map] == i)
                b.holder[k] = NULL;
    }
    mhoi_free(&b.holder);
    mhoi_free(&last);
    return s;
}
