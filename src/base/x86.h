/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernels of *_avx2.c and *_avx512.c are part of the library: on x86-64, unless it is built without
 * (-DMHO_PORTABLE=ON).  Elsewhere the reference does all the work, with the same results. */
#ifndef MHO_BASE_X86_H
#define MHO_BASE_X86_H

#if defined(__x86_64__) && !defined(MHO_PORTABLE)
#define MHOI_X86 1
#else
#define MHOI_X86 0
#endif

#endif
