// lab.js - how well searching finds what people judged: judged sets, runs of them, and whether other settings are better.
// The address holds the run that is shown, and the one beside it: ?run=ID&beside=ID
import {h, fill, cleanup} from '../dom.js';
import {t, number, ago} from '../texts.js';
import {get, post, remove} from '../api.js';
import {mayWrite, mayAdminister} from '../state.js';
import {note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {runForm} from '../parts/lab_form.js';
import {resultOf, comparisonOf, settingsOf} from '../parts/lab_result.js';
import {missedSearches} from '../parts/recent.js';

const LOOK_MS = 400;
const RUNS = 20;
const isOver = (one) => !['waiting', 'running', 'delayed'].includes(one.state);

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

export function render(root, {query}) {
  const undo = cleanup();
  const head = top(t('lab.title'), h('a', {class: 'button', href: '/search'}, t('lab.back')));
  const choice = h('div', {});
  const shown = h('div', {class: 'lab-result', test: 'lab-result', 'aria-live': 'polite'});
  const past = h('ul', {class: 'lines', test: 'lab-runs'});
  const missed = h('div', {class: 'lab-missed'});
  let timer = 0;
  let turn = 0;
  let showing = null;
  undo.add(() => { clearTimeout(timer); turn++; });
  fill(root, head.element, h('div', {class: 'scroll pad lab'}, h('p', {class: 'lead'}, t('lab.lead')), choice, shown, past, missed));

  function working(run) {
    const bar = h('progress', {max: Math.max(run.total, 1), value: run.done, 'aria-label': t('lab.working')});
    fill(shown, h('div', {class: 'row', test: 'lab-working'}, h('span', {}, run.total ? t('lab.step', {done: number(run.done), total: number(run.total)}) : t('lab.waiting')), bar,
      mayWrite() && h('button', {class: 'small', test: 'lab-cancel', onclick: () => post(`/v1/lab/runs/${run.id}/cancel`).catch((error) => toast(error.message))}, t('do.cancel'))));
  }

  async function result(run) {
    const {beside} = here().query;
    const other = beside && await get(`/v1/lab/runs/${encodeURIComponent(beside)}`).catch(() => null);
    fill(shown, other && other.result ? comparisonOf(run, other, () => open(run.id)) : resultOf(run));
    paintRuns();
  }

  async function watch(id) {
    const mine = ++turn;
    clearTimeout(timer);
    try {
      const run = await get(`/v1/lab/runs/${encodeURIComponent(id)}`);
      if (mine !== turn) return;
      showing = run;
      if (run.result) await result(run);
      else if (isOver(run)) fill(shown, h('p', {class: 'problem', role: 'alert', test: 'lab-failed'}, run.error || t('lab.cancelled')));
      else {
        working(run);
        timer = setTimeout(() => watch(id), LOOK_MS);
      }
    } catch (error) {
      if (mine === turn) fill(shown, problem(error, () => watch(id)));
    }
  }

  const open = (id, beside = null) => {
    note(withQuery({run: id, beside}));
    head.element.parentElement.querySelector('.lab').scrollTop = 0;
    return watch(id);
  };

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

  async function start(order) {
    const {id} = await post('/v1/lab/runs', order);
    await open(id);
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

  paintSets();
  if (mayAdminister()) missedSearches().then((sections) => fill(missed, sections));
  if (query.run) watch(query.run).then(paintRuns);
  else paintRuns();
  return {cleanup: undo, title: t('lab.title'), focus: head.heading};
}
