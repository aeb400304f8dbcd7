/* speech_worker.c - the class of worker that writes down what is said in a recording.
 *
 * Where somebody else listens it only decodes: the sound goes out as members, in pieces.
 *
 * A class of its own because its model takes longer to load than anything else in a recording
 * takes to read; "media" leaves sound to it. It never fails a document: what it cannot do it says.
 */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "worker/speech/listen.h"
#include "worker/speech/prepare.h"
#include "worker/speech/sound.h"
#include "worker/speech/utterances.h"
#include "worker/worker.h"

/* SURE_MIN: of music and noise, what was "heard" is less probable than 0.2; of other languages 0.17
 * to 0.44, most of them under 0.385. English of which half the words are right has 0.39, better
 * English more (measured on 7 English and 8 other recordings). The decoder has nothing that tells
 * them apart better: neither its scores against a loop of phones nor hearing it twice, a little
 * slower. */
#define SURE_MIN 0.385F
#define SURE_MIN_ONE_WORD 0.5F
enum { SECONDS_MAX = 30 * 60, WORK_MAX_MS = 8 * 60 * 1000, OPEN_LIMIT_MS = 60000 };
enum { PARAGRAPH_GAP_MS = 2000, PARAGRAPH_MS_MAX = 40000 };

static void preload(void)
{
    media_preload();
    listen_preload();
}

/* A paragraph being gathered. */
typedef struct Transcript {
    DocWriter *doc;
    Arena *arena; /* of the paragraph */
    Buf text;
    int64_t start_ms, end_ms;
    size_t paragraphs, dropped;
} Transcript;

static void end_paragraph(Transcript *out)
{
    if (!out->text.length)
        return;
    if (!out->paragraphs++) {
        doc_meta(out->doc, "transcript", S("draft, English, by PocketSphinx"));
        doc_warning(out->doc, S("the transcript is a draft: many words are wrong"));
        doc_heading(out->doc, 2, S("Transcript (draft)"));
    }
    doc_place(out->doc, &(Place){ .start_ms = out->start_ms, .end_ms = out->end_ms });
    doc_paragraph(out->doc, buf_str(&out->text));
    arena_reset(out->arena);
    out->text = buf_new(out->arena, KB(64));
}

static void add_heard(Transcript *out, const Heard *heard, int64_t start_ms, int64_t end_ms)
{
    bool is_unsure = heard->sure < (heard->words == 1 ? SURE_MIN_ONE_WORD : SURE_MIN);
    if (!heard->words || is_unsure) {
        out->dropped += is_unsure;
        return;
    }
    if (out->text.length &&
        (start_ms - out->end_ms > PARAGRAPH_GAP_MS || end_ms - out->start_ms > PARAGRAPH_MS_MAX))
        end_paragraph(out);
    if (!out->text.length)
        out->start_ms = start_ms;
    else
        buf_add_char(&out->text, ' ');
    buf_add(&out->text, heard->text);
    out->end_ms = end_ms;
}

static int64_t in_ms(size_t samples) { return (int64_t)(samples * 1000 / SOUND_RATE); }

/* How far it came, in samples. */
static size_t listen_to_all(Transcript *out, const Sound *sound, const Utterances *pieces)
{
    int64_t until_ms = monotonic_ms() + WORK_MAX_MS;
    for (size_t i = 0; i < pieces->count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        const Utterance *piece = &pieces->at[i];
        if (monotonic_ms() > until_ms)
            return piece->start;
        Heard heard = listen_to(arena, sound->samples + piece->start, piece->end - piece->start);
        add_heard(out, &heard, in_ms(piece->start), in_ms(piece->end));
        if (!doc_progress(out->doc, "speech", in_ms(piece->end) / 1000, in_ms(sound->count) / 1000))
            return sound->count;
    }
    return sound->count;
}

