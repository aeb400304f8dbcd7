#include "store/anki_file.h"

#include <openssl/sha.h>
#include <sqlite3.h>

#include "base/map.h"

#define DAY_S 86400
#define MODEL_BASIC INT64_C(1718000000001)
#define MODEL_CLOZE INT64_C(1718000000002)
#define NOT_SENT (-1) /* usn: never sent to a server */
#define FIELDS "\x1f" /* between the fields of a note */

static const char schema[] =
    "CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL,"
    " scm integer NOT NULL, ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL,"
    " ls integer NOT NULL, conf text NOT NULL, models text NOT NULL, decks text NOT NULL,"
    " dconf text NOT NULL, tags text NOT NULL);"
    "CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL,"
    " mod integer NOT NULL, usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL,"
    " sfld integer NOT NULL, csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL);"
    "CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL,"
    " ord integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL,"
    " queue integer NOT NULL, due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL,"
    " reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL,"
    " odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);"
    "CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL,"
    " ease integer NOT NULL, ivl integer NOT NULL, lastIvl integer NOT NULL,"
    " factor integer NOT NULL, time integer NOT NULL, type integer NOT NULL);"
    "CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);"
    "CREATE INDEX ix_notes_usn ON notes (usn);"
    "CREATE INDEX ix_cards_usn ON cards (usn);"
    "CREATE INDEX ix_revlog_usn ON revlog (usn);"
    "CREATE INDEX ix_cards_nid ON cards (nid);"
    "CREATE INDEX ix_cards_sched ON cards (did, queue, due);"
    "CREATE INDEX ix_revlog_cid ON revlog (cid);"
    "CREATE INDEX ix_notes_csum ON notes (csum);";

typedef struct AnkiFile {
    sqlite3 *db;
    Arena *arena;
    const AnkiCards *cards;
    int64_t deck;      /* its id in the file */
    int64_t begin_s;   /* of the day that due days count from */
    int64_t last_card; /* ids are times, and each only once */
    int64_t last_review;
    Map ids; /* of cards, by ours */
} AnkiFile;

static void db_auto(AnkiFile *file) { sqlite3_close_v2(file->db); }

static bool failed(const AnkiFile *file, Error *err)
{
    return fail(err, ERROR_INTERNAL, "writing cards for Anki: %s", sqlite3_errmsg(file->db));
}

static int bind(sqlite3_stmt *statement, int at, const DbValue *value)
{
    if (value->type == DB_INT)
        return sqlite3_bind_int64(statement, at, value->integer);
    return sqlite3_bind_text(statement, at, value->text.length ? value->text.at : "",
                             (int)value->text.length, SQLITE_STATIC);
}

static bool add_row(AnkiFile *file, const char *sql, const DbValue *values, size_t count,
                    Error *err)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(file->db, sql, -1, &statement, NULL) == SQLITE_OK;
    for (size_t i = 0; ok && i < count; i++)
        ok = bind(statement, (int)i + 1, &values[i]) == SQLITE_OK;
    ok = ok && sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_finalize(statement);
    return ok || failed(file, err);
}

/* --- The collection: what its notes look like --- */

static void put_field(JsonWriter *json, const char *name, int number)
{
    put_object(json, NULL);
    put_text(json, "name", str(name));
    put_int(json, "ord", number);
    put_bool(json, "sticky", false);
    put_bool(json, "rtl", false);
    put_text(json, "font", S("Arial"));
    put_int(json, "size", 20);
    put_array(json, "media");
    put_end(json);
    put_end(json);
}

static void put_template(JsonWriter *json, const char *name, const char *front, const char *back)
{
    put_array(json, "tmpls");
    put_object(json, NULL);
    put_text(json, "name", str(name));
    put_int(json, "ord", 0);
    put_text(json, "qfmt", str(front));
    put_text(json, "afmt", str(back));
    put_null(json, "did");
    put_text(json, "bqfmt", STR_NONE);
    put_text(json, "bafmt", STR_NONE);
    put_end(json);
    put_end(json);
}

/* Which field must be filled for the card to be made. */
static void put_required(JsonWriter *json)
{
    put_array(json, "req");
    put_array(json, NULL);
    put_int(json, NULL, 0);
    put_text(json, NULL, S("any"));
    put_array(json, NULL);
    put_int(json, NULL, 0);
    put_end(json);
    put_end(json);
    put_end(json);
}

