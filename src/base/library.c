/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of shared libraries (dlopen). */
#include "base/library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* What the loader says when memory is short; it keeps no error number. */
static bool is_short_of_memory(const char *reason)
{
    return strstr(reason, "annot allocate") || strstr(reason, "failed to map") ||
           strstr(reason, "cannot map") || strstr(reason, "cannot create");
}

static mho_status refused(const char *file)
{
    const char *reason = dlerror();
    reason = reason ? reason : "refused";
    if (is_short_of_memory(reason))
        return mho_error(MHO_ENOMEM, "out of memory: %s", reason);
    return mho_error(MHO_EINTERNAL, "cannot load %s: %s", file, reason);
}

mho_status mhoi_library_open(const char *file, const mhoi_symbol *symbol, size_t count)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return refused(file);
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, symbol[i].name);
        if (!address)
            return refused(file);
        memcpy(symbol[i].to, &address, sizeof address);
    }
    return MHO_OK;
}
