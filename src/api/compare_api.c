/* compare_api.c - what differs between two documents, when things happened, what terms mean. */
#include "api/api.h"
#include "summary/compare.h"
#include "summary/glossary.h"
#include "summary/timeline.h"

#define MEMORY_MAX MB(1024)
#define TEXT_MAX MB(2)

/* --- Comparing --- */

typedef struct Compared {
    Str id, text;
    Material material;
} Compared;

static bool read_side(ApiRequest *request, Arena *arena, const char *name, Compared *side,
                      Error *err)
{
    if (!side->id.length == !side->text.length)
        return fail_field(err, name, "'%s' is missing: the id of a document; or give '%s_text'",
                          name, name);
    if (side->text.length) {
        material_of_text(arena, side->text, false, &side->material);
        return true;
    }
    return material_of_documents(request->api->db, request->scope, arena, (StrList){ &side->id, 1 },
                                 &side->material, err);
}

static void put_compared(JsonWriter *json, const char *name, const Compared *side)
{
    if (!side->id.length) {
        put_null(json, name);
        return;
    }
    put_object(json, name);
    put_text(json, "id", side->id);
    put_text(json, "name", side->material.documents[0].name);
    put_end(json);
}

bool compare_documents(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Compared left = { 0 }, right = { 0 };
    Comparison comparison;
    StopCheck client = api_client(response);
    if (!api_fields(request, err, { "left", JSON_STR, &left.id, .length_max = 64 },
                    { "right", JSON_STR, &right.id, .length_max = 64 },
                    { "left_text", JSON_STR, &left.text, .length_max = TEXT_MAX },
                    { "right_text", JSON_STR, &right.text, .length_max = TEXT_MAX }) ||
        !read_side(request, arena, "left", &left, err) ||
        !read_side(request, arena, "right", &right, err) ||
        !compare_materials(request->api->summaries, arena, &left.material, &right.material, &client,
                           &comparison, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_compared(&json, "left", &left);
    put_compared(&json, "right", &right);
    comparison_put(&json, &comparison);
    put_end(&json);
    return true;
}

/* --- Timeline and glossary --- */

static bool read_document(ApiRequest *request, Arena *arena, Material *material_r, Error *err)
{
    return material_of_documents(request->api->db, request->scope, arena,
                                 (StrList){ request->params, 1 }, material_r, err);
}

bool timeline_of_document(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Material material;
    Timeline timeline;
    if (!read_document(request, arena, &material, err))
        return false;
    timeline_make(arena, &material, &timeline);
    JsonWriter json = put_begin(&response->body);
    timeline_put(&json, &timeline);
    put_end(&json);
    return true;
}

bool glossary_of_document(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Material material;
    Glossary glossary;
    if (!read_document(request, arena, &material, err))
        return false;
    glossary_make(arena, &material, &glossary);
    JsonWriter json = put_begin(&response->body);
    glossary_put(&json, arena, &glossary);
    put_end(&json);
    return true;
}
