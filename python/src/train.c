/* SPDX-License-Identifier: Apache-2.0 */
/* Training, and networks in software. */
#include <string.h>

#include "binding.h"

/* --- training ------------------------------------------------------------------------------------------- */

typedef struct watch {
    binding_call call;
    PyObject *each;   /* NULL: nobody */
    PyObject *epochs; /* a dictionary each */
} watch;

static PyObject *epoch_of(const mho_train_epoch *e)
{
    return Py_BuildValue("{s:n,s:n,s:d,s:d,s:d,s:d,s:d}", "epoch", (Py_ssize_t)e->epoch, "epochs",
                         (Py_ssize_t)e->epochs, "train_error", e->train_error, "test_error",
                         e->test_error, "loss", e->loss, "learning_rate", e->learning_rate,
                         "seconds", e->seconds);
}

static void on_epoch(void *user, const mho_train_epoch *e)
{
    watch *w = user;
    if (w->call.failed)
        return;
    PyEval_RestoreThread(w->call.python);
    PyObject *epoch = epoch_of(e);
    PyObject *answer = epoch && !PyList_Append(w->epochs, epoch) ? Py_NewRef(Py_None) : NULL;
    if (answer && w->each) {
        Py_DECREF(answer);
        answer = PyObject_CallFunctionObjArgs(w->each, epoch, NULL);
    }
    if (!answer) {
        PyErr_Fetch(&w->call.type, &w->call.value, &w->call.trace);
        w->call.failed = true;
    }
    if (!answer || answer == Py_False)
        mho_run_interrupt(w->call.run);
    Py_XDECREF(answer);
    Py_XDECREF(epoch);
    w->call.python = PyEval_SaveThread();
}

static mho_status options_of(const char *const *sets, mho_train_options *options)
{
    mho_status s = mho_fields_preset(&mho_train_fields, options, NULL);
    for (; !s && sets && *sets; sets++)
        s = mho_fields_set(&mho_train_fields, *sets, options, NULL);
    return s;
}

/* Of a place: what is there, read now. */
static mho_status open_data(const char *where, const mho_data *given, mho_data **out)
{
    mho_data *found = NULL;
    if (given)
        return mho_data_borrow(given, out);
    mho_status s = mho_data_open(where, false, false, &found);
    const bool test = !s && found->has_test;
    mho_data_destroy(found);
    return s ? s : mho_data_open(where, true, test, out);
}

static PyObject *train(PyObject *self, PyObject *args)
{
    mho_net *net;
    const char *where, **sets, *checkpoint;
    const mho_data *given;
    mho_data *data = NULL;
    mho_train_options options;
    int resume;
    PyObject *each, *how;
    watch w = {.each = NULL};
    (void)self;
    if (!PyArg_ParseTuple(args, "O&zO&O&zpOO", binding_net, &net, &where, binding_data_or_none,
                          &given, binding_texts, &sets, &checkpoint, &resume, &each, &how))
        return NULL;
    mho_status s = options_of(sets, &options);
    PyMem_Free(sets);
    if (s)
        return binding_raise(s);
    w.each = each == Py_None ? NULL : each;
    w.epochs = PyList_New(0);
    if (!w.epochs || !binding_begin(&w.call, how)) {
        Py_XDECREF(w.epochs);
        return NULL;
    }
    s = open_data(where, given, &data);
    if (!s)
        s = mho_train(net, data, &options, checkpoint, resume, on_epoch, &w);
    mho_data_destroy(data);
    if (binding_end(&w.call, s))
        return w.epochs;
    Py_DECREF(w.epochs);
    return NULL;
}

