/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the chip is at what was simulated: layers that take turns, and are written anew, are no pipeline. */
#include <math.h>

#include "mho/pipeline.h"

mho_pipeline_speed mho_pipeline_speed_of(const mho_pipeline *p, const mho_placement *placement)
{
    mho_pipeline_speed v = {.cycles = p->cycles,
                            .interval = p->interval,
                            .latency_s = (double)NAN,
                            .interval_s = (double)NAN,
                            .throughput_per_s = (double)NAN};
    if (!placement)
        return v;
    v.layer_by_layer = placement->layer_by_layer;
    v.rewrite_s = placement->rewrite_s;
    if (v.layer_by_layer)
        v.cycles = v.interval = p->layer_by_layer;
    if (placement->clock_s <= 0)
        return v;
    v.latency_s = (double)v.cycles * placement->clock_s + v.rewrite_s;
    v.interval_s = (double)v.interval * placement->clock_s + v.rewrite_s;
    v.link = placement->tiles.busiest_link_s > v.interval_s;
    if (v.link)
        v.interval_s = placement->tiles.busiest_link_s;
    v.throughput_per_s = 1 / v.interval_s;
    return v;
}
