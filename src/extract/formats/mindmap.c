/* mindmap.c - mind maps of FreeMind and Freeplane (XML) and of XMind (JSON in a ZIP archive): each
 * branch is a list item below the one that it hangs on, notes follow it. */
#include "base/json.h"
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/package.h"

enum { DEPTH_MAX = 200, UNPACKED_MAX = 256 << 20, CONTENT_MAX = 64 << 20 };

/* Level 0 is what the map is about. */
static void write_branch(DocWriter *doc, int level, Str words)
{
    if (level == 0)
        doc_heading(doc, 1, words);
    else
        doc_list_item(doc, MIN(level, DEPTH_MAX), S("-"), words);
}

/* --- FreeMind: node, with its words in TEXT or in richcontent of HTML --- */

typedef struct MindMap {
    DocWriter *doc;
    Arena *arena;
    HtmlReader *in;
    int depth;       /* of nodes that are open */
    bool is_waiting; /* the words of the innermost one may come yet */
} MindMap;

static void take_rich(MindMap *map, Str attributes)
{
    Str kind = str_lower(map->arena, markup_attribute(map->arena, attributes, "type"));
    Str words = markup_plain(map->arena, markup_inner(map->in));
    if (str_is(kind, "node") && map->is_waiting)
        write_branch(map->doc, map->depth - 1, words);
    else
        doc_note(map->doc, "note", words);
    map->is_waiting &= !str_is(kind, "node");
}

static void take_node(MindMap *map, const HtmlToken *token)
{
    Str words = markup_attribute(map->arena, token->attributes, "text");
    Str link = markup_attribute(map->arena, token->attributes, "link");
    doc_place(map->doc, &(Place){ .line_first = map->in->token_line, .line_last = map->in->line });
    if (words.length)
        write_branch(map->doc, map->depth, words);
    doc_note(map->doc, "link", link);
    map->is_waiting = words.length == 0;
    map->depth += !token->is_empty;
}

static void read_freemind(DocWriter *doc, Str bytes)
{
    AUTO_ARENA Arena *text_arena = arena_new(GB(1));
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    HtmlReader in = markup_reader(text_arena, bytes);
    HtmlToken token;
    MindMap map = { .doc = doc, .arena = arena, .in = &in };
    while (doc_writer_ok(doc) && html_next(&in, &token)) {
        bool is_node = str_is(token.name, "node");
        if (token.kind == HTML_START && is_node)
            take_node(&map, &token);
        else if (token.kind == HTML_END && is_node)
            map.depth -= map.depth > 0;
        else if (token.kind == HTML_START && str_is(token.name, "richcontent") && !token.is_empty)
            take_rich(&map, token.attributes);
        arena_reset(arena);
    }
}

/* --- XMind: content.json, a list of sheets, each a tree of topics --- */

static void write_topic(DocWriter *doc, const json_t *topic, int level)
{
    size_t index;
    const char *kind;
    json_t *topics, *child, *notes = json_object_get(topic, "notes");
    if (level > DEPTH_MAX || !doc_writer_ok(doc))
        return;
    write_branch(doc, level, json_member_text(topic, "title"));
    doc_note(doc, "note", json_member_text(json_object_get(notes, "plain"), "content"));
    doc_note(doc, "link", json_member_text(topic, "href"));
    json_object_foreach(json_object_get(topic, "children"), kind, topics)
        json_array_foreach(topics, index, child) write_topic(doc, child, level + 1);
}

static bool read_xmind(DocWriter *doc, Str bytes, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_JSON json_t *json = NULL;
    Package package;
    Str content;
    Error why = { 0 };
    if (!package_open(arena, bytes, UNPACKED_MAX, &package, err))
        return false;
    const Part *part = package_find(&package, S("content.json"));
    if (!part)
        return fail(err, ERROR_DAMAGED, "the mind map has no content");
    if (!package_read(&package, arena, part, CONTENT_MAX, &content, err))
        return false;
    if (!json_parse(content, CONTENT_MAX, &json, &why))
        return fail(err, ERROR_DAMAGED, "the mind map's content is broken: %s", why.message);
    size_t index;
    json_t *sheet;
    json_array_foreach(json, index, sheet)
    {
        if (json_array_size(json) > 1)
            doc_place(doc, &(Place){ .sheet = json_member_text(sheet, "title") });
        write_topic(doc, json_object_get(sheet, "rootTopic"), 0);
    }
    return true;
}

/* --- The file --- */

static bool mindmap_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    if (str_starts(source->bytes, S("PK")))
        return read_xmind(doc, source->bytes, err);
    read_freemind(doc, source->bytes);
    return true;
}

static int mindmap_sniff(Str bytes)
{
    static const char *const roots[] = { "map", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (str_starts(bytes, S("PK\3\4"))) {
        Str listing = package_listing(bytes);
        bool is_xmind = str_find(listing, S("content.json")) >= 0 &&
                        str_find(listing, S("metadata.json")) >= 0 &&
                        str_find(listing, S("manifest.json")) >= 0;
        return is_xmind ? 80 : 0;
    }
    return markup_root_is(arena, bytes, roots, NULL) &&
                   str_find(str_slice(bytes, 0, KB(16)), S("<node ")) >= 0
               ? 80
               : 0;
}

const Extractor extractor_mindmap = {
    .name = "mindmap",
    .title = "Mind maps (FreeMind, Freeplane, XMind)",
    .extensions = LIST("mm", "xmind"),
    .media_types = LIST("application/x-freemind", "application/vnd.xmind.workbook"),
    .sniff = mindmap_sniff,
    .extract = mindmap_extract,
};
