/* SPDX-License-Identifier: Apache-2.0 */
/* Post-training quantization: docs/models/quantization.md. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "mho/onnx.h"
#include "mho/run.h"
#include "net/op_table.h"
#include "onnx/onnx_pack.h"
#include "quant/codes.h"
#include "quantize/fixed_impl.h"
#include "quantize/report.h"

enum { MAP_BITS_MAX = 8 };
enum { COMPARED = 128 }; /* images that signal and noise are measured on, at most */

#define COUNT(...) MHOI_COUNT(mho_fixed_options, __VA_ARGS__)
#define CHOICE(...) MHOI_CHOICE(mho_fixed_options, __VA_ARGS__)

static const char *const scales[] = {"power_of_two", "layer", "channel", NULL};
static const char *const rules[] = {"max", "percentile", "mse", "kl", NULL};
static const char *const map_rules[] = {"max", "percentile", "mse", "kl", "best", NULL};
static const char *const equalizations[] = {"none", "depthwise", "all", "best", NULL};

static const mho_field rows[] = {
    COUNT("bits", bits, "8", 2, 8, "bits of weights and maps"),
    COUNT("weights_bits", weights_bits, "0", 0, 8, "bits of the weights, sign included; 0: bits"),
    COUNT("maps_bits", maps_bits, "0", 0, 8,
          "bits of the maps between layers; 0: bits (the image keeps its own)"),
    CHOICE(
        "scales", scales, "channel", scales,
        "what a code is worth: a power of two, or any number, a layer; channel: weights any number "
        "an output channel, maps a layer"),
    CHOICE(
        "weights_rule", weights_rule, "mse", rules,
        "the largest weight that codes hold: the largest there is, a percentile, the least squared "
        "error, the least Kullback-Leibler divergence"),
    CHOICE("maps_rule", maps_rule, "best", map_rules,
           "the same of maps, over the images of calibration; best: percentile, mse or kl, "
           "whichever leaves the least noise in the scores"),
    MHOI_REAL(mho_fixed_options, "percentile", percentile, "99.99", 50, 100, "%", 1,
              "share of values that the rule percentile holds"),
    COUNT("calibration_images", images, "512", 1, 9e15,
          "first so many training images that calibrate"),
    MHOI_YES_NO(mho_fixed_options, "bias_correction", bias_correction, "true",
                "move biases by what rounded weights add to the mean of a channel"),
    CHOICE("equalize", equalize, "best", equalizations,
           "even out the ranges of channels between layers: never, where there are depthwise "
           "convolutions, always; best: depthwise or all, whichever leaves less noise in the "
           "scores"),
};
const mho_fields mho_fixed_fields = {"quantization to fixed point", rows,
                                     sizeof rows / sizeof *rows, sizeof(mho_fixed_options)};

/* One quantization under way: the network in float, what flows through it, the network of codes. */
typedef struct fixed {
    const mho_fixed_options *options;
    const mho_images *images;
    size_t count;
    mho_net *plain, *net;
    bool *coded; /* [nodes] */
    fixed_seen seen;
    mho_quantize_report *report;
    int rule;     /* of maps: mho_range_rule */
    size_t *told; /* [nodes]: entry of the report of a node's map; SIZE_MAX: none */
} fixed;

static double decibels(double signal, double noise)
{
    return noise > 0 && signal > 0 ? 10 * log10(signal / noise) : (double)NAN;
}

/* --- weights --------------------------------------------------------------------------------------------------- */

/* Scales of channels [first, first + n), which have one together. */
static void scale_channels(mho_node *node, const scale_wish *wish, size_t first, size_t n,
                           histogram *h, mho_quantize_codes *told, quantization_loss *all)
{
    const size_t each = mho_node_weight_count(node) / node->out.c;
    float *w = node->weight + first * each;
    mhoi_histogram_clear(h);
    mhoi_histogram_add(h, w, n * each);
    float scale = mhoi_histogram_scale(h, wish);
    scale = scale > 0 ? scale : 1; /* zeros all */
    const quantization_loss loss = mhoi_histogram_loss(h, scale, wish->codes);
    for (size_t c = first; c < first + n; c++)
        node->weight_scale[c] = scale;
    mho_quant_round(w, n * each, scale, wish->codes);
    all->signal += loss.signal;
    all->noise += loss.noise;
    all->clipped += loss.clipped;
    told->scale_least =
        told->scales && told->scale_least < (double)scale ? told->scale_least : (double)scale;
    told->scale_most = told->scale_most > (double)scale ? told->scale_most : (double)scale;
    told->scales++;
}

