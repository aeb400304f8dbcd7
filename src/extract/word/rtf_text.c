/* rtf_text.c - see rtf_text.h; words of RTF 1.9.1. */
#include "extract/word/rtf_text.h"

#include "extract/charset/encoding.h"
#include "extract/metadata.h"
#include "extract/word/rtf_reader.h"
#include "extract/word/rtf_tokens.h"

static const RtfWord words[] = {
#define RTF(name, action, argument) { #name, action, (intptr_t)(argument) },
#include "extract/word/rtf_words.def"
#undef RTF
};

/* --- Words --- */

static void set_font_charset(RtfReader *reader, const char *charset)
{
    const RtfState *state = rtf_state(reader);
    if (state->destination == FONTS && state->font >= 0 && state->font < RTF_FONTS_MAX && charset)
        reader->fonts[state->font] = charset;
}

static void reset_paragraph(RtfState *state)
{
    state->in_table = false;
    state->style = -1;
    state->outline = -1;
    state->list_level = 0;
    state->depth = 1;
}

static void take_format(RtfReader *reader, const RtfWord *word, const RtfToken *token)
{
    RtfState *state = rtf_state(reader);
    bool is_on = !token->has_number || token->number != 0;
    switch (word->action) {
    case CODEPAGE: reader->charset = charset_of_codepage((int)word->argument); break;
    case ANSICPG:
        if (charset_of_codepage(token->number))
            reader->charset = charset_of_codepage(token->number);
        break;
    case DEFAULT_FONT: reader->default_font = state->font = token->number; break;
    case FONT: state->font = token->number; break;
    case CHARSET: set_font_charset(reader, rtf_charset(token->number)); break;
    case FONT_CODEPAGE: set_font_charset(reader, charset_of_codepage(token->number)); break;
    case SKIP_COUNT: state->skip_count = MAX(0, MIN(token->number, 100)); break;
    case PLAIN:
        state->font = reader->default_font;
        state->is_hidden = state->is_deleted = false;
        break;
    case PARD: reset_paragraph(state); break;
    case STYLE: state->style = token->number; break;
    case OUTLINE: state->outline = token->number; break;
    case LIST_LEVEL: state->list_level = MAX(0, MIN(token->number, 8)); break;
    case HIDDEN: state->is_hidden = is_on; break;
    case DELETED:
        rtf_flush(reader);
        state->is_deleted = is_on;
        break;
    case IN_TABLE: state->in_table = is_on; break;
    case DEPTH: state->depth = token->number; break;
    case ENDNOTE:
        if (reader->context > 0)
            reader->contexts[reader->context].is_endnote = true;
        break;
    default: break;
    }
}

static void take_table(RtfReader *reader, RtfAction action)
{
    const RtfState *state = rtf_state(reader);
    bool is_body = state->destination == BODY;
    if (action == NEST_ROW && state->destination == NESTED) {
        buf_add_char(&reader->contexts[reader->context].paragraph, '\n');
        return;
    }
    if (!is_body)
        return;
    switch (action) {
    case ROW_BEGIN: rtf_begin_row(reader); break;
    case CELL_EDGE: rtf_add_cell_edge(reader); break;
    case JOINED: reader->joined = true; break;
    case GOES_ON: reader->goes_on = true; break;
    case ROW_HEADER: reader->is_header_row = true; break;
    case CELL: rtf_end_cell(reader); break;
    case ROW: rtf_end_row(reader); break;
    case NEST_CELL: rtf_add_text(reader, S("\t")); break;
    case NEST_ROW: rtf_add_text(reader, S("\n")); break;
    default: break;
    }
}

static void take_known(RtfReader *reader, const RtfWord *word, const RtfToken *token)
{
    RtfAction action = word->action;
    RtfState *state = rtf_state(reader);
    if (action == SAME || action == BINARY || action == LIST)
        return;
    if (action <= TIME) {
        rtf_begin_destination(reader, word);
    } else if (action == TIME_PART) {
        reader->time[word->argument] = MAX(0, token->number);
    } else if (action == COUNT_OF) {
        const char *key = (const char *)word->argument;
        if (strcmp(key, "editing_time") == 0)
            doc_meta_seconds(reader->doc, key, token->number * 60.0);
        else
            doc_meta_whole(reader->doc, key, token->number);
    } else if (action == UNICODE) {
        rtf_add_unicode(reader, token->number);
    } else if (action == TEXT) {
        rtf_add_text(reader, str((const char *)word->argument));
    } else if (action == PARAGRAPH) {
        if (state->destination == BODY && !state->is_deleted)
            rtf_end_paragraph(reader);
    } else if (action >= ROW_BEGIN && action != IN_TABLE && action != DEPTH) {
        take_table(reader, action);
    } else {
        take_format(reader, word, token);
    }
}

static void take_word(RtfReader *reader, const RtfToken *token)
{
    const MapEntry *entry = map_find(&reader->words, token->text);
    RtfState *state = rtf_state(reader);
    if (reader->skip > 0) {
        reader->skip--;
        return;
    }
    if (entry)
        take_known(reader, entry->pointer, token);
    else if (state->is_starred && state->is_new)
        state->destination =
            state->destination == BODY || !state->opens ? SKIP : state->destination;
    state->is_new = false;
}

