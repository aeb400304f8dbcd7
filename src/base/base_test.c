#include <criterion/criterion.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena_pass.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/json.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/utf8.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(base, .init = open_arena, .fini = close_arena);

Test(base, a_part_is_found_where_it_first_begins)
{
    /* Few letters, so that parts begin often in vain and are found as well; one is a rare byte. */
    static const char letters[] = "a_\\\0b";
    for (int round = 0; round < 20000; round++) {
        char text[90], part[6];
        size_t length = (size_t)round % (sizeof text + 1), wanted = (size_t)(rand() % 6);
        ptrdiff_t expected = -1;
        for (size_t i = 0; i < length; i++)
            text[i] = letters[rand() % (round % 5 + 1)];
        for (size_t i = 0; i < wanted; i++)
            part[i] = letters[rand() % 5];
        for (size_t i = 0; expected < 0 && i + wanted <= length; i++)
            if (memcmp(text + i, part, wanted) == 0)
                expected = (ptrdiff_t)i;
        cr_assert_eq(str_find((Str){ text, length }, (Str){ part, wanted }), expected);
    }
    cr_assert_eq(str_find(STR_NONE, S("a")), -1);
    cr_assert_eq(str_find(STR_NONE, S("")), 0);
}

Test(base, arena_reset_gives_zeroed_memory_again)
{
    char *first = arena_alloc(arena, 100);
    memset(first, 'x', 100);
    arena_reset(arena);
    char *again = arena_alloc(arena, 100);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(again[i], 0);
}

/* Whether the page in the middle lies in memory. */
static bool is_resident(const char *at, size_t size)
{
    unsigned char found = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    cr_assert_eq(mincore((void *)(((size_t)at + size / 2) / page * page), page, &found), 0);
    return found & 1;
}

Test(base, an_array_that_grows_alone_keeps_its_items_and_no_old_copies)
{
    VEC(uint64_t) numbers = { 0 };
    const char *old = NULL;
    for (uint64_t i = 0; i < MB(1) / 2; i++) {
        if (i == MB(1) / 4) /* two megabytes, and full */
            old = (const char *)numbers.at;
        *vec_push_alone(arena, &numbers) = i;
    }
    cr_assert(old && old != (const char *)numbers.at);
    cr_expect(!is_resident(old, MB(2)));
    for (uint64_t i = 0; i < numbers.count; i++)
        cr_assert_eq(numbers.at[i], i);
}

Test(base, texts_that_were_passed_go_and_what_lies_between_texts_stays)
{
    enum { COUNT_OF = 4000, LENGTH = 1000 };
    static Str plain[COUNT_OF], mixed[COUNT_OF], between[COUNT_OF];
    Buf line = buf_new(arena, LENGTH);
    while (line.length < LENGTH)
        buf_add_char(&line, 'x');
    for (size_t i = 0; i < COUNT_OF; i++)
        plain[i] = str_copy(arena, buf_str(&line));
    for (size_t i = 0; i < COUNT_OF; i++) {
        mixed[i] = str_copy(arena, buf_str(&line));
        between[i] = str_copy(arena, S("kept"));
    }
    ArenaPassed passed = { 0 };
    for (size_t i = 0; i < COUNT_OF; i++)
        arena_pass(&passed, plain[i]);
    for (size_t i = 0; i < COUNT_OF; i++)
        arena_pass(&passed, mixed[i]);
    arena_pass_end(&passed);
    size_t gone = 0;
    for (size_t i = 0; i < COUNT_OF; i++) {
        gone += !is_resident(plain[i].at, LENGTH);
        cr_assert(str_is(between[i], "kept"));
    }
    cr_expect_gt(gone, COUNT_OF / 2);
}

Test(base, buf_keeps_what_fits_and_says_so)
{
    Buf buf = buf_new(arena, 5);
    buf_add(&buf, S("hello world"));
    cr_assert(buf.overflowed);
    cr_assert(str_is(buf_str(&buf), "hello"));
}

