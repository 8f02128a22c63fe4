/* SPDX-License-Identifier: Apache-2.0 */
/* Section III-A: rows of a layer split over crossbars (Eq. 5), and how many bits their partial sums
 * need.  Ideal cells; the first layer and the classifier, where it is not split, have ideal converters,
 * so that partial sums alone cost accuracy. */
#include <string.h>

#include "bcnn_lenet.h"

paper_run_fn bcnn_splitting;

enum { SIZES = 5, BITS = 8, READINGS = 12, SETS = 9 };

static const size_t sizes[SIZES] = {32, 64, 128, 256, 512};
static const double enough_points = 0.1; /* about the binomial error of 10,000 images */

typedef struct study {
    bcnn_lenet lenet;
    double exact;                        /* error in % with ideal converters */
    double error[READINGS][SIZES][BITS]; /* in %, of 1..8 bits */
    double nine;                         /* of 9 bits over the full range of a pair of 128 rows */
} study;

/* A reading's number: two bits and the range. */
enum {
    OF_PAIR = 1,
    UNALIGNED = 2,
    RANGE = 4,
    LEAST_SQUARES = 0,
    CALIBRATED = RANGE,
    FULL = 2 * RANGE
};

static const char *const range_names[] = {"least squares", "calibrated", "full"};
static const char *const range_values[] = {"least_squares", "calibrated", "full"};

static void reading_name(size_t reading, char text[64])
{
    snprintf(text, 64, "%s, %s%s", range_names[reading / RANGE],
             reading & OF_PAIR ? "pair" : "crossbar", reading & UNALIGNED ? ", unaligned" : "");
}

static mho_status run_one(study *y, size_t reading, size_t rows, size_t bits, double *error)
{
    char text[SETS][64];
    const char *sets[SETS + 1] = {NULL};
    mho_spread percent = {0};
    snprintf(text[0], 64, "device.variation=0");
    snprintf(text[1], 64, "output.first_bits=0");
    snprintf(text[2], 64, "output.last_bits=0");
    snprintf(text[3], 64, "output.bits=0");
    snprintf(text[4], 64, "output.split_bits=%zu", bits);
    snprintf(text[5], 64, "crossbar.rows=%zu", rows);
    snprintf(text[6], 64, "output.range=%s", range_values[reading / RANGE]);
    snprintf(text[7], 64, "output.per=%s", reading & OF_PAIR ? "pair" : "crossbar");
    snprintf(text[8], 64, "output.aligned=%s", reading & UNALIGNED ? "false" : "true");
    for (size_t i = 0; i < SETS; i++)
        sets[i] = text[i];
    mho_status s = bcnn_lenet_error(&y->lenet, "bcnn", sets, 1, &percent);
    *error = percent.mean;
    return s;
}

static mho_status run_all(study *y)
{
    const size_t parts = READINGS * SIZES * BITS;
    y->lenet.what = "partial sums";
    y->lenet.parts = parts + 1;
    mho_status s = run_one(y, 0, sizes[0], 0, &y->exact);
    for (size_t i = 0; !s && i < parts; i++) {
        const size_t bits = i % BITS, size = i / BITS % SIZES, reading = i / BITS / SIZES;
        s = run_one(y, reading, sizes[size], bits + 1, &y->error[reading][size][bits]);
    }
    return s ? s : run_one(y, FULL | OF_PAIR, sizes[2], BITS + 1, &y->nine);
}

/* Fewest bits from which on the error stays within enough_points of the exact one; 0: 8 are too few. */
static size_t bits_needed(const study *y, size_t reading, size_t size)
{
    size_t needed = 0;
    for (size_t b = BITS; b-- > 0;) {
        if (y->error[reading][size][b] > y->exact + enough_points + 1e-9)
            break;
        needed = b + 1;
    }
    return needed;
}

/* Eq. 5: X_in of every layer that is split somewhere. */
static mho_status print_groups(FILE *out, const study *y)
{
    mho_net *net = NULL;
    mho_status s = mho_model_open("lenet", MHO_STYLE_BINARY, y->lenet.data, &net);
    if (s)
        return s;
    fprintf(out, "  Crossbars that the rows of a layer are split over, X_in (Eq. 5)\n  %-24s", "");
    for (size_t i = 0; i < SIZES; i++)
        fprintf(out, " %4zu rows", sizes[i]);
    for (size_t i = 0; i < mho_net_nodes(net); i++) {
        const mho_node *node = mho_net_node(net, i);
        if (!mho_node_is_weighted(node))
            continue;
        const size_t rows = mho_node_weight_count(node) / mho_node_output_shape(node).c;
        fprintf(out, "\n  %-14s %4zu rows", mho_node_name(node), rows);
        for (size_t k = 0; k < SIZES; k++)
            fprintf(out, " %9zu", (rows + sizes[k] - 1) / sizes[k]);
    }
    fputs("\n\n", out);
    mho_net_destroy(net);
    return MHO_OK;
}

