/* typst.c - Typst (typst.app/docs/reference/syntax): headings, lists, raw text; commands and what
 * they hold stay as they are written. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/marked.h"

static size_t count_run(Str line, char c)
{
    size_t n = 0;
    while (n < line.length && line.at[n] == c)
        n++;
    return n;
}

/* "#set document(" goes on until its parentheses, brackets and braces are closed. */
static size_t command_end(const Marked *m, size_t i)
{
    int depth = 0;
    for (; i < m->count; i++) {
        Str line = marked_line(m, i);
        for (size_t at = 0; at < line.length; at++)
            depth += HAS_CHAR(line.at[at], "([{") ? 1 : HAS_CHAR(line.at[at], ")]}") ? -1 : 0;
        if (depth <= 0)
            return i + 1;
    }
    return m->count;
}

static size_t read_block(Marked *m, size_t i)
{
    static const char *const commands[] = { "#set",    "#let",          "#show",
                                            "#import", "#include",      "#table",
                                            "#figure", "#bibliography", "#figure" };
    Str line = str_trim(marked_line(m, i));
    size_t level = count_run(line, '='), end = i + 1;
    if (level && level < line.length && line.at[level] == ' ') {
        doc_heading(m->doc, (int)MIN(level, 6), marked_plain(m, str_trim(str_from(line, level))));
        return 1;
    }
    if (str_starts(line, S("//")))
        return 1;
    if (str_starts(line, S("```"))) {
        while (end < m->count && !str_starts(str_trim(marked_line(m, end)), S("```")))
            end++;
        marked_code(m, str_trim(str_from(line, 3)), i + 1, end);
        return end + 1 - i;
    }
    for (size_t k = 0; k < COUNT(commands); k++)
        if (str_starts(line, str(commands[k]))) {
            end = command_end(m, i);
            marked_code(m, S("typst"), i, end);
            m->missing += str_starts(line, S("#include"));
            return end - i;
        }
    size_t marker =
        str_starts(line, S("+ ")) || str_starts(line, S("/ ")) ? 2 : marked_marker(line);
    while (end < m->count && !marked_is_blank(m, end)) {
        Str next = str_trim(marked_line(m, end));
        if (HAS_CHAR(next.at[0], "=#") || str_starts(next, S("```")) || marked_marker(next))
            break;
        end++;
    }
    Str text = marked_plain(m, str_from(marked_joined(m, i, end), marker));
    marked_place(m, i, end);
    if (marker)
        doc_list_item(m->doc, (int)MIN(marked_indent(marked_line(m, i)) / 2 + 1, 8),
                      str_trim(str_slice(line, 0, marker)), text);
    else
        doc_paragraph(m->doc, text);
    return end - i;
}

static bool typst_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Marked m;
    if (!marked_open(&m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    m.marks = "*_";
    m.verbatim = "`";
    for (size_t i = 0, used; i < m.count && doc_writer_ok(doc); i += used) {
        used = 1;
        if (marked_is_blank(&m, i))
            continue;
        marked_place(&m, i, i + 1);
        used = read_block(&m, i);
        marked_done(&m);
    }
    marked_close(&m);
    return true;
}

static int typst_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(4));
    if (text_is_binary(bytes))
        return 0;
    return str_starts(head, S("#set ")) || str_find(head, S("\n#set ")) >= 0 ? 15 : 4;
}

const Extractor extractor_typst = {
    .name = "typst",
    .title = "Typst",
    .extensions = LIST("typ", "typst"),
    .media_types = LIST("text/x-typst"),
    .sniff = typst_sniff,
    .extract = typst_extract,
};
