/* SPDX-License-Identifier: Apache-2.0 */
/* JSON results (jansson holds the tree and escapes texts).  Numbers are printed with as few digits as
 * read back to the same double. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/contract.h"
#include "mho/json.h"

struct mho_json {
    json_t *value;
    mho_status status; /* the first failure of this value or one below */
};

static pthread_once_t allocator_once = PTHREAD_ONCE_INIT;
/* jansson's failures do not tell a refused allocation from a text that is not UTF-8; this does. */
static _Thread_local bool refused;

static void *json_alloc(size_t size)
{
    void *memory;
    refused = mhoi_alloc(&memory, size, 1, "JSON") != MHO_OK;
    return memory;
}

static void json_release(void *memory)
{
    mhoi_free(&memory);
}

static void use_our_allocator(void)
{
    json_set_alloc_funcs(json_alloc, json_release);
}

static void start(void)
{
    refused = false;
    (void)pthread_once(&allocator_once, use_our_allocator);
}

/* Takes over value (NULL: it could not be allocated). */
static mho_json *wrap(json_t *value)
{
    mho_json *v;
    if (mhoi_alloc(&v, 1, sizeof *v, "JSON") != MHO_OK) {
        json_decref(value);
        return NULL;
    }
    v->value = value;
    v->status = value ? MHO_OK : MHO_ENOMEM;
    return v;
}

mho_json *mho_json_object(void)
{
    start();
    return wrap(json_object());
}

mho_json *mho_json_array(void)
{
    start();
    return wrap(json_array());
}

mho_json *mho_json_number(double v)
{
    start();
    return wrap(isfinite(v) ? json_real(v) : json_null());
}

mho_json *mho_json_integer(int64_t v)
{
    start();
    return wrap(json_integer(v));
}

mho_json *mho_json_text(const char *v)
{
    start();
    if (!v)
        return wrap(json_null());
    json_t *text = json_string(v);
    return wrap(text || refused ? text : json_string("(not UTF-8)"));
}

mho_json *mho_json_bool(bool v)
{
    start();
    return wrap(json_boolean(v));
}

static void fail(mho_json *v, mho_status s)
{
    if (v && v->status == MHO_OK)
        v->status = s;
}

/* Frees the wrapper and hands its value over to parent, which gets a failure; NULL if there is nothing to
 * put or nowhere to put it. */
static json_t *unwrap(mho_json *v, mho_json *parent)
{
    json_t *value = v ? v->value : NULL;
    fail(parent, v ? v->status : MHO_ENOMEM);
    mhoi_free(&v);
    if (parent && parent->value)
        return value;
    json_decref(value);
    return NULL;
}

void mho_json_put(mho_json *object, const char *key, mho_json *v)
{
    json_t *value = unwrap(v, object);
    if (!value)
        return;
    MHO_ASSERT(json_is_object(object->value));
    start();
    if (json_object_set_new(object->value, key, value) != 0)
        fail(object, refused ? MHO_ENOMEM : MHO_EDOMAIN);
}

void mho_json_add(mho_json *array, mho_json *v)
{
    json_t *value = unwrap(v, array);
    if (!value)
        return;
    MHO_ASSERT(json_is_array(array->value));
    if (json_array_append_new(array->value, value) != 0)
        fail(array, MHO_ENOMEM);
}

void mho_json_destroy(mho_json *v)
{
    if (!v)
        return;
    json_decref(v->value);
    mhoi_free(&v);
}

static void put_real(double v, FILE *out)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    (void)fputs(text, out);
}

static void put_indent(size_t depth, FILE *out)
{
    (void)fputc('\n', out);
    for (size_t i = 0; i < depth; i++)
        (void)fputs("  ", out);
}

/* The stream remembers a refusal; the allocation for escaping a text is reported. */
static mho_status put_value(json_t *v, size_t depth, FILE *out);

static mho_status put_scalar(const json_t *v, FILE *out)
{
    if (json_is_real(v)) {
        put_real(json_real_value(v), out);
        return MHO_OK;
    }
    if (json_dumpf(v, out, JSON_ENCODE_ANY) != 0 && !ferror(out))
        return mho_error(MHO_ENOMEM, "out of memory while writing JSON");
    return MHO_OK;
}

static mho_status put_array(json_t *v, size_t depth, FILE *out)
{
    mho_status s = MHO_OK;
    size_t n = json_array_size(v);
    (void)fputc('[', out);
    for (size_t i = 0; i < n && s == MHO_OK; i++) {
        if (i > 0)
            (void)fputc(',', out);
        put_indent(depth + 1, out);
        s = put_value(json_array_get(v, i), depth + 1, out);
    }
    if (n > 0)
        put_indent(depth, out);
    (void)fputc(']', out);
    return s;
}

static mho_status put_key(const char *key, FILE *out)
{
    json_t *text = json_string(key);
    mho_status s = text ? put_scalar(text, out) : mho_error(MHO_ENOMEM, "out of memory: JSON");
    json_decref(text);
    (void)fputs(": ", out);
    return s;
}

static mho_status put_object(json_t *v, size_t depth, FILE *out)
{
    mho_status s = MHO_OK;
    void *at = json_object_iter(v);
    (void)fputc('{', out);
    for (bool first = true; at && s == MHO_OK; at = json_object_iter_next(v, at), first = false) {
        if (!first)
            (void)fputc(',', out);
        put_indent(depth + 1, out);
        s = put_key(json_object_iter_key(at), out);
        if (s == MHO_OK)
            s = put_value(json_object_iter_value(at), depth + 1, out);
    }
    if (json_object_size(v) > 0)
        put_indent(depth, out);
    (void)fputc('}', out);
    return s;
}

static mho_status put_value(json_t *v, size_t depth, FILE *out)
{
    if (json_is_object(v))
        return put_object(v, depth, out);
    if (json_is_array(v))
        return put_array(v, depth, out);
    return put_scalar(v, out);
}

mho_status mho_json_write(const mho_json *v, FILE *out)
{
    if (!v || v->status == MHO_ENOMEM)
        return mho_error(MHO_ENOMEM, "out of memory while building JSON");
    if (v->status != MHO_OK)
        return mho_error(v->status, "a key of the JSON result is not UTF-8");
    mho_status s = put_value(v->value, 0, out);
    if (s != MHO_OK)
        return s;
    (void)fputc('\n', out);
    errno = 0;
    if (fflush(out) != 0 || ferror(out))
        return mho_error(MHO_EFILE, "cannot write JSON: %s",
                         errno ? strerror(errno) : "an earlier write failed");
    return MHO_OK;
}
