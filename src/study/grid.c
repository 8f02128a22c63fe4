/* SPDX-License-Identifier: Apache-2.0 */
/* Axes of a sweep and their product.  Values are read and checked once, when the sweep is made; applying a
 * point copies their bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "base/yaml.h"
#include "hw/sections.h"
#include "study/study_impl.h"

enum { VALUE_BYTES = 128 };

typedef enum axis_kind {
    AXIS_SUBJECT, /* network or data, of which the text is the value */
    AXIS_PRESET,  /* a section that a file sets, "device=taox": before the fields */
    AXIS_FIELD,
    AXIS_SETTING, /* what a section makes a field of, "technology.V_dd=0.8 V": after them */
} axis_kind;

typedef struct sweep_axis {
    char *text; /* as it was given */
    axis_kind kind;
    const mho_field *field;                        /* AXIS_FIELD */
    size_t index;                                  /* of the field */
    char key[VALUE_BYTES], place[MHO_ORIGIN_TEXT]; /* the latter: in a file, or "" */
    char (*value)[VALUE_BYTES];
    unsigned char *bytes; /* [values][size] */
    size_t size, values;
} sweep_axis;

struct mho_grid {
    char name[MHO_NAME];
    sweep_axis *axis;
    size_t axes, points;
    bool any;          /* number of points: axes alone are of use */
    const char *place; /* of the axes, while the sweep is made */
    mho_hw *scratch;   /* to read and print values with */
    mho_hw *base;      /* as it was given; NULL without settings, which add up in one field */
};

static mho_status too_many(const char *text)
{
    return mho_error(MHO_ECONFIG, "sweep %s: more than %d points", text, MHO_GRID_POINTS_MAX);
}

static mho_status too_many_values(const char *text)
{
    return mho_error(MHO_ECONFIG, "sweep %.40s...: more than %d values", text, MHO_GRID_VALUES_MAX);
}

/* On a description of its own. */
static mho_status try_assignment(const mho_grid *sweep, const char *assignment)
{
    mho_hw *hw = NULL;
    mho_status s = mho_hw_clone(sweep->base, &hw);
    if (!s)
        s = mhoi_hw_assign_at(hw, assignment, sweep->place);
    mho_hw_destroy(hw);
    return s;
}

/* Reads value k of the axis. */
static mho_status read_value(mho_grid *sweep, sweep_axis *axis, size_t k)
{
    char assignment[2 * VALUE_BYTES];
    const size_t size = axis->size;
    snprintf(assignment, sizeof assignment, "%s=%s", axis->key, axis->value[k]);
    if (axis->kind != AXIS_FIELD) {
        memcpy(axis->bytes + k * size, axis->value[k], size);
        return axis->kind == AXIS_SUBJECT ? MHO_OK : try_assignment(sweep, assignment);
    }
    mho_status s = mhoi_hw_assign_at(sweep->scratch, assignment, sweep->place);
    if (!s)
        memcpy(axis->bytes + k * size, mhoi_hw_value(sweep->scratch, axis->index), size);
    return s;
}

static int by_bytes(const void *a, const void *b, void *size)
{
    return memcmp(a, b, *(const size_t *)size);
}

/* By what the texts mean: 1, 1.0 and 1e0 are the same. */
static mho_status check_twice(const sweep_axis *axis)
{
    size_t size = axis->size;
    unsigned char *sorted = NULL;
    mho_status s = mhoi_alloc(&sorted, axis->values, size, "values of a sweep");
    if (s)
        return s;
    memcpy(sorted, axis->bytes, axis->values * size);
    qsort_r(sorted, axis->values, size, by_bytes, &size);
    for (size_t i = 1; !s && i < axis->values; i++)
        if (!memcmp(sorted + (i - 1) * size, sorted + i * size, size))
            for (size_t k = 0; !s; k++)
                if (!memcmp(sorted + i * size, axis->bytes + k * size, size))
                    s = mho_error(MHO_ECONFIG, "sweep %s: %s is given twice", axis->text,
                                  axis->value[k]);
    mhoi_free(&sorted);
    return s;
}

static bool is_subject(const char *key, size_t length)
{
    return (length == 7 && !strncmp(key, "network", 7)) ||
           (length == 4 && !strncmp(key, "data", 4));
}