static void put_model(JsonWriter *json, const AnkiFile *file, int64_t id, bool is_cloze)
{
    char key[24];
    snprintf(key, sizeof(key), "%" PRId64, id);
    put_object(json, key);
    put_int(json, "id", id);
    put_text(json, "name", is_cloze ? S("Lectern cloze") : S("Lectern"));
    put_int(json, "type", is_cloze);
    put_int(json, "mod", file->cards->now_ms / 1000);
    put_int(json, "usn", NOT_SENT);
    put_int(json, "sortf", 0);
    put_int(json, "did", file->deck);
    put_array(json, "flds");
    put_field(json, is_cloze ? "Text" : "Front", 0);
    put_field(json, is_cloze ? "Back Extra" : "Back", 1);
    put_field(json, "Source", 2);
    put_end(json);
    if (is_cloze)
        put_template(json, "Cloze", "{{cloze:Text}}",
                     "{{cloze:Text}}<br>{{Back Extra}}<div class=source>{{Source}}</div>");
    else
        put_template(json, "Card 1", "{{Front}}",
                     "{{FrontSide}}<hr id=answer>{{Back}}<div class=source>{{Source}}</div>");
    put_required(json);
    put_text(json, "css",
             S(".card { font-family: arial; font-size: 20px; text-align: center; }"
               " .cloze { font-weight: bold; } .source { font-size: 14px; opacity: 0.7; }"));
    put_text(json, "latexPre", STR_NONE);
    put_text(json, "latexPost", STR_NONE);
    put_array(json, "tags");
    put_end(json);
    put_array(json, "vers");
    put_end(json);
    put_end(json);
}

static Str print_models(AnkiFile *file)
{
    Buf out = buf_new(file->arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_model(&json, file, MODEL_BASIC, false);
    put_model(&json, file, MODEL_CLOZE, true);
    put_end(&json);
    return buf_str(&out);
}

static void put_pair(JsonWriter *json, const char *name)
{
    put_array(json, name);
    put_int(json, NULL, 0);
    put_int(json, NULL, 0);
    put_end(json);
}

static void put_deck(JsonWriter *json, const AnkiFile *file, int64_t id, Str name, Str description)
{
    char key[24];
    snprintf(key, sizeof(key), "%" PRId64, id);
    put_object(json, key);
    put_int(json, "id", id);
    put_text(json, "name", name);
    put_text(json, "desc", description);
    put_int(json, "mod", file->cards->now_ms / 1000);
    put_int(json, "usn", NOT_SENT);
    put_int(json, "conf", 1);
    put_int(json, "dyn", 0);
    put_bool(json, "collapsed", false);
    put_bool(json, "browserCollapsed", false);
    put_int(json, "extendNew", 10);
    put_int(json, "extendRev", 50);
    put_pair(json, "newToday");
    put_pair(json, "revToday");
    put_pair(json, "lrnToday");
    put_pair(json, "timeToday");
    put_end(json);
}

static Str print_decks(AnkiFile *file)
{
    Buf out = buf_new(file->arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_deck(&json, file, 1, S("Default"), STR_NONE);
    put_deck(&json, file, file->deck, file->cards->deck.name, file->cards->deck.description);
    put_end(&json);
    return buf_str(&out);
}

static Str print_options(AnkiFile *file)
{
    const AnkiCards *cards = file->cards;
    return str_format(
        file->arena,
        "{\"1\":{\"id\":1,\"name\":\"Default\",\"mod\":0,\"usn\":0,\"maxTaken\":60,"
        "\"autoplay\":true,\"timer\":0,\"replayq\":true,\"dyn\":false,\"desiredRetention\":%g,"
        "\"new\":{\"bury\":true,\"delays\":[1,10],\"initialFactor\":2500,\"ints\":[1,4,7],"
        "\"order\":1,\"perDay\":%" PRId64 "},\"rev\":{\"bury\":true,\"ease4\":1.3,\"ivlFct\":1,"
        "\"maxIvl\":36500,\"perDay\":%" PRId64 ",\"hardFactor\":1.2},"
        "\"lapse\":{\"delays\":[10],\"leechAction\":1,\"leechFails\":8,\"minInt\":1,\"mult\":0}}}",
        cards->retention, cards->new_a_day, cards->reviews_a_day);
}

static bool write_collection(AnkiFile *file, Error *err)
{
    int64_t time_ms = file->cards->now_ms;
    Str conf =
        str_format(file->arena,
                   "{\"activeDecks\":[1],\"curDeck\":1,\"newSpread\":0,\"collapseTime\":1200,"
                   "\"timeLim\":0,\"estTimes\":true,\"dueCounts\":true,\"curModel\":null,"
                   "\"nextPos\":%zu,\"sortType\":\"noteFld\",\"sortBackwards\":false,"
                   "\"addToCur\":true,\"fsrs\":true}",
                   file->cards->cards.count + 1);
    return add_row(
        file, "INSERT INTO col VALUES (1, ?1, ?2, ?2, 11, 0, 0, 0, ?3, ?4, ?5, ?6, '{}')",
        DB_ARGS(db_int(file->begin_s), db_int(time_ms), db_text(conf), db_text(print_models(file)),
                db_text(print_decks(file)), db_text(print_options(file))),
        err);
}

/* --- Notes and cards --- */

static void add_html(Buf *out, Str text)
{
    Str line;
    for (bool is_first = true; str_next(&text, '\n', &line); is_first = false) {
        if (!is_first)
            buf_add(out, S("<br>"));
        buf_add_escaped(out, line);
    }
}

/* The number of its first gap, {{c1::...}}; 0 when there is none. */
static int64_t gap_number(Str front)
{
    int64_t number = 0;
    ptrdiff_t at = str_find(front, S("{{c"));
    if (at < 0)
        return 0;
    Str rest = str_from(front, (size_t)at + 3);
    ptrdiff_t end = str_find(rest, S("::"));
    return end > 0 && str_to_int(str_slice(rest, 0, (size_t)end), 1, 500, &number) ? number : 0;
}

/* Of the document that a citation names (answer/answer_json.h), or its own. */
static Str source_name(const json_t *source)
{
    const json_t *document = json_object_get(source, "document");
    return json_member_text(json_is_object(document) ? document : source, "name");
}

static Str print_source(Arena *arena, Str source)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(arena, KB(256));
    Error ignored;
    if (!source.length || !json_parse(source, KB(64), &json, &ignored))
        return STR_NONE;
    add_html(&out, source_name(json));
    Str place = json_member_text(json, "place"), quote = json_member_text(json, "quote");
    if (place.length) {
        buf_add(&out, S(", "));
        add_html(&out, place);
    }
    if (quote.length) {
        buf_add(&out, S("<br><q>"));
        add_html(&out, quote);
        buf_add(&out, S("</q>"));
    }
    return buf_str(&out);
}

/* " one two ", as Anki looks for them; a space inside a tag becomes _. */
static Str print_tags(Arena *arena, Str tags)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(arena, KB(64));
    Error ignored;
    if (!json_parse(tags, KB(64), &json, &ignored) || !json_array_size(json))
        return STR_NONE;
    buf_add_char(&out, ' ');
    for (size_t i = 0; i < json_array_size(json); i++) {
        const char *tag = json_string_value(json_array_get(json, i));
        for (const char *at = tag ? tag : ""; *at; at++)
            buf_add_char(&out, *at == ' ' ? '_' : *at);
        buf_add_char(&out, ' ');
    }
    return buf_str(&out);
}

