/* SPDX-License-Identifier: Apache-2.0 */
/* Table IV: the reading that reproduces ImageNet, a second one that fits in part, and why MNIST does not. */
#include <string.h>

#include "bcnn.h"

paper_run_fn bcnn_table4;

/* Copied input converters, one output converter a pair, both cells of a pair conduct, a subtractor a partial
 * sum, an 8-bit classifier, and a feature-map buffer of 640 pJ a word. */
static const char *const reading_l[] = {"readings.input_sharing=copied",
                                        "readings.converters_per_weight_column=1",
                                        "readings.conducting_cells_per_weight=2",
                                        "readings.adc4_area=printed",
                                        "readings.subtractors=partial",
                                        "readings.classifier=last_bits",
                                        "readings.footnote_c=w",
                                        "readings.buffer=true",
                                        NULL};

typedef struct pair {
    mho_estimate *cnn, *bcnn;
} pair;

static mho_status price_pair(const char *net, const char *const *sets, pair *p)
{
    *p = (pair){NULL, NULL};
    mho_status s = bcnn_price(net, "cnn8", sets, &p->cnn);
    if (!s)
        s = bcnn_price(net, "bcnn", sets, &p->bcnn);
    return s;
}

static void drop_pair(pair *p)
{
    mho_estimate_destroy(p->cnn);
    mho_estimate_destroy(p->bcnn);
}

static mho_status put_pair(paper_result *result, const char *title, const pair *p)
{
    const mho_cost *cnn = p->cnn->cost, *bcnn = p->bcnn->cost;
    mho_status s = paper_value(result, cnn->energy_J * 1e6, "%s: CNN energy", title);
    if (!s)
        s = paper_value(result, bcnn->energy_J * 1e6, "%s: BCNN energy", title);
    if (!s)
        s = paper_value(result, cnn->area_m2 * 1e6, "%s: CNN area", title);
    if (!s)
        s = paper_value(result, bcnn->area_m2 * 1e6, "%s: BCNN area", title);
    if (!s)
        s = paper_value(result, 100 * (1 - bcnn->energy_J / cnn->energy_J), "%s: energy saved",
                        title);
    if (!s)
        s = paper_value(result, 100 * (1 - bcnn->area_m2 / cnn->area_m2), "%s: area saved", title);
    return s;
}

/* One component's share of a cost: energy and area. */
static void sum_component(const mho_cost *cost, const char *component, double *energy, double *area)
{
    *energy = *area = 0;
    for (size_t i = 0; i < cost->entries; i++) {
        if (strcmp(cost->entry[i].component->name, component) != 0)
            continue;
        *energy += cost->entry[i].energy_J;
        *area += cost->entry[i].area_m2;
    }
}

static void put_line(FILE *out, const char *name, double e1, double e2, double a1, double a2)
{
    fprintf(out, "  %-10s %12.1f %12.1f %12.3f %12.3f\n", name, 1e6 * e1, 1e6 * e2, 1e6 * a1,
            1e6 * a2);
}

static void put_breakdown(FILE *out, const pair *p)
{
    static const char *const components[] = {"dac8", "adc8", "adc4", "cell_1t1r", "sub8"};
    const mho_cost *cnn = p->cnn->cost, *bcnn = p->bcnn->cost;
    fprintf(out, "  Breakdown of reading T on alexnet-owt\n  %-10s %12s %12s %12s %12s\n", "",
            "CNN uJ", "BCNN uJ", "CNN mm2", "BCNN mm2");
    for (size_t i = 0; i < sizeof components / sizeof *components; i++) {
        double e1, e2, a1, a2;
        sum_component(cnn, components[i], &e1, &a1);
        sum_component(bcnn, components[i], &e2, &a2);
        put_line(out, components[i], e1, e2, a1, a2);
    }
    for (size_t i = 0; i < p->cnn->placement->layers; i++) {
        const char *layer = p->cnn->placement->layer[i].name;
        put_line(out, layer, mho_cost_energy_J(cnn, NULL, layer),
                 mho_cost_energy_J(bcnn, NULL, layer), mho_cost_area_m2(cnn, NULL, layer),
                 mho_cost_area_m2(bcnn, NULL, layer));
    }
}

static void put_readings(FILE *out)
{
    fputs(
        "\n  Reading T (the default): column groups share their DACs; two ADCs a weight column, "
        "one for each\n"
        "  crossbar of the pair; one device of a pair conducts, both take area; a 4-bit ADC is 15\n"
        "  comparators of 72 T; buffers neglected.  It is a consistent reconstruction, not a "
        "proven one.\n"
        "  Reading L: every column group has its DACs; one ADC a pair; both devices conduct; a "
        "subtractor a\n"
        "  partial sum; an 8-bit classifier; a feature-map buffer of 640 pJ a word.  It fits the "
        "energies\n"
        "  of the grouped AlexNet, but not the area of the BCNN.\n"
        "  Each is a few fields of the hardware description: mho cost alexnet-owt --explain.\n",
        out);
}

static mho_status put_one(paper_result *result, const char *title, const char *net,
                          const char *const *sets, bool breakdown)
{
    pair p;
    mho_status s = price_pair(net, sets, &p);
    if (!s)
        s = put_pair(result, title, &p);
    if (!s && breakdown)
        put_breakdown(result->text, &p);
    drop_pair(&p);
    return s;
}

mho_status bcnn_table4(const paper_args *args, paper_result *result)
{
    (void)args;
    mho_status s = put_one(result, "ImageNet", "alexnet-owt", NULL, true);
    if (!s)
        s = put_one(result, "ImageNet, reading L", "alexnet", reading_l, false);
    if (!s)
        s = put_one(result, "MNIST, LeNet-5", "lenet5-32", NULL, false);
    if (!s)
        s = put_one(result, "MNIST, Caffe LeNet", "lenet", NULL, false);
    if (!s)
        put_readings(result->text);
    return s;
}
