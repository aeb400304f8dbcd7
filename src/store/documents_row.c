#include "store/documents_row.h"

#include "base/utf8.h"

#define TAG_END '\x1f'
#define TAG_MAX 100
#define TAG_BYTES_MAX 100

static const struct {
    const char *text;
    bool is_over;
} states[] = {
#define DOCUMENT_STATE(name, text, is_over) { text, is_over },
#include "store/document_states.def"
#undef DOCUMENT_STATE
};

const char *document_state_name(DocumentState state)
{
    return (size_t)state < COUNT(states) ? states[state].text : "unknown";
}

DocumentState document_state_named(Str name)
{
    size_t i = 0;

    while (i < COUNT(states) && !str_is(name, states[i].text))
        i++;
    return (DocumentState)i;
}

bool document_state_is_over(DocumentState state)
{
    return (size_t)state < COUNT(states) && states[state].is_over;
}

Str document_states_text(Arena *arena, unsigned set)
{
    Buf buf = buf_new(arena, KB(1));

    for (size_t i = 0; i < COUNT(states); i++)
        if (set & 1u << i)
            buf_addf(&buf, buf.length ? ",'%s'" : "'%s'", states[i].text);
    return buf.length ? buf_str(&buf) : S("''");
}

void document_read(DbRows *row, Arena *arena, void *item)
{
    *(Document *)item = (Document){
        .id = db_get_text(row, 0, arena),
        .collection = db_get_text(row, 1, arena),
        .parent = db_get_text(row, 2, arena),
        .child_ordinal = db_get_int(row, 3),
        .name = db_get_text(row, 4, arena),
        .title = db_get_text(row, 5, arena),
        .media_type = db_get_text(row, 6, arena),
        .format = db_get_text(row, 7, arena),
        .language = db_get_text(row, 8, arena),
        .size_bytes = db_get_int(row, 9),
        .blob = db_get_text(row, 10, arena),
        .state = document_state_named(db_get_text(row, 11, arena)),
        .error_code = db_get_text(row, 12, arena),
        .error_message = db_get_text(row, 13, arena),
        .warnings = db_get_text(row, 14, arena),
        .metadata = db_get_text(row, 15, arena),
        .tags = document_tags_split(arena, db_get_text(row, 16, arena)),
        .source = db_get_text(row, 17, arena),
        .created_by = db_get_text(row, 18, arena),
        .password_sealed = db_get_blob(row, 19, arena),
        .version = db_get_int(row, 20),
        .indexed_version = db_get_int(row, 21),
        .page_count = db_get_int(row, 22),
        .text_bytes = db_get_int(row, 23),
        .chunk_count = db_get_int(row, 24),
        .vector_count = db_get_int(row, 25),
        .vector_model = db_get_text(row, 26, arena),
        .created_at_ms = db_get_int(row, 27),
        .updated_at_ms = db_get_int(row, 28),
        .document_date_ms = db_get_int(row, 29),
        .deleted_at_ms = db_get_int(row, 30),
        .quality = db_get_text(row, 31, arena),
        .guard = db_get_text(row, 32, arena),
    };
}

void document_key_read(DbRows *row, Arena *arena, void *item)
{
    *(DocumentKey *)item = (DocumentKey){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
    };
}

/* --- Tags ------------------------------------------------------------------------------- */

static bool is_good_tag(Str tag)
{
    if (!tag.length || tag.length > TAG_BYTES_MAX || !utf8_is_valid(tag))
        return false;
    for (size_t i = 0; i < tag.length; i++)
        if ((unsigned char)tag.at[i] < ' ')
            return false;
    return true;
}

bool document_tags_join(Arena *arena, StrList tags, Str *joined_r, Error *err)
{
    Buf buf = buf_new(arena, TAG_MAX * (TAG_BYTES_MAX + 1) + 1);

    if (tags.count > TAG_MAX)
        return fail_field(err, "tags", "at most %d tags, not %zu", TAG_MAX, tags.count);
    for (size_t i = 0; i < tags.count; i++) {
        Str tag = str_trim(tags.at[i]);
        if (!is_good_tag(tag))
            return fail_field(err, "tags", "a tag has 1 to %d bytes and no control characters",
                              TAG_BYTES_MAX);
        Str closed = str_format(arena, "%c" STR_FMT "%c", TAG_END, STR_ARG(tag), TAG_END);
        if (str_find(buf_str(&buf), closed) >= 0)
            continue;
        buf_add(&buf, buf.length ? str_from(closed, 1) : closed);
    }
    *joined_r = buf_str(&buf);
    return true;
}

StrList document_tags_split(Arena *arena, Str joined)
{
    VEC(Str) tags = { 0 };
    Str rest = str_slice(joined, 1, joined.length - 1), tag;

    while (joined.length && str_next(&rest, TAG_END, &tag))
        *vec_push(arena, &tags) = tag;
    return (StrList){ .at = tags.at, .count = tags.count };
}
