/* SPDX-License-Identifier: Apache-2.0 */
/* Rows dealt out to crossbars: at random, sorted and to and fro (snake), by exchanges, exactly. */
#include "chip/chip_deal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

#define STREAM_DEAL 0x64u
#define PASSES 50 /* of exchanges, at most */

typedef struct dealer {
    const mhoi_deal *d;
    size_t parts;
    double *share; /* [columns]: of a row */
    double *left;  /* [parts][columns]: means less shares */
} dealer;

static size_t rows_of(const mhoi_deal *d, size_t part)
{
    const size_t left = d->rows - part * d->part;
    return left < d->part ? left : d->part;
}

static double square(const double *v, size_t n)
{
    double sum = 0;
    for (size_t c = 0; c < n; c++)
        sum += v[c] * v[c];
    return sum;
}

/* Puts row r into a part, or (sign -1) takes it out. */
static void put(const dealer *k, size_t part, size_t r, double sign)
{
    const size_t n = k->d->columns;
    for (size_t c = 0; c < n; c++)
        k->left[part * n + c] += sign * ((double)k->d->mean[r * n + c] - k->share[c]);
}

static mho_status dealer_create(const mhoi_deal *d, dealer *k)
{
    *k = (dealer){.d = d, .parts = (d->rows + d->part - 1) / d->part};
    mho_status s = mhoi_alloc(&k->share, d->columns, sizeof *k->share, "shares of rows");
    if (!s)
        s = mhoi_alloc(&k->left, k->parts * d->columns, sizeof *k->left, "shares of rows");
    for (size_t c = 0; !s && c < d->columns; c++) {
        for (size_t r = 0; r < d->rows; r++)
            k->share[c] += (double)d->mean[r * d->columns + c];
        k->share[c] /= (double)d->rows;
    }
    return s;
}

static void dealer_free(dealer *k)
{
    mhoi_free(&k->share);
    mhoi_free(&k->left);
}

static double miss_of(dealer *k, const uint32_t *order)
{
    memset(k->left, 0, k->parts * k->d->columns * sizeof *k->left);
    for (size_t l = 0; l < k->d->rows; l++)
        put(k, l / k->d->part, order[l], 1);
    return square(k->left, k->parts * k->d->columns);
}

double mhoi_deal_miss(const mhoi_deal *d, const uint32_t *order)
{
    dealer k;
    double miss = 0;
    if (dealer_create(d, &k) == MHO_OK)
        miss = miss_of(&k, order);
    dealer_free(&k);
    return miss;
}

static void at_random(const mhoi_deal *d, uint32_t layer, uint32_t *order)
{
    const mhoi_stream stream = {1, 0, STREAM_DEAL, layer};
    for (size_t l = 0; l < d->rows; l++) {
        uint32_t draw;
        mhoi_rng_u32(&stream, l, 1, &draw);
        const size_t j = (size_t)(((uint64_t)draw * (l + 1)) >> 32);
        order[l] = order[j];
        order[j] = (uint32_t)l;
    }
}

