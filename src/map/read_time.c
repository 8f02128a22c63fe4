/* SPDX-License-Identifier: Apache-2.0 */
/* A read of a crossbar: the lines settle, the sums build up, the columns of a converter are converted in turn.
 * docs/models/cost.md eq. (15) to (17). */
#include <math.h>

#include "map/placement.h"

static double delay_of(const mho_technology *tech, const char *model, const mho_argument *argument,
                       size_t arguments, mho_status *s)
{
    double delay = 0;
    if (!*s)
        *s = mho_technology_delay(tech, model, argument, arguments, &delay);
    return delay;
}

double mhoi_row_resistance(const mho_circuit_options *wires)
{
    return wires->both_sides ? wires->r_row_ohm / 4 : wires->r_row_ohm; /* half of R and of C */
}

static double word_delay(const mhoi_plan *plan, const mho_technology *tech, mho_status *s)
{
    const mho_argument a[] = {{"columns", (double)plan->crossbar_columns},
                              {"resistance", mhoi_row_resistance(&plan->wires)},
                              {"end", plan->wires.r_driver_ohm}};
    return delay_of(tech, "word_line", a, sizeof a / sizeof *a, s);
}

static double bit_delay(const mhoi_plan *plan, size_t rows, const mho_technology *tech,
                        mho_status *s)
{
    const mho_argument a[] = {{"rows", (double)rows},
                              {"v", plan->read.voltage_V},
                              {"resistance", plan->wires.r_col_ohm},
                              {"end", plan->wires.r_sense_ohm}};
    return delay_of(tech, "bit_line", a, sizeof a / sizeof *a, s);
}

static mhoi_pulses pulses_of_bits(const mhoi_input_options *input, size_t bits)
{
    const size_t pulses = bits / input->pulse_bits, left = bits % input->pulse_bits;
    const double whole = (double)pulses, rest = (double)left;
    if (input->drive == MHO_DRIVE_REPEATS)
        return (mhoi_pulses){(double)bits, exp2((double)bits) - 1};
    if (input->drive == MHO_DRIVE_PULSES)
        return (mhoi_pulses){whole + (rest > 0),
                             whole * (exp2((double)input->pulse_bits) - 1) + exp2(rest) - 1};
    return (mhoi_pulses){1, 1};
}

/* A voltage is there at once; the sign of a code takes no pulse.  The last read of a code may have fewer bits. */
mhoi_pulses mhoi_pulses_of(const mhoi_plan *plan, const mhoi_place *place)
{
    const size_t sign = place->inputs.is_signed && place->inputs.bits > 1;
    const size_t bits = place->inputs.bits - sign, rest = (place->in.bits - sign) % bits;
    const size_t reads = (place->in.bits - sign) / bits + (rest > 0);
    const double parts = (double)reads;
    const mhoi_pulses full = pulses_of_bits(&plan->input, bits);
    const mhoi_pulses last = rest ? pulses_of_bits(&plan->input, rest) : full;
    return (mhoi_pulses){((parts - 1) * full.pulses + last.pulses) / parts,
                         ((parts - 1) * full.units + last.units) / parts};
}

/* Units that a driven cell conducts for, where it conducts in pulses: of a voltage, as many as the largest code tells. */
double mhoi_conducted_units(const mhoi_plan *plan, const mhoi_place *place)
{
    return plan->input.drive == MHO_DRIVE_VOLTAGE ? exp2((double)place->told->read_bits) - 1
                                                  : mhoi_pulses_of(plan, place).units;
}

/* Times that the columns of a converter are integrated anew: a column that waits and is not sampled, in its turn. */
static double settles_of(const mhoi_plan *plan, const mhoi_place *place)
{
    return plan->output.sampled ? 1 : (double)place->told->columns_per_converter;
}

/* The pulses of one integration; 0 where cells do not conduct in pulses. */
static double pulses_s(const mhoi_plan *plan, const mhoi_place *place)
{
    return plan->read.conduct == MHO_CONDUCT_PULSE
               ? mhoi_conducted_units(plan, place) * plan->read.pulse_s
               : 0;
}

mho_status mhoi_read_fits(const mhoi_plan *plan, const mhoi_place *place)
{
    const double settles = settles_of(plan, place), pulses = settles * pulses_s(plan, place);
    if (!(plan->timing.read_s > 0) || pulses <= plan->timing.read_s * (1 + 1e-9)) /* rounding */
        return MHO_OK;
    return mho_error(MHO_ECONFIG,
                     "timing.t_read = %.6g ns is shorter than its pulses: read.pulse = %.6g ns x "
                     "%.6g units x %.6g integrations = %.6g ns",
                     1e9 * plan->timing.read_s, 1e9 * plan->read.pulse_s,
                     mhoi_conducted_units(plan, place), settles, 1e9 * pulses);
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

/* Columns that wait are read together with the others, each time; or each alone. */
static double conduct_s(const mhoi_plan *plan, const mhoi_read_time *t, double settles)
{
    if (plan->output.waiting == MHO_WAITING_OFF)
        settles = 1;
    switch ((mho_conduct)plan->read.conduct) {
    case MHO_CONDUCT_SETTLING:
        return settles * t->settle_s;
    case MHO_CONDUCT_PULSE:
        return settles * plan->read.pulse_s;
    case MHO_CONDUCT_READ:
        break;
    }
    return plan->output.waiting == MHO_WAITING_OFF && t->column_s < t->hold_s ? t->column_s
                                                                              : t->hold_s;
}

mho_status mhoi_read_time_of(const mhoi_plan *plan, const mhoi_place *place,
                             const mho_technology *tech, mhoi_read_time *out)
{
    const size_t fold = place->cells.fold;
    const size_t lines =
        fold * (place->lines < place->group_rows ? place->lines : place->group_rows);
    const double turns = (double)place->told->columns_per_converter;
    const double settles = settles_of(plan, place);
    const double units = mhoi_pulses_of(plan, place).units, pulses = pulses_s(plan, place);
    mho_status s = MHO_OK;
    *out = (mhoi_read_time){.step_s = 0};
    const double word = word_delay(plan, tech, &s);
    const double bit = bit_delay(plan, place->crossbar_rows * fold, tech, &s);
    out->step_s = delay_of(tech, "read_step", &(mho_argument){"rows", (double)lines}, 1, &s);
    const double steps = units * out->step_s; /* what integrates needs a step at least */
    const double integrate = steps > pulses ? steps : pulses;
    out->settle_s = word + bit + integrate;
    const bool told = plan->timing.convert_s > 0;
    out->convert_s =
        told ? plan->timing.convert_s : out->step_s * decisions(plan, place->output_bits);
    out->read_s = plan->timing.read_s > 0
                      ? plan->timing.read_s + (told ? turns * out->convert_s : 0)
                      : word + bit + settles * integrate + turns * out->convert_s;
    if (turns * out->convert_s > out->read_s) /* a given time leaves so much for each */
        out->convert_s = out->read_s / turns;
    out->settle_s = out->settle_s < out->read_s ? out->settle_s : out->read_s;
    out->hold_s = plan->output.sampled && turns > 1 ? out->settle_s : out->read_s;
    out->column_s = out->read_s / settles;
    out->conduct_s = conduct_s(plan, out, settles);
    return s;
}
