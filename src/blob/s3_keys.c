/* s3_keys.c - see s3_keys.h. */
#include "blob/s3_keys.h"

#include "base/file.h"

#define FILE_MAX KB(256)

static bool is_whole(const S3Keys *keys) { return keys->access.length && keys->secret.length; }

static void set_key(S3Keys *keys, Str name, Str value)
{
    if (str_is(name, "aws_access_key_id"))
        keys->access = value;
    else if (str_is(name, "aws_secret_access_key"))
        keys->secret = value;
    else if (str_is(name, "aws_session_token"))
        keys->token = value;
}

/* "[profile]", then lines "name = value". */
static S3Keys read_profile(Str text, Str profile)
{
    S3Keys keys = { 0 };
    bool is_ours = false;
    Str line;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        ptrdiff_t equals = str_find_char(line, '=');
        if (str_starts(line, S("[")) && str_ends(line, S("]")))
            is_ours = str_equal(str_trim(str_slice(line, 1, line.length - 1)), profile);
        else if (is_ours && equals > 0 && line.at[0] != '#')
            set_key(&keys, str_trim(str_slice(line, 0, (size_t)equals)),
                    str_trim(str_from(line, (size_t)equals + 1)));
    }
    return keys;
}

static bool read_file(Arena *arena, S3Keys *keys_r)
{
    const char *path = getenv("AWS_SHARED_CREDENTIALS_FILE"), *home = getenv("HOME");
    const char *profile = getenv("AWS_PROFILE");
    Str text;
    Error none;
    if (!path && home)
        path = path_join(arena, str(home), S(".aws/credentials"));
    if (!path || !file_read(arena, path, FILE_MAX, &text, &none))
        return false;
    *keys_r = read_profile(text, profile ? str(profile) : S("default"));
    return is_whole(keys_r);
}

bool s3_keys_find(Arena *arena, const S3Keys *given, S3Keys *keys_r, Error *err)
{
    S3Keys keys = *given;
    if (!given->access.length)
        keys = (S3Keys){ str(getenv("AWS_ACCESS_KEY_ID")), str(getenv("AWS_SECRET_ACCESS_KEY")),
                         str(getenv("AWS_SESSION_TOKEN")) };
    if (!is_whole(&keys) && (given->access.length || !read_file(arena, &keys)))
        return fail_field(err, "s3_access_key",
                          "there are no keys for the S3 store; set s3_access_key and "
                          "s3_secret_key, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                          "~/.aws/credentials");
    *keys_r = keys;
    return true;
}
