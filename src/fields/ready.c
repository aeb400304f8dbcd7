/* ready.c - the ready-made schemas, which travel inside the program. */
#include "fields/fields.h"

/* Each file as it is, with a NUL behind it. */
#define READY(name, about)                                                                         \
    __asm__(".section .rodata\n"                                                                   \
            "ready_" #name "_json: .incbin \"src/fields/ready/" #name ".json\"\n"                  \
            "ready_" #name "_end: .byte 0\n"                                                       \
            ".text\n");                                                                            \
    extern const char ready_##name##_json[];
#include "fields/ready.def"
#undef READY

const ReadySchema ready_schemas[] = {
#define READY(name, about) { #name, about, ready_##name##_json },
#include "fields/ready.def"
#undef READY
};
const size_t ready_schema_count = COUNT(ready_schemas);

const ReadySchema *ready_schema(Str name)
{
    for (size_t i = 0; i < ready_schema_count; i++)
        if (str_is(name, ready_schemas[i].name))
            return &ready_schemas[i];
    return NULL;
}
