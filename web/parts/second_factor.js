// second_factor.js - a code besides the password: entering it, setting it up, its recovery codes.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import '../texts_account.js';
import {get, post, put} from '../api.js';
import {check, field, form, formDialog} from './forms.js';
import {toast} from './toast.js';

const codeField = (props) => field({name: 'code', label: t('factor.code'), required: true, autocomplete: 'one-time-code', spellcheck: 'false', maxlength: 40, ...props});

// The second half of a sign-in. waiting: what the first half answered.
export async function enterCode(waiting, entered, again) {
  const passkeys = waiting.passkey && await import('./passkeys.js');
  return h('div', {class: 'stacked'}, passkeys && passkeys.button(t('passkey.second'), entered, waiting.token),
    h('p', {}, t(waiting.app || !passkeys ? 'factor.enter' : 'passkey.enter')), form({
    test: 'code', submit: t('factor.submit'), fields: codeField({inputmode: 'text'}),
    send: async ({code}) => entered(await post('/v1/session/code', {token: waiting.token, code})),
  }), h('button', {class: 'plain', onclick: again, test: 'code-again'}, t('factor.again')));
}

export function showCodes(root, codes, done) {
  fill(root, h('h3', {}, t('factor.codes')), h('p', {}, t('factor.codes_lead')),
    h('ul', {class: 'codes', test: 'recovery-codes'}, codes.map((code) => h('li', {}, h('code', {}, code)))),
    h('div', {class: 'actions'}, h('button', {class: 'primary', onclick: done, test: 'codes-kept'}, t('factor.kept'))));
}

function showSecret(root, made, done) {
  fill(root, h('p', {}, t('factor.scan')),
    made.qr && h('img', {class: 'qr', alt: t('factor.picture'), src: `data:image/svg+xml,${encodeURIComponent(made.qr)}`, width: 220, height: 220, test: 'factor-qr'}),
    h('div', {class: 'field'}, h('label', {for: 'factor-secret'}, t('factor.secret')), h('input', {id: 'factor-secret', readonly: true, value: made.secret, test: 'factor-secret', spellcheck: 'false'})),
    form({test: 'factor-confirm', submit: t('factor.confirm'), fields: codeField({inputmode: 'numeric'}),
      send: async ({code}) => showCodes(root, (await post('/v1/session/second_factor/confirm', {code})).recovery_codes, done)}));
  root.querySelector('[name=code]').focus();
}

// Password, then picture and code, then recovery codes; `done` when they are kept.
export function setUp(root, done) {
  fill(root, form({
    test: 'factor', submit: t('factor.begin'),
    fields: field({name: 'password', label: t('factor.password'), type: 'password', hint: t('factor.password_hint'), autocomplete: 'current-password'}),
    send: async (values) => showSecret(root, await post('/v1/session/second_factor', values), done),
  }));
}

// Six digits are a code of the app, four groups a recovery code, and anything else is the password.
const proofOf = ({proof}) => (/^\s*(\d{6}|([A-Za-z2-7]{4}-){3}[A-Za-z2-7]{4})\s*$/.test(proof) ? {code: proof} : {password: proof});

export function prove(title, path, then) {
  formDialog({
    title, submit: title, test: 'proof',
    fields: field({name: 'proof', label: t('factor.proof'), type: 'password', required: true, autocomplete: 'off'}),
    send: async (values) => then(await post(path, proofOf(values))),
  });
}

export function render(root) {
  const body = h('div', {class: 'stacked'});
  const change = (one) => fill(body, h('p', {test: 'factor-on'}, t('factor.on', {date: fullDate(one.enabled_at), left: one.recovery_codes_left})),
    h('div', {class: 'row wrap'},
      h('button', {test: 'factor-renew', onclick: () => prove(t('factor.renew'), '/v1/session/second_factor/recovery_codes', (made) => showCodes(body, made.recovery_codes, load))}, t('factor.renew')),
      h('button', {test: 'factor-off', onclick: () => prove(t('factor.off'), '/v1/session/second_factor/remove', () => { toast(t('factor.is_off')); load(); })}, t('factor.off'))));
  const load = () => get('/v1/session/second_factor').then((one) => (one.enabled ? change(one) : setUp(body, load)), (error) => fill(body, error.message));
  fill(root, h('h2', {}, t('factor.title')), h('p', {class: 'status'}, t('factor.lead')), body);
  load();
}

// For administrators: whether everybody here needs one.
export function renderRule(root) {
  const show = ({required}) => fill(root, h('h2', {}, t('factor.title')),
    check({name: 'factor_required', label: t('factor.require'), hint: t('factor.require_hint'), checked: required, onchange: (event) => change(event.target)}));
  const change = (box) => put('/v1/workspace/second_factor', {required: box.checked})
    .then(() => toast(t(box.checked ? 'factor.required' : 'factor.allowed')), (error) => { box.checked = !box.checked; toast(error.message); });
  get('/v1/session/second_factor').then(show, (error) => fill(root, error.message));
}