Test(base, markup_in_a_text_is_written_so_that_it_is_none)
{
    Buf out = buf_new(arena, KB(1));
    buf_add_escaped(&out, S("<b a=\"1\">Q&A's\n\x01 end"));
    cr_expect(str_is(buf_str(&out), "&lt;b a=&quot;1&quot;&gt;Q&amp;A&#39;s\n end"));
}

Test(base, str_next_gives_every_piece)
{
    Str rest = S("a,,b"), piece;
    cr_assert(str_next(&rest, ',', &piece) && str_is(piece, "a"));
    cr_assert(str_next(&rest, ',', &piece) && str_is(piece, ""));
    cr_assert(str_next(&rest, ',', &piece) && str_is(piece, "b"));
    cr_assert(!str_next(&rest, ',', &piece));
}

Test(base, str_to_int_takes_whole_numbers_in_range_only)
{
    int64_t n = 7;
    cr_assert(str_to_int(S("-12"), -20, 20, &n) && n == -12);
    cr_assert(!str_to_int(S("21"), -20, 20, &n));
    cr_assert(!str_to_int(S("1x"), -20, 20, &n));
    cr_assert(!str_to_int(S(""), -20, 20, &n));
    cr_assert(!str_to_int(S(" 1"), -20, 20, &n));
    cr_assert_eq(n, -12);
}

Test(base, utf8_validity_follows_rfc_3629)
{
    static const struct {
        Str text;
        size_t valid;
    } rows[] = {
        { S_INIT("plain ascii text"), 16 }, { S_INIT("\xc3\xa9"), 2 },
        { S_INIT("a\xc0\xaf"), 1 },         { S_INIT("\xed\xa0\x80"), 0 },
        { S_INIT("\xf0\x9f\x98\x80"), 4 },  { S_INIT("\xf4\x90\x80\x80"), 0 },
        { S_INIT("\xe2\x82"), 0 },          { S_INIT("\xe2\x82\xac!"), 4 },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        cr_assert_eq(utf8_valid_length(rows[i].text), rows[i].valid, "row %zu", i);
}

Test(base, eight_plain_bytes_are_ascii_without_controls)
{
    for (int at = 0; at < 8; at++)
        for (int c = 0; c < 256; c++) {
            char eight[8] = { '~', ' ', 'a', 0x7f, '~', '"', ' ', 'z' };
            eight[at] = (char)c;
            cr_expect_eq(utf8_is_plain_8(eight), c >= 0x20 && c < 0x80, "byte %d at %d", c, at);
        }
}

Test(base, utf8_clean_composes_and_repairs)
{
    cr_assert(str_is(utf8_clean(arena, S("e\xcc\x81")), "\xc3\xa9"));
    cr_assert(str_is(utf8_clean(arena, S("a\xff"
                                         "b\x01")),
                     "a\xef\xbf\xbd"
                     "b"));
    cr_assert(str_is(utf8_fold(arena, S("STRASSE \xc3\x84")), "strasse \xc3\xa4"));
}

Test(base, json_escapes_and_nests)
{
    Buf out = buf_new(arena, KB(1));
    JsonWriter json = put_begin(&out);
    put_text(&json, "a\"", S("x\n\x01\xff"));
    put_array(&json, "list");
    put_int(&json, NULL, 1);
    put_bool(&json, NULL, true);
    put_end(&json);
    put_time(&json, "at", 1000);
    put_end(&json);
    cr_assert_str_eq(buf_c(&out), "{\"a\\\"\":\"x\\n\\u0001\xef\xbf\xbd\",\"list\":[1,true],"
                                  "\"at\":\"1970-01-01T00:00:01.000Z\"}");
}

Test(base, json_pieces_of_a_text_are_a_list_without_the_empty_ones)
{
    Buf out = buf_new(arena, KB(1));
    JsonWriter json = put_begin(&out);
    put_pieces(&json, "none", S(""), ' ');
    put_pieces(&json, "some", S("usb, nfc,,"), ',');
    put_end(&json);
    cr_assert_str_eq(buf_c(&out), "{\"none\":[],\"some\":[\"usb\",\"nfc\"]}");
}

Test(base, json_read_names_the_wrong_field)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        { "{\"name\":1}", "name" },
        { "{\"name\":\"x\",\"other\":2}", "other" },
        { "{\"count\":2}", "name" },
        { "{\"name\":\"x\",\"count\":11}", "count" },
        { "{\"name\":\"too long a name\"}", "name" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO_JSON json_t *json = NULL;
        Str name = STR_NONE;
        int64_t count = 0;
        Error err = { 0 };
        cr_assert(json_parse(str(rows[i].text), KB(1), &json, &err));
        cr_assert(
            !json_read(json, arena,
                       JSON_FIELDS({ "name", JSON_STR, &name, .required = true, .length_max = 8 },
                                   { "count", JSON_I64, &count, .min = 1, .max = 10 }),
                       &err));
        cr_assert_str_eq(err.field, rows[i].field);
    }
}

