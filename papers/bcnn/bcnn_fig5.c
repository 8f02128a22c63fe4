/* SPDX-License-Identifier: Apache-2.0 */
/* Fig. 5: energy and area on AlexNet by circuit element and by layer, CNN against BCNN, as bars in the
 * terminal and as SVG.  The figure prints no numbers; what the text claims of it is checked instead. */
#include <string.h>

#include "bcnn.h"

paper_run_fn bcnn_fig5;

enum { BARS_MAX = 16, PANELS = 4, BAR_WIDTH = 44 };

typedef struct bar {
    const char *name;
    double cnn, bcnn;
} bar;

typedef struct panel {
    const char *title, *unit;
    bar bar[BARS_MAX];
    size_t bars;
    double largest;
} panel;

typedef double sum_fn(const mho_cost *cost, const char *group, const char *layer);
typedef const char *heading_fn(const mho_cost *cost, size_t i);

static panel fill_panel(const char *title, const char *unit, const mho_cost *cnn,
                        const mho_cost *bcnn, heading_fn *heading, sum_fn *sum)
{
    panel p = {.title = title, .unit = unit};
    bool by_group = heading == mho_cost_group;
    const char *name;
    for (size_t i = 0; p.bars < BARS_MAX && (name = heading(cnn, i)); i++) {
        bar *b = &p.bar[p.bars++];
        *b = (bar){name, 1e6 * sum(cnn, by_group ? name : NULL, by_group ? NULL : name),
                   1e6 * sum(bcnn, by_group ? name : NULL, by_group ? NULL : name)};
        p.largest = b->cnn > p.largest ? b->cnn : p.largest;
        p.largest = b->bcnn > p.largest ? b->bcnn : p.largest;
    }
    return p;
}

static void print_bar(FILE *out, const char *name, const char *of, double value, double largest)
{
    size_t eighths = (size_t)(8 * BAR_WIDTH * value / largest + 0.5);
    static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    fprintf(out, "  %-7s %-5s %10.4g ", name, of, value);
    for (size_t i = 0; i < eighths / 8; i++)
        fputs("█", out);
    fprintf(out, "%s\n", part[eighths % 8]);
}

static void print_panel(FILE *out, const panel *p)
{
    fprintf(out, "  %s (%s)\n", p->title, p->unit);
    for (size_t i = 0; i < p->bars; i++) {
        print_bar(out, p->bar[i].name, "CNN", p->bar[i].cnn, p->largest);
        print_bar(out, "", "BCNN", p->bar[i].bcnn, p->largest);
    }
    fputc('\n', out);
}

static void svg_bar(FILE *svg, double y, const char *color, double value, double largest)
{
    double width = 260 * value / largest;
    fprintf(svg,
            "<rect x=\"70\" y=\"%.0f\" width=\"%.2f\" height=\"11\" fill=\"%s\"/>"
            "<text x=\"%.2f\" y=\"%.0f\" class=\"v\">%.4g</text>\n",
            y, width, color, 74 + width, y + 9, value);
}

static void svg_panel(FILE *svg, const panel *p, double x, double y)
{
    fprintf(svg, "<g transform=\"translate(%.0f %.0f)\"><text y=\"0\" class=\"t\">%s (%s)</text>\n",
            x, y, p->title, p->unit);
    for (size_t i = 0; i < p->bars; i++) {
        double at = 12 + 30 * (double)i;
        fprintf(svg, "<text x=\"64\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n", at + 15,
                p->bar[i].name);
        svg_bar(svg, at, "#4c78a8", p->bar[i].cnn, p->largest);
        svg_bar(svg, at + 12, "#f58518", p->bar[i].bcnn, p->largest);
    }
    fputs("</g>\n", svg);
}

