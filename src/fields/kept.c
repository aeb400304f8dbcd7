/* kept.c - see kept.h. */
#include "fields/kept.h"

#include "base/csv.h"
#include "base/json_schema.h"
#include "fields/fields_int.h"

#define NAME_MAX 60

Str fields_name(Arena *arena, Str title)
{
    Buf out = buf_new(arena, NAME_MAX);
    Str folded = fields_fold_name(arena, title);
    for (size_t i = 0; i < folded.length && out.length < NAME_MAX - 1; i++) {
        char c = folded.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_plain)
            buf_add_char(&out, c);
        else if (out.length && out.at[out.length - 1] != '-')
            buf_add_char(&out, '-');
    }
    while (out.length && out.at[out.length - 1] == '-')
        out.length--;
    return buf_str(&out);
}

/* --- Corrections --- */

static bool no_member(Error *err, Str path)
{
    return fail_field(err, "path", "the schema has no value at '" STR_FMT "'",
                      STR_ARG(str_slice(path, 0, 100)));
}

/* What holds the last name of the path; objects on the way are made, items only where the list
 * ends. */
static json_t *holder_of(json_t *tree, Str *path, const FieldNode *root, Arena *arena)
{
    json_t *into = tree;
    const FieldNode *at = root;
    Str part;
    while (into && str_next(path, '.', &part)) {
        ptrdiff_t bracket = str_find_char(part, '[');
        int64_t index = 0;
        Str name = bracket < 0 ? part : str_slice(part, 0, (size_t)bracket);
        at = node_at(at, name);
        if (bracket < 0 && !path->length) {
            *path = name;
            return into;
        }
        json_t *next = json_object_get(into, str_c(arena, name));
        if (!next) {
            next = bracket < 0 ? json_object() : json_array();
            json_object_set_new(into, str_c(arena, name), next);
        }
        into = next;
        if (bracket < 0)
            continue;
        if (!str_to_int(str_slice(part, (size_t)bracket + 1, part.length - 1), 0,
                        (int64_t)json_array_size(into), &index))
            return NULL;
        at = at->item;
        if (!path->length && at->shape == NODE_LEAF) {
            *path = part;
            return into;
        }
        if ((size_t)index == json_array_size(into))
            json_array_append_new(into, json_object());
        into = json_array_get(into, (size_t)index);
    }
    return NULL;
}

static bool set_value(Arena *arena, json_t *tree, const FieldNode *root, Str path, json_t *value,
                      Error *err)
{
    Str last = path;
    json_t *into = holder_of(tree, &last, root, arena);
    int64_t index = 0;
    if (!into)
        return no_member(err, path);
    if (json_is_object(into)) {
        if (value)
            json_object_set(into, str_c(arena, last), value);
        else
            json_object_del(into, str_c(arena, last));
        return true;
    }
    ptrdiff_t bracket = str_find_char(last, '[');
    if (!str_to_int(str_slice(last, (size_t)bracket + 1, last.length - 1), 0,
                    (int64_t)json_array_size(into), &index))
        return no_member(err, path);
    if (!value)
        return fail_field(err, "value", "an item of a list cannot be taken out; give its new text");
    if ((size_t)index == json_array_size(into))
        json_array_append(into, value);
    else
        json_array_set(into, (size_t)index, value);
    return true;
}

/* What a person took away is remembered, so that reading again does not bring it back. */
static void note_taken(json_t *result, Str path, bool is_taken)
{
    json_t *list = json_object_get(result, "taken_away"), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        if (!str_equal((Str){ json_string_value(one), json_string_length(one) }, path))
            continue;
        if (!is_taken)
            json_array_remove(list, i);
        return;
    }
    if (!is_taken)
        return;
    if (!list)
        json_object_set_new(result, "taken_away", list = json_array());
    json_array_append_new(list, json_stringn(path.at, path.length));
}

