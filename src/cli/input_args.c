/* SPDX-License-Identifier: Apache-2.0 */
/* What the input of a network is: options, what is assumed where nothing says it, and the usual ones compared. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

mho_status cli_collect_input(const char *command, cli_args *args)
{
    const struct {
        const char *key, *value;
    } given[] = {{"scale", args->scale},
                 {"range", args->range},
                 {"mean", args->mean},
                 {"std", args->std},
                 {"layout", args->layout}};
    size_t n = 0;
    if (args->scale && args->range)
        return mho_error(MHO_EUSAGE, "%s: --scale and --range: want one of the two", command);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        mho_input probe = {.scale = 1, .bits = 8};
        if (!given[i].value)
            continue;
        const int length = snprintf(args->setting_text[n], sizeof args->setting_text[n], "%s=%s",
                                    given[i].key, given[i].value);
        if (length < 0 || (size_t)length >= sizeof args->setting_text[n])
            return mho_error(MHO_EUSAGE, "%s: --%s: too long", command, given[i].key);
        mho_status s = mho_input_set(&probe, args->setting_text[n]);
        if (s)
            return mho_error(s, "%s: --%s", command, mho_error_message());
        args->setting[n] = args->setting_text[n];
        n++;
    }
    return MHO_OK;
}

mho_status cli_set_input(const cli_args *args, mho_net *net)
{
    mho_input in;
    mho_status s = MHO_OK;
    mho_net_get_input(net, &in);
    for (size_t i = 0; s == MHO_OK && args->setting[i]; i++)
        s = mho_input_set(&in, args->setting[i]);
    return s == MHO_OK && args->setting[0] ? mho_net_set_input(net, &in) : s;
}

void cli_tell_assumed(const cli_args *args, const mho_net *net)
{
    if (!args->quiet && *mho_net_assumed(net))
        fprintf(stderr, "mho: note: %s: %s\n", args->files ? args->file[0] : "the network",
                mho_net_assumed(net));
}

void cli_tell_input(const cli_args *args, const mho_net *net)
{
    mho_net *own = NULL;
    const char *name = args->files ? args->file[0] : "";
    mho_input in;
    char text[MHO_INPUT_TEXT];
    if (args->quiet || !strstr(name, ".onnx") || (!net && mho_net_open(name, &own) != MHO_OK))
        return;
    cli_tell_assumed(args, net ? net : own);
    mho_net_get_input(net ? net : own, &in);
    if (!in.stated && !args->setting[0])
        fprintf(
            stderr,
            "mho: note: %s does not say what its input is; assumed for images of bytes: %s; "
            "--scale, --mean, --std, --layout tell otherwise, `mho infer --try-scales` compares\n",
            name, mho_input_text(&in, text));
    mho_net_destroy(own);
}

mho_json *cli_input_json(const mho_net *net)
{
    mho_json *v = mho_json_object();
    char text[MHO_INPUT_TEXT];
    mho_input in;
    mho_net_get_input(net, &in);
    mho_json_put(v, "text", mho_json_text(mho_input_text(&in, text)));
    mho_json_put(v, "assumed", mho_json_bool(!in.stated));
    return v;
}

/* --- the usual ones ----------------------------------------------------------------------------------- */

typedef struct usual {
    const char *name, *options; /* options: as on the command line, to be repeated */
    const char *setting[3];
    size_t channels; /* of the images; 0: any */
} usual;

static const usual usuals[] = {
    {"0..1 in 256 steps", "--scale 1/256", {"scale=1/256"}, 0},
    {"0..1", "--scale 1/255", {"scale=1/255"}, 0},
    {"0..255", "--scale 1", {"scale=1"}, 0},
    {"-1..1", "--range -1:1", {"range=-1:1"}, 0},
    {"-0.5..0.5", "--range -0.5:0.5", {"range=-0.5:0.5"}, 0},
    {"-128..127", "--range -128:127", {"range=-128:127"}, 0},
    {"MNIST",
     "--scale 1/255 --mean 0.1307 --std 0.3081",
     {"scale=1/255", "mean=0.1307", "std=0.3081"},
     1},
    {"Fashion-MNIST",
     "--scale 1/255 --mean 0.2860 --std 0.3530",
     {"scale=1/255", "mean=0.2860", "std=0.3530"},
     1},
    {"CIFAR-10",
     "--scale 1/255 --mean 0.4914,0.4822,0.4465 --std 0.2470,0.2435,0.2616",
     {"scale=1/255", "mean=0.4914,0.4822,0.4465", "std=0.2470,0.2435,0.2616"},
     3},
    {"CIFAR-10, other std",
     "--scale 1/255 --mean 0.4914,0.4822,0.4465 --std 0.2023,0.1994,0.2010",
     {"scale=1/255", "mean=0.4914,0.4822,0.4465", "std=0.2023,0.1994,0.2010"},
     3},
    {"CIFAR-100",
     "--scale 1/255 --mean 0.5071,0.4865,0.4409 --std 0.2673,0.2564,0.2762",
     {"scale=1/255", "mean=0.5071,0.4865,0.4409", "std=0.2673,0.2564,0.2762"},
     3},
    {"ImageNet",
     "--scale 1/255 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
     {"scale=1/255", "mean=0.485,0.456,0.406", "std=0.229,0.224,0.225"},
     3},
    {"ImageNet, std alone 1",
     "--scale 1 --mean 123.675,116.28,103.53",
     {"scale=1", "mean=123.675,116.28,103.53"},
     3},
};
enum { USUALS = sizeof usuals / sizeof *usuals, TRIED_MAX = 2 * USUALS };

