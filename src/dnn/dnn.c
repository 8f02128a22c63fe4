/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows oneDNN.
 *
 * oneDNN spreads a primitive over OpenMP threads and lets their number change how a gradient is summed.
 * Here every primitive is created and run with one thread, so that its digits do not depend on the
 * machine; the callers' own loops over fixed pieces of work use the cores.  Winograd is never asked for:
 * it would make the exact sums of binary networks inexact. */
#include "dnn/dnn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/library.h"
#include "mho/run.h"

/* The functions of oneDNN that are called; loaded when the first convolution is made. */
#define DNNL_FUNCTIONS(X)                                                                          \
    X(dilated_convolution_backward_data_desc_init)                                                 \
    X(dilated_convolution_backward_weights_desc_init)                                              \
    X(dilated_convolution_forward_desc_init)                                                       \
    X(engine_create)                                                                               \
    X(memory_create)                                                                               \
    X(memory_desc_get_size)                                                                        \
    X(memory_desc_init_by_tag)                                                                     \
    X(memory_destroy)                                                                              \
    X(post_ops_append_eltwise)                                                                     \
    X(post_ops_create)                                                                             \
    X(post_ops_destroy)                                                                            \
    X(primitive_attr_create)                                                                       \
    X(primitive_attr_destroy)                                                                      \
    X(primitive_attr_set_post_ops)                                                                 \
    X(primitive_attr_set_scratchpad_mode)                                                          \
    X(primitive_create)                                                                            \
    X(primitive_desc_create)                                                                       \
    X(primitive_desc_destroy)                                                                      \
    X(primitive_desc_query_md)                                                                     \
    X(primitive_destroy)                                                                           \
    X(primitive_execute)                                                                           \
    X(reorder_primitive_desc_create)                                                               \
    X(set_max_cpu_isa)                                                                             \
    X(sgemm)                                                                                       \
    X(stream_create)

#define POINTER(name) __typeof__(&dnnl_##name) name;
static struct {
    DNNL_FUNCTIONS(POINTER)
} dnnl;
#undef POINTER

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libdnnl.so." TEXT(DNNL_VERSION_MAJOR)

struct mhoi_conv {
    mhoi_conv_pass pass;
    dnnl_primitive_t run, pack; /* pack: between plain and packed weights */
    dnnl_memory_desc_t src, plain, packed, bias, dst, scratch;
    bool has_bias;
};

static struct {
    pthread_mutex_t lock;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    bool started, multiplied[32]; /* products of a kind */
} dnn = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* One oneDNN call failed: what it was and why. */
static mho_status failure(dnnl_status_t s, const char *what)
{
    if (s == dnnl_out_of_memory)
        return mho_error(MHO_ENOMEM, "%s: oneDNN is out of memory", what);
    return mho_error(MHO_EINTERNAL, "%s: oneDNN status %d", what, (int)s);
}

/* oneDNN writes machine code without asking whether it got the memory for it. */
#define ROOM_CONV ((size_t)4 << 20)   /* for a primitive */
#define ROOM_SGEMM ((size_t)12 << 20) /* for the first product of a kind */
static mho_status want_room(size_t bytes)
{
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return mho_error(MHO_ENOMEM, "out of memory: oneDNN's machine code: %.3g MB",
                         1e-6 * (double)bytes);
    (void)munmap(room, bytes);
    return MHO_OK;
}

static mho_status load(void)
{
#define SYMBOL(name) {"dnnl_" #name, &dnnl.name},
    static const mhoi_symbol symbol[] = {DNNL_FUNCTIONS(SYMBOL)};
#undef SYMBOL
    return mhoi_library_open(LIBRARY, symbol, sizeof symbol / sizeof *symbol);
}

static mho_status start_locked(void)
{
    mho_status s = load();
    if (s)
        return s;
    if (mho_cpu_level() == MHO_CPU_REF)
        (void)dnnl.set_max_cpu_isa(dnnl_cpu_isa_sse41);
    else if (mho_cpu_level() == MHO_CPU_AVX2)
        (void)dnnl.set_max_cpu_isa(dnnl_cpu_isa_avx2);
    dnnl_status_t d = dnn.engine ? dnnl_success : dnnl.engine_create(&dnn.engine, dnnl_cpu, 0);
    if (d == dnnl_success)
        d = dnnl.stream_create(&dnn.stream, dnn.engine, dnnl_stream_default_flags);
    dnn.started = d == dnnl_success;
    return dnn.started ? MHO_OK : failure(d, "start");
}

