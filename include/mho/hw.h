/* SPDX-License-Identifier: Apache-2.0 */
/* A hardware description: a set of sections (device, crossbar, converters, ... or MAC array and buffers), each
 * a few fields of one part.  `arch` says which sections belong together.  A handle is always whole: every
 * field within its bounds, the files that it names read, bounds across fields kept. */
#ifndef MHO_HW_H
#define MHO_HW_H

#include <stdint.h>

#include "mho/config.h"
#include "mho/json.h"

MHO_C_BEGIN

typedef struct mho_hw mho_hw;

/* name: built in ("bcnn" is configs/hw/bcnn.yaml), or the path of a YAML file (it has a / or ends in
 * .yaml).  A file may say `arch: NAME` (default: crossbar) and `base: NAME`, and then tells only what differs
 * from its base; NAME is a built-in hardware or device ("taox" is configs/device/taox.yaml) or a path.
 * Every path in a file is relative to that file's folder.  A path that ends in .json is a stored result, or
 * what mho_hw_json wrote: the same description again.  sets: `key=value` strings applied last,
 * NULL-terminated, or NULL.
 * MHO_ECONFIG: bad field (place, key, value, bounds); MHO_ENOTMODELED: nonlinear cells with wire
 * resistance; MHO_EUSAGE: no such built-in name, the nearest named; MHO_EFILE: no such file. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_open(const char *name, const char *const *sets,
                                              mho_hw **out);
/* The same from a text; place: its file name, for messages, for the name and for relative paths. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_read(const char *text, const char *place,
                                              const char *const *sets, mho_hw **out);
/* Every field at its default. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_default(const char *arch, mho_hw **out);
MHO_API MHO_MUST_CHECK mho_status mho_hw_clone(const mho_hw *hw, mho_hw **out);
MHO_API void mho_hw_destroy(mho_hw *hw);

/* The same with cells that hold the centre of their level and read without noise; no cells: a copy. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_clone_ideal(const mho_hw *hw, mho_hw **out);
/* The cells, for calls of mho/device.h; NULL where the arch has none. */
struct mho_device;
MHO_API const struct mho_device *mho_hw_device(const mho_hw *hw);

/* "key=value", or several of them at once (NULL-terminated); all or none.  Errors as mho_hw_open. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_set(mho_hw *hw, const char *assignment);
MHO_API MHO_MUST_CHECK mho_status mho_hw_set_all(mho_hw *hw, const char *const *assignments);

MHO_API const char *mho_hw_name(const mho_hw *hw); /* of the file, without folder and ending */
MHO_API const char *mho_hw_arch(const mho_hw *hw);
/* The kinds that there are; NULL from their number on. */
MHO_API const char *mho_hw_arch_name(size_t i);
/* MHO_ECONFIG unless the description has that arch; names both. */
MHO_API MHO_MUST_CHECK mho_status mho_hw_want(const mho_hw *hw, const char *arch);

/* Fields in the order of their sections. */
MHO_API size_t mho_hw_field_count(const mho_hw *hw);
MHO_API const mho_field *mho_hw_field(const mho_hw *hw, size_t i);
MHO_API const mho_origin *mho_hw_origin(const mho_hw *hw, size_t i);
/* As it would stand in YAML (no unit); returns the length as snprintf does. */
MHO_API int mho_hw_print(const mho_hw *hw, size_t i, char *text, size_t size);

/* By key, with a default for a key that the description does not have: "" and NaN.  Numbers are SI; true and
 * false are 1 and 0, a choice the number of its name. */
MHO_API int mho_hw_text(const mho_hw *hw, const char *key, char *text, size_t size);
MHO_API double mho_hw_number(const mho_hw *hw, const char *key);
MHO_API bool mho_hw_is(const mho_hw *hw, const char *key, const char *value);

/* The first field from `from` on that someone set (not a default, not a built-in file) and that has no effect
 * beside the others; *why tells it: "device.distribution is uniform".  mho_hw_field_count: there is none. */
MHO_API size_t mho_hw_idle(const mho_hw *hw, size_t from, const char **why);

/* {key: {value, unit, place, source}}, with name and arch: stored with each result.  Values as written in
 * YAML; paths in full, with a digest of what the file held. */
MHO_API mho_json *mho_hw_json(const mho_hw *hw);
/* The same for the same values and the same contents of the files that they name, whatever these are called
 * and wherever values come from. */
MHO_API uint64_t mho_hw_identity(const mho_hw *hw);

MHO_C_END

#endif
