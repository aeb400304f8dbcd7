/* study_cards_api.c - decks and cards that a person learns. */
#include "api/study_json.h"

#define NAME_MAX_BYTES 200
#define DESCRIPTION_MAX KB(4)

typedef struct CardsWork {
    ApiRequest *request;
    StudyDeck deck;
    StudyDeckList decks;
    StudyCard card;
    StudyCardList given, cards;
    StudyCardFilter filter;
    Slice slice;
    Str next;
} CardsWork;

/* --- Decks --- */

static void put_deck(JsonWriter *json, const StudyDeck *deck)
{
    put_text(json, "id", deck->id);
    put_text(json, "name", deck->name);
    put_text(json, "description", deck->description);
    put_int(json, "cards", deck->cards);
    put_int(json, "new", deck->new_cards);
    put_int(json, "learning", deck->learning_due);
    put_int(json, "review", deck->review_due);
    put_time(json, "created_at", deck->created_at_ms);
    put_time(json, "updated_at", deck->updated_at_ms);
}

static bool answer_deck(const void *argument, HttpResponse *response)
{
    const CardsWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_deck(&json, &work->deck);
    put_end(&json);
    return true;
}

static bool read_deck(CardsWork *work, Error *err)
{
    StudyDeck *deck = &work->deck;
    if (!api_fields(work->request, err,
                    { "name", JSON_STR, &deck->name, .length_max = NAME_MAX_BYTES },
                    { "description", JSON_STR, &deck->description, .length_max = DESCRIPTION_MAX }))
        return false;
    deck->name = str_trim(deck->name);
    return deck->name.length || fail_field(err, "name", "'name' is missing");
}

static bool find_due(DbTx *tx, const CardsWork *work, StudyDue *due_r, Error *err)
{
    const ApiRequest *request = work->request;
    Learner learner;
    StudyToday today;
    if (!learner_resolve(tx, request->scope, request->arena, &learner, err) ||
        !study_today(tx, request->scope, &learner, &today, err))
        return false;
    *due_r = today.due;
    return true;
}

static bool list_decks(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    StudyDue due;
    return find_due(tx, work, &due, err) &&
           study_deck_list(tx, work->request->scope, work->request->arena, &due, &work->decks, err);
}

bool study_decks_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_decks, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.decks.count; i++) {
        put_object(&json, NULL);
        put_deck(&json, &work.decks.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.decks.count, STR_NONE);
    return true;
}

static bool add_deck(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_deck_add(tx, work->request->scope, work->request->arena, &work->deck, err);
}

bool study_decks_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    if (!read_deck(&work, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_deck, answer_deck, &work, err);
}

static bool find_deck(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    StudyDue due;
    return find_due(tx, work, &due, err) &&
           study_deck_find(tx, work->request->scope, work->request->arena, work->request->params[0],
                           &due, &work->deck, err);
}

bool study_decks_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_deck, &work, err) &&
           answer_deck(&work, response);
}

static bool change_deck(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_deck_update(tx, work->request->scope, work->request->arena, &work->deck, err) &&
           find_deck(tx, work, err);
}

bool study_decks_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request, .deck = { .id = request->params[0] } };
    return read_deck(&work, err) &&
           api_change(request, response, change_deck, answer_deck, &work, err);
}

static bool remove_deck(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_deck_remove(tx, work->request->scope, work->request->params[0], err);
}

bool study_decks_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    return api_change(request, response, remove_deck, NULL, &work, err);
}

/* --- Cards --- */

static bool answer_card(const void *argument, HttpResponse *response)
{
    const CardsWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_card(&json, &work->card);
    put_end(&json);
    return true;
}

static void answer_cards(const CardsWork *work, HttpResponse *response)
{
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work->cards.count; i++) {
        put_object(&json, NULL);
        put_card(&json, &work->cards.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work->next);
}

static bool list_cards(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_card_list(tx, work->request->scope, work->request->arena, &work->filter,
                           &work->slice, &work->cards, &work->next, err);
}

bool study_cards_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request,
                       .filter = { .deck = http_query(request->http, "deck"),
                                   .document = http_query(request->http, "document"),
                                   .state = http_query(request->http, "state"),
                                   .tag = http_query(request->http, "tag"),
                                   .text = http_query(request->http, "q") } };
    CardState state;
    if ((work.filter.state.length && !card_state_named(work.filter.state, &state, err)) ||
        !api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_cards, &work, err))
        return false;
    answer_cards(&work, response);
    return true;
}

static bool add_cards(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_card_add(tx, work->request->scope, work->request->arena, work->deck.id,
                          work->given.at, work->given.count, &work->cards, err);
}

static bool answer_study_cards_add(const void *argument, HttpResponse *response)
{
    const CardsWork *work = argument;
    answer_cards(work, response);
    return true;
}

bool study_cards_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    json_t *list = NULL;
    if (!api_fields(request, err,
                    { "deck", JSON_STR, &work.deck.id, .required = true, .length_max = 100 },
                    { "cards", JSON_ANY, &list, .required = true }))
        return false;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || !count || count > STUDY_CARD_ADD_MAX)
        return fail_field(err, "cards", "'cards' must be a list of 1 to %d", STUDY_CARD_ADD_MAX);
    work.given = (StudyCardList){ arena_new_array(request->arena, StudyCard, count), count };
    for (size_t i = 0; i < count; i++)
        if (!study_read_card(request->arena, json_array_get(list, i), &work.given.at[i], err))
            return fail_in(err, "card %zu", i + 1);
    response->status = 201;
    return api_change(request, response, add_cards, answer_study_cards_add, &work, err);
}

static bool find_card(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_card_find(tx, work->request->scope, work->request->arena, work->request->params[0],
                           &work->card, err);
}

bool study_cards_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_card, &work, err) &&
           answer_card(&work, response);
}

/* What the body does not name stays. */
static bool change_card(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    ApiRequest *request = work->request;
    json_t *tags = NULL;
    StudyCard *card = &work->card;
    return find_card(tx, work, err) &&
           api_fields(request, err, { "deck", JSON_STR, &card->deck, .length_max = 100 },
                      { "front", JSON_STR, &card->front, .length_max = STUDY_CARD_TEXT_MAX },
                      { "back", JSON_STR, &card->back, .length_max = STUDY_CARD_TEXT_MAX },
                      { "tags", JSON_ANY, &tags },
                      { "is_suspended", JSON_FLAG, &card->is_suspended }) &&
           (!tags || study_read_tags(request->arena, tags, &card->tags, err)) &&
           study_card_update(tx, request->scope, card, err) && find_card(tx, work, err);
}

bool study_cards_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    return api_change(request, response, change_card, answer_card, &work, err);
}

static bool remove_card(DbTx *tx, void *argument, Error *err)
{
    CardsWork *work = argument;
    return study_card_remove(tx, work->request->scope, work->request->params[0], err);
}

bool study_cards_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    CardsWork work = { .request = request };
    return api_change(request, response, remove_card, NULL, &work, err);
}
