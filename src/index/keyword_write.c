/* keyword_write.c - writing and merging keyword segments; see keyword_segment.h. */
#include "index/keyword_segment.h"

#include <assert.h>

void keyword_write_begin(KeywordWriter *w, const uint64_t *keys, const uint32_t *lengths,
                         const uint8_t *languages, uint32_t document_count)
{
    *w = (KeywordWriter){ .lengths = lengths, .last_document = UINT32_MAX };
    memcpy(w->head.magic, "LKEYWRD2", 8);
    w->head.document_count = document_count;
    for (uint32_t i = 0; i < document_count; i++)
        w->head.total_length += lengths[i];
    w->average = document_count ? (float)w->head.total_length / (float)document_count : 1;
    bytes_grow(&w->out, sizeof(w->head));
    w->head.keys = w->out.length;
    bytes_add(&w->out, keys, (size_t)document_count * 8);
    w->head.lengths = w->out.length;
    bytes_add(&w->out, lengths, (size_t)document_count * 4);
    bytes_align(&w->out, 8);
    w->head.languages = w->out.length;
    bytes_add(&w->out, languages, document_count);
    bytes_align(&w->out, 8);
}

static uint8_t width_of(uint32_t most) { return most < 0x100 ? 1 : most < 0x10000 ? 2 : 4; }

static void add_narrow(Bytes *out, const uint32_t *values, uint32_t count, uint8_t width)
{
    for (uint32_t i = 0; i < count; i++)
        bytes_add(out, &values[i], width); /* little-endian: the low bytes come first */
}

static float share(const KeywordWriter *w, uint32_t document, uint32_t count)
{
    float tf = (float)count, length = (float)w->lengths[document] / MAX(w->average, 1e-6f);
    return tf / (tf + KEYWORD_K1 * (1 - KEYWORD_B + KEYWORD_B * length));
}

static void flush_block(KeywordWriter *w)
{
    KeywordPostings *pending = &w->pending;
    uint32_t gaps[KEYWORD_BLOCK], most_gap = 0, most_count = 0;
    if (!pending->count)
        return;
    KeywordBlock block = { pending->documents[pending->count - 1], 0, w->postings.length,
                           w->positions.length };
    uint32_t next = w->last_document + 1; /* 0 after UINT32_MAX */
    for (uint32_t i = 0; i < pending->count; i++) {
        gaps[i] = pending->documents[i] - next;
        next = pending->documents[i] + 1;
        most_gap = MAX(most_gap, gaps[i]);
        most_count = MAX(most_count, pending->counts[i]);
        block.bound = MAX(block.bound, share(w, pending->documents[i], pending->counts[i]));
    }
    uint8_t widths[2] = { width_of(most_gap), width_of(most_count) };
    bytes_add(&w->postings, widths, 2);
    add_narrow(&w->postings, gaps, pending->count, widths[0]);
    add_narrow(&w->postings, pending->counts, pending->count, widths[1]);
    bytes_add(&w->positions, w->pending_positions.at, w->pending_positions.length);
    bytes_add(&w->blocks, &block, sizeof(block));
    w->head.block_count++;
    w->last_document = block.last_document;
    w->pending_positions.length = 0;
    pending->count = 0;
}

void keyword_write_term(KeywordWriter *w, Str text, Str form, uint32_t form_document)
{
    flush_block(w);
    uint32_t offset = (uint32_t)w->term_texts.length;
    KeywordTerm info = { 0, w->head.block_count, (uint32_t)w->forms.length, form_document };
    assert(w->term_texts.length + text.length < UINT32_MAX);
    assert(w->forms.length + form.length < UINT32_MAX);
    bytes_add(&w->forms, form.at, form.length);
    bytes_add(&w->term_offsets, &offset, sizeof(offset));
    bytes_add(&w->term_texts, text.at, text.length);
    bytes_add(&w->infos, &info, sizeof(info));
    w->head.term_count++;
    w->last_document = UINT32_MAX;
}

