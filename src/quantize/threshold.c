/* SPDX-License-Identifier: Apache-2.0 */
/* The greedy threshold search: docs/models/quantize.md. */
#include <math.h>
#include <string.h>

#include "data/load.h"
#include "base/alloc.h"
#include "base/parallel.h"
#include "mho/run.h"
#include "mho/train.h"
#include "quantize/report.h"
#include "quantize/threshold_search.h"

#define AT(member)                                                                                 \
    offsetof(mho_threshold_options, member), sizeof(((mho_threshold_options *)0)->member)
static const char *const amplitudes[] = {"one", "maximum", NULL};
static const mho_field fields[] = {
    {"grid_first", MHO_FIELD_DOUBLE, AT(grid_first), "0", 0, 1, "", 1, NULL,
     "lowest threshold tried, of outputs re-scaled to 0..1"},
    {"grid_last", MHO_FIELD_DOUBLE, AT(grid_last), "0.5", 0, 1, "", 1, NULL,
     "highest threshold tried"},
    {"grid_step", MHO_FIELD_DOUBLE, AT(grid_step), "0.01", 1e-4, 1, "", 1, NULL,
     "distance of the thresholds tried"},
    {"percentile", MHO_FIELD_DOUBLE, AT(percentile), "100", 50, 100, "%", 1, NULL,
     "share of a layer's outputs at or below what is re-scaled to 1; 100: the largest"},
    {"channels", MHO_FIELD_BOOL, AT(channels), "false", 0, 1, "", 1, NULL,
     "re-scale each channel by itself (by a tenth of the layer's largest at least) and search a "
     "threshold for each, behind the layer's"},
    {"passes", MHO_FIELD_UINT, AT(passes), "1", 1, 100, "", 1, NULL,
     "over all layers; from the second on the layers behind have their thresholds"},
    {"images", MHO_FIELD_UINT, AT(images), "0", 0, 9e15, "", 1, NULL,
     "first so many training images; 0: all of them"},
    {"amplitude", MHO_FIELD_ENUM, AT(amplitude), "one", 0, 1, "", 1, amplitudes,
     "what a 1 is worth to the next layer: 1, or the output that was re-scaled to 1"},
    {"memory", MHO_FIELD_UINT, AT(memory_bytes), "1073741824", 0, 9e15, "B", 1, NULL,
     "most that the 1-bit maps of all images may take; larger ones are worked out again"},
    {"retrain", MHO_FIELD_UINT, AT(retrain), "0", 0, 1000, "", 1, NULL,
     "epochs that the layers behind are trained after each threshold of the first pass"},
    {"refine", MHO_FIELD_UINT, AT(refine), "0", 0, 1000, "", 1, NULL,
     "epochs that all layers are trained with all thresholds, at the end"},
    {"rate", MHO_FIELD_DOUBLE, AT(rate), "0.001", 0, 10, "", 1, NULL,
     "learning rate of retrain and refine, at the start"},
    {"window", MHO_FIELD_DOUBLE, AT(window), "0.25", 0, 1e6, "", 1, NULL,
     "in retrain and refine gradients go through where outputs are within so much of the "
     "threshold"},
    {"shift", MHO_FIELD_UINT, AT(shift), "0", 0, 100, "px", 1, NULL,
     "images are shifted at random by up to so much in retrain and refine"},
};
#undef AT

const mho_fields mho_threshold_fields = {"threshold search", fields, sizeof fields / sizeof *fields,
                                         sizeof(mho_threshold_options)};

/* --- one layer --------------------------------------------------------------------------------------------- */

static mho_status rescale(search *s, size_t l, mho_quantize_layer *told)
{
    site_range range;
    const size_t c = s->c.layer[l].site.c, bins = MHO_QUANTIZE_BINS * SEARCH_FINE + 1;
    float *size = NULL;
    mho_status st = mhoi_search_range(s, l, &range);
    if (!st)
        st = mhoi_alloc(&size, c, sizeof *size, "range of a layer");
    for (size_t k = 0; !st && k < c; k++) {
        size[k] = range.size[range.channels > 1 ? k : 0];
        told->largest = fmax(told->largest, (double)size[k]);
    }
    if (!st) {
        mhoi_chain_shrink(&s->c, l, size);
        if (s->options->amplitude == MHO_AMPLITUDE_MAXIMUM)
            mhoi_chain_amplify(&s->c, l + 1, size);
        mhoi_report_distribution(told, range.bin, range.channels, bins, range.largest, range.size);
    }
    mhoi_search_range_free(&range);
    mhoi_free(&size);
    return st;
}

