// amounts.js - numbers that are typed into forms: counts, and times, which people say in seconds and the server keeps in milliseconds.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {ApiError} from '../api.js';
import {field} from './forms.js';

const TIMES = ['connect_ms', 'first_byte_ms', 'idle_ms', 'try_ms', 'total_ms'];
const SECONDS_MOST = 86400;

export const wrong = (name, text, values) => new ApiError('invalid', t(text, values), 400, name);
export const linesOf = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
export const group = (title, ...children) => h('fieldset', {class: 'group'}, h('legend', {}, t(title)), children);

// A number in its bounds; what is empty is 0: not set.
export function numberFrom(values, name, most, isWhole, text) {
  const said = values[name].trim();
  const value = Number(said || 0);
  if (!(value >= 0 && value <= most) || (isWhole && !Number.isInteger(value))) throw wrong(name, text);
  return value;
}

// A count from 1 on; 0 where nothing is said.
export function countFrom(values, name, text = 'limits.count_wrong') {
  const said = values[name].trim();
  if (said && !/^[1-9]\d{0,11}$/.test(said)) throw wrong(name, text);
  return Number(said);
}

export const timeFields = (times) => h('div', {class: 'row fields times'},
  TIMES.map((name) => field({name, label: t(`times.${name}`), value: times && times[name] ? String(times[name] / 1000) : '', inputmode: 'decimal', autocomplete: 'off'})));

// Every time, 0 where nothing is said.
export const timesFrom = (values) => Object.fromEntries(TIMES.map((name) => [name, Math.round(1000 * numberFrom(values, name, SECONDS_MOST, false, 'times.wrong'))]));

// Only what is set; undefined, which JSON leaves out, where nothing is.
export function setOnly(members) {
  const said = Object.entries(members).filter(([, value]) => value);
  return said.length ? Object.fromEntries(said) : undefined;
}
