/* ready.c - the ready-made workflows, which travel inside the program. */
#include "workflow/workflow.h"

/* Each file as it is, with a NUL behind it. */
#define READY(name, title, about)                                                                  \
    __asm__(".section .rodata\n"                                                                   \
            "ready_workflow_" #name ": .incbin \"src/workflow/ready/" #name ".json\"\n"            \
            "ready_workflow_" #name "_end: .byte 0\n"                                              \
            ".text\n");                                                                            \
    extern const char ready_workflow_##name[];
#include "workflow/ready.def"
#undef READY

static const WorkflowTemplate templates[] = {
#define READY(name, title, about) { #name, title, about, ready_workflow_##name },
#include "workflow/ready.def"
#undef READY
};

const WorkflowTemplate *workflow_template_at(size_t index)
{
    return index < COUNT(templates) ? &templates[index] : NULL;
}

const WorkflowTemplate *workflow_template(Str name)
{
    for (size_t i = 0; i < COUNT(templates); i++)
        if (str_is(name, templates[i].name))
            return &templates[i];
    return NULL;
}
