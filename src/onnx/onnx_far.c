/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of 8-bit codes q that reach further than 127 from their zero point Z: q - Z has 9 bits with its sign, or is -128.
 * Software takes them as they are; crossbars of 8-bit weights round them to 255 levels again, which is said. */
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx_graph.h"
#include "onnx/onnx_program.h"

enum { LEVELS = 127 };

/* Where an operator has weights and their zero points, and the axis that several of these belong to (-1: the last). */
typedef struct place {
    const char *op, *domain;
    size_t weights, zero;
    int axis;
} place;

static const place places[] = {
    {"DequantizeLinear", "", 0, 2, 1}, {"QLinearConv", "", 3, 5, 0},
    {"ConvInteger", "", 1, 3, 0},      {"QLinearMatMul", "", 3, 5, -1},
    {"MatMulInteger", "", 1, 3, -1},   {"QGemm", "com.microsoft", 3, 5, -1},
};

static const mho_array *constant(const mhoi_program *p, const mhoi_operation *n, size_t k)
{
    const size_t from = mhoi_node_input(n, k);
    const bool is = from != MHOI_NO_OPERAND && p->operand[from].constant;
    return is && p->operand[from].array.data ? &p->operand[from].array : NULL;
}

static size_t axis_of(const mhoi_operation *n, const place *at, size_t rank)
{
    int64_t axis = at->axis;
    if (at->zero == 2)
        axis = mhoi_attr_int(n, "axis", axis);
    if (strcmp(n->op, "QGemm") == 0 && mhoi_attr_int(n, "transB", 0))
        axis = 0;
    axis += axis < 0 ? (int64_t)rank : 0;
    return axis < 0 || axis >= (int64_t)rank ? rank : (size_t)axis;
}

/* The largest |q - zero| of n codes from `first` on. */
static int farthest_of(const mho_array *w, size_t first, size_t n, int zero)
{
    int low = zero, high = zero;
    if (w->type == MHO_TYPE_INT8)
        for (size_t i = 0; i < n; i++) {
            const int q = ((const int8_t *)w->data)[first + i];
            low = q < low ? q : low;
            high = q > high ? q : high;
        }
    else
        for (size_t i = 0; i < n; i++) {
            const int q = ((const uint8_t *)w->data)[first + i];
            low = q < low ? q : low;
            high = q > high ? q : high;
        }
    return high - zero > zero - low ? high - zero : zero - low;
}

static int farthest(const mho_array *w, const mho_array *zero, size_t axis)
{
    const size_t channels = zero && zero->count > 1 ? zero->count : 1;
    if (channels > 1 && (axis == w->rank || w->size[axis] != channels))
        return 0; /* of blocks */
    size_t inner = channels == 1 ? w->count : 1;
    for (size_t k = axis + 1; channels > 1 && k < w->rank; k++)
        inner *= w->size[k];
    int most = 0;
    for (size_t first = 0, run = 0; first < w->count; first += inner, run++) {
        const int z = zero ? (int)mho_array_number(zero, run % channels) : 0;
        const int far = farthest_of(w, first, inner, z);
        most = far > most ? far : most;
    }
    return most;
}

static int farthest_weight(const mhoi_program *p, const mhoi_operation *n, const mho_array **w)
{
    const place *at = NULL;
    for (size_t k = 0; !at && k < sizeof places / sizeof *places; k++)
        if (strcmp(n->op, places[k].op) == 0 && strcmp(n->domain, places[k].domain) == 0)
            at = &places[k];
    *w = at ? constant(p, n, at->weights) : NULL;
    if (!*w || (*w)->rank < 2 || ((*w)->type != MHO_TYPE_INT8 && (*w)->type != MHO_TYPE_UINT8))
        return 0;
    const mho_array *zero = constant(p, n, at->zero);
    return mhoi_node_input(n, at->zero) != MHOI_NO_OPERAND && !zero
               ? 0
               : farthest(*w, zero, axis_of(n, at, (*w)->rank));
}

void mhoi_onnx_far_codes(const mhoi_program *p, char *assumed, size_t size)
{
    size_t count = 0;
    int most = 0;
    for (size_t i = 0; i < p->operations; i++) {
        const mho_array *w;
        const int far = farthest_weight(p, &p->operation[i], &w);
        count += far > LEVELS;
        most = far > most ? far : most;
    }
    if (count)
        mhoi_onnx_assume(assumed, size,
                         "%zu weight tensor%s 8-bit codes up to %d from the zero point, beyond %d: "
                         "crossbars of 8-bit weights round them anew",
                         count, count == 1 ? " has" : "s have", most, LEVELS);
}
