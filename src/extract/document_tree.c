/* document_tree.c - a document kept in memory: a sink that builds a tree of nodes. */
#include "extract/document.h"

typedef struct TreeSink {
    Arena *arena;
    DocNode *node;
    bool keep_bytes;
} TreeSink;

static DocNode *new_node(Arena *arena, Str name, DocNode *parent)
{
    DocNode *node = arena_new_one(arena, DocNode);
    node->name = str_copy(arena, name);
    node->parent = parent;
    return node;
}

/* Two line ends between blocks, one between rows of the same table; blocks without text (pages)
 * take no room. */
static size_t separator_length(const DocNode *node, const Block *block)
{
    const Block *last = NULL;
    for (size_t i = node->blocks.count; i-- > 0 && !last;)
        if (node->blocks.at[i].text.length)
            last = &node->blocks.at[i];
    if (!last)
        return 0;
    bool same_table =
        last->kind == BLOCK_ROW && block->kind == BLOCK_ROW && last->table == block->table;
    return same_table ? 1 : 2;
}

/* Most blocks have few of them: an empty one takes no memory. */
static Str copy_some(Arena *arena, Str text) { return text.length ? str_copy(arena, text) : S(""); }

void doc_node_add(Arena *arena, DocNode *node, const Block *block)
{
    if (block->text.length)
        node->text_length += separator_length(node, block);
    *vec_push_alone(arena, &node->starts) = (uint32_t)node->text_length;
    node->text_length += block->text.length;

    Block *copy = vec_push_alone(arena, &node->blocks);
    *copy = *block;
    copy->text = copy_some(arena, block->text);
    copy->label = copy_some(arena, block->label);
    copy->place.sheet = copy_some(arena, block->place.sheet);
    copy->place.cells = copy_some(arena, block->place.cells);
    copy->place.part = copy_some(arena, block->place.part);
    copy->place.anchor = copy_some(arena, block->place.anchor);
    if (block->cell_count) {
        Cell *cells = arena_new_array(arena, Cell, block->cell_count);
        memcpy(cells, block->cells, block->cell_count * sizeof *cells);
        copy->cells = cells;
    }
    if (block->word_count) {
        WordBox *words = arena_new_array(arena, WordBox, block->word_count);
        memcpy(words, block->words, block->word_count * sizeof *words);
        copy->words = words;
    }
}

Str doc_node_text(Arena *arena, const DocNode *node)
{
    char *text = arena_alloc(arena, node->text_length);
    memset(text, '\n', node->text_length); /* what stands between blocks */
    for (size_t i = 0; i < node->blocks.count; i++) {
        Str block = node->blocks.at[i].text;
        if (block.length)
            memcpy(text + node->starts.at[i], block.at, block.length);
    }
    return (Str){ text, node->text_length };
}

static bool tree_block(void *self, const Block *block, Error *err)
{
    TreeSink *sink = self;
    if (block->text.length > UINT32_MAX - KB(4) - sink->node->text_length)
        return fail(err, ERROR_TOO_LARGE, "the document's text is longer than 4 GB");
    doc_node_add(sink->arena, sink->node, block);
    return true;
}

static bool tree_child_begin(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    TreeSink *sink = self;
    (void)err;
    DocNode *child = new_node(sink->arena, name, sink->node);
    child->media_type = str_copy(sink->arena, media_type);
    if (sink->keep_bytes)
        child->bytes = str_copy(sink->arena, bytes);
    *vec_push(sink->arena, &sink->node->children) = child;
    sink->node = child;
    return true;
}

static bool tree_child_end(void *self, const Error *failure, Error *err)
{
    TreeSink *sink = self;
    (void)err;
    if (failure)
        sink->node->failure = *failure;
    sink->node = sink->node->parent;
    return true;
}

static bool tree_format(void *self, Str format, Str media_type, Error *err)
{
    TreeSink *sink = self;
    (void)err;
    sink->node->format = str_copy(sink->arena, format);
    sink->node->media_type = str_copy(sink->arena, media_type);
    return true;
}

static bool tree_warning(void *self, Str text, Error *err)
{
    TreeSink *sink = self;
    (void)err;
    *vec_push(sink->arena, &sink->node->warnings) = str_copy(sink->arena, text);
    return true;
}

DocNode *doc_tree_new(Arena *arena, Str name, bool keep_bytes, DocSink *sink_r)
{
    TreeSink *sink = arena_new_one(arena, TreeSink);
    *sink = (TreeSink){ arena, new_node(arena, name, NULL), keep_bytes };
    *sink_r = (DocSink){ .block = tree_block,
                         .child_begin = tree_child_begin,
                         .child_end = tree_child_end,
                         .warning = tree_warning,
                         .format = tree_format,
                         .self = sink };
    return sink->node;
}
