/* SPDX-License-Identifier: Apache-2.0 */
/* The points of a store as the data of a page (docs/report.md): two passes over the rows, so that of many points only
 * the rows of numbers are kept as text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "mho/json.h"
#include "mho/report.h"
#include "mho/run.h"
#include "report/judged.h"

#define PARTS_FIRST                                                                                \
    100 /* points whose energy and area by part are in the page, besides those on a front */

typedef struct points {
    mho_json *axes;           /* keys of `settings`, in order of first appearance */
    mho_json *networks, *hws; /* of the rows: keys */
    size_t count, done, dropped, infeasible, failed;
    mho_front front[3]; /* error and energy, error and area, energy and area: index of the row */
    mho_json *settings; /* of the row under way */
    FILE *rows, *parts;
    size_t index, parted;
    mho_json *technologies; /* of the rows: keys */
    report_search search;
} points;

static void add_key(mho_json *keys, const char *key)
{
    if (*key && !mho_json_get(keys, key))
        mho_json_put(keys, key, mho_json_bool(true));
}

/* Prices of a technology that is good for comparisons alone, beside others. */
static bool has_mixed_prices(const report_search *v)
{
    return mho_json_count(v->relative) + v->absolute > 1;
}

/* --- first pass: which axes, which fronts ----------------------------------------------------------------- */

static mho_status read_settings(points *p, const mho_store_point *row)
{
    mho_json_destroy(p->settings);
    p->settings = NULL;
    return *row->settings
               ? mho_json_parse(row->settings, strlen(row->settings), "settings", &p->settings)
               : MHO_OK;
}

static mho_status add_to_front(mho_front *front, size_t index, double x, double y)
{
    return isfinite(x) && isfinite(y) ? mho_front_add(front, index, x, y) : MHO_OK;
}

static void count_status(points *p, const char *status)
{
    p->done += strcmp(status, "done") == 0;
    p->dropped += strcmp(status, "dropped") == 0;
    p->infeasible += strcmp(status, "infeasible") == 0;
    p->failed += strcmp(status, "failed") == 0;
}

static mho_status look(void *user, const mho_store_point *row)
{
    points *p = user;
    mho_status s = read_settings(p, row);
    for (size_t i = 0; i < mho_json_count(p->settings); i++)
        if (!mho_json_get(p->axes, mho_json_key(p->settings, i)))
            mho_json_put(p->axes, mho_json_key(p->settings, i), mho_json_bool(true));
    const mho_summary *sum = &row->sum;
    if (!s)
        s = add_to_front(&p->front[0], p->count, sum->error, sum->energy_J);
    if (!s)
        s = add_to_front(&p->front[1], p->count, sum->error, sum->area_m2);
    if (!s)
        s = add_to_front(&p->front[2], p->count, sum->energy_J, sum->area_m2);
    p->count++;
    add_key(p->networks, row->network);
    add_key(p->hws, row->hw);
    add_key(p->technologies, row->technology);
    count_status(p, row->status);
    return s ? s : mhoi_report_search_add(&p->search, row, p->settings);
}

/* --- second pass: rows and parts -------------------------------------------------------------------------- */

static mho_status put_text(FILE *out, const char *text)
{
    mho_json *v = mho_json_text(text);
    const mho_status s = mho_json_write(v, out);
    mho_json_destroy(v);
    return s;
}

static void put_number(FILE *out, double v)
{
    char text[32] = "null";
    if (isfinite(v))
        mhoi_decimal_shortest(text, v);
    (void)fputs(text, out);
}

/* A setting is a number if the whole of it reads as one. */
static mho_status put_setting(FILE *out, const mho_json *v)
{
    const char *text;
    if (mho_json_kind_of(v) != MHO_JSON_TEXT)
        return v ? mho_json_write(v, out) : (fputs("null", out) < 0 ? MHO_EFILE : MHO_OK);
    mho_status s = mho_json_to_text(v, &text);
    if (s)
        return s;
    char *end;
    const double number = mhoi_decimal_read(text, &end);
    if (*text && !*end && isfinite(number)) {
        put_number(out, number);
        return MHO_OK;
    }
    return put_text(out, text);
}

