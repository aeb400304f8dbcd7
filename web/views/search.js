// search.js - results as one types. The address holds the query, its filters and the row that is open (?at=3).
import {h, fill, say, cleanup, debounce, isNarrow} from '../dom.js';
import {t, number, list} from '../texts.js';
import {post} from '../api.js';
import {bind, walker} from '../keys.js';
import {note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {filters} from '../parts/filters.js';
import {conditions} from '../parts/operators.js';
import {chipsOf, Wrong} from '../parts/understood.js';
import {completion} from '../parts/complete.js';
import {judgedFor, thumbs} from '../parts/judge.js';
import {whyPanel} from '../parts/why.js';
import {FACETS, facetList} from '../parts/facets.js';
import {recentSearches} from '../parts/recent.js';
import {invite} from '../parts/invite.js';
import {state} from '../state.js';
import {scoreBar, legs, marked} from '../parts/score.js';
import {problem} from '../parts/problem.js';
import {noticeLine, notices} from '../parts/notices.js';
import * as reader from '../parts/reader.js';

const LIMIT = 30;
const TYPING_MS = 120;
const FRESH = 0.3;  // of a score may come from how new a document is

function bodyFrom(query, whole) {
  const body = {query: query.q, limit: LIMIT, explain: true};
  if (whole) body.facets = FACETS;
  else body.typing = true;
  if (query.group === 'document') body.group = 'document';
  if (query.fresh) body.fresh = FRESH;
  if (query.mode) body.mode = query.mode;
  if (query.format) body.formats = [query.format];
  if (query.family) body.families = [query.family];
  if (conditions(query).length) body.metadata = conditions(query);
  if (query.collection) body.collections = [query.collection];
  if (query.tag) body.tags = [query.tag];
  if (query.document) body.documents = [query.document];
  if (query.after) body.after = `${query.after}T00:00:00Z`;
  if (query.before) body.before = `${query.before}T23:59:59Z`;
  return body;
}

// "Why" opens under its result; the reader stays as it is.
function whyButton(result) {
  const button = h('button', {class: 'plain small', tabindex: -1, 'aria-expanded': 'false', test: 'why-open', onclick: () => {
    const shown = button.closest('.result').querySelector('.why-panel');
    if (shown) shown.remove();
    else button.closest('.result').append(whyPanel(result));
    button.setAttribute('aria-expanded', String(!shown));
  }}, t('why.open'));
  return button;
}

// Passages elsewhere that say the same, by the names of their documents.
function copies(result) {
  const list = result.copies || [];
  return list.length > 0 && h('details', {class: 'copies', test: 'copies'}, h('summary', {}, t('search.copies', {count: list.length})),
    h('ul', {}, list.map((one) => h('li', {}, h('a', {href: `/documents/${one.document.id}?start=${one.start}&end=${one.end}`}, one.document.name), one.place && h('small', {}, ` ${one.place}`)))));
}

// Of a list of documents: the other passages of each, to open beside.
function passages(result, opened) {
  const list = result.passages || [];
  return list.length > 0 && h('ul', {class: 'passages', 'aria-label': t('search.passages')}, list.map((one) => h('li', {},
    h('button', {class: 'plain', tabindex: -1, test: 'passage', onclick: () => opened(one)}, h('small', {}, one.place), h('span', {}, one.snippet || one.text)))));
}

// A choice that is on or off, kept in the address.
function toggle(name, query, changed) {
  const button = h('button', {class: 'chip', type: 'button', 'aria-pressed': String(Boolean(query[name])), data: {set: query[name] ? 'yes' : 'no'}, test: `toggle-${name}`, title: t(`search.${name}_hint`),
    onclick: () => {
      const on = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(on));
      button.dataset.set = on ? 'yes' : 'no';
      changed({[name]: on ? (name === 'group' ? 'document' : '1') : ''});
    }}, t(`search.${name}`));
  return button;
}

