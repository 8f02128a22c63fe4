/* SPDX-License-Identifier: Apache-2.0 */
/* General operators in digital units, image after image, with the arithmetic of software (ops/ops.h) on what the maps
 * before them hold. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "chip/chip_lanes.h"
#include "chip/chip_work.h"
#include "ops/ops.h"

void mhoi_chip_decode(const chip_map *map, const uint8_t *held, size_t k, float *y)
{
    const uint8_t *at = held + k * map->bytes;
    if (map->values) {
        memcpy(y, at, map->size * sizeof *y);
        return;
    }
    if (map->coding != MHOI_MAP_BITS) {
        mhoi_chip_lanes_best()->decode(at, map->size, map->codes.lo < 0, map->zero, map->scale, y);
        return;
    }
    for (size_t i = 0; i < map->size; i++)
        y[i] = (float)(2 * at[i] - 1 - map->zero) * map->scale;
}

/* Input i of an operation as the array that it wants. */
static mho_status take(const mho_chip *chip, const chip_work *work, const chip_step *step, size_t i,
                       size_t k, mho_array *out)
{
    const mhoi_work *w = step->work;
    const size_t map = step->from[w->from[i]];
    mho_array floats = w->in[i];
    *out = (mho_array){0};
    floats.type = MHO_TYPE_FLOAT;
    floats.data = NULL;
    mho_status s = mhoi_array_alloc(&floats, "digital unit");
    if (s)
        return s;
    mhoi_chip_decode(&chip->map[map], work->map[map], k, floats.data);
    if (w->in[i].type == MHO_TYPE_FLOAT) {
        *out = floats;
        return MHO_OK;
    }
    s = mhoi_array_convert(&floats, w->in[i].type, out);
    mho_array_free(&floats);
    return s;
}

/* What an operation gives becomes the map: values, or codes that were moved. */
static void put(const mho_chip *chip, const chip_work *work, const chip_step *step, size_t k,
                const mho_array *y)
{
    const chip_map *map = &chip->map[step->out];
    uint8_t *to = work->map[step->out] + k * map->bytes;
    double v;
    for (size_t i = 0; i < map->size; i++) {
        if (y->type == MHO_TYPE_FLOAT)
            v = (double)((const float *)y->data)[i];
        else
            mhoi_array_reals(y, i, 1, &v);
        if (map->values) {
            float f = (float)v;
            if (map->scaled)
                mho_quant_round(&f, 1, map->scale, chip_numbers(map));
            memcpy(to + i * sizeof f, &f, sizeof f);
        } else {
            to[i] = (uint8_t)((int)lrint(v / (double)map->scale) + map->zero);
        }
    }
}

static mho_status run_one(const mho_chip *chip, const chip_work *work, const chip_step *step,
                          size_t k, const mho_array **in, mho_array *own, mho_array *out)
{
    const mhoi_work *w = step->work;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < w->inputs; i++) {
        own[i] = (mho_array){0};
        in[i] = w->in[i].type == MHO_TYPE_NONE ? NULL : &w->in[i];
        if (w->from[i] == MHOI_NO_NODE)
            continue;
        s = take(chip, work, step, i, k, &own[i]);
        in[i] = &own[i];
    }
    mhoi_call call = {
        .op = w->op, .inputs = w->inputs, .outputs = w->op->outputs, .in = in, .out = out};
    if (!s)
        s = mhoi_call_run(&call);
    if (!s && out[w->output].count != chip->map[step->out].size)
        s = mho_error(MHO_EINTERNAL, "layer %s: %zu values, want %zu", chip->map[step->out].name,
                      out[w->output].count, chip->map[step->out].size);
    if (!s)
        put(chip, work, step, k, &out[w->output]);
    for (size_t i = 0; i < w->op->outputs; i++)
        mho_array_free(&out[i]);
    for (size_t i = 0; i < w->inputs; i++)
        if (w->from[i] != MHOI_NO_NODE)
            mho_array_free(&own[i]);
    return s;
}

mho_status mhoi_chip_general(const mho_chip *chip, const chip_work *work, const chip_step *step,
                             size_t n)
{
    const mhoi_work *w = step->work;
    const mho_array **in = NULL;
    mho_array *own = NULL, *out = NULL;
    mhoi_memory_unbound();
    mho_status s = mhoi_alloc(&in, w->inputs, sizeof(void *), "digital unit");
    if (!s)
        s = mhoi_alloc(&own, w->inputs, sizeof *own, "digital unit");
    if (!s)
        s = mhoi_alloc(&out, w->op->outputs, sizeof *out, "digital unit");
    for (size_t k = 0; !s && k < n; k++)
        s = run_one(chip, work, step, k, in, own, out);
    mhoi_free(&in);
    mhoi_free(&own);
    mhoi_free(&out);
    return s ? mho_error_prefix(s, "layer %s", chip->map[step->out].name) : MHO_OK;
}
