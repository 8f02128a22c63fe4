/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a chip, and what a run of images has to fulfil. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/finite.h"
#include "base/parallel.h"
#include "chip/chip_create.h"
#include "chip/chip_deal.h"
#include "chip/chip_idle.h"
#include "chip/chip_impl.h"
#include "chip/chip_stream.h"
#include "chip/chip_team.h"
#include "chip/chip_work.h"
#include "mho/run.h"
#include "net/op_table.h"
#include "net/program.h"

enum {
    BLOCK_MIN = 16,
    BLOCK_MAX = 256,
    BLOCK_BYTES =
        32 << 20, /* of one block's maps: enough images to read the tables of a layer once */
    BYTES_PER_WEIGHT = 6, /* of a layer that is made: its units, conductances of the pair */
};

/* One layer, at least, has to fit: others may wait (chip_stream.c). */
static mho_status check_memory(const mho_net *net)
{
    const double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < net->nodes; i++) {
        const double weights = (double)mho_node_weight_count(&net->node[i]);
        if (weights * BYTES_PER_WEIGHT > have)
            return mho_error(MHO_ENOMEM,
                             "network %s: layer %s: crossbars of %.0f weights take %.1f GB, this "
                             "machine has %.1f GB of memory",
                             net->name, net->node[i].name, weights,
                             weights * BYTES_PER_WEIGHT * 1e-9, have * 1e-9);
    }
    return MHO_OK;
}

static void choose_block(mho_chip *chip)
{
    size_t bytes = 1;
    for (size_t i = 0; i < chip->buffers; i++)
        bytes += chip->buffer[i];
    size_t block = BLOCK_BYTES / bytes;
    block = block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
    chip->block = block / BLOCK_MIN * BLOCK_MIN;
    for (size_t l = 0; l < chip->layers; l++)
        if (chip->layer[l].images > chip->block)
            chip->layer[l].images = chip->block;
}

static mho_status alloc_conductances(mho_chip *chip)
{
    size_t cells = 0, plane = 0;
    for (size_t l = 0; l < chip->layers; l++) {
        const chip_layer *layer = &chip->layer[l];
        const size_t n = layer->cells->converted * layer->lines;
        const size_t with = layer->cells->plane_columns * layer->lines * layer->cells->fold;
        const bool apart = layer->cells->references || layer->cells->fold > 1;
        cells = n > cells ? n : cells;
        const size_t want = layer->cells->level0 ? 2 * with : apart ? with : 0;
        plane = want > plane ? want : plane;
    }
    mho_status s = mhoi_alloc(&chip->plane, plane, sizeof *chip->plane, "conductances");
    for (int side = 0; !s && mho_device_is_noisy(&chip->plan->device) && side < 2; side++)
        s = mhoi_alloc(&chip->variance[side], cells, sizeof **chip->variance, "variances");
    return s;
}

/* Drivers saturate at their last code: of numbers that are not just a few, that would be another input. */
static mho_status check_values(const chip_map *map, const mhoi_loader *l, size_t first, size_t n)
{
    const float *value = l->images->value + first * l->each;
    const size_t wrong = mhoi_first_not_finite(value, n * l->each);
    if (wrong < n * l->each)
        return mho_error(MHO_EDOMAIN, "element %zu of image %zu is %g, want a finite number",
                         wrong % l->each, first + wrong / l->each, (double)value[wrong]);
    const float low = ((float)map->codes.lo - 1) * map->scale,
                high = ((float)map->codes.hi + 1) * map->scale;
    size_t beyond = 0, worst = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < l->each; d++) {
            const float x = mhoi_loader_at(l, first + i, d);
            beyond += x < low || x > high;
            worst = beyond == 1 && (x < low || x > high) ? i * l->each + d : worst;
        }
    if (beyond * 100 <= n * l->each)
        return MHO_OK;
    return mho_error(
        MHO_EDOMAIN,
        "%zu of %zu elements of the images are beyond what the codes of the input cover "
        "(%g..%g); element %zu of image %zu is %g",
        beyond, n * l->each, (double)((float)map->codes.lo * map->scale),
        (double)((float)map->codes.hi * map->scale), worst % l->each, first + worst / l->each,
        (double)mhoi_loader_at(l, first + worst / l->each, worst % l->each));
}

