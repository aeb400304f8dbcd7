// tray.js - the one place for everything that runs: name, what is happening in words, bar, time left, cancel.
import {h, fill, say} from '../dom.js';
import {t, duration, percentText} from '../texts.js';
import {on} from '../state.js';
import {icon} from './icons.js';
import {announce} from './live.js';
import {toast} from './toast.js';
import {stageOf} from './stages.js';
import * as work from './work.js';

const MOST_ROWS = 200;
const rows = new Map();  // item key -> {element, parts, button state}
let folded = false;
let root, body, summary, toggle, failures;

async function tried(run) {
  try {
    await run();
  } catch (error) {
    toast(error.message);
  }
}

function unlockForm(row, item) {
  const input = h('input', {type: 'password', name: 'password', 'aria-label': t('tray.password_for', {name: item.name}),
                            placeholder: t('tray.password'), autocomplete: 'off', test: 'unlock-password'});
  const form = h('form', {class: 'unlock', test: 'unlock'}, input, h('button', {class: 'small', test: 'unlock-send'}, t('tray.unlock')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value) tried(() => work.retry(item, input.value));
  });
  return form;
}

function rowFor(item) {
  const parts = {
    name: h(item.page ? 'a' : 'span', {class: 'tray-name', title: item.name, href: item.page || null, test: 'tray-name'}, item.name),
    stage: h('span', {class: 'tray-stage', test: 'tray-stage'}),
    bar: h('progress', {max: 100, 'aria-label': item.name}),
    percent: h('span', {class: 'tray-percent number'}),
    left: h('span', {class: 'tray-left number'}),
    action: h('span', {class: 'tray-action'}),
    extra: h('div', {class: 'tray-extra', hidden: true}),
  };
  const element = h('li', {class: 'tray-row', test: 'tray-row', data: {name: item.name}}, parts.name, parts.stage, parts.bar,
    parts.percent, parts.left, parts.action, parts.extra);
  return {element, parts, shown: '', linked: Boolean(item.page)};
}

function actionFor(item) {
  if (!work.ended(item)) {
    return item.mayCancel !== false && h('button', {class: 'icon', 'aria-label': t('tray.cancel', {name: item.name}), title: t('do.cancel'), test: 'tray-cancel',
                        onclick: () => tried(() => work.cancel(item))}, icon('close'));
  }
  const again = item.job ? item.mayRetry : item.state === 'failed' || item.state === 'cancelled' || (item.state === 'refused' && item.file && item.error.code !== 'unsupported');
  return again && h('button', {class: 'icon', 'aria-label': t('tray.retry', {name: item.name}), title: t('do.retry'), test: 'tray-retry',
                               onclick: () => tried(() => work.retry(item))}, icon('retry'));
}

// The buttons are only made anew when their kind changes, so none disappears under a pointer.
function showActions(row, item) {
  const locked = item.state === 'failed' && item.error && item.error.code === 'encrypted';
  const kind = `${item.state}${locked}${item.id}${item.mayCancel}${item.mayRetry}`;
  if (row.shown === kind) return;
  row.shown = kind;
  fill(row.parts.action, actionFor(item));
  fill(row.parts.extra, locked && unlockForm(row, item));
  row.parts.extra.hidden = !locked;
  if (item.page && !row.linked) {
    const link = h('a', {class: 'tray-name', title: item.name, href: item.page, test: 'tray-name'}, item.name);
    row.parts.name.replaceWith(link);
    row.parts.name = link;
    row.linked = true;
  }
}

