/* SPDX-License-Identifier: Apache-2.0 */
/* Inference against obvious loops in double precision: every operator, every node, odd batches, each CPU
 * variant.  Binary networks must agree in every digit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "infer/infer_impl.h"
#include "mho/infer.h"
#include "mho/run.h"
#include "slow_forward.h"

#define IMAGES 11

static size_t elements(mho_shape s)
{
    return s.c * s.h * s.w;
}

/* --- networks of many kinds ------------------------------------------------------------------------ */

static mho_node *append(mho_net *net, mho_op op)
{
    const size_t i = net->nodes++;
    mho_node *node = &net->node[i];
    node->op = op;
    node->inputs = 1;
    node->input[0] = i - 1;
    mhoi_node_set_window(node, 1, 1);
    node->epsilon = 1e-5f;
    snprintf(node->name, MHO_NAME, "node%zu", i);
    return node;
}

static mho_node *window(mho_net *net, mho_op op, size_t kh, size_t kw, size_t stride)
{
    mho_node *node = append(net, op);
    node->kh = kh;
    node->kw = kw;
    node->stride_h = node->stride_w = stride;
    return node;
}

static void pads(mho_node *node, size_t top, size_t left, size_t bottom, size_t right)
{
    node->pad_top = top;
    node->pad_left = left;
    node->pad_bottom = bottom;
    node->pad_right = right;
}

static mho_net *begin(mho_shape in)
{
    mho_net *net = NULL;
    assert_int_equal(mhoi_net_create("test", 24, &net), MHO_OK);
    net->nodes = 1;
    net->node[0].op = MHO_OP_INPUT;
    net->node[0].out = in;
    snprintf(net->node[0].name, MHO_NAME, "input");
    return net;
}

static mho_net *finish(mho_net *net, unsigned seed)
{
    if (mhoi_net_infer_shapes(net, "test") != MHO_OK || mhoi_net_alloc_parameters(net) != MHO_OK)
        fail_msg("%s", mho_error_message());
    slow_random_parameters(net, seed);
    return net;
}

/* All float operators, asymmetric pads, groups, partial windows, and an addition. */
static mho_net *float_net(unsigned seed)
{
    mho_net *net = begin((mho_shape){2, 13, 10});
    mho_node *first = window(net, MHO_OP_CONV, 3, 2, 1);
    first->out.c = 6;
    first->has_bias = true;
    pads(first, 1, 0, 1, 1);
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    mho_node *grouped = window(net, MHO_OP_CONV, 3, 3, 1);
    grouped->out.c = 6;
    grouped->groups = 3;
    pads(grouped, 1, 1, 1, 1);
    append(net, MHO_OP_LEAKY_RELU)->slope = 0.125f;
    append(net, MHO_OP_BATCHNORM);
    mho_node *sum = append(net, MHO_OP_ADD);
    sum->inputs = 2;
    sum->input[1] = 3;
    mho_node *max = window(net, MHO_OP_MAXPOOL, 3, 3, 2);
    max->ceil_mode = true;
    pads(max, 1, 0, 1, 0);
    mho_node *average = window(net, MHO_OP_AVGPOOL, 2, 2, 2);
    average->ceil_mode = true;
    append(net, MHO_OP_FLATTEN);
    mho_node *hidden = append(net, MHO_OP_FC);
    hidden->out.c = 17;
    hidden->has_bias = true;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    append(net, MHO_OP_FC)->out.c = 5;
    append(net, MHO_OP_SOFTMAX);
    return finish(net, seed);
}

static mho_net *binary_net(unsigned seed)
{
    mho_net *net = begin((mho_shape){3, 14, 12});
    mho_node *first = window(net, MHO_OP_CONV, 5, 3, 1);
    first->out.c = 20;
    first->alphabet = MHO_ALPHABET_BINARY;
    pads(first, 2, 1, 1, 0);
    append(net, MHO_OP_BATCHNORM);
    window(net, MHO_OP_MAXPOOL, 2, 2, 2)->ceil_mode = true;
    append(net, MHO_OP_SIGN);
    mho_node *second = window(net, MHO_OP_CONV, 3, 3, 2);
    second->out.c = 33;
    second->alphabet = MHO_ALPHABET_BINARY;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_STEP);
    mho_node *hidden = append(net, MHO_OP_FC);
    hidden->out.c = 50;
    hidden->alphabet = MHO_ALPHABET_BINARY;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_SIGN);
    mho_node *last = append(net, MHO_OP_FC);
    last->out.c = 7;
    last->alphabet = MHO_ALPHABET_BINARY;
    append(net, MHO_OP_BATCHNORM);
    return finish(net, seed);
}

