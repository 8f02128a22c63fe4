/* SPDX-License-Identifier: Apache-2.0 */
/* Peak memory of the program, as a user runs it, on networks of 1000 classes beside the bars; and what it grows with: images
 * (64, 256, 1024) and depth (ResNets of 18 to 101 layers), as ratios.  Each is a process of its own, whose peak the system
 * tells; model files and images are made in $TMPDIR.  The program is `mho` beside the folder of benchmarks, or $MHO.
 *
 *     bench_memory [CASE...]      all without CASE; "images", "depth": what it grows with;
 *                             "zoo": every network of the zoo on crossbars, one image */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_net.h"
#include "bench_record.h"

enum { ARGS = 24 };

static char folder[200], program[600];

static void path_of(const char *name, char out[300])
{
    snprintf(out, 300, "%s/%s", folder, name);
}

/* --- files ---------------------------------------------------------------------------------------- */

/* Random images and labels of the classes. */
static void write_images(const char *name, size_t count, size_t c, size_t size, size_t classes)
{
    for (int part = 0; part < 2; part++) {
        char path[300], file[64], text[118];
        snprintf(file, sizeof file, "%s.%s.npy", name, part ? "y" : "x");
        path_of(file, path);
        FILE *f = fopen(path, "wb");
        const size_t each = part ? 2 : c * size * size;
        const int n =
            part ? snprintf(text, sizeof text,
                            "{'descr': '<u2', 'fortran_order': False, 'shape': (%zu,), }", count)
                 : snprintf(text, sizeof text,
                            "{'descr': '|u1', 'fortran_order': False, 'shape': (%zu, %zu, %zu, "
                            "%zu), }",
                            count, c, size, size);
        if (!f)
            exit(3);
        fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
        fprintf(f, "%s%*s\n", text, 117 - n, "");
        for (size_t i = 0; i < count * each; i++)
            fputc(part ? (int)(i % 2 ? rand() % (int)classes / 256 : rand() % 256 % (int)classes)
                       : rand() % 256,
                  f);
        fclose(f);
    }
}

/* 0, or the exit code. */
static int finish(pid_t child, struct rusage *usage)
{
    int status = 0;
    if (child < 0 || wait4(child, &status, 0, usage) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In a process of its own, whose memory goes with it. */
static void write_model(const char *net, mho_style style)
{
    char path[300];
    struct rusage usage;
    path_of("model.onnx", path);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        mho_net *made = random_net(net, style);
        must(mho_onnx_write(made, path));
        mho_net_destroy(made);
        _exit(0);
    }
    if (finish(child, &usage) != 0)
        exit(3);
}

/* --- a run ----------------------------------------------------------------------------------------- */

typedef struct measured {
    double peak, seconds; /* MB; processor time */
    int code;             /* exit code */
} measured;

/* What the last run wrote to stderr, its first line. */
static void print_complaint(void)
{
    char path[300], line[400] = "";
    path_of("stderr", path);
    FILE *f = fopen(path, "r");
    if (f && fgets(line, sizeof line, f))
        printf("    %s", line);
    if (f)
        fclose(f);
}

/* "mho" and these words, one thread. */
static measured run(const char *const *word)
{
    const char *args[ARGS] = {program};
    char model[300], complaint[300], data[1300];
    struct rusage usage;
    size_t n = 1;
    for (; word[n - 1]; n++)
        args[n] = word[n - 1];
    path_of("model.onnx", model);
    path_of("stderr", complaint);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(args[i], "MODEL")) {
            args[i] = model;
        } else if (!strcmp(args[i], "large") || !strcmp(args[i], "small")) {
            snprintf(data, sizeof data, "%s/%s.x.npy,%s/%s.y.npy,%s/%s.x.npy,%s/%s.y.npy", folder,
                     args[i], folder, args[i], folder, args[i], folder, args[i]);
            args[i] = data;
        }
    args[n++] = "--quiet";
    args[n++] = "--threads";
    args[n++] = "1";
    args[n] = NULL;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen(complaint, "w", stderr);
        execv(program, (char *const *)(uintptr_t)args);
        _exit(127);
    }
    const int code = finish(child, &usage);
    const measured m = {(double)usage.ru_maxrss * 1024e-6,
                        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                            1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
                        code};
    if (code != 0)
        print_complaint();
    return m;
}

/* --- cases ----------------------------------------------------------------------------------------- */

typedef struct bench_case {
    const char *name, *net;
    mho_style style;
    double bar; /* MB */
    bool takes_minutes;
    const char *word[ARGS - 4];
} bench_case;

