/* SPDX-License-Identifier: Apache-2.0 */
/* What block-circulant weights of few bits cost, which the paper cites as small: LeNet on MNIST in blocks of 16
 * and 128 with 4 and 2 bits beside the uncompressed one, in software and on crossbars, with converters of the bits that
 * tell all sums and of fewer, and with what devices do. */
#include <math.h>
#include <string.h>

#include "reboc_sweep.h"

paper_run_fn reboc_accuracy;

#define MODEL "lenet-circulant-mnist"

enum { TEST = 10000, SETS = 8, PROGRAMMINGS = 3 /* at most: a programming takes seconds */ };

typedef struct accuracy {
    const paper_args *args;
    mho_data *data;
    mho_images calibration;
    size_t images;
} accuracy;

/* Of hardware: what differs from `reboc`. */
typedef struct setting {
    const char *name, *set[SETS];
    bool random; /* programmings differ */
} setting;

static const setting settings[] = {
    {"converters of 9 bits", {NULL}, false},
    {"8 bits over all sums",
     {"output.first_bits=8", "output.bits=8", "output.split_bits=8", "output.last_bits=8"},
     false},
    {"6 bits over all sums",
     {"output.first_bits=6", "output.bits=6", "output.split_bits=6", "output.last_bits=6"},
     false},
    {"8 bits over all sums, not aligned",
     {"output.first_bits=8", "output.bits=8", "output.split_bits=8", "output.last_bits=8",
      "output.aligned=false"},
     false},
    {"8 bits over the sums of images",
     {"output.first_bits=8", "output.bits=8", "output.split_bits=8", "output.last_bits=8",
      "output.range=least_squares"},
     false},
    {"6 bits over the sums of images",
     {"output.first_bits=6", "output.bits=6", "output.split_bits=6", "output.last_bits=6",
      "output.range=least_squares"},
     false},
    {"8 bits, 64 rows at a time",
     {"output.first_bits=8", "output.bits=8", "output.split_bits=8", "output.last_bits=8",
      "crossbar.active_rows=64"},
     false},
    {"9 bits, cells within a tenth of a level", {"device.variation=0.1"}, true},
    {"9 bits, cells within half a level", {"device.variation=0.5"}, true},
    {"9 bits, 1 % of the cells stuck", {"device.stuck_on=0.005", "device.stuck_off=0.005"}, true},
    {"9 bits, read noise of 2 %", {"device.read_noise=0.02"}, true},
    {"9 bits, ordinary cells, within half a level",
     {"device.variation=0.5", "crossbar.circulant=expanded"},
     true},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static bool is_cifar(const accuracy *a)
{
    return strcmp(a->data->name, "cifar10") == 0;
}

static mho_status open_data(accuracy *a)
{
    mho_status s = mho_data_open(a->args->data, false, true, &a->data);
    if (!s && !is_cifar(a))
        s = mho_data_head(a->data, 1000, &a->calibration);
    if (!s)
        a->images = a->args->images && a->args->images < a->data->test.count ? a->args->images
                                                                             : a->data->test.count;
    return s;
}

static mho_status hardware_error(const accuracy *a, const mho_net *net, const setting *w,
                                 mho_error_estimate *out)
{
    mho_hw *hw = NULL;
    mho_chip *chip = NULL;
    const size_t most = w->random ? PROGRAMMINGS : 1;
    mho_status s = mho_hw_open("reboc", w->set, &hw);
    if (!s)
        s = mho_chip_open(net, hw, &a->calibration, &chip);
    if (!s)
        s = mho_error_of(chip, &a->data->test, a->images, a->args->seed,
                         a->args->trials < most ? a->args->trials : most, 0, NULL, NULL, NULL, out);
    mho_chip_destroy(chip);
    mho_hw_destroy(hw);
    return s;
}

/* Rows are of MNIST; other data have the sweep alone. */
static mho_status no_values(paper_result *result)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < result->rows; i++)
        s = paper_value(result, (double)NAN, "%s", result->row[i].name);
    return s;
}

