/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values: building them and asking them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "base/json_impl.h"

/* --- building -------------------------------------------------------------------------------------- */

mho_json *mhoi_json_make(mho_json_kind kind)
{
    mho_json *v;
    if (mhoi_alloc(&v, 1, sizeof *v, "JSON") == MHO_OK)
        v->kind = kind;
    return v;
}

mho_status mhoi_json_copy(const char *bytes, size_t size, char **out)
{
    mho_status s = mhoi_alloc(out, size + 1, 1, "JSON text");
    if (!s)
        memcpy(*out, bytes, size);
    return s;
}

mho_json *mho_json_object(void)
{
    return mhoi_json_make(MHO_JSON_OBJECT);
}

mho_json *mho_json_array(void)
{
    return mhoi_json_make(MHO_JSON_ARRAY);
}

mho_json *mho_json_number(double value)
{
    mho_json *v = mhoi_json_make(isfinite(value) ? MHO_JSON_NUMBER : MHO_JSON_NULL);
    if (v && isfinite(value))
        v->of.real = value;
    return v;
}

mho_json *mho_json_integer(int64_t value)
{
    mho_json *v = mhoi_json_make(MHO_JSON_INTEGER);
    if (v) {
        v->of.whole = (uint64_t)value;
        v->negative = value < 0;
    }
    return v;
}

mho_json *mho_json_unsigned(uint64_t value)
{
    mho_json *v = mhoi_json_make(MHO_JSON_INTEGER);
    if (v)
        v->of.whole = value;
    return v;
}

mho_json *mho_json_bool(bool value)
{
    mho_json *v = mhoi_json_make(MHO_JSON_BOOL);
    if (v)
        v->of.yes = value;
    return v;
}

/* The length of the UTF-8 character at p with `left` bytes, 0 if there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF. */
static size_t character(const unsigned char *p, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = p[0] < 0x80           ? 1
                     : (p[0] >> 5) == 0x06 ? 2
                     : (p[0] >> 4) == 0x0e ? 3
                     : (p[0] >> 3) == 0x1e ? 4
                                           : 0;
    unsigned code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    return n && code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
}

bool mhoi_json_is_utf8(const char *bytes, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = character((const unsigned char *)bytes + i, size - i);
        if (n == 0)
            return false;
    }
    return true;
}

mho_json *mho_json_text(const char *value)
{
    mho_json *v = mhoi_json_make(value ? MHO_JSON_TEXT : MHO_JSON_NULL);
    if (v && value) {
        const char *text = mhoi_json_is_utf8(value, strlen(value)) ? value : "(not UTF-8)";
        v->status = mhoi_json_copy(text, strlen(text), &v->of.text);
    }
    return v;
}

void mho_json_destroy(mho_json *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->count; i++) {
        mho_json_destroy(v->child[i]);
        if (v->key)
            mhoi_free(&v->key[i]);
    }
    if (v->kind == MHO_JSON_TEXT)
        mhoi_free(&v->of.text);
    mhoi_free(&v->child);
    mhoi_free(&v->key);
    mhoi_free(&v->source);
    mhoi_free(&v);
}

mho_status mho_json_built(const mho_json *v)
{
    const mho_status s = v ? v->status : MHO_ENOMEM;
    return s ? mho_error(s, "JSON: %s", mho_status_text(s)) : MHO_OK;
}

/* Doubles an array of pointers. */
static mho_status grow(void *array, size_t count, size_t room)
{
    void *old, *larger;
    memcpy(&old, array, sizeof old);
    mho_status s = mhoi_alloc(&larger, room, sizeof(void *), "JSON");
    if (s)
        return s;
    if (count)
        memcpy(larger, old, count * sizeof(void *));
    mhoi_free(array);
    memcpy(array, &larger, sizeof larger);
    return MHO_OK;
}

mho_status mhoi_json_append(mho_json *to, char *key, mho_json *v)
{
    mho_status s = MHO_OK;
    if (to->count == to->room) {
        const size_t room = to->room ? 2 * to->room : 4;
        s = grow(&to->child, to->count, room);
        if (!s && key)
            s = grow(&to->key, to->count, room);
        if (!s)
            to->room = room;
    }
    if (s) {
        mhoi_free(&key);
        mho_json_destroy(v);
        return s;
    }
    to->child[to->count] = v;
    if (key)
        to->key[to->count] = key;
    to->count++;
    return MHO_OK;
}

static void fail(mho_json *v, mho_status s)
{
    if (v && v->status == MHO_OK)
        v->status = s;
}

/* Whether v can go below parent, which gets the failure of either; if not, v is freed. */
static bool accept(mho_json *parent, mho_json *v)
{
    fail(parent, v ? v->status : MHO_ENOMEM);
    if (parent && v)
        return true;
    mho_json_destroy(v);
    return false;
}

static size_t find(const mho_json *object, const char *key)
{
    size_t i = 0;
    while (i < object->count && strcmp(object->key[i], key) != 0)
        i++;
    return i;
}

