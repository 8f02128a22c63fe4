/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit as a SPICE netlist.  Lines without resistance are one node; cells of 0 S are left out. */
#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "circuit/circuit_impl.h"

enum { NAME = 48 };

static bool driven(const circuit *c, size_t n)
{
    return !c->floating || !c->floating[n];
}

/* dM: driver; uM_N, or uM where the word line is ideal: word line at a cell. */
static void word_name(const circuit *c, size_t n, size_t m, char name[NAME])
{
    const mho_circuit_options *o = c->options;
    if (o->r_row_ohm > 0)
        snprintf(name, NAME, "u%zu_%zu", n + 1, m + 1);
    else
        snprintf(name, NAME, "%c%zu", o->r_driver_ohm > 0 || !driven(c, n) ? 'u' : 'd', n + 1);
}

/* sN: sense amplifier; wM_N, or wN where the bit line is ideal: bit line at a cell. */
static void bit_name(const circuit *c, size_t n, size_t m, char name[NAME])
{
    const mho_circuit_options *o = c->options;
    if (o->r_col_ohm > 0)
        snprintf(name, NAME, "w%zu_%zu", n + 1, m + 1);
    else
        snprintf(name, NAME, "%c%zu", o->r_sense_ohm > 0 ? 'w' : 's', m + 1);
}

static void write_word_line(const circuit *c, size_t n, double v_V, FILE *file)
{
    const mho_circuit_options *o = c->options;
    const double ends = o->r_row_ohm + o->r_driver_ohm;
    char here[NAME], next[NAME], foot[NAME];
    word_name(c, n, 0, here);
    word_name(c, n, c->M - 1, next);
    if (driven(c, n))
        mhoi_decimal_write(file, "vd%zu d%zu 0 dc %.17g\n", n + 1, n + 1, v_V);
    if (driven(c, n) && ends > 0) {
        mhoi_decimal_write(file, "rl%zu d%zu %s %.17g\n", n + 1, n + 1, here, ends);
        if (o->both_sides)
            mhoi_decimal_write(file, "rr%zu d%zu %s %.17g\n", n + 1, n + 1, next, ends);
    }
    for (size_t m = 0; m < c->M; m++) {
        const double g = c->g_S[n * c->M + m];
        word_name(c, n, m, here);
        bit_name(c, n, m, foot);
        if (g > 0)
            mhoi_decimal_write(file, "rg%zu_%zu %s %s %.17g\n", n + 1, m + 1, here, foot, 1 / g);
        if (m + 1 < c->M && o->r_row_ohm > 0) {
            word_name(c, n, m + 1, next);
            mhoi_decimal_write(file, "ru%zu_%zu %s %s %.17g\n", n + 1, m + 1, here, next,
                               o->r_row_ohm);
        }
    }
}

static void write_bit_line(const circuit *c, size_t m, FILE *file)
{
    const mho_circuit_options *o = c->options;
    const double foot = o->r_col_ohm + o->r_sense_ohm;
    char here[NAME], next[NAME];
    for (size_t n = 0; n + 1 < c->N && o->r_col_ohm > 0; n++) {
        bit_name(c, n, m, here);
        bit_name(c, n + 1, m, next);
        mhoi_decimal_write(file, "rw%zu_%zu %s %s %.17g\n", n + 1, m + 1, here, next, o->r_col_ohm);
    }
    bit_name(c, c->N - 1, m, here);
    if (foot > 0)
        mhoi_decimal_write(file, "rs%zu %s s%zu %.17g\n", m + 1, here, m + 1, foot);
    fprintf(file, "vs%zu s%zu 0 dc 0\n", m + 1, m + 1);
}

mho_status mho_circuit_spice(const mho_circuit_options *options, size_t N, size_t M,
                             const double *g_S, const bool *floating, const double *v_V, FILE *file)
{
    const circuit c = {options, N, M, g_S, floating};
    mho_status s = mhoi_circuit_check(&c);
    if (s)
        return s;
    errno = 0;
    fprintf(file, "* crossbar of %zu x %zu cells; i(vsN) is the current of bit line N\n", N, M);
    for (size_t n = 0; n < N; n++)
        write_word_line(&c, n, v_V[n], file);
    for (size_t m = 0; m < M; m++)
        write_bit_line(&c, m, file);
    fprintf(file, ".options reltol=1e-12\n.control\nset numdgt=16\nop\n");
    for (size_t m = 0; m < M; m++)
        fprintf(file, "print i(vs%zu)\n", m + 1);
    fprintf(file, "quit\n.endc\n.end\n");
    if (fflush(file) || ferror(file))
        return mho_error(MHO_EFILE, "cannot write the netlist: %s", strerror(errno));
    return MHO_OK;
}
