/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the crossbar engine share.
 *
 *   crossbar.c          shapes, memory          crossbar_gather.c   feature maps -> what a kernel reads
 *   crossbar_program.c  bundles, tables         crossbar_run.c      blocks, row groups, converters
 *   crossbar_ref.c      the definition, slowly  crossbar_*avx*.c    kernels
 *   crossbar_error.c    real converters         crossbar_noise.c    variances and draws of read noise
 *   crossbar_pack_avx*.c  bundle indices           crossbar_order.c    rows on other word lines
 *   crossbar_watch.c    who looks on            crossbar_bytes.c    what they take
 *   crossbar_groups.c   row groups within 32 bits       crossbar_count.c    cells of two conductances as bits
 *   crossbar_signs.c    the same, told as bits          crossbar_job.c      what kernels are told
 *   crossbar_apart.c    sums that are looked at before their codes are
 *   crossbar_told.c     ideal cells of bytes, told as weights
 *
 * A bundle is the few rows that one step of a kernel handles: 1-bit inputs look up the sum of the
 * bundle in a table, multi-bit inputs multiply pairs of rows.  docs/models/crossbar.md. */
#ifndef MHO_CROSSBAR_IMPL_H
#define MHO_CROSSBAR_IMPL_H

#include "crossbar/converter.h"
#include "mho/crossbar.h"
#include "mho/run.h"

enum {
    MHOI_SUMS = 4,                       /* sums that a kernel works out together */
    MHOI_STRIP = 16,                     /* sums whose tables lie side by side */
    MHOI_STRIPS = 2,                     /* strips that a kernel works out together */
    MHOI_RAW = MHOI_STRIPS * MHOI_STRIP, /* most sums of a job */
    MHOI_TILE = 64,                      /* pixels (positions of all images) that lie together */
    MHOI_BLOCK = 1024,                   /* most pixels of a block; whole tiles */
    MHOI_REF_BLOCK = 64,                 /* the same for the reference */
    MHOI_PITCH = MHOI_BLOCK + 16,        /* of sums: columns do not fall on each other in a cache */
    MHOI_BUNDLE_ROWS = 5,                /* most rows of a bundle */
    MHOI_ENTRIES = 32,                   /* most entries of a table */
    MHOI_NEAR_BYTES = 1 << 19,   /* of tables that stay in the second cache beside all else, */
    MHOI_SHARED_BYTES = 1 << 24, /* in one that cores share, of all sides */
    MHOI_FOLDED =
        12, /* of a folded one: sums of the subsets of three rows, then of the other two */
    MHOI_FOLDED_ROWS =
        512, /* most rows of a crossbar with folded tables: a kernel unfolds those of a job */
    MHOI_FLAT_SLACK = 16,         /* pixels between words of a flat map */
    MHOI_SLACK = 64,              /* bytes that may be read behind a run */
    MHOI_SQUARE_MIDDLE = 1 << 15, /* of squares of bytes, so that 16 bits with a sign hold them */
};

/* One call of a kernel: four sums over `steps` bundles (or pairs of rows) for `pixels` pixels. */
typedef struct mhoi_job {
    const void *
        x; /* [tiles][steps][MHOI_TILE]: 16-bit indices, or 32-bit pairs (or quads, of bytes) of inputs */
    size_t steps, pixels;
    size_t widen;             /* look-up: tables that add up within 16 bits */
    const void *w[MHOI_SUMS]; /* [steps]: tables, or 32-bit pairs of conductances */
    int32_t bias[MHOI_SUMS];  /* look-up: what the tables leave out; quads: what sums begin with */
    bool whole;               /* quads: cells are bytes without a sign */
    unsigned shift;           /* quads: sums are so many powers of two too small */
    bool folded;              /* look-up: tables are */
    ptrdiff_t
        ahead; /* look-up: from each table to that of the next job, which is fetched meanwhile, */
    size_t ahead_bytes; /* so much of it; 0: it is near */
    mhoi_code code;
    bool paired;     /* out[0] = code 0 - code 1, out[2] = code 2 - code 3; else out[j] = code j */
    bool accumulate; /* += */
    bool raw;        /* all four sums as they are: neither of these, no code */
    size_t outputs;  /* sums that are wanted: the others are worked out and dropped */
    int32_t *out[MHOI_SUMS];
    /* Look-up by strips: w[u] is strip u, out[0] and pitch tell of all sums.  A strip holds the
     * differences of 16 columns, or S+ of 8 columns and then their S-. */
    size_t strips, pitch;
    const int32_t *lane_bias; /* [strips][MHOI_STRIP] */
    const size_t *place;      /* tile i goes to out[j] + place[i], always all of it */
    /* Count: x and w are 32-bit words of rows, S+ = unit count + base[pixel], S- = total[pixel] - S+. */
    bool difference; /* four differences S+ - S- instead of S+, S- of two columns */
    int32_t unit;
    const int32_t *base, *total;
} mhoi_job;