typedef struct tried {
    const usual *of;
    bool last; /* the layout is NHWC */
    size_t errors;
} tried;

static int by_errors(const void *a, const void *b)
{
    const tried *x = a, *y = b;
    return x->errors != y->errors ? (x->errors < y->errors ? -1 : 1) : (x > y) - (x < y);
}

static mho_status try_one(mho_net *net, const mho_images *images, size_t count, tried *t)
{
    mho_input in;
    mho_net_get_input(net, &in);
    const mho_input before = in;
    in = (mho_input){.scale = in.scale, .bits = in.bits};
    mho_status s = MHO_OK;
    for (size_t i = 0; s == MHO_OK && i < 3 && t->of->setting[i]; i++)
        s = mho_input_set(&in, t->of->setting[i]);
    in.layout = t->last ? MHO_LAYOUT_NHWC : MHO_LAYOUT_NCHW;
    if (s == MHO_OK)
        s = mho_net_set_input(net, &in);
    if (s == MHO_OK)
        s = mho_infer_errors(net, images, count, &t->errors);
    mho_status back = mho_net_set_input(net, &before);
    return s == MHO_OK ? back : s;
}

/* Is the order of the elements open? */
static bool has_layouts(const mho_net *net, const mho_images *images)
{
    const mho_shape want = mho_net_input_shape(net), is = images->shape;
    return want.h * want.w == 1 && is.c > 1 && is.h * is.w > 1;
}

static mho_status print_tried(const cli_args *args, const mho_net *net, const mho_data *data,
                              const tried *list, size_t n, size_t count)
{
    char title[400];
    mho_json *root = args->json ? cli_result_json(args) : NULL, *rows = mho_json_array();
    snprintf(title, sizeof title, "%s on %zu images of %s: what its input may be",
             mho_net_name(net), count, data->name);
    cli_table *table = cli_table_create(title, "input|error>|options");
    for (size_t i = 0; i < n; i++) {
        const double error = (double)list[i].errors / (double)count;
        const char *layout = list[i].last ? " --layout NHWC" : "";
        char options[256];
        snprintf(options, sizeof options, "%s%s", list[i].of->options, layout);
        cli_table_text(table, "%s%s", list[i].of->name, list[i].last ? ", NHWC" : "");
        cli_table_percent(table, error, 2);
        cli_table_text(table, "%s", options);
        mho_json *row = mho_json_object();
        mho_json_put(row, "input", mho_json_text(list[i].of->name));
        mho_json_put(row, "options", mho_json_text(options));
        mho_json_put(row, "error", mho_json_number(error));
        mho_json_add(rows, row);
    }
    mho_status s = MHO_OK;
    if (root) {
        mho_json_put(root, "network", mho_json_text(mho_net_name(net)));
        mho_json_put(root, "data", mho_json_text(data->name));
        mho_json_put(root, "images", mho_json_integer((int64_t)count));
        mho_json_put(root, "tried", rows);
        s = cli_print_json(args, root);
    } else {
        cli_table_print(table, args);
        mho_json_destroy(rows);
    }
    cli_table_destroy(table);
    return s;
}

mho_status cli_try_scales(const cli_args *args, mho_net *net, const mho_data *data, size_t count)
{
    tried list[TRIED_MAX];
    size_t n = 0;
    mho_status s = MHO_OK;
    if (data->test.value)
        return mho_error(MHO_EUSAGE, "--try-scales: the images of %s are no bytes", data->name);
    for (size_t i = 0; s == MHO_OK && i < USUALS; i++)
        for (int last = 0; s == MHO_OK && last <= has_layouts(net, &data->test); last++) {
            if (usuals[i].channels && usuals[i].channels != data->test.shape.c)
                continue;
            list[n] = (tried){.of = &usuals[i], .last = last};
            s = try_one(net, &data->test, count, &list[n++]);
        }
    cli_progress_clear();
    if (s != MHO_OK)
        return s;
    qsort(list, n, sizeof *list, by_errors);
    return print_tried(args, net, data, list, n, count);
}
