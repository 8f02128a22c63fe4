/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the result texts of two memory modellers: NVSim (RAM design target) and CACTI. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "mho/array.h"

static const struct unit {
    const char *name;
    double scale;
} units[] = {
    {"um^2", 1e-12}, {"mm^2", 1e-6}, {"GB/s", 1e9}, {"MB/s", 1e6},  {"TB/s", 1e12}, {"KB/s", 1e3},
    {"fJ", 1e-15},   {"pJ", 1e-12},  {"nJ", 1e-9},  {"uJ", 1e-6},   {"pW", 1e-12},  {"nW", 1e-9},
    {"uW", 1e-6},    {"mW", 1e-3},   {"W", 1.0},    {"Bytes", 1.0},
};

/* The number and unit at the start of text, e.g. "11.056GB/s". */
static mho_status quantity(const char *text, const char *what, const char *path, double *si)
{
    char *end;
    double v = strtod(text, &end);
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

static mho_status read_nvsim(const char *text, const char *path, mho_macro *macro)
{
    const struct {
        const char *label, *skip;
        double *si;
    } lines[] = {
        {"- Total Area =", "=", &macro->area_m2},
        {"- Read Bandwidth  =", NULL, &macro->rd_Bps},
        {"- Write Bandwidth =", NULL, &macro->wr_Bps},
        {"-  Read Dynamic Energy =", NULL, &macro->e_rd_J},
        {"- Write Dynamic Energy =", NULL, &macro->e_wr_J},
        {"- Leakage Power =", NULL, &macro->leakage_W},
    };
    double width = 0.0;
    if (!strstr(text, "Finished!"))
        return mho_error(MHO_EFORMAT,
                         "%s: NVSim result without its last line \"Finished!\": truncated", path);
    mho_status s = nvsim_capacity(text, path, &macro->size_B);
    if (s == MHO_OK)
        s = field(text, "Data Width :", "(", path, &width);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && s == MHO_OK; i++)
        s = field(text, lines[i].label, lines[i].skip, path, lines[i].si);
    if (s == MHO_OK && !(width >= 1.0 && width <= 4096.0))
        s = mho_error(MHO_EFORMAT, "%s: data width of %g bytes", path, width);
    macro->width_B = s == MHO_OK ? (size_t)width : 0;
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
    double v = strtod(at, &end);
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
    double h, w;
    if (!strchr(at, '\n'))
        return mho_error(MHO_EFORMAT, "%s: the line of height x width does not end (truncated?)",
                         path);
    if (sscanf(at, "%lf x %lf", &h, &w) != 2 || !(h > 0.0 && w > 0.0) || !isfinite(h * w))
        return mho_error(MHO_EFORMAT, "%s: height x width \"%.20s\" not understood", path, at);
    *area_m2 = h * w * 1e-6;
    return MHO_OK;
}

/* CACTI prints no bandwidth: one access a random cycle. */
static mho_status read_cacti(const char *text, const char *path, mho_macro *macro)
{
    double size = 0.0, width = 0.0, cycle_s = 0.0;
    const struct {
        const char *label;
        double scale, *si;
    } lines[] = {
        {"Total cache size (bytes)", 1.0, &size},
        {"Block size (bytes)", 1.0, &width},
        {"Cycle time (ns)", 1e-9, &cycle_s},
        {"Total dynamic read energy per access (nJ)", 1e-9, &macro->e_rd_J},
        {"Total dynamic write energy per access (nJ)", 1e-9, &macro->e_wr_J},
        {"Total leakage power of a bank", 1e-3, &macro->leakage_W},
    };
    mho_status s = cacti_area(text, path, &macro->area_m2);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && s == MHO_OK; i++)
        s = cacti_line(text, lines[i].label, path, lines[i].scale, lines[i].si);
    if (s != MHO_OK)
        return s;
    if (!(size >= 1.0 && size <= 1e13 && width >= 1.0 && width <= 4096.0 && cycle_s > 0.0))
        return mho_error(MHO_EFORMAT, "%s: %g bytes, blocks of %g bytes, cycle %g s", path, size,
                         width, cycle_s);
    macro->size_B = (size_t)size;
    macro->width_B = (size_t)width;
    macro->rd_Bps = macro->wr_Bps = width / cycle_s;
    return MHO_OK;
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
    bool nvsim = strstr(text, "DESIGN SPECIFICATION") != NULL;
    if (strlen(text) != size || (!nvsim && !strstr(text, "Cache Parameters")))
        s = mho_error(MHO_EFORMAT, "%s: neither NVSim's nor CACTI's result text", path);
    else
        s = nvsim ? read_nvsim(text, path, out) : read_cacti(text, path, out);
    if (s == MHO_OK && (out->rd_Bps <= 0.0 || out->wr_Bps <= 0.0))
        s = mho_error(MHO_EFORMAT, "%s: bandwidth is zero", path);
    strcpy(out->kind, kind);
    snprintf(out->source, sizeof out->source, "%s (%.140s)", nvsim ? "NVSim" : "CACTI", path);
    mhoi_free(&text);
    return s;
}
