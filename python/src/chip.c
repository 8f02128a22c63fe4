/* SPDX-License-Identifier: Apache-2.0 */
/* Programmed crossbars: of a network, of a matrix. */
#include <string.h>

#include "binding.h"

static PyObject *of_matrix(PyObject *self, PyObject *args)
{
    PyObject *weight;
    Py_ssize_t rows, columns, bits;
    double scale;
    Py_buffer w;
    mho_net *net = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "Onnnd", &weight, &rows, &columns, &bits, &scale))
        return NULL;
    if (!binding_buffer(weight, "f", rows * columns, false, "weights", &w))
        return NULL;
    const mho_status s =
        mho_net_of_matrix((size_t)rows, (size_t)columns, w.buf, (size_t)bits, (float)scale, &net);
    PyBuffer_Release(&w);
    return s ? binding_raise(s) : binding_wrap(net, HANDLE_NET);
}

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
    if (binding_end(&call, s))
        return binding_wrap(chip, HANDLE_CHIP);
    mho_chip_destroy(chip);
    return NULL;
}

static PyObject *program(PyObject *self, PyObject *args)
{
    mho_chip *chip;
    unsigned long long seed;
    unsigned int trial;
    PyObject *how;
    binding_call call;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&KIO", binding_chip, &chip, &seed, &trial, &how))
        return NULL;
    if (!binding_begin(&call, how))
        return NULL;
    if (!binding_end(&call, mho_chip_program(chip, seed, trial)))
        return NULL;
    const mho_write_count w = mho_chip_writes(chip);
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K}", "cells", (unsigned long long)w.cells, "writes",
                         (unsigned long long)w.writes, "outside", (unsigned long long)w.outside,
                         "stuck", (unsigned long long)w.stuck, "held", (unsigned long long)w.held);
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
    const mho_chip *chip;
    PyObject *x, *y, *how;
    Py_ssize_t n, c, h, w, classes;
    unsigned long long number;
    binding_call call;
    Py_buffer in, out;
    mho_images images;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OOn(nnn)nKO", binding_chip, &chip, &x, &y, &n, &c, &h, &w,
                          &classes, &number, &how))
        return NULL;
    if (!take_images(x, n, (mho_shape){(size_t)c, (size_t)h, (size_t)w}, &in, &images))
        return NULL;
    if (!binding_buffer(y, "f", n * classes, true, "y", &out)) {
        PyBuffer_Release(&in);
        return NULL;
    }
    bool good = binding_begin(&call, how);
    if (good)
        good = binding_end(
            &call, mho_chip_run_numbered(chip, &images, 0, (size_t)n, number, out.buf, NULL));
    PyBuffer_Release(&out);
    PyBuffer_Release(&in);
    return good ? Py_NewRef(Py_None) : NULL;
}

static PyObject *encode(PyObject *self, PyObject *args)
{
    PyObject *x, *y;
    Py_ssize_t n;
    double step;
    int most, negative;
    Py_buffer in, out;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOndip", &x, &y, &n, &step, &most, &negative))
        return NULL;
    if (!binding_buffer(x, "f", n, false, "x", &in))
        return NULL;
    if (!binding_buffer(y, "B", n, true, "codes", &out)) {
        PyBuffer_Release(&in);
        return NULL;
    }
    const mho_encoded e =
        mho_quant_encode(in.buf, (size_t)n, step, (uint8_t)most, negative, out.buf);
    PyBuffer_Release(&out);
    PyBuffer_Release(&in);
    return Py_BuildValue("(nn)", (Py_ssize_t)e.beyond, (Py_ssize_t)e.below);
}

/* Codes of numbers, or codes above the largest one.  {0}: all are codes. */
static mho_encoded to_codes(const Py_buffer *x, bool bytes, double step, uint8_t most,
                            bool negative, uint8_t *code)
{
    mho_encoded e = {0};
    if (!bytes)
        return mho_quant_encode(x->buf, (size_t)x->len / sizeof(float), step, most, negative, code);
    const uint8_t *from = x->buf;
    for (Py_ssize_t i = 0; most < UINT8_MAX && i < x->len; i++)
        e.beyond += from[i] > most;
    return e;
}

/* The whole of a product in one call: numbers or codes in, numbers out. */
static PyObject *mvm(PyObject *self, PyObject *args)
{
    const mho_chip *chip;
    PyObject *x, *y, *how;
    Py_ssize_t n, rows, columns;
    unsigned long long number;
    double step;
    int most, bytes, negative, positive_only;
    binding_call call;
    Py_buffer in, out;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OO(nnn)Kdi(ppp)O", binding_chip, &chip, &x, &y, &n, &rows,
                          &columns, &number, &step, &most, &bytes, &negative, &positive_only, &how))
        return NULL;
    if (!binding_buffer(x, bytes ? "B" : "f", n * rows, false, "x", &in))
        return NULL;
    if (!binding_buffer(y, "f", n * columns, true, "y", &out)) {
        PyBuffer_Release(&in);
        return NULL;
    }
    uint8_t *code = bytes ? in.buf : PyMem_Malloc((size_t)(n * rows));
    mho_encoded e = {0};
    bool good = code || PyErr_NoMemory();
    good = good && binding_begin(&call, how);
    if (good) {
        mho_status s = MHO_OK;
        e = to_codes(&in, bytes, step, (uint8_t)most, negative, code);
        const mho_images images = {
            .shape = {(size_t)rows, 1, 1}, .count = (size_t)n, .pixel = code, .borrowed = true};
        if (!e.beyond && !(positive_only && e.below))
            s = mho_chip_run_numbered(chip, &images, 0, (size_t)n, number, out.buf, NULL);
        good = binding_end(&call, s);
    }
    if (!bytes)
        PyMem_Free(code);
    PyBuffer_Release(&out);
    PyBuffer_Release(&in);
    return good ? Py_BuildValue("(nn)", (Py_ssize_t)e.beyond, (Py_ssize_t)e.below) : NULL;
}

PyMethodDef binding_chip_methods[] = {
    {"net_of_matrix", of_matrix, METH_VARARGS,
     "(weights [columns][rows], rows, columns, bits, scale)"},
    {"chip_create", create, METH_VARARGS, "(net, hw, data, calibrate on test, how)"},
    {"chip_program", program, METH_VARARGS, "(chip, seed, trial, how): what writing took"},
    {"chip_run", run, METH_VARARGS, "(chip, x, y, n, shape, classes, number, how)"},
    {"mvm", mvm, METH_VARARGS,
     "(matrix's chip, x, y, (n, rows, columns), number, step, most, (x are codes, negative, only "
     "positive), how): "
     "(out of range, below 0); y is written if all is in range"},
    {"encode", encode, METH_VARARGS,
     "(x, codes, n, scale, most, negative): (out of range, below 0)"},
    {NULL, NULL, 0, NULL}};
