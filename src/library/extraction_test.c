/* extraction_test.c - what one worker leaves for another joins the document where it belongs.
 *
 * The readers here are made up: a "file" is a list of lines, each a block; "@N" leaves page N to
 * the class "test", which is this program under another name; "!" is a broken PDF. */
#include "library/extraction.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "extract/charset/encoding.h"
#include "extract/document_wire.h"

static bool read_words(DocWriter *doc, Str text)
{
    Str line;
    while (text_next_line(&text, &line)) {
        int page = 0;
        if (line.at[0] == '!')
            return doc_warning(doc, S("no page can be found")) && doc_later(doc, "poppler", 0);
        if (line.at[0] == '^') { /* "^3a": at 30 points from the top */
            float top = (float)(line.at[1] - '0') * 10;
            doc_place_box(doc, 0, top, 90, top + 10);
            doc_paragraph(doc, str_from(line, 2));
            continue;
        }
        if (line.at[0] != '@') {
            doc_paragraph(doc, line);
            continue;
        }
        for (size_t i = 1; i < line.length; i++)
            page = page * 10 + line.at[i] - '0';
        if (page)
            doc_page(doc, page, false, 100, 100);
        doc_later(doc, "test", page);
    }
    return doc_writer_ok(doc);
}

/* Page 13 is unlucky, page 99 never comes. */
static bool read_pages(DocWriter *doc, const WorkerArguments *args)
{
    for (size_t i = 0; i < args->page_count; i++) {
        char text[32];
        if (args->pages[i] == 13)
            _exit(3);
        if (args->pages[i] == 99)
            return true;
        /* Page 40 is a picture of the whole page: its first line stands there already. */
        if (args->pages[i] == 40)
            snprintf(text, sizeof text, "the tide tables of Oster");
        else
            snprintf(text, sizeof text, "read%d", args->pages[i]);
        doc_page(doc, args->pages[i], false, 100, 100);
        if (args->pages[i] == 41)
            doc_place_box(doc, 0, 40, 90, 60);
        doc_paragraph(doc, str(text));
        if (args->pages[i] == 40)
            doc_paragraph(doc, S("Seal of the harbour"));
    }
    return true;
}

static bool run_words(WorkerJob *job, Error *err)
{
    Arena *arena = arena_new(MB(64));
    FileMap map = { 0 };
    WorkerArguments args;
    WorkerOutlet outlet;
    if (!worker_arguments_read(job->args, arena, &args, err) || !fd_map(job->fds[0], &map, err))
        return false;
    DocWriter *doc = worker_outlet(arena, job, args.sends_members, &outlet);
    bool good = args.page_count ? read_pages(doc, &args) : read_words(doc, map.bytes);
    return good && doc_writer_end(doc, err);
}

static const WorkerService test_services[] = { { .name = "extract", .run = run_words }, { 0 } };

/* The test program is its own worker, of both classes; Criterion must not see these arguments. */
static bool run_either(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    WorkerArguments args;
    if (!worker_arguments_read(job->args, arena, &args, err))
        return false;
    return args.page_count ? run_words(job, err) : worker_services[0].run(job, err);
}

__attribute__((constructor)) static void become_worker(int argc, char **argv)
{
    const WorkerService services[] = {
        { .name = "extract", .preload = worker_services[0].preload, .run = run_either },
        worker_services[1],
        { 0 },
    };
    sandbox_worker_main(argc, argv, services);
}

static char folder[] = "/tmp/lectern-extraction-XXXXXX";

static Sandbox *make_sandbox(void)
{
    static SandboxOptions options = { .copied = test_services, .workers = folder };
    return sandbox_new(&options);
}

static int file_of(const char *text)
{
    int fd = memfd_create("words", MFD_CLOEXEC);
    Error err;
    cr_assert(fd_write_all(fd, str(text), &err));
    return fd;
}

static const char *outcome(Arena *arena, const Extraction *extraction)
{
    Buf out = buf_new(arena, MB(1));
    for (size_t i = 0; i < extraction->root->blocks.count; i++) {
        const Block *block = &extraction->root->blocks.at[i];
        if (block->kind == BLOCK_PAGE)
            buf_addf(&out, "|%d| ", block->place.page);
        else
            buf_addf(&out, STR_FMT " ", STR_ARG(block->text));
    }
    return buf_c(&out);
}

static const char *result_of(Arena *arena, Sandbox *sandbox, const char *words,
                             const PageKeeper *keeper, Extraction *extraction_r)
{
    Error err;
    int fd = file_of(words);
    ExtractionInput input = { .fd = fd, .name = S("words"), .parallel = 3, .pages = keeper };
    bool good = extraction_run(sandbox, arena, &input, extraction_r, &err);
    close(fd);
    cr_assert(good, "%s", err.message);
    return outcome(arena, extraction_r);
}

