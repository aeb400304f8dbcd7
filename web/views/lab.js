// lab.js - how well searching finds what people judged: judged sets, runs of them, and whether other settings are better.
// The address holds the run that is shown, the one beside it, and the runs of a setting's values: ?run=ID&beside=ID&sweep=ID,ID,ID
import {h, fill, say, cleanup} from '../dom.js';
import {t, number, ago, duration} from '../texts.js';
import {get, post, remove} from '../api.js';
import {mayWrite, mayAdminister} from '../state.js';
import {note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {announce} from '../parts/live.js';
import {runForm} from '../parts/lab_form.js';
import {resultOf, comparisonOf, settingsOf, isOver} from '../parts/lab_result.js';
import {sweepOf, sweepKey, sweepTable} from '../parts/lab_sweep.js';
import {missedSearches} from '../parts/recent.js';
import '../texts_lab.js';

const LOOK_MS = 400;
const RUNS = 20;

function importSet(done) {
  formDialog({
    title: t('lab.import'), submit: t('lab.import_do'), test: 'lab-import',
    fields: [field({name: 'name', label: t('lab.name'), required: true, maxlength: 200, autocomplete: 'off'}),
             field({name: 'tsv', label: t('lab.lines'), type: 'area', hint: t('lab.lines_hint'), required: true})],
    send: async ({name, tsv}) => {
      const made = await post('/v1/lab/sets', {name, tsv});
      if (made.unknown_count) toast(t('lab.unknown', {count: made.unknown_count, name: made.unknown[0]}));
      done(made);
    },
  });
}

// The speed since it was first looked at: seconds that are left, or null while that cannot be known.
function speedOf() {
  let first = null;
  return {
    left(done, rest) {
      first = first || {done, at: performance.now()};
      const spent_s = (performance.now() - first.at) / 1000;
      return done > first.done && spent_s > 0.5 ? rest * spent_s / (done - first.done) : null;
    },
  };
}

// How far runs are together, the time that is left at the speed so far, and the way out. The same elements stay while it goes on.
function progressLine() {
  const speed = speedOf();
  const words = h('span', {});
  const bar = h('progress', {'aria-label': t('lab.working')});
  let going = [];
  const stop = () => Promise.all(going.map((one) => post(`/v1/lab/runs/${one.id}/cancel`))).catch((error) => toast(error.message));
  const element = h('div', {class: 'row', test: 'lab-working'}, words, bar, mayWrite() && h('button', {class: 'small', test: 'lab-cancel', onclick: stop}, t('do.cancel')));
  return {
    element,
    show(runs) {
      going = runs.filter((one) => !isOver(one));
      const most = Math.max(...runs.map((one) => one.total));
      const total = most * runs.length;
      const done = runs.reduce((sum, one) => sum + (isOver(one) ? most : one.done), 0);
      const left = speed.left(done, total - done);
      say(words, [total ? t('lab.step', {done: number(done), total: number(total)}) : t('lab.waiting'), left !== null && t('lab.left', {time: duration(left)})].filter(Boolean).join(' · '));
      bar.max = Math.max(total, 1);
      bar.value = done;
      if (!going.length) element.remove();
    },
  };
}

export function render(root, {query}) {
  const undo = cleanup();
  const head = top(t('lab.title'), h('a', {class: 'button', href: '/search'}, t('lab.back')));
  const choice = h('div', {});
  const shown = h('div', {class: 'lab-result', test: 'lab-result'});
  const past = h('ul', {class: 'lines', test: 'lab-runs'});
  const missed = h('div', {class: 'lab-missed'});
  let timer = 0;
  let turn = 0;
  let isWaiting = false;  // for what is shown: who cannot see it is told when it is there
  let showing = null;
  let line = progressLine();
  undo.add(() => { clearTimeout(timer); turn++; });
  fill(root, head.element, h('div', {class: 'scroll pad lab'}, h('p', {class: 'lead'}, t('lab.lead')), choice, shown, past, missed));

  async function result(run) {
    const {beside, sweep} = here().query;
    const other = beside && await get(`/v1/lab/runs/${encodeURIComponent(beside)}`).catch(() => null);
    const back = sweep && h('p', {}, h('button', {class: 'link', onclick: () => openSweep(sweep.split(',')), test: 'lab-sweep-back'}, t('lab.sweep_back')));
    fill(shown, back, other && other.result ? comparisonOf(run, other, () => open(run.id)) : resultOf(run));
    paintRuns();
  }

  function paint(run) {
    showing = run;
    if (run.result) return result(run);
    if (isOver(run)) return fill(shown, h('p', {class: 'problem', role: 'alert', test: 'lab-failed'}, run.state === 'cancelled' ? t('lab.cancelled') : run.error));
    if (!line.element.isConnected) fill(shown, line.element);
    return line.show([run]);
  }

  // Rows come as their runs end; what is chosen of them meanwhile stays.
  function sweepPainter() {
    const rows = h('div', {class: 'lab-result'});
    const chosen = new Set();
    let painted = '';
    return (runs) => {
      if (!rows.isConnected) fill(shown, line.element, rows);
      showing = null;
      line.show(runs);
      if (painted !== sweepKey(runs)) fill(rows, sweepTable(runs, chosen, {open: (one) => open(one.id), compare: (one, other) => open(one.id, other.id)}));
      painted = sweepKey(runs);
      if (runs.every(isOver)) paintRuns();
    };
  }

  // Reads the runs again until all are over.
  async function watch(ids, painted) {
    const mine = ++turn;
    clearTimeout(timer);
    try {
      const runs = await Promise.all(ids.map((id) => get(`/v1/lab/runs/${encodeURIComponent(id)}`)));
      if (mine !== turn) return;
      await painted(runs);
      if (!runs.every(isOver)) timer = setTimeout(() => watch(ids, painted), LOOK_MS);
      else if (isWaiting) announce(t('lab.over'));
      isWaiting = !runs.every(isOver);
    } catch (error) {
      if (mine === turn) fill(shown, problem(error, () => watch(ids, painted)));
    }
  }

  function show(address, ids, painted) {
    note(withQuery(address));
    line = progressLine();
    shown.closest('.lab').scrollTop = 0;
    return watch(ids, painted);
  }

  const open = (id, beside = null) => show({run: id, beside}, [id], ([run]) => paint(run));
  const openSweep = (ids) => show({run: null, beside: null, sweep: ids.join(',')}, ids, sweepPainter());

  function runRow(one) {
    const mayCompare = showing && showing.result && showing.id !== one.id && showing.set === one.set && isOver(one);
    return h('li', {class: 'line', test: 'lab-run'}, h('button', {class: 'link line-name', onclick: () => open(one.id), 'aria-current': here().query.run === one.id ? 'true' : null}, one.set_name),
      h('small', {}, [settingsOf(one), one.order.against && t('lab.with', {settings: one.order.against}), ago(one.created_at)].filter(Boolean).join(' · ')),
      mayCompare && h('button', {class: 'small', onclick: () => open(showing.id, one.id), test: 'lab-compare'}, t('lab.compare')));
  }

  async function paintRuns() {
    const {items} = await get('/v1/lab/runs').catch(() => ({items: []}));
    fill(past, items.length > 0 && h('li', {}, h('h2', {}, t('lab.runs'))), items.slice(0, RUNS).map(runRow));
  }

  function drop(set) {
    toast(t('lab.removed', {name: set.name}), {
      undo: paintSets,
      commit: () => remove(`/v1/lab/sets/${set.id}`, null, {keepalive: true}).then(() => { paintSets(); paintRuns(); }, (error) => toast(error.message)),
    });
  }

  // What was begun is not left running where a later value is refused.
  async function startAll(order, list) {
    const ids = [];
    try {
      for (const settings of list) ids.push((await post('/v1/lab/runs', {...order, settings})).id);
    } catch (error) {
      ids.forEach((id) => post(`/v1/lab/runs/${id}/cancel`).catch(() => {}));
      throw error;
    }
    return ids;
  }

  async function start(order) {
    const list = sweepOf(order.settings);
    const ids = await startAll(order, list || [order.settings]);
    if (list) return openSweep(ids);
    note(withQuery({sweep: null}));
    return open(ids[0]);
  }

  async function paintSets(made) {
    try {
      const [{items}, known] = await Promise.all([get('/v1/lab/sets'), get('/v1/lab/settings')]);
      if (made) note(withQuery({set: made.id}));
      const importing = mayWrite() && h('button', {test: 'lab-import-open', onclick: () => importSet(paintSets)}, t('lab.import'));
      const removing = mayWrite() && items.length > 0 && h('button', {class: 'plain', test: 'lab-remove', onclick: () => {
        const id = choice.querySelector('[name=set]').value;
        drop(items.find((one) => one.id === id));
      }}, t('lab.remove'));
      if (items.length) fill(choice, mayWrite() && runForm(items, known.items, here().query.set || items[0].id, start), h('div', {class: 'row lab-sets'}, importing, removing));
      else fill(choice, h('div', {class: 'nothing', test: 'lab-empty'}, h('h2', {}, t('lab.empty_title')), h('p', {}, t('lab.empty')),
        h('div', {class: 'row centre'}, h('a', {class: 'button primary', href: '/search'}, t('search.title')), importing)));
    } catch (error) {
      fill(choice, problem(error, () => paintSets()));
    }
  }

  // Each below what is above it, so that nothing moves.
  paintSets().then(() => mayAdminister() && missedSearches().then((sections) => fill(missed, sections)));
  if (query.run) open(query.run, query.beside).then(paintRuns);
  else if (query.sweep) openSweep(query.sweep.split(',')).then(paintRuns);
  else paintRuns();
  return {cleanup: undo, title: t('lab.title'), focus: head.heading};
}
