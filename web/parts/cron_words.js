// cron_words.js - what a rule of five fields means, in words; the server says when exactly it comes.
import {t, list} from '../texts.js';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const NAMED = {'@hourly': '0 * * * *', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@weekly': '0 0 * * 0', '@monthly': '0 0 1 * *', '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *'};
const SUNDAY = Date.UTC(2023, 0, 1);
const DAY_MS = 86400000;

const dayName = (day) => new Intl.DateTimeFormat('en', {weekday: 'long', timeZone: 'UTC'}).format(new Date(SUNDAY + (day % 7) * DAY_MS));
const monthName = (month) => new Intl.DateTimeFormat('en', {month: 'long', timeZone: 'UTC'}).format(new Date(Date.UTC(2023, month - 1, 1)));
const two = (value) => String(value).padStart(2, '0');

// The numbers that a field lists, with names for days and months; null when it has ranges by steps or says nothing.
function numbersOf(text, names, first) {
  const numberOf = (word) => (names.includes(word) ? names.indexOf(word) + first : /^\d+$/.test(word) ? Number(word) : NaN);
  const numbers = text.split(',').flatMap((part) => {
    const [from, to] = part.split('-').map(numberOf);
    return to === undefined ? [from] : Array.from({length: Math.max(0, to - from + 1)}, (_, i) => from + i);
  });
  return numbers.length && numbers.every(Number.isInteger) ? numbers : null;
}

const stepOf = (text) => (/^\*\/(\d+)$/.exec(text) || [])[1];

function timeWords(minute, hour) {
  const minutes = numbersOf(minute, [], 0);
  const hours = numbersOf(hour, [], 0);
  if (minute === '*' && hour === '*') return t('cron.every_minute');
  if (stepOf(minute) && hour === '*') return t('cron.every_minutes', {count: Number(stepOf(minute))});
  if (minutes && hour === '*') return minutes.length === 1 && minutes[0] === 0 ? t('cron.every_hour') : t('cron.past_hour', {minutes: list(minutes.map(String))});
  if (minutes && stepOf(hour)) return t('cron.every_hours', {count: Number(stepOf(hour)), minute: two(minutes[0])});
  if (minutes && hours) return t('cron.at', {times: list(hours.flatMap((one) => minutes.map((each) => `${two(one)}:${two(each)}`)))});
  return null;
}

function dayWords(day, month, weekday) {
  const days = numbersOf(day, [], 1);
  const weekdays = numbersOf(weekday, DAYS, 0);
  const months = numbersOf(month, MONTHS, 1);
  if ((day !== '*' && !days) || (weekday !== '*' && !weekdays) || (month !== '*' && !months)) return null;
  const set = weekdays && weekdays.map((one) => one % 7).sort().join();
  const words = [days && t('cron.on_days', {days: list(days.map(String))}), weekdays && (set === '1,2,3,4,5' ? t('cron.weekdays') : t('cron.on_weekdays', {days: list(weekdays.map(dayName))}))].filter(Boolean);
  return [words.join(t('cron.or')) || t('cron.every_day'), months && t('cron.in_months', {months: list(months.map(monthName))})].filter(Boolean).join(' ');
}

// A sentence; '' for a rule that has no simple one.
export function cronWords(rule) {
  const fields = (NAMED[rule.trim().toLowerCase()] || rule.trim().toLowerCase()).split(/\s+/);
  if (fields.length !== 5) return '';
  const [minute, hour, day, month, weekday] = fields;
  const time = timeWords(minute, hour);
  const days = dayWords(day, month, weekday);
  if (!time || !days) return '';
  const isAlways = day === '*' && month === '*' && weekday === '*' && (hour === '*' || stepOf(hour));
  const text = isAlways ? time : t('cron.both', {days, time});
  return text.charAt(0).toUpperCase() + text.slice(1);
}