/* Adds the noise of a read to sums: out = sum + floor(normal sqrt(unit variance) + half), docs/models/crossbar.md
 * eq. (9). */
typedef struct mhoi_disturb {
    size_t pixels;
    const int32_t *sum;
    const int32_t *low, *high; /* variance = 256 high + low; high NULL: low alone, */
    bool whole;                /* which then, with `more` on top, has 32 bits and no sign */
    uint32_t more;
    /* Counts: `sum` are counts of high cells, `low` counts of inputs that are 1, and of these two the
     * sum is sum_count, sum_input times, the variance variance_count, variance_input times. */
    bool counts;
    int32_t sum_count, sum_input, variance_count, variance_input;
    const float *normal;
    float unit, half;
    int32_t *out;
} mhoi_disturb;

/* Rows and columns of the map from the first to the last that a window reads. */
static inline size_t mhoi_span_h(const mho_window *w)
{
    return (w->kh - 1) * w->dilation_h + 1;
}

static inline size_t mhoi_span_w(const mho_window *w)
{
    return (w->kw - 1) * w->dilation_w + 1;
}

/* Bits [right, right + bits) of the window byte at `offset` become bits left, left + 1, ... */
typedef struct mhoi_segment {
    uint32_t offset;
    uint8_t right, mask, left;
} mhoi_segment;

/* Where a tile's window bytes are: pixel i reads byte from + order[i]; lane[i] is
 * order[mhoi_lane_order[i]]. */
typedef struct mhoi_tile {
    uint8_t order[MHOI_TILE], lane[MHOI_TILE];
    size_t from;
} mhoi_tile;

/* The pixel that byte i of two vectors of 16-bit indices is of, whose halves alternate (AVX-512). */
extern const uint8_t mhoi_lane_order[MHOI_TILE];

typedef struct mhoi_run {
    uint32_t from, to, length; /* window bytes, pixel of the block, pixels */
} mhoi_run;

