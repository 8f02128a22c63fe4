/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping in full: what the chip builds, and what the public part of a placement is made from.  Written
 * once by mho_placement_create, then read only.  docs/models/map.md, docs/models/coding.md. */
#ifndef MHO_MAP_PLACEMENT_H
#define MHO_MAP_PLACEMENT_H

#include <stdatomic.h>

#include "map/coding.h"
#include "mho/circuit.h"
#include "mho/map.h"
#include "net/graph.h"

/* One weighted layer. */
typedef struct mhoi_place {
    const mho_placement_layer *told; /* the public part */
    mhoi_map_coding in;              /* of the feature map it reads */
    bool to_bits; /* a 1-bit map follows: sums are compared with thresholds, not told */
    mhoi_cells cells;
    mhoi_inputs inputs;
    bool per_pair, sense; /* converters take S+ - S-; sense: one comparison at the threshold */
    bool vote;            /* each row group is compared with its share of the threshold */
    size_t output_bits;   /* of a converter; 0: ideal */
    uint64_t elements;    /* that its line buffer, or input buffer, is fed for an image */
    size_t lines,
        crossbar_rows; /* word lines of a column of weights, and those in use of one crossbar */
    size_t group_rows; /* that are on at a time; crossbar_rows is a multiple of them */
    size_t row_groups; /* of all lines: each is converted by itself */
    size_t apart;      /* the second line of an input on two comes so many after the first */
    size_t share;      /* columns that a converter takes in turn, at most */
    /* Of the layer's input: elements that its line buffer holds (its whole input: fc), that it is fed an image, and that
     * a window has anew. */
    size_t held, fed, fresh;
    /* Cycles of a window: its reads; and fetches of its slices by a set that has a bus to itself.  So many sets share one. */
    double cycles, fetch_cycles;
    size_t sets_on_bus;
    bool turned;      /* representative vectors whose inputs turn */
    size_t turn_step; /* rows from one read to the next */
} mhoi_place;

/* The rotation of copy c: it gives output t turn_step + that of turn t. */
static inline size_t mhoi_copy_rotation(const mhoi_place *place, size_t c)
{
    return place->turn_step > 1 ? c : c * place->told->turns;
}

/* What tells how long a cycle is. */
typedef enum mhoi_clock {
    MHOI_CLOCK_NONE,
    MHOI_CLOCK_GIVEN,      /* timing.t_read: a read, all its conversions included */
    MHOI_CLOCK_OPERATION,  /* the technology's t_op: a read and a conversion of it */
    MHOI_CLOCK_CONVERSION, /* timing.t_convert: a conversion; a read takes several */
    MHOI_CLOCK_READ,       /* the slowest layer's read, by the technology's delays */
} mhoi_clock;

/* How a weighted layer is built. */
typedef struct mhoi_build {
    size_t copies, duplication;
} mhoi_build;

typedef struct mhoi_plan {
    atomic_size_t users;
    char hw[32], net[MHO_NAME]; /* names */
    mho_device device;
    mho_circuit_options wires;
    mhoi_input_options input;
    mhoi_output_options output;
    mhoi_read_options read;
    mhoi_quant_options quant;
    mhoi_timing_options timing;
    mhoi_chip_options chip;
    mhoi_reuse_options reuse;
    mhoi_digital_options digital;
    mhoi_readings_options readings;
    bool transistor;         /* 1T1R */
    const mhoi_build *build; /* [layers] while it is made: as chosen; NULL: nothing was */
    size_t crossbar_columns;
    mhoi_technology_options technology;
    mhoi_map_coding *map; /* [nodes]: how the values of a node are held, where they are */
    size_t nodes;
    mhoi_place *place; /* [layers], as in mho_placement */
    mho_placement_layer *layer;
    size_t layers;
    mho_placement_digital *unit; /* [units] what digital units do */
    size_t units;
    mho_cell_activity *measured; /* [layers] NULL: nothing ran, assume */
    bool general;                /* the graph has general nodes */
    bool mixed;                  /* alphabets and maps as the network says */
    mhoi_clock clock;
    double clock_s;
    bool one_bit_maps; /* crossbar.mode binary, ternary: every map but the input is of 1 bit */
} mhoi_plan;

