/* SPDX-License-Identifier: Apache-2.0 */
/* General nodes among layers to ONNX, of one image: arrays have the sizes that each reader wants, and what was an attribute
 * in an operator set before ours becomes an input. */
#include <stdio.h>
#include <string.h>

#include "net/op_table.h"
#include "onnx/onnx_impl.h"
#include "onnx/onnx_write.h"

#define READS_MORE ((size_t)4) /* inputs that attributes become */
#define ATTRIBUTE_BYTES ((size_t)512)
#define INPUT_BYTES ((size_t)8192) /* of an input's messages: a constant, or Reshape and Cast */

/* They have the numbers of the standard. */
static int type_of(mho_type type)
{
    return mho_type_bytes(type) ? (int)type : 0;
}

size_t mhoi_write_work_messages(const mho_node *n)
{
    return n->work ? 3 * (n->work->inputs + READS_MORE) + 4 : 2 * n->inputs;
}

size_t mhoi_write_work_bytes(const mho_node *n)
{
    const mhoi_work *work = n->work;
    size_t bytes = 2 * INPUT_BYTES;
    for (size_t k = 0; work && work->op && k < work->op->attrs; k++) {
        const mhoi_attr *a = &work->op->attr[k];
        bytes += ATTRIBUTE_BYTES + a->count * sizeof(int64_t) + (a->text ? strlen(a->text) : 0);
    }
    return work ? bytes + (work->inputs + READS_MORE) * INPUT_BYTES : bytes;
}

mho_array mhoi_write_map(mho_shape shape)
{
    return (mho_array){.type = MHO_TYPE_FLOAT,
                       .rank = 4,
                       .size = {1, shape.c, shape.h, shape.w},
                       .count = shape.c * shape.h * shape.w};
}

/* A constant; its bytes stay the caller's. */
static char *write_constant(mhoi_writer *w, const mho_array *a, const char *stem, size_t i)
{
    char *name = mhoi_message_text(w, "%s.constant%zu", stem, i);
    MhoiOnnx__TensorProto *t =
        mhoi_message_tensor(w, name, type_of(a->type), a->data, a->count * mho_type_bytes(a->type));
    for (size_t k = 0; k < a->rank; k++)
        mhoi_message_dim(t, a->size[k]);
    return name;
}

static char *write_whole(mhoi_writer *w, size_t count, const int64_t *from, const char *stem,
                         size_t i)
{
    mho_array a = {.type = MHO_TYPE_INT64, .rank = 1, .size = {count}, .count = count};
    a.data = mhoi_message_take(w, count * sizeof *from + 1);
    if (count)
        memcpy(a.data, from, count * sizeof *from);
    return write_constant(w, &a, stem, i);
}

static char *write_reshape(mhoi_writer *w, char *input, const mho_array *want, char *output)
{
    int64_t size[MHO_TENSOR_DIMS];
    for (size_t k = 0; k < want->rank; k++)
        size[k] = (int64_t)want->size[k];
    char *shape = write_whole(w, want->rank, size, output, 0);
    MhoiOnnx__NodeProto *node = mhoi_message_node(w, "Reshape", input, output);
    mhoi_message_input(node, shape);
    return output;
}

/* "stem.whatN", which no node is called. */
static char *fresh_name(mhoi_writer *w, const char *stem, const char *what)
{
    char name[2 * MHO_NAME];
    for (size_t k = w->graph.n_node;; k++) {
        bool taken = false;
        (void)snprintf(name, sizeof name, "%s.%s%zu", stem, what, k);
        for (size_t i = 0; i < w->net->nodes && !taken; i++)
            taken = strcmp(w->net->node[i].name, name) == 0;
        if (!taken)
            return mhoi_message_text(w, "%s", name);
    }
}

bool mhoi_write_same_sizes(const mho_array *a, const mho_array *b)
{
    return a->rank == b->rank && memcmp(a->size, b->size, a->rank * sizeof *a->size) == 0;
}

char *mhoi_write_as(mhoi_writer *w, size_t node, const mho_array *want)
{
    char *name = mhoi_message_text(w, "%s", w->net->node[node].name);
    if (mhoi_write_same_sizes(&w->given[node], want))
        return name;
    return write_reshape(w, name, want, fresh_name(w, name, "shape"));
}

/* --- operators ------------------------------------------------------------------------------------------------ */

