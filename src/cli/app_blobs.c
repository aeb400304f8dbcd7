/* app_blobs.c - see app_blobs.h. */
#include "cli/app_blobs.h"

#include "base/file.h"
#include "blob/s3_client.h"

#define S3_SCHEME S("s3://")

static bool read_addressing(Str text, S3Addressing *addressing_r, Error *err)
{
    static const char *const names[] = { "auto", "path", "host" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(text, names[i])) {
            *addressing_r = (S3Addressing)i;
            return true;
        }
    return fail_field(err, "s3_addressing", "s3_addressing is auto, path or host");
}

/* "s3://BUCKET/PREFIX" */
static bool s3_options(Arena *arena, const Settings *settings, Str place, S3Options *options_r,
                       Error *err)
{
    Proxy *proxy = arena_new_one(arena, Proxy);
    Str prefix = str_from(place, S3_SCHEME.length), bucket = S("");
    (void)!str_next(&prefix, '/', &bucket);
    while (str_ends(prefix, S("/")))
        prefix.length--;
    *proxy = (Proxy){ str_c(arena, settings->proxy), str_c(arena, settings->no_proxy) };
    S3Options options = { .bucket = bucket,
                          .prefix = prefix,
                          .endpoint = settings->s3_endpoint,
                          .region = settings->s3_region,
                          .keys = { settings->s3_access_key, settings->s3_secret_key,
                                    settings->s3_session_token },
                          .encryption = settings->s3_encryption,
                          .proxy = proxy };
    if (settings->s3_ca.length)
        options.ca_file = str_c(arena, settings->s3_ca);
    *options_r = options;
    return read_addressing(settings->s3_addressing, &options_r->addressing, err);
}

static bool open_s3(Arena *arena, const Settings *settings, Str place, const char *folder,
                    int64_t copies, BlobStore **store_r, Error *err)
{
    S3Options options;
    return s3_options(arena, settings, place, &options, err) &&
           blob_open_s3(&options, folder, (uint64_t)copies, store_r, err);
}

bool app_open_blobs(Arena *arena, const Settings *settings, Str folder, BlobStore **store_r,
                    Error *err)
{
    Str place = settings->blob_store;
    if (str_starts(place, S3_SCHEME))
        return open_s3(arena, settings, place, path_join(arena, folder, S("s3")),
                       settings->s3_copies, store_r, err);
    const char *path = place.length ? str_c(arena, place) : path_join(arena, folder, S("blobs"));
    return blob_open_folder(path, store_r, err) || fail_in(err, "blob_store");
}

bool app_open_second_blobs(Arena *arena, const Settings *settings, Str folder, BlobStore **store_r,
                           Error *err)
{
    Str place = settings->second_blob_store;
    *store_r = NULL;
    if (!place.length)
        return true;
    bool good = str_starts(place, S3_SCHEME)
                    ? open_s3(arena, settings, place, path_join(arena, folder, S("s3-second")), 0,
                              store_r, err)
                    : blob_open_folder(str_c(arena, place), store_r, err);
    return good || fail_in(err, "second_blob_store");
}

bool app_open_backup_place(Arena *arena, const Settings *settings, Str where, FilePlace **place_r,
                           Error *err)
{
    S3Options options;
    *place_r = NULL;
    if (!where.length)
        return true;
    bool good = str_starts(where, S3_SCHEME)
                    ? s3_options(arena, settings, where, &options, err) &&
                          file_place_open_s3(&options, place_r, err)
                    : file_place_open_folder(str_c(arena, where), place_r, err);
    return good || fail_in(err, "the place for backups");
}