static bool on_front(const points *p, size_t index)
{
    if (p->search.point[index].front || p->search.point[index].best)
        return true;
    for (size_t f = 0; f < sizeof p->front / sizeof *p->front; f++)
        for (size_t i = 0; i < p->front[f].points; i++)
            if (p->front[f].point[i].index == index)
                return true;
    return false;
}

static mho_status put_part(FILE *out, const char *name, const mho_json *quantity)
{
    if (!quantity)
        return MHO_OK;
    static const char *const by[][2] = {{"component", "by_component"}, {"layer", "by_layer"}};
    mho_status s = MHO_OK;
    (void)fprintf(out, ", \"%s\": {", name);
    for (size_t i = 0; !s && i < 2; i++) {
        const mho_json *of = mho_json_get(quantity, by[i][1]);
        (void)fprintf(out, "%s\"%s\": ", i ? ", " : "", by[i][0]);
        s = of ? mho_json_write(of, out) : (fputs("{}", out) < 0 ? MHO_EFILE : MHO_OK);
    }
    (void)fputs("}", out);
    return s;
}

static mho_status put_parts(points *p, const mho_store_point *row)
{
    if (!*row->result || (p->index >= PARTS_FIRST && !on_front(p, p->index)))
        return MHO_OK;
    mho_json *result = NULL;
    char label[64];
    mho_status s = mho_json_parse(row->result, strlen(row->result), "result", &result);
    if (s)
        return s;
    (void)snprintf(label, sizeof label, "point %lld", (long long)row->id);
    (void)fprintf(p->parts, "%s{\"point\": %zu, \"label\": ", p->parted++ ? ",\n" : "", p->index);
    s = put_text(p->parts, label);
    if (!s)
        s = put_part(p->parts, "energy_J", mho_json_get(result, "energy_J"));
    if (!s)
        s = put_part(p->parts, "area_m2", mho_json_get(result, "area_m2"));
    const mho_json *pipeline = mho_json_get(result, "pipeline");
    if (!s && pipeline) {
        (void)fputs(", \"pipeline\": ", p->parts);
        s = mho_json_write(pipeline, p->parts);
    }
    (void)fputs("}", p->parts);
    mho_json_destroy(result);
    return s;
}

enum { TEXTS = 5 };
static const char *const texts[TEXTS] = {"network", "hw", "data", "technology", "status"};

/* What an axis tells already is no column once more: NULL; but of a technology as given it is not the one that prices. */
static const char *column_of(const points *p, size_t text)
{
    if (!mho_json_get(p->axes, texts[text]))
        return texts[text];
    return strcmp(texts[text], "technology") ? NULL : "priced by";
}

/* As the last search has it. */
static mho_status put_judged(const points *p, const report_judged *of)
{
    const report_search *v = &p->search;
    mho_status s = MHO_OK;
    if (has_mixed_prices(v))
        (void)fputs(of->prices ? ", \"relative\"" : ", \"absolute\"", p->rows);
    if (!v->asked)
        return MHO_OK;
    if (mhoi_asked_constraints(v->asked)) {
        (void)fputs(of->broken == -1 ? ", \"kept\"" : of->broken < 0 ? ", null" : ", ", p->rows);
        char text[256];
        if (of->broken >= 0) {
            (void)snprintf(text, sizeof text, "not %.240s",
                           mhoi_asked_constraint(v->asked, (size_t)of->broken));
            s = put_text(p->rows, text);
        }
    }
    if (mhoi_report_search_goals(v))
        (void)fputs(of->front ? ", \"front\"" : ", null", p->rows);
    return s;
}

