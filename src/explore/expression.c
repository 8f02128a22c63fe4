/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent into a tree of nodes:
 *     any = all {"or" all}; all = one {"and" one}; one = "not" one | sum [relation sum]
 *     sum = product {+|- product}; product = factor {*|/ factor}
 *     factor = number [unit] | name | 'text' | ( any ) | - factor
 * A word that is no name is a text: `output.readout == sar`. */
#include "explore/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "mho/config.h"

enum { NODES = 256, NAMES = 512, DEPTH = 64 };

typedef enum op {
    NUMBER,
    TEXT,
    NAME,
    OR,
    AND,
    NOT,
    LE,
    GE,
    LT,
    GT,
    EQ,
    NE,
    ADD,
    SUB,
    MUL,
    DIV,
    NEG
} op;

typedef struct node {
    op op;
    uint16_t a, b;
    size_t name;
    double number;
    char text[64];
} node;

struct mhoi_expression {
    node node[NODES];
    uint16_t nodes, root;
    char text[512];
};

typedef struct reader {
    mhoi_expression *e;
    const char *at;
    mhoi_name_fn *find;
    mhoi_names_fn *names;
    void *user;
    int depth;
    mho_status s;
} reader;

static const struct {
    const char *name;
    double scale;
    const char *of; /* what is told in it: the start of a result's name; "": whatever has no unit */
} units[] = {{"%", 1e-2, ""},         {"mm2", 1e-6, "area"},   {"um2", 1e-12, "area"},
             {"m2", 1, "area"},       {"J", 1, "energy"},      {"mJ", 1e-3, "energy"},
             {"uJ", 1e-6, "energy"},  {"nJ", 1e-9, "energy"},  {"pJ", 1e-12, "energy"},
             {"s", 1, "latency"},     {"ms", 1e-3, "latency"}, {"us", 1e-6, "latency"},
             {"ns", 1e-9, "latency"}, {"W", 1, "power"},       {"mW", 1e-3, "power"},
             {"uW", 1e-6, "power"},   {"kW", 1e3, "power"}};

static void blank(reader *r)
{
    r->at += strspn(r->at, " \t\n");
}

static void fail(reader *r, const char *what)
{
    if (!r->s)
        r->s = mho_error(MHO_ECONFIG, "'%s': %s at '%.40s'", r->e->text, what, r->at);
}

