// approvals.js - what waits for a decision: mine, or everything that I may see.
import {h, fill, cleanup} from '../dom.js';
import {t, ago} from '../texts.js';
import {get} from '../api.js';
import {mayWrite} from '../state.js';
import {note, withQuery} from '../router.js';
import {askApproval} from '../parts/approval_ask.js';
import {problem} from '../parts/problem.js';
import {workHead} from '../parts/work_tabs.js';
import {follow} from '../parts/follow.js';
import {APPROVAL_STATES, approvalChip, deadlineText} from '../parts/approval_state.js';

const PAGE = 50;

export function render(root, {query}) {
  const undo = cleanup();
  const shown = {of: query.of === 'all' ? 'all' : 'mine', state: query.state || ''};
  let next = null;
  const head = workHead('approvals', t('work.approvals'), mayWrite() && h('button', {class: 'small', onclick: () => askApproval(null), test: 'approval-ask'}, t('approval.ask')));
  const list = h('ul', {class: 'lines', test: 'approvals'}, h('li', {class: 'bone wide'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => load(true), test: 'approvals-more'}, t('library.more'));
  const of = h('select', {class: 'chip', 'aria-label': t('approval.of'), test: 'approvals-of', onchange: () => choose('of', of.value)},
    ['mine', 'all'].map((name) => h('option', {value: name, selected: name === shown.of}, t(`approval.of_${name}`))));
  const states = h('select', {class: 'chip', 'aria-label': t('run.state'), test: 'approvals-state', onchange: () => choose('state', states.value)},
    ['', ...APPROVAL_STATES].map((name) => h('option', {value: name, selected: name === shown.state}, t(name ? `approval.state_${name}` : 'run.any_state'))));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('div', {class: 'row wrap'}, of, states), list, more));

  function choose(name, value) {
    shown[name] = value;
    note(withQuery({[name]: value === 'mine' ? '' : value}));
    load();
  }

  const rowOf = (one) => h('li', {class: 'line', test: 'approval-row', data: {id: one.id}}, h('a', {class: 'line-name', href: `/approvals/${one.id}`}, h('b', {}, one.title),
    h('small', {}, [t('approval.asked', {ago: ago(one.created_at)}), one.state === 'waiting' && deadlineText(one)].filter(Boolean).join(' · ')), one.reason && h('small', {}, one.reason)), approvalChip(one));

  const nothing = () => h('li', {class: 'nothing', test: 'approvals-empty'}, h('h2', {}, t(shown.of === 'mine' ? 'approval.none_mine' : 'approval.none')), h('p', {}, t('approval.empty')));

  let isFirst = true;  // whoever has read on is left in peace

  async function load(append) {
    states.hidden = shown.of === 'mine';
    try {
      const filter = shown.of === 'mine' ? {mine: 1} : {state: shown.state};
      const page = await get('/v1/approvals', {...filter, limit: PAGE, after: append ? next : null});
      next = page.next;
      more.hidden = !next;
      isFirst = !append;
      if (append) list.append(...page.items.map(rowOf));
      else fill(list, page.items.length ? page.items.map(rowOf) : nothing());
    } catch (error) {
      fill(list, h('li', {}, problem(error, () => load())));
    }
  }

  follow(undo, ['approval'], () => isFirst && load());
  load();
  return {cleanup: undo, title: t('work.approvals'), focus: head.heading};
}