static mho_status put_row(void *user, const mho_store_point *row)
{
    points *p = user;
    mho_status s = read_settings(p, row);
    (void)fprintf(p->rows, "%s[%lld", p->index ? ",\n" : "", (long long)row->id);
    for (size_t i = 0; !s && i < mho_json_count(p->axes); i++) {
        (void)fputs(", ", p->rows);
        s = put_setting(p->rows, mho_json_get(p->settings, mho_json_key(p->axes, i)));
    }
    const char *const is[TEXTS] = {row->network, row->hw, row->data, row->technology, row->status};
    for (size_t i = 0; !s && i < TEXTS; i++) {
        if (!column_of(p, i))
            continue;
        (void)fputs(", ", p->rows);
        s = put_text(p->rows, is[i]);
    }
    if (!s)
        s = put_judged(p, &p->search.point[p->index]);
    for (size_t f = 0; f < mho_summary_fields(); f++) {
        (void)fputs(", ", p->rows);
        put_number(p->rows, mho_summary_get(&row->sum, f));
    }
    (void)fprintf(p->rows, ", %zu, %zu]", row->images_done, row->trials_done);
    if (!s)
        s = put_parts(p, row);
    p->index++;
    return s;
}

/* --- the whole -------------------------------------------------------------------------------------------- */

typedef struct measure {
    const char *key, *label, *unit, *goal;
} measure;

/* How a page shows the numbers of a summary; those it does not list go by their key. */
static const measure measures[] = {{"error", "error", "share", "min"},
                                   {"software_error", "software error", "share", ""},
                                   {"latency_s", "latency", "s", "min"},
                                   {"throughput_per_s", "throughput", "1/s", "max"},
                                   {"power_W", "power", "W", "min"},
                                   {"energy_J", "energy", "J", "min"},
                                   {"area_m2", "area", "m2", "min"},
                                   {"ops_per_s", "performance", "ops/s", "max"},
                                   {"ops_per_J", "efficiency", "ops/J", "max"},
                                   {"ops_per_s_per_m2", "density", "ops/s/m2", "max"},
                                   {"cycles", "cycles", "", "min"},
                                   {"crossbars", "crossbars", "", "min"}};

static void put_summary_columns(FILE *out)
{
    for (size_t f = 0; f < mho_summary_fields(); f++) {
        const mho_summary_field *field = mho_summary_at(f);
        const measure *m = NULL;
        for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
            if (strcmp(measures[i].key, field->key) == 0)
                m = &measures[i];
        if (m)
            (void)fprintf(
                out,
                ",\n{\"name\": \"%s\", \"label\": \"%s\", \"role\": \"result\", \"unit\": \"%s\"",
                m->key, m->label, m->unit);
        else
            (void)fprintf(out, ",\n{\"name\": \"%s\", \"role\": \"interval\"", field->key);
        if (m && *m->goal)
            (void)fprintf(out, ", \"goal\": \"%s\"", m->goal);
        if (strcmp(field->key, "error") == 0)
            (void)fputs(", \"low\": \"images_low\", \"high\": \"images_high\"", out);
        (void)fputs("}", out);
    }
}

static mho_status put_columns(const points *p, FILE *out)
{
    mho_status s = MHO_OK;
    (void)fputs("\"columns\": [{\"name\": \"point\", \"role\": \"id\"}", out);
    for (size_t i = 0; !s && i < mho_json_count(p->axes); i++) {
        (void)fputs(",\n{\"role\": \"parameter\", \"name\": ", out);
        s = put_text(out, mho_json_key(p->axes, i));
        (void)fputs("}", out);
    }
    for (size_t i = 0; i < TEXTS; i++)
        if (column_of(p, i))
            (void)fprintf(out, ",\n{\"role\": \"%s\", \"name\": \"%s\"}",
                          strcmp(texts[i], "status") ? "parameter" : "status", column_of(p, i));
    if (has_mixed_prices(&p->search))
        (void)fputs(",\n{\"role\": \"status\", \"name\": \"prices\"}", out);
    if (p->search.asked && mhoi_asked_constraints(p->search.asked))
        (void)fputs(",\n{\"role\": \"status\", \"name\": \"constraints\"}", out);
    if (mhoi_report_search_goals(&p->search))
        (void)fputs(",\n{\"role\": \"status\", \"name\": \"front\"}", out);
    put_summary_columns(out);
    (void)fputs(
        ",\n{\"name\": \"images_done\", \"label\": \"images\", \"role\": \"result\"},\n"
        "{\"name\": \"trials_done\", \"label\": \"programmings\", \"role\": \"result\"}],\n",
        out);
    return s;
}

