/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles, accesses and time of a schedule, and the activities that cost prices (docs/models/array.md eq.
 * (1)-(8)). */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"

#include "array/array_price.h"

const char *mho_array_row_name(mho_array_row row)
{
    static const char *const names[MHO_ROW_COUNT] = {"read_iobuf",  "read_weight",  "read_ddr",
                                                     "write_iobuf", "write_weight", "write_ddr",
                                                     "standby",     "calculate",    "accumulate"};
    return names[row];
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

/* Groups of p pixels, row by row, of the whole batch; a map of one pixel takes its pixels from the
 * images of the batch. */
static uint64_t pixel_groups(const mho_work_layer *layer, size_t p, size_t batch)
{
    if (layer->pixels == 1)
        return ceil_div(batch, p);
    return layer->h_out * ceil_div(layer->w_out, p) * batch;
}

/* eq. (1) */
static uint64_t layer_cycles(const mho_work_layer *layer, const mhoi_array_hw *o, size_t batch)
{
    return layer->groups * layer->kh * layer->kw *
           ceil_div(layer->c_in / layer->groups, o->array.m) *
           ceil_div(layer->c_out / layer->groups, o->array.n) *
           pixel_groups(layer, o->array.p, batch);
}

/* eq. (2): each weight is read once for every n groups of pixels that are worked on together. */
static uint64_t layer_weight_reads(const mho_work_layer *layer, const mhoi_array_hw *o,
                                   size_t batch)
{
    uint64_t groups = pixel_groups(layer, o->array.p, batch), n = 1;
    if (o->array.order == MHO_ORDER_PIXEL && o->buffers.acc_depth > 0)
        n = o->buffers.acc_groups == MHO_ACC_HALF && o->buffers.acc_depth > 1
                ? o->buffers.acc_depth / 2
                : o->buffers.acc_depth;
    return layer->weight_B * ceil_div(groups, n);
}

/* eq. (4): what the array takes in.  Kernel first slides K windows over p + K - 1 pixels of K rows; pixel
 * first takes p pixels of m channels every cycle. */
static uint64_t layer_io_reads(const mho_work_layer *layer, const mhoi_array_hw *o, uint64_t cycles)
{
    if (o->array.order == MHO_ORDER_PIXEL)
        return cycles * o->array.p * o->array.m;
    uint64_t passes = cycles / (layer->kh * layer->kw);
    return passes * layer->kh * ((o->array.p - 1) * layer->stride_w + layer->kw) * o->array.m;
}

static void count_traffic(const mho_workload *work, const mhoi_array_hw *o, mho_traffic *traffic)
{
    *traffic = (mho_traffic){.macs = work->macs};
    for (size_t l = 0; l < work->layers; l++) {
        const mho_work_layer *layer = &work->layer[l];
        uint64_t cycles = layer_cycles(layer, o, work->batch);
        traffic->cycles += cycles;
        traffic->weight_read_B += layer_weight_reads(layer, o, work->batch);
        uint64_t maps = work->tensor[layer->input].bytes;
        for (size_t e = 0; e < layer->extras; e++)
            maps += work->tensor[layer->extra[e]].bytes;
        traffic->io_read_B[MHO_IO_READ_PAPER] += maps;
        traffic->io_read_B[MHO_IO_READ_ONCE] += maps;
        traffic->io_read_B[MHO_IO_READ_PHYSICAL] += layer_io_reads(layer, o, cycles);
    }
}

mho_status mho_array_traffic(const mho_workload *work, const mho_hw *hw, mho_traffic *traffic)
{
    mhoi_array_hw o;
    mho_status s = mhoi_array_hw_of(hw, &o);
    if (!s)
        count_traffic(work, &o, traffic);
    return s;
}

const char *mho_bound_name(mho_bound bound)
{
    static const char *const names[MHO_BOUND_COUNT] = {"array",        "DDR",      "weight read",
                                                       "weight write", "I/O read", "I/O write"};
    return names[bound];
}

/* Maps a step puts into the I/O buffers: those from DDR go into one, its outputs into the other. */
static double step_io_write(const mho_workload *work, const mho_step *step)
{
    double out = 0.0, in = (double)step->rd_map_B;
    for (size_t l = step->first; l <= step->last; l++)
        out += (double)work->tensor[work->layer[l].output].bytes;
    return in > out ? in : out;
}

void mhoi_step_count_fill(const mho_workload *work, const mho_step *step, const mhoi_array_hw *o,
                          mhoi_step_count *count)
{
    uint64_t cycles = 0, weight_reads = 0, io_reads = 0;
    for (size_t l = step->first; l <= step->last; l++) {
        const mho_work_layer *layer = &work->layer[l];
        uint64_t c = layer_cycles(layer, o, work->batch);
        cycles += c;
        weight_reads += layer_weight_reads(layer, o, work->batch);
        io_reads += layer_io_reads(layer, o, c);
    }
    count->work[MHO_BOUND_ARRAY] = (double)cycles;
    count->work[MHO_BOUND_DDR] = (double)(step->rd_weight_B + step->rd_map_B + step->wr_map_B);
    count->work[MHO_BOUND_WEIGHT_READ] = (double)weight_reads;
    count->work[MHO_BOUND_WEIGHT_WRITE] = (double)step->rd_weight_B;
    count->work[MHO_BOUND_IO_READ] = (double)io_reads;
    count->work[MHO_BOUND_IO_WRITE] = step_io_write(work, step);
}

/* Maps written into the I/O buffers: from DDR, and every layer's output. */
static double io_written(const mho_workload *work, const mho_schedule *schedule)
{
    double bytes = (double)schedule->rd_map_B;
    for (size_t t = 0; t < work->tensors; t++)
        if (work->tensor[t].producer != MHO_WORK_INPUT)
            bytes += (double)work->tensor[t].bytes;
    return bytes;
}

void mhoi_counts_fill(const mho_workload *work, const mho_schedule *schedule,
                      const mhoi_array_hw *o, mhoi_counts *c)
{
    mho_traffic t;
    count_traffic(work, o, &t);
    *c = (mhoi_counts){.cycles = t.cycles,
                       .batch = (double)work->batch,
                       .load_B = o->array.first_image ? (double)schedule->fixed_B : 0.0};
    c->weight_read_B = (double)t.weight_read_B;
    c->weight_write_B = (double)schedule->rd_weight_B + c->load_B;
    c->io_read_B = (double)t.io_read_B[o->buffers.io_read] *
                   (o->buffers.io_read == MHO_IO_READ_PAPER ? o->buffers.io_read_factor : 1.0);
    c->io_write_B = io_written(work, schedule);
    c->ddr_read_B = (double)(schedule->rd_weight_B + schedule->rd_map_B) + c->load_B;
    c->ddr_write_B = (double)schedule->wr_B;
    double accumulated =
        o->buffers.acc_depth ? (double)(o->array.p * o->array.n) * (double)c->cycles : 0.0;
    const double done[MHOI_TERMS] = {c->io_read_B,       c->weight_read_B,  c->ddr_read_B,
                                     c->io_write_B,      c->weight_write_B, c->ddr_write_B,
                                     (double)work->macs, accumulated,       accumulated};
    for (int i = 0; i < MHOI_TERMS; i++)
        c->work[i] = done[i] / c->batch;
}

static const mho_macro *macro_of(const mho_design *design, mhoi_part part)
{
    const mho_macro *const macro[MHOI_PARTS] = {&design->io, &design->weight, &design->acc,
                                                &design->ddr, NULL};
    return macro[part];
}

static const mho_component *component_of(const mho_design *design, mhoi_part part)
{
    const mho_macro *macro = macro_of(design, part);
    return macro ? &macro->component : &design->mac;
}

/* An operation of DDR is a byte, of an accumulator a word. */
mhoi_bank mhoi_bank_of(const mho_design *design, mhoi_part part)
{
    const mho_macro *macro = macro_of(design, part);
    mhoi_bank bank = {.width_B = 1.0, .price = mhoi_price_of(component_of(design, part))};
    if (!macro)
        return bank;
    bank.rd_Bps = macro->rd_Bps;
    bank.wr_Bps = macro->wr_Bps;
    if (part == MHOI_IO || part == MHOI_WEIGHT)
        bank.width_B = (double)macro->width_B;
    return bank;
}

void mhoi_array_machine_fill(const mhoi_array_hw *o, mhoi_array_machine *m)
{
    double banks = (double)o->buffers.banks, chips = (double)o->buffers.ddr_chips;
    double pes = (double)(o->array.p * o->array.n);
    m->stand[MHOI_IO] = 2.0 * banks;
    m->stand[MHOI_WEIGHT] = banks;
    m->stand[MHOI_ACC] = o->buffers.acc_depth ? pes : 0.0;
    m->stand[MHOI_DDR] = chips;
    m->stand[MHOI_MAC] = pes * (double)o->array.m;
    m->unit_s[MHO_BOUND_ARRAY] = 1.0 / o->array.clock_Hz;
    m->unit_s[MHO_BOUND_DDR] = 1.0 / (chips * m->bank[MHOI_DDR]->rd_Bps);
    m->unit_s[MHO_BOUND_WEIGHT_READ] = 1.0 / (banks * m->bank[MHOI_WEIGHT]->rd_Bps);
    m->unit_s[MHO_BOUND_WEIGHT_WRITE] = 1.0 / (banks * m->bank[MHOI_WEIGHT]->wr_Bps);
    m->unit_s[MHO_BOUND_IO_READ] = 1.0 / (banks * m->bank[MHOI_IO]->rd_Bps);
    m->unit_s[MHO_BOUND_IO_WRITE] = 1.0 / (banks * m->bank[MHOI_IO]->wr_Bps);
}

/* Before the first image the fixed weights come from DDR. */
static double load_time(const mhoi_counts *c, const mhoi_array_machine *m)
{
    double ddr_s = c->load_B * m->unit_s[MHO_BOUND_DDR];
    double write_s = c->load_B * m->unit_s[MHO_BOUND_WEIGHT_WRITE];
    return ddr_s > write_s ? ddr_s : write_s;
}

void mhoi_result_fill(const mhoi_counts *c, const mhoi_array_machine *m, mho_array_result *r)
{
    r->time_s = (r->time_s + load_time(c, m)) / c->batch;
    r->cycles = c->cycles;
    r->weight_read_B = c->weight_read_B;
    r->weight_write_B = c->weight_write_B;
    r->io_read_B = c->io_read_B;
    r->io_write_B = c->io_write_B;
    r->ddr_read_B = c->ddr_read_B;
    r->ddr_write_B = c->ddr_write_B;
}

static void add_rows(mho_array_result *r)
{
    r->total_J = 0.0;
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        r->total_J += r->energy_J[row];
}

static inline double term_J(const mhoi_counts *c, const mhoi_array_machine *m, int t)
{
    return mhoi_price_energy_J(&m->bank[mhoi_terms[t].part]->price, mhoi_terms[t].operation,
                               mhoi_operations(c, m, t));
}

static inline void add_standing(const mhoi_array_machine *m, mhoi_part part, mho_array_result *r)
{
    const mhoi_price *one = &m->bank[part]->price;
    r->energy_J[MHO_ROW_STANDBY] += mhoi_price_standby_J(one, m->stand[part], r->time_s);
    r->area_m2 += mhoi_price_area_m2(one, m->stand[part]);
}

void mhoi_energies_fill(const mhoi_counts *c, const mhoi_array_machine *m, mho_array_result *r)
{
    /* written out, so that the table of terms becomes part of the code */
    const double term[MHOI_TERMS] = {term_J(c, m, 0), term_J(c, m, 1), term_J(c, m, 2),
                                     term_J(c, m, 3), term_J(c, m, 4), term_J(c, m, 5),
                                     term_J(c, m, 6), term_J(c, m, 7), term_J(c, m, 8)};
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        r->energy_J[row] = 0.0;
    for (int t = 0; t < MHOI_TERMS; t++)
        r->energy_J[mhoi_terms[t].row] += term[t];
    r->area_m2 = 0.0;
    add_standing(m, MHOI_IO, r);
    add_standing(m, MHOI_WEIGHT, r);
    add_standing(m, MHOI_ACC, r);
    add_standing(m, MHOI_DDR, r);
    add_standing(m, MHOI_MAC, r);
    add_rows(r);
}

static void explain_step(const mhoi_step_count *count, const mhoi_array_machine *m,
                         mho_step_time *t)
{
    t->total_s = mhoi_step_time_s(count, m);
    t->bound = MHO_BOUND_ARRAY;
    for (int b = 0; b < MHO_BOUND_COUNT; b++) {
        t->part_s[b] = count->work[b] * m->unit_s[b];
        if (t->part_s[b] > t->part_s[t->bound])
            t->bound = (mho_bound)b;
    }
}

static void open_machine(const mhoi_array_hw *o, const mho_design *design,
                         mhoi_bank bank[MHOI_PARTS], mhoi_array_machine *m)
{
    for (int part = 0; part < MHOI_PARTS; part++) {
        bank[part] = mhoi_bank_of(design, (mhoi_part)part);
        m->bank[part] = &bank[part];
    }
    mhoi_array_machine_fill(o, m);
}

void mhoi_array_run(const mho_workload *work, const mho_schedule *schedule, const mhoi_array_hw *o,
                    const mho_design *design, mho_array_result *r, mho_step_time *step)
{
    mhoi_bank bank[MHOI_PARTS];
    mhoi_array_machine machine;
    mhoi_counts counts;
    memset(r, 0, sizeof *r);
    mhoi_counts_fill(work, schedule, o, &counts);
    open_machine(o, design, bank, &machine);
    for (size_t i = 0; i < schedule->steps; i++) {
        mhoi_step_count count;
        mhoi_step_count_fill(work, &schedule->step[i], o, &count);
        double s = mhoi_step_time_s(&count, &machine);
        r->time_s += s;
        r->memory_bound |= s > count.work[MHO_BOUND_ARRAY] * machine.unit_s[MHO_BOUND_ARRAY];
        if (step)
            explain_step(&count, &machine, &step[i]);
    }
    mhoi_result_fill(&counts, &machine, r);
}

/* --- activities --------------------------------------------------------------------------------------- */

static mho_activity *next(const mho_design *design, mhoi_part part, mho_array_row row,
                          mho_activity *activity, size_t *count)
{
    mho_activity *a = &activity[(*count)++];
    *a = (mho_activity){.layer = "all"};
    (void)snprintf(a->component, sizeof a->component, "%.*s", (int)sizeof a->component - 1,
                   component_of(design, part)->name);
    (void)snprintf(a->group, sizeof a->group, "%s", mho_array_row_name(row));
    return a;
}

static void put_work(const mhoi_counts *c, const mhoi_array_machine *m, const mho_design *design,
                     int t, mho_activity *activity, size_t *count)
{
    const mhoi_term *term = &mhoi_terms[t];
    mho_activity *a = next(design, term->part, term->row, activity, count);
    double width_B = m->bank[term->part]->width_B;
    a->operation = term->operation;
    a->operations = mhoi_operations(c, m, t);
    if (width_B > 1.0)
        (void)mhoi_decimal_print(a->formula, sizeof a->formula, "%.15g bytes / %g bytes an access",
                                 c->work[t], width_B);
    else
        (void)mhoi_decimal_print(a->formula, sizeof a->formula, "%.15g %s", c->work[t],
                                 term->part == MHOI_DDR   ? "bytes"
                                 : term->part == MHOI_MAC ? "multiply-accumulates"
                                                          : "words: PEs x cycles");
}

static void put_standby(const mhoi_array_machine *m, const mho_design *design, mhoi_part part,
                        double time_s, mho_activity *activity, size_t *count)
{
    static const char *const what[MHOI_PARTS] = {"2 buffers x banks", "banks", "PEs: p x n",
                                                 "chips", "multipliers: p x m x n"};
    mho_activity *a = next(design, part, MHO_ROW_STANDBY, activity, count);
    a->amount = m->stand[part];
    a->seconds = time_s;
    (void)mhoi_decimal_print(a->formula, sizeof a->formula, "%g %s; x %.9g s", a->amount,
                             what[part], time_s);
}

size_t mhoi_array_activities(const mho_workload *work, const mho_schedule *schedule,
                             const mhoi_array_hw *o, const mho_design *design,
                             const mho_array_result *run,
                             mho_activity activity[MHO_ARRAY_ACTIVITIES])
{
    mhoi_bank bank[MHOI_PARTS];
    mhoi_array_machine machine;
    mhoi_counts counts;
    size_t count = 0;
    mhoi_counts_fill(work, schedule, o, &counts);
    open_machine(o, design, bank, &machine);
    for (int t = 0; t < MHOI_TERMS; t++)
        if (machine.stand[mhoi_terms[t].part] > 0)
            put_work(&counts, &machine, design, t, activity, &count);
    for (int part = 0; part < MHOI_PARTS; part++)
        if (machine.stand[part] > 0)
            put_standby(&machine, design, (mhoi_part)part, run->time_s, activity, &count);
    return count;
}

mho_status mhoi_array_price(const mho_technology *tech, const mho_activity *activity,
                            size_t activities, mho_array_result *r, mho_cost **out)
{
    mho_cost *cost;
    *out = NULL;
    mho_status s = mho_cost_create(tech, activity, activities, &cost);
    if (s)
        return s;
    for (int row = 0; row < MHO_ROW_COUNT; row++)
        r->energy_J[row] = mho_cost_energy_J(cost, mho_array_row_name((mho_array_row)row), NULL);
    r->area_m2 = cost->area_m2;
    add_rows(r);
    *out = cost;
    return MHO_OK;
}
