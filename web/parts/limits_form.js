// limits_form.js - the dialog that sets models, rates and budgets of a key, a person or the workspace.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, put} from '../api.js';
import {countFrom, linesOf, wrong} from './amounts.js';
import {field, formDialog} from './forms.js';
import {amountOf} from './limit_meter.js';
import {toast} from './toast.js';

const PERIODS = ['day', 'month', 'total'];
const RATES = {requests_per_minute: 'limits.requests', tokens_per_minute: 'limits.tokens', concurrent: 'limits.concurrent'};
const FOLDERS = {key: '/v1/keys', user: '/v1/users'};
const pathOf = ({of, subject}) => (of === 'workspace' ? '/v1/workspace/limits' : `${FOLDERS[of]}/${encodeURIComponent(subject)}/limits`);

function budgetFields(period, budgets) {
  const now = budgets.find((one) => one.period === period);
  const unit = h('select', {name: `${period}_unit`, 'aria-label': t('limits.unit', {period: t(`limits.period_${period}`)}), test: `field-${period}_unit`},
    ['dollars', 'calls'].map((word) => h('option', {value: word, selected: Boolean(now) && now[word] !== undefined}, t(`limits.unit_${word}`))));
  return h('div', {class: 'amount'}, field({name: period, label: t(`limits.period_${period}`), value: now ? String(amountOf(now)).replace(/\.00$/, '') : '', inputmode: 'decimal', autocomplete: 'off'}), unit);
}

function budgetFrom(period, values) {
  const amount = values[period].trim();
  const unit = values[`${period}_unit`];
  if (!amount) return null;
  if (!(unit === 'calls' ? /^\d+$/ : /^\d+(\.\d+)?$/).test(amount)) throw wrong(period, 'limits.amount_wrong');
  return {period, [unit]: unit === 'calls' ? Number(amount) : amount};
}

// subject: {of, subject, name}. again(): they were changed.
export async function askLimits(subject, again) {
  const title = subject.of === 'workspace' ? t('limits.title_workspace') : t('limits.title', {name: subject.name});
  let now;
  try {
    now = await get(pathOf(subject));
  } catch (error) {
    toast(error.message);
    return;
  }
  formDialog({
    title, test: 'limits', submit: t('do.save'), roomy: true,
    fields: [h('fieldset', {class: 'group'}, h('legend', {}, t('limits.budgets')), h('div', {class: 'row fields'}, PERIODS.map((period) => budgetFields(period, now.budgets))), h('small', {}, t('limits.budget_hint'))),
      h('div', {class: 'row fields'}, Object.entries(RATES).map(([name, label]) => field({name, label: t(label), value: now[name] || '', inputmode: 'numeric', autocomplete: 'off'}))),
      field({name: 'models', label: t('limits.models'), type: 'area', value: now.models.join('\n'), hint: t('limits.models_hint'), spellcheck: 'false'})],
    send: async (values) => {
      const body = {models: linesOf(values.models), budgets: PERIODS.map((period) => budgetFrom(period, values)).filter(Boolean)};
      for (const name of Object.keys(RATES)) body[name] = countFrom(values, name);
      await put(pathOf(subject), body);
      toast(t('limits.saved', {name: subject.name || t('limits.workspace')}));
      await again();
    },
  });
}