static void print_errors(FILE *out, const study *y)
{
    fprintf(out,
            "  Test error in %% (exact sums: %.2f) of partial sums of 1 to 8 bits: %zu test "
            "images of %s\n  (binomial error %.2f points)\n",
            y->exact, y->lenet.images, y->lenet.data, bcnn_lenet_binomial(&y->lenet, y->exact));
    for (size_t r = 0; r < READINGS; r++) {
        char name[64];
        reading_name(r, name);
        fprintf(out, "\n  %-34s", name);
        for (size_t b = 0; b < BITS; b++)
            fprintf(out, "%6zu", b + 1);
        for (size_t i = 0; i < SIZES; i++) {
            fprintf(out, "\n  %30zu rows", sizes[i]);
            for (size_t b = 0; b < BITS; b++)
                fprintf(out, " %5.2f", y->error[r][i][b]);
        }
        fputc('\n', out);
    }
}

static void print_answer(FILE *out, const study *y)
{
    fprintf(out, "\n  Bits needed to stay within %.1f points of exact sums\n  %-34s", enough_points,
            "");
    for (size_t i = 0; i < SIZES; i++)
        fprintf(out, " %4zu rows", sizes[i]);
    for (size_t r = 0; r < READINGS; r++) {
        char name[64];
        reading_name(r, name);
        fprintf(out, "\n  %-34s", name);
        for (size_t i = 0; i < SIZES; i++) {
            const size_t n = bits_needed(y, r, i);
            if (n)
                fprintf(out, " %9zu", n);
            else
                fputs("       > 8", out);
        }
    }
    fputs("\n\n  Where do 4 bits stop being enough?\n", out);
    for (size_t r = 0; r < READINGS; r++) {
        char name[64];
        size_t enough = 0;
        reading_name(r, name);
        fprintf(out, "    %-34s enough at", name);
        for (size_t i = 0; i < SIZES; i++) {
            const size_t n = bits_needed(y, r, i);
            if (n && n <= 4)
                fprintf(out, "%s %zu", enough++ ? "," : "", sizes[i]);
        }
        fputs(enough ? " rows\n" : " none of the sizes\n", out);
    }
}

static mho_status put_rows(paper_result *result, const study *y)
{
    static const size_t readings[] = {CALIBRATED | OF_PAIR,    CALIBRATED,   FULL | OF_PAIR, FULL,
                                      LEAST_SQUARES | OF_PAIR, LEAST_SQUARES};
    mho_status s = MHO_OK;
    char name[64];
    for (size_t k = 0; k < 4; k++)
        for (size_t bits = 3; !s && bits <= 5; bits++) {
            reading_name(readings[k], name);
            s = paper_value(result, y->error[readings[k]][2][bits - 1] - y->exact,
                            "%s, 128 rows, %zu bits: increase", name, bits);
        }
    for (size_t k = 0; k < 4; k += 2)
        for (size_t i = 3; !s && i < SIZES; i++) {
            reading_name(readings[k], name);
            s = paper_value(result, y->error[readings[k]][i][3] - y->exact,
                            "%s, %zu rows, 4 bits: increase", name, sizes[i]);
        }
    if (!s)
        s = paper_value(result, y->nine - y->exact, "full, pair, 128 rows, 9 bits: increase");
    for (size_t k = 0; k < sizeof readings / sizeof *readings; k++) {
        reading_name(readings[k], name);
        if (!s)
            s = paper_value(result, y->error[readings[k]][2][7] - y->exact,
                            "%s, 128 rows, 8 bits: increase", name);
        if (!s)
            s = paper_value(result, (double)bits_needed(y, readings[k], 2),
                            "%s, 128 rows: bits needed", name);
    }
    return s;
}

mho_status bcnn_splitting(const paper_args *args, paper_result *result)
{
    study y = {0};
    mho_status s = bcnn_lenet_open(args, &y.lenet);
    if (s)
        return s;
    s = run_all(&y);
    if (!s)
        s = put_rows(result, &y);
    if (!s)
        s = print_groups(result->text, &y);
    if (!s) {
        print_errors(result->text, &y);
        print_answer(result->text, &y);
        bcnn_lenet_judge(&y.lenet, result);
    }
    bcnn_lenet_close(&y.lenet);
    return s;
}
