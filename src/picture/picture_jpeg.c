/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG: all of libjpeg.  Its errors come by longjmp; its warnings of damaged data are errors, too: the library would fill
 * up what is missing with grey. */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h wants FILE */
#include <string.h>

#include "base/alloc.h"
#include "picture_impl.h"

#ifndef MHO_JPEG

mho_status mhoi_picture_jpeg(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    (void)bytes;
    (void)size;
    (void)out;
    return mho_error(MHO_ENOTMODELED, "%s: mho was built without libjpeg", path);
}

#else

#include <jpeglib.h>

#define RATIO 5000 /* samples of a byte, at most */

typedef struct trouble {
    struct jpeg_error_mgr base; /* first: libjpeg knows this one alone */
    const char *path;
    jmp_buf back;
} trouble;

static void fail(j_common_ptr jpeg)
{
    trouble *t = (trouble *)(void *)jpeg->err;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    (void)!mho_error(MHO_EFORMAT, "%s: damaged JPEG: %s", t->path, text);
    longjmp(t->back, 1);
}

/* level < 0: data are damaged. */
static void tell(j_common_ptr jpeg, int level)
{
    if (level < 0)
        fail(jpeg);
}

static mho_status read_jpeg(struct jpeg_decompress_struct *jpeg, const char *path,
                            const char *bytes, size_t size, mhoi_picture *out)
{
    jpeg_mem_src(jpeg, (const unsigned char *)bytes, size);
    (void)jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return mho_error(MHO_ENOTMODELED, "%s: %d components a pixel, want grey or colours", path,
                         jpeg->num_components);
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    *out = (mhoi_picture){
        .c = (size_t)jpeg->num_components, .h = jpeg->image_height, .w = jpeg->image_width};
    mho_status s = mhoi_picture_alloc(path, size, RATIO, out);
    if (s != MHO_OK)
        return s;
    (void)jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = out->sample + jpeg->output_scanline * out->w * out->c;
        (void)jpeg_read_scanlines(jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(jpeg);
    return MHO_OK;
}

mho_status mhoi_picture_jpeg(const char *path, const char *bytes, size_t size, mhoi_picture *out)
{
    struct jpeg_decompress_struct jpeg;
    trouble t = {.path = path};
    volatile mho_status s = MHO_EFORMAT;
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = jpeg_std_error(&t.base);
    t.base.error_exit = fail;
    t.base.emit_message = tell;
    if (setjmp(t.back) == 0) {
        jpeg_create_decompress(&jpeg);
        s = read_jpeg(&jpeg, path, bytes, size, out);
    } else {
        s = MHO_EFORMAT;
    }
    jpeg_destroy_decompress(&jpeg);
    return s;
}

#endif