/* The field of "key=..."; the field table finds and names unknown keys. */
static mho_status find_axis(mho_grid *sweep, const char *text, sweep_axis *axis,
                            const char **values)
{
    const char *equal = strchr(text, '=');
    if (!equal || !equal[1])
        return mho_error(MHO_ECONFIG, "sweep %s: want KEY=VALUE,VALUE,... or KEY=FROM:TO:STEP",
                         text);
    *values = equal + 1;
    const size_t length = (size_t)(equal - text);
    const mhoi_assigned to = mhoi_hw_assigned(sweep->scratch, text, length);
    if (is_subject(text, length) || to != MHOI_ASSIGNED_FIELD) {
        axis->kind = is_subject(text, length)     ? AXIS_SUBJECT
                     : to == MHOI_ASSIGNED_PRESET ? AXIS_PRESET
                                                  : AXIS_SETTING;
        if (length >= sizeof axis->key)
            return mho_error(MHO_ECONFIG, "sweep %.40s...: the key is too long", text);
        snprintf(axis->key, sizeof axis->key, "%.*s", (int)length, text);
        axis->size = VALUE_BYTES;
        return sweep->base || axis->kind == AXIS_SUBJECT
                   ? MHO_OK
                   : mho_hw_clone(sweep->scratch, &sweep->base);
    }
    axis->kind = AXIS_FIELD;
    axis->index = mhoi_hw_find(sweep->scratch, text, (size_t)(equal - text));
    if (axis->index == SIZE_MAX) /* the message of an unknown key */
        return mhoi_hw_assign_at(sweep->scratch, text, sweep->place);
    axis->field = mho_hw_field(sweep->scratch, axis->index);
    axis->size = axis->field->size;
    snprintf(axis->key, sizeof axis->key, "%s", axis->field->key);
    return MHO_OK;
}

static mho_status make_room(sweep_axis *axis, size_t count)
{
    mho_status s = mhoi_alloc(&axis->value, count, VALUE_BYTES, "values of a sweep");
    return s ? s : mhoi_alloc(&axis->bytes, count, axis->size, "values of a sweep");
}

static mho_status read_list(mho_grid *sweep, const char *text, const char *list, sweep_axis *axis)
{
    size_t count = 1;
    for (const char *p = list; *p; p++)
        count += *p == ',';
    if (count > MHO_GRID_VALUES_MAX)
        return too_many_values(text);
    mho_status s = make_room(axis, count);
    for (const char *p = list; !s && axis->values < count; p++) {
        const size_t n = strcspn(p, ",");
        if (!n || n >= VALUE_BYTES)
            return mho_error(MHO_ECONFIG, "sweep %s: value %zu has %zu bytes, want 1..%d", text,
                             axis->values + 1, n, VALUE_BYTES - 1);
        memcpy(axis->value[axis->values++], p, n);
        s = read_value(sweep, axis, axis->values - 1);
        p += n;
    }
    return s;
}

/* Values of a technology are numbers, with a unit or without. */
static bool is_range(const sweep_axis *axis, const char *values)
{
    if (axis->kind == AXIS_SETTING)
        return strchr(values, ':') && !strchr(values, ',');
    return axis->kind == AXIS_FIELD && strchr(values, ':') &&
           (axis->field->kind == MHO_FIELD_DOUBLE || axis->field->kind == MHO_FIELD_UINT);
}

/* FROM:TO:STEP, or FROM:TO:*FACTOR; a unit stands behind the step, and may stand behind the others as well. */
typedef struct range {
    double from, to, step;
    bool factor;
    char unit[24]; /* " V" */
} range;

static bool read_part(const char *text, size_t n, bool units, double *value, char unit[24])
{
    char number[VALUE_BYTES];
    if (n >= sizeof number)
        return false;
    memcpy(number, text, n);
    number[n] = 0;
    const size_t digits = units ? strspn(number, "+-.0123456789eE") : n;
    const size_t space = strspn(number + digits, " ");
    const char *name = number + digits + space;
    if (*name && (strlen(name) + 2 > 24 || (*unit && strcmp(unit + 1, name) != 0)))
        return false;
    if (*name)
        snprintf(unit, 24, " %.22s", name);
    number[digits] = 0;
    return mhoi_parse_double(number, value);
}

