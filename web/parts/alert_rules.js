// alert_rules.js - from where on something is worth an alert, how long it must hold, and how often it is told.
import '../texts_server.js';
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {ApiError, get, put} from '../api.js';
import {check, field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const MINUTE = 60, HOUR = 3600;

// A rule that is only on or off has the limit 1.
const isSwitch = (one) => one.unit === 'service';

const limitField = (one) => (isSwitch(one) ? check({name: one.rule, label: t(`alert.rule_${one.rule}`), checked: one.limit > 0, hint: t(`alert.hint_${one.rule}`)})
  : field({name: one.rule, label: t(`alert.rule_${one.rule}`), value: one.limit || '', inputmode: 'decimal', autocomplete: 'off', hint: t(`alert.hint_${one.rule}`)}));

const timeField = (one, part, unit, hint) => field({name: `${one.rule}-${part}`, label: t(`alert.${part}`), value: one[`${part}_seconds`] / unit || '', inputmode: 'decimal', autocomplete: 'off', hint});

const ruleFields = (one) => [limitField(one), h('details', {}, h('summary', {'aria-label': t('alert.timing_of', {title: t(`alert.rule_${one.rule}`)}), test: `timing-${one.rule}`}, t('alert.timing')),
  timeField(one, 'hold', MINUTE), timeField(one, 'repeat', HOUR, t('alert.repeat_hint')))];

function numberFrom(name, value) {
  const number = Number(value.trim() || 0);
  if (!(number >= 0)) throw new ApiError('invalid', t('alert.limit_wrong'), 400, name);
  return number;
}

const ruleFrom = (one, values) => ({
  limit: isSwitch(one) ? (values[one.rule] ? 1 : 0) : numberFrom(one.rule, values[one.rule]),
  hold_seconds: Math.round(numberFrom(`${one.rule}-hold`, values[`${one.rule}-hold`]) * MINUTE),
  repeat_seconds: Math.round(numberFrom(`${one.rule}-repeat`, values[`${one.rule}-repeat`]) * HOUR),
});

export async function render(root) {
  try {
    const {items} = await get('/v1/alerts/rules');
    fill(root, h('h2', {}, t('alert.rules')), h('p', {class: 'lead'}, t('alert.rules_lead')), form({
      test: 'alert-rules', submit: t('do.save'), fields: items.map(ruleFields),
      send: async (values) => {
        await put('/v1/alerts/rules', Object.fromEntries(items.map((one) => [one.rule, ruleFrom(one, values)])));
        toast(t('alert.rules_saved'));
      },
    }));
  } catch (error) {
    fill(root, problem(error, () => render(root)));
  }
}
