/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures inside a network: the bytes of a file become pixels, [h][w][c], and pixels a file. */
#include <string.h>

#include "base/alloc.h"
#include "ops/ops_impl.h"
#include "picture/picture.h"

#define VENDOR "com.microsoft.extensions"

typedef enum pixels { RGB, BGR, GREY } pixels;

static mho_status pixels_of(const mhoi_call *c, pixels *out)
{
    static const char *const names[] = {[RGB] = "RGB", [BGR] = "BGR", [GREY] = "Grayscale"};
    const char *text = mhoi_attr_text(c->op, "pixel_format", c->op->domain[0] ? "BGR" : "RGB");
    for (*out = RGB; *out <= GREY; ++*out)
        if (strcmp(names[*out], text) == 0)
            return MHO_OK;
    return mho_error(MHO_EFORMAT, "pixel_format %s, want RGB, BGR or Grayscale", text);
}

static mho_status decode(const mhoi_call *c, mhoi_picture *out)
{
    *out = (mhoi_picture){.sample = NULL};
    mho_status s = mhoi_need_known(c, 0);
    if (!s && (c->in[0]->rank != 1 || c->in[0]->type != MHO_TYPE_UINT8))
        s = mho_error(MHO_EFORMAT, "want the bytes of a file, uint8 of one dimension");
    return s ? s : mhoi_picture_parse("the picture", c->in[0]->data, c->in[0]->count, out);
}

/* The size of what is encoded is known when it has been decoded only; so it is here, and again to run. */
static mho_status decoder_shape(mhoi_call *c)
{
    pixels kind;
    mhoi_picture p = {.sample = NULL};
    mho_status s = pixels_of(c, &kind);
    if (!s)
        s = decode(c, &p);
    if (!s)
        s = mhoi_out(c, 0, MHO_TYPE_UINT8, 3, (const size_t[]){p.h, p.w, kind == GREY ? 1 : 3});
    mhoi_free(&p.sample);
    return s;
}

/* Luma of ITU-R 601 in parts of 2^16, halves up. */
static uint8_t grey(const uint8_t *rgb)
{
    return (uint8_t)((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 0x8000U) >> 16);
}

static mho_status decoder_run(mhoi_call *c)
{
    pixels kind;
    mhoi_picture p;
    mho_status s = pixels_of(c, &kind);
    if (!s)
        s = decode(c, &p);
    uint8_t *to = c->out->data;
    for (size_t i = 0; !s && i < p.h * p.w; i++) {
        const uint8_t *from = p.sample + i * p.c;
        if (kind == GREY)
            *to++ = p.c == 1 ? *from : grey(from);
        else
            for (size_t k = 0; k < 3; k++)
                *to++ = from[p.c == 1 ? 0 : kind == RGB ? k : 2 - k];
    }
    if (!s)
        mhoi_free(&p.sample);
    return s;
}

/* A PNG of pixels [h][w][blue, green, red]. */
static mho_status encode(const mhoi_call *c, char **bytes, size_t *size)
{
    const mho_array *x = c->in[0];
    const char *format = mhoi_attr_text(c->op, "format", "png");
    *bytes = NULL;
    if (strcmp(format, "png") != 0)
        return mho_error(MHO_ENOTMODELED, "format %s, want png", format);
    if (x->type != MHO_TYPE_UINT8 || x->rank != 3 || x->size[2] != 3)
        return mho_error(MHO_EFORMAT, "want uint8 of h x w x 3 pixels");
    mho_status s = mhoi_need_known(c, 0);
    mhoi_picture p = {.c = 3, .h = x->size[0], .w = x->size[1]};
    if (!s)
        s = mhoi_alloc(&p.sample, x->count ? x->count : 1, 1, c->op->name);
    for (size_t i = 0; !s && i < x->count; i++)
        p.sample[i] = ((const uint8_t *)x->data)[i / 3 * 3 + 2 - i % 3];
    if (!s)
        s = mhoi_picture_write_png("the picture", &p, bytes, size);
    mhoi_free(&p.sample);
    return s;
}

static mho_status encoder_shape(mhoi_call *c)
{
    char *bytes;
    size_t size = 0;
    mho_status s = encode(c, &bytes, &size);
    mhoi_free(&bytes);
    return s ? s : mhoi_out(c, 0, MHO_TYPE_UINT8, 1, &size);
}

static mho_status encoder_run(mhoi_call *c)
{
    char *bytes;
    size_t size = 0;
    mho_status s = encode(c, &bytes, &size);
    if (!s)
        memcpy(c->out->data, bytes, size);
    mhoi_free(&bytes);
    return s;
}

const mhoi_operator mhoi_ops_picture[] = {
    {"ImageDecoder", "", 1, 1, 1, "pixel_format ", decoder_shape, decoder_run},
    {"DecodeImage", VENDOR, 1, 1, 1, "", decoder_shape, decoder_run},
    {"EncodeImage", VENDOR, 1, 1, 1, "format ", encoder_shape, encoder_run},
    {0}};
