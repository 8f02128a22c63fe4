/* SPDX-License-Identifier: Apache-2.0 */
/* Every call that creates or loads something, with its first, second, third ... allocation refused: it says so, leaves
 * nothing behind, and does as it always does when asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/mho.h"
#include "net/graph.h"
#include "slow_forward.h"

#define NET                                                                                        \
    "input: {shape: [1, 8, 8]}\nblocks:\n  pair: [conv: {out: $c, kernel: 3}, batchnorm, relu]\n"  \
    "layers:\n  - pair: {c: 2}\n  - maxpool: 2\n  - fc: 4\n"

enum { ALL = 400, IMAGES = 24 }; /* the first ALL allocations are refused one by one, then fewer */

/* Made once: what the calls need. */
static mho_net *net, *binary;
static mho_hw *full, *bcnn;
static mho_images images;
static mho_technology *memories;
static mho_workload *work;
static mho_hw *array;
static mho_grid *designs;

/* Destroys what it made; what it did not make is NULL. */
#define MAKE(type, make, destroy)                                                                  \
    type *made = NULL;                                                                             \
    mho_status s = make;                                                                           \
    if (s)                                                                                         \
        assert_null(made);                                                                         \
    destroy(made);                                                                                 \
    return s

static mho_status zoo(void)
{
    MAKE(mho_net, mho_net_zoo("lenet", &made), mho_net_destroy);
}

static mho_status net_text(void)
{
    MAKE(mho_net, mho_net_read(NET, "net.yaml", &made), mho_net_destroy);
}

static mho_status net_file(void)
{
    MAKE(mho_net, mho_net_open("net.yaml", &made), mho_net_destroy);
}

static mho_status net_clone(void)
{
    MAKE(mho_net, mho_net_clone(net, &made), mho_net_destroy);
}

static mho_status net_style(void)
{
    MAKE(mho_net, mho_net_style(net, MHO_STYLE_BINARY, &made), mho_net_destroy);
}

static mho_status onnx_write(void)
{
    return mho_onnx_write(net, "written.onnx");
}

static mho_status onnx_read(void)
{
    MAKE(mho_net, mho_onnx_read("net.onnx", &made), mho_net_destroy);
}

static mho_status model(void)
{
    MAKE(mho_net, mho_model_open("lenet", MHO_STYLE_BINARY, "mnist", &made), mho_net_destroy);
}

static mho_status hw_open(void)
{
    MAKE(mho_hw, mho_hw_open("bcnn", (const char *const[]){"device.bits=3", NULL}, &made),
         mho_hw_destroy);
}

static mho_status array_open(void)
{
    MAKE(mho_hw, mho_hw_open("vgg-rram", NULL, &made), mho_hw_destroy);
}

static mho_status hw_table(void)
{
    MAKE(mho_hw, mho_hw_open("hw.yaml", NULL, &made), mho_hw_destroy);
}

static mho_status hw_clone(void)
{
    MAKE(mho_hw, mho_hw_clone(bcnn, &made), mho_hw_destroy);
}

static mho_status hw_ideal(void)
{
    MAKE(mho_hw, mho_hw_clone_ideal(bcnn, &made), mho_hw_destroy);
}

static mho_status technology(void)
{
    MAKE(mho_technology, mho_technology_open("bcnn-45nm", &made), mho_technology_destroy);
}

static mho_status technology_macros(void)
{
    MAKE(mho_technology, mho_technology_open("buffer-22nm", &made), mho_technology_destroy);
}

static mho_status technology_clone(void)
{
    MAKE(mho_technology, mho_technology_clone(memories, &made), mho_technology_destroy);
}

static mho_status macro(void)
{
    mho_macro made;
    return mho_macro_read("cacti.txt", "sram", &made);
}

static mho_status json(void)
{
    static const char text[] = "{\"a\": [1, 2.5, \"x\"], \"b\": {\"c\": null}}";
    MAKE(mho_json, mho_json_parse(text, sizeof text - 1, "v.json", &made), mho_json_destroy);
}

static mho_status tensor(const char *path)
{
    mho_tensor made;
    const mho_status s = mho_tensor_read(path, &made);
    if (s)
        assert_null(made.data);
    mho_tensor_free(&made);
    return s;
}

