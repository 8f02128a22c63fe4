/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a search; docs/explore.md tells its keys. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "explore/explore_impl.h"

typedef struct reading {
    mho_explore *x;
    const mho_explore_options *o;
    const mhoi_yaml *root;
} reading;

static mho_status at(const mho_explore *x, const mhoi_yaml *node, mho_status s)
{
    char place[600];
    snprintf(place, sizeof place, "%s:%zu", x->place, node->line);
    return s && strncmp(mho_error_message(), place, strlen(place)) != 0
               ? mho_error_prefix(s, "%s", place)
               : s;
}

static const mhoi_yaml *get(const reading *r, const char *key)
{
    return mhoi_yaml_get(r->root, key);
}

static mho_status copy_text(const char *text, char **out)
{
    mho_status s = mhoi_alloc(out, strlen(text) + 1, 1, "text");
    if (!s)
        memcpy(*out, text, strlen(text));
    return s;
}

static mho_status scalar(const mho_explore *x, const mhoi_yaml *node, const char **out)
{
    if (node->kind != MHOI_YAML_SCALAR || !*node->text)
        return mho_error(MHO_ECONFIG, "%s:%zu: %s: want one plain value", x->place, node->line,
                         node->key ? node->key : "an entry");
    *out = node->text;
    return MHO_OK;
}

/* Items of a list, or the one value that stands in its place. */
static size_t items(const mhoi_yaml *node)
{
    return node->kind == MHOI_YAML_LIST ? node->children : 1;
}

static const mhoi_yaml *item(const mhoi_yaml *node, size_t i)
{
    return node->kind == MHOI_YAML_LIST ? &node->child[i] : node;
}

/* `network: [a, b]` is an axis; `only`: what the command line says. */
static mho_status read_names(const reading *r, const char *key, const char *only, char ***out)
{
    const mhoi_yaml *node = only ? NULL : get(r, key);
    const size_t n = only ? 1 : node ? items(node) : 0;
    mho_status s = mhoi_alloc(out, n + 1, sizeof **out, key);
    if (!s && only)
        return copy_text(only, *out);
    for (size_t i = 0; !s && i < n; i++) {
        const char *text = NULL;
        s = scalar(r->x, item(node, i), &text);
        if (!s)
            s = copy_text(text, &(*out)[i]);
    }
    return s;
}

static mho_status read_size(const reading *r, const char *key, size_t least, size_t *out)
{
    const mhoi_yaml *node = get(r, key);
    mho_status s = node ? mhoi_yaml_size(node, r->x->place, out) : MHO_OK;
    if (!s && node && *out < least)
        s = mho_error(MHO_ECONFIG, "%s:%zu: %s = %zu, want %zu or more", r->x->place, node->line,
                      key, *out, least);
    return s;
}

static mho_status read_bool(const reading *r, const char *key, bool *out)
{
    const mhoi_yaml *node = get(r, key);
    const char *text = NULL;
    mho_status s = node ? scalar(r->x, node, &text) : MHO_OK;
    if (s || !node)
        return s;
    *out = !strcmp(text, "true");
    return *out || !strcmp(text, "false")
               ? MHO_OK
               : mho_error(MHO_ECONFIG, "%s:%zu: %s = %s, want true or false", r->x->place,
                           node->line, key, text);
}

