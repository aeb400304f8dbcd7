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

bool library_page(Library *library, const Scope *scope, Arena *arena, Str id, int page, int width,
                  Str quote, DrawnPage *picture_r, Error *err)
{
    Document document;
    Str password;
    AUTO_CLOSE int fd = -1;
    AUTO_CLOSE int words_fd = -1;
    if (!library_open_original(library, scope, arena, id, 0, &document, &fd, err) ||
        !password_open(library, arena, document.password_sealed, &password, err))
        return false;
    if (page < 1 || page > document.page_count)
        return fail(err, ERROR_NOT_FOUND, "the document has no page %d", page);
    if (quote.length && !open_words(library, scope, arena, &document, page, &words_fd, err))
        return false;
    PageToDraw drawn = { .arguments = { .name = document.name,
                                        .password = password,
                                        .quote = quote,
                                        .page = page,
                                        .width = width },
                         .fd = fd,
                         .words_fd = words_fd,
                         .format = document.format };
    return page_draw(library->sandbox, arena, &drawn, picture_r, err);
}
