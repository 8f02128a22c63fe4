/* SPDX-License-Identifier: Apache-2.0 */
/* Weights, biases and maps in codes: docs/models/quantization.md. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "net/op_table.h"
#include "quant/codes.h"
#include "quantize/fixed_impl.h"
#include "quantize/report.h"

enum { MAP_BITS_MAX = 8 };
#define OFFSET_WORTH 0.9 /* of the noise without: less of a gain is none */

static double decibels(double signal, double noise)
{
    return noise > 0 && signal > 0 ? 10 * log10(signal / noise) : (double)NAN;
}

/* --- weights --------------------------------------------------------------------------------------------------- */

/* Is every weight a code times the scale, to the bit? */
static bool fits(const float *w, size_t n, float scale, int32_t most)
{
    for (size_t k = 0; k < n; k++) {
        const float c = nearbyintf(w[k] / scale);
        if (!(fabsf(c) <= (float)most) || c * scale != w[k])
            return false;
    }
    return true;
}

enum { EXACT_LEAST = 4 }; /* weights, of which fewer are multiples of anything */

/* The scale of weights that were codes before (a file of Q/DQ or quantized operators); 0: they were none. */
static float own_scale(const float *w, size_t n, int32_t most)
{
    float least = INFINITY;
    for (size_t k = 0; k < n; k++)
        least = w[k] != 0 && fabsf(w[k]) < least ? fabsf(w[k]) : least;
    for (int32_t code = 1; n >= EXACT_LEAST && isfinite(least) && code <= most; code++) {
        const float near = least / (float)code;
        for (int ulp = 0; ulp < 3; ulp++) { /* the quotient may be off by one */
            const float scale = ulp ? nextafterf(near, ulp == 1 ? INFINITY : 0) : near;
            if (scale >= FLT_MIN && fits(w, n, scale, most))
                return scale;
        }
    }
    return 0;
}

/* Scales of a layer's weights: of each channel, or of `together` channels one. */
typedef struct weighing {
    const mho_node *node;
    scale_wish wish;
    size_t together;
    histogram *h; /* [threads] */
    float *scale; /* [channels] */
} weighing;

static size_t weights_a_channel(const mho_node *node)
{
    return mho_node_weight_count(node) / node->out.c;
}

static mho_status weigh(void *context, size_t item, size_t thread)
{
    const weighing *w = context;
    const size_t first = item * w->together, each = weights_a_channel(w->node);
    const size_t n = w->together * each;
    const float *weight = w->node->weight + first * each;
    float scale = w->wish.power_of_two ? 0 : own_scale(weight, n, w->wish.codes.hi);
    if (!(scale > 0)) {
        mhoi_histogram_clear(&w->h[thread]);
        mhoi_histogram_add(&w->h[thread], weight, n);
        scale = mhoi_histogram_scale(&w->h[thread], &w->wish);
    }
    for (size_t c = first; c < first + w->together; c++)
        w->scale[c] = scale > 0 ? scale : 1; /* zeros all */
    return MHO_OK;
}

static scale_wish weight_wish(const mho_fixed_options *o)
{
    return (scale_wish){.codes = mhoi_codes_of_weights(o->weights_bits ? o->weights_bits : o->bits),
                        .rule = o->weights_rule,
                        .percentile = o->percentile,
                        .power_of_two = o->scales == MHO_SCALES_POWER_OF_TWO};
}

/* They are the same whatever becomes of maps, so they are worked out once. */
static mho_status find_weight_scales(fixed_state *f, size_t i, size_t together, histogram *h)
{
    const mho_node *node = &f->net->node[i];
    if (f->weight_scale[i])
        return MHO_OK;
    weighing w = {.node = node, .wish = weight_wish(f->options), .together = together, .h = h};
    mho_status s = mhoi_alloc(&f->weight_scale[i], node->out.c, sizeof(float), node->name);
    w.scale = f->weight_scale[i];
    return s ? s : mhoi_parallel(node->out.c / together, weigh, &w);
}

