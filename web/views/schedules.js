// schedules.js - what comes again and again: when next, in whose zone, and how it went last.
import {h, fill, cleanup, keepFocus} from '../dom.js';
import {t, ago, fullDate} from '../texts.js';
import {get, all, patch, post, remove} from '../api.js';
import {mayAdminister} from '../state.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {stateChip} from '../parts/execution_state.js';
import {askSchedule, ownZone, ruleWords} from '../parts/schedule_form.js';

const LIVE_MS = 1000;

export function render(root) {
  const undo = cleanup();
  let types = [];
  const jobs = new Set();  // the last one of each
  const add = h('button', {class: 'small primary', disabled: true, onclick: () => askSchedule(types, null, load), test: 'schedule-add'}, t('schedule.add'));
  const head = workHead('schedules', t('work.schedules'), add);
  const list = h('ul', {class: 'lines', test: 'schedules'}, h('li', {class: 'bone wide'}));
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('p', {class: 'lead'}, t('schedule.lead', {zone: ownZone()})), list));

  async function change(run, said) {
    try {
      await run();
      if (said) toast(said);
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  function drop(one, row) {
    row.hidden = true;
    toast(t('schedule.removed', {name: one.name}), {
      undo: () => { row.hidden = false; },
      commit: () => remove(`/v1/schedules/${one.id}`, null, {keepalive: true}).then(load, (error) => toast(error.message)),
    });
  }

  // How its last job went is an administrator's to see.
  async function tell(one, said) {
    if (!one.last_job || !mayAdminister()) return;
    jobs.add(one.last_job);
    const job = await get(`/v1/jobs/${one.last_job}`).catch(() => null);
    if (job) fill(said, stateChip(job.state));
    if (job && job.error) said.title = job.error;
  }

  function rowOf(one) {
    const path = `/v1/schedules/${one.id}`;
    const zone = one.every_s || one.zone === ownZone() ? '' : t('schedule.in_zone', {zone: one.zone});
    const said = h('span', {class: 'row run-last'});
    const lines = [h('small', {}, [ruleWords(one), zone].filter(Boolean).join(' ')), h('small', {}, one.paused ? t('schedule.paused') : one.next_at ? t('schedule.next', {date: fullDate(one.next_at)}) : t('schedule.no_next')),
      h('small', {}, [one.last_at ? t('schedule.last', {ago: ago(one.last_at)}) : t('schedule.never'), one.missed > 0 && t('schedule.missed', {count: one.missed})].filter(Boolean).join(' · ')), (one.error || one.last_error) && h('small', {class: 'bad'}, one.error || one.last_error)];
    const row = h('li', {class: 'line', test: 'schedule-row', data: {id: one.id}}, h('div', {class: 'line-name'}, h('b', {}, one.name), lines), said,
      h('button', {class: 'small', onclick: () => change(() => post(`${path}/run`, {}), t('schedule.started', {name: one.name})), test: 'schedule-run'}, t('schedule.run')),
      h('button', {class: 'small', onclick: () => change(() => patch(path, {paused: !one.paused})), test: 'schedule-pause'}, t(one.paused ? 'schedule.go_on' : 'schedule.pause')),
      h('button', {class: 'small', onclick: () => askSchedule(types, one, load), test: 'schedule-edit'}, t('flow.edit')),
      h('button', {class: 'small', onclick: () => drop(one, row), test: 'schedule-remove'}, t('do.remove')));
    tell(one, said);
    return row;
  }

  async function load() {
    try {
      if (!types.length) types = (await get('/v1/schedule-types')).items;
      const items = await all('/v1/schedules', {});
      add.disabled = types.length === 0;
      jobs.clear();
      keepFocus(list, 'id', () => fill(list, items.length ? items.map(rowOf) : h('li', {class: 'nothing', test: 'schedules-empty'}, h('h2', {}, t('schedule.empty_title')), h('p', {}, t('schedule.empty')))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }

  // What is hidden may still be brought back.
  const look = () => !list.querySelector(':scope > [hidden]') && load();
  follow(undo, ['schedule', 'job'], look, {concerns: (told) => !told.type || jobs.has(told.id), wait_ms: LIVE_MS});
  load();
  return {cleanup: undo, title: t('work.schedules'), focus: head.heading};
}
