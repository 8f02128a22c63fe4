/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ONNX files: the graph becomes a program, what depends on no input is worked out, and what is left becomes
 * layers if all of it can; else the network is the program. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/decimal.h"
#include "base/file.h"
#include "onnx/onnx_graph.h"

#define OPSET_MIN 1
#define OPSET_MAX 23

static const char *metadata(const MhoiOnnx__ModelProto *model, const char *key)
{
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (strcmp(mhoi_onnx_text(model->metadata_props[i]->key), key) == 0)
            return mhoi_onnx_text(model->metadata_props[i]->value);
    return NULL;
}

/* What a file says of itself besides its graph. */
typedef struct about {
    float input_scale;
    size_t input_bits;
    char source[MHO_SOURCE], name[MHO_NAME];
    bool foreign; /* not written by mho */
} about;

/* "mho.input_scale" and "mho.input_bits"; other files: 8 bits, 2^-8. */
static mho_status read_metadata(const MhoiOnnx__ModelProto *model, about *a)
{
    const char *scale = metadata(model, "mho.input_scale"), *source = metadata(model, "mho.source");
    const char *bits = metadata(model, "mho.input_bits");
    char *end = NULL;
    *a = (about){.input_scale = 1.0F / 256, .input_bits = 8, .foreign = !scale};
    if (scale) {
        a->input_scale = (float)mhoi_decimal_read(scale, &end);
        if (*end || !(a->input_scale > 0) || !isfinite(a->input_scale))
            return mho_error(MHO_EFORMAT, "mho.input_scale = '%s', want more than 0", scale);
    }
    if (bits) {
        const long value = strtol(bits, &end, 10);
        if (*end || value < 1 || value > 16)
            return mho_error(MHO_EFORMAT, "mho.input_bits = '%s', want 1..16", bits);
        a->input_bits = (size_t)value;
    }
    snprintf(a->source, sizeof a->source, "%s", source ? source : "");
    snprintf(a->name, sizeof a->name, "%s", model->graph ? mhoi_onnx_text(model->graph->name) : "");
    return MHO_OK;
}

static mho_status check_opset(const MhoiOnnx__ModelProto *model)
{
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

static void describe(mho_net *net, const about *a)
{
    net->input_scale = a->input_scale;
    net->input_bits = a->input_bits;
    net->foreign = a->foreign;
    memcpy(net->source, a->source, sizeof a->source);
}

static mho_status to_net(const MhoiOnnx__ModelProto *model, mhoi_program *p, const about *a,
                         mho_net **out)
{
    char unmapped[1024];
    mho_status s = mhoi_onnx_fold(p);
    if (!s)
        s = mhoi_onnx_layers(p, a->foreign, a->name, out);
    if (s == MHO_ENOTMODELED) {
        snprintf(unmapped, sizeof unmapped, "%s", mho_error_message());
        s = keep_program(p, unmapped, a->name, out);
        if (!s)
            s = mhoi_onnx_place(p, a->foreign, a->name);
    } else if (!s)
        s = mhoi_onnx_read_coding(model, *out);
    if (s) {
        mho_net_destroy(*out);
        *out = NULL;
        return s;
    }
    describe(*out, a);
    if (p->placed)
        describe(p->placed, a);
    return MHO_OK;
}

/* The model's tensors go over to the program; what is left of it is freed. */
static mho_status convert(MhoiOnnx__ModelProto *model, const char *folder, const char *sizes,
                          const char *place, mho_net **out)
{
    about a;
    mhoi_program *p = NULL;
    mho_status s = check_opset(model);
    if (!s)
        s = read_metadata(model, &a);
    if (!s)
        s = mhoi_onnx_program(model, folder, &p);
    if (!s)
        s = mhoi_onnx_set_sizes(p, sizes);
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
    mho_status s = mhoi_onnx_unpack(bytes, size, place, &model);
    return s ? s : convert(model, NULL, NULL, place, out);
}

mho_status mho_onnx_read(const char *path, mho_net **out)
{
    return mho_onnx_read_sized(path, NULL, out);
}

mho_status mho_onnx_read_sized(const char *path, const char *sizes, mho_net **out)
{
    *out = NULL;
    char *bytes = NULL, *folder = NULL;
    size_t size = 0;
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    MhoiOnnx__ModelProto *model = NULL;
    mho_status s = mhoi_alloc(&folder, length + 1, 1, path);
    if (!s)
        s = mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, &size);
    if (!s)
        s = mhoi_onnx_unpack(bytes, size, path, &model);
    mhoi_free(&bytes);
    if (!s) {
        memcpy(folder, path, length);
        s = convert(model, folder, sizes, path, out);
    }
    mhoi_free(&folder);
    return s;
}
