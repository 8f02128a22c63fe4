/* SPDX-License-Identifier: Apache-2.0 */
/* How weights become cells and inputs drive rows (docs/models/coding.md).
 *
 * A plane is the columns that lie side by side in crossbars: all slices of a weight next to each other, or one
 * plane a slice.  It is cut into tiles, the columns of one crossbar; the reference column of a tile, where there
 * is one, is its last column in use. */
#include "base/alloc.h"
#include "chip/chip_impl.h"

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Levels of the cells: those of weight 0 are `offset` above the lowest. */
static void set_levels(const mhoi_machine *hw, chip_layer *layer)
{
    chip_cells *k = &layer->cells;
    const int32_t top = ((int32_t)1 << hw->device.bits) - 1;
    const size_t bits = hw->crossbar.weight_bits;
    k->single = hw->crossbar.weights == MHO_WEIGHTS_SINGLE;
    k->slice_bits = hw->device.bits;
    if (hw->crossbar.mode == MHO_MODE_BINARY) {
        k->codes = (mho_codes){-top, top};
    } else if (hw->crossbar.mode == MHO_MODE_TERNARY) {
        k->offset = k->single ? top / 2 : 0;
        k->codes = k->single ? (mho_codes){-(top / 2), top / 2} : (mho_codes){-top, top};
    } else if (k->single) {
        const size_t all = bits ? bits : hw->device.bits;
        k->offset = (int32_t)1 << (all - 1);
        const bool mirrored = hw->input.coding == MHO_CODING_TWO_ROWS; /* -m has a level, too */
        k->codes = (mho_codes){-k->offset + mirrored, k->offset - 1};
    } else {
        const int32_t most = bits ? ((int32_t)1 << (bits - 1)) - 1 : top;
        k->codes = (mho_codes){-most, most};
    }
}

/* Integer conductances: of one unit of weight, and of the offset of single cells, all slices together. */
static void set_conductances(const mhoi_machine *hw, chip_layer *layer)
{
    chip_cells *k = &layer->cells;
    const int32_t half = mho_device_delta(&hw->device), lowest = mho_device_level(&hw->device, 0);
    if (hw->crossbar.mode == MHO_MODE_BINARY)
        layer->unit = (k->single ? 1 : 2) * k->codes.hi * half;
    else
        layer->unit = 2 * half * (hw->crossbar.mode == MHO_MODE_TERNARY ? k->codes.hi : 1);
    k->middle = k->single && hw->crossbar.mode == MHO_MODE_BINARY;
    k->scale = 0;
    for (size_t s = 0; s < k->slices; s++)
        k->scale += (int64_t)1 << (k->slice_bits * s);
    if (k->single)
        k->base =
            k->middle ? lowest + layer->unit : lowest * k->scale + 2 * half * (int64_t)k->offset;
}

static mho_status set_planes(const mhoi_machine *hw, chip_layer *layer)
{
    chip_cells *k = &layer->cells;
    mho_cell_layout layout;
    mho_status s = mhoi_map_layout(hw, &layout);
    if (s)
        return mho_error_prefix(s, "layer %s", layer->name);
    k->slices = layout.slices;
    k->planes = layout.planes;
    k->together = k->slices / k->planes;
    k->reference = layout.reference;
    k->digital = k->single && !k->reference;
    k->weights_per_tile = layout.weights_per_crossbar;
    k->tile_columns = (k->weights_per_tile + k->reference) * k->together;
    k->tiles = ceil_div(layer->columns, k->weights_per_tile);
    k->plane_columns = (layer->columns + (k->reference ? k->tiles : 0)) * k->together;
    layer->engine_columns = layer->columns * k->slices;
    return MHO_OK;
}

mho_status chip_coding_set(const mhoi_machine *hw, chip_layer *layer)
{
    set_levels(hw, layer);
    mho_status s = set_planes(hw, layer);
    if (!s)
        set_conductances(hw, layer);
    return s;
}

chip_column chip_column_of(const chip_layer *layer, size_t plane, size_t column)
{
    const chip_cells *k = &layer->cells;
    const size_t tile = column / k->tile_columns, at = column % k->tile_columns;
    const size_t first = tile * k->weights_per_tile, left = layer->columns - first;
    const size_t weights = left < k->weights_per_tile ? left : k->weights_per_tile;
    const size_t weight = at / k->together, slice = k->planes > 1 ? plane : at % k->together;
    return (chip_column){.tile = tile,
                         .weight = first + weight,
                         .slice = slice,
                         .is_reference = weight == weights,
                         .engine = k->planes > 1 ? slice * layer->columns + first + weight
                                                 : (first + weight) * k->slices + slice};
}

size_t chip_reference_of(const chip_layer *layer, size_t column)
{
    const chip_cells *k = &layer->cells;
    const size_t step = k->planes > 1 ? 1 : k->slices, weight = column / step % layer->columns;
    return k->reference ? column - weight % k->weights_per_tile * step : column;
}

static uint8_t level_of(const chip_cells *k, chip_column column, bool minus, int32_t m)
{
    const uint32_t mask = ((uint32_t)1 << k->slice_bits) - 1;
    const unsigned shift = (unsigned)(k->slice_bits * column.slice);
    if (k->middle)
        return (uint8_t)(column.is_reference ? (mask + 1) / 2 : m > 0 ? mask : 0);
    if (k->single)
        return (uint8_t)(((uint32_t)((column.is_reference ? 0 : m) + k->offset) >> shift) & mask);
    m = minus ? -m : m;
    return (uint8_t)(((uint32_t)(m > 0 ? m : 0) >> shift) & mask);
}

