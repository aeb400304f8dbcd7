/* har.c - HTTP archives (HAR 1.2, "Web performance"): pages, and each request with its answer as a
 * row. Their headers and bodies are not shown. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/json_pull.h"
#include "extract/metadata.h"

enum { DEPTH_MAX = 4, PATH_ROOM = 120, ADDRESS_MAX = 2000 };

static const struct {
    const char *path, *title;
} columns[] = {
    { "startedDateTime", "Started" },
    { "request.method", "Method" },
    { "request.url", "Address" },
    { "response.status", "Status" },
    { "response.content.mimeType", "Type" },
    { "response.content.size", "Bytes" },
    { "time", "Milliseconds" },
};

typedef struct Har {
    DocWriter *doc;
    Arena *arena, *row_arena; /* of the file, of a request */
    JsonReader in;
    Str creator;
    int64_t requests;
    bool in_table;
} Har;

/* The members of an object whose paths are wanted; others are passed over. */
static void read_object(Har *har, Str *cells, const char *before, int depth)
{
    char path[PATH_ROOM];
    Str key;
    if (json_peek(&har->in) != TOKEN_OBJECT || depth > DEPTH_MAX) {
        json_skip(&har->in);
        return;
    }
    json_take(&har->in, NULL, NULL);
    while (json_next_member(&har->in, har->row_arena, &key)) {
        bool is_wanted = false, is_around = false;
        snprintf(path, sizeof path, "%s" STR_FMT, before, STR_ARG(str_slice(key, 0, 40)));
        size_t length = strlen(path);
        for (size_t i = 0; i < COUNT(columns); i++) {
            is_around |=
                strncmp(columns[i].path, path, length) == 0 && columns[i].path[length] == '.';
            if (strcmp(columns[i].path, path) != 0)
                continue;
            is_wanted = true;
            cells[i] = str_slice(json_take_text(&har->in, har->row_arena), 0, ADDRESS_MAX);
        }
        if (is_around) {
            snprintf(path + length, sizeof path - length, ".");
            read_object(har, cells, path, depth + 1);
        } else if (!is_wanted) {
            json_skip(&har->in);
        }
    }
}

static void read_request(Har *har)
{
    Str cells[COUNT(columns)] = { 0 };
    char anchor[40];
    int line = (json_peek(&har->in), har->in.line);
    arena_reset(har->row_arena);
    read_object(har, cells, "", 0);
    snprintf(anchor, sizeof anchor, "$.log.entries[%" PRId64 "]", har->requests++);
    doc_place(har->doc, &(Place){ .line_first = line,
                                  .line_last = MAX(line, har->in.line),
                                  .anchor = str(anchor) });
    for (size_t i = 0; i < COUNT(columns); i++)
        doc_cell(har->doc, cells[i]);
    doc_row_end(har->doc);
}

static void read_requests(Har *har)
{
    doc_table_begin(har->doc);
    for (size_t i = 0; i < COUNT(columns); i++)
        doc_cell(har->doc, str(columns[i].title));
    doc_row_end(har->doc);
    doc_header_end(har->doc);
    while (doc_writer_ok(har->doc) && json_next_item(&har->in))
        read_request(har);
    doc_table_end(har->doc);
}

static void read_pages(Har *har)
{
    Str key;
    while (doc_writer_ok(har->doc) && json_next_item(&har->in)) {
        if (json_peek(&har->in) != TOKEN_OBJECT) {
            json_skip(&har->in);
            continue;
        }
        arena_reset(har->row_arena);
        json_take(&har->in, NULL, NULL);
        while (json_next_member(&har->in, har->row_arena, &key)) {
            if (!str_is(key, "title")) {
                json_skip(&har->in);
                continue;
            }
            doc_place(har->doc, &(Place){ .line_first = har->in.line, .line_last = har->in.line });
            doc_list_item(har->doc, 1, S("-"), json_take_text(&har->in, har->row_arena));
        }
    }
}

static void read_creator(Har *har)
{
    Str key;
    json_take(&har->in, NULL, NULL);
    while (json_next_member(&har->in, har->arena, &key))
        if (str_is(key, "name"))
            har->creator = json_take_text(&har->in, har->arena);
        else
            json_skip(&har->in);
}

static void read_log(Har *har)
{
    Str key;
    json_take(&har->in, NULL, NULL);
    while (json_next_member(&har->in, har->arena, &key)) {
        JsonToken next = json_peek(&har->in);
        bool is_array = next == TOKEN_ARRAY;
        if (str_is(key, "creator") && next == TOKEN_OBJECT) {
            read_creator(har);
        } else if (is_array && (str_is(key, "entries") || str_is(key, "pages"))) {
            json_take(&har->in, NULL, NULL);
            str_is(key, "entries") ? read_requests(har) : read_pages(har);
        } else {
            json_skip(&har->in);
        }
    }
}

/* Stands before the value of "log"; false: there is none. */
static bool find_log(JsonReader *in, Arena *arena)
{
    Str key;
    if (json_take(in, NULL, NULL) != TOKEN_OBJECT)
        return false;
    while (json_next_member(in, arena, &key)) {
        if (str_is(key, "log"))
            return json_peek(in) == TOKEN_OBJECT;
        if (!json_skip(in))
            return false;
    }
    return false;
}

static bool har_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Har har = { .doc = doc, .arena = arena, .row_arena = row_arena };
    har.in = (JsonReader){ .text = text_decode(arena, source->bytes, STR_NONE, NULL), .line = 1 };
    if (!find_log(&har.in, arena))
        return fail(err, ERROR_DAMAGED, "it does not hold the log of an HTTP archive");
    read_log(&har);
    doc_place(doc, &(Place){ 0 });
    doc_meta(doc, "software", har.creator);
    doc_meta_whole(doc, "requests", har.requests);
    doc_warning(doc, S("headers and bodies of requests and answers are not shown"));
    return true;
}

static int har_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str key;
    int known = 0;
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    JsonReader in = { .text = text_head(arena, bytes, KB(8)), .line = 1 };
    if (!find_log(&in, arena))
        return 0;
    json_take(&in, NULL, NULL);
    while (json_next_member(&in, arena, &key)) {
        known += str_is(key, "version") || str_is(key, "creator") || str_is(key, "pages") ||
                 str_is(key, "entries");
        if (known > 1)
            return 90;
        if (!json_skip(&in))
            break;
    }
    return known ? 30 : 0;
}

const Extractor extractor_har = {
    .name = "har",
    .title = "HTTP archive (HAR)",
    .extensions = LIST("har"),
    .media_types = LIST("application/har+json"),
    .sniff = har_sniff,
    .extract = har_extract,
};
