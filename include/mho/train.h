/* SPDX-License-Identifier: Apache-2.0 */
/* Training: float networks, binary networks after BinaryNet, block-circulant networks, weights and maps of few bits. */
#ifndef MHO_TRAIN_H
#define MHO_TRAIN_H

#include "mho/config.h"
#include "mho/data.h"
#include "mho/net.h"

MHO_C_BEGIN

typedef struct mho_train_options {
    size_t epochs, batch;
    double learning_rate,
        learning_rate_end;  /* half a cosine from one to the other over all steps */
    double latent_rate;     /* learning rate of latent weights, relative */
    double weight_decay;    /* of float weights */
    double label_smoothing; /* share of the wanted output spread over all classes */
    size_t shift;           /* augmentation: largest shift in pixels */
    bool mirror;            /* augmentation: every other image, by chance, is seen in a mirror */
    size_t seed;
    double
        step_window; /* the gradient goes through a step where its input is within so much of 0 */
    double float_share; /* of the epochs: weights and maps of few bits are not rounded yet */
    bool fine_tune;     /* goes on from the network's parameters */
    size_t
        frozen; /* the first so many weighted layers keep theirs, batch normalization behind them too */
} mho_train_options;

MHO_API extern const mho_fields mho_train_fields;

typedef struct mho_train_epoch {
    size_t epoch, epochs;
    double train_error, test_error; /* 0..1 */
    double loss, learning_rate;
    double seconds, cpu_seconds;
} mho_train_epoch;

/* Trains net (styled, its parameters are set) on data->train and reports data->test after each epoch.
 * checkpoint: file rewritten after each epoch (by rename), NULL for none; resume continues from it and
 * ends with the same parameters as an unbroken run.  each is called after every epoch, and first with the
 * one a checkpoint ended with (its times are 0).
 * MHO_EINTERRUPTED: stopped, checkpoint written, net holds the last epoch. */
MHO_API MHO_MUST_CHECK mho_status mho_train(mho_net *net, const mho_data *data,
                                            const mho_train_options *options,
                                            const char *checkpoint, bool resume,
                                            void (*each)(void *user, const mho_train_epoch *epoch),
                                            void *user);

MHO_C_END

#endif