void keyword_write_posting(KeywordWriter *w, uint32_t document, uint32_t count, Str positions)
{
    if (w->pending.count == KEYWORD_BLOCK)
        flush_block(w);
    w->pending.documents[w->pending.count] = document;
    w->pending.counts[w->pending.count++] = count;
    bytes_add(&w->pending_positions, positions.at, positions.length);
    KeywordTerm info;
    uint8_t *last = w->infos.at + w->infos.length - sizeof(info);
    memcpy(&info, last, sizeof(info));
    info.document_count++;
    memcpy(last, &info, sizeof(info));
}

static uint64_t add_section(Bytes *out, Bytes *section)
{
    uint64_t offset = out->length;
    bytes_add(out, section->at, section->length);
    bytes_align(out, 8);
    free(section->at);
    return offset;
}

Bytes keyword_write_end(KeywordWriter *w)
{
    flush_block(w);
    uint32_t offset = (uint32_t)w->term_texts.length;
    KeywordTerm last = { 0, w->head.block_count, (uint32_t)w->forms.length, 0 };
    KeywordBlock end = { UINT32_MAX, 0, w->postings.length, w->positions.length };
    bytes_add(&w->infos, &last, sizeof(last));
    bytes_add(&w->term_offsets, &offset, sizeof(offset));
    bytes_add(&w->blocks, &end, sizeof(end));
    w->head.term_offsets = add_section(&w->out, &w->term_offsets);
    w->head.term_texts = add_section(&w->out, &w->term_texts);
    w->head.forms = add_section(&w->out, &w->forms);
    w->head.infos = add_section(&w->out, &w->infos);
    w->head.blocks = add_section(&w->out, &w->blocks);
    w->head.postings = add_section(&w->out, &w->postings);
    w->head.positions = add_section(&w->out, &w->positions);
    w->head.end = w->out.length;
    memcpy(w->out.at, &w->head, sizeof(w->head));
    free(w->pending_positions.at);
    return w->out;
}

/* --- Merging --- */

#define DEAD UINT32_MAX

typedef struct MergeInput {
    const Segment *segment;
    const KeywordView *view;
    uint32_t *renumbered; /* old document to new, DEAD */
    uint32_t term;        /* the next one */
} MergeInput;

typedef struct MergePosting {
    uint32_t document, count;
    Str positions;
} MergePosting;

typedef struct Merge {
    MergeInput *inputs;
    size_t input_count;
    uint64_t *keys;
    uint32_t *lengths;
    uint8_t *languages;
    uint32_t document_count;
    MergePosting *postings; /* of the term at hand */
    size_t posting_count, posting_capacity;
} Merge;

/* The living documents of all inputs in order of keys. */
static void merge_documents(Merge *m)
{
    AUTO_FREE uint32_t *at = heap_alloc((m->input_count + 1) * sizeof(*at));
    for (;;) {
        MergeInput *least = NULL;
        for (size_t i = 0; i < m->input_count; i++) {
            MergeInput *input = &m->inputs[i];
            while (at[i] < input->segment->count && !segment_is_live(input->segment, at[i]))
                input->renumbered[at[i]++] = DEAD;
            if (at[i] < input->segment->count &&
                (!least ||
                 input->segment->names[at[i]] < least->segment->names[at[least - m->inputs]]))
                least = input;
        }
        if (!least)
            return;
        uint32_t old = at[least - m->inputs]++, new = m->document_count++;
        least->renumbered[old] = new;
        m->keys[new] = least->segment->names[old];
        m->lengths[new] = least->view->lengths[old];
        m->languages[new] = least->view->languages[old];
    }
}

/* The bytes of one document's positions at *rest, which moves behind them. */
static Str next_positions(Str *rest)
{
    Str before = *rest;
    (void)keyword_next_positions(rest, NULL, 0);
    return (Str){ before.at, before.length - rest->length };
}