/* `set: {key: value}` of the file, then --set of the command line. */
static mho_status read_hw(const reading *r)
{
    mho_explore *x = r->x;
    const mhoi_yaml *hw = get(r, "hw"), *set = get(r, "set");
    const char *name = r->o->hw;
    mho_status s = MHO_OK;
    if (!name && hw)
        s = scalar(x, hw, &name);
    if (!s && !name)
        return mho_error(MHO_ECONFIG, "%s: hw is missing: which hardware description?", x->place);
    if (s)
        return s;
    snprintf(x->hw_name, sizeof x->hw_name, "%s", name);
    s = mho_hw_open(name, NULL, &x->hw);
    if (s)
        return hw && !r->o->hw ? at(x, hw, s) : s;
    if (set && set->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: set: want key: value", x->place, set->line);
    for (size_t i = 0; !s && set && i < set->children; i++) {
        char text[1024];
        const char *value = NULL;
        s = scalar(x, &set->child[i], &value);
        if (s)
            return s;
        snprintf(text, sizeof text, "%s=%s", set->child[i].key, value);
        s = at(x, &set->child[i], mho_hw_set(x->hw, text));
    }
    return !s && r->o->set ? mho_hw_set_all(x->hw, r->o->set) : s;
}

static mho_status check_axis(const mho_explore *x, const char *text, const mhoi_yaml *node)
{
    const char *const one[] = {text, NULL};
    char place[600];
    mho_grid *grid = NULL;
    snprintf(place, sizeof place, "%s:%zu", x->place, node->line);
    mho_status s = at(x, node, mhoi_grid_create_axes(x->hw, one, place, &grid));
    mho_grid_destroy(grid);
    return s;
}

static bool is_subject(const char *key)
{
    return !strcmp(key, "network") || !strcmp(key, "data");
}

static mho_status read_axes(const reading *r)
{
    mho_explore *x = r->x;
    const mhoi_yaml *map = get(r, "axes");
    char *text[MHO_GRID_AXES_MAX + 3] = {NULL};
    size_t n = 0;
    mho_status s = MHO_OK;
    if (map && (map->kind != MHOI_YAML_MAP || !map->children))
        return mho_error(MHO_ECONFIG, "%s:%zu: axes: want key: [values]", x->place, map->line);
    if (map && map->children > MHO_GRID_AXES_MAX)
        return mho_error(MHO_ECONFIG, "%s:%zu: more than %d axes", x->place, map->line,
                         MHO_GRID_AXES_MAX);
    /* Networks and data of several names are axes before the others. */
    if (x->net[0] && x->net[1])
        s = mhoi_axis_of("network", (const char *const *)x->net, &text[n++]);
    if (!s && x->set[0] && x->set[1])
        s = mhoi_axis_of("data", (const char *const *)x->set, &text[n++]);
    for (size_t i = 0; !s && map && i < map->children; i++) {
        const mhoi_yaml *node = &map->child[i];
        if (is_subject(node->key))
            s = mho_error(MHO_ECONFIG, "%s:%zu: %s stands beside axes, as `%s: [A, B]`", x->place,
                          node->line, node->key, node->key);
        const mhoi_yaml *set = get(r, "set"), *fixed = set ? mhoi_yaml_get(set, node->key) : NULL;
        if (!s && fixed)
            s = mho_error(MHO_ECONFIG, "%s:%zu: set: %s is an axis as well (line %zu)", x->place,
                          fixed->line, node->key, node->line);
        if (!s)
            s = mhoi_grid_axis_text(node, x->place, &text[n]);
        if (!s)
            s = check_axis(x, text[n++], node);
    }
    if (!s && !n)
        s = mho_error(MHO_ECONFIG, "%s: axes is missing: what is to be varied?", x->place);
    if (!s)
        s = mhoi_grid_create_axes(x->hw, (const char *const *)text, x->place, &x->grid);
    for (size_t i = 0; i < n; i++)
        mhoi_free(&text[i]);
    x->axes = x->grid ? mho_grid_axes(x->grid) : 0;
    x->net_axis = x->set_axis = SIZE_MAX;
    for (size_t a = 0; a < x->axes; a++) {
        x->zip_of[a] = a;
        if (!strcmp(mho_grid_key(x->grid, a), "network"))
            x->net_axis = a;
        if (!strcmp(mho_grid_key(x->grid, a), "data"))
            x->set_axis = a;
    }
    return s;
}

static mho_status find_axis(const mho_explore *x, const mhoi_yaml *node, size_t *out)
{
    const char *names[MHO_GRID_AXES_MAX], *text = NULL;
    mho_status s = scalar(x, node, &text);
    if (s)
        return s;
    for (size_t a = 0; a < x->axes; a++) {
        names[a] = mho_grid_key(x->grid, a);
        *out = a;
        if (!strcmp(names[a], text))
            return MHO_OK;
    }
    return mho_error_near(MHO_ECONFIG, text, names, x->axes, "%s:%zu: zip: %s is no axis", x->place,
                          node->line, text);
}

/* `zip: [[a, b], [c, d]]`, or one list of names. */
static mho_status read_zip(const reading *r)
{
    mho_explore *x = r->x;
    const mhoi_yaml *zip = get(r, "zip");
    mho_status s = MHO_OK;
    if (!zip)
        return MHO_OK;
    if (zip->kind != MHOI_YAML_LIST || !zip->children)
        return mho_error(MHO_ECONFIG, "%s:%zu: zip: want a list of axes", x->place, zip->line);
    const bool nested = zip->child[0].kind == MHOI_YAML_LIST;
    for (size_t g = 0; !s && g < (nested ? zip->children : 1); g++) {
        const mhoi_yaml *group = nested ? &zip->child[g] : zip;
        size_t first = SIZE_MAX, axis = 0;
        if (group->kind != MHOI_YAML_LIST || group->children < 2)
            return mho_error(MHO_ECONFIG, "%s:%zu: zip: want two axes or more", x->place,
                             group->line);
        for (size_t i = 0; !s && i < group->children; i++) {
            s = find_axis(x, &group->child[i], &axis);
            if (s)
                break;
            first = axis < first ? axis : first;
        }
        for (size_t i = 0; !s && i < group->children; i++) {
            s = find_axis(x, &group->child[i], &axis);
            if (!s && mho_grid_values(x->grid, axis) != mho_grid_values(x->grid, first))
                s = mho_error(MHO_ECONFIG, "%s:%zu: zip: %s has %zu values, %s %zu: want as many",
                              x->place, group->line, mho_grid_key(x->grid, axis),
                              mho_grid_values(x->grid, axis), mho_grid_key(x->grid, first),
                              mho_grid_values(x->grid, first));
            x->zip_of[axis] = first;
        }
    }
    return s;
}

static mho_status read_expressions(const reading *r, const char *key, bool constraints)
{
    mho_explore *x = r->x;
    const mhoi_yaml *node = get(r, key);
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && node && i < items(node); i++) {
        const char *text = NULL;
        s = scalar(x, item(node, i), &text);
        if (!s && i == EXPLORE_TERMS)
            s = mho_error(MHO_ECONFIG, "%s:%zu: %s: more than %d", x->place, node->line, key,
                          EXPLORE_TERMS);
        if (s)
            break;
        s = constraints ? mhoi_explore_constraint(text, &x->constraint[i])
                        : mhoi_explore_condition(x, text, &x->where[i]);
        s = at(x, item(node, i), s);
        if (!s)
            *(constraints ? &x->constraints : &x->wheres) += 1;
        if (!s && constraints && !x->accuracy && mhoi_explore_constrains_error(x, i))
            s = mho_error(MHO_ECONFIG, "%s:%zu: %s wants accuracy, which is not asked for",
                          x->place, item(node, i)->line, text);
    }
    return s;
}

