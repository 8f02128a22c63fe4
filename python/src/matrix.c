/* SPDX-License-Identifier: Apache-2.0 */
/* A matrix on crossbars, and its products: numbers or codes in, numbers out, in one call. */
#include <string.h>

#include "binding.h"

/* What a product needs to know besides the cells. */
typedef struct binding_matrix {
    Py_ssize_t rows, columns;
    double step;    /* of inputs, between two codes */
    uint8_t most;   /* the largest code */
    bool is_signed; /* negative inputs are read after the others */
    bool zero;      /* no weight is other than 0 */
    bool gains;     /* what sums are multiplied by follows */
    double cut; /* share of sums that may be cut off before that is told; below 0: nobody counts */
    float gain[]; /* [columns] */
} binding_matrix;

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

static bool take_gain(PyObject *gain, binding_matrix *m)
{
    Py_buffer of;
    if (gain == Py_None)
        return true;
    if (!binding_buffer(gain, "f", m->columns, false, "gain", &of))
        return false;
    m->gains = true;
    memcpy(m->gain, of.buf, (size_t)of.len);
    PyBuffer_Release(&of);
    return true;
}

static PyObject *set(PyObject *self, PyObject *args)
{
    binding_chip_cells *cells;
    PyObject *gain;
    Py_ssize_t rows, columns;
    double step;
    int most, is_signed, zero;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&nndippO", binding_chip, &cells, &rows, &columns, &step, &most,
                          &is_signed, &zero, &gain))
        return NULL;
    binding_matrix *m = PyMem_Calloc(1, sizeof *m + (size_t)columns * sizeof *m->gain);
    if (!m)
        return PyErr_NoMemory();
    *m = (binding_matrix){.rows = rows,
                          .columns = columns,
                          .step = step,
                          .most = (uint8_t)most,
                          .is_signed = is_signed,
                          .zero = zero,
                          .cut = -1};
    if (!take_gain(gain, m)) {
        PyMem_Free(m);
        return NULL;
    }
    cells->matrix = m;
    return Py_NewRef(Py_None);
}

/* --- inputs ------------------------------------------------------------------------------------------- */

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

/* One product, in the memory of those who asked for it. */
typedef struct product {
    binding_chip_cells *cells;
    Py_buffer x, y;
    bool bytes, vector;
    Py_ssize_t n;
    const void *from; /* x, or where y takes the same memory, `own`: a copy of it */
    void *own;
    uint8_t *code;   /* of x, unless x are codes */
    float *negative; /* the product of negative inputs, where there may be some */
    mho_encoded told;
    mho_cut cut;
} product;

/* Codes of numbers, or codes above the largest one.  {0}: all are codes. */
static mho_encoded to_codes(const product *p, bool negative)
{
    const binding_matrix *m = p->cells->matrix;
    const size_t n = (size_t)(p->n * m->rows);
    mho_encoded e = {0};
    if (!p->bytes)
        return mho_quant_encode(p->from, n, m->step, m->most, negative, p->code);
    const uint8_t *from = p->from;
    for (size_t i = 0; m->most < UINT8_MAX && i < n; i++)
        e.beyond += from[i] > m->most;
    return e;
}

/* A buffer without a copy, or false: x is to be made one first. */
static bool take_x(PyObject *object, product *p)
{
    const binding_matrix *m = p->cells->matrix;
    if (!PyObject_CheckBuffer(object))
        return false;
    if (PyObject_GetBuffer(object, &p->x, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)) {
        PyErr_Clear();
        return false;
    }
    const char *format = p->x.format ? p->x.format : "B";
    p->bytes = !strcmp(format, "B");
    p->vector = p->x.ndim == 1;
    if ((p->bytes || !strcmp(format, "f")) && (p->vector || p->x.ndim == 2) &&
        p->x.shape[p->x.ndim - 1] == m->rows) {
        p->n = p->vector ? 1 : p->x.shape[0];
        return true;
    }
    PyBuffer_Release(&p->x);
    return false;
}

