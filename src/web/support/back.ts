/** A path in our own pages to go back to; anything else is dropped, so that no link leads elsewhere after sign-in. */
export const backOf = (search: Record<string, unknown>): { back?: string } =>
  typeof search['back'] === 'string' && /^\/(?![/\\])/.test(search['back']) ? { back: search['back'] } : {}
