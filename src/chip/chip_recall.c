/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations on the shelf of the run: those of a study's points that differ in nothing that calibration sees (variation,
 * noise, prices, test images) are made once.  The key is a hash of all that it sees: cells as they are programmed
 * ideally, what follows them, rules and pixels. */
#include <string.h>

#include "base/alloc.h"
#include "base/identity.h"
#include "base/parallel.h"
#include "base/shelf.h"
#include "chip/chip_recall.h"
#include "crossbar/cells.h"
#include "data/load.h"

enum { KEPT = 64 };

typedef struct found {
    float *scale;             /* [maps] */
    mho_converter *converter; /* [layers] */
    double *mean;             /* of all layers that have means, one after the other */
} found;

static void mix(chip_recall_key *key, const void *bytes, size_t size)
{
    for (int i = 0; i < 2; i++)
        key->half[i] = mhoi_hash(key->half[i], bytes, size);
}

static void mix_number(chip_recall_key *key, double x)
{
    mix(key, &x, sizeof x);
}

static void mix_sizes(chip_recall_key *key, size_t n, const size_t *size)
{
    mix(key, size, n * sizeof *size);
}

static void mix_window(chip_recall_key *key, const mho_window *w)
{
    const size_t all[] = {w->c,        w->h,          w->w,          w->kh,         w->kw,
                          w->stride_h, w->stride_w,   w->dilation_h, w->dilation_w, w->pad_top,
                          w->pad_left, w->pad_bottom, w->pad_right};
    mix_sizes(key, sizeof all / sizeof *all, all);
}

static void mix_chain(chip_recall_key *key, const chip_chain *chain)
{
    mix_sizes(key, 2, (const size_t[]){chain->points, chain->channels});
    for (size_t i = 0; i < chain->points; i++) {
        const chip_point *p = &chain->point[i];
        mix_sizes(key, 2, (const size_t[]){(size_t)p->op, p->zero_fires});
        mix_number(key, (double)p->slope);
        if (p->a)
            mix(key, p->a, chain->channels * sizeof *p->a);
        if (p->b)
            mix(key, p->b, chain->channels * sizeof *p->b);
    }
}

static void mix_step(chip_recall_key *key, const chip_step *step)
{
    const mho_node *n = &step->pool;
    const size_t all[] = {(size_t)step->kind, step->in,      step->in2,     step->out,
                          step->layer,        (size_t)n->op, n->kh,         n->kw,
                          n->stride_h,        n->stride_w,   n->dilation_h, n->dilation_w,
                          n->pad_top,         n->pad_left,   n->pad_bottom, n->pad_right};
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix_chain(key, &step->chain);
    if (step->all)
        mix(key, step->all, step->pool.out.c);
}

static void mix_map(chip_recall_key *key, const chip_map *map)
{
    const size_t all[] = {map->shape.c,        map->shape.h, map->shape.w,
                          (size_t)map->coding, map->bits,    map->scaled};
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix(key, &map->codes, sizeof map->codes);
    mix_number(key, (double)map->scale);
}

static void mix_place(chip_recall_key *key, const mho_chip *chip, const chip_layer *layer)
{
    const mhoi_place *place = layer->place;
    const mhoi_cells *k = layer->cells;
    const mhoi_range range = mhoi_range_full(chip->plan, place);
    const size_t all[] = {place->per_pair,
                          place->sense,
                          place->vote,
                          place->to_bits,
                          place->output_bits,
                          place->crossbar_rows,
                          place->group_rows,
                          place->row_groups,
                          place->turned,
                          place->turn_step,
                          place->turned ? place->told->turns : 0,
                          place->turned ? place->told->block : 0,
                          (size_t)k->alphabet,
                          (size_t)k->one,
                          (size_t)k->unit,
                          (size_t)k->base,
                          (size_t)k->scale,
                          k->slices,
                          k->slice_bits,
                          k->fold,
                          k->planes,
                          k->columns,
                          k->converted,
                          k->coding->counted,
                          k->coding->reference,
                          (size_t)range.lo,
                          (size_t)range.hi,
                          (size_t)mhoi_sum_spacing(place)};
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix(key, k->coding->name, strlen(k->coding->name));
    mix(key, &k->codes, sizeof k->codes);
}

static void mix_reads(chip_recall_key *key, const mhoi_inputs *inputs)
{
    const size_t all[] = {inputs->reads, inputs->lines,      inputs->bits,      inputs->is_signed,
                          inputs->as_is, (size_t)inputs->lo, (size_t)inputs->hi};
    mix_sizes(key, sizeof all / sizeof *all, all);
    for (size_t r = 0; r < inputs->reads; r++) {
        mix_number(key, (double)inputs->read[r].weight);
        for (size_t l = 0; l < inputs->lines; l++)
            mix(key, inputs->read[r].row[l].table, sizeof inputs->read[r].row[l].table);
    }
}

static void mix_layer(chip_recall_key *key, const mho_chip *chip, const chip_layer *layer)
{
    const size_t all[] = {layer->groups, layer->columns,     layer->rows,          layer->channels,
                          layer->lines,  layer->needs_range, layer->z_edge != NULL};
    const size_t channels = layer->groups * layer->channels;
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix_window(key, &layer->window);
    mix_place(key, chip, layer);
    mix_reads(key, layer->inputs);
    mix(key, layer->weight_scale, channels * sizeof *layer->weight_scale);
    mix(key, layer->m, layer->groups * layer->columns * layer->rows * sizeof *layer->m);
    for (size_t g = 0; g < layer->groups; g++) {
        int16_t *plus, *minus;
        const size_t cells = layer->cells->converted * layer->lines;
        mhoi_crossbar_cells(layer->xb[g], &plus, &minus);
        key->known = key->known && plus;
        if (!plus)
            continue;
        mix(key, plus, cells * sizeof *plus);
        mix(key, minus, cells * sizeof *minus);
    }
}