typedef struct mhoi_kernels {
    size_t bundle_rows; /* look-up: most rows of a table */
    size_t widen_max;
    bool centred; /* table entries are signed and centred, else they start at 0 */
    /* table[entries]: sums of all subsets of g, less offset. */
    void (*table)(const int32_t *g, int32_t offset, int16_t *table);
    /* The same, folded: table[MHOI_FOLDED].  NULL: tables are not. */
    void (*folded_table)(const int32_t *g, int32_t offset, int16_t *table);
    /* The same of 16 sums of cells g[sum][row ..] + sign other[sum][row ..], entry by entry in the order
     * the kernel likes.  Each is given less the sum of its cells below 0, which is added to bias.  Four
     * rows may be read.  Not NULL: the look-up goes by strips. */
    void (*strip)(const int16_t *const *g, const int16_t *const *other, int sign, size_t row,
                  size_t rows, int16_t *table, int32_t *bias);
    /* These write tile i at `step` elements x i.
     * The bundle indices that the segments make of window bytes, where tiles are near: as bytes in order,
     * or as 16-bit indices in the order of the look-up kernel.  rows: windows are one element wide.  NULL:
     * the caller does it. */
    void (*gather)(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                   size_t segments, bool rows, uint8_t *out, size_t step);
    void (*gather_index)(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                         size_t segments, bool rows, uint16_t *index, size_t step);
    /* Bytes of bundle indices -> 16-bit indices in the order of the look-up kernel. */
    void (*expand_index)(const uint8_t *bytes, size_t tiles, uint16_t *index, size_t step);
    /* The same from a flat map, whose pixels are images: 32 rows of an image become one word,
     * bits[word][pitch]; a bundle starts at bit `shift` of the words at low and may end in those at
     * high (else NULL). */
    void (*flat_bits)(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                      size_t pitch, uint32_t *bits);
    void (*expand_flat)(const uint32_t *low, const uint32_t *high, unsigned shift, size_t tiles,
                        uint16_t *index, size_t step);
    /* Bytes of two rows -> 32-bit pairs; second NULL: 0. */
    void (*expand_pair)(const uint8_t *first, const uint8_t *second, bool is_signed, size_t tiles,
                        int32_t *pair, size_t step);
    void (*lookup)(const mhoi_job *job);
    void (*dot)(const mhoi_job *job);
    void (*dot_quads)(const mhoi_job *job); /* NULL: pairs instead */
    void (*count)(const mhoi_job *job);     /* NULL: look-up instead */
    void (*disturb)(const mhoi_disturb *disturb);
    /* The end of a job whose sums are in raw already (mhoi_raw_of): converters and adder tree. */
    void (*finish)(const mhoi_job *job, const int32_t *raw);
    /* Squares of inputs, their low and high bytes: 16-bit halves of pair, low and high [count]; high NULL:
     * whole, less MHOI_SQUARE_MIDDLE.  count is a multiple of MHOI_TILE. */
    void (*square)(const int32_t *pair, size_t count, int32_t *low, int32_t *high);
    /* Bytes of four bundles of 8 rows -> 32-bit words; bytes[4], pitch bytes apart. */
    void (*expand_words)(const uint8_t *bytes, size_t pitch, size_t tiles, uint32_t *word,
                         size_t step);
    /* out[j] = sum over bit < bits of in[j + offset[bit]] << bit, j < n. */
    void (*window)(const uint8_t *in, const size_t *offset, size_t bits, size_t n, uint8_t *out);
    /* The pairs of `rows` rows from a flat map. */
    void (*flat_pairs)(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                       bool is_signed, int32_t *pair, size_t step);
    /* out[columns][rows] from in[rows][columns]; pitches in elements. */
    void (*transpose)(const int32_t *in, size_t in_pitch, size_t rows, size_t columns, int32_t *out,
                      size_t out_pitch);
} mhoi_kernels;

/* Runs of window bytes -> bundle indices, as the segments say; up to 31 bytes more are read and written
 * behind a run.  rows: windows are one element wide.  Every kernel variant needs AVX2. */
void mhoi_bits_avx2(const uint8_t *source, const mhoi_run *run, size_t runs,
                    const mhoi_segment *segment, size_t segments, bool rows, uint8_t *out);
void mhoi_flat_bits_avx512(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                           size_t pitch, uint32_t *bits);
void mhoi_gather_avx512(const mho_crossbar_work *work, size_t tiles, const mhoi_segment *segment,
                        size_t segments, bool rows, uint8_t *out, size_t step);
void mhoi_gather_index_avx512(const mho_crossbar_work *work, size_t tiles,
                              const mhoi_segment *segment, size_t segments, bool rows,
                              uint16_t *index, size_t step);
void mhoi_flat_pairs_avx2(const uint8_t *map, size_t image_bytes, size_t rows, size_t images,
                          bool is_signed, int32_t *pair, size_t step);
void mhoi_transpose_avx2(const int32_t *in, size_t in_pitch, size_t rows, size_t columns,
                         int32_t *out, size_t out_pitch);

extern const mhoi_kernels mhoi_kernels_avx2, mhoi_kernels_avx512;

typedef struct mhoi_bundle {
    uint32_t row, rows, segment, segments;
} mhoi_bundle;

