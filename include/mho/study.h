/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments: what a user names is opened, and the error of a network on hardware found over programmings,
 * for one description or the points of a sweep (docs/models/explore.md).  Nothing here prints. */
#ifndef MHO_STUDY_H
#define MHO_STUDY_H

#include <stdio.h>

#include "mho/array.h"
#include "mho/chip.h"
#include "mho/cost.h"
#include "mho/hw.h"
#include "mho/json.h"
#include "mho/map.h"

MHO_C_BEGIN

/* --- opening what the user names ---------------------------------------------------------------------- */

/* A network of the zoo ("lenet"), a trained model that is built in ("lenet-binary-mnist"), a YAML file (.yaml, .yml) or
 * an ONNX file (.onnx; with sizes that it leaves open, "FILE.onnx:NAME=SIZES,..." as of mho_onnx_read_sized).
 * MHO_EUSAGE: no such network, the nearest named; else as mho_net_read and mho_onnx_read. */
MHO_API MHO_MUST_CHECK mho_status mho_net_open(const char *name, mho_net **out);
/* A network with trained parameters: a file that has them as it is; for another the one of the library
 * of trained models, "NAME-STYLE-DATA" (models/lenet-binary-mnist.onnx).
 * MHO_ENOMODEL: there is none of that style for that data. */
MHO_API MHO_MUST_CHECK mho_status mho_model_open(const char *name, mho_style style,
                                                 const char *data_name, mho_net **out);

/* --- points of a sweep -------------------------------------------------------------------------------- */

#define MHO_GRID_AXES_MAX 64
#define MHO_GRID_VALUES_MAX 100000 /* of an axis */
#define MHO_GRID_POINTS_MAX 1000000000
#define MHO_STUDY_POINTS_MAX 100000 /* each of them programs and runs a chip */

typedef struct mho_grid mho_grid;

/* Over fields of hw, which is not kept, over what --set takes besides ("device" = names or files of devices,
 * "technology.V_dd" = settings of a table), and over `network` and `data`, which a study opens.  axes: NULL-terminated, each "key=a,b,c" or, for a number,
 * "key=FROM:TO:STEP" (TO is a point if a whole number of steps leads there).  Points are the product; the
 * last axis turns fastest.
 * MHO_ECONFIG: unknown key (the nearest is named), a value out of its field's bounds, a field or a value
 * twice, no axis; a range that is not three finite numbers, has step 0 or one that leads away from TO; more than
 * MHO_GRID_POINTS_MAX points. */
MHO_API MHO_MUST_CHECK mho_status mho_grid_create(const mho_hw *hw, const char *const *axes,
                                                  mho_grid **out);
/* A built-in sweep ("buffer-paper" is configs/sweep/buffer-paper.yaml) or a YAML file: `axes:` with
 * `key: [values]` for each; the text of one, place for messages.
 * MHO_ECONFIG with place:line: as above, or not such a file. */
MHO_API MHO_MUST_CHECK mho_status mho_grid_open(const char *name, const mho_hw *hw, mho_grid **out);
MHO_API MHO_MUST_CHECK mho_status mho_grid_read(const char *text, const char *place,
                                                const mho_hw *hw, mho_grid **out);
MHO_API void mho_grid_destroy(mho_grid *sweep);
MHO_API const char *mho_grid_name(const mho_grid *sweep); /* as the file says; "" */
MHO_API size_t mho_grid_axes(const mho_grid *sweep);
MHO_API size_t mho_grid_points(const mho_grid *sweep);
MHO_API size_t mho_grid_values(const mho_grid *sweep, size_t axis);
MHO_API const char *mho_grid_key(const mho_grid *sweep, size_t axis);
/* The axis as it was given: "key=a,b,c". */
MHO_API const char *mho_grid_text(const mho_grid *sweep, size_t axis);
/* As written in YAML. */
MHO_API const char *mho_grid_value(const mho_grid *sweep, size_t point, size_t axis);
/* Sets the fields of the point.  MHO_ECONFIG: fields that exclude each other; names the point, and leaves hw as it was. */
MHO_API MHO_MUST_CHECK mho_status mho_grid_apply(const mho_grid *sweep, size_t point, mho_hw *hw);

