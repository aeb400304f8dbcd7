// personas.js - who may answer: add, change, look at versions, remove.
import {h, fill, cleanup} from '../dom.js';
import {t} from '../texts.js';
import {mayWrite} from '../state.js';
import {top} from '../parts/top.js';
import {icon} from '../parts/icons.js';
import {editPersona, readPersonas, removePersona, showVersions} from '../parts/personas.js';
import {toast} from '../parts/toast.js';

export function render(root) {
  const undo = cleanup();
  const add = mayWrite() && h('button', {class: 'small primary', onclick: () => editPersona(null, load), test: 'persona-add'}, t('persona.add'));
  const head = top(t('persona.title'), add);
  const list = h('ul', {class: 'docs', 'aria-label': t('persona.title'), test: 'personas'});
  fill(root, head.element, h('div', {class: 'scroll'}, h('p', {class: 'pad hint'}, t('persona.lead')), list));

  const drop = (one) => removePersona(one).then(() => { toast(t('persona.removed', {name: one.name})); load(); }, (error) => toast(error.message));
  const row = (one) => h('li', {class: 'doc talk-row', test: 'persona'},
    h('span', {class: 'doc-name'}, h('span', {}, one.name), h('small', {class: 'hint'}, [one.tone, one.model].filter(Boolean).join(' · '))),
    h('span', {class: 'cell-time number'}, t('persona.version', {number: one.version})),
    h('button', {class: 'icon', 'aria-label': t('persona.change'), title: t('persona.change'), onclick: () => editPersona(one, load), disabled: !mayWrite(), test: 'persona-edit'}, icon('edit')),
    h('button', {class: 'small', onclick: () => showVersions(one, load), test: 'persona-versions-open'}, t('persona.versions')),
    h('button', {class: 'icon', 'aria-label': t('do.remove'), title: t('do.remove'), onclick: () => drop(one), disabled: !mayWrite(), test: 'persona-remove'}, icon('trash')));

  async function load() {
    const all = await readPersonas();
    fill(list, all.map(row), all.length === 0 && h('li', {class: 'nothing'}, h('p', {}, t('persona.empty'))));
  }
  load();
  return {cleanup: undo, title: t('persona.title')};
}
