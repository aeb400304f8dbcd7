/* read.c - the values of a whole document: each member of the schema in turn, then what adds up. */
#include <math.h>

#include "base/json_schema.h"
#include "fields/fields_int.h"
#include "text/planted.h"

void fields_free(FieldsResult *result)
{
    json_decref(result->tree);
    result->tree = NULL;
}

Str fields_print(Arena *arena, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    Str copy = str_copy(arena, str(text ? text : "null"));
    free(text);
    return copy;
}

static void put_into(json_t *into, const FieldNode *node, json_t *value)
{
    if (json_is_array(into))
        json_array_append_new(into, value);
    else
        json_object_set_new(into, node->name.at, value);
}

bool keep_value(const Reading *reading, const FieldNode *node, Str path, const Found *found,
                double confidence, json_t *into)
{
    FieldsResult *result = reading->result;
    json_t *value =
        result->values.count < FIELDS_VALUES_MAX ? value_make(reading, node, found) : NULL;
    if (!value)
        return false;
    put_into(into, node, value);
    *vec_push(reading->arena, &result->values) =
        (FieldValue){ .path = path,
                      .value = value,
                      .confidence = MIN(1, MAX(0.05, confidence)),
                      .start = found->start,
                      .end = found->end,
                      .is_verified = true,
                      .made_by = S("rules") };
    return true;
}

static Str path_of(Arena *arena, Str path, Str name)
{
    return path.length ? str_format(arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name))
                       : name;
}

static void read_node(const Reading *reading, const FieldNode *node, Str path, json_t *into);

static void read_leaf(const Reading *reading, const FieldNode *node, Str path, json_t *into)
{
    const FieldNode *parent = node->parent;
    RoleName role = node->role < ROLE_COUNT                  ? node->role
                    : parent && parent->shape == NODE_OBJECT ? parent->role
                                                             : ROLE_COUNT;
    Candidate best =
        role < ROLE_COUNT ? find_of_role(reading, node, role) : find_leaf(reading, node);
    if (!best.is_there && role == ROLE_COUNT)
        best = find_unsaid(reading, node);
    if (best.is_there)
        keep_value(reading, node, path, &best.found, best.score, into);
}

static void read_list(const Reading *reading, const FieldNode *node, Str path, json_t *into)
{
    json_t *list = json_array();
    bool is_found = node->item->shape == NODE_OBJECT && find_rows(reading, node, path, list);
    if (!is_found)
        is_found = find_sections(reading, node, path, list);
    if (is_found)
        put_into(into, node, list);
    else
        json_decref(list);
}

static void read_object(const Reading *reading, const FieldNode *node, Str path, json_t *into)
{
    json_t *object = json_object();
    for (size_t i = 0; i < node->member_count; i++)
        read_node(reading, node->members[i], path_of(reading->arena, path, node->members[i]->name),
                  object);
    if (json_object_size(object))
        put_into(into, node, object);
    else
        json_decref(object);
}

static void read_node(const Reading *reading, const FieldNode *node, Str path, json_t *into)
{
    if (node->shape == NODE_OBJECT)
        read_object(reading, node, path, into);
    else if (node->shape == NODE_LIST)
        read_list(reading, node, path, into);
    else
        read_leaf(reading, node, path, into);
}

/* --- What adds up --- */

static FieldValue *value_of(const Reading *reading, Thing thing)
{
    for (size_t i = 0; i < reading->root->member_count; i++) {
        const FieldNode *node = reading->root->members[i];
        for (size_t v = 0; node->thing == thing && v < reading->result->values.count; v++)
            if (str_equal(reading->result->values.at[v].path, node->name))
                return &reading->result->values.at[v];
    }
    return NULL;
}

static double sum_of_rows(const Reading *reading, bool *is_there_r)
{
    double sum = 0;
    *is_there_r = false;
    for (size_t i = 0; i < reading->root->member_count; i++) {
        const FieldNode *node = reading->root->members[i], *amount = NULL;
        for (size_t m = 0; node->item && m < node->item->member_count; m++)
            if (node->item->members[m]->thing == THING_LINE_AMOUNT)
                amount = node->item->members[m];
        const json_t *rows = amount ? json_object_get(reading->result->tree, node->name.at) : NULL,
                     *row;
        size_t r;
        json_array_foreach(rows, r, row)
        {
            sum += json_number_value(json_object_get(row, amount->name.at));
            *is_there_r = true;
        }
    }
    return sum;
}

