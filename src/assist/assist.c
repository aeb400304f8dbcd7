/* assist.c - see assist.h. */
#include "assist/assist_int.h"
#include "text/sentences.h"

#define GIST_SENTENCES 3
#define GIST_BYTES 600
#define TEXT_MAX MB(4)
#define SAID_BLOCKS 500 /* of a picture or recording, of which it is told what they say */

/* --- Files --- */

static AssistFileKind kind_of(const Document *document)
{
    return str_starts(document->media_type, S("image/")) ? FILE_PICTURE
           : str_starts(document->media_type, S("audio/")) ||
                   str_starts(document->media_type, S("video/"))
               ? FILE_SOUND
               : FILE_TEXT;
}

/* The fact "caption" says "by MODEL". */
static Str caption_maker(Arena *arena, const Document *document)
{
    AUTO_JSON json_t *facts = NULL;
    Error ignored;
    if (!json_parse(document->metadata, MB(1), &facts, &ignored))
        return S("model");
    Str by = json_member_text(facts, "caption");
    return str_starts(by, S("by ")) ? str_copy(arena, str_from(by, 3)) : S("model");
}

/* The words of a picture or recording without its facts and tables: "width: 24", "Stream | Codec".
 */
static bool find_said(Library *library, const Scope *scope, Arena *arena, AssistFile *file,
                      Error *err)
{
    StoredBlockList blocks;
    Str text;
    Buf said = buf_new(arena, TEXT_MAX);
    if (!library_blocks(library, scope, arena, file->document.id, 0, 0, SAID_BLOCKS, &blocks, &text,
                        err))
        return false;
    for (size_t i = 0; i < blocks.count; i++) {
        const StoredBlock *block = &blocks.at[i];
        const char *kind = library_block_kind(block->kind);
        if (strcmp(kind, "meta") == 0 || strcmp(kind, "row") == 0 || strcmp(kind, "image") == 0)
            continue;
        buf_add(&said, str_slice(text, block->start, block->start + block->length));
        buf_add_char(&said, '\n');
    }
    file->said = str_trim(buf_str(&said));
    return true;
}

static bool find_caption(Library *library, const Scope *scope, Arena *arena, AssistFile *file,
                         Error *err)
{
    StoredBlockList blocks;
    Str text;
    if (!library_blocks(library, scope, arena, file->document.id, 0, 0, 50, &blocks, &text, err))
        return false;
    for (size_t i = 0; i < blocks.count; i++) {
        const StoredBlock *block = &blocks.at[i];
        if (strcmp(library_block_kind(block->kind), "image") == 0 && block->length) {
            file->caption = str_copy(
                arena, str_trim(str_slice(text, block->start, block->start + block->length)));
            file->caption_by = caption_maker(arena, &file->document);
            return true;
        }
    }
    return true;
}

static int64_t fact_of(const json_t *facts, const char *name)
{
    const json_t *value = json_object_get(facts, name);
    int64_t number;
    if (json_is_integer(value))
        return json_integer_value(value);
    return str_to_int(json_member_text(facts, name), 0, INT64_MAX, &number) ? number : 0;
}

static size_t count_words(Str text)
{
    size_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length; i++) {
        bool is_gap = HAS_CHAR(text.at[i], " \t\r\n");
        count += !is_gap && !inside;
        inside = !is_gap;
    }
    return count;
}

/* What can be said of a picture that no model has looked at. */
static void describe_by_rules(Arena *arena, AssistFile *file)
{
    AUTO_JSON json_t *facts = NULL;
    Error ignored;
    Buf out = buf_new(arena, KB(4));
    size_t words = count_words(file->said);
    if (file->document.metadata.length)
        (void)!json_parse(file->document.metadata, MB(1), &facts, &ignored);
    int64_t width = fact_of(facts, "width"), height = fact_of(facts, "height");
    buf_add(&out, S("A picture"));
    if (width && height)
        buf_addf(&out, " of %" PRId64 " by %" PRId64 " pixels, %s", width, height,
                 width > height * 5 / 4   ? "lying"
                 : height > width * 5 / 4 ? "standing"
                                          : "nearly square");
    if (words)
        buf_addf(&out, ", with %zu words that could be read", words);
    else
        buf_add(&out, S(", in which no words were found"));
    buf_add_char(&out, '.');
    file->caption = buf_str(&out);
    file->caption_by = S("rules");
}

bool assist_is_read(const AssistFile *file)
{
    DocumentState state = file->document.state;
    return state != DOCUMENT_QUEUED && state != DOCUMENT_EXTRACTING;
}

