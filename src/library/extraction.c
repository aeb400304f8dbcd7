/* extraction.c - the server's side of reading a file; see extraction.h. */
#include "library/extraction.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/file.h"
#include "library/extraction_int.h"

/* What workers leave for others ends: a member of a member ... is refused at this depth. */
enum { LATER_DEPTH_MAX = 8 };

/* --- Bytes --- */

/* A file in memory of its own: a worker must not see its neighbours. */
static bool copy_from_heap(const Reading *reading, const Bytes *bytes, int *fd_r, Error *err)
{
    off_t at = bytes->at;
    size_t rest = (size_t)bytes->size;
    int fd = memfd_create("member", MFD_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening a member");
    while (rest) {
        ssize_t sent = sendfile(fd, reading->heap, &at, rest);
        if (sent <= 0) {
            close(fd);
            return fail_errno(err, "opening a member");
        }
        rest -= (size_t)sent;
    }
    *fd_r = fd;
    return true;
}

bool reading_open(Reading *reading, const Bytes *bytes, int *fd_r, Error *err)
{
    if (bytes->is_file)
        *fd_r = dup(reading->input->fd);
    else if (bytes->path.length)
        *fd_r = open(bytes->path.at, O_RDONLY | O_CLOEXEC);
    else
        return copy_from_heap(reading, bytes, fd_r, err);
    return *fd_r >= 0 || fail_errno(err, "opening a member");
}

void extraction_clean(const Extraction *extraction)
{
    for (size_t i = 0; i < extraction->children.count; i++)
        if (extraction->children.at[i].path.length)
            unlink(extraction->children.at[i].path.at);
}

/* --- One worker --- */

static bool on_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    const ExtractionInput *input = ((Receiver *)self)->reading->input;
    return !input->progress || input->progress(input->self, stage, done, total);
}

bool reading_ask(Reading *reading, const char *worker, Receiver *in, Error *err)
{
    const ExtractionInput *input = reading->input;
    AUTO_CLOSE int fd = -1;
    if (!reading_open(reading, &in->bytes, &fd, err))
        return false;
    WorkerArguments args = { .name = in->root->name,
                             .media_type =
                                 in->bytes.is_file ? input->media_type : in->root->media_type,
                             .password = input->password,
                             .languages = input->languages,
                             .sends_members = input->spool_folder != NULL };
    SandboxJob job = { .worker = worker,
                       .service = "extract",
                       .args = worker_arguments_write(reading->arena, &args),
                       .fds = { fd, -1, -1, -1 },
                       .timeout_ms = input->timeout_ms,
                       .frame = receiver_frame,
                       .progress = on_progress,
                       .self = in,
                       .cancelled = input->cancelled };
    bool good = sandbox_run(reading->sandbox, &job, err) && receiver_end(in, err);
    receiver_close(in);
    return good;
}

/* --- What was left for others --- */

/* Places in a node's blocks move when something is inserted before them. */
static void shift_laters(LaterList *laters, const DocNode *node, const size_t *at,
                         DocNode *const *found, size_t count)
{
    for (size_t i = 0; i < laters->count; i++) {
        Later *later = &laters->at[i];
        size_t inserted = 0;
        for (size_t k = 0; later->node == node && k < count && at[k] <= later->at; k++)
            inserted += found[k] ? found[k]->blocks.count : 0;
        later->at += inserted;
    }
}

void reading_join(Reading *reading, DocNode *node, const size_t *at, DocNode *const *found,
                  size_t count)
{
    Arena *arena = reading->arena;
    DocNode old = *node;
    memset(&node->blocks, 0, sizeof node->blocks);
    memset(&node->starts, 0, sizeof node->starts);
    node->text = buf_new(arena, SIZE_MAX / 2);
    size_t next = 0;
    for (size_t i = 0; i <= old.blocks.count; i++) {
        for (; next < count && at[next] <= i; next++)
            for (size_t k = 0; found[next] && k < found[next]->blocks.count; k++)
                doc_node_add(arena, node, &found[next]->blocks.at[k]);
        if (i < old.blocks.count)
            doc_node_add(arena, node, &old.blocks.at[i]);
    }
    shift_laters(&reading->laters, node, at, found, count);
}

/* Members and warnings of `found` become the node's. */
static void adopt(Arena *arena, Reading *reading, DocNode *node, DocNode *found)
{
    for (size_t i = 0; i < found->children.count; i++) {
        found->children.at[i]->parent = node;
        *vec_push(arena, &node->children) = found->children.at[i];
    }
    for (size_t i = 0; i < found->warnings.count; i++)
        *vec_push(arena, &node->warnings) = found->warnings.at[i];
    for (size_t i = 0; i < reading->out->children.count; i++)
        if (reading->out->children.at[i].parent == found)
            reading->out->children.at[i].parent = node;
    for (size_t i = 0; i < reading->laters.count; i++)
        if (reading->laters.at[i].node == found)
            reading->laters.at[i].node = node;
}

/* A member that another class cannot read costs that member; the file itself, the file. */
static bool read_whole(Reading *reading, const Later *later, Error *err)
{
    bool is_main = str_is(later->worker, DOC_MAIN_WORKER);
    char *worker = str_c(reading->arena, later->worker);
    Receiver in = {
        .arena = reading->arena, .reading = reading, .bytes = later->bytes, .depth = later->depth
    };
    DocNode *node = later->node;
    size_t at = later->at;
    receiver_begin(&in, node->name);
    in.root->media_type = node->media_type;
    bool good =
        later->depth <= LATER_DEPTH_MAX
            ? reading_ask(reading, is_main ? NULL : worker, &in, err)
            : fail(err, ERROR_TOO_LARGE, "it is nested more than %d levels deep", LATER_DEPTH_MAX);
    if (!good && (err->code == ERROR_CANCELLED || node == reading->out->root))
        return false;
    if (!good)
        node->failure = *err;
    if (in.root->format.length) {
        node->format = in.root->format;
        node->media_type = in.root->media_type;
    }
    reading_join(reading, node, &at, &in.root, 1);
    adopt(reading->arena, reading, node, in.root);
    return true;
}

bool reading_laters(Reading *reading, Error *err)
{
    LaterList *list = &reading->laters;
    for (size_t i = 0, end; i < list->count; i = end) {
        const Later *first = &list->at[i];
        for (end = i + 1; first->page && end < list->count; end++) {
            const Later *other = &list->at[end];
            if (other->node != first->node || !other->page ||
                !str_equal(other->worker, first->worker))
                break;
        }
        Later whole = *first;
        if (first->page ? !reading_pages(reading, first, end - i, err)
                        : !read_whole(reading, &whole, err))
            return false;
    }
    return true;
}

/* --- The whole --- */

bool extraction_run(Sandbox *sandbox, Arena *arena, const ExtractionInput *input,
                    Extraction *extraction_r, Error *err)
{
    Extraction out = { 0 };
    Reading reading = {
        .sandbox = sandbox, .arena = arena, .input = input, .out = &out, .heap = -1
    };
    Receiver in = { .arena = arena, .reading = &reading, .bytes = { .is_file = true } };
    receiver_begin(&in, input->name);
    out.root = in.root;
    bool good = reading_ask(&reading, input->worker, &in, err) && reading_laters(&reading, err);
    if (reading.heap >= 0)
        close(reading.heap);
    if (!good) {
        extraction_clean(&out);
        return false;
    }
    *extraction_r = out;
    return true;
}