static mho_status scale_weights(fixed *f, size_t i, histogram *h)
{
    mho_node *node = &f->net->node[i];
    const mho_fixed_options *o = f->options;
    const size_t bits = o->weights_bits ? o->weights_bits : o->bits;
    const scale_wish wish = {.codes = mhoi_codes_of_weights(bits),
                             .rule = o->weights_rule,
                             .percentile = o->percentile,
                             .power_of_two = o->scales == MHO_SCALES_POWER_OF_TWO};
    const size_t together = o->scales == MHO_SCALES_CHANNEL ? 1 : node->out.c;
    mho_quantize_codes *told = &f->report->codes[f->report->codings++];
    quantization_loss loss = {0, 0, 0};
    mho_status s =
        mhoi_alloc(&node->weight_scale, node->out.c, sizeof *node->weight_scale, node->name);
    if (s)
        return s;
    node->weight_bits = bits;
    node->has_weight_scale = true;
    for (size_t c = 0; c < node->out.c; c += together)
        scale_channels(node, &wish, c, together, h, told, &loss);
    node->alphabet = mhoi_node_find_alphabet(node);
    memcpy(told->name, node->name, sizeof told->name);
    told->weights = true;
    told->bits = bits;
    told->snr_dB = decibels(loss.signal, loss.noise);
    told->whole_snr_dB = (double)NAN;
    told->clipped = (double)loss.clipped / (double)mho_node_weight_count(node);
    return MHO_OK;
}

/* What the rounding of channel c's weights adds to its mean. */
static double mean_shift(const fixed *f, size_t i, size_t c)
{
    const mho_node *was = &f->plain->node[i], *is = &f->net->node[i];
    const size_t each = mho_node_weight_count(was) / was->out.c;
    const size_t taps = was->op == MHO_OP_FC ? 1 : was->kh * was->kw;
    const size_t first = was->op == MHO_OP_FC ? 0 : c / (was->out.c / was->groups) * (each / taps);
    double shift = 0;
    for (size_t k = 0; k < each; k++)
        shift += ((double)is->weight[c * each + k] - (double)was->weight[c * each + k]) *
                 mhoi_fixed_mean(f->plain, &f->seen, i, first + k / taps);
    return shift;
}

static mho_status correct_bias(fixed *f, size_t i)
{
    mho_node *node = &f->net->node[i];
    mho_status s = MHO_OK;
    if (!node->has_bias) {
        node->has_bias = true;
        s = mhoi_alloc(&node->bias, node->out.c, sizeof *node->bias, node->name);
    }
    for (size_t c = 0; !s && c < node->out.c; c++)
        node->bias[c] = (float)((double)node->bias[c] - mean_shift(f, i, c));
    return s;
}

static mho_status quantize_weights(fixed *f)
{
    histogram h;
    mho_status s = mhoi_histogram_create(&h);
    for (size_t i = 1; !s && i < f->net->nodes; i++) {
        const mho_node *node = &f->net->node[i];
        if (!mho_node_is_weighted(node) || node->alphabet != MHO_ALPHABET_REAL || node->weight_bits)
            continue;
        s = scale_weights(f, i, &h);
        if (!s && f->options->bias_correction)
            s = correct_bias(f, i);
    }
    mhoi_histogram_free(&h);
    return s;
}

/* --- maps ------------------------------------------------------------------------------------------------------ */

