/* extraction.c - the server's side of reading a file; see extraction.h. */
#include "library/extraction.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "extract/document_wire.h"

const DocLimits library_limits = {
    .text_max = MB(128),
    .block_max = 600000, /* about 1.1 KB each while a table is stored: measured */
    .block_text_max = KB(64),
    .child_max = 10000,
    .child_bytes_max = GB(1),
    .depth_max = 5,
    .page_max = 20000,
};

typedef struct Receiver {
    Arena *arena;
    const ExtractionInput *input;
    Extraction *out;
    DocSink tree;
    WireReader *reader;
    DocNode *node; /* the one being filled */
    int spool_fd;  /* of the child whose bytes arrive */
    Sha256 sha;
    size_t open_child; /* its place in out->children */
} Receiver;

static bool on_block(void *self, const Block *block, Error *err)
{
    Receiver *in = self;
    return in->tree.block(in->tree.self, block, err);
}

static bool on_warning(void *self, Str text, Error *err)
{
    Receiver *in = self;
    return in->tree.warning(in->tree.self, text, err);
}

static bool on_format(void *self, Str format, Str media_type, Error *err)
{
    Receiver *in = self;
    (void)err;
    in->out->format = str_copy(in->arena, format);
    in->out->media_type = str_copy(in->arena, media_type);
    return true;
}

/* --- Children --- */

static bool open_spool(Receiver *in, ExtractedChild *child, Error *err)
{
    if (!in->input->spool_folder)
        return true;
    child->path = str(path_join(in->arena, str(in->input->spool_folder), id_new(in->arena)));
    in->spool_fd = open(child->path.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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
    in->out->children.at[in->open_child].sha256 = str_hex(in->arena, digest, sizeof digest);
}

static bool on_child_begin(void *self, Str name, Str media_type, uint64_t bytes, Error *err)
{
    Receiver *in = self;
    close_spool(in);
    if (!in->tree.child_begin(in->tree.self, name, media_type, S(""), err))
        return false;
    DocNode *child = in->node->children.at[in->node->children.count - 1];
    ExtractedChild *kept = vec_push(in->arena, &in->out->children);
    *kept = (ExtractedChild){ .node = child, .parent = in->node, .size = bytes };
    in->open_child = in->out->children.count - 1;
    in->node = child;
    return open_spool(in, kept, err);
}

static bool on_child_bytes(void *self, Str bytes, Error *err)
{
    Receiver *in = self;
    if (in->spool_fd < 0)
        return true;
    sha256_add(&in->sha, bytes);
    return fd_write_all(in->spool_fd, bytes, err);
}

static bool on_child_end(void *self, const Error *failure, Error *err)
{
    Receiver *in = self;
    close_spool(in);
    in->node = in->node->parent;
    return in->tree.child_end(in->tree.self, failure, err);
}

/* --- The run --- */

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    Receiver *in = self;
    return document_wire_read(in->reader, type, payload, err);
}

static bool on_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    const Receiver *in = self;
    return !in->input->progress || in->input->progress(in->input->self, stage, done, total);
}

static Str arguments_of(Arena *arena, const ExtractionInput *input)
{
    Buf out = buf_new(arena, SANDBOX_ARGS_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "name", str_slice(input->name, 0, KB(4)));
    put_text(&json, "media_type", str_slice(input->media_type, 0, 200));
    put_text(&json, "password", str_slice(input->password, 0, KB(1)));
    put_end(&json);
    return buf_str(&out);
}

void extraction_clean(const Extraction *extraction)
{
    for (size_t i = 0; i < extraction->children.count; i++)
        if (extraction->children.at[i].path.length)
            unlink(extraction->children.at[i].path.at);
}

bool extraction_run(Sandbox *sandbox, Arena *arena, const ExtractionInput *input,
                    Extraction *extraction_r, Error *err)
{
    Extraction out = { 0 };
    Receiver in = { .arena = arena, .input = input, .out = &out, .spool_fd = -1 };
    WireSink sink = { on_block, on_child_begin, on_child_bytes, on_child_end, on_warning, on_format,
                      &in };
    out.root = doc_tree_new(arena, input->name, false, &in.tree);
    in.node = out.root;
    in.reader = document_wire_reader(arena, &sink, &library_limits);
    SandboxJob job = { .service = "extract",
                       .args = arguments_of(arena, input),
                       .fds = { input->fd, -1, -1, -1 },
                       .timeout_ms = input->timeout_ms,
                       .frame = on_frame,
                       .progress = on_progress,
                       .self = &in,
                       .cancelled = input->cancelled };
    bool good = sandbox_run(sandbox, &job, err) && document_wire_end(in.reader, err);
    close_spool(&in);
    if (!good) {
        extraction_clean(&out);
        return false;
    }
    *extraction_r = out;
    return true;
}
