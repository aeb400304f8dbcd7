#include "api/study_json.h"

#define TAGS_MAX 50
#define TAG_MAX 100
#define SOURCE_MAX KB(64)

void put_card(JsonWriter *json, const StudyCard *card)
{
    put_text(json, "id", card->id);
    put_text(json, "deck", card->deck);
    put_text(json, "note", card->note);
    put_text(json, "front", card->front);
    put_text(json, "back", card->back);
    put_raw(json, "tags", card->tags);
    put_raw(json, "source", card->source.length ? card->source : S("null"));
    put_text_or_null(json, "document", card->document);
    put_text_or_null(json, "made_by", card->made_by);
    put_text(json, "state", str(card_state_name(card->memory.state)));
    put_time(json, "due", card->memory.due_ms);
    put_number(json, "stability", card->memory.stability);
    put_number(json, "difficulty", card->memory.difficulty);
    put_time(json, "reviewed_at", card->memory.reviewed_ms);
    put_int(json, "reviews", card->reviews);
    put_int(json, "lapses", card->lapses);
    put_bool(json, "is_suspended", card->is_suspended);
    put_time(json, "created_at", card->created_at_ms);
    put_time(json, "updated_at", card->updated_at_ms);
}

bool study_read_tags(Arena *arena, const json_t *json, Str *tags_r, Error *err)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter tags = put_begin_array(&out);
    if (!json_is_array(json) || json_array_size(json) > TAGS_MAX)
        return fail_field(err, "tags", "'tags' must be a list of at most %d texts", TAGS_MAX);
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *tag = json_array_get(json, i);
        Str text = { json_string_value(tag), json_string_length(tag) };
        if (!json_is_string(tag) || !str_trim(text).length || text.length > TAG_MAX)
            return fail_field(err, "tags", "a tag is a text of 1 to %d bytes", TAG_MAX);
        put_text(&tags, NULL, str_trim(text));
    }
    put_end(&tags);
    *tags_r = buf_str(&out);
    return true;
}

bool study_read_card(Arena *arena, const json_t *json, StudyCard *card_r, Error *err)
{
    StudyCard card = { 0 };
    json_t *tags = NULL, *source = NULL;
    if (!json_read(json, arena,
                   JSON_FIELDS({ "front", JSON_STR, &card.front, .required = true,
                                 .length_max = STUDY_CARD_TEXT_MAX },
                               { "back", JSON_STR, &card.back, .required = true,
                                 .length_max = STUDY_CARD_TEXT_MAX },
                               { "tags", JSON_ANY, &tags }, { "source", JSON_ANY, &source },
                               { "document", JSON_STR, &card.document, .length_max = 100 },
                               { "note", JSON_STR, &card.note, .length_max = 100 },
                               { "made_by", JSON_STR, &card.made_by, .length_max = 200 }),
                   err) ||
        (tags && !study_read_tags(arena, tags, &card.tags, err)))
        return false;
    if (source && !json_is_null(source)) {
        if (!json_is_object(source))
            return fail_field(err, "source", "'source' must be an object");
        card.source = json_print(arena, source);
        if (!card.document.length)
            card.document =
                str_copy(arena, json_member_text(json_object_get(source, "document"), "id"));
    }
    if (card.source.length > SOURCE_MAX)
        return fail_field(err, "source", "'source' has more than %zu bytes", SOURCE_MAX);
    *card_r = card;
    return true;
}
