/* SPDX-License-Identifier: Apache-2.0 */
/* RNN, LSTM and GRU, unrolled over the steps: every sequence of the batch by itself, in double. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

typedef enum kind { RNN, GRU, LSTM } kind;

typedef struct activation {
    char name[20];
    double alpha, beta;
} activation;

typedef struct recurrent {
    kind kind;
    size_t steps, batch, in, hidden, directions, gates;
    bool batch_first, reverse, linear_before_reset, input_forget;
    double clip; /* 0: none */
    activation act[2][3];
    double *w, *r, *b, *p; /* b, p: NULL where left out */
    double *h, *c;         /* [directions][batch][hidden]: first as given, at the end the last */
    double *gate, *next, *x;
} recurrent;

static double apply(const activation *a, double x)
{
    const char *n = a->name;
    if (strcmp(n, "Sigmoid") == 0)
        return 1 / (1 + exp(-x));
    if (strcmp(n, "Tanh") == 0)
        return tanh(x);
    if (strcmp(n, "Relu") == 0)
        return x > 0 ? x : 0;
    if (strcmp(n, "Affine") == 0)
        return a->alpha * x + a->beta;
    if (strcmp(n, "LeakyRelu") == 0)
        return x >= 0 ? x : a->alpha * x;
    if (strcmp(n, "ThresholdedRelu") == 0)
        return x > a->alpha ? x : 0;
    if (strcmp(n, "ScaledTanh") == 0)
        return a->alpha * tanh(a->beta * x);
    if (strcmp(n, "HardSigmoid") == 0)
        return fmin(1, fmax(0, a->alpha * x + a->beta));
    if (strcmp(n, "Elu") == 0)
        return x >= 0 ? x : a->alpha * expm1(x);
    if (strcmp(n, "Softsign") == 0)
        return x / (1 + fabs(x));
    return log1p(exp(x)); /* Softplus: set_activation knows no other */
}

static const struct known {
    const char *name;
    double alpha, beta;
} activations[] = {{"Sigmoid", 0, 0},      {"Tanh", 0, 0},
                   {"Relu", 0, 0},         {"Affine", 1, 0},
                   {"LeakyRelu", 0.01, 0}, {"ThresholdedRelu", 1, 0},
                   {"ScaledTanh", 1, 1},   {"HardSigmoid", 0.2, 0.5},
                   {"Elu", 1, 0},          {"Softsign", 0, 0},
                   {"Softplus", 0, 0}};

/* Number i of the list of functions, with the numbers of that place where they are told. */
static mho_status set_activation(const mhoi_call *c, const char *name, size_t length, size_t i,
                                 activation *out)
{
    const mhoi_attr *alpha = mhoi_attr_find(c->op, "activation_alpha");
    const mhoi_attr *beta = mhoi_attr_find(c->op, "activation_beta");
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++) {
        const struct known *a = &activations[k];
        if (strlen(a->name) != length || strncmp(a->name, name, length) != 0)
            continue;
        memcpy(out->name, a->name, length + 1);
        out->alpha =
            alpha && alpha->floats && i < alpha->count ? (double)alpha->floats[i] : a->alpha;
        out->beta = beta && beta->floats && i < beta->count ? (double)beta->floats[i] : a->beta;
        return MHO_OK;
    }
    return mho_error(MHO_ENOTMODELED, "activation %.*s", (int)length, name);
}

static mho_status read_activations(const mhoi_call *c, recurrent *r)
{
    static const char *const usual[] = {
        [RNN] = "Tanh", [GRU] = "Sigmoid Tanh", [LSTM] = "Sigmoid Tanh Tanh"};
    const char *told = mhoi_attr_text(c->op, "activations", ""), *at = told;
    const size_t each = r->kind == RNN ? 1 : r->kind == GRU ? 2 : 3;
    mho_status s = MHO_OK;
    for (size_t d = 0; d < r->directions; d++) {
        if (!told[0])
            at = usual[r->kind];
        for (size_t k = 0; !s && k < each; k++) {
            const size_t length = strcspn(at, " ");
            if (!length)
                return mho_error(MHO_EFORMAT, "fewer activations than gates");
            s = set_activation(c, at, length, d * each + k, &r->act[d][k]);
            at += length + (at[length] == ' ');
        }
    }
    return s;
}

