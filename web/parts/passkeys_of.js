// passkeys_of.js - the passkeys of somebody else: one that is lost is removed. For administrators.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import '../texts_passkeys.js';
import {get, remove} from '../api.js';
import {check, dialog, formDialog} from './forms.js';
import {problem} from './problem.js';
import {nameAndUse} from './settings_passkeys.js';

export function show(person) {
  const path = `/v1/users/${encodeURIComponent(person.id)}/passkeys`;
  const list = h('ul', {class: 'lines', test: 'passkeys-of'});
  // Whoever found the key may be signed in by it.
  async function endSessions() {
    const {items} = await get(`/v1/sessions?user=${encodeURIComponent(person.id)}`);
    for (const {id} of items) await remove(`/v1/sessions/${encodeURIComponent(id)}`);
  }
  const drop = (one) => formDialog({
    title: t('passkey.remove_of', {name: one.name}), submit: t('passkey.remove'), test: 'passkey-of',
    fields: [h('p', {}, t('passkey.of_goes', {name: person.name})), check({name: 'ends', label: t('passkey.of_ends', {name: person.name})})],
    send: async ({ends}) => {
      await remove(`${path}/${encodeURIComponent(one.id)}`);
      if (ends) await endSessions();
      load();
    },
  });
  const row = (one) => h('li', {class: 'line', test: 'passkey-of-row'}, nameAndUse(one),
    h('button', {class: 'small', test: 'passkey-of-remove', 'aria-label': t('passkey.remove_of', {name: one.name}), onclick: () => drop(one)}, t('passkey.remove')));
  async function load() {
    try {
      const {items} = await get(path);
      fill(list, items.length ? items.map(row) : h('li', {class: 'status'}, t('passkey.of_none', {name: person.name})));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }
  dialog({title: t('passkey.of', {name: person.name}), test: 'passkeys-of-dialog', body: list});
  load();
}