static bool fits(const product *p)
{
    const Py_ssize_t columns = p->cells->matrix->columns;
    const Py_buffer *y = &p->y;
    if (!y->format || strcmp(y->format, "f") || y->ndim != 2 - p->vector)
        return false;
    return p->vector ? y->shape[0] == columns : y->shape[0] == p->n && y->shape[1] == columns;
}

/* A new reference to the array that takes y, which `empty` makes where `out` is None; NULL: it does not fit, or cannot be
 * made (an exception is set). */
static PyObject *take_y(PyObject *out, PyObject *empty, product *p)
{
    const Py_ssize_t columns = p->cells->matrix->columns;
    PyObject *y = out != Py_None ? Py_NewRef(out)
                  : p->vector    ? PyObject_CallFunction(empty, "n", columns)
                                 : PyObject_CallFunction(empty, "((nn))", p->n, columns);
    if (!y)
        return NULL;
    if (!PyObject_GetBuffer(y, &p->y, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE)) {
        if (fits(p))
            return y;
        PyBuffer_Release(&p->y);
    } else {
        PyErr_Clear();
    }
    Py_DECREF(y);
    return NULL;
}

/* --- without the interpreter's lock --------------------------------------------------------------------- */

static void scale(const binding_matrix *m, Py_ssize_t n, float *y)
{
    for (Py_ssize_t i = 0; m->gains && i < n; i++)
        for (Py_ssize_t c = 0; c < m->columns; c++)
            y[i * m->columns + c] *= m->gain[c];
    if (m->zero)
        memset(y, 0, (size_t)(n * m->columns) * sizeof *y);
}

/* Vectors `number` and on, of codes. */
static mho_status run(product *p, const uint8_t *code, uint64_t number, float *y)
{
    const binding_matrix *m = p->cells->matrix;
    const mho_chip *chip = p->cells->chip;
    const mho_images images = {.shape = {(size_t)m->rows, 1, 1},
                               .count = (size_t)p->n,
                               .pixel = (uint8_t *)(uintptr_t)code,
                               .borrowed = true};
    mho_cut cut = {0};
    const size_t n = (size_t)p->n;
    const mho_status s =
        mho_chip_run_numbered(chip, &images, 0, n, number, y, NULL, m->cut < 0 ? NULL : &cut);
    p->cut.sums += cut.sums;
    p->cut.beyond += cut.beyond;
    scale(m, p->n, y);
    return s;
}

/* Negative inputs are read after the rest, with their signs turned. */
static mho_status run_negative(product *p, uint64_t number)
{
    const binding_matrix *m = p->cells->matrix;
    float *y = p->y.buf;
    (void)to_codes(p, true);
    const mho_status s = run(p, p->code, number, p->negative);
    for (Py_ssize_t i = 0; i < p->n * m->columns; i++)
        y[i] -= p->negative[i];
    return s;
}