static mho_status read_objective(const mho_explore *x, const mhoi_yaml *node, explore_objective *o)
{
    const char *text = NULL, *names[EXPLORE_NAMES];
    mho_status s = scalar(x, node, &text);
    size_t n = 0;
    if (s)
        return s;
    const char *name = mhoi_explore_objective(text, o);
    for (size_t a = 0; o->result == SIZE_MAX && a < x->axes; a++)
        o->axis = !strcmp(mho_grid_key(x->grid, a), name) ? a : o->axis;
    if (o->axis != SIZE_MAX && !mhoi_explore_axis_counts(x, o->axis))
        return mho_error(MHO_ECONFIG,
                         "%s:%zu: objectives: the values of %s are not numbers of one unit",
                         x->place, node->line, name);
    if (o->result == SIZE_MAX && o->axis == SIZE_MAX) {
        while (n < EXPLORE_NAMES && (names[n] = mhoi_explore_result_name(n)))
            n++;
        for (size_t a = 0; n < EXPLORE_NAMES && a < x->axes; a++)
            names[n++] = mho_grid_key(x->grid, a);
        return mho_error_near(MHO_ECONFIG, name, names, n,
                              "%s:%zu: objectives: unknown result or axis %s (want min NAME or "
                              "max NAME)",
                              x->place, node->line, name);
    }
    return MHO_OK;
}

static mho_status read_objectives(const reading *r)
{
    mho_explore *x = r->x;
    const mhoi_yaml *node = get(r, "objectives");
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && node && i < items(node) && i < EXPLORE_TERMS; i++) {
        s = read_objective(x, item(node, i), &x->objective[i]);
        x->objectives += !s;
        if (!s && !x->accuracy && x->objective[i].axis == SIZE_MAX &&
            mhoi_explore_result_is_error(x->objective[i].result))
            s = mho_error(MHO_ECONFIG, "%s:%zu: %s wants accuracy, which is not asked for",
                          x->place, node->line, x->objective[i].text);
    }
    return s;
}

