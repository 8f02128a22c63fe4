/* SPDX-License-Identifier: Apache-2.0 */
/* Post-training quantization, and its choices: all that is chosen from is judged by the scores of calibration images in float
 * and in codes; docs/models/quantization.md. */
#include <math.h>

#include "base/alloc.h"
#include "base/fields.h"
#include "base/parallel.h"
#include "infer/nodes.h"
#include "mho/onnx.h"
#include "mho/run.h"
#include "net/op_table.h"
#include "net/small_weights.h"
#include "onnx/onnx_pack.h"
#include "quantize/fixed_impl.h"
#include "quantize/need.h"
#include "quantize/report.h"

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
    MHOI_YES_NO(
        mho_fixed_options, "search", search, "true",
        "with maps_rule best: then the scale of each map by itself, and biases by what layers "
        "are off, as far as the scores gain; networks of some million multiplications"),
    MHOI_YES_NO(mho_fixed_options, "offsets", offsets, "true",
                "codes reach further on one side of 0 where values do (behind "
                "leaky ReLU, say), but for powers of two"),
    CHOICE("equalize", equalize, "best", equalizations,
           "even out the ranges of channels between layers: never, where there are depthwise "
           "convolutions, always; best: depthwise or all, whichever leaves less noise in the "
           "scores"),
};
const mho_fields mho_fixed_fields = {"quantization to fixed point", rows,
                                     sizeof rows / sizeof *rows, sizeof(mho_fixed_options)};

/* The best so far. */
typedef struct chosen {
    mho_net *net; /* its weights in small, until all is tried */
    mhoi_small_weights *small;
    mho_quantize_report *report;
} chosen;

#define SEARCH_MACS                                                                                \
    1e11 /* multiply-accumulates that the search for each map's scale takes at most */
#define STEP_DOWN 0.92f
enum { STEPS_MOST = 8 };

/* No noise is not a number. */
static bool is_better(const mho_quantize_report *a, const mho_quantize_report *b)
{
    return !b || (!isnan(b->output_snr_dB) &&
                  (isnan(a->output_snr_dB) || a->output_snr_dB > b->output_snr_dB));
}

/* --- map by map ------------------------------------------------------------------------------------------------ */

/* Scores in float and in codes of the images that a search looks at. */
typedef struct probe {
    size_t count, numbers;
    float *want, *got;
} probe;

static mho_status noise_in_scores(const fixed_state *f, probe *p, double *noise)
{
    mho_status s =
        mhoi_fixed_values_of(f->net, mhoi_fixed_scores(f->net), f->images, p->count, p->got);
    *noise = 0;
    for (size_t i = 0; !s && i < p->numbers; i++) {
        const double miss = (double)p->got[i] - (double)p->want[i];
        *noise += miss * miss;
    }
    return s;
}

/* Steps of the scale of map i as long as the scores gain; *moved: they did. */
static mho_status step_map(fixed_state *f, probe *p, size_t i, float step, double *least,
                           bool *moved)
{
    mho_node *node = &f->net->node[i];
    mho_status s = MHO_OK;
    *moved = false;
    for (size_t k = 0; !s && k < STEPS_MOST; k++) {
        const float was = node->value_scale;
        double noise;
        node->value_scale = was * step;
        mhoi_fixed_scale_averages(f->net);
        s = noise_in_scores(f, p, &noise);
        if (s || !(noise < *least)) {
            node->value_scale = was;
            mhoi_fixed_scale_averages(f->net);
            break;
        }
        *least = noise;
        *moved = true;
        f->factor[i] *= step;
    }
    return s;
}

static mho_status step_maps(fixed_state *f, probe *p)
{
    const bool power = f->options->scales == MHO_SCALES_POWER_OF_TWO;
    const float down = power ? 0.5f : STEP_DOWN;
    double least;
    mho_status s =
        mhoi_fixed_values_of(f->plain, mhoi_fixed_scores(f->plain), f->images, p->count, p->want);
    if (!s)
        s = noise_in_scores(f, p, &least);
    for (size_t i = 1; !s && i < f->net->nodes; i++) {
        bool moved;
        mhoi_progress("maps", i, f->net->nodes, "layers");
        if (!f->coded[i])
            continue;
        s = step_map(f, p, i, down, &least, &moved);
        if (!s && !moved)
            s = step_map(f, p, i, 1 / down, &least, &moved);
    }
    return s;
}

