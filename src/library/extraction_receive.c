/* extraction_receive.c - what a worker says becomes a tree; members' bytes are kept. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "library/extraction_int.h"

#define PAGE_FRAMES_MAX MB(8) /* of one page; more is not kept */

/* --- Pages --- */

static bool end_page(Receiver *in, Error *err)
{
    int page = in->page;
    in->page = 0;
    return !page || in->page_frames.overflowed ||
           in->page_done(in->self, page, buf_str(&in->page_frames), err);
}

/* Only a class that was given pages is watched for them. */
static bool watch_pages(Receiver *in, const Block *block, Error *err)
{
    if (!in->page_done || block->kind != BLOCK_PAGE)
        return true;
    if (!end_page(in, err))
        return false;
    in->page = block->place.page;
    in->page_frames.length = 0;
    in->page_frames.overflowed = false;
    return true;
}

static bool on_block(void *self, const Block *block, Error *err)
{
    Receiver *in = self;
    in->is_page_frame = true;
    return watch_pages(in, block, err) && in->tree.block(in->tree.self, block, err);
}

static bool on_warning(void *self, Str text, Error *err)
{
    Receiver *in = self;
    return in->tree.warning(in->tree.self, text, err);
}

static bool on_format(void *self, Str format, Str media_type, Error *err)
{
    Receiver *in = self;
    return in->tree.format(in->tree.self, format, media_type, err);
}

/* --- Members --- */

static bool unexpected(Error *err)
{
    return fail(err, ERROR_DAMAGED, "the reader sent members with a page");
}

static ExtractedChild *open_child(Receiver *in)
{
    return &in->reading->out->children.at[in->open[in->level - 1]];
}

static bool open_heap(Reading *reading, Error *err)
{
    if (reading->heap < 0)
        reading->heap = memfd_create("members", MFD_CLOEXEC);
    return reading->heap >= 0 || fail_errno(err, "keeping a member's bytes");
}

