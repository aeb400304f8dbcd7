/* fuzz_entities.c - any text is read for what it names, feels and is about; places lie within it.
 */
#include "classify/document_type.h"
#include "classify/entities.h"
#include "classify/phrases.h"
#include "classify/sentiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str text = { (const char *)data, size };
    EntityList list = entities_find(arena, text, 1795305600, NULL);
    for (size_t i = 0; i < list.entities.count; i++) {
        const Entity *entity = &list.entities.at[i];
        if (entity->start >= entity->end || entity->end > size ||
            (i && entity->start < list.entities.at[i - 1].start))
            abort();
    }
    personal_report(arena, &list);
    SentimentReport feeling = sentiment_report(arena, text);
    if (feeling.all.score < -1 || feeling.all.score > 1)
        abort();
    KeyPhraseList phrases = key_phrases(arena, text, LANGUAGE_ENGLISH, NULL, 10);
    for (size_t i = 0; i < phrases.phrases.count; i++)
        if (phrases.phrases.at[i].end > size)
            abort();
    document_type_of(arena, text, STR_NONE, NULL);
    Classifier classifier;
    Error err;
    return classifier_unpack(arena, text, &classifier, &err) ? -1 : 0;
}
