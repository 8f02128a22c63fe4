/* SPDX-License-Identifier: Apache-2.0 */
/* Codings: how a weight becomes cells, and how an input drives rows.  Each is one file behind one table.
 *
 * A weight takes `lines` word lines (a matter of the input's coding) times `slices` columns, low bits first, each
 * held in one crossbar or in both of a pair (a matter of the weight's coding).
 *
 * A plane is the columns that lie side by side in crossbars: all slices of a weight next to each other, or one
 * plane a slice.  It is cut into tiles, the columns of one crossbar; the reference columns of a tile, where there
 * are some, are its last columns in use.  Columns are numbered as they lie; references at level 0 behind all others,
 * so that the draws of the other cells are those of crossbars without.  docs/models/coding.md. */
#ifndef MHO_MAP_CODING_H
#define MHO_MAP_CODING_H

#include "map/machine.h"
#include "mho/device.h"
#include "mho/map.h"
#include "mho/quant.h"

/* --- feature maps ------------------------------------------------------------------------------------- */

typedef enum mhoi_map_kind {
    MHOI_MAP_BITS,  /* v in {0, 1} for x = 2 v - 1 */
    MHOI_MAP_CODES, /* x = code scale */
} mhoi_map_kind;

typedef struct mhoi_map_coding {
    mhoi_map_kind kind;
    size_t bits;     /* of a code */
    mho_codes codes; /* as bytes hold them: */
    int32_t zero;    /* the code that is worth 0 */
    bool values;     /* real numbers are held, of which codes are made for those who want them */
    float scale;     /* of codes, where the network tells it; else 0 */
    bool whole;      /* whole numbers, exactly: sums of signs */
} mhoi_map_coding;

/* --- weights ------------------------------------------------------------------------------------------ */

typedef struct mhoi_coding mhoi_coding;

typedef struct mhoi_cells {
    const mhoi_coding *coding;
    mho_alphabet alphabet;
    mho_codes codes; /* of a weight m */
    int32_t one;     /* m of one unit of weight: the largest where weights are +-1 and 0, else 1 */
    int32_t unit;    /* integer conductance of one unit of weight */
    int32_t bottom;  /* of a cell at the lowest level */
    size_t levels;   /* of a cell that weights make use of */
    bool middle;     /* the offset is the middle of the range, no level */
    int32_t offset;  /* one cell a weight: level of m = 0, all slices together */
    int64_t base;    /* its conductance */
    int64_t scale;   /* sum over the slices of their weights 2^(slice_bits s) */
    bool level0;     /* every crossbar of a pair has a reference column at level 0 */
    size_t joined;   /* columns of a weight that are converted as one: its slices, or 1 */
    size_t slices, slice_bits, together; /* together: slices side by side in a plane */
    size_t
        fold; /* word lines that an input selects together: cells of a weight down a column; 1: not merged */
    size_t references;                            /* reference columns of a crossbar */
    size_t planes, plane_columns;                 /* columns of cells, references included */
    size_t tiles, tile_columns, weights_per_tile; /* of a plane: the columns of one crossbar */
    size_t columns,
        converted; /* weight columns of a group, and columns that are converted: C slices */
} mhoi_cells;

typedef enum mhoi_cell_side {
    MHOI_CELL_PLUS,
    MHOI_CELL_MINUS,     /* of a pair */
    MHOI_CELL_REFERENCE, /* of a reference column */
} mhoi_cell_side;

/* What a layer wants of a coding. */
typedef struct mhoi_weight_wish {
    mho_alphabet alphabet;
    const mho_device *device;
    size_t weight_bits; /* real weights, sign included; 0: what one cell or pair holds */
    bool mirrored;      /* -m must have a level as well as m */
} mhoi_weight_wish;

struct mhoi_coding {
    const char *name;
    size_t sides;   /* crossbars that hold a plane: 2: pairs */
    bool reference; /* every tile has a reference column a slice in place of g- */
    bool counted;   /* the digital part takes base x the sum of the inputs off */
    /* Merged: slices of a weight of `bits` bits down a column, on two lines each; NULL: none. */
    size_t (*parts)(size_t bits, size_t cell_bits);
    /* Cells, or pairs, side by side that it takes. */
    size_t (*slices)(size_t bits, size_t cell_bits);
    /* Codes, offset, one, levels, middle; then (scale is known) unit and base. */
    void (*set_codes)(const mhoi_weight_wish *wish, mhoi_cells *cells);
    void (*set_conductances)(const mhoi_weight_wish *wish, mhoi_cells *cells);
    /* level[i] of the cell that holds slice `slice` of weight m[i]; a reference looks at no weight. */
    void (*levels)(const mhoi_cells *cells, size_t slice, mhoi_cell_side side, const int16_t *m,
                   size_t n, uint8_t *level);
};

