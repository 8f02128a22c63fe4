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

#define PARTS_FIRST                                                                                \
    100 /* points whose energy and area by part are in the page, besides those on a front */

typedef struct points {
    mho_json *axes;  /* keys of `settings`, in order of first appearance */
    mho_json *first; /* network and hw of the first row */
    size_t count, done, dropped, infeasible, failed;
    mho_front front[3]; /* error and energy, error and area, energy and area: index of the row */
    mho_json *settings; /* of the row under way */
    FILE *rows, *parts;
    size_t index, parted;
    mho_json *technologies; /* of the rows: keys */
} points;

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
    if (!p->count++) {
        mho_json_put(p->first, "network", mho_json_text(row->network));
        mho_json_put(p->first, "hw", mho_json_text(row->hw));
    }
    count_status(p, row->status);
    if (*row->technology && !mho_json_get(p->technologies, row->technology))
        mho_json_put(p->technologies, row->technology, mho_json_bool(true));
    return s;
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

static mho_status put_row(void *user, const mho_store_point *row)
{
    points *p = user;
    mho_status s = read_settings(p, row);
    (void)fprintf(p->rows, "%s[%lld", p->index ? ",\n" : "", (long long)row->id);
    for (size_t i = 0; !s && i < mho_json_count(p->axes); i++) {
        (void)fputs(", ", p->rows);
        s = put_setting(p->rows, mho_json_get(p->settings, mho_json_key(p->axes, i)));
    }
    const char *const texts[] = {row->network, row->hw, row->data, row->technology, row->status};
    for (size_t i = 0; !s && i < sizeof texts / sizeof *texts; i++) {
        (void)fputs(", ", p->rows);
        s = put_text(p->rows, texts[i]);
    }
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
    static const char *const texts[] = {"network", "hw", "data", "technology", "status"};
    mho_status s = MHO_OK;
    (void)fputs("\"columns\": [{\"name\": \"point\", \"role\": \"id\"}", out);
    for (size_t i = 0; !s && i < mho_json_count(p->axes); i++) {
        (void)fputs(",\n{\"role\": \"parameter\", \"name\": ", out);
        s = put_text(out, mho_json_key(p->axes, i));
        (void)fputs("}", out);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        (void)fprintf(out, ",\n{\"role\": \"%s\", \"name\": \"%s\"}",
                      strcmp(texts[i], "status") ? "parameter" : "status", texts[i]);
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

static mho_status put_head(const points *p, const char *path, FILE *out)
{
    const char *network = "", *hw = "";
    mho_status s = mho_json_to_text(mho_json_get(p->first, "network"), &network);
    if (!s)
        s = mho_json_to_text(mho_json_get(p->first, "hw"), &hw);
    (void)fputs("{\"format\": 1, \"title\": ", out);
    char title[512];
    (void)snprintf(title, sizeof title, "%.200s on %.200s", network, hw);
    if (!s)
        s = put_text(out, title);
    (void)fputs(", \"subtitle\": ", out);
    if (!s)
        s = put_text(out, path);
    (void)fprintf(out,
                  ",\n\"footer\": \"made by mho %s\",\n\"facts\": [[\"points\", \"%zu\"], "
                  "[\"done\", \"%zu\"], "
                  "[\"dropped early\", \"%zu\"], [\"beyond a constraint\", \"%zu\"], [\"failed\", "
                  "\"%zu\"]],\n",
                  mho_version(), p->count, p->done, p->dropped, p->infeasible, p->failed);
    if (mho_json_count(p->technologies) > 1)
        (void)fputs("\"notes\": [\"Prices are of several technologies (column technology): energy, "
                    "area and times of points that differ in it are not to be compared.\"],\n",
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
    mho_json_destroy(p->first);
    mho_json_destroy(p->technologies);
}

mho_status mho_report_write(const char *path, FILE *out)
{
    points p = {
        .axes = mho_json_object(), .first = mho_json_object(), .technologies = mho_json_object()};
    mho_store *store = NULL;
    char *data = NULL, *parts = NULL;
    size_t size = 0, parts_size = 0;
    mho_status s = mho_page_built() ? MHO_OK : mho_page_write("", 0, out);
    if (!s)
        s = mho_store_open(path, MHO_STORE_READ, &store);
    if (!s)
        s = mho_store_each(store, look, &p);
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
