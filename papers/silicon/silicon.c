/* SPDX-License-Identifier: Apache-2.0 */
/* What the models predict of measured chips, beside what was measured: one description a macro, one layer that fills it,
 * the ordinary placement, times and prices.  Nothing is fitted to any of them, so this is the error of absolute figures. */
#include <math.h>
#include <string.h>

#include "silicon_points.h"

paper_run_fn silicon;

enum { POINTS = 64, PARTS = 3 };

/* A part that a source prints, and the groups that it is made of. */
typedef struct part {
    const char *name, *group[4];
} part;

/* Mean and spread of ln(predicted / measured). */
typedef struct errors {
    double sum, squares;
    size_t count, within2, within3;
} errors;

static void add(errors *e, double log_ratio)
{
    e->sum += log_ratio;
    e->squares += log_ratio * log_ratio;
    e->count++;
    e->within2 += fabs(log_ratio) <= log(2);
    e->within3 += fabs(log_ratio) <= log(3);
}

static double bias(const errors *e)
{
    return exp(e->sum / (double)e->count);
}

static double rms(const errors *e)
{
    return exp(sqrt(e->squares / (double)e->count));
}

typedef struct study {
    paper_result *result;
    silicon_prediction of[POINTS];
    double energy[POINTS], time[POINTS]; /* ln of predicted / measured; NaN: none measured */
} study;

static double printed(const paper_result *result, const char *name, const char *what)
{
    char row[96];
    snprintf(row, sizeof row, "%s: %s", name, what);
    for (size_t i = 0; i < result->rows; i++)
        if (!strcmp(result->row[i].name, row))
            return result->row[i].printed;
    return (double)NAN;
}

static mho_status put(study *y, size_t i, const char *what, double value, double *log_ratio)
{
    const double measured = printed(y->result, silicon_points[i].name, what);
    *log_ratio = log(value / measured);
    if (isnan(measured))
        return MHO_OK;
    return paper_value(y->result, value, "%s: %s", silicon_points[i].name, what);
}

static double square_of_node(const silicon_prediction *p)
{
    const double f = mho_technology_constant(p->estimate->tech, "F")->quantity.value;
    return f * f;
}

static double sum_of(const mho_cost *cost, const part *p)
{
    double sum = 0;
    for (size_t g = 0; g < sizeof p->group / sizeof *p->group && p->group[g]; g++)
        sum += mho_cost_energy_J(cost, p->group[g], NULL);
    return sum;
}

/* In fJ an operation (NeuRRAM), in pJ a read of a crossbar (ISAAC); as far as printed. */
static mho_status put_split(study *y, size_t i)
{
    static const part neurram[] = {{"word lines, fJ", {"word lines"}},
                                   {"neuron, fJ", {"ADC", "registers", "shift-add"}},
                                   {"inputs, fJ", {"cells", "bit lines"}}};
    static const part isaac[] = {{"ADC, pJ", {"ADC"}},
                                 {"1-bit DAC, pJ", {"word lines"}},
                                 {"sample and hold, pJ", {"hold"}},
                                 {"crossbar, pJ", {"cells", "bit lines"}},
                                 {"shift and add, pJ", {"shift-add", "count"}},
                                 {"registers, pJ", {"registers", "buffer"}}};
    const bool is_isaac = !strcmp(silicon_points[i].hw, "isaac");
    const silicon_prediction *p = &y->of[i];
    const part *parts = is_isaac ? isaac : neurram;
    const size_t count = is_isaac ? sizeof isaac / sizeof *isaac : sizeof neurram / sizeof *neurram;
    const double unit =
        is_isaac ? 1e-12 * (double)p->estimate->placement->layer[0].reads : 2e-15 * p->macs;
    mho_status s = MHO_OK;
    double ignored;
    for (size_t k = 0; !s && k < count; k++)
        s = put(y, i, parts[k].name, sum_of(p->estimate->cost, &parts[k]) / unit, &ignored);
    return s;
}

/* Beside what its source prints, or beside the median of chips where it prints none. */
static mho_status put_area(study *y, size_t i)
{
    const silicon_prediction *p = &y->of[i];
    const double squares = p->area_m2 / (p->cells * square_of_node(p));
    double ignored;
    mho_status s = put(y, i, "F2 a cell", squares, &ignored);
    return s ? s : put(y, i, "F2 a cell, median of measured chips", squares, &ignored);
}