/* The line of the value in "fields": where it was read stays to be looked at. */
static void note_person(json_t *fields, Str path, json_t *value)
{
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        if (!str_equal(json_member_text(field, "path"), path))
            continue;
        if (!value) {
            json_array_remove(fields, i);
            return;
        }
        json_object_set(field, "value", value);
        json_object_set_new(field, "confidence", json_integer(1));
        json_object_set_new(field, "verified", json_true());
        json_object_set_new(field, "made_by", json_string("person"));
        return;
    }
    if (value)
        json_array_append_new(fields, json_pack("{s:s%, s:O, s:i, s:b, s:s, s:n}", "path", path.at,
                                                path.length, "value", value, "confidence", 1,
                                                "verified", 1, "made_by", "person", "source"));
}

static void judge_again(Arena *arena, const FieldNode *root, json_t *result)
{
    FieldsResult judged = { .tree = json_object_get(result, "values") };
    json_t *missing = json_array();
    fields_judge(arena, root, &judged);
    for (size_t i = 0; i < judged.missing.count; i++)
        json_array_append_new(missing,
                              json_stringn(judged.missing.at[i].at, judged.missing.at[i].length));
    json_object_set_new(result, "missing", missing);
    json_object_set_new(result, "valid", json_boolean(judged.is_valid));
    json_object_set_new(result, "problem",
                        judged.is_valid ? json_null()
                                        : json_stringn(judged.problem.at, judged.problem.length));
}

static bool correct(Arena *arena, const FieldNode *root, json_t *result, Str path, json_t *value,
                    Error *err)
{
    const FieldNode *node = leaf_at(root, path);
    if (!node)
        return no_member(err, path);
    value = json_is_null(value) ? NULL : value;
    if (value && !node_holds(node, value))
        return fail_field(err, "value", "the schema does not take this as '" STR_FMT "'",
                          STR_ARG(str_slice(path, 0, 100)));
    if (!set_value(arena, json_object_get(result, "values"), root, path, value, err))
        return false;
    note_person(json_object_get(result, "fields"), path, value);
    note_taken(result, path, !value);
    return true;
}

bool kept_correct(Arena *arena, const json_t *schema, json_t *result, Str path, json_t *value,
                  Error *err)
{
    const FieldNode *root;
    if (!fields_schema(arena, schema, &root, err) ||
        !correct(arena, root, result, path, value, err))
        return false;
    judge_again(arena, root, result);
    return true;
}

/* --- Read again --- */

static json_t *value_of(Arena *arena, json_t *values, Str path)
{
    Str part;
    while (values && str_next(&path, '.', &part))
        values = json_object_get(values, str_c(arena, part));
    return values;
}

/* The lines of "fields" of the items of the list. */
static void replace_lines(json_t *fields, const json_t *before, Str items)
{
    size_t i;
    json_t *field;
    for (i = json_array_size(fields); i-- > 0;)
        if (str_starts(json_member_text(json_array_get(fields, i), "path"), items))
            json_array_remove(fields, i);
    json_array_foreach(before, i, field) if (str_starts(json_member_text(field, "path"), items))
        json_array_append(fields, field);
}

/* Items have no names but their numbers, and those may be others this time: the whole list stays.
 */
static void keep_list(Arena *arena, const FieldNode *root, const json_t *before, json_t *result,
                      Str path)
{
    Error ignored;
    size_t bracket = (size_t)str_find_char(path, '[');
    Str list = str_slice(path, 0, bracket);
    json_t *items = value_of(arena, json_object_get(before, "values"), list);
    if (json_is_array(items) && leaf_at(root, path) &&
        set_value(arena, json_object_get(result, "values"), root, list, items, &ignored))
        replace_lines(json_object_get(result, "fields"), json_object_get(before, "fields"),
                      str_slice(path, 0, bracket + 1));
}

static void keep_one(Arena *arena, const FieldNode *root, const json_t *before, json_t *result,
                     Str path, json_t *value)
{
    Error ignored; /* the schema is another one and has no such member now */
    if (str_find_char(path, '[') < 0) {
        (void)!correct(arena, root, result, path, value, &ignored);
        return;
    }
    keep_list(arena, root, before, result, path);
    if (!value)
        note_taken(result, path, true);
}