static void scale_map(fixed *f, size_t i)
{
    mho_node *node = &f->net->node[i];
    const mho_fixed_options *o = f->options;
    const size_t wanted = o->maps_bits ? o->maps_bits : o->bits, own = f->net->input_bits;
    const bool image = wanted < own && mhoi_fixed_is_image(f->net, i);
    const size_t bits = !image ? wanted : own < MAP_BITS_MAX ? own : MAP_BITS_MAX;
    const mho_codes codes = mhoi_codes_of_map(bits, mhoi_net_values(f->net, i).is_signed);
    const scale_wish wish = {.codes = codes,
                             .rule = f->rule,
                             .percentile = o->percentile,
                             .power_of_two = o->scales == MHO_SCALES_POWER_OF_TWO};
    const float scale = mhoi_histogram_scale(&f->seen.map[i], &wish);
    mho_quantize_codes *told = &f->report->codes[f->report->codings];
    f->told[i] = f->report->codings++;
    node->value_bits = bits;
    node->value_scale = scale > 0 ? scale : 1;
    const quantization_loss loss = mhoi_histogram_loss(&f->seen.map[i], node->value_scale, codes);
    memcpy(told->name, node->name, sizeof told->name);
    told->bits = bits;
    told->scales = 1;
    told->scale_least = told->scale_most = (double)node->value_scale;
    told->snr_dB = decibels(loss.signal, loss.noise);
    told->clipped = (double)loss.clipped / (double)f->seen.map[i].count;
}

/* An average of codes is a code of the same scale. */
static void scale_average(mho_net *net, size_t i)
{
    const size_t from = mhoi_fixed_averaged(net, i);
    const bool image = net->node[from].op == MHO_OP_INPUT;
    net->node[i].value_bits = image ? net->input_bits : net->node[from].value_bits;
    net->node[i].value_scale = image ? mhoi_net_input_step(net) : net->node[from].value_scale;
}

static void quantize_maps(fixed *f)
{
    for (size_t i = 1; i < f->net->nodes; i++)
        if (f->coded[i])
            scale_map(f, i);
    for (size_t i = 1; i < f->net->nodes; i++)
        if (f->net->node[i].op == MHO_OP_AVGPOOL)
            scale_average(f->net, i);
}

/* --- all ------------------------------------------------------------------------------------------------------- */

static mho_status measure(fixed *f)
{
    double *signal = NULL, *noise = NULL;
    const size_t nodes = f->net->nodes;
    mho_status s = mhoi_alloc(&signal, nodes, sizeof *signal, "comparison");
    if (!s)
        s = mhoi_alloc(&noise, nodes, sizeof *noise, "comparison");
    if (!s)
        s = mhoi_fixed_compare(f->plain, f->net, f->images,
                               f->count < COMPARED ? f->count : COMPARED, signal, noise);
    for (size_t i = 0; !s && i < nodes; i++)
        if (f->told[i] != SIZE_MAX)
            f->report->codes[f->told[i]].whole_snr_dB = decibels(signal[i], noise[i]);
    const size_t scores = mhoi_fixed_scores(f->net);
    if (!s)
        f->report->output_snr_dB = decibels(signal[scores], noise[scores]);
    mhoi_free(&signal);
    mhoi_free(&noise);
    return s;
}

static void end(fixed *f)
{
    mhoi_fixed_seen_free(&f->seen);
    mho_quantize_report_destroy(f->report);
    mho_net_destroy(f->plain);
    mho_net_destroy(f->net);
    mhoi_free(&f->coded);
    mhoi_free(&f->told);
    f->report = NULL;
    f->plain = f->net = NULL;
}

/* The network in float, and what flows through it. */
static mho_status begin(const mho_net *net, bool equalize, fixed *f)
{
    mho_status s = mhoi_fixed_prepare(net, &f->plain);
    if (!s && equalize)
        s = mhoi_fixed_equalize(f->plain);
    if (!s)
        s = mhoi_alloc(&f->coded, f->plain->nodes, sizeof *f->coded, "maps");
    if (!s)
        s = mhoi_alloc(&f->told, f->plain->nodes, sizeof *f->told, "report");
    if (!s)
        s = mhoi_fixed_find_maps(f->plain, f->coded);
    return s ? s : mhoi_fixed_calibrate(f->plain, f->coded, f->images, f->count, &f->seen);
}

