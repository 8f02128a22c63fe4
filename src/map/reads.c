/* SPDX-License-Identifier: Apache-2.0 */
/* How inputs drive rows: the table of input codings, and the reads they are made of. */
#include "base/alloc.h"
#include "map/coding.h"

extern const mhoi_input_coding mhoi_inputs_direct, mhoi_inputs_two_reads, mhoi_inputs_two_rows;

/* input.coding, in this order; the first is that of maps without a sign, too. */
const char *const mhoi_input_coding_names[] = {"direct", "two_reads", "two_rows", NULL};
static const mhoi_input_coding *const table[] = {
    &mhoi_inputs_direct,
    &mhoi_inputs_two_reads,
    &mhoi_inputs_two_rows,
};
_Static_assert(sizeof table / sizeof *table + 1 ==
                   sizeof mhoi_input_coding_names / sizeof *mhoi_input_coding_names,
               "every coding has a name");

bool mhoi_map_has_sign(const mhoi_map_coding *map)
{
    return map->kind == MHOI_MAP_BITS || map->codes.lo < 0;
}

/* One element of an input, as a number. */
static int32_t number(const mhoi_map_coding *map, uint8_t byte, bool direct)
{
    if (map->kind == MHOI_MAP_BITS)
        return direct ? byte & 1 : 2 * (byte & 1) - 1;
    return map->codes.lo < 0 ? (int8_t)byte : byte;
}

/* Is the table of all codes a field of bits?  That is far faster than the table. */
static void find_bits(const mhoi_map_coding *map, mhoi_drive *row)
{
    for (int flip = 0; flip < 2 && !row->bits; flip++) {
        row->bits = true;
        row->flip = (uint8_t)flip;
        for (int32_t code = map->codes.lo; code <= map->codes.hi; code++) {
            const uint8_t byte = (uint8_t)code;
            row->bits =
                row->bits && row->table[byte] == (((byte ^ row->flip) >> row->shift) & row->mask);
        }
    }
}

/* The row carries the bits from `shift` on of sign x input: of its positive part if parted. */
static void fill_row(const mhoi_read_wish *wish, mhoi_drive *row, int32_t sign, size_t shift,
                     size_t bits)
{
    const int32_t mask = wish->inputs->is_signed ? 0xFF : ((int32_t)1 << bits) - 1;
    for (int32_t byte = 0; byte < 256; byte++) {
        int32_t x = number(wish->map, (uint8_t)byte, wish->direct);
        if (!wish->direct)
            x = sign * x > 0 ? sign * x : 0;
        row->table[byte] = (uint8_t)((uint32_t)x >> shift & (uint32_t)mask);
    }
    row->shift = (uint8_t)shift;
    row->mask = (uint8_t)mask;
    find_bits(wish->map, row);
}

void mhoi_read_add(const mhoi_read_wish *wish, int32_t weight, int32_t sign, size_t shift,
                   size_t bits)
{
    mhoi_read *read = &wish->inputs->read[wish->inputs->reads++];
    read->weight = weight;
    fill_row(wish, &read->row[0], sign, shift, bits);
    if (wish->inputs->lines == 2)
        fill_row(wish, &read->row[1], -sign, shift, bits);
}

void mhoi_reads_add(const mhoi_read_wish *wish, size_t all, int32_t sign)
{
    for (size_t shift = 0; shift < all; shift += wish->bits) {
        const size_t bits = all - shift < wish->bits ? all - shift : wish->bits;
        mhoi_read_add(wish, sign * ((int32_t)1 << shift), sign, shift, bits);
    }
}

static bool unchanged(const mhoi_inputs *inputs, const mhoi_map_coding *map)
{
    if (inputs->reads > 1 || inputs->lines > 1)
        return false;
    for (int32_t code = map->codes.lo; code <= map->codes.hi; code++)
        if (inputs->read[0].row[0].table[(uint8_t)code] != (uint8_t)code)
            return false;
    return true;
}

/* What a row is driven with at most and at least. */
static void set_extent(const mhoi_read_wish *wish, bool parted)
{
    mhoi_inputs *in = wish->inputs;
    in->lo = in->is_signed ? wish->map->codes.lo : 0;
    in->hi = in->is_signed || !parted ? wish->map->codes.hi : (1 << wish->bits) - 1;
    const mho_codes codes = wish->map->codes;
    if (!wish->direct && wish->map->kind == MHOI_MAP_CODES && !parted)
        in->hi = -codes.lo > codes.hi ? -codes.lo : codes.hi;
}

mho_status mhoi_inputs_set(const mhoi_machine *hw, const mhoi_map_coding *map, const char *layer,
                           mhoi_inputs *inputs)
{
    const mhoi_input_coding *coding =
        mhoi_map_has_sign(map) ? table[hw->input.coding] : &mhoi_inputs_direct;
    const size_t all = map->bits, wanted = hw->input.bits_per_read;
    const bool parted = wanted && wanted < all, direct = coding == &mhoi_inputs_direct;
    *inputs = (mhoi_inputs){.coding = coding,
                            .lines = coding->lines,
                            .bits = parted ? wanted : all,
                            .is_signed = direct && map->codes.lo < 0 && !parted};
    const mhoi_read_wish wish = {map, inputs, direct, inputs->bits};
    mho_status s = mhoi_alloc(&inputs->read, 2 * all + 1, sizeof *inputs->read, layer);
    if (s)
        return s;
    set_extent(&wish, parted);
    coding->add(&wish, all);
    inputs->as_is = unchanged(inputs, map);
    return MHO_OK;
}

int64_t mhoi_read_weights(const mhoi_inputs *inputs)
{
    int64_t sum = 0;
    for (size_t r = 0; r < inputs->reads; r++)
        sum += inputs->read[r].weight;
    return sum;
}
