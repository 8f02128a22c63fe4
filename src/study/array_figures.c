/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a sweep, after figures 4 and 5 of `buffer`: every design's energy against its area for two
 * kinds of weight memory; on-chip energy of the best design of every accumulation depth; DDR energy for
 * every size of the weight buffer and level of schedule. */
#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "mho/study.h"

enum {
    PANELS = 2,
    LEVELS = 4,
    VALUES = 64,
    WIDTH = 400,
    HEIGHT = 270,
    GRID_W = WIDTH / 2,
    GRID_H = HEIGHT / 2
};

typedef struct dot {
    float area_mm2, total_uJ;
    uint8_t panel, level;
    bool pixel;
} dot;

struct mho_figures {
    const mho_array_sweep *sweep;
    mho_array_choice first;
    char kind[PANELS][24]; /* the first two kinds of weight memory */
    size_t kinds;
    mho_memory weight[VALUES]; /* as they come */
    size_t depth[VALUES], weights, depths;
    dot *dot;
    size_t dots, room;
    double floor_low_J, floor_high_J, best_uJ, most_uJ, most_mm2;
    mho_array_result best[PANELS][VALUES]; /* least total of every depth */
    bool has_best[PANELS][VALUES];
    double ddr_J[LEVELS][VALUES]; /* level, weight: with the first I/O buffer */
    bool seen[LEVELS * 2 * (GRID_W + 1) * (GRID_H + 1)]; /* while drawing: marks that are there */
};

static const char *const level_color[LEVELS] = {"#000", "#e45756", "#4c78a8", "#54a24b"};

mho_status mho_figures_create(const mho_array_sweep *sweep, mho_figures **out)
{
    mho_figures *f = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&f, 1, sizeof *f, "figures of a sweep");
    if (s)
        return s;
    f->sweep = sweep;
    mho_array_sweep_choice(sweep, 0, &f->first);
    f->floor_low_J = f->best_uJ = INFINITY;
    *out = f;
    return MHO_OK;
}

void mho_figures_destroy(mho_figures *f)
{
    if (!f)
        return;
    mhoi_free(&f->dot);
    mhoi_free(&f);
}

static mho_status add_dot(mho_figures *f, const dot *d)
{
    mho_status s = mhoi_grow(&f->dot, &f->room, f->dots, sizeof *f->dot, "figures of a sweep");
    if (s)
        return s;
    f->dot[f->dots++] = *d;
    f->best_uJ = fmin(f->best_uJ, d->total_uJ);
    f->most_uJ = fmax(f->most_uJ, d->total_uJ);
    f->most_mm2 = fmax(f->most_mm2, d->area_mm2);
    return MHO_OK;
}

/* PANELS: a further kind, which has no panel. */
static size_t panel_of(mho_figures *f, const char *kind)
{
    for (size_t i = 0; i < f->kinds; i++)
        if (!strcmp(f->kind[i], kind))
            return i;
    if (f->kinds == PANELS)
        return PANELS;
    memcpy(f->kind[f->kinds], kind, sizeof f->kind[0]);
    return f->kinds++;
}

/* VALUES: one too many to be shown. */
static size_t weight_of(mho_figures *f, const mho_memory *m)
{
    for (size_t i = 0; i < f->weights; i++)
        if (f->weight[i].size_B == m->size_B && !strcmp(f->weight[i].kind, m->kind))
            return i;
    if (f->weights == VALUES)
        return VALUES;
    f->weight[f->weights] = *m;
    return f->weights++;
}

static size_t depth_of(mho_figures *f, size_t depth)
{
    for (size_t i = 0; i < f->depths; i++)
        if (f->depth[i] == depth)
            return i;
    if (f->depths == VALUES)
        return VALUES;
    f->depth[f->depths] = depth;
    return f->depths++;
}