/* The network in codes, maps by this rule. */
static mho_status run(fixed *f, int rule)
{
    mho_net_destroy(f->net);
    mho_quantize_report_destroy(f->report);
    f->report = NULL;
    f->rule = rule;
    for (size_t i = 0; i < f->plain->nodes; i++)
        f->told[i] = SIZE_MAX;
    mho_status s = mho_net_clone(f->plain, &f->net);
    if (!s)
        s = mhoi_report_create(0, 0, &f->report);
    if (!s)
        s = mhoi_alloc(&f->report->codes, 2 * f->net->nodes, sizeof *f->report->codes, "report");
    if (!s)
        s = quantize_weights(f);
    if (s)
        return s;
    quantize_maps(f);
    return measure(f);
}

/* The best so far. */
typedef struct chosen {
    mho_net *net;
    mho_quantize_report *report;
} chosen;

/* No noise is not a number. */
static bool is_better(const mho_quantize_report *a, const mho_quantize_report *b)
{
    return !b || (!isnan(b->output_snr_dB) &&
                  (isnan(a->output_snr_dB) || a->output_snr_dB > b->output_snr_dB));
}

static mho_status try_rules(fixed *f, chosen *best)
{
    static const int tried[] = {MHO_RANGE_RULE_MSE, MHO_RANGE_RULE_PERCENTILE, MHO_RANGE_RULE_KL};
    const bool all = f->options->maps_rule == MHO_RANGE_RULE_BEST;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < (all ? sizeof tried / sizeof *tried : 1); i++) {
        s = run(f, all ? tried[i] : f->options->maps_rule);
        if (s || !is_better(f->report, best->report))
            continue;
        mho_net_destroy(best->net);
        mho_quantize_report_destroy(best->report);
        *best = (chosen){f->net, f->report};
        f->net = NULL;
        f->report = NULL;
    }
    return s;
}

/* Without and with equalization, as the options ask for. */
static mho_status try_all(const mho_net *net, fixed *f, chosen *best)
{
    const int wanted = f->options->equalize;
    const bool depthwise = mhoi_fixed_has_depthwise(net);
    const bool always = wanted == MHO_EQUALIZE_ALL || (depthwise && wanted != MHO_EQUALIZE_NONE);
    mho_status s = begin(net, always, f);
    if (!s)
        s = try_rules(f, best);
    if (s || always || wanted != MHO_EQUALIZE_BEST)
        return s;
    end(f);
    s = begin(net, true, f);
    return s ? s : try_rules(f, best);
}

/* As a file of it is read: the program is that of the codes too. */
static mho_status read_back(mho_net **net)
{
    mho_net *read = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_onnx_pack(*net, (*net)->name, &bytes, &size);
    if (!s)
        s = mho_onnx_parse(bytes, size, (*net)->name, &read);
    mhoi_free(&bytes);
    if (s)
        return s;
    mho_net_destroy(*net);
    *net = read;
    return MHO_OK;
}

mho_status mho_fixed_quantize(const mho_net *net, const mho_images *images,
                              const mho_fixed_options *options, mho_net **out,
                              mho_quantize_report **report)
{
    fixed f = {.options = options, .images = images};
    chosen best = {NULL, NULL};
    const double start = mho_seconds();
    *out = NULL;
    if (report)
        *report = NULL;
    f.count = images->count < options->images ? images->count : options->images;
    const mho_net *graph = NULL;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_INFER, &graph);
    if (s)
        return s;
    const mho_net view = mhoi_net_view(net, graph);
    s = mhoi_fixed_check(&view);
    if (!s && !f.count)
        s = mho_error(MHO_ENODATA, "quantization wants training images to calibrate on");
    if (!s)
        s = mho_images_fit(images, net->node[0].out, 0, net->name);
    if (!s)
        s = try_all(&view, &f, &best);
    end(&f);
    if (!s && mhoi_net_is_mixed(best.net))
        s = read_back(&best.net);
    if (!s) {
        *out = best.net;
        best.net = NULL;
        best.report->images = f.count;
        best.report->seconds = mho_seconds() - start;
        best.report->train_error = (double)NAN;
    }
    if (!s && report) {
        *report = best.report;
        best.report = NULL;
    }
    mho_net_destroy(best.net);
    mho_quantize_report_destroy(best.report);
    return s;
}
