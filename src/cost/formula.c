/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive-descent reader of formulas:
 *     sum = product { (+|-) product }     product = power { [*|/] power }
 *     power = atom [ ^ [-] atom ]         atom = number | name | ( sum ) | function ( sum { , sum } )     */
#include "base/decimal.h"
#include "base/units.h"
#include "formula_impl.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const mhoi_unit units[] = {
    {"m", "length", 1},
    {"um", "length", 1e-6},
    {"nm", "length", 1e-9},
    {"m2", "area", 1},
    {"mm2", "area", 1e-6},
    {"um2", "area", 1e-12},
    {"J", "energy", 1},
    {"uJ", "energy", 1e-6},
    {"nJ", "energy", 1e-9},
    {"pJ", "energy", 1e-12},
    {"fJ", "energy", 1e-15},
    {"W", "power", 1},
    {"mW", "power", 1e-3},
    {"uW", "power", 1e-6},
    {"s", "time", 1},
    {"us", "time", 1e-6},
    {"ns", "time", 1e-9},
    {"Hz", "frequency", 1},
    {"MHz", "frequency", 1e6},
    {"V", "voltage", 1},
    {"S", "conductance", 1},
    {"uS", "conductance", 1e-6},
    {"1", "number", 1},
    {"mm", "length", 1e-3},
    {"ps", "time", 1e-12},
    {"pF", "capacitance", 1e-12},
    {"fF", "capacitance", 1e-15},
    {"aF", "capacitance", 1e-18},
    {"farad", "capacitance", 1},
    {"F/m", "capacitance", 1},
    {"A/m", "current", 1},
    {"ohm/m", "resistance", 1},
};

static double ceiling(double a, double b)
{
    (void)b;
    return ceil(a);
}
static double exponential(double a, double b)
{
    (void)b;
    return exp(a);
}
static double logarithm(double a, double b)
{
    (void)b;
    return log(a);
}
static double root(double a, double b)
{
    (void)b;
    return sqrt(a);
}

static const struct function {
    const char *name;
    double (*value)(double a, double b);
    int arguments;
} functions[] = {{"max", fmax, 2},      {"min", fmin, 2},  {"exp", exponential, 1},
                 {"log", logarithm, 1}, {"sqrt", root, 1}, {"ceil", ceiling, 1}};

static const struct function *function_find(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (!strcmp(functions[i].name, name))
            return &functions[i];
    return NULL;
}

bool mhoi_formula_has(const char *name)
{
    return mhoi_unit_find(name) || function_find(name);
}

const mhoi_unit *mhoi_unit_find(const char *name)
{
    char canonical[MHOI_UNIT_BYTES];
    mhoi_unit_canonical(name, canonical);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(units[i].name, canonical))
            return &units[i];
    return NULL;
}

void mhoi_units_of(const char *kind, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units && used < size; i++)
        if (!kind || !strcmp(kind, units[i].kind))
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", units[i].name);
}

enum { DEPTH_MAX = 16 };

typedef struct reader {
    const char *text, *at;
    mhoi_scope scope;
    int depth;
} reader;

static mho_status sum(reader *r, double *out);

