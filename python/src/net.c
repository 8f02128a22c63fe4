/* SPDX-License-Identifier: Apache-2.0 */
/* Networks. */
#include "binding.h"

static PyObject *open_net(PyObject *self, PyObject *args)
{
    const char *name;
    mho_net *net = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    const mho_status s = mho_net_open(name, &net);
    return s ? binding_raise(s) : binding_wrap(net, HANDLE_NET);
}

static PyObject *open_model(PyObject *self, PyObject *args)
{
    const char *name, *data;
    int binary;
    mho_net *net = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "sps", &name, &binary, &data))
        return NULL;
    const mho_status s =
        mho_model_open(name, binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT, data, &net);
    return s ? binding_raise(s) : binding_wrap(net, HANDLE_NET);
}

static PyObject *read_yaml(PyObject *self, PyObject *args)
{
    const char *text, *place;
    mho_net *net = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss", &text, &place))
        return NULL;
    const mho_status s = mho_net_read(text, place, &net);
    return s ? binding_raise(s) : binding_wrap(net, HANDLE_NET);
}

static PyObject *parse_onnx(PyObject *self, PyObject *args)
{
    Py_buffer bytes;
    const char *place;
    mho_net *net = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*s", &bytes, &place))
        return NULL;
    const mho_status s = mho_onnx_parse(bytes.buf, (size_t)bytes.len, place, &net);
    PyBuffer_Release(&bytes);
    return s ? binding_raise(s) : binding_wrap(net, HANDLE_NET);
}

static PyObject *write_onnx(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const char *path;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&s", binding_net, &net, &path))
        return NULL;
    const mho_status s = mho_onnx_write(net, path);
    return s ? binding_raise(s) : Py_NewRef(Py_None);
}

static PyObject *clone(PyObject *self, PyObject *args)
{
    const mho_net *net;
    mho_net *out = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_net, &net))
        return NULL;
    const mho_status s = mho_net_clone(net, &out);
    return s ? binding_raise(s) : binding_wrap(out, HANDLE_NET);
}

/* A copy in another style, with blocks and bits where they are told. */
static PyObject *restyle(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const char *blocks, *bits;
    int binary;
    mho_net *out = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&pzz", binding_net, &net, &binary, &blocks, &bits))
        return NULL;
    mho_status s = mho_net_style(net, binary ? MHO_STYLE_BINARY : MHO_STYLE_FLOAT, &out);
    if (!s && blocks)
        s = mho_net_set_blocks(out, blocks);
    if (!s && blocks)
        s = mho_net_check_blocks(out);
    if (!s && bits)
        s = mho_net_set_bits(out, bits);
    if (!s)
        return binding_wrap(out, HANDLE_NET);
    mho_net_destroy(out);
    return binding_raise(s);
}

/* --- what it is ---------------------------------------------------------------------------------------- */

static PyObject *shape_of(mho_shape s)
{
    return Py_BuildValue("(nnn)", (Py_ssize_t)s.c, (Py_ssize_t)s.h, (Py_ssize_t)s.w);
}

static PyObject *inputs_of(const mho_node *node)
{
    PyObject *list = PyList_New(0);
    for (size_t k = 0; list && k < mho_node_inputs(node); k++) {
        PyObject *number = PyLong_FromSize_t(mho_node_input(node, k));
        if (!number || PyList_Append(list, number))
            Py_CLEAR(list);
        Py_XDECREF(number);
    }
    return list;
}

static PyObject *layer_of(const mho_node *node)
{
    return Py_BuildValue(
        "{s:s,s:s,s:N,s:N,s:N,s:n,s:n,s:K}", "name", mho_node_name(node), "op",
        mho_node_op_name(node), "inputs", inputs_of(node), "input_shape",
        shape_of(mho_node_input_shape(node)), "output_shape", shape_of(mho_node_output_shape(node)),
        "weights", (Py_ssize_t)mho_node_weight_count(node), "biases",
        (Py_ssize_t)mho_node_bias_count(node), "macs", (unsigned long long)mho_node_macs(node));
}

static PyObject *layers_of(const mho_net *net)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < mho_net_nodes(net); i++) {
        PyObject *layer = layer_of(mho_net_node(net, i));
        if (!layer || PyList_Append(list, layer))
            Py_CLEAR(list);
        Py_XDECREF(layer);
    }
    return list;
}

static PyObject *describe(PyObject *self, PyObject *args)
{
    const mho_net *net;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_net, &net))
        return NULL;
    return Py_BuildValue(
        "{s:s,s:s,s:s,s:N,s:N,s:n,s:f,s:N,s:N,s:K,s:K,s:n,s:n,s:N}", "name", mho_net_name(net),
        "source", mho_net_source(net), "assumed", mho_net_assumed(net), "input_shape",
        shape_of(mho_net_input_shape(net)), "output_shape", shape_of(mho_net_output_shape(net)),
        "input_bits", (Py_ssize_t)mho_net_input_bits(net), "input_scale",
        (double)mho_net_input_scale(net), "has_parameters",
        PyBool_FromLong(mho_net_has_parameters(net)), "is_general",
        PyBool_FromLong(mho_net_is_general(net)), "macs", (unsigned long long)mho_net_macs(net),
        "parameters", (unsigned long long)mho_net_parameters(net), "inputs",
        (Py_ssize_t)mho_net_inputs(net), "outputs", (Py_ssize_t)mho_net_outputs(net), "layers",
        layers_of(net));
}

/* A copy that reads images by these settings, or as it does. */
static PyObject *with_input(PyObject *self, PyObject *args)
{
    const mho_net *from;
    const char **settings;
    mho_net *net = NULL;
    mho_input input;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&", binding_net, &from, binding_texts, &settings))
        return NULL;
    mho_net_get_input(from, &input);
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && settings && settings[i]; i++)
        s = mho_input_set(&input, settings[i]);
    PyMem_Free(settings);
    if (!s)
        s = mho_net_clone(from, &net);
    if (!s)
        s = mho_net_set_input(net, &input);
    if (!s)
        return binding_wrap(net, HANDLE_NET);
    mho_net_destroy(net);
    return binding_raise(s);
}

static PyObject *input_text(PyObject *self, PyObject *args)
{
    const mho_net *net;
    char text[MHO_INPUT_TEXT];
    mho_input input;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_net, &net))
        return NULL;
    mho_net_get_input(net, &input);
    return PyUnicode_FromString(mho_input_text(&input, text));
}

PyMethodDef binding_net_methods[] = {
    {"net_open", open_net, METH_VARARGS, "(name or path)"},
    {"net_model", open_model, METH_VARARGS, "(name, binary, data): with trained parameters"},
    {"net_read", read_yaml, METH_VARARGS, "(YAML text, place)"},
    {"net_parse", parse_onnx, METH_VARARGS, "(bytes of ONNX, place)"},
    {"net_write", write_onnx, METH_VARARGS, "(net, path)"},
    {"net_clone", clone, METH_VARARGS, "(net)"},
    {"net_style", restyle, METH_VARARGS, "(net, binary, blocks or None, bits or None)"},
    {"net_with_input", with_input, METH_VARARGS, "(net, settings): a copy"},
    {"net_input_text", input_text, METH_VARARGS, "(net)"},
    {"net_describe", describe, METH_VARARGS, "(net)"},
    {NULL, NULL, 0, NULL}};
