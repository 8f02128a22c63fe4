/* SPDX-License-Identifier: Apache-2.0 */
/* Operators in digital units: docs/models/map.md, "Digital units".  A row tells what an operator does for an element of
 * its output, or of its input, and how it flows. */
#include "map/digital.h"

#include <string.h>

typedef enum count_of {
    OF_OUTPUT,
    OF_INPUT,
    OF_PRODUCT, /* of two arrays: multiply-accumulates */
    OF_WINDOWS, /* adds of all elements of windows, a multiplication an output */
    OF_WEIGHTS, /* output elements times the weights of one: a layer that no crossbar holds */
    OF_STEPS,   /* recurrent: weights times steps of the sequence */
    OF_RESIZE,  /* by its mode */
    OF_EINSUM,  /* all letters of the equation */
    OF_SCORES, /* attention: products of all queries and keys, and what softmax does to each of them */
} count_of;

typedef enum trait {
    EXPLICIT = 1 << 0, /* only where the user puts it there */
    VENDOR = 1 << 1,   /* of another domain than the standard's */
} trait;

typedef struct row {
    const char *name;
    count_of of;
    float adds, multiplies, functions, divisions;
    mhoi_flow flow;
    unsigned traits;
} row;

#define E MHOI_FLOW_ELEMENT
#define P MHOI_FLOW_POSITION
#define W MHOI_FLOW_WHOLE

