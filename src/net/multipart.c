/* multipart.c - see multipart.h.
 *
 * The stream is read as if it began with a line end, so that every delimiter, also the first, is
 * CR LF "--" boundary. */
#include "net/multipart.h"

#include "net/url.h"

#define HEAD_MAX KB(16)
#define SLICE KB(16)
#define BLANKS_MAX 64 /* behind a boundary */

typedef enum State { PREAMBLE, AFTER_DELIMITER, HEAD, BODY, DONE } State;

struct MultipartReader {
    MultipartSink sink;
    State state;
    char delimiter[80];
    size_t delimiter_length;
    char held[HEAD_MAX + SLICE + 128]; /* what is not decided yet */
    size_t length;
};

/* --- Header values --- */

static Str unquote(Arena *arena, Str *rest)
{
    Buf out = buf_new(arena, rest->length);
    size_t i = 1;
    for (; i < rest->length && rest->at[i] != '"'; i++) {
        /* Only these two are escapes: some programs send C:\folder\name unescaped. */
        bool escape =
            rest->at[i] == '\\' && i + 1 < rest->length && HAS_CHAR(rest->at[i + 1], "\"\\");
        i += escape;
        buf_add_char(&out, rest->at[i]);
    }
    *rest = str_from(*rest, i + 1);
    return buf_str(&out);
}

Str header_parameter(Arena *arena, Str value, const char *name)
{
    ptrdiff_t semicolon = str_find_char(value, ';');
    Str rest = semicolon < 0 ? S("") : str_from(value, (size_t)semicolon + 1);
    while (rest.length) {
        rest = str_trim(rest);
        size_t end = 0;
        while (end < rest.length && !HAS_CHAR(rest.at[end], "=;"))
            end++;
        Str key = str_trim(str_slice(rest, 0, end));
        bool has_value = end < rest.length && rest.at[end] == '=';
        rest = str_trim(str_from(rest, end + has_value));
        ptrdiff_t next = str_find_char(rest, ';');
        Str found = str_trim(str_slice(rest, 0, next < 0 ? rest.length : (size_t)next));
        if (has_value && str_starts(rest, S("\"")))
            found = unquote(arena, &rest);
        if (str_equal_ignore_case(key, str(name)))
            return has_value ? str_copy(arena, found) : S("");
        next = str_find_char(rest, ';');
        rest = next < 0 ? S("") : str_from(rest, (size_t)next + 1);
    }
    return S("");
}

/* filename*=UTF-8''na%C3%AFve.txt (RFC 8187) */
static Str extended_parameter(Arena *arena, Str value)
{
    Str raw = header_parameter(arena, value, "filename*");
    if (!str_starts(str_lower(arena, raw), S("utf-8'")))
        return S("");
    ptrdiff_t quote = str_find_last_char(raw, '\'');
    Str decoded;
    Error ignored;
    return url_decode(arena, str_from(raw, (size_t)quote + 1), false, &decoded, &ignored) ? decoded
                                                                                          : S("");
}

static bool has_parameter(Str value, const char *name)
{
    return str_find_ignore_case(value, str(name)) >= 0;
}

/* Texts live in the arena, or in the head. */
static bool read_head(Arena *arena, Str head, MultipartHead *part, Error *err)
{
    bool is_form = false;
    Str line;
    *part = (MultipartHead){ .media_type = S("") };
    while (str_next(&head, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon < 0)
            continue;
        Str name = str_trim(str_slice(line, 0, (size_t)colon));
        Str value = str_trim(str_from(line, (size_t)colon + 1));
        if (str_equal_ignore_case(name, S("content-type")))
            part->media_type = value;
        if (!str_equal_ignore_case(name, S("content-disposition")))
            continue;
        is_form = str_starts(str_lower(arena, value), S("form-data"));
        part->field = header_parameter(arena, value, "name");
        part->file_name = extended_parameter(arena, value);
        if (!part->file_name.length)
            part->file_name = header_parameter(arena, value, "filename");
        part->has_file_name = part->file_name.length || has_parameter(value, "filename");
    }
    return (is_form && part->field.length) ||
           fail(err, ERROR_INVALID, "a part of the form has no name");
}

