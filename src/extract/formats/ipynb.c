/* ipynb.c - Jupyter notebooks (nbformat 3 and 4): cells in order, the text of their outputs;
 * pictures as children. */
#include "base/base64.h"
#include "base/json.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/markdown.h"

enum { NOTEBOOK_BYTES = 256 << 20, JOINED_MAX = 16 << 20, OUTPUT_MAX = 64 * 1024 };
enum { PICTURES_MAX = 1000 };

typedef struct Picture {
    Str name, media_type;
    const json_t *data; /* in base64; of SVG the text */
} Picture;

typedef struct Notebook {
    DocWriter *doc;
    Arena *arena;    /* of one cell */
    Arena *pictured; /* of the whole notebook: the names of its pictures */
    VEC(Picture) pictures;
    Str language;
    int cell_pictures, broken, cut;
    char anchor[32];
} Notebook;

/* A text, or a list of its lines. */
static Str joined(Notebook *n, const json_t *value)
{
    size_t i;
    json_t *line;
    Buf out = buf_new(n->arena, JOINED_MAX);
    if (json_is_string(value))
        buf_add_bytes(&out, json_string_value(value), json_string_length(value));
    json_array_foreach(json_is_array(value) ? (json_t *)(uintptr_t)value : NULL, i,
                       line) if (json_is_string(line))
        buf_add_bytes(&out, json_string_value(line), json_string_length(line));
    return buf_str(&out);
}

static Str text_at(const json_t *object, const char *name)
{
    return str(json_string_value(json_object_get(object, name)));
}

/* Colours of a terminal: ESC [ ... letter. */
static Str without_colours(Arena *arena, Str text)
{
    if (str_find_char(text, '\x1B') < 0)
        return text;
    Buf out = buf_new(arena, JOINED_MAX);
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != '\x1B') {
            buf_add_char(&out, text.at[i]);
            continue;
        }
        while (i + 1 < text.length && !((text.at[i] | 32) >= 'a' && (text.at[i] | 32) <= 'z'))
            i++;
    }
    return buf_str(&out);
}

static void write_output_text(Notebook *n, Str text)
{
    text = without_colours(n->arena, text);
    if (text.length > OUTPUT_MAX) {
        text = str_slice(text, 0, OUTPUT_MAX);
        n->cut++;
    }
    doc_code(n->doc, S("output"), text);
}

/* --- Pictures --- */

/* "cells[3] 1.png", or the name of an attachment. The document's blocks come first, so it is kept.
 */
static void keep_picture(Notebook *n, Str name, const char *media_type, const json_t *data)
{
    Str type = str(media_type), kind = str_from(type, 6);
    if (!data || !str_starts(type, S("image/")) || n->pictures.count >= PICTURES_MAX)
        return;
    ptrdiff_t plus = str_find_char(kind, '+');
    n->cell_pictures++;
    if (!name.length)
        name = str_format(n->pictured, "%s %d." STR_FMT, n->anchor, n->cell_pictures,
                          STR_ARG(str_slice(kind, 0, plus < 0 ? kind.length : (size_t)plus)));
    *vec_push(n->pictured, &n->pictures) =
        (Picture){ str_copy(n->pictured, name), str_copy(n->pictured, type), data };
}

/* {"image/png": "iVBO...", "text/plain": "<Figure>"}: the first kind of the same picture. */
static void keep_bundle(Notebook *n, Str name, const json_t *bundle)
{
    const char *type;
    json_t *value;
    int before = n->cell_pictures;
    json_object_foreach((json_t *)(uintptr_t)bundle, type, value) if (n->cell_pictures == before)
        keep_picture(n, name, type, value);
}

static void write_pictures(Notebook *n)
{
    doc_place(n->doc, &(Place){ 0 });
    for (size_t i = 0; i < n->pictures.count && doc_writer_ok(n->doc); i++) {
        const Picture *picture = &n->pictures.at[i];
        arena_reset(n->arena);
        Str text = joined(n, picture->data), bytes = text;
        if (str_is(picture->media_type, "image/svg+xml") || base64_decode(n->arena, text, &bytes))
            doc_child(n->doc, picture->name, picture->media_type, bytes);
        else
            n->broken++;
    }
}

/* The kind that says most: a table as HTML, Markdown, plain text. */
static void write_data(Notebook *n, const json_t *data)
{
    keep_bundle(n, STR_NONE, data);
    Str html = joined(n, json_object_get(data, "text/html"));
    Str markdown = joined(n, json_object_get(data, "text/markdown"));
    Str plain = joined(n, json_object_get(data, "text/plain"));
    if (str_find_ignore_case(html, S("<table")) >= 0 || (html.length && !plain.length))
        html_write_chapter(n->doc, html, &(Place){ .anchor = str(n->anchor) });
    else if (markdown.length)
        markdown_write(n->doc, markdown);
    else
        write_output_text(n, plain);
    doc_place(n->doc, &(Place){ .anchor = str(n->anchor) });
}

