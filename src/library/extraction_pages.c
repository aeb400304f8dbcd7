/* extraction_pages.c - pages that another class of worker reads, side by side.
 *
 * Threads take runs of pages from one list; a worker that fails on a page costs that page, and the
 * next one goes on behind it. What was kept of an earlier, interrupted reading is not read again.
 */
#include <pthread.h>

#include "base/file.h"
#include "library/extraction_int.h"

enum { RUN_MAX = 8, PAGE_TIMEOUT_MS = 120000 };

/* So many failed and none was read: the others are not tried. Each costs a worker, and a broken
 * file may claim any number. */
enum { HOPELESS_COUNT = 64 };

typedef struct Pages {
    Reading *reading;
    const Later *list;
    size_t count;
    char *worker;
    pthread_mutex_t lock;
    /* Under the lock */
    size_t next, done, failed;
    DocNode **found; /* of each, in the arena of its thread */
    char **failures; /* of each, NULL: none */
    Error failure;   /* why all of it ends; code ERROR_NONE: it does not */
} Pages;

typedef struct PageThread {
    Pages *pages;
    pthread_t thread;
    bool runs;
    Arena *arena;
    size_t first, run; /* of the list */
    size_t finished;   /* of the run */
} PageThread;

static bool report(Pages *pages)
{
    const ExtractionInput *input = pages->reading->input;
    bool is_picture = strcmp(pages->worker, "picture") == 0;
    return !input->progress || input->progress(input->self, is_picture ? "ocr" : "pages",
                                               (int64_t)pages->done, (int64_t)pages->count);
}

/* --- One page --- */

static void add_found(PageThread *mine, size_t index, DocNode *node)
{
    Pages *pages = mine->pages;
    pthread_mutex_lock(&pages->lock);
    pages->found[index] = node;
    pages->done++;
    if (!report(pages) && pages->failure.code == ERROR_NONE)
        fail(&pages->failure, ERROR_CANCELLED, "it was cancelled");
    pthread_mutex_unlock(&pages->lock);
}

/* Blocks of one page, without the page's own mark, which is in the document already. */
static bool page_node(PageThread *mine, size_t index, Str frames, DocNode **node_r, Error *err)
{
    Receiver in = { .arena = mine->arena };
    receiver_begin(&in, S("page"));
    if (!receiver_replay(&in, frames, err))
        return false;
    DocNode *node = in.root;
    size_t skip = node->blocks.count && node->blocks.at[0].kind == BLOCK_PAGE;
    node->blocks.at += skip;
    node->blocks.count -= skip;
    if (node->blocks.count && node->blocks.at[0].place.page != mine->pages->list[index].page)
        return fail(err, ERROR_DAMAGED, "the reader sent another page than it was asked for");
    *node_r = node;
    return true;
}

/* Pages come in the order they were asked for. */
static bool page_done(void *self, int page, Str frames, Error *err)
{
    PageThread *mine = self;
    Pages *pages = mine->pages;
    const PageKeeper *keeper = pages->reading->input->pages;
    size_t index = mine->first + mine->finished;
    DocNode *node;
    if (mine->finished >= mine->run || pages->list[index].page != page)
        return fail(err, ERROR_DAMAGED, "the reader sent page %d, which was not its next", page);
    if (!page_node(mine, index, frames, &node, err))
        return false;
    bool is_root = pages->list[index].bytes.is_file;
    if (keeper && is_root &&
        !keeper->save(keeper->self, pages->list[index].worker, page, frames, err))
        return false;
    mine->finished++;
    add_found(mine, index, node);
    return true;
}

static bool load_kept(PageThread *mine, size_t index, bool *is_kept_r, Error *err)
{
    const Later *later = &mine->pages->list[index];
    const PageKeeper *keeper = mine->pages->reading->input->pages;
    DocNode *node;
    Str frames = STR_NONE;
    Error broken;
    *is_kept_r = false;
    if (!keeper || !later->bytes.is_file)
        return true;
    if (!keeper->load(keeper->self, later->worker, later->page, mine->arena, &frames, err))
        return false;
    /* One that cannot be read is read anew. */
    if (frames.length && page_node(mine, index, frames, &node, &broken)) {
        add_found(mine, index, node);
        *is_kept_r = true;
    }
    return true;
}

/* --- Runs of pages --- */

static bool run_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    Receiver *in = self;
    Pages *pages = ((PageThread *)in->self)->pages;
    (void)stage, (void)done, (void)total;
    pthread_mutex_lock(&pages->lock);
    bool goes_on = pages->failure.code == ERROR_NONE && report(pages);
    pthread_mutex_unlock(&pages->lock);
    return goes_on;
}

static bool ask(PageThread *mine, Error *err)
{
    Pages *pages = mine->pages;
    Reading *reading = pages->reading;
    const ExtractionInput *input = reading->input;
    AUTO_CLOSE int fd = -1;
    int numbers[RUN_MAX];
    for (size_t i = 0; i < mine->run; i++)
        numbers[i] = pages->list[mine->first + i].page;
    Receiver in = { .arena = mine->arena, .page_done = page_done, .self = mine };
    receiver_begin(&in, pages->list->node->name);
    if (!reading_open(reading, &pages->list->bytes, &fd, err))
        return false;
    WorkerArguments args = { .name = pages->list->node->name,
                             .password = input->password,
                             .languages = input->languages,
                             .pages = numbers,
                             .page_count = mine->run };
    SandboxJob job = { .worker = pages->worker,
                       .service = "extract",
                       .args = worker_arguments_write(mine->arena, &args),
                       .fds = { fd, -1, -1, -1 },
                       .timeout_ms = (int64_t)mine->run * PAGE_TIMEOUT_MS,
                       .quiet_ms = PAGE_TIMEOUT_MS,
                       .frame = receiver_frame,
                       .progress = run_progress,
                       .self = &in,
                       .cancelled = input->cancelled };
    return sandbox_run(reading->sandbox, &job, err) && receiver_end(&in, err);
}

