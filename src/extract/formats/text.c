/* text.c - plain text of any charset: paragraphs, cautious headings and lists. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"

/* A block has at most LINES_MAX lines, so that its place is worth showing. */
enum { LINES_MAX = 40, HEADING_MAX = 80, LIST_LEVEL = 1 };

/* Lines that follow each other: a part of the text, since nothing is copied. */
typedef struct Group {
    Str text;
    int first, count;
} Group;

static void group_add(Group *group, Str line, int number)
{
    if (group->count++ == 0) {
        group->text = line;
        group->first = number;
    }
    group->text.length = (size_t)(line.at + line.length - group->text.at);
}

static bool is_blank(Str line) { return str_trim(line).length == 0; }

/* --- Prose --- */

static bool is_upper_title(Str line)
{
    size_t letters = 0;
    for (size_t i = 0; i < line.length; i++) {
        char c = line.at[i];
        if (c >= 'a' && c <= 'z')
            return false;
        letters += c >= 'A' && c <= 'Z';
    }
    return letters >= 4 && letters * 2 > line.length && line.length <= 60 &&
           !HAS_CHAR(line.at[line.length - 1], ".,;:!?");
}

/* "1.2 Title" and "3. Title": how many numbers, 0 if it is not one. */
static int numbered_title_level(Str line)
{
    int level = 0;
    size_t at = 0;
    while (at < line.length && line.at[at] >= '0' && line.at[at] <= '9') {
        size_t digits = at;
        while (at < line.length && line.at[at] >= '0' && line.at[at] <= '9')
            at++;
        if (at - digits > 3)
            return 0;
        level++;
        if (at < line.length && line.at[at] == '.')
            at++;
    }
    size_t gap = at;
    while (at < line.length && line.at[at] == ' ')
        at++;
    bool begins_upper = at < line.length && line.at[at] >= 'A' && line.at[at] <= 'Z';
    return at > gap && begins_upper && line.length <= HEADING_MAX &&
                   !HAS_CHAR(line.at[line.length - 1], ".,;:!?")
               ? level
               : 0;
}

static bool is_line_of(Str line, char c)
{
    for (size_t i = 0; i < line.length; i++)
        if (line.at[i] != c)
            return false;
    return line.length >= 3;
}

/* "Title" above "=====" is 1, above "-----" 2. */
static int underline_level(Str title, Str line)
{
    title = str_trim(title);
    line = str_trim(line);
    if (title.length == 0 || title.length > HEADING_MAX || line.length + 3 < title.length ||
        line.length > title.length + 8)
        return 0;
    return is_line_of(line, '=') ? 1 : is_line_of(line, '-') ? 2 : 0;
}

/* The length of a list marker with the spaces after it: "- ", "* ", "1. ", "2) ". */
static size_t marker_length(Str line)
{
    size_t at = 0;
    if (line.length > 2 && HAS_CHAR(line.at[0], "-*+"))
        at = 1;
    else if (str_starts(line, S("\xE2\x80\xA2")))
        at = 3;
    else {
        while (at < line.length && at < 3 && line.at[at] >= '0' && line.at[at] <= '9')
            at++;
        at = at && at < line.length && HAS_CHAR(line.at[at], ".)") ? at + 1 : 0;
    }
    return at && at < line.length && HAS_CHAR(line.at[at], " \t") ? at + 1 : 0;
}

static void flush_item(DocWriter *doc, Group *item, size_t marker)
{
    if (item->count) {
        Str text = str_trim(item->text);
        doc_place_lines(doc, item->first, item->first + item->count - 1);
        doc_list_item(doc, LIST_LEVEL, str_trim(str_slice(text, 0, marker)),
                      str_from(text, marker));
    }
    *item = (Group){ 0 };
}

static void write_list(DocWriter *doc, const Group *group)
{
    Group item = { 0 };
    Str rest = group->text, line;
    size_t marker = 0;
    for (int number = group->first; text_next_line(&rest, &line); number++) {
        size_t found = marker_length(str_trim(line));
        if (found) {
            flush_item(doc, &item, marker);
            marker = found;
        }
        group_add(&item, line, number);
    }
    flush_item(doc, &item, marker);
}