/* The point with the most right; of equal ones the lowest, but none that is no better than `held`. */
static size_t best_of(const uint32_t *correct, size_t points, size_t held)
{
    size_t best = held < points ? held : 0;
    for (size_t j = 0; j < points; j++)
        if (correct[j] > correct[best])
            best = j;
    return best;
}

static size_t level_of(const search *s, float threshold)
{
    for (size_t j = 0; j < s->points; j++)
        if (s->level[j] == threshold)
            return j;
    return SIZE_MAX;
}

static mho_status search_layer(search *s, size_t l, size_t channel, mho_quantize_curve *curve)
{
    chain_layer *layer = &s->c.layer[l];
    const double start = mho_seconds();
    mho_status st = mhoi_report_curve(curve, layer->node->name, channel, s->grid, s->points);
    if (!st)
        st = mhoi_search_sweep(s, l, channel, curve->correct);
    if (st)
        return st;
    const size_t held = channel == SIZE_MAX ? SIZE_MAX : level_of(s, layer->threshold[channel]);
    curve->best = best_of(curve->correct, s->points, held);
    for (size_t k = 0; k < layer->site.c; k++)
        if (channel == SIZE_MAX || k == channel)
            layer->threshold[k] = s->level[curve->best];
    curve->seconds = mho_seconds() - start;
    return MHO_OK;
}

static void keep_last(void *user, const mho_train_epoch *epoch)
{
    *(mho_train_epoch *)user = *epoch;
}

/* Trains net, whose first `frozen` weighted layers stay; gradients go straight through the steps. */
static mho_status train_net(const search *s, mho_net *net, size_t epochs, size_t frozen,
                            mho_quantize_report *r)
{
    mho_data data = {.has_train = true, .train = *s->images};
    mho_train_options o;
    mho_train_epoch last = {.train_error = NAN};
    mho_status st = mho_fields_preset(&mho_train_fields, &o, NULL);
    if (st)
        return st;
    o.epochs = epochs;
    o.learning_rate = s->options->rate;
    o.learning_rate_end = s->options->rate / 100;
    o.step_window = s->options->window;
    o.shift = s->options->shift;
    o.label_smoothing = 0;
    o.fine_tune = true;
    o.frozen = frozen;
    data.train.count = s->count;
    st = mho_train(net, &data, &o, NULL, false, keep_last, &last);
    r->train_error = last.train_error;
    return st;
}

static mho_status retrain(search *s, size_t l, mho_quantize_report *r)
{
    mho_net *net = NULL;
    mho_status st = mhoi_chain_export(&s->c, &net);
    if (!st)
        st = train_net(s, net, s->options->retrain, l + 1, r);
    if (!st)
        mhoi_chain_import(&s->c, net);
    mho_net_destroy(net);
    r->train_error = NAN;
    return st;
}

/* One pass over layer l: of the first pass its scale, then its threshold or those of its channels. */
static mho_status pass_layer(search *s, size_t l, size_t pass, mho_quantize_report *r)
{
    chain_layer *layer = &s->c.layer[l];
    mho_status st = MHO_OK;
    if (pass == 0) {
        st = rescale(s, l, &r->layer[l]);
        if (!st)
            st = mhoi_alloc(&layer->threshold, layer->site.c, sizeof *layer->threshold,
                            "thresholds");
    }
    const bool whole = pass == 0 || !s->options->channels;
    const size_t searches = s->options->channels ? layer->site.c : 0;
    for (size_t k = whole ? 0 : 1; !st && k <= searches; k++) {
        mho_quantize_curve *curve = &r->curve[r->curves++];
        curve->pass = pass + 1;
        st = search_layer(s, l, k ? k - 1 : SIZE_MAX, curve);
    }
    if (!st && pass == 0 && s->options->retrain)
        st = retrain(s, l, r);
    uint64_t ones = 0;
    if (!st)
        st = mhoi_search_keep(s, l, &ones);
    r->layer[l].ones = (double)ones / ((double)s->count * (double)chain_elements(layer->out));
    for (size_t k = 0; !st && k < layer->site.c; k++)
        r->layer[l].threshold[k] = (double)layer->threshold[k];
    return st;
}

/* --- all ------------------------------------------------------------------------------------------------------ */

static mho_status make_grid(search *s)
{
    const mho_threshold_options *o = s->options;
    if (o->grid_last < o->grid_first)
        return mho_error(MHO_EDOMAIN, "grid_last = %g, want grid_first = %g or more", o->grid_last,
                         o->grid_first);
    s->points = (size_t)floor((o->grid_last - o->grid_first) / o->grid_step + 1e-6) + 1;
    mho_status st = mhoi_alloc(&s->grid, s->points, sizeof *s->grid, "thresholds");
    if (!st)
        st = mhoi_alloc(&s->level, s->points, sizeof *s->level, "thresholds");
    for (size_t j = 0; !st && j < s->points; j++) {
        s->grid[j] = o->grid_first + (double)j * o->grid_step;
        s->level[j] = (float)s->grid[j];
    }
    return st;
}