bool assist_read_file(Library *library, const Scope *scope, Arena *arena, Str id,
                      AssistFile *file_r, Error *err)
{
    DocumentView view;
    AssistFile file = { 0 };
    if (!library_find(library, scope, arena, id, &view, err))
        return false;
    file.document = view.document;
    file.kind = kind_of(&view.document);
    bool has_text =
        view.document.state == DOCUMENT_INDEXING || view.document.state == DOCUMENT_READY;
    if (has_text && !library_beginning(library, scope, arena, id, TEXT_MAX, &file.text, err))
        return false;
    file.is_cut = file.text.length + 4 > TEXT_MAX; /* not in the middle of a character */
    file.text = file.said = str_trim(file.text);
    if (file.kind != FILE_TEXT && has_text && !find_said(library, scope, arena, &file, err))
        return false;
    if (file.kind == FILE_PICTURE && has_text && !find_caption(library, scope, arena, &file, err))
        return false;
    if (file.kind == FILE_PICTURE && !file.caption.length && assist_is_read(&file))
        describe_by_rules(arena, &file);
    *file_r = file;
    return true;
}

/* --- An answer by rules --- */

/* The first sentences, whole. */
static Str gist(Arena *arena, Str text)
{
    Buf out = buf_new(arena, KB(4));
    Sentence sentence;
    size_t at = 0, count = 0;
    while (count < GIST_SENTENCES && sentence_next(text, &at, &sentence)) {
        Str one = str_slice(text, sentence.start, sentence.end);
        if (out.length + one.length > GIST_BYTES)
            break;
        buf_addf(&out, "%s" STR_FMT, count++ ? " " : "", STR_ARG(one));
    }
    return buf_str(&out);
}

static void say_file(Arena *arena, Buf *out, const AssistFile *file)
{
    static const char *const shown[] = {
        [FILE_TEXT] = "It says", [FILE_PICTURE] = "Its words", [FILE_SOUND] = "It is said in it"
    };
    Str said = gist(arena, file->said);
    buf_addf(out, "%s" STR_FMT ": ", out->length ? "\n" : "", STR_ARG(file->document.name));
    if (file->caption.length)
        buf_addf(out, STR_FMT " ", STR_ARG(file->caption));
    if (said.length)
        buf_addf(out, "%s: \u201c" STR_FMT "\u201d", shown[file->kind], STR_ARG(said));
    else if (!file->caption.length)
        buf_add(out, assist_is_read(file) ? S("no words were found in it.")
                                          : S("it is still being read."));
}

/* The library's answer, of the files alone when there are some. */
static bool look_up(Answers *answers, const Scope *scope, Arena *arena,
                    const AssistRequest *request, Answer *answer_r, Error *err)
{
    Str *ids = arena_new_array(arena, Str, request->file_count + 1);
    AnswerSink silent = { 0 };
    AnswerRequest ask = { .question = request->message,
                          .model = S("extractive"),
                          .earlier = { &request->context, request->context.length > 0 } };
    for (size_t i = 0; i < request->file_count; i++)
        ids[i] = request->files[i].document.id;
    ask.search.documents = (StrList){ ids, request->file_count };
    return answer_run(answers, scope, arena, &ask, &silent, answer_r, err);
}

static bool reply_by_rules(Answers *answers, const Scope *scope, Arena *arena,
                           const AssistRequest *request, AssistReply *reply, Error *err)
{
    Buf out = buf_new(arena, KB(64));
    Answer answer = { 0 };
    if (request->message.length && !look_up(answers, scope, arena, request, &answer, err))
        return false;
    if (answer.is_found) {
        buf_add(&out, answer.text);
        reply->citations = answer.citations;
        reply->citation_count = answer.citation_count;
    }
    for (size_t i = 0; i < request->file_count; i++)
        say_file(arena, &out, &request->files[i]);
    if (!out.length)
        buf_add(&out, answer.text);
    reply->response = buf_str(&out);
    reply->made_by = S("rules");
    return true;
}

/* --- The reply --- */

static AssistContext judge(Arena *arena, const AssistRequest *request)
{
    Buf all = buf_new(arena, KB(256));
    buf_add(&all, request->message);
    for (size_t i = 0; i < request->file_count; i++)
        buf_addf(&all, "\n" STR_FMT "\n" STR_FMT, STR_ARG(request->files[i].caption),
                 STR_ARG(str_slice(request->files[i].text, 0, KB(16))));
    return assist_context_of(buf_str(&all));
}

bool assist_reply(Answers *answers, Models *models, const Scope *scope, Arena *arena,
                  const AssistRequest *request, AssistReply *reply_r, Error *err)
{
    AssistReply reply = { 0 };
    bool is_named, is_answered;
    if (!assist_context_named(request->task_type, &is_named, &reply.context, err))
        return false;
    if (!is_named)
        reply.context = judge(arena, request);
    if (!assist_ask_model(models, scope, arena, request, &reply, &is_answered, err) ||
        (!is_answered && !reply_by_rules(answers, scope, arena, request, &reply, err)))
        return false;
    assist_suggest(request, &reply);
    if (!request->without_direction)
        reply.direction = str(assist_direction(reply.context));
    *reply_r = reply;
    return true;
}
