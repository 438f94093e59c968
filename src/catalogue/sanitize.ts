import sanitizeHtml from 'sanitize-html'

/** Elements that product texts are made of. None that loads, links, runs or changes how the rest is parsed. */
export const ALLOWED_ELEMENTS = [
  ['p', 'br', 'hr', 'div', 'span', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'code'],
  ['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup'],
  ['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td'],
].flat()

/** Elements whose content is no text for people: it goes with them. */
const DROPPED_WITH_CONTENT = [
  ['script', 'style', 'textarea', 'title', 'template', 'noscript', 'noembed', 'noframes', 'iframe', 'xmp', 'plaintext', 'listing'],
  ['svg', 'math', 'object', 'embed', 'applet', 'audio', 'video', 'canvas', 'select', 'option', 'head', 'frameset', 'portal'],
].flat()

const MARKUP = /<[a-z/!?]/i
const MAX_NESTING = 50
const MAX_ROUNDS = 5

/**
 * A generated text with nothing in it that a shop or a page could run, load or follow (OUT-1): the elements above stay, without
 * any attribute, so without any address. Text that holds no markup comes back as it is. What comes back is a fixed point:
 * sanitising it again changes nothing. For generated values only, when they are recorded and when they are exported; imported
 * values are kept as they came.
 */
export function sanitizeGenerated(text: string): string {
  let clean = text
  // Markup that is broken is repaired a step at a time: what the repair gives is read anew until nothing changes.
  for (let round = 0; round < MAX_ROUNDS && MARKUP.test(clean); round += 1) {
    const next = sanitizeOnce(clean, ALLOWED_ELEMENTS)
    if (next === clean) return clean
    clean = next
  }
  return MARKUP.test(clean) ? sanitizeOnce(clean, []) : clean
}

const sanitizeOnce = (text: string, allowedTags: string[]): string =>
  sanitizeHtml(text, {
    allowedTags,
    allowedAttributes: {},
    nonTextTags: DROPPED_WITH_CONTENT,
    disallowedTagsMode: 'discard',
    nestingLimit: MAX_NESTING,
  })

/** The same for every text in a value: lists, and attributes with their names. */
export function sanitizeGeneratedValue<Value>(value: Value): Value {
  return sanitizeAny(value) as Value
}

function sanitizeAny(value: unknown): unknown {
  if (typeof value === 'string') return sanitizeGenerated(value)
  if (Array.isArray(value)) return value.map(sanitizeAny)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [sanitizeGenerated(key), sanitizeAny(entry)]))
}
