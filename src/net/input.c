/* SPDX-License-Identifier: Apache-2.0 */
/* How images become the input of a network. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "net/graph.h"
#include "net/program.h"

void mho_net_get_input(const mho_net *net, mho_input *out)
{
    *out = net->input;
    out->scale = net->input_scale;
    out->bits = net->input_bits;
}

static mho_status check(const mho_input *in)
{
    if (!(in->scale > 0) || !isfinite(in->scale))
        return mho_error(MHO_EDOMAIN, "scale of the input = %g, want more than 0",
                         (double)in->scale);
    if (in->channels > MHO_INPUT_CHANNELS)
        return mho_error(MHO_EDOMAIN, "means of %zu channels, want at most %d", in->channels,
                         MHO_INPUT_CHANNELS);
    for (size_t k = 0; k < in->channels; k++)
        if (!isfinite(in->mean[k]) || !(in->deviation[k] > 0) || !isfinite(in->deviation[k]))
            return mho_error(
                MHO_EDOMAIN,
                "mean %g, std %g of channel %zu of the input, want finite numbers, std "
                "more than 0",
                (double)in->mean[k], (double)in->deviation[k], k);
    if (!isfinite(in->low) || !isfinite(in->high) || in->low > in->high)
        return mho_error(MHO_EDOMAIN, "codes of the input cover %g..%g", (double)in->low,
                         (double)in->high);
    return MHO_OK;
}

mho_status mho_net_set_input(mho_net *net, const mho_input *input)
{
    mho_status s = check(input);
    if (s != MHO_OK)
        return s;
    net->input = *input;
    net->input_scale = input->scale;
    net->input_bits = input->bits;
    return net->program && net->program->placed ? mhoi_net_place_input(net) : MHO_OK;
}

mho_status mhoi_net_place_input(mho_net *net)
{
    if (!net->placed) {
        mho_status s = mhoi_alloc(&net->placed, 1, sizeof *net->placed, "network");
        if (s != MHO_OK)
            return s;
    }
    *net->placed = *net->program->placed; /* with its nodes, which stay the program's */
    net->placed->input = net->input;
    net->placed->input_scale = net->input_scale;
    net->placed->input_bits = net->input_bits;
    return MHO_OK;
}

float mho_input_value(const mho_input *in, size_t channel, float e)
{
    const size_t k = in->channels > 1 ? channel : 0;
    if (!in->channels)
        return e * in->scale;
    return (float)(((double)e * (double)in->scale - (double)in->mean[k]) /
                   (double)in->deviation[k]);
}

/* --- codes -------------------------------------------------------------------------------------------- */

/* x = e scale / deviation, the same in all channels. */
static bool is_multiple(const mho_input *in)
{
    bool is = in->low == 0 && in->high == 0;
    for (size_t k = 0; k < in->channels; k++)
        is = is && in->mean[k] == 0 && in->deviation[k] == in->deviation[0];
    return is;
}

mhoi_input_codes mhoi_net_input_codes(const mho_net *net)
{
    mho_input in;
    mho_net_get_input(net, &in);
    const float top = ldexpf(1, (int)in.bits) - 1;
    float low = in.low, high = in.high;
    if (low == 0 && high == 0) {
        low = mho_input_value(&in, 0, 0);
        high = mho_input_value(&in, 0, top);
        for (size_t k = 1; k < in.channels; k++) {
            low = fminf(low, mho_input_value(&in, k, 0));
            high = fmaxf(high, mho_input_value(&in, k, top));
        }
    }
    return (mhoi_input_codes){
        .own = is_multiple(&in), .is_signed = low < 0, .largest = fmaxf(fabsf(low), fabsf(high))};
}

float mhoi_net_input_step(const mho_net *net)
{
    const mhoi_input_codes c = mhoi_net_input_codes(net);
    mho_input in;
    mho_net_get_input(net, &in);
    return c.own ? mho_input_value(&in, 0, 1)
                 : c.largest / (ldexpf(1, (int)in.bits - c.is_signed) - 1);
}

/* --- settings as text --------------------------------------------------------------------------------- */

/* A number, or a quotient of two. */
static bool read_number(const char **text, float *out)
{
    char *end;
    double v = mhoi_decimal_read(*text, &end);
    if (end == *text)
        return false;
    if (*end == '/') {
        const char *from = end + 1;
        const double by = mhoi_decimal_read(from, &end);
        if (end == from || by == 0)
            return false;
        v /= by;
    }
    *text = end;
    *out = (float)v;
    return isfinite(*out);
}

/* Numbers with commas or blanks between them; 0: not so. */
static size_t read_list(const char *text, float out[MHO_INPUT_CHANNELS])
{
    size_t n = 0;
    while (n < MHO_INPUT_CHANNELS && read_number(&text, &out[n])) {
        n++;
        if (!*text)
            return n;
        if (*text != ',' && *text != ' ')
            return 0;
        text++;
    }
    return 0;
}

static bool set_scale(mho_input *in, const char *value)
{
    in->scale_set = true;
    return read_number(&value, &in->scale) && !*value && in->scale > 0;
}

enum { WANT = 96 };