static bool split_range(const char *values, bool units, range *r)
{
    double *const part[] = {&r->from, &r->to, &r->step};
    *r = (range){.factor = false};
    for (int i = 0; i < 3; i++) {
        const size_t n = strcspn(values, ":");
        const bool star = i == 2 && *values == '*';
        if (values[n] != (i < 2 ? ':' : 0) ||
            !read_part(values + star, n - star, units, part[i], r->unit))
            return false;
        r->factor = star;
        values += n + 1;
    }
    return true;
}

/* Steps from the first value to the last. */
static mho_status count_steps(const char *text, const range *r, double *steps)
{
    if (r->factor && !(r->from > 0 && r->to > 0 && r->step > 0 && fabs(r->step - 1) > 1e-9))
        return mho_error(MHO_ECONFIG,
                         "sweep %s: *%g wants values above 0, and a factor above 0 other than 1",
                         text, r->step);
    if (!r->factor && r->step == 0)
        return mho_error(MHO_ECONFIG, "sweep %s: step 0", text);
    *steps = r->factor ? floor(log(r->to / r->from) / log(r->step) + 1e-9)
                       : floor((r->to - r->from) / r->step + 1e-9);
    if (*steps < 0)
        return mho_error(MHO_ECONFIG, "sweep %s: step %s%g leads from %g away from %g", text,
                         r->factor ? "*" : "", r->step, r->from, r->to);
    return *steps < MHO_GRID_VALUES_MAX ? MHO_OK : too_many_values(text);
}

static double range_value(const range *r, size_t i)
{
    const double v = r->factor ? r->from * pow(r->step, (double)i) : r->from + (double)i * r->step;
    const bool zero = !r->factor && fabs(v) < 1e-9 * fabs(r->step); /* 0.3 - 3 x 0.1 */
    return zero ? 0 : v;
}

static mho_status read_range(mho_grid *sweep, const char *text, const char *values,
                             sweep_axis *axis)
{
    double steps = 0;
    range r;
    if (!split_range(values, axis->kind == AXIS_SETTING, &r))
        return mho_error(MHO_ECONFIG,
                         "sweep %s: want FROM:TO:STEP or FROM:TO:*FACTOR, three finite numbers",
                         text);
    mho_status s = count_steps(text, &r, &steps);
    const size_t count = s ? 0 : (size_t)steps + 1;
    if (!s)
        s = make_room(axis, count);
    for (size_t i = 0; !s && i < count; i++) {
        const int n = mhoi_decimal_print(axis->value[i], VALUE_BYTES, "%.10g", range_value(&r, i));
        if (n > 0)
            snprintf(axis->value[i] + n, VALUE_BYTES - (size_t)n, "%s", r.unit);
        axis->values = i + 1;
        s = read_value(sweep, axis, i);
    }
    return s;
}

static mho_status read_axis(mho_grid *sweep, const char *text)
{
    sweep_axis *axis = &sweep->axis[sweep->axes];
    const char *values = NULL;
    mho_status s = find_axis(sweep, text, axis, &values);
    for (size_t a = 0; !s && a < sweep->axes; a++)
        if (!strcmp(sweep->axis[a].key, axis->key))
            s = mho_error(MHO_ECONFIG, "sweep %s: %s is swept twice", text, axis->key);
    if (s)
        return s;
    sweep->axes++;
    s = mhoi_alloc(&axis->text, strlen(text) + 1, 1, "axis of a sweep");
    if (s)
        return s;
    memcpy(axis->text, text, strlen(text));
    s = is_range(axis, values) ? read_range(sweep, text, values, axis)
                               : read_list(sweep, text, values, axis);
    if (!s)
        s = check_twice(axis);
    if (!s && sweep->points > MHO_GRID_POINTS_MAX / axis->values) {
        sweep->points = MHO_GRID_POINTS_MAX;
        return sweep->any ? MHO_OK : too_many(text);
    }
    sweep->points *= axis->values;
    return s;
}

mho_status mho_grid_create(const mho_hw *hw, const char *const *axes, mho_grid **out)
{
    return mhoi_grid_create_at(hw, axes, "command line", out);
}

