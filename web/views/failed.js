// failed.js - background work that has failed for good: why, and whether to try it again or throw it away.
import {h, fill, cleanup} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get, post, remove} from '../api.js';
import {note, withQuery} from '../router.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';

const PAGE = 50;
const LIVE_MS = 1000;

export function render(root, {query}) {
  const undo = cleanup();
  let type = query.type || '';
  let next = null;
  let isFirst = true;  // part of the list is all that is shown
  const head = workHead('failed', t('work.failed'));
  const list = h('ul', {class: 'lines', test: 'dead-jobs'}, h('li', {class: 'bone wide'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => load(true), test: 'dead-more'}, t('library.more'));
  const types = h('select', {class: 'chip', 'aria-label': t('failed.type'), test: 'dead-type', onchange: () => {
    type = types.value;
    note(withQuery({type}));
    load();
  }}, h('option', {value: ''}, t('failed.any')));
  const both = h('div', {class: 'row wrap', hidden: true}, types, h('span', {class: 'gap'}),
    h('button', {class: 'small', onclick: retryAll, test: 'dead-retry-all'}, t('failed.retry_all')), h('button', {class: 'small', onclick: dropAll, test: 'dead-remove-all'}, t('failed.remove_all')));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('p', {class: 'lead'}, t('failed.lead')), both, list, more));

  const ofType = () => (type ? {type} : {});

  async function run(work, said) {
    try {
      const answer = await work();
      toast(t(said, {count: (answer && answer.count) ?? 1}));
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  function retryAll() {
    run(() => post('/v1/dead-jobs/retry', ofType()), 'failed.retried');
  }

  function dropAll() {
    const hidden = [...list.children];
    hidden.forEach((row) => { row.hidden = true; });
    toast(t(type ? 'failed.removed_type' : 'failed.removed_all', {type}), {undo: () => load(), commit: () => post('/v1/dead-jobs/remove', ofType(), {keepalive: true}).then(() => load(), (error) => toast(error.message))});
  }

  function drop(one, row) {
    row.hidden = true;
    toast(t('failed.removed', {type: one.type}), {undo: () => { row.hidden = false; }, commit: () => remove(`/v1/jobs/${one.id}`, null, {keepalive: true}).then(() => load(), (error) => toast(error.message))});
  }

  function rowOf(one) {
    const about = [one.about, t('failed.tries', {count: one.attempt}), one.finished_at && ago(one.finished_at)].filter(Boolean).join(' · ');
    const row = h('li', {class: 'line', test: 'dead-job', data: {id: one.id}}, h('span', {class: 'line-name'}, h('b', {}, one.type), h('small', {title: fullDate(one.finished_at)}, about), one.error && h('small', {class: 'bad'}, one.error)),
      h('button', {class: 'small', onclick: () => run(() => post(`/v1/jobs/${one.id}/retry`), 'failed.retried'), test: 'dead-retry'}, t('do.retry')),
      h('button', {class: 'small', onclick: () => drop(one, row), test: 'dead-remove'}, t('failed.remove')));
    return row;
  }

  async function paintTypes() {
    const {items} = await get('/v1/job-counts');
    const dead = items.filter((one) => one.dead > 0);
    fill(types, h('option', {value: ''}, t('failed.any')), dead.map((one) => h('option', {value: one.type, selected: one.type === type}, t('failed.of_type', {type: one.type, count: one.dead}))));
    both.hidden = dead.length === 0;
  }

  async function load(append) {
    try {
      const page = await get('/v1/jobs', {state: 'dead', type, limit: PAGE, after: append ? next : null});
      next = page.next;
      more.hidden = !next;
      isFirst = !append;
      if (append) list.append(...page.items.map(rowOf));
      else fill(list, page.items.length ? page.items.map(rowOf) : h('li', {class: 'nothing', test: 'dead-empty'}, h('h2', {}, t('failed.empty_title')), h('p', {}, t('failed.empty'))));
      await paintTypes();
    } catch (error) {
      fill(list, h('li', {}, problem(error, () => load())));
    }
  }

  const isShown = ({id}) => list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  // Whoever has read on is left in peace, and what is hidden may still be brought back.
  const look = () => isFirst && !list.querySelector(':scope > [hidden]') && load();
  follow(undo, ['job'], look, {concerns: (told) => told.state === 'dead' || isShown(told), wait_ms: LIVE_MS});
  load();
  return {cleanup: undo, title: t('work.failed'), focus: head.heading};
}