/* Both lists become as long as the longer one; of one number: the same for all.  want: left alone, or why the number of them is wrong. */
static bool set_list(mho_input *in, const char *value, bool mean, char want[WANT])
{
    float list[MHO_INPUT_CHANNELS];
    const size_t n = read_list(value, list), old = in->channels;
    if (n > 1 && old > 1 && n != old)
        (void)snprintf(want, WANT, "1 number or %zu, as many as %s has, not %zu", old,
                       mean ? "std" : "mean", n);
    if (!n || (n > 1 && old > 1 && n != old))
        return false;
    mho_input to = *in;
    to.channels = n > old ? n : old;
    for (size_t k = 0; k < to.channels; k++) {
        const size_t from = old > 1 ? k : 0;
        const float m = old ? in->mean[from] : 0, d = old ? in->deviation[from] : 1;
        const float v = list[n > 1 ? k : 0];
        to.mean[k] = mean ? v : m;
        to.deviation[k] = mean ? d : v;
    }
    *in = to;
    for (size_t k = 0; !mean && k < in->channels; k++)
        if (!(in->deviation[k] > 0))
            return false;
    return true;
}

static bool set_layout(mho_input *in, const char *value)
{
    const bool last = strcasecmp(value, "NHWC") == 0;
    in->layout = last ? MHO_LAYOUT_NHWC : MHO_LAYOUT_NCHW;
    return last || strcasecmp(value, "NCHW") == 0 || strcasecmp(value, "flat") == 0;
}

static bool set_range(mho_input *in, const char *value)
{
    float low, high;
    if (!read_number(&value, &low) || *value++ != ':' || !read_number(&value, &high) || *value ||
        !(low < high))
        return false;
    in->scale = (float)(((double)high - (double)low) / (ldexp(1, (int)in->bits) - 1));
    in->range_set = true;
    if (low == 0 && !in->channels)
        return true;
    if (!in->channels) {
        in->channels = 1;
        in->mean[0] = 0;
        in->deviation[0] = 1;
    }
    for (size_t k = 0; k < in->channels; k++)
        in->mean[k] -= low;
    return true;
}

mho_status mho_input_set(mho_input *in, const char *setting)
{
    const char *value = strchr(setting, '=');
    const size_t n = value ? (size_t)(value - setting) : 0;
    bool right = false;
    char want[WANT] = "scale, mean, std, layout or range";
    if (n == 5 && !strncmp(setting, "scale", 5)) {
        (void)snprintf(want, WANT, "a number above 0, as 1/255");
        right = set_scale(in, value + 1);
    } else if (n == 4 && !strncmp(setting, "mean", 4)) {
        (void)snprintf(want, WANT, "one number, or one for each channel, as 0.485,0.456,0.406");
        right = set_list(in, value + 1, true, want);
    } else if (n == 3 && !strncmp(setting, "std", 3)) {
        (void)snprintf(want, WANT,
                       "one number above 0, or one for each channel, as 0.229,0.224,0.225");
        right = set_list(in, value + 1, false, want);
    } else if (n == 6 && !strncmp(setting, "layout", 6)) {
        (void)snprintf(want, WANT, "NCHW, NHWC or flat");
        right = set_layout(in, value + 1);
    } else if (n == 5 && !strncmp(setting, "range", 5)) {
        (void)snprintf(want, WANT, "LOW:HIGH, as -1:1");
        right = set_range(in, value + 1);
    }
    if (!right)
        return mho_error(MHO_EUSAGE, "%s: want %s", setting, want);
    in->low = in->high = 0;
    in->stated = in->values = true;
    in->values_kept = false;
    return MHO_OK;
}

/* Of a list whose numbers are all the same, one. */
static size_t print_list(char *text, size_t room, const char *what, const float *list, size_t n)
{
    size_t used = (size_t)mhoi_decimal_print(text, room, "%s", what);
    size_t count = 1;
    for (size_t k = 1; k < n; k++)
        count = list[k] == list[0] ? count : n;
    for (size_t k = 0; k < count && used < room; k++)
        used += (size_t)mhoi_decimal_print(text + used, room - used, "%s%.6g", k ? "," : " ",
                                           (double)list[k]);
    return used < room ? used : room;
}

const char *mhoi_input_text(const mho_input *in, const char *what, char *text)
{
    const double by = 1 / (double)in->scale;
    size_t used;
    const bool whole = fabs(by - nearbyint(by)) < 1e-4 * by && by > 1.5;
    if (whole)
        used = (size_t)mhoi_decimal_print(text, MHO_INPUT_TEXT, "x = %s%s / %.0f",
                                          in->channels ? "(" : "", what, by);
    else
        used = (size_t)mhoi_decimal_print(text, MHO_INPUT_TEXT, "x = %s%s x %.6g",
                                          in->channels ? "(" : "", what, (double)in->scale);
    if (in->channels) {
        used += print_list(text + used, MHO_INPUT_TEXT - used, " - mean", in->mean, in->channels);
        if (used < MHO_INPUT_TEXT)
            used += print_list(text + used, MHO_INPUT_TEXT - used, ") / std", in->deviation,
                               in->channels);
    }
    if (used < MHO_INPUT_TEXT && in->layout == MHO_LAYOUT_NHWC)
        (void)snprintf(text + used, MHO_INPUT_TEXT - used, ", NHWC");
    return text;
}

const char *mho_input_text(const mho_input *in, char *text)
{
    return mhoi_input_text(in, "pixel", text);
}