static void add_check(const Reading *reading, const char *what, double left, double right,
                      FieldValue *const *values, size_t count)
{
    bool holds = fabs(left - right) < 0.015;
    *vec_push(reading->arena, &reading->result->checks) = (FieldCheck){ str(what), holds };
    for (size_t i = 0; i < count; i++) {
        double *confidence = &values[i]->confidence;
        *confidence = holds ? MIN(1, *confidence + (1 - *confidence) * 0.7) : *confidence * 0.75;
    }
}

void reading_check(const Reading *reading)
{
    FieldValue *net = value_of(reading, THING_NET), *tax = value_of(reading, THING_TAX),
               *total = value_of(reading, THING_TOTAL);
    bool has_rows;
    double rows = sum_of_rows(reading, &has_rows);
    if (net && tax && total && json_is_number(net->value) && json_is_number(total->value))
        add_check(reading, "net + tax = total",
                  json_number_value(net->value) + json_number_value(tax->value),
                  json_number_value(total->value), (FieldValue *[]){ net, tax, total }, 3);
    if (has_rows && net)
        add_check(reading, "lines = net", rows, json_number_value(net->value), &net, 1);
    else if (has_rows && total)
        add_check(reading, "lines = total", rows, json_number_value(total->value), &total, 1);
}

/* --- What is missing --- */

static void find_missing(Arena *arena, const FieldNode *node, const json_t *value, Str path,
                         FieldsResult *result)
{
    if (node->shape == NODE_LIST) {
        const json_t *item;
        size_t i;
        json_array_foreach(value, i, item) find_missing(
            arena, node->item, item, str_format(arena, STR_FMT "[%zu]", STR_ARG(path), i), result);
        return;
    }
    for (size_t i = 0; i < node->member_count && result->missing.count < FIELDS_VALUES_MAX; i++) {
        const FieldNode *member = node->members[i];
        const json_t *own = json_object_get(value, member->name.at);
        Str at = path_of(arena, path, member->name);
        if (!own && member->is_required)
            *vec_push(arena, &result->missing) = at;
        else if (own)
            find_missing(arena, member, own, at, result);
    }
}

void fields_judge(Arena *arena, const FieldNode *root, FieldsResult *result)
{
    Error why;
    result->missing.count = 0;
    find_missing(arena, root, result->tree, S(""), result);
    result->is_valid = json_schema_holds(root->schema, result->tree, &why);
    result->problem = result->is_valid ? S("") : str_copy(arena, str(why.message));
}

void reading_begin(Reading *reading, Arena *arena, const FieldNode *root, const FieldsInput *input,
                   FieldsResult *result)
{
    FieldsInput read = *input;
    *result = (FieldsResult){ .tree = json_object(), .made_by = S("rules") };
    *reading = (Reading){ .arena = arena, .root = root, .result = result, .stop = input->stop };
    /* What speaks to a model is no part of the paper. */
    read.text = planted_blank(arena, str_slice(input->text, 0, FIELDS_TEXT_MAX));
    result->is_cut = input->text.length > FIELDS_TEXT_MAX;
    fields_lay_out(reading, &read);
    fields_find_labels(reading);
}

void reading_fill(Reading *reading)
{
    const FieldNode *root = reading->root;
    for (size_t i = 0; i < root->member_count && !stop_is_wished(reading->stop); i++)
        read_node(reading, root->members[i], root->members[i]->name, reading->result->tree);
}

void fields_read(Arena *arena, const FieldNode *root, const FieldsInput *input,
                 FieldsResult *result_r)
{
    Reading reading;
    reading_begin(&reading, arena, root, input, result_r);
    reading_fill(&reading);
    reading_check(&reading);
    fields_judge(arena, root, result_r);
}
