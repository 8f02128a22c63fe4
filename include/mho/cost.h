/* SPDX-License-Identifier: Apache-2.0 */
/* Prices: activity counts x a technology table = energy and area.  Knows no network.  The table holds
 * components (converters, cells, adders) and memory macros. */
#ifndef MHO_COST_H
#define MHO_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/json.h"
#include "mho/status.h"

MHO_C_BEGIN

#define MHO_COST_NAME 48
#define MHO_COST_PRINTED 224 /* a name with all its arguments */
#define MHO_COST_SOURCE 200
#define MHO_COST_PARAMETERS 6
#define MHO_COST_PARAMETER 16 /* of a name */

/* A number of the table: SI value, how it is written there ("3096 T"), and where it comes from. */
typedef struct mho_quantity {
    double value; /* SI */
    char formula[MHO_COST_SOURCE];
    char source[MHO_COST_SOURCE];
    bool counted; /* false: the source has no such number; value is 0 and formula says "none" */
    double uncertainty; /* the factor by which it may be wrong; 0: the table does not tell */
} mho_quantity;

/* What a component does: a converter is used, a memory is read or written. */
typedef enum mho_operation {
    MHO_OPERATION_USE,
    MHO_OPERATION_READ,
    MHO_OPERATION_WRITE,
    MHO_OPERATIONS
} mho_operation;
MHO_API const char *mho_operation_name(mho_operation operation); /* "use", "read", "write" */

/* One kind of component ("dac8", "adc4", "cell_1t1r", "sram_128K"): price of one.  What the table does not
 * tell has an empty formula and is not counted. */
typedef struct mho_component {
    char name[MHO_COST_PRINTED];
    mho_quantity area;                   /* m2 */
    mho_quantity energy[MHO_OPERATIONS]; /* J an operation */
    mho_quantity leakage;                /* W, as long as it stands */
    mho_quantity delay;                  /* s */
} mho_component;

/* A component whose price depends on parameters: "adc_sar" of so many bits.  Its quantities are formulas over
 * them and the constants of the table. */
typedef struct mho_parameter {
    char name[MHO_COST_PARAMETER];
    double min, max;             /* outside, it has no price */
    double valid_min, valid_max; /* where its source holds: beyond, the price is told with a note */
} mho_parameter;

typedef struct mho_model {
    mho_parameter parameter[MHO_COST_PARAMETERS];
    size_t parameters;
    mho_component component; /* the formulas; values are of no use */
} mho_model;

typedef struct mho_argument { /* what a parameter is */
    char name[MHO_COST_PARAMETER];
    double value;
} mho_argument;

/* A named number that formulas use (F, T, t_op), or a device figure (write_pulse). */
typedef struct mho_constant {
    char name[MHO_COST_NAME];
    char unit[16]; /* as written in the table; quantity.value is SI */
    mho_quantity quantity;
} mho_constant;

/* A memory macro, one bank of a buffer.  Its component is named after kind and size ("rram_128K"); an
 * operation is an access of width_B bytes, of a DDR chip a byte. */
typedef struct mho_macro {
    mho_component component; /* energy of read and write, leakage, area */
    char kind[24];           /* "rram", "sram", "accumulator", "ddr" */
    size_t size_B;           /* accumulator: depth x 4 */
    size_t width_B;
    double rd_Bps, wr_Bps;
    bool interpolated; /* between two macros of the table, not from a source of its own */
} mho_macro;

typedef struct mho_technology {
    char name[MHO_COST_NAME];
    bool relative;                   /* its levels are good for comparing designs by, no more */
    char note[MHO_COST_SOURCE];      /* what to tell with its prices; "" */
    char fallback[MHO_COST_NAME];    /* the table that prices what this one cannot; "" */
    double error_energy, error_time; /* factors by which totals may be wrong; 0: not told */
    mho_constant *constant;
    size_t constants;
    mho_component *component;
    size_t components;
    mho_model *model;
    size_t models;
    mho_macro *macro; /* sorted by kind, then size */
    size_t macros;
    bool
        kept; /* by the run, for other points: not to be changed, and mho_technology_destroy leaves it */
} mho_technology;

