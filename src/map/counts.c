/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and operations of a layer in one image: docs/models/map.md eq. (4) to (6), docs/models/coding.md eq. (4)
 * to (8).  A count that wraps would be a wrong result, so all are checked. */
#include "map/placement.h"

/* The product of n factors, MHO_EDOMAIN beyond 64 bits. */
static mho_status product(const char *layer, const size_t *factor, size_t n, uint64_t *out)
{
    *out = 1;
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(*out, (uint64_t)factor[i], out))
            return mho_error(MHO_EDOMAIN, "layer '%s': its counts leave 64 bits", layer);
    return MHO_OK;
}
#define PRODUCT(layer, out, ...)                                                                   \
    product((layer)->name, (const size_t[]){__VA_ARGS__},                                          \
            sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t), out)

/* Columns of cells of a group, references included; all slices. */
static size_t columns_of(const mho_placement_layer *l)
{
    const size_t level0 = l->level0 ? l->sides * l->x_out * l->planes : 0;
    return (l->columns * l->sides + (l->reference ? l->x_out : 0)) * l->slices + level0;
}

/* Of a group and row group: sums that are converted.  A reference is converted once for all that it serves. */
static size_t converted_of(const mho_placement_layer *l)
{
    if (l->sense)
        return l->columns;
    const size_t own = l->columns * (l->per_pair ? 1 : l->sides);
    return (own + (l->reference && !l->per_pair ? l->x_out : 0)) * l->sums;
}

static mho_status set_amounts(mho_placement_layer *l)
{
    mho_status s = PRODUCT(l, &l->cells, l->groups, l->rows, l->columns);
    l->cells /= l->packed; /* the others of a block are 0 */
    if (!s)
        s = PRODUCT(l, &l->inputs_shared, l->groups, l->rows);
    if (!s)
        s = PRODUCT(l, &l->inputs_copied, l->groups, l->rows, l->x_out);
    return s ? s : PRODUCT(l, &l->outputs, l->groups, l->columns, l->x_in);
}

/* An output is the sum of row groups, slices and reads; S+ and S- are told apart by a subtractor, which is no
 * addition.  A digital offset adds up what drives the rows, once a read. */
static mho_status set_additions(const mhoi_place *place, mho_placement_layer *l)
{
    const bool counted = place->cells.coding->counted;
    uint64_t sums, counts = 0;
    mho_status s = PRODUCT(l, &sums, l->groups, l->columns, l->positions, l->turns,
                           l->row_groups * l->sums * l->reads - 1);
    if (!s && counted)
        s = PRODUCT(l, &counts, l->groups, l->positions, l->reads, l->word_lines - 1);
    if (!s && __builtin_add_overflow(sums, counts, &l->counts.additions))
        return mho_error(MHO_EDOMAIN, "layer '%s': its counts leave 64 bits", l->name);
    return s;
}

mho_status mhoi_counts_set(const mhoi_place *place, mho_placement_layer *l)
{
    mho_counts *c = &l->counts;
    uint64_t operations; /* of cells: what prices multiply */
    mho_status s = set_amounts(l);
    if (!s)
        s = PRODUCT(l, &c->cells, l->groups, l->word_lines, columns_of(l));
    if (!s)
        s = PRODUCT(l, &operations, l->groups, l->word_lines, columns_of(l), l->positions, l->reads,
                    l->turns);
    if (!s)
        s = PRODUCT(l, &c->row_drives, l->groups, l->word_lines, l->reads, l->turns, l->positions);
    if (!s)
        s = PRODUCT(l, &c->conversions, l->groups, l->row_groups, converted_of(l), l->reads,
                    l->turns, l->positions);
    if (!s)
        s = mhoi_converters_stand(place, l->reference && !l->per_pair, &l->converters);
    if (!s && l->sides == 2 && !l->per_pair)
        s = PRODUCT(l, &l->converters, l->sides, l->converters);
    c->dac_conversions = l->read_bits > 1 ? c->row_drives / place->cells.fold : 0;
    return s ? s : set_additions(place, l);
}
