// summed.js - a document in short: its summary, what happened when, what its terms mean. Each line opens where it stands.
import {h, fill, debounce} from '../dom.js';
import {t, number, duration} from '../texts.js';
import {get, post, remove, address} from '../api.js';
import {on} from '../state.js';
import {problem} from './problem.js';
import {announce} from './live.js';
import {open as openReader, sourceOf} from './reader.js';

const LOOK_EVERY_MS = 700;

export const nothing = (name) => h('div', {class: 'nothing', test: `${name}-none`}, h('h2', {}, t(`${name}.none_title`)), h('p', {}, t(`${name}.none`)));

// The place behind a line; `sources` are stepped through.
export function placeButton(citation, shown) {
  return citation && citation.document && h('button', {class: 'cite', 'aria-label': t('summary.place'), title: citation.place || t('summary.place'), test: 'summed-place',
    onclick: () => openReader(sourceOf(citation))}, shown || citation.place || '¶');
}

const madeBy = (summary) => (['rules', 'encoder'].includes(summary.made_by) ? t('summary.by_rules') : t('summary.by_model', {model: summary.made_by}));

// The statements, in paragraphs or as points under their headings.
export function statements(summary) {
  const isList = summary.form === 'bullets';
  const blocks = [];
  let heading = null;
  const several = new Set(summary.sentences.map((one) => one.heading)).size > 1;
  for (const one of summary.sentences) {
    const isNew = one.heading !== heading;
    heading = one.heading;
    if (isList && several && isNew && heading) blocks.push(h('h3', {}, heading));
    if (!blocks.length || isNew || !['UL', 'P'].includes(blocks.at(-1).tagName)) blocks.push(h(isList ? 'ul' : 'p', {}));
    const marks = one.citations.map((n) => placeButton(summary.citations[n - 1], n));
    const line = [one.text, '\u00a0', marks];
    blocks.at(-1).append(...(isList ? [h('li', {}, line)] : [h('span', {}, line), ' ']));
  }
  return h('div', {class: 'summed book', test: 'summary-text'}, blocks);
}

function choice(name, values, chosen, change) {
  return h('div', {class: 'row', role: 'group', 'aria-label': t(`summary.${name}`)}, values.map((value) =>
    h('button', {class: 'small', 'aria-pressed': String(value === chosen), onclick: () => change(value), test: `summary-${value}`}, t(`summary.${value}`))));
}

class SummaryShow {
  constructor(body, one, view) {
    Object.assign(this, {body, one, view, length: 'medium', form: 'prose', running: null});
    this.controls = h('div', {class: 'row wrap'});
    this.status = h('p', {class: 'summed-status', role: 'status', test: 'summary-status'});
    this.text = h('div', {});
    fill(body, h('div', {class: 'summed-page'}, this.controls, this.status, this.text));
    view.undoShow.add(() => clearTimeout(this.timer));
    view.undoShow.add(on('event:summary', ({id}) => { if (id === this.running) this.look(id); }));
  }

  get wish() { return {length: this.length, form: this.form}; }

  change(changes) {
    Object.assign(this, changes);
    clearTimeout(this.timer);
    this.load().catch((error) => { if (error.name !== 'AbortError') fill(this.text, problem(error, () => this.change({}))); });
  }

  async load() {
    this.show(await get(`/v1/documents/${this.one.id}/summary`, this.wish, this.view.signal));
  }

  async write() {
    try {
      this.show(await post('/v1/summarize', {document: this.one.id, ...this.wish}));
    } catch (error) {
      fill(this.text, problem(error, () => this.write()));
    }
  }

  async look(id) {
    clearTimeout(this.timer);
    try {
      this.show({...(await get(`/v1/summaries/${id}`, {}, this.view.signal)), before: this.summary});
    } catch (error) {
      if (error.name !== 'AbortError') fill(this.status, error.message);
    }
  }

  async stop(id) {
    clearTimeout(this.timer);
    await remove(`/v1/summaries/${id}`);
    fill(this.status, t('summary.stopped'));
    this.paintControls(false);
  }

