/* SPDX-License-Identifier: Apache-2.0 */
/* Activity of every component for one image: docs/models/cost.md eq. (3) to (8e).  The readings of the
 * description decide how often each component stands and works; prices are the technology's. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "map/activity.h"

enum { KINDS = 7 }; /* activities a layer has at most */

typedef mhoi_activities builder;

/* Behind the end of any text: none is wanted. */
static char *bare_mark(mho_activity *a)
{
    return &a->formula[sizeof a->formula - 1];
}

static void copy_name(const char *name, char out[MHO_COST_NAME])
{
    const size_t length = strlen(name), n = length < MHO_COST_NAME ? length : MHO_COST_NAME - 1;
    memcpy(out, name, n);
    out[n] = 0;
}

mho_activity *mhoi_activity_next(builder *b, const char *group, const char *component)
{
    mho_activity *a = &b->activity[b->count++];
    memcpy(a->layer, b->layer->name, sizeof a->layer);
    copy_name(group, a->group);
    copy_name(component, a->component);
    *bare_mark(a) = (char)b->bare;
    return a;
}

mho_activity *mhoi_activity_start(builder *b, const char *group, const char *component,
                                  const char *model)
{
    mho_activity *a = mhoi_activity_next(b, group, component);
    snprintf(a->model, sizeof a->model, "%s", model);
    a->seconds = b->image_s;
    return a;
}

void mhoi_activity_argue(mho_activity *a, const char *name, double value)
{
    mho_argument *argument = &a->argument[a->arguments++];
    snprintf(argument->name, sizeof argument->name, "%s", name);
    argument->value = value;
}

/* `amount` stand; each works once a position and read. */
static mho_activity *put(builder *b, const char *group, const char *component, double amount)
{
    mho_activity *a = mhoi_activity_next(b, group, component);
    a->amount = amount;
    a->operations =
        amount * (double)b->layer->positions * (double)(b->layer->reads * b->layer->turns);
    return a;
}

/* What a plain layer has once is left out of a formula. */
void mhoi_activity_explain(mho_activity *a, const char *format, ...)
{
    va_list list;
    if (*bare_mark(a))
        return;
    va_start(list, format);
    mhoi_decimal_vprint(a->formula, sizeof a->formula, format, list);
    va_end(list);
}

void mhoi_activity_append(mho_activity *a, const char *format, ...)
{
    const size_t n = strlen(a->formula);
    va_list list;
    if (*bare_mark(a))
        return;
    va_start(list, format);
    mhoi_decimal_vprint(a->formula + n, sizeof a->formula - n, format, list);
    va_end(list);
}

/* "; x P = 576", and the reads of a position. */
static void append_positions(const builder *b, mho_activity *a)
{
    mhoi_activity_append(a, "; x P = %zu", b->layer->positions);
    if (b->layer->reads > 1)
        mhoi_activity_append(a, " x %zu reads", b->layer->reads);
    if (b->layer->turns > 1)
        mhoi_activity_append(a, " x %zu turns", b->layer->turns);
}

static void append_slices(const builder *b, mho_activity *a)
{
    if (b->layer->slices > 1)
        mhoi_activity_append(a, " x %zu slices", b->layer->slices);
}

static void append_sums(const builder *b, mho_activity *a)
{
    if (b->layer->sums > 1)
        mhoi_activity_append(a, " x %zu slices", b->layer->sums);
}

static void input_converters(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (l->read_bits == 1)
        return;
    char component[MHO_COST_NAME];
    snprintf(component, sizeof component, "dac%zu", l->read_bits);
    const bool copied = b->plan->readings.input_sharing == MHO_INPUT_COPIED;
    const size_t lines = l->word_lines / l->rows / b->place->cells.fold,
                 copies = lines * (copied ? l->planes : 1);
    mho_activity *a = put(b, "DAC", component,
                          (double)copies * (double)(copied ? l->inputs_copied : l->inputs_shared));
    if (copied)
        mhoi_activity_explain(a, "Dx = g R X_out = %zu x %zu x %zu", l->groups, l->rows, l->x_out);
    else
        mhoi_activity_explain(a, "D0 = g R = %zu x %zu", l->groups, l->rows);
    if (lines > 1)
        mhoi_activity_append(a, " x %zu rows a weight", lines);
    if (copied && l->planes > 1)
        mhoi_activity_append(a, " x %zu planes", l->planes);
    append_positions(b, a);
}

