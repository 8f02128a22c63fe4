/* SPDX-License-Identifier: Apache-2.0 */
/* Component models.  A formula is tried at all ends of its parameters' ranges when the table is read, so that a table
 * whose prices turn negative is refused then, and not at some value in the middle of a sweep. */
#include "cost/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/shelf.h"
#include "formula_impl.h"
#include "mho/config.h"

mho_status mhoi_range_read(const mhoi_yaml *node, const char *place, double *min, double *max)
{
    if (node->kind != MHOI_YAML_LIST || node->children != 2)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s, want [LEAST, MOST]", place, node->line,
                         node->key);
    mho_status s = mhoi_yaml_double(&node->child[0], place, min);
    if (!s)
        s = mhoi_yaml_double(&node->child[1], place, max);
    if (!s && !(*min <= *max))
        s = mho_error(MHO_ECONFIG, "%s:%zu: %s = [%g, %g], want the least first", place, node->line,
                      node->key, *min, *max);
    return s;
}

static mho_status read_parameter(const mhoi_yaml *node, const char *place, mho_parameter *p)
{
    static const char *const keys[] = {"range", "valid"};
    if (node->kind != MHOI_YAML_MAP || !mhoi_yaml_get(node, "range"))
        return mho_error(MHO_ECONFIG, "%s:%zu: parameter %s, want {range: [LEAST, MOST]}", place,
                         node->line, node->key);
    if (strlen(node->key) >= sizeof p->name || mhoi_formula_has(node->key))
        return mho_error(MHO_ECONFIG,
                         "%s:%zu: parameter %s, want a name of less than %zu characters that is "
                         "no unit and no function",
                         place, node->line, node->key, sizeof p->name);
    strcpy(p->name, node->key);
    mho_status s = mhoi_yaml_only(node, keys, 2, place);
    if (!s)
        s = mhoi_range_read(mhoi_yaml_get(node, "range"), place, &p->min, &p->max);
    p->valid_min = p->min;
    p->valid_max = p->max;
    if (!s && mhoi_yaml_get(node, "valid"))
        s = mhoi_range_read(mhoi_yaml_get(node, "valid"), place, &p->valid_min, &p->valid_max);
    return s;
}

mho_status mhoi_parameters_read(const mhoi_yaml *map, const char *place, mho_model *model)
{
    if (map->kind != MHOI_YAML_MAP || map->children > MHO_COST_PARAMETERS)
        return mho_error(MHO_ECONFIG,
                         "%s:%zu: parameters, want at most %d of NAME: {range: [LEAST, MOST]}",
                         place, map->line, MHO_COST_PARAMETERS);
    model->parameters = map->children;
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < map->children; i++)
        s = read_parameter(&map->child[i], place, &model->parameter[i]);
    return s;
}

static mho_status evaluate(mhoi_scope scope, const char *formula, double *out)
{
    mho_status s = mhoi_formula(formula, scope, out);
    if (!s && *out < 0)
        s = mho_error(MHO_ECONFIG, "formula '%s' = %g, want 0 or more", formula, *out);
    return s;
}

/* "bits = 8, rate = 1e+08" */
static void tell(const mho_argument *argument, size_t arguments, const char *equals, char *text,
                 size_t size)
{
    size_t n = 0;
    *text = 0;
    for (size_t i = 0; i < arguments && n < size; i++) {
        const int k = mhoi_decimal_print(text + n, size - n, "%s%s%s%.4g", i ? ", " : "",
                                         argument[i].name, equals, argument[i].value);
        n += k > 0 ? (size_t)k : 0;
    }
}

mho_status mhoi_model_try(const mho_technology *tech, const mho_model *model,
                          const mho_quantity *quantity)
{
    for (unsigned ends = 0; ends < 1u << model->parameters; ends++) {
        mho_argument argument[MHO_COST_PARAMETERS];
        double value;
        for (size_t i = 0; i < model->parameters; i++) {
            const mho_parameter *p = &model->parameter[i];
            memcpy(argument[i].name, p->name, sizeof p->name);
            argument[i].value = ends >> i & 1 ? p->max : p->min;
        }
        mho_status s =
            evaluate((mhoi_scope){tech, argument, model->parameters}, quantity->formula, &value);
        if (s) {
            char text[MHO_COST_SOURCE];
            tell(argument, model->parameters, " = ", text, sizeof text);
            return mho_error_prefix(s, "at %s", text);
        }
    }
    return MHO_OK;
}

static const mho_argument *find(const mho_argument *argument, size_t arguments, const char *name)
{
    for (size_t i = 0; i < arguments; i++)
        if (!strcmp(argument[i].name, name))
            return &argument[i];
    return NULL;
}

