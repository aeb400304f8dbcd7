// lab.js - how well searching finds what people judged: judged sets, runs of them, and whether other settings are better.
import {h, fill, cleanup} from '../dom.js';
import {t, number, decimal, ago} from '../texts.js';
import {get, post, remove} from '../api.js';
import {mayWrite, mayAdminister} from '../state.js';
import {note, withQuery, here} from '../router.js';
import {top} from '../parts/top.js';
import {field, form, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {differenceChart, signed} from '../parts/lab_chart.js';
import {missedSearches} from '../parts/recent.js';

const LOOK_MS = 400;
const MOST = 50;
const AGAINST = [['', 'lab.against_none'], ['mode=keyword', 'lab.against_keyword'], ['mode=semantic', 'lab.against_semantic'], ['vector_weight=0.3', 'lab.against_words'],
                 ['vector_weight=0.7', 'lab.against_meaning']];
const figure = (value) => (value === null || value === undefined ? '–' : value.toFixed(4));
const isOver = (one) => !['waiting', 'running', 'delayed'].includes(one.state);
const titleOf = (name) => t(`lab.leg_${name}`);

function legRow(name, leg) {
  return h('tr', {data: {leg: name}, test: 'lab-leg'}, h('th', {scope: 'row'}, name), [leg.ndcg10, leg.recall10, leg.recall100, leg.mrr].map((one) => h('td', {class: 'number'}, figure(one))),
    [leg.p50_ms, leg.p95_ms].map((one) => h('td', {class: 'number'}, t('lab.ms', {ms: decimal(one)}))));
}

function legsTable(result) {
  const head = ['lab.leg', 'lab.ndcg', 'lab.recall10', 'lab.recall100', 'lab.mrr', 'lab.p50', 'lab.p95'];
  return h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'lab-legs'}, h('thead', {}, h('tr', {}, head.map((key, i) => h('th', {scope: 'col', class: i ? 'number' : ''}, t(key))))),
    h('tbody', {}, result.legs.map((leg) => legRow(titleOf(leg.name), leg)), result.against && legRow(t('lab.with', {settings: result.against.settings}), result.against))));
}

function verdict({difference, better, worse, same, p}) {
  if (better + worse === 0) return h('p', {class: 'lab-verdict', test: 'lab-verdict'}, t('lab.no_difference'));
  const sure = p < 0.05 ? 'lab.sure' : 'lab.unsure';
  return h('p', {class: 'lab-verdict', test: 'lab-verdict'}, t('lab.verdict', {difference: signed(difference), better: number(better), worse: number(worse), same: number(same)}), ' ',
    t(sure, {p: p < 0.001 ? '< 0.001' : p.toFixed(3)}));
}

// The worst first; with other settings, those that lost most.
function queriesTable(result) {
  const compares = Boolean(result.against);
  const list = [...result.per_query];
  if (compares) list.sort((a, b) => (a.against - a.ndcg10) - (b.against - b.ndcg10));
  const row = (one) => h('tr', {test: 'lab-query'}, h('th', {scope: 'row'}, h('a', {href: `/search?q=${encodeURIComponent(one.query)}`}, one.query)),
    h('td', {class: 'number'}, figure(one.ndcg10)), compares && h('td', {class: 'number'}, signed(one.against - one.ndcg10)),
    h('td', {class: 'number'}, one.first ? t('score.rank', {rank: one.first}) : '–'), h('td', {class: 'number'}, number(one.relevant)));
  const head = h('tr', {}, h('th', {scope: 'col'}, t('lab.query')), h('th', {scope: 'col', class: 'number'}, t('lab.ndcg')), compares && h('th', {scope: 'col', class: 'number'}, t('lab.change')),
    h('th', {scope: 'col', class: 'number'}, t('lab.first')), h('th', {scope: 'col', class: 'number'}, t('lab.relevant')));
  const table = h('tbody', {}, list.slice(0, MOST).map(row));
  const more = list.length > MOST && h('button', {class: 'small', onclick: () => { table.append(...list.slice(MOST).map(row)); more.remove(); }}, t('lab.all', {count: list.length}));
  return h('section', {}, h('h2', {}, t(compares ? 'lab.changed_most' : 'lab.worst')), h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'lab-queries'}, h('thead', {}, head), table)), more);
}