/* Points that no other beats in both x and y, x rising; of equals the first that came. */
typedef struct mho_front_point {
    uint64_t index;
    double x, y;
} mho_front_point;
typedef struct mho_front {
    mho_front_point *point;
    size_t points, room;
} mho_front; /* starts zeroed */
MHO_API MHO_MUST_CHECK mho_status mho_front_add(mho_front *front, uint64_t index, double x,
                                                double y);
MHO_API void mho_front_free(mho_front *front);

/* --- sweeps of MAC-array designs ---------------------------------------------------------------------- */

typedef struct mho_array_sweep mho_array_sweep;
/* The points of the grid over hw, of arch array.  Looks up all memories and computes each different schedule
 * once.  extra[extras]: memories besides those of the technologies.  Nothing is kept.
 * Threads: those of the run; results do not depend on them.  MHO_ECONFIG: a memory that a technology lacks. */
MHO_API MHO_MUST_CHECK mho_status mho_array_sweep_create(const mho_net *net, const mho_hw *hw,
                                                         const mho_grid *grid,
                                                         const mho_macro *extra, size_t extras,
                                                         mho_array_sweep **out);
MHO_API void mho_array_sweep_destroy(mho_array_sweep *sweep);
MHO_API uint64_t mho_array_sweep_points(const mho_array_sweep *sweep);
MHO_API size_t mho_array_sweep_schedules(const mho_array_sweep *sweep); /* different ones */
/* point[count]: first, first + 1, ...  The same digits as mho_array_estimate_create.  Allocates nothing.
 * MHO_EDOMAIN: a point that there is not, or whose price is not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_array_sweep_price(const mho_array_sweep *sweep,
                                                        uint64_t first, size_t count,
                                                        mho_array_point *point);
/* The design of a point. */
typedef struct mho_array_choice {
    char technology[256];
    bool pixel_first;
    size_t level, banks, acc_depth;
    double clock_Hz, ddr_standby_W;
    mho_memory weight, io;
} mho_array_choice;
MHO_API void mho_array_sweep_choice(const mho_array_sweep *sweep, uint64_t index,
                                    mho_array_choice *out);

/* What figures 4 and 5 of `buffer` show, of any sweep, as one SVG.  The sweep must outlive them; front: area
 * and energy. */
typedef struct mho_figures mho_figures;
MHO_API MHO_MUST_CHECK mho_status mho_figures_create(const mho_array_sweep *sweep,
                                                     mho_figures **out);
MHO_API void mho_figures_destroy(mho_figures *figures);
MHO_API MHO_MUST_CHECK mho_status mho_figures_add(mho_figures *figures,
                                                  const mho_array_point *point);
/* The caller looks at ferror(svg). */
MHO_API void mho_figures_draw(mho_figures *figures, const mho_front *front, const char *title,
                              FILE *svg);

/* --- the error over programmings ---------------------------------------------------------------------- */

/* 95 % of what `errors` of `images` images (or their mean share over programmings) may come from; eq. (3).
 * Fractions; never empty, also with no error at all. */
typedef struct mho_interval {
    double low, high;
} mho_interval;
MHO_API mho_interval mho_images_interval(double error, size_t images);

/* 95 % confidence intervals, fractions like the error. */
typedef struct mho_spread {
    double mean, std, min, max; /* std: of the sample, n - 1 */
    size_t trials;
} mho_spread;

typedef struct mho_error_estimate {
    mho_spread spread;
    double half;         /* of the mean over programmings, for these images; eq. (1); NaN for one */
    double images_half;  /* what other images of the same kind would add; eq. (2) */
    mho_interval images; /* the same as an interval; eq. (3) */
    double inference_s;
} mho_error_estimate;

/* Student's t: 97.5 % of the distribution lie below it. */
MHO_API double mho_student_95(size_t degrees_of_freedom);

/* Called before programming `trial`, for progress. */
typedef void mho_trial_fn(void *user, size_t trial);

