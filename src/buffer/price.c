/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles, accesses, time and energy of a schedule (docs/models/buffer.md eq. (1)-(8)). */
#include <string.h>

#include "mho/buffer.h"

const char *mho_buffer_row_name(mho_buffer_row row)
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
static uint64_t layer_cycles(const mho_work_layer *layer, const mho_buffer_options *o, size_t batch)
{
    return layer->groups * layer->kh * layer->kw *
           ceil_div(layer->c_in / layer->groups, o->array.m) *
           ceil_div(layer->c_out / layer->groups, o->array.n) *
           pixel_groups(layer, o->array.p, batch);
}

/* eq. (2): each weight is read once for every n groups of pixels that are worked on together. */
static uint64_t layer_weight_reads(const mho_work_layer *layer, const mho_buffer_options *o,
                                   size_t batch)
{
    uint64_t groups = pixel_groups(layer, o->array.p, batch), n = 1;
    if (o->order == MHO_ORDER_PIXEL && o->acc_depth > 0)
        n = o->acc_groups == MHO_ACC_HALF && o->acc_depth > 1 ? o->acc_depth / 2 : o->acc_depth;
    return layer->weight_B * ceil_div(groups, n);
}

/* eq. (4): what the array takes in.  Kernel first slides K windows over p + K - 1 pixels of K rows; pixel
 * first takes p pixels of m channels every cycle. */
static uint64_t layer_io_reads(const mho_work_layer *layer, const mho_buffer_options *o,
                               uint64_t cycles)
{
    if (o->order == MHO_ORDER_PIXEL)
        return cycles * o->array.p * o->array.m;
    uint64_t passes = cycles / (layer->kh * layer->kw);
    return passes * layer->kh * ((o->array.p - 1) * layer->stride + layer->kw) * o->array.m;
}

void mho_buffer_traffic(const mho_workload *work, const mho_buffer_options *o, mho_traffic *traffic)
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

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* eq. (6): a step takes as long as the slowest of the array and the memories it keeps busy. */
static double step_time(const mho_workload *work, const mho_step *step, const mho_buffer_options *o,
                        const mho_design *d, bool *bound)
{
    uint64_t cycles = 0, weight_reads = 0;
    for (size_t l = step->first; l <= step->last; l++) {
        cycles += layer_cycles(&work->layer[l], o, work->batch);
        weight_reads += layer_weight_reads(&work->layer[l], o, work->batch);
    }
    double array_s = (double)cycles / o->array.clock_Hz;
    double ddr_B = (double)(step->rd_weight_B + step->rd_map_B + step->wr_map_B);
    double banks = (double)o->banks;
    double memory_s = ddr_B / ((double)o->ddr_chips * d->ddr.rd_Bps);
    memory_s = larger(memory_s, (double)weight_reads / (banks * d->weight.rd_Bps));
    memory_s = larger(memory_s, (double)step->rd_weight_B / (banks * d->weight.wr_Bps));
    memory_s = larger(memory_s, (double)step->rd_map_B / (banks * d->io.wr_Bps));
    *bound |= memory_s > array_s;
    return larger(array_s, memory_s);
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

static void bytes_moved(const mho_workload *work, const mho_schedule *schedule,
                        const mho_buffer_options *o, mho_buffer_result *r)
{
    mho_traffic t;
    mho_buffer_traffic(work, o, &t);
    double first = o->first_image ? (double)schedule->fixed_B : 0.0;
    r->cycles = t.cycles;
    r->weight_read_B = (double)t.weight_read_B;
    r->weight_write_B = (double)schedule->rd_weight_B + first;
    r->io_read_B = (double)t.io_read_B[o->io_read] *
                   (o->io_read == MHO_IO_READ_PAPER ? o->io_read_factor : 1.0);
    r->io_write_B = io_written(work, schedule);
    r->ddr_read_B = (double)(schedule->rd_weight_B + schedule->rd_map_B) + first;
    r->ddr_write_B = (double)schedule->wr_B;
}

/* Table 6, row by row: eq. (3)-(8). */
static void energies(const mho_workload *work, const mho_buffer_options *o, const mho_design *d,
                     mho_buffer_result *r)
{
    double *e = r->energy_J, banks = (double)o->banks;
    double pes = (double)(o->array.p * o->array.n);
    double leak_W = (double)o->ddr_chips * d->ddr.leakage_W + 2.0 * banks * d->io.leakage_W +
                    banks * d->weight.leakage_W + pes * d->acc.leakage_W;
    e[MHO_ROW_READ_IOBUF] = r->io_read_B / (double)d->io.width_B * d->io.e_rd_J;
    e[MHO_ROW_READ_WEIGHT] = r->weight_read_B / (double)d->weight.width_B * d->weight.e_rd_J;
    e[MHO_ROW_READ_DDR] = r->ddr_read_B * o->e_ddr_rd_J;
    e[MHO_ROW_WRITE_IOBUF] = r->io_write_B / (double)d->io.width_B * d->io.e_wr_J;
    e[MHO_ROW_WRITE_WEIGHT] = r->weight_write_B / (double)d->weight.width_B * d->weight.e_wr_J;
    e[MHO_ROW_WRITE_DDR] = r->ddr_write_B * o->e_ddr_wr_J;
    e[MHO_ROW_STANDBY] = leak_W * r->time_s;
    e[MHO_ROW_CALCULATE] = (double)work->macs * o->e_mac_J;
    e[MHO_ROW_ACCUMULATE] = pes * (double)r->cycles * (d->acc.e_rd_J + d->acc.e_wr_J);
    r->area_m2 = 2.0 * banks * d->io.area_m2 + banks * d->weight.area_m2 + pes * d->acc.area_m2;
}

void mho_buffer_price(const mho_workload *work, const mho_schedule *schedule,
                      const mho_buffer_options *o, const mho_design *design, mho_buffer_result *r,
                      double *step_s)
{
    memset(r, 0, sizeof *r);
    bytes_moved(work, schedule, o, r);
    for (size_t i = 0; i < schedule->steps; i++) {
        double s = step_time(work, &schedule->step[i], o, design, &r->memory_bound);
        r->time_s += s;
        if (step_s)
            step_s[i] = s;
    }
    energies(work, o, design, r);
    for (int row = 0; row < MHO_ROW_COUNT; row++) {
        r->energy_J[row] /= (double)work->batch;
        r->total_J += r->energy_J[row];
    }
    r->time_s /= (double)work->batch;
}
