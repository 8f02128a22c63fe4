/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that the user tells of inputs: "NAME=SIZES", where NAME is an input with all its sizes, or what the file calls a
 * size that it leaves open. */
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx_program.h"

#define SIZE_MOST ((size_t)1 << 31)

/* "1x3x224x224" */
static mho_status read_sizes(const char *text, size_t length, size_t *size, size_t *rank)
{
    const char *at = text, *const end = text + length;
    *rank = 0;
    while (at < end) {
        size_t value = 0;
        const char *const begin = at;
        for (; at < end && *at >= '0' && *at <= '9' && value < SIZE_MOST; at++)
            value = 10 * value + (size_t)(*at - '0');
        if (at == begin || value == 0 || value > SIZE_MOST || *rank == MHO_TENSOR_DIMS ||
            (at < end && *at != 'x') || at + 1 == end)
            return mho_error(MHO_EUSAGE, "shape '%.*s', want sizes as 1x3x224x224", (int)length,
                             text);
        size[(*rank)++] = value;
        at += at < end;
    }
    return *rank ? MHO_OK : mho_error(MHO_EUSAGE, "a shape without sizes");
}

static mho_status set_input(mhoi_operand *o, const size_t *size, size_t rank)
{
    if (o->ranked && o->array.rank != rank)
        return mho_error(MHO_EUSAGE, "input '%s' has %zu dimensions, not %zu", o->name,
                         o->array.rank, rank);
    for (size_t k = 0; k < rank; k++) {
        if (o->ranked && !o->symbol[k] && o->array.size[k] != size[k])
            return mho_error(MHO_EUSAGE, "size %zu of input '%s' is %zu, not %zu", k, o->name,
                             o->array.size[k], size[k]);
        o->array.size[k] = size[k];
        o->symbol[k] = NULL;
    }
    o->array.rank = rank;
    o->ranked = true;
    return MHO_OK;
}

static size_t set_symbol(mhoi_program *p, const char *name, size_t length, size_t size)
{
    size_t found = 0;
    for (size_t i = 0; i < p->inputs; i++) {
        mhoi_operand *o = &p->operand[p->input[i]];
        for (size_t k = 0; k < o->array.rank; k++)
            if (o->symbol[k] && strlen(o->symbol[k]) == length && length &&
                strncmp(o->symbol[k], name, length) == 0) {
                o->array.size[k] = size;
                o->symbol[k] = NULL;
                found++;
            }
    }
    return found;
}

static mho_status set_one(mhoi_program *p, const char *text, size_t length)
{
    size_t size[MHO_TENSOR_DIMS], rank = 0;
    const char *equals = memchr(text, '=', length);
    if (!equals || equals == text)
        return mho_error(MHO_EUSAGE, "shape '%.*s', want NAME=SIZES", (int)length, text);
    const size_t name = (size_t)(equals - text);
    mho_status s = read_sizes(equals + 1, length - name - 1, size, &rank);
    if (s)
        return s;
    for (size_t i = 0; i < p->inputs; i++) {
        mhoi_operand *o = &p->operand[p->input[i]];
        if (strlen(o->name) == name && strncmp(o->name, text, name) == 0)
            return set_input(o, size, rank);
    }
    if (rank == 1 && set_symbol(p, text, name, size[0]))
        return MHO_OK;
    return mho_error(MHO_EUSAGE, "shape '%.*s': no input, and no open size of one, has this name",
                     (int)length, text);
}

mho_status mhoi_onnx_set_sizes(mhoi_program *p, const char *sizes)
{
    mho_status s = MHO_OK;
    for (const char *at = sizes; !s && at && *at;) {
        const size_t length = strcspn(at, ",");
        s = set_one(p, at, length);
        at += length + (at[length] == ',');
    }
    return s;
}
