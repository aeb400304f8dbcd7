// own_data.js - all that is kept about whoever is signed in: as a file, or deleted with their account, which can be taken back until it begins.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import '../texts_account.js';
import {get, post, remove} from '../api.js';
import {field, formDialog} from './forms.js';
import {proofOf} from './workspace_end.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const PATH = '/v1/session/erasure';

function ask(load) {
  formDialog({
    title: t('leaving.title'), submit: t('leaving.submit'), test: 'leaving',
    fields: [h('p', {}, t('leaving.warning')), h('p', {}, t('erasing.stays')),
             field({name: 'proof', label: t('factor.proof'), type: 'password', hint: t('factor.password_hint'), autocomplete: 'off'})],
    send: async (values) => {
      const {proof_token: token} = await post(PATH, values.proof ? proofOf(values.proof) : {});
      load(token);
    },
  });
}

// Told this once: it opens the proof when there is no account any more.
const proofLink = (token) => h('p', {test: 'leaving-proof'}, t('leaving.proof'), ' ', h('a', {class: 'link', href: `/account/erasure#${token}`, target: '_blank', rel: 'noopener'}, `${location.origin}/account/erasure#${token}`));

const due = (date, load, token) => [token && proofLink(token), h('p', {class: 'warning', role: 'status', test: 'leaving-due'}, t('leaving.due', {date: fullDate(Date.parse(date))})),
  h('div', {class: 'actions'}, h('button', {class: 'primary', test: 'leaving-keep', onclick: () => remove(PATH).then(() => { toast(t('leaving.kept')); load(); }, (error) => toast(error.message))}, t('leaving.keep')))];

export function render(root) {
  const load = (token) => get(PATH).then(({asked, due_at: date}) => fill(root, h('h2', {}, t('leaving.about')), h('p', {class: 'status'}, t('leaving.lead')),
    h('div', {class: 'actions'}, h('a', {class: 'button', href: '/v1/session/data', download: 'about-me.json', test: 'own-data'}, t('leaving.data'))),
    asked ? due(date, load, token) : h('div', {class: 'actions'}, h('button', {test: 'leaving-begin', onclick: () => ask(load)}, t('leaving.title')))),
  (error) => fill(root, problem(error, () => load(token))));
  load();
}
