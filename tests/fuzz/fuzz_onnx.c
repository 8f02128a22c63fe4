/* SPDX-License-Identifier: Apache-2.0 */
/* Files are read, and those of general operators that are small are run on zeros. */
#include "mho/infer.h"
#include "mho/onnx.h"
#include "net/graph.h"
#include "net/program.h"
#include "fuzz.h"

enum { INPUTS = 4, ELEMENTS = 4096 };

/* An input of the sizes that the file tells, 2 where it tells none. */
static bool zeros(const mhoi_operand *o, mho_array *out)
{
    size_t size[MHO_TENSOR_DIMS];
    for (size_t k = 0; k < o->array.rank; k++)
        size[k] = o->symbol[k] ? 2 : o->array.size[k];
    return mhoi_array_shape(o->array.type, o->array.rank, size, out) == MHO_OK &&
           out->count <= ELEMENTS && mhoi_array_alloc(out, "fuzz") == MHO_OK;
}

static void run_small(const mho_net *net)
{
    const mhoi_program *p = net->program;
    mho_array in[INPUTS] = {{0}}, out[INPUTS] = {{0}};
    bool small = p && p->inputs <= INPUTS && p->outputs <= INPUTS;
    for (size_t i = 0; small && i < p->operations; i++)
        small = strcmp(p->operation[i].op, "Loop") != 0; /* which may run for ever */
    for (size_t i = 0; small && i < p->operands; i++)
        small = p->operand[i].array.count <= ELEMENTS;
    for (size_t i = 0; small && i < p->inputs; i++)
        small = zeros(&p->operand[p->input[i]], &in[i]);
    if (small && mho_infer_arrays(net, p->inputs, in, p->outputs, out) == MHO_OK)
        for (size_t i = 0; i < p->outputs; i++)
            mho_array_free(&out[i]);
    for (size_t i = 0; i < INPUTS; i++)
        mho_array_free(&in[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mho_net *net = NULL;
    const mho_status s = mho_onnx_parse(data, size, "fuzz.onnx", &net);
    if (s == MHO_OK)
        run_small(net);
    mho_net_destroy(net);
    fuzz_done(s);
    return 0;
}
