// search.js - results as one types. The address holds the query, its filters and the row that is open (?at=3); or the
// document whose likes are shown (?like=ID&part=2), or the saved search that is run (?saved=ID), or that it was
// before it was changed (?was=ID).
import {h, fill, say, cleanup, debounce, isNarrow} from '../dom.js';
import {t, number, list} from '../texts.js';
import {get, post} from '../api.js';
import {bind, walker} from '../keys.js';
import {note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {filters} from '../parts/filters.js';
import {chipsOf, Wrong} from '../parts/understood.js';
import {completion} from '../parts/complete.js';
import {judgedFor, thumbs} from '../parts/judge.js';
import {FACETS, facetList} from '../parts/facets.js';
import {recentSearches} from '../parts/recent.js';
import {saveSearch, replaceSaved, savedSection, filtersOf, seen} from '../parts/saved.js';
import {resultRow} from '../parts/result.js';
import {folded} from '../parts/fold.js';
import {invite} from '../parts/invite.js';
import {icon} from '../parts/icons.js';
import {state, on} from '../state.js';
import {problem} from '../parts/problem.js';
import {noticeLine, notices} from '../parts/notices.js';
import * as reader from '../parts/reader.js';

const LIMIT = 30;
const OFFSET_MOST = 1000;  // as many of the best the server leaves out
const TYPING_MS = 120;
const FRESH = 0.3;  // of a score may come from how new a document is

// How results are shown, whatever is searched for.
function shownAs(query, whole) {
  const body = {limit: LIMIT, explain: true};
  if (whole) body.facets = FACETS;
  if (query.group === 'document') body.group = 'document';
  if (query.fresh) body.fresh = FRESH;
  return body;
}

function bodyFrom(query, whole) {
  const body = {...shownAs(query, whole), query: query.q || '', ...filtersOf(query)};
  if (!whole) body.typing = true;
  if (query.like) body.like = query.like;
  if (query.part) body.ordinal = Number(query.part);
  if (query.mode) body.mode = query.mode;
  if (query.family) body.families = [query.family];
  return body;
}

// A saved search is run as it is saved, so that what it finds is no longer new; one that is gone is a search like others.
async function ask(query, whole, signal) {
  if (query.saved && whole) {
    try {
      const answer = await post(`/v1/search/saved/${encodeURIComponent(query.saved)}/run`, shownAs(query, whole), {signal});
      seen(query.saved);
      return answer;
    } catch (error) {
      if (error.code !== 'not_found') throw error;
    }
  }
  return post('/v1/search', bodyFrom(query, whole), {signal});
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

// Whose likes these are; pressing it goes back to an ordinary search.
function likeChip(query, forget) {
  const words = h('span', {}, t('search.like'));
  get(`/v1/documents/${encodeURIComponent(query.like)}`).then((one) => { words.textContent = t(query.part ? 'search.like_part' : 'search.like_whole', {name: one.name}); }, () => {});
  return h('button', {class: 'chip', type: 'button', data: {set: 'yes'}, title: t('filter.forget'), test: 'like-of', onclick: forget}, words, icon('close'));
}

// By conditions without words: documents, the newest first.
const isList = (answer) => !answer.legs.keyword && !answer.legs.semantic;

function statusOf(answer) {
  const count = answer.total ?? answer.results.length;
  const found = t(isList(answer) ? 'search.listed' : 'search.found', {count});
  return t('search.status', {found, took: number(Math.max(0.1, Math.round(10 * answer.took_ms) / 10))});
}

function nothing(query) {
  const words = (query.q || '').split(/\s+/).filter((one) => /^["-]/.test(one));
  return h('div', {class: 'nothing', test: 'nothing'}, h('h2', {}, query.like ? t('search.nothing_like') : t('search.nothing', {query: query.q})),
    h('p', {}, words.length ? t('search.nothing_strict', {words: list(words)}) : t('search.nothing_text')));
}

// Beside the results there is room for the facets; else they are folded above them.
const hasRoom = () => matchMedia('(min-width: 1200px)').matches && !reader.isOpen();

export function render(root, {query}) {
  const undo = cleanup();
  let aborter = null;
  let results = [];  // those with a row of their own
  let fetched = 0;   // and those folded into them
  let searchId = null;
  const head = top(t('search.title'), h('a', {class: 'button', href: '/search/measure', test: 'measure'}, t('lab.title')));
  const input = h('input', {type: 'search', value: query.q || '', 'aria-label': t('search.label'), placeholder: t('search.placeholder'), autocomplete: 'off',
                            spellcheck: 'false', maxlength: 2000, 'aria-controls': 'results', data: {slash: 'yes'}, test: 'search-input'});
  const status = h('p', {class: 'status', role: 'status', test: 'search-status'}, t('search.hint'));
  const save = h('button', {class: 'plain small', type: 'button', hidden: true, test: 'save-search', onclick: () => saveSearch(here().query, (made) => nowSaved(made.id))},
    icon('pin'), t('saved.save'));
  const replace = h('button', {class: 'plain small replace', type: 'button', hidden: true, test: 'replace-search', onclick: () => replaceSaved(changedFrom(), here().query, () => nowSaved(here().query.was))});
  const ol = h('ol', {class: 'results', id: 'results', 'aria-label': t('search.results'), test: 'results'});
  const more = h('button', {class: 'more', type: 'button', hidden: true, test: 'more-results', onclick: () => showMore()}, t('search.more'));
  const side = h('details', {class: 'facets', open: hasRoom(), hidden: true, test: 'facets'});
  const body = h('div', {class: 'scroll pad found'}, side, h('div', {class: 'found-list'}, ol, more));
  // The saved search that this one began as.
  const origin = () => here().query.saved || here().query.was || null;
  const changedFrom = () => state.saved.find((one) => one.id === here().query.was);
  const nowSaved = (id) => {
    note(withQuery({saved: id, was: null}));
    paintSave();
  };
  const changed = (values) => {
    note(withQuery({...values, at: null, saved: null, was: origin()}));
    if ('document' in values) paintFilters();
    run();
  };
  const row_ = h('div', {class: 'filter-place'});
  const chips = h('div', {class: 'understood', role: 'group', 'aria-label': t('understood.title'), hidden: true, test: 'understood-row'});
  const wrong = new Wrong(input);
  const complete = completion(input, () => look(false));
  const paintFilters = () => {
    const row = filters(['mode', 'format', 'collection', 'tag', 'after', 'before'], here().query, changed);
    row.append(toggle('group', here().query, changed), toggle('fresh', here().query, changed));
    fill(row_, row);
  };
  fill(root, head.element, h('div', {class: 'finder'}, h('form', {class: 'search-box', role: 'search', onsubmit: (event) => { event.preventDefault(); typed.cancel(); complete.close(); look(true).then(() => walk.put(0)); }},
    input, wrong.mirror, complete.list), wrong.sentence, chips, row_, h('div', {class: 'under'}, status, h('span', {class: 'row'}, replace, save))), body);
  paintFilters();

  // j/k move quickly; the reader follows when they rest.
  const follow = debounce(80, open);
  const walk = walker(ol, '.result', {moved: (_, index) => { if (!isNarrow()) follow(index); }, opened: (one) => open(Number(one.dataset.index))});

  // What was opened was found: the server counts what people look for in vain.
  function tellOpened(one) {
    if (!searchId || one.wasOpened) return;
    one.wasOpened = true;
    post(`/v1/search/${searchId}/opened`, {document: one.document.id, chunk: one.chunk, rank: one.rank}).catch(() => {});
  }

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
        side.open = hasRoom();
        if (walk.current()) walk.current().focus({preventScroll: true});
      },
    });
    side.open = hasRoom();
    note(withQuery({at: index + 1}));
    tellOpened(one);
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
    fill(side, h('summary', {}, answer.documents ? t('facets.title_of', {count: answer.documents}) : t('facets.title')), groups);
    side.hidden = !groups.length;
  }

  function paintSave() {
    const now = here().query;
    save.hidden = !(now.q || '').trim() || Boolean(now.like) || state.saved.some((one) => one.id === now.saved);
    const before = changedFrom();
    replace.hidden = save.hidden || !before;
    if (before) say(replace, t('saved.replace', {name: before.name}));
  }

  function paintChips(now, answer) {
    fill(chips, now.like && likeChip(now, () => changed({like: null, part: null})), chipsOf(answer.understood, forget));
    chips.hidden = !chips.children.length;
  }

  // What was typed may be a slip: the nearest words that the library has.
  function meant(answer) {
    const {query} = answer.suggestion || {};
    return query && h('li', {class: 'meant', test: 'meant'}, t('search.meant'), ' ', h('button', {class: 'link', type: 'button', test: 'meant-do', onclick: () => {
      input.value = query;
      look(true);
    }}, query));
  }

  async function addThumbs(query, shown, from = 0) {
    const judged = await judgedFor(query);
    if (!judged || shown !== results) return;
    [...ol.querySelectorAll('.result-acts')].slice(from).forEach((place, i) => place.prepend(thumbs(query, shown[from + i], judged)));
  }

  const rowsFrom = (list, from) => list.map((one, i) => resultRow(one, from + i, (passage) => openPassage(from + i, passage)));

  // What is like a document, or listed by conditions alone, answers no query that could be judged.
  const mayJudge = (now, answer) => Boolean(now.q) && !now.like && !isList(answer);

  const mayGoOn = (answer) => answer.results.length === LIMIT && fetched <= OFFSET_MOST;

  function show(answer, now, whole) {
    results = folded(answer.results);
    fetched = answer.results.length;
    searchId = answer.search_id;
    wrong.clear();
    paintChips(now, answer);
    paintSave();
    say(status, statusOf(answer));
    fill(ol, rowsFrom(results, 0), results.length === 0 && h('li', {}, nothing(now)));
    if (answer.notice) ol.prepend(h('li', {}, noticeLine(answer.notice)));
    const instead = meant(answer);
    if (instead) ol.prepend(instead);
    if (whole) paintFacets(answer);
    else side.hidden = true;
    more.hidden = !whole || !mayGoOn(answer);
    walk.put(0, {focus: false, quiet: true});
    if (whole && mayJudge(now, answer)) addThumbs(now.q, results);
    const at = Number(now.at);
    if (at > 0 && at <= results.length) open(at - 1);
  }

  // The next ones, below those that are there.
  async function showMore() {
    const now = here().query;
    const shown = results;
    more.setAttribute('aria-busy', 'true');
    try {
      const answer = await post('/v1/search', {...bodyFrom(now, true), facets: undefined, offset: fetched, remember: false});
      if (shown !== results) return;
      const from = results.length;
      const next = folded(answer.results, fetched);
      fetched += answer.results.length;
      results.push(...next);
      ol.append(...rowsFrom(next, from));
      more.hidden = !mayGoOn(answer);
      walk.put(from);
      if (mayJudge(now, answer)) addThumbs(now.q, results, from);
    } catch (error) {
      more.before(problem(error, showMore));
      more.hidden = true;
    } finally {
      more.removeAttribute('aria-busy');
    }
  }

  function idle() {
    results = [];
    wrong.clear();
    fill(chips);
    chips.hidden = true;
    side.hidden = true;
    more.hidden = true;
    paintSave();
    say(status, t('search.hint'));
    const empty = state.statistics && state.statistics.documents === 0;
    const lately = h('div', {});
    fill(ol, h('li', {}, empty && invite(), notices(), savedSection(), lately));
    recentSearches().then((section) => fill(lately, section));
  }

  const isAsked = (now) => Boolean((now.q || '').trim() || now.like);

  // Whole: as it stands, where an error is shown at its place. Else it is being typed, and what is no operator yet is words.
  async function run(whole = true) {
    const now = here().query;
    if (aborter) aborter.abort();
    if (!isAsked(now)) return idle();
    aborter = new AbortController();
    const own = aborter;
    ol.setAttribute('aria-busy', 'true');
    try {
      const answer = await ask(now, whole, own.signal);
      if (own === aborter) show(answer, now, whole);
    } catch (error) {
      if (error.position && own === aborter) wrong.show(error);
      else if (error.name !== 'AbortError') fill(ol, h('li', {}, problem(error, () => run(whole))));
    } finally {
      if (own === aborter) ol.removeAttribute('aria-busy');
    }
  }

  // What is typed is another search than the saved one, or than one by likeness; conditions may be added to that.
  function look(whole) {
    const saved = state.saved.find((one) => one.id === here().query.saved);
    const isSaved = saved && saved.query === input.value.trim();
    note(withQuery({q: input.value, at: null, saved: isSaved ? saved.id : null, was: isSaved ? null : origin()}));
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
  undo.add(bind({...walk.keys, w: press('why-open'), m: press('like'), '+': press('judge-good'), '-': press('judge-bad')}));
  undo.add(on('saved', () => { if (!isAsked(here().query)) idle(); else paintSave(); }));
  undo.add(() => { typed.cancel(); complete.cancel(); follow.cancel(); if (aborter) aborter.abort(); });
  run();
  return {cleanup: undo, title: t('search.title'), focus: input};
}