/* Groups of active rows are converted one after the other, and so are columns that share a converter. */
static mho_status take_turns(builder *b, const mhoi_converter_price *price, mho_activity *a)
{
    const mho_placement_layer *l = b->layer;
    const size_t references = price->references ? l->x_out : 0;
    uint64_t stand;
    const mho_status s = mhoi_converters_stand(b->place, price->references, &stand);
    if (s)
        return s;
    a->amount = (double)price->each * (double)stand;
    a->operations = (double)(l->groups * l->row_groups * l->sums) *
                    (double)(price->each * l->columns + references) * (double)l->positions *
                    (double)l->reads * (double)l->turns;
    if (l->passes > 1)
        mhoi_activity_append(a, " x %zu / %zu groups of active rows", l->row_groups, l->x_in);
    if (l->columns_per_converter > 1)
        mhoi_activity_append(a, "; %zu columns take turns, %.0f stand", l->columns_per_converter,
                             a->amount);
    return MHO_OK;
}

static mho_status output_converters(builder *b)
{
    const mho_placement_layer *l = b->layer;
    mhoi_converter_price price;
    const mho_status s = mhoi_converters_price(b->plan, b->place, &price);
    if (s)
        return s;
    const size_t references = price.references ? l->groups * l->x_in * l->x_out : 0;
    const double amount = (double)price.each * (double)l->outputs + (double)references;
    mho_activity *a = put(b, "ADC", price.component, amount * (double)l->sums);
    if (references)
        mhoi_activity_explain(a, "g X_in (C + X_out references) = %zu x %zu x (%zu + %zu)",
                              l->groups, l->x_in, l->columns, l->x_out);
    else if (price.in_pair)
        mhoi_activity_explain(a, "%zu A = %zu g C X_in = %zu x %zu x %zu x %zu", price.each,
                              price.each, price.each, l->groups, l->columns, l->x_in);
    else
        mhoi_activity_explain(a, "A = g C X_in = %zu x %zu x %zu", l->groups, l->columns, l->x_in);
    append_sums(b, a);
    append_positions(b, a);
    return take_turns(b, &price, a);
}

/* Of two rows, or of two reads, one is at 0. */
static size_t rows_driven(const builder *b)
{
    const size_t all = b->layer->word_lines * b->layer->reads;
    return b->place->inputs.coding->one_of_two ? all / 2 : all;
}

/* A cell of the conductance sqrt(g_on g_off) takes the price of the table, others in proportion. */
static mho_status measured_cells(builder *b, const mho_cell_activity *measured)
{
    const mho_device *d = &b->plan->device;
    const double mean_S = sqrt(d->g_on_S * d->g_off_S);
    if (mean_S == 0)
        return mho_error(MHO_ENOTMODELED,
                         "layer '%s': a cell's price is that of sqrt(g_on g_off), which is 0: the "
                         "measured energy of cells has none",
                         b->layer->name);
    mho_activity *a =
        mhoi_activity_next(b, "cells", b->plan->transistor ? "cell_1t1r" : "cell_0t1r");
    a->amount = (double)b->layer->counts.cells;
    a->operations = measured->square_S / mean_S;
    mhoi_activity_explain(a, "measured: sum of g x^2 = %.4g S over sqrt(g_on g_off) = %.4g uS",
                          measured->square_S, mean_S * 1e6);
    return MHO_OK;
}

static void assumed_cells(builder *b)
{
    const mho_placement_layer *l = b->layer;
    const size_t conducting = b->plan->readings.conducting_cells_per_weight;
    const size_t references = l->reference ? l->x_out : 0;
    const size_t columns = (l->sides == 2 ? conducting * l->columns : l->columns) + references;
    const size_t level0 = l->level0 ? 2 * l->x_out * l->planes : 0;
    mho_activity *a =
        mhoi_activity_next(b, "cells", b->plan->transistor ? "cell_1t1r" : "cell_0t1r");
    a->amount = (double)l->counts.cells;
    a->operations = (double)l->groups * (double)rows_driven(b) *
                    (double)(columns * l->slices + level0) * (double)l->positions *
                    (double)l->turns;
    if (b->place->cells.fold > 1) /* of both signs of a slice one conducts */
        a->operations *= (double)conducting / 2;
    if (l->sides == 2)
        mhoi_activity_explain(a, "2 g R C = 2 x %zu x %zu x %zu", l->groups, l->word_lines,
                              l->columns);
    else if (references)
        mhoi_activity_explain(a, "g R (C + X_out references) = %zu x %zu x (%zu + %zu)", l->groups,
                              l->word_lines, l->columns, l->x_out);
    else
        mhoi_activity_explain(a, "g R C = %zu x %zu x %zu", l->groups, l->word_lines, l->columns);
    append_slices(b, a);
    if (l->packed > 1) /* cells beside the diagonal are at level 0 */
        a->operations /= (double)l->packed;
    if (level0)
        mhoi_activity_append(a, " + g R %zu references", level0);
    mhoi_activity_append(a, " stand");
    if (l->sides == 2)
        mhoi_activity_append(a, "; %zu of a pair conducts", conducting);
    append_positions(b, a);
    if (l->packed > 1)
        mhoi_activity_append(a, " / %zu packed groups", l->packed);
    if (b->place->cells.fold > 1)
        mhoi_activity_append(a, " x %zu / 2: of both signs", conducting);
    if (b->place->inputs.coding->one_of_two)
        mhoi_activity_append(a, " / 2: one row (read) of two is at 0");
    if (b->plan->output.sampled || b->plan->output.waiting == MHO_WAITING_OFF ||
        l->columns_per_converter == 1)
        return;
    a->operations *= (double)l->columns_per_converter;
    mhoi_activity_append(a, " x %zu turns", l->columns_per_converter);
}

