/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles, accesses, time and energy of a schedule (docs/models/array.md eq. (1)-(8)). */
#include <string.h>

#include "array/price.h"

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
static uint64_t layer_cycles(const mho_work_layer *layer, const mho_array_options *o, size_t batch)
{
    return layer->groups * layer->kh * layer->kw *
           ceil_div(layer->c_in / layer->groups, o->array.m) *
           ceil_div(layer->c_out / layer->groups, o->array.n) *
           pixel_groups(layer, o->array.p, batch);
}

/* eq. (2): each weight is read once for every n groups of pixels that are worked on together. */
static uint64_t layer_weight_reads(const mho_work_layer *layer, const mho_array_options *o,
                                   size_t batch)
{
    uint64_t groups = pixel_groups(layer, o->array.p, batch), n = 1;
    if (o->order == MHO_ORDER_PIXEL && o->acc_depth > 0)
        n = o->acc_groups == MHO_ACC_HALF && o->acc_depth > 1 ? o->acc_depth / 2 : o->acc_depth;
    return layer->weight_B * ceil_div(groups, n);
}

/* eq. (4): what the array takes in.  Kernel first slides K windows over p + K - 1 pixels of K rows; pixel
 * first takes p pixels of m channels every cycle. */
static uint64_t layer_io_reads(const mho_work_layer *layer, const mho_array_options *o,
                               uint64_t cycles)
{
    if (o->order == MHO_ORDER_PIXEL)
        return cycles * o->array.p * o->array.m;
    uint64_t passes = cycles / (layer->kh * layer->kw);
    return passes * layer->kh * ((o->array.p - 1) * layer->stride + layer->kw) * o->array.m;
}

void mho_array_traffic(const mho_workload *work, const mho_array_options *o, mho_traffic *traffic)
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

void mhoi_step_count_fill(const mho_workload *work, const mho_step *step,
                          const mho_array_options *o, mhoi_step_count *count)
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
                      const mho_array_options *o, mhoi_counts *c)
{
    mho_traffic t;
    mho_array_traffic(work, o, &t);
    *c = (mhoi_counts){.cycles = t.cycles,
                       .batch = (double)work->batch,
                       .macs = (double)work->macs,
                       .load_B = o->first_image ? (double)schedule->fixed_B : 0.0};
    c->weight_read_B = (double)t.weight_read_B;
    c->weight_write_B = (double)schedule->rd_weight_B + c->load_B;
    c->io_read_B = (double)t.io_read_B[o->io_read] *
                   (o->io_read == MHO_IO_READ_PAPER ? o->io_read_factor : 1.0);
    c->io_write_B = io_written(work, schedule);
    c->ddr_read_B = (double)(schedule->rd_weight_B + schedule->rd_map_B) + c->load_B;
    c->ddr_write_B = (double)schedule->wr_B;
}

void mhoi_rates_fill(const mho_array_options *o, const mhoi_memories *d, mhoi_rates *rates)
{
    double banks = (double)o->banks;
    rates->unit_s[MHO_BOUND_ARRAY] = 1.0 / o->array.clock_Hz;
    rates->unit_s[MHO_BOUND_DDR] = 1.0 / ((double)o->ddr_chips * d->ddr->rd_Bps);
    rates->unit_s[MHO_BOUND_WEIGHT_READ] = 1.0 / (banks * d->weight->rd_Bps);
    rates->unit_s[MHO_BOUND_WEIGHT_WRITE] = 1.0 / (banks * d->weight->wr_Bps);
    rates->unit_s[MHO_BOUND_IO_READ] = 1.0 / (banks * d->io->rd_Bps);
    rates->unit_s[MHO_BOUND_IO_WRITE] = 1.0 / (banks * d->io->wr_Bps);
}

/* Before the first image the fixed weights come from DDR. */
static double load_time(const mhoi_counts *c, const mhoi_rates *rates)
{
    double ddr_s = c->load_B * rates->unit_s[MHO_BOUND_DDR];
    double write_s = c->load_B * rates->unit_s[MHO_BOUND_WEIGHT_WRITE];
    return ddr_s > write_s ? ddr_s : write_s;
}