Test(base, json_read_names_the_field_that_was_meant)
{
    static const struct {
        const char *name, *meant;
    } rows[] = {
        { "retires", "retries" }, { "step", "steps" }, { "Name", "name" },
        { "colour", NULL },       { "x", NULL },       { "strateygy", "strategy" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO_JSON json_t *json = json_pack("{s:i}", rows[i].name, 1);
        Str name = STR_NONE;
        Error err = { 0 };
        cr_assert(
            !json_read(json, arena,
                       JSON_FIELDS({ "name", JSON_STR, &name }, { "steps", JSON_STR, &name },
                                   { "strategy", JSON_STR, &name }, { "retries", JSON_STR, &name }),
                       &err));
        const char *meant = strstr(err.message, "did you mean");
        cr_assert(rows[i].meant ? meant && strstr(meant, rows[i].meant) : !meant, "%s: %s",
                  rows[i].name, err.message);
    }
}

Test(base, json_parse_says_where)
{
    json_t *json = NULL;
    Error err = { 0 };
    cr_assert(!json_parse(S("{\n\"a\":}"), KB(1), &json, &err));
    cr_assert(strstr(err.message, "line 2"));
}

Test(base, ids_are_valid_and_sorted)
{
    Str last = id_new(arena);
    for (int i = 0; i < 10000; i++) {
        Str next = id_new(arena);
        cr_assert(id_is_valid(next));
        cr_assert_lt(str_compare(last, next), 0);
        last = next;
    }
}

Test(base, sha256_and_crc32c_match_their_standards)
{
    cr_assert(str_is(sha256_hex(arena, S("abc")),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    cr_assert_eq(crc32c(0, "123456789", 9), 0xE3069283u); /* RFC 3720, B.4 */
    cr_assert(str_is(hmac_sha256_hex(arena, S("Jefe"), S("what do ya want for nothing?")),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")); /* RFC
                                                                                   4231, 4.3 */
}

Test(base, crc32c_is_the_same_by_table_of_any_piece_of_bytes)
{
    uint8_t bytes[300];
    random_bytes(bytes, sizeof bytes);
    for (size_t from = 0; from < 16; from++)
        for (size_t count = 0; from + count <= sizeof bytes; count++) {
            uint32_t begun = crc32c(0, bytes, from), whole = crc32c(begun, bytes + from, count);
            cr_assert_eq(whole, crc32c_by_table(begun, bytes + from, count));
            cr_assert_eq(whole, crc32c_by_table(0, bytes, from + count));
        }
}

Test(base, time_reads_what_it_writes)
{
    char text[TIME_TEXT_SIZE];
    int64_t ms = 0;
    Error err;
    cr_assert(time_parse(time_format(1795255200123, text), &ms, &err));
    cr_assert_eq(ms, 1795255200123);
    cr_expect(str_is(time_words(ms, text), "2026-11-21 10:00 UTC"));
    cr_assert(time_parse(S("2026-11-21T10:00:00+02:00"), &ms, &err) && ms == 1795248000000);
    cr_assert(time_parse(S("2026-11-21"), &ms, &err));
    cr_assert(!time_parse(S("yesterday"), &ms, &err));
    cr_assert(time_parse(S("2024-02-29T23:59:60Z"), &ms, &err), "a leap second");
    cr_assert(!time_parse(S("2023-02-29"), &ms, &err));
}

Test(base, a_time_is_written_with_all_its_digits)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { 951782400007, "2000-02-29T00:00:00.007Z" },
        { -62135596800000, "0001-01-01T00:00:00.000Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { 253402300800000, "10000-01-01T00:00:00.000Z" },
    };
    char text[TIME_TEXT_SIZE];
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(time_format(cases[i].ms, text).at, cases[i].text);
}

typedef struct Signalled {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool has_come;
} Signalled;

static void *signal_once(void *argument)
{
    Signalled *one = argument;
    pthread_mutex_lock(&one->lock);
    one->has_come = true;
    pthread_cond_signal(&one->cond);
    pthread_mutex_unlock(&one->lock);
    return NULL;
}

Test(base, a_wait_ends_when_it_is_signalled_or_its_time_has_come, .timeout = 60)
{
    Signalled one = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
    pthread_t thread;
    pthread_mutex_lock(&one.lock);
    int64_t end_ms = monotonic_ms() + 20;
    while (cond_wait_until(&one.cond, &one.lock, end_ms))
        ;
    cr_expect_geq(monotonic_ms(), end_ms);
    cr_expect_not(cond_wait_until(&one.cond, &one.lock, end_ms), "a time that has passed");
    cr_assert_eq(pthread_create(&thread, NULL, signal_once, &one), 0);
    while (!one.has_come)
        cr_assert(cond_wait_until(&one.cond, &one.lock, end_ms + 3600 * 1000));
    pthread_mutex_unlock(&one.lock);
    pthread_join(thread, NULL);
}

Test(base, json_escapes_what_it_must_wherever_it_stands)
{
    for (size_t length = 1; length <= 20; length++)
        for (size_t at = 0; at < length; at++)
            for (int c = 0; c < 256; c++) {
                char plain[24], expected[40];
                Buf out = buf_new(arena, KB(1));
                memset(plain, 'x', sizeof plain);
                plain[at] = (char)c;
                json_quote(&out, (Str){ plain, length });
                const char *as = c == '"'    ? "\\\""
                                 : c == '\\' ? "\\\\"
                                 : c == '\n' ? "\\n"
                                 : c == '\r' ? "\\r"
                                 : c == '\t' ? "\\t"
                                 : c >= 0x80 ? "\xef\xbf\xbd"
                                             : NULL;
                char other[8];
                snprintf(other, sizeof other, c < ' ' || c == 0x7f ? "\\u%04x" : "%c", c);
                snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)at, plain,
                         as ? as : other, (int)(length - at - 1), plain + at + 1);
                cr_assert(str_is(buf_str(&out), expected), "%s of byte %d", expected, c);
                arena_reset(arena);
            }
}

Test(base, json_numbers_have_all_their_digits)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = { { 0, "{\"n\":0}" },
                  { -7, "{\"n\":-7}" },
                  { INT64_MAX, "{\"n\":9223372036854775807}" },
                  { INT64_MIN, "{\"n\":-9223372036854775808}" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Buf out = buf_new(arena, KB(1));
        JsonWriter json = put_begin(&out);
        put_int(&json, "n", cases[i].number);
        put_end(&json);
        cr_expect(str_is(buf_str(&out), cases[i].text), "%s", cases[i].text);
    }
}

Test(base, map_finds_every_key_it_was_given)
{
    Map map = map_new(arena);
    for (int i = 0; i < 1000; i++)
        map_add(&map, str_format(arena, "key %d", i), NULL)->number = i;
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(map_find(&map, str_format(arena, "key %d", i))->number, i);
    cr_assert_null(map_find(&map, S("no key")));
    cr_assert_eq(map.count, 1000);
}

static void count_up(void *argument) { atomic_fetch_add((_Atomic int *)argument, 1); }

Test(base, pool_runs_everything_before_it_ends)
{
    _Atomic int done = 0;
    Pool *pool = pool_new("test", 4, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert(pool_add(pool, count_up, &done));
    pool_free(pool);
    cr_assert_eq(done, 1000);
}

static void meet(void *barrier) { (void)pthread_barrier_wait(barrier); }

/* Each piece waits for the other three, so none may be left to a thread that is busy. */
Test(base, pieces_that_wait_for_each_other_all_get_a_thread, .timeout = 60)
{
    enum { THREADS = 4, ROUNDS = 2000 };
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    Pool *pool = pool_new("test", THREADS, THREADS);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < THREADS; i++)
            cr_assert(pool_add(pool, meet, &barrier));
        (void)pthread_barrier_wait(&barrier);
    }
    pool_free(pool);
    pthread_barrier_destroy(&barrier);
}

/* What one thread of a pool took, in order; its first piece waits until all is there. */
typedef struct Taken {
    char order[64];
    atomic_int count, running, most;
    atomic_bool may_begin;
} Taken;

static Taken taken;

static void note(char letter) { taken.order[atomic_fetch_add(&taken.count, 1)] = letter; }
static void take_first(void *unused)
{
    (void)unused;
    note('a');
}
static void take_second(void *unused)
{
    (void)unused;
    note('b');
}

static void hold(void *unused)
{
    (void)unused;
    atomic_fetch_add(&taken.running, 1);
    while (!taken.may_begin)
        sleep_ms(1);
}

Test(base, a_second_lane_lets_the_first_pass_but_comes_to_its_turn)
{
    Pool *pool = pool_new("test", 1, 100);
    pool_open_lane(pool, 1);
    cr_assert(pool_add(pool, hold, NULL));
    while (!taken.running)
        sleep_ms(1);
    for (int i = 0; i < 3; i++)
        cr_assert(pool_add_to_lane(pool, take_second, NULL));
    for (int i = 0; i < 2 * POOL_PASS_MAX; i++)
        cr_assert(pool_add(pool, take_first, NULL));
    cr_assert_eq(pool_waiting(pool), 2 * POOL_PASS_MAX + 3);
    taken.may_begin = true;
    pool_free(pool);
    cr_assert_str_eq(taken.order, "aaaaaaaabaaaaaaaabb");
}

static void run_some(void *unused)
{
    (void)unused;
    int running = atomic_fetch_add(&taken.running, 1) + 1;
    if (running > taken.most)
        taken.most = running;
    sleep_ms(2);
    atomic_fetch_sub(&taken.running, 1);
    atomic_fetch_add(&taken.count, 1);
}

Test(base, only_so_many_of_a_second_lane_run_at_once_and_all_before_the_pool_ends)
{
    Pool *pool = pool_new("test", 8, 100);
    pool_open_lane(pool, 2);
    int added = 0;
    while (pool_add_to_lane(pool, run_some, NULL))
        added++;
    cr_assert_geq(added, 100);
    pool_free(pool);
    cr_assert_eq(taken.count, added);
    cr_assert_eq(taken.most, 2);
}

Test(base, file_write_replaces_and_file_read_is_bounded)
{
    Error err;
    Str bytes;
    char folder[] = "/tmp/lectern-test-XXXXXX";
    cr_assert(mkdtemp(folder));
    char *path = path_join(arena, str(folder), S("a"));
    cr_assert(file_write(path, S("one"), 0600, &err));
    cr_assert(file_write(path, S("three"), 0600, &err));
    cr_assert(file_read(arena, path, 5, &bytes, &err) && str_is(bytes, "three"));
    cr_assert(!file_read(arena, path, 4, &bytes, &err) && err.code == ERROR_TOO_LARGE);
    cr_assert(folder_remove(folder, &err));
    cr_assert(!file_exists(path));
    cr_assert(str_is(path_extension(arena, S("x/Y.PDF")), "pdf"));
    cr_assert(str_is(path_name(S("..\\..\\etc/passwd")), "passwd"));
}
