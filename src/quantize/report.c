/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a quantization: its life, as JSON, and as a picture. */
#include "quantize/report.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/decimal.h"

mho_status mhoi_report_create(size_t layers, size_t curves, mho_quantize_report **out)
{
    mho_status s = mhoi_alloc(out, 1, sizeof **out, "report");
    if (!s)
        s = mhoi_alloc(&(*out)->layer, layers, sizeof *(*out)->layer, "report");
    if (!s)
        s = mhoi_alloc(&(*out)->curve, curves, sizeof *(*out)->curve, "report");
    if (!s) {
        (*out)->layers = layers;
        return MHO_OK;
    }
    mho_quantize_report_destroy(*out);
    *out = NULL;
    return s;
}

mho_status mhoi_report_layer(mho_quantize_layer *layer, const char *name, size_t channels)
{
    snprintf(layer->name, sizeof layer->name, "%s", name);
    layer->channels = channels;
    return mhoi_alloc(&layer->threshold, channels, sizeof *layer->threshold, "report");
}

mho_status mhoi_report_curve(mho_quantize_curve *curve, const char *layer, size_t channel,
                             const double *threshold, size_t points)
{
    snprintf(curve->layer, sizeof curve->layer, "%s", layer);
    curve->channel = channel;
    curve->points = points;
    mho_status s = mhoi_alloc(&curve->threshold, points, sizeof *curve->threshold, "report");
    if (!s)
        s = mhoi_alloc(&curve->correct, points, sizeof *curve->correct, "report");
    for (size_t j = 0; !s && j < points; j++)
        curve->threshold[j] = threshold[j];
    return s;
}

void mhoi_report_distribution(mho_quantize_layer *layer, const uint64_t *bin, size_t groups,
                              size_t bins, const float *largest, const float *size)
{
    uint64_t total = 0;
    for (size_t k = 0; k < groups * bins; k++)
        total += bin[k];
    for (size_t g = 0; g < groups; g++, bin += bins) {
        layer->zero += (double)bin[0] / (double)total;
        for (size_t b = 1; b < bins; b++) {
            const double middle =
                ((double)b - 0.5) / (double)(bins - 1) * (double)largest[g] / (double)size[g];
            const size_t part = (size_t)(middle * MHO_QUANTIZE_BINS);
            layer->share[part < MHO_QUANTIZE_BINS ? part : MHO_QUANTIZE_BINS - 1] +=
                (double)bin[b] / (double)total;
        }
    }
}

void mho_quantize_report_destroy(mho_quantize_report *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->layers; i++)
        mhoi_free(&r->layer[i].threshold);
    for (size_t i = 0; i < r->curves; i++) {
        mhoi_free(&r->curve[i].threshold);
        mhoi_free(&r->curve[i].correct);
    }
    mhoi_free(&r->layer);
    mhoi_free(&r->curve);
    mhoi_free(&r->codes);
    mhoi_free(&r);
}

/* --- JSON -------------------------------------------------------------------------------------------------- */

static mho_json *numbers(const double *v, size_t n)
{
    mho_json *all = mho_json_array();
    for (size_t i = 0; i < n; i++)
        mho_json_add(all, mho_json_number(v[i]));
    return all;
}

static mho_json *layer_json(const mho_quantize_layer *l)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(l->name));
    mho_json_put(v, "channels", mho_json_unsigned(l->channels));
    mho_json_put(v, "largest", mho_json_number(l->largest));
    mho_json_put(v, "threshold", numbers(l->threshold, l->channels));
    mho_json_put(v, "zero", mho_json_number(l->zero));
    mho_json_put(v, "distribution", numbers(l->share, MHO_QUANTIZE_BINS));
    mho_json_put(v, "ones", mho_json_number(l->ones));
    return v;
}

static mho_json *curve_json(const mho_quantize_report *r, const mho_quantize_curve *c)
{
    mho_json *v = mho_json_object(), *error = mho_json_array();
    mho_json_put(v, "layer", mho_json_text(c->layer));
    mho_json_put(v, "pass", mho_json_unsigned(c->pass));
    if (c->channel != SIZE_MAX)
        mho_json_put(v, "channel", mho_json_unsigned(c->channel));
    mho_json_put(v, "threshold", numbers(c->threshold, c->points));
    for (size_t j = 0; j < c->points; j++)
        mho_json_add(error, mho_json_number(1 - (double)c->correct[j] / (double)r->images));
    mho_json_put(v, "train_error", error);
    mho_json_put(v, "best", mho_json_number(c->threshold[c->best]));
    mho_json_put(v, "seconds", mho_json_number(c->seconds));
    return v;
}

static mho_json *codes_json(const mho_quantize_codes *c)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(c->name));
    mho_json_put(v, "kind", mho_json_text(c->weights ? "weights" : "map"));
    mho_json_put(v, "bits", mho_json_unsigned(c->bits));
    mho_json_put(v, "scales", mho_json_unsigned(c->scales));
    mho_json_put(v, "scale_min", mho_json_number(c->scale_least));
    mho_json_put(v, "scale_max", mho_json_number(c->scale_most));
    mho_json_put(v, "clipped", mho_json_number(c->clipped));
    mho_json_put(v, "snr_dB", mho_json_number(c->snr_dB));
    if (!c->weights)
        mho_json_put(v, "whole_snr_dB", mho_json_number(c->whole_snr_dB));
    return v;
}

