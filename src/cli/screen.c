/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal as a stream: lines beyond its width go on below, between words, and under the text that they belong to. */
#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

typedef struct terminal {
    FILE *to;
    size_t width;
    char *line; /* so far */
    size_t used, room;
} terminal;

static terminal *current; /* there is one standard output */
static FILE *stream;

size_t cli_width(FILE *out)
{
    const char *columns = getenv("COLUMNS");
    const long told = columns ? strtol(columns, NULL, 10) : 0;
    struct winsize size;
    if (out == stream && current)
        return current->width;
    if (!isatty(fileno(out)))
        return 0;
    if (told > 0)
        return (size_t)told;
    return ioctl(fileno(out), TIOCGWINSZ, &size) ? 80 : size.ws_col;
}

/* Bytes of the character at p, and columns that it takes: none where it is a mark of color. */
static size_t next_char(const char *p, size_t left, size_t *columns)
{
    size_t n = 1;
    *columns = 1;
    if (*p == '\033') {
        while (n < left && p[n] != 'm')
            n++;
        *columns = 0;
        return n < left ? n + 1 : n;
    }
    while (n < left && ((unsigned char)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

static size_t columns_of(const char *text, size_t n)
{
    size_t all = 0, one;
    for (size_t i = 0; i < n; all += one)
        i += next_char(text + i, n - i, &one);
    return all;
}

/* Where lines go on: under the second column of "  name  text", else a little to the right of the first. */
static size_t hang_of(const char *line, size_t n, size_t width)
{
    size_t first = 0, at = 0;
    while (first < n && line[first] == ' ')
        first++;
    for (at = first; at + 1 < n && !(line[at] == ' ' && line[at + 1] == ' ');)
        at++;
    while (at < n && line[at] == ' ')
        at++;
    const size_t second = columns_of(line, at);
    return at < n && second <= width / 2 ? second : first + 2 < width / 2 ? first + 2 : 0;
}

/* Of the text from `at`, which begins at that column, the part that fits: up to a space, or a whole word. */
static size_t part_of(const char *line, size_t at, size_t n, size_t column, size_t width)
{
    size_t end = 0, one;
    for (size_t i = at; i < n;) {
        if (line[i] == ' ' && i > at && line[i - 1] != ' ' && column <= width)
            end = i;
        if (column > width && end)
            return end;
        if (column > width && line[i] == ' ' && i > at)
            return i;
        i += next_char(line + i, n - i, &one);
        column += one;
    }
    return column > width && end ? end : n;
}

static void put_line(const terminal *s, const char *line, size_t n)
{
    if (columns_of(line, n) <= s->width) {
        fwrite(line, 1, n, s->to);
        return;
    }
    const size_t hang = hang_of(line, n, s->width);
    size_t first = 0;
    while (first < n && line[first] == ' ')
        first++;
    fwrite(line, 1, first, s->to);
    for (size_t at = first, column = first; at < n;) {
        const size_t end = part_of(line, at, n, column, s->width);
        fwrite(line + at, 1, end - at, s->to);
        for (at = end; at < n && line[at] == ' ';)
            at++;
        if (at < n)
            fprintf(s->to, "\n%*s", (int)hang, "");
        column = hang;
    }
}

static bool keep(terminal *s, const char *text, size_t n)
{
    if (s->used + n > s->room) {
        const size_t room = 2 * (s->used + n) + 256;
        char *more = realloc(s->line, room);
        if (!more)
            return false;
        s->line = more;
        s->room = room;
    }
    memcpy(s->line + s->used, text, n);
    s->used += n;
    return true;
}

static ssize_t write_text(void *cookie, const char *text, size_t size)
{
    terminal *s = cookie;
    for (size_t i = 0; i < size;) {
        const char *end = memchr(text + i, '\n', size - i);
        const size_t n = end ? (size_t)(end - text) - i : size - i;
        if (!keep(s, text + i, n))
            return 0;
        i += n;
        if (!end)
            break;
        put_line(s, s->line, s->used);
        fputc('\n', s->to);
        s->used = 0;
        i++;
    }
    return ferror(s->to) ? 0 : (ssize_t)size;
}

static int close_screen(void *cookie)
{
    terminal *s = cookie;
    if (s->used)
        put_line(s, s->line, s->used);
    const int failed = fflush(s->to);
    free(s->line);
    free(s);
    current = NULL;
    stream = NULL;
    return failed;
}

FILE *cli_screen_open(FILE *to, size_t width)
{
    terminal *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (terminal){.to = to, .width = width};
    stream =
        fopencookie(s, "w", (cookie_io_functions_t){.write = write_text, .close = close_screen});
    if (!stream) {
        free(s);
        return NULL;
    }
    current = s;
    setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    return stream;
}
