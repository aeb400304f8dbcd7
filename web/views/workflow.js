// workflow.js - one workflow: its steps and triggers to change, its JSON beside, versions, and how it did.
import {h, fill, cleanup, debounce} from '../dom.js';
import {t, ago} from '../texts.js';
import {get, patch, post} from '../api.js';
import {mayWrite} from '../state.js';
import {go, note, withQuery} from '../router.js';
import {check, field, formDialog} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {askRun} from '../parts/workflow_run.js';
import {figuresOf} from '../parts/workflow_figures.js';
import {stepList} from '../parts/workflow_steps.js';
import {triggerList} from '../parts/workflow_triggers.js';
import {placeOf} from '../parts/workflow_tree.js';

const TABS = ['steps', 'versions', 'figures'];
const drafts = new Map();  // what was not saved when the view was left, by the workflow's id

export function render(root, {id, query}) {
  const undo = cleanup();
  const writes = mayWrite();
  let workflow = null;
  let definition = null;
  let catalogue = null;
  let wrong = null;      // {path, message} of what the server says is wrong
  let isChanged = false;
  let tab = TABS.includes(query.tab) ? query.tab : 'steps';
  const save = h('button', {disabled: true, onclick: () => keep(), test: 'workflow-save'}, t('do.save'));
  const head = workHead('workflows', t('work.workflows'));
  const about = h('div', {class: 'work-card', test: 'workflow-about'}, h('div', {class: 'bone wide'}));
  const tabs = h('div', {class: 'tabs', role: 'tablist'}, TABS.map((name) => h('button', {class: 'tab', role: 'tab', 'aria-selected': String(name === tab), onclick: () => turn(name), test: `flow-tab-${name}`}, t(`flow.tab_${name}`))));
  const body = h('div', {class: 'flow-body', role: 'tabpanel'});
  const text = h('textarea', {class: 'secret flow-text', spellcheck: 'false', 'aria-label': t('flow.json'), readonly: !writes, test: 'workflow-json'});
  const textSaid = h('p', {class: 'status', role: 'status', test: 'workflow-json-said'});
  const beside = h('section', {class: 'flow-beside', hidden: !query.json}, h('h2', {}, t('flow.json')), text, textSaid);
  const steps = h('div', {class: 'stacked'});
  fill(root, head.element, h('div', {class: 'scroll pad work'}, about, tabs, body));

  function turn(name) {
    tab = name;
    for (const one of tabs.children) one.setAttribute('aria-selected', String(one.dataset.test === `flow-tab-${name}`));
    note(withQuery({tab: name === 'steps' ? '' : name}));
    paintBody();
  }

  function paintAbout() {
    const facts = [t('flow.version', {count: workflow.version}), workflow.updated_at && t('flow.changed', {ago: ago(workflow.updated_at)}), isChanged && t('flow.unsaved')].filter(Boolean).join(' · ');
    save.disabled = !isChanged;
    save.className = isChanged ? 'small primary' : 'small';
    fill(about, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, workflow.name), writes && save,
      writes && h('button', {class: 'small', disabled: isChanged, title: isChanged ? t('flow.save_first') : null, onclick: () => askRun(workflow), test: 'workflow-run'}, t('run.start'))),
    definition.description && h('p', {}, definition.description), h('p', {class: 'status'}, facts),
    wrong && !wrong.path && h('p', {class: 'problem', role: 'alert', test: 'workflow-wrong'}, wrong.message),
    h('div', {class: 'row wrap'}, h('a', {class: 'button small', href: `/executions?workflow=${id}`, test: 'workflow-runs'}, t('flow.runs')),
      writes && h('button', {class: 'small', onclick: describe, test: 'workflow-describe'}, t('flow.rename')),
      h('button', {class: 'small', 'aria-pressed': String(!beside.hidden), onclick: showJson, test: 'workflow-json-show'}, t('flow.json')),
      h('a', {class: 'button small', href: `/v1/workflows/${id}/export`, download: `${workflow.name}.json`, test: 'workflow-export'}, t('flow.export'))));
  }

  function describe() {
    formDialog({
      title: t('flow.rename'), submit: t('do.save'), test: 'workflow-words',
      fields: [field({name: 'name', label: t('flow.name'), value: workflow.name, required: true, maxlength: 200, autocomplete: 'off'}),
        field({name: 'description', label: t('flow.description'), type: 'area', value: definition.description || ''}),
        check({name: 'shared', label: t('flow.shared'), hint: t('flow.shared_hint'), checked: Boolean(definition.shared)})],
      send: async ({name, description, shared}) => {
        if (name !== workflow.name) workflow = {...await patch(`/v1/workflows/${id}`, {name})};
        if (description) definition.description = description;
        else delete definition.description;
        if (shared) definition.shared = true;
        else delete definition.shared;
        changed();
      },
    });
  }

  function showJson() {
    beside.hidden = !beside.hidden;
    note(withQuery({json: beside.hidden ? '' : '1'}));
    paintAbout();
  }

  function paintSteps() {
    const shown = {definition, catalogue, wrong, writes, changed};
    fill(steps, triggerList(shown), stepList(shown));
  }

  function paintBody() {
    if (tab === 'versions') return paintVersions();
    if (tab === 'figures') return fill(body, figuresOf(id));
    fill(body, steps, beside);
    paintSteps();
  }

  // What is wrong is said at its step, a moment after the change.
  const look = debounce(250, async () => {
    const error = await post('/v1/workflows/check', {definition}).then(() => null, (one) => one);
    if (error && error.code === 'network') return;
    wrong = error && {path: placeOf(definition, error.message.charAt(0).toLowerCase() + error.message.slice(1)), message: error.message};
    paintAbout();
    if (tab === 'steps') paintSteps();
  });
  undo.add(look.cancel);

  function changed(fromText) {
    isChanged = JSON.stringify(definition) !== JSON.stringify(workflow.definition);
    if (isChanged) drafts.set(id, definition);
    else drafts.delete(id);
    if (!fromText) text.value = JSON.stringify(definition, null, 2);
    fill(textSaid);
    paintAbout();
    if (tab === 'steps') paintSteps();
    look();
  }

  text.addEventListener('input', debounce(300, () => {
    try {
      const said = JSON.parse(text.value);
      if (!said || !Array.isArray(said.steps)) throw new Error(t('flow.json_steps'));
      definition = said;
      changed(true);
    } catch (error) {
      fill(textSaid, t('schema.json_wrong', {why: error.message}));
    }
  }));

  async function keep() {
    try {
      const saved = await patch(`/v1/workflows/${id}`, {definition, version: workflow.version});
      drafts.delete(id);
      take(saved);
      toast(t('flow.saved', {count: saved.version}));
    } catch (error) {
      toast(error.message);
      look();
    }
  }

  function take(one) {
    workflow = one;
    definition = structuredClone(drafts.get(id) || one.definition);
    changed();
  }

  async function paintVersions() {
    fill(body, h('div', {class: 'bone wide'}));
    try {
      const {items} = await get(`/v1/workflows/${id}/versions`);
      fill(body, h('ul', {class: 'lines', test: 'versions'}, items.map((one) => h('li', {class: 'line', test: 'version-row'},
        h('span', {class: 'line-name'}, h('b', {}, t('flow.version', {count: one.version})), h('small', {}, ago(one.created_at))), one.current ? h('span', {class: 'chip'}, t('flow.current'))
          : writes && h('button', {class: 'small', onclick: () => restore(one.version), test: 'version-restore'}, t('flow.restore'))))));
    } catch (error) {
      fill(body, problem(error, paintVersions));
    }
  }

  async function restore(version) {
    try {
      drafts.delete(id);
      take(await post(`/v1/workflows/${id}/restore`, {version}));
      toast(t('flow.restored', {count: version}));
      turn('steps');
    } catch (error) {
      toast(error.message);
    }
  }

  async function load() {
    try {
      const [one, kinds, schema] = await Promise.all([get(`/v1/workflows/${id}`), get('/v1/workflow-steps'), get('/v1/workflow-schema')]);
      if (one.id !== id) return go(`/workflows/${one.id}`, {replace: true});
      catalogue = {kinds: kinds.steps, triggers: kinds.triggers, schema};
      take(one);
      paintBody();
    } catch (error) {
      fill(about, problem(error, load));
    }
  }

  load();
  return {cleanup: undo, title: t('work.workflows'), focus: head.heading};
}