static mho_status check_images(const mho_chip *chip, const mho_images *images, size_t first,
                               size_t n)
{
    mhoi_loader loader;
    const mho_shape shape = mhoi_image_shape_of(chip->input, chip->map[0].shape, images);
    mho_status s = mho_images_fit(images, shape, 0, NULL);
    if (s)
        return s;
    if (first > images->count || n > images->count - first)
        return mho_error(MHO_EDOMAIN, "images %zu..%zu of %zu", first, first + n, images->count);
    s = mhoi_loader_open(images, shape, &chip->image, NULL, &loader);
    return !s && images->value ? check_values(&chip->map[0], &loader, first, n) : s;
}

/* Rows to word lines, once the means of the inputs are known. */
static mho_status deal(mho_chip *chip, size_t number)
{
    chip_layer *layer = &chip->layer[number];
    const size_t n = layer->columns, lines = layer->lines;
    float *mean = NULL;
    mho_status s =
        mhoi_alloc(&layer->order, layer->groups * lines, sizeof *layer->order, layer->name);
    if (!s)
        s = mhoi_alloc(&mean, lines * n, sizeof *mean, layer->name);
    for (size_t g = 0; !s && g < layer->groups; g++) {
        const mhoi_deal d = {lines, n, layer->place->group_rows, mean};
        uint32_t *order = layer->order + g * lines;
        for (size_t l = 0; l < lines; l++)
            for (size_t c = 0; c < n; c++)
                mean[l * n + c] = (float)chip_mean_of(layer, g * n + c, l);
        s = mhoi_deal_rows(&d, (mho_deal)chip->plan->output.deal, (uint32_t)(number << 16 | g),
                           order);
        if (!s && layer->xb)
            s = mho_crossbar_set_order(layer->xb[g], order);
    }
    chip->cells_known = false; /* wires see the order */
    mhoi_free(&mean);
    return s ? mho_error_prefix(s, "layer %s", layer->name) : MHO_OK;
}

/* A converter for every sum that ideal devices could make. */
static mho_status full_range(const mho_chip *chip, chip_layer *layer)
{
    const mhoi_range range = mhoi_range_full(chip->plan, layer->place);
    layer->calibrated = mhoi_chip_converter_of(chip, layer, range, false);
    if (range.lo >= INT32_MIN && range.hi <= INT32_MAX)
        return MHO_OK;
    return mho_error(MHO_EDOMAIN,
                     "layer %s: output.range full would cover sums of %lld..%lld, want 32 bits: "
                     "take output.range calibrated, or fewer crossbar.active_rows (or rows), "
                     "input bits or device.resolution_bits",
                     layer->name, (long long)range.lo, (long long)range.hi);
}

/* What is known of a layer's converter without images. */
static mho_status first_converter(const mho_chip *chip, chip_layer *layer)
{
    const mhoi_output_options *output = &chip->plan->output;
    const bool ideal = layer->place->output_bits == 0 || layer->place->sense;
    const bool full = output->range == MHO_RANGE_FULL, vote = layer->place->vote;
    layer->converter.step = layer->calibrated.step = 1;
    layer->needs_range = !ideal && (vote || !full || output->edges != MHO_EDGES_UNIFORM);
    if (vote) /* 1 from its share of the threshold on, which is an offset of it */
        layer->calibrated = (mho_converter){.codes = 2, .edge = 0, .step = 1};
    else if (!ideal && full)
        return full_range(chip, layer);
    return MHO_OK;
}

/* Ranges that need no images are set; the rest, and scales of maps, come from images. */
static mho_status calibrate(mho_chip *chip, const mho_images *images)
{
    mho_status s = MHO_OK;
    bool needed = false;
    for (size_t i = 0; i < chip->steps; i++)
        needed = needed || mhoi_chip_makes_codes(chip, &chip->step[i]);
    for (size_t l = 0; !s && l < chip->layers; l++) {
        s = first_converter(chip, &chip->layer[l]);
        needed = needed || chip->layer[l].needs_range;
    }
    if (s)
        return s;
    mhoi_chip_scales(chip); /* of pools that read the image: all that follows goes by them */
    for (size_t i = 0; i < chip->steps; i++)
        mhoi_chip_rescale(chip, &chip->step[i]);
    if (needed && (!images || !images->count))
        return mho_error(MHO_EUSAGE, "hardware %s needs calibration images, there are none",
                         chip->plan->hw);
    if (needed)
        s = check_images(chip, images, 0, 0);
    if (!s && needed)
        s = mhoi_chip_calibrate(chip, images);
    for (size_t l = 0; !s && l < chip->layers; l++)
        if (chip->layer[l].place->vote && chip->plan->output.deal != MHO_DEAL_NONE)
            s = deal(chip, l);
    for (size_t l = 0; !s && l < chip->layers; l++) {
        chip->layer[l].converter = chip->layer[l].calibrated;
        if (chip->layer[l].tabled)
            chip->layer[l].converter.step = 1; /* sums of values */
        if (chip->layer[l].z_edge)
            mhoi_chip_threshold_set(&chip->layer[l]);
    }
    return s;
}

