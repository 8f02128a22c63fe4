/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ONNX graphs: what mho writes, and chains and residuals as common exporters write them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/file.h"
#include "net/net_impl.h"
#include "onnx/onnx_graph.h"

#define OPSET_MIN 7
#define OPSET_MAX 21

const mhoi_value *mhoi_graph_value(const mhoi_graph *g, const char *name)
{
    for (size_t i = g->values; i-- > 0;)
        if (strcmp(g->value[i].name, name) == 0)
            return &g->value[i];
    return NULL;
}

const MhoiOnnx__TensorProto *mhoi_graph_constant(const mhoi_graph *g, const char *name)
{
    for (size_t i = 0; i < g->constants; i++)
        if (strcmp(g->constant[i].name, name) == 0)
            return g->constant[i].tensor;
    return NULL;
}

/* [N, c, h, w] or [N, features] */
static mho_status read_shape(const MhoiOnnx__ValueInfoProto *info, mho_shape *out, bool *flat)
{
    const char *name = mhoi_onnx_text(info->name);
    const MhoiOnnx__TypeProto *type = info->type;
    if (!type || type->value_case != MHOI_ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        !type->tensor_type || !type->tensor_type->shape)
        return mho_error(MHO_EFORMAT, "input '%s' has no shape", name);
    if (type->tensor_type->elem_type != MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return mho_error(MHO_ENOTMODELED, "input '%s' of ONNX type %d, want float", name,
                         type->tensor_type->elem_type);
    const MhoiOnnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (shape->n_dim != 4 && shape->n_dim != 2)
        return mho_error(MHO_ENOTMODELED, "input '%s' of %zu dimensions, want 4 or 2", name,
                         shape->n_dim);
    size_t dim[4] = {1, 1, 1, 1};
    for (size_t k = 1; k < shape->n_dim; k++) {
        const MhoiOnnx__TensorShapeProto__Dimension *d = shape->dim[k];
        if (d->value_case != MHOI_ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ||
            d->dim_value < 1)
            return mho_error(MHO_EFORMAT, "input '%s': dimension %zu is no number of 1 or more",
                             name, k);
        dim[k] = (size_t)d->dim_value;
    }
    *out = (mho_shape){dim[1], dim[2], dim[3]};
    *flat = shape->n_dim == 2;
    return MHO_OK;
}

static mho_status add_initializers(mhoi_graph *g)
{
    for (size_t i = 0; i < g->proto->n_initializer; i++) {
        const MhoiOnnx__TensorProto *t = g->proto->initializer[i];
        g->constant[g->constants++] = (mhoi_constant){mhoi_onnx_text(t->name), t};
    }
    return g->proto->n_sparse_initializer ? mho_error(MHO_ENOTMODELED, "sparse initializers")
                                          : MHO_OK;
}

static mho_status add_input(mhoi_graph *g)
{
    const MhoiOnnx__ValueInfoProto *input = NULL;
    for (size_t i = 0; i < g->proto->n_input; i++) {
        const MhoiOnnx__ValueInfoProto *info = g->proto->input[i];
        if (mhoi_graph_constant(g, mhoi_onnx_text(info->name)))
            continue;
        if (input)
            return mho_error(MHO_ENOTMODELED, "two inputs, '%s' and '%s'",
                             mhoi_onnx_text(input->name), mhoi_onnx_text(info->name));
        input = info;
    }
    if (!input)
        return mho_error(MHO_EFORMAT, "no input");
    bool flat = false;
    mho_status s = read_shape(input, &g->net->node[0].out, &flat);
    if (s)
        return s;
    g->net->nodes = 1;
    mhoi_net_set_unique_name(g->net, 0, mhoi_onnx_text(input->name)[0] ? input->name : "input");
    g->value[g->values++] = (mhoi_value){mhoi_onnx_text(input->name), 0, flat, false, false};
    return mhoi_net_infer_node(g->net, 0);
}

/* "mho.input_scale" and "mho.input_bits"; other files: 8 bits, 2^-8. */
static mho_status read_metadata(const MhoiOnnx__ModelProto *model, mho_net *net)
{
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const char *key = mhoi_onnx_text(model->metadata_props[i]->key);
        const char *value = mhoi_onnx_text(model->metadata_props[i]->value);
        char *end = NULL;
        if (strcmp(key, "mho.input_scale") == 0) {
            net->input_scale = (float)mhoi_decimal_read(value, &end);
            if (*end || !(net->input_scale > 0) || !isfinite(net->input_scale))
                return mho_error(MHO_EFORMAT, "%s = '%s', want more than 0", key, value);
        } else if (strcmp(key, "mho.input_bits") == 0) {
            const long bits = strtol(value, &end, 10);
            if (*end || bits < 1 || bits > 16)
                return mho_error(MHO_EFORMAT, "%s = '%s', want 1..16", key, value);
            net->input_bits = (size_t)bits;
        } else if (strcmp(key, "mho.source") == 0) {
            strncpy(net->source, value, sizeof net->source - 1);
        }
    }
    return MHO_OK;
}

