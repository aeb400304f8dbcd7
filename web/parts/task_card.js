// task_card.js - a task as a card of the board, a line of the list, or a suggestion with the place it was found.
import {h} from '../dom.js';
import {t, fullDate, percentText} from '../texts.js';
import {feedback} from './feedback.js';
import {icon} from './icons.js';
import {open as openReader, sourceOf} from './reader.js';

const isOpen = (task) => !['done', 'cancelled'].includes(task.status);

// A whole day is over when it is; a time when it has come.
function isOverdue(task) {
  const end = task.deadline && task.deadline.end;
  if (!end || !isOpen(task)) return false;
  return task.deadline.is_all_day ? end < new Date().toISOString().slice(0, 10) : new Date(end) < new Date();
}

function due(task) {
  const end = task.deadline && (task.deadline.end || task.deadline.start);
  if (!end) return null;
  const late = isOverdue(task);
  return h('span', {class: 'chip', data: {tone: late ? 'bad' : null}, title: late ? t('tasks.overdue') : null, test: 'task-due'},
    task.deadline.is_all_day ? new Date(end).toLocaleDateString(undefined, {timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric'}) : fullDate(end));
}

function chips(task, tasks) {
  const parent = task.parent && tasks.find((one) => one.id === task.parent);
  return h('div', {class: 'task-chips'},
    ['high', 'urgent'].includes(task.priority) && h('span', {class: 'chip', data: {tone: task.priority === 'urgent' ? 'bad' : null}}, t(`tasks.priority_${task.priority}`)),
    due(task),
    task.category !== 'general' && h('span', {class: 'chip'}, task.category),
    task.assignee && h('span', {class: 'chip'}, task.assignee),
    task.recurrence && h('span', {class: 'chip', title: task.recurrence}, icon('retry')),
    task.is_blocked && isOpen(task) && h('span', {class: 'chip', data: {tone: 'bad'}, test: 'task-blocked'}, icon('lock'), t('tasks.blocked')),
    parent && h('small', {}, t('tasks.subtask_of', {summary: parent.summary})));
}

const act = (name, text, run, test) => h('button', {class: 'icon', 'aria-label': text, title: text, onclick: run, tabindex: -1, test}, icon(name));

export const taskCard = (task, tasks, {edit, drop, step, writes}) =>
  h('li', {class: 'task-card', tabindex: 0, draggable: writes ? 'true' : 'false', data: {id: task.id, status: task.status}, test: 'task', 'aria-label': t('tasks.card', task)},
    h('div', {class: 'row'},
      writes && h('input', {type: 'checkbox', checked: task.status === 'done', 'aria-label': t('tasks.status_done'), tabindex: -1, test: 'task-done',
        onchange: (event) => step(task, event.target.checked ? 'done' : 'pending')}),
      h('span', {class: 'task-summary'}, task.summary),
      writes && act('edit', t('tasks.edit'), () => edit(task), 'task-edit'),
      writes && act('trash', t('do.remove'), () => drop(task), 'task-remove')),
    chips(task, tasks));

// Where it was found: opened beside the tasks. Of a text that was only given there is nothing to open.
function found(source) {
  if (!source || !source.document) return null;
  const text = t(source.place ? 'tasks.from' : 'tasks.from_document', {name: source.document.name, place: source.place});
  return h('div', {class: 'row'}, h('button', {class: 'small', onclick: () => openReader(sourceOf(source)), test: 'task-source'}, text));
}

export function suggestion(task, {accept, dismiss}) {
  const {source} = task;
  return h('li', {class: 'task-card', data: {id: task.id}, test: 'task-suggested'},
    h('div', {class: 'row'}, h('span', {class: 'task-summary'}, task.summary), task.confidence < 1 && h('small', {}, t('tasks.sure', {percent: percentText(task.confidence * 100)}))),
    source && h('blockquote', {}, source.quote),
    found(source),
    chips(task, []),
    h('div', {class: 'row'}, h('button', {class: 'small primary', onclick: () => accept(task), test: 'task-accept'}, t('tasks.accept')),
      h('button', {class: 'small', onclick: () => dismiss(task), test: 'task-dismiss'}, t('tasks.dismiss')), h('span', {class: 'gap'}), feedback({kind: 'task', id: task.id})));
}

// A task in the trash, which can come back.
export const removedTask = (task, {restore, writes}) =>
  h('li', {class: 'task-card', data: {id: task.id}, test: 'task-removed'},
    h('div', {class: 'row'}, h('span', {class: 'task-summary'}, task.summary), h('small', {}, t('tasks.removed_at', {date: fullDate(task.deleted_at)})), h('span', {class: 'gap'}),
      writes && h('button', {class: 'small', onclick: () => restore(task), test: 'task-restore'}, t('tasks.restore'))));
