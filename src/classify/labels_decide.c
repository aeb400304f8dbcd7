/* labels_decide.c - what people say of classifications, and the tags that follow. */
#include "classify/labels_int.h"

#define TAGS_MAX 100 /* of a document, see documents_store.h */

static bool has_name(const ClassifyLabel *labels, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(labels[i].name, name))
            return true;
    return false;
}

bool labels_set_tags(DbTx *tx, const Scope *scope, Arena *arena, const LabelSet *set, Str id,
                     StrList names, Error *err)
{
    ClassifyLabel *labels;
    size_t count, kept = 0;
    Document document;
    if (!labels_of_set(arena, set, &labels, &count, err) ||
        !document_find(tx, scope, arena, id, &document, err))
        return false;
    Str *tags = arena_new_array(arena, Str, document.tags.count + names.count);
    for (size_t i = 0; i < document.tags.count; i++)
        if (!has_name(labels, count, document.tags.at[i]))
            tags[kept++] = document.tags.at[i];
    /* A document that is full of tags keeps those that people gave it. */
    for (size_t i = 0; i < names.count && kept < TAGS_MAX; i++)
        tags[kept++] = names.at[i];
    return document_set_tags(tx, scope, id, (StrList){ tags, kept }, err);
}

/* The same labels, whatever their order. */
static bool is_same(StrList a, StrList b)
{
    size_t found = 0;
    for (size_t i = 0; i < a.count; i++)
        for (size_t k = 0; k < b.count; k++)
            found += str_equal(a.at[i], b.at[k]);
    return a.count == b.count && found == a.count;
}

bool labels_decide(DbTx *tx, const Scope *scope, Arena *arena, Str id, json_t *names,
                   Classification *decided_r, Error *err)
{
    Classification c;
    LabelSet set;
    if (!classification_find(tx, scope, arena, id, &c, err) ||
        !label_set_find(tx, scope, arena, c.set, &set, err))
        return false;
    Str decided = c.labels;
    if (names && !labels_read_names(arena, &set, names, &decided, err))
        return false;
    StrList list = labels_names(arena, decided);
    Str state = is_same(list, labels_names(arena, c.labels)) ? S("confirmed") : S("corrected");
    LabelExample example = {
        .text = c.sample, .labels = decided, .source = state, .document = c.document
    };
    return classification_decide(tx, scope, id, state, decided, err) &&
           label_example_set(tx, scope, arena, set.id, &example, err) &&
           labels_changed(tx, scope, arena, set.id, err) &&
           (!c.document.length || !set.sets_tags ||
            labels_set_tags(tx, scope, arena, &set, c.document, list, err)) &&
           classification_find(tx, scope, arena, id, decided_r, err) &&
           labels_tell(tx, scope, arena, decided_r, err);
}