static bool begin_part(MultipartReader *reader, Str head, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    MultipartHead part;
    return read_head(arena, head, &part, err) && reader->sink.begin(reader->sink.self, &part, err);
}

static bool find_boundary(Arena *arena, Str content_type, Str *boundary_r, Error *err)
{
    if (!str_starts(str_lower(arena, content_type), S("multipart/form-data")))
        return fail(err, ERROR_UNSUPPORTED, "send the files as multipart/form-data");
    *boundary_r = header_parameter(arena, content_type, "boundary");
    return (boundary_r->length && boundary_r->length <= 70) ||
           fail(err, ERROR_INVALID, "the multipart body names no boundary");
}

/* --- The stream --- */

bool multipart_new(Str content_type, const MultipartSink *sink, MultipartReader **reader_r,
                   Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    Str boundary;
    if (!find_boundary(arena, content_type, &boundary, err))
        return false;
    MultipartReader *reader = heap_alloc(sizeof *reader);
    reader->sink = *sink;
    reader->delimiter_length = (size_t)snprintf(reader->delimiter, sizeof reader->delimiter,
                                                "\r\n--" STR_FMT, STR_ARG(boundary));
    memcpy(reader->held, "\r\n", 2);
    reader->length = 2;
    *reader_r = reader;
    return true;
}

void multipart_free(MultipartReader *reader) { free(reader); }

static void drop(MultipartReader *reader, size_t count)
{
    reader->length -= count;
    memmove(reader->held, reader->held + count, reader->length);
}

/* Each step returns false when it needs more bytes or has failed (then err->code is set). */

static bool step_body(MultipartReader *reader, Error *err)
{
    Str held = { reader->held, reader->length };
    char *found = memmem(held.at, held.length, reader->delimiter, reader->delimiter_length);
    size_t keep = reader->delimiter_length - 1;
    size_t count = found ? (size_t)(found - held.at) : held.length - MIN(held.length, keep);
    if (count && reader->state == BODY &&
        !reader->sink.bytes(reader->sink.self, str_slice(held, 0, count), err))
        return false;
    if (!found) {
        drop(reader, count);
        return false;
    }
    if (reader->state == BODY && !reader->sink.end(reader->sink.self, err))
        return false;
    drop(reader, count + reader->delimiter_length);
    reader->state = AFTER_DELIMITER;
    return true;
}

static bool step_after_delimiter(MultipartReader *reader, Error *err)
{
    size_t at = 0;
    while (at < reader->length && HAS_CHAR(reader->held[at], " \t"))
        at++;
    if (at > BLANKS_MAX)
        return fail(err, ERROR_INVALID, "the multipart boundary is followed by junk");
    if (reader->length < at + 2)
        return false;
    bool is_last = memcmp(reader->held + at, "--", 2) == 0;
    if (!is_last && memcmp(reader->held + at, "\r\n", 2) != 0)
        return fail(err, ERROR_INVALID, "the multipart boundary is followed by junk");
    /* The line end stays when the head is empty: it is then half of the empty line. */
    drop(reader, is_last ? reader->length : at);
    reader->state = is_last ? DONE : HEAD;
    return true;
}

static bool step_head(MultipartReader *reader, Error *err)
{
    char *end = memmem(reader->held, reader->length, "\r\n\r\n", 4);
    size_t length = end ? (size_t)(end - reader->held) : reader->length;
    if (length > HEAD_MAX)
        return fail(err, ERROR_TOO_LARGE, "the head of a part has more than %zu bytes", HEAD_MAX);
    if (!end)
        return false;
    if (!begin_part(reader, (Str){ reader->held, length }, err))
        return false;
    drop(reader, length + 4);
    reader->state = BODY;
    return true;
}

