/* pattern.c - see pattern.h. */
#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/shared_library.h"

#define TRIES_MAX 100000 /* PCRE2's match limit */

static struct {
#define FUNCTION(name) __typeof__(pcre2_##name##_8) *name;
#include "base/pattern.def"
#undef FUNCTION
} pcre2;

static const SharedFunction functions[] = {
#define FUNCTION(name) { "pcre2_" #name "_8", &pcre2.name },
#include "base/pattern.def"
#undef FUNCTION
};

static SharedLibrary library = {
    .file = "libpcre2-8.so.0",
    .package = "libpcre2-8-0",
    .functions = functions,
    .count = COUNT(functions),
};

struct Pattern {
    pcre2_code_8 *code;
};

static bool fail_compile(Str text, int code, size_t at, Error *err)
{
    PCRE2_UCHAR8 why[120] = "";
    pcre2.get_error_message(code, why, sizeof why);
    return fail(err, ERROR_INVALID, "'" STR_FMT "' is no regular expression: %s at byte %zu",
                STR_ARG(str_slice(text, 0, 100)), (const char *)why, at);
}

bool pattern_new(Str text, Pattern **pattern_r, Error *err)
{
    int error;
    size_t at;
    if (text.length > PATTERN_MAX)
        return fail(err, ERROR_INVALID, "a regular expression of %zu bytes; at most %d are allowed",
                    text.length, PATTERN_MAX);
    if (!shared_library_load(&library, err))
        return false;
    pcre2_code_8 *code =
        pcre2.compile((PCRE2_SPTR8)(text.at ? text.at : ""), text.length,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
    if (!code)
        return fail_compile(text, error, at, err);
    *pattern_r = heap_alloc(sizeof **pattern_r);
    (*pattern_r)->code = code;
    return true;
}

void pattern_free(Pattern *pattern)
{
    if (pattern)
        pcre2.code_free(pattern->code);
    free(pattern);
}

bool pattern_find(const Pattern *pattern, Str text, size_t from, size_t *start_r, size_t *end_r)
{
    pcre2_match_context_8 *context = pcre2.match_context_create(NULL);
    pcre2_match_data_8 *data = pcre2.match_data_create(1, NULL);
    pcre2.set_match_limit(context, TRIES_MAX);
    bool found = pcre2.match(pattern->code, (PCRE2_SPTR8)(text.at ? text.at : ""), text.length,
                             from, PCRE2_NO_UTF_CHECK, data, context) >= 0;
    if (found) {
        *start_r = pcre2.get_ovector_pointer(data)[0];
        *end_r = pcre2.get_ovector_pointer(data)[1];
    }
    pcre2.match_data_free(data);
    pcre2.match_context_free(context);
    return found;
}

bool pattern_matches(const Pattern *pattern, Str text)
{
    size_t start, end;
    return pattern_find(pattern, text, 0, &start, &end);
}
