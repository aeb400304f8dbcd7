// settings_passkeys.js - one's own passkeys: adding, naming and removing them.
import {h, fill} from '../dom.js';
import {t, ago} from '../texts.js';
import '../texts_passkeys.js';
import {get, patch} from '../api.js';
import {field, formDialog} from './forms.js';
import {make, whyNone} from './passkeys.js';
import {prove, showCodes} from './second_factor.js';
import {toast} from './toast.js';

export function nameAndUse(one) {
  const words = [t('passkey.made', {ago: ago(one.created_at)}), one.last_used_at && t('passkey.used', {ago: ago(one.last_used_at)}), one.may_be_synced && t('passkey.synced')];
  return h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, words.filter(Boolean).join(' · ')));
}

// changed: what else shows how one signs in is to look again.
export function render(root, changed) {
  const list = h('ul', {class: 'lines', test: 'passkeys'}), codes = h('div', {class: 'stacked'});
  const shown = () => { load(); changed(); };
  const nameField = (value) => field({name: 'name', label: t('passkey.name'), hint: t('passkey.name_hint'), required: true, maxlength: 100, autocomplete: 'off', value});

  const add = () => formDialog({
    title: t('passkey.add_title'), submit: t('passkey.add'), test: 'passkey',
    fields: [nameField(), field({name: 'password', label: t('passkey.password'), type: 'password', required: true, autocomplete: 'current-password'})],
    send: async (values) => {
      const made = await make(values);
      toast(t('passkey.added'));
      shown();
      if (made.recovery_codes.length) showCodes(codes, made.recovery_codes, () => fill(codes));
    },
  });
  const rename = (one) => formDialog({
    title: t('passkey.rename_of', {name: one.name}), submit: t('passkey.rename'), test: 'passkey-name', fields: nameField(one.name),
    send: async (values) => { await patch(`/v1/session/passkeys/${one.id}`, values); toast(t('passkey.renamed')); load(); },
  });
  const drop = (one) => prove(t('passkey.remove_of', {name: one.name}), `/v1/session/passkeys/${one.id}/remove`, () => { toast(t('passkey.removed')); shown(); });

  function row(one) {
    return h('li', {class: 'line', test: 'passkey-row'}, nameAndUse(one),
      h('button', {class: 'small', test: 'passkey-rename', 'aria-label': t('passkey.rename_of', {name: one.name}), onclick: () => rename(one)}, t('passkey.rename')),
      h('button', {class: 'small', test: 'passkey-remove', 'aria-label': t('passkey.remove_of', {name: one.name}), onclick: () => drop(one)}, t('passkey.remove')));
  }
  const load = () => get('/v1/session/passkeys').then(({items}) => fill(list, items.length ? items.map(row) : h('li', {class: 'status'}, t('passkey.none'))),
    (error) => fill(list, h('li', {}, error.message)));
  const why = whyNone();
  fill(root, h('h2', {}, t('passkey.title')), h('p', {class: 'status'}, t('passkey.lead')), list, codes,
    why ? h('p', {class: 'status'}, why) : h('div', {class: 'row wrap'}, h('button', {test: 'passkey-add', onclick: add}, t('passkey.add'))));
  load();
}
