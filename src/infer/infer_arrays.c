/* SPDX-License-Identifier: Apache-2.0 */
/* Inference on arrays as files have them: every input by its shape, every output by its own. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "infer/infer_impl.h"
#include "infer/infer_program.h"
#include "infer/nodes.h"

/* Is it [n][c][h][w], of a vector also [n][c], or one image without the axis of images? */
static bool fits_layers(const mho_array *in, mho_shape want, size_t *n)
{
    const size_t *s = in->size;
    const bool one = in->rank == 3 && s[0] == want.c && s[1] == want.h && s[2] == want.w;
    const bool vector = want.h == 1 && want.w == 1;
    *n = one ? 1 : s[0];
    return one || (in->rank == 4 && s[1] == want.c && s[2] == want.h && s[3] == want.w) ||
           (vector && in->rank == 2 && s[1] == want.c);
}

/* What the file declares: any rank, of one image or several. */
static bool fits_declared(const mho_array *in, const mhoi_dims *want, size_t *n)
{
    const size_t axis = in->rank == want->rank + 1;
    if (in->rank != want->rank + axis)
        return false;
    for (size_t k = 0; k < want->rank; k++)
        if (in->size[k + axis] != want->size[k])
            return false;
    *n = axis ? in->size[0] : 1;
    return true;
}

/* [n][h][w][c] of the file in the order of the layers. */
static mho_status turn_channels(mho_shape shape, size_t n, mho_array *floats)
{
    mho_array turned;
    mho_status s = mhoi_array_copy(floats, &turned);
    if (s)
        return s;
    mhoi_transpose(n, shape.h * shape.w, shape.c, floats->data, turned.data);
    mho_array_free(floats);
    *floats = turned;
    return MHO_OK;
}

static const char *want_text(const mho_net *net, char *text, size_t size)
{
    const mhoi_dims d = net->declared;
    size_t used = 0;
    for (size_t k = 0; k < d.rank && used < size; k++)
        used += (size_t)snprintf(text + used, size - used, " x %zu", d.size[k]);
    return text;
}

/* Of n images; out: [n, c] or [n, c, h, w]. */
static mho_status run_floats(const mho_net *net, size_t n, const float *in, mho_array *out)
{
    const mho_shape give = mho_net_output_shape(net);
    mho_infer *infer = NULL;
    mho_status s = mho_infer_create(net, n, &infer);
    if (!s)
        s = mhoi_array_shape(MHO_TYPE_FLOAT, give.h * give.w == 1 ? 2 : 4,
                             (const size_t[]){n, give.c, give.h, give.w}, out);
    if (!s)
        s = mhoi_array_alloc(out, "scores");
    if (!s)
        s = mho_infer_run(infer, n, in, out->data);
    mho_infer_destroy(infer);
    return s;
}

static mho_status run_layers(const mho_net *net, const mho_array *in, mho_array *out)
{
    const mho_shape want = net->node[0].out;
    char text[MHO_ARRAY_TEXT], sizes[160] = "";
    size_t n = 0;
    mho_array floats = {0};
    const bool fits = net->declared.rank ? fits_declared(in, &net->declared, &n)
                                         : in->rank && fits_layers(in, want, &n);
    if (net->declared.rank && !(fits && n))
        return mho_error(MHO_EFORMAT, "the input is %s, network %s wants float N%s",
                         mho_array_text(in, text), net->name, want_text(net, sizes, sizeof sizes));
    if (!fits || !n)
        return mho_error(MHO_EFORMAT, "the input is %s, network %s wants float N x %zu x %zu x %zu",
                         mho_array_text(in, text), net->name, want.c, want.h, want.w);
    mho_status s = mhoi_array_convert(in, MHO_TYPE_FLOAT, &floats);
    if (!s && net->declared.rank && want.h * want.w > 1)
        s = turn_channels(want, n, &floats);
    if (!s)
        s = run_floats(net, n, floats.data, out);
    mho_array_free(&floats);
    if (s)
        mho_array_free(out);
    return s;
}

/* A file of one image a run is run for each image: how many images there are, or 1. */
static size_t repeats(const mhoi_program *p, const mho_array *in)
{
    const mhoi_operand *o = &p->operand[p->input[0]];
    if (p->inputs != 1 || !o->ranked || o->array.rank < 2 || o->symbol[0] ||
        o->array.size[0] != 1 || in->rank != o->array.rank || in->size[0] < 2)
        return 1;
    return in->size[0];
}

/* Appends the results of one run to those before it, along axis 0. */
static mho_status append(const mho_array *one, size_t i, size_t n, mho_array *all)
{
    const size_t bytes = one->count * mho_type_bytes(one->type);
    if (i == 0) {
        size_t size[MHO_TENSOR_DIMS];
        memcpy(size, one->size, sizeof size);
        if (one->rank == 0 || one->size[0] != 1)
            return mho_error(MHO_ENOTMODELED,
                             "an output has no axis of images: run them one by one");
        size[0] = n;
        mho_status s = mhoi_array_shape(one->type, one->rank, size, all);
        if (!s)
            s = mhoi_array_alloc(all, "scores");
        if (s)
            return s;
    }
    if (one->count * n != all->count)
        return mho_error(MHO_ENOTMODELED, "an output has another shape for image %zu", i);
    if (bytes)
        memcpy((char *)all->data + i * bytes, one->data, bytes);
    return MHO_OK;
}

