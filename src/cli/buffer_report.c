/* SPDX-License-Identifier: Apache-2.0 */
/* One design of the buffer accelerator: its memories, its schedule, where time and energy go. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_buffer.h"

static size_t size_of(const cli_buffer *b, const char *key)
{
    return (size_t)mho_hw_number(b->hw, key);
}

/* Whether a field still has the value that was fitted to Table 6. */
static bool is_fitted(const cli_buffer *b, const char *key)
{
    char text[64];
    for (size_t i = 0; i < mho_hw_field_count(b->hw); i++)
        if (!strcmp(mho_hw_field(b->hw, i)->key, key)) {
            mho_hw_print(b->hw, i, text, sizeof text);
            return strtod(text, NULL) == strtod(mho_hw_field(b->hw, i)->preset, NULL);
        }
    return false;
}

static void print_memory(const cli_args *args, const char *what, size_t copies, size_t banks,
                         const mho_macro *m)
{
    char total[32], bank[32];
    mho_bytes_text((uint64_t)m->size_B * banks, total);
    mho_bytes_text(m->size_B, bank);
    fprintf(args->out, "  %-12s %s%s of %s = %zu banks of %s; %s%s\n", what,
            copies > 1 ? "2 buffers, each " : "", total, m->kind, banks, bank,
            m->interpolated ? "INTERPOLATED: " : "", m->component.area.source);
}

static void print_design(const cli_args *args, const cli_buffer *b)
{
    const mho_design *d = &b->estimate->design;
    size_t p = size_of(b, "array.p"), m = size_of(b, "array.m"), n = size_of(b, "array.n");
    size_t banks = size_of(b, "buffers.banks"), depth = size_of(b, "buffers.acc.depth");
    char clock[32];
    fprintf(args->out, "%s%s%s: %zu %s layers, batch %zu\n", cli_marks_of(args->color)->bold,
            b->estimate->work->name, cli_marks_of(args->color)->end, b->estimate->work->layers,
            mho_hw_is(b->hw, "array.layers", "true") ? "convolution and fully connected"
                                                     : "convolution",
            b->estimate->work->batch);
    fprintf(args->out, "  %-12s %zu pixels x %zu input channels x %zu output channels at %s, ",
            "array", p, m, n, cli_si(mho_hw_number(b->hw, "array.clock"), "Hz", clock));
    fprintf(args->out, "%s first\n", mho_hw_is(b->hw, "array.order", "pixel") ? "pixel" : "kernel");
    if (depth)
        fprintf(args->out, "  %-12s %zu words in each of %zu PEs; %s\n", "accumulators", depth,
                p * n, d->acc.component.area.source);
    else
        fprintf(args->out, "  %-12s one register in each of %zu PEs\n", "accumulators", p * n);
    print_memory(args, "maps", 2, banks, &d->io);
    print_memory(args, "weights", 1, banks, &d->weight);
    fprintf(args->out, "  %-12s %zu chips; %s\n\n", "DDR", size_of(b, "buffers.ddr_chips"),
            d->ddr.component.area.source);
}

static void how_text(const mho_step *step, size_t layers, char text[96])
{
    bool weights = step->nw > 1 && step->streamed_B > 0, maps = step->nf > 1;
    if (layers > 1)
        snprintf(text, 96, "%zu layers fused", layers);
    else if (weights && maps)
        snprintf(text, 96, "%" PRIu64 " pieces of weights, %" PRIu64 " of maps: reuse %s", step->nw,
                 step->nf, step->reuse_maps ? "maps" : "weights");
    else if (weights)
        snprintf(text, 96, "weights in %" PRIu64 " pieces", step->nw);
    else if (maps)
        snprintf(text, 96, "maps in %" PRIu64 " pieces", step->nf);
    else
        snprintf(text, 96, "in one piece");
}

