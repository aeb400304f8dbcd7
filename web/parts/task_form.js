// task_form.js - one task in a dialog: everything that can be changed by hand.
import {t} from '../texts.js';
import {patch} from '../api.js';
import {field, formDialog} from './forms.js';

export const PRIORITIES = ['low', 'medium', 'high', 'urgent'];
export const STATUSES = ['suggested', 'pending', 'in_progress', 'done', 'cancelled'];
const RULES = {'': 'once', 'FREQ=DAILY': 'daily', 'FREQ=WEEKLY': 'weekly', 'FREQ=MONTHLY': 'monthly', 'FREQ=YEARLY': 'yearly'};

// A rule that the choices do not know is one more of them.
function rules(task) {
  const known = Object.entries(RULES).map(([rule, name]) => [rule, t(`tasks.${name}`)]);
  return task.recurrence && !(task.recurrence in RULES) ? [...known, [task.recurrence, task.recurrence]] : known;
}

const dueOf = (task) => ((task.deadline && task.deadline.end) || '').slice(0, 10);

// Only what differs is sent: a deadline with a time keeps it while its day is the same.
function changesOf(task, values, tasks) {
  const changes = {summary: values.summary, description: values.description, category: values.category || 'general', priority: values.priority,
    status: values.status, assignee: values.assignee || null, parent: values.parent || null, recurrence: values.recurrence || null,
    needs: values.needs.split(/[\s,]+/).filter(Boolean)};
  if (values.due !== dueOf(task)) changes.deadline = values.due ? {end: values.due, is_all_day: true} : null;
  const numbers = task.needs.map((id) => String((tasks.find((one) => one.id === id) || {}).number || id));
  if (numbers.join() === changes.needs.join()) delete changes.needs;
  return changes;
}

export function editTask(task, tasks, done) {
  const others = tasks.filter((one) => one.id !== task.id && one.parent !== task.id);
  const numbers = task.needs.map((id) => (tasks.find((one) => one.id === id) || {}).number || id);
  formDialog({
    title: t('tasks.edit'), submit: t('do.save'), test: 'task-change',
    fields: [
      field({name: 'summary', label: t('tasks.summary'), value: task.summary, required: true, maxlength: 500, autocomplete: 'off'}),
      field({name: 'description', label: t('tasks.description'), type: 'area', value: task.description}),
      field({name: 'status', label: t('tasks.status'), value: task.status, options: STATUSES.map((name) => [name, t(`tasks.status_${name}`)])}),
      field({name: 'priority', label: t('tasks.priority'), value: task.priority, options: PRIORITIES.map((name) => [name, t(`tasks.priority_${name}`)])}),
      field({name: 'due', label: t('tasks.due'), type: 'date', value: dueOf(task)}),
      field({name: 'recurrence', label: t('tasks.recurrence'), value: task.recurrence || '', options: rules(task)}),
      field({name: 'category', label: t('tasks.category'), value: task.category, maxlength: 100, autocomplete: 'off'}),
      field({name: 'assignee', label: t('tasks.assignee'), value: task.assignee || '', maxlength: 100, autocomplete: 'off'}),
      field({name: 'parent', label: t('tasks.parent'), value: task.parent || '', options: [['', t('tasks.no_parent')], ...others.map((one) => [one.id, one.summary])]}),
      field({name: 'needs', label: t('tasks.needs'), value: numbers.join(' '), hint: t('tasks.needs_hint'), autocomplete: 'off'}),
    ],
    send: async (values) => done(await patch(`/v1/tasks/${task.id}`, changesOf(task, values, tasks))),
  });
}