/* The next pages nobody has: few enough that all threads end together. */
static bool take_run(PageThread *mine, size_t thread_count)
{
    Pages *pages = mine->pages;
    pthread_mutex_lock(&pages->lock);
    size_t rest = pages->count - pages->next;
    mine->run = pages->failure.code == ERROR_NONE
                    ? MIN((rest + thread_count * 2 - 1) / (thread_count * 2), (size_t)RUN_MAX)
                    : 0;
    mine->first = pages->next;
    mine->finished = 0;
    pages->next += mine->run;
    pthread_mutex_unlock(&pages->lock);
    return mine->run > 0;
}

/* A failure of one page is that page's; some end everything. */
static bool note_failure(PageThread *mine, const Error *why)
{
    Pages *pages = mine->pages;
    size_t index = mine->first + mine->finished;
    bool ends = why->code == ERROR_CANCELLED || why->code == ERROR_UNSUPPORTED;
    pthread_mutex_lock(&pages->lock);
    if (ends && pages->failure.code == ERROR_NONE)
        pages->failure = *why;
    pages->failures[index] = heap_text(why->message);
    pages->done++;
    pages->failed++;
    if (pages->failed >= HOPELESS_COUNT && pages->failed == pages->done) {
        pages->next = pages->count;
        ends = true;
    }
    pthread_mutex_unlock(&pages->lock);
    return !ends;
}

static void read_run(PageThread *mine)
{
    Error err;
    while (mine->run) {
        bool is_kept;
        size_t first = mine->first, run = mine->run;
        if (!load_kept(mine, first, &is_kept, &err) || (!is_kept && !ask(mine, &err))) {
            if (mine->finished >= run || !note_failure(mine, &err))
                return;
            mine->finished++;
        } else if (is_kept) {
            mine->finished = 1;
        } else if (mine->finished < run) {
            fail(&err, ERROR_DAMAGED, "the reader said nothing about it");
            (void)note_failure(mine, &err);
            mine->finished++;
        }
        mine->first += mine->finished;
        mine->run -= mine->finished;
        mine->finished = 0;
    }
}

static void *work(void *argument)
{
    PageThread *mine = argument;
    size_t threads = reading_threads(mine->pages->reading, mine->pages->count);
    while (take_run(mine, threads))
        read_run(mine);
    return NULL;
}

/* --- The whole --- */

static void add_warnings(const Pages *pages)
{
    Arena *arena = pages->reading->arena;
    DocNode *node = pages->list->node;
    size_t failed = 0;
    const char *first = NULL;
    for (size_t i = 0; i < pages->count; i++) {
        failed += !pages->found[i];
        first = first ? first : pages->failures[i];
    }
    if (pages->failure.code != ERROR_NONE)
        *vec_push(arena, &node->warnings) =
            str_format(arena, "%zu page%s pictures whose text was not read: %s", pages->count,
                       pages->count == 1 ? " holds" : "s hold", pages->failure.message);
    else if (failed)
        *vec_push(arena, &node->warnings) =
            str_format(arena, "%zu of %zu page%s with pictures could not be read: %s", failed,
                       pages->count, pages->count == 1 ? "" : "s", first);
}

static bool finish(Pages *pages, Error *err)
{
    bool is_cancelled = pages->failure.code == ERROR_CANCELLED;
    size_t *at = arena_new_array(pages->reading->arena, size_t, pages->count);
    for (size_t i = 0; i < pages->count; i++)
        at[i] = pages->list[i].at;
    for (size_t i = 0; i < pages->count; i++)
        if (pages->found[i] && strcmp(pages->worker, "poppler") == 0)
            overlap_drop_page(pages->list->node, at[i], pages->found[i]);
        else if (pages->found[i]) {
            overlap_drop_known(pages->list->node, at[i], pages->found[i]);
            at[i] = overlap_place(pages->list->node, at[i], pages->found[i]);
        }
    if (is_cancelled)
        *err = pages->failure;
    else {
        add_warnings(pages);
        reading_join(pages->reading, pages->list->node, at, pages->found, pages->count);
    }
    return !is_cancelled;
}

bool reading_pages(Reading *reading, const Later *list, size_t count, Error *err)
{
    Arena *arena = reading->arena;
    Later *copy = arena_new_array(arena, Later, count); /* the list may move meanwhile */
    memcpy(copy, list, count * sizeof *copy);
    Pages pages = { .reading = reading,
                    .list = copy,
                    .count = count,
                    .worker = str_c(arena, list->worker),
                    .found = arena_new_array(arena, DocNode *, count),
                    .failures = arena_new_array(arena, char *, count) };
    size_t threads = reading_threads(reading, count);
    PageThread *all = arena_new_array(arena, PageThread, threads);
    pthread_mutex_init(&pages.lock, NULL);
    for (size_t i = 0; i < threads; i++) {
        all[i] = (PageThread){ .pages = &pages, .arena = arena_new(GB(2)) };
        all[i].runs = i > 0 && pthread_create(&all[i].thread, NULL, work, &all[i]) == 0;
    }
    (void)work(&all[0]);
    for (size_t i = 1; i < threads; i++)
        if (all[i].runs)
            pthread_join(all[i].thread, NULL);
    bool good = finish(&pages, err);
    for (size_t i = 0; i < threads; i++)
        arena_free(all[i].arena);
    for (size_t i = 0; i < count; i++)
        free(pages.failures[i]);
    pthread_mutex_destroy(&pages.lock);
    return good;
}
