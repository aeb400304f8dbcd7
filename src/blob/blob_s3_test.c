#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "blob/blob_store.h"
#include "blob/mock_s3_test.h"
#include "blob/s3_upload.h"
#include "blob/s3_xml.h"

static Arena *arena;
static BlobStore *store;
static MockS3 mock;
static char path[64];

static void open_store(void)
{
    Error err;
    S3Options options = mock_s3_options(&mock, arena);
    cr_assert(blob_open_s3(&options, path, MB(64), &store, &err), "%s", err.message);
}

static void begin(void)
{
    arena = arena_new(MB(256));
    snprintf(path, sizeof path, "/tmp/lectern-s3-%d", (int)getpid());
    mock_s3_start(&mock);
    open_store();
}

static void end(void)
{
    Error err;
    blob_store_free(store);
    mock_s3_stop(&mock);
    cr_assert(folder_remove(path, &err));
    arena_free(arena);
}

TestSuite(blob_s3, .init = begin, .fini = end);

static bool try_put(Str workspace, Str bytes, BlobItem *item_r, Error *err)
{
    cr_assert(blob_stage(store, arena, bytes, item_r, err), "%s", err->message);
    return blob_import(store, workspace, item_r, 1, err);
}

static BlobItem put(Str workspace, Str bytes)
{
    BlobItem item;
    Error err;
    cr_assert(try_put(workspace, bytes, &item, &err), "%s", err.message);
    return item;
}

/* What was stored, out of S3 and not out of the copies. */
static bool read_anew(Str workspace, Str sha256, Str *bytes_r, Error *err)
{
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    blob_store_free(store);
    cr_assert(folder_remove(path_join(arena, str(path), S("copies")), err));
    open_store();
    return blob_open(store, workspace, sha256, &fd, &size, err) &&
           fd_read_all(arena, fd, MB(64), bytes_r, err) && size == bytes_r->length;
}

