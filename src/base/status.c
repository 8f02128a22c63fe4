/* SPDX-License-Identifier: Apache-2.0 */
/* Status names and the message of each thread's last failure.  The message has a fixed place, so that
 * running out of memory can be told as well. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "mho/status.h"

#undef mho_error /* the analyzer's view of them */
#undef mho_error_prefix

#define MESSAGE_SIZE 1024

static _Thread_local char message[MESSAGE_SIZE];

static const struct {
    const char *name, *text;
    int exit_code;
} statuses[] = {
#define STATUS_ROW(name, number, code, text) [number] = {#name, text, code},
    MHO_STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
};

static size_t row(mho_status s)
{
    size_t i = (size_t)s;
    return i < sizeof statuses / sizeof *statuses && statuses[i].name ? i : (size_t)MHO_EINTERNAL;
}

const char *mho_status_name(mho_status s)
{
    return statuses[row(s)].name;
}

const char *mho_status_text(mho_status s)
{
    return statuses[row(s)].text;
}

int mho_status_exit_code(mho_status s)
{
    return statuses[row(s)].exit_code;
}

const char *mho_error_message(void)
{
    return message;
}

mho_status mho_error(mho_status s, const char *format, ...)
{
    char text[MESSAGE_SIZE]; /* an argument may be the old message */
    va_list args;
    va_start(args, format);
    (void)mhoi_decimal_vprint(text, sizeof text, format, args);
    va_end(args);
    memcpy(message, text, sizeof text);
    return s;
}

mho_status mho_error_prefix(mho_status s, const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    int length = mhoi_decimal_vprint(text, sizeof text, format, args);
    va_end(args);
    if (length >= 0 && length + 3 < MESSAGE_SIZE)
        (void)snprintf(text + length, sizeof text - (size_t)length, ": %.*s",
                       MESSAGE_SIZE - length - 3, message);
    memcpy(message, text, sizeof text);
    return s;
}