/* Channels [first, first + n), which have one scale together. */
static void round_channels(mho_node *node, mho_codes codes, size_t first, size_t n, histogram *h,
                           mho_quantize_codes *told, quantization_loss *all)
{
    const size_t each = weights_a_channel(node);
    const float scale = node->weight_scale[first];
    float *w = node->weight + first * each;
    mhoi_histogram_clear(h);
    mhoi_histogram_add(h, w, n * each);
    const quantization_loss loss = mhoi_histogram_loss(h, scale, codes);
    mho_quant_round(w, n * each, scale, codes);
    all->signal += loss.signal;
    all->noise += loss.noise;
    all->clipped += loss.clipped;
    told->scale_least =
        told->scales && told->scale_least < (double)scale ? told->scale_least : (double)scale;
    told->scale_most = told->scale_most > (double)scale ? told->scale_most : (double)scale;
    told->scales++;
}

static mho_status scale_weights(fixed_state *f, size_t i, histogram *h)
{
    mho_node *node = &f->net->node[i];
    const mho_fixed_options *o = f->options;
    const size_t bits = o->weights_bits ? o->weights_bits : o->bits;
    const size_t together = o->scales == MHO_SCALES_CHANNEL ? 1 : node->out.c;
    mho_quantize_codes *told = &f->report->codes[f->report->codings++];
    quantization_loss loss = {0, 0, 0};
    mho_status s = find_weight_scales(f, i, together, h);
    if (!s)
        s = mhoi_alloc(&node->weight_scale, node->out.c, sizeof *node->weight_scale, node->name);
    if (s)
        return s;
    memcpy(node->weight_scale, f->weight_scale[i], node->out.c * sizeof *node->weight_scale);
    node->weight_bits = bits;
    node->has_weight_scale = true;
    for (size_t c = 0; c < node->out.c; c += together)
        round_channels(node, mhoi_codes_of_weights(bits), c, together, h, told, &loss);
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
static double mean_shift(const fixed_state *f, size_t i, size_t c)
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

static mho_status correct_bias(fixed_state *f, size_t i)
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

static mho_status quantize_weights(fixed_state *f)
{
    const size_t threads = mhoi_threads();
    histogram *h = NULL;
    mho_status s = mhoi_alloc(&h, threads, sizeof *h, "histograms");
    for (size_t t = 0; !s && t < threads; t++)
        s = mhoi_histogram_create(&h[t]);
    for (size_t i = 1; !s && i < f->net->nodes; i++) {
        const mho_node *node = &f->net->node[i];
        if (!mho_node_is_weighted(node) || node->alphabet != MHO_ALPHABET_REAL || node->weight_bits)
            continue;
        s = scale_weights(f, i, h);
        if (!s && f->options->bias_correction)
            s = correct_bias(f, i);
        mhoi_fixed_tell(&f->part, "weights", i, f->net->nodes, "layers");
    }
    for (size_t t = 0; h && t < threads; t++)
        mhoi_histogram_free(&h[t]);
    mhoi_free(&h);
    return s;
}

/* --- maps ------------------------------------------------------------------------------------------------------ */

/* Least squared error of codes of which so many are below 0. */
static double least_noise(const histogram *h, size_t bits, size_t below)
{
    const mho_codes codes = mhoi_codes_of_values(bits, true, below);
    const scale_wish wish = {.codes = codes, .rule = MHO_RANGE_RULE_MSE};
    const float scale = mhoi_histogram_scale(h, &wish);
    return scale > 0 ? mhoi_histogram_loss(h, scale, codes).noise : 0;
}

/* How many codes are best below 0: one, two, four ...; 0: as many as above. */
static size_t codes_below(const fixed_state *f, const histogram *h, size_t bits)
{
    size_t best = 0;
    if (f->options->scales == MHO_SCALES_POWER_OF_TWO)
        return 0;
    double least = least_noise(h, bits, 0) * OFFSET_WORTH;
    for (size_t below = 1; below < (size_t)1 << (bits - 1); below *= 2) {
        const double noise = least_noise(h, bits, below);
        if (noise < least) {
            least = noise;
            best = below;
        }
    }
    return best;
}

static void scale_map(fixed_state *f, size_t i)
{
    mho_node *node = &f->net->node[i];
    const mho_fixed_options *o = f->options;
    const size_t wanted = o->maps_bits ? o->maps_bits : o->bits, own = f->net->input_bits;
    const bool image = wanted < own && mhoi_fixed_is_image(f->net, i);
    const size_t bits = !image ? wanted : own < MAP_BITS_MAX ? own : MAP_BITS_MAX;
    const bool has_sign = mhoi_net_values(f->net, i).is_signed;
    node->value_below = has_sign && o->offsets ? codes_below(f, &f->seen.map[i], bits) : 0;
    const mho_codes codes = mhoi_codes_of_values(bits, has_sign, node->value_below);
    const scale_wish wish = {.codes = codes,
                             .rule = f->rule,
                             .percentile = o->percentile,
                             .power_of_two = o->scales == MHO_SCALES_POWER_OF_TWO};
    const float scale = mhoi_histogram_scale(&f->seen.map[i], &wish);
    mho_quantize_codes *told = &f->report->codes[f->report->codings];
    f->told[i] = f->report->codings++;
    node->value_bits = bits;
    node->value_scale = scale > 0 ? scale * f->factor[i] : 1;
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
    net->node[i].value_below = image ? 0 : net->node[from].value_below;
}

void mhoi_fixed_scale_averages(mho_net *net)
{
    for (size_t i = 1; i < net->nodes; i++)
        if (net->node[i].op == MHO_OP_AVGPOOL)
            scale_average(net, i);
}

static void quantize_maps(fixed_state *f)
{
    for (size_t i = 1; i < f->net->nodes; i++)
        if (f->coded[i])
            scale_map(f, i);
    mhoi_fixed_scale_averages(f->net);
}

/* --- all ------------------------------------------------------------------------------------------------------- */

mho_status mhoi_fixed_measure(fixed_state *f)
{
    double *signal = NULL, *noise = NULL;
    const size_t nodes = f->net->nodes;
    mho_status s = mhoi_alloc(&signal, nodes, sizeof *signal, "comparison");
    if (!s)
        s = mhoi_alloc(&noise, nodes, sizeof *noise, "comparison");
    if (!s)
        s = mhoi_fixed_compare(f->plain, f->net, f->images,
                               f->count < FIXED_COMPARED ? f->count : FIXED_COMPARED, &f->part,
                               signal, noise);
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

void mhoi_fixed_end(fixed_state *f)
{
    for (size_t i = 0; f->weight_scale && i < f->plain->nodes; i++)
        mhoi_free(&f->weight_scale[i]);
    mhoi_free(&f->weight_scale);
    mhoi_fixed_seen_free(&f->seen);
    mho_quantize_report_destroy(f->report);
    mho_net_destroy(f->plain);
    mho_net_destroy(f->net);
    mhoi_free(&f->coded);
    mhoi_free(&f->told);
    mhoi_free(&f->factor);
    f->report = NULL;
    f->plain = f->net = NULL;
}

mho_status mhoi_fixed_begin(const mho_net *net, bool equalize, fixed_state *f)
{
    mho_status s = mhoi_fixed_prepare(net, &f->plain);
    if (!s && equalize)
        s = mhoi_fixed_equalize(f->plain);
    if (!s)
        s = mhoi_alloc(&f->coded, f->plain->nodes, sizeof *f->coded, "maps");
    if (!s)
        s = mhoi_alloc(&f->told, f->plain->nodes, sizeof *f->told, "report");
    if (!s)
        s = mhoi_alloc(&f->factor, f->plain->nodes, sizeof *f->factor, "maps");
    if (!s)
        s = mhoi_alloc(&f->weight_scale, f->plain->nodes, sizeof *f->weight_scale, "scales");
    for (size_t i = 0; !s && i < f->plain->nodes; i++)
        f->factor[i] = 1;
    if (!s)
        s = mhoi_fixed_find_maps(f->plain, f->coded);
    return s ? s
             : mhoi_fixed_calibrate(f->plain, f->coded, f->images, f->count, &f->part, &f->seen);
}

mho_status mhoi_fixed_run(fixed_state *f, int rule)
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
    f->part.index++;
    if (!s)
        s = quantize_weights(f);
    if (s)
        return s;
    quantize_maps(f);
    f->part.index++;
    return mhoi_fixed_measure(f);
}
