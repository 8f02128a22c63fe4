/* SPDX-License-Identifier: Apache-2.0 */
/* mho doctor: what this machine has, and whether mho finds what it needs.  Exit code 1 if a check fails. */
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { CHECKS_MAX = 64 };

typedef enum verdict { GOOD, NOTE, BAD } verdict;

typedef struct check {
    char what[32], text[1100];
    verdict verdict;
} check;

typedef struct checks {
    check item[CHECKS_MAX];
    size_t count;
    bool failed;
} checks;

static void MHO_PRINTF(4, 5) say(checks *c, verdict v, const char *what, const char *format, ...)
{
    if (c->count == CHECKS_MAX)
        return;
    check *item = &c->item[c->count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(item->text, sizeof item->text, format, arguments);
    va_end(arguments);
    snprintf(item->what, sizeof item->what, "%s", what);
    item->verdict = v;
    c->failed |= v == BAD;
}

/* The value of the first line "key : value" of a file of /proc; "" if there is none. */
static void proc_value(const char *path, const char *key, char *out, size_t size)
{
    char line[512];
    FILE *f = fopen(path, "r");
    out[0] = 0;
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, key, strlen(key)) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    if (f)
        fclose(f);
}

static void check_machine(checks *c)
{
    char text[128], size[32];
    proc_value("/proc/cpuinfo", "model name", text, sizeof text);
    say(c, GOOD, "cpu", "%s", *text ? text : "unknown");
    const char *forced = getenv("MHO_CPU");
    say(c, GOOD, "kernels", "%s%s", mho_cpu_name(mho_cpu_level()),
        forced && *forced ? " (forced by MHO_CPU)" : "");
    say(c, GOOD, "threads", "%zu", mho_run_threads(NULL));
    proc_value("/proc/meminfo", "MemAvailable", text, sizeof text);
    double bytes = strtod(text, NULL) * 1024;
    if (bytes > 0)
        say(c, bytes < 512e6 ? NOTE : GOOD, "free memory", "%s%s", cli_si(bytes, "B", size),
            bytes < 512e6 ? " (`mho evaluate` takes up to 400 MB)" : "");
}

static void check_cache(checks *c)
{
    const char *folder = mho_run_cache(NULL);
    if (mho_run_check_cache(NULL))
        say(c, NOTE, "calibrations", "not kept between runs: %s", mho_error_message());
    else
        say(c, GOOD, "calibrations", "%s", folder ? folder : "not kept between runs");
}

/* The shared libraries this process has loaded: the version is in the file's name. */
static void check_libraries(checks *c)
{
    static const char *const names[] = {"libdnnl", "libyaml", "libprotobuf-c",
                                        "libcurl", "libz.",   "libgomp"};
    char line[PATH_MAX + 128], found[224] = "", last[PATH_MAX] = "";
    FILE *f = fopen("/proc/self/maps", "r");
    size_t n = 0;
    while (f && fgets(line, sizeof line, f)) {
        char *path = strchr(line, '/');
        if (!path)
            continue;
        path[strcspn(path, "\n")] = 0;
        const char *base = basename(path);
        if (strcmp(last, base) == 0)
            continue;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strncmp(base, names[i], strlen(names[i])) == 0 && n < sizeof found)
                n += (size_t)snprintf(found + n, sizeof found - n, "%s%s", n ? " " : "", base);
        snprintf(last, sizeof last, "%s", base);
    }
    if (f)
        fclose(f);
    if (n)
        say(c, GOOD, "libraries", "%s", found);
}

/* A trained network on one digit: whether what it needs can be loaded, before its libraries are told. */
static void check_inference(checks *c)
{
    mho_net *net = NULL;
    mho_images image = {0};
    size_t wrong;
    mho_status s = mho_model_open("lenet", MHO_STYLE_FLOAT, "synthetic", &net);
    if (!s)
        s = mho_digits_generate(MHO_DIGITS_SEED, MHO_DIGITS_TRAIN, 1, &image);
    if (!s)
        s = mho_infer_errors(net, &image, 1, &wrong);
    if (s == MHO_ENOMODEL)
        say(c, NOTE, "inference", "not tried: no trained lenet is built in");
    else if (s)
        say(c, BAD, "inference", "%s", mho_error_message());
    else
        say(c, GOOD, "inference", "works");
    mho_images_free(&image);
    mho_net_destroy(net);
}