/* The plan of a placement lives as long as someone holds it. */
mhoi_plan *mhoi_plan_hold(const mho_placement *placement);
void mhoi_plan_release(mhoi_plan *plan);

/* map_tensors.c: codings of feature maps, and what follows a layer. */
MHO_MUST_CHECK mho_status mhoi_maps_set(mhoi_plan *plan, const mho_net *net,
                                        const mhoi_readers *readers, const mhoi_machine *hw);
/* Do the sums of a weighted node end in a sign or step, past rising or falling element-wise layers and max pools
 * alone, so that a threshold can take its place? */
bool mhoi_reaches_sign(const mho_net *net, const mhoi_readers *readers, size_t node);

/* converters.c: which converter a layer gets; then, its cells known, what that takes, and the sums that can occur. */
void mhoi_converters_choose(const mhoi_plan *plan, mhoi_place *place);
MHO_MUST_CHECK mho_status mhoi_converters_set(const mhoi_plan *plan, mhoi_place *place);
/* Converters of all crossbars of one side; references: reference columns have some, too. */
MHO_MUST_CHECK mho_status mhoi_converters_stand(const mhoi_place *place, bool references,
                                                uint64_t *out);
/* The converter of a column (of the engine), told by the first column that it takes; SIZE_MAX: the converter takes none but
 * references.  reference: that of the column's reference in its place. */
size_t mhoi_converter_of(const mhoi_place *place, size_t column, bool reference);
/* Its name, for mho_placement_layer. */
const char *mhoi_converter_name(const mhoi_place *place);
/* The component that converts, and how many of it a column of weights, row group and slice has. */
typedef struct mhoi_converter_price {
    char component[MHO_COST_NAME];
    size_t each;
    bool in_pair;    /* of a pair of columns: their number is a reading */
    bool references; /* and one a reference column */
} mhoi_converter_price;
/* In the readings of the description.  MHO_ENOTMODELED: an ideal converter. */
MHO_MUST_CHECK mho_status mhoi_converters_price(const mhoi_plan *plan, const mhoi_place *place,
                                                mhoi_converter_price *out);
typedef struct mhoi_range {
    int64_t lo, hi;
} mhoi_range;
mhoi_range mhoi_range_full(const mhoi_plan *plan, const mhoi_place *place);
/* Distance of neighbouring sums that can occur, in integer conductance. */
int64_t mhoi_sum_spacing(const mhoi_place *place);

/* How a read drives a row: pulses on a word line, and the units of integration that its largest code takes; means over the
 * reads of an input. */
typedef struct mhoi_pulses {
    double pulses, units;
} mhoi_pulses;
mhoi_pulses mhoi_pulses_of(const mhoi_plan *plan, const mhoi_place *place);
/* Pulses of read.pulse that a driven cell conducts for. */
double mhoi_conducted_units(const mhoi_plan *plan, const mhoi_place *place);
/* MHO_ECONFIG: a given timing.t_read is shorter than its pulses. */
MHO_MUST_CHECK mho_status mhoi_read_fits(const mhoi_plan *plan, const mhoi_place *place);

/* read_time.c: how long a read takes by the models of a technology; docs/models/cost.md eq. (15) to (17). */
typedef struct mhoi_read_time {
    double step_s;    /* of integration, and of a decision of a converter */
    double settle_s;  /* until sums stand: the lines, and a step a unit of input, or its pulses */
    double column_s;  /* a column that is not sampled: its units of input, its conversion */
    double convert_s; /* a column */
    double read_s;    /* all columns, those of a converter in turn */
    double hold_s;    /* as long as the columns are held for conversion: what is sampled is not */
    double conduct_s; /* of a driven cell */
} mhoi_read_time;
/* Of a word line, as its driver sees it: a line that is driven at both ends is two of half the length. */
double mhoi_row_resistance(const mho_circuit_options *wires);
/* MHO_ENOTMODELED: the table does not tell delays. */
MHO_MUST_CHECK mho_status mhoi_read_time_of(const mhoi_plan *plan, const mhoi_place *place,
                                            const mho_technology *tech, mhoi_read_time *out);

