/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of a simulated pipeline. */
#include <math.h>

#include "mho/pipeline.h"

static mho_json *layer_json(const mho_pipeline_layer *l, uint64_t cycles)
{
    mho_json *v = mho_json_object();
    mho_json_put(v, "name", mho_json_text(l->name));
    mho_json_put(v, "kind", mho_json_text(mho_op_name(l->op)));
    mho_json_put(v, "awake", mho_json_integer((int64_t)l->awake));
    mho_json_put(v, "utilization", mho_json_number((double)l->awake / (double)cycles));
    mho_json_put(v, "registers", mho_json_integer((int64_t)l->registers));
    mho_json_put(v, "channels", mho_json_integer((int64_t)l->channels));
    mho_json_put(v, "feature_map", mho_json_integer((int64_t)l->feature_map));
    mho_json_put(v, "first_awake", mho_json_integer((int64_t)l->first_awake));
    mho_json_put(v, "last_result", mho_json_integer((int64_t)l->last_out));
    mho_json_put(v, "shifts", mho_json_integer((int64_t)l->shifts));
    mho_json_put(v, "pads", mho_json_integer((int64_t)l->pads));
    mho_json_put(v, "blocked", mho_json_integer((int64_t)l->blocked));
    mho_json_put(v, "critical", mho_json_bool(l->critical));
    mho_json_put(v, "latency", mho_json_integer((int64_t)l->latency));
    mho_json_put(v, "eq6", mho_json_integer((int64_t)l->eq6));
    return v;
}

static void put_times(double latency_s, double interval_s, mho_json *object)
{
    if (isnan(interval_s))
        return;
    mho_json_put(object, "interval_s", mho_json_number(interval_s));
    mho_json_put(object, "throughput_per_s", mho_json_number(1 / interval_s));
    mho_json_put(object, "latency_s", mho_json_number(latency_s));
}

/* What was simulated, where that is not what happens. */
static mho_json *pipelined_json(const mho_pipeline *p, const mho_placement *placement)
{
    const double clock_s = placement->clock_s > 0 ? placement->clock_s : (double)NAN;
    mho_json *v = mho_json_object();
    mho_json_put(v, "interval_cycles", mho_json_integer((int64_t)p->interval));
    put_times((double)p->cycles * clock_s, (double)p->interval * clock_s, v);
    return v;
}

void mho_pipeline_json(const mho_pipeline *p, const mho_placement *placement, mho_json *object)
{
    const mho_pipeline_speed speed = mho_pipeline_speed_of(p, placement);
    mho_json *cycles = mho_json_object(), *layers = mho_json_array();
    mho_json_put(cycles, "simulated", mho_json_integer((int64_t)p->cycles));
    mho_json_put(cycles, "eq6", mho_json_integer((int64_t)p->eq6));
    mho_json_put(cycles, "eq7", mho_json_integer((int64_t)p->eq7));
    if (p->service > 1)
        mho_json_put(cycles, "eq7_with_service", mho_json_integer((int64_t)p->layer_by_layer));
    for (size_t i = 0; i < p->layers; i++)
        mho_json_add(layers, layer_json(&p->layer[i], p->cycles));
    mho_json_put(object, "cycles", cycles);
    mho_json_put(object, "schedule",
                 mho_json_text(speed.layer_by_layer ? "layer_by_layer" : "pipelined"));
    mho_json_put(object, "interval_cycles", mho_json_integer((int64_t)speed.interval));
    put_times(speed.latency_s, speed.interval_s, object);
    if (speed.layer_by_layer)
        mho_json_put(object, "pipelined_if_all_stood", pipelined_json(p, placement));
    mho_json_put(object, "stalls", mho_json_integer((int64_t)p->stalls));
    mho_json_put(object, "stall_free", mho_json_bool(!p->stalls));
    mho_json_put(object, "layers", layers);
}
