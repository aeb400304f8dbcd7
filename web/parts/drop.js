// drop.js - files and folders from anywhere: dropped, pasted or picked.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {here} from '../router.js';
import {mayWrite, collectionName} from '../state.js';
import {icon} from './icons.js';
import {toast} from './toast.js';
import * as work from './work.js';

const MOST_FILES = 20000;
const HIDDEN = /(^|\/)(\.|Thumbs\.db$|desktop\.ini$)/;

const fileOf = (entry) => new Promise((done, failed) => entry.file(done, failed));

// readEntries gives a hundred at a time until it gives none.
async function entriesOf(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    found.push(...some);
  }
}

async function walk(entry, path, into) {
  if (into.length >= MOST_FILES || HIDDEN.test(entry.name)) return;
  if (entry.isFile) into.push({file: await fileOf(entry), path: path + entry.name});
  else for (const child of await entriesOf(entry)) await walk(child, `${path}${entry.name}/`, into);
}

// The entries must be taken before the first await: afterwards the browser has emptied the list.
async function filesOf(transfer) {
  const entries = [...transfer.items].filter((one) => one.kind === 'file')
    .map((one) => ({entry: one.webkitGetAsEntry && one.webkitGetAsEntry(), file: one.getAsFile()}));
  const files = [];
  for (const {entry, file} of entries) {
    if (entry) await walk(entry, '', files);
    else if (file) files.push({file, path: file.name});
  }
  return files;
}

const target = () => {
  const {view, query} = here();
  return view === 'library' && query.collection ? query.collection : null;
};

function take(files) {
  if (!mayWrite()) return toast(t('drop.reader'));
  if (!files.length) return toast(t('drop.nothing'));
  work.upload(files, {collection: target()});
}

function pick(folder) {
  const input = h('input', {type: 'file', multiple: true, hidden: true, test: folder ? 'pick-folder-input' : 'pick-files-input'});
  if (folder) input.webkitdirectory = true;
  input.addEventListener('change', () => {
    const files = [...input.files].map((file) => ({file, path: file.webkitRelativePath || file.name}));
    take(files.filter((one) => !HIDDEN.test(one.path)));
    input.remove();
  });
  input.addEventListener('cancel', () => input.remove());
  document.body.append(input);
  input.click();
}

export const pickFiles = () => pick(false);
export const pickFolder = () => pick(true);

function veil() {
  const words = h('span', {});
  const element = h('div', {class: 'veil', hidden: true, test: 'drop-veil'}, h('div', {class: 'veil-in'}, icon('folder'), words));
  document.body.append(element);
  return {
    show() {
      const name = collectionName(target());
      words.textContent = name ? t('drop.into', {name}) : t('drop.here');
      element.hidden = false;
    },
    hide() { element.hidden = true; },
  };
}

const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes('Files');

export function start() {
  const cover = veil();
  let depth = 0;
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth++;
    cover.show();
  });
  addEventListener('dragleave', (event) => {
    if (hasFiles(event) && --depth <= 0) cover.hide();
  });
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    cover.hide();
    take(await filesOf(event.dataTransfer));
  });
  addEventListener('paste', async (event) => {
    if (!event.clipboardData || ![...event.clipboardData.items].some((one) => one.kind === 'file')) return;
    event.preventDefault();
    take(await filesOf(event.clipboardData));
  });
}
