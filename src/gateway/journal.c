/* journal.c - see ledger.h: records of calls, written in batches behind the calls.
 *
 * A page has room for PAGE_ROWS records and their texts. Pages are used again, so a busy gateway
 * touches no new memory. A text that the record before has too is kept once: then the writer sees
 * by its address that it is the same. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "gateway/ledger.h"

#define FLUSH_MS 200
#define PAUSE_MAX_MS 2000
#define RETRY_MAX_MS 5000
#define PAGE_ROWS 512 /* a page is so large that its memory goes back to the system when freed */
#define TEXT_MAX 200
#define TEXT_COUNT 15 /* of a record */
#define TEXTS_SIZE KB(64)
#define PAGES_MAX                                                                                  \
    256              /* 131,072 records wait at most; more are dropped rather than eat the memory */
#define SPARE_MAX 16 /* pages kept for later: 4 MB */
/* 4 MB that wait: then they are written without a pause, and so many at once, since writing takes
 * twice their memory once more. */
#define MANY_PAGES 16
#define NICE 5
#define SLICE_NS 100000 /* the shortest there is */
#define LANES_MAX 16
#define ATTEMPTS_MAX 5 /* of a batch whose failure does not pass by itself */

typedef struct Page {
    struct Page *next;
    size_t count, used;
    CallRecord rows[PAGE_ROWS];
    char texts[TEXTS_SIZE];
} Page;

_Static_assert(sizeof(Page) >= KB(256), "mapped for itself (M_MMAP_THRESHOLD of cmd_serve.c)");

struct JournalLane {
    Journal *journal;
    pthread_mutex_t lock; /* of page */
    Page *page;           /* NULL: nothing waits in it */
};

struct Journal {
    JournalOptions options;
    pthread_t thread;
    atomic_bool is_idle; /* the thread sleeps until there is something */
    int64_t took_ms;     /* the last write; the thread's own */
    JournalLane lanes[LANES_MAX];

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_news;
    size_t lane_count;
    bool is_ending;
    Page *full, **full_end; /* in the order they were filled */
    Page *spare;
    size_t page_count, spare_count; /* in all; of those spare */
    uint64_t dropped;
};

/* --- Pages --- */

static Page *page_get(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    Page *page = journal->spare;
    bool may_make = !page && journal->page_count < PAGES_MAX;
    if (page) {
        journal->spare = page->next;
        journal->spare_count--;
    } else if (may_make) {
        journal->page_count++;
    } else {
        journal->dropped++;
    }
    pthread_mutex_unlock(&journal->lock);
    if (may_make)
        page = heap_alloc(sizeof *page);
    if (page)
        page->count = page->used = 0;
    return page;
}

static void pages_give_back(Journal *journal, Page *pages)
{
    pthread_mutex_lock(&journal->lock);
    while (pages) {
        Page *page = pages;
        pages = page->next;
        if (journal->spare_count < SPARE_MAX) {
            page->next = journal->spare;
            journal->spare = page;
            journal->spare_count++;
        } else {
            journal->page_count--;
            free(page);
        }
    }
    pthread_mutex_unlock(&journal->lock);
}

static void page_hand_over(Journal *journal, Page *page)
{
    page->next = NULL;
    pthread_mutex_lock(&journal->lock);
    *journal->full_end = page;
    journal->full_end = &page->next;
    pthread_mutex_unlock(&journal->lock);
}

/* --- Adding --- */

/* Names come from clients: what goes into the database is short, valid, and has no NUL. */
static Str clean(Str text)
{
    const char *end = text.length ? memchr(text.at, 0, text.length) : NULL;
    if (end)
        text.length = (size_t)(end - text.at);
    if (text.length > TEXT_MAX)
        text.length = utf8_floor(text, TEXT_MAX);
    return str_slice(text, 0, utf8_valid_length(text));
}

static void keep(Page *page, Str *text, const Str *before)
{
    if (before && str_equal(*text, *before)) {
        *text = *before;
        return;
    }
    Str cleaned = clean(*text);
    char *at = page->texts + page->used;
    if (cleaned.length)
        memcpy(at, cleaned.at, cleaned.length);
    page->used += cleaned.length;
    *text = (Str){ at, cleaned.length };
}

