/* SPDX-License-Identifier: Apache-2.0 */
/* A model without the bytes of its large tensors, so that these are in memory once: where they stay.
 *
 * The messages are copied but for the raw bytes of such tensors; in their place stands a field that the schema does not
 * have, with the number of the range of the file that holds them.  Lengths of messages take five bytes, since they are
 * known only once the message is written. */
#include "onnx/onnx_thin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

enum { RAW_DATA = 9, RANGE = 500000 }; /* fields of a tensor */
#define LARGE ((uint64_t)256)          /* bytes that are left out */
#define DEPTH_MAX 24
#define LENGTH_BYTES 5

typedef struct copy {
    uint8_t *out; /* NULL: it is counted what there will be */
    size_t size;
    const uint8_t *begin;
    mhoi_onnx_range *range;
    size_t ranges;
} copy;

static void put(copy *c, const void *bytes, size_t n)
{
    if (c->out && n)
        memcpy(c->out + c->size, bytes, n);
    c->size += n;
}

static void put_varint(copy *c, uint64_t value, size_t bytes)
{
    uint8_t text[10];
    size_t n = 0;
    do {
        text[n] = (uint8_t)(value & 0x7F);
        value >>= 7;
        n++;
        if (value || n < bytes)
            text[n - 1] |= 0x80;
    } while (value || n < bytes);
    put(c, text, n);
}

static bool holds_tensors(const ProtobufCMessageDescriptor *type)
{
    return type == &mhoi_onnx__graph_proto__descriptor ||
           type == &mhoi_onnx__node_proto__descriptor ||
           type == &mhoi_onnx__attribute_proto__descriptor ||
           type == &mhoi_onnx__function_proto__descriptor ||
           type == &mhoi_onnx__tensor_proto__descriptor;
}

static bool copy_message(copy *c, mhoi_onnx_span s, const ProtobufCMessageDescriptor *type,
                         unsigned depth);

static void leave_out(copy *c, mhoi_onnx_span bytes)
{
    if (c->range)
        c->range[c->ranges] = (mhoi_onnx_range){.offset = (size_t)(bytes.at - c->begin),
                                                .length = (size_t)(bytes.end - bytes.at)};
    put_varint(c, (uint64_t)RANGE << 3, 1);
    put_varint(c, c->ranges++, 1);
}

/* A field whose bytes are `bytes`, from its tag on `whole`. */
static bool copy_bytes(copy *c, unsigned tag, mhoi_onnx_span whole, mhoi_onnx_span bytes,
                       const ProtobufCMessageDescriptor *type, unsigned depth)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, tag);
    if (tag == RAW_DATA && type == &mhoi_onnx__tensor_proto__descriptor &&
        (uint64_t)(bytes.end - bytes.at) >= LARGE) {
        leave_out(c, bytes);
        return true;
    }
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE || !holds_tensors(field->descriptor)) {
        put(c, whole.at, (size_t)(whole.end - whole.at));
        return true;
    }
    put_varint(c, (uint64_t)tag << 3 | 2, 1);
    const size_t length_at = c->size;
    c->size += LENGTH_BYTES;
    if (depth == 0 || !copy_message(c, bytes, field->descriptor, depth - 1))
        return false;
    const size_t end = c->size;
    c->size = length_at;
    put_varint(c, end - length_at - LENGTH_BYTES, LENGTH_BYTES);
    c->size = end;
    return true;
}

/* False: not whole, or nested deeper than real models. */
static bool copy_message(copy *c, mhoi_onnx_span s, const ProtobufCMessageDescriptor *type,
                         unsigned depth)
{
    while (s.at < s.end) {
        mhoi_onnx_span whole = s, bytes;
        unsigned tag;
        if (!mhoi_onnx_take_field(&s, &tag, &bytes))
            return false;
        whole.end = s.at;
        if (type == &mhoi_onnx__tensor_proto__descriptor && tag == RANGE)
            continue; /* of the file, to which it means nothing */
        if (!bytes.at)
            put(c, whole.at, (size_t)(whole.end - whole.at));
        else if (!copy_bytes(c, tag, whole, bytes, type, depth))
            return false;
    }
    return true;
}

