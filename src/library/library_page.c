/* library_page.c - a page's picture, drawn in a worker. */
#include "library/library_int.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "store/texts_store.h"
#include "worker/page_wire.h"
#include "worker/worker.h"

#define PNG_MAX MB(64)
#define TIMEOUT_MS 30000
#define WORDS_MAX MB(4)

typedef struct Drawing {
    Buf png;
    int32_t marked;
} Drawing;

static bool on_frame(void *self, unsigned type, Str payload, Error *err)
{
    Drawing *drawing = self;
    if (type == PAGE_FRAME_MARKED && payload.length == sizeof drawing->marked) {
        memcpy(&drawing->marked, payload.at, sizeof drawing->marked);
        return true;
    }
    if (type != PAGE_FRAME_PNG)
        return fail(err, ERROR_INTERNAL, "the page's worker sent frame %u", type);
    buf_add(&drawing->png, payload);
    return !drawing->png.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the page's picture is too large");
}

/* --- Words of a page that was recognised --- */

typedef struct WordsWork {
    const Scope *scope;
    Arena *arena;
    const Document *document;
    int page;
    StoredBlockList blocks;
    Str text; /* of one block */
    int64_t at, length;
} WordsWork;

static bool blocks_work(DbTx *tx, void *argument, Error *err)
{
    WordsWork *work = argument;
    const Document *document = work->document;
    int64_t version = document->indexed_version ? document->indexed_version : document->version;
    return block_list_of_page(tx, work->scope, work->arena, document->id, version, work->page,
                              &work->blocks, err);
}

static bool text_work(DbTx *tx, void *argument, Error *err)
{
    WordsWork *work = argument;
    const Document *document = work->document;
    int64_t version = document->indexed_version ? document->indexed_version : document->version;
    return text_find_range(tx, work->scope, work->arena, document->id, version, work->at,
                           work->length, &work->text, err);
}

static bool add_words(Library *library, WordsWork *work, const StoredBlock *block, Buf *out,
                      Error *err)
{
    work->at = (int64_t)block->start;
    work->length = (int64_t)block->length;
    if (!block->word_count)
        return true;
    if (!store_read(library->db, work->scope, text_work, work, err))
        return false;
    for (size_t i = 0; i < block->word_count; i++) {
        const StoredWord *word = &block->word[i];
        Str text = str_slice(work->text, word->start, (size_t)word->start + word->length);
        buf_addf(out, "%.1f %.1f %.1f %.1f " STR_FMT "\n", (double)word->x0, (double)word->y0,
                 (double)word->x1, (double)word->y1, STR_ARG(text));
    }
    return true;
}

/* *fd_r stays -1 when the page holds its own text. */
static bool open_words(Library *library, const Scope *scope, Arena *arena, const Document *document,
                       int page, int *fd_r, Error *err)
{
    WordsWork work = { .scope = scope, .arena = arena, .document = document, .page = page };
    Buf out = buf_new(arena, WORDS_MAX);
    if (!store_read(library->db, scope, blocks_work, &work, err))
        return false;
    for (size_t i = 0; i < work.blocks.count; i++)
        if (!add_words(library, &work, &work.blocks.at[i], &out, err))
            return false;
    if (!out.length)
        return true;
    *fd_r = memfd_create("words", MFD_CLOEXEC);
    if (*fd_r < 0)
        return fail_errno(err, "opening a page's words");
    return fd_write_all(*fd_r, buf_str(&out), err);
}

bool library_is_paged(Str format)
{
    const Extractor *extractor = extractor_named(format);
    return extractor && extractor->is_paged;
}

/* What the main class cannot draw, the class that read it may. */
static bool draw(Sandbox *sandbox, SandboxJob *job, Str format, Error *err)
{
    const Extractor *extractor = extractor_named(format);
    if (sandbox_run(sandbox, job, err))
        return true;
    if (!extractor || !extractor->worker || err->code == ERROR_CANCELLED)
        return false;
    job->worker = extractor->worker;
    return sandbox_run(sandbox, job, err);
}

bool library_page(Library *library, const Scope *scope, Arena *arena, Str id, int page, int width,
                  Str quote, DrawnPage *picture_r, Error *err)
{
    Document document;
    Str password;
    AUTO_CLOSE int fd = -1;
    AUTO_CLOSE int words_fd = -1;
    Drawing drawing = { .png = buf_new(arena, PNG_MAX) };
    if (!library_open_original(library, scope, arena, id, &document, &fd, err) ||
        !password_open(library, arena, document.password_sealed, &password, err))
        return false;
    if (page < 1 || page > document.page_count)
        return fail(err, ERROR_NOT_FOUND, "the document has no page %d", page);
    if (quote.length && !open_words(library, scope, arena, &document, page, &words_fd, err))
        return false;
    WorkerArguments args = {
        .name = document.name, .password = password, .quote = quote, .page = page, .width = width
    };
    SandboxJob job = { .service = "page",
                       .args = worker_arguments_write(arena, &args),
                       .fds = { fd, words_fd, -1, -1 },
                       .timeout_ms = TIMEOUT_MS,
                       .output_max = PNG_MAX + KB(64),
                       .frame = on_frame,
                       .self = &drawing };
    if (!draw(library->sandbox, &job, document.format, err))
        return false;
    *picture_r = (DrawnPage){ buf_str(&drawing.png), drawing.marked };
    return true;
}
