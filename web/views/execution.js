// execution.js - one run of a workflow, step by step, as it goes: what came in, what came out, how long it took.
import {h, fill, cleanup} from '../dom.js';
import {t, has, ago, fullDate} from '../texts.js';
import {all, get, post} from '../api.js';
import {mayWrite} from '../state.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {between, costText, isOver, startedText, stateChip, took} from '../parts/execution_state.js';

const STEPS_MOST = 2000;
const WAITS_SHOWN = 5;
const PARTS_SHOWN = 100;  // branches and items of one step

const printed = (value) => JSON.stringify(value, null, 2);
const block = (title, value) => value !== null && value !== undefined && [h('h4', {}, title), h('pre', {class: 'logged'}, printed(value))];

export function render(root, {id}) {
  const undo = cleanup();
  const path = `/v1/workflow-executions/${id}`;
  const writes = mayWrite();
  const rows = new Map();  // what was painted of each step: {said, element}
  let turn = 0;
  undo.add(() => { turn++; });
  const head = workHead('executions', t('work.executions'));
  const about = h('div', {class: 'work-card', test: 'execution'}, h('div', {class: 'bone wide'}));
  const list = h('ol', {class: 'run-steps', test: 'execution-steps'});
  fill(root, head.element, h('div', {class: 'scroll pad work'}, about, list));

  async function steer(name, body) {
    try {
      const one = await post(`${path}/${name}`, body);
      await show(one);
    } catch (error) {
      toast(error.message);
      load();
    }
  }

  // Each is one for as long as the view is there, so none disappears under a pointer.
  const buttons = {};
  const headline = h('div', {class: 'row wrap'});
  const inAndOut = h('div');
  const fold = h('details', {class: 'fold', test: 'execution-input'}, h('summary', {}, t('run.in_and_out')), inAndOut);
  function actions(one) {
    const button = (name, body) => (buttons[name] ||= h('button', {class: name === 'cancel' ? 'small' : 'small primary', onclick: () => steer(name, body), test: `execution-${name}`}, t(`run.${name}`)));
    return [one.state === 'running' && button('pause'), one.state === 'paused' && button('resume'), !isOver(one) && button('cancel'), ['failed', 'cancelled'].includes(one.state) && button('retry', {})];
  }

  // An approval has a page; a time and an event are told.
  function waitText(wait, one) {
    const name = `run.wait_${wait.for}`;
    const step = one.steps.find((each) => each.frame === wait.frame && each.step === wait.step && each.output && each.output.approval);
    const reason = has(name) ? t(name) : wait.until ? t('run.wait_until', {date: fullDate(wait.until)}) : wait.event && t('run.wait_event', {event: wait.event});
    return h('li', {test: 'execution-wait'}, [t('run.waits_at', {step: wait.step}), reason].filter(Boolean).join(': '), wait.for === 'approval' && step && [' ', h('a', {href: `/approvals/${step.output.approval}`, test: 'execution-approval'}, t('run.to_approval'))]);
  }

  // Its name comes when it is known, and stays.
  let link = null;
  function documentLink(document) {
    if (link) return link;
    link = h('a', {href: `/documents/${document}`, test: 'execution-document'}, t('run.document'));
    get(`/v1/documents/${document}`).then(({name}) => fill(link, name), () => {});
    return link;
  }

  function paintAbout(one) {
    const facts = [t('flow.version', {count: one.workflow.version}), startedText(one.started_by), fullDate(one.created_at), between(one), one.dry_run && t('run.dry_short')].filter(Boolean).join(' · ');
    const sum = costText({tokens: one.steps.reduce((all, step) => all + step.tokens, 0), cost_pico: one.steps.reduce((all, step) => all + step.cost_pico, 0)});
    fill(inAndOut, block(t('run.input'), one.input), block(t('run.output'), one.output));
    fill(about, fill(headline, h('h2', {class: 'grow'}, h('a', {href: `/workflows/${one.workflow.id}`}, one.workflow.name)), stateChip(one.state), writes && actions(one)),
      h('p', {class: 'status'}, [facts, sum].filter(Boolean).join(' · ')),
      one.document && h('p', {}, documentLink(one.document)),
      one.error && h('p', {class: 'problem', role: 'alert', test: 'execution-error'}, one.error.step && h('b', {}, `${one.error.step}: `), one.error.message),
      one.waits.length > 0 && h('ul', {class: 'run-waits'}, one.waits.slice(0, WAITS_SHOWN).map((wait) => waitText(wait, one))),
      fold);
  }

  function stepRow(step, one, parts) {
    const key = `${step.frame}.${step.number}`;
    const said = JSON.stringify([step, one.state, parts.map(({frame, state}) => [frame, state])]);
    const known = rows.get(key);
    if (known && known.said === said && !parts.length) return known.element;
    const wasOpen = known ? known.element.querySelector('details').open : step.state === 'failed';
    const facts = [took(step.duration_ms), step.attempt > 1 && t('run.attempt', {count: step.attempt}), costText(step)].filter(Boolean).join(' · ');
    const element = h('li', {class: 'run-step', test: 'execution-step', data: {state: step.state, step: step.step}},
      h('details', {open: wasOpen}, h('summary', {}, h('span', {class: 'grow'}, h('b', {}, step.step), ' ', h('small', {}, step.type.replaceAll('_', ' '))), h('small', {class: 'number'}, facts), stateChip(step.state)),
        h('div', {class: 'run-detail'}, step.error && h('p', {class: 'problem'}, step.error.message), block(t('run.input'), step.input), block(t('run.output'), step.output),
          h('p', {class: 'status'}, t('run.began', {ago: ago(step.started_at)})),
          writes && step.frame === 0 && ['failed', 'cancelled'].includes(one.state) && h('button', {class: 'small', onclick: () => steer('retry', {step: step.step}), test: 'step-retry'}, t('run.retry_from')))),
      parts.length > 0 && partsOf(step, one, parts, known));
    rows.set(key, {said, element});
    return element;
  }

  // Branches and items, folded unless they were opened.
  function partsOf(step, one, parts, known) {
    const open = new Set(known ? [...known.element.querySelectorAll(':scope > .run-parts > details[open]')].map((part) => part.dataset.frame) : []);
    const name = step.type === 'parallel' ? 'run.branch' : 'run.item';
    return h('div', {class: 'run-parts'}, parts.slice(0, PARTS_SHOWN).map((part) => h('details', {open: open.has(String(part.frame)) || part.state === 'failed', data: {frame: part.frame}, test: 'execution-part'},
      h('summary', {}, h('span', {class: 'grow'}, t(name, {count: part.place + 1})), stateChip(part.state)), h('ol', {class: 'run-steps'}, frameRows(part.frame, one)))),
    parts.length > PARTS_SHOWN && h('p', {class: 'status'}, t('run.more_parts', {count: parts.length - PARTS_SHOWN})));
  }

  function frameRows(frame, one) {
    const steps = one.steps.filter((step) => step.frame === frame);
    const isLast = (step) => !steps.some((other) => other.step === step.step && other.number > step.number);
    return steps.map((step) => stepRow(step, one, isLast(step) ? one.frames.filter((part) => part.parent === frame && part.step === step.step) : []));
  }

  async function show(one) {
    if (one.more_steps) one.steps = await all(`${path}/steps`, {}, STEPS_MOST);
    const focused = list.contains(document.activeElement) && document.activeElement.closest('[data-step]');
    paintAbout(one);
    fill(list, frameRows(0, one));
    if (focused && !focused.isConnected) {
      const again = list.querySelector(`[data-step="${CSS.escape(focused.dataset.step)}"] summary`);
      if (again) again.focus({preventScroll: true});
    }
  }

  async function load() {
    const mine = ++turn;
    try {
      const one = await get(path);
      if (mine === turn) await show(one);
    } catch (error) {
      if (mine === turn) fill(about, problem(error, load));
    }
  }

  follow(undo, ['workflow'], load, {concerns: (told) => told.id === id});
  load();
  return {cleanup: undo, title: t('work.executions'), focus: head.heading};
}