/* The runs that made the rows. */
typedef struct runs {
    FILE *out;
    size_t rows;
} runs;

static mho_status put_run(void *user, const mho_store_row *row)
{
    runs *r = user;
    mho_status s = MHO_OK;
    (void)fputs(row->titles ? "\"tables\": [{\"title\": \"Runs\", \"columns\": ["
                : r->rows++ ? ",\n["
                            : "[",
                r->out);
    for (size_t i = 0; !s && i < row->columns; i++) {
        (void)fputs(i ? ", " : "", r->out);
        s = put_text(r->out, row->value[i] ? row->value[i] : "");
    }
    (void)fputs(row->titles ? "], \"rows\": [" : "]", r->out);
    return s;
}

/* "lenet", "lenet and vgg11", "lenet, vgg11 and 3 more". */
static void append_keys(char *text, size_t size, const mho_json *keys)
{
    const size_t all = mho_json_count(keys), told = all > 3 ? 2 : all;
    size_t n = strlen(text);
    for (size_t i = 0; i < told && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%.100s",
                              !i             ? ""
                              : i + 1 == all ? " and "
                                             : ", ",
                              mho_json_key(keys, i));
    if (told < all && n < size)
        (void)snprintf(text + n, size - n, " and %zu more", all - told);
}

static mho_status put_title(const points *p, FILE *out)
{
    char title[1024] = "";
    if (p->search.name && *p->search.name)
        (void)snprintf(title, sizeof title, "%.200s: ", p->search.name);
    append_keys(title, sizeof title, p->networks);
    const size_t n = strlen(title);
    (void)snprintf(title + n, sizeof title - n, " on ");
    append_keys(title, sizeof title, p->hws);
    return put_text(out, title);
}

/* {objectives: [{text, column, goal}], constraints: [text], best: [row]} */
static mho_status put_search(const points *p, FILE *out)
{
    const report_search *v = &p->search;
    mho_status s = MHO_OK;
    if (!v->asked)
        return MHO_OK;
    (void)fputs("\"search\": {\"objectives\": [", out);
    for (size_t g = 0; !s && g < mhoi_report_search_goals(v); g++) {
        const mhoi_asked_objective o = mhoi_asked_objective_at(v->asked, g);
        (void)fputs(g ? ", {\"text\": " : "{\"text\": ", out);
        s = put_text(out, o.text);
        (void)fputs(", \"column\": ", out);
        if (!s)
            s = put_text(out, o.axis ? o.axis : o.field);
        (void)fprintf(out, ", \"goal\": \"%s\"}", o.most ? "max" : "min");
    }
    (void)fputs("], \"constraints\": [", out);
    for (size_t i = 0; !s && i < mhoi_asked_constraints(v->asked); i++) {
        (void)fputs(i ? ", " : "", out);
        s = put_text(out, mhoi_asked_constraint(v->asked, i));
    }
    (void)fputs("], \"best\": [", out);
    for (size_t i = 0, n = 0; i < v->points; i++)
        if (v->point[i].best)
            (void)fprintf(out, "%s%zu", n++ ? ", " : "", i);
    (void)fputs("]},\n", out);
    return s;
}

static void put_facts(const points *p, FILE *out)
{
    const report_search *v = &p->search;
    (void)fprintf(out, "\"facts\": [[\"points\", \"%zu\"], [\"done\", \"%zu\"]", p->count, p->done);
    if (p->dropped)
        (void)fprintf(out, ", [\"dropped early\", \"%zu\"]", p->dropped);
    if (v->asked && mhoi_asked_constraints(v->asked))
        (void)fprintf(out, ", [\"keep all constraints\", \"%zu of %zu\"]", v->kept, v->judged);
    else if (p->infeasible)
        (void)fprintf(out, ", [\"beyond a constraint\", \"%zu\"]", p->infeasible);
    if (mhoi_report_search_goals(v))
        (void)fprintf(out, ", [\"on the front\", \"%zu\"]", v->front);
    (void)fprintf(out, ", [\"failed\", \"%zu\"]],\n", p->failed);
}

