/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations on the shelf of the run: those of a study's points that differ in nothing that calibration sees (variation,
 * noise, prices, test images) are made once.  The key is a hash of all that it sees: cells as they are programmed
 * ideally, what follows them, and pixels.  Converters are ideal meanwhile, so that sums are the same whatever their bits
 * and the rule of their range: where the sums are few enough to be kept, each point finds its converters in them. */
#include <string.h>

#include "base/alloc.h"
#include "base/cache.h"
#include "base/identity.h"
#include "base/parallel.h"
#include "base/shelf.h"
#include "chip/chip_decide.h"
#include "chip/chip_found.h"
#include "chip/chip_recall.h"
#include "crossbar/cells.h"
#include "data/load.h"

enum {
    KEPT = 64,
    INPUTS_MOST = 1 << 21 /* bytes of what a classifier reads */
};

/* What a calibration goes by; known: false where it is not told. */
typedef struct chip_recall_key {
    uint64_t half[2];
    bool known;
} chip_recall_key;

static void mix_plainly(chip_recall_key *key, const void *bytes, size_t size)
{
    for (int i = 0; i < 2; i++)
        key->half[i] = mhoi_hash(key->half[i], bytes, size);
}

/* Large arrays in lanes, of which none waits for another: as fast as memory; then the lanes. */
static void mix(chip_recall_key *key, const void *bytes, size_t size)
{
    enum { LANES = 8, LARGE = 4096 };
    const unsigned char *p = bytes;
    uint64_t lane[LANES], word[LANES];
    if (size < LARGE) {
        mix_plainly(key, bytes, size);
        return;
    }
    for (size_t i = 0; i < LANES; i++)
        lane[i] = MHOI_HASH_START + i;
    for (; size >= sizeof word; size -= sizeof word, p += sizeof word) {
        memcpy(word, p, sizeof word);
        for (size_t i = 0; i < LANES; i++) {
            lane[i] = (lane[i] ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
            lane[i] ^= lane[i] >> 29;
        }
    }
    mix_plainly(key, lane, sizeof lane);
    mix_plainly(key, p, size);
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
    mix(key, &map->zero, sizeof map->zero);
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
                          (size_t)range.hi};
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
    size_t size;
    const void *m = mhoi_chip_weights_bytes(&layer->m, &size);
    mix_sizes(key, 2, (const size_t[]){size, (size_t)layer->m.one});
    mix(key, m, size);
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

static void mix_cells(chip_recall_key *key, const mhoi_plan *plan)
{
    const mho_device *d = &plan->device;
    const size_t all[] = {(size_t)plan->quant.map_rule,
                          (size_t)plan->output.column_sum,
                          d->off_leak,
                          mhoi_wires_ideal(&plan->wires),
                          d->table_levels,
                          (size_t)mho_device_delta(d)};
    mix_sizes(key, sizeof all / sizeof *all, all);
    mix_number(key, d->g_off_S);
    mix_number(key, mho_device_unit_S(d));
    mix_number(key, mho_device_level(d, 0));
}

/* What converters go by beside the sums. */
static void mix_converters(chip_recall_key *key, const mho_chip *chip)
{
    const mhoi_output_options *o = &chip->plan->output;
    mix_sizes(key, 3, (const size_t[]){(size_t)o->range, o->aligned, (size_t)o->edges});
    mix_number(key, o->percentile);
    for (size_t l = 0; l < chip->layers; l++) {
        const mhoi_place *place = chip->layer[l].place;
        mix_sizes(key, 2, (const size_t[]){place->output_bits, (size_t)mhoi_sum_spacing(place)});
    }
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

/* Of all that sums go by. */
static chip_recall_key key_of(mho_chip *chip, const mho_images *images, size_t count)
{
    chip_recall_key key = {.half = {MHOI_HASH_START, ~MHOI_HASH_START}, .known = true};
    const bool shelf = mhoi_run_shelf() && *mhoi_run_shelf();
    key.known = !chip->streamed && (shelf || mhoi_cache_on());
    for (size_t i = 0; i < chip->steps; i++) /* what general steps compute has no hash */
        key.known = key.known && !chip->step[i].work;
    if (!key.known)
        return key;
    mix(&key, mhoi_build_identity(), strlen(mhoi_build_identity()));
    mix_cells(&key, chip->plan);
    mix_sizes(&key, 5,
              (const size_t[]){count, chip->maps, chip->steps, chip->layers, chip->input_shift});
    mix_sizes(&key, 1, &chip->block);
    for (size_t i = 0; i < chip->maps; i++)
        mix_map(&key, &chip->map[i]);
    for (size_t i = 0; i < chip->steps; i++)
        mix_step(&key, &chip->step[i]);
    for (size_t i = 0; i < chip->steps; i++)
        mix_sizes(&key, 1, (const size_t[]){mhoi_chip_decides(chip, i, images)});
    for (size_t l = 0; l < chip->layers; l++)
        mix_layer(&key, chip, &chip->layer[l]);
    mix_input(&key, chip);
    const uint64_t pixels = mhoi_images_hash(MHOI_HASH_START, images, count);
    mix(&key, &pixels, sizeof pixels);
    return key;
}

mho_status mhoi_chip_recall_open(mho_chip *chip, const mho_images *images, size_t count,
                                 chip_recall *recall)
{
    chip_recall_key key = key_of(chip, images, count);
    *recall = (chip_recall){.whole = true};
    if (!key.known)
        return MHO_OK;
    memcpy(recall->sums_key, key.half, sizeof key.half);
    mix_converters(&key, chip);
    memcpy(recall->key, key.half, sizeof key.half);
    return mhoi_chip_found_create(chip, &recall->found);
}

void mhoi_chip_recall_close(chip_recall *recall)
{
    if (recall->found)
        mhoi_chip_found_release(recall->found);
    recall->found = NULL;
}

/* The converters that these sums ask for. */
static mho_status take_sums(const mho_chip *chip, chip_layer *layer, const kept_sums *kept)
{
    chip_histogram sums;
    mho_status s = mhoi_chip_histogram_create(chip, layer, 0, &sums);
    for (size_t b = 0; !s && b < kept->places; b++)
        sums.count[kept->first + b] = kept->count[b];
    if (!s)
        s = mhoi_chip_range_set(chip, layer, &sums);
    mhoi_chip_histogram_free(&sums);
    return s;
}

/* Those of the layer that decides, all of whose inputs were kept. */
static mho_status take_decisions(mho_chip *chip, chip_layer *layer, const found *f)
{
    mho_status s = take_sums(chip, layer, &f->sums[chip->step[f->decides].layer]);
    return s ? s : mhoi_chip_decide(chip, f->decides, f->in, f->count);
}

static mho_status take(mho_chip *chip, const found *f)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; i < chip->maps; i++)
        chip->map[i].scale = f->scale[i];
    for (size_t l = 0, at = 0; !s && l < chip->layers; l++) {
        chip_layer *layer = &chip->layer[l];
        if (!f->sums)
            layer->calibrated = f->converter[l];
        else if (f->sums[l].count)
            s = f->in && l == chip->step[f->decides].layer ? take_decisions(chip, layer, f)
                                                           : take_sums(chip, layer, &f->sums[l]);
        layer->needs_range = false;
        if (layer->mean)
            memcpy(layer->mean, f->mean + at, mhoi_chip_means_of(layer) * sizeof *layer->mean);
        at += mhoi_chip_means_of(layer);
    }
    for (size_t i = 0; !s && i < chip->steps; i++)
        mhoi_chip_rescale(chip, &chip->step[i]);
    return s;
}

