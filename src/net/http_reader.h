/* http_reader.h - the bytes of an HTTP/1.1 request or response, in any pieces, become its head and
 * its body.
 *
 * RFC 9112, read strictly: a message that two readers could understand differently (two lengths,
 * a length beside chunks, a folded header, a lone carriage return) is refused, and a request also
 * when it tells its length twice or a line of it ends without a carriage return: a proxy before us
 * may have taken a part of its body for the next person's request. Interim responses (1xx) are
 * skipped. Nothing here touches a socket, so every case is a table of bytes in a test.
 *
 * Threads: a reader belongs to one. */
#pragma once

#include "net/http.h"

#define HTTP_READER_HEAD_MAX KB(64)
#define HTTP_READER_HEADERS_MAX 128
#define HTTP_READER_INTERIM_MAX 100 /* answers 1xx before the one that counts */

/* All text is valid only during the call. */
typedef struct HttpHead {
    int status;         /* of a response */
    Str method, target; /* of a request; */
    bool is_old;        /* and that it is of HTTP/1.0 */
    HttpPairs headers;
    int64_t length; /* of the body; -1: not told */
} HttpHead;

/* The value of the first header of this name, any case; "" when it is not there. */
Str http_head_header(const HttpHead *head, const char *name);

typedef struct HttpReader {
    /* Called in this order; false stops the reading, err says why. */
    bool (*head)(void *self, const HttpHead *head, Error *err);
    bool (*body)(void *self, Str bytes, Error *err);
    void *self;
    bool has_no_body; /* the answer to HEAD */
    bool is_request;  /* what it reads; a feed then stops behind the head, so that its reader may
                       * think about the body */
    size_t head_max;  /* 0: HTTP_READER_HEAD_MAX */

    /* The reader's own. */
    enum {
        READ_HEAD,
        READ_COUNTED,
        READ_UNTIL_END,
        READ_CHUNK_SIZE,
        READ_CHUNK_SPACE,     /* after the size */
        READ_CHUNK_EXTENSION, /* from the semicolon on */
        READ_CHUNK_LF,        /* the end of the size's line */
        READ_CHUNK,
        READ_CHUNK_END, /* CRLF, or as some send it LF */
        READ_CHUNK_END_LF,
        READ_TRAILER,
        READ_TRAILER_LF,
        READ_DONE
    } state;
    bool keeps_alive;
    int interim_count;
    bool is_head_too_large; /* why it was refused */
    uint64_t left;          /* of the body or of the chunk */
    char *kept;             /* a head that has not come whole yet; heap */
    size_t kept_size;       /* bytes of it */
    size_t line_size;       /* digits of a chunk's size, bytes of its extension or of a trailer */
    size_t trailers_size;   /* of all of them */
} HttpReader;

/* `reader` has head, body, self and has_no_body set by its maker; released by http_reader_end(). */
void http_reader_begin(HttpReader *reader);
/* Takes bytes up to the message's end; *used_r says how many. False: it cannot be read, or a
 * callback said no. http_reader_is_done() says whether more is needed. */
MUST_CHECK bool http_reader_feed(HttpReader *reader, Str bytes, size_t *used_r, Error *err);
/* The connection has ended: fails unless that is the end of the message. */
MUST_CHECK bool http_reader_closed(HttpReader *reader, Error *err);
static inline bool http_reader_is_done(const HttpReader *reader)
{
    return reader->state == READ_DONE;
}
/* Whether anything of the head has come. */
static inline bool http_reader_has_begun(const HttpReader *reader)
{
    return reader->state != READ_HEAD || reader->kept_size > 0;
}
/* Whether the connection may carry another request after this message. */
static inline bool http_reader_keeps_alive(const HttpReader *reader)
{
    return reader->state == READ_DONE && reader->keeps_alive;
}
void http_reader_end(HttpReader *reader);