/* What is summed; the variances come in the order of the conductances. */
typedef enum mhoi_side {
    MHOI_PLUS,
    MHOI_MINUS,
    MHOI_DIFFERENCE,
    MHOI_VAR_PLUS,
    MHOI_VAR_MINUS,
    MHOI_VAR_PAIR,
    MHOI_SIDES,
    MHOI_VARIANCE = MHOI_VAR_PLUS - MHOI_PLUS, /* from a conductance to its variance */
} mhoi_side;

struct mho_crossbar {
    mho_crossbar_shape shape;
    const mhoi_kernels *kernels; /* NULL: reference */
    size_t rows, w_out, positions;
    size_t groups;             /* row groups: crossbars along the rows */
    int16_t *g_plus, *g_minus; /* [C][R] */
    uint32_t *order;           /* [R] the row on each word line; NULL: as they come */
    /* planes: one image, padded, columns sorted by their phase in the stride */
    size_t plane_w, plane_row, plane_bytes; /* of a phase, of a row, of an image */
    size_t chunks;                          /* of up to 8 kernel columns, 1-bit inputs */
    bool direct;   /* positions come in whole 64s: no block of sums needed */
    bool flat;     /* one position that reads the whole map in order */
    bool in_place; /* windows of one element in whole tiles: they are read from the map itself */
    size_t block_images; /* images of a block */
    /* filled by program */
    size_t bundle_rows, widen, entries;
    mhoi_bundle *bundle; /* [bundles] */
    mhoi_segment *segment;
    size_t *group_bundle, *group_step; /* [groups + 1]: the first of a row group */
    void *table[MHOI_SIDES];           /* [k][C][steps of k] tables or pairs; NULL if not wanted */
    bool dots;  /* inputs are multiplied: several bits, or one where tables would be too large */
    bool quads; /* ... four rows at a time, as bytes: cells are bytes times 2^shift, */
    bool whole; /* without a sign (then inputs have one), else with one (then inputs have none) */
    unsigned shift;
    bool shared; /* pairs of S+, S- are the cells themselves, not table[MHOI_PLUS], [MHOI_MINUS] */
    bool strips; /* table[MHOI_PLUS] holds both crossbars, [k][strip][steps of k] */
    bool bare;   /* there are no cells: what is counted or multiplied was told, */
    int64_t group_most, column_most; /* and the largest sums of |g+ - g-| with it */
    bool counting;              /* two conductances, one of each in a pair: table[MHOI_PLUS] is */
    int32_t low, high;          /* [k][C + 1][steps of k] words of bits, the last the rows in use */
    size_t table_bytes;         /* of a column, or of a strip */
    bool far;                   /* tables leave the second cache between two blocks, */
    bool folded;                /* and are folded */
    int32_t *bias[MHOI_SIDES];  /* [k][C]; dots: the sum of the cells */
    mho_converter_error *error; /* [2][k][C], NULL: ideal converters */
    size_t codes;               /* of a codebook; 0: equal steps */
    int32_t *code_edge, *code_value;
    uint32_t *reference; /* [C] whose S- a column shares; NULL: its own */
    int64_t largest_sum; /* of a row group, over both crossbars of the pair */
    double noise_most;   /* of a sum */
    bool noisy;          /* reads are; variances are integers in units of noise_unit */
    float noise_unit;
    int16_t *variance[2]; /* [C][R] of the cells of g_plus, g_minus; NULL: of low and high cells */
    int32_t variance_low, variance_high;
    size_t variance_widen;
    bool one_product; /* of variances and squares, whose sums stay within 32 bits */
};