typedef struct keyed {
    double key;
    uint32_t row;
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* The part that has the smallest share of its rows; of equal ones the first or, every other round, the last. */
static size_t next_part(const mhoi_deal *d, size_t parts, const size_t *used, size_t i)
{
    size_t best = parts;
    for (size_t at = 0; at < parts; at++) {
        const size_t part = i / parts % 2 ? parts - 1 - at : at;
        if (best == parts ||
            (used[part] + 1) * rows_of(d, best) < (used[best] + 1) * rows_of(d, part))
            best = part;
    }
    return best;
}

/* By their means over all columns, one to each part in turn, to and fro. */
static mho_status snake(const mhoi_deal *d, size_t parts, uint32_t *order)
{
    keyed *row = NULL;
    size_t *used = NULL;
    mho_status s = mhoi_alloc(&row, d->rows, sizeof *row, "rows");
    if (!s)
        s = mhoi_alloc(&used, parts, sizeof *used, "rows");
    for (size_t r = 0; !s && r < d->rows; r++) {
        row[r].row = (uint32_t)r;
        for (size_t c = 0; c < d->columns; c++)
            row[r].key += (double)d->mean[r * d->columns + c];
    }
    if (!s)
        qsort(row, d->rows, sizeof *row, by_key);
    for (size_t i = 0; !s && i < d->rows; i++) {
        const size_t part = next_part(d, parts, used, i);
        order[part * d->part + used[part]++] = row[i].row;
    }
    mhoi_free(&row);
    mhoi_free(&used);
    return s;
}

/* What the miss changes by if the rows on word lines a and b change places. */
static double change(const dealer *k, const uint32_t *order, size_t a, size_t b)
{
    const size_t n = k->d->columns;
    const double *from = k->left + a / k->d->part * n, *to = k->left + b / k->d->part * n;
    const float *x = k->d->mean + order[a] * n, *y = k->d->mean + order[b] * n;
    double sum = 0;
    for (size_t c = 0; c < n; c++) {
        const double d = (double)(y[c] - x[c]);
        sum += 2 * d * (from[c] - to[c]) + 2 * d * d;
    }
    return sum;
}

/* Rows change places as long as that brings the parts nearer to their shares. */
static void exchange(dealer *k, uint32_t *order)
{
    const size_t rows = k->d->rows, part = k->d->part;
    const double least = 1e-9 * miss_of(k, order);
    bool better = true;
    for (size_t pass = 0; better && pass < PASSES; pass++) {
        better = false;
        for (size_t a = 0; a < rows; a++)
            for (size_t b = (a / part + 1) * part; b < rows; b++) {
                if (change(k, order, a, b) >= -least)
                    continue;
                const uint32_t row = order[a];
                put(k, a / part, row, -1);
                put(k, a / part, order[b], 1);
                put(k, b / part, order[b], -1);
                put(k, b / part, row, 1);
                order[a] = order[b];
                order[b] = row;
                better = true;
            }
    }
}

/* All deals, but one of those that differ by the names of parts of equal size: row after row goes into each part that
 * has rows already, and into the first one of its size that has none. */
typedef struct trial {
    dealer *k;
    size_t used[MHOI_DEAL_EXACT_ROWS], part_of[MHOI_DEAL_EXACT_ROWS];
    size_t best_of[MHOI_DEAL_EXACT_ROWS];
    double best;
} trial;

static void try_row(trial *t, size_t r)
{
    dealer *k = t->k;
    if (r == k->d->rows) {
        const double miss = square(k->left, k->parts * k->d->columns);
        if (t->best < 0 || miss < t->best) {
            t->best = miss;
            memcpy(t->best_of, t->part_of, sizeof t->best_of);
        }
        return;
    }
    size_t empty = 0; /* rows that the last part without rows takes */
    for (size_t part = 0; part < k->parts; part++) {
        const size_t room = rows_of(k->d, part);
        if (t->used[part] == room || (!t->used[part] && room == empty))
            continue;
        empty = t->used[part] ? empty : room;
        t->used[part]++;
        t->part_of[r] = part;
        put(k, part, r, 1);
        try_row(t, r + 1);
        put(k, part, r, -1);
        t->used[part]--;
    }
}

static mho_status exact(dealer *k, uint32_t *order)
{
    trial t = {.k = k, .best = -1};
    size_t at[MHOI_DEAL_EXACT_ROWS] = {0};
    if (k->d->rows > MHOI_DEAL_EXACT_ROWS)
        return mho_error(MHO_EDOMAIN,
                         "output.deal = exact of %zu rows, want at most %d: exchange comes near",
                         k->d->rows, MHOI_DEAL_EXACT_ROWS);
    memset(k->left, 0, k->parts * k->d->columns * sizeof *k->left);
    try_row(&t, 0);
    for (size_t r = 0; r < k->d->rows; r++)
        order[t.best_of[r] * k->d->part + at[t.best_of[r]]++] = (uint32_t)r;
    return MHO_OK;
}

mho_status mhoi_deal_rows(const mhoi_deal *d, mho_deal how, uint32_t layer, uint32_t *order)
{
    dealer k;
    for (size_t l = 0; l < d->rows; l++)
        order[l] = (uint32_t)l;
    mho_status s = dealer_create(d, &k);
    if (!s && how == MHO_DEAL_RANDOM)
        at_random(d, layer, order);
    else if (!s && how == MHO_DEAL_EXACT)
        s = exact(&k, order);
    else if (!s && how != MHO_DEAL_NONE)
        s = snake(d, k.parts, order);
    if (!s && how == MHO_DEAL_EXCHANGE)
        exchange(&k, order);
    dealer_free(&k);
    return s;
}