/* The data that commands take unless told otherwise: what a part of it holds, or what is wrong with it. */
static void check_data(checks *c)
{
    mho_data *data = NULL;
    char text[32];
    mho_status s = mho_data_open(NULL, false, false, &data);
    if (!s && strcmp(data->name, "synthetic") == 0) {
        say(c, NOTE, "data",
            "no MNIST: synthetic digits are used (`mho data fetch mnist` gets it)");
        mho_data_destroy(data);
        return;
    }
    const bool test = !s && (data->has_test || !data->has_train);
    mho_data_destroy(data);
    if (!s)
        s = mho_data_open(NULL, !test, test, &data);
    if (s) {
        say(c, BAD, "data", "%s", mho_error_message());
        return;
    }
    say(c, GOOD, "data", "%s in %s, %s %s images", data->name, data->place,
        cli_grouped(test ? data->test.count : data->train.count, text), test ? "test" : "train");
    mho_data_destroy(data);
}

static void check_models(checks *c)
{
    size_t count, models = 0, hardware = 0, networks = 0;
    const mho_asset *asset = mho_assets(&count);
    char list[1024] = "";
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        hardware += strncmp(asset[i].path, "configs/hw/", 11) == 0;
        networks += strncmp(asset[i].path, "configs/net/", 12) == 0;
        if (strncmp(asset[i].path, "models/", 7) != 0)
            continue;
        models++;
        if (n < sizeof list)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", n ? ", " : "",
                                  (int)(strlen(asset[i].path) - 12), asset[i].path + 7);
    }
    say(c, networks ? GOOD : BAD, "networks", "%zu built in (`mho nets`)", networks);
    say(c, hardware ? GOOD : BAD, "hardware", "%zu built in (`mho hw`)", hardware);
    say(c, models ? GOOD : NOTE, "trained models", "%zu built in%s%s", models, n ? ": " : "", list);
}

static void check_writing(checks *c)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here))
        snprintf(here, sizeof here, ".");
    if (access(".", W_OK) == 0)
        say(c, GOOD, "this folder", "can be written");
    else
        say(c, NOTE, "this folder", "%.180s cannot be written: name files for -o elsewhere", here);
}

static const char *const verdict_name[] = {"ok", "note", "bad"};

static mho_json *as_json(const cli_args *args, const checks *c)
{
    mho_json *root = cli_result_json(args), *list = mho_json_array();
    mho_json_put(root, "version", mho_json_text(mho_version()));
    mho_json_put(root, "kernel", mho_json_text(mho_cpu_name(mho_cpu_level())));
    mho_json_put(root, "threads", mho_json_integer((int64_t)mho_run_threads(NULL)));
    for (size_t i = 0; i < c->count; i++) {
        mho_json *entry = mho_json_object();
        mho_json_put(entry, "check", mho_json_text(c->item[i].what));
        mho_json_put(entry, "verdict", mho_json_text(verdict_name[c->item[i].verdict]));
        mho_json_put(entry, "text", mho_json_text(c->item[i].text));
        mho_json_add(list, entry);
    }
    mho_json_put(root, "checks", list);
    mho_json_put(root, "ok", mho_json_bool(!c->failed));
    return root;
}

static void as_text(const checks *c, const cli_args *args)
{
    const cli_marks *m = cli_marks_of(args->color);
    const char *color[] = {m->good, m->bold, m->bad};
    fprintf(args->out, "%smho %s%s\n", m->bold, mho_version(), m->end);
    for (size_t i = 0; i < c->count; i++) {
        const check *item = &c->item[i];
        fprintf(args->out, "  %s%-4s%s  %-15s %s\n", color[item->verdict],
                verdict_name[item->verdict], m->end, item->what, item->text);
    }
}

static void as_csv(const checks *c, const cli_args *args)
{
    cli_table *t = cli_table_create("", "check|verdict|text");
    for (size_t i = 0; i < c->count; i++) {
        cli_table_text(t, "%s", c->item[i].what);
        cli_table_text(t, "%s", verdict_name[c->item[i].verdict]);
        cli_table_text(t, "%s", c->item[i].text);
    }
    cli_table_print(t, args);
    cli_table_destroy(t);
}

mho_status cmd_doctor(const cli_args *args)
{
    checks c = {0};
    check_machine(&c);
    check_cache(&c);
    check_inference(&c);
    check_libraries(&c);
    check_data(&c);
    check_models(&c);
    check_writing(&c);
    if (args->json) {
        mho_status s = cli_print_json(args, as_json(args, &c));
        if (s)
            return s;
    } else if (args->csv) {
        as_csv(&c, args);
    } else {
        as_text(&c, args);
    }
    return c.failed ? mho_error(MHO_ECHECK, "a check failed: see the lines marked bad") : MHO_OK;
}