/* Table 6, row by row: eq. (3)-(8). */
static void rows_fill(const mhoi_counts *c, const mho_array_options *o, const mhoi_memories *d,
                      mho_array_result *r)
{
    double *e = r->energy_J, banks = (double)o->banks;
    double pes = (double)(o->array.p * o->array.n);
    double leak_W = (double)o->ddr_chips * d->ddr->leakage_W + 2.0 * banks * d->io->leakage_W +
                    banks * d->weight->leakage_W + pes * d->acc->leakage_W;
    e[MHO_ROW_READ_IOBUF] = c->io_read_B / (double)d->io->width_B * d->io->e_rd_J;
    e[MHO_ROW_READ_WEIGHT] = c->weight_read_B / (double)d->weight->width_B * d->weight->e_rd_J;
    e[MHO_ROW_READ_DDR] = c->ddr_read_B * o->e_ddr_rd_J;
    e[MHO_ROW_WRITE_IOBUF] = c->io_write_B / (double)d->io->width_B * d->io->e_wr_J;
    e[MHO_ROW_WRITE_WEIGHT] = c->weight_write_B / (double)d->weight->width_B * d->weight->e_wr_J;
    e[MHO_ROW_WRITE_DDR] = c->ddr_write_B * o->e_ddr_wr_J;
    e[MHO_ROW_STANDBY] = leak_W * r->time_s;
    e[MHO_ROW_CALCULATE] = c->macs * o->e_mac_J;
    e[MHO_ROW_ACCUMULATE] = pes * (double)c->cycles * (d->acc->e_rd_J + d->acc->e_wr_J);
    r->area_m2 = 2.0 * banks * d->io->area_m2 + banks * d->weight->area_m2 + pes * d->acc->area_m2;
}

void mhoi_energies_fill(const mhoi_counts *c, const mho_array_options *o, const mhoi_memories *d,
                        const mhoi_rates *rates, mho_array_result *r)
{
    r->time_s += load_time(c, rates);
    r->cycles = c->cycles;
    r->weight_read_B = c->weight_read_B;
    r->weight_write_B = c->weight_write_B;
    r->io_read_B = c->io_read_B;
    r->io_write_B = c->io_write_B;
    r->ddr_read_B = c->ddr_read_B;
    r->ddr_write_B = c->ddr_write_B;
    rows_fill(c, o, d, r);
    r->total_J = 0.0;
    for (int row = 0; row < MHO_ROW_COUNT; row++) {
        r->energy_J[row] /= c->batch;
        r->total_J += r->energy_J[row];
    }
    r->time_s /= c->batch;
}

static void explain_step(const mhoi_step_count *count, const mhoi_rates *rates, mho_step_time *t)
{
    t->total_s = mhoi_step_time_s(count, rates);
    t->bound = MHO_BOUND_ARRAY;
    for (int b = 0; b < MHO_BOUND_COUNT; b++) {
        t->part_s[b] = count->work[b] * rates->unit_s[b];
        if (t->part_s[b] > t->part_s[t->bound])
            t->bound = (mho_bound)b;
    }
}

void mho_array_price(const mho_workload *work, const mho_schedule *schedule,
                     const mho_array_options *o, const mho_design *design, mho_array_result *r,
                     mho_step_time *step)
{
    const mhoi_memories memories = {&design->io, &design->weight, &design->acc, &design->ddr};
    mhoi_counts counts;
    mhoi_rates rates;
    memset(r, 0, sizeof *r);
    mhoi_counts_fill(work, schedule, o, &counts);
    mhoi_rates_fill(o, &memories, &rates);
    for (size_t i = 0; i < schedule->steps; i++) {
        mhoi_step_count count;
        mhoi_step_count_fill(work, &schedule->step[i], o, &count);
        double s = mhoi_step_time_s(&count, &rates);
        r->time_s += s;
        r->memory_bound |= s > count.work[MHO_BOUND_ARRAY] * rates.unit_s[MHO_BOUND_ARRAY];
        if (step)
            explain_step(&count, &rates, &step[i]);
    }
    mhoi_energies_fill(&counts, o, &memories, &rates, r);
}