bool multipart_read(MultipartReader *reader, Str bytes, Error *err)
{
    err->code = ERROR_NONE;
    while (bytes.length && reader->state != DONE) {
        Str slice = str_slice(bytes, 0, MIN(SLICE, sizeof reader->held - reader->length));
        memcpy(reader->held + reader->length, slice.at, slice.length);
        reader->length += slice.length;
        bytes = str_from(bytes, slice.length);

        bool goes_on = true;
        while (goes_on)
            switch (reader->state) {
            case PREAMBLE:
            case BODY: goes_on = step_body(reader, err); break;
            case AFTER_DELIMITER: goes_on = step_after_delimiter(reader, err); break;
            case HEAD: goes_on = step_head(reader, err); break;
            case DONE: goes_on = false; break;
            }
        if (err->code != ERROR_NONE)
            return false;
    }
    return true;
}

bool multipart_end(MultipartReader *reader, Error *err)
{
    if (reader->state != DONE)
        return fail(err, ERROR_INVALID, "the multipart body ends before its last boundary");
    return true;
}

/* --- A body that is there --- */

/* The next delimiter, with the line end before it; at the very beginning that is left out. */
static Str find_delimiter(Str rest, Str delimiter, bool is_first)
{
    if (is_first && str_starts(rest, str_from(delimiter, 2)))
        return str_slice(rest, 0, delimiter.length - 2);
    char *at = memmem(rest.at, rest.length, delimiter.at, delimiter.length);
    return at ? (Str){ at, delimiter.length } : S("");
}

/* What is behind a delimiter: "--" of the last one, else a line end, of which the head's empty line
 * may be the second half. */
static bool step_over(Str *rest, bool *is_last_r, Error *err)
{
    size_t blanks = 0;
    while (blanks < rest->length && HAS_CHAR(rest->at[blanks], " \t"))
        blanks++;
    *rest = str_from(*rest, blanks);
    *is_last_r = str_starts(*rest, S("--"));
    return (blanks <= BLANKS_MAX && (*is_last_r || str_starts(*rest, S("\r\n")))) ||
           fail(err, ERROR_INVALID, "the multipart boundary is followed by junk");
}

static bool split_part(Arena *arena, Str *rest, Str delimiter, MultipartPart *part, Error *err)
{
    char *end = memmem(rest->at, rest->length, "\r\n\r\n", 4);
    size_t length = end ? (size_t)(end - rest->at) : rest->length;
    if (length > HEAD_MAX)
        return fail(err, ERROR_TOO_LARGE, "the head of a part has more than %zu bytes", HEAD_MAX);
    if (!end)
        return fail(err, ERROR_INVALID, "the multipart body ends within the head of a part");
    if (!read_head(arena, str_slice(*rest, 0, length), &part->head, err))
        return false;
    *rest = str_from(*rest, length + 4);
    Str found = find_delimiter(*rest, delimiter, false);
    if (!found.length)
        return fail(err, ERROR_INVALID, "the multipart body ends before its last boundary");
    size_t bytes = (size_t)(found.at - rest->at);
    part->bytes = str_slice(*rest, 0, bytes);
    *rest = str_from(*rest, bytes + delimiter.length);
    return true;
}

bool multipart_split(Arena *arena, Str content_type, Str body, size_t part_max,
                     MultipartParts *parts_r, Error *err)
{
    Str boundary, found;
    bool is_last;
    MultipartParts parts = { 0 };
    if (!find_boundary(arena, content_type, &boundary, err))
        return false;
    Str delimiter = str_format(arena, "\r\n--" STR_FMT, STR_ARG(boundary));
    found = find_delimiter(body, delimiter, true);
    if (!found.length)
        return fail(err, ERROR_INVALID, "the multipart body does not hold its boundary");
    Str rest = str_from(body, (size_t)(found.at - body.at) + found.length);
    for (;;) {
        if (!step_over(&rest, &is_last, err))
            return false;
        if (is_last)
            break;
        if (parts.count == part_max)
            return fail(err, ERROR_TOO_LARGE, "the form has more than %zu parts", part_max);
        if (!split_part(arena, &rest, delimiter, vec_push(arena, &parts), err))
            return false;
    }
    *parts_r = parts;
    return true;
}
