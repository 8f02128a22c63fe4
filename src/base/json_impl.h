/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of JSON values, shared by json.c (building, asking), json_print.c and json_parse.c. */
#ifndef MHO_BASE_JSON_IMPL_H
#define MHO_BASE_JSON_IMPL_H

#include "mho/json.h"

struct mho_json {
    mho_json_kind kind;
    mho_status status; /* the first failure while this value or one below was built */
    union {
        bool yes;
        double real;
        uint64_t whole; /* integers; of negative ones as int64_t */
        char *text;
    } of;
    mho_json **child; /* [count] items, or values of members */
    char **key;       /* [count] of members */
    size_t count, room;
    char *source; /* of the root of what was read: what the text is called */
    const char *place;
    uint32_t line;
    bool negative; /* integer */
};

/* NULL if out of memory. */
mho_json *mhoi_json_make(mho_json_kind kind);
/* Takes over v and key (NULL in an array), also on failure. */
MHO_MUST_CHECK mho_status mhoi_json_append(mho_json *to, char *key, mho_json *v);
MHO_MUST_CHECK mho_status mhoi_json_copy(const char *bytes, size_t size, char **out);
bool mhoi_json_is_utf8(const char *bytes, size_t size);

#endif