bool kept_read_again(Arena *arena, const json_t *schema, const json_t *before, json_t *result,
                     Error *err)
{
    const FieldNode *root;
    json_t *one;
    size_t i;
    if (!fields_schema(arena, schema, &root, err))
        return false;
    json_array_foreach(json_object_get(before, "fields"), i, one)
    {
        if (str_is(json_member_text(one, "made_by"), "person"))
            keep_one(arena, root, before, result, json_member_text(one, "path"),
                     json_object_get(one, "value"));
    }
    json_array_foreach(json_object_get(before, "taken_away"), i, one)
    {
        keep_one(arena, root, before, result,
                 (Str){ json_string_value(one), json_string_length(one) }, NULL);
    }
    judge_again(arena, root, result);
    return true;
}

/* --- Tables --- */

typedef VEC(const FieldNode *) NodeList;

static void collect(Arena *arena, const FieldNode *node, NodeList *columns)
{
    if (node->shape != NODE_OBJECT) {
        *vec_push(arena, columns) = node;
        return;
    }
    for (size_t i = 0; i < node->member_count; i++)
        collect(arena, node->members[i], columns);
}

/* "seller.name", up to the root or to the list that the table is of. */
static Str heading(Arena *arena, const FieldNode *node, const FieldNode *top)
{
    Str text = node->name;
    for (const FieldNode *at = node->parent; at && at != top && at->parent; at = at->parent)
        text = str_format(arena, STR_FMT "." STR_FMT, STR_ARG(at->name), STR_ARG(text));
    return text;
}

static const json_t *value_at(const json_t *values, const FieldNode *node, const FieldNode *top)
{
    if (!node || node == top || !node->parent)
        return values;
    return json_object_get(value_at(values, node->parent, top), node->name.at);
}

static Str cell_text(Arena *arena, const json_t *value)
{
    Buf out = buf_new(arena, KB(256));
    const json_t *item;
    size_t i;
    if (json_is_string(value))
        return (Str){ json_string_value(value), json_string_length(value) };
    if (!json_is_array(value))
        return value ? fields_print(arena, value) : STR_NONE;
    json_array_foreach(value, i, item)
    {
        if (i)
            buf_add(&out, S("; "));
        buf_add(&out, json_is_string(item)
                          ? (Str){ json_string_value(item), json_string_length(item) }
                          : fields_print(arena, item));
    }
    return buf_str(&out);
}

static void put_row(Buf *out, const KeptRow *row, const json_t *values, const NodeList *columns,
                    const FieldNode *top)
{
    csv_cell(out, row->document, false);
    csv_cell(out, row->name, !columns->count);
    for (size_t c = 0; c < columns->count; c++)
        csv_cell(out, cell_text(out->arena, value_at(values, columns->at[c], top)),
                 c + 1 == columns->count);
}

static void put_head(Buf *out, const NodeList *columns, const FieldNode *top)
{
    csv_cell(out, S("document"), false);
    csv_cell(out, S("name"), !columns->count);
    for (size_t c = 0; c < columns->count; c++)
        csv_cell(out, heading(out->arena, columns->at[c], top), c + 1 == columns->count);
}

void kept_table(Buf *out, const FieldNode *root, const KeptRow *rows, size_t count, Str list)
{
    const FieldNode *node = list.length ? node_at(root, list) : NULL, *top = root;
    NodeList columns = { 0 };
    if (node && node->shape == NODE_LIST)
        top = node->item;
    collect(out->arena, top, &columns);
    if (!out->length)
        put_head(out, &columns, top);
    for (size_t r = 0; r < count; r++) {
        const json_t *items = top != root ? value_at(rows[r].values, node, root) : NULL, *item;
        size_t i;
        if (top == root)
            put_row(out, &rows[r], rows[r].values, &columns, top);
        json_array_foreach(items, i, item) put_row(out, &rows[r], item, &columns, top);
    }
}