/* Attributes that are inputs from that operator set on. */
static const struct {
    const char *op, *attr;
    int64_t set;
    size_t input;
} moved[] = {
    {"Clip", "min", 11, 1},       {"Clip", "max", 11, 2},       {"Pad", "pads", 11, 1},
    {"Pad", "value", 11, 2},      {"Slice", "starts", 10, 1},   {"Slice", "ends", 10, 2},
    {"Slice", "axes", 10, 3},     {"Split", "split", 13, 1},    {"Squeeze", "axes", 13, 1},
    {"Unsqueeze", "axes", 13, 1}, {"ReduceSum", "axes", 13, 1}, {"TopK", "k", 10, 1},
};

/* Where an attribute goes; 0: it stays one. */
static size_t moved_to(const mhoi_operation *op, const mhoi_attr *a)
{
    for (size_t k = 0; k < sizeof moved / sizeof *moved; k++)
        if (!op->domain[0] && op->set < moved[k].set && strcmp(op->op, moved[k].op) == 0 &&
            strcmp(a->name, moved[k].attr) == 0)
            return moved[k].input;
    return 0;
}

static bool is_softmax(const mhoi_operation *op)
{
    return !op->domain[0] && op->set < 13 &&
           (strcmp(op->op, "Softmax") == 0 || strcmp(op->op, "LogSoftmax") == 0);
}

/* Operators whose meaning has changed otherwise since their set. */
static mho_status check_set(const mho_node *n, const mhoi_work *work)
{
    static const struct {
        const char *op;
        int64_t set;
    } other[] = {{"Upsample", 14}, {"Resize", 11}, {"Add", 7},      {"Sub", 7},
                 {"Mul", 7},       {"Div", 7},     {"Dropout", 12}, {"BatchNormalization", 9}};
    const mhoi_operation *op = work->op;
    for (size_t k = 0; k < sizeof other / sizeof *other; k++)
        if (!op->domain[0] && op->set < other[k].set && strcmp(op->op, other[k].op) == 0)
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': %s of operator set %lld", n->name,
                             op->op, (long long)op->set);
    if (!is_softmax(op))
        return MHO_OK;
    const mho_array *in = &work->in[0];
    const int64_t told = mhoi_attr_int(op, "axis", 1);
    const size_t axis = (size_t)(told < 0 ? told + (int64_t)in->rank : told);
    size_t behind = 1;
    for (size_t k = axis + 1; k < in->rank; k++)
        behind *= in->size[k];
    return behind == 1 ? MHO_OK
                       : mho_error(MHO_ENOTMODELED,
                                   "ONNX: layer '%s': %s over several axes of operator set %lld",
                                   n->name, op->op, (long long)op->set);
}

static mho_status check_types(const mho_node *n, const mhoi_work *work)
{
    for (size_t i = 0; i < work->inputs; i++)
        if (work->in[i].type != MHO_TYPE_NONE && !type_of(work->in[i].type))
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': an input of %s", n->name,
                             mho_type_name(work->in[i].type));
    for (size_t k = 0; k < work->op->attrs; k++) {
        const mhoi_attr_kind kind = work->op->attr[k].kind;
        if (kind == MHOI_ATTR_OTHER || kind == MHOI_ATTR_ARRAY)
            return mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': attribute %s", n->name,
                             work->op->attr[k].name);
    }
    return work->op->inputs > MHOI_NODE_INPUTS - READS_MORE
               ? mho_error(MHO_ENOTMODELED, "ONNX: layer '%s': %zu inputs", n->name,
                           work->op->inputs)
               : MHO_OK;
}

static MhoiOnnx__NodeProto *begin(mhoi_writer *w, const mho_node *n, char *output)
{
    const mhoi_operation *op = n->work->op;
    MhoiOnnx__NodeProto *node = mhoi_message_take(w, sizeof *node);
    mhoi_onnx__node_proto__init(node);
    node->op_type = mhoi_message_text(w, "%s", op->op);
    node->domain = mhoi_message_text(w, "%s", op->domain);
    node->name = mhoi_message_text(w, "%s", n->name);
    node->output = mhoi_message_take(w, op->outputs * sizeof *node->output);
    for (size_t k = 0; k < op->outputs; k++)
        node->output[node->n_output++] =
            k == n->work->output ? output : mhoi_message_text(w, "%s.other%zu", n->name, k);
    node->input = mhoi_message_take(w, (n->work->inputs + READS_MORE) * sizeof *node->input);
    node->attribute = mhoi_message_take(w, (op->attrs + 1) * sizeof(MhoiOnnx__AttributeProto *));
    return node;
}

