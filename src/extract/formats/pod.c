/* pod.c - Plain Old Documentation of Perl (perlpod, perlpodspec): commands begin a paragraph with
 * "=", indented paragraphs are code, everything else is text. */
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html_tokens.h"
#include "extract/marked.h"

enum { NEST_MAX = 16, LISTS_MAX = 8 };

typedef struct Pod {
    Marked m;
    int lists;
    bool in_pod, has_title;
} Pod;

/* --- Codes: "B<text>", "C<< a->b >>" --- */

typedef struct Open {
    char code;
    size_t marks, begin; /* how many "<"; where its text began in the output */
} Open;

/* E<lt>, E<eacute>, E<233>, E<0x263A>. */
static void add_named(Buf *out, size_t begin, Arena *arena)
{
    Str name = str_copy(arena, str_slice(buf_str(out), begin, out->length));
    int64_t code;
    out->length = begin;
    if (str_is(name, "verbar") || str_is(name, "sol"))
        buf_add_char(out, name.at[0] == 'v' ? '|' : '/');
    else if (str_starts(name, S("0x")))
        html_decode(out, str_format(arena, "&#x" STR_FMT ";", STR_ARG(str_from(name, 2))));
    else
        html_decode(out,
                    str_format(arena, "&%s" STR_FMT ";",
                               str_to_int(name, 1, 0x10FFFF, &code) ? "#" : "", STR_ARG(name)));
}

/* L<text|target> is its text; L<name/section> as it is written. */
static void end_link(Buf *out, size_t begin)
{
    Str inside = str_slice(buf_str(out), begin, out->length);
    ptrdiff_t bar = str_find_char(inside, '|');
    if (bar > 0)
        out->length = begin + (size_t)bar;
}

static void end_code(Buf *out, const Open *open, Arena *arena)
{
    if (open->code == 'X' || open->code == 'Z')
        out->length = open->begin;
    else if (open->code == 'E')
        add_named(out, open->begin, arena);
    else if (open->code == 'L')
        end_link(out, open->begin);
}

static Str plain(Pod *pod, Str text)
{
    Arena *arena = pod->m.scratch;
    Buf out = buf_new(arena, text.length * 4 + 16);
    Open opens[NEST_MAX];
    int depth = 0;
    for (size_t at = 0; at < text.length;) {
        char c = text.at[at];
        size_t marks = 0;
        if (c >= 'A' && c <= 'Z')
            while (at + 1 + marks < text.length && text.at[at + 1 + marks] == '<')
                marks++;
        if (marks && depth < NEST_MAX) {
            opens[depth++] = (Open){ c, marks, out.length };
            at += 1 + marks;
            while (marks > 1 && at < text.length && text.at[at] == ' ')
                at++;
            continue;
        }
        const Open *open = depth ? &opens[depth - 1] : NULL;
        while (open && marks < open->marks && at + marks < text.length &&
               text.at[at + marks] == '>')
            marks++;
        if (open && c == '>' && marks == open->marks) {
            while (marks > 1 && out.length > open->begin && out.at[out.length - 1] == ' ')
                out.length--;
            depth--;
            end_code(&out, &opens[depth], arena);
            at += marks;
            continue;
        }
        buf_add_char(&out, c == '\n' ? ' ' : c);
        at++;
    }
    return str_trim(buf_str(&out));
}

/* --- Paragraphs --- */

static void write_item(Pod *pod, Str rest)
{
    size_t marker = marked_marker(rest);
    Str label = str_is(rest, "*") ? S("-") : STR_NONE;
    if (marker) {
        label = str_trim(str_slice(rest, 0, marker));
        label = str_is(label, "*") ? S("-") : label;
        rest = str_from(rest, marker);
    }
    if (label.length && !str_trim(rest).length)
        rest = STR_NONE;
    if (str_is(rest, "*"))
        return; /* the text is the next paragraph */
    doc_list_item(pod->m.doc, MAX(1, pod->lists), label, plain(pod, rest));
}

/* "=begin html" up to "=end html": of other programs. */
static size_t skip_foreign(const Pod *pod, size_t end)
{
    while (end < pod->m.count && !str_starts(marked_line(&pod->m, end), S("=end")))
        end++;
    return end + 1;
}

static size_t read_command(Pod *pod, size_t i, size_t end)
{
    Marked *m = &pod->m;
    Str line = marked_joined(m, i, end), name;
    str_next(&line, ' ', &name);
    line = str_trim(line);
    bool is_heading =
        name.length == 6 && str_starts(name, S("=head")) && name.at[5] >= '1' && name.at[5] <= '6';
    marked_place(m, i, end);
    pod->in_pod = !str_is(name, "=cut");
    if (is_heading)
        doc_heading(m->doc, name.at[5] - '0', plain(pod, line));
    else if (str_is(name, "=over"))
        pod->lists = MIN(pod->lists + 1, LISTS_MAX);
    else if (str_is(name, "=back"))
        pod->lists = MAX(pod->lists - 1, 0);
    else if (str_is(name, "=item"))
        write_item(pod, line);
    else if (str_is(name, "=begin") && !str_starts(line, S(":")))
        end = skip_foreign(pod, end);
    return end;
}

static size_t read_paragraph(Pod *pod, size_t i)
{
    Marked *m = &pod->m;
    Str line = marked_line(m, i);
    size_t end = marked_paragraph_end(m, i, m->count);
    if (line.at[0] == '=' && line.length > 1 && (line.at[1] | 32) >= 'a' &&
        (line.at[1] | 32) <= 'z')
        return read_command(pod, i, end);
    if (!pod->in_pod)
        return end;
    if (HAS_CHAR(line.at[0], " \t")) {
        /* Code goes on over blank lines while it is indented. */
        size_t next = end;
        while (next < m->count) {
            while (next < m->count && marked_is_blank(m, next))
                next++;
            if (next == m->count || !HAS_CHAR(marked_line(m, next).at[0], " \t"))
                break;
            end = next = marked_paragraph_end(m, next, m->count);
        }
        marked_code(m, STR_NONE, i, end);
    } else {
        marked_place(m, i, end);
        doc_paragraph(m->doc, plain(pod, marked_joined(m, i, end)));
    }
    return end;
}

static bool pod_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Pod pod = { .in_pod = false };
    if (!marked_open(&pod.m, arena, scratch, source->bytes, source->media_type, doc, err))
        return false;
    for (size_t i = 0; i < pod.m.count && doc_writer_ok(doc);) {
        if (marked_is_blank(&pod.m, i)) {
            i++;
            continue;
        }
        i = read_paragraph(&pod, i);
        marked_done(&pod.m);
    }
    marked_close(&pod.m);
    return true;
}

static int pod_sniff(Str bytes)
{
    static const char *const begins[] = { "=head1 ", "=pod\n", "=encoding ", "=begin ", "=for " };
    if (!bytes.length || text_is_binary(bytes))
        return 0;
    while (bytes.length && HAS_CHAR(bytes.at[0], "\r\n"))
        bytes = str_from(bytes, 1);
    for (size_t i = 0; i < COUNT(begins); i++)
        if (str_starts(bytes, str(begins[i])))
            return 45;
    return str_find(str_slice(bytes, 0, KB(8)), S("\n=head1 ")) >= 0 ? 10 : 0;
}

const Extractor extractor_pod = {
    .name = "pod",
    .title = "Perl documentation (POD)",
    .extensions = LIST("pod"),
    .media_types = LIST("text/x-pod"),
    .sniff = pod_sniff,
    .extract = pod_extract,
};
