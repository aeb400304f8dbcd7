/* rtf_destinations.c - notes, fields, styles, facts and objects of RTF. See rtf_reader.h. */
#include "extract/metadata.h"
#include "extract/ole/ole_object.h"
#include "extract/word/rtf_reader.h"

static bool begin_context(RtfReader *reader, RtfAction kind)
{
    if (reader->context + 1 >= RTF_CONTEXTS_MAX)
        return false;
    rtf_flush(reader);
    reader->contexts[++reader->context] =
        (RtfContext){ .kind = kind,
                      .paragraph = buf_new(reader->arena, RTF_TEXT_MAX),
                      .whole = buf_new(reader->arena, RTF_TEXT_MAX) };
    return true;
}

static void end_context(RtfReader *reader)
{
    rtf_end_paragraph(reader);
    RtfContext context = reader->contexts[reader->context--];
    Str text = buf_str(&context.whole);
    if (context.kind == HEADER) {
        for (Str line; str_next(&text, '\n', &line);)
            doc_header(reader->doc, line);
    } else if (context.kind == COMMENT) {
        Str author = str_trim(buf_str(&reader->author));
        if (author.length)
            text = str_format(reader->arena, STR_FMT ":\n" STR_FMT, STR_ARG(author), STR_ARG(text));
        rtf_add_pending(reader, "comment", text);
        reader->author.length = 0;
    } else {
        rtf_add_pending(reader,
                        context.kind == BOX  ? NULL
                        : context.is_endnote ? "endnote"
                                             : "footnote",
                        text);
    }
}

static void keep_link(RtfReader *reader)
{
    Str instruction = str_trim(buf_str(&reader->instruction));
    if (str_starts(instruction, S("HYPERLINK"))) {
        Str rest = str_trim(str_from(instruction, 9));
        bool is_quoted = str_starts(rest, S("\""));
        rest = str_from(rest, is_quoted ? 1 : 0);
        ptrdiff_t end = str_find_char(rest, is_quoted ? '"' : ' ');
        Str link = str_slice(rest, 0, end < 0 ? rest.length : (size_t)end);
        if (str_find_char(link, ':') > 0 && reader->context == 0)
            rtf_add_pending(reader, "link", link);
    }
    reader->instruction.length = 0;
}

/* A style's name tells headings in English files that have no outline levels. */
void rtf_end_style(RtfReader *reader, const RtfState *state)
{
    Str name = str_trim(buf_str(&reader->meta));
    if (state->style >= 0 && state->style < RTF_STYLES_MAX) {
        int level = state->outline >= 0 && state->outline < 9 ? state->outline + 1 : 0;
        if (level == 0 && name.length >= 9 &&
            str_equal_ignore_case(str_slice(name, 0, 8), S("heading ")))
            level = name.at[8] - '0';
        if (level == 0 && str_equal_ignore_case(name, S("title;")))
            level = 1;
        reader->headings[state->style] = (signed char)MAX(0, MIN(level, 6));
    }
    reader->meta.length = 0;
}

static void write_time(RtfReader *reader, const char *key)
{
    const int *t = reader->time;
    char text[64];
    if (t[0] > 0 && t[1] > 0 && t[2] > 0) {
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", t[0] % 10000, t[1] % 100,
                 t[2] % 100, t[3] % 100, t[4] % 100, t[5] % 100);
        doc_meta(reader->doc, key, str(text));
    }
    memset(reader->time, 0, sizeof reader->time);
}

static void write_property(RtfReader *reader)
{
    Str name = str_lower(reader->arena, str_trim(buf_str(&reader->name)));
    if (name.length && !str_starts(name, S("_")))
        doc_meta(reader->doc, str_c(reader->arena, name), str_trim(buf_str(&reader->meta)));
    reader->meta.length = reader->name.length = 0;
}

void rtf_end_destination(RtfReader *reader, const RtfState *state)
{
    switch (state->destination) {
    case BODY: end_context(reader); break;
    case INSTRUCTION: keep_link(reader); break;
    case MARKER: reader->has_marker = true; break;
    case META:
        doc_meta(reader->doc, state->meta, str_trim(buf_str(&reader->meta)));
        reader->meta.length = 0;
        break;
    case TIME: write_time(reader, state->meta); break;
    case PROPVALUE: write_property(reader); break;
    case OBJECT:
        ole_write_old_object(buf_str(&reader->object), reader->doc);
        reader->object = buf_new(reader->arena, MB(256));
        break;
    default: break;
    }
}

void rtf_begin_destination(RtfReader *reader, const RtfWord *word)
{
    RtfState *state = rtf_state(reader);
    rtf_flush(reader);
    RtfAction action = word->action;
    /* Only the text has notes; what is left out is left out with all it holds. */
    if (state->destination == SKIP || state->destination == PICTURE || state->destination == OBJECT)
        return;
    if (action == NOTE || action == COMMENT || action == HEADER || action == BOX) {
        if (state->destination != BODY || !begin_context(reader, action)) {
            state->destination = SKIP;
            return;
        }
        state->in_table = false;
        action = BODY;
    }
    state->destination = action;
    state->opens = true;
    state->meta = (const char *)word->argument;
    reader->pictures += action == PICTURE;
    if (action == META || action == PROPVALUE)
        reader->meta.length = 0;
    if (action == PROPNAME)
        reader->name.length = 0;
    if (action == MARKER)
        reader->marker.length = 0;
    if (action == OBJECT)
        reader->object.length = 0;
    reader->nibble = -1;
}
