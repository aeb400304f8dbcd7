/* tika_api.c - what clients of Apache Tika's server ask: /tika, /rmeta, /meta, /detect, /language,
 * /unpack.
 *
 * Paths, headers and names of metadata are those of tika-server 2 and 3 (its wiki page "TikaServer"
 * and JAX-RS resources). Texts are ours: facts that Tika finds elsewhere may be missing, and
 * X-TIKA:Parsed-By says who has read. */
#include "api/tika_print.h"

#include <unistd.h>

#include "api/pack.h"
#include "base/base64.h"
#include "base/file.h"

#define TEXT_PLAIN_TYPE S("text/plain; charset=UTF-8")

/* --- What is asked --- */

/* Whether the client takes this media type, and says so. */
static bool accepts(const ApiRequest *request, const char *media_type)
{
    Str rest = http_header_in(request->http, "Accept"), item;
    while (str_next(&rest, ',', &item)) {
        ptrdiff_t end = str_find_char(item, ';');
        Str name = str_trim(end < 0 ? item : str_slice(item, 0, (size_t)end));
        if (str_equal_ignore_case(name, str(media_type)))
            return true;
    }
    return false;
}

static Str password_of(const ApiRequest *request)
{
    Str bytes, coded = http_header_in(request->http, "Password_Base64_UTF-8");
    if (coded.length && base64_decode(request->arena, coded, &bytes))
        return bytes;
    return http_header_in(request->http, "Password");
}

static ConvertOptions options_of(const ApiRequest *request)
{
    const HttpRequest *http = request->http;
    Str strategy = http_header_in(http, "X-Tika-PDFOcrStrategy");
    Str skip = http_header_in(http, "X-Tika-OCRskipOcr");
    int64_t timeout_ms = 0;
    (void)str_to_int(http_header_in(http, "X-Tika-Timeout-Millis"), 1, INT32_MAX, &timeout_ms);
    return (ConvertOptions){ .password = password_of(request),
                             .languages = http_header_in(http, "X-Tika-OCRLanguage"),
                             .skips_recognition = str_equal_ignore_case(strategy, S("no_ocr")) ||
                                                  str_equal_ignore_case(skip, S("true")),
                             .timeout_ms = timeout_ms };
}

static bool form_of(Str handler, TikaForm *form_r, Error *err)
{
    static const struct {
        const char *name;
        TikaForm form;
    } forms[] = { { "text", TIKA_TEXT },  { "html", TIKA_XHTML },   { "xml", TIKA_XHTML },
                  { "body", TIKA_TEXT },  { "main", TIKA_TEXT },    { "ignore", TIKA_IGNORE },
                  { "json", TIKA_XHTML }, { "markdown", TIKA_TEXT } };
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_equal_ignore_case(handler, str(forms[i].name))) {
            *form_r = forms[i].form;
            return true;
        }
    return fail(err, ERROR_NOT_FOUND,
                "there is no handler '" STR_FMT "'; there are text, html, xml, body, ignore",
                STR_ARG(handler));
}

/* --- Reading --- */

typedef struct TikaWork {
    ApiRequest *request;
    HttpResponse *response;
    Arena *arena; /* of this work alone */
    ConvertFile file;
    ConvertOptions options;
    Extraction extraction;
    TikaForm form;
    bool as_json, is_cut; /* is_cut: a text was too long for an answer */
    Str media_type;       /* of a text answer */
} TikaWork;

typedef bool TikaAnswer(TikaWork *work, Error *err);

/* Open the file, take a place, `run`, give the place back. */
static bool with_file(TikaWork *work, TikaAnswer *run, Error *err)
{
    const ApiRequest *request = work->request;
    struct Conversions *places = request->api->conversions;
    bool is_stranger = api_is_stranger(request);
    AUTO_ARENA Arena *arena = arena_new(CONVERT_MEMORY_MAX);
    work->arena = arena;
    if (!convert_open(request, &work->file, err))
        return false;
    AUTO_CLOSE int fd = work->file.fd;
    (void)fd;
    if (!conversion_begin(places, is_stranger, err))
        return false;
    bool good = run(work, err);
    conversion_end(places, is_stranger);
    return good;
}

static bool read_file(TikaWork *work, Error *err)
{
    return convert_read(work->request->api, work->arena, &work->file, &work->options,
                        &work->extraction, err);
}

static bool is_empty(const TikaWork *work) { return work->file.size == 0; }

/* An empty file has an empty text, and no kind. */
static DocNode *no_document(TikaWork *work)
{
    DocNode *node = arena_new_one(work->arena, DocNode);
    node->name = work->file.name;
    return node;
}

