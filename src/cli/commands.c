/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, in the order of `mho help`. */
#include "cli.h"

const cli_command cli_commands[] = {
    {.name = "help",
     .synopsis = "[COMMAND]",
     .summary = "this overview, or the page of a command",
     .files_max = 1,
     .options = "man",
     .run = cmd_help,
     .plain = true},
    {.name = "completion",
     .synopsis = "bash",
     .summary = "a completion script for the shell",
     .files_min = 1,
     .files_max = 1,
     .options = "",
     .run = cmd_completion,
     .details = "Put this into ~/.bashrc:\n    source <(mho completion bash)",
     .plain = true},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