static mho_status create(const mho_hw *hw, const char *const *axes, const char *place, bool any,
                         mho_grid **out)
{
    *out = NULL;
    size_t count = 0;
    while (axes[count])
        count++;
    if (!count || count > MHO_GRID_AXES_MAX)
        return mho_error(MHO_ECONFIG,
                         count ? "a sweep of more than %d fields" : "a sweep of no field",
                         MHO_GRID_AXES_MAX);
    mho_grid *sweep = NULL;
    mho_status s = mhoi_alloc(&sweep, 1, sizeof *sweep, "sweep");
    if (s)
        return s;
    sweep->points = 1;
    sweep->any = any;
    sweep->place = place;
    s = mhoi_alloc(&sweep->axis, count, sizeof *sweep->axis, "sweep");
    if (!s)
        s = mho_hw_clone(hw, &sweep->scratch);
    for (size_t a = 0; !s && a < count; a++)
        s = read_axis(sweep, axes[a]);
    if (s)
        goto fail;
    sweep->place = NULL;
    *out = sweep;
    return MHO_OK;
fail:
    mho_grid_destroy(sweep);
    return s;
}

mho_status mhoi_grid_create_at(const mho_hw *hw, const char *const *axes, const char *place,
                               mho_grid **out)
{
    return create(hw, axes, place, false, out);
}

mho_status mhoi_grid_create_axes(const mho_hw *hw, const char *const *axes, const char *place,
                                 mho_grid **out)
{
    return create(hw, axes, place, true, out);
}

void mho_grid_destroy(mho_grid *sweep)
{
    if (!sweep)
        return;
    for (size_t a = 0; a < sweep->axes; a++) {
        mhoi_free(&sweep->axis[a].text);
        mhoi_free(&sweep->axis[a].value);
        mhoi_free(&sweep->axis[a].bytes);
    }
    mho_hw_destroy(sweep->scratch);
    mho_hw_destroy(sweep->base);
    mhoi_free(&sweep->axis);
    mhoi_free(&sweep);
}

void mhoi_grid_name(mho_grid *sweep, const char *name)
{
    snprintf(sweep->name, sizeof sweep->name, "%s", name);
}

void mhoi_grid_place(mho_grid *sweep, size_t axis, const char *file, size_t line)
{
    snprintf(sweep->axis[axis].place, sizeof sweep->axis[axis].place, "%s:%zu", file, line);
}

mho_status mhoi_grid_place_error(const mho_grid *sweep, mho_status s)
{
    for (size_t a = 0; s && a < sweep->axes; a++) {
        const sweep_axis *axis = &sweep->axis[a];
        const size_t n = strlen(axis->key);
        const char *message = mho_error_message();
        if (*axis->place && !strncmp(message, axis->key, n) && strchr(": ", message[n]))
            return mho_error_prefix(s, "%s", axis->place);
    }
    return s;
}

const char *mho_grid_name(const mho_grid *sweep)
{
    return sweep->name;
}

size_t mho_grid_axes(const mho_grid *sweep)
{
    return sweep->axes;
}

size_t mho_grid_points(const mho_grid *sweep)
{
    return sweep->points;
}

const char *mho_grid_key(const mho_grid *sweep, size_t axis)
{
    return sweep->axis[axis].key;
}

/* Number of the value that the axis has at the point. */
static size_t value_at(const mho_grid *sweep, size_t point, size_t axis)
{
    for (size_t a = sweep->axes - 1; a > axis; a--)
        point /= sweep->axis[a].values;
    return point % sweep->axis[axis].values;
}

size_t mho_grid_values(const mho_grid *sweep, size_t axis)
{
    return sweep->axis[axis].values;
}

size_t mhoi_study_grid_find(const mho_grid *sweep, const char *key)
{
    for (size_t a = 0; sweep && a < sweep->axes; a++)
        if (!strcmp(sweep->axis[a].key, key))
            return a;
    return SIZE_MAX;
}

size_t mhoi_study_grid_at(const mho_grid *sweep, size_t point, size_t axis)
{
    return value_at(sweep, point, axis);
}

const char *mhoi_study_grid_choice(const mho_grid *sweep, size_t axis, size_t value)
{
    return sweep->axis[axis].value[value];
}

bool mhoi_study_grid_names(const mho_grid *sweep, size_t axis)
{
    const sweep_axis *a = &sweep->axis[axis];
    const mho_field *field = a->field;
    if (a->kind != AXIS_FIELD)
        return a->kind != AXIS_SETTING;
    return field->kind == MHO_FIELD_PATH || field->kind == MHO_FIELD_NAMED;
}

bool mhoi_study_grid_assigns(const mho_grid *sweep)
{
    return sweep && sweep->base;
}

