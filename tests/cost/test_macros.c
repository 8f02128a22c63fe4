/* SPDX-License-Identifier: Apache-2.0 */
/* Memory macros: the library of Tables 4 and 5, texts of NVSim and CACTI, and what is wrong in them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "mho/cost.h"

/* A file in memory: thousands are written. */
static char path[64];
static int file;

static void write_file(const char *text, size_t size)
{
    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(pwrite(file, text, size, 0), size);
}

static int make_path(void **state)
{
    (void)state;
    file = memfd_create("macro", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return file < 0 ? -1 : 0;
}

static int drop_path(void **state)
{
    (void)state;
    return close(file);
}

/* --- texts in the form that NVSim and CACTI print --------------------------------------------------------- */

typedef struct nvsim {
    const char *kind, *capacity;
    unsigned bits;
    const char *area, *rd_bw, *wr_bw, *e_rd, *e_wr, *leak;
} nvsim;

static void nvsim_text(const nvsim *n, char *text, size_t size)
{
    int used = snprintf(
        text, size,
        "Some cell\n\n====================\nDESIGN SPECIFICATION\n====================\n"
        "Design Target: Random Access Memory\nCapacity   : %s\nData Width : %uBits (%uBytes)\n\n"
        "=============\nCONFIGURATION\n=============\nBank Organization: 1 x 1\n"
        " - Row Activation   : 1 / 1\nMat Organization: 2 x 1\n - Subarray Size    : 16 Rows x 16 "
        "Columns\n=============\n   RESULT\n=============\nArea:\n"
        " - Total Area = 2.000um x 3.000um = %s\n |--- Mat Area      = 9.000um x 9.000um = "
        "81.000um^2   (9.565%%)\n"
        "Timing:\n -  Read Latency = 2.219ns\n - Read Bandwidth  = %s\n - Write Bandwidth = %s\n"
        "Power:\n -  Read Dynamic Energy = %s\n |--- H-Tree Dynamic Energy = 17.439pJ\n"
        " - Write Dynamic Energy = %s\n |--- H-Tree Dynamic Energy = 17.439pJ\n"
        " - Leakage Power = %s\n |--- H-Tree Leakage Power = 0.000pW\n\nFinished!\n",
        n->capacity, n->bits, n->bits / 8, n->area, n->rd_bw, n->wr_bw, n->e_rd, n->e_wr, n->leak);
    assert_true(used > 0 && (size_t)used < size);
}

static const nvsim samples[] = {
    {"rram", "128KB", 256, "21224.686um^2", "15.169GB/s", "1.556GB/s", "67.960pJ", "195.286pJ",
     "39.990uW"},
    {"rram", "1024KB", 256, "61089.939um^2", "11.056GB/s", "1.534GB/s", "133.189pJ", "268.319pJ",
     "52.824uW"},
    {"sram", "128KB", 64, "82032.269um^2", "10.977GB/s", "10.451GB/s", "7.931pJ", "2.792pJ",
     "11.529uW"},
    {"sram", "16KB", 64, "10030.685um^2", "9.145GB/s", "5.147GB/s", "3.057pJ", "0.556pJ",
     "1.340uW"},
    {"accumulator", "0KB", 32, "57.673um^2", "37.075GB/s", "21.522GB/s", "0.045pJ", "0.022pJ",
     "6.162nW"},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static const char cacti[] = "---------- CACTI version 7.0 ----------\n\nCache Parameters:\n"
                            "    Total cache size (bytes): 65536\n    Number of banks: 1\n"
                            "    Block size (bytes): 64\n\n    Access time (ns): 0.9\n"
                            "    Cycle time (ns):  0.5\n"
                            "    Total dynamic read energy per access (nJ): 0.025\n"
                            "    Total dynamic write energy per access (nJ): 0.03\n"
                            "    Total leakage power of a bank (mW): 12.5\n"
                            "    Cache height x width (mm): 0.25 x 0.5\n\n    Best Ndwl : 2\n";

/* Same to a half of the printed digit. */
static void near(double got, double want, double half)
{
    if (!(fabs(got - want) <= half * 1.001))
        fail_msg("got %.9g, want %.9g", got, want);
}

#define READ(m) ((m).component.energy[MHO_OPERATION_READ].value)
#define WRITE(m) ((m).component.energy[MHO_OPERATION_WRITE].value)
#define LEAKAGE(m) ((m).component.leakage.value)
#define AREA(m) ((m).component.area.value)

/* Every value of Tables 4 and 5 that NVSim's samples carry; the two known misprints aside. */
static void nvsim_gives_the_tables(void **unused)
{
    (void)unused;
    mho_technology *library;
    assert_int_equal(mho_technology_open("buffer-22nm", &library), MHO_OK);
    for (size_t i = 0; i < SAMPLES; i++) {
        char text[4096];
        mho_macro got, want;
        nvsim_text(&samples[i], text, sizeof text);
        write_file(text, strlen(text));
        assert_int_equal(mho_macro_read(path, samples[i].kind, &got), MHO_OK);
        assert_int_equal(mho_technology_memory(library, samples[i].kind, got.size_B, false, &want),
                         MHO_OK);
        assert_int_equal(got.width_B, want.width_B);
        assert_string_equal(got.kind, samples[i].kind);
        bool acc = !strcmp(got.kind, "accumulator"); /* its bandwidth is not printed by Table 5 */
        near(got.rd_Bps, acc ? 37.075e9 : want.rd_Bps, 0.0);
        near(got.wr_Bps, acc ? 21.522e9 : want.wr_Bps, 0.0);
        near(READ(got), i == 0 ? 67.960e-12 : READ(want), 1e-20);
        near(WRITE(got), WRITE(want), 1e-20);
        near(LEAKAGE(got), LEAKAGE(want), acc ? 1e-20 : 1.1e-8);
        near(AREA(got), AREA(want), acc ? 1e-18 : 0.7e-12);
    }
    mho_technology_destroy(library);
}

static void cacti_is_read(void **unused)
{
    (void)unused;
    mho_macro m;
    write_file(cacti, sizeof cacti - 1);
    assert_int_equal(mho_macro_read(path, "sram", &m), MHO_OK);
    assert_int_equal(m.size_B, 65536);
    assert_int_equal(m.width_B, 64);
    near(m.rd_Bps, 128e9, 1);
    near(READ(m), 25e-12, 1e-24);
    near(WRITE(m), 30e-12, 1e-24);
    near(LEAKAGE(m), 12.5e-3, 1e-15);
    near(AREA(m), 0.125e-6, 1e-20);
}

/* A sample's text with one line in place of another. */
static mho_status read_with(const char *whole, const char *old, const char *line, mho_macro *out)
{
    char text[4096];
    const char *at = strstr(whole, old);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, line, at + strlen(old));
    write_file(text, strlen(text));
    return mho_macro_read(path, "rram", out);
}

/* Cells behind a transistor and phase change: RESET and SET; flash: by the block. */
static void nvsim_writes_by_set_and_reset(void **unused)
{
    (void)unused;
    char text[4096];
    static const char write[] = " - Write Dynamic Energy = 195.286pJ\n";
    mho_macro m;
    nvsim_text(&samples[0], text, sizeof text);
    assert_int_equal(read_with(text, write,
                               " - RESET Dynamic Energy = 1.250nJ\n |--- Mat Dynamic Energy = 7pJ\n"
                               " - SET Dynamic Energy = 900.000pJ\n",
                               &m),
                     MHO_OK);
    near(WRITE(m), 1.25e-9, 1e-21);
    assert_non_null(strstr(m.component.energy[MHO_OPERATION_WRITE].source, "RESET, dearer"));
    assert_int_equal(read_with(text, write,
                               " - RESET Dynamic Energy = 1.250pJ\n"
                               " - SET Dynamic Energy   = 2.000uJ\n",
                               &m),
                     MHO_OK);
    near(WRITE(m), 2e-6, 1e-18);
    assert_non_null(strstr(m.component.energy[MHO_OPERATION_WRITE].source, "SET, dearer"));
    assert_int_equal(read_with(text, write, " - RESET Dynamic Energy = 1.250pJ\n", &m),
                     MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "- SET Dynamic Energy"));
    assert_int_equal(read_with(text, write,
                               " - Erase Dynamic Energy = 1.250uJ per block\n"
                               " - Programming Dynamic Energy = 2.000uJ per page\n",
                               &m),
                     MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "flash"));
    assert_int_equal(read_with(text, write, " - Write Dynamic Energy = 2.5mJ\n", &m), MHO_OK);
    near(WRITE(m), 2.5e-3, 1e-15);
}

