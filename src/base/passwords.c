/* passwords.c - see passwords.h. */
#include "base/passwords.h"

static const char stars[] = "***";

/* Where the last '@' of an address's authority is, or its end where none is. */
static char *authority_end(char *authority)
{
    char *end = authority + strcspn(authority, "/?# \t\r\n\"'<>"), *at = end;
    while (at > authority && at[-1] != '@')
        at--;
    return at > authority ? at - 1 : end;
}

void passwords_hide(char *text, bool is_cut)
{
    while ((text = strstr(text, "://")) != NULL) {
        text += 3;
        char *end = authority_end(text), *password = memchr(text, ':', (size_t)(end - text));
        if (!password || !(*end == '@' || (is_cut && !*end)))
            continue;
        password++;
        size_t length = MIN((size_t)(end - password), sizeof stars - 1);
        memcpy(password, stars, length);
        memmove(password + length, end, strlen(end) + 1);
        text = password + length;
    }
}

Str passwords_hidden(Arena *arena, Str text)
{
    char *copy = str_c(arena, text);
    passwords_hide(copy, false);
    return str(copy);
}
