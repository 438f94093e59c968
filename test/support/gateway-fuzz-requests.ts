import { gzipSync } from 'node:zlib'
import fc from 'fast-check'

/** A request as it goes onto the wire, right or wrong. */
export interface FuzzedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  /** Which of the tokens it comes with. */
  readonly token: 'good' | 'narrow' | 'wrong' | 'none'
  /** The program leaves after so many milliseconds. */
  readonly leavesAfterMs: number | undefined
}

const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const TOOL = { type: 'function', function: { name: 'weather', description: 'x', parameters: { type: 'object', properties: {} } } }
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const CHAT = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi' },
        { type: 'image_url', image_url: { url: PIXEL } },
      ],
    },
    { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'Rain' },
  ],
  temperature: 0.5,
  top_p: 1,
  max_completion_tokens: 100,
  n: 1,
  stop: ['END'],
  seed: 7,
  tools: [TOOL],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' }, strict: true } },
  stream_options: { include_usage: true },
  reasoning_effort: 'low',
  metadata: { a: 'b' },
  user: 'someone',
}
const MESSAGES = {
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL.slice(22) } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain' }] },
  ],
  max_tokens: 100,
  temperature: 1,
  stop_sequences: ['END'],
  thinking: { type: 'enabled', budget_tokens: 1_024 },
  tools: [{ name: 'weather', description: 'x', input_schema: { type: 'object' } }],
  tool_choice: { type: 'auto' },
  metadata: { user_id: 'u' },
}
/** The documented bodies, each with everything that may stand in one. */
const SHAPES: Readonly<Record<string, object>> = {
  '/v1/chat/completions': CHAT,
  '/v1/responses': {
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
    instructions: 'x',
    max_output_tokens: 50,
    tools: [{ type: 'function', name: 'a', parameters: {} }],
    store: false,
  },
  '/v1/messages': MESSAGES,
  '/v1/messages/count_tokens': MESSAGES,
  '/v1/embeddings': { input: ['a', 'b'], encoding_format: 'float', dimensions: 8 },
  '/v1/images/generations': { prompt: 'A lamp', n: 1, size: '1024x1024', quality: 'low', output_format: 'png' },
}

const deep = (depth: number): unknown => {
  let value: unknown = 'end'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
const junk: fc.Arbitrary<unknown> = fc.oneof(
  oneOf<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    -0.5,
    2 ** 53,
    '',
    ' ',
    [],
    {},
    [[]],
    [null],
    'null',
    '\u0000',
    '\ud800',
    '💥',
    '../../etc/passwd',
    '{"a":1}',
  ),
  oneOf<unknown>(
    'x'.repeat(20_000),
    Array.from({ length: 1_000 }, () => 1),
    deep(40),
    deep(600),
    { __proto__: null, constructor: { prototype: 1 } },
  ),
  oneOf<unknown>(
    'data:image/png;base64,!!!',
    'http://169.254.169.254/',
    'assistant',
    'developer',
    'tool',
    'function',
    { type: 'text' },
    { type: 'nothing' },
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** One change somewhere in a value: replaced, taken away, doubled, or something beside it. */
type Change = (value: unknown, picks: readonly number[], to: unknown) => unknown
function change(value: unknown, picks: readonly number[], edit: (holder: Record<string, unknown>, name: string) => void): unknown {
  const copy = structuredClone(value)
  let holder = copy as Record<string, unknown>
  for (const pick of picks) {
    const names = Object.keys(holder)
    if (names.length === 0) return copy
    const name = names[pick % names.length]!
    const next = holder[name]
    if (typeof next !== 'object' || next === null || pick % 3 === 0) {
      edit(holder, name)
      return copy
    }
    holder = next as Record<string, unknown>
  }
  return copy
}
const CHANGES: readonly Change[] = [
  (value, picks, to) => change(value, picks, (holder, name) => void (holder[name] = to)),
  (value, picks) => change(value, picks, (holder, name) => void delete holder[name]),
  (value, picks) => change(value, picks, (holder, name) => void (holder[name] = [holder[name], holder[name]])),
  (value, picks, to) => change(value, picks, (holder) => void Object.assign(holder, { unheard_of: to })),
]
const changes = fc.array(
  fc.tuple(fc.nat({ max: CHANGES.length - 1 }), fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 }), junk),
  { maxLength: 3 },
)

/** What becomes of the text afterwards. */
const damage: fc.Arbitrary<(text: string) => Buffer> = fc.oneof(
  { weight: 30, arbitrary: fc.constant((text: string) => Buffer.from(text)) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat({ max: 100 }), fc.nat({ max: 8 })).map(([percent, kind]) => (text: string): Buffer => {
      const bytes = Buffer.from(text)
      const at = Math.floor((bytes.length * percent) / 100)
      const [start, rest] = [bytes.subarray(0, at), bytes.subarray(at)]
      const inserted = [
        Buffer.alloc(0),
        Buffer.from([0xff]),
        Buffer.from([0]),
        Buffer.from('"'),
        Buffer.from('}'),
        Buffer.from('\\u'),
        Buffer.from('//'),
      ]
      if (kind === 0) return start
      if (kind === 1) return Buffer.concat([bytes, bytes])
      if (kind === 2) return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
      return Buffer.concat([start, inserted[kind % inserted.length]!, rest])
    }),
  },
)

