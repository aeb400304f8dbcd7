// lab_result.js - what a run of the lab gave: each leg in figures, its queries one by one, and two runs side by side.
import {h, fill} from '../dom.js';
import {t, has, number, decimal, ago} from '../texts.js';
import {get, post} from '../api.js';
import {differenceChart, signed} from './lab_chart.js';
import {scoreBar} from './score.js';
import {whyPanel} from './why.js';
import {problem} from './problem.js';

const MOST = 50;
const SHOWN = 10;
const figure = (value) => (value === null || value === undefined ? '–' : value.toFixed(4));
const titleOf = (name) => (has(`lab.leg_${name}`) ? t(`lab.leg_${name}`) : name);
const ms = (value) => t('lab.ms', {ms: decimal(value)});
export const isOver = (run) => !['waiting', 'running', 'delayed'].includes(run.state);
export const settingsOf = (run) => run.order.settings || t('lab.own');

// Higher is better but for times.
const FIGURES = [
  {name: 'ndcg10', title: 'lab.ndcg', show: figure}, {name: 'recall10', title: 'lab.recall10', show: figure}, {name: 'recall100', title: 'lab.recall100', show: figure},
  {name: 'mrr', title: 'lab.mrr', show: figure}, {name: 'p50_ms', title: 'lab.p50', show: ms, isTime: true}, {name: 'p95_ms', title: 'lab.p95', show: ms, isTime: true},
];
// Those that two runs are compared by: more would not fit beside each other.
const SIDE = FIGURES.filter(({name}) => ['ndcg10', 'recall10', 'p50_ms'].includes(name));

const head = (cells) => h('thead', {}, h('tr', {}, cells.map(([text, hint], i) => h('th', {scope: 'col', class: i ? 'number' : '', title: hint || null}, text))));
const table = (test, top, rows) => h('div', {class: 'wide-table'}, h('table', {class: 'figures', test}, top, h('tbody', {}, rows)));
const heads = (figures) => figures.map((one) => [t(one.title), has(`${one.title}_hint`) ? t(`${one.title}_hint`) : '']);

function partBar(value) {
  const bar = h('i', {});
  bar.style.setProperty('--part', `${Math.round(1000 * value) / 10}%`);
  return h('span', {class: 'part-bar', 'aria-hidden': 'true'}, bar);
}

// A row of figures for each; the best of each column stands out, unless all are alike. rows: [{title, leg, test}], or `standing` in words where there is no leg yet.
export function figuresTable(test, title, rows) {
  const best = Object.fromEntries(FIGURES.map(({name, isTime}) => {
    const values = rows.filter(({leg}) => leg).map(({leg}) => leg[name]);
    return [name, new Set(values).size > 1 ? Math[isTime ? 'min' : 'max'](...values) : null];
  }));
  const cells = ({leg, standing}) => (leg
    ? FIGURES.map(({name, show}) => h('td', {class: 'number', data: {best: leg[name] === best[name] ? 'yes' : 'no'}}, show(leg[name])))
    : h('td', {class: 'number', colspan: FIGURES.length}, standing));
  return table(test, head([[title], ...heads(FIGURES)]), rows.map((row) => h('tr', {data: {leg: row.leg && row.leg.name}, test: row.test},
    h('th', {scope: 'row'}, row.title, row.leg && partBar(row.leg.ndcg10)), cells(row))));
}

function legsTable({legs, against}) {
  const rows = [...legs.map((leg) => ({title: titleOf(leg.name), leg})), ...(against ? [{title: t('lab.with', {settings: against.settings}), leg: against}] : [])];
  return figuresTable('lab-legs', t('lab.leg'), rows.map((row) => ({...row, test: 'lab-leg'})));
}

function verdict({difference, better, worse, same, p}) {
  if (better + worse === 0) return h('p', {class: 'lab-verdict', test: 'lab-verdict'}, t('lab.no_difference'));
  const sure = p === undefined ? '' : t(p < 0.05 ? 'lab.sure' : 'lab.unsure', {p: p < 0.001 ? '< 0.001' : p.toFixed(3)});
  return h('p', {class: 'lab-verdict', test: 'lab-verdict'}, h('b', {}, t('lab.difference', {difference: signed(difference)})), ' ', t('lab.queries', {count: better + worse + same}), ': ',
    t('lab.verdict', {better: number(better), worse: number(worse), same: number(same)}), ' ', sure);
}

