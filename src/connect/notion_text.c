/* notion_text.c - see notion_text.h. */
#include "connect/notion_text.h"

#define TEXT(object, name) json_member_text((object), (name))

/* --- Texts --- */

static void notion_plain_text(Buf *out, const json_t *texts)
{
    size_t i;
    const json_t *text;
    json_array_foreach(texts, i, text) buf_add(out, TEXT(text, "plain_text"));
}

static bool has(const json_t *annotations, const char *name)
{
    return json_is_true(json_object_get(annotations, name));
}

static void add_marked(Buf *out, const json_t *text)
{
    const json_t *how = json_object_get(text, "annotations");
    Str plain = TEXT(text, "plain_text"), href = TEXT(text, "href"), inner = str_trim(plain);
    const struct {
        bool is_on;
        const char *mark;
    } marks[] = {
        { has(how, "bold"), "**" },
        { has(how, "italic"), "*" },
        { has(how, "strikethrough"), "~~" },
        { has(how, "code"), "`" },
    };
    if (!inner.length) {
        buf_add(out, plain);
        return;
    }
    buf_add(out, str_slice(plain, 0, (size_t)(inner.at - plain.at)));
    buf_add(out, href.length ? S("[") : S(""));
    for (size_t i = 0; i < COUNT(marks); i++)
        buf_add(out, marks[i].is_on ? str(marks[i].mark) : S(""));
    buf_add(out, inner);
    for (size_t i = COUNT(marks); i-- > 0;)
        buf_add(out, marks[i].is_on ? str(marks[i].mark) : S(""));
    if (href.length)
        buf_addf(out, "](" STR_FMT ")", STR_ARG(href));
    buf_add(out, str_from(plain, (size_t)(inner.at - plain.at) + inner.length));
}

/* Texts with their bold, italic, struck, code and links. */
static void notion_rich_text(Buf *out, const json_t *texts)
{
    size_t i;
    const json_t *text;
    json_array_foreach(texts, i, text) add_marked(out, text);
}

void notion_title(Buf *out, const json_t *object)
{
    const char *name;
    json_t *property;
    notion_plain_text(out, json_object_get(object, "title"));
    json_object_foreach(json_object_get(object, "properties"), name, property)
    {
        if (str_is(TEXT(property, "type"), "title"))
            notion_plain_text(out, json_object_get(property, "title"));
    }
}

/* --- Blocks --- */

typedef void BlockWriter(Buf *out, const json_t *content);

static void put_words(Buf *out, const json_t *content)
{
    notion_rich_text(out, json_object_get(content, "rich_text"));
}

static void put_to_do(Buf *out, const json_t *content)
{
    buf_add(out, has(content, "checked") ? S("[x] ") : S("[ ] "));
    put_words(out, content);
}

static void put_code(Buf *out, const json_t *content)
{
    Str language = TEXT(content, "language");
    buf_addf(out, "```" STR_FMT "\n", STR_ARG(language));
    notion_plain_text(out, json_object_get(content, "rich_text"));
    buf_add(out, S("\n```"));
}

static void put_title(Buf *out, const json_t *content) { buf_add(out, TEXT(content, "title")); }

static void put_equation(Buf *out, const json_t *content)
{
    Str expression = TEXT(content, "expression");
    buf_addf(out, "$$" STR_FMT "$$", STR_ARG(expression));
}

static void put_row(Buf *out, const json_t *content)
{
    size_t i;
    const json_t *cell;
    buf_add_char(out, '|');
    json_array_foreach(json_object_get(content, "cells"), i, cell)
    {
        buf_add_char(out, ' ');
        notion_rich_text(out, cell);
        buf_add(out, S(" |"));
    }
}

/* A bookmark, or a file: of Notion's own, whose addresses end after an hour, only the name. */
static void put_link(Buf *out, const json_t *content)
{
    Str url = TEXT(content, "url"), name = TEXT(content, "name");
    if (!url.length)
        url = TEXT(json_object_get(content, "external"), "url");
    notion_rich_text(out, json_object_get(content, "caption"));
    if (url.length)
        buf_addf(out, " <" STR_FMT ">", STR_ARG(url));
    else
        buf_add(out, name);
}