function resultOf(run) {
  const {result} = run;
  return [h('h2', {}, run.set_name), h('p', {class: 'status'}, t('lab.about', {queries: t('lab.queries', {count: result.queries}), judgements: t('lab.judgements', {count: result.judgements}), ago: ago(run.created_at)})),
    result.notice && h('p', {class: 'status'}, result.notice), legsTable(result), result.against && verdict(result.against),
    result.against && result.against.better + result.against.worse > 0 && differenceChart(result.per_query), queriesTable(result)];
}

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
  const missed = h('div', {});
  let timer = 0;
  let turn = 0;
  undo.add(() => { clearTimeout(timer); turn++; });
  fill(root, head.element, h('div', {class: 'scroll pad lab'}, h('p', {class: 'lead'}, t('lab.lead')), choice, shown, past, missed));

  function working(run) {
    const bar = h('progress', {max: Math.max(run.total, 1), value: run.done, 'aria-label': t('lab.working')});
    fill(shown, h('div', {class: 'row', test: 'lab-working'}, h('span', {}, run.total ? t('lab.step', {done: number(run.done), total: number(run.total)}) : t('lab.waiting')), bar,
      mayWrite() && h('button', {class: 'small', test: 'lab-cancel', onclick: () => post(`/v1/lab/runs/${run.id}/cancel`).catch((error) => toast(error.message))}, t('do.cancel'))));
  }

  async function watch(id) {
    const mine = ++turn;
    clearTimeout(timer);
    try {
      const run = await get(`/v1/lab/runs/${id}`);
      if (mine !== turn) return;
      if (run.result) {
        fill(shown, resultOf(run));
        paintRuns();
      } else if (isOver(run)) fill(shown, h('p', {class: 'problem', role: 'alert', test: 'lab-failed'}, run.error || t('lab.cancelled')));
      else {
        working(run);
        timer = setTimeout(() => watch(id), LOOK_MS);
      }
    } catch (error) {
      if (mine === turn) fill(shown, problem(error, () => watch(id)));
    }
  }

  const open = (id) => {
    note(withQuery({run: id}));
    return watch(id);
  };

  async function paintRuns() {
    const {items} = await get('/v1/lab/runs').catch(() => ({items: []}));
    fill(past, items.length > 0 && h('li', {}, h('h2', {}, t('lab.runs'))), items.slice(0, 20).map((one) => h('li', {class: 'line', test: 'lab-run'},
      h('button', {class: 'link line-name', onclick: () => open(one.id), 'aria-current': here().query.run === one.id ? 'true' : null}, h('b', {}, one.set_name)),
      h('small', {}, [one.order.settings, one.order.against && t('lab.with', {settings: one.order.against}), ago(one.created_at)].filter(Boolean).join(' · ')))));
  }

  function drop(set) {
    toast(t('lab.removed', {name: set.name}), {
      undo: paintSets,
      commit: () => remove(`/v1/lab/sets/${set.id}`, null, {keepalive: true}).then(() => { paintSets(); paintRuns(); }, (error) => toast(error.message)),
    });
  }

  function runForm(sets) {
    const chosen = here().query.set || sets[0].id;
    return form({
      test: 'lab-run', submit: t('lab.run'),
      fields: h('div', {class: 'row fields'},
        field({name: 'set', label: t('lab.set'), options: sets.map((one) => [one.id, t('lab.set_of', {name: one.name, count: one.queries})]), value: chosen}),
        field({name: 'against', label: t('lab.against'), options: AGAINST.map(([value, key]) => [value, t(key)]), value: ''})),
      send: async ({set, against}) => {
        const {id} = await post('/v1/lab/runs', {set, against});
        await open(id);
      },
    });
  }

  async function paintSets(made) {
    try {
      const {items} = await get('/v1/lab/sets');
      if (made) note(withQuery({set: made.id}));
      const importing = mayWrite() && h('button', {test: 'lab-import-open', onclick: () => importSet(paintSets)}, t('lab.import'));
      const removing = mayWrite() && items.length > 0 && h('button', {class: 'plain', test: 'lab-remove', onclick: () => {
        const id = choice.querySelector('[name=set]').value;
        drop(items.find((one) => one.id === id));
      }}, t('lab.remove'));
      fill(choice, items.length ? mayWrite() && runForm(items) : h('p', {class: 'status', test: 'lab-empty'}, t('lab.empty')), h('div', {class: 'row lab-sets'}, importing, removing));
    } catch (error) {
      fill(choice, problem(error, () => paintSets()));
    }
  }

  paintSets();
  if (mayAdminister()) missedSearches().then((section) => fill(missed, section));
  if (query.run) watch(query.run).then(paintRuns);
  else paintRuns();
  return {cleanup: undo, title: t('lab.title'), focus: head.heading};
}
