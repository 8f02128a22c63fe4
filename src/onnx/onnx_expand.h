/* SPDX-License-Identifier: Apache-2.0 */
/* An operator of a runtime's own domain laid out as standard ones: the nodes that it becomes, and who does it. */
#ifndef MHO_ONNX_EXPAND_H
#define MHO_ONNX_EXPAND_H

#include "onnx/onnx_inline.h"

typedef struct mhoi_expansion {
    const MhoiOnnx__NodeProto *from;
    const MhoiOnnx__GraphProto *graph; /* of the model, where names are its own; NULL */
    unsigned char *arena;
    size_t used, room, names;
    MhoiOnnx__NodeProto **node; /* what it becomes */
    size_t nodes, most;
} mhoi_expansion;

typedef struct mhoi_expand_row {
    const char *name;
    size_t inputs_min, inputs_max;
    const char *attributes; /* those known, each followed by a space */
    mho_status (*expand)(mhoi_expansion *e);
} mhoi_expand_row;

/* Lists of rows, each ending with one without a name. */
extern const mhoi_expand_row mhoi_expand_fused[], mhoi_expand_norms[], mhoi_expand_attention[],
    mhoi_expand_codes[];
extern const mhoi_expand_row mhoi_expand_old[];  /* of the standard's own domain */
extern const mhoi_expand_row mhoi_expand_last[]; /* of QONNX's channels_last */

/* Memory of the arena. */
void *mhoi_x_take(mhoi_expansion *e, size_t size);

/* Input and output k of the operator; NULL: it is left out. */
char *mhoi_x_in(const mhoi_expansion *e, size_t k);
char *mhoi_x_out(const mhoi_expansion *e, size_t k);
/* An attribute of the operator itself; NULL: it is not told. */
MhoiOnnx__AttributeProto *mhoi_x_told(const mhoi_expansion *e, const char *name);
float mhoi_x_told_float(const mhoi_expansion *e, const char *name, float otherwise);
int64_t mhoi_x_told_int(const mhoi_expansion *e, const char *name, int64_t otherwise);
/* The initializer of that name; NULL: there is none. */
const MhoiOnnx__TensorProto *mhoi_x_initializer(const mhoi_expansion *e, const char *name);

/* A name that nobody else has. */
char *mhoi_x_fresh(mhoi_expansion *e);
/* A node whose first output is called `to` (or by a name of its own), with room for `inputs`. */
MhoiOnnx__NodeProto *mhoi_x_begin(mhoi_expansion *e, const char *op, char *to, size_t inputs);
/* The same, whose inputs follow, NULL where they are left out, mhoi_x_end after the last. */
extern char mhoi_x_end[];
MhoiOnnx__NodeProto *mhoi_x_add(mhoi_expansion *e, const char *op, char *to, ...);
/* The first output of a node of a name of its own, with the inputs that follow. */
char *mhoi_x_of(mhoi_expansion *e, const char *op, ...);
/* Outputs by names of their own up to `count`. */
void mhoi_x_outputs(mhoi_expansion *e, MhoiOnnx__NodeProto *n, size_t count);
/* Its first output. */
char *mhoi_x_name(const MhoiOnnx__NodeProto *n);
/* The last node gives output 0. */
void mhoi_x_finish(mhoi_expansion *e);

/* Attributes of a node; hand_down: the operator's own, where it tells one. */
void mhoi_x_int(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, int64_t value);
void mhoi_x_float(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, float value);
void mhoi_x_text(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, const char *value);
void mhoi_x_ints(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, size_t count,
                 const int64_t *value);
/* The numbers stay where they are. */
void mhoi_x_floats(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name, size_t count,
                   const float *value);
void mhoi_x_hand_down(mhoi_expansion *e, MhoiOnnx__NodeProto *n, const char *name);

/* Constants: whole numbers, and one real number. */
char *mhoi_x_numbers(mhoi_expansion *e, size_t count, const int64_t *value);
char *mhoi_x_number(mhoi_expansion *e, float value);
/* Element k of the shape of x, an array of one. */
char *mhoi_x_size(mhoi_expansion *e, char *x, int64_t k);
/* x as numbers of that type. */
char *mhoi_x_cast(mhoi_expansion *e, char *x, int type);
#define MHOI_X_FLOAT MHOI_ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT

#endif
