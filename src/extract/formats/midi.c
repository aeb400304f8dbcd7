/* midi.c - Standard MIDI Files (RP-001): names of tracks, words that are sung, how long it lasts.
 */
#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { TRACKS_MAX = 1000, WORDS_MAX = 20000, TEMPOS_MAX = 4000, TEXT_MAX = 4096 };
enum { TEMPO_AT_START = 500000 }; /* microseconds a quarter */

/* Meta events (RP-001, page 7). */
enum { META_TEXT = 1, META_COPYRIGHT, META_NAME, META_INSTRUMENT, META_LYRIC };
enum { META_TEMPO = 0x51, META_END = 0x2F };

typedef struct Tempo {
    uint64_t tick;
    uint32_t microseconds;
} Tempo;

typedef struct Word {
    uint64_t tick;
    Str text;
} Word;

typedef struct Song {
    Arena *arena;
    DocWriter *doc;
    unsigned division;
    VEC(Tempo) tempos;
    VEC(Word) lyrics, texts; /* karaoke files sing in texts */
    uint64_t last_tick;
    Str title;
    int tracks;
} Song;

typedef struct Track {
    Str name, instrument;
    int64_t notes;
} Track;

/* --- Times --- */

static int compare_tempos(const void *a, const void *b)
{
    const Tempo *x = a, *y = b;
    return x->tick < y->tick ? -1 : x->tick > y->tick;
}

static int compare_words(const void *a, const void *b)
{
    const Word *x = a, *y = b;
    return x->tick < y->tick ? -1 : x->tick > y->tick;
}

/* Tempos are in order. A negative division is frames a second and ticks a frame. */
static double seconds_at(const Song *song, uint64_t tick)
{
    if (song->division & 0x8000) {
        unsigned frames = 256 - (song->division >> 8), ticks = song->division & 0xFF;
        return (double)tick / MAX(1U, frames * ticks);
    }
    double seconds = 0, quarter = TEMPO_AT_START;
    double ticks = MAX(1U, song->division);
    uint64_t at = 0;
    for (size_t i = 0; i < song->tempos.count && song->tempos.at[i].tick < tick; i++) {
        seconds += (double)(song->tempos.at[i].tick - at) / ticks * quarter / 1e6;
        at = song->tempos.at[i].tick;
        quarter = song->tempos.at[i].microseconds;
    }
    return seconds + (double)(tick - at) / ticks * quarter / 1e6;
}

static int64_t ms_at(const Song *song, uint64_t tick)
{
    return (int64_t)MIN(seconds_at(song, tick) * 1000, 1e12);
}

/* --- Events --- */

/* Seven bits a byte, at most four of them. */
static uint32_t take_length(Str *rest)
{
    uint32_t value = 0;
    for (int i = 0; i < 4 && rest->length; i++) {
        uint8_t byte = byte_at(*rest, 0);
        *rest = str_from(*rest, 1);
        value = value << 7 | (byte & 0x7F);
        if (byte < 0x80)
            break;
    }
    return value;
}

static Str decode(const Song *song, Str text)
{
    return text_decode(song->arena, str_slice(text, 0, TEXT_MAX), STR_NONE, NULL);
}

static void take_meta(Song *song, Track *track, unsigned type, Str body, uint64_t tick)
{
    bool has_room =
        song->lyrics.count + song->texts.count < WORDS_MAX && arena_room(song->arena) > MB(1);
    if (type == META_TEMPO && body.length == 3 && song->tempos.count < TEMPOS_MAX)
        *vec_push(song->arena, &song->tempos) = (Tempo){ tick, big32(body, 0) >> 8 };
    else if (type == META_NAME && !track->name.length)
        track->name = str_trim(decode(song, body));
    else if (type == META_INSTRUMENT && !track->instrument.length)
        track->instrument = str_trim(decode(song, body));
    else if (type == META_COPYRIGHT)
        doc_meta(song->doc, "copyright", decode(song, body));
    else if (type == META_LYRIC && has_room)
        *vec_push(song->arena, &song->lyrics) = (Word){ tick, decode(song, body) };
    else if (type == META_TEXT && has_room)
        *vec_push(song->arena, &song->texts) = (Word){ tick, decode(song, body) };
}

/* False at the track's end. `status` goes on from event to event. */
static bool take_event(Song *song, Track *track, Str *rest, uint8_t *status, uint64_t *tick)
{
    *tick += take_length(rest);
    uint8_t first = byte_at(*rest, 0);
    if (!rest->length)
        return false;
    if (first == 0xFF || first == 0xF0 || first == 0xF7) {
        unsigned type = byte_at(*rest, 1);
        *rest = str_from(*rest, first == 0xFF ? 2 : 1);
        uint32_t length = take_length(rest);
        Str body = bytes_part(*rest, 0, length);
        *rest = str_from(*rest, length);
        if (first == 0xFF)
            take_meta(song, track, type, body, *tick);
        return first != 0xFF || type != META_END;
    }
    if (first & 0x80) {
        *status = first;
        *rest = str_from(*rest, 1);
    }
    unsigned kind = *status >> 4;
    track->notes += kind == 9 && byte_at(*rest, 1) > 0;
    *rest = str_from(*rest, kind == 0xC || kind == 0xD ? 1 : 2);
    return *status != 0;
}

