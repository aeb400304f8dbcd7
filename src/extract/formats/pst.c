/* pst.c - Outlook stores (PST and OST): each message is a child, named by its folders. */
#include "extract/metadata.h"
#include "extract/ole/ole_file.h"
#include "extract/outlook/pst_file.h"

enum { FOLDER_DEPTH_MAX = 32, ITEMS_MAX = 4096, LIDS_MAX = 0x8000 };

typedef struct Reader {
    PstFile file;
    Arena *arena;   /* of the whole file */
    Arena *scratch; /* of one message */
    DocWriter *doc;
    uint32_t *lids; /* of the named properties from 0x8000 */
    size_t lid_count;
    int unread;
} Reader;

/* [MS-PST] 2.4.7.1: number, kind and set of names, index. */
static void read_names(Reader *in)
{
    const PstNode *node = pst_find(&in->file.nodes, PST_NID_NAMES);
    if (!node)
        return;
    MapiBag bag = pst_properties(&in->file, in->arena, node);
    const MapiProperty *entries = mapi_find(&bag, 0x0003);
    in->lids = arena_new_array(in->arena, uint32_t, LIDS_MAX);
    in->lid_count = LIDS_MAX;
    for (size_t at = 0; entries && at + 8 <= entries->value.length; at += 8) {
        size_t index = le16_at(entries->value, at + 6);
        if (!(le16_at(entries->value, at + 4) & 1) && index < LIDS_MAX)
            in->lids[index] = le32_at(entries->value, at);
    }
}

static MapiBag read_bag(Reader *in, const PstNode *node)
{
    MapiBag bag = pst_properties(&in->file, in->scratch, node);
    for (size_t i = 0; i < bag.list.count; i++) {
        MapiProperty *property = &bag.list.at[i];
        if (property->id >= 0x8000 && (size_t)property->id - 0x8000 < in->lid_count)
            property->lid = in->lids[property->id - 0x8000];
    }
    return bag;
}

/* --- Messages --- */

static MapiMessage *read_message(Reader *in, const PstNode *node, int depth);

/* An attachment that is a message: its data names a sub-node ([MS-PST] 2.3.3.5). */
static void read_attachment(Reader *in, const PstNode *node, MapiMessage *message, int depth)
{
    MapiAttachment attachment = { .bag = read_bag(in, node) };
    const MapiProperty *data = mapi_find(&attachment.bag, MAPI_ATTACH_DATA);
    if (data && data->type == MAPI_OBJECT) {
        PstNodes subs = pst_sub_nodes(&in->file, in->scratch, node);
        const PstNode *inner = pst_find(&subs, le32_at(data->value, 0));
        bool is_message = mapi_number(&attachment.bag, MAPI_ATTACH_METHOD, 0) != MAPI_METHOD_OLE;
        if (inner && is_message && depth < MAPI_DEPTH_MAX)
            attachment.message = read_message(in, inner, depth + 1);
        if (!attachment.message) {
            message->ole_count++;
            return;
        }
    }
    *vec_push(in->scratch, &message->attachments) = attachment;
}

static MapiMessage *read_message(Reader *in, const PstNode *node, int depth)
{
    MapiMessage *message = arena_new_one(in->scratch, MapiMessage);
    PstNodes subs = pst_sub_nodes(&in->file, in->scratch, node);
    const PstNode *recipients = pst_find(&subs, PST_NID_RECIPIENTS);
    message->bag = read_bag(in, node);
    if (recipients) {
        PstRows rows = pst_rows(&in->file, in->scratch, recipients);
        for (size_t i = 0; i < rows.list.count && i < ITEMS_MAX; i++)
            *vec_push(in->scratch, &message->recipients) = rows.list.at[i];
    }
    for (size_t i = 0; i < subs.list.count && message->attachments.count < ITEMS_MAX; i++)
        if ((subs.list.at[i].nid & 0x1F) == PST_TYPE_ATTACHMENT)
            read_attachment(in, &subs.list.at[i], message, depth);
    return message;
}

/* --- Folders --- */

typedef struct Item {
    const PstNode *node;
    Str folder; /* "Inbox/Old/" */
} Item;

typedef struct Items {
    VEC(Item) list;
} Items;

static Str folder_name(Reader *in, const PstNode *node)
{
    MapiBag bag = pst_properties(&in->file, in->scratch, node);
    Str name = mapi_text(in->scratch, &bag, MAPI_DISPLAY_NAME, mapi_charset(&bag));
    char *copy = str_c(in->arena, name.length ? name : S("folder"));
    for (char *c = copy; *c; c++)
        if (HAS_CHAR(*c, "/\\") || (unsigned char)*c < ' ')
            *c = '_';
    return str(copy);
}

