/* SPDX-License-Identifier: Apache-2.0 */
/* Training, epoch by epoch: docs/models/train.md. */
#include "mho/train.h"

#include <math.h>
#include <stddef.h>
#include <time.h>

#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "mho/infer.h"
#include "train/train_impl.h"

#define STREAM_ORDER 0x6fu /* mhoi_stream.layer; trial = epoch */
#define STREAM_SHIFT 0x73u
#define STREAM_MIRROR 0x6du

/* Order and shifts of epoch e, from the seed. */
static void draw_epoch(trainer *t, size_t epoch)
{
    const size_t count = t->images->count, range = 2 * t->options.shift + 1;
    const mhoi_stream order = {t->options.seed, (uint32_t)epoch, STREAM_ORDER, 0};
    const mhoi_stream shift = {t->options.seed, (uint32_t)epoch, STREAM_SHIFT, 0};
    const mhoi_stream mirror = {t->options.seed, (uint32_t)epoch, STREAM_MIRROR, 0};
    for (size_t i = 0; i < count; ++i) {
        uint32_t draw[2];
        mhoi_rng_u32(&order, i, 1, draw);
        const size_t j = (size_t)(((uint64_t)draw[0] * (i + 1)) >> 32);
        t->order[i] = t->order[j];
        t->order[j] = (uint32_t)i;
        mhoi_rng_u32(&shift, 2 * i, 2, draw);
        for (size_t k = 0; k < 2; ++k)
            t->shift[i][k] = (int8_t)((ptrdiff_t)(((uint64_t)draw[k] * range) >> 32) -
                                      (ptrdiff_t)t->options.shift);
        mhoi_rng_u32(&mirror, i, 1, draw);
        t->shift[i][2] = (int8_t)(t->options.mirror && draw[0] >> 31);
    }
}

static double learning_rate(const trainer *t)
{
    const double part = t->steps > 1 ? (double)t->step / (double)(t->steps - 1) : 0;
    const double low = t->options.learning_rate_end, high = t->options.learning_rate;
    return low + (high - low) * 0.5 * (1 + cos(part * 3.14159265358979323846));
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static mho_status check_finite(const trainer *t, double loss)
{
    if (isfinite(loss))
        return MHO_OK;
    return mho_error(MHO_ENOCONV,
                     "training diverged at step %llu: the loss is not finite (learning_rate = %g)",
                     (unsigned long long)t->step, t->options.learning_rate);
}

static mho_status run_epoch(trainer *t, size_t epoch, mho_train_epoch *report)
{
    const size_t count = t->images->count / t->batch * t->batch;
    size_t wrong = 0;
    double loss = 0;
    mho_status s = MHO_OK;
    draw_epoch(t, epoch);
    for (t->at = 0; s == MHO_OK && t->at < count; t->at += t->batch) {
        mhoi_progress("training", epoch * count + t->at, t->options.epochs * count, "images");
        report->learning_rate = learning_rate(t);
        s = mhoi_train_forward(t);
        for (size_t chunk = 0; s == MHO_OK && chunk < t->chunks; ++chunk) {
            loss += t->loss[chunk];
            wrong += t->wrong[chunk];
        }
        if (s == MHO_OK)
            s = check_finite(t, loss);
        if (s == MHO_OK)
            s = mhoi_train_backward(t);
        if (s == MHO_OK)
            s = mhoi_train_gather(t);
        if (s == MHO_OK)
            s = mhoi_train_adam(t, report->learning_rate);
    }
    report->loss = loss / (double)count;
    report->train_error = (double)wrong / (double)count;
    return s;
}

static mho_status test_error(const mho_net *net, const mho_images *test, mho_train_epoch *report)
{
    size_t wrong = 0;
    report->test_error = NAN;
    if (!test->count)
        return MHO_OK;
    mho_status s = mho_infer_errors(net, test, test->count, &wrong);
    report->test_error = (double)wrong / (double)test->count;
    return s;
}

/* One epoch, its report, its checkpoint.  Interrupted in the midst of it, the network and the checkpoint
 * stay those of the epoch before. */
static mho_status train_epoch(trainer *t, mho_net *net, const mho_data *data,
                              train_progress *progress, const char *checkpoint)
{
    mho_train_epoch report = {.epoch = progress->epochs_done + 1, .epochs = t->options.epochs};
    const double start = mho_seconds(), cpu = cpu_seconds();
    mho_status s = run_epoch(t, progress->epochs_done, &report);
    if (s == MHO_OK)
        s = mhoi_train_calibrate(t);
    if (s != MHO_OK)
        return s;
    report.seconds = mho_seconds() - start;
    report.cpu_seconds = cpu_seconds() - cpu;
    mhoi_train_export(t, net);
    s = test_error(net, &data->test, &report);
    if (s != MHO_OK)
        return s;
    *progress = (train_progress){progress->epochs_done + 1, report};
    return checkpoint ? mhoi_train_save(t, progress, checkpoint) : MHO_OK;
}

mho_status mho_train(mho_net *net, const mho_data *data, const mho_train_options *options,
                     const char *checkpoint, bool resume,
                     void (*each)(void *user, const mho_train_epoch *epoch), void *user)
{
    trainer *t = NULL;
    train_progress progress = {0};
    if (resume && !checkpoint)
        return mho_error(MHO_EUSAGE, "resume needs a checkpoint");
    mho_status s =
        data->train.count && mho_images_fit(&data->train, net->node[0].out, 0, NULL) == MHO_OK
            ? mhoi_input_cover(net, &data->train, data->train.count)
            : MHO_OK;
    net->input.values = net->input.values && data->train.value;
    if (s == MHO_OK)
        s = mhoi_train_create(net, &data->train, options, &t);
    if (s == MHO_OK)
        s = mhoi_net_alloc_parameters(net);
    if (s == MHO_OK && resume)
        s = mhoi_train_load(t, &progress, checkpoint);
    if (s == MHO_OK && progress.epochs_done) {
        mhoi_train_export(t, net);
        if (each)
            each(user, &progress.last);
    }
    while (s == MHO_OK && progress.epochs_done < options->epochs) {
        if (!t->rounding && progress.epochs_done >= mhoi_train_rounds_from(t))
            s = mhoi_train_start_rounding(t);
        if (s == MHO_OK)
            s = train_epoch(t, net, data, &progress, checkpoint);
        if (s == MHO_OK && each)
            each(user, &progress.last);
    }
    mhoi_train_destroy(t);
    return s;
}
