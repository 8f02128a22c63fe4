/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, in the order of `mho help`. */
#include "cli.h"

const cli_command cli_commands[] = {
    {.name = "evaluate",
     .synopsis = "[NET] --hw HW [--sweep KEY=VALUES]... [options]",
     .summary = "the main job: accuracy, cycles, energy and area of a network on RRAM",
     .files_max = 1,
     .options = "hw data calibration trials images seed set sweep ci digital shape block bits"
                " memory scale mean std range layout",
     .run = cmd_evaluate,
     .details = "NET is a network of the zoo (`mho nets`), a YAML file, or a trained ONNX file; HW "
                "a built-in\n"
                "hardware description (`mho hw`), a YAML file, or a result stored with --json.\n\n"
                "Examples\n"
                "    mho evaluate lenet --hw bcnn\n"
                "    mho evaluate lenet --hw bcnn --set device.bits=3 --set crossbar.rows=256\n"
                "    mho evaluate my.onnx --hw my.yaml --data DIR --trials 20 --json\n"
                "    mho evaluate lenet --hw bcnn --sweep crossbar.rows=128,256 --sweep "
                "device=taox,neurram\n\n"
                "--sweep makes one table of error, latency, throughput, energy, area and "
                "efficiency over any\n"
                "fields, as of `mho simulate`; also over devices (device=A,B), technologies and "
                "their values\n"
                "(technology=A,B, technology.F=32nm,45nm), networks (network=A,B in place of NET) "
                "and data.\n\n"
                "`mho help hw` lists the fields that --set takes; docs/cli.md the keys of --json."},
    {.name = "compare",
     .synopsis = "NET --hw A,B,... [options]",
     .summary = "the same network on several hardware descriptions, in one table",
     .files_min = 1,
     .files_max = 1,
     .options = "hw data calibration trials images seed set digital shape block bits"
                " memory scale mean std range layout",
     .run = cmd_compare,
     .details =
         "A, B, ... are hardware descriptions as of `mho evaluate`; --set changes all of them.  A\n"
         "description that cannot take the network says why in its column, the others are there;\n"
         "the exit code is the highest of all.\n\n"
         "Prices of different technologies are not comparable, and the report says so.  One\n"
         "technology for all: --set technology=generic-45nm.\n\n"
         "    mho compare lenet --hw bcnn,cnn8,isaac,reboc --images 1000\n"
         "    mho compare lenet --hw bcnn,my.yaml --set technology=generic-45nm --csv",
     .own_output = true,
     .named_format = true},
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
    {.name = "map",
     .synopsis = "NET [--hw HW] [--set KEY=VALUE]...",
     .summary = "crossbars, splits, utilization and amounts by layer",
     .files_min = 1,
     .files_max = 1,
     .options = "hw set digital shape block bits",
     .run = cmd_map,
     .details =
         "A layer is R = h w C_in / groups rows by C columns of pairs; X_in and X_out "
         "crossbars stand\n"
         "side by side where R or C is larger than one crossbar (docs/models/map.md).\n\n"
         "Weights are those of the network, whatever cells and slices each of them takes; of "
         "layers in\n"
         "circulant blocks only vectors lie there, one of k weights for a block of k x k, in g "
         "copies\n"
         "that are rotated (block k, copies g): places are what they take with their padding.  "
         "A layer\n"
         "stands once or, with crossbar.duplication balanced, several times (stands), and each "
         "works at\n"
         "windows of its own: the first table is of a layer that stands once, the head and "
         "the\n"
         "converters in the table of times are of all.  In use: converters, of the time from "
         "an image\n"
         "to the next.\n\n"
         "    mho map vgg16 --hw bcnn --set crossbar.rows=256",
     .arch = "crossbar"},
    {.name = "cost",
     .synopsis = "NET [--hw HW] [--explain] [--set KEY=VALUE]...",
     .summary = "energy and area by component and layer, and the cost of writing the cells",
     .files_min = 1,
     .files_max = 1,
     .options = "hw set explain digital shape block bits",
     .run = cmd_cost,
     .details =
         "Counts come from the mapping, prices from the technology table that the hardware names\n"
         "(configs/tech/*.yaml).  --explain tells the formula and the source of every number;\n"
         "the readings of a paper that leaves something open are the fields readings.* .\n\n"
         "    mho cost alexnet-owt --hw bcnn\n"
         "    mho cost alexnet-owt --hw cnn8 --set readings.buffer=true --set "
         "readings.footnote_c=w",
     .arch = "crossbar"},
    {.name = "pipeline",
     .synopsis = "NET [--hw HW] [--trace FROM:TO] [--vcd FILE] [options]",
     .summary = "cycles of an image by line-buffer simulation; timelines; waveforms",
     .files_min = 1,
     .files_max = 1,
     .options = "hw set trace vcd service registered-pool digital shape block bits",
     .run = cmd_pipeline,
     .details =
         "Every layer works as soon as its line buffer holds a window; every window is compared "
         "with\n"
         "the feature map while it runs (docs/models/pipeline.md).  Beside it stand the closed\n"
         "forms of the bcnn paper, and the reason of each difference.\n\n"
         "    mho pipeline vgg11-cifar10 --trace 66:100\n"
         "    mho pipeline vgg16 --vcd vgg16.vcd",
     .arch = "crossbar"},
    {.name = "buffer",
     .synopsis = "NET [--weight rram:1M] [--io sram:128K] [--acc N] [--level N] [options]",
     .summary = "schedule, time, energy, area of a MAC array with SRAM or RRAM buffers; sweeps",
     .files_min = 1,
     .files_max = 1,
     .options =
         "hw weight io acc order level layers batch macro gantt explain explore sweep svg set",
     .run = cmd_buffer,
     .owns_output = cli_is_stored_sweep,
     .named_format = true,
     .details =
         "Sizes are of one bank of eight (--set buffers.banks=N).  The schedule is the one of "
         "least DDR\n"
         "energy, and says so if that is proven (docs/models/array.md).  HW is a YAML file or a\n"
         "built-in one of arch array: vgg-rram, vgg-sram, table6-rram, table6-sram.  --explain "
         "tells\n"
         "formula and source of every number.  A sweep goes over any field.\n\n"
         "    mho buffer vgg11 --weight rram:1M --io sram:128K --acc 128 --order pixel --gantt\n"
         "    mho buffer vgg11 --explore -o points.csv --svg figures.svg\n"
         "    mho buffer vgg11 --sweep buffers.banks=4,8 --sweep array.clock=0.5:2:0.5\n"
         "    mho buffer resnet152 --weight rram:2M --io sram:256K --batch 4 --layers all",
     .arch = "array"},
    {.name = "reproduce",
     .synopsis = "ID... | all | --list",
     .summary = "published values beside mho's, with the deviation",
     .files_max = CLI_FILES_MAX,
     .options = "list data seed trials images epochs checkpoint resume",
     .run = cmd_reproduce,
     .details =
         "Exit code 1 if a value lies outside its tolerance.  Rows that cannot be reproduced say "
         "why.\n"
         "printed: a number of the paper; reference: one that it does not print, worked out apart "
         "from\n"
         "what it does, or an independent prototype's (the note says which).\n"
         "-o FILE.svg writes the figure of an ID that draws one; any other -o takes the report.\n"
         "switched-options: --images 10000, of the training images searched.\n"
         "--epochs N: reboc-accuracy trains LeNet (with --data CIFAR-10: cifarnet) uncompressed\n"
         "and in blocks, N passes each, and from there on a quarter of them for every number of "
         "bits;\n"
         "--checkpoint FOLDER keeps each training and the results, --resume goes on after a kill;\n"
         "without --epochs the results of a long run are shown.  switched-threshold --data "
         "CIFAR-10:\n"
         "networks that "
         "were\n"
         "never meant for 1-bit maps, thresholds of the first --images 500 training images; "
         "--epochs N\n"
         "trains all their weights on.  Minutes to hours.\n\n"
         "    mho reproduce bcnn-table4\n"
         "    mho reproduce bcnn-fig5 -o fig5.svg",
     .own_output = true,
     .named_format = true},
    {.name = "circuit",
     .synopsis = "--conductance g.csv --voltage v.csv --r-row OHM --r-col OHM [options]",
     .summary = "exact currents of a crossbar with wire resistance",
     .options = "conductance voltage r-row r-col r-driver r-sense both-sides float-zeros "
                "approximate spice",
     .run = cmd_circuit,
     .details =
         "Word lines are driven at the left, bit lines end at the bottom in sense amplifiers at\n"
         "0 V.  --r-row and --r-col are the resistances of a wire from one cell to the next, and\n"
         "also from the driver to the first cell and from the last cell to the sense amplifier.\n\n"
         "Prints one current in amperes a line; with several input vectors (lines of the voltage\n"
         "file) a vector a line.  `float` in the voltage file leaves a word line without "
         "driver.\n\n"
         "    mho circuit --conductance g.csv --voltage v.csv --r-row 2 --r-col 3 --spice x.cir\n"
         "    ngspice -b x.cir"},
    {.name = "hw",
     .synopsis = "[HW] [--set KEY=VALUE]...",
     .summary = "hardware descriptions that are built in, or every field of one",
     .files_max = 1,
     .options = "set",
     .run = cmd_hw,
     .details =
         "HW is a built-in name, a YAML file, or a result stored with --json.  Each field is shown "
         "with\n"
         "its unit, the place that set it, and the source of the value.\n\n"
         "A hardware description of your own starts from another one and tells what differs:\n"
         "    base: bcnn\n"
         "    crossbar:\n"
         "      rows: 256\n"
         "    device:\n"
         "      bits: {value: 3, source: \"my measurement\"}",
     .arch = ""},
    {.name = "simulate",
     .synopsis = "[NET] --hw HW [--sweep KEY=VALUES]... [options]",
     .summary = "accuracy of a trained network on crossbars, over programmings of the cells",
     .files_min = 0,
     .files_max = 1,
     .options = "hw data calibration trials images seed set sweep ci resume memory digital shape "
                "block bits"
                " scale mean std range layout input",
     .run = cmd_simulate,
     .owns_output = cli_is_sweep,
     .details =
         "Prints the error in software, on crossbars with ideal devices, and its mean and spread\n"
         "over --trials programmings (10 if not given).  Same --seed, same digits.\n\n"
         "--sweep makes a table over fields of the hardware, networks (network=A,B in place of "
         "NET)\n"
         "and data (data=synthetic,DIR), with 95 % confidence intervals of the mean over "
         "programmings.  "
         "-o FILE keeps its rows as CSV while they come, --resume\n"
         "goes on where FILE ends.\n\n"
         "--input X.npy takes images without labels, numbers that the network reads as they are, "
         "and\n"
         "compares the scores with software's: relative error, and images with the same largest "
         "score.\n"
         "--scale, --mean and --std tell only what the drivers' codes cover then.\n\n"
         "Examples\n"
         "    mho simulate lenet --hw bcnn\n"
         "    mho simulate my.onnx --hw cnn8 --input images.npy\n"
         "    mho simulate my.onnx --hw cnn8 --set device.bits=3 --trials 20 --json\n"
         "    mho simulate lenet --hw bcnn --sweep device.bits=1,3,5 --sweep "
         "device.variation=0:1:0.25\n"
         "        --trials 100 --ci 0.05 -o sweep.csv"},
    {.name = "explore",
     .synopsis = "SWEEP.yaml -o RESULTS.db [--resume] [--shard I/N] [options]",
     .summary = "many designs over accuracy, time, energy and area, kept in a file",
     .files_min = 1,
     .files_max = 1,
     .options = "hw data calibration trials images seed set resume shard",
     .run = cmd_explore,
     .details =
         "SWEEP.yaml names network, hw, axes, conditions, constraints and objectives "
         "(docs/explore.md):\n"
         "    network: lenet\n"
         "    hw: bcnn\n"
         "    axes: {output.split_bits: [2, 3, 4, 6], crossbar.rows: [64, 128, 256]}\n"
         "    constraints: [\"loss <= 1 %\", \"area <= 5 mm2\"]\n"
         "    objectives: [min energy]\n\n"
         "Every point is stored as soon as it is finished; after a kill, a full disk or Ctrl-C the "
         "same\n"
         "command with --resume goes on, also with more axes, values or trials.  --hw, --data, "
         "--images,\n"
         "--trials, --seed and --set stand in place of what the file says.\n\n"
         "    mho explore converters.yaml -o results.db\n"
         "    mpirun -n 64 mho explore converters.yaml -o results.db\n"
         "    mho explore converters.yaml -o part2.db --shard 2/4\n"
         "    mho merge part1.db part2.db part3.db part4.db -o results.db",
     .own_output = true},
    {.name = "show",
     .synopsis = "RESULTS.db [POINT] | RESULT.json",
     .summary = "stored results: what a file holds, or one point in full",
     .files_min = 1,
     .files_max = 2,
     .options = "",
     .run = cmd_show,
     .details = "POINT is the number of a row.  --hw RESULTS.db:POINT runs it again with any "
                "command.\n\n"
                "    mho show results.db\n"
                "    mho show results.db 17\n"
                "    mho evaluate lenet --hw results.db:17"},
    {.name = "report",
     .synopsis = "RESULTS.db -o FILE.html",
     .summary = "stored results as a page with charts: one file that opens from disk",
     .files_min = 1,
     .files_max = 1,
     .options = "output",
     .run = cmd_report,
     .details = "Trade-offs that a rectangle filters, each parameter, energy and area by part, a "
                "sorted table\n"
                "(docs/report.md).\n\n"
                "    mho report results.db -o report.html",
     .own_output = true,
     .plain = true},
    {.name = "query",
     .synopsis = "RESULTS.db \"SELECT ...\"",
     .summary = "ask stored results in SQL; nothing is changed",
     .files_min = 2,
     .files_max = 2,
     .options = "",
     .run = cmd_query,
     .details = "The view `designs` has a row a point and a column for each swept field, the table "
                "`points` all that\n"
                "is stored, the view `configurations` the full description (docs/store.md).\n\n"
                "    mho query results.db \"SELECT * FROM designs ORDER BY error LIMIT 5\""},
    {.name = "diff",
     .synopsis = "A B",
     .summary = "two results beside each other: fields and numbers that differ",
     .files_min = 2,
     .files_max = 2,
     .options = "",
     .run = cmd_diff,
     .details = "A and B are stored points (results.db:3) or results stored with --json.  Times of "
                "the run itself,\n"
                "threads and places of values are left out.  Of a point beside a file, which tells "
                "more than a store keeps,\nwhat only one of them tells is counted.\n\n"
                "    mho diff results.db:3 results.db:17\n"
                "    mho diff results.db:3 lenet.json\n"
                "    mho diff before.json after.json"},
    {.name = "merge",
     .synopsis = "RESULTS.db... -o ALL.db",
     .summary = "join stored results, of shards say, in one file",
     .files_min = 1,
     .files_max = CLI_FILES_MAX,
     .options = "output",
     .run = cmd_merge,
     .details = "ALL.db may exist.  Of two rows of one design the one that tells more is kept.\n\n"
                "    mho merge part1.db part2.db -o all.db",
     .own_output = true,
     .plain = true},
    {.name = "data",
     .synopsis = "[list | add NAME DIR | remove NAME | show [FILE.pgm] | fetch mnist]",
     .summary =
         "data sets: what is found where; names for your own; a contact sheet; download MNIST",
     .files_max = 3,
     .options = "data mirror",
     .run = cmd_data,
     .owns_output = cli_is_data_show,
     .details =
         "DIR holds IDX files, CIFAR binary files, NumPy arrays (x_train.npy, y_train.npy, "
         "x_test.npy,\n"
         "y_test.npy), or pictures (train/CLASS/FILE.png, test/CLASS/FILE.png; PNG, JPEG, PGM, "
         "PPM, BMP): "
         "docs/models/data.md.\n\n"
         "add remembers DIR (or files, x.npy,y.npy) by a name, which --data takes from then on; "
         "list shows\n"
         "what there is; remove forgets the name.\n\n"
         "    mho data add signs ~/data/traffic-signs\n"
         "    mho infer my.onnx --data signs\n\n"
         "show writes the first test images of every class as PGM (colour: PPM) to FILE.pgm, or\n"
         "-o FILE.pgm; to NAME.pgm in this folder if none is given.\n\n"
         "fetch puts MNIST into ~/.cache/mho/mnist and checks the SHA-256 sums; --mirror names a\n"
         "folder on another server (http, https, or file:///FOLDER)."},
    {.name = "train",
     .synopsis = "NET --style float|binary|circulant -o MODEL.onnx [options]",
     .summary = "train a network and write it as ONNX",
     .files_min = 1,
     .files_max = 1,
     .options =
         "style block bits data epochs seed set checkpoint resume scale mean std range layout",
     .run = cmd_train,
     .details =
         "NET is a name of the zoo (`mho nets`), a YAML file, or a trained ONNX file to go on from "
         "(--set\n"
         "fine_tune=true).  --style binary (the default): weights and\n"
         "activations of one bit after BinaryNet; float: as written.  A line an epoch goes "
         "to stderr.\n"
         "circulant: block-circulant weights; --block LAYER:K tells the size of the blocks, LAYER "
         "being conv,\n"
         "fc or a layer's name, which counts before these; K: all rows of a filter together, "
         "padded "
         "to a\n"
         "multiple of K; Kc: the channels of every tap padded; 1: an ordinary layer.  `mho nets "
         "MODEL.onnx`\n"
         "tells what is in the file.  --bits (float, circulant) LAYER:B or LAYER:WEIGHTS/MAPS, 2 "
         "to "
         "8: from\n"
         "--set float_share=0.5 of the epochs on (the last at least), weights and the maps that "
         "layers read\n"
         "are rounded, straight through; the image keeps its own.\n"
         "With --checkpoint FILE the state is stored after every epoch; after a kill or "
         "Ctrl-C the same\n"
         "command with --resume goes on and ends with the same digits.\n\n"
         "    mho train lenet --style binary --data DIR -o lenet.onnx\n"
         "    mho train lenet --style circulant --block fc:128,conv:16 --bits fc:2,conv:4 -o "
         "lenet.onnx\n"
         "    mho train lenet --style circulant --block fc:128,conv:16c,conv1:1 -o real.onnx\n"
         "    mho train real.onnx --style circulant --block fc:128,conv:16c,conv1:1 --bits "
         "fc:2/4,conv:4 \\\n"
         "        --set fine_tune=true --set float_share=0 -o lenet.onnx",
     .fields = &mho_train_fields,
     .own_output = true},
    {.name = "quantize",
     .synopsis = "MODEL --method fixed|threshold --data DIR -o OUT.onnx [options]",
     .summary = "turn a trained network into one of fewer bits",
     .files_min = 1,
     .files_max = 1,
     .options = "method bits weights-bits maps-bits data images set svg memory shape"
                " scale mean std range layout",
     .run = cmd_quantize,
     .details =
         "MODEL is an ONNX file, or the name of a float network trained and built in.\n\n"
         "fixed: weights and maps become codes of --bits B (2..8), without training: batch "
         "normalization is\n"
         "folded, scales are found on a few hundred training images, biases corrected "
         "(docs/models/quantization.md).\n"
         "The model runs in software as before, and on hardware with these scales.  Any network of "
         "one "
         "input and one\n"
         "output is taken; what is no layer is computed in real numbers, between the codes.\n\n"
         "threshold: the outputs of every layer but the last become bits, which select rows of a "
         "crossbar\n"
         "without DACs.  Layer by layer the threshold is taken with which most training images are "
         "right,\n"
         "the layers after it as they are (docs/models/quantize.md).  --svg draws error over "
         "threshold.\n\n"
         "    mho quantize my.onnx --method fixed --bits 8 --data DIR -o my-8bit.onnx\n"
         "    mho quantize my.onnx --bits 6 --maps-bits 8 --set scales=power_of_two -o "
         "my-6bit.onnx\n"
         "    mho quantize lenet.onnx --method threshold --data DIR -o lenet-1bit.onnx\n"
         "    mho quantize lenet.onnx --set grid_step=0.02 --set passes=2 -o lenet-1bit.onnx",
     .fields = &mho_fixed_fields,
     .more_fields = &mho_threshold_fields,
     .own_output = true},
    {.name = "search",
     .synopsis = "NET [--hw HW] [--sizes LIST] [--within POINTS [--data DIR] [--epochs N]]",
     .summary = "block sizes of circulant layers for the least energy x delay",
     .files_min = 1,
     .files_max = 1,
     .options = "hw set sizes within data images trials epochs seed shape bits",
     .run = cmd_search,
     .details = "Every combination of block sizes is placed and priced on HW (reboc), with copies "
                "and sets of layers\n"
                "as it has them chosen (crossbar.copies=0, crossbar.duplication=balanced): the "
                "order is exact.\n"
                "--within measures accuracy in that order: NET as trained (the model built in for "
                "the data, or a\n"
                "file), its weights moved to the nearest circulant ones, trained on for --epochs "
                "of 10,000 images\n"
                "(none), on the crossbars, one programming (--trials), 1000 test images "
                "(docs/models/explore.md).\n\n"
                "    mho search lenet --set crossbar.budget=32\n"
                "    mho search lenet --set crossbar.budget=32 --sizes 1,4,16 --within 1 --data "
                "DIR --epochs 1",
     .fields = NULL,
     .arch = "crossbar"},
    {.name = "infer",
     .synopsis = "MODEL [--data DIR | --input X.npy ... [--expect Y.npy ...]]",
     .summary = "run a trained network in software",
     .files_min = 1,
     .files_max = 1,
     .options =
         "style data images input expect memory shape try-scales scale mean std range layout",
     .run = cmd_infer,
     .details =
         "MODEL is an ONNX file, or the name of a network trained and built in, of that "
         "--style (binary\n"
         "by default).  --input runs given arrays, .npy or ONNX TensorProto (.pb): "
         "[n][c][h][w] images, or\n"
         "what the file declares, in the order of its inputs; --expect compares the outputs, in "
         "their order, and\n"
         "exits with 1 where they differ.\n\n"
         "A file that mho did not write seldom says what it reads of an image: mho assumes x = "
         "pixel / "
         "256 and says\n"
         "so; --scale, --mean, --std, --range and --layout tell it, --try-scales shows the error "
         "under "
         "the usual ones\n"
         "(docs/models/data.md).\n\n"
         "    mho infer lenet.onnx --data DIR --images 1000\n"
         "    mho infer resnet.onnx --data DIR --try-scales --images 500\n"
         "    mho infer resnet.onnx --data DIR --scale 1/255 --mean 0.485,0.456,0.406 --std "
         "0.229,0.224,0.225"},
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
     .synopsis = "bash|zsh|fish",
     .summary = "a completion script for the shell",
     .files_min = 1,
     .files_max = 1,
     .options = "",
     .run = cmd_completion,
     .details = "Put this into ~/.bashrc:\n    source <(mho completion bash)\n"
                "into ~/.zshrc, behind compinit:\n    source <(mho completion zsh)\n"
                "into ~/.config/fish/config.fish:\n    mho completion fish | source",
     .plain = true},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