/* --- Kept pages --- */

typedef struct Kept {
    Arena *arena;
    Str pages[128];
    _Atomic int loads, saves;
    _Atomic bool lock;
} Kept;

static bool load_page(void *self, Str worker, int page, Arena *arena, Str *kept_r, Error *err)
{
    Kept *kept = self;
    (void)err;
    cr_assert(str_is(worker, "test"));
    kept->loads += kept->pages[page].length > 0;
    *kept_r = str_copy(arena, kept->pages[page]);
    return true;
}

static bool save_page(void *self, Str worker, int page, Str frames, Error *err)
{
    Kept *kept = self;
    (void)worker, (void)err;
    while (atomic_exchange(&kept->lock, true))
        ;
    kept->pages[page] = str_copy(kept->arena, frames);
    kept->saves++;
    kept->lock = false;
    return true;
}

/* --- The tests --- */

static Arena *arena;
static Sandbox *sandbox;

static void open_all(void)
{
    char path[64];
    arena = arena_new(GB(1));
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/lectern-worker-test", folder);
    char self[512];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert(length > 0);
    self[length] = '\0';
    cr_assert_eq(symlink(self, path), 0);
    sandbox = make_sandbox();
}

static void close_all(void)
{
    char path[64];
    sandbox_free(sandbox);
    snprintf(path, sizeof path, "%s/lectern-worker-test", folder);
    unlink(path);
    rmdir(folder);
    arena_free(arena);
}
TestSuite(library_extraction, .init = open_all, .fini = close_all);

Test(library_extraction, pages_left_to_another_reader_come_back_in_their_places)
{
    Extraction extraction;
    const char *text =
        result_of(arena, sandbox, "a\n@1\nb\n@2\n@3\nc\n@4\n@5\n@6\n@7", NULL, &extraction);
    cr_assert_str_eq(
        text, "a |1| read1 b |2| read2 |3| read3 c |4| read4 |5| read5 |6| read6 |7| read7 ");
    cr_assert_eq(extraction.root->warnings.count, 0);
}

Test(library_extraction, a_page_that_ends_its_reader_costs_that_page)
{
    Extraction extraction;
    const char *text =
        result_of(arena, sandbox, "@11\n@12\n@13\n@14\n@99\n@100", NULL, &extraction);
    cr_assert_str_eq(text, "|11| read11 |12| read12 |13| |14| read14 |99| |100| read100 ");
    cr_assert_eq(extraction.root->warnings.count, 1);
    Str warning = extraction.root->warnings.at[0];
    cr_assert(str_find(warning, S("2 of 6 pages")) >= 0, STR_FMT, STR_ARG(warning));
}

Test(library_extraction, pages_read_before_an_interruption_are_not_read_again)
{
    Extraction extraction;
    Kept kept = { .arena = arena };
    PageKeeper keeper = { load_page, save_page, &kept };
    const char *words = "@1\n@2\n@3\n@13\n@5";
    const char *text = result_of(arena, sandbox, words, &keeper, &extraction);
    cr_assert_str_eq(text, "|1| read1 |2| read2 |3| read3 |13| |5| read5 ");
    cr_assert_eq(kept.saves, 4);
    kept.pages[2] = S("spoilt");
    kept.saves = kept.loads = 0;
    text = result_of(arena, sandbox, words, &keeper, &extraction);
    cr_assert_str_eq(text, "|1| read1 |2| read2 |3| read3 |13| |5| read5 ");
    cr_assert_eq(kept.saves, 1, "only the page that could not be restored: %d", kept.saves);
}

Test(library_extraction, a_file_whose_pages_all_fail_is_given_up)
{
    Buf file = buf_new(arena, KB(64));
    Extraction extraction;
    for (int i = 0; i < 500; i++)
        buf_addf(&file, "@13\n");
    Kept kept = { .arena = arena };
    PageKeeper keeper = { load_page, save_page, &kept };
    (void)result_of(arena, sandbox, buf_c(&file), &keeper, &extraction);
    cr_assert(str_starts(extraction.root->warnings.at[0], S("500 of 500 pages")), STR_FMT,
              STR_ARG(extraction.root->warnings.at[0]));
    cr_assert_lt(kept.loads, 100, "each of them costs a worker: %d", kept.loads);
}

static bool refuse(void *self, const char *stage, int64_t done, int64_t total)
{
    (void)stage, (void)total;
    return done < *(int64_t *)self;
}

