/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer bits, and blocks: networks made from networks. */
#include "binding.h"

static PyObject *of_quantized(mho_net *net, const mho_quantize_report *report)
{
    PyObject *json = binding_json(mho_quantize_report_json(report));
    PyObject *handle = binding_wrap(net, HANDLE_NET);
    if (json && handle)
        return Py_BuildValue("(NN)", handle, json);
    Py_XDECREF(json);
    Py_XDECREF(handle);
    return NULL;
}

static PyObject *quantize(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_data *data;
    const char *method, **sets;
    PyObject *how;
    binding_call call;
    mho_net *out = NULL;
    mho_quantize_report *report = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&sO&O", binding_net, &net, binding_data_or_none, &data, &method,
                          binding_texts, &sets, &how))
        return NULL;
    PyObject *result = NULL;
    if (binding_begin(&call, how)) {
        if (binding_end(&call, mho_quantize(net, data, method, sets, &out, &report)))
            result = of_quantized(out, report);
        else
            mho_net_destroy(out);
    }
    PyMem_Free(sets);
    mho_quantize_report_destroy(report);
    return result;
}

static PyObject *add_field(PyObject *list, const mho_field *f)
{
    PyObject *row = Py_BuildValue("(sss)", f->key, f->preset, f->help);
    if (!row || PyList_Append(list, row))
        Py_CLEAR(list);
    Py_XDECREF(row);
    return list;
}

static PyObject *methods(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyObject *all = PyDict_New();
    for (size_t i = 0; all && i < mho_quantize_method_count; i++) {
        const mho_quantize_method *m = &mho_quantize_methods[i];
        PyObject *list = PyList_New(0);
        for (size_t k = 0; list && k < m->fields->count; k++)
            list = add_field(list, &m->fields->field[k]);
        if (!list || PyDict_SetItemString(all, m->name, list))
            Py_CLEAR(all);
        Py_XDECREF(list);
    }
    return all;
}

/* --- block sizes ---------------------------------------------------------------------------------------- */

typedef struct searching {
    mho_block_options options;
    mho_block_trial trial; /* net NULL: no accuracy is asked for */
    double within;
    size_t found;
} searching;

/* Different ones of 1.., MHO_BLOCK_SIZES at most: the package has seen to it. */
static bool read_sizes(PyObject *sequence, mho_block_options *out)
{
    const Py_ssize_t n = PySequence_Size(sequence);
    if (n < 0)
        return false;
    out->sizes = (size_t)n;
    for (Py_ssize_t i = 0; i < n && i < MHO_BLOCK_SIZES; i++) {
        PyObject *item = PySequence_GetItem(sequence, i);
        out->size[i] = item ? PyLong_AsSize_t(item) : 0;
        Py_XDECREF(item);
        if (PyErr_Occurred())
            return false;
    }
    return true;
}

static mho_status run_search(const mho_net *net, const mho_hw *hw, searching *o,
                             mho_block_search **out)
{
    mho_status s = mho_block_search_create(net, hw, &o->options, out);
    if (!s && o->trial.net)
        s = mho_block_search_within(*out, &o->trial, o->within, &o->found);
    return s;
}

static PyObject *search(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    PyObject *sizes, *how, *json = NULL;
    unsigned long long images, trials, epochs, seed;
    searching o = {.found = SIZE_MAX};
    binding_call call;
    mho_block_search *found = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&OO&O&dKKKKO", binding_net, &net, binding_hw, &hw, &sizes,
                          binding_net_or_none, &o.trial.net, binding_data_or_none, &o.trial.data,
                          &o.within, &images, &trials, &epochs, &seed, &how) ||
        !read_sizes(sizes, &o.options))
        return NULL;
    o.trial.hw = hw;
    o.trial.images = images;
    o.trial.trials = trials;
    o.trial.epochs = epochs;
    o.trial.seed = seed;
    if (!binding_begin(&call, how))
        return NULL;
    if (binding_end(&call, run_search(net, hw, &o, &found))) {
        mho_json *root = mho_json_object();
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "hw", mho_json_text(mho_hw_name(hw)));
        mho_block_search_json(found, o.trial.net != NULL, o.found, root);
        json = binding_json(root);
    }
    mho_block_search_destroy(found);
    return json;
}

PyMethodDef binding_quantize_methods[] = {
    {"quantize", quantize, METH_VARARGS, "(net, data, method, sets, how): (net, report)"},
    {"quantize_methods", methods, METH_NOARGS, "{method: [(key, default, help), ...]}"},
    {"search", search, METH_VARARGS,
     "(net, hw, sizes, trained net or None, data, within, images, trials, epochs, seed, how)"},
    {NULL, NULL, 0, NULL}};
