/* SPDX-License-Identifier: Apache-2.0 */
/* What the operators share. */
#ifndef MHO_OPS_OPS_IMPL_H
#define MHO_OPS_OPS_IMPL_H

#include "ops/ops.h"

#define MHOI_RANK_MAX ((size_t)MHO_TENSOR_DIMS)
#define MHOI_OP_MANY ((size_t)1 << 20) /* inputs or outputs without a limit */

/* Lists of rows, each ending with one without a name. */
extern const mhoi_operator mhoi_ops_unary[], mhoi_ops_binary[], mhoi_ops_shape[], mhoi_ops_move[],
    mhoi_ops_index[], mhoi_ops_reduce[], mhoi_ops_norm[], mhoi_ops_matmul[], mhoi_ops_conv[],
    mhoi_ops_pool[], mhoi_ops_resize[], mhoi_ops_quant[], mhoi_ops_recurrent[],
    mhoi_ops_attention[], mhoi_ops_detect[], mhoi_ops_patches[], mhoi_ops_signal[],
    mhoi_ops_unique[], mhoi_ops_make[], mhoi_ops_einsum[], mhoi_ops_vendor[], mhoi_ops_loss[],
    mhoi_ops_loop[], mhoi_ops_sequence[], mhoi_ops_ml[], mhoi_ops_threshold[], mhoi_ops_picture[],
    mhoi_ops_tree[];

static inline const mho_array *mhoi_in(const mhoi_call *c, size_t k)
{
    return k < c->inputs ? c->in[k] : NULL;
}

static inline bool mhoi_known(const mho_array *a)
{
    return a && (a->data || a->count == 0);
}

/* Does anybody read output k? */
static inline bool mhoi_wanted(const mhoi_call *c, size_t k)
{
    return k < c->outputs && c->op->output[k] != MHOI_NO_OPERAND;
}

/* Shape rules of many: as the first input; as input 0 of another type. */
mho_status mhoi_same_shape(mhoi_call *c);
MHO_MUST_CHECK mho_status mhoi_out_like(mhoi_call *c, size_t k, mho_type type,
                                        const mho_array *like);
MHO_MUST_CHECK mho_status mhoi_out(mhoi_call *c, size_t k, mho_type type, size_t rank,
                                   const size_t *size);

/* An axis -rank..rank-1 as 0..rank-1. */
MHO_MUST_CHECK mho_status mhoi_axis(int64_t axis, size_t rank, size_t *out);
/* Whole numbers from input k, or from the attribute where the input is left out; *out has room for `room` of them;
 * *count SIZE_MAX: neither is there.  MHO_ENODATA: the input's value is not known. */
MHO_MUST_CHECK mho_status mhoi_numbers(const mhoi_call *c, size_t k, const char *attribute,
                                       size_t room, int64_t *out, size_t *count);
/* A number of rank 0 or of one element. */
MHO_MUST_CHECK mho_status mhoi_scalar(const mhoi_call *c, size_t k, double otherwise, double *out);
/* The types of inputs i and j are the same. */
MHO_MUST_CHECK mho_status mhoi_same_type(const mhoi_call *c, size_t i, size_t j);
MHO_MUST_CHECK mho_status mhoi_want_real(const mhoi_call *c, size_t k);
MHO_MUST_CHECK mho_status mhoi_need_known(const mhoi_call *c, size_t k);

/* The common shape of two, numbers repeated where one has size 1. */
MHO_MUST_CHECK mho_status mhoi_broadcast(const mho_array *a, const mho_array *b, size_t *rank,
                                         size_t *size);
/* Strides of `a` repeated to rank and size: 0 where it is repeated. */
void mhoi_broadcast_strides(const mho_array *a, size_t rank, size_t *stride);

/* Walks over all but the last `inner` dimensions of a shape: counts index up, false at the end. */
static inline bool mhoi_next(size_t rank, const size_t *size, size_t *index)
{
    for (size_t k = rank; k-- > 0;) {
        if (++index[k] < size[k])
            return true;
        index[k] = 0;
    }
    return false;
}

static inline size_t mhoi_offset(size_t rank, const size_t *index, const size_t *stride)
{
    size_t at = 0;
    for (size_t k = 0; k < rank; k++)
        at += index[k] * stride[k];
    return at;
}

/* A copy as doubles; mhoi_free it. */
MHO_MUST_CHECK mho_status mhoi_doubles(const mho_array *a, double **out);
/* The same as float: of float the array's own data and *made NULL, else *made = what is to be freed. */
MHO_MUST_CHECK mho_status mhoi_floats(const mho_array *a, const float **out, float **made);
/* Puts doubles into output k. */
void mhoi_put_doubles(mhoi_call *c, size_t k, const double *value);

#endif
