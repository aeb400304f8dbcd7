/* voice_api.c - recordings that people make while they talk with the library: voice notes, which
 * become questions that keep their sound, and dictations, which become documents. */
#include "api/assistant.h"
#include "api/convert.h"
#include "api/preferences.h"
#include "api/process.h"
#include "assist/dictation.h"
#include "batch/files.h"
#include "store/messages_store.h"

#define MEMORY_MAX MB(256)
#define NOTE_BYTES_MAX MB(25)
#define NOTE_DAYS 1 /* that one waits to be sent */
#define PARAGRAPHS_MAX 5000

/* What was said, a piece between pauses each. */
typedef struct Heard {
    VEC(Str) texts;
    VEC(Place) places;
    Str made_by; /* "rules" (the draft), or the model */
    Str media_type;
    Str notice; /* of what went wrong; empty: nothing */
} Heard;

/* --- Hearing --- */

static bool is_recording(Str media_type)
{
    return str_starts(media_type, S("audio/")) || str_starts(media_type, S("video/"));
}

static void take_blocks(Arena *arena, const DocNode *root, Heard *heard)
{
    heard->made_by = S("rules");
    heard->media_type = str_copy(arena, root->media_type);
    for (size_t i = 0; i < root->blocks.count; i++) {
        const Block *block = &root->blocks.at[i];
        if (block->kind == BLOCK_META && str_is(block->label, "transcript") &&
            str_starts(block->text, S("by ")))
            heard->made_by = str_copy(arena, str_from(block->text, 3));
        if (block->kind != BLOCK_PARAGRAPH || !block->place.end_ms ||
            heard->texts.count == PARAGRAPHS_MAX)
            continue;
        *vec_push(arena, &heard->texts) = str_copy(arena, str_trim(block->text));
        *vec_push(arena, &heard->places) =
            (Place){ .start_ms = block->place.start_ms, .end_ms = block->place.end_ms };
    }
    if (root->warnings.count)
        heard->notice = str_copy(arena, root->warnings.at[0]);
}

static bool read_sound(ApiRequest *request, const ConvertFile *file, Heard *heard, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Extraction extraction;
    const ConvertOptions options = { .keeps_members = true,
                                     .hears_for = request->scope,
                                     .timeout_ms = PROCESS_WAIT_MS };
    if (!convert_read(request->api, arena, file, &options, &extraction, err))
        return false;
    extraction_clean(&extraction);
    take_blocks(request->arena, extraction.root, heard);
    return is_recording(heard->media_type) ||
           fail(err, ERROR_UNSUPPORTED, "a recording is wanted; this is '" STR_FMT "'",
                STR_ARG(heard->media_type));
}

static bool hear_part(ApiRequest *request, const HttpPart *part, Heard *heard, Error *err)
{
    struct Conversions *places = request->api->conversions;
    ConvertFile file = { .fd = -1 };
    if (!part || !part->temp_path)
        return fail_field(err, "file", "the form has no part named 'file' with a file name");
    if (part->size > NOTE_BYTES_MAX)
        return fail(err, ERROR_TOO_LARGE,
                    "a recording of at most 25 MB is taken here; a longer one can be added to the "
                    "library, which writes it down too");
    if (!convert_open_part(request->arena, part, &file, err))
        return false;
    AUTO_CLOSE int fd = file.fd;
    (void)fd;
    if (!conversion_begin(places, false, err))
        return false;
    bool good = read_sound(request, &file, heard, err);
    conversion_end(places, false);
    return good;
}

static Str all_of(const ApiRequest *request, const Heard *heard)
{
    return str_join(request->arena, heard->texts.at, heard->texts.count, S(" "));
}

/* --- Voice notes --- */

static bool keep_sound(ApiRequest *request, const HttpPart *part, const Heard *heard,
                       ClientFile *file_r, Error *err)
{
    NewClientFile added = { .path = part->temp_path,
                            .sha256 = str(part->sha256),
                            .name = part->file_name,
                            .media_type = heard->media_type,
                            .size = part->size,
                            .expires_after_s = NOTE_DAYS * 86400,
                            .is_voice = true };
    return files_add(request->api->batches, request->scope, request->arena, &added, file_r, err);
}

bool voice_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpPart *part = http_part(request->http, "file");
    Heard heard = { 0 };
    ClientFile file;
    if (!hear_part(request, part, &heard, err) || !keep_sound(request, part, &heard, &file, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "sound", file.id);
    put_text(&json, "text", all_of(request, &heard));
    put_array(&json, "pieces");
    for (size_t i = 0; i < heard.texts.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "text", heard.texts.at[i]);
        put_number(&json, "start", (double)heard.places.at[i].start_ms / 1000);
        put_number(&json, "end", (double)heard.places.at[i].end_ms / 1000);
        put_end(&json);
    }
    put_end(&json);
    put_text(&json, "made_by", heard.made_by);
    put_text_or_null(&json, "notice", heard.notice);
    put_end(&json);
    return true;
}

