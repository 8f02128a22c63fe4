/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the result texts of two memory modellers: NVSim (RAM design target) and CACTI.
 *
 * NVSim prints one energy of a write, or for cells behind a transistor and for phase change one to RESET and
 * one to SET: a word holds bits of both, so the dearer one is taken for the whole word, and the source says
 * so.  Its write bandwidth already is that of the slower of the two.  Flash, which it erases by the block,
 * is refused.  CACTI prints leakage of channel and gate apart (old versions the first alone): both enter. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cost/macro.h"

static const struct unit {
    const char *name;
    double scale;
} units[] = {
    {"nm^2", 1e-18}, {"um^2", 1e-12}, {"mm^2", 1e-6}, {"m^2", 1.0},  {"TB/s", 1e12}, {"GB/s", 1e9},
    {"MB/s", 1e6},   {"KB/s", 1e3},   {"B/s", 1.0},   {"fJ", 1e-15}, {"pJ", 1e-12},  {"nJ", 1e-9},
    {"uJ", 1e-6},    {"mJ", 1e-3},    {"J", 1.0},     {"pW", 1e-12}, {"nW", 1e-9},   {"uW", 1e-6},
    {"mW", 1e-3},    {"W", 1.0},      {"Bytes", 1.0},
};

/* The number and unit at the start of text, e.g. "11.056GB/s". */
static mho_status quantity(const char *text, const char *what, const char *path, double *si)
{
    char *end;
    double v = mhoi_decimal_read(text, &end);
    if (end == text || !isfinite(v) || v < 0.0)
        return mho_error(MHO_EFORMAT, "%s: \"%s\" is not followed by a number", path, what);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strncmp(end, units[i].name, strlen(units[i].name)) == 0) {
            *si = v * units[i].scale;
            return MHO_OK;
        }
    return mho_error(MHO_EFORMAT, "%s: \"%s\" has an unknown unit \"%.8s\"", path, what, end);
}

/* What a text tells, before it becomes a macro. */
typedef struct reading {
    size_t size_B, width_B;
    double rd_Bps, wr_Bps, e_rd_J, e_wr_J, leakage_W, area_m2;
    const char *note; /* of the source */
} reading;

/* The text after label, and after the last `skip` in the same line if that is not NULL. */
static mho_status after(const char *text, const char *label, const char *skip, const char *path,
                        const char **found)
{
    const char *at = strstr(text, label);
    *found = "";
    if (!at)
        return mho_error(MHO_EFORMAT, "%s: no \"%s\" (truncated?)", path, label);
    at += strlen(label);
    if (skip) {
        const char *line = strchr(at, '\n'), *last = NULL;
        for (const char *p = at; (p = strstr(p, skip)) && (!line || p < line); p++)
            last = p;
        if (!last)
            return mho_error(MHO_EFORMAT, "%s: \"%s\" without \"%s\"", path, label, skip);
        at = last + strlen(skip);
    }
    *found = at;
    return MHO_OK;
}

static mho_status field(const char *text, const char *label, const char *skip, const char *path,
                        double *si)
{
    const char *at;
    mho_status s = after(text, label, skip, path, &at);
    return s == MHO_OK ? quantity(at, label, path, si) : s;
}

/* Below 1 KB NVSim prints "0KB": there the organization gives the capacity. */
static mho_status nvsim_small(const char *text, const char *path, size_t *bytes)
{
    size_t bank[2], mat[2], cells[2];
    const char *b = "", *m = "", *c = "";
    mho_status s;
    if ((s = after(text, "Bank Organization:", NULL, path, &b)) != MHO_OK ||
        (s = after(text, "Mat Organization:", NULL, path, &m)) != MHO_OK ||
        (s = after(text, "Subarray Size    :", NULL, path, &c)) != MHO_OK)
        return s;
    if (sscanf(b, "%zu x %zu", &bank[0], &bank[1]) != 2 ||
        sscanf(m, "%zu x %zu", &mat[0], &mat[1]) != 2 ||
        sscanf(c, "%zu Rows x %zu", &cells[0], &cells[1]) != 2)
        return mho_error(MHO_EFORMAT, "%s: organization not understood", path);
    double bits = (double)bank[0] * (double)bank[1] * (double)mat[0] * (double)mat[1] *
                  (double)cells[0] * (double)cells[1];
    if (!(bits >= 8.0 && bits <= 8192.0))
        return mho_error(MHO_EFORMAT, "%s: capacity 0KB, but the arrays hold %g bits", path, bits);
    *bytes = (size_t)(bits / 8.0);
    return MHO_OK;
}