/* Channel and gate leakage both count; a line nobody knows is not left out in silence. */
static void cacti_leakage_is_whole(void **unused)
{
    (void)unused;
    static const char line[] = "    Total leakage power of a bank (mW): 12.5\n";
    mho_macro m;
    assert_int_equal(read_with(cacti, line,
                               "    Total leakage power of a bank (mW): 12.5\n"
                               "    Total gate leakage power of a bank (mW): 0.75\n",
                               &m),
                     MHO_OK);
    near(LEAKAGE(m), 13.25e-3, 1e-15);
    assert_non_null(strstr(m.component.leakage.source, "channel + gate"));
    assert_int_equal(read_with(cacti, line, line, &m), MHO_OK);
    assert_non_null(strstr(m.component.leakage.source, "gates is not printed"));
    assert_int_equal(read_with(cacti, line,
                               "    Total leakage power of a bank without power gating (mW): 9\n",
                               &m),
                     MHO_OK);
    near(LEAKAGE(m), 9e-3, 1e-15);
    assert_int_equal(read_with(cacti, line,
                               "    Total leakage power of a bank (mW): 12.5\n"
                               "    Leakage Power I/O (mW): 3\n",
                               &m),
                     MHO_EFORMAT);
    assert_non_null(strstr(mho_error_message(), "\"Leakage Power I/O (mW)\""));
    assert_int_equal(read_with(cacti, "    Best Ndwl : 2\n",
                               "    Best Ndwl : 2\n\tTotal leakage power in H-tree (mW): 1\n", &m),
                     MHO_OK);
    near(LEAKAGE(m), 12.5e-3, 1e-15);
    assert_int_equal(read_with(cacti, line, "    Activate Energy (nJ): 2\n", &m), MHO_ENOTMODELED);
    assert_non_null(strstr(mho_error_message(), "DRAM"));
}

