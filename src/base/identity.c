/* SPDX-License-Identifier: Apache-2.0 */
/* Identities as text. */
#include "base/decimal.h"
#include "base/identity.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DIFFERENCES_MAX = 3 };

uint64_t mhoi_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
        hash ^= hash >> 29;
    }
    for (; size; --size, ++p)
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    return hash;
}

bool mhoi_identity_add(char *text, size_t size, const char *key, const char *format, ...)
{
    const size_t used = strlen(text), room = size - used;
    const int head = snprintf(text + used, room, "%s%s=", used ? "; " : "", key);
    bool fits = head > 0 && (size_t)head < room;
    if (fits) {
        char *value = text + used + head;
        const size_t left = room - (size_t)head;
        va_list arguments;
        va_start(arguments, format);
        const int n = mhoi_decimal_vprint(value, left, format, arguments);
        va_end(arguments);
        fits = n >= 0 && (size_t)n < left;
        for (; fits && *value; value++)
            if (*value == ';' || *value == '\n' || *value == '\r')
                *value = '_';
    }
    if (!fits)
        text[used] = 0;
    return fits;
}

bool mhoi_identity_add_id(char *text, size_t size, const char *key, uint64_t hash)
{
    return mhoi_identity_add(text, size, key, "%016" PRIx64, hash);
}

typedef struct item {
    const char *key, *value;
    size_t key_length, length;
} item;

/* Reads one item; returns what follows it, NULL at the end. */
static const char *next_item(const char *text, item *out)
{
    const size_t n = strcspn(text, ";"), k = strcspn(text, "=");
    if (!n || k >= n)
        return NULL;
    *out = (item){.key = text, .key_length = k, .value = text + k + 1, .length = n - k - 1};
    return text[n] ? text + n + 1 + strspn(text + n + 1, " ") : text + n;
}

static bool find(const char *text, const item *wanted, item *out)
{
    while ((text = next_item(text, out)))
        if (out->key_length == wanted->key_length &&
            !memcmp(out->key, wanted->key, wanted->key_length))
            return true;
    return false;
}

static bool equal(const item *a, const item *b)
{
    return a->length == b->length && !memcmp(a->value, b->value, a->length);
}

/* The key as it is told: without _id, and without what it depends on. */
static int told_length(const item *one, bool id)
{
    const size_t n = one->key_length - (id ? 3 : 0);
    const char *cause = memchr(one->key, '<', n);
    return (int)(cause ? (size_t)(cause - one->key) : n);
}

static bool is_id(const item *one)
{
    return one->key_length > 3 && !memcmp(one->key + one->key_length - 3, "_id", 3);
}

/* Whether the item that this hash depends on differs, which tells enough. */
static bool is_caused(const item *one, const char *there, const char *here)
{
    const char *cause = memchr(one->key, '<', one->key_length);
    if (!cause || !is_id(one))
        return false;
    item wanted = {.key = cause + 1}, a, b;
    wanted.key_length = one->key_length - (size_t)(wanted.key - one->key) - 3;
    const bool in_a = find(there, &wanted, &a), in_b = find(here, &wanted, &b);
    return in_a != in_b || (in_a && !equal(&a, &b));
}

/* a is there, b is here; a NULL: it is not told. */
static void tell(const item *there, const item *here, size_t count, char *text, size_t size)
{
    const size_t used = strlen(text);
    const item *one = here ? here : there;
    const char *comma = count ? "; " : "";
    const bool id = is_id(one);
    const int k = told_length(one, id);
    if (count == DIFFERENCES_MAX)
        (void)snprintf(text + used, size - used, "; ...");
    else if (count > DIFFERENCES_MAX)
        return;
    else if (id)
        (void)snprintf(text + used, size - used, "%s%.*s differ%s", comma, k, one->key,
                       k > 0 && one->key[k - 1] == 's' ? "" : "s");
    else
        (void)snprintf(text + used, size - used, "%s%.*s is %.*s there, %.*s here", comma, k,
                       one->key, there ? (int)there->length : 8, there ? there->value : "not told",
                       here ? (int)here->length : 8, here ? here->value : "not told");
}

bool mhoi_identity_same(const char *there, const char *here, char *difference, size_t size)
{
    item a, b;
    size_t count = 0;
    difference[0] = 0;
    for (const char *p = here; (p = next_item(p, &b));) {
        if (*b.key == '@')
            continue;
        const bool told = find(there, &b, &a);
        if ((!told || !equal(&a, &b)) && !is_caused(&b, there, here))
            tell(told ? &a : NULL, &b, count++, difference, size);
    }
    for (const char *p = there; (p = next_item(p, &a));)
        if (*a.key != '@' && !find(here, &a, &b))
            tell(&a, NULL, count++, difference, size);
    return count == 0;
}