/* Once; after a failure, which may be one of memory, the next call tries again. */
static mho_status start(void)
{
    mho_status s = MHO_OK;
    (void)pthread_mutex_lock(&dnn.lock);
    if (!dnn.started)
        s = start_locked();
    (void)pthread_mutex_unlock(&dnn.lock);
    return s;
}

/* Room for the machine code of a product, which is made at the first of its kind. */
static mho_status room_for_product(size_t kind)
{
    mho_status s = start();
    (void)pthread_mutex_lock(&dnn.lock);
    if (!s && !dnn.multiplied[kind])
        s = want_room(ROOM_SGEMM);
    (void)pthread_mutex_unlock(&dnn.lock);
    return s;
}

static void has_multiplied(size_t kind)
{
    (void)pthread_mutex_lock(&dnn.lock);
    dnn.multiplied[kind] = true;
    (void)pthread_mutex_unlock(&dnn.lock);
}

/* Puts this thread's OpenMP at one thread and back. */
static int threads_one(void)
{
    int before = omp_get_max_threads();
    if (before != 1)
        omp_set_num_threads(1);
    return before;
}

static void threads_back(int before)
{
    if (before != 1)
        omp_set_num_threads(before);
}

static dnnl_status_t describe(const mho_node *node, size_t n, bool bias, mhoi_conv *conv,
                              dnnl_memory_desc_t *any)
{
    const dnnl_dim_t g = (dnnl_dim_t)node->groups;
    const dnnl_dims_t src = {(dnnl_dim_t)n, (dnnl_dim_t)node->in.c, (dnnl_dim_t)node->in.h,
                             (dnnl_dim_t)node->in.w};
    const dnnl_dims_t dst = {(dnnl_dim_t)n, (dnnl_dim_t)node->out.c, (dnnl_dim_t)node->out.h,
                             (dnnl_dim_t)node->out.w};
    const dnnl_dims_t whole = {dst[1], src[1], (dnnl_dim_t)node->kh, (dnnl_dim_t)node->kw};
    const dnnl_dims_t grouped = {g, dst[1] / g, src[1] / g, (dnnl_dim_t)node->kh,
                                 (dnnl_dim_t)node->kw};
    const dnnl_dim_t *weight = g == 1 ? whole : grouped;
    const dnnl_dims_t channels = {dst[1]};
    const int dims = g == 1 ? 4 : 5;
    dnnl_status_t s = dnnl.memory_desc_init_by_tag(&conv->src, 4, src, dnnl_f32, dnnl_nhwc);
    if (s == dnnl_success)
        s = dnnl.memory_desc_init_by_tag(&conv->dst, 4, dst, dnnl_f32, dnnl_nhwc);
    if (s == dnnl_success)
        s = dnnl.memory_desc_init_by_tag(&conv->plain, dims, weight, dnnl_f32,
                                         g == 1 ? dnnl_oihw : dnnl_goihw);
    if (s == dnnl_success)
        s = dnnl.memory_desc_init_by_tag(any, dims, weight, dnnl_f32, dnnl_format_tag_any);
    conv->has_bias = bias;
    if (s == dnnl_success && bias)
        s = dnnl.memory_desc_init_by_tag(&conv->bias, 1, channels, dnnl_f32, dnnl_a);
    return s;
}

static dnnl_status_t attributes(bool relu, float slope, dnnl_primitive_attr_t *out)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = dnnl.primitive_attr_create(out);
    if (s == dnnl_success)
        s = dnnl.primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
    if (s == dnnl_success && relu) {
        s = dnnl.post_ops_create(&ops);
        if (s == dnnl_success)
            s = dnnl.post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, slope, 0.0f);
        if (s == dnnl_success)
            s = dnnl.primitive_attr_set_post_ops(*out, ops);
        (void)dnnl.post_ops_destroy(ops);
    }
    return s;
}