static TikaFacts facts_of_file(TikaWork *work, const DocNode *node)
{
    TikaFacts facts = tika_facts(work->arena, node);
    tika_fact_add(&facts, S("Content-Length"),
                  str_format(work->arena, "%" PRIu64, work->file.size));
    return facts;
}

static Str content(TikaWork *work, const DocNode *node, const TikaFacts *facts, bool deep)
{
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    if (work->form == TIKA_TEXT)
        tika_text(&out, node, deep);
    else
        tika_xhtml(&out, node, facts, deep);
    work->is_cut |= out.overflowed;
    return buf_str(&out);
}

static bool respond(TikaWork *work, const Buf *out, Str media_type, Error *err)
{
    if (out->overflowed || work->is_cut)
        return fail(err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes", out->limit);
    return convert_respond(work->request, work->response, buf_str(out), media_type, err);
}

/* --- /tika --- */

static bool answer_tika_json(TikaWork *work, const DocNode *node, Error *err)
{
    TikaFacts facts = facts_of_file(work, node);
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    JsonWriter json = put_begin(&out);
    tika_put_facts(&json, &facts);
    if (work->form != TIKA_IGNORE)
        put_text(&json, "X-TIKA:content", content(work, node, &facts, true));
    put_end(&json);
    return respond(work, &out, S("application/json"), err);
}

static bool answer_tika(TikaWork *work, Error *err)
{
    if (!is_empty(work) && !read_file(work, err))
        return false;
    const DocNode *node = is_empty(work) ? no_document(work) : work->extraction.root;
    if (work->as_json)
        return answer_tika_json(work, node, err);
    if (is_empty(work))
        return api_done(work->response);
    TikaFacts facts = facts_of_file(work, node);
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    buf_add(&out, content(work, node, &facts, true));
    return respond(work, &out, work->media_type, err);
}

/* The form of the answer from Accept; text where anything goes. */
static void choose_answer(TikaWork *work)
{
    const ApiRequest *request = work->request;
    work->form = TIKA_XHTML;
    if (accepts(request, "application/json")) {
        work->as_json = true;
    } else if (accepts(request, "text/plain")) {
        work->form = TIKA_TEXT;
        work->media_type = TEXT_PLAIN_TYPE;
    } else if (accepts(request, "text/html")) {
        work->media_type = S("text/html; charset=UTF-8");
    } else if (accepts(request, "text/xml") || accepts(request, "application/xml") ||
               accepts(request, "application/xhtml+xml")) {
        work->media_type = S("text/xml; charset=UTF-8");
    } else {
        work->form = TIKA_TEXT;
        work->media_type = TEXT_PLAIN_TYPE;
    }
}

bool tika_convert(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response, .options = options_of(request) };
    work.options.skips_member_facts = true;
    choose_answer(&work);
    return with_file(&work, answer_tika, err);
}

/* /tika/text and the like answer with JSON, unless the client wants nothing but plain text. */
bool tika_convert_as(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response, .options = options_of(request) };
    if (!form_of(request->params[0], &work.form, err))
        return false;
    bool wants_json = accepts(request, "application/json") || accepts(request, "*/*");
    work.options.skips_member_facts = true;
    work.as_json = wants_json || !accepts(request, "text/plain") || work.form != TIKA_TEXT;
    work.media_type = TEXT_PLAIN_TYPE;
    return with_file(&work, answer_tika, err);
}

bool tika_greet(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    response->media_type = TEXT_PLAIN_TYPE;
    buf_add(&response->body,
            S("This is Lectern " VERSION ", which answers as Tika Server does. Please PUT\n"));
    return true;
}

/* --- /rmeta --- */

static void put_entry(TikaWork *work, JsonWriter *json, const DocNode *node, Str path, int depth)
{
    bool is_root = depth == 0;
    TikaFacts facts = is_root ? facts_of_file(work, node) : tika_facts(work->arena, node);
    if (node->failure.code != ERROR_NONE)
        tika_fact_add(&facts,
                      is_root ? S("X-TIKA:EXCEPTION:container_exception")
                              : S("X-TIKA:EXCEPTION:embedded_exception"),
                      str(node->failure.message));
    tika_fact_add(&facts, S("X-TIKA:embedded_depth"), str_format(work->arena, "%d", depth));
    if (!is_root) {
        tika_fact_add(&facts, S("X-TIKA:embedded_resource_path"), path);
        tika_fact_add(&facts, S("embeddedResourceType"), S("ATTACHMENT"));
    }
    put_object(json, NULL);
    tika_put_facts(json, &facts);
    if (work->form != TIKA_IGNORE) {
        put_text(json, "X-TIKA:content_handler",
                 work->form == TIKA_TEXT ? S("ToTextContentHandler") : S("ToXMLContentHandler"));
        put_text(json, "X-TIKA:content", content(work, node, &facts, false));
    }
    put_end(json);
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        Str inside =
            str_format(work->arena, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(child->name));
        put_entry(work, json, child, inside, depth + 1);
    }
}

