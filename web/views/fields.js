// fields.js - what is kept of many documents by one schema: a table to look over, to fill by a run of the server, and to take
// away as CSV. ?run= in the address follows a run.
import {h, fill, cleanup} from '../dom.js';
import {t, number, duration} from '../texts.js';
import {get, post, all} from '../api.js';
import {state, mayWrite} from '../state.js';
import {go, withQuery} from '../router.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {announce} from '../parts/live.js';
import {schemaTitle, shown} from '../parts/fields.js';

const LOOK_MS = 1500;
const GROWS_TO = 300;  // rows that are painted anew while a run goes on; a longer table comes at its end

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
    this.undo.add(() => clearTimeout(this.later));
    this.query = query;
    this.schema = query.schema || 'invoice';
    const collection = state.collections.find((one) => one.id === query.collection);
    this.head = top(collection ? t('fields.of', {name: collection.name}) : t('fields.title'));
    this.bar = h('div', {class: 'row wrap value-bar'});
    this.status = h('div', {class: 'status row wrap', role: 'status', test: 'fields-status'});
    this.body = h('div', {class: 'scroll'}, h('div', {class: 'bone'}));
    fill(root, this.head.element, h('div', {class: 'finder'}, this.bar, this.status), this.body);
    this.load();
  }

  async load() {
    try {
      if (this.query.run) {
        this.run = await get(`/v1/runs/${this.query.run}`, {}, this.aborter.signal);
        this.schema = this.run.subject;
      }
      const {items} = await get('/v1/fields/schemas', {}, this.aborter.signal);
      this.known = items.find((one) => one.name === this.schema);
      this.paintBar(items);
      if (this.run) await this.follow();
      else await this.paintTable();
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.load()));
    }
  }

  exportAddress(list) {
    if (this.run) return `/v1/runs/${this.run.id}/results?${new URLSearchParams({format: 'csv', ...(list && {list})})}`;
    const query = new URLSearchParams({format: 'csv', ...(this.query.collection && {collection: this.query.collection}), ...(list && {list})});
    return `/v1/fields/${encodeURIComponent(this.schema)}?${query}`;
  }

  paintBar(schemas) {
    const names = [...new Set([...schemas.map((one) => one.name), this.schema])];
    const link = (list) => h('a', {class: 'button', href: this.exportAddress(list), download: `${list || this.schema}.csv`, test: list ? 'fields-lines' : 'fields-csv'},
      list ? t('fields.lines', {name: list}) : t('fields.csv'));
    fill(this.bar, h('select', {'aria-label': t('fields.schema'), onchange: (event) => go(withQuery({schema: event.target.value, run: null})), test: 'fields-schema'},
      names.map((name) => h('option', {value: name, selected: name === this.schema}, schemaTitle(name)))),
    link(''), this.known && listsOf(this.known.schema).map(link),
    mayWrite() && this.known && h('button', {class: 'primary', onclick: (event) => this.readAll(event.currentTarget), test: 'fields-read-all'}, t('fields.collection_read')));
  }

  async paintTable() {
    const items = this.run ? (await all(`/v1/runs/${this.run.id}/results`, {state: 'done'})).filter((item) => item.result)
      : await all(`/v1/fields/${encodeURIComponent(this.schema)}`, this.query.collection ? {collection: this.query.collection} : {});
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

  // The server goes on with it when the page is left; the tray shows it too.
  async readAll(button) {
    button.disabled = true;
    try {
      const run = await post('/v1/fields/runs', {schema: this.schema, ...(this.query.collection && {collection: this.query.collection})});
      go(withQuery({run: run.id}));
    } catch (error) {
      fill(this.body, problem(error));
      button.disabled = false;
    }
  }

  paintRun() {
    const {run} = this;
    const going = run.state === 'waiting' || run.state === 'running';
    const over = run.done + run.failed;
    const words = t('fields.collection_progress', {done: number(over), total: number(run.total)});
    const cancel = () => post(`/v1/runs/${run.id}/cancel`).then(() => this.follow()).catch((error) => fill(this.body, problem(error)));
    this.stop ||= h('button', {class: 'small', onclick: cancel, test: 'fields-cancel'}, t('do.cancel'));
    fill(this.status, h('span', {}, words), going && h('progress', {max: run.total, value: over, 'aria-label': words}),
      going && run.seconds_left !== null && h('span', {class: 'number'}, t('tray.left', {time: duration(run.seconds_left)})),
      run.failed > 0 && h('span', {data: {tone: 'bad'}}, t('fields.collection_failed', {count: run.failed, shown: number(run.failed)})),
      !going && run.state !== 'done' && h('span', {}, t(run.state === 'failed' ? 'stage.job_failed' : 'stage.cancelled')),
      going && mayWrite() && this.stop);
    return going;
  }

  async follow() {
    clearTimeout(this.later);
    this.run = await get(`/v1/runs/${this.run.id}`, {}, this.aborter.signal);
    const going = this.paintRun();
    if (this.painted !== this.run.done && (!going || this.run.done <= GROWS_TO)) {
      this.painted = this.run.done;
      await this.paintTable();
    }
    if (!going) return announce(t('fields.collection_progress', {done: number(this.run.done + this.run.failed), total: number(this.run.total)}));
    this.later = setTimeout(() => this.follow().catch((error) => { if (error.name !== 'AbortError') fill(this.body, problem(error, () => this.load())); }), LOOK_MS);
  }
}

export function render(root, params) {
  const view = new FieldsView(root, params.query);
  return {cleanup: view.undo, title: t('fields.title'), focus: view.head.heading};
}