/* The primitive descriptor of the pass; the backward ones take the forward one as a hint. */
static dnnl_status_t primitive_desc(const mho_node *node, const mhoi_conv *conv,
                                    const dnnl_memory_desc_t *any, const_dnnl_primitive_attr_t attr,
                                    dnnl_primitive_desc_t *out)
{
    const dnnl_dims_t stride = {(dnnl_dim_t)node->stride_h, (dnnl_dim_t)node->stride_w};
    const dnnl_dims_t dilation = {(dnnl_dim_t)node->dilation_h - 1,
                                  (dnnl_dim_t)node->dilation_w - 1}; /* oneDNN counts the gaps */
    const dnnl_dims_t begin = {(dnnl_dim_t)node->pad_top, (dnnl_dim_t)node->pad_left};
    const dnnl_dims_t end = {(dnnl_dim_t)node->pad_bottom, (dnnl_dim_t)node->pad_right};
    const bool back = conv->pass != MHOI_CONV_FORWARD;
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t s = dnnl.dilated_convolution_forward_desc_init(
        &desc, back ? dnnl_forward_training : dnnl_forward_inference, dnnl_convolution_direct,
        &conv->src, any, conv->has_bias ? &conv->bias : NULL, &conv->dst, stride, dilation, begin,
        end);
    if (s == dnnl_success)
        s = dnnl.primitive_desc_create(back ? &hint : out, &desc, attr, dnn.engine, NULL);
    if (s == dnnl_success && conv->pass == MHOI_CONV_BACK_DATA)
        s = dnnl.dilated_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct,
                                                             &conv->src, any, &conv->dst, stride,
                                                             dilation, begin, end);
    if (s == dnnl_success && conv->pass == MHOI_CONV_BACK_WEIGHT)
        s = dnnl.dilated_convolution_backward_weights_desc_init(&desc, dnnl_convolution_direct,
                                                                &conv->src, any, NULL, &conv->dst,
                                                                stride, dilation, begin, end);
    if (s == dnnl_success && back)
        s = dnnl.primitive_desc_create(out, &desc, attr, dnn.engine, hint);
    (void)dnnl.primitive_desc_destroy(hint);
    return s;
}

/* The copy between plain and packed weights, in the direction the pass needs. */
static dnnl_status_t packer(mhoi_conv *conv)
{
    const bool out = conv->pass == MHOI_CONV_BACK_WEIGHT;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s =
        dnnl.reorder_primitive_desc_create(&pd, out ? &conv->packed : &conv->plain, dnn.engine,
                                           out ? &conv->plain : &conv->packed, dnn.engine, NULL);
    if (s == dnnl_success)
        s = dnnl.primitive_create(&conv->pack, pd);
    (void)dnnl.primitive_desc_destroy(pd);
    return s;
}

static dnnl_status_t build(mhoi_conv *conv, const mho_node *node, size_t n, bool bias, bool relu,
                           float slope)
{
    dnnl_memory_desc_t any;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s = describe(node, n, bias, conv, &any);
    if (s == dnnl_success)
        s = attributes(relu, slope, &attr);
    if (s == dnnl_success)
        s = primitive_desc(node, conv, &any, attr, &pd);
    if (s == dnnl_success)
        s = dnnl.primitive_create(&conv->run, pd);
    if (s == dnnl_success) {
        conv->packed = *dnnl.primitive_desc_query_md(pd,
                                                     conv->pass == MHOI_CONV_BACK_WEIGHT
                                                         ? dnnl_query_diff_weights_md
                                                         : dnnl_query_weights_md,
                                                     0);
        conv->scratch = *dnnl.primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
        s = packer(conv);
    }
    (void)dnnl.primitive_desc_destroy(pd);
    (void)dnnl.primitive_attr_destroy(attr);
    return s;
}

