/* SPDX-License-Identifier: Apache-2.0 */
/* A stretch of cycles of a pipeline, kept and drawn as the timelines of bcnn Figs. 3 and 4. */
#ifndef MHO_CLI_FILM_H
#define MHO_CLI_FILM_H

#include "cli.h"
#include "mho/pipeline.h"

typedef struct cli_film {
    uint64_t from, to; /* cycles [from, to); to = 0: none */
    mho_beat *beat;    /* [cycle - from][layers] */
    size_t layers, cycles;
} cli_film;

/* "FROM:TO"; MHO_EUSAGE. */
MHO_MUST_CHECK mho_status cli_film_range(cli_film *film, const char *text);
mho_pipeline_trace_fn cli_film_keep; /* user: the film */
void cli_film_print(const cli_args *args, const cli_film *film, const mho_pipeline *p);
mho_json *cli_film_json(const cli_film *film, const mho_pipeline *p);
void cli_film_free(cli_film *film);

#endif