/* What attributes say of the sizes that weights have. */
static mho_status check_told(const mhoi_call *c, const recurrent *r, const char *direction)
{
    const int64_t hidden = mhoi_attr_int(c->op, "hidden_size", (int64_t)r->hidden);
    if (r->directions == 1 && !r->reverse && strcmp(direction, "forward") != 0)
        return mho_error(MHO_EFORMAT, "direction '%.40s', want forward, reverse or bidirectional",
                         direction);
    if (hidden != (int64_t)r->hidden)
        return mho_error(MHO_EFORMAT, "hidden_size %lld, but R of %zu", (long long)hidden,
                         r->hidden);
    if (!(r->clip >= 0))
        return mho_error(MHO_EFORMAT, "clip %g, want more than 0", r->clip);
    return MHO_OK;
}

static mho_status check_ranks(const mhoi_call *c, const recurrent *r, const char *direction)
{
    for (size_t k = 0; k < 3; k++)
        if (c->in[k]->rank != 3)
            return mho_error(MHO_EFORMAT, "%c of %zu dimensions, want 3", "XWR"[k],
                             c -> in[k] -> rank);
    if (c->in[1]->size[0] != r->directions)
        return mho_error(MHO_EFORMAT, "W of %zu directions, want %zu for direction '%.40s'",
                         c->in[1]->size[0], r->directions, direction);
    return MHO_OK;
}

static mho_status sizes_of(const mhoi_call *c, recurrent *r)
{
    const mho_array *x = c->in[0], *w = c->in[1];
    const char *direction = mhoi_attr_text(c->op, "direction", "forward");
    r->kind = c->op->op[0] == 'R' ? RNN : c->op->op[0] == 'G' ? GRU : LSTM;
    r->gates = r->kind == RNN ? 1 : r->kind == GRU ? 3 : 4;
    r->batch_first = mhoi_attr_int(c->op, "layout", 0) != 0;
    r->reverse = strcmp(direction, "reverse") == 0;
    r->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    r->linear_before_reset = mhoi_attr_int(c->op, "linear_before_reset", 0) != 0;
    r->input_forget = mhoi_attr_int(c->op, "input_forget", 0) != 0;
    r->clip = (double)mhoi_attr_float(c->op, "clip", 0);
    mho_status s = check_ranks(c, r, direction);
    if (s)
        return s;
    r->steps = x->size[r->batch_first];
    r->batch = x->size[!r->batch_first];
    r->in = x->size[2];
    r->hidden = c->in[2]->size[2];
    if (w->size[1] != r->gates * r->hidden || w->size[2] != r->in ||
        c->in[2]->size[1] != r->gates * r->hidden || c->in[2]->size[0] != r->directions)
        return mho_error(MHO_EFORMAT, "weights that do not fit each other");
    s = check_told(c, r, direction);
    if (s)
        return s;
    const struct {
        size_t input, count;
    } rest[] = {{3, r->directions * 2 * r->gates * r->hidden},
                {4, r->batch},
                {5, r->directions * r->batch * r->hidden},
                {6, r->directions * r->batch * r->hidden},
                {7, r->directions * 3 * r->hidden}};
    for (size_t k = 0; k < sizeof rest / sizeof *rest; k++)
        if (mhoi_in(c, rest[k].input) && c->in[rest[k].input]->count != rest[k].count)
            return mho_error(MHO_EFORMAT, "input %zu has %zu values, want %zu", rest[k].input,
                             c->in[rest[k].input]->count, rest[k].count);
    return read_activations(c, r);
}

static mho_status recurrent_shape(mhoi_call *c)
{
    recurrent r = {.steps = 0};
    mho_status s = mhoi_want_real(c, 0);
    if (!s)
        s = sizes_of(c, &r);
    if (s)
        return s;
    const size_t d = r.directions, n = r.batch, h = r.hidden;
    const size_t all[] = {r.steps, d, n, h}, all_first[] = {n, r.steps, d, h};
    const size_t last[] = {d, n, h}, last_first[] = {n, d, h};
    s = mhoi_out(c, 0, c->in[0]->type, 4, r.batch_first ? all_first : all);
    for (size_t k = 1; !s && k < 3; k++)
        s = mhoi_out(c, k, c->in[0]->type, 3, r.batch_first ? last_first : last);
    return s;
}