/* Is the placement of this very network? */
static mho_status check_placement(const mho_net *net, const mho_placement *placement)
{
    bool same = placement->plan->nodes == net->nodes;
    for (size_t i = 0; same && i < placement->layers; i++) {
        const mho_placement_layer *l = &placement->layer[i];
        const mho_node *node = &net->node[l->node];
        const bool turned = placement->plan->place[i].turned;
        same = mho_node_is_weighted(node) && !strcmp(node->name, l->name) &&
               (turned ? mho_node_block(node) == l->block &&
                             mho_node_stored_weights(node) * l->copies == l->cells
                       : mho_node_weight_count(node) == l->cells);
    }
    if (!same)
        return mho_error(MHO_EUSAGE, "a placement of network %s, want one of network %s",
                         placement->plan->net, net->name);
    return MHO_OK;
}

/* All but cells and converters. */
static mho_status make(const mho_net *net, const mho_placement *placement, mhoi_taken_fn *taken,
                       void *user, mho_chip **out)
{
    *out = NULL;
    struct mhoi_program *program = net->program;
    const mho_shape input = net->node[0].out; /* as images are given to software */
    const mho_net *placed = NULL;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_CHIP, &placed);
    if (!s && mho_net_inputs(net) != 1)
        s = mho_error(
            MHO_ENOTMODELED,
            "network %s: %zu inputs: it maps and is priced, images run through networks of one",
            net->name, mho_net_inputs(net));
    if (s)
        return s;
    const mho_net view = mhoi_net_view(net, placed);
    net = &view;
    s = check_placement(net, placement);
    if (!s && !mho_net_has_parameters(net))
        s = mho_error(MHO_EDOMAIN, "network %s has no parameters: train it, or read a model",
                      net->name);
    if (!s)
        s = check_memory(net);
    mho_chip *chip = NULL;
    if (!s)
        s = mhoi_alloc(&chip, 1, sizeof *chip, "chip");
    if (s)
        return s;
    chip->plan = mhoi_plan_hold(placement);
    chip->program = mhoi_program_share(program);
    s = mhoi_chip_plan(chip, net);
    chip->input = input;
    if (!s && taken)
        taken(user);
    if (!s)
        s = mhoi_chip_tally_create(chip->layers, &chip->tally);
    if (!s)
        s = mhoi_chip_idle_create(&chip->idle);
    if (!s)
        s = mhoi_chip_buffers_set(chip);
    if (!s) {
        choose_block(chip);
        s = alloc_conductances(chip);
    }
    if (s) {
        mho_chip_destroy(chip);
        return s;
    }
    *out = chip;
    return MHO_OK;
}

mho_status mhoi_chip_create_taking(const mho_net *net, const mho_placement *placement,
                                   const mho_images *calibration, mhoi_taken_fn *taken, void *user,
                                   mho_chip **out)
{
    mho_chip *chip;
    mho_status s = make(net, placement, taken, user, &chip);
    *out = NULL;
    if (!s)
        s = mhoi_chip_stream_choose(chip);
    if (!s)
        s = calibrate(chip, calibration);
    if (s)
        mho_chip_destroy(chip);
    else
        *out = chip;
    return s;
}

mho_status mhoi_chip_need(const mho_net *net, const mho_placement *placement, mhoi_taken_fn *taken,
                          void *user, mhoi_need *least)
{
    mho_chip *chip;
    mho_status s = make(net, placement, taken, user, &chip);
    if (!s)
        mhoi_chip_stream_need(chip, least);
    mho_chip_destroy(chip);
    return s;
}

