// imports.js - an export back into the workspace: choosing its file, how far it is, what came and what did not. For owners.
import {h, fill, say} from '../dom.js';
import {t, has, number} from '../texts.js';
import {check, field} from './forms.js';
import {Importing} from './importing.js';
import '../texts_flow.js';

// It goes on while other views are open: {importing, ended: 'done' | 'broken' | 'refused', error}.
let current = null;
let paint = () => {};

addEventListener('beforeunload', (event) => {
  if (current && !current.ended) event.preventDefault();
});

async function begin(file, withPeople) {
  const one = {importing: new Importing(file, {withPeople, told: () => paint()}), ended: null, error: null};
  current = one;
  paint();
  try {
    await one.importing.run();
    one.ended = 'done';
  } catch (error) {
    one.error = error;
    one.ended = one.importing.tables.size ? 'broken' : 'refused';
  }
  paint();
}

// Some tables have names that only programmers know.
const nameOf = (table) => (has(`imports.table_${table}`) ? t(`imports.table_${table}`) : table.replaceAll('_', ' '));
const reasonsOf = (table) => table.reasons.size > 0 && h('ul', {class: 'reasons'}, [...table.reasons].map((one) => h('li', {}, one)));

function came({tables}) {
  const rows = [...tables].filter(([, one]) => one.added + one.there + one.left);
  return rows.length > 0 && h('div', {class: 'wide-table'}, h('table', {class: 'figures', test: 'import-tables'},
    h('thead', {}, h('tr', {}, ['table', 'added', 'there', 'left'].map((name) => h('th', {scope: 'col', class: name === 'table' ? null : 'number'}, t(`imports.${name}`))))),
    h('tbody', {}, rows.map(([name, one]) => h('tr', {data: {name}}, h('th', {scope: 'row'}, nameOf(name), reasonsOf(one)),
      [one.added, one.there, one.left].map((count) => h('td', {class: 'number'}, number(count))))))));
}

const never = ({never: tables}) => tables && h('details', {}, h('summary', {}, t('imports.never')),
  h('ul', {class: 'reasons'}, tables.map((one) => h('li', {}, `${nameOf(one.table)}: ${one.reason}`))));

// What is pressed stays the same element while the numbers beside it change.
function progress(importing) {
  const words = h('span', {role: 'status'});
  const bar = h('progress', {hidden: true});
  const parts = [h('p', {class: 'status', test: 'import-going'}, words, ' ',
    h('button', {type: 'button', class: 'small', test: 'import-stop', onclick: () => importing.stop()}, t('do.cancel'))), bar];
  const paintNumbers = () => {
    const {stage, done, total} = importing;
    say(words, t(`imports.at_${stage}`, {done: number(done), total: number(Math.max(done, total))}));
    bar.hidden = total <= 0;
    bar.max = Math.max(total, 1);
    bar.value = done;
  };
  return {importing, parts, paintNumbers};
}

function outcome({importing, ended, error}) {
  const left = [...importing.tables.values()].reduce((sum, one) => sum + one.left, 0);
  const words = ended === 'done' ? t(left ? 'imports.done' : 'imports.done_all', {count: left}) : t(`imports.${ended}`, {reason: error.message});
  return [h('p', {class: ended === 'done' ? 'status' : 'problem', role: ended === 'done' ? 'status' : 'alert', test: `import-${ended}`}, words), came(importing), ended === 'done' && never(importing)];
}

// Returns what ends the painting; an import goes on.
export function render(root) {
  const told = h('div', {class: 'stacked'});
  const submit = h('button', {class: 'primary', type: 'submit', test: 'import-begin'}, t('imports.begin'));
  const form = h('form', {class: 'form', test: 'import-form'},
    field({name: 'file', label: t('imports.file'), type: 'file', accept: '.zip,application/zip', required: true}),
    check({name: 'people', label: t('imports.people'), hint: t('imports.people_hint')}), h('div', {class: 'actions'}, submit));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    begin(form.elements.file.files[0], form.elements.people.checked);
  });
  let going = null;
  paint = () => {
    const isRunning = Boolean(current) && !current.ended;
    submit.disabled = isRunning;
    if (!isRunning) {
      fill(told, current && outcome(current));
      return;
    }
    if (going?.importing !== current.importing) {
      going = progress(current.importing);
      fill(told, going.parts);
    }
    going.paintNumbers();
  };
  fill(root, h('h2', {}, t('imports.title')), h('p', {class: 'lead'}, t('imports.lead')), form, told);
  paint();
  return () => { paint = () => {}; };
}
