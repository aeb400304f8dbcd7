/* lab_settings.c - what a run of the lab may set. See lab.h. */
#include "search/lab.h"

#define CANDIDATES_MAX 1000

typedef bool ReadSetting(Str value, SearchRequest *request, Error *err);

static bool read_mode(Str value, SearchRequest *request, Error *err)
{
    return search_mode_named(value, &request->mode, err);
}

static bool read_number(Str value, const char *name, double least, double most, double *number_r,
                        Error *err)
{
    double number;
    if (!str_to_double(value, &number) || !(number >= least && number <= most))
        return fail_field(err, name, "'%s' is %g to %g, not '" STR_FMT "'", name, least, most,
                          STR_ARG(value));
    *number_r = number;
    return true;
}

static bool read_vector_weight(Str value, SearchRequest *request, Error *err)
{
    return read_number(value, "vector_weight", 0.01, 0.99, &request->vector_weight, err);
}

static bool read_candidates(Str value, SearchRequest *request, Error *err)
{
    int64_t count;
    if (!str_to_int(value, 10, CANDIDATES_MAX, &count))
        return fail_field(err, "candidates", "'candidates' is 10 to %d, not '" STR_FMT "'",
                          CANDIDATES_MAX, STR_ARG(value));
    request->candidates = (int)count;
    return true;
}

static bool read_support(Str value, SearchRequest *request, Error *err)
{
    double share = 0;
    if (!read_number(value, "support", 0, 0.9, &share, err))
        return false;
    request->support = share > 0 ? share : -1;
    return true;
}

static bool read_rerank(Str value, SearchRequest *request, Error *err)
{
    request->without_rerank = str_is(value, "no");
    return request->without_rerank || str_is(value, "yes") ||
           fail_field(err, "rerank", "'rerank' is yes or no, not '" STR_FMT "'", STR_ARG(value));
}

static bool read_fresh(Str value, SearchRequest *request, Error *err)
{
    return read_number(value, "fresh", 0, 1, &request->fresh, err);
}

static bool read_feedback(Str value, SearchRequest *request, Error *err)
{
    request->feeds_back = str_is(value, "yes");
    return request->feeds_back || str_is(value, "no") ||
           fail_field(err, "feedback", "'feedback' is yes or no, not '" STR_FMT "'",
                      STR_ARG(str_slice(value, 0, 40)));
}

#define LAB_SETTING(name, help) { #name, help },
const LabSetting lab_settings[] = {
#include "search/lab_settings.def"
};
#undef LAB_SETTING
const size_t lab_setting_count = COUNT(lab_settings);

#define LAB_SETTING(name, help) read_##name,
static ReadSetting *const readers[] = {
#include "search/lab_settings.def"
};
#undef LAB_SETTING

/* The row of a setting, or their number. */
static size_t row_of(Str name)
{
    size_t row = 0;
    while (row < lab_setting_count && !str_is(name, lab_settings[row].name))
        row++;
    return row;
}

bool lab_has_setting(Str name) { return row_of(name) < lab_setting_count; }

static bool read_one(Str piece, SearchRequest *request, Error *err)
{
    ptrdiff_t equals = str_find_char(piece, '=');
    size_t row = row_of(str_slice(piece, 0, (size_t)MAX(equals, 0)));
    if (equals >= 0 && row < lab_setting_count)
        return readers[row](str_from(piece, (size_t)equals + 1), request, err);
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str names[COUNT(lab_settings)];
    for (size_t i = 0; i < COUNT(lab_settings); i++)
        names[i] = str(lab_settings[i].name);
    Str known = str_join(arena, names, COUNT(names), S(", "));
    return fail_field(err, "settings",
                      "'" STR_FMT "' is no setting of a search; NAME=VALUE with one of " STR_FMT,
                      STR_ARG(str_slice(piece, 0, 100)), STR_ARG(known));
}

bool lab_settings_read(Str text, SearchRequest *request, Error *err)
{
    SearchRequest changed = *request;
    Str piece;
    while (str_next(&text, ' ', &piece))
        if (piece.length && !read_one(piece, &changed, err))
            return false;
    *request = changed;
    return true;
}