static uint16_t add(reader *r, op kind, uint16_t a, uint16_t b)
{
    if (r->e->nodes == NODES) {
        fail(r, "too long");
        return 0;
    }
    r->e->node[r->e->nodes] = (node){.op = kind, .a = a, .b = b};
    return r->e->nodes++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static bool take(reader *r, const char *text)
{
    const size_t n = strlen(text);
    blank(r);
    if (strncmp(r->at, text, n) != 0 || (is_word(text[0]) && is_word(r->at[n])))
        return false;
    r->at += n;
    return true;
}

static uint16_t any(reader *r);

/* A unit stands right behind its number, or after a blank. */
static uint16_t number(reader *r)
{
    char *end = NULL;
    double v = mhoi_decimal_read(r->at, &end);
    r->at = end;
    const char *before = r->at;
    blank(r);
    size_t n = *r->at == '%' ? 1 : 0;
    while (!n && is_word(r->at[n]))
        n++;
    n = *r->at == '%'
            ? 1
            : strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    uint16_t unit = 0; /* 1 + its place in the list */
    for (uint16_t i = 0; n && i < sizeof units / sizeof *units && !unit; i++)
        if (strlen(units[i].name) == n && !strncmp(units[i].name, r->at, n)) {
            v *= units[i].scale;
            unit = (uint16_t)(i + 1);
        }
    const bool word = n && (!strncmp(r->at, "and", 3) || !strncmp(r->at, "or", 2));
    if (n && !unit && !word)
        fail(r, "unknown unit (want one of % m2 mm2 um2 J mJ uJ nJ pJ s ms us ns W mW uW kW)");
    if (unit)
        r->at += n;
    else
        r->at = before;
    const uint16_t k = add(r, NUMBER, unit, 0);
    r->e->node[k].number = v;
    return k;
}

static uint16_t word(reader *r)
{
    char text[64];
    size_t n = 0;
    while (is_word(r->at[n]) ||
           (n && r->at[n] == '-' && is_word(r->at[n + 1]) && !isdigit((unsigned char)r->at[n + 1])))
        n++;
    if (!n || n >= sizeof text) {
        fail(r, n ? "a word too long" : "want a name or a number");
        return 0;
    }
    snprintf(text, sizeof text, "%.*s", (int)n, r->at);
    r->at += n;
    const size_t found = r->find(r->user, text);
    const uint16_t k = add(r, found == SIZE_MAX ? TEXT : NAME, 0, 0);
    r->e->node[k].name = found;
    memcpy(r->e->node[k].text, text, sizeof text);
    return k;
}

static uint16_t factor(reader *r)
{
    blank(r);
    if (++r->depth > DEPTH || r->s) {
        fail(r, "nested too deep");
        return 0;
    }
    uint16_t k;
    if (take(r, "(")) {
        k = any(r);
        if (!take(r, ")"))
            fail(r, "want )");
    } else if (take(r, "-")) {
        k = factor(r);
        k = add(r, NEG, k, 0);
    } else if (isdigit((unsigned char)*r->at) ||
               (*r->at == '.' && isdigit((unsigned char)r->at[1]))) {
        k = number(r);
    } else {
        k = word(r);
    }
    r->depth--;
    return k;
}

static uint16_t product(reader *r)
{
    uint16_t a = factor(r);
    for (;;) {
        const op kind = take(r, "*") ? MUL : take(r, "/") ? DIV : NUMBER;
        if (kind == NUMBER || r->s)
            return a;
        const uint16_t b = factor(r);
        if (kind == DIV && r->e->node[b].op == NUMBER && !(fabs(r->e->node[b].number) > 0))
            fail(r, "division by zero");
        a = add(r, kind, a, b);
    }
}

static uint16_t sum(reader *r)
{
    uint16_t a = product(r);
    for (;;) {
        const op kind = take(r, "+") ? ADD : take(r, "-") ? SUB : NUMBER;
        if (kind == NUMBER || r->s)
            return a;
        const uint16_t b = product(r);
        a = add(r, kind, a, b);
    }
}

static op relation(reader *r)
{
    return take(r, "<=")   ? LE
           : take(r, ">=") ? GE
           : take(r, "==") ? EQ
           : take(r, "!=") ? NE
           : take(r, "<")  ? LT
           : take(r, ">")  ? GT
           : take(r, "=")  ? EQ
                           : NUMBER;
}

/* Both sides of = may be texts: one that is no name beside a name.  Anything else wants to be known. */
static void check_text(reader *r, const node *n, bool equal)
{
    const char *list[NAMES];
    size_t count = 0;
    if (n->op != TEXT || equal || r->s)
        return;
    while (count < NAMES && (list[count] = r->names(r->user, count)))
        count++;
    r->s = mho_error_near(MHO_ECONFIG, n->text, list, count, "'%s': unknown name %s", r->e->text,
                          n->text);
}

/* What a result is told in, by the start of its name ("area" of "area_mm2"): "area", or "" for shares and counts. */
static const char *kind_of(const char *name)
{
    const size_t n = strcspn(name, "_");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].of) == n && !strncmp(units[i].of, name, n))
            return units[i].of;
    return "";
}

/* `area <= 5 ms` means nothing; `area_mm2 <= 10 mm2` says the unit twice, and would mean neither.  Fields of the
 * description have units of their own. */
static void check_unit(reader *r, const node *name, const node *number_node)
{
    if (name->op != NAME || number_node->op != NUMBER || !number_node->a || r->s ||
        strchr(name->text, '.'))
        return;
    const char *tail = strrchr(name->text, '_'), *unit = units[number_node->a - 1].name;
    if (strcmp(kind_of(name->text), units[number_node->a - 1].of) != 0) {
        r->s = mho_error(MHO_ECONFIG, "'%s': %s is not told in %s", r->e->text, name->text, unit);
        return;
    }
    if (!tail || *unit == '%')
        return;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(units[i].name, tail + 1) && units[i].scale < 1)
            r->s = mho_error(
                MHO_ECONFIG,
                "'%s': %s tells its unit: want a bare number beside it, or %.*s with a unit",
                r->e->text, name->text, (int)(tail - name->text), name->text);
}

static uint16_t one(reader *r)
{
    if (take(r, "not")) {
        const uint16_t k = one(r);
        return add(r, NOT, k, 0);
    }
    const uint16_t a = sum(r);
    const op kind = r->s ? NUMBER : relation(r);
    if (kind == NUMBER) {
        check_text(r, &r->e->node[a], false);
        return a;
    }
    const uint16_t b = sum(r);
    const node *na = &r->e->node[a], *nb = &r->e->node[b];
    const bool equal = kind == EQ || kind == NE;
    check_text(r, na, equal && nb->op == NAME);
    check_text(r, nb, equal && na->op == NAME);
    check_unit(r, na, nb);
    check_unit(r, nb, na);
    return add(r, kind, a, b);
}

static uint16_t all(reader *r)
{
    uint16_t a = one(r);
    while (!r->s && take(r, "and")) {
        const uint16_t b = one(r);
        a = add(r, AND, a, b);
    }
    return a;
}