void mho_json_put(mho_json *object, const char *key, mho_json *v)
{
    char *copy;
    if (!accept(object, v))
        return;
    MHO_ASSERT(object->kind == MHO_JSON_OBJECT);
    if (!mhoi_json_is_utf8(key, strlen(key)))
        fail(object, MHO_EDOMAIN);
    const size_t at = find(object, key);
    if (at < object->count) {
        mho_json_destroy(object->child[at]);
        object->child[at] = v;
    } else if (mhoi_json_copy(key, strlen(key), &copy) != MHO_OK) {
        mho_json_destroy(v);
        fail(object, MHO_ENOMEM);
    } else {
        fail(object, mhoi_json_append(object, copy, v));
    }
}

void mho_json_add(mho_json *array, mho_json *v)
{
    if (!accept(array, v))
        return;
    MHO_ASSERT(array->kind == MHO_JSON_ARRAY);
    fail(array, mhoi_json_append(array, NULL, v));
}

/* --- asking ---------------------------------------------------------------------------------------- */

mho_json_kind mho_json_kind_of(const mho_json *v)
{
    return v ? v->kind : MHO_JSON_NULL;
}

size_t mho_json_count(const mho_json *v)
{
    return v ? v->count : 0;
}

const mho_json *mho_json_at(const mho_json *v, size_t i)
{
    return i < mho_json_count(v) ? v->child[i] : NULL;
}

const char *mho_json_key(const mho_json *v, size_t i)
{
    return i < mho_json_count(v) && v->key ? v->key[i] : NULL;
}

const mho_json *mho_json_get(const mho_json *v, const char *key)
{
    return mho_json_kind_of(v) == MHO_JSON_OBJECT ? mho_json_at(v, find(v, key)) : NULL;
}

const char *mho_json_place(const mho_json *v, char text[256])
{
    if (v && v->place)
        (void)snprintf(text, 256, "%.200s:%u", v->place, v->line);
    else
        text[0] = '\0';
    return text;
}

static mho_status refuse(const mho_json *v, const char *what)
{
    char place[256];
    mho_json_place(v, place);
    return mho_error(MHO_EFORMAT, "%s%s%s", place, *place ? ": " : "", what);
}

mho_status mho_json_need(const mho_json *v, const char *key, const mho_json **out)
{
    char what[256];
    *out = mho_json_get(v, key);
    if (*out)
        return MHO_OK;
    (void)snprintf(what, sizeof what, "no \"%.200s\"", key);
    return refuse(v, what);
}

static mho_status other_kind(const mho_json *v, const char *wanted)
{
    static const char *const name[] = {
        [MHO_JSON_NULL] = "null",        [MHO_JSON_BOOL] = "true or false",
        [MHO_JSON_INTEGER] = "a number", [MHO_JSON_NUMBER] = "a number",
        [MHO_JSON_TEXT] = "a text",      [MHO_JSON_ARRAY] = "an array",
        [MHO_JSON_OBJECT] = "an object",
    };
    char what[128];
    (void)snprintf(what, sizeof what, "%s, want %s", v ? name[v->kind] : "nothing", wanted);
    return refuse(v, what);
}

mho_status mho_json_to_number(const mho_json *v, double *out)
{
    const mho_json_kind kind = mho_json_kind_of(v);
    if (kind != MHO_JSON_NUMBER && kind != MHO_JSON_INTEGER)
        return other_kind(v, "a number");
    *out = kind == MHO_JSON_NUMBER ? v->of.real
           : v->negative           ? (double)(int64_t)v->of.whole
                                   : (double)v->of.whole;
    return MHO_OK;
}

mho_status mho_json_to_integer(const mho_json *v, int64_t *out)
{
    if (mho_json_kind_of(v) != MHO_JSON_INTEGER)
        return other_kind(v, "a whole number");
    if (!v->negative && v->of.whole > INT64_MAX)
        return refuse(v, "the number is too large, want at most 9223372036854775807");
    *out = (int64_t)v->of.whole;
    return MHO_OK;
}

mho_status mho_json_to_unsigned(const mho_json *v, uint64_t *out)
{
    if (mho_json_kind_of(v) != MHO_JSON_INTEGER)
        return other_kind(v, "a whole number");
    if (v->negative)
        return refuse(v, "the number is negative, want 0 or more");
    *out = v->of.whole;
    return MHO_OK;
}

mho_status mho_json_to_text(const mho_json *v, const char **out)
{
    if (mho_json_kind_of(v) != MHO_JSON_TEXT)
        return other_kind(v, "a text");
    *out = v->of.text;
    return MHO_OK;
}

mho_status mho_json_to_bool(const mho_json *v, bool *out)
{
    if (mho_json_kind_of(v) != MHO_JSON_BOOL)
        return other_kind(v, "true or false");
    *out = v->of.yes;
    return MHO_OK;
}
