/* SPDX-License-Identifier: Apache-2.0 */
/* Scores on crossbars beside software's, of arrays that nobody has labelled. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "data/load.h"
#include "infer/nodes.h"
#include "mho/infer.h"
#include "net/graph.h"
#include "study/study_impl.h"
#include "tensor/array.h"

typedef struct scores {
    size_t images, outputs;
    float *want, *got;
} scores;

static size_t largest(const float *v, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        best = v[k] > v[best] ? k : best;
    return best;
}

static void compare(const scores *s, mho_agreement *out)
{
    double miss = 0, all = 0, worst = 0, top = 0;
    size_t same = 0;
    for (size_t i = 0; i < s->images * s->outputs; i++) {
        const double want = (double)s->want[i], off = (double)s->got[i] - want;
        miss += off * off;
        all += want * want;
        worst = fmax(worst, fabs(off));
        top = fmax(top, fabs(want));
    }
    for (size_t i = 0; i < s->images; i++)
        same += largest(s->want + i * s->outputs, s->outputs) ==
                largest(s->got + i * s->outputs, s->outputs);
    if (miss == 0) /* also of scores that are all 0 */
        all = top = 1;
    *out = (mho_agreement){.relative = all > 0 ? sqrt(miss / all) : (double)NAN,
                           .worst = top > 0 ? worst / top : (double)NAN,
                           .same = (double)same / (double)s->images};
}

/* As the network reads the images. */
static mho_status run_software(const mho_net *net, const mho_images *images, scores *s)
{
    const mho_shape shape = mhoi_image_shape(net, images);
    const size_t each = shape.c * shape.h * shape.w;
    mhoi_loader loader;
    mho_infer *infer = NULL;
    mho_input in;
    float *x = NULL;
    mho_net_get_input(net, &in);
    in.values = false; /* arrays are what the network reads, whatever is made of bytes */
    mho_status status = mhoi_loader_open(images, shape, &in, net->name, &loader);
    if (!status)
        status = mho_infer_create(net, s->images, &infer);
    if (!status)
        status = mhoi_alloc(&x, s->images * each, sizeof *x, "images");
    if (!status) {
        mhoi_loader_read(&loader, 0, s->images, false, x);
        status = mho_infer_run(infer, s->images, x, s->want);
    }
    mhoi_free(&x);
    mho_infer_destroy(infer);
    return status;
}

/* Chips give what stands before a softmax at the end, which changes no class. */
static void finish_scores(const mho_net *net, scores *s)
{
    net = mhoi_net_placed(net) ? mhoi_net_placed(net) : net;
    if (net->node[net->nodes - 1].op != MHO_OP_SOFTMAX)
        return;
    for (size_t i = 0; i < s->images; i++) {
        float *row = s->got + i * s->outputs;
        const float top = row[largest(row, s->outputs)];
        double sum = 0;
        for (size_t k = 0; k < s->outputs; k++)
            sum += exp((double)row[k] - (double)top);
        for (size_t k = 0; k < s->outputs; k++)
            row[k] = (float)(exp((double)row[k] - (double)top) / sum);
    }
}

static mho_status run_chip(const mho_net *net, const mho_hw *hw, const mho_images *images,
                           uint64_t seed, size_t trials, scores *s, mho_agreement *out)
{
    mho_chip *chip = NULL;
    mho_status status = mho_chip_open(net, hw, images, &chip);
    *out = (mho_agreement){0, 0, 0};
    for (size_t k = 0; !status && k < trials; k++) {
        mho_agreement one;
        status = mho_chip_program(chip, seed, (uint32_t)k);
        if (!status)
            status = mho_chip_run(chip, images, 0, s->images, s->got, NULL);
        finish_scores(net, s);
        compare(s, &one);
        out->relative += one.relative;
        out->worst = one.worst <= out->worst ? out->worst : one.worst; /* NaN stays */
        out->same += one.same;
    }
    out->relative /= (double)trials;
    out->same /= (double)trials;
    mho_chip_destroy(chip);
    return status;
}

/* Arrays are what the network reads, whatever is made of bytes. */
static mho_status take_as_is(mho_net *net)
{
    mho_input in;
    mho_net_get_input(net, &in);
    in.values = false;
    return mho_net_set_input(net, &in);
}

