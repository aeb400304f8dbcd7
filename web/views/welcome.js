// welcome.js - the first account, or signing in.
import {h, fill, focusGently} from '../dom.js';
import {t} from '../texts.js';
import {address, errorFrom, get, post} from '../api.js';
import {state, emit} from '../state.js';
import {icon} from '../parts/icons.js';
import {field, form} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import '../texts_signin.js';

const FAILED = 'lectern_sign_in_failed';

const entered = (session) => {
  state.session = session;
  emit('signed-in');
};

function setUp(session) {
  return form({
    test: 'setup', submit: t('setup.submit'),
    fields: [
      session.setup_token_needed && field({name: 'token', label: t('setup.token'), hint: t('setup.token_hint'), required: true, autocomplete: 'off', spellcheck: 'false'}),
      field({name: 'name', label: t('setup.name'), required: true, autocomplete: 'name', maxlength: 200}),
      field({name: 'email', label: t('session.email'), type: 'email', required: true, autocomplete: 'username'}),
      field({name: 'password', label: t('session.password'), type: 'password', hint: t('setup.password_hint'), required: true, autocomplete: 'new-password'}),
      field({name: 'workspace', label: t('setup.workspace'), hint: t('setup.workspace_hint'), autocomplete: 'organization', maxlength: 200}),
    ].filter(Boolean),
    send: async (values) => {
      if (!values.workspace) delete values.workspace;
      entered(await post('/v1/setup', values));
    },
  });
}

function signIn() {
  return form({
    test: 'signin', submit: t('session.submit'),
    fields: [
      field({name: 'email', label: t('session.email'), type: 'email', required: true, autocomplete: 'username webauthn'}),
      field({name: 'password', label: t('session.password'), type: 'password', required: true, autocomplete: 'current-password'}),
    ],
    send: async (values) => {
      const session = await post('/v1/session', values);
      if (session.second_factor) await askCode(session.second_factor);
      else entered(session);
    },
  });
}

async function askCode(waiting) {
  const {enterCode} = await import('../parts/second_factor.js');
  const main = document.querySelector('[data-test=welcome]');
  const body = await enterCode(waiting, entered, () => render(main.parentElement));
  const [brand, title] = main.children;
  fill(main, brand, title, body);
  focusGently(body.querySelector('[data-test=passkey-sign-in], input'));
}

// A passkey instead of the password, where this page and its browser have them.
async function offerPasskey(place) {
  const {button, offer} = await import('../parts/passkeys.js');
  const one = button(t('passkey.sign_in'), entered);
  if (one) fill(place, one, !state.session.sign_in.length && h('p', {class: 'lead'}, t('signin.or')));
  if (one) offer(place, entered);
}

// Signed in, but the workspace asks for a second factor first.
async function enrol(body) {
  const {setUp: setUpFactor} = await import('../parts/second_factor.js');
  const steps = h('div', {class: 'stacked'});
  setUpFactor(steps, async () => entered(await get('/v1/session')));
  fill(body, h('p', {test: 'factor-needed'}, t('factor.needed')), steps, h('button', {class: 'plain', onclick: () => emit('sign-out')}, t('session.out')));
  focusGently(steps.querySelector('input'));
}

// Why a sign-in by another service has failed: the server leaves it in a cookie, and it is said once.
function failure() {
  const message = new URLSearchParams(document.cookie.replaceAll('; ', '&')).get(FAILED);
  if (!message) return null;
  document.cookie = `${FAILED}=; Path=/; Max-Age=0`;
  return problem(errorFrom(403, {error: {code: 'forbidden', message}}));
}

function otherWays(ways) {
  const back = location.pathname + location.search;
  return ways.length > 0 && h('div', {class: 'form'}, ways.map(({title, url}) =>
    h('a', {class: 'button', href: address(url, {return: back}), test: 'signin-by'}, t('signin.by', {title}))),
  h('p', {class: 'lead'}, t('signin.or')));
}

// What the server says is the same for every address, whoever has it.
function forgot(root) {
  const ask = form({
    test: 'forgot', submit: t('signin.forgot_submit'), cancel: () => render(root),
    fields: [field({name: 'email', label: t('session.email'), type: 'email', required: true, autocomplete: 'username'})],
    send: async (values) => ask.replaceWith(h('p', {role: 'status', test: 'forgot-done'}, (await post('/v1/auth/password/forgot', values)).message)),
  });
  fill(root, h('div', {class: 'welcome', test: 'welcome'}, h('h1', {tabindex: -1}, t('signin.forgot_title')),
    h('p', {class: 'lead'}, t('signin.forgot_lead')), ask));
  focusGently(ask.querySelector('input'));
}

export function render(root) {
  const {session} = state;
  const first = session.setup_needed, isOut = !first && !session.second_factor_missing;
  document.title = `${t(first ? 'setup.title' : 'session.title')} · ${t('name')}`;
  const body = session.second_factor_missing ? h('div', {class: 'stacked'}) : first ? setUp(session) : signIn();
  const place = h('div', {class: 'stacked'});
  fill(root, h('div', {class: 'welcome', test: 'welcome'},
    h('div', {class: 'brand big'}, icon('brand'), t('name')),
    h('h1', {tabindex: -1}, t(first ? 'setup.title' : 'session.title')),
    h('p', {class: 'lead'}, t(first ? 'setup.lead' : 'session.lead')),
    failure(), isOut && place, otherWays(session.sign_in || []), body,
    isOut && h('button', {class: 'link', test: 'forgot-open', onclick: () => forgot(root)}, t('signin.forgot'))));
  if (isOut && session.passkeys) offerPasskey(place).catch(() => {});
  if (session.second_factor_missing) enrol(body);
  else focusGently(body.querySelector('input'));
  return () => {};
}