static mho_status run_each(mhoi_runner *r, const mhoi_program *p, size_t n, const mho_array *in,
                           mho_array *out)
{
    mho_array one = *in, *given = NULL;
    const size_t bytes = in->count / n * mho_type_bytes(in->type);
    mho_status s = mhoi_alloc(&given, p->outputs, sizeof *given, "scores");
    one.size[0] = 1;
    one.count = in->count / n;
    for (size_t i = 0; !s && i < n; i++) {
        one.data = bytes ? (char *)in->data + i * bytes : NULL;
        s = mhoi_runner_run(r, &one, given);
        for (size_t k = 0; !s && k < p->outputs; k++)
            s = append(&given[k], i, n, &out[k]);
        for (size_t k = 0; k < p->outputs; k++)
            mho_array_free(&given[k]);
    }
    mhoi_free(&given);
    return s;
}

/* Of n images: their part of all outputs, [n][all], from element `first` on. */
static mho_status part_of(const float *all, size_t each, size_t first, size_t n,
                          const mho_array *want, mho_array *out)
{
    mho_array floats = {0};
    size_t size[MHO_TENSOR_DIMS];
    memcpy(size, want->size, sizeof size);
    if (n > 1 && (want->rank == 0 || want->size[0] != 1))
        return mho_error(MHO_ENOTMODELED, "an output has no axis of images: run them one by one");
    size[0] = want->rank ? n * want->size[0] : 1;
    mho_status s = mhoi_array_shape(MHO_TYPE_FLOAT, want->rank, size, &floats);
    if (!s)
        s = mhoi_array_alloc(&floats, "scores");
    for (size_t k = 0; !s && k < n; k++)
        memcpy((float *)floats.data + k * want->count, all + k * each + first,
               want->count * sizeof(float));
    if (!s && want->type != MHO_TYPE_FLOAT) {
        s = mhoi_array_convert(&floats, want->type, out);
        mho_array_free(&floats);
        return s;
    }
    *out = floats;
    return s;
}

static mho_status run_lists(const mho_net *net, const mho_node *list, size_t n, const float *in,
                            mho_array *out)
{
    const size_t each = list->out.c;
    mho_infer *infer = NULL;
    float *all = NULL;
    mho_status s = mho_infer_create(net, n, &infer);
    if (!s)
        s = mhoi_alloc(&all, n * each, sizeof *all, "scores");
    if (!s) {
        mhoi_infer_want_all(infer);
        s = mho_infer_run(infer, n, in, all);
    }
    for (size_t k = 0, first = 0; !s && k < list->inputs; k++) {
        s = part_of(all, each, first, n, &list->work->in[k], &out[k]);
        first += list->work->in[k].count;
    }
    mhoi_free(&all);
    mho_infer_destroy(infer);
    return s;
}

/* A network that is a program, and whose layers are in codes. */
static mho_status run_coded(const mho_net *net, const mho_array *in, mho_array *out)
{
    const mhoi_program *p = net->program;
    const size_t n = repeats(p, in);
    mho_array one = *in, floats = {0};
    one.size[0] = n > 1 ? 1 : one.size[0];
    mho_status s = mhoi_runner_check_input(p, 0, &one);
    if (!s)
        s = mhoi_array_convert(in, MHO_TYPE_FLOAT, &floats);
    const mho_net *placed = mhoi_net_in_codes(net);
    const mho_node *last = &placed->node[placed->nodes - 1];
    if (!s)
        s = mhoi_node_lists(last) ? run_lists(net, last, n, floats.data, out)
                                  : run_floats(net, n, floats.data, out);
    mho_array_free(&floats);
    return s;
}

mho_status mho_infer_arrays(const mho_net *net, size_t inputs, const mho_array *in, size_t outputs,
                            mho_array *out)
{
    for (size_t k = 0; k < outputs; k++)
        out[k] = (mho_array){0};
    if (inputs != mho_net_inputs(net) || outputs != mho_net_outputs(net))
        return mho_error(MHO_EUSAGE, "%zu inputs and %zu outputs, network %s has %zu and %zu",
                         inputs, outputs, net->name, mho_net_inputs(net), mho_net_outputs(net));
    if (!net->program)
        return run_layers(net, in, out);
    if (mhoi_net_in_codes(net)) {
        mho_status coded = run_coded(net, in, out);
        for (size_t k = 0; coded && k < outputs; k++)
            mho_array_free(&out[k]);
        return coded;
    }
    mhoi_runner *r = NULL;
    mho_status s = mhoi_runner_create(net->program, &r);
    const size_t n = !s && inputs ? repeats(net->program, in) : 1;
    if (!s)
        s = n > 1 ? run_each(r, net->program, n, in, out) : mhoi_runner_run(r, in, out);
    mhoi_runner_destroy(r);
    for (size_t k = 0; s && k < outputs; k++)
        mho_array_free(&out[k]);
    return s ? mho_error_prefix(s, "network %s", net->name) : MHO_OK;
}
