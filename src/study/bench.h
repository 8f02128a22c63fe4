/* SPDX-License-Identifier: Apache-2.0 */
/* What many designs are tried on: networks, trained models and images, opened once.  The caller has the descriptions. */
#ifndef MHO_STUDY_BENCH_H
#define MHO_STUDY_BENCH_H

#include "mho/study.h"

typedef struct mhoi_bench mhoi_bench;

typedef struct mhoi_bench_options {
    const char *const *nets,
        *const *sets; /* names, NULL-terminated; sets: {NULL, NULL} is the default data */
    uint64_t seed;
    size_t images;      /* 0: all */
    size_t calibration; /* images for converters, the most that any design wants */
    bool calibrate_on_test;
    const char *calibrate_on; /* another data set; NULL: none */
    bool accuracy;            /* false: no images, no trained models */
} mhoi_bench_options;

/* "key=a,b" of names up to NULL, an axis; to be freed. */
MHO_MUST_CHECK mho_status mhoi_axis_of(const char *key, const char *const *names, char **out);

MHO_MUST_CHECK mho_status mhoi_bench_open(const mhoi_bench_options *options, mhoi_bench **out);
void mhoi_bench_destroy(mhoi_bench *bench);

/* Between these, tables and simulations that were made once are at hand (base/shelf.h). */
void mhoi_bench_enter(mhoi_bench *bench);
void mhoi_bench_leave(mhoi_bench *bench);

/* Cycles, energy, area; of arch crossbar or array.  Safe on several threads at once. */
MHO_MUST_CHECK mho_status mhoi_bench_price(const mhoi_bench *bench, size_t net, const mho_hw *hw,
                                           mho_result *result, mho_summary *sum);
/* The network and the images by their contents; for prices alone, of the network's shape. */
uint64_t mhoi_bench_identity(const mhoi_bench *bench, size_t net, size_t set, bool accuracy);
uint64_t mhoi_bench_weights(const mhoi_bench *bench, size_t net);
const char *mhoi_bench_net_name(const mhoi_bench *bench, size_t net);
const char *mhoi_bench_set_name(const mhoi_bench *bench, size_t set);
size_t mhoi_bench_images(const mhoi_bench *bench, size_t set);
/* Opens the trained network that hw wants; the error of it in software.  Not on several threads at once. */
MHO_MUST_CHECK mho_status mhoi_bench_software(mhoi_bench *bench, size_t net, size_t set,
                                              const mho_hw *hw, double *error);

/* The same without the error. */
MHO_MUST_CHECK mho_status mhoi_bench_open_model(mhoi_bench *bench, size_t net, size_t set,
                                                const mho_hw *hw);

/* A chip of one design, programmed and run in parts. */
typedef struct mhoi_bench_chip mhoi_bench_chip;
MHO_MUST_CHECK mho_status mhoi_bench_chip_create(const mhoi_bench *bench, size_t net, size_t set,
                                                 const mho_hw *hw, mhoi_bench_chip **out);
void mhoi_bench_chip_destroy(mhoi_bench_chip *chip);
/* *drawn: its cells were drawn, not known from another design (chip/drawn_cells.h). */
MHO_MUST_CHECK mho_status mhoi_bench_program(mhoi_bench_chip *chip, size_t trial, bool *drawn);
/* Of images [first, first + n) of the programming. */
MHO_MUST_CHECK mho_status mhoi_bench_wrong(mhoi_bench_chip *chip, size_t first, size_t n,
                                           uint32_t *wrong);

/* trials.c: what counts of `trials` programmings on `images` images tell. */
void mhoi_error_estimate(const size_t *wrong, size_t trials, size_t images,
                         mho_error_estimate *out);
/* grid_file.c: "key=a,b,c" of an axis in YAML; to be freed. */
struct mhoi_yaml;
MHO_MUST_CHECK mho_status mhoi_grid_axis_text(const struct mhoi_yaml *node, const char *place,
                                              char **out);
/* grid.c: an error of a value begins with place; points of the grid may be any number. */
MHO_MUST_CHECK mho_status mhoi_grid_create_axes(const mho_hw *hw, const char *const *axes,
                                                const char *place, mho_grid **out);
/* The value that each axis has; hw is not to be used after an error. */
MHO_MUST_CHECK mho_status mhoi_grid_choose(const mho_grid *sweep, const size_t *choice, mho_hw *hw);
/* Is there an axis that is no field of the description: a preset, or a setting? */
bool mhoi_study_grid_assigns(const mho_grid *sweep);
const char *mhoi_study_grid_choice(const mho_grid *sweep, size_t axis, size_t value);

#endif