/* A chain without padding or groups: 16 images or more of it go side by side. */
static mho_net *chain_net(unsigned seed)
{
    mho_net *net = begin((mho_shape){2, 16, 13});
    mho_node *first = window(net, MHO_OP_CONV, 3, 2, 1);
    first->out.c = 7;
    first->has_bias = true;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_LEAKY_RELU)->slope = 0.125f;
    window(net, MHO_OP_MAXPOOL, 2, 2, 2);
    window(net, MHO_OP_CONV, 2, 3, 2)->out.c = 9;
    window(net, MHO_OP_AVGPOOL, 2, 2, 1);
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    append(net, MHO_OP_FLATTEN);
    mho_node *hidden = append(net, MHO_OP_FC);
    hidden->out.c = 12;
    append(net, MHO_OP_RELU);
    append(net, MHO_OP_FC)->out.c = 5;
    return finish(net, seed);
}

static mho_net *zoo_net(const char *name, mho_style style, unsigned seed)
{
    mho_net *plain = NULL, *net = NULL;
    if (mho_net_zoo(name, &plain) != MHO_OK || mho_net_style(plain, style, &net) != MHO_OK)
        fail_msg("%s", mho_error_message());
    mho_net_destroy(plain);
    assert_int_equal(mhoi_net_alloc_parameters(net), MHO_OK);
    slow_random_parameters(net, seed);
    return net;
}

/* --- the comparison -------------------------------------------------------------------------------- */

static void compare(const char *what, const float *is, const double *want, size_t count,
                    double bound)
{
    double scale = 1;
    for (size_t i = 0; i < count; ++i)
        scale = fmax(scale, fabs(want[i]));
    for (size_t i = 0; i < count; ++i)
        if (!(fabs((double)is[i] - want[i]) <= bound * scale))
            fail_msg("%s, element %zu: %.9g, want %.9g", what, i, (double)is[i], want[i]);
}

static void check(mho_net *net, size_t images, double bound)
{
    mho_infer *infer = NULL;
    const size_t in = elements(net->node[0].out), out = elements(net->node[net->nodes - 1].out);
    float *input = malloc(images * in * sizeof *input),
          *scores = malloc(images * out * sizeof *scores);
    float **nodes = calloc(net->nodes, sizeof *nodes);
    for (size_t i = 0; i < images; ++i)
        slow_random_input(net, (unsigned)i + 1, input + i * in);
    for (size_t i = 0; i < net->nodes; ++i)
        nodes[i] = i == 3 ? NULL : malloc(images * elements(net->node[i].out) * sizeof(float));
    if (mho_infer_create(net, images + 2, &infer) != MHO_OK)
        fail_msg("%s", mho_error_message());
    assert_int_equal(mho_infer_run(infer, images, input, scores), MHO_OK);
    assert_int_equal(mho_infer_run_nodes(infer, images, input, nodes), MHO_OK);
    for (size_t i = 0; i < images; ++i) {
        double **want = slow_forward(net, input + i * in);
        compare("scores", scores + i * out, want[net->nodes - 1], out, bound);
        for (size_t j = 0; j < net->nodes; ++j) {
            const size_t count = elements(net->node[j].out);
            if (nodes[j])
                compare(net->node[j].name, nodes[j] + i * count, want[j], count, bound);
        }
        slow_forward_free(net, want);
    }
    assert_int_equal(mho_infer_run(infer, images + 3, input, scores), MHO_EDOMAIN);
    for (size_t i = 0; i < net->nodes; ++i)
        free(nodes[i]);
    free(nodes);
    free(input);
    free(scores);
    mho_infer_destroy(infer);
    mho_net_destroy(net);
}

