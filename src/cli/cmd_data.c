/* SPDX-License-Identifier: Apache-2.0 */
/* mho data: which data sets are found where, and by which names; `fetch` downloads MNIST; `show` draws a contact sheet. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define PLACE 1024
#define PLACES 4
#define SHEET_COLUMNS 20  /* images of one class in the contact sheet */
#define SHEET_DIGITS 1000 /* synthetic ones among which there are so many of each class */
#define SHEET_BYTES ((size_t)1 << 30)

typedef struct places {
    char folder[PLACES][PLACE];
    size_t count;
} places;

typedef struct listing {
    const mho_data_name *names;
    size_t named;
    cli_table *table;
    mho_json *json;     /* array, or NULL */
    bool csv;           /* bare numbers */
    const char *used;   /* the place that other commands would take */
    mho_status damaged; /* what it is damaged by */
} listing;

static void add_place(places *p, const char *root, const char *tail)
{
    if (root == NULL || root[0] == 0 || p->count == PLACES)
        return;
    int length = snprintf(p->folder[p->count], PLACE, "%s%s", root, tail);
    bool new = length > 0 && length < PLACE;
    for (size_t i = 0; i < p->count; i++)
        new = new &&strcmp(p->folder[i], p->folder[p->count]) != 0;
    p->count += new;
}

static bool is_among(const places *p, const char *place)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->folder[i], place) == 0)
            return true;
    return false;
}

static void add_count(const listing *list, bool there, size_t count)
{
    char text[32];
    if (!there)
        cli_table_text(list->table, "-");
    else if (list->csv)
        cli_table_text(list->table, "%zu", count);
    else
        cli_table_text(list->table, "%s", cli_grouped(count, text));
}

/* The part that tells the shape. */
static const mho_images *some_part(const mho_data *data)
{
    return data->has_test ? &data->test : &data->train;
}

/* What the place is remembered by; NULL: nothing. */
static const char *name_of(const listing *list, const char *place)
{
    for (size_t i = 0; i < list->named; i++)
        if (strcmp(list->names[i].place, place) == 0)
            return list->names[i].name;
    return NULL;
}

static mho_json *place_json(const listing *list, const char *place, const mho_data *data,
                            const char *trouble)
{
    mho_json *row = mho_json_object();
    const char *name = name_of(list, place);
    mho_json_put(row, "place", mho_json_text(place));
    if (name)
        mho_json_put(row, "remembered_as", mho_json_text(name));
    if (data == NULL) {
        mho_json_put(row, "error", mho_json_text(trouble));
        return row;
    }
    const mho_shape *shape = &some_part(data)->shape;
    mho_json *sides = mho_json_array();
    mho_json_put(row, "name", mho_json_text(data->name));
    mho_json_put(row, "train", mho_json_integer((int64_t)data->train.count));
    mho_json_put(row, "test", mho_json_integer((int64_t)data->test.count));
    mho_json_add(sides, mho_json_integer((int64_t)shape->c));
    mho_json_add(sides, mho_json_integer((int64_t)shape->h));
    mho_json_add(sides, mho_json_integer((int64_t)shape->w));
    mho_json_put(row, "shape", sides);
    mho_json_put(row, "classes", mho_json_integer((int64_t)some_part(data)->classes));
    return row;
}

static void add_row(const listing *list, const char *place, const mho_data *data,
                    const char *trouble)
{
    if (list->json != NULL) {
        mho_json_add(list->json, place_json(list, place, data, trouble));
        return;
    }
    const char *name = name_of(list, place);
    cli_table_text(list->table, "%s", place);
    if (data == NULL) {
        cli_table_text(list->table, "%s", trouble);
        for (size_t i = 0; i < 4; i++)
            cli_table_text(list->table, "-");
        cli_table_text(list->table, "%s", name ? name : "-");
        return;
    }
    const mho_shape *shape = &some_part(data)->shape;
    cli_table_text(list->table, "%s", data->name);
    add_count(list, data->has_train, data->train.count);
    add_count(list, data->has_test, data->test.count);
    cli_table_text(list->table, "%zu x %zu x %zu", shape->c, shape->h, shape->w);
    cli_table_text(list->table, "%zu", some_part(data)->classes);
    cli_table_text(list->table, "%s", name ? name : "-");
}

/* The parts whose files are there; a folder without a whole part is damaged. */
static mho_status open_parts(const char *place, mho_data **out)
{
    mho_data *found = NULL;
    mho_status s = mho_data_open(place, false, false, &found);
    if (s != MHO_OK)
        return s;
    const bool none = !found->has_train && !found->has_test;
    s = mho_data_open(place, found->has_train || none, found->has_test || none, out);
    mho_data_destroy(found);
    return s;
}