static void step_cells(cli_table *t, const cli_buffer *b, size_t i, bool first)
{
    const mho_step *step = &b->estimate->schedule->step[i];
    char text[96];
    if (!first) {
        for (int c = 0; c < 6; c++)
            cli_table_text(t, "%s", "");
        return;
    }
    how_text(step, step->last - step->first + 1, text);
    cli_table_text(t, "%s", text);
    cli_table_text(t, "%" PRIu64, step->rd_weight_B);
    cli_table_text(t, "%" PRIu64, step->rd_map_B);
    cli_table_text(t, "%" PRIu64, step->wr_map_B);
    cli_table_si(t, b->estimate->step[i].total_s, "s");
    cli_table_text(t, "%s", mho_bound_name(b->estimate->step[i].bound));
}

void cli_buffer_print_schedule(const cli_args *args, const cli_buffer *b)
{
    const mho_schedule *s = b->estimate->schedule;
    cli_table *t = cli_table_create(
        "Schedule", "step>|no>|layer|weights B>|kept|how|DDR weights B>|DDR maps B>|"
                    "DDR written B>|time>|bound by");
    for (size_t i = 0; i < s->steps; i++)
        for (size_t l = s->step[i].first; l <= s->step[i].last; l++) {
            cli_table_text(t, "%zu", i + 1);
            cli_table_text(t, "%zu", l + 1);
            cli_table_text(t, "%s", b->estimate->work->layer[l].name);
            cli_table_text(t, "%" PRIu64, b->estimate->work->layer[l].weight_B);
            cli_table_text(t, "%s", s->fixed[l] ? "fixed" : "streamed");
            step_cells(t, b, i, l == s->step[i].first);
        }
    if (!args->csv) {
        cli_table_rule(t);
        cli_table_text(t, "%s", "");
        cli_table_text(t, "%s", "");
        cli_table_text(t, "batch of %zu", b->estimate->work->batch);
        cli_table_text(t, "%" PRIu64, b->estimate->work->weight_B);
        cli_table_text(t, "%s", "");
        cli_table_text(t, "%s", "");
        cli_table_text(t, "%" PRIu64, s->rd_weight_B);
        cli_table_text(t, "%" PRIu64, s->rd_map_B);
        cli_table_text(t, "%" PRIu64, s->wr_B);
        cli_table_si(t, b->estimate->result.time_s * (double)b->estimate->work->batch, "s");
        cli_table_text(t, "%s", "");
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void print_proof(const cli_args *args, const cli_buffer *b)
{
    const mho_schedule *s = b->estimate->schedule;
    char a[32], c[32];
    fprintf(args->out, "  Fixed: %s B of weights; maps kept on chip:", cli_grouped(s->fixed_B, a));
    size_t kept = 0;
    for (size_t t = 0; t < b->estimate->work->tensors; t++)
        kept += s->kept[t];
    fprintf(args->out, " %zu of %zu.\n", kept, b->estimate->work->tensors);
    if (s->optimal)
        fprintf(args->out,
                "  Optimal: no schedule of this model takes less DDR energy than %s.\n\n",
                cli_si(s->energy_J, "J", a));
    else
        fprintf(args->out,
                "  Not proven optimal: DDR energy %s, no schedule takes less than %s.\n\n",
                cli_si(s->energy_J, "J", a), cli_si(s->bound_J, "J", c));
}

/* Where the number of a row comes from, if from a fit. */
static const char *row_note(const cli_buffer *b, mho_array_row row)
{
    if (row == MHO_ROW_READ_DDR && is_fitted(b, "prices.ddr_read"))
        return "fitted: 100 pJ/B (Table 4 prints 80.3)";
    if (row == MHO_ROW_CALCULATE && is_fitted(b, "prices.mac"))
        return "fitted: 0.07021 pJ a multiply-accumulate";
    if (row == MHO_ROW_READ_IOBUF && mho_hw_is(b->hw, "buffers.io_read", "paper") &&
        is_fitted(b, "buffers.io_read_factor"))
        return "fitted, unexplained: 0.1 x each map once (physical: --set "
               "buffers.io_read=physical)";
    return "";
}

static void print_energy(const cli_args *args, const cli_buffer *b)
{
    cli_table *t = cli_table_create("Energy of an image", "row|uJ>|share>|note");
    for (int row = 0; row < MHO_ROW_COUNT; row++) {
        double e = b->estimate->result.energy_J[row];
        cli_table_text(t, "%s", mho_array_row_name((mho_array_row)row));
        cli_table_text(t, "%.3f", 1e6 * e);
        cli_table_percent(t, e / b->estimate->result.total_J, 2);
        cli_table_text(t, "%s", row_note(b, (mho_array_row)row));
    }
    cli_table_rule(t);
    cli_table_text(t, "total");
    cli_table_text(t, "%.3f", 1e6 * b->estimate->result.total_J);
    cli_table_percent(t, 1.0, 2);
    cli_table_text(t, "%s", "");
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static double utilization(const cli_buffer *b)
{
    size_t width = size_of(b, "array.p") * size_of(b, "array.m") * size_of(b, "array.n");
    return (double)b->estimate->work->macs / ((double)b->estimate->result.cycles * (double)width);
}

static void print_entries(const cli_args *args, const cli_buffer *b)
{
    const mho_cost *cost = b->estimate->cost;
    cli_table *t = cli_table_create("Every number: operations x energy of one + number x leakage x "
                                    "time",
                                    "row|component|does|operations; number x time|energy>|area>");
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        cli_table_text(t, "%s", e->activity->group);
        cli_table_text(t, "%s", e->component->name);
        cli_table_text(t, "%s",
                       e->activity->amount > 0 ? "stands"
                                               : mho_operation_name(e->activity->operation));
        cli_table_text(t, "%s", e->activity->formula);
        cli_table_si(t, e->energy_J, "J");
        cli_table_si(t, e->area_m2, "m2");
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void price_row(cli_table *t, const char *component, const char *what, const char *unit,
                      const mho_quantity *q)
{
    if (!*q->formula)
        return;
    cli_table_text(t, "%s %s", component, what);
    if (q->counted)
        cli_table_si(t, q->value, unit);
    else
        cli_table_text(t, "not counted");
    cli_table_text(t, "%s", q->formula);
    cli_table_text(t, "%s", q->source);
}

/* Each component where it stands. */
static void print_prices(const cli_args *args, const cli_buffer *b)
{
    char title[96];
    const mho_cost *cost = b->estimate->cost;
    snprintf(title, sizeof title, "Prices of one (technology %s)", b->estimate->tech->name);
    cli_table *t = cli_table_create(title, "price|value>|formula|source");
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_component *c = cost->entry[i].component;
        if (!(cost->entry[i].activity->amount > 0))
            continue;
        for (int o = 0; o < MHO_OPERATIONS; o++)
            price_row(t, c->name, mho_operation_name((mho_operation)o), "J", &c->energy[o]);
        price_row(t, c->name, "leakage", "W", &c->leakage);
        price_row(t, c->name, "area", "m2", &c->area);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

static void explain(const cli_args *args, const cli_buffer *b)
{
    fputc('\n', args->out);
    print_entries(args, b);
    fputc('\n', args->out);
    print_prices(args, b);
    fputs("\nEquations: docs/models/array.md, docs/models/cost.md; references: "
          "docs/references.bib\n",
          args->out);
}

void cli_buffer_print(const cli_args *args, const cli_buffer *b)
{
    char a[32], c[32];
    print_design(args, b);
    cli_buffer_print_schedule(args, b);
    print_proof(args, b);
    print_energy(args, b);
    fprintf(args->out, "\n  %s an image, %s; %s cycles, array used to %.2f %%; area %s\n",
            cli_si(b->estimate->result.time_s, "s", a),
            b->estimate->result.memory_bound ? "some steps wait for a memory"
                                             : "bound by the array throughout",
            cli_grouped(b->estimate->result.cycles, c), 100 * utilization(b),
            cli_si(b->estimate->result.area_m2, "m2", (char[32]){0}));
    if (args->explain)
        explain(args, b);
}

static mho_json *step_json(const cli_buffer *b, size_t i)
{
    const mho_step *step = &b->estimate->schedule->step[i];
    mho_json *v = mho_json_object(), *parts = mho_json_object();
    mho_json_put(v, "first", mho_json_integer((int64_t)step->first + 1));
    mho_json_put(v, "last", mho_json_integer((int64_t)step->last + 1));
    mho_json_put(v, "reuse", mho_json_text(step->reuse_maps ? "maps" : "weights"));
    mho_json_put(v, "weight_pieces", mho_json_integer((int64_t)step->nw));
    mho_json_put(v, "map_pieces", mho_json_integer((int64_t)step->nf));
    mho_json_put(v, "streamed_bytes", mho_json_integer((int64_t)step->streamed_B));
    mho_json_put(v, "ddr_read_weight_bytes", mho_json_integer((int64_t)step->rd_weight_B));
    mho_json_put(v, "ddr_read_map_bytes", mho_json_integer((int64_t)step->rd_map_B));
    mho_json_put(v, "ddr_write_bytes", mho_json_integer((int64_t)step->wr_map_B));
    mho_json_put(v, "time_s", mho_json_number(b->estimate->step[i].total_s));
    mho_json_put(v, "bound", mho_json_text(mho_bound_name(b->estimate->step[i].bound)));
    for (int k = 0; k < MHO_BOUND_COUNT; k++)
        mho_json_put(parts, mho_bound_name((mho_bound)k),
                     mho_json_number(b->estimate->step[i].part_s[k]));
    mho_json_put(v, "parts_s", parts);
    return v;
}

static mho_json *memory_json(const mho_macro *m)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "kind", mho_json_text(m->kind));
    mho_json_put(v, "bank_bytes", mho_json_integer((int64_t)m->size_B));
    mho_json_put(v, "source", mho_json_text(m->component.area.source));
    mho_json_put(v, "interpolated", mho_json_bool(m->interpolated));
    return v;
}

static mho_json *energy_json(const cli_buffer *b)
{
    mho_json *v = mho_json_object();
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        mho_json_put(v, mho_array_row_name((mho_array_row)row),
                     mho_json_number(b->estimate->result.energy_J[row]));
    mho_json_put(v, "total", mho_json_number(b->estimate->result.total_J));
    return v;
}

/* Rows whose agreement with Table 6 comes from a fitted constant. */
static mho_json *fitted_json(const cli_buffer *b)
{
    mho_json *v = mho_json_array();
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        if (*row_note(b, (mho_array_row)row))
            mho_json_add(v, mho_json_text(mho_array_row_name((mho_array_row)row)));
    return v;
}

static void put_schedule(mho_json *root, const cli_buffer *b)
{
    const mho_schedule *s = b->estimate->schedule;
    mho_json *fixed = mho_json_array(), *groups = mho_json_array(), *kept = mho_json_array();
    for (size_t l = 0; l < b->estimate->work->layers; l++)
        if (s->fixed[l])
            mho_json_add(fixed, mho_json_integer((int64_t)l + 1));
    for (size_t i = 0; i < s->steps; i++)
        mho_json_add(groups, step_json(b, i));
    for (size_t t = 0; t < b->estimate->work->tensors; t++)
        if (s->kept[t])
            mho_json_add(
                kept,
                b->estimate->work->tensor[t].producer == MHO_WORK_INPUT
                    ? mho_json_text("input")
                    : mho_json_text(
                          b->estimate->work->layer[b->estimate->work->tensor[t].producer].name));
    mho_json_put(root, "fixed", fixed);
    mho_json_put(root, "fixed_bytes", mho_json_integer((int64_t)s->fixed_B));
    mho_json_put(root, "groups", groups);
    mho_json_put(root, "kept", kept);
    mho_json_put(root, "optimal", mho_json_bool(s->optimal));
    mho_json_put(root, "ddr_energy_J", mho_json_number(s->energy_J));
    mho_json_put(root, "ddr_bound_J", mho_json_number(s->bound_J));
}

static mho_json *entries_json(const mho_cost *cost)
{
    mho_json *v = mho_json_array();
    for (size_t i = 0; i < cost->entries; i++) {
        const mho_cost_entry *e = &cost->entry[i];
        const mho_quantity *one = &e->component->energy[e->activity->operation];
        mho_json *j = mho_json_object();
        mho_json_put(j, "row", mho_json_text(e->activity->group));
        mho_json_put(j, "component", mho_json_text(e->component->name));
        mho_json_put(j, "operation", mho_json_text(mho_operation_name(e->activity->operation)));
        mho_json_put(j, "operations", mho_json_number(e->activity->operations));
        mho_json_put(j, "amount", mho_json_number(e->activity->amount));
        mho_json_put(j, "seconds", mho_json_number(e->activity->seconds));
        mho_json_put(j, "formula", mho_json_text(e->activity->formula));
        mho_json_put(j, "energy_J", mho_json_number(e->energy_J));
        mho_json_put(j, "area_m2", mho_json_number(e->area_m2));
        mho_json_put(j, "price_J", mho_json_number(one->value));
        mho_json_put(j, "leakage_W", mho_json_number(e->component->leakage.value));
        mho_json_put(j, "source",
                     mho_json_text(*one->source ? one->source : e->component->area.source));
        mho_json_add(v, j);
    }
    return v;
}

mho_json *cli_buffer_json(const cli_args *args, const cli_buffer *b)
{
    const mho_array_result *r = &b->estimate->result;
    mho_json *root = cli_result_json(args), *memories = mho_json_object();
    mho_json_put(root, "network", mho_json_text(b->estimate->work->name));
    mho_json_put(root, "hw", mho_json_text(mho_hw_name(b->hw)));
    mho_json_put(root, "batch", mho_json_integer((int64_t)b->estimate->work->batch));
    mho_json_put(root, "cycles", mho_json_integer((int64_t)r->cycles));
    mho_json_put(root, "macs", mho_json_integer((int64_t)b->estimate->work->macs));
    mho_json_put(root, "utilization", mho_json_number(utilization(b)));
    mho_json_put(root, "time_s", mho_json_number(r->time_s));
    mho_json_put(root, "memory_bound", mho_json_bool(r->memory_bound));
    mho_json_put(root, "area_m2", mho_json_number(r->area_m2));
    mho_json_put(root, "energy_J", energy_json(b));
    mho_json_put(root, "fitted", fitted_json(b));
    mho_json_put(root, "ddr_read_bytes", mho_json_number(r->ddr_read_B));
    mho_json_put(root, "ddr_write_bytes", mho_json_number(r->ddr_write_B));
    mho_json_put(root, "weight_read_bytes", mho_json_number(r->weight_read_B));
    mho_json_put(root, "weight_write_bytes", mho_json_number(r->weight_write_B));
    mho_json_put(root, "io_read_bytes", mho_json_number(r->io_read_B));
    mho_json_put(root, "io_write_bytes", mho_json_number(r->io_write_B));
    put_schedule(root, b);
    mho_json_put(memories, "io", memory_json(&b->estimate->design.io));
    mho_json_put(memories, "weight", memory_json(&b->estimate->design.weight));
    if (size_of(b, "buffers.acc.depth"))
        mho_json_put(memories, "accumulator", memory_json(&b->estimate->design.acc));
    mho_json_put(memories, "ddr", memory_json(&b->estimate->design.ddr));
    mho_json_put(root, "memories", memories);
    mho_json_put(root, "config", mho_hw_json(b->hw));
    if (args->explain)
        mho_json_put(root, "entries", entries_json(b->estimate->cost));
    return root;
}