static void float_networks(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3; ++seed)
        check(float_net(seed), IMAGES, 2e-5);
    check(zoo_net("lenet", MHO_STYLE_FLOAT, 1), 2, 2e-5);
    check(zoo_net("lenet", MHO_STYLE_FLOAT, 2), 18, 2e-5);
    check(chain_net(1), 35, 2e-5);
}

static void binary_networks_to_the_digit(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 3; ++seed)
        check(binary_net(seed), IMAGES, 0);
    check(zoo_net("lenet", MHO_STYLE_BINARY, 1), 2, 0);
    check(zoo_net("lenet", MHO_STYLE_BINARY, 2), 18, 0);
    mho_net *steps = zoo_net("lenet", MHO_STYLE_BINARY, 3);
    for (size_t i = 0; i < steps->nodes; ++i)
        if (steps->node[i].op == MHO_OP_SIGN)
            steps->node[i].op = MHO_OP_STEP;
    check(steps, 18, 0);
}

static void vary_threads_and_batches(bool chain)
{
    mho_net *net = chain ? chain_net(5) : float_net(5);
    const size_t in = elements(net->node[0].out), out = elements(net->node[net->nodes - 1].out);
    static float input[70 * 2 * 16 * 13], many[70 * 5], alone[70 * 5], few[70 * 5];
    mho_infer *infer = NULL;
    for (size_t i = 0; i < 70; ++i)
        slow_random_input(net, (unsigned)i + 1, input + i * in);
    assert_int_equal(mho_infer_create(net, 70, &infer), MHO_OK);
    assert_int_equal(mho_run_set_threads(NULL, 3), MHO_OK);
    assert_int_equal(mho_infer_run(infer, 70, input, many), MHO_OK);
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    assert_int_equal(mho_infer_run(infer, 70, input, alone), MHO_OK);
    assert_memory_equal(many, alone, sizeof many);
    for (size_t i = 0; i < 70; i += 7)
        assert_int_equal(mho_infer_run(infer, 7, input + i * in, few + i * out), MHO_OK);
    for (size_t i = 0; i < 70 * out; ++i)
        assert_true(fabsf(many[i] - few[i]) < 1e-6f);
    mho_infer_destroy(infer);
    mho_net_destroy(net);
}

static void threads_and_batches_change_nothing(void **state)
{
    (void)state;
    vary_threads_and_batches(false);
    vary_threads_and_batches(true);
}

/* Where there is no memory for a block in each thread, fewer threads have one; without any, nothing begins. */
static void memory_bounds_threads(void **state)
{
    (void)state;
    mho_net *net = zoo_net("cifarnet", MHO_STYLE_FLOAT, 1);
    const size_t in = elements(net->node[0].out), out = elements(net->node[net->nodes - 1].out);
    enum { N = 128 };
    float *input = malloc(N * in * sizeof *input), *all = malloc(N * out * sizeof *all),
          *few = malloc(N * out * sizeof *few);
    mho_infer *infer = NULL;
    for (size_t i = 0; i < N; ++i)
        slow_random_input(net, (unsigned)i % 7, input + i * in);
    assert_int_equal(mho_run_set_threads(NULL, 4), MHO_OK);
    const uint64_t before = mhoi_alloc_bytes();
    assert_int_equal(mho_infer_create(net, N, &infer), MHO_OK);
    const uint64_t whole = mhoi_alloc_bytes() - before;
    assert_int_equal(mho_infer_run(infer, N, input, all), MHO_OK);
    mho_infer_destroy(infer);
    for (uint64_t more = whole / 16;; more += whole / 16) {
        mho_run_set_memory(NULL, MHOI_MEMORY_PROGRAM + before + more);
        const mho_status s = mho_infer_create(net, N, &infer);
        if (s == MHO_OK)
            break;
        assert_int_equal(s, MHO_ENOMEM);
        assert_non_null(strstr(mho_error_message(), "M of memory at least"));
        assert_null(infer);
        assert_int_equal(mhoi_alloc_bytes(), before);
    }
    assert_true(mhoi_alloc_bytes() - before < whole);
    assert_int_equal(mho_infer_run(infer, N, input, few), MHO_OK);
    assert_memory_equal(few, all, N * out * sizeof *few);
    mho_infer_destroy(infer);
    mho_run_set_memory(NULL, 0);
    assert_int_equal(mho_run_set_threads(NULL, 1), MHO_OK);
    mho_net_destroy(net);
    free(input);
    free(all);
    free(few);
}