static void set_attribute(mhoi_writer *w, MhoiOnnx__NodeProto *node, const mhoi_attr *a)
{
    switch (a->kind) {
    case MHOI_ATTR_INT:
        mhoi_message_int(w, node, a->name, (size_t)a->whole);
        break;
    case MHOI_ATTR_FLOAT:
        mhoi_message_float(w, node, a->name, a->real);
        break;
    case MHOI_ATTR_INTS:
        mhoi_message_wholes(w, node, a->name, a->count, a->ints);
        break;
    case MHOI_ATTR_FLOATS:
        mhoi_message_floats(w, node, a->name, a->count, a->floats);
        break;
    default: /* check_types */
        mhoi_message_string(w, node, a->name, a->text);
        break;
    }
}

static void put_input(mhoi_writer *w, MhoiOnnx__NodeProto *node, size_t i, char *name)
{
    while (node->n_input <= i)
        mhoi_message_input(node, mhoi_message_text(w, "%s", ""));
    node->input[i] = name;
}

/* An attribute as input i. */
static void move_attribute(mhoi_writer *w, MhoiOnnx__NodeProto *node, const mhoi_attr *a, size_t i)
{
    char *name;
    if (a->kind == MHOI_ATTR_FLOAT) {
        mho_array number = {.type = MHO_TYPE_FLOAT, .count = 1};
        number.data = memcpy(mhoi_message_take(w, sizeof a->real), &a->real, sizeof a->real);
        name = write_constant(w, &number, node->name, 100 + i);
    } else if (a->kind == MHOI_ATTR_INT) {
        name = write_whole(w, 1, &a->whole, node->name, 100 + i);
    } else {
        name = write_whole(w, a->count, a->ints, node->name, 100 + i);
    }
    put_input(w, node, i, name);
}

/* A node's values as the operation's input: its sizes, its type. */
static char *write_operand(mhoi_writer *w, const mho_node *n, size_t i)
{
    const mhoi_work *work = n->work;
    if (work->in[i].type == MHO_TYPE_NONE)
        return mhoi_message_text(w, "%s", "");
    if (work->from[i] == MHOI_NO_NODE)
        return write_constant(w, &work->in[i], n->name, i);
    char *name = mhoi_write_as(w, n->input[work->from[i]], &work->in[i]);
    if (work->in[i].type == MHO_TYPE_FLOAT)
        return name;
    char *cast = fresh_name(w, n->name, "cast");
    mhoi_message_int(w, mhoi_message_node(w, "Cast", name, cast), "to",
                     (size_t)type_of(work->in[i].type));
    return cast;
}

mho_status mhoi_write_work(mhoi_writer *w, size_t i, char *output)
{
    const mho_node *n = &w->net->node[i];
    const mhoi_work *work = n->work;
    char *input[MHOI_NODE_INPUTS], *raw = output;
    if (!work || mhoi_node_lists(n))
        return mhoi_node_refuse(n, MHOI_WALK_ONNX);
    if (!work->op) {
        (void)write_reshape(w, mhoi_message_text(w, "%s", w->net->node[n->input[0]].name),
                            &work->out, output);
        return MHO_OK;
    }
    mho_status s = check_types(n, work);
    if (!s)
        s = check_set(n, work);
    if (s)
        return s;
    if (work->out.type != MHO_TYPE_FLOAT)
        raw = mhoi_message_text(w, "%s.result", n->name);
    for (size_t k = 0; k < work->inputs; k++)
        input[k] = write_operand(w, n, k);
    MhoiOnnx__NodeProto *node = begin(w, n, raw);
    for (size_t k = 0; k < work->inputs; k++)
        put_input(w, node, k, input[k]);
    for (size_t k = 0; k < work->op->attrs; k++) {
        const size_t to = moved_to(work->op, &work->op->attr[k]);
        if (to)
            move_attribute(w, node, &work->op->attr[k], to);
        else
            set_attribute(w, node, &work->op->attr[k]);
    }
    if (is_softmax(work->op) && !mhoi_attr_find(work->op, "axis"))
        mhoi_message_int(w, node, "axis", 1);
    w->graph.node[w->graph.n_node++] = node;
    if (raw != output)
        mhoi_message_int(w, mhoi_message_node(w, "Cast", raw, output), "to",
                         MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    return MHO_OK;
}

char *mhoi_write_output(mhoi_writer *w, const mho_node *list, size_t k)
{
    char *from = write_operand(w, list, k);
    char *name = mhoi_message_text(w, "%s", list->work->name[k]);
    bool taken = !name[0];
    for (size_t i = 0; i < w->net->nodes && !taken; i++)
        taken = strcmp(w->net->node[i].name, name) == 0;
    if (taken)
        name = fresh_name(w, name, "output");
    (void)mhoi_message_node(w, "Identity", from, name);
    return name;
}
