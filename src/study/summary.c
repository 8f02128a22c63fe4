/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a result that tables, stores and searches compare points by. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "mho/study.h"

#define AT(member) offsetof(mho_summary, member)

static const mho_summary_field fields[] = {
    {"error", "", AT(error), "mean over programmings, a fraction"},
    {"ci95", "", AT(ci95), "half of its 95 % interval, for these images"},
    {"images_low", "", AT(images_low), "the least that other images would tell, 95 %"},
    {"images_high", "", AT(images_high), "the most"},
    {"software_error", "", AT(software_error), "of the network without hardware, same images"},
    {"latency_s", "s", AT(latency_s), "of an image"},
    {"throughput_per_s", "1/s", AT(throughput_per_s), "images a second"},
    {"power_W", "W", AT(power_W), "energy of an image times throughput"},
    {"energy_J", "J", AT(energy_J), "of an image"},
    {"area_m2", "m2", AT(area_m2), "of the chip"},
    {"ops_per_s", "1/s", AT(ops_per_s), "multiplies and adds"},
    {"ops_per_J", "1/J", AT(ops_per_J), "1e12 of them: 1 TOPS/W"},
    {"ops_per_s_per_m2", "1/s/m2", AT(ops_per_s_per_m2), "1e15 of them: 1 GOPS/s/mm2"},
    {"cycles", "", AT(cycles), "of an image"},
    {"crossbars", "", AT(crossbars), "that stand"},
};

size_t mho_summary_fields(void)
{
    return sizeof fields / sizeof *fields;
}

const mho_summary_field *mho_summary_at(size_t i)
{
    return &fields[i];
}

double mho_summary_get(const mho_summary *summary, size_t i)
{
    double v;
    memcpy(&v, (const unsigned char *)summary + fields[i].offset, sizeof v);
    return v;
}

mho_summary mho_summary_none(void)
{
    mho_summary none;
    const double nan = (double)NAN;
    for (size_t i = 0; i < sizeof none / sizeof nan; i++)
        memcpy((unsigned char *)&none + i * sizeof nan, &nan, sizeof nan);
    return none;
}

mho_summary mho_summary_of(const mho_result *r)
{
    mho_summary v = mho_summary_none();
    if (r->error.spread.trials) {
        v.error = r->error.spread.mean;
        v.ci95 = r->error.half;
        v.images_low = r->error.images.low;
        v.images_high = r->error.images.high;
        v.software_error = r->software_error;
    }
    if (!r->has_prices)
        return v;
    v.latency_s = r->speed.latency_s;
    v.throughput_per_s = r->speed.throughput_per_s;
    v.power_W = r->speed.power_W;
    v.energy_J = r->cost.energy_J;
    v.area_m2 = r->cost.area_m2;
    v.ops_per_s = r->speed.ops_per_s;
    v.ops_per_J = r->speed.ops_per_J;
    v.ops_per_s_per_m2 = r->speed.ops_per_s_per_m2;
    v.cycles = (double)(r->in_turn ? r->layer_by_layer : r->pipelined);
    v.crossbars = (double)(r->rewriting.cells ? r->rewriting.budget : r->rewriting.needed);
    return v;
}
