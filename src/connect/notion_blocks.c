/* notion_blocks.c - Markdown as blocks of Notion; see notion_text.h. */
#include "base/utf8.h"
#include "connect/notion_text.h"

typedef struct Making {
    json_t *blocks;
    Buf text; /* of the paragraph or code at hand */
    const char *type;
} Making;

static json_t *text_of(Str text)
{
    return json_pack("{s:s, s:{s:s%}}", "type", "text", "text", "content", text.at ? text.at : "",
                     text.length);
}

json_t *notion_texts_of(Str text)
{
    json_t *all = json_array();
    while (text.length) {
        size_t cut = utf8_floor(text, MIN(text.length, (size_t)NOTION_TEXT_MAX));
        (void)json_array_append_new(all, text_of(str_slice(text, 0, cut)));
        text = str_from(text, cut);
    }
    return all;
}

static void add_block(Making *in, const char *type, Str text)
{
    if (json_array_size(in->blocks) >= NOTION_BLOCKS_MAX)
        return;
    json_t *content = json_pack("{s:o}", "rich_text", notion_texts_of(text));
    if (str_is(str(type), "code"))
        (void)json_object_set_new(content, "language", json_string("plain text"));
    (void)json_array_append_new(
        in->blocks, json_pack("{s:s, s:s, s:o}", "object", "block", "type", type, type, content));
}

static void end_text(Making *in)
{
    if (in->text.length)
        add_block(in, in->type, buf_str(&in->text));
    in->text.length = 0;
    in->type = "paragraph";
}

static void add_line(Making *in, Str line)
{
    if (in->text.length)
        buf_add_char(&in->text, '\n');
    buf_add(&in->text, line);
}

/* "1. ", "23. " */
static size_t number_length(Str line)
{
    size_t digits = 0;
    while (digits < line.length && line.at[digits] >= '0' && line.at[digits] <= '9')
        digits++;
    return digits && str_starts(str_from(line, digits), S(". ")) ? digits + 2 : 0;
}

static bool add_marked(Making *in, Str line)
{
    static const struct {
        const char *mark, *type;
    } marks[] = {
        { "# ", "heading_1" },          { "## ", "heading_2" },         { "### ", "heading_3" },
        { "#### ", "heading_3" },       { "##### ", "heading_3" },      { "###### ", "heading_3" },
        { "- ", "bulleted_list_item" }, { "* ", "bulleted_list_item" }, { "> ", "quote" },
    };
    size_t number = number_length(line);
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_starts(line, str(marks[i].mark))) {
            end_text(in);
            add_block(in, marks[i].type, str_trim(str_from(line, strlen(marks[i].mark))));
            return true;
        }
    if (number) {
        end_text(in);
        add_block(in, "numbered_list_item", str_trim(str_from(line, number)));
    }
    return number > 0;
}

json_t *notion_blocks_of(Arena *arena, Str markdown)
{
    Making in = { .blocks = json_array(),
                  .text = buf_new(arena, markdown.length + 1),
                  .type = "paragraph" };
    Str rest = markdown, line;
    bool is_code = false;
    while (str_next(&rest, '\n', &line)) {
        Str trimmed = str_trim(line);
        if (str_starts(trimmed, S("```"))) {
            end_text(&in);
            is_code = !is_code;
            in.type = is_code ? "code" : "paragraph";
        } else if (is_code) {
            add_line(&in, line);
        } else if (!trimmed.length) {
            end_text(&in);
        } else if (!add_marked(&in, trimmed)) {
            add_line(&in, trimmed);
        }
    }
    end_text(&in);
    return in.blocks;
}
