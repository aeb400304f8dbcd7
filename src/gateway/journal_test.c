/* journal_test.c - every record arrives once, in the order of its lane, whatever the database does.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "gateway/ledger.h"

#define THREADS 3
#define EACH 20000

/* Where the records of a test go. */
typedef struct Sink {
    int64_t next[THREADS];                  /* that is expected of each lane */
    atomic_size_t count, calls, seen_first; /* records taken; writes asked for */
    size_t failures_left;                   /* writes that fail first */
    ErrorCode failure;
    const CallRecord *const *seen; /* of a write that failed: it is asked again with the same */
    size_t seen_count;
    bool has_changed, is_out_of_order;
    char model[300], user[300];
} Sink;

static bool sink_write(void *argument, const CallRecord *const *records, size_t count, Error *err)
{
    Sink *sink = argument;
    sink->calls++;
    if (sink->seen && (sink->seen != records || sink->seen_count != count))
        sink->has_changed = true;
    sink->seen = NULL;
    if (sink->failures_left) {
        sink->failures_left--;
        sink->seen = records;
        sink->seen_count = count;
        return fail(err, sink->failure, "no");
    }
    for (size_t i = 0; i < count; i++) {
        int64_t *next = &sink->next[records[i]->tries % THREADS];
        sink->is_out_of_order |= records[i]->bytes_in != (*next)++;
        snprintf(sink->model, sizeof sink->model, STR_FMT, STR_ARG(records[i]->model));
        snprintf(sink->user, sizeof sink->user, STR_FMT, STR_ARG(records[i]->user));
    }
    sink->count += count;
    return true;
}

static void sink_see(void *argument, const CallRecord *const *records, size_t count)
{
    Sink *sink = argument;
    (void)records;
    sink->seen_first += count;
}

static Journal *new_journal(Sink *sink)
{
    return journal_new(&(JournalOptions){ sink_write, sink, sink_see, sink });
}

typedef struct Adder {
    Journal *journal;
    int number;
} Adder;

static void *add_many(void *argument)
{
    const Adder *adder = argument;
    JournalLane *lane = journal_lane(adder->journal);
    char user[16];
    for (int64_t i = 0; i < EACH; i++) {
        /* What is handed over does not live on. */
        snprintf(user, sizeof user, "user %d", (int)(i / 7 % 10));
        journal_add(lane, &(CallRecord){ .model = S("small"),
                                         .user = str(user),
                                         .tries = adder->number,
                                         .bytes_in = i });
        memset(user, 'x', sizeof user - 1);
    }
    return NULL;
}

Test(gateway, every_record_arrives_once_from_all_reactors)
{
    Sink sink = { 0 };
    Adder adders[THREADS];
    pthread_t threads[THREADS];
    Journal *journal = new_journal(&sink);
    for (int i = 0; i < THREADS; i++) {
        adders[i] = (Adder){ journal, i };
        pthread_create(&threads[i], NULL, add_many, &adders[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t dropped = journal_dropped(journal);
    journal_free(journal);
    cr_assert(sink.count == THREADS * EACH && !dropped && !sink.is_out_of_order,
              "%zu of %d, %d dropped", (size_t)sink.count, THREADS * EACH, (int)dropped);
    cr_assert_str_eq(sink.model, "small");
    cr_assert_str_eq(sink.user, "user 7"); /* (EACH - 1) / 7 % 10 */
}

Test(gateway, records_wait_for_a_database_that_is_away)
{
    Sink sink = { .failures_left = 3, .failure = ERROR_BUSY };
    Journal *journal = new_journal(&sink);
    JournalLane *lane = journal_lane(journal);
    for (int i = 0; i < 10; i++)
        journal_add(lane, &(CallRecord){ .bytes_in = i });
    for (int i = 0; i < 2000 && sink.count < 10; i++)
        sleep_ms(10);
    cr_assert(sink.count == 10 && !sink.has_changed && !journal_dropped(journal));
    /* A journal that slept wakes up. */
    sleep_ms(500);
    journal_add(lane, &(CallRecord){ .bytes_in = 10 });
    for (int i = 0; i < 2000 && sink.count < 11; i++)
        sleep_ms(10);
    cr_assert(sink.count == 11 && sink.seen_first == 11 && !sink.is_out_of_order);
    journal_free(journal);
}

Test(gateway, records_that_no_database_takes_hold_up_no_others)
{
    Sink sink = { .failures_left = 5, .failure = ERROR_INVALID };
    Journal *journal = new_journal(&sink);
    JournalLane *lane = journal_lane(journal);
    journal_add(lane, &(CallRecord){ .bytes_in = 0 });
    for (int i = 0; i < 2000 && !journal_dropped(journal); i++)
        sleep_ms(10);
    cr_assert_eq(journal_dropped(journal), 1);
    journal_add(lane, &(CallRecord){ .bytes_in = 0 });
    journal_free(journal);
    cr_assert_eq((size_t)sink.count, 1);
}

Test(gateway, what_clients_call_a_model_is_made_fit_to_be_kept)
{
    static const struct {
        Str name;
        const char *kept;
    } cases[] = {
        { S_INIT("gpt"), "gpt" },   { S_INIT("a\0b"), "a" },
        { S_INIT("\xff\xfe"), "" }, { S_INIT("g\xc3\xa4\xc3"), "g\xc3\xa4" },
        { S_INIT(""), "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Sink sink = { 0 };
        Journal *journal = new_journal(&sink);
        journal_add(journal_lane(journal), &(CallRecord){ .model = cases[i].name });
        journal_free(journal);
        cr_assert_str_eq(sink.model, cases[i].kept);
    }
    char longest[1000];
    memset(longest, 'a', sizeof longest);
    Sink sink = { 0 };
    Journal *journal = new_journal(&sink);
    JournalLane *lane = journal_lane(journal);
    for (int i = 0; i < 1000; i++) /* texts fill a page before records do */
        journal_add(lane, &(CallRecord){ .model = { longest, sizeof longest - (size_t)i % 2 },
                                         .route = { longest, 199 + (size_t)i % 2 },
                                         .bytes_in = i });
    journal_free(journal);
    cr_assert(sink.count == 1000 && !sink.is_out_of_order && strlen(sink.model) == 200);
}
