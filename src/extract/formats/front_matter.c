/* front_matter.c - see front_matter.h. */
#include "extract/formats/front_matter.h"

#include "extract/charset/encoding.h"
#include "extract/metadata.h"

enum { FRONT_MATTER_MAX = 64 * 1024 };

/* A key of the front matter, which may go on below: "- item" lines, or a longer text. */
typedef struct FrontMatter {
    DocWriter *doc;
    Arena *arena;
    char separator; /* ':' of YAML, '=' of TOML */
    char key[64];
    Buf value;
    bool is_list; /* nothing stands beside the key */
    int line;
} FrontMatter;

static Str without_quotes(Str value)
{
    bool has = value.length >= 2 && HAS_CHAR(value.at[0], "\"'") &&
               value.at[value.length - 1] == value.at[0];
    return has ? str_slice(value, 1, value.length - 1) : value;
}

static void end_key(FrontMatter *front)
{
    Str value = without_quotes(str_trim(buf_str(&front->value)));
    if (str_starts(value, S("[")) && str_ends(value, S("]")))
        value = str_trim(str_slice(value, 1, value.length - 1)); /* [a, b] */
    doc_place_lines(front->doc, front->line, front->line);
    if (front->key[0])
        doc_meta_named(front->doc, str(front->key), value);
    front->key[0] = 0;
}

static void begin_key(FrontMatter *front, Str key, Str value, int line)
{
    end_key(front);
    front->is_list = value.length == 0;
    front->line = line;
    front->value = buf_new(front->arena, FRONT_MATTER_MAX);
    snprintf(front->key, sizeof front->key, STR_FMT, STR_ARG(key));
    if (!(value.length && HAS_CHAR(value.at[0], "|>"))) /* marks of a text below */
        buf_add(&front->value, value);
}

static void add_to_key(FrontMatter *front, Str line)
{
    if (str_starts(line, S("- ")))
        line = without_quotes(str_trim(str_from(line, 2)));
    if (front->value.length && line.length)
        buf_add(&front->value, front->is_list ? S(", ") : S(" "));
    buf_add(&front->value, line);
}

static void read_front_matter_line(FrontMatter *front, Str line, int number)
{
    ptrdiff_t at = str_find_char(line, front->separator);
    bool is_more = line.length && HAS_CHAR(line.at[0], " \t-");
    if (is_more && front->key[0]) {
        add_to_key(front, str_trim(line));
    } else if (at > 0 && (size_t)at < sizeof front->key && !is_more && line.at[0] != '#') {
        begin_key(front, str_trim(str_slice(line, 0, (size_t)at)),
                  str_trim(str_from(line, (size_t)at + 1)), number);
    } else {
        end_key(front);
        doc_place_lines(front->doc, number, number);
        doc_meta(front->doc, "front matter", str_trim(line));
    }
}

int front_matter_write(DocWriter *doc, Str *text)
{
    Str rest = *text, fence, line;
    int count = 1;
    bool is_ended = false;
    if (!text_next_line(&rest, &fence) || !(str_is(fence, "---") || str_is(fence, "+++")))
        return 0;
    Str body = rest;
    while (!is_ended && text->length - rest.length < FRONT_MATTER_MAX &&
           text_next_line(&rest, &line)) {
        count++;
        is_ended = str_equal(line, fence) || str_is(line, "...");
    }
    if (!is_ended || count < 3)
        return 0;
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    FrontMatter front = { .doc = doc, .arena = arena, .separator = fence.at[0] == '+' ? '=' : ':' };
    for (int number = 2; number < count && text_next_line(&body, &line); number++)
        read_front_matter_line(&front, line, number);
    end_key(&front);
    *text = rest;
    return count;
}