static void skip_spaces(reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static bool starts_name(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static mho_status unexpected(const reader *r, const char *want)
{
    if (*r->at)
        return mho_error(MHO_ECONFIG, "formula '%s': '%c' at character %td, want %s", r->text,
                         *r->at, r->at - r->text + 1, want);
    return mho_error(MHO_ECONFIG, "formula '%s' ends where %s should follow", r->text, want);
}

/* An opening parenthesis, a list of sums, and the closing one. */
static mho_status list(reader *r, double *out, int count)
{
    if (++r->depth > DEPTH_MAX)
        return mho_error(MHO_ECONFIG, "formula '%.40s...': parentheses deeper than %d", r->text,
                         DEPTH_MAX);
    for (int i = 0; i < count; i++) {
        skip_spaces(r);
        if (*r->at != (i ? ',' : '('))
            return unexpected(r, i ? "','" : "'('");
        r->at++;
        mho_status s = sum(r, &out[i]);
        if (s)
            return s;
    }
    skip_spaces(r);
    if (*r->at != ')')
        return unexpected(r, "')'");
    r->at++;
    r->depth--;
    return MHO_OK;
}

static bool look_up(const mhoi_scope *scope, const char *name, double *out)
{
    for (size_t i = 0; i < scope->arguments; i++)
        if (!strcmp(scope->argument[i].name, name)) {
            *out = scope->argument[i].value;
            return true;
        }
    const mho_constant *c = mho_technology_constant(scope->tech, name);
    const mhoi_unit *u = mhoi_unit_find(name);
    if (c || u)
        *out = c ? c->quantity.value : u->scale;
    return c || u;
}

static mho_status named_value(reader *r, double *out)
{
    char name[MHO_COST_NAME];
    size_t n = 0;
    while (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')
        n++;
    if (n >= sizeof name)
        return mho_error(MHO_ECONFIG, "formula '%s': a name of %zu characters, want at most %zu",
                         r->text, n, sizeof name - 1);
    memcpy(name, r->at, n);
    name[n] = 0;
    r->at += n;
    const struct function *f = function_find(name);
    if (f) {
        double argument[2] = {0, 0};
        mho_status s = list(r, argument, f->arguments);
        if (!s)
            *out = f->value(argument[0], argument[1]);
        return s;
    }
    if (!look_up(&r->scope, name, out))
        return mho_error(MHO_ECONFIG, "formula '%s': '%s' is no unit and no constant defined above",
                         r->text, name);
    return MHO_OK;
}

static mho_status number(reader *r, double *out)
{
    char *end;
    *out = mhoi_decimal_read(r->at, &end);
    if (end == r->at) /* a lone point */
        return unexpected(r, "a number");
    r->at = end;
    return MHO_OK;
}

static mho_status atom(reader *r, double *out)
{
    skip_spaces(r);
    if (isdigit((unsigned char)*r->at) || *r->at == '.')
        return number(r, out);
    if (starts_name(*r->at))
        return named_value(r, out);
    if (*r->at == '(')
        return list(r, out, 1);
    return unexpected(r, "a number, a name or '('");
}

static mho_status power(reader *r, double *out)
{
    mho_status s = atom(r, out);
    if (s)
        return s;
    skip_spaces(r);
    if (*r->at != '^')
        return MHO_OK;
    r->at++;
    skip_spaces(r);
    const bool minus = *r->at == '-';
    r->at += minus;
    double exponent;
    s = atom(r, &exponent);
    if (!s)
        *out = pow(*out, minus ? -exponent : exponent);
    return s;
}

static mho_status product(reader *r, double *out)
{
    mho_status s = power(r, out);
    while (!s) {
        skip_spaces(r);
        char c = *r->at;
        bool divide = c == '/';
        if (c == '*' || divide)
            r->at++;
        else if (!isalnum((unsigned char)c) && c != '_' && c != '(' && c != '.')
            break;
        double factor;
        s = power(r, &factor);
        if (!s)
            *out = divide ? *out / factor : *out * factor;
    }
    return s;
}

static mho_status sum(reader *r, double *out)
{
    mho_status s = product(r, out);
    while (!s) {
        skip_spaces(r);
        char c = *r->at;
        if (c != '+' && c != '-')
            break;
        r->at++;
        double term;
        s = product(r, &term);
        if (!s)
            *out += c == '+' ? term : -term;
    }
    return s;
}

mho_status mhoi_formula(const char *text, mhoi_scope scope, double *out)
{
    reader r = {.text = text, .at = text, .scope = scope};
    mho_status s = sum(&r, out);
    if (s)
        return s;
    if (*r.at)
        return unexpected(&r, "the end");
    if (!isfinite(*out))
        return mho_error(MHO_ECONFIG, "formula '%s' has no finite value", text);
    return MHO_OK;
}

bool mhoi_formula_is_symbolic(const char *text)
{
    char *end;
    mhoi_decimal_read(text, &end);
    while (isspace((unsigned char)*end))
        end++;
    return *end != 0;
}