/* Error of the chip over programmings 0, 1, ... of `seed` on the first `count` images: ends once `half`
 * is at most `wanted_half` (0: never) and MHO_TRIALS_LEAST programmings are done, at the latest after
 * `trials`.  error[trials] and each may be NULL.  MHO_EINTERRUPTED, or as mho_chip_run. */
#define MHO_TRIALS_LEAST 4
MHO_API MHO_MUST_CHECK mho_status mho_error_of(mho_chip *chip, const mho_images *images,
                                               size_t count, uint64_t seed, size_t trials,
                                               double wanted_half, double *error,
                                               mho_trial_fn *each, void *user,
                                               mho_error_estimate *out);

/* --- studies ------------------------------------------------------------------------------------------ */

/* What is studied, as its user names it. */
typedef struct mho_subject {
    const char *net;        /* as of mho_model_open; NULL where an axis names networks */
    const char *hw;         /* as of mho_hw_open */
    const char *const *set; /* likewise: key=value, NULL-terminated, or NULL */
    const char *data;       /* as of mho_data_open; NULL where an axis names data */
    bool
        calibrate_on_test; /* converters, on the first test images instead of the first train images */
    const char *
        calibrate_on; /* converters, on the first images of another data set (of its train images, where it has
                                 some); as of mho_data_open; NULL */
    const mho_data *images; /* taken in place of data, if it is not NULL; outlives the study */
    const mho_net *network; /* likewise of net, with parameters; copied */
    const mho_hw *hardware; /* likewise of hw, with set applied to it; copied */
    const mho_hw *const *
        descriptions; /* likewise of mho_study_open_each's hw, those that are not NULL; NULL: none */
    const char *const
        *input; /* settings of mho_input_set for all networks, NULL-terminated, or NULL */
} mho_subject;

typedef struct mho_study_options {
    uint64_t seed;
    size_t images; /* the first so many of the test images; 0: all */
    size_t trials; /* programmings */
    double
        wanted_half; /* programmings end once mho_error_estimate.half is at most that; 0: never */
    bool ideal;      /* the error with ideal devices besides */
    bool prices;     /* cycles, energy, area, and those of the 8-bit CNN besides */
    bool baseline;   /* and its error */
} mho_study_options;
/* Seed 1, all images, 10 programmings, nothing besides. */
MHO_API mho_study_options mho_study_options_default(void);

typedef struct mho_result_part {
    char name[MHO_COST_NAME];
    double energy_J, area_m2;
} mho_result_part;

typedef struct mho_result_cost {
    double energy_J, area_m2;
    mho_result_part *component, *layer; /* in order of first appearance */
    size_t components, layers;
} mho_result_cost;

/* How fast, and what for.  An operation is a multiply or an add: two a MAC.  NaN where no clock is known. */
typedef struct mho_result_speed {
    double clock_s;               /* a cycle */
    char clock[48];               /* what tells it */
    uint64_t interval, at_best;   /* cycles from one image to the next; no fewer can be, */
    char bottleneck[MHO_NAME];    /* by the layer that is busy for longest; "" layer by layer */
    double latency_s, interval_s; /* an image; from one image to the next */
    double throughput_per_s;      /* images */
    double power_W;               /* energy of an image x throughput */
    double ops_per_s, ops_per_J, ops_per_s_per_m2;
} mho_result_speed;

/* A chip with fewer crossbars than the network takes: layers take turns, and are written anew in every image. */
typedef struct mho_result_rewriting {
    uint64_t budget, needed;  /* crossbars */
    uint64_t room, crossbars; /* that layers take turns on, and that are written on it; 0: none */
    uint64_t cells;           /* that an image has written */
    double seconds, energy_J;
    double images_until_worn; /* NaN: the technology does not tell the endurance */
} mho_result_rewriting;

typedef struct mho_result_layer {
    char name[MHO_NAME];
    size_t groups, rows, columns, positions; /* rows, columns: of one group */
    size_t row_splits, column_splits, crossbar_pairs;
    double utilization;
    size_t reads, columns_per_converter, duplication, service; /* of mho_placement_layer */
    uint64_t occupied, converters;
    double t_read_s, converter_utilization;
    size_t input_bits, output_bits, row_groups; /* likewise */
    bool sense;
} mho_result_layer;

