// settings_policy.js - what becomes of the texts of calls: what is kept, what may not leave, what is logged, how long they may take.
import {h, fill} from '../dom.js';
import {t, number, bytes} from '../texts.js';
import {get, put, remove} from '../api.js';
import {group, linesOf, numberFrom, timeFields, timesFrom} from './amounts.js';
import {check, field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import * as logs from './prompt_logs.js';

const MINUTES_MOST = 43200;

// A box with a warning that shows while it is on.
function warned(props, text) {
  const box = check(props);
  const input = box.querySelector('input');
  const warning = h('p', {class: 'warning', hidden: !input.checked, test: `warning-${props.name}`}, t(text));
  input.addEventListener('change', () => { warning.hidden = !input.checked; });
  return [box, warning];
}

function cacheFields({cache}) {
  return group('policy.cache', field({name: 'cache_use', label: t('policy.cache_use'), options: ['asked', 'on', 'off'].map((word) => [word, t(`policy.cache_${word}`)]), value: cache.use, hint: t('policy.cache_hint')}),
    h('div', {class: 'row fields'}, field({name: 'minutes', label: t('policy.minutes'), value: cache.seconds ? String(cache.seconds / 60) : '', hint: t('policy.minutes_hint'), inputmode: 'numeric', autocomplete: 'off'}),
      field({name: 'temperature', label: t('policy.temperature'), value: cache.temperature_max || '', hint: t('policy.temperature_hint'), inputmode: 'decimal', autocomplete: 'off'})),
    field({name: 'routes', label: t('policy.routes'), type: 'area', value: cache.routes.join('\n'), hint: t('policy.routes_hint'), spellcheck: 'false'}),
    check({name: 'shared', label: t('policy.shared'), checked: cache.shared, hint: t('policy.shared_hint')}), check({name: 'tools', label: t('policy.tools'), checked: cache.tools}),
    warned({name: 'semantic', label: t('policy.semantic'), checked: cache.semantic, hint: t('policy.semantic_hint')}, 'policy.semantic_warning'));
}

function maskFields({masks, mask_kinds: kinds}) {
  const groups = [...new Set(kinds.map((one) => one.group))];
  return group('policy.masks', h('p', {class: 'lead'}, t('policy.masks_lead')), groups.map((name) => h('div', {class: 'checks', role: 'group', 'aria-label': t(`policy.group_${name}`)}, h('b', {}, t(`policy.group_${name}`)),
    kinds.filter((one) => one.group === name).map((one) => check({name: `mask_${one.kind}`, label: one.title, checked: masks.kinds.includes(one.kind)})))),
  check({name: 'restore', label: t('policy.restore'), checked: masks.restore}), check({name: 'local', label: t('policy.local'), checked: masks.local}), h('small', {}, t('policy.masks_limits')));
}

function promptFields({prompts, prompt_days: days}) {
  const use = field({name: 'prompts', label: t('policy.prompts_use'), options: ['off', 'hashed', 'full'].map((word) => [word, t(`policy.prompts_${word}`)]), value: prompts, hint: t('policy.prompts_hint', {count: days})});
  const warning = h('p', {class: 'warning', hidden: prompts !== 'full', test: 'warning-prompts'}, t('policy.prompts_warning'));
  use.querySelector('select').addEventListener('change', ({target}) => { warning.hidden = target.value !== 'full'; });
  return group('policy.prompts', use, warning);
}

const filterFields = (policy) => group('policy.filters', check({name: 'loose_filters', label: t('policy.loose_filters'), checked: policy.loose_filters, hint: t('policy.loose_filters_hint')}));

const timesGroup = ({times}) => group('policy.times', h('p', {class: 'lead'}, t('policy.times_lead')), timeFields(times));

function policyFrom(values, kinds) {
  return {
    cache: {use: values.cache_use, seconds: 60 * numberFrom(values, 'minutes', MINUTES_MOST, true, 'policy.minutes_wrong'), temperature_max: numberFrom(values, 'temperature', 2, false, 'policy.temperature_wrong'),
      routes: linesOf(values.routes), shared: values.shared, tools: values.tools, semantic: values.semantic},
    masks: {kinds: kinds.map(({kind}) => kind).filter((kind) => values[`mask_${kind}`]), local: values.local, restore: values.restore},
    prompts: values.prompts, loose_filters: values.loose_filters, times: timesFrom(values),
  };
}

async function kept(root) {
  const one = await get('/v1/gateway/cache').catch(() => null);
  if (!one || !one.answers) return;
  const forget = () => remove('/v1/gateway/cache').then(() => { toast(t('policy.forgotten')); fill(root); }, (error) => toast(error.message));
  fill(root, h('div', {class: 'row wrap'}, h('span', {}, t('policy.kept', {count: one.answers, size: bytes(one.bytes), hits: number(one.hits)})), h('button', {class: 'small', onclick: forget, test: 'cache-forget'}, t('policy.forget'))));
}

async function show(root) {
  const answers = h('div', {});
  const logged = h('div', {});
  try {
    const policy = await get('/v1/gateway/policy');
    fill(root, h('p', {class: 'lead'}, t('policy.lead')), form({
      test: 'policy', submit: t('do.save'), fields: [cacheFields(policy), maskFields(policy), promptFields(policy), filterFields(policy), timesGroup(policy)],
      send: async (values) => {
        await put('/v1/gateway/policy', policyFrom(values, policy.mask_kinds));
        toast(t('policy.saved'));
      },
    }), answers, logged);
    kept(answers);
    logs.render(logged);
  } catch (error) {
    fill(root, problem(error, () => show(root)));
  }
}

// Nothing is to be undone: what a view returns is called when it is left.
export function render(root) {
  show(root);
}
