// lab_sweep.js - one setting with several values: a run for each, their figures in rows, and any two of them side by side.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {ApiError} from '../api.js';
import {isOver, settingsOf, figuresTable, last} from './lab_result.js';

const MOST = 10;  // the server keeps twenty runs of a set

// "vector_weight=0.3,0.5 fresh=0.1" as the settings of each run; null where no setting has several values.
export function sweepOf(settings) {
  const pairs = settings.split(/\s+/).filter(Boolean);
  const swept = pairs.filter((one) => one.includes(','));
  if (!swept.length) return null;
  const values = swept[0].slice(swept[0].indexOf('=') + 1).split(',').filter(Boolean);
  if (swept.length > 1) throw new ApiError('invalid', t('lab.sweep_one'), 0, 'settings_other');
  if (values.length > MOST) throw new ApiError('invalid', t('lab.sweep_most', {count: MOST}), 0, 'settings_other');
  const name = swept[0].slice(0, swept[0].indexOf('='));
  return values.map((value) => pairs.map((one) => (one === swept[0] ? `${name}=${value}` : one)).join(' '));
}

function standing(run) {
  if (run.result) return t('lab.done');
  if (isOver(run)) return t(run.state === 'cancelled' ? 'lab.stopped' : 'lab.failed');
  return t(run.total ? 'lab.working' : 'lab.waiting');
}

// What the table shows of the runs; while it stays the same, the table does.
export const sweepKey = (runs) => runs.map(standing).join();

// runs: in the order of their values; chosen: the ids of those to compare, kept while rows come. actions: {open(run), compare(run, other)}
export function sweepTable(runs, chosen, {open, compare}) {
  const button = h('button', {class: 'small', disabled: chosen.size !== 2, test: 'lab-sweep-compare', onclick: () => compare(...runs.filter((one) => chosen.has(one.id)))}, t('lab.compare_two'));
  const choose = ({id, ...run}) => h('input', {type: 'checkbox', checked: chosen.has(id), 'aria-label': t('lab.choose', {settings: settingsOf(run)}), test: 'lab-sweep-choose', onchange: (event) => {
    if (event.target.checked) chosen.add(id);
    else chosen.delete(id);
    button.disabled = chosen.size !== 2;
  }});
  const rows = runs.map((run) => ({
    title: h('span', {class: 'row'}, run.result && choose(run), h('button', {class: 'link', onclick: () => open(run), test: 'lab-sweep-open'}, settingsOf(run))),
    leg: run.result && last(run), standing: standing(run), test: 'lab-sweep-row',
  }));
  const done = runs.filter((one) => one.result).length;
  return [h('h2', {}, t('lab.sweep_of', {name: runs[0].set_name, count: runs.length})), figuresTable('lab-sweep', t('lab.settings'), rows),
    done > 1 && h('div', {class: 'row'}, button, h('small', {}, t('lab.choose_two')))];
}
