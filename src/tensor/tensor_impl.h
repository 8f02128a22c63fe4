/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MHO_TENSOR_IMPL_H
#define MHO_TENSOR_IMPL_H

#include "mho/tensor.h"

/* Files as bytes; place is the name for messages.  On an error out is empty. */
MHO_MUST_CHECK mho_status mhoi_tensor_npy(const char *bytes, size_t size, const char *place,
                                          mho_tensor *out);
MHO_MUST_CHECK mho_status mhoi_tensor_pb(const char *bytes, size_t size, const char *place,
                                         mho_tensor *out);
/* The same with the types of the file. */
MHO_MUST_CHECK mho_status mhoi_array_npy(const char *bytes, size_t size, const char *place,
                                         mho_array *out);
MHO_MUST_CHECK mho_status mhoi_array_pb(const char *bytes, size_t size, const char *place,
                                        mho_array *out);
/* Checks the sizes against the `have` bytes of data that there are, sets the count and allocates the data.  want: what
 * data there should be, for the message. */
MHO_MUST_CHECK mho_status mhoi_tensor_alloc(mho_tensor *t, size_t have, const char *want,
                                            const char *place);

#endif
