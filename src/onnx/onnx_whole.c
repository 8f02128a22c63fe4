/* SPDX-License-Identifier: Apache-2.0 */
/* Weights that are whole numbers of 8 bits where the standard wants the type of the data: some exporters leave them so, and
 * lose their scale.  They are taken as the numbers that they are, which is said. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "onnx/onnx_program.h"

void mhoi_onnx_assume(char *assumed, size_t size, const char *format, ...)
{
    const size_t used = strlen(assumed);
    va_list list;
    va_start(list, format);
    if (used + 2 < size) {
        if (used)
            memcpy(assumed + used, "; ", 3);
        (void)vsnprintf(assumed + strlen(assumed), size - strlen(assumed), format, list);
    }
    va_end(list);
}

static bool reads_weights(const mhoi_operation *op, size_t k)
{
    static const char *const names[] = {"Conv", "ConvTranspose", "Gemm", "MatMul"};
    for (size_t i = 0; k == 1 && !op->domain[0] && i < sizeof names / sizeof *names; i++)
        if (strcmp(op->op, names[i]) == 0)
            return true;
    return false;
}

/* Constants of 8 bits that are read as weights alone. */
static void find(const mhoi_program *p, bool *whole)
{
    for (size_t i = 0; i < p->operations; i++)
        for (size_t k = 0; k < p->operation[i].inputs; k++) {
            const size_t from = p->operation[i].input[k];
            if (from != MHOI_NO_OPERAND && reads_weights(&p->operation[i], k))
                whole[from] = p->operand[from].constant && p->operand[from].array.data &&
                              (p->operand[from].array.type == MHO_TYPE_INT8 ||
                               p->operand[from].array.type == MHO_TYPE_UINT8);
        }
    for (size_t i = 0; i < p->operations; i++)
        for (size_t k = 0; k < p->operation[i].inputs; k++)
            if (p->operation[i].input[k] != MHOI_NO_OPERAND && !reads_weights(&p->operation[i], k))
                whole[p->operation[i].input[k]] = false;
    for (size_t i = 0; i < p->outputs; i++)
        whole[p->output[i]] = false;
}

/* Whole numbers may be what the data are, too: from outside, or made on the way. */
static bool has_whole_data(const mhoi_program *p)
{
    static const char *const makers[] = {"QuantizeLinear", "DynamicQuantizeLinear", "Cast",
                                         "CastLike"};
    for (size_t i = 0; i < p->inputs; i++)
        if (mhoi_type_kind(p->operand[p->input[i]].array.type) != MHOI_KIND_REAL)
            return true;
    for (size_t i = 0; i < p->operations; i++)
        for (size_t k = 0; k < sizeof makers / sizeof *makers; k++)
            if (strcmp(p->operation[i].op, makers[k]) == 0)
                return true;
    return false;
}

mho_status mhoi_onnx_whole_weights(mhoi_program *p, char *assumed, size_t size)
{
    bool *whole = NULL;
    size_t count = 0;
    const char *first = "";
    mho_status s = mhoi_alloc(&whole, p->operands + 1, sizeof *whole, "ONNX values");
    if (!s && !has_whole_data(p))
        find(p, whole);
    for (size_t i = 0; !s && i < p->operands; i++) {
        mhoi_operand *o = &p->operand[i];
        mho_array floats;
        if (!whole[i])
            continue;
        s = mhoi_array_convert(&o->array, MHO_TYPE_FLOAT, &floats);
        if (s)
            break;
        mho_array_free(&o->array);
        o->array = floats;
        first = count++ ? first : o->name;
    }
    if (count)
        mhoi_onnx_assume(assumed, size,
                         "%zu weight tensor%s of 8-bit whole numbers without a scale (the first: "
                         "'%.70s'), taken as the numbers that they are",
                         count, count == 1 ? " is" : "s are", first);
    mhoi_free(&whole);
    return s;
}