struct mho_crossbar_work {
    mho_crossbar_counts counts;
    uint8_t *plane; /* one padded image */
    uint8_t
        *dealt; /* [block_images][R] flat maps in the order of the word lines; NULL: as they come */
    uint8_t *window;       /* [block_images][chunks][plane_bytes] */
    const uint8_t *source; /* these, or the map */
    uint8_t *bytes;        /* two rows of bytes, or a bit of every row: see crossbar_gather.c */
    size_t bits_room;      /* 32-bit words of these */
    void *x;        /* [row groups at once][tiles][steps][MHOI_TILE] what the kernel reads, */
    size_t x_bytes; /* at most */
    int32_t *sum;   /* [C][MHOI_PITCH]; NULL where kernels always write to the caller's sums */
    int32_t *raw;   /* [MHOI_RAW][MHOI_PITCH] */
    int32_t *
        count; /* [2][MHOI_BLOCK]: low and low + high times the inputs that are 1; noisy: 0, once */
    int32_t *variance; /* [2][MHOI_RAW][MHOI_PITCH]: sums with the low and high bytes of squares */
    float *normal;     /* [MHOI_BLOCK] */
    int32_t *
        square; /* [2][as x] low and high bytes; NULL where inputs are bits or reads had no noise */
    mhoi_segment *segment;        /* [rows]: turned; NULL: rows stay */
    size_t turn, limit;           /* t; pixels of a run, 0: all */
    size_t first_group, groups;   /* row groups of a run; 0: all */
    size_t first_column, columns; /* of its sums; 0: all */
    mho_converter converter;      /* of the run before, */
    mhoi_code code;               /* and what was found out about it */
    bool prepared, exact;
    size_t place[MHOI_BLOCK / MHOI_TILE];
    mhoi_tile tile[MHOI_BLOCK / MHOI_TILE];
    bool near;     /* every tile reads window bytes that lie close together */
    bool straight; /* ... in order */
    mhoi_run *run; /* [MHOI_BLOCK] */
    size_t runs;
    size_t first, pixels;        /* which the runs are of; pixels 0: none yet */
    int16_t *ref_x;              /* reference: [R][MHOI_REF_BLOCK] */
    int32_t *ref_s;              /* reference: [7][MHOI_REF_BLOCK] */
    float *ref_normal;           /* reference: [2][MHOI_REF_BLOCK] */
    mho_crossbar_sums_fn *watch; /* is told the sums that runs convert; NULL: nobody is */
    void *watcher;
    size_t watch_every; /* of a sum's positions one in so many; 0: 1 */
};

/* Tells who looks on the sums of column c, row group k: n pixels, the first of which is the run's `first`.  s_minus NULL:
 * there is none. */
void mhoi_tell_watch(const mho_crossbar *xb, const mho_crossbar_work *work, size_t k, size_t c,
                     size_t first, size_t n, const int32_t *s_plus, const int32_t *s_minus);

/* Kernel variant forced: for tests and benchmarks. */
mho_status mhoi_crossbar_create_level(const mho_crossbar_shape *shape, mho_cpu level,
                                      mho_crossbar **out);
const mhoi_kernels *mhoi_crossbar_kernels(mho_cpu level);
/* What follows from shape. */
void mhoi_crossbar_geometry(mho_crossbar *xb);
/* Tables of a flat map beyond the caches: it multiplies instead. */
bool mhoi_tables_too_large(const mho_crossbar *xb);
/* Where it multiplies (dots): are its cells the pairs that kernels read? */
bool mhoi_can_share(const mho_crossbar *xb);

/* Counts the sums of columns c .. c + columns - 1 of row group k, `pixels` each, as converted. */
static inline void mhoi_count_sums(const mho_crossbar *xb, mho_crossbar_work *work, bool per_pair,
                                   size_t k, size_t c, size_t columns, size_t pixels)
{
    size_t converted = columns;
    for (size_t i = c; !per_pair && i < c + columns; ++i)
        converted += !xb->reference || xb->reference[i] == i;
    work->counts.conversions += converted * pixels;
    work->counts.additions += k > 0 ? columns * pixels : 0;
}

/* Of row group k. */
static inline size_t mhoi_bundles_of(const mho_crossbar *xb, size_t k)
{
    return xb->group_bundle[k + 1] - xb->group_bundle[k];
}

static inline size_t mhoi_steps_of(const mho_crossbar *xb, size_t k)
{
    return xb->group_step[k + 1] - xb->group_step[k];
}

/* Look-up by strips over several row groups: sums of many columns are added to at once, and in the
 * caller's memory, a power of two apart, they would push each other out of the caches. */
static inline bool mhoi_may_gather_sums(const mho_crossbar *xb)
{
    return xb->kernels && xb->kernels->strip && xb->shape.input_bits == 1 && xb->groups > 1;
}

