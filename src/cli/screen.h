/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_CLI_SCREEN_H
#define MHO_CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

/* A stream to a terminal of that width; closing it leaves the terminal open.  One at a time; NULL: no memory. */
FILE *cli_screen_open(FILE *to, size_t width);

#endif
