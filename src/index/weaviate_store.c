/* weaviate_store.c - see weaviate_store.h. */
#include "index/weaviate_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/http_client.h"

#define TRIES 3
#define PAUSE_MS 200 /* after the first try; then twice as long */
#define WRITE_TIMEOUT_MS 30000
#define COUNT_TIMEOUT_MS 10000 /* it looks at every object */
#define LOOK_TIMEOUT_MS 2000
#define CONNECT_MS 1000
#define ANSWER_MAX MB(64)
#define BODY_MAX MB(256)
/* Vectors in one request: 4 MB of text at 384 values. */
#define BATCH 500
/* So many allowed passages are named in a query. */
#define NAMED_MAX 10000
/* More are not given at once (QUERY_MAXIMUM_RESULTS of a server as it comes). */
#define RESULTS_MAX 10000
/* Results beyond these parts of what is allowed cost more than to compare all of it: measured, each
 * .19 ms, and each name .13 ms; each row .005 ms in SQLite and .025 in PostgreSQL. */
#define FIRST_OF_ALLOWED 4
#define MORE_OF_ALLOWED 16
#define OF_ALLOWED_BY_ROWS 48
#define KEY_PARTS_MAX 16
#define CLASS "Lectern" /* what the names of ours begin with */

typedef struct WeaviateStore {
    VectorStore store;
    HttpClient *client;
    char *url, *authorization; /* the second: NULL when there is no key */
    char *ca_file;             /* NULL: the system's */
    VectorExact exact;
} WeaviateStore;

/* --- Asking --- */

typedef struct Ask {
    const char *method;
    Str path, body;
    int tries;
    int64_t timeout_ms;
} Ask;

static bool is_passing(int status) { return status == 429 || status >= 500; }

static bool call_once(WeaviateStore *store, Arena *arena, const Ask *ask, HttpAnswer *answer_r,
                      Error *err)
{
    HttpPair headers[] = {
        { S("Content-Type"), S("application/json") },
        { S("Authorization"), str(store->authorization ? store->authorization : "") },
    };
    HttpCall call = { .method = ask->method,
                      .url = str_format(arena, "%s/v1/" STR_FMT, store->url, STR_ARG(ask->path)),
                      .headers = headers,
                      .header_count = store->authorization ? 2 : 1,
                      .body = ask->body,
                      .has_body = ask->body.length > 0,
                      .connect_ms = CONNECT_MS,
                      .first_byte_ms = ask->timeout_ms,
                      .total_ms = ask->timeout_ms,
                      .answer_max = ANSWER_MAX };
    return http_call(store->client, arena, &call, answer_r, err);
}

/* The answer, whatever its status below 500; else a failure that names what was asked. */
static bool call_weaviate(WeaviateStore *store, Arena *arena, const Ask *ask, HttpAnswer *answer_r,
                          Error *err)
{
    int tries = MAX(ask->tries, 1);
    for (int i = 0; i < tries; i++) {
        if (i)
            sleep_ms((int64_t)PAUSE_MS << (i - 1));
        bool has_come = call_once(store, arena, ask, answer_r, err);
        if (has_come && !is_passing(answer_r->status))
            return true;
        if (!has_come && err->code == ERROR_TIMEOUT)
            break; /* whoever asked comes again */
        if (has_come)
            (void)fail(err, ERROR_UPSTREAM, "status %d: " STR_FMT, answer_r->status,
                       (int)MIN(answer_r->body.length, (size_t)300), answer_r->body.at);
    }
    return fail_in(err, "Weaviate (%s)", store->url);
}

static bool refused(Error *err, const char *what, const HttpAnswer *answer)
{
    return fail(err, ERROR_UPSTREAM, "Weaviate refused %s with status %d: %.*s", what,
                answer->status, (int)MIN(answer->body.length, (size_t)300), answer->body.at);
}

static bool call_for_json(WeaviateStore *store, Arena *arena, const Ask *ask, const char *what,
                          json_t **json_r, Error *err)
{
    HttpAnswer answer;
    if (!call_weaviate(store, arena, ask, &answer, err))
        return false;
    if (answer.status / 100 != 2)
        return refused(err, what, &answer);
    return json_parse(answer.body, ANSWER_MAX, json_r, err) || fail_in(err, "Weaviate's answer");
}

/* --- Names --- */

/* Models have any name, classes only letters and digits. */
static Str class_of(Arena *arena, const VectorSpace *space)
{
    return str_format(arena, CLASS "%s%zu",
                      str_c(arena, str_slice(sha256_hex(arena, space->model), 0, 12)), space->dims);
}

