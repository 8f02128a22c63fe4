/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ONNX files: the graph becomes a program, what depends on no input is worked out, and what is left becomes
 * layers if all of it can; else the network is the program. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "onnx/onnx_graph.h"
#include "onnx/onnx_thin.h"

#define IR_WITH_SETS 3 /* files of earlier versions tell no operator set: it is 1 */
#define OPSET_MIN 1
#define OPSET_MAX 26
#define IR_KNOWN 13 /* of ONNX with that operator set */

static const char *metadata(const MhoiOnnx__ModelProto *model, const char *key)
{
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (strcmp(mhoi_onnx_text(model->metadata_props[i]->key), key) == 0)
            return mhoi_onnx_text(model->metadata_props[i]->value);
    return NULL;
}

/* What a file says of itself besides its graph. */
typedef struct about {
    mho_input input;
    char source[MHO_SOURCE], name[MHO_NAME];
    char assumed[MHOI_ASSUMED];
    bool foreign; /* not written by mho */
} about;

/* Means, deviations, layout, and what the codes cover. */
static mho_status read_input(const MhoiOnnx__ModelProto *model, mho_input *in)
{
    static const struct {
        const char *key, *setting;
    } entries[] = {
        {"mho.input_mean", "mean"}, {"mho.input_std", "std"}, {"mho.input_layout", "layout"}};
    char setting[24 * MHO_INPUT_CHANNELS];
    const char *codes = metadata(model, "mho.input_codes"),
               *numbers = metadata(model, "mho.input_numbers");
    const bool stated = in->stated;
    char *end;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        const char *value = metadata(model, entries[i].key);
        if (!value)
            continue;
        const int n = snprintf(setting, sizeof setting, "%s=%s", entries[i].setting, value);
        if (n < 0 || (size_t)n >= sizeof setting || mho_input_set(in, setting) != MHO_OK)
            return mho_error(MHO_EFORMAT, "%s = '%.60s' is no %s of an input", entries[i].key,
                             value, entries[i].setting);
    }
    in->stated = stated;
    in->values = in->values_kept = numbers != NULL;
    in->scale_set = numbers && strcmp(numbers, "scaled") == 0;
    if (codes) {
        in->low = (float)mhoi_decimal_read(codes, &end);
        in->high = (float)mhoi_decimal_read(end, &end);
        if (*end || !(in->low < in->high))
            return mho_error(MHO_EFORMAT, "mho.input_codes = '%.60s', want two numbers", codes);
    }
    return MHO_OK;
}

/* "mho.input_scale" and "mho.input_bits"; other files: 8 bits, 2^-8. */
static mho_status read_metadata(const MhoiOnnx__ModelProto *model, about *a)
{
    const char *scale = metadata(model, "mho.input_scale"), *source = metadata(model, "mho.source");
    const char *bits = metadata(model, "mho.input_bits");
    char *end = NULL;
    *a = (about){.input = {.scale = 1.0F / 256, .bits = 8, .stated = scale}, .foreign = !scale};
    if (scale) {
        a->input.scale = (float)mhoi_decimal_read(scale, &end);
        if (*end || !(a->input.scale > 0) || !isfinite(a->input.scale))
            return mho_error(MHO_EFORMAT, "mho.input_scale = '%s', want more than 0", scale);
    }
    if (bits) {
        const long value = strtol(bits, &end, 10);
        if (*end || value < 1 || value > 16)
            return mho_error(MHO_EFORMAT, "mho.input_bits = '%s', want 1..16", bits);
        a->input.bits = (size_t)value;
    }
    mho_status s = read_input(model, &a->input);
    if (s)
        return s;
    snprintf(a->source, sizeof a->source, "%s", source ? source : "");
    snprintf(a->name, sizeof a->name, "%s", model->graph ? mhoi_onnx_text(model->graph->name) : "");
    return MHO_OK;
}

static mho_status check_opset(const MhoiOnnx__ModelProto *model)
{
    if (!model->n_opset_import && model->ir_version >= IR_WITH_SETS)
        return mho_error(MHO_EFORMAT,
                         "no operator set (opset_import), which a file of version %lld has",
                         (long long)model->ir_version);
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const MhoiOnnx__OperatorSetIdProto *set = model->opset_import[i];
        const char *domain = mhoi_onnx_text(set->domain);
        if (domain[0] && strcmp(domain, "ai.onnx") != 0)
            continue; /* a node of that domain, if any, is refused */
        if (set->version < OPSET_MIN || set->version > OPSET_MAX)
            return mho_error(MHO_ENOTMODELED, "operator set %lld, want %d..%d",
                             (long long)set->version, OPSET_MIN, OPSET_MAX);
    }
    return MHO_OK;
}

