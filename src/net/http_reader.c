/* http_reader.c - see http_reader.h. */
#include "net/http_reader.h"

#include "base/ascii.h"

#define CHUNK_MAX GB(1)
#define CHUNK_DIGITS_MAX 16
#define LINE_MAX KB(8) /* of a chunk's extension, and of all trailers together */

Str http_head_header(const HttpHead *head, const char *name)
{
    Str wanted = str(name);
    for (size_t i = 0; i < head->headers.count; i++)
        if (str_equal_ignore_case(head->headers.at[i].name, wanted))
            return head->headers.at[i].value;
    return S("");
}

void http_reader_begin(HttpReader *reader)
{
    reader->state = READ_HEAD;
    reader->kept = NULL;
    reader->kept_size = 0;
    reader->interim_count = 0;
    reader->is_head_too_large = false;
}

void http_reader_end(HttpReader *reader)
{
    free(reader->kept);
    reader->kept = NULL;
}

/* --- The head --- */

static bool refuse(const HttpReader *reader, Error *err, const char *what)
{
    return reader->is_request ? fail(err, ERROR_INVALID, "the request is not valid HTTP: %s", what)
                              : fail(err, ERROR_UPSTREAM, "the answer is not valid HTTP: %s", what);
}

/* Digits and nothing else, no sign. */
static bool read_number(Str text, int64_t max, int64_t *number_r)
{
    return text.length && is_digit(text.at[0]) && str_to_int(text, 0, max, number_r);
}

