/* form.c - see form.h. */
#include "gateway/form.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "net/multipart.h"

#define TEXT_MAX KB(64)
#define NAME_MAX_BYTES 64

/* --- Reading --- */

static bool is_name(Str name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && !HAS_CHAR(c, "_-.[]"))
            return false;
    }
    return name.length && name.length <= NAME_MAX_BYTES;
}

/* What a service may tell the kind of file by: the last part of its path, as plain as can be. */
static Str clean_file_name(Arena *arena, Str name)
{
    Buf out = buf_new(arena, 256);
    ptrdiff_t slash = MAX(str_find_last_char(name, '/'), str_find_last_char(name, '\\'));
    Str last = utf8_clean(arena, str_from(name, (size_t)(slash + 1)));
    size_t from = last.length > 200 ? last.length - 200 : 0;
    while (from && from < last.length && ((unsigned char)last.at[from] & 0xC0) == 0x80)
        from++;
    for (size_t i = from; i < last.length; i++) {
        char c = last.at[i];
        buf_add_char(&out, (unsigned char)c < ' ' || c == 0x7f || c == '"' ? '_' : c);
    }
    return out.length ? buf_str(&out) : S("file");
}

static Str clean_type(Str type)
{
    bool is_plain = type.length && type.length <= 100 && str_find_char(type, '/') > 0;
    for (size_t i = 0; i < type.length; i++)
        is_plain = is_plain && type.at[i] >= ' ' && type.at[i] < 0x7f;
    return is_plain ? type : S("application/octet-stream");
}

static bool is_known(const ModelField *fields, size_t count, Str name)
{
    for (size_t i = 0; i < count && !str_ends(name, S("[]")); i++)
        if (str_equal(fields[i].name, name))
            return true;
    return false;
}

static bool read_field(Arena *arena, const MultipartPart *part, ModelField *field, Error *err)
{
    const MultipartHead *head = &part->head;
    if (!is_name(head->field))
        return fail(err, ERROR_INVALID, "a part of the form has a name that no field has");
    *field = (ModelField){ .name = head->field, .value = part->bytes };
    if (head->has_file_name) {
        field->file_name = clean_file_name(arena, head->file_name);
        field->media_type = clean_type(head->media_type);
        return true;
    }
    if (part->bytes.length > TEXT_MAX)
        return fail(err, ERROR_TOO_LARGE, "the field '" STR_FMT "' has more than %zu bytes",
                    STR_ARG(head->field), TEXT_MAX);
    return utf8_is_valid(part->bytes) ||
           fail(err, ERROR_INVALID, "the field '" STR_FMT "' is no valid UTF-8",
                STR_ARG(head->field));
}

bool form_read(Arena *arena, const ModelRequest *request, Str body,
               ModelField fields_r[FORM_FIELDS_MAX], size_t *count_r, Error *err)
{
    MultipartParts parts;
    size_t count = 0;
    if (!multipart_split(arena, request->form_type, body, FORM_FIELDS_MAX, &parts, err))
        return false;
    for (size_t i = 0; i < parts.count; i++) {
        ModelField *field = &fields_r[count];
        if (!read_field(arena, &parts.at[i], field, err))
            return false;
        if (is_known(fields_r, count, field->name))
            return fail(err, ERROR_INVALID, "the form has the field '" STR_FMT "' twice",
                        STR_ARG(field->name));
        count++;
    }
    *count_r = count;
    return true;
}

/* --- Writing --- */

/* 128 random bits: nobody can have put that line into a file. */
FormWriter form_begin(Arena *arena, Buf *out, Str *type_r)
{
    unsigned char noise[16];
    random_bytes(noise, sizeof noise);
    Str hex = str_hex(arena, noise, sizeof noise);
    FormWriter form = { out, str_format(arena, "lectern-" STR_FMT, STR_ARG(hex)) };
    *type_r = str_format(arena, "multipart/form-data; boundary=" STR_FMT, STR_ARG(form.boundary));
    return form;
}

void form_add(FormWriter *form, const ModelField *field)
{
    Buf *out = form->out;
    buf_addf(out, "--" STR_FMT "\r\nContent-Disposition: form-data; name=\"" STR_FMT "\"",
             STR_ARG(form->boundary), STR_ARG(field->name));
    if (field->file_name.length)
        buf_addf(out, "; filename=\"" STR_FMT "\"\r\nContent-Type: " STR_FMT,
                 STR_ARG(field->file_name), STR_ARG(field->media_type));
    buf_add(out, S("\r\n\r\n"));
    buf_add(out, field->value);
    buf_add(out, S("\r\n"));
}

void form_end(FormWriter *form)
{
    buf_addf(form->out, "--" STR_FMT "--\r\n", STR_ARG(form->boundary));
}
