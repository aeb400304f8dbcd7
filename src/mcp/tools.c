/* tools.c - the tools of the MCP server; see tools.def. */
#include <unistd.h>

#include "answer/answer_json.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/utf8.h"
#include "mcp/mcp_int.h"

#define TEXT_MAX MB(64) /* of a document that is read */
#define NAME_MAX_BYTES 1000

const McpTool mcp_tools[] = {
#define TOOL(name, title, needs, only_reads, description, input, output)                           \
    { #name, title, ROLE_##needs, only_reads, tool_##name, description, input, output },
#include "mcp/tools.def"
#undef TOOL
};
const size_t mcp_tool_count = COUNT(mcp_tools);

Str mcp_uri(Arena *arena, Str document)
{
    return str_format(arena, "lectern://documents/" STR_FMT, STR_ARG(document));
}

void mcp_link(McpToolCall *call, Str document, Str name, Str media_type)
{
    for (size_t i = 0; i < call->links.count; i++)
        if (str_equal(call->links.at[i].document, document))
            return;
    *vec_push(call->arena, &call->links) = (McpLink){ document, name, media_type };
}

/* Who answers, and where and how he searches; "none" for nobody. */
static bool set_persona(const McpToolCall *call, AnswerRequest *ask, Str named, Str mode,
                        Error *err)
{
    PersonaWish wish = { .named = named };
    const Persona *persona;
    return persona_choose(call->parts->db, call->scope, call->arena, &wish, &persona, err) &&
           answer_set_persona(ask, persona, mode, err);
}

/* --- search --- */

static void put_result(McpToolCall *call, JsonWriter *json, size_t number, const SearchHit *hit)
{
    const ChunkHit *row = &hit->row;
    Str name = path_name(row->name);
    put_object(json, NULL);
    put_text(json, "document", row->chunk.document);
    put_text(json, "name", name);
    put_text(json, "place", row->chunk.place);
    put_text(json, "text", row->chunk.text);
    put_number(json, "score", hit->score);
    put_end(json);
    buf_addf(&call->text, "[%zu] " STR_FMT ", " STR_FMT " (document " STR_FMT ")\n" STR_FMT "\n\n",
             number, STR_ARG(name), STR_ARG(row->chunk.place), STR_ARG(row->chunk.document),
             STR_ARG(row->chunk.text));
    mcp_link(call, row->chunk.document, name, row->media_type);
}

bool tool_search(McpToolCall *call, Error *err)
{
    AnswerRequest ask = { .search = { .is_remembered = true, .folds_copies = true } };
    SearchRequest *search = &ask.search;
    SearchResults results;
    QueryReading reading;
    Str mode = STR_NONE, persona = STR_NONE;
    int64_t limit = 10;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "query", JSON_STR, &search->query, true, .length_max = KB(8) },
                               { "limit", JSON_I64, &limit, .min = 1, .max = 50 },
                               { "mode", JSON_STR, &mode },
                               { "persona", JSON_STR, &persona, .length_max = 200 }),
                   err) ||
        !set_persona(call, &ask, persona, mode, err) ||
        !search_read(call->arena, search, QUERY_LENIENT, &reading, err))
        return false;
    if (!str_trim(search->query).length)
        return fail_field(err, "query", "'query' is empty");
    search->limit = (int)limit;
    if (!search_run(call->parts->searcher, call->scope, call->arena, search, &results, err))
        return false;
    JsonWriter json = put_begin(&call->structured);
    put_array(&json, "results");
    for (size_t i = 0; i < results.count; i++)
        put_result(call, &json, i + 1, &results.at[i]);
    put_end(&json);
    put_text_or_null(&json, "notice", results.notice);
    put_end(&json);
    if (!results.count)
        buf_add(&call->text, S("Nothing in the library fits."));
    return true;
}

/* --- ask --- */

