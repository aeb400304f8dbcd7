/* extraction_speech.c - what is said in a recording, written down by a model service where there is
 * one: its sound is decoded by the class "speech" in pieces, and each is sent from here, where the
 * network is. When that fails the class makes its draft. */
#include "base/file.h"
#include "library/extraction_int.h"

#define PIECE_MAX MB(32)
/* A pause, somebody else, or so much speech begins a paragraph; as in the draft. */
#define PARAGRAPH_GAP_S 2.0
#define PARAGRAPH_S_MAX 40.0
#define WAV_HEAD 44
#define WAV_BYTES_PER_SECOND 32000.0

typedef struct Hearing {
    Reading *reading;
    Arena *arena;
    VEC(SpeechSegment) segments;
    Str model;
} Hearing;

/* --- Asking --- */

static void add_segment(Hearing *hearing, double from_s, const SpeechSegment *heard)
{
    double start_s = from_s + heard->start_s;
    if (str_trim(heard->text).length)
        *vec_push(hearing->arena, &hearing->segments) =
            (SpeechSegment){ start_s, MAX(start_s, from_s + heard->end_s),
                             str_copy(hearing->arena, str_trim(heard->text)),
                             str_copy(hearing->arena, str_trim(heard->speaker)) };
}

static bool hear_piece(Hearing *hearing, const ExtractedChild *piece, double from_s, Error *err)
{
    const ExtractionInput *input = hearing->reading->input;
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    Speech speech;
    Str sound;
    double length_s = ((double)piece->size - WAV_HEAD) / WAV_BYTES_PER_SECOND;
    if (!file_read(arena, piece->path.at, PIECE_MAX, &sound, err) ||
        !input->hear(input->self, arena, sound, &speech, err))
        return false;
    hearing->model = str_copy(hearing->arena, speech.model);
    for (size_t i = 0; i < speech.count; i++)
        add_segment(hearing, from_s, &speech.segments[i]);
    if (!speech.count)
        add_segment(hearing, from_s, &(SpeechSegment){ .end_s = length_s, .text = speech.text });
    return true;
}

static bool hear_pieces(Hearing *hearing, const Extraction *pieces, Error *err)
{
    const ExtractionInput *input = hearing->reading->input;
    double from_s = 0;
    for (size_t i = 0; i < pieces->children.count; i++) {
        const ExtractedChild *piece = &pieces->children.at[i];
        if (input->progress &&
            !input->progress(input->self, "speech", (int64_t)i, (int64_t)pieces->children.count))
            return fail(err, ERROR_CANCELLED, "it was cancelled");
        if (!hear_piece(hearing, piece, from_s, err))
            return false;
        from_s += ((double)piece->size - WAV_HEAD) / WAV_BYTES_PER_SECOND;
    }
    return true;
}

/* The pieces are no members of the document, so they are received apart. */
static bool hear(Hearing *hearing, const Later *later, Error *err)
{
    Extraction pieces = { 0 };
    Reading own = *hearing->reading;
    own.out = &pieces;
    memset(&own.laters, 0, sizeof own.laters);
    Receiver in = { .arena = hearing->arena,
                    .reading = &own,
                    .bytes = later->bytes,
                    .depth = later->depth,
                    .wants_sound = true };
    own.arena = hearing->arena;
    pthread_mutex_init(&own.lock, NULL);
    receiver_begin(&in, later->node->name);
    in.root->media_type = later->node->media_type;
    bool good = reading_ask(&own, "speech", &in, err) && hear_pieces(hearing, &pieces, err);
    extraction_clean(&pieces);
    pthread_mutex_destroy(&own.lock);
    return good;
}

/* --- Writing --- */

static void write_paragraph(DocWriter *doc, Arena *arena, const SpeechSegment *segments,
                            size_t count)
{
    Buf text = buf_new(arena, MB(4));
    Str speaker = segments[0].speaker;
    /* "A" is a letter that the service gave to somebody, anything longer a name. */
    if (speaker.length)
        buf_addf(&text, "%s" STR_FMT ": ", speaker.length < 3 ? "Speaker " : "", STR_ARG(speaker));
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&text, ' ');
        buf_add(&text, segments[i].text);
    }
    doc_place(doc, &(Place){ .start_ms = (int64_t)(segments[0].start_s * 1000),
                             .end_ms = (int64_t)(segments[count - 1].end_s * 1000) });
    doc_paragraph(doc, buf_str(&text));
}

static bool is_new_paragraph(const SpeechSegment *first, const SpeechSegment *last,
                             const SpeechSegment *next)
{
    return next->start_s - last->end_s > PARAGRAPH_GAP_S ||
           next->end_s - first->start_s > PARAGRAPH_S_MAX ||
           !str_equal(next->speaker, last->speaker);
}

static bool write_transcript(const Hearing *hearing, Receiver *in, Error *err)
{
    const SpeechSegment *all = hearing->segments.at;
    size_t count = hearing->segments.count, first = 0;
    DocWriter *doc = doc_writer_new(hearing->arena, &in->tree, &worker_limits);
    if (!count)
        doc_warning(doc, str_format(hearing->arena, "no words were heard by " STR_FMT,
                                    STR_ARG(hearing->model)));
    else
        doc_meta(doc, "transcript",
                 str_format(hearing->arena, "by " STR_FMT, STR_ARG(hearing->model)));
    if (count)
        doc_heading(doc, 2, S("Transcript"));
    for (size_t i = 1; i <= count; i++)
        if (i == count || is_new_paragraph(&all[first], &all[i - 1], &all[i])) {
            write_paragraph(doc, hearing->arena, &all[first], i - first);
            first = i;
        }
    doc_place(doc, &(Place){ 0 });
    bool good = doc_writer_end(doc, err);
    doc_writer_free(doc);
    return good;
}

bool reading_hear(Reading *reading, const Later *later, Receiver *in, Error *err)
{
    const ExtractionInput *input = reading->input;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Hearing hearing = { .reading = reading, .arena = arena };
    if (!input->hear || !input->spool_folder)
        return reading_ask(reading, "speech", in, err);
    bool good = hear(&hearing, later, err);
    if (!good && err->code == ERROR_CANCELLED)
        return false;
    pthread_mutex_lock(&reading->lock);
    if (good)
        good = write_transcript(&hearing, in, err);
    else
        *vec_push(reading->arena, &later->node->warnings) =
            str_format(reading->arena, "no model has listened to it: %s", err->message);
    pthread_mutex_unlock(&reading->lock);
    return good || reading_ask(reading, "speech", in, err);
}
