/* subtitles.c - SubRip (SRT), WebVTT, YouTube (SBV), SubStation Alpha (SSA, ASS), TTML, and those
 * of subtitle_forms.c: each cue is a paragraph whose place is its times. */
#include "extract/formats/subtitles.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/xml_events.h"

enum { CUE_BYTES = KB(64) };

/* --- Times --- */

/* Digits at *rest, at most nine. */
static bool take_number(Str *rest, int64_t *number_r)
{
    size_t digits = 0;
    int64_t number = 0;
    while (digits < rest->length && digits < 9 && rest->at[digits] >= '0' &&
           rest->at[digits] <= '9')
        number = number * 10 + (rest->at[digits++] - '0');
    if (digits)
        *number_r = number;
    *rest = str_from(*rest, digits);
    return digits > 0;
}

/* ".5", ",500": thousandths of what follows the mark; 0 without one. */
static int64_t take_fraction(Str *rest)
{
    int64_t fraction = 0, unit = 100;
    if (!rest->length || !HAS_CHAR(rest->at[0], ".,"))
        return 0;
    Str digits = str_from(*rest, 1);
    if (!digits.length || digits.at[0] < '0' || digits.at[0] > '9')
        return 0;
    for (; digits.length && digits.at[0] >= '0' && digits.at[0] <= '9';
         digits = str_from(digits, 1)) {
        fraction += (digits.at[0] - '0') * unit;
        unit /= 10;
    }
    *rest = digits;
    return fraction;
}

bool subtitle_take_clock(Str *rest, int64_t *ms_r)
{
    int64_t parts[3] = { 0 }, count = 0;
    Str in = *rest;
    while (count < 3 && take_number(&in, &parts[count])) {
        count++;
        if (!in.length || in.at[0] != ':' || count == 3)
            break;
        in = str_from(in, 1);
    }
    if (count < 2)
        return false;
    int64_t seconds =
        count == 3 ? parts[0] * 3600 + parts[1] * 60 + parts[2] : parts[0] * 60 + parts[1];
    *ms_r = seconds * 1000 + take_fraction(&in);
    *rest = in;
    return true;
}

typedef struct Times {
    int64_t start_ms, end_ms;
} Times;

/* "00:01.000 --> 00:04.000 align:start", or "0:00:00.599,0:00:04.160" of SBV. */
static bool read_timing(Str line, Times *times_r)
{
    Times times;
    Str in = str_trim(line);
    if (!subtitle_take_clock(&in, &times.start_ms))
        return false;
    in = str_trim(in);
    if (str_starts(in, S("-->")))
        in = str_trim(str_from(in, 3));
    else if (str_starts(in, S(",")))
        in = str_from(in, 1);
    else
        return false;
    if (!subtitle_take_clock(&in, &times.end_ms))
        return false;
    *times_r = times;
    return true;
}

/* --- Text of a cue --- */

static size_t add_entity(Buf *out, Str text)
{
    static const struct {
        const char *name, *text;
    } entities[] = { { "&amp;", "&" },   { "&lt;", "<" }, { "&gt;", ">" }, { "&nbsp;", "\xC2\xA0" },
                     { "&quot;", "\"" }, { "&lrm;", "" }, { "&rlm;", "" } };
    for (size_t i = 0; i < COUNT(entities); i++)
        if (str_starts(text, str(entities[i].name))) {
            buf_add(out, str(entities[i].text));
            return strlen(entities[i].name);
        }
    buf_add_char(out, '&');
    return 1;
}