static mho_status tensor_npy(void)
{
    return tensor("x_test.npy");
}

static mho_status tensor_pb(void)
{
    return tensor("x.pb");
}

static mho_status data_arrays(void)
{
    MAKE(mho_data, mho_data_open(".", false, true, &made), mho_data_destroy);
}

static mho_status digits(void)
{
    mho_images made;
    const mho_status s = mho_digits_generate(1, 0, 300, &made);
    mho_images_free(&made);
    return s;
}

static mho_status conductances(void)
{
    mho_circuit_table made;
    const mho_status s = mho_circuit_read_conductances("g.csv", &made);
    mho_circuit_table_clear(&made);
    return s;
}

static mho_status circuit(void)
{
    const double g[4] = {1e-4, 2e-4, 3e-4, 4e-4}, v[2] = {1, 0.5};
    double T[4], u[4], w[4], residual;
    mho_circuit_options o = {.r_row_ohm = 1, .r_col_ohm = 2};
    mho_status s = mho_circuit_transfer(&o, 2, 2, g, NULL, T);
    return s ? s : mho_circuit_voltages(&o, 2, 2, g, NULL, v, u, w, &residual);
}

static mho_status grid(void)
{
    static const char *const axes[] = {"device.bits=1,3", "device.variation=0:1:0.5", NULL};
    MAKE(mho_grid, mho_grid_create(bcnn, axes, &made), mho_grid_destroy);
}

static mho_status placement(void)
{
    MAKE(mho_placement, mho_placement_create(net, full, &made), mho_placement_destroy);
}

static mho_status estimate(void)
{
    MAKE(mho_estimate, mho_estimate_create(net, full, &made), mho_estimate_destroy);
}

static mho_status pipeline(void)
{
    const mho_pipeline_options o = mho_pipeline_options_default();
    MAKE(mho_pipeline, mho_pipeline_create(net, &o, NULL, NULL, NULL, NULL, &made),
         mho_pipeline_destroy);
}

static mho_status chip_full(void)
{
    mho_chip *made = NULL;
    mho_error_estimate e;
    mho_status s = mho_chip_open(net, full, &images, &made);
    if (s)
        assert_null(made);
    else
        s = mho_error_of(made, &images, IMAGES, 1, 2, 0, NULL, NULL, NULL, &e);
    mho_chip_destroy(made);
    return s;
}

static mho_status chip_binary(void)
{
    mho_chip *made = NULL;
    mho_error_estimate e;
    mho_status s = mho_chip_open(binary, bcnn, &images, &made);
    if (!s)
        s = mho_error_of(made, &images, IMAGES, 1, 2, 0, NULL, NULL, NULL, &e);
    mho_chip_destroy(made);
    return s;
}

static mho_status infer(void)
{
    size_t wrong = 0;
    return mho_infer_errors(net, &images, IMAGES, &wrong);
}

static mho_status infer_nodes(void)
{
    static float input[64], out[16 * 64];
    float *node_out[64] = {NULL, out};
    mho_infer *made = NULL;
    mho_status s = mho_infer_create(net, 1, &made);
    if (!s)
        s = mho_infer_run_nodes(made, 1, input, node_out);
    mho_infer_destroy(made);
    return s;
}

static mho_status workload(void)
{
    MAKE(mho_workload, mho_workload_create(net, true, 1, &made), mho_workload_destroy);
}

static mho_status array_estimate(void)
{
    MAKE(mho_array_estimate, mho_array_estimate_create(net, array, NULL, 0, &made),
         mho_array_estimate_destroy);
}

static mho_status sweep(void)
{
    MAKE(mho_array_sweep, mho_array_sweep_create(net, array, designs, NULL, 0, &made),
         mho_array_sweep_destroy);
}

static mho_status sweep_file(void)
{
    MAKE(mho_grid, mho_grid_open("buffer-paper", array, &made), mho_grid_destroy);
}

