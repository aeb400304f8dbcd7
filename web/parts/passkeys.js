// passkeys.js - what the browser does with passkeys: making one, and signing in with one.
import {h} from '../dom.js';
import {t} from '../texts.js';
import '../texts_passkeys.js';
import {ApiError, post} from '../api.js';
import {state} from '../state.js';
import {problem} from './problem.js';

// Why there are none here, as a sentence; empty where there are.
export function whyNone() {
  const host = state.session && state.session.passkeys;
  if (!host) return ' ';
  if (host !== location.hostname) return t('passkey.elsewhere', {host});
  return window.PublicKeyCredential ? '' : t('passkey.old_browser');
}

// The server writes bytes as base64url.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const written = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const known = (list) => list.map((one) => ({...one, id: bytes(one.id)}));

// A person who stops, a time that is over and a key that is missing are one thing to the browser, so that no page learns which.
async function ask(work) {
  try {
    return await work();
  } catch (error) {
    throw new ApiError('passkey', t(error.name === 'InvalidStateError' ? 'passkey.there' : 'passkey.stopped'), 0);
  }
}

const partsOf = (response, names) => Object.fromEntries(names.filter((name) => response[name]).map((name) => [name, written(response[name])]));

export async function make(values) {
  const options = await post('/v1/session/passkeys/options', {password: values.password});
  const made = await ask(() => navigator.credentials.create({publicKey: {...options, challenge: bytes(options.challenge),
    user: {...options.user, id: bytes(options.user.id)}, excludeCredentials: known(options.excludeCredentials)}}));
  const response = {...partsOf(made.response, ['clientDataJSON', 'attestationObject']), transports: made.response.getTransports ? made.response.getTransports() : []};
  return post('/v1/session/passkeys', {name: values.name, credential: {id: made.id, type: made.type, response}});
}

async function enter(given, how) {
  const options = await post('/v1/session/passkey/options', given);
  const used = await ask(() => navigator.credentials.get({...how, publicKey: {...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials)}}));
  const response = partsOf(used.response, ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']);
  return post('/v1/session/passkey', {...given, credential: {id: used.id, type: used.type, response}});
}

// A browser asks for one thing at a time: what it offers beside the form ends when it is asked for a key outright.
let offered = null;
const takeBack = () => offered && offered.abort();

// token: of the first half of a sign-in; none: instead of the password. Answers the session.
export function signIn(token) {
  takeBack();
  return enter(token ? {token} : {}, {});
}

// The server's question is good for five minutes.
const ASK_AGAIN_MS = 4 * 60 * 1000;

// Keys among what the browser offers to fill into the form (autocomplete "webauthn"), for as long as `place` is shown.
// What stops there stops nothing here: the form and the button stay.
export async function offer(place, entered) {
  const can = whyNone() ? null : PublicKeyCredential.isConditionalMediationAvailable;
  if (!can || !await can.call(PublicKeyCredential) || !place.isConnected) return;
  takeBack();
  const mine = offered = new AbortController();
  const again = setTimeout(() => { mine.abort(); offer(place, entered); }, ASK_AGAIN_MS);
  try {
    entered(await enter({}, {mediation: 'conditional', signal: mine.signal}));
  } catch (error) {
    if (error.code !== 'passkey' && place.isConnected) place.prepend(problem(error));
  } finally {
    if (!mine.signal.aborted) clearTimeout(again);
  }
}

// A button that signs in, with its failure under it; nothing where there are no passkeys.
export function button(text, entered, token) {
  if (whyNone()) return null;
  const root = h('div', {class: 'form'});
  const one = h('button', {type: 'button', class: token ? 'primary' : null, test: 'passkey-sign-in'}, text);
  const said = h('div', {role: 'alert'});
  one.addEventListener('click', async () => {
    if (one.getAttribute('aria-busy') === 'true') return;
    said.replaceChildren();
    one.setAttribute('aria-busy', 'true');
    try {
      entered(await signIn(token));
    } catch (error) {
      said.replaceChildren(problem(error));
    } finally {
      one.removeAttribute('aria-busy');
    }
  });
  root.append(one, said);
  return root;
}