typedef struct SoundWork {
    ApiRequest *request;
    Message message;
} SoundWork;

static bool message_work(DbTx *tx, void *argument, Error *err)
{
    SoundWork *work = argument;
    const ApiRequest *request = work->request;
    return message_find(tx, request->scope, request->arena, request->params[0], &work->message,
                        err);
}

bool messages_sound(ApiRequest *request, HttpResponse *response, Error *err)
{
    SoundWork work = { .request = request };
    AUTO_JSON json_t *details = NULL;
    ClientFile file;
    Error why;
    int fd;
    if (!store_read(request->api->db, request->scope, message_work, &work, err))
        return false;
    if (work.message.citations.length)
        (void)!json_parse(work.message.citations, MB(2), &details, &why);
    Str id = json_member_text(json_object_get(details, "sound"), "file");
    if (!id.length)
        return fail(err, ERROR_NOT_FOUND, "this message was written, not said");
    if (!files_open_voice(request->api->batches, request->scope, request->arena, id, &file, &fd,
                          err))
        return false;
    http_respond_file(response, &(HttpFile){ .fd = fd,
                                             .size = (uint64_t)file.size,
                                             .media_type = file.media_type,
                                             .etag = file.blob,
                                             .name = file.name,
                                             .is_shown = true });
    return true;
}

/* --- Dictations --- */

typedef struct DictationWork {
    ApiRequest *request;
    Dictation dictation;
    Processed added;
    Str tasks; /* a JSON array */
    Str zone;
} DictationWork;

/* A name as people give to files; what no file system takes is a space. */
static Str file_name(Arena *arena, Str title)
{
    Buf out = buf_new(arena, title.length + 8);
    for (size_t i = 0; i < title.length; i++)
        buf_add_char(&out, HAS_CHAR(title.at[i], "/\\:*?\"<>|") ? ' ' : title.at[i]);
    Str name = str_trim(buf_str(&out));
    return str_format(arena, STR_FMT ".md", STR_ARG(name.length ? name : S("Dictation")));
}

static bool add_document(DictationWork *work, Error *err)
{
    ApiRequest *request = work->request;
    const HttpPart *collection = http_part(request->http, "collection");
    const NewFile like = { .name = file_name(request->arena, work->dictation.title),
                           .media_type = S("text/markdown"),
                           .collection = collection ? collection->text : STR_NONE };
    return process_text(request, &like, assist_dictation_markdown(request->arena, &work->dictation),
                        &work->added, err);
}

static bool draw(DictationWork *work, Error *err)
{
    const DrawnFrom from = { .document = work->added.view.document.id,
                             .zone = work->zone,
                             .is_saved = true };
    size_t count;
    work->tasks = S("[]");
    return !process_has_text(&work->added.view) ||
           drawn_tasks(work->request, &from, &work->tasks, &count, err);
}

static void put_dictation(JsonWriter *json, const DictationWork *work, const Heard *heard)
{
    const Dictation *dictation = &work->dictation;
    const Document *document = &work->added.view.document;
    put_object(json, "document");
    put_text(json, "id", document->id);
    put_text(json, "name", document->name);
    put_text(json, "state", str(document_state_name(document->state)));
    put_end(json);
    put_text(json, "title", dictation->title);
    put_texts(json, "paragraphs", dictation->paragraphs);
    put_raw(json, "tasks", work->tasks);
    put_text(json, "heard_by", heard->made_by);
    put_text(json, "made_by", dictation->made_by);
    put_text_or_null(json, "notice", dictation->notice.length ? dictation->notice : heard->notice);
}

/* Why a recording gives none, such as another language, is known here alone. */
static bool has_words(const Heard *heard, Error *err)
{
    if (heard->texts.count || !heard->notice.length)
        return true;
    return fail(err, ERROR_INVALID, "no words were heard: " STR_FMT, STR_ARG(heard->notice));
}

bool dictations_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    DictationWork work = { .request = request };
    Heard heard = { 0 };
    Preferences likes;
    if (!api_preferences(request, &likes, err) ||
        !hear_part(request, http_part(request->http, "file"), &heard, err) ||
        !has_words(&heard, err) ||
        !assist_dictation(request->api->models, request->scope, request->arena,
                          (StrList){ heard.texts.at, heard.texts.count }, &work.dictation, err))
        return false;
    work.zone = likes.time_zone;
    if (!add_document(&work, err) || !draw(&work, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_dictation(&json, &work, &heard);
    put_end(&json);
    return true;
}
