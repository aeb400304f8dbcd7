// alert_rules.js - from where on calls of models are worth an alert.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {ApiError, get, put} from '../api.js';
import {check, field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

// A rule that is only on or off has the limit 1.
const isSwitch = (one) => one.unit === 'service';

const ruleField = (one) => (isSwitch(one) ? check({name: one.rule, label: t(`alert.rule_${one.rule}`), checked: one.limit > 0, hint: t(`alert.hint_${one.rule}`)})
  : field({name: one.rule, label: t(`alert.rule_${one.rule}`), value: one.limit || '', inputmode: 'decimal', autocomplete: 'off', hint: t(`alert.hint_${one.rule}`)}));

function limitFrom(one, value) {
  if (isSwitch(one)) return value ? 1 : 0;
  const limit = Number(value.trim() || 0);
  if (!(limit >= 0)) throw new ApiError('invalid', t('alert.limit_wrong'), 400, one.rule);
  return limit;
}

export async function render(root) {
  try {
    const {items} = await get('/v1/alerts/rules');
    fill(root, h('h2', {}, t('alert.rules')), h('p', {class: 'lead'}, t('alert.rules_lead')), form({
      test: 'alert-rules', submit: t('do.save'), fields: items.map(ruleField),
      send: async (values) => {
        await put('/v1/alerts/rules', Object.fromEntries(items.map((one) => [one.rule, limitFrom(one, values[one.rule])])));
        toast(t('alert.rules_saved'));
      },
    }));
  } catch (error) {
    fill(root, problem(error, () => render(root)));
  }
}
