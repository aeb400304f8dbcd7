#include "jobs/job_wishes.h"

#define RATE_MAX 1000000
#define DAYS_MAX 3650

static JobType *find_type(JobType *types, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, types[i].name))
            return &types[i];
    return NULL;
}

static bool fail_part(Error *err, const char *field, Str part, const char *form)
{
    return fail_field(err, field, "'" STR_FMT "' is not %s with the name of a type of jobs",
                      STR_ARG(str_slice(part, 0, 100)), form);
}

static bool read_rate(Str value, JobType *type)
{
    static const struct {
        const char *unit;
        int64_t time_ms;
    } units[] = { { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
    Str rest = value, number;
    int64_t rate;

    if (!str_next(&rest, '/', &number) || !str_to_int(number, 1, RATE_MAX, &rate))
        return false;
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_is(rest, units[i].unit)) {
            type->rate_count = rate;
            type->rate_ms = units[i].time_ms;
            return true;
        }
    return false;
}

static bool read_days(Str value, JobType *type)
{
    int64_t days;
    if (!str_to_int(value, 0, DAYS_MAX, &days))
        return false;
    type->forgets_done = days == 0;
    type->done_days = (int)days;
    return true;
}

static bool read_all(Str text, JobType *types, size_t count, const char *field, const char *form,
                     bool (*read)(Str, JobType *), Error *err)
{
    Str rest = text, part;
    while (str_next(&rest, ',', &part)) {
        Str value = str_trim(part), name;
        if (!value.length)
            continue;
        JobType *type =
            str_next(&value, '=', &name) ? find_type(types, count, str_trim(name)) : NULL;
        if (!type || !read(str_trim(value), type))
            return fail_part(err, field, part, form);
    }
    return true;
}

bool job_wishes_rates(Str text, JobType *types, size_t count, Error *err)
{
    return read_all(text, types, count, "job_rates", "TYPE=COUNT/s (or /m, /h)", read_rate, err);
}

bool job_wishes_days(Str text, JobType *types, size_t count, Error *err)
{
    return read_all(text, types, count, "job_days", "TYPE=DAYS", read_days, err);
}
