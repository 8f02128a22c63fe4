/* SPDX-License-Identifier: Apache-2.0 */
/* The library's one allocator: zeroed, aligned for vector loads, counted, and failing on demand. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

#define ALIGNMENT 64
/* Pages that hold much more, where the system has them: large tables are read all over. */
#define HUGE_PAGE ((size_t)2 << 20)
#define HUGE_FROM (4 * HUGE_PAGE)

static atomic_uint_fast64_t made, live, bytes_live, bytes_most;
static atomic_uint_fast64_t fail_number; /* value of `made` that fails; 0 = none */

/* Bytes that count of memory that was asked for: a large piece lies anywhere in what the system gave for it, so its own size is
 * kept behind it. */
static size_t *size_behind(void *memory, size_t usable)
{
    return usable < HUGE_FROM
               ? NULL
               : (size_t *)(void *)((char *)memory + usable / sizeof(size_t) * sizeof(size_t)) - 1;
}

static size_t counted(void *memory)
{
    const size_t usable = malloc_usable_size(memory);
    const size_t *size = size_behind(memory, usable);
    return size && *size <= usable && usable - *size <= 2 * HUGE_PAGE ? *size : usable;
}

static mho_status no_memory(size_t count, size_t size, const char *what)
{
    double bytes = (double)count * (double)size;
    const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t u = 0;
    for (; bytes >= 1000 && u + 1 < sizeof unit / sizeof *unit; u++)
        bytes /= 1000;
    return mho_error(MHO_ENOMEM, "out of memory: %s: %.3g %s (%zu x %zu)", what, bytes, unit[u],
                     count, size);
}

/* Does memory that is given back come again as zeros?  Some emulators of a system only say so. */
static bool come_zeros(void)
{
    enum { UNKNOWN, YES, NO };
    static atomic_int known = UNKNOWN;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *probe = NULL;
    if (atomic_load(&known) == UNKNOWN && posix_memalign(&probe, page, page) == 0) {
        memset(probe, 1, page);
        const bool given = madvise(probe, page, MADV_DONTNEED) == 0;
        atomic_store(&known, given && *(volatile char *)probe == 0 ? YES : NO);
        free(probe);
    }
    return atomic_load(&known) == YES;
}

/* Whole large pages are given back at once, so that the system hands out zeros where they are first written: a page is cleared
 * once, and one that nobody writes takes no memory.  Where it refuses (locked pages), as any other memory. */
static void clear(void *memory, size_t bytes)
{
    size_t whole = bytes >= HUGE_FROM ? bytes / HUGE_PAGE * HUGE_PAGE : 0;
    if (whole)
        (void)madvise(memory, whole, MADV_HUGEPAGE);
    if (whole && (!come_zeros() || madvise(memory, whole, MADV_DONTNEED) != 0))
        whole = 0;
    memset((char *)memory + whole, 0, bytes - whole);
}

mho_status mhoi_alloc(void *out, size_t count, size_t size, const char *what)
{
    void *memory = NULL;
    size_t bytes;
    memcpy(out, &memory, sizeof memory);
    if (count == 0)
        return MHO_OK;
    if (atomic_fetch_add(&made, 1) + 1 == atomic_load(&fail_number))
        return no_memory(count, size, what);
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 2 * sizeof bytes ||
        posix_memalign(&memory, bytes < HUGE_FROM ? ALIGNMENT : HUGE_PAGE,
                       bytes + (bytes < HUGE_FROM / 2 ? 0 : 2 * sizeof bytes)) != 0)
        return no_memory(count, size, what);
    clear(memory, bytes);
    memcpy(out, &memory, sizeof memory);
    size_t *behind = size_behind(memory, malloc_usable_size(memory));
    if (behind)
        *behind = bytes;
    atomic_fetch_add(&live, 1);
    const size_t bytes_own = counted(memory);
    const uint64_t now = atomic_fetch_add(&bytes_live, bytes_own) + bytes_own;
    uint64_t most = atomic_load(&bytes_most);
    while (now > most && !atomic_compare_exchange_weak(&bytes_most, &most, now))
        ;
    return MHO_OK;
}

void mhoi_free(void *pointer)
{
    void *memory, *none = NULL;
    memcpy(&memory, pointer, sizeof memory);
    if (memory) {
        atomic_fetch_sub(&live, 1);
        atomic_fetch_sub(&bytes_live, counted(memory));
    }
    free(memory);
    memcpy(pointer, &none, sizeof none);
}

mho_status mhoi_grow(void *array, size_t *room, size_t used, size_t size, const char *what)
{
    const size_t wanted = *room ? 2 * *room : 64;
    void *old, *more;
    if (used < *room)
        return MHO_OK;
    mho_status s = mhoi_alloc(&more, wanted, size, what);
    if (s)
        return s;
    memcpy(&old, array, sizeof old);
    if (used)
        memcpy(more, old, used * size);
    mhoi_free(array);
    memcpy(array, &more, sizeof more);
    *room = wanted;
    return MHO_OK;
}

void mhoi_alloc_fail_at(uint64_t k)
{
    atomic_store(&fail_number, k ? atomic_load(&made) + k : 0);
}

uint64_t mhoi_alloc_count(void)
{
    return atomic_load(&made);
}

uint64_t mhoi_alloc_live(void)
{
    return atomic_load(&live);
}

uint64_t mhoi_alloc_bytes(void)
{
    const uint64_t bytes =
        atomic_load(&bytes_live); /* memory that came from elsewhere may have been freed here */
    return bytes <= INT64_MAX ? bytes : 0;
}

void mhoi_alloc_watch(void)
{
    atomic_store(&bytes_most, mhoi_alloc_bytes());
}

uint64_t mhoi_alloc_most(void)
{
    return atomic_load(&bytes_most);
}
