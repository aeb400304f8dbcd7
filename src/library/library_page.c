/* library_page.c - a page's picture, drawn in a worker. */
#include "library/library_int.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "library/page_draw.h"
#include "store/texts_store.h"

#define WORDS_MAX MB(4)

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
    return block_list_of_page(tx, work->scope, work->arena, document->id, shown_version(document),
                              work->page, &work->blocks, err);
}

static bool text_work(DbTx *tx, void *argument, Error *err)
{
    WordsWork *work = argument;
    const Document *document = work->document;
    return text_find_range(tx, work->scope, work->arena, document->id, shown_version(document),
                           work->at, work->length, &work->text, err);
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
static bool open_words(Library *library, WordsWork *work, int *fd_r, Error *err)
{
    Buf out = buf_new(work->arena, WORDS_MAX);
    for (size_t i = 0; i < work->blocks.count; i++)
        if (!add_words(library, work, &work->blocks.at[i], &out, err))
            return false;
    if (!out.length)
        return true;
    *fd_r = memfd_create("words", MFD_CLOEXEC);
    if (*fd_r < 0)
        return fail_errno(err, "opening a page's words");
    return fd_write_all(*fd_r, buf_str(&out), err);
}

/* --- The picture --- */

bool library_is_paged(Str format)
{
    const Extractor *extractor = extractor_named(format);
    return extractor && extractor->is_paged;
}

typedef struct FindWork {
    const Scope *scope;
    Arena *arena;
    const PageWanted *wanted;
    Document document;
    bool is_newest; /* of those that have been read: what the row says of pages is of it */
} FindWork;

/* While another file waits to be read, what is shown is still the one before. */
static bool find_work(DbTx *tx, void *argument, Error *err)
{
    FindWork *work = argument;
    Document *document = &work->document;
    Str id = work->wanted->document;
    int64_t version = work->wanted->version;
    if (!document_find(tx, work->scope, work->arena, id, document, err))
        return false;
    version = version ? version : shown_version(document);
    work->is_newest = version == shown_version(document);
    return document_version_find(tx, work->scope, work->arena, id, version, document, err);
}

/* Of an older version only its bytes say what it is. */
static bool open_found(Library *library, FindWork *found, PageToDraw *drawn, int *fd_r, Error *err)
{
    Document *document = &found->document;
    uint64_t size;
    drawn->format = document->format;
    return blob_open(library->blobs, found->scope->workspace, document->blob, fd_r, &size, err) &&
           (found->is_newest || library_format_of(*fd_r, document->name, &drawn->format, err));
}

bool library_has_pages(Library *library, const Scope *scope, Arena *arena, Str id, int64_t version,
                       bool *has_r, Error *err)
{
    const PageWanted wanted = { .document = id, .version = version };
    FindWork found = { .scope = scope, .arena = arena, .wanted = &wanted };
    PageToDraw drawn = { .fd = -1 };
    AUTO_CLOSE int fd = -1;
    if (!store_read(library->db, scope, find_work, &found, err))
        return false;
    if (found.is_newest)
        drawn.format = found.document.format;
    else if (!open_found(library, &found, &drawn, &fd, err))
        return false;
    *has_r = library_is_paged(drawn.format);
    return true;
}

bool library_page(Library *library, const Scope *scope, Arena *arena, const PageWanted *wanted,
                  DrawnPage *picture_r, Error *err)
{
    FindWork found = { .scope = scope, .arena = arena, .wanted = wanted };
    const Document *document = &found.document;
    WordsWork words = {
        .scope = scope, .arena = arena, .document = document, .page = wanted->page
    };
    PageToDraw drawn = {
        .arguments = { .quote = wanted->quote, .page = wanted->page, .width = wanted->width }
    };
    AUTO_CLOSE int fd = -1;
    AUTO_CLOSE int words_fd = -1;
    if (!store_read(library->db, scope, find_work, &found, err) ||
        !open_found(library, &found, &drawn, &fd, err) ||
        !password_open(library, arena, document->password_sealed, &drawn.arguments.password, err) ||
        !store_read(library->db, scope, blocks_work, &words, err))
        return false;
    bool is_there = found.is_newest ? wanted->page >= 1 && wanted->page <= document->page_count
                                    : words.blocks.count > 0;
    if (!is_there)
        return fail(err, ERROR_NOT_FOUND, "the document has no page %d", wanted->page);
    if (wanted->quote.length && !open_words(library, &words, &words_fd, err))
        return false;
    drawn.arguments.name = document->name;
    drawn.fd = fd;
    drawn.words_fd = words_fd;
    return page_draw(library->sandbox, arena, &drawn, picture_r, err);
}
