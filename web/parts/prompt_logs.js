// prompt_logs.js - what was asked of models and answered, where the workspace logs it; and erasing that.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, remove} from '../api.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const SHOWN = 20;

const row = (one) => h('details', {test: 'prompt-log'}, h('summary', {}, `${fullDate(one.created_at)} · ${one.model} · ${one.status}`),
  [one.prompt, one.reply].filter(Boolean).map((text) => h('pre', {class: 'logged'}, text)));

export async function render(root) {
  const again = () => render(root);
  const erase = () => toast(t('policy.erased'), {undo: again, commit: () => remove('/v1/gateway/prompts', null, {keepalive: true}).then(again, (error) => toast(error.message))});
  try {
    const {items} = await get('/v1/gateway/prompts', {limit: SHOWN});
    fill(root, h('h2', {}, t('policy.logged')), items.length ? [h('div', {}, items.map(row)), h('button', {class: 'small', onclick: erase, test: 'prompts-erase'}, t('policy.erase'))] : h('p', {class: 'status'}, t('policy.logged_none')));
  } catch (error) {
    fill(root, problem(error, again));
  }
}
