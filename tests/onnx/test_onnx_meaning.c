/* SPDX-License-Identifier: Apache-2.0 */
/* The files mean to others what they mean to mho: onnx_judge.py checks and runs what mho writes, and
 * writes what mho must read.  Skipped where Python has no onnx. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/infer.h"
#include "mho/onnx.h"
#include "net/op_table.h"
#include "slow_forward.h"

static char model[64], input[64], output[64];
static bool no_judge; /* no Python, or no onnx */

static struct {
    FILE *to, *from;
} judge_pipe;

/* Started once: Python takes longer to start than to judge. */
static void start_judge(void)
{
    int to[2], from[2];
    assert_int_equal(pipe(to) | pipe(from), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(to[0], 0);
        (void)dup2(from[1], 1);
        (void)close(to[1]);
        (void)close(from[0]);
        (void)setenv("OPENBLAS_NUM_THREADS", "1", 1);
        (void)execl("/usr/bin/python3", "/usr/bin/python3",
                    MHO_SOURCE_DIR "/tests/onnx/onnx_judge.py", NULL);
        _exit(77);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    judge_pipe.to = fdopen(to[1], "w");
    judge_pipe.from = fdopen(from[0], "r");
    assert_non_null(judge_pipe.to);
    assert_non_null(judge_pipe.from);
}

static void judge(const char *what)
{
    char answer[512] = "";
    int status = 0;
    if (no_judge)
        skip();
    if (!judge_pipe.to)
        start_judge();
    fprintf(judge_pipe.to, "%s\n", what);
    (void)fflush(judge_pipe.to);
    if (!fgets(answer, sizeof answer, judge_pipe.from)) {
        if (wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 77)
            no_judge = true;
        else
            fail_msg("%s: the judge is gone", what);
    }
    if (no_judge)
        skip();
    if (strcmp(answer, "done\n") != 0)
        fail_msg("%s: %s", what, answer);
}

/* The judge's output for the model file equals the slow forward pass of net. */
static void check_meaning(const mho_net *net, unsigned seed)
{
    const mho_shape in = net->node[0].out, out = net->node[net->nodes - 1].out;
    const size_t n = in.c * in.h * in.w, m = out.c * out.h * out.w;
    float *image = calloc(n, sizeof *image), *got = calloc(m, sizeof *got);
    slow_random_input(net, seed, image);
    FILE *f = fopen(input, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(image, sizeof *image, n, f), n);
    assert_int_equal(fclose(f), 0);
    char what[256];
    snprintf(what, sizeof what, "evaluate %s %s %s", model, input, output);
    judge(what);
    f = fopen(output, "rb");
    assert_non_null(f);
    assert_int_equal(fread(got, sizeof *got, m, f), m);
    fclose(f);
    double **want = slow_forward(net, image);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < m; i++) {
        const double w = want[net->nodes - 1][i];
        largest = fmax(largest, fabs(w));
        worst = fmax(worst, fabs(w - (double)got[i]));
    }
    if (!(worst <= 1e-5 * largest) || largest == 0)
        fail_msg("%s: differs by %g of %g", net->name, worst, largest);
    slow_forward_free(net, want);
    free(image);
    free(got);
}

static void written(const char *zoo, mho_style style)
{
    mho_net *net = NULL, *styled = NULL;
    assert_int_equal(mho_net_zoo(zoo, &net), MHO_OK);
    assert_int_equal(mho_net_style(net, style, &styled), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(styled), MHO_OK);
    slow_random_parameters(styled, 11);
    if (mho_onnx_write(styled, model) != MHO_OK)
        fail_msg("%s", mho_error_message());
    check_meaning(styled, 5);
    mho_net_destroy(styled);
    mho_net_destroy(net);
}

static void binary_lenet(void **state)
{
    (void)state;
    written("lenet", MHO_STYLE_BINARY);
}

static void float_cifarnet(void **state)
{
    (void)state;
    written("cifarnet", MHO_STYLE_FLOAT);
}

/* Codes of weights and of values: conv 5 bits with a scale a channel, its ReLU 4 bits; conv 8 bits, values of both signs; fc
 * with one power of two. */
