// service_form.js - the dialog that adds a model service or changes one, and asks it for a word.
import {h} from '../dom.js';
import {t, number} from '../texts.js';
import {put, post, ApiError} from '../api.js';
import {countFrom, setOnly, timeFields, timesFrom} from './amounts.js';
import {check, field, formDialog} from './forms.js';
import {toast} from './toast.js';

export const ANY = 'openai-compatible';  // no provider with a name of its own
export const pathOf = (name) => `/v1/gateway/services/${encodeURIComponent(name)}`;

const LIMITS = ['requests_per_minute', 'tokens_per_minute', 'requests_per_day', 'tokens_per_day', 'concurrent'];
const titleOf = ({name, title}) => (name === ANY ? t('gateway.any') : title);
const isPrivate = (url) => /^https?:\/\/(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(url);

function said(result) {
  if (result.good) return t('gateway.test_good', {model: result.model, time: number(result.took_ms)});
  return result.problem || t('gateway.test_bad');
}

// A sentence about how it did.
export async function tryService(name) {
  try {
    return said(await post(`${pathOf(name)}/test`, {}));
  } catch (error) {
    return error.message;
  }
}

const fold = (title, isOpen, test, ...children) => h('details', {class: 'fold', open: isOpen, test}, h('summary', {}, t(title)), children);

function limitFields({limits = {}}) {
  return fold('gateway.own_limits', Object.values(limits).some(Boolean), 'service-limits', h('p', {class: 'status'}, t('gateway.own_limits_lead')),
    h('div', {class: 'row fields times'}, LIMITS.map((name) => field({name, label: t(`gateway.${name}`), value: limits[name] || '', inputmode: 'numeric', autocomplete: 'off'}))));
}

const timesFold = ({times}) => fold('gateway.times', Boolean(times), 'service-times', h('p', {class: 'status'}, t('gateway.times_lead')), timeFields(times));

const specialFields = ({version, moves_on: moves, probe}) => fold('gateway.special', Boolean(version || moves || probe), 'service-special',
  field({name: 'version', label: t('gateway.version'), value: version || '', hint: t('gateway.version_hint'), autocomplete: 'off'}),
  field({name: 'moves_on', label: t('gateway.moves_on'), value: moves || '', hint: t('gateway.moves_on_hint'), autocomplete: 'off'}), check({name: 'probe', label: t('gateway.probe'), checked: Boolean(probe), hint: t('gateway.probe_hint')}));

// What the form says over what the service was; members that it does not show stay.
function documentFrom(values, now) {
  const body = {...now, provider: values.provider, base_url: values.base_url, limits: setOnly(Object.fromEntries(LIMITS.map((name) => [name, countFrom(values, name)]))), times: setOnly(timesFrom(values)),
    version: values.version.trim() || undefined, moves_on: values.moves_on.trim() || undefined, probe: values.probe || undefined};
  if (values.base_url !== now.base_url) delete body.models;
  if (values.key) body.key = values.key;
  if (isPrivate(values.base_url)) body.private = true;
  return body;
}

// one: the service that is changed; null for a new one. again(): shows what was saved; the dialog stays until then.
export function askService(providers, one, again) {
  const known = (name) => providers.find((provider) => provider.name === name);
  const first = one ? one.provider : 'openai';
  const now = one && one.document ? one.document : {};
  const address = field({name: 'base_url', label: t('provider.address'), type: 'url', value: one ? one.base_url : known(first).base_url, hint: t('provider.address_hint'), autocomplete: 'off'});
  const provider = field({name: 'provider', label: t('gateway.provider'), options: providers.map((each) => [each.name, titleOf(each)]), value: first});
  const name = field({name: 'name', label: t('gateway.name'), value: one ? one.name : first, hint: t('gateway.name_hint'), autocomplete: 'off', maxlength: 100, readonly: Boolean(one)});
  provider.querySelector('select').addEventListener('change', ({target}) => {
    address.querySelector('input').value = known(target.value).base_url;
    if (!one) name.querySelector('input').value = target.value;
  });
  formDialog({
    title: t(one ? 'gateway.change' : 'gateway.add'), test: 'service', submit: t('gateway.save_test'), roomy: true,
    fields: [provider, name, address, field({name: 'key', label: t('provider.key'), type: 'password', hint: t(one && one.key_set ? 'provider.key_set' : 'gateway.key_hint'), autocomplete: 'off'}),
      limitFields(now), timesFold(now), specialFields(now)],
    send: async (values) => {
      const body = documentFrom(values, one ? {...now, base_url: one.base_url} : {});
      await put(pathOf(values.name), body);
      const result = await post(`${pathOf(values.name)}/test`, {}).catch((error) => ({problem: error.message}));
      await again();
      if (!result.good) throw new ApiError('upstream', said(result), 200, 'key');
      toast(said(result));
    },
  });
}