static mho_status check_opset(const MhoiOnnx__ModelProto *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const MhoiOnnx__OperatorSetIdProto *set = model->opset_import[i];
        const char *domain = mhoi_onnx_text(set->domain);
        if (domain[0] && strcmp(domain, "ai.onnx") != 0)
            continue; /* a node of that domain, if any, is refused */
        if (set->version < OPSET_MIN || set->version > OPSET_MAX)
            return mho_error(MHO_ENOTMODELED, "operator set %lld, want %d..%d",
                             (long long)set->version, OPSET_MIN, OPSET_MAX);
    }
    return MHO_OK;
}

mho_status mhoi_onnx_check_finite(const mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        const mho_node *n = &net->node[i];
        const float *const values[] = {n->weight, n->bias, n->gamma, n->beta, n->mean, n->variance};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            const size_t count = k == 0 ? mho_node_weight_count(n) : n->out.c;
            for (size_t j = 0; values[k] && j < count; j++)
                if (!isfinite(values[k][j]))
                    return mho_error(MHO_EFORMAT, "layer '%s': parameter %zu is %g", n->name, j,
                                     (double)values[k][j]);
        }
    }
    return MHO_OK;
}

static void find_alphabets(mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++)
        net->node[i].alphabet = mhoi_node_find_alphabet(&net->node[i]);
}

static mho_status check_output(mhoi_graph *g)
{
    if (g->proto->n_output != 1)
        return mho_error(MHO_ENOTMODELED, "%zu outputs, want one", g->proto->n_output);
    const char *name = mhoi_onnx_text(g->proto->output[0]->name);
    size_t node;
    bool flat;
    mho_status s = mhoi_graph_layer(g, name, &node, &flat);
    if (!s && node + 1 != g->net->nodes)
        s = mho_error(MHO_ENOTMODELED, "output '%s' is not the last layer", name);
    return s;
}

static mho_status walk(mhoi_graph *g, const MhoiOnnx__ModelProto *model)
{
    mho_status s = check_opset(model);
    if (!s)
        s = read_metadata(model, g->net);
    if (!s)
        s = add_initializers(g);
    if (!s)
        s = add_input(g);
    for (size_t i = 0; !s && i < g->proto->n_node; i++)
        s = mhoi_onnx_convert(g, g->proto->node[i]);
    if (!s)
        s = check_output(g);
    if (!s)
        s = mhoi_onnx_check_finite(g->net);
    if (!s)
        find_alphabets(g->net);
    return s;
}

static mho_status convert(const MhoiOnnx__ModelProto *model, const char *place, mho_net **out)
{
    mhoi_graph g = {.proto = model->graph};
    if (!g.proto || g.proto->n_node == 0)
        return mho_error(MHO_EFORMAT, "%s: no graph in the file", place);
    const size_t nodes = g.proto->n_node + 1;
    mho_status s = mhoi_net_create(mhoi_onnx_text(g.proto->name), nodes, &g.net);
    if (!s)
        s = mhoi_alloc(&g.value, nodes, sizeof *g.value, "ONNX values");
    if (!s)
        s = mhoi_alloc(&g.constant, g.proto->n_initializer + nodes, sizeof *g.constant,
                       "ONNX constants");
    if (!s)
        s = walk(&g, model);
    if (s)
        s = mho_error_prefix(s == MHO_ECONFIG ? MHO_EFORMAT : s, "%s", place);
    else
        s = mhoi_net_infer_shapes(g.net, place) ? MHO_EFORMAT : MHO_OK;
    if (!s && (s = mhoi_onnx_read_coding(model, g.net)))
        s = mho_error_prefix(s, "%s", place);
    mhoi_free(&g.constant);
    mhoi_free(&g.value);
    if (s)
        mho_net_destroy(g.net);
    else
        *out = g.net;
    return s;
}

mho_status mho_onnx_parse(const void *bytes, size_t size, const char *place, mho_net **out)
{
    *out = NULL;
    MhoiOnnx__ModelProto *model = NULL;
    mho_status s = mhoi_onnx_unpack(bytes, size, place, &model);
    if (!s)
        s = convert(model, place, out);
    mhoi_onnx_free(model);
    return s;
}

mho_status mho_onnx_read(const char *path, mho_net **out)
{
    *out = NULL;
    char *bytes = NULL;
    size_t size = 0;
    mho_status s = mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, &size);
    if (!s)
        s = mho_onnx_parse(bytes, size, path, out);
    mhoi_free(&bytes);
    return s;
}
