/* subtitle_forms.c - lyrics (LRC), cues by frames (MicroDVD) and SAMI. See subtitles.h. */
#include "extract/charset/encoding.h"
#include "extract/formats/html_tokens.h"
#include "extract/formats/subtitles.h"

enum { LOOK_LINES = 20, CUE_BYTES = 64 << 10 };

/* --- Lyrics: "[mm:ss.xx]words", a line may have several times; "[ar:artist]" --- */

/* "[00:12.00]" at *rest. */
static bool take_stamp(Str *rest, int64_t *ms_r)
{
    Str in = str_from(*rest, 1);
    if (!str_starts(*rest, S("[")) || !subtitle_take_clock(&in, ms_r) || !str_starts(in, S("]")))
        return false;
    *rest = str_from(in, 1);
    return true;
}

/* "[ti:Name]" */
static bool read_fact(Str line, Str *key_r, Str *value_r)
{
    ptrdiff_t colon = str_find_char(line, ':');
    line = str_trim(line);
    if (!str_starts(line, S("[")) || !str_ends(line, S("]")) || colon < 2 || colon > 10)
        return false;
    *key_r = str_slice(line, 1, (size_t)colon);
    *value_r = str_trim(str_slice(line, (size_t)colon + 1, line.length - 1));
    return true;
}

bool subtitle_is_lyrics(Str head)
{
    Str line, key, value;
    int64_t ms;
    for (int i = 0; i < LOOK_LINES && text_next_line(&head, &line); i++) {
        if (take_stamp(&line, &ms))
            return true;
        if (str_trim(line).length && !read_fact(line, &key, &value))
            return false;
    }
    return false;
}

void subtitle_write_lyrics(DocWriter *doc, Str text)
{
    static const char *const facts[][2] = {
        { "ti", "title" }, { "ar", "artist" }, { "al", "album" }, { "au", "author" }
    };
    Str line, key, value;
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++) {
        int64_t first_ms = 0, ms;
        bool is_timed = take_stamp(&line, &first_ms);
        while (take_stamp(&line, &ms))
            ; /* it is sung again later */
        if (is_timed) {
            subtitle_write(doc, str_trim(line), first_ms, first_ms, number, number);
            continue;
        }
        for (size_t i = 0; i < COUNT(facts) && read_fact(line, &key, &value); i++)
            if (str_is(key, facts[i][0]))
                doc_meta(doc, facts[i][1], value);
    }
}

/* --- MicroDVD: "{first frame}{last}line|line"; "{1}{1}25" says how many there are in a second ---
 */

static bool take_frame(Str *rest, int64_t *frame_r)
{
    ptrdiff_t end = str_find_char(*rest, '}');
    if (!str_starts(*rest, S("{")) || end < 0 ||
        !str_to_int(str_slice(*rest, 1, (size_t)end), 0, INT32_MAX, frame_r))
        return false;
    *rest = str_from(*rest, (size_t)end + 1);
    return true;
}

bool subtitle_is_frames(Str head)
{
    Str line;
    int64_t first, last;
    return text_next_line(&head, &line) && take_frame(&line, &first) && take_frame(&line, &last) &&
           line.length;
}

/* "{y:i}" and the like are formats. */
static void add_frame_line(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        ptrdiff_t end = text.at[i] == '{' ? str_find_char(str_from(text, i), '}') : -1;
        if (end > 2 && text.at[i + 2] == ':')
            i += (size_t)end;
        else
            buf_add_char(out, text.at[i] == '|' ? '\n' : text.at[i]);
    }
}

void subtitle_write_frames(DocWriter *doc, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    double rate = 23.976, said; /* of films, when the file does not say it */
    Str line;
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++) {
        int64_t first, last;
        if (!take_frame(&line, &first) || !take_frame(&line, &last))
            continue;
        if (first <= 1 && last <= 1 && str_to_double(str_trim(line), &said)) {
            rate = said >= 1 && said <= 1000 ? said : rate;
            continue;
        }
        arena_reset(arena);
        Buf out = buf_new(arena, CUE_BYTES);
        add_frame_line(&out, line);
        subtitle_write(doc, buf_str(&out), (int64_t)((double)first * 1000 / rate),
                       (int64_t)((double)last * 1000 / rate), number, number);
    }
}

/* --- SAMI: HTML whose texts follow <sync start=ms>; an empty text ends the one before --- */

bool subtitle_is_sami(Str head)
{
    return str_starts(head, S("<SAMI>")) || str_starts(head, S("<sami>"));
}

typedef struct Sami {
    DocWriter *doc;
    Arena *arena;
    Buf text;
    int64_t start_ms;
    int line;
    bool is_cue, is_title;
} Sami;

static void end_sami_text(Sami *in, int64_t end_ms, int line)
{
    if (in->is_title)
        doc_meta(in->doc, "title", str_trim(buf_str(&in->text)));
    else if (in->is_cue)
        subtitle_write(in->doc, str_trim(buf_str(&in->text)), in->start_ms,
                       MAX(end_ms, in->start_ms), in->line, line);
    arena_reset(in->arena);
    in->text = buf_new(in->arena, CUE_BYTES);
    in->is_title = false;
}

static void take_sami_tag(Sami *in, const HtmlReader *reader, const HtmlToken *token)
{
    Str value;
    int64_t ms = in->start_ms;
    if (str_is(token->name, "br") || str_is(token->name, "p")) {
        buf_add_char(&in->text, '\n');
    } else if (str_is(token->name, "title")) {
        end_sami_text(in, 0, reader->line);
        in->is_title = token->kind == HTML_START;
    } else if (str_is(token->name, "sync") && token->kind == HTML_START) {
        if (html_attribute(token->attributes, "start", &value))
            (void)str_to_int(str_trim(value), 0, INT64_MAX / 2, &ms);
        end_sami_text(in, ms, reader->token_line);
        in->is_cue = true;
        in->start_ms = ms;
        in->line = reader->token_line;
    }
}

/* Line ends of the file are spaces. */
static void add_sami_text(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = HAS_CHAR(text.at[i], " \t\r\n");
        if (!is_space)
            buf_add_char(out, text.at[i]);
        else if (out->length && !HAS_CHAR(out->at[out->length - 1], " \n"))
            buf_add_char(out, ' ');
    }
}

void subtitle_write_sami(DocWriter *doc, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Sami in = { .doc = doc, .arena = arena, .text = buf_new(arena, CUE_BYTES) };
    HtmlReader reader = html_reader(text);
    HtmlToken token;
    while (doc_writer_ok(doc) && html_next(&reader, &token)) {
        if (token.kind != HTML_TEXT)
            take_sami_tag(&in, &reader, &token);
        else if (in.is_cue || in.is_title)
            add_sami_text(&in.text, token.text);
    }
    end_sami_text(&in, 0, reader.line);
}
