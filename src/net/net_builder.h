/* SPDX-License-Identifier: Apache-2.0 */
/* Building a network from YAML, one layer after the other: what net_yaml.c (the document),
 * net_layers.c (each kind of layer) and net_builder.c (values, growing) share. */
#ifndef MHO_NET_BUILDER_H
#define MHO_NET_BUILDER_H

#include "base/yaml.h"
#include "net/net_impl.h"

/* The arguments a block was called with; "$x" in its body is looked up here, then outwards. */
typedef struct mhoi_scope {
    const mhoi_yaml *arguments;
    const struct mhoi_scope *parent;
    size_t depth;
} mhoi_scope;

typedef struct mhoi_builder {
    mho_net *net; /* room for `capacity` nodes, net->nodes in use */
    size_t capacity;
    const char *place;
    const mhoi_yaml *blocks; /* NULL: none */
    size_t steps;            /* entries and uses of blocks walked so far */
} mhoi_builder;

/* One entry of a list of layers. */
typedef struct mhoi_layer {
    const mhoi_yaml *entry; /* for its line */
    const char *kind;
    const mhoi_yaml *value; /* what stands behind the kind; NULL: nothing */
    const mhoi_yaml *name, *from;
    const mhoi_scope *scope;
} mhoi_layer;

/* Puts "place:line: " before the message of a failure. */
MHO_MUST_CHECK mho_status mhoi_net_at(const mhoi_builder *b, const mhoi_yaml *node, mho_status s);
/* Follows "$x" to the argument x of the block. */
MHO_MUST_CHECK mho_status mhoi_layer_resolve(const mhoi_builder *b, const mhoi_scope *args,
                                             const mhoi_yaml **node);
bool mhoi_yaml_is_empty(const mhoi_yaml *node);
/* The field `key` of a layer whose value is a map; NULL if absent or if the value is no map. */
const mhoi_yaml *mhoi_layer_field(const mhoi_layer *l, const char *key);
/* The same for layers whose map may be shortened to its main field: `fc: 500`. */
const mhoi_yaml *mhoi_layer_main_field(const mhoi_layer *l, const char *key);
/* Every key of map is one of names[count]; if not, the message tells the nearest. */
MHO_MUST_CHECK mho_status mhoi_layer_check_keys(const mhoi_builder *b, const mhoi_yaml *map,
                                                const char *const *names, size_t count);
MHO_MUST_CHECK mho_status mhoi_layer_missing(const mhoi_builder *b, const mhoi_layer *l,
                                             const char *key);

MHO_MUST_CHECK mho_status mhoi_layer_size(const mhoi_builder *b, const mhoi_layer *l,
                                          const mhoi_yaml *node, size_t *out);
/* These leave *out as it is if the field is absent. */
MHO_MUST_CHECK mho_status mhoi_layer_optional_size(const mhoi_builder *b, const mhoi_layer *l,
                                                   const char *key, size_t *out);
MHO_MUST_CHECK mho_status mhoi_layer_optional_bool(const mhoi_builder *b, const mhoi_layer *l,
                                                   const char *key, bool *out);
MHO_MUST_CHECK mho_status mhoi_layer_optional_float(const mhoi_builder *b, const mhoi_layer *l,
                                                    const mhoi_yaml *node, float *out);
/* key: 3 for both, or [3, 5] (height, width) */
MHO_MUST_CHECK mho_status mhoi_layer_pair(const mhoi_builder *b, const mhoi_layer *l,
                                          const char *key, const mhoi_yaml *node, size_t pair[2]);
/* pad: 1, or [top, left, bottom, right], or same (stride 1: the output is as large as the input) */
MHO_MUST_CHECK mho_status mhoi_layer_pad(const mhoi_builder *b, const mhoi_layer *l, mho_node *out);
/* The node of that name. */
MHO_MUST_CHECK mho_status mhoi_layer_find(const mhoi_builder *b, const mhoi_layer *l,
                                          const mhoi_yaml *node, size_t *out);
/* Appends *node, which reads the last node or `from` unless its inputs are set. */
MHO_MUST_CHECK mho_status mhoi_layer_append(mhoi_builder *b, const mhoi_layer *l,
                                            const mho_node *node);
/* Appends every layer of a list, in the scope of a block's arguments (NULL: none). */
MHO_MUST_CHECK mho_status mhoi_layers_build(mhoi_builder *b, const mhoi_yaml *list,
                                            const mhoi_scope *args);

#endif