static void write_output(Notebook *n, const json_t *output)
{
    const json_t *data = json_object_get(output, "data");
    if (data)
        write_data(n, data);
    else if (json_object_get(output, "text"))
        write_output_text(n, joined(n, json_object_get(output, "text")));
    if (text_at(output, "ename").length) {
        Str name = text_at(output, "ename"), value = text_at(output, "evalue");
        write_output_text(
            n, str_format(n->arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(value)));
    }
    keep_picture(n, STR_NONE, "image/png", json_object_get(output, "png"));
    keep_picture(n, STR_NONE, "image/jpeg", json_object_get(output, "jpeg"));
}

static void write_cell(Notebook *n, const json_t *cell, size_t number)
{
    size_t i;
    const char *name;
    json_t *output, *attachment;
    Str type = text_at(cell, "cell_type");
    const json_t *source = json_object_get(cell, "source");
    arena_reset(n->arena);
    n->cell_pictures = 0;
    snprintf(n->anchor, sizeof n->anchor, "cells[%zu]", number);
    doc_place(n->doc, &(Place){ .anchor = str(n->anchor) });
    Str text = joined(n, source ? source : json_object_get(cell, "input"));
    if (str_is(type, "markdown"))
        markdown_write(n->doc, text);
    else if (str_is(type, "heading"))
        doc_heading(n->doc, 2, text);
    else if (str_is(type, "code"))
        doc_code(n->doc, n->language, text);
    else
        doc_paragraph(n->doc, text);
    json_array_foreach(json_object_get(cell, "outputs"), i, output) write_output(n, output);
    json_object_foreach(json_object_get(cell, "attachments"), name, attachment)
        keep_bundle(n, str(name), attachment);
}

static void write_cells(Notebook *n, const json_t *root)
{
    size_t i, k, number = 0;
    json_t *cell, *sheet;
    json_array_foreach(json_object_get(root, "cells"), i, cell) write_cell(n, cell, number++);
    json_array_foreach(json_object_get(root, "worksheets"), k, sheet)
        json_array_foreach(json_object_get(sheet, "cells"), i, cell) write_cell(n, cell, number++);
}

static void write_facts(Notebook *n, const json_t *root)
{
    size_t i;
    json_t *author;
    const json_t *metadata = json_object_get(root, "metadata");
    const json_t *kernel = json_object_get(metadata, "kernelspec");
    const json_t *info = json_object_get(metadata, "language_info");
    doc_meta(n->doc, "title", text_at(metadata, "title"));
    n->language = text_at(info, "name");
    if (!n->language.length)
        n->language = text_at(kernel, "language");
    doc_meta(n->doc, "programming_language", n->language);
    doc_meta(n->doc, "software", text_at(kernel, "display_name"));
    json_array_foreach(json_object_get(metadata, "authors"), i, author)
        doc_meta(n->doc, "author", text_at(author, "name"));
}

static bool ipynb_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    AUTO_JSON json_t *root = NULL;
    Str text = text_decode(arena, source->bytes, STR_NONE, NULL);
    if (!json_parse(text, NOTEBOOK_BYTES, &root, err)) {
        err->code = ERROR_DAMAGED;
        return fail_in(err, "the notebook is broken");
    }
    Notebook n = { .doc = doc, .arena = scratch, .pictured = arena };
    write_facts(&n, root);
    write_cells(&n, root);
    write_pictures(&n);
    if (n.broken)
        doc_warning(doc, str_format(arena, "%d broken picture%s not shown", n.broken,
                                    n.broken == 1 ? " is" : "s are"));
    if (n.cut)
        doc_warning(doc, str_format(arena, "%d long outputs were cut", n.cut));
    return true;
}

static int ipynb_sniff(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(16));
    Str tail = bytes.length > KB(4) ? str_from(bytes, bytes.length - KB(4)) : bytes;
    if (!str_starts(str_trim(head), S("{")))
        return 0;
    bool has_cells =
        str_find(head, S("\"cells\"")) >= 0 || str_find(head, S("\"worksheets\"")) >= 0;
    bool has_format =
        str_find(head, S("\"nbformat\"")) >= 0 || str_find(tail, S("\"nbformat\"")) >= 0;
    return has_cells && has_format ? 75 : 0;
}

const Extractor extractor_ipynb = {
    .name = "ipynb",
    .title = "Jupyter notebooks",
    .extensions = LIST("ipynb"),
    .media_types = LIST("application/x-ipynb+json"),
    .sniff = ipynb_sniff,
    .extract = ipynb_extract,
};
