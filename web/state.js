// state.js - what every part of the page shares: the session, collections and counts, and who wants to hear of changes.

const listeners = new Map();

export const state = {
  session: null,      // GET /v1/session
  collections: [],    // the workspace's collections, in the server's order
  statistics: null,   // GET /v1/statistics
  hasSample: false,   // whether the sample library is here
  conversations: [],  // newest first, as many as the rail shows
  saved: [],          // GET /v1/search/saved
};

// on('documents', fn) - returns the function that stops listening.
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(listener);
  return () => listeners.get(topic).delete(listener);
}

export function emit(topic, value) {
  for (const listener of [...(listeners.get(topic) || [])]) listener(value);
}

// An auditor looks at what is listed, and reads and asks nothing: less than a reader.
const RANK = {auditor: -1, reader: 0, editor: 1, admin: 2, owner: 3};

export function mayAtLeast(role) {
  const own = state.session && state.session.user ? state.session.user.role : 'reader';
  return (RANK[own] ?? 0) >= RANK[role];
}

export const mayRead = () => mayAtLeast('reader');
export const mayWrite = () => mayAtLeast('editor');
export const mayAdminister = () => mayAtLeast('admin');
export const mayAudit = () => mayAdminister() || !mayRead();
export const collectionName = (id) => (state.collections.find((one) => one.id === id) || {}).name || '';
