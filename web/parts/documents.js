// documents.js - what can be done with documents, from the library, a document and the palette alike.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post, patch, remove} from '../api.js';
import {emit, state} from '../state.js';
import {field, formDialog} from './forms.js';
import {toast} from './toast.js';
import * as work from './work.js';

const each = (documents, run) => Promise.all(documents.map(run));
const named = (documents) => (documents.length === 1 ? documents[0].name : t('count.documents', {count: documents.length}));

function said(run) {
  return run.catch((error) => {
    toast(error.message);
    emit('documents');
  });
}

export async function trash(documents) {
  emit('documents-gone', documents.map((one) => one.id));
  await said(each(documents, (one) => remove(`/v1/documents/${one.id}`, null, {keepalive: true})));
  toast(t('documents.trashed', {name: named(documents)}), {undo: () => restore(documents, true)});
  emit('documents');
}

export async function restore(documents, quiet) {
  if (!quiet) emit('documents-gone', documents.map((one) => one.id));
  await said(each(documents, (one) => post(`/v1/documents/${one.id}/restore`, undefined, {keepalive: true})));
  if (!quiet) toast(t('documents.restored', {name: named(documents)}));
  emit('documents');
}

// Erasing has no way back on the server, so it starts when the time for undo is over.
export function erase(documents) {
  emit('documents-gone', documents.map((one) => one.id));
  toast(t('documents.erased', {name: named(documents)}), {
    undo: () => emit('documents'),
    commit: () => said(each(documents, (one) => remove(`/v1/documents/${one.id}`, {erase: 1}, {keepalive: true}))),
  });
}

export function rename(document, done) {
  formDialog({
    title: t('documents.rename'), submit: t('do.save'), test: 'rename',
    fields: [field({name: 'name', label: t('documents.name'), value: document.name, required: true, maxlength: 500, autocomplete: 'off'}),
             field({name: 'title', label: t('documents.title'), value: document.title || '', hint: t('documents.title_hint'), maxlength: 500, autocomplete: 'off'})],
    send: async ({name, title}) => {
      // Only what was changed: the field shows the name without the folders it came with.
      const change = {};
      if (name !== document.name) change.name = name;
      if (title !== (document.title || '')) change.title = title;
      if (Object.keys(change).length) done(await patch(`/v1/documents/${document.id}`, change));
    },
  });
}

const tagsIn = (text) => [...new Set(text.split(',').map((one) => one.trim()).filter(Boolean))];

// One document: its tags as they are. Several: the ones that are added.
export function tag(documents, done) {
  const single = documents.length === 1;
  formDialog({
    title: t('documents.tag', {name: named(documents)}), submit: t('do.save'), test: 'tags',
    fields: [field({name: 'tags', label: t('documents.tags'), value: single ? (documents[0].tags || []).join(', ') : '', hint: t('documents.tags_hint'), autocomplete: 'off'})],
    send: async ({tags}) => {
      await each(documents, async (one) => {
        const next = single ? tagsIn(tags) : [...new Set([...(one.tags || []), ...tagsIn(tags)])];
        done(await patch(`/v1/documents/${one.id}`, {tags: next}));
      });
    },
  });
}

export function move(documents, done) {
  const options = [['', t('documents.no_collection')], ...state.collections.map((one) => [one.id, one.name])];
  formDialog({
    title: t('documents.move', {name: named(documents)}), submit: t('documents.move_submit'), test: 'move',
    fields: [field({name: 'collection', label: t('documents.collection'), options, value: documents[0].collection || ''})],
    send: async ({collection}) => {
      await each(documents, async (one) => done(await patch(`/v1/documents/${one.id}`, {collection: collection || null})));
      emit('collections');
    },
  });
}

export const isLocked = (document) => document.state === 'failed' && document.error && document.error.code === 'encrypted';

export async function again(document) {
  if (!isLocked(document)) return said(work.retryDocument(document));
  formDialog({
    title: t('documents.unlock', {name: document.name}), submit: t('tray.unlock'), test: 'unlock-dialog',
    fields: [field({name: 'password', label: t('tray.password'), type: 'password', autocomplete: 'off'})],
    send: ({password}) => work.retryDocument(document, password),
  });
  return null;
}

export function tagChips(tags) {
  return (tags || []).map((one) => h('a', {class: 'chip tag', href: `/library?tag=${encodeURIComponent(one)}`}, one));
}
