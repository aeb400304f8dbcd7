/* docling_options.c - see docling_options.h.
 *
 * The same options come as fields of a form or as a JSON object; both are read through Given. */
#include "api/docling_options.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/hash.h"

enum { SOURCES_MAX = 100, VALUES_MAX = 100, HEADERS_MAX = 20 };

/* Where options are looked up: in the form, or the object. */
typedef struct Given {
    Arena *arena;
    const HttpRequest *form; /* NULL: JSON */
    const json_t *json;
} Given;

/* --- Values --- */

static void add_json_value(Arena *arena, const json_t *value, StrList *list, Str *room)
{
    if (list->count == VALUES_MAX)
        return;
    if (json_is_string(value))
        room[list->count++] =
            str_copy(arena, (Str){ json_string_value(value), json_string_length(value) });
    else if (json_is_boolean(value))
        room[list->count++] = json_is_true(value) ? S("true") : S("false");
    else if (json_is_number(value))
        room[list->count++] = str_format(arena, "%.3f", json_number_value(value));
}

static void add_json_values(Arena *arena, const json_t *value, StrList *list, Str *room)
{
    if (!json_is_array(value)) {
        add_json_value(arena, value, list, room);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        add_json_value(arena, json_array_get(value, i), list, room);
}

/* A field may be a list of its own: ["md","json"]. */
static void add_field(Arena *arena, Str text, StrList *list, Str *room)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    if (str_starts(text, S("[")) && json_parse(text, KB(64), &json, &ignored))
        add_json_values(arena, json, list, room);
    else if (list->count < VALUES_MAX)
        room[list->count++] = str_copy(arena, text);
}

static StrList values(const Given *given, const char *name)
{
    Str *room = arena_new_array(given->arena, Str, VALUES_MAX);
    StrList list = { .at = room };
    if (!given->form) {
        add_json_values(given->arena, json_object_get(given->json, name), &list, room);
        return list;
    }
    for (size_t i = 0; i < given->form->part_count; i++) {
        const HttpPart *part = &given->form->parts[i];
        if (!part->temp_path && str_is(part->field, name))
            add_field(given->arena, str_trim(part->text), &list, room);
    }
    return list;
}

static Str value(const Given *given, const char *name)
{
    StrList list = values(given, name);
    return list.count ? list.at[0] : S("");
}

static bool is_false(Str text)
{
    return str_equal_ignore_case(text, S("false")) || str_is(text, "0") ||
           str_equal_ignore_case(text, S("no")) || str_equal_ignore_case(text, S("off"));
}

/* --- Options --- */

static bool read_forms(const Given *given, unsigned *forms_r, Error *err)
{
    static const struct {
        const char *name;
        unsigned form;
    } known[] = { { "md", DOCLING_MD },
                  { "markdown", DOCLING_MD },
                  { "json", DOCLING_JSON },
                  { "html", DOCLING_HTML },
                  { "text", DOCLING_TEXT },
                  { "doctags", DOCLING_DOCTAGS },
                  { "html_split_page", DOCLING_HTML } };
    StrList list = values(given, "to_formats");
    *forms_r = list.count ? 0 : DOCLING_MD;
    for (size_t i = 0; i < list.count; i++) {
        unsigned form = 0;
        for (size_t k = 0; k < COUNT(known); k++)
            form |= str_is(list.at[i], known[k].name) ? known[k].form : 0;
        if (!form)
            return fail_field(err, "to_formats",
                              "to_formats: '" STR_FMT "' is none of md, json, html, text, doctags",
                              STR_ARG(str_slice(list.at[i], 0, 60)));
        *forms_r |= form;
    }
    return true;
}

static bool read_pages(const Given *given, ConvertOptions *options, Error *err)
{
    StrList list = values(given, "page_range");
    double first, last;
    if (!list.count)
        return true;
    if (list.count != 2 || !str_to_double(list.at[0], &first) ||
        !str_to_double(list.at[1], &last) || first < 1 || last < first)
        return fail_field(err, "page_range",
                          "page_range: two numbers from 1, the first and the last page");
    options->page_first = (int)MIN(first, 1e9);
    options->page_last = (int)MIN(last, 1e9);
    return true;
}

static bool read_options(const Given *given, DoclingJob *job, Error *err)
{
    StrList languages = values(given, "ocr_lang");
    double timeout_s = 0;
    job->from = values(given, "from_formats");
    job->options.skips_recognition = is_false(value(given, "do_ocr"));
    job->options.skips_member_facts = true;
    job->options.languages = str_join(given->arena, languages.at, languages.count, S("+"));
    job->options.password = value(given, "password");
    if (str_to_double(value(given, "document_timeout"), &timeout_s) && timeout_s > 0)
        job->options.timeout_ms = (int64_t)(MIN(timeout_s, 1e6) * 1000);
    return read_forms(given, &job->forms, err) && read_pages(given, &job->options, err);
}

static bool read_target(Str kind, DoclingJob *job, Error *err)
{
    job->as_zip = str_is(kind, "zip");
    if (!kind.length || job->as_zip || str_is(kind, "inbody"))
        return true;
    return fail_field(err, "target",
                      "the target '" STR_FMT "' is not available; there are inbody and zip",
                      STR_ARG(str_slice(kind, 0, 60)));
}

