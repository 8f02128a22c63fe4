/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit as a SPICE netlist.  Lines without resistance are one node; cells of 0 S are left out. */
#include <errno.h>
#include <string.h>

#include "circuit/circuit_impl.h"

enum { NAME = 48 };

static bool driven(const circuit *c, size_t m)
{
    return !c->floating || !c->floating[m];
}

/* dM: driver; uM_N, or uM where the word line is ideal: word line at a cell. */
static void word_name(const circuit *c, size_t m, size_t n, char name[NAME])
{
    const mho_circuit_options *o = c->options;
    if (o->r_row_ohm > 0)
        snprintf(name, NAME, "u%zu_%zu", m + 1, n + 1);
    else
        snprintf(name, NAME, "%c%zu", o->r_driver_ohm > 0 || !driven(c, m) ? 'u' : 'd', m + 1);
}

/* sN: sense amplifier; wM_N, or wN where the bit line is ideal: bit line at a cell. */
static void bit_name(const circuit *c, size_t m, size_t n, char name[NAME])
{
    const mho_circuit_options *o = c->options;
    if (o->r_col_ohm > 0)
        snprintf(name, NAME, "w%zu_%zu", m + 1, n + 1);
    else
        snprintf(name, NAME, "%c%zu", o->r_sense_ohm > 0 ? 'w' : 's', n + 1);
}

static void write_word_line(const circuit *c, size_t m, double v_V, FILE *file)
{
    const mho_circuit_options *o = c->options;
    const double ends = o->r_row_ohm + o->r_driver_ohm;
    char here[NAME], next[NAME], foot[NAME];
    word_name(c, m, 0, here);
    word_name(c, m, c->N - 1, next);
    if (driven(c, m))
        fprintf(file, "vd%zu d%zu 0 dc %.17g\n", m + 1, m + 1, v_V);
    if (driven(c, m) && ends > 0) {
        fprintf(file, "rl%zu d%zu %s %.17g\n", m + 1, m + 1, here, ends);
        if (o->both_sides)
            fprintf(file, "rr%zu d%zu %s %.17g\n", m + 1, m + 1, next, ends);
    }
    for (size_t n = 0; n < c->N; n++) {
        const double g = c->g_S[m * c->N + n];
        word_name(c, m, n, here);
        bit_name(c, m, n, foot);
        if (g > 0)
            fprintf(file, "rg%zu_%zu %s %s %.17g\n", m + 1, n + 1, here, foot, 1 / g);
        if (n + 1 < c->N && o->r_row_ohm > 0) {
            word_name(c, m, n + 1, next);
            fprintf(file, "ru%zu_%zu %s %s %.17g\n", m + 1, n + 1, here, next, o->r_row_ohm);
        }
    }
}

static void write_bit_line(const circuit *c, size_t n, FILE *file)
{
    const mho_circuit_options *o = c->options;
    const double foot = o->r_col_ohm + o->r_sense_ohm;
    char here[NAME], next[NAME];
    for (size_t m = 0; m + 1 < c->M && o->r_col_ohm > 0; m++) {
        bit_name(c, m, n, here);
        bit_name(c, m + 1, n, next);
        fprintf(file, "rw%zu_%zu %s %s %.17g\n", m + 1, n + 1, here, next, o->r_col_ohm);
    }
    bit_name(c, c->M - 1, n, here);
    if (foot > 0)
        fprintf(file, "rs%zu %s s%zu %.17g\n", n + 1, here, n + 1, foot);
    fprintf(file, "vs%zu s%zu 0 dc 0\n", n + 1, n + 1);
}

mho_status mho_circuit_spice(const mho_circuit_options *options, size_t M, size_t N,
                             const double *g_S, const bool *floating, const double *v_V, FILE *file)
{
    const circuit c = {options, M, N, g_S, floating};
    mho_status s = mhoi_circuit_check(&c);
    if (s)
        return s;
    errno = 0;
    fprintf(file, "* crossbar of %zu x %zu cells; i(vsN) is the current of bit line N\n", M, N);
    for (size_t m = 0; m < M; m++)
        write_word_line(&c, m, v_V[m], file);
    for (size_t n = 0; n < N; n++)
        write_bit_line(&c, n, file);
    fprintf(file, ".options reltol=1e-12\n.control\nset numdgt=16\nop\n");
    for (size_t n = 0; n < N; n++)
        fprintf(file, "print i(vs%zu)\n", n + 1);
    fprintf(file, "quit\n.endc\n.end\n");
    if (fflush(file) || ferror(file))
        return mho_error(MHO_EFILE, "cannot write the netlist: %s", strerror(errno));
    return MHO_OK;
}
