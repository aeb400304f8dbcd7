/* body_scan_test.c - what a first look tells of a body. */
#include "gateway/body_scan.h"

#include <criterion/criterion.h>

#define MESSAGES(content) "{\"messages\":[{\"role\":\"user\",\"content\":" content "}]}"

Test(body_scan, parts_are_known_by_their_types_and_not_by_words_in_texts)
{
    enum {
        NONE = 0,
        IMAGE = 1U << ABILITY_IMAGES,
        AUDIO = 1U << ABILITY_AUDIO,
        FILE_PART = 1U << ABILITY_FILES
    };
    static const struct {
        const char *body;
        unsigned need;
    } cases[] = {
        { MESSAGES("\"hello\""), NONE },
        { MESSAGES("\"an \\\"image\\\" and \\\"type\\\": \\\"image_url\\\"\""), NONE },
        { MESSAGES("[{\"type\": \"image_url\",\"image_url\":{\"url\":\"data:\"}}]"), IMAGE },
        { MESSAGES("[{\"type\" :\n\"image\",\"source\":{}}]"), IMAGE },
        { MESSAGES("[{\"type\":\"tool_use\",\"input\":{\"image\":\"a.png\"}}]"), NONE },
        { "{\"messages\":[{\"role\":\"user\",\"content\":\"\",\"images\":[\"aGk=\"]}]}", IMAGE },
        { "{\"prompt\":\"what?\",\"images\":[\"aGk=\"]}", IMAGE },
        { "{\"prompt\":\"what?\",\"images\":[]}", NONE },
        { MESSAGES("[{\"type\":\"input_audio\",\"input_audio\":{}}]"), AUDIO },
        { MESSAGES("[{\"type\":\"file\",\"file\":{}}]"), FILE_PART },
        { MESSAGES("[{\"type\":\"document\",\"source\":{\"media_type\":\"application/pdf\"}}]"),
          FILE_PART },
        { MESSAGES("[{\"type\":\"document\",\"source\":{\"media_type\":\"text/plain\"}}]"), NONE },
        { "{\"input\":[{\"content\":[{\"type\":\"input_image\"},{\"type\":\"input_file\"}]}]}",
          IMAGE | FILE_PART },
        { "{\"tools\":[{\"type\":\"image\"}]}", NONE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(KB(64));
        ModelRequest request = { 0 };
        BodyScan scan;
        Error err = { 0 };
        Str name, value;
        body_scan_begin(&scan, arena, str(cases[i].body), &request);
        while (body_scan_next(&scan, &name, &value, &err))
            ;
        cr_assert(body_scan_end(&scan, &err), "%s", err.message);
        cr_assert_eq(request.parts_need, cases[i].need, "%s: %x", cases[i].body,
                     request.parts_need);
    }
}
