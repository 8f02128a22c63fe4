/* SPDX-License-Identifier: Apache-2.0 */
#include "explore/asked.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "explore/explore_impl.h"

struct mhoi_asked {
    mhoi_yaml *file;
    const mhoi_yaml *axes;
    mhoi_expression *constraint[EXPLORE_TERMS];
    size_t constraints;
    explore_objective objective[EXPLORE_TERMS];
    size_t objectives;
};

/* A list, or one that stands alone. */
static const char *text_at(const mhoi_yaml *node, size_t i)
{
    if (node && node->kind == MHOI_YAML_SCALAR)
        return i ? NULL : node->text;
    const bool has = node && node->kind == MHOI_YAML_LIST && i < node->children &&
                     node->child[i].kind == MHOI_YAML_SCALAR;
    return has ? node->child[i].text : NULL;
}

static mho_status read_constraints(mhoi_asked *a)
{
    const mhoi_yaml *node = mhoi_yaml_get(a->file, "constraints");
    const char *text;
    mho_status s = MHO_OK;
    for (; !s && a->constraints < EXPLORE_TERMS && (text = text_at(node, a->constraints));
         a->constraints += !s)
        s = mhoi_explore_constraint(text, &a->constraint[a->constraints]);
    return s;
}

static void read_objectives(mhoi_asked *a)
{
    const mhoi_yaml *node = mhoi_yaml_get(a->file, "objectives");
    const char *text;
    for (; a->objectives < EXPLORE_TERMS && (text = text_at(node, a->objectives)); a->objectives++)
        (void)mhoi_explore_objective(text, &a->objective[a->objectives]);
}

mho_status mhoi_asked_read(const char *sweep, mhoi_asked **out)
{
    mhoi_asked *a = NULL;
    *out = NULL;
    mho_status s = mhoi_alloc(&a, 1, sizeof *a, "search");
    if (s)
        return s;
    s = mhoi_yaml_parse(sweep, "sweep", &a->file);
    if (!s && a->file->kind == MHOI_YAML_MAP) {
        const mhoi_yaml *axes = mhoi_yaml_get(a->file, "axes");
        a->axes = axes && axes->kind == MHOI_YAML_MAP ? axes : NULL;
        s = read_constraints(a);
        read_objectives(a);
    }
    if (!s) {
        *out = a;
        return MHO_OK;
    }
    mhoi_asked_destroy(a);
    return s == MHO_ENOMEM ? s : MHO_OK; /* of another version: its points are shown all the same */
}

void mhoi_asked_destroy(mhoi_asked *asked)
{
    if (!asked)
        return;
    for (size_t i = 0; i < EXPLORE_TERMS; i++)
        mhoi_expression_destroy(asked->constraint[i]);
    mhoi_yaml_destroy(asked->file);
    mhoi_free(&asked);
}

bool mhoi_asked_has_axis(const mhoi_asked *asked, const char *key)
{
    return !strcmp(key, "network") || !strcmp(key, "data") ||
           (asked->axes && mhoi_yaml_get(asked->axes, key));
}

size_t mhoi_asked_axes(const mhoi_asked *asked)
{
    return asked->axes ? asked->axes->children : 0;
}

size_t mhoi_asked_constraints(const mhoi_asked *asked)
{
    return asked->constraints;
}

const char *mhoi_asked_constraint(const mhoi_asked *asked, size_t i)
{
    return mhoi_expression_text(asked->constraint[i]);
}

static void look(void *user, size_t name, mhoi_value *out)
{
    out->is_text = false;
    out->number = mhoi_explore_result_of(user, name);
}

size_t mhoi_asked_broken(const mhoi_asked *asked, const mho_summary *sum)
{
    mho_summary copy = *sum;
    size_t i = 0;
    while (i < asked->constraints && mhoi_expression_holds(asked->constraint[i], look, &copy))
        i++;
    return i;
}

size_t mhoi_asked_objectives(const mhoi_asked *asked)
{
    return asked->objectives;
}

mhoi_asked_objective mhoi_asked_objective_at(const mhoi_asked *asked, size_t i)
{
    const explore_objective *o = &asked->objective[i];
    mhoi_asked_objective v = {.text = o->text, .most = o->most};
    if (o->result == SIZE_MAX)
        v.axis = o->text + 4; /* behind "min " */
    else if (o->field == SIZE_MAX)
        v.field = "error";
    else
        v.field = mho_summary_at(o->field)->key;
    return v;
}

double mhoi_asked_value(const mhoi_asked *asked, size_t objective, const mho_summary *sum)
{
    const explore_objective *o = &asked->objective[objective];
    return o->result == SIZE_MAX ? (double)NAN : mhoi_explore_result_of(sum, o->result);
}