/* A tag of mark-up, "<i>", "</v>", "<00:19.000>", "<v.loud Anna>"; an angle in a text is none. */
static bool is_tag(Str tag)
{
    char c = tag.length > 2 ? tag.at[1] : '\0';
    return c == '/' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "<v.class Anna>" begins what Anna says. */
static void add_speaker(Buf *out, Str tag)
{
    ptrdiff_t space = str_find_char(tag, ' ');
    bool is_voice = tag.length > 3 && tag.at[1] == 'v' && HAS_CHAR(tag.at[2], ". ");
    if (!is_voice || space < 0)
        return;
    buf_add(out, str_trim(str_slice(tag, (size_t)space, tag.length - 1)));
    buf_add(out, S(": "));
}

/* Without tags and entities; "{\an8}" is a position that SRT took over from SSA. */
static Str plain_text(Arena *arena, Str text)
{
    Buf out = buf_new(arena, CUE_BYTES + KB(4));
    for (size_t i = 0; i < text.length;) {
        Str rest = str_from(text, i);
        ptrdiff_t end = text.at[i] == '<'            ? str_find_char(rest, '>')
                        : str_starts(rest, S("{\\")) ? str_find_char(rest, '}')
                                                     : -1;
        Str tag = str_slice(rest, 0, (size_t)(end + 1));
        if (end > 0 && (text.at[i] == '{' || is_tag(tag))) {
            add_speaker(&out, tag);
            i += tag.length;
        } else if (text.at[i] == '&') {
            i += add_entity(&out, rest);
        } else {
            buf_add_char(&out, text.at[i++]);
        }
    }
    return buf_str(&out);
}

void subtitle_write(DocWriter *doc, Str text, int64_t start_ms, int64_t end_ms, int line_first,
                    int line_last)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    doc_place(doc, &(Place){ .start_ms = start_ms,
                             .end_ms = MAX(start_ms, end_ms),
                             .line_first = line_first,
                             .line_last = line_last });
    doc_paragraph(doc, plain_text(arena, str_slice(text, 0, CUE_BYTES)));
}

/* --- SRT, WebVTT, SBV --- */

typedef struct Reader {
    DocWriter *doc;
    Times times;
    bool has_times;
    Str text;    /* of the cue so far, or of the note */
    Str pending; /* a line that may be the name of the next cue */
    bool pending_is_first;
    int line, line_first, line_last;
    enum { BLOCK_TEXT, BLOCK_COMMENT, BLOCK_STYLE } block;
    int64_t last_ms;
} Reader;

static void flush_cue(Reader *in)
{
    if (in->text.length && in->block == BLOCK_COMMENT) {
        doc_place(in->doc, &(Place){ .line_first = in->line_first, .line_last = in->line_last });
        doc_note(in->doc, "comment", in->text);
    } else if (in->text.length && in->has_times) {
        subtitle_write(in->doc, in->text, in->times.start_ms, in->times.end_ms, in->line_first,
                       in->line_last);
        in->last_ms = MAX(in->last_ms, in->times.end_ms);
    }
    in->text = STR_NONE;
}

static void commit_pending(Reader *in)
{
    Str line = in->pending;
    if (!line.length)
        return;
    if (in->pending_is_first && in->block == BLOCK_TEXT) {
        if (str_starts(line, S("NOTE")) && (line.length == 4 || HAS_CHAR(line.at[4], " \t")))
            in->block = BLOCK_COMMENT;
        else if (str_is(str_trim(line), "STYLE") || str_is(str_trim(line), "REGION"))
            in->block = BLOCK_STYLE;
    }
    if (!in->text.length) {
        in->text = line;
        in->line_first = in->line - 1;
    }
    in->text.length = (size_t)(line.at + line.length - in->text.at);
    in->line_last = in->line - 1;
    if (in->block == BLOCK_STYLE)
        in->text = STR_NONE;
    in->pending = STR_NONE;
}

static bool is_all_digits(Str line)
{
    int64_t number;
    return str_to_int(str_trim(line), 0, INT64_MAX, &number);
}

static void begin_cue(Reader *in, Times times)
{
    if (!in->pending_is_first && !is_all_digits(in->pending))
        commit_pending(in);
    in->pending = STR_NONE;
    flush_cue(in);
    in->times = times;
    in->has_times = true;
    in->block = BLOCK_TEXT;
}

