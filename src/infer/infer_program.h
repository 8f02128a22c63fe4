/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs of general operators. */
#ifndef MHO_INFER_INFER_PROGRAM_H
#define MHO_INFER_INFER_PROGRAM_H

#include "net/program.h"

typedef struct mhoi_runner mhoi_runner;

/* Keeps what operations prepare between runs; one thread at a time.  The program must outlive it. */
MHO_MUST_CHECK mho_status mhoi_runner_create(const mhoi_program *program, mhoi_runner **out);
void mhoi_runner_destroy(mhoi_runner *runner);
/* in: one array for each input, of its type and of sizes that fit; out: one for each output, to be freed.
 * MHO_EDOMAIN: an input that does not fit; what an operation says. */
MHO_MUST_CHECK mho_status mhoi_runner_run(mhoi_runner *runner, const mho_array *in, mho_array *out);
/* Refuses an array that is not what input k declares, naming both. */
MHO_MUST_CHECK mho_status mhoi_runner_check_input(const mhoi_program *program, size_t k,
                                                  const mho_array *in);

#endif
