/* SPDX-License-Identifier: Apache-2.0 */
/* What `mho evaluate` finds out (evaluate.c), apart from how it is told (evaluate_report.c). */
#ifndef MHO_CLI_EVALUATE_H
#define MHO_CLI_EVALUATE_H

#include "cli.h"

typedef struct evaluation {
    mho_hw_config hw, base_hw; /* as asked for; the 8-bit CNN on the same crossbars */
    mho_data *data;
    mho_images calibration; /* the first training images */
    mho_net *net;
    char model[256]; /* where its parameters come from */
    bool from_file;  /* they are in the file that was named */
    size_t images, trials;
    uint64_t seed;
    double software_error, ideal_error; /* fractions; ideal: on crossbars without variation */
    double base_error; /* of the ideal 8-bit CNN; NaN: no trained network is known */
    double *error;     /* [trials] */
    mho_spread spread; /* of the finished programmings */
    double inference_s, seconds;
    uint64_t pipelined, layer_by_layer; /* cycles */
    mho_estimate *own, *base;           /* mapping and cost */
    bool interrupted;
} evaluation;

/* MHO_EINTERRUPTED with e->interrupted: all is there but the programmings after spread.trials. */
MHO_MUST_CHECK mho_status evaluation_run(const cli_args *args, evaluation *e);
void evaluation_free(evaluation *e);

void evaluation_print(const evaluation *e, const cli_args *args);
void evaluation_print_csv(const evaluation *e, const cli_args *args);
mho_json *evaluation_json(const evaluation *e);

#endif
