/* extraction_picture.c - what a picture shows, said by a model service where one is chosen: the
 * picture is drawn in the sandbox, upright and of a size that services take, and sent from here,
 * where the network is. */
#include "library/extraction_int.h"
#include "library/page_draw.h"

#define WIDTH_MAX 1024
#define WIDTH_LEAST 128
#define PICTURE_MAX MB(5) /* what Anthropic takes; others take more */

static bool is_picture(const DocNode *node)
{
    const Extractor *extractor = extractor_named(node->format);
    return extractor && extractor->is_paged && str_starts(node->media_type, S("image/"));
}

/* Small ones are not drawn larger. */
static int64_t width_of(const DocNode *node)
{
    int64_t width;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind == BLOCK_META && str_is(block->label, "width") &&
            str_to_int(block->text, 1, WIDTH_MAX, &width))
            return width;
    }
    return WIDTH_MAX;
}

static bool describe(const Reading *reading, Arena *arena, Caption *caption_r, Error *err)
{
    const ExtractionInput *input = reading->input;
    const DocNode *root = reading->out->root;
    DrawnPage picture;
    int64_t width = width_of(root);
    PageToDraw page = {
        .arguments = { .name = root->name, .page = 1, .width = width },
        .fd = input->fd,
        .words_fd = -1,
        .format = root->format,
    };
    if (!page_draw(reading->sandbox, arena, &page, &picture, err))
        return false;
    /* What is long, or noisy, is still too much at that width. */
    while (picture.png.length > PICTURE_MAX && width / 2 >= WIDTH_LEAST) {
        width /= 2;
        page.arguments.width = width;
        if (!page_draw(reading->sandbox, arena, &page, &picture, err))
            return false;
    }
    if (picture.png.length > PICTURE_MAX)
        return fail(err, ERROR_TOO_LARGE, "it is larger than 5 MB");
    return input->describe(input->self, arena, picture.png, caption_r, err);
}

bool reading_describe(Reading *reading, Error *err)
{
    Error why;
    Caption caption;
    const ExtractionInput *input = reading->input;
    DocNode *root = reading->out->root;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    if (!input->describe || !is_picture(root))
        return true;
    if (input->progress && !input->progress(input->self, "picture", 0, 1))
        return fail(err, ERROR_CANCELLED, "it was cancelled");
    if (!describe(reading, arena, &caption, &why)) {
        *vec_push(reading->arena, &root->warnings) =
            str_format(reading->arena, "no model has looked at it: %s", why.message);
        return true;
    }
    Str by = str_format(reading->arena, "by " STR_FMT, STR_ARG(caption.model));
    doc_node_add(reading->arena, root,
                 &(Block){ .kind = BLOCK_META, .label = S("caption"), .text = by });
    doc_node_add(
        reading->arena, root,
        &(Block){ .kind = BLOCK_IMAGE, .text = str_copy(reading->arena, str_trim(caption.text)) });
    return true;
}