static void collect_postings(Merge *m, const MergeInput *input, const KeywordTerm *info)
{
    KeywordPostings postings;
    for (uint32_t b = 0; b < keyword_block_count(info); b++) {
        keyword_unpack(input->view, info, b, &postings);
        Str rest = keyword_positions(input->view, info->block_first + b);
        for (uint32_t i = 0; i < postings.count; i++) {
            Str positions = next_positions(&rest);
            uint32_t document = input->renumbered[postings.documents[i]];
            if (document == DEAD)
                continue;
            if (m->posting_count == m->posting_capacity) {
                m->posting_capacity = MAX(m->posting_capacity * 2, 1024);
                m->postings = heap_grow(m->postings, m->posting_capacity * sizeof(*m->postings));
            }
            m->postings[m->posting_count++] =
                (MergePosting){ document, postings.counts[i], positions };
        }
    }
}

static int compare_postings(const void *a, const void *b)
{
    const MergePosting *left = a, *right = b;
    return (left->document > right->document) - (left->document < right->document);
}

/* The form of the input that has the term most often, unless its document is dead. */
typedef struct MergeForm {
    Str text;
    uint32_t document, weight;
} MergeForm;

static void choose_form(const MergeInput *input, uint32_t term, const KeywordTerm *info,
                        MergeForm *form)
{
    Str text = keyword_term_form(input->view, term);
    if (info->document_count <= form->weight || info->form_document >= input->segment->count ||
        input->renumbered[info->form_document] == DEAD ||
        str_equal(text, keyword_term_text(input->view, term)))
        return;
    *form = (MergeForm){ text, input->renumbered[info->form_document], info->document_count };
}

/* All inputs' postings of the least term that is left; false when none is. */
static bool merge_term(Merge *m, KeywordWriter *writer)
{
    Str least = STR_NONE;
    for (size_t i = 0; i < m->input_count; i++) {
        const MergeInput *input = &m->inputs[i];
        if (input->term >= input->view->head->term_count)
            continue;
        Str text = keyword_term_text(input->view, input->term);
        if (!least.at || str_compare(text, least) < 0)
            least = text.at ? text : S("");
    }
    if (!least.at)
        return false;
    m->posting_count = 0;
    MergeForm form = { 0 };
    for (size_t i = 0; i < m->input_count; i++) {
        MergeInput *input = &m->inputs[i];
        if (input->term >= input->view->head->term_count ||
            !str_equal(keyword_term_text(input->view, input->term), least))
            continue;
        KeywordTerm info;
        uint32_t term = input->term++;
        if (!keyword_find_term(input->view, least, &info))
            continue;
        choose_form(input, term, &info, &form);
        collect_postings(m, input, &info);
    }
    bool sorted = true;
    for (size_t i = 1; i < m->posting_count; i++)
        sorted &= m->postings[i - 1].document < m->postings[i].document;
    if (!sorted)
        qsort(m->postings, m->posting_count, sizeof(*m->postings), compare_postings);
    if (m->posting_count)
        keyword_write_term(writer, least, form.text, form.document);
    for (size_t i = 0; i < m->posting_count; i++)
        keyword_write_posting(writer, m->postings[i].document, m->postings[i].count,
                              m->postings[i].positions);
    return true;
}

Bytes keyword_merge(Segment *const *segments, size_t count, uint64_t setting)
{
    (void)setting;
    Merge m = { .inputs = heap_alloc(count * sizeof(MergeInput)), .input_count = count };
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t documents = segments[i]->count;
        m.inputs[i] = (MergeInput){ segments[i], segments[i]->view,
                                    heap_alloc((documents + 1) * sizeof(uint32_t)), 0 };
        most += documents;
    }
    m.keys = heap_alloc((most + 1) * sizeof(*m.keys));
    m.lengths = heap_alloc((most + 1) * sizeof(*m.lengths));
    m.languages = heap_alloc(most + 1);
    merge_documents(&m);

    KeywordWriter writer;
    keyword_write_begin(&writer, m.keys, m.lengths, m.languages, m.document_count);
    while (merge_term(&m, &writer))
        ;
    Bytes bytes = keyword_write_end(&writer);
    for (size_t i = 0; i < count; i++)
        free(m.inputs[i].renumbered);
    free(m.inputs), free(m.keys), free(m.lengths), free(m.languages), free(m.postings);
    return bytes;
}