mho_status mhoi_conv_create(const mho_node *node, mhoi_conv_pass pass, size_t n, bool bias,
                            bool relu, float slope, mhoi_conv **out)
{
    *out = NULL;
    mhoi_conv *conv = NULL;
    mho_status s = start();
    if (s == MHO_OK)
        s = want_room(ROOM_CONV);
    if (s == MHO_OK)
        s = mhoi_alloc(&conv, 1, sizeof *conv, "convolution");
    if (s != MHO_OK)
        return s;
    conv->pass = pass;
    int before = threads_one();
    dnnl_status_t d = build(conv, node, n, bias, relu, slope);
    threads_back(before);
    if (d != dnnl_success) {
        mhoi_conv_destroy(conv);
        return failure(d, node->name);
    }
    *out = conv;
    return MHO_OK;
}

void mhoi_conv_destroy(mhoi_conv *conv)
{
    if (!conv)
        return;
    (void)dnnl.primitive_destroy(conv->run);
    (void)dnnl.primitive_destroy(conv->pack);
    mhoi_free(&conv);
}

size_t mhoi_conv_packed_bytes(const mhoi_conv *conv)
{
    return dnnl.memory_desc_get_size(&conv->packed);
}

size_t mhoi_conv_scratch_bytes(const mhoi_conv *conv)
{
    return dnnl.memory_desc_get_size(&conv->scratch);
}

typedef struct argument {
    int what;
    const dnnl_memory_desc_t *desc;
    const void *data;
} argument;

/* Runs a primitive on plain pointers, by one thread. */
static mho_status execute(const_dnnl_primitive_t primitive, const argument *arg, int count)
{
    dnnl_exec_arg_t exec[5];
    dnnl_status_t s = dnnl_success;
    int made = 0;
    for (; made < count && s == dnnl_success; ++made) {
        exec[made].arg = arg[made].what;
        exec[made].memory = NULL;
        s = dnnl.memory_create(&exec[made].memory, arg[made].desc, dnn.engine,
                               (void *)(uintptr_t)arg[made].data);
    }
    if (s == dnnl_success) {
        int before = threads_one();
        s = dnnl.primitive_execute(primitive, dnn.stream, count, exec);
        threads_back(before);
    }
    for (int i = 0; i < made; ++i)
        (void)dnnl.memory_destroy(exec[i].memory);
    return s == dnnl_success ? MHO_OK : failure(s, "execute");
}

mho_status mhoi_conv_pack(const mhoi_conv *conv, const float *weight, void *packed)
{
    const argument arg[] = {{DNNL_ARG_FROM, &conv->plain, weight},
                            {DNNL_ARG_TO, &conv->packed, packed}};
    return execute(conv->pack, arg, 2);
}

mho_status mhoi_conv_unpack(const mhoi_conv *conv, const void *packed, float *weight)
{
    const argument arg[] = {{DNNL_ARG_FROM, &conv->packed, packed},
                            {DNNL_ARG_TO, &conv->plain, weight}};
    return execute(conv->pack, arg, 2);
}

mho_status mhoi_conv_run(const mhoi_conv *conv, const float *src, const void *packed,
                         const float *bias, const float *dst, void *scratch)
{
    static const int name[][3] = {
        [MHOI_CONV_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
        [MHOI_CONV_BACK_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
        [MHOI_CONV_BACK_WEIGHT] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
    };
    const int *what = name[conv->pass];
    const argument arg[] = {{what[0], &conv->src, src},
                            {what[1], &conv->packed, packed},
                            {what[2], &conv->dst, dst},
                            {DNNL_ARG_SCRATCHPAD, &conv->scratch, scratch},
                            {DNNL_ARG_BIAS, &conv->bias, bias}};
    return execute(conv->run, arg, conv->has_bias ? 5 : 4);
}

mho_status mhoi_sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                      const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                      size_t ldc)
{
    const char of_a = transpose_a ? 'T' : 'N', of_b = transpose_b ? 'T' : 'N';
    const size_t kind =
        (size_t)transpose_a + 2U * transpose_b + 4U * (beta != 0) + 8U * (m == 1) + 16U * (n == 1);
    const mho_status started = room_for_product(kind);
    if (started != MHO_OK)
        return started;
    int before = threads_one();
    dnnl_status_t s = dnnl.sgemm(of_a, of_b, (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1.0f, a,
                                 (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
    threads_back(before);
    if (s == dnnl_success)
        has_multiplied(kind);
    return s == dnnl_success ? MHO_OK : failure(s, "sgemm");
}
