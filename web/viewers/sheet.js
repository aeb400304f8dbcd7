// sheet.js - spreadsheets and other tables: a tab for each sheet, rows as they come near, so that long ones stay quick.
import {h, fill, bringTo} from '../dom.js';
import {t, number} from '../texts.js';
import {get} from '../api.js';
import {problem} from '../parts/problem.js';
import {reader, ordinalAt, holds, STEP} from './blocks.js';

const AT_ONCE = 3000;  // rows that come by scrolling; then a button asks
const BEFORE = 6;      // rows shown before one far down that is cited

const encoder = new TextEncoder();
const bytesOf = (text) => encoder.encode(text).length;

async function sheetsOf(id, signal) {
  const {items} = await get(`/v1/documents/${id}/outline`, null, signal);
  const sheets = items.filter((one) => one.kind === 'sheet').map((one) => ({name: one.text, first: one.ordinal, hidden: one.hidden}));
  sheets.forEach((sheet, i) => { sheet.end = i + 1 < sheets.length ? sheets[i + 1].first : Infinity; });
  return sheets.length ? sheets : [{name: '', first: 0, end: Infinity, hidden: false}];
}

// "B4:F4" begins in row 4.
const rowNumber = ({cells, lines}) => (cells && /\d+/.exec(cells) || [])[0] || (lines ? String(lines[0]) : '');

// Which cells of a row the passage touches; they stand in its text one after the other.
function citedCells(block, cited) {
  let at = 0;
  return block.cells.map((text) => {
    const found = block.text.indexOf(text, at);
    if (!text || found < 0) return false;
    at = found + text.length;
    return holds({start: block.start + bytesOf(block.text.slice(0, found)), length: bytesOf(text)}, cited.start, cited.end);
  });
}

function rowFor(block, cited) {
  const isCited = cited && holds(block, cited.start, cited.end);
  const marked = isCited ? citedCells(block, cited) : [];
  const cell = (text, i) => {
    const [columns, rows] = (block.spans && block.spans[i]) || [1, 1];
    return h(block.header ? 'th' : 'td', {colspan: columns > 1 && columns <= 1000 ? columns : null, rowspan: rows > 1 && rows <= 1000 ? rows : null},
      marked[i] ? h('mark', {class: 'passage'}, text) : text);
  };
  return h('tr', {data: isCited ? {cited: 'yes'} : {}, test: 'sheet-row'}, h('th', {class: 'row-number', scope: 'row'}, rowNumber(block.place)), block.cells.map(cell));
}

class Table {
  constructor(root, id, sheet, {signal, cited}) {
    Object.assign(this, {id, sheet, signal, cited, count: 0, table: 0});
    this.box = h('div', {class: 'sheet-box'});
    this.more = h('button', {class: 'more', hidden: true, onclick: () => this.load(), test: 'sheet-more'}, t('library.more'));
    this.status = h('p', {class: 'status sheet-status', role: 'status', test: 'sheet-status'}, '\u00a0');
    fill(root, this.box, this.more, this.status);
    this.near = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting) && this.count < AT_ONCE) this.load();
    }, {root: root.closest('.scroll'), rootMargin: '400px'});
  }

  async begin() {
    const at = this.cited ? await ordinalAt(this.id, this.cited.start, this.signal) : 0;
    const from = at - this.sheet.first < STEP - BEFORE ? this.sheet.first : at - BEFORE;
    if (from > this.sheet.first) await this.addBeginning();
    this.source = reader(this.id, {first: from, end: this.sheet.end, signal: this.signal});
    await this.load();
    this.near.observe(this.more);
    bringTo(this.box.querySelector('mark.passage') || this.box.querySelector('[data-cited]'));
  }

  // Far down in a sheet its columns still have names, and the way back to its beginning is there.
  async addBeginning() {
    const blocks = await reader(this.id, {first: this.sheet.first, end: this.sheet.first + BEFORE, signal: this.signal}).next();
    const names = (blocks || []).find((block) => block.kind === 'row' && block.header);
    this.box.append(h('button', {class: 'more', onclick: () => this.restart(), test: 'sheet-start'}, t('document.from_start')));
    if (names) this.addRow(names);
  }

  async restart() {
    this.stop();
    Object.assign(this, {cited: null, count: 0, table: 0, body: null});
    fill(this.box);
    await this.begin();
  }

  async load() {
    if (this.loading) return;
    this.loading = true;
    try {
      const blocks = await this.source.next(STEP);
      if (blocks) this.add(blocks);
      this.more.hidden = this.source.isOver();
      if (!this.box.childElementCount && this.more.hidden) this.box.append(h('p', {class: 'nothing'}, t('sheet.empty')));
      this.status.textContent = this.count ? t('sheet.rows', {count: this.count, shown: number(this.count)}) : '\u00a0';
    } catch (error) {
      if (error.name !== 'AbortError') this.box.append(problem(error, () => this.load()));
    } finally {
      this.loading = false;
    }
  }

  add(blocks) {
    for (const block of blocks) {
      if (block.kind === 'row' && block.cells) this.addRow(block);
      else if (this.isSaid(block)) {
        this.table = 0;
        this.box.append(h(block.kind === 'heading' ? 'h2' : 'p', {class: `said-${block.kind}`}, block.text));
      }
    }
  }

  // The sheet's name stands on its tab already.
  isSaid(block) {
    if (block.kind === 'page' || block.kind === 'meta' || !block.text) return false;
    return block.kind !== 'heading' || ![this.sheet.name, `${this.sheet.name} (hidden)`].includes(block.text);
  }

  addRow(block) {
    if (block.table !== this.table || !this.body) {
      this.table = block.table;
      this.body = h('tbody');
      this.box.append(h('div', {class: 'grid-box', tabindex: 0, role: 'region', 'aria-label': this.sheet.name || t('document.show_sheet')}, h('table', {class: 'grid'}, this.body)));
    }
    this.body.append(rowFor(block, this.cited));
    this.count++;
  }

  stop() { this.near.disconnect(); }
}

export async function showSheets(root, one, {signal, undo, cited, sheet: wanted, onsheet}) {
  const sheets = await sheetsOf(one.id, signal);
  const place = h('div', {class: 'sheet-place'});
  let table = null;
  const tabs = sheets.length > 1 && h('div', {class: 'tabs sheet-tabs', role: 'tablist', 'aria-label': t('sheet.tabs'), test: 'sheet-tabs'}, sheets.map((sheet, i) =>
    h('button', {role: 'tab', class: 'tab', data: {hidden: sheet.hidden ? 'yes' : 'no'}, onclick: () => { if (onsheet) onsheet(i); open(i); }, test: 'sheet-tab'},
      sheet.name, sheet.hidden && h('small', {}, t('sheet.hidden')))));
  async function open(at, passage) {
    if (tabs) [...tabs.children].forEach((tab, i) => tab.setAttribute('aria-selected', String(i === at)));
    if (table) table.stop();
    table = new Table(place, one.id, sheets[at], {signal, cited: passage});
    await table.begin();
  }
  fill(root, tabs, place);
  undo(() => table && table.stop());
  let at = Number(wanted) || 0;
  if (cited) {
    const ordinal = await ordinalAt(one.id, cited.start, signal);
    at = Math.max(0, sheets.findIndex((sheet) => ordinal >= sheet.first && ordinal < sheet.end));
  }
  await open(Math.min(Math.max(0, at), sheets.length - 1), cited);
}