/* The folders above a node, without the root and the store's own first folder. */
static Str folder_path(Reader *in, uint32_t nid)
{
    Str parts[FOLDER_DEPTH_MAX];
    size_t count = 0;
    while (count < FOLDER_DEPTH_MAX && nid != PST_NID_ROOT) {
        const PstNode *node = pst_find(&in->file.nodes, nid);
        if (!node || node->parent == nid)
            break;
        parts[count++] = folder_name(in, node);
        nid = node->parent;
    }
    Buf path = buf_new(in->arena, KB(2));
    for (size_t i = count > 1 ? count - 1 : count; i-- > 0;)
        buf_addf(&path, STR_FMT "/", STR_ARG(parts[i]));
    arena_reset(in->scratch);
    return buf_str(&path);
}

static int compare_items(const void *a, const void *b)
{
    const PstNode *x = ((const Item *)a)->node, *y = ((const Item *)b)->node;
    if (x->parent != y->parent)
        return (x->parent > y->parent) - (x->parent < y->parent);
    return (x->nid > y->nid) - (x->nid < y->nid);
}

static Items find_items(Reader *in)
{
    Items items = { 0 };
    size_t max = doc_writer_limits(in->doc)->child_max;
    for (size_t i = 0; i < in->file.nodes.list.count && items.list.count <= max; i++)
        if ((in->file.nodes.list.at[i].nid & 0x1F) == PST_TYPE_MESSAGE)
            *vec_push(in->arena, &items.list) = (Item){ .node = &in->file.nodes.list.at[i] };
    if (!items.list.count)
        return items;
    qsort(items.list.at, items.list.count, sizeof(Item), compare_items);
    for (size_t i = 0; i < items.list.count; i++) {
        Item *item = &items.list.at[i];
        bool is_same = i > 0 && item[-1].node->parent == item->node->parent;
        item->folder = is_same ? item[-1].folder : folder_path(in, item->node->parent);
    }
    return items;
}

static void write_folders(Reader *in, const Items *items)
{
    doc_table_begin(in->doc);
    doc_cell(in->doc, S("Folder"));
    doc_cell(in->doc, S("Messages"));
    doc_row_end(in->doc);
    doc_header_end(in->doc);
    for (size_t i = 0, first = 0; i < items->list.count; i++) {
        const Item *item = &items->list.at[i];
        if (i + 1 < items->list.count && item[1].node->parent == item->node->parent)
            continue;
        Str name = item->folder;
        doc_cell(in->doc, name.length ? str_slice(name, 0, name.length - 1) : S("/"));
        doc_cell(in->doc, str_format(in->scratch, "%zu", i + 1 - first));
        doc_row_end(in->doc);
        first = i + 1;
        arena_reset(in->scratch);
    }
    doc_table_end(in->doc);
}

static void write_item(Reader *in, const Item *item)
{
    MapiMessage *message = read_message(in, item->node, 0);
    if (!message->bag.list.count) {
        in->unread++;
        return;
    }
    Str name = str_format(in->scratch, STR_FMT STR_FMT, STR_ARG(item->folder),
                          STR_ARG(mapi_message_name(in->scratch, message)));
    doc_child(in->doc, name, S("message/rfc822"), mapi_to_mime(in->scratch, message, true));
}

static bool pst_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(2));
    Reader in = { .arena = arena, .scratch = scratch, .doc = doc };
    if (!pst_open(arena, source->bytes, &in.file, err))
        return false;
    read_names(&in);
    Items items = find_items(&in);
    doc_meta_whole(doc, "members", (int64_t)items.list.count);
    if (items.list.count)
        write_folders(&in, &items);
    for (size_t i = 0; i < items.list.count && doc_writer_ok(doc); i++) {
        write_item(&in, &items.list.at[i]);
        arena_reset(scratch);
        doc_progress(doc, "reading messages", (int64_t)i + 1, (int64_t)items.list.count);
    }
    if (in.unread)
        doc_warning(doc, str_format(arena, "%d messages are damaged and were not read", in.unread));
    return true;
}

static int pst_sniff(Str bytes) { return pst_is_file(bytes) ? 95 : 0; }

const Extractor extractor_pst = {
    .name = "pst",
    .title = "Outlook stores (PST, OST)",
    .extensions = LIST("pst", "ost"),
    .media_types = LIST("application/vnd.ms-outlook-pst"),
    .sniff = pst_sniff,
    .extract = pst_extract,
};
