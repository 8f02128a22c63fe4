/* SPDX-License-Identifier: Apache-2.0 */
/* A read of a crossbar: the lines settle, the sums build up, the columns of a converter are converted in turn.
 * docs/models/cost.md eq. (15) to (17). */
#include <string.h>

#include "map/placement.h"

static double argument_delay(const mho_technology *tech, const char *model, const char *name,
                             double count, double resistance, double voltage, mho_status *s)
{
    mho_argument a[3] = {{"", count}, {"resistance", resistance}, {"v", voltage}};
    double delay = 0;
    strcpy(a[0].name, name);
    if (!*s)
        *s = mho_technology_delay(tech, model, a, 3, &delay);
    return delay;
}

/* Decisions of a conversion, one after the other. */
static double decisions(const mhoi_plan *plan, size_t bits)
{
    switch ((mho_readout)plan->output.readout) {
    case MHO_READOUT_FLASH:
        return 1;
    case MHO_READOUT_RAMP:
        return bits > 1 ? (double)((size_t)1 << bits) : 1;
    case MHO_READOUT_SENSE_AMPLIFIER:
    case MHO_READOUT_SAR:
        break;
    }
    return bits ? (double)bits : 1; /* an ideal converter decides at once */
}

static double conduct_s(const mhoi_read_options *read, const mhoi_read_time *t)
{
    switch ((mho_conduct)read->conduct) {
    case MHO_CONDUCT_SETTLING:
        return t->settle_s;
    case MHO_CONDUCT_PULSE:
        return read->pulse_s;
    case MHO_CONDUCT_READ:
        break;
    }
    return t->hold_s;
}

mho_status mhoi_read_time_of(const mhoi_plan *plan, const mhoi_place *place,
                             const mho_technology *tech, mhoi_read_time *out)
{
    const size_t fold = place->cells.fold;
    const size_t lines =
        fold * (place->lines < place->group_rows ? place->lines : place->group_rows);
    const double turns = (double)place->told->columns_per_converter, v = plan->read.voltage_V;
    const double settles = plan->output.sampled ? 1 : turns; /* a column that waits */
    mho_status s = MHO_OK;
    *out = (mhoi_read_time){.step_s = 0};
    const double word = argument_delay(tech, "word_line", "columns", (double)plan->crossbar_columns,
                                       plan->wires.r_row_ohm, v, &s);
    const double bit =
        argument_delay(tech, "bit_line", "rows", (double)(place->crossbar_rows * fold),
                       plan->wires.r_col_ohm, v, &s);
    out->step_s = argument_delay(tech, "read_step", "rows", (double)lines, 0, v, &s);
    out->settle_s = word + bit + out->step_s;
    out->convert_s = out->step_s * decisions(plan, place->output_bits);
    out->read_s = plan->timing.read_s > 0
                      ? plan->timing.read_s
                      : word + bit + settles * out->step_s + turns * out->convert_s;
    out->settle_s = out->settle_s < out->read_s ? out->settle_s : out->read_s;
    out->hold_s = plan->output.sampled && turns > 1 ? out->settle_s : out->read_s;
    out->conduct_s = conduct_s(&plan->read, out);
    if (plan->read.conduct != MHO_CONDUCT_READ) /* each time it is read */
        out->conduct_s *= settles;
    return s;
}
