/* model.h - a call of a model in no dialect: what every front reads into and every back writes
 * from.
 *
 *     client --front--> ModelRequest --dialect--> service
 *     client <--front-- ModelEvent   <--dialect-- service
 *
 * Texts are borrowed from the request's body or live in its arena. JSON that only the service
 * understands (schemas, arguments) stays text. What a front does not know is kept in `extra` and
 * reaches a service of the same dialect.
 *
 * To add a field: here, in the fronts that can say it, in the dialects that can carry it, and in
 * their golden files. */
#pragma once

#include "base/json.h"

/* What a call is for; also the rows of a service's abilities. The prompt of a text completion is
 * its only message. */
typedef enum ModelTask {
#define TASK(name, word, title) TASK_##name,
#include "gateway/tasks.def"
#undef TASK
    TASK_COUNT
} ModelTask;
extern const char *const task_words[TASK_COUNT];

/* What it can do besides; a bit each (1u << ABILITY_TOOLS). */
typedef enum ModelAbility {
#define ABILITY(name, word, title) ABILITY_##name,
#include "gateway/abilities.def"
#undef ABILITY
    ABILITY_COUNT
} ModelAbility;
extern const char *const ability_words[ABILITY_COUNT];

typedef enum ModelRole { FROM_SYSTEM, FROM_USER, FROM_ASSISTANT, FROM_TOOL } ModelRole;

typedef enum PartKind {
    PART_TEXT,
    PART_IMAGE,
    PART_AUDIO,
    PART_FILE,
    PART_REASONING,
    PART_REFUSAL,
    PART_TOOL_CALL,
    PART_TOOL_RESULT,
    PART_HOSTED /* of an answer: what the program has done with tools of its own (HostedForm) */
} PartKind;

/* A call of a tool that was made, and what it gave; one that waits until a person has allowed it;
 * the tools that a server has. */
typedef enum HostedForm { HOSTED_CALL, HOSTED_APPROVAL, HOSTED_TOOLS } HostedForm;

typedef struct ModelPart {
    PartKind kind;
    Str text;         /* of a text, refusal, reasoning or tool result; also that of PART_HOSTED */
    Str media_type;   /* "image/png"; of audio "wav" or "mp3" too */
    Str data;         /* base64 */
    Str url;          /* instead of data */
    Str file_id;      /* instead of both */
    Str name;         /* of a file or a tool */
    Str detail;       /* of an image: "low", "high", "auto" */
    Str id;           /* of a tool call, or of the call a result belongs to */
    Str arguments;    /* of a tool call: JSON text, as the model wrote it */
    Str signature;    /* of reasoning: goes back unchanged. May have no text: it was not shown */
    Str cache;        /* JSON of Anthropic's cache_control; "" for none */
    Str citations;    /* of a text: JSON of Anthropic's citations, with commas between them */
    Str server;       /* of PART_HOSTED: whose tool; "" for the search of the library */
    bool is_redacted; /* reasoning that is only for the service: the signature is all of it */
    bool is_error;    /* a tool result */
    HostedForm form;  /* of PART_HOSTED; the text of HOSTED_TOOLS is a JSON list */
    /* A tool call that a person has allowed: the program makes it before the model is asked. Of
     * PART_HOSTED: its id is that of the approval that was asked for. */
    bool is_approved;
    const struct ModelPart *parts; /* a tool result with pictures; then text is empty */
    size_t part_count;
} ModelPart;

typedef struct ModelMessage {
    ModelRole role;
    Str name;
    const ModelPart *parts;
    size_t count;
} ModelMessage;

typedef struct ModelTool {
    Str name, description;
    Str parameters; /* JSON schema; "" when a tool takes nothing */
    Str cache;
    bool is_strict;
    /* JSON of a tool that the service has itself, or that the program calls (hosted.h); then the
     * rest is empty. */
    Str builtin;
} ModelTool;

typedef enum ToolChoice { TOOLS_AUTO, TOOLS_NONE, TOOLS_REQUIRED, TOOLS_NAMED } ToolChoice;
typedef enum ReplyFormat { FORMAT_TEXT, FORMAT_JSON, FORMAT_SCHEMA } ReplyFormat;
typedef enum Tristate { UNSAID, NO, YES } Tristate;

/* A number that may be left unsaid. */
typedef struct MaybeNumber {
    bool is_set;
    double value;
} MaybeNumber;