/* How Anki finds notes with the same first field: the first 32 bits of its SHA-1. */
static int64_t field_checksum(Str field)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1((const unsigned char *)(field.length ? field.at : ""), field.length, digest);
    return (int64_t)digest[0] << 24 | (int64_t)digest[1] << 16 | (int64_t)digest[2] << 8 |
           (int64_t)digest[3];
}

static bool write_note(AnkiFile *file, const StudyCard *card, int64_t id, Error *err)
{
    Buf front = buf_new(file->arena, 8 * STUDY_CARD_TEXT_MAX);
    Buf fields = buf_new(file->arena, 32 * STUDY_CARD_TEXT_MAX);
    add_html(&front, card->front);
    buf_add(&fields, buf_str(&front));
    buf_add(&fields, S(FIELDS));
    add_html(&fields, card->back);
    buf_add(&fields, S(FIELDS));
    buf_add(&fields, print_source(file->arena, card->source));
    return add_row(file, "INSERT INTO notes VALUES (?1, ?2, ?3, ?4, -1, ?5, ?6, ?7, ?8, 0, '')",
                   DB_ARGS(db_int(id), db_text(card->id),
                           db_int(gap_number(card->front) ? MODEL_CLOZE : MODEL_BASIC),
                           db_int(card->updated_at_ms / 1000),
                           db_text(print_tags(file->arena, card->tags)), db_text(buf_str(&fields)),
                           db_text(buf_str(&front)), db_int(field_checksum(buf_str(&front)))),
                   err);
}

/* Anki's numbers for a state: of the card, and of the queue it stands in. */
static const struct {
    int type, queue;
} anki_states[] = {
    [CARD_NEW] = { 0, 0 },
    [CARD_LEARNING] = { 1, 1 },
    [CARD_REVIEW] = { 2, 2 },
    [CARD_RELEARNING] = { 3, 1 },
};

/* A place among the new ones, a time, or a day. */
static int64_t anki_due(const AnkiFile *file, const StudyCard *card, size_t number)
{
    int64_t due_s = card->memory.due_ms / 1000;
    if (card->memory.state == CARD_NEW)
        return (int64_t)number + 1;
    return anki_states[card->memory.state].queue == 1 ? due_s : (due_s - file->begin_s) / DAY_S;
}

