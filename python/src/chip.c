/* SPDX-License-Identifier: Apache-2.0 */
/* Programmed crossbars of a network, or of a matrix (matrix.c). */
#include <string.h>

#include "binding.h"

static PyObject *create(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_hw *hw;
    const mho_data *data;
    int on_test;
    PyObject *how;
    binding_call call;
    mho_chip *chip = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&O&pO", binding_net, &net, binding_hw, &hw,
                          binding_data_or_none, &data, &on_test, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    mho_images images = {.count = 0};
    const double wanted = mho_hw_number(hw, "output.calibration_images");
    const size_t count = wanted > 0 ? (size_t)wanted : 0;
    mho_status s = MHO_OK;
    if (data)
        s = on_test ? mho_data_head_of_test(data, count, &images)
                    : mho_data_head(data, count, &images);
    if (s == MHO_EDOMAIN)
        s = mho_error_prefix(s, "output.calibration_images = %zu", count);
    if (!s)
        s = mho_chip_open(net, hw, data ? &images : NULL, &chip);
    mho_images_free(&images);
    binding_chip_cells *cells = NULL;
    if (binding_end(&call, s) && !(cells = PyMem_Calloc(1, sizeof *cells)))
        PyErr_NoMemory();
    if (!cells) {
        mho_chip_destroy(chip);
        return NULL;
    }
    cells->chip = chip;
    return binding_wrap(cells, HANDLE_CHIP);
}

static bool program_alone(binding_chip_cells *cells, uint64_t seed, uint32_t trial, PyObject *how)
{
    binding_call call;
    if (!binding_begin(&call, how) ||
        !binding_end(&call, mho_chip_program(cells->chip, seed, trial)))
        return false;
    cells->seed = seed;
    cells->trial = trial;
    atomic_store(&cells->next, 0);
    return true;
}

static PyObject *program(PyObject *self, PyObject *args)
{
    binding_chip_cells *cells;
    unsigned long long seed;
    unsigned int trial;
    PyObject *how;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&KIO", binding_chip, &cells, &seed, &trial, &how) ||
        !binding_alone_begin(cells))
        return NULL;
    const bool good = program_alone(cells, seed, trial, how);
    const mho_write_count w = mho_chip_writes(cells->chip);
    binding_alone_end(cells);
    if (!good)
        return NULL;
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K}", "cells", (unsigned long long)w.cells, "writes",
                         (unsigned long long)w.writes, "outside", (unsigned long long)w.outside,
                         "stuck", (unsigned long long)w.stuck, "held", (unsigned long long)w.held);
}

static PyObject *state(PyObject *self, PyObject *capsule)
{
    binding_chip_cells *cells;
    (void)self;
    if (!binding_chip(capsule, &cells))
        return NULL;
    return Py_BuildValue("(KIK)", (unsigned long long)cells->seed, cells->trial,
                         (unsigned long long)atomic_load(&cells->next));
}

static PyObject *go_on(PyObject *self, PyObject *args)
{
    binding_chip_cells *cells;
    unsigned long long next;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&K", binding_chip, &cells, &next))
        return NULL;
    atomic_store(&cells->next, next);
    return Py_NewRef(Py_None);
}

/* Images as they lie in a buffer: bytes, or floats.  shape of one. */
static bool take_images(PyObject *object, Py_ssize_t n, mho_shape shape, Py_buffer *buffer,
                        mho_images *out)
{
    mho_array array;
    if (!binding_array(object, "x", buffer, &array))
        return false;
    *out = (mho_images){.shape = shape, .count = (size_t)n, .borrowed = true};
    if (array.type == MHO_TYPE_UINT8)
        out->pixel = array.data;
    else if (array.type == MHO_TYPE_FLOAT)
        out->value = array.data;
    if (array.count == (size_t)n * shape.c * shape.h * shape.w && (out->pixel || out->value))
        return true;
    PyErr_Format(PyExc_ValueError, "x: want %zd x %zu x %zu x %zu of uint8 or float32", n, shape.c,
                 shape.h, shape.w);
    PyBuffer_Release(buffer);
    return false;
}

static PyObject *run(PyObject *self, PyObject *args)
{
    binding_chip_cells *cells;
    PyObject *x, *y, *how;
    Py_ssize_t n, c, h, w, classes;
    unsigned long long number;
    binding_call call;
    binding_reader me;
    Py_buffer in, out;
    mho_images images;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OOn(nnn)nKO", binding_chip, &cells, &x, &y, &n, &c, &h, &w,
                          &classes, &number, &how))
        return NULL;
    if (!take_images(x, n, (mho_shape){(size_t)c, (size_t)h, (size_t)w}, &in, &images))
        return NULL;
    if (!binding_buffer(y, "f", n * classes, true, "y", &out)) {
        PyBuffer_Release(&in);
        return NULL;
    }
    bool good = binding_read_begin(cells, &me);
    if (good) {
        good = binding_begin(&call, how) &&
               binding_end(&call, mho_chip_run_numbered(cells->chip, &images, 0, (size_t)n, number,
                                                        out.buf, NULL, NULL));
        binding_read_end(cells, &me);
    }
    PyBuffer_Release(&out);
    PyBuffer_Release(&in);
    return good ? Py_NewRef(Py_None) : NULL;
}

PyMethodDef binding_chip_methods[] = {
    {"chip_create", create, METH_VARARGS, "(net, hw, data, calibrate on test, how)"},
    {"chip_program", program, METH_VARARGS, "(chip, seed, trial, how): what writing took"},
    {"chip_state", state, METH_O, "chip: (seed, trial, number of the next vector)"},
    {"chip_go_on", go_on, METH_VARARGS, "(chip, number of the next vector)"},
    {"chip_run", run, METH_VARARGS, "(chip, x, y, n, shape, classes, number, how)"},
    {NULL, NULL, 0, NULL}};