/* name: built in (configs/tech/NAME.yaml), or a path ending in .yaml.  A table may say `base: NAME`, and then
 * tells only what differs: constants by name, components by name and quantity.  sets: "NAME = VALUE UNIT" of a constant,
 * "COMPONENT.QUANTITY = VALUE UNIT", NULL-terminated, or NULL: as if a table on top told them.
 * MHO_ECONFIG: a value without unit or source, negative, of the wrong kind; a name used before it is
 * defined or defined twice; a set of what the table does not have. MHO_EFILE: no such table. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_open(const char *name, mho_technology **out);
MHO_API MHO_MUST_CHECK mho_status mho_technology_open_set(const char *name, const char *const *sets,
                                                          mho_technology **out);
MHO_API MHO_MUST_CHECK mho_status mho_technology_parse(const char *text, const char *place,
                                                       mho_technology **out);
MHO_API MHO_MUST_CHECK mho_status mho_technology_clone(const mho_technology *tech,
                                                       mho_technology **out);
MHO_API void mho_technology_destroy(mho_technology *tech);
/* A component, or that of a memory macro; NULL if there is none of that name. */
MHO_API const mho_component *mho_technology_find(const mho_technology *tech, const char *component);
MHO_API const mho_constant *mho_technology_constant(const mho_technology *tech, const char *name);
MHO_API const mho_model *mho_technology_model(const mho_technology *tech, const char *name);

/* The price of one: of the component of that name, else of the model with these arguments (those that the model does not
 * ask for are of no use to it).  *out has values, formulas and sources; its name tells the arguments.
 * MHO_ENOTMODELED: the table has neither; MHO_ECONFIG: an argument is missing, or out of the range (component, parameter,
 * value and range are named), or the price is negative or not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_price(const mho_technology *tech,
                                                       const char *component, const char *model,
                                                       const mho_argument *argument,
                                                       size_t arguments, mho_component *out);
/* The delay of a model, in seconds.  MHO_ENOTMODELED: the table does not tell it. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_delay(const mho_technology *tech,
                                                       const char *model,
                                                       const mho_argument *argument,
                                                       size_t arguments, double *out);

/* Adds a component, replacing one of the same name. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_add(mho_technology *tech,
                                                     const mho_component *component);

/* The macro of this kind and size.  Between two sizes only if interpolate: geometric in size, marked, and
 * added to the table so that mho_cost_create finds its price.
 * MHO_ECONFIG names the sizes there are. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_memory(mho_technology *tech, const char *kind,
                                                        size_t size_B, bool interpolate,
                                                        mho_macro *out);
/* Adds a macro, replacing one of the same kind and size; names its component. */
MHO_API MHO_MUST_CHECK mho_status mho_technology_add_memory(mho_technology *tech,
                                                            const mho_macro *macro);

/* Prices of the MAC-array accelerator that stand in for those of the table: DDR a byte, and a
 * multiply-accumulate, which no table of memories has. */
typedef struct mho_prices {
    double ddr_read_J, ddr_write_J, mac_J;
} mho_prices;
/* Sets them in every DDR macro and in the component "mac". */
MHO_API MHO_MUST_CHECK mho_status mho_technology_set_prices(mho_technology *tech,
                                                            const mho_prices *prices);

/* Reads the result text printed by NVSim (RAM) or CACTI.  kind as above.
 * MHO_EFORMAT: not such a text, truncated, a value missing or with an unknown unit. */
MHO_API MHO_MUST_CHECK mho_status mho_macro_read(const char *path, const char *kind,
                                                 mho_macro *out);

/* `amount` of a component stand in `layer` and leak for `seconds` an image; together they do `operations`
 * of one kind an image.  A component that does several things has an activity for each, and an amount in
 * one of them. */
typedef struct mho_activity {
    char layer[MHO_COST_NAME];
    char component[MHO_COST_NAME];
    char model[MHO_COST_NAME]; /* what prices it where the table has no such component; "" */
    mho_argument argument[MHO_COST_PARAMETERS];
    size_t arguments;
    char group[MHO_COST_NAME]; /* "DAC", "ADC", "cells": the heading it is summed under */
    bool neglectable; /* a table that has no price for it leaves it out, and the cost says so */
    mho_operation operation;
    double amount, operations, seconds;
    char formula[MHO_COST_SOURCE]; /* "2 A = 2 g C X_in = 2 x 1 x 20 x 5; x P = 576" */
} mho_activity;