static void write_cues(Reader *in, Str text)
{
    Str line;
    bool after_blank = true;
    while (doc_writer_ok(in->doc) && text_next_line(&text, &line)) {
        Times times;
        in->line++;
        if (in->line == 1 && str_starts(line, S("WEBVTT")))
            line = str_trim(str_from(line, 6)); /* some put the first times here */
        if (str_trim(line).length == 0) {
            commit_pending(in);
            flush_cue(in);
            in->block = BLOCK_TEXT;
            after_blank = true;
            continue;
        }
        if (read_timing(line, &times)) {
            begin_cue(in, times);
            after_blank = false;
            continue;
        }
        commit_pending(in);
        in->pending = line;
        in->pending_is_first = after_blank;
        after_blank = false;
    }
    in->line++;
    commit_pending(in);
    flush_cue(in);
}

/* --- SSA and ASS --- */

/* The columns of [Events], by their Format line. */
typedef struct Columns {
    int start, end, name, count;
} Columns;

static Columns read_columns(Str format)
{
    Columns columns = { .start = 1, .end = 2, .name = 4 };
    Str piece;
    while (str_next(&format, ',', &piece)) {
        piece = str_trim(piece);
        if (str_equal_ignore_case(piece, S("Start")))
            columns.start = columns.count;
        else if (str_equal_ignore_case(piece, S("End")))
            columns.end = columns.count;
        else if (str_equal_ignore_case(piece, S("Name")) ||
                 str_equal_ignore_case(piece, S("Actor")))
            columns.name = columns.count;
        columns.count++;
    }
    return columns;
}

/* The text is the last column and may hold commas; "\N" and "\n" are line ends. */
static void write_dialogue(DocWriter *doc, Str rest, const Columns *columns, int line)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Times times = { 0 };
    Str piece, name = STR_NONE;
    for (int i = 0; i + 1 < columns->count; i++) {
        if (!str_next(&rest, ',', &piece))
            return;
        piece = str_trim(piece);
        if (i == columns->start)
            subtitle_take_clock(&piece, &times.start_ms);
        else if (i == columns->end)
            subtitle_take_clock(&piece, &times.end_ms);
        else if (i == columns->name)
            name = piece;
    }
    Buf out = buf_new(arena, CUE_BYTES);
    if (name.length)
        buf_addf(&out, STR_FMT ": ", STR_ARG(name));
    for (size_t i = 0; i < rest.length; i++) {
        char next = rest.at[i] == '\\' && i + 1 < rest.length ? rest.at[i + 1] : '\0';
        if (HAS_CHAR(next, "Nnh"))
            buf_add_char(&out, next == 'h' ? ' ' : '\n'), i++;
        else
            buf_add_char(&out, rest.at[i]);
    }
    Str text = buf_str(&out);
    text.length = utf8_floor(text, text.length);
    subtitle_write(doc, text, times.start_ms, times.end_ms, line, line);
}

static bool take_key(Str line, Str key, Str *value_r)
{
    if (!str_starts(line, key))
        return false;
    *value_r = str_trim(str_from(line, key.length));
    return true;
}

static void write_substation(DocWriter *doc, Str text)
{
    Columns columns = read_columns(S("Marked,Start,End,Style,Name,MarginL,MarginR,MarginV,"
                                     "Effect,Text"));
    Str line, value;
    bool in_events = false;
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++) {
        if (str_starts(line, S("[")))
            in_events = str_equal_ignore_case(str_trim(line), S("[Events]"));
        else if (!in_events && take_key(line, S("Title:"), &value))
            doc_meta(doc, "title", value);
        else if (!in_events && take_key(line, S("Original Script:"), &value))
            doc_meta(doc, "author", value);
        else if (in_events && take_key(line, S("Format:"), &value))
            columns = read_columns(value);
        else if (in_events && take_key(line, S("Dialogue:"), &value))
            write_dialogue(doc, value, &columns, number);
    }
}