/* As Tika has it, what cannot be read is an answer here, with the reason in it. */
static bool answer_rmeta(TikaWork *work, Error *err)
{
    DocNode *node = no_document(work);
    Error why = { 0 };
    if (is_empty(work))
        fail(&node->failure, ERROR_INVALID, "the file is empty");
    else if (read_file(work, &why))
        node = work->extraction.root;
    else if (error_is_temporary(why.code) && why.code != ERROR_TIMEOUT)
        return *err = why, false;
    else
        node->failure = why;
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    JsonWriter json = put_begin_array(&out);
    put_entry(work, &json, node, S(""), 0);
    put_end(&json);
    return respond(work, &out, S("application/json"), err);
}

bool tika_rmeta(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = {
        .request = request, .response = response, .options = options_of(request), .form = TIKA_XHTML
    };
    return (!request->params[0].length || form_of(request->params[0], &work.form, err)) &&
           with_file(&work, answer_rmeta, err);
}

/* --- /meta --- */

static bool answer_meta(TikaWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Str wanted = request->params[0];
    if (is_empty(work))
        return fail(err, ERROR_DAMAGED, "the file is empty");
    if (!read_file(work, err))
        return false;
    const DocNode *node = work->extraction.root;
    TikaFacts facts = facts_of_file(work, node);
    Str language = library_language(doc_node_text(request->arena, node));
    if (language.length)
        tika_fact_add(&facts, S("language"), language);
    if (wanted.length) {
        const TikaFact *one = tika_fact(&facts, wanted);
        if (!one)
            return fail(err, ERROR_NOT_FOUND, "Failed to get metadata field " STR_FMT,
                        STR_ARG(wanted));
        TikaFacts only = { .arena = work->arena };
        *vec_push(work->arena, &only.list) = *one;
        facts = only;
    }
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    if (accepts(request, "application/json")) {
        JsonWriter json = put_begin(&out);
        tika_put_facts(&json, &facts);
        put_end(&json);
        return respond(work, &out, S("application/json"), err);
    }
    if (wanted.length && accepts(request, "text/plain")) {
        buf_add(&out, facts.list.at[0].values.at[0]);
        return respond(work, &out, TEXT_PLAIN_TYPE, err);
    }
    tika_csv(&out, &facts);
    return respond(work, &out, S("text/csv; charset=UTF-8"), err);
}

bool tika_meta(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response, .options = options_of(request) };
    work.options.skips_recognition = true; /* only facts are wanted, and of the file itself */
    work.options.skips_member_facts = true;
    return with_file(&work, answer_meta, err);
}

/* --- /detect and /language --- */

static bool answer_detect(TikaWork *work, Error *err)
{
    Str type = S("application/octet-stream");
    ConversionInput input = { .fd = work->file.fd,
                              .name = work->file.name,
                              .media_type = work->file.media_type,
                              .cancelled = conversions_stopping(work->request->api->conversions) };
    if (!is_empty(work) &&
        !library_media_type(work->request->api->library, work->arena, &input, &type, err))
        return false;
    Buf out = buf_new(work->arena, KB(1));
    buf_add(&out, type);
    return respond(work, &out, TEXT_PLAIN_TYPE, err);
}

bool tika_detect(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response };
    return with_file(&work, answer_detect, err);
}

/* As in Tika the body is the text itself. */
static bool answer_language(TikaWork *work, Error *err)
{
    char bytes[KB(32)];
    ssize_t got = pread(work->file.fd, bytes, sizeof bytes, 0);
    if (got < 0)
        return fail_errno(err, "reading the text");
    Buf out = buf_new(work->arena, KB(1));
    buf_add(&out, library_language((Str){ bytes, (size_t)got }));
    return respond(work, &out, TEXT_PLAIN_TYPE, err);
}

bool tika_language(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response };
    return with_file(&work, answer_language, err);
}

/* --- /unpack --- */

typedef struct Packing {
    TikaWork *work;
    VEC(PackFile) files;
} Packing;

