/* member_names.c - see member_names.h. */
#include "api/member_names.h"

static const struct {
    const char *path, *theirs, *ours;
} names[] = {
#define MEMBER_NAME(path, theirs, ours) { path, theirs, ours },
#include "api/member_names.def"
#undef MEMBER_NAME
};

void member_names_take(const char *path, json_t *body)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        json_t *value = json_object_get(body, names[i].theirs);
        if (!value || strcmp(path, names[i].path) != 0 || json_object_get(body, names[i].ours))
            continue;
        json_object_set(body, names[i].ours, value);
        json_object_del(body, names[i].theirs);
    }
}