/* Is the search worth its time? */
static bool is_small(const fixed_state *f, size_t images)
{
    size_t maps = 0;
    for (size_t i = 1; i < f->plain->nodes; i++)
        maps += f->coded[i];
    return 3.0 * (double)maps * (double)images * (double)mho_net_macs(f->plain) <= SEARCH_MACS;
}

/* From the rule that is best for all maps on, the scale of each by itself; the network and the report are those of it. */
static mho_status search_maps(fixed_state *f, int rule)
{
    probe p = {.count = f->count < FIXED_COMPARED ? f->count : FIXED_COMPARED};
    const mho_shape shape = f->plain->node[mhoi_fixed_scores(f->plain)].out;
    if (!is_small(f, p.count))
        return MHO_OK;
    p.numbers = p.count * shape.c * shape.h * shape.w;
    mho_status s = mhoi_fixed_run(f, rule);
    if (!s)
        s = mhoi_alloc(&p.want, p.numbers, sizeof *p.want, "scores");
    if (!s)
        s = mhoi_alloc(&p.got, p.numbers, sizeof *p.got, "scores");
    if (!s)
        s = step_maps(f, &p);
    mhoi_free(&p.want);
    mhoi_free(&p.got);
    return s ? s : mhoi_fixed_run(f, rule);
}

/* What the values of layer i are off on average, its channels' biases take up. */
static mho_status correct_means(fixed_state *f, size_t i, size_t count)
{
    mho_node *node = &f->net->node[i];
    const size_t positions = node->out.h * node->out.w, each = node->out.c * positions;
    float *want = NULL, *got = NULL;
    mho_status s = mhoi_alloc(&want, count * each, sizeof *want, "comparison");
    if (!s)
        s = mhoi_alloc(&got, count * each, sizeof *got, "comparison");
    if (!s)
        s = mhoi_fixed_values_of(f->plain, i, f->images, count, want);
    if (!s)
        s = mhoi_fixed_values_of(f->net, i, f->images, count, got);
    for (size_t c = 0; !s && c < node->out.c; c++) {
        double miss = 0;
        for (size_t k = 0; k < count * positions; k++) {
            const size_t at = k / positions * each + c * positions + k % positions;
            miss += (double)want[at] - (double)got[at];
        }
        node->bias[c] = (float)((double)node->bias[c] + miss / (double)(count * positions));
    }
    mhoi_free(&want);
    mhoi_free(&got);
    return s;
}

/* Layer after layer, with all that is rounded before it; the report tells of the network as it is then. */
static mho_status correct_all_means(fixed_state *f)
{
    const size_t count = f->count < FIXED_COMPARED ? f->count : FIXED_COMPARED;
    mho_status s = MHO_OK;
    for (size_t i = 1; !s && i < f->net->nodes; i++)
        if (f->net->node[i].weight_scale && !f->plain->node[i].weight_scale)
            s = correct_means(f, i, count);
    return s ? s : mhoi_fixed_measure(f);
}

static void drop(chosen *best)
{
    mho_net_destroy(best->net);
    mhoi_small_weights_free(best->small);
    mho_quantize_report_destroy(best->report);
    *best = (chosen){NULL, NULL, NULL};
}

static mho_status take_if_better(fixed_state *f, chosen *best, int *rule)
{
    if (!f->report || !is_better(f->report, best->report))
        return MHO_OK;
    drop(best);
    *best = (chosen){f->net, NULL, f->report};
    *rule = f->rule;
    f->net = NULL;
    f->report = NULL;
    return mhoi_net_shrink(best->net, &best->small);
}

static const int tried[] = {MHO_RANGE_RULE_MSE, MHO_RANGE_RULE_PERCENTILE, MHO_RANGE_RULE_KL};

static size_t rules_of(const mho_fixed_options *o)
{
    return o->maps_rule == MHO_RANGE_RULE_BEST ? sizeof tried / sizeof *tried : 1;
}

static mho_status try_rules(fixed_state *f, chosen *best, int *rule)
{
    const bool all = f->options->maps_rule == MHO_RANGE_RULE_BEST;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < rules_of(f->options); i++) {
        s = mhoi_fixed_run(f, all ? tried[i] : f->options->maps_rule);
        if (!s)
            s = take_if_better(f, best, rule);
    }
    return s;
}