static void draw(const panel panels[PANELS], FILE *svg)
{
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"480\" viewBox=\"0 0 "
          "860 480\">\n"
          "<style>text{font:12px "
          "sans-serif;fill:#222}.t{font-weight:bold}.v{font-size:10px;fill:#555}"
          "</style>\n<rect width=\"860\" height=\"480\" fill=\"white\"/>\n"
          "<text x=\"20\" y=\"24\" class=\"t\">Energy and area on AlexNet: 8-bit CNN and binary "
          "CNN on RRAM"
          "</text>\n<rect x=\"560\" y=\"14\" width=\"11\" height=\"11\" fill=\"#4c78a8\"/>"
          "<text x=\"576\" y=\"24\">CNN, 8 bit</text>\n"
          "<rect x=\"660\" y=\"14\" width=\"11\" height=\"11\" fill=\"#f58518\"/>"
          "<text x=\"676\" y=\"24\">BCNN</text>\n",
          svg);
    for (size_t i = 0; i < PANELS; i++)
        svg_panel(svg, &panels[i], i % 2 ? 440 : 20, i < 2 ? 56 : 206);
    fputs("</svg>\n", svg);
}

static double fc_part(const mho_estimate *e, sum_fn *sum)
{
    double fc = 0;
    for (size_t i = 0; i < e->placement->layers; i++)
        if (!strncmp(e->placement->layer[i].name, "fc", 2))
            fc += sum(e->cost, NULL, e->placement->layer[i].name);
    return fc / sum(e->cost, NULL, NULL);
}

/* The largest share of any group is the output converters'. */
static bool outputs_lead(const mho_cost *cost, sum_fn *sum)
{
    const char *group;
    for (size_t i = 0; (group = mho_cost_group(cost, i)); i++)
        if (sum(cost, group, NULL) > sum(cost, "ADC", NULL))
            return false;
    return true;
}

static mho_status put_claims(paper_result *result, const mho_estimate *cnn,
                             const mho_estimate *bcnn)
{
    double dac_kept =
        mho_cost_energy_J(bcnn->cost, "DAC", NULL) / mho_cost_energy_J(cnn->cost, "DAC", NULL);
    double adc_kept =
        mho_cost_energy_J(bcnn->cost, "ADC", NULL) / mho_cost_energy_J(cnn->cost, "ADC", NULL);
    const struct {
        const char *name;
        bool value;
    } claims[] = {
        {"CNN: output converters take most energy", outputs_lead(cnn->cost, mho_cost_energy_J)},
        {"CNN: output converters take most area", outputs_lead(cnn->cost, mho_cost_area_m2)},
        {"BCNN: output converters take most energy", outputs_lead(bcnn->cost, mho_cost_energy_J)},
        {"BCNN: output converters take most area", outputs_lead(bcnn->cost, mho_cost_area_m2)},
        {"CNN: fully connected layers take most area", fc_part(cnn, mho_cost_area_m2) > 0.5},
        {"BCNN: fully connected layers take most area", fc_part(bcnn, mho_cost_area_m2) > 0.5},
        {"CNN: convolutions take most energy", fc_part(cnn, mho_cost_energy_J) < 0.5},
        {"BCNN: convolutions take most energy", fc_part(bcnn, mho_cost_energy_J) < 0.5},
        {"BCNN saves most of the input interface's energy", dac_kept < 0.5},
        {"BCNN saves most of the output interface's energy", adc_kept < 0.5},
    };
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof claims / sizeof *claims; i++)
        s = paper_value(result, claims[i].value, "%s", claims[i].name);
    return s;
}

mho_status bcnn_fig5(const paper_args *args, paper_result *result)
{
    mho_estimate *cnn = NULL, *bcnn = NULL;
    mho_status s = bcnn_price("alexnet-owt", "cnn8", args->set, &cnn);
    if (!s)
        s = bcnn_price("alexnet-owt", "bcnn", args->set, &bcnn);
    if (!s) {
        const panel panels[PANELS] = {
            fill_panel("Energy by element", "uJ an image", cnn->cost, bcnn->cost, mho_cost_group,
                       mho_cost_energy_J),
            fill_panel("Area by element", "mm2", cnn->cost, bcnn->cost, mho_cost_group,
                       mho_cost_area_m2),
            fill_panel("Energy by layer", "uJ an image", cnn->cost, bcnn->cost, mho_cost_layer,
                       mho_cost_energy_J),
            fill_panel("Area by layer", "mm2", cnn->cost, bcnn->cost, mho_cost_layer,
                       mho_cost_area_m2),
        };
        for (size_t i = 0; i < PANELS; i++)
            print_panel(result->text, &panels[i]);
        draw(panels, result->svg);
        s = put_claims(result, cnn, bcnn);
    }
    mho_estimate_destroy(cnn);
    mho_estimate_destroy(bcnn);
    return s;
}
