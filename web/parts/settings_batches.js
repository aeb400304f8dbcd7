// settings_batches.js - what programs leave here: batches of calls, and files.
import {h, fill} from '../dom.js';
import * as batches from './batches.js';
import {clientFiles} from './client_files.js';

// Returns what ends it.
export function render(root) {
  const files = clientFiles();
  const calls = h('div', {});
  fill(root, calls, files.element);
  return batches.render(calls, files.look);
}