Test(library_extraction, reading_pages_can_be_cancelled_between_them)
{
    Error err;
    Extraction extraction;
    int64_t stop_at = 2;
    int fd = file_of("@1\n@2\n@3\n@4\n@5\n@6\n@7\n@8");
    ExtractionInput input = {
        .fd = fd, .name = S("words"), .parallel = 1, .progress = refuse, .self = &stop_at
    };
    cr_assert(!extraction_run(sandbox, arena, &input, &extraction, &err));
    cr_assert_eq(err.code, ERROR_CANCELLED, "%s", err.message);
    close(fd);
}

Test(library_extraction, a_class_that_is_not_installed_is_named)
{
    SandboxOptions options = { .copied = test_services, .workers = "/nonexistent" };
    Sandbox *bare = sandbox_new(&options);
    Extraction extraction;
    Error err;
    const char *text = result_of(arena, bare, "a\n@1\n@2", NULL, &extraction);
    cr_assert_str_eq(text, "a |1| |2| ");
    cr_assert(str_find(extraction.root->warnings.at[0], S("lectern-worker-test")) >= 0);
    SandboxJob path = { .worker = "../../bin/true",
                        .service = "extract",
                        .fds = { -1, -1, -1, -1 } };
    cr_assert(!sandbox_run(sandbox, &path, &err) && strstr(err.message, "not installed"));
    int fd = file_of("@0");
    ExtractionInput input = { .fd = fd, .name = S("words") };
    cr_assert(!extraction_run(bare, arena, &input, &extraction, &err));
    cr_assert_eq(err.code, ERROR_UNSUPPORTED);
    cr_assert(strstr(err.message, "lectern-worker-test"), "%s", err.message);
    close(fd);
    sandbox_free(bare);
}

Test(library_extraction, a_broken_pdf_is_damaged_where_no_second_reader_is_installed)
{
    SandboxOptions options = { .copied = test_services, .workers = "/nonexistent" };
    Sandbox *bare = sandbox_new(&options);
    Extraction extraction;
    Error err;
    int fd = file_of("!");
    ExtractionInput input = { .fd = fd, .name = S("words") };
    cr_assert(!extraction_run(bare, arena, &input, &extraction, &err));
    cr_assert_eq(err.code, ERROR_DAMAGED, "%s", err.message);
    cr_assert(strstr(err.message, "no page can be found"), "%s", err.message);
    close(fd);
    sandbox_free(bare);
}

static bool note_first(void *self, const Extraction *so_far, Error *err)
{
    (void)err;
    *(const char **)self = outcome(arena, so_far);
    return true;
}

Test(library_extraction, what_the_main_reader_found_is_told_while_pages_are_still_read)
{
    Error err;
    Extraction extraction;
    const char *first = NULL;
    static const struct {
        const char *file, *first;
    } cases[] = { { "a\n@1\nb", "a |1| b " }, { "a\nb", NULL }, { "@1", NULL } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int fd = file_of(cases[i].file);
        ExtractionInput input = {
            .fd = fd, .name = S("words"), .first = note_first, .self = &first
        };
        first = NULL;
        cr_assert(extraction_run(sandbox, arena, &input, &extraction, &err), "%s", err.message);
        close(fd);
        if (cases[i].first)
            cr_expect_str_eq(first, cases[i].first);
        else
            cr_expect_null(first, "%s", first);
    }
}

Test(library_extraction, what_a_picture_shows_stands_behind_what_is_above_it)
{
    static const struct {
        const char *file, *outcome;
    } cases[] = {
        { "@41\n^1a\n^3b\n^6c\n@42", "|41| a b read41 c |42| read42 " },
        { "@41\n^1a\n^5b\n^2c", "|41| a read41 b c " },
        { "@41\n^5a\n^1b\n@42", "|41| read41 a b |42| read42 " },
        { "@41\nx\n^1a\ny\n@42\n^1z", "|41| x a y read41 |42| read42 z " },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Extraction extraction;
        cr_expect_str_eq(result_of(arena, sandbox, cases[i].file, NULL, &extraction),
                         cases[i].outcome);
    }
}

Test(library_extraction, what_stands_on_a_page_is_not_said_again_by_its_picture)
{
    Extraction extraction;
    const char *text =
        result_of(arena, sandbox, "@40\nThe tide-tables of Oster, 1911\n@41\nx", NULL, &extraction);
    cr_assert_str_eq(text,
                     "|40| Seal of the harbour The tide-tables of Oster, 1911 |41| read41 x ");
}