/* What no crossbar holds. */
typedef struct mho_result_digital {
    mho_placement_digital unit;
    double energy_J, area_m2; /* 0: not priced */
} mho_result_digital;

/* What happened in a layer while images ran, all programmings together. */
typedef struct mho_result_activity {
    char name[MHO_NAME];
    mho_chip_activity sum;
} mho_result_activity;

/* What a study failed or ended at. */
typedef enum mho_stage {
    MHO_STAGE_OPEN,
    MHO_STAGE_PRICE,
    MHO_STAGE_RUN,
} mho_stage;

/* One point: everything that is known of it.  Starts zeroed; errors are fractions, NaN where none was
 * asked for. */
/* When a layer works at an image, in cycles from its start: the first and the last, and how many between them it is awake. */
typedef struct mho_result_work {
    char name[MHO_NAME];
    uint64_t first, last, awake;
} mho_result_work;

typedef struct mho_result {
    const char *command; /* the command line that asked for it, if the caller says so */
    mho_stage stage;
    char network[MHO_NAME], data[MHO_NAME], data_place[256];
    char model[256];                 /* where the parameters come from */
    char input[MHO_INPUT_TEXT];      /* how images become the network's input */
    bool input_assumed;              /* nothing says so */
    char input_note[MHO_INPUT_NOTE]; /* images that look like bytes and are none; else "" */
    size_t classes, outputs;         /* of the images; that the network tells apart */
    mho_hw *hw;
    mho_study_options options; /* as asked for; images: how many there were */
    const char *kernel;
    size_t threads;
    bool complete; /* false: interrupted after error.spread.trials programmings */

    bool quantized; /* to codes with free scales, on the images that calibrate: quant.scales */
    double software_error, ideal_error;
    mho_interval software, ideal; /* of the images */
    mho_error_estimate error;
    double *by_trial;              /* [error.spread.trials] */
    mho_write_count programming;   /* the last one */
    double wires_bound;            /* of it: mho_chip_wires_bound */
    mho_result_activity *activity; /* [activities] of every weighted layer */
    size_t activities;
    double images_per_second; /* hardware inference, all programmings */
    double seconds;
    uint64_t peak_bytes; /* of the process */

    bool has_prices; /* the rest is there */
    uint64_t weights, macs, crossbar_pairs;
    uint64_t pipelined,
        layer_by_layer; /* cycles: simulated or Eq. 6; Eq. 7 with the service times, */
    bool simulated;
    size_t service; /* the longest of which is this */
    mho_result_layer *layer;
    size_t layers;
    mho_result_digital *digital;
    size_t digitals;
    mho_result_work *work; /* [works] of the simulated pipeline; none where it was not simulated */
    size_t works;
    double crossbar_macs, digital_macs;
    mho_result_cost cost, base; /* base: the 8-bit CNN on crossbars of the same size and cell */
    mho_result_cost generic, base_generic; /* by notes.generic; empty where that is "" */
    uint64_t generic_interval;             /* cycles, those of its clock */
    mho_price_notes notes;                 /* of cost */
    mho_result_speed speed, base_speed;
    mho_result_rewriting rewriting;
    mho_tiles tiles;
    bool in_turn; /* layer by layer */
    char base_hw[32];
    double base_error; /* with ideal devices; NaN: no trained network is known */
    bool
        has_measured; /* energy_J and area_m2 of cost, with the activity of cells as it was measured */
    mho_result_cost measured;
    double measured_generic_J; /* likewise of generic */
} mho_result;

MHO_API void mho_result_free(mho_result *result); /* zeroes it */
/* The one JSON form of a result (docs/cli.md); what is not there is left out. */
#define MHO_RESULT_FORMAT 1
MHO_API mho_json *mho_result_json(const mho_result *result);
/* What a network takes on crossbars, as keys of root: layers, crossbars, counts, cycles (docs/cli.md, `map`).
 * Errors as mho_pipeline_create_placed. */
MHO_API MHO_MUST_CHECK mho_status mho_placement_json(const mho_net *net, const mho_hw *hw,
                                                     const mho_placement *placement,
                                                     mho_json *root);
