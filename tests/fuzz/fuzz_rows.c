/* SPDX-License-Identifier: Apache-2.0 */
/* The stored rows of a sweep: the bytes are the whole file, or what follows the head of this study. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"
#include "mho/study.h"

enum { POINTS = 4 };

static mho_study *study;
static char *head; /* the lines that a file of this study begins with */
static size_t head_size;

static mho_status begin(void)
{
    static const char *const axes[] = {"device.bits=1,3", "device.variation=0,0.5", NULL};
    const mho_subject subject = {.net = "lenet", .hw = "bcnn", .data = "synthetic"};
    const mho_study_options options = mho_study_options_default();
    mho_row row[POINTS];
    mho_rows *rows = NULL;
    size_t done;
    const char *path = fuzz_file(NULL, 0);
    mho_status s = mho_study_open(&subject, &options, axes, NULL, &study);
    if (!s)
        s = mho_rows_open(path, true, study, row, &done, &rows);
    mho_rows_close(rows);
    return s ? s : mhoi_file_read(path, MHOI_TEXT_MAX, &head, &head_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!study && begin()) {
        fprintf(stderr, "no study: %s\n", mho_error_message());
        abort();
    }
    const uint64_t live = mhoi_alloc_live();
    for (size_t with = 0; with <= head_size; with += head_size) {
        char *text = malloc(with + size + 1);
        mho_row row[POINTS] = {{.software_error = 0}};
        mho_rows *rows = NULL;
        size_t done;
        if (!text)
            abort();
        memcpy(text, head, with);
        memcpy(text + with, data, size);
        const mho_status s =
            mho_rows_open(fuzz_file((uint8_t *)text, with + size), true, study, row, &done, &rows);
        mho_rows_close(rows);
        free(text);
        fuzz_done_from(s, live);
    }
    return 0;
}
