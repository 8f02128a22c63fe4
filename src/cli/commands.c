/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, in the order of `mho help`. */
#include "cli.h"

const cli_command cli_commands[] = {
    {.name = "nets",
     .synopsis = "[NET]",
     .summary = "networks that are built in, or the layers of one",
     .files_max = 1,
     .options = "",
     .run = cmd_nets,
     .details = "NET is a built-in name, a YAML file, or an ONNX file.  A network of your own:\n"
                "    input: {shape: [1, 28, 28], bits: 8}\n"
                "    layers:\n"
                "      - conv: {out: 20, kernel: 5}\n"
                "      - relu\n"
                "      - maxpool: 2\n"
                "      - fc: 10"},
    {.name = "hw",
     .synopsis = "[HW] [--set KEY=VALUE]...",
     .summary = "hardware descriptions that are built in, or every field of one",
     .files_max = 1,
     .options = "set",
     .run = cmd_hw,
     .details = "HW is a built-in name or a YAML file.  Each field is shown with its unit, the place that\n"
                "set it, and the source of the value.\n\n"
                "A hardware description of your own starts from another one and tells what differs:\n"
                "    base: bcnn\n"
                "    crossbar:\n"
                "      rows: 256\n"
                "    device:\n"
                "      bits: {value: 3, source: \"my measurement\"}",
     .fields = &mho_hw_fields},
    {.name = "simulate",
     .synopsis = "NET --hw HW [options]",
     .summary = "accuracy of a trained network on crossbars, over programmings of the cells",
     .files_min = 1,
     .files_max = 1,
     .options = "hw data trials images seed set",
     .run = cmd_simulate,
     .details = "Prints the error in software, on crossbars with ideal devices, and its mean and spread\n"
                "over --trials programmings (10 if not given).  Same --seed, same digits.\n\n"
                "Examples\n"
                "    mho simulate lenet --hw bcnn\n"
                "    mho simulate my.onnx --hw cnn8 --set device.bits=3 --trials 20 --json"},
    {.name = "data",
     .synopsis = "[show [FILE.pgm] | fetch mnist]",
     .summary = "data sets: what is found where; a contact sheet; download MNIST",
     .files_max = 2,
     .options = "data mirror",
     .run = cmd_data,
     .details = "show writes the first test images of every class as PGM (colour: PPM); FILE.pgm is\n"
                "NAME.pgm in this folder if not given.\n\n"
                "fetch puts MNIST into ~/.cache/mho/mnist and checks the SHA-256 sums; --mirror names a\n"
                "folder on another server (http, https, or file:///FOLDER)."},
    {.name = "doctor",
     .synopsis = "",
     .summary = "what this machine has, and whether mho finds what it needs",
     .options = "",
     .run = cmd_doctor,
     .details = "Exit code 1 if a check failed; a note is no failure."},
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
