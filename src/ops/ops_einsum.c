/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum: the sum over all letters that the result does not have, of the product of the operands. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"

#define TERMS 8
#define LETTERS (2 * MHOI_RANK_MAX)

typedef struct einsum {
    size_t terms, letters, free_letters; /* letters of the result come first */
    size_t size[LETTERS];
    size_t stride[TERMS][LETTERS]; /* of each operand along each letter */
    char letter[LETTERS];
    size_t ellipsis; /* axes that ... stands for: the letters '0', '1', ... */
} einsum;

/* A term as letters, one an axis: ... becomes '0', '1', the last `axes` of them. */
static mho_status expand(const char *term, size_t length, size_t ellipsis, size_t axes, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (term[i] == ' ')
            continue;
        const bool dots = length - i >= 3 && strncmp(term + i, "...", 3) == 0;
        for (size_t k = 0; dots && k < axes && n < MHOI_RANK_MAX; k++)
            out[n++] = (char)('0' + (ellipsis - axes + k));
        const char c = term[i];
        if (!dots && !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return mho_error(MHO_EFORMAT, "'%c' in the equation", c);
        if (!dots && n == MHOI_RANK_MAX)
            return mho_error(MHO_EFORMAT, "a term of more than %zu letters", MHOI_RANK_MAX);
        if (!dots)
            out[n++] = c;
        i += dots ? 2 : 0;
    }
    out[n] = 0;
    return MHO_OK;
}

static size_t count_letters(const char *term, size_t length, bool *dots)
{
    size_t n = 0;
    *dots = false;
    for (size_t i = 0; i < length; i++) {
        *dots = *dots || term[i] == '.';
        n += term[i] != '.' && term[i] != ' ';
    }
    return n;
}

static size_t add_letter(einsum *e, char c)
{
    size_t k = 0;
    while (k < e->letters && e->letter[k] != c)
        k++;
    if (k == e->letters && k < LETTERS) {
        e->letter[k] = c;
        e->size[k] = 0;
        e->letters++;
    }
    return k;
}

static mho_status add_operand(einsum *e, size_t t, const mho_array *a, const char *letters)
{
    size_t own[MHOI_RANK_MAX];
    mhoi_array_strides(a, own);
    if (strlen(letters) != a->rank)
        return mho_error(MHO_EFORMAT, "term '%s' of %zu dimensions", letters, a->rank);
    for (size_t k = 0; k < a->rank; k++) {
        const size_t at = add_letter(e, letters[k]);
        if (at >= LETTERS)
            return mho_error(MHO_ENOTMODELED, "more than %zu letters", LETTERS);
        const bool repeated = a->size[k] == 1 && letters[k] <= '9';
        if (e->size[at] > 1 && a->size[k] != e->size[at] && !repeated &&
            !(e->size[at] == 1 && letters[k] <= '9'))
            return mho_error(MHO_EFORMAT, "'%c' is %zu and %zu", letters[k], e->size[at],
                             a->size[k]);
        e->size[at] = e->size[at] > a->size[k] ? e->size[at] : a->size[k];
        e->stride[t][at] += repeated ? 0 : own[k];
    }
    return MHO_OK;
}

/* The letters that stand once, in order, behind those of ...: the result of an equation without an arrow. */
static void implied(char terms[][MHOI_RANK_MAX + 1], size_t count, size_t ellipsis, char *out)
{
    size_t n = 0;
    for (size_t k = 0; k < ellipsis && n < MHOI_RANK_MAX; k++)
        out[n++] = (char)('0' + k);
    for (int c = 'A'; c <= 'z' && n < MHOI_RANK_MAX; c++) {
        size_t seen = 0;
        for (size_t t = 0; t < count; t++)
            for (const char *p = terms[t]; *p; p++)
                seen += *p == c;
        if (seen == 1)
            out[n++] = (char)c;
    }
    out[n] = 0;
}

