/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a field table: read from a text, checked, printed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/contract.h"
#include "base/fields.h"
#include "base/units.h"

#define WANT_SIZE 256

/* With or without a sign, in range or not. */
static bool is_digits(const char *value)
{
    value += *value == '-' || *value == '+';
    return *value && !value[strspn(value, "0123456789")];
}

/* What a value has to be, for messages: "1..4096", "one of uniform, gaussian". */
static const char *want_text(const mho_field *f, const char *value, char text[WANT_SIZE])
{
    size_t at = 0;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        return "true or false";
    case MHO_FIELD_UINT:
        (void)mhoi_decimal_print(text, WANT_SIZE, "%s%.17g..%.17g%s%s%s",
                                 is_digits(value) ? "" : "a whole number ", f->min, f->max,
                                 *f->unit ? " " : "", f->unit,
                                 is_digits(value) ? "" : " in digits alone");
        break;
    case MHO_FIELD_DOUBLE:
        (void)mhoi_decimal_print(text, WANT_SIZE, "%g..%g%s%s", f->min, f->max, *f->unit ? " " : "",
                                 f->unit);
        break;
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        (void)snprintf(text, WANT_SIZE, "a text of at most %zu bytes", f->size - 1);
        break;
    case MHO_FIELD_ENUM:
        for (size_t i = 0; f->names[i] && at < WANT_SIZE; i++)
            at += (size_t)snprintf(text + at, WANT_SIZE - at, "%s%s", i ? ", " : "one of ",
                                   f->names[i]);
        break;
    }
    return text;
}

static bool parse_bool(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0;
}

static bool parse_name(const mho_field *f, const char *text, int *out)
{
    for (int i = 0; f->names[i]; i++) {
        if (strcmp(f->names[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Writes text's value to the field's place in options; false and nothing written if it does not fit. */
static bool store(const mho_field *f, const char *text, void *options)
{
    void *to = (char *)options + f->offset;
    bool flag;
    size_t whole;
    double real;
    int name;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        if (!parse_bool(text, &flag))
            return false;
        memcpy(to, &flag, sizeof flag);
        return true;
    case MHO_FIELD_UINT:
        if (!mhoi_parse_count(text, f->unit, &whole) || (double)whole < f->min ||
            (double)whole > f->max)
            return false;
        memcpy(to, &whole, sizeof whole);
        return true;
    case MHO_FIELD_DOUBLE:
        if (!mhoi_parse_real(text, f->unit, f->scale, &real) || real < f->min || real > f->max)
            return false;
        real *= f->scale;
        memcpy(to, &real, sizeof real);
        return true;
    case MHO_FIELD_ENUM:
        if (!parse_name(f, text, &name))
            return false;
        memcpy(to, &name, sizeof name);
        return true;
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        if (strlen(text) >= f->size)
            return false;
        memset(to, 0, f->size);
        memcpy(to, text, strlen(text));
        return true;
    }
    return false;
}

/* A number with a unit that is none of the field's. */
static bool is_wrong_unit(const mho_field *f, const char *text)
{
    const bool number = f->kind == MHO_FIELD_UINT || f->kind == MHO_FIELD_DOUBLE;
    const char *unit = number ? mhoi_unit_of(text) : NULL;
    if (!unit || !*unit)
        return false;
    return f->kind == MHO_FIELD_UINT && strcmp(f->unit, "B") != 0
               ? strcmp(unit, f->unit) != 0
               : !mhoi_unit_fits(unit, f->unit, f->scale);
}

static mho_status wrong_unit(const mho_field *f, const char *text, const char *place)
{
    char list[WANT_SIZE];
    const char *unit = mhoi_unit_of(text);
    if (!*f->unit)
        return mho_error(MHO_ECONFIG, "%s: %.64s = %.80s: unit %.40s, want %s without unit", place,
                         f->key, text, unit, want_text(f, "0", list));
    if (f->kind == MHO_FIELD_UINT && strcmp(f->unit, "B") != 0)
        return mho_error(MHO_ECONFIG, "%s: %.64s = %.80s: unit %.40s, want %s", place, f->key, text,
                         unit, f->unit);
    mhoi_unit_list(f->unit, f->scale, list, sizeof list);
    return mho_error(MHO_ECONFIG, "%s: %.64s = %.80s: unit %.40s, want %s%s", place, f->key, text,
                     unit, strchr(list, ',') ? "one of " : "", list);
}

mho_status mhoi_field_read(const mho_field *f, const char *text, const char *place, void *options)
{
    char want[WANT_SIZE], message[WANT_SIZE + 256];
    size_t names = 0;
    if (store(f, text, options))
        return MHO_OK;
    if (is_wrong_unit(f, text))
        return wrong_unit(f, text, place);
    for (; f->kind == MHO_FIELD_ENUM && f->names[names]; names++)
        ;
    (void)snprintf(message, sizeof message, "%s: %.64s = %.80s, want %s", place, f->key, text,
                   want_text(f, text, want));
    return mho_error_near(MHO_ECONFIG, text, f->names, names, "%s", message);
}

/* The shortest writing that reads back to the same SI value. */
static int print_double(double si, double scale, char *text, size_t size)
{
    char digits[32];
    for (int n = 6; n <= 17; n++) {
        (void)mhoi_decimal_general(digits, si / scale, n);
        if (mhoi_decimal_read(digits, NULL) * scale == si)
            break;
    }
    return snprintf(text, size, "%s", digits);
}

int mho_field_print(const mho_fields *table, size_t i, const void *options, char *text, size_t size)
{
    MHO_ASSERT(i < table->count);
    const mho_field *f = &table->field[i];
    const void *from = (const char *)options + f->offset;
    bool flag;
    size_t whole;
    double real;
    int name;
    switch (f->kind) {
    case MHO_FIELD_BOOL:
        memcpy(&flag, from, sizeof flag);
        return snprintf(text, size, "%s", flag ? "true" : "false");
    case MHO_FIELD_UINT:
        memcpy(&whole, from, sizeof whole);
        return snprintf(text, size, "%zu", whole);
    case MHO_FIELD_DOUBLE:
        memcpy(&real, from, sizeof real);
        return print_double(real, f->scale, text, size);
    case MHO_FIELD_ENUM:
        memcpy(&name, from, sizeof name);
        return snprintf(text, size, "%s", f->names[name]);
    case MHO_FIELD_STRING:
    case MHO_FIELD_PATH:
    case MHO_FIELD_NAMED:
        return snprintf(text, size, "%.*s", (int)f->size, (const char *)from);
    }
    return 0;
}