/* Converters are calibrated on the arrays, of which there may be few. */
static mho_status calibrate_on(const mho_hw *hw, size_t images, mho_hw **out)
{
    char setting[64];
    mho_status s = mho_hw_clone(hw, out);
    if (s || mho_hw_number(hw, "output.calibration_images") <= (double)images)
        return s;
    (void)snprintf(setting, sizeof setting, "output.calibration_images=%zu", images);
    return mho_hw_set(*out, setting);
}

/* All stages at once, before the first. */
static mho_status grant(const mho_net *plain, mho_net *net, const mho_hw *hw,
                        const mho_images *images)
{
    mhoi_need need = {.bytes = 0};
    const mho_shape shape = mhoi_image_shape(plain, images);
    if (!mhoi_memory_told())
        return MHO_OK;
    mhoi_infer_need(plain, images->count, &need);
    need.bytes += images->count * shape.c * shape.h * shape.w * sizeof(float);
    const mho_status s = mhoi_study_need(net, false, hw, &need);
    if (s)
        return s == MHO_EINTERRUPTED || s == MHO_ENOMEM ? s : MHO_OK;
    return mhoi_memory_grant(&need, NULL);
}

/* Software reads x itself; net: its codes cover the images. */
static mho_status run_both(const mho_net *plain, mho_net *net, const mho_hw *hw,
                           const mho_images *images, uint64_t seed, size_t trials,
                           mho_agreement *ideal, mho_agreement *mean)
{
    const mho_shape shape = mho_net_output_shape(net);
    scores s = {.images = images->count, .outputs = shape.c * shape.h * shape.w};
    study_model model = {.net = NULL};
    mho_hw *perfect = NULL;
    mho_status status = mhoi_alloc(&s.want, s.images * s.outputs, sizeof *s.want, "scores");
    if (!status)
        status = mhoi_alloc(&s.got, s.images * s.outputs, sizeof *s.got, "scores");
    if (!status)
        status = grant(plain, net, hw, images);
    if (!status)
        status = run_software(plain, images, &s);
    if (!status)
        status = mhoi_study_quantize(net, hw, images, &model);
    if (!status)
        status = mho_hw_clone_ideal(hw, &perfect);
    const mho_net *mapped = model.coded ? model.coded : net;
    if (!status)
        status = run_chip(mapped, perfect, images, seed, 1, &s, ideal);
    if (!status)
        status = run_chip(mapped, hw, images, seed, trials, &s, mean);
    mho_hw_destroy(perfect);
    mho_net_destroy(model.coded);
    mhoi_free(&s.want);
    mhoi_free(&s.got);
    return status;
}

mho_status mho_study_agreement(const mho_net *net, const mho_hw *hw, const mho_array *x,
                               uint64_t seed, size_t trials, mho_agreement *ideal,
                               mho_agreement *mean)
{
    mho_array floats = {0}, labels = {.type = MHO_TYPE_UINT8, .rank = 1};
    mho_data *data = NULL;
    mho_net *own = NULL;
    mho_hw *calibrated = NULL;
    *ideal = *mean = (mho_agreement){0, 0, 0};
    if (x->rank < 2 || !x->count || !trials)
        return mho_error(MHO_EDOMAIN, "an array of rank %zu and %zu elements, want [n] and more",
                         x->rank, x->count);
    labels.size[0] = labels.count = x->size[0];
    mho_status s = mhoi_array_convert(x, MHO_TYPE_FLOAT, &floats);
    if (!s)
        s = mhoi_array_alloc(&labels, "labels");
    if (!s) {
        memset(labels.data, 0, labels.count);
        s = mho_data_of_arrays("input", NULL, NULL, &floats, &labels, &data);
    }
    if (!s)
        s = mho_net_clone(net, &own);
    if (!s)
        s = take_as_is(own);
    if (!s)
        s = mhoi_input_cover(own, &data->test, data->test.count);
    if (!s)
        s = calibrate_on(hw, data->test.count, &calibrated);
    if (!s)
        s = run_both(net, own, calibrated, &data->test, seed, trials, ideal, mean);
    mho_hw_destroy(calibrated);
    mho_net_destroy(own);
    mho_data_destroy(data);
    mho_array_free(&labels);
    mho_array_free(&floats);
    return s;
}