/* Numbers of vectors are taken at once, so that no two products have the same, and given back where nothing comes of it. */
static mho_status multiply(product *p)
{
    const binding_matrix *m = p->cells->matrix;
    const uint64_t n = (uint64_t)p->n, all = p->negative ? 2 * n : n;
    p->told = to_codes(p, false);
    if (p->told.beyond || (p->told.below && !m->is_signed))
        return MHO_OK;
    const uint64_t number = atomic_fetch_add(&p->cells->next, all);
    mho_status s = run(p, p->bytes ? p->from : p->code, number, p->y.buf);
    if (!s && p->negative)
        s = run_negative(p, number + n);
    uint64_t end = number + all;
    if (s)
        (void)atomic_compare_exchange_strong(&p->cells->next, &end, number);
    return s;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* y is written while x is still read: where they share memory, of a copy. */
static bool keep_x(product *p)
{
    const uintptr_t x = (uintptr_t)p->x.buf, y = (uintptr_t)p->y.buf;
    p->from = p->x.buf;
    if (x >= y + (size_t)p->y.len || y >= x + (size_t)p->x.len)
        return true;
    p->own = PyMem_Malloc((size_t)p->x.len);
    if (!p->own)
        return PyErr_NoMemory();
    p->from = memcpy(p->own, p->x.buf, (size_t)p->x.len);
    return true;
}

static bool alloc(product *p)
{
    const binding_matrix *m = p->cells->matrix;
    if (!keep_x(p))
        return false;
    if (p->bytes)
        return true;
    p->code = PyMem_Malloc((size_t)(p->n * m->rows));
    if (p->code && m->is_signed)
        p->negative = PyMem_Malloc((size_t)(p->n * m->columns) * sizeof *p->negative);
    return (p->code && (p->negative || !m->is_signed)) || PyErr_NoMemory();
}

static bool carry_out(product *p, PyObject *how)
{
    binding_reader me;
    binding_call call;
    if (!alloc(p) || !binding_read_begin(p->cells, &me))
        return false;
    const bool good = binding_begin(&call, how) && binding_end(&call, multiply(p));
    binding_read_end(p->cells, &me);
    return good;
}

/* y; or why there is none, or what is to be told of it. */
static PyObject *answer(const product *p, PyObject *y)
{
    const binding_matrix *m = p->cells->matrix;
    if (p->told.beyond || (p->told.below && !m->is_signed)) {
        Py_DECREF(y);
        return Py_BuildValue("(nn)", (Py_ssize_t)p->told.beyond, (Py_ssize_t)p->told.below);
    }
    if (m->cut >= 0 && (double)p->cut.beyond > m->cut * (double)p->cut.sums)
        return Py_BuildValue("(NKK)", y, (unsigned long long)p->cut.beyond,
                             (unsigned long long)p->cut.sums);
    return y;
}

static PyObject *mvm(PyObject *self, PyObject *args)
{
    PyObject *x, *out, *empty, *how, *y, *result = NULL;
    product p = {.bytes = false};
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OOOO", binding_chip, &p.cells, &x, &out, &empty, &how))
        return NULL;
    if (!take_x(x, &p))
        return Py_NewRef(Py_None);
    y = take_y(out, empty, &p);
    if (y) {
        if (carry_out(&p, how))
            result = answer(&p, Py_NewRef(y));
        PyMem_Free(p.negative);
        PyMem_Free(p.code);
        PyMem_Free(p.own);
        PyBuffer_Release(&p.y);
        Py_DECREF(y);
    } else if (!PyErr_Occurred()) {
        result = Py_NewRef(Py_None);
    }
    PyBuffer_Release(&p.x);
    return result;
}

static PyObject *watch(PyObject *self, PyObject *args)
{
    binding_chip_cells *cells;
    double cut;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&d", binding_chip, &cells, &cut))
        return NULL;
    cells->matrix->cut = cut;
    return Py_NewRef(Py_None);
}

PyMethodDef binding_matrix_methods[] = {
    {"net_of_matrix", of_matrix, METH_VARARGS,
     "(weights [columns][rows], rows, columns, bits, scale)"},
    {"matrix_set", set, METH_VARARGS,
     "(chip of a matrix, rows, columns, step, most, signed, zero, gain [columns] or None)"},
    {"matrix_watch", watch, METH_VARARGS,
     "(chip of a matrix, share of sums that may be cut off before mvm tells; -1: it does not "
     "count)"},
    {"mvm", mvm, METH_VARARGS,
     "(chip of a matrix, x, y or None, maker of arrays, how): y; None: x or y want to be made "
     "plain arrays first; "
     "(elements out of range, below 0); (y, sums that are cut off, sums)"},
    {"encode", encode, METH_VARARGS,
     "(x, codes, n, scale, most, negative): (out of range, below 0)"},
    {NULL, NULL, 0, NULL}};