static void write_end(const Transcript *out, const Sound *sound, size_t done)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    int64_t minutes = in_ms(done) / 60000;
    if (sound->is_cut || done < sound->count)
        doc_warning(
            out->doc,
            str_format(arena, "only the first %" PRId64 " minutes were listened to", minutes));
    if (!out->paragraphs && out->dropped)
        doc_warning(out->doc, S("speech could not be made out: only English is written down"));
    else if (!out->paragraphs)
        doc_warning(out->doc, S("no English speech was understood"));
    else if (out->dropped)
        doc_warning(out->doc, str_format(arena, "%zu passages were not understood", out->dropped));
}

static bool write_transcript(const Sound *sound, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_ARENA Arena *paragraph = arena_new(MB(1));
    Transcript out = { .doc = doc, .arena = paragraph, .text = buf_new(paragraph, KB(64)) };
    Utterances pieces = utterances_find(arena, sound->samples, sound->count, SOUND_RATE);
    size_t done = listen_to_all(&out, sound, &pieces);
    end_paragraph(&out);
    doc_place(doc, &(Place){ 0 });
    write_end(&out, sound, done);
    return true;
}

/* --- For somebody who hears better --- */

/* PIECE: a service takes 25 MB, which is 13 minutes; smaller ones give closer times where it tells
 * none. A cut is made where it is quietest in the last seconds of a piece. */
enum { PIECE_SECONDS = 300, CUT_SECONDS = 20, QUIET_SAMPLES = SOUND_RATE / 5 };
enum { LONG_SECONDS_MAX = 6 * 3600 };

typedef struct Sender {
    DocWriter *doc;
    size_t sent; /* samples */
} Sender;

static size_t quietest_cut(const Sound *sound)
{
    size_t from = sound->count - MIN(sound->count, (size_t)CUT_SECONDS * SOUND_RATE);
    size_t best = sound->count;
    double least = INFINITY;
    for (size_t at = from; at + QUIET_SAMPLES <= sound->count; at += QUIET_SAMPLES / 2) {
        double energy = 0;
        for (size_t i = at; i < at + QUIET_SAMPLES; i++)
            energy += (double)(sound->samples[i] * sound->samples[i]);
        if (energy < least) {
            least = energy;
            best = at + QUIET_SAMPLES / 2;
        }
    }
    return best;
}

static size_t send_piece(void *self, const Sound *sound, bool is_last)
{
    Sender *sender = self;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    size_t count = is_last ? sound->count : quietest_cut(sound);
    Str name = str_format(arena, "%" PRId64 ".wav", in_ms(sender->sent));
    doc_child(sender->doc, name, S("audio/wav"), sound_wav(arena, sound->samples, count));
    sender->sent += count;
    return count;
}

static bool send_pieces(MediaFile *file, DocWriter *doc, Error *err)
{
    Sender sender = { .doc = doc };
    SoundPieces pieces = { PIECE_SECONDS, LONG_SECONDS_MAX, send_piece, &sender };
    bool is_cut;
    if (!sound_read_pieces(file, &pieces, &is_cut, err))
        return false;
    return !is_cut || doc_warning(doc, S("only the first six hours were listened to"));
}

static bool speech_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_MEDIA MediaFile file = { 0 };
    AUTO_SOUND Sound sound = { 0 };
    Error why = { 0 };
    if (source->hears_elsewhere) {
        media_set_deadline(&file, OPEN_LIMIT_MS);
        if (!media_open(&file, source, err))
            return false;
        media_set_deadline(&file, 0);
        return send_pieces(&file, doc, err);
    }
    if (!listen_can())
        return doc_warning(doc, S("no transcript: the Debian package pocketsphinx-en-us is not "
                                  "installed"));
    media_set_deadline(&file, OPEN_LIMIT_MS);
    if (!media_open(&file, source, &why) || !sound_read(&file, SECONDS_MAX, &sound, &why)) {
        AUTO_ARENA Arena *arena = arena_new(KB(16));
        return doc_warning(doc, str_format(arena, "no transcript: %s", why.message));
    }
    return write_transcript(&sound, doc);
}

const WorkerClass worker_class = {
    .name = "speech",
    .preload = preload,
    .extract = speech_extract,
    .prepare = sound_prepare,
};
