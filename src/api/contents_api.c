/* contents_api.c - looking inside documents: text, blocks, passages, pages, the original. */
#include <fcntl.h>
#include <sys/stat.h>

#include "api/document_json.h"
#include "base/file.h"
#include "store/blocks_store.h"

#define PAGE_WIDTH_MAX 3000

/* The block kinds by their stored numbers, as extract/document.h names them. */
static Str kind_of(const StoredBlock *block) { return str(library_block_kind(block->kind)); }

/* ?version= of the document, as citations name it. */
static bool read_version(const ApiRequest *request, int64_t *version_r, Error *err)
{
    return api_query_int(request, "version", 0, INT32_MAX, 0, version_r, err);
}

bool documents_text(ApiRequest *request, HttpResponse *response, Error *err)
{
    static const struct {
        const char *name;
        TextForm form;
        const char *media_type;
    } forms[] = {
        { "text", TEXT_PLAIN, "text/plain; charset=utf-8" },
        { "markdown", TEXT_MARKDOWN, "text/markdown; charset=utf-8" },
        { "json", TEXT_JSON, "application/json" },
        { "html", TEXT_HTML, "text/html; charset=utf-8" },
    };
    Str wanted = http_query(request->http, "format");
    int64_t version;
    if (!read_version(request, &version, err))
        return false;
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (wanted.length ? !str_is(wanted, forms[i].name) : i != 0)
            continue;
        response->media_type = str(forms[i].media_type);
        return library_print(request->api->library, request->scope, request->arena,
                             request->params[0], version, forms[i].form, &response->body, err);
    }
    return fail_field(err, "format", "'format' is text, markdown, json or html");
}

/* --- Blocks and chunks --- */

static void put_place(JsonWriter *json, Arena *arena, const StoredBlock *block)
{
    put_object(json, "place");
    put_text(json, "text", library_block_place(arena, block));
    if (block->page)
        put_int(json, block->is_slide ? "slide" : "page", block->page);
    if (block->sheet.length)
        put_text(json, "sheet", block->sheet);
    if (block->cells.length)
        put_text(json, "cells", block->cells);
    if (block->line_first) {
        put_array(json, "lines");
        put_int(json, NULL, block->line_first);
        put_int(json, NULL, block->line_last);
        put_end(json);
    }
    if (block->end_ms) {
        put_int(json, "start_ms", block->start_ms);
        put_int(json, "end_ms", block->end_ms);
    }
    if (block->part.length)
        put_text(json, "part", block->part);
    if (block->x1 > block->x0) {
        put_array(json, "box");
        put_number(json, NULL, (double)block->x0);
        put_number(json, NULL, (double)block->y0);
        put_number(json, NULL, (double)block->x1);
        put_number(json, NULL, (double)block->y1);
        put_end(json);
    }
    put_end(json);
}

/* A row's cells one by one; those over several columns or rows say how many. */
static void put_cells(JsonWriter *json, const StoredBlock *block, Str text)
{
    put_int(json, "table", block->table);
    put_bool(json, "header", block->is_header_row);
    put_array(json, "cells");
    for (size_t i = 0; i < block->cell_count; i++) {
        const StoredCell *cell = &block->cell[i];
        put_text(json, NULL, str_slice(text, cell->start, (size_t)cell->start + cell->length));
    }
    put_end(json);
    bool has_spans = false;
    for (size_t i = 0; i < block->cell_count; i++)
        has_spans = has_spans || block->cell[i].column_span > 1 || block->cell[i].row_span > 1;
    if (!has_spans)
        return;
    put_array(json, "spans");
    for (size_t i = 0; i < block->cell_count; i++) {
        put_array(json, NULL);
        put_int(json, NULL, MAX(block->cell[i].column_span, 1));
        put_int(json, NULL, MAX(block->cell[i].row_span, 1));
        put_end(json);
    }
    put_end(json);
}

/* ?after= is the ordinal of the first one wanted. */
static bool read_window(const ApiRequest *request, int64_t *first_r, int64_t *count_r, Error *err)
{
    return api_query_int(request, "limit", 1, SLICE_MAX, 200, count_r, err) &&
           api_query_int(request, "after", 0, INT32_MAX, 0, first_r, err);
}

