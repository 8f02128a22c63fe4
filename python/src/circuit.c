/* SPDX-License-Identifier: Apache-2.0 */
/* Crossbars with wire resistance. */
#include "binding.h"

/* What all of them take: (r_row, r_col, r_driver, r_sense, both sides), N, M, g, floating or None. */
typedef struct crossbar {
    mho_circuit_options options;
    Py_ssize_t N, M;
    Py_buffer g, floating;
    bool has_floating;
} crossbar;

static void drop(crossbar *c)
{
    PyBuffer_Release(&c->g);
    if (c->has_floating)
        PyBuffer_Release(&c->floating);
}

static bool take(crossbar *c, PyObject *g, PyObject *floating)
{
    if (!binding_buffer(g, "d", c->N * c->M, false, "g", &c->g))
        return false;
    c->has_floating = floating != Py_None;
    if (!c->has_floating || binding_buffer(floating, "?", c->N, false, "floating", &c->floating))
        return true;
    c->has_floating = false;
    drop(c);
    return false;
}

static const bool *floating_of(const crossbar *c)
{
    return c->has_floating ? c->floating.buf : NULL;
}

#define CROSSBAR_FORMAT "(ddddp)nnOO"
#define CROSSBAR_PLACES                                                                            \
    &c.options.r_row_ohm, &c.options.r_col_ohm, &c.options.r_driver_ohm, &c.options.r_sense_ohm,   \
        &both, &c.N, &c.M, &g, &floating

static PyObject *transfer(PyObject *self, PyObject *args)
{
    crossbar c = {.N = 0};
    PyObject *g, *floating, *matrix, *bounds, *how;
    Py_buffer T, bound;
    binding_call call;
    int both;
    bool good = false;
    (void)self;
    if (!PyArg_ParseTuple(args, CROSSBAR_FORMAT "OOO", CROSSBAR_PLACES, &matrix, &bounds, &how))
        return NULL;
    c.options.both_sides = both;
    const bool approximate = bounds != Py_None;
    if (!take(&c, g, floating))
        return NULL;
    if (!binding_buffer(matrix, "d", c.N * c.M, true, "transfer matrix", &T))
        goto no_matrix;
    if (approximate && !binding_buffer(bounds, "d", c.M, true, "bounds", &bound))
        goto no_bounds;
    if (binding_begin(&call, how)) {
        const mho_status s =
            approximate ? mho_circuit_approximate(&c.options, (size_t)c.N, (size_t)c.M, c.g.buf,
                                                  floating_of(&c), T.buf, bound.buf)
                        : mho_circuit_transfer(&c.options, (size_t)c.N, (size_t)c.M, c.g.buf,
                                               floating_of(&c), T.buf);
        good = binding_end(&call, s);
    }
    if (approximate)
        PyBuffer_Release(&bound);
no_bounds:
    PyBuffer_Release(&T);
no_matrix:
    drop(&c);
    return good ? Py_NewRef(Py_None) : NULL;
}

static PyObject *voltages(PyObject *self, PyObject *args)
{
    crossbar c = {.N = 0};
    PyObject *g, *floating, *object[3], *how;
    Py_buffer v, u, w;
    binding_call call;
    double residual = 0;
    int both;
    bool good = false;
    (void)self;
    if (!PyArg_ParseTuple(args, CROSSBAR_FORMAT "OOOO", CROSSBAR_PLACES, &object[0], &object[1],
                          &object[2], &how))
        return NULL;
    c.options.both_sides = both;
    if (!take(&c, g, floating))
        return NULL;
    if (!binding_buffer(object[0], "d", c.N, false, "v", &v))
        goto no_v;
    if (!binding_buffer(object[1], "d", c.N * c.M, true, "u", &u))
        goto no_u;
    if (!binding_buffer(object[2], "d", c.N * c.M, true, "w", &w))
        goto no_w;
    if (binding_begin(&call, how))
        good = binding_end(&call,
                           mho_circuit_voltages(&c.options, (size_t)c.N, (size_t)c.M, c.g.buf,
                                                floating_of(&c), v.buf, u.buf, w.buf, &residual));
    PyBuffer_Release(&w);
no_w:
    PyBuffer_Release(&u);
no_u:
    PyBuffer_Release(&v);
no_v:
    drop(&c);
    return good ? PyFloat_FromDouble(residual) : NULL;
}

/* A single vector, as the program computes it. */
static PyObject *vector(PyObject *self, PyObject *args)
{
    crossbar c = {.N = 0};
    PyObject *g, *floating, *voltage, *current, *how;
    Py_buffer v, i;
    binding_call call;
    double residual = 0;
    int both;
    bool good = false;
    (void)self;
    if (!PyArg_ParseTuple(args, CROSSBAR_FORMAT "OOO", CROSSBAR_PLACES, &voltage, &current, &how))
        return NULL;
    c.options.both_sides = both;
    if (!take(&c, g, floating))
        return NULL;
    if (!binding_buffer(voltage, "d", c.N, false, "v", &v))
        goto no_v;
    if (!binding_buffer(current, "d", c.M, true, "i", &i))
        goto no_i;
    if (binding_begin(&call, how))
        good = binding_end(&call, mho_circuit_vector(&c.options, (size_t)c.N, (size_t)c.M, c.g.buf,
                                                     floating_of(&c), v.buf, i.buf, &residual));
    PyBuffer_Release(&i);
no_i:
    PyBuffer_Release(&v);
no_v:
    drop(&c);
    return good ? PyFloat_FromDouble(residual) : NULL;
}

/* i = T v as the program computes it, vector by vector. */
static PyObject *currents(PyObject *self, PyObject *args)
{
    PyObject *matrix, *voltage, *current;
    Py_ssize_t n, N, M;
    Py_buffer T, v, i;
    (void)self;
    if (!PyArg_ParseTuple(args, "nnnOOO", &n, &N, &M, &matrix, &voltage, &current))
        return NULL;
    if (!binding_buffer(matrix, "d", N * M, false, "transfer matrix", &T))
        return NULL;
    if (!binding_buffer(voltage, "d", n * N, false, "v", &v)) {
        PyBuffer_Release(&T);
        return NULL;
    }
    const bool good = binding_buffer(current, "d", n * M, true, "i", &i);
    if (good) {
        for (Py_ssize_t k = 0; k < n; k++)
            mho_circuit_currents((size_t)N, (size_t)M, T.buf, (const double *)v.buf + k * N,
                                 (double *)i.buf + k * M);
        PyBuffer_Release(&i);
    }
    PyBuffer_Release(&v);
    PyBuffer_Release(&T);
    return good ? Py_NewRef(Py_None) : NULL;
}

PyMethodDef binding_circuit_methods[] = {
    {"circuit_transfer", transfer, METH_VARARGS,
     "((r_row, r_col, r_driver, r_sense, both), N, M, g, floating, T, bounds or None, how)"},
    {"circuit_voltages", voltages, METH_VARARGS,
     "((r_row, r_col, r_driver, r_sense, both), N, M, g, floating, v, u, w, how): residual"},
    {"circuit_vector", vector, METH_VARARGS,
     "((r_row, r_col, r_driver, r_sense, both), N, M, g, floating, v, i, how): residual"},
    {"circuit_currents", currents, METH_VARARGS, "(n, N, M, T, v, i)"},
    {NULL, NULL, 0, NULL}};
