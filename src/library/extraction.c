/* extraction.c - the server's side of reading a file; see extraction.h. */
#include "library/extraction.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/file.h"
#include "library/extraction_int.h"

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
    Reading *reading = ((Receiver *)self)->reading;
    const ExtractionInput *input = reading->input;
    pthread_mutex_lock(&reading->lock);
    /* Of several at once only the count of all is shown. */
    bool goes_on = !input->progress ||
                   (reading->batch_count > 1
                        ? input->progress(input->self, "members", (int64_t)reading->batch_done,
                                          (int64_t)reading->batch_count)
                        : input->progress(input->self, stage, done, total));
    pthread_mutex_unlock(&reading->lock);
    return goes_on;
}

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    Reading *reading = ((Receiver *)self)->reading;
    pthread_mutex_lock(&reading->lock);
    bool good = receiver_frame(self, type, payload, err);
    pthread_mutex_unlock(&reading->lock);
    return good;
}

/* The class "speech" makes its own draft unless it is asked for the sound. */
static bool is_heard_elsewhere(const ExtractionInput *input, const char *worker, const Receiver *in)
{
    bool is_speech = worker && strcmp(worker, "speech") == 0;
    return input->hear && input->spool_folder && (!is_speech || in->wants_sound);
}

bool reading_ask(Reading *reading, const char *worker, Receiver *in, Error *err)
{
    const ExtractionInput *input = reading->input;
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    AUTO_CLOSE int fd = -1;
    if (!reading_open(reading, &in->bytes, &fd, err))
        return false;
    WorkerArguments args = { .name = in->root->name,
                             .media_type =
                                 in->bytes.is_file ? input->media_type : in->root->media_type,
                             .password = input->password,
                             .languages = input->languages,
                             .skips_look = input->skips_member_facts && !in->bytes.is_file,
                             .hears_elsewhere = is_heard_elsewhere(input, worker, in),
                             .sends_members = input->spool_folder != NULL };
    SandboxJob job = { .worker = worker,
                       .service = "extract",
                       .args = worker_arguments_write(arena, &args),
                       .fds = { fd, -1, -1, -1 },
                       .timeout_ms = input->timeout_ms,
                       .frame = on_frame,
                       .progress = on_progress,
                       .self = in,
                       .cancelled = input->cancelled };
    bool good = sandbox_run(reading->sandbox, &job, err);
    pthread_mutex_lock(&reading->lock);
    good = good && receiver_end(in, err);
    receiver_close(in);
    pthread_mutex_unlock(&reading->lock);
    return good;
}

/* --- The whole --- */

static bool show_first(const Reading *reading, Error *err)
{
    const ExtractionInput *input = reading->input;
    return !input->first || !reading->laters.count || !reading->out->root->text_length ||
           input->first(input->self, reading->out, err);
}

bool extraction_run(Sandbox *sandbox, Arena *arena, const ExtractionInput *input,
                    Extraction *extraction_r, Error *err)
{
    Extraction out = { 0 };
    Reading reading = {
        .sandbox = sandbox, .arena = arena, .input = input, .out = &out, .heap = -1
    };
    Receiver in = { .arena = arena, .reading = &reading, .bytes = { .is_file = true } };
    pthread_mutex_init(&reading.lock, NULL);
    receiver_begin(&in, input->name);
    out.root = in.root;
    bool good = reading_ask(&reading, input->worker, &in, err) && show_first(&reading, err) &&
                reading_laters(&reading, err) && reading_describe(&reading, err);
    if (reading.heap >= 0)
        close(reading.heap);
    pthread_mutex_destroy(&reading.lock);
    if (!good) {
        extraction_clean(&out);
        return false;
    }
    *extraction_r = out;
    return true;
}
