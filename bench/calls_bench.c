/* calls_bench.c - what a record costs: calls_bench FOLDER [calls]
 *
 * Processor time of adding a record on the way of a call, and of all that follows on other threads
 * until it lies in the database, for one key and for a thousand keys that take turns. */
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "models/models_int.h"
#include "store/migrate.h"

#define BURST 280

static int64_t processor_ns(clockid_t clock)
{
    struct timespec used;
    clock_gettime(clock, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static long page_faults(void)
{
    struct rusage used;
    getrusage(RUSAGE_THREAD, &used);
    return used.ru_minflt;
}

static CallRecord record_of(int64_t i, Str id, Str key)
{
    return (CallRecord){ .id = id,
                         .workspace = S("0194f2c0-1111-7222-8333-444455556666"),
                         .user = S("0194f2c0-1111-7222-8333-777788889999"),
                         .key = key,
                         .feature = S("api"),
                         .route = S("gpt-4o-mini"),
                         .service = S("openai"),
                         .model = S("gpt-4o-mini"),
                         .front = S("openai"),
                         .status = S("ok"),
                         .http_status = 200,
                         .usage = { .is_known = true, .input = 100 + i % 900, .output = i % 500 },
                         .cost = 15000 * (i % 700),
                         .tries = 1,
                         .bytes_in = 200 + i % 3000,
                         .bytes_out = 300 + i % 4000,
                         .first_us = 200000 + i * 37 % 100000,
                         .total_us = 500000 + i * 91 % 900000,
                         .own_us = 20 + i % 9,
                         .started_ms = now_ms() };
}

/* As calls come: 28,000 a second. */
static void measure(Models *models, int64_t count, int64_t key_count)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str *ids = arena_new_array(arena, Str, (size_t)count);
    Str *keys = arena_new_array(arena, Str, (size_t)key_count);
    CallRecord records[BURST];
    int64_t adding = 0;
    for (int64_t i = 0; i < count; i++)
        ids[i] = id_new(arena);
    for (int64_t i = 0; i < key_count; i++)
        keys[i] = id_new(arena);
    Journal *journal = journal_new(&(JournalOptions){ models_write_records, models, NULL, NULL });
    JournalLane *lane = journal_lane(journal);
    int64_t before = processor_ns(CLOCK_PROCESS_CPUTIME_ID), making = 0;
    long faults = 0;
    for (int64_t i = 0; i < count; i += BURST) {
        int64_t begin = processor_ns(CLOCK_THREAD_CPUTIME_ID);
        for (int64_t j = 0; j < BURST; j++)
            records[j] = record_of(i + j, ids[i + j], keys[(i + j) * 7919 % key_count]);
        int64_t middle = processor_ns(CLOCK_THREAD_CPUTIME_ID);
        faults -= page_faults();
        for (int64_t j = 0; j < BURST; j++)
            journal_add(lane, &records[j]);
        faults += page_faults();
        adding += processor_ns(CLOCK_THREAD_CPUTIME_ID) - middle;
        making += middle - begin;
        sleep_ms(9);
    }
    uint64_t dropped = journal_dropped(journal);
    journal_free(journal);
    int64_t all = processor_ns(CLOCK_PROCESS_CPUTIME_ID) - before - making;
    printf("{\"name\": \"%" PRId64 " keys\", \"calls\": %" PRId64 ", \"adding_ns\": %" PRId64
           ", \"page_faults\": %ld, \"in_all_ns\": %" PRId64 ", \"dropped\": %" PRIu64 "}\n",
           key_count, count, adding / count, faults, all / count, dropped);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    int64_t count = argc > 2 ? strtoll(argv[2], NULL, 10) : 280000;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str path = str_format(arena, "%s/calls.db", argv[1]);
    Models *models = NULL;
    Db *db = NULL;
    Error err;
    if (!db_open(path.at, NULL, &db, &err) || !migrate_up(db, &err) ||
        !models_open(&(ModelsOptions){ .db = db, .provider_url = S("off") }, &models, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    measure(models, count, 1);
    measure(models, count, 1000);
    models_close(models);
    db_close(db);
    return 0;
}