/* A text as the numbers of a model's tokens. */
typedef struct ModelTokens {
    const uint32_t *at;
    size_t count;
} ModelTokens;

/* A part of a form, as OpenAI takes recordings and pictures. */
typedef struct ModelField {
    Str name, value;
    Str file_name, media_type; /* of a file; else "" */
} ModelField;

/* How the words of a recording are wanted. */
typedef enum TranscriptForm {
#define TRANSCRIPT(name, word, has_times) TRANSCRIPT_##name,
#include "gateway/transcripts.def"
#undef TRANSCRIPT
    TRANSCRIPT_COUNT
} TranscriptForm;

typedef struct ModelRequest {
    ModelTask task;
    Str model; /* as the client asks for it */
    const ModelMessage *messages;
    size_t message_count;

    const ModelTool *tools;
    size_t tool_count;
    ToolChoice tool_choice;
    Str tool_name;          /* TOOLS_NAMED */
    int64_t tool_calls_max; /* of those that the program makes; 0: unsaid */
    Str allowed_tools;      /* JSON list of those that alone may be called; "" for all */
    Tristate parallel_tools;

    int64_t output_max; /* tokens; 0: unsaid */
    MaybeNumber temperature, top_p, top_k, presence_penalty, frequency_penalty, seed;
    StrList stop;
    int64_t choice_count; /* OpenAI's n; 0: unsaid */
    bool wants_logprobs;
    int64_t top_logprobs;
    ReplyFormat format;
    Str schema, schema_name;
    Tristate is_strict;
    Str reasoning_effort;     /* "low", "medium", "high"...; "" unsaid */
    int64_t reasoning_budget; /* tokens; 0: unsaid, -1: no reasoning */
    Str user;
    Str safety_id;                  /* who asks, for the service's own rules; "" unsaid */
    Str service_tier;               /* OpenAI's words: "default", "flex"...; "" unsaid */
    Str verbosity;                  /* "low", "medium", "high"; "" unsaid */
    Str cache_key, cache_retention; /* of the service's own cache; "" unsaid */

    /* Other tasks. */
    StrList inputs;                 /* embeddings, moderation; documents to rerank */
    const ModelTokens *token_lists; /* embeddings: instead of inputs */
    size_t token_list_count;
    Str query;            /* rerank */
    int64_t dimensions;   /* of embeddings; 0: unsaid */
    bool wants_base64;    /* embeddings as float32 in little-endian order, in base64 */
    int64_t top_n;        /* rerank; 0: all */
    bool wants_documents; /* rerank: their texts come back too */
    bool is_query;        /* the inputs are what is searched with, */
    bool is_passage;      /* or what is searched; neither: they do not say */
    Str media;            /* bytes of a recording or picture whose words are wanted */
    Str media_type;       /* "audio/flac" */
    Str media_name;       /* of its file; "" for none */
    TranscriptForm transcript;
    bool is_translation; /* its words in English */
    Str form_type;       /* Content-Type of a body that is a form, with its boundary; else "" */
    /* Of a form: what else is in it, but for the model. */
    const ModelField *fields;
    size_t field_count;

    unsigned parts_need; /* abilities that parts need, as far as a first look tells */
    bool is_unfiltered;  /* the service's own filters are turned down as far as a call can */
    bool is_stream, wants_usage;
    bool is_plain;      /* for models that refuse the usual names and temperatures */
    bool has_near_urls; /* addresses that the service would open itself, maybe in its own network */
    bool is_old_form;   /* OpenAI's functions: the answer's tool call is a function_call */
    bool is_hosted;     /* some of the tools are called by the program (hosted.h), */
    bool shows_hosted;  /* and the client is told of these calls, */
    bool
        asks_approval; /* of the servers' tools, and asked to approve a call where it wants to be */
    StrList servers_told; /* whose tools the conversation has been told */
    bool is_kept;         /* OpenAI's store: the answer can be gone on from, and shown again */
    bool is_background;   /* the client does not wait for it, and asks for it later */
    Str previous;         /* the kept answer that this request goes on from; "" for none */
    /* Told back as they came: a text, and a JSON object ("" for none). */
    Str instructions, metadata;
    /* JSON items with commas between them: of the conversation before, and of this request. */
    Str earlier, items;
    Str extra; /* JSON object of members that the front does not know; "" for none */
} ModelRequest;

/* --- What comes back --- */

