/* SPDX-License-Identifier: Apache-2.0 */
/* What a call came to, and the message that goes with it.
 *
 * Every function that can fail returns a mho_status.  The detail (the value and the place) is a
 * thread-local text, valid until the next failing call of the same thread:
 *     configs/x.yaml:14: crossbar.rows = 0, want 1..4096 */
#ifndef MHO_STATUS_H
#define MHO_STATUS_H

#include "mho/api.h"

MHO_C_BEGIN

/* name, number (never reused), exit code of the program, text */
#define MHO_STATUS_TABLE(X)                                                                        \
    X(OK, 0, 0, "ok")                                                                              \
    X(ECHECK, 1, 1, "a check failed")                                                              \
    X(EUSAGE, 2, 2, "wrong usage")                                                                 \
    X(ECONFIG, 3, 2, "bad configuration")                                                          \
    X(EDOMAIN, 4, 2, "value out of range")                                                         \
    X(ENOTMODELED, 5, 2, "not modelled")                                                           \
    X(EFILE, 6, 3, "cannot read or write")                                                         \
    X(EFORMAT, 7, 3, "malformed file")                                                             \
    X(ENODATA, 8, 3, "data not found")                                                             \
    X(ENOMEM, 9, 4, "out of memory")                                                               \
    X(EINTERNAL, 10, 4, "internal error")                                                          \
    X(ENOCONV, 11, 4, "no convergence")                                                            \
    X(EINTERRUPTED, 12, 130, "interrupted")                                                        \
    X(ENOMODEL, 13, 3, "no trained network")

typedef enum mho_status {
#define MHO_STATUS_ENUM(name, number, code, text) MHO_##name = number,
    MHO_STATUS_TABLE(MHO_STATUS_ENUM)
#undef MHO_STATUS_ENUM
} mho_status;

/* "EFORMAT", "malformed file", and the program's exit code of a status. */
MHO_API const char *mho_status_name(mho_status s);
MHO_API const char *mho_status_text(mho_status s);
MHO_API int mho_status_exit_code(mho_status s);

/* The message of this thread's last failure; "" if there was none. */
MHO_API const char *mho_error_message(void);

/* Sets this thread's message and returns s, so that a failure is one line:
 *     return mho_error(MHO_EDOMAIN, "rows = %zu, want 1..%zu", rows, max); */
MHO_API mho_status mho_error(mho_status s, const char *format, ...) MHO_PRINTF(2, 3);

/* Puts "format: " before the message there is: adds the place while a failure travels up. */
MHO_API mho_status mho_error_prefix(mho_status s, const char *format, ...) MHO_PRINTF(2, 3);

#ifdef __clang_analyzer__ /* lets the analyzer see that they return s */
#define mho_error(s, ...) (mho_error(s, __VA_ARGS__), (s))
#define mho_error_prefix(s, ...) (mho_error_prefix(s, __VA_ARGS__), (s))
#endif

MHO_C_END

#endif
