/* otlp_json.c - see otlp_json.h. */
#include "net/otlp_json.h"

void otlp_put_text(JsonWriter *json, const char *key, Str value)
{
    if (!value.length)
        return;
    put_object(json, NULL);
    put_text(json, "key", str(key));
    put_object(json, "value");
    put_text(json, "stringValue", value);
    put_end(json);
    put_end(json);
}

void otlp_put_long(JsonWriter *json, const char *name, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    put_text(json, name, (Str){ digits, (size_t)length });
}

void otlp_put_number(JsonWriter *json, const char *key, int64_t number)
{
    put_object(json, NULL);
    put_text(json, "key", str(key));
    put_object(json, "value");
    otlp_put_long(json, "intValue", number);
    put_end(json);
    put_end(json);
}

JsonWriter otlp_begin(Buf *out, const char *resources, const char *scopes, const char *items,
                      Str scope, Str service_name)
{
    JsonWriter json = put_begin(out);
    put_array(&json, resources);
    put_object(&json, NULL);
    put_object(&json, "resource");
    put_array(&json, "attributes");
    otlp_put_text(&json, "service.name", service_name);
    otlp_put_text(&json, "service.version", S(VERSION));
    put_end(&json);
    put_end(&json);
    put_array(&json, scopes);
    put_object(&json, NULL);
    put_object(&json, "scope");
    put_text(&json, "name", scope);
    put_end(&json);
    put_array(&json, items);
    return json;
}

void otlp_end(JsonWriter *json)
{
    for (int i = 0; i < 6; i++)
        put_end(json);
}