/* On the shelf from now on, if the run has one and it has room; within a budget of memory in files alone. */
static bool shelve(const chip_recall *recall, found *f)
{
    if (mhoi_memory_told())
        return false;
    return f->sums ? mhoi_shelf_keep("sums", KEPT, recall->sums_key, sizeof recall->sums_key, f,
                                     mhoi_chip_found_release)
                   : mhoi_shelf_keep("calibration", KEPT, recall->key, sizeof recall->key, f,
                                     mhoi_chip_found_release);
}

/* From a file. */
static mho_status load(mho_chip *chip, const chip_recall *recall, bool *recalled)
{
    found *f = NULL;
    mho_status s = mhoi_chip_found_load(chip, recall->sums_key, &f);
    if (!s && !f)
        s = mhoi_chip_found_load(chip, recall->key, &f);
    if (s || !f)
        return s;
    *recalled = true;
    s = take(chip, f);
    if (!shelve(recall, f))
        mhoi_chip_found_release(f);
    return s;
}

mho_status mhoi_chip_recall(mho_chip *chip, const chip_recall *recall, bool *recalled)
{
    const found *f = NULL;
    if (recall->found)
        f = mhoi_shelf_find("sums", recall->sums_key, sizeof recall->sums_key);
    if (recall->found && !f)
        f = mhoi_shelf_find("calibration", recall->key, sizeof recall->key);
    *recalled = f != NULL;
    if (f)
        return take(chip, f);
    return recall->found && mhoi_cache_on() ? load(chip, recall, recalled) : MHO_OK;
}

