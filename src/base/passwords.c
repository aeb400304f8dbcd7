/* passwords.c - see passwords.h. */
#include "base/passwords.h"

static const char stars[] = "***";

static char *last_at(char *text, size_t length)
{
    while (length && text[length - 1] != '@')
        length--;
    return length ? text + length - 1 : NULL;
}

/* Whether "host:8000" or "[::1]" stands there, not the beginning of a user and a password. */
static bool is_host(const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    return !colon || *text == '[' ||
           strspn(colon + 1, "0123456789") == length - (size_t)(colon + 1 - text);
}

/* Where the user and password at the start of this text end; NULL: there are none. A '/' in a
 * password ought to be %2F, and is written by people all the same. */
static char *user_end(char *text, bool is_cut)
{
    size_t word = strcspn(text, " \t\r\n\"'<>"), authority = MIN(strcspn(text, "/?#"), word);
    char *at = last_at(text, authority);
    if (at || is_host(text, authority))
        return at;
    return is_cut && !text[word] ? text + word : last_at(text, word);
}

void passwords_hide(char *text, bool is_cut)
{
    while ((text = strstr(text, "://")) != NULL) {
        text += strlen("://");
        char *end = user_end(text, is_cut);
        char *password = end ? memchr(text, ':', (size_t)(end - text)) : NULL;
        if (!password)
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