static void page_add(Page *page, const CallRecord *record)
{
    static const size_t texts[] = {
        offsetof(CallRecord, id),      offsetof(CallRecord, workspace), offsetof(CallRecord, user),
        offsetof(CallRecord, key),     offsetof(CallRecord, feature),   offsetof(CallRecord, route),
        offsetof(CallRecord, service), offsetof(CallRecord, model),     offsetof(CallRecord, front),
        offsetof(CallRecord, status),  offsetof(CallRecord, cache),     offsetof(CallRecord, trace),
        offsetof(CallRecord, span),    offsetof(CallRecord, parent),    offsetof(CallRecord, side),
    };
    _Static_assert(COUNT(texts) == TEXT_COUNT, "has_room() counts them");
    CallRecord *row = &page->rows[page->count];
    const char *before = page->count ? (const char *)(row - 1) : NULL;
    *row = *record;
    for (size_t i = 0; i < COUNT(texts); i++)
        keep(page, (Str *)((char *)row + texts[i]),
             before ? (const Str *)(before + texts[i]) : NULL);
    page->count++;
}

static bool has_room(const Page *page)
{
    return page->count < PAGE_ROWS && page->used + TEXT_COUNT * TEXT_MAX <= TEXTS_SIZE;
}

void journal_add(JournalLane *lane, const CallRecord *record)
{
    Journal *journal = lane->journal;
    pthread_mutex_lock(&lane->lock);
    if (lane->page && !has_room(lane->page)) {
        page_hand_over(journal, lane->page);
        lane->page = NULL;
    }
    if (!lane->page)
        lane->page = page_get(journal);
    if (lane->page)
        page_add(lane->page, record);
    pthread_mutex_unlock(&lane->lock);
    if (!atomic_load(&journal->is_idle))
        return;
    pthread_mutex_lock(&journal->lock);
    journal->is_idle = false;
    pthread_cond_signal(&journal->has_news);
    pthread_mutex_unlock(&journal->lock);
}

/* --- Writing --- */

/* What has waited longest, oldest first of each lane. */
static Page *take(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    size_t lane_count = journal->lane_count;
    pthread_mutex_unlock(&journal->lock);
    for (size_t i = 0; i < lane_count; i++) {
        JournalLane *lane = &journal->lanes[i];
        pthread_mutex_lock(&lane->lock); /* also while it is handed over: the next is behind it */
        if (lane->page)
            page_hand_over(journal, lane->page);
        lane->page = NULL;
        pthread_mutex_unlock(&lane->lock);
    }
    pthread_mutex_lock(&journal->lock);
    Page *pages = journal->full, **end = &pages;
    for (size_t i = 0; *end && i < MANY_PAGES; i++)
        end = &(*end)->next;
    journal->full = *end;
    *end = NULL;
    if (!journal->full)
        journal->full_end = &journal->full;
    pthread_mutex_unlock(&journal->lock);
    return pages;
}

/* Pages that are not spare: what waits to be written, and is being written. */
static size_t waiting_pages(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    size_t count = journal->page_count - journal->spare_count;
    pthread_mutex_unlock(&journal->lock);
    return count;
}

static bool is_ending(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool ending = journal->is_ending;
    pthread_mutex_unlock(&journal->lock);
    return ending;
}

static void drop(Journal *journal, size_t count)
{
    pthread_mutex_lock(&journal->lock);
    journal->dropped += count;
    pthread_mutex_unlock(&journal->lock);
}

static void write_records(Journal *journal, const CallRecord *const *records, size_t count)
{
    const JournalOptions *to = &journal->options;
    int64_t wait_ms = 100;
    for (size_t i = 0; to->seen && i < count; i += GIVE_WAY_ROWS) {
        to->seen(to->seen_app, records + i, MIN(count - i, (size_t)GIVE_WAY_ROWS));
        give_way();
    }
    for (int attempt = 1;; attempt++) {
        Error err;
        int64_t started_ms = monotonic_ms();
        bool good = to->write(to->app, records, count, &err);
        journal->took_ms = monotonic_ms() - started_ms;
        if (good)
            return;
        bool is_hopeless = attempt >= ATTEMPTS_MAX && !error_is_temporary(err.code);
        if (is_hopeless || is_ending(journal)) {
            drop(journal, count);
            return;
        }
        sleep_ms(wait_ms);
        wait_ms = MIN(wait_ms * 2, (int64_t)RETRY_MAX_MS);
    }
}

