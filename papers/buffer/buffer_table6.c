/* SPDX-License-Identifier: Apache-2.0 */
/* Table 6: energy of VGG-11's convolutions by row, 1 MB of I/O buffer, 1 MB RRAM or 128 KB SRAM for weights. */
#include <string.h>

#include "buffer_paper.h"

paper_run_fn buffer_table6;

static const char *const row_names[MHO_ROW_COUNT] = {"read iobuf",  "read weight",  "read ddr",
                                                     "write iobuf", "write weight", "write ddr",
                                                     "standby",     "calculate",    "accumulate"};

static mho_status put_energies(paper_result *result, const char *kind,
                               const mho_array_estimate *run)
{
    mho_status s = MHO_OK;
    for (int row = 0; row < MHO_ROW_ACCUMULATE && !s; row++)
        s = paper_value(result, 1e6 * run->result.energy_J[row], "%s: %s", kind, row_names[row]);
    for (int row = 0; row < MHO_ROW_ACCUMULATE && !s; row++)
        s = paper_value(result, 100 * run->result.energy_J[row] / run->result.total_J,
                        "%s: share of %s", kind, row_names[row]);
    return s ? s : paper_value(result, 1e6 * run->result.total_J, "%s: total", kind);
}

/* Integers behind the rows, worked out apart from mho. */
static mho_status put_counts(paper_result *result, const char *kind, const mho_array_estimate *run)
{
    const mho_array_result *r = &run->result;
    const mho_design *d = &run->design;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"cycles", (double)r->cycles},
        {"multiply-accumulates", (double)run->work->macs},
        {"weight bytes to the array", r->weight_read_B},
        {"weight buffer reads", r->weight_read_B / (double)d->weight.width_B},
        {"weight buffer writes", r->weight_write_B / (double)d->weight.width_B},
        {"I/O buffer writes", r->io_write_B / (double)d->io.width_B},
        {"DDR bytes read", r->ddr_read_B},
        {"DDR bytes written", r->ddr_write_B},
        {"bytes of fixed weights", (double)run->schedule->fixed_B},
    };
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < sizeof rows / sizeof *rows; i++)
        s = paper_value(result, rows[i].value, "%s: %s", kind, rows[i].name);
    return s;
}

static void put_fixed(paper_result *result, const char *kind, const mho_array_estimate *run)
{
    fprintf(result->text, "  %s fixes", kind);
    for (size_t l = 0; l < run->work->layers; l++)
        if (run->schedule->fixed[l])
            fprintf(result->text, " %s", run->work->layer[l].name);
    fprintf(result->text, "%s.\n", run->schedule->optimal ? ", proven optimal" : "");
}

mho_status buffer_table6(const paper_args *args, paper_result *result)
{
    static const struct {
        const char *hw, *kind;
    } columns[] = {{"table6-rram", "RRAM"}, {"table6-sram", "SRAM"}};
    mho_status s = MHO_OK;
    (void)args;
    for (size_t i = 0; i < 2 && !s; i++) {
        mho_array_estimate *run;
        s = buffer_run_one("vgg11", columns[i].hw, NULL, &run);
        if (!s)
            s = put_energies(result, columns[i].kind, run);
        if (!s)
            s = put_counts(result, columns[i].kind, run);
        if (!s)
            put_fixed(result, columns[i].kind, run);
        mho_array_estimate_destroy(run);
    }
    return s;
}
