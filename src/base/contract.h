/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts between our own functions: a broken one is a defect of mho, never of its user, and stops the
 * process where it happened.  Stays on in release builds. */
#ifndef MHO_BASE_CONTRACT_H
#define MHO_BASE_CONTRACT_H

#define MHO_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