/* --- TTML (DFXP, IMSC) --- */

typedef struct Ttml {
    DocWriter *doc;
    Buf text;
    Times times;
    int64_t frame_rate, tick_rate;
    int levels; /* of elements inside <p>, it included */
    enum { TTML_NONE, TTML_CUE, TTML_TITLE } is;
} Ttml;

/* TTML2 12.3.1: a clock with fraction or frames, or an offset with a unit. */
static int64_t ttml_time(const Ttml *in, Str text)
{
    int64_t ms = 0, whole = 0, fraction, frames;
    Str rest = str_trim(text);
    if (subtitle_take_clock(&rest, &ms)) {
        if (str_starts(rest, S(":")) && (rest = str_from(rest, 1), take_number(&rest, &frames)))
            ms += frames * 1000 / in->frame_rate;
        return ms;
    }
    if (!take_number(&rest, &whole))
        return 0;
    fraction = take_fraction(&rest);
    ms = whole * 1000 + fraction;
    if (str_is(rest, "h"))
        return ms * 3600;
    if (str_is(rest, "m"))
        return ms * 60;
    if (str_is(rest, "ms"))
        return whole;
    if (str_is(rest, "f"))
        return ms / in->frame_rate;
    return str_is(rest, "t") ? ms / in->tick_rate : ms;
}

static void ttml_begin_cue(Ttml *in, const XmlElement *element)
{
    Str end = xml_attribute(element, "end"), duration = xml_attribute(element, "dur");
    in->is = TTML_CUE;
    in->levels = 0;
    in->text.length = 0;
    in->times.start_ms = ttml_time(in, xml_attribute(element, "begin"));
    in->times.end_ms = end.length        ? ttml_time(in, end)
                       : duration.length ? in->times.start_ms + ttml_time(in, duration)
                                         : in->times.start_ms;
}

static bool ttml_start(void *self, const XmlElement *element)
{
    Ttml *in = self;
    if (in->is != TTML_NONE) {
        in->levels++;
        if (str_is(element->name, "br"))
            buf_add_char(&in->text, '\n');
    } else if (str_is(element->name, "tt")) {
        in->frame_rate = MAX(1, xml_attribute_int(element, "frameRate", 30));
        in->tick_rate = MAX(1, xml_attribute_int(element, "tickRate", (int)in->frame_rate));
        doc_meta(in->doc, "language", xml_attribute(element, "lang"));
    } else if (str_is(element->name, "p")) {
        ttml_begin_cue(in, element);
    } else if (str_is(element->name, "title")) {
        in->is = TTML_TITLE;
        in->levels = 0;
        in->text.length = 0;
    }
    return doc_writer_ok(in->doc);
}

static bool ttml_end(void *self, Str name)
{
    Ttml *in = self;
    (void)name;
    if (in->is == TTML_NONE || in->levels-- > 0)
        return true;
    doc_place(in->doc, &(Place){ .start_ms = in->times.start_ms,
                                 .end_ms = MAX(in->times.start_ms, in->times.end_ms) });
    if (in->is == TTML_TITLE)
        doc_meta(in->doc, "title", buf_str(&in->text));
    else
        doc_paragraph(in->doc, buf_str(&in->text));
    in->is = TTML_NONE;
    return doc_writer_ok(in->doc);
}

/* Line ends of the file are spaces; those of the text are <br/>. */
static bool ttml_text(void *self, Str text)
{
    Ttml *in = self;
    for (size_t i = 0; in->is != TTML_NONE && i < text.length; i++) {
        bool is_space = HAS_CHAR(text.at[i], " \t\r\n");
        if (!is_space)
            buf_add_char(&in->text, text.at[i]);
        else if (in->text.length && !HAS_CHAR(in->text.at[in->text.length - 1], " \n"))
            buf_add_char(&in->text, ' ');
    }
    return true;
}

