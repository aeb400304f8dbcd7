// report.js - what a document is and what it names: labels, type, tone, personal data, and each name marked in the text.
import {h, fill} from '../dom.js';
import {t, percentText} from '../texts.js';
import {get, post, call} from '../api.js';
import {mayWrite} from '../state.js';
import {feedback} from '../parts/feedback.js';
import {toast} from '../parts/toast.js';

const TEXT_MOST = 100000;  // bytes that are shown
const percent = (share) => percentText(Math.round(100 * share));

const fact = (name, value, more) => h('div', {}, h('dt', {}, t(name)), h('dd', {}, value, more && h('small', {}, ' ', more)));

function factsOf(said) {
  return h('dl', {class: 'report-facts', test: 'report-facts'},
    fact('report.type', t(`report.type_${said.document_type.label}`), t('report.sure', {percent: percent(said.document_type.confidence)})),
    fact('report.language', said.language || '–'),
    fact('report.sentiment', t(`report.sign_${said.sentiment.label}`), said.sentiment.aspects.map((one) => `${one.name}: ${t(`report.sign_${one.label}`)}`).join(', ')),
    fact('report.personal', t(`report.severity_${said.personal_data.severity}`), said.personal_data.kinds.map((one) => `${t(`report.kind_${one.kind}`)} ${one.count}`).join(', ')),
    fact('report.phrases', said.key_phrases.slice(0, 8).map((one) => one.text).join(' · ') || '–'));
}

// Places are bytes of the text. Fields overlap what their value is, so the first of two that overlap is marked.
function marked(text, entities) {
  const bytes = new TextEncoder().encode(text).slice(0, TEXT_MOST);
  const decoder = new TextDecoder();
  const parts = [];
  let at = 0;
  for (const one of entities) {
    if (one.start < at || one.end > bytes.length) continue;
    parts.push(decoder.decode(bytes.slice(at, one.start)));
    parts.push(h('mark', {class: 'entity', data: {kind: one.kind}, title: t(`report.kind_${one.kind}`), test: 'entity'}, decoder.decode(bytes.slice(one.start, one.end))));
    at = one.end;
  }
  parts.push(decoder.decode(bytes.slice(at)));
  return parts;
}

// Each value once, by kind.
function entityList(entities) {
  const kinds = new Map();
  for (const one of entities) {
    if (!kinds.has(one.kind)) kinds.set(one.kind, new Map());
    kinds.get(one.kind).set(one.value || one.text, one);
  }
  if (!kinds.size) return h('p', {class: 'lead'}, t('report.entities_none'));
  return h('dl', {class: 'report-facts', test: 'report-entities'}, [...kinds].map(([kind, values]) => h('div', {data: {kind}}, h('dt', {}, t(`report.kind_${kind}`)),
    h('dd', {}, [...values].map(([value, one]) => h('span', {class: 'chip', title: one.verified ? t('report.verified') : null}, value, one.verified && ' ✓'))))));
}

function labelRow(one) {
  return h('li', {class: 'line', test: 'report-label', data: {state: one.state}}, h('span', {class: 'line-name'}, h('b', {}, (one.decided || one.labels).join(', ') || '–'), h('small', {}, one.label_set.name)),
    h('span', {class: 'number'}, percent(one.confidence)), one.state === 'asked' ? h('a', {class: 'button small', href: `/labels/asked?set=${one.label_set.id}`}, t('report.state_asked')) : h('span', {class: 'chip'}, t(`report.state_${one.state}`)), feedback({kind: 'class', id: one.id}));
}

// Choosing a set classifies at once.
function classifier(one, sets, changed) {
  const select = h('select', {'aria-label': t('report.by'), test: 'report-set'}, sets.map((set) => h('option', {value: set.id}, set.name)));
  const button = h('button', {class: 'small', test: 'report-classify', onclick: async () => {
    button.setAttribute('aria-busy', 'true');
    await post('/v1/classify', {document: one.id, label_set: select.value}).then(changed, (error) => toast(error.message));
    button.removeAttribute('aria-busy');
  }}, t('report.classify'));
  return h('div', {class: 'row'}, select, button);
}

export async function showReport(root, one, {signal}) {
  const labels = h('ul', {class: 'lines'});
  const [said, {items: sets}, response] = await Promise.all([post('/v1/classify', {document: one.id, keep: false}), get('/v1/label-sets', {}, signal),
    call('GET', `/v1/documents/${one.id}/text`, {signal, headers: {Accept: 'text/plain'}})]);
  const text = await response.text();
  async function paintLabels() {
    const {items} = await get('/v1/classifications', {document: one.id}, signal);
    fill(labels, items.length ? items.map(labelRow) : h('li', {class: 'lead'}, t('report.labels_none')));
  }
  await paintLabels();
  const entities = said.entities.filter((found) => found.kind !== undefined);
  fill(root, h('article', {class: 'report pad', test: 'report'}, h('h2', {}, t('report.title')), factsOf(said),
    h('h2', {}, t('report.labels')), labels, mayWrite() && sets.length > 0 && classifier(one, sets, paintLabels),
    h('h2', {}, t('report.entities')), entityList(entities),
    h('h2', {}, t('report.text')), new TextEncoder().encode(text).length > TEXT_MOST && h('p', {class: 'lead'}, t('report.cut')),
    h('pre', {class: 'plain-text report-text', tabindex: 0, test: 'report-text'}, marked(text, entities))));
}