/* In the order of keys and parts within a workspace: a list by id is one by them. */
static void put_id(JsonWriter *json, Arena *arena, Str workspace, uint64_t key, uint32_t part)
{
    Str hash = sha256_hex(arena, workspace);
    uint64_t low = key << 4 | (part & 15);
    put_text(json, "id",
             str_format(arena, "%.8s-%.4s-8%.3s-%04" PRIx64 "-%012" PRIx64, hash.at, hash.at + 8,
                        hash.at + 12, 0x8000 | (low >> 48 & 0x3fff),
                        low & UINT64_C(0xffffffffffff)));
}

static bool read_mark(const json_t *object, StoredMark *mark_r)
{
    const json_t *own = json_object_get(object, "properties");
    const json_t *key = json_object_get(own, "number"), *part = json_object_get(own, "part"),
                 *sum = json_object_get(own, "sum");
    *mark_r = (StoredMark){ (uint64_t)json_number_value(key), (uint32_t)json_number_value(part),
                            (uint32_t)json_number_value(sum) };
    return json_is_number(key) && json_is_number(part) && json_is_number(sum);
}

/* --- Class and tenant --- */

static void put_property(JsonWriter *json, const char *name, Str type, bool is_searched)
{
    put_object(json, NULL);
    put_text(json, "name", str(name));
    put_array(json, "dataType");
    put_text(json, NULL, type);
    put_end(json);
    put_bool(json, "indexFilterable", is_searched);
    put_end(json);
}

static Str class_text(Arena *arena, Str class)
{
    Buf body = buf_new(arena, KB(4));
    JsonWriter json = put_begin(&body);
    put_text(&json, "class", class);
    put_text(&json, "vectorizer", S("none"));
    put_text(&json, "vectorIndexType", S("hnsw"));
    put_object(&json, "vectorIndexConfig");
    put_text(&json, "distance", S("cosine"));
    put_end(&json);
    put_object(&json, "multiTenancyConfig");
    put_bool(&json, "enabled", true);
    put_bool(&json, "autoTenantActivation", true);
    put_end(&json);
    put_array(&json, "properties");
    put_property(&json, "number", S("number"), true); /* an int has 32 bits in GraphQL */
    put_property(&json, "part", S("int"), false);
    put_property(&json, "sum", S("int"), false);
    put_end(&json);
    put_end(&json);
    return buf_str(&body);
}

static bool create_class(WeaviateStore *store, Arena *arena, Str class, Error *err)
{
    Ask look = { .path = str_format(arena, "schema/" STR_FMT, STR_ARG(class)),
                 .tries = TRIES,
                 .timeout_ms = WRITE_TIMEOUT_MS };
    HttpAnswer answer;
    if (!call_weaviate(store, arena, &look, &answer, err))
        return false;
    if (answer.status == 200)
        return true;
    Ask make = { .path = S("schema"),
                 .body = class_text(arena, class),
                 .tries = TRIES,
                 .timeout_ms = WRITE_TIMEOUT_MS };
    if (!call_weaviate(store, arena, &make, &answer, err))
        return false;
    /* Another node may have made it meanwhile: then it is there. */
    return answer.status == 200 || (call_weaviate(store, arena, &look, &answer, err) &&
                                    (answer.status == 200 || refused(err, "a class", &answer)));
}

static Str tenant_text(Arena *arena, const VectorSpace *space)
{
    Buf body = buf_new(arena, KB(1));
    JsonWriter json = put_begin_array(&body);
    put_object(&json, NULL);
    put_text(&json, "name", space->workspace);
    put_end(&json);
    put_end(&json);
    return buf_str(&body);
}

static bool create(VectorStore *base, const VectorSpace *space, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    WeaviateStore *store = (WeaviateStore *)base;
    Str class = class_of(arena, space);
    Ask make = { .path = str_format(arena, "schema/" STR_FMT "/tenants", STR_ARG(class)),
                 .body = tenant_text(arena, space),
                 .tries = TRIES,
                 .timeout_ms = WRITE_TIMEOUT_MS };
    HttpAnswer answer;
    return create_class(store, arena, class, err) &&
           call_weaviate(store, arena, &make, &answer, err) &&
           (answer.status == 200 || refused(err, "a tenant", &answer));
}