mho_status mho_figures_add(mho_figures *f, const mho_array_point *p)
{
    const mho_array_result *r = &p->result;
    mho_array_choice c;
    mho_array_sweep_choice(f->sweep, p->index, &c);
    const size_t panel = panel_of(f, c.weight.kind), weight = weight_of(f, &c.weight);
    const size_t depth = depth_of(f, c.acc_depth);
    if (panel == PANELS)
        return MHO_OK;
    double floor_J = r->energy_J[MHO_ROW_CALCULATE] + c.ddr_standby_W * r->time_s;
    f->floor_low_J = fmin(f->floor_low_J, floor_J);
    f->floor_high_J = fmax(f->floor_high_J, floor_J);
    const dot d = {(float)(1e6 * r->area_m2), (float)(1e6 * r->total_J), (uint8_t)panel,
                   (uint8_t)c.level, c.pixel_first};
    mho_status s = add_dot(f, &d);
    if (s || depth == VALUES || weight == VALUES)
        return s;
    if (!f->has_best[panel][depth] || r->total_J < f->best[panel][depth].total_J)
        f->best[panel][depth] = *r;
    f->has_best[panel][depth] = true;
    if (c.io.size_B == f->first.io.size_B && !strcmp(c.io.kind, f->first.io.kind) &&
        c.banks == f->first.banks)
        f->ddr_J[c.level][weight] = r->energy_J[MHO_ROW_READ_DDR] + r->energy_J[MHO_ROW_WRITE_DDR];
    return MHO_OK;
}

/* --- drawing ------------------------------------------------------------------------------------------- */

/* A round number, 1, 2 or 5 times a power of ten, of about a fifth of the range. */
static double tick_of(double range)
{
    double power = pow(10, floor(log10(range / 5))), m = range / 5 / power;
    return power * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10);
}

static void frame(FILE *svg, double x, double y, const char *title, const char *below)
{
    mhoi_decimal_write(
        svg,
        "<g transform=\"translate(%.0f %.0f)\"><text x=\"0\" y=\"-12\" class=\"t\">%s</text>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#888\"/>\n"
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
        x, y, title, WIDTH, HEIGHT, WIDTH / 2, HEIGHT + 36, below);
}

static void y_ticks(FILE *svg, double top)
{
    double tick = tick_of(top);
    for (double v = 0; v <= top * 1.0001; v += tick) {
        double at = HEIGHT * (1 - v / top);
        mhoi_decimal_write(svg,
                           "<text x=\"-6\" y=\"%.1f\" text-anchor=\"end\">%g</text>"
                           "<path d=\"M0 %.1fH%d\" stroke=\"#eee\"/>\n",
                           at + 4, v, at, WIDTH);
    }
}

static void x_ticks(FILE *svg, double end)
{
    double tick = tick_of(end);
    for (double v = 0; v <= end * 1.0001; v += tick)
        mhoi_decimal_write(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                           WIDTH * v / end, HEIGHT + 18, v);
}

/* Upper end of the energy axis: a round number above three times the best, as most of the rest is of no
 * use; what lies beyond is counted. */
static double top_of(const mho_figures *f)
{
    double want = fmin(f->most_uJ, 3 * f->best_uJ), tick = tick_of(want);
    return tick * ceil(want / tick);
}

/* One mark for all points of a level and order that fall on the same two pixels. */
static size_t draw_dots(mho_figures *f, size_t panel, double top, double end, FILE *svg)
{
    size_t beyond = 0;
    memset(f->seen, 0, sizeof f->seen);
    for (size_t i = 0; i < f->dots; i++) {
        const dot *d = &f->dot[i];
        if (d->panel != panel)
            continue;
        double x = d->area_mm2 / end, y = d->total_uJ / top;
        if (y > 1) {
            beyond++;
            continue;
        }
        size_t cell = (((size_t)d->level * 2 + d->pixel) * (GRID_W + 1) + (size_t)(x * GRID_W)) *
                          (GRID_H + 1) +
                      (size_t)(y * GRID_H);
        if (f->seen[cell])
            continue;
        f->seen[cell] = true;
        mhoi_decimal_write(
            svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\" fill=\"%s\" stroke=\"%s\"/>\n",
            WIDTH * x, HEIGHT * (1 - y), d->pixel ? level_color[d->level] : "none",
            level_color[d->level]);
    }
    return beyond;
}