enum { FEW_IMAGES = 2 };
#define FEW "--data", "large", "--images", "2"
#define CALIBRATION "--set", "output.calibration_images=2"

static const bench_case cases[] = {
    {"infer resnet50", "resnet50", MHO_STYLE_FLOAT, 0, false, {"infer", "MODEL", FEW}},
    {"infer vgg16", "vgg16", MHO_STYLE_FLOAT, 0, false, {"infer", "MODEL", FEW}},
    {"simulate resnet50 8-bit",
     "resnet50",
     MHO_STYLE_FLOAT,
     600,
     false,
     {"simulate", "MODEL", "--hw", "cnn8", "--trials", "1", FEW, CALIBRATION}},
    {"simulate vgg16 binary",
     "vgg16",
     MHO_STYLE_BINARY,
     1500,
     false,
     {"simulate", "MODEL", "--hw", "bcnn", "--trials", "1", FEW, CALIBRATION}},
    {"quantize vgg16",
     "vgg16",
     MHO_STYLE_FLOAT,
     8000,
     true,
     {"quantize", "MODEL", "--bits", "8", "-o", "/dev/null", "--set", "calibration_images=2", FEW}},
    {"evaluate vgg16 8-bit",
     "vgg16",
     MHO_STYLE_FLOAT,
     8000,
     false,
     {"evaluate", "MODEL", "--hw", "cnn8", "--trials", "1", FEW, CALIBRATION}},
};

static bool wanted(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return argc == 1;
}

/* The first name that is none; NULL: all are. */
static const char *unknown(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool known =
            !strcmp(argv[i], "images") || !strcmp(argv[i], "depth") || !strcmp(argv[i], "zoo");
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            known = known || !strcmp(argv[i], cases[k].name);
        if (!known)
            return argv[i];
    }
    return NULL;
}

static double weights_of(const char *name, double *macs)
{
    mho_net *net;
    must(mho_net_zoo(name, &net));
    const double weights = (double)mho_net_parameters(net);
    *macs = (double)mho_net_macs(net);
    mho_net_destroy(net);
    return weights;
}

static void run_cases(int argc, char **argv)
{
    printf("%-26s %9s %9s %9s %9s %s\n", "case", "peak, MB", "/weights", "s", "bar, MB", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bench_case *b = &cases[i];
        double macs;
        if (!wanted(argc, argv, b->name) || (is_short() && argc == 1 && b->takes_minutes))
            continue;
        write_model(b->net, b->style);
        const measured m = run(b->word);
        printf("%-26s %9.0f %9.2f %9.1f ", b->name, m.peak,
               1e6 * m.peak / (4 * weights_of(b->net, &macs)), m.seconds);
        if (b->bar > 0)
            printf("%9.0f %s\n", b->bar, m.peak <= b->bar ? "kept" : "MISSED");
        else
            printf("%9s\n", "-");
        *record_images() = FEW_IMAGES;
        record("memory", b->name, "peak, MB", m.peak, true, false);
    }
}

static void run_images(void)
{
    measured first = {0, 0, 0};
    write_model("resnet20", MHO_STYLE_FLOAT);
    printf("\nimages: simulate resnet20 --hw cnn8 (linear: seconds grow by 4 a row, memory stays)\n"
           "%-10s %9s %12s %9s\n",
           "images", "peak, MB", "/first", "s/image");
    for (int images = 64; images <= 1024; images *= 4) {
        char text[20];
        snprintf(text, sizeof text, "%d", images);
        const char *const word[] = {"simulate", "MODEL", "--hw",   "cnn8",
                                    "--trials", "1",     "--data", "small",
                                    "--images", text,    "--set",  "output.calibration_images=64",
                                    NULL};
        const measured m = run(word);
        first = images == 64 ? m : first;
        printf("%-10d %9.0f %12.2f %9.4f\n", images, m.peak, m.peak / first.peak,
               m.seconds / images);
        *record_images() = (size_t)images;
        record("memory", text, "peak of that of 64 images", m.peak / first.peak, true, false);
    }
}

