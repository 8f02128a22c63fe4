/* SPDX-License-Identifier: Apache-2.0 */
#include "report/judged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"

static mho_status take_run(void *user, const mho_store_row *row)
{
    report_search *v = user;
    if (row->titles || row->columns < 2 || !row->value[0] || !row->value[1])
        return MHO_OK;
    const size_t size = strlen(row->value[0]) + 1;
    mho_status s = mhoi_alloc(&v->name, size, 1, "name of a search");
    if (!s)
        memcpy(v->name, row->value[0], size);
    return s ? s : mhoi_asked_read(row->value[1], &v->asked);
}

mho_status mhoi_report_search_open(mho_store *store, report_search *search)
{
    *search = (report_search){.relative = mho_json_object()};
    return mho_store_query(
        store,
        "SELECT (SELECT CASE WHEN count(*) > 3 THEN count(*) || ' sweeps' ELSE "
        "group_concat(name, ', ') END FROM (SELECT DISTINCT name FROM runs WHERE name <> '')),"
        " sweep FROM runs WHERE sweep <> '' ORDER BY id DESC LIMIT 1",
        take_run, search);
}

void mhoi_report_search_close(report_search *search)
{
    mhoi_asked_destroy(search->asked);
    mho_json_destroy(search->relative);
    mhoi_free(&search->name);
    mhoi_free(&search->point);
}

size_t mhoi_report_search_goals(const report_search *search)
{
    const size_t n = search->asked ? mhoi_asked_objectives(search->asked) : 0;
    return n < REPORT_GOALS ? n : REPORT_GOALS;
}

/* Points of other axes are other searches'. */
static bool is_of_search(const report_search *v, const mho_json *settings)
{
    size_t own = 0;
    for (size_t i = 0; i < mho_json_count(settings); i++) {
        const char *key = mho_json_key(settings, i);
        if (!mhoi_asked_has_axis(v->asked, key))
            return false;
        own += strcmp(key, "network") != 0 && strcmp(key, "data") != 0;
    }
    return own == mhoi_asked_axes(v->asked);
}

/* "0.8 V" or 4: all values of an axis that is an objective have one unit. */
static double axis_value(const mho_json *setting)
{
    const char *text;
    double number = (double)NAN;
    char *end;
    if (mho_json_kind_of(setting) == MHO_JSON_TEXT)
        return mho_json_to_text(setting, &text) ? number : mhoi_decimal_read(text, &end);
    return !setting || mho_json_to_number(setting, &number) ? (double)NAN : number;
}

static int prices_of(report_search *v, const mho_store_point *row)
{
    if (!strstr(row->result, "\"relative\": true")) {
        v->absolute = v->absolute || *row->technology;
        return 0;
    }
    for (size_t i = 0; i < mho_json_count(v->relative); i++)
        if (!strcmp(mho_json_key(v->relative, i), row->technology))
            return (int)i + 1;
    mho_json_put(v->relative, row->technology, mho_json_bool(true));
    return (int)mho_json_count(v->relative);
}

static void judge(report_search *v, report_judged *p, const mho_store_point *row,
                  const mho_json *settings)
{
    const size_t all = mhoi_asked_constraints(v->asked),
                 broken = mhoi_asked_broken(v->asked, &row->sum);
    p->broken = broken < all ? (int)broken : -1;
    p->asked = p->broken == -1 && !strcmp(row->status, "done");
    v->judged++;
    v->kept += p->asked;
    for (size_t g = 0; g < mhoi_report_search_goals(v); g++) {
        const mhoi_asked_objective o = mhoi_asked_objective_at(v->asked, g);
        const double value = o.axis ? axis_value(mho_json_get(settings, o.axis))
                                    : mhoi_asked_value(v->asked, g, &row->sum);
        p->value[g] = o.most ? -value : value;
    }
    if (!mhoi_report_search_goals(v))
        p->value[0] = isfinite(row->sum.error) ? row->sum.error : row->sum.energy_J;
}

mho_status mhoi_report_search_add(report_search *search, const mho_store_point *row,
                                  const mho_json *settings)
{
    mho_status s = mhoi_grow(&search->point, &search->room, search->points, sizeof *search->point,
                             "points of a page");
    if (s)
        return s;
    report_judged *p = &search->point[search->points++];
    *p = (report_judged){.broken = -2, .prices = prices_of(search, row)};
    const bool told = !strcmp(row->status, "done") || !strcmp(row->status, "infeasible");
    if (search->asked && told && is_of_search(search, settings))
        judge(search, p, row, settings);
    return MHO_OK;
}

static bool beats(const report_judged *a, const report_judged *b, size_t goals)
{
    bool better = false;
    for (size_t g = 0; g < goals; g++) {
        if (isnan(a->value[g]) || a->value[g] > b->value[g])
            return false;
        better = better || isnan(b->value[g]) || a->value[g] < b->value[g];
    }
    return better;
}

static int by_first(const void *a, const void *b)
{
    const report_judged *x = *(report_judged *const *)a, *y = *(report_judged *const *)b;
    if (x->prices != y->prices)
        return x->prices < y->prices ? -1 : 1;
    for (size_t g = 0; g < REPORT_GOALS; g++)
        if (x->value[g] != y->value[g] && !(isnan(x->value[g]) && isnan(y->value[g])))
            return isnan(y->value[g]) || x->value[g] < y->value[g] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* In the order of the first objective a point is beaten only by those before it, so by one of the front so far. */
static void find_fronts(report_search *v, report_judged **order, size_t n, report_judged **front)
{
    const size_t goals = mhoi_report_search_goals(v);
    for (size_t i = 0, found = 0; i < n; i++) {
        if (!i || order[i]->prices != order[i - 1]->prices) {
            found = 0;
            order[i]->best = true;
        }
        bool beaten = false;
        for (size_t k = 0; k < found && !beaten; k++)
            beaten = beats(front[k], order[i], goals);
        if (beaten || !goals)
            continue;
        front[found++] = order[i];
        order[i]->front = true;
        v->front++;
    }
}

mho_status mhoi_report_search_end(report_search *search)
{
    report_judged **order = NULL, **front = NULL;
    size_t n = 0;
    mho_status s = mhoi_alloc(&order, search->points + 1, sizeof *order, "points of a page");
    if (!s)
        s = mhoi_alloc(&front, search->points + 1, sizeof *front, "points of a page");
    for (size_t i = 0; !s && i < search->points; i++)
        if (search->point[i].asked)
            order[n++] = &search->point[i];
    if (!s) {
        qsort(order, n, sizeof(report_judged *), by_first);
        find_fronts(search, order, n, front);
    }
    mhoi_free(&order);
    mhoi_free(&front);
    return s;
}