static const char *adder(const builder *b)
{
    return b->plan->readings.footnote_c == MHO_FOOTNOTE_C_W ? "sub8_w" : "sub8";
}

static void subtractors(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (b->place->cells.fold > 1 && l->row_groups == 1) /* the column subtracts */
        return;
    const bool partial = b->plan->readings.subtractors == MHO_SUBTRACT_PARTIAL;
    const double amount = (double)(partial ? l->outputs : l->groups * l->columns);
    mho_activity *a = put(b, "SUB", adder(b), amount * (double)l->sums);
    if (partial)
        a->operations *= (double)l->row_groups / (double)l->x_in;
    if (partial)
        mhoi_activity_explain(a, "A = g C X_in = %zu x %zu x %zu", l->groups, l->columns, l->x_in);
    else
        mhoi_activity_explain(a, "C_out = g C = %zu x %zu", l->groups, l->columns);
    append_sums(b, a);
    append_positions(b, a);
}

/* An output's slices and reads are shifted and added up one after the other. */
static void shift_adders(builder *b)
{
    const mho_placement_layer *l = b->layer;
    const size_t parts = l->sums * l->reads;
    if (parts == 1)
        return;
    mho_activity *a = mhoi_activity_next(b, "shift-add", adder(b));
    a->amount = (double)(l->groups * l->columns);
    a->operations = a->amount * (double)l->positions * (double)l->turns * (double)(parts - 1);
    mhoi_activity_explain(
        a,
        "C_out = g C = %zu x %zu, priced as 8-bit adders; x P = %zu x (%zu slices x %zu reads - 1)",
        l->groups, l->columns, l->positions, l->sums, l->reads);
    if (l->turns > 1)
        mhoi_activity_append(a, " x %zu turns", l->turns);
}

/* A digital offset: an adder tree over what drives the rows of a group. */
static void input_counters(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (!b->place->cells.coding->counted || l->word_lines == 1)
        return;
    mho_activity *a = put(b, "count", adder(b), (double)l->groups * (double)(l->word_lines - 1));
    mhoi_activity_explain(a, "g (R - 1) = %zu x (%zu - 1), priced as 8-bit adders", l->groups,
                          l->word_lines);
    a->operations /= (double)l->turns; /* the sum of the inputs does not change when they turn */
    mhoi_activity_append(a, "; x P = %zu", l->positions);
    if (l->reads > 1)
        mhoi_activity_append(a, " x %zu reads", l->reads);
}

/* Every input element is read once a position, 32 bits a word. */
static void buffer(builder *b)
{
    const mho_placement_layer *l = b->layer;
    if (!b->plan->readings.buffer)
        return;
    const bool watt = b->plan->readings.footnote_c == MHO_FOOTNOTE_C_W;
    const size_t words = (size_t)ceil((double)l->inputs_shared * (double)l->input_bits / 32);
    mho_activity *a = mhoi_activity_next(b, "buffer", watt ? "sram32_w" : "sram32");
    a->amount = (double)words;
    a->operations = a->amount * (double)l->positions;
    mhoi_activity_explain(a, "ceil(D0 bits / 32) = ceil(%zu x %zu x %zu / 32); x P = %zu",
                          l->groups, l->rows, l->input_bits, l->positions);
}