static mho_status read_sample(const reading *r)
{
    static const char *const methods[] = {"all", "random", "latin-hypercube", "nsga2"};
    static const char *const known[] = {"method", "points", "seed", "population"};
    mho_explore *x = r->x;
    const mhoi_yaml *node = get(r, "sample");
    const char *text = NULL;
    size_t seed = 1;
    if (!node)
        return MHO_OK;
    if (node->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s:%zu: sample: want {method: NAME, points: N}", x->place,
                         node->line);
    const reading in = {x, r->o, node};
    const mhoi_yaml *method = mhoi_yaml_get(node, "method");
    mho_status s = mhoi_yaml_only(node, known, 4, x->place);
    if (!s && method)
        s = scalar(x, method, &text);
    for (size_t m = 0; !s && text && m <= 4; m++) {
        if (m == 4)
            s = mho_error_near(MHO_ECONFIG, text, methods, 4,
                               "%s:%zu: sample: method = %s, want all, random, latin-hypercube or "
                               "nsga2",
                               x->place, method->line, text);
        else if (!strcmp(text, methods[m])) {
            x->method = (explore_method)m;
            break;
        }
    }
    x->population = 40;
    if (!s)
        s = read_size(&in, "points", 1, &x->samples);
    if (!s)
        s = read_size(&in, "seed", 0, &seed);
    if (!s)
        s = read_size(&in, "population", 4, &x->population);
    x->sample_seed = seed;
    if (!s && x->method != EXPLORE_ALL && !x->samples)
        s = mho_error(MHO_ECONFIG, "%s:%zu: sample: points is missing: how many?", x->place,
                      node->line);
    if (!s && x->samples > EXPLORE_POINTS_MAX)
        s = mho_error(MHO_ECONFIG, "%s:%zu: sample: points = %zu, want at most %d", x->place,
                      node->line, x->samples, EXPLORE_POINTS_MAX);
    if (!s && x->method == EXPLORE_NSGA2 && x->objectives < 1)
        s = mho_error(MHO_ECONFIG, "%s:%zu: sample: nsga2 wants objectives", x->place, node->line);
    return s;
}

/* `refine: [{images: 100, trials: 2}, ...]`: before all images and trials. */
static mho_status read_refine(const reading *r)
{
    static const char *const known[] = {"images", "trials"};
    mho_explore *x = r->x;
    const mhoi_yaml *node = get(r, "refine");
    mho_status s =
        node && !x->accuracy
            ? mho_error(MHO_ECONFIG, "%s:%zu: refine wants accuracy, which is not asked for",
                        x->place, node->line)
            : MHO_OK;
    for (size_t i = 0; !s && node && i < items(node); i++) {
        const mhoi_yaml *step = item(node, i);
        explore_rung *rung = &x->rung[x->rungs];
        const explore_rung before = x->rungs ? x->rung[x->rungs - 1] : (explore_rung){1, 1};
        if (step->kind != MHOI_YAML_MAP || x->rungs + 2 > EXPLORE_RUNGS)
            return mho_error(MHO_ECONFIG,
                             "%s:%zu: refine: want up to %d steps {images: N, trials: N}", x->place,
                             step->line, EXPLORE_RUNGS - 1);
        const reading in = {x, r->o, step};
        rung->trials = x->trials < 2 ? x->trials : 2;
        s = mhoi_yaml_only(step, known, 2, x->place);
        if (!s)
            s = read_size(&in, "images", 1, &rung->images);
        if (!s)
            s = read_size(&in, "trials", 1, &rung->trials);
        if (!s && x->images && !r->o->images && rung->images > x->images)
            s = mho_error(MHO_ECONFIG, "%s:%zu: refine: images = %zu, want at most images = %zu",
                          x->place, step->line, rung->images, x->images);
        if (!s && (!rung->images || rung->images < before.images || rung->trials < before.trials ||
                   rung->trials > x->trials))
            s = mho_error(MHO_ECONFIG,
                          "%s:%zu: refine: images = %zu, trials = %zu: want images and trials that "
                          "grow from step to step, up to trials = %zu",
                          x->place, step->line, rung->images, rung->trials, x->trials);
        x->rungs += !s;
    }
    return s;
}