static void mix_rules(chip_recall_key *key, const mhoi_plan *plan)
{
    const mhoi_output_options *o = &plan->output;
    const mho_device *d = &plan->device;
    const size_t all[] = {(size_t)o->range,      o->aligned,  (size_t)plan->quant.map_rule,
                          (size_t)o->column_sum, d->off_leak, mhoi_wires_ideal(&plan->wires)};
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix_number(key, o->percentile);
    mix_number(key, d->g_off_S);
    mix_number(key, mho_device_unit_S(d));
    mix_number(key, mho_device_level(d, 0));
}

/* How pixels become codes. */
static void mix_input(chip_recall_key *key, const mho_chip *chip)
{
    const mho_input *in = &chip->image;
    mix_sizes(key, 6,
              (const size_t[]){in->bits, in->channels, in->layout, in->values, in->scale_set,
                               chip->input_own});
    mix_number(key, (double)in->scale);
    mix_number(key, (double)in->low);
    mix_number(key, (double)in->high);
    mix(key, in->mean, in->channels * sizeof *in->mean);
    mix(key, in->deviation, in->channels * sizeof *in->deviation);
}

chip_recall_key mhoi_chip_recall_key(mho_chip *chip, const mho_images *images, size_t count)
{
    chip_recall_key key = {.half = {MHOI_HASH_START, ~MHOI_HASH_START}, .known = true};
    /* Edges of their own are kept by the crossbars; what general steps compute has no hash. */
    key.known =
        chip->plan->output.edges == MHO_EDGES_UNIFORM && mhoi_run_shelf() && *mhoi_run_shelf();
    for (size_t i = 0; i < chip->steps; i++)
        key.known = key.known && !chip->step[i].work;
    if (!key.known)
        return key;
    mix_rules(&key, chip->plan);
    mix_sizes(&key, 5,
              (const size_t[]){count, chip->maps, chip->steps, chip->layers, chip->input_shift});
    mix_sizes(&key, 1, &chip->block);
    for (size_t i = 0; i < chip->maps; i++)
        mix_map(&key, &chip->map[i]);
    for (size_t i = 0; i < chip->steps; i++)
        mix_step(&key, &chip->step[i]);
    for (size_t l = 0; l < chip->layers; l++)
        mix_layer(&key, chip, &chip->layer[l]);
    mix_input(&key, chip);
    const uint64_t pixels = mhoi_images_hash(MHOI_HASH_START, images, count);
    mix(&key, &pixels, sizeof pixels);
    return key;
}

static size_t means_of(const chip_layer *layer)
{
    return layer->mean ? layer->groups * layer->window.c : 0;
}

bool mhoi_chip_recall(mho_chip *chip, const chip_recall_key *key)
{
    const found *f =
        key->known ? mhoi_shelf_find("calibration", key->half, sizeof key->half) : NULL;
    if (!f)
        return false;
    for (size_t i = 0; i < chip->maps; i++)
        chip->map[i].scale = f->scale[i];
    for (size_t l = 0, at = 0; l < chip->layers; l++) {
        chip_layer *layer = &chip->layer[l];
        layer->calibrated = f->converter[l];
        layer->needs_range = false;
        if (layer->mean)
            memcpy(layer->mean, f->mean + at, means_of(layer) * sizeof *layer->mean);
        at += means_of(layer);
    }
    for (size_t i = 0; i < chip->steps; i++)
        mhoi_chip_rescale(chip, &chip->step[i]);
    return true;
}

static void release(void *object)
{
    found *f = object;
    mhoi_free(&f->scale);
    mhoi_free(&f->converter);
    mhoi_free(&f->mean);
    mhoi_free(&f);
}

mho_status mhoi_chip_remember(const mho_chip *chip, const chip_recall_key *key)
{
    found *f = NULL;
    size_t means = 0;
    if (!key->known)
        return MHO_OK;
    for (size_t l = 0; l < chip->layers; l++)
        means += means_of(&chip->layer[l]);
    mho_status s = mhoi_alloc(&f, 1, sizeof *f, "calibration");
    if (!s)
        s = mhoi_alloc(&f->scale, chip->maps, sizeof *f->scale, "calibration");
    if (!s)
        s = mhoi_alloc(&f->converter, chip->layers, sizeof *f->converter, "calibration");
    if (!s)
        s = mhoi_alloc(&f->mean, means, sizeof *f->mean, "calibration");
    for (size_t i = 0; !s && i < chip->maps; i++)
        f->scale[i] = chip->map[i].scale;
    for (size_t l = 0, at = 0; !s && l < chip->layers; l++) {
        const chip_layer *layer = &chip->layer[l];
        f->converter[l] = layer->calibrated;
        if (layer->mean)
            memcpy(f->mean + at, layer->mean, means_of(layer) * sizeof *layer->mean);
        at += means_of(layer);
    }
    if (f && (s || !mhoi_shelf_keep("calibration", KEPT, key->half, sizeof key->half, f, release)))
        release(f);
    return s;
}