static mho_status software_error(const accuracy *a, const mho_net *net, double *percent)
{
    size_t wrong = 0;
    const mho_status s = mho_infer_errors(net, &a->data->test, a->images, &wrong);
    *percent = 100 * (double)wrong / (double)a->images;
    return s;
}

static void print_line(FILE *out, const accuracy *a, const char *name, double percent)
{
    const mho_interval i = mho_images_interval(percent / 100, a->images);
    fprintf(out, "  %-46s %7.2f %%   %.2f..%.2f %%\n", name, percent, 100 * i.low, 100 * i.high);
}

static mho_status put_software(paper_result *result, const accuracy *a, const mho_net *circulant,
                               double *software)
{
    mho_net *plain = NULL;
    double uncompressed = 0;
    mho_status s = mho_model_open("lenet", MHO_STYLE_FLOAT, "mnist", &plain);
    if (!s)
        s = software_error(a, plain, &uncompressed);
    if (!s)
        s = software_error(a, circulant, software);
    mho_net_destroy(plain);
    if (s)
        return s;
    fprintf(result->text, "  %zu test images of %s%31s error   other images, 95 %%\n", a->images,
            a->data->name, "");
    print_line(result->text, a, "uncompressed, float, software", uncompressed);
    print_line(result->text, a, "circulant, 4 and 2 bits, software", *software);
    return paper_value(result, *software - uncompressed,
                       "blocks of 16 and 128 at 4 and 2 bits: increase");
}

static mho_status put_setting(paper_result *result, const accuracy *a, const mho_net *net,
                              const setting *w, double software)
{
    mho_error_estimate e;
    mho_status s = hardware_error(a, net, w, &e);
    if (s)
        return s;
    print_line(result->text, a, w->name, 100 * e.spread.mean);
    return paper_value(result, 100 * e.spread.mean - software, "%s: increase", w->name);
}

static mho_status rows(accuracy *a, paper_result *result)
{
    mho_net *net = NULL;
    double software = 0;
    mho_status s = mho_net_open(MODEL, &net);
    if (!s)
        s = put_software(result, a, net, &software);
    for (size_t i = 0; !s && i < SETTINGS; i++) {
        mho_run_set_part(NULL, "hardware", i, SETTINGS);
        s = put_setting(result, a, net, &settings[i], software);
    }
    mho_run_set_part(NULL, "", 0, 0);
    mho_net_destroy(net);
    return s;
}

static mho_status show(paper_result *result, mho_json *v)
{
    const mho_status s = reboc_trained_print(v, result->text);
    mho_json_add(result->trained, v);
    return s;
}

/* Trained now, or kept from a long run. */
static mho_status trained(const paper_args *args, bool cifar, paper_result *result)
{
    static const char *const networks[] = {"lenet", "cifarnet"};
    mho_json *v = NULL;
    mho_status s = MHO_OK;
    result->trained = mho_json_array();
    if (args->epochs) {
        s = reboc_sweep(args, cifar, &v);
        return s ? s : show(result, v);
    }
    fputs("\n  Kept from runs of --epochs 4 (--epochs N trains now):\n", result->text);
    for (size_t i = 0; !s && i < sizeof networks / sizeof *networks; i++) {
        s = reboc_trained_kept(networks[i], &v);
        if (!s)
            s = show(result, v);
    }
    return s;
}

mho_status reboc_accuracy(const paper_args *args, paper_result *result)
{
    accuracy a = {.args = args};
    mho_status s = open_data(&a);
    const bool cifar = !s && is_cifar(&a);
    if (!s)
        s = cifar ? no_values(result) : rows(&a, result);
    if (!s)
        s = trained(args, cifar, result);
    if (!s && (strcmp(a.data->name, "mnist") != 0 || a.images != TEST))
        paper_incomparable(result, "needs all 10,000 test images of MNIST");
    mho_images_free(&a.calibration);
    mho_data_destroy(a.data);
    return s;
}