static mho_status train(void)
{
    mho_train_options o;
    mho_data data = {.name = "none", .train = images};
    mho_net *made = NULL;
    mho_status s = mho_fields_preset(&mho_train_fields, &o, NULL);
    o.epochs = 1;
    o.batch = 8;
    if (!s)
        s = mho_net_clone(net, &made);
    if (!s)
        s = mho_train(made, &data, &o, "checkpoint", false, NULL, NULL);
    mho_net_destroy(made);
    return s;
}

static mho_status simulate(void)
{
    const mho_subject subject = {.net = "net.onnx",
                                 .hw = "cnn8",
                                 .data = ".",
                                 .calibrate_on_test = true,
                                 .set = (const char *const[]){"output.calibration_images=8", NULL}};
    mho_study_options o = mho_study_options_default();
    mho_result result = {.command = NULL};
    o.trials = 2;
    const mho_status s = mho_study_simulate(&subject, &o, &result);
    mho_result_free(&result);
    return s;
}

static mho_status output(void)
{
    return mhoi_file_write("output.txt", "text", 4);
}

static const struct {
    const char *name;
    mho_status (*call)(void);
} calls[] = {
    {"mho_net_zoo", zoo},
    {"mho_net_read", net_text},
    {"mho_net_open", net_file},
    {"mho_net_clone", net_clone},
    {"mho_net_style", net_style},
    {"mho_onnx_write", onnx_write},
    {"mho_onnx_read", onnx_read},
    {"mho_model_open", model},
    {"mho_hw_open", hw_open},
    {"mho_hw_open of an array", array_open},
    {"mho_hw_open with a table of levels", hw_table},
    {"mho_hw_clone", hw_clone},
    {"mho_hw_clone_ideal", hw_ideal},
    {"mho_technology_open", technology},
    {"mho_technology_open with macros", technology_macros},
    {"mho_technology_clone", technology_clone},
    {"mho_macro_read", macro},
    {"mho_json_parse", json},
    {"mho_tensor_read .npy", tensor_npy},
    {"mho_tensor_read .pb", tensor_pb},
    {"mho_data_open", data_arrays},
    {"mho_digits_generate", digits},
    {"mho_circuit_read_conductances", conductances},
    {"mho_circuit_transfer", circuit},
    {"mho_grid_create", grid},
    {"mho_placement_create", placement},
    {"mho_estimate_create", estimate},
    {"mho_pipeline_create", pipeline},
    {"mho_chip_open, full mode", chip_full},
    {"mho_chip_open, binary mode", chip_binary},
    {"mho_infer_errors", infer},
    {"mho_infer_run_nodes", infer_nodes},
    {"mho_workload_create", workload},
    {"mho_array_estimate_create", array_estimate},
    {"mho_array_sweep_create", sweep},
    {"mho_grid_open", sweep_file},
    {"mho_train", train},
    {"mho_study_simulate", simulate},
    {"mhoi_file_write", output},
};

static void must(mho_status s)
{
    if (s)
        fail_msg("%s: %s", mho_status_name(s), mho_error_message());
}

static int faults;

static void MHO_PRINTF(1, 2) fault(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    faults++;
}

/* One allocation refused: returns whether the call came to it, and went wrong in no other way. */
static bool refuse(const char *name, mho_status (*call)(void), unsigned k)
{
    const uint64_t live = mhoi_alloc_live(), before = mhoi_alloc_count();
    const int seen = faults;
    mhoi_alloc_fail_at(k);
    const mho_status s = call();
    mhoi_alloc_fail_at(0);
    const uint64_t made = mhoi_alloc_count() - before;
    if (mhoi_alloc_live() != live)
        fault("%s, allocation %u refused: %lld blocks are left\n", name, k,
              (long long)(mhoi_alloc_live() - live));
    if (s != (made >= k ? MHO_ENOMEM : MHO_OK))
        fault("%s, allocation %u of %u refused: %s %s\n", name, k, (unsigned)made,
              mho_status_name(s), s ? mho_error_message() : "");
    else if (s && !strstr(mho_error_message(), "out of memory"))
        fault("%s, allocation %u refused: \"%s\"\n", name, k, mho_error_message());
    return made >= k && faults == seen;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        must(calls[i].call()); /* what is made once for all is made now */
        unsigned k = 1;
        while (refuse(calls[i].name, calls[i].call, k))
            k += k < ALL ? 1 : k / 8;
        if (k == 1 && !faults)
            fault("%s allocates nothing: the test tests nothing\n", calls[i].name);
        must(calls[i].call());
    }
    assert_int_equal(faults, 0);
}