/* Are the pairs of a side its cells? */
static inline bool mhoi_is_shared(const mho_crossbar *xb, mhoi_side side)
{
    return xb->shared && (side == MHOI_PLUS || side == MHOI_MINUS);
}

/* Bytes of so many tables a column, as they are before they are folded. */
static inline size_t mhoi_whole_bytes(const mho_crossbar *xb, size_t tables)
{
    return tables * xb->shape.columns * sizeof(int16_t) << xb->kernels->bundle_rows;
}

/* Tables that would leave the last cache are folded, where a kernel can do with them: less than half comes from memory. */
static inline bool mhoi_folds(const mho_crossbar *xb, size_t tables)
{
    const size_t sides = xb->shape.conversion == MHO_CONVERSION_PER_PAIR ? 1 : 2;
    const size_t rows = xb->shape.crossbar_rows < xb->rows ? xb->shape.crossbar_rows : xb->rows;
    return xb->kernels->folded_table && rows <= MHOI_FOLDED_ROWS &&
           sides * mhoi_whole_bytes(xb, tables) > MHOI_SHARED_BYTES;
}

/* Bytes of a table (of a strip), of a pair of conductances, or of a word of rows. */
static inline size_t mhoi_step_bytes(const mho_crossbar *xb)
{
    if (xb->counting)
        return sizeof(uint32_t);
    const size_t lanes = xb->strips ? MHOI_STRIP : 1;
    return xb->dots ? 2 * sizeof(int16_t) : lanes * xb->entries * sizeof(int16_t);
}

/* Weight columns of a strip. */
static inline size_t mhoi_strip_columns(mhoi_side side)
{
    return side % MHOI_VARIANCE == MHOI_DIFFERENCE ? MHOI_STRIP : MHOI_STRIP / 2;
}

/* Where raw sums have S+ (or the difference) of column j of a job, or its S-. */
static inline size_t mhoi_raw_of(const mhoi_job *job, size_t j, size_t minus)
{
    const size_t half = MHOI_STRIP / 2;
    if (!job->paired)
        return j * MHOI_PITCH;
    if (job->strips)
        return (j / half * MHOI_STRIP + j % half + minus * half) * MHOI_PITCH;
    return (2 * j + minus) * MHOI_PITCH;
}

/* What a side has of a row group: a table a column, a strip for several, or words, one more for the
 * rows in use. */
static inline size_t mhoi_tables_of(const mho_crossbar *xb, mhoi_side side)
{
    const size_t columns = xb->shape.columns, in_strip = mhoi_strip_columns(side);
    return xb->strips ? (columns + in_strip - 1) / in_strip : columns + xb->counting;
}

static inline size_t mhoi_turned(const mho_crossbar *xb, const mho_crossbar_work *work, size_t row)
{
    const size_t k = xb->shape.turn;
    return k ? row - row % k + (row + work->turn) % k : row;
}

/* The row of the window's order on word line l, where rows do not turn. */
static inline size_t mhoi_row_on(const mho_crossbar *xb, size_t l)
{
    return xb->order ? xb->order[l] : l;
}

/* Cells [C][R] in the order of the word lines. */
void mhoi_order_cells(const mho_crossbar *xb, const int16_t *in, int16_t *out);
void mhoi_order_variances(const mho_crossbar *xb, const float *in, float *out);
/* The same of flat maps. */
const uint8_t *mhoi_order_maps(const mho_crossbar *xb, mho_crossbar_work *work, size_t images,
                               const uint8_t *map);

/* Of n images' pixels, those that are worked on. */
static inline size_t mhoi_pixels_of(const mho_crossbar *xb, const mho_crossbar_work *work, size_t n)
{
    const size_t all = n * xb->positions;
    return work->limit && work->limit < all ? work->limit : all;
}

/* The row groups that are worked on end before this one. */
static inline size_t mhoi_last_group(const mho_crossbar *xb, const mho_crossbar_work *work)
{
    return work->groups ? work->first_group + work->groups : xb->groups;
}

/* The columns that are worked on end before this one. */
static inline size_t mhoi_last_column(const mho_crossbar *xb, const mho_crossbar_work *work)
{
    return work->columns ? work->first_column + work->columns : xb->shape.columns;
}

