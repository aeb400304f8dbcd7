/* library_page.c - a page's picture, drawn in a worker. */
#include "library/library_int.h"

#include <unistd.h>

#include "base/json.h"
#include "library/page_wire.h"

#define PNG_MAX MB(64)
#define TIMEOUT_MS 30000

typedef struct Drawing {
    Buf png;
    int32_t marked;
} Drawing;

static bool on_marked(void *self, Str payload, Error *err)
{
    Drawing *drawing = self;
    if (payload.length != sizeof drawing->marked)
        return fail(err, ERROR_INTERNAL, "the page's worker sent a wrong number");
    memcpy(&drawing->marked, payload.at, sizeof drawing->marked);
    return true;
}

static bool on_png(void *self, Str payload, Error *err)
{
    Drawing *drawing = self;
    buf_add(&drawing->png, payload);
    return !drawing->png.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the page's picture is too large");
}

static const SandboxFrame frames[] = {
    [PAGE_FRAME_MARKED] = { "marked", sizeof(int32_t), 1, on_marked },
    [PAGE_FRAME_PNG] = { "png", MB(1), 0, on_png },
};

bool library_page(Library *library, const Scope *scope, Arena *arena, Str id, int page, int width,
                  Str quote, DrawnPage *picture_r, Error *err)
{
    Document document;
    Str password;
    AUTO_CLOSE int fd = -1;
    Drawing drawing = { .png = buf_new(arena, PNG_MAX) };
    Buf args = buf_new(arena, KB(64));
    if (!library_open_original(library, scope, arena, id, &document, &fd, err) ||
        !password_open(library, arena, document.password_sealed, &password, err))
        return false;
    if (page < 1 || page > document.page_count)
        return fail(err, ERROR_NOT_FOUND, "the document has no page %d", page);
    JsonWriter json = put_begin(&args);
    put_text(&json, "name", document.name);
    put_text(&json, "password", password);
    put_text(&json, "quote", str_slice(quote, 0, KB(8)));
    put_int(&json, "page", page);
    put_int(&json, "width", width);
    put_end(&json);
    SandboxJob job = { .args = buf_str(&args),
                       .files = &fd,
                       .file_count = 1,
                       .frames = frames,
                       .frame_count = COUNT(frames),
                       .self = &drawing,
                       .time_max_ms = TIMEOUT_MS,
                       .output_max = PNG_MAX + KB(64) };
    if (!sandbox_run(library->painters, &job, err))
        return false;
    *picture_r = (DrawnPage){ buf_str(&drawing.png), drawing.marked };
    return true;
}
