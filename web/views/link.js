// link.js - where the links of mails about an account lead. The token stands after the '#', which is told to no server.
import {h, fill, focusGently} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {post} from '../api.js';
import {field, form} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import '../texts_signin.js';

const KINDS = {
  password: {
    path: '/v1/auth/password/reset',
    fields: () => [field({name: 'password', label: t('session.password'), type: 'password', hint: t('setup.password_hint'), required: true, autocomplete: 'new-password'})],
  },
  invitation: {
    path: '/v1/auth/invitation',
    fields: () => [field({name: 'name', label: t('link.name'), autocomplete: 'name', maxlength: 200}),
      field({name: 'password', label: t('session.password'), type: 'password', hint: t('setup.password_hint'), required: true, autocomplete: 'new-password'})],
  },
  email: {path: '/v1/auth/email/confirm', fields: () => []},
};

const proofFile = (one) => URL.createObjectURL(new Blob([one.proof], {type: 'application/json'}));

const erased = (one) => h('li', {class: 'line', test: 'erased'}, t(`link.erasure_${one.state}`, {date: fullDate(one.ended_at || one.due_at)}), ' ',
  one.proof && h('a', {class: 'button small', href: proofFile(one), download: 'erasure-proof.json', test: 'erased-proof'}, t('link.erasure_proof')));

function renderErasure(root, token) {
  const list = h('div', {}), look = () => post('/v1/erasure-proofs', {token}).then(
    ({items}) => fill(list, h('ul', {class: 'lines'}, items.map(erased))), (error) => fill(list, problem(error, look)));
  document.title = `${t('link.erasure_title')} · ${t('name')}`;
  fill(root, h('div', {class: 'welcome', test: 'welcome'}, h('h1', {tabindex: -1}, t('link.erasure_title')), h('p', {class: 'lead'}, t('link.erasure_lead')), list));
  focusGently(root.querySelector('h1'));
  look();
  return () => {};
}

export function render(root) {
  const name = location.pathname.split('/')[2];
  if (name === 'erasure') return renderErasure(root, location.hash.slice(1));
  const kind = KINDS[name];
  if (!kind) return location.replace('/');
  const token = location.hash.slice(1);
  const body = form({
    test: 'link', submit: t(`link.${name}_submit`), fields: kind.fields(),
    send: async (values) => {
      await post(kind.path, {...values, token});
      history.replaceState(null, '', '/');
      body.replaceWith(h('p', {role: 'status', test: 'link-done'}, t(`link.${name}_done`)));
    },
  });
  const signIn = h('p', {class: 'status'}, h('a', {class: 'link', href: '/', target: '_self', test: 'link-sign-in'}, t('signin.back')));
  document.title = `${t(`link.${name}_title`)} · ${t('name')}`;
  fill(root, h('div', {class: 'welcome', test: 'welcome'}, h('h1', {tabindex: -1}, t(`link.${name}_title`)),
    token ? [h('p', {class: 'lead'}, t(`link.${name}_lead`)), body] : h('p', {class: 'lead', test: 'link-cut'}, t('link.cut')), signIn));
  focusGently(root.querySelector('input') || root.querySelector('h1'));
  return () => {};
}
