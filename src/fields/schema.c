/* schema.c - a checked schema as a tree of members, each with what documents may call it. */
#include "base/json_schema.h"
#include "fields/fields_int.h"

typedef struct Building {
    Arena *arena;
    const json_t *root;
    int count;
    Error *err;
} Building;

/* What "#/$defs/name" names. */
static const json_t *follow(const json_t *root, Str ref)
{
    Str rest = str_from(ref, 1), part;
    const json_t *at = root;
    char name[128];
    if (!ref.length || ref.at[0] != '#')
        return NULL;
    while (rest.length && at && str_next(&rest, '/', &part)) {
        if (!part.length)
            continue;
        snprintf(name, sizeof(name), STR_FMT, STR_ARG(part));
        at = json_object_get(at, name);
    }
    return at;
}

static bool has_type(const json_t *schema, const char *type)
{
    const json_t *given = json_object_get(schema, "type"), *one;
    size_t i;
    if (json_is_string(given))
        return strcmp(json_string_value(given), type) == 0;
    json_array_foreach(given, i, one) if (json_is_string(one) &&
                                          strcmp(json_string_value(one), type) == 0) return true;
    return false;
}

/* References followed, and of several choices the first that is not null. */
static const json_t *resolve(const Building *building, const json_t *schema)
{
    static const char *const choices[] = { "anyOf", "oneOf", "allOf" };
    for (int steps = 0; steps < 16 && json_is_object(schema); steps++) {
        const json_t *ref = json_object_get(schema, "$ref"), *next = NULL, *choice;
        if (json_is_string(ref))
            next = follow(building->root, (Str){ json_string_value(ref), json_string_length(ref) });
        for (size_t c = 0; c < COUNT(choices) && !next && !json_object_get(schema, "type"); c++) {
            size_t i;
            json_array_foreach(json_object_get(schema, choices[c]), i,
                               choice) if (!next && json_is_object(choice) &&
                                           !has_type(choice, "null")) next = choice;
        }
        if (!next)
            return schema;
        schema = next;
    }
    return NULL;
}

static NodeShape shape_of(const json_t *schema)
{
    if (has_type(schema, "object") || json_is_object(json_object_get(schema, "properties")))
        return NODE_OBJECT;
    if (has_type(schema, "array") || json_is_object(json_object_get(schema, "items")))
        return NODE_LIST;
    return NODE_LEAF;
}

/* --- What a member is called --- */

static ValueKind kind_of_format(const json_t *schema)
{
    static const struct {
        const char *format;
        ValueKind kind;
    } formats[] = { { "date", KIND_DATE },   { "date-time", KIND_DATE }, { "time", KIND_TIME },
                    { "email", KIND_EMAIL }, { "uri", KIND_URL },        { "iban", KIND_IBAN },
                    { "phone", KIND_PHONE } };
    Str format = json_member_text(schema, "format");
    for (size_t i = 0; i < COUNT(formats); i++)
        if (str_is(format, formats[i].format))
            return formats[i].kind;
    return KIND_COUNT;
}

static bool is_number_kind(ValueKind kind)
{
    return kind == KIND_MONEY || kind == KIND_NUMBER || kind == KIND_PERCENT;
}

static ValueKind kind_of(const FieldNode *node)
{
    ValueKind format = kind_of_format(node->schema);
    ValueKind said = node->thing < THING_COUNT ? thing_rows[node->thing].kind : KIND_TEXT;
    if (json_is_array(json_object_get(node->schema, "enum")))
        return KIND_CHOICE;
    if (node->is_flag)
        return KIND_FLAG;
    if (node->is_number)
        return is_number_kind(said) ? said : KIND_NUMBER;
    return format < KIND_COUNT ? format : said;
}

/* "buyer_name" is the name of the buyer, and "customer" alone too. */
static void read_role(FieldNode *node)
{
    for (int i = 1; i >= 0 && node->role == ROLE_COUNT; i--) {
        Str own = node->own[i];
        for (size_t cut = own.length; cut > 0 && node->role == ROLE_COUNT; cut--) {
            if (cut < own.length && own.at[cut] != ' ')
                continue;
            Str rest = str_trim(str_from(own, cut));
            Thing thing = rest.length ? thing_called(rest, false) : THING_ORGANISATION;
            RoleName role = role_called(str_slice(own, 0, cut));
            /* A number or date of a customer has words of its own. */
            bool is_known = thing == THING_PERSON_NAME || thing == THING_ORGANISATION ||
                            thing == THING_ADDRESS || thing == THING_VAT_ID ||
                            thing == THING_EMAIL || thing == THING_PHONE;
            if (role == ROLE_COUNT || !is_known || (!rest.length && node->thing < THING_COUNT))
                continue;
            node->role = role;
            node->thing = thing;
        }
    }
}

static void read_names(Building *building, FieldNode *node)
{
    Arena *arena = building->arena;
    bool is_in_list =
        node->parent && node->parent->parent && node->parent->parent->shape == NODE_LIST;
    Str title = json_member_text(building->root, "title");
    node->own[0] = fields_fold_name(arena, node->name);
    node->own[1] = fields_fold_name(arena, node->title);
    Str of_root = fields_fold_name(
        arena, str_format(arena, STR_FMT " " STR_FMT, STR_ARG(title), STR_ARG(node->name)));
    /* A line's amount is not the invoice's. */
    const Str tried[] = { node->own[1], is_in_list ? STR_NONE : of_root, node->own[0] };
    node->thing = THING_COUNT;
    for (size_t i = 0; i < COUNT(tried) && node->thing == THING_COUNT; i++)
        node->thing = thing_called(tried[i], is_in_list);
    node->role = ROLE_COUNT;
    if (node->shape == NODE_OBJECT) {
        for (int i = 0; i < 2 && node->role == ROLE_COUNT; i++)
            node->role = role_called(node->own[i]);
    } else if (!is_in_list && node->shape == NODE_LEAF) {
        read_role(node);
    }
}