static mho_status layer_activities(builder *b)
{
    input_converters(b);
    mho_status s = output_converters(b);
    if (s)
        return s;
    const mho_cell_activity *measured = mhoi_activity_measured(b);
    if (!measured)
        assumed_cells(b);
    else if ((s = measured_cells(b, measured)) != MHO_OK)
        return s;
    subtractors(b);
    shift_adders(b);
    input_counters(b);
    buffer(b);
    return MHO_OK;
}

/* A layer that stands several times shares its work among them, and its buffer. */
static void add_copies(builder *b, size_t first)
{
    const size_t copies = b->layer->duplication;
    for (size_t i = first; copies > 1 && i < b->count; i++) {
        mho_activity *a = &b->activity[i];
        if (!strcmp(a->group, "buffer"))
            continue;
        mhoi_activity_append(a, "; %zu copies", copies);
        a->amount *= (double)copies;
    }
}

/* Of a chip with fewer crossbars than the network takes, only these stand, and what belongs to them. */
static void stand_in_turn(const mho_placement *placement, mho_activity *activity, size_t count)
{
    double all = 0;
    for (size_t i = 0; i < placement->layers; i++)
        all += (double)(placement->layer[i].sides * placement->layer[i].crossbar_pairs);
    for (size_t i = 0; placement->rewritten_cells && i < count; i++) {
        if (!strcmp(activity[i].group, "interconnect") ||
            !strcmp(activity[i].group, "tile buffers") || !strcmp(activity[i].group, "digital") ||
            !strcmp(activity[i].group, "global buffer")) /* those of the crossbars that stand */
            continue;
        activity[i].amount *= (double)placement->budget / all;
        mhoi_activity_append(&activity[i], "; %llu crossbars of %.0f stand",
                             (unsigned long long)placement->budget, all);
    }
}

static bool has_models(const mho_technology *tech)
{
    return tech && tech->models;
}

mho_status mhoi_placement_activities(const mho_placement *placement, const mho_technology *tech,
                                     bool bare, mho_activity **out, size_t *count)
{
    builder b = {.plan = placement->plan, .bare = bare};
    const bool models = has_models(tech);
    const size_t kinds =
        MHOI_REUSE_KINDS + MHOI_CHIP_KINDS + (size_t)(models ? MHOI_MODEL_KINDS : KINDS);
    *out = NULL;
    *count = 0;
    mho_status s = mhoi_alloc(&b.activity,
                              placement->layers * kinds + placement->digitals * MHOI_DIGITAL_KINDS,
                              sizeof *b.activity, "activities");
    if (!s && models)
        s = mhoi_image_seconds(placement, tech, &b.image_s);
    for (size_t i = 0; !s && i < placement->layers; i++) {
        b.layer = &placement->layer[i];
        b.place = &b.plan->place[i];
        const size_t first = b.count;
        s = models ? mhoi_activities_by_model(&b, tech) : layer_activities(&b);
        add_copies(&b, first);
        if (models)
            mhoi_activities_of_reuse(&b);
        mhoi_activities_of_chip(&b);
    }
    for (size_t i = 0; !s && i < placement->digitals; i++)
        if (placement->digital[i].priced)
            mhoi_activities_of_digital(&b, &placement->digital[i]);
    if (s) {
        mho_activities_destroy(b.activity);
        return s;
    }
    stand_in_turn(placement, b.activity, b.count);
    *out = b.activity;
    *count = b.count;
    return MHO_OK;
}

mho_status mho_placement_activities_for(const mho_placement *placement, const mho_technology *tech,
                                        mho_activity **out, size_t *count)
{
    return mhoi_placement_activities(placement, tech, false, out, count);
}

mho_status mho_placement_activities(const mho_placement *placement, mho_activity **out,
                                    size_t *count)
{
    return mho_placement_activities_for(placement, NULL, out, count);
}

void mho_activities_destroy(mho_activity *activity)
{
    mhoi_free(&activity);
}

void mho_placement_programming(const mho_placement *placement, mho_programming_load *out)
{
    size_t largest = 0;
    double cells = 0;
    bool multilevel = false;
    for (size_t i = 0; i < placement->layers; i++) {
        const mho_placement_layer *l = &placement->layer[i];
        const size_t crossbars = l->sides * l->crossbar_pairs;
        largest = crossbars > largest ? crossbars : largest;
        cells += (double)l->counts.cells * (double)l->duplication;
        multilevel = multilevel || placement->plan->place[i].cells.levels > 2;
    }
    *out = (mho_programming_load){
        .cells = cells,
        .crossbars = (double)placement->crossbars,
        .largest_layer_crossbars = (double)largest,
        .rows = placement->crossbar_rows,
        .multilevel = multilevel,
    };
}