/* rewrite.c: which layers are written anew in every image, where there are fewer crossbars than the network takes. */
MHO_MUST_CHECK mho_status mhoi_rewrite_set(const mho_technology *tech, mho_placement *out);

/* reuse_buffers.c: what windows share, and what of it the buffers hold: once copies are known. */
MHO_MUST_CHECK mho_status mhoi_reuse_count_layers(const mho_net *net, mho_placement *out);
void mhoi_reuse_fill_buffers(const mho_net *net, mho_placement *out);
/* Seconds that the fetches of a window take on a bus of its own; sets of a layer that lie in one processing element and share
 * its bus. */
double mhoi_reuse_fetch_s(const mhoi_plan *plan, const mho_placement_layer *layer);
size_t mhoi_reuse_sets_on_bus(const mhoi_plan *plan, const mho_placement_layer *layer);

/* tiles.c: which tiles layers lie in, and what moves between them and to memory. */
MHO_MUST_CHECK mho_status mhoi_tiles_set(const mho_net *net, mho_placement *out);

/* digital_units.c: what no crossbar holds; then, the clock known, how long it takes. */
MHO_MUST_CHECK mho_status mhoi_digital_set(const mho_net *net, mho_placement *out);
void mhoi_digital_time(const mho_net *net, mho_placement *out);

/* counts.c: what one image takes. */
MHO_MUST_CHECK mho_status mhoi_counts_set(const mhoi_place *place, mho_placement_layer *layer);

/* balance_layers.c: which layers stand how often, with how many copies of their representative vectors. */
/* Some way to place a network, all layers standing once with at most so many copies. */
typedef mho_status mhoi_place_fn(void *user, size_t copies, mho_placement **out);
/* The best choice within the budget: *found false where even the cheapest one is beyond it. */
MHO_MUST_CHECK mho_status mhoi_builds_choose(const mho_net *net, uint64_t budget, bool copies,
                                             mhoi_place_fn *place, void *user, mhoi_build **out,
                                             bool *found);
/* Cycles that an image keeps a layer that stands `copies` times; UINT64_MAX: beyond 64 bits. */
uint64_t mhoi_occupied(const mhoi_place *place, bool fc, size_t copies);

/* timing.c: what a layer is fed for an image, an element a cycle. */
MHO_MUST_CHECK mho_status mhoi_elements_of(const mho_node *node, uint64_t *elements);
/* What the clock is, before layers are placed; how long all takes, once they are. */
void mhoi_clock_choose(mhoi_plan *plan, const mho_technology *tech);
MHO_MUST_CHECK mho_status mhoi_timing_set(const mho_net *net, const mho_technology *tech,
                                          mho_placement *out);
/* An image every so many cycles: so much of them converters are in use. */
void mhoi_timing_use(mho_placement *placement, uint64_t interval);
/* From one image to the next; where the placement knows no clock, by the reads of this technology. */
MHO_MUST_CHECK mho_status mhoi_image_seconds(const mho_placement *placement,
                                             const mho_technology *tech, double *out);

/* Is sum w v what reads tell, v = 1 for x = +1 and 0 for x = -1?  Else it is sum w x. */
static inline bool mhoi_is_zero_one(const mhoi_place *place)
{
    return place->in.kind == MHOI_MAP_BITS && place->inputs.reads == 1 && place->inputs.lines == 1;
}

static inline bool mhoi_wires_ideal(const mho_circuit_options *w)
{
    return w->r_row_ohm == 0 && w->r_col_ohm == 0 && w->r_driver_ohm == 0 && w->r_sense_ohm == 0;
}

#endif
