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
        mho_json_put(root, "config", mho_hw_json(hw));
        json = binding_json(root);
    }
    mho_pipeline_destroy(result);
    mho_placement_destroy(placement);
    return json;
}

PyMethodDef binding_price_methods[] = {{"cost", cost, METH_VARARGS, "(net, hw, entries, how)"},
                                       {"pipeline", pipeline, METH_VARARGS, "(net, hw, how)"},
                                       {NULL, NULL, 0, NULL}};