void chip_column_levels(const chip_layer *layer, const int16_t *m, chip_column column, bool minus,
                        size_t first, size_t n, uint8_t *level)
{
    const chip_cells *k = &layer->cells;
    if (!k->single && k->slices == 1 && layer->rows_per_weight == 1) {
        for (size_t i = 0; i < n; i++) {
            const int v = minus ? -m[first + i] : m[first + i];
            level[i] = (uint8_t)(v > 0 ? v : 0);
        }
        return;
    }
    const size_t taps = layer->window.kh * layer->window.kw, each = layer->rows_per_weight;
    for (size_t i = 0; i < n; i++) {
        const size_t channel = (first + i) / taps,
                     tap = (first + i) % taps; /* lines of an input channel: */
        const size_t row =
            channel / each * taps + tap; /* all its taps, then all of them mirrored */
        const int32_t v = column.is_reference ? 0 : m[row];
        level[i] = level_of(k, column, minus, channel % each ? -v : v);
    }
}

/* One element of an input, as a number. */
static int32_t number(const chip_map *in, uint8_t byte, bool direct)
{
    if (in->coding == CHIP_BITS)
        return direct ? byte & 1 : 2 * (byte & 1) - 1;
    return in->codes.lo < 0 ? (int8_t)byte : byte;
}

typedef struct plan {
    const chip_map *in;
    chip_layer *layer;
    bool direct;
    size_t bits; /* of a read */
} plan;

/* Is the table of all codes a field of bits?  That is far faster than the table. */
static void find_bits(const chip_map *in, chip_drive_row *row)
{
    for (int flip = 0; flip < 2 && !row->bits; flip++) {
        row->bits = true;
        row->flip = (uint8_t)flip;
        for (int32_t code = in->codes.lo; code <= in->codes.hi; code++) {
            const uint8_t byte = (uint8_t)code;
            row->bits =
                row->bits && row->table[byte] == (((byte ^ row->flip) >> row->shift) & row->mask);
        }
    }
}

/* Row `row` of the read carries the bits from `shift` on of sign x input: of its positive part if parted. */
static void fill_row(const plan *p, chip_read *read, size_t row, int32_t sign, size_t shift,
                     size_t bits)
{
    chip_drive_row *out = &read->row[row];
    const int32_t mask = p->layer->read_signed ? 0xFF : ((int32_t)1 << bits) - 1;
    for (int32_t byte = 0; byte < 256; byte++) {
        int32_t x = number(p->in, (uint8_t)byte, p->direct);
        if (!p->direct)
            x = sign * x > 0 ? sign * x : 0;
        out->table[byte] = (uint8_t)((uint32_t)x >> shift & (uint32_t)mask);
    }
    out->shift = (uint8_t)shift;
    out->mask = (uint8_t)mask;
    find_bits(p->in, out);
}

static chip_read *next_read(const plan *p, int32_t weight)
{
    chip_read *read = &p->layer->read[p->layer->reads++];
    read->weight = weight;
    return read;
}

/* Reads of `all` bits in parts of p->bits; of the positive, of the negative part, or of both on two rows. */
static void add_reads(const plan *p, size_t all, int32_t sign)
{
    for (size_t shift = 0; shift < all; shift += p->bits) {
        const size_t bits = all - shift < p->bits ? all - shift : p->bits;
        chip_read *read = next_read(p, sign * ((int32_t)1 << shift));
        fill_row(p, read, 0, sign, shift, bits);
        if (p->layer->rows_per_weight == 2)
            fill_row(p, read, 1, -sign, shift, bits);
    }
}

static bool unchanged(const chip_layer *layer, const chip_map *in)
{
    if (layer->reads > 1 || layer->rows_per_weight > 1)
        return false;
    for (int32_t code = in->codes.lo; code <= in->codes.hi; code++)
        if (layer->read[0].row[0].table[(uint8_t)code] != (uint8_t)code)
            return false;
    return true;
}

mho_status chip_reads_set(const mhoi_machine *hw, const chip_map *in, chip_layer *layer)
{
    const bool binary = in->coding == CHIP_BITS, has_sign = binary || in->codes.lo < 0;
    const size_t all = binary ? 1 : in->bits, wanted = hw->input.bits_per_read;
    const int coding = has_sign ? hw->input.coding : MHO_CODING_DIRECT;
    const bool parted = wanted && wanted < all;
    plan p = {in, layer, coding == MHO_CODING_DIRECT, parted ? wanted : all};
    layer->rows_per_weight = coding == MHO_CODING_TWO_ROWS ? 2 : 1;
    layer->read_bits = p.bits;
    layer->read_signed = p.direct && in->codes.lo < 0 && !parted;
    layer->read_lo = layer->read_signed ? in->codes.lo : 0;
    layer->read_hi = layer->read_signed || !parted ? in->codes.hi : (1 << p.bits) - 1;
    if (!p.direct && !binary && !parted)
        layer->read_hi = -in->codes.lo;
    mho_status s = mhoi_alloc(&layer->read, 2 * all + 1, sizeof *layer->read, layer->name);
    if (s)
        return s;
    if (p.direct && in->codes.lo < 0 &&
        parted) { /* two's complement: the sign bit counts against the rest */
        add_reads(&p, all - 1, 1);
        fill_row(&p, next_read(&p, -((int32_t)1 << (all - 1))), 0, 1, all - 1, 1);
    } else {
        add_reads(&p, all, 1);
    }
    if (coding == MHO_CODING_TWO_READS)
        add_reads(&p, all, -1);
    layer->as_is = unchanged(layer, in);
    return MHO_OK;
}

int64_t chip_read_weights(const chip_layer *layer)
{
    int64_t sum = 0;
    for (size_t r = 0; r < layer->reads; r++)
        sum += layer->read[r].weight;
    return sum;
}
