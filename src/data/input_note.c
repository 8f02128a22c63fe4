/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken for granted of numbers that are no bytes: that 0..255 are fed as they are to a network that says what it makes of
 * bytes, or that what is made of bytes is made of them as well. */
#include <stdio.h>

#include "mho/data.h"
#include "net/graph.h"

static bool like_bytes(const mho_input *in, const float *value, size_t n)
{
    float high = 0;
    if (!value || !in->stated || in->channels || in->low != 0 || in->high != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!(value[i] >= 0 && value[i] <= 255))
            return false;
        high = value[i] > high ? value[i] : high;
    }
    return high > 1 && high > 256 * in->scale;
}

bool mho_input_note(const mho_net *net, const float *value, size_t n, char *note)
{
    mho_input in;
    char text[MHO_INPUT_TEXT];
    mho_net_get_input(net, &in);
    *note = '\0';
    if (!like_bytes(&in, value, n))
        return false;
    (void)snprintf(
        note, MHO_INPUT_NOTE,
        "the images are numbers of 0..255 that are no bytes, and are fed as they are; of "
        "bytes the network makes %s: give bytes, or the scale",
        mho_input_text(&in, text));
    return true;
}

bool mho_images_note(const mho_net *net, const mho_images *images, size_t count, char *note)
{
    mho_input in;
    char text[MHO_INPUT_TEXT];
    mho_net_get_input(net, &in);
    *note = '\0';
    if (!images->value)
        return false;
    if (!in.values)
        return mho_input_note(net, images->value,
                              count * images->shape.c * images->shape.h * images->shape.w, note);
    in.scale = in.scale_set ? in.scale : 1;
    if (!in.channels && in.scale == 1)
        return false;
    (void)snprintf(note, MHO_INPUT_NOTE,
                   "the images are numbers that are no bytes, and of them the network makes %s, as "
                   "%s",
                   mhoi_input_text(&in, "value", text),
                   in.values_kept ? "its file says (mho.input_numbers)" : "it was told");
    return true;
}
