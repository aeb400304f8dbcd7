// route_tools.js - what the server calls for the models of a route: tools of MCP servers, and the search of the library.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get} from '../api.js';
import {check} from './forms.js';

const nameOf = (tool) => (tool.type === 'mcp' ? tool.server_label : '');
const labelOf = (name) => name || t('gateway.tools_library');
const asTool = (name) => (name ? {type: 'mcp', server_label: name} : {type: 'file_search', vector_store_ids: ['library']});

// A box for each server that is set and for the library. What a tool says besides stays as it is.
export async function toolsEditor(tools = []) {
  const {items} = await get('/v1/mcp/servers').catch(() => ({items: []}));
  const names = [...new Set(['', ...items.map(({name}) => name), ...tools.map(nameOf)])];
  const boxes = names.map((name) => {
    const tool = tools.find((one) => nameOf(one) === name);
    const element = check({label: labelOf(name), checked: Boolean(tool), test: `route-tool-${name || 'library'}`});
    return {element, read: () => element.querySelector('input').checked && (tool || asTool(name))};
  });
  return {
    element: h('div', {class: 'field'}, h('b', {}, t('gateway.tools')), h('small', {}, t('gateway.tools_hint')), boxes.map(({element}) => element)),
    read() {
      const chosen = boxes.map((box) => box.read()).filter(Boolean);
      return chosen.length ? chosen : undefined;
    },
  };
}

export const shownTools = (tools = []) => tools.length > 0 && h('small', {test: 'route-tools'}, t('gateway.with_tools', {names: tools.map((tool) => labelOf(nameOf(tool))).join(', ')}));
