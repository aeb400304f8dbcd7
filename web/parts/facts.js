// facts.js - what a document says of itself, under headings; numbers, dates and places as people read them.
import {h} from '../dom.js';
import {t, number, bytes, fullDate, factDate, clock, percentText, languageName} from '../texts.js';
import {collectionName} from '../state.js';
import {icon} from './icons.js';
import {toast} from './toast.js';
import {formatTitle} from './families.js';

// A value with a button that copies it.
export function copied(text, value = text, test = 'copy') {
  const button = h('button', {class: 'icon copy', 'aria-label': t('facts.copy', {text}), title: t('do.copy'), test, onclick: async () => {
    try {
      await navigator.clipboard.writeText(value);
      toast(t('keys_api.copied'));
    } catch {
      getSelection().selectAllChildren(button.previousSibling);
      toast(t('facts.selected'));
    }
  }}, icon('copy'));
  return h('span', {class: 'copyable'}, h('span', {}, text), button);
}

const plain = (value) => {
  const parsed = Number(value);
  if (!Number.isFinite(parsed)) return value;
  return new Intl.NumberFormat('en', {maximumSignificantDigits: Math.abs(parsed) >= 1e6 ? 21 : 6}).format(parsed);
};

// "1/75" as cameras write it.
function fraction(value) {
  const seconds = Number(value);
  return seconds > 0 && seconds < 0.5 ? `1/${number(Math.round(1 / seconds))}` : plain(value);
}

function colors(value) {
  return h('span', {class: 'swatches'}, value.split(',').map((part) => {
    const [, hex, share] = part.match(/(#[0-9a-f]{6})\s*(.*)/i) || [];
    if (!hex) return part;
    const patch = h('i', {class: 'swatch', 'aria-hidden': 'true'});
    patch.style.setProperty('--swatch', hex);
    return h('span', {}, patch, `${hex} ${share}`);
  }));
}

const BY_KEY = {
  unpacked_size: (value) => bytes(Number(value)),
  exposure_time: fraction,
  f_number: (value) => `f/${plain(value)}`,
  ocr_confidence: (value) => percentText(Number(value)),
  language: languageName,
  colors,
};
const BY_TYPE = {
  date: factDate,
  seconds: (value) => clock(Number(value)),
  whole: plain,
  number: plain,
  text: (value) => value,
};

export function factValue({key, type, value}) {
  return (BY_KEY[key] || BY_TYPE[type] || BY_TYPE.text)(value);
}

// Width and height are one fact to people, and so are latitude and longitude.
function paired(facts) {
  const found = (key) => facts.find((one) => one.key === key);
  const [width, height, latitude, longitude] = ['width', 'height', 'latitude', 'longitude'].map(found);
  const rows = [];
  for (const fact of facts) {
    if (fact === height && width) continue;
    if (fact === longitude && latitude) continue;
    if (fact === width && height) rows.push({...fact, title: t('facts.pixels'), shown: `${plain(width.value)} × ${plain(height.value)}`});
    else if (fact === latitude && longitude) rows.push({...fact, title: t('facts.coordinates'), shown: coordinates(latitude, longitude)});
    else rows.push({...fact, shown: factValue(fact)});
  }
  return rows;
}

function coordinates(latitude, longitude) {
  const round = (one) => Number(one.value).toFixed(5);
  const side = (one, plus, minus) => `${Math.abs(Number(one.value)).toFixed(5)}° ${Number(one.value) < 0 ? minus : plus}`;
  return copied(`${side(latitude, 'N', 'S')}, ${side(longitude, 'E', 'W')}`, `${round(latitude)}, ${round(longitude)}`, 'copy-coordinates');
}

function section(title, rows) {
  const list = rows.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false);
  return list.length > 0 && h('section', {class: 'fact-group'}, h('h2', {}, title),
    h('dl', {class: 'facts'}, list.map(([name, value, key]) => [h('dt', {}, name), h('dd', {data: key ? {key} : {}}, value)])));
}

function fileRows(one) {
  const format = h('span', {}, (one.format || '').toUpperCase());
  if (one.format) formatTitle(one.format).then((title) => { format.textContent = title; });
  return [
    [t('documents.name'), one.name], [t('documents.title'), one.title !== one.name && one.title], [t('document.path'), one.path !== one.name && one.path],
    [t('document.format'), one.format && format], [t('document.media_type'), one.media_type], [t('document.size'), bytes(one.size)],
    [t('document.pages'), one.pages > 0 && number(one.pages)], [t('document.language'), one.searchable && one.language && languageName(one.language)],
    [t('documents.collection'), collectionName(one.collection)], [t('document.passages'), one.chunks > 0 && number(one.chunks)],
    [t('document.files'), one.children > 0 && number(one.children)], [t('document.version'), one.version > 1 && number(one.version)],
    [t('document.date'), fullDate(one.document_date)], [t('document.added'), fullDate(one.created_at)], [t('document.changed'), fullDate(one.updated_at)],
    [t('document.checksum'), one.sha256 && copied(one.sha256, one.sha256, 'copy-checksum')],
  ];
}

// file: whether what the server knows of the file comes last.
export function factList(one, {file = true} = {}) {
  const groups = new Map();
  for (const fact of paired(one.facts || [])) {
    if (!groups.has(fact.group)) groups.set(fact.group, []);
    groups.get(fact.group).push([fact.title, fact.shown, fact.key]);
  }
  return h('div', {class: 'fact-groups pad', test: 'details'}, [...groups].map(([title, rows]) => section(title, rows)),
    (file || !groups.size) && section(t('facts.file'), fileRows(one)));
}
