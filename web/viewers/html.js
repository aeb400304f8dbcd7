// html.js - a document's own order of headings, paragraphs and tables.
import {call, address} from '../api.js';
import {fromHtml} from '../parts/fragment.js';

// Returns {fragment, complete}. cited: {start, end} of the passage that is marked; of a long document what is near it comes.
// pages: rules between pages or slides keep their number. version: an earlier one.
export async function htmlOf(one, {signal, cited, pages, version} = {}) {
  const isNear = cited && cited.start !== null;
  const path = isNear ? address(`/v1/documents/${one.id}/view`, {start: cited.start, end: cited.end, version}) : address(`/v1/documents/${one.id}/text`, {format: 'html', version});
  const response = await call('GET', path, {signal, headers: {Accept: 'text/html'}});
  return fromHtml(await response.text(), {without: ['meta'], pages});
}