/* "HTTP/1.1 200 OK" */
static bool read_status(Str line, HttpReader *reader, HttpHead *head, Error *err)
{
    int64_t status;
    if (!str_starts(line, S("HTTP/1.")) || line.length < 12 || !is_digit(line.at[7]) ||
        line.at[8] != ' ' || !read_number(str_slice(line, 9, 12), 999, &status) || status < 100 ||
        (line.length > 12 && line.at[12] != ' '))
        return refuse(reader, err, "its first line is none");
    head->is_old = line.at[7] == '0';
    head->status = (int)status;
    return true;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(Str name)
{
    static const bool letters[256] = {
        ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,
        ['#'] = true,         ['$'] = true,         ['%'] = true,         ['&'] = true,
        ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true,
        ['.'] = true,         ['^'] = true,         ['_'] = true,         ['`'] = true,
        ['|'] = true,         ['~'] = true,
    };
    for (size_t i = 0; i < name.length; i++)
        if (!letters[(unsigned char)name.at[i]])
            return false;
    return name.length > 0;
}

/* What no address holds. */
static bool has_control(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return true;
    return false;
}

/* "GET /path?query HTTP/1.1" */
static bool read_request_line(Str line, HttpReader *reader, HttpHead *head, Error *err)
{
    ptrdiff_t one = str_find_char(line, ' '), two = str_find_last_char(line, ' ');
    if (one < 0 || two <= one + 1)
        return refuse(reader, err, "its first line is none");
    Str version = str_from(line, (size_t)two + 1);
    head->method = str_slice(line, 0, (size_t)one);
    head->target = str_slice(line, (size_t)one + 1, (size_t)two);
    if (!is_token(head->method) || has_control(head->target) || version.length != 8 ||
        !str_starts(version, S("HTTP/1.")) || !is_digit(version.at[7]))
        return refuse(reader, err, "its first line is none");
    head->is_old = version.at[7] == '0';
    return true;
}

/* Spaces and tabs alone (RFC 9110, section 5.6.3): to others "\vchunked" is not "chunked". */
static Str trim_value(Str value)
{
    while (value.length && HAS_CHAR(value.at[0], " \t"))
        value = str_from(value, 1);
    while (value.length && HAS_CHAR(value.at[value.length - 1], " \t"))
        value.length--;
    return value;
}

static bool read_header(const HttpReader *reader, Str line, HttpPair *pair_r, Error *err)
{
    ptrdiff_t colon = str_find_char(line, ':');
    if (colon < 0 || !is_token(str_slice(line, 0, (size_t)colon)))
        return refuse(reader, err, "a header has no valid name");
    *pair_r = (HttpPair){ str_slice(line, 0, (size_t)colon),
                          trim_value(str_from(line, (size_t)colon + 1)) };
    return true;
}

/* What the headers say of the body and the connection. */
typedef struct Framing {
    int64_t length; /* -1: not told */
    bool is_chunked, says_close, says_keep;
    int hosts;
} Framing;

static bool note_length(const HttpReader *reader, Str value, Framing *framing, Error *err)
{
    int64_t length;
    bool is_again = framing->length >= 0;
    if (reader->is_request && is_again)
        return refuse(reader, err, "its length is told more than once");
    if (!read_number(value, INT64_MAX, &length) || (is_again && framing->length != length))
        return refuse(reader, err, "its length makes no sense");
    framing->length = length;
    return true;
}

static bool note_coding(const HttpReader *reader, Str value, Framing *framing, Error *err)
{
    if (framing->is_chunked)
        return refuse(reader, err, "its transfer encoding is told more than once");
    framing->is_chunked = true;
    return str_equal_ignore_case(value, S("chunked")) ||
           refuse(reader, err, "it has a transfer encoding other than 'chunked'");
}

static bool note_framing(const HttpReader *reader, const HttpPair *header, Framing *framing,
                         Error *err)
{
    if (str_equal_ignore_case(header->name, S("content-length")))
        return note_length(reader, header->value, framing, err);
    if (str_equal_ignore_case(header->name, S("transfer-encoding")))
        return note_coding(reader, header->value, framing, err);
    if (str_equal_ignore_case(header->name, S("connection"))) {
        framing->says_close |= str_find_ignore_case(header->value, S("close")) >= 0;
        framing->says_keep |= str_find_ignore_case(header->value, S("keep-alive")) >= 0;
    }
    framing->hosts += str_equal_ignore_case(header->name, S("host"));
    return true;
}

static void choose_state(HttpReader *reader, const HttpHead *head, const Framing *framing)
{
    bool is_bare = reader->has_no_body || head->status == 204 || head->status == 304 ||
                   (reader->is_request && framing->length < 0 && !framing->is_chunked);
    reader->left = framing->length > 0 ? (uint64_t)framing->length : 0;
    reader->keeps_alive = (!head->is_old || framing->says_keep) && !framing->says_close;
    reader->line_size = reader->trailers_size = 0;
    if (is_bare || framing->length == 0) {
        reader->state = READ_DONE;
    } else if (framing->is_chunked) {
        reader->state = READ_CHUNK_SIZE;
    } else if (framing->length > 0) {
        reader->state = READ_COUNTED;
    } else {
        reader->state = READ_UNTIL_END;
        reader->keeps_alive = false;
    }
}

/* An answer 1xx is followed by another. We never ask for another protocol. */
static bool skip_interim(HttpReader *reader, int status, Error *err)
{
    if (status == 101)
        return refuse(reader, err, "it changes the protocol unasked");
    return ++reader->interim_count <= HTTP_READER_INTERIM_MAX ||
           refuse(reader, err, "it begins too often");
}

/* Zero bytes and lone carriage returns mean different things to different readers. */
static bool check_line(const HttpReader *reader, Str line, Error *err)
{
    return (!memchr(line.at, '\0', line.length) && !memchr(line.at, '\r', line.length)) ||
           refuse(reader, err, "a header holds a control character");
}

/* A line without its end, which is CRLF or, as many servers send it, LF. */
static bool next_line(const HttpReader *reader, Str *rest, Str *line_r, Error *err)
{
    (void)str_next(rest, '\n', line_r);
    if (str_ends(*line_r, S("\r")))
        line_r->length--;
    else if (reader->is_request)
        return refuse(reader, err, "a line does not end with a carriage return and a line feed");
    return check_line(reader, *line_r, err);
}

static bool read_headers(const HttpReader *reader, Str head, HttpPair *headers, size_t *count_r,
                         Framing *framing, Error *err)
{
    Str line;
    for (*count_r = 0;; (*count_r)++) {
        if (!next_line(reader, &head, &line, err))
            return false;
        if (!line.length)
            break;
        if (*count_r == HTTP_READER_HEADERS_MAX)
            return refuse(reader, err, "it has too many headers");
        if (line.at[0] == ' ' || line.at[0] == '\t')
            return refuse(reader, err, "a header is folded");
        if (!read_header(reader, line, &headers[*count_r], err) ||
            !note_framing(reader, &headers[*count_r], framing, err))
            return false;
    }
    return !framing->is_chunked || framing->length < 0 ||
           refuse(reader, err, "it tells its length more than once");
}

/* HTTP/1.0 has no chunks: who passed such a request on has not read them (RFC 9112, section 6.1).
 */
static bool check_coding(const HttpReader *reader, const HttpHead *head, const Framing *framing,
                         Error *err)
{
    return !reader->is_request || !head->is_old || !framing->is_chunked ||
           refuse(reader, err, "it has chunks, which HTTP/1.0 does not know");
}

static bool check_host(const HttpReader *reader, const HttpHead *head, int hosts, Error *err)
{
    return !reader->is_request || hosts == 1 || (!hosts && head->is_old) ||
           refuse(reader, err, "the header Host must be there once");
}

static bool read_head(HttpReader *reader, Str bytes, Error *err)
{
    HttpPair headers[HTTP_READER_HEADERS_MAX];
    Framing framing = { .length = -1 };
    HttpHead head = { .headers.at = headers };
    Str first;
    bool good = next_line(reader, &bytes, &first, err) &&
                (reader->is_request ? read_request_line(first, reader, &head, err)
                                    : read_status(first, reader, &head, err)) &&
                read_headers(reader, bytes, headers, &head.headers.count, &framing, err) &&
                check_host(reader, &head, framing.hosts, err) &&
                check_coding(reader, &head, &framing, err);
    if (!good)
        return false;
    if (!reader->is_request && head.status < 200)
        return skip_interim(reader, head.status, err);
    choose_state(reader, &head, &framing);
    head.length = framing.length;
    return reader->head(reader->self, &head, err);
}

/* Where the head ends: behind its empty line; 0 when it has not come. `from`: bytes looked at. */
static size_t head_end(Str bytes, size_t from)
{
    size_t start = from > 3 ? from - 3 : 0;
    const char *at = bytes.at + start, *end = bytes.at + bytes.length;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\n')
            return (size_t)(at + 1 - bytes.at);
        if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at + 2 - bytes.at);
    }
    return 0;
}

