/* SPDX-License-Identifier: Apache-2.0 */
/* Software inference of the float LeNet on MNIST-shaped images, against a plain chain of oneDNN primitives of
 * the same shapes (layouts of oneDNN's choice, ReLU merged, its own threads, the better of several batch
 * sizes).  Both in turn in the same run; the ratio of the best times counts.
 *
 *     bench_infer [IMAGES] [THREADS]        10000 images, one thread (0: all cores, which want to be idle: oneDNN's threads
 *                                           wait for each other turning) */
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_record.h"
#include "mho/infer.h"
#include "mho/run.h"
#include "net/graph.h"

#define ROUNDS 7
#define STAGES_MAX 16

/* One thread: its CPU time, which a busy machine does not change; more threads: the clock. */
static double now(void)
{
    struct timespec t;
    if (mho_run_threads(NULL) > 1)
        return mho_seconds();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_infer: %s: %s\n", what, mho_error_message());
    exit(1);
}

/* --- the plain chain ------------------------------------------------------------------------------- */

typedef struct stage {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arg[4];
    int args;
} stage;

typedef struct chain {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    stage stage[STAGES_MAX];
    size_t stages;
    dnnl_memory_t input, value; /* value: of the last stage */
    dnnl_memory_desc_t desc;    /* its layout */
    dnnl_dim_t batch;
} chain;

static dnnl_memory_t memory_of(const chain *c, const dnnl_memory_desc_t *desc)
{
    dnnl_memory_t m = NULL;
    void *p = NULL;
    const size_t bytes = dnnl_memory_desc_get_size(desc);
    need(dnnl_memory_create(&m, desc, c->engine, DNNL_MEMORY_ALLOCATE) == dnnl_success, "memory");
    dnnl_memory_get_data_handle(m, &p);
    for (size_t i = 0; i < bytes / sizeof(float); ++i)
        ((float *)p)[i] = 0.01f * (float)(i % 7) - 0.02f;
    return m;
}

static void push(chain *c, dnnl_primitive_desc_t pd, const dnnl_exec_arg_t *arg, int args)
{
    stage *s = &c->stage[c->stages++];
    need(dnnl_primitive_create(&s->primitive, pd) == dnnl_success, "primitive");
    memcpy(s->arg, arg, (size_t)args * sizeof *arg);
    s->args = args;
    dnnl_primitive_desc_destroy(pd);
}

static void reorder(chain *c, const dnnl_memory_desc_t *want)
{
    if (dnnl_memory_desc_equal(&c->desc, want))
        return;
    dnnl_primitive_desc_t pd;
    need(dnnl_reorder_primitive_desc_create(&pd, &c->desc, c->engine, want, c->engine, NULL) ==
             dnnl_success,
         "reorder");
    dnnl_memory_t to = memory_of(c, want);
    push(c, pd, (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, c->value}, {DNNL_ARG_TO, to}}, 2);
    c->value = to;
    c->desc = *want;
}

/* Convolution or inner product with layouts of oneDNN's choice, and the reorder before it. */
static void push_weighted(chain *c, const void *desc, bool relu, const dnnl_memory_desc_t *bias)
{
    dnnl_primitive_desc_t pd;
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops;
    dnnl_primitive_attr_create(&attr);
    dnnl_post_ops_create(&ops);
    if (relu)
        dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    dnnl_primitive_attr_set_post_ops(attr, ops);
    need(dnnl_primitive_desc_create(&pd, desc, attr, c->engine, NULL) == dnnl_success, "layer");
    reorder(c, dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0));
    dnnl_memory_t weight = memory_of(c, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    c->desc = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    dnnl_memory_t to = memory_of(c, &c->desc);
    push(c, pd,
         (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, c->value},
                             {DNNL_ARG_WEIGHTS, weight},
                             {DNNL_ARG_BIAS, memory_of(c, bias)},
                             {DNNL_ARG_DST, to}},
         4);
    c->value = to;
    dnnl_post_ops_destroy(ops);
    dnnl_primitive_attr_destroy(attr);
}

static void push_conv(chain *c, dnnl_dim_t in, dnnl_dim_t side, dnnl_dim_t out)
{
    dnnl_memory_desc_t src, weight, bias, dst;
    dnnl_convolution_desc_t desc;
    dnnl_memory_desc_init_by_tag(&src, 4, (dnnl_dims_t){c->batch, in, side, side}, dnnl_f32,
                                 dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&weight, 4, (dnnl_dims_t){out, in, 5, 5}, dnnl_f32,
                                 dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&bias, 1, (dnnl_dims_t){out}, dnnl_f32, dnnl_a);
    dnnl_memory_desc_init_by_tag(&dst, 4, (dnnl_dims_t){c->batch, out, side - 4, side - 4},
                                 dnnl_f32, dnnl_format_tag_any);
    const dnnl_dims_t stride = {1, 1}, pad = {0, 0};
    need(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct,
                                            &src, &weight, &bias, &dst, stride, pad,
                                            pad) == dnnl_success,
         "convolution");
    push_weighted(c, &desc, false, &bias);
}

static void push_pool(chain *c, dnnl_dim_t channels, dnnl_dim_t side)
{
    dnnl_memory_desc_t dst;
    dnnl_pooling_desc_t desc;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_init_by_tag(&dst, 4, (dnnl_dims_t){c->batch, channels, side / 2, side / 2},
                                 dnnl_f32, dnnl_format_tag_any);
    const dnnl_dims_t two = {2, 2}, pad = {0, 0};
    need(dnnl_pooling_forward_desc_init(&desc, dnnl_forward_inference, dnnl_pooling_max, &c->desc,
                                        &dst, two, two, pad, pad) == dnnl_success &&
             dnnl_primitive_desc_create(&pd, &desc, NULL, c->engine, NULL) == dnnl_success,
         "pooling");
    c->desc = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    dnnl_memory_t to = memory_of(c, &c->desc);
    push(c, pd, (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, c->value}, {DNNL_ARG_DST, to}}, 2);
    c->value = to;
}