// --- One query: what is found for it now, what of that was judged, and why it stands there ---

function judgementOf(result, judged) {
  const own = judged.filter((one) => one.document === result.document.id);
  return own.find((one) => one.start === result.start) || own.find((one) => one.start === null);
}

function foundRow(result, rank, judged) {
  const judgement = judgementOf(result, judged);
  const tone = !judgement ? '' : judgement.grade > 0 ? 'good' : 'bad';
  const item = h('li', {class: 'lab-found', test: 'lab-found'}, h('span', {class: 'number'}, String(rank)),
    h('span', {class: 'line-name'}, h('a', {href: `/documents/${result.document.id}?start=${result.start}&end=${result.end}`}, result.document.name), ' ', h('small', {}, result.place)),
    h('span', {class: 'lab-grade', data: {tone}}, t(!judgement ? 'lab.unjudged' : judgement.grade > 0 ? 'lab.right' : 'lab.wrong')), scoreBar(result.score),
    h('button', {class: 'plain small', test: 'lab-why', 'aria-expanded': 'false', onclick: (event) => {
      const shown = item.querySelector('.why-panel');
      if (shown) shown.remove();
      else item.append(whyPanel(result));
      event.currentTarget.setAttribute('aria-expanded', String(!shown));
    }}, t('why.open')));
  return item;
}

async function showFound(place, query, set) {
  try {
    const [answer, {items}] = await Promise.all([post('/v1/search', {query, limit: SHOWN, explain: true, remember: false}), get(`/v1/lab/sets/${set}`, {query})]);
    const found = new Set(answer.results.map((one) => one.document.id));
    const missing = items.filter((one) => one.grade > 0 && !found.has(one.document));
    fill(place, h('ol', {}, answer.results.map((one, i) => foundRow(one, i + 1, items))),
      missing.length > 0 && h('p', {class: 'status', test: 'lab-missing'}, t('lab.missing', {names: [...new Set(missing.map((one) => one.name))].slice(0, SHOWN).join(', ')})),
      h('p', {class: 'status'}, t('lab.found_now'), ' ', h('a', {href: `/search?q=${encodeURIComponent(query)}`}, t('lab.search'))));
  } catch (error) {
    fill(place, problem(error, () => showFound(place, query, set)));
  }
}

function queryRow(cells, query, set) {
  const button = h('button', {class: 'link', 'aria-expanded': 'false', test: 'lab-query-open', onclick: () => {
    const open = row.nextElementSibling;
    const isOpen = open && open.classList.contains('lab-open');
    button.setAttribute('aria-expanded', String(!isOpen));
    if (isOpen) return open.remove();
    const place = h('div', {class: 'lab-found-place'}, h('div', {class: 'bone wide'}));
    row.after(h('tr', {class: 'lab-open'}, h('td', {colspan: cells.length + 1}, place)));
    return showFound(place, query, set);
  }}, query);
  const row = h('tr', {test: 'lab-query'}, h('th', {scope: 'row'}, button), cells.map((cell) => h('td', {class: 'number'}, cell)));
  return row;
}

// rows: [{query, cells}] under `titles`; the first fifty, the others when asked for.
function queriesTable(title, titles, rows, set) {
  const rowOf = ({query, cells}) => queryRow(cells, query, set);
  const made = table('lab-queries', head([[t('lab.query')], ...titles]), rows.slice(0, MOST).map(rowOf));
  const more = rows.length > MOST && h('button', {class: 'small', onclick: () => { made.querySelector('tbody').append(...rows.slice(MOST).map(rowOf)); more.remove(); }}, t('lab.all', {count: rows.length}));
  return h('section', {}, h('h2', {}, t(title)), made, more);
}

// The worst first; with other settings, those that lost most.
function queriesOf(run) {
  const compares = Boolean(run.result.against);
  const list = [...run.result.per_query];
  if (compares) list.sort((a, b) => (a.against - a.ndcg10) - (b.against - b.ndcg10));
  const titles = [[t('lab.ndcg'), t('lab.ndcg_hint')], ...(compares ? [[t('lab.change')]] : []), [t('lab.first')], [t('lab.relevant')]];
  return queriesTable(compares ? 'lab.changed_most' : 'lab.worst', titles, list.map((one) => ({query: one.query, cells: [figure(one.ndcg10),
    ...(compares ? [signed(one.against - one.ndcg10)] : []), one.first ? t('score.rank', {rank: one.first}) : '–', number(one.relevant)]})), run.set);
}