static void read_track(Song *song, Str rest)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Track track = { 0 };
    uint64_t tick = 0;
    uint8_t status = 0;
    while (rest.length && take_event(song, &track, &rest, &status, &tick))
        continue;
    song->last_tick = MAX(song->last_tick, tick);
    song->tracks++;
    if (song->tracks == 1)
        song->title = track.name;
    doc_cell(song->doc, str_format(arena, "%d", song->tracks));
    doc_cell(song->doc, track.name);
    doc_cell(song->doc, track.instrument);
    doc_cell(song->doc, str_format(arena, "%d", (int)MIN(track.notes, (int64_t)INT32_MAX)));
    doc_row_end(song->doc);
}

static void read_tracks(Song *song, Str rest)
{
    static const char *const heads[] = { "Track", "Name", "Instrument", "Notes" };
    doc_table_begin(song->doc);
    for (size_t i = 0; i < COUNT(heads); i++)
        doc_cell(song->doc, str(heads[i]));
    doc_row_end(song->doc);
    doc_header_end(song->doc);
    while (rest.length > 8 && song->tracks < TRACKS_MAX) {
        size_t length = big32(rest, 4);
        if (str_starts(rest, S("MTrk")))
            read_track(song, bytes_part(rest, 8, length));
        rest = str_from(rest, 8 + length);
    }
    doc_table_end(song->doc);
}

/* --- Words --- */

/* Syllables follow each other; a line begins with a slash (karaoke) or ends with a line end. */
static void write_words(const Song *song, const Word *words, size_t count)
{
    Buf line = buf_new(song->arena, KB(64));
    int64_t start_ms = 0;
    if (count)
        doc_heading(song->doc, 2, S("Lyrics"));
    for (size_t i = 0; i <= count; i++) {
        Str text = i < count ? words[i].text : STR_NONE;
        int64_t now_ms = ms_at(song, i < count ? words[i].tick : song->last_tick);
        bool is_new = text.length && HAS_CHAR(text.at[0], "/\\\r\n");
        if ((is_new || i == count) && line.length) {
            doc_place(song->doc, &(Place){ .start_ms = start_ms, .end_ms = MAX(start_ms, now_ms) });
            doc_paragraph(song->doc, buf_str(&line));
            line.length = 0;
        }
        start_ms = line.length ? start_ms : now_ms;
        buf_add(&line, is_new ? str_from(text, 1) : text);
        if (text.length && HAS_CHAR(text.at[text.length - 1], "\r\n")) {
            doc_place(song->doc, &(Place){ .start_ms = start_ms, .end_ms = now_ms });
            doc_paragraph(song->doc, buf_str(&line));
            line.length = 0;
        }
    }
    doc_place(song->doc, &(Place){ 0 });
}

/* Karaoke: "@TTitle", "@LENGL" and others are facts among the texts. */
static size_t take_karaoke(Song *song)
{
    size_t kept = 0;
    for (size_t i = 0; i < song->texts.count; i++) {
        Str text = song->texts.at[i].text;
        if (!str_starts(text, S("@")))
            song->texts.at[kept++] = song->texts.at[i];
        else if (str_starts(text, S("@T")))
            doc_meta(song->doc, "title", str_from(text, 2));
    }
    bool is_karaoke = kept < song->texts.count;
    return is_karaoke || !song->lyrics.count ? kept : 0;
}

static int midi_sniff(Str bytes)
{
    bool is_wrapped = str_starts(bytes, S("RIFF")) && str_is(bytes_part(bytes, 8, 4), "RMID");
    return is_wrapped || (str_starts(bytes, S("MThd")) && big32(bytes, 4) >= 6) ? 90 : 0;
}

static bool midi_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ptrdiff_t at = str_find(str_slice(source->bytes, 0, KB(4)), S("MThd"));
    if (at < 0)
        return fail(err, ERROR_DAMAGED, "the MIDI file has no header");
    Str bytes = str_from(source->bytes, (size_t)at);
    Song song = { .arena = arena, .doc = doc, .division = big16(bytes, 12) };
    read_tracks(&song, str_from(bytes, 8 + (size_t)big32(bytes, 4)));
    if (song.tempos.count)
        qsort(song.tempos.at, song.tempos.count, sizeof *song.tempos.at, compare_tempos);
    size_t texts = take_karaoke(&song);
    /* The first track's name is that of the song (RP-001, page 9). */
    if (song.title.length)
        doc_meta(doc, "title", song.title);
    doc_meta_seconds(doc, "duration", seconds_at(&song, song.last_tick));
    if (song.lyrics.count)
        qsort(song.lyrics.at, song.lyrics.count, sizeof *song.lyrics.at, compare_words);
    if (texts)
        qsort(song.texts.at, texts, sizeof *song.texts.at, compare_words);
    write_words(&song, song.lyrics.at, song.lyrics.count);
    write_words(&song, song.texts.at, texts);
    return true;
}

const Extractor extractor_midi = {
    .name = "midi",
    .title = "MIDI music and karaoke",
    .extensions = LIST("mid", "midi", "kar", "rmi"),
    .media_types = LIST("audio/midi", "audio/x-midi"),
    .sniff = midi_sniff,
    .extract = midi_extract,
};
