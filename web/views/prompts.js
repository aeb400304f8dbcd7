// prompts.js - prompts with variables: add, change, versions, shares, and a bench that runs rows through versions.
import {h, fill, cleanup} from '../dom.js';
import {t} from '../texts.js';
import {mayWrite} from '../state.js';
import {get, remove} from '../api.js';
import {top} from '../parts/top.js';
import {icon} from '../parts/icons.js';
import {showVersions} from '../parts/personas.js';
import {editPrompt, editShares, readPrompts} from '../parts/prompts.js';
import {openBench} from '../parts/prompt_bench.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';

export function render(root, {query}) {
  const undo = cleanup();
  const add = mayWrite() && h('button', {class: 'small primary', onclick: () => editPrompt(null, load), test: 'prompt-add'}, t('prompt.add'));
  const head = top(t('prompt.title'), add);
  const list = h('ul', {class: 'docs', 'aria-label': t('prompt.title'), test: 'prompts'});
  fill(root, head.element, h('div', {class: 'scroll'}, h('p', {class: 'pad hint'}, t('prompt.lead')), list));

  const drop = (one) => remove(`/v1/prompts/${one.id}`).then(() => { toast(t('prompt.removed', {name: one.name})); load(); }, (error) => toast(error.message));
  const share = (one) => (one.shares.length ? t('prompt.shared', {count: one.shares.length + 1}) : t('persona.version', {number: one.version}));
  const row = (one) => h('li', {class: 'doc prompt-row', test: 'prompt'},
    h('span', {class: 'doc-name'}, h('span', {}, one.name), h('small', {class: 'hint'}, one.variables.map((name) => `{{${name}}}`).join(' '))),
    h('span', {class: 'row'}, h('button', {class: 'small plain', onclick: () => editShares(one, load), disabled: !mayWrite() || one.version < 2, title: t('prompt.shares'), test: 'prompt-shares'}, share(one)),
    h('button', {class: 'small', onclick: () => openBench(one), disabled: !mayWrite(), test: 'prompt-bench'}, t('prompt.bench')),
    h('button', {class: 'small', onclick: () => showVersions({...one, at: `/v1/prompts/${one.id}`, shown: (body) => body.template}, load), test: 'prompt-versions'}, t('persona.versions')),
    h('button', {class: 'icon', 'aria-label': t('prompt.change'), title: t('prompt.change'), onclick: () => editPrompt(one, load), disabled: !mayWrite(), test: 'prompt-edit'}, icon('edit')),
    h('button', {class: 'icon', 'aria-label': t('do.remove'), title: t('do.remove'), onclick: () => drop(one), disabled: !mayWrite(), test: 'prompt-remove'}, icon('trash'))));

  async function load() {
    try {
      const all = await readPrompts();
      fill(list, all.map(row), all.length === 0 && h('li', {class: 'nothing'}, h('p', {}, t('prompt.empty'))));
    } catch (error) {
      fill(list, problem(error, load));
    }
  }
  // The tray leads here: the run is shown in the bench of its prompt.
  async function showRun(id) {
    const run = await get(`/v1/runs/${id}`);
    const one = (await readPrompts()).find((prompt) => prompt.id === run.subject);
    if (one) openBench(one, id);
  }
  load();
  if (query.run) showRun(query.run).catch((error) => toast(error.message));
  return {cleanup: undo, title: t('prompt.title'), focus: head.heading};
}
