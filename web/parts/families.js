// families.js - the kinds of documents as people know them; which format is of which kind, the server says.
import {get} from '../api.js';
import {t, has} from '../texts.js';
import {icon} from './icons.js';

export const FAMILIES = ['document', 'sheet', 'slides', 'mail', 'picture', 'sound', 'video', 'archive', 'data', 'code'];
let asked = null;

// Every format with its title and family; asked for once.
export function formats() {
  if (!asked) {
    asked = get('/v1/formats').then((page) => page.items).catch(() => {
      asked = null;
      return [];
    });
  }
  return asked;
}

// The names of the formats that are read here, by family: [[family, [title, ..]], ..].
export async function formatsByFamily() {
  const list = await formats();
  return FAMILIES.map((family) => [family, [...new Set(list.filter((one) => one.family === family).map((one) => one.title || one.name))]]).filter(([, titles]) => titles.length);
}

export const familyName = (family) => (has(`family.${family}`) ? t(`family.${family}`) : family);

// A drawing beside a document's name; the name of its kind is for the pointer and for those who do not see it.
export function familyIcon(one) {
  const family = FAMILIES.includes(one.family) ? one.family : 'document';
  const svg = icon(one.family ? family : 'file');
  svg.setAttribute('class', 'family');
  return svg;
}

// "Portable Document Format (PDF)" for "pdf", once it is known.
export async function formatTitle(name) {
  const found = (await formats()).find((one) => one.name === name);
  return found ? found.title : (name || '').toUpperCase();
}