/* Reads the data set there and tells its size; a folder without one is told as such. */
static mho_status list_place(listing *list, const char *place)
{
    mho_data *data = NULL;
    mho_status s = mho_data_open(place, false, false, &data);
    mho_data_destroy(data);
    data = NULL;
    if (s == MHO_ENODATA) {
        add_row(list, place, NULL, "nothing");
        return MHO_OK;
    }
    if (s == MHO_OK)
        s = open_parts(place, &data);
    if (s == MHO_ENOMEM || s == MHO_EINTERRUPTED)
        return s;
    if (s != MHO_OK) {
        if (list->json == NULL)
            fprintf(stderr, "mho: %s\n", mho_error_message());
        add_row(list, place, NULL, list->json == NULL ? "damaged" : mho_error_message());
        if (strcmp(place, list->used) == 0)
            list->damaged = s;
        return MHO_OK;
    }
    add_row(list, place, data, "");
    mho_data_destroy(data);
    return MHO_OK;
}

static void list_synthetic(const listing *list)
{
    mho_data data = {.name = "synthetic", .has_train = true, .has_test = true};
    data.train.count = MHO_DIGITS_TRAIN;
    data.test.count = MHO_DIGITS_TEST;
    data.test.shape = (mho_shape){1, 28, 28};
    data.test.classes = 10;
    add_row(list, "synthetic", &data, "");
}

static mho_status print_list(const cli_args *args, const listing *list, const mho_data *used)
{
    if (list->json == NULL) {
        cli_table_print(list->table, args);
        if (!args->quiet && !args->csv && !list->damaged)
            fprintf(args->out, "\nUsed%s: %s (%s)\n",
                    args->data == NULL ? " unless --data tells else" : "", used->name, used->place);
        return MHO_OK;
    }
    mho_json *root = cli_result_json(args), *use = mho_json_object();
    mho_json_put(use, "name", mho_json_text(used->name));
    mho_json_put(use, "place", mho_json_text(used->place));
    mho_json_put(use, "damaged", mho_json_bool(list->damaged != MHO_OK));
    mho_json_put(root, "places", list->json);
    mho_json_put(root, "used", use);
    return cli_print_json(args, root);
}

static mho_status list_places(const cli_args *args, const mho_data *used,
                              const mho_data_name *names, size_t named)
{
    mho_status s = MHO_OK;
    places p = {.count = 0};
    if (strcmp(used->name, "synthetic") != 0)
        add_place(&p, used->place, "");
    add_place(&p, getenv("MHO_DATA"), "/mnist");
    add_place(&p, getenv("MHO_DATA"), "/cifar10");
    add_place(&p, getenv("HOME"), "/.cache/mho/mnist");
    listing list = {
        .table = cli_table_create("Data sets", "place|data set|train>|test>|image>|classes>|name"),
        .names = names,
        .named = named,
        .used = used->place};
    list.csv = args->csv;
    if (args->json)
        list.json = mho_json_array();
    for (size_t i = 0; i < p.count && s == MHO_OK; i++)
        s = list_place(&list, p.folder[i]);
    for (size_t i = 0; i < named && s == MHO_OK; i++)
        if (!is_among(&p, names[i].place))
            s = list_place(&list, names[i].place);
    if (s == MHO_OK) {
        list_synthetic(&list);
        s = print_list(args, &list, used);
        if (s == MHO_OK && list.damaged)
            s = mho_error(list.damaged, "%s would be used, but is damaged", used->place);
    } else {
        mho_json_destroy(list.json);
    }
    cli_table_destroy(list.table);
    return s;
}

static mho_status list_data(const cli_args *args)
{
    mho_data *used = NULL;
    mho_data_name *names = NULL;
    size_t named = 0;
    mho_status s = mho_data_open(args->data, false, false, &used);
    if (s == MHO_OK && (getenv("XDG_CONFIG_HOME") || getenv("HOME")))
        s = mho_data_names(&names, &named);
    if (s == MHO_OK)
        s = list_places(args, used, names, named);
    mho_data_names_free(names);
    mho_data_destroy(used);
    return s;
}

static mho_status add(const cli_args *args)
{
    if (args->files != 3)
        return mho_error(MHO_EUSAGE, "data add: want a name and a folder: mho data add NAME DIR");
    mho_status s = mho_data_remember(args->file[1], args->file[2]);
    if (s == MHO_OK && !args->quiet)
        fprintf(stderr, "mho: --data %s is %s from now on\n", args->file[1], args->file[2]);
    return s;
}

static mho_status remove_name(const cli_args *args)
{
    if (args->files != 2)
        return mho_error(MHO_EUSAGE, "data remove: want a name: mho data remove NAME");
    return mho_data_forget(args->file[1]);
}

static mho_status fetch(const cli_args *args)
{
    if (args->files < 2)
        return mho_error(MHO_EUSAGE, "data fetch: name what to fetch: mho data fetch mnist");
    mho_status s = mho_data_fetch(args->file[1], args->mirror);
    cli_progress_clear();
    if (s == MHO_OK && !args->quiet)
        fprintf(stderr, "mho: %s is in ~/.cache/mho/%s, its SHA-256 sums are right\n",
                args->file[1], args->file[1]);
    return s;
}