static void draw_front(const mho_figures *f, size_t panel, const mho_front *front, double top,
                       double end, FILE *svg)
{
    size_t drawn = 0;
    fputs("<path fill=\"none\" stroke=\"#222\" stroke-width=\"1.3\" d=\"M0 0", svg);
    for (size_t i = 0; i < front->points; i++) {
        const mho_front_point *p = &front->point[i];
        mho_array_choice c;
        mho_array_sweep_choice(f->sweep, p->index, &c);
        double y = 1e6 * p->y / top, x = 1e6 * p->x / end;
        if (y <= 1 && !strcmp(c.weight.kind, f->kind[panel]))
            mhoi_decimal_write(svg, "%c%.1f %.1f", drawn++ ? 'L' : 'M', WIDTH * x,
                               HEIGHT * (1 - y));
    }
    fputs("\"/>\n", svg);
}

static void draw_scatter(mho_figures *f, size_t panel, const mho_front *front, double x, double y,
                         FILE *svg)
{
    char title[96];
    double top = top_of(f), end = 1.05 * f->most_mm2;
    snprintf(title, sizeof title, "4%c  Designs with %s weight buffers: energy, uJ",
             panel ? 'b' : 'a', f->kind[panel]);
    frame(svg, x, y, title, "area, mm2");
    y_ticks(svg, top);
    x_ticks(svg, end);
    if (f->floor_high_J - f->floor_low_J <= 1e-9 * f->floor_high_J) {
        double at = HEIGHT * (1 - 1e6 * f->floor_high_J / top);
        mhoi_decimal_write(
            svg,
            "<path d=\"M0 %.1fH%d\" stroke=\"#888\" stroke-dasharray=\"4 3\"/>"
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">computation and DDR leakage</text>\n",
            at, WIDTH, WIDTH - 4, at + 14);
    }
    size_t beyond = draw_dots(f, panel, top, end, svg);
    draw_front(f, panel, front, top, end, svg);
    if (beyond)
        fprintf(svg, "<text x=\"%d\" y=\"14\" text-anchor=\"end\">%zu designs above</text>\n",
                WIDTH - 4, beyond);
    fputs("</g>\n", svg);
}

static double on_chip_uJ(const mho_array_result *r, double part[3])
{
    const double *e = r->energy_J;
    part[0] = 1e6 * (e[MHO_ROW_READ_WEIGHT] + e[MHO_ROW_WRITE_WEIGHT]);
    part[1] = 1e6 * (e[MHO_ROW_READ_IOBUF] + e[MHO_ROW_WRITE_IOBUF]);
    part[2] = 1e6 * e[MHO_ROW_ACCUMULATE];
    return part[0] + part[1] + part[2];
}

static void draw_on_chip(const mho_figures *f, double x, double y, FILE *svg)
{
    static const char *const color[3] = {"#4c78a8", "#f58518", "#72b7b2"};
    double top = 0, part[3];
    for (size_t k = 0; k < PANELS; k++)
        for (size_t d = 0; d < f->depths; d++)
            if (f->has_best[k][d])
                top = fmax(top, on_chip_uJ(&f->best[k][d], part));
    if (!(top > 0))
        return;
    top *= 1.06; /* room above the highest bar */
    frame(svg, x, y, "5a  On-chip buffer energy of the best design of each depth, uJ",
          "words of the accumulation buffer (0: one register)");
    y_ticks(svg, top);
    double slot = (double)WIDTH / (double)f->depths, wide = 0.36 * slot;
    for (size_t d = 0; d < f->depths; d++) {
        double left = slot * (double)d + 0.1 * slot;
        mhoi_decimal_write(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n",
                           slot * ((double)d + 0.5), HEIGHT + 18, f->depth[d]);
        for (size_t k = 0; k < PANELS; k++) {
            if (!f->has_best[k][d])
                continue;
            double at = HEIGHT;
            on_chip_uJ(&f->best[k][d], part);
            for (size_t i = 0; i < 3; i++) {
                double h = HEIGHT * part[i] / top;
                at -= h;
                mhoi_decimal_write(
                    svg, "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"%s\"/>",
                    left + 1.1 * wide * (double)k, at, wide, h, color[i]);
            }
            mhoi_decimal_write(
                svg, "<text x=\"%.1f\" y=\"%.1f\" class=\"v\" text-anchor=\"middle\">%s</text>\n",
                left + wide * (1.1 * (double)k + 0.5), at - 3, f->kind[k]);
        }
    }
    static const char *const name[3] = {"weight buffer", "I/O buffers", "accumulation"};
    for (size_t i = 0; i < 3; i++)
        fprintf(svg,
                "<rect x=\"%d\" y=\"%zu\" width=\"10\" height=\"10\" fill=\"%s\"/>"
                "<text x=\"%d\" y=\"%zu\">%s</text>\n",
                WIDTH - 110, 10 + 16 * i, color[i], WIDTH - 95, 19 + 16 * i, name[i]);
    fputs("</g>\n", svg);
}