/* How a service has served a call: cheaply when it had time, or before others. */
typedef enum ServiceTier { TIER_USUAL, TIER_FLEX, TIER_PRIORITY } ServiceTier;
/* OpenAI's words, as they are asked for and told. */
ServiceTier service_tier_named(Str word);

/* Tokens are counted apart, so nothing is priced twice: the whole input is input + cache_read +
 * cache_write. */
typedef struct ModelUsage {
    bool is_known; /* told by the service, if only as zero */
    int64_t input, output;
    int64_t cache_read, cache_write, cache_write_long; /* kept for 5 minutes; for an hour */
    int64_t reasoning;                                 /* of output */
    int64_t audio_input, audio_output; /* of input, output; pictures given to one that makes them */
    double seconds;                    /* of a recording */
    int64_t characters;                /* of a text that is spoken */
    int64_t pictures;                  /* that were made */
    int64_t searches;                  /* of the web, by the service itself */
    ServiceTier tier;
    int64_t cost; /* pico-dollars as the service says; -1: it does not */
} ModelUsage;

typedef enum FinishReason {
    FINISH_UNKNOWN,
    FINISH_STOP,
    FINISH_LENGTH,
    FINISH_TOOLS,
    FINISH_FILTER
} FinishReason;

typedef enum ModelEventKind {
    EVENT_START,     /* id, model; before anything else */
    EVENT_TEXT,      /* text */
    EVENT_REASONING, /* text */
    EVENT_SIGNATURE, /* text: of the reasoning before it */
    EVENT_REFUSAL,   /* text */
    EVENT_TOOL,      /* index, id, name: a tool call begins */
    EVENT_ARGUMENTS, /* index, text: more of its arguments */
    /* form, id, server, name, text: the program calls a tool with these arguments, */
    EVENT_HOSTED,
    EVENT_HOSTED_RESULT, /* id, text: and this is what it gave; is_error */
    EVENT_CITATION,      /* text: JSON of Anthropic's citation */
    EVENT_VECTOR,        /* index of the input, vector */
    EVENT_SCORE,         /* index of the document, score; the best comes first */
    EVENT_SEGMENT,       /* text, from start_s to end_s of a recording; also in a text of its own */
    EVENT_PICTURE,       /* text: JSON of a picture that was made, in OpenAI's shape */
    EVENT_FINISH         /* finish */
} ModelEventKind;

typedef struct ModelVector {
    const float *at;
    size_t count;
} ModelVector;

typedef struct ModelScore {
    int index; /* of the document */
    double score;
} ModelScore;

/* What is said in a stretch of a recording. */
typedef struct ModelSegment {
    double start_s, end_s;
    Str text;
    Str speaker; /* "A", or a name that the service was told; "" when it does not say */
} ModelSegment;

/* One piece of an answer. Usage is no event: it may come in any frame, and the last one counts. */
typedef struct ModelEvent {
    ModelEventKind kind;
    int choice;       /* of n */
    int index;        /* of the tool call in its message, of an input, from 0 */
    bool is_redacted; /* a signature that is a reasoning of its own */
    Str text, id, name, model;
    Str server; /* "": the library's search, whose results are a JSON list */
    HostedForm form;
    bool is_error, is_approved;
    FinishReason finish;
    ModelVector vector; /* in the reader's scratch */
    double score;
    double start_s, end_s;
    Str speaker; /* as in ModelSegment */
} ModelEvent;

/* A whole answer: the same parts that a message has. */
typedef struct ModelChoice {
    VEC(ModelPart) parts;
    FinishReason finish;
} ModelChoice;

typedef struct ModelReply {
    Str id, model;
    VEC(ModelChoice) choices;
    VEC(ModelVector) vectors; /* by input */
    VEC(ModelScore) scores;   /* best first */
    VEC(ModelSegment) segments;
    ModelUsage usage;
} ModelReply;

/* Events into a whole answer, in the arena. */
typedef struct ModelCollector {
    Arena *arena;
    ModelReply reply;
    Buf text; /* of the part that is open */
    int open_choice, open_tool;
    PartKind open_kind;
    bool is_open;
} ModelCollector;
void model_collect_begin(ModelCollector *collector, Arena *arena, size_t text_max);
MUST_CHECK bool model_collect(ModelCollector *collector, const ModelEvent *event, Error *err);
const ModelReply *model_collected(ModelCollector *collector);
/* All of it in another arena. */
const ModelReply *model_reply_copy(Arena *arena, const ModelReply *reply);