static bool drop_tenant(WeaviateStore *store, Arena *arena, Str class, Str workspace, Error *err)
{
    Buf body = buf_new(arena, KB(1));
    JsonWriter json = put_begin_array(&body);
    put_text(&json, NULL, workspace);
    put_end(&json);
    Ask drop = { .method = "DELETE",
                 .path = str_format(arena, "schema/" STR_FMT "/tenants", STR_ARG(class)),
                 .body = buf_str(&body),
                 .tries = TRIES,
                 .timeout_ms = WRITE_TIMEOUT_MS };
    HttpAnswer answer;
    return call_weaviate(store, arena, &drop, &answer, err) &&
           (answer.status == 200 || refused(err, "to drop a tenant", &answer));
}

static bool clear(VectorStore *base, const VectorSpace *space, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    return drop_tenant((WeaviateStore *)base, arena, class_of(arena, space), space->workspace,
                       err) &&
           create(base, space, err);
}

static bool forget(VectorStore *base, Str workspace, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    AUTO_JSON json_t *schema = NULL;
    WeaviateStore *store = (WeaviateStore *)base;
    Ask ask = { .path = S("schema"), .tries = TRIES, .timeout_ms = WRITE_TIMEOUT_MS };
    const json_t *class;
    size_t i;
    if (!call_for_json(store, arena, &ask, "the list of its classes", &schema, err))
        return false;
    json_array_foreach(json_object_get(schema, "classes"), i, class)
    {
        Str name = json_member_text(class, "class");
        if (str_starts(name, S(CLASS)) && !drop_tenant(store, arena, name, workspace, err))
            return false;
    }
    return true;
}

/* --- Changes --- */

static void put_vector(JsonWriter *json, const VectorSpace *space, Arena *arena,
                       const StoredVector *vector, Str class)
{
    put_object(json, NULL);
    put_text(json, "class", class);
    put_text(json, "tenant", space->workspace);
    put_id(json, arena, space->workspace, vector->key, vector->part);
    put_object(json, "properties");
    put_int(json, "number", (int64_t)vector->key);
    put_int(json, "part", vector->part);
    put_int(json, "sum", vector->sum);
    put_end(json);
    Buf values = buf_new(arena, space->dims * 16 + 8);
    for (size_t i = 0; i < space->dims; i++)
        buf_addf(&values, "%c%.7g", i ? ',' : '[', (double)vector->values[i]);
    buf_add_char(&values, ']');
    put_raw(json, "vector", buf_str(&values));
    put_end(json);
}

/* The answer's status is 200 whatever became of the objects; each says it of itself. */
static bool check_each(const json_t *results, size_t count, Error *err)
{
    size_t i;
    const json_t *one;
    if (json_array_size(results) != count)
        return fail(err, ERROR_UPSTREAM, "Weaviate answered for %zu of %zu vectors",
                    json_array_size(results), count);
    json_array_foreach(results, i, one)
    {
        const json_t *result = json_object_get(one, "result");
        const json_t *errors = json_object_get(json_object_get(result, "errors"), "error");
        if (json_array_size(errors)) {
            Str why = json_member_text(json_array_get(errors, 0), "message");
            return fail(err, ERROR_UPSTREAM, "Weaviate did not take a vector: " STR_FMT,
                        (int)MIN(why.length, (size_t)300), why.at);
        }
    }
    return true;
}

static bool upsert_batch(WeaviateStore *store, const VectorSpace *space,
                         const StoredVector *vectors, size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(BODY_MAX * 2);
    AUTO_JSON json_t *results = NULL;
    Str class = class_of(arena, space);
    Buf body = buf_new(arena, BODY_MAX);
    JsonWriter json = put_begin(&body);
    put_array(&json, "objects");
    for (size_t i = 0; i < count; i++)
        put_vector(&json, space, arena, &vectors[i], class);
    put_end(&json);
    put_end(&json);
    Ask ask = { .path = S("batch/objects"),
                .body = buf_str(&body),
                .tries = TRIES,
                .timeout_ms = WRITE_TIMEOUT_MS };
    return call_for_json(store, arena, &ask, "vectors", &results, err) &&
           check_each(results, count, err);
}

static bool upsert(VectorStore *base, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *err)
{
    for (size_t at = 0; at < count; at += BATCH)
        if (!upsert_batch((WeaviateStore *)base, space, vectors + at, MIN(BATCH, count - at), err))
            return false;
    return true;
}

