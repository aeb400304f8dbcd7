// workflows.js - the workspace's workflows: how often each ends well, and when it last ran.
import {h, fill, cleanup} from '../dom.js';
import {t, ago} from '../texts.js';
import {get, remove} from '../api.js';
import {mayWrite} from '../state.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {stateChip} from '../parts/execution_state.js';
import {rateText} from '../parts/workflow_figures.js';
import {askRun} from '../parts/workflow_run.js';
import {newWorkflow} from '../parts/workflow_new.js';

const LIVE_MS = 5000;  // every row asks twice

export function render(root) {
  const undo = cleanup();
  const rows = new Map();  // id -> how it does, told anew
  let gone = false;
  undo.add(() => { gone = true; });
  const head = workHead('workflows', t('work.workflows'), mayWrite() && h('button', {class: 'small primary', onclick: newWorkflow, test: 'workflow-add'}, t('flow.new')));
  const list = h('ul', {class: 'lines', test: 'workflows'}, h('li', {class: 'bone wide'}));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('p', {class: 'lead'}, t('flow.lead')), list));

  function drop(one, row) {
    row.hidden = true;
    toast(t('flow.removed', {name: one.name}), {
      undo: () => { row.hidden = false; },
      commit: () => remove(`/v1/workflows/${one.id}`, null, {keepalive: true}).then(load, (error) => toast(error.message)),
    });
  }

  // How it does comes a moment later, into a place that is there already.
  async function tell(one, did, last) {
    const [figures, runs] = await Promise.all([get(`/v1/workflows/${one.id}/statistics`), get('/v1/workflow-executions', {workflow: one.id, limit: 1})]).catch(() => [null, null]);
    if (!figures || gone) return;
    fill(did, t(figures.success_rate === null ? 'flow.ran' : 'flow.did', {rate: rateText(figures.success_rate), count: figures.executions}));
    if (runs.items[0]) fill(last, h('a', {href: `/executions/${runs.items[0].id}`}, ago(runs.items[0].created_at)), stateChip(runs.items[0].state));
  }

  function rowOf(one) {
    const did = h('small', {}, ' ');
    const last = h('span', {class: 'row run-last'});
    const about = [t('flow.steps', {count: one.steps}), t('flow.version', {count: one.version}), !one.enabled && t('flow.off')].filter(Boolean).join(' · ');
    const row = h('li', {class: 'line', test: 'workflow-row', data: {id: one.id}},
      h('a', {class: 'line-name', href: `/workflows/${one.id}`}, h('b', {}, one.name), one.description && h('small', {title: one.description}, one.description), h('small', {}, about), did), last,
      mayWrite() && h('button', {class: 'small', onclick: () => askRun(one), test: 'workflow-run'}, t('run.start')),
      mayWrite() && h('button', {class: 'small', onclick: () => drop(one, row), test: 'workflow-remove'}, t('do.remove')));
    const again = () => tell(one, did, last);
    rows.set(one.id, again);
    again();
    return row;
  }

  async function load() {
    try {
      const {items} = await get('/v1/workflows');
      rows.clear();
      fill(list, items.length ? items.map(rowOf) : h('li', {class: 'nothing', test: 'workflows-empty'}, h('h2', {}, t('flow.empty_title')), h('p', {}, t('flow.empty'))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }

  follow(undo, ['workflow'], () => Promise.all([...rows.values()].map((again) => again())), {concerns: (told) => told.state, wait_ms: LIVE_MS});
  load();
  return {cleanup: undo, title: t('work.workflows'), focus: head.heading};
}