static void put_nothing(Buf *out, const json_t *content) { (void)out, (void)content; }

static const struct BlockKind {
    const char *type, *before;
    BlockWriter *write;
    bool indents, is_close; /* children stand deeper; no empty line follows */
} kinds[] = {
    { "paragraph", "", put_words },
    { "heading_1", "# ", put_words },
    { "heading_2", "## ", put_words },
    { "heading_3", "### ", put_words },
    { "bulleted_list_item", "- ", put_words, true, true },
    { "numbered_list_item", "1. ", put_words, true, true },
    { "to_do", "- ", put_to_do, true, true },
    { "toggle", "- ", put_words, true, true },
    { "quote", "> ", put_words },
    { "callout", "> ", put_words },
    { "code", "", put_code },
    { "equation", "", put_equation },
    { "divider", "---", put_nothing },
    { "table_row", "", put_row, false, true },
    { "child_page", "", put_title },
    { "child_database", "", put_title },
    { "bookmark", "", put_link },
    { "link_preview", "", put_link },
    { "embed", "", put_link },
    { "image", "", put_link },
    { "file", "", put_link },
    { "pdf", "", put_link },
    { "video", "", put_link },
    { "audio", "", put_link },
};

/* NULL: one that only holds others, or that is not known. */
static const struct BlockKind *kind_of(const json_t *block)
{
    Str type = TEXT(block, "type");
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(type, kinds[i].type))
            return &kinds[i];
    return NULL;
}

bool notion_indents(const json_t *block)
{
    const struct BlockKind *kind = kind_of(block);
    return kind && kind->indents;
}

void notion_block(Buf *out, const json_t *block, int depth)
{
    const struct BlockKind *kind = kind_of(block);
    if (!kind)
        return;
    for (int i = 0; i < depth; i++)
        buf_add(out, S("    "));
    buf_add(out, str(kind->before));
    kind->write(out, json_object_get(block, kind->type));
    buf_add(out, kind->is_close ? S("\n") : S("\n\n"));
}

/* --- Properties --- */

static void put_number_text(Buf *out, const json_t *number)
{
    if (json_is_integer(number))
        buf_addf(out, "%" PRId64, (int64_t)json_integer_value(number));
    else if (json_is_real(number))
        buf_addf(out, "%.15g", json_real_value(number));
}

static void put_names(Buf *out, const json_t *list)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        buf_add(out, i ? S(", ") : S(""));
        buf_add(out, TEXT(one, "name"));
    }
}

static void put_dates(Buf *out, const json_t *date)
{
    Str end = TEXT(date, "end");
    buf_add(out, TEXT(date, "start"));
    if (end.length)
        buf_addf(out, "/" STR_FMT, STR_ARG(end));
}

static void put_unique_id(Buf *out, const json_t *id)
{
    Str prefix = TEXT(id, "prefix");
    buf_addf(out, STR_FMT "%s", STR_ARG(prefix), prefix.length ? "-" : "");
    put_number_text(out, json_object_get(id, "number"));
}

/* By the shape of the value: kinds of properties share a few. */
void notion_property(Buf *out, const json_t *property)
{
    Str type = TEXT(property, "type");
    const json_t *value = type.length ? json_object_getn(property, type.at, type.length) : NULL;
    if (str_is(type, "title") || str_is(type, "rich_text"))
        notion_plain_text(out, value);
    else if (str_is(type, "date"))
        put_dates(out, value);
    else if (str_is(type, "unique_id"))
        put_unique_id(out, value);
    else if (str_is(type, "formula"))
        notion_property(out, value);
    else if (json_is_array(value))
        put_names(out, value);
    else if (json_is_object(value))
        buf_add(out, TEXT(value, "name"));
    else if (json_is_string(value))
        buf_add(out, str(json_string_value(value)));
    else if (json_is_boolean(value))
        buf_add(out, json_is_true(value) ? S("yes") : S("no"));
    else
        put_number_text(out, value);
}
