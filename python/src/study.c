/* SPDX-License-Identifier: Apache-2.0 */
/* Studies: evaluate, simulate and sweep are one of these each. */
#include "binding.h"

typedef struct opening {
    mho_subject subject;
    mho_study_options options;
    const char **set, **axes;
    PyObject *how;
} opening;

static bool parse(PyObject *args, opening *o)
{
    unsigned long long seed, images, trials;
    int on_test, ideal, prices, baseline;
    double half;
    *o = (opening){.set = NULL};
    mho_subject *u = &o->subject;
    if (!PyArg_ParseTuple(args, "zO&zO&O&zO&p(KKKdppp)O&O", &u->net, binding_net_or_none,
                          &u->network, &u->hw, binding_hw_or_none, &u->hardware, binding_texts,
                          &o->set, &u->data, binding_data_or_none, &u->images, &on_test, &seed,
                          &images, &trials, &half, &ideal, &prices, &baseline, binding_texts,
                          &o->axes, &o->how)) {
        PyMem_Free(o->set);
        PyMem_Free(o->axes);
        return false;
    }
    u->set = o->set;
    u->calibrate_on_test = on_test;
    o->options = (mho_study_options){.seed = seed,
                                     .images = images,
                                     .trials = trials,
                                     .wanted_half = half,
                                     .ideal = ideal,
                                     .prices = prices,
                                     .baseline = baseline};
    return true;
}

static PyObject *open_study(PyObject *self, PyObject *args)
{
    opening o;
    binding_call call;
    mho_study *study = NULL;
    (void)self;
    if (!parse(args, &o))
        return NULL;
    bool good = binding_begin(&call, o.how);
    if (good) {
        const mho_status s = mho_study_open(&o.subject, &o.options, o.axes, NULL, &study);
        good = binding_end(&call, s);
    }
    PyMem_Free(o.set);
    PyMem_Free(o.axes);
    if (good)
        return binding_needs(binding_wrap(study, HANDLE_STUDY), PyTuple_GetItem(args, 6));
    mho_study_destroy(study);
    return NULL;
}

static PyObject *run(PyObject *self, PyObject *args)
{
    mho_study *study;
    unsigned long long point;
    PyObject *how;
    binding_call call;
    mho_result result = {.stage = MHO_STAGE_OPEN};
    (void)self;
    if (!PyArg_ParseTuple(args, "O&KO", binding_study, &study, &point, &how))
        return NULL;
    if (point >= mho_study_points(study))
        return PyErr_Format(PyExc_IndexError, "point %llu of %zu", point, mho_study_points(study));
    if (!binding_begin(&call, how))
        return NULL;
    const bool good = binding_end(&call, mho_study_run(study, point, &result));
    PyObject *json = good ? binding_json(mho_result_json(&result)) : NULL;
    mho_result_free(&result);
    return json;
}

/* The JSON of all; where none has a result, the trouble of the worst. */
static PyObject *compared(const mho_comparison *c)
{
    if (mho_comparison_any(c) || c->worst == c->columns)
        return binding_json(mho_comparison_json(c));
    const mho_compared *worst = &c->column[c->worst];
    return binding_raise(mho_error(worst->status, "%s: %s", worst->name, worst->message));
}

static PyObject *compare(PyObject *self, PyObject *args)
{
    opening o;
    const char **names;
    const mho_hw **hardware;
    PyObject *how, *rest, *json = NULL;
    binding_call call;
    mho_comparison *c = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "OO&O&O", &rest, binding_texts, &names, binding_hardwares,
                          &hardware, &how))
        return NULL;
    if (parse(rest, &o)) {
        o.subject.descriptions = hardware;
        if (binding_begin(&call, how)) {
            const mho_status s = mho_study_compare(&o.subject, names, &o.options, &c);
            const bool ended = binding_end(&call, s);
            json = ended ? compared(c) : NULL;
        }
        PyMem_Free(o.set);
        PyMem_Free(o.axes);
    }
    mho_comparison_destroy(c);
    PyMem_Free(names);
    PyMem_Free(hardware);
    return json;
}

/* {key: value} of a point. */
static PyObject *values_of(const mho_grid *grid, size_t point)
{
    PyObject *map = PyDict_New();
    for (size_t a = 0; map && grid && a < mho_grid_axes(grid); a++) {
        PyObject *value = PyUnicode_FromString(mho_grid_value(grid, point, a));
        if (!value || PyDict_SetItemString(map, mho_grid_key(grid, a), value))
            Py_CLEAR(map);
        Py_XDECREF(value);
    }
    return map;
}

static PyObject *points(PyObject *self, PyObject *args)
{
    const mho_study *study;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_study, &study))
        return NULL;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < mho_study_points(study); i++) {
        PyObject *values = values_of(mho_study_grid(study), i);
        if (!values || PyList_Append(list, values))
            Py_CLEAR(list);
        Py_XDECREF(values);
    }
    return list;
}

PyMethodDef binding_study_methods[] = {
    {"study_open", open_study, METH_VARARGS,
     "(net name, net, hw name, hw, sets, data name, data, calibrate on test, (seed, images, "
     "trials, "
     "half, ideal, prices, baseline), axes, how)"},
    {"study_compare", compare, METH_VARARGS,
     "(arguments of study_open, hw names, handles or None each, how)"},
    {"study_run", run, METH_VARARGS, "(study, point, how): the JSON of a result"},
    {"study_points", points, METH_VARARGS, "(study): the swept values of each"},
    {NULL, NULL, 0, NULL}};
