// collections.js - make, rename and remove collections.
import {post, patch, remove} from '../api.js';
import {t} from '../texts.js';
import {emit, state} from '../state.js';
import {go} from '../router.js';
import {check, field, formDialog} from './forms.js';
import {toast} from './toast.js';

const fields = (one = {}) => [
  field({name: 'name', label: t('collection.name'), value: one.name, required: true, maxlength: 200, autocomplete: 'off'}),
  field({name: 'description', label: t('collection.description'), value: one.description || '', maxlength: 1000, autocomplete: 'off'}),
  check({name: 'draws_tasks', label: t('collection.draws_tasks'), checked: Boolean(one.draws_tasks), hint: t('collection.draws_tasks_hint')}),
];

export function newCollection() {
  formDialog({
    title: t('collection.new'), fields: fields(), submit: t('collection.create'), test: 'collection',
    send: async (values) => {
      const made = await post('/v1/collections', values);
      state.collections = [...state.collections, made];
      emit('collections');
      go(`/library?collection=${made.id}`);
    },
  });
}

export function editCollection(one) {
  formDialog({
    title: t('collection.edit'), fields: fields(one), submit: t('do.save'), test: 'collection',
    send: async (values) => {
      await patch(`/v1/collections/${one.id}`, values);
      Object.assign(one, values);
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
