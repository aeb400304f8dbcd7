// workspace_end.js - removing the workspace with everything in it, and taking that back. For owners; what everybody is told of it.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import '../texts_account.js';
import {get, post, remove} from '../api.js';
import {state, mayAtLeast} from '../state.js';
import {field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const PATH = '/v1/workspace/removal';

// Six digits are a code of the app; whoever has none gives the password.
export const proofOf = (proof) => (/^\s*\d{6}\s*$/.test(proof) ? {code: proof} : {password: proof});

function ask(load) {
  const {name} = state.session.workspace;
  formDialog({
    title: t('ending.title'), submit: t('ending.submit'), test: 'ending',
    fields: [h('p', {}, t('ending.warning')), field({name: 'name', label: t('ending.name', {name}), required: true, autocomplete: 'off'}),
             field({name: 'proof', label: t('factor.proof'), type: 'password', hint: t('factor.password_hint'), autocomplete: 'off'})],
    send: async (values) => {
      await post(PATH, {name: values.name, ...(values.proof ? proofOf(values.proof) : {})});
      load();
    },
  });
}

const until = (due) => h('p', {class: 'warning', role: 'status', test: 'ending-due'}, t('ending.due', {date: fullDate(Date.parse(due))}));

// A line for everybody, empty when the workspace stays.
export function line() {
  const due = state.session.workspace.removal_due_at;
  return due ? until(due) : null;
}

export function render(root) {
  if (!mayAtLeast('owner')) return;
  const load = () => get(PATH).then(({asked, due_at: due}) => fill(root, h('h2', {}, t('ending.title')), asked
    ? [until(due), h('div', {class: 'actions'}, h('button', {class: 'primary', test: 'ending-keep',
      onclick: () => remove(PATH).then(() => { toast(t('ending.kept')); load(); }, (error) => toast(error.message))}, t('ending.keep')))]
    : [h('p', {class: 'status'}, t('ending.lead')), h('div', {class: 'actions'}, h('button', {test: 'ending-begin', onclick: () => ask(load)}, t('ending.title')))]),
  (error) => fill(root, problem(error, load)));
  load();
}