/* coding_single.c: what the two with one cell a weight share. */
size_t mhoi_single_slices(size_t bits, size_t cell_bits);
void mhoi_single_codes(const mhoi_weight_wish *wish, mhoi_cells *cells);
void mhoi_single_conductances(const mhoi_weight_wish *wish, mhoi_cells *cells);
void mhoi_single_levels(const mhoi_cells *cells, size_t slice, mhoi_cell_side side,
                        const int16_t *m, size_t n, uint8_t *level);

/* coding.c: the table, and the columns of a group of `columns` weights; weight_bits: of real ones, 0: as hw says.  MHO_ECONFIG: a crossbar too narrow for the
 * slices of one weight (and their references). */
MHO_MUST_CHECK mho_status mhoi_cells_set(const mhoi_machine *hw, const mho_device *device,
                                         mho_alphabet alphabet, size_t weight_bits, bool level0,
                                         size_t columns, mhoi_cells *cells);
/* Word lines that cells of a weight take down a column: mhoi_cells.fold, before the cells are known. */
size_t mhoi_coding_fold(const mhoi_machine *hw, const mho_device *device, mho_alphabet alphabet,
                        size_t weight_bits);
static inline int32_t mhoi_level_top(const mho_device *device)
{
    return ((int32_t)1 << device->bits) - 1;
}

/* Column of a plane: a slice of a weight column, or a reference. */
typedef struct mhoi_column {
    size_t tile, weight, slice;
    bool is_reference;
    size_t engine; /* its column in mho_crossbar, no reference */
} mhoi_column;

/* Column of the engine that holds a slice of a weight column. */
static inline size_t mhoi_engine_column(const mhoi_cells *cells, size_t weight, size_t slice)
{
    return cells->planes > 1 ? slice * cells->columns + weight : weight * cells->slices + slice;
}

mhoi_column mhoi_column_of(const mhoi_cells *cells, size_t plane, size_t column);
/* The first of the engine's columns that share a reference column with this one; else itself. */
size_t mhoi_reference_of(const mhoi_cells *cells, size_t column);

/* --- inputs ------------------------------------------------------------------------------------------- */

/* What an element of the input drives a row with; bits: the same as (byte ^ flip) >> shift & mask. */
typedef struct mhoi_drive {
    uint8_t table[256];
    bool bits;
    uint8_t flip, shift, mask;
} mhoi_drive;

/* One of the reads that make up a sum, on one row or on two. */
typedef struct mhoi_read {
    int32_t weight;
    mhoi_drive row[2];
} mhoi_read;

typedef struct mhoi_input_coding mhoi_input_coding;

typedef struct mhoi_inputs {
    const mhoi_input_coding *coding;
    mhoi_read *read;           /* [reads] */
    size_t reads, lines, bits; /* lines: word lines of a weight; bits: of a read */
    bool is_signed, as_is;     /* as_is: one read of the map itself */
    int32_t lo, hi;            /* of what drives a row */
} mhoi_inputs;

/* What the reads of a layer are made from. */
typedef struct mhoi_read_wish {
    const mhoi_map_coding *map;
    mhoi_inputs *inputs;
    bool direct; /* a signed code is a signed voltage */
    size_t bits; /* of a read */
} mhoi_read_wish;

struct mhoi_input_coding {
    const char *name;
    size_t lines;    /* word lines of a weight; the second one holds -m */
    bool one_of_two; /* of two lines, or of two reads, one is certainly at 0 */
    /* Adds the reads of all bits. */
    void (*add)(const mhoi_read_wish *wish, size_t all);
};

/* reads.c.  A map without a sign is applied as it is, whatever the coding. */
MHO_MUST_CHECK mho_status mhoi_inputs_set(const mhoi_machine *hw, const mhoi_map_coding *map,
                                          const char *layer, mhoi_inputs *inputs);
bool mhoi_map_has_sign(const mhoi_map_coding *map);
/* For codings: reads of `all` bits in parts, the positive part of sign x input where it is parted. */
void mhoi_reads_add(const mhoi_read_wish *wish, size_t all, int32_t sign);
/* One read more, of `bits` bits from `shift` on. */
void mhoi_read_add(const mhoi_read_wish *wish, int32_t weight, int32_t sign, size_t shift,
                   size_t bits);
int64_t mhoi_read_weights(const mhoi_inputs *inputs); /* their sum */

/* --- both --------------------------------------------------------------------------------------------- */

/* Levels of word lines [first, first + n) of a column whose weights are m[R] (a reference: unused); taps: rows of an
 * input channel.  docs/models/coding.md. */
void mhoi_column_levels(const mhoi_cells *cells, const mhoi_inputs *inputs, size_t taps,
                        const int16_t *m, mhoi_column column, bool minus, size_t first, size_t n,
                        uint8_t *level);

/* coding_differential.c: codes and unit of weights whose sign is told by two cells, one for each. */
void mhoi_pair_codes(const mhoi_weight_wish *wish, mhoi_cells *cells);
void mhoi_pair_conductances(const mhoi_weight_wish *wish, mhoi_cells *cells);

#endif
