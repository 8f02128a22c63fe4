/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of public declarations. */
#ifndef MHO_API_H
#define MHO_API_H

#define MHO_API __attribute__((visibility("default")))
#define MHO_MUST_CHECK __attribute__((warn_unused_result))
#define MHO_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Around the declarations of every public header, so that C++ finds the C functions. */
#ifdef __cplusplus
#define MHO_C_BEGIN extern "C" {
#define MHO_C_END }
#else
#define MHO_C_BEGIN
#define MHO_C_END
#endif

#endif
