/* date_zone.c - time zones by their IANA names, from the system's files (TZif, RFC 8536). */
#include "base/clock.h"
#include "base/file.h"
#include "text/date.h"
#include "text/date_calendar.h"

#define ZONE_FILE_MAX KB(64)
#define HEADER_SIZE 44u
/* Files list the changes up to 2037; later years are read as those that many 28 years before them,
 * whose weekdays are the same. */
#define LIST_ENDS_S INT64_C(2114380800) /* 2037-01-01 in seconds */
#define CALENDAR_CYCLE_S (INT64_C(10227) * DAY_SECONDS)

struct DateZone {
    const uint8_t *times, *kinds, *types, *letters;
    uint32_t time_count, type_count, letter_count; /* no types: UTC */
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* Letters, digits and / _ - + only, and no step upwards: it is a path below the zones' folder. */
static bool is_zone_name(Str name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       HAS_CHAR(c, "_+-") || (c == '/' && i && name.at[i - 1] != '/');
        if (!is_fine)
            return false;
    }
    return name.length && name.length < 60;
}

/* The block at `at` with times of so many bytes: where it ends, 0 when it does not fit. */
static size_t read_block(Str bytes, size_t at, size_t time_size, DateZone *zone)
{
    if (bytes.length < at + HEADER_SIZE || memcmp(bytes.at + at, "TZif", 4) != 0)
        return 0;
    const uint8_t *head = (const uint8_t *)bytes.at + at;
    uint64_t utc = read_u32(head + 20), standard = read_u32(head + 24), leaps = read_u32(head + 28);
    uint64_t times = read_u32(head + 32), types = read_u32(head + 36),
             letters = read_u32(head + 40);
    uint64_t size =
        times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard + utc;
    if (size > bytes.length - at - HEADER_SIZE || types == 0)
        return 0;
    *zone = (DateZone){ .times = head + HEADER_SIZE,
                        .kinds = head + HEADER_SIZE + times * time_size,
                        .time_count = (uint32_t)times,
                        .type_count = (uint32_t)types,
                        .letter_count = (uint32_t)letters };
    zone->types = zone->kinds + times;
    zone->letters = zone->types + types * 6;
    return at + HEADER_SIZE + (size_t)size;
}

bool date_zone(Arena *arena, Str name, const DateZone **zone_r, Error *err)
{
    DateZone old, *zone = arena_new_one(arena, DateZone);
    Str bytes;
    *zone_r = zone;
    if (!name.length || str_is(name, "UTC"))
        return true;
    if (!is_zone_name(name) ||
        !file_read(arena,
                   str_c(arena, str_format(arena, "/usr/share/zoneinfo/" STR_FMT, STR_ARG(name))),
                   ZONE_FILE_MAX, &bytes, err))
        return fail_field(err, "zone",
                          "there is no time zone '" STR_FMT "'; names are like Europe/Berlin",
                          STR_ARG(name));
    size_t second = read_block(bytes, 0, 4, &old);
    if (!second || !read_block(bytes, second, 8, zone))
        return fail(err, ERROR_DAMAGED,
                    "the system's file of the time zone '" STR_FMT "' cannot be read",
                    STR_ARG(name));
    return true;
}

static int offset_of(const DateZone *zone, uint32_t kind)
{
    return kind < zone->type_count ? (int)(int32_t)read_u32(zone->types + kind * 6) : 0;
}

static int offset_at(const DateZone *zone, int64_t time_s)
{
    if (time_s >= LIST_ENDS_S)
        time_s -= ((time_s - LIST_ENDS_S) / CALENDAR_CYCLE_S + 1) * CALENDAR_CYCLE_S;
    uint32_t low = 0, high = zone->time_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (read_i64(zone->times + (size_t)middle * 8) <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return offset_of(zone, low ? zone->kinds[low - 1] : 0);
}

/* The offsets of the day before and after: what was valid first is tried first. */
size_t date_zone_instants(const DateZone *zone, int64_t civil, int64_t times_r[2])
{
    int before = offset_at(zone, civil - DAY_SECONDS), after = offset_at(zone, civil + DAY_SECONDS);
    bool is_first = offset_at(zone, civil - before) == before;
    bool is_second = offset_at(zone, civil - after) == after;
    times_r[0] = (civil - (is_first || !is_second ? before : after)) * 1000;
    times_r[1] = (civil - after) * 1000;
    return is_first && is_second && before != after ? 2 : 1;
}

int64_t date_zone_local(const DateZone *zone, int64_t time_ms)
{
    int64_t time_s = floor_div(time_ms, 1000);
    return time_s + offset_at(zone, time_s);
}

/* --- Its changes --- */

/* "CET": up to the NUL that ends it. */
static Str name_of(Arena *arena, const DateZone *zone, uint32_t kind)
{
    uint32_t at = kind < zone->type_count ? zone->types[kind * 6 + 5] : zone->letter_count;
    uint32_t end = at;
    while (end < zone->letter_count && zone->letters[end])
        end++;
    return at < end ? str_copy(arena, (Str){ (const char *)zone->letters + at, end - at })
                    : S("UTC");
}

static DateChange change_to(Arena *arena, const DateZone *zone, int64_t time_s, uint32_t kind,
                            int before)
{
    return (DateChange){ .time_s = time_s,
                         .before = before,
                         .after = offset_of(zone, kind),
                         .is_summer = kind < zone->type_count && zone->types[kind * 6 + 4] != 0,
                         .name = name_of(arena, zone, kind) };
}

size_t date_zone_changes(Arena *arena, const DateZone *zone, int64_t from_s, DateChange **list_r)
{
    VEC(DateChange) list = { 0 };
    DateChange first = change_to(arena, zone, 0, 0, offset_of(zone, 0));
    for (uint32_t i = 0; i < zone->time_count; i++) {
        int64_t time_s = read_i64(zone->times + (size_t)i * 8);
        uint32_t kind = zone->kinds[i];
        int before = list.count ? list.at[list.count - 1].after : first.after;
        DateChange change = change_to(arena, zone, time_s, kind, before);
        if (time_s >= LIST_ENDS_S)
            break;
        if (time_s <= from_s)
            first = change_to(arena, zone, time_s, kind, first.after);
        else if (change.after != before)
            *vec_push(arena, &list) = change;
    }
    DateChange *all = arena_new_array(arena, DateChange, list.count + 1);
    all[0] = first;
    if (list.count)
        memcpy(all + 1, list.at, list.count * sizeof *all);
    *list_r = all;
    return list.count + 1;
}

/* --- Instants --- */

bool date_instant(int64_t civil, Str name, int64_t *time_ms_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const DateZone *zone;
    int64_t times[2];
    if (!date_zone(arena, name, &zone, err))
        return false;
    (void)date_zone_instants(zone, civil, times);
    *time_ms_r = times[0];
    return true;
}

bool date_local(int64_t time_ms, Str name, int64_t *civil_seconds_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const DateZone *zone;
    if (!date_zone(arena, name, &zone, err))
        return false;
    *civil_seconds_r = date_zone_local(zone, time_ms);
    return true;
}