void mhoi_study_grid_print(const mho_grid *sweep, size_t axis, size_t value, char *text,
                           size_t size)
{
    const sweep_axis *a = &sweep->axis[axis];
    if (a->kind != AXIS_FIELD) {
        snprintf(text, size, "%s", a->value[value]);
        return;
    }
    mhoi_hw_put(sweep->scratch, a->index, a->bytes + value * a->size, "sweep");
    mho_hw_print(sweep->scratch, a->index, text, size);
}

bool mhoi_study_grid_means(const mho_grid *sweep, size_t point, size_t axis, const char *text,
                           size_t length)
{
    const sweep_axis *a = &sweep->axis[axis];
    char assignment[2 * VALUE_BYTES];
    if (mhoi_study_grid_names(sweep, axis))
        return length > 0;
    if (length >= VALUE_BYTES)
        return false;
    if (a->kind != AXIS_FIELD)
        return !strncmp(text, mho_grid_value(sweep, point, axis), length) &&
               !mho_grid_value(sweep, point, axis)[length];
    snprintf(assignment, sizeof assignment, "%s=%.*s", a->key, (int)length, text);
    return mhoi_hw_assign(sweep->scratch, assignment) == MHO_OK &&
           !memcmp(mhoi_hw_value(sweep->scratch, a->index),
                   a->bytes + value_at(sweep, point, axis) * a->size, a->size);
}

const char *mho_grid_text(const mho_grid *sweep, size_t axis)
{
    return sweep->axis[axis].text;
}

const char *mho_grid_value(const mho_grid *sweep, size_t point, size_t axis)
{
    return sweep->axis[axis].value[value_at(sweep, point, axis)];
}

static mho_status refused(const mho_grid *sweep, size_t point, mho_status s)
{
    char at[256] = "";
    size_t used = 0;
    for (size_t a = 0; a < sweep->axes && used < sizeof at; a++)
        used += (size_t)snprintf(at + used, sizeof at - used, "%s%s=%s", a ? ", " : "",
                                 mho_grid_key(sweep, a), mho_grid_value(sweep, point, a));
    return mho_error_prefix(s, "sweep, %s", at);
}

static mho_status assign(const mho_grid *sweep, const size_t *choice, axis_kind kind, mho_hw *hw)
{
    mho_status s = MHO_OK;
    for (size_t a = 0; !s && a < sweep->axes; a++) {
        const sweep_axis *axis = &sweep->axis[a];
        char assignment[2 * VALUE_BYTES];
        if (axis->kind != kind)
            continue;
        snprintf(assignment, sizeof assignment, "%s=%s", axis->key, axis->value[choice[a]]);
        s = mhoi_hw_assign_at(hw, assignment, "sweep");
    }
    return s;
}

/* Settings add up in a field: the one that the base has is where they begin. */
static void forget_settings(const mho_grid *sweep, mho_hw *hw)
{
    for (size_t i = 0; i < mho_hw_field_count(hw); i++)
        if (mhoi_hw_gathers(hw, i))
            mhoi_hw_put(hw, i, mhoi_hw_value(sweep->base, i), mho_hw_origin(sweep->base, i)->place);
}

mho_status mhoi_grid_choose(const mho_grid *sweep, const size_t *choice, mho_hw *hw)
{
    mho_status s = MHO_OK;
    if (sweep->base) {
        forget_settings(sweep, hw);
        s = assign(sweep, choice, AXIS_PRESET, hw);
    }
    for (size_t a = 0; !s && a < sweep->axes; a++) {
        const sweep_axis *axis = &sweep->axis[a];
        if (axis->kind == AXIS_FIELD)
            mhoi_hw_put(hw, axis->index, axis->bytes + choice[a] * axis->size, "sweep");
    }
    if (!s && sweep->base)
        s = assign(sweep, choice, AXIS_SETTING, hw);
    return s ? s : mhoi_hw_finish(hw);
}

mho_status mho_grid_apply(const mho_grid *sweep, size_t point, mho_hw *hw)
{
    mho_hw *changed;
    size_t choice[MHO_GRID_AXES_MAX];
    mho_status s = mho_hw_clone(hw, &changed);
    if (s)
        return s;
    for (size_t a = sweep->axes, rest = point; a-- > 0; rest /= sweep->axis[a].values)
        choice[a] = rest % sweep->axis[a].values;
    s = mhoi_grid_choose(sweep, choice, changed);
    if (s)
        s = refused(sweep, point, s);
    else
        mhoi_hw_take(hw, changed);
    mho_hw_destroy(changed);
    return s;
}