static Str next_of(Arena *arena, int64_t first, int64_t count, size_t got)
{
    return (int64_t)got < count ? S("") : str_format(arena, "%" PRId64, first + count);
}

/* ?start= is a byte of the text: the blocks begin with the one that holds it. */
static bool read_start(const ApiRequest *request, int64_t version, int64_t *first, Error *err)
{
    int64_t start;
    if (!http_query(request->http, "start").length)
        return true;
    return api_query_int(request, "start", 0, INT64_MAX - 8, 0, &start, err) &&
           library_block_at(request->api->library, request->scope, request->arena,
                            request->params[0], version, start, first, err);
}

bool documents_blocks(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t version, first, count;
    StoredBlockList list;
    Str text;
    if (!read_version(request, &version, err) || !read_window(request, &first, &count, err) ||
        !read_start(request, version, &first, err) ||
        !library_blocks(request->api->library, request->scope, request->arena, request->params[0],
                        version, first, count, &list, &text, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const StoredBlock *block = &list.at[i];
        size_t start = (size_t)(block->start - list.at[0].start);
        Str own = str_slice(text, start, start + block->length);
        put_object(&json, NULL);
        put_int(&json, "ordinal", block->ordinal);
        put_text(&json, "kind", kind_of(block));
        put_int(&json, "level", block->level);
        put_text(&json, "text", own);
        put_text_or_null(&json, "label", block->label);
        put_int(&json, "start", (int64_t)block->start);
        put_int(&json, "length", (int64_t)block->length);
        put_place(&json, request->arena, block);
        if (block->cell_count)
            put_cells(&json, block, own);
        put_end(&json);
    }
    api_list_end(&json, -1, next_of(request->arena, first, count, list.count));
    return true;
}

bool documents_structure(ApiRequest *request, HttpResponse *response, Error *err)
{
    DocumentStructure structure;
    int64_t version;
    if (!read_version(request, &version, err) ||
        !library_structure(request->api->library, request->scope, request->params[0], version,
                           &structure, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_structure(&json, "structure", &structure);
    put_end(&json);
    return true;
}

bool documents_outline(ApiRequest *request, HttpResponse *response, Error *err)
{
    OutlineList list;
    int64_t version;
    if (!read_version(request, &version, err) ||
        !library_outline(request->api->library, request->scope, request->arena, request->params[0],
                         version, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const OutlineEntry *entry = &list.at[i];
        put_object(&json, NULL);
        put_text(&json, "kind", str(entry->kind));
        put_int(&json, "ordinal", entry->ordinal);
        put_int(&json, "level", entry->level);
        put_text(&json, "text", entry->text);
        put_text(&json, "place", entry->place);
        put_bool(&json, "hidden", entry->is_hidden);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

bool documents_chunks(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t version, first, count;
    ChunkList list;
    if (!read_version(request, &version, err) || !read_window(request, &first, &count, err) ||
        !library_chunks(request->api->library, request->scope, request->arena, request->params[0],
                        version, first, count, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_chunk(&json, &list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, next_of(request->arena, first, count, list.count));
    return true;
}

bool documents_view(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t version, start, end;
    response->media_type = S("text/html; charset=utf-8");
    return read_version(request, &version, err) &&
           api_query_int(request, "start", 0, INT64_MAX, 0, &start, err) &&
           api_query_int(request, "end", 0, INT64_MAX, start, &end, err) &&
           library_view(request->api->library, request->scope, request->arena, request->params[0],
                        version, start, end, &response->body, err);
}

/* --- The original and its pages --- */

/* What a browser draws or plays and cannot run: no HTML, no SVG, no XML. */
static bool is_safe_inline(Str media_type)
{
    static const char *const safe[] = {
        "application/pdf", "image/png",  "image/jpeg", "image/gif",
        "image/webp",      "image/avif", "image/bmp",  "text/plain"
    };
    if (str_starts(media_type, S("audio/")) || str_starts(media_type, S("video/")))
        return true;
    ptrdiff_t end = str_find_char(media_type, ';');
    Str type = end < 0 ? media_type : str_trim(str_slice(media_type, 0, (size_t)end));
    for (size_t i = 0; i < COUNT(safe); i++)
        if (str_equal_ignore_case(type, str(safe[i])))
            return true;
    return false;
}

/* To the store itself, when the setting allows it and it has addresses; else *is_sent_r is false.
 */
static bool send_elsewhere(ApiRequest *request, HttpResponse *response, int64_t version,
                           bool *is_sent_r, Error *err)
{
    Str url = S("");
    if (request->api->redirect_s && str_is(http_query(request->http, "redirect"), "1") &&
        !library_original_url(request->api->library, request->scope, request->arena,
                              request->params[0], version, request->api->redirect_s, &url, err))
        return false;
    *is_sent_r = url.length > 0;
    if (url.length) {
        response->status = 307;
        http_header(response, "Location", url);
        http_header(response, "Cache-Control", S("no-store"));
    }
    return true;
}

/* A player and a reader of PDF ask for parts, of which a store elsewhere need not send the rest. */
static bool open_wanted(ApiRequest *request, int64_t version, Document *document_r, int *fd_r,
                        uint64_t *from_r, Error *err)
{
    Library *library = request->api->library;
    const Scope *scope = request->scope;
    Str id = request->params[0];
    DocumentView view;
    BlobPart part;
    *from_r = 0;
    if (version || !http_header_in(request->http, "Range").length)
        return library_open_original(library, scope, request->arena, id, version, document_r, fd_r,
                                     err);
    if (!library_find(library, scope, request->arena, id, &view, err))
        return false;
    *document_r = view.document;
    if (!http_asks_part(request->http, (uint64_t)document_r->size_bytes, document_r->blob,
                        &part.start, &part.length))
        return library_open_original(library, scope, request->arena, id, 0, document_r, fd_r, err);
    return library_open_part(library, scope, document_r, &part, fd_r, from_r, err);
}

bool documents_original(ApiRequest *request, HttpResponse *response, Error *err)
{
    Document document;
    bool is_sent = false;
    uint64_t from;
    int64_t version;
    int fd;
    if (!read_version(request, &version, err) ||
        !send_elsewhere(request, response, version, &is_sent, err) || is_sent)
        return is_sent;
    if (!open_wanted(request, version, &document, &fd, &from, err))
        return false;
    HttpFile file = { .fd = fd,
                      .from = from,
                      .size = (uint64_t)document.size_bytes,
                      .media_type = document.media_type.length ? document.media_type
                                                               : S("application/octet-stream"),
                      .etag = document.blob,
                      .name = path_name(document.name) };
    file.is_shown =
        str_is(http_query(request->http, "inline"), "1") && is_safe_inline(file.media_type);
    http_respond_file(response, &file);
    return true;
}

bool documents_pages(ApiRequest *request, HttpResponse *response, Error *err)
{
    PageSizeList list;
    int64_t version;
    if (!read_version(request, &version, err) ||
        !library_page_sizes(request->api->library, request->scope, request->arena,
                            request->params[0], version, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "count", (int64_t)list.count);
    put_array(&json, "sizes");
    for (size_t i = 0; i < list.count; i++) {
        put_array(&json, NULL);
        put_number(&json, NULL, (double)list.at[i].width);
        put_number(&json, NULL, (double)list.at[i].height);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool documents_page(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = request->params[1];
    PageWanted wanted = { .document = request->params[0],
                          .quote = http_query(request->http, "quote") };
    int64_t page, width;
    DrawnPage picture;
    if (str_ends(name, S(".png")))
        name.length -= 4;
    if (!str_to_int(name, 1, INT32_MAX, &page))
        return fail(err, ERROR_NOT_FOUND, "there is no page '" STR_FMT "'", STR_ARG(name));
    if (!read_version(request, &wanted.version, err) ||
        !api_query_int(request, "width", 50, PAGE_WIDTH_MAX, 900, &width, err))
        return false;
    wanted.page = (int)page;
    wanted.width = (int)width;
    if (!library_page(request->api->library, request->scope, request->arena, &wanted, &picture,
                      err))
        return false;
    response->media_type = S("image/png");
    buf_add(&response->body, picture.png);
    http_header(response, "X-Marked", str_format(request->arena, "%d", picture.marked));
    return true;
}