static mho_status predict(study *y, size_t i)
{
    double efficiency = 0;
    mho_status s = silicon_predict(&silicon_points[i], &y->of[i]);
    if (!s)
        s = put(y, i, "TOPS/W", y->of[i].ops_per_J * 1e-12, &efficiency);
    y->energy[i] = -efficiency;
    if (!s)
        s = put(y, i, "ns a read", y->of[i].read_s * 1e9, &y->time[i]);
    if (!s)
        s = put_area(y, i);
    return s ? s : put_split(y, i);
}

static bool same_design(size_t a, size_t b)
{
    return !strcmp(silicon_points[a].hw, silicon_points[b].hw);
}

/* A design with several points counts once, by their mean. */
static errors of_designs(const double *log_ratio)
{
    errors e = {0};
    for (size_t i = 0, next; i < silicon_point_count; i = next) {
        errors one = {0};
        for (next = i; next < silicon_point_count && same_design(i, next); next++)
            if (!isnan(log_ratio[next]))
                add(&one, log_ratio[next]);
        if (one.count)
            add(&e, one.sum / (double)one.count);
    }
    return e;
}

/* hw: of one design; NULL: of all. */
static errors of_points(const double *log_ratio, const char *hw)
{
    errors e = {0};
    for (size_t i = 0; i < silicon_point_count; i++)
        if (!isnan(log_ratio[i]) && (!hw || !strcmp(silicon_points[i].hw, hw)))
            add(&e, log_ratio[i]);
    return e;
}

static mho_status put_errors(study *y, const char *name, errors e)
{
    mho_status s = paper_value(y->result, bias(&e), "%s: bias", name);
    if (!s)
        s = paper_value(y->result, rms(&e), "%s: rms factor", name);
    if (s)
        return s;
    fprintf(y->result->text, "  %-28s %6zu %7.2f %8.2f %6zu of %zu %5zu of %zu\n", name, e.count,
            bias(&e), rms(&e), e.within2, e.count, e.within3, e.count);
    return MHO_OK;
}

static mho_status put_summary(study *y)
{
    fprintf(y->result->text, "\n  predicted / measured          rows    bias      rms  within 2  "
                             "within 3\n");
    mho_status s = put_errors(y, "energy, 16 designs", of_designs(y->energy));
    if (!s)
        s = put_errors(y, "energy, all points", of_points(y->energy, NULL));
    if (!s)
        s = put_errors(y, "energy, NeuRRAM", of_points(y->energy, "wan2022"));
    if (!s)
        s = put_errors(y, "time of a read, all points", of_points(y->time, NULL));
    for (size_t i = 0; i < silicon_point_count; i++)
        if (silicon_points[i].slow_clock)
            y->time[i] = (double)NAN;
    return s ? s : put_errors(y, "time, without slow clocks", of_points(y->time, NULL));
}

/* The largest parts of what a point takes, in percent. */
static void put_parts(FILE *out, const silicon_prediction *p)
{
    const mho_cost *cost = p->estimate->cost;
    double above = INFINITY;
    for (size_t k = 0; k < PARTS; k++) {
        const char *largest = NULL;
        double most = 0;
        for (size_t g = 0; mho_cost_group(cost, g); g++) {
            const char *group = mho_cost_group(cost, g);
            const double energy = mho_cost_energy_J(cost, group, NULL);
            if (strcmp(group, "buffer") != 0 && energy < above && energy > most) {
                most = energy;
                largest = group;
            }
        }
        above = most;
        if (largest)
            fprintf(out, "%s%s %.0f %%", k ? ", " : "  ", largest, 100 * most / p->energy_J);
    }
    fputc('\n', out);
}

static void put_table(const study *y)
{
    FILE *out = y->result->text;
    fprintf(out, "Predicted / measured, and the parts of the predicted energy\n"
                 "                                         energy   time  largest parts\n");
    for (size_t i = 0; i < silicon_point_count; i++) {
        fprintf(out, "  %-38s %6.2f", silicon_points[i].name, exp(y->energy[i]));
        if (isnan(y->time[i]))
            fprintf(out, "      -");
        else
            fprintf(out, " %6.2f", exp(y->time[i]));
        put_parts(out, &y->of[i]);
    }
}

mho_status silicon(const paper_args *args, paper_result *result)
{
    static study y;
    (void)args;
    y = (study){.result = result};
    mho_status s =
        silicon_point_count <= POINTS ? MHO_OK : mho_error(MHO_EINTERNAL, "silicon: too many");
    for (size_t i = 0; !s && i < silicon_point_count; i++)
        s = predict(&y, i);
    if (!s)
        put_table(&y);
    if (!s)
        s = put_summary(&y);
    for (size_t i = 0; i < silicon_point_count; i++)
        mho_estimate_destroy(y.of[i].estimate);
    return s;
}