function show(row, item) {
  const stage = stageOf(item);
  say(row.parts.stage, stage.text);
  row.parts.stage.title = stage.text;
  row.element.dataset.tone = stage.tone;
  row.element.dataset.state = item.state;
  const done = work.percent(item);
  const running = !work.ended(item);
  row.parts.bar.classList.toggle('gone', !running);
  if (running && done !== null) row.parts.bar.value = done;
  else row.parts.bar.removeAttribute('value');
  say(row.parts.percent, running && done !== null ? percentText(done) : '');
  const left_s = work.secondsLeft(item);
  say(row.parts.left, running && left_s !== null ? t('tray.left', {time: duration(left_s)}) : '');
  showActions(row, item);
  if (row.told !== stage.tone && (stage.tone === 'good' || stage.tone === 'bad')) announce(`${item.name}: ${stage.text}`);
  row.told = stage.tone;
}

function summarise(items) {
  const running = items.filter((one) => !work.ended(one)).length;
  const failed = items.filter((one) => one.state === 'failed' || one.state === 'refused').length;
  const ready = items.filter((one) => one.state === 'ready' || one.state === 'duplicate').length;
  const done = items.filter((one) => one.state === 'done').length;
  say(failures, failed ? t('tray.failed', {count: failed}) : '');
  failures.hidden = !failed;
  return [running && t('tray.running', {count: running}), ready && t('tray.ready', {count: ready}), done && t('tray.done', {count: done})].filter(Boolean).join(' · ');
}

// Order of arrival, so that nothing jumps; only when there are too many do those that have ended give way.
function chosen(items) {
  if (items.length <= MOST_ROWS) return items;
  const open = items.filter((one) => !work.ended(one) || one.state === 'failed' || one.state === 'refused');
  return open.slice(0, MOST_ROWS);
}

function paint() {
  const items = work.list();
  root.hidden = items.length === 0;
  if (root.hidden) {
    rows.clear();
    return fill(body);
  }
  say(summary, summarise(items));
  const visible = chosen(items);
  const keep = new Set(visible.map((one) => one.key));
  for (const [key, row] of rows) {
    if (keep.has(key)) continue;
    row.element.remove();
    rows.delete(key);
  }
  for (const item of visible) {
    if (!rows.has(item.key)) {
      const row = rowFor(item);
      rows.set(item.key, row);
      if (item.mine) fold(false);
      body.append(row.element);
    }
    show(rows.get(item.key), item);
  }
}

function fold(on_) {
  folded = on_;
  root.dataset.folded = folded;
  toggle.setAttribute('aria-expanded', String(!folded));
}

// The next one that was not read comes into view.
function showFailure() {
  fold(false);
  const bad = [...body.querySelectorAll('[data-state=failed], [data-state=refused]')];
  const below = bad.find((row) => row.offsetTop - body.offsetTop > body.scrollTop + 1 && body.scrollTop + body.clientHeight < body.scrollHeight);
  const row = below || bad[0];
  if (row) body.scrollTop = row.offsetTop - body.offsetTop;
}

// When all is done and one goes elsewhere the tray makes room; not before, for nothing moves under the pointer.
function settle() {
  const items = work.list();
  if (items.length && items.every((one) => work.ended(one) && one.state !== 'failed' && one.state !== 'refused')) work.clearEnded();
  else if (items.length && items.every(work.ended)) fold(true);
}

export function start() {
  root = document.getElementById('tray');
  root.setAttribute('aria-label', t('tray.title'));
  summary = h('span', {class: 'tray-summary', test: 'tray-summary'});
  body = h('ul', {class: 'tray-rows', id: 'tray-rows', test: 'tray-rows'});
  toggle = h('button', {class: 'plain tray-toggle', 'aria-controls': 'tray-rows', onclick: () => fold(!folded), test: 'tray-toggle'},
    icon('down'), summary);
  failures = h('button', {class: 'plain tray-failures', hidden: true, data: {tone: 'bad'}, onclick: showFailure, test: 'tray-failures'});
  root.append(h('div', {class: 'tray-head'}, toggle, failures, h('span', {class: 'gap'}),
    h('button', {class: 'plain', onclick: work.clearEnded, test: 'tray-clear'}, t('tray.clear'))), body);
  fold(false);
  on('work', paint);
  on('route', settle);
  paint();
}