static size_t head_max(const HttpReader *reader)
{
    return reader->head_max ? reader->head_max : HTTP_READER_HEAD_MAX;
}

static bool refuse_head_size(HttpReader *reader, Error *err)
{
    reader->is_head_too_large = true;
    return refuse(reader, err, "its headers are too long");
}

static bool keep_head(HttpReader *reader, Str bytes, Error *err)
{
    if (reader->kept_size + bytes.length > head_max(reader))
        return refuse_head_size(reader, err);
    reader->kept = heap_grow(reader->kept, reader->kept_size + bytes.length);
    memcpy(reader->kept + reader->kept_size, bytes.at, bytes.length);
    reader->kept_size += bytes.length;
    return true;
}

static bool feed_head(HttpReader *reader, Str bytes, size_t *used_r, Error *err)
{
    size_t before = reader->kept_size;
    if (!before) { /* the usual case: it comes in one piece and is not copied */
        size_t end = head_end(bytes, 0);
        *used_r = end ? end : bytes.length;
        if (end > head_max(reader))
            return refuse_head_size(reader, err);
        return end ? read_head(reader, str_slice(bytes, 0, end), err)
                   : keep_head(reader, bytes, err);
    }
    size_t room = head_max(reader) - before;
    if (!keep_head(reader, str_slice(bytes, 0, MIN(bytes.length, room)), err))
        return false;
    size_t end = head_end((Str){ reader->kept, reader->kept_size }, before);
    if (!end && reader->kept_size == head_max(reader))
        return refuse_head_size(reader, err);
    *used_r = end ? end - before : reader->kept_size - before;
    if (!end)
        return true;
    char *kept = reader->kept;
    reader->kept = NULL;
    reader->kept_size = 0;
    bool good = read_head(reader, (Str){ kept, end }, err);
    free(kept);
    return good;
}

/* --- The body --- */