/* A network that is the program, and why: `unmapped`. */
static mho_status keep_program(mhoi_program *p, const char *unmapped, const char *name,
                               mho_net **out)
{
    mhoi_known_values known;
    mho_status s = mhoi_onnx_check_program(p);
    if (!s)
        s = mhoi_alloc(&p->unmapped, strlen(unmapped) + 1, 1, "ONNX model");
    if (s)
        return s;
    memcpy(p->unmapped, unmapped, strlen(unmapped));
    s = mhoi_onnx_know(p, MHOI_ASSUME_ONE, &known);
    if (!s)
        s = mhoi_net_of_program(mhoi_program_share(p), known.array, name, out);
    mhoi_known_free(&known);
    return s;
}

static mho_status describe(mho_net *net, const about *a)
{
    mho_input in = a->input;
    in.layout = in.layout ? in.layout : net->input.layout;
    net->foreign = a->foreign;
    memcpy(net->assumed, a->assumed, sizeof net->assumed);
    memcpy(net->source, a->source, sizeof a->source);
    return mho_net_set_input(net, &in);
}

static mho_status check_kinds(const mhoi_program *p)
{
    mho_status s = MHO_OK;
    for (size_t i = 0; !s && i < p->operations; i++) {
        s = mhoi_operation_check_kinds(&p->operation[i]);
        if (!s && p->operation[i].body)
            s = check_kinds(p->operation[i].body);
    }
    return s;
}

static mho_status to_net(const MhoiOnnx__ModelProto *model, mhoi_program *p, const about *a,
                         mho_net **out)
{
    char unmapped[1024];
    mho_status s = check_kinds(p);
    if (!s)
        s = mhoi_onnx_fold(p);
    if (!s)
        s = mhoi_onnx_layers(p, a->foreign, a->name, out);
    if (s == MHO_ENOTMODELED) {
        snprintf(unmapped, sizeof unmapped, "%s", mho_error_message());
        s = keep_program(p, unmapped, a->name, out);
        if (!s)
            s = mhoi_onnx_place(p, a->foreign, a->name);
        if (!s && p->placed)
            s = mhoi_onnx_read_coding(model, p->placed);
    } else if (!s)
        s = mhoi_onnx_read_coding(model, *out);
    if (s) {
        mho_net_destroy(*out);
        *out = NULL;
        return s;
    }
    s = describe(*out, a);
    if (s) {
        mho_net_destroy(*out);
        *out = NULL;
    }
    return s;
}

/* The model's tensors go over to the program; what is left of it is freed. */
static mho_status convert(MhoiOnnx__ModelProto *model, const mhoi_onnx_source *source,
                          const char *sizes, const char *place, mho_net **out)
{
    about a;
    mhoi_program *p = NULL;
    const int64_t ir = model->ir_version;
    mho_status s = check_opset(model);
    if (!s)
        s = read_metadata(model, &a);
    if (!s)
        s = mhoi_onnx_program(model, source, &p);
    if (!s)
        s = mhoi_onnx_set_sizes(p, sizes);
    if (!s)
        s = mhoi_onnx_whole_weights(p, a.assumed, sizeof a.assumed);
    if (!s)
        mhoi_onnx_far_codes(p, a.assumed, sizeof a.assumed);
    if (!s && ir > IR_KNOWN)
        mhoi_onnx_assume(a.assumed, sizeof a.assumed,
                         "its ir_version is %lld, beyond %d, the last that is known: what is new "
                         "there is not seen",
                         (long long)ir, IR_KNOWN);
    if (!s)
        s = to_net(model, p, &a, out);
    mhoi_program_release(p);
    mhoi_onnx_free(model);
    if (s == MHO_ECONFIG || s == MHO_EDOMAIN)
        s = MHO_EFORMAT;
    return s ? mho_error_prefix(s, "%s", place) : MHO_OK;
}

mho_status mho_onnx_parse(const void *bytes, size_t size, const char *place, mho_net **out)
{
    *out = NULL;
    MhoiOnnx__ModelProto *model = NULL;
    mhoi_onnx_source source = {.bytes = bytes, .fd = -1};
    mho_status s = mhoi_onnx_open_bytes(bytes, size, place, &source, &model);
    if (!s)
        s = convert(model, &source, NULL, place, out);
    mhoi_onnx_close(&source);
    return s;
}

mho_status mho_onnx_read(const char *path, mho_net **out)
{
    return mho_onnx_read_sized(path, NULL, out);
}

mho_status mho_onnx_read_sized(const char *path, const char *sizes, mho_net **out)
{
    *out = NULL;
    char *folder = NULL;
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    MhoiOnnx__ModelProto *model = NULL;
    mhoi_onnx_source source = {.fd = -1};
    mho_status s = mhoi_alloc(&folder, length + 1, 1, path);
    if (!s)
        s = mhoi_onnx_open_file(path, &source, &model);
    if (!s) {
        memcpy(folder, path, length);
        source.folder = folder;
        source.path = path;
        s = convert(model, &source, sizes, path, out);
    }
    mhoi_onnx_close(&source);
    mhoi_free(&folder);
    return s;
}