static Str many_bytes(size_t count)
{
    char *bytes = arena_alloc(arena, count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    return (Str){ bytes, count };
}

Test(blob_s3, what_is_stored_is_in_the_bucket_under_the_prefix_and_can_be_read)
{
    Error err;
    Str bytes;
    BlobItem item = put(S("w1"), S("hello"));
    cr_expect(!file_exists(item.temp_path));
    Str key = str_format(arena, "/bucket/a/b/w1/" STR_FMT, STR_ARG(item.sha256));
    cr_expect(str_equal(mock.objects[0].key, key));
    cr_assert(read_anew(S("w1"), item.sha256, &bytes, &err), "%s", err.message);
    cr_expect(str_is(bytes, "hello"));
    cr_expect(blob_verify(store, S("w1"), item.sha256, NULL, &err));
}

Test(blob_s3, a_file_that_was_just_stored_is_read_without_asking_again)
{
    Error err;
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    BlobItem item = put(S("w1"), S("hello"));
    size_t asked = mock.requests;
    cr_assert(blob_open(store, S("w1"), item.sha256, &fd, &size, &err) && size == 5);
    cr_expect_eq(mock.requests, asked);
}

Test(blob_s3, a_large_file_goes_in_parts_and_comes_back_whole)
{
    Error err;
    Str bytes, sent = many_bytes(MB(20) + 7);
    BlobItem item = put(S("w1"), sent);
    cr_expect_eq(mock.uploads, 1);
    cr_expect(mock_s3_objects(&mock) == 1 && mock.aborted == 0);
    cr_assert(read_anew(S("w1"), item.sha256, &bytes, &err), "%s", err.message);
    cr_expect(str_equal(bytes, sent));
}

/* Not out of the copies; where the descriptor begins. */
static uint64_t open_part_anew(Str sha256, const BlobPart *part, uint64_t size, Str *bytes_r)
{
    AUTO_CLOSE int fd = -1;
    uint64_t from = 77;
    Error err;
    blob_store_free(store);
    cr_assert(folder_remove(path_join(arena, str(path), S("copies")), &err));
    open_store();
    cr_assert(blob_open_part(store, S("w1"), sha256, part, size, &fd, &from, &err), "%s",
              err.message);
    lseek(fd, 0, SEEK_SET);
    cr_assert(fd_read_all(arena, fd, MB(64), bytes_r, &err), "%s", err.message);
    return from;
}

/* S3 takes 10,000 parts of 5 MiB to 5 GiB, and objects of 5 TiB. */
Test(s3_parts, parts_grow_with_the_file_so_that_there_are_never_too_many)
{
    const uint64_t most = 10000;
    const uint64_t sizes[] = { MB(8) + 1,        GB(2),
                               MB(8) * most,     MB(8) * most + 1,
                               MB(9) * most + 1, (uint64_t)1 << 40,
                               (uint64_t)5 << 40 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t part = s3_part_size(sizes[i]), count = (sizes[i] + part - 1) / part;
        cr_expect(part >= MB(8) && part <= GB(5) && part % MB(1) == 0, "%" PRIu64, sizes[i]);
        cr_expect(count <= most, "%" PRIu64 " in %" PRIu64 " parts", sizes[i], count);
    }
    cr_expect_eq(s3_part_size(MB(8) * most), MB(8));
    cr_expect_eq(s3_part_size(MB(8) * most + 1), MB(9));
}

Test(blob_s3, a_small_part_of_a_large_file_comes_alone)
{
    static const struct {
        uint64_t start, length, from, got;
    } cases[] = {
        { MB(3), 100, MB(3), 100 },
        { 0, 1, 0, 1 },
        { MB(20) + 2, 5, MB(20) + 2, 5 },
        { MB(1), MB(18), 0, MB(20) + 7 }, /* most of it */
    };
    Str bytes, sent = many_bytes(MB(20) + 7);
    BlobItem item = put(S("w1"), sent);
    for (size_t i = 0; i < COUNT(cases); i++) {
        BlobPart part = { cases[i].start, cases[i].length };
        cr_expect_eq(open_part_anew(item.sha256, &part, sent.length, &bytes), cases[i].from);
        cr_expect(str_equal(bytes, str_slice(sent, cases[i].from, cases[i].from + cases[i].got)),
                  "case %zu: %zu bytes", i, bytes.length);
    }
}

Test(blob_s3, an_upload_in_parts_that_fails_is_given_back_and_stores_nothing)
{
    Error err;
    BlobItem item;
    mock_s3_answer(&mock, 100, "PUT", 403, "AccessDenied");
    cr_assert(!try_put(S("w1"), many_bytes(MB(9)), &item, &err));
    cr_expect(err.code == ERROR_UPSTREAM && strstr(err.message, "may not do this"), "%s",
              err.message);
    cr_expect(mock.aborted == 1 && mock_s3_objects(&mock) == 0);
    cr_expect(file_exists(item.temp_path), "it is still the caller's");
}

Test(blob_s3, parts_that_were_not_put_together_are_no_file_whatever_is_answered)
{
    Error err;
    Str bytes, sent = many_bytes(MB(9));
    BlobItem item;
    mock.wrong = MOCK_LOSES_PARTS;
    mock.wrong_method = "POST";
    mock.wrong_count = 2; /* its beginning and its end */
    cr_assert(!try_put(S("w1"), sent, &item, &err));
    cr_expect(err.code == ERROR_BUSY && strstr(err.message, "does not have it"), "%s", err.message);
    cr_expect(mock.aborted == 1 && mock_s3_objects(&mock) == 0);
    cr_assert(blob_import(store, S("w1"), &item, 1, &err), "%s", err.message);
    cr_assert(read_anew(S("w1"), item.sha256, &bytes, &err), "%s", err.message);
    cr_expect(str_equal(bytes, sent));
}

Test(blob_s3, uploads_in_parts_of_long_ago_are_given_back_and_those_that_go_on_are_not)
{
    Error err;
    cr_assert(blob_tidy(store, &err), "%s", err.message);
    cr_expect_eq(mock.aborted, 1);
}

static bool note_blob(void *self, const BlobFound *found, Error *err)
{
    (void)err;
    *(size_t *)self += str_is(found->workspace, "w1") && found->changed_ms > 0 && found->size > 0;
    return true;
}

Test(blob_s3, a_listing_goes_over_all_pages_and_a_workspace_goes_whole)
{
    Error err;
    size_t count = 0;
    BlobItem items[7];
    for (size_t i = 0; i < COUNT(items); i++)
        cr_assert(blob_stage(store, arena, str_format(arena, "file %zu", i), &items[i], &err));
    cr_assert(blob_import(store, S("w1"), items, COUNT(items), &err), "%s", err.message);
    BlobItem other = put(S("w2"), S("theirs"));
    cr_assert(blob_list(store, note_blob, &count, &err), "%s", err.message);
    cr_expect_eq(count, COUNT(items));
    cr_assert(blob_remove(store, S("w1"), items[0].sha256, &err));
    cr_assert(blob_remove(store, S("w1"), items[0].sha256, &err), "again is fine");
    cr_assert(blob_remove_workspace(store, S("w1"), &err), "%s", err.message);
    cr_expect_eq(mock_s3_objects(&mock), 1);
    cr_expect(blob_verify(store, S("w2"), other.sha256, NULL, &err));
    cr_expect(!blob_verify(store, S("w1"), items[1].sha256, NULL, &err) &&
              err.code == ERROR_NOT_FOUND);
}

/* What S3 says, whether it goes by, and what a person is told when it does not. */
static const struct {
    int status;
    const char *code, *more;
    bool goes_by;
    ErrorCode error;
    const char *told;
} answers[] = {
    { 503, "SlowDown", NULL, true, ERROR_BUSY, "too much to do" },
    { 500, "InternalError", NULL, true, ERROR_BUSY, "failed" },
    { 502, "", NULL, true, ERROR_BUSY, "answered 502" },
    { 400, "XAmzContentSHA256Mismatch", NULL, true, ERROR_BUSY, "did not arrive" },
    { 403, "SignatureDoesNotMatch", NULL, false, ERROR_UPSTREAM, "s3_secret_key" },
    { 403, "InvalidAccessKeyId", NULL, false, ERROR_UPSTREAM, "s3_access_key" },
    { 403, "AccessDenied", NULL, false, ERROR_UPSTREAM, "may not do this" },
    { 404, "NoSuchBucket", NULL, false, ERROR_UPSTREAM, "blob_store" },
    { 400, "AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>", false, ERROR_UPSTREAM,
      "the bucket is in the region eu-west-3" },
    { 301, "PermanentRedirect", NULL, false, ERROR_UPSTREAM, "s3_endpoint" },
};

Test(blob_s3, what_s3_says_is_tried_again_or_told_with_what_to_do)
{
    for (size_t i = 0; i < COUNT(answers); i++) {
        Error err = { 0 };
        BlobItem item;
        Str bytes = str_format(arena, "answer %zu", i);
        mock.more = answers[i].more;
        mock_s3_answer(&mock, 2, NULL, answers[i].status, answers[i].code);
        cr_expect_eq(try_put(S("w1"), bytes, &item, &err), answers[i].goes_by, "%s: %s",
                     answers[i].code, err.message);
        mock_s3_answer(&mock, 1000, NULL, answers[i].status, answers[i].code);
        cr_expect(!try_put(S("w1"), bytes, &item, &err), "%s", answers[i].code);
        cr_expect(err.code == answers[i].error && strstr(err.message, answers[i].told), "%s: %s",
                  answers[i].code, err.message);
        cr_expect(!strstr(err.message, "secret-of-the-key"));
        mock_s3_answer(&mock, 0, NULL, 0, "");
    }
}

Test(blob_s3, a_clock_that_differs_is_found_out_and_allowed_for)
{
    Error err;
    BlobItem item;
    mock.more = "<ServerTime>2013-05-24T10:00:00Z</ServerTime>";
    mock_s3_answer(&mock, 1, NULL, 403, "RequestTimeTooSkewed");
    cr_assert(try_put(S("w1"), S("late"), &item, &err), "%s", err.message);
    cr_expect(str_starts(str(mock.last_date), S("20130524T1000")), "%s", mock.last_date);
}

Test(blob_s3, bytes_that_break_on_their_way_are_fetched_again_and_broken_ones_are_damaged)
{
    Error err;
    Str bytes;
    BlobItem item = put(S("w1"), S("hello"));
    mock.wrong = MOCK_BREAKS_BYTES;
    mock.wrong_method = "GET";
    mock.wrong_count = 1;
    cr_assert(read_anew(S("w1"), item.sha256, &bytes, &err), "%s", err.message);
    cr_expect(str_is(bytes, "hello"));
    mock.wrong_count = 1000;
    cr_assert(!read_anew(S("w1"), item.sha256, &bytes, &err));
    cr_expect(err.code == ERROR_DAMAGED, "%s", err.message);
    cr_expect(!blob_verify(store, S("w1"), item.sha256, NULL, &err) && err.code == ERROR_DAMAGED);
}

Test(blob_s3, a_wrong_checksum_of_what_was_stored_is_no_success)
{
    Error err;
    BlobItem item;
    mock.wrong = MOCK_BREAKS_CHECKSUM;
    mock.wrong_count = 1000;
    cr_expect(!try_put(S("w1"), S("hello"), &item, &err) && err.code == ERROR_BUSY);
    cr_expect(strstr(err.message, "other bytes"), "%s", err.message);
    cr_expect(!try_put(S("w1"), many_bytes(MB(9)), &item, &err) && err.code == ERROR_BUSY);
    mock.wrong_count = 1;
    cr_expect(try_put(S("w1"), S("hello"), &item, &err), "%s", err.message);
}

Test(blob_s3, a_store_that_is_away_is_busy_and_is_used_again_at_once)
{
    Error err;
    BlobItem item, again;
    put(S("w1"), S("before"));
    S3Options options = mock_s3_options(&mock, arena);
    blob_store_free(store);
    options.endpoint = S("http://127.0.0.1:9"); /* nobody listens */
    cr_assert(blob_open_s3(&options, path, MB(64), &store, &err), "it may be away at the start");
    cr_expect_eq(blob_failing_ms(store), 0);
    cr_expect(!blob_probe(store, &err) && err.code == ERROR_BUSY);
    cr_expect(blob_failing_ms(store) > 0);
    int64_t start_ms = monotonic_ms();
    cr_assert(!try_put(S("w1"), S("now"), &item, &err));
    cr_expect(err.code == ERROR_BUSY && strstr(err.message, "does not answer"), "%s", err.message);
    cr_expect(file_exists(item.temp_path) && monotonic_ms() - start_ms < 10000);
    blob_store_free(store);
    open_store();
    cr_expect(blob_probe(store, &err));
    cr_expect_eq(blob_failing_ms(store), 0);
    cr_expect(try_put(S("w1"), S("now"), &again, &err), "%s", err.message);
}

Test(blob_s3, what_should_be_encrypted_is_asked_for_and_in_the_clear_is_a_failure)
{
    Error err;
    BlobItem item;
    S3Options options = mock_s3_options(&mock, arena);
    options.encryption = S("aws:kms:the-key");
    blob_store_free(store);
    cr_assert(blob_open_s3(&options, path, MB(64), &store, &err));
    cr_expect(!try_put(S("w1"), S("secret"), &item, &err) && err.code == ERROR_UPSTREAM);
    mock.encrypts = true;
    cr_expect(try_put(S("w1"), S("secret"), &item, &err), "%s", err.message);
    cr_expect(strcmp(mock.last_encryption, "the-key") == 0);
    cr_expect(try_put(S("w1"), many_bytes(MB(9)), &item, &err), "%s", err.message);
}

Test(blob_s3, an_address_is_of_one_file_and_for_a_time)
{
    Error err;
    Str url;
    BlobItem item = put(S("w1"), S("hello"));
    BlobUrl wanted = { 60, S("text/plain"), S("attachment; filename=\"a b.txt\"") };
    cr_assert(blob_url(store, arena, S("w1"), item.sha256, &wanted, &url, &err), "%s", err.message);
    cr_expect(
        str_find(url, str_format(arena, "/bucket/a/b/w1/" STR_FMT "?", STR_ARG(item.sha256))) > 0);
    cr_expect(str_find(url, S("X-Amz-Expires=60&")) > 0 &&
              str_find(url, S("filename%3D%22a%20b.txt%22")) > 0 &&
              str_find(url, S("secret-of-the-key")) < 0);
}

/* A setting that cannot be, and the one that is named. */
static const struct {
    const char *bucket, *endpoint, *region, *encryption, *access, *field;
} refused[] = {
    { "A", "http://h", "r", "", "key", "blob_store" },
    { "a/b", "http://h", "r", "", "key", "blob_store" },
    { "bucket", "ftp://h", "r", "", "key", "s3_endpoint" },
    { "bucket", "http://u:p@h", "r", "", "key", "s3_endpoint" },
    { "bucket", "http://u@h", "r", "", "key", "s3_endpoint" },
    { "bucket", "http://h/?x=1", "r", "", "key", "s3_endpoint" },
    { "bucket", "http://h", "R 1", "", "key", "s3_region" },
    { "bucket", "http://h", "r", "none", "key", "s3_encryption" },
    { "bucket", "http://h", "r", "", "", "s3_access_key" },
};

Test(blob_s3, settings_that_cannot_be_are_named_at_the_start)
{
    setenv("HOME", path, 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    for (size_t i = 0; i < COUNT(refused); i++) {
        Error err = { 0 };
        BlobStore *none;
        S3Options options = { .bucket = str(refused[i].bucket),
                              .endpoint = str(refused[i].endpoint),
                              .region = str(refused[i].region),
                              .encryption = str(refused[i].encryption),
                              .keys = { str(refused[i].access), S("secret"), S("") } };
        cr_expect(!blob_open_s3(&options, path, MB(1), &none, &err), "%zu", i);
        cr_expect_str_eq(err.field, refused[i].field);
    }
}

Test(blob_s3, a_trial_tells_how_the_bucket_keeps_what_it_has)
{
    BlobFacts facts;
    Error err;
    mock.encrypts = true;
    cr_assert(blob_try(store, arena, &facts, &err), "%s", err.message);
    cr_expect(facts.is_bucket && str_is(facts.versioning, "Enabled"));
    cr_expect(str_is(facts.encryption, "yes") && facts.ahead_ms > -5000 && facts.ahead_ms < 5000);
    cr_expect(mock.count == 0, "%zu objects are left", mock.count);
}

Test(blob_s3, a_trial_says_what_of_it_fails)
{
    static const struct {
        const char *method;
        MockWrong wrong;
        const char *told;
    } cases[] = {
        { "PUT", MOCK_ANSWERS, "writing" },
        { "GET", MOCK_BREAKS_BYTES, "reading" },
        { "DELETE", MOCK_ANSWERS, "removing" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        BlobFacts facts;
        Error err;
        mock.wrong_method = cases[i].method;
        mock.wrong = cases[i].wrong;
        mock.wrong_count = 1000;
        mock.status = 403;
        mock.code = "AccessDenied";
        cr_expect(!blob_try(store, arena, &facts, &err), "%s", cases[i].method);
        cr_expect(strstr(err.message, cases[i].told), "%s: %s", cases[i].method, err.message);
    }
}

Test(s3_keys, keys_come_from_the_settings_then_the_environment_then_the_file)
{
    Error err;
    AUTO_ARENA Arena *memory = arena_new(MB(1));
    S3Keys keys, none = { 0 }, given = { S("a"), S("b"), S("") };
    char file[64];
    snprintf(file, sizeof file, "/tmp/lectern-s3-keys-%d", (int)getpid());
    cr_assert(file_write(file,
                         S("[default]\naws_access_key_id=no\n[work]\naws_access_key_id = f1\n"
                           "aws_secret_access_key = f2=\naws_session_token = f3\n[more]\n"),
                         0600, &err));
    setenv("AWS_SHARED_CREDENTIALS_FILE", file, 1);
    setenv("AWS_PROFILE", "work", 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    cr_assert(s3_keys_find(memory, &none, &keys, &err), "%s", err.message);
    cr_expect(str_is(keys.access, "f1") && str_is(keys.secret, "f2=") && str_is(keys.token, "f3"));
    setenv("AWS_ACCESS_KEY_ID", "e1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "e2", 1);
    cr_assert(s3_keys_find(memory, &none, &keys, &err));
    cr_expect(str_is(keys.access, "e1") && str_is(keys.secret, "e2") && !keys.token.length);
    cr_assert(s3_keys_find(memory, &given, &keys, &err));
    cr_expect(str_is(keys.access, "a") && str_is(keys.secret, "b"));
    unlink(file);
}

Test(s3_xml, elements_are_found_by_their_whole_name_and_entities_become_text)
{
    AUTO_ARENA Arena *memory = arena_new(MB(1));
    Str xml = S("<R><KeyMarker/><Key>a&amp;b&quot;&#39;</Key><Key x=\"1\">c</Key></R>"), inside;
    cr_expect(str_is(s3_xml_text(memory, xml, "Key"), "a&b\"'"));
    cr_expect(str_is(s3_xml_text(memory, xml, "None"), ""));
    cr_expect(s3_xml_next(&xml, "Key", &inside) && s3_xml_next(&xml, "Key", &inside));
    cr_expect(str_is(inside, "c") && !s3_xml_next(&xml, "Key", &inside));
    xml = S("<Key>half");
    cr_expect(!s3_xml_next(&xml, "Key", &inside));
}