static bool feed_counted(HttpReader *reader, Str bytes, size_t *used_r, Error *err)
{
    size_t count = (size_t)MIN((uint64_t)bytes.length, reader->left);
    *used_r = count;
    reader->left -= count;
    if (!reader->left)
        reader->state = reader->state == READ_CHUNK ? READ_CHUNK_END : READ_DONE;
    return reader->body(reader->self, str_slice(bytes, 0, count), err);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool end_chunk_line(HttpReader *reader, char c, Error *err)
{
    bool is_bare = reader->is_request && reader->state != READ_CHUNK_LF;
    if (c != '\n' || is_bare)
        return refuse(reader, err, "the size of a chunk does not end its line");
    reader->state = reader->left ? READ_CHUNK : READ_TRAILER;
    reader->line_size = 0;
    return true;
}

/* What may follow the size: spaces, an extension, the end of the line. */
static bool feed_chunk_space(HttpReader *reader, char c, Error *err)
{
    if (c == ';') {
        reader->state = READ_CHUNK_EXTENSION;
        reader->line_size = 0;
    } else if (c == '\r') {
        reader->state = READ_CHUNK_LF;
    } else if (c == ' ' || c == '\t') {
        reader->state = READ_CHUNK_SPACE;
        return ++reader->line_size <= LINE_MAX || refuse(reader, err, "a chunk's line is too long");
    } else {
        return end_chunk_line(reader, c, err);
    }
    return true;
}

static bool feed_chunk_size(HttpReader *reader, char c, Error *err)
{
    int digit = hex_digit(c);
    if (digit < 0)
        return reader->line_size ? feed_chunk_space(reader, c, err)
                                 : refuse(reader, err, "a chunk has no size");
    reader->left = reader->left * 16 + (uint64_t)digit;
    if (reader->left > CHUNK_MAX || ++reader->line_size > CHUNK_DIGITS_MAX)
        return refuse(reader, err, "a chunk is too large");
    return true;
}

static bool feed_extension(HttpReader *reader, char c, Error *err)
{
    if (c == '\n')
        return end_chunk_line(reader, c, err);
    if (c == '\r')
        reader->state = READ_CHUNK_LF;
    return ++reader->line_size <= LINE_MAX || refuse(reader, err, "a chunk's line is too long");
}

static bool feed_chunk_end(HttpReader *reader, char c, Error *err)
{
    bool may_return = reader->state == READ_CHUNK_END,
         may_feed = !may_return || !reader->is_request;
    reader->state = c == '\r' ? READ_CHUNK_END_LF : READ_CHUNK_SIZE;
    reader->left = reader->line_size = 0;
    return (c == '\n' && may_feed) || (c == '\r' && may_return) ||
           refuse(reader, err, "a chunk is longer than it says");
}

/* Trailers are skipped up to the empty line. A return counts as a part of the line's end only, else
 * some would see an empty line where others see none. */
static bool feed_trailer(HttpReader *reader, char c, Error *err)
{
    bool ends_line = reader->state == READ_TRAILER_LF || !reader->is_request;
    if (++reader->trailers_size > LINE_MAX)
        return refuse(reader, err, "its trailers are too long");
    if (c == '\n' ? !ends_line : reader->state == READ_TRAILER_LF)
        return refuse(reader, err, "a trailer does not end its line");
    if (c == '\r') {
        reader->state = READ_TRAILER_LF;
        return true;
    }
    bool is_end = c == '\n' && !reader->line_size;
    reader->line_size = c == '\n' ? 0 : reader->line_size + 1;
    reader->state = is_end ? READ_DONE : READ_TRAILER;
    return true;
}

static bool feed_byte(HttpReader *reader, char c, Error *err)
{
    switch (reader->state) {
    case READ_CHUNK_SIZE: return feed_chunk_size(reader, c, err);
    case READ_CHUNK_SPACE: return feed_chunk_space(reader, c, err);
    case READ_CHUNK_EXTENSION: return feed_extension(reader, c, err);
    case READ_CHUNK_LF: return end_chunk_line(reader, c, err);
    case READ_CHUNK_END:
    case READ_CHUNK_END_LF: return feed_chunk_end(reader, c, err);
    default: return feed_trailer(reader, c, err);
    }
}

bool http_reader_feed(HttpReader *reader, Str bytes, size_t *used_r, Error *err)
{
    size_t at = 0;
    while (at < bytes.length && reader->state != READ_DONE) {
        Str rest = str_from(bytes, at);
        size_t used = 1;
        bool good, was_head = reader->state == READ_HEAD;
        if (was_head)
            good = feed_head(reader, rest, &used, err);
        else if (reader->state == READ_COUNTED || reader->state == READ_CHUNK)
            good = feed_counted(reader, rest, &used, err);
        else if (reader->state == READ_UNTIL_END)
            good = (used = rest.length, reader->body(reader->self, rest, err));
        else
            good = feed_byte(reader, rest.at[0], err);
        if (!good)
            return false;
        at += used;
        if (reader->is_request && was_head && reader->state != READ_HEAD)
            break;
    }
    *used_r = at;
    return true;
}

bool http_reader_closed(HttpReader *reader, Error *err)
{
    if (reader->state == READ_UNTIL_END)
        reader->state = READ_DONE;
    if (reader->state == READ_DONE)
        return true;
    return fail(err, ERROR_UPSTREAM, "%s",
                reader->state == READ_HEAD
                    ? "it closed the connection without an answer"
                    : "it closed the connection in the middle of the answer");
}
