/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a pipeline and one step of each. */
#ifndef MHO_PIPELINE_IMPL_H
#define MHO_PIPELINE_IMPL_H

#include "mho/pipeline.h"
#include "net/graph.h"

typedef enum mhoi_stage_kind {
    MHOI_STAGE_INPUT,  /* the image, one element a cycle */
    MHOI_STAGE_WINDOW, /* convolution, pooling */
    MHOI_STAGE_FC,     /* waits for its whole input */
    MHOI_STAGE_ADD,    /* joins streams; a queue on each */
    MHOI_STAGE_WHOLE, /* begins when all its inputs are complete, then a position after the other */
} mhoi_stage_kind;

typedef struct mhoi_link { /* a reader of a stage's results */
    size_t stage, port;
} mhoi_link;

/* The stream of a window stage: row-major, rows of `row` elements, `gap` zeros before each row's data.
 * A window's bottom-right corner is element next_window when output (oy, ox) is next. */
typedef struct mhoi_stream_state {
    size_t in_w, in_h, gap, row, rows_above, rows;
    size_t kh, kw, stride_h, stride_w, dilation_h, dilation_w;
    size_t span_h, span_w,
        left; /* span: from a window's first row or column to its last; left: columns of the gap that are left padding */
    size_t out_w, out_h;
    size_t x, y;    /* of the next element of the stream */
    uint64_t index; /* its number, the gap of the first row included */
    uint64_t total; /* elements of the stream, the gap of row `rows` included */
    uint64_t next_window;
    size_t ox, oy;
    int32_t *line; /* line buffer, a ring of `length`; line[head] is the newest element */
    size_t length, head;
} mhoi_stream_state;

typedef struct mhoi_flight { /* a window under way */
    int32_t result;
    uint64_t last; /* cycle of work, in which the result is there */
} mhoi_flight;

typedef struct mhoi_stage {
    mhoi_stage_kind kind;
    size_t producer[MHOI_NODE_INPUTS], producers;
    const mhoi_link *reader;
    size_t readers;
    mhoi_stream_state s;             /* window */
    size_t expected;                 /* elements of the input map (input: of the image) */
    size_t wanted[MHOI_NODE_INPUTS]; /* whole: of each input */
    size_t arrived[MHOI_NODE_INPUTS],
        joined;          /* input: sent; fc: collected; add: of each port, and added */
    size_t service;      /* cycles a window takes */
    size_t copies;       /* windows that it can work at at once */
    mhoi_flight *flight; /* a ring of them, the oldest first; results leave in order */
    size_t oldest, flights;
    size_t images_left; /* that it has not been fed yet, besides the one at hand */
    bool registered;
    int32_t held; /* registered: result that leaves next */
    size_t results, results_done;
    /* this cycle */
    bool ready[MHOI_NODE_INPUTS]; /* would take an element at that port */
    bool down;                    /* every reader is ready */
    int32_t out;
    mho_beat beat;
    bool moved, waiting;       /* something happened; a result could not leave */
    bool changed;              /* other than a cycle of work */
    mho_pipeline_layer *layer; /* NULL for the input */
} mhoi_stage;

typedef struct mhoi_pipe {
    mhoi_stage *stage; /* stage[0] is the input; readers come after what they read */
    size_t stages;
    mhoi_link *link;
    mho_beat *beat;
    size_t final; /* stage of the network's last node */
    uint64_t cycle;
    mho_pipeline_layer *
        culprit; /* that some other layer had to wait for in this cycle; NULL: none, or the image */
    bool waited;
    bool trusted; /* windows hold what they should: that was looked at before */
} mhoi_pipe;

/* Convolution, pooling, fully connected, add, and of general nodes those that do not work element by element on one
 * input: what costs cycles. */
bool mhoi_is_layer(const mho_node *node);

/* How nodes work: cycles of a window, 0 = the option's; times they stand, 0 = once.  NULL for either: all 0. */
typedef struct mhoi_pace {
    const size_t *service, *copies;
} mhoi_pace;

MHO_MUST_CHECK mho_status mhoi_pipe_create(const mho_net *net, const mho_pipeline_options *options,
                                           const mhoi_pace *pace, size_t images,
                                           mho_pipeline_layer *layer, mhoi_pipe *pipe);
void mhoi_pipe_free(mhoi_pipe *pipe);
/* One cycle of the whole pipe.  *moved: something happened; pipe->waited: some result could not leave. */
MHO_MUST_CHECK mho_status mhoi_pipe_step(mhoi_pipe *pipe, uint64_t cycle, bool *moved);
/* Everything that what follows depends on, cycles counted from `cycle`, but how many images are to come.
 * [mhoi_pipe_state_words]; false: no more images come, and that is no state of those before. */
size_t mhoi_pipe_state_words(const mhoi_pipe *pipe);
bool mhoi_pipe_state(const mhoi_pipe *pipe, uint64_t cycle, uint64_t *words);
/* Cycles behind the last one that are as it was: only work goes on.  Counts what they add to layers. */
uint64_t mhoi_pipe_repeat(mhoi_pipe *pipe);
/* Compares the window in the line buffer with output (oy, ox)'s part of the feature map. */
MHO_MUST_CHECK mho_status mhoi_window_check(const mhoi_stream_state *s);
/* Puts an element (or MHO_BEAT_PAD) into the line buffer and moves on in the stream. */
void mhoi_stream_shift(mhoi_stream_state *s, int32_t element);
bool mhoi_stream_is_pad(const mhoi_stream_state *s);
/* Before the first element of an image, behind the zeros that end the one before. */
void mhoi_stream_begin(mhoi_stream_state *s);

#endif