/* `rewriting`, where the chip has fewer crossbars than the network takes. */
MHO_API void mho_placement_rewriting_json(const mho_placement *placement, mho_json *root);
/* The share of the 8-bit CNN's energy and area that is saved. */
MHO_API double mho_result_saved(double own, double base);

/* The numbers by which points are compared: all doubles, NaN where there is none.  energy and area by the
 * technology that priced the point. */
typedef struct mho_summary {
    double error, ci95, images_low, images_high, software_error; /* fractions */
    double latency_s, throughput_per_s, power_W, energy_J, area_m2;
    double ops_per_s, ops_per_J, ops_per_s_per_m2;
    double cycles, crossbars;
} mho_summary;
typedef struct mho_summary_field {
    const char *key, *unit; /* "energy_J", "J" */
    size_t offset;          /* of a double in mho_summary */
    const char *help;
} mho_summary_field;
MHO_API size_t mho_summary_fields(void);
MHO_API const mho_summary_field *mho_summary_at(size_t i);
MHO_API double mho_summary_get(const mho_summary *summary, size_t i);
/* All NaN; then what a result tells. */
MHO_API mho_summary mho_summary_none(void);
MHO_API mho_summary mho_summary_of(const mho_result *result);

typedef struct mho_study mho_study;

/* Opens and checks everything before anything is computed: a typo costs no time.  axes: NULL, or those of a
 * sweep (mho_grid_create), whose points the study then has; without, it has one.  stage (may be NULL): what
 * failed.  Keeps nothing of subject.
 * MHO_EUSAGE: no hardware named, more images than there are; MHO_ECONFIG: an axis that subject->set sets as
 * well, a point that the hardware refuses; MHO_ENOMODEL, MHO_ENODATA; MHO_EDOMAIN: images of another shape
 * than the network's; MHO_ENOTMODELED in MHO_STAGE_PRICE: what has no price. */
MHO_API MHO_MUST_CHECK mho_status mho_study_open(const mho_subject *subject,
                                                 const mho_study_options *options,
                                                 const char *const *axes, mho_stage *stage,
                                                 mho_study **out);
/* A study with a point for each description of hw, NULL-terminated, with all fields of subject but hw: they share the data,
 * and networks where they want the same.  Descriptions, names and images are checked here; what one of them refuses (no
 * network trained for it, no price, no place for the network) is the status of its point.  Errors as mho_study_open. */
MHO_API MHO_MUST_CHECK mho_status mho_study_open_each(const mho_subject *subject,
                                                      const char *const *hw,
                                                      const mho_study_options *options,
                                                      mho_study **out);
MHO_API void mho_study_destroy(mho_study *study);
MHO_API size_t mho_study_points(const mho_study *study);
MHO_API const mho_grid *mho_study_grid(const mho_study *study); /* NULL without axes */
/* What all points have in common: names, options, the description without swept fields. */
MHO_API MHO_MUST_CHECK mho_status mho_study_describe(const mho_study *study, mho_result *result);
/* Computes one point.  MHO_EINTERRUPTED with result->error.spread.trials > 0: all is there but the other
 * programmings. */
MHO_API MHO_MUST_CHECK mho_status mho_study_run(mho_study *study, size_t point, mho_result *result);

/* How near scores on crossbars are to software's, where nobody tells the classes. */
typedef struct mho_agreement {
    double
        relative; /* root of the sum of squares of what scores are off, over that of software's */
    double worst; /* the largest difference over the largest score */
    double same;  /* share of the images whose largest score is that of the same output */
} mho_agreement;
/* Of the images x [n][...], numbers that the network reads as they are: on ideal devices, and the mean (worst: the largest) of
 * so many programmings.  Converters, and codes where the hardware asks for them, are calibrated on the same images.
 * Errors as mho_data_of_arrays, mho_chip_open and mho_infer_create. */
MHO_API MHO_MUST_CHECK mho_status mho_study_agreement(const mho_net *net, const mho_hw *hw,
                                                      const mho_array *x, uint64_t seed,
                                                      size_t trials, mho_agreement *ideal,
                                                      mho_agreement *mean);