bool tool_ask(McpToolCall *call, Error *err)
{
    AnswerRequest ask = { 0 };
    AnswerSink silent = { 0 };
    Answer answer;
    Str persona = STR_NONE;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "question", JSON_STR, &ask.question, true, .length_max = KB(8) },
                               { "persona", JSON_STR, &persona, .length_max = 200 }),
                   err) ||
        !set_persona(call, &ask, persona, STR_NONE, err))
        return false;
    if (!str_trim(ask.question).length)
        return fail_field(err, "question", "the question is empty");
    if (!answer_run(call->parts->answers, call->scope, call->arena, &ask, &silent, &answer, err))
        return false;
    JsonWriter json = put_begin(&call->structured);
    put_text(&json, "answer", answer.text);
    put_bool(&json, "found", answer.is_found);
    put_text(&json, "model", answer.model);
    put_text_or_null(&json, "persona", answer.persona);
    put_array(&json, "citations");
    buf_add(&call->text, answer.text);
    for (size_t i = 0; i < answer.citation_count; i++) {
        const Citation *citation = &answer.citations[i];
        Str name = path_name(citation->name);
        put_citation(&json, NULL, citation);
        buf_addf(&call->text, "\n\n[%d] " STR_FMT ", " STR_FMT ": \"" STR_FMT "\"",
                 citation->number, STR_ARG(name), STR_ARG(citation->place),
                 STR_ARG(citation->quote));
        mcp_link(call, citation->document, name, STR_NONE);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

/* --- read --- */

static void put_part(McpToolCall *call, const DocumentView *view, Str all, size_t start, size_t end)
{
    Str part = str_slice(all, start, end), name = path_name(view->document.name);
    JsonWriter json = put_begin(&call->structured);
    put_text(&json, "document", view->document.id);
    put_text(&json, "name", name);
    put_text(&json, "text", part);
    put_int(&json, "offset", (int64_t)start);
    put_int(&json, "total", (int64_t)all.length);
    if (end < all.length)
        put_int(&json, "next_offset", (int64_t)end);
    else
        put_null(&json, "next_offset");
    put_end(&json);
    buf_add(&call->text, part);
    if (end < all.length)
        buf_addf(&call->text, "\n\n[%zu of %zu bytes; more with offset %zu]", end, all.length, end);
    mcp_link(call, view->document.id, name, view->document.media_type);
}

bool tool_read(McpToolCall *call, Error *err)
{
    Str id = STR_NONE;
    int64_t offset = 0, length = 20000;
    DocumentView view;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "document", JSON_STR, &id, true, .length_max = 100 },
                               { "offset", JSON_I64, &offset, .max = INT64_MAX },
                               { "length", JSON_I64, &length, .min = 100, .max = 100000 }),
                   err))
        return false;
    if (str_starts(id, S("lectern://documents/")))
        id = str_from(id, str("lectern://documents/").length);
    Buf text = buf_new(call->arena, TEXT_MAX);
    if (!library_find(call->parts->library, call->scope, call->arena, id, &view, err) ||
        !library_print(call->parts->library, call->scope, call->arena, id, 0, TEXT_MARKDOWN, &text,
                       err))
        return false;
    Str all = buf_str(&text);
    size_t start = utf8_floor(all, (size_t)MIN(offset, (int64_t)all.length));
    size_t end = utf8_floor(all, MIN(start + (size_t)length, all.length));
    put_part(call, &view, all, start, end);
    return true;
}

/* --- add --- */

static bool add_text(McpToolCall *call, NewFile *file, Str text, Document *document, bool *is_new_r,
                     Error *err)
{
    char *path = path_join(call->arena, str(call->parts->upload_folder), id_new(call->arena));
    file->path = path;
    file->size = text.length;
    file->sha256 = sha256_hex(call->arena, text);
    file->source = S("mcp");
    if (!file_write(path, text, 0600, err))
        return false;
    if (library_accepts(path, file->name, STR_NONE, err) &&
        library_add(call->parts->library, call->scope, call->arena, file, document, is_new_r, err))
        return true;
    unlink(path);
    return false;
}

bool tool_add(McpToolCall *call, Error *err)
{
    NewFile file = { 0 };
    Document document;
    Str text = STR_NONE;
    bool is_new;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "name", JSON_STR, &file.name, true, .length_max = NAME_MAX_BYTES },
                               { "text", JSON_STR, &text, true, .length_max = MCP_BODY_MAX },
                               { "tags", JSON_STRS, &file.tags, .length_max = 50 }),
                   err))
        return false;
    if (!str_trim(text).length)
        return fail_field(err, "text", "the text is empty");
    /* A name without an ending is that of a note. */
    if (str_find_char(path_name(file.name), '.') < 0)
        file.name = str_format(call->arena, STR_FMT ".md", STR_ARG(file.name));
    if (!add_text(call, &file, text, &document, &is_new, err))
        return false;
    Str name = path_name(document.name);
    JsonWriter json = put_begin(&call->structured);
    put_text(&json, "document", document.id);
    put_text(&json, "name", name);
    put_bool(&json, "is_new", is_new);
    put_end(&json);
    buf_addf(&call->text,
             is_new ? STR_FMT " is added as document " STR_FMT "."
                    : STR_FMT " is there already, as document " STR_FMT ".",
             STR_ARG(name), STR_ARG(document.id));
    mcp_link(call, document.id, name, document.media_type);
    return true;
}