/* As mail and forums quote: "> words"; ">" right before a word is something else (FASTA). */
static bool is_quoted(Str line)
{
    line = str_trim(line);
    return str_starts(line, S(">")) && (line.length == 1 || HAS_CHAR(line.at[1], "> "));
}

static void write_quote(DocWriter *doc, const Group *group)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Buf out = buf_new(arena, group->text.length + 1);
    Str rest = group->text, line;
    while (text_next_line(&rest, &line)) {
        size_t at = 0;
        while (at < line.length && HAS_CHAR(line.at[at], "> \t"))
            at++;
        buf_add(&out, str_from(line, at));
        buf_add_char(&out, '\n');
    }
    doc_quote(doc, buf_str(&out));
}

static void flush_prose(DocWriter *doc, Group *group)
{
    Str text = str_trim(group->text);
    if (group->count == 0 || text.length == 0)
        return;
    doc_place_lines(doc, group->first, group->first + group->count - 1);
    int level = group->count == 1 ? numbered_title_level(text) : 0;
    if (is_quoted(text))
        write_quote(doc, group);
    else if (level)
        doc_heading(doc, level, text);
    else if (group->count == 1 && is_upper_title(text))
        doc_heading(doc, 2, text);
    else if (group->count > 1 && marker_length(text))
        write_list(doc, group);
    else
        doc_paragraph(doc, group->text);
    *group = (Group){ 0 };
}

/* A form feed begins a page. */
static int begin_page(DocWriter *doc, Str *line, Str rest, int page)
{
    *line = str_from(*line, 1);
    if (!str_trim(*line).length && !str_trim(rest).length)
        return page;
    doc_page(doc, page + 1, false, 0, 0);
    doc_place(doc, &(Place){ .page = page + 1 });
    return page + 1;
}

static int first_page(DocWriter *doc, Str text)
{
    ptrdiff_t feed = str_find_char(text, '\f');
    if (feed < 0 || !str_trim(str_slice(text, 0, (size_t)feed)).length)
        return 0;
    doc_page(doc, 1, false, 0, 0);
    doc_place(doc, &(Place){ .page = 1 });
    return 1;
}

static void write_prose(DocWriter *doc, Str text)
{
    Group group = { 0 };
    Str line;
    int page = first_page(doc, text);
    for (int number = 1; doc_writer_ok(doc) && text_next_line(&text, &line); number++) {
        int level = group.count == 1 ? underline_level(group.text, line) : 0;
        if (level) {
            doc_place_lines(doc, group.first, number);
            doc_heading(doc, level, group.text);
            group = (Group){ 0 };
        } else if (str_starts(line, S("\f")) || is_blank(line)) {
            flush_prose(doc, &group);
            group = (Group){ 0 };
            if (str_starts(line, S("\f")))
                page = begin_page(doc, &line, text, page);
            if (!is_blank(line))
                group_add(&group, line, number);
        } else {
            if (group.count >= LINES_MAX ||
                (group.count && is_quoted(group.text) != is_quoted(line)))
                flush_prose(doc, &group);
            group_add(&group, line, number);
        }
    }
    flush_prose(doc, &group);
}

static bool text_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not text");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    write_prose(doc, text);
    return true;
}

static int text_sniff(Str bytes)
{
    if (str_starts(bytes, S("{\\rtf")) || str_starts(bytes, S("%PDF-")) ||
        str_starts(bytes, S("%!PS")))
        return 0;
    return text_is_binary(bytes) ? 0 : 10;
}

const Extractor extractor_text = {
    .name = "text",
    .title = "Plain text and logs",
    .extensions = LIST("txt", "text", "log", "asc", "nfo", "readme", "out"),
    .media_types = LIST("text/plain", "text/x-log"),
    .sniff = text_sniff,
    .extract = text_extract,
};