/* --- one step of one sequence */

static double clipped(const recurrent *r, double x)
{
    return r->clip > 0 ? fmin(r->clip, fmax(-r->clip, x)) : x;
}

/* Row g of gate sums from x, or from h, with its bias. */
static double row(const double *w, const double *b, size_t g, size_t n, const double *x)
{
    double sum = b ? b[g] : 0;
    for (size_t i = 0; i < n; i++)
        sum += w[g * n + i] * x[i];
    return sum;
}

typedef struct cell {
    const double *w, *r, *wb, *rb, *p, *x;
    const activation *act;
    double *h, *c;
} cell;

static void step_rnn(const recurrent *r, const cell *k)
{
    for (size_t j = 0; j < r->hidden; j++)
        r->next[j] = apply(&k->act[0], clipped(r, row(k->w, k->wb, j, r->in, k->x) +
                                                      row(k->r, k->rb, j, r->hidden, k->h)));
    memcpy(k->h, r->next, r->hidden * sizeof *k->h);
}

/* Gates in the order update, reset, hidden. */
static void step_gru(const recurrent *r, const cell *k)
{
    const size_t n = r->hidden;
    double *z = r->gate, *reset = r->gate + n, *held = r->gate + 2 * n;
    for (size_t j = 0; j < 2 * n; j++)
        r->gate[j] = apply(&k->act[0], clipped(r, row(k->w, k->wb, j, r->in, k->x) +
                                                      row(k->r, k->rb, j, n, k->h)));
    for (size_t j = 0; j < n; j++)
        held[j] = reset[j] * k->h[j];
    for (size_t j = 0; j < n; j++) {
        const size_t g = 2 * n + j;
        const double past = r->linear_before_reset ? reset[j] * row(k->r, k->rb, g, n, k->h)
                                                   : row(k->r, k->rb, g, n, held);
        const double fresh = apply(&k->act[1], clipped(r, row(k->w, k->wb, g, r->in, k->x) + past));
        r->next[j] = (1 - z[j]) * fresh + z[j] * k->h[j];
    }
    memcpy(k->h, r->next, n * sizeof *k->h);
}

/* Gates in the order input, output, forget, cell; peepholes of the first three. */
static void step_lstm(const recurrent *r, const cell *k)
{
    const size_t n = r->hidden;
    for (size_t j = 0; j < 4 * n; j++)
        r->gate[j] = row(k->w, k->wb, j, r->in, k->x) + row(k->r, k->rb, j, n, k->h);
    for (size_t j = 0; j < n; j++) {
        const double old = k->c[j];
        const double *g = r->gate + j, *p = k->p ? k->p + j : NULL;
        const double i = apply(&k->act[0], clipped(r, g[0] + (p ? p[0] * old : 0)));
        const double f = r->input_forget
                             ? 1 - i
                             : apply(&k->act[0], clipped(r, g[2 * n] + (p ? p[2 * n] * old : 0)));
        k->c[j] = f * old + i * apply(&k->act[1], clipped(r, g[3 * n]));
        const double o = apply(&k->act[0], clipped(r, g[n] + (p ? p[n] * k->c[j] : 0)));
        r->next[j] = o * apply(&k->act[2], k->c[j]);
    }
    memcpy(k->h, r->next, n * sizeof *k->h);
}

/* --- all of it */

/* Element of [directions][batch][hidden], or [batch][directions][hidden]. */
static size_t state_at(const recurrent *r, size_t d, size_t n)
{
    return (r->batch_first ? n * r->directions + d : d * r->batch + n) * r->hidden;
}

