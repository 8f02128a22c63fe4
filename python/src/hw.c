/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware descriptions. */
#include <math.h>

#include "binding.h"

/* Each function takes fields to set, "key=value", last. */
static PyObject *finish(mho_status s, mho_hw *hw, const char **sets)
{
    PyMem_Free(sets);
    if (!s)
        return binding_wrap(hw, HANDLE_HW);
    mho_hw_destroy(hw);
    return binding_raise(s);
}

static PyObject *open_hw(PyObject *self, PyObject *args)
{
    const char *name, **sets;
    mho_hw *hw = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "sO&", &name, binding_texts, &sets))
        return NULL;
    const mho_status s = mho_hw_open(name, sets, &hw);
    return finish(s, hw, sets);
}

static PyObject *read_hw(PyObject *self, PyObject *args)
{
    const char *text, *place, **sets;
    mho_hw *hw = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssO&", &text, &place, binding_texts, &sets))
        return NULL;
    const mho_status s = mho_hw_read(text, place, sets, &hw);
    return finish(s, hw, sets);
}

/* The description of "results.db:3" as text; None: it is no point of a store. */
static PyObject *of_point(PyObject *self, PyObject *args)
{
    const char *name;
    char *json = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    if (!mho_store_is_point(name))
        return Py_NewRef(Py_None);
    const mho_status s = mho_store_hw(name, &json);
    PyObject *text = s ? binding_raise(s) : PyUnicode_FromString(json);
    mho_store_text_free(json);
    return text;
}

static PyObject *replace(PyObject *self, PyObject *args)
{
    const mho_hw *from;
    const char **sets;
    mho_hw *hw = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&", binding_hw, &from, binding_texts, &sets))
        return NULL;
    mho_status s = mho_hw_clone(from, &hw);
    if (!s && sets)
        s = mho_hw_set_all(hw, sets);
    return finish(s, hw, sets);
}

static PyObject *ideal(PyObject *self, PyObject *args)
{
    const mho_hw *from;
    mho_hw *hw = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_hw, &from))
        return NULL;
    const mho_status s = mho_hw_clone_ideal(from, &hw);
    return finish(s, hw, NULL);
}

static PyObject *names_of(const mho_field *field)
{
    if (field->kind != MHO_FIELD_ENUM)
        return Py_NewRef(Py_None);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && field->names[i]; i++) {
        PyObject *name = PyUnicode_FromString(field->names[i]);
        if (!name || PyList_Append(list, name))
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyObject *field_of(const mho_hw *hw, size_t i)
{
    static const char *const kind[] = {
        [MHO_FIELD_BOOL] = "bool",   [MHO_FIELD_UINT] = "int",    [MHO_FIELD_DOUBLE] = "float",
        [MHO_FIELD_ENUM] = "choice", [MHO_FIELD_STRING] = "text", [MHO_FIELD_PATH] = "path",
        [MHO_FIELD_NAMED] = "name"};
    const mho_field *field = mho_hw_field(hw, i);
    const mho_origin *origin = mho_hw_origin(hw, i);
    char value[1024];
    (void)mho_hw_print(hw, i, value, sizeof value);
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:d,s:d,s:d,s:N,s:s,s:s,s:s}", "key", field->key, "kind",
                         kind[field->kind], "value", value, "unit", field->unit, "scale",
                         field->scale, "min", field->min, "max", field->max, "names",
                         names_of(field), "help", field->help, "place", origin->place, "source",
                         origin->source);
}

static PyObject *fields(PyObject *self, PyObject *args)
{
    const mho_hw *hw;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_hw, &hw))
        return NULL;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < mho_hw_field_count(hw); i++) {
        PyObject *field = field_of(hw, i);
        if (!field || PyList_Append(list, field))
            Py_CLEAR(list);
        Py_XDECREF(field);
    }
    return list;
}

static PyObject *describe(PyObject *self, PyObject *args)
{
    const mho_hw *hw;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_hw, &hw))
        return NULL;
    return Py_BuildValue("(ssK)", mho_hw_name(hw), mho_hw_arch(hw),
                         (unsigned long long)mho_hw_identity(hw));
}

static PyObject *json(PyObject *self, PyObject *args)
{
    const mho_hw *hw;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_hw, &hw))
        return NULL;
    return binding_json(mho_hw_json(hw));
}

/* ("key = value", why it has no effect) of each. */
static PyObject *idle(PyObject *self, PyObject *args)
{
    const mho_hw *hw;
    const char *why = NULL;
    char value[256];
    (void)self;
    if (!PyArg_ParseTuple(args, "O&", binding_hw, &hw))
        return NULL;
    PyObject *list = PyList_New(0);
    for (size_t i = mho_hw_idle(hw, 0, &why); list && i < mho_hw_field_count(hw);
         i = mho_hw_idle(hw, i + 1, &why)) {
        mho_hw_print(hw, i, value, sizeof value);
        PyObject *row = Py_BuildValue("(sss)", mho_hw_field(hw, i)->key, value, why);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *open_default(PyObject *self, PyObject *args)
{
    const char *arch;
    mho_hw *hw = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "s", &arch))
        return NULL;
    const mho_status s = mho_hw_default(arch, &hw);
    return s ? binding_raise(s) : binding_wrap(hw, HANDLE_HW);
}

PyMethodDef binding_hw_methods[] = {
    {"hw_idle", idle, METH_VARARGS, "(hw): (key, value, why it has no effect)"},
    {"hw_default", open_default, METH_VARARGS, "(arch)"},
    {"hw_open", open_hw, METH_VARARGS, "(name or path, sets)"},
    {"hw_point", of_point, METH_VARARGS, "(name): JSON of \"results.db:3\", or None"},
    {"hw_read", read_hw, METH_VARARGS, "(YAML text, place, sets)"},
    {"hw_replace", replace, METH_VARARGS, "(hw, sets): a copy"},
    {"hw_ideal", ideal, METH_VARARGS, "(hw): a copy with cells that hold what they were told"},
    {"hw_fields", fields, METH_VARARGS, "(hw): a dictionary each"},
    {"hw_describe", describe, METH_VARARGS, "(hw): name, arch, identity"},
    {"hw_json", json, METH_VARARGS, "(hw)"},
    {NULL, NULL, 0, NULL}};