/* Numbers of any range as grey levels: the smallest is black, the largest white. */
static uint8_t *levels_of(const mho_images *images)
{
    const size_t n = images->count * images->shape.c * images->shape.h * images->shape.w;
    uint8_t *level = cli_alloc(n);
    float low = images->value[0], high = low;
    for (size_t i = 0; i < n; i++) {
        low = images->value[i] < low ? images->value[i] : low;
        high = images->value[i] > high ? images->value[i] : high;
    }
    for (size_t i = 0; i < n; i++)
        level[i] = high > low ? (uint8_t)(255 * (images->value[i] - low) / (high - low)) : 0;
    return level;
}

/* One row a class, SHEET_COLUMNS images each, in the order of the test set; channels side by side. */
static void draw_sheet(const mho_images *images, const uint8_t *pixel, uint8_t *sheet)
{
    size_t c = images->shape.c, h = images->shape.h, w = images->shape.w;
    size_t pitch = SHEET_COLUMNS * w * c, *have = cli_alloc(images->classes * sizeof *have);
    memset(have, 0, images->classes * sizeof *have);
    for (size_t i = 0; i < images->count; i++) {
        size_t row = images->label[i], column = have[row];
        if (column == SHEET_COLUMNS)
            continue;
        have[row]++;
        for (size_t k = 0; k < c; k++)
            for (size_t y = 0; y < h; y++)
                for (size_t x = 0; x < w; x++)
                    sheet[(row * h + y) * pitch + (column * w + x) * c + k] =
                        pixel[((i * c + k) * h + y) * w + x];
    }
    free(have);
}

static mho_status write_sheet(const mho_images *images, const char *path)
{
    size_t c = images->shape.c, width = SHEET_COLUMNS * images->shape.w;
    size_t height = images->classes * images->shape.h;
    if (c != 1 && c != 3)
        return mho_error(MHO_ENOTMODELED, "%s: images of %zu channels, want 1 or 3", path, c);
    if (width > SHEET_BYTES / height / c)
        return mho_error(MHO_EDOMAIN, "%s: a sheet of %zu x %zu pixels, want at most %zu bytes",
                         path, width, height, SHEET_BYTES);
    uint8_t *sheet = cli_alloc(width * height * c);
    memset(sheet, 0, width * height * c);
    uint8_t *level = images->pixel ? NULL : levels_of(images);
    draw_sheet(images, level ? level : images->pixel, sheet);
    free(level);
    mho_output *output = NULL;
    mho_status s = mho_output_open(path, &output);
    if (!s) {
        fprintf(mho_output_stream(output), "P%c\n%zu %zu\n255\n", c == 1 ? '5' : '6', width,
                height);
        fwrite(sheet, c * width, height, mho_output_stream(output));
        s = mho_output_close(output, true);
    }
    free(sheet);
    return s;
}

/* What the file holds is told by its ending; devices and names without one take either. */
static mho_status check_ending(const char *file, const char *want)
{
    const char *slash = strrchr(file, '/'), *ending = strrchr(slash ? slash : file, '.');
    if (!ending || !strcmp(ending + 1, want) || !strcmp(ending + 1, "pnm"))
        return MHO_OK;
    return mho_error(MHO_EUSAGE, "data show %s: these images make a .%s file", file, want);
}

static mho_status show(const cli_args *args)
{
    if (args->output && args->files > 1)
        return mho_error(MHO_EUSAGE, "data show: %s or %s? name one file", args->file[1],
                         args->output);
    mho_data *data = NULL;
    char path[MHO_NAME + 8];
    mho_status s = mho_data_open_test(args->data, SHEET_DIGITS, &data);
    if (s != MHO_OK)
        return s;
    const char *kind = data->test.shape.c == 3 ? "ppm" : "pgm";
    snprintf(path, sizeof path, "%s.%s", data->name, kind);
    const char *file = args->output ? args->output : args->files > 1 ? args->file[1] : path;
    s = check_ending(file, kind);
    if (!s)
        s = write_sheet(&data->test, file);
    if (s == MHO_OK && !args->quiet)
        fprintf(stderr, "mho: wrote %s: test images of %s (%s), one row a class\n", file,
                data->name, data->place);
    mho_data_destroy(data);
    return s;
}

mho_status cmd_data(const cli_args *args)
{
    static const char *const verbs[] = {"list", "add", "remove", "show", "fetch"};
    if (args->files == 0 || (args->files == 1 && strcmp(args->file[0], "list") == 0))
        return list_data(args);
    if (strcmp(args->file[0], "add") == 0)
        return add(args);
    if (args->files > 2)
        return mho_error(MHO_EUSAGE, "data: one argument too many: '%s'", args->file[2]);
    if (strcmp(args->file[0], "remove") == 0)
        return remove_name(args);
    if (strcmp(args->file[0], "fetch") == 0)
        return fetch(args);
    if (strcmp(args->file[0], "show") == 0)
        return show(args);
    return mho_error_near(MHO_EUSAGE, args->file[0], verbs, 5,
                          "data %s, want list, add, remove, show or fetch", args->file[0]);
}
