#include "net/http_app_test.h"

#include <dirent.h>
#include <unistd.h>

#include "base/hash.h"

/* --- Files --- */

Test(net_server, ranges_and_tags_follow_rfc_9110)
{
    static const struct {
        const char *header, *status, *part;
    } cases[] = {
        { "", "200", "\r\n\r\n0123456789" },
        { "Range: bytes=2-4\r\n", "206", "\r\n\r\n234" },
        { "Range: bytes=7-\r\n", "206", "Content-Range: bytes 7-9/10" },
        { "Range: bytes=-3\r\n", "206", "\r\n\r\n789" },
        { "Range: bytes=5-100\r\n", "206", "\r\n\r\n56789" },
        { "Range: bytes=10-\r\n", "416", "Content-Range: bytes */10" },
        { "Range: bytes=1-2,4-5\r\n", "200", "\r\n\r\n0123456789" },
        { "Range: bytes=x\r\n", "200", "\r\n\r\n0123456789" },
        { "If-None-Match: \"abc\"\r\n", "304", "ETag: \"abc\"" },
        { "If-None-Match: W/\"abc\"\r\n", "304", "" },
        { "If-None-Match: \"abd\"\r\n", "200", "filename=\"na__ve _x_.txt\"" },
        { "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n", "200", "\r\n\r\n0123456789" },
        { "", "200", "filename*=UTF-8''na%C3%AFve%20%22x%22.txt" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = client_ask(
            str_format(http_app.arena, "GET /file HTTP/1.1\r\n%s" CLOSE "\r\n", cases[i].header));
        cr_expect(str_starts(answer, str_format(http_app.arena, "HTTP/1.1 %s", cases[i].status)),
                  "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
    }
}

/* --- Uploads --- */

static size_t files_left(void)
{
    size_t count = 0;
    DIR *dir = opendir(http_app.folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static Str upload(Str body, const char *type)
{
    return client_ask(str_format(http_app.arena,
                                 "POST /upload HTTP/1.1\r\nContent-Type: %s\r\n"
                                 "Content-Length: %zu\r\n" CLOSE "\r\n" STR_FMT,
                                 type, body.length, STR_ARG(body)));
}

#define FORM "multipart/form-data; boundary=\"B\""
#define PART(head, body) "--B\r\nContent-Disposition: form-data; " head "\r\n\r\n" body "\r\n"

Test(net_server, multipart_bodies_are_read_strictly)
{
    static const struct {
        const char *type, *body, *status, *part;
    } cases[] = {
        { FORM,
          PART("name=\"file\"; filename=\"a.txt\"", "hello") PART("name=note", "hi") "--B--\r\n",
          "200", "file|a.txt||5|2cf24dba|\nnote|||2||hi" },
        { FORM, PART("name=file; filename=\"../../etc/passwd\"", "x") "--B--", "200",
          "file|passwd|" },
        { FORM, PART("name=file; filename=\"C:\\dir\\x.doc\"", "x") "--B--", "200", "file|x.doc|" },
        { FORM, PART("name=file; filename=\"..\"", "x") "--B--", "200", "file|unnamed|" },
        { FORM, PART("name=file; filename=\"\"", "") "--B--", "200", "file|unnamed||0|e3b0c442" },
        { FORM, PART("name=file; filename=\"a\tb\x01\xff.txt\"", "x") "--B--", "200",
          "file|ab\xEF\xBF\xBD.txt" },
        { FORM, PART("name=file; filename=x; filename*=UTF-8''%C3%A9.txt", "x") "--B--", "200",
          "file|\xC3\xA9.txt|" },
        { FORM, PART("name=file; filename=q", "a\r\n--Bx\r\n--") "--B--", "400", "junk" },
        { FORM, PART("name=evil; filename=q", "a") "--B--", "400", "\"field\":\"evil\"" },
        { FORM, PART("filename=q", "a") "--B--", "400", "no name" },
        { FORM, PART("name=note", "\xff") "--B--", "400", "UTF-8" },
        { FORM, PART("name=file; filename=q", "truncated"), "400", "before its last boundary" },
        { FORM, "", "400", "before its last boundary" },
        { FORM, "no boundary at all", "400", "before its last boundary" },
        { "multipart/form-data", PART("name=note", "x") "--B--", "400", "no boundary" },
        { "text/plain", "x", "415", "multipart/form-data" },
        { FORM,
          PART("name=note", "0123456789012345678901234567890123456789012345678901234567890123456"
                            "7890123456789012345678901234567890123456789") "--B--",
          "413", "more than 100 bytes" },
        { FORM,
          PART("name=note", "1") PART("name=note", "2") PART("name=note", "3")
              PART("name=note", "4") PART("name=note", "5") "--B--",
          "413", "more than 4 parts" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = upload(str(cases[i].body), cases[i].type);
        cr_expect(str_starts(answer, str_format(http_app.arena, "HTTP/1.1 %s", cases[i].status)),
                  "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
    }
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

static Str big_part(size_t size)
{
    Buf body = buf_new(http_app.arena, size + KB(1));
    buf_add(&body, S("--B\r\nContent-Disposition: form-data; name=file; filename=big\r\n\r\n"));
    while (body.length < size)
        buf_add(&body, S("\r\n--A 0123456789abcdef 0123456789abcdef 0123456789abcdef\r\r\n\r\n"));
    buf_add(&body, S("\r\n--B--\r\n"));
    return buf_str(&body);
}

Test(net_server, a_large_file_goes_to_disk_with_its_digest)
{
    Str body = big_part(MB(3));
    ptrdiff_t start = str_find(body, S("\r\n\r\n")) + 4;
    Str content = str_slice(body, (size_t)start, body.length - 9);
    Str digest = sha256_hex(http_app.arena, content);
    Str answer = upload(body, FORM);
    cr_assert(
        str_find(answer, str_format(http_app.arena, "|%zu|%.8s|", content.length, digest.at)) > 0,
        STR_FMT, STR_ARG(answer));
}

Test(net_server, a_file_over_its_limit_is_cut_and_removed)
{
    Str answer = upload(big_part(MB(6)), FORM);
    cr_assert(HAS(answer, "HTTP/1.1 413") && HAS(answer, "big is larger than the limit"), STR_FMT,
              STR_ARG(answer));
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

Test(net_server, an_upload_that_breaks_off_leaves_nothing)
{
    int fd = client_dial();
    client_say(
        fd, S("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: " FORM
              "\r\nContent-Length: 5000\r\n\r\n--B\r\nContent-Disposition: form-data; name=file; "
              "filename=x\r\n\r\nhalf a file"));
    WAIT_UNTIL(files_left() == 1);
    cr_assert_eq(files_left(), 1);
    close(fd);
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

Test(net_server, a_plain_body_may_be_one_file)
{
    Str answer = client_ask(S(
        "POST /raw HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: 5\r\n" CLOSE "\r\nhello"));
    cr_assert(HAS(answer, "body|body|text/csv|5|2cf24dba|"), STR_FMT, STR_ARG(answer));
}
