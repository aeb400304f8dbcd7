/* convert.c - see convert.h. */
#include "api/convert.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "net/multipart.h"
#include "net/url.h"

/* Larger answers go through a file, so that a request's memory stays small. */
#define IN_MEMORY_MAX MB(16)

/* --- The file of a request --- */

/* RFC 6266: filename*=UTF-8''a%20b before filename="a b". Some clients encode the latter too. */
static Str disposition_name(Arena *arena, Str header)
{
    Error ignored;
    Str decoded, coded = header_parameter(arena, header, "filename*");
    ptrdiff_t quote = str_find_last_char(coded, '\'');
    Str name = quote >= 0 ? str_from(coded, (size_t)quote + 1)
                          : header_parameter(arena, header, "filename");
    return url_decode(arena, name, false, &decoded, &ignored) ? decoded : name;
}

static Str plain_name(Arena *arena, Str name)
{
    Str clean = utf8_clean(arena, path_name(name));
    return str_copy(arena, str_slice(clean, 0, utf8_floor(clean, MIN(clean.length, (size_t)255))));
}

Str convert_media_hint(Str type)
{
    ptrdiff_t end = str_find_char(type, ';');
    Str name = str_trim(end < 0 ? type : str_slice(type, 0, (size_t)end));
    bool says_nothing = str_equal_ignore_case(name, S("application/octet-stream")) ||
                        str_equal_ignore_case(name, S("application/x-www-form-urlencoded"));
    return says_nothing ? S("") : name;
}