/* One network on several descriptions, a column each. */
typedef struct mho_compared {
    char name[256];    /* of the description; as it was given where two have the same */
    mho_status status; /* of its point; MHO_EINTERRUPTED: also one that did not begin */
    char message[512]; /* why it failed; "" */
    bool has_result;   /* everything is there, perhaps of fewer programmings */
    uint64_t
        crossbars; /* that the chip has: all that the network takes, or the budget that it shares */
    mho_result result;
} mho_compared;

typedef struct mho_comparison {
    const char *command;  /* the command line that asked for it, if the caller says so */
    mho_compared *column; /* in the order of the descriptions */
    size_t columns, failed;
    size_t
        worst; /* the column with the highest exit code, the first of several; columns: none failed */
    bool comparable; /* one technology prices all that have a result */
} mho_comparison;

/* Opens the study of mho_study_open_each and runs all of its points, with prices; one that fails does not keep the others.
 * MHO_EUSAGE: a description named twice; errors as mho_study_open_each, *out is NULL then. */
MHO_API MHO_MUST_CHECK mho_status mho_study_compare(const mho_subject *subject,
                                                    const char *const *hw,
                                                    const mho_study_options *options,
                                                    mho_comparison **out);
MHO_API void mho_comparison_destroy(mho_comparison *comparison);
/* The first result, for what all have in common; NULL: there is none. */
MHO_API const mho_result *mho_comparison_any(const mho_comparison *comparison);
/* `table`: a short object a description; `results`: what mho_result_json tells of each (docs/cli.md). */
MHO_API mho_json *mho_comparison_json(const mho_comparison *comparison);

/* The error on another description: the (first) images of the study and its seed, and its (first) network as trained
 * for that description, opened when it is first needed.  each may be NULL.
 * MHO_EUSAGE: it wants more calibration images than the study has; MHO_ENOMODEL. */
MHO_API MHO_MUST_CHECK mho_status mho_study_error(mho_study *study, const mho_hw *hw, size_t trials,
                                                  mho_trial_fn *each, void *user,
                                                  mho_error_estimate *out);

/* What a row of a sweep keeps of a result. */
typedef struct mho_row {
    double software_error;
    mho_error_estimate error; /* without inference_s where it was read from a file */
} mho_row;

/* Gets the result of each point of a sweep in turn; another status than MHO_OK ends it. */
typedef mho_status mho_result_fn(void *user, size_t point, const mho_result *result);
/* Computes the points from `first` on.  MHO_EINTERRUPTED: the point under way is left out. */
MHO_API MHO_MUST_CHECK mho_status mho_study_sweep(mho_study *study, size_t first,
                                                  mho_result_fn *each, void *user);

/* Rows of a sweep kept in a file as CSV: a first line that tells what they depend on, the titles, then a row
 * a point, each on the disk before mho_rows_add returns. */
typedef struct mho_rows mho_rows;
/* path NULL keeps nothing (*out is NULL).  With resume, the *done first rows of an earlier run of the same study are
 * read into row[mho_study_points]; a last line that was cut off is dropped.  Keeps study until mho_rows_close.
 * MHO_EUSAGE: the file exists and resume was not asked for; MHO_EFORMAT, with the line: rows of another run
 * (what differs is named) or damaged ones; MHO_EFILE. */
MHO_API MHO_MUST_CHECK mho_status mho_rows_open(const char *path, bool resume,
                                                const mho_study *study, mho_row *row, size_t *done,
                                                mho_rows **out);
MHO_API MHO_MUST_CHECK mho_status mho_rows_add(mho_rows *rows, size_t point, const mho_row *row);
MHO_API void mho_rows_close(mho_rows *rows);

/* A study of one point, opened and run: the error alone, with ideal devices besides; and with cycles,
 * energy and area. */
MHO_API MHO_MUST_CHECK mho_status mho_study_simulate(const mho_subject *subject,
                                                     const mho_study_options *options,
                                                     mho_result *result);
MHO_API MHO_MUST_CHECK mho_status mho_study_evaluate(const mho_subject *subject,
                                                     const mho_study_options *options,
                                                     mho_result *result);

MHO_C_END

#endif
