// settings_preferences.js - how I like things to be: answers, dates, searches and study follow it.
import {h, fill} from '../dom.js';
import {t, languageName, factDate} from '../texts.js';
import {get, put} from '../api.js';
import {field, check, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'sv', 'da', 'nb', 'fi', 'cs', 'uk', 'ru', 'tr', 'el', 'ar', 'he', 'hi', 'ja', 'ko', 'zh'];
const TONES = ['plain', 'friendly', 'formal', 'brief', 'detailed'];
// What this browser knows; a server's list may be shorter, and then it says so.
const zones = () => (Intl.supportedValuesOf ? Intl.supportedValuesOf('timeZone') : []);

function fields(likes, modes) {
  const languages = LANGUAGES.includes(likes.language) || !likes.language ? LANGUAGES : [likes.language, ...LANGUAGES];
  return [
    field({name: 'language', label: t('likes.language'), hint: t('likes.language_hint'), value: likes.language,
      options: [['', t('likes.language_any')], ...languages.map((code) => [code, languageName(code)])]}),
    field({name: 'tone', label: t('likes.tone'), hint: t('likes.tone_hint'), value: likes.tone, options: TONES.map((name) => [name, t(`likes.tone_${name}`)])}),
    field({name: 'time_zone', label: t('likes.zone'), hint: t('likes.zone_hint', {zone: Intl.DateTimeFormat().resolvedOptions().timeZone}), value: likes.time_zone, list: 'zones', autocomplete: 'off', maxlength: 64}),
    field({name: 'search_mode', label: t('likes.mode'), hint: t('likes.mode_hint'), value: likes.search_mode, options: modes.map((one) => [one.mode || one.name, one.title || one.name])}),
    h('datalist', {id: 'zones'}, zones().map((name) => h('option', {value: name}))),
    check({name: 'chat_direction', label: t('likes.direction'), hint: t('likes.direction_hint'), checked: likes.chat_direction}),
  ];
}

async function show(root) {
  try {
    const [likes, modes] = await Promise.all([get('/v1/session/preferences'), get('/v1/search/modes')]);
    fill(root, h('p', {class: 'lead'}, t('likes.lead')), form({
      test: 'preferences', submit: t('do.save'), fields: fields(likes, modes.items),
      send: async (values) => {
        await put('/v1/session/preferences', values);
        toast(t('likes.saved'));
        await show(root);
      },
    }), likes.updated_at && h('p', {class: 'status'}, t('likes.changed', {date: factDate(likes.updated_at)})));
  } catch (error) {
    fill(root, problem(error, () => show(root)));
  }
}

export function render(root) {
  show(root);
}
