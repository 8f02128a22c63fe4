/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no images: energy and area, cycles. */
#include "binding.h"

static PyObject *cost(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    int entries;
    PyObject *how, *json = NULL;
    binding_call call;
    mho_estimate *estimate = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&pO", binding_net, &net, binding_hw, &hw, &entries, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    if (binding_end(&call, mho_estimate_create(net, hw, &estimate))) {
        mho_json *root = mho_json_object();
        mho_estimate_json(estimate, net, hw, entries, root);
        json = binding_json(root);
    }
    mho_estimate_destroy(estimate);
    return json;
}

static PyObject *pipeline(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    PyObject *how, *json = NULL;
    binding_call call;
    mho_placement *placement = NULL;
    mho_pipeline *result = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&O", binding_net, &net, binding_hw, &hw, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mho_pipeline_create_placed(net, placement, &result);
    if (binding_end(&call, s)) {
        mho_json *root = mho_json_object();
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "hw", mho_json_text(mho_hw_name(hw)));
        mho_pipeline_json(result, placement, root);
        mho_placement_rewriting_json(placement, root);
        mho_json_put(root, "config", mho_hw_json(hw));
        json = binding_json(root);
    }
    mho_pipeline_destroy(result);
    mho_placement_destroy(placement);
    return json;
}

static mho_status place_all(const mho_net *net, const mho_hw *hw, mho_json *root)
{
    mho_placement *placement = NULL;
    mho_status s = mho_placement_create(net, hw, &placement);
    if (!s)
        s = mho_placement_json(net, hw, placement, root);
    mho_placement_destroy(placement);
    return s;
}

static PyObject *map(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    PyObject *how;
    binding_call call;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&O", binding_net, &net, binding_hw, &hw, &how))
        return NULL;
    mho_json *root = mho_json_object();
    if (binding_begin(&call, how) && binding_end(&call, place_all(net, hw, root)))
        return binding_json(root);
    mho_json_destroy(root);
    return NULL;
}

static PyObject *buffer(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    int entries;
    PyObject *how, *json = NULL;
    binding_call call;
    mho_array_estimate *estimate = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&pO", binding_net, &net, binding_hw, &hw, &entries, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    if (binding_end(&call, mho_array_estimate_create(net, hw, NULL, 0, &estimate))) {
        mho_json *root = mho_json_object();
        mho_array_estimate_json(estimate, hw, entries, root);
        json = binding_json(root);
    }
    mho_array_estimate_destroy(estimate);
    return json;
}

PyMethodDef binding_price_methods[] = {{"cost", cost, METH_VARARGS, "(net, hw, entries, how)"},
                                       {"pipeline", pipeline, METH_VARARGS, "(net, hw, how)"},
                                       {"map", map, METH_VARARGS, "(net, hw, how)"},
                                       {"buffer", buffer, METH_VARARGS, "(net, hw, entries, how)"},
                                       {NULL, NULL, 0, NULL}};
