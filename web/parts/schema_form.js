// schema_form.js - the fields of a form from a JSON Schema of an object, and the object again from what was typed.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {ApiError} from '../api.js';
import {check, field} from './forms.js';

const LONG = 300;   // texts that may be longer get more than one line
const UNSAID = '';

export const titleOf = (name, property) => property.title || name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
const typeOf = ({type}) => (Array.isArray(type) ? type.find((one) => one !== 'null') : type);
const printed = (value) => (value === undefined ? '' : JSON.stringify(value, null, 2));

// How a property is asked for. `loose`: a text in {{ }} may stand where a number or a yes is wanted.
function kindOf(property, loose) {
  const items = property.items || {};
  if (property.enum) return 'choice';
  if (typeOf(property) === 'boolean') return loose ? 'said' : 'flag';
  if (['number', 'integer'].includes(typeOf(property))) return 'number';
  if (typeOf(property) === 'array' && items.enum) return 'some';
  if (typeOf(property) === 'array' && typeOf(items) === 'string') return 'list';
  if (property.writeOnly) return 'secret';
  return typeOf(property) === 'string' ? 'text' : 'json';
}

const usual = ({default: value}) => (value === undefined || typeof value === 'object' ? null : String(value));

// One way to show and to read each kind; `read` answers undefined for what is not said.
const KINDS = {
  choice: {
    show: (props, property, value, isRequired) => field({...props, value: value ?? (isRequired ? property.enum[0] : property.default ?? UNSAID),
      options: [...(isRequired || property.default !== undefined ? [] : [[UNSAID, t('schema.unsaid')]]), ...property.enum.map((one) => [one, one])]}),
    read: (said) => said || undefined,
  },
  flag: {show: (props, property, value) => check({...props, checked: Boolean(value ?? property.default)}), read: (said) => said},
  said: {
    show: (props, property, value) => field({...props, value: value === undefined ? UNSAID : String(value),
      options: [[UNSAID, t('schema.unsaid')], ['true', t('schema.yes')], ['false', t('schema.no')], ...(typeof value === 'string' ? [[value, value]] : [])]}),
    read: (said) => (said === UNSAID ? undefined : ['true', 'false'].includes(said) ? said === 'true' : said),
  },
  number: {
    show: (props, property, value) => field({...props, value: value ?? UNSAID, placeholder: usual(property), inputmode: 'decimal'}),
    read: (said) => (said.trim() === '' ? undefined : Number.isNaN(Number(said)) ? said.trim() : Number(said)),
  },
  some: {
    show: (props, property, value = []) => h('fieldset', {class: 'group', test: `field-${props.name}`}, h('legend', {}, props.label), props.hint && h('small', {}, props.hint),
      h('div', {class: 'checks'}, property.items.enum.map((one) => check({name: `${props.name}_${one}`, label: one, checked: value.includes(one)})))),
    read: (said, property, values, name) => {
      const chosen = property.items.enum.filter((one) => values[`${name}_${one}`]);
      return chosen.length ? chosen : undefined;
    },
  },
  list: {
    show: (props, property, value = []) => field({...props, type: 'area', value: Array.isArray(value) ? value.join('\n') : value, hint: [props.hint, t('schema.list_hint')].filter(Boolean).join('. '),
      placeholder: (property.default || []).join('\n')}),
    read: (said) => {
      const lines = said.split('\n').map((one) => one.trim()).filter(Boolean);
      return lines.length ? lines : undefined;
    },
  },
  secret: {
    show: (props, property, value, isRequired, isSet) => field({...props, type: 'password', required: isRequired && !isSet, hint: isSet ? t('schema.secret_set') : props.hint, autocomplete: 'new-password'}),
    read: (said) => said || undefined,
  },
  text: {
    show: (props, property, value) => field({...props, type: (property.maxLength || 0) > LONG && !/url|address|path|link/i.test(props.name) ? 'area' : 'text', value: value ?? UNSAID, placeholder: usual(property), autocomplete: 'off'}),
    read: (said) => said || undefined,
  },
  json: {
    show: (props, property, value) => field({...props, type: 'area', rows: 4, value: printed(value), class: 'secret', spellcheck: 'false', hint: [props.hint, t('schema.json_hint')].filter(Boolean).join('. ')}),
    read: (said, property, values, name) => jsonFrom(said, name),
  },
};

// What a text says as JSON; undefined when it is empty. The field of this name shows what is wrong.
export function jsonFrom(text, name) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('invalid', t('schema.json_wrong', {why: error.message}), 400, name);
  }
}

// {fields, more, read(values)}: `more` are those that do without a word, because they have a default. `prefix` keeps names apart
// from others of the same form; `secrets` are names of those that are set and not shown.
export function schemaFields(schema, now = {}, {prefix = '', secrets = [], loose = false} = {}) {
  const required = schema.required || [];
  const fields = [];
  const more = [];
  const properties = Object.entries(schema.properties || {}).map(([name, property]) => ({name, property, kind: KINDS[kindOf(property, loose)]}));
  for (const {name, property, kind} of properties) {
    const isRequired = required.includes(name);
    const title = titleOf(name, property);
    const props = {name: prefix + name, label: isRequired ? title : t('schema.optional', {title}), hint: property.title || property.description ? property.description : null, required: isRequired};
    const shown = kind.show(props, property, now[name], isRequired, secrets.includes(name));
    (property.default !== undefined && now[name] === undefined ? more : fields).push(shown);
  }
  const read = (values) => {
    const body = {};
    for (const {name, property, kind} of properties) {
      const value = kind.read(values[prefix + name], property, values, prefix + name);
      if (value !== undefined) body[name] = value;
      else if (required.includes(name) && !secrets.includes(name)) throw new ApiError('invalid', t('schema.missing'), 400, prefix + name);
    }
    return body;
  };
  return {fields, more, read};
}
