// settings.js - account, model service, API keys, people, this server: one section for each address.
import {h, fill, showTab} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {state, emit, mayAdminister, mayAudit, mayRead} from '../state.js';
import {top} from '../parts/top.js';
import {field, form} from '../parts/forms.js';
import {toast} from '../parts/toast.js';
import * as batches from '../parts/settings_batches.js';
import * as rated from '../parts/settings_feedback.js';
import * as gateway from '../parts/settings_gateway.js';
import * as keys from '../parts/settings_keys.js';
import * as limits from '../parts/settings_limits.js';
import * as notices from '../parts/settings_notices.js';
import * as people from '../parts/settings_people.js';
import * as preferences from '../parts/settings_preferences.js';
import * as profile from '../parts/settings_profile.js';
import * as policy from '../parts/settings_policy.js';
import * as server from '../parts/settings_server.js';
import * as tools from '../parts/settings_tools.js';
import * as usage from '../parts/settings_usage.js';

function account(root) {
  const {user, workspace} = state.session;
  fill(root, h('dl', {class: 'facts'}, h('dt', {}, t('setup.name')), h('dd', {}, user.name), h('dt', {}, t('session.email')), h('dd', {}, user.email),
    h('dt', {}, t('settings.role')), h('dd', {}, t(`role.${user.role}`)), workspace && [h('dt', {}, t('setup.workspace')), h('dd', {}, workspace.name)]), h('div', {test: 'workspace-goes'}), h('div', {test: 'workspaces-of-mine'}),
  h('button', {onclick: () => emit('sign-out'), test: 'sign-out'}, t('session.out')),
  h('h2', {}, t('settings.password')), form({
    test: 'password', submit: t('settings.password_submit'),
    fields: [field({name: 'old', label: t('settings.password_old'), type: 'password', autocomplete: 'current-password'}),
             field({name: 'new', label: t('settings.password_new'), type: 'password', hint: t('setup.password_hint'), autocomplete: 'new-password'})],
    send: async (values, element) => {
      await post('/v1/session/password', values);
      element.reset();
      toast(t('settings.password_done'));
    },
  }), profile.forms(user), state.session.passkeys && h('section', {class: 'stacked', test: 'passkeys-of-mine'}), h('section', {class: 'stacked', test: 'second-factor'}), h('section', {class: 'stacked', test: 'sessions'}), h('section', {class: 'stacked', test: 'about-me'}));
  const [passkeys, factor, signedIn, aboutMe] = ['passkeys-of-mine', 'second-factor', 'sessions', 'about-me'].map((name) => root.querySelector(`[data-test=${name}]`));
  const showFactor = () => import('../parts/second_factor.js').then((part) => part.render(factor), () => {});
  showFactor();
  if (passkeys) import('../parts/settings_passkeys.js').then((part) => part.render(passkeys, showFactor), () => {});
  if (workspace && workspace.removal_due_at) import('../parts/workspace_end.js').then((part) => root.querySelector('[data-test=workspace-goes]').append(part.line()), () => {});
  if (state.session.workspaces.length > 1) import('../parts/workspaces.js').then((part) => root.querySelector('[data-test=workspaces-of-mine]').append(part.section()), () => {});
  import('../parts/settings_sessions.js').then((part) => part.render(signedIn), () => {});
  import('../parts/own_data.js').then((part) => part.render(aboutMe), () => {});
}

const SECTIONS = [
  {name: '', text: 'settings.account', render: account},
  {name: 'preferences', text: 'settings.preferences', render: preferences.render},
  {name: 'keys', text: 'settings.keys', render: keys.render},
  {name: 'notices', text: 'settings.notices', render: notices.render},
  {name: 'models', text: 'settings.models', render: gateway.render, may: mayAdminister},
  {name: 'tools', text: 'settings.tools', render: tools.render, may: mayAdminister},
  {name: 'limits', text: 'settings.limits', render: limits.render, may: mayAdminister},
  {name: 'policy', text: 'settings.policy', render: policy.render, may: mayAdminister},
  {name: 'feedback', text: 'settings.feedback', render: rated.render, may: mayAdminister},
  {name: 'batches', text: 'settings.batches', render: batches.render, may: mayRead},
  {name: 'usage', text: 'settings.usage', render: usage.render, may: mayAudit},
  {name: 'people', text: 'settings.people', render: people.render, may: mayAudit},
  {name: 'server', text: 'settings.server', render: server.render},
];

const isOpen = ({may}) => !may || may();

export function render(root, {section = ''}) {
  const shown = SECTIONS.find((one) => one.name === section && isOpen(one)) || SECTIONS[0];
  const head = top(t('settings.title'));
  const body = h('div', {class: 'settings', test: `settings-${shown.name || 'account'}`});
  const tabs = h('nav', {class: 'tabs', 'aria-label': t('settings.title')}, SECTIONS.filter(isOpen).map((one) =>
    h('a', {class: 'tab', href: one.name ? `/settings/${one.name}` : '/settings', 'aria-current': one === shown ? 'page' : null, test: `tab-${one.name || 'account'}`}, t(one.text))));
  fill(root, head.element, h('div', {class: 'finder'}, tabs), h('div', {class: 'scroll pad'}, body));
  showTab(tabs);
  const cleanup = shown.render(body);
  return {cleanup, title: `${t(shown.text)} · ${t('settings.title')}`, focus: head.heading};
}
