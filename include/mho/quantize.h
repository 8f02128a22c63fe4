/* SPDX-License-Identifier: Apache-2.0 */
/* From a trained network to one of fewer bits. */
#ifndef MHO_QUANTIZE_H
#define MHO_QUANTIZE_H

#include "mho/config.h"
#include "mho/data.h"
#include "mho/json.h"
#include "mho/net.h"

MHO_C_BEGIN

/* What a method found out on its way: one entry a search, in the order of the searches. */
typedef struct mho_quantize_curve {
    char layer[MHO_NAME]; /* whose outputs become 1 bit */
    size_t pass;          /* 1, 2, ... over the layers */
    size_t channel;       /* of a search for one channel; SIZE_MAX: all of them together */
    size_t points;
    double *threshold; /* [points], of outputs re-scaled to 0..1 */
    uint32_t *
        correct; /* [points], images classified as labelled with the layers after it as they were */
    size_t best; /* the point that was taken */
    double seconds;
} mho_quantize_curve;

enum { MHO_QUANTIZE_BINS = 50 };

/* A layer whose outputs are 1 bit now. */
typedef struct mho_quantize_layer {
    char name[MHO_NAME];
    size_t channels;
    double largest;    /* what became 1: the largest output (or a percentile) before re-scaling */
    double *threshold; /* [channels], of outputs re-scaled to 0..1 */
    double zero;       /* share of outputs at or below 0 */
    double share
        [MHO_QUANTIZE_BINS]; /* of all outputs, in equal parts of 0..1; what is beyond stands in the last */
    double ones;             /* share of bits that are 1, behind pooling */
} mho_quantize_layer;

/* Weights of a layer, or a map, that are codes now: docs/models/quantization.md. */
typedef struct mho_quantize_codes {
    char name[MHO_NAME];
    bool weights;                   /* of the layer; else the map behind it */
    size_t bits, scales;            /* scales: one, or one an output channel */
    double scale_least, scale_most; /* what a code is worth */
    double clipped;                 /* share of the numbers beyond the last code */
    double snr_dB;                  /* signal to noise of this rounding alone; NaN: no noise */
    double whole_snr_dB; /* maps: of the values there, all before rounded too; NaN: not measured */
} mho_quantize_codes;

typedef struct mho_quantize_report {
    size_t images; /* training images searched on */
    size_t curves, layers, codings;
    mho_quantize_codes *codes; /* [codings] */
    double output_snr_dB;      /* of the scores, where there are codings */
    mho_quantize_curve *curve;
    mho_quantize_layer *layer;
    double train_error; /* of the last epoch of refinement, while it learned; NaN: there was none */
    double seconds;
} mho_quantize_report;

MHO_API void mho_quantize_report_destroy(mho_quantize_report *report);
MHO_API mho_json *mho_quantize_report_json(const mho_quantize_report *report);
/* One picture: the curve of every search, and the threshold taken. */
MHO_API void mho_quantize_report_svg(const mho_quantize_report *report, FILE *out);

/* --- threshold search: docs/models/quantize.md ------------------------------------------------------------ */

typedef enum mho_amplitude { MHO_AMPLITUDE_ONE, MHO_AMPLITUDE_MAXIMUM } mho_amplitude;

typedef struct mho_threshold_options {
    double grid_first, grid_last, grid_step; /* thresholds tried, of outputs re-scaled to 0..1 */
    double percentile;   /* of the outputs that becomes 1, in %; 100: the largest */
    bool channels;       /* a threshold each channel, searched after the layer's */
    size_t passes;       /* over all layers */
    size_t images;       /* first so many training images; 0: all */
    int amplitude;       /* mho_amplitude: what a 1 is worth to the next layer */
    size_t memory_bytes; /* most that 1-bit maps of all images may take */
    size_t retrain;      /* epochs of the layers behind, after each threshold of the first pass */
    size_t refine;       /* epochs of all layers with all thresholds, at the end */
    double rate;         /* learning rate of both, at the start */
    double window;       /* of steps, for their gradients: mho_train_options.step_window */
    size_t shift;        /* of the images in both, in pixels */
} mho_threshold_options;