/* From the best rule on, map by map, and then what layers are off on average. */
static mho_status search(fixed_state *f, chosen *best, int rule)
{
    mho_status s = search_maps(f, rule);
    if (!s)
        s = take_if_better(f, best, &rule);
    if (s || !f->options->bias_correction ||
        !is_small(f, f->count < FIXED_COMPARED ? f->count : FIXED_COMPARED))
        return s;
    s = mhoi_fixed_run(f, rule);
    if (!s)
        s = correct_all_means(f);
    return s ? s : take_if_better(f, best, &rule);
}

static mho_status try_network(const mho_net *net, bool equalize, fixed_state *f, chosen *best)
{
    const bool searches = f->options->maps_rule == MHO_RANGE_RULE_BEST && f->options->search;
    int rule = -1;
    mho_status s = mhoi_fixed_begin(net, equalize, f);
    if (!s)
        s = try_rules(f, best, &rule);
    const fixed_part next = {f->part.index + 1, f->part.parts};
    f->part.parts = 0;
    if (!s && searches && rule >= 0)
        s = search(f, best, rule);
    f->part = next;
    return s;
}

/* Without and with equalization, as the options ask for. */
static mho_status try_all(const mho_net *net, fixed_state *f, chosen *best)
{
    const int wanted = f->options->equalize;
    const bool depthwise = mhoi_fixed_has_depthwise(net);
    const bool always = wanted == MHO_EQUALIZE_ALL || (depthwise && wanted != MHO_EQUALIZE_NONE);
    const bool both = !always && wanted == MHO_EQUALIZE_BEST;
    f->part.parts = (both ? 2 : 1) * (1 + 2 * rules_of(f->options));
    mho_status s = try_network(net, always, f, best);
    if (s || !both)
        return s;
    mhoi_fixed_end(f);
    return try_network(net, true, f, best);
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

/* Before anything is done: weights in codes, of the equalized network, of the best so far in bytes; those of both networks in
 * the order of kernels; the values of an image in both, twice. */
void mhoi_fixed_need(const mho_net *net, bool equalize, mhoi_need *need)
{
    uint64_t weights = 0, values = 0;
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_shape out = net->node[i].out;
        weights += mho_node_weight_count(&net->node[i]) * sizeof(float);
        values += out.c * out.h * out.w * sizeof(float);
    }
    mhoi_memory_need(need,
                     weights + weights / 4 + (equalize ? weights : 0) +
                         mhoi_infer_weight_bytes(net, false) + mhoi_infer_weight_bytes(net, true) +
                         4 * values,
                     "quantizing network %.100s", net->name);
}

mho_status mho_fixed_quantize(const mho_net *net, const mho_images *images,
                              const mho_fixed_options *options, mho_net **out,
                              mho_quantize_report **report)
{
    fixed_state f = {.options = options, .images = images};
    chosen best = {NULL, NULL, NULL};
    const double start = mho_seconds();
    *out = NULL;
    if (report)
        *report = NULL;
    f.count = images->count < options->images ? images->count : options->images;
    const mho_net *graph = NULL;
    mho_status s = mhoi_net_find_placed(net, MHOI_WALK_INFER, &graph);
    if (!s && mho_net_inputs(net) != 1)
        s = mho_error(MHO_ENOTMODELED, "network %s: %zu inputs, want one", net->name,
                      mho_net_inputs(net));
    if (s)
        return s;
    const mho_net view = mhoi_net_view(net, graph);
    s = mhoi_fixed_check(&view);
    if (!s && !f.count)
        s = mho_error(MHO_ENODATA, "quantization wants training images to calibrate on");
    if (!s)
        s = mho_images_fit(images, net->node[0].out, 0, net->name);
    if (!s) {
        mhoi_need least = {.bytes = 0};
        mhoi_fixed_need(&view, options->equalize != MHO_EQUALIZE_NONE, &least);
        s = mhoi_memory_grant(&least, NULL);
    }
    if (!s)
        s = try_all(&view, &f, &best);
    mhoi_fixed_end(&f);
    if (!s)
        s = mhoi_net_expand(best.net, &best.small);
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
    drop(&best);
    return s;
}