static mho_status check_images(const mho_net *net, const mho_images *images,
                               const mho_threshold_options *o)
{
    const mho_shape out = net->node[net->nodes - 1].out;
    mhoi_loader loader;
    mho_input in;
    mho_net_get_input(net, &in);
    mho_status s = mho_images_fit(images, net->node[0].out, out.c, net->name);
    if (!s)
        s = mhoi_loader_open(images, net->node[0].out, &in, net->name, &loader);
    if (!s && (out.h != 1 || out.w != 1 || out.c > UINT16_MAX - 1))
        s = mho_error(MHO_EDOMAIN, "network %s ends with %zu x %zu x %zu values, not with classes",
                      net->name, out.c, out.h, out.w);
    if (!s && (!images->count || o->images > images->count))
        s = mho_error(MHO_EDOMAIN, "images = %zu, want 0..%zu training images", o->images,
                      images->count);
    if (!s && o->window == 0 && (o->retrain || o->refine))
        s = mho_error(MHO_EDOMAIN,
                      "window = 0 lets no gradient through in retrain and refine, want "
                      "more than 0");
    return s;
}

static mho_status report_of(const search *s, mho_quantize_report **out)
{
    size_t curves = 0;
    for (size_t l = 0; l + 1 < s->c.layers; l++)
        curves += 1 + (s->options->channels ? s->c.layer[l].site.c : 0);
    mho_status st = mhoi_report_create(s->c.layers - 1, curves * s->options->passes, out);
    for (size_t l = 0; !st && l + 1 < s->c.layers; l++)
        st = mhoi_report_layer(&(*out)->layer[l], s->c.layer[l].node->name, s->c.layer[l].site.c);
    if (!st)
        (*out)->images = s->count;
    if (!st)
        (*out)->train_error = NAN;
    return st;
}

static mho_status run_passes(search *s, mho_quantize_report *r)
{
    mho_status st = MHO_OK;
    for (size_t pass = 0; !st && pass < s->options->passes; pass++) {
        mhoi_free(&s->bits);
        s->base = 0;
        for (size_t l = 0; !st && l + 1 < s->c.layers; l++)
            st = pass_layer(s, l, pass, r);
    }
    return st;
}

/* Before it begins: what each thread has in hand, and the network that comes of it.  1-bit maps of all images take what is left. */
static mho_status want_memory(const search *s, const mho_net *net)
{
    const uint64_t maps = 4 * sizeof(float) * mhoi_chain_floats(&s->c, 0),
                   slots = 3 * SEARCH_SLOTS_BYTES, classes = 2 * SEARCH_BLOCK * s->points;
    const uint64_t thread = (maps > slots ? maps : slots) + classes;
    return mhoi_memory_want(sizeof(float) * mho_net_parameters(net) + mhoi_threads() * thread,
                            "threshold search of network %.100s", mho_net_name(net));
}

mho_status mho_threshold_search(const mho_net *net, const mho_images *train,
                                const mho_threshold_options *options, mho_net **out,
                                mho_quantize_report **report)
{
    search s = {.images = train, .options = options};
    mho_quantize_report *r = NULL;
    const double start = mho_seconds();
    *out = NULL;
    if (report)
        *report = NULL;
    mho_status st = check_images(net, train, options);
    if (!st)
        st = mhoi_chain_create(net, &s.c);
    s.count = options->images ? options->images : train->count;
    if (!st)
        st = make_grid(&s);
    if (!st)
        st = want_memory(&s, net);
    if (options->retrain || options->refine)
        mhoi_memory_unbound();
    if (!st)
        st = report_of(&s, &r);
    if (!st)
        st = run_passes(&s, r);
    if (!st)
        st = mhoi_chain_export(&s.c, out);
    if (!st && options->refine)
        st = train_net(&s, *out, options->refine, 0, r);
    if (st) {
        mho_net_destroy(*out);
        *out = NULL;
    }
    mhoi_chain_free(&s.c);
    mhoi_free(&s.bits);
    mhoi_free(&s.grid);
    mhoi_free(&s.level);
    if (!st)
        r->seconds = mho_seconds() - start;
    if (!st && report)
        *report = r;
    else
        mho_quantize_report_destroy(r);
    return st;
}
