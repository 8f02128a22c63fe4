/* SPDX-License-Identifier: Apache-2.0 */
/* A technology table in memory. */
#include <string.h>

#include "base/alloc.h"
#include "mho/cost.h"

static mho_status copy(void *to, const void *from, size_t count, size_t size, const char *what)
{
    void **array = to;
    mho_status s = mhoi_alloc(to, count, size, what);
    if (!s && count)
        memcpy(*array, from, count * size);
    return s;
}

mho_status mho_technology_clone(const mho_technology *tech, mho_technology **out)
{
    mho_technology *t = NULL;
    *out = NULL;
    mho_status s = copy(&t, tech, 1, sizeof *t, "technology");
    if (s)
        return s;
    t->constant = NULL;
    t->component = NULL;
    t->model = NULL;
    t->macro = NULL;
    t->kept = false;
    s = copy(&t->constant, tech->constant, tech->constants, sizeof *t->constant, "constants");
    if (!s)
        s = copy(&t->component, tech->component, tech->components, sizeof *t->component,
                 "components");
    if (!s)
        s = copy(&t->model, tech->model, tech->models, sizeof *t->model, "component models");
    if (!s)
        s = copy(&t->macro, tech->macro, tech->macros, sizeof *t->macro, "macros");
    if (s)
        mho_technology_destroy(t);
    else
        *out = t;
    return s;
}

void mho_technology_destroy(mho_technology *tech)
{
    if (!tech || tech->kept)
        return;
    mhoi_free(&tech->constant);
    mhoi_free(&tech->component);
    mhoi_free(&tech->model);
    mhoi_free(&tech->macro);
    mhoi_free(&tech);
}

const mho_component *mho_technology_find(const mho_technology *tech, const char *component)
{
    for (size_t i = 0; i < tech->components; i++)
        if (!strcmp(tech->component[i].name, component))
            return &tech->component[i];
    for (size_t i = 0; i < tech->macros; i++)
        if (!strcmp(tech->macro[i].component.name, component))
            return &tech->macro[i].component;
    return NULL;
}

mho_status mho_technology_add(mho_technology *tech, const mho_component *component)
{
    for (size_t i = 0; i < tech->components; i++)
        if (!strcmp(tech->component[i].name, component->name)) {
            tech->component[i] = *component;
            return MHO_OK;
        }
    mho_component *more;
    mho_status s = mhoi_alloc(&more, tech->components + 1, sizeof *more, "components");
    if (s)
        return s;
    if (tech->components)
        memcpy(more, tech->component, tech->components * sizeof *more);
    more[tech->components++] = *component;
    mhoi_free(&tech->component);
    tech->component = more;
    return MHO_OK;
}

const mho_constant *mho_technology_constant(const mho_technology *tech, const char *name)
{
    for (size_t i = 0; i < tech->constants; i++)
        if (!strcmp(tech->constant[i].name, name))
            return &tech->constant[i];
    return NULL;
}

const mho_model *mho_technology_model(const mho_technology *tech, const char *name)
{
    for (size_t i = 0; i < tech->models; i++)
        if (!strcmp(tech->model[i].component.name, name))
            return &tech->model[i];
    return NULL;
}