const FORM = '\r\n--b\r\ncontent-disposition: form-data; name="NAME"EXTRA\r\n\r\nVALUE'
const form = (model: string, prompt: string): string =>
  [
    FORM.replace('NAME', 'model').replace('EXTRA', '').replace('VALUE', model).slice(2),
    FORM.replace('NAME', 'prompt')
      .replace('EXTRA', '')
      .replace('VALUE', () => prompt),
    FORM.replace('NAME', 'image').replace('EXTRA', '; filename="a.png"\r\ncontent-type: image/png').replace('VALUE', 'PNG'),
    '\r\n--b--\r\n',
  ].join('')

const headers = fc
  .array(
    oneOf<readonly [string, string]>(
      ['x-latchkey-receipt', 'comment'],
      ['anthropic-version', '2023-06-01'],
      ['anthropic-beta', 'a,b,c'],
      ['anthropic-beta', 'é'.repeat(300)],
      ['openai-beta', 'assistants=v2'],
      ['accept', 'text/event-stream'],
      ['content-type', 'text/plain'],
      ['content-type', 'multipart/form-data; boundary=b'],
      ['content-type', 'multipart/form-data; boundary='],
      ['content-type', 'application/json; charset=utf-16'],
      ['content-encoding', 'br, gzip'],
      ['x-forwarded-host', 'evil.example'],
      ['expect', '100-continue'],
      ['host', 'evil.example'],
      ['x-http-method-override', 'DELETE'],
      ['x-long', 'x'.repeat(9_000)],
      ['cookie', 'a=b; __Host-session=1'],
    ),
    { maxLength: 2 },
  )
  .map((pairs) => Object.fromEntries(pairs))

const place: fc.Arbitrary<(path: string) => string> = fc.oneof(
  { weight: 40, arbitrary: fc.constant((path: string) => path) },
  {
    weight: 3,
    arbitrary: oneOf<(path: string) => string>(
      (path) => `${path}/`,
      (path) => `${path}?beta=true&a=%zz`,
      (path) => path.replace('/v1/', '/v1//'),
      (path) => path.replace('/v1/', '/v1/%2e%2e/'),
      (path) => path.toUpperCase(),
      (path) => `${path}/${'x'.repeat(4_000)}`,
      () => '/v1/',
      () => '/v1/models',
      () => '/v1/models/calm-1%2Fm',
      () => '/v1/models/%',
      () => '/v1/__proto__',
    ),
  },
)

/** Requests of all dialects and none; `models` are names that the gateway may know. */
export function fuzzedRequest(models: readonly string[]): fc.Arbitrary<FuzzedRequest> {
  const model = fc.oneof({ weight: 12, arbitrary: oneOf<unknown>(...models) }, { weight: 1, arbitrary: junk })
  const body = fc
    .record({
      path: oneOf(...Object.keys(SHAPES), '/v1/chat/completions', '/v1/messages'),
      model,
      stream: oneOf<unknown>(true, true, false, undefined, 'true'),
      changes,
      damage,
      place,
      asForm: fc.nat({ max: 14 }),
    })
    .map((made) => {
      const whole = { ...SHAPES[made.path], stream: made.stream }
      const inside = made.changes.reduce<unknown>((value, [kind, picks, to]) => CHANGES[kind]!(value, picks, to), whole)
      // a request without a model goes nowhere: few of them do
      const changed = { model: made.model, ...(inside as object) }
      if (made.asForm === 0) {
        const text = form(JSON.stringify(made.model)?.replaceAll('"', '') ?? '', JSON.stringify(changed) ?? '')
        return { path: '/v1/images/edits', body: made.damage(text), type: 'multipart/form-data; boundary=b' }
      }
      return { path: made.place(made.path), body: made.damage(JSON.stringify(changed) ?? ''), type: 'application/json' }
    })
  return fc
    .record({
      body,
      headers,
      method: fc.oneof(
        { weight: 30, arbitrary: fc.constant('POST') },
        { weight: 2, arbitrary: oneOf('GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD') },
      ),
      token: fc.oneof(
        { weight: 20, arbitrary: fc.constant('good' as const) },
        { weight: 2, arbitrary: fc.constant('narrow' as const) },
        { weight: 2, arbitrary: oneOf('wrong' as const, 'none' as const) },
      ),
      leavesAfterMs: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 60 }) }),
      packed: fc.nat({ max: 40 }),
    })
    .map(({ body: { path, body: bytes, type }, headers: more, method, token, leavesAfterMs, packed }) => ({
      method,
      path,
      headers: { 'content-type': type, ...more },
      body: method === 'GET' || method === 'HEAD' ? undefined : packed === 0 ? gzipSync(bytes) : bytes,
      token,
      leavesAfterMs,
    }))
}
