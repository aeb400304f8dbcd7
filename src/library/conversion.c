/* conversion.c - see conversion.h. */
#include "library/conversion.h"

#include <unistd.h>

#include "library/extraction_int.h"
#include "library/library_int.h"
#include "text/language.h"

typedef struct ConversionEar {
    const Library *library;
    const Scope *scope;
} ConversionEar;

static bool hear(void *self, Arena *arena, Str sound, Speech *speech_r, Error *err)
{
    const ConversionEar *ear = self;
    const LibraryOptions *options = &ear->library->options;
    return options->hear(options->model_argument, ear->scope, arena, sound, speech_r, err);
}

static ExtractionInput extraction_input(const Library *library, const ConversionInput *input)
{
    int64_t most = library->options.extract_timeout_s * 1000;
    bool is_shorter = input->timeout_ms > 0 && input->timeout_ms < most;
    return (ExtractionInput){
        .fd = input->fd,
        .name = input->name,
        .media_type = input->media_type,
        .password = input->password,
        .languages = input->skips_recognition  ? S(LANGUAGES_NONE)
                     : input->languages.length ? input->languages
                                               : library->options.languages,
        .skips_member_facts = input->skips_member_facts,
        .timeout_ms = is_shorter ? input->timeout_ms : most,
        .parallel = (int)library->options.page_workers,
        .spool_folder = input->spool_folder,
        .cancelled = input->cancelled,
    };
}

bool library_convert(Library *library, Arena *arena, const ConversionInput *input,
                     Extraction *extraction_r, Error *err)
{
    ExtractionInput reading = extraction_input(library, input);
    ConversionEar ear = { library, input->hears_for };
    if (input->hears_for && library->options.hear) {
        reading.hear = hear;
        reading.self = &ear;
    }
    return extraction_run(library->sandbox, arena, &reading, extraction_r, err);
}

/* --- Only the kind --- */

/* The worker is stopped as soon as it has said what it reads. */
static bool take_kind(void *self, unsigned type, Str payload, Error *err)
{
    Receiver *in = self;
    if (!receiver_frame(in, type, payload, err))
        return false;
    return !in->root->format.length || fail(err, ERROR_CANCELLED, "that is all we want to know");
}

bool library_media_type(Library *library, Arena *arena, const ConversionInput *input,
                        Str *media_type_r, Error *err)
{
    ExtractionInput reading_input = extraction_input(library, input);
    Extraction out = { 0 };
    Reading reading = { .sandbox = library->sandbox,
                        .arena = arena,
                        .input = &reading_input,
                        .out = &out,
                        .heap = -1 };
    Receiver in = { .arena = arena, .reading = &reading, .bytes = { .is_file = true } };
    WorkerArguments args = { .name = input->name, .media_type = input->media_type };
    receiver_begin(&in, input->name);
    SandboxJob job = { .service = "extract",
                       .args = worker_arguments_write(arena, &args),
                       .fds = { input->fd, -1, -1, -1 },
                       .timeout_ms = reading_input.timeout_ms,
                       .frame = take_kind,
                       .self = &in,
                       .cancelled = input->cancelled };
    bool good = sandbox_run(library->sandbox, &job, err);
    receiver_close(&in);
    if (reading.heap >= 0)
        close(reading.heap);
    bool is_known = in.root->media_type.length > 0;
    if (!good && !is_known && err->code != ERROR_UNSUPPORTED && err->code != ERROR_INVALID)
        return false;
    *media_type_r = is_known ? in.root->media_type : S("application/octet-stream");
    return true;
}

Str library_language(Str text)
{
    Language found = language_detect(text, LANGUAGE_COUNT);
    return found == LANGUAGE_COUNT ? S("") : str(language_about(found)->code);
}