static bool open_spool(Receiver *in, Error *err)
{
    Reading *reading = in->reading;
    const char *folder = reading->input->spool_folder;
    Bytes *bytes = &in->member[in->level - 1];
    bytes->path = str(path_join(reading->arena, str(folder), id_new(reading->arena)));
    open_child(in)->path = bytes->path;
    in->spool_fd = open(bytes->path.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (in->spool_fd < 0)
        return fail_errno(err, "keeping a member's bytes");
    sha256_begin(&in->sha);
    return true;
}

static void close_spool(Receiver *in)
{
    uint8_t digest[SHA256_SIZE];
    if (in->spool_fd < 0)
        return;
    close(in->spool_fd);
    in->spool_fd = -1;
    sha256_end(&in->sha, digest);
    open_child(in)->sha256 = str_hex(in->reading->arena, digest, sizeof digest);
}

static bool on_child_begin(void *self, Str name, Str media_type, uint64_t bytes, Error *err)
{
    Receiver *in = self;
    Reading *reading = in->reading;
    if (!reading || in->level >= (int)COUNT(in->open))
        return unexpected(err);
    close_spool(in);
    if (!in->tree.child_begin(in->tree.self, name, media_type, S(""), err))
        return false;
    DocNode *child = in->node->children.at[in->node->children.count - 1];
    *vec_push(reading->arena, &reading->out->children) =
        (ExtractedChild){ .node = child, .parent = in->node, .size = bytes };
    in->open[in->level] = reading->out->children.count - 1;
    in->member[in->level++] = (Bytes){ .at = -1, .size = (int64_t)bytes };
    in->node = child;
    /* Bytes may follow; an empty member is a file too. */
    return !reading->input->spool_folder || open_spool(in, err);
}

static bool write_at(int fd, Str bytes, int64_t at, Error *err)
{
    while (bytes.length) {
        ssize_t done = pwrite(fd, bytes.at, bytes.length, at);
        if (done <= 0)
            return fail_errno(err, "keeping a member's bytes");
        bytes = str_from(bytes, (size_t)done);
        at += done;
    }
    return true;
}

static bool on_child_bytes(void *self, Str bytes, Error *err)
{
    Receiver *in = self;
    Reading *reading = in->reading;
    if (!reading || !in->level)
        return unexpected(err);
    Bytes *member = &in->member[in->level - 1];
    if (in->spool_fd >= 0) {
        sha256_add(&in->sha, bytes);
        return fd_write_all(in->spool_fd, bytes, err);
    }
    /* Room for all of it: other readers' members arrive between its pieces. */
    if (member->at < 0) {
        member->at = reading->heap_size;
        reading->heap_size += member->size;
    }
    if (!open_heap(reading, err) ||
        !write_at(reading->heap, bytes, member->at + member->received, err))
        return false;
    member->received += (int64_t)bytes.length;
    return true;
}

static bool on_child_end(void *self, const Error *failure, Error *err)
{
    Receiver *in = self;
    close_spool(in);
    in->level--;
    in->node = in->node->parent;
    return in->tree.child_end(in->tree.self, failure, err);
}

static bool on_later(void *self, Str worker, int page, Error *err)
{
    Receiver *in = self;
    Reading *reading = in->reading;
    if (!reading)
        return unexpected(err);
    if (in->spool_fd >= 0)
        close_spool(in);
    *vec_push(reading->arena, &reading->laters) =
        (Later){ .node = in->node,
                 .at = in->node->blocks.count,
                 .worker = str_copy(reading->arena, worker),
                 .page = page,
                 .bytes = in->level ? in->member[in->level - 1] : in->bytes,
                 .depth = in->depth + in->level };
    return true;
}

/* --- The receiver --- */

void receiver_begin(Receiver *in, Str name)
{
    in->spool_fd = -1;
    in->root = doc_tree_new(in->arena, name, false, &in->tree);
    in->node = in->root;
    in->page_frames = buf_new(in->arena, PAGE_FRAMES_MAX);
    in->sink = (WireSink){ .block = on_block,
                           .child_begin = on_child_begin,
                           .child_bytes = on_child_bytes,
                           .child_end = on_child_end,
                           .warning = on_warning,
                           .later = on_later,
                           .format = on_format,
                           .self = in };
    in->reader = document_wire_reader(in->arena, &in->sink, &worker_limits);
}

static void keep_frame(Receiver *in, unsigned type, Str payload)
{
    uint32_t length = (uint32_t)payload.length;
    buf_add_char(&in->page_frames, (char)type);
    buf_add_bytes(&in->page_frames, &length, sizeof length);
    buf_add(&in->page_frames, payload);
}

bool receiver_frame(void *self, unsigned type, Str payload, Error *err)
{
    Receiver *in = self;
    in->is_page_frame = false;
    if (!document_wire_read(in->reader, type, payload, err))
        return false;
    if (in->page && in->is_page_frame)
        keep_frame(in, type, payload);
    return true;
}

bool receiver_end(Receiver *in, Error *err)
{
    return document_wire_end(in->reader, err) && end_page(in, err);
}

void receiver_close(Receiver *in) { close_spool(in); }

bool receiver_replay(Receiver *in, Str frames, Error *err)
{
    while (frames.length) {
        uint32_t length;
        if (frames.length < 1 + sizeof length)
            return fail(err, ERROR_DAMAGED, "a kept page is cut");
        unsigned type = (unsigned char)frames.at[0];
        memcpy(&length, frames.at + 1, sizeof length);
        Str payload = str_slice(frames, 1 + sizeof length, 1 + sizeof length + (size_t)length);
        if (payload.length != length || !document_wire_read(in->reader, type, payload, err))
            return fail(err, ERROR_DAMAGED, "a kept page cannot be read");
        frames = str_from(frames, 1 + sizeof length + (size_t)length);
    }
    return true;
}