static mho_status read_confidence(const reading *r)
{
    const mhoi_yaml *node = get(r, "confidence");
    char text[64];
    double v = 0.99;
    if (node && node->kind == MHOI_YAML_SCALAR) {
        mhoi_yaml bare = *node;
        snprintf(text, sizeof text, "%s", node->text);
        const size_t n = strcspn(text, " %");
        const bool percent = strchr(text, '%');
        text[n] = 0;
        bare.text = text;
        mho_status s = mhoi_yaml_double(&bare, r->x->place, &v);
        if (s)
            return s;
        v = percent ? v / 100 : v;
    }
    r->x->confidence = v;
    return v >= 0.8 && v < 1
               ? MHO_OK
               : mho_error(MHO_ECONFIG, "%s:%zu: confidence = %g, want 0.8 (80 %%) to below 1",
                           r->x->place, node ? node->line : 1, v);
}

mho_status mhoi_explore_copy(const char *text, char **out)
{
    if (!text)
        return MHO_OK;
    mho_status s = mhoi_alloc(out, strlen(text) + 1, 1, "command");
    if (!s)
        memcpy(*out, text, strlen(text));
    return s;
}

static mho_status read_options(const reading *r)
{
    const mho_explore_options *o = r->o;
    mho_explore *x = r->x;
    const mhoi_yaml *calibration = get(r, "calibration");
    const char *which = "train";
    size_t seed = 1;
    x->trials = 10;
    x->accuracy = strcmp(mho_hw_arch(x->hw), "array") != 0;
    mho_status s = read_bool(r, "accuracy", &x->accuracy);
    if (!s && x->accuracy && !strcmp(mho_hw_arch(x->hw), "array"))
        s = mho_error(MHO_ECONFIG, "%s:%zu: accuracy: a MAC array (%s) computes exactly: false",
                      x->place, get(r, "accuracy")->line, x->hw_name);
    if (!s)
        s = read_size(r, "seed", 0, &seed);
    if (!s)
        s = read_size(r, "images", 0, &x->images);
    if (!s)
        s = read_size(r, "trials", 1, &x->trials);
    if (!s && calibration)
        s = scalar(x, calibration, &which);
    which = o->calibrate_on ? o->calibrate_on : o->calibrate_on_test ? "test" : which;
    x->calibrate_on_test = !strcmp(which, "test");
    if (!s && !x->calibrate_on_test && strcmp(which, "train") != 0)
        s = mhoi_explore_copy(which, &x->calibrate_on);
    x->seed = o->has_seed ? o->seed : seed;
    x->images = o->images ? o->images : x->images;
    x->trials = o->trials ? o->trials : x->trials;
    return s;
}

static mho_status read_keys(const reading *r)
{
    static const char *const known[] = {
        "name",   "source",     "network",    "hw",          "data",       "set",   "seed",
        "images", "trials",     "accuracy",   "axes",        "zip",        "where", "sample",
        "refine", "confidence", "objectives", "constraints", "calibration"};
    mho_explore *x = r->x;
    const mhoi_yaml *name = get(r, "name");
    if (r->root->kind != MHOI_YAML_MAP)
        return mho_error(MHO_ECONFIG, "%s: want `key: value` lines", x->place);
    mho_status s = mhoi_yaml_only(r->root, known, sizeof known / sizeof *known, x->place);
    if (!s && name && name->kind == MHOI_YAML_SCALAR)
        snprintf(x->name, sizeof x->name, "%s", name->text);
    if (!s)
        s = read_names(r, "network", r->o->network, &x->net);
    if (!s && !x->net[0])
        s = mho_error(MHO_ECONFIG, "%s: network is missing: which network?", x->place);
    if (!s)
        s = read_names(r, "data", r->o->data, &x->set);
    mho_status (*const steps[])(const reading *) = {read_hw,     read_options,    read_axes,
                                                    read_zip,    read_objectives, read_sample,
                                                    read_refine, read_confidence};
    for (size_t i = 0; !s && i < sizeof steps / sizeof *steps; i++)
        s = steps[i](r);
    if (!s)
        s = read_expressions(r, "where", false);
    return s ? s : read_expressions(r, "constraints", true);
}

mho_status mhoi_explore_read(mho_explore *x, const char *text, const mho_explore_options *options)
{
    mhoi_yaml *root = NULL;
    mho_status s = copy_text(text, &x->text);
    if (!s)
        s = mhoi_yaml_parse(text, x->place, &root);
    if (!s)
        s = read_keys(&(reading){x, options, root});
    mhoi_yaml_destroy(root);
    return s;
}