static bool write_ttml(DocWriter *doc, Str bytes, Error *err)
{
    static const XmlEvents events = { ttml_start, ttml_end, ttml_text };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Ttml in = { .doc = doc, .text = buf_new(arena, CUE_BYTES), .frame_rate = 30, .tick_rate = 1 };
    XmlParser *parser = xml_begin(&events, &in);
    (void)xml_add(parser, bytes.at, bytes.length);
    return xml_end(parser, err);
}

/* --- The file --- */

typedef enum Kind {
    KIND_NONE,
    KIND_CUES,
    KIND_VTT,
    KIND_SUBSTATION,
    KIND_TTML,
    KIND_LYRICS,
    KIND_FRAMES,
    KIND_SAMI,
} Kind;

/* The first line with something on it is a time, or a number and then a time. */
static bool begins_with_cue(Str head)
{
    Str line;
    Times times;
    bool after_number = false;
    for (int i = 0; i < 10 && text_next_line(&head, &line); i++) {
        if (str_trim(line).length == 0)
            continue;
        if (read_timing(line, &times))
            return true;
        if (after_number || !is_all_digits(line))
            return false;
        after_number = true;
    }
    return false;
}

static Kind kind_of(Str head)
{
    Str start = str_trim(str_slice(head, 0, KB(4)));
    if (str_starts(start, S("WEBVTT")) && (start.length == 6 || HAS_CHAR(start.at[6], " \t\r\n")))
        return KIND_VTT;
    if (str_starts(start, S("[Script Info]")))
        return KIND_SUBSTATION;
    if (str_starts(start, S("<")) &&
        (str_find(start, S("<tt ")) >= 0 || str_find(start, S("<tt:tt ")) >= 0) &&
        (str_find(start, S("/ns/ttml")) >= 0 || str_find(start, S("/ttaf1")) >= 0))
        return KIND_TTML;
    return begins_with_cue(start)      ? KIND_CUES
           : subtitle_is_lyrics(start) ? KIND_LYRICS
           : subtitle_is_frames(start) ? KIND_FRAMES
           : subtitle_is_sami(start)   ? KIND_SAMI
                                       : KIND_NONE;
}

static void write_all_cues(DocWriter *doc, Str text)
{
    Reader in = { .doc = doc };
    write_cues(&in, text);
    if (in.last_ms > 0)
        doc_meta_seconds(doc, "duration", (double)in.last_ms / 1000);
}

static bool subtitles_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not a text of subtitles");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    switch (kind_of(str_slice(text, 0, KB(8)))) {
    case KIND_TTML: return write_ttml(doc, source->bytes, err);
    case KIND_SUBSTATION: write_substation(doc, text); break;
    case KIND_LYRICS: subtitle_write_lyrics(doc, text); break;
    case KIND_FRAMES: subtitle_write_frames(doc, text); break;
    case KIND_SAMI: subtitle_write_sami(doc, text); break;
    default: write_all_cues(doc, text);
    }
    return true;
}

static int subtitles_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    if (text_is_binary(bytes))
        return 0;
    return kind_of(text_head(arena, bytes, KB(8))) == KIND_NONE ? 0 : 75;
}

const Extractor extractor_subtitles = {
    .name = "subtitles",
    .title = "Subtitles and lyrics (SRT, WebVTT, TTML, SSA, SBV, SAMI, MicroDVD, LRC)",
    .extensions = LIST("srt", "vtt", "sbv", "ass", "ssa", "ttml", "dfxp", "smi", "sub", "lrc"),
    .media_types = LIST("text/vtt", "application/x-subrip", "application/ttml+xml", "text/x-ssa",
                        "application/x-sami", "text/x-microdvd", "application/x-lrc"),
    .sniff = subtitles_sniff,
    .extract = subtitles_extract,
};
