/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the library as Python's, and back. */
#include <string.h>

#include "binding.h"

static PyObject *value_of(const mho_json *v);

static PyObject *list_of(const mho_json *v)
{
    const size_t n = mho_json_count(v);
    PyObject *list = PyList_New((Py_ssize_t)n);
    for (size_t i = 0; list && i < n; i++) {
        PyObject *item = value_of(mho_json_at(v, i));
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item)) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

static PyObject *dictionary_of(const mho_json *v)
{
    PyObject *map = PyDict_New();
    for (size_t i = 0; map && i < mho_json_count(v); i++) {
        PyObject *item = value_of(mho_json_at(v, i));
        if (!item || PyDict_SetItemString(map, mho_json_key(v, i), item)) {
            Py_XDECREF(item);
            Py_DECREF(map);
            return NULL;
        }
        Py_DECREF(item);
    }
    return map;
}

/* The status of each is MHO_OK: the kind was asked for. */
static PyObject *scalar_of(const mho_json *v, mho_json_kind kind)
{
    double number = 0;
    int64_t whole = 0;
    uint64_t large = 0;
    bool yes = false;
    const char *text = "";
    mho_status s = MHO_OK;
    switch (kind) {
    case MHO_JSON_BOOL:
        s = mho_json_to_bool(v, &yes);
        return s ? binding_raise(s) : PyBool_FromLong(yes);
    case MHO_JSON_INTEGER:
        if (!mho_json_to_integer(v, &whole))
            return PyLong_FromLongLong(whole);
        s = mho_json_to_unsigned(v, &large);
        return s ? binding_raise(s) : PyLong_FromUnsignedLongLong(large);
    case MHO_JSON_NUMBER:
        s = mho_json_to_number(v, &number);
        return s ? binding_raise(s) : PyFloat_FromDouble(number);
    case MHO_JSON_TEXT:
        s = mho_json_to_text(v, &text);
        return s ? binding_raise(s) : PyUnicode_FromString(text);
    default:
        return Py_NewRef(Py_None);
    }
}

static PyObject *value_of(const mho_json *v)
{
    const mho_json_kind kind = mho_json_kind_of(v);
    return kind == MHO_JSON_ARRAY    ? list_of(v)
           : kind == MHO_JSON_OBJECT ? dictionary_of(v)
                                     : scalar_of(v, kind);
}

PyObject *binding_json(mho_json *v)
{
    const mho_status s = mho_json_built(v);
    PyObject *result = s ? binding_raise(s) : value_of(v);
    mho_json_destroy(v);
    return result;
}

int binding_texts(PyObject *sequence, const char ***out)
{
    *out = NULL;
    if (sequence == Py_None)
        return 1;
    const Py_ssize_t n = PySequence_Size(sequence);
    const char **list = n < 0 ? NULL : PyMem_Calloc((size_t)n + 1, sizeof *list);
    if (!list) {
        if (n >= 0)
            PyErr_NoMemory();
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(sequence, i);
        list[i] = item ? PyUnicode_AsUTF8AndSize(item, NULL) : NULL;
        Py_XDECREF(item); /* the sequence, a tuple, holds it */
        if (!list[i]) {
            PyMem_Free(list);
            return 0;
        }
    }
    *out = list;
    return 1;
}

static bool same_format(const char *is, const char *want)
{
    if (*is == '@' || *is == '=' || *is == '<')
        is++;
    return !strcmp(is, want) || (!strcmp(is, "l") && !strcmp(want, "q")) ||
           (!strcmp(is, "L") && !strcmp(want, "Q"));
}

bool binding_buffer(PyObject *object, const char *format, Py_ssize_t count, bool writable,
                    const char *what, Py_buffer *out)
{
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, out, flags))
        return false;
    const Py_ssize_t there = out->itemsize ? out->len / out->itemsize : 0;
    if (same_format(out->format ? out->format : "B", format) && there == count)
        return true;
    PyErr_Format(PyExc_ValueError, "%s: %zd elements of format %s, want %zd of %s", what, there,
                 out->format ? out->format : "B", count, format);
    PyBuffer_Release(out);
    return false;
}

/* By kind and size, whatever letter the buffer has for it. */
static mho_type type_of(const char *format, Py_ssize_t size)
{
    if (*format == '@' || *format == '=' || *format == '<')
        format++;
    const char c = *format;
    if (!c || format[1])
        return MHO_TYPE_NONE;
    if (strchr("bhilq", c))
        return size == 1   ? MHO_TYPE_INT8
               : size == 2 ? MHO_TYPE_INT16
               : size == 4 ? MHO_TYPE_INT32
                           : MHO_TYPE_INT64;
    if (strchr("BHILQ", c))
        return size == 1   ? MHO_TYPE_UINT8
               : size == 2 ? MHO_TYPE_UINT16
               : size == 4 ? MHO_TYPE_UINT32
                           : MHO_TYPE_UINT64;
    return c == 'f'   ? MHO_TYPE_FLOAT
           : c == 'd' ? MHO_TYPE_DOUBLE
           : c == 'e' ? MHO_TYPE_FLOAT16
           : c == '?' ? MHO_TYPE_BOOL
                      : MHO_TYPE_NONE;
}

bool binding_array(PyObject *object, const char *what, Py_buffer *buffer, mho_array *out)
{
    if (PyObject_GetBuffer(object, buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT))
        return false;
    *out = (mho_array){.type = type_of(buffer->format ? buffer->format : "B", buffer->itemsize),
                       .rank = (size_t)buffer->ndim,
                       .count = 1,
                       .data = buffer->buf};
    if (out->type == MHO_TYPE_NONE || buffer->ndim > MHO_TENSOR_DIMS) {
        PyErr_Format(PyExc_TypeError,
                     "%s: want an array of numbers of at most %d dimensions, not %d of %s", what,
                     MHO_TENSOR_DIMS, buffer->ndim, buffer->format ? buffer->format : "B");
        PyBuffer_Release(buffer);
        return false;
    }
    for (int i = 0; i < buffer->ndim; i++) {
        out->size[i] = (size_t)buffer->shape[i];
        out->count *= out->size[i];
    }
    return true;
}

int binding_hardwares(PyObject *sequence, const mho_hw ***out)
{
    const Py_ssize_t n = PySequence_Size(sequence);
    *out = n < 0 ? NULL : PyMem_Calloc((size_t)n + 1, sizeof **out);
    if (!*out)
        return n < 0 ? 0 : PyErr_NoMemory() != NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem(sequence, i);
        const bool good = item && binding_hw_or_none(item, &(*out)[i]);
        Py_XDECREF(item); /* the sequence holds it */
        if (!good) {
            PyMem_Free(*out);
            *out = NULL;
            return 0;
        }
    }
    return 1;
}