static PyObject *fields(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < mho_train_fields.count; i++) {
        const mho_field *f = &mho_train_fields.field[i];
        PyObject *row = Py_BuildValue("(sss)", f->key, f->preset, f->help);
        if (!row || PyList_Append(list, row))
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

/* --- software ------------------------------------------------------------------------------------------- */

typedef struct arrays {
    mho_array *array;
    Py_buffer *buffer;
    size_t held, count;
} arrays;

static void drop(arrays *a)
{
    for (size_t i = 0; i < a->held; i++)
        PyBuffer_Release(&a->buffer[i]);
    PyMem_Free(a->buffer);
    PyMem_Free(a->array);
}

static bool take(PyObject *sequence, arrays *a)
{
    const Py_ssize_t n = PySequence_Size(sequence);
    *a = (arrays){.count = n < 0 ? 0 : (size_t)n};
    a->array = PyMem_Calloc(a->count + 1, sizeof *a->array);
    a->buffer = PyMem_Calloc(a->count + 1, sizeof *a->buffer);
    if (n < 0 || !a->array || !a->buffer)
        return n < 0 ? false : PyErr_NoMemory() != NULL;
    for (size_t i = 0; i < a->count; i++) {
        PyObject *item = PySequence_GetItem(sequence, (Py_ssize_t)i);
        const bool good = item && binding_array(item, "input", &a->buffer[i], &a->array[i]);
        Py_XDECREF(item); /* the buffer holds it */
        if (!good)
            return false;
        a->held++;
    }
    return true;
}

/* (type, shape, bytes) of an output. */
static PyObject *output_of(const mho_array *array)
{
    PyObject *shape = PyTuple_New((Py_ssize_t)array->rank);
    for (size_t i = 0; shape && i < array->rank; i++) {
        PyObject *size = PyLong_FromSize_t(array->size[i]);
        if (!size || PyTuple_SetItem(shape, (Py_ssize_t)i, size))
            Py_CLEAR(shape);
    }
    if (!shape)
        return NULL;
    const Py_ssize_t bytes = (Py_ssize_t)(array->count * mho_type_bytes(array->type));
    PyObject *memory = PyByteArray_FromStringAndSize(array->data, bytes);
    return Py_BuildValue("(sNN)", mho_type_name(array->type), shape, memory);
}

static PyObject *infer(PyObject *self, PyObject *args)
{
    const mho_net *net;
    PyObject *inputs, *how, *list = NULL;
    arrays in;
    binding_call call;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&OO", binding_net, &net, &inputs, &how))
        return NULL;
    const size_t outputs = mho_net_outputs(net);
    mho_array *out = PyMem_Calloc(outputs + 1, sizeof *out);
    if (!out)
        return PyErr_NoMemory();
    if (take(inputs, &in) && binding_begin(&call, how) &&
        binding_end(&call, mho_infer_arrays(net, in.count, in.array, outputs, out)))
        list = PyList_New(0);
    for (size_t i = 0; list && i < outputs; i++) {
        PyObject *one = output_of(&out[i]);
        if (!one || PyList_Append(list, one))
            Py_CLEAR(list);
        Py_XDECREF(one);
    }
    for (size_t i = 0; i < outputs; i++)
        mho_array_free(&out[i]);
    drop(&in);
    PyMem_Free(out);
    return list;
}

static PyObject *infer_tally(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_data *data;
    Py_ssize_t count;
    PyObject *how;
    binding_call call;
    mho_tally tally;
    mho_input input;
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&nO", binding_net, &net, binding_data_or_none, &data, &count,
                          &how) ||
        !binding_begin(&call, how))
        return NULL;
    const Py_ssize_t threads = (Py_ssize_t)mho_run_threads(NULL);
    if (!binding_end(&call, mho_infer_tally(net, &data->test, (size_t)count, &tally)))
        return NULL;
    const double images = (double)count;
    const mho_interval all = mho_images_interval((double)tally.errors / images, (size_t)count),
                       five =
                           mho_images_interval((double)tally.top5_errors / images, (size_t)count);
    mho_net_get_input(net, &input);
    return Py_BuildValue("(nn(dd)(dd)Ons)", (Py_ssize_t)tally.errors, (Py_ssize_t)tally.top5_errors,
                         all.low, all.high, five.low, five.high, input.stated ? Py_False : Py_True,
                         threads, mho_cpu_name(mho_cpu_level()));
}

static PyObject *input_note(PyObject *self, PyObject *args)
{
    const mho_net *net;
    const mho_data *data;
    Py_ssize_t count;
    char note[MHO_INPUT_NOTE];
    (void)self;
    if (!PyArg_ParseTuple(args, "O&O&n", binding_net, &net, binding_data_or_none, &data, &count))
        return NULL;
    const mho_images *images = count ? &data->test : &data->train;
    (void)mho_images_note(net, images, count ? (size_t)count : images->count, note);
    return PyUnicode_FromString(note);
}

static PyObject *array_note(PyObject *self, PyObject *args)
{
    const mho_net *net;
    PyObject *x;
    Py_ssize_t n;
    Py_buffer in;
    char note[MHO_INPUT_NOTE];
    (void)self;
    if (!PyArg_ParseTuple(args, "O&On", binding_net, &net, &x, &n))
        return NULL;
    if (!binding_buffer(x, "f", n, false, "x", &in))
        return NULL;
    (void)mho_input_note(net, in.buf, (size_t)n, note);
    PyBuffer_Release(&in);
    return PyUnicode_FromString(note);
}

PyMethodDef binding_train_methods[] = {
    {"train", train, METH_VARARGS,
     "(net, place, data, sets, checkpoint or None, resume, each or None, how): the epochs"},
    {"train_fields", fields, METH_NOARGS, "(key, default, help) of each"},
    {"infer", infer, METH_VARARGS, "(net, inputs, how): (type, shape, bytes) of each output"},
    {"input_note", input_note, METH_VARARGS,
     "(net, data, count): of the first test images; count 0: of the training images"},
    {"array_note", array_note, METH_VARARGS, "(net, x, n): of float32"},
    {"infer_tally", infer_tally, METH_VARARGS,
     "(net, data, count, how): errors, not in the five best, their intervals, whether the input is "
     "assumed, threads, "
     "kernel; of the first test images, which are there"},
    {NULL, NULL, 0, NULL}};
