/* SPDX-License-Identifier: Apache-2.0 */
/* The extension `mho._mho`: handles, calls without the interpreter's lock, and conversions.  Only the stable part of
 * CPython's interface (3.11), arrays by the buffer protocol: one build serves every later Python, with any numpy. */
#ifndef MHO_PYTHON_BINDING_H
#define MHO_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "mho/mho.h"

/* --- errors ------------------------------------------------------------------------------------------- */

/* Raises the exception of that status with the library's message; NULL. */
PyObject *binding_raise(mho_status s);

/* --- handles: an object of the library in a capsule that destroys it ----------------------------------- */

#define HANDLE_NET "mho.net"
#define HANDLE_HW "mho.hw"
#define HANDLE_STUDY "mho.study"
#define HANDLE_CHIP "mho.chip"
#define HANDLE_DATA "mho.data"

/* A data set whose arrays lie in buffers of Python, which are held as long as it lives. */
typedef struct binding_data {
    mho_data *data;
    Py_buffer buffer[4];
    size_t buffers;
} binding_data;
void binding_data_destroy(void *data);

/* Takes object over, which is destroyed if no capsule can be made. */
PyObject *binding_wrap(void *object, const char *kind);
/* The same capsule, which keeps other alive from now on. */
PyObject *binding_needs(PyObject *capsule, PyObject *other);
/* Converters of PyArg_ParseTuple ("O&"); of the optional ones None is NULL. */
int binding_net(PyObject *value, void *out);
int binding_hw(PyObject *value, void *out);
int binding_net_or_none(PyObject *value, void *out);
int binding_hw_or_none(PyObject *value, void *out);
int binding_data_or_none(PyObject *value, void *out);
int binding_study(PyObject *value, void *out);
int binding_chip(PyObject *value, void *out); /* a binding_chip_cells */

/* --- programmed cells ---------------------------------------------------------------------------------- */

/* A call that reads, in the memory of its thread. */
typedef struct binding_reader {
    struct binding_reader *next;
    unsigned long thread;
} binding_reader;

/* A chip and who is at it: reads go on beside each other; programming waits for them, and they for it.  But for `next` all
 * is under the interpreter's lock. */
typedef struct binding_chip_cells {
    mho_chip *chip;
    binding_reader *readers;
    size_t waiting; /* programmings; new reads let them go first */
    size_t queued;  /* reads that wait since the last programming ended */
    size_t due;     /* reads that have waited for one: the next programming lets them go first */
    uint64_t ended; /* programmings */
    bool alone;
    unsigned long owner; /* thread that is alone */
    pid_t process;       /* that this is about: a fork leaves behind all who are at it */
    uint64_t seed;       /* of the last programming */
    uint32_t trial;
    _Atomic uint64_t next;         /* number of the next vector, by which its noise is drawn */
    struct binding_matrix *matrix; /* NULL: of a network */
} binding_chip_cells;

void binding_cells_destroy(void *cells);
/* false: an exception is set.  Within a read of the same thread another one may begin. */
bool binding_read_begin(binding_chip_cells *cells, binding_reader *me);
void binding_read_end(binding_chip_cells *cells, binding_reader *me);
bool binding_alone_begin(binding_chip_cells *cells);
void binding_alone_end(binding_chip_cells *cells);

/* --- calls --------------------------------------------------------------------------------------------- */

/* A call of the library that may take long: between begin and end the thread is bound to a run of its own, Ctrl-C ends the
 * call, and the interpreter's lock is free. */
typedef struct binding_call {
    mho_run *run, *before;
    PyObject *progress; /* borrowed; NULL: none */
    PyThreadState *python;
    bool failed; /* the callback raised; its exception is set once the call has ended */
    PyObject *type, *value, *trace;
    bool catches; /* SIGINT */
    double began_s;
} binding_call;

/* how: a tuple (threads, progress or None) as every long function of the module takes it last.  false: an exception is set. */
bool binding_begin(binding_call *call, PyObject *how);
/* Whether the call came to an end without an exception, which is set if not. */
bool binding_end(binding_call *call, mho_status s);
/* Spent between begin and end by all calls so far, and by what is counted besides. */
double binding_seconds(void);
void binding_spent(double seconds);

/* --- conversions ---------------------------------------------------------------------------------------- */

/* Takes v over: dictionaries, lists, numbers; NULL with an exception.  Another reading of the same text. */
PyObject *binding_json(mho_json *v);
/* A sequence of texts as a NULL-terminated array, to be freed with PyMem_Free; the texts live as long as the sequence.
 * None gives NULL. */
int binding_texts(PyObject *sequence, const char ***out);
/* The same of descriptions: their handles, of None NULL; borrowed as long as the sequence lives. */
int binding_hardwares(PyObject *sequence, const mho_hw ***out);

/* A C-contiguous buffer of elements of that format ("f", "d", "B" ...; "l" and "q" are the same) and so many of them. */
bool binding_buffer(PyObject *object, const char *format, Py_ssize_t count, bool writable,
                    const char *what, Py_buffer *out);

/* A C-contiguous array of numbers as the library sees it: its memory, borrowed while the buffer is held. */
bool binding_array(PyObject *object, const char *what, Py_buffer *buffer, mho_array *out);

/* --- the parts of the module, NULL-terminated ------------------------------------------------------------ */

extern PyMethodDef binding_net_methods[], binding_hw_methods[], binding_study_methods[],
    binding_price_methods[], binding_data_methods[], binding_chip_methods[],
    binding_circuit_methods[], binding_train_methods[], binding_explore_methods[],
    binding_quantize_methods[], binding_page_methods[], binding_matrix_methods[];

#endif