/* Windows (1 bit) or planes of `images` images of map. */
void mhoi_gather_images(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                        size_t images);
/* The runs of pixels [first, first + pixels) of these images. */
void mhoi_gather_runs(const mho_crossbar *xb, mho_crossbar_work *work, size_t first, size_t pixels);
/* x of row group k, in work->x or behind it, for the pixels of the runs.  map, images: as for mhoi_gather_images. */
void mhoi_gather_group(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                       size_t images, size_t k, size_t pixels, void *x);
/* The same of row groups [k, last) of bits of a flat map, which is read in order: pixel = image, row r = byte r of
 * the image. */
void mhoi_gather_flat(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                      size_t images, size_t k, size_t last, uint16_t *x);
/* Up to which row group they are better read at once. */
size_t mhoi_flat_groups(const mho_crossbar *xb, const mho_crossbar_work *work, size_t images,
                        size_t k, size_t last);

/* The code of the converter of side 0 (S+, or the difference) or 1 (S-), row group k, column c, with its
 * error if it has one. */
/* crossbar_codes.c: the value that the codebook has for sum s; e NULL: no errors. */
int32_t mhoi_codes_value(const mho_crossbar *xb, const mho_converter_error *e, int64_t s);
/* The same of n sums, without errors. */
void mhoi_codes_values(const mho_crossbar *xb, size_t n, const int32_t *s, int32_t *value);
void mhoi_codes_free(mho_crossbar *xb);
int32_t mhoi_convert_real(const mho_crossbar *xb, const mho_converter *converter, size_t side,
                          size_t k, size_t c, int64_t s);

/* Is every pair (low, high) or (high, low)?  Then sums follow from how many inputs meet a high cell. */
bool mhoi_two_valued(const mho_crossbar *xb, int32_t *low, int32_t *high);
/* Largest |sum| of any column and row group, over both crossbars of the pair. */
int64_t mhoi_largest_sum(const mho_crossbar *xb, const int16_t *g_plus, const int16_t *g_minus);
/* Tables from side `first` on: all (MHOI_PLUS) after programming, MHOI_VAR_PLUS where only variances are new. */
mho_status mhoi_crossbar_build(mho_crossbar *xb, mhoi_side first);
/* Bundles (first: MHOI_PLUS) and memory for the tables of what xb->counting, dots, ... say, for them to be filled. */
mho_status mhoi_crossbar_lay_out(mho_crossbar *xb, mhoi_side first);
/* The words of bits that are counted, by the cells: of column c of row group k (column C: the rows in use), and all. */
void mhoi_count_words(const mho_crossbar *xb, size_t k, size_t c, uint32_t *out);
void mhoi_count_cells(mho_crossbar *xb);

/* Do squares of inputs pass a byte?  Then they come in two, and so do variances. */
static inline bool mhoi_squares_wide(const mho_crossbar *xb)
{
    return xb->shape.input_bits > 4;
}

/* Cell i of a side as noise sees it, in units of noise_unit. */
static inline int32_t mhoi_variance(const mho_crossbar *xb, int side, size_t i)
{
    if (xb->variance[side])
        return xb->variance[side][i];
    return (side ? xb->g_minus : xb->g_plus)[i] == xb->low ? xb->variance_low : xb->variance_high;
}

/* Normals of a converter (side, column c, row group k) for pixels [pixel, pixel + n) of the data set. */
void mhoi_noise_draw(const mho_crossbar *xb, const mho_reading *reading, size_t k, size_t c,
                     size_t side, uint64_t pixel, size_t n, float *normal);

/* reading NULL: no noise. */
void mhoi_ref_run(const mho_crossbar *xb, mho_crossbar_work *work, const mho_converter *converter,
                  bool per_pair, size_t n, const uint8_t *map, int32_t *sum,
                  const mho_reading *reading);
void mhoi_ref_sums(const mho_crossbar *xb, mho_crossbar_work *work, const uint8_t *map,
                   mho_crossbar_sums_fn *each, void *user);

#endif
