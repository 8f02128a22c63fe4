/* SPDX-License-Identifier: Apache-2.0 */
/* The kind of a picture by its first bytes; PGM and PPM, binary and plain, are read here. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "picture_impl.h"

#define NUMBER_MAX ((size_t)1 << 20)

typedef struct reader {
    const char *path, *begin, *at, *end;
} reader;

/* Blanks, and comments up to the end of their line. */
static void skip(reader *r)
{
    while (r->at < r->end && (isspace((unsigned char)*r->at) || *r->at == '#')) {
        if (*r->at == '#')
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        else
            r->at++;
    }
}

static mho_status read_number(reader *r, size_t *out)
{
    skip(r);
    *out = 0;
    const char *from = r->at;
    for (; r->at < r->end && isdigit((unsigned char)*r->at) && *out <= NUMBER_MAX; r->at++)
        *out = 10 * *out + (size_t)(*r->at - '0');
    if (r->at == from || *out > NUMBER_MAX)
        return mho_error(MHO_EFORMAT, "%s: %s at byte %zu", r->path,
                         from == r->end ? "truncated: a number is missing" : "not a number",
                         (size_t)(from - r->begin));
    return MHO_OK;
}

static mho_status read_plain(reader *r, size_t samples, uint8_t *out)
{
    for (size_t i = 0; i < samples; i++) {
        size_t v = 0;
        mho_status s = read_number(r, &v);
        if (s == MHO_OK && v > 255)
            s = mho_error(MHO_EFORMAT, "%s: sample %zu is %zu, want 0..255", r->path, i, v);
        if (s != MHO_OK)
            return s;
        out[i] = (uint8_t)v;
    }
    return MHO_OK;
}

static mho_status read_samples(reader *r, bool plain, const mhoi_picture *out)
{
    const size_t samples = out->c * out->h * out->w, left = (size_t)(r->end - r->at);
    if (plain)
        return read_plain(r, samples, out->sample);
    if (left < samples + 1)
        return mho_error(MHO_EFORMAT, "%s: truncated: %zu bytes of pixels, want %zu", r->path,
                         left ? left - 1 : 0, samples);
    memcpy(out->sample, r->at + 1, samples); /* behind one blank */
    return MHO_OK;
}

static mho_status parse_pnm(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    reader r = {path, bytes, bytes + 2, bytes + size};
    size_t most = 0;
    const bool plain = bytes[1] < '4';
    out->c = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
    mho_status s = read_number(&r, &out->w);
    if (s == MHO_OK)
        s = read_number(&r, &out->h);
    if (s == MHO_OK)
        s = read_number(&r, &most);
    if (s == MHO_OK && most != 255)
        s = mho_error(MHO_ENOTMODELED, "%s: samples of 0..%zu, want 0..255", path, most);
    if (s == MHO_OK)
        s = mhoi_picture_alloc(path, size, 1, out);
    return s == MHO_OK ? read_samples(&r, plain, out) : s;
}

static bool begins(const char *bytes, size_t size, const char *with, size_t n)
{
    return size >= n && memcmp(bytes, with, n) == 0;
}

/* What other kinds are called. */
static const char *kind_of(const char *bytes, size_t size)
{
    static const struct {
        const char *name, *with;
        size_t at, n;
    } kinds[] = {
        {"a GIF picture", "GIF8", 0, 4},         {"a TIFF picture", "II*\0", 0, 4},
        {"a TIFF picture", "MM\0*", 0, 4},       {"a WebP picture", "WEBP", 8, 4},
        {"a JPEG 2000 picture", "jP  ", 4, 4},   {"a JPEG 2000 picture", "\xff\x4f\xff", 0, 3},
        {"a HEIF or AVIF picture", "ftyp", 4, 4}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (size > kinds[k].at &&
            begins(bytes + kinds[k].at, size - kinds[k].at, kinds[k].with, kinds[k].n))
            return kinds[k].name;
    return size ? "not a picture" : "an empty file";
}

mho_status mhoi_picture_parse(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    mho_status s;
    *out = (mhoi_picture){.sample = NULL};
    if (begins(bytes, size, "\x89PNG\r\n\x1a\n", 8))
        s = mhoi_picture_png(path, bytes, size, out);
    else if (begins(bytes, size, "\xff\xd8\xff", 3))
        s = mhoi_picture_jpeg(path, bytes, size, out);
    else if (size > 2 && bytes[0] == 'P' && strchr("2356", bytes[1]) && bytes[1])
        s = parse_pnm(path, bytes, size, out);
    else if (begins(bytes, size, "BM", 2))
        s = mhoi_picture_bmp(path, bytes, size, out);
    else
        s = mho_error(MHO_EFORMAT, "%s: %s, want PNG, JPEG, PGM, PPM or BMP", path,
                      kind_of(bytes, size));
    if (s != MHO_OK)
        mhoi_free(&out->sample);
    return s;
}
