/* SPDX-License-Identifier: Apache-2.0 */
/* Weights are read once a programming, in order: what holds them may be slow, but a chip of large fully connected layers has
 * hundreds of millions of them beside their cells. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "chip/chip_weights.h"

enum { WORD = 64 };

typedef struct extent {
    int16_t low, high;
    bool two; /* low or high, which are opposites */
} extent;

static extent extent_of(const int16_t *m, size_t count)
{
    extent e = {0, 0, true};
    int others = 0;
    for (size_t i = 0; i < count; i++) {
        e.low = m[i] < e.low ? m[i] : e.low;
        e.high = m[i] > e.high ? m[i] : e.high;
    }
    for (size_t i = 0; i < count; i++)
        others |= (m[i] != e.low) & (m[i] != e.high);
    e.two = !others && e.low == -e.high && e.high > 0;
    return e;
}

/* Of so many bits, and one more, which may be read. */
static size_t words_of(size_t count)
{
    return (count + WORD - 1) / WORD + 1;
}

static void pack_bits(const int16_t *m, chip_weights *out)
{
    for (size_t i = 0; i < out->count; i++)
        out->bit[i / WORD] |= (uint64_t)(m[i] > 0) << i % WORD;
}

mho_status mhoi_chip_weights_take(int16_t **m, size_t count, chip_weights *out)
{
    const extent e = extent_of(*m, count);
    mho_status s = MHO_OK;
    *out = (chip_weights){.count = count, .one = e.high};
    if (e.two) {
        s = mhoi_alloc(&out->bit, words_of(count), sizeof *out->bit, "weights");
        if (!s)
            pack_bits(*m, out);
    } else if (e.low >= INT8_MIN && e.high <= INT8_MAX) {
        s = mhoi_alloc(&out->byte, count, 1, "weights");
        for (size_t i = 0; !s && i < count; i++)
            out->byte[i] = (int8_t)(*m)[i];
    } else {
        out->whole = *m;
        *m = NULL;
    }
    mhoi_free(m);
    return s;
}

typedef int32_t four __attribute__((vector_size(16)));

/* What floats of the value 1 are in bits, but for the sign. */
#define ONE 0x3f800000

/* Are all m[count] either one or -one, one above 0? */
static bool are_opposites(const int8_t *m, size_t count, int one)
{
    enum { LOOK = 4096 }; /* others show at once */
    int others = one <= 0;
    for (size_t from = 0; !others && from < count; from += LOOK) {
        const size_t end = count - from < LOOK ? count : from + LOOK;
        for (size_t i = from; i < end; i++)
            others |= (m[i] != one) & (m[i] != -one);
    }
    return !others;
}

mho_status mhoi_chip_weights_take_bytes(int8_t **m, size_t count, chip_weights *out)
{
    const int16_t one = (int16_t)abs((*m)[0]);
    mho_status s = MHO_OK;
    *out = (chip_weights){.count = count, .one = one};
    if (are_opposites(*m, count, one)) {
        s = mhoi_alloc(&out->bit, words_of(count), sizeof *out->bit, "weights");
        for (size_t i = 0; !s && i < count; i++)
            out->bit[i / WORD] |= (uint64_t)((*m)[i] > 0) << i % WORD;
    } else {
        out->byte = *m;
        *m = NULL;
    }
    mhoi_free(m);
    return s;
}

/* Bit k: is w[k] above 0?  others: gathers bits where one is neither 1 nor -1. */
static uint32_t sixteen_signs(const float *w, four *others)
{
    four sum = {0, 0, 0, 0};
    for (int k = 0; k < 4; k++) {
        const four place = {1 << 4 * k, 2 << 4 * k, 4 << 4 * k, 8 << 4 * k};
        four x;
        memcpy(&x, w + 4 * k, sizeof x);
        *others |= (x & INT32_MAX) ^ ONE;
        sum |= (x >= 0) & place;
    }
    return (uint32_t)(sum[0] | sum[1] | sum[2] | sum[3]);
}

