/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as text, kept with results. */
#include <string.h>

#include "cli.h"

static bool is_plain(const char *word)
{
    return *word &&
           word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "-_./,:=+@%")] == 0;
}

/* 'it'\''s' : longest growth of a byte is four. */
static char *quote(const char *word, char *out)
{
    *out++ = '\'';
    for (; *word; word++) {
        if (*word == '\'') {
            for (const char *c = "'\\''"; *c; c++)
                *out++ = *c;
        } else {
            *out++ = *word;
        }
    }
    *out++ = '\'';
    return out;
}

char *cli_command_line(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 0; i < argc; i++)
        size += 4 * strlen(argv[i]) + 3;
    char *text = cli_alloc(size), *out = text;
    for (int i = 0; i < argc; i++) {
        const size_t n = strlen(argv[i]);
        if (i)
            *out++ = ' ';
        if (!is_plain(argv[i])) {
            out = quote(argv[i], out);
            continue;
        }
        memcpy(out, argv[i], n);
        out += n;
    }
    *out = 0;
    return text;
}
