/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON (RFC 8259).  Integers keep all 64 bits; keys that stand twice are refused, and so is a zero byte
 * within a text, which C could not hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "base/json_impl.h"
#include "base/parallel.h"

enum { DEPTH_MAX = 512, POLL = 4096 };

typedef struct reader {
    const char *at, *end, *line_start, *place;
    uint32_t line;
    size_t depth, values;
} reader;

static mho_status wrong(const reader *r, const char *what)
{
    return mho_error(MHO_EFORMAT, "%s:%u:%zu: %s", r->place, r->line,
                     (size_t)(r->at - r->line_start) + 1, what);
}

static char next(const reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static void skip_blanks(reader *r)
{
    for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
        if (*r->at == '\n') {
            r->line++;
            r->line_start = r->at + 1;
        }
}

static bool take(reader *r, char c)
{
    skip_blanks(r);
    const bool there = r->at < r->end && *r->at == c;
    r->at += there;
    return there;
}

/* --- texts ----------------------------------------------------------------------------------------- */

static mho_status hex4(reader *r, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        const char *digits = "0123456789abcdef", lower = (char)(next(r) | 0x20);
        const char *digit = next(r) ? strchr(digits, lower) : NULL;
        if (!digit || (lower != next(r) && (next(r) < 'A' || next(r) > 'F')))
            return wrong(r, "want four hexadecimal digits");
        *code = *code << 4 | (unsigned)(digit - digits);
    }
    return MHO_OK;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (char)((0xff00u >> (more + 1) & 0xffu) | code >> (6 * more));
    for (int i = more - 1; i >= 0; i--)
        *to++ = (char)(0x80u | (code >> (6 * i) & 0x3fu));
    return to;
}

/* After \u: one code, or two that make a pair of surrogates. */
static mho_status unicode(reader *r, char **to)
{
    unsigned code, low = 0;
    mho_status s = hex4(r, &code);
    if (!s && code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 2 && !memcmp(r->at, "\\u", 2)) {
        r->at += 2;
        s = hex4(r, &low);
        if (!s && low >= 0xdc00 && low < 0xe000)
            code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
    }
    if (!s && (code == 0 || (code >= 0xd800 && code < 0xe000)))
        s = wrong(r, "no character has this code");
    if (!s)
        *to = put_utf8(*to, code);
    return s;
}

