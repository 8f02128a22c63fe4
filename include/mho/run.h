/* SPDX-License-Identifier: Apache-2.0 */
/* How work is carried out: threads, interruption, progress, CPU variant, memory, time.
 * But for the seed none of these changes a result.
 *
 * A run holds what one line of work has of its own.  It is bound to the thread that calls the library and
 * followed by that thread's workers, so that two threads of a program each have their own:
 *
 *     mho_run *run;
 *     mho_status s = mho_run_create(&run);
 *     if (!s)
 *         s = mho_run_set_threads(run, 4);
 *     mho_run *before = mho_run_bind(run);
 *     ... any calls; mho_run_interrupt(run) from anywhere ends them with MHO_EINTERRUPTED ...
 *     mho_run_bind(before);
 *     mho_run_destroy(run);
 *
 * A thread that binds none uses the default run of the process.  Where a function takes a run, NULL means the
 * one bound to the calling thread. */
#ifndef MHO_RUN_H
#define MHO_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mho/status.h"

MHO_C_BEGIN

typedef struct mho_run mho_run;

/* All threads of the machine, seed 1, no progress, not interrupted. */
MHO_API MHO_MUST_CHECK mho_status mho_run_create(mho_run **out);
/* No thread may be bound to it any more. */
MHO_API void mho_run_destroy(mho_run *run);
/* Binds the calling thread; NULL: to the default run.  Returns what it was bound to (NULL: the default run),
 * to be bound again afterwards. */
MHO_API mho_run *mho_run_bind(mho_run *run);

/* Threads used by every parallel call; 0 = as many as this process may run on.  A call uses no more than
 * it has pieces of work.  MHO_EDOMAIN above 1024. */
MHO_API MHO_MUST_CHECK mho_status mho_run_set_threads(mho_run *run, size_t threads);
MHO_API size_t mho_run_threads(const mho_run *run);

/* Bytes that the process may take, as far as chips, inference and quantization in software can see to it: a chip that needs more beside all that is there already has
 * the crossbars of one layer at a time, and all images take a step before the next one's layer is programmed; their maps are
 * kept in what is left of the memory (1-bit maps as bits), then in files (in $TMPDIR, or /var/tmp).  Creating a chip of
 * which one layer alone needs more is MHO_ENOMEM, with the layer and the need.  Inference in software has memory for as many threads as fit, quantization looks at fewer images at
 * once; MHO_ENOMEM tells the least that would do (in M: 2^20 bytes), before anything is done; of a study what all of its stages take.  0: three quarters of the machine's, and 1 GiB
 * of it for maps of chips that fit. */
MHO_API void mho_run_set_memory(mho_run *run, uint64_t bytes);
MHO_API uint64_t mho_run_memory(const mho_run *run);
/* false: since then operators were computed one by one (no layers: loops, recurrent ones, numbers of unknown shape), whose memory
 * is known when they run. */
MHO_API bool mho_run_memory_bound(const mho_run *run);

/* Calibrations of chips are kept as files in that folder (made when needed; at most 1024 files, 256 MiB together: those not used
 * for the longest time go), and found there by all that they go by: cells, digital parts, images, the code of this library.  Results are the
 * same with and without.  What cannot be read or written is not kept, and no error.  NULL (the start): nothing is. */
MHO_API MHO_MUST_CHECK mho_status mho_run_set_cache(mho_run *run, const char *folder);
MHO_API const char *mho_run_cache(const mho_run *run);
/* What was wrong with the last file there that could not be used ("" nothing): "FILE: damaged".  It was made anew. */
MHO_API const char *mho_run_cache_note(const mho_run *run);
/* MHO_EFILE, with what is wrong, where no file can be written in that folder; makes nothing that stays. */
MHO_API MHO_MUST_CHECK mho_status mho_run_check_cache(const mho_run *run);
/* Where programs keep them that ask their user: $MHO_CACHE, else $XDG_CACHE_HOME/mho, else ~/.cache/mho.  "": MHO_CACHE is
 * `off` (Off, OFF), or nothing of it is set.  MHO_ECONFIG: MHO_CACHE is neither that nor a path that begins with /. */
#define MHO_CACHE_PATH 1024
MHO_API MHO_MUST_CHECK mho_status mho_cache_folder(char path[MHO_CACHE_PATH]);

/* Of calls that are not given a seed. */
MHO_API void mho_run_set_seed(mho_run *run, uint64_t seed);
MHO_API uint64_t mho_run_seed(const mho_run *run);

/* What calls find under `name` in place of a file or something built in: a text, which messages call `place`.  Both are
 * copied, and kept until the run goes. */
MHO_API MHO_MUST_CHECK mho_status mho_run_name_text(mho_run *run, const char *name,
                                                    const char *place, const char *text);

/* From any thread, and with a run other than NULL async-signal safe: long calls look between items, save
 * what they have and return MHO_EINTERRUPTED, and so do all later ones until the run is resumed. */
MHO_API void mho_run_interrupt(mho_run *run);
MHO_API bool mho_run_interrupted(const mho_run *run);
MHO_API void mho_run_resume(mho_run *run);

/* Progress of long calls.  The callback gets done of total (in `unit`) at most ten times a second, on a
 * thread that the program bound, never on a worker; false interrupts the run.  NULL (the start) reports
 * nothing. */
typedef bool mho_progress_fn(void *user, const char *what, uint64_t done, uint64_t total,
                             const char *unit);
MHO_API void mho_run_set_progress(mho_run *run, mho_progress_fn *fn, void *user);

/* The calls up to the next mho_run_set_part make up part `index` of `parts` of one piece of work and are
 * reported as such, under the name `what`; parts 0: each call is reported by itself again. */
MHO_API void mho_run_set_part(mho_run *run, const char *what, size_t index, size_t parts);

/* Kernel variant of the process: the best this CPU has, unless MHO_CPU=ref|avx2|avx512 forces one.
 * mho_cpu_init is called once before the first kernel; MHO_ECONFIG names a variant that is unknown
 * or that this CPU lacks. */
typedef enum mho_cpu { MHO_CPU_REF, MHO_CPU_AVX2, MHO_CPU_AVX512 } mho_cpu;
MHO_API MHO_MUST_CHECK mho_status mho_cpu_init(void);
MHO_API mho_cpu mho_cpu_level(void);
MHO_API const char *mho_cpu_name(mho_cpu level);

/* Peak resident memory of this process in bytes; seconds of a monotonic clock. */
MHO_API uint64_t mho_peak_bytes(void);
MHO_API double mho_seconds(void);

MHO_API const char *mho_version(void);

MHO_C_END

#endif
