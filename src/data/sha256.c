/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libmd. */
#include <sys/types.h>

#include <sha2.h>

#include "data/data_impl.h"

void mhoi_sha256(const void *bytes, size_t size, char text[MHOI_SHA256_TEXT])
{
    SHA256Data(bytes, size, text);
}

bool mhoi_sha256_file(const char *path, char text[MHOI_SHA256_TEXT])
{
    return SHA256File(path, text) != NULL;
}