static mho_status put_head(const points *p, const char *path, FILE *out)
{
    (void)fputs("{\"format\": 1, \"title\": ", out);
    mho_status s = put_title(p, out);
    (void)fputs(", \"subtitle\": ", out);
    if (!s)
        s = put_text(out, path);
    (void)fprintf(out, ",\n\"footer\": \"made by mho %s\",\n", mho_version());
    put_facts(p, out);
    if (!s)
        s = put_search(p, out);
    if (has_mixed_prices(&p->search))
        (void)fputs("\"notes\": [\"Prices of some points are good for comparisons among themselves "
                    "alone (column prices: relative): no front and no best goes across them and "
                    "the others.\"],\n",
                    out);
    else if (mho_json_count(p->technologies) > 1)
        (void)fputs("\"notes\": [\"Prices are of several technologies (column technology).\"],\n",
                    out);
    return s;
}

static mho_status put_all(mho_store *store, points *p, const char *path, FILE *out, char **parts,
                          size_t *parts_size)
{
    mho_status s = put_head(p, path, out);
    if (!s)
        s = put_columns(p, out);
    runs r = {.out = out};
    if (!s)
        s = mho_store_query(
            store,
            "SELECT id, name, command, shard, version, kernel, started FROM runs ORDER BY id",
            put_run, &r);
    (void)fputs("]}],\n\"points\": [", out);
    p->rows = out;
    p->parts = open_memstream(parts, parts_size);
    if (!p->parts)
        return mho_error(MHO_ENOMEM, "out of memory for the page");
    if (!s)
        s = mho_store_each(store, put_row, p);
    if (fclose(p->parts) && !s)
        s = mho_error(MHO_ENOMEM, "out of memory for the page");
    (void)fputs("],\n\"breakdown\": [", out);
    (void)fwrite(*parts, 1, *parts_size, out);
    (void)fputs("]}\n", out);
    return s;
}

static void points_free(points *p)
{
    for (size_t f = 0; f < sizeof p->front / sizeof *p->front; f++)
        mho_front_free(&p->front[f]);
    mho_json_destroy(p->settings);
    mho_json_destroy(p->axes);
    mho_json_destroy(p->networks);
    mho_json_destroy(p->hws);
    mhoi_report_search_close(&p->search);
    mho_json_destroy(p->technologies);
}

mho_status mho_report_write(const char *path, FILE *out)
{
    points p = {.axes = mho_json_object(),
                .networks = mho_json_object(),
                .hws = mho_json_object(),
                .technologies = mho_json_object()};
    mho_store *store = NULL;
    char *data = NULL, *parts = NULL;
    size_t size = 0, parts_size = 0;
    mho_status s = mho_page_built() ? MHO_OK : mho_page_write("", 0, out);
    if (!s)
        s = mho_store_open(path, MHO_STORE_READ, &store);
    if (!s)
        s = mhoi_report_search_open(store, &p.search);
    if (!s)
        s = mho_store_each(store, look, &p);
    if (!s)
        s = mhoi_report_search_end(&p.search);
    if (!s && !p.count)
        s = mho_error(MHO_EUSAGE, "%s: there is no point in it", path);
    FILE *text = s ? NULL : open_memstream(&data, &size);
    if (!s && !text)
        s = mho_error(MHO_ENOMEM, "out of memory for the page");
    if (!s)
        s = put_all(store, &p, path, text, &parts, &parts_size);
    if (text && fclose(text) && !s)
        s = mho_error(MHO_ENOMEM, "out of memory for the page");
    if (!s)
        s = mho_page_write(data, size, out);
    free(data);
    free(parts);
    points_free(&p);
    mho_store_close(store);
    return s;
}