static bool remove_batch(WeaviateStore *store, const VectorSpace *space, const uint64_t *keys,
                         size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    AUTO_JSON json_t *result = NULL;
    Buf body = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&body);
    put_object(&json, "match");
    put_text(&json, "class", class_of(arena, space));
    put_object(&json, "where");
    put_array(&json, "path");
    put_text(&json, NULL, S("number"));
    put_end(&json);
    put_text(&json, "operator", S("ContainsAny"));
    put_array(&json, "valueNumberArray");
    for (size_t i = 0; i < count; i++)
        put_int(&json, NULL, (int64_t)keys[i]);
    put_end(&json);
    put_end(&json);
    put_end(&json);
    put_end(&json);
    Ask ask = { .method = "DELETE",
                .path =
                    str_format(arena, "batch/objects?tenant=" STR_FMT, STR_ARG(space->workspace)),
                .body = buf_str(&body),
                .tries = TRIES,
                .timeout_ms = WRITE_TIMEOUT_MS };
    if (!call_for_json(store, arena, &ask, "to remove vectors", &result, err))
        return false;
    const json_t *failed = json_object_get(json_object_get(result, "results"), "failed");
    return json_integer_value(failed) == 0 ||
           fail(err, ERROR_UPSTREAM, "Weaviate did not remove %" PRId64 " vectors",
                (int64_t)json_integer_value(failed));
}

static bool take_away(VectorStore *base, const VectorSpace *space, const uint64_t *keys,
                      size_t count, Error *err)
{
    for (size_t at = 0; at < count; at += BATCH)
        if (!remove_batch((WeaviateStore *)base, space, keys + at, MIN(BATCH, count - at), err))
            return false;
    return true;
}

/* --- Looking --- */

/* GraphQL tells of failures in an answer with status 200. */
static bool query(WeaviateStore *store, Arena *arena, Str text, int64_t timeout_ms, json_t **json_r,
                  Error *err)
{
    Buf body = buf_new(arena, MB(16));
    JsonWriter json = put_begin(&body);
    put_text(&json, "query", text);
    put_end(&json);
    Ask ask = { .path = S("graphql"), .body = buf_str(&body), .timeout_ms = timeout_ms };
    if (!call_for_json(store, arena, &ask, "a query", json_r, err))
        return false;
    const json_t *errors = json_object_get(*json_r, "errors");
    if (!json_array_size(errors))
        return true;
    Str why = json_member_text(json_array_get(errors, 0), "message");
    return fail(err, ERROR_UPSTREAM, "Weaviate cannot answer: " STR_FMT,
                (int)MIN(why.length, (size_t)300), why.at);
}

static bool count_all(VectorStore *base, const VectorSpace *space, int64_t *count_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    AUTO_JSON json_t *json = NULL;
    Str class = class_of(arena, space);
    Str text = str_format(arena, "{Aggregate{" STR_FMT "(tenant:\"" STR_FMT "\"){meta{count}}}}",
                          STR_ARG(class), STR_ARG(space->workspace));
    if (!query((WeaviateStore *)base, arena, text, COUNT_TIMEOUT_MS, &json, err))
        return false;
    const json_t *data = json_object_get(json_object_get(json, "data"), "Aggregate");
    const json_t *first = json_array_get(json_object_get(data, str_c(arena, class)), 0);
    *count_r = (int64_t)json_number_value(json_object_get(json_object_get(first, "meta"), "count"));
    return true;
}

static bool list(VectorStore *base, const VectorSpace *space, Arena *arena, const StoredMark *after,
                 StoredMarks *marks_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Buf id = buf_new(arena, KB(1));
    JsonWriter writer = put_begin(&id);
    put_id(&writer, arena, space->workspace, after ? after->key : 0, after ? after->part : 0);
    put_end(&writer);
    Str class = class_of(arena, space);
    /* {"id":"..."} */
    Str behind = str_slice(buf_str(&id), 7, buf_str(&id).length - 2);
    Ask ask = { .path = str_format(
                    arena, "objects?class=" STR_FMT "&tenant=" STR_FMT "&limit=%d&after=" STR_FMT,
                    STR_ARG(class), STR_ARG(space->workspace), VECTOR_STORE_LIST_MAX,
                    STR_ARG(behind)),
                .tries = TRIES,
                .timeout_ms = WRITE_TIMEOUT_MS };
    if (!call_for_json((WeaviateStore *)base, arena, &ask, "a list", &json, err))
        return false;
    const json_t *objects = json_object_get(json, "objects"), *one;
    size_t i;
    *marks_r = (StoredMarks){ arena_new_array(arena, StoredMark, json_array_size(objects) + 1), 0 };
    json_array_foreach(
        objects, i,
        one) if (!read_mark(one,
                            &marks_r->at[marks_r->count++])) return fail(err, ERROR_UPSTREAM,
                                                                         "Weaviate holds an object "
                                                                         "that is not ours");
    return true;
}

