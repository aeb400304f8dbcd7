// help.js - the keys, in one small dialog.
import {h} from '../dom.js';
import {t, modKey} from '../texts.js';
import {dialog} from './forms.js';

const KEYS = [
  [[() => modKey('K')], 'keys.palette'], [['/'], 'keys.slash'], [['j', 'k'], 'keys.walk'], [['Enter'], 'keys.enter'], [['w'], 'keys.why'], [['m'], 'keys.like'], [['+', '-'], 'keys.judge'], [['␣', '1', '4'], 'keys.rate'], [['⏎', '1', '9'], 'keys.asked'], [['←', '→'], 'keys.sources'],
  [['Esc'], 'keys.escape'], [['x'], 'keys.select'], [['t'], 'keys.tag'], [['e'], 'keys.rename'], [['Del'], 'keys.trash'],
  [[() => modKey('Z')], 'keys.undo'], [['?'], 'keys.help'],
];

export function showKeys() {
  dialog({
    title: t('keys.title'), test: 'keys',
    body: h('dl', {class: 'keys'}, KEYS.map(([keys, text]) => [
      h('dt', {}, keys.map((key) => h('kbd', {}, typeof key === 'function' ? key() : key))), h('dd', {}, t(text))])),
  });
}
