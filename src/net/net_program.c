/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of general operators: a node for each operation, which tells its name, what it reads, and its shape where it
 * is known. */
#include <string.h>

#include "net/net_impl.h"
#include "net/program.h"

/* An array of images as a map: the axis of the images goes.  Other ranks than 2 and 4 are elements in a row. */
static void set_shape(mho_node *node, const mho_array *a)
{
    if (!a || a->type == MHO_TYPE_NONE || a->rank == 0)
        return;
    node->dims.rank = a->rank - 1 < MHOI_RANK ? a->rank - 1 : MHOI_RANK;
    memcpy(node->dims.size, a->size + 1, node->dims.rank * sizeof *node->dims.size);
    const size_t each = a->size[0] ? a->count / a->size[0] : 0;
    node->out =
        a->rank == 4 ? (mho_shape){a->size[1], a->size[2], a->size[3]} : (mho_shape){each, 1, 1};
}

/* Which node gives an operand: 0, the input, for constants and inputs. */
static size_t node_of(const mhoi_program *p, size_t operand)
{
    const size_t maker = operand == MHOI_NO_OPERAND ? SIZE_MAX : p->operand[operand].maker;
    return maker == SIZE_MAX ? 0 : maker + 1;
}

static void describe(mho_net *net, const mhoi_program *p, const mho_array *shape, size_t i)
{
    const mhoi_operation *op = &p->operation[i];
    mho_node *node = &net->node[i + 1];
    node->op = MHO_OP_GENERAL;
    node->general = op->op;
    for (size_t k = 0; k < op->inputs && node->inputs < MHOI_NODE_INPUTS; k++)
        if (op->input[k] != MHOI_NO_OPERAND && !p->operand[op->input[k]].constant)
            node->input[node->inputs++] = node_of(p, op->input[k]);
    set_shape(node, op->output[0] == MHOI_NO_OPERAND ? NULL : &shape[op->output[0]]);
    mhoi_net_set_unique_name(net, i + 1, op->name);
    if (node->inputs)
        node->in = net->node[node->input[0]].out;
}

mho_status mhoi_net_of_program(mhoi_program *p, const mho_array *shape, const char *name,
                               mho_net **out)
{
    mho_status s = mhoi_net_create(name, p->operations + 1, out);
    if (s) {
        mhoi_program_release(p);
        return s;
    }
    mho_net *net = *out;
    net->program = p;
    net->node[0].op = MHO_OP_INPUT;
    if (p->inputs)
        set_shape(&net->node[0], &shape[p->input[0]]);
    net->node[0].in = net->node[0].out;
    mhoi_net_set_unique_name(net, 0, p->inputs ? p->operand[p->input[0]].name : "input");
    for (size_t i = 0; i < p->operations; i++)
        describe(net, p, shape, i);
    return MHO_OK;
}

mho_shape mho_net_output_shape(const mho_net *net)
{
    const mhoi_program *p = net->program;
    return net->node[p ? node_of(p, p->output[0]) : net->nodes - 1].out;
}

bool mho_net_is_general(const mho_net *net)
{
    return net->program != NULL;
}

size_t mho_net_inputs(const mho_net *net)
{
    return net->program ? net->program->inputs : 1;
}

size_t mho_net_outputs(const mho_net *net)
{
    return net->program ? net->program->outputs : 1;
}

const char *mho_node_op_name(const mho_node *node)
{
    return node->general ? node->general : mho_op_name(node->op);
}
