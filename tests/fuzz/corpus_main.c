/* SPDX-License-Identifier: Apache-2.0 */
/* A harness without a fuzzer: every file of the folders named, cut off at many lengths, and with bytes changed, put in,
 * taken out and copied, the same ones in every run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum { SIZE_MAX_READ = 1 << 16, CUTS = 40, CHANGES = 400, CHANGES_EACH = 8, SECONDS = 60 };

static uint32_t roll(uint64_t *state, size_t n) /* 0..n-1 */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % n);
}

/* In an own block, so that a sanitizer sees a read beyond its end. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    alarm(SECONDS); /* an endless loop is a failure, too */
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t change(uint64_t *dice, uint8_t *bytes, size_t size)
{
    static const uint8_t telling[] = {0,   1,   0x7f, 0x80, 0xff, ' ', '0', '9',
                                      '-', '.', ',',  ':',  '{',  '[', '"', '\n'};
    const size_t at = roll(dice, size), n = 1 + roll(dice, size - at < 16 ? size - at : 16);
    switch (roll(dice, 5)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << roll(dice, 8));
        break;
    case 1:
        bytes[at] = telling[roll(dice, sizeof telling)];
        break;
    case 2: /* out */
        if (n < size) {
            memmove(bytes + at, bytes + at + n, size - at - n);
            size -= n;
        }
        break;
    case 3: /* in */
        memmove(bytes + at + n, bytes + at, size - at);
        memset(bytes + at, telling[roll(dice, sizeof telling)], n);
        size += n;
        break;
    default:
        memmove(bytes + roll(dice, size - n + 1), bytes + at, n);
    }
    return size;
}

static size_t run_file(const char *path)
{
    static uint8_t bytes[SIZE_MAX_READ], changed[SIZE_MAX_READ + 16 * CHANGES_EACH];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(1);
    }
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    run(bytes, size);
    for (size_t i = 0; i < CUTS; i++)
        run(bytes, size * i / CUTS);
    uint64_t dice = size;
    for (size_t i = 0; size && i < CHANGES; i++) {
        size_t n = size;
        memcpy(changed, bytes, size);
        for (size_t k = 1 + roll(&dice, CHANGES_EACH); k > 0 && n; k--)
            n = change(&dice, changed, n);
        run(changed, n);
    }
    return 1 + CUTS + (size ? CHANGES : 0);
}

static size_t run_folder(const char *folder)
{
    struct dirent **entry = NULL;
    size_t runs = 0;
    const int n = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            runs += run_file(path);
        free(entry[i]);
    }
    free(entry);
    return runs;
}

int main(int argc, char **argv)
{
    size_t runs = 0;
    run((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        runs += run_folder(argv[i]);
    printf("%zu inputs\n", runs);
    return runs ? 0 : 1; /* no corpus: nothing was tested */
}