typedef struct mho_cost_entry { /* one activity, priced */
    const mho_activity *activity;
    const mho_component *component;
    const mho_model *model; /* that it is an instance of; NULL: none */
    double energy_J, area_m2;
    double leakage_J; /* the part of energy_J that leaks while it stands */
} mho_cost_entry;

typedef struct mho_cost {
    mho_cost_entry *entry;
    size_t entries;
    double energy_J, area_m2; /* totals, of one image */
    double leakage_J;         /* part of the energy */
    size_t *group, *layer;    /* entries with a new heading, in order */
    size_t groups, layers;
    struct mhoi_instance *instance; /* components that models became */
    struct mhoi_remark *remark;     /* what was left out, and what was beyond its source */
} mho_cost;

/* MHO_ENOTMODELED: the technology has no price for a component that is used, or none for what it does;
 * MHO_EDOMAIN: a product or a sum is not finite (names the component).  The activities and the technology
 * must outlive the result. */
MHO_API MHO_MUST_CHECK mho_status mho_cost_create(const mho_technology *tech,
                                                  const mho_activity *activity, size_t activities,
                                                  mho_cost **out);
MHO_API void mho_cost_destroy(mho_cost *cost);
/* Sums of one group ("ADC"), of one layer, of both; NULL matches all. */
MHO_API double mho_cost_energy_J(const mho_cost *cost, const char *group, const char *layer);
MHO_API double mho_cost_area_m2(const mho_cost *cost, const char *group, const char *layer);

/* The i-th group, or layer, in order of first appearance; NULL beyond the last. */
MHO_API const char *mho_cost_group(const mho_cost *cost, size_t i);
MHO_API const char *mho_cost_layer(const mho_cost *cost, size_t i);
/* The i-th part that is not counted, for want of a price or of a model; the i-th note on a price ("adc_flash, bits = 8:
 * its source holds for 1..5").  NULL beyond the last. */
MHO_API const char *mho_cost_neglected(const mho_cost *cost, size_t i);
MHO_API const char *mho_cost_note(const mho_cost *cost, size_t i);
/* {total, by_component: {DAC: ...}, by_layer: {conv1: ...}} in joules and square metres. */
MHO_API mho_json *mho_cost_energy_json(const mho_cost *cost);
MHO_API mho_json *mho_cost_area_json(const mho_cost *cost);

/* --- writing the cells: docs/models/cost.md eq. (9) to (14) ------------------------------------------ */

typedef struct mho_programming_load {
    double cells;                   /* devices to write, both crossbars of each pair */
    double crossbars;               /* that hold them, both of each pair */
    double largest_layer_crossbars; /* the least that must stand if layers take turns */
    size_t rows;                    /* word lines of a crossbar */
    bool multilevel;                /* more than two levels: the slower write */
} mho_programming_load;

typedef struct mho_programming {
    double write_J, write_s;     /* of one cell */
    double endurance;            /* writes a cell survives */
    double energy_J;             /* of programming the network once */
    double serial_s, parallel_s; /* one cell after the other; all crossbars at once, row by row */
    double reuse_crossbars;      /* rewriting every frame: the crossbars that stand, */
    double writes_per_cell;      /* writes of each cell a frame, */
    double reuse_energy_J;       /* energy of writing a frame, */
    double frames;               /* and frames until the endurance is used up */
} mho_programming;

/* Uses the constants write_energy, write_pulse, endurance (and write_energy_multilevel, ... ) of the
 * table.  MHO_ENOTMODELED: the table lacks one of them.  MHO_EDOMAIN: a product is not finite. */
MHO_API MHO_MUST_CHECK mho_status mho_programming_estimate(const mho_technology *tech,
                                                           const mho_programming_load *load,
                                                           mho_programming *out);

MHO_C_END

#endif