static mho_net *coded_net(void)
{
    static const char text[] = "input: {shape: [2, 9, 8]}\n"
                               "layers:\n"
                               "  - conv: {out: 4, kernel: 3}\n"
                               "  - relu\n"
                               "  - maxpool: 2\n"
                               "  - conv: {out: 5, kernel: 2}\n"
                               "  - fc: 3\n";
    static const struct {
        size_t node, bits;
        bool scales;
    } coded[] = {{1, 5, true}, {4, 8, true}, {5, 3, false}};
    mho_net *net = NULL;
    assert_int_equal(mho_net_read(text, "coded.yaml", &net), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    slow_random_parameters(net, 23);
    for (size_t k = 0; k < 3; k++) {
        mho_node *n = &net->node[coded[k].node];
        const size_t count = mho_node_weight_count(n), each = count / n->out.c;
        const int most = (1 << (coded[k].bits - 1)) - 1;
        n->weight_bits = coded[k].bits;
        n->has_weight_scale = coded[k].scales;
        if (n->has_weight_scale)
            assert_int_equal(mhoi_alloc(&n->weight_scale, n->out.c, sizeof(float), "scales"),
                             MHO_OK);
        for (size_t c = 0; n->weight_scale && c < n->out.c; c++)
            n->weight_scale[c] = 0.013f + 0.0071f * (float)c;
        for (size_t i = 0; i < count; i++) {
            const int code = (int)((i * 7919 + 3) % (size_t)(2 * most + 1)) - most;
            n->weight[i] = (float)code * (n->weight_scale ? n->weight_scale[i / each] : 0.125f);
        }
        n->alphabet = mhoi_node_find_alphabet(n);
    }
    net->node[2].value_bits = 4;
    net->node[2].value_scale = 0.041f;
    net->node[4].value_bits = 8;
    net->node[4].value_scale = 0.0625f;
    return net;
}

static void infer_one(const mho_net *net, const float *image, float *score)
{
    mho_infer *infer = NULL;
    assert_int_equal(mho_infer_create(net, 1, &infer), MHO_OK);
    assert_int_equal(mho_infer_run(infer, 1, image, score), MHO_OK);
    mho_infer_destroy(infer);
}

static size_t occurrences(const char *word)
{
    char *bytes = NULL;
    size_t size = 0, n = 0;
    assert_int_equal(mhoi_file_read(model, 1 << 20, &bytes, &size), MHO_OK);
    for (const char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), word, strlen(word)));
         at++)
        n++;
    mhoi_free(&bytes);
    return n;
}

/* Files of codes have the standard's operators, mean the same elsewhere, and come back to the bit. */
static void codes(void **state)
{
    (void)state;
    mho_net *net = coded_net(), *back = NULL;
    float image[2 * 9 * 8], score[3], again[3], got[3] = {0};
    char what[256];
    if (mho_onnx_write(net, model) != MHO_OK || mho_onnx_read(model, &back) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_false(mho_net_is_general(back));
    assert_true(mho_net_identity(net, true) == mho_net_identity(back, true));
    assert_int_equal(occurrences("DequantizeLinear"), 3 + 2);
    assert_int_equal(occurrences("QuantizeLinear"), 2); /* a capital Q */
    assert_int_equal(occurrences("Clip"), 1);
    for (unsigned seed = 1; seed < 6; seed++) {
        slow_random_input(net, seed, image);
        infer_one(net, image, score);
        infer_one(back, image, again);
        assert_memory_equal(score, again, sizeof score);
        FILE *f = fopen(input, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(image, sizeof image, 1, f), 1);
        assert_int_equal(fclose(f), 0);
        snprintf(what, sizeof what, "evaluate %s %s %s", model, input, output);
        judge(what);
        f = fopen(output, "rb");
        assert_non_null(f);
        assert_int_equal(fread(got, sizeof got, 1, f), 1);
        fclose(f);
        for (size_t k = 0; k < 3; k++)
            if (!(fabsf(got[k] - score[k]) <= 1e-5f * fabsf(score[k]) + 1e-6f))
                fail_msg("score %zu is %g, the judge's %g", k, (double)score[k], (double)got[k]);
    }
    mho_net_destroy(back);
    /* without a word of mho in it: the operators alone tell the codes */
    snprintf(what, sizeof what, "strip %s", model);
    judge(what);
    if (mho_onnx_read(model, &back) != MHO_OK)
        fail_msg("%s", mho_error_message());
    for (size_t i = 2; i < 5; i += 2) {
        assert_int_equal(back->node[i].value_bits, net->node[i].value_bits);
        assert_true(back->node[i].value_scale == net->node[i].value_scale);
    }
    infer_one(back, image, again);
    for (size_t k = 0; k < 3; k++)
        assert_true(fabsf(again[k] - score[k]) <= 1e-5f * fabsf(score[k]) + 1e-6f);
    mho_net_destroy(back);
    mho_net_destroy(net);
}

static void every_operator(void **state)
{
    (void)state;
    mho_net *net = NULL;
    const char *text =
        "input: {shape: [4, 11, 10]}\n"
        "layers:\n"
        "  - conv: {out: 6, kernel: [3, 2], stride: 2, pad: [1, 0, 1, 1], groups: 2}\n"
        "  - conv: {out: 8, kernel: [2, 3], stride: [1, 2], dilation: [2, 1], pad: [2, 1, 0, 3]}\n"
        "  - batchnorm\n"
        "  - residual:\n"
        "    - conv: {out: 8, kernel: 3, pad: 1, bias: false}\n"
        "    - leaky_relu: 0.1\n"
        "  - maxpool: {kernel: [3, 2], stride: [1, 2], dilation: [1, 2], pad: 1, ceil: true}\n"
        "  - avgpool: {kernel: 2, stride: 1, pad: same}\n"
        "  - step\n"
        "  - flatten\n"
        "  - fc: 7\n"
        "  - batchnorm\n"
        "  - sign\n"
        "  - fc: {out: 3, bias: false}\n"
        "  - softmax\n";
    assert_int_equal(mho_net_read(text, "every", &net), MHO_OK);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    slow_random_parameters(net, 2);
    assert_int_equal(mho_onnx_write(net, model), MHO_OK);
    check_meaning(net, 9);
    mho_net_destroy(net);
}

static mho_status read_made(const char *name, mho_net **net)
{
    char what[128];
    snprintf(what, sizeof what, "make %s %s", name, model);
    judge(what);
    return mho_onnx_read(model, net);
}

static void other_exporters(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t nodes;
    } rows[] = {{"torch", 9}, {"keras", 8}};
    for (size_t i = 0; i < 2; i++) {
        mho_net *net = NULL;
        if (read_made(rows[i].name, &net) != MHO_OK)
            fail_msg("%s", mho_error_message());
        assert_int_equal(net->nodes, rows[i].nodes);
        assert_int_equal(net->node[1].alphabet == MHO_ALPHABET_BINARY, i == 1);
        assert_true(net->input_scale == 1.0F / 256 && net->input_bits == 8);
        check_meaning(net, 4);
        mho_net_destroy(net);
    }
}

