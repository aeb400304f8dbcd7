// versions.js - the files that a document has had: another one in its place, and what was before.
import {h, fill, bringTo} from '../dom.js';
import {t, bytes, fullDate} from '../texts.js';
import {address, get, put} from '../api.js';
import {emit} from '../state.js';
import {htmlOf} from '../viewers/html.js';
import {citedStack, pageOf} from './cited.js';
import {pageStack} from './picture.js';
import {field, formDialog} from './forms.js';
import {toast} from './toast.js';
import '../texts_versions.js';

const originalOf = (one, version) => address(`/v1/documents/${one.id}/original`, {version});

export function replaceFile(one, done) {
  formDialog({
    title: t('versions.new'), submit: t('versions.put'), test: 'new-version',
    fields: [h('p', {class: 'status'}, t('versions.lead')), field({name: 'file', label: t('versions.file'), type: 'file', required: true})],
    send: async (_, form) => {
      const body = new FormData();
      body.append('file', form.elements.file.files[0]);
      done(await put(`/v1/documents/${one.id}/original`, body));
      toast(t('versions.taken', {name: one.name}));
      emit('documents');
    },
  });
}

// Whether a citation is of a file that another one has taken the place of; then what is said of it.
export async function sinceReplaced(cited, signal) {
  const now = await get(`/v1/documents/${cited.id}`, null, signal);
  return now.version === cited.version ? null : olderSign(now, cited.version);
}

export const olderSign = (one, version) => h('p', {class: 'standing', role: 'status', test: 'older-version'}, h('span', {}, t('versions.older', {version, newest: one.version})),
  h('a', {class: 'button small', href: `/documents/${one.id}`}, t('versions.newest')), h('a', {class: 'button small', href: originalOf(one, version), download: ''}, t('document.original')));

// An earlier version with the passage that is cited from it: its pages, else its text. Returns what ends it.
export async function showOlder(body, one, options) {
  const {count} = await get(`/v1/documents/${one.id}/pages`, {version: options.version}, options.signal);
  return (count ? olderPages : olderText)(body, one, options);
}

async function olderPages(body, one, {version, sign, signal, cited}) {
  const stack = h('div', {class: 'stack'});
  fill(body, sign, stack);
  const source = cited && cited.start >= 0 && cited.start !== null ? await pageOf(one, cited, {signal, version}) : null;
  return (source ? await citedStack(stack, source, {signal, version}) : await pageStack(stack, one.id, {signal, version})).stop;
}

async function olderText(body, one, {version, sign, signal, cited}) {
  const {fragment, complete} = await htmlOf(one, {signal, cited, version});
  const article = h('article', {class: 'book leaf-page', test: 'document-html'});
  article.append(fragment);
  fill(body, sign, article, !complete && h('p', {class: 'pad'}, t('document.too_long')));
  bringTo(article.querySelector('mark.passage'));
  return () => {};
}

export async function versionList(one, signal) {
  const {items} = await get(`/v1/documents/${one.id}/versions`, null, signal);
  return h('section', {class: 'fact-group', test: 'versions'}, h('h2', {}, t('versions.title')), h('dl', {class: 'facts'}, items.map((each) => [
    h('dt', {}, h('a', {href: address(`/documents/${one.id}`, {version: each.version === one.version ? null : each.version})}, t('versions.number', {version: each.version}))),
    h('dd', {}, `${[each.name, bytes(each.size), fullDate(each.created_at)].join(' · ')} · `, h('a', {href: originalOf(one, each.version), download: each.name}, t('document.original')))])));
}