/* Those that the model asks for, in its order. */
static mho_status choose(const mho_technology *tech, const mho_model *m,
                         const mho_argument *argument, size_t arguments, mho_argument *out)
{
    for (size_t i = 0; i < m->parameters; i++) {
        const mho_parameter *p = &m->parameter[i];
        const mho_argument *a = find(argument, arguments, p->name);
        if (!a)
            return mho_error(MHO_ECONFIG, "technology '%s': '%s' asks for its parameter '%s'",
                             tech->name, m->component.name, p->name);
        if (!(a->value >= p->min && a->value <= p->max))
            return mho_error(MHO_ECONFIG,
                             "technology '%s': '%s' of %s = %.6g has no price, want %.6g..%.6g",
                             tech->name, m->component.name, p->name, a->value, p->min, p->max);
        out[i] = *a;
    }
    return MHO_OK;
}

static mho_status price_quantity(mhoi_scope scope, mho_quantity *q)
{
    return q->counted ? evaluate(scope, q->formula, &q->value) : MHO_OK;
}

/* Prices that the run keeps, of a table that it keeps. */
typedef struct model_key {
    const mho_technology *tech;
    const mho_model *model;
    double value[MHO_COST_PARAMETERS];
} model_key;

enum { KEPT_PRICES = 8192 };

static const mho_component *look_up(const mho_technology *tech, const mho_model *model,
                                    const mho_argument *own, model_key *key)
{
    memset(key, 0, sizeof *key); /* compared byte by byte */
    if (!tech->kept)
        return NULL;
    key->tech = tech;
    key->model = model;
    for (size_t i = 0; i < model->parameters; i++)
        key->value[i] = own[i].value;
    return mhoi_shelf_find("price", key, sizeof *key);
}

static void free_price(void *component)
{
    mhoi_free(&component);
}

static void keep(const model_key *key, const mho_component *price)
{
    mho_component *copy = NULL;
    if (!key->tech || mhoi_alloc(&copy, 1, sizeof *copy, "price"))
        return;
    *copy = *price;
    if (!mhoi_shelf_keep("price", KEPT_PRICES, key, sizeof *key, copy, free_price))
        mhoi_free(&copy);
}

mho_status mhoi_model_price(const mho_technology *tech, const mho_model *model,
                            const mho_argument *argument, size_t arguments, mho_component *out)
{
    mho_argument own[MHO_COST_PARAMETERS];
    mho_status s = choose(tech, model, argument, arguments, own);
    if (s)
        return s;
    model_key key;
    const mho_component *known = look_up(tech, model, own, &key);
    if (known) {
        *out = *known;
        return MHO_OK;
    }
    const mhoi_scope scope = {tech, own, model->parameters};
    char text[MHO_COST_PRINTED - MHO_COST_NAME - 2];
    *out = model->component;
    tell(own, model->parameters, "=", text, sizeof text);
    snprintf(out->name, sizeof out->name, "%.*s(%s)", MHO_COST_NAME - 1, model->component.name,
             text);
    mho_quantity *const all[] = {&out->area,      &out->energy[0], &out->energy[1],
                                 &out->energy[2], &out->leakage,   &out->delay};
    for (size_t i = 0; !s && i < sizeof all / sizeof *all; i++)
        s = price_quantity(scope, all[i]);
    if (!s)
        keep(&key, out);
    return s ? mho_error_prefix(s, "technology '%s', %s", tech->name, out->name) : MHO_OK;
}

const mho_parameter *mhoi_model_beyond(const mho_model *model, const mho_argument *argument,
                                       size_t arguments, double *value)
{
    for (size_t i = 0; i < model->parameters; i++) {
        const mho_parameter *p = &model->parameter[i];
        const mho_argument *a = find(argument, arguments, p->name);
        if (!a || (a->value >= p->valid_min && a->value <= p->valid_max))
            continue;
        *value = a->value;
        return p;
    }
    return NULL;
}

mho_status mho_technology_price(const mho_technology *tech, const char *component,
                                const char *model, const mho_argument *argument, size_t arguments,
                                mho_component *out)
{
    const mho_component *c = mho_technology_find(tech, component);
    const mho_model *m = c ? NULL : mho_technology_model(tech, model);
    if (m)
        return mhoi_model_price(tech, m, argument, arguments, out);
    if (!c)
        return mho_error(MHO_ENOTMODELED, "technology '%s' has no price for '%s'", tech->name,
                         *model ? model : component);
    *out = *c;
    return MHO_OK;
}

mho_status mho_technology_delay(const mho_technology *tech, const char *model,
                                const mho_argument *argument, size_t arguments, double *out)
{
    mho_component c;
    *out = 0;
    mho_status s = mho_technology_price(tech, model, model, argument, arguments, &c);
    if (!s && !c.delay.counted)
        s = mho_error(MHO_ENOTMODELED, "technology '%s' does not tell the delay of '%s'",
                      tech->name, model);
    if (!s)
        *out = c.delay.value;
    return s;
}
