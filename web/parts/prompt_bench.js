// prompt_bench.js - rows of variables, run through versions of a prompt side by side, by a run of the server.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {get, post, all} from '../api.js';
import {dialog} from './forms.js';
import {problem} from './problem.js';
import {announce} from './live.js';
import {readVersions} from './prompts.js';

const ROWS_MAX = 100;
const LOOK_MS = 700;

// A table to write in: a column for each variable, and one for what the answer must have.
function sheet(names) {
  const body = h('tbody');
  const cell = (name) => h('td', {}, h('input', {'aria-label': name, data: {name}, autocomplete: 'off', test: `bench-${name}`}));
  const add = () => { if (body.children.length < ROWS_MAX) body.append(h('tr', {}, [...names, 'expected'].map(cell))); };
  add();
  const values = () => [...body.children].map((row) => Object.fromEntries([...row.querySelectorAll('input')].filter((input) => input.value)
    .map((input) => [input.dataset.name, input.value])));
  return {values, add, element: h('div', {class: 'wide-table'}, h('table', {class: 'figures'},
    h('thead', {}, h('tr', {}, names.map((name) => h('th', {scope: 'col'}, name)), h('th', {scope: 'col'}, t('prompt.expected')))), body))};
}

const mark = (one) => (one.error ? h('span', {class: 'chip', data: {tone: 'bad'}}, t('prompt.failed'))
  : 'matches' in one.result && h('span', {class: 'chip', data: {tone: one.result.matches ? 'good' : 'bad'}}, t(one.result.matches ? 'prompt.matches' : 'prompt.misses')));
const costOf = (result) => [result.model, t('prompt.cost', {tokens: number(result.input_tokens + result.output_tokens), ms: number(Math.round(result.took_ms))})].filter(Boolean).join(' · ');

const result = (one) => h('li', {class: 'line', test: 'bench-result', data: {row: String(one.row), version: String(one.version)}}, h('div', {class: 'line-name'},
  h('b', {}, t('prompt.result', {row: one.row + 1, number: one.version})), h('p', {class: 'said'}, one.error ? one.error.message : one.result.text),
  one.result && h('small', {}, costOf(one.result))), mark(one));

// The server goes on with a run when the dialog is closed; what has come of it is shown as it comes.
async function follow(id, {out, bar, table, isOver}) {
  for (;;) {
    const run = await get(`/v1/runs/${id}`);
    const items = await all(`/v1/runs/${id}/results`, {});
    if (isOver()) return;
    const over = run.done + run.failed;
    bar.hidden = false;
    bar.max = run.total;
    bar.value = over;
    table.href = `/v1/runs/${id}/results?format=csv`;
    table.hidden = over === 0;
    fill(out, items.filter((one) => one.result || one.error).map(result));
    if (run.state !== 'running' && run.state !== 'waiting') return announce(t('prompt.done', {count: over}));
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

// `run`: the id of one to follow at once.
export async function openBench(one, run) {
  const versions = (await readVersions(one)).slice(0, 4);
  const rows = sheet(one.variables);
  const picks = versions.map((version) => h('label', {class: 'row'}, h('input', {type: 'checkbox', value: String(version.version), checked: version.current, test: `bench-version-${version.version}`}), t('persona.version', {number: version.version})));
  const out = h('ul', {class: 'lines', test: 'bench-results'});
  const bar = h('progress', {max: 1, value: 0, hidden: true, 'aria-label': t('prompt.progress')});
  const table = h('a', {class: 'button small', hidden: true, download: 'prompt.csv', test: 'bench-csv'}, t('fields.csv'));
  const button = h('button', {class: 'primary small', test: 'bench-run'}, t('prompt.run'));
  let isClosed = false;
  let going = '';
  const chosen = () => picks.map((pick) => pick.querySelector('input')).filter((box) => box.checked).map((box) => Number(box.value));

  async function watch(id) {
    going = id;
    button.textContent = t('ask.stop');
    try {
      await follow(id, {out, bar, table, isOver: () => isClosed});
    } catch (error) {
      fill(out, problem(error));
    }
    going = '';
    bar.hidden = true;
    button.textContent = t('prompt.run');
  }
  button.onclick = async () => {
    try {
      if (going) await post(`/v1/runs/${going}/cancel`);
      else await watch((await post(`/v1/prompts/${one.id}/runs`, {rows: rows.values(), versions: chosen()})).id);
    } catch (error) {
      fill(out, problem(error));
    }
  };
  dialog({title: `${one.name} · ${t('prompt.bench')}`, test: 'bench', roomy: true, onclose: () => { isClosed = true; }, body: [h('p', {class: 'hint'}, t('prompt.bench_lead')), rows.element,
    h('div', {class: 'row wrap'}, h('button', {class: 'small', onclick: rows.add, test: 'bench-add'}, t('prompt.row')), picks, h('span', {class: 'gap'}), table, button), bar, out]});
  if (run) watch(run);
}