static void save(const char *path, const void *bytes, size_t size)
{
    must(mhoi_file_write(path, bytes, size));
}

static void save_text(const char *path, const char *text)
{
    save(path, text, strlen(text));
}

static void save_npy(const char *path, const char *type, const char *shape, const void *bytes,
                     size_t size)
{
    static char file[8192] = "\x93NUMPY\1";
    const int length = snprintf(
        file + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", type, shape);
    file[8] = (char)length;
    memcpy(file + 10 + length, bytes, size);
    save(path, file, 10 + (size_t)length + size);
}

static void save_files(void)
{
    static const char pb[] = {0x08, 2, 0x10, 1, 0x4a, 8, 0, 0, 0, 0, 0, 0, 0, 0};
    save_text("net.yaml", NET);
    save_text("g.csv", "1e-4,2e-4\n3e-4,4e-4\n");
    save_text("levels.csv", "0,1e-6,1e-7\n1,1e-4,1e-6\n");
    save_text("hw.yaml", "base: bcnn\ndevice:\n  bits: 1\n  table: levels.csv\n");
    save_text("cacti.txt", "---------- CACTI version 7.0 ----------\n\nCache Parameters:\n"
                           "    Total cache size (bytes): 65536\n    Number of banks: 1\n"
                           "    Block size (bytes): 64\n\n    Access time (ns): 0.9\n"
                           "    Cycle time (ns):  0.5\n"
                           "    Total dynamic read energy per access (nJ): 0.025\n"
                           "    Total dynamic write energy per access (nJ): 0.03\n"
                           "    Total leakage power of a bank (mW): 12.5\n"
                           "    Cache height x width (mm): 0.25 x 0.5\n\n    Best Ndwl : 2\n");
    save("x.pb", pb, sizeof pb);
    save_npy("x_test.npy", "|u1", "24, 8, 8", images.pixel, IMAGES * 64);
    save_npy("y_test.npy", "<u2", "24,", images.label, IMAGES * 2);
    must(mho_onnx_write(net, "net.onnx"));
}

static char folder[] = "no-memory-XXXXXX";

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) || mho_run_set_threads(NULL, 1))
        return -1;
    must(mho_net_read(NET, "net.yaml", &net));
    must(mhoi_net_alloc_parameters(net));
    slow_random_parameters(net, 3);
    must(mho_net_style(net, MHO_STYLE_BINARY, &binary));
    must(mhoi_net_alloc_parameters(binary));
    slow_random_parameters(binary, 4);
    images = (mho_images){.shape = {1, 8, 8}, .count = IMAGES, .classes = 4};
    images.pixel = calloc(IMAGES, 64);
    images.label = calloc(IMAGES, sizeof *images.label);
    for (size_t i = 0; i < IMAGES * 64; i++)
        images.pixel[i] = (uint8_t)(i * 37);
    for (size_t i = 0; i < IMAGES; i++)
        images.label[i] = (uint16_t)(i % 4);
    must(mho_hw_open("cnn8", NULL, &full));
    must(mho_hw_open("bcnn", NULL, &bcnn));
    must(mho_technology_open("buffer-22nm", &memories));
    must(mho_hw_open("vgg-rram", NULL, &array));
    must(mho_grid_create(array, (const char *const[]){"buffers.banks=4,8", "array.level=1,2", NULL},
                         &designs));
    must(mho_workload_create(net, true, 1, &work));
    save_files();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[64];
    mho_workload_destroy(work);
    mho_technology_destroy(memories);
    mho_grid_destroy(designs);
    mho_hw_destroy(array);
    mho_hw_destroy(full);
    mho_hw_destroy(bcnn);
    mho_net_destroy(net);
    mho_net_destroy(binary);
    free(images.pixel);
    free(images.label);
    (void)snprintf(command, sizeof command, "rm -rf '../%s'", folder);
    return system(command) == 0 && mhoi_alloc_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
