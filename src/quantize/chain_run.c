/* SPDX-License-Identifier: Apache-2.0 */
/* Running the layers of a chain. */
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "data/load.h"
#include "quantize/chain.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t mhoi_chain_floats(const chain *c, size_t from)
{
    size_t most = 0;
    for (; from < c->layers; from++) {
        const chain_layer *l = &c->layer[from];
        const size_t wide = l->in.c * l->rows.w * (l->in.h + l->pad[0] + l->pad[2]);
        most = larger(most, larger(wide, l->raw.h * l->raw.w * mhoi_rows_aligned(l->raw.c)));
    }
    return most;
}

mho_status mhoi_chain_work_create(const chain *c, size_t floats, chain_work *w)
{
    const size_t one = mhoi_chain_floats(c, 0);
    floats = larger(floats, one);
    *w = (chain_work){NULL, NULL, NULL, NULL};
    mho_status s = mhoi_alloc(&w->a, floats, sizeof *w->a, "maps of a layer");
    if (!s)
        s = mhoi_alloc(&w->b, floats, sizeof *w->b, "maps of a layer");
    if (!s)
        s = mhoi_alloc(&w->wide, floats, sizeof *w->wide, "maps of a layer");
    if (!s)
        s = mhoi_alloc(&w->sum, one, sizeof *w->sum, "sums of a layer");
    return s;
}

void mhoi_chain_work_free(chain_work *w)
{
    mhoi_free(&w->a);
    mhoi_free(&w->b);
    mhoi_free(&w->wide);
    mhoi_free(&w->sum);
}

static void swap(chain_work *w)
{
    float *a = w->a;
    w->a = w->b;
    w->b = a;
}

void mhoi_chain_load(const chain *c, const mho_images *images, size_t i, float *x)
{
    mhoi_loader loader;
    mho_input in;
    mho_net_get_input(c->net, &in);
    MHO_ASSERT(mhoi_loader_open(images, c->net->node[0].out, &in, NULL, &loader) == MHO_OK);
    mhoi_loader_read(&loader, i, 1, true, x);
}

/* The maps with zeros around them. */
static const float *with_borders(const chain_layer *l, size_t n, const float *x, float *wide,
                                 size_t *image)
{
    const size_t row = l->in.w * l->in.c, wide_row = l->rows.w * l->in.c;
    const size_t height = l->in.h + l->pad[0] + l->pad[2];
    *image = height * wide_row;
    if (*image == l->in.h * row)
        return x;
    memset(wide, 0, n * *image * sizeof *wide);
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < l->in.h; h++)
            memcpy(wide + i * *image + (h + l->pad[0]) * wide_row + l->pad[1] * l->in.c,
                   x + (i * l->in.h + h) * row, row * sizeof *x);
    return wide;
}

static void dense(const chain *c, size_t at, size_t n, const float *x, chain_work *w)
{
    const chain_layer *l = &c->layer[at];
    size_t image = 0;
    x = with_borders(l, n, x, w->wide, &image);
    c->rows->conv(&l->rows, n, x, image, l->packed, l->bias, w->b);
    swap(w);
}

void mhoi_chain_clear(const chain *c, size_t at, chain_work *w)
{
    const mho_shape raw = c->layer[at].raw;
    memset(w->sum, 0, raw.h * raw.w * mhoi_rows_aligned(raw.c) * sizeof *w->sum);
}

void mhoi_chain_add(const chain *c, size_t at, size_t e, chain_work *w)
{
    const chain_layer *l = &c->layer[at];
    const size_t aligned = mhoi_rows_aligned(l->raw.c), p = e / l->in.c, k = e % l->in.c;
    c->rows->add(aligned, l->first[p + 1] - l->first[p], l->at + l->first[p], l->code + k * aligned,
                 w->sum);
}

static void put_sums(const chain *c, const chain_layer *l, const int32_t *sum, float *y)
{
    c->rows->scale(l->raw.h * l->raw.w, l->raw.c, mhoi_rows_aligned(l->raw.c), sum, l->unit,
                   l->bias, y);
}

void mhoi_chain_sums(const chain *c, size_t at, chain_work *w)
{
    put_sums(c, &c->layer[at], w->sum, w->a);
}

/* One step on n images of *shape, from w->a. */
static void run_step(const chain *c, const chain_step *step, size_t n, mho_shape *shape,
                     chain_work *w)
{
    const size_t count = n * chain_elements(*shape);
    switch (step->op) {
    case MHO_OP_BATCHNORM:
        c->loops->affine(count, step->tile, w->a, step->a, step->b, w->b);
        break;
    case MHO_OP_RELU:
        c->loops->relu(count, step->slope, w->a, w->b);
        break;
    case MHO_OP_MAXPOOL:
        c->loops->maxpool(step->node, n, w->a, w->b, NULL);
        *shape = step->node->out;
        break;
    default: /* average pooling: a chain has no other steps */
        c->loops->avgpool(step->node, n, w->a, w->b);
        *shape = step->node->out;
        break;
    }
    swap(w);
}

void mhoi_chain_to_site(const chain *c, size_t at, size_t n, chain_work *w)
{
    const chain_layer *l = &c->layer[at];
    mho_shape shape = l->raw;
    for (size_t i = 0; i < l->after; i++)
        run_step(c, &l->step[i], n, &shape, w);
}

void mhoi_chain_to_out(const chain *c, size_t at, size_t n, chain_work *w)
{
    const chain_layer *l = &c->layer[at];
    mho_shape shape = l->site;
    for (size_t i = l->after; i < l->steps; i++)
        run_step(c, &l->step[i], n, &shape, w);
    if (!l->relu || l->threshold)
        return;
    c->loops->relu(n * chain_elements(shape), l->slope, w->a, w->b);
    swap(w);
}

/* Sums of n images whose input is bits: those of x that are above the threshold of layer at - 1. */
static void sparse(const chain *c, size_t at, size_t n, const float *x, chain_work *w)
{
    const chain_layer *l = &c->layer[at];
    const float *threshold = c->layer[at - 1].threshold;
    const size_t in = chain_elements(l->in), out = l->raw.h * l->raw.w * l->raw.c;
    for (size_t i = 0; i < n; i++, x += in) {
        mhoi_chain_clear(c, at, w);
        for (size_t first = 0; first < in; first += l->in.c)
            for (size_t k = 0; k < l->in.c; k++)
                if (x[first + k] > threshold[k])
                    mhoi_chain_add(c, at, first + k, w);
        put_sums(c, l, w->sum, w->b + i * out);
    }
    swap(w);
}

void mhoi_chain_layer(const chain *c, size_t at, size_t n, const float *x, chain_work *w)
{
    if (at && c->layer[at - 1].threshold)
        sparse(c, at, n, x, w);
    else
        dense(c, at, n, x, w);
}

void mhoi_chain_run(const chain *c, size_t at, size_t end, size_t n, const float *x, chain_work *w)
{
    for (; at < end; at++, x = w->a) {
        mhoi_chain_layer(c, at, n, x, w);
        mhoi_chain_to_site(c, at, n, w);
        mhoi_chain_to_out(c, at, n, w);
    }
}