static void push_fc(chain *c, int dims, const dnnl_dim_t *in, dnnl_dim_t out, bool relu)
{
    dnnl_memory_desc_t src, weight, bias, dst;
    dnnl_inner_product_desc_t desc;
    dnnl_dims_t size = {c->batch, in[0], in[1], in[2]};
    dnnl_memory_desc_init_by_tag(&src, dims, size, dnnl_f32, dnnl_format_tag_any);
    size[0] = out;
    dnnl_memory_desc_init_by_tag(&weight, dims, size, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&bias, 1, size, dnnl_f32, dnnl_a);
    dnnl_memory_desc_init_by_tag(&dst, 2, (dnnl_dims_t){c->batch, out}, dnnl_f32,
                                 dnnl_format_tag_any);
    need(dnnl_inner_product_forward_desc_init(&desc, dnnl_forward_inference, &src, &weight, &bias,
                                              &dst) == dnnl_success,
         "inner product");
    push_weighted(c, &desc, relu, &bias);
}

static void chain_create(dnnl_dim_t batch, chain *c)
{
    *c = (chain){.batch = batch};
    need(dnnl_engine_create(&c->engine, dnnl_cpu, 0) == dnnl_success &&
             dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags) == dnnl_success,
         "oneDNN");
    dnnl_memory_desc_init_by_tag(&c->desc, 4, (dnnl_dims_t){batch, 1, 28, 28}, dnnl_f32, dnnl_nchw);
    c->input = c->value = memory_of(c, &c->desc);
    push_conv(c, 1, 28, 20);
    push_pool(c, 20, 24);
    push_conv(c, 20, 12, 50);
    push_pool(c, 50, 8);
    push_fc(c, 4, (dnnl_dim_t[]){50, 4, 4}, 500, true);
    push_fc(c, 2, (dnnl_dim_t[]){500, 0, 0}, 10, false);
}

static double chain_run(const chain *c, const float *input, size_t images)
{
    const double start = now();
    void *to = NULL;
    dnnl_memory_get_data_handle(c->input, &to);
    for (size_t i = 0; i + (size_t)c->batch <= images; i += (size_t)c->batch) {
        memcpy(to, input + i * 784, (size_t)c->batch * 784 * sizeof(float));
        for (size_t k = 0; k < c->stages; ++k)
            dnnl_primitive_execute(c->stage[k].primitive, c->stream, c->stage[k].args,
                                   c->stage[k].arg);
    }
    dnnl_stream_wait(c->stream);
    return now() - start;
}

/* --- ours ------------------------------------------------------------------------------------------ */

static mho_net *lenet(void)
{
    mho_net *net = NULL;
    need(mho_net_zoo("lenet", &net) == MHO_OK && mhoi_net_alloc_parameters(net) == MHO_OK, "lenet");
    for (size_t i = 0; i < net->nodes; ++i)
        for (size_t j = 0; j < mho_node_weight_count(&net->node[i]); ++j)
            net->node[i].weight[j] = 0.01f * (float)(j % 7) - 0.02f;
    return net;
}

int main(int argc, char **argv)
{
    static const dnnl_dim_t batches[] = {20, 100, 1000};
    const size_t images = argc > 1 ? strtoull(argv[1], NULL, 10) / 1000 * 1000 : 10000;
    need(mho_cpu_init() == MHO_OK, "cpu");
    need(mho_run_set_threads(NULL, argc > 2 ? strtoull(argv[2], NULL, 10) : 1) == MHO_OK,
         "threads");
    omp_set_num_threads((int)mho_run_threads(NULL));
    float *input = calloc(images * 784, sizeof *input),
          *scores = calloc(images * 10, sizeof *scores);
    need(images && input && scores, "memory");
    for (size_t i = 0; i < images * 784; ++i)
        input[i] = (float)(i % 251) / 256.0f;
    chain plain[3];
    double best[3] = {1e9, 1e9, 1e9}, ours = 1e9;
    mho_infer *infer = NULL;
    mho_net *net = lenet();
    need(mho_infer_create(net, images, &infer) == MHO_OK, "inference");
    for (size_t k = 0; k < 3; ++k)
        chain_create(batches[k], &plain[k]);
    for (int round = 0; round < (is_short() ? 2 : ROUNDS); ++round) {
        for (size_t k = 0; k < 3; ++k) {
            const double t = chain_run(&plain[k], input, images);
            best[k] = t < best[k] ? t : best[k];
        }
        const double start = now();
        need(mho_infer_run(infer, images, input, scores) == MHO_OK, "inference");
        const double t = now() - start;
        ours = t < ours ? t : ours;
    }
    double chain_best = best[0];
    for (size_t k = 0; k < 3; ++k) {
        printf("oneDNN chain, batches of %4d  %9.0f images/s\n", (int)batches[k],
               (double)images / best[k]);
        chain_best = best[k] < chain_best ? best[k] : chain_best;
    }
    printf("mho                           %9.0f images/s  ratio %.2f  threads %zu\n",
           (double)images / ours, chain_best / ours, mho_run_threads(NULL));
    *record_images() = images;
    record("infer", "lenet float", "times a chain of oneDNN", chain_best / ours, true, true);
    mho_infer_destroy(infer);
    mho_net_destroy(net);
    free(input);
    free(scores);
    return 0;
}
