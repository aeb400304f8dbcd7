#include <criterion/criterion.h>

#include "net/http_reader.h"

/* What a reader made of some bytes, as text: "200 a=b; 5 |hello| keep +0". */
typedef struct Told {
    Buf text;
    Arena *arena;
} Told;

static bool note_head(void *self, const HttpHead *head, Error *err)
{
    Told *told = self;
    (void)err;
    if (head->method.length)
        buf_addf(&told->text, STR_FMT " " STR_FMT "%s", STR_ARG(head->method),
                 STR_ARG(head->target), head->is_old ? " old" : "");
    else
        buf_addf(&told->text, "%d", head->status);
    for (size_t i = 0; i < head->headers.count; i++)
        buf_addf(&told->text, " " STR_FMT "=" STR_FMT, STR_ARG(head->headers.at[i].name),
                 STR_ARG(head->headers.at[i].value));
    buf_addf(&told->text, " (%" PRId64 ") ", head->length);
    return true;
}

static bool note_body(void *self, Str bytes, Error *err)
{
    Told *told = self;
    (void)err;
    buf_add(&told->text, bytes);
    return true;
}

typedef enum Kind { ANSWER, ANSWER_TO_HEAD, REQUEST } Kind;

/* Feed `bytes` in two pieces, or one byte at a time when `cut` is -1; then the connection ends when
 * `closes`. */
