/* SPDX-License-Identifier: Apache-2.0 */
/* The line-buffer pipeline, cycle by cycle: one image through all layers at once.
 *
 * A layer keeps only the rows its window needs, and works (is awake) in every cycle in which an element
 * was shifted in and completes a window.  The simulation moves element numbers through the line buffers
 * and compares every window with the feature map, so what it reports has been executed, not derived.
 * Rules: docs/models/pipeline.md. */
#ifndef MHO_PIPELINE_H
#define MHO_PIPELINE_H

#include <stdio.h>

#include "mho/json.h"
#include "mho/map.h"
#include "mho/net.h"

MHO_C_BEGIN

typedef struct mho_pipeline_options {
    bool registered_pool; /* a pooling result leaves one cycle later */
    size_t service;       /* cycles a window occupies a convolution or fully connected layer; 1.. */
} mho_pipeline_options;

MHO_API mho_pipeline_options mho_pipeline_options_default(void);

/* What a layer did in one cycle: elements are numbered y W + x. */
#define MHO_BEAT_NONE (-1) /* nothing moved */
#define MHO_BEAT_PAD (-2)  /* a zero was shifted in */
typedef struct mho_beat {
    int32_t in, out; /* element shifted in, element put out */
    bool awake;
} mho_beat;

typedef struct mho_pipeline_layer {
    size_t node; /* of the network; conv, pool, fc or add */
    mho_op op;
    char name[MHO_NAME];
    mho_shape in, out;
    uint64_t awake;                 /* cycles; the others it sleeps */
    uint64_t shifts, pads;          /* elements shifted in, and how many of them were padding */
    uint64_t first_awake, last_out; /* cycles, from 0; last_out: the last result leaves */
    uint64_t blocked;               /* cycles in which another layer had to wait for this one */
    size_t registers;   /* a channel: line buffer, fc: whole input, add: deepest queue */
    size_t feature_map; /* elements a channel of the whole input map, for comparison */
    size_t channels;    /* of the input */
    bool critical;      /* on the path that sets the number of cycles */
    uint64_t
        latency; /* cycles from its producer's last result to its own (first layer: from the start) */
    uint64_t eq6; /* what bcnn Eq. 6 counts for it */
} mho_pipeline_layer;

typedef struct mho_pipeline {
    mho_pipeline_layer *layer;
    size_t layers;
    uint64_t cycles, eq6, eq7;
    uint64_t layer_by_layer; /* eq7 with the service times: every window but one cycle of it more */
    size_t service;          /* the longest of the service times */
    uint64_t interval; /* cycles from one image's last result to the next's, of several in a row */
    uint64_t stalls;   /* cycles in which some layer had to wait; 0: stall-free */
} mho_pipeline;

/* Called once a cycle with beat[layers], in the order of mho_pipeline.layer. */
typedef void mho_pipeline_trace_fn(void *user, uint64_t cycle, const mho_beat *beat, size_t layers);

/* Simulates one image, and several in a row for the interval.  service [net->nodes], or NULL: cycles a window of that node,
 * 0 = the option's.  copies [net->nodes], or NULL: times that a convolution stands, 0 = once; each works at a window of its
 * own.  trace (of the one image) may be NULL.
 * MHO_EINTERNAL: a window held the wrong elements (never expected); MHO_ENOTMODELED: padding as large as
 * the kernel; MHO_EDOMAIN: a service time of 0 or a feature map beyond 2^31 elements. */
MHO_API MHO_MUST_CHECK mho_status mho_pipeline_create(const mho_net *net,
                                                      const mho_pipeline_options *options,
                                                      const size_t *service, const size_t *copies,
                                                      mho_pipeline_trace_fn *trace, void *user,
                                                      mho_pipeline **out);
MHO_API void mho_pipeline_destroy(mho_pipeline *pipeline);
/* The same with the service times and copies of a placement of the network. */
MHO_API MHO_MUST_CHECK mho_status mho_pipeline_create_placed(const mho_net *net,
                                                             const mho_placement *placement,
                                                             mho_pipeline **out);

/* How fast the chip is.  Where layers take turns (timing.schedule, or crossbars that are written anew in every image because
 * there are fewer than the network takes) the simulated pipeline is not what happens: cycles are those of one layer after
 * the other.  docs/models/timing.md. */
typedef struct mho_pipeline_speed {
    bool layer_by_layer;
    bool link;                 /* the busiest link between tiles is what images wait for */
    uint64_t cycles, interval; /* of an image; from one to the next: of what is not writing */
    double rewrite_s;          /* of an image */
    double latency_s, interval_s,
        throughput_per_s; /* writing counted in; NaN: nothing tells how long a cycle is */
} mho_pipeline_speed;
/* placement NULL: of the simulated pipeline, without times. */
MHO_API mho_pipeline_speed mho_pipeline_speed_of(const mho_pipeline *pipeline,
                                                 const mho_placement *placement);

/* Puts into object: cycles, schedule, interval_cycles, stalls, layers (docs/cli.md), and the times where they are known. */
MHO_API void mho_pipeline_json(const mho_pipeline *pipeline, const mho_placement *placement,
                               mho_json *object);

/* Value change dump (IEEE 1364) of cycles [from, to): for each layer `awake`, `shift`, `pad`, `valid` and
 * the 1-based coordinates of what is shifted in.  A cycle takes clock_s; 0: nothing tells, one step of 1 ns.
 * MHO_EFILE: the stream refused. */
MHO_API MHO_MUST_CHECK mho_status mho_pipeline_vcd(const mho_net *net,
                                                   const mho_pipeline_options *options,
                                                   const size_t *service, const size_t *copies,
                                                   double clock_s, uint64_t from, uint64_t to,
                                                   FILE *file);

/* --- a stretch of cycles, kept and drawn as the timelines of bcnn Figs. 3 and 4 ----------------------- */

#define MHO_FILM_CYCLES_MAX 5000
typedef struct mho_film {
    uint64_t from, to; /* cycles [from, to) */
    mho_beat *beat;    /* [cycle - from][layers] */
    size_t layers, cycles;
    mho_status status; /* MHO_ENOMEM: no cycle was kept */
} mho_film;

/* Texts around what is drawn, as escapes of a terminal. */
typedef struct mho_film_marks {
    const char *bold, *awake, *asleep, *end;
    size_t width; /* of a line; 0: 110 */
} mho_film_marks;

/* MHO_EDOMAIN: no cycle, or more than MHO_FILM_CYCLES_MAX. */
MHO_API MHO_MUST_CHECK mho_status mho_film_start(uint64_t from, uint64_t to, mho_film *film);
MHO_API mho_pipeline_trace_fn mho_film_keep; /* user: the film */
/* Two lines a layer: what its line buffer takes, and whether it is awake.  marks NULL: plain. */
MHO_API void mho_film_print(const mho_film *film, const mho_pipeline *pipeline,
                            const mho_film_marks *marks, FILE *out);
MHO_API mho_json *mho_film_json(const mho_film *film, const mho_pipeline *pipeline);
MHO_API void mho_film_free(mho_film *film);

MHO_C_END

#endif
