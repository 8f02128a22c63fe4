/* SPDX-License-Identifier: Apache-2.0 */
/* Converter edges where the sums of calibration are, in place of equal steps: docs/models/chip.md eq. (19), (20). */
#include <math.h>

#include "base/alloc.h"
#include "chip/chip_impl.h"

enum { TURNS = 200 };

/* Sums of the bins before one: how many, and of their values. */
typedef struct prefix {
    const mhoi_sums *sums;
    double *count, *moment; /* [bins + 1] */
    int64_t between;        /* edges lie halfway between sums that can occur; 0: anywhere */
} prefix;

static mho_status prefix_create(const mhoi_sums *sums, prefix *p)
{
    mho_status s = mhoi_alloc(&p->count, sums->bins + 1, sizeof *p->count, "calibration");
    if (!s)
        s = mhoi_alloc(&p->moment, sums->bins + 1, sizeof *p->moment, "calibration");
    for (size_t b = 0; !s && b < sums->bins; b++) {
        const double n = (double)sums->bin[b];
        const double value =
            (double)(sums->low + (int64_t)b * sums->width) + (double)(sums->width - 1) / 2;
        p->count[b + 1] = p->count[b] + n;
        p->moment[b + 1] = p->moment[b] + n * value;
    }
    return s;
}

/* The first bin whose sums are all at `edge` or above. */
static size_t bin_of(const prefix *p, int64_t edge)
{
    const mhoi_sums *h = p->sums;
    const int64_t above = edge - h->low;
    if (above <= 0)
        return 0;
    const int64_t b = (above + h->width - 1) / h->width;
    return (size_t)b < h->bins ? (size_t)b : h->bins;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t aligned(const prefix *p, int64_t edge)
{
    return p->between ? floor_div(edge, p->between) * p->between + p->between / 2 : edge;
}

/* The mean of the sums between two edges; NaN where there is none. */
static double mean_of(const prefix *p, size_t from, size_t to)
{
    const double n = p->count[to] - p->count[from];
    return n > 0 ? (p->moment[to] - p->moment[from]) / n : (double)NAN;
}

/* A code that no sum has stands halfway between its edges, or at the one that it has. */
static void set_values(const prefix *p, size_t codes, const int32_t *edge, double *value)
{
    for (size_t k = 0; k < codes; k++) {
        const size_t from = k ? bin_of(p, edge[k - 1]) : 0;
        const size_t to = k + 1 < codes ? bin_of(p, edge[k]) : p->sums->bins;
        value[k] = from < to ? mean_of(p, from, to) : (double)NAN;
        if (isnan(value[k])) {
            const double low = edge[k ? k - 1 : 0], high = edge[k + 1 < codes ? k : codes - 2];
            value[k] = (low + high) / 2;
        }
    }
}

static void quantiles(const prefix *p, size_t codes, int32_t *edge)
{
    const double all = p->count[p->sums->bins];
    size_t b = 0;
    for (size_t k = 0; k + 1 < codes; k++) {
        const double want = all * (double)(k + 1) / (double)codes;
        while (b < p->sums->bins && p->count[b] < want)
            b++;
        edge[k] = (int32_t)aligned(p, p->sums->low + (int64_t)b * p->sums->width);
    }
}

/* Edges halfway between values, values the means between edges, in turns: each lowers the squared error. */
static void lloyd(const prefix *p, size_t codes, int32_t *edge, double *value)
{
    bool moved = true;
    for (int turn = 0; moved && turn < TURNS; turn++) {
        set_values(p, codes, edge, value);
        moved = false;
        for (size_t k = 0; k + 1 < codes; k++) {
            const int32_t at = (int32_t)aligned(p, (int64_t)floor((value[k] + value[k + 1]) / 2));
            const int32_t next = k && at < edge[k - 1] ? edge[k - 1] : at;
            moved = moved || next != edge[k];
            edge[k] = next;
        }
    }
}

/* All different sums have a code of their own already. */
static bool is_lossless(const chip_layer *layer, const mhoi_sums *h)
{
    size_t first = 0, last = h->bins - 1;
    while (first < last && !h->bin[first])
        first++;
    while (last > first && !h->bin[last])
        last--;
    const int64_t span = (int64_t)(last - first + 1) * h->width;
    return span / layer->cells->unit < layer->calibrated.codes;
}

static void find_codes(chip_layer *layer, const prefix *p, int edges, double *value)
{
    const mho_converter *uniform = &layer->calibrated;
    const size_t codes = layer->book_codes;
    int32_t *edge = layer->book_edge;
    for (size_t k = 0; k + 1 < codes; k++)
        edge[k] = (int32_t)(uniform->edge + (int64_t)k * uniform->step);
    if (edges == MHO_EDGES_QUANTILE)
        quantiles(p, codes, edge);
    else
        lloyd(p, codes, edge, value);
    set_values(p, codes, edge, value);
    for (size_t k = 0; k < codes; k++)
        layer->book_value[k] = (int32_t)lrint(value[k]);
}

mho_status mhoi_chip_codes_set(chip_layer *layer)
{
    const mho_codebook book = {
        .codes = layer->book_codes, .edge = layer->book_edge, .value = layer->book_value};
    mho_status s = MHO_OK;
    for (size_t g = 0; !s && layer->tabled && layer->xb && g < layer->groups; g++)
        s = mho_crossbar_set_codes(layer->xb[g], &book);
    return s;
}

mho_status mhoi_chip_edges_set(const mho_chip *chip, chip_layer *layer, const mhoi_sums *sums)
{
    const mhoi_output_options *output = &chip->plan->output;
    const size_t codes = (size_t)layer->calibrated.codes;
    prefix p = {.sums = sums, .between = output->aligned ? mhoi_sum_spacing(layer->place) : 0};
    double *value = NULL;
    if (output->edges == MHO_EDGES_UNIFORM || is_lossless(layer, sums))
        return MHO_OK;
    mho_status s = prefix_create(sums, &p);
    mhoi_free(&layer->book_edge);
    mhoi_free(&layer->book_value);
    if (!s)
        s = mhoi_alloc(&layer->book_edge, codes, sizeof *layer->book_edge, layer->name);
    if (!s)
        s = mhoi_alloc(&layer->book_value, codes, sizeof *layer->book_value, layer->name);
    if (!s)
        s = mhoi_alloc(&value, codes, sizeof *value, layer->name);
    if (!s) {
        layer->book_codes = codes;
        layer->tabled = true;
        find_codes(layer, &p, output->edges, value);
        s = mhoi_chip_codes_set(layer);
    }
    mhoi_free(&p.count);
    mhoi_free(&p.moment);
    mhoi_free(&value);
    return s;
}