static void run_depth(void)
{
    static const char *const nets[] = {"resnet18", "resnet34", "resnet50", "resnet101"};
    static const char *const word[] = {"simulate", "MODEL", "--hw",      "cnn8", "--trials",
                                       "1",        FEW,     CALIBRATION, NULL};
    double per_weight = 0, per_mac = 0;
    printf("\ndepth: simulate --hw cnn8, 2 images (linear: both ratios stay)\n"
           "%-10s %9s %12s %9s %9s %12s %9s\n",
           "network", "peak, MB", "B/weight", "/first", "s", "ns/MAC", "/first");
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        double macs;
        const double weights = weights_of(nets[i], &macs);
        write_model(nets[i], MHO_STYLE_FLOAT);
        const measured m = run(word);
        const double bytes = 1e6 * m.peak / weights, ns = 1e9 * m.seconds / macs;
        per_weight = i ? per_weight : bytes;
        per_mac = i ? per_mac : ns;
        printf("%-10s %9.0f %12.2f %9.2f %9.1f %12.3f %9.2f\n", nets[i], m.peak, bytes,
               bytes / per_weight, m.seconds, ns, ns / per_mac);
        *record_images() = FEW_IMAGES;
        record("memory", nets[i], "bytes a weight of those of resnet18", bytes / per_weight, true,
               false);
        record("memory", nets[i], "time a MAC of that of resnet18", ns / per_mac, true, false);
    }
}

/* --- the zoo ---------------------------------------------------------------------------------------- */

#define SERIAL_MACS 1e8
static const char *const binary_hw[] = {"bcnn", NULL};
static const char *const float_hw[] = {"cnn8", "isaac", NULL};

static void run_on(const char *net, mho_style style, const char *const *hw)
{
    double macs;
    const double weights = weights_of(net, &macs);
    write_model(net, style);
    for (; *hw; hw++) {
        if (!strcmp(*hw, "isaac") && macs > SERIAL_MACS)
            continue; /* a bit at a time: minutes */
        const char *const word[] = {"evaluate", "MODEL", "--hw",     *hw, "--trials",  "1",
                                    "--data",   "small", "--images", "1", CALIBRATION, NULL};
        const measured m = run(word);
        printf("%-16s %-8s %9.0f %9.2f %9.1f %9.2f %s\n", net, *hw, m.peak, 1e6 * m.peak / weights,
               m.seconds, 1e9 * m.seconds / macs, m.code ? "REFUSED" : "");
    }
}

/* Every network with random weights, one image, on crossbars of its kind. */
static void run_zoo(void)
{
    static const char folder_of_nets[] = "configs/net/";
    size_t count = 0;
    const mho_asset *asset = mho_assets(&count);
    printf("\nzoo: evaluate, 1 image\n%-16s %-8s %9s %9s %9s %9s\n", "network", "hw", "peak, MB",
           "B/weight", "s", "ns/MAC");
    for (size_t i = 0; i < count; i++) {
        mho_net *net;
        char name[64] = "";
        if (strncmp(asset[i].path, folder_of_nets, sizeof folder_of_nets - 1) != 0)
            continue;
        snprintf(name, sizeof name, "%s", asset[i].path + sizeof folder_of_nets - 1);
        name[strcspn(name, ".")] = '\0';
        must(mho_net_zoo(name, &net));
        const mho_shape in = mho_net_input_shape(net), out = mho_net_output_shape(net);
        mho_net_destroy(net);
        write_images("small", 2, in.c, in.h, out.c);
        run_on(name, MHO_STYLE_BINARY, binary_hw);
        run_on(name, MHO_STYLE_FLOAT, float_hw);
    }
}

static void clean(void)
{
    static const char *const file[] = {"model.onnx", "large.x.npy", "large.y.npy",
                                       "stderr",     "small.x.npy", "small.y.npy"};
    char path[300];
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        path_of(file[i], path);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    const char *temporary = getenv("TMPDIR"), *slash = strrchr(argv[0], '/');
    snprintf(folder, sizeof folder, "%.150s/mho-bench-XXXXXX",
             temporary && *temporary ? temporary : "/var/tmp");
    snprintf(program, sizeof program, "%.*s/../mho", slash ? (int)(slash - argv[0]) : 1,
             slash ? argv[0] : ".");
    if (getenv("MHO"))
        snprintf(program, sizeof program, "%s", getenv("MHO"));
    if (unknown(argc, argv)) {
        fprintf(stderr, "bench_memory: no case %s\n", unknown(argc, argv));
        return 2;
    }
    if (access(program, X_OK) != 0 || !mkdtemp(folder)) {
        fprintf(stderr, "bench_memory: %s: %s\n", program, strerror(errno));
        return 3;
    }
    write_images("large", 2, 3, 224, 1000);
    write_images("small", 1024, 3, 32, 10);
    run_cases(argc, argv);
    if (wanted(argc, argv, "images"))
        run_images();
    if (wanted(argc, argv, "depth"))
        run_depth();
    if (wanted(argc, argv, "zoo") && !(is_short() && argc == 1))
        run_zoo();
    clean();
    return 0;
}
