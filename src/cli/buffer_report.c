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

static void print_energy(const cli_args *args, const cli_buffer *b)
{
    cli_table *t = cli_table_create("Energy of an image", "row|uJ>|share>|note");
    for (int row = 0; row < MHO_ROW_COUNT; row++) {
        double e = b->estimate->result.energy_J[row];
        cli_table_text(t, "%s", mho_array_row_name((mho_array_row)row));
        cli_table_text(t, "%.3f", 1e6 * e);
        cli_table_percent(t, e / b->estimate->result.total_J, 2);
        cli_table_text(t, "%s", mho_array_row_note(b->hw, (mho_array_row)row));
    }
    cli_table_rule(t);
    cli_table_text(t, "total");
    cli_table_text(t, "%.3f", 1e6 * b->estimate->result.total_J);
    cli_table_percent(t, 1.0, 2);
    cli_table_text(t, "%s", "");
    cli_table_print(t, args);
    cli_table_destroy(t);
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
            cli_grouped(b->estimate->result.cycles, c),
            100 * mho_array_utilization(b->estimate, b->hw),
            cli_si(b->estimate->result.area_m2, "m2", (char[32]){0}));
    if (args->explain)
        explain(args, b);
}

mho_json *cli_buffer_json(const cli_args *args, const cli_buffer *b)
{
    mho_json *root = cli_result_json(args);
    mho_array_estimate_json(b->estimate, b->hw, args->explain, root);
    return root;
}