mho_status mho_chip_create(const mho_net *net, const mho_placement *placement,
                           const mho_images *calibration, mho_chip **out)
{
    return mhoi_chip_create_taking(net, placement, calibration, NULL, NULL, out);
}

mho_status mho_chip_open(const mho_net *net, const mho_hw *hw, const mho_images *calibration,
                         mho_chip **out)
{
    mho_placement *placement;
    *out = NULL;
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mho_chip_create(net, placement, calibration, out);
    mho_placement_destroy(placement);
    return s;
}

void mho_chip_destroy(mho_chip *chip)
{
    if (!chip)
        return;
    mhoi_chip_idle_destroy(chip->idle);
    mhoi_chip_stream_destroy(chip->stream);
    for (size_t l = 0; l < chip->layers; l++)
        mhoi_chip_layer_free(&chip->layer[l]);
    for (size_t i = 0; i < chip->steps; i++) {
        mhoi_chip_chain_free(&chip->step[i].chain);
        mhoi_free(&chip->step[i].all);
        mhoi_free(&chip->step[i].from);
    }
    mhoi_free(&chip->map);
    mhoi_free(&chip->buffer);
    mhoi_free(&chip->step);
    mhoi_free(&chip->layer);
    mhoi_free(&chip->variance[0]);
    mhoi_free(&chip->variance[1]);
    mhoi_free(&chip->plane);
    mhoi_chip_tally_destroy(chip->tally);
    mhoi_plan_release(chip->plan);
    mhoi_program_release(chip->program);
    mhoi_free(&chip);
}

uint64_t mho_chip_held(const mho_chip *chip)
{
    return chip->programming.held;
}

double mho_chip_wires_bound(const mho_chip *chip)
{
    return chip->wires_bound;
}

mho_write_count mho_chip_writes(const mho_chip *chip)
{
    return chip->programming;
}

mho_status mho_chip_program(mho_chip *chip, uint64_t seed, uint32_t trial)
{
    mhoi_chip_tally_clear(chip->tally, chip->layers);
    mhoi_chip_stream_clear(chip);
    const mho_status s = mhoi_chip_program(chip, false, seed, trial);
    mhoi_chip_idle_programmed(chip);
    return s;
}

static mho_status check_number(const mho_chip *chip, size_t n, uint64_t number)
{
    const uint64_t pixels =
        (UINT64_C(1) << MHO_READING_PIXEL_BITS) - 4096; /* the last tile is whole */
    size_t positions = 1;
    for (size_t l = 0; l < chip->layers; l++)
        positions = chip->layer[l].positions > positions ? chip->layer[l].positions : positions;
    const uint64_t most = pixels / positions;
    if (!mho_device_is_noisy(&chip->plan->device) || (number <= most && n <= most - number))
        return MHO_OK;
    return mho_error(MHO_EDOMAIN,
                     "number = %" PRIu64 " for %zu images: noise of reads is drawn for %" PRIu64
                     " (program begins anew)",
                     number, n, most);
}

static mho_status run(const mho_chip *chip, const chip_flight *f)
{
    mho_status s = check_images(chip, f->images, f->first, f->n);
    if (!s && !chip->programmed)
        s = mho_error(MHO_EUSAGE, "the chip is not programmed");
    if (!s)
        s = check_number(chip, f->n, f->number);
    if (!s && f->label && chip->classes > MHO_CLASSES_MAX)
        s = mho_error(MHO_ENOTMODELED, "labels of %zu classes, want at most %d", chip->classes,
                      MHO_CLASSES_MAX);
    if (s)
        return s;
    return chip->streamed ? mhoi_chip_stream_run(chip, f) : mhoi_chip_team_run(chip, f);
}

mho_status mho_chip_run(const mho_chip *chip, const mho_images *images, size_t first, size_t n,
                        float *scores, uint16_t *label)
{
    return mho_chip_run_numbered(chip, images, first, n, first, scores, label, NULL);
}

mho_status mho_chip_run_numbered(const mho_chip *chip, const mho_images *images, size_t first,
                                 size_t n, uint64_t number, float *scores, uint16_t *label,
                                 mho_cut *cut)
{
    if (cut)
        *cut = (mho_cut){0};
    return run(chip, &(chip_flight){images, first, n, number, scores, label, cut});
}