static mho_status nvsim_capacity(const char *text, const char *path, size_t *bytes)
{
    const char *at = "";
    mho_status s = after(text, "Capacity   :", NULL, path, &at);
    if (s != MHO_OK)
        return s;
    size_t n = 0;
    char letter = 0;
    if (sscanf(at, "%9zu%c", &n, &letter) != 2 || !strchr("KMG", letter) || n > 1u << 20)
        return mho_error(MHO_EFORMAT, "%s: capacity \"%.12s\" not understood", path, at);
    *bytes = n << (letter == 'K' ? 10 : letter == 'M' ? 20 : 30);
    return n > 0 ? MHO_OK : nvsim_small(text, path, bytes);
}

static bool has(const char *text, const char *label)
{
    return strstr(text, label) != NULL;
}

static mho_status nvsim_write(const char *text, const char *path, reading *r)
{
    double set_J = 0.0, reset_J = 0.0;
    if (has(text, "- Erase Dynamic Energy"))
        return mho_error(MHO_ENOTMODELED,
                         "%s: flash, erased by the block and programmed by the page", path);
    if (!has(text, "- RESET Dynamic Energy") && !has(text, "- SET Dynamic Energy"))
        return field(text, "- Write Dynamic Energy =", NULL, path, &r->e_wr_J);
    mho_status s = field(text, "- RESET Dynamic Energy", "=", path, &reset_J);
    if (s == MHO_OK)
        s = field(text, "- SET Dynamic Energy", "=", path, &set_J);
    r->e_wr_J = set_J > reset_J ? set_J : reset_J;
    r->note =
        set_J > reset_J ? ", a write: SET, dearer than RESET" : ", a write: RESET, dearer than SET";
    return s;
}

static mho_status read_nvsim(const char *text, const char *path, reading *r)
{
    const struct {
        const char *label, *skip;
        double *si;
    } lines[] = {
        {"- Total Area =", "=", &r->area_m2},       {"- Read Bandwidth  =", NULL, &r->rd_Bps},
        {"- Write Bandwidth =", NULL, &r->wr_Bps},  {"-  Read Dynamic Energy =", NULL, &r->e_rd_J},
        {"- Leakage Power =", NULL, &r->leakage_W},
    };
    double width = 0.0;
    if (!has(text, "Finished!"))
        return mho_error(MHO_EFORMAT,
                         "%s: NVSim result without its last line \"Finished!\": truncated", path);
    mho_status s = nvsim_capacity(text, path, &r->size_B);
    if (s == MHO_OK)
        s = field(text, "Data Width :", "(", path, &width);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && s == MHO_OK; i++)
        s = field(text, lines[i].label, lines[i].skip, path, lines[i].si);
    if (s == MHO_OK)
        s = nvsim_write(text, path, r);
    if (s == MHO_OK && !(width >= 1.0 && width <= 4096.0))
        s = mho_error(MHO_EFORMAT, "%s: data width of %g bytes", path, width);
    r->width_B = s == MHO_OK ? (size_t)width : 0;
    return s;
}

/* A CACTI line is "    label: value"; the unit stands in the label. */
static mho_status cacti_line(const char *text, const char *label, const char *path, double scale,
                             double *si)
{
    const char *at;
    mho_status s = after(text, label, ":", path, &at);
    if (s != MHO_OK)
        return s;
    char *end;
    double v = mhoi_decimal_read(at, &end);
    if (end == at || !isfinite(v) || v < 0.0)
        return mho_error(MHO_EFORMAT, "%s: \"%s\" is not followed by a number", path, label);
    if (*end != '\n' && *end != '\r')
        return mho_error(MHO_EFORMAT, "%s: the line of \"%s\" does not end (truncated?)", path,
                         label);
    *si = v * scale;
    return MHO_OK;
}

static mho_status cacti_area(const char *text, const char *path, double *area_m2)
{
    const char *at;
    mho_status s = after(text, "Cache height x width (mm)", ":", path, &at);
    if (s != MHO_OK)
        return s;
    char *end;
    if (!strchr(at, '\n'))
        return mho_error(MHO_EFORMAT, "%s: the line of height x width does not end (truncated?)",
                         path);
    const double h = mhoi_decimal_read(at, &end);
    end += strspn(end, " ");
    const double w = *end == 'x' ? mhoi_decimal_read(end + 1, NULL) : 0;
    if (!(h > 0.0 && w > 0.0) || !isfinite(h * w))
        return mho_error(MHO_EFORMAT, "%s: height x width \"%.20s\" not understood", path, at);
    *area_m2 = h * w * 1e-6;
    return MHO_OK;
}

/* Leakage of the bank in watts: every line above the list of parts that calls itself so. */
static mho_status cacti_leakage(const char *text, const char *path, double *leakage_W)
{
    static const char *const known[] = {"Total leakage power of a bank",
                                        "Total gate leakage power of a bank"};
    const char *end = strstr(text, "Best Ndwl");
    double sum = 0.0, part;
    for (size_t k = 0; k < 2; k++) {
        if (k > 0 && !has(text, known[k]))
            continue;
        mho_status s = cacti_line(text, known[k], path, 1e-3, &part);
        if (s != MHO_OK)
            return s;
        sum += part;
    }
    for (const char *at = text; (at = strcasestr(at, "leakage power")) && (!end || at < end);
         at++) {
        const char *line = at;
        while (line > text && line[-1] != '\n')
            line--;
        line += strspn(line, " \t");
        if (strncmp(line, known[0], strlen(known[0])) != 0 &&
            strncmp(line, known[1], strlen(known[1])) != 0)
            return mho_error(MHO_EFORMAT, "%s: unknown line of leakage \"%.*s\"", path,
                             (int)strcspn(line, "\r\n:"), line);
    }
    *leakage_W = sum;
    return MHO_OK;
}