bool convert_open_part(Arena *arena, const HttpPart *part, ConvertFile *file_r, Error *err)
{
    int fd = open(part->temp_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening the upload");
    *file_r = (ConvertFile){ .fd = fd,
                             .size = part->size,
                             .name = plain_name(arena, part->file_name),
                             .media_type = str_copy(arena, convert_media_hint(part->media_type)),
                             .sha256 = str_copy(arena, str(part->sha256)) };
    return true;
}

bool convert_open(const ApiRequest *request, ConvertFile *file_r, Error *err)
{
    const HttpRequest *http = request->http;
    Str header = http_header_in(http, "Content-Disposition");
    const HttpPart *part = NULL;
    for (size_t i = 0; i < http->part_count && !part; i++)
        if (http->parts[i].temp_path)
            part = &http->parts[i];
    if (!part)
        return fail(err, ERROR_INVALID, "the form has no part with a file");
    if (!convert_open_part(request->arena, part, file_r, err))
        return false;
    if (str_is(part->field, "body") && str_is(part->file_name, "body")) {
        Str name = header.length ? disposition_name(request->arena, header)
                                 : http_header_in(http, "File-Name");
        file_r->name = plain_name(request->arena, name);
    }
    return true;
}

/* --- Reading --- */

bool convert_read(const Api *api, Arena *arena, const ConvertFile *file,
                  const ConvertOptions *options, Extraction *extraction_r, Error *err)
{
    ConversionInput input = { .fd = file->fd,
                              .name = file->name,
                              .media_type = file->media_type,
                              .password = options->password,
                              .languages = options->languages,
                              .skips_recognition = options->skips_recognition,
                              .skips_member_facts = options->skips_member_facts,
                              .timeout_ms = options->timeout_ms,
                              .hears_for = options->hears_for,
                              .spool_folder = options->keeps_members ? api->upload_folder : NULL,
                              .cancelled = conversions_stopping(api->conversions) };
    if (library_convert(api->library, arena, &input, extraction_r, err))
        return true;
    return err->code != ERROR_CANCELLED ? false : fail(err, ERROR_BUSY, "the server is stopping");
}

/* --- What of it is wanted --- */

static bool is_mail(const DocNode *node)
{
    for (size_t i = 0; i < node->blocks.count; i++)
        if (node->blocks.at[i].kind == BLOCK_META &&
            str_equal_ignore_case(node->blocks.at[i].label, S("from")))
            return true;
    return false;
}

static bool is_mail_fact(const Block *block)
{
    static const char *const names[] = { "from", "to", "cc", "subject", "sent" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(block->label, str(names[i])))
            return true;
    return false;
}

static bool is_wanted(const Block *block, const ConvertOptions *options, bool keeps_facts)
{
    int page = block->place.page;
    if (block->kind == BLOCK_PAGE || (options->drops_furniture && block->kind == BLOCK_HEADER))
        return false;
    if (block->kind == BLOCK_META)
        return keeps_facts && is_mail_fact(block);
    return !options->page_last || !page ||
           (page >= options->page_first && page <= options->page_last);
}

DocNode *convert_select(Arena *arena, const DocNode *node, const ConvertOptions *options,
                        bool keeps_facts)
{
    DocNode *copy = arena_new_one(arena, DocNode);
    *copy = *node;
    memset(&copy->blocks, 0, sizeof copy->blocks);
    memset(&copy->starts, 0, sizeof copy->starts);
    memset(&copy->children, 0, sizeof copy->children);
    copy->text_length = 0;
    bool keeps_these = keeps_facts && is_mail(node);
    for (size_t i = 0; i < node->blocks.count; i++)
        if (is_wanted(&node->blocks.at[i], options, keeps_these))
            doc_node_add(arena, copy, &node->blocks.at[i]);
    for (size_t i = 0; i < node->children.count; i++) {
        DocNode *child = convert_select(arena, node->children.at[i], options, keeps_facts);
        child->parent = copy;
        *vec_push(arena, &copy->children) = child;
    }
    return copy;
}

/* --- Answers --- */

bool convert_respond(const ApiRequest *request, HttpResponse *response, Str body, Str media_type,
                     Error *err)
{
    response->media_type = media_type;
    if (body.length <= IN_MEMORY_MAX) {
        buf_add(&response->body, body);
        return true;
    }
    if (body.length > CONVERT_ANSWER_MAX)
        return fail(err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes",
                    CONVERT_ANSWER_MAX);
    int fd = open(request->api->upload_folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "writing the answer");
    if (!fd_write_all(fd, body, err)) {
        close(fd);
        return fail_in(err, "writing the answer");
    }
    http_respond_file(response,
                      &(HttpFile){ .fd = fd, .size = body.length, .media_type = media_type });
    return true;
}

static void refuse_docling(const Error *err, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "detail", str(err->message));
    put_text(&json, "code", str(error_name(err->code)));
    put_end(&json);
}

static void refuse_process(const Error *err, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", false);
    put_text(&json, "error", str(err->message));
    put_text(&json, "code", str(error_name(err->code)));
    put_end(&json);
}

/* The shape that clients of the task assistant read. */
static void refuse_assistant(const Error *err, HttpResponse *response)
{
    char now[TIME_TEXT_SIZE];
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "error", str(error_name(err->code)));
    put_text(&json, "message", str(err->message));
    put_text_or_null(&json, "details", str(err->field));
    put_int(&json, "status_code", response->status);
    put_text(&json, "timestamp", time_format(now_ms(), now));
    put_end(&json);
}

bool convert_refuse(const char *tag, const Error *err, HttpResponse *response)
{
    bool is_tika = strcmp(tag, TAG_TIKA) == 0, is_docling = strcmp(tag, TAG_DOCLING) == 0;
    bool is_assistant = strcmp(tag, TAG_ASSISTANT) == 0;
    if (!is_tika && !is_docling && !is_assistant && strcmp(tag, TAG_PROCESS) != 0)
        return false;
    response->body.length = 0;
    response->media_type = is_tika ? S("text/plain; charset=utf-8") : S("application/json");
    if (is_tika)
        buf_addf(&response->body, "%s\n", err->message);
    else if (is_docling)
        refuse_docling(err, response);
    else if (is_assistant)
        refuse_assistant(err, response);
    else
        refuse_process(err, response);
    return true;
}