static Str read_pieces(Arena *arena, Str bytes, ptrdiff_t cut, Kind kind, bool closes)
{
    Told told = { buf_new(arena, KB(256)), arena };
    HttpReader reader = { note_head, note_body, &told, .has_no_body = kind == ANSWER_TO_HEAD,
                          .is_request = kind == REQUEST };
    Error err = { 0 };
    size_t at = 0;
    bool good = true;
    http_reader_begin(&reader);
    while (good && at < bytes.length && !http_reader_is_done(&reader)) {
        size_t end = cut < 0 ? at + 1 : at < (size_t)cut ? (size_t)cut : bytes.length, used = 0;
        AUTO_FREE char *piece = heap_alloc(end - at); /* so that a read past it is seen */
        memcpy(piece, bytes.at + at, end - at);
        good = http_reader_feed(&reader, (Str){ piece, end - at }, &used, &err);
        cr_assert(!good || used == end - at || http_reader_is_done(&reader) || kind == REQUEST);
        at += used;
    }
    if (good && closes && !http_reader_closed(&reader, &err))
        good = false;
    if (!good)
        buf_addf(&told.text, " ! %s", err.message);
    else if (http_reader_is_done(&reader))
        buf_addf(&told.text, " %s +%zu", http_reader_keeps_alive(&reader) ? "keep" : "close",
                 bytes.length - at);
    else
        buf_add(&told.text, S(" more"));
    cr_assert(good || err.code == (kind == REQUEST ? ERROR_INVALID : ERROR_UPSTREAM));
    http_reader_end(&reader);
    return buf_str(&told.text);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_TOLD "200 Transfer-Encoding=chunked (-1) "
#define NOT_HTTP " ! the answer is not valid HTTP: "

static const struct {
    const char *about, *bytes, *told;
    bool is_head, closes;
} cases[] = {
    { "a length", OK "Content-Length: 5\r\n\r\nhello", "200 Content-Length=5 (5) hello keep +0" },
    { "no body", OK "Content-Length: 0\r\n\r\n", "200 Content-Length=0 (0)  keep +0" },
    { "more than the length", OK "Content-Length: 2\r\n\r\nhiHTTP",
      "200 Content-Length=2 (2) hi keep +4" },
    { "less than the length", OK "Content-Length: 5\r\n\r\nhi",
      "200 Content-Length=5 (5) hi ! it closed the connection in the middle of the answer",
      .closes = true },
    { "until the end", OK "A: b\r\n\r\nhello", "200 A=b (-1) hello close +0", .closes = true },
    { "until the end, which does not come", OK "\r\nhello", "200 (-1) hello more" },
    { "no answer", "", " ! it closed the connection without an answer", .closes = true },
    { "half a head", OK "A: b\r\n", " ! it closed the connection without an answer",
      .closes = true },
    { "lines end in LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
      "200 Content-Length=2 (2) hi keep +0" },
    { "lines end in both", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\nhi",
      "200 Content-Length=2 (2) hi keep +0" },
    { "no reason", "HTTP/1.1 204\r\n\r\n", "204 (-1)  keep +0" },
    { "an empty reason", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
      "404 Content-Length=0 (0)  keep +0" },
    { "HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
      "200 Content-Length=0 (0)  close +0" },
    { "HTTP/1.0 may keep", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
      "200 Connection=Keep-Alive Content-Length=0 (0)  keep +0" },
    { "HTTP/1.1 may close", OK "Connection: close\r\nContent-Length: 0\r\n\r\n",
      "200 Connection=close Content-Length=0 (0)  close +0" },
    { "close wins", OK "Connection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
      "200 Connection=close Connection=keep-alive Content-Length=0 (0)  close +0" },
    { "HEAD has no body", OK "Content-Length: 5\r\n\r\n", "200 Content-Length=5 (5)  keep +0",
      .is_head = true },
    { "HEAD of chunks", CHUNKED, CHUNKED_TOLD " keep +0", .is_head = true },
    { "304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
      "304 Content-Length=5 (5)  keep +0" },
    { "interim answers",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: "
      "3\r\n\r\n" OK "Content-Length: 1\r\n\r\nx",
      "200 Content-Length=1 (1) x keep +0" },
    { "only an interim answer", "HTTP/1.1 100 Continue\r\n\r\n",
      " ! it closed the connection without an answer", .closes = true },
    { "another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      NOT_HTTP "it changes the protocol unasked" },
    { "spaces around a value", OK "A: \t b c \t\r\nContent-Length:0\r\n\r\n",
      "200 A=b c Content-Length=0 (0)  keep +0" },
    { "an empty value", OK "A:\r\nContent-Length: 0\r\n\r\n",
      "200 A= Content-Length=0 (0)  keep +0" },
    { "names in any case", OK "cONTENT-lENGTH: 1\r\n\r\nx", "200 cONTENT-lENGTH=1 (1) x keep +0" },
    { "bytes above 127 in a value", OK "A: \xC3\xA4\xFF\r\nContent-Length: 0\r\n\r\n",
      "200 A=\xC3\xA4\xFF Content-Length=0 (0)  keep +0" },
    { "gzip that nobody asked for is the caller's",
      OK "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
      "200 Content-Encoding=gzip Content-Length=1 (1) x keep +0" },

    { "two equal lengths", OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "200 Content-Length=1 Content-Length=1 (1) x keep +0" },
    { "two lengths", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
      NOT_HTTP "its length makes no sense" },
    { "a list of lengths", OK "Content-Length: 1, 1\r\n\r\nx",
      NOT_HTTP "its length makes no sense" },
    { "a negative length", OK "Content-Length: -1\r\n\r\n", NOT_HTTP "its length makes no sense" },
    { "a signed length", OK "Content-Length: +1\r\n\r\nx", NOT_HTTP "its length makes no sense" },
    { "a huge length", OK "Content-Length: 99999999999999999999\r\n\r\n",
      NOT_HTTP "its length makes no sense" },
    { "the longest length", OK "Content-Length: 9223372036854775807\r\n\r\nx",
      "200 Content-Length=9223372036854775807 (9223372036854775807) x more" },
    { "a hexadecimal length", OK "Content-Length: 0x1\r\n\r\n",
      NOT_HTTP "its length makes no sense" },
    { "an empty length", OK "Content-Length:\r\n\r\n", NOT_HTTP "its length makes no sense" },
    { "a length and chunks", OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      NOT_HTTP "it tells its length more than once" },
    { "chunks and a length", OK "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
      NOT_HTTP "it tells its length more than once" },
    { "chunked twice", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      NOT_HTTP "its transfer encoding is told more than once" },
    { "compressed chunks", OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
      NOT_HTTP "it has a transfer encoding other than 'chunked'" },
    { "a folded header", OK "A: b\r\n c\r\n\r\n", NOT_HTTP "a header is folded" },
    { "a header without a name", OK ": b\r\n\r\n", NOT_HTTP "a header has no valid name" },
    { "a space before the colon", OK "A : b\r\n\r\n", NOT_HTTP "a header has no valid name" },
    { "a line without a colon", OK "A\r\n\r\n", NOT_HTTP "a header has no valid name" },
    { "a name above 127", OK "\xC3\xA4: b\r\n\r\n", NOT_HTTP "a header has no valid name" },
    { "a lone carriage return", OK "A: b\rC: d\r\n\r\n",
      NOT_HTTP "a header holds a control character" },
    { "no status line", "hello\r\n\r\n", NOT_HTTP "its first line is none" },
    { "HTTP/2", "HTTP/2 200\r\n\r\n", NOT_HTTP "its first line is none" },
    { "HTTP/0.9", "<html>\n\n", NOT_HTTP "its first line is none" },
    { "a status of two digits", "HTTP/1.1 99 OK\r\n\r\n", NOT_HTTP "its first line is none" },
    { "a status below 100", "HTTP/1.1 099 OK\r\n\r\n", NOT_HTTP "its first line is none" },
    { "a status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", NOT_HTTP "its first line is none" },
    { "a status of four digits", "HTTP/1.1 2000\r\n\r\n", NOT_HTTP "its first line is none" },
    { "an empty head", "\r\n\r\n", NOT_HTTP "its first line is none" },

    { "chunks", CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
      CHUNKED_TOLD "hello world keep +0" },
    { "no chunk", CHUNKED "0\r\n\r\n", CHUNKED_TOLD " keep +0" },
    { "chunks with LF", CHUNKED "2\nhi\n0\n\n", CHUNKED_TOLD "hi keep +0" },
    { "large digits", CHUNKED "A\r\n0123456789\r\n00\r\n\r\n", CHUNKED_TOLD "0123456789 keep +0" },
    { "extensions", CHUNKED "2;a=b;c=\"d\"\r\nhi\r\n0 ; x\r\n\r\n", CHUNKED_TOLD "hi keep +0" },
    { "spaces after the size", CHUNKED "2 \t\r\nhi\r\n0\r\n\r\n", CHUNKED_TOLD "hi keep +0" },
    { "trailers", CHUNKED "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nH", CHUNKED_TOLD "x keep +1" },
    { "chunks that are cut", CHUNKED "5\r\nhel",
      CHUNKED_TOLD "hel ! it closed the connection in the middle of the answer", .closes = true },
    { "chunks without their end", CHUNKED "2\r\nhi\r\n",
      CHUNKED_TOLD "hi ! it closed the connection in the middle of the answer", .closes = true },
    { "the last empty line is missing", CHUNKED "2\r\nhi\r\n0\r\n",
      CHUNKED_TOLD "hi ! it closed the connection in the middle of the answer", .closes = true },
    { "a chunk longer than it says", CHUNKED "2\r\nhillo\r\n",
      CHUNKED_TOLD "hi" NOT_HTTP "a chunk is longer than it says" },
    { "two returns after a chunk", CHUNKED "2\r\nhi\r\r\n0\r\n\r\n",
      CHUNKED_TOLD "hi" NOT_HTTP "a chunk is longer than it says" },
    { "no size", CHUNKED "\r\n", CHUNKED_TOLD NOT_HTTP "a chunk has no size" },
    { "only an extension", CHUNKED ";a\r\n", CHUNKED_TOLD NOT_HTTP "a chunk has no size" },
    { "a size that is no number", CHUNKED "2x\r\nhi",
      CHUNKED_TOLD NOT_HTTP "the size of a chunk does not end its line" },
    { "a number after spaces", CHUNKED "2 2\r\nhi",
      CHUNKED_TOLD NOT_HTTP "the size of a chunk does not end its line" },
    { "a return in the size's line", CHUNKED "2\r2\r\n",
      CHUNKED_TOLD NOT_HTTP "the size of a chunk does not end its line" },
    { "a return in an extension", CHUNKED "2;a\rb\r\n",
      CHUNKED_TOLD NOT_HTTP "the size of a chunk does not end its line" },
    { "a negative size", CHUNKED "-1\r\n", CHUNKED_TOLD NOT_HTTP "a chunk has no size" },
    { "a huge chunk", CHUNKED "FFFFFFFFFFFFFFFF1\r\n",
      CHUNKED_TOLD NOT_HTTP "a chunk is too large" },
    { "too many zeros", CHUNKED "00000000000000000\r\n",
      CHUNKED_TOLD NOT_HTTP "a chunk is too large" },
};

/* The same bytes mean the same however they arrive. */
static void expect_told(Arena *arena, const char *about, Str bytes, const char *told, Kind kind,
                        bool closes)
{
    for (ptrdiff_t cut = -1; cut < (ptrdiff_t)bytes.length; cut++) {
        arena_reset(arena);
        Str got = read_pieces(arena, bytes, cut, kind, closes);
        cr_expect(str_is(got, told), "%s, cut at %td:\n got '" STR_FMT "'\nwant '%s'", about, cut,
                  STR_ARG(got), told);
        if (!str_is(got, told))
            return;
    }
}

Test(net_reader, an_answer_means_the_same_however_it_arrives)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_told(arena, cases[i].about, str(cases[i].bytes), cases[i].told,
                    cases[i].is_head ? ANSWER_TO_HEAD : ANSWER, cases[i].closes);
}

#define NO_REQUEST " ! the request is not valid HTTP: "
#define GET "GET /x HTTP/1.1\r\nHost: h\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: h\r\n"
#define POST_CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_POST "POST /x Host=h Transfer-Encoding=chunked (-1) "

static const struct {
    const char *about, *bytes, *told;
} requests[] = {
    { "no body", GET "\r\nGET", "GET /x Host=h (-1)  keep +3" },
    { "a body", POST "Content-Length: 2\r\n\r\nhiPOST",
      "POST /x Host=h Content-Length=2 (2) hi keep +4" },
    { "chunks", POST_CHUNKED "2;a=b\r\nhi\r\n0\r\nA: b\r\n\r\nG", CHUNKED_POST "hi keep +1" },
    { "the last one", GET "Connection: close\r\n\r\n",
      "GET /x Host=h Connection=close (-1)  close +0" },
    { "HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "GET / old (-1)  close +0" },
    { "HTTP/1.0 that goes on", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      "GET / old Connection=Keep-Alive (-1)  keep +0" },
    { "a target in UTF-8", "GET /\xC3\xA4?\xC3\xB6 HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\xC3\xA4?\xC3\xB6 Host=h (-1)  keep +0" },
    { "part of a head", GET, " more" },

    { "no version", "GET /x\r\n\r\n", NO_REQUEST "its first line is none" },
    { "no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", NO_REQUEST "its first line is none" },
    { "two spaces", "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n", NO_REQUEST "its first line is none" },
    { "a space in the target", "GET /x y HTTP/1.1\r\nHost: h\r\n\r\n",
      NO_REQUEST "its first line is none" },
    { "a tab in the target", "GET /x\ty HTTP/1.1\r\nHost: h\r\n\r\n",
      NO_REQUEST "its first line is none" },
    { "a space before all", " GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
      NO_REQUEST "its first line is none" },
    { "a method that is none", "G(T /x HTTP/1.1\r\nHost: h\r\n\r\n",
      NO_REQUEST "its first line is none" },
    { "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_REQUEST "its first line is none" },
    { "a long version", "GET /x HTTP/1.10\r\nHost: h\r\n\r\n",
      NO_REQUEST "its first line is none" },
    { "no host", "GET /x HTTP/1.1\r\n\r\n", NO_REQUEST "the header Host must be there once" },
    { "two hosts", GET "host: i\r\n\r\n", NO_REQUEST "the header Host must be there once" },
    { "two equal lengths", POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
      NO_REQUEST "its length is told more than once" },
    { "a length and chunks", POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      NO_REQUEST "it tells its length more than once" },
    { "compressed chunks", POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
      NO_REQUEST "it has a transfer encoding other than 'chunked'" },
    { "chunks in HTTP/1.0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      NO_REQUEST "it has chunks, which HTTP/1.0 does not know" },
    { "chunks behind a control", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
      NO_REQUEST "it has a transfer encoding other than 'chunked'" },
    { "a length before a control", POST "Content-Length: 2\f\r\n\r\nhi",
      NO_REQUEST "its length makes no sense" },
    { "a space before the colon", POST "Content-Length : 2\r\n\r\nhi",
      NO_REQUEST "a header has no valid name" },
    { "a folded header", GET "A: b\r\n c\r\n\r\n", NO_REQUEST "a header is folded" },
    { "a line that ends with LF", GET "A: b\nC: d\r\n\r\n",
      NO_REQUEST "a line does not end with a carriage return and a line feed" },
    { "a head that ends with LF", GET "A: b\r\n\n",
      NO_REQUEST "a line does not end with a carriage return and a line feed" },
    { "a size that ends with LF", POST_CHUNKED "2\nhi\r\n",
      CHUNKED_POST NO_REQUEST "the size of a chunk does not end its line" },
    { "an extension that ends with LF", POST_CHUNKED "2;a\nhi\r\n",
      CHUNKED_POST NO_REQUEST "the size of a chunk does not end its line" },
    { "a chunk that ends with LF", POST_CHUNKED "2\r\nhi\n0\r\n\r\n",
      CHUNKED_POST "hi" NO_REQUEST "a chunk is longer than it says" },
    { "an end with LF", POST_CHUNKED "0\r\n\n",
      CHUNKED_POST NO_REQUEST "a trailer does not end its line" },
    { "an end with two returns", POST_CHUNKED "0\r\n\r\r\n",
      CHUNKED_POST NO_REQUEST "a trailer does not end its line" },
};

Test(net_reader, a_request_means_one_thing_or_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(requests); i++)
        expect_told(arena, requests[i].about, str(requests[i].bytes), requests[i].told, REQUEST,
                    false);
}

Test(net_reader, a_zero_byte_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    expect_told(arena, "in a value", S(OK "A: b\0c\r\n\r\n"),
                NOT_HTTP "a header holds a control character", ANSWER, false);
    expect_told(arena, "in the first line", S("HTTP/1.1 200 O\0K\r\n\r\n"),
                NOT_HTTP "a header holds a control character", ANSWER, false);
}

/* `count` times `text` after a good first line. */
static Str repeat(Arena *arena, const char *before, const char *text, size_t count,
                  const char *after)
{
    Buf buf = buf_new(arena, MB(1));
    buf_add(&buf, str(before));
    for (size_t i = 0; i < count; i++)
        buf_add(&buf, str(text));
    buf_add(&buf, str(after));
    return buf_str(&buf);
}

Test(net_reader, everything_has_its_limit)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const struct {
        const char *before, *text;
        size_t count;
        const char *after, *end;
    } limits[] = {
        { OK, "A: b\r\n", HTTP_READER_HEADERS_MAX, "\r\n", "more" },
        { OK, "A: b\r\n", 200, "\r\n", "it has too many headers" },
        { OK "A: ", "b", KB(64) - 25, "\r\n\r\n", "more" },
        { OK "A: ", "b", KB(64), "\r\n\r\n", "its headers are too long" },
        { OK "A: ", "b", KB(128), "", "its headers are too long" },
        { "", "HTTP/1.1 102 Wait\r\n\r\n", 100, OK "\r\n", "more" },
        { "", "HTTP/1.1 102 Wait\r\n\r\n", 101, OK "\r\n", "it begins too often" },
        { CHUNKED "2;", "x", KB(9), "\r\nhi", "a chunk's line is too long" },
        { CHUNKED "2", " ", KB(9), "\r\nhi", "a chunk's line is too long" },
        { CHUNKED "0\r\n", "A: b\r\n", KB(2), "\r\n", "its trailers are too long" },
        { CHUNKED, "1\r\nx\r\n", KB(9), "0\r\n\r\n", "keep +0" },
    };
    for (size_t i = 0; i < COUNT(limits); i++)
        for (ptrdiff_t cut = -1; cut < 3; cut++) {
            Str bytes =
                repeat(arena, limits[i].before, limits[i].text, limits[i].count, limits[i].after);
            Str got = read_pieces(arena, bytes, cut, ANSWER, false);
            cr_expect(str_ends(got, str(limits[i].end)), "%zu cut at %td: ..." STR_FMT, i, cut,
                      STR_ARG(str_from(got, got.length - MIN(got.length, (size_t)80))));
        }
}

static bool refuse_it(void *self, const HttpHead *head, Error *err)
{
    (void)self, (void)head;
    return fail(err, ERROR_DENIED, "not wanted");
}

Test(net_reader, who_says_no_stops_the_reading)
{
    HttpReader reader = { .head = refuse_it };
    Error err;
    size_t used;
    http_reader_begin(&reader);
    cr_assert(!http_reader_feed(&reader, S(OK "\r\nx"), &used, &err));
    cr_assert_eq(err.code, ERROR_DENIED);
    http_reader_end(&reader);
}