  paintControls(isRunning) {
    fill(this.controls, choice('length', ['short', 'medium', 'long'], this.length, (length) => this.change({length})),
      choice('form', ['prose', 'bullets'], this.form, (form) => this.change({form})), h('span', {class: 'gap'}),
      this.hasService && !isRunning && h('button', {class: 'small', onclick: () => this.write(), test: 'summary-write'}, t('summary.write')));
  }

  show(answer) {
    const isRunning = answer.state === 'running';
    this.hasService = answer.has_service;
    this.running = isRunning ? answer.id : null;
    this.summary = answer.summary || answer.before;
    this.paintControls(isRunning);
    if (isRunning) {
      const {stage, done, total, seconds_left: left} = answer.progress;
      const said = stage === 'waiting' || !total ? t('summary.waiting') : t('summary.writing', {done: number(done + 1), total: number(total)});
      fill(this.status, h('progress', {max: total || 1, value: done, 'aria-label': said}), said, left !== null && ` · ${t('summary.left', {time: duration(left)})}`, ' ',
        h('button', {class: 'small', onclick: () => this.stop(answer.id), test: 'summary-stop'}, t('do.cancel')));
      this.timer = setTimeout(() => this.look(answer.id), LOOK_EVERY_MS);
    } else {
      const {dropped, notice} = this.summary || {};
      fill(this.status, answer.state === 'done' ? [madeBy(this.summary), dropped > 0 && t('summary.dropped', {count: dropped, shown: number(dropped)}), notice].filter(Boolean).join(' · ') : `${t('summary.failed')}: ${answer.error || ''}`);
      if (answer.id) announce(t('document.show_summary'));
    }
    fill(this.text, this.summary && this.summary.sentences.length ? statements(this.summary) : nothing('summary'));
  }
}

export async function showSummary(body, one, view) {
  await new SummaryShow(body, one, view).load();
}

// "3 May 1874", "1874", "May 1874": as finely as it was said.
function when(event) {
  const [year, month, day] = event.start.slice(0, 10).split('-').map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year);
  const parts = {century: {year: 'numeric'}, decade: {year: 'numeric'}, year: {year: 'numeric'}, quarter: {year: 'numeric', month: 'short'}, month: {year: 'numeric', month: 'short'}};
  return new Intl.DateTimeFormat('en-GB', {timeZone: 'UTC', ...(parts[event.grain] || {year: 'numeric', month: 'short', day: 'numeric'})}).format(date);
}

export async function showTimeline(body, one, view) {
  const {items, total} = await get(`/v1/documents/${one.id}/timeline`, {}, view.signal);
  if (!items.length) return fill(body, nothing('timeline'));
  fill(body, h('div', {class: 'summed-page'}, h('p', {class: 'summed-status'}, t('timeline.total', {count: total, shown: number(total)})),
    h('ol', {class: 'timeline', test: 'timeline'}, items.map((event) => h('li', {}, h('time', {datetime: event.start, title: event.date}, when(event)),
      h('p', {}, event.text, '\u00a0', placeButton(event.citations[0]), event.ambiguous && h('small', {}, ` (${t('timeline.ambiguous')})`)))))));
}

export async function showGlossary(body, one, view) {
  const {items} = await get(`/v1/documents/${one.id}/glossary`, {}, view.signal);
  if (!items.length) return fill(body, nothing('glossary'));
  const list = h('dl', {class: 'glossary', test: 'glossary'});
  const find = h('input', {type: 'search', 'aria-label': t('glossary.find'), placeholder: t('glossary.find'), test: 'glossary-find'});
  const paint = () => fill(list, items.filter((one_) => `${one_.term} ${one_.expansion || ''}`.toLowerCase().includes(find.value.trim().toLowerCase())).map((term) =>
    h('div', {}, h('dt', {}, term.term, h('small', {}, t('glossary.uses', {count: term.uses, shown: number(term.uses)}))),
      h('dd', {}, term.expansion && h('b', {}, term.expansion), h('p', {}, term.definition, '\u00a0', term.citations.map((citation) => placeButton(citation)))))));
  find.addEventListener('input', debounce(80, paint));
  fill(body, h('div', {class: 'summed-page'}, items.length > 8 && find, list));
  paint();
}

export const compareAddress = (left, right) => address('/compare', {left, right});
