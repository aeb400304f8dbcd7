/* assist.h - one answer to a message with files: pictures, recordings, documents.
 *
 *     files -> what each shows and says -> context (meeting, planning, document, chart, general)
 *     message + all of it -> answer, suggestions by priority, what to try next
 *
 * Files are documents of the library: pictures are recognised and, where a model for it is set,
 * described; recordings are written down (library/extraction_picture.c, extraction_speech.c prepare
 * them for the services). Without a model service the answer is made of what the files say, and of
 * what the library says to a question; the reply says which way it was made. Threads: any. */
#pragma once

#include "answer/answer.h"

#define ASSIST_FILES_MAX 4
#define ASSIST_SUGGESTIONS_MAX 8

typedef enum AssistContext {
#define ASSIST_CONTEXT(context, name, words, direction) CONTEXT_##context,
#include "assist/contexts.def"
#undef ASSIST_CONTEXT
    CONTEXT_COUNT
} AssistContext;
const char *assist_context_name(AssistContext context);
const char *assist_direction(AssistContext context);
/* By its words; CONTEXT_GENERAL when they do not tell. */
AssistContext assist_context_of(Str text);
/* ERROR_INVALID, field "task_type", naming those there are; no name: judged by the words. */
MUST_CHECK bool assist_context_named(Str name, bool *is_named_r, AssistContext *context_r,
                                     Error *err);

typedef enum AssistFileKind { FILE_TEXT, FILE_PICTURE, FILE_SOUND } AssistFileKind;

typedef struct AssistFile {
    Document document;
    AssistFileKind kind;
    Str text;       /* what was read of it, at most 4 MB */
    bool is_cut;    /* there is more */
    Str said;       /* of a picture or recording: its words alone, without facts and tables */
    Str caption;    /* of a picture */
    Str caption_by; /* "rules", or the model that looked at it */
} AssistFile;
/* ERROR_NOT_FOUND: there is none. One that is still being read has no words yet. */
MUST_CHECK bool assist_read_file(Library *library, const Scope *scope, Arena *arena, Str id,
                                 AssistFile *file_r, Error *err);
/* Not waiting for its words any more. */
bool assist_is_read(const AssistFile *file);

typedef struct AssistRequest {
    Str message;
    Str context; /* what was said before, as the client tells it */
    const AssistFile *files;
    size_t file_count;
    Str task_type;     /* a context by name; empty: judged */
    size_t task_count; /* drawn from it */
    bool only_rules;   /* ask no service */
    bool without_direction;
} AssistRequest;

typedef struct AssistSuggestion {
    Str text, category;
    Str priority; /* "high", "medium", "low" */
} AssistSuggestion;

typedef struct AssistReply {
    Str response, direction; /* direction: empty where it is not wanted */
    Str made_by;             /* "rules" or the model */
    Str notice;              /* why a service that is there did not answer; empty: none */
    AssistContext context;
    AssistSuggestion suggestions[ASSIST_SUGGESTIONS_MAX]; /* by priority */
    size_t suggestion_count;
    Citation *citations;
    size_t citation_count;
    int64_t input_tokens, output_tokens;
} AssistReply;

MUST_CHECK bool assist_reply(Answers *answers, Models *models, const Scope *scope, Arena *arena,
                             const AssistRequest *request, AssistReply *reply_r, Error *err);