mho_status mhoi_chip_weights_signs(const float *w, size_t count, int16_t one, chip_weights *out,
                                   bool *are)
{
    enum { LOOK = 1 << 12 }; /* other weights show at once */
    *out = (chip_weights){.count = count, .one = one};
    const mho_status s = mhoi_alloc(&out->bit, words_of(count), sizeof *out->bit, "weights");
    four others = {0, 0, 0, 0};
    bool signs = s == MHO_OK;
    for (size_t i = 0; signs && i < count; i += WORD) {
        const size_t n = count - i < WORD ? count - i : WORD;
        uint64_t bits = 0;
        size_t k = 0;
        for (; k + 16 <= n; k += 16)
            bits |= (uint64_t)sixteen_signs(w + i + k, &others) << k;
        for (; k < n; k++) {
            others[0] |= fabsf(w[i + k]) != 1;
            bits |= (uint64_t)(w[i + k] > 0) << k;
        }
        out->bit[i / WORD] = bits;
        if (i % LOOK == 0 || count - i <= WORD)
            signs = !(others[0] | others[1] | others[2] | others[3]);
    }
    if (!signs)
        mhoi_chip_weights_free(out);
    *are = signs;
    return s;
}

void mhoi_chip_weights_free(chip_weights *weights)
{
    mhoi_free(&weights->bit);
    mhoi_free(&weights->byte);
    mhoi_free(&weights->whole);
}

/* Sixteen bits from `at` on; those beyond the end are 0. */
static uint32_t sixteen_bits(const chip_weights *weights, size_t at)
{
    const size_t word = at / WORD, shift = at % WORD;
    uint64_t bits = weights->bit[word] >> shift;
    if (shift > WORD - 16 && (word + 1) * WORD < weights->count)
        bits |= weights->bit[word + 1] << (WORD - shift);
    return (uint32_t)(bits & 0xffff);
}

/* Eight weights, or the places of their bits in a byte. */
typedef int16_t eight __attribute__((vector_size(16)));

static void get_bits(const chip_weights *weights, size_t first, size_t n, int16_t *out)
{
    const int16_t one = weights->one;
    const eight place = {1, 2, 4, 8, 16, 32, 64, 128};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const uint32_t bits = sixteen_bits(weights, first + i);
        for (size_t h = 0; h < 2; h++) {
            const int16_t byte = (int16_t)(bits >> 8 * h & 0xff);
            const eight off = ((byte & place) == 0); /* all ones: -one */
            const eight m = (one ^ off) - off;
            memcpy(out + i + 8 * h, &m, sizeof m);
        }
    }
    for (; i < n; i++)
        out[i] = (int16_t)(weights->bit[(first + i) / WORD] >> (first + i) % WORD & 1 ? one : -one);
}

void mhoi_chip_weights_get(const chip_weights *weights, size_t first, size_t n, int16_t *out)
{
    if (weights->whole)
        memcpy(out, weights->whole + first, n * sizeof *out);
    for (size_t i = 0; weights->byte && i < n; i++)
        out[i] = weights->byte[first + i];
    if (weights->bit)
        get_bits(weights, first, n, out);
}

int64_t mhoi_chip_weights_sum(const chip_weights *weights, size_t first, size_t n)
{
    int64_t sum = 0, high = 0;
    if (!weights->bit) {
        for (size_t i = 0; weights->byte && i < n; i++)
            sum += weights->byte[first + i];
        for (size_t i = 0; weights->whole && i < n; i++)
            sum += weights->whole[first + i];
        return sum;
    }
    for (size_t at = first, end = first + n; at < end;) {
        const size_t shift = at % WORD, left = end - at;
        const size_t here = left < WORD - shift ? left : WORD - shift;
        const uint64_t bits = weights->bit[at / WORD] >> shift << (WORD - here);
        high += __builtin_popcountll(bits);
        at += here;
    }
    return (2 * high - (int64_t)n) * weights->one;
}

const void *mhoi_chip_weights_bytes(const chip_weights *weights, size_t *size)
{
    if (weights->bit) {
        *size = (weights->count + WORD - 1) / WORD * sizeof *weights->bit;
        return weights->bit;
    }
    *size = weights->byte ? weights->count : weights->count * sizeof *weights->whole;
    return weights->byte ? (const void *)weights->byte : weights->whole;
}
