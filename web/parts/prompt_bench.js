// prompt_bench.js - rows of variables, run through versions of a prompt side by side.
import {h, fill} from '../dom.js';
import {t, number} from '../texts.js';
import {post} from '../api.js';
import {dialog} from './forms.js';
import {problem} from './problem.js';
import {announce} from './live.js';
import {readVersions} from './prompts.js';

const ROWS_MAX = 20;

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
  : 'matches' in one && h('span', {class: 'chip', data: {tone: one.matches ? 'good' : 'bad'}}, t(one.matches ? 'prompt.matches' : 'prompt.misses')));

const result = (one) => h('li', {class: 'line', test: 'bench-result', data: {row: String(one.row), version: String(one.version)}}, h('div', {class: 'line-name'},
  h('b', {}, t('prompt.result', {row: one.row + 1, number: one.version})), h('p', {class: 'said'}, one.error || one.text),
  h('small', {}, [one.model, t('prompt.cost', {tokens: number(one.input_tokens + one.output_tokens), ms: number(Math.round(one.took_ms))})].filter(Boolean).join(' · '))), mark(one));

// Row after row, so that each is seen as it comes and the rest can be called off.
async function run(one, rows, versions, {out, bar, isOver}) {
  const found = [];
  for (let at = 0; at < rows.length && !isOver(); at++) {
    bar.value = at / rows.length;
    bar.textContent = t('prompt.running', {at: at + 1, count: rows.length});
    const page = await post(`/v1/prompts/${one.id}/run`, {rows: [rows[at]], versions});
    found.push(...page.items.map((item) => ({...item, row: at})));
    fill(out, found.map(result));
  }
  bar.value = 1;
  announce(t('prompt.done', {count: found.length}));
}

export async function openBench(one) {
  const versions = (await readVersions(one)).slice(0, 4);
  const rows = sheet(one.variables);
  const picks = versions.map((version) => h('label', {class: 'row'}, h('input', {type: 'checkbox', value: String(version.version), checked: version.current, test: `bench-version-${version.version}`}), t('persona.version', {number: version.version})));
  const out = h('ul', {class: 'lines', test: 'bench-results'});
  const bar = h('progress', {max: 1, value: 0, hidden: true, 'aria-label': t('prompt.progress')});
  const button = h('button', {class: 'primary small', test: 'bench-run'}, t('prompt.run'));
  let isOver = false;
  let isBusy = false;
  button.onclick = async () => {
    if (isBusy) {
      isOver = true;
      return;
    }
    isBusy = true;
    isOver = false;
    bar.hidden = false;
    button.textContent = t('ask.stop');
    try {
      await run(one, rows.values(), picks.map((pick) => pick.querySelector('input')).filter((box) => box.checked).map((box) => Number(box.value)), {out, bar, isOver: () => isOver});
    } catch (error) {
      fill(out, problem(error));
    }
    isBusy = false;
    bar.hidden = true;
    button.textContent = t('prompt.run');
  };
  dialog({title: `${one.name} · ${t('prompt.bench')}`, test: 'bench', roomy: true, onclose: () => { isOver = true; }, body: [h('p', {class: 'hint'}, t('prompt.bench_lead')), rows.element,
    h('div', {class: 'row wrap'}, h('button', {class: 'small', onclick: rows.add, test: 'bench-add'}, t('prompt.row')), picks, h('span', {class: 'gap'}), button), bar, out]});
}
