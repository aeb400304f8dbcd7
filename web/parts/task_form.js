// task_form.js - one task in a dialog: everything that can be changed by hand.
import {t} from '../texts.js';
import {patch} from '../api.js';
import {state} from '../state.js';
import {field, formDialog} from './forms.js';

export const PRIORITIES = ['low', 'medium', 'high', 'urgent'];
const STATUSES = ['suggested', 'pending', 'in_progress', 'done', 'cancelled'];
const RULES = {'': 'once', 'FREQ=DAILY': 'daily', 'FREQ=WEEKLY': 'weekly', 'FREQ=MONTHLY': 'monthly', 'FREQ=YEARLY': 'yearly'};

// A rule that the choices do not know is one more of them.
function rules(task) {
  const known = Object.entries(RULES).map(([rule, name]) => [rule, t(`tasks.${name}`)]);
  return task.recurrence && !(task.recurrence in RULES) ? [...known, [task.recurrence, task.recurrence]] : known;
}

// What a control shows of a time: the day and the minute of the clock on the wall; a whole day has none.
function local(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString();
}

const endOf = (task) => (task.deadline && task.deadline.end) || '';
const dueOf = (task) => (endOf(task) && (task.deadline.is_all_day ? endOf(task) : local(endOf(task)))).slice(0, 10);
const hourOf = (task) => (endOf(task) && !task.deadline.is_all_day ? local(endOf(task)).slice(11, 16) : '');
const remindersOf = (task) => task.reminders.map((iso) => local(iso).slice(0, 16).replace('T', ' ')).join(', ');

// "2027-03-01 09:00, 2027-03-02 08:30"; what makes no sense is sent as it is, and the server says so.
function remindersIn(text) {
  return text.split(',').map((one) => one.trim()).filter(Boolean).map((one) => {
    const at = new Date(one.replace(' ', 'T'));
    return Number.isNaN(at.getTime()) ? one : at.toISOString();
  });
}

function deadlineIn(values) {
  if (!values.due) return null;
  if (!values.hour) return {end: values.due, is_all_day: true};
  return {end: new Date(`${values.due}T${values.hour}`).toISOString(), time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone};
}

// Only what differs is sent: a deadline keeps its beginning and its zone while its day and time are the same.
function changesOf(task, values, tasks) {
  const changes = {summary: values.summary, description: values.description, category: values.category || 'general', priority: values.priority,
    status: values.status, assignee: values.assignee || null, parent: values.parent || null, recurrence: values.recurrence || null,
    needs: values.needs.split(/[\s,]+/).filter(Boolean)};
  if (values.due !== dueOf(task) || values.hour !== hourOf(task)) changes.deadline = deadlineIn(values);
  if (values.reminders !== remindersOf(task)) changes.reminders = remindersIn(values.reminders);
  if (values.collection !== (task.collection || '')) changes.collection = values.collection || null;
  const numbers = task.needs.map((id) => String((tasks.find((one) => one.id === id) || {}).number || id));
  if (numbers.join() === changes.needs.join()) delete changes.needs;
  return changes;
}

export function editTask(task, tasks, done) {
  const others = tasks.filter((one) => one.id !== task.id && one.parent !== task.id);
  const numbers = task.needs.map((id) => (tasks.find((one) => one.id === id) || {}).number || id);
  formDialog({
    title: t('tasks.edit'), submit: t('do.save'), test: 'task-change', roomy: true,
    fields: [
      field({name: 'summary', label: t('tasks.summary'), value: task.summary, required: true, maxlength: 500, autocomplete: 'off'}),
      field({name: 'description', label: t('tasks.description'), type: 'area', value: task.description}),
      field({name: 'status', label: t('tasks.status'), value: task.status, options: STATUSES.map((name) => [name, t(`tasks.status_${name}`)])}),
      field({name: 'priority', label: t('tasks.priority'), value: task.priority, options: PRIORITIES.map((name) => [name, t(`tasks.priority_${name}`)])}),
      field({name: 'due', label: t('tasks.due'), type: 'date', value: dueOf(task)}),
      field({name: 'hour', label: t('tasks.hour'), type: 'time', value: hourOf(task)}),
      field({name: 'reminders', label: t('tasks.reminders'), value: remindersOf(task), hint: t('tasks.reminders_hint'), autocomplete: 'off'}),
      field({name: 'recurrence', label: t('tasks.recurrence'), value: task.recurrence || '', options: rules(task)}),
      field({name: 'category', label: t('tasks.category'), value: task.category, maxlength: 100, autocomplete: 'off'}),
      field({name: 'collection', label: t('tasks.collection'), value: task.collection || '', options: [['', t('tasks.no_collection')], ...state.collections.map((one) => [one.id, one.name])]}),
      field({name: 'assignee', label: t('tasks.assignee'), value: task.assignee || '', maxlength: 100, autocomplete: 'off'}),
      field({name: 'parent', label: t('tasks.parent'), value: task.parent || '', options: [['', t('tasks.no_parent')], ...others.map((one) => [one.id, one.summary])]}),
      field({name: 'needs', label: t('tasks.needs'), value: numbers.join(' '), hint: t('tasks.needs_hint'), autocomplete: 'off'}),
    ],
    send: async (values) => done(await patch(`/v1/tasks/${task.id}`, changesOf(task, values, tasks))),
  });
}
