// tasks.js - what is to be done: a board by status, or a list; what was found waits to be accepted.
import {h, fill, cleanup, debounce, keepFocus} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {all, call, patch, post, remove} from '../api.js';
import {on, mayWrite} from '../state.js';
import {note, withQuery} from '../router.js';
import {top} from '../parts/top.js';
import {dialog, field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {removedTask, suggestion, taskCard} from '../parts/task_card.js';
import {editTask, PRIORITIES} from '../parts/task_form.js';

const COLUMNS = ['pending', 'in_progress', 'done', 'cancelled'];

export function render(root, {query}) {
  const undo = cleanup();
  const writes = mayWrite();
  const shown = {q: query.q || '', priority: query.priority || '', mine: query.mine || '', as: query.as || 'board'};
  let tasks = [];
  let asked = 0;
  let wanted = Number(query.task) || 0; // a reminder's link opens its task once
  const board = h('div', {class: 'board', test: 'task-board'});
  const tray = h('section', {class: 'tray-suggested', hidden: true, test: 'task-tray'});
  const head = top(t('tasks.title'), h('span', {class: 'row top-few'}, writes && h('button', {class: 'small', onclick: addFromFile, test: 'task-import'}, t('tasks.import')),
    h('button', {class: 'small', onclick: makeFeed, test: 'task-feed'}, t('tasks.calendar'))));
  fill(root, head.element, writes && quickAdd(), filters(), h('div', {class: 'scroll'}, tray, board));

  function quickAdd() {
    const input = h('input', {name: 'summary', placeholder: t('tasks.add_hint'), 'aria-label': t('tasks.add'), maxlength: 500, autocomplete: 'off', test: 'task-new', data: {slash: ''}});
    return h('form', {class: 'task-bar', onsubmit: async (event) => {
      event.preventDefault();
      const summary = input.value.trim();
      if (!summary) return;
      input.value = '';
      if (!await send(() => post('/v1/tasks', {summary}))) input.value = summary;
    }}, input, h('button', {class: 'primary', test: 'task-add'}, t('tasks.add')));
  }

  function filters() {
    const choose = (name, value) => { shown[name] = value; note(withQuery({[name]: value})); load(); };
    const later = debounce(250, (value) => choose('q', value));
    undo.add(later.cancel);
    return h('div', {class: 'task-bar'},
      h('input', {type: 'search', value: shown.q, placeholder: t('tasks.find'), 'aria-label': t('tasks.find'), test: 'task-find', oninput: (event) => later(event.target.value)}),
      h('select', {'aria-label': t('tasks.priority'), test: 'task-priority', onchange: (event) => choose('priority', event.target.value)},
        ['', ...PRIORITIES].map((name) => h('option', {value: name, selected: shown.priority === name}, t(name ? `tasks.priority_${name}` : 'tasks.any_priority')))),
      h('select', {'aria-label': t('tasks.title'), test: 'task-as', onchange: (event) => { choose('as', event.target.value); }},
        ['board', 'list', 'trash'].map((name) => h('option', {value: name, selected: shown.as === name}, t(`tasks.${name}`)))),
      h('label', {class: 'row'}, h('input', {type: 'checkbox', checked: Boolean(shown.mine), onchange: (event) => choose('mine', event.target.checked ? '1' : '')}), t('tasks.mine')));
  }

  // Runs a change and reads the tasks anew; whether it went well.
  async function send(run) {
    try {
      await run();
      await load();
      return true;
    } catch (error) {
      toast(error.message);
      await load();
      return false;
    }
  }

  async function step(task, status) {
    const before = task.status;
    if (status === before) return;
    try {
      const changed = await patch(`/v1/tasks/${task.id}`, {status});
      const next = changed.next && changed.next.deadline;
      toast(next ? t('tasks.again', {due: fullDate(next.end)}) : t('tasks.moved', {summary: task.summary, status: t(`tasks.status_${status}`)}),
        {undo: () => send(async () => {
          await patch(`/v1/tasks/${task.id}`, {status: before});
          if (changed.next) await remove(`/v1/tasks/${changed.next.id}`);
        })});
    } catch (error) {
      toast(error.message);
    }
    await load();
  }

  async function drop(task) {
    if (await send(() => remove(`/v1/tasks/${task.id}`))) toast(t('tasks.removed', {summary: task.summary}), {undo: () => send(() => post(`/v1/tasks/${task.id}/restore`))});
  }

  const edit = (task) => editTask(task, tasks, load);
  const accept = (task) => send(() => post(`/v1/tasks/${task.id}/accept`));
  async function dismiss(task) {
    if (await send(() => post(`/v1/tasks/${task.id}/dismiss`))) toast(t('tasks.dismissed', {summary: task.summary}), {undo: () => send(() => patch(`/v1/tasks/${task.id}`, {status: 'suggested'}))});
  }

  async function makeFeed() {
    try {
      const feed = await post('/v1/task_feeds', {});
      const url = new URL(feed.url, location.href).href;
      dialog({title: t('tasks.calendar'), test: 'task-feed-made', body: h('div', {}, h('p', {}, t('tasks.calendar_made')), h('input', {value: url, readonly: true, 'aria-label': t('tasks.calendar'), test: 'task-feed-url'}))});
    } catch (error) {
      toast(error.message);
    }
  }

  // The words of the file go as they are.
  function addFromFile() {
    formDialog({
      title: t('tasks.import'), submit: t('tasks.import_do'), test: 'task-import-file',
      fields: [h('p', {class: 'status'}, t('tasks.import_lead')), field({name: 'file', label: t('tasks.import_file'), type: 'file', accept: '.ics,text/calendar', required: true})],
      send: async (values, element) => {
        const text = await element.elements.file.files[0].text();
        const answer = await (await call('POST', '/v1/tasks.ics', {body: text})).json();
        const [first] = answer.failures;
        toast([t('tasks.imported', {count: answer.added}), first && t('tasks.not_imported', {count: answer.failures.length, why: first.message})].filter(Boolean).join('. '));
        await load();
      },
    });
  }

  async function restore(task) {
    if (await send(() => post(`/v1/tasks/${task.id}/restore`))) toast(t('tasks.moved', {summary: task.summary, status: t(`tasks.status_${task.status}`)}));
  }

  const card = (task) => taskCard(task, tasks, {edit, drop, step, writes});

  function column(status) {
    const own = tasks.filter((task) => task.status === status);
    return h('section', {class: 'column', data: {status}, test: `column-${status}`},
      h('h2', {}, t(`tasks.status_${status}`), h('b', {class: 'number'}, String(own.length))),
      h('ul', {class: 'cards'}, own.map(card), own.length === 0 && h('li', {class: 'nothing'}, t('tasks.empty'))));
  }

  function paintTrash() {
    tray.hidden = true;
    board.dataset.as = 'list';
    fill(board, h('p', {class: 'status'}, t('tasks.trash_lead')), h('ul', {class: 'cards', test: 'task-trash'}, tasks.map((task) => removedTask(task, {restore, writes})),
      tasks.length === 0 && h('li', {class: 'nothing'}, t('tasks.empty'))));
  }

  function paint() {
    if (shown.as === 'trash') return paintTrash();
    const found = tasks.filter((task) => task.status === 'suggested');
    tray.hidden = found.length === 0;
    fill(tray, h('h2', {}, t('tasks.status_suggested')), h('p', {}, t('tasks.suggested_lead', {count: found.length})), h('ul', {class: 'cards'}, found.map((task) => suggestion(task, {accept, dismiss}))));
    board.dataset.as = shown.as;
    keepFocus(board, 'id', () => fill(board, shown.as === 'board' ? COLUMNS.map(column)
      : h('ul', {class: 'cards', test: 'task-list'}, tasks.filter((task) => task.status !== 'suggested').map(card))));
  }

  // An older answer never replaces a newer one.
  async function load() {
    const mine = ++asked;
    try {
      const found = await all('/v1/tasks', {q: shown.q, priority: shown.priority, user: shown.mine ? 'me' : '', trash: shown.as === 'trash' ? '1' : ''}, 1000);
      if (mine !== asked) return;
      tasks = found;
      paint();
      const opened = tasks.find((task) => task.number === wanted);
      wanted = 0;
      if (opened && writes) edit(opened);
    } catch (error) {
      if (mine === asked) fill(board, problem(error, load));
    }
  }

  // --- Moving: by drag, and by the arrow keys on a card.

  const of = (element) => tasks.find((task) => element && task.id === element.dataset.id);
  undo.listen(board, 'dragstart', (event) => event.dataTransfer.setData('text/plain', event.target.dataset.id));
  undo.listen(board, 'dragover', (event) => { if (event.target.closest('.column')) event.preventDefault(); });
  undo.listen(board, 'drop', (event) => {
    const to = event.target.closest('.column');
    const moved = tasks.find((task) => task.id === event.dataTransfer.getData('text/plain'));
    if (!to || !moved) return;
    event.preventDefault();
    const over = of(event.target.closest('.task-card'));
    const after = over && over.id !== moved.id ? over.id : null;
    if (moved.status !== to.dataset.status) step(moved, to.dataset.status).then(() => after && send(() => post(`/v1/tasks/${moved.id}/move`, {after})));
    else send(() => post(`/v1/tasks/${moved.id}/move`, {after}));
  });
  const cards = () => [...board.querySelectorAll('.task-card')];
  const focus = (id) => { const again = cards().find((one) => one.dataset.id === id); if (again) again.focus(); };

  // Up and down in its column: the focus alone, or with Shift the task.
  async function upOrDown(event, task) {
    const column = cards().filter((one) => one.parentElement === event.target.parentElement);
    const at = column.indexOf(event.target);
    const by = event.key === 'ArrowDown' ? 1 : -1;
    const next = column[at + by];
    event.preventDefault();
    if (!next) return;
    if (!event.shiftKey) return next.focus();
    const upper = by > 0 ? next : column[at - 2];
    await send(() => post(`/v1/tasks/${task.id}/move`, {after: upper ? upper.dataset.id : null}));
    focus(task.id);
  }

  undo.listen(board, 'keydown', async (event) => {
    const task = event.target.matches('.task-card') && shown.as !== 'trash' && of(event.target);
    if (!task || !writes) return;
    const way = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    const to = way && COLUMNS[COLUMNS.indexOf(task.status) + way];
    if (event.key === 'e') edit(task);
    else if (event.key === 'Delete') drop(task);
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') await upOrDown(event, task);
    else if (to) {
      event.preventDefault();
      await step(task, to);
      focus(task.id);
    }
  });

  const soon = debounce(300, load);
  undo.add(soon.cancel);
  undo.add(on('event:task', soon));
  load();
  return {cleanup: undo, title: t('tasks.title'), focus: head.heading};
}