static const row rows[] = {
    /* moved */
    {"Transpose", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Slice", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Split", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Pad", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Gather", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Expand", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Tile", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"DepthToSpace", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"SpaceToDepth", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Reshape", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Flatten", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Squeeze", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Unsqueeze", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Identity", OF_OUTPUT, 0, 0, 0, 0, E, 0},
    {"Dropout", OF_OUTPUT, 0, 0, 0, 0, E, 0},
    {"CenterCropPad", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"GatherElements", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Trilu", OF_OUTPUT, 0, 0, 0, 0, W, 0},
    {"Concat", OF_OUTPUT, 0, 0, 0, 0, P, 0},
    {"Cast", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Resize", OF_RESIZE, 0, 0, 0, 0, W, 0},
    {"Upsample", OF_RESIZE, 0, 0, 0, 0, W, 0},
    {"GridSample", OF_OUTPUT, 3, 4, 0, 0, W, 0}, /* of the four around a place */
    /* element by element */
    {"Add", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Sub", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Sum", OF_INPUT, 1, 0, 0, 0, E, 0},
    {"Mean", OF_INPUT, 1, 1, 0, 0, E, 0},
    {"Min", OF_INPUT, 1, 0, 0, 0, E, 0},
    {"Max", OF_INPUT, 1, 0, 0, 0, E, 0},
    {"Mul", OF_OUTPUT, 0, 1, 0, 0, E, 0},
    {"Div", OF_OUTPUT, 0, 0, 0, 1, E, 0},
    {"Reciprocal", OF_OUTPUT, 0, 0, 0, 1, E, 0},
    {"Neg", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Abs", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Relu", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"LeakyRelu", OF_OUTPUT, 1, 1, 0, 0, E, 0},
    {"PRelu", OF_OUTPUT, 1, 1, 0, 0, E, 0},
    {"ThresholdedRelu", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Clip", OF_OUTPUT, 2, 0, 0, 0, E, 0},
    {"HardSigmoid", OF_OUTPUT, 3, 1, 0, 0, E, 0},
    {"HardSwish", OF_OUTPUT, 3, 2, 0, 0, E, 0},
    {"Sign", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Floor", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Ceil", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Round", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Greater", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"GreaterOrEqual", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Less", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"LessOrEqual", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Equal", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Not", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"And", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Or", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Where", OF_OUTPUT, 1, 0, 0, 0, E, 0},
    {"Sigmoid", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Tanh", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Exp", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Log", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Erf", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Gelu", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Elu", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Selu", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Celu", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Softplus", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Softsign", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Mish", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Swish", OF_OUTPUT, 0, 1, 1, 0, E, 0},
    {"Sqrt", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Pow", OF_OUTPUT, 0, 1, 1, 0, E, 0},
    {"Sin", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"Cos", OF_OUTPUT, 0, 0, 1, 0, E, 0},
    {"QuantizeLinear", OF_OUTPUT, 2, 1, 0, 0, E, 0},
    {"DequantizeLinear", OF_OUTPUT, 1, 1, 0, 0, E, 0},
    {"Quant", OF_OUTPUT, 2, 2, 0, 0, E, 0},
    {"BipolarQuant", OF_OUTPUT, 1, 1, 0, 0, E, 0},
    {"QLinearAdd", OF_OUTPUT, 3, 3, 0, 0, E, VENDOR},
    {"QLinearMul", OF_OUTPUT, 3, 2, 0, 0, E, VENDOR},
    {"QLinearConcat", OF_OUTPUT, 2, 2, 0, 0, P, VENDOR},
    {"QLinearSigmoid", OF_OUTPUT, 0, 0, 1, 0, E, VENDOR},
    {"QLinearLeakyRelu", OF_OUTPUT, 0, 0, 1, 0, E, VENDOR},
    {"FastGelu", OF_OUTPUT, 1, 0, 1, 0, E, VENDOR},
    /* rows and maps */
    {"Softmax", OF_INPUT, 3, 0, 1, 1, W, 0},
    {"LogSoftmax", OF_INPUT, 3, 0, 2, 0, W, 0},
    {"QLinearSoftmax", OF_INPUT, 5, 2, 1, 1, W, VENDOR},
    {"LayerNormalization", OF_INPUT, 4, 3, 0, 0, W, 0},
    {"RMSNormalization", OF_INPUT, 1, 3, 0, 0, W, 0},
    {"SimplifiedLayerNormalization", OF_INPUT, 1, 3, 0, 0, W, 0},
    {"SkipLayerNormalization", OF_INPUT, 5, 3, 0, 0, W, VENDOR},
    {"InstanceNormalization", OF_INPUT, 4, 3, 0, 0, W, 0},
    {"GroupNormalization", OF_INPUT, 4, 3, 0, 0, W, 0},
    {"MeanVarianceNormalization", OF_INPUT, 3, 2, 0, 0, W, 0},
    {"BatchNormalization", OF_OUTPUT, 1, 1, 0, 0, E, 0},
    {"LpNormalization", OF_INPUT, 1, 2, 0, 0, W, 0},
    {"LRN", OF_OUTPUT, 5, 6, 1, 1, P, 0},
    {"CumSum", OF_OUTPUT, 1, 0, 0, 0, W, 0},
    {"CumProd", OF_OUTPUT, 0, 1, 0, 0, W, 0},
    {"RotaryEmbedding", OF_OUTPUT, 1, 2, 0, 0, W, 0},
    {"ReduceMean", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ReduceSum", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ReduceMax", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ReduceMin", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ReduceProd", OF_INPUT, 0, 1, 0, 0, W, 0},
    {"ReduceL1", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ReduceL2", OF_INPUT, 1, 1, 0, 0, W, 0},
    {"ReduceSumSquare", OF_INPUT, 1, 1, 0, 0, W, 0},
    {"ArgMax", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"ArgMin", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"DynamicQuantizeLinear", OF_INPUT, 4, 1, 0, 0, W, 0},
    {"MaxPool", OF_WINDOWS, 1, 0, 0, 0, W, 0},
    {"AveragePool", OF_WINDOWS, 1, 1, 0, 0, W, 0},
    {"GlobalMaxPool", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"GlobalAveragePool", OF_INPUT, 1, 0, 0, 0, W, 0},
    {"QLinearAveragePool", OF_WINDOWS, 1, 3, 0, 0, W, VENDOR},
    {"QLinearGlobalAveragePool", OF_INPUT, 1, 0, 0, 0, W, VENDOR},
    /* products */
    {"MatMul", OF_PRODUCT, 0, 0, 0, 0, W, 0},
    {"Gemm", OF_PRODUCT, 0, 0, 0, 0, W, 0},
    {"Einsum", OF_EINSUM, 0, 0, 0, 0, W, 0},
    {"Attention", OF_SCORES, 4, 1, 1, 1, W, 0},
    {"MatMulInteger", OF_PRODUCT, 0, 0, 0, 0, W, EXPLICIT},
    {"QLinearMatMul", OF_PRODUCT, 2, 1, 0, 0, W, EXPLICIT},
    {"Conv", OF_WEIGHTS, 0, 0, 0, 0, W, EXPLICIT},
    {"ConvTranspose", OF_WEIGHTS, 0, 0, 0, 0, W, EXPLICIT},
    {"ConvInteger", OF_WEIGHTS, 0, 0, 0, 0, W, EXPLICIT},
    {"QLinearConv", OF_WEIGHTS, 2, 1, 0, 0, W, EXPLICIT},
    {"LSTM", OF_STEPS, 0, 0, 0, 0, W, EXPLICIT},
    {"GRU", OF_STEPS, 0, 0, 0, 0, W, EXPLICIT},
    {"RNN", OF_STEPS, 0, 0, 0, 0, W, EXPLICIT},
};
#undef E
#undef P
#undef W

static const row *find(const char *name)
{
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (strcmp(rows[k].name, name) == 0)
            return &rows[k];
    return NULL;
}

/* Of a general node; an operator of another domain has a row of its own only if it says so. */
static const row *row_of(const mho_node *node)
{
    const char *domain = node->work && node->work->op ? node->work->op->domain : "";
    const row *r = node->general ? find(node->general) : NULL;
    const bool plain = !domain[0] || strncmp(domain, "qonnx", 5) == 0 ||
                       strcmp(domain, "onnx.brevitas") == 0 || (r && r->traits & VENDOR) ||
                       strcmp(domain, "com.microsoft") == 0;
    return plain ? r : NULL;
}

static bool is_view(const mho_node *node)
{
    return node->work && !node->work->op;
}

bool mhoi_is_digital(const mho_node *node)
{
    return node->op != MHO_OP_INPUT && node->op != MHO_OP_FLATTEN && !mho_node_is_weighted(node) &&
           !is_view(node);
}

mhoi_flow mhoi_flow_of(const mho_node *node)
{
    const size_t positions = node->out.h * node->out.w;
    if (is_view(node))
        return node->inputs == 1 && node->in.h * node->in.w == positions ? MHOI_FLOW_ELEMENT
                                                                         : MHOI_FLOW_WHOLE;
    const row *r = row_of(node);
    return r ? r->flow : MHOI_FLOW_WHOLE;
}

static bool is_listed(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
        if ((at == list || at[-1] == ',') && (!at[length] || at[length] == ','))
            return true;
    return false;
}

mho_status mhoi_digital_check(const char *also)
{
    char name[64];
    for (const char *at = also; *at;) {
        const size_t length = strcspn(at, ",");
        if (length && length < sizeof name) {
            memcpy(name, at, length);
            name[length] = 0;
        }
        if (!length || length >= sizeof name || !find(name))
            return mho_error(MHO_ECONFIG,
                             "digital.operators names '%.*s', which no digital unit can do (names "
                             "of ONNX operators with commas between, as Conv,LSTM)",
                             (int)length, at);
        at += length + (at[length] == ',');
    }
    return MHO_OK;
}

static double elements(const mho_shape *s)
{
    return (double)s->c * (double)s->h * (double)s->w;
}

static double inputs_of(const mho_node *node)
{
    double sum = 0;
    if (!node->work)
        return elements(&node->in) * (double)node->inputs;
    for (size_t i = 0; i < node->work->inputs; i++)
        if (node->work->from[i] != MHOI_NO_NODE)
            sum += (double)node->work->in[i].count;
    return sum;
}

/* Multiply-accumulates of a product of arrays: its elements times the depth. */
static double product(const mho_node *node)
{
    const mho_array *a = &node->work->in[0];
    const bool turned = node->work->op && mhoi_attr_int(node->work->op, "transA", 0);
    const size_t depth = a->rank ? a->size[turned ? 0 : a->rank - 1] : 1;
    return (double)node->work->out.count * (double)depth;
}

enum { EINSUM_LETTERS = 52 + 16 }; /* those of the dots behind them */

/* Sizes of the letters of one term, an axis at a time; the axes of ... counted from their last one. */
static void sizes_of_term(const char *term, size_t length, const mho_array *a, double *size)
{
    size_t named = 0, axis = 0;
    for (size_t i = 0; i < length; i++)
        named += term[i] != '.' && term[i] != ' ';
    for (size_t i = 0; i < length && axis < a->rank; i++) {
        const char c = term[i];
        const size_t dots = c == '.' && a->rank > named ? a->rank - named : 0;
        const size_t count = c == '.' ? dots : c != ' ';
        for (size_t k = 0; k < count && axis < a->rank; k++, axis++) {
            const size_t at = c == '.'   ? 52 + (count - 1 - k) % 16
                              : c >= 'a' ? (size_t)(c - 'a') % 26
                                         : 26 + (size_t)(c - 'A') % 26;
            size[at] = size[at] > (double)a->size[axis] ? size[at] : (double)a->size[axis];
        }
        i += c == '.' ? 2 : 0;
    }
}

/* Every combination of letters is a product of all operands. */
static double einsum(const mho_node *node)
{
    const mhoi_work *w = node->work;
    const char *term = mhoi_attr_text(w->op, "equation", "");
    double size[EINSUM_LETTERS] = {0}, all = w->inputs > 1 ? (double)(w->inputs - 1) : 1;
    for (size_t t = 0; t < w->inputs; t++) {
        const size_t length = strcspn(term, ",-");
        sizes_of_term(term, length, &w->in[t], size);
        term += length + (term[length] == ',');
    }
    for (size_t k = 0; k < EINSUM_LETTERS; k++)
        all *= size[k] > 0 ? size[k] : 1;
    return all;
}

/* How many scores an attention has, and multiply-accumulates: each is a product over a head's width, and weighs a row of
 * values. */
static double scores(const mho_node *node, double *macs)
{
    enum { Q, K, V, PAST = 4 };
    const mhoi_work *w = node->work;
    const mho_array *q = &w->in[Q], *k = &w->in[K], *v = &w->in[V];
    const double many = (double)mhoi_attr_int(w->op, "q_num_heads", 1);
    const double few = (double)mhoi_attr_int(w->op, "kv_num_heads", (int64_t)many);
    if (w->inputs < 3 || q->rank < 3 || k->rank < 3 || v->rank < 3)
        return 0;
    const double heads = q->rank == 4 ? (double)q->size[1] : many;
    const double each = (double)q->size[q->rank - 1] / (q->rank == 4 ? 1 : many);
    const double value = (double)v->size[v->rank - 1] / (v->rank == 4 ? 1 : few);
    double keys = (double)k->size[k->rank - 2];
    if (w->inputs > PAST && w->in[PAST].rank == 4)
        keys += (double)w->in[PAST].size[2];
    const double all = (double)q->size[0] * heads * (double)q->size[q->rank - 2] * keys;
    *macs = all * (each + value);
    return all;
}

/* Of a layer: each output is as many products as its kernel has weights; a transposed one's inputs. */
static double weights(const mho_node *node)
{
    const mhoi_work *w = node->work;
    const mho_array *k = NULL;
    for (size_t i = 1; i < w->inputs; i++)
        if (!k && w->in[i].rank > 2)
            k = &w->in[i];
    if (!k || !k->size[0])
        return 0;
    const bool transposed = strcmp(node->general, "ConvTranspose") == 0;
    const double each = (double)k->count / (double)k->size[0];
    return each * (double)(transposed ? w->in[0].count : w->out.count);
}

static double steps(const mho_node *node)
{
    const mhoi_work *w = node->work;
    const mho_array *x = &w->in[0];
    double sum = 0;
    for (size_t i = 1; i < w->inputs && i < 3; i++)
        sum += (double)w->in[i].count;
    return x->rank ? sum * (double)x->size[0] : sum;
}

static double window(const mho_node *node)
{
    const int64_t *kernel;
    if (!node->work)
        return (double)(node->kh * node->kw);
    double all = 1;
    const size_t n = mhoi_attr_ints(node->work->op, "kernel_shape", &kernel);
    for (size_t i = 0; i < n; i++)
        all *= (double)kernel[i];
    return all;
}

/* Elements that a point of a resized map is made of. */
static double points(const mho_node *node)
{
    const char *mode = mhoi_attr_text(node->work->op, "mode", "nearest");
    return strcmp(mode, "nearest") == 0 ? 0 : strcmp(mode, "cubic") == 0 ? 16 : 4;
}

/* Layers that are no general nodes. */
static bool of_layer(const mho_node *node, mhoi_elementary *e)
{
    const double in = elements(&node->in), out = elements(&node->out);
    switch (node->op) {
    case MHO_OP_MAXPOOL:
        e->adds = out * window(node);
        return true;
    case MHO_OP_AVGPOOL:
        e->adds = out * window(node);
        e->multiplies = out;
        return true;
    case MHO_OP_BATCHNORM:
    case MHO_OP_LEAKY_RELU:
        e->adds = e->multiplies = out;
        return true;
    case MHO_OP_SIGN:
    case MHO_OP_STEP:
    case MHO_OP_RELU:
    case MHO_OP_ADD:
        e->adds = out;
        return true;
    case MHO_OP_SOFTMAX:
        e->adds = 3 * in;
        e->functions = e->divisions = in;
        return true;
    default:
        return false;
    }
}

static void of_row(const mho_node *node, const row *r, mhoi_elementary *e)
{
    const double in = inputs_of(node), out = (double)node->work->out.count;
    const double n = r->of == OF_INPUT ? in : r->of == OF_SCORES ? scores(node, &e->macs) : out;
    if (r->of == OF_EINSUM)
        e->macs = einsum(node);
    else if (r->of == OF_PRODUCT)
        e->macs = product(node);
    else if (r->of == OF_WEIGHTS)
        e->macs = weights(node);
    else if (r->of == OF_STEPS)
        e->macs = steps(node);
    else if (r->of == OF_RESIZE)
        e->macs = points(node) * out;
    e->adds = (double)r->adds * (r->of == OF_WINDOWS ? out * window(node) : n);
    e->multiplies = (double)r->multiplies * (r->of == OF_WINDOWS ? out : n);
    e->functions = (double)r->functions * n;
    e->divisions = (double)r->divisions * n;
}

mho_status mhoi_elementary_of(const mho_node *node, const char *also, mhoi_elementary *out)
{
    *out = (mhoi_elementary){0};
    if (of_layer(node, out) || !mhoi_is_digital(node))
        return MHO_OK;
    const row *r = row_of(node);
    if (!r || !node->work)
        return mho_error(MHO_ENOTMODELED,
                         "layer '%s': no crossbar and no digital unit knows operator %s",
                         node->name, mho_node_op_name(node));
    if (r->traits & EXPLICIT && !is_listed(also, r->name))
        return mho_error(MHO_ENOTMODELED,
                         "layer '%s': %s that crossbars cannot hold%s%s%s; digital.operators = %s "
                         "puts it into digital units",
                         node->name, r->name, node->work->why ? " (" : "",
                         node->work->why ? node->work->why : "", node->work->why ? ")" : "",
                         r->name);
    of_row(node, r, out);
    return MHO_OK;
}
