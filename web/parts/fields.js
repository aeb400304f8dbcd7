// fields.js - the values of a document: read by a schema, each with how sure it is and its place, corrected by hand.
import {h, fill} from '../dom.js';
import {t, has, list, number, percentText} from '../texts.js';
import {get, post, patch, remove} from '../api.js';
import {mayWrite} from '../state.js';
import {go} from '../router.js';
import {field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

export const schemaTitle = (name) => (has(`fields.schema_${name}`) ? t(`fields.schema_${name}`) : name);
export const shown = (value) => (typeof value === 'object' && value ? JSON.stringify(value) : String(value ?? ''));

// A number stays a number, yes and no stay so, where the value was one.
function typed(text, before) {
  if (text.trim() === '') return null;
  if (typeof before === 'number' && Number.isFinite(Number(text))) return Number(text);
  if (typeof before === 'boolean') return text.trim() === 'true';
  return text;
}

function correct(one, name, entry, changed) {
  formDialog({title: t('fields.correct_title', {path: entry.path}), submit: t('do.save'), test: 'value-form',
    fields: [field({name: 'value', label: t('fields.value'), value: shown(entry.value), hint: t('fields.value_hint')})],
    send: async ({value}) => {
      const result = await patch(`/v1/documents/${one.id}/fields/${name}`, {path: entry.path, value: typed(value, entry.value)});
      toast(t('fields.corrected', {path: entry.path}));
      changed(result);
    }});
}

function marks(entry) {
  if (entry.made_by === 'person') return h('small', {}, t('fields.by_person'));
  const sure = t('fields.sure', {percent: percentText(entry.confidence * 100)});
  return h('small', {data: {tone: entry.confidence < 0.6 || !entry.verified ? 'warn' : 'good'}}, entry.verified ? sure : `${sure}, ${t('fields.unverified')}`);
}

function row(one, name, entry, changed) {
  const {source} = entry;
  const text = shown(entry.value);
  return h('tr', {data: {path: entry.path}, test: 'value'}, h('th', {scope: 'row'}, entry.path),
    h('td', {class: 'value-text'}, source && source.document
      ? h('a', {href: `/documents/${one.id}?start=${source.start}&end=${source.end}`, title: t('fields.show_place', {quote: source.quote}), test: 'value-place'}, text) : text),
    h('td', {}, marks(entry)), h('td', {}, source && source.place),
    h('td', {}, mayWrite() && name && h('button', {class: 'small', onclick: () => correct(one, name, entry, changed), test: 'value-correct',
      'aria-label': t('fields.correct_title', {path: entry.path})}, t('fields.correct'))));
}

// `result`: as POST /v1/fields answers.
function valueTable(one, name, result, changed) {
  const checks = result.checks.map((check) => h('span', {class: 'chip', data: {tone: check.holds ? 'good' : 'warn'}}, t(check.holds ? 'fields.check_holds' : 'fields.check_fails', {what: check.what})));
  return [result.notice && h('p', {class: 'status'}, result.notice),
    result.fields.length === 0 ? h('p', {class: 'pad'}, t('fields.none'))
      : h('div', {class: 'wide-table'}, h('table', {class: 'figures values', test: 'values'}, h('tbody', {}, result.fields.map((entry) => row(one, name, entry, changed))))),
    result.missing.length > 0 && h('p', {class: 'status', test: 'values-missing'}, t('fields.missing', {paths: list(result.missing)})),
    checks.length > 0 && h('div', {class: 'row wrap'}, checks)];
}

async function tableLinks(one, signal) {
  const {items} = await get(`/v1/documents/${one.id}/tables`, {}, signal);
  return items.length > 0 && h('section', {class: 'value-tables', test: 'tables'}, h('h2', {}, t('fields.tables')), h('ul', {}, items.map((table) =>
    h('li', {}, h('a', {href: `/v1/documents/${one.id}/tables/${table.table}.csv`, download: `table-${table.table}.csv`, test: 'table-csv'},
      t('fields.table', {number: number(table.table), rows: number(table.rows), columns: number(table.columns)})), h('small', {}, [table.place, table.head.join(', ')].filter(Boolean).join(' · '))))));
}

// The tab of a document.
export async function showFields(body, one, view) {
  const [{items: schemas}, {items: kept}] = await Promise.all([get('/v1/fields/schemas', {}, view.signal), get(`/v1/documents/${one.id}/fields`, {}, view.signal)]);
  const names = [...new Set([...schemas.map((schema) => schema.name), ...kept.map((item) => item.name)])];
  const results = new Map(kept.map((item) => [item.name, item.result]));
  const place = h('div', {class: 'value-place'});
  const select = h('select', {'aria-label': t('fields.schema'), onchange: () => paint(), test: 'value-schema'}, names.map((name) => h('option', {value: name}, schemaTitle(name))));
  if (kept.length > 0) select.value = kept[0].name;
  const read = h('button', {class: 'primary', onclick: () => run(), test: 'values-read'}, t('fields.read'));
  const forget = h('button', {onclick: () => drop(), test: 'values-forget'}, t('fields.forget'));
  const csv = h('a', {class: 'button', test: 'values-csv'}, t('fields.csv'));

  function paint() {
    const result = results.get(select.value);
    read.textContent = t(result ? 'fields.again' : 'fields.read');
    forget.hidden = csv.hidden = !result || !mayWrite();
    read.hidden = !schemas.some((schema) => schema.name === select.value);
    csv.href = `/fields?schema=${encodeURIComponent(select.value)}${one.collection ? `&collection=${one.collection}` : ''}`;
    fill(place, result ? valueTable(one, mayWrite() && select.value, result, (next) => { results.set(select.value, next); paint(); }) : h('p', {class: 'pad'}, t('fields.empty')));
  }

  async function run() {
    read.setAttribute('aria-busy', 'true');
    try {
      results.set(select.value, await post('/v1/fields', {schema: select.value, document: one.id, save: mayWrite()}, {signal: view.signal}));
      paint();
    } catch (error) {
      if (error.name !== 'AbortError') fill(place, problem(error, run));
    }
    read.removeAttribute('aria-busy');
  }

  async function drop() {
    try {
      await remove(`/v1/documents/${one.id}/fields/${select.value}`);
      results.delete(select.value);
      toast(t('fields.forgotten'));
      paint();
    } catch (error) {
      fill(place, problem(error));
    }
  }

  csv.addEventListener('click', (event) => { event.preventDefault(); go(csv.getAttribute('href')); });
  csv.textContent = t('fields.beside');
  fill(body, h('div', {class: 'value-page', test: 'document-values'}, h('div', {class: 'row wrap'}, select, read, csv, forget), place, await tableLinks(one, view.signal)));
  paint();
}