static uint16_t any(reader *r)
{
    uint16_t a = all(r);
    while (!r->s && take(r, "or")) {
        const uint16_t b = all(r);
        a = add(r, OR, a, b);
    }
    return a;
}

mho_status mhoi_expression_read(const char *text, mhoi_name_fn *find, mhoi_names_fn *names,
                                void *user, mhoi_expression **out)
{
    mhoi_expression *e = NULL;
    *out = NULL;
    if (strlen(text) >= sizeof e->text)
        return mho_error(MHO_ECONFIG, "'%.40s...': want less than %zu characters", text,
                         sizeof e->text);
    mho_status s = mhoi_alloc(&e, 1, sizeof *e, "condition");
    if (s)
        return s;
    snprintf(e->text, sizeof e->text, "%s", text);
    reader r = {.e = e, .at = e->text, .find = find, .names = names, .user = user};
    e->root = any(&r);
    blank(&r);
    if (!r.s && *r.at)
        fail(&r, "want and, or, or the end");
    for (uint16_t i = 0; !r.s && i < e->nodes; i++) /* sums of words */
        if (e->node[i].op >= ADD && e->node[i].op <= DIV) {
            check_text(&r, &e->node[e->node[i].a], false);
            check_text(&r, &e->node[e->node[i].b], false);
        }
    if (!r.s && (e->node[e->root].op < OR || e->node[e->root].op > NE))
        r.s = mho_error(MHO_ECONFIG, "'%s': want a condition, as area_mm2 <= 10", e->text);
    if (r.s) {
        mhoi_free(&e);
        return r.s;
    }
    *out = e;
    return MHO_OK;
}

void mhoi_expression_destroy(mhoi_expression *expression)
{
    mhoi_free(&expression);
}

const char *mhoi_expression_text(const mhoi_expression *expression)
{
    return expression->text;
}

typedef struct context {
    const mhoi_expression *e;
    mhoi_look_fn *look;
    void *user;
} context;

static double value_of(const context *c, uint16_t i);

static bool same_text(const context *c, const node *a, const node *b, bool *known)
{
    const node *name = a->op == NAME ? a : b, *text = a->op == NAME ? b : a;
    mhoi_value v;
    *known = name->op == NAME && text->op == TEXT;
    if (!*known)
        return false;
    c->look(c->user, name->name, &v);
    if (!v.is_text)
        mhoi_decimal_print(v.text, sizeof v.text, "%.17g", v.number);
    return !strcmp(v.text, text->text);
}

static double compare(const context *c, const node *n)
{
    const node *a = &c->e->node[n->a], *b = &c->e->node[n->b];
    bool known = false;
    const bool same = same_text(c, a, b, &known);
    if (known)
        return n->op == EQ ? same : !same;
    const double x = value_of(c, n->a), y = value_of(c, n->b);
    if (isnan(x) || isnan(y))
        return 0;
    return n->op == LE   ? x <= y
           : n->op == GE ? x >= y
           : n->op == LT ? x < y
           : n->op == GT ? x > y
           : n->op == EQ ? !(x < y || x > y)
                         : x < y || x > y;
}

static double value_of(const context *c, uint16_t i)
{
    const node *n = &c->e->node[i];
    mhoi_value v;
    switch (n->op) {
    case NUMBER:
        return n->number;
    case TEXT:
        return (double)NAN;
    case NAME:
        c->look(c->user, n->name, &v);
        return v.is_text ? (double)NAN : v.number;
    case OR:
        return value_of(c, n->a) > 0 || value_of(c, n->b) > 0;
    case AND:
        return value_of(c, n->a) > 0 && value_of(c, n->b) > 0;
    case NOT:
        return !(value_of(c, n->a) > 0);
    case ADD:
        return value_of(c, n->a) + value_of(c, n->b);
    case SUB:
        return value_of(c, n->a) - value_of(c, n->b);
    case MUL:
        return value_of(c, n->a) * value_of(c, n->b);
    case DIV: /* by a field that is zero: not known, and so no condition holds */
        return fabs(value_of(c, n->b)) > 0 ? value_of(c, n->a) / value_of(c, n->b) : (double)NAN;
    case NEG:
        return -value_of(c, n->a);
    case LE:
    case GE:
    case LT:
    case GT:
    case EQ:
    case NE:
        break;
    }
    return compare(c, n);
}

bool mhoi_expression_holds(const mhoi_expression *expression, mhoi_look_fn *look, void *user)
{
    const context c = {expression, look, user};
    return value_of(&c, expression->root) > 0;
}

bool mhoi_expression_uses(const mhoi_expression *expression, size_t name)
{
    for (uint16_t i = 0; i < expression->nodes; i++)
        if (expression->node[i].op == NAME && expression->node[i].name == name)
            return true;
    return false;
}
