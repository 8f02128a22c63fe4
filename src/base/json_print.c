/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as text.  Numbers are printed with as few digits as read back to the same double. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "base/json_impl.h"

typedef struct printed {
    char *text; /* size bytes and a zero */
    size_t size, room;
    mho_status status;
} printed;

static void put(printed *p, const char *bytes, size_t size)
{
    if (p->status != MHO_OK)
        return;
    if (p->size + size >= p->room) {
        const size_t room = 2 * (p->size + size) + 256;
        char *larger;
        p->status = mhoi_alloc(&larger, room, 1, "JSON text");
        if (p->status != MHO_OK)
            return;
        if (p->size)
            memcpy(larger, p->text, p->size);
        mhoi_free(&p->text);
        p->text = larger;
        p->room = room;
    }
    memcpy(p->text + p->size, bytes, size);
    p->size += size;
    p->text[p->size] = '\0';
}

static void put_text(printed *p, const char *text)
{
    put(p, text, strlen(text));
}

static void put_quoted(printed *p, const char *text)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    put_text(p, "\"");
    for (const char *c = text; *c; c++) {
        char code[8] = {*c};
        const char *at = strchr(plain, *c);
        if (at)
            (void)snprintf(code, sizeof code, "\\%c", letter[at - plain]);
        else if ((unsigned char)*c < 0x20)
            (void)snprintf(code, sizeof code, "\\u%04x", (unsigned)*c);
        put_text(p, code);
    }
    put_text(p, "\"");
}

static void put_real(printed *p, double v)
{
    char text[32];
    mhoi_decimal_shortest(text, v);
    put_text(p, text);
}

static void put_integer(printed *p, const mho_json *v)
{
    char text[32];
    if (v->negative)
        (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)v->of.whole);
    else
        (void)snprintf(text, sizeof text, "%" PRIu64, v->of.whole);
    put_text(p, text);
}

static void put_indent(printed *p, size_t depth)
{
    put_text(p, "\n");
    for (size_t i = 0; i < depth; i++)
        put_text(p, "  ");
}

static void put_value(printed *p, const mho_json *v, size_t depth)
{
    const bool object = v->kind == MHO_JSON_OBJECT;
    switch (v->kind) {
    case MHO_JSON_NULL:
        put_text(p, "null");
        return;
    case MHO_JSON_BOOL:
        put_text(p, v->of.yes ? "true" : "false");
        return;
    case MHO_JSON_INTEGER:
        put_integer(p, v);
        return;
    case MHO_JSON_NUMBER:
        put_real(p, v->of.real);
        return;
    case MHO_JSON_TEXT:
        put_quoted(p, v->of.text);
        return;
    case MHO_JSON_ARRAY:
    case MHO_JSON_OBJECT:
        break;
    }
    put_text(p, object ? "{" : "[");
    for (size_t i = 0; i < v->count && p->status == MHO_OK; i++) {
        if (i > 0)
            put_text(p, ",");
        put_indent(p, depth + 1);
        if (object) {
            put_quoted(p, v->key[i]);
            put_text(p, ": ");
        }
        put_value(p, v->child[i], depth + 1);
    }
    if (v->count > 0)
        put_indent(p, depth);
    put_text(p, object ? "}" : "]");
}

static mho_status print(const mho_json *v, printed *p)
{
    *p = (printed){.status = MHO_OK};
    if (!v || v->status == MHO_ENOMEM)
        return mho_error(MHO_ENOMEM, "out of memory while building JSON");
    if (v->status != MHO_OK)
        return mho_error(v->status, "a key of the JSON result is not UTF-8");
    put_value(p, v, 0);
    put_text(p, "\n");
    if (p->status != MHO_OK)
        mhoi_free(&p->text);
    return p->status;
}

mho_status mho_json_print(const mho_json *v, char **text)
{
    printed p;
    mho_status s = print(v, &p);
    *text = p.text;
    return s;
}

void mho_json_text_free(char *text)
{
    mhoi_free(&text);
}

mho_status mho_json_write(const mho_json *v, FILE *out)
{
    printed p;
    mho_status s = print(v, &p);
    if (s)
        return s;
    errno = 0;
    if (fwrite(p.text, 1, p.size, out) != p.size || fflush(out) != 0 || ferror(out))
        s = mho_error(MHO_EFILE, "cannot write JSON: %s",
                      errno ? strerror(errno) : "an earlier write failed");
    mhoi_free(&p.text);
    return s;
}

void mho_number_text(double v, char text[32])
{
    mhoi_decimal_shortest(text, v);
}