function row(result, index, opened) {
  const place = [result.place, result.heading].filter(Boolean).join(' · ');
  return h('li', {class: 'result', tabindex: -1, data: {index}, test: 'result'},
    h('div', {class: 'result-head'}, h('span', {class: 'result-name'}, result.document.name), h('small', {}, place), scoreBar(result.score)),
    h('p', {class: 'snippet'}, marked(result.snippet || result.text, result.highlights)),
    h('div', {class: 'result-foot'}, legs(result), h('span', {class: 'result-acts'}, result.explanation && whyButton(result))),
    copies(result), passages(result, opened));
}

function statusOf(answer) {
  const count = answer.total ?? answer.results.length;
  const found = t('search.found', {count, shown: number(count)});
  return t('search.status', {found, took: number(Math.max(0.1, Math.round(10 * answer.took_ms) / 10))});
}

function nothing(query) {
  const words = query.q.split(/\s+/).filter((one) => /^["-]/.test(one));
  return h('div', {class: 'nothing', test: 'nothing'}, h('h2', {}, t('search.nothing', {query: query.q})),
    h('p', {}, words.length ? t('search.nothing_strict', {words: list(words)}) : t('search.nothing_text')));
}

export function render(root, {query}) {
  const undo = cleanup();
  let aborter = null;
  let results = [];
  const head = top(t('search.title'), h('a', {class: 'button', href: '/search/measure', test: 'measure'}, t('lab.title')));
  const input = h('input', {type: 'search', value: query.q || '', 'aria-label': t('search.label'), placeholder: t('search.placeholder'), autocomplete: 'off',
                            spellcheck: 'false', maxlength: 2000, 'aria-controls': 'results', data: {slash: 'yes'}, test: 'search-input'});
  const status = h('p', {class: 'status', role: 'status', test: 'search-status'}, t('search.hint'));
  const ol = h('ol', {class: 'results', id: 'results', 'aria-label': t('search.results'), test: 'results'});
  const side = h('details', {class: 'facets', open: !isNarrow(), hidden: true, test: 'facets'});
  const body = h('div', {class: 'scroll pad found'}, side, ol);
  const changed = (values) => {
    note(withQuery({...values, at: null}));
    if ('facts' in values || 'document' in values) paintFilters();
    run();
  };
  const row_ = h('div', {class: 'filter-place'});
  const chips = h('div', {class: 'understood', role: 'group', 'aria-label': t('understood.title'), hidden: true, test: 'understood-row'});
  const wrong = new Wrong(input);
  const complete = completion(input, () => look(false));
  const paintFilters = () => {
    const row = filters(['mode', 'format', 'collection', 'tag', 'quality', 'after', 'before'], here().query, changed);
    row.append(toggle('group', here().query, changed), toggle('fresh', here().query, changed));
    fill(row_, row);
  };
  fill(root, head.element, h('div', {class: 'finder'}, h('form', {class: 'search-box', role: 'search', onsubmit: (event) => { event.preventDefault(); typed.cancel(); complete.close(); look(true).then(() => walk.put(0)); }},
    input, wrong.mirror, complete.list), wrong.sentence, chips, row_, status), body);
  paintFilters();

  // j/k move quickly; the reader follows when they rest.
  const follow = debounce(80, open);
  const walk = walker(ol, '.result', {moved: (_, index) => { if (!isNarrow()) follow(index); }, opened: (one) => open(Number(one.dataset.index))});

  function open(index) {
    const one = results[index];
    if (!one) return;
    ol.querySelectorAll('.result').forEach((other, i) => other.toggleAttribute('data-open', i === index));
    reader.open(reader.sourceOf(one), {
      index, count: results.length,
      step: (by) => { walk.put(index + by, {focus: false, quiet: true}); open(index + by); },
      onclose: () => {
        follow.cancel();
        ol.querySelectorAll('[data-open]').forEach((other) => other.removeAttribute('data-open'));
        note(withQuery({at: null}));
        if (walk.current()) walk.current().focus({preventScroll: true});
      },
    });
    note(withQuery({at: index + 1}));
  }

  function openPassage(index, passage) {
    walk.put(index, {quiet: true});
    reader.open(reader.sourceOf(passage), {});
  }

  // Takes a part of the query away, with the space it leaves behind.
  function forget(start, end) {
    input.value = `${input.value.slice(0, start).trimEnd()} ${input.value.slice(end).trimStart()}`.trim();
    look(true);
    input.focus();
  }

  function add(text) {
    input.value = `${input.value.trim()} ${text}`.trim();
    look(true);
  }

  // Narrowing down, by what the whole query found; while it is typed the counts would only flicker.
  function paintFacets(answer) {
    const groups = facetList(answer, {add, forget});
    fill(side, h('summary', {}, t('facets.title')), groups);
    side.hidden = !groups.length;
  }

  // What was typed may be a slip: the nearest words that the library has.
  function meant(answer) {
    const {query} = answer.suggestion || {};
    return query && h('li', {class: 'meant', test: 'meant'}, t('search.meant'), ' ', h('button', {class: 'link', type: 'button', test: 'meant-do', onclick: () => {
      input.value = query;
      look(true);
    }}, query));
  }

  async function addThumbs(query, shown) {
    const judged = await judgedFor(query);
    if (!judged || shown !== results) return;
    ol.querySelectorAll('.result-acts').forEach((place, i) => place.prepend(thumbs(query, shown[i], judged)));
  }

  function show(answer, now, whole) {
    results = answer.results;
    wrong.clear();
    fill(chips, chipsOf(answer.understood, forget));
    chips.hidden = !chips.children.length;
    say(status, statusOf(answer));
    fill(ol, results.map((one, i) => row(one, i, (passage) => openPassage(i, passage))), results.length === 0 && nothing(now));
    if (answer.notice) ol.prepend(noticeLine(answer.notice));
    const instead = meant(answer);
    if (instead) ol.prepend(instead);
    if (whole) paintFacets(answer);
    else side.hidden = true;
    walk.put(0, {focus: false, quiet: true});
    if (whole && results.length) addThumbs(now.q, results);
    const at = Number(now.at);
    if (at > 0 && at <= results.length) open(at - 1);
  }

  function idle() {
    results = [];
    wrong.clear();
    chips.hidden = true;
    side.hidden = true;
    say(status, t('search.hint'));
    const empty = state.statistics && state.statistics.documents === 0;
    fill(ol, empty && invite(), notices());
    recentSearches().then((section) => { if (section && !here().query.q) ol.append(section); });
  }

  // Whole: as it stands, where an error is shown at its place. Else it is being typed, and what is no operator yet is words.
  async function run(whole = true) {
    const now = here().query;
    if (aborter) aborter.abort();
    if (!(now.q || '').trim()) return idle(now);
    aborter = new AbortController();
    const own = aborter;
    ol.setAttribute('aria-busy', 'true');
    try {
      const answer = await post('/v1/search', bodyFrom(now, whole), {signal: own.signal});
      if (own === aborter) show(answer, now, whole);
    } catch (error) {
      if (error.position && own === aborter) wrong.show(error);
      else if (error.name !== 'AbortError') fill(ol, problem(error, () => run(whole)));
    } finally {
      if (own === aborter) ol.removeAttribute('aria-busy');
    }
  }

  function look(whole) {
    note(withQuery({q: input.value, at: null}));
    return run(whole);
  }

  const typed = debounce(TYPING_MS, () => look(false));
  input.addEventListener('input', typed);
  input.addEventListener('keydown', (event) => {
    if (complete.key(event)) return;
    if (event.key === 'ArrowDown' && results.length) {
      event.preventDefault();
      walk.put(0);
    }
  });
  ol.addEventListener('click', (event) => {
    const one = event.target.closest('.result');
    if (!one || event.target.closest('button, a, summary, .why-panel') || String(getSelection())) return;
    walk.put(Number(one.dataset.index), {quiet: true});
    open(Number(one.dataset.index));
  });
  const press = (test) => () => {
    const button = walk.current() && walk.current().querySelector(`[data-test=${test}]`);
    if (button) button.click();
    return Boolean(button);
  };
  undo.add(bind({...walk.keys, w: press('why-open'), '+': press('judge-good'), '-': press('judge-bad')}));
  undo.add(() => { typed.cancel(); complete.cancel(); follow.cancel(); if (aborter) aborter.abort(); });
  run();
  return {cleanup: undo, title: t('search.title'), focus: input};
}
