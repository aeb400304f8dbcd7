// fragment.js - a document's HTML, rebuilt from a short list of elements. Nothing of the original's attributes survives
// but spans, the passage's mark and the list's start: a document can neither run nor load anything here.

const KEPT = new Set(['P', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'LI', 'TABLE', 'THEAD', 'TBODY', 'TFOOT', 'TR', 'TD', 'TH', 'CAPTION',
  'PRE', 'CODE', 'BLOCKQUOTE', 'STRONG', 'B', 'EM', 'I', 'U', 'S', 'SUB', 'SUP', 'BR', 'HR', 'MARK', 'DL', 'DT', 'DD', 'FIGURE', 'FIGCAPTION',
  'SECTION', 'ARTICLE', 'DIV', 'SPAN', 'HEADER', 'FOOTER', 'DETAILS', 'SUMMARY', 'SMALL', 'KBD']);
const DROPPED = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'EMBED', 'SVG', 'MATH', 'LINK', 'META', 'TITLE', 'NOSCRIPT']);
const MOST_NODES = 40000;

function copyAttributes(from, to) {
  for (const name of ['colspan', 'rowspan', 'start']) {
    const value = Number.parseInt(from.getAttribute(name), 10);
    if (value > 0 && value <= 1000) to.setAttribute(name, String(value));
  }
  if (from.tagName === 'MARK' && from.id === 'passage') to.classList.add('passage');
  // The document's headings are not headings of this page's outline.
  if (/^H[1-6]$/.test(from.tagName)) to.setAttribute('aria-level', String(Math.min(6, Number(from.tagName[1]) + 2)));
}

function rebuild(node, into, budget) {
  for (const child of node.childNodes) {
    if (budget.left-- <= 0) return;
    if (child.nodeType === Node.TEXT_NODE) into.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE && !DROPPED.has(child.tagName.toUpperCase())) {
      const kept = KEPT.has(child.tagName) ? document.createElement(child.tagName) : null;
      if (kept) {
        copyAttributes(child, kept);
        into.append(kept);
      }
      rebuild(child, kept || into, budget);
    }
  }
}

// Returns {fragment, complete}; a parsed document has no browsing context, so parsing it loads and runs nothing.
export function fromHtml(html) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const fragment = document.createDocumentFragment();
  const budget = {left: MOST_NODES};
  rebuild(parsed.body, fragment, budget);
  return {fragment, complete: budget.left > 0};
}