static void run_sequence(mhoi_call *c, recurrent *r, size_t d, size_t n)
{
    const size_t rows = r->gates * r->hidden;
    const bool back = r->reverse || d == 1;
    const size_t length = mhoi_in(c, 4) ? (size_t)mhoi_array_whole(c->in[4], n) : r->steps;
    cell k = {.w = r->w + d * rows * r->in,
              .r = r->r + d * rows * r->hidden,
              .wb = r->b ? r->b + d * 2 * rows : NULL,
              .rb = r->b ? r->b + d * 2 * rows + rows : NULL,
              .p = r->p ? r->p + d * 3 * r->hidden : NULL,
              .act = r->act[d],
              .h = r->h + state_at(r, d, n),
              .c = r->c + state_at(r, d, n)};
    for (size_t i = 0; i < length && i < r->steps; i++) {
        const size_t t = back ? length - 1 - i : i;
        k.x = r->x + (r->batch_first ? n * r->steps + t : t * r->batch + n) * r->in;
        if (r->kind == RNN)
            step_rnn(r, &k);
        else if (r->kind == GRU)
            step_gru(r, &k);
        else
            step_lstm(r, &k);
        const size_t at = r->batch_first ? ((n * r->steps + t) * r->directions + d) * r->hidden
                                         : ((t * r->directions + d) * r->batch + n) * r->hidden;
        if (mhoi_wanted(c, 0))
            mhoi_array_set_reals(&c->out[0], at, r->hidden, k.h);
    }
}

static mho_status take(const mhoi_call *c, size_t k, double **out)
{
    return mhoi_in(c, k) ? mhoi_doubles(c->in[k], out) : MHO_OK;
}

static mho_status load(mhoi_call *c, recurrent *r)
{
    const size_t states = r->directions * r->batch * r->hidden;
    mho_status s = take(c, 0, &r->x);
    if (!s)
        s = take(c, 1, &r->w);
    if (!s)
        s = take(c, 2, &r->r);
    if (!s)
        s = take(c, 3, &r->b);
    if (!s)
        s = take(c, 7, &r->p);
    if (!s)
        s = mhoi_in(c, 5) ? take(c, 5, &r->h)
                          : mhoi_alloc(&r->h, states, sizeof *r->h, c->op->name);
    if (!s)
        s = mhoi_in(c, 6) ? take(c, 6, &r->c)
                          : mhoi_alloc(&r->c, states, sizeof *r->c, c->op->name);
    if (!s)
        s = mhoi_alloc(&r->gate, r->gates * r->hidden, sizeof *r->gate, c->op->name);
    if (!s)
        s = mhoi_alloc(&r->next, r->hidden, sizeof *r->next, c->op->name);
    for (size_t n = 0; !s && mhoi_in(c, 4) && n < r->batch; n++)
        if (mhoi_array_whole(c->in[4], n) < 0 || mhoi_array_whole(c->in[4], n) > (int64_t)r->steps)
            s = mho_error(MHO_EDOMAIN, "a sequence of length %lld, want 0..%zu",
                          (long long)mhoi_array_whole(c->in[4], n), r->steps);
    return s;
}

static mho_status recurrent_run(mhoi_call *c)
{
    recurrent r = {.steps = 0};
    mho_status s = sizes_of(c, &r);
    if (!s)
        s = load(c, &r);
    for (size_t d = 0; !s && d < r.directions; d++)
        for (size_t n = 0; n < r.batch; n++)
            run_sequence(c, &r, d, n);
    if (!s && mhoi_wanted(c, 1))
        mhoi_put_doubles(c, 1, r.h);
    if (!s && mhoi_wanted(c, 2))
        mhoi_put_doubles(c, 2, r.c);
    double **const all[] = {&r.w, &r.r, &r.b, &r.p, &r.h, &r.c, &r.gate, &r.next, &r.x};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        mhoi_free(all[k]);
    return s;
}

#define ATTRIBUTES                                                                                 \
    "activation_alpha activation_beta activations clip direction hidden_size layout "              \
    "output_sequence "
const mhoi_operator mhoi_ops_recurrent[] = {
    {"RNN", "", 3, 6, 2, ATTRIBUTES, recurrent_shape, recurrent_run},
    {"GRU", "", 3, 6, 2, ATTRIBUTES "linear_before_reset ", recurrent_shape, recurrent_run},
    {"LSTM", "", 3, 8, 3, ATTRIBUTES "input_forget ", recurrent_shape, recurrent_run},
    {0}};
