/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look like bytes: a network that says what it makes of bytes is given 0..255 as they are. */
#include <stdio.h>

#include "mho/data.h"

static bool like_bytes(const mho_input *in, const float *value, size_t n)
{
    float high = 0;
    if (!value || in->values || !in->stated || in->channels || in->low != 0 || in->high != 0)
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