/* --- The tree --- */

static FieldNode *build(Building *building, const json_t *schema, Str name, const FieldNode *parent,
                        int depth);

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *one;
    size_t i;
    json_array_foreach(json_object_get(schema, "required"), i,
                       one) if (json_is_string(one) &&
                                strcmp(json_string_value(one), name) == 0) return true;
    return false;
}

static bool build_members(Building *building, FieldNode *node, int depth)
{
    json_t *properties = json_object_get(node->schema, "properties"), *member;
    const char *name;
    node->members = arena_new_array(building->arena, FieldNode *, json_object_size(properties));
    json_object_foreach(properties, name, member)
    {
        FieldNode *built = build(building, member, str(name), node, depth + 1);
        if (!built)
            return false;
        built->is_required = is_required(node->schema, name);
        node->members[node->member_count++] = built;
    }
    return true;
}

static FieldNode *build(Building *building, const json_t *schema, Str name, const FieldNode *parent,
                        int depth)
{
    FieldNode *node = arena_new_one(building->arena, FieldNode);
    if (depth > NODE_DEPTH_MAX || building->count == NODES_MAX) {
        fail_field(building->err, "schema",
                   "the schema has more than %d members or nests deeper than %d at '" STR_FMT "'",
                   NODES_MAX, NODE_DEPTH_MAX, STR_ARG(str_slice(name, 0, 60)));
        return NULL;
    }
    *node = (FieldNode){ .name = str_copy(building->arena, name),
                         .root = building->root,
                         .schema = resolve(building, schema),
                         .parent = parent,
                         .index = building->count++ };
    if (!node->schema) {
        fail_field(building->err, "schema",
                   "'" STR_FMT "' is not described, or its references lead nowhere",
                   STR_ARG(str_slice(name, 0, 60)));
        return NULL;
    }
    node->title = json_member_text(node->schema, "title");
    node->shape = shape_of(node->schema);
    node->is_whole = has_type(node->schema, "integer");
    node->is_number = node->is_whole || has_type(node->schema, "number");
    node->is_flag = has_type(node->schema, "boolean");
    read_names(building, node);
    node->kind = kind_of(node);
    if (node->shape == NODE_OBJECT && !build_members(building, node, depth))
        return NULL;
    if (node->shape == NODE_LIST) {
        const json_t *items = json_object_get(node->schema, "items");
        node->item = build(building, items, node->name, node, depth + 1);
        if (!node->item)
            return NULL;
    }
    return node;
}

bool fields_schema(Arena *arena, const json_t *schema, const FieldNode **root_r, Error *err)
{
    Building building = { .arena = arena, .root = schema, .err = err };
    Error why;
    if (!json_is_object(schema))
        return fail_field(err, "schema", "the schema is a JSON object that describes an object");
    if (json_print(arena, schema).length > SCHEMA_BYTES_MAX)
        return fail_field(err, "schema", "the schema has more than %zu KiB",
                          SCHEMA_BYTES_MAX / KB(1));
    if (!json_schema_check(schema, &why))
        return fail_field(err, "schema", "%s", why.message);
    if (has_type(schema, "array"))
        return fail_field(err, "schema",
                          "the schema describes a list: describe an object, with the list as one of"
                          " its 'properties'");
    const FieldNode *root = build(&building, schema, S(""), NULL, 0);
    if (!root)
        return false;
    if (root->shape != NODE_OBJECT || !root->member_count)
        return fail_field(err, "schema", "the schema must have 'properties': the values to find");
    *root_r = root;
    return true;
}

/* --- Members by path --- */

static const FieldNode *member_named(const FieldNode *node, Str name)
{
    for (size_t i = 0; i < node->member_count; i++)
        if (str_equal(node->members[i]->name, name))
            return node->members[i];
    return NULL;
}

const FieldNode *node_at(const FieldNode *root, Str path)
{
    const FieldNode *at = root;
    Str part;
    while (at && str_next(&path, '.', &part)) {
        ptrdiff_t bracket = str_find_char(part, '[');
        at = member_named(at, bracket < 0 ? part : str_slice(part, 0, (size_t)bracket));
        if (at && bracket >= 0)
            at = at->item;
    }
    return at;
}

const FieldNode *leaf_at(const FieldNode *root, Str path)
{
    const FieldNode *at = root;
    Str rest = path, part;
    int lists = 0;
    while (at && str_next(&rest, '.', &part)) {
        ptrdiff_t bracket = str_find_char(part, '[');
        int64_t index;
        at = node_at(at, bracket < 0 ? part : str_slice(part, 0, (size_t)bracket));
        if (!at || (bracket >= 0) != (at->shape == NODE_LIST))
            return NULL;
        if (bracket < 0)
            continue;
        if (part.at[part.length - 1] != ']' || ++lists > 1 ||
            !str_to_int(str_slice(part, (size_t)bracket + 1, part.length - 1), 0, 10000, &index))
            return NULL;
        at = at->item;
    }
    return at && at->shape == NODE_LEAF ? at : NULL;
}

/* Only the leaf's own words: those of its root are followed already. */
bool node_holds(const FieldNode *node, const json_t *value)
{
    Error why;
    return json_schema_holds(node->schema, value, &why);
}