static bool write_pages(Journal *journal, Page *pages)
{
    size_t count = 0, i = 0;
    for (const Page *page = pages; page; page = page->next)
        count += page->count;
    if (!count)
        return false;
    AUTO_FREE const CallRecord **records = heap_alloc(count * sizeof(*records));
    for (const Page *page = pages; page; page = page->next)
        for (size_t row = 0; row < page->count; row++)
            records[i++] = &page->rows[row];
    write_records(journal, records, count);
    pages_give_back(journal, pages);
    return true;
}

static void wait_for_records(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->is_idle && !journal->is_ending)
        pthread_cond_wait(&journal->has_news, &journal->lock);
    journal->is_idle = false;
    pthread_mutex_unlock(&journal->lock);
}

/* More come meanwhile: one transaction for all. A database that is slow, or has many sums to add
 * to, is written to less often, so that records never take more than a tenth of its time. */
static void pause_after_write(Journal *journal)
{
    int64_t left_ms = MIN(MAX(journal->took_ms * 9, (int64_t)FLUSH_MS), (int64_t)PAUSE_MAX_MS);
    while (left_ms > 0 && waiting_pages(journal) <= MANY_PAGES && !is_ending(journal)) {
        sleep_ms(MIN(left_ms, (int64_t)FLUSH_MS));
        left_ms -= FLUSH_MS;
    }
}

/* struct sched_attr of the kernel, which the C library does not have (sched_setattr(2)). */
typedef struct SchedulingWish {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline, period;
} SchedulingWish;

/* Of this thread only: calls go first, and wait for a short slice of it at most (Linux 6.12; older
 * ones know no slices of a task's own and only hear how nice it is). Not nicer: the records of a
 * core that is full take some three per cent of it, which it must be given, or they pile up. This
 * nice it is given a quarter at most. */
static void be_nice(void)
{
    SchedulingWish wish = { .size = sizeof wish, .nice = NICE, .slice_ns = SLICE_NS };
    if (syscall(SYS_sched_setattr, 0, &wish, 0) != 0)
        (void)setpriority(PRIO_PROCESS, 0, NICE);
}

static void *run(void *argument)
{
    Journal *journal = argument;
    be_nice();
    for (;;) {
        bool was_last = is_ending(journal);
        if (write_pages(journal, take(journal))) {
            pause_after_write(journal);
            continue;
        }
        if (was_last)
            return NULL;
        /* Whoever adds from now on wakes us; what came just before is looked for once more. */
        journal->is_idle = true;
        if (!write_pages(journal, take(journal)))
            wait_for_records(journal);
        journal->is_idle = false;
        if (!is_ending(journal))
            sleep_ms(FLUSH_MS);
    }
}

/* --- Opening and closing --- */

Journal *journal_new(const JournalOptions *options)
{
    Journal *journal = heap_alloc(sizeof *journal);
    journal->options = *options;
    journal->full_end = &journal->full;
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->has_news, NULL);
    pthread_create(&journal->thread, NULL, run, journal);
    pthread_setname_np(journal->thread, "journal");
    return journal;
}

JournalLane *journal_lane(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    /* More reactors than lanes share the last one, which its lock allows. */
    JournalLane *lane = &journal->lanes[MIN(journal->lane_count, (size_t)LANES_MAX - 1)];
    if (journal->lane_count < LANES_MAX) {
        lane->journal = journal;
        pthread_mutex_init(&lane->lock, NULL);
        journal->lane_count++;
    }
    pthread_mutex_unlock(&journal->lock);
    return lane;
}

void journal_free(Journal *journal)
{
    if (!journal)
        return;
    pthread_mutex_lock(&journal->lock);
    journal->is_ending = true;
    pthread_cond_signal(&journal->has_news);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    while (journal->spare) {
        Page *page = journal->spare;
        journal->spare = page->next;
        free(page);
    }
    for (size_t i = 0; i < journal->lane_count; i++)
        pthread_mutex_destroy(&journal->lanes[i].lock);
    pthread_cond_destroy(&journal->has_news);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

uint64_t journal_dropped(Journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t dropped = journal->dropped;
    pthread_mutex_unlock(&journal->lock);
    return dropped;
}
