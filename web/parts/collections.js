// collections.js - make, rename and remove collections.
import {get, post, patch, remove} from '../api.js';
import {h} from '../dom.js';
import {t, fullDate, number} from '../texts.js';
import {emit, mayAdminister, state} from '../state.js';
import {go} from '../router.js';
import {check, field, formDialog} from './forms.js';
import {toast} from './toast.js';

const fields = (one = {}) => [
  field({name: 'name', label: t('collection.name'), value: one.name, required: true, maxlength: 200, autocomplete: 'off'}),
  field({name: 'description', label: t('collection.description'), value: one.description || '', maxlength: 1000, autocomplete: 'off'}),
  check({name: 'draws_tasks', label: t('collection.draws_tasks'), checked: Boolean(one.draws_tasks), hint: t('collection.draws_tasks_hint')}),
  mayAdminister() && field({name: 'keep_days', type: 'number', min: 0, max: 36500, step: 1, label: t('collection.keep_days'), value: one.keep_days || '', hint: t('collection.keep_days_hint')}),
];

// What the form says, as the server takes it.
const wanted = ({keep_days: days, ...values}) => (days === undefined ? values : {...values, keep_days: Number(days) || 0});

// What goes next, before it does.
function goingNext(one) {
  const line = h('p', {class: 'hint', test: 'collection-due'});
  if (one.keep_days) {
    get(`/v1/collections/${one.id}/due`).then(({total, items}) => {
      line.textContent = total ? t('collection.due', {count: number(total), name: items[0].name, when: fullDate(items[0].goes_at)}) : t('collection.none_due');
    }, (error) => { line.textContent = error.message; });
  }
  return line;
}

export function newCollection() {
  formDialog({
    title: t('collection.new'), fields: fields(), submit: t('collection.create'), test: 'collection',
    send: async (values) => {
      const made = await post('/v1/collections', wanted(values));
      state.collections = [...state.collections, made];
      emit('collections');
      go(`/library?collection=${made.id}`);
    },
  });
}

export function editCollection(one) {
  formDialog({
    title: t('collection.edit'), fields: [...fields(one), goingNext(one)], submit: t('do.save'), test: 'collection',
    send: async (values) => {
      Object.assign(one, await patch(`/v1/collections/${one.id}`, wanted(values)));
      emit('collections');
      emit('route-again');
    },
  });
}

// The server has no undo for this, so it is asked only when the time for undo is over.
export function removeCollection(one) {
  state.collections = state.collections.filter((other) => other !== one);
  emit('collections-paint');
  go('/library');
  toast(t('collection.removed', {name: one.name}), {
    undo: () => emit('collections'),
    commit: async () => {
      await remove(`/v1/collections/${one.id}`, null, {keepalive: true}).catch((error) => toast(error.message));
      emit('collections');
    },
  });
}
