/* diff.c - patches in the unified form (POSIX diff -u, git): a heading for each file, a code block
 * for each hunk. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/mail.h"
#include "extract/marked.h"

enum { HUNK_LINES = 60 };

static bool begins_hunk(Str line) { return str_starts(line, S("@@ ")); }

static bool begins_file(const Marked *m, size_t i)
{
    Str line = marked_line(m, i);
    return str_starts(line, S("diff ")) || str_starts(line, S("Index: ")) ||
           (str_starts(line, S("--- ")) && str_starts(marked_line(m, i + 1), S("+++ ")));
}

/* "+++ b/src/x.c<tab>date" is src/x.c; a file that goes is named by its old name. */
static Str name_of_file(const Marked *m, size_t first, size_t end)
{
    Str name = STR_NONE;
    for (size_t i = first; i < end; i++) {
        Str line = marked_line(m, i);
        if (str_starts(line, S("rename to "))) /* without a change in it */
            name = str_from(line, 10);
        bool is_new = str_starts(line, S("+++ "));
        if (!is_new && !str_starts(line, S("--- ")))
            continue;
        Str path = str_from(line, 4);
        ptrdiff_t tab = str_find_char(path, '\t');
        path = str_trim(tab < 0 ? path : str_slice(path, 0, (size_t)tab));
        if (str_is(path, "/dev/null"))
            continue;
        bool is_prefixed = str_starts(path, S("a/")) || str_starts(path, S("b/"));
        name = is_prefixed ? str_from(path, 2) : path;
    }
    return name.length ? name : str_trim(marked_line(m, first));
}

/* --- Commits as git format-patch mails them --- */

static size_t read_commit(Marked *m, size_t i)
{
    size_t end = marked_paragraph_end(m, i, m->count);
    MimePart head = mime_parse(m->scratch, marked_raw(m, i + 1, end, 0));
    marked_place(m, i, end);
    doc_heading(m->doc, 1, mime_text(m->scratch, mime_header(&head, "Subject")));
    mail_write_headers(m->doc, m->scratch, &head);
    return end - i;
}

static size_t read_block(Marked *m, size_t i)
{
    if (mail_is_git_postmark(marked_line(m, i)))
        return read_commit(m, i);
    size_t end = i + 1;
    bool is_file = begins_file(m, i), is_hunk = begins_hunk(marked_line(m, i));
    if (is_file)
        while (end < m->count && !begins_hunk(marked_line(m, end)) &&
               !str_starts(marked_line(m, end), S("diff ")))
            end++;
    else
        while (end < m->count && end < i + HUNK_LINES && !begins_file(m, end) &&
               !mail_is_git_postmark(marked_line(m, end)) && !begins_hunk(marked_line(m, end)) &&
               (is_hunk || !marked_is_blank(m, end)))
            end++;
    marked_place(m, i, end);
    if (is_file)
        doc_heading(m->doc, 2, name_of_file(m, i, end));
    if (is_file || is_hunk || HAS_CHAR(marked_line(m, i).at[0], "+-"))
        doc_code(m->doc, S("diff"), marked_raw(m, i, end, 0));
    else
        doc_paragraph(m->doc, marked_raw(m, i, end, 0));
    return end - i;
}

static bool diff_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Marked m;
    if (!marked_open(&m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    for (size_t i = 0; i < m.count && doc_writer_ok(doc);) {
        i += marked_is_blank(&m, i) ? 1 : read_block(&m, i);
        marked_done(&m);
    }
    return true;
}

static int diff_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(16));
    if (text_is_binary(bytes))
        return 0;
    if (mail_is_git_postmark(
            str_trim(str_slice(head, 0, (size_t)MAX(0, str_find_char(head, '\n'))))))
        return 70;
    bool has_files = str_find(head, S("\n+++ ")) >= 0 && str_find(head, S("\n@@ ")) >= 0;
    return has_files ? 30 : 5;
}

const Extractor extractor_diff = {
    .name = "diff",
    .title = "Patches (unified diff)",
    .extensions = LIST("diff", "patch"),
    .media_types = LIST("text/x-diff", "text/x-patch"),
    .sniff = diff_sniff,
    .extract = diff_extract,
};
