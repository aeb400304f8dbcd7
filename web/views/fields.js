// fields.js - what is kept of many documents by one schema: a table to look over, to fill, and to take away as CSV.
import {h, fill, cleanup} from '../dom.js';
import {t, number} from '../texts.js';
import {get, post, all} from '../api.js';
import {state, mayWrite} from '../state.js';
import {go, withQuery} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {schemaTitle, shown} from '../parts/fields.js';

const STEP = 10;  // documents asked for at once

// Members of a schema that are one value each: "seller.name".
function columnsOf(schema, path = '') {
  return Object.entries(schema.properties || {}).flatMap(([name, member]) => {
    const at = path ? `${path}.${name}` : name;
    if (member.type === 'object') return columnsOf(member, at);
    return member.type === 'array' && member.items && member.items.type === 'object' ? [] : [at];
  });
}
const listsOf = (schema) => Object.entries(schema.properties || {}).filter(([, member]) => member.type === 'array' && member.items && member.items.type === 'object').map(([name]) => name);
const valueAt = (values, path) => path.split('.').reduce((at, name) => (at == null ? at : at[name]), values);
const written = (value) => (Array.isArray(value) ? value.join('; ') : shown(value));

class FieldsView {
  constructor(root, query) {
    this.undo = cleanup();
    this.aborter = new AbortController();
    this.undo.add(() => this.aborter.abort());
    this.query = query;
    this.schema = query.schema || 'invoice';
    const collection = state.collections.find((one) => one.id === query.collection);
    this.head = top(collection ? t('fields.of', {name: collection.name}) : t('fields.title'));
    this.bar = h('div', {class: 'row wrap value-bar'});
    this.status = h('p', {class: 'status', role: 'status', test: 'fields-status'}, '\u00a0');
    this.body = h('div', {class: 'scroll'}, h('div', {class: 'bone'}));
    fill(root, this.head.element, h('div', {class: 'finder'}, this.bar, this.status), this.body);
    this.load();
  }

  async load() {
    try {
      const {items} = await get('/v1/fields/schemas', {}, this.aborter.signal);
      this.known = items.find((one) => one.name === this.schema);
      this.paintBar(items);
      await this.paintTable();
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.load()));
    }
  }

  exportAddress(list) {
    const query = new URLSearchParams({format: 'csv', ...(this.query.collection && {collection: this.query.collection}), ...(list && {list})});
    return `/v1/fields/${encodeURIComponent(this.schema)}?${query}`;
  }

  paintBar(schemas) {
    const names = [...new Set([...schemas.map((one) => one.name), this.schema])];
    const link = (list) => h('a', {class: 'button', href: this.exportAddress(list), download: `${list || this.schema}.csv`, test: list ? 'fields-lines' : 'fields-csv'},
      list ? t('fields.lines', {name: list}) : t('fields.csv'));
    fill(this.bar, h('select', {'aria-label': t('fields.schema'), onchange: (event) => go(withQuery({schema: event.target.value})), test: 'fields-schema'},
      names.map((name) => h('option', {value: name, selected: name === this.schema}, schemaTitle(name)))),
    link(''), this.known && listsOf(this.known.schema).map(link),
    mayWrite() && this.known && h('button', {class: 'primary', onclick: (event) => this.readAll(event.currentTarget), test: 'fields-read-all'}, t('fields.collection_read')));
  }

  async paintTable() {
    const items = await all(`/v1/fields/${encodeURIComponent(this.schema)}`, this.query.collection ? {collection: this.query.collection} : {});
    if (items.length === 0) {
      fill(this.body, h('p', {class: 'pad', test: 'fields-empty'}, t('fields.collection_empty')));
      return;
    }
    const paths = this.known ? columnsOf(this.known.schema) : [...new Set(items.flatMap((item) => columnsOf({properties: {}}).concat(Object.keys(item.result.values))))];
    const used = paths.filter((path) => items.some((item) => valueAt(item.result.values, path) !== undefined));
    fill(this.body, h('div', {class: 'wide-table pad'}, h('table', {class: 'figures', test: 'fields-table'},
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, t('fields.document')), used.map((path) => h('th', {scope: 'col'}, path)))),
      h('tbody', {}, items.map((item) => h('tr', {}, h('th', {scope: 'row'}, h('a', {href: `/documents/${item.document}?show=values`}, item.file)),
        used.map((path) => h('td', {}, written(valueAt(item.result.values, path))))))))));
  }

  // A few at a time: what is read is kept even when the page is left.
  async readAll(button) {
    button.disabled = true;
    let failed = 0;
    try {
      const documents = await all('/v1/documents', this.query.collection ? {collection: this.query.collection} : {});
      for (let at = 0; at < documents.length; at += STEP) {
        const ids = documents.slice(at, at + STEP).map((one) => one.id);
        const {items} = await post('/v1/fields', {schema: this.schema, documents: ids, save: true}, {signal: this.aborter.signal});
        failed += items.filter((item) => item.error).length;
        this.status.textContent = t('fields.collection_progress', {done: number(at + ids.length), total: number(documents.length)});
      }
      if (failed) toast(t('fields.collection_failed', {count: failed, shown: number(failed)}));
      await this.paintTable();
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error));
    }
    button.disabled = false;
  }
}

export function render(root, params) {
  const view = new FieldsView(root, params.query);
  return {cleanup: view.undo, title: t('fields.title'), focus: view.head.heading};
}
