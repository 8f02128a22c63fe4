/* SPDX-License-Identifier: Apache-2.0 */
/* Exploration of many designs, and the files that keep them. */
#include <math.h>
#include <stdlib.h>

#include "binding.h"

/* --- exploring ------------------------------------------------------------------------------------------ */

/* None where there is no number. */
static PyObject *number_of(double v)
{
    return isfinite(v) ? PyFloat_FromDouble(v) : Py_NewRef(Py_None);
}

static bool put(PyObject *map, const char *key, PyObject *value)
{
    const bool good = value && !PyDict_SetItemString(map, key, value);
    Py_XDECREF(value);
    return good;
}

static PyObject *point_of(const mho_explore *explore, const char **value)
{
    PyObject *point = PyDict_New();
    bool good = point != NULL;
    for (size_t a = 0; good && a < mho_explore_axes(explore); a++)
        good = put(point, mho_explore_axis(explore, a), PyUnicode_FromString(value[a]));
    if (!good)
        Py_CLEAR(point);
    return point;
}

static PyObject *row_of(const mho_explore *explore, size_t i, const char **value)
{
    mho_explore_row row;
    mho_explore_row_at(explore, i, value, &row);
    PyObject *map = PyDict_New();
    bool good = map && put(map, "point", point_of(explore, value));
    for (size_t f = 0; good && f < mho_summary_fields(); f++)
        good = put(map, mho_summary_at(f)->key, number_of(mho_summary_get(row.sum, f)));
    good = good && put(map, "status", PyUnicode_FromString(row.status)) &&
           put(map, "trials", PyLong_FromSize_t(row.trials)) &&
           put(map, "images", PyLong_FromSize_t(row.images)) &&
           put(map, "front", PyBool_FromLong(row.front)) &&
           put(map, "row", PyLong_FromLongLong(row.row));
    if (!good)
        Py_CLEAR(map);
    return map;
}

static PyObject *rows_of(const mho_explore *explore)
{
    const char **value = PyMem_Calloc(mho_explore_axes(explore) + 1, sizeof *value);
    PyObject *list = value ? PyList_New(0) : PyErr_NoMemory();
    for (size_t i = 0; list && i < mho_explore_rows(explore); i++) {
        PyObject *row = row_of(explore, i, value);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    PyMem_Free(value);
    return list;
}

static PyObject *report_of(const mho_explore_report *r)
{
    return Py_BuildValue("{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:K,s:K,s:d,s:N,s:L,s:s,s:s}", "points",
                         (Py_ssize_t)r->points, "known", (Py_ssize_t)r->known, "priced",
                         (Py_ssize_t)r->priced, "done", (Py_ssize_t)r->done, "dropped",
                         (Py_ssize_t)r->dropped, "infeasible", (Py_ssize_t)r->infeasible, "failed",
                         (Py_ssize_t)r->failed, "image_runs", (unsigned long long)r->image_runs,
                         "image_runs_full", (unsigned long long)r->image_runs_full, "seconds",
                         r->seconds, "best", number_of(r->best), "best_row", (long long)r->best_row,
                         "best_point", r->best_text, "objective", r->objective);
}

static PyObject *explore(PyObject *self, PyObject *args)
{
    const char *name, *path, **set;
    mho_explore_options o = {.network = NULL};
    unsigned long long images, trials, seed;
    int go_on, has_seed, on_test;
    PyObject *how, *result = NULL;
    binding_call call;
    mho_explore *explore = NULL;
    mho_store *store = NULL;
    mho_explore_report report;
    (void)self;
    if (!PyArg_ParseTuple(args, "sspzzzO&KKpKpO", &name, &path, &go_on, &o.network, &o.hw, &o.data,
                          binding_texts, &set, &images, &trials, &has_seed, &seed, &on_test, &how))
        return NULL;
    o.set = set;
    o.images = images;
    o.trials = trials;
    o.has_seed = has_seed;
    o.seed = seed;
    o.calibrate_on_test = on_test;
    if (binding_begin(&call, how)) {
        mho_status s = mho_explore_open(name, &o, &explore);
        if (!s)
            s = mho_store_open(path, go_on ? MHO_STORE_GO_ON : MHO_STORE_CREATE, &store);
        if (!s)
            s = mho_explore_run(explore, store, &report);
        mho_store_close(store);
        if (binding_end(&call, s))
            result = Py_BuildValue("(sNN)", mho_explore_name(explore), rows_of(explore),
                                   report_of(&report));
    }
    mho_explore_destroy(explore);
    PyMem_Free(set);
    return result;
}

/* --- asking --------------------------------------------------------------------------------------------- */

typedef struct answer {
    binding_call *call;
    PyObject *rows;
} answer;

/* A text that is a number is one. */
static PyObject *value_of(const char *text)
{
    if (!text)
        return Py_NewRef(Py_None);
    PyObject *number = PyLong_FromString(text, NULL, 10);
    if (!number) {
        PyErr_Clear();
        PyObject *word = PyUnicode_FromString(text);
        number = word ? PyFloat_FromString(word) : NULL;
        if (number || !word) {
            Py_XDECREF(word);
            return number;
        }
        PyErr_Clear();
        return word;
    }
    return number;
}

static mho_status on_row(void *user, const mho_store_row *row)
{
    answer *a = user;
    PyEval_RestoreThread(a->call->python);
    PyObject *list = PyList_New(0);
    bool good = list != NULL;
    for (size_t i = 0; good && i < row->columns; i++) {
        PyObject *value =
            row->titles ? PyUnicode_FromString(row->value[i]) : value_of(row->value[i]);
        good = value && !PyList_Append(list, value);
        Py_XDECREF(value);
    }
    good = good && !PyList_Append(a->rows, list);
    Py_XDECREF(list);
    if (!good) {
        PyErr_Fetch(&a->call->type, &a->call->value, &a->call->trace);
        a->call->failed = true;
    }
    a->call->python = PyEval_SaveThread();
    return good ? MHO_OK : MHO_EINTERRUPTED;
}

static PyObject *query(PyObject *self, PyObject *args)
{
    const char *path, *sql;
    PyObject *how;
    binding_call call;
    mho_store *store = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "ssO", &path, &sql, &how))
        return NULL;
    answer a = {.call = &call, .rows = PyList_New(0)};
    bool good = a.rows && binding_begin(&call, how);
    if (good) {
        mho_status s = mho_store_open(path, MHO_STORE_READ, &store);
        if (!s)
            s = mho_store_query(store, sql, on_row, &a);
        mho_store_close(store);
        good = binding_end(&call, s);
    }
    if (!good)
        Py_CLEAR(a.rows);
    return a.rows;
}

PyMethodDef binding_explore_methods[] = {
    {"explore", explore, METH_VARARGS,
     "(name, store, go on, network, hw, data, sets, images, trials, has seed, seed, calibrate on "
     "test, how): (name, rows, report)"},
    {"query", query, METH_VARARGS, "(store, SQL, how): titles, then rows"},
    {NULL, NULL, 0, NULL}};