/* A fully connected layer so large that its weights stay where they are, behind a map whose elements lie in another order. */
static mho_net *large_net(unsigned seed)
{
    mho_net *net = begin((mho_shape){3, 29, 31});
    append(net, MHO_OP_FLATTEN);
    mho_node *large = append(net, MHO_OP_FC);
    large->out.c = 1601;
    large->has_bias = true;
    append(net, MHO_OP_BATCHNORM);
    append(net, MHO_OP_RELU);
    append(net, MHO_OP_FC)->out.c = 5;
    return finish(net, seed);
}

static void large_layers_are_read_in_place(void **state)
{
    (void)state;
    const uint64_t before = mhoi_alloc_bytes();
    mho_net *net = large_net(3);
    const uint64_t weights = mhoi_alloc_bytes() - before;
    mho_infer *infer = NULL;
    assert_int_equal(mho_infer_create(net, 2, &infer), MHO_OK);
    const uint64_t more = mhoi_alloc_bytes() - before - weights;
    if (more > weights / 8)
        fail_msg("inference takes %.1f MB beside weights of %.1f MB", 1e-6 * (double)more,
                 1e-6 * (double)weights);
    mho_infer_destroy(infer);
    check(net, 2, 2e-5);
}

/* Codes: sums in whole numbers, whose value is rounded once. */
static void large_layers_of_codes_to_the_digit(void **state)
{
    (void)state;
    enum { N = 1, IN = 3 * 29 * 31, OUT = 1601 };
    mho_net *net = large_net(1);
    mho_node *fc = &net->node[2];
    static float input[N * IN], value[N * OUT];
    float *nodes[8] = {[2] = value};
    mho_infer *infer = NULL;
    net->input_bits = 8;
    fc->weight_bits = 8;
    fc->has_weight_scale = true;
    assert_int_equal(mhoi_alloc(&fc->weight_scale, OUT, sizeof(float), "scales"), MHO_OK);
    for (size_t c = 0; c < OUT; c++) {
        fc->weight_scale[c] = 0.01f + 1e-5f * (float)c;
        for (size_t k = 0; k < IN; k++)
            fc->weight[c * IN + k] = (float)(rand() % 255 - 127) * fc->weight_scale[c];
    }
    for (size_t i = 0; i < N * IN; i++)
        input[i] = (float)(rand() % 256) * mhoi_net_input_step(net);
    assert_int_equal(mho_infer_create(net, N, &infer), MHO_OK);
    assert_int_equal(mho_infer_run_nodes(infer, N, input, nodes), MHO_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < OUT; c++) {
            int64_t sum = 0;
            for (size_t k = 0; k < IN; k++)
                sum += (int64_t)lrintf(input[i * IN + k] / mhoi_net_input_step(net)) *
                       lrintf(fc->weight[c * IN + k] / fc->weight_scale[c]);
            const double factor = (double)mhoi_net_input_step(net) * (double)fc->weight_scale[c];
            const float want = (float)((double)sum * factor) + fc->bias[c];
            if (value[i * OUT + c] != want)
                fail_msg("image %zu, channel %zu: %.9g, want %.9g", i, c,
                         (double)value[i * OUT + c], (double)want);
        }
    mho_infer_destroy(infer);
    mho_net_destroy(net);
}

/* Values that never live at once share their place; all of them are kept where every node is asked for. */
static void places_are_given_away(void **state)
{
    (void)state;
    mho_net *net = zoo_net("cifarnet", MHO_STYLE_FLOAT, 1);
    size_t all = 0;
    for (size_t i = 0; i < net->nodes; ++i)
        all += elements(net->node[i].out);
    infer_plan plan;
    assert_int_equal(mhoi_infer_plan_create(net, 1, 1, true, false, &plan), MHO_OK);
    if (plan.scratch > all * 3 / 5)
        fail_msg("%zu floats kept, all values are %zu", plan.scratch, all);
    mhoi_infer_plan_free(&plan);
    assert_int_equal(mhoi_infer_plan_create(net, 1, 1, false, false, &plan), MHO_OK);
    assert_true(plan.scratch >= all);
    mhoi_infer_plan_free(&plan);
    mho_net_destroy(net);
}

