/* tiny_model_test.c - see tiny_model.h. */
#include "encode/tiny_model.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/file.h"
#include "base/json.h"

static const char config_text[] =
    "{\"model_type\":\"bert\",\"hidden_act\":\"gelu\",\"num_hidden_layers\":2,\"hidden_size\":32,"
    "\"num_attention_heads\":2,\"intermediate_size\":80,\"max_position_embeddings\":64,"
    "\"layer_norm_eps\":1e-12}";

static const char pair_config_text[] =
    "{\"model_type\":\"bert\",\"hidden_act\":\"gelu\",\"num_hidden_layers\":2,\"hidden_size\":32,"
    "\"num_attention_heads\":2,\"intermediate_size\":80,\"max_position_embeddings\":64,"
    "\"layer_norm_eps\":1e-12,\"architectures\":[\"BertForSequenceClassification\"],"
    "\"id2label\":{\"0\":\"LABEL_0\"}}";

static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nwater\npump\nmust\nbe\n"
                            "inspected\nevery\nsix\nmonths\nby\na\nperson\nwho\nhas\nread\n"
                            "this\nmanual\n,\n.\n##s\n##ed\n##ing\ncheck\n";

typedef struct Writing {
    Arena *arena;
    const TinyDamage *damage;
    JsonWriter *json;
    Buf *data;
    uint64_t random;
} Writing;

float tiny_random(uint64_t *state)
{
    float sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        sum += (float)(*state >> 40) / (float)(1 << 24) - 0.5f;
    }
    return sum;
}

static bool is(const char *damaged, const char *name) { return damaged && !strcmp(damaged, name); }

/* A tensor of random values around `middle`. */
static void add_tensor(Writing *writing, const char *name, size_t rows, size_t columns,
                       float middle)
{
    if (is(writing->damage->leave_out, name))
        return;
    columns += is(writing->damage->reshape, name);
    size_t begin = writing->data->length, count = MAX(rows, (size_t)1) * columns;
    for (size_t i = 0; i < count; i++) {
        float value = middle + tiny_random(&writing->random) * 0.3f;
        if (i == 3 && is(writing->damage->not_a_number, name))
            value = NAN;
        buf_add_bytes(writing->data, &value, sizeof value);
    }
    put_object(writing->json, name);
    put_text(writing->json, "dtype", S("F32"));
    put_array(writing->json, "shape");
    if (rows)
        put_int(writing->json, NULL, (int64_t)rows);
    put_int(writing->json, NULL, (int64_t)columns);
    put_end(writing->json);
    put_array(writing->json, "data_offsets");
    put_int(writing->json, NULL, (int64_t)begin);
    put_int(writing->json, NULL, (int64_t)writing->data->length);
    put_end(writing->json);
    put_end(writing->json);
}

static void add_pair(Writing *writing, const char *name, size_t rows, size_t columns, float middle)
{
    const char *weight = str_format(writing->arena, "%s.weight", name).at;
    const char *bias = str_format(writing->arena, "%s.bias", name).at;
    add_tensor(writing, weight, rows, columns, middle);
    add_tensor(writing, bias, 0, rows ? rows : columns, 0);
}

static void add_layer(Writing *writing, int number)
{
    static const struct {
        const char *name;
        size_t rows, columns;
        float middle;
    } parts[] = {
        { "attention.self.query", TINY_WIDTH, TINY_WIDTH, 0 },
        { "attention.self.key", TINY_WIDTH, TINY_WIDTH, 0 },
        { "attention.self.value", TINY_WIDTH, TINY_WIDTH, 0 },
        { "attention.output.dense", TINY_WIDTH, TINY_WIDTH, 0 },
        { "attention.output.LayerNorm", 0, TINY_WIDTH, 1 },
        { "intermediate.dense", TINY_INNER, TINY_WIDTH, 0 },
        { "output.dense", TINY_WIDTH, TINY_INNER, 0 },
        { "output.LayerNorm", 0, TINY_WIDTH, 1 },
    };
    for (size_t i = 0; i < COUNT(parts); i++)
        add_pair(writing,
                 str_format(writing->arena, "encoder.layer.%d.%s", number, parts[i].name).at,
                 parts[i].rows, parts[i].columns, parts[i].middle);
}

static Str make_file(Arena *arena, const TinyDamage *damage)
{
    Buf header = buf_new(arena, KB(64)), data = buf_new(arena, MB(1)), file = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&header);
    Writing writing = { arena, damage, &json, &data, 42 };
    add_tensor(&writing, "embeddings.word_embeddings.weight", TINY_WORDS, TINY_WIDTH, 0);
    add_tensor(&writing, "embeddings.position_embeddings.weight", TINY_POSITIONS, TINY_WIDTH, 0);
    add_tensor(&writing, "embeddings.token_type_embeddings.weight", 2, TINY_WIDTH, 0);
    add_pair(&writing, "embeddings.LayerNorm", 0, TINY_WIDTH, 1);
    for (int i = 0; i < TINY_LAYERS; i++)
        add_layer(&writing, i);
    if (damage->scores_pairs) {
        add_pair(&writing, "bert.pooler.dense", TINY_WIDTH, TINY_WIDTH, 0);
        add_pair(&writing, "classifier", 1, TINY_WIDTH, 0);
    }
    put_end(&json);
    uint64_t header_length = header.length;
    buf_add_bytes(&file, &header_length, sizeof header_length);
    buf_add(&file, buf_str(&header));
    buf_add(&file, buf_str(&data));
    cr_assert(!file.overflowed);
    return str_slice(buf_str(&file), 0, file.length - damage->cut_bytes);
}

static void put_file(Arena *arena, const char *folder, Str name, Str bytes)
{
    Error err = { 0 };
    cr_assert(file_write(path_join(arena, str(folder), name), bytes, 0600, &err), "%s",
              err.message);
}

const char *tiny_model_write(Arena *arena, const TinyDamage *damage)
{
    static const TinyDamage none = { 0 };
    damage = damage ? damage : &none;
    char *folder = str_c(arena, S("/tmp/lectern-tiny-XXXXXX"));
    cr_assert_not_null(mkdtemp(folder));
    Buf vocab = buf_new(arena, KB(64));
    buf_add(&vocab, S(words));
    for (size_t i = 0; i < damage->extra_words; i++)
        buf_addf(&vocab, "word%zu\n", i);
    put_file(arena, folder, S("vocab.txt"), buf_str(&vocab));
    const char *config = damage->scores_pairs ? pair_config_text : config_text;
    put_file(arena, folder, S("config.json"), str(damage->config ? damage->config : config));
    put_file(arena, folder, S("model.safetensors"), make_file(arena, damage));
    return folder;
}

void tiny_model_remove(const char *folder)
{
    Error err = { 0 };
    cr_assert(folder_remove(folder, &err), "%s", err.message);
}
