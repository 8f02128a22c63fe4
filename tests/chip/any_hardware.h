/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware of random values of all fields at once. */
#ifndef ANY_HARDWARE_H
#define ANY_HARDWARE_H

#include "chip_nets.h"

enum { SET_BYTES = 64 };

/* A field and values to choose from. */
static const char *const choices[][8] = {
    {"device.bits", "1", "2", "3", "7", "8"},
    {"device.levels", "intervals", "ends"},
    {"device.distribution", "uniform", "gaussian", "lognormal"},
    {"device.variation", "0", "0", "0.5", "1"},
    {"device.variation_rise", "0", "0.2"},
    {"device.verify_rewrites", "0", "0", "2"},
    {"device.stuck_on", "0", "0", "0.02"},
    {"device.stuck_off", "0", "0", "0.03"},
    {"device.off_leak", "false", "true"},
    {"device.drift_nu", "0", "0", "0.05"},
    {"device.drift_time", "1", "1e4"},
    {"device.nonlinearity", "0", "0", "0", "2"},
    {"device.read_noise", "0", "0", "0.1"},
    {"device.read_noise_fixed", "0", "0", "0.02"},
    {"device.resolution_bits", "12", "8", "10", "14"},
    {"crossbar.rows", "128", "16", "27", "4096"},
    {"crossbar.columns", "128", "12", "31"},
    {"crossbar.active_rows", "0", "0", "0", "0", "0", "7", "16"},
    {"output.share", "1", "1", "3", "8", "4096"},
    {"output.sampled", "true", "false"},
    {"crossbar.weights", "differential", "single", "differential", "single", "merged"},
    {"crossbar.offset", "column", "digital"},
    {"crossbar.slicing", "columns", "crossbars"},
    {"input.coding", "direct", "two_reads", "two_rows"},
    {"input.bits_per_read", "0", "0", "1", "3"},
    {"output.first_bits", "0", "4", "8"},
    {"output.bits", "0", "1", "5"},
    {"output.split_bits", "0", "4", "8"},
    {"output.last_bits", "0", "6", "8"},
    {"output.range", "least_squares", "full", "calibrated"},
    {"output.aligned", "true", "false"},
    {"output.edges", "uniform", "uniform", "lloyd", "quantile"},
    {"output.column_sum", "weights", "read_back"},
    {"output.per", "crossbar", "pair"},
    {"output.offset", "0", "0", "0.3"},
    {"output.gain_error", "0", "0", "0.02"},
    {"output.inl", "0", "0", "0.4"},
    {"wires.r_row", "0", "0", "0", "3"},
    {"wires.r_col", "0", "0", "0", "2"},
};
static const char *const full_choices[][8] = {
    {"crossbar.weight_bits", "0", "0", "4", "6"},
    {"input.bits", "8", "3", "4"},
};
enum {
    CHOICES = sizeof choices / sizeof *choices,
    FULL_CHOICES = sizeof full_choices / sizeof *full_choices,
};

typedef struct hardware {
    char text[CHOICES + FULL_CHOICES + 1][SET_BYTES];
    const char *set[CHOICES + FULL_CHOICES + 4];
    bool full;
} hardware;

static inline void choose(dice *d, const char *const *choice, hardware *h, size_t i)
{
    uint32_t values = 0;
    while (values < 7 && choice[1 + values])
        values++;
    snprintf(h->text[i], SET_BYTES, "%s=%s", choice[0], choice[1 + roll(d, values)]);
    h->set[i] = h->text[i];
}

static inline void any_hardware(dice *d, hardware *h)
{
    static const char *const modes[] = {"crossbar.mode=binary", "crossbar.mode=ternary",
                                        "crossbar.mode=full"};
    const uint32_t mode = roll(d, 3);
    memset(h, 0, sizeof *h);
    h->full = mode == 2;
    for (size_t i = 0; i < CHOICES; i++)
        choose(d, choices[i], h, i);
    for (size_t i = 0; h->full && i < FULL_CHOICES; i++)
        choose(d, full_choices[i], h, CHOICES + i);
    h->set[CHOICES + (h->full ? FULL_CHOICES : 0)] = modes[mode];
}

static inline void force(hardware *h, const char *set)
{
    const size_t key = (size_t)(strchr(set, '=') - set) + 1;
    for (size_t i = 0; h->set[i]; i++)
        if (!strncmp(h->set[i], set, key))
            h->set[i] = set;
}

/* Reference columns at level 0, and what they want. */
static inline void add_level0(hardware *h)
{
    size_t n = 0;
    while (h->set[n])
        n++;
    h->set[n] = "output.reference=level0";
    force(h, "output.per=crossbar");
    force(h, "crossbar.weights=differential");
    force(h, "device.read_noise=0");
    force(h, "device.read_noise_fixed=0");
}

/* Real weights in place of +-1. */
static inline void make_float(dice *d, mho_net *net)
{
    for (size_t i = 0; i < net->nodes; i++) {
        mho_node *node = &net->node[i];
        for (size_t k = 0; node->alphabet == MHO_ALPHABET_BINARY && k < mho_node_weight_count(node);
             k++)
            node->weight[k] = real(d);
        node->alphabet = MHO_ALPHABET_REAL;
    }
}

#endif