static void draw_ddr(const mho_figures *f, double x, double y, FILE *svg)
{
    size_t panel = f->kinds > 1 ? 1 : 0, shown[VALUES], count = 0;
    char title[128], bytes[32];
    double top = 0;
    for (size_t w = 0; w < f->weights; w++)
        if (!strcmp(f->weight[w].kind, f->kind[panel]))
            shown[count++] = w;
    for (size_t i = 0; i < count; i++)
        for (size_t l = 0; l < LEVELS; l++)
            top = fmax(top, 1e6 * f->ddr_J[l][shown[i]]);
    if (!(top > 0))
        return;
    top *= 1.06; /* room above the highest bar */
    snprintf(title, sizeof title, "5b  DDR energy with I/O buffers of %s, uJ",
             mho_bytes_text((uint64_t)f->first.io.size_B * f->first.banks, bytes));
    frame(svg, x, y, title, "weight buffer");
    y_ticks(svg, top);
    double slot = (double)WIDTH / (double)count, wide = 0.26 * slot;
    for (size_t i = 0; i < count; i++) {
        const mho_memory *m = &f->weight[shown[i]];
        mhoi_decimal_write(svg, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s %s</text>\n",
                           slot * ((double)i + 0.5), HEIGHT + 18, m->kind,
                           mho_bytes_text((uint64_t)m->size_B * f->first.banks, bytes));
        for (size_t l = 1; l < LEVELS; l++) {
            double h = HEIGHT * 1e6 * f->ddr_J[l][shown[i]] / top;
            mhoi_decimal_write(
                svg, "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"%s\"/>\n",
                slot * (double)i + 0.1 * slot + wide * (double)(l - 1), HEIGHT - h, wide, h,
                level_color[l]);
        }
    }
    fputs("</g>\n", svg);
}

static void legend(FILE *svg)
{
    static const char *const name[LEVELS] = {"", "single layers", "fused layers", "fixed weights"};
    for (size_t l = 1; l < LEVELS; l++)
        fprintf(svg,
                "<circle cx=\"%zu\" cy=\"42\" r=\"4\" fill=\"%s\"/><text x=\"%zu\" "
                "y=\"46\">%s</text>\n",
                80 + 130 * (l - 1), level_color[l], 90 + 130 * (l - 1), name[l]);
    fputs("<text x=\"470\" y=\"46\">filled: pixel first, ring: kernel first; line: Pareto front of "
          "the whole sweep</text>\n",
          svg);
}

void mho_figures_draw(mho_figures *f, const mho_front *front, const char *title, FILE *svg)
{
    fputs(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"800\" viewBox=\"0 0 "
        "1000 800\">\n<style>text{font:11px sans-serif;fill:#222}.t{font-weight:bold}.v{font-size:"
        "9px}</style>\n<rect width=\"1000\" height=\"800\" fill=\"white\"/>\n",
        svg);
    fputs("<text x=\"70\" y=\"24\" style=\"font-size:15px\" class=\"t\">", svg);
    for (; *title; title++)
        fputc(strchr("<>&", *title) || (unsigned char)*title >= 0x7f ? '_' : *title, svg);
    fputs("</text>\n", svg);
    legend(svg);
    for (size_t k = 0; k < PANELS; k++)
        if (k < f->kinds)
            draw_scatter(f, k, front, 70 + 480 * (double)k, 84, svg);
    draw_on_chip(f, 70, 470, svg);
    draw_ddr(f, 550, 470, svg);
    fputs("</svg>\n", svg);
}
