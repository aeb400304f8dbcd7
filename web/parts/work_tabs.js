// work_tabs.js - the head of every view of work: its name, what can be done, and the way to its neighbours.
import {h, showTab} from '../dom.js';
import {t} from '../texts.js';
import {mayAdminister, mayWrite} from '../state.js';
import {top} from './top.js';

const PLACES = [
  {name: 'workflows'},
  {name: 'executions'},
  {name: 'approvals'},
  {name: 'schedules', may: mayWrite},
  {name: 'meetings'},
  {name: 'failed', may: mayAdminister},
  {name: 'connections', may: mayAdminister},
];

// The names of the places that whoever is here may see.
export const workPlaces = () => PLACES.filter(({may}) => !may || may()).map(({name}) => name);

// {element, heading}; `shown` is the name of the place that the view belongs to.
export function workHead(shown, title, ...actions) {
  const {element, heading} = top(title, ...actions);
  const tabs = h('nav', {class: 'tabs', 'aria-label': t('work.title')}, workPlaces().map((name) =>
    h('a', {class: 'tab', href: `/${name}`, 'aria-current': name === shown ? 'page' : null, test: `work-${name}`}, t(`work.${name}`))));
  requestAnimationFrame(() => showTab(tabs));
  return {element: [element, h('div', {class: 'finder'}, tabs)], heading};
}