static bool write_card(AnkiFile *file, const StudyCard *card, size_t number, Error *err)
{
    const CardMemory *memory = &card->memory;
    bool is_new = memory->state == CARD_NEW, is_known = memory->state == CARD_REVIEW;
    int64_t id = MAX(card->created_at_ms, file->last_card + 1), gap = gap_number(card->front);
    int64_t days = (memory->due_ms - memory->reviewed_ms) / (DAY_S * 1000);
    Str data = is_new ? S("{}")
                      : str_format(file->arena, "{\"s\":%.4f,\"d\":%.3f,\"dr\":%g}",
                                   memory->stability, memory->difficulty, file->cards->retention);
    file->last_card = map_add(&file->ids, card->id, NULL)->number = id;
    return write_note(file, card, id, err) &&
           add_row(
               file,
               "INSERT INTO cards VALUES (?1, ?1, ?2, ?3, ?4, -1, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
               " ?12, 0, 0, 0, ?13)",
               DB_ARGS(db_int(id), db_int(file->deck), db_int(gap ? gap - 1 : 0),
                       db_int(card->updated_at_ms / 1000), db_int(anki_states[memory->state].type),
                       db_int(card->is_suspended ? -1 : anki_states[memory->state].queue),
                       db_int(anki_due(file, card, number)), db_int(is_known ? MAX(1, days) : 0),
                       db_int(is_new ? 0 : 2500), db_int(card->reviews), db_int(card->lapses),
                       db_int(is_new || is_known ? 0 : 1001), db_text(data)),
               err);
}

/* --- Reviews --- */

/* Days, or minus seconds below a day. */
static int64_t anki_interval(int64_t from_ms, int64_t to_ms)
{
    int64_t seconds = from_ms ? (to_ms - from_ms) / 1000 : 0;
    return seconds >= DAY_S ? seconds / DAY_S : -seconds;
}

static bool write_review(AnkiFile *file, const StudyReview *review, Error *err)
{
    static const int kinds[] = {
        [CARD_NEW] = 0, [CARD_LEARNING] = 0, [CARD_REVIEW] = 1, [CARD_RELEARNING] = 2
    };
    const MapEntry *card = map_find(&file->ids, review->card);
    if (!card)
        return true; /* its card went meanwhile */
    file->last_review = MAX(review->reviewed_at_ms, file->last_review + 1);
    return add_row(file, "INSERT INTO revlog VALUES (?1, ?2, -1, ?3, ?4, ?5, 2500, ?6, ?7)",
                   DB_ARGS(db_int(file->last_review), db_int(card->number), db_int(review->rating),
                           db_int(anki_interval(review->reviewed_at_ms, review->next_due_ms)),
                           db_int(anki_interval(review->before.reviewed_ms, review->before.due_ms)),
                           db_int(MIN(review->took_ms, 60000)),
                           db_int(kinds[review->before.state])),
                   err);
}

static bool write_all(AnkiFile *file, Error *err)
{
    const AnkiCards *cards = file->cards;
    char *why = NULL;
    if (sqlite3_exec(file->db, schema, NULL, NULL, &why) != SQLITE_OK) {
        sqlite3_free(why);
        return failed(file, err);
    }
    if (!write_collection(file, err))
        return false;
    for (size_t i = 0; i < cards->cards.count; i++)
        if (!write_card(file, &cards->cards.at[i], i, err))
            return false;
    for (size_t i = 0; i < cards->reviews.count; i++)
        if (!write_review(file, &cards->reviews.at[i], err))
            return false;
    return true;
}

bool anki_file_write(Arena *arena, const AnkiCards *cards, Str *bytes_r, Error *err)
{
    AUTO(db_auto)
    AnkiFile file = { .arena = arena,
                      .cards = cards,
                      .deck = cards->deck.created_at_ms,
                      .begin_s = cards->now_ms / 1000 / DAY_S * DAY_S,
                      .ids = map_new(arena) };
    sqlite3_int64 size = 0;
    if (sqlite3_open_v2(":memory:", &file.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        return failed(&file, err);
    if (!write_all(&file, err))
        return false;
    unsigned char *bytes = sqlite3_serialize(file.db, "main", &size, 0);
    if (!bytes || (uint64_t)size > ANKI_FILE_MAX) {
        sqlite3_free(bytes);
        return fail(err, ERROR_TOO_LARGE, "the deck is too large for one file");
    }
    *bytes_r = str_copy(arena, (Str){ (const char *)bytes, (size_t)size });
    sqlite3_free(bytes);
    return true;
}