/* The messages without what is left out; nothing where nothing is, or the bytes are no model. */
static mho_status make_thin(const uint8_t *bytes, size_t size, mhoi_onnx_source *source,
                            uint8_t **out, size_t *length)
{
    const mhoi_onnx_span all = {bytes, bytes + size};
    const ProtobufCMessageDescriptor *model = &mhoi_onnx__model_proto__descriptor;
    copy c = {.begin = bytes};
    *out = NULL;
    *length = 0;
    if (!copy_message(&c, all, model, DEPTH_MAX) || !c.ranges)
        return MHO_OK;
    mho_status s = mhoi_alloc(&source->range, c.ranges, sizeof *source->range, "ONNX model");
    if (!s)
        s = mhoi_alloc(out, c.size, 1, "ONNX model");
    if (s)
        return s;
    c = (copy){.begin = bytes, .out = *out, .range = source->range};
    (void)copy_message(&c, all, model, DEPTH_MAX);
    source->ranges = c.ranges;
    *length = c.size;
    return MHO_OK;
}

mho_status mhoi_onnx_open_bytes(const void *bytes, size_t size, const char *place,
                                mhoi_onnx_source *source, MhoiOnnx__ModelProto **out)
{
    uint8_t *thin = NULL;
    size_t length = 0;
    *out = NULL;
    mho_status s = make_thin(bytes, size, source, &thin, &length);
    if (!s)
        s = thin ? mhoi_onnx_unpack(thin, length, place, out)
                 : mhoi_onnx_unpack(bytes, size, place, out);
    mhoi_free(&thin);
    return s;
}

/* The file as if it were in memory: only what is looked at is read.  NULL: a packed one, a pipe, one too long. */
static void *map_file(int fd, size_t *size)
{
    struct stat info;
    unsigned char head[2];
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 2 ||
        (uint64_t)info.st_size > MHOI_MODEL_MAX || pread(fd, head, 2, 0) != 2 ||
        (head[0] == 0x1f && head[1] == 0x8b))
        return NULL;
    *size = (size_t)info.st_size;
    void *map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

mho_status mhoi_onnx_open_file(const char *path, mhoi_onnx_source *source,
                               MhoiOnnx__ModelProto **out)
{
    size_t size = 0;
    char *bytes = NULL;
    *out = NULL;
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map = map_file(source->fd, &size);
    if (map) {
        mho_status s = mhoi_onnx_open_bytes(map, size, path, source, out);
        (void)munmap(map, size);
        return s;
    }
    mho_status s = mhoi_file_read(path, MHOI_MODEL_MAX, &bytes, &size);
    if (!s)
        s = mhoi_onnx_unpack(bytes, size, path, out);
    mhoi_free(&bytes);
    return s;
}

void mhoi_onnx_close(mhoi_onnx_source *source)
{
    if (source->fd >= 0)
        (void)close(source->fd);
    source->fd = -1;
    mhoi_free(&source->range);
}

/* --- what was left out */

const mhoi_onnx_range *mhoi_onnx_left_out(const mhoi_onnx_source *source,
                                          const MhoiOnnx__TensorProto *t)
{
    for (unsigned i = 0; source->ranges && i < t->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *f = &t->base.unknown_fields[i];
        uint64_t number = 0;
        if (f->tag != RANGE || f->wire_type != PROTOBUF_C_WIRE_TYPE_VARINT)
            continue;
        for (size_t k = 0; k < f->len && k < 9; k++)
            number |= (uint64_t)(f->data[k] & 0x7F) << (7 * k);
        return number < source->ranges ? &source->range[number] : NULL;
    }
    return NULL;
}

mho_status mhoi_onnx_read_range(const mhoi_onnx_source *source, const mhoi_onnx_range *range,
                                void *out)
{
    size_t done = 0;
    if (source->bytes) {
        memcpy(out, source->bytes + range->offset, range->length);
        return MHO_OK;
    }
    while (done < range->length) {
        const ssize_t got = pread(source->fd, (char *)out + done, range->length - done,
                                  (off_t)(range->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return mho_error(MHO_EFILE, "cannot read: %s",
                             got ? strerror(errno) : "the file has become shorter");
        done += (size_t)got;
    }
    return MHO_OK;
}
