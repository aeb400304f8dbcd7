// approval_ask.js - asks people to approve something, by hand: who, how many, by when.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post} from '../api.js';
import {mayAdminister} from '../state.js';
import {go} from '../router.js';
import {check, field, formDialog} from './forms.js';

const DAY_S = 86400;
const DEADLINES = ['expire', 'approve', 'deny', 'escalate'];
const ROLES = ['admin', 'editor', 'reader', 'owner'];
const lines = (text) => text.split('\n').map((one) => one.trim()).filter(Boolean);

// Who administers people knows them: one that is chosen stands in the field.
function peopleField(people) {
  const element = field({name: 'users', label: t('approval.ask_users'), type: 'area', rows: 2, hint: t('approval.ask_users_hint'), spellcheck: 'false'});
  const typed = element.querySelector('textarea');
  const choice = h('select', {class: 'chip', 'aria-label': t('approval.ask_choose'), test: 'approval-choose', onchange: () => {
    typed.value = [...lines(typed.value), choice.value].join('\n');
    choice.value = '';
  }}, h('option', {value: ''}, t('approval.ask_choose')), people.map(({name, email}) => h('option', {value: email}, `${name} · ${email}`)));
  if (people.length) typed.after(choice);
  return element;
}

function groupFields(groups) {
  if (!groups.length) return null;
  return [h('fieldset', {class: 'group', test: 'field-groups'}, h('legend', {}, t('approval.ask_groups')),
    h('div', {class: 'checks'}, groups.map(({id, name}) => check({name: `group_${id}`, label: name})))),
  field({name: 'of_each', label: t('approval.ask_of_each'), hint: t('approval.ask_of_each_hint'), inputmode: 'numeric', autocomplete: 'off'})];
}

function bodyOf(values, groups, document) {
  const ofEach = Number(values.of_each) || 0;
  const chosen = groups.filter(({id}) => values[`group_${id}`]).map(({id}) => (ofEach ? {group: id, quorum: ofEach} : id));
  return {
    title: values.title, text: values.text, document: document ? document.id : undefined,
    users: lines(values.users), groups: chosen, roles: values.role ? [values.role] : [],
    quorum: Number(values.quorum) || 1,
    ...(values.deadline && {deadline: new Date(values.deadline).toISOString(), on_deadline: values.on_deadline}),
    ...(values.deputy && {deputy: values.deputy}),
    ...(values.remind && {remind_every: Math.round(Number(values.remind) * DAY_S)}),
  };
}

// document: what it is about, or null. Leads to what was asked.
export async function askApproval(document) {
  const [groups, people] = await Promise.all([get('/v1/groups'), mayAdminister() ? get('/v1/users') : {items: []}].map((list) => Promise.resolve(list).then(({items}) => items, () => [])));
  formDialog({
    title: t('approval.ask'), submit: t('approval.ask_submit'), test: 'ask-approval', roomy: true,
    fields: [field({name: 'title', label: t('approval.ask_title'), value: document ? document.name : '', required: true, maxlength: 200, autocomplete: 'off'}),
      field({name: 'text', label: t('approval.ask_text'), type: 'area', rows: 2, maxlength: 20000}),
      peopleField(people.filter(({disabled}) => !disabled)), groupFields(groups),
      field({name: 'role', label: t('approval.ask_role'), value: '', options: [['', t('approval.ask_no_role')], ...ROLES.map((name) => [name, t('approval.ask_role_of', {role: t(`role.${name}`)})])]}),
      field({name: 'quorum', label: t('approval.ask_quorum'), value: '1', inputmode: 'numeric', autocomplete: 'off'}),
      field({name: 'deadline', label: t('approval.ask_deadline'), type: 'datetime-local'}),
      h('details', {class: 'fold', test: 'ask-approval-more'}, h('summary', {}, t('approval.ask_more')),
        field({name: 'on_deadline', label: t('approval.ask_on_deadline'), value: 'expire', options: DEADLINES.map((name) => [name, t(`approval.ask_then_${name}`)])}),
        field({name: 'deputy', label: t('approval.ask_deputy'), hint: t('approval.ask_deputy_hint'), autocomplete: 'off'}),
        field({name: 'remind', label: t('approval.ask_remind'), inputmode: 'decimal', autocomplete: 'off'}))],
    send: async (values) => go(`/approvals/${(await post('/v1/approvals', bodyOf(values, groups, document))).id}`),
  });
}