/* CACTI prints no bandwidth: one access a random cycle. */
static mho_status read_cacti(const char *text, const char *path, reading *r)
{
    double size = 0.0, width = 0.0, cycle_s = 0.0;
    const struct {
        const char *label;
        double scale, *si;
    } lines[] = {
        {"Total cache size (bytes)", 1.0, &size},
        {"Block size (bytes)", 1.0, &width},
        {"Cycle time (ns)", 1e-9, &cycle_s},
        {"Total dynamic read energy per access (nJ)", 1e-9, &r->e_rd_J},
        {"Total dynamic write energy per access (nJ)", 1e-9, &r->e_wr_J},
    };
    if (has(text, "Activate Energy (nJ)"))
        return mho_error(MHO_ENOTMODELED,
                         "%s: DRAM, whose rows are opened, closed and refreshed apart", path);
    mho_status s = cacti_area(text, path, &r->area_m2);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && s == MHO_OK; i++)
        s = cacti_line(text, lines[i].label, path, lines[i].scale, lines[i].si);
    if (s == MHO_OK)
        s = cacti_leakage(text, path, &r->leakage_W);
    if (s != MHO_OK)
        return s;
    if (!(size >= 1.0 && size <= 1e13 && width >= 1.0 && width <= 4096.0 && cycle_s > 0.0))
        return mho_error(MHO_EFORMAT, "%s: %g bytes, blocks of %g bytes, cycle %g s", path, size,
                         width, cycle_s);
    r->size_B = (size_t)size;
    r->width_B = (size_t)width;
    r->rd_Bps = r->wr_Bps = width / cycle_s;
    r->note = has(text, "Total gate leakage power of a bank")
                  ? ", leakage: channel + gate"
                  : ", leakage: channel alone, that of the gates is not printed";
    return MHO_OK;
}

static void fill_price(double value, double scale, const char *unit, const char *source,
                       mho_quantity *out)
{
    char formula[48];
    (void)mhoi_decimal_print(formula, sizeof formula, "%g %s", value / scale, unit);
    mhoi_macro_quantity(value, formula, source, out);
}

static void fill_macro(const reading *r, const char *kind, const char *source, mho_macro *out)
{
    mho_component *c = &out->component;
    strcpy(out->kind, kind);
    out->size_B = r->size_B;
    out->width_B = r->width_B;
    out->rd_Bps = r->rd_Bps;
    out->wr_Bps = r->wr_Bps;
    fill_price(r->area_m2, 1e-12, "um2", source, &c->area);
    fill_price(r->e_rd_J, 1e-12, "pJ", source, &c->energy[MHO_OPERATION_READ]);
    fill_price(r->e_wr_J, 1e-12, "pJ", source, &c->energy[MHO_OPERATION_WRITE]);
    fill_price(r->leakage_W, 1e-3, "mW", source, &c->leakage);
    mhoi_macro_name(out);
}

mho_status mho_macro_read(const char *path, const char *kind, mho_macro *out)
{
    memset(out, 0, sizeof *out);
    if (strlen(kind) >= sizeof out->kind)
        return mho_error(MHO_EUSAGE, "kind \"%s\" is longer than %zu characters", kind,
                         sizeof out->kind - 1);
    char *text = NULL;
    size_t size;
    mho_status s = mhoi_file_read(path, MHOI_TEXT_MAX, &text, &size);
    if (s != MHO_OK)
        return s;
    reading r = {.note = ""};
    bool nvsim = has(text, "DESIGN SPECIFICATION");
    if (strlen(text) != size || (!nvsim && !has(text, "Cache Parameters")))
        s = mho_error(MHO_EFORMAT, "%s: neither NVSim's nor CACTI's result text", path);
    else
        s = nvsim ? read_nvsim(text, path, &r) : read_cacti(text, path, &r);
    if (s == MHO_OK && (r.rd_Bps <= 0.0 || r.wr_Bps <= 0.0))
        s = mho_error(MHO_EFORMAT, "%s: bandwidth is zero", path);
    char source[MHO_COST_SOURCE];
    (void)snprintf(source, sizeof source, "%s (%.120s)%s", nvsim ? "NVSim" : "CACTI", path, r.note);
    if (s == MHO_OK)
        fill_macro(&r, kind, source, out);
    mhoi_free(&text);
    return s;
}