static void truncated_texts_are_refused(void **unused)
{
    (void)unused;
    char text[4096];
    mho_macro m;
    nvsim_text(&samples[0], text, sizeof text);
    for (size_t n = 0; n + 2 < strlen(text); n++) { /* less than "Finished!" */
        write_file(text, n);
        if (mho_macro_read(path, "rram", &m) != MHO_EFORMAT)
            fail_msg("%zu of %zu bytes of NVSim's text were taken", n, strlen(text));
    }
    size_t needed = (size_t)(strstr(cacti, "0.25 x 0.5\n") - cacti) + strlen("0.25 x 0.5\n");
    for (size_t n = 0; n < needed; n++) {
        write_file(cacti, n);
        if (mho_macro_read(path, "sram", &m) != MHO_EFORMAT)
            fail_msg("%zu of %zu bytes of CACTI's text were taken", n, needed);
    }
}

/* Whatever the bytes: an error, or a macro that can be calculated with. */
static void mutate(const char *whole, uint64_t seed)
{
    mhoi_stream stream = {.seed = seed};
    size_t size = strlen(whole);
    char *text = malloc(size);
    assert_non_null(text);
    for (uint64_t trial = 0; trial < 400; trial++) {
        uint32_t draw[9];
        mhoi_rng_u32(&stream, trial * 9, 9, draw);
        memcpy(text, whole, size);
        for (uint32_t k = 0; k <= draw[0] % 4; k++)
            text[draw[1 + 2 * k] % size] = "0123456789.-xKMG \n\0n"[draw[2 + 2 * k] % 20];
        write_file(text, size);
        mho_macro m;
        mho_status s = mho_macro_read(path, "rram", &m);
        if (s != MHO_OK) {
            assert_int_equal(s, MHO_EFORMAT);
            continue;
        }
        assert_true(m.width_B >= 1 && m.rd_Bps > 0 && m.wr_Bps > 0 && m.size_B >= 1);
        assert_true(isfinite(m.rd_Bps + m.wr_Bps + READ(m) + WRITE(m) + LEAKAGE(m) + AREA(m)));
        assert_true(READ(m) >= 0 && WRITE(m) >= 0 && LEAKAGE(m) >= 0 && AREA(m) >= 0);
    }
    free(text);
}