mho_status mhoi_chip_recall_sums(chip_recall *recall, size_t l, const chip_histogram *sums)
{
    size_t first = 0, end = sums->places;
    if (!recall->found || !recall->whole)
        return MHO_OK;
    kept_sums *kept = &recall->found->sums[l];
    while (end > 1 && !sums->count[end - 1])
        end--;
    while (first + 1 < end && !sums->count[first])
        first++;
    recall->places += end - first;
    recall->whole = recall->places <= CHIP_SUMS_MOST;
    for (size_t b = first; b < end; b++)
        recall->whole = recall->whole && sums->count[b] <= UINT32_MAX;
    if (!recall->whole)
        return MHO_OK;
    *kept = (kept_sums){.first = first, .places = end - first};
    mho_status s = mhoi_alloc(&kept->count, kept->places, sizeof *kept->count, "calibration");
    for (size_t b = 0; !s && b < kept->places; b++)
        kept->count[b] = (uint32_t)sums->count[first + b];
    return s;
}

void mhoi_chip_recall_inputs(chip_recall *recall, const mho_chip *chip, size_t step, uint8_t **in,
                             size_t count)
{
    found *f = recall->found;
    if (!f)
        return;
    recall->whole = recall->whole && count * chip->map[chip->step[step].in].bytes <= INPUTS_MOST;
    if (!recall->whole)
        return;
    f->in = *in;
    f->decides = step;
    f->count = count;
    f->each = chip->map[chip->step[step].in].bytes;
    *in = NULL;
}

void mhoi_chip_remember(const mho_chip *chip, chip_recall *recall)
{
    found *f = recall->found;
    /* Edges of their own are in the crossbars, and told by sums alone. */
    if (!f || (!recall->whole && chip->plan->output.edges != MHO_EDGES_UNIFORM))
        return;
    for (size_t i = 0; i < chip->maps; i++)
        f->scale[i] = chip->map[i].scale;
    for (size_t l = 0, at = 0; l < chip->layers; l++) {
        const chip_layer *layer = &chip->layer[l];
        f->converter[l] = layer->calibrated;
        if (layer->mean)
            memcpy(f->mean + at, layer->mean, mhoi_chip_means_of(layer) * sizeof *layer->mean);
        at += mhoi_chip_means_of(layer);
    }
    if (!recall->whole)
        mhoi_chip_found_drop_sums(f);
    mhoi_chip_found_store(f, recall->whole ? recall->sums_key : recall->key);
    if (shelve(recall, f))
        recall->found = NULL;
}