/* --- Searching --- */

typedef struct Look {
    const VectorSpace *space;
    const float *query;
    const uint64_t *keys; /* the only ones; NULL: any */
    size_t key_count, limit;
    int64_t until_ms; /* monotonic: of all looks of a search */
} Look;

static Str look_text(Arena *arena, Str class, const Look *look)
{
    Buf text = buf_new(arena, MB(4));
    buf_addf(&text, "{Get{" STR_FMT "(tenant:\"" STR_FMT "\",limit:%zu,nearVector:{vector:[",
             STR_ARG(class), STR_ARG(look->space->workspace), look->limit);
    for (size_t i = 0; i < look->space->dims; i++)
        buf_addf(&text, "%s%.7g", i ? "," : "", (double)look->query[i]);
    buf_add(&text, S("]}"));
    if (look->keys) {
        buf_add(&text, S(",where:{path:[\"number\"],operator:ContainsAny,valueNumber:["));
        for (size_t i = 0; i < look->key_count; i++)
            buf_addf(&text, "%s%" PRIu64, i ? "," : "", look->keys[i]);
        buf_add(&text, S("]}"));
    }
    buf_add(&text, S("){number part _additional{distance}}}}"));
    return buf_str(&text);
}

/* What is found goes into hits[limit]; *is_all_r: nothing is behind it. */
static bool look_once(WeaviateStore *store, const Look *look, const KeyFilter *filter, LegHit *hits,
                      size_t *count_r, bool *is_all_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256)); /* more than an answer may have */
    AUTO_JSON json_t *json = NULL;
    Str class = class_of(arena, look->space);
    int64_t left_ms = look->until_ms - monotonic_ms();
    if (left_ms <= 0)
        return fail(err, ERROR_TIMEOUT, "Weaviate (%s): a search took more than %d ms", store->url,
                    VECTOR_SEARCH_MS);
    if (!query(store, arena, look_text(arena, class, look), left_ms, &json, err))
        return false;
    const json_t *get = json_object_get(json_object_get(json, "data"), "Get"), *one;
    const json_t *found = json_object_get(get, str_c(arena, class));
    size_t i;
    *count_r = 0;
    *is_all_r = json_array_size(found) < look->limit;
    json_array_foreach(found, i, one)
    {
        const json_t *more = json_object_get(one, "_additional");
        LegHit hit = { .key = (uint64_t)json_number_value(json_object_get(one, "number")),
                       .part = (uint32_t)json_number_value(json_object_get(one, "part")),
                       .score = 1 - (float)json_number_value(json_object_get(more, "distance")) };
        if (*count_r < look->limit && key_allowed(filter, hit.key))
            hits[(*count_r)++] = hit;
    }
    return true;
}

/* Every allowed vector is compared, some thousands at a time. */
static bool compare_all(WeaviateStore *store, Arena *arena, const Look *first,
                        const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r,
                        Error *err)
{
    uint64_t *keys;
    size_t key_count = 0, room = k * KEY_PARTS_MAX;
    LegHit *best = arena_new_array(arena, LegHit, k + room);
    size_t count = 0;
    if (filter->bits && store->exact.nearest)
        return store->exact.nearest(store->exact.self, first->space, arena, first->query, filter, k,
                                    first->until_ms, hits, count_r, err);
    if (!vector_store_allowed(filter, arena, SIZE_MAX - 1, &keys, &key_count))
        return true;
    for (size_t at = 0; at < key_count; at += NAMED_MAX) {
        Look look = *first;
        bool is_all;
        size_t found;
        look.keys = keys + at;
        look.key_count = MIN(NAMED_MAX, key_count - at);
        look.limit = MIN(room, RESULTS_MAX);
        if (!look_once(store, &look, filter, best + count, &found, &is_all, err))
            return false;
        count = vector_store_best(best, count + found, k);
    }
    if (count)
        memcpy(hits, best, count * sizeof *hits);
    *count_r = count;
    return true;
}

/* How many results have k allowed ones among them, if those lie as all do (0: more than is worth
 * asking for), and up to how many it is tried with more. */
typedef struct Reach {
    size_t first, most;
} Reach;