MHO_API extern const mho_fields mho_threshold_fields;

/* Turns the outputs of every weighted layer but the last into bits: layer by layer, the threshold of the grid with
 * the most training images right (of equal ones the smallest), the layers after it as they are.  net: a trained chain.
 * The same result for any number of threads and on every CPU.  report may be NULL.
 * MHO_ENOTMODELED: branches, groups, layers that are of 1 bit already; MHO_EDOMAIN: no parameters, other images. */
MHO_API MHO_MUST_CHECK mho_status mho_threshold_search(const mho_net *net, const mho_images *train,
                                                       const mho_threshold_options *options,
                                                       mho_net **out, mho_quantize_report **report);

/* --- fixed point: docs/models/quantization.md ------------------------------------------------------------- */

typedef enum mho_scales {
    MHO_SCALES_POWER_OF_TWO,
    MHO_SCALES_LAYER,
    MHO_SCALES_CHANNEL
} mho_scales;
typedef enum mho_range_rule {
    MHO_RANGE_RULE_MAX,
    MHO_RANGE_RULE_PERCENTILE,
    MHO_RANGE_RULE_MSE,
    MHO_RANGE_RULE_KL,
    MHO_RANGE_RULE_BEST, /* of maps: percentile, mse, kl: the one with the least noise in the scores */
} mho_range_rule;
typedef enum mho_equalization {
    MHO_EQUALIZE_NONE,
    MHO_EQUALIZE_DEPTHWISE,
    MHO_EQUALIZE_ALL,
    MHO_EQUALIZE_BEST /* all, or as depthwise: likewise */
} mho_equalization;

typedef struct mho_fixed_options {
    size_t bits, weights_bits, maps_bits; /* of one kind: 0: bits */
    int scales;                           /* mho_scales */
    int weights_rule, maps_rule;          /* mho_range_rule */
    double percentile;                    /* of the rule, in % */
    size_t images;                        /* first so many that calibrate */
    bool bias_correction;
    bool search;  /* the scale of each map by itself, of small networks */
    bool offsets; /* maps reach further on one side of 0 where values do */
    int equalize; /* mho_equalization */
} mho_fixed_options;

MHO_API extern const mho_fields mho_fixed_fields;

/* Turns weights and the maps between layers into codes, without training: batch normalization folded, scales from the
 * first images, biases corrected.  Layers and maps that have codes keep them.  The memory does not grow with images.
 * The same result for any number of threads.  report may be NULL.
 * MHO_ENOTMODELED: 1-bit maps, circulant blocks, general operators; MHO_ENODATA: no images; MHO_EDOMAIN: no weights,
 * other images, values that are not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_fixed_quantize(const mho_net *net, const mho_images *images,
                                                     const mho_fixed_options *options,
                                                     mho_net **out, mho_quantize_report **report);

/* --- methods by name --------------------------------------------------------------------------------------- */

typedef struct mho_quantize_method {
    const char *name, *summary;
    const mho_fields *fields; /* of its options */
    mho_status (*run)(const mho_net *net, const mho_data *data, const void *options, mho_net **out,
                      mho_quantize_report **report);
} mho_quantize_method;

MHO_API extern const mho_quantize_method mho_quantize_methods[];
MHO_API extern const size_t mho_quantize_method_count;

/* The method of that name with its fields' presets and set (NULL-terminated "key=value", or NULL) in their place.
 * MHO_EUSAGE: no such method (and the nearest); weights that are in codes already. */
MHO_API MHO_MUST_CHECK mho_status mho_quantize(const mho_net *net, const mho_data *data,
                                               const char *method, const char *const *set,
                                               mho_net **out, mho_quantize_report **report);

MHO_C_END

#endif