/* Two members may have one name; a name never leaves the folder it is unpacked in. */
static Str free_name(Packing *packing, Str wanted)
{
    Arena *arena = packing->work->arena;
    Str clean = library_clean_name(arena, wanted), name = clean;
    for (int number = 1; number < 1000; number++) {
        bool is_free = true;
        for (size_t i = 0; i < packing->files.count && is_free; i++)
            is_free = !str_equal(packing->files.at[i].name, name);
        if (is_free)
            break;
        name = str_format(arena, "%d-" STR_FMT, number, STR_ARG(clean));
    }
    return name;
}

static void add_text_and_facts(Packing *packing)
{
    TikaWork *work = packing->work;
    Buf text = buf_new(work->arena, CONVERT_ANSWER_MAX), csv = buf_new(work->arena, MB(64));
    TikaFacts facts = facts_of_file(work, work->extraction.root);
    tika_text(&text, work->extraction.root, true);
    tika_csv(&csv, &facts);
    *vec_push(work->arena, &packing->files) =
        (PackFile){ .name = S("__TEXT__"), .bytes = buf_str(&text) };
    *vec_push(work->arena, &packing->files) =
        (PackFile){ .name = S("__METADATA__"), .bytes = buf_str(&csv) };
}

static bool pack_members(TikaWork *work, bool with_all, Error *err)
{
    Packing packing = { .work = work };
    Buf out = buf_new(work->arena, CONVERT_ANSWER_MAX);
    const Extraction *found = &work->extraction;
    for (size_t i = 0; i < found->children.count; i++)
        if (found->children.at[i].parent == found->root && found->children.at[i].path.length)
            *vec_push(work->arena, &packing.files) =
                (PackFile){ .name = free_name(&packing, found->children.at[i].node->name),
                            .path = found->children.at[i].path.at };
    if (with_all)
        add_text_and_facts(&packing);
    if (!packing.files.count)
        return api_done(work->response);
    bool is_tar = accepts(work->request, "application/x-tar");
    return pack_files(is_tar ? PACK_TAR : PACK_ZIP, packing.files.at, packing.files.count, &out,
                      err) &&
           respond(work, &out, is_tar ? S("application/x-tar") : S("application/zip"), err);
}

static bool answer_unpack(TikaWork *work, Error *err)
{
    if (is_empty(work))
        return api_done(work->response);
    if (!read_file(work, err))
        return false;
    bool good = pack_members(work, str_ends(work->request->http->path, S("/all")), err);
    extraction_clean(&work->extraction);
    return good;
}

bool tika_unpack(ApiRequest *request, HttpResponse *response, Error *err)
{
    TikaWork work = { .request = request, .response = response, .options = options_of(request) };
    work.options.keeps_members = true;
    return with_file(&work, answer_unpack, err);
}

/* --- What there is --- */

bool tika_version(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    if (accepts(request, "application/json")) { /* docling-serve has the same path */
        JsonWriter json = put_begin(&response->body);
        put_text(&json, "lectern", S(VERSION));
        put_end(&json);
        return true;
    }
    response->media_type = TEXT_PLAIN_TYPE;
    buf_add(&response->body, S("Lectern " VERSION));
    return true;
}

static bool is_said_before(const LibraryFormat *formats, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(formats[i].media_types[0], formats[at].media_types[0]) == 0)
            return true;
    return false;
}

bool tika_mime_types(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    JsonWriter json = put_begin(&response->body);
    (void)request, (void)err;
    for (size_t i = 0; i < count; i++) {
        if (is_said_before(formats, i))
            continue;
        put_object(&json, formats[i].media_types[0]);
        put_array(&json, "alias");
        for (const char *const *other = formats[i].media_types + 1; *other; other++)
            put_text(&json, NULL, str(*other));
        put_end(&json);
        put_text(&json, "parser", str_format(request->arena, "lectern/%s", formats[i].name));
        put_end(&json);
    }
    put_end(&json);
    return true;
}

bool tika_parsers(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    JsonWriter json = put_begin(&response->body);
    (void)err;
    put_text(&json, "name", S("lectern"));
    put_bool(&json, "composite", true);
    put_bool(&json, "decorated", false);
    put_array(&json, "children");
    for (size_t i = 0; i < count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str_format(request->arena, "lectern/%s", formats[i].name));
        put_bool(&json, "composite", false);
        put_bool(&json, "decorated", false);
        put_array(&json, "supportedTypes");
        for (const char *const *type = formats[i].media_types; *type; type++)
            put_text(&json, NULL, str(*type));
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool tika_detectors(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = put_begin(&response->body);
    (void)request, (void)err;
    put_text(&json, "name", S("lectern"));
    put_bool(&json, "composite", false);
    put_end(&json);
    return true;
}