static Reach reach_of(const WeaviateStore *store, const KeyFilter *filter, size_t k)
{
    bool has_rows = store->exact.nearest;
    size_t allowed = key_filter_count(filter);
    if (!filter->bits)
        return (Reach){ MIN(k, RESULTS_MAX), RESULTS_MAX };
    size_t first = allowed ? 2 * k * (size_t)filter->bit_count / allowed : 0;
    size_t first_most = allowed / (has_rows ? OF_ALLOWED_BY_ROWS : FIRST_OF_ALLOWED),
           more_most = allowed / (has_rows ? OF_ALLOWED_BY_ROWS : MORE_OF_ALLOWED);
    return (Reach){ first <= MIN(first_most, RESULTS_MAX) ? first : 0,
                    MIN(more_most, RESULTS_MAX) };
}

static size_t next_limit(const Reach *reach, size_t limit)
{
    if (limit * 4 <= reach->most)
        return limit * 4;
    return reach->most == RESULTS_MAX && limit < RESULTS_MAX ? RESULTS_MAX : 0;
}

/* Among what is nearest, whether allowed or not; *is_enough_r: k were, or there are no more. */
static bool look_around(WeaviateStore *store, Arena *arena, Look look, const KeyFilter *filter,
                        size_t k, LegHit *hits, size_t *count_r, bool *is_enough_r, Error *err)
{
    Reach reach = reach_of(store, filter, k);
    LegHit *found = arena_new_array(arena, LegHit, RESULTS_MAX);
    *count_r = 0;
    *is_enough_r = false;
    for (look.limit = reach.first; look.limit && !*is_enough_r;
         look.limit = next_limit(&reach, look.limit)) {
        if (!look_once(store, &look, filter, found, count_r, is_enough_r, err))
            return false;
        *count_r = vector_store_best(found, *count_r, k);
        *is_enough_r = *is_enough_r || *count_r == k;
    }
    if (*count_r)
        memcpy(hits, found, *count_r * sizeof *hits);
    return true;
}

static bool search(VectorStore *base, const VectorSpace *space, Arena *arena, const float *vector,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err)
{
    WeaviateStore *store = (WeaviateStore *)base;
    const KeyFilter none = { 0 };
    Look look = { .space = space, .query = vector, .until_ms = monotonic_ms() + VECTOR_SEARCH_MS };
    bool is_enough;
    filter = filter ? filter : &none;
    return look_around(store, arena, look, filter, k, hits, count_r, &is_enough, err) &&
           (is_enough || compare_all(store, arena, &look, filter, k, hits, count_r, err));
}

static bool answers(VectorStore *base, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    Ask ask = { .path = S(".well-known/ready"), .timeout_ms = LOOK_TIMEOUT_MS };
    HttpAnswer answer;
    return call_weaviate((WeaviateStore *)base, arena, &ask, &answer, err) &&
           (answer.status / 100 == 2 || refused(err, "to be ready", &answer));
}

static void free_store(VectorStore *base)
{
    WeaviateStore *store = (WeaviateStore *)base;
    http_client_free(store->client);
    free(store->url);
    free(store->authorization);
    free(store->ca_file);
    free(store);
}

bool weaviate_store_open(const WeaviateOptions *options, VectorStore **store_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str url = options->url;
    while (url.length && url.at[url.length - 1] == '/')
        url.length--;
    if (!str_starts(url, S("http://")) && !str_starts(url, S("https://")))
        return fail(err, ERROR_INVALID,
                    "vector_store_type weaviate needs its address: set weaviate_url to "
                    "http://host:8080, or vector_store_type to embedded");
    WeaviateStore *store = heap_alloc(sizeof *store);
    *store = (WeaviateStore){
        .store = { .name = "weaviate",
                   .create = create,
                   .upsert = upsert,
                   .remove = take_away,
                   .clear = clear,
                   .forget = forget,
                   .count = count_all,
                   .list = list,
                   .search = search,
                   .answers = answers,
                   .free = free_store },
        .exact = options->exact,
        .ca_file = options->ca_file.length ? heap_text(str_c(arena, options->ca_file)) : NULL,
        .url = heap_text(str_c(arena, url)),
        .authorization =
            options->key.length
                ? heap_text(str_format(arena, "Bearer " STR_FMT, STR_ARG(options->key)).at)
                : NULL,
    };
    store->client = http_client_new(&(HttpClientOptions){ .ca_file = store->ca_file });
    *store_r = &store->store;
    return true;
}