static mho_status parse_terms(const mhoi_call *c, einsum *e, char terms[][MHOI_RANK_MAX + 1],
                              const char **arrow)
{
    const char *at = mhoi_attr_text(c->op, "equation", "");
    *arrow = strstr(at, "->");
    const char *const end = *arrow ? *arrow : at + strlen(at);
    mho_status s = MHO_OK;
    for (int pass = 0; !s && pass < 2; pass++) {
        const char *term = at;
        for (size_t t = 0; !s && t < c->inputs; t++) {
            size_t length = 0;
            bool dots;
            while (term + length < end && term[length] != ',')
                length++;
            const size_t named = count_letters(term, length, &dots);
            const size_t axes = dots && c->in[t]->rank >= named ? c->in[t]->rank - named : 0;
            if (pass == 0)
                e->ellipsis = axes > e->ellipsis ? axes : e->ellipsis;
            else
                s = expand(term, length, e->ellipsis, axes, terms[t]);
            term += length + (term + length < end);
        }
        if (term != end)
            s = mho_error(MHO_EFORMAT, "the equation has not %zu terms", c->inputs);
    }
    return s;
}

static mho_status einsum_of(const mhoi_call *c, einsum *e)
{
    char terms[TERMS][MHOI_RANK_MAX + 1], result[MHOI_RANK_MAX + 1];
    const char *arrow;
    *e = (einsum){.terms = c->inputs};
    for (size_t t = 0; t < c->inputs; t++)
        if (!c->in[t] || c->in[t]->type != c->in[0]->type)
            return mho_error(MHO_EFORMAT, "operands of several types");
    mho_status s = parse_terms(c, e, terms, &arrow);
    if (!s && arrow)
        s = expand(arrow + 2, strlen(arrow + 2), e->ellipsis, e->ellipsis, result);
    else if (!s)
        implied(terms, c->inputs, e->ellipsis, result);
    for (const char *p = result; !s && *p; p++)
        if (add_letter(e, *p) + 1 != e->letters)
            s = mho_error(MHO_EFORMAT, "'%c' stands twice in the result", *p);
    e->free_letters = e->letters;
    for (size_t t = 0; !s && t < c->inputs; t++)
        s = add_operand(e, t, c->in[t], terms[t]);
    for (size_t k = 0; !s && k < e->free_letters; k++)
        if (e->size[k] == 0 && c->in[0]->count)
            s = mho_error(MHO_EFORMAT, "'%c' is in no term", e->letter[k]);
    return s;
}

static mho_status einsum_shape(mhoi_call *c)
{
    einsum e;
    mho_status s = einsum_of(c, &e);
    return s ? s : mhoi_out(c, 0, c->in[0]->type, e.free_letters, e.size);
}

static mho_status einsum_run(mhoi_call *c)
{
    einsum e;
    double *x[TERMS] = {NULL};
    size_t index[LETTERS] = {0};
    mho_status s = einsum_of(c, &e);
    for (size_t t = 0; !s && t < c->inputs; t++)
        s = mhoi_doubles(c->in[t], &x[t]);
    const size_t summed = s ? 0 : e.letters - e.free_letters;
    for (size_t i = 0; !s && i < c->out->count; i++) {
        double sum = 0;
        do {
            double product = 1;
            for (size_t t = 0; t < e.terms; t++)
                product *= x[t][mhoi_offset(e.letters, index, e.stride[t])];
            sum += product;
        } while (mhoi_next(summed, e.size + e.free_letters, index + e.free_letters));
        mhoi_array_set_reals(c->out, i, 1, &sum);
        (void)mhoi_next(e.free_letters, e.size, index);
    }
    for (size_t t = 0; t < TERMS; t++)
        mhoi_free(&x[t]);
    return s;
}

const mhoi_operator mhoi_ops_einsum[] = {
    {"Einsum", "", 1, TERMS, 1, "equation ", einsum_shape, einsum_run}, {0}};
