// executions.js - what workflows have done and do, newest first.
import {h, fill, cleanup, keepFocus} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get} from '../api.js';
import {note, withQuery} from '../router.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {workHead} from '../parts/work_tabs.js';
import {EXECUTION_STATES, between, startedText, stateChip, stateText} from '../parts/execution_state.js';

const PAGE = 50;
const LIVE_MS = 1000;

export function render(root, {query}) {
  const undo = cleanup();
  const {workflow = '', state = ''} = query;
  const shown = {workflow, state};
  let next = null;
  let isFirst = true;  // part of the list is all that is shown
  const head = workHead('executions', t('work.executions'));
  const list = h('ul', {class: 'lines', test: 'executions'}, h('li', {class: 'bone wide'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => load(true), test: 'executions-more'}, t('library.more'));
  const which = h('select', {class: 'chip', 'aria-label': t('run.workflow'), test: 'executions-workflow', onchange: () => choose('workflow', which.value)}, h('option', {value: ''}, t('run.any_workflow')));
  const states = h('select', {class: 'chip', 'aria-label': t('run.state'), test: 'executions-state', onchange: () => choose('state', states.value)},
    ['', ...EXECUTION_STATES].map((name) => h('option', {value: name, selected: name === state}, name ? stateText(name) : t('run.any_state'))));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('div', {class: 'row wrap'}, which, states), list, more));

  function choose(name, value) {
    shown[name] = value;
    note(withQuery({[name]: value}));
    load();
  }

  function rowOf(one) {
    const facts = [ago(one.created_at), startedText(one.started_by), between(one), one.dry_run && t('run.dry_short')].filter(Boolean).join(' · ');
    return h('li', {class: 'line', test: 'execution-row', data: {id: one.id}}, h('a', {class: 'line-name', href: `/executions/${one.id}`, test: 'execution-open'}, h('b', {}, one.workflow.name),
      h('small', {title: fullDate(one.created_at)}, facts), one.error && h('small', {class: 'bad'}, one.error.message)), stateChip(one.state));
  }

  async function load(append) {
    try {
      const page = await get('/v1/workflow-executions', {...shown, limit: PAGE, after: append ? next : null});
      next = page.next;
      more.hidden = !next;
      isFirst = !append;
      if (append) list.append(...page.items.map(rowOf));
      else keepFocus(list, 'id', () => fill(list, page.items.length ? page.items.map(rowOf) : h('li', {class: 'nothing', test: 'executions-empty'}, h('h2', {}, t('run.empty_title')), h('p', {}, t('run.empty')))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, () => load())));
    }
  }

  get('/v1/workflows').then(({items}) => which.append(...items.map((one) => h('option', {value: one.id, selected: one.id === workflow}, one.name))), () => {});
  // Whoever has read on is left in peace.
  follow(undo, ['workflow'], () => isFirst && load(), {wait_ms: LIVE_MS});
  load();
  return {cleanup: undo, title: t('work.executions'), focus: head.heading};
}