static mho_status escape(reader *r, char **to)
{
    static const char letter[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char c = next(r);
    const char *at = c ? strchr(letter, c) : NULL;
    if (!at && c != 'u')
        return wrong(r, "want one of \" \\ / b f n r t u after a backslash");
    r->at++;
    if (c == 'u')
        return unicode(r, to);
    *(*to)++ = meant[at - letter];
    return MHO_OK;
}

/* r is at the opening quote.  Unescaping never makes a text longer. */
static mho_status read_text(reader *r, char **out)
{
    const char *close = r->at + 1;
    while (close < r->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= r->end)
        return wrong(r, "a text without its closing quote");
    mho_status s = mhoi_alloc(out, (size_t)(close - r->at), 1, "JSON text");
    char *to = *out;
    for (r->at++; !s && r->at < close;) {
        if ((unsigned char)*r->at < 0x20)
            s = wrong(r, "a control character within a text");
        else if (*r->at != '\\')
            *to++ = *r->at++;
        else if (r->at++, true)
            s = escape(r, &to);
    }
    if (!s && !mhoi_json_is_utf8(*out, (size_t)(to - *out)))
        s = wrong(r, "a text that is not UTF-8");
    if (s)
        mhoi_free(out);
    r->at = s ? r->at : close + 1;
    return s;
}

/* --- numbers --------------------------------------------------------------------------------------- */

static const char *skip_digits(const reader *r, const char *p)
{
    while (p < r->end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The end of the number at r->at; NULL if that is none.  *whole: neither point nor exponent. */
static const char *number_end(const reader *r, bool *whole)
{
    const char *start = r->at + (next(r) == '-'), *p = skip_digits(r, start), *from;
    if (p == start || (*start == '0' && p - start > 1))
        return NULL;
    *whole = true;
    if (p < r->end && *p == '.') {
        *whole = false;
        from = p + 1;
        p = skip_digits(r, from);
        if (p == from)
            return NULL;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        *whole = false;
        from = p + 1 + (p + 1 < r->end && (p[1] == '+' || p[1] == '-'));
        p = skip_digits(r, from);
        if (p == from)
            return NULL;
    }
    return p;
}

/* False if it does not fit 64 bits. */
static bool read_integer(const char *text, const char *end, mho_json *v)
{
    const bool negative = *text == '-';
    uint64_t sum = 0;
    for (const char *p = text + negative; p < end; p++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
            return false;
    if (negative && (sum == 0 || sum > (uint64_t)INT64_MAX + 1)) /* -0 is a number */
        return false;
    v->kind = MHO_JSON_INTEGER;
    v->negative = negative;
    v->of.whole = negative ? 0 - sum : sum;
    return true;
}

static mho_status read_number(reader *r, mho_json *v)
{
    char *copy = NULL;
    bool whole;
    const char *end = number_end(r, &whole);
    if (!end)
        return wrong(r, "want a value");
    if (!whole || !read_integer(r->at, end, v)) {
        mho_status s = mhoi_json_copy(r->at, (size_t)(end - r->at), &copy);
        if (s)
            return s;
        v->kind = MHO_JSON_NUMBER;
        v->of.real = mhoi_decimal_read(copy, NULL);
        mhoi_free(&copy);
        if (!isfinite(v->of.real))
            return wrong(r, "a number beyond double precision");
    }
    r->at = end;
    return MHO_OK;
}

/* --- values ---------------------------------------------------------------------------------------- */

static mho_status read_value(reader *r, mho_json **out);

static mho_status read_array(reader *r, mho_json *v)
{
    mho_status s = MHO_OK;
    if (take(r, ']'))
        return s;
    do {
        mho_json *item = NULL;
        s = read_value(r, &item);
        if (!s)
            s = mhoi_json_append(v, NULL, item);
        if (s)
            return s;
    } while (take(r, ','));
    return take(r, ']') ? MHO_OK : wrong(r, "want , or ] after an item");
}

static mho_status read_member(reader *r, mho_json *v)
{
    char *key = NULL;
    mho_json *value = NULL;
    skip_blanks(r);
    mho_status s = next(r) == '"' ? read_text(r, &key) : wrong(r, "want a key in quotes");
    if (!s && !take(r, ':'))
        s = wrong(r, "want : after a key");
    if (!s)
        s = read_value(r, &value);
    if (!s)
        return mhoi_json_append(v, key, value);
    mhoi_free(&key);
    return s;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static mho_status refuse_twins(const reader *r, const mho_json *v)
{
    char **sorted;
    mho_status s = mhoi_alloc(&sorted, v->count, sizeof *sorted, "JSON keys");
    if (s || !v->count)
        return s;
    memcpy(sorted, v->key, v->count * sizeof *sorted);
    qsort(sorted, v->count, sizeof *sorted, compare_keys);
    for (size_t i = 1; !s && i < v->count; i++)
        if (!strcmp(sorted[i - 1], sorted[i]))
            s = mho_error(MHO_EFORMAT, "%s:%u: \"%.200s\" stands twice in one object", r->place,
                          v->line, sorted[i]);
    mhoi_free(&sorted);
    return s;
}

static mho_status read_object(reader *r, mho_json *v)
{
    mho_status s = MHO_OK;
    if (take(r, '}'))
        return s;
    do {
        s = read_member(r, v);
        if (s)
            return s;
    } while (take(r, ','));
    return take(r, '}') ? refuse_twins(r, v) : wrong(r, "want , or } after a member");
}

static mho_status read_word(reader *r, mho_json *v)
{
    static const char *const word[] = {"null", "true", "false"};
    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(word[i]);
        if ((size_t)(r->end - r->at) < n || memcmp(r->at, word[i], n) != 0)
            continue;
        v->kind = i ? MHO_JSON_BOOL : MHO_JSON_NULL;
        v->of.yes = i == 1;
        r->at += n;
        return MHO_OK;
    }
    return wrong(r, "want a value");
}

static mho_status read_into(reader *r, mho_json *v)
{
    mho_status s;
    switch (next(r)) {
    case '{':
    case '[':
        if (r->depth == DEPTH_MAX)
            return wrong(r, "more than 512 levels");
        r->depth++;
        v->kind = *r->at++ == '{' ? MHO_JSON_OBJECT : MHO_JSON_ARRAY;
        s = v->kind == MHO_JSON_OBJECT ? read_object(r, v) : read_array(r, v);
        r->depth--;
        return s;
    case '"':
        s = read_text(r, &v->of.text);
        v->kind = s ? MHO_JSON_NULL : MHO_JSON_TEXT;
        return s;
    case 'n':
    case 't':
    case 'f':
        return read_word(r, v);
    default:
        return read_number(r, v);
    }
}

static mho_status read_value(reader *r, mho_json **out)
{
    mho_status s = r->values++ % POLL == 0 ? mhoi_interruption() : MHO_OK;
    if (s)
        return s;
    skip_blanks(r);
    if (r->at == r->end)
        return wrong(r, "the text ends where a value is wanted");
    *out = mhoi_json_make(MHO_JSON_NULL);
    if (!*out)
        return MHO_ENOMEM;
    (*out)->place = r->place;
    (*out)->line = r->line;
    s = read_into(r, *out);
    if (s) {
        mho_json_destroy(*out);
        *out = NULL;
    }
    return s;
}

mho_status mho_json_parse(const char *text, size_t size, const char *place, mho_json **out)
{
    char *source;
    *out = NULL;
    mho_status s = mhoi_json_copy(place, strlen(place), &source);
    if (s)
        return s;
    reader r = {.at = text, .end = text + size, .line_start = text, .place = source, .line = 1};
    s = read_value(&r, out);
    skip_blanks(&r);
    if (!s && r.at < r.end)
        s = wrong(&r, "more than one value");
    if (s) {
        mho_json_destroy(*out);
        *out = NULL;
        mhoi_free(&source);
        return s;
    }
    (*out)->source = source;
    return MHO_OK;
}

mho_status mho_json_open(const char *path, mho_json **out)
{
    char *bytes;
    size_t size;
    *out = NULL;
    mho_status s = mhoi_file_read(path, MHOI_TEXT_MAX, &bytes, &size);
    if (!s)
        s = mho_json_parse(bytes, size, path, out);
    mhoi_free(&bytes);
    return s;
}