static mho_json *fixed_json(const mho_quantize_report *r)
{
    mho_json *v = mho_json_object(), *codes = mho_json_array();
    mho_json_put(v, "images", mho_json_unsigned(r->images));
    for (size_t i = 0; i < r->codings; i++)
        mho_json_add(codes, codes_json(&r->codes[i]));
    mho_json_put(v, "codes", codes);
    mho_json_put(v, "output_snr_dB", mho_json_number(r->output_snr_dB));
    mho_json_put(v, "seconds", mho_json_number(r->seconds));
    return v;
}

mho_json *mho_quantize_report_json(const mho_quantize_report *r)
{
    if (r->codings)
        return fixed_json(r);
    mho_json *v = mho_json_object(), *layers = mho_json_array(), *curves = mho_json_array();
    mho_json_put(v, "images", mho_json_unsigned(r->images));
    for (size_t i = 0; i < r->layers; i++)
        mho_json_add(layers, layer_json(&r->layer[i]));
    for (size_t i = 0; i < r->curves; i++)
        mho_json_add(curves, curve_json(r, &r->curve[i]));
    mho_json_put(v, "layers", layers);
    mho_json_put(v, "curves", curves);
    mho_json_put(v, "refined_train_error", mho_json_number(r->train_error));
    mho_json_put(v, "seconds", mho_json_number(r->seconds));
    return v;
}

/* --- picture ------------------------------------------------------------------------------------------------- */

enum { WIDTH = 640, HEIGHT = 220, LEFT = 60, TOP = 30, GRID_W = 420, GRID_H = 150 };

static double error_of(const mho_quantize_report *r, const mho_quantize_curve *c, size_t j)
{
    return 1 - (double)c->correct[j] / (double)r->images;
}

static void draw_curve(const mho_quantize_report *r, const mho_quantize_curve *c, double top,
                       FILE *out)
{
    const double first = c->threshold[0], span = c->threshold[c->points - 1] - first;
    double low = 1, high = 0;
    for (size_t j = 0; j < c->points; j++) {
        low = error_of(r, c, j) < low ? error_of(r, c, j) : low;
        high = error_of(r, c, j) > high ? error_of(r, c, j) : high;
    }
    (void)mhoi_decimal_write(out,
                             "<text x=\"%d\" y=\"%g\" font-weight=\"bold\">%s, pass %zu</text>\n",
                             LEFT, top - 8, c->layer, c->pass);
    (void)mhoi_decimal_write(
        out, "<rect x=\"%d\" y=\"%g\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n",
        LEFT, top, GRID_W, GRID_H);
    fputs("<polyline fill=\"none\" stroke=\"#1f6f8b\" stroke-width=\"1.5\" points=\"", out);
    for (size_t j = 0; j < c->points; j++)
        (void)mhoi_decimal_write(
            out, "%.2f,%.2f ", LEFT + (span > 0 ? (c->threshold[j] - first) / span : 0) * GRID_W,
            top + GRID_H * (high > low ? (high - error_of(r, c, j)) / (high - low) : 1));
    fputs("\"/>\n", out);
    const double x = LEFT + (span > 0 ? (c->threshold[c->best] - first) / span : 0) * GRID_W;
    (void)mhoi_decimal_write(
        out, "<line x1=\"%.2f\" x2=\"%.2f\" y1=\"%g\" y2=\"%g\" stroke=\"#c0392b\"/>\n", x, x, top,
        top + GRID_H);
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\">threshold %g</text>\n",
                             LEFT + GRID_W + 8, top + 14, c->threshold[c->best]);
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\">train error %.2f %%</text>\n",
                             LEFT + GRID_W + 8, top + 30, 100 * error_of(r, c, c->best));
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\" text-anchor=\"end\">%.1f %%</text>\n",
                             LEFT - 4, top + 10, 100 * high);
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\" text-anchor=\"end\">%.1f %%</text>\n",
                             LEFT - 4, top + GRID_H, 100 * low);
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\">%g</text>\n", LEFT, top + GRID_H + 14,
                             first);
    (void)mhoi_decimal_write(out, "<text x=\"%d\" y=\"%g\" text-anchor=\"end\">%g</text>\n",
                             LEFT + GRID_W, top + GRID_H + 14, first + span);
}

void mho_quantize_report_svg(const mho_quantize_report *r, FILE *out)
{
    size_t drawn = 0;
    for (size_t i = 0; i < r->curves; i++)
        drawn += r->curve[i].channel == SIZE_MAX;
    (void)mhoi_decimal_write(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
        WIDTH, TOP + drawn * HEIGHT);
    double top = TOP;
    for (size_t i = 0; i < r->curves; i++)
        if (r->curve[i].channel == SIZE_MAX) {
            draw_curve(r, &r->curve[i], top, out);
            top += HEIGHT;
        }
    fputs("</svg>\n", out);
}