static void take_symbol(RtfReader *reader, char c)
{
    switch (c) {
    case '*': rtf_state(reader)->is_starred = true; return;
    case '\\':
    case '{':
    case '}': rtf_add_byte(reader, c); break;
    case '~': rtf_add_text(reader, S("\xC2\xA0")); break;
    case '_': rtf_add_text(reader, S("-")); break;
    case '\r':
    case '\n':
        if (rtf_state(reader)->destination == BODY)
            rtf_end_paragraph(reader);
        break;
    case '\t': rtf_add_text(reader, S("\t")); break;
    default: break; /* \- and \| and \: */
    }
    rtf_state(reader)->is_new = false;
}

static void add_object_digits(RtfReader *reader, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0)
            continue;
        if (reader->nibble < 0) {
            reader->nibble = digit;
        } else {
            buf_add_char(&reader->object, (char)(reader->nibble << 4 | digit));
            reader->nibble = -1;
        }
    }
}

static void take_text(RtfReader *reader, Str text)
{
    RtfState *state = rtf_state(reader);
    state->is_new = false;
    if (state->destination == OBJECT) {
        add_object_digits(reader, text);
        return;
    }
    for (size_t i = 0; i < text.length; i++)
        rtf_add_byte(reader, text.at[i]);
    /* Names in the style sheet end with a semicolon. */
    if (state->destination == STYLES && str_find_char(text, ';') >= 0) {
        rtf_flush(reader);
        rtf_end_style(reader, state);
    }
}

/* --- Groups --- */

static void begin_group(RtfReader *reader)
{
    rtf_flush(reader);
    reader->skip = 0;
    if (reader->depth + 1 >= RTF_DEPTH_MAX) {
        reader->too_deep++;
        return;
    }
    reader->states[reader->depth + 1] = *rtf_state(reader);
    RtfState *state = &reader->states[++reader->depth];
    state->opens = state->is_starred = false;
    state->is_new = true;
    if (state->destination == STYLES)
        reset_paragraph(state), state->style = 0;
}

static void end_group(RtfReader *reader)
{
    rtf_flush(reader);
    reader->skip = 0;
    if (reader->too_deep > 0) {
        reader->too_deep--;
        return;
    }
    if (reader->depth == 0)
        return;
    RtfState state = *rtf_state(reader);
    if (state.opens)
        rtf_end_destination(reader, &state);
    reader->depth--;
}

static Map word_map(Arena *arena)
{
    Map map = map_new(arena);
    for (size_t i = 0; i < COUNT(words); i++) {
        RtfWord *word = arena_new_one(arena, RtfWord);
        *word = words[i];
        map_add(&map, str(words[i].name), NULL)->pointer = word;
    }
    return map;
}

static void begin(RtfReader *reader, Arena *arena, Arena *scratch, DocWriter *doc)
{
    reader->doc = doc;
    reader->arena = arena;
    reader->scratch = scratch;
    reader->words = word_map(arena);
    reader->charset = "windows-1252";
    reader->states[0] = (RtfState){ .destination = BODY, .skip_count = 1 };
    reset_paragraph(&reader->states[0]);
    reader->narrow = buf_new(arena, RTF_TEXT_MAX);
    reader->marker = buf_new(arena, KB(4));
    reader->instruction = buf_new(arena, KB(64));
    reader->meta = buf_new(arena, KB(64));
    reader->name = buf_new(arena, KB(4));
    reader->author = buf_new(arena, KB(4));
    reader->deleted = buf_new(arena, RTF_TEXT_MAX);
    reader->object = buf_new(arena, MB(256));
    rtf_renew(reader);
}

void rtf_write(Str bytes, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    RtfReader *reader = arena_new_one(arena, RtfReader);
    RtfToken token;
    begin(reader, arena, scratch, doc);
    while (rtf_next_token(&bytes, &token) && doc_writer_ok(doc)) {
        if (token.kind == RTF_BEGIN)
            begin_group(reader);
        else if (token.kind == RTF_END)
            end_group(reader);
        else if (token.kind == RTF_WORD)
            take_word(reader, &token);
        else if (token.kind == RTF_SYMBOL)
            take_symbol(reader, (char)token.number);
        else if (token.kind == RTF_BYTE)
            rtf_add_byte(reader, (char)token.number);
        else
            take_text(reader, token.text);
    }
    while (reader->depth > 0)
        end_group(reader);
    reset_paragraph(rtf_state(reader));
    held_table_end_row(&reader->table, doc, false);
    rtf_end_paragraph(reader);
    char warning[100];
    if (reader->pictures) {
        snprintf(warning, sizeof warning, "%zu image%s without text", reader->pictures,
                 reader->pictures == 1 ? "" : "s");
        doc_warning(doc, str(warning));
    }
    if (reader->hidden) {
        snprintf(warning, sizeof warning, "%zu hidden characters are part of the text",
                 reader->hidden);
        doc_warning(doc, str(warning));
    }
}
