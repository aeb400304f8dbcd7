/* form.c - what happened, in the form that a webhook wants; see webhook.h. */
#include "base/json.h"
#include "net/url.h"
#include "webhook/webhook_int.h"

#define MESSAGE_MAX KB(16)

static const char *const names[] = {
#define WEBHOOK_FORM(name, title) #name,
#include "webhook/forms.def"
#undef WEBHOOK_FORM
};

bool webhook_form_check(Str form, Error *err)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(form, names[i]))
            return true;
    return fail_field(err, "form", "'form' is standard or slack");
}

/* Slack reads & < > as marks of its own. */
static void add_text(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        const char *mark = text.at[i] == '&'   ? "&amp;"
                           : text.at[i] == '<' ? "&lt;"
                           : text.at[i] == '>' ? "&gt;"
                                               : NULL;
        if (mark)
            buf_add(out, str(mark));
        else
            buf_add_char(out, text.at[i]);
    }
}

static Str slack_message(Arena *arena, Str kind, const json_t *event)
{
    Buf text = buf_new(arena, MESSAGE_MAX), out = buf_new(arena, MESSAGE_MAX * 3);
    Str title = json_member_text(event, "title"), body = json_member_text(event, "text");
    buf_add_char(&text, '*');
    add_text(&text, title.length ? title : kind);
    buf_add_char(&text, '*');
    if (body.length)
        buf_add_char(&text, '\n');
    add_text(&text, str_slice(body, 0, MESSAGE_MAX / 8));
    JsonWriter json = put_begin(&out);
    put_text(&json, "text", buf_str(&text));
    put_end(&json);
    return buf_str(&out);
}

Str webhook_in_form(Arena *arena, const Webhook *hook, Str kind, Str body)
{
    AUTO_JSON json_t *event = NULL;
    Error none;
    if (!str_is(hook->form, "slack"))
        return body;
    bool is_read = json_parse(body, WEBHOOK_BODY_MAX, &event, &none);
    return slack_message(arena, kind, is_read ? event : NULL);
}

Str webhooks_body(const Webhooks *webhooks, Arena *arena, Str body)
{
    AUTO_JSON json_t *event = NULL;
    Str base = webhooks->options.public_url;
    Error none;
    if (!base.length || !json_parse(body, WEBHOOK_BODY_MAX, &event, &none))
        return body;
    Str link = json_member_text(event, "link");
    if (!str_starts(link, S("/")))
        return body;
    Str whole = url_join(arena, base, link);
    json_object_set_new(event, "link", json_stringn(whole.at, whole.length));
    return json_print(arena, event);
}