static void mutated_texts_do_no_harm(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < SAMPLES; i += 2) {
        char text[4096];
        nvsim_text(&samples[i], text, sizeof text);
        mutate(text, i);
    }
    mutate(cacti, 7);
}

/* --- libraries ------------------------------------------------------------------------------------------- */

#define GOOD                                                                                       \
    "kind: rram, size: 16K, width_B: 8, rd_GBps: 1, wr_GBps: 1, e_rd_pJ: 1, e_wr_pJ: 1, "          \
    "leakage_mW: 1, area_um2: 1, source: mine"

static void bad_libraries_name_the_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *want[3];
    } bad[] = {
        {"name: x\n", {"no components and no macros"}},
        {"macros: 3\n", {":1:", "want a list of memories"}},
        {"macros: []\n", {":1:", "want a list of memories"}},
        {"macros:\n  - 5\n", {":2:", "want a macro"}},
        {"macros:\n  - {kind: rram}\n", {":2:", "macro without source"}},
        {"macros:\n  - {kind: rram, source: s}\n", {":2:", "macro without size"}},
        {"macros:\n  - {" GOOD ", e_rd_pj: 4}\n", {":2:", "unknown key e_rd_pj", "e_rd_pJ"}},
        {"macros:\n  - {" GOOD "}\n  - {" GOOD "}\n", {"rram of 16384 bytes twice"}},
        {"macros:\n  - {kind: rram, size: 16Q, width_B: 8, source: s}\n", {":2:", "16Q"}},
        {"macros:\n  - {kind: rram, size: -1, width_B: 8, source: s}\n", {":2:", "-1"}},
        {"macros:\n  - {kind: rram, size: 1, source: s, rd_GBps: nan}\n", {":2:", "nan"}},
        {"macros:\n  - {kind: rram, size: 1, source: s, rd_GBps: -2}\n",
         {":2:", "rd_GBps = -2", ">= 0"}},
        {"macros:\n  - {kind: abcdefghijklmnopqrstuvwxyz, source: s}\n", {":2:", "kind", "longer"}},
        {"macros: [1, 2\n", {":"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mho_technology *m;
        write_file(bad[i].text, strlen(bad[i].text));
        mho_status s = mho_technology_open(path, &m); /* with '/' it is a file */
        if (s != MHO_ECONFIG && s != MHO_EFORMAT)
            fail_msg("%s: %s", bad[i].text, mho_status_name(s));
        assert_null(m);
        for (size_t k = 0; k < 3 && bad[i].want[k]; k++)
            if (!strstr(mho_error_message(), bad[i].want[k]))
                fail_msg("%s: message '%s' lacks '%s'", bad[i].text, mho_error_message(),
                         bad[i].want[k]);
    }
}

static void find_tells_what_there_is(void **unused)
{
    (void)unused;
    mho_technology *m;
    mho_macro low, high, mid;
    assert_int_equal(mho_technology_open("buffer-22m", &m), MHO_EUSAGE);
    assert_non_null(strstr(mho_error_message(), "did you mean buffer-22nm?"));
    assert_int_equal(mho_technology_open("buffer-22nm", &m), MHO_OK);
    assert_int_equal(mho_technology_memory(m, "rram", 3 << 20, true, &mid), MHO_ECONFIG);
    assert_non_null(strstr(mho_error_message(), "128K 256K 512K 1M 2M"));
    assert_int_equal(mho_technology_memory(m, "rram", 768 << 10, false, &mid), MHO_ECONFIG);
    assert_int_equal(mho_technology_memory(m, "rram", 512 << 10, false, &low), MHO_OK);
    assert_int_equal(mho_technology_memory(m, "rram", 1 << 20, false, &high), MHO_OK);
    assert_int_equal(mho_technology_memory(m, "rram", 768 << 10, true, &mid), MHO_OK);
    assert_true(mid.interpolated && !low.interpolated && !high.interpolated);
    assert_true(AREA(low) < AREA(mid) && AREA(mid) < AREA(high));
    near(READ(mid), READ(low) * pow(READ(high) / READ(low), log2(1.5)),
         1e-20); /* 768K = 512K x 2^log2 1.5 */
    mid.interpolated = false;
    assert_int_equal(mho_technology_add_memory(m, &mid), MHO_OK);
    assert_int_equal(mho_technology_memory(m, "rram", 768 << 10, false, &low), MHO_OK);
    assert_int_equal(low.size_B, 768 << 10);
    mho_technology_destroy(m);
}

/* Every number of Tables 4 and 5 carries the source it was taken from. */
static void library_is_sound(void **unused)
{
    (void)unused;
    mho_technology *m;
    assert_int_equal(mho_technology_open("buffer-22nm", &m), MHO_OK);
    assert_int_equal(m->macros, 15);
    for (size_t i = 0; i < m->macros; i++) {
        const mho_macro *x = &m->macro[i];
        assert_non_null(strstr(x->component.area.source, "buffer Table"));
        assert_true(x->rd_Bps > 0 && x->wr_Bps > 0 && READ(*x) > 0 && WRITE(*x) > 0);
        if (i == 0 || strcmp(x[-1].kind, x->kind) != 0)
            continue;
        assert_true(x->size_B > x[-1].size_B && AREA(*x) > AREA(x[-1]));
        assert_true(READ(*x) > READ(x[-1]) && LEAKAGE(*x) > LEAKAGE(x[-1]));
    }
    mho_technology_destroy(m);
}

static void no_memory(void **unused)
{
    (void)unused;
    char text[4096];
    nvsim_text(&samples[0], text, sizeof text);
    write_file(text, strlen(text));
    uint64_t live = mhoi_alloc_live();
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        mho_technology *m;
        mho_macro macro;
        mhoi_alloc_fail_at(k);
        mho_status s = mho_macro_read(path, "rram", &macro);
        if (s == MHO_OK)
            s = mho_technology_open("buffer-22nm", &m);
        else
            m = NULL;
        if (s == MHO_OK) {
            macro.size_B = 5;
            s = mho_technology_add_memory(m, &macro);
        }
        failed = s != MHO_OK;
        assert_true(s == MHO_OK || s == MHO_ENOMEM);
        mhoi_alloc_fail_at(0);
        mho_technology_destroy(m);
        assert_int_equal(mhoi_alloc_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_is_sound),
        cmocka_unit_test(nvsim_gives_the_tables),
        cmocka_unit_test(cacti_is_read),
        cmocka_unit_test(nvsim_writes_by_set_and_reset),
        cmocka_unit_test(cacti_leakage_is_whole),
        cmocka_unit_test(truncated_texts_are_refused),
        cmocka_unit_test(mutated_texts_do_no_harm),
        cmocka_unit_test(bad_libraries_name_the_place),
        cmocka_unit_test(find_tells_what_there_is),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, make_path, drop_path);
}