static void any_geometry(void **state)
{
    (void)state;
    static const char *const names[] = {"dilated", "uneven", "dilatedsame"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mho_net *net = NULL;
        if (read_made(names[i], &net) != MHO_OK)
            fail_msg("%s: %s", names[i], mho_error_message());
        check_meaning(net, 3);
        mho_net_destroy(net);
    }
}

/* What is no layer is run by software, and everything else refuses it by name. */
static void what_is_no_layer_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message;
    } rows[] = {
        {"erf", "the mapping does not know: Erf"},
        {"threshold", "the mapping does not know: Greater 'odd' (compares with"},
        {"scaled", "the mapping does not know: Mul"},
        {"shifted", "adds the constant 'w'"},
        {"countpad", "count_include_pad"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = NULL;
        if (read_made(rows[i].name, &net) != MHO_OK)
            fail_msg("%s: %s", rows[i].name, mho_error_message());
        assert_true(mho_net_is_general(net));
        assert_int_equal(mhoi_net_check_walk(net, MHOI_WALK_MAP), MHO_ENOTMODELED);
        if (!strstr(mho_error_message(), rows[i].message))
            fail_msg("%s, want %s", mho_error_message(), rows[i].message);
        mho_net_destroy(net);
    }
}

static void what_nobody_knows_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mho_status status;
        const char *message;
    } rows[] = {
        {"unknown", MHO_ENOTMODELED, "does not know: operator Foo (node 'odd')"},
        {"channels", MHO_EFORMAT, "weight of 3 x 5 channels in 1 groups, the input has 2"},
        {"unflat", MHO_EFORMAT, "4 and 2 dimensions, want matrices"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mho_net *net = NULL;
        assert_int_equal(read_made(rows[i].name, &net), rows[i].status);
        if (!strstr(mho_error_message(), rows[i].message))
            fail_msg("%s, want %s", mho_error_message(), rows[i].message);
    }
}

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN); /* of a judge that is gone */
    snprintf(model, sizeof model, "meaning_%ld.onnx", (long)getpid());
    snprintf(input, sizeof input, "meaning_%ld.in", (long)getpid());
    snprintf(output, sizeof output, "meaning_%ld.out", (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (judge_pipe.to) {
        (void)fclose(judge_pipe.to);
        (void)fclose(judge_pipe.from);
        (void)wait(NULL);
    }
    (void)unlink(model);
    (void)unlink(input);
    (void)unlink(output);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_lenet),
        cmocka_unit_test(float_cifarnet),
        cmocka_unit_test(codes),
        cmocka_unit_test(every_operator),
        cmocka_unit_test(other_exporters),
        cmocka_unit_test(any_geometry),
        cmocka_unit_test(what_is_no_layer_is_named),
        cmocka_unit_test(what_nobody_knows_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