bool docling_accepts(const DoclingJob *job, Str format, Str media_type)
{
    static const struct {
        const char *docling, *ours;
    } known[] = { { "pdf", "pdf" },     { "docx", "docx" },         { "pptx", "pptx" },
                  { "xlsx", "xlsx" },   { "html", "html" },         { "md", "markdown" },
                  { "csv", "csv" },     { "asciidoc", "asciidoc" }, { "image", "image/" },
                  { "audio", "audio/" } };
    for (size_t i = 0; i < COUNT(known); i++) {
        bool is_it = str_ends(str(known[i].ours), S("/"))
                         ? str_starts(media_type, str(known[i].ours))
                         : str_is(format, known[i].ours);
        for (size_t k = 0; is_it && k < job->from.count; k++)
            if (str_is(job->from.at[k], known[i].docling))
                return true;
        if (is_it)
            return !job->from.count;
    }
    return true; /* formats that docling has no name for */
}

/* --- Sources --- */

static bool too_many(Error *err)
{
    return fail(err, ERROR_TOO_LARGE, "more than %d sources", SOURCES_MAX);
}

static bool add_parts(const ApiRequest *request, DoclingJob *job, Error *err)
{
    const HttpRequest *http = request->http;
    for (size_t i = 0; i < http->part_count; i++) {
        if (!http->parts[i].temp_path)
            continue;
        ConvertFile file;
        if (job->sources.count == SOURCES_MAX)
            return too_many(err);
        if (!convert_open_part(job->arena, &http->parts[i], &file, err))
            return false;
        *vec_push(job->arena, &job->sources) = (DoclingSource){ .file = file };
    }
    return job->sources.count ||
           fail_field(err, "files", "the form has no part named 'files' with a file name");
}

static Str member(const DoclingJob *job, const json_t *object, const char *name)
{
    return str_copy(job->arena, json_member_text(object, name));
}

static bool add_encoded(const ApiRequest *request, DoclingJob *job, const json_t *source,
                        Error *err)
{
    Str bytes, name = member(job, source, "filename");
    if (!base64_decode(request->arena, json_member_text(source, "base64_string"), &bytes))
        return fail_field(err, "base64_string", "base64_string is not Base64");
    int fd = open(request->api->upload_folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "storing the source");
    DoclingSource *added = vec_push(job->arena, &job->sources);
    *added = (DoclingSource){ .file = { .fd = fd,
                                        .size = bytes.length,
                                        .name = str_slice(path_name(name), 0, 255),
                                        .sha256 = sha256_hex(job->arena, bytes) } };
    return fd_write_all(fd, bytes, err) || fail_in(err, "storing the source");
}

/* A line end would begin another header. */
static bool is_one_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return true;
}

static bool add_address(DoclingJob *job, const json_t *source, Error *err)
{
    const json_t *headers = json_object_get(source, "headers");
    HttpPair *pairs = arena_new_array(job->arena, HttpPair, HEADERS_MAX);
    size_t count = 0;
    const char *name;
    const json_t *value_json;
    Str url = member(job, source, "url");
    json_object_foreach((json_t *)(uintptr_t)headers, name, value_json)
    {
        if (json_is_string(value_json) && count < HEADERS_MAX && is_one_line(name) &&
            is_one_line(json_string_value(value_json)))
            pairs[count++] = (HttpPair){ str_copy(job->arena, str(name)),
                                         str_copy(job->arena, str(json_string_value(value_json))) };
    }
    if (job->is_stranger)
        return fail(err, ERROR_NO_LOGIN, "addresses are fetched only for those who send a key");
    if (!url.length)
        return fail_field(err, "url", "a source of kind 'http' needs a 'url'");
    *vec_push(job->arena, &job->sources) =
        (DoclingSource){ .file.fd = -1, .url = url, .headers = { pairs, count } };
    return true;
}

static bool add_source(const ApiRequest *request, DoclingJob *job, const json_t *source, Error *err)
{
    Str kind = json_member_text(source, "kind");
    if (job->sources.count == SOURCES_MAX)
        return too_many(err);
    if (str_is(kind, "file") || (!kind.length && json_object_get(source, "base64_string")))
        return add_encoded(request, job, source, err);
    if (str_is(kind, "http") || (!kind.length && json_object_get(source, "url")))
        return add_address(job, source, err);
    return fail_field(err, "kind", "a source is of kind 'file' or 'http'");
}

/* `sources`; `file_sources` and `http_sources` in docling-serve before 1.0. */
static bool add_sources(const ApiRequest *request, DoclingJob *job, Error *err)
{
    static const char *const names[] = { "sources", "file_sources", "http_sources" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const json_t *list = json_object_get(request->json, names[i]);
        for (size_t k = 0; k < json_array_size(list); k++)
            if (!add_source(request, job, json_array_get(list, k), err))
                return false;
    }
    return job->sources.count || fail_field(err, "sources", "'sources' is a list of one or more");
}

/* --- Together --- */

bool docling_read_job(const ApiRequest *request, DoclingJob *job_r, Error *err)
{
    bool is_json = request->json && request->route->body == JSON_BODY;
    DoclingJob job = { .api = request->api,
                       .arena = arena_new(CONVERT_MEMORY_MAX),
                       .is_stranger = api_is_stranger(request),
                       .is_owner = request->scope->role == ROLE_OWNER };
    Given given = { .arena = job.arena,
                    .form = is_json ? NULL : request->http,
                    .json = json_object_get(request->json, "options") };
    Str target = is_json ? json_member_text(json_object_get(request->json, "target"), "kind")
                         : value(&given, "target_type");
    bool good = read_options(&given, &job, err) && read_target(target, &job, err) &&
                (is_json ? add_sources(request, &job, err) : add_parts(request, &job, err));
    if (!good)
        docling_close_job(&job);
    else
        *job_r = job;
    return good;
}

void docling_close_job(DoclingJob *job)
{
    for (size_t i = 0; i < job->sources.count; i++)
        fd_auto(&job->sources.at[i].file.fd);
    arena_free(job->arena);
}