/* --- classification, misuse, memory ---------------------------------------------------------------- */

static void errors_are_counted(void **state)
{
    (void)state;
    mho_net *net = zoo_net("lenet", MHO_STYLE_BINARY, 3);
    mho_images images = {0};
    mho_infer *infer = NULL;
    assert_int_equal(mho_digits_generate(1, 0, 77, &images), MHO_OK);
    static float input[77 * 784], scores[77 * 10];
    for (size_t i = 0; i < 77 * 784; ++i)
        input[i] = (float)images.pixel[i] * net->input_scale;
    assert_int_equal(mho_infer_create(net, 77, &infer), MHO_OK);
    assert_int_equal(mho_infer_run(infer, 77, input, scores), MHO_OK);
    size_t want = 0, is = 0;
    for (size_t i = 0; i < 77; ++i) {
        size_t best = 0;
        for (size_t k = 1; k < 10; ++k)
            best = scores[i * 10 + k] > scores[i * 10 + best] ? k : best;
        images.label[i] = (uint8_t)(i % 3 ? best : (best + 1) % 10);
        want += i % 3 == 0;
    }
    assert_int_equal(mho_infer_errors(net, &images, 77, &is), MHO_OK);
    assert_int_equal(is, want);
    bool wrong[77];
    assert_int_equal(mho_infer_wrong(net, &images, 77, wrong, &is), MHO_OK);
    assert_int_equal(is, want);
    for (size_t i = 0; i < 77; ++i)
        assert_int_equal(wrong[i], i % 3 == 0);
    assert_int_equal(mho_infer_errors(net, &images, 78, &is), MHO_EDOMAIN);
    images.shape.w = 27;
    assert_int_equal(mho_infer_errors(net, &images, 7, &is), MHO_EDOMAIN);
    mho_infer_destroy(infer);
    mho_images_free(&images);
    mho_net_destroy(net);
}

static void a_network_without_parameters_is_refused(void **state)
{
    (void)state;
    mho_net *net = NULL;
    mho_infer *infer = NULL;
    assert_int_equal(mho_net_zoo("lenet", &net), MHO_OK);
    assert_int_equal(mho_infer_create(net, 1, &infer), MHO_EDOMAIN);
    assert_null(infer);
    mho_net_destroy(net);
}

static void refused_memory_leaves_nothing(void **state)
{
    (void)state;
    mho_net *net = float_net(1);
    const uint64_t live = mhoi_alloc_live();
    mho_infer *infer = NULL;
    for (uint64_t k = 1; !infer; ++k) {
        mhoi_alloc_fail_at(k);
        const mho_status s = mho_infer_create(net, 4, &infer);
        mhoi_alloc_fail_at(0);
        assert_int_equal(s, infer ? MHO_OK : MHO_ENOMEM);
        if (!infer)
            assert_int_equal(mhoi_alloc_live(), live);
        else
            assert_true(k > 10);
    }
    mho_infer_destroy(infer);
    assert_int_equal(mhoi_alloc_live(), live);
    mho_net_destroy(net);
}

static int all_tests(void)
{
    if (mho_cpu_init() != MHO_OK) { /* a variant this CPU lacks */
        printf("skipped: %s\n", mho_error_message());
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float_networks),
        cmocka_unit_test(binary_networks_to_the_digit),
        cmocka_unit_test(threads_and_batches_change_nothing),
        cmocka_unit_test(memory_bounds_threads),
        cmocka_unit_test(large_layers_are_read_in_place),
        cmocka_unit_test(large_layers_of_codes_to_the_digit),
        cmocka_unit_test(places_are_given_away),
        cmocka_unit_test(errors_are_counted),
        cmocka_unit_test(a_network_without_parameters_is_refused),
        cmocka_unit_test(refused_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name(getenv("MHO_CPU"), tests, NULL, NULL);
}

int main(void)
{
    static const char *const variant[] = {"ref", "avx2", "avx512"};
    int failed = 0;
    for (size_t i = 0; i < 3; ++i) {
        fflush(NULL);
        const pid_t child = fork();
        if (child == 0) {
            setenv("MHO_CPU", variant[i], 1);
            exit(all_tests());
        }
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            ++failed;
    }
    return failed;
}