const about = (run) => h('p', {class: 'status'}, [settingsOf(run), t('lab.queries', {count: run.result.queries}), t('lab.judgements', {count: run.result.judgements}), ago(run.created_at)].join(' · '));

export function resultOf(run) {
  const {result} = run;
  return [h('h2', {}, run.set_name), about(run), result.notice && h('p', {class: 'status'}, result.notice), legsTable(result), result.against && verdict(result.against),
    result.against && result.against.better + result.against.worse > 0 && differenceChart(result.per_query), queriesOf(run)];
}

// --- Two runs of one set ---

export const last = (run) => run.result.legs[run.result.legs.length - 1];

function compared(one, other) {
  const cells = ({name, show, isTime}) => {
    const by = other[name] - one[name];
    const tone = Math.abs(by) < 1e-9 ? '' : (by > 0) === !isTime ? 'good' : 'bad';
    return [h('td', {class: 'number'}, show(one[name])), h('td', {class: 'number'}, show(other[name])),
      h('td', {class: 'number change', data: {tone}}, isTime ? `${by > 0 ? '+' : by < 0 ? '−' : '±'}${decimal(Math.abs(by))}` : signed(by))];
  };
  return SIDE.map(cells);
}

function sideBySide(run, other) {
  const theirs = new Map(other.result.legs.map((leg) => [leg.name, leg]));
  const rows = run.result.legs.filter((leg) => theirs.has(leg.name)).map((leg) => ({title: titleOf(leg.name), one: leg, other: theirs.get(leg.name)}));
  if (last(run).name !== last(other).name) rows.push({title: `${titleOf(last(run).name)} → ${titleOf(last(other).name)}`, one: last(run), other: last(other)});
  return h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'lab-side'},
    h('thead', {}, h('tr', {}, h('th', {}), SIDE.map((one) => h('th', {scope: 'colgroup', colspan: 3, class: 'number'}, t(one.title)))),
      h('tr', {}, h('th', {scope: 'col'}, t('lab.leg')), SIDE.map(() => ['A', 'B', t('lab.change')].map((text) => h('th', {scope: 'col', class: 'number'}, text))))),
    h('tbody', {}, rows.map((row) => h('tr', {}, h('th', {scope: 'row'}, row.title), compared(row.one, row.other))))));
}

// What became of each query: [{query, ndcg10, against}] of those that both runs have.
function pairs(run, other) {
  const theirs = new Map(other.result.per_query.map((one) => [one.query, one]));
  return run.result.per_query.filter((one) => theirs.has(one.query)).map((one) => ({query: one.query, ndcg10: one.ndcg10, against: theirs.get(one.query).ndcg10}));
}

export function comparisonOf(run, other, leave) {
  const both = pairs(run, other);
  const by = both.map((one) => one.against - one.ndcg10);
  const better = by.filter((value) => value > 1e-9).length;
  const worse = by.filter((value) => value < -1e-9).length;
  const sorted = [...both].sort((a, b) => (a.against - a.ndcg10) - (b.against - b.ndcg10));
  const side = (letter, one) => h('p', {class: 'lab-side'}, h('b', {}, letter), ' ', [settingsOf(one), ago(one.created_at)].join(' · '));
  return [h('div', {class: 'row'}, h('h2', {class: 'line-name'}, t('lab.two', {name: run.set_name})), h('button', {class: 'small', onclick: leave, test: 'lab-one'}, t('lab.one'))),
    h('div', {}, side('A', run), side('B', other)), sideBySide(run, other),
    verdict({difference: by.reduce((sum, value) => sum + value, 0) / Math.max(1, by.length), better, worse, same: both.length - better - worse}),
    better + worse > 0 && differenceChart(both),
    queriesTable('lab.changed_most', [['A'], ['B'], [t('lab.change')]], sorted.map((one) => ({query: one.query, cells: [figure(one.ndcg10), figure(one.against), signed(one.against - one.ndcg10)]})), run.set)];
}
