// workflow_steps.js - the steps of a workflow as a list that reads from top to bottom: what each does, and where it goes next.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {icon} from './icons.js';
import {askStep, chooseStep} from './step_form.js';
import {freshId, innerOf, rename, takeOut, END} from './workflow_tree.js';

const EMPTY = {parallel: {branches: [{steps: []}, {steps: []}]}, for_each: {steps: []}};
const MOST = 90;  // characters of a value

const short = (value) => {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  const text = typeof value === 'string' ? value : isList ? value.join(', ') : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
};
const goal = (target) => (target === END ? t('flow.to_end') : t('flow.to', {step: target}));

// What the step is about, in a few lines.
function factsOf(step) {
  const facts = [];
  if (step.when) facts.push([t('flow.when'), step.when]);
  for (const name of ['if', 'on', 'items', 'until', 'event', 'for_s']) if (step[name] !== undefined) facts.push([t(`flow.fact_${name}`), short(step[name])]);
  for (const [name, value] of Object.entries(step.with || {})) facts.push([name.replaceAll('_', ' '), short(value)]);
  return facts;
}

function waysOf(step, follower) {
  const ways = [];
  if (step.then || step.type === 'condition') ways.push([t('flow.way_then'), goal(step.then || follower)]);
  if (step.else || step.type === 'condition') ways.push([t('flow.way_else'), goal(step.else || follower)]);
  for (const [value, target] of Object.entries(step.cases || {})) ways.push([value, goal(target)]);
  if (step.default) ways.push([t('flow.way_default'), goal(step.default)]);
  if (step.next) ways.push([t('flow.way_next'), goal(step.next)]);
  if (step.on_error && step.on_error !== 'fail') ways.push([t('flow.way_error'), step.on_error === 'continue' ? t('flow.goes_on') : goal(step.on_error)]);
  return ways;
}

// shown: {definition, catalogue, wrong: {path, message} or null, writes, changed()}; changed() is called after every change.
export function stepList(shown) {
  const {definition, catalogue, wrong, writes, changed} = shown;

  function add(steps, index) {
    chooseStep(catalogue, (type) => {
      const step = {id: freshId(definition, type), type, ...structuredClone(EMPTY[type] || {})};
      askStep(catalogue, step, steps, (made) => {
        steps.splice(index, 0, made);
        changed();
      });
    });
  }

  function edit(steps, index) {
    const before = steps[index].id;
    askStep(catalogue, steps[index], steps, (made) => {
      steps[index] = made;
      if (made.id !== before) rename(definition, before, made.id);
      changed();
    });
  }

  function move(steps, index, by) {
    steps.splice(index + by, 0, ...steps.splice(index, 1));
    changed();
  }

  const adder = (steps, index, isLast) => writes && h('li', {class: 'step-gap', data: {last: isLast ? 'yes' : ''}},
    h('button', {class: 'small plain', title: t('flow.add'), onclick: () => add(steps, index), test: 'step-add'}, icon('add'), h('span', {}, t('flow.add'))));

  function tools(steps, index) {
    const tool = (name, iconName, run, disabled) => h('button', {class: 'icon', title: t(`flow.${name}`), 'aria-label': t(`flow.${name}_of`, {step: steps[index].id}), disabled, onclick: run, test: `step-${name}`}, icon(iconName));
    return h('div', {class: 'row step-tools'}, tool('up', 'up', () => move(steps, index, -1), index === 0), tool('down', 'down', () => move(steps, index, 1), index === steps.length - 1),
      tool('edit', 'edit', () => edit(steps, index)), tool('remove', 'trash', () => { takeOut(steps, index); changed(); }));
  }

  function innerParts(step, path) {
    const parts = innerOf(step, path).map(({steps, path: inner, branch}) => h('section', {class: 'step-inner'},
      h('div', {class: 'row'}, h('h4', {}, branch === undefined ? t('flow.each') : t('flow.branch', {count: branch + 1})), h('span', {class: 'gap'}),
        writes && branch !== undefined && step.branches.length > 1 && h('button', {class: 'small plain', onclick: () => { step.branches.splice(branch, 1); changed(); }, test: 'branch-remove'}, t('flow.branch_remove'))),
      sequence(steps, inner)));
    if (writes && step.type === 'parallel') parts.push(h('button', {class: 'small', onclick: () => { step.branches.push({steps: []}); changed(); }, test: 'branch-add'}, t('flow.branch_add')));
    return parts;
  }

  function card(steps, index, path) {
    const step = steps[index];
    const follower = steps[index + 1] ? steps[index + 1].id : END;
    const isWrong = wrong && wrong.path === path;
    const facts = factsOf(step);
    const ways = waysOf(step, follower);
    return h('li', {class: 'step-card', test: 'step-card', data: {id: step.id, wrong: isWrong ? 'yes' : ''}},
      h('div', {class: 'row'}, h('h3', {class: 'grow'}, step.id), h('span', {class: 'chip'}, step.type.replaceAll('_', ' ')), writes && tools(steps, index)),
      isWrong && h('p', {class: 'wrong', role: 'alert', test: 'step-wrong'}, wrong.message),
      facts.length > 0 && h('dl', {class: 'facts step-facts'}, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
      ways.length > 0 && h('ul', {class: 'step-ways'}, ways.map(([name, target]) => h('li', {}, h('b', {}, name), h('span', {}, target)))),
      innerParts(step, path));
  }

  function sequence(steps, path) {
    return h('ol', {class: 'step-list'}, steps.map((step, i) => [adder(steps, i), card(steps, i, `${path}[${i}]`)]), adder(steps, steps.length, true));
  }
  return sequence(definition.steps, 'steps');
}
